/* The walk over an input: which container it is, and what all of them share:
 * numbers, the caller's choice, a report for each item. */
#include "convert/walk_private.h"

#include "convert/private.h"

#define WALK_DEPTH 4 /* containers in containers; deeper ones are files */

/* A file that is one message, or is read as one. */
typedef struct file {
    cv_slice in, name;
} file;

/* cv_item_read_fn */
static cv_status read_file(void *ctx, cv_walk_state *w, cv_object **out,
                           cv_report *report, cv_error *err)
{
    const file *f = ctx;
    return cv_read(f->in, f->name, w->options, out, report, err);
}

/* The reader's error as a finding, unless it gave one itself. */
static void tell_failure(cv_report *report, const cv_error *why)
{
    if (!cv_report_has(report, CV_RULE_NOT_A_MESSAGE))
        cv_report_say(report, CV_RULE_NOT_A_MESSAGE, CV_S(""), CV_S(""),
                      CV_S(""), "%s", why->what);
}

static cv_status give(cv_walk_state *w, const cv_item *item,
                      cv_item_read_fn read, void *ctx, cv_report *report,
                      cv_error *err)
{
    cv_object *obj = NULL;
    cv_error why = { .offset = UINT64_MAX };
    if (read(ctx, w, &obj, report, &why) != CV_OK)
        tell_failure(report, &why);
    cv_status st = w->walker->each(w->walker->ctx, item, obj, report, err);
    cv_object_free(&obj);
    return st;
}

cv_status cv_walk_item(cv_walk_state *w, cv_item *item, cv_item_read_fn read,
                       void *ctx, cv_error *err)
{
    cv_report *report = NULL;
    item->index = w->next++;
    if (w->walker->want && !w->walker->want(w->walker->ctx, item))
        return CV_OK;
    CV_TRY(cv_report_new(&report, err));
    cv_status st = give(w, item, read, ctx, report, err);
    cv_report_free(&report);
    return st;
}

/* The entries of a calendar file; a file without any is itself the item. */
static cv_status walk_calendar(cv_walk_state *w, cv_slice in, cv_slice folder,
                               cv_slice name, cv_error *err)
{
    size_t count = 0;
    CV_TRY(cv_from_ical_walk(w, in, folder, name, &count, err));
    cv_item item = { .folder = folder };
    file f = { in, name };
    return count ? CV_OK : cv_walk_item(w, &item, read_file, &f, err);
}

/* cv_item_read_fn: tells why a file cannot be opened. */
static cv_status fail_to_read(void *ctx, cv_walk_state *w, cv_object **out,
                              cv_report *report, cv_error *err)
{
    const cv_error *why = ctx;
    (void)w;
    (void)out;
    (void)report;
    return cv_fail_at(err, why->code, why->offset, "%s", why->what);
}

cv_status cv_walk_unreadable(cv_walk_state *w, cv_slice folder, cv_slice name,
                             cv_error *why, cv_error *err)
{
    cv_item item = { .folder = folder, .name = name };
    if (w->depth > 1 || w->next)
        return cv_walk_item(w, &item, fail_to_read, why, err);
    cv_report_say(w->report, CV_RULE_NOT_A_MESSAGE, CV_S(""), CV_S(""),
                  CV_S(""), "%s", why->what);
    if (err)
        *err = *why;
    return why->code;
}

cv_slice cv_walk_join(cv_buf *buf, cv_slice folder, cv_slice name)
{
    cv_buf_reset(buf);
    cv_buf_put_slice(buf, folder);
    if (folder.len && name.len)
        cv_buf_put_byte(buf, '/');
    cv_buf_put_slice(buf, name);
    return cv_buf_slice(buf);
}

/* *container false: the file is one message, or none. */
static cv_status walk_container(cv_walk_state *w, cv_slice in, cv_slice folder,
                                cv_slice name, bool *container, cv_error *err)
{
    *container = true;
    switch (cv_detect(in, name)) {
    case CV_INPUT_ICAL:
        if (w->walker->split)
            return walk_calendar(w, in, folder, name, err);
        break;
    case CV_INPUT_PST:
        return cv_walk_pst(w, in, folder, name, err);
    case CV_INPUT_MBOX:
        return cv_walk_mbox(w, in, folder, name, err);
    case CV_INPUT_ARCHIVE:
        return cv_walk_archive(w, in, folder, name, err);
    case CV_INPUT_VCARD:
        if (cv_vcards_are_several(in))
            return cv_walk_vcards(w, in, folder, name, err);
        break;
    default:
        break;
    }
    *container = false;
    return CV_OK;
}

cv_status cv_walk_file(cv_walk_state *w, cv_slice in, cv_slice folder,
                       cv_slice name, cv_error *err)
{
    bool container = false;
    if (w->depth < WALK_DEPTH) {
        w->depth++;
        cv_status st = walk_container(w, in, folder, name, &container, err);
        w->depth--;
        if (container)
            return st;
    }
    cv_item item = { .folder = folder, .name = name };
    file f = { in, name };
    return cv_walk_item(w, &item, read_file, &f, err);
}

/* An input that is one message: its failure is the walk's. */
static cv_status walk_single(cv_walk_state *w, cv_slice in, cv_slice file_name,
                             cv_error *err)
{
    cv_item item = { 0 };
    cv_object *obj = NULL;
    cv_report *report = NULL;
    if (w->walker->want && !w->walker->want(w->walker->ctx, &item))
        return CV_OK;
    CV_TRY(cv_report_new(&report, err));
    cv_status st = cv_read(in, file_name, w->options, &obj, report, err);
    if (st == CV_OK)
        st = w->walker->each(w->walker->ctx, &item, obj, report, err);
    else
        cv_report_merge(w->report, report);
    cv_object_free(&obj);
    cv_report_free(&report);
    return st;
}

cv_status cv_walk(cv_slice in, cv_slice file_name,
                  const cv_convert_options *options, const cv_walker *walker,
                  cv_report *report, cv_error *err)
{
    cv_walk_state w = { .walker = walker,
                        .options = options,
                        .report = report,
                        .depth = 1,
                        .archives = cv_archive_budget_of(in.len) };
    bool container = false;
    cv_status st = walk_container(&w, in, CV_S(""), file_name, &container, err);
    if (!container)
        return walk_single(&w, in, file_name, err);
    if (st == CV_OK && w.next == 0)
        cv_report_say(report, CV_RULE_CONTAINER_EMPTY, CV_S(""), CV_S(""),
                      CV_S(""), "nothing to read");
    return st;
}
