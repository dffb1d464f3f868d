#include "ical/ical_test_kit.h"

#include "base/datetime.h"
#include "mapi/entryid.h"
#include "mapi/globalid.h"

#define REPLY_HEAD \
    "BEGIN:VEVENT\nUID:u1\nORGANIZER;CN=Alice:mailto:alice@north.example\n" \
    "ATTENDEE;PARTSTAT=ACCEPTED;CN=Bob:mailto:bob@south.example\n" \
    "DTSTART;TZID=Europe/Berlin:20261123T090000\n" \
    "DTEND;TZID=Europe/Berlin:20261123T100000\nSUMMARY:Budget\n"

static cv_bag *row_of(const char *address)
{
    for (size_t i = 0; i < cv_object_recipient_count(obj); i++) {
        cv_bag *row = cv_object_recipient(obj, i);
        if (strcmp(text_of(row, CV_PidTagSmtpAddress), address) == 0)
            return row;
    }
    return NULL;
}

static void request_becomes_a_meeting_request(void **state)
{
    (void)state;
    assert_true(import(calendar(
        "REQUEST", "BEGIN:VEVENT\nUID:abc123@example.com\nSEQUENCE:2\n"
                   "DTSTAMP:20261120T080000Z\nSUMMARY:Budget\\, again\n"
                   "ORGANIZER;CN=Alice:mailto:alice@north.example\n"
                   "ATTENDEE;ROLE=REQ-PARTICIPANT;RSVP=TRUE;CN=Bob:MAILTO:"
                   "bob@south.example\n"
                   "ATTENDEE;ROLE=OPT-PARTICIPANT:mailto:carol@south.example\n"
                   "ATTENDEE;CUTYPE=ROOM;CN=Room 1:mailto:room1@south.example\n"
                   "DTSTART;TZID=Europe/Berlin:20261123T090000\n"
                   "DTEND;TZID=Europe/Berlin:20261123T103000\n"
                   "LOCATION:Room 1\nDESCRIPTION:Hello\\,\\n\\nsee you\n"
                   "CLASS:PRIVATE\nPRIORITY:1\n"
                   "X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE\n"
                   "X-MICROSOFT-CDO-INTENDEDSTATUS:OOF\nEND:VEVENT\n")));
    assert_true(is_class("IPM.Schedule.Meeting.Request"));
    assert_string_equal(text_of(bag(), CV_PidTagNormalizedSubject),
                        "Budget, again");
    assert_string_equal(time_of(bag(), CV_PidLidAppointmentStartWhole),
                        "2026-11-23T08:00:00Z");
    assert_string_equal(time_of(bag(), CV_PidLidAppointmentEndWhole),
                        "2026-11-23T09:30:00Z");
    assert_int_equal(cv_bag_i32_or(bag(), CV_PidLidAppointmentDuration, 0), 90);
    assert_string_equal(time_of(bag(), CV_PidLidOwnerCriticalChange),
                        "2026-11-20T08:00:00Z");
    assert_int_equal(cv_bag_i32_or(bag(), CV_PidLidAppointmentSequence, 0), 2);
    assert_int_equal(cv_bag_i32_or(bag(), CV_PidLidMeetingType, 0), 0x10000);
    assert_int_equal(cv_bag_i32_or(bag(), CV_PidLidAppointmentStateFlags, 0),
                     3);
    assert_int_equal(cv_bag_i32_or(bag(), CV_PidLidResponseStatus, 0), 5);
    assert_int_equal(cv_bag_i32_or(bag(), CV_PidLidBusyStatus, 9), 1);
    assert_int_equal(cv_bag_i32_or(bag(), CV_PidLidIntendedBusyStatus, 9), 3);
    assert_int_equal(cv_bag_i32_or(bag(), CV_PidTagSensitivity, 9), 2);
    assert_int_equal(cv_bag_i32_or(bag(), CV_PidTagImportance, 9), 2);
    assert_true(cv_bag_bool_or(bag(), CV_PidTagResponseRequested, false));
    assert_string_equal(text_of(bag(), CV_PidTagBody), "Hello,\r\n\r\nsee you");
    assert_string_equal(text_of(bag(), CV_PidTagSentRepresentingSmtpAddress),
                        "alice@north.example");
    assert_string_equal(text_of(bag(), CV_PidLidAllAttendeesString),
                        "Bob; carol@south.example; Room 1");
}

static void rows_have_type_flags_and_no_time(void **state)
{
    (void)state;
    request_becomes_a_meeting_request(state);
    assert_int_equal(cv_object_recipient_count(obj), 4);
    cv_bag *alice = row_of("alice@north.example");
    cv_bag *bob = row_of("bob@south.example");
    cv_bag *carol = row_of("carol@south.example");
    cv_bag *room = row_of("room1@south.example");
    assert_int_equal(cv_bag_i32_or(alice, CV_PidTagRecipientFlags, 0), 3);
    assert_int_equal(cv_bag_i32_or(bob, CV_PidTagRecipientFlags, 0), 1);
    assert_int_equal(cv_bag_i32_or(bob, CV_PidTagRecipientType, 0), 1);
    assert_string_equal(text_of(bob, CV_PidTagDisplayName), "Bob");
    assert_int_equal(cv_bag_i32_or(carol, CV_PidTagRecipientType, 0), 2);
    assert_int_equal(cv_bag_i32_or(room, CV_PidTagRecipientType, 0), 3);
    assert_int_equal(cv_bag_i32_or(room, CV_PidTagDisplayType, 0), 7);
    for (size_t i = 0; i < 4; i++)
        assert_false(cv_bag_has(cv_object_recipient(obj, i),
                                CV_PidTagRecipientTrackStatusTime));
}

/* C001: the reply of the article has no critical-change line. */
static void C001_reply_without_critical_change_takes_dtstamp(void **state)
{
    (void)state;
    assert_true(import(calendar("REPLY", REPLY_HEAD
                                "DTSTAMP:20261121T101112Z\nEND:VEVENT\n")));
    assert_true(is_class("IPM.Schedule.Meeting.Resp.Pos"));
    assert_string_equal(time_of(bag(), CV_PidLidAttendeeCriticalChange),
                        "2026-11-21T10:11:12Z");
    assert_string_equal(text_of(bag(), CV_PidTagSentRepresentingSmtpAddress),
                        "bob@south.example");
    assert_int_equal(cv_object_recipient_count(obj), 1);
    assert_false(cv_report_has(report, CV_RULE_CRITICAL_CHANGE));
}

static void C001_reply_takes_the_latest_believable_time(void **state)
{
    static const struct {
        const char *lines, *time;
    } rows[] = {
        { "DTSTAMP:20261121T101112Z\n"
          "X-MICROSOFT-CDO-ATTENDEE-CRITICAL-CHANGE:20261121T111112Z\n",
          "2026-11-21T11:11:12Z" },
        { "DTSTAMP:20261121T101112Z\n"
          "X-MICROSOFT-CDO-ATTENDEE-CRITICAL-CHANGE:16010101T000000Z\n",
          "2026-11-21T10:11:12Z" },
        { "DTSTAMP:45010101T000000Z\nX-MICROSOFT-CDO-REPLYTIME:"
          "20261120T000000Z\n",
          "2026-11-20T00:00:00Z" },
        /* later than a day from now: not believed */
        { "DTSTAMP:20261124T135854Z\nLAST-MODIFIED:20261119T000000Z\n",
          "2026-11-19T00:00:00Z" },
        { "DTSTAMP:20261123T135853Z\n", "2026-11-23T13:58:53Z" },
        { "DTSTAMP:00010101T000000Z\n", NOW },
        { "", NOW },
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        cv_slice head = cv_arena_printf(arena, "%s%sEND:VEVENT\n", REPLY_HEAD,
                                        rows[i].lines);
        cv_object_free(&obj);
        assert_int_equal(cv_object_new(0, &obj, NULL), 0);
        assert_true(import(calendar("REPLY", (const char *)head.ptr)));
        assert_string_equal(time_of(bag(), CV_PidLidAttendeeCriticalChange),
                            rows[i].time);
    }
}

static void C001_reply_without_any_time_takes_the_mails_date(void **state)
{
    (void)state;
    context.date_ticks = at("2026-11-18T01:02:03Z");
    context.received_ticks = at("2026-11-18T01:02:09Z");
    assert_true(import(calendar("REPLY", REPLY_HEAD "END:VEVENT\n")));
    assert_string_equal(time_of(bag(), CV_PidLidAttendeeCriticalChange),
                        "2026-11-18T01:02:03Z");
    assert_true(cv_report_has(report, CV_RULE_CRITICAL_CHANGE));
    context.date_ticks = at("1601-01-01T00:00:00Z");
    assert_true(import(calendar("REPLY", REPLY_HEAD "END:VEVENT\n")));
    assert_string_equal(time_of(bag(), CV_PidLidAttendeeCriticalChange),
                        "2026-11-18T01:02:09Z");
}

static void reply_is_judged_by_its_partstat(void **state)
{
    static const struct {
        const char *partstat, *class;
    } rows[] = { { "DECLINED", "IPM.Schedule.Meeting.Resp.Neg" },
                 { "tentative", "IPM.Schedule.Meeting.Resp.Tent" } };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        cv_slice e = cv_arena_printf(
            arena,
            "BEGIN:VEVENT\nUID:u\nDTSTAMP:20261121T101112Z\n"
            "ATTENDEE;PARTSTAT=%s:mailto:b@x.example\nEND:VEVENT\n",
            rows[i].partstat);
        assert_true(import(calendar("REPLY", (const char *)e.ptr)));
        assert_true(is_class(rows[i].class));
    }
    assert_false(import(
        calendar("REPLY", "BEGIN:VEVENT\nUID:u\nATTENDEE;PARTSTAT=NEEDS-ACTION:"
                          "mailto:b@x.example\nEND:VEVENT\n")));
    assert_true(cv_report_has(report, CV_RULE_ICAL_UNUSABLE));
}

static void reply_of_several_is_the_senders(void **state)
{
    (void)state;
    context.from_address = CV_S("Carol@south.example");
    assert_true(import(calendar(
        "REPLY", "BEGIN:VEVENT\nUID:u\nDTSTAMP:20261121T101112Z\n"
                 "ATTENDEE;PARTSTAT=ACCEPTED:mailto:bob@south.example\n"
                 "ATTENDEE;PARTSTAT=DECLINED:mailto:carol@south.example\n"
                 "END:VEVENT\n")));
    assert_true(is_class("IPM.Schedule.Meeting.Resp.Neg"));
}

static void counter_keeps_the_original_times(void **state)
{
    (void)state;
    assert_true(import(calendar(
        "COUNTER", "BEGIN:VEVENT\nUID:u\nDTSTAMP:20261121T101112Z\n"
                   "ATTENDEE;PARTSTAT=TENTATIVE:mailto:bob@south.example\n"
                   "DTSTART:20261123T120000Z\nDTEND:20261123T130000Z\n"
                   "X-MS-OLK-ORIGINALSTART:20261123T080000Z\n"
                   "X-MS-OLK-ORIGINALEND:20261123T090000Z\nEND:VEVENT\n")));
    assert_true(is_class("IPM.Schedule.Meeting.Resp.Tent"));
    assert_true(
        cv_bag_bool_or(bag(), CV_PidLidAppointmentCounterProposal, false));
    assert_string_equal(time_of(bag(), CV_PidLidAppointmentProposedStartWhole),
                        "2026-11-23T12:00:00Z");
    assert_string_equal(time_of(bag(), CV_PidLidAppointmentStartWhole),
                        "2026-11-23T08:00:00Z");
    assert_int_equal(
        cv_bag_i32_or(bag(), CV_PidLidAppointmentProposedDuration, 0), 60);
}

static void cancellation_needs_no_start(void **state)
{
    (void)state;
    assert_true(import(calendar("CANCEL", "BEGIN:VEVENT\nUID:u\nSEQUENCE:3\n"
                                          "ORGANIZER:mailto:a@x.example\n"
                                          "DTSTAMP:20261121T101112Z\n"
                                          "END:VEVENT\n")));
    assert_true(is_class("IPM.Schedule.Meeting.Canceled"));
    assert_int_equal(cv_bag_i32_or(bag(), CV_PidLidAppointmentStateFlags, 0),
                     7);
    assert_int_equal(cv_bag_i32_or(bag(), CV_PidLidBusyStatus, 9), 0);
}

static void uid_becomes_the_global_object_id(void **state)
{
    static const char wanted[] =
        "040000008200E00074C5B7101A82E008000000000000000000000000000000000000"
        "0000330000007643616C2D556964010000007B38313431324433432D324132342D34"
        "4539442D423230452D3131463742424539323739397D00";
    cv_slice blob, hex;
    (void)state;
    assert_true(import(calendar("PUBLISH",
                                "BEGIN:VEVENT\nDTSTART:20261123T120000Z\n"
                                "UID:{81412D3C-2A24-4E9D-B20E-11F7BBE92799}\n"
                                "END:VEVENT\n")));
    assert_true(is_class("IPM.Appointment"));
    assert_true(cv_bag_binary(bag(), CV_PidLidGlobalObjectId, &blob));
    assert_int_equal(cv_hex_decode(arena, cv_slice_cstr(wanted), &hex, NULL),
                     0);
    assert_true(cv_slice_eq(blob, hex));
}

static void all_day_dates_are_midnights_of_the_zone(void **state)
{
    (void)state;
    assert_true(import(calendar("PUBLISH", "BEGIN:VEVENT\nUID:u\n"
                                           "DTSTART;VALUE=DATE:20261123\n"
                                           "DTEND;VALUE=DATE:20261125\n"
                                           "END:VEVENT\n")));
    assert_true(cv_bag_bool_or(bag(), CV_PidLidAppointmentSubType, false));
    assert_string_equal(time_of(bag(), CV_PidLidAppointmentStartWhole),
                        "2026-11-22T23:00:00Z");
    assert_string_equal(time_of(bag(), CV_PidLidAppointmentEndWhole),
                        "2026-11-24T23:00:00Z");
}

/* CDO wrote the UTC instants of local midnights. */
static void all_day_instants_keep_their_moment(void **state)
{
    static const char *const rows[][3] = {
        { "20261123T050000Z", "20261124T050000Z", "2026-11-23T05:00:00Z" },
        { "20261122T230000Z", "20261123T230000Z", "2026-11-22T23:00:00Z" },
        /* no midnight anywhere: the nearest one */
        { "20261123T131700Z", "20261123T141700Z", "2026-11-24T00:00:00Z" },
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        cv_slice e = cv_arena_printf(arena,
                                     "BEGIN:VEVENT\nUID:u\nDTSTART:%s\n"
                                     "DTEND:%s\nX-MICROSOFT-CDO-ALLDAYEVENT:"
                                     "TRUE\nEND:VEVENT\n",
                                     rows[i][0], rows[i][1]);
        assert_true(import(calendar("PUBLISH", (const char *)e.ptr)));
        assert_true(cv_bag_bool_or(bag(), CV_PidLidAppointmentSubType, false));
        assert_string_equal(time_of(bag(), CV_PidLidAppointmentStartWhole),
                            rows[i][2]);
    }
}

static void organizer_among_the_attendees_is_the_organizer(void **state)
{
    (void)state;
    assert_true(import(calendar(
        "REQUEST", "BEGIN:VEVENT\nUID:u\nDTSTART:20261123T120000Z\n"
                   "ORGANIZER;CN=Alice:mailto:alice@north.example\n"
                   "ATTENDEE;ROLE=CHAIR;PARTSTAT=ACCEPTED:mailto:"
                   "ALICE@north.example\n"
                   "ATTENDEE;PARTSTAT=ACCEPTED:mailto:bob@south.example\n"
                   "ATTENDEE;PARTSTAT=DECLINED:mailto:bob@south.example\n"
                   "END:VEVENT\n")));
    assert_int_equal(cv_object_recipient_count(obj), 2);
    assert_int_equal(cv_bag_i32_or(row_of("alice@north.example"),
                                   CV_PidTagRecipientFlags, 0),
                     3);
    assert_int_equal(cv_bag_i32_or(row_of("bob@south.example"),
                                   CV_PidTagRecipientTrackStatus, 0),
                     4);
}

/* C064, C053 */
static void C064_dates_without_value_are_one_day(void **state)
{
    (void)state;
    assert_true(import(lines("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u\n"
                             "DTSTART:20300114\nDTEND:20300114\n"
                             "END:VEVENT\nEND:VCALENDAR\n")));
    assert_true(cv_bag_bool_or(bag(), CV_PidLidAppointmentSubType, false));
    assert_string_equal(time_of(bag(), CV_PidLidAppointmentEndWhole),
                        "2030-01-15T00:00:00Z");
    assert_true(cv_report_has(report, CV_RULE_ICAL_END));
}

static void C053_empty_value_parameter_is_judged_by_its_look(void **state)
{
    (void)state;
    assert_true(import(lines("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u\n"
                             "DTSTART:20300901T090000Z\n"
                             "DTEND;VALUE=:20300901T100000Z\n"
                             "END:VEVENT\nEND:VCALENDAR\n")));
    assert_string_equal(time_of(bag(), CV_PidLidAppointmentEndWhole),
                        "2030-09-01T10:00:00Z");
}

/* C055, C065 */
static void C055_published_event_may_lack_an_organizer(void **state)
{
    (void)state;
    assert_true(import(calendar("PUBLISH", "BEGIN:VEVENT\nUID:u\nORGANIZER:\n"
                                           "ATTENDEE:mailto:b@x.example\n"
                                           "DTSTART:20261123T120000Z\n"
                                           "END:VEVENT\n")));
    assert_true(is_class("IPM.Appointment"));
    assert_int_equal(cv_object_recipient_count(obj), 1);
    assert_false(cv_bag_has(bag(), CV_PidTagSentRepresentingEmailAddress));
}

static void request_without_organizer_is_the_senders(void **state)
{
    (void)state;
    context.from_address = CV_S("alice@north.example");
    context.from_name = CV_S("Alice");
    assert_true(import(calendar("REQUEST", "BEGIN:VEVENT\nUID:u\n"
                                           "ATTENDEE:mailto:b@x.example\n"
                                           "DTSTART:20261123T120000Z\n"
                                           "END:VEVENT\n")));
    assert_string_equal(text_of(bag(), CV_PidTagSentRepresentingSmtpAddress),
                        "alice@north.example");
    assert_true(cv_report_has(report, CV_RULE_ICAL_ORGANIZER));
}

static void people_without_mail_are_kept_by_name(void **state)
{
    (void)state;
    assert_true(import(calendar(
        "REQUEST", "BEGIN:VEVENT\nUID:u\nDTSTART:20261123T120000Z\n"
                   "ORGANIZER:mailto:a@x.example\n"
                   "ATTENDEE;CN=Dan:invalid:nomail\n"
                   "ATTENDEE;CN=Eve;EMAIL=eve@x.example:urn:uuid:1\n"
                   "ATTENDEE;CUTYPE=RESOURCE;CN=Beamer:invalid:nomail\n"
                   "END:VEVENT\n")));
    assert_string_equal(text_of(bag(), CV_PidLidNonSendableTo), "Dan");
    assert_string_equal(text_of(bag(), CV_PidLidNonSendableBcc), "Beamer");
    assert_non_null(row_of("eve@x.example"));
}

/* C149, C147, C150, C152, C153: the ladder for zones */
static void C149_zones_are_found_by_the_ladder(void **state)
{
    static const struct {
        const char *tzid, *utc;
    } rows[] = {
        { "Europe/Paris", "2026-07-23T07:00:00Z" },
        { "Eastern Standard Time", "2026-07-23T13:00:00Z" },
        /* unknown: the calendar's other zone */
        { "Customized Time Zone", "2026-07-23T07:00:00Z" },
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        cv_slice e = cv_arena_printf(
            arena,
            "BEGIN:VEVENT\nUID:u\nDTSTART;TZID=%s:20260723T090000\n"
            "RDATE;TZID=Europe/Berlin:20260724T090000\nEND:VEVENT\n",
            rows[i].tzid);
        context.zone = NULL;
        assert_true(import(calendar("PUBLISH", (const char *)e.ptr)));
        if (i < 2)
            assert_string_equal(time_of(bag(), CV_PidLidAppointmentStartWhole),
                                rows[i].utc);
    }
    assert_true(cv_report_has(report, CV_RULE_ICAL_ZONE));
}

/* C148 */
static void C148_zone_without_rules_is_found_by_name(void **state)
{
    (void)state;
    assert_true(
        import(lines("BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:Europe/Berlin\n"
                     "BEGIN:STANDARD\nDTSTART:16010101T000000\nEND:STANDARD\n"
                     "END:VTIMEZONE\nBEGIN:VEVENT\nUID:u\n"
                     "DTSTART;TZID=Europe/Berlin:20260723T090000\nEND:VEVENT\n"
                     "END:VCALENDAR\n")));
    assert_string_equal(time_of(bag(), CV_PidLidAppointmentStartWhole),
                        "2026-07-23T07:00:00Z");
    assert_true(cv_report_has(report, CV_RULE_ICAL_ZONE));
}

static void same_calendar_gives_one_item_a_uid(void **state)
{
    cv_ical_item *items;
    (void)state;
    assert_int_equal(
        items_of(lines("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\nEND:VEVENT\n"
                       "BEGIN:VEVENT\nUID:b\nRECURRENCE-ID:20261123T090000Z\n"
                       "END:VEVENT\nBEGIN:VEVENT\nUID:b\nEND:VEVENT\n"
                       "BEGIN:VEVENT\nUID:c\nRECURRENCE-ID:20261123T090000Z\n"
                       "END:VEVENT\nBEGIN:VEVENT\nUID:c\n"
                       "RECURRENCE-ID:20261124T090000Z\nEND:VEVENT\n"
                       "END:VCALENDAR\n"),
                 &items),
        4);
    assert_int_equal(items[1].exception_count, 1);
    assert_non_null(items[1].master);
    assert_null(items[2].master);
    assert_null(items[3].master);
}

static void unknown_lines_are_kept(void **state)
{
    (void)state;
    assert_true(import(calendar(
        "PUBLISH", "BEGIN:VEVENT\nUID:u\nDTSTART:20261123T120000Z\n"
                   "GEO:52.5;13.4\nX-GOOGLE-CONFERENCE:https://x.example/1\n"
                   "X-ZONED;TZID=Europe/Berlin:20261123T120000\n"
                   "END:VEVENT\n")));
    assert_string_equal(text_of(bag(), CV_PidNameConvokeIcalLines),
                        "GEO:52.5;13.4\r\n"
                        "X-GOOGLE-CONFERENCE:https://x.example/1\r\n");
}

/* What the mail around the calendar says is not overwritten. */
static void mail_keeps_its_text_rows_and_subject(void **state)
{
    cv_bag *row;
    (void)state;
    (void)cv_bag_set_string(bag(), CV_PidTagSubject,
                            CV_S("Invitation: Budget"));
    (void)cv_bag_set_string(bag(), CV_PidTagBody, CV_S("from the mail"));
    (void)cv_bag_set_i32(bag(), CV_PidTagImportance, 2);
    (void)cv_bag_set_person(bag(), &cv_person_sender, CV_S("Carol"),
                            CV_S("carol@north.example"));
    row = cv_object_add_recipient(obj);
    (void)cv_row_set_smtp(row, CV_S("Bob of the mail"),
                          CV_S("BOB@south.example"), 1);
    context.from_address = CV_S("carol@north.example");
    context.subject = CV_S("Invitation: Budget");
    assert_true(import(calendar(
        "REQUEST", "BEGIN:VEVENT\nUID:u\nDTSTART:20261123T120000Z\n"
                   "SUMMARY:Budget\nDESCRIPTION:from the calendar\n"
                   "ORGANIZER;CN=Alice:mailto:alice@north.example\n"
                   "ATTENDEE;ROLE=OPT-PARTICIPANT:mailto:bob@south.example\n"
                   "END:VEVENT\n")));
    assert_string_equal(text_of(bag(), CV_PidTagBody), "from the mail");
    assert_string_equal(text_of(bag(), CV_PidTagSubject), "Invitation: Budget");
    assert_string_equal(text_of(bag(), CV_PidTagSubjectPrefix), "Invitation: ");
    assert_string_equal(text_of(bag(), CV_PidTagNormalizedSubject), "Budget");
    assert_int_equal(cv_bag_i32_or(bag(), CV_PidTagImportance, 9), 2);
    assert_string_equal(text_of(bag(), CV_PidTagSenderSmtpAddress),
                        "carol@north.example");
    assert_string_equal(text_of(bag(), CV_PidTagSentRepresentingSmtpAddress),
                        "alice@north.example");
    assert_int_equal(cv_object_recipient_count(obj), 2);
    assert_int_equal(cv_bag_i32_or(row, CV_PidTagRecipientType, 0), 2);
    assert_string_equal(text_of(row, CV_PidTagDisplayName), "Bob of the mail");
}

static void method_of_the_calendar_beats_the_parameter(void **state)
{
    (void)state;
    context.method_param = CV_S("REQUEST");
    assert_true(import(calendar("CANCEL", "BEGIN:VEVENT\nUID:u\n"
                                          "DTSTAMP:20261121T101112Z\n"
                                          "END:VEVENT\n")));
    assert_true(is_class("IPM.Schedule.Meeting.Canceled"));
    assert_true(cv_report_has(report, CV_RULE_ICAL_METHOD));
    assert_true(import(lines("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u\n"
                             "DTSTART:20261123T120000Z\n"
                             "ORGANIZER:mailto:a@x.example\n"
                             "END:VEVENT\nEND:VCALENDAR\n")));
    assert_true(is_class("IPM.Schedule.Meeting.Request"));
}

static void missing_uid_is_derived_alike_each_time(void **state)
{
    static const char event[] = "BEGIN:VEVENT\nDTSTART:20261123T120000Z\n"
                                "SUMMARY:x\nEND:VEVENT\n";
    cv_slice first, second;
    (void)state;
    assert_true(import(calendar("PUBLISH", event)));
    assert_true(cv_bag_binary(bag(), CV_PidLidGlobalObjectId, &first));
    first = cv_arena_dup(arena, first);
    assert_true(import(calendar("PUBLISH", event)));
    assert_true(cv_bag_binary(bag(), CV_PidLidGlobalObjectId, &second));
    assert_true(first.len > 40 && cv_slice_eq(first, second));
    assert_true(cv_report_has(report, CV_RULE_ICAL_UID));
}

/* C051 */
static void C051_trigger_without_a_value_is_the_start(void **state)
{
    (void)state;
    assert_true(import(calendar(
        "PUBLISH", "BEGIN:VEVENT\nUID:u\nDTSTART:20261123T120000Z\n"
                   "BEGIN:VALARM\nACTION:DISPLAY\n"
                   "TRIGGER;VALUE=DURATION;RELATED=START:P\nEND:VALARM\n"
                   "END:VEVENT\n")));
    assert_true(cv_bag_bool_or(bag(), CV_PidLidReminderSet, false));
    assert_int_equal(cv_bag_i32_or(bag(), CV_PidLidReminderDelta, 9), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(request_becomes_a_meeting_request),
        TEST(rows_have_type_flags_and_no_time),
        TEST(C001_reply_without_critical_change_takes_dtstamp),
        TEST(C001_reply_takes_the_latest_believable_time),
        TEST(C001_reply_without_any_time_takes_the_mails_date),
        TEST(reply_is_judged_by_its_partstat),
        TEST(reply_of_several_is_the_senders),
        TEST(counter_keeps_the_original_times),
        TEST(cancellation_needs_no_start),
        TEST(uid_becomes_the_global_object_id),
        TEST(all_day_dates_are_midnights_of_the_zone),
        TEST(all_day_instants_keep_their_moment),
        TEST(organizer_among_the_attendees_is_the_organizer),
        TEST(C064_dates_without_value_are_one_day),
        TEST(C053_empty_value_parameter_is_judged_by_its_look),
        TEST(C055_published_event_may_lack_an_organizer),
        TEST(request_without_organizer_is_the_senders),
        TEST(people_without_mail_are_kept_by_name),
        TEST(C149_zones_are_found_by_the_ladder),
        TEST(C148_zone_without_rules_is_found_by_name),
        TEST(same_calendar_gives_one_item_a_uid),
        TEST(unknown_lines_are_kept),
        TEST(mail_keeps_its_text_rows_and_subject),
        TEST(method_of_the_calendar_beats_the_parameter),
        TEST(missing_uid_is_derived_alike_each_time),
        TEST(C051_trigger_without_a_value_is_the_start),
    };
    return cmocka_run_group_tests_name("ical import", tests, NULL, NULL);
}
