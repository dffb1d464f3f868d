/* One input in a child: every message of it that this child takes. */
#include "cli/batch.h"
#include "cli/input.h"

#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* An input while it is worked on. */
typedef struct walk {
    batch_worker *w;
    const batch_task *task;
    cli_input input;
    bool nested;      /* its items get a folder of their own */
    bool by_file;     /* its items are named as the file is */
    bool item_open;   /* taken, but not yet given to each() */
    uint64_t seen;    /* items the walk came by */
    uint64_t current; /* of the item that is open */
    batch_writing writing;
} walk;

/* -- places and names -- */

/* Where an item stands: folder of the input, the input itself when it is a
 * container, folder in it. */
static void put_folder(const walk *k, cv_slice inner, cv_buf *out)
{
    cv_buf_put_str(out, k->task->folder);
    if (k->nested)
        cv_buf_printf(out, "%s%s", out->len ? "/" : "", k->task->name);
    if (inner.len)
        cv_buf_printf(out, "%s%.*s", out->len ? "/" : "", CV_FMT(inner));
}

void batch_put_item_name(const char *path, cv_slice folder, cv_slice name,
                         cv_buf *out)
{
    cv_buf_put_str(out, path);
    if (!folder.len && !name.len)
        return;
    cv_buf_put_byte(out, '#');
    cv_buf_put_slice(out, folder);
    if (folder.len && name.len)
        cv_buf_put_byte(out, '/');
    cv_buf_put_slice(out, name);
}

/* A person's or a group's name for a contact, else the subject. */
static cv_slice title_of(const cv_object *obj)
{
    static const cv_tag tags[] = { CV_PidTagSubject, CV_PidTagNormalizedSubject,
                                   CV_PidTagDisplayName,
                                   CV_PidTagConversationTopic };
    const cv_bag *props = cv_object_props(obj);
    bool person = cv_object_is_class(obj, CV_S("IPM.Contact")) ||
                  cv_object_is_class(obj, CV_S("IPM.DistList"));
    cv_slice title = CV_S("");
    if (person)
        title = cv_bag_string_or(props, CV_PidTagDisplayName, CV_S(""));
    for (size_t i = 0; !title.len && i < CV_LEN(tags); i++)
        title = cv_slice_trim(cv_bag_string_or(props, tags[i], CV_S("")));
    return title;
}

static cv_slice name_of(const walk *k, const cv_item *item,
                        const cv_object *obj)
{
    bool known = false;
    cv_slice name = cli_name_stem(item->name, &known);
    if (k->by_file)
        return cli_stem(k->task->path);
    if (known)
        return name;
    return cv_utf8_clip(title_of(obj), 2 * CLI_NAME_BYTES);
}

/* -- the report -- */

static void put_rules(const cv_report *report, cv_buf *out)
{
    uint32_t counts[CV_RULE_COUNT] = { 0 };
    for (size_t i = 0; i < cv_report_count(report); i++)
        counts[cv_report_get(report, i)->rule]++;
    for (size_t i = 0; i < CV_RULE_COUNT; i++)
        if (counts[i])
            cv_buf_printf(out, "%s%s=%u", out->len ? "," : "",
                          cv_rule_get((cv_rule_id)i)->id, counts[i]);
}

void batch_describe(const batch_worker *w, const batch_task *task,
                    cv_slice item, cv_message_ids about,
                    const cv_report *report, batch_record *r, cv_buf *line,
                    cv_buf *rules)
{
    static const char *const statuses[] = { [BATCH_CONVERTED] = "converted",
                                            [BATCH_PARTIAL] = "partial",
                                            [BATCH_FAILED] = "failed",
                                            [BATCH_FORMLESS] = "skipped",
                                            [BATCH_TOLD] = "partial" };
    (void)task;
    cv_buf_init(line, 0);
    cv_buf_init(rules, 0);
    if (r->outcome == BATCH_CONVERTED && batch_is_partial(report))
        r->outcome = BATCH_PARTIAL;
    r->repaired = cv_report_worst(report) >= CV_REPAIRED;
    if (r->outcome != BATCH_FORMLESS) /* nothing was done */
        put_rules(report, rules);
    bool output = r->outcome == BATCH_CONVERTED || r->outcome == BATCH_PARTIAL;
    if (w->plan->lines)
        cv_report_put_line(report, item, cv_slice_cstr(output ? "?" : ""),
                           statuses[r->outcome], about, line);
    r->texts[BATCH_LINE] = cv_buf_slice(line);
    r->texts[BATCH_RULES] = cv_buf_slice(rules);
}

static void emit(walk *k, batch_record *r)
{
    r->input = k->task->input;
    r->container = atomic_load(&k->w->slot->container);
    k->w->emit(k->w->ctx, r);
}

/* A record with its report. */
static void emit_item(walk *k, const cv_item *item, cv_message_ids about,
                      const cv_report *report, batch_record *r)
{
    cv_buf name, line, rules;
    cv_buf_init(&name, 0);
    batch_put_item_name(k->task->path, item->folder, item->name, &name);
    batch_describe(k->w, k->task, cv_buf_slice(&name), about, report, r, &line,
                   &rules);
    emit(k, r);
    cv_buf_clear(&rules);
    cv_buf_clear(&line);
    cv_buf_clear(&name);
}

/* -- writing -- */

/* A form that this item does not have: a calendar file asked of the mails
 * among the appointments of a store. Of the one file that was named it is an
 * error. */
static bool has_no_such_form(const walk *k, cv_status status)
{
    const batch_plan *plan = k->w->plan;
    return status == CV_ERR_UNSUP && (k->nested || !plan->lone) &&
           plan->to != CV_FORM_EML;
}

static void write_item(walk *k, const cv_item *item, const cv_object *obj,
                       cv_report *report, batch_record *r)
{
    batch_output out;
    cv_error ignored;
    cv_status st = batch_output_open(k->w, &out, &r->error);
    if (st == CV_OK)
        st = batch_write(&k->writing, obj, batch_output_sink(&out), report,
                         &r->error);
    cv_status closed = batch_output_close(&out, st == CV_OK,
                                          st == CV_OK ? &r->error : &ignored);
    st = st == CV_OK ? closed : st;
    r->outcome = st == CV_OK ? BATCH_CONVERTED : BATCH_FAILED;
    r->temp = st == CV_OK ? k->w->temps : 0;
    r->temp_pid = getpid();
    if (out.problem && out.problem != EFBIG)
        r->outcome = BATCH_TARGET;
    else if (has_no_such_form(k, st))
        r->outcome = BATCH_FORMLESS;
    else if (st != CV_OK)
        batch_explain(k->w->plan, obj, &r->error);
    r->texts[BATCH_NAME] = name_of(k, item, obj);
    if (r->outcome == BATCH_TARGET)
        emit(k, r);
    else
        emit_item(k, item, cv_message_ids_of(obj), report, r);
}

/* -- walking -- */

/* Moves the counter past an item; false when another child has it. */
static bool take(walk *k, uint64_t index)
{
    _Atomic uint64_t *next = &k->w->shared->next[k->task->input % BATCH_RING];
    uint64_t expected = index;
    return atomic_compare_exchange_strong(next, &expected, index + 1);
}

static void stand(const walk *k, batch_stage stage, uint64_t index)
{
    atomic_store(&k->w->slot->index, index);
    atomic_store(&k->w->slot->stage, (int)stage);
}

static bool wants(walk *k, const cv_item *item)
{
    cv_buf folder;
    cv_buf_init(&folder, 0);
    put_folder(k, item->folder, &folder);
    bool yes = batch_wants_folder(k->w->plan, cv_buf_slice(&folder));
    cv_buf_clear(&folder);
    return yes;
}

/* cv_walker.want: this child's items. */
static bool want(void *ctx, const cv_item *item)
{
    walk *k = ctx;
    k->seen = item->index + 1;
    if (k->w->before_item)
        k->w->before_item(); /* what is taken is never held back */
    if (k->w->item_begins)
        k->w->item_begins();
    stand(k, BATCH_READING, item->index);
    if (!take(k, item->index)) {
        stand(k, BATCH_WALKING, item->index);
        return false;
    }
    if (!wants(k, item)) {
        batch_record r = { .kind = BATCH_ITEM,
                           .outcome = BATCH_SKIPPED,
                           .index = item->index };
        emit(k, &r);
        stand(k, BATCH_WALKING, item->index);
        return false;
    }
    k->item_open = true;
    k->current = item->index;
    return true;
}

/* cv_walker.each */
static cv_status each(void *ctx, const cv_item *item, cv_object *obj,
                      cv_report *report, cv_error *err)
{
    walk *k = ctx;
    cv_buf folder;
    batch_record r = { .kind = BATCH_ITEM,
                       .index = item->index,
                       .outcome = BATCH_FAILED,
                       .error = { .code = CV_ERR_SYNTAX,
                                  .offset = UINT64_MAX } };
    (void)err;
    k->item_open = false;
    stand(k, BATCH_WRITING, item->index);
    cv_buf_init(&folder, 0);
    put_folder(k, item->folder, &folder);
    r.texts[BATCH_FOLDER] = cv_buf_slice(&folder);
    if (obj && k->task->in_maildir)
        CV_IGNORE(cli_mail_flags_set(obj, cli_maildir_flags(k->task->name)));
    if (obj) {
        r.time = batch_time_of(obj);
        r.flags = cli_mail_flags_of(obj);
    }
    if (!obj) {
        snprintf(r.error.what, sizeof(r.error.what), "%.*s cannot be read",
                 CV_FMT(cv_utf8_clip(item->name, 80)));
        emit_item(k, item, cv_message_ids_of(NULL), report, &r);
    } else if (!batch_wants(k->w->plan, obj)) {
        r.outcome = BATCH_PASSED;
        emit(k, &r);
    } else {
        write_item(k, item, obj, report, &r);
    }
    cv_buf_clear(&folder);
    stand(k, BATCH_WALKING, item->index);
    return CV_OK;
}

/* Asks for nothing: counts. */
static bool count_item(void *ctx, const cv_item *item)
{
    (void)item;
    ++*(uint64_t *)ctx;
    return false;
}

static uint64_t count_items(const walk *k)
{
    const batch_plan *plan = k->w->plan;
    uint64_t count = 0;
    cv_report *report = NULL;
    cv_error err;
    cv_walker walker = { .recover = plan->recover,
                         .split = plan->split,
                         .want = count_item,
                         .ctx = &count };
    if (cv_report_new(&report, &err) != CV_OK)
        return 0;
    if (cv_walk(k->input.bytes, cv_slice_cstr(k->task->path), plan->options,
                &walker, report, &err) != CV_OK)
        count = 0;
    cv_report_free(&report);
    return count;
}

/* How the items of this kind of input are placed; tells the parent how many
 * there will be, where finding out is cheap. */
static void settle_layout(walk *k)
{
    uint64_t count = 0;
    cv_input_type type =
        cv_detect(k->input.bytes, cv_slice_cstr(k->task->path));
    switch (type) {
    case CV_INPUT_PST:
    case CV_INPUT_MBOX:
    case CV_INPUT_VCARD:
        count = count_items(k);
        k->nested = type != CV_INPUT_VCARD || count > 1;
        break;
    case CV_INPUT_ARCHIVE:
        k->nested = true;
        break;
    default:
        break;
    }
    atomic_store(&k->w->slot->container,
                 k->nested || type == CV_INPUT_VCARD ||
                     (type == CV_INPUT_ICAL && k->w->plan->split));
    k->by_file = !k->nested && !k->task->in_maildir;
    k->writing.nested = k->nested;
    batch_record r = { .kind = BATCH_COUNT, .index = count };
    if (count)
        emit(k, &r);
}

/* The walk's own end: what is wrong with the container, or why the input is
 * no message. It counts as one more item. */
static void tell_end(walk *k, cv_status status, const cv_report *report,
                     const cv_error *why)
{
    cv_item item = { 0 };
    cv_buf folder;
    batch_record r = { .kind = BATCH_ITEM,
                       .outcome = status == CV_OK ? BATCH_TOLD : BATCH_FAILED,
                       .index = k->item_open ? k->current : k->seen,
                       .error = *why };
    if (status == CV_OK && cv_report_count(report) == 0)
        return;
    if (!k->item_open) {
        bool mine = take(k, k->seen++);
        if (!mine)
            return;
    }
    cv_buf_init(&folder, 0);
    put_folder(k, CV_S(""), &folder);
    r.texts[BATCH_FOLDER] = cv_buf_slice(&folder);
    emit_item(k, &item, cv_message_ids_of(NULL), report, &r);
    cv_buf_clear(&folder);
}

static cv_status open_and_walk(walk *k, cv_report *report, cv_error *err)
{
    const batch_plan *plan = k->w->plan;
    cv_walker walker = { .recover = plan->recover,
                         .split = plan->split,
                         .want = want,
                         .each = each,
                         .ctx = k };
    cv_status st = cli_input_open(k->task->path, &k->input, err);
    if (st != CV_OK) {
        cv_report_say(report, CV_RULE_IO, CV_S(""), CV_S(""), CV_S(""), "%s",
                      err->what);
        return st;
    }
    settle_layout(k);
    return cv_walk(k->input.bytes, cv_slice_cstr(k->task->path), plan->options,
                   &walker, report, err);
}

static void walk_input(batch_worker *w, const batch_task *task)
{
    walk k = { .w = w, .task = task };
    k.writing = (batch_writing){ .plan = w->plan,
                                 .path = task->path,
                                 .input = &k.input };
    cv_error err = { .offset = UINT64_MAX };
    cv_report *report = NULL;
    atomic_store(&w->slot->container, false);
    stand(&k, BATCH_WALKING, 0);
    if (w->item_begins)
        w->item_begins();
    cv_status status = cv_report_new(&report, &err);
    if (status == CV_OK)
        status = open_and_walk(&k, report, &err);
    if (report)
        tell_end(&k, status, report, &err);
    batch_record end = { .kind = BATCH_END, .index = k.seen };
    emit(&k, &end);
    cv_report_free(&report);
    cli_input_close(&k.input);
}

void batch_work(batch_worker *w, const batch_task *task)
{
    atomic_store(&w->slot->input, task->input);
    if (task->kind == BATCH_WALK)
        walk_input(w, task);
    else
        batch_rescue(w, task);
    atomic_store(&w->slot->stage, (int)BATCH_IDLE);
}
