/* rrule.c - RRULE text, and which rules a MAPI pattern can hold.
 * Source: RFC 5545 3.3.10; [MS-OXCICAL] 2.1.3.2.2; spec recurrence.md 5 to 7.
 */
#include "ical/ical_private.h"

#include <string.h>

static const char weekday_names[7][3] = { "SU", "MO", "TU", "WE",
                                          "TH", "FR", "SA" };

static int weekday_of(cv_slice s)
{
    for (unsigned i = 0; i < 7; i++)
        if (cv_slice_ieq(s, cv_slice_cstr(weekday_names[i])))
            return (int)i;
    return -1;
}

/* -- reading -- */

static bool read_int(cv_slice s, int low, int high, int *out)
{
    int64_t v;
    s = cv_slice_trim(s);
    if (cv_parse_i64(s, &v) != CV_OK || v < low || v > high)
        return false;
    *out = (int)v;
    return true;
}

/* A list of numbers; what is out of range is left out, and so is zero where
 * numbers count from an end, too. */
static size_t read_numbers_of(ical_rrule *r, cv_slice value, int low, int high,
                              int *out, size_t room)
{
    size_t count = 0;

    while (value.ptr) {
        cv_slice item = cv_slice_cut(&value, ',');
        int v;
        if (!read_int(item, low, high, &v) || (v == 0 && low < 0))
            r->repaired = true;
        else if (count < room)
            out[count++] = v;
        else
            r->has_other = true;
    }
    return count;
}

static size_t read_list(ical_rrule *r, cv_slice value, int most, int *out,
                        size_t room)
{
    return read_numbers_of(r, value, -most, most, out, room);
}

static void read_by_day(ical_rrule *r, cv_slice value)
{
    while (value.ptr) {
        cv_slice item = cv_slice_trim(cv_slice_cut(&value, ','));
        size_t digits = item.len >= 2 ? item.len - 2 : 0;
        int day = weekday_of(cv_slice_sub(item, digits, 2)), nth = 0;
        if (day < 0 || (digits && !read_int(cv_slice_sub(item, 0, digits), -53,
                                            53, &nth))) {
            r->repaired = true;
            continue;
        }
        if (r->by_day_count >= ICAL_RRULE_LIST) {
            r->has_other = true;
            continue;
        }
        r->by_day[r->by_day_count].nth = nth;
        r->by_day[r->by_day_count++].weekday = (unsigned)day;
    }
}

static void read_until(ical_rrule *r, cv_slice value)
{
    if (cv_ical_time_parse(value, &r->until) == CV_OK) {
        r->has_until = true;
        r->until_is_odd = cv_slice_find_byte(value, '-', 0) != CV_NPOS ||
                          cv_slice_find_byte(value, ':', 0) != CV_NPOS;
    } else {
        r->until_is_bad = true;
    }
}

static void read_numbers(ical_rrule *r, cv_slice name, cv_slice value)
{
    int v;

    if (cv_slice_ieq(name, CV_S("INTERVAL"))) {
        if (read_int(value, 1, 1000000, &v))
            r->interval = (uint32_t)v;
        else
            r->repaired = true; /* C057: below 1 counts as 1 */
    } else if (cv_slice_ieq(name, CV_S("COUNT"))) {
        if (read_int(value, 1, 1000000, &v))
            r->count = (uint32_t)v;
        else
            r->until_is_bad = true; /* an end was meant: not endless */
    }
}

/* Parts that no pattern has. */
static bool read_finer_part(ical_rrule *r, cv_slice name, cv_slice value)
{
    if (cv_slice_ieq(name, CV_S("BYYEARDAY")))
        r->by_year_day_count =
            read_list(r, value, 366, r->by_year_day, ICAL_RRULE_LIST);
    else if (cv_slice_ieq(name, CV_S("BYWEEKNO")))
        r->by_week_no_count =
            read_list(r, value, 53, r->by_week_no, ICAL_RRULE_LIST);
    else if (cv_slice_ieq(name, CV_S("BYHOUR")))
        r->by_hour_count = read_numbers_of(r, value, 0, 23, r->by_hour, 24);
    else if (cv_slice_ieq(name, CV_S("BYMINUTE")))
        r->by_minute_count = read_numbers_of(r, value, 0, 59, r->by_minute, 60);
    else if (cv_slice_ieq(name, CV_S("BYSECOND")))
        r->by_second_count = read_numbers_of(r, value, 0, 59, r->by_second, 60);
    else
        return false;
    return true;
}

static void read_part(cv_arena *arena, ical_rrule *r, cv_slice name,
                      cv_slice value)
{
    if (cv_slice_ieq(name, CV_S("FREQ")))
        r->freq = cv_ascii_upper(arena, cv_slice_trim(value));
    else if (cv_slice_ieq(name, CV_S("RSCALE")))
        r->other_scale = !cv_slice_ieq(cv_slice_trim(value), CV_S("GREGORIAN"));
    else if (cv_slice_ieq(name, CV_S("UNTIL")))
        read_until(r, value);
    else if (cv_slice_ieq(name, CV_S("WKST")))
        r->wkst = weekday_of(cv_slice_trim(value));
    else if (cv_slice_ieq(name, CV_S("BYDAY")))
        read_by_day(r, value);
    else if (cv_slice_ieq(name, CV_S("BYMONTHDAY")))
        r->by_month_day_count =
            read_list(r, value, 31, r->by_month_day, ICAL_RRULE_LIST);
    else if (cv_slice_ieq(name, CV_S("BYMONTH")))
        r->by_month_count = read_list(r, value, 12, r->by_month, 12);
    else if (cv_slice_ieq(name, CV_S("BYSETPOS")))
        r->by_set_pos_count =
            read_list(r, value, 366, r->by_set_pos, ICAL_RRULE_LIST);
    else if (!read_finer_part(r, name, value))
        read_numbers(r, name, value);
}

bool cv_ical_rrule_has_other_scale(cv_arena *arena, cv_slice text)
{
    ical_rrule rule;
    return cv_ical_rrule_parse(arena, text, &rule) == CV_OK && rule.other_scale;
}

cv_status cv_ical_rrule_parse(cv_arena *arena, cv_slice text, ical_rrule *out)
{
    *out = (ical_rrule){ .interval = 1, .wkst = -1 };
    while (text.ptr) {
        cv_slice value = cv_slice_trim(cv_slice_cut(&text, ';'));
        cv_slice name = cv_slice_trim(cv_slice_cut(&value, '='));
        if (value.ptr)
            read_part(arena, out, name, value);
        else if (name.len)
            out->repaired = true;
    }
    return out->freq.len ? CV_OK : CV_ERR_SYNTAX;
}

/* -- to a pattern -- */

typedef struct pattern_start {
    int64_t days; /* from 1970 */
    int32_t year;
    uint8_t month, day;
    unsigned weekday;
    int hour, minute;
} pattern_start;

static uint32_t mask_of_days(const ical_rrule *r)
{
    uint32_t mask = 0;
    for (size_t i = 0; i < r->by_day_count; i++)
        mask |= 1u << r->by_day[i].weekday;
    return mask;
}

static bool has_nth(const ical_rrule *r)
{
    for (size_t i = 0; i < r->by_day_count; i++)
        if (r->by_day[i].nth)
            return true;
    return false;
}

/* BYSETPOS that takes the only element of a set of one. */
static bool is_idle_position(const ical_rrule *r)
{
    return r->by_set_pos_count == 0 ||
           (r->by_set_pos_count == 1 && r->by_day_count <= 1 &&
            (r->by_set_pos[0] == 1 || r->by_set_pos[0] == -1));
}

static const char *daily(const ical_rrule *r, const pattern_start *s,
                         cv_recurrence *out)
{
    (void)s;
    if (r->by_month_day_count || !is_idle_position(r) || has_nth(r))
        return "a daily rule with days of the month";
    out->frequency = CV_RECUR_DAILY;
    out->pattern = CV_PATTERN_DAY;
    out->period = r->interval * 1440;
    if (r->interval > 999)
        return "INTERVAL above 999 days";
    if (r->by_day_count) {
        if (r->interval != 1)
            return "every n-th day with BYDAY";
        out->pattern = CV_PATTERN_WEEK;
        out->period = 1;
        out->day_mask = mask_of_days(r);
    }
    return NULL;
}

static const char *weekly(const ical_rrule *r, const pattern_start *s,
                          cv_recurrence *out)
{
    if (r->by_month_day_count || !is_idle_position(r) || has_nth(r))
        return "a weekly rule with positions";
    if (r->interval > 99)
        return "INTERVAL above 99 weeks";
    out->frequency = CV_RECUR_WEEKLY;
    out->pattern = CV_PATTERN_WEEK;
    out->period = r->interval;
    out->day_mask = r->by_day_count ? mask_of_days(r) : 1u << s->weekday;
    return NULL;
}

/* Position among the days of a set: 1 to 4, 5 for the last one, 0 for what a
 * pattern cannot say. */
static uint32_t pattern_nth(int position)
{
    return position == -1                   ? 5
           : position >= 1 && position <= 4 ? (uint32_t)position
                                            : 0;
}

/* BYMONTHDAY=8,9,10,11,12,13,14 with one BYDAY is its second one: as Apple
 * and Google write holidays. 0 for other lists. */
static int week_of_month_days(const ical_rrule *r)
{
    unsigned seen = 0;
    int first = 32;

    for (size_t i = 0; i < r->by_month_day_count; i++) {
        int day = r->by_month_day[i];
        if (day < 1)
            return 0;
        seen |= 1u << day;
        first = day < first ? day : first;
    }
    return first <= 22 && first % 7 == 1 && seen == 0x7Fu << first
               ? first / 7 + 1
               : 0;
}

static const char *monthly_nth(const ical_rrule *r, cv_recurrence *out)
{
    int position;

    if (r->by_month_day_count) {
        position = week_of_month_days(r);
        if (!position || r->by_day_count != 1 || has_nth(r) ||
            !is_idle_position(r))
            return "BYDAY with BYMONTHDAY";
        out->pattern = CV_PATTERN_MONTH_NTH;
        out->day_mask = mask_of_days(r);
        out->nth = pattern_nth(position);
        return NULL;
    }
    if (has_nth(r)) {
        if (r->by_day_count != 1)
            return "several n-th days of a month";
        position = r->by_day[0].nth;
        /* The only element of a set of one is its first and its last. */
        if (r->by_set_pos_count &&
            (r->by_set_pos_count != 1 ||
             (r->by_set_pos[0] != 1 && r->by_set_pos[0] != -1)))
            return "BYSETPOS outside its set";
    } else {
        if (r->by_set_pos_count != 1)
            return "BYDAY of a month without one position";
        position = r->by_set_pos[0];
    }
    out->pattern = CV_PATTERN_MONTH_NTH;
    out->day_mask = mask_of_days(r);
    out->nth = pattern_nth(position);
    return out->nth ? NULL : "a position other than 1 to 4 or the last";
}

static const char *monthly_day(const ical_rrule *r, const pattern_start *s,
                               cv_recurrence *out)
{
    int day = r->by_month_day_count ? r->by_month_day[0] : s->day;

    if (r->by_month_day_count > 1) {
        /* 28,29,30,31 with BYSETPOS=-1: our own way to say "d or the last
         * day of a shorter month". */
        int most = 0;
        if (r->by_set_pos_count != 1 || r->by_set_pos[0] != -1)
            return "several days of a month";
        for (size_t i = 0; i < r->by_month_day_count; i++) {
            if (r->by_month_day[i] < 28)
                return "several days of a month";
            most = r->by_month_day[i] > most ? r->by_month_day[i] : most;
        }
        day = most;
    } else if (r->by_set_pos_count) {
        return "BYSETPOS of one day of the month";
    }
    if (day < -1)
        return "a day counted from the month's end";
    out->pattern = CV_PATTERN_MONTH;
    out->day = day == -1 ? 31 : (uint32_t)day;
    return NULL;
}

/* Every Monday of every month is every Monday. */
static bool is_weekly(const ical_rrule *r)
{
    return r->interval == 1 && r->by_day_count && !has_nth(r) &&
           r->by_month_day_count == 0 && r->by_set_pos_count == 0;
}

static const char *monthly(const ical_rrule *r, const pattern_start *s,
                           cv_recurrence *out)
{
    if (is_weekly(r))
        return weekly(r, s, out);
    if (r->interval > 99)
        return "INTERVAL above 99 months";
    out->frequency = CV_RECUR_MONTHLY;
    out->period = r->interval;
    return r->by_day_count ? monthly_nth(r, out) : monthly_day(r, s, out);
}

/* Months at even distances are every n-th month. */
static const char *months_of_year(const ical_rrule *r, const pattern_start *s,
                                  cv_recurrence *out)
{
    static const char why[] = "several months of a year";
    ical_rrule every = *r;
    unsigned seen = 0;

    for (size_t i = 0; i < r->by_month_count; i++)
        if (r->by_month[i] > 0)
            seen |= 1u << r->by_month[i];
    unsigned count = (unsigned)__builtin_popcount(seen);
    if (r->interval != 1 || count == 0 || 12 % count || r->by_set_pos_count ||
        !(seen >> s->month & 1))
        return why;
    every.interval = 12 / count;
    for (unsigned month = s->month; month < s->month + 12u;
         month += every.interval)
        if (!(seen >> ((month - 1) % 12 + 1) & 1))
            return why;
    if (is_weekly(&every) && count < 12)
        return "every such weekday of some months";
    return monthly(&every, s, out);
}

static const char *yearly(const ical_rrule *r, const pattern_start *s,
                          cv_recurrence *out)
{
    if (r->interval > 8)
        return "INTERVAL above 8 years";
    if (r->by_month_count == 0 && r->by_day_count)
        return is_weekly(r) ? weekly(r, s, out) : "a weekday of the year";
    if (r->by_month_count == 0 && r->by_month_day_count)
        return r->interval == 1 && r->by_set_pos_count == 0
                   ? monthly(r, s, out)
                   : "days of every month of a year";
    if (r->by_month_count > 1)
        return months_of_year(r, s, out);
    if (r->by_month_count == 1 && r->by_month[0] != s->month)
        return "a month other than the first instance's";
    out->frequency = r->interval == 1 ? CV_RECUR_YEARLY : CV_RECUR_MONTHLY;
    out->period = 12 * r->interval;
    if (r->by_day_count && !has_nth(r) && r->by_set_pos_count == 0 &&
        r->by_month_day_count == 0)
        return "every such weekday of a month";
    return r->by_day_count ? monthly_nth(r, out) : monthly_day(r, s, out);
}

/* All twelve months are no restriction. */
static size_t restricting_months(const ical_rrule *r)
{
    unsigned seen = 0;
    for (size_t i = 0; i < r->by_month_count; i++)
        if (r->by_month[i] > 0)
            seen |= 1u << r->by_month[i];
    return __builtin_popcount(seen) == 12 ? 0 : r->by_month_count;
}

static const char *frequency_pattern(const ical_rrule *r,
                                     const pattern_start *s, cv_recurrence *out)
{
    static const struct {
        const char *name;
        const char *(*make)(const ical_rrule *, const pattern_start *,
                            cv_recurrence *);
        size_t months; /* most BYMONTH values */
    } rows[] = { { "DAILY", daily, 0 },
                 { "WEEKLY", weekly, 0 },
                 { "MONTHLY", monthly, 0 },
                 { "YEARLY", yearly, 12 } };

    if (r->has_other || r->by_year_day_count || r->by_week_no_count ||
        r->by_second_count > 1)
        return "parts no pattern has";
    if ((r->by_hour_count &&
         (r->by_hour_count > 1 || r->by_hour[0] != s->hour)) ||
        (r->by_minute_count &&
         (r->by_minute_count > 1 || r->by_minute[0] != s->minute)))
        return "times of day other than the start's";
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        if (!cv_slice_eq(r->freq, cv_slice_cstr(rows[i].name)))
            continue;
        if (restricting_months(r) > rows[i].months)
            return "BYMONTH";
        return rows[i].make(r, s, out);
    }
    return "this frequency";
}

static void set_end(const ical_rrule *r, int64_t until, cv_recurrence *out)
{
    out->end_type = CV_RECUR_END_NEVER;
    out->count = 10;
    if (r->count) {
        out->end_type = CV_RECUR_END_COUNT;
        out->count = r->count;
        cv_recurrence_finish(out);
    }
    if (until == ICAL_NO_TIME)
        return;
    uint32_t last;
    int64_t day = until - (until % ICAL_DAY + ICAL_DAY) % ICAL_DAY;
    if (cv_ticks_to_minutes1601(day, &last) != CV_OK)
        last = 0;
    if (last >= CV_MINUTES_ENDLESS)
        return;
    /* Of two ends the earlier one counts (C059). */
    if (r->count && out->end_type == CV_RECUR_END_COUNT &&
        out->end_date <= last)
        return;
    out->end_type = CV_RECUR_END_DATE;
    out->end_date = last;
}

cv_status cv_ical_rrule_to_pattern(const ical_rrule *rule, int64_t start,
                                   int64_t until, cv_recurrence *out,
                                   const char **why)
{
    cv_civil at = cv_civil_of_ticks(start);
    pattern_start s = { .days = cv_days_from_civil(at.year, at.month, at.day),
                        .year = at.year,
                        .month = at.month,
                        .day = at.day,
                        .hour = at.hour,
                        .minute = at.minute };
    uint32_t minutes, first;

    s.weekday = cv_weekday_of_days(s.days);
    *out = (cv_recurrence){ .has_appointment = true };
    *why = "the start's year";
    if (cv_ticks_to_minutes1601(start, &minutes) != CV_OK)
        return CV_ERR_RANGE;
    *why = frequency_pattern(rule, &s, out);
    if (*why)
        return CV_ERR_RANGE;
    out->start_date = minutes - minutes % 1440;
    out->start_offset = minutes % 1440;
    /* Without WKST products mean Sunday; where it changes the dates the
     * standard's Monday is meant. */
    out->first_dow = rule->wkst >= 0 ? (uint32_t)rule->wkst
                     : out->pattern == CV_PATTERN_WEEK && out->period > 1 &&
                             rule->by_day_count > 1
                         ? 1
                         : 0;
    out->end_type = CV_RECUR_END_NEVER;
    /* A start off the pattern moves to the first date on it. */
    if (cv_recurrence_expand(out, out->start_date, &first, 1) == 1)
        out->start_date = first;
    set_end(rule, until, out);
    cv_recurrence_finish(out);
    out->first = cv_recurrence_first(out);
    return CV_OK;
}

/* -- writing -- */

static void put_days(cv_buf *buf, uint32_t mask, uint32_t first_dow)
{
    bool more = false;
    cv_buf_put_str(buf, ";BYDAY=");
    for (unsigned i = 0; i < 7; i++) {
        unsigned day = (first_dow + i) % 7;
        if (!(mask >> day & 1))
            continue;
        if (more)
            cv_buf_put_byte(buf, ',');
        cv_buf_put_str(buf, weekday_names[day]);
        more = true;
    }
}

static void put_nth(cv_buf *buf, const cv_recurrence *r)
{
    int nth = r->nth >= 5 ? -1 : (int)r->nth;

    if (__builtin_popcount(r->day_mask & 0x7F) == 1) {
        unsigned day = (unsigned)__builtin_ctz(r->day_mask);
        cv_buf_printf(buf, ";BYDAY=%d%s", nth, weekday_names[day]);
        return;
    }
    put_days(buf, r->day_mask, r->first_dow);
    cv_buf_printf(buf, ";BYSETPOS=%d", nth);
}

/* RFC 5545 leaves out months without the day, MAPI takes their last day. */
static void put_month_day(cv_buf *buf, const cv_recurrence *r, bool yearly,
                          unsigned month)
{
    bool clamps =
        r->day > 28 && !(yearly && cv_days_in_month(2001, month) >= r->day);

    if (r->pattern == CV_PATTERN_MONTH_END || r->day >= 31) {
        cv_buf_put_str(buf, clamps ? ";BYMONTHDAY=-1" : ";BYMONTHDAY=31");
        return;
    }
    if (!clamps) {
        cv_buf_printf(buf, ";BYMONTHDAY=%u", r->day);
        return;
    }
    cv_buf_put_str(buf, ";BYMONTHDAY=28");
    for (unsigned day = 29; day <= r->day; day++)
        cv_buf_printf(buf, ",%u", day);
    cv_buf_put_str(buf, ";BYSETPOS=-1");
}

static void put_months(cv_buf *buf, const cv_recurrence *r)
{
    bool yearly = r->period % 12 == 0 && r->frequency == CV_RECUR_YEARLY;
    uint32_t interval = yearly ? r->period / 12 : r->period;
    cv_civil start = cv_civil_of_ticks(cv_minutes1601_to_ticks(r->start_date));

    cv_buf_put_str(buf, yearly ? "FREQ=YEARLY" : "FREQ=MONTHLY");
    if (interval != 1)
        cv_buf_printf(buf, ";INTERVAL=%u", interval);
    if (yearly)
        cv_buf_printf(buf, ";BYMONTH=%u", start.month);
    if (r->pattern == CV_PATTERN_MONTH_NTH)
        put_nth(buf, r);
    else
        put_month_day(buf, r, yearly, start.month);
}

void cv_ical_rrule_put(cv_buf *buf, const cv_recurrence *r)
{
    switch (r->pattern) {
    case CV_PATTERN_DAY:
        cv_buf_put_str(buf, "FREQ=DAILY");
        if (r->period > 1440)
            cv_buf_printf(buf, ";INTERVAL=%u", r->period / 1440);
        break;
    case CV_PATTERN_WEEK:
        cv_buf_put_str(buf, "FREQ=WEEKLY");
        if (r->period > 1)
            cv_buf_printf(buf, ";INTERVAL=%u", r->period);
        put_days(buf, r->day_mask, r->first_dow);
        cv_buf_printf(buf, ";WKST=%s", weekday_names[r->first_dow % 7]);
        break;
    default:
        put_months(buf, r);
    }
}
