#include "base/report.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* Every row of the table can be opened and keeps an ASCII text. */
static void every_codepage_decodes_what_it_encodes(void **state)
{
    static const uint32_t known[] = {
#define CODEPAGE(number, mime, engine, decoder, encoder, ascii) number,
#include "base/codepages.def"
#undef CODEPAGE
    };
    cv_arena *a = NULL;
    cv_error err;
    (void)state;
    assert_int_equal(cv_arena_new(0, &a, NULL), CV_OK);
    for (size_t i = 0; i < CV_LEN(known); i++) {
        cv_slice name = cv_slice_cstr(cv_charset_of_codepage(known[i]));
        cv_slice bytes, back;
        bool lossy = true;
        if (known[i] == 65000)
            continue;
        assert_int_equal(
            cv_utf8_to_charset(a, CV_S("Plain Text 0123"), name, &bytes, &err),
            CV_OK);
        back = cv_charset_to_utf8(a, name, bytes, &lossy);
        if (!cv_slice_eq(back, CV_S("Plain Text 0123")))
            print_message("%u\n", known[i]);
        assert_true(cv_slice_eq(back, CV_S("Plain Text 0123")));
        assert_false(lossy);
        /* A letter beyond ASCII asks the engine, which must be there. */
        cv_status status =
            cv_utf8_to_charset(a, CV_S("\xd0\x96"), name, &bytes, &err);
        assert_true(status == CV_OK || status == CV_ERR_RANGE);
    }
    cv_arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_codepage_decodes_what_it_encodes),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
