/* writer.c - one writer at a time, commits shared (group commit).
 *
 * A thread takes the writer's role in order of arrival, does its job inside
 * a savepoint of the transaction that is open, and at its commit hands the
 * role with the open transaction to the next in line; the last in line (or
 * the job that fills the batch) runs COMMIT for all of them. So a single
 * caller pays for one flush, and many callers share one.
 * A job that fails is undone alone. When the database itself gives up the
 * transaction, as with a full disk, every job of the batch fails: none of
 * them was acknowledged.
 */
#include "store/store_private.h"

#include <stdlib.h>

struct store_waiter {
    pthread_cond_t granted_cond;
    bool granted;
    store_waiter *next;
};

/* The innermost transaction of this thread, of whatever store. */
static _Thread_local store_tx *held;

store_tx *store_held(const store *s)
{
    store_tx *tx = held;

    while (tx && tx->store != s)
        tx = tx->outer;
    return tx;
}

/* -- the role -- */

static void role_take(store *s)
{
    pthread_mutex_lock(&s->lock);
    if (s->busy) {
        store_waiter me = { .granted = false };
        pthread_cond_init(&me.granted_cond, NULL);
        if (s->last)
            s->last->next = &me;
        else
            s->first = &me;
        s->last = &me;
        while (!me.granted)
            pthread_cond_wait(&me.granted_cond, &s->lock);
        pthread_cond_destroy(&me.granted_cond);
    }
    s->busy = true;
    pthread_mutex_unlock(&s->lock);
}

/* With the lock held. */
static void role_pass(store *s)
{
    store_waiter *next = s->first;

    if (!next) {
        s->busy = false;
        return;
    }
    s->first = next->next;
    if (!s->first)
        s->last = NULL;
    next->granted = true;
    pthread_cond_signal(&next->granted_cond);
}

/* -- batches -- */

static cv_status set_flush(store *s, bool flush, cv_error *err)
{
    if (s->unflushed == !flush)
        return CV_OK;
    CV_TRY(sql_set_flush(s->writer, flush, err));
    s->unflushed = !flush;
    return CV_OK;
}

/* An open batch is one that is flushed: the other kind is never handed on. */
static cv_status batch_open(store *s, bool flush, cv_error *err)
{
    if (s->batch)
        return CV_OK;
    CV_TRY(set_flush(s, flush, err));
    store_batch *b = calloc(1, sizeof(*b));
    if (!b)
        return cv_fail(err, CV_ERR_NOMEM, "no memory");
    cv_status st = sql_begin_write(s->writer, err);
    if (st != CV_OK) {
        free(b);
        return st;
    }
    pthread_cond_init(&b->settled, NULL);
    b->flush = flush;
    s->batch = b;
    return CV_OK;
}

static void batch_free(store_batch *b)
{
    pthread_cond_destroy(&b->settled);
    free(b);
}

/* Ends the open transaction for every job in it and passes the role on. why:
 * the failure that has ended it already, or NULL. */
static cv_status batch_settle(store *s, const cv_error *why, cv_error *err)
{
    store_batch *b = s->batch;

    if (!sql_in_transaction(s->writer))
        b->status = cv_fail(&b->err, CV_ERR_IO, "%s",
                            why && why->what[0] ? why->what
                                                : "the transaction was lost");
    else if (b->jobs > 0)
        b->status = sql_commit(s->writer, &b->err);
    sql_rollback(s->writer);
    if (b->status != CV_OK && err)
        *err = b->err;
    cv_status st = b->status;

    pthread_mutex_lock(&s->lock);
    s->batch = NULL;
    b->done = true;
    pthread_cond_broadcast(&b->settled);
    bool last = b->waiting == 0;
    role_pass(s);
    pthread_mutex_unlock(&s->lock);
    if (last)
        batch_free(b);
    return st;
}

/* Hands the open transaction to the next in line; false when there is none
 * or the batch is full. With wait_for the caller's job is in it and *wait_for
 * becomes its result. */
static bool batch_hand_on(store *s, cv_status *wait_for, cv_error *err)
{
    store_batch *b = s->batch;

    pthread_mutex_lock(&s->lock);
    bool handed = s->first && b->flush && b->jobs < STORE_BATCH_JOBS;
    if (handed)
        role_pass(s);
    if (handed && wait_for) {
        b->waiting++;
        while (!b->done)
            pthread_cond_wait(&b->settled, &s->lock);
        *wait_for = b->status;
        if (b->status != CV_OK && err)
            *err = b->err;
        if (--b->waiting == 0)
            batch_free(b);
    }
    pthread_mutex_unlock(&s->lock);
    return handed;
}

/* -- transactions -- */

static store_tx *tx_new(store *s)
{
    store_tx *tx = calloc(1, sizeof(*tx));

    if (tx && cv_arena_new(0, &tx->arena, NULL) != CV_OK) {
        free(tx);
        return NULL;
    }
    if (tx)
        tx->store = s;
    return tx;
}

static void tx_free(store_tx **tx)
{
    cv_arena_free(&(*tx)->arena);
    free(*tx);
    *tx = NULL;
}

/* The thread no longer has it. Transactions of two stores may end in any
 * order. */
static void tx_drop(const store_tx *tx)
{
    store_tx **at = &held;

    while (*at && *at != tx)
        at = &(*at)->outer;
    cv_assert(*at == tx);
    *at = tx->outer;
}

static cv_status begin(store *s, bool flush, store_tx **out, cv_error *err)
{
    *out = NULL;
    if (store_held(s))
        return cv_fail(err, CV_ERR_CONFLICT,
                       "this thread has a transaction already");
    store_tx *tx = tx_new(s);
    if (!tx)
        return cv_fail(err, CV_ERR_NOMEM, "no memory");
    role_take(s);
    cv_status st = batch_open(s, flush, err);
    if (st != CV_OK) {
        pthread_mutex_lock(&s->lock);
        role_pass(s);
        pthread_mutex_unlock(&s->lock);
        tx_free(&tx);
        return st;
    }
    tx->outer = held;
    held = tx;
    st = sql_savepoint(s->writer, &tx->why);
    if (st != CV_OK) {
        tx->broken = true;
        if (err)
            *err = tx->why;
        sql_rollback(s->writer);
        store_rollback(&tx);
        return st;
    }
    *out = tx;
    return CV_OK;
}

cv_status store_begin(store *s, store_tx **out, cv_error *err)
{
    return begin(s, true, out, err);
}

void store_rollback(store_tx **tx)
{
    store_tx *t = *tx;

    if (!t)
        return;
    store *s = t->store;
    tx_drop(t);
    if (sql_in_transaction(s->writer) && sql_undo(s->writer, &t->why) != CV_OK)
        sql_rollback(s->writer);
    /* The others' jobs are kept; the next in line commits them, or we do. */
    if (!sql_in_transaction(s->writer) || s->batch->jobs == 0 ||
        !batch_hand_on(s, NULL, NULL))
        (void)!batch_settle(s, &t->why, NULL);
    tx_free(tx);
}

static cv_status commit_job(store_tx *t, cv_error *err)
{
    store *s = t->store;
    cv_status st = CV_OK;

    st = sql_release(s->writer, &t->why);
    tx_drop(t);
    if (st != CV_OK)
        sql_rollback(s->writer);
    else
        s->batch->jobs++;
    if (st != CV_OK || !batch_hand_on(s, &st, err))
        st = batch_settle(s, &t->why, err);
    return st;
}

/* Epochs only grow; two commits may come back in either order. */
static void publish_epoch(store *s, uint64_t epoch)
{
    uint64_t seen = atomic_load(&s->epoch);

    while (seen < epoch &&
           !atomic_compare_exchange_weak(&s->epoch, &seen, epoch))
        ;
}

cv_status store_commit(store_tx **tx, cv_error *err)
{
    store_tx *t = *tx;
    cv_status st = store_tx_check(t, err);

    if (st != CV_OK) {
        store_rollback(tx);
        return st;
    }
    if (t->queued)
        cv_kill_point("queue-insert-before-commit");
    st = commit_job(t, err);
    if (st == CV_OK) {
        publish_epoch(t->store, t->epoch);
        if (t->queued)
            cv_kill_point("queue-insert-after-commit");
    }
    tx_free(tx);
    return st;
}

/* Inside the caller's own transaction: kept or undone with it. */
static cv_status write_within(store_tx *tx, store_job job, void *ctx,
                              cv_error *err)
{
    CV_TRY(store_tx_check(tx, err));
    CV_TRY(store_tx_result(tx, sql_savepoint(tx->store->writer, err), err));
    cv_status st = job(tx, ctx, err);
    if (!sql_in_transaction(tx->store->writer))
        return store_tx_result(tx, st == CV_OK ? CV_ERR_IO : st, err);
    cv_status end = st == CV_OK ? sql_release(tx->store->writer, err)
                                : sql_undo(tx->store->writer, NULL);
    return st == CV_OK ? store_tx_result(tx, end, err) : st;
}

static cv_status run_job(store *s, bool flush, store_job job, void *ctx,
                         cv_error *err)
{
    store_tx *tx = store_held(s);

    if (tx)
        return write_within(tx, job, ctx, err);
    CV_TRY(begin(s, flush, &tx, err));
    cv_status st = job(tx, ctx, err);
    if (st == CV_OK)
        return store_commit(&tx, err);
    store_rollback(&tx);
    return st;
}

cv_status store_write(store *s, store_job job, void *ctx, cv_error *err)
{
    return run_job(s, true, job, ctx, err);
}

cv_status store_write_soon(store *s, store_job job, void *ctx, cv_error *err)
{
    return run_job(s, false, job, ctx, err);
}

cv_status store_tx_check(const store_tx *tx, cv_error *err)
{
    if (!tx->broken)
        return CV_OK;
    if (err)
        *err = tx->why;
    return tx->why.code;
}

cv_status store_tx_result(store_tx *tx, cv_status st, cv_error *err)
{
    if (st == CV_OK || st == CV_ERR_NOTFOUND || st == CV_ERR_CONFLICT ||
        tx->broken)
        return st;
    tx->broken = true;
    if (err && err->code == st)
        tx->why = *err;
    else
        cv_fail(&tx->why, st, "an earlier write of the transaction failed");
    return st;
}

void store_writer_close(store *s)
{
    cv_assert(!s->busy);
    sql_close(&s->writer);
}
