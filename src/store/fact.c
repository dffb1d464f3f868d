/* fact.c - small facts by key within a mailbox. */
#include "store/store_private.h"

#include <inttypes.h>

cv_status store_fact_set(store_tx *tx, store_id account, cv_slice key,
                         cv_slice value, cv_error *err)
{
    CV_TRY(store_tx_check(tx, err));
    sql_query q = sql_start(tx->store->writer,
                            value.len > 0 ? SQL_FACT_SET : SQL_FACT_DROP);
    sql_int(&q, account);
    sql_text(&q, key);
    if (value.len > 0) {
        sql_blob(&q, value);
        sql_int(&q, store_now(tx->store));
    }
    return store_tx_result(tx, sql_end(&q, err), err);
}

static cv_status get_fact(sql_conn *conn, store_id account, cv_slice key,
                          cv_arena *arena, cv_slice *value, cv_error *err)
{
    sql_query q = sql_start(conn, SQL_FACT_GET);
    bool found = false;

    sql_int(&q, account);
    sql_text(&q, key);
    if (sql_row(&q)) {
        found = true;
        *value = sql_get_slice(&q, 0, arena);
    }
    CV_TRY(sql_end(&q, err));
    return found ? CV_OK
                 : cv_fail(err, CV_ERR_NOTFOUND,
                           "account %" PRId64 " has no such fact", account);
}

cv_status store_fact_get(store *s, store_id account, cv_slice key,
                         cv_arena *arena, cv_slice *value, cv_error *err)
{
    store_read r;

    CV_TRY(store_read_begin(s, &r, err));
    cv_status st = get_fact(r.conn, account, key, arena, value, err);
    store_read_end(&r);
    return st;
}

cv_status store_fact_forget(store_tx *tx, cv_slice key_prefix, int64_t before,
                            size_t *count, cv_error *err)
{
    CV_TRY(store_tx_check(tx, err));
    sql_query q = sql_start(tx->store->writer, SQL_FACT_FORGET);
    sql_int(&q, before);
    sql_text(&q, key_prefix);
    CV_TRY(store_tx_result(tx, sql_end(&q, err), err));
    if (count)
        *count = (size_t)sql_changes(tx->store->writer);
    return CV_OK;
}
