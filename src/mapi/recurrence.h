/* recurrence.h - PidLidAppointmentRecur: patterns and exceptions, their blob
 * and their instances by closed form.
 * Source: [MS-OXOCAL] 2.2.1.44; spec recurrence.md 1 to 4.
 */
#ifndef CV_MAPI_RECURRENCE_H
#define CV_MAPI_RECURRENCE_H

#include "base/arena.h"
#include "base/datetime.h"

enum { /* RecurFrequency */
       CV_RECUR_DAILY = 0x200A,
       CV_RECUR_WEEKLY = 0x200B,
       CV_RECUR_MONTHLY = 0x200C,
       CV_RECUR_YEARLY = 0x200D
};

enum { /* PatternType */
       CV_PATTERN_DAY = 0,
       CV_PATTERN_WEEK = 1,
       CV_PATTERN_MONTH = 2,
       CV_PATTERN_MONTH_NTH = 3,
       CV_PATTERN_MONTH_END = 4,
       CV_PATTERN_HJ_MONTH = 0xA,
       CV_PATTERN_HJ_MONTH_NTH = 0xB,
       CV_PATTERN_HJ_MONTH_END = 0xC
};

enum { /* EndType */
       CV_RECUR_END_DATE = 0x2021,
       CV_RECUR_END_COUNT = 0x2022,
       CV_RECUR_END_NEVER = 0x2023
};

enum { /* OverrideFlags */
       CV_OVERRIDE_SUBJECT = 0x0001,
       CV_OVERRIDE_MEETING_TYPE = 0x0002,
       CV_OVERRIDE_REMINDER_DELTA = 0x0004,
       CV_OVERRIDE_REMINDER_SET = 0x0008,
       CV_OVERRIDE_LOCATION = 0x0010,
       CV_OVERRIDE_BUSY_STATUS = 0x0020,
       CV_OVERRIDE_ATTACHMENT = 0x0040,
       CV_OVERRIDE_SUB_TYPE = 0x0080,
       CV_OVERRIDE_COLOR = 0x0100,
       CV_OVERRIDE_BODY = 0x0200
};

/* minutes: since 1601-01-01 00:00, local to the series. */
typedef struct cv_recur_exception {
    uint32_t start, end, original; /* minutes, with time of day */
    uint16_t flags;                /* OverrideFlags */
    cv_slice subject, location;    /* UTF-8; valid with flags 0x01, 0x10 */
    int32_t meeting_type, reminder_delta, reminder_set, busy_status, attachment,
        sub_type, color;
    uint32_t change_highlight;
} cv_recur_exception;

typedef struct cv_recurrence {
    uint16_t frequency; /* 0x200A daily ... 0x200D yearly */
    uint16_t pattern;   /* PatternType */
    uint16_t calendar;  /* CalendarType */
    uint32_t first;     /* FirstDateTime */
    uint32_t period;
    uint32_t sliding;
    uint32_t day_mask, nth, day; /* PatternTypeSpecific, by pattern */
    uint32_t end_type;           /* 0x2021 date, 0x2022 count, 0x2023 never */
    uint32_t count;
    uint32_t first_dow; /* 0 Sunday */
    uint32_t *deleted;  /* arena: midnights of originals, ascending */
    size_t deleted_count;
    uint32_t *modified; /* arena: midnights of new dates, ascending */
    size_t modified_count;
    uint32_t start_date, end_date; /* minutes, midnights */
    /* appointment part; absent in a task's pattern */
    bool has_appointment;
    uint32_t start_offset, end_offset; /* minutes after midnight */
    cv_recur_exception *exceptions;    /* arena */
    size_t exception_count;
} cv_recurrence;

/* Lenient, by recurrence.md 1.6. *damaged: something was repaired.
 * codepage: of the 8-bit subject and location.
 * Errors: CV_ERR_TRUNC, CV_ERR_SYNTAX, CV_ERR_LIMIT; the arena's. */
CV_NODISCARD cv_status cv_recurrence_parse(cv_arena *arena, cv_slice blob,
                                           uint32_t codepage,
                                           cv_recurrence *out, bool *damaged,
                                           cv_error *err);
void cv_recurrence_put(cv_buf *buf, const cv_recurrence *r);
/* FirstDateTime by section 3. */
uint32_t cv_recurrence_first(const cv_recurrence *r);

/* The pattern's instances (deleted ones included, exceptions not applied):
 * local midnights in ascending order, from the first at or after `from`, at
 * most max. Never more than the pattern's end. Returns how many. */
size_t cv_recurrence_expand(const cv_recurrence *r, uint32_t from,
                            uint32_t *out, size_t max);
/* Is this midnight an instance of the pattern? */
bool cv_recurrence_is_instance(const cv_recurrence *r, uint32_t midnight);
/* Is the midnight of these minutes among the deleted ones (which are the
 * modified ones' originals, too)? */
bool cv_recurrence_is_deleted(const cv_recurrence *r, uint32_t minutes);
/* Has the pattern Gregorian months (or none)? Others give no instances. */
bool cv_recurrence_is_computable(const cv_recurrence *r);
/* Sets end_date, count from end_type: the last instance's midnight. */
void cv_recurrence_finish(cv_recurrence *r);
/* English text such as "every Monday and Wednesday, 10 times". Arena. */
cv_slice cv_recurrence_describe(cv_arena *arena, const cv_recurrence *r);

#endif
