/* inspect_tree.c - the folders and items of a PST, a mailbox, an archive. */
#include "cli/inspect_tree.h"

#include "base/datetime.h"
#include "base/text.h"
#include "convert/walk.h"
#include "mapi/json.h"

#include <string.h>

#define NAME_BYTES 80    /* shown of a subject */
#define DATE_UNKNOWN "-" /* where a date should stand */

typedef struct tree {
    const cli_args *args;
    cli_show_fn show;
    const char *wanted; /* --item, or NULL */
    cv_buf folder;      /* of the lines at hand */
    cv_buf shown;       /* the folder whose names were printed last */
    cv_buf lines;       /* of the folder's items */
    uint64_t in_folder, folders, items, unreadable;
} tree;

bool cli_is_container(cv_slice bytes, cv_slice file_name)
{
    switch (cv_detect(bytes, file_name)) {
    case CV_INPUT_PST:
    case CV_INPUT_MBOX:
    case CV_INPUT_ARCHIVE:
        return true;
    default:
        return false;
    }
}

/* -- an item -- */

static bool time_of(const cv_object *obj, int64_t *ticks)
{
    static const cv_tag tags[] = { CV_PidTagMessageDeliveryTime,
                                   CV_PidTagClientSubmitTime,
                                   CV_PidTagCreationTime,
                                   CV_PidTagLastModificationTime };
    for (size_t i = 0; i < CV_LEN(tags); i++)
        if (cv_bag_ticks(cv_object_props(obj), tags[i], ticks))
            return true;
    return false;
}

static cv_slice subject_of(const cv_object *obj)
{
    cv_slice text =
        cv_bag_string_or(cv_object_props(obj), CV_PidTagSubject, CV_S(""));
    return cv_text_one_line(cv_object_arena(obj), text);
}

static void put_line(tree *t, const cv_item *item, const cv_object *obj,
                     const cv_report *report)
{
    int64_t ticks;
    cv_buf *to = &t->lines;
    cv_slice name = item->name.len ? item->name : CV_S("-");
    cv_buf_printf(to, "%.*s  ", CV_FMT(cv_utf8_clip(name, NAME_BYTES)));
    if (!obj) {
        bool why = cv_report_count(report) > 0;
        cv_slice done = why ? cv_report_get(report, 0)->done : CV_S("");
        cv_buf_printf(to, "unreadable: %.*s\n", CV_FMT(done));
        return;
    }
    if (time_of(obj, &ticks))
        cv_iso_put(to, ticks - ticks % CV_TICKS_PER_SEC, true);
    else
        cv_buf_put_str(to, DATE_UNKNOWN);
    cv_buf_printf(to, "  %.*s  ", CV_FMT(cv_object_class(obj)));
    cv_buf_put_slice(to, cv_utf8_clip(subject_of(obj), NAME_BYTES));
    if (item->recovered)
        cv_buf_put_str(to, "  (recovered)");
    cv_buf_put_byte(to, '\n');
}

static void put_json_line(const cv_item *item, const cv_object *obj)
{
    int64_t ticks;
    cv_buf line, date;
    cv_buf_init(&line, 0);
    cv_buf_init(&date, 0);
    cv_json_writer w = cv_json_writer_of(&line, false);
    cv_json_begin_object(&w, NULL);
    cv_json_put_text(&w, "folder", item->folder);
    cv_json_put_text(&w, "item", item->name);
    cv_json_put_bool(&w, "readable", obj != NULL);
    cv_json_put_bool(&w, "recovered", item->recovered);
    if (obj) {
        cv_json_put_text(&w, "messageClass", cv_object_class(obj));
        cv_json_put_text(&w, "subject", subject_of(obj));
        cv_json_put_int(&w, "recipients",
                        (int64_t)cv_object_recipient_count(obj));
        cv_json_put_int(&w, "attachments",
                        (int64_t)cv_object_attachment_count(obj));
    }
    if (obj && time_of(obj, &ticks)) {
        cv_iso_put(&date, ticks, true);
        cv_json_put_text(&w, "date", cv_buf_slice(&date));
    }
    cv_json_end_object(&w);
    printf("%.*s\n", CV_FMT(cv_buf_slice(&line)));
    cv_buf_clear(&date);
    cv_buf_clear(&line);
}

/* -- folders -- */

static void indent(unsigned depth)
{
    for (unsigned i = 0; i < depth; i++)
        fputs("  ", stdout);
}

/* The names of a path that were not printed for the folder before it; gives
 * the depth of its items. */
static unsigned put_names(const tree *t, cv_slice path)
{
    unsigned depth = 0;
    bool same = true;
    cv_slice before = cv_buf_slice(&t->shown);
    while (path.ptr && path.len) {
        cv_slice name = cv_slice_cut(&path, '/');
        cv_slice old = before.ptr ? cv_slice_cut(&before, '/') : CV_S("");
        same = same && cv_slice_eq(name, old) && path.ptr;
        if (!same) {
            indent(depth);
            printf("%.*s", CV_FMT(name));
            if (path.ptr)
                putchar('\n');
        }
        depth++;
    }
    return depth;
}

static void end_folder(tree *t)
{
    cv_slice lines = cv_buf_slice(&t->lines);
    cv_slice path = cv_buf_slice(&t->folder);
    if (!t->in_folder)
        return;
    unsigned depth = put_names(t, path);
    if (depth)
        printf(" (%llu)\n", (unsigned long long)t->in_folder);
    while (lines.ptr && lines.len) {
        cv_slice line = cv_slice_cut(&lines, '\n');
        indent(depth);
        printf("%.*s\n", CV_FMT(line));
    }
    cv_buf_reset(&t->shown);
    cv_buf_put_slice(&t->shown, path);
    cv_buf_reset(&t->lines);
    t->folders++;
    t->in_folder = 0;
}

/* -- the walk -- */

/* cv_walker's want */
static bool want(void *ctx, const cv_item *item)
{
    const tree *t = ctx;
    return !t->wanted || cv_slice_eq(item->name, cv_slice_cstr(t->wanted));
}

/* cv_walker's each */
static cv_status each(void *ctx, const cv_item *item, cv_object *obj,
                      cv_report *report, cv_error *err)
{
    tree *t = ctx;
    t->items++;
    t->unreadable += obj == NULL;
    if (t->wanted && obj)
        return t->show(t->args, obj, report, err);
    if (cli_has(t->args, "json")) {
        put_json_line(item, obj);
        return CV_OK;
    }
    if (!cv_slice_eq(cv_buf_slice(&t->folder), item->folder)) {
        end_folder(t);
        cv_buf_reset(&t->folder);
        cv_buf_put_slice(&t->folder, item->folder);
    }
    t->in_folder++;
    put_line(t, item, obj, report);
    return cv_buf_status(&t->lines, err);
}

static cv_status finish(tree *t, cv_error *err)
{
    end_folder(t);
    if (t->wanted && !t->items)
        return cv_fail(err, CV_ERR_NOTFOUND, "no item %s", t->wanted);
    if (!t->wanted && !cli_has(t->args, "json"))
        printf("%llu items in %llu folders, %llu unreadable\n",
               (unsigned long long)t->items, (unsigned long long)t->folders,
               (unsigned long long)t->unreadable);
    return CV_OK;
}

cv_status cli_show_tree(const cli_args *args, cv_slice bytes,
                        cv_slice file_name, const cv_convert_options *options,
                        cli_show_fn show, cv_report *report, cv_error *err)
{
    tree t = { .args = args,
               .show = show,
               .wanted = cli_value(args, "item", NULL) };
    cv_walker walker = { .recover = cli_has(args, "recover"),
                         .split = true,
                         .want = want,
                         .each = each,
                         .ctx = &t };
    cv_buf_init(&t.folder, 0);
    cv_buf_init(&t.shown, 0);
    cv_buf_init(&t.lines, 0);
    cv_status status = cv_walk(bytes, file_name, options, &walker, report, err);
    if (status == CV_OK)
        status = finish(&t, err);
    cv_buf_clear(&t.lines);
    cv_buf_clear(&t.shown);
    cv_buf_clear(&t.folder);
    return status;
}
