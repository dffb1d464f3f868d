/* fuzz.h - what every x_fuzz.c offers: libFuzzer's entry, which the plain build
 * calls with the files of tests/fuzz/x (replay.c).
 */
#ifndef CV_BASE_FUZZ_H
#define CV_BASE_FUZZ_H

#include "base/error.h"

/* The name and type are libFuzzer's. Always 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process where a reader breaks a promise: libFuzzer keeps the
 * input. */
#define CV_FUZZ_CHECK(cond) cv_assert(cond)

#endif
