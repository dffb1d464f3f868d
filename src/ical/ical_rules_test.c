#include "ical/ical_private.h"
#include "ical/ical_test_kit.h"

#include "base/datetime.h"

/* A meeting that begins 2026-11-24 (a Tuesday) 09:00 UTC for an hour. */
static bool import_lines(const char *more)
{
    cv_object_free(&obj);
    assert_int_equal(cv_object_new(0, &obj, NULL), 0);
    return import(lines(
        (const char *)cv_arena_printf(
            arena,
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u\nDTSTART:20261124T090000Z\n"
            "DTEND:20261124T100000Z\n%s\nEND:VEVENT\nEND:VCALENDAR\n",
            more)
            .ptr));
}

static bool read_series(cv_recurrence *r)
{
    cv_slice blob;
    bool damaged;
    if (!cv_bag_binary(bag(), CV_PidLidAppointmentRecur, &blob))
        return false;
    assert_int_equal(cv_recurrence_parse(arena, blob, 1252, r, &damaged, NULL),
                     0);
    assert_false(damaged);
    return true;
}

static uint32_t start_of(const cv_recurrence *r, uint32_t midnight)
{
    for (size_t i = 0; i < r->exception_count; i++)
        if (r->exceptions[i].original / 1440 == midnight / 1440)
            return r->exceptions[i].start;
    return cv_recurrence_is_deleted(r, midnight) ? 0
                                                 : midnight + r->start_offset;
}

/* The first starts on the calendar, as "1124T0900 1125T1400". */
static const char *calendar_of(size_t most)
{
    cv_recurrence r;
    uint32_t dates[2000];
    cv_buf buf;

    if (!read_series(&r))
        return "single";
    cv_buf_init(&buf, 0);
    size_t n = cv_recurrence_expand(&r, r.start_date, dates, CV_LEN(dates));
    for (size_t i = 0, shown = 0; i < n && shown < most; i++) {
        uint32_t start = start_of(&r, dates[i]);
        cv_civil c = cv_civil_of_ticks(cv_minutes1601_to_ticks(start));
        if (start)
            cv_buf_printf(&buf, "%s%02d%02u%02uT%02u%02u", shown++ ? " " : "",
                          c.year % 100, c.month, c.day, c.hour, c.minute);
    }
    cv_slice text = cv_buf_dup(&buf, arena);
    cv_buf_clear(&buf);
    return (const char *)text.ptr;
}

/* How many instances the object has; SIZE_MAX without end. */
static size_t instances(void)
{
    cv_recurrence r;
    if (!read_series(&r))
        return 1;
    if (r.end_type == CV_RECUR_END_NEVER)
        return SIZE_MAX;
    return r.count - r.deleted_count + r.exception_count;
}

typedef struct rule_row {
    const char *lines;
    const char *first; /* the first four starts */
    size_t count;
} rule_row;

static void check_rows(const rule_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_true(import_lines(rows[i].lines));
        const char *got = calendar_of(4);
        if (strcmp(got, rows[i].first) != 0 || instances() != rows[i].count)
            fail_msg("%s:\n%s, %zu", rows[i].lines, got, instances());
    }
}

/* All of them end: with their 100th date where the rule does not. */
static void c049_rules_without_counterpart_are_expanded(void **state)
{
    static const rule_row rows[] = {
        { "RRULE:FREQ=MONTHLY;BYMONTHDAY=5,20",
          "261124T0900 261205T0900 261220T0900 270105T0900", 101 },
        { "RRULE:FREQ=MONTHLY;BYDAY=1MO,3MO;COUNT=5",
          "261124T0900 261207T0900 261221T0900 270104T0900", 5 },
        { "RRULE:FREQ=MONTHLY;BYMONTHDAY=-2;UNTIL=20270401T000000Z",
          "261124T0900 261129T0900 261230T0900 270130T0900", 6 },
        { "RRULE:FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1,-1;COUNT=4",
          "261124T0900 261130T0900 261201T0900 261229T0900", 4 },
        { "RRULE:FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO;COUNT=3",
          "261124T0900 270517T0900 280515T0900", 3 },
        { "RRULE:FREQ=YEARLY;BYDAY=20MO;COUNT=2", "261124T0900 270517T0900",
          2 },
        { "RRULE:FREQ=YEARLY;BYYEARDAY=1,-1;COUNT=3",
          "261124T0900 261231T0900 270101T0900", 3 },
        { "RRULE:FREQ=YEARLY;BYMONTH=1,11;COUNT=3",
          "261124T0900 270124T0900 271124T0900", 3 },
        { "RRULE:FREQ=YEARLY;INTERVAL=9;BYMONTH=11;BYMONTHDAY=24;COUNT=3",
          "261124T0900 351124T0900 441124T0900", 3 },
        { "RRULE:FREQ=DAILY;BYMONTH=1;COUNT=4",
          "261124T0900 270101T0900 270102T0900 270103T0900", 4 },
        { "RRULE:FREQ=DAILY;INTERVAL=1000;COUNT=3",
          "261124T0900 290820T0900 320516T0900", 3 },
        { "RRULE:FREQ=WEEKLY;BYDAY=MO,TU;BYSETPOS=-1;COUNT=3",
          "261124T0900 261201T0900 261208T0900", 3 },
        { "RRULE:FREQ=WEEKLY;BYMONTH=12;COUNT=3",
          "261124T0900 261201T0900 261208T0900", 3 },
        /* several rules, rules of exclusion */
        { "RRULE:FREQ=WEEKLY;COUNT=2\nRRULE:FREQ=MONTHLY;COUNT=2",
          "261124T0900 261201T0900 261224T0900", 3 },
        { "RRULE:FREQ=DAILY;COUNT=6\nEXRULE:FREQ=DAILY;INTERVAL=2",
          "261125T0900 261127T0900 261129T0900", 3 },
        /* several a day: the first ones are held */
        { "RRULE:FREQ=HOURLY;COUNT=20", "261124T0900 261125T0000", 2 },
        { "RRULE:FREQ=DAILY;BYHOUR=9,15;COUNT=6",
          "261124T0900 261125T0900 261126T0900", 3 },
        /* another time of day than the start's */
        { "RRULE:FREQ=DAILY;BYHOUR=11;BYMINUTE=30;COUNT=3",
          "261124T0900 261125T1130", 2 },
        { "RRULE:FREQ=MINUTELY;INTERVAL=2160;COUNT=3",
          "261124T0900 261125T2100 261127T0900", 3 },
        { "RRULE:FREQ=SECONDLY;BYHOUR=9;BYMINUTE=0;BYSECOND=0;COUNT=3",
          "261124T0900 261125T0900 261126T0900", 3 },
        /* months without the day */
        { "RRULE:FREQ=MONTHLY;BYMONTHDAY=31;COUNT=4",
          "261124T0900 261231T0900 270131T0900 270331T0900", 4 },
    };
    (void)state;
    check_rows(rows, CV_LEN(rows));
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        assert_true(import_lines(rows[i].lines));
        assert_true(cv_report_has(report, CV_RULE_ICAL_RRULE));
        if (strstr(rows[i].lines, "20MO"))
            continue; /* refused by others: the dates go out */
        /* The original goes out again, and none of its dates beside it. */
        const char *text = written(obj, NULL, &everything);
        if (!has_line(text, cv_arena_cstr(
                                arena,
                                cv_slice_trim(cv_slice_cut(
                                    &(cv_slice){ (const uint8_t *)rows[i].lines,
                                                 strlen(rows[i].lines) },
                                    '\n')))))
            fail_msg("no %s in\n%s", rows[i].lines, text);
        assert_int_equal(count_of(text, "BEGIN:VEVENT"), 1);
        assert_null(strstr(text, "EXDATE"));
    }
}

/* An update or a cancellation changes the series that was made. */
static void c049_changed_dates_go_out_as_the_pattern_has_them(void **state)
{
    cv_recurrence r;
    cv_buf buf;
    uint32_t gone[64];
    (void)state;
    assert_true(import_lines("RRULE:FREQ=MONTHLY;BYMONTHDAY=24,26;COUNT=4"));
    assert_true(read_series(&r));
    assert_true(r.deleted_count < 63);
    memcpy(gone, r.deleted, r.deleted_count * sizeof(*gone));
    gone[r.deleted_count++] = r.end_date; /* the last one is called off */
    r.deleted = gone;
    cv_buf_init(&buf, 0);
    cv_recurrence_put(&buf, &r);
    (void)cv_bag_set_binary(bag(), CV_PidLidAppointmentRecur,
                            cv_buf_slice(&buf));
    cv_buf_clear(&buf);
    const char *text = written(obj, NULL, &everything);
    assert_null(strstr(text, "BYMONTHDAY=24,26"));
    assert_true(has_line(text, "RRULE:FREQ=WEEKLY;INTERVAL=4;BYDAY=TU,TH,SA;"
                               "WKST=SU;UNTIL=20261226T090000Z"));
    assert_int_equal(count_of(text, "EXDATE"), 3);
    assert_true(has_line(text, "EXDATE;TZID=UTC:20261226T090000"));
    assert_false(has_line(text, "EXDATE;TZID=UTC:20261224T090000"));
}

static void c050_dates_without_a_rule_are_a_series(void **state)
{
    static const rule_row rows[] = {
        { "RDATE:20261201T090000Z,20261215T090000Z,20261222T090000Z",
          "261124T0900 261201T0900 261215T0900 261222T0900", 4 },
        /* Lotus Notes: single lines, other times of day, periods */
        { "RDATE:20261125T140000Z\nRDATE;VALUE=PERIOD:20261128T100000Z/PT2H",
          "261124T0900 261125T1400 261128T1000", 3 },
        { "RDATE;VALUE=DATE:20261125,20261126",
          "261124T0900 261125T0900 261126T0900", 3 },
        { "RDATE:20261130T090000Z,20261130T090000Z\nEXDATE:20261124T090000Z",
          "single", 1 },
        { "RDATE:", "single", 1 },
    };
    (void)state;
    check_rows(rows, CV_LEN(rows));
    assert_true(import_lines(rows[0].lines));
    const char *text = written(obj, NULL, &everything);
    assert_int_equal(count_of(text, "RDATE;TZID=UTC:"), 3);
    assert_null(strstr(text, "RRULE"));
}

/* C058 and its like: bounded, and what never recurs is a single event. */
static void c058_rules_that_hit_nothing_end(void **state)
{
    static const char *const rules[] = {
        "RRULE:FREQ=MONTHLY;BYDAY=2TU;BYSETPOS=2",
        "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "RRULE:FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6;BYDAY=MO",
        "RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=31",
        "RRULE:FREQ=MINUTELY;INTERVAL=7;BYMONTH=4;BYMONTHDAY=31",
        "RRULE:FREQ=DAILY;INTERVAL=1000000;BYMONTHDAY=24;COUNT=2;BYMONTH=1",
        "RRULE:FREQ=HOURLY;BYYEARDAY=366;BYMONTH=11",
        "RRULE:FREQ=FORTNIGHTLY",
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rules); i++) {
        assert_true(import_lines(rules[i]));
        if (strcmp(calendar_of(4), "single") != 0)
            fail_msg("%s: %s", rules[i], calendar_of(4));
        assert_true(cv_bag_has(bag(), CV_PidLidInboundICalStream));
        assert_true(has_line(written(obj, NULL, &everything), rules[i]) ||
                    strstr(rules[i], "FORTNIGHTLY"));
        /* Moved: the rule was made for another start. */
        (void)cv_bag_set_ticks(bag(), CV_PidLidAppointmentStartWhole,
                               at("2026-11-25T09:00:00Z"));
        assert_null(strstr(written(obj, NULL, &everything), "RRULE"));
    }
}

/* Rules that say in other words what a pattern says. */
static void rules_in_other_words_are_exact(void **state)
{
    static const struct {
        const char *rule, *back;
    } rows[] = {
        { "FREQ=MONTHLY;BYDAY=TU;BYMONTHDAY=22,23,24,25,26,27,28",
          "FREQ=MONTHLY;BYDAY=4TU" },
        { "FREQ=YEARLY;BYMONTH=11;BYDAY=TU;BYMONTHDAY=22,23,24,25,26,27,28",
          "FREQ=YEARLY;BYMONTH=11;BYDAY=4TU" },
        { "FREQ=YEARLY;BYMONTH=2,5,8,11;BYMONTHDAY=24",
          "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=24" },
        { "FREQ=YEARLY;BYMONTHDAY=24", "FREQ=MONTHLY;BYMONTHDAY=24" },
        { "FREQ=MONTHLY;BYDAY=TU", "FREQ=WEEKLY;BYDAY=TU;WKST=SU" },
        { "FREQ=YEARLY;BYDAY=TU", "FREQ=WEEKLY;BYDAY=TU;WKST=SU" },
        { "FREQ=WEEKLY;BYDAY=TU;BYSETPOS=1", "FREQ=WEEKLY;BYDAY=TU;WKST=SU" },
        { "FREQ=DAILY;BYMONTH=1,2,3,4,5,6,7,8,9,10,11,12", "FREQ=DAILY" },
        { "FREQ=DAILY;BYHOUR=9;BYMINUTE=0;BYSECOND=0", "FREQ=DAILY" },
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        assert_true(import_lines(
            (const char *)cv_arena_printf(arena, "RRULE:%s", rows[i].rule)
                .ptr));
        if (cv_bag_has(bag(), CV_PidLidInboundICalStream))
            fail_msg("%s: %s", rows[i].rule, calendar_of(4));
        const char *want =
            (const char *)cv_arena_printf(arena, "RRULE:%s", rows[i].back).ptr;
        const char *text = written(obj, NULL, &everything);
        if (!has_line(text, want))
            fail_msg("%s:\n%s", rows[i].rule, text);
    }
}

/* A series of five Tuesdays with events of the same UID behind it. */
static void import_with(const char *rule, const char *more)
{
    cv_object_free(&obj);
    assert_int_equal(cv_object_new(0, &obj, NULL), 0);
    assert_true(import(
        lines((const char *)cv_arena_printf(
                  arena,
                  "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u\nSUMMARY:Plain\n"
                  "DTSTART:20261124T090000Z\nDTEND:20261124T100000Z\n%s\n"
                  "END:VEVENT\n%sEND:VCALENDAR\n",
                  rule, more)
                  .ptr)));
}

static void this_and_future_changes_the_following_instances(void **state)
{
    static const char range[] =
        "BEGIN:VEVENT\nUID:u\nSUMMARY:Later\n"
        "RECURRENCE-ID;RANGE=THISANDFUTURE:20261208T090000Z\n"
        "DTSTART:20261209T140000Z\nDTEND:20261209T150000Z\nEND:VEVENT\n";
    static const char single[] =
        "BEGIN:VEVENT\nUID:u\nSUMMARY:Once\n"
        "RECURRENCE-ID:20261215T090000Z\nDTSTART:20261215T100000Z\n"
        "DTEND:20261215T110000Z\nEND:VEVENT\n";
    const char *both =
        (const char *)cv_arena_printf(arena, "%s%s", range, single).ptr;
    (void)state;
    import_with("RRULE:FREQ=WEEKLY;COUNT=5\nEXDATE:20261222T090000Z", both);
    assert_string_equal(calendar_of(9),
                        "261124T0900 261201T0900 261209T1400 261215T1000");
    assert_true(cv_report_has(report, CV_RULE_ICAL_RRULE));
    const char *text = written(obj, NULL, &everything);
    assert_int_equal(count_of(text, "SUMMARY:Later"), 1);
    assert_int_equal(count_of(text, "SUMMARY:Once"), 1);
    import_with("RRULE:FREQ=WEEKLY;COUNT=5", range);
    assert_string_equal(
        calendar_of(9),
        "261124T0900 261201T0900 261209T1400 261216T1400 261223T1400");
    text = written(obj, NULL, &everything);
    assert_int_equal(count_of(text, "SUMMARY:Later"), 3);
    assert_true(has_line(text, "RECURRENCE-ID;TZID=UTC:20261222T090000"));
    /* Without end: the next hundred, and the rest is named. */
    import_with("RRULE:FREQ=WEEKLY", range);
    assert_int_equal(count_of(written(obj, NULL, &everything), "SUMMARY:Later"),
                     101);
    assert_true(cv_bag_has(bag(), CV_PidLidInboundICalStream));
    /* Called off from there on. */
    import_with("RRULE:FREQ=WEEKLY",
                "BEGIN:VEVENT\nUID:u\nSTATUS:CANCELLED\n"
                "RECURRENCE-ID;RANGE=THISANDFUTURE:20261208T090000Z\n"
                "DTSTART:20261208T090000Z\nEND:VEVENT\n");
    assert_string_equal(calendar_of(9), "261124T0900 261201T0900");
    /* The later of two counts for what lies behind it. */
    import_with("RRULE:FREQ=WEEKLY;COUNT=4",
                "BEGIN:VEVENT\nUID:u\nDTSTART:20261201T110000Z\n"
                "RECURRENCE-ID;RANGE=THISANDFUTURE:20261201T090000Z\n"
                "END:VEVENT\nBEGIN:VEVENT\nUID:u\nDTSTART:20261208T120000Z\n"
                "RECURRENCE-ID;RANGE=THISANDFUTURE:20261208T090000Z\n"
                "END:VEVENT\n");
    assert_string_equal(calendar_of(9),
                        "261124T0900 261201T1100 261208T1200 261215T1200");
}

/* In any zone, as a date, before the first, after the last, across others. */
static void recurrence_ids_of_every_form_are_found(void **state)
{
    static const char *const ids[] = {
        ":20261201T090000Z",
        ";VALUE=DATE:20261201",
        ";TZID=Europe/Berlin:20261201T100000",
        ";TZID=Tokyo Standard Time:20261201T180000",
        ":20261201T090000", /* floating: the series' time */
        ":20261201",
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(ids); i++) {
        import_with("RRULE:FREQ=WEEKLY;COUNT=4",
                    (const char *)cv_arena_printf(
                        arena,
                        "BEGIN:VEVENT\nUID:u\nRECURRENCE-ID%s\n"
                        "DTSTART:20261202T090000Z\nEND:VEVENT\n",
                        ids[i])
                        .ptr);
        if (strcmp(calendar_of(9),
                   "261124T0900 261202T0900 261208T0900 261215T0900") != 0)
            fail_msg("%s: %s", ids[i], calendar_of(9));
    }
    /* before the first: no instance, kept as it came */
    import_with("RRULE:FREQ=WEEKLY;COUNT=2",
                "BEGIN:VEVENT\nUID:u\nRECURRENCE-ID:20261117T090000Z\n"
                "DTSTART:20261118T090000Z\nEND:VEVENT\n");
    assert_string_equal(calendar_of(9), "261124T0900 261201T0900");
    assert_true(cv_bag_has(bag(), CV_PidLidInboundICalStream));
    /* moved behind the last and across a neighbour: both are kept */
    import_with("RRULE:FREQ=WEEKLY;COUNT=3",
                "BEGIN:VEVENT\nUID:u\nRECURRENCE-ID:20261201T090000Z\n"
                "DTSTART:20270105T090000Z\nEND:VEVENT\n"
                "BEGIN:VEVENT\nUID:u\nRECURRENCE-ID:20261208T090000Z\n"
                "DTSTART:20261130T090000Z\nEND:VEVENT\n");
    const char *text = written(obj, NULL, &everything);
    assert_true(has_line(text, "DTSTART;TZID=UTC:20270105T090000") ||
                has_line(text, "DTSTART:20270105T090000Z"));
    assert_int_equal(count_of(text, "RECURRENCE-ID"), 2);
    cv_recurrence r;
    assert_true(read_series(&r));
    assert_int_equal(r.exception_count, 2);
    assert_true(r.exceptions[0].start < r.exceptions[1].start);
}

static void instances_beyond_the_limit_are_left_out(void **state)
{
    (void)state;
    assert_true(
        import_lines("RRULE:FREQ=DAILY;BYMONTH=1,2,3,11,12;COUNT=5000"));
    assert_int_equal(instances(), CV_LIMIT_RRULE_INSTANCES);
    /* Dates so far apart that too many days between them are excluded. */
    assert_true(import_lines(
        "RDATE:20261125T090000Z,20261202T090000Z,22911226T090000Z"));
    assert_string_equal(calendar_of(4), "261124T0900 261125T0900");
}

/* Lunar months are not Gregorian ones: dates by the wrong calendar would be
 * worse than one event with the rule as it came. */
static void
rules_of_other_calendars_are_single_events_and_go_out_as_they_came(void **state)
{
    static const char *const rules[] = {
        "RRULE:RSCALE=CHINESE;FREQ=YEARLY;COUNT=3",
        "RRULE:FREQ=MONTHLY;RSCALE=HEBREW;BYMONTH=5L;SKIP=FORWARD",
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rules); i++) {
        assert_true(import_lines(rules[i]));
        assert_string_equal(calendar_of(4), "single");
        assert_true(cv_report_has(report, CV_RULE_ICAL_RRULE));
        assert_non_null(strstr(written(obj, NULL, &everything), "RSCALE="));
    }
    assert_true(import_lines("RRULE:RSCALE=GREGORIAN;FREQ=DAILY;COUNT=2"));
    assert_string_equal(calendar_of(4), "261124T0900 261125T0900");
    assert_true(import_lines("X-MICROSOFT-RRULE:FREQ=YEARLY;COUNT=3"));
    assert_string_equal(calendar_of(4), "single");
}

static void steps_beyond_the_limit_end_a_rule(void **state)
{
    int64_t out[10];
    ical_rrule rule;
    size_t steps = 1000000;
    bool complete;
    (void)state;
    assert_int_equal(
        cv_ical_rrule_parse(arena, CV_S("FREQ=DAILY;BYYEARDAY=366;BYMONTH=1"),
                            &rule),
        0);
    assert_int_equal(
        cv_ical_rrule_expand(arena, &rule, at("2026-11-24T09:00:00Z"),
                             ICAL_NO_TIME, out, 10, &steps, &complete),
        0);
    assert_false(complete);
    /* Two leap days each 8 years: the budget ends before the list does. */
    assert_int_equal(
        cv_ical_rrule_parse(arena, CV_S("FREQ=DAILY;BYYEARDAY=366"), &rule), 0);
    int64_t many[200];
    size_t n = cv_ical_rrule_expand(arena, &rule, at("2026-11-24T09:00:00Z"),
                                    ICAL_NO_TIME, many, 200, &steps, &complete);
    assert_true(n > 10 && n <= CV_LIMIT_RRULE_STEPS / 365 / 4 + 1);
    assert_false(complete);
    assert_int_equal(steps, 1000000 - 2 * CV_LIMIT_RRULE_STEPS);
    steps = 100;
    assert_int_equal(
        cv_ical_rrule_expand(arena, &rule, at("2026-11-24T09:00:00Z"),
                             ICAL_NO_TIME, many, 200, &steps, &complete),
        0);
    assert_int_equal(steps, 0);
}

#define NEVER "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30\r\n"

/* Twice as many rules as the calendar's steps are for, and then a good one. */
static void rules_of_a_calendar_share_their_steps(void **state)
{
    enum { EVENTS = 2 * (CV_LIMIT_RRULE_ALL_STEPS / CV_LIMIT_RRULE_STEPS) };
    cv_ical_item *items;
    bool usable;
    cv_buf buf;
    (void)state;
    cv_buf_init(&buf, 0);
    cv_buf_put_str(&buf, "BEGIN:VCALENDAR\r\n");
    for (int i = 0; i <= EVENTS; i++)
        cv_buf_printf(
            &buf,
            "BEGIN:VEVENT\r\nUID:u%d\r\nDTSTART:20261124T090000Z\r\n"
            "%sEND:VEVENT\r\n",
            i, i < EVENTS ? NEVER : "RRULE:FREQ=MONTHLY;BYMONTHDAY=5,24\r\n");
    cv_buf_put_str(&buf, "END:VCALENDAR\r\n");
    assert_int_equal(items_of(cv_buf_slice(&buf), &items), EVENTS + 1);
    for (int i = 0; i <= EVENTS; i++) {
        cv_object_free(&obj);
        assert_int_equal(cv_object_new(0, &obj, NULL), 0);
        assert_int_equal(
            cv_ical_to_object(&items[i], &context, obj, &usable, report, NULL),
            0);
        assert_true(usable);
    }
    assert_int_equal(*items[0].rule_steps, 0);
    assert_true(cv_report_has(report, CV_RULE_LIMIT));
    cv_buf_clear(&buf);
    /* It was one too much, and is whole all the same when it goes out: what
     * the reader did not expand the writer does not expand, either. */
    assert_string_equal(calendar_of(4), "single");
    const char *text = written(obj, NULL, &everything);
    assert_non_null(strstr(text, "RRULE:FREQ=MONTHLY;BYMONTHDAY=5,24\r\n"));
    assert_null(strstr(text, ICAL_UNREAD_RULES));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(c049_rules_without_counterpart_are_expanded),
        TEST(c049_changed_dates_go_out_as_the_pattern_has_them),
        TEST(c050_dates_without_a_rule_are_a_series),
        TEST(c058_rules_that_hit_nothing_end),
        TEST(rules_in_other_words_are_exact),
        TEST(this_and_future_changes_the_following_instances),
        TEST(recurrence_ids_of_every_form_are_found),
        TEST(instances_beyond_the_limit_are_left_out),
        TEST(
            rules_of_other_calendars_are_single_events_and_go_out_as_they_came),
        TEST(steps_beyond_the_limit_end_a_rule),
        TEST(rules_of_a_calendar_share_their_steps),
    };
    return cmocka_run_group_tests_name("ical rules", tests, NULL, NULL);
}
