/* lzfu.h - PidTagRtfCompressed: the compressed form of RTF bodies.
 * Source: [MS-OXRTFCP] 2.1.3; spec rtf.md 1 to 7.
 */
#ifndef CV_RTF_LZFU_H
#define CV_RTF_LZFU_H

#include "base/arena.h"

/* RTF of a compressed ("LZFu"), stored ("MELA") or raw ("{\rtf") value, in
 * the arena or in the input. Lenient: a wrong size or checksum or a missing
 * end or NUL bytes behind it give what can be had, and *damaged (may be NULL)
 * says so. At most CV_LIMIT_RTF_BYTES are made. Errors: CV_ERR_TRUNC below 16
 * bytes; CV_ERR_SYNTAX for an unknown form; CV_ERR_LIMIT; the arena's. */
CV_NODISCARD cv_status cv_lzfu_decompress(cv_arena *arena, cv_slice in,
                                          cv_slice *rtf, bool *damaged,
                                          cv_error *err);
/* The compressed form, in the arena: greedy, each reference the longest and of
 * several the oldest, so that the same RTF always gives the same bytes, those
 * of the published samples. Time is linear but for the number of equal pairs
 * of bytes within 4096.
 * Errors: CV_ERR_LIMIT above CV_LIMIT_RTF_BYTES; the arena's. */
CV_NODISCARD cv_status cv_lzfu_compress(cv_arena *arena, cv_slice rtf,
                                        cv_slice *out, cv_error *err);
/* The checksum of section 2: reflected 0xEDB88320 without inversions. */
uint32_t cv_lzfu_crc(cv_slice bytes);

#endif
