#include "base/buf.h"

#include "base/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 256

void cv_buf_init(cv_buf *buf, size_t cap)
{
    *buf = (cv_buf){ .cap = cap ? cap : CV_LIMIT_BUF_BYTES };
}

void cv_buf_clear(cv_buf *buf)
{
    free(buf->data);
    *buf = (cv_buf){ .cap = buf->cap };
}

void cv_buf_reset(cv_buf *buf)
{
    buf->len = 0;
    buf->status = CV_OK;
}

/* Makes room for `more` bytes; false, with the status set, when it cannot. */
static bool grow(cv_buf *buf, size_t more)
{
    if (buf->status != CV_OK)
        return false;
    if (more > buf->cap - buf->len) {
        buf->status = CV_ERR_LIMIT;
        return false;
    }
    size_t need = buf->len + more;
    size_t room = buf->room ? buf->room : FIRST_ROOM;
    while (room < need)
        room = room > buf->cap / 2 ? buf->cap : room * 2;
    if (room > buf->cap)
        room = buf->cap;
    uint8_t *data = realloc(buf->data, room);
    if (!data) {
        buf->status = CV_ERR_NOMEM;
        return false;
    }
    buf->data = data;
    buf->room = room;
    return true;
}

/* Room for more bytes at the end, NULL when there is none. */
static inline uint8_t *reserve(cv_buf *buf, size_t more)
{
    if (buf->status != CV_OK ||
        (more > buf->room - buf->len && !grow(buf, more)))
        return NULL;
    uint8_t *p = buf->data + buf->len;
    buf->len += more;
    return p;
}

void cv_buf_put(cv_buf *buf, const void *bytes, size_t len)
{
    if (len == 0)
        return;
    uint8_t *p = reserve(buf, len);
    if (p)
        memcpy(p, bytes, len);
}

void cv_buf_put_slice(cv_buf *buf, cv_slice s)
{
    cv_buf_put(buf, s.ptr, s.len);
}

void cv_buf_put_str(cv_buf *buf, const char *text)
{
    cv_buf_put(buf, text, strlen(text));
}

void cv_buf_put_byte(cv_buf *buf, uint8_t byte)
{
    uint8_t *p = reserve(buf, 1);
    if (p)
        *p = byte;
}

static void put_le(cv_buf *buf, uint64_t v, size_t bytes)
{
    uint8_t *p = reserve(buf, bytes);
    for (size_t i = 0; p && i < bytes; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

void cv_buf_put_u16le(cv_buf *buf, uint16_t v)
{
    put_le(buf, v, 2);
}

void cv_buf_put_u32le(cv_buf *buf, uint32_t v)
{
    put_le(buf, v, 4);
}

void cv_buf_put_u64le(cv_buf *buf, uint64_t v)
{
    put_le(buf, v, 8);
}

void cv_buf_printf(cv_buf *buf, const char *fmt, ...)
{
    char small[256];
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(small, sizeof(small), fmt, args);
    va_end(args);
    if (len < 0) {
        buf->status = CV_ERR_NOMEM;
        return;
    }
    if ((size_t)len < sizeof(small)) {
        cv_buf_put(buf, small, (size_t)len);
        return;
    }
    /* vsnprintf ends with a NUL, which must not count against the cap. */
    char *large = malloc((size_t)len + 1);
    if (!large) {
        buf->status = CV_ERR_NOMEM;
        return;
    }
    va_start(args, fmt);
    (void)vsnprintf(large, (size_t)len + 1, fmt, args);
    va_end(args);
    cv_buf_put(buf, large, (size_t)len);
    free(large);
}

cv_slice cv_buf_slice(const cv_buf *buf)
{
    return (cv_slice){ buf->data, buf->len };
}

cv_status cv_buf_status(const cv_buf *buf, cv_error *err)
{
    if (buf->status == CV_ERR_LIMIT)
        return cv_fail(err, CV_ERR_LIMIT, "output needs more than %zu bytes",
                       buf->cap);
    if (buf->status != CV_OK)
        return cv_fail(err, buf->status, "out of memory after %zu bytes",
                       buf->len);
    return CV_OK;
}

cv_slice cv_buf_dup(const cv_buf *buf, cv_arena *arena)
{
    if (buf->status != CV_OK)
        return (cv_slice){ NULL, 0 };
    return cv_arena_dup(arena, cv_buf_slice(buf));
}

cv_status cv_sink_put(const cv_sink *sink, cv_slice s, cv_error *err)
{
    return s.len ? sink->write(sink->ctx, s.ptr, s.len, err) : CV_OK;
}

static cv_status buf_write(void *ctx, const void *bytes, size_t len,
                           cv_error *err)
{
    cv_buf *buf = ctx;
    cv_buf_put(buf, bytes, len);
    return cv_buf_status(buf, err);
}

cv_sink cv_buf_sink(cv_buf *buf)
{
    return (cv_sink){ buf_write, buf };
}

cv_blob cv_blob_mem(cv_slice mem)
{
    static const uint8_t nothing[1];
    if (!mem.ptr)
        mem = (cv_slice){ nothing, 0 };
    return (cv_blob){ .size_bytes = mem.len, .mem = mem };
}

cv_status cv_blob_pump(const cv_blob *blob, const cv_sink *to, cv_error *err)
{
    if (blob->mem.ptr || !blob->pump)
        return cv_sink_put(to, blob->mem, err);
    return blob->pump(blob->ctx, to, err);
}

cv_status cv_blob_get(const cv_blob *blob, size_t max_bytes, cv_arena *arena,
                      cv_slice *out, cv_error *err)
{
    if (blob->mem.ptr || !blob->pump) {
        if (blob->mem.len > max_bytes)
            return cv_fail(err, CV_ERR_LIMIT, "%zu bytes, at most %zu",
                           blob->mem.len, max_bytes);
        *out = blob->mem;
        return CV_OK;
    }
    if (blob->size_bytes != UINT64_MAX && blob->size_bytes > max_bytes)
        return cv_fail(err, CV_ERR_LIMIT, "%llu bytes, at most %zu",
                       (unsigned long long)blob->size_bytes, max_bytes);

    /* A cap of 0 would mean the default one; a single byte over max_bytes is
     * then told by the length. */
    cv_buf buf;
    cv_buf_init(&buf, max_bytes ? max_bytes : 1);
    cv_sink sink = cv_buf_sink(&buf);
    cv_status status = blob->pump(blob->ctx, &sink, err);
    if (status == CV_OK && buf.len > max_bytes)
        status = cv_fail(err, CV_ERR_LIMIT, "more than %zu bytes", max_bytes);
    if (status == CV_OK) {
        cv_slice copy = cv_buf_dup(&buf, arena);
        if (copy.ptr)
            *out = copy;
        else
            status = cv_arena_fail(arena, err);
    }
    cv_buf_clear(&buf);
    return status;
}
