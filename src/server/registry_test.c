#include "server/registry.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define KEY \
    "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\" \
    "MSExchangeIS\\ParametersSystem\\InternetContent\\MimeHandlers\\" \
    "{85D2DDB8-6225-11D2-BDF1-00C04FD655B5}]\r\n"
#define SETTING "content-conversion.fix-recipient-track-status-time"

static cv_arena *arena;

static int set_up(void **state)
{
    (void)state;
    return cv_arena_new(0, &arena, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    cv_arena_free(&arena);
    return 0;
}

static void assert_one(cv_slice file, const char *value)
{
    registry_value *v;
    size_t count;

    assert_int_equal(registry_parse(arena, file, &v, &count, NULL), CV_OK);
    assert_int_equal(count, 1);
    assert_string_equal(v[0].setting, SETTING);
    assert_true(cv_slice_eq(v[0].value, cv_slice_cstr(value)));
}

static void the_articles_value_is_read_from_an_ansi_export(void **state)
{
    (void)state;
    assert_one(CV_S("REGEDIT4\r\n\r\n" KEY
                    "\"FixRecipientTrackStatusTime\"=dword:00000001\r\n"),
               "true");
    assert_one(CV_S("REGEDIT4\r\n\r\n" KEY
                    "\"FixRecipientTrackStatusTime\"=dword:00000000\r\n"),
               "false");
}

static void the_articles_value_is_read_from_a_unicode_export(void **state)
{
    cv_buf buf;

    (void)state;
    cv_buf_init(&buf, 0);
    cv_buf_put_str(&buf, "\xFF\xFE");
    cv_utf8_to_utf16le(
        &buf, CV_S("Windows Registry Editor Version 5.00\r\n\r\n" KEY
                   "\"FixRecipientTrackStatusTime\"=dword:00000001\r\n"));
    assert_one(cv_buf_slice(&buf), "true");
    cv_buf_clear(&buf);
}

static void a_value_under_another_key_has_no_setting(void **state)
{
    registry_value *v;
    size_t count;

    (void)state;
    assert_int_equal(
        registry_parse(arena,
                       CV_S("REGEDIT4\n[HKEY_LOCAL_MACHINE\\SOFTWARE]\n"
                            "\"FixRecipientTrackStatusTime\"=dword:1\n"),
                       &v, &count, NULL),
        CV_OK);
    assert_int_equal(count, 1);
    assert_null(v[0].setting);
}

static void a_value_of_a_wrong_type_names_its_line(void **state)
{
    registry_value *v;
    size_t count;
    cv_error err;

    (void)state;
    assert_int_equal(
        registry_parse(arena,
                       CV_S("REGEDIT4\r\n\r\n" KEY
                            "\"FixRecipientTrackStatusTime\"=\"1\"\r\n"),
                       &v, &count, &err),
        CV_ERR_SYNTAX);
    assert_string_equal(err.what,
                        "line 4: FixRecipientTrackStatusTime must be a dword");
}

static void another_file_is_refused(void **state)
{
    registry_value *v;
    size_t count;

    (void)state;
    assert_int_equal(registry_parse(arena, CV_S("hello"), &v, &count, NULL),
                     CV_ERR_SYNTAX);
    assert_int_equal(registry_parse(arena, CV_S(""), &v, &count, NULL),
                     CV_ERR_SYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_articles_value_is_read_from_an_ansi_export),
        cmocka_unit_test(the_articles_value_is_read_from_a_unicode_export),
        cmocka_unit_test(a_value_under_another_key_has_no_setting),
        cmocka_unit_test(a_value_of_a_wrong_type_names_its_line),
        cmocka_unit_test(another_file_is_refused),
    };

    return cmocka_run_group_tests_name("registry", tests, set_up, tear_down);
}
