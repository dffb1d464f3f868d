#include "cli/mbox.h"

#include "base/wintime.h"
#include "cli/maildir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define AUGUST (INT64_C(1219338000) * CV_TICKS_PER_SEC) /* 2008-08-21 17:00 */
#define FIRST "From MAILER-DAEMON Thu Aug 21 17:00:00 2008\n"

/* in is given in pieces of `piece` bytes. */
static void assert_entry(const char *in, size_t piece, bool entry,
                         unsigned flags, const char *expected)
{
    cv_buf out;
    cli_mbox m;
    cv_buf_init(&out, 0);
    assert_int_equal(
        cli_mbox_begin(&m, cv_buf_sink(&out), entry, AUGUST, flags, NULL),
        CV_OK);
    cv_sink sink = cli_mbox_sink(&m);
    for (size_t i = 0; i < strlen(in); i += piece)
        assert_int_equal(
            cv_sink_put(&sink, cv_slice_sub(cv_slice_cstr(in), i, piece), NULL),
            CV_OK);
    assert_int_equal(cli_mbox_end(&m, NULL), CV_OK);
    cv_buf_put_byte(&out, '\0');
    assert_string_equal((const char *)out.data, expected);
    cv_buf_clear(&out);
}

static void from_lines_are_quoted_at_any_cut(void **state)
{
    static const char in[] = "Subject: From x\r\n\r\nFrom here\r\n>From\r\n"
                             ">>From there\r\nFro\r\nFrom\r\n From a\r\n"
                             "FromFrom \r\n";
    (void)state;
    for (size_t piece = 1; piece < sizeof in; piece++)
        assert_entry(in, piece, true, 0,
                     FIRST "Status: O\nSubject: From x\n\n>From here\n>From\n"
                           ">>>From there\nFro\nFrom\n From a\nFromFrom \n\n");
}

static void flags_stand_in_the_status_fields(void **state)
{
    (void)state;
    assert_entry("A: b\r\n", 9, true,
                 CLI_MAIL_READ | CLI_MAIL_REPLIED | CLI_MAIL_FLAGGED,
                 FIRST "Status: RO\nX-Status: AF\nA: b\n\n");
    assert_entry("A: b\r\n", 9, true, CLI_MAIL_DRAFT,
                 FIRST "Status: O\nX-Status: T\nA: b\n\n");
}

static void a_last_line_without_end_gets_one(void **state)
{
    (void)state;
    assert_entry("A: b\r\n\r\nFro", 3, true, 0,
                 FIRST "Status: O\nA: b\n\nFro\n\n");
    assert_entry("x\r", 1, true, 0, FIRST "Status: O\nx\r \n\n");
}

static void a_maildir_file_only_changes_line_ends(void **state)
{
    (void)state;
    assert_entry("A: b\r\n\r\nFrom x\ry\r\n", 2, false, CLI_MAIL_READ,
                 "A: b\n\nFrom x\ry\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(from_lines_are_quoted_at_any_cut),
        cmocka_unit_test(flags_stand_in_the_status_fields),
        cmocka_unit_test(a_last_line_without_end_gets_one),
        cmocka_unit_test(a_maildir_file_only_changes_line_ends),
    };
    return cmocka_run_group_tests_name("mbox", tests, NULL, NULL);
}
