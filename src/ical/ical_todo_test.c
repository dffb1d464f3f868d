#include "ical/ical_test_kit.h"

#include "base/datetime.h"

static void read_entry(const char *kind, const char *inner)
{
    cv_object_free(&obj);
    assert_int_equal(cv_object_new(0, &obj, NULL), 0);
    assert_true(import(lines(
        (const char *)cv_arena_printf(arena,
                                      "BEGIN:VCALENDAR\nBEGIN:%s\nUID:t1\n"
                                      "DTSTAMP:20261120T080000Z\n%sEND:%s\n"
                                      "END:VCALENDAR\n",
                                      kind, inner, kind)
            .ptr)));
}

static void task_has_days_and_state(void **state)
{
    double part;
    (void)state;
    read_entry("VTODO", "SUMMARY:Buy paint\nDESCRIPTION:green\nPRIORITY:1\n"
                        "CATEGORIES:Home\nCLASS:PRIVATE\n"
                        "DTSTART;VALUE=DATE:20261201\nDUE;VALUE=DATE:20261204\n"
                        "STATUS:IN-PROCESS\nPERCENT-COMPLETE:40\n"
                        "LOCATION:Shop\nX-SORT:7\n");
    assert_true(is_class("IPM.Task"));
    assert_string_equal(text_of(bag(), CV_PidTagSubject), "Buy paint");
    assert_string_equal(text_of(bag(), CV_PidTagBody), "green");
    assert_string_equal(time_of(bag(), CV_PidLidTaskStartDate),
                        "2026-12-01T00:00:00Z");
    assert_string_equal(time_of(bag(), CV_PidLidTaskDueDate),
                        "2026-12-04T00:00:00Z");
    assert_int_equal(cv_bag_i32_or(bag(), CV_PidLidTaskStatus, -1), 1);
    assert_true(cv_bag_f64(bag(), CV_PidLidPercentComplete, &part));
    assert_true(part == 0.4);
    assert_false(cv_bag_bool_or(bag(), CV_PidLidTaskComplete, true));
    assert_int_equal(cv_bag_i32_or(bag(), CV_PidTagImportance, 0), 2);
    assert_false(cv_bag_has(bag(), CV_PidLidBusyStatus));
    const char *text = written(obj, NULL, &everything);
    assert_true(has_line(text, "BEGIN:VTODO"));
    assert_true(has_line(text, "UID:t1"));
    assert_true(has_line(text, "DTSTART;VALUE=DATE:20261201"));
    assert_true(has_line(text, "DUE;VALUE=DATE:20261204"));
    assert_true(has_line(text, "STATUS:IN-PROCESS"));
    assert_true(has_line(text, "PERCENT-COMPLETE:40"));
    assert_true(has_line(text, "X-SORT:7"));
    assert_true(has_line(text, "CATEGORIES:Home"));
    assert_true(has_line(text, "CLASS:PRIVATE"));
    assert_null(strstr(text, "TRANSP"));
    assert_null(strstr(text, "VEVENT"));
}

/* The day is the task's, the moment stays. */
static void task_with_times_keeps_them(void **state)
{
    (void)state;
    read_entry("VTODO", "SUMMARY:Call\nDTSTART:20261201T083000Z\n"
                        "DUE;TZID=America/New_York:20261201T200000\n"
                        "COMPLETED:20261201T091500Z\n");
    assert_string_equal(time_of(bag(), CV_PidLidTaskDueDate),
                        "2026-12-01T00:00:00Z");
    assert_string_equal(time_of(bag(), CV_PidLidCommonEnd),
                        "2026-12-02T01:00:00Z");
    assert_string_equal(time_of(bag(), CV_PidLidTaskDateCompleted),
                        "2026-12-01T00:00:00Z");
    assert_int_equal(cv_bag_i32_or(bag(), CV_PidLidTaskStatus, -1), 2);
    const char *text = written(obj, NULL, &everything);
    assert_true(has_line(text, "DTSTART:20261201T083000Z"));
    assert_true(has_line(text, "DUE:20261202T010000Z"));
    assert_true(has_line(text, "COMPLETED:20261201T091500Z"));
    assert_true(has_line(text, "PERCENT-COMPLETE:100"));
    assert_int_equal(count_of(text, "DUE:"), 1);
    /* Another day was chosen since. */
    (void)cv_bag_set_ticks(bag(), CV_PidLidTaskDueDate,
                           at("2026-12-09T00:00:00Z"));
    (void)cv_bag_set_ticks(bag(), CV_PidLidCommonEnd,
                           at("2026-12-09T00:00:00Z"));
    text = written(obj, NULL, &everything);
    assert_true(has_line(text, "DUE;VALUE=DATE:20261209"));
}

static void task_states_both_ways(void **state)
{
    static const struct {
        const char *in;
        int32_t status;
        const char *word;
    } rows[] = {
        { "", 0, "STATUS:NEEDS-ACTION" },
        { "PERCENT-COMPLETE:100\n", 2, "STATUS:COMPLETED" },
        { "PERCENT-COMPLETE:30\n", 1, "STATUS:IN-PROCESS" },
        { "PERCENT-COMPLETE:300\n", 0, "STATUS:NEEDS-ACTION" },
        { "STATUS:CANCELLED\n", 4, "STATUS:CANCELLED" },
        { "STATUS:IN-PROCESS\nX-CONVOKE-TASKSTATUS:3\n", 3,
          "X-CONVOKE-TASKSTATUS:3" },
        { "STATUS:Nonsense\n", 0, "STATUS:NEEDS-ACTION" },
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        read_entry("VTODO", rows[i].in);
        if (cv_bag_i32_or(bag(), CV_PidLidTaskStatus, -1) != rows[i].status)
            fail_msg("%s", rows[i].in);
        assert_true(has_line(written(obj, NULL, &everything), rows[i].word));
    }
}

static void tasks_recur_and_remind(void **state)
{
    (void)state;
    read_entry("VTODO", "DUE;VALUE=DATE:20261204\n"
                        "RRULE:FREQ=WEEKLY;BYDAY=FR;COUNT=4\nBEGIN:VALARM\n"
                        "ACTION:DISPLAY\nTRIGGER:-PT2H\nEND:VALARM\n");
    assert_true(cv_bag_bool_or(bag(), CV_PidLidTaskFRecurring, false));
    assert_string_equal(time_of(bag(), CV_PidLidReminderTime),
                        "2026-12-03T22:00:00Z");
    const char *text = written(obj, NULL, &everything);
    assert_true(has_line(text, "RRULE:FREQ=WEEKLY;BYDAY=FR;WKST=SU;COUNT=4"));
    assert_true(has_line(text, "TRIGGER;VALUE=DATE-TIME:20261203T220000Z"));
    /* No pattern: the text is kept and said to be. */
    read_entry("VTODO", "DUE;VALUE=DATE:20261204\nRRULE:FREQ=YEARLY;"
                        "BYWEEKNO=3\n");
    assert_false(cv_bag_has(bag(), CV_PidLidTaskRecurrence));
    assert_true(cv_bag_has(bag(), CV_PidLidInboundICalStream));
    assert_true(cv_report_has(report, CV_RULE_ICAL_RRULE));
}

static void journal_entries_both_ways(void **state)
{
    (void)state;
    read_entry("VJOURNAL", "SUMMARY:Talk\nDESCRIPTION:we agreed\n"
                           "DTSTART:20261124T090000Z\nCATEGORIES:Work\n"
                           "X-CONVOKE-LOG-TYPE:Phone call\n"
                           "X-CONVOKE-LOG-DURATION:25\n");
    assert_true(is_class("IPM.Activity"));
    assert_string_equal(time_of(bag(), CV_PidLidLogStart),
                        "2026-11-24T09:00:00Z");
    assert_string_equal(time_of(bag(), CV_PidLidLogEnd),
                        "2026-11-24T09:25:00Z");
    assert_string_equal(text_of(bag(), CV_PidLidLogType), "Phone call");
    const char *text = written(obj, NULL, &everything);
    assert_true(has_line(text, "BEGIN:VJOURNAL"));
    assert_true(has_line(text, "DTSTART:20261124T090000Z"));
    assert_true(has_line(text, "DESCRIPTION:we agreed"));
    assert_true(has_line(text, "X-CONVOKE-LOG-TYPE:Phone call"));
    assert_null(strstr(text, "DTEND"));
    read_entry("VJOURNAL", "SUMMARY:Day\nDTSTART;VALUE=DATE:20261124\n");
    assert_true(has_line(written(obj, NULL, &everything),
                         "DTSTART;VALUE=DATE:20261124"));
    read_entry("VJOURNAL", "SUMMARY:No day\n");
    assert_null(strstr(written(obj, NULL, &everything), "DTSTART"));
}

/* A task that is sent to somebody is a mail with its calendar. */
static void assigned_tasks_stay_mail(void **state)
{
    (void)state;
    assert_false(import(lines("BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VTODO\n"
                              "UID:t\nSUMMARY:x\nEND:VTODO\nEND:VCALENDAR\n")));
    assert_true(cv_report_has(report, CV_RULE_ICAL_UNUSABLE));
}

static void busy_times_are_read_in_every_form(void **state)
{
    cv_ical_item *items;
    cv_ical_busy busy[10];
    (void)state;
    assert_int_equal(
        items_of(lines("BEGIN:VCALENDAR\nMETHOD:REPLY\nBEGIN:VFREEBUSY\n"
                       "UID:f\nATTENDEE:mailto:ann@example.com\n"
                       "FREEBUSY:20261124T090000Z/20261124T100000Z,"
                       "20261125T090000Z/PT2H\n"
                       "FREEBUSY;FBTYPE=BUSY-TENTATIVE:20261126T090000Z/PT1H,\n"
                       "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:nonsense,"
                       "20261127T100000Z/20261127T090000Z,20261128T000000Z/"
                       "P1D\nFREEBUSY;FBTYPE=X-LUNCH:20261129T110000Z/PT1H\n"
                       "END:VFREEBUSY\nEND:VCALENDAR\n"),
                 &items),
        1);
    assert_int_equal(cv_ical_freebusy_read(items[0].master, busy, 10, report),
                     5);
    assert_true(busy[1].end == at("2026-11-25T11:00:00Z"));
    assert_int_equal(busy[1].type, CV_BUSY_BUSY);
    assert_int_equal(busy[2].type, CV_BUSY_TENTATIVE);
    assert_int_equal(busy[3].type, CV_BUSY_OOF);
    assert_true(busy[3].end == at("2026-11-29T00:00:00Z"));
    assert_int_equal(busy[4].type, CV_BUSY_BUSY);
    assert_true(cv_report_has(report, CV_RULE_ICAL_TIME));
    assert_int_equal(cv_ical_freebusy_read(items[0].master, busy, 2, report),
                     2);
}

static void busy_times_that_are_written_are_read(void **state)
{
    const cv_ical_busy periods[] = {
        { at("2026-11-24T09:00:00Z"), at("2026-11-24T10:00:00Z"), 2 },
        { at("2026-11-24T11:00:00Z"), at("2026-11-24T12:00:00Z"), 1 },
        { at("2026-11-24T13:00:00Z"), at("2026-11-24T14:00:00Z"), 3 },
        { at("2026-11-24T15:00:00Z"), at("2026-11-24T15:00:00Z"), 2 },
    };
    cv_ical_freebusy fb = { .method = "REPLY",
                            .uid = CV_S("f1"),
                            .organizer = CV_S("org@example.com"),
                            .attendee = CV_S("ann@example.com"),
                            .stamp = at(NOW),
                            .start = at("2026-11-24T00:00:00Z"),
                            .end = at("2026-11-25T00:00:00Z"),
                            .periods = periods,
                            .count = CV_LEN(periods) };
    cv_ical_item *items;
    cv_ical_busy busy[10];
    cv_buf buf;
    (void)state;
    cv_buf_init(&buf, 0);
    assert_int_equal(cv_ical_freebusy_write(&fb, &buf, NULL), 0);
    assert_int_equal(items_of(cv_buf_slice(&buf), &items), 1);
    assert_int_equal(cv_ical_freebusy_read(items[0].master, busy, 10, report),
                     3);
    for (size_t i = 0; i < 3; i++)
        assert_true(busy[i].start == periods[i].start &&
                    busy[i].end == periods[i].end &&
                    busy[i].type == periods[i].type);
    fb.end = fb.start;
    assert_int_equal(cv_ical_freebusy_write(&fb, &buf, NULL), CV_ERR_RANGE);
    cv_buf_clear(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(task_has_days_and_state),
        TEST(task_with_times_keeps_them),
        TEST(task_states_both_ways),
        TEST(tasks_recur_and_remind),
        TEST(journal_entries_both_ways),
        TEST(assigned_tasks_stay_mail),
        TEST(busy_times_are_read_in_every_form),
        TEST(busy_times_that_are_written_are_read),
    };
    return cmocka_run_group_tests_name("ical todo", tests, NULL, NULL);
}
