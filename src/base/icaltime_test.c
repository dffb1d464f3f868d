#include "base/datetime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void time_is_read_leniently(void **state)
{
    static const struct {
        const char *text;
        const char *iso; /* the civil time */
        bool is_date, is_utc;
    } rows[] = {
        { "20261122T135853Z", "2026-11-22T13:58:53", false, true },
        { "20261122T135853", "2026-11-22T13:58:53", false, false },
        { "20261122", "2026-11-22T00:00:00", true, false },
        { "20261122T", "2026-11-22T00:00:00", true, false },
        { "20261122T1358", "2026-11-22T13:58:00", false, false },
        { "20261122T1358Z", "2026-11-22T13:58:00", false, true },
        { "2026-11-22T13:58:53Z", "2026-11-22T13:58:53", false, true },
        { "2026-11-22T13:58", "2026-11-22T13:58:00", false, false },
        { "2026-11-22 13:58:53", "2026-11-22T13:58:53", false, false },
        { "2026-11-22", "2026-11-22T00:00:00", true, false },
        { "20261122t135853z", "2026-11-22T13:58:53", false, true },
        { " 20261122T135853Z\r\n", "2026-11-22T13:58:53", false, true },
        { "20261122T135853+0100", "2026-11-22T12:58:53", false, true },
        { "20261122T135853-0500", "2026-11-22T18:58:53", false, true },
        { "20261122T233000-01:00", "2026-11-23T00:30:00", false, true },
        { "20261122T135853-0000", "2026-11-22T13:58:53", false, true },
        { "20261122T135853.25Z", "2026-11-22T13:58:53.25", false, true },
        { "20261122T135860Z", "2026-11-22T13:58:59", false, true },
        { "20261231T240000Z", "2027-01-01T00:00:00", false, true },
        { "20240229T000000", "2024-02-29T00:00:00", false, false },
        { "16010101T000000", "1601-01-01T00:00:00", false, false },
        { "00010101T000000Z", "0001-01-01T00:00:00", false, true },
        { "00000101", "0000-01-01T00:00:00", true, false },
        { "45010101T000000Z", "4501-01-01T00:00:00", false, true },
    };
    cv_buf buf;
    (void)state;
    cv_buf_init(&buf, 0);
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        cv_ical_time t;
        assert_int_equal(cv_ical_time_parse(cv_slice_cstr(rows[i].text), &t),
                         CV_OK);
        assert_int_equal(t.is_date, rows[i].is_date);
        assert_int_equal(t.is_utc, rows[i].is_utc);
        cv_buf_reset(&buf);
        cv_iso_put(&buf, cv_civil_to_ticks(&t.at), false);
        cv_buf_put_byte(&buf, 0);
        assert_string_equal(buf.data, rows[i].iso);
    }
    cv_buf_clear(&buf);
}

static void time_that_stands_for_no_moment_is_told(void **state)
{
    static const char *const rows[] = { "00010101T000000Z", "16010101T000000Z",
                                        "45010101T000000Z" };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        cv_ical_time t;
        assert_int_equal(cv_ical_time_parse(cv_slice_cstr(rows[i]), &t), CV_OK);
        assert_false(cv_ticks_is_valid(cv_civil_to_ticks(&t.at)));
    }
}

static void time_that_is_none_fails(void **state)
{
    static const struct {
        const char *text;
        cv_status want;
    } rows[] = {
        { "", CV_ERR_SYNTAX },
        { "T135853", CV_ERR_SYNTAX },
        { "2026112", CV_ERR_SYNTAX },
        { "202611222", CV_ERR_SYNTAX },
        { "20261122T13585", CV_ERR_SYNTAX },
        { "20261122T1358531", CV_ERR_SYNTAX },
        { "20261122T13", CV_ERR_SYNTAX },
        { "20261122X135853", CV_ERR_SYNTAX },
        { "20261122T135853ZZ", CV_ERR_SYNTAX },
        { "20261122T135853+1", CV_ERR_SYNTAX },
        { "20261122T135853.Z", CV_ERR_SYNTAX },
        { "2026-1122", CV_ERR_SYNTAX },
        { "tomorrow", CV_ERR_SYNTAX },
        { "20260022", CV_ERR_RANGE },
        { "20261322", CV_ERR_RANGE },
        { "20261100", CV_ERR_RANGE },
        { "20261132", CV_ERR_RANGE },
        { "20260431T000000Z", CV_ERR_RANGE },
        { "20260229", CV_ERR_RANGE },
        { "20261122T250000", CV_ERR_RANGE },
        { "20261122T240001", CV_ERR_RANGE },
        { "20261122T136000", CV_ERR_RANGE },
        { "20261122T135861", CV_ERR_RANGE },
        { "20261122T135853+2400", CV_ERR_RANGE },
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        cv_ical_time t = { .at.year = 7 };
        assert_int_equal(cv_ical_time_parse(cv_slice_cstr(rows[i].text), &t),
                         rows[i].want);
        assert_int_equal(t.at.year, 7);
    }
}

static void time_is_written_without_fraction(void **state)
{
    static const struct {
        int64_t ticks;
        bool date_only;
        const char *text;
    } rows[] = {
        { INT64_C(17953559339999999), false, "20261122T135853" },
        { INT64_C(17953559330000000), true, "20261122" },
        { INT64_C(-621355968000000000), false, "00010101T000000" },
        { -1, false, "19691231T235959" },
    };
    cv_buf buf;
    (void)state;
    cv_buf_init(&buf, 0);
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        cv_buf_reset(&buf);
        cv_ical_time_put(&buf, rows[i].ticks, rows[i].date_only);
        cv_buf_put_byte(&buf, 0);
        assert_string_equal(buf.data, rows[i].text);
    }
    cv_buf_clear(&buf);
}

static void duration_is_read_leniently(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } rows[] = {
        { "PT15M", 900 },
        { "-PT15M", -900 },
        { "+PT15M", 900 },
        { "PT00H15M00S", 900 },
        { "P1W", 604800 },
        { "P1W2D", 777600 },
        { "P1DT2H3M4S", 93784 },
        { "P0D", 0 },
        { "PT", 0 },
        { "PT0S", 0 },
        { "pt1h", 3600 },
        { " PT1H ", 3600 },
        { "PT9223372036854775807S", INT64_MAX },
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        int64_t seconds = 7;
        assert_int_equal(
            cv_ical_duration_parse(cv_slice_cstr(rows[i].text), &seconds),
            CV_OK);
        assert_true(seconds == rows[i].seconds);
    }
}

static void duration_that_is_none_fails(void **state)
{
    static const struct {
        const char *text;
        cv_status want;
    } rows[] = {
        { "", CV_ERR_SYNTAX },
        { "P", CV_ERR_SYNTAX },
        { "15M", CV_ERR_SYNTAX },
        { "P15M", CV_ERR_SYNTAX },
        { "PT15", CV_ERR_SYNTAX },
        { "PT1D", CV_ERR_SYNTAX },
        { "P1H", CV_ERR_SYNTAX },
        { "PTM", CV_ERR_SYNTAX },
        { "PT1.5H", CV_ERR_SYNTAX },
        { "PT-15M", CV_ERR_SYNTAX },
        { "PT9223372036854775808S", CV_ERR_RANGE },
        { "P99999999999999999999D", CV_ERR_RANGE },
        { "P106751991167301D", CV_ERR_RANGE },
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        int64_t seconds = 7;
        assert_int_equal(
            cv_ical_duration_parse(cv_slice_cstr(rows[i].text), &seconds),
            rows[i].want);
        assert_int_equal(seconds, 7);
    }
}

static void duration_is_written_in_days_and_below(void **state)
{
    static const struct {
        int64_t seconds;
        const char *text;
    } rows[] = {
        { 0, "PT0S" },
        { 900, "PT15M" },
        { -900, "-PT15M" },
        { 3600, "PT1H" },
        { 86400, "P1D" },
        { 604800, "P7D" },
        { 93784, "P1DT2H3M4S" },
        { 3601, "PT1H1S" },
        { INT64_MIN, "-P106751991167300DT15H30M8S" },
    };
    cv_buf buf;
    (void)state;
    cv_buf_init(&buf, 0);
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        cv_buf_reset(&buf);
        cv_ical_duration_put(&buf, rows[i].seconds);
        cv_buf_put_byte(&buf, 0);
        assert_string_equal(buf.data, rows[i].text);
    }
    cv_buf_clear(&buf);
}

static void offset_both_ways(void **state)
{
    static const struct {
        const char *in;
        int32_t seconds;
        const char *out;
    } rows[] = {
        { "+0130", 5400, "+0130" },      { "-0500", -18000, "-0500" },
        { "-0000", 0, "+0000" },         { "+0000", 0, "+0000" },
        { "+235959", 86399, "+235959" }, { "-235959", -86399, "-235959" },
        { "-003028", -1828, "-003028" }, { "+01", 3600, "+0100" },
        { "+01:00", 3600, "+0100" },
    };
    cv_buf buf;
    (void)state;
    cv_buf_init(&buf, 0);
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        int32_t seconds = 7;
        assert_int_equal(
            cv_ical_offset_parse(cv_slice_cstr(rows[i].in), &seconds), CV_OK);
        assert_int_equal(seconds, rows[i].seconds);
        cv_buf_reset(&buf);
        cv_ical_offset_put(&buf, seconds);
        cv_buf_put_byte(&buf, 0);
        assert_string_equal(buf.data, rows[i].out);
    }
    cv_buf_clear(&buf);
}

static void offset_that_is_none_fails(void **state)
{
    static const struct {
        const char *text;
        cv_status want;
    } rows[] = {
        { "", CV_ERR_SYNTAX },       { "0100", CV_ERR_SYNTAX },
        { "+1", CV_ERR_SYNTAX },     { "+100", CV_ERR_SYNTAX },
        { "+01000", CV_ERR_SYNTAX }, { "+0100Z", CV_ERR_SYNTAX },
        { "+2400", CV_ERR_RANGE },   { "+0160", CV_ERR_RANGE },
        { "+010060", CV_ERR_RANGE }, { "+0100001", CV_ERR_SYNTAX },
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        int32_t seconds = 7;
        assert_int_equal(
            cv_ical_offset_parse(cv_slice_cstr(rows[i].text), &seconds),
            rows[i].want);
        assert_int_equal(seconds, 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_is_read_leniently),
        cmocka_unit_test(time_that_stands_for_no_moment_is_told),
        cmocka_unit_test(time_that_is_none_fails),
        cmocka_unit_test(time_is_written_without_fraction),
        cmocka_unit_test(duration_is_read_leniently),
        cmocka_unit_test(duration_that_is_none_fails),
        cmocka_unit_test(duration_is_written_in_days_and_below),
        cmocka_unit_test(offset_both_ways),
        cmocka_unit_test(offset_that_is_none_fails),
    };
    return cmocka_run_group_tests_name("icaltime", tests, NULL, NULL);
}
