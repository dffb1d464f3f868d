/* lzfu.h - PidTagRtfCompressed: the compressed form of RTF bodies.
 * Source: [MS-OXRTFCP] 2.1.3; spec rtf.md 1 to 7.
 */
#ifndef CV_RTF_LZFU_H
#define CV_RTF_LZFU_H

#include "base/arena.h"

/* RTF of a compressed ("LZFu"), stored ("MELA") or raw ("{\rtf") value, in
 * the arena or in the input. Lenient: a wrong size or checksum or a missing
 * end gives what can be had, and *damaged (may be NULL) says so. At most
 * CV_LIMIT_RTF_BYTES are made.
 * Errors: CV_ERR_TRUNC below 16 bytes; CV_ERR_SYNTAX for an unknown form;
 * CV_ERR_LIMIT; the arena's. */
CV_NODISCARD cv_status cv_lzfu_decompress(cv_arena *arena, cv_slice in,
                                          cv_slice *rtf, bool *damaged,
                                          cv_error *err);
/* The checksum of section 2: reflected 0xEDB88320 without inversions. */
uint32_t cv_lzfu_crc(cv_slice bytes);

#endif
