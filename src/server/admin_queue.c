/* admin_queue.c - the queue console's commands, and events. */
#include "server/admin_private.h"

static const char *state_name(const store_queue_entry *e)
{
    static const char *const names[] = { "ready", "retry", "held" };

    return names[e->state];
}

static void put_rcpts(cv_json_writer *w, const store_queue_entry *e)
{
    cv_json_begin_array(w, "recipients");
    for (size_t i = 0; i < e->rcpt_count; i++) {
        const store_queue_rcpt *r = &e->rcpts[i];
        cv_json_begin_object(w, NULL);
        cv_json_put_text(w, "address", r->address);
        cv_json_put_bool(w, "done", r->done);
        cv_json_put_text(w, "status", r->status);
        cv_json_put_text(w, "reply", r->reply);
        cv_json_put_text(w, "remote", r->remote);
        cv_json_end_object(w);
    }
    cv_json_end_array(w);
}

static void put_entry(cv_json_writer *w, const char *key,
                      const store_queue_entry *e)
{
    cv_json_begin_object(w, key);
    cv_json_put_int(w, "id", e->id);
    cv_json_put_str(w, "state", state_name(e));
    cv_json_put_text(w, "from", e->from);
    put_rcpts(w, e);
    cv_json_put_text(w, "destination", e->destination);
    cv_json_put_text(w, "subject", e->subject);
    cv_json_put_text(w, "messageId", e->message_id);
    cv_json_put_text(w, "class", e->message_class);
    cv_json_put_str(w, "content", e->is_mime ? "mime" : "object");
    cv_json_put_int(w, "size", (int64_t)e->size_bytes);
    admin_put_time(w, "submitted", e->submitted);
    admin_put_time(w, "nextTry", e->next_try);
    admin_put_time(w, "expires", e->expires);
    cv_json_put_int(w, "attempts", e->attempts);
    cv_json_put_text(w, "failureClass", e->failure_class);
    cv_json_put_text(w, "lastError", e->last_error);
    cv_json_put_int(w, "account", e->account);
    cv_json_put_int(w, "folder", e->folder);
    cv_json_put_int(w, "message", e->message);
    cv_json_end_object(w);
}

cv_status admin_queue_list(admin_call *call, cv_error *err)
{
    store_queue_entry *list;
    size_t count;

    CV_TRY(
        store_queue_list(call->core->store, call->arena, &list, &count, err));
    cv_json_begin_array(call->out, "result");
    for (size_t i = 0; i < count; i++)
        put_entry(call->out, NULL, &list[i]);
    cv_json_end_array(call->out);
    return CV_OK;
}

static cv_status get_entry(admin_call *call, store_queue_entry *e,
                           cv_error *err)
{
    store_id id;

    CV_TRY(admin_id(call, "id", &id, err));
    cv_status st = store_queue_get(call->core->store, id, call->arena, e, err);
    if (st == CV_ERR_NOTFOUND)
        return cv_fail(err, st, "there is no queue entry %lld", (long long)id);
    return st;
}

cv_status admin_queue_show(admin_call *call, cv_error *err)
{
    store_queue_entry e;

    CV_TRY(get_entry(call, &e, err));
    put_entry(call->out, "result", &e);
    return CV_OK;
}

/* What the console of Exchange 2003 said, and what it did not say: why. */
static void put_unable(admin_call *call, const store_queue_entry *e)
{
    cv_json_writer *w = call->out;

    cv_json_begin_object(w, "result");
    cv_json_put_bool(w, "opened", false);
    cv_json_put_str(w, "message", "Unable to open for delivery");
    cv_json_put_str(w, "why",
                    "The reply time (PidTagRecipientTrackStatusTime) of a "
                    "recipient row is no moment and cannot be converted from "
                    "MAPI to MIME (error -2147467259, 0x80004005; KB 938650).");
    cv_json_put_str(w, "setting",
                    "content-conversion.fix-recipient-track-status-time");
    cv_json_put_str(w, "remedy", "convoke config fixit 50338");
    cv_json_put_text(w, "lastError", e->last_error);
    cv_json_end_object(w);
}

cv_status admin_queue_open(admin_call *call, cv_error *err)
{
    store_queue_entry e;
    cv_report *report = NULL;
    cv_buf mime;

    CV_TRY(get_entry(call, &e, err));
    CV_TRY(cv_report_new(&report, err));
    cv_buf_init(&mime, 0);
    cv_status st =
        transport_queue_open(call->core->transport, e.id, &mime, report, err);
    if (st == CV_ERR_LEGACY) {
        put_unable(call, &e);
        st = CV_OK;
    } else if (st == CV_OK) {
        cv_json_begin_object(call->out, "result");
        cv_json_put_bool(call->out, "opened", true);
        admin_put_base64(call->out, "mime", cv_buf_slice(&mime));
        admin_put_findings(call->out, "findings", report);
        cv_json_end_object(call->out);
    }
    cv_buf_clear(&mime);
    cv_report_free(&report);
    return st;
}

static cv_status done(admin_call *call, cv_status st)
{
    if (st == CV_OK)
        cv_json_put_bool(call->out, "result", true);
    return st;
}

cv_status admin_queue_retry(admin_call *call, cv_error *err)
{
    store_queue_entry e;

    CV_TRY(get_entry(call, &e, err));
    return done(call, transport_queue_retry(call->core->transport, e.id, err));
}

cv_status admin_queue_hold(admin_call *call, cv_error *err)
{
    store_queue_entry e;
    bool release = cv_json_bool_or(call->args, "release", false);

    CV_TRY(get_entry(call, &e, err));
    return done(
        call, transport_queue_hold(call->core->transport, e.id, !release, err));
}

cv_status admin_queue_delete(admin_call *call, cv_error *err)
{
    store_queue_entry e;
    bool with_ndr = cv_json_bool_or(call->args, "ndr", true);

    CV_TRY(get_entry(call, &e, err));
    return done(call, transport_queue_delete(call->core->transport, e.id,
                                             with_ndr, err));
}

cv_status admin_events_list(admin_call *call, cv_error *err)
{
    store_event *list;
    size_t count;
    cv_json_writer *w = call->out;
    int64_t max = cv_json_int_or(call->args, "max", 1000);

    if (max < 1 || max > 10000)
        return cv_fail(err, CV_ERR_RANGE, "\"max\" must be 1 to 10000");
    CV_TRY(store_event_list(call->core->store,
                            cv_json_int_or(call->args, "after", 0), (size_t)max,
                            call->arena, &list, &count, err));
    cv_json_begin_array(w, "result");
    for (size_t i = 0; i < count; i++) {
        cv_json_begin_object(w, NULL);
        cv_json_put_int(w, "id", list[i].id);
        admin_put_time(w, "at", list[i].at);
        cv_json_put_text(w, "severity", list[i].severity);
        cv_json_put_text(w, "source", list[i].source);
        cv_json_put_text(w, "category", list[i].category);
        cv_json_put_int(w, "event", list[i].number);
        cv_json_put_text(w, "text", list[i].text);
        if (list[i].fields.len > 0)
            cv_json_put_raw(w, "fields", list[i].fields);
        cv_json_end_object(w);
    }
    cv_json_end_array(w);
    return CV_OK;
}

static void put_level(admin_call *call, const char *category,
                      const char *setting)
{
    cv_json_begin_object(call->out, NULL);
    cv_json_put_str(call->out, "category", category);
    cv_json_put_text(call->out, "level",
                     settings_text(call->core->settings, setting, call->arena));
    cv_json_end_object(call->out);
}

cv_status admin_events_level(admin_call *call, cv_error *err)
{
    cv_slice wanted = cv_json_text_or(call->args, "category", CV_S(""));
    cv_slice level = cv_json_text_or(call->args, "level", CV_S(""));
    const char *name;

    if (level.len > 0) {
        const char *setting = core_level_setting(wanted);
        if (!setting)
            return cv_fail(err, CV_ERR_NOTFOUND,
                           "there is no category \"%.*s\"", CV_FMT(wanted));
        CV_TRY(settings_set(call->core->settings, CV_S(""),
                            cv_slice_cstr(setting), level, err));
    }
    cv_json_begin_array(call->out, "result");
    for (size_t i = 0; (name = core_category_at(i)) != NULL; i++)
        put_level(call, name, core_level_setting(cv_slice_cstr(name)));
    cv_json_end_array(call->out);
    return CV_OK;
}
