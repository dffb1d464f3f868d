/* zone_write.c - rules to VTIMEZONE.
 *
 * Only rules that the event's years need are written, as Microsoft products
 * do; onsets are real ones, from the first year of each rule on.
 * Source: [MS-OXCICAL] 2.1.3.1.1.19; spec timezone.md 5.2; C150, C151.
 */
#include "ical/ical_private.h"

#define RULES_MAX 24
/* Readers that expand onsets stop in 2037: one must lie before. */
#define LAST_FIRST_ONSET 2030

/* One line without quotes: property and parameter must agree to the byte. */
cv_slice cv_ical_zone_tzid(cv_arena *arena, const cv_timezone *tz)
{
    cv_slice name = cv_text_one_line(arena, tz->key_name);
    uint8_t *plain = cv_arena_alloc(arena, name.len + 1);
    size_t len = 0;

    for (size_t i = 0; plain && i < name.len; i++)
        if (name.ptr[i] != '"')
            plain[len++] = name.ptr[i];
    name = cv_slice_trim(cv_slice_of(plain, len));
    return name.len ? name : CV_S("Customized Time Zone");
}

static void put_offset(cv_line_writer *w, const char *name,
                       int32_t west_minutes)
{
    cv_line_begin(w, name);
    cv_line_colon(w);
    cv_ical_offset_put(&w->line, -60 * west_minutes);
    cv_line_end(w);
}

static void put_local(cv_line_writer *w, int64_t local)
{
    cv_line_begin(w, "DTSTART");
    cv_line_colon(w);
    cv_ical_time_put(&w->line, local, false);
    cv_line_end(w);
}

/* COUNT, not UNTIL, where the rule ends: readers built on dateutil refuse the
 * UTC time that UNTIL must be (python3-icalendar 4.0.3). */
static void put_yearly(cv_line_writer *w, const cv_tz_date *d, int64_t count)
{
    static const char days[7][3] = { "SU", "MO", "TU", "WE", "TH", "FR", "SA" };
    cv_line_begin(w, "RRULE:FREQ=YEARLY");
    if (count)
        cv_buf_printf(&w->line, ";COUNT=%lld", (long long)count);
    if (d->year == 1)
        cv_buf_printf(&w->line, ";BYMONTHDAY=%u;BYMONTH=%u", d->day, d->month);
    else
        cv_buf_printf(&w->line, ";BYDAY=%d%s;BYMONTH=%u",
                      d->day >= 5 ? -1 : d->day, days[d->weekday % 7],
                      d->month);
    cv_line_end(w);
}

typedef struct half {
    const char *name;
    const cv_tz_date *date;
    int32_t before, after; /* minutes west */
} half;

/* One of a rule's halves: from the first onset in `from` on. last: the last
 * year it holds, INT64_MAX for ever. */
static void put_half(cv_line_writer *w, const half *h, int64_t from,
                     int64_t last)
{
    int64_t onset;

    if (h->date->year > 1) /* once */
        from = last = h->date->year;
    if (!cv_tz_date_onset(h->date, from, &onset))
        return;
    cv_line_begin(w, "BEGIN:");
    cv_buf_put_str(&w->line, h->name);
    cv_line_end(w);
    put_local(w, onset);
    if (last != from)
        put_yearly(w, h->date, last == INT64_MAX ? 0 : last - from + 1);
    put_offset(w, "TZOFFSETFROM", h->before);
    put_offset(w, "TZOFFSETTO", h->after);
    cv_line_begin(w, "END:");
    cv_buf_put_str(&w->line, h->name);
    cv_line_end(w);
}

static void put_rule(cv_line_writer *w, const cv_tz_rule *r, int64_t from,
                     int64_t last)
{
    int32_t standard = r->bias + r->standard_bias;
    int32_t daylight = r->bias + r->daylight_bias;

    if (!cv_tz_rule_has_dst(r)) {
        cv_line_put_literal(w, "BEGIN:STANDARD");
        put_local(w, cv_days_from_civil(from, 1, 1) * ICAL_DAY);
        put_offset(w, "TZOFFSETFROM", standard);
        put_offset(w, "TZOFFSETTO", standard);
        cv_line_put_literal(w, "END:STANDARD");
        return;
    }
    half s = { "STANDARD", &r->standard, daylight, standard };
    half d = { "DAYLIGHT", &r->daylight, standard, daylight };
    put_half(w, &s, from, last);
    put_half(w, &d, from, last);
}

static int64_t first_year(const cv_tz_rule *r, int64_t from_year)
{
    int64_t year = from_year - 1;

    if (year <= LAST_FIRST_ONSET)
        return year;
    return r->from_year > LAST_FIRST_ONSET ? r->from_year : LAST_FIRST_ONSET;
}

void cv_ical_zone_put(cv_line_writer *w, cv_arena *arena, const cv_timezone *tz,
                      int64_t from_year, int64_t to_year, bool cdo_tzid)
{
    const cv_tz_rule *end = tz->rules + tz->rule_count;
    /* The year before: an instance may lie before the first onset. */
    const cv_tz_rule *first = cv_timezone_rule(tz, from_year - 1);
    cv_slice name = cv_ical_zone_tzid(arena, tz);

    cv_line_put_literal(w, "BEGIN:VTIMEZONE");
    cv_line_begin(w, "TZID");
    cv_line_colon(w);
    cv_line_text(w, name);
    cv_line_end(w);
    int number = cdo_tzid ? cv_timezone_cdo_number(name) : -1;
    if (number >= 0)
        cv_line_put_int(w, "X-MICROSOFT-CDO-TZID", number);
    for (size_t i = 0; i < RULES_MAX && first + i < end; i++) {
        const cv_tz_rule *r = first + i;
        bool more =
            r + 1 < end && (r + 1)->from_year <= to_year && i + 1 < RULES_MAX;
        int64_t from = i == 0 ? first_year(r, from_year) : r->from_year;
        put_rule(w, r, from, more ? (r + 1)->from_year - 1 : INT64_MAX);
        if (!more)
            break;
    }
    cv_line_put_literal(w, "END:VTIMEZONE");
}
