/* organizer.c - create, update, cancel. Source: meeting-flow.md 2.1, 2.2, 3,
 * 6; [MS-OXOCAL] 3.1.4.7, 3.1.4.9, 3.1.5.4. */
#include "meeting/meeting_private.h"

#include "base/wintime.h"
#include "mapi/timezone.h"

#define MINUTE (60 * CV_TICKS_PER_SEC)

/* PidLidChangeHighlight */
enum {
    CHANGED_START = 0x01,
    CHANGED_END = 0x02,
    CHANGED_LOCATION = 0x08,
    CHANGED_SUBJECT = 0x10,
    CHANGED_REQUIRED = 0x20,
    CHANGED_OPTIONAL = 0x40,
    CHANGED_BODY = 0x80
};

/* One change by the organizer: account, item, transaction. */
typedef struct job {
    meeting_desk *desk;
    cv_arena *arena; /* owned */
    store_tx *tx;
    store_account account;
    store_message meta; /* of an existing item */
    cv_object *item;    /* owned */
    int64_t now;
} job;

static cv_status job_begin(job *j, meeting_desk *desk, store_id account,
                           cv_error *err)
{
    *j = (job){ .desk = desk };
    CV_TRY(cv_arena_new(0, &j->arena, err));
    j->now = meeting_now(desk);
    CV_TRY(store_account_get(desk->config.store, account, j->arena, &j->account,
                             err));
    return store_begin(desk->config.store, &j->tx, err);
}

static cv_status job_end(job *j, cv_status st, cv_error *err)
{
    cv_kill_point("meeting-save-before-commit");
    if (st == CV_OK)
        st = store_commit(&j->tx, err);
    store_rollback(&j->tx);
    cv_object_free(&j->item);
    cv_arena_free(&j->arena);
    if (st != CV_OK)
        return st;
    cv_kill_point("meeting-save-after-commit");
    if (j->desk->config.wake)
        j->desk->config.wake(j->desk->config.ctx);
    return CV_OK;
}

/* -- fields -- */

static void set_time(cv_bag *props, int64_t ticks, const cv_tag *tags,
                     size_t count)
{
    for (size_t i = 0; i < count; i++)
        cv_bag_set_ticks(props, tags[i], ticks);
}

static void set_times(cv_bag *props, int64_t start, int64_t end)
{
    static const cv_tag starts[] = { CV_PidLidAppointmentStartWhole,
                                     CV_PidLidCommonStart, CV_PidTagStartDate,
                                     CV_PidLidClipStart };
    static const cv_tag ends[] = { CV_PidLidAppointmentEndWhole,
                                   CV_PidLidCommonEnd, CV_PidTagEndDate,
                                   CV_PidLidClipEnd };

    set_time(props, start, starts, CV_LEN(starts));
    set_time(props, end, ends, CV_LEN(ends));
    cv_bag_set_i32(props, CV_PidLidAppointmentDuration,
                   (int32_t)((end - start) / MINUTE));
}

static void set_zone(cv_bag *props, cv_slice name)
{
    cv_timezone tz;
    cv_buf blob;

    if (name.len == 0 ||
        cv_timezone_by_name(cv_bag_arena(props), name, &tz, NULL) != CV_OK)
        return;
    cv_buf_init(&blob, 0);
    cv_tzdef_put(&blob, &tz, 2);
    cv_bag_set_binary(props, CV_PidLidAppointmentTimeZoneDefinitionStartDisplay,
                      cv_buf_slice(&blob));
    cv_bag_set_binary(props, CV_PidLidAppointmentTimeZoneDefinitionEndDisplay,
                      cv_buf_slice(&blob));
    cv_buf_clear(&blob);
}

static bool differs(const cv_bag *props, cv_tag tag, cv_slice text)
{
    return text.ptr &&
           !cv_slice_eq(cv_bag_string_or(props, tag, CV_S("")), text);
}

static int32_t apply_text(cv_bag *props, const meeting_fields *f)
{
    int32_t changed = 0;

    if (f->subject.ptr && !cv_slice_eq(meeting_topic(props), f->subject)) {
        meeting_set_subject(props, CV_S(""), f->subject);
        changed |= CHANGED_SUBJECT;
    }
    if (differs(props, CV_PidLidLocation, f->location)) {
        cv_bag_set_string(props, CV_PidLidLocation, f->location);
        cv_bag_set_string(props, CV_PidLidWhere, f->location);
        changed |= CHANGED_LOCATION;
    }
    if (differs(props, CV_PidTagBody, f->body)) {
        cv_bag_set_string(props, CV_PidTagBody, f->body);
        cv_bag_remove(props, CV_PidTagHtml);
        cv_bag_remove(props, CV_PidTagRtfCompressed);
        changed |= CHANGED_BODY;
    }
    return changed;
}

static cv_status apply_times(cv_bag *props, const meeting_fields *f,
                             int32_t *changed, cv_error *err)
{
    int64_t start = INT64_MIN, end = INT64_MIN, new_start, new_end;
    bool known = cv_bag_ticks(props, CV_PidLidAppointmentStartWhole, &start);

    if (!cv_bag_ticks(props, CV_PidLidAppointmentEndWhole, &end))
        end = start;
    if (f->start == INT64_MIN && !known)
        return cv_fail(err, CV_ERR_RANGE, "a meeting needs a start");
    new_start = f->start == INT64_MIN ? start : f->start;
    if (f->end != INT64_MIN)
        new_end = f->end;
    else
        new_end = new_start + (known ? end - start : 30 * MINUTE);
    if (new_end < new_start)
        return cv_fail(err, CV_ERR_RANGE, "the meeting ends before it starts");
    if (known && new_start == start && new_end == end)
        return CV_OK;
    *changed |= new_start != start ? CHANGED_START : 0;
    *changed |= new_end != end ? CHANGED_END : 0;
    set_times(props, new_start, new_end);
    return CV_OK;
}

static cv_status add_attendees(job *j, const meeting_attendee *list,
                               size_t count, int32_t *changed, cv_error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (!cv_address_is_smtp(list[i].address))
            return cv_fail(err, CV_ERR_RANGE, "\"%.*s\" is no mail address",
                           CV_FMT(list[i].address));
        if (meeting_find_row(j->desk, j->item, list[i].address, NULL, j->arena))
            continue;
        cv_bag *row = cv_object_add_recipient(j->item);
        if (!row)
            return cv_arena_fail(cv_object_arena(j->item), err);
        cv_row_set_smtp(row, list[i].name.len ? list[i].name : list[i].address,
                        list[i].address, list[i].type);
        *changed |= list[i].type == 1 ? CHANGED_REQUIRED : CHANGED_OPTIONAL;
    }
    return CV_OK;
}

/* -- an item's own bookkeeping -- */

static cv_status add_organizer_row(job *j, cv_error *err)
{
    cv_bag *row = meeting_find_row(j->desk, j->item, j->account.address,
                                   &j->account, j->arena);

    if (!row)
        row = cv_object_add_recipient(j->item);
    if (!row)
        return cv_arena_fail(cv_object_arena(j->item), err);
    cv_row_set_smtp(row, j->account.name, j->account.address, 1);
    cv_bag_set_i32(row, CV_PidTagRecipientFlags,
                   MEETING_ROW_SENDABLE | MEETING_ROW_ORGANIZER);
    return CV_OK;
}

static void set_identity(job *j)
{
    cv_bag *props = cv_object_props(j->item);
    cv_arena *arena = cv_object_arena(j->item);
    cv_slice id = meeting_clean_id(j->item);

    if (id.len == 0)
        id = cv_globalid_new(arena, j->desk->config.env);
    cv_bag_set_binary(props, CV_PidLidGlobalObjectId, id);
    cv_bag_set_binary(props, CV_PidLidCleanGlobalObjectId, id);
    if (!cv_bag_has(props, CV_PidTagOwnerAppointmentId))
        cv_bag_set_i32(props, CV_PidTagOwnerAppointmentId,
                       (int32_t)((j->now / MINUTE) & 0x7FFFFFFF));
}

static void set_version(job *j, int32_t sequence, bool significant)
{
    cv_bag *props = cv_object_props(j->item);

    cv_bag_set_i32(props, CV_PidLidAppointmentSequence, sequence);
    cv_bag_set_i32(props, CV_PidLidAppointmentLastSequence, sequence);
    cv_bag_set_ticks(props, CV_PidLidOwnerCriticalChange, j->now);
    cv_bag_set_ticks(props, CV_PidLidAppointmentSequenceTime, j->now);
    if (significant)
        cv_bag_set_i32(props, CV_PidNameConvokeSignificantSequence, sequence);
}

static int32_t next_sequence(const cv_bag *props)
{
    int32_t own = cv_bag_i32_or(props, CV_PidLidAppointmentSequence, 0);
    int32_t last = cv_bag_i32_or(props, CV_PidLidAppointmentLastSequence, own);
    int32_t top = own > last ? own : last;

    return top < INT32_MAX ? top + 1 : top;
}

static void become_organizer(job *j)
{
    cv_bag *props = cv_object_props(j->item);

    cv_bag_set_string(props, CV_PidTagMessageClass, CV_S("IPM.Appointment"));
    cv_bag_set_i32(props, CV_PidLidAppointmentStateFlags, MEETING_ASF_MEETING);
    cv_bag_set_i32(props, CV_PidLidResponseStatus, MEETING_RESP_ORGANIZED);
    cv_bag_set_bool(props, CV_PidLidFInvited, true);
    cv_bag_set_bool(props, CV_PidTagResponseRequested, true);
    cv_bag_set_bool(props, CV_PidTagReplyRequested, true);
    if (!cv_bag_has(props, CV_PidLidBusyStatus))
        cv_bag_set_i32(props, CV_PidLidBusyStatus, 2);
    cv_bag_set_person(props, &cv_person_sent_representing, j->account.name,
                      j->account.address);
    cv_bag_set_person(props, &cv_person_sender, j->account.name,
                      j->account.address);
    set_identity(j);
    set_version(j, 0, true);
}

/* -- create -- */

static cv_status send_request(job *j, int32_t type, int32_t highlight,
                              cv_object **request, cv_error *err)
{
    CV_TRY(meeting_message_from(j->desk, j->item,
                                "IPM.Schedule.Meeting.Request", request, err));
    cv_bag *props = cv_object_props(*request);
    cv_bag_set_i32(props, CV_PidLidMeetingType, type);
    cv_bag_set_i32(props, CV_PidLidChangeHighlight, highlight);
    return CV_OK;
}

/* A row's answer belongs to another meeting when the object is sent anew. */
static void forget_answers(cv_object *item)
{
    for (size_t i = 0; i < cv_object_recipient_count(item); i++) {
        cv_bag *row = cv_object_recipient(item, i);
        cv_bag_set_i32(row, CV_PidTagRecipientTrackStatus, MEETING_RESP_NONE);
        cv_bag_remove(row, CV_PidTagRecipientTrackStatusTime);
    }
}

static cv_status file_and_send_new(job *j, store_id *item, cv_error *err)
{
    store_id calendar;
    bool duplicate;
    cv_slice *to;
    size_t count;
    cv_object *request = NULL;

    CV_TRY(meeting_mail_list(j->desk, j->item, j->arena, &to, &count, err));
    if (count == 0)
        return cv_fail(err, CV_ERR_RANGE,
                       "the meeting has no attendee with "
                       "a mail address");
    CV_TRY(meeting_folder(j->desk, j->account.id, "Calendar", j->arena,
                          &calendar, err));
    CV_TRY(store_put_message(j->tx, calendar, j->item, CV_S(""), CV_S(""),
                             j->now, item, &duplicate, err));
    cv_status st = send_request(j, MEETING_TYPE_REQUEST, 0, &request, err);
    if (st == CV_OK)
        st = meeting_send(j->desk, j->tx, &j->account, request, to, count,
                          j->arena, err);
    cv_object_free(&request);
    return st;
}

static cv_status create(job *j, const meeting_fields *f, store_id *item,
                        cv_error *err)
{
    int32_t changed = 0;

    CV_TRY(add_organizer_row(j, err));
    CV_TRY(add_attendees(j, f->attendees, f->attendee_count, &changed, err));
    cv_bag *props = cv_object_props(j->item);
    apply_text(props, f);
    CV_TRY(apply_times(props, f, &changed, err));
    set_zone(props, f->zone.len ? f->zone : j->account.time_zone);
    become_organizer(j);
    cv_status st = cv_arena_status(cv_object_arena(j->item));
    if (st != CV_OK)
        return cv_fail(err, st, "calendar item");
    return file_and_send_new(j, item, err);
}

cv_status meeting_create(meeting_desk *desk, store_id account,
                         const meeting_fields *fields, store_id *item,
                         cv_error *err)
{
    job j;
    cv_status st = job_begin(&j, desk, account, err);

    if (st == CV_OK)
        st = cv_object_new(0, &j.item, err);
    if (st == CV_OK)
        st = create(&j, fields, item, err);
    return job_end(&j, st, err);
}

cv_status meeting_send_object(meeting_desk *desk, store_id account,
                              const cv_object *appointment,
                              const meeting_attendee *extra, size_t extra_count,
                              store_id *item, cv_error *err)
{
    job j;
    meeting_fields f = { .start = INT64_MIN,
                         .end = INT64_MIN,
                         .attendees = extra,
                         .attendee_count = extra_count };
    cv_status st = job_begin(&j, desk, account, err);

    if (st == CV_OK)
        st = cv_object_dup(appointment, &j.item, err);
    if (st == CV_OK) {
        forget_answers(j.item);
        st = create(&j, &f, item, err);
    }
    return job_end(&j, st, err);
}

/* -- update -- */

static cv_status open_own(job *j, store_id item, cv_error *err)
{
    CV_TRY(meeting_open_item(j->desk, j->account.id, item, j->arena, &j->meta,
                             &j->item, err));
    int32_t state = cv_bag_i32_or(cv_object_props(j->item),
                                  CV_PidLidAppointmentStateFlags, 0);
    if (state & MEETING_ASF_RECEIVED)
        return cv_fail(err, CV_ERR_RANGE,
                       "somebody else organizes this meeting");
    if (state & MEETING_ASF_CANCELED)
        return cv_fail(err, CV_ERR_RANGE, "the meeting is canceled already");
    return CV_OK;
}

/* Takes rows out; *out lists the addresses that get a cancellation. */
static cv_status remove_attendees(job *j, const meeting_fields *f,
                                  cv_slice **out, size_t *count, cv_error *err)
{
    *count = 0;
    *out = cv_arena_array(j->arena, f->removed_count, sizeof(**out));
    if (!*out)
        return cv_arena_fail(j->arena, err);
    for (size_t i = 0; i < f->removed_count; i++) {
        cv_bag *row =
            meeting_find_row(j->desk, j->item, f->removed[i], NULL, j->arena);
        if (!row)
            return cv_fail(err, CV_ERR_NOTFOUND, "%.*s is no attendee",
                           CV_FMT(f->removed[i]));
        size_t n = 0;
        while (cv_object_recipient(j->item, n) != row)
            n++;
        (*out)[(*count)++] =
            cv_arena_dup(j->arena, meeting_row_address(j->desk, row, j->arena));
        cv_object_remove_recipient(j->item, n);
    }
    return CV_OK;
}

static void set_old_values(cv_bag *request, const cv_bag *before)
{
    int64_t ticks;

    if (cv_bag_ticks(before, CV_PidLidAppointmentStartWhole, &ticks))
        cv_bag_set_ticks(request, CV_PidLidOldWhenStartWhole, ticks);
    if (cv_bag_ticks(before, CV_PidLidAppointmentEndWhole, &ticks))
        cv_bag_set_ticks(request, CV_PidLidOldWhenEndWhole, ticks);
    cv_slice where = cv_bag_string_or(before, CV_PidLidLocation, CV_S(""));
    if (where.len > 0)
        cv_bag_set_string(request, CV_PidLidOldLocation, where);
}

static cv_status send_cancel(job *j, const cv_slice *to, size_t count,
                             cv_error *err)
{
    cv_object *cancel = NULL;

    CV_TRY(meeting_message_from(j->desk, j->item,
                                "IPM.Schedule.Meeting.Canceled", &cancel, err));
    cv_bag *props = cv_object_props(cancel);
    cv_bag_set_i32(props, CV_PidLidAppointmentStateFlags,
                   MEETING_ASF_MEETING | MEETING_ASF_RECEIVED |
                       MEETING_ASF_CANCELED);
    cv_bag_set_i32(props, CV_PidLidBusyStatus, 0);
    cv_bag_set_i32(props, CV_PidLidIntendedBusyStatus, 0);
    cv_bag_set_i32(props, CV_PidTagIconIndex, 0x408);
    cv_bag_set_bool(props, CV_PidTagResponseRequested, false);
    cv_bag_set_bool(props, CV_PidTagReplyRequested, false);
    meeting_set_subject(props, CV_S("Canceled: "), meeting_topic(props));
    cv_status st = meeting_send(j->desk, j->tx, &j->account, cancel, to, count,
                                j->arena, err);
    cv_object_free(&cancel);
    return st;
}

/* The request is a snapshot with the answers as they are; after a significant
 * change they are void in the item, times included: a time left over would
 * make an attendee with a slow clock look stale. */
static cv_status send_update(job *j, const cv_object *before, int32_t changed,
                             cv_error *err)
{
    bool significant = (changed & (CHANGED_START | CHANGED_END)) != 0;
    cv_object *request = NULL;
    cv_slice *to;
    size_t count;

    set_version(j, next_sequence(cv_object_props(j->item)), significant);
    CV_TRY(meeting_mail_list(j->desk, j->item, j->arena, &to, &count, err));
    CV_TRY(send_request(j, significant ? MEETING_TYPE_FULL : MEETING_TYPE_INFO,
                        changed, &request, err));
    set_old_values(cv_object_props(request), cv_object_props(before));
    if (significant)
        forget_answers(j->item);
    cv_status st =
        store_update_message(j->tx, j->meta.id, j->meta.version, j->item, err);
    if (st == CV_OK)
        st = meeting_send(j->desk, j->tx, &j->account, request, to, count,
                          j->arena, err);
    cv_object_free(&request);
    return st;
}

static cv_status update(job *j, store_id item, const meeting_fields *f,
                        cv_error *err)
{
    cv_object *before = NULL;
    cv_slice *removed;
    size_t removed_count;
    int32_t changed = 0;

    CV_TRY(open_own(j, item, err));
    CV_TRY(cv_object_dup(j->item, &before, err));
    cv_status st = remove_attendees(j, f, &removed, &removed_count, err);
    if (st == CV_OK)
        st = add_attendees(j, f->attendees, f->attendee_count, &changed, err);
    if (st == CV_OK) {
        changed |= apply_text(cv_object_props(j->item), f);
        st = apply_times(cv_object_props(j->item), f, &changed, err);
    }
    if (st == CV_OK)
        set_zone(cv_object_props(j->item), f->zone);
    if (st == CV_OK)
        st = send_update(j, before, changed, err);
    if (st == CV_OK && removed_count > 0)
        st = send_cancel(j, removed, removed_count, err);
    cv_object_free(&before);
    return st;
}

cv_status meeting_update(meeting_desk *desk, store_id account, store_id item,
                         const meeting_fields *fields, cv_error *err)
{
    job j;
    cv_status st = job_begin(&j, desk, account, err);

    if (st == CV_OK)
        st = update(&j, item, fields, err);
    return job_end(&j, st, err);
}

/* -- cancel -- */

static cv_status cancel(job *j, store_id item, cv_error *err)
{
    cv_slice *to;
    size_t count;
    store_id trash;

    CV_TRY(open_own(j, item, err));
    cv_bag *props = cv_object_props(j->item);
    set_version(j, next_sequence(props), true);
    cv_bag_set_i32(props, CV_PidLidAppointmentStateFlags,
                   MEETING_ASF_MEETING | MEETING_ASF_CANCELED);
    cv_bag_set_i32(props, CV_PidLidBusyStatus, 0);
    CV_TRY(meeting_mail_list(j->desk, j->item, j->arena, &to, &count, err));
    CV_TRY(send_cancel(j, to, count, err));
    CV_TRY(
        store_update_message(j->tx, j->meta.id, j->meta.version, j->item, err));
    CV_TRY(meeting_folder(j->desk, j->account.id, "Deleted Items", j->arena,
                          &trash, err));
    return store_move_message(j->tx, j->meta.id, trash, err);
}

cv_status meeting_cancel(meeting_desk *desk, store_id account, store_id item,
                         cv_error *err)
{
    job j;
    cv_status st = job_begin(&j, desk, account, err);

    if (st == CV_OK)
        st = cancel(&j, item, err);
    return job_end(&j, st, err);
}
