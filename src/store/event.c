/* event.c - the event log. */
#include "store/store_private.h"

static cv_status event_add(store_tx *tx, void *ctx, cv_error *err)
{
    const store_event *e = ctx;
    store_id id;

    CV_TRY(store_next_id(tx, "event", &id, err));
    sql_query q = sql_start(tx->store->writer, SQL_EVENT_ADD);
    sql_int(&q, id);
    sql_int(&q, e->at);
    sql_text(&q, e->source);
    sql_text(&q, e->category);
    sql_int(&q, e->number);
    sql_text(&q, e->severity);
    sql_text(&q, e->text);
    sql_text(&q, e->fields);
    return sql_end(&q, err);
}

cv_status store_event_add(store *s, const store_event *e, cv_error *err)
{
    store_event copy = *e;

    return store_write(s, event_add, &copy, err);
}

typedef struct forget_job {
    int64_t before;
    size_t count;
} forget_job;

static cv_status event_forget(store_tx *tx, void *ctx, cv_error *err)
{
    forget_job *job = ctx;
    sql_query q = sql_start(tx->store->writer, SQL_EVENT_FORGET);

    sql_int(&q, job->before);
    CV_TRY(sql_end(&q, err));
    job->count = (size_t)sql_changes(tx->store->writer);
    return CV_OK;
}

cv_status store_event_forget(store *s, int64_t before, size_t *count,
                             cv_error *err)
{
    forget_job job = { .before = before };

    CV_TRY(store_write(s, event_forget, &job, err));
    if (count)
        *count = job.count;
    return CV_OK;
}

static void read_event(sql_query *q, cv_arena *arena, store_event *out)
{
    out->id = sql_get_int(q, 0);
    out->at = sql_get_int(q, 1);
    out->source = sql_get_slice(q, 2, arena);
    out->category = sql_get_slice(q, 3, arena);
    out->number = (int32_t)sql_get_int(q, 4);
    out->severity = sql_get_slice(q, 5, arena);
    out->text = sql_get_slice(q, 6, arena);
    out->fields = sql_get_slice(q, 7, arena);
}

static cv_status list_events(sql_conn *conn, store_id after, size_t max,
                             cv_arena *arena, store_event **out, size_t *count,
                             cv_error *err)
{
    sql_query q = sql_start(conn, SQL_EVENT_LIST);
    size_t room = 0;

    *out = NULL;
    *count = 0;
    sql_int(&q, after);
    sql_int(&q, max > INT32_MAX ? INT32_MAX : (int64_t)max);
    while (sql_row(&q)) {
        *out = store_grow(arena, *out, *count, &room, sizeof(**out));
        if (!*out) {
            sql_query_fail(&q, cv_arena_status(arena));
            break;
        }
        read_event(&q, arena, &(*out)[(*count)++]);
    }
    return sql_end(&q, err);
}

cv_status store_event_list(store *s, store_id after, size_t max,
                           cv_arena *arena, store_event **out, size_t *count,
                           cv_error *err)
{
    store_read r;

    CV_TRY(store_read_begin(s, &r, err));
    cv_status st = list_events(r.conn, after, max, arena, out, count, err);
    store_read_end(&r);
    return st;
}
