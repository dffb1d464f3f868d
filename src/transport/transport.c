/* transport.c - attempts: lease, deliver, book the results, retry or report. */
#include "transport/transport_private.h"

#include "base/guid.h"

#include <inttypes.h>
#include <stdlib.h>

cv_status transport_new(const transport_config *config, transport **out,
                        cv_error *err)
{
    transport *t = calloc(1, sizeof(*t));

    if (!t)
        return cv_fail(err, CV_ERR_NOMEM, "transport");
    t->config = *config;
    *out = t;
    return CV_OK;
}

void transport_free(transport **t)
{
    free(*t);
    *t = NULL;
}

int64_t transport_now(const transport *t)
{
    return t->config.env->now(t->config.env->ctx);
}

transport_settings transport_settings_get(const transport *t, cv_arena *arena)
{
    transport_settings s = { 0 };

    t->config.settings(t->config.ctx, arena, &s);
    return s;
}

void transport_wake(transport *t)
{
    if (t->config.wake)
        t->config.wake(t->config.ctx);
}

/* -- events -- */

static void emit(transport *t, const store_queue_entry *e, int32_t number,
                 const char *severity, cv_slice text)
{
    transport_event event = {
        .number = number,
        .category = number == 327 ? "Exchange Store Driver" : "Queuing Engine",
        .severity = severity,
        .text = text,
        .queue_id = e->id,
        .account = e->account,
        .folder = e->folder,
        .message = e->message,
    };
    if (t->config.events.emit)
        t->config.events.emit(t->config.events.ctx, &event);
}

void transport_emit(transport *t, const store_queue_entry *e,
                    const char *severity, cv_slice text)
{
    emit(t, e, 0, severity, text);
}

void transport_emit_store_call_failed(transport *t, const store_queue_entry *e,
                                      int32_t code)
{
    char mdb[CV_GUID_TEXT];
    cv_buf buf;

    cv_guid_format(store_mdb(t->config.store), mdb);
    cv_buf_init(&buf, 512);
    cv_buf_printf(&buf,
                  "The following call : EcGetMime to the store failed. "
                  "Error code : %" PRId32 ". MDB : %.36s. FID : %" PRIX64
                  ". MID : %" PRIX64 ". File : .",
                  code, mdb + 1, (uint64_t)e->folder, (uint64_t)e->message);
    emit(t, e, 327, "Warning", cv_buf_slice(&buf));
    cv_buf_clear(&buf);
}

/* -- results -- */

static void remember_index(size_t *list, size_t *count, size_t index)
{
    list[(*count)++] = index;
}

void transport_mark(transport_attempt *a, size_t rcpt,
                    const transport_result *result, cv_slice remote)
{
    store_queue_rcpt *r = &a->entry.rcpts[rcpt];
    bool relayed = result->outcome == TRANSPORT_DELIVERED;

    r->status = result->status;
    r->reply = result->reply;
    r->remote = remote;
    r->done = result->outcome != TRANSPORT_TEMPORARY;
    if (result->outcome == TRANSPORT_PERMANENT)
        remember_index(a->failed, &a->failed_count, rcpt);
    if (relayed && !result->reports_success &&
        (r->notify & TRANSPORT_NOTIFY_SUCCESS))
        remember_index(a->relayed, &a->relayed_count, rcpt);
    if (!r->done) {
        a->entry.last_error = result->reply;
        if (a->entry.failure_class.len == 0)
            a->entry.failure_class = CV_S("peer");
    }
}

void transport_mark_all(transport_attempt *a, transport_outcome outcome,
                        cv_slice status, cv_slice reply)
{
    transport_result result = { outcome, status, reply, false };

    for (size_t i = 0; i < a->entry.rcpt_count; i++) {
        if (!a->entry.rcpts[i].done)
            transport_mark(a, i, &result, CV_S(""));
    }
}

/* Everybody who is still pending runs into the time limit. The last answer
 * stays the diagnostic. */
static void expire(transport_attempt *a)
{
    for (size_t i = 0; i < a->entry.rcpt_count; i++) {
        store_queue_rcpt *r = &a->entry.rcpts[i];
        if (r->done)
            continue;
        r->status = CV_S("4.4.7");
        r->done = true;
        remember_index(a->failed, &a->failed_count, i);
    }
}

static bool is_pending(const store_queue_entry *e)
{
    for (size_t i = 0; i < e->rcpt_count; i++) {
        if (!e->rcpts[i].done)
            return true;
    }
    return false;
}

/* Intervals count from the end of the attempt; the entry comes up once more
 * at its expiry. A setting that changed while the attempt ran is tried at
 * once: its wake-up may have come before the failure was booked. */
static void schedule(transport_attempt *a)
{
    store_queue_entry *e = &a->entry;
    int64_t now = transport_now(a->t);
    size_t step = e->attempts < 3 ? e->attempts : 3;

    e->attempts++;
    e->state = STORE_QUEUE_RETRY;
    e->failed_epoch = a->epoch;
    e->next_try = now + a->settings.retry[step];
    if (store_epoch(a->t->config.store) != a->epoch)
        e->next_try = now;
    if (e->next_try > e->expires)
        e->next_try = e->expires;
}

static bool delay_is_due(const transport_attempt *a)
{
    const store_queue_entry *e = &a->entry;

    return a->settings.delay_warn > 0 && !e->delay_reported &&
           e->from.len > 0 &&
           transport_now(a->t) - e->submitted >= a->settings.delay_warn;
}

static cv_status report_delay(transport_attempt *a, store_tx *tx, cv_error *err)
{
    size_t n = 0;
    size_t *late = cv_arena_array(a->arena, a->entry.rcpt_count, sizeof(*late));

    if (!late)
        return cv_arena_fail(a->arena, err);
    for (size_t i = 0; i < a->entry.rcpt_count; i++) {
        if (!a->entry.rcpts[i].done)
            late[n++] = i;
    }
    a->entry.delay_reported = true;
    return transport_report_tx(a->t, tx, TRANSPORT_DSN_DELAYED, &a->entry, late,
                               n, a->arena, err);
}

static cv_status book_tx(transport_attempt *a, store_tx *tx, cv_error *err)
{
    store_queue_entry *e = &a->entry;

    CV_TRY(transport_report_tx(a->t, tx, TRANSPORT_DSN_FAILED, e, a->failed,
                               a->failed_count, a->arena, err));
    CV_TRY(transport_report_tx(a->t, tx, TRANSPORT_DSN_DELIVERED, e, a->relayed,
                               a->relayed_count, a->arena, err));
    if (is_pending(e)) {
        schedule(a);
        if (delay_is_due(a))
            CV_TRY(report_delay(a, tx, err));
    }
    CV_TRY(store_queue_update(tx, e, err));
    cv_kill_point(is_pending(e) ? "queue-retry-before-commit"
                                : "queue-done-before-commit");
    if (a->failed_count > 0)
        cv_kill_point("dsn-insert-before-commit");
    return CV_OK;
}

static cv_status book_job(store_tx *tx, void *ctx, cv_error *err)
{
    return book_tx(ctx, tx, err);
}

/* Local deliveries have marked their recipients together with the message: the
 * entry that is left has nothing to say, and a restart would drop it, too. */
static bool is_only_tidying(const transport_attempt *a)
{
    return cv_slice_eq(a->entry.destination, TRANSPORT_DEST_LOCAL) &&
           a->failed_count == 0 && a->relayed_count == 0 &&
           !is_pending(&a->entry);
}

static cv_status book(transport_attempt *a, cv_error *err)
{
    store *s = a->t->config.store;

    CV_TRY(is_only_tidying(a) ? store_write_soon(s, book_job, a, err)
                              : store_write(s, book_job, a, err));
    cv_kill_point(is_pending(&a->entry) ? "queue-retry-after-commit"
                                        : "queue-done-after-commit");
    if (a->failed_count > 0)
        cv_kill_point("dsn-insert-after-commit");
    transport_wake(a->t);
    return CV_OK;
}

static cv_status attempt(transport_attempt *a, cv_error *err)
{
    store_queue_entry *e = &a->entry;

    a->failed = cv_arena_array(a->arena, e->rcpt_count, sizeof(size_t));
    a->relayed = cv_arena_array(a->arena, e->rcpt_count, sizeof(size_t));
    if (!a->failed || !a->relayed)
        return cv_arena_fail(a->arena, err);
    if (e->attempts > 0 && transport_now(a->t) >= e->expires) {
        expire(a);
        return book(a, err);
    }
    e->failure_class = CV_S("");
    e->last_error = CV_S("");
    cv_status st = cv_slice_eq(e->destination, TRANSPORT_DEST_LOCAL)
                       ? transport_deliver_local(a, err)
                       : transport_deliver_remote(a, err);
    if (st != CV_OK) {
        /* Disk, memory, database: everybody pending waits for the next try. */
        e->failure_class = CV_S("system");
        transport_mark_all(a, TRANSPORT_TEMPORARY, CV_S("4.3.0"),
                           cv_arena_dup(a->arena, cv_slice_cstr(err->what)));
    }
    return book(a, err);
}

cv_status transport_run_one(transport *t, bool *worked, cv_error *err)
{
    cv_error local;
    transport_attempt a = { .t = t };

    err = err ? err : &local;
    *worked = false;
    CV_TRY(cv_arena_new(0, &a.arena, err));
    a.settings = transport_settings_get(t, a.arena);
    a.epoch = store_epoch(t->config.store);
    cv_status st = store_queue_lease(t->config.store, transport_now(t),
                                     a.settings.lease, a.arena, &a.entry, err);
    if (st == CV_OK) {
        *worked = true;
        cv_kill_point("queue-lease-after-commit");
        st = attempt(&a, err);
    } else if (st == CV_ERR_NOTFOUND) {
        st = CV_OK;
    }
    cv_arena_free(&a.arena);
    return st;
}

cv_status transport_next_due(transport *t, int64_t *due, cv_error *err)
{
    return store_queue_next(t->config.store, due, err);
}
