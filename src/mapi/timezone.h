/* timezone.h - rules of a time zone, their blobs, and offsets by closed form.
 * Source: [MS-OXOCAL] 2.2.1.39, 2.2.1.41; spec timezone.md 2 to 4.
 */
#ifndef CV_MAPI_TIMEZONE_H
#define CV_MAPI_TIMEZONE_H

#include "base/arena.h"
#include "base/datetime.h"

/* A SYSTEMTIME of a rule: relative (year 0) or absolute. month 0: none. */
typedef struct cv_tz_date {
    uint16_t year, month, weekday, day, hour, minute, second, ms;
} cv_tz_date;

typedef struct cv_tz_rule {
    uint16_t from_year; /* valid from 1 January of it */
    uint16_t flags;     /* 1 recurrence's, 2 effective */
    int32_t bias, standard_bias, daylight_bias; /* minutes west of UTC */
    cv_tz_date standard, daylight;
} cv_tz_rule;

typedef struct cv_timezone {
    cv_slice key_name; /* "W. Europe Standard Time"; arena */
    cv_tz_rule *rules; /* arena, by from_year; the first holds before, too */
    size_t rule_count; /* at least 1 */
    size_t effective;  /* index of the rule to write where one is wanted */
} cv_timezone;

/* TZREG, 48 bytes. Errors: CV_ERR_TRUNC, CV_ERR_SYNTAX. */
CV_NODISCARD cv_status cv_tzreg_parse(cv_arena *arena, cv_slice blob,
                                      cv_timezone *out);
void cv_tzreg_put(cv_buf *buf, const cv_tz_rule *rule);
/* TZDEFINITION. Errors: CV_ERR_TRUNC, CV_ERR_SYNTAX, CV_ERR_LIMIT. */
CV_NODISCARD cv_status cv_tzdef_parse(cv_arena *arena, cv_slice blob,
                                      cv_timezone *out);
/* effective_flags: 3 for the recurrence's blob, 2 for a display blob. */
void cv_tzdef_put(cv_buf *buf, const cv_timezone *tz, uint16_t effective_flags);

/* The rule of a year. Never NULL. */
const cv_tz_rule *cv_timezone_rule(const cv_timezone *tz, int64_t year);
/* Seconds east of UTC at an instant; 0 outside the years 1 to 9999. */
int32_t cv_timezone_offset_at(const cv_timezone *tz, int64_t utc_ticks);
/* Local wall clock to UTC: in the gap with the offset before it, in the
 * overlap the first (daylight) one. RFC 5545 3.3.5. */
int64_t cv_timezone_to_utc(const cv_timezone *tz, int64_t local_ticks);
int64_t cv_timezone_to_local(const cv_timezone *tz, int64_t utc_ticks);
/* Onset of a rule's date in a year, local ticks; false when it has none. */
bool cv_tz_date_onset(const cv_tz_date *date, int64_t year, int64_t *local);
bool cv_tz_rule_has_dst(const cv_tz_rule *rule);

/* A zone by name: IANA name, backward link, Windows id, display text, CDO
 * number; steps 2 to 7 of timezone.md 6, by ICU's data. key_name becomes the
 * Windows id where there is one.
 * Errors: CV_ERR_NOTFOUND; the arena's. */
CV_NODISCARD cv_status cv_timezone_by_name(cv_arena *arena, cv_slice name,
                                           cv_timezone *out, cv_error *err);
/* The IANA name of a Windows id; empty when unknown. Arena. */
cv_slice cv_timezone_iana_of_windows(cv_arena *arena, cv_slice windows_id);
/* X-MICROSOFT-CDO-TZID of a Windows id, -1 when it has none. */
int cv_timezone_cdo_number(cv_slice windows_id);
/* rules never NULL, even when the arena is exhausted. */
cv_timezone cv_timezone_utc(cv_arena *arena);

#endif
