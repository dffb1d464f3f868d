/* admin_meeting.c - meetings from the command line, and submission. */
#include "server/admin_private.h"

#include "base/text.h"

/* [{"address", "name", "type"}]; type: required, optional, resource */
static cv_status read_attendees(admin_call *call, meeting_attendee **out,
                                size_t *count, cv_error *err)
{
    const cv_json *list = cv_json_get(call->args, "attendees");

    *count = list && list->type == CV_JSON_ARRAY ? list->count : 0;
    *out = cv_arena_array(call->arena, *count, sizeof(**out));
    if (!*out)
        return cv_arena_fail(call->arena, err);
    for (size_t i = 0; i < *count; i++) {
        const cv_json *row = &list->items[i];
        cv_slice type = cv_json_text_or(row, "type", CV_S("required"));
        (*out)[i] = (meeting_attendee){
            .address = cv_json_text_or(row, "address", CV_S("")),
            .name = cv_json_text_or(row, "name", CV_S("")),
            .type = cv_slice_eq(type, CV_S("optional"))   ? 2
                    : cv_slice_eq(type, CV_S("resource")) ? 3
                                                          : 1,
        };
    }
    return CV_OK;
}

static cv_status read_texts(admin_call *call, const char *key, cv_slice **out,
                            size_t *count, cv_error *err)
{
    const cv_json *list = cv_json_get(call->args, key);

    *count = list && list->type == CV_JSON_ARRAY ? list->count : 0;
    *out = cv_arena_array(call->arena, *count, sizeof(**out));
    if (!*out)
        return cv_arena_fail(call->arena, err);
    for (size_t i = 0; i < *count; i++)
        (*out)[i] = list->items[i].text;
    return CV_OK;
}

static cv_status read_fields(admin_call *call, meeting_fields *f, cv_error *err)
{
    static const cv_slice none = { NULL, 0 };
    meeting_attendee *attendees;
    cv_slice *removed;

    f->subject = cv_json_text_or(call->args, "subject", none);
    f->location = cv_json_text_or(call->args, "location", none);
    f->body = cv_json_text_or(call->args, "body", none);
    f->zone = cv_json_text_or(call->args, "zone", CV_S(""));
    CV_TRY(admin_time(call, "start", INT64_MIN, &f->start, err));
    CV_TRY(admin_time(call, "end", INT64_MIN, &f->end, err));
    CV_TRY(read_attendees(call, &attendees, &f->attendee_count, err));
    CV_TRY(read_texts(call, "removed", &removed, &f->removed_count, err));
    f->attendees = attendees;
    f->removed = removed;
    return CV_OK;
}

static cv_status read_file(admin_call *call, cv_object **obj, cv_error *err)
{
    cv_slice bytes;
    cv_report *report = NULL;

    CV_TRY(admin_bytes(call, "data", &bytes, err));
    CV_TRY(cv_report_new(&report, err));
    cv_status st = core_read(call->core, bytes,
                             cv_json_text_or(call->args, "name", CV_S("")), obj,
                             report, err);
    cv_report_free(&report);
    return st;
}

static cv_status create_from_file(admin_call *call, store_id account,
                                  const meeting_fields *f, store_id *item,
                                  cv_error *err)
{
    cv_object *obj = NULL;

    CV_TRY(read_file(call, &obj, err));
    cv_status st =
        cv_object_is_class(obj, CV_S("IPM.Appointment"))
            ? meeting_send_object(call->core->desk, account, obj, f->attendees,
                                  f->attendee_count, item, err)
            : cv_fail(err, CV_ERR_RANGE, "the file holds no appointment");
    cv_object_free(&obj);
    return st;
}

cv_status admin_meeting_create(admin_call *call, cv_error *err)
{
    store_account a;
    store_id item;
    meeting_fields f = { 0 };

    CV_TRY(admin_account(call, &a, err));
    CV_TRY(read_fields(call, &f, err));
    if (cv_json_get(call->args, "data"))
        CV_TRY(create_from_file(call, a.id, &f, &item, err));
    else
        CV_TRY(meeting_create(call->core->desk, a.id, &f, &item, err));
    cv_json_begin_object(call->out, "result");
    cv_json_put_int(call->out, "id", item);
    cv_json_end_object(call->out);
    return CV_OK;
}

/* Account and item that a command is about. */
static cv_status find(admin_call *call, store_account *a, store_id *item,
                      cv_error *err)
{
    cv_slice what;

    CV_TRY(admin_account(call, a, err));
    CV_TRY(admin_text(call, "meeting", &what, err));
    return meeting_find(call->core->desk, a->id, what, item, err);
}

cv_status admin_meeting_update(admin_call *call, cv_error *err)
{
    store_account a;
    store_id item;
    meeting_fields f = { 0 };

    CV_TRY(find(call, &a, &item, err));
    CV_TRY(read_fields(call, &f, err));
    CV_TRY(meeting_update(call->core->desk, a.id, item, &f, err));
    cv_json_put_bool(call->out, "result", true);
    return CV_OK;
}

cv_status admin_meeting_cancel(admin_call *call, cv_error *err)
{
    store_account a;
    store_id item;

    CV_TRY(find(call, &a, &item, err));
    CV_TRY(meeting_cancel(call->core->desk, a.id, item, err));
    cv_json_put_bool(call->out, "result", true);
    return CV_OK;
}

cv_status admin_meeting_answer(admin_call *call, cv_error *err)
{
    static const struct {
        const char *word;
        int32_t response;
    } words[] = {
        { "accept", MEETING_RESP_ACCEPTED },
        { "tentative", MEETING_RESP_TENTATIVE },
        { "decline", MEETING_RESP_DECLINED },
    };
    store_account a;
    store_id item;
    cv_slice word;
    size_t i = 0;

    CV_TRY(find(call, &a, &item, err));
    CV_TRY(admin_text(call, "response", &word, err));
    while (i < CV_LEN(words) &&
           !cv_slice_eq(word, cv_slice_cstr(words[i].word)))
        i++;
    if (i == CV_LEN(words))
        return cv_fail(err, CV_ERR_SYNTAX,
                       "an answer is accept, tentative or decline");
    CV_TRY(meeting_answer(call->core->desk, a.id, item, words[i].response,
                          cv_json_text_or(call->args, "comment", CV_S("")),
                          err));
    cv_json_put_bool(call->out, "result", true);
    return CV_OK;
}

cv_status admin_meeting_show(admin_call *call, cv_error *err)
{
    store_account a;
    store_id item;
    cv_buf json;

    CV_TRY(find(call, &a, &item, err));
    cv_buf_init(&json, 0);
    cv_status st = meeting_show(call->core->desk, a.id, item, &json, err);
    if (st == CV_OK)
        cv_json_put_raw(call->out, "result", cv_buf_slice(&json));
    cv_buf_clear(&json);
    return st;
}

cv_status admin_meeting_list(admin_call *call, cv_error *err)
{
    store_account a;
    store_message *list;
    size_t count;
    cv_json_writer *w = call->out;

    CV_TRY(admin_account(call, &a, err));
    CV_TRY(
        meeting_list(call->core->desk, a.id, call->arena, &list, &count, err));
    cv_json_begin_array(w, "result");
    for (size_t i = 0; i < count; i++) {
        cv_json_begin_object(w, NULL);
        cv_json_put_int(w, "id", list[i].id);
        cv_json_put_text(w, "subject", list[i].subject);
        cv_json_put_text(w, "organizer", list[i].from);
        admin_put_time(w, "start", list[i].start);
        admin_put_time(w, "end", list[i].end);
        cv_json_end_object(w);
    }
    cv_json_end_array(w);
    return CV_OK;
}

/* -- submit -- */

/* MIME stays MIME; every other file is read to an object. */
static cv_status submit_file(admin_call *call, cv_slice bytes, cv_slice name,
                             const transport_submission *like, cv_error *err)
{
    transport_submission m = *like;
    cv_object *obj = NULL;
    cv_report *report = NULL;

    if (cv_detect(bytes, name) == CV_INPUT_MIME) {
        m.mime = bytes;
        return transport_submit(call->core->transport, &m, err);
    }
    CV_TRY(cv_report_new(&report, err));
    cv_status st = core_read(call->core, bytes, name, &obj, report, err);
    m.obj = obj;
    if (st == CV_OK)
        st = transport_submit(call->core->transport, &m, err);
    cv_object_free(&obj);
    cv_report_free(&report);
    return st;
}

cv_status admin_submit(admin_call *call, cv_error *err)
{
    cv_slice bytes, *to;
    size_t count;
    transport_submission m = { .from = cv_json_text_or(call->args, "from",
                                                       CV_S("")) };

    CV_TRY(admin_bytes(call, "data", &bytes, err));
    CV_TRY(read_texts(call, "to", &to, &count, err));
    if (count == 0)
        return cv_fail(err, CV_ERR_SYNTAX, "a recipient is missing");
    m.rcpts = to;
    m.rcpt_count = count;
    CV_TRY(submit_file(call, bytes,
                       cv_json_text_or(call->args, "name", CV_S("")), &m, err));
    cv_json_put_bool(call->out, "result", true);
    return CV_OK;
}
