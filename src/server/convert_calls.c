/* convert_calls.c - a conversion with all that it depends on, and what is
 * done when its child dies. */
#include "server/core.h"

#include "base/text.h"
#include "mapi/entryid.h"
#include "mapi/globalid.h"
#include "mapi/pack.h"
#include "server/worker.h"

#include <inttypes.h>

/* Accounts that have a legacy DN, as the converter's directory. */
static cv_slice address_map(core *c, cv_arena *arena)
{
    store_account *list;
    size_t count;
    cv_buf buf;

    cv_buf_init(&buf, 0);
    if (store_account_list(c->store, arena, &list, &count, NULL) == CV_OK) {
        for (size_t i = 0; i < count; i++) {
            if (list[i].legacy_dn.len > 0)
                cv_buf_printf(&buf, "\"%.*s\",%.*s\n",
                              CV_FMT(list[i].legacy_dn),
                              CV_FMT(list[i].address));
        }
    }
    cv_slice out = cv_buf_dup(&buf, arena);
    cv_buf_clear(&buf);
    return out;
}

static void put_response(core *c, store_id message, cv_buf *buf)
{
    cv_object *reply = NULL;
    int64_t ticks;

    if (store_message_open(c->store, message, &reply, NULL) != CV_OK)
        return;
    const cv_bag *props = cv_object_props(reply);
    cv_slice smtp =
        cv_bag_string_or(props, CV_PidTagSentRepresentingSmtpAddress, CV_S(""));
    if (smtp.len > 0 &&
        (cv_bag_ticks(props, CV_PidLidAttendeeCriticalChange, &ticks) ||
         cv_bag_ticks(props, CV_PidLidAppointmentReplyTime, &ticks) ||
         cv_bag_ticks(props, CV_PidTagClientSubmitTime, &ticks)))
        cv_buf_printf(buf, "%.*s %" PRId64 "\n", CV_FMT(smtp), ticks);
    cv_object_free(&reply);
}

static cv_slice meeting_id(const cv_object *obj)
{
    cv_slice id = CV_S("");

    if (!cv_bag_binary(cv_object_props(obj), CV_PidLidCleanGlobalObjectId, &id))
        (void)cv_bag_binary(cv_object_props(obj), CV_PidLidGlobalObjectId, &id);
    return id;
}

/* Steps 1 and 2 of the best estimate (meeting-flow.md 17): the answers to
 * this meeting that lie in the organizer's mailbox, newest first. */
static cv_slice responses(core *c, cv_slice packed, cv_arena *arena)
{
    cv_object *obj = NULL;
    store_account account;
    store_message *list;
    size_t count;
    cv_buf buf;

    if (cv_object_unpack(packed, &obj, NULL) != CV_OK)
        return CV_S("");
    cv_buf_init(&buf, 0);
    cv_slice from = cv_bag_string_or(
        cv_object_props(obj), CV_PidTagSentRepresentingSmtpAddress, CV_S(""));
    cv_slice id = meeting_id(obj);
    if (id.len > 0 && from.len > 0 &&
        store_account_find(c->store, from, arena, &account, NULL) == CV_OK &&
        store_find_meeting(c->store, account.id, id,
                           CV_S("IPM.Schedule.Meeting.Resp"), arena, &list,
                           &count, NULL) == CV_OK) {
        for (size_t i = 0; i < count; i++)
            put_response(c, list[i].id, &buf);
    }
    cv_slice out = cv_buf_dup(&buf, arena);
    cv_buf_clear(&buf);
    cv_object_free(&obj);
    return out;
}

/* Sends the request to a child, or runs it here. */
static cv_status call(core *c, const worker_request *q, cv_buf *response,
                      bool *died, cv_error *err)
{
    cv_buf request;
    int64_t deadline =
        settings_duration(c->settings, "server.conversion-deadline");

    *died = false;
    cv_buf_init(&request, 0);
    cv_status st = worker_encode(q, &request, err);
    if (st == CV_OK && c->children) {
        st = net_children_call(c->children, cv_buf_slice(&request),
                               (uint32_t)(deadline / CV_TICKS_PER_MS), response,
                               died, err);
        /* A child's memory is bounded: trying again would end the same way. */
        if (st == CV_ERR_NOMEM)
            *died = true;
    } else if (st == CV_OK) {
        st = worker_handle(NULL, cv_buf_slice(&request), response);
    }
    cv_buf_clear(&request);
    return st;
}

static worker_request request_of(core *c, worker_op op, cv_slice domain,
                                 cv_slice payload, cv_arena *arena)
{
    return (worker_request){
        .op = op,
        .settings = settings_for_conversion(c->settings, domain, arena),
        .domain = core_domain(c, arena),
        .address_map = address_map(c, arena),
        .now = c->env.now(c->env.ctx),
        .received = INT64_MIN,
        .payload = payload,
    };
}

static void say_died(cv_report *report)
{
    cv_report_say(report, CV_RULE_CHILD_DIED, CV_S(""), CV_S(""), CV_S(""),
                  "minimal message, original attached");
    cv_report_reach(report, CV_LADDER_MINIMAL);
}

/* The last step of the ladder for an object whose child died. */
static cv_status minimal_mime(core *c, cv_slice packed, cv_buf *mime,
                              cv_report *report, cv_error *err)
{
    cv_object *obj = NULL;
    int64_t date = c->env.now(c->env.ctx);
    cv_sink sink = cv_buf_sink(mime);
    cv_buf to;

    CV_TRY(cv_object_unpack(packed, &obj, err));
    const cv_bag *props = cv_object_props(obj);
    cv_buf_init(&to, 1 << 16);
    for (size_t i = 0; i < cv_object_recipient_count(obj); i++) {
        cv_slice a = cv_bag_string_or(cv_object_recipient(obj, i),
                                      CV_PidTagSmtpAddress, CV_S(""));
        if (a.len > 0)
            cv_buf_printf(&to, "%s%.*s", to.len ? ", " : "", CV_FMT(a));
    }
    (void)cv_bag_ticks(props, CV_PidTagClientSubmitTime, &date);
    say_died(report);
    cv_status st = cv_to_mime_minimal(
        cv_bag_string_or(props, CV_PidTagSentRepresentingSmtpAddress, CV_S("")),
        cv_buf_slice(&to), cv_bag_string_or(props, CV_PidTagSubject, CV_S("")),
        date, cv_bag_string_or(props, CV_PidTagBody, CV_S("")), packed,
        "message.cvob", &sink, err);
    cv_buf_clear(&to);
    cv_object_free(&obj);
    return st;
}

cv_status core_to_mime(core *c, cv_slice packed, cv_slice domain, cv_buf *mime,
                       cv_report *report, cv_error *err)
{
    cv_arena *arena = NULL;
    cv_buf response;
    cv_slice result;
    bool died;

    CV_TRY(cv_arena_new(0, &arena, err));
    cv_buf_init(&response, 0);
    worker_request q = request_of(c, WORKER_TO_MIME, domain, packed, arena);
    q.responses = responses(c, packed, arena);
    cv_status st = call(c, &q, &response, &died, err);
    if (died)
        st = minimal_mime(c, packed, mime, report, err);
    else if (st == CV_OK)
        st = worker_decode(cv_buf_slice(&response), &result, report, err);
    if (st == CV_OK && !died) {
        cv_buf_put_slice(mime, result);
        st = cv_buf_status(mime, err);
    }
    cv_buf_clear(&response);
    cv_arena_free(&arena);
    return st;
}

/* Unpacking borrows; the object must own its bytes. */
static cv_status own_object(cv_slice packed, cv_object **out, cv_error *err)
{
    cv_object *borrowed = NULL;

    CV_TRY(cv_object_unpack(packed, &borrowed, err));
    cv_status st = cv_object_dup(borrowed, out, err);
    cv_object_free(&borrowed);
    return st;
}

cv_status core_from_mime(core *c, cv_slice mime, int64_t received,
                         cv_object **obj, cv_report *report, cv_error *err)
{
    cv_arena *arena = NULL;
    cv_buf response;
    cv_slice result;
    bool died;

    CV_TRY(cv_arena_new(0, &arena, err));
    cv_buf_init(&response, 0);
    worker_request q = request_of(c, WORKER_FROM_MIME, CV_S(""), mime, arena);
    q.received = received;
    cv_status st = call(c, &q, &response, &died, err);
    if (st == CV_OK && !died)
        st = worker_decode(cv_buf_slice(&response), &result, report, err);
    if (st == CV_OK && !died)
        st = own_object(result, obj, err);
    if (died || (st != CV_OK && st != CV_ERR_IO && st != CV_ERR_NOMEM)) {
        say_died(report);
        st = cv_from_mime_minimal(mime, &c->env, obj, report, err);
    }
    cv_buf_clear(&response);
    cv_arena_free(&arena);
    return st;
}

cv_status core_read(core *c, cv_slice file, cv_slice name, cv_object **obj,
                    cv_report *report, cv_error *err)
{
    cv_arena *arena = NULL;
    cv_buf response;
    cv_slice result;
    bool died;

    CV_TRY(cv_arena_new(0, &arena, err));
    cv_buf_init(&response, 0);
    worker_request q = request_of(c, WORKER_READ, CV_S(""), file, arena);
    q.name = name;
    cv_status st = call(c, &q, &response, &died, err);
    if (st == CV_OK)
        st = worker_decode(cv_buf_slice(&response), &result, report, err);
    if (st == CV_OK)
        st = own_object(result, obj, err);
    cv_buf_clear(&response);
    cv_arena_free(&arena);
    return st;
}
