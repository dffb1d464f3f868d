/* In the order of the walk: outputs take their names, the report and the
 * journal get their lines. */
#include "cli/batch_private.h"

#include "cli/converting.h"
#include "mapi/json.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FLUSH_LINES 64
#define FLUSH_MS 1000
#define SYNC_MS 5000

/* -- records that wait -- */

static void drop_temp(const run *r, const batch_record *record)
{
    char *path = record->temp
                     ? batch_temp_path(r->plan, record->temp_pid, record->temp)
                     : NULL;
    if (path)
        (void)unlink(path);
    free(path);
}

static held *copy_of(const batch_record *record)
{
    size_t len = 0;
    for (size_t i = 0; i < BATCH_TEXTS; i++)
        len += record->texts[i].len;
    held *h = malloc(sizeof *h + len);
    if (!h)
        return NULL;
    char *at = (char *)(h + 1);
    *h = (held){ .record = *record };
    for (size_t i = 0; i < BATCH_TEXTS; i++) {
        cv_slice *text = &h->record.texts[i];
        if (text->len)
            memcpy(at, text->ptr, text->len);
        text->ptr = (const uint8_t *)at;
        at += text->len;
    }
    return h;
}

void batch_hold(run *r, const batch_record *record)
{
    entry *e = batch_entry(r, record->input);
    held **at = &e->first;
    while (*at && (*at)->record.index < record->index)
        at = &(*at)->next;
    bool known = record->index < e->next ||
                 (*at && (*at)->record.index == record->index);
    held *h = known ? NULL : copy_of(record);
    if (h) {
        h->next = *at;
        *at = h;
    } else {
        drop_temp(r, record);
        if (!known)
            batch_stop(r, "out of memory", e->path);
    }
}

void batch_hold_death(run *r, uint64_t input, uint64_t index, const char *why)
{
    const entry *e = batch_entry(r, input);
    cv_report *report = NULL;
    cv_buf line;
    batch_record record = { .kind = BATCH_ITEM,
                            .outcome = BATCH_FAILED,
                            .input = input,
                            .index = index,
                            .repaired = true,
                            .error = { .offset = UINT64_MAX } };
    cv_fail(&record.error, CV_ERR_IO, "%s", why);
    record.error.offset = UINT64_MAX;
    cv_buf_init(&line, 0);
    cv_error ignored;
    if (cv_report_new(&report, &ignored) == CV_OK) {
        cv_report_say(report, CV_RULE_CHILD_DIED, CV_S(""), CV_S(""),
                      cv_slice_cstr(why), "nothing could be written");
        cv_report_put_line(report, cv_slice_cstr(e->path), CV_S(""), "failed",
                           cv_message_ids_of(NULL), &line);
    }
    record.texts[BATCH_LINE] = cv_buf_slice(&line);
    record.texts[BATCH_RULES] = CV_S("child-died=1");
    batch_hold(r, &record);
    cv_buf_clear(&line);
    cv_report_free(&report);
}

void batch_entry_clear(entry *e)
{
    while (e->first) {
        held *h = e->first;
        e->first = h->next;
        free(h);
    }
    free(e->path);
    free(e->folder);
    free(e->name);
    *e = (entry){ 0 };
}

/* -- the report -- */

/* The line with the output's path in the place of "?". */
static void put_line(const run *r, cv_slice line, cv_slice output, cv_buf *out)
{
    cv_slice key = CV_S("\"output\":");
    size_t at = cv_slice_find(line, key, 0);
    size_t mark =
        at == CV_NPOS ? CV_NPOS : cv_slice_find(line, CV_S("\"?\""), at);
    if (!output.len || mark == CV_NPOS || mark > at + key.len + 1) {
        cv_buf_put_slice(out, line);
        return;
    }
    cv_buf path;
    cv_buf_init(&path, 0);
    size_t len = strlen(r->plan->out);
    bool slash = len && r->plan->out[len - 1] == '/';
    cv_buf_printf(&path, "%s%s%.*s", r->plan->out, slash ? "" : "/",
                  CV_FMT(output));
    cv_buf_put_slice(out, cv_slice_sub(line, 0, mark));
    cv_json_writer w = cv_json_writer_of(out, false);
    cv_json_put_text(&w, NULL, cv_buf_slice(&path));
    cv_buf_put_slice(out, cv_slice_sub(line, mark + 3, line.len));
    cv_buf_clear(&path);
}

static void write_line(run *r, cv_slice line, cv_slice output)
{
    cv_buf out;
    if (!r->report || !line.len)
        return;
    cv_buf_init(&out, 0);
    put_line(r, line, output, &out);
    if (out.status != CV_OK ||
        fwrite(out.data, 1, out.len, r->report) != out.len)
        batch_stop(r, "the report cannot be written", r->config->report_name);
    r->report_bytes += out.len;
    cv_buf_clear(&out);
}

/* -- one item -- */

/* The output could not take its place: this item's failure. */
static void fail_placing(run *r, const entry *e, batch_record *record,
                         const cv_error *why, cv_buf *line)
{
    cv_report *report = NULL;
    cv_error ignored;
    drop_temp(r, record);
    record->outcome = BATCH_FAILED;
    record->error = *why;
    record->error.offset = UINT64_MAX;
    record->texts[BATCH_RULES] = CV_S("io=1");
    if (cv_report_new(&report, &ignored) != CV_OK)
        return;
    cv_report_say(report, CV_RULE_IO, CV_S(""), CV_S(""), CV_S(""), "%s",
                  why->what);
    cv_report_put_line(report, cv_slice_cstr(e->path), CV_S(""), "failed",
                       cv_message_ids_of(NULL), line);
    record->texts[BATCH_LINE] = cv_buf_slice(line);
    cv_report_free(&report);
}

static void place(run *r, const entry *e, batch_record *record, cv_buf *output,
                  uint64_t *end, cv_buf *line)
{
    cv_error err = { .offset = UINT64_MAX };
    bool fatal = false;
    if (record->outcome != BATCH_CONVERTED && record->outcome != BATCH_PARTIAL)
        return;
    if (batch_place(r->placer, record, e->path, output, end, &fatal, &err) ==
        CV_OK)
        return;
    cv_buf_reset(output);
    if (fatal)
        batch_stop(r, err.what, e->path);
    else
        fail_placing(r, e, record, &err, line);
}

static void begin_input(run *r, entry *e)
{
    cli_source source = { .path = e->path,
                          .size = e->size,
                          .mtime_ns = e->mtime_ns };
    if (!e->begun)
        journal_input(r->journal, &source);
    e->begun = true;
}

static void settle_item(run *r, entry *e, batch_record *record)
{
    cv_buf output, line;
    uint64_t end = 0;
    if (record->outcome == BATCH_TARGET) {
        batch_stop(r, record->error.what, e->path);
        return;
    }
    cv_buf_init(&output, 0);
    cv_buf_init(&line, 0);
    begin_input(r, e);
    place(r, e, record, &output, &end, &line);
    if (record->outcome == BATCH_FAILED && !r->stopped) {
        cli_progress_clear(&r->progress);
        cli_say_failure(e->path, &record->error);
    }
    if (!r->stopped)
        write_line(r, record->texts[BATCH_LINE], cv_buf_slice(&output));
    if (!r->stopped && record->outcome != BATCH_SKIPPED) {
        journal_item item = { .index = record->index,
                              .outcome = journal_letter(record->outcome),
                              .repaired = record->repaired,
                              .folder = record->texts[BATCH_FOLDER],
                              .output = cv_buf_slice(&output),
                              .report = r->report_bytes,
                              .end = end,
                              .rules = record->texts[BATCH_RULES] };
        journal_put(r->journal, &item);
    }
    if (!r->stopped)
        cli_summary_add(&r->summary, record->outcome, record->repaired,
                        record->texts[BATCH_RULES]);
    cv_buf_clear(&line);
    cv_buf_clear(&output);
}

/* -- in order -- */

static void settle_records(run *r, entry *e)
{
    while (!r->stopped && e->first && e->first->record.index == e->next) {
        held *h = e->first;
        settle_item(r, e, &h->record);
        if (r->stopped)
            return;
        e->first = h->next;
        e->next++;
        free(h);
    }
}

/* Nobody works on it any more. False: an item is missing; it was given a
 * failure. */
static bool is_done(run *r, const entry *e)
{
    uint64_t taken = atomic_load(&r->shared->next[r->head % BATCH_RING]);
    uint64_t end = e->end > taken ? e->end : taken;
    if (e->next >= end)
        return true;
    batch_hold_death(r, r->head, e->next, "the converting process was lost");
    return false;
}

void batch_settle(run *r)
{
    while (!r->stopped && r->head < r->tail) {
        entry *e = batch_entry(r, r->head);
        settle_records(r, e);
        if (r->stopped || !e->ended || e->walkers || e->rescues)
            break;
        if (!is_done(r, e))
            continue;
        begin_input(r, e);
        journal_end(r->journal);
        r->weight_done += batch_weight(e->size);
        batch_entry_clear(e);
        r->head++;
    }
    batch_flush(r, false);
}

void batch_flush(run *r, bool now)
{
    cv_error err;
    int64_t time = batch_now_ms();
    bool sync = now || time - r->synced_ms >= SYNC_MS;
    bool due = journal_waiting(r->journal) >= FLUSH_LINES ||
               time - r->flushed_ms >= FLUSH_MS;
    if (!sync && !due)
        return;
    /* The journal's lines say how long the report is. */
    if (r->report && fflush(r->report) != 0 && !r->stopped)
        batch_stop(r, "the report cannot be written", r->config->report_name);
    if (journal_waiting(r->journal) &&
        journal_flush(r->journal, sync, &err) != CV_OK && !r->stopped)
        batch_stop(r, err.what, r->plan->work);
    r->flushed_ms = time;
    if (sync)
        r->synced_ms = time;
}

void batch_stop(run *r, const char *what, const char *at)
{
    if (r->stopped)
        return;
    r->stopped = true;
    cli_progress_clear(&r->progress);
    cli_error("%s; stopped at %s", what, at);
}
