/* message.c - requests and cancellations made from an item, and sending. */
#include "meeting/meeting_private.h"

#include "base/text.h"
#include "base/wintime.h"

#include <inttypes.h>

/* What a calendar item has of its own and a message made from it has not. */
static const cv_tag item_only[] = {
    CV_PidTagInternetMessageId,
    CV_PidTagClientSubmitTime,
    CV_PidTagMessageDeliveryTime,
    CV_PidTagTransportMessageHeaders,
    CV_PidTagMessageFlags,
    CV_PidTagEntryId,
    CV_PidTagSearchKey,
    CV_PidTagCreationTime,
    CV_PidTagLastModificationTime,
    CV_PidLidAppointmentReplyTime,
    CV_PidLidAppointmentLastSequence,
    CV_PidLidAppointmentSequenceTime,
    CV_PidNameConvokeSignificantSequence,
    CV_PidNameConvokeCriticalChangeSource,
};

cv_slice meeting_topic(const cv_bag *props)
{
    cv_slice topic =
        cv_bag_string_or(props, CV_PidTagNormalizedSubject, CV_S(""));

    return topic.len > 0 ? topic
                         : cv_bag_string_or(props, CV_PidTagSubject, CV_S(""));
}

void meeting_set_subject(cv_bag *props, cv_slice prefix, cv_slice subject)
{
    cv_arena *arena = cv_bag_arena(props);
    cv_slice topic = cv_arena_dup(arena, subject);

    cv_bag_set_string(props, CV_PidTagSubjectPrefix, prefix);
    cv_bag_set_string(props, CV_PidTagNormalizedSubject, topic);
    cv_bag_set_string(props, CV_PidTagConversationTopic, topic);
    cv_bag_set_string(
        props, CV_PidTagSubject,
        cv_arena_printf(arena, "%.*s%.*s", CV_FMT(prefix), CV_FMT(topic)));
}

cv_status meeting_message_from(const meeting_desk *desk, const cv_object *item,
                               const char *message_class, cv_object **out,
                               cv_error *err)
{
    CV_TRY(cv_object_dup(item, out, err));
    cv_bag *props = cv_object_props(*out);
    int32_t busy = cv_bag_i32_or(props, CV_PidLidBusyStatus, 2);

    for (size_t i = 0; i < CV_LEN(item_only); i++)
        cv_bag_remove(props, item_only[i]);
    cv_bag_set_string(props, CV_PidTagMessageClass,
                      cv_slice_cstr(message_class));
    cv_bag_set_i32(props, CV_PidLidIntendedBusyStatus, busy);
    cv_bag_set_i32(props, CV_PidLidBusyStatus, busy == 0 ? 0 : 1);
    cv_bag_set_i32(props, CV_PidLidResponseStatus, MEETING_RESP_NOT_RESPONDED);
    cv_bag_set_i32(props, CV_PidLidAppointmentStateFlags,
                   MEETING_ASF_MEETING | MEETING_ASF_RECEIVED);
    cv_bag_set_i32(props, CV_PidTagIconIndex, 0x404);
    cv_bag_set_ticks(props, CV_PidLidAttendeeCriticalChange, meeting_now(desk));
    if (!cv_bag_has(props, CV_PidTagResponseRequested)) {
        cv_bag_set_bool(props, CV_PidTagResponseRequested, true);
        cv_bag_set_bool(props, CV_PidTagReplyRequested, true);
    }
    cv_status st = cv_arena_status(cv_object_arena(*out));
    if (st == CV_OK)
        return CV_OK;
    cv_object_free(out);
    return cv_fail(err, st, "meeting message");
}

/* Fixed here, so that the copy in Sent Items and the queue agree on it. */
static void set_message_id(const meeting_desk *desk,
                           const store_account *account, cv_bag *props)
{
    uint64_t r = 0;
    size_t at = cv_slice_find_byte(account->address, '@', 0);
    cv_slice domain = at == CV_NPOS ? CV_S("localhost")
                                    : cv_slice_sub(account->address, at + 1,
                                                   account->address.len);

    desk->config.env->random(desk->config.env->ctx, &r, sizeof(r));
    cv_bag_set_string(props, CV_PidTagInternetMessageId,
                      cv_arena_printf(cv_bag_arena(props),
                                      "<m%" PRIx64 ".%016" PRIx64 "@%.*s>",
                                      (uint64_t)meeting_now(desk), r,
                                      CV_FMT(domain)));
}

cv_status meeting_send(meeting_desk *desk, store_tx *tx,
                       const store_account *account, cv_object *message,
                       const cv_slice *rcpts, size_t rcpt_count,
                       cv_arena *arena, cv_error *err)
{
    store_id sent, copy;
    bool duplicate;
    cv_bag *props = cv_object_props(message);
    int64_t now = meeting_now(desk);

    set_message_id(desk, account, props);
    cv_bag_set_ticks(props, CV_PidTagClientSubmitTime, now);
    cv_status st = cv_arena_status(cv_object_arena(message));
    if (st != CV_OK)
        return cv_fail(err, st, "meeting message");
    CV_TRY(meeting_folder(desk, account->id, "Sent Items", arena, &sent, err));
    CV_TRY(store_put_message(tx, sent, message, CV_S(""), CV_S(""), now, &copy,
                             &duplicate, err));
    if (rcpt_count == 0)
        return CV_OK;
    return desk->config.submit(desk->config.ctx, tx, account->address, rcpts,
                               rcpt_count, message, account->id, sent, copy,
                               err);
}
