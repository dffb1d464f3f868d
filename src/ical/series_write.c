/* series_write.c - RRULE, EXDATE and the exceptions of a series, written.
 * Source: [MS-OXCICAL] 2.1.3.2.2; [MS-OXOCAL] 2.2.10; spec recurrence.md 6, 8.
 */
#include "ical/ical_private.h"

#define EXCEPTION_CLASS CV_S("IPM.OLE.CLASS.{00061055")

/* UTC of a series' local minutes. */
static int64_t utc_of(const ical_export *ex, uint32_t minutes)
{
    int64_t local = cv_minutes1601_to_ticks(minutes);
    return ex->has_start_zone ? cv_timezone_to_utc(&ex->start_zone, local)
                              : local - ex->day_offset;
}

/* -- rules -- */

static void put_until(ical_export *ex)
{
    cv_buf_put_str(&ex->w.line, ";UNTIL=");
    if (ex->all_day) {
        cv_ical_time_put(&ex->w.line,
                         cv_minutes1601_to_ticks(ex->series.end_date), true);
        return;
    }
    cv_ical_time_put(&ex->w.line,
                     utc_of(ex, ex->series.end_date + ex->series.start_offset),
                     false);
    cv_buf_put_byte(&ex->w.line, 'Z');
}

static void export_rule(ical_export *ex)
{
    const cv_recurrence *r = &ex->series;

    cv_line_begin(&ex->w, "RRULE:");
    cv_ical_rrule_put(&ex->w.line, r);
    if (r->end_type == CV_RECUR_END_COUNT)
        cv_buf_printf(&ex->w.line, ";COUNT=%u", r->count);
    else if (r->end_type == CV_RECUR_END_DATE &&
             r->end_date < CV_MINUTES_ENDLESS - 1440 * 123)
        put_until(ex);
    cv_line_end(&ex->w);
}

static bool is_moved(const cv_recurrence *r, uint32_t midnight)
{
    for (size_t i = 0; i < r->exception_count; i++)
        if (r->exceptions[i].original / 1440 == midnight / 1440)
            return true;
    return false;
}

static void export_exdates(ical_export *ex)
{
    const cv_recurrence *r = &ex->series;

    for (size_t i = 0; i < r->deleted_count; i++) {
        if (is_moved(r, r->deleted[i]))
            continue;
        if (!cv_recurrence_is_instance(r, r->deleted[i]))
            cv_ical_export_say(ex, CV_RULE_ICAL_RRULE, "PidLidAppointmentRecur",
                               "an excluded date is no instance: left out");
        else
            cv_ical_export_moment(ex, "EXDATE",
                                  utc_of(ex, r->deleted[i] + r->start_offset),
                                  ex->has_start_zone, &ex->start_zone);
    }
}

void cv_ical_export_series_rules(ical_export *ex)
{
    if (ex->original)
        cv_ical_export_original_rules(ex);
    if (ex->original || !ex->is_series)
        return;
    export_rule(ex);
    if (ex->method & ICAL_SENT)
        export_exdates(ex);
}

/* -- exceptions -- */

static const cv_object *embedded_exception(const cv_object *obj, size_t index)
{
    const cv_attachment *a = cv_object_attachment(obj, index);
    int32_t flags = cv_bag_i32_or(a->props, CV_PidTagAttachmentFlags, 0);

    if (!a->embedded)
        return NULL;
    return (flags & 2) || cv_slice_istarts(cv_object_class(a->embedded),
                                           EXCEPTION_CLASS)
               ? a->embedded
               : NULL;
}

/* Original start in UTC by what the attachment says. */
static bool attachment_original(const cv_object *obj, size_t index,
                                int64_t *utc)
{
    const cv_attachment *a = cv_object_attachment(obj, index);

    return cv_bag_ticks(cv_object_props(a->embedded),
                        CV_PidLidExceptionReplaceTime, utc) ||
           cv_bag_ticks(a->props, CV_PidTagExceptionReplaceTime, utc);
}

/* Minutes of the series' local time; UINT32_MAX when it has none. */
static uint32_t local_minutes(const ical_export *ex, int64_t utc)
{
    uint32_t minutes;
    int64_t local = ex->has_start_zone
                        ? cv_timezone_to_local(&ex->start_zone, utc)
                        : utc + ex->day_offset;
    return cv_ticks_to_minutes1601(local, &minutes) == CV_OK ? minutes
                                                             : UINT32_MAX;
}

/* Where an attachment's exception was, in the series' minutes: by original
 * start, or by the new one. */
typedef struct place {
    const cv_object *sub; /* NULL: no exception */
    uint32_t original, start;
} place;

static place place_of(const ical_export *ex, size_t index)
{
    place p = { .sub = embedded_exception(ex->obj, index),
                .original = UINT32_MAX,
                .start = UINT32_MAX };
    int64_t ticks;

    if (!p.sub)
        return p;
    if (attachment_original(ex->obj, index, &ticks))
        p.original = local_minutes(ex, ticks);
    else if (!cv_bag_ticks(cv_object_attachment(ex->obj, index)->props,
                           CV_PidTagExceptionStartTime, &ticks) ||
             cv_ticks_to_minutes1601(ticks, &p.start) != CV_OK)
        p.start = UINT32_MAX;
    return p;
}

/* The attachment of an exception of the blob, NULL when it has none. */
static const cv_object *find_embedded(const place *places, size_t count,
                                      const cv_recur_exception *e)
{
    const cv_object *same_day = NULL;

    for (size_t i = 0; i < count; i++) {
        const place *p = &places[i];
        if (p->sub && (p->original == e->original || p->start == e->start))
            return p->sub;
        if (p->sub && p->original / 1440 == e->original / 1440)
            same_day = p->sub;
    }
    return same_day;
}

/* A copy that shares what the values point to. */
static bool put_all(cv_bag *to, const cv_bag *from)
{
    for (size_t i = 0; i < cv_bag_count(from); i++) {
        const cv_prop *prop = cv_bag_at(from, i);
        if (cv_bag_put(to, prop->tag, &prop->value, NULL) != CV_OK)
            return false;
    }
    return true;
}

/* The series' bag with an exception's values over it. */
static cv_bag *merged_bag(ical_export *ex, const cv_object *sub,
                          const cv_recur_exception *e)
{
    /* The exception's own: what the series has must not show through. */
    static const cv_tag own[] = { CV_PidNameConvokeIcalLines,
                                  CV_PidLidInboundICalStream,
                                  CV_PidTagCreationTime,
                                  CV_PidTagLastModificationTime };
    cv_bag *bag = cv_bag_new(ex->arena);

    if (!bag || !put_all(bag, ex->bag))
        return NULL;
    for (size_t i = 0; sub && i < CV_LEN(own); i++)
        cv_bag_remove(bag, own[i]);
    if (sub && !put_all(bag, cv_object_props(sub)))
        return NULL;
    if (!e)
        return bag;
    if (e->flags & CV_OVERRIDE_SUBJECT)
        (void)cv_bag_set_string(bag, CV_PidTagNormalizedSubject, e->subject);
    if (e->flags & CV_OVERRIDE_LOCATION)
        (void)cv_bag_set_string(bag, CV_PidLidLocation, e->location);
    if (e->flags & CV_OVERRIDE_BUSY_STATUS)
        (void)cv_bag_set_i32(bag, CV_PidLidBusyStatus, e->busy_status);
    if (e->flags & CV_OVERRIDE_REMINDER_SET)
        (void)cv_bag_set_bool(bag, CV_PidLidReminderSet, e->reminder_set != 0);
    if (e->flags & CV_OVERRIDE_REMINDER_DELTA)
        (void)cv_bag_set_i32(bag, CV_PidLidReminderDelta, e->reminder_delta);
    return bag;
}

typedef struct span {
    int64_t start, end, original; /* UTC */
    bool all_day;
} span;

/* Writes one exception as an event of its own; the series' state is put back
 * afterwards. */
static void export_exception(ical_export *ex, const cv_object *sub,
                             const cv_recur_exception *e, const span *s)
{
    ical_export saved = *ex;
    cv_bag *bag = merged_bag(ex, sub, e);

    if (!bag)
        return;
    cv_line_put_literal(&ex->w, "BEGIN:VEVENT");
    ex->bag = bag;
    cv_ical_kept_parse(ex, bag);
    cv_ical_export_people(ex, sub ? sub : ex->obj);
    /* RECURRENCE-ID has the form of the series' DTSTART. */
    cv_ical_export_moment(ex, "RECURRENCE-ID", s->original, ex->has_start_zone,
                          &ex->start_zone);
    ex->start = s->start;
    ex->end = s->end < s->start ? s->start : s->end;
    ex->all_day = s->all_day;
    cv_ical_export_common(ex, bag);
    cv_line_put_literal(&ex->w, "END:VEVENT");
    saved.w = ex->w;
    *ex = saved;
}

static void export_from_blob(ical_export *ex, const cv_object *sub,
                             const cv_recur_exception *e)
{
    bool all_day =
        e->flags & CV_OVERRIDE_SUB_TYPE ? e->sub_type != 0 : ex->all_day;
    span s = { utc_of(ex, e->start), utc_of(ex, e->end),
               utc_of(ex, e->original), all_day };

    if (!cv_ticks_is_valid(s.start) || !cv_ticks_is_valid(s.original)) {
        cv_ical_export_say(ex, CV_RULE_BAD_TIME, "PidLidAppointmentRecur",
                           "an exception without a moment was left out");
        return;
    }
    export_exception(ex, sub, e, &s);
}

/* Exceptions that no pattern knows of (C061). */
static void export_from_attachments(ical_export *ex)
{
    for (size_t i = 0; i < cv_object_attachment_count(ex->obj); i++) {
        const cv_object *sub = embedded_exception(ex->obj, i);
        span s;
        if (!sub || !attachment_original(ex->obj, i, &s.original))
            continue;
        const cv_bag *bag = cv_object_props(sub);
        s.all_day =
            cv_bag_bool_or(bag, CV_PidLidAppointmentSubType, ex->all_day);
        if (!cv_bag_ticks(bag, CV_PidLidAppointmentStartWhole, &s.start))
            s.start = s.original;
        if (!cv_bag_ticks(bag, CV_PidLidAppointmentEndWhole, &s.end))
            s.end = s.start + (ex->end - ex->start);
        export_exception(ex, sub, NULL, &s);
    }
}

void cv_ical_export_exceptions(ical_export *ex)
{
    if (!(ex->method & ICAL_SENT) || ex->start == ICAL_NO_TIME)
        return;
    if (!ex->is_series) {
        export_from_attachments(ex);
        return;
    }
    size_t count = cv_object_attachment_count(ex->obj);
    place *places = cv_arena_array(ex->arena, count, sizeof(*places));
    for (size_t i = 0; places && i < count; i++)
        places[i] = place_of(ex, i);
    for (size_t i = 0; places && i < ex->series.exception_count; i++) {
        const cv_recur_exception *e = &ex->series.exceptions[i];
        const cv_object *sub = find_embedded(places, count, e);
        /* What the original's date lines moved, they move again. */
        if (sub || !ex->original)
            export_from_blob(ex, sub, e);
    }
}
