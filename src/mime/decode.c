#include "mime/mime_private.h"

#include "base/base64.h"

#include <string.h>

/* Output goes through a window of fixed size, so that a body of any size
 * costs the same memory. */
typedef struct window {
    const cv_sink *to; /* NULL: only measure */
    cv_mime_decoded *what;
    cv_error *err;
    cv_status status;
    cv_relax relax;
    uint64_t relax_at; /* bytes of output */
    size_t n;
    uint8_t bytes[8192];
} window;

static void flush(window *w)
{
    if (w->to && w->status == CV_OK)
        w->status = cv_sink_put(w->to, cv_slice_of(w->bytes, w->n), w->err);
    w->what->size += w->n;
    w->n = 0;
    if (w->relax.fn && w->what->size >= w->relax_at) {
        w->relax_at = w->what->size + CV_RELAX_BYTES;
        w->relax.fn(w->relax.ctx);
    }
}

static inline void put(window *w, uint8_t byte)
{
    w->bytes[w->n++] = byte;
    if (w->n == sizeof w->bytes)
        flush(w);
}

static void put_all(window *w, cv_slice s)
{
    for (size_t i = 0; i < s.len; i++)
        put(w, s.ptr[i]);
}

static void bad(window *w, size_t at, size_t count)
{
    if (w->what->bad == 0)
        w->what->bad_first = at;
    w->what->bad += count;
}

/* -- base64 -- */

/* What follows padding is either another run of base64 that somebody put
 * behind the first, or a text such as a mailing list's footer. */
static bool goes_on_as_base64(cv_slice in, size_t pos)
{
    enum { LINE = 80 }; /* what is looked at */
    size_t letters = 0;
    while (pos < in.len && cv_base64_values[in.ptr[pos]] == CV_B64_BLANK)
        pos++;
    for (; pos < in.len && letters < LINE; pos++, letters++) {
        if (cv_mime_is_blank(in.ptr[pos]))
            break;
        if (cv_base64_values[in.ptr[pos]] > CV_B64_PAD)
            return false;
    }
    return letters > 0 && letters % 4 == 0;
}

/* The line behind an empty one has letters that base64 never has, or blanks
 * between words: the text of somebody who put a footer behind the body. */
static bool is_prose(cv_slice in, size_t pos)
{
    enum { LINE = 80 };
    size_t end = pos + LINE < in.len ? pos + LINE : in.len;

    for (; pos < end && in.ptr[pos] != '\r' && in.ptr[pos] != '\n'; pos++) {
        if (cv_base64_values[in.ptr[pos]] == CV_B64_JUNK)
            return true;
        if (in.ptr[pos] == ' ' && pos + 1 < end && in.ptr[pos + 1] > ' ')
            return true;
    }
    return false;
}

/* Place behind an empty line that begins at pos, 0 when there is none. */
static size_t empty_line_end(cv_slice in, size_t pos)
{
    size_t at = pos < in.len && in.ptr[pos] == '\r' ? pos + 1 : pos;
    return at < in.len && in.ptr[at] == '\n' ? at + 1 : 0;
}

static void put_quantum(window *w, uint32_t bits, unsigned letters)
{
    static const uint8_t bytes[4] = { 0, 0, 1, 2 };
    bits <<= 6 * (4 - letters);
    for (unsigned i = 0; i < bytes[letters]; i++)
        put(w, (uint8_t)(bits >> (16 - 8 * i)));
}

/* Whole groups from i on, as far as they go; the place behind them. */
static size_t put_groups(window *w, cv_slice in, size_t i)
{
    while (w->status == CV_OK) {
        size_t room = (sizeof w->bytes - w->n) / 3 * 4;
        size_t len = in.len - i < room ? in.len - i : room;
        size_t groups =
            cv_base64_decode_groups(in.ptr + i, len, w->bytes + w->n);
        w->n += 3 * groups;
        i += 4 * groups;
        if (groups < room / 4)
            break;
        flush(w);
    }
    return i;
}

/* *i is behind the first '='; false when the body ends there. */
static bool goes_on_after_pad(window *w, cv_slice in, size_t *i)
{
    size_t pad = *i - 1;

    while (*i < in.len && (cv_base64_values[in.ptr[*i]] == CV_B64_BLANK ||
                           cv_base64_values[in.ptr[*i]] == CV_B64_PAD))
        ++*i;
    if (*i == in.len)
        return true;
    bool more = goes_on_as_base64(in, *i);
    bad(w, more ? pad : *i, more ? 1 : in.len - *i);
    return more;
}

static void decode_base64(window *w, cv_slice in)
{
    uint32_t bits = 0;
    unsigned letters = 0;
    size_t i = 0;
    while (i < in.len && w->status == CV_OK) {
        if (!letters)
            i = put_groups(w, in, i);
        if (i == in.len || w->status != CV_OK)
            break;
        uint8_t v = cv_base64_values[in.ptr[i++]];
        if (v < CV_B64_BLANK) {
            bits = bits << 6 | v;
            if (++letters < 4)
                continue;
            put(w, (uint8_t)(bits >> 16));
            put(w, (uint8_t)(bits >> 8));
            put(w, (uint8_t)bits);
            letters = 0;
        } else if (v == CV_B64_PAD) {
            if (letters < 2)
                bad(w, i - 1, 1);
            put_quantum(w, bits, letters);
            letters = 0;
            if (!goes_on_after_pad(w, in, &i))
                return;
        } else if (v == CV_B64_JUNK) {
            bad(w, i - 1, 1);
        } else if (in.ptr[i - 1] == '\n' && i > 1) {
            size_t behind = empty_line_end(in, i);
            if (behind && is_prose(in, behind)) {
                bad(w, behind, in.len - behind);
                break;
            }
        }
    }
    if (letters == 1)
        bad(w, in.len, 1);
    else if (letters)
        put_quantum(w, bits, letters);
}

/* -- quoted-printable -- */

/* Place of the line end that follows blanks at pos, CV_NPOS when something
 * else follows. */
static size_t blanks_to_line_end(cv_slice in, size_t pos)
{
    while (pos < in.len && (in.ptr[pos] == ' ' || in.ptr[pos] == '\t'))
        pos++;
    if (pos == in.len || in.ptr[pos] == '\n' || in.ptr[pos] == '\r')
        return pos;
    return CV_NPOS;
}

static size_t skip_line_end(cv_slice in, size_t pos)
{
    if (pos < in.len && in.ptr[pos] == '\r')
        pos++;
    else if (pos < in.len && in.ptr[pos] == '\n')
        return pos + 1;
    if (pos < in.len && in.ptr[pos] == '\n')
        pos++;
    return pos;
}

/* in.ptr[i] is '='; gives the place after what it introduces. */
static size_t qp_escape(window *w, cv_slice in, size_t i)
{
    int high = i + 1 < in.len ? cv_hex_digit(in.ptr[i + 1]) : -1;
    int low = i + 2 < in.len ? cv_hex_digit(in.ptr[i + 2]) : -1;
    if (high >= 0 && low >= 0) {
        put(w, (uint8_t)(high << 4 | low));
        return i + 3;
    }
    size_t end = blanks_to_line_end(in, i + 1);
    if (end != CV_NPOS)
        return skip_line_end(in, end);
    bad(w, i, 1);
    put(w, '=');
    return i + 1;
}

/* Blanks at the end of a line were added on the way (RFC 2045 6.7 rule 3). */
static size_t qp_blanks(window *w, cv_slice in, size_t i)
{
    size_t end = blanks_to_line_end(in, i);
    if (end != CV_NPOS)
        return end;
    while (in.ptr[i] == ' ' || in.ptr[i] == '\t')
        put(w, in.ptr[i++]);
    return i;
}

static void decode_qp(window *w, cv_slice in)
{
    for (size_t i = 0; i < in.len && w->status == CV_OK;) {
        uint8_t c = in.ptr[i];
        if (c == '=') {
            i = qp_escape(w, in, i);
        } else if (c == ' ' || c == '\t') {
            i = qp_blanks(w, in, i);
        } else {
            put(w, c);
            i++;
        }
    }
}

/* -- uuencode -- */

static void uu_line(window *w, cv_slice line, size_t at)
{
    unsigned left = (unsigned)(line.ptr[0] - 32) & 63;
    for (size_t i = 1; left && i < line.len; i += 4) {
        uint32_t bits = 0;
        for (size_t k = 0; k < 4; k++) {
            uint8_t c = i + k < line.len ? line.ptr[i + k] : ' ';
            if (c < 32 || c > 96)
                bad(w, at + i + k, 1);
            bits = bits << 6 | ((uint32_t)(c - 32) & 63);
        }
        for (unsigned k = 0; k < 3 && left; k++, left--)
            put(w, (uint8_t)(bits >> (16 - 8 * k)));
    }
    if (left)
        bad(w, at + line.len, left);
}

static void decode_uu(window *w, cv_slice in)
{
    cv_mime_lines lines = cv_mime_lines_of(in);
    bool begun = false;
    for (size_t pos = 0, next; pos < in.len; pos = next) {
        cv_slice line = cv_mime_line(&lines, pos, &next);
        if (!begun)
            begun = cv_slice_starts(line, CV_S("begin "));
        else if (cv_slice_eq(cv_slice_trim(line), CV_S("end")))
            return;
        else if (line.len)
            uu_line(w, line, pos);
    }
    if (!begun) {
        bad(w, 0, 1);
        put_all(w, in);
    }
}

cv_mime_coding cv_mime_coding_of(cv_slice encoding)
{
    static const struct {
        const char *name;
        cv_mime_coding coding;
    } rows[] = {
        { "base64", CV_MIME_BASE64 }, { "quoted-printable", CV_MIME_QP },
        { "x-uuencode", CV_MIME_UU }, { "uuencode", CV_MIME_UU },
        { "x-uue", CV_MIME_UU },      { "uue", CV_MIME_UU }
    };
    for (size_t i = 0; i < CV_LEN(rows); i++)
        if (cv_slice_ieq(encoding, cv_slice_cstr(rows[i].name)))
            return rows[i].coding;
    return CV_MIME_IDENTITY;
}

cv_status cv_mime_decode(cv_mime_coding coding, cv_slice in, cv_relax relax,
                         const cv_sink *to, cv_mime_decoded *what,
                         cv_error *err)
{
    *what = (cv_mime_decoded){ 0 };
    window w;
    w.to = to;
    w.what = what;
    w.err = err;
    w.status = CV_OK;
    w.relax = relax;
    w.relax_at = CV_RELAX_BYTES;
    w.n = 0;
    if (coding == CV_MIME_BASE64)
        decode_base64(&w, in);
    else if (coding == CV_MIME_QP)
        decode_qp(&w, in);
    else if (coding == CV_MIME_UU)
        decode_uu(&w, in);
    else
        put_all(&w, in);
    flush(&w);
    return w.status;
}

/* -- a part's data -- */

static cv_status pump_part(void *ctx, const cv_sink *to, cv_error *err)
{
    const cv_mime_part *part = ctx;
    cv_mime_decoded what;
    return cv_mime_decode(cv_mime_coding_of(part->encoding), part->body_bytes,
                          part->relax, to, &what, err);
}

typedef struct fixed {
    uint8_t *ptr;
    size_t n;
} fixed;

static cv_status put_fixed(void *ctx, const void *bytes, size_t len,
                           cv_error *err)
{
    (void)err;
    fixed *f = ctx;
    if (len)
        memcpy(f->ptr + f->n, bytes, len);
    f->n += len;
    return CV_OK;
}

/* No decoder gives more bytes than it takes. */
static cv_status decode_into_arena(cv_arena *arena, cv_mime_part *part,
                                   cv_mime_coding coding, cv_mime_decoded *what,
                                   cv_error *err)
{
    fixed f = { cv_arena_alloc(arena, part->body_bytes.len), 0 };
    if (!f.ptr)
        return cv_arena_fail(arena, err);
    cv_sink sink = { put_fixed, &f };
    CV_TRY(cv_mime_decode(coding, part->body_bytes, part->relax, &sink, what,
                          err));
    part->data = cv_blob_mem(cv_slice_of(f.ptr, f.n));
    return CV_OK;
}

cv_status cv_mime_part_set_data(cv_arena *arena, cv_mime_part *part,
                                cv_report *report, cv_error *err)
{
    cv_mime_coding coding = cv_mime_coding_of(part->encoding);
    if (coding == CV_MIME_IDENTITY) {
        part->data = cv_blob_mem(part->body_bytes);
        return CV_OK;
    }
    cv_mime_decoded what;
    if (part->body_bytes.len <= CV_MIME_EAGER_BYTES) {
        CV_TRY(decode_into_arena(arena, part, coding, &what, err));
    } else {
        CV_TRY(cv_mime_decode(coding, part->body_bytes, part->relax, NULL,
                              &what, err));
        part->data = (cv_blob){ .size_bytes = what.size,
                                .pump = pump_part,
                                .ctx = part };
    }
    if (what.bad)
        cv_report_say(report, CV_RULE_MIME_ENCODING, part->path,
                      CV_S("Content-Transfer-Encoding"), part->encoding,
                      "%zu characters that do not belong there, the first at "
                      "byte %zu of the body",
                      what.bad, what.bad_first);
    return CV_OK;
}

cv_status cv_mime_part_bytes(const cv_mime_part *part, size_t max_bytes,
                             cv_arena *arena, cv_slice *out, cv_error *err)
{
    return cv_blob_get(&part->data, max_bytes, arena, out, err);
}
