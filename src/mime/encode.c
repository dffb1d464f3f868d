#include "mime/write_private.h"

#include "base/base64.h"

#include <string.h>

/* What a byte means for a transfer encoding. */
enum { ESCAPE = 1, EIGHT_BIT = 2, ODD = 4, LINE_END = 8 };

static inline uint8_t class_of(uint8_t c)
{
    if (c >= 0x80)
        return ESCAPE | EIGHT_BIT;
    if (c == '\r' || c == '\n')
        return LINE_END;
    if (c == 0)
        return ESCAPE | ODD;
    return c == '=' || c == 127 || (c < 32 && c != '\t') ? ESCAPE : 0;
}

cv_mime_stats cv_mime_stats_of(cv_slice bytes)
{
    cv_mime_stats s = { 0 };
    uint8_t table[256], seen = 0;
    for (unsigned c = 0; c < 256; c++)
        table[c] = class_of((uint8_t)c);
    size_t line = 0; /* where it begins */
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t class = table[bytes.ptr[i]];
        seen |= class;
        s.escapes += class & ESCAPE;
        if (!(class & LINE_END))
            continue;
        if (i - line > s.longest)
            s.longest = i - line;
        bool crlf = bytes.ptr[i] == '\r' && i + 1 < bytes.len &&
                    bytes.ptr[i + 1] == '\n';
        i += crlf;
        line = i + 1;
        if (!crlf) {
            seen |= ODD;
            s.escapes++;
        }
    }
    if (bytes.len > line && bytes.len - line > s.longest)
        s.longest = bytes.len - line;
    s.eight_bit = seen & EIGHT_BIT;
    s.odd = seen & ODD;
    return s;
}

void cv_mime_out_flush(cv_mime_out *out)
{
    if (out->status == CV_OK && out->buf.len)
        out->status = cv_sink_put(out->to, cv_buf_slice(&out->buf), out->err);
    cv_buf_reset(&out->buf);
}

void cv_mime_out_put(cv_mime_out *out, cv_slice s)
{
    enum { GATHER_BYTES = 16384 };
    if (s.len == 0 || out->status != CV_OK)
        return;
    out->last[0] = s.len > 1 ? s.ptr[s.len - 2] : out->last[1];
    out->last[1] = s.ptr[s.len - 1];
    if (s.len >= GATHER_BYTES) {
        cv_mime_out_flush(out);
        if (out->status == CV_OK)
            out->status = cv_sink_put(out->to, s, out->err);
        return;
    }
    cv_buf_put_slice(&out->buf, s);
    if (cv_buf_status(&out->buf, out->err) != CV_OK)
        out->status = out->buf.status;
    else if (out->buf.len >= GATHER_BYTES)
        cv_mime_out_flush(out);
}

/* -- quoted-printable -- */

typedef struct qp {
    cv_mime_out *out;
    uint8_t line[80];
    size_t n;
} qp;

static void qp_end_line(qp *q, const char *end)
{
    cv_mime_out_put(q->out, cv_slice_of(q->line, q->n));
    cv_mime_out_put(q->out, cv_slice_cstr(end));
    q->n = 0;
}

static void qp_put(qp *q, uint8_t c, bool escape)
{
    enum { LINE = 75 }; /* and the '=' that ends it */
    if (q->n + (escape ? 3 : 1) > LINE)
        qp_end_line(q, "=\r\n");
    if (!escape) {
        q->line[q->n++] = c;
        return;
    }
    static const char hex[] = "0123456789ABCDEF";
    q->line[q->n++] = '=';
    q->line[q->n++] = (uint8_t)hex[c >> 4];
    q->line[q->n++] = (uint8_t)hex[c & 15];
}

static bool crlf_at(cv_slice s, size_t i)
{
    return i + 1 < s.len && s.ptr[i] == '\r' && s.ptr[i + 1] == '\n';
}

void cv_mime_out_qp(cv_mime_out *out, cv_slice bytes)
{
    qp q = { .out = out, .n = 0 };
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t c = bytes.ptr[i];
        if (crlf_at(bytes, i)) {
            qp_end_line(&q, "\r\n");
            i++;
            continue;
        }
        bool blank = c == ' ' || c == '\t';
        bool last = i + 1 == bytes.len || crlf_at(bytes, i + 1);
        /* "From " is changed by mbox writers, a lone dot by bad relays. */
        bool touchy = q.n == 0 && ((c == '.' && last) ||
                                   cv_slice_starts(cv_slice_sub(bytes, i, 5),
                                                   CV_S("From ")));
        bool escape = blank ? last : c == '=' || c < 33 || c > 126;
        qp_put(&q, c, escape || touchy);
    }
    qp_end_line(&q, "");
}

/* -- base64 -- */

enum {
    B64_LINE = 57,        /* bytes that make a line of 76 letters */
    B64_LINE_TEXT = 78,   /* the letters and the line's end */
    B64_BLOCK_LINES = 256 /* lines that go out at a time */
};

typedef struct base64 {
    cv_mime_out *out;
    uint8_t line[B64_LINE]; /* begun */
    size_t n;
    uint8_t text[B64_BLOCK_LINES * B64_LINE_TEXT];
    size_t used;
} base64;

static void base64_flush(base64 *b)
{
    cv_mime_out_put(b->out, cv_slice_of(b->text, b->used));
    b->used = 0;
}

static void base64_line(base64 *b, const uint8_t *line)
{
    uint8_t *to = b->text + b->used;
    cv_base64_encode_groups(line, B64_LINE / 3, to);
    to[B64_LINE_TEXT - 2] = '\r';
    to[B64_LINE_TEXT - 1] = '\n';
    b->used += B64_LINE_TEXT;
    if (b->used == sizeof b->text)
        base64_flush(b);
}

/* A sink: what the blob pumps out. */
static cv_status base64_write(void *ctx, const void *bytes, size_t len,
                              cv_error *err)
{
    base64 *b = ctx;
    const uint8_t *from = bytes;
    while (len) {
        if (b->n == 0 && len >= B64_LINE) {
            base64_line(b, from);
            from += B64_LINE;
            len -= B64_LINE;
            continue;
        }
        size_t n = sizeof b->line - b->n < len ? sizeof b->line - b->n : len;
        memcpy(b->line + b->n, from, n);
        b->n += n;
        from += n;
        len -= n;
        if (b->n == sizeof b->line) {
            base64_line(b, b->line);
            b->n = 0;
        }
    }
    if (b->out->status != CV_OK)
        return cv_fail(err, b->out->status, "output failed");
    return CV_OK;
}

void cv_mime_out_base64(cv_mime_out *out, const cv_blob *blob,
                        cv_status *read_status, cv_error *read_err)
{
    base64 b = { .out = out };
    cv_sink sink = { base64_write, &b };
    cv_buf rest;
    *read_status = cv_blob_pump(blob, &sink, read_err);
    base64_flush(&b);
    if (!b.n)
        return;
    cv_buf_init(&rest, 0);
    cv_base64_put(&rest, cv_slice_of(b.line, b.n), B64_LINE_TEXT - 2);
    if (cv_buf_status(&rest, out->err) != CV_OK)
        out->status = rest.status;
    cv_mime_out_put(out, cv_buf_slice(&rest));
    cv_buf_clear(&rest);
}
