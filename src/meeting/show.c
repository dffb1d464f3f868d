/* show.c - one meeting as JSON: fields, tracking, answers and their banner. */
#include "meeting/meeting_private.h"

#include "base/datetime.h"
#include "mapi/json.h"

static void put_time(cv_json_writer *w, const char *key, const cv_bag *bag,
                     cv_tag tag)
{
    int64_t ticks;
    cv_buf buf;

    if (!cv_bag_ticks(bag, tag, &ticks)) {
        cv_json_put_null(w, key);
        return;
    }
    cv_buf_init(&buf, 64);
    cv_iso_put(&buf, ticks, true);
    cv_json_put_text(w, key, cv_buf_slice(&buf));
    cv_buf_clear(&buf);
}

static const char *response_name(int32_t status)
{
    static const char *const names[] = { "none",     "organizer", "tentative",
                                         "accepted", "declined",  "none" };

    return status >= 0 && status < (int32_t)CV_LEN(names) ? names[status]
                                                          : "none";
}

/* The value as it is stored, an unusable one included: who looks for the
 * trouble of KB 938650 must see it. */
static void put_track_time(cv_json_writer *w, const cv_bag *row)
{
    uint64_t ft = UINT64_MAX;

    put_time(w, "trackTime", row, CV_PidTagRecipientTrackStatusTime);
    if (!cv_bag_has(row, CV_PidTagRecipientTrackStatusTime))
        return;
    bool usable = cv_bag_time(row, CV_PidTagRecipientTrackStatusTime, &ft) &&
                  cv_filetime_is_valid(ft);
    cv_json_put_bool(w, "trackTimeUsable", usable);
    if (!usable)
        cv_json_put_str(w, "trackTimeStored",
                        cv_filetime_class(ft) == CV_TIME_ZERO
                            ? "1601-01-01T00:00:00Z"
                            : "out of range");
}

static void put_row(cv_json_writer *w, const meeting_desk *desk,
                    const cv_bag *row, cv_arena *arena)
{
    static const char *const types[] = { "originator", "required", "optional",
                                         "resource" };
    int32_t type = cv_bag_i32_or(row, CV_PidTagRecipientType, 1) & 0x3;
    int32_t flags = cv_bag_i32_or(row, CV_PidTagRecipientFlags, 1);
    bool organizer = (flags & MEETING_ROW_ORGANIZER) != 0;

    cv_json_begin_object(w, NULL);
    cv_json_put_text(w, "address", meeting_row_address(desk, row, arena));
    cv_json_put_text(w, "name",
                     cv_bag_string_or(row, CV_PidTagDisplayName, CV_S("")));
    cv_json_put_str(w, "role", organizer ? "organizer" : types[type]);
    cv_json_put_str(
        w, "response",
        response_name(cv_bag_i32_or(row, CV_PidTagRecipientTrackStatus, 0)));
    put_track_time(w, row);
    if (cv_bag_bool_or(row, CV_PidTagRecipientProposed, false)) {
        put_time(w, "proposedStart", row, CV_PidTagRecipientProposedStartTime);
        put_time(w, "proposedEnd", row, CV_PidTagRecipientProposedEndTime);
    }
    cv_json_end_object(w);
}

static void put_item(cv_json_writer *w, const meeting_desk *desk,
                     const store_message *meta, const cv_object *item,
                     cv_arena *arena)
{
    const cv_bag *props = cv_object_props(item);
    int32_t state = cv_bag_i32_or(props, CV_PidLidAppointmentStateFlags, 0);

    cv_json_put_int(w, "id", meta->id);
    cv_json_put_text(w, "uid",
                     cv_globalid_to_uid(arena, meeting_clean_id(item)));
    cv_json_put_text(w, "subject",
                     cv_bag_string_or(props, CV_PidTagSubject, CV_S("")));
    put_time(w, "start", props, CV_PidLidAppointmentStartWhole);
    put_time(w, "end", props, CV_PidLidAppointmentEndWhole);
    cv_json_put_text(w, "location",
                     cv_bag_string_or(props, CV_PidLidLocation, CV_S("")));
    cv_json_put_str(w, "role",
                    state & MEETING_ASF_RECEIVED ? "attendee" : "organizer");
    cv_json_put_bool(w, "canceled", (state & MEETING_ASF_CANCELED) != 0);
    cv_json_put_str(
        w, "response",
        response_name(cv_bag_i32_or(props, CV_PidLidResponseStatus, 0)));
    cv_json_put_int(w, "busyStatus",
                    cv_bag_i32_or(props, CV_PidLidBusyStatus, 2));
    cv_json_put_int(w, "sequence",
                    cv_bag_i32_or(props, CV_PidLidAppointmentSequence, 0));
    cv_json_put_text(
        w, "organizer",
        meeting_person(desk, props, &cv_person_sent_representing, arena));
}

static void put_response(cv_json_writer *w, const meeting_desk *desk,
                         const store_message *meta, const cv_object *reply,
                         const cv_object *item, cv_arena *arena)
{
    const cv_bag *props = cv_object_props(reply);
    cv_slice who =
        meeting_person(desk, props, &cv_person_sent_representing, arena);
    cv_bag *row = meeting_find_row(desk, item, who, NULL, arena);

    cv_json_begin_object(w, NULL);
    cv_json_put_int(w, "id", meta->id);
    cv_json_put_text(w, "from", who);
    cv_json_put_text(w, "class", cv_object_class(reply));
    put_time(w, "answered", props, CV_PidLidAttendeeCriticalChange);
    cv_json_put_bool(w, "recorded", (meta->flags & STORE_PROCESSED) != 0);
    cv_json_put_bool(w, "outOfDate", (meta->flags & STORE_STALE) != 0);
    bool banner = row && meeting_banner(props, row);
    cv_json_put_bool(w, "banner", banner);
    if (banner)
        cv_json_put_str(
            w, "bannerText",
            "The attendee sent another response after this response.");
    cv_json_end_object(w);
}

static cv_status put_responses(cv_json_writer *w, meeting_desk *desk,
                               store_id account, const cv_object *item,
                               cv_arena *arena, cv_error *err)
{
    store_message *list;
    size_t count;
    store_id inbox;

    CV_TRY(meeting_folder(desk, account, "Inbox", arena, &inbox, err));
    CV_TRY(store_find_meeting(
        desk->config.store, account, meeting_clean_id(item),
        CV_S("IPM.Schedule.Meeting.Resp"), arena, &list, &count, err));
    cv_json_begin_array(w, "responses");
    for (size_t i = count; i > 0; i--) {
        cv_object *reply = NULL;
        if (list[i - 1].folder != inbox)
            continue;
        CV_TRY(store_message_open(desk->config.store, list[i - 1].id, &reply,
                                  err));
        put_response(w, desk, &list[i - 1], reply, item, arena);
        cv_object_free(&reply);
    }
    cv_json_end_array(w);
    return CV_OK;
}

static cv_status show(meeting_desk *desk, store_id account, store_id id,
                      cv_arena *arena, cv_object **item, cv_buf *json,
                      cv_error *err)
{
    store_message meta;
    cv_json_writer w = cv_json_writer_of(json, false);

    CV_TRY(meeting_open_item(desk, account, id, arena, &meta, item, err));
    cv_json_begin_object(&w, NULL);
    put_item(&w, desk, &meta, *item, arena);
    cv_json_begin_array(&w, "attendees");
    for (size_t i = 0; i < cv_object_recipient_count(*item); i++)
        put_row(&w, desk, cv_object_recipient(*item, i), arena);
    cv_json_end_array(&w);
    CV_TRY(put_responses(&w, desk, account, *item, arena, err));
    cv_json_end_object(&w);
    return cv_buf_status(json, err);
}

cv_status meeting_show(meeting_desk *desk, store_id account, store_id item,
                       cv_buf *json, cv_error *err)
{
    cv_arena *arena = NULL;
    cv_object *obj = NULL;

    CV_TRY(cv_arena_new(0, &arena, err));
    cv_status st = show(desk, account, item, arena, &obj, json, err);
    cv_object_free(&obj);
    cv_arena_free(&arena);
    return st;
}
