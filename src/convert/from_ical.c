/* A calendar file without a mail around it. */
#include "convert/private.h"
#include "convert/walk_private.h"

#include "base/datetime.h"
#include "base/text.h"
#include "ical/ical.h"

typedef struct calendar {
    cv_slice text; /* UTF-8, arena or the input */
    cv_ical_comp *root;
    cv_ical_item *items;
    size_t count;
} calendar;

static cv_slice to_utf8(cv_arena *arena, cv_slice in)
{
    if (cv_slice_starts(in, CV_S("\xFF\xFE")))
        return cv_utf16le_to_utf8(arena, cv_slice_sub(in, 2, in.len), false,
                                  NULL);
    return cv_charset_to_utf8(arena, CV_S(""), in, NULL);
}

static cv_status open_calendar(cv_slice in, cv_arena *arena, calendar *out,
                               cv_report *report, cv_error *err)
{
    out->text = to_utf8(arena, in);
    if (!out->text.ptr)
        return cv_arena_fail(arena, err);
    out->root = NULL;
    out->items = NULL;
    out->count = 0;
    cv_status st = cv_ical_parse(arena, out->text, &out->root, report, err);
    if (st == CV_ERR_SYNTAX)
        return CV_OK; /* no component: the file is kept, nothing is read */
    if (st != CV_OK)
        return st;
    return cv_ical_items(arena, out->root, &out->items, &out->count, report,
                         err);
}

static cv_ical_context context_of(const cv_convert_options *options,
                                  cv_arena *arena)
{
    return (cv_ical_context){ .method_param = CV_S(""),
                              .from_address = CV_S(""),
                              .from_name = CV_S(""),
                              .subject = CV_S(""),
                              .date_ticks = INT64_MIN,
                              .received_ticks = options->received_ticks,
                              .zone = cv_opt_zone(options, arena),
                              .env = &options->env };
}

cv_status cv_add_file(cv_object *obj, cv_slice name, const char *mime_type,
                      cv_slice data, cv_error *err)
{
    cv_attachment *a = cv_object_add_attachment(obj);
    if (!a)
        return cv_arena_fail(cv_object_arena(obj), err);
    size_t dot = CV_NPOS;
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] == '.')
            dot = i;
    cv_bag_set_i32(a->props, CV_PidTagAttachMethod, CV_ATTACH_BY_VALUE);
    cv_bag_set_i32(a->props, CV_PidTagRenderingPosition, -1);
    cv_bag_set_string(a->props, CV_PidTagAttachMimeTag,
                      cv_slice_cstr(mime_type));
    cv_bag_set_string(a->props, CV_PidTagAttachLongFilename, name);
    cv_bag_set_string(a->props, CV_PidTagDisplayName, name);
    if (dot != CV_NPOS)
        cv_bag_set_string(a->props, CV_PidTagAttachExtension,
                          cv_slice_sub(name, dot, name.len));
    a->has_data = true;
    a->data = cv_blob_mem(data);
    return cv_arena_status(cv_object_arena(obj)) == CV_OK
               ? CV_OK
               : cv_arena_fail(cv_object_arena(obj), err);
}

/* The last part of a path. */
static cv_slice base_name(cv_slice path)
{
    for (size_t i = path.len; i-- > 0;)
        if (path.ptr[i] == '/' || path.ptr[i] == '\\')
            return cv_slice_sub(path, i + 1, path.len);
    return path;
}

static cv_slice calendar_name(const calendar *cal, cv_arena *arena,
                              cv_slice file_name)
{
    for (size_t i = 0; cal->root && i < cal->root->child_count; i++) {
        const cv_ical_prop *p =
            cv_ical_prop_get(cal->root->children[i], "X-WR-CALNAME");
        if (p && p->value.len)
            return cv_line_unescape(arena, p->value);
    }
    return file_name.len ? file_name : CV_S("calendar.ics");
}

/* What is no single meeting (a published calendar, tasks, free/busy) travels
 * as a mail that carries the file. */
static cv_status calendar_as_mail(const calendar *cal, cv_slice in,
                                  cv_slice file_name, cv_object *obj,
                                  cv_error *err)
{
    cv_bag *props = cv_object_props(obj);
    cv_arena *arena = cv_object_arena(obj);
    file_name = base_name(file_name);
    cv_slice name = calendar_name(cal, arena, file_name);
    cv_bag_set_string(props, CV_PidTagMessageClass, CV_S("IPM.Note"));
    cv_bag_set_string(props, CV_PidTagSubject, name);
    cv_bag_set_string(props, CV_PidTagNormalizedSubject, name);
    cv_bag_set_string(props, CV_PidTagBody,
                      cv_calendar_as_text(arena, cal->items, cal->count));
    cv_slice file = cv_slice_iends(file_name, CV_S(".ics"))
                        ? file_name
                        : CV_S("calendar.ics");
    return cv_add_file(obj, file, "text/calendar", in, err);
}

/* Several events that nobody sent as scheduling messages are a calendar. */
static bool is_one_message(const calendar *cal)
{
    if (cal->count <= 1)
        return cal->count == 1;
    const cv_ical_prop *method =
        cv_ical_prop_get(cal->items[0].calendar, "METHOD");
    return method && !cv_slice_ieq(method->value, CV_S("PUBLISH"));
}

static cv_status fill(cv_slice in, cv_slice file_name,
                      const cv_convert_options *options, cv_object *obj,
                      cv_report *report, cv_error *err)
{
    cv_arena *arena = cv_object_arena(obj);
    calendar cal = { 0 };
    bool usable = false;
    cv_status st = open_calendar(in, arena, &cal, report, err);
    if (st == CV_ERR_SYNTAX) { /* not one component: it travels as a file */
        cv_report_say(report, CV_RULE_ICAL_UNUSABLE, CV_S(""), CV_S(""),
                      CV_S(""), "no calendar component");
        return calendar_as_mail(&cal, in, file_name, obj, err);
    }
    CV_TRY(st);
    cv_ical_context ctx = context_of(options, arena);
    if (is_one_message(&cal))
        CV_TRY(
            cv_ical_to_object(&cal.items[0], &ctx, obj, &usable, report, err));
    if (!usable)
        return calendar_as_mail(&cal, in, file_name, obj, err);
    if (cal.count > 1) {
        cv_report_say(
            report, CV_RULE_ICAL_KEPT, CV_S(""), CV_S("UID"), cal.items[1].uid,
            "%zu more events are kept in the attached file", cal.count - 1);
        return cv_add_file(obj, CV_S("calendar.ics"), "text/calendar", in, err);
    }
    return CV_OK;
}

cv_status cv_from_ical(cv_slice in, cv_slice file_name,
                       const cv_convert_options *options, cv_object **out,
                       cv_report *report, cv_error *err)
{
    cv_object *obj = NULL;
    CV_TRY(cv_object_new(cv_opt_budget(options), &obj, err));
    cv_object_set_source(obj, "ical");
    cv_status st = fill(in, file_name, options, obj, report, err);
    if (st != CV_OK) {
        cv_object_free(&obj);
        return st;
    }
    *out = obj;
    return CV_OK;
}

/* cv_item_read_fn of one entry. */
typedef struct entry {
    cv_ical_item *item;
    cv_ical_comp *root;
    cv_slice name; /* of the file */
} entry;

/* An entry that is no event travels with its own lines. */
static cv_status keep_unusable(const entry *e, cv_object *obj, cv_error *err)
{
    calendar one = { .root = e->root, .items = e->item, .count = 1 };
    cv_buf buf;
    cv_buf_init(&buf, 0);
    cv_ical_put_item(e->item, &buf);
    cv_slice text = cv_buf_dup(&buf, cv_object_arena(obj));
    cv_buf_clear(&buf);
    if (!text.ptr)
        return cv_arena_fail(cv_object_arena(obj), err);
    return calendar_as_mail(&one, text, e->name, obj, err);
}

static cv_status read_entry(void *ctx, cv_walk_state *w, cv_object **out,
                            cv_report *report, cv_error *err)
{
    const entry *e = ctx;
    cv_object *obj = NULL;
    bool usable = false;
    CV_TRY(cv_object_new(cv_opt_budget(w->options), &obj, err));
    cv_object_set_source(obj, "ical");
    cv_ical_context ical = context_of(w->options, cv_object_arena(obj));
    cv_status st = cv_ical_to_object(e->item, &ical, obj, &usable, report, err);
    if (st == CV_OK && !usable)
        st = keep_unusable(e, obj, err);
    if (st != CV_OK) {
        cv_object_free(&obj);
        return st;
    }
    *out = obj;
    return CV_OK;
}

cv_status cv_from_ical_walk(cv_walk_state *w, cv_slice in, cv_slice folder,
                            cv_slice name, size_t *count, cv_error *err)
{
    cv_arena *arena = NULL;
    calendar cal;
    CV_TRY(cv_arena_new(0, &arena, err));
    cv_status st = open_calendar(in, arena, &cal, w->report, err);
    for (size_t i = 0; st == CV_OK && i < cal.count; i++) {
        entry e = { &cal.items[i], cal.root, name };
        cv_item item = { .folder = folder, .name = cal.items[i].uid };
        st = cv_walk_item(w, &item, read_entry, &e, err);
    }
    *count = st == CV_OK ? cal.count : 0;
    cv_arena_free(&arena);
    return st;
}
