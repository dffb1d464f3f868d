/* util.c - sequences, arrays in arenas, text of columns, the meta table. */
#include "store/store_private.h"

#include <string.h>

#include "base/text.h"

cv_status store_next_id(store_tx *tx, const char *sequence, store_id *out,
                        cv_error *err)
{
    sql_query q = sql_start(tx->store->writer, SQL_SEQUENCE_NEXT);

    sql_text(&q, cv_slice_cstr(sequence));
    if (sql_row(&q))
        *out = sql_get_int(&q, 0);
    return sql_end(&q, err);
}

void *store_grow(cv_arena *arena, void *items, size_t count, size_t *room,
                 size_t size)
{
    if (count < *room)
        return items;
    size_t more = *room ? *room * 2 : 8;
    uint8_t *grown = cv_arena_array(arena, more, size);
    if (!grown)
        return NULL;
    if (count > 0)
        memcpy(grown, items, count * size);
    *room = more;
    return grown;
}

cv_slice store_fold(cv_arena *arena, cv_slice s)
{
    uint8_t *p = cv_arena_alloc(arena, s.len + 1);

    if (!p)
        return cv_slice_of(NULL, 0);
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        p[i] = c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
    }
    return cv_slice_of(p, s.len);
}

cv_slice store_column_text(cv_arena *arena, cv_slice s, size_t max)
{
    cv_slice text = cv_utf8_repair(arena, cv_utf8_clip(s, max));

    return cv_text_one_line(arena, text);
}

int64_t store_now(const store *s)
{
    return s->env->now(s->env->ctx);
}

cv_status store_meta_get(sql_conn *conn, const char *name, cv_arena *arena,
                         cv_slice *out, cv_error *err)
{
    sql_query q = sql_start(conn, SQL_META_GET);

    *out = cv_slice_of(NULL, 0);
    sql_text(&q, cv_slice_cstr(name));
    if (sql_row(&q))
        *out = sql_get_slice(&q, 0, arena);
    return sql_end(&q, err);
}

cv_status store_meta_set(sql_conn *conn, const char *name, cv_slice value,
                         cv_error *err)
{
    sql_query q = sql_start(conn, SQL_META_SET);

    sql_text(&q, cv_slice_cstr(name));
    sql_text(&q, value);
    return sql_end(&q, err);
}
