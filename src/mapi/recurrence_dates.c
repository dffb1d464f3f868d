/* recurrence_dates.c - which days a pattern hits, by closed form.
 *
 * Instances are numbered from 0; the n-th one's day and the first number at
 * or after a day are both computed, never searched for, so that a pattern
 * that starts in 1601 costs as much as one that starts today. Days count
 * from 1970 here.
 */
#include "mapi/recurrence.h"

#include <stdlib.h>

#define DAY 1440
#define DAYS_1601 INT64_C(-134774)
#define NEVER INT64_MAX

static int64_t day_of(uint32_t minutes)
{
    return DAYS_1601 + minutes / DAY;
}

/* UINT32_MAX when the day lies beyond what minutes hold. */
static uint32_t minutes_of(int64_t day)
{
    int64_t minutes = (day - DAYS_1601) * DAY;
    return minutes < 0 || minutes > UINT32_MAX ? UINT32_MAX : (uint32_t)minutes;
}

static int64_t floor_div(int64_t num, int64_t den)
{
    return num / den - (num % den < 0);
}

bool cv_recurrence_is_computable(const cv_recurrence *r)
{
    switch (r->pattern) {
    case CV_PATTERN_DAY:
    case CV_PATTERN_WEEK:
        return true;
    case CV_PATTERN_MONTH:
    case CV_PATTERN_MONTH_NTH:
    case CV_PATTERN_MONTH_END:
        /* These calendars share Gregorian months; only years differ. */
        return r->calendar <= 5 || r->calendar == 7 ||
               (r->calendar >= 9 && r->calendar <= 0xC);
    default:
        return false;
    }
}

/* -- weekly -- */

static int64_t week_start(const cv_recurrence *r, int64_t day)
{
    return day - (cv_weekday_of_days(day) + 7 - r->first_dow) % 7;
}

/* Days of the mask as offsets from the week's start, ascending. */
static unsigned mask_offsets(const cv_recurrence *r, unsigned offsets[7])
{
    unsigned count = 0;
    for (unsigned i = 0; i < 7; i++)
        if (r->day_mask >> ((r->first_dow + i) % 7) & 1)
            offsets[count++] = i;
    return count;
}

static int64_t weekly_nth(const cv_recurrence *r, int64_t n)
{
    unsigned offsets[7], count = mask_offsets(r, offsets), before = 0;
    int64_t start = day_of(r->start_date), week = week_start(r, start);

    if (count == 0)
        return NEVER;
    while (before < count && week + offsets[before] < start)
        before++;
    n += before;
    return week + 7 * (int64_t)r->period * (n / count) + offsets[n % count];
}

/* -- monthly -- */

static int64_t months_of(int64_t day)
{
    int32_t year;
    uint8_t month, dom;
    cv_civil_from_days(day, &year, &month, &dom);
    return year * INT64_C(12) + month - 1;
}

static int64_t first_of_month(int64_t months)
{
    return cv_days_from_civil(
        floor_div(months, 12),
        (unsigned)(months - floor_div(months, 12) * 12) + 1, 1);
}

/* The nth (5: last) day of the month whose weekday is in the mask. */
static int64_t nth_in_month(const cv_recurrence *r, int64_t first, int64_t last)
{
    unsigned seen = 0;
    int64_t hit = NEVER;

    for (int64_t day = first; day <= last; day++) {
        if (!(r->day_mask >> cv_weekday_of_days(day) & 1))
            continue;
        hit = day;
        if (++seen == r->nth && r->nth < 5)
            break;
    }
    return hit;
}

static int64_t day_in_month(const cv_recurrence *r, int64_t months)
{
    int64_t first = first_of_month(months);
    int64_t last = first_of_month(months + 1) - 1;

    if (r->pattern == CV_PATTERN_MONTH_NTH)
        return nth_in_month(r, first, last);
    if (r->pattern == CV_PATTERN_MONTH_END || first + r->day - 1 > last)
        return last;
    return first + r->day - 1;
}

static int64_t monthly_nth(const cv_recurrence *r, int64_t n)
{
    int64_t start = day_of(r->start_date), month = months_of(start);

    if (day_in_month(r, month) < start)
        n++; /* the first month's day is over */
    return day_in_month(r, month + n * (int64_t)r->period);
}

/* -- all -- */

static int64_t daily_step(const cv_recurrence *r)
{
    return r->period < DAY ? 1 : r->period / DAY;
}

/* Day of the n-th instance, the end not considered. */
static int64_t nth_day(const cv_recurrence *r, int64_t n)
{
    /* Further than any date minutes can hold. */
    if (n > INT64_C(4000000))
        return NEVER;
    switch (r->pattern) {
    case CV_PATTERN_DAY:
        return day_of(r->start_date) + n * daily_step(r);
    case CV_PATTERN_WEEK:
        return weekly_nth(r, n);
    default:
        return monthly_nth(r, n);
    }
}

/* A number whose instance is not after `day`, and near it. */
static int64_t number_before(const cv_recurrence *r, int64_t day)
{
    int64_t start = day_of(r->start_date), n;
    unsigned offsets[7];

    switch (r->pattern) {
    case CV_PATTERN_DAY:
        n = (day - start) / daily_step(r);
        break;
    case CV_PATTERN_WEEK:
        n = (day - week_start(r, start)) / (7 * (int64_t)r->period) *
            mask_offsets(r, offsets);
        n -= 7; /* days of the first week before the start */
        break;
    default:
        n = (months_of(day) - months_of(start)) / (int64_t)r->period - 1;
    }
    return n < 0 ? 0 : n;
}

/* Last day an instance may have. */
static int64_t last_day(const cv_recurrence *r)
{
    uint32_t end = CV_MINUTES_ENDLESS;
    if (r->end_type == CV_RECUR_END_DATE && r->end_date < end)
        end = r->end_date;
    return day_of(end);
}

static bool is_within(const cv_recurrence *r, int64_t n, int64_t day)
{
    if (r->end_type == CV_RECUR_END_COUNT && n >= r->count)
        return false;
    /* An end before the start leaves the first instance. */
    return day <= last_day(r) || (n == 0 && day != NEVER);
}

size_t cv_recurrence_expand(const cv_recurrence *r, uint32_t from,
                            uint32_t *out, size_t max)
{
    size_t count = 0;
    uint32_t at;

    if (!cv_recurrence_is_computable(r) || r->period == 0 ||
        (r->pattern == CV_PATTERN_WEEK && (r->day_mask & 0x7F) == 0))
        return 0;
    for (int64_t n = number_before(r, day_of(from)); count < max; n++) {
        int64_t day = nth_day(r, n);
        if (!is_within(r, n, day))
            break;
        at = minutes_of(day);
        if (at == UINT32_MAX)
            break;
        if (at >= from)
            out[count++] = at;
    }
    return count;
}

bool cv_recurrence_is_instance(const cv_recurrence *r, uint32_t midnight)
{
    uint32_t at;
    return cv_recurrence_expand(r, midnight, &at, 1) == 1 && at == midnight;
}

/* Number of instances up to a day. */
static int64_t count_until(const cv_recurrence *r, int64_t day)
{
    int64_t n = number_before(r, day);
    while (nth_day(r, n) <= day)
        n++;
    return n;
}

void cv_recurrence_finish(cv_recurrence *r)
{
    int64_t last = NEVER;

    if (r->end_type == CV_RECUR_END_COUNT) {
        if (r->count == 0)
            r->count = 1;
        last = nth_day(r, (int64_t)r->count - 1);
    } else if (r->end_type == CV_RECUR_END_DATE) {
        int64_t n = count_until(r, day_of(r->end_date));
        r->count = n < 1 ? 1 : (uint32_t)n;
        last = nth_day(r, (int64_t)r->count - 1);
    }
    if (last > day_of(CV_MINUTES_ENDLESS)) {
        r->end_type = CV_RECUR_END_NEVER;
        r->count = 10;
        r->end_date = CV_MINUTES_ENDLESS;
        return;
    }
    r->end_date = minutes_of(last);
}

uint32_t cv_recurrence_first(const cv_recurrence *r)
{
    int64_t start = day_of(r->start_date);

    if (r->period == 0)
        return 0;
    switch (r->pattern) {
    case CV_PATTERN_DAY:
        return r->start_date % r->period;
    case CV_PATTERN_WEEK:
        return (uint32_t)(minutes_of(week_start(r, start)) %
                          (UINT64_C(10080) * r->period));
    default:
        return minutes_of(first_of_month(
            1601 * INT64_C(12) +
            (months_of(start) - 1601 * INT64_C(12)) % r->period));
    }
}

static int compare_minutes(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

bool cv_recurrence_is_deleted(const cv_recurrence *r, uint32_t minutes)
{
    uint32_t midnight = minutes - minutes % DAY;
    return r->deleted_count && bsearch(&midnight, r->deleted, r->deleted_count,
                                       sizeof(*r->deleted), compare_minutes);
}

/* -- in words -- */

static const char *const day_names[] = { "Sunday",    "Monday",   "Tuesday",
                                         "Wednesday", "Thursday", "Friday",
                                         "Saturday" };

static const char *const month_names[] = { "January", "February", "March",
                                           "April",   "May",      "June",
                                           "July",    "August",   "September",
                                           "October", "November", "December" };

static void say_days(cv_buf *buf, uint32_t mask)
{
    unsigned left = (unsigned)__builtin_popcount(mask & 0x7F);

    if ((mask & 0x7F) == 0x7F) {
        cv_buf_put_str(buf, "day");
        return;
    }
    if ((mask & 0x7F) == 0x3E) {
        cv_buf_put_str(buf, "weekday");
        return;
    }
    for (unsigned i = 0; i < 7; i++) {
        if (!(mask >> i & 1))
            continue;
        cv_buf_put_str(buf, day_names[i]);
        left--;
        cv_buf_put_str(buf, left > 1 ? ", " : left == 1 ? " and " : "");
    }
}

static void say_every(cv_buf *buf, int64_t n, const char *unit)
{
    if (n == 1)
        cv_buf_printf(buf, "every %s", unit);
    else
        cv_buf_printf(buf, "every %lld %ss", (long long)n, unit);
}

static void say_place(cv_buf *buf, const cv_recurrence *r)
{
    static const char *const nths[] = { "first", "second", "third", "fourth",
                                        "last" };
    if (r->pattern == CV_PATTERN_MONTH_NTH ||
        r->pattern == CV_PATTERN_HJ_MONTH_NTH) {
        unsigned nth = r->nth >= 1 && r->nth <= 5 ? r->nth : 5;
        cv_buf_printf(buf, "the %s ", nths[nth - 1]);
        say_days(buf, r->day_mask);
    } else if (r->pattern == CV_PATTERN_MONTH_END || r->day >= 31) {
        cv_buf_put_str(buf, "the last day");
    } else {
        cv_buf_printf(buf, "day %u", r->day);
    }
}

static void say_months(cv_buf *buf, const cv_recurrence *r)
{
    int64_t month = months_of(day_of(r->start_date));

    say_place(buf, r);
    cv_buf_put_str(buf, " of ");
    if (r->frequency == CV_RECUR_YEARLY && r->period % 12 == 0) {
        cv_buf_printf(buf, "%s ", month_names[month % 12]);
        say_every(buf, r->period / 12, "year");
    } else {
        say_every(buf, r->period, "month");
    }
}

cv_slice cv_recurrence_describe(cv_arena *arena, const cv_recurrence *r)
{
    cv_buf buf;
    int32_t year;
    uint8_t month, day;

    cv_buf_init(&buf, 1024);
    if (r->pattern == CV_PATTERN_DAY) {
        say_every(&buf, daily_step(r), "day");
    } else if (r->pattern == CV_PATTERN_WEEK && r->period == 1) {
        cv_buf_put_str(&buf, "every ");
        say_days(&buf, r->day_mask);
    } else if (r->pattern == CV_PATTERN_WEEK) {
        say_every(&buf, r->period, "week");
        cv_buf_put_str(&buf, " on ");
        say_days(&buf, r->day_mask);
    } else {
        say_months(&buf, r);
    }
    if (r->end_type == CV_RECUR_END_COUNT) {
        cv_buf_printf(&buf, ", %u time%s", r->count, r->count == 1 ? "" : "s");
    } else if (r->end_type == CV_RECUR_END_DATE) {
        cv_civil_from_days(day_of(r->end_date), &year, &month, &day);
        cv_buf_printf(&buf, ", until %04d-%02u-%02u", year, month, day);
    }
    cv_slice text = cv_buf_dup(&buf, arena);
    cv_buf_clear(&buf);
    return text;
}
