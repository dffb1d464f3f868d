/* meeting.h - who owes whom what: the organizer's and the attendee's state of
 * a meeting, driven from the command line, from delivered mail and later from
 * CalDAV, all through these functions.
 *
 * Every change of a calendar item and the message it causes are one
 * transaction. Messages are snapshots: later edits do not touch them.
 * What lies above (the queue) is declared here and filled in by server/.
 * Source: [MS-OXOCAL] 3.1.4, 3.1.5; RFC 5546; spec meeting-flow.md.
 */
#ifndef MEETING_MEETING_H
#define MEETING_MEETING_H

#include "base/env.h"
#include "mapi/object.h"
#include "store/store.h"

/* PidLidAppointmentStateFlags */
enum {
    MEETING_ASF_MEETING = 1,
    MEETING_ASF_RECEIVED = 2,
    MEETING_ASF_CANCELED = 4
};

/* PidLidResponseStatus and PidTagRecipientTrackStatus */
enum {
    MEETING_RESP_NONE = 0,
    MEETING_RESP_ORGANIZED = 1,
    MEETING_RESP_TENTATIVE = 2,
    MEETING_RESP_ACCEPTED = 3,
    MEETING_RESP_DECLINED = 4,
    MEETING_RESP_NOT_RESPONDED = 5
};

typedef struct meeting_settings {
    /* meeting.legacy-tracking-time: a reply without the CDO line stores
     * FILETIME 0, as in 2008 */
    bool legacy_tracking_time;
    bool strict_sequence; /* answers to an older sequence never count */
} meeting_settings;

typedef struct meeting_config {
    store *store; /* borrowed, as is everything here */
    const cv_env *env;
    void (*settings)(void *ctx, meeting_settings *out);
    /* Queues obj inside tx; account/folder/message name the sender's copy. */
    cv_status (*submit)(void *ctx, store_tx *tx, cv_slice from,
                        const cv_slice *rcpts, size_t rcpt_count,
                        const cv_object *obj, store_id account, store_id folder,
                        store_id message, cv_error *err);
    /* SMTP address of a row that has none of its own; false: none. May be
     * NULL. */
    bool (*resolve)(void *ctx, cv_arena *arena, cv_slice address_type,
                    cv_slice address, cv_slice *smtp);
    /* After a commit that queued something. */
    void (*wake)(void *ctx);
    void *ctx;
} meeting_config;

typedef struct meeting_desk meeting_desk;
CV_NODISCARD cv_status meeting_desk_new(const meeting_config *config,
                                        meeting_desk **out, cv_error *err);
void meeting_desk_free(meeting_desk **desk);

/* -- organizer -- */

typedef struct meeting_attendee {
    cv_slice address, name; /* name may be empty */
    int32_t type;           /* 1 required, 2 optional, 3 resource */
} meeting_attendee;

/* Fields with a NULL ptr, INT64_MIN times and no attendees are "unchanged" in
 * an update, "none" in a new meeting (which needs start). */
typedef struct meeting_fields {
    cv_slice subject, location, body;
    int64_t start, end; /* ticks, UTC; end INT64_MIN: start + 30 minutes */
    cv_slice zone;      /* zone to show it in, may be empty */
    const meeting_attendee *attendees; /* added ones, in an update */
    size_t attendee_count;
    const cv_slice *removed; /* addresses taken out, in an update */
    size_t removed_count;
} meeting_fields;

/* Makes the calendar item and sends the request. *item: its MID.
 * Errors: CV_ERR_RANGE (no start, end before start, no attendee). */
CV_NODISCARD cv_status meeting_create(meeting_desk *desk, store_id account,
                                      const meeting_fields *fields,
                                      store_id *item, cv_error *err);
/* The same from a calendar object (an IPM.Appointment .msg, an .ics): its
 * rows, recurrence and text are kept, the account becomes the organizer.
 * extra: further attendees. */
CV_NODISCARD cv_status meeting_send_object(meeting_desk *desk, store_id account,
                                           const cv_object *appointment,
                                           const meeting_attendee *extra,
                                           size_t extra_count, store_id *item,
                                           cv_error *err);
/* Changes the item and sends an update; a change of time is significant and
 * voids the answers. Removed attendees get a cancellation. */
CV_NODISCARD cv_status meeting_update(meeting_desk *desk, store_id account,
                                      store_id item,
                                      const meeting_fields *fields,
                                      cv_error *err);
CV_NODISCARD cv_status meeting_cancel(meeting_desk *desk, store_id account,
                                      store_id item, cv_error *err);

/* -- attendee -- */

/* response: MEETING_RESP_ACCEPTED, _TENTATIVE or _DECLINED. item is the
 * calendar item. comment may be empty.
 * Errors: CV_ERR_RANGE when the account organizes it or it is canceled. */
CV_NODISCARD cv_status meeting_answer(meeting_desk *desk, store_id account,
                                      store_id item, int32_t response,
                                      cv_slice comment, cv_error *err);

/* -- delivered mail: transport's delivery hook -- */

/* Processes a meeting message that has just been put into the Inbox as
 * `message`, inside tx. Mail of other classes is left alone. */
CV_NODISCARD cv_status meeting_deliver(void *desk, store_tx *tx,
                                       const store_account *account,
                                       cv_object *obj, store_id message,
                                       int64_t received, cv_error *err);

/* -- ordering rules, pure (order.c) -- */

typedef enum meeting_order {
    MEETING_NEWER,      /* process */
    MEETING_SAME,       /* the version that is known: keep the answer */
    MEETING_OUT_OF_DATE /* change nothing, answer nothing */
} meeting_order;
/* A request or cancellation against the attendee's item. meeting-flow 2.3. */
meeting_order meeting_order_update(const cv_bag *message, const cv_bag *item);

typedef enum meeting_reply_order {
    MEETING_REPLY_RECORD,
    MEETING_REPLY_OUT_OF_DATE, /* answers an older version */
    MEETING_REPLY_STALE        /* a later answer is recorded already */
} meeting_reply_order;
/* A reply against the organizer's item and the attendee's row (NULL when not
 * invited). now: ticks. meeting-flow 2.4. */
meeting_reply_order meeting_order_reply(const cv_bag *reply, const cv_bag *item,
                                        const cv_bag *row, int64_t now,
                                        bool strict);
/* "The attendee sent another response after this response.": a later answer
 * of this attendee is recorded, and both times are moments. */
bool meeting_banner(const cv_bag *reply, const cv_bag *row);

/* -- finding and showing -- */

/* The account's calendar items (IPM.Appointment), by start. */
CV_NODISCARD cv_status meeting_list(meeting_desk *desk, store_id account,
                                    cv_arena *arena, store_message **out,
                                    size_t *count, cv_error *err);
/* Calendar item of an account by MID, by UID text, or by subject when only one
 * has it. Errors: CV_ERR_NOTFOUND, CV_ERR_CONFLICT (several). */
CV_NODISCARD cv_status meeting_find(meeting_desk *desk, store_id account,
                                    cv_slice what, store_id *item,
                                    cv_error *err);
/* JSON of one item: fields, attendees with tracking, responses with banner. */
CV_NODISCARD cv_status meeting_show(meeting_desk *desk, store_id account,
                                    store_id item, cv_buf *json, cv_error *err);

#endif
