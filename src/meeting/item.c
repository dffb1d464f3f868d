/* item.c - calendar items: identity, rows, finding them in the store. */
#include "meeting/meeting_private.h"

#include "base/text.h"
#include "base/wintime.h"

#include <stdlib.h>

cv_status meeting_desk_new(const meeting_config *config, meeting_desk **out,
                           cv_error *err)
{
    meeting_desk *desk = calloc(1, sizeof(*desk));

    if (!desk)
        return cv_fail(err, CV_ERR_NOMEM, "meeting desk");
    desk->config = *config;
    *out = desk;
    return CV_OK;
}

void meeting_desk_free(meeting_desk **desk)
{
    free(*desk);
    *desk = NULL;
}

int64_t meeting_now(const meeting_desk *desk)
{
    int64_t now = desk->config.env->now(desk->config.env->ctx);

    return now - now % CV_TICKS_PER_SEC;
}

cv_slice meeting_clean_id(const cv_object *obj)
{
    cv_slice id;
    const cv_bag *props = cv_object_props(obj);

    if (cv_bag_binary(props, CV_PidLidCleanGlobalObjectId, &id) && id.len > 0)
        return id;
    if (cv_bag_binary(props, CV_PidLidGlobalObjectId, &id) && id.len > 0)
        return cv_globalid_with_date(cv_object_arena(obj), id, 0, 0, 0);
    return CV_S("");
}

/* Global id with the instance's date; the clean one when that is all. */
static cv_slice full_id(const cv_object *obj)
{
    cv_slice id;

    if (cv_bag_binary(cv_object_props(obj), CV_PidLidGlobalObjectId, &id) &&
        id.len > 0)
        return id;
    return meeting_clean_id(obj);
}

static cv_slice resolve(const meeting_desk *desk, cv_slice type,
                        cv_slice address, cv_arena *arena)
{
    cv_slice smtp;

    if (cv_address_is_smtp(address))
        return address;
    if (address.len > 0 && desk->config.resolve &&
        desk->config.resolve(desk->config.ctx, arena, type, address, &smtp))
        return smtp;
    return CV_S("");
}

cv_slice meeting_row_address(const meeting_desk *desk, const cv_bag *row,
                             cv_arena *arena)
{
    cv_slice smtp = cv_bag_string_or(row, CV_PidTagSmtpAddress, CV_S(""));

    if (cv_address_is_smtp(smtp))
        return smtp;
    return resolve(desk, cv_bag_string_or(row, CV_PidTagAddressType, CV_S("")),
                   cv_bag_string_or(row, CV_PidTagEmailAddress, CV_S("")),
                   arena);
}

cv_slice meeting_person(const meeting_desk *desk, const cv_bag *bag,
                        const cv_person_tags *person, cv_arena *arena)
{
    cv_slice smtp = cv_bag_string_or(bag, person->smtp, CV_S(""));

    if (cv_address_is_smtp(smtp))
        return smtp;
    return resolve(desk, cv_bag_string_or(bag, person->address_type, CV_S("")),
                   cv_bag_string_or(bag, person->address, CV_S("")), arena);
}

bool meeting_is_account(const store_account *account, cv_slice address)
{
    if (cv_slice_ieq(account->address, address))
        return true;
    for (size_t i = 0; i < account->alias_count; i++) {
        if (cv_slice_ieq(account->aliases[i], address))
            return true;
    }
    return false;
}

cv_bag *meeting_find_row(const meeting_desk *desk, const cv_object *obj,
                         cv_slice address, const store_account *account,
                         cv_arena *arena)
{
    for (size_t i = 0; i < cv_object_recipient_count(obj); i++) {
        cv_bag *row = cv_object_recipient(obj, i);
        cv_slice a = meeting_row_address(desk, row, arena);
        if (a.len > 0 && (cv_slice_ieq(a, address) ||
                          (account && meeting_is_account(account, a))))
            return row;
    }
    return NULL;
}

bool meeting_row_is_mailed(const cv_bag *row)
{
    int32_t flags =
        cv_bag_i32_or(row, CV_PidTagRecipientFlags, MEETING_ROW_SENDABLE);
    int32_t type = cv_bag_i32_or(row, CV_PidTagRecipientType, 1) & 0x0F;

    return type != 0 && !(flags & MEETING_ROW_ORGANIZER) &&
           !(flags & MEETING_ROW_DELETED);
}

cv_status meeting_mail_list(const meeting_desk *desk, const cv_object *obj,
                            cv_arena *arena, cv_slice **out, size_t *count,
                            cv_error *err)
{
    size_t n = cv_object_recipient_count(obj);
    cv_slice organizer = meeting_person(desk, cv_object_props(obj),
                                        &cv_person_sent_representing, arena);

    *count = 0;
    *out = cv_arena_array(arena, n, sizeof(**out));
    if (!*out)
        return cv_arena_fail(arena, err);
    for (size_t i = 0; i < n; i++) {
        cv_bag *row = cv_object_recipient(obj, i);
        cv_slice a = meeting_row_address(desk, row, arena);
        if (a.len > 0 && meeting_row_is_mailed(row) &&
            !cv_slice_ieq(a, organizer))
            (*out)[(*count)++] = a;
    }
    return CV_OK;
}

cv_status meeting_folder(meeting_desk *desk, store_id account, const char *name,
                         cv_arena *arena, store_id *out, cv_error *err)
{
    store_folder folder;

    CV_TRY(store_folder_find(desk->config.store, account, cv_slice_cstr(name),
                             arena, &folder, err));
    *out = folder.id;
    return CV_OK;
}

cv_status meeting_open_match(meeting_desk *desk, store_id account,
                             const cv_object *like, cv_arena *arena,
                             store_message *meta, cv_object **obj,
                             cv_error *err)
{
    store_message *list;
    size_t count;
    store_id calendar;
    cv_slice wanted = full_id(like);

    if (wanted.len == 0)
        return CV_ERR_NOTFOUND;
    CV_TRY(meeting_folder(desk, account, "Calendar", arena, &calendar, err));
    CV_TRY(store_find_meeting(desk->config.store, account,
                              meeting_clean_id(like), CV_S("IPM.Appointment"),
                              arena, &list, &count, err));
    for (size_t i = 0; i < count; i++) {
        if (list[i].folder != calendar)
            continue;
        CV_TRY(store_message_open(desk->config.store, list[i].id, obj, err));
        if (cv_slice_eq(full_id(*obj), wanted)) {
            *meta = list[i];
            return CV_OK;
        }
        cv_object_free(obj);
    }
    return CV_ERR_NOTFOUND;
}

cv_status meeting_open_item(meeting_desk *desk, store_id account, store_id item,
                            cv_arena *arena, store_message *meta,
                            cv_object **obj, cv_error *err)
{
    CV_TRY(store_message_get(desk->config.store, item, arena, meta, err));
    if (meta->account != account)
        return cv_fail(err, CV_ERR_NOTFOUND, "no such calendar item");
    CV_TRY(store_message_open(desk->config.store, item, obj, err));
    if (cv_object_is_class(*obj, CV_S("IPM.Appointment")))
        return CV_OK;
    cv_object_free(obj);
    return cv_fail(err, CV_ERR_RANGE, "the message is no calendar item");
}

cv_status meeting_list(meeting_desk *desk, store_id account, cv_arena *arena,
                       store_message **out, size_t *count, cv_error *err)
{
    store_id calendar;

    CV_TRY(meeting_folder(desk, account, "Calendar", arena, &calendar, err));
    return store_message_list(desk->config.store, calendar, arena, out, count,
                              err);
}

static bool item_is(const store_message *m, cv_slice what, int64_t mid,
                    cv_arena *arena)
{
    return m->id == mid || cv_slice_ieq(m->subject, what) ||
           cv_slice_ieq(cv_globalid_to_uid(arena, m->clean_global_id), what);
}

cv_status meeting_find(meeting_desk *desk, store_id account, cv_slice what,
                       store_id *item, cv_error *err)
{
    cv_arena *arena = NULL;
    store_message *list;
    size_t count, found = 0;
    int64_t mid = 0;

    if (cv_parse_i64(what, &mid) != CV_OK)
        mid = -1;
    CV_TRY(cv_arena_new(0, &arena, err));
    cv_status st = meeting_list(desk, account, arena, &list, &count, err);
    for (size_t i = 0; st == CV_OK && i < count; i++) {
        if (!item_is(&list[i], what, mid, arena))
            continue;
        *item = list[i].id;
        found++;
    }
    cv_arena_free(&arena);
    if (st == CV_OK && found == 0)
        return cv_fail(err, CV_ERR_NOTFOUND, "no meeting \"%.*s\"",
                       CV_FMT(what));
    if (st == CV_OK && found > 1)
        return cv_fail(err, CV_ERR_CONFLICT,
                       "%zu meetings are called \"%.*s\": give the id", found,
                       CV_FMT(what));
    return st;
}
