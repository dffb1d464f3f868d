/* track.c - the organizer's side: what replies do to the recipient rows.
 *
 * Source: meeting-flow.md 2.4; ical-mapping.md 7.3, CC3 to CC5; KB 938650.
 */
#include "meeting/meeting_private.h"

static int32_t track_status_of(const cv_object *reply)
{
    static const struct {
        const char *suffix;
        int32_t status;
    } rows[] = {
        { "IPM.Schedule.Meeting.Resp.Pos", MEETING_RESP_ACCEPTED },
        { "IPM.Schedule.Meeting.Resp.Tent", MEETING_RESP_TENTATIVE },
        { "IPM.Schedule.Meeting.Resp.Neg", MEETING_RESP_DECLINED },
    };

    for (size_t i = 0; i < CV_LEN(rows); i++) {
        if (cv_object_is_class(reply, cv_slice_cstr(rows[i].suffix)))
            return rows[i].status;
    }
    return MEETING_RESP_NONE;
}

/* CC4: a moment or nothing. With meeting.legacy-tracking-time the value that
 * Outlook 2007 stored when the reply had no CDO line (KB 938650). */
static void set_track_time(meeting_delivery *d, cv_bag *row)
{
    int64_t answered;
    meeting_settings settings = { 0 };
    const cv_bag *reply = cv_object_props(d->message);
    cv_slice source = cv_bag_string_or(
        reply, CV_PidNameConvokeCriticalChangeSource, CV_S(""));

    d->desk->config.settings(d->desk->config.ctx, &settings);
    if (settings.legacy_tracking_time && source.len > 0 &&
        !cv_slice_eq(source, CV_S("X-MICROSOFT-CDO-ATTENDEE-CRITICAL-CHANGE")))
        cv_bag_set_time(row, CV_PidTagRecipientTrackStatusTime, 0);
    else if (cv_bag_ticks(reply, CV_PidLidAttendeeCriticalChange, &answered))
        cv_bag_set_ticks(row, CV_PidTagRecipientTrackStatusTime, answered);
    else
        cv_bag_remove(row, CV_PidTagRecipientTrackStatusTime);
}

static void set_proposal(meeting_delivery *d, cv_object *item, cv_bag *row)
{
    int64_t start, end;
    const cv_bag *reply = cv_object_props(d->message);
    cv_bag *props = cv_object_props(item);
    bool had = cv_bag_bool_or(row, CV_PidTagRecipientProposed, false);
    bool has =
        cv_bag_bool_or(reply, CV_PidLidAppointmentCounterProposal, false);
    int32_t open = cv_bag_i32_or(props, CV_PidLidAppointmentProposalNumber, 0);

    if (has &&
        cv_bag_ticks(reply, CV_PidLidAppointmentProposedStartWhole, &start))
        cv_bag_set_ticks(row, CV_PidTagRecipientProposedStartTime, start);
    if (has && cv_bag_ticks(reply, CV_PidLidAppointmentProposedEndWhole, &end))
        cv_bag_set_ticks(row, CV_PidTagRecipientProposedEndTime, end);
    if (has == had)
        return;
    open = has ? open + 1 : (open > 0 ? open - 1 : 0);
    cv_bag_set_bool(row, CV_PidTagRecipientProposed, has);
    cv_bag_set_i32(props, CV_PidLidAppointmentProposalNumber, open);
    cv_bag_set_bool(props, CV_PidLidAppointmentCounterProposal, open > 0);
}

/* Somebody who was not invited answers: an optional attendee from now on. */
static cv_bag *add_row(meeting_delivery *d, cv_object *item, cv_slice address)
{
    cv_bag *row = cv_object_add_recipient(item);

    if (row)
        cv_row_set_smtp(row,
                        cv_bag_string_or(cv_object_props(d->message),
                                         CV_PidTagSentRepresentingName,
                                         address),
                        address, 2);
    return row;
}

static cv_status record(meeting_delivery *d, const store_message *meta,
                        cv_object *item, cv_bag *row, cv_slice address,
                        cv_error *err)
{
    if (!row)
        row = add_row(d, item, address);
    if (!row)
        return cv_arena_fail(cv_object_arena(item), err);
    cv_bag_set_i32(row, CV_PidTagRecipientTrackStatus,
                   track_status_of(d->message));
    set_track_time(d, row);
    set_proposal(d, item, row);
    cv_status st = cv_arena_status(cv_object_arena(item));
    if (st != CV_OK)
        return cv_fail(err, st, "recipient row");
    CV_TRY(store_update_message(d->tx, meta->id, meta->version, item, err));
    return meeting_flag(d, STORE_PROCESSED, err);
}

static cv_status track(meeting_delivery *d, const store_message *meta,
                       cv_object *item, cv_error *err)
{
    meeting_settings settings = { 0 };
    cv_slice address = meeting_person(d->desk, cv_object_props(d->message),
                                      &cv_person_sent_representing, d->arena);
    cv_bag *props = cv_object_props(item);
    int32_t state = cv_bag_i32_or(props, CV_PidLidAppointmentStateFlags, 0);

    if ((state & (MEETING_ASF_RECEIVED | MEETING_ASF_CANCELED)) ||
        address.len == 0 || meeting_is_account(d->account, address))
        return CV_OK;
    d->desk->config.settings(d->desk->config.ctx, &settings);
    cv_bag *row = meeting_find_row(d->desk, item, address, NULL, d->arena);
    switch (meeting_order_reply(cv_object_props(d->message), props, row,
                                d->received, settings.strict_sequence)) {
    case MEETING_REPLY_RECORD:
        return record(d, meta, item, row, address, err);
    default:
        return meeting_flag(d, STORE_STALE, err);
    }
}

cv_status meeting_take_reply(meeting_delivery *d, cv_error *err)
{
    store_message meta;
    cv_object *item = NULL;
    cv_status st;

    if (track_status_of(d->message) == MEETING_RESP_NONE)
        return CV_OK;
    st = meeting_open_match(d->desk, d->account->id, d->message, d->arena,
                            &meta, &item, err);
    if (st == CV_ERR_NOTFOUND)
        return CV_OK;
    if (st == CV_OK)
        st = track(d, &meta, item, err);
    cv_object_free(&item);
    return st;
}
