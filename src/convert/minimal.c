/* The last step of the ladder, MAPI -> MIME: a mail that is made without
 * taking memory, all of its parts in base64. */
#include "convert/private.h"

#include "base/datetime.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define WORD_BYTES 42 /* of text in one encoded word */
#define LINE_BYTES 57 /* in one line of base64 */

typedef struct writer {
    const cv_sink *sink;
    cv_error *err;
    cv_status status;
} writer;

static void put(writer *w, cv_slice s)
{
    if (w->status == CV_OK && s.len)
        w->status = cv_sink_put(w->sink, s, w->err);
}

static void put_str(writer *w, const char *text)
{
    put(w, cv_slice_cstr(text));
}

/* At most LINE_BYTES bytes. */
static void put_base64(writer *w, cv_slice in)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789+/";
    uint8_t out[80];
    size_t n = 0;
    for (size_t i = 0; i < in.len; i += 3) {
        uint32_t v = (uint32_t)in.ptr[i] << 16;
        v |= i + 1 < in.len ? (uint32_t)in.ptr[i + 1] << 8 : 0;
        v |= i + 2 < in.len ? in.ptr[i + 2] : 0;
        out[n++] = (uint8_t)digits[v >> 18];
        out[n++] = (uint8_t)digits[v >> 12 & 63];
        out[n++] = i + 1 < in.len ? (uint8_t)digits[v >> 6 & 63] : '=';
        out[n++] = i + 2 < in.len ? (uint8_t)digits[v & 63] : '=';
    }
    put(w, cv_slice_of(out, n));
}

static void put_base64_lines(writer *w, cv_slice in)
{
    for (size_t i = 0; i < in.len && w->status == CV_OK; i += LINE_BYTES) {
        put_base64(w, cv_slice_sub(in, i, LINE_BYTES));
        put_str(w, "\r\n");
    }
}

static bool is_plain(cv_slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < 0x20 || s.ptr[i] > 0x7E)
            return false;
    return s.len < 900 && cv_slice_find(s, CV_S("=?"), 0) == CV_NPOS;
}

/* Header text: as it is when it is plain, else encoded words. */
static void put_text(writer *w, cv_slice s)
{
    s = cv_utf8_clip(s, 4000);
    if (is_plain(s)) {
        put(w, s);
        return;
    }
    while (s.len && w->status == CV_OK) {
        uint8_t word[WORD_BYTES];
        cv_slice piece = cv_utf8_clip(s, WORD_BYTES);
        if (!piece.len)
            piece = cv_slice_sub(s, 0, WORD_BYTES);
        for (size_t i = 0; i < piece.len; i++)
            word[i] = piece.ptr[i] < 0x20 ? ' ' : piece.ptr[i];
        put_str(w, "=?utf-8?B?");
        put_base64(w, cv_slice_of(word, piece.len));
        put_str(w, "?=");
        s = cv_slice_sub(s, piece.len, s.len);
        if (s.len)
            put_str(w, "\r\n ");
    }
}

/* An address list; what is no mailbox is left out. */
static void put_addresses(writer *w, const char *name, cv_slice list,
                          const char *otherwise)
{
    size_t n = 0;
    cv_slice rest = list;
    while (rest.ptr && n < 1000) {
        cv_slice one = cv_slice_trim(cv_slice_cut(&rest, ','));
        if (!cv_address_is_smtp(one) || !is_plain(one) || one.len > 320)
            continue;
        put_str(w, n++ ? ",\r\n " : name);
        put(w, one);
    }
    if (!n && otherwise) {
        put_str(w, name);
        put_str(w, otherwise);
        n++;
    }
    if (n)
        put_str(w, "\r\n");
}

/* FNV-1a: the same message gives the same boundary and Message-ID. */
static uint64_t mix(uint64_t h, cv_slice s)
{
    for (size_t i = 0; i < s.len; i++)
        h = (h ^ s.ptr[i]) * UINT64_C(0x100000001B3);
    return h;
}

static void put_date(writer *w, int64_t date)
{
    cv_buf buf;
    if (date == INT64_MIN)
        return;
    cv_buf_init(&buf, 100);
    cv_rfc5322_date_put(&buf, date, 0);
    if (buf.status == CV_OK) {
        put_str(w, "Date: ");
        put(w, cv_buf_slice(&buf));
        put_str(w, "\r\n");
    }
    cv_buf_clear(&buf);
}

static void put_id(writer *w, cv_slice id, const char *tag)
{
    put_str(w, "Message-ID: ");
    if (id.len > 2 && id.len < 400 && id.ptr[0] == '<' && is_plain(id) &&
        cv_slice_ends(id, CV_S(">"))) {
        put(w, id);
    } else {
        put_str(w, "<minimal.");
        put_str(w, tag);
        put_str(w, "@convoke.invalid>");
    }
    put_str(w, "\r\n");
}

static void put_part(writer *w, const char *tag, const char *type,
                     cv_slice data)
{
    put_str(w, "--=_minimal_");
    put_str(w, tag);
    put_str(w, "\r\nContent-Type: ");
    put_str(w, type);
    put_str(w, "\r\nContent-Transfer-Encoding: base64\r\n\r\n");
    put_base64_lines(w, data);
}

static void put_header(writer *w, const cv_minimal *m, const char *tag)
{
    put_addresses(w, "From: ", m->from, "postmaster@convoke.invalid");
    put_addresses(w, "To: ", m->to, "undisclosed-recipients:;");
    put_addresses(w, "Cc: ", m->cc, NULL);
    put_date(w, m->date);
    put_id(w, m->message_id, tag);
    put_str(w, "Subject: ");
    put_text(w, m->subject);
    put_str(w, "\r\nMIME-Version: 1.0\r\n");
    if (m->calendar.len)
        put_str(w, "Content-class: urn:content-classes:calendarmessage\r\n");
    put_str(w, "Content-Type: multipart/mixed; boundary=\"=_minimal_");
    put_str(w, tag);
    put_str(w, "\"\r\n\r\n");
}

static void put_body(writer *w, const cv_minimal *m, const char *tag)
{
    char type[200];
    put_part(w, tag, "text/plain; charset=utf-8", m->text);
    if (m->calendar.len && m->method) {
        snprintf(type, sizeof type, "text/calendar; charset=utf-8; method=%s",
                 m->method);
        put_part(w, tag, type, m->calendar);
    }
    if (m->original.len && m->original_name) {
        snprintf(type, sizeof type,
                 "application/octet-stream; name=\"%s\"\r\n"
                 "Content-Disposition: attachment; filename=\"%s\"",
                 m->original_name, m->original_name);
        put_part(w, tag, type, m->original);
    }
    put_str(w, "--=_minimal_");
    put_str(w, tag);
    put_str(w, "--\r\n");
}

cv_status cv_minimal_write(const cv_minimal *m, const cv_sink *out,
                           cv_error *err)
{
    writer w = { .sink = out, .err = err, .status = CV_OK };
    char tag[24];
    uint64_t h = mix(UINT64_C(0xCBF29CE484222325), m->from);
    h = mix(mix(mix(h, m->to), m->subject), m->message_id);
    h = mix(h, cv_slice_sub(m->original, 0, 4096)) ^ (uint64_t)m->date;
    snprintf(tag, sizeof tag, "%016llx", (unsigned long long)h);
    put_header(&w, m, tag);
    put_body(&w, m, tag);
    return w.status;
}

cv_status cv_to_mime_minimal(cv_slice from, cv_slice to, cv_slice subject,
                             int64_t date, cv_slice text, cv_slice original,
                             const char *original_name, const cv_sink *out,
                             cv_error *err)
{
    cv_minimal m = { .from = from,
                     .to = to,
                     .subject = subject,
                     .date = date,
                     .text = text,
                     .original = original,
                     .original_name = original_name };
    return cv_minimal_write(&m, out, err);
}
