/* deliver_local.c - into mailboxes of this store.
 *
 * Message, the hook's changes (calendar, tracking) and the queue row's mark
 * are one transaction a recipient: after a crash the recipient either has
 * everything and is done, or has nothing and is pending.
 */
#include "transport/transport_private.h"

#include "base/text.h"
#include "mapi/pack.h"

#include <inttypes.h>

/* The content as an object; mime is empty when it was MAPI-born. */
typedef struct local_message {
    cv_object *obj; /* owned */
    cv_slice mime;
    int64_t received;
} local_message;

static cv_status load(transport_attempt *a, local_message *m, cv_error *err)
{
    transport *t = a->t;
    cv_slice content;

    CV_TRY(store_queue_content(t->config.store, a->entry.id, a->arena, &content,
                               err));
    m->received = transport_now(t);
    if (!a->entry.is_mime)
        return cv_object_unpack(content, &m->obj, err);
    m->mime = content;
    cv_report *report = NULL;
    CV_TRY(cv_report_new(&report, err));
    cv_status st = t->config.converter.from_mime(
        t->config.converter.ctx, content, m->received, &m->obj, report, err);
    cv_report_free(&report);
    return st;
}

/* Exchange drops a second copy of a message it has delivered lately: same
 * Message-ID, sender and mailbox. Key of the fact that remembers. */
static cv_slice duplicate_key(transport_attempt *a)
{
    const store_queue_entry *e = &a->entry;
    uint8_t hash[32];
    cv_buf hex;

    if (e->message_id.len == 0)
        return CV_S("");
    cv_slice text = cv_arena_printf(a->arena, "%.*s\n%.*s",
                                    CV_FMT(e->message_id), CV_FMT(e->from));
    cv_sha256(text, hash);
    cv_buf_init(&hex, 128);
    cv_buf_put_str(&hex, "delivered:");
    cv_hex_put(&hex, cv_slice_of(hash, 16), false);
    cv_slice key = cv_buf_dup(&hex, a->arena);
    cv_buf_clear(&hex);
    return key;
}

static bool delivered_lately(transport_attempt *a, store_id account,
                             cv_slice key)
{
    cv_slice value;
    int64_t at;

    if (key.len == 0 ||
        store_fact_get(a->t->config.store, account, key, a->arena, &value,
                       NULL) != CV_OK ||
        cv_parse_i64(value, &at) != CV_OK)
        return false;
    return transport_now(a->t) - at < a->settings.duplicate_days;
}

static cv_status remember(transport_attempt *a, store_tx *tx, store_id account,
                          cv_slice key, cv_error *err)
{
    if (key.len == 0)
        return CV_OK;
    cv_slice now = cv_arena_printf(a->arena, "%" PRId64, transport_now(a->t));
    return store_fact_set(tx, account, key, now, err);
}

static cv_status put_and_process(transport_attempt *a, store_tx *tx,
                                 size_t rcpt, const store_account *account,
                                 local_message *m, bool with_hook,
                                 cv_error *err)
{
    transport *t = a->t;
    store_folder inbox;
    store_id id = 0;
    bool duplicate = false;
    cv_slice key = duplicate_key(a);
    cv_slice delivery_id =
        cv_arena_printf(a->arena, "q%" PRId64 "-%" PRId64, a->entry.id,
                        a->entry.rcpts[rcpt].id);

    CV_TRY(store_folder_find(t->config.store, account->id, CV_S("Inbox"),
                             a->arena, &inbox, err));
    if (!delivered_lately(a, account->id, key)) {
        CV_TRY(store_put_message(tx, inbox.id, m->obj, m->mime, delivery_id,
                                 m->received, &id, &duplicate, err));
        CV_TRY(remember(a, tx, account->id, key, err));
        if (with_hook && !duplicate && t->config.hook.deliver)
            CV_TRY(t->config.hook.deliver(t->config.hook.ctx, tx, account,
                                          m->obj, id, m->received, err));
    }
    return CV_OK;
}

/* One transaction: mailbox, hook, and the recipient's row. */
static cv_status deliver_once(transport_attempt *a, size_t rcpt,
                              const store_account *account, local_message *m,
                              bool with_hook, cv_error *err)
{
    static const transport_result delivered = { TRANSPORT_DELIVERED,
                                                { NULL, 0 },
                                                { NULL, 0 } };
    store_tx *tx = NULL;

    CV_TRY(store_begin(a->t->config.store, &tx, err));
    cv_status st = put_and_process(a, tx, rcpt, account, m, with_hook, err);
    if (st == CV_OK)
        st = store_queue_rcpt_done(tx, a->entry.id, a->entry.rcpts[rcpt].id,
                                   err);
    cv_kill_point("local-deliver-before-commit");
    if (st == CV_OK)
        st = store_commit(&tx, err);
    store_rollback(&tx);
    if (st == CV_OK) {
        cv_kill_point("local-deliver-after-commit");
        transport_mark(a, rcpt, &delivered, CV_S(""));
    }
    return st;
}

static cv_status deliver_rcpt(transport_attempt *a, size_t rcpt,
                              local_message *m, cv_error *err)
{
    store_account account;
    cv_slice address = a->entry.rcpts[rcpt].address;
    cv_status st = store_account_find(a->t->config.store, address, a->arena,
                                      &account, err);

    if (st == CV_ERR_NOTFOUND) {
        transport_result no = { TRANSPORT_PERMANENT, CV_S("5.1.1"),
                                cv_arena_printf(a->arena,
                                                "There is no mailbox %.*s.",
                                                CV_FMT(address)) };
        transport_mark(a, rcpt, &no, CV_S(""));
        return CV_OK;
    }
    if (st != CV_OK)
        return st;
    st = deliver_once(a, rcpt, &account, m, true, err);
    if (st == CV_OK || st == CV_ERR_IO || st == CV_ERR_NOMEM)
        return st;
    /* The calendar could not be changed; the mail is delivered all the same. */
    transport_emit(a->t, &a->entry, "Warning",
                   err ? cv_slice_cstr(err->what) : CV_S("meeting"));
    return deliver_once(a, rcpt, &account, m, false, err);
}

cv_status transport_deliver_local(transport_attempt *a, cv_error *err)
{
    local_message m = { 0 };
    cv_status st = load(a, &m, err);

    for (size_t i = 0; i < a->entry.rcpt_count && st == CV_OK; i++) {
        if (!a->entry.rcpts[i].done)
            st = deliver_rcpt(a, i, &m, err);
    }
    cv_object_free(&m.obj);
    return st;
}
