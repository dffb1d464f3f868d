/* reader.c - the connections that read. */
#include "store/store_private.h"

static cv_status take(store *s, sql_conn **out, cv_error *err)
{
    cv_status st = CV_OK;

    pthread_mutex_lock(&s->readers_lock);
    while (s->idle_count == 0 && s->reader_count == STORE_READERS)
        pthread_cond_wait(&s->reader_free, &s->readers_lock);
    bool make = s->idle_count == 0;
    if (make)
        s->reader_count++;
    else
        *out = s->idle[--s->idle_count];
    pthread_mutex_unlock(&s->readers_lock);
    if (make)
        st = sql_open(s->dir, false, out, err);
    if (st != CV_OK) {
        pthread_mutex_lock(&s->readers_lock);
        s->reader_count--;
        pthread_cond_signal(&s->reader_free);
        pthread_mutex_unlock(&s->readers_lock);
    }
    return st;
}

static void give(store *s, sql_conn *conn)
{
    pthread_mutex_lock(&s->readers_lock);
    s->idle[s->idle_count++] = conn;
    pthread_cond_signal(&s->reader_free);
    pthread_mutex_unlock(&s->readers_lock);
}

cv_status store_read_begin(store *s, store_read *r, cv_error *err)
{
    *r = (store_read){ .store = s, .pooled = !store_held(s) };
    if (!r->pooled) {
        r->conn = s->writer;
        return CV_OK;
    }
    CV_TRY(take(s, &r->conn, err));
    cv_status st = sql_begin_read(r->conn, err);
    if (st != CV_OK)
        give(s, r->conn);
    return st;
}

void store_read_end(store_read *r)
{
    if (!r->pooled)
        return;
    sql_rollback(r->conn);
    give(r->store, r->conn);
}

void store_readers_close(store *s)
{
    for (unsigned i = 0; i < s->idle_count; i++)
        sql_close(&s->idle[i]);
    s->idle_count = 0;
}
