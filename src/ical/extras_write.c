/* extras_write.c - alarms, attachments and kept lines, written.
 * Source: spec ical-mapping.md 9.
 */
#include "ical/ical_private.h"

#define DELTA_DEFAULT 15
#define DELTA_UNSET 0x5AE980E1
#define INLINE_MAX ((size_t)8 << 20)    /* bytes of one attachment in a line */
#define INLINE_TOTAL ((size_t)96 << 20) /* bytes of a calendar with them */

void cv_ical_export_alarm(ical_export *ex, const cv_bag *bag)
{
    int32_t delta = cv_bag_i32_or(bag, CV_PidLidReminderDelta, DELTA_DEFAULT);

    if (!(ex->method & (ICAL_PUBLISH | ICAL_REQUEST)) ||
        !cv_bag_bool_or(bag, CV_PidLidReminderSet, false))
        return;
    if (delta < 0 || delta == DELTA_UNSET)
        delta = DELTA_DEFAULT;
    cv_line_put_literal(&ex->w, "BEGIN:VALARM");
    cv_line_begin(&ex->w, "TRIGGER:-PT");
    cv_buf_printf(&ex->w.line, "%dM", delta);
    cv_line_end(&ex->w);
    cv_line_put_literal(&ex->w, "ACTION:DISPLAY");
    cv_line_put_literal(&ex->w, "DESCRIPTION:Reminder");
    cv_line_put_literal(&ex->w, "END:VALARM");
}

static void export_attachment(ical_export *ex, const cv_attachment *a)
{
    cv_slice name = cv_bag_string_or(a->props, CV_PidTagAttachLongFilename,
                                     CV_S("attachment"));
    cv_slice type =
        cv_bag_string_or(a->props, CV_PidTagAttachMimeTag, CV_S(""));
    cv_slice data;

    if (a->embedded || !a->has_data ||
        cv_bag_i32_or(a->props, CV_PidTagAttachMethod, 1) != 1 ||
        cv_bag_bool_or(a->props, CV_PidTagAttachmentHidden, false))
        return;
    if (ex->w.out->len > INLINE_TOTAL ||
        cv_blob_get(&a->data, INLINE_MAX, ex->arena, &data, NULL) != CV_OK) {
        cv_ical_export_say(ex, CV_RULE_ATTACHMENT_DATA, "ATTACH", "left out");
        return;
    }
    cv_line_begin(&ex->w, "ATTACH");
    if (type.len)
        cv_line_param(&ex->w, "FMTTYPE", type);
    cv_line_param(&ex->w, "ENCODING", CV_S("BASE64"));
    cv_line_param(&ex->w, "VALUE", CV_S("BINARY"));
    cv_line_param(&ex->w, "X-FILENAME", name);
    cv_line_colon(&ex->w);
    cv_base64_put(&ex->w.line, data, 0);
    cv_line_end(&ex->w);
}

/* In messages attachments are parts beside the calendar. */
void cv_ical_export_attachments(ical_export *ex, const cv_object *obj)
{
    if (!ex->options->inline_attachments)
        return;
    for (size_t i = 0; i < cv_object_attachment_count(obj); i++)
        export_attachment(ex, cv_object_attachment(obj, i));
}

void cv_ical_kept_parse(ical_export *ex, const cv_bag *bag)
{
    cv_slice lines;
    cv_ical_comp *root;

    ex->kept = NULL;
    ex->kept_at = 0;
    if (!cv_bag_string(bag, CV_PidNameConvokeIcalLines, &lines) ||
        lines.len == 0 || lines.len > 4 * CV_LIMIT_ICAL_KEPT_BYTES)
        return;
    cv_slice text =
        cv_arena_printf(ex->arena, "BEGIN:VEVENT\r\n%.*s", CV_FMT(lines));
    if (text.ptr &&
        cv_ical_parse(ex->arena, text, &root, NULL, NULL) == CV_OK &&
        root->children[0]->child_count)
        ex->kept = root->children[0]->children[0];
}

static void put_line(ical_export *ex, const cv_ical_prop *prop)
{
    cv_line_begin_slice(&ex->w, prop->name);
    for (size_t i = 0; i < prop->param_count; i++) {
        char *name = cv_arena_cstr(ex->arena, prop->params[i].name);
        if (name)
            cv_line_param(&ex->w, name, prop->params[i].value);
    }
    cv_line_colon(&ex->w);
    cv_line_raw(&ex->w, prop->value);
    cv_line_end(&ex->w);
}

static void put_alarm(ical_export *ex, const cv_ical_comp *comp)
{
    cv_line_put_literal(&ex->w, "BEGIN:VALARM");
    for (size_t i = 0; i < comp->prop_count; i++)
        put_line(ex, &comp->props[i]);
    cv_line_put_literal(&ex->w, "END:VALARM");
}

static bool is_task_date(cv_slice name)
{
    return cv_slice_eq(name, CV_S("DTSTART")) ||
           cv_slice_eq(name, CV_S("DUE")) ||
           cv_slice_eq(name, CV_S("COMPLETED"));
}

/* Lines that belong to people are written with them. */
void cv_ical_export_lines(ical_export *ex)
{
    for (size_t i = 0; ex->kept && i < ex->kept->prop_count; i++) {
        const cv_ical_prop *prop = &ex->kept->props[i];
        bool person = cv_slice_eq(prop->name, CV_S("ATTENDEE")) ||
                      cv_slice_eq(prop->name, CV_S("ORGANIZER"));
        if (ex->kind == ICAL_TASK && is_task_date(prop->name))
            continue; /* written with the property it belongs to */
        if (cv_slice_eq(prop->name, CV_S("ATTACH")) ||
            (person && ex->kind != ICAL_EVENT) ||
            !cv_ical_is_mapped(prop->name))
            put_line(ex, prop);
    }
}

void cv_ical_export_alarms_kept(ical_export *ex)
{
    if (!(ex->method & (ICAL_PUBLISH | ICAL_REQUEST)))
        return;
    for (size_t i = 0; ex->kept && i < ex->kept->child_count; i++)
        if (cv_slice_eq(ex->kept->children[i]->name, CV_S("VALARM")))
            put_alarm(ex, ex->kept->children[i]);
}
