#include "base/wintime.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))
#define SEC(s) (INT64_C(s) * CV_TICKS_PER_SEC)

static void filetime_known_pairs_both_ways(void **state)
{
    static const struct {
        uint64_t ft;
        int64_t ticks;
    } rows[] = {
        { 0, SEC(-11644473600) },                          /* 1601-01-01 */
        { UINT64_C(116444736000000000), 0 },               /* 1970-01-01 */
        { UINT64_C(0x0CB34557A3DD4000), SEC(79870665600) } /* 4501-01-01 */
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        int64_t ticks = -1;
        uint64_t ft = 1;
        assert_int_equal(cv_filetime_to_ticks(rows[i].ft, &ticks, NULL), 0);
        assert_true(ticks == rows[i].ticks);
        assert_int_equal(cv_ticks_to_filetime(ticks, &ft, NULL), 0);
        assert_true(ft == rows[i].ft);
    }
}

static void oledate_known_pairs_both_ways(void **state)
{
    static const struct {
        double date;
        int64_t ticks;
    } rows[] = {
        { 25569.0, 0 },
        { 36526.5, SEC(946728000) },     /* 2000-01-01 12:00 */
        { 0.25, SEC(-2209140000) },      /* 1899-12-30 06:00 */
        { -1.25, SEC(-2209226400) },     /* 1899-12-29 06:00 */
        { -109205.0, SEC(-11644473600) } /* 1601-01-01, FILETIME 0 */
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        int64_t ticks = -1;
        double date = NAN;
        assert_int_equal(cv_oledate_to_ticks(rows[i].date, &ticks, NULL), 0);
        assert_true(ticks == rows[i].ticks);
        assert_int_equal(cv_ticks_to_oledate(ticks, &date, NULL), 0);
        assert_true(date == rows[i].date);
    }
}

static void oledate_rounds_to_the_millisecond(void **state)
{
    static const struct {
        int64_t in, out;
    } rows[] = {
        { -5001, -10000 }, { -5000, 0 }, { 4999, 0 }, { 5000, 10000 }
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        int64_t ticks = -1;
        double date = NAN;
        assert_int_equal(cv_ticks_to_oledate(rows[i].in, &date, NULL), 0);
        assert_int_equal(cv_oledate_to_ticks(date, &ticks, NULL), 0);
        assert_true(ticks == rows[i].out);
    }
}

static void bad_input_fails_and_leaves_output_alone(void **state)
{
    static const double range[] = { -657435.0, 2958466.0, 1e300, -1e300 };
    const uint64_t first_bad = (uint64_t)INT64_MAX + 1;
    int64_t ticks = 7;
    uint64_t ft = 7;
    double date = 7;
    cv_error err;
    (void)state;
    for (size_t i = 0; i < LEN(range); i++)
        assert_int_equal(cv_oledate_to_ticks(range[i], &ticks, NULL),
                         CV_ERR_RANGE);
    assert_int_equal(cv_oledate_to_ticks(NAN, &ticks, NULL), CV_ERR_SYNTAX);
    assert_int_equal(cv_filetime_to_ticks(first_bad, &ticks, &err),
                     CV_ERR_RANGE);
    assert_string_equal(err.what, "FILETIME 0x8000000000000000");
    for (int i = 0; i < 2; i++) {
        int64_t far = i ? INT64_MAX : INT64_MIN;
        assert_int_equal(cv_ticks_to_filetime(far, &ft, NULL), CV_ERR_RANGE);
        assert_int_equal(cv_ticks_to_oledate(far, &date, NULL), CV_ERR_RANGE);
    }
    assert_true(ticks == 7 && ft == 7 && date == 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filetime_known_pairs_both_ways),
        cmocka_unit_test(oledate_known_pairs_both_ways),
        cmocka_unit_test(oledate_rounds_to_the_millisecond),
        cmocka_unit_test(bad_input_fails_and_leaves_output_alone),
    };
    return cmocka_run_group_tests_name("wintime", tests, NULL, NULL);
}
