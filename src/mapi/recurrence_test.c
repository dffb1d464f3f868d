#include "mapi/recurrence.h"

#include "base/limits.h"
#include "base/text.h"

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

static cv_slice hex(const char *text)
{
    cv_slice out;
    assert_int_equal(cv_hex_decode(arena, cv_slice_cstr(text), &out, NULL), 0);
    return out;
}

static uint32_t minutes(const char *text)
{
    int64_t ticks;
    uint32_t out;
    assert_int_equal(cv_iso_parse(cv_slice_cstr(text), &ticks), 0);
    assert_int_equal(cv_ticks_to_minutes1601(ticks, &out), 0);
    return out;
}

/* Source: [MS-OXOCAL] 4.1.1.1 and 4.1.1.3; spec recurrence.md 9, A to J.
 * last: of the pattern, NULL for endless. */
static const struct blob_row {
    const char *blob, *words, *first, *last;
    unsigned count;
} blobs[] = {
    { "043004300B2001000000C0210000010000000000000032000000222000000C00000000"
      "00000000000000000000008020BC0C20ADBC0C06300000093000005802000076020000"
      "00000000000000000000",
      "every Monday, Thursday and Friday, 12 times", "2007-03-26T00:00:00",
      "2007-04-20T00:00:00", 12 },
    { "043004300A2000000000A0050000E010000000000000212000000A0000000000000002"
      "000000A0C1DC0C80D2DC0C00000000207EDC0C0016DD0C0630000009300000E0010000"
      "FE01000000000000000000000000",
      "every 3 days, until 2011-05-04", "2011-04-07T00:00:00",
      "2011-05-04T00:00:00", 10 },
    { "043004300B2001000000C021000001000000000000000A000000222000000A00000000"
      "000000000000000000000040EF590D00985A0D06300000093000001C02000058020000"
      "00000000000000000000",
      "every Monday and Wednesday, 10 times", "2026-11-23T00:00:00",
      "2026-12-23T00:00:00", 10 },
    { "043004300B20010000000000000001000000000000000A000000222000000A00000001"
      "000000000000000000000040EF590D00985A0D06300000093000001C02000058020000"
      "00000000000000000000",
      "every Monday and Wednesday, 10 times", "2026-11-23T00:00:00",
      "2026-12-23T00:00:00", 10 },
    { "043004300B200100000020490000020000000000000004000000212000000600000000"
      "0000000000000000000000E0F4590DA07E5B0D06300000093000004803000066030000"
      "00000000000000000000",
      "every 2 weeks on Tuesday, until 2027-02-02", "2026-11-24T00:00:00",
      "2027-02-02T00:00:00", 6 },
    { "043004300A200000000000000000E01000000000000022200000070000000000000000"
      "00000000000000A0E9590DE04E5A0D0630000009300000E0010000FE01000000000000"
      "000000000000",
      "every 3 days, 7 times", "2026-11-22T00:00:00", "2026-12-10T00:00:00",
      7 },
    { "043004300A2001000000C021000001000000000000003E000000232000000A00000000"
      "000000000000000000000040EF590DDF80E95A06300000093000001C0200003A020000"
      "00000000000000000000",
      "every weekday", "2026-11-23T00:00:00", NULL, 10 },
    { "043004300C20020000000000000001000000000000001F000000222000000C00000000"
      "000000000000000000000000C55A0DC01B620D06300000093000005802000094020000"
      "00000000000000000000",
      "the last day of every month, 12 times", "2026-12-31T00:00:00",
      "2027-11-30T00:00:00", 12 },
    { "043004300C20030000000000000001000000000000003E00000005000000232000000A"
      "000000000000000000000000000000A0165A0DDF80E95A063000000930000084030000"
      "C003000000000000000000000000",
      "the last weekday of every month", "2026-11-30T00:00:00", NULL, 10 },
    { "043004300C2003000000E04B0100030000000000000004000000020000002220000006"
      "000000000000000000000000000000A0435A0D606A640D063000000930000084030000"
      "C003000000000000000000000000",
      "the second Tuesday of every 3 months, 6 times", "2026-12-08T00:00:00",
      "2028-03-14T00:00:00", 6 },
    { "043004300D200200000020FA03000C000000000000000E000000232000000A00000000"
      "0000000000000000000000E00D5F0DDF80E95A063000000930000000000000A0050000"
      "00000000000000000000",
      "day 14 of July every year", "2027-07-14T00:00:00", NULL, 10 },
    { "043004300D200300000000AE06000C0000000000000010000000040000002220000005"
      "00000000000000000000000000000020005A0D80257A0D0630000009300000D0020000"
      "0C03000000000000000000000000",
      "the fourth Thursday of November every year, 5 times",
      "2026-11-26T00:00:00", "2030-11-28T00:00:00", 5 },
    { "043004300B2001000000C021000001000000000000000A000000222000000A00000000"
      "00000002000000E0215A0D40495A0D01000000E04E5A0D40EF590D00985A0D06300000"
      "093000001C02000058020000010028525A0D64525A0D5C4B5A0D100007000600526F6F"
      "6D203200000000040000000B0000000000000028525A0D64525A0D5C4B5A0D06005200"
      "6F006F006D00200032000000000000000000",
      "every Monday and Wednesday, 10 times", "2026-11-23T00:00:00",
      "2026-12-23T00:00:00", 10 },
};

static cv_recurrence parse(const char *blob)
{
    cv_recurrence r;
    bool damaged;
    assert_int_equal(
        cv_recurrence_parse(arena, hex(blob), 1252, &r, &damaged, NULL), 0);
    assert_false(damaged);
    return r;
}

static void blobs_of_the_specification_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < CV_LEN(blobs); i++) {
        cv_recurrence r = parse(blobs[i].blob);
        cv_slice words = cv_recurrence_describe(arena, &r);
        cv_buf buf;
        assert_string_equal((const char *)words.ptr, blobs[i].words);
        cv_buf_init(&buf, 0);
        cv_recurrence_put(&buf, &r);
        assert_true(cv_slice_eq(cv_buf_slice(&buf), hex(blobs[i].blob)));
        cv_buf_clear(&buf);
    }
}

static void first_date_and_end_are_computed_as_the_blobs_have_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < CV_LEN(blobs); i++) {
        cv_recurrence r = parse(blobs[i].blob), again = r;
        assert_int_equal(cv_recurrence_first(&r), r.first);
        if (r.end_type != CV_RECUR_END_DATE)
            again.end_date = 0;
        cv_recurrence_finish(&again);
        assert_int_equal(again.end_date, r.end_date);
        assert_int_equal(again.count, blobs[i].count);
    }
}

static void instances_run_from_the_first_to_the_last(void **state)
{
    uint32_t dates[20];
    (void)state;
    for (size_t i = 0; i < CV_LEN(blobs); i++) {
        cv_recurrence r = parse(blobs[i].blob);
        size_t n = cv_recurrence_expand(&r, 0, dates, CV_LEN(dates));
        assert_int_equal(n, blobs[i].last ? blobs[i].count : CV_LEN(dates));
        assert_int_equal(dates[0], minutes(blobs[i].first));
        if (blobs[i].last)
            assert_int_equal(dates[n - 1], minutes(blobs[i].last));
        for (size_t k = 0; k < n; k++) {
            uint32_t one;
            assert_true(cv_recurrence_is_instance(&r, dates[k]));
            assert_int_equal(cv_recurrence_expand(&r, dates[k], &one, 1), 1);
            assert_int_equal(one, dates[k]);
            if (k)
                assert_true(dates[k] > dates[k - 1]);
        }
        assert_false(cv_recurrence_is_instance(&r, dates[0] - 1440));
    }
}

static void exception_of_example_J_is_read(void **state)
{
    cv_recurrence r = parse(blobs[CV_LEN(blobs) - 1].blob);
    (void)state;
    assert_int_equal(r.deleted_count, 2);
    assert_int_equal(r.deleted[0], minutes("2026-12-02T00:00:00"));
    assert_int_equal(r.modified_count, 1);
    assert_int_equal(r.exception_count, 1);
    assert_int_equal(r.exceptions[0].start, minutes("2026-12-10T14:00:00"));
    assert_int_equal(r.exceptions[0].original, minutes("2026-12-09T09:00:00"));
    assert_int_equal(r.exceptions[0].change_highlight, 0x0B);
    assert_true(cv_slice_eq(r.exceptions[0].location, CV_S("Room 2")));
    assert_true(cv_recurrence_is_deleted(&r, r.exceptions[0].original));
    assert_false(cv_recurrence_is_deleted(&r, r.exceptions[0].start));
}

static void day_31_is_the_last_of_short_months(void **state)
{
    static const char *const wanted[] = { "2026-12-31T00:00:00",
                                          "2027-01-31T00:00:00",
                                          "2027-02-28T00:00:00",
                                          "2027-03-31T00:00:00" };
    cv_recurrence r = parse(blobs[7].blob);
    uint32_t dates[4];
    (void)state;
    assert_int_equal(cv_recurrence_expand(&r, 0, dates, 4), 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(dates[i], minutes(wanted[i]));
}

/* C062: the end may be missing. */
static void C062_blob_without_reserved_blocks_keeps_what_it_has(void **state)
{
    cv_slice a = hex(blobs[2].blob), j = hex(blobs[12].blob);
    cv_recurrence r;
    bool damaged;
    (void)state;
    assert_int_equal(cv_recurrence_parse(arena, cv_slice_sub(a, 0, a.len - 8),
                                         1252, &r, &damaged, NULL),
                     0);
    assert_true(damaged);
    assert_int_equal(r.start_offset, 540);
    /* Cut behind ExceptionInfo: the 8-bit location is used. */
    assert_int_equal(cv_recurrence_parse(arena, cv_slice_sub(j, 0, 116), 1252,
                                         &r, &damaged, NULL),
                     0);
    assert_true(damaged);
    assert_int_equal(r.exception_count, 1);
    assert_true(cv_slice_eq(r.exceptions[0].location, CV_S("Room 2")));
}

static void counts_beyond_the_bytes_are_refused(void **state)
{
    cv_slice good = hex(blobs[2].blob);
    uint8_t bytes[128];
    cv_recurrence r;
    bool damaged;
    (void)state;
    memcpy(bytes, good.ptr, good.len);
    bytes[38] = 200; /* DeletedInstanceCount */
    assert_int_equal(cv_recurrence_parse(arena, cv_slice_of(bytes, good.len),
                                         1252, &r, &damaged, NULL),
                     CV_ERR_TRUNC);
    bytes[39] = 0x28; /* 10440 > CV_LIMIT_RECUR_DATES */
    assert_int_equal(cv_recurrence_parse(arena, cv_slice_of(bytes, good.len),
                                         1252, &r, &damaged, NULL),
                     CV_ERR_LIMIT);
}

static void defects_are_repaired(void **state)
{
    cv_slice good = hex(blobs[2].blob);
    static const struct {
        size_t at;
        uint8_t to;
    } rows[] = {
        { 14, 0 },    /* Period 0 */
        { 22, 0 },    /* mask 0 */
        { 26, 0x44 }, /* EndType unknown */
        { 34, 9 },    /* FirstDOW */
        { 46, 0x41 }, /* StartDate no midnight */
        { 67, 0x20 }, /* EndTimeOffset before the start */
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        uint8_t bytes[128];
        cv_recurrence r;
        bool damaged = false;
        uint32_t date;
        memcpy(bytes, good.ptr, good.len);
        bytes[rows[i].at] = rows[i].to;
        if (rows[i].at == 67)
            bytes[66] = 0, bytes[67] = 0;
        assert_int_equal(cv_recurrence_parse(arena,
                                             cv_slice_of(bytes, good.len), 1252,
                                             &r, &damaged, NULL),
                         0);
        assert_true(damaged);
        assert_int_equal(cv_recurrence_expand(&r, 0, &date, 1), 1);
        assert_int_equal(date, minutes("2026-11-23T00:00:00"));
        assert_true(r.end_offset >= r.start_offset);
    }
}

static void old_patterns_cost_no_search(void **state)
{
    cv_recurrence r = { .frequency = CV_RECUR_DAILY,
                        .pattern = CV_PATTERN_DAY,
                        .period = 1440,
                        .end_type = CV_RECUR_END_NEVER };
    uint32_t date;
    (void)state;
    assert_int_equal(
        cv_recurrence_expand(&r, minutes("2026-11-22T00:00:00"), &date, 1), 1);
    assert_int_equal(date, minutes("2026-11-22T00:00:00"));
    r.pattern = CV_PATTERN_MONTH_NTH;
    r.frequency = CV_RECUR_MONTHLY;
    r.period = 1;
    r.day_mask = 0x7F;
    r.nth = 5;
    assert_int_equal(
        cv_recurrence_expand(&r, minutes("2026-11-22T00:00:00"), &date, 1), 1);
    assert_int_equal(date, minutes("2026-11-30T00:00:00"));
}

static void lunar_months_are_not_computed(void **state)
{
    cv_recurrence r = parse(blobs[7].blob);
    uint32_t date;
    (void)state;
    r.calendar = 6;
    assert_false(cv_recurrence_is_computable(&r));
    assert_int_equal(cv_recurrence_expand(&r, 0, &date, 1), 0);
}

static void series_beyond_4500_is_endless(void **state)
{
    cv_recurrence r = parse(blobs[11].blob);
    (void)state;
    r.count = 5000;
    cv_recurrence_finish(&r);
    assert_int_equal(r.end_type, CV_RECUR_END_NEVER);
    assert_int_equal(r.end_date, CV_MINUTES_ENDLESS);
}

static void try_bytes(const uint8_t *bytes, size_t len)
{
    cv_recurrence r;
    bool damaged;
    uint32_t dates[8];
    cv_arena *own;

    assert_int_equal(cv_arena_new(0, &own, NULL), 0);
    if (cv_recurrence_parse(own, cv_slice_of(bytes, len), 1252, &r, &damaged,
                            NULL) == CV_OK) {
        (void)cv_recurrence_expand(&r, 0, dates, CV_LEN(dates));
        (void)cv_recurrence_describe(own, &r);
        (void)cv_recurrence_first(&r);
        cv_recurrence_finish(&r);
    }
    cv_arena_free(&own);
}

static void every_prefix_and_damaged_byte_is_survived(void **state)
{
    static const uint8_t flips[] = { 0x01, 0x80, 0xFF };
    (void)state;
    for (size_t i = 0; i < CV_LEN(blobs); i++) {
        cv_slice good = hex(blobs[i].blob);
        uint8_t bytes[256];
        for (size_t len = 0; len < good.len; len++)
            try_bytes(good.ptr, len);
        for (size_t at = 0; at < good.len * CV_LEN(flips); at++) {
            memcpy(bytes, good.ptr, good.len);
            bytes[at / CV_LEN(flips)] ^= flips[at % CV_LEN(flips)];
            try_bytes(bytes, good.len);
        }
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(blobs_of_the_specification_both_ways),
        TEST(first_date_and_end_are_computed_as_the_blobs_have_them),
        TEST(instances_run_from_the_first_to_the_last),
        TEST(exception_of_example_J_is_read),
        TEST(day_31_is_the_last_of_short_months),
        TEST(C062_blob_without_reserved_blocks_keeps_what_it_has),
        TEST(counts_beyond_the_bytes_are_refused),
        TEST(defects_are_repaired),
        TEST(old_patterns_cost_no_search),
        TEST(lunar_months_are_not_computed),
        TEST(series_beyond_4500_is_endless),
        TEST(every_prefix_and_damaged_byte_is_survived),
    };
    return cmocka_run_group_tests_name("recurrence", tests, NULL, NULL);
}
