/* stored.h - property values as containers (.msg, TNEF, PST) store them.
 * Source: [MS-OXCDATA] 2.11.1, [MS-OXMSG] 2.1, [MS-OXTNEF] 2.1.3.4; spec
 * msg.md 2, tnef.md 6, property-types.md 1.
 */
#ifndef CV_MAPI_STORED_H
#define CV_MAPI_STORED_H

#include "base/buf.h"
#include "mapi/bag.h"

/* Types whose value stands in the entry itself. */
bool cv_stored_is_inline(uint16_t type);

/* One value of a fixed size from the first bytes of `bytes`; false when they
 * are too few or the type is not fixed. */
bool cv_stored_fixed(uint16_t type, cv_slice bytes, cv_value *out);
/* 8 bytes of an entry. */
void cv_stored_put_inline(const cv_value *value, cv_buf *out);

/* A value that has a stream of its own (not several strings or binaries).
 * False when type or size make no sense; also when the arena is exhausted:
 * its status tells. */
bool cv_stored_stream(uint16_t type, cv_slice bytes, uint32_t codepage,
                      cv_arena *arena, cv_value *out);
/* Text of one string value; raw is filled when it is lossy. */
cv_slice cv_stored_text(uint16_t type, cv_slice bytes, uint32_t codepage,
                        cv_arena *arena, bool *lossy);
/* The bytes of a stream for everything but text and several strings. */
void cv_stored_put_stream(const cv_value *value, cv_buf *out);

#endif
