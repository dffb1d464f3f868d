/* attendee.c - accept, tentative, decline. Source: meeting-flow.md 4;
 * [MS-OXOCAL] 3.1.4.8; ical-mapping.md CC6, CC7, CC9. */
#include "meeting/meeting_private.h"

#include "base/wintime.h"

/* Copied from the calendar item to the response, [MS-OXOCAL] 3.1.4.8.4. */
static const cv_tag copied[] = {
    CV_PidLidLocation,
    CV_PidLidWhere,
    CV_PidLidAppointmentSequence,
    CV_PidLidOwnerCriticalChange,
    CV_PidTagStartDate,
    CV_PidTagEndDate,
    CV_PidLidAppointmentStartWhole,
    CV_PidLidAppointmentEndWhole,
    CV_PidLidAppointmentDuration,
    CV_PidLidAppointmentSubType,
    CV_PidLidGlobalObjectId,
    CV_PidLidCleanGlobalObjectId,
    CV_PidLidIsException,
    CV_PidLidExceptionReplaceTime,
    CV_PidTagOwnerAppointmentId,
    CV_PidTagSensitivity,
    CV_PidLidTimeZoneStruct,
    CV_PidLidTimeZoneDescription,
    CV_PidLidAppointmentRecur,
    CV_PidLidRecurring,
    CV_PidLidIsRecurring,
    CV_PidLidRecurrenceType,
    CV_PidLidRecurrencePattern,
    CV_PidLidAppointmentTimeZoneDefinitionRecur,
    CV_PidLidAppointmentTimeZoneDefinitionStartDisplay,
    CV_PidLidAppointmentTimeZoneDefinitionEndDisplay,
};

static const struct {
    int32_t response;
    const char *message_class, *prefix;
    int32_t icon;
} kinds[] = {
    { MEETING_RESP_ACCEPTED, "IPM.Schedule.Meeting.Resp.Pos",
      "Accepted: ", 0x405 },
    { MEETING_RESP_TENTATIVE, "IPM.Schedule.Meeting.Resp.Tent",
      "Tentative: ", 0x407 },
    { MEETING_RESP_DECLINED, "IPM.Schedule.Meeting.Resp.Neg",
      "Declined: ", 0x406 },
};

typedef struct answer {
    meeting_desk *desk;
    cv_arena *arena;
    store_tx *tx;
    store_account account;
    store_message meta;
    cv_object *item; /* owned */
    size_t kind;
    cv_slice comment;
    int64_t at; /* ticks: when this answer counts as given */
} answer;

static int32_t busy_of(const cv_bag *props, int32_t response)
{
    int32_t intended = cv_bag_i32_or(props, CV_PidLidIntendedBusyStatus, 2);

    if (response == MEETING_RESP_ACCEPTED)
        return intended;
    return intended == 0 ? 0 : 1;
}

/* Each answer is later than the one before, by a second at least: peers ignore
 * a second reply with an equal DTSTAMP. */
static int64_t answer_time(const answer *a)
{
    int64_t before, now = meeting_now(a->desk);

    if (!cv_bag_ticks(cv_object_props(a->item), CV_PidLidAppointmentReplyTime,
                      &before) ||
        now > before)
        return now;
    return before - before % CV_TICKS_PER_SEC + CV_TICKS_PER_SEC;
}

static void set_item(answer *a)
{
    cv_bag *props = cv_object_props(a->item);
    int32_t response = kinds[a->kind].response;

    cv_bag_set_i32(props, CV_PidLidBusyStatus, busy_of(props, response));
    cv_bag_set_i32(props, CV_PidLidResponseStatus, response);
    cv_bag_set_ticks(props, CV_PidLidAppointmentReplyTime, a->at);
}

static cv_status add_organizer(answer *a, cv_object *response,
                               cv_slice *address, cv_error *err)
{
    const cv_bag *props = cv_object_props(a->item);

    *address =
        meeting_person(a->desk, props, &cv_person_sent_representing, a->arena);
    if (address->len == 0)
        return cv_fail(err, CV_ERR_RANGE, "the organizer has no mail address");
    cv_bag *row = cv_object_add_recipient(response);
    if (!row)
        return cv_arena_fail(cv_object_arena(response), err);
    cv_row_set_smtp(
        row, cv_bag_string_or(props, CV_PidTagSentRepresentingName, *address),
        *address, 1);
    return CV_OK;
}

static cv_status build(answer *a, cv_object **out, cv_slice *organizer,
                       cv_error *err)
{
    const cv_bag *item = cv_object_props(a->item);

    CV_TRY(cv_object_new(0, out, err));
    cv_bag *props = cv_object_props(*out);
    for (size_t i = 0; i < CV_LEN(copied); i++) {
        if (cv_bag_has(item, copied[i]))
            CV_TRY(cv_bag_copy(props, item, copied[i], err));
    }
    cv_bag_set_string(props, CV_PidTagMessageClass,
                      cv_slice_cstr(kinds[a->kind].message_class));
    cv_bag_set_i32(props, CV_PidTagIconIndex, kinds[a->kind].icon);
    cv_bag_set_i32(props, CV_PidLidAppointmentStateFlags,
                   MEETING_ASF_MEETING | MEETING_ASF_RECEIVED);
    cv_bag_set_i32(props, CV_PidLidBusyStatus,
                   cv_bag_i32_or(item, CV_PidLidBusyStatus, 1));
    cv_bag_set_ticks(props, CV_PidLidAttendeeCriticalChange, a->at);
    cv_bag_set_ticks(props, CV_PidLidAppointmentReplyTime, a->at);
    cv_bag_set_bool(props, CV_PidLidIsSilent, a->comment.len == 0);
    if (a->comment.len > 0)
        cv_bag_set_string(props, CV_PidTagBody, a->comment);
    meeting_set_subject(props, cv_slice_cstr(kinds[a->kind].prefix),
                        meeting_topic(item));
    cv_bag_set_person(props, &cv_person_sent_representing, a->account.name,
                      a->account.address);
    cv_bag_set_person(props, &cv_person_sender, a->account.name,
                      a->account.address);
    return add_organizer(a, *out, organizer, err);
}

static cv_status send(answer *a, cv_error *err)
{
    cv_object *response = NULL;
    cv_slice organizer;

    if (!cv_bag_bool_or(cv_object_props(a->item), CV_PidTagResponseRequested,
                        true))
        return CV_OK;
    cv_status st = build(a, &response, &organizer, err);
    if (st == CV_OK)
        st = meeting_send(a->desk, a->tx, &a->account, response, &organizer, 1,
                          a->arena, err);
    cv_object_free(&response);
    return st;
}

static cv_status open_received(answer *a, store_id item, cv_error *err)
{
    CV_TRY(meeting_open_item(a->desk, a->account.id, item, a->arena, &a->meta,
                             &a->item, err));
    int32_t state = cv_bag_i32_or(cv_object_props(a->item),
                                  CV_PidLidAppointmentStateFlags, 0);
    if (!(state & MEETING_ASF_RECEIVED))
        return cv_fail(err, CV_ERR_RANGE,
                       "the account organizes this meeting itself");
    if (state & MEETING_ASF_CANCELED)
        return cv_fail(err, CV_ERR_RANGE, "the meeting is canceled");
    return CV_OK;
}

static cv_status run(answer *a, store_id item, cv_error *err)
{
    store_id trash;

    CV_TRY(open_received(a, item, err));
    a->at = answer_time(a);
    set_item(a);
    CV_TRY(send(a, err));
    CV_TRY(
        store_update_message(a->tx, a->meta.id, a->meta.version, a->item, err));
    if (kinds[a->kind].response != MEETING_RESP_DECLINED)
        return CV_OK;
    CV_TRY(meeting_folder(a->desk, a->account.id, "Deleted Items", a->arena,
                          &trash, err));
    return store_move_message(a->tx, a->meta.id, trash, err);
}

static cv_status run_in_tx(answer *a, store_id account, store_id item,
                           cv_error *err)
{
    store *s = a->desk->config.store;

    CV_TRY(store_account_get(s, account, a->arena, &a->account, err));
    CV_TRY(store_begin(s, &a->tx, err));
    cv_status st = run(a, item, err);
    cv_kill_point("meeting-save-before-commit");
    if (st == CV_OK)
        st = store_commit(&a->tx, err);
    store_rollback(&a->tx);
    cv_object_free(&a->item);
    return st;
}

cv_status meeting_answer(meeting_desk *desk, store_id account, store_id item,
                         int32_t response, cv_slice comment, cv_error *err)
{
    answer a = { .desk = desk, .comment = comment };

    while (a.kind < CV_LEN(kinds) && kinds[a.kind].response != response)
        a.kind++;
    if (a.kind == CV_LEN(kinds))
        return cv_fail(err, CV_ERR_RANGE, "no such answer");
    CV_TRY(cv_arena_new(0, &a.arena, err));
    cv_status st = run_in_tx(&a, account, item, err);
    cv_arena_free(&a.arena);
    if (st != CV_OK)
        return st;
    cv_kill_point("meeting-save-after-commit");
    if (desk->config.wake)
        desk->config.wake(desk->config.ctx);
    return CV_OK;
}
