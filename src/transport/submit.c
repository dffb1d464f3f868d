/* submit.c - from a message and its recipients to queue entries on disk. */
#include "transport/transport_private.h"

#include "base/datetime.h"
#include "base/text.h"
#include "mapi/pack.h"

#include <inttypes.h>

cv_slice transport_domain_of(cv_arena *arena, cv_slice address)
{
    for (size_t i = address.len; i > 0; i--) {
        if (address.ptr[i - 1] == '@')
            return cv_ascii_lower(arena, cv_slice_sub(address, i, address.len));
    }
    return CV_S("");
}

/* A Message-ID that names this submission: time and chance from the env. */
static cv_slice new_message_id(transport *t, cv_arena *arena,
                               const transport_settings *settings)
{
    uint64_t r = 0;

    t->config.env->random(t->config.env->ctx, &r, sizeof(r));
    return cv_arena_printf(arena, "<%" PRIx64 ".%016" PRIx64 "@%.*s>",
                           (uint64_t)transport_now(t), r,
                           CV_FMT(settings->host_name));
}

/* What is queued: bytes, and the columns that are shown. */
typedef struct snapshot {
    cv_slice content; /* arena */
    bool is_mime;
    cv_slice message_id, subject, message_class;
} snapshot;

static cv_status snapshot_object(transport *t, cv_arena *arena,
                                 const transport_settings *settings,
                                 const cv_object *obj, snapshot *out,
                                 cv_error *err)
{
    cv_object *copy = NULL;
    cv_status st = cv_object_dup(obj, &copy, err);
    if (st != CV_OK)
        return st;

    cv_bag *props = cv_object_props(copy);
    int64_t ticks;
    if (cv_bag_string_or(props, CV_PidTagInternetMessageId, CV_S("")).len == 0)
        cv_bag_set_string(props, CV_PidTagInternetMessageId,
                          new_message_id(t, arena, settings));
    if (!cv_bag_ticks(props, CV_PidTagClientSubmitTime, &ticks))
        cv_bag_set_ticks(props, CV_PidTagClientSubmitTime, transport_now(t));

    cv_buf packed;
    cv_buf_init(&packed, 0);
    st = cv_object_pack(copy, &packed, err);
    if (st == CV_OK) {
        out->is_mime = false;
        out->content = cv_buf_dup(&packed, arena);
        out->message_id = cv_arena_dup(
            arena,
            cv_bag_string_or(props, CV_PidTagInternetMessageId, CV_S("")));
        out->subject = cv_arena_dup(
            arena, cv_bag_string_or(props, CV_PidTagSubject, CV_S("")));
        out->message_class = cv_arena_dup(arena, cv_object_class(copy));
        st = cv_arena_status(arena);
    }
    cv_buf_clear(&packed);
    cv_object_free(&copy);
    return st == CV_OK ? CV_OK : cv_fail(err, st, "snapshot of the message");
}

/* A submitted mail without Message-ID or Date gets them (RFC 6409 8.1). */
static cv_status snapshot_mime(transport *t, cv_arena *arena,
                               const transport_settings *settings,
                               cv_slice mime, snapshot *out, cv_error *err)
{
    cv_buf buf;
    cv_buf_init(&buf, 0);
    out->is_mime = true;
    out->message_id = transport_header(arena, mime, CV_S("Message-ID"));
    if (!out->message_id.ptr || out->message_id.len == 0) {
        out->message_id = new_message_id(t, arena, settings);
        cv_buf_printf(&buf, "Message-ID: %.*s\r\n", CV_FMT(out->message_id));
    }
    if (!transport_header(arena, mime, CV_S("Date")).ptr) {
        cv_buf_put_str(&buf, "Date: ");
        cv_rfc5322_date_put(&buf, transport_now(t), 0);
        cv_buf_put_str(&buf, "\r\n");
    }
    out->subject = transport_header(arena, mime, CV_S("Subject"));
    out->message_class = CV_S("");
    out->content = mime;
    cv_status st = CV_OK;
    if (buf.len > 0) {
        cv_buf_put_slice(&buf, mime);
        out->content = cv_buf_dup(&buf, arena);
        st = cv_buf_status(&buf, err);
    }
    cv_buf_clear(&buf);
    if (st == CV_OK && cv_arena_status(arena) != CV_OK)
        return cv_arena_fail(arena, err);
    return st;
}

/* Recipients of one destination, in the order given, each once. */
static size_t pick(const transport_submission *m, const cv_slice *dests,
                   cv_slice dest, store_queue_rcpt *out)
{
    size_t n = 0;

    for (size_t i = 0; i < m->rcpt_count; i++) {
        bool seen = !cv_slice_eq(dests[i], dest);
        for (size_t k = 0; k < n && !seen; k++)
            seen = cv_slice_ieq(out[k].address, m->rcpts[i]);
        if (seen)
            continue;
        out[n++] = (store_queue_rcpt){
            .address = m->rcpts[i],
            .orcpt = m->orcpt ? m->orcpt[i] : CV_S(""),
            .notify = m->notify ? m->notify[i] : 0,
        };
    }
    return n;
}

static bool first_of_its_kind(const cv_slice *dests, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (cv_slice_eq(dests[i], dests[index]))
            return false;
    }
    return true;
}

static cv_status put_entries(transport *t, store_tx *tx,
                             const transport_submission *m,
                             const transport_settings *settings,
                             const snapshot *snap, cv_arena *arena,
                             cv_error *err)
{
    int64_t now = transport_now(t);
    cv_slice *dests = cv_arena_array(arena, m->rcpt_count, sizeof(*dests));
    store_queue_rcpt *rcpts =
        cv_arena_array(arena, m->rcpt_count, sizeof(*rcpts));
    if (!dests || !rcpts)
        return cv_arena_fail(arena, err);

    for (size_t i = 0; i < m->rcpt_count; i++) {
        cv_slice domain = transport_domain_of(arena, m->rcpts[i]);
        bool local = t->config.is_local_domain(t->config.ctx, domain);
        dests[i] = local ? TRANSPORT_DEST_LOCAL : domain;
    }
    for (size_t i = 0; i < m->rcpt_count; i++) {
        if (!first_of_its_kind(dests, i))
            continue;
        store_queue_entry e = {
            .from = m->from,
            .rcpts = rcpts,
            .rcpt_count = pick(m, dests, dests[i], rcpts),
            .destination = dests[i],
            .message_id = snap->message_id,
            .subject = snap->subject,
            .message_class = snap->message_class,
            .is_mime = snap->is_mime,
            .account = m->account,
            .folder = m->folder,
            .message = m->message,
            .submitted = now,
            .next_try = now,
            .expires = now + settings->expire,
            .state = STORE_QUEUE_READY,
            .envid = m->envid,
            .ret = m->ret,
            .size_bytes = snap->content.len,
        };
        store_id id;
        CV_TRY(store_queue_put(tx, &e, snap->content, &id, err));
    }
    return CV_OK;
}

static cv_status take_snapshot(transport *t, const transport_submission *m,
                               const transport_settings *settings,
                               cv_arena *arena, snapshot *snap, cv_error *err)
{
    return m->obj ? snapshot_object(t, arena, settings, m->obj, snap, err)
                  : snapshot_mime(t, arena, settings, m->mime, snap, err);
}

cv_status transport_submit_tx(transport *t, store_tx *tx,
                              const transport_submission *m, cv_error *err)
{
    cv_arena *arena = NULL;
    snapshot snap = { 0 };

    CV_TRY(cv_arena_new(0, &arena, err));
    transport_settings settings = transport_settings_get(t, arena);
    cv_status st = take_snapshot(t, m, &settings, arena, &snap, err);
    if (st == CV_OK)
        st = put_entries(t, tx, m, &settings, &snap, arena, err);
    cv_arena_free(&arena);
    return st;
}

/* Large content goes to disk before the transaction that needs it. */
static cv_status submit_alone(transport *t, const transport_submission *m,
                              cv_arena *arena, cv_error *err)
{
    store_tx *tx = NULL;
    snapshot snap = { 0 };
    transport_settings settings = transport_settings_get(t, arena);

    CV_TRY(take_snapshot(t, m, &settings, arena, &snap, err));
    CV_TRY(store_stage(t->config.store, snap.content, err));
    CV_TRY(store_begin(t->config.store, &tx, err));
    cv_status st = put_entries(t, tx, m, &settings, &snap, arena, err);
    if (st == CV_OK)
        st = store_commit(&tx, err);
    store_rollback(&tx);
    return st;
}

cv_status transport_submit(transport *t, const transport_submission *m,
                           cv_error *err)
{
    cv_arena *arena = NULL;

    CV_TRY(cv_arena_new(0, &arena, err));
    cv_status st = submit_alone(t, m, arena, err);
    cv_arena_free(&arena);
    if (st == CV_OK)
        transport_wake(t);
    return st;
}
