/* meeting_private.h - for the files of meeting/ only. */
#ifndef MEETING_PRIVATE_H
#define MEETING_PRIVATE_H

#include "meeting/meeting.h"

#include "mapi/entryid.h"
#include "mapi/globalid.h"

struct meeting_desk {
    meeting_config config;
};

/* PidTagRecipientFlags */
enum {
    MEETING_ROW_SENDABLE = 0x001,
    MEETING_ROW_ORGANIZER = 0x002,
    MEETING_ROW_DELETED = 0x020
};

/* PidLidMeetingType */
enum {
    MEETING_TYPE_REQUEST = 0x1,
    MEETING_TYPE_FULL = 0x10000,
    MEETING_TYPE_INFO = 0x20000,
    MEETING_TYPE_OUT_OF_DATE = 0x80000
};

/* Now in whole seconds, as iCalendar can carry it. Ticks. */
int64_t meeting_now(const meeting_desk *desk);

/* -- item.c: calendar items and their rows -- */

/* Clean global id of an object, in its arena; empty when it has none. */
cv_slice meeting_clean_id(const cv_object *obj);
/* SMTP address of a row or, with a person's tags, of a message's person;
 * empty when unknown. */
cv_slice meeting_row_address(const meeting_desk *desk, const cv_bag *row,
                             cv_arena *arena);
cv_slice meeting_person(const meeting_desk *desk, const cv_bag *bag,
                        const cv_person_tags *person, cv_arena *arena);
/* Is this address one of the account's? */
bool meeting_is_account(const store_account *account, cv_slice address);
/* The row of an address, NULL when there is none. The account's aliases count
 * when account is given. */
cv_bag *meeting_find_row(const meeting_desk *desk, const cv_object *obj,
                         cv_slice address, const store_account *account,
                         cv_arena *arena);
bool meeting_row_is_mailed(const cv_bag *row);
/* Addresses to mail: sendable rows but the organizer's. Arena. */
CV_NODISCARD cv_status meeting_mail_list(const meeting_desk *desk,
                                         const cv_object *obj, cv_arena *arena,
                                         cv_slice **out, size_t *count,
                                         cv_error *err);
/* The calendar item in the Calendar folder with this very global id (date
 * included); CV_ERR_NOTFOUND when there is none. *obj is owned. */
CV_NODISCARD cv_status meeting_open_match(meeting_desk *desk, store_id account,
                                          const cv_object *like,
                                          cv_arena *arena, store_message *meta,
                                          cv_object **obj, cv_error *err);
/* An item by MID, which must be the account's. *obj is owned. */
CV_NODISCARD cv_status meeting_open_item(meeting_desk *desk, store_id account,
                                         store_id item, cv_arena *arena,
                                         store_message *meta, cv_object **obj,
                                         cv_error *err);
CV_NODISCARD cv_status meeting_folder(meeting_desk *desk, store_id account,
                                      const char *name, cv_arena *arena,
                                      store_id *out, cv_error *err);

/* -- message.c: the messages a meeting causes -- */

/* A request or cancellation made from an item: all its properties and rows,
 * without what belongs to the calendar item alone. *out is owned. */
CV_NODISCARD cv_status meeting_message_from(const meeting_desk *desk,
                                            const cv_object *item,
                                            const char *message_class,
                                            cv_object **out, cv_error *err);
/* Files a copy in Sent Items and queues the message, inside tx. */
CV_NODISCARD cv_status meeting_send(meeting_desk *desk, store_tx *tx,
                                    const store_account *account,
                                    cv_object *message, const cv_slice *rcpts,
                                    size_t rcpt_count, cv_arena *arena,
                                    cv_error *err);
void meeting_set_subject(cv_bag *props, cv_slice prefix, cv_slice subject);
/* Subject without its prefix. */
cv_slice meeting_topic(const cv_bag *props);

/* -- what delivered messages do (deliver.c dispatches) -- */
typedef struct meeting_delivery {
    meeting_desk *desk;
    store_tx *tx;
    const store_account *account;
    cv_object *message; /* the delivered one */
    store_id mid;
    int64_t received; /* ticks */
    cv_arena *arena;
} meeting_delivery;

/* Marks the delivered message (STORE_PROCESSED, STORE_STALE). */
CV_NODISCARD cv_status meeting_flag(meeting_delivery *d, uint32_t flags,
                                    cv_error *err);
CV_NODISCARD cv_status meeting_take_request(meeting_delivery *d, cv_error *err);
CV_NODISCARD cv_status meeting_take_cancel(meeting_delivery *d, cv_error *err);
CV_NODISCARD cv_status meeting_take_reply(meeting_delivery *d, cv_error *err);

#endif
