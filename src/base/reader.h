/* reader.h - checked reading of little-endian bytes.
 *
 * A reader never moves past its end and its failure sticks: after the first
 * field that does not fit every read gives CV_ERR_TRUNC and leaves its output
 * at zero. So a structure is read field by field and tested once.
 */
#ifndef CV_BASE_READER_H
#define CV_BASE_READER_H

#include "base/error.h"

typedef struct cv_reader {
    cv_slice in;
    size_t pos;
    cv_status status;
} cv_reader;

cv_reader cv_reader_of(cv_slice in);
size_t cv_reader_left(const cv_reader *r);

cv_status cv_read_u8(cv_reader *r, uint8_t *out);
cv_status cv_read_u16le(cv_reader *r, uint16_t *out);
cv_status cv_read_u32le(cv_reader *r, uint32_t *out);
cv_status cv_read_u64le(cv_reader *r, uint64_t *out);
cv_status cv_read_i32le(cv_reader *r, int32_t *out);
/* The next len bytes, borrowed from the input. */
cv_status cv_read_bytes(cv_reader *r, size_t len, cv_slice *out);
cv_status cv_read_skip(cv_reader *r, size_t len);

/* Values at a fixed place; 0 when they lie outside. */
uint16_t cv_peek_u16le(cv_slice in, size_t offset);
uint32_t cv_peek_u32le(cv_slice in, size_t offset);
uint64_t cv_peek_u64le(cv_slice in, size_t offset);

#endif
