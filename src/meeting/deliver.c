/* deliver.c - what a delivered meeting message does to the calendar.
 *
 * Rules: an out-of-date message changes nothing; nobody is answered
 * automatically; only the organizer can change or cancel.
 * Source: meeting-flow.md 2.3, 2.4, 4, 6, 11.
 */
#include "meeting/meeting_private.h"

#include "base/text.h"
#include "base/wintime.h"

#include <inttypes.h>

static cv_status with_arena(meeting_delivery *d,
                            cv_status (*take)(meeting_delivery *, cv_error *),
                            cv_error *err)
{
    CV_TRY(cv_arena_new(0, &d->arena, err));
    cv_status st = take(d, err);
    cv_arena_free(&d->arena);
    return st;
}

cv_status meeting_deliver(void *desk, store_tx *tx,
                          const store_account *account, cv_object *obj,
                          store_id message, int64_t received, cv_error *err)
{
    static const struct {
        const char *prefix;
        cv_status (*take)(meeting_delivery *, cv_error *);
    } rows[] = {
        { "IPM.Schedule.Meeting.Request", meeting_take_request },
        { "IPM.Schedule.Meeting.Canceled", meeting_take_cancel },
        { "IPM.Schedule.Meeting.Resp", meeting_take_reply },
    };
    meeting_delivery d = { desk, tx, account, obj, message, received, NULL };

    if (meeting_clean_id(obj).len == 0)
        return CV_OK;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        if (cv_object_is_class(obj, cv_slice_cstr(rows[i].prefix)))
            return with_arena(&d, rows[i].take, err);
    }
    return CV_OK;
}

cv_status meeting_flag(meeting_delivery *d, uint32_t flags, cv_error *err)
{
    return store_set_flags(d->tx, d->mid, flags, 0, err);
}

/* -- cancellations that overtook their request -- */

static cv_slice canceled_key(meeting_delivery *d)
{
    cv_buf buf;

    cv_buf_init(&buf, 4096);
    cv_buf_put_str(&buf, "canceled:");
    cv_hex_put(&buf, meeting_clean_id(d->message), false);
    cv_slice key = cv_buf_dup(&buf, d->arena);
    cv_buf_clear(&buf);
    return key;
}

static bool was_canceled(meeting_delivery *d)
{
    cv_slice value;
    int64_t canceled;
    int32_t seq = cv_bag_i32_or(cv_object_props(d->message),
                                CV_PidLidAppointmentSequence, 0);

    return store_fact_get(d->desk->config.store, d->account->id,
                          canceled_key(d), d->arena, &value, NULL) == CV_OK &&
           cv_parse_i64(value, &canceled) == CV_OK && seq <= canceled;
}

static cv_status remember_cancel(meeting_delivery *d, cv_error *err)
{
    int32_t seq = cv_bag_i32_or(cv_object_props(d->message),
                                CV_PidLidAppointmentSequence, 0);

    return store_fact_set(d->tx, d->account->id, canceled_key(d),
                          cv_arena_printf(d->arena, "%" PRId32, seq), err);
}

/* -- the attendee's side -- */

static cv_slice organizer_of(meeting_delivery *d, const cv_object *obj)
{
    return meeting_person(d->desk, cv_object_props(obj),
                          &cv_person_sent_representing, d->arena);
}

static bool is_own_meeting(meeting_delivery *d)
{
    return meeting_is_account(d->account, organizer_of(d, d->message));
}

static bool same_organizer(meeting_delivery *d, const cv_object *item)
{
    cv_slice known = organizer_of(d, item);

    return known.len == 0 || cv_slice_ieq(known, organizer_of(d, d->message));
}

/* What only the message has; the rest becomes the calendar item. */
static const cv_tag message_only[] = {
    CV_PidTagInternetMessageId,      CV_PidTagClientSubmitTime,
    CV_PidTagMessageDeliveryTime,    CV_PidTagTransportMessageHeaders,
    CV_PidLidAttendeeCriticalChange, CV_PidLidMeetingType,
    CV_PidLidIntendedBusyStatus,
};

static cv_status item_from_request(meeting_delivery *d, cv_object **out,
                                   cv_error *err)
{
    CV_TRY(cv_object_dup(d->message, out, err));
    cv_bag *props = cv_object_props(*out);
    int32_t intended = cv_bag_i32_or(props, CV_PidLidIntendedBusyStatus, 2);

    for (size_t i = 0; i < CV_LEN(message_only); i++)
        cv_bag_remove(props, message_only[i]);
    cv_bag_set_string(props, CV_PidTagMessageClass,
                      cv_bag_string_or(props, CV_PidLidAppointmentMessageClass,
                                       CV_S("IPM.Appointment")));
    if (!cv_object_is_class(*out, CV_S("IPM.Appointment")))
        cv_bag_set_string(props, CV_PidTagMessageClass,
                          CV_S("IPM.Appointment"));
    meeting_set_subject(props, CV_S(""), meeting_topic(props));
    cv_bag_set_i32(props, CV_PidLidAppointmentStateFlags,
                   MEETING_ASF_MEETING | MEETING_ASF_RECEIVED);
    cv_bag_set_i32(props, CV_PidLidResponseStatus, MEETING_RESP_NOT_RESPONDED);
    cv_bag_set_i32(props, CV_PidLidBusyStatus, intended == 0 ? 0 : 1);
    cv_bag_set_i32(props, CV_PidLidIntendedBusyStatus, intended);
    cv_bag_set_bool(props, CV_PidLidFInvited, true);
    cv_status st = cv_arena_status(cv_object_arena(*out));
    if (st == CV_OK)
        return CV_OK;
    cv_object_free(out);
    return cv_fail(err, st, "calendar item");
}

/* PidLidAppointmentRecur and times decide whether the answer still holds. */
static bool is_significant(const cv_object *item, const cv_object *message)
{
    static const cv_tag tags[] = {
        CV_PidLidAppointmentStartWhole,
        CV_PidLidAppointmentEndWhole,
        CV_PidLidAppointmentRecur,
    };

    for (size_t i = 0; i < CV_LEN(tags); i++) {
        const cv_prop *a = cv_bag_find(cv_object_props(item), tags[i]);
        const cv_prop *b = cv_bag_find(cv_object_props(message), tags[i]);
        if (!a != !b || (a && !cv_value_eq(&a->value, &b->value)))
            return true;
    }
    return false;
}

static cv_status keep_answer(cv_object *fresh, const cv_object *old,
                             cv_error *err)
{
    static const cv_tag tags[] = {
        CV_PidLidResponseStatus,
        CV_PidLidBusyStatus,
        CV_PidLidAppointmentReplyTime,
        CV_PidLidAppointmentReplyName,
    };

    for (size_t i = 0; i < CV_LEN(tags); i++) {
        if (cv_bag_has(cv_object_props(old), tags[i]))
            CV_TRY(cv_bag_copy(cv_object_props(fresh), cv_object_props(old),
                               tags[i], err));
    }
    return CV_OK;
}

static cv_status update_item(meeting_delivery *d, const store_message *meta,
                             const cv_object *item, cv_error *err)
{
    cv_object *fresh = NULL;

    CV_TRY(item_from_request(d, &fresh, err));
    cv_status st = is_significant(item, d->message)
                       ? CV_OK
                       : keep_answer(fresh, item, err);
    if (st == CV_OK)
        st = store_update_message(d->tx, meta->id, meta->version, fresh, err);
    cv_object_free(&fresh);
    return st;
}

static cv_status new_item(meeting_delivery *d, cv_error *err)
{
    cv_object *fresh = NULL;
    store_id calendar, id;
    bool duplicate;

    CV_TRY(meeting_folder(d->desk, d->account->id, "Calendar", d->arena,
                          &calendar, err));
    CV_TRY(item_from_request(d, &fresh, err));
    cv_status st = store_put_message(d->tx, calendar, fresh, CV_S(""), CV_S(""),
                                     d->received, &id, &duplicate, err);
    cv_object_free(&fresh);
    return st;
}

static cv_status take_update(meeting_delivery *d, const store_message *meta,
                             const cv_object *item, cv_error *err)
{
    if (!same_organizer(d, item))
        return CV_OK;
    switch (meeting_order_update(cv_object_props(d->message),
                                 cv_object_props(item))) {
    case MEETING_OUT_OF_DATE:
        return meeting_flag(d, STORE_STALE, err);
    case MEETING_SAME:
        return meeting_flag(d, STORE_PROCESSED, err);
    default:
        CV_TRY(update_item(d, meta, item, err));
        return meeting_flag(d, STORE_PROCESSED, err);
    }
}

cv_status meeting_take_request(meeting_delivery *d, cv_error *err)
{
    store_message meta;
    cv_object *item = NULL;

    if (is_own_meeting(d))
        return CV_OK;
    if (was_canceled(d))
        return meeting_flag(d, STORE_STALE, err);
    cv_status st = meeting_open_match(d->desk, d->account->id, d->message,
                                      d->arena, &meta, &item, err);
    if (st == CV_ERR_NOTFOUND) {
        CV_TRY(new_item(d, err));
        return meeting_flag(d, STORE_PROCESSED, err);
    }
    if (st == CV_OK)
        st = take_update(d, &meta, item, err);
    cv_object_free(&item);
    return st;
}

static cv_status cancel_item(meeting_delivery *d, const store_message *meta,
                             cv_object *item, cv_error *err)
{
    cv_bag *props = cv_object_props(item);
    const cv_bag *m = cv_object_props(d->message);

    if (!same_organizer(d, item))
        return CV_OK;
    if (meeting_order_update(m, props) == MEETING_OUT_OF_DATE)
        return meeting_flag(d, STORE_STALE, err);
    cv_bag_set_i32(props, CV_PidLidAppointmentStateFlags,
                   MEETING_ASF_MEETING | MEETING_ASF_RECEIVED |
                       MEETING_ASF_CANCELED);
    cv_bag_set_i32(props, CV_PidLidBusyStatus, 0);
    cv_bag_set_i32(props, CV_PidLidAppointmentSequence,
                   cv_bag_i32_or(m, CV_PidLidAppointmentSequence, 0));
    if (cv_bag_has(m, CV_PidLidOwnerCriticalChange))
        CV_TRY(cv_bag_copy(props, m, CV_PidLidOwnerCriticalChange, err));
    meeting_set_subject(props, CV_S("Canceled: "), meeting_topic(props));
    CV_TRY(store_update_message(d->tx, meta->id, meta->version, item, err));
    return meeting_flag(d, STORE_PROCESSED, err);
}

cv_status meeting_take_cancel(meeting_delivery *d, cv_error *err)
{
    store_message meta;
    cv_object *item = NULL;

    if (is_own_meeting(d))
        return CV_OK;
    CV_TRY(remember_cancel(d, err));
    cv_status st = meeting_open_match(d->desk, d->account->id, d->message,
                                      d->arena, &meta, &item, err);
    if (st == CV_ERR_NOTFOUND)
        return CV_OK;
    if (st == CV_OK)
        st = cancel_item(d, &meta, item, err);
    cv_object_free(&item);
    return st;
}
