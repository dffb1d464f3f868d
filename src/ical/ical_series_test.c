#include "ical/ical_test_kit.h"

#include "base/datetime.h"
#include "mapi/globalid.h"

/* Source: spec recurrence.md 9, A to J. */
static const struct {
    const char *start, *end, *rule; /* without DTSTART: and DTEND: */
    const char *blob, *back;        /* back: NULL for the same rule */
} rows[] = {
    { ":20261123T090000Z", ":20261123T100000Z",
      "FREQ=WEEKLY;BYDAY=MO,WE;WKST=SU;COUNT=10",
      "043004300B2001000000C021000001000000000000000A000000222000000A00000000"
      "000000000000000000000040EF590D00985A0D06300000093000001C02000058020000"
      "00000000000000000000",
      NULL },
    { ":20261123T090000Z", ":20261123T100000Z",
      "FREQ=WEEKLY;BYDAY=MO,WE;WKST=MO;COUNT=10",
      "043004300B20010000000000000001000000000000000A000000222000000A00000001"
      "000000000000000000000040EF590D00985A0D06300000093000001C02000058020000"
      "00000000000000000000",
      NULL },
    { ":20261124T140000Z", ":20261124T143000Z",
      "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;WKST=SU;UNTIL=20270202T140000Z",
      "043004300B200100000020490000020000000000000004000000212000000600000000"
      "0000000000000000000000E0F4590DA07E5B0D06300000093000004803000066030000"
      "00000000000000000000",
      NULL },
    { ":20261122T080000Z", ":20261122T083000Z", "FREQ=DAILY;INTERVAL=3;COUNT=7",
      "043004300A200000000000000000E01000000000000022200000070000000000000000"
      "00000000000000A0E9590DE04E5A0D0630000009300000E0010000FE01000000000000"
      "000000000000",
      NULL },
    { ":20261123T090000Z", ":20261123T093000Z",
      "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR",
      "043004300A2001000000C021000001000000000000003E000000232000000A00000000"
      "000000000000000000000040EF590DDF80E95A06300000093000001C0200003A020000"
      "00000000000000000000",
      "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;WKST=SU" },
    { ":20261231T100000Z", ":20261231T110000Z",
      "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=12",
      "043004300C20020000000000000001000000000000001F000000222000000C00000000"
      "000000000000000000000000C55A0DC01B620D06300000093000005802000094020000"
      "00000000000000000000",
      NULL },
    { ":20261130T150000Z", ":20261130T160000Z",
      "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
      "043004300C20030000000000000001000000000000003E00000005000000232000000A"
      "000000000000000000000000000000A0165A0DDF80E95A063000000930000084030000"
      "C003000000000000000000000000",
      NULL },
    { ":20261208T150000Z", ":20261208T160000Z",
      "FREQ=MONTHLY;INTERVAL=3;BYDAY=TU;BYSETPOS=2;COUNT=6",
      "043004300C2003000000E04B0100030000000000000004000000020000002220000006"
      "000000000000000000000000000000A0435A0D606A640D063000000930000084030000"
      "C003000000000000000000000000",
      "FREQ=MONTHLY;INTERVAL=3;BYDAY=2TU;COUNT=6" },
    { ";VALUE=DATE:20270714", ";VALUE=DATE:20270715",
      "FREQ=YEARLY;BYMONTH=7;BYMONTHDAY=14",
      "043004300D200200000020FA03000C000000000000000E000000232000000A00000000"
      "0000000000000000000000E00D5F0DDF80E95A063000000930000000000000A0050000"
      "00000000000000000000",
      NULL },
    { ":20261126T120000Z", ":20261126T130000Z",
      "FREQ=YEARLY;BYDAY=TH;BYSETPOS=4;BYMONTH=11;COUNT=5",
      "043004300D200300000000AE06000C0000000000000010000000040000002220000005"
      "00000000000000000000000000000020005A0D80257A0D0630000009300000D0020000"
      "0C03000000000000000000000000",
      "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;COUNT=5" },
};

static cv_slice event_of(const char *start, const char *end, const char *more)
{
    return lines((const char *)cv_arena_printf(
                     arena,
                     "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u\nDTSTART%s\n"
                     "DTEND%s\n%sEND:VEVENT\nEND:VCALENDAR\n",
                     start, end, more)
                     .ptr);
}

static void fresh(void)
{
    cv_object_free(&obj);
    assert_int_equal(cv_object_new(0, &obj, NULL), 0);
}

static bool import_rule(const char *rule)
{
    cv_slice more = cv_arena_printf(arena, "%s\n", rule);
    fresh();
    return import(event_of(":20261124T090000Z", ":20261124T100000Z",
                           (const char *)more.ptr)) &&
           cv_bag_has(bag(), CV_PidLidAppointmentRecur);
}

static void rules_and_blobs_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        cv_slice blob, wanted;
        cv_slice rule = cv_arena_printf(arena, "RRULE:%s\n", rows[i].rule);
        fresh();
        assert_true(import(
            event_of(rows[i].start, rows[i].end, (const char *)rule.ptr)));
        assert_true(cv_bag_binary(bag(), CV_PidLidAppointmentRecur, &blob));
        assert_int_equal(
            cv_hex_decode(arena, cv_slice_cstr(rows[i].blob), &wanted, NULL),
            0);
        if (!cv_slice_eq(blob, wanted))
            fail_msg("blob of %s", rows[i].rule);
        rule = cv_arena_printf(arena, "RRULE:%s",
                               rows[i].back ? rows[i].back : rows[i].rule);
        const char *text = written(obj, NULL, &everything);
        if (!has_line(text, (const char *)rule.ptr))
            fail_msg("no %s in\n%s", (const char *)rule.ptr, text);
    }
}

/* Example J, with a zone: one deleted, one moved to another room. */
static const char series_j[] =
    "BEGIN:VEVENT\nUID:u\nDTSTAMP:20261120T080000Z\nSUMMARY:Team\n"
    "LOCATION:Room 1\n"
    "DTSTART;TZID=Europe/Berlin:20261123T090000\n"
    "DTEND;TZID=Europe/Berlin:20261123T100000\n"
    "RRULE:FREQ=WEEKLY;COUNT=10;BYDAY=MO,WE;WKST=SU\n"
    "EXDATE;TZID=Europe/Berlin:20261202T090000\nEND:VEVENT\n"
    "BEGIN:VEVENT\nUID:u\nDTSTAMP:20261120T080000Z\nSUMMARY:Team\n"
    "RECURRENCE-ID;TZID=Europe/Berlin:20261209T090000\n"
    "LOCATION:Room 2\n"
    "DTSTART;TZID=Europe/Berlin:20261210T140000\n"
    "DTEND;TZID=Europe/Berlin:20261210T150000\nEND:VEVENT\n";

static cv_recurrence series_of_object(void)
{
    cv_recurrence r;
    cv_slice blob;
    bool damaged;
    assert_true(cv_bag_binary(bag(), CV_PidLidAppointmentRecur, &blob));
    assert_int_equal(cv_recurrence_parse(arena, blob, 1252, &r, &damaged, NULL),
                     0);
    assert_false(damaged);
    return r;
}

static void exceptions_become_blob_and_attachment(void **state)
{
    (void)state;
    assert_true(import(calendar("PUBLISH", series_j)));
    cv_recurrence r = series_of_object();
    assert_int_equal(r.deleted_count, 2);
    assert_int_equal(r.exception_count, 1);
    assert_int_equal(r.exceptions[0].flags, CV_OVERRIDE_LOCATION);
    assert_true(cv_slice_eq(r.exceptions[0].location, CV_S("Room 2")));
    assert_int_equal(cv_object_attachment_count(obj), 1);
    cv_attachment *a = cv_object_attachment(obj, 0);
    assert_int_equal(cv_bag_i32_or(a->props, CV_PidTagAttachMethod, 0), 5);
    assert_string_equal(time_of(a->props, CV_PidTagExceptionStartTime),
                        "2026-12-10T14:00:00Z"); /* local */
    assert_string_equal(time_of(a->props, CV_PidTagExceptionReplaceTime),
                        "2026-12-09T08:00:00Z");
    assert_string_equal(
        time_of(cv_object_props(a->embedded), CV_PidLidAppointmentStartWhole),
        "2026-12-10T13:00:00Z");
    assert_true(cv_bag_has(bag(), CV_PidLidTimeZoneStruct));
    assert_string_equal(text_of(bag(), CV_PidLidTimeZoneDescription),
                        "Europe/Berlin");
}

static void exceptions_go_out_again(void **state)
{
    static const char *const wanted[] = {
        "RRULE:FREQ=WEEKLY;BYDAY=MO,WE;WKST=SU;COUNT=10",
        "EXDATE;TZID=W. Europe Standard Time:20261202T090000",
        "RECURRENCE-ID;TZID=W. Europe Standard Time:20261209T090000",
        "DTSTART;TZID=W. Europe Standard Time:20261210T140000",
        "LOCATION:Room 2",
    };
    (void)state;
    assert_true(import(calendar("PUBLISH", series_j)));
    const char *text = written(obj, NULL, &everything);
    for (size_t i = 0; i < CV_LEN(wanted); i++)
        if (!has_line(text, wanted[i]))
            fail_msg("no %s in\n%s", wanted[i], text);
    assert_int_equal(count_of(text, "EXDATE"), 1);
    assert_int_equal(count_of(text, "BEGIN:VEVENT"), 2);
    assert_int_equal(count_of(text, "RRULE:FREQ=WEEKLY"), 1);
}

/* C061: exceptions, but no pattern. */
static void C061_exceptions_without_a_pattern_are_written(void **state)
{
    (void)state;
    assert_true(import(calendar("PUBLISH", series_j)));
    cv_bag_remove(bag(), CV_PidLidAppointmentRecur);
    const char *text = written(obj, NULL, &everything);
    assert_null(strstr(text, "RRULE:FREQ=WEEKLY"));
    assert_non_null(strstr(text, "RECURRENCE-ID"));
    assert_true(has_line(text, "LOCATION:Room 2"));
}

static void cancelled_exception_is_a_deleted_instance(void **state)
{
    (void)state;
    assert_true(import(calendar("PUBLISH",
                                "BEGIN:VEVENT\nUID:u\n"
                                "DTSTART;TZID=Europe/Berlin:20261123T090000\n"
                                "RRULE:FREQ=DAILY;COUNT=5\nEND:VEVENT\n"
                                "BEGIN:VEVENT\nUID:u\nSTATUS:CANCELLED\n"
                                "RECURRENCE-ID:20261124T080000Z\n"
                                "DTSTART:20261124T080000Z\nEND:VEVENT\n")));
    cv_recurrence r = series_of_object();
    assert_int_equal(r.deleted_count, 1);
    assert_int_equal(r.exception_count, 0);
    assert_int_equal(cv_object_attachment_count(obj), 0);
}

/* Exchange 2003 writes a move as EXDATE and RDATE. */
static void pairs_of_excluded_and_added_dates_are_moves(void **state)
{
    (void)state;
    fresh();
    assert_true(import(event_of(":20261123T090000Z", ":20261123T100000Z",
                                "RRULE:FREQ=WEEKLY;COUNT=5;BYDAY=MO\n"
                                "EXDATE:20261130T090000Z,20261207T090000Z,"
                                "20261221T090000Z\n"
                                "RDATE:20261201T140000Z,20261221T110000Z\n")));
    cv_recurrence r = series_of_object();
    assert_int_equal(r.deleted_count, 3);
    assert_int_equal(r.exception_count, 2);
    assert_false(cv_bag_has(bag(), CV_PidLidInboundICalStream));
    const char *text = written(obj, NULL, &everything);
    assert_true(has_line(text, "EXDATE;TZID=UTC:20261207T090000"));
    assert_true(has_line(text, "RECURRENCE-ID;TZID=UTC:20261130T090000"));
    assert_true(has_line(text, "DTSTART;TZID=UTC:20261201T140000"));
    assert_true(has_line(text, "DTEND;TZID=UTC:20261221T120000"));
    assert_int_equal(count_of(text, "BEGIN:VEVENT"), 3);
    /* Too far from any excluded one: an extra date, kept aside. */
    fresh();
    assert_true(import(event_of(":20261123T090000Z", ":20261123T100000Z",
                                "RRULE:FREQ=WEEKLY;COUNT=5;BYDAY=MO\n"
                                "EXDATE:20261130T090000Z\n"
                                "RDATE:20261217T140000Z\n")));
    r = series_of_object(); /* daily, the other days excluded */
    assert_int_equal(r.exception_count, 1);
    assert_int_equal(r.count - r.deleted_count + r.exception_count, 5);
    assert_true(cv_bag_has(bag(), CV_PidLidInboundICalStream));
    /* Of an endless rule it stays in the original. */
    fresh();
    assert_true(import(event_of(":20261123T090000Z", ":20261123T100000Z",
                                "RRULE:FREQ=WEEKLY;BYDAY=MO\n"
                                "EXDATE:20261130T090000Z\n"
                                "RDATE:20261217T140000Z\n")));
    assert_int_equal(series_of_object().exception_count, 0);
    assert_true(cv_bag_has(bag(), CV_PidLidInboundICalStream));
    assert_true(has_line(written(obj, NULL, &everything),
                         "RDATE;TZID=UTC:20261217T140000"));
}

/* An exception of the blob needs no attachment. */
static void exception_without_attachment_has_its_own_fields(void **state)
{
    (void)state;
    assert_true(import(calendar("PUBLISH", series_j)));
    cv_object_remove_attachment(obj, 0);
    const char *text = written(obj, NULL, &everything);
    assert_true(
        has_line(text, "DTSTART;TZID=W. Europe Standard Time:20261210T140000"));
    assert_true(has_line(text, "LOCATION:Room 2"));
    assert_int_equal(count_of(text, "SUMMARY:Team"), 2);
}

/* C143: in any zone, or in none. */
static void C143_exclusions_are_compared_as_instants(void **state)
{
    static const char *const dates[] = {
        "EXDATE:20300512T104700\n",
        "EXDATE:20300612T084700Z\n",
        "EXDATE;TZID=Pacific Standard Time:20300712T014700\n",
        "EXDATE;TZID=Pacific Standard Time:20300312T024700\n",
        /* C054 */
        "EXDATE:20300512T104700,20300612T084700Z,\n",
    };
    static const size_t deleted[] = { 1, 1, 1, 1, 2 };
    (void)state;
    for (size_t i = 0; i < CV_LEN(dates); i++) {
        cv_slice more = cv_arena_printf(
            arena, "RRULE:FREQ=MONTHLY;COUNT=15;BYMONTHDAY=12\n%s", dates[i]);
        fresh();
        assert_true(import(event_of(";TZID=Central Europe Standard Time:"
                                    "20300112T104700",
                                    ";TZID=Central Europe Standard Time:"
                                    "20300112T114700",
                                    (const char *)more.ptr)));
        cv_recurrence r = series_of_object();
        if (r.deleted_count != deleted[i])
            fail_msg("%s: %zu", dates[i], r.deleted_count);
    }
}

/* C057, C059, C060, C052, C063 */
static void C057_odd_rules_are_bounded(void **state)
{
    static const struct {
        const char *rule;
        uint32_t end_type, count;
    } odd[] = {
        /* INTERVAL 0 is 1 */
        { "RRULE:FREQ=WEEKLY;UNTIL=20261224T093000Z;INTERVAL=0;"
          "BYDAY=MO,TU,WE,TH,FR",
          CV_RECUR_END_DATE, 23 },
        /* the earlier of two ends */
        { "RRULE:FREQ=WEEKLY;UNTIL=20261208T090000Z;COUNT=16",
          CV_RECUR_END_DATE, 3 },
        { "RRULE:FREQ=WEEKLY;UNTIL=20301208T090000Z;COUNT=4",
          CV_RECUR_END_COUNT, 4 },
        /* dashes are read, nonsense bounds the series */
        { "RRULE:FREQ=DAILY;UNTIL=2026-11-30", CV_RECUR_END_DATE, 7 },
        { "RRULE:FREQ=DAILY;UNTIL=whenever", CV_RECUR_END_COUNT, 100 },
        /* an end before the start leaves the first */
        { "RRULE:FREQ=WEEKLY;UNTIL=20200101T000000Z", CV_RECUR_END_DATE, 1 },
        { "RRULE:FREQ=DAILY;COUNT=5000", CV_RECUR_END_DATE, 5000 },
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(odd); i++) {
        assert_true(import_rule(odd[i].rule));
        cv_recurrence r = series_of_object();
        if (r.end_type != odd[i].end_type || r.count != odd[i].count)
            fail_msg("%s: %x %u", odd[i].rule, r.end_type, r.count);
    }
}

static void C063_last_day_of_the_month_both_ways(void **state)
{
    const char *rule = "RRULE:FREQ=MONTHLY;BYDAY=SU,MO,TU,WE,TH,FR,SA;"
                       "BYSETPOS=-1";
    (void)state;
    assert_true(import_rule(rule));
    cv_recurrence r = series_of_object();
    assert_int_equal(r.pattern, CV_PATTERN_MONTH_NTH);
    assert_int_equal(r.day_mask, 0x7F);
    assert_int_equal(r.nth, 5);
    assert_true(has_line(written(obj, NULL, &everything), rule));
}

/* RFC 5545 3.8.5.3: DTSTART counts, on the rule or not. */
static void start_off_the_pattern_is_its_first_instance(void **state)
{
    (void)state;
    assert_true(import_rule("RRULE:FREQ=WEEKLY;BYDAY=FR;COUNT=3"));
    cv_recurrence r = series_of_object();
    assert_string_equal(time_of(bag(), CV_PidLidAppointmentStartWhole),
                        "2026-11-24T09:00:00Z");
    assert_int_equal(r.count, 3);
    assert_int_equal(r.exception_count, 1);
    assert_int_equal(r.deleted[0], r.start_date);
    assert_int_equal(r.exceptions[0].start, r.start_date + 4 * 1440 + 540);
    /* What was read goes out as it came; what was changed by the pattern. */
    const char *text = written(obj, NULL, &everything);
    assert_true(has_line(text, "RRULE:FREQ=WEEKLY;BYDAY=FR;COUNT=3"));
    assert_true(has_line(text, "DTSTART;TZID=UTC:20261124T090000"));
    assert_int_equal(count_of(text, "BEGIN:VEVENT"), 1);
    cv_bag_remove(bag(), CV_PidLidInboundICalStream);
    text = written(obj, NULL, &everything);
    assert_true(has_line(text, "DTSTART;TZID=UTC:20261120T090000"));
    assert_true(has_line(text, "RECURRENCE-ID;TZID=UTC:20261120T090000"));
    assert_true(has_line(text, "DTSTART;TZID=UTC:20261124T090000"));
}

static void day_30_is_written_so_that_short_months_have_one(void **state)
{
    (void)state;
    fresh();
    assert_true(import(event_of(":20261130T090000Z", ":20261130T100000Z",
                                "RRULE:FREQ=MONTHLY;BYMONTHDAY=30\n")));
    /* RFC 5545 has no instance in February. */
    cv_recurrence r = series_of_object();
    assert_int_equal(r.deleted_count, 100);
    assert_true(has_line(written(obj, NULL, &everything),
                         "RRULE:FREQ=MONTHLY;BYMONTHDAY=30"));
    cv_bag_remove(bag(), CV_PidLidInboundICalStream);
    assert_true(has_line(written(obj, NULL, &everything),
                         "RRULE:FREQ=MONTHLY;BYMONTHDAY=28,29,30;"
                         "BYSETPOS=-1"));
}

#define ADDED \
    "BEGIN:VEVENT\nUID:abc123@example.com\nDTSTAMP:20261120T080000Z\n" \
    "SEQUENCE:2\nDTSTART;TZID=Europe/Berlin:20261122T090000\n" \
    "DTEND;TZID=Europe/Berlin:20261122T100000\n" \
    "ORGANIZER:mailto:a@x.example\nATTENDEE:mailto:b@x.example\n"

/* RFC 5546 3.2.4: without RECURRENCE-ID. An id without a date would name the
 * series, and be taken for its update. */
static void add_is_a_request_for_the_added_instance(void **state)
{
    static const char *const rules[] = { "", "RRULE:FREQ=DAILY;COUNT=3\n",
                                         "RRULE:FREQ=MONTHLY;BYMONTHDAY=5,22\n",
                                         "RDATE:20261130T080000Z\n" };
    cv_slice id;
    cv_globalid parts;
    (void)state;
    for (size_t i = 0; i < CV_LEN(rules); i++) {
        cv_object_free(&obj);
        assert_int_equal(cv_object_new(0, &obj, NULL), 0);
        assert_true(
            import(calendar("ADD", (const char *)cv_arena_printf(
                                       arena, ADDED "%sEND:VEVENT\n", rules[i])
                                       .ptr)));
        assert_true(is_class("IPM.Schedule.Meeting.Request"));
        assert_true(cv_bag_binary(bag(), CV_PidLidGlobalObjectId, &id));
        assert_int_equal(cv_globalid_parse(id, &parts), 0);
        assert_int_equal(parts.year * 10000 + parts.month * 100 + parts.day,
                         20261122);
        assert_true(cv_bag_bool_or(bag(), CV_PidLidIsException, false));
        assert_false(cv_bag_has(bag(), CV_PidLidAppointmentRecur));
        assert_true(cv_report_has(report, CV_RULE_ICAL_METHOD));
        assert_true(cv_bag_has(bag(), CV_PidLidInboundICalStream) == (i > 0));
        const char *text = written(obj, NULL, &everything);
        assert_true(has_line(text, "METHOD:REQUEST"));
        assert_true(has_line(text, "RECURRENCE-ID;TZID=W. Europe Standard "
                                   "Time:20261122T090000"));
        assert_true(has_line(
            text, "DTSTART;TZID=W. Europe Standard Time:20261122T090000"));
        assert_int_equal(count_of(strstr(text, "BEGIN:VEVENT"), "RRULE"), 0);
        assert_int_equal(count_of(text, "RDATE"), 0);
    }
}

static void orphan_instance_keeps_its_original_start(void **state)
{
    (void)state;
    assert_true(import(
        calendar("REQUEST", "BEGIN:VEVENT\nUID:abc123@example.com\n"
                            "DTSTAMP:20261120T080000Z\n"
                            "RECURRENCE-ID;TZID=Europe/Berlin:20261122T090000\n"
                            "DTSTART;TZID=Europe/Berlin:20261122T110000\n"
                            "ORGANIZER:mailto:a@x.example\n"
                            "ATTENDEE:mailto:b@x.example\nEND:VEVENT\n")));
    cv_slice id, wanted;
    assert_true(cv_bag_binary(bag(), CV_PidLidGlobalObjectId, &id));
    assert_int_equal(
        cv_hex_decode(arena,
                      CV_S("040000008200E00074C5B7101A82E00807EA0B1600000000"
                           "0000000000000000000000001F0000007643616C2D556964"
                           "01000000616263313233406578616D706C652E636F6D00"),
                      &wanted, NULL),
        0);
    assert_true(cv_slice_eq(id, wanted));
    assert_true(cv_bag_bool_or(bag(), CV_PidLidIsException, false));
    const char *with_time =
        "RECURRENCE-ID;TZID=W. Europe Standard Time:20261122T090000";
    assert_true(has_line(written(obj, NULL, &everything), with_time));
    /* The global id and the packed time say the same. */
    cv_bag_remove(bag(), CV_PidLidExceptionReplaceTime);
    assert_true(has_line(written(obj, NULL, &everything), with_time));
}

/* A series keeps its wall clock over a change of offset. */
static void series_keeps_local_time(void **state)
{
    (void)state;
    assert_true(import(calendar(
        "PUBLISH", "BEGIN:VEVENT\nUID:u\n"
                   "DTSTART;TZID=Europe/Berlin:20260320T090000\n"
                   "DTEND;TZID=Europe/Berlin:20260320T100000\n"
                   "RRULE:FREQ=WEEKLY;UNTIL=20260410T070000Z\nEND:VEVENT\n")));
    cv_recurrence r = series_of_object();
    assert_int_equal(r.count, 4); /* the last one is at 07:00Z */
    assert_true(has_line(written(obj, NULL, &everything),
                         "RRULE:FREQ=WEEKLY;BYDAY=FR;WKST=SU;"
                         "UNTIL=20260410T070000Z"));
}

static void damaged_pattern_leaves_a_single_event(void **state)
{
    (void)state;
    assert_true(import(calendar("PUBLISH", series_j)));
    (void)cv_bag_set_binary(bag(), CV_PidLidAppointmentRecur,
                            CV_S("\x04\x30\x04\x30"));
    const char *text = written(obj, NULL, &everything);
    assert_true(cv_report_has(report, CV_RULE_BAD_BLOB));
    assert_null(strstr(text, "RRULE:FREQ=WEEKLY"));
}

/* The same series, of which a client stored a later instance's start. */
static void series_begins_with_its_patterns_first_instance(void **state)
{
    static const cv_tag zones[] = {
        CV_PidLidAppointmentTimeZoneDefinitionStartDisplay,
        CV_PidLidAppointmentTimeZoneDefinitionEndDisplay,
        CV_PidLidAppointmentTimeZoneDefinitionRecur, CV_PidLidTimeZoneStruct
    };
    (void)state;
    assert_true(import(event_of(";VALUE=DATE:20261130", ";VALUE=DATE:20261201",
                                "RRULE:FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3\n")));
    for (size_t i = 0; i <= CV_LEN(zones); i++) {
        if (i > 0)
            cv_bag_remove(bag(), zones[i - 1]);
        if (i > 0 && i < CV_LEN(zones))
            continue; /* with all zones, and with none */
        (void)cv_bag_set_ticks(bag(), CV_PidLidAppointmentStartWhole,
                               at("2026-12-31T00:00:00Z"));
        (void)cv_bag_set_ticks(bag(), CV_PidLidAppointmentEndWhole,
                               at("2027-01-01T00:00:00Z"));
        const char *text = written(obj, NULL, &everything);
        assert_true(has_line(text, "DTSTART;VALUE=DATE:20261130"));
        assert_true(has_line(text, "DTEND;VALUE=DATE:20261201"));
        assert_true(has_line(text, "RRULE:FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3"));
    }
}

/* Clocks in Berlin go from 02:00 to 03:00 on 29 March 2026. */
static void
series_keeps_its_time_of_day_that_the_first_day_leaves_out(void **state)
{
    static const char start[] = ";TZID=Europe/Berlin:20260329T025000",
                      end[] = ";TZID=Europe/Berlin:20260329T032000",
                      rule[] = "RRULE:FREQ=DAILY;COUNT=3\n";
    static const char zone[] = "W. Europe Standard Time";
    cv_recurrence r;
    cv_slice blob;
    bool damaged;
    (void)state;
    assert_true(import(event_of(start, end, rule)));
    for (int i = 0; i < 2; i++) {
        assert_string_equal(time_of(bag(), CV_PidLidAppointmentStartWhole),
                            "2026-03-29T01:50:00Z");
        assert_true(cv_bag_binary(bag(), CV_PidLidAppointmentRecur, &blob));
        assert_int_equal(
            cv_recurrence_parse(arena, blob, 1252, &r, &damaged, NULL), 0);
        assert_int_equal(r.start_offset, 2 * 60 + 50);
        char *text = written(obj, NULL, &everything);
        assert_true(
            has_line(text, (const char *)cv_arena_printf(
                               arena, "DTSTART;TZID=%s:20260329T025000", zone)
                               .ptr));
        cv_object_free(&obj);
        assert_int_equal(cv_object_new(0, &obj, NULL), 0);
        assert_true(import(cv_slice_cstr(text)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rules_and_blobs_both_ways),
        TEST(exceptions_become_blob_and_attachment),
        TEST(exceptions_go_out_again),
        TEST(C061_exceptions_without_a_pattern_are_written),
        TEST(cancelled_exception_is_a_deleted_instance),
        TEST(pairs_of_excluded_and_added_dates_are_moves),
        TEST(exception_without_attachment_has_its_own_fields),
        TEST(C143_exclusions_are_compared_as_instants),
        TEST(C057_odd_rules_are_bounded),
        TEST(C063_last_day_of_the_month_both_ways),
        TEST(start_off_the_pattern_is_its_first_instance),
        TEST(day_30_is_written_so_that_short_months_have_one),
        TEST(add_is_a_request_for_the_added_instance),
        TEST(orphan_instance_keeps_its_original_start),
        TEST(series_keeps_local_time),
        TEST(damaged_pattern_leaves_a_single_event),
        TEST(series_begins_with_its_patterns_first_instance),
        TEST(series_keeps_its_time_of_day_that_the_first_day_leaves_out),
    };
    return cmocka_run_group_tests_name("ical series", tests, NULL, NULL);
}
