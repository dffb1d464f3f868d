#include "mime/mime_private.h"

#include <string.h>

/* One encoded word: =?charset?B|Q?text?= */
typedef struct word {
    cv_slice charset; /* without a language suffix (RFC 2231 5) */
    uint8_t encoding; /* 'B' or 'Q' */
    cv_slice text;
    size_t end; /* place behind it */
} word;

/* Words of one character set that stand side by side are joined as bytes, so
 * that a character may be cut by their border (C019, C042). */
typedef struct decoder {
    cv_arena *arena;
    cv_slice raw;
    cv_slice charset; /* of 8-bit bytes outside of words */
    cv_buf out;
    cv_buf run; /* bytes of the words that wait */
    cv_buf b64; /* base64 that wants its next word, of length 1 mod 4 */
    cv_slice run_charset;
    size_t run_start, run_end; /* place of these words; equal when none */
    bool no_more_ends;         /* there is no "?=" ahead */
} decoder;

static cv_slice cut_language(cv_slice charset)
{
    size_t star = cv_slice_find_byte(charset, '*', 0);
    return star == CV_NPOS ? charset : cv_slice_sub(charset, 0, star);
}

static bool word_at(decoder *d, size_t pos, word *w)
{
    enum { CHARSET_MAX = 64 };
    cv_slice raw = d->raw;
    size_t start = pos + 2, q = start;
    while (q < raw.len && q - start <= CHARSET_MAX && raw.ptr[q] > 32 &&
           raw.ptr[q] < 127 && raw.ptr[q] != '?' && raw.ptr[q] != '=')
        q++;
    if (q == start || q + 3 > raw.len || raw.ptr[q] != '?' ||
        raw.ptr[q + 2] != '?')
        return false;
    uint8_t encoding = raw.ptr[q + 1] & (uint8_t)~0x20;
    if (encoding != 'B' && encoding != 'Q')
        return false;
    size_t text = q + 3;
    size_t end =
        d->no_more_ends ? CV_NPOS : cv_slice_find(raw, CV_S("?="), text);
    if (end == CV_NPOS) {
        d->no_more_ends = true;
        return false;
    }
    w->charset = cut_language(cv_slice_sub(raw, start, q - start));
    w->encoding = encoding;
    w->text = cv_slice_sub(raw, text, end - text);
    w->end = end + 2;
    return true;
}

static void decode_q(cv_buf *out, cv_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        int high = -1, low = -1;
        if (c == '=' && i + 2 < text.len) {
            high = cv_hex_digit(text.ptr[i + 1]);
            low = cv_hex_digit(text.ptr[i + 2]);
        }
        if (high >= 0 && low >= 0) {
            cv_buf_put_byte(out, (uint8_t)(high << 4 | low));
            i += 2;
        } else {
            cv_buf_put_byte(out, c == '_' ? ' ' : c);
        }
    }
}

/* Letters of base64 in text, CV_NPOS when it holds anything else. */
static size_t b64_letters(cv_slice text)
{
    size_t n = 0;
    bool padded = false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        uint8_t lower = c | 0x20;
        if (c == '=') {
            padded = true;
        } else if ((lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
                   c == '+' || c == '/') {
            if (padded)
                return CV_NPOS;
            n++;
        } else if (!cv_mime_is_blank(c)) {
            return CV_NPOS;
        }
    }
    return n;
}

/* What waits in d->b64 goes to the run; a letter too much stays literal. */
static void settle_b64(decoder *d)
{
    if (d->b64.len == 0)
        return;
    cv_slice text = cv_buf_slice(&d->b64);
    bool odd = b64_letters(text) % 4 == 1;
    cv_slice whole = cv_slice_sub(text, 0, text.len - odd);
    cv_buf_put_slice(&d->run, cv_base64_decode(d->arena, whole, NULL));
    if (odd)
        cv_buf_put_byte(&d->run, text.ptr[text.len - 1]);
    cv_buf_reset(&d->b64);
}

static void add_b(decoder *d, cv_slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!cv_mime_is_blank(text.ptr[i]))
            cv_buf_put_byte(&d->b64, text.ptr[i]);
    /* A length of 1 mod 4 cannot end: a broken encoder has cut the base64
     * itself, not the text (C019). */
    if (b64_letters(cv_buf_slice(&d->b64)) % 4 != 1)
        settle_b64(d);
}

/* Names that mean: guess (RFC 1428). */
static bool is_guess(cv_slice charset)
{
    return cv_slice_ieq(charset, CV_S("unknown-8bit")) ||
           cv_slice_ieq(charset, CV_S("x-user-defined")) ||
           cv_slice_ieq(charset, CV_S("x-unknown")) ||
           cv_slice_ieq(charset, CV_S("8bit"));
}

static void flush_run(decoder *d)
{
    if (d->run_start == d->run_end)
        return;
    settle_b64(d);
    bool lossy = false;
    cv_slice name = is_guess(d->run_charset) ? CV_S("") : d->run_charset;
    cv_slice text =
        cv_charset_to_utf8(d->arena, name, cv_buf_slice(&d->run), &lossy);
    /* An unknown character set leaves the word as it came (C034). */
    if (lossy && name.len && cv_codepage_of_charset(name) == 0)
        text = cv_slice_sub(d->raw, d->run_start, d->run_end - d->run_start);
    cv_buf_put_slice(&d->out, text);
    cv_buf_reset(&d->run);
    d->run_start = d->run_end = 0;
}

/* ISO-2022 text that has gone back to ASCII is complete; a second escape
 * sequence right behind would count as an empty one. */
static bool run_is_complete(decoder *d)
{
    settle_b64(d);
    return cv_slice_ends(cv_buf_slice(&d->run), CV_S("\x1b(B"));
}

static void add_word(decoder *d, const word *w, size_t start)
{
    if (d->run_start != d->run_end &&
        (!cv_slice_ieq(d->run_charset, w->charset) ||
         (cv_slice_istarts(w->charset, CV_S("iso-2022")) &&
          run_is_complete(d))))
        flush_run(d);
    if (d->run_start == d->run_end) {
        d->run_start = start;
        d->run_charset = w->charset;
    }
    d->run_end = w->end;
    if (w->encoding == 'B') {
        add_b(d, w->text);
    } else {
        settle_b64(d);
        decode_q(&d->run, w->text);
    }
}

/* Text outside of words. ISO-2022-JP without a label is told by its escape
 * sequences. */
static void put_plain(decoder *d, cv_slice s)
{
    if (s.len == 0)
        return;
    cv_slice charset = d->charset;
    if (cv_slice_find(s, CV_S("\x1b$"), 0) != CV_NPOS)
        charset = CV_S("iso-2022-jp");
    else if (cv_utf8_valid(s))
        charset = CV_S("utf-8");
    cv_buf_put_slice(&d->out, cv_charset_to_utf8(d->arena, charset, s, NULL));
}

static void decode_all(decoder *d)
{
    size_t plain = 0; /* where text begins that was not put yet */
    for (size_t pos = 0;;) {
        word w;
        pos = cv_slice_find(d->raw, CV_S("=?"), pos);
        if (pos == CV_NPOS)
            break;
        if (!word_at(d, pos, &w) ||
            (w.encoding == 'B' && b64_letters(w.text) == CV_NPOS)) {
            pos += 2;
            continue;
        }
        cv_slice between = cv_slice_sub(d->raw, plain, pos - plain);
        bool adjacent = plain > 0 && cv_mime_all_blank(between);
        if (!adjacent || (between.len && d->run_start == d->run_end)) {
            flush_run(d);
            put_plain(d, between);
        }
        add_word(d, &w, pos);
        pos = plain = w.end;
    }
    flush_run(d);
    put_plain(d, cv_slice_sub(d->raw, plain, d->raw.len - plain));
}

cv_status cv_mime_decode_words(cv_arena *arena, cv_slice raw, cv_slice charset,
                               cv_slice *out, cv_error *err)
{
    bool words = cv_slice_find(raw, CV_S("=?"), 0) != CV_NPOS;
    if (!words && cv_is_ascii(raw) &&
        cv_slice_find_byte(raw, 0x1b, 0) == CV_NPOS) {
        *out = raw;
        return CV_OK;
    }
    decoder d = { .arena = arena, .raw = raw, .charset = charset };
    cv_buf_init(&d.out, 0);
    cv_buf_init(&d.run, 0);
    cv_buf_init(&d.b64, 0);
    decode_all(&d);
    cv_status status = cv_arena_status(arena);
    if (status == CV_OK)
        status = cv_buf_status(&d.out, err);
    else
        status = cv_arena_fail(arena, err);
    if (status == CV_OK) {
        *out = cv_buf_dup(&d.out, arena);
        if (!out->ptr)
            status = cv_arena_fail(arena, err);
    }
    cv_buf_clear(&d.out);
    cv_buf_clear(&d.run);
    cv_buf_clear(&d.b64);
    return status;
}

cv_status cv_mime_decode_text(cv_arena *arena, cv_slice raw, cv_slice charset,
                              cv_slice *out, cv_error *err)
{
    cv_slice text = cv_mime_unfold(arena, raw);
    if (!text.ptr)
        return raw.len ? cv_arena_fail(arena, err) : (*out = raw, CV_OK);
    CV_TRY(cv_mime_decode_words(arena, text, charset, out, err));
    *out = cv_text_one_line(arena, *out);
    return out->ptr ? CV_OK : cv_arena_fail(arena, err);
}
