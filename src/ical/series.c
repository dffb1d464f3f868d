/* series.c - recurrence and exceptions, read into blob and attachments.
 *
 * What a pattern cannot hold stays a single event; the calendar's own text is
 * then kept in PidLidInboundICalStream, so that it can go out again.
 * Source: [MS-OXCICAL] 2.1.3.1.1.20.13, .18, .19, .20; [MS-OXOCAL] 2.2.10;
 * spec recurrence.md 5, 7 and 8.
 */
#include "ical/ical_private.h"

#include <stdlib.h>
#include <string.h>

#define BOUNDED_COUNT 100 /* of a series whose UNTIL cannot be read */
#define COUNT_MAX 999     /* more is written as an end date */
#define EXCEPTION_CLASS "IPM.OLE.CLASS.{00061055-0000-0000-C000-000000000046}"

typedef struct series {
    ical_import *in;
    const cv_ical_comp *event;
    bool has_pattern;
    cv_recurrence r;
    cv_timezone zone;
    size_t room; /* of r.deleted, r.exceptions, taken */
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

static int64_t to_series_local(const series *s, const ical_moment *m)
{
    if (m->is_date || m->is_floating)
        return m->local;
    return cv_timezone_to_local(&s->zone, m->utc);
}

/* The last day in the series' time. */
static int64_t until_of(series *s, ical_rrule *rule, const cv_ical_prop *prop)
{
    if (rule->until_is_bad) {
        say_unfit(s, prop, "UNTIL cannot be read: bounded to 100 instances");
        if (rule->count == 0 || rule->count > BOUNDED_COUNT)
            rule->count = BOUNDED_COUNT;
    }
    if (!rule->has_until)
        return ICAL_NO_TIME;
    int64_t ticks = cv_civil_to_ticks(&rule->until.at);
    if (rule->until.is_utc && !s->in->all_day)
        return cv_timezone_to_local(&s->zone, ticks);
    return ticks;
}

/* RRULE is the last line of its kind that any pattern may come from. */
static const cv_ical_prop *only_rule(series *s)
{
    const cv_ical_prop *rule = cv_ical_prop_get(s->event, "RRULE");
    const cv_ical_prop *other = cv_ical_prop_get(s->event, "X-MICROSOFT-RRULE");
    const cv_ical_prop *more = cv_ical_prop_get(s->event, "EXRULE");
    const cv_ical_prop *dates = cv_ical_prop_get(s->event, "RDATE");

    if (!rule && other)
        say_unfit(s, other, "a calendar that is not Gregorian: single event");
    else if (!rule && dates)
        say_unfit(s, dates, "dates without a rule: single event");
    if (!rule)
        return NULL;
    if (more || count_props(s->event, "RRULE") > 1) {
        say_unfit(s, more ? more : rule, "several rules: single event");
        return NULL;
    }
    return rule;
}

static void limit_count(cv_recurrence *r)
{
    if (r->end_type == CV_RECUR_END_COUNT && r->count > COUNT_MAX)
        r->end_type = CV_RECUR_END_DATE;
}

/* A start that the rule does not hit moves to its first date. */
static void follow_start(series *s, const cv_ical_prop *prop)
{
    ical_import *in = s->in;
    int64_t first = cv_minutes1601_to_ticks(s->r.start_date);
    int64_t shift =
        first -
        (in->start.local - (in->start.local % ICAL_DAY + ICAL_DAY) % ICAL_DAY);
    if (shift == 0)
        return;
    say_unfit(s, prop, "the start moved to the rule's first date");
    int64_t length = in->end.utc - in->start.utc;
    in->start.local += shift;
    in->start.utc = cv_timezone_to_utc(&s->zone, in->start.local);
    in->end.local += shift;
    in->end.utc = in->start.utc + length;
    cv_ical_set_times(in, in->start.utc, in->end.utc);
}

static void set_offsets(series *s)
{
    const ical_import *in = s->in;
    int64_t minutes = (in->end.utc - in->start.utc) / ICAL_MINUTE;

    if (in->all_day) {
        s->r.start_offset = 0;
        minutes = (in->end.local - in->start.local) / ICAL_MINUTE;
    }
    if (minutes < 0 || minutes > INT32_MAX)
        minutes = 0;
    s->r.end_offset = s->r.start_offset + (uint32_t)minutes;
}

static void read_rule(series *s)
{
    const cv_ical_prop *prop = only_rule(s);
    const char *why = "no FREQ: single event";
    ical_rrule rule;

    if (!prop)
        return;
    if (cv_ical_rrule_parse(s->in->arena, prop->value, &rule) != CV_OK) {
        say_unfit(s, prop, why);
        return;
    }
    if (rule.repaired)
        cv_ical_say(s->in, CV_RULE_ICAL_RRULE, prop, "RRULE",
                    "parts that cannot be read were left out");
    int64_t until = until_of(s, &rule, prop);
    if (rule.count && rule.has_until)
        cv_ical_say(s->in, CV_RULE_ICAL_RRULE, prop, "RRULE",
                    "UNTIL and COUNT: the earlier end counts");
    if (cv_ical_rrule_to_pattern(&rule, s->in->start.local, until, &s->r,
                                 &why) != CV_OK) {
        say_unfit(
            s, prop,
            (const char *)cv_arena_printf(s->in->arena, "%s: single event", why)
                .ptr);
        return;
    }
    limit_count(&s->r);
    follow_start(s, prop);
    set_offsets(s);
    s->has_pattern = true;
}

/* -- EXDATE, RDATE -- */

/* Midnight of a moment in series time; false when it has none. */
static bool midnight_of(const series *s, const ical_moment *m, uint32_t *out)
{
    int64_t local = to_series_local(s, m);
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
    int64_t local = to_series_local(s, m);

    if (cv_ticks_to_minutes1601(local, &minutes) != CV_OK)
        return;
    midnight = minutes - minutes % 1440;
    size_t moved = nearest_excluded(s, midnight);
    if (moved == CV_NPOS || !stays_between(s, s->r.deleted[moved], midnight)) {
        if (!cv_recurrence_is_instance(&s->r, midnight))
            say_unfit(s, prop, "an extra date is kept in the original only");
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
                say_unfit(s, prop, "more dates than a series may have");
                return;
            }
            item = cv_slice_cut(&item, '/'); /* a period's start */
            /* Without a zone DTSTART's is meant (C143). */
            if (item.len &&
                cv_ical_moment_parse(&s->in->zones, prop, item, &m) == CV_OK)
                take(s, prop, &m);
        }
    }
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

static bool has_exception(const series *s, uint32_t midnight)
{
    for (size_t i = 0; i < s->r.exception_count; i++)
        if (s->r.exceptions[i].original / 1440 == midnight / 1440)
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
    if (!cv_recurrence_is_instance(&s->r, midnight)) {
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

static void add_exception(series *s, const cv_ical_comp *event)
{
    const cv_ical_prop *rid = cv_ical_prop_get(event, "RECURRENCE-ID");
    cv_ical_context ctx = *s->in->ctx;
    ical_import sub = *s->in;
    ical_moment m;
    uint32_t original;

    if (!rid ||
        cv_ical_moment_parse(&s->in->zones, rid, rid->value, &m) != CV_OK ||
        !find_original(s, rid, &m, &original))
        return;
    if (cv_slice_ieq(cv_line_param_get(rid, "RANGE"), CV_S("THISANDFUTURE")))
        say_unfit(s, rid, "RANGE is not kept: this instance only");
    if (s->has_pattern && !add_deleted(s, original - original % 1440))
        return;
    if (is_cancelled(event) && s->has_pattern)
        return;

    cv_attachment *a = cv_object_add_attachment(s->in->obj);
    sub.obj = a ? cv_object_new_embedded(s->in->obj) : NULL;
    if (!sub.obj)
        return;
    a->embedded = sub.obj;
    sub.bag = cv_object_props(sub.obj);
    ctx.subject = CV_S("");
    sub.ctx = &ctx;
    sub.responder = NULL;
    int64_t utc = utc_of_original(s, &m, original);
    import_exception(s, &sub, event, &m, utc);
    set_attachment(s, a, sub.bag, &sub, utc);
    if (s->has_pattern)
        note_exception(s, &sub, original);
    s->in->zones = sub.zones; /* zones it met first */
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
static bool make_room(series *s)
{
    size_t room = s->in->item->exception_count + 1;

    for (size_t i = 0; i < s->event->prop_count; i++) {
        cv_slice v = s->event->props[i].value;
        if (!cv_slice_eq(s->event->props[i].name, CV_S("EXDATE")))
            continue;
        room++;
        for (size_t k = 0; k < v.len; k++)
            room += v.ptr[k] == ',';
    }
    s->room = room > CV_LIMIT_RECUR_DATES ? CV_LIMIT_RECUR_DATES : room;
    s->r.deleted = cv_arena_array(s->in->arena, s->room, sizeof(*s->r.deleted));
    s->r.modified =
        cv_arena_array(s->in->arena, s->room, sizeof(*s->r.modified));
    s->r.exceptions =
        cv_arena_array(s->in->arena, s->room, sizeof(*s->r.exceptions));
    s->taken = cv_arena_array(s->in->arena, s->room, sizeof(*s->taken));
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
    read_rule(&s);
    if (!make_room(&s))
        return;
    if (s.has_pattern) {
        each_date(&s, "EXDATE", exclude);
        s.r.deleted_count = sort_unique(s.r.deleted, s.r.deleted_count);
        each_date(&s, "RDATE", include);
    }
    for (size_t i = 0; i < in->item->exception_count; i++) {
        if (s.has_pattern && s.r.exception_count >= s.room)
            break;
        add_exception(&s, in->item->exceptions[i]);
    }
    if (s.has_pattern)
        set_series(&s);
}
