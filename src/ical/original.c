/* original.c - the rules an event came with, written again.
 *
 * Rules that Exchange cannot hold become dates when they are read. As long as
 * nobody has changed these dates, the lines that made them say it better.
 * Source: spec recurrence.md 7.
 */
#include "ical/ical_private.h"

#include <string.h>

static void put_kept_dates(ical_export *ex, const cv_ical_prop *prop,
                           ical_zones *zones)
{
    cv_slice rest = prop->value;
    char *name = cv_arena_cstr(ex->arena, prop->name);

    while (name && rest.ptr) {
        cv_slice item = cv_slice_trim(cv_slice_cut(&rest, ','));
        ical_moment m;
        item = cv_slice_cut(&item, '/');
        if (item.len && cv_ical_moment_parse(zones, prop, item, &m) == CV_OK)
            cv_ical_export_moment(ex, name, m.utc, ex->has_start_zone,
                                  &ex->start_zone);
    }
}

static void put_kept_rule(ical_export *ex, const cv_ical_prop *prop)
{
    cv_line_begin_slice(&ex->w, prop->name);
    cv_line_colon(&ex->w);
    cv_line_raw(&ex->w, cv_slice_trim(prop->value));
    cv_line_end(&ex->w);
}

void cv_ical_export_original_rules(ical_export *ex)
{
    const cv_ical_comp *event = ex->original;

    for (size_t i = 0; i < event->prop_count; i++) {
        const cv_ical_prop *prop = &event->props[i];
        if (cv_slice_eq(prop->name, CV_S("RRULE")) ||
            cv_slice_eq(prop->name, CV_S("EXRULE")))
            put_kept_rule(ex, prop);
        else if (cv_slice_eq(prop->name, CV_S("RDATE")) ||
                 cv_slice_eq(prop->name, CV_S("EXDATE")))
            put_kept_dates(ex, prop, &ex->original_zones);
    }
}

/* "20MO" is grammatical, but python3-icalendar and others refuse two digits. */
static bool is_read_by_all(const ical_rrule *rule)
{
    for (size_t i = 0; i < rule->by_day_count; i++)
        if (rule->by_day[i].nth > 9 || rule->by_day[i].nth < -9)
            return false;
    return true;
}

/* What was repaired when it was read does not go out as it was. */
static bool is_clean(ical_export *ex, const cv_ical_comp *event)
{
    ical_rrule rule;

    for (size_t i = 0; i < event->prop_count; i++) {
        const cv_ical_prop *prop = &event->props[i];
        if (!cv_slice_eq(prop->name, CV_S("RRULE")) &&
            !cv_slice_eq(prop->name, CV_S("EXRULE")))
            continue;
        if (cv_ical_rrule_has_other_scale(ex->arena, prop->value))
            continue; /* nothing of it was read, nothing repaired */
        if (cv_ical_rrule_parse(ex->arena, prop->value, &rule) != CV_OK ||
            rule.repaired || rule.until_is_bad ||
            (rule.count && rule.has_until) || !is_read_by_all(&rule))
            return false;
    }
    return true;
}

static bool same_dates(const uint32_t *a, size_t a_count, const uint32_t *b,
                       size_t b_count)
{
    return a_count == b_count &&
           (a_count == 0 || memcmp(a, b, a_count * sizeof(*a)) == 0);
}

static bool same_series(const cv_recurrence *a, const cv_recurrence *b)
{
    if (a->pattern != b->pattern || a->period != b->period ||
        a->day_mask != b->day_mask || a->nth != b->nth || a->day != b->day ||
        a->end_type != b->end_type || a->count != b->count ||
        a->start_date != b->start_date || a->end_date != b->end_date ||
        a->start_offset != b->start_offset || a->end_offset != b->end_offset ||
        a->exception_count != b->exception_count ||
        !same_dates(a->deleted, a->deleted_count, b->deleted, b->deleted_count))
        return false;
    for (size_t i = 0; i < a->exception_count; i++)
        if (a->exceptions[i].start != b->exceptions[i].start ||
            a->exceptions[i].end != b->exceptions[i].end ||
            a->exceptions[i].original != b->exceptions[i].original)
            return false;
    return true;
}

/* Does the event make this object's dates, read anew? */
static bool makes_these_dates(ical_export *ex, const cv_object *again)
{
    const cv_bag *bag = cv_object_props(again);
    cv_recurrence r;
    int64_t start;
    cv_slice blob;
    bool damaged;

    if (cv_bag_binary(bag, CV_PidLidAppointmentRecur, &blob))
        return ex->is_series &&
               cv_recurrence_parse(ex->arena, blob, 1252, &r, &damaged, NULL) ==
                   CV_OK &&
               same_series(&r, &ex->series);
    return !ex->is_series &&
           cv_bag_ticks(bag, CV_PidLidAppointmentStartWhole, &start) &&
           start == ex->start;
}

static void compare_original(ical_export *ex, const cv_ical_item *item,
                             cv_object *again)
{
    cv_ical_context ctx = { .date_ticks = INT64_MIN,
                            .received_ticks = INT64_MIN,
                            .zone =
                                ex->has_start_zone ? &ex->start_zone : NULL };
    const cv_bag *bag = cv_object_props(again);
    bool usable;

    if (cv_ical_to_object(item, &ctx, again, &usable, NULL, NULL) != CV_OK ||
        !usable || !makes_these_dates(ex, again))
        return;
    ex->original = item->master;
    (void)cv_bag_ticks(bag, CV_PidLidAppointmentStartWhole, &ex->start);
    (void)cv_bag_ticks(bag, CV_PidLidAppointmentEndWhole, &ex->end);
}

void cv_ical_find_original(ical_export *ex)
{
    cv_object *again = NULL;
    cv_ical_comp *root;
    cv_ical_item *items;
    cv_slice stream;
    size_t count;

    /* The rule that an added instance came with is not its own. */
    if (ex->start == ICAL_NO_TIME ||
        cv_bag_bool_or(ex->bag, CV_PidLidIsException, false) ||
        !cv_bag_binary(ex->bag, CV_PidLidInboundICalStream, &stream) ||
        cv_ical_parse(ex->arena, stream, &root, NULL, NULL) != CV_OK ||
        cv_ical_items(ex->arena, root, &items, &count, NULL, NULL) != CV_OK ||
        count == 0 || !items[0].master || !is_clean(ex, items[0].master) ||
        cv_object_new(0, &again, NULL) != CV_OK)
        return;
    ex->original_zones = (ical_zones){
        .arena = ex->arena,
        .calendar = items[0].calendar,
        .mailbox = ex->has_start_zone ? &ex->start_zone : NULL,
    };
    compare_original(ex, &items[0], again);
    cv_object_free(&again);
}
