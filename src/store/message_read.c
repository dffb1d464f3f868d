/* message_read.c - listing, finding and opening messages. */
#include "store/store_private.h"

#include <inttypes.h>
#include <stdlib.h>

#include "mapi/pack.h"

static int64_t get_moment(sql_query *q, int column)
{
    return sql_get_null(q, column) ? INT64_MIN : sql_get_int(q, column);
}

static void read_message(sql_query *q, cv_arena *arena, store_message *out)
{
    *out = (store_message){ .account = sql_get_int(q, 0),
                            .id = sql_get_int(q, 1),
                            .folder = sql_get_int(q, 2),
                            .uid = (uint32_t)sql_get_int(q, 3),
                            .version = (uint64_t)sql_get_int(q, 4),
                            .received = sql_get_int(q, 5) };
    out->message_class = sql_get_slice(q, 6, arena);
    out->subject = sql_get_slice(q, 7, arena);
    out->from = sql_get_slice(q, 8, arena);
    out->message_id = sql_get_slice(q, 9, arena);
    out->clean_global_id = sql_get_slice(q, 10, arena);
    out->start = get_moment(q, 11);
    out->end = get_moment(q, 12);
    out->size_bytes = (uint64_t)sql_get_int(q, 13);
    out->flags = (uint32_t)sql_get_int(q, 14);
    out->has_mime = !sql_get_null(q, 15);
}

/* "IPM.Appointment" takes itself and "IPM.Appointment.x", in any case. */
static bool is_wanted(cv_slice message_class, cv_slice prefix)
{
    if (prefix.len == 0)
        return true;
    if (!cv_slice_istarts(message_class, prefix))
        return false;
    return message_class.len == prefix.len ||
           message_class.ptr[prefix.len] == '.' ||
           prefix.ptr[prefix.len - 1] == '.';
}

/* The rows of a bound query; ends it. */
static cv_status read_list(sql_query *q, cv_slice class_prefix, cv_arena *arena,
                           store_message **out, size_t *count, cv_error *err)
{
    size_t room = 0;

    *out = NULL;
    *count = 0;
    while (sql_row(q)) {
        *out = store_grow(arena, *out, *count, &room, sizeof(**out));
        if (!*out) {
            sql_query_fail(q, cv_arena_status(arena));
            break;
        }
        if (!is_wanted(sql_peek_slice(q, 6), class_prefix))
            continue;
        read_message(q, arena, &(*out)[(*count)++]);
    }
    return sql_end(q, err);
}

cv_status store_message_list(store *s, store_id folder, cv_arena *arena,
                             store_message **out, size_t *count, cv_error *err)
{
    store_read r;
    store_id account;

    CV_TRY(store_read_begin(s, &r, err));
    cv_status st = store_folder_account(r.conn, folder, &account, err);
    if (st == CV_OK) {
        sql_query q = sql_start(r.conn, SQL_MESSAGE_LIST);
        sql_int(&q, account);
        sql_int(&q, folder);
        st = read_list(&q, cv_slice_of(NULL, 0), arena, out, count, err);
    }
    store_read_end(&r);
    return st;
}

cv_status store_find_meeting(store *s, store_id account,
                             cv_slice clean_global_id, cv_slice class_prefix,
                             cv_arena *arena, store_message **out,
                             size_t *count, cv_error *err)
{
    store_read r;

    CV_TRY(store_read_begin(s, &r, err));
    sql_query q = sql_start(r.conn, SQL_MESSAGE_MEETING);
    sql_int(&q, account);
    sql_blob(&q, clean_global_id);
    cv_status st = read_list(&q, class_prefix, arena, out, count, err);
    store_read_end(&r);
    return st;
}

static cv_status no_message(store_id message, cv_error *err)
{
    return cv_fail(err, CV_ERR_NOTFOUND, "no message %" PRId64, message);
}

static cv_status get_message(sql_conn *conn, store_id message, cv_arena *arena,
                             store_message *out, cv_error *err)
{
    sql_query q = sql_start(conn, SQL_MESSAGE_GET);
    bool found = false;

    sql_int(&q, message);
    if (sql_row(&q)) {
        found = true;
        read_message(&q, arena, out);
    }
    CV_TRY(sql_end(&q, err));
    return found ? CV_OK : no_message(message, err);
}

cv_status store_message_get(store *s, store_id message, cv_arena *arena,
                            store_message *out, cv_error *err)
{
    store_read r;

    CV_TRY(store_read_begin(s, &r, err));
    cv_status st = get_message(r.conn, message, arena, out, err);
    store_read_end(&r);
    return st;
}

/* Hashes of a message's object and original bytes (len 0 when none). */
typedef struct content {
    store_hash object, mime;
    size_t mime_len;
} content;

static void copy_hash(sql_query *q, int column, store_hash *out, size_t *len)
{
    cv_slice s = sql_peek_slice(q, column);

    *len = s.len;
    for (size_t i = 0; i < s.len && i < sizeof(out->b); i++)
        out->b[i] = s.ptr[i];
}

static cv_status find_content(sql_conn *conn, store_id message, content *out,
                              cv_error *err)
{
    sql_query q = sql_start(conn, SQL_MESSAGE_CONTENT);
    size_t object_len = 0;
    bool found = false;

    sql_int(&q, message);
    if (sql_row(&q)) {
        found = true;
        copy_hash(&q, 0, &out->object, &object_len);
        copy_hash(&q, 1, &out->mime, &out->mime_len);
    }
    CV_TRY(sql_end(&q, err));
    return found ? CV_OK : no_message(message, err);
}

static cv_status load_object(store *s, store_id message, uint8_t **packed,
                             size_t *len, cv_error *err)
{
    store_read r;
    content c;

    CV_TRY(store_read_begin(s, &r, err));
    cv_status st = find_content(r.conn, message, &c, err);
    if (st == CV_OK)
        st = store_content_load(r.conn, store_hash_slice(&c.object), packed,
                                len, err);
    store_read_end(&r);
    return st;
}

cv_status store_message_open(store *s, store_id message, cv_object **out,
                             cv_error *err)
{
    uint8_t *packed = NULL;
    size_t len = 0;

    *out = NULL;
    CV_TRY(load_object(s, message, &packed, &len, err));
    cv_status st = cv_object_unpack(cv_slice_of(packed, len), out, err);
    if (st != CV_OK) {
        free(packed);
        return st == CV_ERR_SYNTAX
                   ? cv_fail(err, CV_ERR_IO,
                             "the object of message %" PRId64 " is damaged",
                             message)
                   : st;
    }
    /* The object's values lie in these bytes. */
    st = cv_arena_on_clear(cv_object_arena(*out), free, packed);
    if (st != CV_OK) {
        cv_object_free(out);
        return cv_fail(err, st, "no memory");
    }
    return CV_OK;
}

cv_status store_message_mime(store *s, store_id message, cv_arena *arena,
                             cv_slice *out, cv_error *err)
{
    store_read r;
    content c;

    *out = cv_slice_of(NULL, 0);
    CV_TRY(store_read_begin(s, &r, err));
    cv_status st = find_content(r.conn, message, &c, err);
    if (st == CV_OK && c.mime_len > 0)
        st = store_content_get(r.conn, store_hash_slice(&c.mime), arena, out,
                               err);
    store_read_end(&r);
    return st;
}
