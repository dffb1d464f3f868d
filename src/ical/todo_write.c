/* todo_write.c - tasks and journal entries as VTODO and VJOURNAL.
 * Source: RFC 5545 3.6.2, 3.6.3; spec ical-mapping.md 12.
 */
#include "ical/ical_private.h"

/* A kept line of this name that still says what the property says. */
static bool is_kept_moment(const ical_export *ex, const char *name, cv_tag tag,
                           int64_t *out)
{
    const cv_ical_prop *prop =
        ex->kept ? cv_ical_prop_get(ex->kept, name) : NULL;
    int64_t ticks;

    if (!prop)
        return false;
    *out = cv_ical_utc_of_text(cv_slice_trim(prop->value));
    return *out != ICAL_NO_TIME && cv_bag_ticks(ex->bag, tag, &ticks) &&
           (ticks == *out ||
            (tag == CV_PidLidTaskDateCompleted && ticks <= *out + ICAL_DAY &&
             *out < ticks + 2 * ICAL_DAY));
}

static void put_day(ical_export *ex, const char *name, cv_tag day,
                    cv_tag common)
{
    int64_t ticks, moment;
    bool utc_only = day == CV_PidLidTaskDateCompleted;

    if (is_kept_moment(ex, name, common, &moment)) {
        cv_line_put_utc(&ex->w, name, moment);
        return;
    }
    if (!cv_bag_ticks(ex->bag, day, &ticks) &&
        (utc_only || !cv_bag_ticks(ex->bag, common, &ticks)))
        return;
    if (utc_only) {
        cv_line_put_utc(&ex->w, name, ticks);
        return;
    }
    cv_line_begin(&ex->w, name);
    cv_line_param(&ex->w, "VALUE", CV_S("DATE"));
    cv_line_colon(&ex->w);
    cv_ical_time_put(&ex->w.line, ticks, true);
    cv_line_end(&ex->w);
}

static void put_state(ical_export *ex)
{
    static const char *const words[] = { "NEEDS-ACTION", "IN-PROCESS",
                                         "COMPLETED", "IN-PROCESS",
                                         "CANCELLED" };
    int32_t status = cv_bag_i32_or(ex->bag, CV_PidLidTaskStatus, 0);
    double part = 0;

    if (status < 0 || status > 4)
        status = 0;
    if (cv_bag_bool_or(ex->bag, CV_PidLidTaskComplete, false))
        status = 2;
    cv_line_put_word(&ex->w, "STATUS", words[status]);
    if (status == 3)
        cv_line_put_int(&ex->w, "X-CONVOKE-TASKSTATUS", status);
    if (cv_bag_f64(ex->bag, CV_PidLidPercentComplete, &part) && part >= 0 &&
        part <= 1)
        cv_line_put_int(&ex->w, "PERCENT-COMPLETE", (int64_t)(part * 100 + .5));
}

static void put_rule(ical_export *ex)
{
    cv_recurrence r;
    cv_slice blob;
    bool damaged;

    if (!cv_bag_binary(ex->bag, CV_PidLidTaskRecurrence, &blob) ||
        blob.len == 0)
        return;
    if (cv_recurrence_parse(ex->arena, blob, 1252, &r, &damaged, NULL) !=
            CV_OK ||
        !cv_recurrence_is_computable(&r)) {
        cv_ical_export_say(ex, CV_RULE_BAD_BLOB, "PidLidTaskRecurrence",
                           "a single task is written");
        return;
    }
    if (r.sliding) {
        cv_ical_export_say(ex, CV_RULE_ICAL_RRULE, "PidLidTaskRecurrence",
                           "the next one follows completion: no rule says so");
        return;
    }
    cv_line_begin(&ex->w, "RRULE:");
    cv_ical_rrule_put(&ex->w.line, &r);
    if (r.end_type == CV_RECUR_END_COUNT)
        cv_buf_printf(&ex->w.line, ";COUNT=%u", r.count);
    else if (r.end_type == CV_RECUR_END_DATE) {
        cv_buf_put_str(&ex->w.line, ";UNTIL=");
        cv_ical_time_put(&ex->w.line, cv_minutes1601_to_ticks(r.end_date),
                         true);
    }
    cv_line_end(&ex->w);
}

static void put_reminder(ical_export *ex)
{
    int64_t at;

    if (!cv_bag_bool_or(ex->bag, CV_PidLidReminderSet, false) ||
        (!cv_bag_ticks(ex->bag, CV_PidLidReminderTime, &at) &&
         !cv_bag_ticks(ex->bag, CV_PidLidReminderSignalTime, &at)))
        return;
    cv_line_put_literal(&ex->w, "BEGIN:VALARM");
    cv_line_begin(&ex->w, "TRIGGER;VALUE=DATE-TIME:");
    cv_ical_time_put(&ex->w.line, at, false);
    cv_buf_put_byte(&ex->w.line, 'Z');
    cv_line_end(&ex->w);
    cv_line_put_literal(&ex->w, "ACTION:DISPLAY");
    cv_line_put_literal(&ex->w, "DESCRIPTION:Reminder");
    cv_line_put_literal(&ex->w, "END:VALARM");
}

static void export_task(ical_export *ex)
{
    int64_t due, start;

    /* DUE must not lie before DTSTART. */
    if (cv_bag_ticks(ex->bag, CV_PidLidTaskStartDate, &start) &&
        cv_bag_ticks(ex->bag, CV_PidLidTaskDueDate, &due) && due < start)
        cv_ical_export_say(ex, CV_RULE_ICAL_END, "PidLidTaskDueDate",
                           "the start was left out");
    else
        put_day(ex, "DTSTART", CV_PidLidTaskStartDate, CV_PidLidCommonStart);
    put_day(ex, "DUE", CV_PidLidTaskDueDate, CV_PidLidCommonEnd);
    put_day(ex, "COMPLETED", CV_PidLidTaskDateCompleted,
            CV_PidLidTaskDateCompleted);
    put_state(ex);
    put_rule(ex);
}

static void export_journal(ical_export *ex)
{
    int64_t start;

    if (!cv_bag_ticks(ex->bag, CV_PidLidLogStart, &start) &&
        !cv_bag_ticks(ex->bag, CV_PidLidCommonStart, &start))
        return;
    ex->all_day = cv_bag_bool_or(ex->bag, CV_PidLidAppointmentSubType, false);
    cv_ical_export_moment(ex, "DTSTART", start, false, NULL);
}

void cv_ical_export_other(ical_export *ex)
{
    const char *name = ex->kind == ICAL_TASK ? "VTODO" : "VJOURNAL";

    cv_line_begin(&ex->w, "BEGIN:");
    cv_line_raw(&ex->w, cv_slice_cstr(name));
    cv_line_end(&ex->w);
    cv_ical_kept_parse(ex, ex->bag);
    if (ex->kind == ICAL_TASK)
        export_task(ex);
    else
        export_journal(ex);
    cv_ical_export_attachments(ex, ex->obj);
    cv_ical_export_common(ex, ex->bag);
    if (ex->kind == ICAL_TASK)
        put_reminder(ex);
    cv_line_begin(&ex->w, "END:");
    cv_line_raw(&ex->w, cv_slice_cstr(name));
    cv_line_end(&ex->w);
}
