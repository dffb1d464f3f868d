/* message.c - putting, changing, moving and deleting messages. */
#include "store/store_private.h"

#include <inttypes.h>

#include "mapi/pack.h"

/* Where a message is and what guards it. */
typedef struct place {
    store_id account, id, folder;
    uint64_t version;
    uint32_t flags;
    bool has_mime;
} place;

static int unread(uint32_t flags)
{
    return flags & STORE_READ ? 0 : 1;
}

static cv_status find_place(store_tx *tx, store_id message, place *out,
                            cv_error *err)
{
    sql_query q = sql_start(tx->store->writer, SQL_MESSAGE_PLACE);
    bool found = false;

    sql_int(&q, message);
    if (sql_row(&q)) {
        found = true;
        *out = (place){ .id = message,
                        .account = sql_get_int(&q, 0),
                        .folder = sql_get_int(&q, 1),
                        .version = (uint64_t)sql_get_int(&q, 2),
                        .flags = (uint32_t)sql_get_int(&q, 3),
                        .has_mime = !sql_get_null(&q, 4) };
    }
    CV_TRY(sql_end(&q, err));
    return found
               ? CV_OK
               : cv_fail(err, CV_ERR_NOTFOUND, "no message %" PRId64, message);
}

/* -- putting -- */

static cv_status find_delivery(store_tx *tx, store_id account,
                               cv_slice delivery_id, store_id *message,
                               cv_error *err)
{
    *message = 0;
    if (delivery_id.len == 0)
        return CV_OK;
    sql_query q = sql_start(tx->store->writer, SQL_MESSAGE_DELIVERY);
    sql_int(&q, account);
    sql_text(&q, delivery_id);
    if (sql_row(&q))
        *message = sql_get_int(&q, 0);
    return sql_end(&q, err);
}

/* The packed object under its hash, and its columns in m. */
static cv_status put_object(store_tx *tx, const cv_object *obj,
                            store_hash *hash, store_message *m, cv_error *err)
{
    cv_buf packed;

    cv_buf_init(&packed, 0);
    cv_status st = cv_object_pack(obj, &packed, err);
    if (st == CV_OK)
        st = cv_buf_status(&packed, err);
    if (st == CV_OK) {
        m->size_bytes = packed.len;
        st = store_content_put(tx, cv_buf_slice(&packed), hash, err);
    }
    cv_buf_clear(&packed);
    CV_TRY(st);
    store_promote(obj, tx->arena, m);
    return cv_arena_status(tx->arena) == CV_OK ? CV_OK
                                               : cv_arena_fail(tx->arena, err);
}

static void bind_columns(sql_query *q, const store_message *m)
{
    sql_text(q, m->message_class);
    sql_text(q, m->subject);
    sql_text(q, m->from);
    sql_text(q, m->message_id);
    sql_blob_or_null(q, m->clean_global_id);
    sql_int_or_null(q, m->start);
    sql_int_or_null(q, m->end);
    sql_int(q, (int64_t)m->size_bytes);
}

static cv_status insert(store_tx *tx, const store_message *m,
                        const store_hash *object, cv_slice mime,
                        cv_slice delivery_id, cv_error *err)
{
    sql_query q = sql_start(tx->store->writer, SQL_MESSAGE_ADD);

    sql_int(&q, m->account);
    sql_int(&q, m->id);
    sql_int(&q, m->folder);
    sql_int(&q, m->uid);
    sql_int(&q, m->received);
    bind_columns(&q, m);
    sql_blob(&q, store_hash_slice(object));
    sql_blob_or_null(&q, mime);
    sql_text_or_null(&q, delivery_id);
    return sql_end(&q, err);
}

static cv_status put(store_tx *tx, store_message *m, const cv_object *obj,
                     cv_slice mime, cv_slice delivery_id, cv_error *err)
{
    store_hash object, raw;
    cv_slice raw_hash = { NULL, 0 };

    CV_TRY(put_object(tx, obj, &object, m, err));
    if (mime.len > 0) {
        CV_TRY(store_content_put(tx, mime, &raw, err));
        raw_hash = store_hash_slice(&raw);
        m->size_bytes = mime.len;
    }
    CV_TRY(store_next_id(tx, "message", &m->id, err));
    CV_TRY(store_folder_uid(tx, m->account, m->folder, &m->uid, err));
    CV_TRY(insert(tx, m, &object, raw_hash, delivery_id, err));
    CV_TRY(store_recipients_put(tx, m->account, m->id, obj, err));
    return store_folder_count(tx, m->account, m->folder, 1, 1, err);
}

cv_status store_put_message(store_tx *tx, store_id folder, const cv_object *obj,
                            cv_slice mime, cv_slice delivery_id,
                            int64_t received, store_id *out, bool *duplicate,
                            cv_error *err)
{
    store_message m = { .folder = folder, .received = received };

    CV_TRY(store_tx_check(tx, err));
    CV_TRY(store_folder_account(tx->store->writer, folder, &m.account, err));
    CV_TRY(find_delivery(tx, m.account, delivery_id, &m.id, err));
    if (duplicate)
        *duplicate = m.id != 0;
    if (m.id == 0)
        CV_TRY(
            store_tx_result(tx, put(tx, &m, obj, mime, delivery_id, err), err));
    *out = m.id;
    return CV_OK;
}

/* -- changing -- */

static cv_status drop_recipients(store_tx *tx, const place *at, cv_error *err)
{
    sql_query q = sql_start(tx->store->writer, SQL_RECIPIENTS_DROP);

    sql_int(&q, at->account);
    sql_int(&q, at->id);
    return sql_end(&q, err);
}

static cv_status set_place(store_tx *tx, const place *at, store_id folder,
                           cv_error *err)
{
    uint32_t uid;

    CV_TRY(store_folder_uid(tx, at->account, folder, &uid, err));
    sql_query q = sql_start(tx->store->writer, SQL_MESSAGE_MOVE);
    sql_int(&q, at->account);
    sql_int(&q, at->id);
    sql_int(&q, folder);
    sql_int(&q, uid);
    return sql_end(&q, err);
}

static cv_status update(store_tx *tx, const place *at, const cv_object *obj,
                        cv_error *err)
{
    store_message m = { .id = at->id };
    store_hash object;

    CV_TRY(put_object(tx, obj, &object, &m, err));
    sql_query q = sql_start(tx->store->writer, SQL_MESSAGE_UPDATE);
    sql_int(&q, at->account);
    sql_int(&q, at->id);
    bind_columns(&q, &m);
    sql_blob(&q, store_hash_slice(&object));
    CV_TRY(sql_end(&q, err));
    CV_TRY(drop_recipients(tx, at, err));
    CV_TRY(store_recipients_put(tx, at->account, at->id, obj, err));
    return at->has_mime ? CV_OK : set_place(tx, at, at->folder, err);
}

cv_status store_update_message(store_tx *tx, store_id message, uint64_t version,
                               const cv_object *obj, cv_error *err)
{
    place at;

    CV_TRY(store_tx_check(tx, err));
    CV_TRY(find_place(tx, message, &at, err));
    if (at.version != version)
        return cv_fail(err, CV_ERR_CONFLICT,
                       "message %" PRId64 " was changed meanwhile", message);
    return store_tx_result(tx, update(tx, &at, obj, err), err);
}

static cv_status write_flags(store_tx *tx, const place *at, uint32_t flags,
                             cv_error *err)
{
    int change = unread(flags) - unread(at->flags);
    sql_query q = sql_start(tx->store->writer, SQL_MESSAGE_FLAGS);

    sql_int(&q, at->account);
    sql_int(&q, at->id);
    sql_int(&q, flags);
    CV_TRY(sql_end(&q, err));
    return change == 0 ? CV_OK
                       : store_folder_count(tx, at->account, at->folder, 0,
                                            change, err);
}

cv_status store_set_flags(store_tx *tx, store_id message, uint32_t set,
                          uint32_t clear, cv_error *err)
{
    place at;

    CV_TRY(store_tx_check(tx, err));
    CV_TRY(find_place(tx, message, &at, err));
    uint32_t flags = (at.flags & ~clear) | set;
    if (flags == at.flags)
        return CV_OK;
    return store_tx_result(tx, write_flags(tx, &at, flags, err), err);
}

static cv_status move(store_tx *tx, const place *at, store_id folder,
                      cv_error *err)
{
    int n = unread(at->flags);

    CV_TRY(set_place(tx, at, folder, err));
    CV_TRY(store_folder_count(tx, at->account, at->folder, -1, -n, err));
    return store_folder_count(tx, at->account, folder, 1, n, err);
}

cv_status store_move_message(store_tx *tx, store_id message, store_id folder,
                             cv_error *err)
{
    place at;
    store_id account;

    CV_TRY(store_tx_check(tx, err));
    CV_TRY(find_place(tx, message, &at, err));
    CV_TRY(store_folder_account(tx->store->writer, folder, &account, err));
    if (account != at.account)
        return cv_fail(err, CV_ERR_UNSUP,
                       "a message stays in its mailbox: folder %" PRId64
                       " is in another",
                       folder);
    if (folder == at.folder)
        return CV_OK;
    return store_tx_result(tx, move(tx, &at, folder, err), err);
}

static cv_status drop(store_tx *tx, const place *at, cv_error *err)
{
    sql_query q = sql_start(tx->store->writer, SQL_MESSAGE_DELETE);

    sql_int(&q, at->account);
    sql_int(&q, at->id);
    CV_TRY(sql_end(&q, err));
    CV_TRY(drop_recipients(tx, at, err));
    return store_folder_count(tx, at->account, at->folder, -1,
                              -unread(at->flags), err);
}

cv_status store_delete_message(store_tx *tx, store_id message, cv_error *err)
{
    place at;

    CV_TRY(store_tx_check(tx, err));
    CV_TRY(find_place(tx, message, &at, err));
    return store_tx_result(tx, drop(tx, &at, err), err);
}
