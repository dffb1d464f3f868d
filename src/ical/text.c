/* text.c - TEXT values and the lists they come in.
 * Source: RFC 5545 3.3.11, 3.1; RFC 6868.
 */
#include "ical/ical_private.h"

/* Bytes of hex digits, -1 for another character. */
static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

cv_slice cv_ical_text_unescape(cv_arena *arena, cv_slice value)
{
    uint8_t *out = cv_arena_alloc(arena, value.len + 1);
    size_t len = 0;

    if (!out)
        return (cv_slice){ 0 };
    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = value.ptr[i];
        if (c == '\\' && i + 1 < value.len) {
            uint8_t next = value.ptr[i + 1];
            if (next == 'n' || next == 'N')
                c = '\n';
            else if (next == '\\' || next == ',' || next == ';' ||
                     next == ':' || next == '"')
                c = next;
            else
                i--; /* no escape of RFC 5545: the backslash stays */
            i++;
        }
        if (c >= 0x20 || c == '\n' || c == '\t')
            out[len++] = c;
    }
    return cv_slice_of(out, len);
}

/* Quoted-printable, as vCalendar 1.0 has it. */
static cv_slice decode_qp(cv_arena *arena, cv_slice value)
{
    uint8_t *out = cv_arena_alloc(arena, value.len + 1);
    size_t len = 0;

    if (!out)
        return (cv_slice){ 0 };
    for (size_t i = 0; i < value.len; i++) {
        int high = -1, low = -1;
        if (value.ptr[i] == '=' && i + 2 < value.len) {
            high = hex_digit(value.ptr[i + 1]);
            low = hex_digit(value.ptr[i + 2]);
        }
        if (high >= 0 && low >= 0) {
            out[len++] = (uint8_t)(high * 16 + low);
            i += 2;
        } else {
            out[len++] = value.ptr[i];
        }
    }
    return cv_slice_of(out, len);
}

cv_slice cv_ical_prop_text(cv_arena *arena, const cv_ical_prop *prop)
{
    cv_slice value = prop->value;

    if (cv_slice_ieq(cv_ical_param_get(prop, "ENCODING"),
                     CV_S("QUOTED-PRINTABLE"))) {
        value = decode_qp(arena, value);
        value = cv_charset_to_utf8(arena, cv_ical_param_get(prop, "CHARSET"),
                                   value, NULL);
    }
    return cv_ical_text_unescape(arena, value);
}

/* Leaves at most max characters. */
static cv_slice clip_chars(cv_slice s, size_t max)
{
    size_t pos = 0, chars = 0;
    while (pos < s.len && chars < max) {
        (void)cv_utf8_next(s, &pos);
        chars++;
    }
    return cv_slice_sub(s, 0, pos);
}

cv_slice cv_ical_prop_line_text(cv_arena *arena, const cv_ical_prop *prop)
{
    cv_slice text = cv_text_one_line(arena, cv_ical_prop_text(arena, prop));
    return clip_chars(cv_slice_trim(text), ICAL_LINE_TEXT_MAX);
}

cv_slice cv_ical_list_next(cv_slice *rest)
{
    for (size_t i = 0; i < rest->len; i++) {
        if (rest->ptr[i] == '\\') {
            i++;
        } else if (rest->ptr[i] == ',') {
            cv_slice item = cv_slice_sub(*rest, 0, i);
            *rest = cv_slice_sub(*rest, i + 1, CV_NPOS);
            return item;
        }
    }
    cv_slice item = *rest;
    *rest = (cv_slice){ 0 };
    return item;
}

bool cv_ical_prop_bool(const cv_ical_prop *prop, bool *out)
{
    cv_slice v = prop ? cv_slice_trim(prop->value) : (cv_slice){ 0 };
    bool yes = cv_slice_ieq(v, CV_S("TRUE")) || cv_slice_ieq(v, CV_S("1"));

    if (!yes && !cv_slice_ieq(v, CV_S("FALSE")) && !cv_slice_ieq(v, CV_S("0")))
        return false;
    *out = yes;
    return true;
}

bool cv_ical_prop_int(const cv_ical_prop *prop, int32_t *out)
{
    int64_t v;

    if (!prop || cv_parse_i64(cv_slice_trim(prop->value), &v) != CV_OK ||
        v < INT32_MIN || v > INT32_MAX)
        return false;
    *out = (int32_t)v;
    return true;
}
