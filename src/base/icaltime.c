/* The iCalendar texts of datetime.h. */
#include "base/datetime_private.h"

#include <inttypes.h>

void cv_ical_time_put(cv_buf *buf, int64_t ticks, bool date_only)
{
    cv_civil c = cv_civil_of_ticks(ticks);
    cv_buf_printf(buf, "%04" PRId32 "%02u%02u", c.year, c.month, c.day);
    if (!date_only)
        cv_buf_printf(buf, "T%02u%02u%02u", c.hour, c.minute, c.second);
}

typedef struct fields {
    unsigned year, month, day, hour, minute, second;
    uint32_t nanos100;
} fields;

/* "20261122" or "2026-11-22". */
static bool read_date(cv_cursor *c, fields *f)
{
    if (!cv_cursor_number(c, 4, &f->year))
        return false;
    bool hyphens = cv_cursor_take(c, '-');
    return cv_cursor_number(c, 2, &f->month) &&
           (!hyphens || cv_cursor_take(c, '-')) &&
           cv_cursor_number(c, 2, &f->day);
}

/* "1358", "135853", "13:58", "13:58:53", with or without a fraction. */
static bool read_time(cv_cursor *c, fields *f)
{
    if (!cv_cursor_number(c, 2, &f->hour))
        return false;
    bool colons = cv_cursor_take(c, ':');
    if (!cv_cursor_number(c, 2, &f->minute))
        return false;
    if (colons ? cv_cursor_take(c, ':') : cv_cursor_digits(c) > 0) {
        if (!cv_cursor_number(c, 2, &f->second))
            return false;
        if (cv_cursor_take(c, '.') && !cv_cursor_fraction(c, &f->nanos100))
            return false;
    }
    return cv_cursor_digits(c) == 0;
}

/* "+01", "+0100", "+01:00", "+010203" at the cursor. */
static cv_status read_offset(cv_cursor *c, int32_t *seconds)
{
    bool negative = cv_cursor_peek(c) == '-';
    unsigned hour, minute = 0, second = 0;
    if (!negative && cv_cursor_peek(c) != '+')
        return CV_ERR_SYNTAX;
    c->pos++;
    if (!cv_cursor_number(c, 2, &hour))
        return CV_ERR_SYNTAX;
    if (cv_cursor_take(c, ':') || cv_cursor_digits(c)) {
        if (!cv_cursor_number(c, 2, &minute))
            return CV_ERR_SYNTAX;
        if ((cv_cursor_take(c, ':') || cv_cursor_digits(c)) &&
            !cv_cursor_number(c, 2, &second))
            return CV_ERR_SYNTAX;
    }
    if (cv_cursor_digits(c))
        return CV_ERR_SYNTAX;
    if (hour > 23 || minute > 59 || second > 59)
        return CV_ERR_RANGE;
    int32_t total = (int32_t)(hour * 3600 + minute * 60 + second);
    *seconds = negative ? -total : total;
    return CV_OK;
}

/* Z or a numeric offset behind the time; *offset is 0 without one. */
static cv_status read_zone(cv_cursor *c, bool *is_utc, int32_t *offset)
{
    *is_utc = true;
    *offset = 0;
    if (cv_cursor_take(c, 'Z') || cv_cursor_take(c, 'z'))
        return CV_OK;
    if (cv_cursor_peek(c) == '+' || cv_cursor_peek(c) == '-')
        return read_offset(c, offset);
    *is_utc = false;
    return CV_OK;
}

cv_status cv_ical_time_parse(cv_slice text, cv_ical_time *out)
{
    cv_cursor c = { cv_slice_trim(text), 0 };
    fields f = { 0 };
    cv_ical_time t = { .is_date = true };
    int32_t offset = 0;
    if (!read_date(&c, &f))
        return CV_ERR_SYNTAX;
    bool has_mark = cv_cursor_take(&c, 'T') || cv_cursor_take(&c, 't') ||
                    cv_cursor_take(&c, ' ');
    if (has_mark && c.pos < c.text.len) {
        t.is_date = false;
        if (!read_time(&c, &f))
            return CV_ERR_SYNTAX;
        CV_TRY(read_zone(&c, &t.is_utc, &offset));
    }
    if (c.pos != c.text.len)
        return CV_ERR_SYNTAX;
    CV_TRY(cv_civil_of_fields(f.year, f.month, f.day, f.hour, f.minute,
                              f.second, &t.at));
    t.at.nanos100 = f.nanos100;
    if (offset)
        t.at = cv_civil_of_ticks(cv_civil_to_ticks(&t.at) -
                                 offset * CV_TICKS_PER_SEC);
    *out = t;
    return CV_OK;
}

/* Seconds of a unit letter, 0 when it is none there. Behind the T hours,
 * minutes and seconds, before it weeks and days. */
static int64_t unit_seconds(uint8_t letter, bool behind_t)
{
    switch (letter | 0x20) {
    case 'w':
        return behind_t ? 0 : 604800;
    case 'd':
        return behind_t ? 0 : 86400;
    case 'h':
        return behind_t ? 3600 : 0;
    case 'm':
        return behind_t ? 60 : 0;
    case 's':
        return behind_t ? 1 : 0;
    default:
        return 0;
    }
}

/* "15M" at the cursor, added to *total. */
static cv_status read_part(cv_cursor *c, bool behind_t, int64_t *total)
{
    int64_t value = 0;
    bool fits = true;
    if (cv_cursor_digits(c) == 0)
        return CV_ERR_SYNTAX;
    for (; cv_is_digit(cv_cursor_peek(c)); c->pos++)
        fits = fits && cv_mul(value, 10, &value) &&
               cv_add(value, cv_cursor_peek(c) - '0', &value);
    int64_t unit = unit_seconds(cv_cursor_peek(c), behind_t);
    if (unit == 0)
        return CV_ERR_SYNTAX;
    c->pos++;
    if (!fits || !cv_mul(value, unit, &value) || !cv_add(*total, value, total))
        return CV_ERR_RANGE;
    return CV_OK;
}

cv_status cv_ical_duration_parse(cv_slice text, int64_t *seconds)
{
    cv_cursor c = { cv_slice_trim(text), 0 };
    bool negative = cv_cursor_peek(&c) == '-', behind_t = false;
    int64_t total = 0;
    if (negative || cv_cursor_peek(&c) == '+')
        c.pos++;
    if (!cv_cursor_take(&c, 'P') && !cv_cursor_take(&c, 'p'))
        return CV_ERR_SYNTAX;
    if (c.pos == c.text.len)
        return CV_ERR_SYNTAX;
    while (c.pos < c.text.len) {
        if (!behind_t && (cv_cursor_take(&c, 'T') || cv_cursor_take(&c, 't')))
            behind_t = true;
        else
            CV_TRY(read_part(&c, behind_t, &total));
    }
    *seconds = negative ? -total : total;
    return CV_OK;
}

void cv_ical_duration_put(cv_buf *buf, int64_t seconds)
{
    uint64_t left = seconds < 0 ? 0 - (uint64_t)seconds : (uint64_t)seconds;
    uint64_t days = left / 86400;
    left %= 86400;
    cv_buf_put_str(buf, seconds < 0 ? "-P" : "P");
    if (days)
        cv_buf_printf(buf, "%" PRIu64 "D", days);
    if (left || !days)
        cv_buf_put_byte(buf, 'T');
    if (left >= 3600)
        cv_buf_printf(buf, "%" PRIu64 "H", left / 3600);
    if (left / 60 % 60)
        cv_buf_printf(buf, "%" PRIu64 "M", left / 60 % 60);
    if (left % 60 || (!left && !days))
        cv_buf_printf(buf, "%" PRIu64 "S", left % 60);
}

cv_status cv_ical_offset_parse(cv_slice text, int32_t *seconds)
{
    cv_cursor c = { cv_slice_trim(text), 0 };
    int32_t v;
    CV_TRY(read_offset(&c, &v));
    if (c.pos != c.text.len)
        return CV_ERR_SYNTAX;
    *seconds = v;
    return CV_OK;
}

void cv_ical_offset_put(cv_buf *buf, int32_t seconds)
{
    unsigned s = seconds < 0 ? 0 - (unsigned)seconds : (unsigned)seconds;
    cv_buf_printf(buf, "%c%02u%02u", seconds < 0 ? '-' : '+', s / 3600,
                  s / 60 % 60);
    if (s % 60)
        cv_buf_printf(buf, "%02u", s % 60);
}
