/* console.c - what the queue console asks for. */
#include "transport/transport_private.h"

typedef cv_status (*entry_fn)(transport *t, store_tx *tx, cv_arena *arena,
                              store_queue_entry *e, bool flag, cv_error *err);

/* Runs fn on one entry in a transaction, then wakes the delivery loop. */
static cv_status change(transport *t, store_id id, entry_fn fn, bool flag,
                        cv_error *err)
{
    cv_arena *arena = NULL;
    store_tx *tx = NULL;
    store_queue_entry e;

    CV_TRY(cv_arena_new(0, &arena, err));
    cv_status st = store_begin(t->config.store, &tx, err);
    if (st == CV_OK)
        st = store_queue_get(t->config.store, id, arena, &e, err);
    if (st == CV_OK)
        st = fn(t, tx, arena, &e, flag, err);
    if (st == CV_OK)
        st = store_commit(&tx, err);
    store_rollback(&tx);
    cv_arena_free(&arena);
    if (st == CV_OK) {
        cv_kill_point("queue-change-after-commit");
        transport_wake(t);
    }
    return st;
}

static cv_status retry_now(transport *t, store_tx *tx, cv_arena *arena,
                           store_queue_entry *e, bool flag, cv_error *err)
{
    (void)arena;
    (void)flag;
    e->next_try = transport_now(t);
    e->state = e->attempts > 0 ? STORE_QUEUE_RETRY : STORE_QUEUE_READY;
    return store_queue_update(tx, e, err);
}

static cv_status set_held(transport *t, store_tx *tx, cv_arena *arena,
                          store_queue_entry *e, bool hold, cv_error *err)
{
    if (!hold)
        return retry_now(t, tx, arena, e, false, err);
    e->state = STORE_QUEUE_HELD;
    return store_queue_update(tx, e, err);
}

static cv_status drop(transport *t, store_tx *tx, cv_arena *arena,
                      store_queue_entry *e, bool with_ndr, cv_error *err)
{
    size_t n = 0;
    size_t *left = cv_arena_array(arena, e->rcpt_count, sizeof(*left));

    if (!left)
        return cv_arena_fail(arena, err);
    for (size_t i = 0; i < e->rcpt_count; i++) {
        if (e->rcpts[i].done)
            continue;
        e->rcpts[i].status = CV_S("5.0.0");
        e->rcpts[i].reply = CV_S("An administrator deleted the message.");
        left[n++] = i;
    }
    if (with_ndr)
        CV_TRY(transport_report_tx(t, tx, TRANSPORT_DSN_FAILED, e, left, n,
                                   arena, err));
    return store_queue_delete(tx, e->id, err);
}

cv_status transport_queue_retry(transport *t, store_id id, cv_error *err)
{
    return change(t, id, retry_now, false, err);
}

cv_status transport_queue_hold(transport *t, store_id id, bool hold,
                               cv_error *err)
{
    return change(t, id, set_held, hold, err);
}

cv_status transport_queue_delete(transport *t, store_id id, bool with_ndr,
                                 cv_error *err)
{
    return change(t, id, drop, with_ndr, err);
}

static cv_status open_content(transport *t, const store_queue_entry *e,
                              cv_arena *arena, cv_buf *mime, cv_report *report,
                              cv_error *err)
{
    cv_slice content;
    cv_error cause = { .what = "" };

    CV_TRY(store_queue_content(t->config.store, e->id, arena, &content, err));
    if (e->is_mime) {
        cv_buf_put_slice(mime, content);
        return cv_buf_status(mime, err);
    }
    cv_status st = t->config.converter.to_mime(
        t->config.converter.ctx, content, e->destination, mime, report, &cause);
    if (st == CV_ERR_LEGACY)
        return cv_fail(err, st, "Unable to open for delivery");
    if (st != CV_OK && err)
        *err = cause;
    return st;
}

cv_status transport_queue_open(transport *t, store_id id, cv_buf *mime,
                               cv_report *report, cv_error *err)
{
    cv_arena *arena = NULL;
    store_queue_entry e;

    CV_TRY(cv_arena_new(0, &arena, err));
    cv_status st = store_queue_get(t->config.store, id, arena, &e, err);
    if (st == CV_OK)
        st = open_content(t, &e, arena, mime, report, err);
    cv_arena_free(&arena);
    return st;
}

cv_status transport_setting_changed(transport *t, cv_slice name, size_t *woken,
                                    cv_error *err)
{
    store_tx *tx = NULL;

    *woken = 0;
    if (!cv_slice_eq(name, TRANSPORT_SETTING_FIX))
        return CV_OK;
    CV_TRY(store_begin(t->config.store, &tx, err));
    cv_status st = store_queue_wake(tx, TRANSPORT_CLASS_LEGACY,
                                    transport_now(t), woken, err);
    if (st == CV_OK)
        st = store_commit(&tx, err);
    store_rollback(&tx);
    if (st == CV_OK && *woken > 0) {
        cv_kill_point("queue-wake-after-commit");
        transport_wake(t);
    }
    return st;
}
