#include "cli/maildir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void folder_names_both_ways(void **state)
{
    static const char *const rows[][2] = {
        { ".Sent.2008", "Sent/2008" },
        { ".box&AC4-pst.Inbox", "box.pst/Inbox" },
        { ".Entw&APw-rfe", "Entw\xC3\xBCrfe" },
        { ".A&-B", "A&B" },
        { ".&ZeVnLIqe-", "\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E" },
        { ".&2D3eAA-", "\xF0\x9F\x98\x80" },
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        cv_buf out;
        char *read = cli_maildir_folder(rows[i][0]);
        assert_string_equal(read, rows[i][1]);
        free(read);
        cv_buf_init(&out, 0);
        cli_maildir_put_folder(cv_slice_cstr(rows[i][1]), &out);
        assert_true(cv_slice_eq(cv_buf_slice(&out), cv_slice_cstr(rows[i][0])));
        cv_buf_clear(&out);
    }
}

static void broken_folder_names_are_read_all_the_same(void **state)
{
    static const char *const rows[][2] = {
        { ".a&b", "a&b" },   { ".&", "&" },
        { ".&AC8-x", "_x" }, { ".&3gA-", "\xEF\xBF\xBD" },
        { ".&!!-", "&!!-" }, { "", "" },
        { ".&AAA-", "_" },
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        char *read = cli_maildir_folder(rows[i][0]);
        assert_string_equal(read, rows[i][1]);
        free(read);
    }
}

static void flags_both_ways(void **state)
{
    cv_buf out;
    (void)state;
    assert_int_equal(cli_maildir_flags("1.a.b:2,FRS"),
                     CLI_MAIL_FLAGGED | CLI_MAIL_REPLIED | CLI_MAIL_READ);
    assert_int_equal(cli_maildir_flags("1.a.b"), 0);
    assert_int_equal(cli_maildir_flags("1.S.b:2,"), 0);
    cv_buf_init(&out, 0);
    cli_maildir_put_flags(CLI_MAIL_READ | CLI_MAIL_DRAFT | CLI_MAIL_PASSED,
                          &out);
    assert_true(cv_slice_eq(cv_buf_slice(&out), CV_S("DPS")));
    cv_buf_clear(&out);
}

static void flags_are_properties(void **state)
{
    (void)state;
    for (unsigned flags = 0; flags < 32; flags++) {
        cv_object *obj = NULL;
        bool both = flags & CLI_MAIL_REPLIED && flags & CLI_MAIL_PASSED;
        if (both)
            continue; /* there is one last verb */
        assert_int_equal(cv_object_new(0, &obj, NULL), CV_OK);
        assert_int_equal(
            cv_bag_set_i32(cv_object_props(obj), CV_PidTagMessageFlags, 0x11),
            CV_OK);
        assert_int_equal(cli_mail_flags_set(obj, flags), CV_OK);
        assert_int_equal(cli_mail_flags_of(obj), flags);
        assert_int_equal(
            cv_bag_i32_or(cv_object_props(obj), CV_PidTagMessageFlags, 0) &
                0x10,
            0x10);
        cv_object_free(&obj);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folder_names_both_ways),
        cmocka_unit_test(broken_folder_names_are_read_all_the_same),
        cmocka_unit_test(flags_both_ways),
        cmocka_unit_test(flags_are_properties),
    };
    return cmocka_run_group_tests_name("maildir", tests, NULL, NULL);
}
