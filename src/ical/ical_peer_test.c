/* Weaknesses of other programs that convert meetings, as they were observed:
 * each test shows Convoke without one of them. A weekly request with five
 * attendees, one instance moved and one deleted. */
#include "ical/ical_test_kit.h"

#include "base/datetime.h"
#include "mapi/entryid.h"
#include "mapi/globalid.h"

static const char meeting[] =
    "BEGIN:VEVENT\nUID:u1@example.com\nSUMMARY:Team\nSEQUENCE:1\n"
    "DTSTAMP:20260101T000000Z\nORGANIZER;CN=Olga:mailto:olga@example.com\n"
    "ATTENDEE;CN=Ann;ROLE=REQ-PARTICIPANT;RSVP=TRUE:mailto:ann@example.com\n"
    "ATTENDEE;CN=Bob;ROLE=OPT-PARTICIPANT:mailto:bob@example.com\n"
    "ATTENDEE;CN=R1;CUTYPE=ROOM:mailto:r1@example.com\n"
    "DTSTART;TZID=Europe/Berlin:20260302T090000\n"
    "DTEND;TZID=Europe/Berlin:20260302T100000\n"
    "RRULE:FREQ=WEEKLY;COUNT=6;BYDAY=MO\n"
    "EXDATE;TZID=Europe/Berlin:20260309T090000\n"
    "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT15M\nEND:VALARM\nEND:VEVENT\n"
    "BEGIN:VEVENT\nUID:u1@example.com\nSUMMARY:Team, later\n"
    "DTSTAMP:20260101T000000Z\n"
    "RECURRENCE-ID;TZID=Europe/Berlin:20260406T090000\n"
    "DTSTART;TZID=Europe/Berlin:20260407T143000\n"
    "DTEND;TZID=Europe/Berlin:20260407T153000\nEND:VEVENT\n";

static void make_reply(void)
{
    cv_bag *row, *b = bag();
    (void)cv_bag_set_string(b, CV_PidTagMessageClass,
                            CV_S("IPM.Schedule.Meeting.Resp.Pos"));
    (void)cv_bag_set_ticks(b, CV_PidLidAppointmentStartWhole,
                           at("2026-03-02T08:00:00Z"));
    (void)cv_bag_set_ticks(b, CV_PidLidAppointmentEndWhole,
                           at("2026-03-02T09:00:00Z"));
    (void)cv_bag_set_binary(
        b, CV_PidLidGlobalObjectId,
        cv_globalid_of_uid(arena, CV_S("u1@example.com"), 0, 0, 0));
    (void)cv_bag_set_person(b, &cv_person_sent_representing, CV_S("Ann"),
                            CV_S("ann@example.com"));
    (void)cv_bag_set_bool(b, CV_PidLidReminderSet, true);
    row = cv_object_add_recipient(obj);
    (void)cv_bag_set_i32(row, CV_PidTagRecipientType, 1);
    (void)cv_bag_set_string(row, CV_PidTagDisplayName, CV_S("Olga"));
    (void)cv_bag_set_string(row, CV_PidTagSmtpAddress,
                            CV_S("olga@example.com"));
}

/* vCal-Uid data may end with a NUL, or with several. */
static void peer_gromox_uid_without_nul_byte(void **state)
{
    static const char *const tails[] = { "", "00", "000000" };
    (void)state;
    for (size_t i = 0; i < CV_LEN(tails); i++) {
        cv_buf hex;
        size_t extra = strlen(tails[i]) / 2;
        cv_buf_init(&hex, 0);
        cv_buf_printf(&hex,
                      "040000008200E00074C5B7101A82E00800000000000000000000"
                      "00000000000000000000%02zX0000007643616C2D556964"
                      "010000007531406578616D706C652E636F6D%s",
                      26 + extra, tails[i]);
        cv_slice blob;
        assert_int_equal(cv_hex_decode(arena, cv_buf_slice(&hex), &blob, NULL),
                         0);
        cv_buf_clear(&hex);
        make_reply();
        (void)cv_bag_set_binary(bag(), CV_PidLidGlobalObjectId, blob);
        cv_buf out;
        cv_buf_init(&out, 0);
        assert_int_equal(
            cv_ical_write(obj, NULL, &everything, &out, report, NULL), 0);
        cv_slice text = cv_buf_slice(&out);
        assert_int_equal(cv_slice_find_byte(text, 0, 0), CV_NPOS);
        assert_true(cv_slice_find(text, CV_S("\r\nUID:u1@example.com\r\n"),
                                  0) != CV_NPOS);
        cv_buf_clear(&out);
    }
}

/* Not EXDATE and RDATE at midnight: RECURRENCE-ID and the new time. */
static void peer_gromox_moved_instance_keeps_its_time(void **state)
{
    (void)state;
    assert_true(import(calendar("REQUEST", meeting)));
    const char *text = written(obj, NULL, &everything);
    assert_null(strstr(text, "RDATE"));
    assert_true(has_line(
        text, "RECURRENCE-ID;TZID=W. Europe Standard Time:20260406T090000"));
    assert_true(
        has_line(text, "DTSTART;TZID=W. Europe Standard Time:20260407T143000"));
    assert_true(has_line(text, "SUMMARY:Team\\, later"));
    assert_int_equal(count_of(text, "BEGIN:VEVENT"), 2);
}

/* RECURRENCE-ID in the form of the series' start, never TZID and Z together. */
static void peer_gromox_zoned_dates_are_valid(void **state)
{
    (void)state;
    assert_true(import(calendar("REQUEST", meeting)));
    for (const char *p = written(obj, NULL, &everything); p && *p;) {
        const char *end = strstr(p, "\r\n");
        if (memmem(p, (size_t)(end - p), ";TZID=", 6))
            assert_true(end[-1] != 'Z');
        p = end + 2;
    }
}

static void peer_gromox_reply_has_organizer_name_and_no_alarm(void **state)
{
    (void)state;
    make_reply();
    const char *text = written(obj, NULL, &everything);
    assert_true(has_line(text, "ORGANIZER;CN=Olga:mailto:olga@example.com"));
    assert_true(has_line(
        text, "ATTENDEE;PARTSTAT=ACCEPTED;CN=Ann:mailto:ann@example.com"));
    assert_null(strstr(text, "VALARM"));
}

static void peer_gromox_reply_keeps_its_attendee(void **state)
{
    (void)state;
    assert_true(import(calendar(
        "REPLY", "BEGIN:VEVENT\nUID:u1\nDTSTAMP:20260101T000000Z\n"
                 "DTSTART:20260302T080000Z\nORGANIZER:mailto:olga@example.com\n"
                 "ATTENDEE;CN=Ann;PARTSTAT=DECLINED:mailto:ann@example.com\n"
                 "END:VEVENT\n")));
    const char *text = written(obj, NULL, &everything);
    assert_true(has_line(text, "METHOD:REPLY"));
    assert_true(has_line(
        text, "ATTENDEE;PARTSTAT=DECLINED;CN=Ann:mailto:ann@example.com"));
    assert_true(
        has_line(text,
                 "ORGANIZER;CN=olga@example.com:mailto:olga@example.com") ||
        has_line(text, "ORGANIZER:mailto:olga@example.com"));
}

static void peer_gromox_status_is_written(void **state)
{
    (void)state;
    assert_true(import(calendar("REQUEST", meeting)));
    assert_true(has_line(written(obj, NULL, &everything), "STATUS:CONFIRMED"));
}

static void peer_gromox_cancellation_is_free_and_silent(void **state)
{
    (void)state;
    assert_true(import(calendar("CANCEL", meeting)));
    (void)cv_bag_set_bool(bag(), CV_PidLidReminderSet, true);
    const char *text = written(obj, NULL, &everything);
    assert_true(has_line(text, "STATUS:CANCELLED"));
    assert_true(has_line(text, "X-MICROSOFT-CDO-BUSYSTATUS:FREE"));
    assert_true(has_line(text, "TRANSP:TRANSPARENT"));
    assert_null(strstr(text, "VALARM"));
}

static bool directory(void *ctx, cv_arena *a, cv_slice type, cv_slice address,
                      cv_slice *smtp)
{
    (void)ctx;
    (void)a;
    *smtp = CV_S("olga@example.com");
    return cv_slice_ieq(type, CV_S("EX")) &&
           cv_slice_eq(address, CV_S("/O=ORG/CN=OLGA"));
}

/* Without a directory the name stays; with one the address is found. */
static void peer_gromox_organizer_of_exchange_is_not_lost(void **state)
{
    cv_ical_options options = everything;
    (void)state;
    assert_true(import(calendar("REQUEST", meeting)));
    cv_bag *row = cv_object_recipient(obj, 0), *b = bag();
    cv_bag *const bags[] = { row };
    for (size_t i = 0; i < CV_LEN(bags); i++) {
        (void)cv_bag_set_string(bags[i], CV_PidTagAddressType, CV_S("EX"));
        (void)cv_bag_set_string(bags[i], CV_PidTagEmailAddress,
                                CV_S("/O=ORG/CN=OLGA"));
        cv_bag_remove(bags[i], CV_PidTagSmtpAddress);
    }
    (void)cv_bag_set_string(b, CV_PidTagSentRepresentingAddressType,
                            CV_S("EX"));
    (void)cv_bag_set_string(b, CV_PidTagSentRepresentingEmailAddress,
                            CV_S("/O=ORG/CN=OLGA"));
    cv_bag_remove(b, CV_PidTagSentRepresentingSmtpAddress);
    cv_bag_remove(b, CV_PidTagSenderSmtpAddress);
    (void)cv_bag_set_string(b, CV_PidTagSenderEmailAddress,
                            CV_S("/O=ORG/CN=OLGA"));
    (void)cv_bag_set_string(b, CV_PidTagSenderAddressType, CV_S("EX"));
    assert_true(has_line(written(obj, NULL, &everything),
                         "ORGANIZER;CN=Olga:invalid:nomail"));
    options.resolve = directory;
    assert_true(has_line(written(obj, NULL, &options),
                         "ORGANIZER;CN=Olga:mailto:olga@example.com"));
}

/* Every class has its METHOD, and a response its answer. */
static void peer_ytnef_every_method_is_written(void **state)
{
    static const struct {
        const char *class, *method;
    } rows[] = {
        { "IPM.Appointment", "METHOD:PUBLISH" },
        { "IPM.Schedule.Meeting.Request", "METHOD:REQUEST" },
        { "IPM.Schedule.Meeting.Canceled", "METHOD:CANCEL" },
        { "IPM.Schedule.Meeting.Resp.Pos", "METHOD:REPLY" },
        { "IPM.Schedule.Meeting.Resp.Neg", "METHOD:REPLY" },
        { "IPM.Schedule.Meeting.Resp.Tent", "METHOD:REPLY" },
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        make_reply();
        (void)cv_bag_set_string(bag(), CV_PidTagMessageClass,
                                cv_slice_cstr(rows[i].class));
        assert_true(has_line(written(obj, NULL, &everything), rows[i].method));
    }
}

/* The address, never MAILTO: and a name. */
static void peer_ytnef_attendees_have_addresses_and_names(void **state)
{
    (void)state;
    assert_true(import(calendar("REQUEST", meeting)));
    const char *text = written(obj, NULL, &everything);
    assert_true(has_line(text,
                         "ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;"
                         "RSVP=TRUE;CN=Ann:mailto:ann@example.com"));
    assert_true(has_line(text,
                         "ATTENDEE;ROLE=OPT-PARTICIPANT;PARTSTAT=NEEDS-ACTION;"
                         "RSVP=TRUE;CN=Bob:mailto:bob@example.com"));
    assert_true(has_line(text, "ATTENDEE;CUTYPE=ROOM;ROLE=NON-PARTICIPANT;"
                               "PARTSTAT=NEEDS-ACTION;RSVP=TRUE;CN=R1:"
                               "mailto:r1@example.com"));
}

static void peer_ytnef_exclusions_and_moves_are_written(void **state)
{
    (void)state;
    assert_true(import(calendar("REQUEST", meeting)));
    const char *text = written(obj, NULL, &everything);
    assert_true(
        has_line(text, "EXDATE;TZID=W. Europe Standard Time:20260309T090000"));
    assert_int_equal(count_of(text, "RECURRENCE-ID"), 1);
}

/* Local time and rules: 09:00 before and after the change of 29 March. */
static void peer_ytnef_series_does_not_drift_at_the_change(void **state)
{
    cv_ical_item *items;
    cv_recurrence r;
    cv_timezone tz;
    cv_slice blob;
    bool damaged, usable;
    (void)state;
    assert_true(import(calendar("REQUEST", meeting)));
    cv_slice text = cv_slice_cstr(folded(obj, NULL, &everything));
    assert_true(cv_slice_find(text, CV_S("BEGIN:VTIMEZONE"), 0) != CV_NPOS);
    cv_object_free(&obj);
    assert_int_equal(cv_object_new(0, &obj, NULL), 0);
    assert_int_equal(items_of(text, &items), 1);
    assert_int_equal(
        cv_ical_to_object(&items[0], &context, obj, &usable, report, NULL), 0);
    assert_true(cv_bag_binary(bag(), CV_PidLidAppointmentRecur, &blob));
    assert_int_equal(cv_recurrence_parse(arena, blob, 1252, &r, &damaged, NULL),
                     0);
    assert_int_equal(r.start_offset, 540);
    assert_true(cv_bag_binary(
        bag(), CV_PidLidAppointmentTimeZoneDefinitionRecur, &blob));
    assert_int_equal(cv_tzdef_parse(arena, blob, &tz), 0);
    assert_true(cv_timezone_to_utc(&tz, at("2026-03-23T09:00:00Z")) ==
                at("2026-03-23T08:00:00Z"));
    assert_true(cv_timezone_to_utc(&tz, at("2026-03-30T09:00:00Z")) ==
                at("2026-03-30T07:00:00Z"));
}

static void peer_ytnef_dtstamp_is_a_moment_in_utc(void **state)
{
    (void)state;
    assert_true(import(calendar("REQUEST", meeting)));
    assert_true(
        has_line(written(obj, NULL, &everything), "DTSTAMP:20260101T000000Z"));
    cv_bag_remove(bag(), CV_PidLidOwnerCriticalChange);
    assert_true(
        has_line(written(obj, NULL, &everything), "DTSTAMP:20261122T135853Z"));
}

/* The calendar's UID, not an id of the file it came from. */
static void peer_readpst_uid_is_the_meetings(void **state)
{
    (void)state;
    assert_true(import(calendar("REQUEST", meeting)));
    const char *text = written(obj, NULL, &everything);
    assert_int_equal(count_of(text, "UID:u1@example.com"), 2);
    assert_int_equal(count_of(text, "BEGIN:VCALENDAR"), 1);
}

static void peer_readpst_zones_are_written(void **state)
{
    (void)state;
    assert_true(import(calendar("REQUEST", meeting)));
    const char *text = written(obj, NULL, &everything);
    assert_true(has_line(text, "TZID:W. Europe Standard Time"));
    assert_int_equal(count_of(text, "BEGIN:DAYLIGHT"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(peer_gromox_uid_without_nul_byte),
        TEST(peer_gromox_moved_instance_keeps_its_time),
        TEST(peer_gromox_zoned_dates_are_valid),
        TEST(peer_gromox_reply_has_organizer_name_and_no_alarm),
        TEST(peer_gromox_reply_keeps_its_attendee),
        TEST(peer_gromox_status_is_written),
        TEST(peer_gromox_cancellation_is_free_and_silent),
        TEST(peer_gromox_organizer_of_exchange_is_not_lost),
        TEST(peer_ytnef_every_method_is_written),
        TEST(peer_ytnef_attendees_have_addresses_and_names),
        TEST(peer_ytnef_exclusions_and_moves_are_written),
        TEST(peer_ytnef_series_does_not_drift_at_the_change),
        TEST(peer_ytnef_dtstamp_is_a_moment_in_utc),
        TEST(peer_readpst_uid_is_the_meetings),
        TEST(peer_readpst_zones_are_written),
    };
    return cmocka_run_group_tests_name("ical peer", tests, NULL, NULL);
}
