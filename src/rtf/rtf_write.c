#include "rtf/rtf_write.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/text.h"

#include <string.h>

/* \htmltag's number: kind << 4, and these. */
enum {
    IN_BODY = 0,
    IN_HEAD = 1,
    IN_HTML = 2,
    OUTSIDE = 3,
    INLINE = 4,
    CLOSING = 8,
    KIND_INLINE = 5 << 4 | INLINE,
    KIND_RAW = 15 << 4 /* comments, styles, scripts */
};

static const char html_head[] =
    "{\\rtf1\\ansi\\ansicpg1252\\fromhtml1 \\deff0"
    "{\\fonttbl{\\f0\\fswiss Arial;}{\\f1\\fmodern Courier New;}"
    "{\\f2\\fnil\\fcharset2 Symbol;}}{\\colortbl\\red0\\green0\\blue0;}"
    "\\uc1\\pard\\plain\\deftab360 \\f0\\fs24 {\\*\\htmltag64}";
static const char text_head[] =
    "{\\rtf1\\ansi\\ansicpg1252\\fromtext \\deff0"
    "{\\fonttbl{\\f0\\fswiss Arial;}}\\uc1\\pard\\plain\\f0\\fs20 ";

/* What a tag is, and what a viewer of RTF is told before and after it. */
typedef struct element {
    const char *name;
    unsigned kind;
    const char *open, *close;
} element;

static const element elements[] = {
    { "html", 1 << 4, NULL, NULL },
    { "head", 2 << 4, NULL, NULL },
    { "body", 3 << 4, NULL, NULL },
    { "p", 4 << 4, NULL, "\\par" },
    { "tr", 4 << 4, NULL, "\\par" },
    { "li", 4 << 4, NULL, "\\par" },
    { "h1", 4 << 4, NULL, "\\par" },
    { "h2", 4 << 4, NULL, "\\par" },
    { "h3", 4 << 4, NULL, "\\par" },
    { "div", 6 << 4, NULL, "\\par" },
    { "br", 7 << 4 | INLINE, "\\line", NULL },
    { "td", 9 << 4 | INLINE, NULL, "\\tab" },
    { "th", 9 << 4 | INLINE, NULL, "\\tab" },
    { "font", 9 << 4 | INLINE, NULL, NULL },
    { "meta", 10 << 4, NULL, NULL },
    { "link", 10 << 4, NULL, NULL },
    { "title", KIND_RAW, NULL, NULL },
    { "style", KIND_RAW, NULL, NULL },
    { "script", KIND_RAW, NULL, NULL },
    { "textarea", KIND_RAW, NULL, NULL },
    { "b", KIND_INLINE, "\\b", "\\b0" },
    { "strong", KIND_INLINE, "\\b", "\\b0" },
    { "i", KIND_INLINE, "\\i", "\\i0" },
    { "em", KIND_INLINE, "\\i", "\\i0" },
    { "u", KIND_INLINE, "\\ul", "\\ulnone" },
};

typedef struct writer {
    cv_slice in;
    size_t pos;
    unsigned place; /* IN_BODY and so on */
    cv_buf out;
} writer;

/* -- pieces of RTF -- */

static void put_unit(cv_buf *out, uint32_t unit)
{
    cv_buf_printf(out, "\\u%d?",
                  unit < 0x8000 ? (int)unit : (int)unit - 0x10000);
}

static void put_char(cv_buf *out, uint32_t c)
{
    if (c == '\\' || c == '{' || c == '}')
        cv_buf_put_byte(out, '\\');
    if (c >= 0x10000) {
        put_unit(out, 0xD800 + ((c - 0x10000) >> 10));
        put_unit(out, 0xDC00 + ((c - 0x10000) & 0x3FF));
    } else if (c >= 0x80) {
        put_unit(out, c);
    } else if (c == '\t') {
        cv_buf_put_str(out, "\\tab ");
    } else if (c) {
        cv_buf_put_byte(out, (uint8_t)c);
    }
}

/* Characters, and \par for each line end. */
static void put_content(cv_buf *out, cv_slice s)
{
    for (size_t i = 0; i < s.len;) {
        uint32_t c = cv_utf8_next(s, &i);
        bool pair = c == '\r' && i < s.len && s.ptr[i] == '\n';
        if (c == '\n' || (c == '\r' && !pair))
            cv_buf_put_str(out, "\\par ");
        else if (c != '\r')
            put_char(out, c);
    }
}

static void put_tag(writer *w, unsigned number, cv_slice content)
{
    cv_buf_printf(&w->out, "{\\*\\htmltag%u ", number);
    put_content(&w->out, content);
    cv_buf_put_byte(&w->out, '}');
}

/* Seen by viewers of RTF alone. */
static void put_shown(writer *w, const char *word)
{
    if (word && w->place == IN_BODY)
        cv_buf_printf(&w->out, "\\htmlrtf %s\\htmlrtf0 ", word);
}

/* -- tags -- */

static const element *find_element(cv_slice name)
{
    for (size_t i = 0; i < CV_LEN(elements); i++)
        if (cv_slice_ieq(name, cv_slice_cstr(elements[i].name)))
            return &elements[i];
    return NULL;
}

static cv_slice name_of(cv_slice tag, bool closing)
{
    size_t from = closing ? 2 : 1, n = from;
    while (n < tag.len && ((tag.ptr[n] | 32) >= 'a' || tag.ptr[n] <= '9') &&
           tag.ptr[n] > ' ' && tag.ptr[n] != '/')
        n++;
    return cv_slice_sub(tag, from, n - from);
}

/* Bytes of the tag or comment at the start of s; all of it when it does not
 * end. */
static size_t tag_length(cv_slice s)
{
    uint8_t quote = 0;
    if (cv_slice_starts(s, CV_S("<!--"))) {
        size_t end = cv_slice_find(s, CV_S("-->"), 4);
        return end == CV_NPOS ? s.len : end + 3;
    }
    for (size_t i = 1; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        if (quote)
            quote = c == quote ? 0 : quote;
        else if ((c == '"' || c == '\'') && s.ptr[i - 1] == '=')
            quote = c;
        else if (c == '>')
            return i + 1;
    }
    return s.len;
}

/* Where the head's and body's tags lead. */
static unsigned place_after(unsigned place, const element *e, bool closing)
{
    unsigned kind = e ? e->kind >> 4 : 0;
    if (kind == 1)
        return closing ? OUTSIDE : IN_HTML;
    if (kind == 2)
        return closing ? IN_HTML : IN_HEAD;
    if (kind == 3)
        return closing ? IN_HTML : IN_BODY;
    return place;
}

static unsigned number_of(const writer *w, const element *e, bool closing)
{
    unsigned kind = e ? e->kind : KIND_INLINE;
    unsigned place = w->place;
    if (kind >> 4 == 1)
        place = OUTSIDE;
    else if (kind >> 4 == 2 || kind >> 4 == 3)
        place = IN_HTML;
    return kind | (closing ? CLOSING : 0) | place;
}

/* What stands within a style or a script is no HTML. */
static void put_raw(writer *w, cv_slice name)
{
    cv_slice rest = cv_slice_sub(w->in, w->pos, w->in.len);
    size_t at = 0;
    for (;;) {
        at = cv_slice_find(rest, CV_S("</"), at);
        if (at == CV_NPOS)
            at = rest.len;
        if (at == rest.len ||
            cv_slice_istarts(cv_slice_sub(rest, at + 2, name.len), name))
            break;
        at += 2;
    }
    if (at)
        put_tag(w, KIND_RAW | w->place, cv_slice_sub(rest, 0, at));
    w->pos += at;
}

static void put_element(writer *w, cv_slice tag)
{
    bool closing = tag.len > 1 && tag.ptr[1] == '/';
    bool comment = tag.len > 1 && (tag.ptr[1] == '!' || tag.ptr[1] == '?');
    cv_slice name = name_of(tag, closing);
    const element *e = comment ? NULL : find_element(name);
    if (closing && e)
        put_shown(w, e->close);
    unsigned number = comment ? KIND_RAW | w->place : number_of(w, e, closing);
    w->place = place_after(w->place, e, closing);
    put_tag(w, number, tag);
    if (!closing && e)
        put_shown(w, e->open);
    if (!closing && e && e->kind == KIND_RAW)
        put_raw(w, name);
}

static bool is_tag(cv_slice s)
{
    uint8_t c = s.len > 1 ? s.ptr[1] : 0;
    return (c | 32) >= 'a' ? (c | 32) <= 'z' : c == '/' || c == '!' || c == '?';
}

/* -- text -- */

static uint32_t number_reference(cv_slice digits)
{
    bool hex = digits.len && (digits.ptr[0] | 32) == 'x';
    uint32_t n = 0;
    for (size_t i = hex; i < digits.len && n < 0x110000; i++) {
        uint8_t c = digits.ptr[i];
        uint32_t d = c <= '9' ? c - (uint32_t)'0' : (c | 32u) - 'a' + 10u;
        n = n * (hex ? 16 : 10) + (d & 15);
    }
    return n < 0x110000 && (n < 0xD800 || n >= 0xE000) ? n : 0;
}

/* What a viewer of RTF shows for a reference; the HTML keeps the reference. */
static uint32_t reference(cv_slice name)
{
    static const struct {
        const char *name;
        uint32_t c;
    } known[] = {
        { "amp", '&' },      { "lt", '<' },        { "gt", '>' },
        { "quot", '"' },     { "apos", '\'' },     { "nbsp", 0xA0 },
        { "copy", 0xA9 },    { "reg", 0xAE },      { "laquo", 0xAB },
        { "raquo", 0xBB },   { "middot", 0xB7 },   { "euro", 0x20AC },
        { "ndash", 0x2013 }, { "mdash", 0x2014 },  { "lsquo", 0x2018 },
        { "rsquo", 0x2019 }, { "ldquo", 0x201C },  { "rdquo", 0x201D },
        { "bull", 0x2022 },  { "hellip", 0x2026 }, { "trade", 0x2122 },
        { "auml", 0xE4 },    { "ouml", 0xF6 },     { "uuml", 0xFC },
        { "Auml", 0xC4 },    { "Ouml", 0xD6 },     { "Uuml", 0xDC },
        { "szlig", 0xDF },   { "eacute", 0xE9 },   { "egrave", 0xE8 },
        { "agrave", 0xE0 },  { "ccedil", 0xE7 },   { "ntilde", 0xF1 },
    };
    if (name.len && name.ptr[0] == '#')
        return number_reference(cv_slice_sub(name, 1, name.len));
    for (size_t i = 0; i < CV_LEN(known); i++)
        if (cv_slice_eq(name, cv_slice_cstr(known[i].name)))
            return known[i].c;
    return 0;
}

/* Bytes of "&name;" at the start of s, 0 when it is none. */
static size_t reference_length(cv_slice s)
{
    size_t n = 1;
    while (n < s.len && n < 32 &&
           (s.ptr[n] == '#' || (s.ptr[n] >= '0' && s.ptr[n] <= '9') ||
            ((s.ptr[n] | 32) >= 'a' && (s.ptr[n] | 32) <= 'z')))
        n++;
    return n > 1 && n < s.len && s.ptr[n] == ';' ? n + 1 : 0;
}

/* A sign of HTML, as it stands there and as it is shown. */
static void put_sign(writer *w, cv_slice sign)
{
    uint32_t c = sign.len > 2 ? reference(cv_slice_sub(sign, 1, sign.len - 2))
                              : sign.ptr[0];
    put_tag(w, KIND_INLINE | w->place, sign);
    if (w->place != IN_BODY)
        return;
    cv_buf_put_str(&w->out, "\\htmlrtf ");
    put_char(&w->out, c ? c : '?');
    cv_buf_put_str(&w->out, "\\htmlrtf0 ");
}

static bool is_line_end(uint8_t c)
{
    return c == '\r' || c == '\n';
}

/* Line ends are blanks to who reads. */
static void put_lines(writer *w)
{
    size_t n = w->pos;
    while (n < w->in.len && is_line_end(w->in.ptr[n]))
        n++;
    put_tag(w, KIND_INLINE | w->place, cv_slice_sub(w->in, w->pos, n - w->pos));
    put_shown(w, " ");
    w->pos = n;
}

/* Text to where something else begins. */
static void put_words(writer *w)
{
    size_t n = w->pos;
    while (n < w->in.len && !is_line_end(w->in.ptr[n]) && w->in.ptr[n] != '<' &&
           w->in.ptr[n] != '>' && w->in.ptr[n] != '&' && w->in.ptr[n] != '\t')
        n++;
    cv_slice words = cv_slice_sub(w->in, w->pos, n - w->pos);
    if (w->place == IN_BODY || w->place == OUTSIDE)
        put_content(&w->out, words);
    else
        put_tag(w, w->place, words);
    w->pos = n;
}

static void put_next(writer *w)
{
    cv_slice rest = cv_slice_sub(w->in, w->pos, w->in.len);
    uint8_t c = rest.ptr[0];
    if (c == '<' && is_tag(rest)) {
        cv_slice tag = cv_slice_sub(rest, 0, tag_length(rest));
        w->pos += tag.len;
        put_element(w, tag);
    } else if (c == '<' || c == '>' || c == '&' || c == '\t') {
        size_t n = c == '&' ? reference_length(rest) : 0;
        cv_slice sign = cv_slice_sub(rest, 0, n ? n : 1);
        w->pos += sign.len;
        put_sign(w, sign);
    } else if (is_line_end(c)) {
        put_lines(w);
    } else {
        put_words(w);
    }
}

static cv_status finish(cv_arena *arena, cv_buf *buf, cv_slice *out,
                        cv_error *err)
{
    cv_buf_put_byte(buf, '}');
    cv_status st = cv_buf_status(buf, err);
    cv_slice copy = cv_buf_dup(buf, arena);
    cv_buf_clear(buf);
    if (st != CV_OK)
        return st;
    if (!copy.ptr)
        return cv_arena_fail(arena, err);
    *out = copy;
    return CV_OK;
}

cv_status cv_html_to_rtf(cv_arena *arena, cv_slice html, cv_slice *out,
                         cv_error *err)
{
    writer w = { .in = html, .place = OUTSIDE };
    cv_buf_init(&w.out, CV_LIMIT_RTF_BYTES);
    cv_buf_put_str(&w.out, html_head);
    while (w.pos < html.len && w.out.status == CV_OK)
        put_next(&w);
    return finish(arena, &w.out, out, err);
}

cv_status cv_text_to_rtf(cv_arena *arena, cv_slice text, cv_slice *out,
                         cv_error *err)
{
    cv_buf buf;
    cv_buf_init(&buf, CV_LIMIT_RTF_BYTES);
    cv_buf_put_str(&buf, text_head);
    put_content(&buf, text);
    return finish(arena, &buf, out, err);
}
