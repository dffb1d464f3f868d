/* msg_value.h - property values as .msg files hold them.
 * Source: [MS-OXMSG] 2.1; spec msg.md 2, property-types.md 1.
 */
#ifndef CV_MSG_VALUE_H
#define CV_MSG_VALUE_H

#include "base/buf.h"
#include "mapi/bag.h"

/* Types whose value stands in the entry itself. */
bool cv_msg_type_is_inline(uint16_t type);

/* One value of a fixed size from the first bytes of `bytes`; false when they
 * are too few or the type is not fixed. */
bool cv_msg_value_fixed(uint16_t type, cv_slice bytes, cv_value *out);
/* 8 bytes of an entry. */
void cv_msg_value_put_inline(const cv_value *value, cv_buf *out);

/* A value that has a stream of its own (not several strings or binaries).
 * False when type or size make no sense; also when the arena is exhausted:
 * its status tells. */
bool cv_msg_value_stream(uint16_t type, cv_slice bytes, uint32_t codepage,
                         cv_arena *arena, cv_value *out);
/* Text of one string value; raw is filled when it is lossy. */
cv_slice cv_msg_value_text(uint16_t type, cv_slice bytes, uint32_t codepage,
                           cv_arena *arena, bool *lossy);
/* The bytes of a stream for everything but text and several strings. */
void cv_msg_value_put_stream(const cv_value *value, cv_buf *out);

#endif
