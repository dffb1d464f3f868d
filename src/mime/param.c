#include "mime/mime_private.h"

#include <string.h>

/* A parameter as it was written: name, name*, name*0 or name*0*. */
typedef struct raw_param {
    cv_slice base; /* lower case */
    cv_slice value;
    int section;   /* -1: none */
    bool extended; /* ended in '*': percent escapes, charset in the first */
    bool taken;
} raw_param;

typedef struct scan {
    cv_arena *arena;
    cv_slice text;
    size_t pos;
    raw_param raw[CV_LIMIT_MIME_PARAMS];
    size_t count;
    bool rich;  /* some have RFC 2231's forms */
    bool limit; /* there were more */
    size_t bad; /* pieces that are no parameter */
    cv_slice tail;
} scan;

cv_slice cv_mime_value_head(cv_slice text, cv_slice *rest)
{
    size_t n = 0;
    while (n < text.len && text.ptr[n] != ';' && text.ptr[n] != '(' &&
           !cv_mime_is_blank(text.ptr[n]))
        n++;
    /* "text / plain" and "text/ plain" were seen. */
    size_t next = n;
    while (next < text.len && cv_mime_is_blank(text.ptr[next]))
        next++;
    *rest = cv_slice_sub(text, next, text.len - next);
    return cv_slice_sub(text, 0, n);
}

static void skip_blanks(scan *s)
{
    while (s->pos < s->text.len && (cv_mime_is_blank(s->text.ptr[s->pos]) ||
                                    s->text.ptr[s->pos] == ';'))
        s->pos++;
}

static bool is_name_byte(uint8_t c)
{
    return c > 32 && c < 127 && !strchr("()<>@,;:\\\"/[]?=", c);
}

/* "name =", as far as it goes; false when no parameter begins here. */
static bool read_name(cv_slice text, size_t *pos, cv_slice *name)
{
    size_t i = *pos;
    while (i < text.len && is_name_byte(text.ptr[i]))
        i++;
    *name = cv_slice_sub(text, *pos, i - *pos);
    while (i < text.len && cv_mime_is_blank(text.ptr[i]))
        i++;
    if (name->len == 0 || i == text.len || text.ptr[i] != '=')
        return false;
    i++;
    while (i < text.len && cv_mime_is_blank(text.ptr[i]))
        i++;
    *pos = i;
    return true;
}

/* Place of the quote that ends a string whose first byte is at i, CV_NPOS
 * when it is not closed. */
static size_t closing_quote(cv_slice text, size_t i)
{
    for (; i < text.len && text.ptr[i] != '"'; i++)
        if (text.ptr[i] == '\\' && i + 1 < text.len)
            i++;
    return i < text.len ? i : CV_NPOS;
}

/* Only \" and \\ are undone: "C:\temp\x.doc" was meant as it stands. */
static cv_slice unquote(cv_arena *arena, cv_slice s)
{
    if (cv_slice_find_byte(s, '\\', 0) == CV_NPOS)
        return s;
    uint8_t *copy = cv_arena_alloc(arena, s.len);
    size_t n = 0;
    for (size_t i = 0; copy && i < s.len; i++) {
        bool escape = s.ptr[i] == '\\' && i + 1 < s.len &&
                      (s.ptr[i + 1] == '"' || s.ptr[i + 1] == '\\');
        copy[n++] = s.ptr[escape ? ++i : i];
    }
    return cv_slice_of(copy, n);
}

static cv_slice read_quoted(scan *s)
{
    size_t first = s->pos + 1;
    size_t close = closing_quote(s->text, first);
    if (close == CV_NPOS) {
        s->bad++;
        size_t end = cv_slice_find_byte(s->text, ';', first);
        s->pos = end == CV_NPOS ? s->text.len : end;
        return cv_slice_trim(cv_slice_sub(s->text, first, s->pos - first));
    }
    s->pos = close + 1;
    return unquote(s->arena, cv_slice_sub(s->text, first, close - first));
}

/* Up to the next semicolon: names with blanks are often not quoted. What
 * begins like a header of its own ends the value (C032). */
static cv_slice read_bare(scan *s, cv_slice name)
{
    size_t end = cv_slice_find_byte(s->text, ';', s->pos);
    if (end == CV_NPOS)
        end = s->text.len;
    cv_slice value = cv_slice_sub(s->text, s->pos, end - s->pos);
    size_t header = cv_slice_ifind(value, CV_S(" content-"), 0);
    if (header != CV_NPOS &&
        cv_mime_is_known_header(cv_slice_sub(value, header + 1, value.len))) {
        s->tail = cv_slice_sub(value, header + 1, value.len);
        value = cv_slice_sub(value, 0, header);
    }
    if (!cv_slice_istarts(name, CV_S("filename")) &&
        !cv_slice_istarts(name, CV_S("name"))) {
        size_t comment = cv_slice_find(value, CV_S(" ("), 0);
        if (comment != CV_NPOS)
            value = cv_slice_sub(value, 0, comment);
    }
    s->pos = end;
    return cv_slice_trim(value);
}

/* Splits name, name*, name*0 and name*0*. */
static void split_name(scan *s, cv_slice name, raw_param *p)
{
    p->section = -1;
    p->extended = cv_slice_ends(name, CV_S("*")) && name.len > 1;
    if (p->extended)
        name.len--;
    size_t star = cv_slice_find_byte(name, '*', 0);
    uint32_t number;
    if (star != CV_NPOS && star > 0 &&
        cv_parse_u32(cv_slice_sub(name, star + 1, name.len), &number) ==
            CV_OK &&
        number < 100000) {
        p->section = (int)number;
        name = cv_slice_sub(name, 0, star);
    }
    s->rich |= p->extended || p->section >= 0;
    p->base = cv_ascii_lower(s->arena, name);
}

/* Behind a value: nothing up to the semicolon, or a text that belongs to no
 * parameter. */
static void skip_tail(scan *s)
{
    size_t i = s->pos;
    while (i < s->text.len && cv_mime_is_blank(s->text.ptr[i]))
        i++;
    size_t end = cv_slice_find_byte(s->text, ';', i);
    if (end == CV_NPOS)
        end = s->text.len;
    cv_slice junk = cv_slice_trim(cv_slice_sub(s->text, i, end - i));
    s->pos = end;
    if (junk.len == 0 || junk.ptr[0] == '(')
        return;
    size_t ahead = i;
    cv_slice name;
    if (read_name(s->text, &ahead, &name)) {
        s->pos = i; /* only the semicolon was forgotten */
        return;
    }
    s->bad++;
    if (s->tail.len == 0)
        s->tail = junk;
}

static void scan_params(scan *s)
{
    for (skip_blanks(s); s->pos < s->text.len; skip_blanks(s)) {
        cv_slice name;
        if (!read_name(s->text, &s->pos, &name)) {
            size_t end = cv_slice_find_byte(s->text, ';', s->pos);
            cv_slice junk = cv_slice_sub(s->text, s->pos, end - s->pos);
            if (junk.len && junk.ptr[0] != '(')
                s->bad++;
            if (s->tail.len == 0)
                s->tail = junk;
            s->pos = end == CV_NPOS ? s->text.len : end;
            continue;
        }
        if (s->count == CV_LIMIT_MIME_PARAMS) {
            s->limit = true;
            return;
        }
        raw_param *p = &s->raw[s->count];
        *p = (raw_param){ 0 };
        split_name(s, name, p);
        if (s->pos < s->text.len && s->text.ptr[s->pos] == '"') {
            p->value = read_quoted(s);
            skip_tail(s);
        } else {
            p->value = read_bare(s, p->base);
            if (p->value.len == 0) {
                s->bad++;
                continue;
            }
        }
        s->count++;
    }
}

/* -- RFC 2231 -- */

/* A percent sign that introduces nothing stays (C033). */
static void put_percent(cv_buf *out, cv_slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        int high = i + 2 < s.len ? cv_hex_digit(s.ptr[i + 1]) : -1;
        int low = i + 2 < s.len ? cv_hex_digit(s.ptr[i + 2]) : -1;
        if (s.ptr[i] == '%' && high >= 0 && low >= 0) {
            cv_buf_put_byte(out, (uint8_t)(high << 4 | low));
            i += 2;
        } else {
            cv_buf_put_byte(out, s.ptr[i]);
        }
    }
}

/* Takes "charset'language'" off the first extended section. */
static cv_slice cut_charset(cv_slice *value)
{
    size_t one = cv_slice_find_byte(*value, '\'', 0);
    size_t two =
        one == CV_NPOS ? CV_NPOS : cv_slice_find_byte(*value, '\'', one + 1);
    if (two == CV_NPOS)
        return (cv_slice){ NULL, 0 };
    cv_slice charset = cv_slice_sub(*value, 0, one);
    *value = cv_slice_sub(*value, two + 1, value->len);
    return charset;
}

static inline bool same(cv_slice a, cv_slice b)
{
    return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

static raw_param *next_section(scan *s, cv_slice base, int after)
{
    raw_param *best = NULL;
    for (size_t i = 0; i < s->count; i++) {
        raw_param *p = &s->raw[i];
        if (p->section > after && same(p->base, base) &&
            (!best || p->section < best->section))
            best = p;
    }
    return best;
}

/* Joins the bytes of all sections before anything is decoded (C041 to C043),
 * whatever their order and gaps. */
static cv_slice join_sections(scan *s, cv_slice base, cv_buf *bytes)
{
    cv_slice charset = { NULL, 0 };
    int at = -1;
    for (raw_param *p; (p = next_section(s, base, at)); at = p->section) {
        cv_slice value = p->value;
        if (at == -1 && p->extended)
            charset = cut_charset(&value);
        if (p->extended)
            put_percent(bytes, value);
        else
            cv_buf_put_slice(bytes, value);
    }
    return charset;
}

static raw_param *single(scan *s, cv_slice base, bool extended)
{
    for (size_t i = 0; i < s->count; i++) {
        raw_param *p = &s->raw[i];
        if (p->section < 0 && p->extended == extended && same(p->base, base))
            return p;
    }
    return NULL;
}

/* Bytes and character set of a value in RFC 2231's forms, which win over the
 * plain one (C014). */
static cv_status join(scan *s, cv_slice base, cv_slice *joined,
                      cv_slice *charset, cv_error *err)
{
    cv_buf bytes;
    cv_buf_init(&bytes, 0);
    raw_param *extended = single(s, base, true);
    if (next_section(s, base, -1)) {
        *charset = join_sections(s, base, &bytes);
    } else if (extended) {
        cv_slice text = extended->value;
        *charset = cut_charset(&text);
        put_percent(&bytes, text);
    } else {
        cv_buf_put_slice(&bytes, single(s, base, false)->value);
    }
    *joined = cv_buf_dup(&bytes, s->arena);
    cv_buf_clear(&bytes);
    return joined->ptr ? CV_OK : cv_arena_fail(s->arena, err);
}

static cv_status resolve(scan *s, const raw_param *first, cv_slice *value,
                         cv_error *err)
{
    cv_slice charset = { NULL, 0 }, joined = first->value;
    if (s->rich)
        CV_TRY(join(s, first->base, &joined, &charset, err));
    if (charset.len == 0)
        return cv_mime_decode_words(s->arena, joined, charset, value, err);
    *value = cv_charset_to_utf8(s->arena, charset, joined, NULL);
    return value->ptr ? CV_OK : cv_arena_fail(s->arena, err);
}

static void take(scan *s, cv_slice base)
{
    for (size_t i = 0; i < s->count; i++)
        if (same(s->raw[i].base, base))
            s->raw[i].taken = true;
}

static cv_status resolve_all(scan *s, cv_mime_param_list *out, cv_error *err)
{
    out->list = cv_arena_array(s->arena, s->count, sizeof *out->list);
    if (!out->list)
        return cv_arena_fail(s->arena, err);
    for (size_t i = 0; i < s->count; i++) {
        if (s->raw[i].taken)
            continue;
        cv_mime_param *p = &out->list[out->count++];
        p->name = s->raw[i].base;
        CV_TRY(resolve(s, &s->raw[i], &p->value, err));
        p->value = cv_text_one_line(s->arena, p->value);
        take(s, p->name);
    }
    return CV_OK;
}

cv_status cv_mime_params_read(cv_arena *arena, cv_slice text,
                              cv_mime_param_list *out, cv_report *report,
                              cv_slice path, cv_slice property, cv_error *err)
{
    *out = (cv_mime_param_list){ 0 };
    if (text.len == 0)
        return CV_OK;
    scan s;
    s.arena = arena;
    s.text = text;
    s.pos = s.count = s.bad = 0;
    s.rich = s.limit = false;
    s.tail = (cv_slice){ NULL, 0 };
    scan_params(&s);
    if (cv_arena_status(arena) != CV_OK)
        return cv_arena_fail(arena, err);
    CV_TRY(resolve_all(&s, out, err));
    out->tail = s.tail;
    if (s.bad)
        cv_report_say(report, CV_RULE_MIME_HEADER_SYNTAX, path, property,
                      cv_slice_sub(text, 0, 60),
                      "%zu pieces that are no parameter", s.bad);
    if (s.limit)
        cv_report_say(report, CV_RULE_LIMIT, path, property,
                      CV_S("CV_LIMIT_MIME_PARAMS"),
                      "further parameters are left out");
    return CV_OK;
}

cv_slice cv_mime_param_get(const cv_mime_part *part, cv_slice name)
{
    for (size_t i = 0; i < part->param_count; i++)
        if (cv_slice_ieq(part->params[i].name, name))
            return part->params[i].value;
    return (cv_slice){ NULL, 0 };
}
