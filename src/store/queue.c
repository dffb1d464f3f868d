/* queue.c - queue entries: putting, leasing, booking results. */
#include "store/store_private.h"

#include <inttypes.h>

static cv_status no_entry(store_id id, cv_error *err)
{
    return cv_fail(err, CV_ERR_NOTFOUND, "no queue entry %" PRId64, id);
}

/* -- putting -- */

static cv_status put_rcpt(store_tx *tx, store_id queue, store_id id,
                          const store_queue_rcpt *r, cv_error *err)
{
    sql_query q = sql_start(tx->store->writer, SQL_QUEUE_RCPT_ADD);

    sql_int(&q, STORE_SHARD);
    sql_int(&q, queue);
    sql_int(&q, id);
    sql_text(&q, r->address);
    sql_text(&q, r->orcpt);
    sql_int(&q, r->notify);
    sql_int(&q, r->done);
    sql_text(&q, r->status);
    sql_text(&q, r->reply);
    sql_text(&q, r->remote);
    return sql_end(&q, err);
}

static cv_status put_row(store_tx *tx, store_id id, const store_queue_entry *e,
                         uint64_t size_bytes, const store_hash *content,
                         cv_error *err)
{
    sql_query q = sql_start(tx->store->writer, SQL_QUEUE_ADD);

    sql_int(&q, STORE_SHARD);
    sql_int(&q, id);
    sql_text(&q, e->from);
    sql_text(&q, e->destination);
    sql_text(&q, e->message_id);
    sql_text(&q, e->subject);
    sql_text(&q, e->message_class);
    sql_int(&q, e->is_mime);
    sql_int(&q, e->account);
    sql_int(&q, e->folder);
    sql_int(&q, e->message);
    sql_int(&q, e->submitted);
    sql_int(&q, e->next_try);
    sql_int(&q, e->expires);
    sql_int(&q, e->attempts);
    sql_int(&q, e->state);
    sql_text(&q, e->failure_class);
    sql_text(&q, e->last_error);
    sql_int(&q, (int64_t)e->failed_epoch);
    sql_int(&q, e->delay_reported);
    sql_text(&q, e->envid);
    sql_text(&q, e->ret);
    sql_int(&q, (int64_t)size_bytes);
    sql_blob(&q, store_hash_slice(content));
    return sql_end(&q, err);
}

static cv_status put_entry(store_tx *tx, const store_queue_entry *e,
                           cv_slice content, store_id *id, cv_error *err)
{
    store_hash hash;

    CV_TRY(store_content_put(tx, content, &hash, err));
    CV_TRY(store_next_id(tx, "queue", id, err));
    CV_TRY(put_row(tx, *id, e, content.len, &hash, err));
    for (size_t i = 0; i < e->rcpt_count; i++)
        CV_TRY(put_rcpt(tx, *id, (store_id)i + 1, &e->rcpts[i], err));
    tx->queued = true;
    return CV_OK;
}

cv_status store_queue_put(store_tx *tx, const store_queue_entry *entry,
                          cv_slice content, store_id *id, cv_error *err)
{
    CV_TRY(store_tx_check(tx, err));
    return store_tx_result(tx, put_entry(tx, entry, content, id, err), err);
}

/* -- reading -- */

static void read_entry(sql_query *q, cv_arena *arena, store_queue_entry *out)
{
    *out = (store_queue_entry){ .id = sql_get_int(q, 0) };
    out->from = sql_get_slice(q, 1, arena);
    out->destination = sql_get_slice(q, 2, arena);
    out->message_id = sql_get_slice(q, 3, arena);
    out->subject = sql_get_slice(q, 4, arena);
    out->message_class = sql_get_slice(q, 5, arena);
    out->is_mime = sql_get_int(q, 6) != 0;
    out->account = sql_get_int(q, 7);
    out->folder = sql_get_int(q, 8);
    out->message = sql_get_int(q, 9);
    out->submitted = sql_get_int(q, 10);
    out->next_try = sql_get_int(q, 11);
    out->expires = sql_get_int(q, 12);
    out->attempts = (uint32_t)sql_get_int(q, 13);
    out->state = (store_queue_state)sql_get_int(q, 14);
    out->failure_class = sql_get_slice(q, 15, arena);
    out->last_error = sql_get_slice(q, 16, arena);
    out->failed_epoch = (uint64_t)sql_get_int(q, 17);
    out->delay_reported = sql_get_int(q, 18) != 0;
    out->envid = sql_get_slice(q, 19, arena);
    out->ret = sql_get_slice(q, 20, arena);
    out->size_bytes = (uint64_t)sql_get_int(q, 21);
}

static void read_rcpt(sql_query *q, cv_arena *arena, store_queue_rcpt *out)
{
    out->id = sql_get_int(q, 0);
    out->address = sql_get_slice(q, 1, arena);
    out->orcpt = sql_get_slice(q, 2, arena);
    out->notify = (uint32_t)sql_get_int(q, 3);
    out->done = sql_get_int(q, 4) != 0;
    out->status = sql_get_slice(q, 5, arena);
    out->reply = sql_get_slice(q, 6, arena);
    out->remote = sql_get_slice(q, 7, arena);
}

static cv_status get_rcpts(sql_conn *conn, cv_arena *arena,
                           store_queue_entry *e, cv_error *err)
{
    sql_query q = sql_start(conn, SQL_QUEUE_RCPTS);
    size_t room = 0;

    sql_int(&q, STORE_SHARD);
    sql_int(&q, e->id);
    while (sql_row(&q)) {
        e->rcpts = store_grow(arena, e->rcpts, e->rcpt_count, &room,
                              sizeof(*e->rcpts));
        if (!e->rcpts) {
            sql_query_fail(&q, cv_arena_status(arena));
            break;
        }
        read_rcpt(&q, arena, &e->rcpts[e->rcpt_count++]);
    }
    return sql_end(&q, err);
}

static cv_status get_entry(sql_conn *conn, store_id id, cv_arena *arena,
                           store_queue_entry *out, cv_error *err)
{
    sql_query q = sql_start(conn, SQL_QUEUE_GET);
    bool found = false;

    sql_int(&q, STORE_SHARD);
    sql_int(&q, id);
    if (sql_row(&q)) {
        found = true;
        read_entry(&q, arena, out);
    }
    CV_TRY(sql_end(&q, err));
    return found ? get_rcpts(conn, arena, out, err) : no_entry(id, err);
}

cv_status store_queue_get(store *s, store_id id, cv_arena *arena,
                          store_queue_entry *out, cv_error *err)
{
    store_read r;

    CV_TRY(store_read_begin(s, &r, err));
    cv_status st = get_entry(r.conn, id, arena, out, err);
    store_read_end(&r);
    return st;
}

static cv_status list_entries(sql_conn *conn, cv_arena *arena,
                              store_queue_entry **out, size_t *count,
                              cv_error *err)
{
    sql_query q = sql_start(conn, SQL_QUEUE_LIST);
    size_t room = 0;

    *out = NULL;
    *count = 0;
    sql_int(&q, STORE_SHARD);
    while (sql_row(&q)) {
        *out = store_grow(arena, *out, *count, &room, sizeof(**out));
        if (!*out) {
            sql_query_fail(&q, cv_arena_status(arena));
            break;
        }
        read_entry(&q, arena, &(*out)[(*count)++]);
    }
    CV_TRY(sql_end(&q, err));
    for (size_t i = 0; i < *count; i++)
        CV_TRY(get_rcpts(conn, arena, &(*out)[i], err));
    return CV_OK;
}

cv_status store_queue_list(store *s, cv_arena *arena, store_queue_entry **out,
                           size_t *count, cv_error *err)
{
    store_read r;

    CV_TRY(store_read_begin(s, &r, err));
    cv_status st = list_entries(r.conn, arena, out, count, err);
    store_read_end(&r);
    return st;
}

static cv_status get_content(sql_conn *conn, store_id id, cv_arena *arena,
                             cv_slice *out, cv_error *err)
{
    sql_query q = sql_start(conn, SQL_QUEUE_CONTENT);
    cv_slice hash = { NULL, 0 };

    sql_int(&q, STORE_SHARD);
    sql_int(&q, id);
    if (sql_row(&q))
        hash = sql_get_slice(&q, 0, arena);
    CV_TRY(sql_end(&q, err));
    return hash.len > 0 ? store_content_get(conn, hash, arena, out, err)
                        : no_entry(id, err);
}

cv_status store_queue_content(store *s, store_id id, cv_arena *arena,
                              cv_slice *out, cv_error *err)
{
    store_read r;

    CV_TRY(store_read_begin(s, &r, err));
    cv_status st = get_content(r.conn, id, arena, out, err);
    store_read_end(&r);
    return st;
}

/* -- leases -- */

typedef struct lease_job {
    int64_t now, ticks;
    cv_arena *arena;
    store_queue_entry *out;
} lease_job;

/* The entry that has been due the longest, 0 when there is none. */
static cv_status find_due(sql_conn *conn, sql_id which, int64_t now,
                          store_id *id, cv_error *err)
{
    sql_query q = sql_start(conn, which);

    sql_int(&q, STORE_SHARD);
    sql_int(&q, now);
    if (sql_row(&q))
        *id = sql_get_int(&q, 0);
    return sql_end(&q, err);
}

static cv_status take_lease(store_tx *tx, store_id id, const lease_job *job,
                            store_id *lease, cv_error *err)
{
    CV_TRY(store_next_id(tx, "lease", lease, err));
    sql_query q = sql_start(tx->store->writer, SQL_QUEUE_LEASE);
    sql_int(&q, STORE_SHARD);
    sql_int(&q, id);
    sql_int(&q, *lease);
    sql_int(&q, job->now + job->ticks);
    sql_text(&q, cv_slice_cstr(tx->store->owner));
    return sql_end(&q, err);
}

static cv_status lease(store_tx *tx, void *ctx, cv_error *err)
{
    lease_job *job = ctx;
    sql_conn *conn = tx->store->writer;
    store_id id = 0, number;

    CV_TRY(find_due(conn, SQL_QUEUE_LAPSED, job->now, &id, err));
    if (id == 0)
        CV_TRY(find_due(conn, SQL_QUEUE_DUE, job->now, &id, err));
    if (id == 0)
        return cv_fail(err, CV_ERR_NOTFOUND, "no queue entry is due");
    CV_TRY(take_lease(tx, id, job, &number, err));
    CV_TRY(get_entry(conn, id, job->arena, job->out, err));
    job->out->lease = (uint64_t)number;
    return CV_OK;
}

cv_status store_queue_lease(store *s, int64_t now, int64_t lease_ticks,
                            cv_arena *arena, store_queue_entry *out,
                            cv_error *err)
{
    lease_job job = { now, lease_ticks, arena, out };
    int64_t due;

    /* Idle workers ask often: they need not stand in line for the role. */
    CV_TRY(store_queue_next(s, &due, err));
    if (due > now)
        return cv_fail(err, CV_ERR_NOTFOUND, "no queue entry is due");
    /* Not flushed: a restart releases the leases in any case. */
    return store_write_soon(s, lease, &job, err);
}

static cv_status next_due(sql_conn *conn, int64_t *due, cv_error *err)
{
    sql_query q = sql_start(conn, SQL_QUEUE_NEXT);

    *due = INT64_MAX;
    sql_int(&q, STORE_SHARD);
    while (sql_row(&q)) {
        if (!sql_get_null(&q, 0) && sql_get_int(&q, 0) < *due)
            *due = sql_get_int(&q, 0);
    }
    return sql_end(&q, err);
}

cv_status store_queue_next(store *s, int64_t *due, cv_error *err)
{
    store_read r;

    CV_TRY(store_read_begin(s, &r, err));
    cv_status st = next_due(r.conn, due, err);
    store_read_end(&r);
    return st;
}

static cv_status release_all(sql_conn *conn, cv_error *err)
{
    sql_query q = sql_start(conn, SQL_QUEUE_RECOVER);

    sql_int(&q, STORE_SHARD);
    return sql_end(&q, err);
}

static cv_status recover(store_tx *tx, void *ctx, cv_error *err)
{
    (void)ctx;
    CV_TRY(release_all(tx->store->writer, err));
    sql_query q = sql_start(tx->store->writer, SQL_QUEUE_OUTDATED);
    sql_int(&q, STORE_SHARD);
    sql_int(&q, (int64_t)store_epoch(tx->store));
    sql_int(&q, store_now(tx->store));
    return sql_end(&q, err);
}

cv_status store_queue_recover(store *s, cv_error *err)
{
    return store_write(s, recover, NULL, err);
}

/* -- results -- */

static cv_status update_row(store_tx *tx, const store_queue_entry *e,
                            cv_error *err)
{
    sql_query q = sql_start(tx->store->writer,
                            e->lease ? SQL_QUEUE_BOOK : SQL_QUEUE_CHANGE);

    sql_int(&q, STORE_SHARD);
    sql_int(&q, e->id);
    sql_int(&q, e->state);
    sql_int(&q, e->next_try);
    sql_int(&q, e->attempts);
    sql_text(&q, e->failure_class);
    sql_text(&q, e->last_error);
    sql_int(&q, (int64_t)e->failed_epoch);
    sql_int(&q, e->delay_reported);
    if (e->lease)
        sql_int(&q, (int64_t)e->lease);
    return sql_end(&q, err);
}

static cv_status update_rcpt(store_tx *tx, store_id entry,
                             const store_queue_rcpt *r, cv_error *err)
{
    sql_query q = sql_start(tx->store->writer, SQL_QUEUE_RCPT_UPDATE);

    sql_int(&q, STORE_SHARD);
    sql_int(&q, entry);
    sql_int(&q, r->id);
    sql_int(&q, r->done);
    sql_text(&q, r->status);
    sql_text(&q, r->reply);
    sql_text(&q, r->remote);
    return sql_end(&q, err);
}

static cv_status count_pending(sql_conn *conn, store_id entry, int64_t *count,
                               cv_error *err)
{
    sql_query q = sql_start(conn, SQL_QUEUE_PENDING);

    *count = 0;
    sql_int(&q, STORE_SHARD);
    sql_int(&q, entry);
    if (sql_row(&q))
        *count = sql_get_int(&q, 0);
    return sql_end(&q, err);
}

static cv_status delete_entry(store_tx *tx, store_id id, cv_error *err)
{
    sql_conn *conn = tx->store->writer;
    sql_query q = sql_start(conn, SQL_QUEUE_DELETE);

    sql_int(&q, STORE_SHARD);
    sql_int(&q, id);
    CV_TRY(sql_end(&q, err));
    if (sql_changes(conn) == 0)
        return no_entry(id, err);
    q = sql_start(conn, SQL_QUEUE_RCPTS_DELETE);
    sql_int(&q, STORE_SHARD);
    sql_int(&q, id);
    return sql_end(&q, err);
}

/* Why no row was changed. */
static cv_status explain_miss(store_tx *tx, const store_queue_entry *e,
                              cv_error *err)
{
    store_queue_entry now;

    CV_TRY(get_entry(tx->store->writer, e->id, tx->arena, &now, err));
    return cv_fail(err, CV_ERR_CONFLICT,
                   "the lease of queue entry %" PRId64 " ran out", e->id);
}

static cv_status update_entry(store_tx *tx, const store_queue_entry *e,
                              cv_error *err)
{
    int64_t pending;

    CV_TRY(update_row(tx, e, err));
    if (sql_changes(tx->store->writer) == 0)
        return explain_miss(tx, e, err);
    for (size_t i = 0; i < e->rcpt_count; i++)
        CV_TRY(update_rcpt(tx, e->id, &e->rcpts[i], err));
    CV_TRY(count_pending(tx->store->writer, e->id, &pending, err));
    return pending == 0 ? delete_entry(tx, e->id, err) : CV_OK;
}

cv_status store_queue_update(store_tx *tx, const store_queue_entry *entry,
                             cv_error *err)
{
    CV_TRY(store_tx_check(tx, err));
    return store_tx_result(tx, update_entry(tx, entry, err), err);
}

cv_status store_queue_rcpt_done(store_tx *tx, store_id entry, store_id rcpt,
                                cv_error *err)
{
    CV_TRY(store_tx_check(tx, err));
    sql_query q = sql_start(tx->store->writer, SQL_QUEUE_RCPT_DONE);
    sql_int(&q, STORE_SHARD);
    sql_int(&q, entry);
    sql_int(&q, rcpt);
    CV_TRY(store_tx_result(tx, sql_end(&q, err), err));
    return sql_changes(tx->store->writer) > 0 ? CV_OK : no_entry(entry, err);
}

cv_status store_queue_delete(store_tx *tx, store_id id, cv_error *err)
{
    CV_TRY(store_tx_check(tx, err));
    return store_tx_result(tx, delete_entry(tx, id, err), err);
}

cv_status store_queue_wake(store_tx *tx, cv_slice failure_class, int64_t now,
                           size_t *count, cv_error *err)
{
    CV_TRY(store_tx_check(tx, err));
    sql_query q = sql_start(tx->store->writer, SQL_QUEUE_WAKE);
    sql_int(&q, STORE_SHARD);
    sql_text(&q, failure_class);
    sql_int(&q, now);
    CV_TRY(store_tx_result(tx, sql_end(&q, err), err));
    if (count)
        *count = (size_t)sql_changes(tx->store->writer);
    return CV_OK;
}
