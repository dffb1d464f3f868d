/* The last step of the ladder for an item on which a child died: a minimal
 * message with the original attached, made by another child. */
#include "cli/batch.h"
#include "cli/input.h"
#include "cli/mbox.h"

#include "base/text.h"
#include "mapi/pack.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PACKED_BYTES ((size_t)64 << 20)
#define TEXT_BYTES ((size_t)64 << 10)
#define ATTACH_BY_VALUE 1

typedef struct rescue {
    batch_worker *w;
    const batch_task *task;
    cli_input input;
    bool nested;
    bool done; /* a record was given */
} rescue;

/* What goes into the message. */
typedef struct remains {
    cv_slice from, to, subject, text, original;
    const char *original_name;
    int64_t date;
} remains;

/* For forms that are objects: the same content. */
static cv_status write_object(const rescue *k, const remains *m,
                              const cv_sink *to, cv_report *report,
                              cv_error *err)
{
    cv_object *obj = NULL;
    CV_TRY(cv_object_new(0, &obj, err));
    cv_bag *props = cv_object_props(obj);
    cv_attachment *a = cv_object_add_attachment(obj);
    cv_status st = a ? CV_OK : CV_ERR_NOMEM;
    if (st == CV_OK)
        st = cv_bag_set_string(props, CV_PidTagMessageClass, CV_S("IPM.Note"));
    if (st == CV_OK)
        st = cv_bag_set_string(props, CV_PidTagSubject, m->subject);
    if (st == CV_OK)
        st = cv_bag_set_string(props, CV_PidTagBody, m->text);
    if (st == CV_OK)
        st = cv_bag_set_string(a->props, CV_PidTagAttachLongFilename,
                               cv_slice_cstr(m->original_name));
    if (st == CV_OK)
        st = cv_bag_set_i32(a->props, CV_PidTagAttachMethod, ATTACH_BY_VALUE);
    if (st == CV_OK) {
        a->has_data = true;
        a->data = cv_blob_mem(m->original);
        st =
            cv_write(obj, k->w->plan->to, k->w->plan->options, to, report, err);
    }
    cv_object_free(&obj);
    return st;
}

static cv_status write_form(const rescue *k, const remains *m, cv_sink to,
                            cv_report *report, cv_error *err)
{
    const batch_plan *plan = k->w->plan;
    cli_mbox mbox;
    if (plan->to != CV_FORM_EML)
        return write_object(k, m, &to, report, err);
    if (plan->packing == BATCH_FILES)
        return cv_to_mime_minimal(m->from, m->to, m->subject, m->date, m->text,
                                  m->original, m->original_name, &to, err);
    CV_TRY(cli_mbox_begin(&mbox, to, plan->packing == BATCH_MBOX, m->date, 0,
                          err));
    cv_sink sink = cli_mbox_sink(&mbox);
    cv_status st =
        cv_to_mime_minimal(m->from, m->to, m->subject, m->date, m->text,
                           m->original, m->original_name, &sink, err);
    cv_error ignored;
    cv_status end = cli_mbox_end(&mbox, st == CV_OK ? err : &ignored);
    return st == CV_OK ? end : st;
}

static void say_died(const rescue *k, bool minimal, cv_report *report)
{
    cv_report_say(report, CV_RULE_CHILD_DIED, CV_S(""), CV_S(""),
                  cv_slice_cstr(k->task->why), "%s",
                  minimal ? "minimal message, original attached"
                          : "nothing could be written");
    if (minimal)
        cv_report_reach(report, CV_LADDER_MINIMAL);
}

/* m NULL: nothing can be made. */
static void emit_remains(rescue *k, const cv_item *item, const remains *m,
                         cv_message_ids about)
{
    batch_output out = { .fd = -1 };
    cv_report *report = NULL;
    cv_error ignored;
    batch_record r = { .kind = BATCH_ITEM,
                       .outcome = BATCH_FAILED,
                       .input = k->task->input,
                       .index = k->task->index,
                       .time = m ? m->date : 0,
                       .temp_pid = getpid(),
                       .error = { .code = CV_ERR_IO, .offset = UINT64_MAX } };
    if (cv_report_new(&report, &ignored) != CV_OK)
        return;
    cv_status st = CV_ERR_IO;
    snprintf(r.error.what, sizeof(r.error.what), "%s", k->task->why);
    if (m) {
        st = batch_output_open(k->w, &out, &r.error);
        if (st == CV_OK)
            st = write_form(k, m, batch_output_sink(&out), report, &r.error);
        cv_status closed = batch_output_close(&out, st == CV_OK, &ignored);
        st = st == CV_OK ? closed : st;
    }
    if (st == CV_OK) {
        r.outcome = BATCH_CONVERTED;
        r.temp = k->w->temps;
    } else if (out.problem && out.problem != EFBIG) {
        r.outcome = BATCH_TARGET;
    }
    say_died(k, st == CV_OK, report);
    cv_buf name, folder, line = { 0 }, rules = { 0 };
    cv_buf_init(&name, 0);
    cv_buf_init(&folder, 0);
    cv_buf_put_str(&folder, k->task->folder);
    if (k->nested)
        cv_buf_printf(&folder, "%s%s", folder.len ? "/" : "", k->task->name);
    if (item->folder.len)
        cv_buf_printf(&folder, "%s%.*s", folder.len ? "/" : "",
                      CV_FMT(item->folder));
    batch_put_item_name(k->task->path, item->folder, item->name, &name);
    r.texts[BATCH_FOLDER] = cv_buf_slice(&folder);
    r.texts[BATCH_NAME] = k->nested && m && m->subject.len
                              ? cv_utf8_clip(m->subject, 2 * CLI_NAME_BYTES)
                              : cli_stem(k->task->path);
    if (r.outcome != BATCH_TARGET)
        batch_describe(k->w, k->task, cv_buf_slice(&name), about, report, &r,
                       &line, &rules);
    k->w->emit(k->w->ctx, &r);
    k->done = true;
    cv_buf_clear(&rules);
    cv_buf_clear(&line);
    cv_buf_clear(&folder);
    cv_buf_clear(&name);
    cv_report_free(&report);
}

static bool want_one(void *ctx, const cv_item *item)
{
    const rescue *k = ctx;
    return item->index == k->task->index;
}

static cv_slice first_recipient(const cv_object *obj)
{
    if (cv_object_recipient_count(obj) == 0)
        return CV_S("");
    return cv_bag_string_or(cv_object_recipient(obj, 0), CV_PidTagSmtpAddress,
                            CV_S(""));
}

static cv_status each_one(void *ctx, const cv_item *item, cv_object *obj,
                          cv_report *report, cv_error *err)
{
    rescue *k = ctx;
    cv_buf packed;
    (void)report;
    if (!obj) {
        emit_remains(k, item, NULL, cv_message_ids_of(NULL));
        return CV_OK;
    }
    const cv_bag *props = cv_object_props(obj);
    remains m = {
        .from = cv_bag_string_or(props, CV_PidTagSentRepresentingSmtpAddress,
                                 CV_S("")),
        .to = first_recipient(obj),
        .subject = cv_bag_string_or(props, CV_PidTagSubject, CV_S("")),
        .text = cv_utf8_clip(cv_bag_string_or(props, CV_PidTagBody, CV_S("")),
                             TEXT_BYTES),
        .original = cv_object_original(obj),
        .original_name = "original.eml",
    };
    if (!cv_bag_ticks(props, CV_PidTagMessageDeliveryTime, &m.date))
        (void)cv_bag_ticks(props, CV_PidTagClientSubmitTime, &m.date);
    cv_buf_init(&packed, PACKED_BYTES);
    if (!m.original.len && cv_object_pack(obj, &packed, err) == CV_OK) {
        m.original = cv_buf_slice(&packed);
        m.original_name = "message.cvob";
    }
    emit_remains(k, item, &m, cv_message_ids_of(obj));
    cv_buf_clear(&packed);
    return CV_OK;
}

static void rescue_object(rescue *k, cv_report *report)
{
    const batch_plan *plan = k->w->plan;
    cv_error err;
    cv_walker walker = { .recover = plan->recover,
                         .split = plan->split,
                         .want = want_one,
                         .each = each_one,
                         .ctx = k };
    CV_IGNORE(cv_walk(k->input.bytes, cv_slice_cstr(k->task->path),
                      plan->options, &walker, report, &err));
}

static void rescue_bytes(rescue *k)
{
    cv_item item = { 0 };
    bool known;
    remains m = {
        .subject = cli_name_stem(cv_slice_cstr(k->task->name), &known),
        .text = CV_S("This file could not be converted. It is attached as it "
                     "is.\r\n"),
        .original = k->input.bytes,
        .original_name = k->task->name,
    };
    emit_remains(k, &item, &m, cv_message_ids_of(NULL));
}

/* As batch_item.c places the items of this input. */
static bool is_nested(const rescue *k)
{
    cv_input_type type =
        cv_detect(k->input.bytes, cv_slice_cstr(k->task->path));
    return k->task->kind == BATCH_RESCUE_OBJECT &&
           (type == CV_INPUT_PST || type == CV_INPUT_MBOX ||
            type == CV_INPUT_ARCHIVE);
}

void batch_rescue(batch_worker *w, const batch_task *task)
{
    rescue k = { .w = w, .task = task };
    cv_error err = { .offset = UINT64_MAX };
    cv_report *report = NULL;
    cv_item item = { 0 };
    atomic_store(&w->slot->index, task->index);
    atomic_store(&w->slot->stage, (int)BATCH_READING);
    if (w->item_begins)
        w->item_begins();
    if (cv_report_new(&report, &err) == CV_OK &&
        cli_input_open(task->path, &k.input, &err) == CV_OK) {
        k.nested = is_nested(&k);
        if (task->kind == BATCH_RESCUE_OBJECT)
            rescue_object(&k, report);
        /* A calendar that cannot even be taken apart is attached whole. */
        bool whole = !k.nested && task->index == 0;
        if (!k.done && (whole || task->kind == BATCH_RESCUE_BYTES))
            rescue_bytes(&k);
    }
    if (!k.done)
        emit_remains(&k, &item, NULL, cv_message_ids_of(NULL));
    batch_record end = { .kind = BATCH_END, .input = task->input };
    w->emit(w->ctx, &end);
    cv_report_free(&report);
    cli_input_close(&k.input);
}
