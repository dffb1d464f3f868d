/* buf.h - a growing byte buffer with a cap, and sinks.
 *
 * Once full or out of memory a buffer ignores writes; its status is tested
 * once, at the end.
 */
#ifndef CV_BASE_BUF_H
#define CV_BASE_BUF_H

#include "base/arena.h"
#include "base/error.h"

#include <stdarg.h>

typedef struct cv_buf {
    uint8_t *data; /* owned, heap */
    size_t len;
    size_t room;
    size_t cap;       /* most bytes it may ever hold */
    cv_status status; /* CV_OK, CV_ERR_LIMIT or CV_ERR_NOMEM */
} cv_buf;

/* cap 0 stands for CV_LIMIT_BUF_BYTES. No allocation happens here. */
void cv_buf_init(cv_buf *buf, size_t cap);
void cv_buf_clear(cv_buf *buf); /* frees; usable again after cv_buf_init */
void cv_buf_reset(cv_buf *buf); /* empties, keeps the room */

void cv_buf_put(cv_buf *buf, const void *bytes, size_t len);
void cv_buf_put_slice(cv_buf *buf, cv_slice s);
void cv_buf_put_str(cv_buf *buf, const char *text);
void cv_buf_put_byte(cv_buf *buf, uint8_t byte);
void cv_buf_put_u16le(cv_buf *buf, uint16_t v);
void cv_buf_put_u32le(cv_buf *buf, uint32_t v);
void cv_buf_put_u64le(cv_buf *buf, uint64_t v);
void cv_buf_printf(cv_buf *buf, const char *fmt, ...) CV_PRINTF(2, 3);

cv_slice cv_buf_slice(const cv_buf *buf); /* borrowed until the next write */
/* Fills err and returns the status. */
CV_NODISCARD cv_status cv_buf_status(const cv_buf *buf, cv_error *err);
/* Copy of the contents in the arena; ptr NULL on failure. */
cv_slice cv_buf_dup(const cv_buf *buf, cv_arena *arena);

/* Where bytes go: a file, a socket, a buffer. write() takes all or fails. */
typedef struct cv_sink {
    cv_status (*write)(void *ctx, const void *bytes, size_t len, cv_error *err);
    void *ctx; /* borrowed */
} cv_sink;

CV_NODISCARD cv_status cv_sink_put(const cv_sink *sink, cv_slice s,
                                   cv_error *err);
/* A sink that appends to buf; fails with the buffer's status. */
cv_sink cv_buf_sink(cv_buf *buf);

/* Where bytes come from, in one go and as often as asked: the data of an
 * attachment, which may lie in a sector chain, in base64 or in a database.
 * Small data is simply mem. */
typedef struct cv_blob {
    uint64_t size_bytes; /* UINT64_MAX when only pumping can tell */
    cv_slice mem;        /* the bytes when ptr is not NULL, borrowed */
    /* Writes all bytes to the sink; NULL when mem holds them. */
    cv_status (*pump)(void *ctx, const cv_sink *to, cv_error *err);
    void *ctx; /* borrowed; lives as long as the object that holds the blob */
} cv_blob;

/* Called from time to time while a long input is read, so that whoever mapped
 * a file can give back the memory of what was read: the bytes must stay
 * readable. fn may be NULL. */
typedef struct cv_relax {
    void (*fn)(void *ctx);
    void *ctx; /* borrowed */
} cv_relax;

/* How many bytes are read between two calls. */
#define CV_RELAX_BYTES ((size_t)1 << 20)

cv_blob cv_blob_mem(cv_slice mem);
CV_NODISCARD cv_status cv_blob_pump(const cv_blob *blob, const cv_sink *to,
                                    cv_error *err);
/* The whole blob as one slice, in the arena unless mem holds it already.
 * Errors: CV_ERR_LIMIT above max_bytes; what pumping fails with. */
CV_NODISCARD cv_status cv_blob_get(const cv_blob *blob, size_t max_bytes,
                                   cv_arena *arena, cv_slice *out,
                                   cv_error *err);

#endif
