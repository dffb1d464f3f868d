#include "base/guid.h"
#include "base/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void everything_small_works(void **state)
{
    cv_error err;
    cv_arena *a = NULL;
    cv_buf buf;
    cv_guid g;
    char text[CV_GUID_TEXT];
    uint32_t v;
    (void)state;
    assert_int_equal(cv_fail(&err, CV_ERR_SYNTAX, "a\nb%d", 7), CV_ERR_SYNTAX);
    assert_string_equal(err.what, "a\\x0ab7");
    assert_int_equal(cv_arena_new(0, &a, NULL), CV_OK);
    cv_slice s = cv_arena_dup(a, CV_S("hello"));
    assert_true(cv_slice_ieq(s, CV_S("HELLO")));
    cv_buf_init(&buf, 0);
    cv_buf_printf(&buf, "%d-%s", 5, "x");
    cv_buf_put_u32le(&buf, 0x01020304);
    assert_int_equal(buf.len, 7);
    assert_memory_equal(buf.data, "5-x\4\3\2\1", 7);
    cv_reader r = cv_reader_of(cv_slice_sub(cv_buf_slice(&buf), 3, 4));
    assert_int_equal(cv_read_u32le(&r, &v), CV_OK);
    assert_int_equal(v, 0x01020304);
    cv_buf_clear(&buf);
    assert_int_equal(
        cv_guid_parse(CV_S("00062002-0000-0000-c000-000000000046"), &g), CV_OK);
    assert_memory_equal(g.b, "\2\x20\6\0\0\0\0\0\xc0\0\0\0\0\0\0\x46", 16);
    cv_guid_format(&g, text);
    assert_string_equal(text, "{00062002-0000-0000-C000-000000000046}");
    cv_arena_free(&a);
    assert_null(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_small_works),
    };
    return cmocka_run_group_tests_name("foundation", tests, NULL, NULL);
}
