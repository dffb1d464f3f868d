/* The readers of foreign text in base/ take any prefix of their input and any
 * changed byte: they fail cleanly or give a value that holds. Each text is
 * copied to memory of its exact size, so that sanitizers see a read beyond. */
#include "base/datetime.h"
#include "base/guid.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef void (*reader)(cv_slice text);

static void check_damaged(reader read, const char *text)
{
    static const uint8_t masks[] = { 0x01, 0x80, 0xff };
    size_t len = strlen(text);
    for (size_t cut = 0; cut <= len; cut++) {
        uint8_t *copy = malloc(cut ? cut : 1);
        assert_non_null(copy);
        memcpy(copy, text, cut);
        read((cv_slice){ copy, cut });
        free(copy);
    }
    uint8_t *copy = malloc(len);
    assert_non_null(copy);
    memcpy(copy, text, len);
    for (size_t i = 0; i < len; i++) {
        for (size_t m = 0; m < CV_LEN(masks); m++) {
            copy[i] ^= masks[m];
            read((cv_slice){ copy, len });
            copy[i] ^= masks[m];
        }
    }
    free(copy);
}

static void read_ical_time(cv_slice text)
{
    cv_ical_time t;
    cv_status status = cv_ical_time_parse(text, &t);
    assert_true(status == CV_OK || status == CV_ERR_SYNTAX ||
                status == CV_ERR_RANGE);
    if (status == CV_OK)
        assert_true(cv_civil_is_valid(&t.at));
}

static void read_mail_date(cv_slice text)
{
    int64_t ticks;
    if (cv_rfc5322_date_parse(text, &ticks) == CV_OK)
        assert_in_range(cv_civil_of_ticks(ticks).year, 1899, 10000);
}

static void read_iso(cv_slice text)
{
    int64_t ticks;
    if (cv_iso_parse(text, &ticks) == CV_OK)
        assert_in_range(cv_civil_of_ticks(ticks).year, 1, 9999);
}

static void read_others(cv_slice text)
{
    int64_t seconds;
    int32_t offset;
    cv_guid guid;
    (void)!cv_ical_duration_parse(text, &seconds);
    if (cv_ical_offset_parse(text, &offset) == CV_OK)
        assert_true(offset > -86400 && offset < 86400);
    (void)!cv_guid_parse(text, &guid);
    (void)cv_codepage_of_charset(text);
}

static void read_text(cv_slice text)
{
    static const char *const charsets[] = { "utf-8",   "utf-16",      "utf-7",
                                            "gb18030", "iso-2022-jp", "johab",
                                            "" };
    cv_arena *a = NULL;
    cv_slice out;
    assert_int_equal(cv_arena_new(0, &a, NULL), CV_OK);
    for (size_t i = 0; i < CV_LEN(charsets); i++) {
        out = cv_charset_to_utf8(a, cv_slice_cstr(charsets[i]), text, NULL);
        assert_true(out.ptr && cv_utf8_valid(out));
    }
    assert_true(cv_utf8_valid(cv_utf8_repair(a, text)));
    assert_true(cv_utf8_valid(cv_utf16le_to_utf8(a, text, true, NULL)));
    out = cv_text_one_line(a, text);
    assert_true(cv_slice_find_byte(out, '\n', 0) == CV_NPOS);
    assert_non_null(cv_text_eol(a, text, "\r\n").ptr);
    assert_non_null(cv_base64_decode(a, text, NULL).ptr);
    cv_arena_free(&a);
}

static void times_survive_damage(void **state)
{
    (void)state;
    check_damaged(read_ical_time, "20261122T135853Z");
    check_damaged(read_ical_time, "2026-11-22T13:58:53.25+0100");
    check_damaged(read_ical_time, "99991231T240000-2359");
    check_damaged(read_iso, "2026-11-22T13:58:53.1234567Z");
    check_damaged(read_mail_date,
                  "Sun (a (b\\) c)), 22 Nov 2026 13:58:53.5 +0100 (CET)");
    check_damaged(read_mail_date, "Sun Nov 22 13:58:53 GMT+01:00 2026");
}

static void other_fields_survive_damage(void **state)
{
    (void)state;
    check_damaged(read_others, "-P1W2DT3H4M5S");
    check_damaged(read_others, "+123456");
    check_damaged(read_others, "{00062002-0000-0000-C000-000000000046}");
    check_damaged(read_others, "\"windows-1252\"");
}

static void text_survives_damage(void **state)
{
    (void)state;
    check_damaged(read_text, "caf\xc3\xa9\r\n\xf0\x9f\x98\x80\xe2\x80\xa8"
                             "ab\x1b$BF|K\\\x1b(B+AOk-\xc4\xe3\x81\x30"
                             "\x81\x30=Zm9v==");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_survive_damage),
        cmocka_unit_test(other_fields_survive_damage),
        cmocka_unit_test(text_survives_damage),
    };
    return cmocka_run_group_tests_name("damage", tests, NULL, NULL);
}
