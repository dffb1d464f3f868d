/* The calendar part of a meeting message, and calendar text for itself.
 * Source: spec mime-mapping.md A7, ical-mapping.md. */
#include "convert/to_mime.h"

#include "base/text.h"
#include "ical/ical.h"

static cv_ical_options ical_options(const cv_convert_options *o,
                                    cv_arena *arena, cv_people *people)
{
    cv_slice prodid = cv_opt_text(o, CV_OPT_PRODID);
    return (cv_ical_options){
        .attendee_critical_change = cv_opt_bool(o, CV_OPT_ATTENDEE_CHANGE),
        .owner_critical_change = cv_opt_bool(o, CV_OPT_OWNER_CHANGE),
        .reply_time = cv_opt_bool(o, CV_OPT_REPLY_TIME),
        .appt_sequence = cv_opt_bool(o, CV_OPT_APPT_SEQUENCE),
        .counter_as_reply = cv_opt_bool(o, CV_OPT_COUNTER_AS_REPLY),
        .upper_case_mailto = cv_opt_bool(o, CV_OPT_UPPER_MAILTO),
        .cdo_tzid = cv_opt_bool(o, CV_OPT_CDO_TZID),
        .partstat_in_request = cv_opt_bool(o, CV_OPT_REQUEST_PARTSTAT),
        .prodid = prodid.len ? cv_arena_cstr(arena, prodid) : NULL,
        .env = &o->env,
        .resolve = cv_people_resolve,
        .resolve_ctx = people,
    };
}

/* METHOD the object goes out with, by the settings; NULL for no calendar
 * object. */
static const char *method_of(const cv_object *obj,
                             const cv_convert_options *options)
{
    const char *method = cv_ical_method_of(obj);
    if (method && cv_slice_eq(cv_slice_cstr(method), CV_S("COUNTER")) &&
        cv_opt_bool(options, CV_OPT_COUNTER_AS_REPLY))
        return "REPLY";
    return method;
}

cv_status cv_calendar_to_mime(cv_to *t, cv_mime_node **node,
                              const char **method)
{
    cv_buf buf;
    cv_error why = { .code = CV_OK };
    *node = NULL;
    *method = method_of(t->obj, t->options);
    if (!*method)
        return CV_OK;
    cv_ical_options options = ical_options(t->options, t->arena, &t->people);
    cv_buf_init(&buf, 0);
    cv_status st =
        cv_ical_write(t->view, NULL, &options, &buf, t->report, &why);
    cv_slice text = st == CV_OK ? cv_buf_dup(&buf, t->arena) : CV_S("");
    cv_buf_clear(&buf);
    if (st != CV_OK) {
        cv_report_say(t->report, CV_RULE_ICAL_PART_OMITTED, CV_S(""), CV_S(""),
                      CV_S(""), "%s", why.what);
        cv_report_reach(t->report, CV_LADDER_PARTIAL);
        return CV_OK;
    }
    cv_mime_node *n = cv_mime_node_new(t->arena, "text", "calendar");
    if (!n || !text.ptr)
        return cv_arena_fail(t->arena, t->err);
    cv_mime_node_set_text(n, text);
    cv_mime_node_param(n, "method", cv_slice_cstr(*method));
    *node = n;
    return CV_OK;
}

/* A calendar file that was read as a whole goes out as it is. */
static const cv_attachment *calendar_file(const cv_object *obj)
{
    if (!cv_slice_eq(cv_slice_cstr(cv_object_source(obj)), CV_S("ical")))
        return NULL;
    for (size_t i = 0; i < cv_object_attachment_count(obj); i++) {
        const cv_attachment *a = cv_object_attachment(obj, i);
        if (a->has_data &&
            cv_slice_ieq(
                cv_bag_string_or(a->props, CV_PidTagAttachMimeTag, CV_S("")),
                CV_S("text/calendar")))
            return a;
    }
    return NULL;
}

static cv_status write_calendar(const cv_object *obj,
                                const cv_convert_options *options,
                                cv_arena *arena, const cv_sink *out,
                                cv_report *report, cv_error *err)
{
    const cv_object *view = obj;
    cv_object *made = NULL;
    cv_people people;
    cv_buf buf;
    cv_buf_init(&buf, 0);
    cv_status st = cv_people_read(obj, options, arena, &people, report, err);
    if (st == CV_OK)
        st = cv_repair(obj, options, &view, &made, report, err);
    cv_ical_options o = ical_options(options, arena, &people);
    o.inline_attachments = true; /* a file has no other parts */
    if (st == CV_OK)
        st = cv_ical_write(view, NULL, &o, &buf, report, err);
    if (st == CV_OK)
        st = cv_sink_put(out, cv_buf_slice(&buf), err);
    cv_buf_clear(&buf);
    cv_object_free(&made);
    return st == CV_ERR_RANGE ? CV_ERR_UNSUP : st;
}

cv_status cv_to_ical(const cv_object *obj, const cv_convert_options *options,
                     const cv_sink *out, cv_report *report, cv_error *err)
{
    const cv_attachment *file = calendar_file(obj);
    cv_arena *arena = NULL;
    if (!method_of(obj, options)) {
        if (file)
            return cv_blob_pump(&file->data, out, err);
        return cv_fail(err, CV_ERR_UNSUP, "class %.*s has no calendar form",
                       CV_FMT(cv_utf8_clip(cv_object_class(obj), 80)));
    }
    CV_TRY(cv_check_legacy(obj, options, report, err));
    CV_TRY(cv_arena_new(0, &arena, err));
    cv_status st = write_calendar(obj, options, arena, out, report, err);
    cv_arena_free(&arena);
    return st;
}
