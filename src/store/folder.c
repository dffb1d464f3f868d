/* folder.c - folders of a mailbox, their counts and UIDs. */
#include "store/store_private.h"

#include <inttypes.h>

#include "base/wintime.h"

static const char *const default_folders[] = { "Inbox",      "Sent Items",
                                               "Calendar",   "Deleted Items",
                                               "Drafts",     "Outbox",
                                               "Junk E-mail" };

/* Seconds, so that a folder that is made again gets another one. */
static uint32_t uid_validity_now(const store *s)
{
    int64_t seconds = store_now(s) / CV_TICKS_PER_SEC;

    return seconds < 1 || seconds > UINT32_MAX ? 1 : (uint32_t)seconds;
}

static cv_status make_folder(store_tx *tx, store_id account, const char *name,
                             cv_error *err)
{
    store_id id;

    CV_TRY(store_next_id(tx, "folder", &id, err));
    sql_query q = sql_start(tx->store->writer, SQL_FOLDER_ADD);
    sql_int(&q, account);
    sql_int(&q, id);
    sql_text(&q, cv_slice_cstr(name));
    sql_int(&q, uid_validity_now(tx->store));
    return sql_end(&q, err);
}

cv_status store_folders_make(store_tx *tx, store_id account, cv_error *err)
{
    for (size_t i = 0; i < CV_LEN(default_folders); i++)
        CV_TRY(make_folder(tx, account, default_folders[i], err));
    return CV_OK;
}

static void read_folder(sql_query *q, cv_arena *arena, store_folder *out)
{
    out->account = sql_get_int(q, 0);
    out->id = sql_get_int(q, 1);
    out->name = sql_get_slice(q, 2, arena);
    out->uid_validity = (uint32_t)sql_get_int(q, 3);
    out->uid_next = (uint32_t)sql_get_int(q, 4);
    out->count = (uint32_t)sql_get_int(q, 5);
    out->unread = (uint32_t)sql_get_int(q, 6);
}

static cv_status list_folders(sql_conn *conn, store_id account, cv_arena *arena,
                              store_folder **out, size_t *count, cv_error *err)
{
    sql_query q = sql_start(conn, SQL_FOLDER_LIST);
    size_t room = 0;

    *out = NULL;
    *count = 0;
    sql_int(&q, account);
    while (sql_row(&q)) {
        *out = store_grow(arena, *out, *count, &room, sizeof(**out));
        if (!*out) {
            sql_query_fail(&q, cv_arena_status(arena));
            break;
        }
        read_folder(&q, arena, &(*out)[(*count)++]);
    }
    return sql_end(&q, err);
}

cv_status store_folder_list(store *s, store_id account, cv_arena *arena,
                            store_folder **out, size_t *count, cv_error *err)
{
    store_read r;

    CV_TRY(store_read_begin(s, &r, err));
    cv_status st = list_folders(r.conn, account, arena, out, count, err);
    store_read_end(&r);
    return st;
}

static cv_status find_folder(sql_conn *conn, store_id account, cv_slice name,
                             cv_arena *arena, store_folder *out, cv_error *err)
{
    sql_query q = sql_start(conn, SQL_FOLDER_FIND);
    bool found = false;

    sql_int(&q, account);
    sql_text(&q, name);
    if (sql_row(&q)) {
        found = true;
        read_folder(&q, arena, out);
    }
    CV_TRY(sql_end(&q, err));
    return found
               ? CV_OK
               : cv_fail(err, CV_ERR_NOTFOUND, "no folder %.*s", CV_FMT(name));
}

cv_status store_folder_find(store *s, store_id account, cv_slice name,
                            cv_arena *arena, store_folder *out, cv_error *err)
{
    store_read r;

    CV_TRY(store_read_begin(s, &r, err));
    cv_status st = find_folder(r.conn, account, name, arena, out, err);
    store_read_end(&r);
    return st;
}

cv_status store_folder_account(sql_conn *conn, store_id folder,
                               store_id *account, cv_error *err)
{
    sql_query q = sql_start(conn, SQL_FOLDER_ACCOUNT);
    bool found = false;

    sql_int(&q, folder);
    if (sql_row(&q)) {
        found = true;
        *account = sql_get_int(&q, 0);
    }
    CV_TRY(sql_end(&q, err));
    return found ? CV_OK
                 : cv_fail(err, CV_ERR_NOTFOUND, "no folder %" PRId64, folder);
}

cv_status store_folder_uid(store_tx *tx, store_id account, store_id folder,
                           uint32_t *uid, cv_error *err)
{
    sql_query q = sql_start(tx->store->writer, SQL_FOLDER_UID);
    int64_t n = INT64_MAX;

    sql_int(&q, account);
    sql_int(&q, folder);
    if (sql_row(&q))
        n = sql_get_int(&q, 0);
    CV_TRY(sql_end(&q, err));
    if (n >= UINT32_MAX)
        return cv_fail(err, CV_ERR_LIMIT, "folder %" PRId64 " is out of UIDs",
                       folder);
    *uid = (uint32_t)n;
    return CV_OK;
}

cv_status store_folder_count(store_tx *tx, store_id account, store_id folder,
                             int total, int unread, cv_error *err)
{
    sql_query q = sql_start(tx->store->writer, SQL_FOLDER_COUNT);

    sql_int(&q, account);
    sql_int(&q, folder);
    sql_int(&q, total);
    sql_int(&q, unread);
    return sql_end(&q, err);
}
