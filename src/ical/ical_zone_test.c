#include "ical/ical_test_kit.h"

#include "ical/ical_private.h"

static ical_zones zones;

/* Rules of the only VTIMEZONE of a text. */
static cv_status zone_of(const char *components, cv_timezone *tz)
{
    cv_ical_comp *root;
    cv_slice text = cv_arena_printf(
        arena,
        "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:z\n%sEND:VTIMEZONE\n"
        "END:VCALENDAR\n",
        components);
    assert_int_equal(cv_ical_parse(arena, text, &root, report, NULL), 0);
    return cv_ical_zone_parse(arena, root->children[0]->children[0], tz);
}

#define PART(kind, start, from, to, more) \
    "BEGIN:" kind "\nDTSTART:" start "\nTZOFFSETFROM:" from "\nTZOFFSETTO:" to \
    "\n" more "END:" kind "\n"

static void check(const cv_timezone *tz, const char *utc, int32_t minutes)
{
    int32_t is = cv_timezone_offset_at(tz, at(utc)) / 60;
    if (is != minutes)
        fail_msg("%s: %d, not %d", utc, is, minutes);
}

static void rules_of_products_are_read(void **state)
{
    static const char *const forms[][2] = {
        { "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\n",
          "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\n" },
        { "RRULE:FREQ=YEARLY;WKST=MO;INTERVAL=1;BYMONTH=10;BYDAY=-1SU\n",
          "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=SU;BYSETPOS=-1\n" },
        { "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=SU;"
          "BYMONTHDAY=25,26,27,28,29,30,31\n",
          "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\n" },
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(forms); i++) {
        cv_timezone tz;
        cv_slice parts = cv_arena_printf(
            arena,
            PART("STANDARD", "16010101T030000", "+0200", "+0100", "%s")
                PART("DAYLIGHT", "16010101T020000", "+0100", "+0200", "%s"),
            forms[i][0], forms[i][1]);
        assert_int_equal(zone_of((const char *)parts.ptr, &tz), 0);
        assert_int_equal(tz.rule_count, 1);
        assert_int_equal(tz.rules[0].from_year, 1601);
        check(&tz, "2026-03-29T00:59:59Z", 60);
        check(&tz, "2026-03-29T01:00:00Z", 120);
        check(&tz, "2026-10-25T00:59:59Z", 120);
        check(&tz, "2026-10-25T01:00:00Z", 60);
    }
}

/* The American rules before and after 2007. */
static void several_rules_hold_in_their_years(void **state)
{
    cv_timezone tz;
    (void)state;
    assert_int_equal(
        zone_of(PART("DAYLIGHT", "19870405T020000", "-0500", "-0400",
                     "RRULE:FREQ=YEARLY;UNTIL=20060402T070000Z;BYMONTH=4;"
                     "BYDAY=1SU\n")
                    PART("STANDARD", "19671029T020000", "-0400", "-0500",
                         "RRULE:FREQ=YEARLY;UNTIL=20061029T060000Z;"
                         "BYMONTH=10;BYDAY=-1SU\n")
                        PART("DAYLIGHT", "20070311T020000", "-0500", "-0400",
                             "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU\n")
                            PART("STANDARD", "20071104T020000", "-0400",
                                 "-0500",
                                 "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU\n"),
                &tz),
        0);
    check(&tz, "2006-03-20T12:00:00Z", -300);
    check(&tz, "2006-04-20T12:00:00Z", -240);
    check(&tz, "2007-03-20T12:00:00Z", -240);
    check(&tz, "2026-11-02T12:00:00Z", -300);
}

/* UNTIL in a year's first days leaves no onset of that year. */
static void until_before_the_onset_ends_a_year_earlier(void **state)
{
    cv_timezone tz;
    (void)state;
    assert_int_equal(
        zone_of(PART("DAYLIGHT", "19900401T020000", "-0500", "-0400",
                     "RRULE:FREQ=YEARLY;UNTIL=20060101T000000Z;BYMONTH=4;"
                     "BYDAY=1SU\n")
                    PART("STANDARD", "19901028T020000", "-0400", "-0500",
                         "RRULE:FREQ=YEARLY;UNTIL=20051030T060000Z;"
                         "BYMONTH=10;BYDAY=-1SU\n"),
                &tz),
        0);
    check(&tz, "2005-07-01T12:00:00Z", -240);
    check(&tz, "2005-12-01T12:00:00Z", -300);
    check(&tz, "2006-07-01T12:00:00Z", -300);
}

/* C144: RRULE and RDATE in one component. */
static void C144_rules_and_dates_together(void **state)
{
    cv_timezone tz;
    (void)state;
    assert_int_equal(
        zone_of(PART("STANDARD", "20131027T020000", "+0300", "+0200",
                     "RDATE:20131027T020000\n"
                     "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\n")
                    PART("DAYLIGHT", "20130329T020000", "+0200", "+0300",
                         "RDATE:20130329T020000,20140328T020000\n"
                         "RRULE:FREQ=YEARLY;BYDAY=-1FR;BYMONTH=3\n"),
                &tz),
        0);
    check(&tz, "2030-07-01T12:00:00Z", 180);
    check(&tz, "2030-12-01T12:00:00Z", 120);
}

/* C151: the last onset holds on. */
static void C151_daylight_time_may_have_ended(void **state)
{
    cv_timezone tz;
    (void)state;
    assert_int_equal(zone_of(PART("DAYLIGHT", "20171015T000000", "-0300",
                                  "-0200", "RDATE:20181104T000000\n")
                                 PART("STANDARD", "20180218T000000", "-0200",
                                      "-0300", "RDATE:20190217T000000\n"),
                             &tz),
                     0);
    check(&tz, "2018-12-01T12:00:00Z", -120);
    check(&tz, "2019-12-01T12:00:00Z", -180);
    check(&tz, "2030-01-15T12:00:00Z", -180);
}

static void one_pair_without_rules_is_yearly(void **state)
{
    cv_timezone tz;
    (void)state;
    assert_int_equal(
        zone_of(PART("STANDARD", "20251026T030000", "+0200", "+0100", "")
                    PART("DAYLIGHT", "20250330T020000", "+0100", "+0200", ""),
                &tz),
        0);
    check(&tz, "2031-07-01T12:00:00Z", 120);
    check(&tz, "2031-12-01T12:00:00Z", 60);
}

/* C148 */
static void C148_components_without_offset_do_not_count(void **state)
{
    cv_timezone tz;
    (void)state;
    assert_int_equal(zone_of("", &tz), CV_ERR_SYNTAX);
    assert_int_equal(zone_of("BEGIN:STANDARD\nDTSTART:16010101T000000\n"
                             "TZOFFSETFROM:+0100\nEND:STANDARD\n",
                             &tz),
                     CV_ERR_SYNTAX);
    assert_int_equal(
        zone_of("BEGIN:STANDARD\nTZOFFSETTO:+0530\nEND:STANDARD\n", &tz), 0);
    check(&tz, "2026-07-01T12:00:00Z", 330);
}

/* A thousand dates on one line, years far apart. */
static void hostile_zones_are_bounded(void **state)
{
    cv_timezone tz;
    cv_buf buf;
    (void)state;
    cv_buf_init(&buf, 0);
    cv_buf_put_str(&buf, "BEGIN:STANDARD\nDTSTART:16010101T000000\n"
                         "TZOFFSETFROM:+0000\nTZOFFSETTO:+0100\nRDATE:");
    for (int i = 0; i < 5000; i++)
        cv_buf_printf(&buf, "%04d0101T000000,", 1601 + i % 8000);
    cv_buf_put_str(&buf, "\nEND:STANDARD\n");
    cv_buf_put_byte(&buf, 0);
    assert_int_equal(zone_of((const char *)buf.data, &tz), 0);
    assert_true(tz.rule_count <= CV_LIMIT_TZ_RULES);
    cv_buf_clear(&buf);
}

/* C152, C150: what a time without TZID means, and a TZID without rules. */
static void C152_floating_times_take_the_only_zone(void **state)
{
    (void)state;
    assert_true(import(lines(
        "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:Europe/Paris\n"
        "X-LIC-LOCATION:Europe/Paris\nEND:VTIMEZONE\nBEGIN:VEVENT\nUID:u\n"
        "DTSTART:20300923T120000\nEND:VEVENT\nEND:VCALENDAR\n")));
    assert_string_equal(time_of(bag(), CV_PidLidAppointmentStartWhole),
                        "2030-09-23T10:00:00Z");
    assert_true(import(
        lines("BEGIN:VCALENDAR\nX-WR-TIMEZONE:America/Chicago\nBEGIN:VEVENT\n"
              "UID:u\nDTSTART:20300923T120000\nEND:VEVENT\nEND:VCALENDAR\n")));
    assert_string_equal(time_of(bag(), CV_PidLidAppointmentStartWhole),
                        "2030-09-23T17:00:00Z");
    cv_timezone tokyo;
    assert_int_equal(
        cv_timezone_by_name(arena, CV_S("Asia/Tokyo"), &tokyo, NULL), 0);
    context.zone = &tokyo;
    assert_true(import(lines("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u\n"
                             "DTSTART:20300923T120000\nEND:VEVENT\n"
                             "END:VCALENDAR\n")));
    assert_string_equal(time_of(bag(), CV_PidLidAppointmentStartWhole),
                        "2030-09-23T03:00:00Z");
}

static void more_zones_than_the_bound_are_one(void **state)
{
    const ical_zone *last = NULL;
    (void)state;
    zones = (ical_zones){ .arena = arena, .report = report };
    for (int i = 0; i < 300; i++) {
        cv_slice name = cv_arena_printf(arena, "zone number %d", i);
        last = cv_ical_zone_of_tzid(&zones, name, 0);
        assert_non_null(last);
    }
    assert_true(zones.count < 300);
    assert_ptr_equal(last, &zones.items[zones.count - 1]);
}

/* What is written for some years is read as the same rules. */
static void written_zones_are_read_back(void **state)
{
    static const char *const names[] = {
        "Europe/Berlin", "America/New_York",  "Australia/Sydney",
        "Asia/Kolkata",  "America/Sao_Paulo", "Africa/Casablanca"
    };
    static const int64_t spans[][2] = { { 2026, 2026 },
                                        { 2005, 2010 },
                                        { 2045, 2060 } };
    (void)state;
    for (size_t i = 0; i < CV_LEN(names) * CV_LEN(spans); i++) {
        const int64_t *span = spans[i % CV_LEN(spans)];
        cv_timezone tz, back;
        cv_line_writer w;
        cv_buf buf;
        cv_ical_comp *root;
        assert_int_equal(
            cv_timezone_by_name(arena, cv_slice_cstr(names[i / CV_LEN(spans)]),
                                &tz, NULL),
            0);
        cv_buf_init(&buf, 0);
        cv_line_writer_init(&w, &buf);
        cv_ical_zone_put(&w, arena, &tz, span[0], span[1], false);
        cv_line_writer_clear(&w);
        assert_int_equal(
            cv_ical_parse(arena, cv_buf_slice(&buf), &root, report, NULL), 0);
        assert_int_equal(
            cv_ical_zone_parse(arena, root->children[0]->children[0], &back),
            0);
        for (int64_t day = cv_days_from_civil(span[0], 1, 1);
             day < cv_days_from_civil(span[1] + 1, 1, 1); day += 5)
            if (cv_timezone_offset_at(&tz, day * ICAL_DAY) !=
                cv_timezone_offset_at(&back, day * ICAL_DAY))
                fail_msg("%s in %d", names[i / CV_LEN(spans)],
                         cv_civil_of_ticks(day * ICAL_DAY).year);
        cv_buf_clear(&buf);
    }
}

/* The name says one thing, the rules another. */
static void lying_names_do_not_beat_the_rules(void **state)
{
    cv_timezone tz;
    cv_slice blob;
    (void)state;
    assert_true(import(
        lines("BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:Europe/Berlin\n"
              "BEGIN:STANDARD\nDTSTART:16010101T000000\nTZOFFSETFROM:-0500\n"
              "TZOFFSETTO:-0500\nEND:STANDARD\nEND:VTIMEZONE\n"
              "BEGIN:VEVENT\nUID:u\n"
              "DTSTART;TZID=Europe/Berlin:20260701T090000\nEND:VEVENT\n"
              "END:VCALENDAR\n")));
    assert_string_equal(time_of(bag(), CV_PidLidAppointmentStartWhole),
                        "2026-07-01T14:00:00Z");
    assert_true(cv_report_has(report, CV_RULE_ICAL_ZONE));
    /* A client that knows zones by name must not take the wrong one. */
    assert_true(cv_bag_binary(
        bag(), CV_PidLidAppointmentTimeZoneDefinitionStartDisplay, &blob));
    assert_int_equal(cv_tzdef_parse(arena, blob, &tz), 0);
    assert_true(cv_slice_eq(tz.key_name, CV_S("Europe/Berlin")));
    const char *text = written(obj, NULL, &everything);
    assert_true(has_line(text, "DTSTART;TZID=Europe/Berlin:20260701T090000"));
    assert_true(has_line(text, "TZOFFSETTO:-0500"));
}

/* [MS-OXOCAL] 2.2.5.6: messages of old clients have an index only. */
static void legacy_index_is_the_zone_of_old_messages(void **state)
{
    cv_bag *b = bag();
    (void)state;
    (void)cv_bag_set_string(b, CV_PidTagMessageClass,
                            CV_S("IPM.Schedule.Meeting.Request"));
    (void)cv_bag_set_ticks(b, CV_PidLidAppointmentStartWhole,
                           at("2026-07-01T14:00:00Z"));
    (void)cv_bag_set_ticks(b, CV_PidLidAppointmentEndWhole,
                           at("2026-07-01T15:00:00Z"));
    (void)cv_bag_set_i32(b, CV_PidLidTimeZone, 4);
    assert_true(
        has_line(written(obj, NULL, &everything), "DTSTART:20260701T140000Z"));
    (void)cv_bag_set_bool(b, CV_PidLidIsRecurring, true);
    assert_true(
        has_line(written(obj, NULL, &everything),
                 "DTSTART;TZID=W. Europe Standard Time:20260701T160000"));
    (void)cv_bag_set_i32(b, CV_PidLidTimeZone, (int32_t)0x80000004);
    assert_true(has_line(
        written(obj, NULL, &everything),
        "DTSTART;TZID=W. Europe Standard Time (no DST):20260701T150000"));
    (void)cv_bag_set_i32(b, CV_PidLidTimeZone, 82); /* none */
    assert_true(
        has_line(written(obj, NULL, &everything), "DTSTART:20260701T140000Z"));
    (void)cv_bag_set_i32(b, CV_PidLidTimeZone, 4);
    (void)cv_bag_set_bool(b, CV_PidLidIsException, true);
    assert_true(
        has_line(written(obj, NULL, &everything), "DTSTART:20260701T140000Z"));
}

#define C153_EVENT \
    "BEGIN:VEVENT\nUID:u\n" \
    "DTSTART;TZID=Eastern Standard Time:20300910T140000\n" \
    "DTEND;TZID=Eastern Standard Time:20300910T150000\nEND:VEVENT\n" \
    "END:VCALENDAR\n"

/* 14:00 in New York is 13:00 in Chicago, whatever zone the reader is in. */
static void c153_windows_names_hold_with_and_without_rules(void **state)
{
    static const char *const texts[] = {
        "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:Eastern Standard Time\n"
        "BEGIN:STANDARD\nDTSTART:16010101T020000\nTZOFFSETFROM:-0400\n"
        "TZOFFSETTO:-0500\nRRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=11\n"
        "END:STANDARD\nBEGIN:DAYLIGHT\nDTSTART:16010101T020000\n"
        "TZOFFSETFROM:-0500\nTZOFFSETTO:-0400\n"
        "RRULE:FREQ=YEARLY;BYDAY=2SU;BYMONTH=3\nEND:DAYLIGHT\n"
        "END:VTIMEZONE\n" C153_EVENT,
        "BEGIN:VCALENDAR\n" C153_EVENT,
    };
    int64_t start;
    (void)state;
    for (size_t i = 0; i < CV_LEN(texts); i++) {
        assert_true(import(lines(texts[i])));
        assert_true(
            cv_bag_ticks(bag(), CV_PidLidAppointmentStartWhole, &start));
        assert_int_equal(start, at("2030-09-10T18:00:00Z"));
    }
}

/* 01:30 in New York, an hour after 01:30. */
static void second_pass_of_an_hour_keeps_its_moment(void **state)
{
    (void)state;
    assert_true(
        import(lines("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u\n"
                     "DTSTART;TZID=America/New_York:20261101T003000\n"
                     "DTEND:20261101T063000Z\nEND:VEVENT\nEND:VCALENDAR\n")));
    const char *text = written(obj, NULL, &everything);
    assert_true(
        has_line(text, "DTSTART;TZID=Eastern Standard Time:20261101T003000"));
    assert_true(has_line(text, "DTEND:20261101T063000Z"));
    (void)cv_bag_set_ticks(bag(), CV_PidLidAppointmentStartWhole,
                           at("2026-11-01T05:30:00Z"));
    text = written(obj, NULL, &everything);
    assert_true(
        has_line(text, "DTSTART;TZID=Eastern Standard Time:20261101T013000"));
    (void)cv_bag_set_ticks(bag(), CV_PidLidAppointmentStartWhole,
                           at("2026-11-01T06:15:00Z"));
    assert_true(
        has_line(written(obj, NULL, &everything), "DTSTART:20261101T061500Z"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rules_of_products_are_read),
        TEST(several_rules_hold_in_their_years),
        TEST(until_before_the_onset_ends_a_year_earlier),
        TEST(C144_rules_and_dates_together),
        TEST(C151_daylight_time_may_have_ended),
        TEST(one_pair_without_rules_is_yearly),
        TEST(C148_components_without_offset_do_not_count),
        TEST(hostile_zones_are_bounded),
        TEST(C152_floating_times_take_the_only_zone),
        TEST(more_zones_than_the_bound_are_one),
        TEST(written_zones_are_read_back),
        TEST(lying_names_do_not_beat_the_rules),
        TEST(legacy_index_is_the_zone_of_old_messages),
        TEST(c153_windows_names_hold_with_and_without_rules),
        TEST(second_pass_of_an_hour_keeps_its_moment),
    };
    return cmocka_run_group_tests_name("ical zone", tests, NULL, NULL);
}
