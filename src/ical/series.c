/* series.c - recurrence and exceptions, read into blob and attachments.
 *
 * Dates that no pattern names are held by the pattern that needs the fewest
 * deleted instances; a rule without end then ends with its 100th date. The
 * calendar's own text is kept in PidLidInboundICalStream: it goes out again as
 * long as the dates are what it made.
 * Source: [MS-OXCICAL] 2.1.3.1.1.20.13, .18, .19, .20; [MS-OXOCAL] 2.2.10;
 * spec recurrence.md 5, 7 and 8.
 */
#include "ical/ical_private.h"

#include <stdlib.h>
#include <string.h>

#define BOUNDED_COUNT 100 /* of a series whose UNTIL cannot be read */
#define COUNT_MAX 999     /* more is written as an end date */
#define SHORT_MONTHS_MAX 100
#define RANGE_MAX 100 /* instances that one RANGE changes */
#define RANGES_MAX 10
#define STEPS_COVER 10 /* what an instance of a covering pattern costs */
#define EXCEPTION_CLASS "IPM.OLE.CLASS.{00061055-0000-0000-C000-000000000046}"

typedef struct series {
    ical_import *in;
    const cv_ical_comp *event;
    bool has_pattern;
    bool skips_months; /* without the day; without end */
    bool extra_dates;  /* RDATEs that are neither instance nor move */
    bool is_cover;     /* deleted and moved dates are in the pattern already */
    cv_recurrence r;
    cv_timezone zone;
    size_t room;    /* of r.deleted, r.exceptions, taken */
    uint32_t shift; /* where the first instance is moved to, 0: nowhere */
    size_t bare; /* the first exceptions: moved in time, no event of theirs */
    bool *taken; /* excluded dates that a move explains */
} series;

static void say_unfit(series *s, const cv_ical_prop *prop, const char *why)
{
    s->in->keep_stream = true;
    cv_ical_say(s->in, CV_RULE_ICAL_RRULE, prop,
                prop ? (const char *)cv_arena_cstr(s->in->arena, prop->name)
                     : "RRULE",
                why);
}

/* -- the rule -- */

static size_t count_props(const cv_ical_comp *event, const char *name)
{
    size_t n = 0;
    for (size_t i = 0; i < event->prop_count; i++)
        n += cv_slice_eq(event->props[i].name, cv_slice_cstr(name));
    return n;
}

/* The last day in the series' time. */
static int64_t until_of(series *s, ical_rrule *rule, const cv_ical_prop *prop)
{
    if (rule->until_is_bad) {
        s->in->keep_stream = true;
        cv_ical_say(s->in, CV_RULE_ICAL_RRULE_END, prop, "RRULE",
                    "its end cannot be read: bounded to 100 instances");
        if (rule->count == 0 || rule->count > BOUNDED_COUNT)
            rule->count = BOUNDED_COUNT;
    }
    return cv_ical_rule_until(s->in, &s->zone, rule);
}

/* The one line a pattern may come from; else *why says what is there. */
static const cv_ical_prop *only_rule(const series *s, const char **why)
{
    const cv_ical_prop *rule = cv_ical_prop_get(s->event, "RRULE");

    *why = NULL;
    if (!rule && cv_ical_prop_get(s->event, "RDATE"))
        *why = "dates without a rule";
    else if (cv_ical_prop_get(s->event, "EXRULE") ||
             count_props(s->event, "RRULE") > 1)
        *why = "several rules";
    return *why ? NULL : rule;
}

static void limit_count(cv_recurrence *r)
{
    if (r->end_type == CV_RECUR_END_COUNT && r->count > COUNT_MAX)
        r->end_type = CV_RECUR_END_DATE;
}

/* The pattern's date before its first one; false when there is none. */
static bool date_before(const cv_recurrence *r, uint32_t *out)
{
    cv_recurrence early = *r;
    uint32_t dates[7], back = r->period * 7 * 1440;
    cv_civil c = cv_civil_of_ticks(cv_minutes1601_to_ticks(r->start_date));

    if (r->pattern != CV_PATTERN_WEEK) {
        int64_t months = c.year * INT64_C(12) + c.month - 1 - r->period;
        int64_t from =
            cv_days_from_civil(months / 12, (unsigned)(months % 12) + 1, 1);
        if (cv_ticks_to_minutes1601(from * ICAL_DAY, &early.start_date) !=
            CV_OK)
            return false;
    } else if (back > r->start_date) {
        return false;
    } else {
        early.start_date -= back;
    }
    early.end_type = CV_RECUR_END_NEVER;
    size_t n = cv_recurrence_expand(&early, early.start_date, dates, 7);
    while (n > 0 && dates[n - 1] >= r->start_date)
        n--;
    if (n > 0)
        *out = dates[n - 1];
    return n > 0;
}

/* A start that the rule does not hit counts all the same (RFC 5545 3.8.5.3):
 * the date before the rule's first one is moved there. */
static void follow_start(series *s, const cv_ical_prop *prop)
{
    int64_t local = s->in->start.local;
    uint32_t start, before;

    if (cv_ticks_to_minutes1601(local, &start) != CV_OK ||
        s->r.start_date == start - start % 1440 || !date_before(&s->r, &before))
        return;
    say_unfit(s, prop, "the start is none of the rule's dates: an exception");
    s->r.start_date = before;
    cv_recurrence_finish(&s->r);
    s->r.first = cv_recurrence_first(&s->r);
    s->shift = start;
}

static int64_t midnight_before(int64_t ticks)
{
    return ticks - (ticks % ICAL_DAY + ICAL_DAY) % ICAL_DAY;
}

/* One instance a day is what a series can have. */
static size_t first_of_each_day(int64_t *at, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (kept == 0 ||
            midnight_before(at[i]) != midnight_before(at[kept - 1]))
            at[kept++] = at[i];
    return kept;
}

static void say_cover(series *s, const cv_ical_prop *prop, const char *why,
                      size_t count, bool complete, size_t lost)
{
    cv_slice done = cv_arena_printf(
        s->in->arena, "%s: %zu dates%s of a pattern with exclusions%s", why,
        count,
        complete ? "" : ", the first ones of more (CV_LIMIT_RRULE_INSTANCES),",
        lost ? "; the further ones of a day are in the original only" : "");
    if (done.ptr)
        say_unfit(s, prop, (const char *)done.ptr);
}

/* Nothing is made of half a rule: when the original is read again, to be
 * written, it must give the same. */
static bool is_too_much(series *s, const cv_ical_prop *prop)
{
    if (*s->in->item->rule_steps)
        return false;
    s->in->keep_stream = s->in->unread_rules = true;
    cv_report_add(s->in->report,
                  CV_FINDING(.rule = CV_RULE_LIMIT,
                             .line = prop ? prop->line : 0,
                             .found = CV_S("CV_LIMIT_RRULE_ALL_STEPS"),
                             .done = CV_S("too many dates in one calendar: "
                                          "the rule is in the original only")));
    return true;
}

/* Dates that no pattern names, by the one that comes nearest. */
static void read_dates(series *s, const cv_ical_prop *prop, const char *why,
                       uint32_t minutes)
{
    int64_t *at =
        cv_arena_array(s->in->arena, CV_LIMIT_RRULE_INSTANCES, sizeof(*at));
    bool complete = true;
    size_t count, found = 0;

    if (at)
        found = cv_ical_instances(s->in, s->event, &s->zone, at, &complete);
    if (is_too_much(s, prop))
        return;
    count = first_of_each_day(at, found);
    /* The dates may lie so far apart that only some of them fit. */
    for (size_t fit = count; fit >= 2; fit /= 2, complete = false)
        if (cv_ical_cover(s->in->arena, at, fit, minutes, s->room, &s->r) ==
            CV_OK) {
            cv_ical_spend_steps(s->in->item, s->r.count * STEPS_COVER);
            s->has_pattern = s->is_cover = true;
            s->bare = s->r.exception_count;
            s->room += s->r.deleted_count + s->r.exception_count;
            say_cover(s, prop, why, fit, complete, found - count);
            return;
        }
    cv_slice done = cv_arena_printf(s->in->arena, "%s: single event", why);
    if (done.ptr)
        say_unfit(s, prop, (const char *)done.ptr);
}

static uint32_t minutes_long(const ical_import *in)
{
    int64_t ticks = in->all_day ? in->end.local - in->start.local
                                : in->end.utc - in->start.utc;
    int64_t minutes = ticks / ICAL_MINUTE;
    return minutes < 0 || minutes > INT32_MAX ? 0 : (uint32_t)minutes;
}

/* RFC 5545 leaves out months without the 31st, MAPI takes their last day. */
static bool skips_months(const ical_rrule *rule, const cv_recurrence *r)
{
    return r->pattern == CV_PATTERN_MONTH && r->day > 28 &&
           rule->by_month_day_count <= 1 &&
           (rule->by_month_day_count == 0 || rule->by_month_day[0] > 0) &&
           !(r->period == 12 &&
             cv_days_in_month(
                 2001, cv_civil_of_ticks(cv_minutes1601_to_ticks(r->start_date))
                           .month) >= r->day);
}

/* NULL when the pattern holds the rule. */
static const char *pattern_of_rule(series *s, const cv_ical_prop *prop)
{
    const char *why = NULL;
    ical_rrule rule;

    if (cv_ical_rrule_parse(s->in->arena, prop->value, &rule) != CV_OK)
        return "no FREQ";
    if (rule.repaired)
        cv_ical_say(s->in, CV_RULE_ICAL_RRULE, prop, "RRULE",
                    "parts that cannot be read were left out");
    if (rule.until_is_odd)
        cv_ical_say(s->in, CV_RULE_ICAL_RRULE, prop, "RRULE",
                    "UNTIL is read from another form of date");
    int64_t until = until_of(s, &rule, prop);
    if (rule.count && rule.has_until)
        cv_ical_say(s->in, CV_RULE_ICAL_RRULE, prop, "RRULE",
                    "UNTIL and COUNT: the earlier end counts");
    if (cv_ical_rrule_to_pattern(&rule, s->in->start.local, until, &s->r,
                                 &why) != CV_OK)
        return why;
    s->skips_months = skips_months(&rule, &s->r);
    if (s->skips_months && s->r.end_type != CV_RECUR_END_NEVER)
        return "months without that day";
    limit_count(&s->r);
    follow_start(s, prop);
    if (s->in->all_day)
        s->r.start_offset = 0;
    s->r.end_offset = s->r.start_offset + minutes_long(s->in);
    s->has_pattern = true;
    return NULL;
}

static void read_rule(series *s)
{
    const char *why = NULL;
    const cv_ical_prop *prop = only_rule(s, &why);
    const cv_ical_prop *other = cv_ical_prop_get(s->event, "X-MICROSOFT-RRULE");

    if (prop && cv_ical_rrule_has_other_scale(s->in->arena, prop->value)) {
        other = prop;
        prop = NULL;
    }
    if (prop)
        why = pattern_of_rule(s, prop);
    if (why)
        read_dates(s, prop, why, minutes_long(s->in));
    else if (!prop && other)
        say_unfit(s, other, "a calendar that is not Gregorian: single event");
}

/* -- EXDATE, RDATE -- */

/* Midnight of a moment in series time; false when it has none. */
static bool midnight_of(const series *s, const ical_moment *m, uint32_t *out)
{
    int64_t local = cv_ical_series_local(&s->zone, m);
    if (s->in->all_day)
        local = cv_ical_day_of(&s->zone, m);
    if (cv_ticks_to_minutes1601(local, out) != CV_OK)
        return false;
    *out -= *out % 1440;
    return true;
}

static bool add_deleted(series *s, uint32_t midnight)
{
    if (s->r.deleted_count >= s->room)
        return false;
    s->r.deleted[s->r.deleted_count++] = midnight;
    return true;
}

/* A moment's date as excluded; a finding if it is no instance. */
static void exclude(series *s, const cv_ical_prop *prop, const ical_moment *m)
{
    uint32_t midnight;

    if (!midnight_of(s, m, &midnight) ||
        !cv_recurrence_is_instance(&s->r, midnight))
        cv_ical_say(s->in, CV_RULE_ICAL_RRULE, prop, "EXDATE",
                    "no instance of the series: left out");
    else if (!add_deleted(s, midnight))
        say_unfit(s, prop, "more exclusions than a series may have");
}

/* -- moves as Exchange 2003 writes them: EXDATE and RDATE in pairs -- */

static int compare_minutes(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* Ascending, each once. */
static size_t sort_unique(uint32_t *dates, size_t count)
{
    size_t kept = 0;

    qsort(dates, count, sizeof(*dates), compare_minutes);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || dates[i] != dates[kept - 1])
            dates[kept++] = dates[i];
    return kept;
}

static uint32_t distance(uint32_t a, uint32_t b)
{
    return a < b ? b - a : a - b;
}

/* The nearest excluded date that no other date has taken. */
static size_t nearest_excluded(const series *s, uint32_t midnight)
{
    const cv_recurrence *r = &s->r;
    size_t best = CV_NPOS;

    for (size_t i = 0; i < r->deleted_count; i++) {
        if (s->taken[i])
            continue;
        if (best == CV_NPOS || distance(r->deleted[i], midnight) <
                                   distance(r->deleted[best], midnight))
            best = i;
        else if (r->deleted[i] > midnight)
            break; /* ascending: only farther ones follow */
    }
    return best;
}

/* Has a moved instance stayed between its neighbours? */
static bool stays_between(const series *s, uint32_t from, uint32_t to)
{
    uint32_t next;

    if (cv_recurrence_expand(&s->r, from + 1440, &next, 1) != 1)
        next = from + 31 * 1440; /* the last one */
    return distance(from, to) < next - from;
}

/* An added date: an instance anyway, or where an excluded one moved to. */
static void include(series *s, const cv_ical_prop *prop, const ical_moment *m)
{
    uint32_t minutes, midnight;

    int64_t local = cv_ical_series_local(&s->zone, m);

    (void)prop;
    if (cv_ticks_to_minutes1601(local, &minutes) != CV_OK)
        return;
    midnight = minutes - minutes % 1440;
    size_t moved = nearest_excluded(s, midnight);
    if (moved == CV_NPOS || !stays_between(s, s->r.deleted[moved], midnight)) {
        if (!cv_recurrence_is_instance(&s->r, midnight) ||
            (!m->is_date && minutes % 1440 != s->r.start_offset))
            s->extra_dates = true;
        return;
    }
    if (s->r.exception_count >= s->room)
        return;
    s->taken[moved] = true;
    s->r.exceptions[s->r.exception_count++] = (cv_recur_exception){
        .start = minutes,
        .end = minutes + (s->r.end_offset - s->r.start_offset),
        .original = s->r.deleted[moved] + s->r.start_offset,
    };
}

/* Each date of each line; empty elements are skipped (C054). */
static void each_date(series *s, const char *name,
                      void (*take)(series *, const cv_ical_prop *,
                                   const ical_moment *))
{
    size_t seen = 0;

    for (size_t i = 0; i < s->event->prop_count; i++) {
        const cv_ical_prop *prop = &s->event->props[i];
        cv_slice rest = prop->value;
        if (!cv_slice_eq(prop->name, cv_slice_cstr(name)))
            continue;
        for (; rest.ptr; seen++) {
            cv_slice item = cv_slice_trim(cv_slice_cut(&rest, ','));
            ical_moment m;
            if (seen == CV_LIMIT_RECUR_DATES) {
                say_unfit(
                    s, prop,
                    "CV_LIMIT_RECUR_DATES: more dates than a series may have");
                return;
            }
            item = cv_slice_cut(&item, '/'); /* a period's start */
            /* Without a zone DTSTART's is meant (C143). */
            if (item.len == 0)
                cv_ical_say(s->in, CV_RULE_ICAL_TIME, prop, name,
                            "an empty date of the list was skipped");
            else if (cv_ical_moment_parse(&s->in->zones, prop, item, &m) ==
                     CV_OK)
                take(s, prop, &m);
        }
    }
}

/* The start that is none of the rule's dates. */
static void move_first(series *s)
{
    if (s->shift == 0 || !add_deleted(s, s->r.start_date))
        return;
    s->r.exceptions[s->r.exception_count++] = (cv_recur_exception){
        .start = s->shift,
        .end = s->shift + (s->r.end_offset - s->r.start_offset),
        .original = s->r.start_date + s->r.start_offset,
    };
}

/* Short months of an endless rule: those of the years to come. */
static void exclude_short_months(series *s)
{
    uint32_t dates[12], from = s->r.start_date;
    size_t n, found = 0;

    if (!s->skips_months)
        return;
    for (int round = 0; round < 100 && found < SHORT_MONTHS_MAX; round++) {
        n = cv_recurrence_expand(&s->r, from, dates, CV_LEN(dates));
        for (size_t i = 0; i < n; i++) {
            cv_civil c = cv_civil_of_ticks(cv_minutes1601_to_ticks(dates[i]));
            if (c.day != s->r.day && found++ < SHORT_MONTHS_MAX)
                (void)add_deleted(s, dates[i]);
        }
        if (n == 0)
            break;
        from = dates[n - 1] + 1440;
    }
    if (found)
        say_unfit(s, cv_ical_prop_get(s->event, "RRULE"),
                  "the next months without that day are excluded");
}

/* Dates beside the rule: a series that ends can be held by another pattern. */
static void hold_extra_dates(series *s)
{
    const cv_ical_prop *prop = cv_ical_prop_get(s->event, "RDATE");

    if (!s->extra_dates)
        return;
    if (s->r.end_type == CV_RECUR_END_NEVER)
        say_unfit(s, prop, "an extra date is kept in the original only");
    else
        read_dates(s, prop, "extra dates", minutes_long(s->in));
}

static void apply_dates(series *s)
{
    each_date(s, "EXDATE", exclude);
    exclude_short_months(s);
    s->r.deleted_count = sort_unique(s->r.deleted, s->r.deleted_count);
    each_date(s, "RDATE", include);
    move_first(s);
    s->bare = s->r.exception_count;
    hold_extra_dates(s);
}

/* -- exceptions -- */

static void set_attachment(series *s, cv_attachment *a, cv_bag *bag,
                           const ical_import *sub, int64_t original_utc)
{
    cv_bag *p = a->props;

    (void)cv_bag_set_i32(p, CV_PidTagAttachMethod, 5);
    (void)cv_bag_set_i32(p, CV_PidTagAttachmentFlags, 2);
    (void)cv_bag_set_bool(p, CV_PidTagAttachmentHidden, true);
    (void)cv_bag_set_i32(p, CV_PidTagAttachFlags, 0);
    (void)cv_bag_set_i32(p, CV_PidTagAttachmentLinkId, 0);
    (void)cv_bag_set_binary(p, CV_PidTagAttachEncoding, CV_S(""));
    (void)cv_bag_set_i32(p, CV_PidTagRenderingPosition, -1);
    (void)cv_bag_set_string(
        p, CV_PidTagDisplayName,
        cv_bag_string_or(bag, CV_PidTagNormalizedSubject, CV_S("")));
    (void)cv_bag_set_ticks(p, CV_PidTagExceptionStartTime,
                           cv_timezone_to_local(&s->zone, sub->start.utc));
    (void)cv_bag_set_ticks(p, CV_PidTagExceptionEndTime,
                           cv_timezone_to_local(&s->zone, sub->end.utc));
    (void)cv_bag_set_ticks(p, CV_PidTagExceptionReplaceTime, original_utc);
}

/* Subject, location and the like, where they differ from the series'. */
static void set_overrides(const cv_bag *master, const cv_bag *bag,
                          cv_recur_exception *e)
{
    static const struct {
        cv_tag tag;
        uint16_t flag;
        size_t field;
    } numbers[] = {
        { CV_PidLidBusyStatus, CV_OVERRIDE_BUSY_STATUS,
          offsetof(cv_recur_exception, busy_status) },
        { CV_PidLidAppointmentSubType, CV_OVERRIDE_SUB_TYPE,
          offsetof(cv_recur_exception, sub_type) },
        { CV_PidLidReminderSet, CV_OVERRIDE_REMINDER_SET,
          offsetof(cv_recur_exception, reminder_set) },
        { CV_PidLidReminderDelta, CV_OVERRIDE_REMINDER_DELTA,
          offsetof(cv_recur_exception, reminder_delta) },
    };
    static const struct {
        cv_tag tag;
        uint16_t flag;
    } texts[] = { { CV_PidTagNormalizedSubject, CV_OVERRIDE_SUBJECT },
                  { CV_PidLidLocation, CV_OVERRIDE_LOCATION },
                  { CV_PidTagBody, CV_OVERRIDE_BODY } };
    cv_slice text;
    int32_t value;

    for (size_t i = 0; i < CV_LEN(numbers); i++) {
        if (!cv_bag_i32(bag, numbers[i].tag, &value) ||
            value == cv_bag_i32_or(master, numbers[i].tag, 0))
            continue;
        memcpy((char *)e + numbers[i].field, &value, sizeof(value));
        e->flags |= numbers[i].flag;
    }
    for (size_t i = 0; i < CV_LEN(texts); i++) {
        if (!cv_bag_string(bag, texts[i].tag, &text) ||
            cv_slice_eq(text, cv_bag_string_or(master, texts[i].tag, CV_S(""))))
            continue;
        e->flags |= texts[i].flag;
        if (texts[i].flag == CV_OVERRIDE_SUBJECT)
            e->subject = text;
        else if (texts[i].flag == CV_OVERRIDE_LOCATION)
            e->location = text;
    }
}

/* An exception without times of its own happens when the original did. */
static void inherit_times(series *s, ical_import *sub, const ical_moment *rid)
{
    sub->start = *rid;
    if (rid->is_date && !s->in->all_day) {
        uint32_t midnight;
        if (midnight_of(s, rid, &midnight))
            sub->start.local = cv_minutes1601_to_ticks(midnight) +
                               s->r.start_offset * ICAL_MINUTE;
        sub->start.utc = cv_timezone_to_utc(&s->zone, sub->start.local);
    }
    sub->end = sub->start;
    sub->end.utc += s->in->end.utc - s->in->start.utc;
    sub->all_day = s->in->all_day;
    cv_ical_set_times(sub, sub->start.utc, sub->end.utc);
}

/* The embedded message of an exception. */
static void import_exception(series *s, ical_import *sub,
                             const cv_ical_comp *event, const ical_moment *rid,
                             int64_t original_utc)
{
    (void)cv_bag_set_string(sub->bag, CV_PidTagMessageClass,
                            CV_S(EXCEPTION_CLASS));
    if (cv_ical_import_times(sub, event) != CV_OK)
        inherit_times(s, sub, rid);
    cv_ical_import_common(sub, event);
    cv_ical_import_people(sub, event);
    (void)cv_bag_set_ticks(sub->bag, CV_PidLidExceptionReplaceTime,
                           original_utc);
    (void)cv_bag_set_bool(sub->bag, CV_PidLidIsException, true);
    if (cv_bag_has(sub->bag, CV_PidTagBody))
        (void)cv_bag_set_bool(sub->bag, CV_PidLidFExceptionalBody, true);
    if (cv_object_recipient_count(sub->obj))
        (void)cv_bag_set_bool(s->in->bag, CV_PidLidFExceptionalAttendees, true);
}

static void note_exception(series *s, const ical_import *sub, uint32_t original)
{
    cv_recur_exception e = { .original = original };
    int64_t from = cv_timezone_to_local(&s->zone, sub->start.utc);
    int64_t to = cv_timezone_to_local(&s->zone, sub->end.utc);

    if (sub->all_day) {
        from = sub->start.local;
        to = sub->end.local;
    }
    if (cv_ticks_to_minutes1601(from, &e.start) != CV_OK ||
        cv_ticks_to_minutes1601(to, &e.end) != CV_OK)
        return;
    set_overrides(s->in->bag, sub->bag, &e);
    s->r.exceptions[s->r.exception_count++] = e;
}

static bool is_cancelled(const cv_ical_comp *event)
{
    const cv_ical_prop *prop = cv_ical_prop_get(event, "STATUS");
    return prop && cv_slice_ieq(cv_slice_trim(prop->value), CV_S("CANCELLED"));
}

/* What a date line moved gives way to an event that says more. */
static void drop_bare(series *s, uint32_t midnight)
{
    cv_recur_exception *e = s->r.exceptions;

    for (size_t i = 0; i < s->bare; i++)
        if (e[i].original / 1440 == midnight / 1440) {
            s->r.exception_count--;
            s->bare--;
            memmove(&e[i], &e[i + 1], (s->r.exception_count - i) * sizeof(*e));
            return;
        }
}

static bool has_exception(const series *s, uint32_t midnight)
{
    for (size_t i = s->bare; i < s->r.exception_count; i++)
        if (s->r.exceptions[i].original / 1440 == midnight / 1440)
            return true;
    return false;
}

/* Is the date left out of the pattern that holds an event's dates? */
static bool is_left_out(const series *s, uint32_t midnight)
{
    for (size_t i = 0; i < s->bare; i++)
        if (s->r.exceptions[i].original / 1440 == midnight / 1440)
            return false;
    for (size_t i = 0; s->is_cover && i < s->r.deleted_count; i++)
        if (s->r.deleted[i] == midnight)
            return true;
    return false;
}

static bool is_excluded(const series *s, uint32_t midnight)
{
    for (size_t i = 0; i < s->r.deleted_count; i++)
        if (s->r.deleted[i] == midnight)
            return true;
    return false;
}

/* Where the original instance stands: minutes with time of day. False when
 * there is none, after a finding. */
static bool find_original(series *s, const cv_ical_prop *rid,
                          const ical_moment *m, uint32_t *minutes)
{
    uint32_t midnight;

    if (!midnight_of(s, m, &midnight))
        return false;
    *minutes = midnight + s->r.start_offset;
    if (!s->has_pattern)
        return true;
    if (!cv_recurrence_is_instance(&s->r, midnight) ||
        is_left_out(s, midnight)) {
        say_unfit(s, rid, "no instance of the series: kept in the original");
        return false;
    }
    if (has_exception(s, midnight)) {
        say_unfit(s, rid,
                  "a second exception of one instance: kept in the "
                  "original");
        return false;
    }
    return true;
}

static int64_t utc_of_original(const series *s, const ical_moment *m,
                               uint32_t minutes)
{
    if (!s->has_pattern && !m->is_date)
        return m->utc;
    return cv_timezone_to_utc(&s->zone, cv_minutes1601_to_ticks(minutes));
}

/* The exception's times on the day of a later instance. */
static void shift_times(series *s, ical_import *sub, uint32_t minutes)
{
    int64_t length = sub->end.utc - sub->start.utc;
    int64_t shift = minutes * ICAL_MINUTE;

    if (minutes == 0)
        return;
    int64_t local = sub->all_day
                        ? sub->start.local
                        : cv_timezone_to_local(&s->zone, sub->start.utc);
    sub->start.local += shift;
    sub->end.local += shift;
    sub->start.utc = cv_timezone_to_utc(&s->zone, local + shift);
    sub->end.utc = sub->start.utc + length;
    cv_ical_set_times(sub, sub->start.utc, sub->end.utc);
}

/* An attachment with the embedded message of an exception whose RECURRENCE-ID
 * is `shift` minutes before `original`. */
static void attach_exception(series *s, const cv_ical_comp *event,
                             const ical_moment *m, uint32_t original,
                             uint32_t shift)
{
    cv_ical_context ctx = *s->in->ctx;
    ical_import sub = *s->in;
    cv_attachment *a = cv_object_add_attachment(s->in->obj);

    sub.obj = a ? cv_object_new_embedded(s->in->obj) : NULL;
    if (!sub.obj)
        return;
    a->embedded = sub.obj;
    sub.bag = cv_object_props(sub.obj);
    ctx.subject = CV_S("");
    sub.ctx = &ctx;
    sub.responder = NULL;
    int64_t utc = utc_of_original(s, m, original);
    import_exception(s, &sub, event, m, utc);
    shift_times(s, &sub, shift);
    set_attachment(s, a, sub.bag, &sub, utc);
    if (s->has_pattern)
        note_exception(s, &sub, original);
    s->in->zones = sub.zones; /* zones it met first */
}

static bool exclude_for_exception(series *s, uint32_t midnight)
{
    drop_bare(s, midnight);
    return add_deleted(s, midnight);
}

static void add_exception(series *s, const cv_ical_comp *event)
{
    const cv_ical_prop *rid = cv_ical_prop_get(event, "RECURRENCE-ID");
    ical_moment m;
    uint32_t original;

    if (!rid ||
        cv_ical_moment_parse(&s->in->zones, rid, rid->value, &m) != CV_OK ||
        !find_original(s, rid, &m, &original))
        return;
    if (s->has_pattern && !exclude_for_exception(s, original - original % 1440))
        return;
    /* In a cancellation of the whole everything is marked so. */
    if (is_cancelled(event) && s->has_pattern && !is_cancelled(s->event))
        return;
    attach_exception(s, event, &m, original, 0);
}

/* -- RANGE=THISANDFUTURE: the following instances, too -- */

static bool has_range(const cv_ical_comp *event)
{
    return cv_slice_ieq(
        cv_line_param_get(cv_ical_prop_get(event, "RECURRENCE-ID"), "RANGE"),
        CV_S("THISANDFUTURE"));
}

/* A series that is called off from an instance on ends before it. */
static void end_before(series *s, const cv_ical_prop *rid, uint32_t midnight)
{
    if (midnight <= s->r.start_date)
        return; /* the first one: nothing of it is left but its dates */
    s->r.end_type = CV_RECUR_END_DATE;
    s->r.end_date = midnight - 1440;
    cv_recurrence_finish(&s->r);
    say_unfit(s, rid, "RANGE: the series ends before this instance");
}

/* Each following instance that has no exception of its own gets this one, at
 * the same distance from the original. */
static void add_following(series *s, const cv_ical_comp *event)
{
    const cv_ical_prop *rid = cv_ical_prop_get(event, "RECURRENCE-ID");
    uint32_t dates[RANGE_MAX + 1], original;
    ical_moment m;

    if (cv_ical_moment_parse(&s->in->zones, rid, rid->value, &m) != CV_OK ||
        !midnight_of(s, &m, &original))
        return;
    if (is_cancelled(event)) {
        end_before(s, rid, original);
        return;
    }
    size_t count =
        cv_recurrence_expand(&s->r, original + 1440, dates, RANGE_MAX + 1);
    for (size_t i = 0; i < count && i < RANGE_MAX; i++) {
        if (has_exception(s, dates[i]) || is_left_out(s, dates[i]) ||
            is_excluded(s, dates[i]) || s->r.exception_count >= s->room ||
            !exclude_for_exception(s, dates[i]))
            continue;
        attach_exception(s, event, &m, dates[i] + s->r.start_offset,
                         dates[i] - original);
    }
    say_unfit(s, rid,
              count > RANGE_MAX
                  ? "RANGE: the next 100 instances are changed, later ones "
                    "in the original only"
                  : "RANGE: each following instance is changed");
}

/* The later of two ranges begins anew what the earlier one changed. */
static const cv_ical_comp *latest_range(const series *s, int64_t before,
                                        int64_t *at)
{
    const cv_ical_comp *found = NULL;

    for (size_t i = 0; i < s->in->item->exception_count; i++) {
        const cv_ical_comp *event = s->in->item->exceptions[i];
        const cv_ical_prop *rid = cv_ical_prop_get(event, "RECURRENCE-ID");
        ical_moment m;
        if (has_range(event) &&
            cv_ical_moment_parse(&s->in->zones, rid, rid->value, &m) == CV_OK &&
            m.utc < before && (!found || m.utc > *at)) {
            *at = m.utc;
            found = event;
        }
    }
    return found;
}

static void apply_ranges(series *s)
{
    int64_t before = INT64_MAX, at = 0;
    const cv_ical_comp *event;

    for (int i = 0; i < RANGES_MAX && s->has_pattern; i++) {
        event = latest_range(s, before, &at);
        if (!event)
            return;
        add_following(s, event);
        before = at;
    }
}

/* -- storing -- */

static int compare_exceptions(const void *a, const void *b)
{
    const cv_recur_exception *x = a, *y = b;
    return compare_minutes(&x->start, &y->start);
}

static void sort_dates(series *s)
{
    cv_recurrence *r = &s->r;

    r->deleted_count = sort_unique(r->deleted, r->deleted_count);
    qsort(r->exceptions, r->exception_count, sizeof(*r->exceptions),
          compare_exceptions);
    for (size_t i = 0; i < r->exception_count; i++)
        r->modified[i] = r->exceptions[i].start - r->exceptions[i].start % 1440;
    r->modified_count = r->exception_count;
}

static void set_zone(series *s)
{
    ical_import *in = s->in;
    int64_t year = cv_civil_of_ticks(in->start.local).year;
    cv_timezone tz = cv_ical_zone_since(in->arena, &s->zone, year - 1);
    const cv_tz_rule *rule = cv_timezone_rule(&tz, year);
    cv_buf buf;

    tz.effective = (size_t)(rule - tz.rules);
    cv_buf_init(&buf, 0);
    cv_tzreg_put(&buf, rule);
    (void)cv_bag_set_binary(in->bag, CV_PidLidTimeZoneStruct,
                            cv_buf_slice(&buf));
    cv_buf_reset(&buf);
    cv_tzdef_put(&buf, &tz, 3);
    (void)cv_bag_set_binary(in->bag,
                            CV_PidLidAppointmentTimeZoneDefinitionRecur,
                            cv_buf_slice(&buf));
    /* A series in UTC has local time, too: UTC's. */
    if (!cv_bag_has(in->bag,
                    CV_PidLidAppointmentTimeZoneDefinitionStartDisplay)) {
        cv_buf_reset(&buf);
        cv_tzdef_put(&buf, &tz, 2);
        (void)cv_bag_set_binary(
            in->bag, CV_PidLidAppointmentTimeZoneDefinitionStartDisplay,
            cv_buf_slice(&buf));
        (void)cv_bag_set_binary(
            in->bag, CV_PidLidAppointmentTimeZoneDefinitionEndDisplay,
            cv_buf_slice(&buf));
    }
    cv_buf_clear(&buf);
    (void)cv_bag_set_string(in->bag, CV_PidLidTimeZoneDescription,
                            in->start.zone ? in->start.zone->tzid
                                           : tz.key_name);
}

static void set_series(series *s)
{
    ical_import *in = s->in;
    int32_t flags = cv_bag_i32_or(in->bag, CV_PidLidAppointmentStateFlags, 0);
    cv_buf buf;

    sort_dates(s);
    cv_buf_init(&buf, 0);
    cv_recurrence_put(&buf, &s->r);
    (void)cv_bag_set_binary(in->bag, CV_PidLidAppointmentRecur,
                            cv_buf_slice(&buf));
    cv_buf_clear(&buf);
    (void)cv_bag_set_bool(in->bag, CV_PidLidRecurring, true);
    if (in->method != ICAL_PUBLISH)
        (void)cv_bag_set_bool(in->bag, CV_PidLidIsRecurring, true);
    else
        (void)cv_bag_set_i32(in->bag, CV_PidTagIconIndex,
                             flags ? 0x403 : 0x401);
    (void)cv_bag_set_i32(in->bag, CV_PidLidRecurrenceType,
                         s->r.frequency - CV_RECUR_DAILY + 1);
    (void)cv_bag_set_string(in->bag, CV_PidLidRecurrencePattern,
                            cv_recurrence_describe(in->arena, &s->r));
    (void)cv_bag_set_ticks(in->bag, CV_PidLidClipStart,
                           cv_minutes1601_to_ticks(s->r.start_date));
    (void)cv_bag_set_ticks(in->bag, CV_PidLidClipEnd,
                           cv_minutes1601_to_ticks(s->r.end_date));
    set_zone(s);
}

/* Room for every date that the lines can give. */
static void count_room(series *s)
{
    const cv_ical_item *item = s->in->item;
    size_t room = item->exception_count + SHORT_MONTHS_MAX + 1;

    for (size_t i = 0, ranges = 0; i < item->exception_count; i++)
        if (has_range(item->exceptions[i]) && ranges++ < RANGES_MAX)
            room += RANGE_MAX;

    for (size_t i = 0; i < s->event->prop_count; i++) {
        cv_slice v = s->event->props[i].value;
        if (!cv_slice_eq(s->event->props[i].name, CV_S("EXDATE")))
            continue;
        room++;
        for (size_t k = 0; k < v.len; k++)
            room += v.ptr[k] == ',';
    }
    s->room = room > CV_LIMIT_RECUR_DATES ? CV_LIMIT_RECUR_DATES : room;
}

static bool make_room(series *s)
{
    cv_arena *arena = s->in->arena;

    s->r.deleted = cv_arena_array(arena, s->room, sizeof(*s->r.deleted));
    s->r.modified = cv_arena_array(arena, s->room, sizeof(*s->r.modified));
    s->r.exceptions = cv_arena_array(arena, s->room, sizeof(*s->r.exceptions));
    s->taken = cv_arena_array(arena, s->room, sizeof(*s->taken));
    return s->r.deleted && s->r.modified && s->r.exceptions && s->taken;
}

static cv_timezone series_zone(const ical_import *in)
{
    if (in->start.zone)
        return in->start.zone->tz;
    if (in->start.is_floating && in->zones.mailbox)
        return *in->zones.mailbox;
    return cv_timezone_utc(in->arena);
}

void cv_ical_import_series(ical_import *in, const cv_ical_comp *event)
{
    series s = { .in = in, .event = event, .zone = series_zone(in) };

    if (in->start.utc == 0 && in->start.local == 0)
        return; /* a cancellation without a start */
    if (!in->item->master)
        return;
    count_room(&s);
    read_rule(&s);
    if (!s.is_cover && !make_room(&s))
        return;
    if (s.has_pattern && !s.is_cover)
        apply_dates(&s);
    for (size_t i = 0; i < in->item->exception_count; i++) {
        if (s.has_pattern && s.r.exception_count >= s.room)
            break;
        add_exception(&s, in->item->exceptions[i]);
    }
    apply_ranges(&s);
    if (s.has_pattern)
        set_series(&s);
}
