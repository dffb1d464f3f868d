/* sweep.c - content that nothing needs any more, and a look for damage.
 *
 * Marking reads a snapshot without the writer's role; between it and the
 * deletion a message may come to need the content again, but then its age has
 * started anew (blob.c), and the deletion asks for the age once more.
 */
#include "store/store_private.h"

#include <inttypes.h>

#include "base/wintime.h"

#define FLOOR_TICKS (3600 * CV_TICKS_PER_SEC)
#define BATCH 200 /* rows that one transaction drops */

typedef struct sweep_job {
    int64_t before;
    store_hash hashes[BATCH];
    size_t count;
    size_t removed;
} sweep_job;

static cv_status mark(store *s, sweep_job *job, cv_error *err)
{
    store_read r;

    job->count = 0;
    CV_TRY(store_read_begin(s, &r, err));
    sql_query q = sql_start(r.conn, SQL_BLOB_UNUSED);
    sql_int(&q, job->before);
    sql_int(&q, BATCH);
    while (job->count < BATCH && sql_row(&q)) {
        cv_slice hash = sql_peek_slice(&q, 0);
        if (hash.len != STORE_HASH_BYTES)
            continue;
        store_hash *to = &job->hashes[job->count++];
        for (size_t i = 0; i < hash.len; i++)
            to->b[i] = hash.ptr[i];
    }
    cv_status st = sql_end(&q, err);
    store_read_end(&r);
    return st;
}

static cv_status drop_one(store_tx *tx, sweep_job *job, const store_hash *hash,
                          cv_error *err)
{
    sql_conn *conn = tx->store->writer;
    sql_query q = sql_start(conn, SQL_BLOB_DROP);

    sql_blob(&q, store_hash_slice(hash));
    sql_int(&q, job->before);
    CV_TRY(sql_end(&q, err));
    if (sql_changes(conn) == 0)
        return CV_OK;
    job->removed++;
    q = sql_start(conn, SQL_BLOB_PARTS_DROP);
    sql_blob(&q, store_hash_slice(hash));
    return sql_end(&q, err);
}

static cv_status drop_batch(store_tx *tx, void *ctx, cv_error *err)
{
    sweep_job *job = ctx;

    for (size_t i = 0; i < job->count; i++)
        CV_TRY(drop_one(tx, job, &job->hashes[i], err));
    return CV_OK;
}

cv_status store_sweep(store *s, int64_t before, size_t *removed, cv_error *err)
{
    int64_t floor = store_now(s) - FLOOR_TICKS;
    sweep_job job = { .before = before < floor ? before : floor };
    size_t last;

    do {
        last = job.removed;
        CV_TRY(mark(s, &job, err));
        if (job.count > 0)
            CV_TRY(store_write(s, drop_batch, &job, err));
    } while (job.removed > last);
    if (removed)
        *removed = job.removed;
    return CV_OK;
}

/* -- looking for damage -- */

static const struct {
    sql_id query; /* gives a number that must be 0 */
    const char *complaint;
} checks[] = {
    { SQL_BLOB_MISSING, "messages or queue entries lack their content" },
    { SQL_CHECK_FOLDERS, "folders count their messages wrongly" },
    { SQL_CHECK_UIDS, "messages have a UID that is still to be given" },
    { SQL_CHECK_QUEUE, "queue entries have no recipient" },
};

static cv_status run_check(sql_conn *conn, size_t i, cv_error *err)
{
    sql_query q = sql_start(conn, checks[i].query);
    int64_t count = 0;

    if (sql_row(&q))
        count = sql_get_int(&q, 0);
    CV_TRY(sql_end(&q, err));
    return count == 0 ? CV_OK
                      : cv_fail(err, CV_ERR_IO, "%" PRId64 " %s", count,
                                checks[i].complaint);
}

cv_status store_check(store *s, cv_error *err)
{
    store_read r;

    CV_TRY(store_read_begin(s, &r, err));
    cv_status st = sql_verify(r.conn, err);
    for (size_t i = 0; st == CV_OK && i < CV_LEN(checks); i++)
        st = run_check(r.conn, i, err);
    store_read_end(&r);
    return st;
}
