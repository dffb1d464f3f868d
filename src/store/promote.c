/* promote.c - from an object to the columns that are listed and searched. */
#include "store/store_private.h"

#include "mapi/globalid.h"

#define SUBJECT_MAX 1000
#define ADDRESS_MAX 1000

/* The best address first; an X.500 name is better than nothing. */
static const cv_tag from_tags[] = { CV_PidTagSentRepresentingSmtpAddress,
                                    CV_PidTagSenderSmtpAddress,
                                    CV_PidTagSentRepresentingEmailAddress,
                                    CV_PidTagSenderEmailAddress };

static const cv_tag address_tags[] = { CV_PidTagSmtpAddress,
                                       CV_PidTagEmailAddress };

static cv_slice first_string(const cv_bag *bag, const cv_tag *tags,
                             size_t count)
{
    cv_slice s;

    for (size_t i = 0; i < count; i++) {
        if (cv_bag_string(bag, tags[i], &s) && s.len > 0)
            return s;
    }
    return cv_slice_of(NULL, 0);
}

/* Ticks of a moment, INT64_MIN when there is none. */
static int64_t moment(const cv_bag *bag, cv_tag named, cv_tag plain)
{
    int64_t ticks;

    if (cv_bag_ticks(bag, named, &ticks) || cv_bag_ticks(bag, plain, &ticks))
        return ticks;
    return INT64_MIN;
}

static cv_slice clean_id(const cv_bag *bag, cv_arena *arena)
{
    cv_slice id;

    if (cv_bag_binary(bag, CV_PidLidCleanGlobalObjectId, &id) && id.len > 0)
        return id;
    if (!cv_bag_binary(bag, CV_PidLidGlobalObjectId, &id) || id.len == 0)
        return cv_slice_of(NULL, 0);
    return cv_globalid_with_date(arena, id, 0, 0, 0);
}

void store_promote(const cv_object *obj, cv_arena *arena, store_message *out)
{
    const cv_bag *p = cv_object_props(obj);

    out->message_class =
        store_column_text(arena, cv_object_class(obj), SUBJECT_MAX);
    out->subject = store_column_text(
        arena, cv_bag_string_or(p, CV_PidTagSubject, CV_S("")), SUBJECT_MAX);
    out->from = store_column_text(
        arena, first_string(p, from_tags, CV_LEN(from_tags)), ADDRESS_MAX);
    out->message_id = store_column_text(
        arena, cv_bag_string_or(p, CV_PidTagInternetMessageId, CV_S("")),
        ADDRESS_MAX);
    out->clean_global_id = clean_id(p, arena);
    out->start = moment(p, CV_PidLidAppointmentStartWhole, CV_PidTagStartDate);
    out->end = moment(p, CV_PidLidAppointmentEndWhole, CV_PidTagEndDate);
}

static cv_status put_row(store_tx *tx, store_id account, store_id message,
                         size_t row, const cv_bag *bag, cv_error *err)
{
    int64_t tracked = INT64_MIN;
    cv_slice address = store_column_text(
        tx->arena, first_string(bag, address_tags, CV_LEN(address_tags)),
        ADDRESS_MAX);
    cv_slice name = store_column_text(
        tx->arena, cv_bag_string_or(bag, CV_PidTagDisplayName, CV_S("")),
        ADDRESS_MAX);

    if (cv_arena_status(tx->arena) != CV_OK)
        return cv_arena_fail(tx->arena, err);
    (void)!cv_bag_ticks(bag, CV_PidTagRecipientTrackStatusTime, &tracked);
    sql_query q = sql_start(tx->store->writer, SQL_RECIPIENT_ADD);
    sql_int(&q, account);
    sql_int(&q, message);
    sql_int(&q, (int64_t)row);
    sql_int(&q, cv_bag_i32_or(bag, CV_PidTagRecipientType, 1));
    sql_text(&q, address);
    sql_text(&q, name);
    sql_int(&q, cv_bag_i32_or(bag, CV_PidTagRecipientTrackStatus, 0));
    sql_int_or_null(&q, tracked);
    return sql_end(&q, err);
}

cv_status store_recipients_put(store_tx *tx, store_id account, store_id message,
                               const cv_object *obj, cv_error *err)
{
    size_t count = cv_object_recipient_count(obj);

    for (size_t i = 0; i < count; i++)
        CV_TRY(
            put_row(tx, account, message, i, cv_object_recipient(obj, i), err));
    return CV_OK;
}
