#include "base/datetime.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* The vectors of times.md section 8, one row an instant. */
static const struct {
    int32_t year;
    uint8_t month, day, hour, minute, second;
    uint8_t weekday; /* 0 Sunday */
    uint64_t filetime;
    int64_t unix_seconds;
    double oledate;
    const char *ole_bytes; /* as in files */
    uint64_t minutes1601;
} vectors[] = {
    { 1601, 1, 1, 0, 0, 0, 1, UINT64_C(0x0000000000000000),
      INT64_C(-11644473600), -109205.0, "\x00\x00\x00\x00\x50\xa9\xfa\xc0",
      UINT64_C(0x00000000) },
    { 1601, 1, 1, 0, 1, 0, 1, UINT64_C(0x0000000023C34600),
      INT64_C(-11644473540), -109205.00069444445,
      "\x83\x2d\xd8\x02\x50\xa9\xfa\xc0", UINT64_C(0x00000001) },
    { 1601, 1, 1, 12, 0, 0, 1, UINT64_C(0x000000649534E000),
      INT64_C(-11644430400), -109205.5, "\x00\x00\x00\x00\x58\xa9\xfa\xc0",
      UINT64_C(0x000002D0) },
    { 1601, 1, 2, 0, 0, 0, 2, UINT64_C(0x000000C92A69C000),
      INT64_C(-11644387200), -109204.0, "\x00\x00\x00\x00\x40\xa9\xfa\xc0",
      UINT64_C(0x000005A0) },
    { 1753, 1, 1, 0, 0, 0, 1, UINT64_C(0x00AA6972D74AC000),
      INT64_C(-6847804800), -53688.0, "\x00\x00\x00\x00\x00\x37\xea\xc0",
      UINT64_C(0x04C3DB20) },
    { 1899, 12, 29, 6, 0, 0, 5, UINT64_C(0x014F3512C93D7000),
      INT64_C(-2209226400), -1.25, "\x00\x00\x00\x00\x00\x00\xf4\xbf",
      UINT64_C(0x095F81E8) },
    { 1899, 12, 29, 18, 0, 0, 5, UINT64_C(0x014F35775E725000),
      INT64_C(-2209183200), -1.75, "\x00\x00\x00\x00\x00\x00\xfc\xbf",
      UINT64_C(0x095F84B8) },
    { 1899, 12, 30, 0, 0, 0, 6, UINT64_C(0x014F35A9A90CC000),
      INT64_C(-2209161600), 0.0, "\x00\x00\x00\x00\x00\x00\x00\x00",
      UINT64_C(0x095F8620) },
    { 1899, 12, 30, 6, 0, 0, 6, UINT64_C(0x014F35DBF3A73000),
      INT64_C(-2209140000), 0.25, "\x00\x00\x00\x00\x00\x00\xd0\x3f",
      UINT64_C(0x095F8788) },
    { 1899, 12, 31, 0, 0, 0, 0, UINT64_C(0x014F3672D3768000),
      INT64_C(-2209075200), 1.0, "\x00\x00\x00\x00\x00\x00\xf0\x3f",
      UINT64_C(0x095F8BC0) },
    { 1900, 1, 1, 0, 0, 0, 1, UINT64_C(0x014F373BFDE04000),
      INT64_C(-2208988800), 2.0, "\x00\x00\x00\x00\x00\x00\x00\x40",
      UINT64_C(0x095F9160) },
    { 1970, 1, 1, 0, 0, 0, 4, UINT64_C(0x019DB1DED53E8000), INT64_C(0), 25569.0,
      "\x00\x00\x00\x00\x40\xf8\xd8\x40", UINT64_C(0x0B9157C0) },
    { 2001, 1, 1, 0, 0, 0, 1, UINT64_C(0x01C07385C89DC000), INT64_C(978307200),
      36892.0, "\x00\x00\x00\x00\x80\x03\xe2\x40", UINT64_C(0x0C8A23A0) },
    { 2008, 8, 20, 11, 44, 0, 3, UINT64_C(0x01C902BA094D4000),
      INT64_C(1219232640), 39680.48888888889,
      "\xa5\x4f\xfa\xa4\x0f\x60\xe3\x40", UINT64_C(0x0CC768E0) },
    { 2026, 11, 22, 13, 58, 53, 0, UINT64_C(0x01DD7A899B900C80),
      INT64_C(1795355933), 46348.58255787037,
      "\x29\x67\x50\xa4\x92\xa1\xe6\x40", UINT64_C(0x0D59ECE6) },
    { 2038, 1, 19, 3, 14, 7, 2, UINT64_C(0x01E9FD1ED4A5E980),
      INT64_C(2147483647), 50424.13480324074,
      "\xcc\xe2\x4e\x50\x04\x9f\xe8\x40", UINT64_C(0x0DB379E2) },
    { 2078, 12, 31, 23, 59, 59, 6, UINT64_C(0x0217E646BA6CE980),
      INT64_C(3439756799), 65380.99998842592,
      "\x37\xba\xe7\xff\x9f\xec\xef\x40", UINT64_C(0x0EFC1E3F) },
    { 4500, 8, 31, 23, 59, 0, 2, UINT64_C(0x0CB2E57949B47A00),
      INT64_C(79860124740), 949875.9993055556,
      "\x50\xfa\xa4\xff\xe7\xfc\x2c\x41", UINT64_C(0x5AE6D29F) },
    { 4500, 12, 31, 23, 59, 0, 5, UINT64_C(0x0CB345578019FA00),
      INT64_C(79870665540), 949997.9993055556,
      "\x50\xfa\xa4\xff\xdb\xfd\x2c\x41", UINT64_C(0x5AE980DF) },
    { 4501, 1, 1, 0, 0, 0, 6, UINT64_C(0x0CB34557A3DD4000),
      INT64_C(79870665600), 949998.0, "\x00\x00\x00\x00\xdc\xfd\x2c\x41",
      UINT64_C(0x5AE980E0) },
    { 9999, 12, 31, 23, 59, 59, 5, UINT64_C(0x24C85A5ED127A980),
      INT64_C(253402300799), 2958465.999988426,
      "\xe9\x9e\xff\xff\x40\x92\x46\x41", UINT64_C(0x1074CE15F) },
};

static void vectors_agree_in_every_format(void **state)
{
    (void)state;
    for (size_t i = 0; i < CV_LEN(vectors); i++) {
        int64_t want = vectors[i].unix_seconds * CV_TICKS_PER_SEC;
        int64_t ticks = 1;
        uint64_t filetime = 1;
        double oledate = NAN;
        assert_int_equal(
            cv_filetime_to_ticks(vectors[i].filetime, &ticks, NULL), CV_OK);
        assert_true(ticks == want);
        assert_int_equal(cv_ticks_to_filetime(want, &filetime, NULL), CV_OK);
        assert_true(filetime == vectors[i].filetime);
        assert_int_equal(cv_ticks_to_oledate(want, &oledate, NULL), CV_OK);
        assert_memory_equal(&oledate, vectors[i].ole_bytes, 8);
        assert_int_equal(cv_oledate_to_ticks(vectors[i].oledate, &ticks, NULL),
                         CV_OK);
        assert_true(ticks == want);
    }
}

static void vectors_agree_with_civil_dates(void **state)
{
    (void)state;
    for (size_t i = 0; i < CV_LEN(vectors); i++) {
        int64_t want = vectors[i].unix_seconds * CV_TICKS_PER_SEC;
        cv_civil c = cv_civil_of_ticks(want);
        assert_int_equal(c.year, vectors[i].year);
        assert_int_equal(c.month, vectors[i].month);
        assert_int_equal(c.day, vectors[i].day);
        assert_int_equal(c.hour, vectors[i].hour);
        assert_int_equal(c.minute, vectors[i].minute);
        assert_int_equal(c.second, vectors[i].second);
        assert_int_equal(c.nanos100, 0);
        assert_true(cv_civil_is_valid(&c));
        assert_true(cv_civil_to_ticks(&c) == want);
        assert_int_equal(
            cv_weekday_of_days(cv_days_from_civil(c.year, c.month, c.day)),
            vectors[i].weekday);
    }
}

static void vectors_agree_with_minutes_since_1601(void **state)
{
    (void)state;
    for (size_t i = 0; i < CV_LEN(vectors); i++) {
        int64_t ticks = vectors[i].unix_seconds * CV_TICKS_PER_SEC;
        int64_t whole = ticks - vectors[i].second * CV_TICKS_PER_SEC;
        uint32_t minutes = 7;
        if (vectors[i].minutes1601 > UINT32_MAX) {
            assert_int_equal(cv_ticks_to_minutes1601(ticks, &minutes),
                             CV_ERR_RANGE);
            assert_int_equal(minutes, 7);
            continue;
        }
        assert_int_equal(cv_ticks_to_minutes1601(ticks, &minutes), CV_OK);
        assert_true(minutes == vectors[i].minutes1601);
        assert_true(cv_minutes1601_to_ticks(minutes) == whole);
    }
}

static void minutes_before_1601_are_out_of_range(void **state)
{
    uint32_t minutes = 7;
    int64_t start = cv_minutes1601_to_ticks(0);
    (void)state;
    assert_int_equal(cv_ticks_to_minutes1601(start - 1, &minutes),
                     CV_ERR_RANGE);
    assert_int_equal(cv_ticks_to_minutes1601(INT64_MIN, &minutes),
                     CV_ERR_RANGE);
    assert_int_equal(minutes, 7);
}

static void filetime_class_of_special_values(void **state)
{
    static const struct {
        uint64_t filetime;
        cv_time_class want;
    } rows[] = {
        { 0, CV_TIME_ZERO },
        { 1, CV_TIME_ANCIENT },
        { UINT64_C(0x0000000861C46800), CV_TIME_ANCIENT }, /* 0 plus 1 h */
        { UINT64_C(0x00AA6972D74ABFFF), CV_TIME_ANCIENT },
        { UINT64_C(0x00AA6972D74AC000), CV_TIME_VALID }, /* 1753-01-01 */
        { UINT64_C(0x01C902BA094D4000), CV_TIME_VALID }, /* 2008-08-20 */
        { UINT64_C(0x0CB226862B167FFF), CV_TIME_VALID },
        { UINT64_C(0x0CB226862B168000), CV_TIME_NONE }, /* 4500-01-01 */
        { UINT64_C(0x0CB2E57949B47A00), CV_TIME_NONE }, /* 4500-08-31 */
        { UINT64_C(0x0CB345578019FA00), CV_TIME_NONE }, /* endless */
        { UINT64_C(0x0CB34557A3DD4000), CV_TIME_NONE }, /* 4501-01-01 */
        { UINT64_C(0x24C85A5ED1C03FFF), CV_TIME_NONE }, /* 9999's end */
        { UINT64_C(0x24C85A5ED1C04000), CV_TIME_NONE }, /* year 10000 */
        { UINT64_C(0x7FFF35F4F06C7FFF), CV_TIME_NONE }, /* 30827's end */
        { UINT64_C(0x7FFF35F4F06C8000), CV_TIME_OVERFLOW },
        { UINT64_C(0x7FFFFFFFFFFFFFFF), CV_TIME_OVERFLOW },
        { UINT64_C(0x8000000000000000), CV_TIME_OVERFLOW },
        { UINT64_C(0xFFFFFFF79E3B9800), CV_TIME_OVERFLOW }, /* 0 minus 1 h */
        { UINT64_C(0xFFFFFFD61729F800), CV_TIME_OVERFLOW }, /* 0 minus 5 h */
        { UINT64_MAX, CV_TIME_OVERFLOW },
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        int64_t ticks = 0;
        bool valid = rows[i].want == CV_TIME_VALID;
        assert_int_equal(cv_filetime_class(rows[i].filetime), rows[i].want);
        assert_int_equal(cv_filetime_is_valid(rows[i].filetime), valid);
        if (cv_filetime_to_ticks(rows[i].filetime, &ticks, NULL) == CV_OK)
            assert_int_equal(cv_ticks_is_valid(ticks), valid);
    }
    assert_false(cv_ticks_is_valid(INT64_MIN));
    assert_false(cv_ticks_is_valid(INT64_MAX));
}

static void filetime_ends_of_ranges_have_their_dates(void **state)
{
    static const struct {
        uint64_t filetime;
        cv_civil at;
    } rows[] = {
        { UINT64_C(0x24C85A5ED1C03FFF), { 9999, 12, 31, 23, 59, 59, 9999999 } },
        { UINT64_C(0x24C85A5ED1C04000), { 10000, 1, 1, 0, 0, 0, 0 } },
        { UINT64_C(0x7FFF35F4F06C7FFF),
          { 30827, 12, 31, 23, 59, 59, 9999999 } },
        { UINT64_C(0x7FFFFFFFFFFFFFFF), { 30828, 9, 14, 2, 48, 5, 4775807 } },
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        int64_t ticks;
        assert_int_equal(cv_filetime_to_ticks(rows[i].filetime, &ticks, NULL),
                         CV_OK);
        cv_civil c = cv_civil_of_ticks(ticks);
        assert_int_equal(c.year, rows[i].at.year);
        assert_int_equal(c.month, rows[i].at.month);
        assert_int_equal(c.day, rows[i].at.day);
        assert_int_equal(c.hour, rows[i].at.hour);
        assert_int_equal(c.minute, rows[i].at.minute);
        assert_int_equal(c.second, rows[i].at.second);
        assert_int_equal(c.nanos100, rows[i].at.nanos100);
        assert_int_equal(cv_civil_is_valid(&c), c.year < 30828);
    }
}

/* KB 938650: 1601-01-01 as a date of OLE automation, also as zones shift it. */
static void c001_oledate_of_the_founding_case_is_read(void **state)
{
    (void)state;
    for (int hour = 0; hour <= 14; hour++) {
        int64_t base = INT64_C(-11644473600) * CV_TICKS_PER_SEC;
        int64_t want = base - hour * 3600 * CV_TICKS_PER_SEC, ticks = 0;
        double date;
        assert_int_equal(cv_ticks_to_oledate(want, &date, NULL), CV_OK);
        assert_int_equal(cv_oledate_to_ticks(date, &ticks, NULL), CV_OK);
        assert_true(ticks == want);
        assert_false(cv_ticks_is_valid(ticks));
    }
}

static void oledate_range_ends_at_10000(void **state)
{
    int64_t ticks = 7;
    (void)state;
    assert_int_equal(cv_oledate_to_ticks(-657434.0, &ticks, NULL), CV_OK);
    assert_int_equal(cv_civil_of_ticks(ticks).year, 100);
    assert_int_equal(cv_oledate_to_ticks(2958465.99998843, &ticks, NULL),
                     CV_OK);
    assert_true(ticks == INT64_C(253402300799) * CV_TICKS_PER_SEC);
    ticks = 7;
    assert_int_equal(cv_oledate_to_ticks(-657435.0, &ticks, NULL),
                     CV_ERR_RANGE);
    assert_int_equal(cv_oledate_to_ticks(2958466.0, &ticks, NULL),
                     CV_ERR_RANGE);
    assert_int_equal(cv_oledate_to_ticks(NAN, &ticks, NULL), CV_ERR_SYNTAX);
    assert_int_equal(cv_oledate_to_ticks(INFINITY, &ticks, NULL),
                     CV_ERR_SYNTAX);
    assert_int_equal(cv_oledate_to_ticks(-INFINITY, &ticks, NULL),
                     CV_ERR_SYNTAX);
    assert_int_equal(ticks, 7);
}

static void
oledate_between_minus_one_and_zero_doubles_the_first_day(void **state)
{
    int64_t plus = 0, minus = 1;
    (void)state;
    assert_int_equal(cv_oledate_to_ticks(0.25, &plus, NULL), CV_OK);
    assert_int_equal(cv_oledate_to_ticks(-0.25, &minus, NULL), CV_OK);
    assert_true(plus == minus);
}

static void every_day_of_800_years_comes_back(void **state)
{
    int64_t days = cv_days_from_civil(-399, 1, 1);
    int64_t last = cv_days_from_civil(401, 12, 31);
    int32_t year = -399;
    uint8_t month = 1, day = 1;
    (void)state;
    for (; days <= last; days++) {
        int32_t y;
        uint8_t m, d;
        cv_civil_from_days(days, &y, &m, &d);
        assert_true(y == year && m == month && d == day);
        assert_true(cv_days_from_civil(y, m, d) == days);
        if (day++ == cv_days_in_month(year, month)) {
            day = 1;
            if (month++ == 12) {
                month = 1;
                year++;
            }
        }
    }
    assert_int_equal(year, 402);
}

static void leap_years_follow_the_gregorian_rule(void **state)
{
    (void)state;
    assert_int_equal(cv_days_in_month(1900, 2), 28);
    assert_int_equal(cv_days_in_month(2000, 2), 29);
    assert_int_equal(cv_days_in_month(2024, 2), 29);
    assert_int_equal(cv_days_in_month(2026, 2), 28);
    assert_int_equal(cv_days_in_month(2026, 0), 0);
    assert_int_equal(cv_days_in_month(2026, 13), 0);
    assert_int_equal(cv_days_in_month(-4, 2), 29);
}

static void civil_dates_that_do_not_exist_are_invalid(void **state)
{
    static const cv_civil bad[] = {
        { 2026, 2, 29, 0, 0, 0, 0 },       { 2026, 4, 31, 0, 0, 0, 0 },
        { 2026, 0, 1, 0, 0, 0, 0 },        { 2026, 13, 1, 0, 0, 0, 0 },
        { 2026, 1, 0, 0, 0, 0, 0 },        { 2026, 1, 1, 24, 0, 0, 0 },
        { 2026, 1, 1, 0, 60, 0, 0 },       { 2026, 1, 1, 0, 0, 60, 0 },
        { 2026, 1, 1, 0, 0, 0, 10000000 }, { 30828, 1, 1, 0, 0, 0, 0 },
        { -10000, 1, 1, 0, 0, 0, 0 },
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(bad); i++)
        assert_false(cv_civil_is_valid(&bad[i]));
}

static void ticks_of_any_value_have_a_civil_date(void **state)
{
    (void)state;
    assert_int_equal(cv_civil_of_ticks(INT64_MAX).year, 31197);
    assert_int_equal(cv_civil_of_ticks(INT64_MIN).year, -27258);
    cv_civil c = cv_civil_of_ticks(-1);
    assert_int_equal(c.year, 1969);
    assert_int_equal(c.second, 59);
    assert_int_equal(c.nanos100, 9999999);
}

static void iso_text_both_ways(void **state)
{
    static const struct {
        const char *text;
        int64_t ticks;
    } rows[] = {
        { "1601-01-01T00:00:00Z", INT64_C(-116444736000000000) },
        { "1970-01-01T00:00:00Z", 0 },
        { "2008-08-20T11:44:00Z", INT64_C(12192326400000000) },
        { "2026-11-22T13:58:53.5Z", INT64_C(17953559335000000) },
        { "1969-12-31T23:59:59.9999999Z", -1 },
        { "1970-01-01T00:00:00.0000001Z", 1 },
        { "0001-01-01T00:00:00Z", INT64_C(-621355968000000000) },
        { "9999-12-31T23:59:59Z", INT64_C(2534023007990000000) },
    };
    cv_buf buf;
    (void)state;
    cv_buf_init(&buf, 0);
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        int64_t ticks = 7;
        cv_slice text = cv_slice_cstr(rows[i].text);
        cv_buf_reset(&buf);
        cv_iso_put(&buf, rows[i].ticks, true);
        assert_true(cv_slice_eq(cv_buf_slice(&buf), text));
        assert_int_equal(cv_iso_parse(text, &ticks), CV_OK);
        assert_true(ticks == rows[i].ticks);
        text.len--; /* without the Z */
        assert_int_equal(cv_iso_parse(text, &ticks), CV_OK);
        assert_true(ticks == rows[i].ticks);
        cv_buf_reset(&buf);
        cv_iso_put(&buf, rows[i].ticks, false);
        assert_true(cv_slice_eq(cv_buf_slice(&buf), text));
    }
    cv_buf_clear(&buf);
}

static void iso_text_that_is_no_time_fails(void **state)
{
    static const struct {
        const char *text;
        cv_status want;
    } rows[] = {
        { "", CV_ERR_SYNTAX },
        { "2026-11-22", CV_ERR_SYNTAX },
        { "2026-11-22T13:58Z", CV_ERR_SYNTAX },
        { "2026-11-22T13:58:53.Z", CV_ERR_SYNTAX },
        { "2026-11-22T13:58:53ZZ", CV_ERR_SYNTAX },
        { "2026-11-22 13:58:53Z", CV_ERR_SYNTAX },
        { "02026-11-22T13:58:53Z", CV_ERR_SYNTAX },
        { "filetime:0x0", CV_ERR_SYNTAX },
        { "0000-11-22T13:58:53Z", CV_ERR_RANGE },
        { "2026-13-22T13:58:53Z", CV_ERR_RANGE },
        { "2026-02-29T13:58:53Z", CV_ERR_RANGE },
        { "2026-11-22T24:00:00Z", CV_ERR_RANGE },
        { "2026-11-22T23:59:60Z", CV_ERR_RANGE },
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        int64_t ticks = 7;
        assert_int_equal(cv_iso_parse(cv_slice_cstr(rows[i].text), &ticks),
                         rows[i].want);
        assert_int_equal(ticks, 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_agree_in_every_format),
        cmocka_unit_test(vectors_agree_with_civil_dates),
        cmocka_unit_test(vectors_agree_with_minutes_since_1601),
        cmocka_unit_test(minutes_before_1601_are_out_of_range),
        cmocka_unit_test(filetime_class_of_special_values),
        cmocka_unit_test(filetime_ends_of_ranges_have_their_dates),
        cmocka_unit_test(c001_oledate_of_the_founding_case_is_read),
        cmocka_unit_test(oledate_range_ends_at_10000),
        cmocka_unit_test(
            oledate_between_minus_one_and_zero_doubles_the_first_day),
        cmocka_unit_test(every_day_of_800_years_comes_back),
        cmocka_unit_test(leap_years_follow_the_gregorian_rule),
        cmocka_unit_test(civil_dates_that_do_not_exist_are_invalid),
        cmocka_unit_test(ticks_of_any_value_have_a_civil_date),
        cmocka_unit_test(iso_text_both_ways),
        cmocka_unit_test(iso_text_that_is_no_time_fails),
    };
    return cmocka_run_group_tests_name("datetime", tests, NULL, NULL);
}
