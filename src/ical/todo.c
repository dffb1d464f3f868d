/* todo.c - VTODO and VJOURNAL as tasks and journal entries, read.
 *
 * A task's dates are days: midnight of the local day, as if that were UTC.
 * PidLidCommonStart and PidLidCommonEnd carry the moments; a line that gave
 * more than a day is kept, and goes out again while the moment is the same.
 * Source: RFC 5545 3.6.2, 3.6.3; [MS-OXOTASK] 2.2.2; spec ical-mapping.md 12,
 * times.md 5, recurrence.md 10.
 */
#include "ical/ical_private.h"

#include <string.h>

static int64_t midnight_before(int64_t ticks)
{
    return ticks - (ticks % ICAL_DAY + ICAL_DAY) % ICAL_DAY;
}

static bool read_moment(ical_import *in, const cv_ical_comp *comp,
                        const char *name, ical_moment *out)
{
    const cv_ical_prop *prop = cv_ical_prop_get(comp, name);
    return prop &&
           cv_ical_moment_parse(&in->zones, prop, prop->value, out) == CV_OK;
}

/* A line in UTC, beside those that were kept as they came. */
static void keep_moment(ical_import *in, const char *name, int64_t utc)
{
    cv_slice before =
        cv_bag_string_or(in->bag, CV_PidNameConvokeIcalLines, CV_S(""));
    cv_line_writer w;
    cv_buf buf;

    cv_buf_init(&buf, 0);
    cv_buf_put_slice(&buf, before);
    cv_line_writer_init(&w, &buf);
    cv_line_put_utc(&w, name, utc);
    (void)cv_bag_set_string(in->bag, CV_PidNameConvokeIcalLines,
                            cv_buf_slice(&buf));
    cv_line_writer_clear(&w);
    cv_buf_clear(&buf);
}

/* common: where the moment itself goes; 0 for none. */
static bool import_day(ical_import *in, const cv_ical_comp *comp,
                       const char *name, cv_tag day, cv_tag common,
                       ical_moment *m)
{
    if (!read_moment(in, comp, name, m))
        return false;
    (void)cv_bag_set_ticks(in->bag, day, midnight_before(m->local));
    if (common)
        (void)cv_bag_set_ticks(in->bag, common, m->utc);
    if (!m->is_date && (m->utc != midnight_before(m->local)))
        keep_moment(in, name, m->utc);
    return true;
}

static void import_state(ical_import *in, const cv_ical_comp *todo)
{
    static const struct {
        const char *word;
        int32_t status;
    } rows[] = { { "NEEDS-ACTION", 0 }, { "IN-PROCESS", 1 },
                 { "IN-PROGRESS", 1 },  { "COMPLETED", 2 },
                 { "CANCELLED", 4 },    { "CANCELED", 4 } };
    const cv_ical_prop *prop = cv_ical_prop_get(todo, "STATUS");
    int32_t status = -1, percent = -1;

    for (size_t i = 0; prop && i < CV_LEN(rows); i++)
        if (cv_slice_ieq(cv_slice_trim(prop->value),
                         cv_slice_cstr(rows[i].word)))
            status = rows[i].status;
    (void)cv_ical_prop_int(cv_ical_prop_get(todo, "PERCENT-COMPLETE"),
                           &percent);
    if (percent > 100 || percent < 0)
        percent = -1;
    if (status < 0)
        status = percent == 100 || cv_ical_prop_get(todo, "COMPLETED") ? 2
                 : percent > 0                                         ? 1
                                                                       : 0;
    if (status == 2 || percent < 0)
        percent = status == 2 ? 100 : 0;
    /* Another "not done" than these words know: Outlook's "waiting". */
    if (status == 1 && cv_bag_i32_or(in->bag, CV_PidLidTaskStatus, 0) == 3)
        status = 3;
    (void)cv_bag_set_i32(in->bag, CV_PidLidTaskStatus, status);
    cv_value v = { .type = CV_T_F64, .f64 = percent / 100.0 };
    if (cv_bag_put(in->bag, CV_PidLidPercentComplete, &v, NULL) != CV_OK)
        return; /* the arena's, which says so itself */
    (void)cv_bag_set_bool(in->bag, CV_PidLidTaskComplete, status == 2);
}

/* The one line a pattern may come from, on the task's first day. */
static void import_rule(ical_import *in, const cv_ical_comp *todo,
                        const ical_moment *first)
{
    const cv_ical_prop *prop = cv_ical_prop_get(todo, "RRULE");
    const char *why = "no day to begin with";
    cv_recurrence r;
    ical_rrule rule;
    cv_buf buf;

    if (!prop)
        return;
    if (first && cv_ical_rrule_parse(in->arena, prop->value, &rule) == CV_OK) {
        cv_timezone tz =
            first->zone ? first->zone->tz : cv_timezone_utc(in->arena);
        if (cv_ical_rrule_to_pattern(&rule, midnight_before(first->local),
                                     cv_ical_rule_until(in, &tz, &rule), &r,
                                     &why) == CV_OK) {
            r.has_appointment = false;
            cv_buf_init(&buf, 0);
            cv_recurrence_put(&buf, &r);
            (void)cv_bag_set_binary(in->bag, CV_PidLidTaskRecurrence,
                                    cv_buf_slice(&buf));
            (void)cv_bag_set_bool(in->bag, CV_PidLidTaskFRecurring, true);
            cv_buf_clear(&buf);
            return;
        }
    }
    in->keep_stream = true;
    cv_slice done = cv_arena_printf(in->arena, "%s: a single task", why);
    if (done.ptr)
        cv_ical_say(in, CV_RULE_ICAL_RRULE, prop, "RRULE",
                    (const char *)done.ptr);
}

/* A task is reminded of at a moment, not so long before one. */
static void import_reminder(ical_import *in, const cv_ical_comp *todo)
{
    const cv_ical_comp *alarm = cv_ical_find_alarm(todo);
    const cv_ical_prop *trigger =
        alarm ? cv_ical_prop_get(alarm, "TRIGGER") : NULL;
    int64_t at = trigger ? cv_ical_utc_of_text(cv_slice_trim(trigger->value))
                         : ICAL_NO_TIME;

    if (at == ICAL_NO_TIME) {
        cv_ical_import_alarm(in, todo);
        cv_bag_remove(in->bag, CV_PidLidReminderDelta);
        if (!cv_bag_ticks(in->bag, CV_PidLidReminderSignalTime, &at))
            return;
    }
    (void)cv_bag_set_bool(in->bag, CV_PidLidReminderSet, true);
    (void)cv_bag_set_ticks(in->bag, CV_PidLidReminderTime, at);
    (void)cv_bag_set_ticks(in->bag, CV_PidLidReminderSignalTime, at);
}

static void import_task(ical_import *in, const cv_ical_comp *todo)
{
    ical_moment start, due, done;
    int64_t seconds;
    const cv_ical_prop *length = cv_ical_prop_get(todo, "DURATION");
    bool has_start = import_day(in, todo, "DTSTART", CV_PidLidTaskStartDate,
                                CV_PidLidCommonStart, &start);
    bool has_due = import_day(in, todo, "DUE", CV_PidLidTaskDueDate,
                              CV_PidLidCommonEnd, &due);

    if (!has_due && has_start && length &&
        cv_ical_duration_parse(cv_slice_trim(length->value), &seconds) ==
            CV_OK &&
        seconds >= 0 && seconds < INT64_C(86400) * 36600) {
        due = start;
        due.local += seconds * CV_TICKS_PER_SEC;
        due.utc += seconds * CV_TICKS_PER_SEC;
        has_due = true;
        (void)cv_bag_set_ticks(in->bag, CV_PidLidTaskDueDate,
                               midnight_before(due.local));
        (void)cv_bag_set_ticks(in->bag, CV_PidLidCommonEnd, due.utc);
    }
    (void)import_day(in, todo, "COMPLETED", CV_PidLidTaskDateCompleted, 0,
                     &done);
    import_state(in, todo);
    import_rule(in, todo, has_start ? &start : has_due ? &due : NULL);
    in->start = has_due ? due : has_start ? start : (ical_moment){ 0 };
    in->end = in->start;
    import_reminder(in, todo);
}

static void import_journal(ical_import *in, const cv_ical_comp *journal)
{
    ical_moment start;
    int32_t minutes = cv_bag_i32_or(in->bag, CV_PidLidLogDuration, 0);

    if (!read_moment(in, journal, "DTSTART", &start))
        return;
    (void)cv_bag_set_ticks(in->bag, CV_PidLidLogStart, start.utc);
    (void)cv_bag_set_ticks(in->bag, CV_PidLidCommonStart, start.utc);
    if (minutes < 0)
        minutes = 0;
    int64_t end = start.utc + minutes * ICAL_MINUTE;
    (void)cv_bag_set_i32(in->bag, CV_PidLidLogDuration, minutes);
    (void)cv_bag_set_ticks(in->bag, CV_PidLidLogEnd, end);
    (void)cv_bag_set_ticks(in->bag, CV_PidLidCommonEnd, end);
    (void)cv_bag_set_bool(in->bag, CV_PidLidAppointmentSubType, start.is_date);
}

ical_kind cv_ical_kind_of(const cv_ical_comp *comp)
{
    return cv_slice_eq(comp->name, CV_S("VTODO"))       ? ICAL_TASK
           : cv_slice_eq(comp->name, CV_S("VJOURNAL"))  ? ICAL_JOURNAL
           : cv_slice_eq(comp->name, CV_S("VFREEBUSY")) ? ICAL_FREEBUSY
                                                        : ICAL_EVENT;
}

void cv_ical_import_other(ical_import *in, const cv_ical_comp *comp)
{
    if (in->kind == ICAL_TASK)
        import_task(in, comp);
    else
        import_journal(in, comp);
}
