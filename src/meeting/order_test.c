#include "meeting/meeting.h"

#include "base/wintime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define AT(s) (INT64_C(1219232640) * CV_TICKS_PER_SEC + (s)*CV_TICKS_PER_SEC)
#define ABSENT INT32_MIN

static cv_arena *arena;

static int set_up(void **state)
{
    (void)state;
    return cv_arena_new(0, &arena, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    cv_arena_free(&arena);
    return 0;
}

/* ABSENT leaves a property out; times are seconds after AT(0). */
static cv_bag *version(int32_t sequence, int32_t owner_change)
{
    cv_bag *bag = cv_bag_new(arena);

    if (sequence != ABSENT)
        cv_bag_set_i32(bag, CV_PidLidAppointmentSequence, sequence);
    if (owner_change != ABSENT)
        cv_bag_set_ticks(bag, CV_PidLidOwnerCriticalChange, AT(owner_change));
    return bag;
}

static void an_update_is_ordered_by_sequence_then_by_time(void **state)
{
    static const struct {
        int32_t mseq, mtime, oseq, otime;
        meeting_order want;
    } rows[] = {
        { 1, 0, 0, 5, MEETING_NEWER },
        { 0, 9, 1, 0, MEETING_OUT_OF_DATE },
        { 1, 6, 1, 5, MEETING_NEWER },
        { 1, 5, 1, 5, MEETING_SAME },
        { 1, 4, 1, 5, MEETING_OUT_OF_DATE },
        { 1, ABSENT, 1, 5, MEETING_NEWER },
        { 1, 5, 1, ABSENT, MEETING_NEWER },
        { ABSENT, 5, ABSENT, 5, MEETING_SAME },
        { ABSENT, 5, 1, 5, MEETING_OUT_OF_DATE },
    };

    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++)
        assert_int_equal(
            meeting_order_update(version(rows[i].mseq, rows[i].mtime),
                                 version(rows[i].oseq, rows[i].otime)),
            rows[i].want);
}

static void an_update_marked_out_of_date_stays_so(void **state)
{
    cv_bag *m = version(9, 9);

    (void)state;
    cv_bag_set_i32(m, CV_PidLidMeetingType, 0x80000);
    assert_int_equal(meeting_order_update(m, version(0, 0)),
                     MEETING_OUT_OF_DATE);
}

static void fractions_of_a_second_do_not_make_a_version_older(void **state)
{
    cv_bag *m = version(1, 5), *o = version(1, 5);

    (void)state;
    cv_bag_set_ticks(o, CV_PidLidOwnerCriticalChange, AT(5) + 4000000);
    assert_int_equal(meeting_order_update(m, o), MEETING_SAME);
}

static cv_bag *reply(int32_t sequence, int32_t answered)
{
    cv_bag *bag = version(sequence, ABSENT);

    if (answered != ABSENT)
        cv_bag_set_ticks(bag, CV_PidLidAttendeeCriticalChange, AT(answered));
    return bag;
}

static cv_bag *row_answered(int32_t answered)
{
    cv_bag *bag = cv_bag_new(arena);

    if (answered != ABSENT)
        cv_bag_set_ticks(bag, CV_PidTagRecipientTrackStatusTime, AT(answered));
    return bag;
}

static void a_reply_is_stale_only_when_strictly_older(void **state)
{
    static const struct {
        int32_t answered, recorded;
        meeting_reply_order want;
    } rows[] = {
        { 5, 6, MEETING_REPLY_STALE },
        { 5, 5, MEETING_REPLY_RECORD },
        { 6, 5, MEETING_REPLY_RECORD },
        { 5, ABSENT, MEETING_REPLY_RECORD },
        { ABSENT, 5, MEETING_REPLY_RECORD },
    };

    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++)
        assert_int_equal(
            meeting_order_reply(reply(0, rows[i].answered), version(0, 0),
                                row_answered(rows[i].recorded), AT(100), false),
            rows[i].want);
}

static void a_row_of_1601_makes_no_reply_stale(void **state)
{
    cv_bag *row = cv_bag_new(arena);

    (void)state;
    cv_bag_set_time(row, CV_PidTagRecipientTrackStatusTime, 0);
    assert_int_equal(
        meeting_order_reply(reply(0, 0), version(0, 0), row, AT(100), false),
        MEETING_REPLY_RECORD);
    assert_false(meeting_banner(reply(0, 0), row));
}

static void a_row_from_the_future_makes_no_reply_stale(void **state)
{
    (void)state;
    assert_int_equal(meeting_order_reply(reply(0, 5), version(0, 0),
                                         row_answered(2 * 86400), AT(100),
                                         false),
                     MEETING_REPLY_RECORD);
}

static void a_reply_to_an_older_version_is_out_of_date(void **state)
{
    cv_bag *item = version(1, 0);

    (void)state;
    cv_bag_set_i32(item, CV_PidNameConvokeSignificantSequence, 1);
    assert_int_equal(meeting_order_reply(reply(0, 5), item, NULL, AT(9), false),
                     MEETING_REPLY_OUT_OF_DATE);
    assert_int_equal(
        meeting_order_reply(reply(ABSENT, 5), item, NULL, AT(9), false),
        MEETING_REPLY_RECORD);
}

static void
a_reply_counts_across_unimportant_updates_unless_strict(void **state)
{
    cv_bag *item = version(3, 0);

    (void)state;
    cv_bag_set_i32(item, CV_PidNameConvokeSignificantSequence, 1);
    assert_int_equal(meeting_order_reply(reply(1, 5), item, NULL, AT(9), false),
                     MEETING_REPLY_RECORD);
    assert_int_equal(meeting_order_reply(reply(1, 5), item, NULL, AT(9), true),
                     MEETING_REPLY_OUT_OF_DATE);
    assert_int_equal(meeting_order_reply(reply(0, 5), item, NULL, AT(9), false),
                     MEETING_REPLY_OUT_OF_DATE);
}

static void the_banner_shows_only_for_a_later_recorded_answer(void **state)
{
    static const struct {
        int32_t answered, recorded;
        bool want;
    } rows[] = {
        { 5, 6, true },       { 5, 5, false },      { 6, 5, false },
        { 5, ABSENT, false }, { ABSENT, 6, false },
    };

    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++)
        assert_int_equal(meeting_banner(reply(0, rows[i].answered),
                                        row_answered(rows[i].recorded)),
                         rows[i].want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_update_is_ordered_by_sequence_then_by_time),
        cmocka_unit_test(an_update_marked_out_of_date_stays_so),
        cmocka_unit_test(fractions_of_a_second_do_not_make_a_version_older),
        cmocka_unit_test(a_reply_is_stale_only_when_strictly_older),
        cmocka_unit_test(a_row_of_1601_makes_no_reply_stale),
        cmocka_unit_test(a_row_from_the_future_makes_no_reply_stale),
        cmocka_unit_test(a_reply_to_an_older_version_is_out_of_date),
        cmocka_unit_test(
            a_reply_counts_across_unimportant_updates_unless_strict),
        cmocka_unit_test(the_banner_shows_only_for_a_later_recorded_answer),
    };

    return cmocka_run_group_tests_name("meeting order", tests, set_up,
                                       tear_down);
}
