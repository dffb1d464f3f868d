/* setting.c - settings with epochs. */
#include "store/store_private.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"

typedef struct setting_job {
    cv_slice scope, name, value;
    uint64_t epoch;
} setting_job;

static cv_status get_setting(sql_conn *conn, cv_slice scope, cv_slice name,
                             cv_arena *arena, cv_slice *value, cv_error *err)
{
    sql_query q = sql_start(conn, SQL_SETTING_GET);
    bool found = false;

    sql_text(&q, scope);
    sql_text(&q, name);
    if (sql_row(&q)) {
        found = true;
        *value = sql_get_slice(&q, 0, arena);
    }
    CV_TRY(sql_end(&q, err));
    return found
               ? CV_OK
               : cv_fail(err, CV_ERR_NOTFOUND, "%.*s is not set", CV_FMT(name));
}

/* Whether the store holds it like that already. */
static cv_status is_unchanged(store_tx *tx, const setting_job *job,
                              bool *unchanged, cv_error *err)
{
    cv_slice old;
    cv_status st = get_setting(tx->store->writer, job->scope, job->name,
                               tx->arena, &old, err);

    *unchanged = st == CV_ERR_NOTFOUND
                     ? !job->value.ptr
                     : job->value.ptr && cv_slice_eq(old, job->value);
    return st == CV_ERR_NOTFOUND ? CV_OK : st;
}

/* From the database, since a job that shares our commit may have raised it. */
static cv_status raise_epoch(store_tx *tx, uint64_t *epoch, cv_error *err)
{
    char text[24];
    cv_slice last;
    int64_t n = 0;

    CV_TRY(store_meta_get(tx->store->writer, "epoch", tx->arena, &last, err));
    if (last.len > 0 && cv_parse_i64(last, &n) != CV_OK)
        return cv_fail(err, CV_ERR_IO, "the database is damaged: epoch");
    *epoch = (uint64_t)n + 1;
    tx->epoch = *epoch;
    snprintf(text, sizeof(text), "%" PRIu64, *epoch);
    return store_meta_set(tx->store->writer, "epoch", cv_slice_cstr(text), err);
}

static cv_status write_setting(store_tx *tx, const setting_job *job,
                               cv_error *err)
{
    sql_query q = sql_start(
        tx->store->writer, job->value.ptr ? SQL_SETTING_SET : SQL_SETTING_DROP);

    sql_text(&q, job->scope);
    sql_text(&q, job->name);
    if (job->value.ptr) {
        sql_text(&q, job->value);
        sql_int(&q, (int64_t)job->epoch);
        sql_int(&q, store_now(tx->store));
    }
    return sql_end(&q, err);
}

static cv_status setting_set(store_tx *tx, void *ctx, cv_error *err)
{
    setting_job *job = ctx;
    bool unchanged;

    CV_TRY(is_unchanged(tx, job, &unchanged, err));
    if (unchanged) {
        job->epoch = tx->epoch ? tx->epoch : store_epoch(tx->store);
        return CV_OK;
    }
    CV_TRY(raise_epoch(tx, &job->epoch, err));
    return write_setting(tx, job, err);
}

cv_status store_setting_set(store *s, cv_slice scope, cv_slice name,
                            cv_slice value, uint64_t *epoch, cv_error *err)
{
    setting_job job = { scope, name, value, 0 };

    CV_TRY(store_write(s, setting_set, &job, err));
    cv_kill_point("setting-after-commit");
    if (epoch)
        *epoch = job.epoch;
    return CV_OK;
}

cv_status store_setting_get(store *s, cv_slice scope, cv_slice name,
                            cv_arena *arena, cv_slice *value, cv_error *err)
{
    store_read r;

    CV_TRY(store_read_begin(s, &r, err));
    cv_status st = get_setting(r.conn, scope, name, arena, value, err);
    store_read_end(&r);
    return st;
}

static cv_status list_settings(sql_conn *conn, cv_arena *arena,
                               store_setting **out, size_t *count,
                               cv_error *err)
{
    sql_query q = sql_start(conn, SQL_SETTING_LIST);
    size_t room = 0;

    *out = NULL;
    *count = 0;
    while (sql_row(&q)) {
        *out = store_grow(arena, *out, *count, &room, sizeof(**out));
        if (!*out) {
            sql_query_fail(&q, cv_arena_status(arena));
            break;
        }
        store_setting *t = &(*out)[(*count)++];
        t->scope = sql_get_slice(&q, 0, arena);
        t->name = sql_get_slice(&q, 1, arena);
        t->value = sql_get_slice(&q, 2, arena);
        t->epoch = (uint64_t)sql_get_int(&q, 3);
        t->changed = sql_get_int(&q, 4);
    }
    return sql_end(&q, err);
}

cv_status store_setting_list(store *s, cv_arena *arena, store_setting **out,
                             size_t *count, cv_error *err)
{
    store_read r;

    CV_TRY(store_read_begin(s, &r, err));
    cv_status st = list_settings(r.conn, arena, out, count, err);
    store_read_end(&r);
    return st;
}
