/* admin_mailbox.c - folders, messages, and messages as files. */
#include "server/admin_private.h"

#include "mapi/pack.h"
#include "msg/msg.h"

static void put_message(cv_json_writer *w, const store_message *m)
{
    cv_json_begin_object(w, NULL);
    cv_json_put_int(w, "id", m->id);
    cv_json_put_int(w, "uid", m->uid);
    cv_json_put_text(w, "class", m->message_class);
    cv_json_put_text(w, "subject", m->subject);
    cv_json_put_text(w, "from", m->from);
    cv_json_put_text(w, "messageId", m->message_id);
    admin_put_time(w, "received", m->received);
    admin_put_time(w, "start", m->start);
    cv_json_put_int(w, "size", (int64_t)m->size_bytes);
    cv_json_put_bool(w, "mime", m->has_mime);
    cv_json_put_bool(w, "processed", (m->flags & STORE_PROCESSED) != 0);
    cv_json_put_bool(w, "outOfDate", (m->flags & STORE_STALE) != 0);
    cv_json_end_object(w);
}

static cv_status put_folder(admin_call *call, const store_folder *f,
                            bool messages, cv_error *err)
{
    store_message *list;
    size_t count;
    cv_json_writer *w = call->out;

    cv_json_begin_object(w, NULL);
    cv_json_put_int(w, "id", f->id);
    cv_json_put_text(w, "name", f->name);
    cv_json_put_int(w, "count", f->count);
    cv_json_put_int(w, "unread", f->unread);
    if (messages) {
        CV_TRY(store_message_list(call->core->store, f->id, call->arena, &list,
                                  &count, err));
        cv_json_begin_array(w, "messages");
        for (size_t i = 0; i < count; i++)
            put_message(w, &list[i]);
        cv_json_end_array(w);
    }
    cv_json_end_object(w);
    return CV_OK;
}

cv_status admin_mailbox_list(admin_call *call, cv_error *err)
{
    store_account a;
    store_folder *list, one;
    size_t count;
    cv_slice wanted = cv_json_text_or(call->args, "folder", CV_S(""));

    CV_TRY(admin_account(call, &a, err));
    if (wanted.len > 0) {
        cv_status st = store_folder_find(call->core->store, a.id, wanted,
                                         call->arena, &one, err);
        if (st == CV_ERR_NOTFOUND)
            return cv_fail(err, st, "there is no folder \"%.*s\"",
                           CV_FMT(wanted));
        CV_TRY(st);
        list = &one;
        count = 1;
    } else {
        CV_TRY(store_folder_list(call->core->store, a.id, call->arena, &list,
                                 &count, err));
    }
    bool messages =
        wanted.len > 0 || cv_json_bool_or(call->args, "messages", false);
    cv_json_begin_array(call->out, "result");
    for (size_t i = 0; i < count; i++)
        CV_TRY(put_folder(call, &list[i], messages, err));
    cv_json_end_array(call->out);
    return CV_OK;
}

static cv_status open_message(admin_call *call, store_id *id, cv_object **obj,
                              cv_error *err)
{
    CV_TRY(admin_id(call, "message", id, err));
    cv_status st = store_message_open(call->core->store, *id, obj, err);
    if (st == CV_ERR_NOTFOUND)
        return cv_fail(err, st, "there is no message %lld", (long long)*id);
    return st;
}

cv_status admin_mailbox_show(admin_call *call, cv_error *err)
{
    store_id id;
    cv_object *obj = NULL;
    cv_buf json;
    unsigned flags =
        cv_json_bool_or(call->args, "full", false) ? CV_JSON_FULL : 0;

    CV_TRY(open_message(call, &id, &obj, err));
    cv_buf_init(&json, 0);
    cv_sink sink = cv_buf_sink(&json);
    cv_status st = cv_object_to_json(obj, flags, &sink, err);
    if (st == CV_OK)
        cv_json_put_raw(call->out, "result", cv_buf_slice(&json));
    cv_buf_clear(&json);
    cv_object_free(&obj);
    return st;
}

/* MIME-born mail goes out as it came in; the rest is rendered. */
static cv_status as_eml(admin_call *call, store_id id, const cv_object *obj,
                        cv_buf *out, cv_report *report, cv_error *err)
{
    cv_slice mime;
    cv_buf packed;

    CV_TRY(store_message_mime(call->core->store, id, call->arena, &mime, err));
    if (mime.len > 0) {
        cv_buf_put_slice(out, mime);
        return CV_OK;
    }
    cv_buf_init(&packed, 0);
    cv_status st = cv_object_pack(obj, &packed, err);
    if (st == CV_OK)
        st = core_to_mime(call->core, cv_buf_slice(&packed), CV_S(""), out,
                          report, err);
    cv_buf_clear(&packed);
    return st;
}

static cv_status export_as(admin_call *call, store_id id, const cv_object *obj,
                           cv_slice form, cv_buf *out, cv_report *report,
                           cv_error *err)
{
    cv_sink sink = cv_buf_sink(out);

    if (cv_slice_eq(form, CV_S("eml")))
        return as_eml(call, id, obj, out, report, err);
    if (cv_slice_eq(form, CV_S("msg")))
        return cv_msg_write(obj, &sink, report, err);
    if (cv_slice_eq(form, CV_S("json")))
        return cv_object_to_json(obj, CV_JSON_FULL, &sink, err);
    return cv_fail(err, CV_ERR_SYNTAX,
                   "a message can be exported as eml, msg or json");
}

cv_status admin_mailbox_export(admin_call *call, cv_error *err)
{
    store_id id;
    cv_object *obj = NULL;
    cv_report *report = NULL;
    cv_buf bytes;
    cv_slice form = cv_json_text_or(call->args, "as", CV_S("eml"));

    CV_TRY(open_message(call, &id, &obj, err));
    cv_buf_init(&bytes, 0);
    cv_status st = cv_report_new(&report, err);
    if (st == CV_OK)
        st = export_as(call, id, obj, form, &bytes, report, err);
    if (st == CV_OK)
        st = cv_buf_status(&bytes, err);
    if (st == CV_OK) {
        cv_json_begin_object(call->out, "result");
        admin_put_base64(call->out, "data", cv_buf_slice(&bytes));
        admin_put_findings(call->out, "findings", report);
        cv_json_end_object(call->out);
    }
    cv_report_free(&report);
    cv_buf_clear(&bytes);
    cv_object_free(&obj);
    return st;
}
