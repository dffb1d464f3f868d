#include "mapi/timezone.h"

#include "base/text.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static cv_arena *arena;

static int setup(void **state)
{
    (void)state;
    return cv_arena_new(0, &arena, NULL) == CV_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    cv_arena_free(&arena);
    return 0;
}

static int64_t at(const char *text)
{
    int64_t ticks;
    assert_int_equal(cv_iso_parse(cv_slice_cstr(text), &ticks), 0);
    return ticks;
}

typedef struct name_row {
    const char *name, *key;
    int32_t january, july; /* 2026, minutes east */
} name_row;

static void check_rows(const name_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        cv_timezone tz;
        cv_slice name = cv_slice_cstr(rows[i].name);
        if (cv_timezone_by_name(arena, name, &tz, NULL) != CV_OK)
            fail_msg("%s: not found", rows[i].name);
        cv_slice key = cv_arena_dup(arena, tz.key_name);
        assert_string_equal((const char *)key.ptr, rows[i].key);
        int32_t january =
            cv_timezone_offset_at(&tz, at("2026-01-15T12:00:00Z")) / 60;
        int32_t july =
            cv_timezone_offset_at(&tz, at("2026-07-15T12:00:00Z")) / 60;
        if (january != rows[i].january || july != rows[i].july)
            fail_msg("%s: %d %d", rows[i].name, january, july);
    }
}

static void names_of_every_kind_are_found(void **state)
{
    static const name_row rows[] = {
        { "Europe/Berlin", "W. Europe Standard Time", 60, 120 },
        { "\"europe/berlin\"", "W. Europe Standard Time", 60, 120 },
        { "US/Eastern", "Eastern Standard Time", -300, -240 },
        { "Asia/Calcutta", "India Standard Time", 330, 330 },
        { "W. Europe Standard Time", "W. Europe Standard Time", 60, 120 },
        { "w. europe standard time", "W. Europe Standard Time", 60, 120 },
        { "Eastern Daylight Time", "Eastern Standard Time", -300, -240 },
        { "Pacific Time", "Pacific Standard Time", -480, -420 },
        { "FLE", "FLE Standard Time", 120, 180 },
        { "GMT Standard Time 1", "GMT Standard Time", 0, 60 },
        { "Europe_Berlin", "W. Europe Standard Time", 60, 120 },
        { "America-Chicago", "Central Standard Time", -360, -300 },
        { "/mozilla.org/20050126_1/Europe/Berlin", "W. Europe Standard Time",
          60, 120 },
        { "/freeassociation.sourceforge.net/America/New_York",
          "Eastern Standard Time", -300, -240 },
        { "/tzurl.org/2025a/America/Kentucky/Louisville",
          "Eastern Standard Time", -300, -240 },
        { "4", "W. Europe Standard Time", 60, 120 },
        { "13", "Pacific Standard Time", -480, -420 },
        { "UTC", "UTC", 0, 0 },
        { "tzone://Microsoft/Utc", "UTC", 0, 0 },
        { "Australia/Sydney", "AUS Eastern Standard Time", 660, 600 },
        { "Europe/Dublin", "GMT Standard Time", 0, 60 },
        { "EST5EDT", "Eastern Standard Time", -300, -240 },
    };
    (void)state;
    check_rows(rows, CV_LEN(rows));
}

/* C155, C149 */
static void C155_display_names_are_found(void **state)
{
    static const name_row rows[] = {
        { "(GMT-05:00) Eastern Time (US & Canada)", "Eastern Standard Time",
          -300, -240 },
        { "Eastern Time (US & Canada)", "Eastern Standard Time", -300, -240 },
        { "(GMT-08.00) Pacific Time (US & Canada)/Tijuana",
          "Pacific Standard Time", -480, -420 },
        { "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna",
          "W. Europe Standard Time", 60, 120 },
        { "Canberra, Melbourne, Sydney", "AUS Eastern Standard Time", 660,
          600 },
        { "Amsterdam, Belgrade, Berlin, Brussels, Budapest, Madrid, Paris",
          "W. Europe Standard Time", 60, 120 },
        { "(GMT) Greenwich Mean Time : Dublin, Edinburgh, Lisbon, London",
          "GMT Standard Time", 0, 60 },
        { "GMT+0100", "GMT+0100", 60, 60 },
        { "UTC-5", "UTC-5", -300, -300 },
        { "GMT -0800 (Standard) / GMT -0700 (Daylight)",
          "GMT -0800 (Standard) / GMT -0700 (Daylight)", -480, -480 },
    };
    (void)state;
    check_rows(rows, CV_LEN(rows));
}

/* C147 */
static void C147_unknown_names_are_not_found(void **state)
{
    static const char *const rows[] = { "",         "Foo Standard Time",
                                        "/",        "Customized Time Zone",
                                        "LOLOL",    "tzone://Microsoft/Custom",
                                        "52",       "82",
                                        "\xFF\xFE", "Am34223@cDAR//" };
    char long_name[4096];
    cv_timezone tz;
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++)
        assert_int_equal(
            cv_timezone_by_name(arena, cv_slice_cstr(rows[i]), &tz, NULL),
            CV_ERR_NOTFOUND);
    memset(long_name, '/', sizeof(long_name));
    assert_int_equal(
        cv_timezone_by_name(arena, cv_slice_of(long_name, sizeof(long_name)),
                            &tz, NULL),
        CV_ERR_NOTFOUND);
}

static void history_of_a_zone_becomes_rules(void **state)
{
    static const struct {
        const char *zone, *utc;
        int32_t minutes;
    } rows[] = {
        { "America/New_York", "2006-03-20T12:00:00Z", -300 },
        { "America/New_York", "2007-03-20T12:00:00Z", -240 },
        { "Europe/Moscow", "2010-07-01T00:00:00Z", 240 },
        { "Europe/Moscow", "2012-01-01T12:00:00Z", 240 },
        { "Europe/Moscow", "2015-07-01T00:00:00Z", 180 },
        { "America/Sao_Paulo", "2019-01-15T00:00:00Z", -120 },
        { "America/Sao_Paulo", "2019-03-15T00:00:00Z", -180 },
        { "America/Sao_Paulo", "2020-01-15T00:00:00Z", -180 },
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        cv_timezone tz;
        assert_int_equal(
            cv_timezone_by_name(arena, cv_slice_cstr(rows[i].zone), &tz, NULL),
            0);
        if (cv_timezone_offset_at(&tz, at(rows[i].utc)) != rows[i].minutes * 60)
            fail_msg("%s at %s", rows[i].zone, rows[i].utc);
    }
}

/* Between the old and the new change of the United States, from the data of
 * the system's ICU: nothing of it is compiled in. */
static void c146_changes_of_law_hold_from_their_year(void **state)
{
    static const struct {
        const char *utc;
        int32_t minutes;
    } rows[] = {
        { "2006-03-26T12:00:00Z", -300 }, { "2006-04-03T12:00:00Z", -240 },
        { "2006-10-28T12:00:00Z", -240 }, { "2006-10-30T12:00:00Z", -300 },
        { "2007-03-12T12:00:00Z", -240 }, { "2007-03-26T12:00:00Z", -240 },
        { "2007-10-30T12:00:00Z", -240 }, { "2007-11-05T12:00:00Z", -300 },
        { "2030-03-11T12:00:00Z", -240 }, { "2030-11-04T12:00:00Z", -300 },
    };
    static const char *const names[] = { "America/New_York",
                                         "Eastern Standard Time",
                                         "Eastern Time (US & Canada)", "10" };
    (void)state;
    for (size_t i = 0; i < CV_LEN(names) * CV_LEN(rows); i++) {
        cv_timezone tz;
        const char *name = names[i / CV_LEN(rows)];
        assert_int_equal(
            cv_timezone_by_name(arena, cv_slice_cstr(name), &tz, NULL), 0);
        if (cv_timezone_offset_at(&tz, at(rows[i % CV_LEN(rows)].utc)) !=
            rows[i % CV_LEN(rows)].minutes * 60)
            fail_msg("%s at %s", name, rows[i % CV_LEN(rows)].utc);
    }
}

static void windows_ids_map_to_iana_and_cdo(void **state)
{
    cv_slice id =
        cv_timezone_iana_of_windows(arena, CV_S("TOKYO standard time"));
    (void)state;
    assert_true(cv_slice_eq(id, CV_S("Asia/Tokyo")));
    assert_int_equal(cv_timezone_iana_of_windows(arena, CV_S("x")).len, 0);
    assert_int_equal(cv_timezone_cdo_number(CV_S("Romance Standard Time")), 3);
    assert_int_equal(cv_timezone_cdo_number(CV_S("Foo")), -1);
}

static void *find_many(void *unused)
{
    static const char *const names[] = { "Europe/Berlin", "Asia/Tokyo",
                                         "America/Denver", "Africa/Cairo" };
    cv_arena *own;
    cv_timezone tz;
    if (cv_arena_new(0, &own, NULL) != CV_OK)
        return unused;
    for (size_t i = 0; i < 40; i++)
        if (cv_timezone_by_name(own, cv_slice_cstr(names[i % 4]), &tz, NULL))
            abort();
    cv_arena_free(&own);
    return NULL;
}

static void threads_may_ask_at_once(void **state)
{
    pthread_t threads[4];
    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, find_many, NULL), 0);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(names_of_every_kind_are_found),
        TEST(C155_display_names_are_found),
        TEST(C147_unknown_names_are_not_found),
        TEST(history_of_a_zone_becomes_rules),
        TEST(c146_changes_of_law_hold_from_their_year),
        TEST(windows_ids_map_to_iana_and_cdo),
        TEST(threads_may_ask_at_once),
    };
    return cmocka_run_group_tests_name("timezone_name", tests, NULL, NULL);
}
