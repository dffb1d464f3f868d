/* The SMTP envelope a message object asks for. */
#include "convert/private.h"

#include "ical/ical.h"

/* In a response the organizer is the addressee; in what the organizer sends,
 * the organizer's own row is only there to complete the list. */
bool cv_row_is_mailed(const cv_object *obj, const cv_bag *row)
{
    int32_t flags = cv_bag_i32_or(row, CV_PidTagRecipientFlags, 0);
    bool calendar = cv_ical_method_of(obj) != NULL;
    bool response = cv_object_is_class(obj, CV_S("IPM.Schedule.Meeting.Resp"));
    if (calendar && !response &&
        (flags & (CV_RECIP_ORGANIZER | CV_RECIP_DELETED)) != 0)
        return false;
    return true;
}

static bool listed(const cv_slice *list, size_t count, cv_slice address)
{
    for (size_t i = 0; i < count; i++)
        if (cv_slice_ieq(list[i], address))
            return true;
    return false;
}

cv_status cv_envelope(const cv_object *obj, const cv_convert_options *options,
                      cv_arena *arena, cv_slice *from, cv_slice **to,
                      size_t *to_count, cv_report *report, cv_error *err)
{
    cv_people people;
    CV_TRY(cv_people_read(obj, options, arena, &people, report, err));
    cv_slice *list = cv_arena_array(arena, people.row_count, sizeof *list);
    if (!list)
        return cv_arena_fail(arena, err);
    size_t n = 0;
    for (size_t i = 0; i < people.row_count; i++) {
        cv_slice address = people.rows[i].address;
        /* An encapsulated address only leads back to the own domain. */
        if (!address.len ||
            (people.rows[i].encapsulated && !options->domain.len) ||
            !cv_row_is_mailed(obj, cv_object_recipient(obj, i)) ||
            listed(list, n, address))
            continue;
        list[n++] = address;
    }
    *from =
        people.sender.address.len ? people.sender.address : people.from.address;
    *to = list;
    *to_count = n;
    return CV_OK;
}
