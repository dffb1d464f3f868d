#include "base/reader.h"

cv_reader cv_reader_of(cv_slice in)
{
    return (cv_reader){ .in = in };
}

size_t cv_reader_left(const cv_reader *r)
{
    return r->status == CV_OK ? r->in.len - r->pos : 0;
}

static uint64_t load_le(const uint8_t *p, size_t bytes)
{
    uint64_t v = 0;
    for (size_t i = bytes; i-- > 0;)
        v = v << 8 | p[i];
    return v;
}

/* The next len bytes, NULL (and a failed reader) when they are not there. */
static const uint8_t *take(cv_reader *r, size_t len)
{
    if (r->status != CV_OK)
        return NULL;
    if (len > r->in.len - r->pos) {
        r->status = CV_ERR_TRUNC;
        return NULL;
    }
    const uint8_t *p = r->in.ptr ? r->in.ptr + r->pos : NULL;
    r->pos += len;
    return p;
}

cv_status cv_read_u8(cv_reader *r, uint8_t *out)
{
    const uint8_t *p = take(r, 1);
    *out = p ? *p : 0;
    return r->status;
}

cv_status cv_read_u16le(cv_reader *r, uint16_t *out)
{
    const uint8_t *p = take(r, 2);
    *out = p ? (uint16_t)load_le(p, 2) : 0;
    return r->status;
}

cv_status cv_read_u32le(cv_reader *r, uint32_t *out)
{
    const uint8_t *p = take(r, 4);
    *out = p ? (uint32_t)load_le(p, 4) : 0;
    return r->status;
}

cv_status cv_read_u64le(cv_reader *r, uint64_t *out)
{
    const uint8_t *p = take(r, 8);
    *out = p ? load_le(p, 8) : 0;
    return r->status;
}

cv_status cv_read_i32le(cv_reader *r, int32_t *out)
{
    uint32_t v;
    cv_status status = cv_read_u32le(r, &v);
    *out = (int32_t)v;
    return status;
}

cv_status cv_read_bytes(cv_reader *r, size_t len, cv_slice *out)
{
    const uint8_t *p = take(r, len);
    *out = (cv_slice){ p, p ? len : 0 };
    return r->status;
}

cv_status cv_read_skip(cv_reader *r, size_t len)
{
    (void)take(r, len);
    return r->status;
}

static uint64_t peek(cv_slice in, size_t offset, size_t bytes)
{
    if (offset > in.len || bytes > in.len - offset)
        return 0;
    return load_le(in.ptr + offset, bytes);
}

uint16_t cv_peek_u16le(cv_slice in, size_t offset)
{
    return (uint16_t)peek(in, offset, 2);
}

uint32_t cv_peek_u32le(cv_slice in, size_t offset)
{
    return (uint32_t)peek(in, offset, 4);
}

uint64_t cv_peek_u64le(cv_slice in, size_t offset)
{
    return peek(in, offset, 8);
}
