/* ical_test_kit.h - what the tests of ical/ share; included by tests only. */
#ifndef CV_ICAL_TEST_KIT_H
#define CV_ICAL_TEST_KIT_H

#include "base/limits.h"
#include "base/text.h"
#include "ical/ical.h"
#include "mapi/recurrence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW "2026-11-22T13:58:53Z"

static cv_arena *arena;
static cv_report *report;
static cv_object *obj;
static cv_test_env clock_state;
static cv_env clock_env;
static cv_ical_context context;

static int64_t at(const char *text)
{
    int64_t ticks;
    assert_int_equal(cv_iso_parse(cv_slice_cstr(text), &ticks), 0);
    return ticks;
}

static int setup(void **state)
{
    (void)state;
    clock_state = (cv_test_env){ .now = at(NOW) };
    clock_env = cv_env_test(&clock_state);
    context = (cv_ical_context){ .date_ticks = INT64_MIN,
                                 .received_ticks = INT64_MIN,
                                 .env = &clock_env };
    return cv_arena_new(0, &arena, NULL) || cv_report_new(&report, NULL) ||
                   cv_object_new(0, &obj, NULL)
               ? -1
               : 0;
}

static int teardown(void **state)
{
    (void)state;
    cv_object_free(&obj);
    cv_report_free(&report);
    cv_arena_free(&arena);
    return 0;
}

/* The lines of a test, with CRLF. */
static inline cv_slice lines(const char *text)
{
    return cv_text_eol(arena, cv_slice_cstr(text), "\r\n");
}

/* One event of a calendar with a METHOD, in W. Europe time. */
static inline cv_slice calendar(const char *method, const char *event)
{
    return lines((const char *)cv_arena_printf(
                     arena,
                     "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nMETHOD:%s\n"
                     "BEGIN:VTIMEZONE\nTZID:Europe/Berlin\n"
                     "BEGIN:STANDARD\nDTSTART:16010101T030000\n"
                     "TZOFFSETFROM:+0200\nTZOFFSETTO:+0100\n"
                     "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\n"
                     "END:STANDARD\nBEGIN:DAYLIGHT\n"
                     "DTSTART:16010101T020000\nTZOFFSETFROM:+0100\n"
                     "TZOFFSETTO:+0200\n"
                     "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\n"
                     "END:DAYLIGHT\nEND:VTIMEZONE\n%sEND:VCALENDAR\n",
                     method, event)
                     .ptr);
}

static inline size_t items_of(cv_slice text, cv_ical_item **items)
{
    cv_ical_comp *root;
    size_t count;
    assert_int_equal(cv_ical_parse(arena, text, &root, report, NULL), 0);
    assert_int_equal(cv_ical_items(arena, root, items, &count, report, NULL),
                     0);
    return count;
}

/* Reads the first item into obj; is it usable? */
static inline bool import(cv_slice text)
{
    cv_ical_item *items;
    bool usable;
    assert_true(items_of(text, &items) >= 1);
    assert_int_equal(
        cv_ical_to_object(&items[0], &context, obj, &usable, report, NULL), 0);
    return usable;
}

static inline cv_bag *bag(void)
{
    return cv_object_props(obj);
}

static inline bool is_class(const char *name)
{
    return cv_slice_eq(cv_object_class(obj), cv_slice_cstr(name));
}

static inline const char *text_of(const cv_bag *b, cv_tag tag)
{
    cv_slice s = cv_bag_string_or(b, tag, CV_S("(none)"));
    return (const char *)cv_arena_dup(arena, s).ptr;
}

/* ISO text of a time, "(none)" when absent. */
static inline const char *time_of(const cv_bag *b, cv_tag tag)
{
    uint64_t filetime;
    int64_t ticks;
    cv_buf buf;
    if (!cv_bag_time(b, tag, &filetime))
        return "(none)";
    if (cv_filetime_to_ticks(filetime, &ticks, NULL) != CV_OK)
        return "(bad)";
    cv_buf_init(&buf, 64);
    cv_iso_put(&buf, ticks, true);
    cv_slice s = cv_buf_dup(&buf, arena);
    cv_buf_clear(&buf);
    return (const char *)s.ptr;
}

static const cv_ical_options everything = {
    .attendee_critical_change = true,
    .owner_critical_change = true,
    .reply_time = true,
    .appt_sequence = true,
    .env = &clock_env,
};

/* The calendar of an object, as a C string. */
static inline const char *folded(const cv_object *o, const char *method,
                                 const cv_ical_options *options)
{
    cv_buf buf;
    cv_buf_init(&buf, 0);
    assert_int_equal(cv_ical_write(o, method, options, &buf, report, NULL), 0);
    cv_slice s = cv_buf_dup(&buf, arena);
    cv_buf_clear(&buf);
    return (const char *)s.ptr;
}

/* The same, unfolded. */
static inline char *written(const cv_object *o, const char *method,
                            const cv_ical_options *options)
{
    char *text = (char *)folded(o, method, options), *to = text;
    for (const char *p = text; *p; p++) {
        if (strncmp(p, "\r\n ", 3) == 0)
            p += 2;
        else
            *to++ = *p;
    }
    *to = 0;
    return text;
}

static inline bool has_line(const char *text, const char *line)
{
    size_t len = strlen(line);
    for (const char *p = text; (p = strstr(p, line)) != NULL; p++)
        if ((p == text || p[-1] == '\n') && (p[len] == '\r' || !p[len]))
            return true;
    return false;
}

static inline size_t count_of(const char *text, const char *what)
{
    size_t n = 0;
    for (const char *p = text; (p = strstr(p, what)) != NULL; p++)
        n++;
    return n;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
