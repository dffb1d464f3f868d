#include "base/datetime_private.h"

#include <inttypes.h>

#define SEC_PER_DAY INT64_C(86400)
#define TICKS_PER_DAY (SEC_PER_DAY * CV_TICKS_PER_SEC)
#define TICKS_PER_MINUTE (60 * CV_TICKS_PER_SEC)
#define MINUTES_1601_1970 (INT64_C(134774) * 1440)

/* As FILETIME: 1753-01-01, 4500-01-01, and the first tick of 30828, which
 * SYSTEMTIME cannot hold. */
#define FILETIME_1753 UINT64_C(0x00AA6972D74AC000)
#define FILETIME_4500 UINT64_C(0x0CB226862B168000)
#define FILETIME_30828 UINT64_C(0x7FFF35F4F06C8000)
#define FILETIME_1970 INT64_C(116444736000000000)

static int64_t floor_div(int64_t num, int64_t den)
{
    return num / den - (num % den < 0);
}

/* Days of 400 years, with the year beginning in March, so that the leap day
 * is the last one. */
#define DAYS_PER_ERA INT64_C(146097)
#define ERA_TO_1970 INT64_C(719468) /* 0000-03-01 to 1970-01-01 */

int64_t cv_days_from_civil(int64_t year, unsigned month, unsigned day)
{
    int64_t y = year - (month <= 2);
    int64_t era = floor_div(y, 400);
    int64_t year_of_era = y - era * 400;
    int64_t month_from_march = month > 2 ? month - 3 : month + 9;
    int64_t day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    int64_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_PER_ERA + day_of_era - ERA_TO_1970;
}

void cv_civil_from_days(int64_t days, int32_t *year, uint8_t *month,
                        uint8_t *day)
{
    int64_t z = days + ERA_TO_1970;
    int64_t era = floor_div(z, DAYS_PER_ERA);
    int64_t day_of_era = z - era * DAYS_PER_ERA;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
                           day_of_era / 146096) /
                          365;
    int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    *day = (uint8_t)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    *month = (uint8_t)(month_from_march < 10 ? month_from_march + 3
                                             : month_from_march - 9);
    *year = (int32_t)(year_of_era + era * 400 + (*month <= 2));
}

uint8_t cv_days_in_month(int64_t year, unsigned month)
{
    static const uint8_t days[12] = { 31, 28, 31, 30, 31, 30,
                                      31, 31, 30, 31, 30, 31 };
    if (month < 1 || month > 12)
        return 0;
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return (uint8_t)(days[month - 1] + (month == 2 && leap));
}

unsigned cv_weekday_of_days(int64_t days)
{
    int64_t rest = (days + 4) % 7; /* 1970-01-01 was a Thursday */
    return (unsigned)(rest < 0 ? rest + 7 : rest);
}

bool cv_civil_is_valid(const cv_civil *c)
{
    return c->year >= -9999 && c->year <= 30827 && c->day >= 1 &&
           c->day <= cv_days_in_month(c->year, c->month) && c->hour <= 23 &&
           c->minute <= 59 && c->second <= 59 &&
           c->nanos100 < (uint32_t)CV_TICKS_PER_SEC;
}

int64_t cv_civil_to_ticks(const cv_civil *c)
{
    cv_assert(cv_civil_is_valid(c));
    int64_t days = cv_days_from_civil(c->year, c->month, c->day);
    int64_t seconds = c->hour * 3600 + c->minute * 60 + c->second;
    return (days * SEC_PER_DAY + seconds) * CV_TICKS_PER_SEC + c->nanos100;
}

cv_civil cv_civil_of_ticks(int64_t ticks)
{
    cv_civil c;
    int64_t days = floor_div(ticks, TICKS_PER_DAY);
    /* Not ticks - days * ...: that product leaves int64_t near its ends. */
    int64_t rest = ticks % TICKS_PER_DAY;
    if (rest < 0)
        rest += TICKS_PER_DAY;
    int64_t seconds = rest / CV_TICKS_PER_SEC;
    cv_civil_from_days(days, &c.year, &c.month, &c.day);
    c.hour = (uint8_t)(seconds / 3600);
    c.minute = (uint8_t)(seconds / 60 % 60);
    c.second = (uint8_t)(seconds % 60);
    c.nanos100 = (uint32_t)(rest % CV_TICKS_PER_SEC);
    return c;
}

cv_status cv_civil_of_fields(unsigned year, unsigned month, unsigned day,
                             unsigned hour, unsigned minute, unsigned second,
                             cv_civil *out)
{
    bool next_day = hour == 24 && minute == 0 && second == 0;
    if (next_day)
        hour = 0;
    if (second == 60)
        second = 59;
    if (year > 9999 || month > 12 || day > 31 || hour > 23 || minute > 59 ||
        second > 59)
        return CV_ERR_RANGE;
    cv_civil c = { .year = (int32_t)year,
                   .month = (uint8_t)month,
                   .day = (uint8_t)day,
                   .hour = (uint8_t)hour,
                   .minute = (uint8_t)minute,
                   .second = (uint8_t)second };
    if (!cv_civil_is_valid(&c))
        return CV_ERR_RANGE;
    if (next_day)
        c = cv_civil_of_ticks(cv_civil_to_ticks(&c) + TICKS_PER_DAY);
    *out = c;
    return CV_OK;
}

cv_time_class cv_filetime_class(uint64_t filetime)
{
    if (filetime == 0)
        return CV_TIME_ZERO;
    if (filetime < FILETIME_1753)
        return CV_TIME_ANCIENT;
    if (filetime < FILETIME_4500)
        return CV_TIME_VALID;
    return filetime < FILETIME_30828 ? CV_TIME_NONE : CV_TIME_OVERFLOW;
}

bool cv_ticks_is_valid(int64_t ticks)
{
    return ticks >= (int64_t)FILETIME_1753 - FILETIME_1970 &&
           ticks < (int64_t)FILETIME_4500 - FILETIME_1970;
}

int64_t cv_minutes1601_to_ticks(uint32_t minutes)
{
    return ((int64_t)minutes - MINUTES_1601_1970) * TICKS_PER_MINUTE;
}

cv_status cv_ticks_to_minutes1601(int64_t ticks, uint32_t *out)
{
    int64_t minutes = floor_div(ticks, TICKS_PER_MINUTE) + MINUTES_1601_1970;
    if (minutes < 0 || minutes > UINT32_MAX)
        return CV_ERR_RANGE;
    *out = (uint32_t)minutes;
    return CV_OK;
}

void cv_iso_put(cv_buf *buf, int64_t ticks, bool with_z)
{
    cv_civil c = cv_civil_of_ticks(ticks);
    cv_buf_printf(buf, "%04" PRId32 "-%02u-%02uT%02u:%02u:%02u", c.year,
                  c.month, c.day, c.hour, c.minute, c.second);
    if (c.nanos100) {
        unsigned digits = 7;
        uint32_t fraction = c.nanos100;
        for (; fraction % 10 == 0; fraction /= 10)
            digits--;
        cv_buf_printf(buf, ".%0*" PRIu32, (int)digits, fraction);
    }
    if (with_z)
        cv_buf_put_byte(buf, 'Z');
}

bool cv_cursor_fraction(cv_cursor *c, uint32_t *nanos100)
{
    size_t digits = cv_cursor_digits(c);
    uint32_t v = 0;
    for (size_t i = 0; i < 7; i++)
        v = v * 10 +
            (i < digits ? (uint32_t)(c->text.ptr[c->pos + i] - '0') : 0);
    c->pos += digits;
    *nanos100 = v;
    return digits > 0;
}

cv_status cv_iso_parse(cv_slice text, int64_t *ticks)
{
    cv_cursor c = { text, 0 };
    unsigned year, month, day, hour, minute, second;
    uint32_t fraction = 0;
    cv_civil at;
    if (!cv_cursor_number(&c, 4, &year) || !cv_cursor_take(&c, '-') ||
        !cv_cursor_number(&c, 2, &month) || !cv_cursor_take(&c, '-') ||
        !cv_cursor_number(&c, 2, &day) || !cv_cursor_take(&c, 'T'))
        return CV_ERR_SYNTAX;
    if (!cv_cursor_number(&c, 2, &hour) || !cv_cursor_take(&c, ':') ||
        !cv_cursor_number(&c, 2, &minute) || !cv_cursor_take(&c, ':') ||
        !cv_cursor_number(&c, 2, &second))
        return CV_ERR_SYNTAX;
    if (cv_cursor_take(&c, '.') && !cv_cursor_fraction(&c, &fraction))
        return CV_ERR_SYNTAX;
    (void)cv_cursor_take(&c, 'Z');
    if (c.pos != text.len)
        return CV_ERR_SYNTAX;
    if (year == 0 || hour > 23 || second > 59)
        return CV_ERR_RANGE;
    CV_TRY(cv_civil_of_fields(year, month, day, hour, minute, second, &at));
    at.nanos100 = fraction;
    *ticks = cv_civil_to_ticks(&at);
    return CV_OK;
}
