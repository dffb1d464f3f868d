#include "base/datetime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define NOV22 INT64_C(1795355933) /* 2026-11-22 13:58:53 UTC */

static void date_is_written_with_english_names(void **state)
{
    static const struct {
        int64_t seconds;
        int32_t offset_minutes;
        const char *text;
    } rows[] = {
        { NOV22, 0, "Sun, 22 Nov 2026 13:58:53 +0000" },
        { NOV22, 330, "Sun, 22 Nov 2026 19:28:53 +0530" },
        { NOV22, -840, "Sat, 21 Nov 2026 23:58:53 -1400" },
        { INT64_C(1219232640), -420, "Wed, 20 Aug 2008 04:44:00 -0700" },
        { 0, 0, "Thu, 1 Jan 1970 00:00:00 +0000" },
    };
    cv_buf buf;
    (void)state;
    cv_buf_init(&buf, 0);
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        int64_t back = 0, ticks = rows[i].seconds * CV_TICKS_PER_SEC;
        cv_buf_reset(&buf);
        cv_rfc5322_date_put(&buf, ticks, rows[i].offset_minutes);
        assert_int_equal(cv_rfc5322_date_parse(cv_buf_slice(&buf), &back),
                         CV_OK);
        assert_true(back == ticks);
        cv_buf_put_byte(&buf, 0);
        assert_string_equal(buf.data, rows[i].text);
    }
    cv_buf_clear(&buf);
}

static void date_is_read_leniently(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } rows[] = {
        { "Sun, 22 Nov 2026 13:58:53 +0000", NOV22 },
        { "22 Nov 2026 13:58:53 +0000", NOV22 },
        { "22 Nov 2026 13:58 +0000", NOV22 - 53 },
        { "Sun,22 Nov 2026 13:58:53 +0000", NOV22 },
        { "Sun, 22\r\n Nov\t2026   13:58:53  +0000", NOV22 },
        { "Sun (a (nested \\) one)), 22 Nov 2026 13:58:53 +0000 (UTC)", NOV22 },
        { "Sunday, 22-Nov-26 13:58:53 GMT", NOV22 },
        { "22-Nov-2026 14:58:53 +0100", NOV22 },
        { "Sun Nov 22 13:58:53 2026", NOV22 },
        { "Sun Nov 22 13:58:53 UTC 2026", NOV22 },
        { "Sun, Nov 22, 2026 13:58:53 +0000", NOV22 },
        { "2026 Nov 22 13:58:53 +0000", NOV22 },
        { "mardi, 22 Nov 2026 13:58:53 +0000", NOV22 },
        { "SUN, 22 NOV 2026 13:58:53 ut", NOV22 },
        { "Sun, 22 November 2026 13:58:53 +0000", NOV22 },
        { "Mon, 22 Nov 2026 13:58:53 +0000", NOV22 }, /* wrong weekday */
        { "Sun, 22 Nov 2026 8:58:53 EST", NOV22 },
        { "Sun, 22 Nov 2026 9:58:53 EDT", NOV22 },
        { "Sun, 22 Nov 2026 7:58:53 CST", NOV22 },
        { "Sun, 22 Nov 2026 8:58:53 CDT", NOV22 },
        { "Sun, 22 Nov 2026 6:58:53 MST", NOV22 },
        { "Sun, 22 Nov 2026 7:58:53 MDT", NOV22 },
        { "Sun, 22 Nov 2026 5:58:53 PST", NOV22 },
        { "Sun, 22 Nov 2026 6:58:53 PDT", NOV22 },
        { "Sun, 22 Nov 2026 13:58:53 Z", NOV22 },
        { "Sun, 22 Nov 2026 13:58:53 A", NOV22 },
        { "Sun, 22 Nov 2026 13:58:53 CEST", NOV22 },
        { "Sun, 22 Nov 2026 13:58:53 -0000", NOV22 },
        { "Sun, 22 Nov 2026 13:58:53", NOV22 },
        { "Sun, 22 Nov 2026 14:58:53 GMT+0100", NOV22 },
        { "Sun, 22 Nov 2026 14:58:53 +01:00", NOV22 },
        { "Sun, 22 Nov 2026 14:58:53 +1", NOV22 },
        { "Sun, 22 Nov 2026 08:28:53 -0530", NOV22 },
        { "Sun, 22 Nov 2026 13:58:53.123 +0000", NOV22 },
        { "Sun, 22 Nov 2026 13:58:60 +0000", NOV22 + 6 },
        { "Sun, 22 Nov 2026 24:00:00 +0000", INT64_C(1795392000) },
        { "1 Jan 49 00:00:00 +0000", INT64_C(2493072000) },
        { "1 Jan 50 00:00:00 +0000", INT64_C(-631152000) },
        { "1 Jan 108 00:00:00 +0000", INT64_C(1199145600) },
        { "1 Jan 1900 00:00:00 +0000", INT64_C(-2208988800) },
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        int64_t ticks = 7;
        assert_int_equal(
            cv_rfc5322_date_parse(cv_slice_cstr(rows[i].text), &ticks), CV_OK);
        assert_true(ticks == rows[i].seconds * CV_TICKS_PER_SEC);
    }
}

static void date_that_is_none_fails(void **state)
{
    static const struct {
        const char *text;
        cv_status want;
    } rows[] = {
        { "", CV_ERR_SYNTAX },
        { "(only a comment", CV_ERR_SYNTAX },
        { "(ends in a backslash\\", CV_ERR_SYNTAX },
        { "yesterday", CV_ERR_SYNTAX },
        { "22 Nov 2026", CV_ERR_SYNTAX },
        { "22 Foo 2026 13:58:53 +0000", CV_ERR_SYNTAX },
        { "Nov 2026 13:58:53 +0000", CV_ERR_SYNTAX },
        { "22 Nov 13:58:53", CV_ERR_SYNTAX },
        { "22 Nov 2026 13: +0000", CV_ERR_SYNTAX },
        { "22 Nov 20266 13:58:53", CV_ERR_SYNTAX },
        { "22 Nov 2026 13:58:53 +00000", CV_ERR_SYNTAX },
        { "9999999999 Nov 2026 13:58:53", CV_ERR_SYNTAX },
        { "31 Apr 2026 13:58:53 +0000", CV_ERR_RANGE },
        { "0 Nov 2026 13:58:53 +0000", CV_ERR_RANGE },
        { "22 Nov 2026 25:58:53 +0000", CV_ERR_RANGE },
        { "22 Nov 2026 13:60:53 +0000", CV_ERR_RANGE },
        { "22 Nov 2026 13:58:61 +0000", CV_ERR_RANGE },
        { "22 Nov 2026 13:58:53 +2400", CV_ERR_RANGE },
        { "22 Nov 2026 13:58:53 +0160", CV_ERR_RANGE },
        { "1 Jan 1601 00:00:00 +0000", CV_ERR_RANGE },
        { "1 Jan 1899 00:00:00 +0000", CV_ERR_RANGE },
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        int64_t ticks = 7;
        assert_int_equal(
            cv_rfc5322_date_parse(cv_slice_cstr(rows[i].text), &ticks),
            rows[i].want);
        assert_int_equal(ticks, 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(date_is_written_with_english_names),
        cmocka_unit_test(date_is_read_leniently),
        cmocka_unit_test(date_that_is_none_fails),
    };
    return cmocka_run_group_tests_name("maildate", tests, NULL, NULL);
}
