/* meeting_rig.h - a meeting of Alice with Bob and Eve, for tests. */
#ifndef CV_CONVERT_MEETING_RIG_H
#define CV_CONVERT_MEETING_RIG_H

#include "convert/test_util.h"

#include "mapi/globalid.h"

#define MEETING_UID \
    "040000008200E00074C5B7101A82E00800000000E040C9C12685C401" \
    "0000000000000000100000000BF0ED4B6E4EE94E9E39E3867B378EF3"

#define HOUR (INT64_C(3600) * CV_TICKS_PER_SEC)

static inline cv_bag *meeting_row(rig *r, const char *name, const char *address,
                                  int32_t type, int32_t flags)
{
    cv_bag *row = cv_object_add_recipient(r->obj);
    assert_non_null(row);
    cv_row_set_smtp(row, cv_slice_cstr(name), cv_slice_cstr(address), type);
    cv_bag_set_i32(row, CV_PidTagRecipientFlags, flags);
    return row;
}

/* The class's meeting message at TEST_NOW, sent an hour ago in its version;
 * row 0 is Alice (organizer), row 1 Bob (accepted), row 2 Eve (no answer). */
static inline void meeting_make(rig *r, const char *message_class)
{
    cv_object_free(&r->obj);
    assert_int_equal(cv_object_new(0, &r->obj, NULL), CV_OK);
    cv_bag *p = rig_props(r);
    cv_arena *arena = cv_object_arena(r->obj);
    cv_bag_set_string(p, CV_PidTagMessageClass, cv_slice_cstr(message_class));
    cv_bag_set_string(p, CV_PidTagSubject, CV_S("Budget"));
    cv_bag_set_string(p, CV_PidTagNormalizedSubject, CV_S("Budget"));
    cv_bag_set_string(p, CV_PidTagInternetMessageId,
                      CV_S("<m1@north.example>"));
    cv_bag_set_ticks(p, CV_PidTagClientSubmitTime, TEST_NOW);
    cv_bag_set_person(p, &cv_person_sent_representing, CV_S("Alice"),
                      CV_S("alice@north.example"));
    cv_bag_set_person(p, &cv_person_sender, CV_S("Alice"),
                      CV_S("alice@north.example"));
    cv_bag_set_binary(p, CV_PidLidGlobalObjectId,
                      cv_globalid_of_uid(arena, CV_S(MEETING_UID), 0, 0, 0));
    cv_bag_set_binary(p, CV_PidLidCleanGlobalObjectId,
                      cv_globalid_of_uid(arena, CV_S(MEETING_UID), 0, 0, 0));
    cv_bag_set_ticks(p, CV_PidLidAppointmentStartWhole, TEST_NOW + 24 * HOUR);
    cv_bag_set_ticks(p, CV_PidLidAppointmentEndWhole, TEST_NOW + 25 * HOUR);
    cv_bag_set_string(p, CV_PidLidLocation, CV_S("Room 1"));
    cv_bag_set_i32(p, CV_PidLidAppointmentSequence, 1);
    cv_bag_set_i32(p, CV_PidLidAppointmentStateFlags, 1);
    cv_bag_set_ticks(p, CV_PidLidOwnerCriticalChange, TEST_NOW - HOUR);
    meeting_row(r, "Alice", "alice@north.example", CV_RECIP_TO, 3);
    cv_bag *bob = meeting_row(r, "Bob", "bob@south.example", CV_RECIP_TO, 1);
    cv_bag_set_i32(bob, CV_PidTagRecipientTrackStatus, 3);
    meeting_row(r, "Eve", "eve@east.example", CV_RECIP_CC, 1);
}

static inline void put_value(cv_bag *bag, cv_tag tag, uint16_t type,
                             uint64_t value)
{
    cv_value v = { .type = type, .count = 1 };
    if (type == CV_T_TIME)
        v.time = value;
    else if (type == CV_T_ERROR)
        v.error = (uint32_t)value;
    else if (type == CV_T_STRING)
        v.bytes = CV_S("yesterday");
    else
        v.i64 = (int64_t)value;
    assert_int_equal(cv_bag_put(bag, tag, &v, NULL), CV_OK);
}

#endif
