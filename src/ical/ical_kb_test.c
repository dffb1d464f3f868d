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
    };
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
        if (rows[i].count == 100)
            assert_true(cv_report_has(report, CV_RULE_ICAL_RRULE));
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(c052_series_without_instances_are_kept),
        TEST(c054_empty_elements_of_a_list_are_skipped),
        TEST(c059_of_two_ends_the_earlier_counts),
        TEST(c060_unreadable_ends_do_not_make_it_endless),
        TEST(c065_attendees_without_organizer_are_listed),
        TEST(c069_locale_and_zone_of_the_process_do_not_matter),
        TEST(c154_all_day_dates_are_compared_as_dates),
        TEST(c154_deleted_midnights_of_another_zone_are_found),
    };
    return cmocka_run_group_tests_name("ical kb", tests, NULL, NULL);
}
