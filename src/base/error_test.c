#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void fail_fills_everything_and_returns_the_code(void **state)
{
    cv_error err = { .tag = 5, .offset = 9 };
    (void)state;
    assert_int_equal(cv_fail(&err, CV_ERR_RANGE, "%d of %s", 7, "nine"),
                     CV_ERR_RANGE);
    assert_int_equal(err.code, CV_ERR_RANGE);
    assert_true(err.offset == UINT64_MAX);
    assert_int_equal(err.tag, 0);
    assert_string_equal(err.what, "7 of nine");
    assert_int_equal(cv_fail_at(&err, CV_ERR_TRUNC, 12, "x"), CV_ERR_TRUNC);
    assert_true(err.offset == 12);
    assert_int_equal(cv_fail(NULL, CV_ERR_IO, "x"), CV_ERR_IO);
}

static void fail_escapes_what_would_break_a_log_line(void **state)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        { "a\r\nb", "a\\x0d\\x0ab" },
        { "\x1b[2J\x7f", "\\x1b[2J\\x7f" },
        { "caf\xc3\xa9", "caf\xc3\xa9" },
        { "caf\xe9", "caf\\xe9" },
        { "\xc0\x80", "\\xc0\\x80" },               /* overlong */
        { "\xed\xa0\x80", "\\xed\\xa0\\x80" },      /* surrogate */
        { "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" }, /* four bytes */
    };
    cv_error err;
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        (void)cv_fail(&err, CV_ERR_SYNTAX, "%s", rows[i].in);
        assert_string_equal(err.what, rows[i].out);
    }
}

static void fail_cuts_long_text_between_characters(void **state)
{
    char text[400];
    cv_error err;
    (void)state;
    memset(text, 'a', sizeof(text));
    text[sizeof(text) - 1] = 0;
    (void)cv_fail(&err, CV_ERR_SYNTAX, "%s", text);
    assert_int_equal(strlen(err.what), sizeof(err.what) - 1);
    memcpy(text + 158, "\xe2\x82\xac", 3); /* would end at 161 */
    (void)cv_fail(&err, CV_ERR_SYNTAX, "%s", text);
    assert_int_equal(strlen(err.what), 158);
    memset(text, '\n', sizeof(text) - 1); /* four bytes each */
    (void)cv_fail(&err, CV_ERR_SYNTAX, "%s", text);
    assert_int_equal(strlen(err.what), 156);
}

static void every_code_has_its_name(void **state)
{
    (void)state;
    assert_string_equal(cv_status_name(CV_OK), "CV_OK");
    assert_string_equal(cv_status_name(CV_ERR_NOMEM), "CV_ERR_NOMEM");
    assert_string_equal(cv_status_name(CV_ERR_LIMIT), "CV_ERR_LIMIT");
    assert_string_equal(cv_status_name(CV_ERR_TRUNC), "CV_ERR_TRUNC");
    assert_string_equal(cv_status_name(CV_ERR_SYNTAX), "CV_ERR_SYNTAX");
    assert_string_equal(cv_status_name(CV_ERR_RANGE), "CV_ERR_RANGE");
    assert_string_equal(cv_status_name(CV_ERR_UNSUP), "CV_ERR_UNSUP");
    assert_string_equal(cv_status_name(CV_ERR_IO), "CV_ERR_IO");
    assert_string_equal(cv_status_name(CV_ERR_NOTFOUND), "CV_ERR_NOTFOUND");
    assert_string_equal(cv_status_name(CV_ERR_CONFLICT), "CV_ERR_CONFLICT");
    assert_string_equal(cv_status_name(CV_ERR_LEGACY), "CV_ERR_LEGACY");
    assert_string_equal(cv_status_name(CV_ERR_DENIED), "CV_ERR_DENIED");
    assert_string_equal(cv_status_name(CV_ERR_TIMEOUT), "CV_ERR_TIMEOUT");
    assert_string_equal(cv_status_name((cv_status)1), "CV_ERR_?");
}

static cv_status passes_on(cv_status status)
{
    CV_TRY(status);
    return CV_ERR_UNSUP;
}

static void try_returns_only_failures(void **state)
{
    size_t sum;
    (void)state;
    assert_int_equal(passes_on(CV_ERR_IO), CV_ERR_IO);
    assert_int_equal(passes_on(CV_OK), CV_ERR_UNSUP);
    assert_true(cv_add((size_t)2, (size_t)3, &sum) && sum == 5);
    assert_false(cv_add(SIZE_MAX, (size_t)1, &sum));
    assert_true(cv_mul((size_t)2, (size_t)3, &sum) && sum == 6);
    assert_false(cv_mul(SIZE_MAX, (size_t)2, &sum));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fail_fills_everything_and_returns_the_code),
        cmocka_unit_test(fail_escapes_what_would_break_a_log_line),
        cmocka_unit_test(fail_cuts_long_text_between_characters),
        cmocka_unit_test(every_code_has_its_name),
        cmocka_unit_test(try_returns_only_failures),
    };
    return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
