/* text.c - TEXT values and the lists they come in.
 * Source: RFC 5545 3.3.11, 3.1; RFC 6868.
 */
#include "ical/ical_private.h"

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
    cv_slice text = cv_text_one_line(arena, cv_line_value_text(arena, prop));
    return clip_chars(cv_slice_trim(text), ICAL_LINE_TEXT_MAX);
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
