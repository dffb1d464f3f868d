#include "mime/write_private.h"

#include <string.h>

enum { ENCODED_LINE = 76, WORD_FRAME = 12 /* =?utf-8?Q??= */ };

cv_mime_fold cv_mime_fold_begin(cv_buf *out, const char *name)
{
    cv_buf_put_str(out, name);
    cv_buf_put_byte(out, ':');
    return (cv_mime_fold){ out, strlen(name) + 1, false };
}

void cv_mime_fold_end(cv_mime_fold *f)
{
    cv_buf_put_str(f->out, "\r\n");
    f->column = 0;
}

static void put(cv_mime_fold *f, cv_slice s)
{
    cv_buf_put_slice(f->out, s);
    f->column += s.len;
}

/* Without a blank to fold at, a line is broken where it must end. */
static void put_long(cv_mime_fold *f, cv_slice s)
{
    while (s.len) {
        size_t room =
            f->column < CV_MIME_LINE_MAX ? CV_MIME_LINE_MAX - f->column : 0;
        put(f, cv_slice_sub(s, 0, room));
        s = cv_slice_sub(s, room, s.len);
        if (s.len) {
            cv_buf_put_str(f->out, "\r\n ");
            f->column = 1;
        }
    }
}

void cv_mime_fold_put(cv_mime_fold *f, cv_slice blanks, cv_slice word,
                      size_t limit)
{
    if (blanks.len && f->started && f->column + blanks.len + word.len > limit) {
        cv_buf_put_str(f->out, "\r\n");
        f->column = 0;
    }
    f->started = true;
    put_long(f, blanks);
    put_long(f, word);
}

void cv_mime_fold_words(cv_mime_fold *f, cv_slice blanks, cv_slice text)
{
    for (size_t i = 0; i < text.len;) {
        size_t end = i;
        while (end < text.len && text.ptr[end] != ' ')
            end++;
        size_t next = end;
        while (next < text.len && text.ptr[next] == ' ')
            next++;
        if (next == text.len)
            end = text.len;
        cv_mime_fold_put(f, blanks, cv_slice_sub(text, i, end - i),
                         CV_MIME_LINE);
        blanks = cv_slice_sub(text, end, next - end);
        i = next;
    }
}

/* -- encoded words -- */

static bool q_plain(uint8_t c, bool in_phrase)
{
    uint8_t lower = c | 0x20;
    if ((lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9'))
        return true;
    if (in_phrase)
        return c && strchr("!*+-/", c);
    return c > 32 && c < 127 && !strchr("=?_", c);
}

static size_t q_size(cv_slice text, bool in_phrase)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++)
        n += text.ptr[i] == ' ' || q_plain(text.ptr[i], in_phrase) ? 1 : 3;
    return n;
}

static size_t b_size(size_t len)
{
    return (len + 2) / 3 * 4;
}

/* Bytes of whole characters from the start of text that fit into room. */
static size_t fitting(cv_slice text, size_t room, bool base64, bool in_phrase)
{
    size_t taken = 0, used = 0;
    while (taken < text.len) {
        size_t end = taken;
        cv_utf8_next(text, &end);
        used += q_size(cv_slice_sub(text, taken, end - taken), in_phrase);
        if ((base64 ? b_size(end) : used) > room)
            break;
        taken = end;
    }
    return taken;
}

static void put_word(cv_buf *out, cv_slice text, bool base64, bool in_phrase)
{
    cv_buf_put_str(out, base64 ? "=?utf-8?B?" : "=?utf-8?Q?");
    if (base64)
        cv_base64_put(out, text, 0);
    for (size_t i = 0; !base64 && i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (c == ' ')
            cv_buf_put_byte(out, '_');
        else if (q_plain(c, in_phrase))
            cv_buf_put_byte(out, c);
        else
            cv_buf_printf(out, "=%02X", c);
    }
    cv_buf_put_str(out, "?=");
}

void cv_mime_fold_encoded(cv_mime_fold *f, cv_slice blanks, cv_slice text,
                          bool in_phrase)
{
    enum { ROOM_MIN = 20 }; /* a character takes 12 at most */
    /* Q stays readable for people who see it raw. */
    bool base64 = q_size(text, in_phrase) > 2 * text.len;
    cv_buf word;
    cv_buf_init(&word, CV_MIME_LINE_MAX);
    while (text.len) {
        size_t room = CV_MIME_WORD - WORD_FRAME;
        size_t used = f->column + blanks.len + WORD_FRAME;
        if (used + ROOM_MIN < ENCODED_LINE && ENCODED_LINE - used < room)
            room = ENCODED_LINE - used;
        size_t n = fitting(text, room, base64, in_phrase);
        cv_buf_reset(&word);
        put_word(&word, cv_slice_sub(text, 0, n), base64, in_phrase);
        cv_mime_fold_put(f, blanks, cv_buf_slice(&word), ENCODED_LINE);
        text = cv_slice_sub(text, n, text.len);
        blanks = CV_S(" ");
    }
    cv_buf_clear(&word);
}

/* What a reader would not give back as it stands: other than ASCII, what
 * looks like an encoded word, and a word no line can hold. */
static bool must_encode(cv_slice word)
{
    enum { WORD_MAX = 900 };
    return !cv_is_ascii(word) || word.len > WORD_MAX ||
           cv_slice_find(word, CV_S("=?"), 0) != CV_NPOS;
}

/* The range of text from the first to the last word that must be encoded. */
static bool encoded_range(cv_slice text, size_t *from, size_t *to)
{
    *from = text.len;
    *to = 0;
    for (size_t i = 0; i < text.len;) {
        size_t end = i;
        while (end < text.len && text.ptr[end] != ' ')
            end++;
        if (must_encode(cv_slice_sub(text, i, end - i))) {
            *from = i < *from ? i : *from;
            *to = end;
        }
        i = end + 1;
    }
    if (text.len && text.ptr[0] == ' ') {
        *from = 0;
        *to = *to ? *to : 1;
    }
    if (text.len && text.ptr[text.len - 1] == ' ') {
        *from = *from < text.len ? *from : text.len - 1;
        *to = text.len;
    }
    return *from < *to;
}

static cv_slice trim_right(cv_slice s, cv_slice *cut)
{
    size_t n = s.len;
    while (n && s.ptr[n - 1] == ' ')
        n--;
    *cut = cv_slice_sub(s, n, s.len - n);
    return cv_slice_sub(s, 0, n);
}

void cv_mime_fold_text(cv_mime_fold *f, cv_slice text)
{
    size_t from, to;
    cv_slice blanks = CV_S(" ");
    if (!encoded_range(text, &from, &to)) {
        cv_mime_fold_words(f, blanks, text);
        return;
    }
    cv_slice gap;
    cv_slice before = trim_right(cv_slice_sub(text, 0, from), &gap);
    if (before.len) {
        cv_mime_fold_words(f, blanks, before);
        blanks = gap;
    }
    cv_mime_fold_encoded(f, blanks, cv_slice_sub(text, from, to - from), false);
    cv_slice after = cv_slice_sub(text, to, text.len - to);
    size_t skip = 0;
    while (skip < after.len && after.ptr[skip] == ' ')
        skip++;
    cv_mime_fold_words(f, cv_slice_sub(after, 0, skip),
                       cv_slice_sub(after, skip, after.len));
}

/* -- addresses -- */

static bool is_atext(uint8_t c)
{
    uint8_t lower = c | 0x20;
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
           (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

bool cv_mime_is_token(cv_slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < 33 || s.ptr[i] > 126 ||
            strchr("()<>@,;:\\\"/[]?=", s.ptr[i]))
            return false;
    return s.len > 0;
}

static bool is_dot_atom(cv_slice s)
{
    if (s.len == 0 || s.ptr[0] == '.' || s.ptr[s.len - 1] == '.')
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] == '.' ? s.ptr[i - 1] == '.' : !is_atext(s.ptr[i]))
            return false;
    return true;
}

static bool is_printable(cv_slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < 32 || s.ptr[i] > 126)
            return false;
    return true;
}

/* "..." with nothing in it that would end it. */
static bool is_quoted(cv_slice s)
{
    if (s.len < 3 || s.ptr[0] != '"' || s.ptr[s.len - 1] != '"')
        return false;
    for (size_t i = 1; i + 1 < s.len; i++) {
        if (s.ptr[i] == '"')
            return false;
        if (s.ptr[i] == '\\' && ++i + 1 >= s.len)
            return false;
    }
    return is_printable(s);
}

static void put_quoted(cv_buf *out, cv_slice s)
{
    cv_buf_put_byte(out, '"');
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '"' || s.ptr[i] == '\\')
            cv_buf_put_byte(out, '\\');
        cv_buf_put_byte(out, s.ptr[i]);
    }
    cv_buf_put_byte(out, '"');
}

static bool is_domain(cv_slice s)
{
    if (s.len > 2 && s.ptr[0] == '[' && s.ptr[s.len - 1] == ']') {
        for (size_t i = 1; i + 1 < s.len; i++)
            if (s.ptr[i] < 33 || s.ptr[i] > 126 || strchr("[]\\", s.ptr[i]))
                return false;
        return true;
    }
    return is_dot_atom(s);
}

/* addr-spec in *out (reset first); false when the address has no such form. */
static bool put_address(cv_buf *out, cv_slice address)
{
    enum { LOCAL_MAX = 500, DOMAIN_MAX = 255 };
    size_t at = address.len;
    while (at > 0 && address.ptr[at - 1] != '@')
        at--;
    if (at < 2)
        return false;
    cv_slice local = cv_slice_sub(address, 0, at - 1);
    cv_slice domain = cv_slice_sub(address, at, address.len - at);
    if (local.len > LOCAL_MAX || domain.len > DOMAIN_MAX ||
        !is_domain(domain) || !is_printable(local))
        return false;
    cv_buf_reset(out);
    if (is_dot_atom(local) || is_quoted(local))
        cv_buf_put_slice(out, local);
    else
        put_quoted(out, local);
    cv_buf_put_byte(out, '@');
    cv_buf_put_slice(out, domain);
    return true;
}

/* Words of atoms with one blank between them. */
static bool is_plain_phrase(cv_slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] == ' ' ? i == 0 || s.ptr[i - 1] == ' '
                            : !is_atext(s.ptr[i]))
            return false;
    return s.len > 0;
}

enum { QUOTED_MAX = 400 };

static bool must_be_words(cv_slice name)
{
    return must_encode(name) || name.len > QUOTED_MAX;
}

/* C002: never an encoded word within quotes, never a bare comma. */
static void put_phrase(cv_mime_fold *f, cv_slice name)
{
    cv_slice blank = CV_S(" ");
    if (must_be_words(name)) {
        cv_mime_fold_encoded(f, blank, name, true);
    } else if (is_plain_phrase(name)) {
        cv_mime_fold_words(f, blank, name);
    } else {
        cv_buf quoted;
        cv_buf_init(&quoted, 0);
        put_quoted(&quoted, name);
        cv_mime_fold_words(f, blank, cv_buf_slice(&quoted));
        cv_buf_clear(&quoted);
    }
}

/* Name of a person: one line, not what only repeats the address. */
static cv_slice clean_name(cv_arena *arena, const cv_mime_address *a)
{
    cv_slice name = cv_utf8_repair(arena, cv_slice_trim(a->name));
    if (name.ptr)
        name = cv_text_one_line(arena, name);
    name = cv_slice_trim(name);
    return cv_slice_ieq(name, a->address) ? CV_S("") : name;
}

/* An address that has no form in mail stays readable as the name of an empty
 * group. */
static void put_group(cv_mime_fold *f, cv_slice name, cv_slice address,
                      cv_arena *arena)
{
    cv_slice text = name.len == 0 || address.len == 0
                        ? (name.len ? name : address)
                        : cv_arena_printf(arena, "%.*s %.*s", CV_FMT(name),
                                          CV_FMT(address));
    text = cv_utf8_repair(arena, text);
    if (text.ptr)
        text = cv_slice_trim(cv_text_one_line(arena, text));
    if (text.len == 0)
        text = CV_S("unknown");
    put_phrase(f, text);
    /* RFC 2047 5: a blank between an encoded word and a special. */
    cv_mime_fold_put(f, must_be_words(text) ? CV_S(" ") : CV_S(""), CV_S(":;"),
                     CV_MIME_LINE);
}

void cv_mime_fold_addresses(cv_mime_fold *f, const cv_mime_address *list,
                            size_t count, cv_arena *arena)
{
    cv_buf spec, angle;
    cv_buf_init(&spec, CV_MIME_LINE_MAX * 2);
    cv_buf_init(&angle, CV_MIME_LINE_MAX * 2);
    bool first = true;
    for (size_t i = 0; i < count; i++) {
        const cv_mime_address *a = &list[i];
        cv_slice name = clean_name(arena, a);
        if (name.len == 0 && a->address.len == 0)
            continue;
        if (!first)
            cv_mime_fold_put(f, CV_S(""), CV_S(","), CV_MIME_LINE);
        first = false;
        if (!put_address(&spec, a->address)) {
            put_group(f, name, a->address, arena);
        } else if (name.len == 0) {
            cv_mime_fold_put(f, CV_S(" "), cv_buf_slice(&spec), CV_MIME_LINE);
        } else {
            put_phrase(f, name);
            cv_buf_reset(&angle);
            cv_buf_put_byte(&angle, '<');
            cv_buf_put_slice(&angle, cv_buf_slice(&spec));
            cv_buf_put_byte(&angle, '>');
            cv_mime_fold_put(f, CV_S(" "), cv_buf_slice(&angle), CV_MIME_LINE);
        }
    }
    cv_buf_clear(&spec);
    cv_buf_clear(&angle);
}

/* -- parameters -- */

static void put_param_part(cv_mime_fold *f, cv_buf *part)
{
    cv_mime_fold_put(f, CV_S(""), CV_S(";"), CV_MIME_LINE);
    cv_mime_fold_put(f, CV_S(" "), cv_buf_slice(part), CV_MIME_LINE);
    cv_buf_reset(part);
}

static void put_percent(cv_buf *out, cv_slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        if ((is_atext(c) && !strchr("*'%", c)) || c == '.')
            cv_buf_put_byte(out, c);
        else
            cv_buf_printf(out, "%%%02X", c);
    }
}

/* RFC 2231, in sections where one line cannot hold it. */
static void put_sections(cv_mime_fold *f, cv_slice name, cv_slice value,
                         bool extended)
{
    enum { LINE = 70 };
    cv_buf part, whole;
    cv_buf_init(&part, CV_MIME_LINE_MAX);
    cv_buf_init(&whole, 0);
    put_percent(&whole, value);
    bool single = extended && name.len + whole.len + 9 <= LINE;
    cv_buf_clear(&whole);
    for (unsigned n = 0; n == 0 || value.len; n++) {
        cv_buf_put_slice(&part, name);
        if (!single)
            cv_buf_printf(&part, "*%u", n);
        cv_buf_put_str(&part, extended ? "*=" : "=\"");
        if (extended && n == 0)
            cv_buf_put_str(&part, "utf-8''");
        while (value.len && (single || part.len + 12 <= LINE)) {
            size_t end = 0;
            cv_utf8_next(value, &end);
            cv_slice c = cv_slice_sub(value, 0, end);
            if (extended)
                put_percent(&part, c);
            else if (*c.ptr == '"' || *c.ptr == '\\')
                cv_buf_printf(&part, "\\%c", *c.ptr);
            else
                cv_buf_put_slice(&part, c);
            value = cv_slice_sub(value, end, value.len);
        }
        if (!extended)
            cv_buf_put_byte(&part, '"');
        put_param_part(f, &part);
    }
    cv_buf_clear(&part);
}

/* name="=?utf-8?...?=": no standard, but what old readers expect (C014). */
static void put_encoded_param(cv_mime_fold *f, cv_slice name, cv_slice value)
{
    cv_buf part;
    cv_buf_init(&part, 0);
    cv_buf_put_slice(&part, name);
    cv_buf_put_str(&part, "=\"");
    cv_mime_fold_put(f, CV_S(""), CV_S(";"), CV_MIME_LINE);
    cv_mime_fold_put(f, CV_S(" "), cv_buf_slice(&part), 0); /* a new line */
    cv_mime_fold_encoded(f, CV_S(""), value, true);
    cv_mime_fold_put(f, CV_S(""), CV_S("\""), CV_MIME_LINE);
    cv_buf_clear(&part);
}

void cv_mime_fold_param(cv_mime_fold *f, cv_slice name, cv_slice value,
                        unsigned flags)
{
    enum { VALUE_MAX = 60 };
    cv_buf part;
    if (!is_printable(value) ||
        cv_slice_find(value, CV_S("=?"), 0) != CV_NPOS) {
        if ((flags & CV_MIME_NAME_2047) && cv_slice_ieq(name, CV_S("name")))
            put_encoded_param(f, name, value);
        else
            put_sections(f, name, value, true);
        return;
    }
    if (name.len + value.len > VALUE_MAX + 10) {
        put_sections(f, name, value, false);
        return;
    }
    cv_buf_init(&part, CV_MIME_LINE_MAX);
    cv_buf_put_slice(&part, name);
    cv_buf_put_byte(&part, '=');
    if (cv_mime_is_token(value))
        cv_buf_put_slice(&part, value);
    else
        put_quoted(&part, value);
    put_param_part(f, &part);
    cv_buf_clear(&part);
}
