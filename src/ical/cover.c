/* cover.c - dates that no rule of Exchange names, held by a pattern all the
 * same: the one that needs the fewest deleted instances.
 * Source: spec recurrence.md 7 (b); kb-cases.md C049, C050.
 */
#include "ical/ical_private.h"

#include <string.h>

#define DAY_MINUTES 1440
#define PERIOD_DAYS_MAX 999
#define PERIOD_MAX 99 /* weeks, months */

typedef struct dates {
    const uint32_t *at; /* midnights, minutes since 1601 */
    size_t count;
} dates;

static uint32_t gcd(uint32_t a, uint32_t b)
{
    while (b) {
        uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* The largest divisor of n that a pattern may have as its period. */
static uint32_t period_of(uint32_t n, uint32_t most)
{
    for (uint32_t d = most; d > 1; d--)
        if (n % d == 0)
            return d;
    return 1;
}

static cv_civil civil_of(uint32_t minutes)
{
    return cv_civil_of_ticks(cv_minutes1601_to_ticks(minutes));
}

static unsigned weekday_of(uint32_t minutes)
{
    /* 1601-01-01 was a Monday. */
    return (minutes / DAY_MINUTES + 1) % 7;
}

static bool daily(const dates *d, cv_recurrence *out)
{
    uint32_t step = 0;

    for (size_t i = 1; i < d->count; i++)
        step = gcd((d->at[i] - d->at[i - 1]) / DAY_MINUTES, step);
    out->frequency = CV_RECUR_DAILY;
    out->pattern = CV_PATTERN_DAY;
    out->period = period_of(step, PERIOD_DAYS_MAX) * DAY_MINUTES;
    return true;
}

static bool weekly(const dates *d, cv_recurrence *out)
{
    uint32_t first = d->at[0] / DAY_MINUTES - weekday_of(d->at[0]), step = 0;

    out->frequency = CV_RECUR_WEEKLY;
    out->pattern = CV_PATTERN_WEEK;
    for (size_t i = 0; i < d->count; i++) {
        out->day_mask |= 1u << weekday_of(d->at[i]);
        step = gcd((d->at[i] / DAY_MINUTES - first) / 7, step);
    }
    out->period = period_of(step, PERIOD_MAX);
    return true;
}

static uint32_t months_between(uint32_t from, uint32_t to)
{
    cv_civil a = civil_of(from), b = civil_of(to);
    return (uint32_t)((b.year - a.year) * 12 + b.month - a.month);
}

/* 1 to 4, 5 for the last one. */
static bool has_nth(uint32_t midnight, uint32_t nth)
{
    cv_civil c = civil_of(midnight);
    if (nth == 5)
        return c.day + 7 > cv_days_in_month(c.year, c.month);
    return (c.day + 6u) / 7 == nth;
}

static uint32_t common_nth(const dates *d)
{
    for (uint32_t nth = 1; nth <= 5; nth++) {
        size_t i = 0;
        while (i < d->count && has_nth(d->at[i], nth))
            i++;
        if (i == d->count)
            return nth;
    }
    return 0;
}

static bool monthly(const dates *d, cv_recurrence *out)
{
    uint32_t step = 0, day = civil_of(d->at[0]).day;
    unsigned weekday = weekday_of(d->at[0]);
    bool same_day = true, same_weekday = true;

    for (size_t i = 1; i < d->count; i++) {
        step = gcd(months_between(d->at[0], d->at[i]), step);
        same_day = same_day && civil_of(d->at[i]).day == day;
        same_weekday = same_weekday && weekday_of(d->at[i]) == weekday;
    }
    out->frequency = CV_RECUR_MONTHLY;
    out->period = period_of(step, PERIOD_MAX);
    if (same_day) {
        out->pattern = CV_PATTERN_MONTH;
        out->day = day;
        return true;
    }
    out->pattern = CV_PATTERN_MONTH_NTH;
    out->day_mask = 1u << weekday;
    out->nth = same_weekday ? common_nth(d) : 0;
    return out->nth != 0;
}

/* The candidate with the fewest instances; false when all have too many. */
static bool best_pattern(const dates *d, cv_recurrence *best)
{
    static bool (*const make[])(const dates *,
                                cv_recurrence *) = { daily, weekly, monthly };
    bool found = false;

    for (size_t i = 0; i < CV_LEN(make); i++) {
        cv_recurrence r = { .end_type = CV_RECUR_END_DATE,
                            .start_date = d->at[0],
                            .end_date = d->at[d->count - 1],
                            .has_appointment = true };
        if (!make[i](d, &r))
            continue;
        cv_recurrence_finish(&r);
        if (r.end_type != CV_RECUR_END_DATE ||
            r.count - d->count > CV_LIMIT_RECUR_DATES ||
            (found && r.count >= best->count))
            continue;
        *best = r;
        found = true;
    }
    return found;
}

/* Exclusions for the days of the pattern that are none of the dates. */
static void exclude_others(const dates *d, const uint32_t *all,
                           cv_recurrence *r)
{
    size_t k = 0;

    for (size_t i = 0; i < r->count; i++) {
        while (k < d->count && d->at[k] < all[i])
            k++;
        if (k == d->count || d->at[k] != all[i])
            r->deleted[r->deleted_count++] = all[i];
    }
}

/* Instances that begin at another time of day are moved there. */
static void move_others(const uint32_t *starts, size_t count, uint32_t minutes,
                        cv_recurrence *r)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t midnight = starts[i] - starts[i] % DAY_MINUTES;
        if (starts[i] % DAY_MINUTES == r->start_offset)
            continue;
        r->deleted[r->deleted_count++] = midnight;
        r->exceptions[r->exception_count++] =
            (cv_recur_exception){ .start = starts[i],
                                  .end = starts[i] + minutes,
                                  .original = midnight + r->start_offset };
    }
}

/* starts and days have room for count each. */
static size_t to_minutes(const int64_t *at, size_t count, uint32_t *starts,
                         uint32_t *days)
{
    size_t n = 0;

    for (size_t i = 0; i < count; i++) {
        uint32_t minutes;
        if (cv_ticks_to_minutes1601(at[i], &minutes) != CV_OK)
            continue;
        starts[n] = minutes;
        days[n++] = minutes - minutes % DAY_MINUTES;
    }
    return n;
}

cv_status cv_ical_cover(cv_arena *arena, const int64_t *at, size_t count,
                        uint32_t minutes, size_t room, cv_recurrence *out)
{
    uint32_t *starts = cv_arena_array(arena, count, sizeof(*starts));
    uint32_t *days = cv_arena_array(arena, count, sizeof(*days)), *all;
    dates d = { .at = days };
    cv_recurrence r;

    if (!starts || !days)
        return cv_arena_status(arena);
    d.count = to_minutes(at, count, starts, days);
    if (d.count < 2 || !best_pattern(&d, &r))
        return CV_ERR_LIMIT;
    room += r.count;
    all = cv_arena_array(arena, r.count, sizeof(*all));
    r.deleted = cv_arena_array(arena, room, sizeof(*r.deleted));
    r.modified = cv_arena_array(arena, room, sizeof(*r.modified));
    r.exceptions = cv_arena_array(arena, room, sizeof(*r.exceptions));
    if (!all || !r.deleted || !r.modified || !r.exceptions)
        return cv_arena_status(arena);
    r.start_offset = starts[0] % DAY_MINUTES;
    r.end_offset = r.start_offset + minutes;
    r.count = (uint32_t)cv_recurrence_expand(&r, r.start_date, all, r.count);
    exclude_others(&d, all, &r);
    move_others(starts, d.count, minutes, &r);
    r.first = cv_recurrence_first(&r);
    *out = r;
    return CV_OK;
}
