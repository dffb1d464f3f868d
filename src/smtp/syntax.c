#include "smtp/syntax.h"
#include "base/text.h"

#include <string.h>

static bool is_alnum(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
           (c >= 'a' && c <= 'z');
}

/* RFC 5322 atext, ASCII only. */
static bool is_atext(uint8_t c)
{
    return is_alnum(c) || (c != 0 && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

static bool has_8bit(cv_slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] >= 0x80)
            return true;
    return false;
}

static cv_slice skip_blanks(cv_slice s)
{
    while (s.len > 0 && (s.ptr[0] == ' ' || s.ptr[0] == '\t'))
        s = cv_slice_sub(s, 1, CV_NPOS);
    return s;
}

cv_slice smtp_take_word(cv_slice line, cv_slice *rest)
{
    size_t len = 0;
    while (len < line.len && line.ptr[len] != ' ' && line.ptr[len] != '\t')
        len++;
    *rest = cv_slice_trim(cv_slice_sub(line, len, CV_NPOS));
    return cv_slice_sub(line, 0, len);
}

/* -- paths -- */

/* Length of the quoted string at the start of s, 0 when there is none. */
static size_t quoted_len(cv_slice s)
{
    for (size_t i = 1; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        if (c == '"')
            return i + 1;
        if (c == '\\')
            i++;
        if (i >= s.len || s.ptr[i] < 0x20 || s.ptr[i] >= 0x7F)
            return 0;
    }
    return 0;
}

static size_t local_len(cv_slice s)
{
    size_t len = 0;
    if (s.len > 0 && s.ptr[0] == '"')
        return quoted_len(s);
    /* Dots in odd places exist in real addresses; they harm nobody. */
    while (len < s.len && (is_atext(s.ptr[len]) || s.ptr[len] == '.'))
        len++;
    return len;
}

/* Length of "[192.0.2.1]" at the start of s, 0 when there is none. */
static size_t literal_len(cv_slice s)
{
    size_t end = cv_slice_find_byte(s, ']', 0);
    for (size_t i = 1; end != CV_NPOS && i < end; i++)
        if (!is_alnum(s.ptr[i]) && (s.ptr[i] == 0 || !strchr(".:-", s.ptr[i])))
            return 0;
    return end == CV_NPOS ? 0 : end + 1;
}

static size_t domain_len(cv_slice s)
{
    size_t len = 0;
    if (s.len > 0 && s.ptr[0] == '[')
        return literal_len(s);
    while (len < s.len && (is_alnum(s.ptr[len]) || s.ptr[len] == '-' ||
                           s.ptr[len] == '_' || s.ptr[len] == '.'))
        len++;
    bool bad = len == 0 || s.ptr[0] == '.' || s.ptr[0] == '-' ||
               s.ptr[len - 1] == '.' || s.ptr[len - 1] == '-';
    for (size_t i = 1; i < len; i++)
        bad = bad || (s.ptr[i] == '.' && s.ptr[i - 1] == '.');
    return bad || len > 253 ? 0 : len;
}

/* "@a,@b:" before an address; RFC 5321 says: accept and ignore. */
static cv_slice skip_route(cv_slice s)
{
    if (s.len == 0 || s.ptr[0] != '@')
        return s;
    size_t colon = cv_slice_find_byte(s, ':', 0);
    size_t end = cv_slice_find_byte(s, '>', 0);
    if (colon == CV_NPOS || colon > end)
        return s;
    return cv_slice_sub(s, colon + 1, CV_NPOS);
}

cv_status smtp_path_parse(cv_slice text, smtp_path_kind *kind,
                          cv_slice *address, cv_slice *rest)
{
    cv_slice s = skip_blanks(text);
    if (s.len < 2 || s.ptr[0] != '<')
        return CV_ERR_SYNTAX;
    s = skip_route(cv_slice_sub(s, 1, CV_NPOS));
    size_t local = local_len(s);
    size_t len = local;
    *kind = local == 0 ? SMTP_PATH_NULL : SMTP_PATH_POSTMASTER;
    if (local < s.len && s.ptr[local] == '@') {
        size_t domain = domain_len(cv_slice_sub(s, local + 1, CV_NPOS));
        if (local == 0 || domain == 0)
            return has_8bit(text) ? CV_ERR_RANGE : CV_ERR_SYNTAX;
        len = local + 1 + domain;
        *kind = SMTP_PATH_ADDRESS;
    }
    *address = cv_slice_sub(s, 0, len);
    if (len >= s.len || s.ptr[len] != '>')
        return has_8bit(text) ? CV_ERR_RANGE : CV_ERR_SYNTAX;
    if (len > SMTP_ADDRESS_MAX)
        return CV_ERR_SYNTAX;
    if (*kind == SMTP_PATH_POSTMASTER &&
        !cv_slice_ieq(*address, CV_S("postmaster")))
        return CV_ERR_SYNTAX;
    *rest = cv_slice_sub(s, len + 1, CV_NPOS);
    return CV_OK;
}

/* -- parameters -- */

bool smtp_param_next(cv_slice *rest, cv_slice *key, cv_slice *value, bool *ok)
{
    cv_slice s = *rest;
    size_t keyed = 0;
    *ok = s.len == 0 || s.ptr[0] == ' ' || s.ptr[0] == '\t';
    s = skip_blanks(s);
    if (s.len == 0)
        return false;
    cv_slice word = smtp_take_word(s, rest);
    /* smtp_take_word() has eaten the blank that the next call asks for. */
    *rest = cv_slice_sub(s, word.len, CV_NPOS);
    while (keyed < word.len &&
           (is_alnum(word.ptr[keyed]) || (keyed > 0 && word.ptr[keyed] == '-')))
        keyed++;
    *key = cv_slice_sub(word, 0, keyed);
    *value = cv_slice_sub(word, keyed + 1, CV_NPOS);
    if (keyed == 0 || (keyed < word.len && word.ptr[keyed] != '='))
        *ok = false;
    if (keyed < word.len && value->len == 0)
        *ok = false;
    for (size_t i = 0; i < value->len; i++)
        if (value->ptr[i] <= ' ' || value->ptr[i] >= 0x7F)
            *ok = false;
    return true;
}

/* -- xtext -- */

/* Digits are upper-case in RFC 3461, lower as some write it. */
cv_status smtp_xtext_decode(cv_arena *arena, cv_slice xtext, cv_slice *out)
{
    uint8_t *text = cv_arena_alloc(arena, xtext.len + 1);
    size_t len = 0;
    if (!text)
        return cv_arena_status(arena);
    for (size_t i = 0; i < xtext.len; i++) {
        int c = xtext.ptr[i];
        if (c == '=')
            return CV_ERR_SYNTAX;
        if (c == '+') {
            bool both = xtext.len - i > 2;
            int high = both ? cv_hex_digit(xtext.ptr[i + 1]) : -1;
            int low = both ? cv_hex_digit(xtext.ptr[i + 2]) : -1;
            if (high < 0 || low < 0)
                return CV_ERR_SYNTAX;
            c = high * 16 + low;
            i += 2;
        }
        if (c < 0x20 || c >= 0x7F)
            return CV_ERR_SYNTAX;
        text[len++] = (uint8_t)c;
    }
    *out = cv_slice_of(text, len);
    return CV_OK;
}

void smtp_xtext_put(cv_buf *buf, cv_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (c <= ' ' || c >= 0x7F || c == '+' || c == '=')
            cv_buf_printf(buf, "+%02X", c);
        else
            cv_buf_put_byte(buf, c);
    }
}

bool smtp_is_helo(cv_slice name)
{
    if (name.len == 0 || name.len > 255)
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (!is_alnum(name.ptr[i]) &&
            (name.ptr[i] == 0 || !strchr(".-_:[]", name.ptr[i])))
            return false;
    return true;
}

/* -- replies -- */

cv_status smtp_reply_parse(cv_slice line, smtp_reply_line *out)
{
    uint32_t code = 0;
    if (line.len < 3 ||
        cv_parse_u32(cv_slice_sub(line, 0, 3), &code) != CV_OK || code < 200 ||
        code > 599)
        return CV_ERR_SYNTAX;
    uint8_t mark = line.len > 3 ? line.ptr[3] : ' ';
    if (mark != ' ' && mark != '-')
        return CV_ERR_SYNTAX;
    *out =
        (smtp_reply_line){ code, mark == ' ', cv_slice_sub(line, 4, CV_NPOS) };
    return CV_OK;
}

/* Up to three digits at *pos. */
static bool take_digits(cv_slice s, size_t *pos)
{
    size_t start = *pos;
    while (*pos < s.len && *pos - start < 3 && s.ptr[*pos] >= '0' &&
           s.ptr[*pos] <= '9')
        ++*pos;
    return *pos > start;
}

cv_slice smtp_enhanced_of(cv_slice text, unsigned code, cv_slice *rest)
{
    size_t pos = 1;
    bool ok = text.len >= 5 && text.ptr[0] == '0' + code / 100;
    for (int i = 0; ok && i < 2; i++) {
        ok = pos < text.len && text.ptr[pos] == '.';
        pos++;
        ok = ok && take_digits(text, &pos);
    }
    ok = ok && (pos == text.len || text.ptr[pos] == ' ');
    *rest = ok ? cv_slice_trim(cv_slice_sub(text, pos, CV_NPOS)) : text;
    return ok ? cv_slice_sub(text, 0, pos) : cv_slice_of(NULL, 0);
}

cv_slice smtp_enhanced_default(unsigned code, bool at_rcpt)
{
    static const struct {
        unsigned code;
        const char *status;
    } rows[] = {
        { 421, "4.4.2" }, { 450, "4.2.0" }, { 451, "4.3.0" },
        { 452, "4.3.1" }, { 550, "5.0.0" }, { 551, "5.1.6" },
        { 552, "5.2.2" }, { 553, "5.1.3" }, { 554, "5.0.0" },
    };
    if (code == 550 && at_rcpt)
        return CV_S("5.1.1");
    for (size_t i = 0; i < CV_LEN(rows); i++)
        if (rows[i].code == code)
            return cv_slice_cstr(rows[i].status);
    return code < 300   ? CV_S("2.0.0")
           : code < 500 ? CV_S("4.0.0")
                        : CV_S("5.0.0");
}
