/* The SMTP envelope a message object asks for. */
#include "convert/private.h"

#include "base/text.h"
#include "ical/ical.h"

#include <stdlib.h>

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

typedef struct target {
    cv_slice address; /* lower case; arena */
    size_t row;
    bool again; /* stood in an earlier row */
} target;

static int cmp_address(const void *a, const void *b)
{
    const target *x = a, *y = b;
    int order = cv_slice_cmp(x->address, y->address);
    return order ? order : (x->row > y->row) - (x->row < y->row);
}

static int cmp_row(const void *a, const void *b)
{
    const target *x = a, *y = b;
    return (x->row > y->row) - (x->row < y->row);
}

/* Each address once, in the order of the rows. */
static void mark_repeated(target *list, size_t count)
{
    if (count < 2)
        return;
    qsort(list, count, sizeof *list, cmp_address);
    for (size_t i = 1; i < count; i++)
        list[i].again = cv_slice_eq(list[i].address, list[i - 1].address);
    qsort(list, count, sizeof *list, cmp_row);
}

/* An encapsulated address only leads back to the own domain. */
static bool can_be_mailed(const cv_person *p, const cv_convert_options *options)
{
    return p->address.len && (!p->encapsulated || options->domain.len);
}

cv_status cv_envelope(const cv_object *obj, const cv_convert_options *options,
                      cv_arena *arena, cv_slice *from, cv_slice **to,
                      size_t *to_count, cv_report *report, cv_error *err)
{
    cv_people people;
    CV_TRY(cv_people_read(obj, options, arena, &people, report, err));
    target *all = cv_arena_array(arena, people.row_count, sizeof *all);
    cv_slice *list = cv_arena_array(arena, people.row_count, sizeof *list);
    if (!all || !list)
        return cv_arena_fail(arena, err);
    size_t count = 0, n = 0;
    for (size_t i = 0; i < people.row_count; i++)
        if (can_be_mailed(&people.rows[i], options) &&
            cv_row_is_mailed(obj, cv_object_recipient(obj, i)))
            all[count++] = (target){ .address = cv_ascii_lower(
                                         arena, people.rows[i].address),
                                     .row = i };
    mark_repeated(all, count);
    for (size_t i = 0; i < count; i++)
        if (!all[i].again)
            list[n++] = people.rows[all[i].row].address;
    *from =
        people.sender.address.len ? people.sender.address : people.from.address;
    *to = list;
    *to_count = n;
    return CV_OK;
}
