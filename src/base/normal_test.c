#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

typedef struct row {
    const char *text, *want;
} row;

static void check(void (*normalize)(cv_slice, cv_buf *), const row *rows,
                  size_t count)
{
    for (size_t i = 0; i < count; i++) {
        cv_buf out;
        cv_buf_init(&out, 0);
        normalize(cv_slice_cstr(rows[i].text), &out);
        cv_buf_put_byte(&out, '\0');
        assert_int_equal(out.status, CV_OK);
        assert_string_equal(out.data, rows[i].want);
        cv_buf_clear(&out);
    }
}

static void text_is_composed(void **state)
{
    static const row rows[] = {
        { "", "" },
        { "Plain", "Plain" },
        { "e\xCC\x81", "\xC3\xA9" },
        { "\xC3\xA9", "\xC3\xA9" },
        { "\xEF\xAC\x81", "\xEF\xAC\x81" }, /* a ligature stays */
        { "\xE1\x84\x80\xE1\x85\xA1", "\xEA\xB0\x80" },
        { "x\xE9y\xCC\x81", "x\xEF\xBF\xBD\xC3\xBD" },
    };
    (void)state;
    check(cv_utf8_compose, rows, CV_LEN(rows));
}

static void folded_text_is_equal_without_case_and_form(void **state)
{
    static const row rows[] = {
        { "AZ@[z", "az@[z" },
        { "E\xCC\x81", "\xC3\xA9" },
        { "\xC3\x89", "\xC3\xA9" },
        { "Stra\xC3\x9F"
          "e",
          "strasse" },
        { "\xEF\xAC\x81", "fi" },
        { "\xEF\xB7\xBA", /* eighteen characters of one */
          "\xD8\xB5\xD9\x84\xD9\x89 \xD8\xA7\xD9\x84\xD9\x84\xD9\x87 "
          "\xD8\xB9\xD9\x84\xD9\x8A\xD9\x87 \xD9\x88\xD8\xB3\xD9\x84\xD9\x85" },
    };
    (void)state;
    check(cv_utf8_fold, rows, CV_LEN(rows));
}

static void very_long_text_stays_as_it_is(void **state)
{
    cv_buf in, out;
    (void)state;
    cv_buf_init(&in, 0);
    cv_buf_init(&out, 0);
    while (in.len <= CV_NORMAL_MAX)
        cv_buf_put_str(&in, "e\xCC\x81");
    cv_utf8_compose(cv_buf_slice(&in), &out);
    assert_true(cv_slice_eq(cv_buf_slice(&in), cv_buf_slice(&out)));
    in.len -= in.len - CV_NORMAL_MAX / 3 * 3;
    cv_buf_reset(&out);
    cv_utf8_compose(cv_buf_slice(&in), &out);
    assert_int_equal(out.len, CV_NORMAL_MAX / 3 * 2);
    cv_buf_clear(&out);
    cv_buf_clear(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_composed),
        cmocka_unit_test(folded_text_is_equal_without_case_and_form),
        cmocka_unit_test(very_long_text_stays_as_it_is),
    };
    return cmocka_run_group_tests_name("normal", tests, NULL, NULL);
}
