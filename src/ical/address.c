/* address.c - calendar user addresses.
 * Source: RFC 5545 3.3.3; RFC 7986 6.2; spec ical-mapping.md 4.1.
 */
#include "ical/ical_private.h"

static cv_slice decode_percent(cv_arena *arena, cv_slice s)
{
    if (cv_slice_find_byte(s, '%', 0) == CV_NPOS)
        return s;
    uint8_t *out = cv_arena_alloc(arena, s.len + 1);
    size_t len = 0;
    if (!out)
        return s;
    for (size_t i = 0; i < s.len; i++) {
        int high = i + 2 < s.len ? cv_hex_digit(s.ptr[i + 1]) : -1;
        int low = i + 2 < s.len ? cv_hex_digit(s.ptr[i + 2]) : -1;
        if (s.ptr[i] == '%' && high >= 0 && low >= 0) {
            out[len++] = (uint8_t)(high * 16 + low);
            i += 2;
        } else {
            out[len++] = s.ptr[i];
        }
    }
    return cv_slice_of(out, len);
}

/* Quotes, angle brackets and blanks around an address. */
static cv_slice strip(cv_slice s)
{
    for (;;) {
        s = cv_slice_trim(s);
        uint8_t first = s.len ? s.ptr[0] : 0;
        if (s.len < 2 || (first != '"' && first != '<' && first != '\''))
            return s;
        uint8_t last = first == '<' ? '>' : first;
        s = cv_slice_sub(s, 1, s.len - (s.ptr[s.len - 1] == last ? 2 : 1));
    }
}

cv_slice cv_ical_smtp_of_uri(cv_arena *arena, cv_slice uri)
{
    cv_slice s = strip(uri);

    /* What stands before it is the rest of a name with a bare colon (C056). */
    for (size_t at; (at = cv_slice_ifind(s, CV_S("mailto:"), 0)) != CV_NPOS;)
        s = strip(cv_slice_sub(s, at + 7, CV_NPOS));
    s = strip(decode_percent(arena, s));
    return cv_address_is_smtp(s) ? s : CV_S("");
}

cv_slice cv_ical_address_of(cv_arena *arena, const cv_ical_prop *prop)
{
    cv_slice address = cv_ical_smtp_of_uri(arena, prop->value);
    if (address.len == 0)
        address = cv_ical_smtp_of_uri(arena, cv_line_param_get(prop, "EMAIL"));
    return address;
}
