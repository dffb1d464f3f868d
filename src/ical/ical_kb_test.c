/* Real failures of other programs, C052 to C154 of the list in
 * tests/cases.tsv, as far as iCalendar alone shows them; each by its id. */
#include "ical/ical_test_kit.h"

#include "base/datetime.h"

#include <locale.h>
#include <time.h>

static void fresh(void)
{
    cv_object_free(&obj);
    cv_report_free(&report);
    assert_int_equal(cv_object_new(0, &obj, NULL), 0);
    assert_int_equal(cv_report_new(&report, NULL), 0);
}

static void read_event(const char *inner)
{
    fresh();
    assert_true(
        import(lines((const char *)cv_arena_printf(
                         arena,
                         "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u\n%sEND:VEVENT\n"
                         "END:VCALENDAR\n",
                         inner)
                         .ptr)));
}

static cv_recurrence series(void)
{
    cv_recurrence r;
    cv_slice blob;
    bool damaged;
    assert_true(cv_bag_binary(bag(), CV_PidLidAppointmentRecur, &blob));
    assert_int_equal(cv_recurrence_parse(arena, blob, 1252, &r, &damaged, NULL),
                     0);
    return r;
}

/* The instances that are left, as "0103 0110". */
static const char *days_of(const cv_recurrence *r)
{
    uint32_t dates[40];
    cv_buf buf;
    cv_buf_init(&buf, 0);
    size_t n = cv_recurrence_expand(r, r->start_date, dates, CV_LEN(dates));
    for (size_t i = 0; i < n; i++) {
        cv_civil c = cv_civil_of_ticks(cv_minutes1601_to_ticks(dates[i]));
        if (!cv_recurrence_is_deleted(r, dates[i]))
            cv_buf_printf(&buf, "%s%02u%02u", buf.len ? " " : "", c.month,
                          c.day);
    }
    cv_slice text = cv_buf_dup(&buf, arena);
    cv_buf_clear(&buf);
    return (const char *)text.ptr;
}

/* An end before the start, or all instances excluded: kept, listed, written. */
static void c052_series_without_instances_are_kept(void **state)
{
    (void)state;
    read_event("DTSTART:20200203T090000Z\nRRULE:FREQ=WEEKLY;"
               "UNTIL=20200101T000000Z\n");
    cv_recurrence r = series();
    assert_string_equal(days_of(&r), "0203");
    assert_true(has_line(written(obj, NULL, &everything),
                         "DTSTART;TZID=UTC:20200203T090000"));
    read_event("DTSTART:20200203T090000Z\nRRULE:FREQ=DAILY;COUNT=2\n"
               "EXDATE:20200203T090000Z,20200204T090000Z\n");
    r = series();
    assert_string_equal(days_of(&r), "");
    const char *text = written(obj, NULL, &everything);
    assert_int_equal(count_of(text, "EXDATE;"), 2);
    assert_true(has_line(text, "RRULE:FREQ=DAILY;COUNT=2"));
}

static void c054_empty_elements_of_a_list_are_skipped(void **state)
{
    static const char *const lists[] = {
        "EXDATE:20301223T140000Z,20301230T140000Z,",
        "EXDATE:,20301223T140000Z,,20301230T140000Z",
        "EXDATE:20301223T140000Z\nEXDATE:\nEXDATE:20301230T140000Z",
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(lists); i++) {
        read_event((const char *)cv_arena_printf(
                       arena,
                       "DTSTART:20301216T140000Z\nRRULE:FREQ=WEEKLY;COUNT=4\n"
                       "%s\n",
                       lists[i])
                       .ptr);
        cv_recurrence r = series();
        assert_string_equal(days_of(&r), "1216 0106");
        const char *text = written(obj, NULL, &everything);
        assert_int_equal(count_of(text, "EXDATE;"), 2);
        assert_null(strstr(text, "18991230"));
        assert_true(cv_report_has(report, CV_RULE_ICAL_TIME));
    }
}

/* The earlier of two ends; one only is written. */
static void c059_of_two_ends_the_earlier_counts(void **state)
{
    static const struct {
        const char *rule, *days;
        const char *has, *lacks;
    } rows[] = {
        { "FREQ=WEEKLY;UNTIL=20260217T090000Z;COUNT=16", "0203 0210 0217",
          "UNTIL=", "COUNT=" },
        { "FREQ=WEEKLY;UNTIL=20300217T090000Z;COUNT=2", "0203 0210",
          "COUNT=", "UNTIL=" },
        { "FREQ=YEARLY;UNTIL=19961027T030000;COUNT=16;BYDAY=1TU;BYMONTH=2",
          "0203", "UNTIL=", "COUNT=" },
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        read_event(
            (const char *)cv_arena_printf(
                arena, "DTSTART:20260203T090000Z\nRRULE:%s\n", rows[i].rule)
                .ptr);
        cv_recurrence r = series();
        assert_string_equal(days_of(&r), rows[i].days);
        assert_true(cv_report_has(report, CV_RULE_ICAL_RRULE));
        const char *text = written(obj, NULL, &everything);
        assert_non_null(strstr(text, rows[i].has));
        assert_null(strstr(text, rows[i].lacks));
    }
}

/* No series becomes endless because its end cannot be read. */
static void c060_unreadable_ends_do_not_make_it_endless(void **state)
{
    static const struct {
        const char *until;
        uint32_t count;
    } rows[] = {
        { "2030-06-30", 8 },         { "2030-06-30T09:00:00Z", 8 },
        { "20300630", 8 },           { "20300630T090000", 8 },
        { "30 June 2030", 100 },     { "", 100 },
        { "20301340T000000Z", 100 }, { "NEVER", 100 },
        { "20300630;COUNT=x", 8 },   { "x;COUNT=5", 5 },
    };
    static const char *const counts[] = { "x", "0", "", "-1", "1e3" };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        read_event((const char *)cv_arena_printf(
                       arena,
                       "DTSTART:20300623T090000Z\nRRULE:FREQ=DAILY;UNTIL=%s\n",
                       rows[i].until)
                       .ptr);
        cv_recurrence r = series();
        if (r.end_type == CV_RECUR_END_NEVER || r.count != rows[i].count)
            fail_msg("%s: %x %u", rows[i].until, r.end_type, r.count);
        const char *text = written(obj, NULL, &everything);
        assert_true(strstr(text, "COUNT=") || strstr(text, ";UNTIL=2030"));
        assert_int_equal(cv_report_has(report, CV_RULE_ICAL_RRULE_END),
                         rows[i].count != 8 || strstr(rows[i].until, "=x"));
        if (!strncmp(rows[i].until, "2030-", 5))
            assert_true(cv_report_has(report, CV_RULE_ICAL_RRULE));
    }
    for (size_t i = 0; i < CV_LEN(counts); i++) {
        read_event((const char *)cv_arena_printf(
                       arena,
                       "DTSTART:20300623T090000Z\nRRULE:FREQ=DAILY;COUNT=%s\n",
                       counts[i])
                       .ptr);
        cv_recurrence r = series();
        assert_int_equal(r.end_type, CV_RECUR_END_COUNT);
        assert_int_equal(r.count, 100);
        assert_true(cv_report_has(report, CV_RULE_ICAL_RRULE_END));
    }
}

/* Attendees and no organizer: an appointment that lists them. */
static void c065_attendees_without_organizer_are_listed(void **state)
{
    (void)state;
    read_event("DTSTART:20260203T090000Z\nATTENDEE;CN=Ann:"
               "mailto:ann@example.com\nATTENDEE:mailto:bob@example.com\n");
    assert_true(is_class("IPM.Appointment"));
    assert_int_equal(cv_object_recipient_count(obj), 2);
    const char *text = written(obj, NULL, &everything);
    assert_int_equal(count_of(text, "ATTENDEE;"), 2);
    assert_int_equal(count_of(text, "ORGANIZER:invalid:nomail"), 1);
}

/* Dates on the wire are Gregorian whatever the process is set to. */
static void c069_locale_and_zone_of_the_process_do_not_matter(void **state)
{
    static const char *const locales[] = { "ar_SA.UTF-8", "fa_IR.UTF-8",
                                           "th_TH.UTF-8", "tr_TR.UTF-8",
                                           "ja_JP.UTF-8", "C" };
    static const char request[] =
        "BEGIN:VEVENT\nUID:u\nDTSTART;TZID=Europe/Berlin:18990101T090000\n"
        "DTEND;TZID=Europe/Berlin:18990101T100000\nDTSTAMP:20260101T000000Z\n"
        "SUMMARY:TITLE i\nRRULE:FREQ=YEARLY;UNTIL=20450101T080000Z\n"
        "END:VEVENT\n";
    const char *first = NULL;
    (void)state;
    for (size_t i = 0; i < CV_LEN(locales); i++) {
        (void)setlocale(LC_ALL, locales[i]); /* where it is installed */
        assert_int_equal(setenv("TZ", i % 2 ? "Asia/Riyadh" : "Asia/Tokyo", 1),
                         0);
        tzset();
        fresh();
        assert_true(import(calendar("REQUEST", request)));
        const char *text = written(obj, NULL, &everything);
        assert_true(
            has_line(text, "DTSTART;TZID=Europe/Berlin:18990101T090000"));
        assert_non_null(strstr(text, "UNTIL=20450101T080000Z"));
        if (!first)
            first = text;
        assert_string_equal(text, first);
    }
    (void)setlocale(LC_ALL, "C");
    assert_int_equal(unsetenv("TZ"), 0);
    tzset();
}

/* Dates of an all-day series, whatever zone the exclusions are written in. */
static void c154_all_day_dates_are_compared_as_dates(void **state)
{
    static const char *const dates[] = {
        "EXDATE;VALUE=DATE:20300107", /* the date */
        "EXDATE:20300107",
        "EXDATE:20300106T150000Z", /* midnight in UTC+9 */
        "EXDATE;TZID=Asia/Tokyo:20300107T000000",
        "EXDATE:20300107T050000Z", /* midnight in UTC-5 */
        "EXDATE:20300107T000000",
    };
    cv_timezone reader;
    (void)state;
    assert_int_equal(
        cv_timezone_by_name(arena, CV_S("America/New_York"), &reader, NULL), 0);
    for (size_t i = 0; i < 2 * CV_LEN(dates); i++) {
        context.zone = i % 2 ? &reader : NULL;
        read_event((const char *)cv_arena_printf(
                       arena,
                       "DTSTART;VALUE=DATE:20300105\nRRULE:FREQ=DAILY;COUNT=4\n"
                       "%s\n",
                       dates[i / 2])
                       .ptr);
        cv_recurrence r = series();
        if (strcmp(days_of(&r), "0105 0106 0108") != 0)
            fail_msg("%s: %s", dates[i / 2], days_of(&r));
        assert_true(has_line(written(obj, NULL, &everything),
                             "EXDATE;VALUE=DATE:20300107"));
    }
    /* What matches nothing is a finding. */
    context.zone = NULL;
    read_event("DTSTART;VALUE=DATE:20300105\nRRULE:FREQ=DAILY;COUNT=4\n"
               "EXDATE;VALUE=DATE:20300201\n");
    assert_true(cv_report_has(report, CV_RULE_ICAL_RRULE));
}

/* The same from the store's side: 15:00 of the day before in the blob. */
static void c154_deleted_midnights_of_another_zone_are_found(void **state)
{
    (void)state;
    read_event("DTSTART;VALUE=DATE:20300107\nRRULE:FREQ=WEEKLY;COUNT=4\n");
    cv_recurrence r = series();
    uint32_t gone[2] = { r.start_date + 7 * 1440 - 9 * 60,
                         r.start_date + 60 * 1440 };
    cv_buf buf;
    r.deleted = gone;
    r.deleted_count = 2;
    cv_buf_init(&buf, 0);
    cv_recurrence_put(&buf, &r);
    (void)cv_bag_set_binary(bag(), CV_PidLidAppointmentRecur,
                            cv_buf_slice(&buf));
    cv_buf_clear(&buf);
    const char *text = written(obj, NULL, &everything);
    assert_true(has_line(text, "EXDATE;VALUE=DATE:20300114"));
    assert_int_equal(count_of(text, "EXDATE"), 1);
    assert_true(cv_report_has(report, CV_RULE_ICAL_RRULE));
}

#define EASTERN(names) \
    "BEGIN:VTIMEZONE\n" names \
    "BEGIN:STANDARD\nDTSTART:16010101T020000\nTZOFFSETFROM:-0400\n" \
    "TZOFFSETTO:-0500\nRRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=11\n" \
    "END:STANDARD\nBEGIN:DAYLIGHT\nDTSTART:16010101T020000\n" \
    "TZOFFSETFROM:-0500\nTZOFFSETTO:-0400\n" \
    "RRULE:FREQ=YEARLY;BYDAY=2SU;BYMONTH=3\nEND:DAYLIGHT\nEND:VTIMEZONE\n"

/* Start of the one event of a calendar of these lines; a zone finding with
 * this text stands in the report. */
static const char *start_of(const char *zones, const char *start,
                            const char *finding)
{
    fresh();
    assert_true(import(lines(
        (const char *)cv_arena_printf(arena,
                                      "BEGIN:VCALENDAR\n%sBEGIN:VEVENT\nUID:u\n"
                                      "DTSTART%s\nEND:VEVENT\nEND:VCALENDAR\n",
                                      zones, start)
            .ptr)));
    bool found = false;
    for (size_t i = 0; i < cv_report_count(report); i++)
        found = found || (cv_report_get(report, i)->rule == CV_RULE_ICAL_ZONE &&
                          cv_slice_eq(cv_report_get(report, i)->done,
                                      cv_slice_cstr(finding)));
    if (!found)
        fail_msg("%s: no finding \"%s\"", start, finding);
    return time_of(bag(), CV_PidLidAppointmentStartWhole);
}

/* Unknown names: X-WR-TIMEZONE, a zone the calendar defines, the mailbox. */
static void c149_the_calendars_other_zone_is_taken(void **state)
{
    static const char at[] = ";TZID=Customized Time Zone:20300426T140000";
    cv_timezone tokyo;
    (void)state;
    assert_int_equal(
        cv_timezone_by_name(arena, CV_S("Asia/Tokyo"), &tokyo, NULL), 0);
    context.zone = &tokyo;
    assert_string_equal(
        start_of("X-WR-TIMEZONE:Europe/Paris\n" EASTERN("TZID:E\n"), at,
                 "X-WR-TIMEZONE is used"),
        "2030-04-26T12:00:00Z");
    assert_string_equal(start_of(EASTERN("TZID:Eastern Standard Time\n"), at,
                                 "the calendar's other zone is used"),
                        "2030-04-26T18:00:00Z");
    assert_string_equal(
        start_of("BEGIN:VTIMEZONE\nTZID:Europe/Paris\nEND:VTIMEZONE\n", at,
                 "the calendar's other zone is used"),
        "2030-04-26T12:00:00Z");
    assert_string_equal(start_of("", at, "the mailbox's zone is used"),
                        "2030-04-26T05:00:00Z");
    context.zone = NULL;
    assert_string_equal(start_of("", at, "UTC is used"),
                        "2030-04-26T14:00:00Z");
}

/* Zones without TZID, without components, without TZOFFSETTO. */
static void c148_what_a_broken_zone_says_is_used(void **state)
{
    static const char at[] = ";TZID=My Zone:20300725T080000";
    (void)state;
    context.zone = NULL;
    assert_string_equal(
        start_of(EASTERN(""), at, "the calendar's other zone is used"),
        "2030-07-25T12:00:00Z");
    assert_string_equal(
        start_of("BEGIN:VTIMEZONE\nTZID:My Zone\nEND:VTIMEZONE\n", at,
                 "UTC is used"),
        "2030-07-25T08:00:00Z");
    assert_string_equal(
        start_of("BEGIN:VTIMEZONE\nTZID:My Zone\nBEGIN:STANDARD\n"
                 "TZOFFSETFROM:+0300\nDTSTART:19700101T000000\n"
                 "END:STANDARD\nEND:VTIMEZONE\n",
                 at, "its TZOFFSETFROM is used"),
        "2030-07-25T05:00:00Z");
}

/* Floating times, empty names of zones: the risk is told. */
static void c152_a_floating_start_is_told(void **state)
{
    cv_timezone tokyo;
    (void)state;
    assert_int_equal(
        cv_timezone_by_name(arena, CV_S("Asia/Tokyo"), &tokyo, NULL), 0);
    assert_string_equal(start_of(EASTERN("TZID:Eastern Standard Time\n"),
                                 ":20300725T080000",
                                 "no zone: the calendar's is used"),
                        "2030-07-25T12:00:00Z");
    assert_string_equal(
        start_of("", ";TZID=:20300725T080000", "no zone: UTC is used"),
        "2030-07-25T08:00:00Z");
    context.zone = &tokyo;
    assert_string_equal(
        start_of("", ":20300725T080000", "no zone: the mailbox's is used"),
        "2030-07-24T23:00:00Z");
    context.zone = NULL;
}

static void c051_lengths_are_mended(void **state)
{
    static const struct {
        const char *length, *end;
    } rows[] = {
        { "PT1H30", "2030-09-01T10:30:00Z" },
        { "1H", "2030-09-01T10:00:00Z" },
        { "P30M", "2030-09-01T09:30:00Z" },
        { "1D", "2030-09-02T09:00:00Z" },
        { "P", "2030-09-01T09:00:00Z" },
        { "PT1H30X", "2030-09-01T09:00:00Z" },
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        read_event((const char *)cv_arena_printf(
                       arena,
                       "DTSTART:20300901T090000Z\nDURATION:%s\n"
                       "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-P40M\n"
                       "END:VALARM\n",
                       rows[i].length)
                       .ptr);
        assert_string_equal(time_of(bag(), CV_PidLidAppointmentEndWhole),
                            rows[i].end);
        assert_true(cv_report_has(report, CV_RULE_ICAL_END));
        assert_int_equal(cv_bag_i32_or(bag(), CV_PidLidReminderDelta, 0), 40);
        assert_true(cv_report_has(report, CV_RULE_BAD_VALUE));
    }
}

static void c053_unknown_types_of_values_are_told(void **state)
{
    static const char *const types[] = { "", "FOO" };
    (void)state;
    for (size_t i = 0; i < CV_LEN(types); i++) {
        read_event(
            (const char *)cv_arena_printf(arena,
                                          "DTSTART:20300901T090000Z\n"
                                          "DTEND;VALUE=%s:20300901T100000Z\n",
                                          types[i])
                .ptr);
        assert_string_equal(time_of(bag(), CV_PidLidAppointmentEndWhole),
                            "2030-09-01T10:00:00Z");
        assert_true(cv_report_has(report, CV_RULE_ICAL_SYNTAX));
    }
    read_event("DTSTART;VALUE=DATE-TIME:20300901T090000Z\n");
    assert_false(cv_report_has(report, CV_RULE_ICAL_SYNTAX));
}

/* A bare colon in a name, an address of nobody. */
static void c056_the_address_behind_a_bare_colon_is_found(void **state)
{
    (void)state;
    read_event("DTSTART:20300901T090000Z\nORGANIZER:mailto:o@x.example\n"
               "ATTENDEE;CN=Five: five@x.example:MAILTO:five@x.example\n"
               "ATTENDEE:mailto:\nATTENDEE:\n");
    assert_int_equal(cv_object_recipient_count(obj), 2);
    assert_string_equal(
        text_of(cv_object_recipient(obj, 1), CV_PidTagSmtpAddress),
        "five@x.example");
    assert_true(cv_report_has(report, CV_RULE_ICAL_ATTENDEE));
    assert_null(strstr(written(obj, NULL, &everything), "nomail"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(c052_series_without_instances_are_kept),
        TEST(c054_empty_elements_of_a_list_are_skipped),
        TEST(c059_of_two_ends_the_earlier_counts),
        TEST(c060_unreadable_ends_do_not_make_it_endless),
        TEST(c065_attendees_without_organizer_are_listed),
        TEST(c069_locale_and_zone_of_the_process_do_not_matter),
        TEST(c149_the_calendars_other_zone_is_taken),
        TEST(c148_what_a_broken_zone_says_is_used),
        TEST(c152_a_floating_start_is_told),
        TEST(c051_lengths_are_mended),
        TEST(c053_unknown_types_of_values_are_told),
        TEST(c056_the_address_behind_a_bare_colon_is_found),
        TEST(c154_all_day_dates_are_compared_as_dates),
        TEST(c154_deleted_midnights_of_another_zone_are_found),
    };
    return cmocka_run_group_tests_name("ical kb", tests, NULL, NULL);
}
