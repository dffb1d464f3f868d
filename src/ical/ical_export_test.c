#include "ical/ical_test_kit.h"

#include "base/datetime.h"
#include "mapi/entryid.h"
#include "mapi/globalid.h"

/* An organizer's meeting with Bob, from 09:00 to 10:00 in W. Europe. */
static void make_meeting(const char *class)
{
    cv_bag *b = bag(), *row;

    (void)cv_bag_set_string(b, CV_PidTagMessageClass, cv_slice_cstr(class));
    (void)cv_bag_set_string(b, CV_PidTagNormalizedSubject, CV_S("Budget"));
    (void)cv_bag_set_ticks(b, CV_PidLidAppointmentStartWhole,
                           at("2026-11-23T08:00:00Z"));
    (void)cv_bag_set_ticks(b, CV_PidLidAppointmentEndWhole,
                           at("2026-11-23T09:00:00Z"));
    (void)cv_bag_set_ticks(b, CV_PidLidOwnerCriticalChange,
                           at("2026-11-20T08:00:00Z"));
    (void)cv_bag_set_i32(b, CV_PidLidAppointmentSequence, 2);
    (void)cv_bag_set_i32(b, CV_PidLidAppointmentStateFlags, 1);
    (void)cv_bag_set_binary(
        b, CV_PidLidGlobalObjectId,
        cv_globalid_of_uid(arena, CV_S("abc123@example.com"), 0, 0, 0));
    (void)cv_bag_set_person(b, &cv_person_sent_representing, CV_S("Alice"),
                            CV_S("alice@north.example"));
    row = cv_object_add_recipient(obj);
    (void)cv_row_set_smtp(row, CV_S("Bob"), CV_S("bob@south.example"), 1);
    (void)cv_bag_set_i32(row, CV_PidTagRecipientFlags, 1);
    (void)cv_bag_set_i32(row, CV_PidTagRecipientTrackStatus, 3);
}

static void put_zone(cv_tag tag, const char *name)
{
    cv_timezone tz;
    cv_buf buf;
    assert_int_equal(cv_timezone_by_name(arena, cv_slice_cstr(name), &tz, NULL),
                     0);
    cv_buf_init(&buf, 0);
    cv_tzdef_put(&buf, &tz, 2);
    (void)cv_bag_set_binary(bag(), tag, cv_buf_slice(&buf));
    cv_buf_clear(&buf);
}

static void set_row_time(uint64_t filetime)
{
    (void)cv_bag_set_time(cv_object_recipient(obj, 0),
                          CV_PidTagRecipientTrackStatusTime, filetime);
}

/* C001: no value of the row's time matters to REQUEST and CANCEL. */
static void C001_request_and_cancel_ignore_the_rows_time(void **state)
{
    static const uint64_t values[] = { 0,
                                       1,
                                       UINT64_C(0x0CB34557A3DD4000),
                                       INT64_MAX,
                                       UINT64_C(0xFFFFFFF79E3B9800),
                                       UINT64_C(0x24C85A5ED1C04000) };
    static const char *const classes[] = { "IPM.Schedule.Meeting.Request",
                                           "IPM.Schedule.Meeting.Canceled" };
    (void)state;
    for (size_t c = 0; c < CV_LEN(classes); c++) {
        cv_object_free(&obj);
        assert_int_equal(cv_object_new(0, &obj, NULL), 0);
        make_meeting(classes[c]);
        const char *without = written(obj, NULL, &everything);
        assert_non_null(strstr(without, "bob@south.example"));
        for (size_t i = 0; i < CV_LEN(values); i++) {
            set_row_time(values[i]);
            assert_string_equal(written(obj, NULL, &everything), without);
        }
        cv_value error = { .type = CV_T_ERROR, .error = 0x8004010F };
        assert_int_equal(cv_bag_put(cv_object_recipient(obj, 0),
                                    CV_PidTagRecipientTrackStatusTime, &error,
                                    NULL),
                         0);
        assert_string_equal(written(obj, NULL, &everything), without);
    }
    assert_int_equal(cv_report_count(report), 0);
}

/* C001: the other times of the article's meeting. */
static void C001_bad_times_are_repaired_one_by_one(void **state)
{
    static const uint64_t values[] = { 0, UINT64_C(0x0CB34557A3DD4000),
                                       INT64_MAX };
    (void)state;
    make_meeting("IPM.Schedule.Meeting.Request");
    for (size_t i = 0; i < CV_LEN(values); i++) {
        (void)cv_bag_set_time(bag(), CV_PidLidOwnerCriticalChange, values[i]);
        (void)cv_bag_set_time(bag(), CV_PidLidAttendeeCriticalChange,
                              values[i]);
        const char *text = written(obj, NULL, &everything);
        assert_true(has_line(text, "DTSTAMP:20261122T135853Z"));
        assert_true(has_line(
            text, "X-MICROSOFT-CDO-OWNER-CRITICAL-CHANGE:20261122T135853Z"));
        assert_null(strstr(text, "1601"));
        assert_null(strstr(text, "4501"));
    }
    assert_true(cv_report_has(report, CV_RULE_OWNER_CHANGE));
}

static void request_has_what_peers_expect(void **state)
{
    static const char *const wanted[] = {
        "METHOD:REQUEST",
        "VERSION:2.0",
        "ORGANIZER;CN=Alice:mailto:alice@north.example",
        ("ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;"
         "CN=Bob:mailto:bob@south.example"),
        "SUMMARY:Budget",
        "DTSTART:20261123T080000Z",
        "DTEND:20261123T090000Z",
        "UID:abc123@example.com",
        "DTSTAMP:20261120T080000Z",
        "X-MICROSOFT-CDO-OWNER-CRITICAL-CHANGE:20261120T080000Z",
        "SEQUENCE:2",
        "X-MICROSOFT-CDO-APPT-SEQUENCE:2",
        "STATUS:CONFIRMED",
        "CLASS:PUBLIC",
    };
    (void)state;
    make_meeting("IPM.Schedule.Meeting.Request");
    const char *text = written(obj, NULL, &everything);
    for (size_t i = 0; i < CV_LEN(wanted); i++)
        if (!has_line(text, wanted[i]))
            fail_msg("no %s in\n%s", wanted[i], text);
}

static void options_leave_lines_out(void **state)
{
    const cv_ical_options nothing = { .env = &clock_env,
                                      .upper_case_mailto = true };
    (void)state;
    make_meeting("IPM.Schedule.Meeting.Request");
    const char *text = written(obj, NULL, &nothing);
    assert_null(strstr(text, "X-MICROSOFT-CDO-OWNER-CRITICAL-CHANGE"));
    assert_null(strstr(text, "X-MICROSOFT-CDO-APPT-SEQUENCE"));
    assert_non_null(strstr(text, ":MAILTO:alice"));
}

static void make_reply(const char *class)
{
    cv_bag *row;
    make_meeting(class);
    cv_object_remove_recipient(obj, 0);
    (void)cv_bag_set_person(bag(), &cv_person_sent_representing, CV_S("Bob"),
                            CV_S("bob@south.example"));
    row = cv_object_add_recipient(obj);
    (void)cv_row_set_smtp(row, CV_S("Alice"), CV_S("alice@north.example"), 1);
    (void)cv_bag_set_ticks(bag(), CV_PidLidAttendeeCriticalChange,
                           at("2026-11-21T10:11:12Z"));
}

static void reply_says_when_it_was_given(void **state)
{
    (void)state;
    make_reply("IPM.Schedule.Meeting.Resp.Pos");
    const char *text = written(obj, NULL, &everything);
    assert_true(has_line(text, "METHOD:REPLY"));
    assert_true(has_line(text, "DTSTAMP:20261121T101112Z"));
    assert_true(has_line(
        text, "X-MICROSOFT-CDO-ATTENDEE-CRITICAL-CHANGE:20261121T101112Z"));
    assert_true(has_line(text, "X-MICROSOFT-CDO-REPLYTIME:20261121T101112Z"));
    assert_true(has_line(
        text, "X-MICROSOFT-CDO-OWNER-CRITICAL-CHANGE:20261120T080000Z"));
    assert_true(
        has_line(text, "ORGANIZER;CN=Alice:mailto:alice@north.example"));
    assert_true(has_line(
        text, "ATTENDEE;PARTSTAT=ACCEPTED;CN=Bob:mailto:bob@south.example"));
    assert_int_equal(count_of(text, "ATTENDEE;"), 1);
}

/* What the attendee's product of the article sends. */
static void C001_reply_of_exchange2007_leaves_the_line_out(void **state)
{
    cv_ical_options o = everything;
    (void)state;
    o.attendee_critical_change = o.reply_time = false;
    make_reply("IPM.Schedule.Meeting.Resp.Pos");
    const char *text = written(obj, NULL, &o);
    assert_null(strstr(text, "ATTENDEE-CRITICAL-CHANGE"));
    assert_null(strstr(text, "REPLYTIME"));
    assert_true(has_line(text, "DTSTAMP:20261121T101112Z"));
}

static void reply_without_any_time_is_given_now(void **state)
{
    (void)state;
    make_reply("IPM.Schedule.Meeting.Resp.Neg");
    (void)cv_bag_set_time(bag(), CV_PidLidAttendeeCriticalChange, 0);
    const char *text = written(obj, NULL, &everything);
    assert_true(has_line(text, "DTSTAMP:20261122T135853Z"));
    assert_non_null(strstr(text, "PARTSTAT=DECLINED"));
    assert_true(cv_report_has(report, CV_RULE_CRITICAL_CHANGE));
}

static void counter_carries_both_times(void **state)
{
    cv_ical_options old = everything;
    (void)state;
    make_reply("IPM.Schedule.Meeting.Resp.Tent");
    (void)cv_bag_set_bool(bag(), CV_PidLidAppointmentCounterProposal, true);
    (void)cv_bag_set_ticks(bag(), CV_PidLidAppointmentProposedStartWhole,
                           at("2026-11-23T12:00:00Z"));
    (void)cv_bag_set_ticks(bag(), CV_PidLidAppointmentProposedEndWhole,
                           at("2026-11-23T13:00:00Z"));
    const char *text = written(obj, NULL, &everything);
    assert_true(has_line(text, "METHOD:COUNTER"));
    assert_true(has_line(text, "DTSTART:20261123T120000Z"));
    assert_true(has_line(text, "X-MS-OLK-ORIGINALSTART:20261123T080000Z"));
    old.counter_as_reply = true;
    text = written(obj, NULL, &old);
    assert_true(has_line(text, "METHOD:REPLY"));
    assert_true(has_line(text, "DTSTART:20261123T080000Z"));
}

static void cancellation_is_marked(void **state)
{
    (void)state;
    make_meeting("IPM.Schedule.Meeting.Canceled");
    (void)cv_bag_set_bool(bag(), CV_PidLidReminderSet, true);
    const char *text = written(obj, NULL, &everything);
    assert_true(has_line(text, "METHOD:CANCEL"));
    assert_true(has_line(text, "STATUS:CANCELLED"));
    assert_true(has_line(text, "TRANSP:TRANSPARENT"));
    assert_null(strstr(text, "VALARM"));
}

static void published_rows_tell_when_only_for_moments(void **state)
{
    uint64_t valid;
    (void)state;
    make_meeting("IPM.Appointment");
    set_row_time(0);
    assert_null(strstr(written(obj, NULL, &everything), "RESPTIME"));
    assert_true(cv_report_has(report, CV_RULE_BAD_TIME));
    assert_int_equal(
        cv_ticks_to_filetime(at("2026-11-21T10:11:12Z"), &valid, NULL), 0);
    set_row_time(valid);
    const char *text = written(obj, NULL, &everything);
    assert_true(has_line(text, "METHOD:PUBLISH"));
    assert_non_null(strstr(text, "PARTSTAT=ACCEPTED"));
    assert_non_null(strstr(text, "X-MS-OLK-RESPTIME=20261121T101112Z"));
}

/* C150 */
static void C150_every_tzid_has_its_vtimezone(void **state)
{
    (void)state;
    make_meeting("IPM.Schedule.Meeting.Request");
    put_zone(CV_PidLidAppointmentTimeZoneDefinitionStartDisplay,
             "Europe/Berlin");
    put_zone(CV_PidLidAppointmentTimeZoneDefinitionEndDisplay,
             "America/New_York");
    const char *text = written(obj, NULL, &everything);
    assert_int_equal(count_of(text, "BEGIN:VTIMEZONE"), 2);
    assert_true(has_line(text, "TZID:W. Europe Standard Time"));
    assert_true(
        has_line(text, "DTSTART;TZID=W. Europe Standard Time:20261123T090000"));
    assert_true(
        has_line(text, "DTEND;TZID=Eastern Standard Time:20261123T040000"));
    assert_true(has_line(text, "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3"));
    assert_true(has_line(text, "DTSTART:20250330T020000"));
    assert_int_equal(count_of(text, "BEGIN:STANDARD"), 2);
}

static void odd_zone_names_agree_in_both_places(void **state)
{
    cv_tz_rule rule = { .from_year = 1601, .bias = -60 };
    cv_timezone tz = { CV_S("a\"b\x01, \xC3\xA4;c"), &rule, 1, 0 };
    cv_buf buf;
    (void)state;
    make_meeting("IPM.Schedule.Meeting.Request");
    cv_buf_init(&buf, 0);
    cv_tzdef_put(&buf, &tz, 2);
    (void)cv_bag_set_binary(bag(),
                            CV_PidLidAppointmentTimeZoneDefinitionStartDisplay,
                            cv_buf_slice(&buf));
    cv_buf_clear(&buf);
    const char *text = written(obj, NULL, &everything);
    assert_true(has_line(text, "TZID:ab \\, \xC3\xA4\\;c"));
    assert_true(
        has_line(text, "DTSTART;TZID=\"ab , \xC3\xA4;c\":20261123T090000"));
}

/* C145 */
static void C145_unreadable_zones_are_absent(void **state)
{
    static const char *const blobs[] = { "", "\x01\x02\x03\x04" };
    (void)state;
    make_meeting("IPM.Schedule.Meeting.Request");
    for (size_t i = 0; i < CV_LEN(blobs); i++) {
        (void)cv_bag_set_binary(
            bag(), CV_PidLidAppointmentTimeZoneDefinitionStartDisplay,
            cv_slice_cstr(blobs[i]));
        (void)cv_bag_set_binary(
            bag(), CV_PidLidAppointmentTimeZoneDefinitionEndDisplay,
            cv_slice_cstr(blobs[i]));
        assert_true(has_line(written(obj, NULL, &everything),
                             "DTSTART:20261123T080000Z"));
    }
}

static void all_day_event_is_written_as_dates_of_its_zone(void **state)
{
    (void)state;
    make_meeting("IPM.Appointment");
    (void)cv_bag_set_bool(bag(), CV_PidLidAppointmentSubType, true);
    (void)cv_bag_set_ticks(bag(), CV_PidLidAppointmentStartWhole,
                           at("2026-11-22T23:00:00Z"));
    (void)cv_bag_set_ticks(bag(), CV_PidLidAppointmentEndWhole,
                           at("2026-11-23T23:00:00Z"));
    /* Without a zone: the quarter hour in which both are midnights. */
    const char *text = written(obj, NULL, &everything);
    assert_true(has_line(text, "DTSTART;VALUE=DATE:20261123"));
    assert_true(has_line(text, "DTEND;VALUE=DATE:20261124"));
    put_zone(CV_PidLidAppointmentTimeZoneDefinitionStartDisplay,
             "Europe/Berlin");
    text = written(obj, NULL, &everything);
    assert_true(has_line(text, "DTSTART;VALUE=DATE:20261123"));
    assert_true(has_line(text, "X-MICROSOFT-CDO-ALLDAYEVENT:TRUE"));
}

/* C008 */
static void C008_request_lacking_properties(void **state)
{
    cv_buf buf;
    (void)state;
    make_meeting("IPM.Schedule.Meeting.Request");
    cv_bag_remove(bag(), CV_PidLidGlobalObjectId);
    cv_object_remove_recipient(obj, 0);
    const char *text = written(obj, NULL, &everything);
    assert_non_null(strstr(text, "\r\nUID:"));
    assert_true(cv_report_has(report, CV_RULE_GLOBAL_ID));
    assert_string_equal(written(obj, NULL, &everything), text);
    cv_bag_remove(bag(), CV_PidLidAppointmentStartWhole);
    cv_buf_init(&buf, 0);
    assert_int_equal(cv_ical_write(obj, NULL, &everything, &buf, report, NULL),
                     CV_ERR_RANGE);
    cv_buf_clear(&buf);
    (void)cv_bag_set_ticks(bag(), CV_PidTagStartDate,
                           at("2026-11-23T08:00:00Z"));
    assert_true(
        has_line(written(obj, NULL, &everything), "DTSTART:20261123T080000Z"));
    assert_true(cv_report_has(report, CV_RULE_MEETING_TIMES));
}

static bool resolve_dn(void *ctx, cv_arena *a, cv_slice type, cv_slice address,
                       cv_slice *smtp)
{
    (void)ctx;
    (void)a;
    if (!cv_slice_eq(type, CV_S("EX")) || address.len == 0)
        return false;
    *smtp = CV_S("resolved@south.example");
    return true;
}

static void people_of_exchange_are_resolved_or_kept_by_name(void **state)
{
    cv_ical_options o = everything;
    cv_bag *row;
    (void)state;
    make_meeting("IPM.Schedule.Meeting.Request");
    row = cv_object_recipient(obj, 0);
    cv_bag_remove(row, CV_PidTagSmtpAddress);
    (void)cv_bag_set_string(row, CV_PidTagAddressType, CV_S("EX"));
    (void)cv_bag_set_string(row, CV_PidTagEmailAddress,
                            CV_S("/o=Org/cn=Recipients/cn=bob"));
    assert_non_null(
        strstr(written(obj, NULL, &everything), "CN=Bob:invalid:nomail"));
    assert_true(cv_report_has(report, CV_RULE_ADDRESS_MISSING));
    o.resolve = resolve_dn;
    assert_non_null(strstr(written(obj, NULL, &o), "resolved@south.example"));
}

/* C056, C067 and control characters */
static void C056_text_and_names_are_quoted_and_folded(void **state)
{
    cv_slice back;
    (void)state;
    make_meeting("IPM.Schedule.Meeting.Request");
    (void)cv_bag_set_string(cv_object_recipient(obj, 0), CV_PidTagDisplayName,
                            CV_S("A > \" t22, x"));
    (void)cv_bag_set_string(
        bag(), CV_PidTagBody,
        CV_S(
            "a,b;c\\d\r\ne\x01 \xC3\xA4\xC3\xB6\xC3\xBC\xC3\xA4\xC3\xB6\xC3\xBC"
            "\xC3\xA4\xC3\xB6\xC3\xBC\xC3\xA4\xC3\xB6\xC3\xBC\xC3\xA4\xC3\xB6"
            "\xC3\xBC\xC3\xA4\xC3\xB6\xC3\xBC\xC3\xA4\xC3\xB6\xC3\xBC"));
    const char *text = written(obj, NULL, &everything);
    assert_non_null(strstr(text, "CN=\"A > ^' t22, x\""));
    assert_non_null(strstr(text, "DESCRIPTION:a\\,b\\;c\\\\d\\ne "));
    text = folded(obj, NULL, &everything);
    for (const char *p = text; *p;) {
        const char *end = strstr(p, "\r\n");
        assert_non_null(end);
        assert_true(end - p <= 75);
        assert_true(cv_utf8_valid(cv_slice_of(p, (size_t)(end - p))));
        p = end + 2;
    }
    cv_object_free(&obj);
    assert_int_equal(cv_object_new(0, &obj, NULL), 0);
    assert_true(import(cv_slice_cstr(text)));
    assert_true(cv_bag_string(bag(), CV_PidTagBody, &back));
    assert_true(cv_slice_starts(back, CV_S("a,b;c\\d\r\ne ")));
}

static void kept_lines_and_parameters_go_out_again(void **state)
{
    (void)state;
    assert_true(import(calendar(
        "REQUEST",
        "BEGIN:VEVENT\nUID:u\nDTSTAMP:20261120T080000Z\n"
        "DTSTART:20261123T120000Z\nGEO:52.5;13.4\n"
        "ORGANIZER:mailto:a@x.example\n"
        "ATTENDEE;DELEGATED-TO=\"mailto:c@x.example\":mailto:b@x.example\n"
        "X-FOO;BAR=\"1:2\":some\\,thing\nEND:VEVENT\n")));
    const char *text = written(obj, NULL, &everything);
    assert_true(has_line(text, "GEO:52.5;13.4"));
    assert_true(has_line(text, "X-FOO;BAR=\"1:2\":some\\,thing"));
    assert_non_null(strstr(text, "DELEGATED-TO=\"mailto:c@x.exa"));
}

/* What a row cannot say stays with the line; an answer since then beats it. */
static void attendee_parameters_come_back(void **state)
{
    static const char *const people[] = {
        "ATTENDEE;ROLE=CHAIR;PARTSTAT=NEEDS-ACTION;CN=Chair;RSVP=TRUE:"
        "mailto:chair@example.com",
        "ATTENDEE;CUTYPE=GROUP;CN=All;MEMBER=\"mailto:list@example.com\":"
        "mailto:all@example.com",
        "ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO=\"mailto:b@example.com\":"
        "mailto:a@example.com",
        "ATTENDEE;DELEGATED-FROM=\"mailto:a@example.com\";RSVP=FALSE:"
        "mailto:b@example.com",
        "ATTENDEE;SENT-BY=\"mailto:sec@example.com\";X-NUM-GUESTS=2:"
        "mailto:boss@example.com",
        "ATTENDEE;CUTYPE=ROOM;SCHEDULE-STATUS=2.0;CN=R1:"
        "mailto:room@example.com",
    };
    static const struct {
        const char *who, *has[3], *lacks;
    } rows[] = {
        { "chair@", { "ROLE=CHAIR", "RSVP=TRUE" }, "REQ-PARTICIPANT" },
        { "all@", { "CUTYPE=GROUP", "MEMBER=" }, "CUTYPE=RESOURCE" },
        { ":mailto:a@", { "PARTSTAT=DELEGATED", "DELEGATED-TO=" }, "NEEDS-" },
        { ":mailto:b@", { "DELEGATED-FROM=", "RSVP=FALSE" }, "RSVP=TRUE" },
        { "boss@", { "SENT-BY=", "X-NUM-GUESTS=2" }, NULL },
        { "room@", { "CUTYPE=ROOM", "SCHEDULE-STATUS=2.0", "CN=R1" }, NULL },
    };
    (void)state;
    cv_buf buf;
    cv_buf_init(&buf, 0);
    cv_buf_put_str(&buf, "BEGIN:VEVENT\nUID:u\nDTSTART:20261124T090000Z\n"
                         "ORGANIZER:mailto:org@example.com\n");
    for (size_t i = 0; i < CV_LEN(people); i++)
        cv_buf_printf(&buf, "%s\n", people[i]);
    cv_buf_put_str(&buf, "END:VEVENT\n");
    cv_slice event = cv_buf_dup(&buf, arena);
    cv_buf_clear(&buf);
    assert_true(import(calendar("REQUEST", (const char *)event.ptr)));
    const char *text = written(obj, NULL, &everything);
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        const char *at_name = strstr(text, rows[i].who), *line = at_name;
        assert_non_null(at_name);
        while (line[-1] != '\n')
            line--;
        cv_slice whole = { (const uint8_t *)line, (size_t)(at_name - line) };
        for (size_t k = 0; k < 3 && rows[i].has[k]; k++)
            if (cv_slice_ifind(whole, cv_slice_cstr(rows[i].has[k]), 0) ==
                CV_NPOS)
                fail_msg("%s: %.*s", rows[i].has[k], CV_FMT(whole));
        if (rows[i].lacks &&
            cv_slice_ifind(whole, cv_slice_cstr(rows[i].lacks), 0) != CV_NPOS)
            fail_msg("%s: %.*s", rows[i].lacks, CV_FMT(whole));
    }
    for (size_t i = 0; i < cv_object_recipient_count(obj); i++)
        (void)cv_bag_set_i32(cv_object_recipient(obj, i),
                             CV_PidTagRecipientTrackStatus, 3);
    cv_ical_options options = everything;
    options.partstat_in_request = true;
    text = written(obj, NULL, &options);
    assert_null(strstr(text, "PARTSTAT=DELEGATED"));
}

static void attachments_go_into_files_only(void **state)
{
    cv_ical_options o = everything;
    cv_attachment *a;
    (void)state;
    make_meeting("IPM.Appointment");
    a = cv_object_add_attachment(obj);
    (void)cv_bag_set_i32(a->props, CV_PidTagAttachMethod, 1);
    (void)cv_bag_set_string(a->props, CV_PidTagAttachLongFilename,
                            CV_S("a;b.txt"));
    a->data = cv_blob_mem(CV_S("hello"));
    a->has_data = true;
    assert_null(strstr(written(obj, NULL, &o), "ATTACH"));
    o.inline_attachments = true;
    const char *text = written(obj, NULL, &o);
    cv_object_free(&obj);
    assert_int_equal(cv_object_new(0, &obj, NULL), 0);
    assert_true(import(cv_slice_cstr(text)));
    assert_int_equal(cv_object_attachment_count(obj), 1);
    a = cv_object_attachment(obj, 0);
    assert_string_equal(text_of(a->props, CV_PidTagAttachLongFilename),
                        "a;b.txt");
    assert_true(cv_slice_eq(a->data.mem, CV_S("hello")));
}

/* Without a start there is no year to write a zone's rules for. */
static void cancellation_without_start_needs_no_zone(void **state)
{
    (void)state;
    make_meeting("IPM.Schedule.Meeting.Canceled");
    put_zone(CV_PidLidAppointmentTimeZoneDefinitionStartDisplay,
             "Europe/Berlin");
    cv_bag_remove(bag(), CV_PidLidAppointmentStartWhole);
    (void)cv_bag_set_ticks(bag(), CV_PidLidExceptionReplaceTime,
                           at("2026-11-23T08:00:00Z"));
    const char *text = written(obj, NULL, &everything);
    assert_true(has_line(text, "RECURRENCE-ID:20261123T080000Z"));
    assert_null(strstr(text, "TZID"));
}

static void attachments_too_big_for_a_line_are_left_out(void **state)
{
    cv_ical_options o = everything;
    size_t len = ((size_t)8 << 20) + 1;
    (void)state;
    make_meeting("IPM.Appointment");
    for (int i = 0; i < 2; i++) {
        cv_attachment *a = cv_object_add_attachment(obj);
        a->data =
            cv_blob_mem(cv_slice_of(cv_arena_alloc(arena, len), i ? 5 : len));
        a->data.size_bytes = a->data.mem.len;
        a->has_data = true;
    }
    o.inline_attachments = true;
    assert_int_equal(count_of(written(obj, NULL, &o), "ATTACH;"), 1);
    assert_true(cv_report_has(report, CV_RULE_ATTACHMENT_DATA));
}

static void method_follows_the_class(void **state)
{
    static const char *const rows[][2] = {
        { "IPM.Appointment", "PUBLISH" },
        { "IPM.Schedule.Meeting.Request", "REQUEST" },
        { "IPM.Schedule.Meeting.Resp.Neg", "REPLY" },
        { "IPM.Schedule.Meeting.Canceled", "CANCEL" },
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        (void)cv_bag_set_string(bag(), CV_PidTagMessageClass,
                                cv_slice_cstr(rows[i][0]));
        assert_string_equal(cv_ical_method_of(obj), rows[i][1]);
    }
    (void)cv_bag_set_string(bag(), CV_PidTagMessageClass, CV_S("IPM.Note"));
    assert_null(cv_ical_method_of(obj));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(C001_request_and_cancel_ignore_the_rows_time),
        TEST(C001_bad_times_are_repaired_one_by_one),
        TEST(request_has_what_peers_expect),
        TEST(options_leave_lines_out),
        TEST(reply_says_when_it_was_given),
        TEST(C001_reply_of_exchange2007_leaves_the_line_out),
        TEST(reply_without_any_time_is_given_now),
        TEST(counter_carries_both_times),
        TEST(cancellation_is_marked),
        TEST(published_rows_tell_when_only_for_moments),
        TEST(C150_every_tzid_has_its_vtimezone),
        TEST(odd_zone_names_agree_in_both_places),
        TEST(C145_unreadable_zones_are_absent),
        TEST(all_day_event_is_written_as_dates_of_its_zone),
        TEST(C008_request_lacking_properties),
        TEST(people_of_exchange_are_resolved_or_kept_by_name),
        TEST(C056_text_and_names_are_quoted_and_folded),
        TEST(kept_lines_and_parameters_go_out_again),
        TEST(attendee_parameters_come_back),
        TEST(attachments_go_into_files_only),
        TEST(cancellation_without_start_needs_no_zone),
        TEST(attachments_too_big_for_a_line_are_left_out),
        TEST(method_follows_the_class),
    };
    return cmocka_run_group_tests_name("ical export", tests, NULL, NULL);
}
