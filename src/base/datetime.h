/* datetime.h - civil dates and the texts times are written in.
 *
 * A civil date-time has no zone; ticks (wintime.h) are UTC. All arithmetic is
 * proleptic Gregorian in int64_t, without the C library's time functions.
 * Source: spec times.md sections 2, 3 and 6; RFC 5545 3.3.4 to 3.3.6, 3.3.14;
 * RFC 5322 3.3 and 4.3.
 */
#ifndef CV_BASE_DATETIME_H
#define CV_BASE_DATETIME_H

#include "base/buf.h"
#include "base/error.h"
#include "base/wintime.h"

typedef struct cv_civil {
    int32_t year;
    uint8_t month, day;           /* 1-12, 1-31 */
    uint8_t hour, minute, second; /* 0-23, 0-59, 0-59 */
    uint32_t nanos100;            /* 100 ns units below the second */
} cv_civil;

int64_t cv_days_from_civil(int64_t year, unsigned month, unsigned day);
void cv_civil_from_days(int64_t days, int32_t *year, uint8_t *month,
                        uint8_t *day);
uint8_t cv_days_in_month(int64_t year, unsigned month);
/* 0 Sunday ... 6 Saturday */
unsigned cv_weekday_of_days(int64_t days);
/* A date that exists, from year -9999 to 30827 (SYSTEMTIME's last), and a time
 * of day below 24:00:00. */
bool cv_civil_is_valid(const cv_civil *c);
/* c must be valid. */
int64_t cv_civil_to_ticks(const cv_civil *c);
cv_civil cv_civil_of_ticks(int64_t ticks);

/* What a FILETIME value means. Everything but CV_TIME_VALID is "absent-like":
 * treated as not present wherever a moment is needed. */
typedef enum cv_time_class {
    CV_TIME_VALID,
    CV_TIME_ZERO,    /* FILETIME 0: unset (the KB 938650 value) */
    CV_TIME_ANCIENT, /* before 1753: shifted zero or garbage */
    CV_TIME_NONE,    /* year 4500 or later: Outlook's "None", endless */
    CV_TIME_OVERFLOW /* high bit set, or beyond what SYSTEMTIME holds */
} cv_time_class;

cv_time_class cv_filetime_class(uint64_t filetime);
static inline bool cv_filetime_is_valid(uint64_t filetime)
{
    return cv_filetime_class(filetime) == CV_TIME_VALID;
}
/* The same of a time in ticks. */
bool cv_ticks_is_valid(int64_t ticks);

/* minutes since 1601-01-01 (recurrence blobs) */
#define CV_MINUTES_ENDLESS UINT32_C(0x5AE980DF)
#define CV_MINUTES_NONE UINT32_C(0x5AE980E0)
int64_t cv_minutes1601_to_ticks(uint32_t minutes);
/* Rounded down. Errors: CV_ERR_RANGE. */
CV_NODISCARD cv_status cv_ticks_to_minutes1601(int64_t ticks, uint32_t *out);

/* ISO 8601 "2008-08-21T17:00:00Z" with as many fractional digits as needed;
 * parsing takes what formatting gives, a missing Z means UTC.
 * Errors: CV_ERR_SYNTAX, CV_ERR_RANGE (years outside 1 to 9999). */
void cv_iso_put(cv_buf *buf, int64_t ticks, bool with_z);
CV_NODISCARD cv_status cv_iso_parse(cv_slice text, int64_t *ticks);

/* iCalendar "20261122T135853" or "20261122"; no zone letter. */
void cv_ical_time_put(cv_buf *buf, int64_t ticks, bool date_only);

typedef struct cv_ical_time {
    cv_civil at;
    bool is_date; /* no time of day was given */
    bool is_utc;  /* ended in Z, or had a numeric offset, now applied */
} cv_ical_time;
/* Lenient, by times.md section 6. Errors: CV_ERR_SYNTAX; CV_ERR_RANGE for
 * month 13, 31 April and the like. Dates that stand for no moment (0001, 1601,
 * 4501) are read, since VTIMEZONE rules begin there: ask cv_ticks_is_valid().
 */
CV_NODISCARD cv_status cv_ical_time_parse(cv_slice text, cv_ical_time *out);
/* seconds, may be negative */
CV_NODISCARD cv_status cv_ical_duration_parse(cv_slice text, int64_t *seconds);
void cv_ical_duration_put(cv_buf *buf, int64_t seconds);
/* "+0130", "-0500", "+HHMMSS": seconds east of UTC */
CV_NODISCARD cv_status cv_ical_offset_parse(cv_slice text, int32_t *seconds);
void cv_ical_offset_put(cv_buf *buf, int32_t seconds);

/* "Sun, 22 Nov 2026 13:58:53 +0000" */
void cv_rfc5322_date_put(cv_buf *buf, int64_t ticks, int32_t offset_minutes);
/* Lenient, by times.md section 6: day, month and year in any order, as in
 * asctime() too. Errors: CV_ERR_SYNTAX; CV_ERR_RANGE before 1900 and for 31
 * April and the like. */
CV_NODISCARD cv_status cv_rfc5322_date_parse(cv_slice text, int64_t *ticks);

#endif
