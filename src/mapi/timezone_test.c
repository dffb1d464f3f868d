#include "mapi/timezone.h"

#include "base/limits.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Source of the blobs: [MS-OXOCAL] 4.1.4, 4.1.5; spec timezone.md 8. */
static const char reg_pacific[] =
    "E001000000000000C4FFFFFF000000000B00000001000200000000000000000000000300"
    "000002000200000000000000";
static const char reg_w_europe[] =
    "C4FFFFFF00000000C4FFFFFF000000000A00000005000300000000000000000000000300"
    "000005000200000000000000";
static const char reg_india[] =
    "B6FEFFFF0000000000000000000000000000000000000000000000000000000000000000"
    "000000000000000000000000";
static const char def_utc[] =
    "02010C0002000300550054004300010002013E0002004106010000000100000000000000"
    "000000000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000000000";
static const char def_w_europe[] =
    "020134000200170057002E0020004500750072006F007000650020005300740061006E00"
    "64006100720064002000540069006D006500010002013E00020041060100000001000000"
    "000000000000C4FFFFFF00000000C4FFFFFF00000A000000050003000000000000000000"
    "0300000005000200000000000000";

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

static cv_slice hex(const char *text)
{
    cv_slice out;
    assert_int_equal(cv_hex_decode(arena, cv_slice_cstr(text), &out, NULL), 0);
    return out;
}

static int64_t at(const char *text)
{
    int64_t ticks;
    assert_int_equal(cv_iso_parse(cv_slice_cstr(text), &ticks), 0);
    return ticks;
}

static cv_timezone w_europe(void)
{
    cv_timezone tz;
    assert_int_equal(cv_tzdef_parse(arena, hex(def_w_europe), &tz), 0);
    return tz;
}

static void tzreg_blobs_both_ways(void **state)
{
    static const char *const all[] = { reg_pacific, reg_w_europe, reg_india };
    static const int32_t bias[] = { 480, -60, -330 };
    (void)state;
    for (size_t i = 0; i < CV_LEN(all); i++) {
        cv_timezone tz;
        cv_buf buf;
        assert_int_equal(cv_tzreg_parse(arena, hex(all[i]), &tz), 0);
        assert_int_equal(tz.rules[0].bias, bias[i]);
        assert_int_equal(cv_tz_rule_has_dst(&tz.rules[0]), i < 2);
        cv_buf_init(&buf, 0);
        cv_tzreg_put(&buf, &tz.rules[0]);
        assert_true(cv_slice_eq(cv_buf_slice(&buf), hex(all[i])));
        cv_buf_clear(&buf);
    }
}

/* Without the 14 unused bytes of a rule, which we write as zeros. */
static void without_unused(cv_slice blob, size_t header, uint8_t *out)
{
    memcpy(out, blob.ptr, blob.len);
    for (size_t at_rule = header; at_rule + 66 <= blob.len; at_rule += 66)
        memset(out + at_rule + 8, 0, 14);
}

static void tzdefinition_blobs_both_ways(void **state)
{
    static const char *const all[] = { def_utc, def_w_europe };
    static const char *const names[] = { "UTC", "W. Europe Standard Time" };
    (void)state;
    for (size_t i = 0; i < CV_LEN(all); i++) {
        cv_timezone tz;
        cv_buf buf;
        uint8_t wanted[256];
        cv_slice blob = hex(all[i]);
        assert_int_equal(cv_tzdef_parse(arena, blob, &tz), 0);
        assert_true(cv_slice_eq(tz.key_name, cv_slice_cstr(names[i])));
        assert_int_equal(tz.rule_count, 1);
        assert_int_equal(tz.rules[0].from_year, 1601);
        cv_buf_init(&buf, 0);
        cv_tzdef_put(&buf, &tz, 2);
        assert_int_equal(buf.len, blob.len);
        without_unused(blob, blob.len - 66, wanted);
        assert_memory_equal(buf.data, wanted, blob.len);
        cv_buf_clear(&buf);
    }
}

/* Writes a definition of two rules as Windows has them for US Eastern. */
static void several_rules_hold_from_their_year(void **state)
{
    cv_tz_rule rules[] = {
        { .from_year = 2006,
          .bias = 300,
          .daylight_bias = -60,
          .standard = { .month = 10, .day = 5, .hour = 2 },
          .daylight = { .month = 4, .day = 1, .hour = 2 } },
        { .from_year = 2007,
          .bias = 300,
          .daylight_bias = -60,
          .standard = { .month = 11, .day = 1, .hour = 2 },
          .daylight = { .month = 3, .day = 2, .hour = 2 } },
    };
    cv_timezone tz = { CV_S("Eastern Standard Time"), rules, 2, 1 }, back;
    cv_buf buf;
    (void)state;
    cv_buf_init(&buf, 0);
    cv_tzdef_put(&buf, &tz, 3);
    assert_int_equal(buf.len, 184); /* as [MS-OXOCAL] 4.1.4 */
    assert_int_equal(cv_tzdef_parse(arena, cv_buf_slice(&buf), &back), 0);
    cv_buf_clear(&buf);
    assert_int_equal(back.rule_count, 2);
    assert_int_equal(back.effective, 1);
    assert_int_equal(back.rules[1].flags, 3);
    assert_int_equal(cv_timezone_offset_at(&back, at("2006-03-20T12:00:00Z")),
                     -5 * 3600);
    assert_int_equal(cv_timezone_offset_at(&back, at("2007-03-20T12:00:00Z")),
                     -4 * 3600);
    assert_int_equal(cv_timezone_offset_at(&back, at("1999-07-01T12:00:00Z")),
                     -4 * 3600);
}

static void local_times_of_western_europe(void **state)
{
    static const char *const rows[][2] = {
        { "2026-03-29T01:30:00", "2026-03-29T00:30:00" },
        { "2026-03-29T02:30:00", "2026-03-29T01:30:00" }, /* in the gap */
        { "2026-03-29T03:00:00", "2026-03-29T01:00:00" },
        { "2026-10-25T02:30:00", "2026-10-25T00:30:00" }, /* twice: first */
        { "2026-10-25T03:00:00", "2026-10-25T02:00:00" },
        { "2026-07-01T09:00:00", "2026-07-01T07:00:00" },
        { "2026-12-01T09:00:00", "2026-12-01T08:00:00" },
        { "2026-01-01T00:00:00", "2025-12-31T23:00:00" },
    };
    cv_timezone tz = w_europe();
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++)
        assert_true(cv_timezone_to_utc(&tz, at(rows[i][0])) == at(rows[i][1]));
    assert_true(cv_timezone_to_local(&tz, at("2026-07-01T07:00:00Z")) ==
                at("2026-07-01T09:00:00"));
}

static void southern_summer_spans_the_new_year(void **state)
{
    cv_tz_rule rule = { .from_year = 1601,
                        .bias = -600,
                        .daylight_bias = -60,
                        .standard = { .month = 4, .day = 1, .hour = 3 },
                        .daylight = { .month = 10, .day = 1, .hour = 2 } };
    cv_timezone tz = { CV_S("AUS Eastern Standard Time"), &rule, 1, 0 };
    (void)state;
    assert_int_equal(cv_timezone_offset_at(&tz, at("2026-01-01T00:00:00Z")),
                     11 * 3600);
    assert_int_equal(cv_timezone_offset_at(&tz, at("2025-12-31T13:30:00Z")),
                     11 * 3600);
    assert_int_equal(cv_timezone_offset_at(&tz, at("2026-07-01T00:00:00Z")),
                     10 * 3600);
}

static void end_of_day_means_the_next_midnight(void **state)
{
    cv_tz_date d = { .month = 10,
                     .weekday = 6,
                     .day = 3,
                     .hour = 23,
                     .minute = 59,
                     .second = 59,
                     .ms = 999 };
    int64_t local;
    (void)state;
    assert_true(cv_tz_date_onset(&d, 2026, &local));
    assert_true(local == at("2026-10-18T00:00:00"));
}

static void unusable_dates_mean_no_daylight_time(void **state)
{
    static const cv_tz_date bad[] = {
        { .month = 0, .day = 1 },
        { .month = 13, .day = 1 },
        { .month = 3, .day = 0 },
        { .month = 3, .day = 6 },
        { .month = 3, .day = 1, .hour = 24 },
        { .month = 3, .day = 1, .weekday = 7 },
        { .month = 10, .day = 5, .hour = 3 }, /* equal to the other */
    };
    cv_timezone tz = w_europe();
    (void)state;
    for (size_t i = 0; i < CV_LEN(bad); i++) {
        tz.rules[0].daylight = bad[i];
        assert_false(cv_tz_rule_has_dst(&tz.rules[0]));
        assert_int_equal(cv_timezone_offset_at(&tz, at("2026-07-01T00:00:00Z")),
                         3600);
    }
}

static void absolute_dates_hold_once_and_year_1_always(void **state)
{
    cv_tz_date once = { .year = 2026, .month = 5, .day = 31, .hour = 1 };
    cv_tz_date yearly = { .year = 1, .month = 2, .day = 30 };
    int64_t local;
    (void)state;
    assert_true(cv_tz_date_onset(&once, 2026, &local));
    assert_true(local == at("2026-05-31T01:00:00"));
    assert_false(cv_tz_date_onset(&once, 2027, &local));
    assert_true(cv_tz_date_onset(&yearly, 2028, &local));
    assert_true(local == at("2028-02-29T00:00:00"));
}

/* C145: empty and random definitions are absent, not fatal. */
static void C145_bad_definitions_are_refused(void **state)
{
    static const char *const bad[] = { "",
                                       "02",
                                       "02010600",
                                       "DEADBEEF",
                                       "0201060002000000000001",
                                       "02010600020000000100" };
    cv_slice good = hex(def_w_europe);
    cv_timezone tz = { .effective = 77 };
    (void)state;
    for (size_t i = 0; i < CV_LEN(bad); i++)
        assert_int_not_equal(cv_tzdef_parse(arena, hex(bad[i]), &tz), CV_OK);
    for (size_t len = 0; len < good.len; len++)
        assert_int_not_equal(
            cv_tzdef_parse(arena, cv_slice_sub(good, 0, len), &tz), CV_OK);
    assert_int_equal(cv_tzreg_parse(arena, hex("C4FF"), &tz), CV_ERR_TRUNC);
    assert_int_equal(tz.effective, 77);
}

static void definition_above_the_rule_limit_is_refused(void **state)
{
    size_t header = 10, count = CV_LIMIT_TZ_RULES + 1;
    cv_slice rule = hex(def_w_europe);
    cv_timezone tz;
    cv_buf buf;
    (void)state;
    for (int over = 0; over < 2; over++, count--) {
        cv_buf_init(&buf, 0);
        cv_buf_put_u16le(&buf, 0x0102);
        cv_buf_put_u16le(&buf, (uint16_t)(header - 4));
        cv_buf_put_u16le(&buf, 2);
        cv_buf_put_u16le(&buf, 0);
        cv_buf_put_u16le(&buf, (uint16_t)count);
        for (size_t i = 0; i < count; i++)
            cv_buf_put_slice(&buf, cv_slice_sub(rule, rule.len - 66, 66));
        assert_int_equal(cv_tzdef_parse(arena, cv_buf_slice(&buf), &tz),
                         over ? CV_OK : CV_ERR_LIMIT);
        cv_buf_clear(&buf);
    }
}

static void moments_beyond_all_years_are_left_alone(void **state)
{
    static const int64_t far[] = { INT64_MIN, INT64_MAX,
                                   INT64_C(2932897) * 864000000000 };
    cv_timezone tz = w_europe();
    (void)state;
    for (size_t i = 0; i < CV_LEN(far); i++) {
        assert_int_equal(cv_timezone_offset_at(&tz, far[i]), 0);
        assert_true(cv_timezone_to_utc(&tz, far[i]) == far[i]);
        assert_true(cv_timezone_to_local(&tz, far[i]) == far[i]);
    }
}

static void every_damaged_byte_is_survived(void **state)
{
    static const uint8_t flips[] = { 0x01, 0x80, 0xFF };
    cv_slice good = hex(def_w_europe);
    uint8_t bytes[256];
    (void)state;
    for (size_t i = 0; i < good.len; i++)
        for (size_t f = 0; f < CV_LEN(flips); f++) {
            cv_timezone tz;
            memcpy(bytes, good.ptr, good.len);
            bytes[i] ^= flips[f];
            if (cv_tzdef_parse(arena, cv_slice_of(bytes, good.len), &tz) == 0)
                (void)cv_timezone_offset_at(&tz, at("2026-07-01T00:00:00Z"));
        }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(tzreg_blobs_both_ways),
        TEST(tzdefinition_blobs_both_ways),
        TEST(several_rules_hold_from_their_year),
        TEST(local_times_of_western_europe),
        TEST(southern_summer_spans_the_new_year),
        TEST(end_of_day_means_the_next_midnight),
        TEST(unusable_dates_mean_no_daylight_time),
        TEST(absolute_dates_hold_once_and_year_1_always),
        TEST(C145_bad_definitions_are_refused),
        TEST(definition_above_the_rule_limit_is_refused),
        TEST(moments_beyond_all_years_are_left_alone),
        TEST(every_damaged_byte_is_survived),
    };
    return cmocka_run_group_tests_name("timezone", tests, NULL, NULL);
}
