/* expand.c - the moments an RRULE names, for rules that no pattern holds.
 *
 * Periods (a year, a month, ... a second) are walked from the start on; each
 * gives its days by the BY parts, each day its times of day. Every day and
 * every time looked at is a step, and steps are counted: a rule that never
 * hits anything ends as surely as one without end.
 * Source: RFC 5545 3.3.10; spec recurrence.md 7.
 */
#include "ical/ical_private.h"

#include <stdlib.h>
#include <string.h>

#define SECONDS_DAY 86400
#define SET_MAX 1500 /* moments of one period; more cost themselves */

enum { YEARLY, MONTHLY, WEEKLY, DAILY, HOURLY, MINUTELY, SECONDLY };

/* A month, its year, and the year's weeks: what all of its days share. */
typedef struct month_row {
    int64_t first, year_first; /* days from 1970 */
    int length, year_length;   /* days */
    int32_t year;
    int number;
    int64_t weeks[4]; /* where week 1 of the year before begins, and of the
                         years after it; only if the rule has BYWEEKNO */
} month_row;

typedef struct walk {
    const ical_rrule *r;
    int freq;
    int64_t start;     /* seconds from 1970, local */
    int64_t start_day; /* days from 1970 */
    cv_civil at;       /* start */
    unsigned weekday;  /* of start */
    unsigned wkst;
    month_row month;      /* of the day looked at last */
    size_t steps;         /* left */
    int64_t set[SET_MAX]; /* the period's moments, seconds */
    size_t count;
} walk;

static int64_t floor_div(int64_t num, int64_t den)
{
    return num / den - (num % den < 0);
}

static int64_t floor_mod(int64_t num, int64_t den)
{
    return num - floor_div(num, den) * den;
}

static bool step(walk *w)
{
    if (w->steps == 0)
        return false;
    w->steps--;
    return true;
}

static bool holds(const int *list, size_t count, int value)
{
    for (size_t i = 0; i < count; i++)
        if (list[i] == value)
            return true;
    return false;
}

/* -- which days -- */

/* ISO weeks, but for the day they begin with. */
static int64_t first_week(const walk *w, int32_t year)
{
    int64_t jan4 = cv_days_from_civil(year, 1, 4);
    return jan4 - (cv_weekday_of_days(jan4) + 7 - w->wkst) % 7;
}

static bool week_fits(const walk *w, int64_t day)
{
    const int64_t *weeks = w->month.weeks;
    size_t of = day < weeks[1] ? 0 : day < weeks[2] ? 1 : 2;
    int number = (int)((day - weeks[of]) / 7) + 1;
    int count = (int)((weeks[of + 1] - weeks[of]) / 7);

    return holds(w->r->by_week_no, w->r->by_week_no_count, number) ||
           holds(w->r->by_week_no, w->r->by_week_no_count, number - count - 1);
}

static bool day_of_month_fits(const walk *w, int day, int last)
{
    return holds(w->r->by_month_day, w->r->by_month_day_count, day) ||
           holds(w->r->by_month_day, w->r->by_month_day_count, day - last - 1);
}

/* index and length: of the day in its month or year, from 0. */
static bool weekday_fits(const walk *w, unsigned weekday, int index, int length)
{
    bool positions = w->freq == YEARLY || w->freq == MONTHLY;

    for (size_t i = 0; i < w->r->by_day_count; i++) {
        int nth = positions ? w->r->by_day[i].nth : 0;
        if (w->r->by_day[i].weekday != weekday)
            continue;
        if (nth == 0 || nth == index / 7 + 1 ||
            nth == -((length - 1 - index) / 7 + 1))
            return true;
    }
    return false;
}

/* What the rule leaves open comes from the start. */
static bool default_fits(const walk *w, int day, unsigned weekday)
{
    const ical_rrule *r = w->r;

    if (r->by_day_count || r->by_year_day_count || r->by_month_day_count)
        return true;
    if (w->freq == WEEKLY || r->by_week_no_count)
        return w->freq > WEEKLY || weekday == w->weekday;
    if (w->freq == YEARLY && !r->by_month_count &&
        w->month.number != w->at.month)
        return false;
    return w->freq > WEEKLY || day == w->at.day;
}

/* Days come in rows: the calendar is asked once a month. */
static void find_month(walk *w, int64_t day)
{
    month_row *m = &w->month;
    uint8_t month, of_month;

    if (m->length && day >= m->first && day < m->first + m->length)
        return;
    cv_civil_from_days(day, &m->year, &month, &of_month);
    m->number = month;
    m->first = day - of_month + 1;
    m->length = cv_days_in_month(m->year, month);
    m->year_first = cv_days_from_civil(m->year, 1, 1);
    m->year_length =
        (int)(cv_days_from_civil(m->year + 1, 1, 1) - m->year_first);
    for (int i = 0; w->r->by_week_no_count && i < 4; i++)
        m->weeks[i] = first_week(w, m->year - 1 + i);
}

static bool day_fits(walk *w, int64_t day)
{
    const ical_rrule *r = w->r;
    const month_row *m = &w->month;

    find_month(w, day);
    if (r->by_month_count && !holds(r->by_month, r->by_month_count, m->number))
        return false;
    int of_month = (int)(day - m->first), of_year = (int)(day - m->year_first);
    unsigned weekday = cv_weekday_of_days(day);
    bool in_year = w->freq == YEARLY && r->by_month_count == 0;
    if (r->by_week_no_count && !week_fits(w, day))
        return false;
    if (r->by_year_day_count &&
        !holds(r->by_year_day, r->by_year_day_count, of_year + 1) &&
        !holds(r->by_year_day, r->by_year_day_count, of_year - m->year_length))
        return false;
    if (r->by_month_day_count && !day_of_month_fits(w, of_month + 1, m->length))
        return false;
    if (r->by_day_count &&
        !weekday_fits(w, weekday, in_year ? of_year : of_month,
                      in_year ? m->year_length : m->length))
        return false;
    return default_fits(w, of_month + 1, weekday);
}

/* -- which times of a day -- */

static void add(walk *w, int64_t seconds)
{
    if (w->count < SET_MAX)
        w->set[w->count++] = seconds;
    else
        w->steps = 0; /* more than any calendar means */
}

/* The list of the BY part, or the one value the start has. */
static size_t choices(const int *list, size_t count, int fallback, int out[60])
{
    size_t n = 0;
    if (count == 0) {
        out[0] = fallback;
        return 1;
    }
    for (size_t i = 0; i < count && n < 60; i++)
        out[n++] = list[i];
    return n;
}

static void add_times(walk *w, int64_t day)
{
    const ical_rrule *r = w->r;
    int hours[60], minutes[60], seconds[60];
    size_t h = choices(r->by_hour, r->by_hour_count, w->at.hour, hours);
    size_t m = choices(r->by_minute, r->by_minute_count, w->at.minute, minutes);
    size_t s = choices(r->by_second, r->by_second_count, w->at.second, seconds);

    for (size_t i = 0; i < h; i++)
        for (size_t k = 0; k < m; k++)
            for (size_t n = 0; n < s && step(w); n++)
                add(w, day * SECONDS_DAY + hours[i] * 3600 + minutes[k] * 60 +
                           seconds[n]);
}

static void add_days(walk *w, int64_t from, int64_t to)
{
    for (int64_t day = from; day < to && step(w); day++)
        if (day_fits(w, day))
            add_times(w, day);
}

/* -- periods -- */

/* months: from the year 0. */
static void add_month(walk *w, int64_t months)
{
    int64_t year = floor_div(months, 12);
    unsigned month = (unsigned)floor_mod(months, 12) + 1;
    int64_t from = cv_days_from_civil(year, month, 1);

    add_days(w, from, from + cv_days_in_month(year, month));
}

/* Only months that the rule or the start names are looked at. */
static void add_year(walk *w, int64_t year)
{
    const ical_rrule *r = w->r;
    bool named =
        r->by_month_count || !(r->by_day_count || r->by_year_day_count ||
                               r->by_month_day_count || r->by_week_no_count);

    for (int month = 1; month <= 12; month++)
        if (!named || holds(r->by_month, r->by_month_count, month) ||
            (r->by_month_count == 0 && month == w->at.month))
            add_month(w, year * 12 + month - 1);
}

static void period_of_days(walk *w, int64_t n)
{
    int64_t step_by = n * w->r->interval, from;

    switch (w->freq) {
    case YEARLY:
        (void)step(w);
        add_year(w, w->at.year + step_by);
        break;
    case MONTHLY:
        add_month(w, w->at.year * INT64_C(12) + w->at.month - 1 + step_by);
        break;
    case WEEKLY:
        from = w->start_day - (w->weekday + 7 - w->wkst) % 7 + 7 * step_by;
        add_days(w, from, from + 7);
        break;
    default:
        add_days(w, w->start_day + step_by, w->start_day + step_by + 1);
    }
}

/* The last period before the next day or hour, when this one is of no use. */
static int64_t skip(const walk *w, int64_t n, int64_t unit, int64_t to)
{
    int64_t size = unit * w->r->interval;
    int64_t next = floor_div(to - w->start - 1, size);
    return next > n ? next : n;
}

/* An hour, a minute or a second; parts finer than it expand. Returns n, or the
 * last of the periods that are known to give nothing. */
static int64_t period_of_time(walk *w, int64_t n)
{
    static const int64_t units[] = { 3600, 60, 1 };
    const ical_rrule *r = w->r;
    int64_t unit = units[w->freq - HOURLY];
    int64_t at = w->start + n * r->interval * unit;
    int64_t day = floor_div(at, SECONDS_DAY), rest = floor_mod(at, SECONDS_DAY);
    int minutes[60], seconds[60];

    if (!step(w))
        return n;
    if (!day_fits(w, day))
        return skip(w, n, unit, (day + 1) * SECONDS_DAY);
    if (r->by_hour_count &&
        !holds(r->by_hour, r->by_hour_count, (int)(rest / 3600)))
        return skip(w, n, unit, (floor_div(at, 3600) + 1) * 3600);
    if (w->freq != HOURLY && r->by_minute_count &&
        !holds(r->by_minute, r->by_minute_count, (int)(rest / 60 % 60)))
        return skip(w, n, unit, (floor_div(at, 60) + 1) * 60);
    if (w->freq == SECONDLY) {
        if (!r->by_second_count ||
            holds(r->by_second, r->by_second_count, (int)(rest % 60)))
            add(w, at);
        return n;
    }
    size_t m = 1,
           s = choices(r->by_second, r->by_second_count, w->at.second, seconds);
    minutes[0] = (int)(rest / 60 % 60);
    if (w->freq == HOURLY)
        m = choices(r->by_minute, r->by_minute_count, w->at.minute, minutes);
    for (size_t i = 0; i < m; i++)
        for (size_t k = 0; k < s && step(w); k++)
            add(w, day * SECONDS_DAY + rest / 3600 * 3600 + minutes[i] * 60 +
                       seconds[k]);
    return n;
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* BYSETPOS: the n-th moments of the period, from its begin or end. */
static void choose_positions(walk *w)
{
    const ical_rrule *r = w->r;
    size_t kept = 0, total = w->count;

    if (r->by_set_pos_count == 0)
        return;
    for (size_t i = 0; i < total; i++)
        if (holds(r->by_set_pos, r->by_set_pos_count, (int)i + 1) ||
            holds(r->by_set_pos, r->by_set_pos_count, (int)i - (int)total))
            w->set[kept++] = w->set[i];
    w->count = kept;
}

/* False when there are no further periods. */
static bool make_period(walk *w, int64_t *n)
{
    w->count = 0;
    /* Beyond the year 4500 nothing counts; int64_t holds far more. */
    static const int64_t most[] = { 3000,
                                    36000,
                                    160000,
                                    1100000,
                                    INT64_C(1) << 25,
                                    INT64_C(1) << 31,
                                    INT64_C(1) << 37 };
    if (w->steps == 0 || *n > most[w->freq] / w->r->interval)
        return false;
    if (w->freq <= DAILY)
        period_of_days(w, *n);
    else
        *n = period_of_time(w, *n);
    qsort(w->set, w->count, sizeof(w->set[0]), compare);
    choose_positions(w);
    return true;
}

static int freq_of(cv_slice name)
{
    static const char *const names[] = { "YEARLY",  "MONTHLY", "WEEKLY",
                                         "DAILY",   "HOURLY",  "MINUTELY",
                                         "SECONDLY" };
    for (int i = 0; i < (int)CV_LEN(names); i++)
        if (cv_slice_eq(name, cv_slice_cstr(names[i])))
            return i;
    return -1;
}

static void begin(walk *w, const ical_rrule *rule, int64_t start)
{
    w->r = rule;
    w->freq = freq_of(rule->freq);
    w->start = floor_div(start, CV_TICKS_PER_SEC);
    w->start_day = floor_div(w->start, SECONDS_DAY);
    w->at = cv_civil_of_ticks(start);
    w->weekday = cv_weekday_of_days(w->start_day);
    w->wkst = rule->wkst >= 0 ? (unsigned)rule->wkst : 1;
}

static size_t expand(walk *w, int64_t until, int64_t *out, size_t max,
                     bool *complete)
{
    /* COUNT counts the start as the first, on the rule or not. */
    size_t total = w->r->count, seen = 0, count = 0;
    int64_t last = cv_minutes1601_to_ticks(CV_MINUTES_ENDLESS);

    if (until != ICAL_NO_TIME && until < last)
        last = until;
    for (int64_t n = 0; make_period(w, &n); n++)
        for (size_t i = 0; i < w->count; i++) {
            int64_t ticks = w->set[i] * CV_TICKS_PER_SEC;
            if (w->set[i] < w->start || (count && ticks == out[count - 1]))
                continue;
            if (seen == 0 && w->set[i] != w->start)
                seen = 1;
            if (ticks > last || (total && seen >= total)) {
                *complete = until != ICAL_NO_TIME || total;
                return count;
            }
            if (count == max)
                return count;
            out[count++] = ticks;
            seen++;
        }
    return count;
}

size_t cv_ical_rrule_expand(cv_arena *arena, const ical_rrule *rule,
                            int64_t start, int64_t until, int64_t *out,
                            size_t max, size_t *steps, bool *complete)
{
    walk *w = cv_arena_array(arena, 1, sizeof(*w));
    size_t given =
        *steps < CV_LIMIT_RRULE_STEPS ? *steps : CV_LIMIT_RRULE_STEPS;

    *complete = false;
    if (!w)
        return 0;
    begin(w, rule, start);
    if (w->freq < 0)
        return 0;
    w->steps = given;
    size_t count = expand(w, until, out, max, complete);
    *steps -= given - w->steps;
    return count;
}
