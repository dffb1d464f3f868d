/* extras.c - alarms, attachments, and lines kept as they came; read.
 * Source: [MS-OXCICAL] 2.1.3.1.1.20.1, .62; spec ical-mapping.md 9.
 */
#include "ical/ical_private.h"

#include <string.h>

#define DELTA_DEFAULT 15
#define DELTA_ALL_DAY 1080
#define DELTA_MAX (INT32_C(60) * 24 * 366)

/* -- alarms -- */

const cv_ical_comp *cv_ical_find_alarm(const cv_ical_comp *event)
{
    for (size_t i = 0; i < event->child_count; i++) {
        const cv_ical_comp *alarm = event->children[i];
        const cv_ical_prop *action = cv_ical_prop_get(alarm, "ACTION");
        cv_slice is = action ? cv_slice_trim(action->value) : CV_S("DISPLAY");
        if (cv_slice_eq(alarm->name, CV_S("VALARM")) &&
            (cv_slice_ieq(is, CV_S("DISPLAY")) ||
             cv_slice_ieq(is, CV_S("AUDIO"))))
            return alarm;
    }
    return NULL;
}

static bool has_digit(cv_slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] >= '0' && s.ptr[i] <= '9')
            return true;
    return false;
}

/* Minutes before the start; false when the trigger cannot be read. */
static bool trigger_delta(ical_import *in, const cv_ical_prop *prop,
                          int64_t *minutes)
{
    cv_slice value = cv_slice_trim(prop->value);
    int64_t seconds, at = cv_ical_utc_of_text(value);

    bool is_length = cv_ical_duration_parse(value, &seconds) == CV_OK;
    if (!is_length && at == ICAL_NO_TIME &&
        cv_ical_duration_mend(in->arena, value, &seconds)) {
        cv_ical_say(in, CV_RULE_BAD_VALUE, prop, "TRIGGER", "was mended");
        is_length = true;
    }
    if (is_length) {
        if (cv_slice_ieq(cv_line_param_get(prop, "RELATED"), CV_S("END")))
            seconds += (in->end.utc - in->start.utc) / CV_TICKS_PER_SEC;
        *minutes = (seconds < 0 ? -seconds : seconds) / 60;
        return true;
    }
    if (at != ICAL_NO_TIME) {
        *minutes = (in->start.utc - at) / ICAL_MINUTE;
        if (*minutes < 0)
            *minutes = -*minutes;
        return true;
    }
    return false;
}

static int32_t alarm_delta(ical_import *in, const cv_ical_comp *alarm)
{
    const cv_ical_prop *prop = cv_ical_prop_get(alarm, "TRIGGER");
    int64_t minutes;

    if (prop && trigger_delta(in, prop, &minutes) && minutes <= DELTA_MAX)
        return (int32_t)minutes;
    /* C051: a duration without any value. */
    if (prop && cv_slice_find_byte(prop->value, 'P', 0) != CV_NPOS &&
        !has_digit(prop->value)) {
        cv_ical_say(in, CV_RULE_BAD_VALUE, prop, "TRIGGER", "at the start");
        return 0;
    }
    cv_ical_say(in, CV_RULE_BAD_VALUE, prop, "TRIGGER", "the default is used");
    return in->all_day ? DELTA_ALL_DAY : DELTA_DEFAULT;
}

void cv_ical_import_alarm(ical_import *in, const cv_ical_comp *event)
{
    const cv_ical_comp *alarm = cv_ical_find_alarm(event);

    if (!alarm || !(in->method & (ICAL_PUBLISH | ICAL_REQUEST)) ||
        in->start.utc == 0)
        return;
    int32_t delta = alarm_delta(in, alarm);
    (void)cv_bag_set_i32(in->bag, CV_PidLidReminderDelta, delta);
    (void)cv_bag_set_bool(in->bag, CV_PidLidReminderSet, true);
    (void)cv_bag_set_ticks(in->bag, CV_PidLidReminderTime, in->start.utc);
    (void)cv_bag_set_ticks(in->bag, CV_PidLidReminderSignalTime,
                           in->start.utc - delta * ICAL_MINUTE);
}

/* -- attachments -- */

/* A name without path and control characters. */
static cv_slice file_name(ical_import *in, const cv_ical_prop *prop)
{
    static const char *const names[] = { "X-FILENAME", "FILENAME", "X-LABEL" };
    cv_slice name = CV_S("");

    for (size_t i = 0; i < CV_LEN(names) && name.len == 0; i++)
        name = cv_line_param_get(prop, names[i]);
    name = cv_slice_trim(cv_text_one_line(in->arena, name));
    for (size_t i = name.len; i > 0; i--)
        if (name.ptr[i - 1] == '/' || name.ptr[i - 1] == '\\') {
            name = cv_slice_sub(name, i, CV_NPOS);
            break;
        }
    name = cv_utf8_clip(name, 255);
    return name.len ? name : CV_S("attachment");
}

static cv_slice extension_of(cv_slice name)
{
    for (size_t i = name.len; i > 1; i--)
        if (name.ptr[i - 1] == '.')
            return cv_slice_sub(name, i - 1, CV_NPOS);
    return CV_S("");
}

static bool is_base64(const cv_ical_prop *prop)
{
    cv_slice encoding = cv_line_param_get(prop, "ENCODING");
    return cv_slice_ieq(encoding, CV_S("BASE64")) ||
           cv_slice_ieq(encoding, CV_S("B")) ||
           cv_slice_ieq(cv_line_param_get(prop, "VALUE"), CV_S("BINARY"));
}

static void import_binary(ical_import *in, const cv_ical_prop *prop)
{
    cv_slice name = file_name(in, prop), ext = extension_of(name);
    cv_slice type = cv_line_param_get(prop, "FMTTYPE");
    size_t junk = 0;
    cv_attachment *a = cv_object_add_attachment(in->obj);

    if (!a) {
        cv_ical_say(in, CV_RULE_LIMIT, NULL, "ATTACH",
                    "CV_LIMIT_ATTACHMENTS: further attachments were left out");
        return;
    }
    a->data = cv_blob_mem(cv_base64_decode(in->arena, prop->value, &junk));
    a->has_data = true;
    if (junk)
        cv_ical_say(in, CV_RULE_ATTACHMENT_DATA, NULL, "ATTACH",
                    "characters that are no base64 were skipped");
    (void)cv_bag_set_i32(a->props, CV_PidTagAttachMethod, 1);
    (void)cv_bag_set_string(a->props, CV_PidTagAttachLongFilename, name);
    (void)cv_bag_set_string(a->props, CV_PidTagAttachFilename, name);
    (void)cv_bag_set_string(a->props, CV_PidTagDisplayName, name);
    if (ext.len)
        (void)cv_bag_set_string(a->props, CV_PidTagAttachExtension, ext);
    if (type.len)
        (void)cv_bag_set_string(a->props, CV_PidTagAttachMimeTag, type);
    (void)cv_bag_set_i32(a->props, CV_PidTagRenderingPosition, -1);
}

/* Attachments by reference stay lines (cv_ical_import_kept); those of the mail
 * around the calendar are there already. */
void cv_ical_import_attachments(ical_import *in, const cv_ical_comp *event)
{
    if (in->method & ICAL_RESPONSE)
        return;
    for (size_t i = 0; i < event->prop_count; i++)
        if (cv_slice_eq(event->props[i].name, CV_S("ATTACH")) &&
            is_base64(&event->props[i]))
            import_binary(in, &event->props[i]);
}

/* -- lines without counterpart -- */

static bool is_one_of(cv_slice word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (cv_slice_ieq(word, cv_slice_cstr(words[i])))
            return true;
    return false;
}

/* Parameters of people that properties of their row say. */
static bool is_known_param(cv_slice line, const cv_content_param *param)
{
    static const char *const always[] = { "CN", "X-MS-OLK-RESPTIME", "TZID" };
    static const char *const kinds[] = { "RESOURCE", "ROOM" };
    static const char *const roles[] = { "REQ-PARTICIPANT", "OPT-PARTICIPANT",
                                         "NON-PARTICIPANT" };
    static const char *const states[] = { "ACCEPTED", "DECLINED", "TENTATIVE",
                                          "NEEDS-ACTION" };
    cv_slice v = cv_slice_trim(param->value);

    if (cv_slice_eq(param->name, CV_S("CUTYPE")))
        return is_one_of(v, kinds, CV_LEN(kinds));
    if (cv_slice_eq(param->name, CV_S("ROLE")))
        return is_one_of(v, roles, CV_LEN(roles));
    if (cv_slice_eq(param->name, CV_S("PARTSTAT")))
        return is_one_of(v, states, CV_LEN(states));
    if (cv_slice_eq(param->name, CV_S("RSVP")))
        return !cv_slice_ieq(v, CV_S("FALSE"));
    if (cv_slice_eq(param->name, CV_S("SENT-BY")))
        return cv_slice_eq(line, CV_S("ORGANIZER"));
    return is_one_of(param->name, always, CV_LEN(always));
}

/* Writes the line anew: names and quoting are right whatever came. */
static void put_line(cv_arena *arena, cv_line_writer *w,
                     const cv_ical_prop *prop, bool unknown_only)
{
    cv_line_begin_slice(w, prop->name);
    for (size_t i = 0; i < prop->param_count; i++) {
        const cv_content_param *param = &prop->params[i];
        if (unknown_only && is_known_param(prop->name, param))
            continue;
        char *name = cv_arena_cstr(arena, param->name);
        if (name)
            cv_line_param(w, name, param->value);
    }
    cv_line_colon(w);
    cv_line_raw(w, prop->value);
    cv_line_end(w);
}

static bool has_unknown_param(const cv_ical_prop *prop)
{
    for (size_t i = 0; i < prop->param_count; i++)
        if (!is_known_param(prop->name, &prop->params[i]))
            return true;
    return false;
}

static bool is_person(const cv_ical_prop *prop)
{
    return cv_slice_eq(prop->name, CV_S("ATTENDEE")) ||
           cv_slice_eq(prop->name, CV_S("ORGANIZER"));
}

static bool is_token(cv_slice name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] == '_' || name.ptr[i] == '.')
            return false;
    return name.len > 0;
}

static bool is_reference(const cv_ical_prop *prop)
{
    return cv_slice_eq(prop->name, CV_S("ATTACH")) && !is_base64(prop) &&
           !cv_slice_istarts(cv_slice_trim(prop->value), CV_S("CID:"));
}

/* Other readers refuse an event for a GEO that is none. */
static bool is_geo(cv_slice value)
{
    size_t semicolon = cv_slice_find_byte(value, ';', 0);
    return semicolon != CV_NPOS && semicolon > 0 && semicolon + 1 < value.len;
}

/* What todo.c reads. */
static bool is_of_task(cv_slice name)
{
    return cv_slice_eq(name, CV_S("DUE")) ||
           cv_slice_eq(name, CV_S("COMPLETED")) ||
           cv_slice_eq(name, CV_S("PERCENT-COMPLETE")) ||
           cv_slice_eq(name, CV_S("X-CONVOKE-TASKSTATUS"));
}

/* A line with a TZID would need its VTIMEZONE for ever. */
static bool is_kept(const ical_import *in, const cv_ical_prop *prop)
{
    if (in->kind == ICAL_TASK && is_of_task(prop->name))
        return false;
    if (is_person(prop))
        return in->kind != ICAL_EVENT || has_unknown_param(prop);
    if (cv_slice_eq(prop->name, CV_S("GEO")) && !is_geo(prop->value))
        return false;
    return (is_reference(prop) || !cv_ical_is_mapped(prop->name)) &&
           is_token(prop->name) && cv_line_param_get(prop, "TZID").len == 0;
}

/* A length in the one form everybody reads; false for what is none. */
static bool put_length(cv_arena *arena, cv_line_writer *w,
                       const cv_ical_prop *prop)
{
    cv_ical_prop tidy = *prop;
    int64_t seconds;
    cv_buf buf;

    if (cv_ical_utc_of_text(cv_slice_trim(prop->value)) != ICAL_NO_TIME) {
        put_line(arena, w, prop, false);
        return true;
    }
    if (cv_ical_duration_parse(cv_slice_trim(prop->value), &seconds) != CV_OK)
        return false;
    cv_buf_init(&buf, 64);
    cv_ical_duration_put(&buf, seconds);
    tidy.value = cv_buf_slice(&buf);
    put_line(arena, w, &tidy, false);
    cv_buf_clear(&buf);
    return true;
}

static void keep_comp_line(cv_arena *arena, cv_line_writer *w,
                           const cv_ical_prop *prop)
{
    bool length = cv_slice_eq(prop->name, CV_S("TRIGGER")) ||
                  cv_slice_eq(prop->name, CV_S("DURATION"));

    if (!is_token(prop->name) || (length && put_length(arena, w, prop)))
        return;
    if (!length)
        put_line(arena, w, prop, false);
}

static void keep_comp(cv_arena *arena, cv_line_writer *w,
                      const cv_ical_comp *comp)
{
    cv_line_begin(w, "BEGIN:");
    cv_line_raw(w, comp->name);
    cv_line_end(w);
    for (size_t i = 0; i < comp->prop_count; i++)
        keep_comp_line(arena, w, &comp->props[i]);
    cv_line_begin(w, "END:");
    cv_line_raw(w, comp->name);
    cv_line_end(w);
}

/* Marks the buffer's length, so that a line beyond the limit goes whole. */
static bool undo_if_full(cv_buf *buf, size_t before)
{
    if (buf->len <= CV_LIMIT_ICAL_KEPT_BYTES)
        return false;
    buf->len = before;
    return true;
}

static size_t keep_lines(ical_import *in, const cv_ical_comp *event,
                         cv_line_writer *w, bool *full)
{
    const cv_ical_comp *alarm = cv_ical_find_alarm(event);
    size_t kept = 0;

    for (size_t i = 0; i < event->prop_count; i++) {
        size_t before = w->out->len;
        const cv_ical_prop *prop = &event->props[i];
        if (!is_kept(in, prop))
            continue;
        put_line(in->arena, w, prop, in->kind == ICAL_EVENT && is_person(prop));
        if (undo_if_full(w->out, before))
            *full = true;
        else
            kept++;
    }
    for (size_t i = 0; i < event->child_count; i++) {
        size_t before = w->out->len;
        if (event->children[i] == alarm)
            continue;
        keep_comp(in->arena, w, event->children[i]);
        if (undo_if_full(w->out, before))
            *full = true;
        else
            kept++;
    }
    return kept;
}

void cv_ical_import_kept(ical_import *in, const cv_ical_comp *event)
{
    cv_line_writer w;
    cv_buf buf;
    bool full = false;

    cv_buf_init(&buf, 0);
    cv_line_writer_init(&w, &buf);
    size_t kept = keep_lines(in, event, &w, &full);
    if (kept) {
        (void)cv_bag_set_string(in->bag, CV_PidNameConvokeIcalLines,
                                cv_buf_slice(&buf));
        cv_ical_say(
            in, CV_RULE_ICAL_KEPT, NULL, "",
            (const char *)cv_arena_printf(in->arena, "%zu lines", kept).ptr);
    }
    if (full)
        cv_ical_say(in, CV_RULE_LIMIT, NULL, "",
                    "CV_LIMIT_ICAL_KEPT_BYTES: further lines were left out");
    cv_line_writer_clear(&w);
    cv_buf_clear(&buf);
}
