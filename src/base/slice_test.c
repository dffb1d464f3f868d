#include "base/error.h"
#include "base/slice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const cv_slice none;

static void equality_with_and_without_case(void **state)
{
    (void)state;
    assert_true(cv_slice_eq(CV_S("ab"), CV_S("ab")));
    assert_false(cv_slice_eq(CV_S("ab"), CV_S("aB")));
    assert_false(cv_slice_eq(CV_S("ab"), CV_S("abc")));
    assert_true(cv_slice_eq(none, CV_S("")));
    assert_true(cv_slice_eq(CV_S("a\0b"), CV_S("a\0b")));
    assert_false(cv_slice_eq(CV_S("a\0b"), CV_S("a\0c")));
    assert_true(cv_slice_ieq(CV_S("Az[{"), CV_S("aZ[{")));
    assert_false(cv_slice_ieq(CV_S("[@"), CV_S("{`")));
    assert_false(cv_slice_ieq(CV_S("\xc4"), CV_S("\xe4")));
    assert_true(cv_slice_ieq(none, none));
}

static void order_is_by_bytes_then_length(void **state)
{
    (void)state;
    assert_true(cv_slice_cmp(CV_S("a"), CV_S("b")) < 0);
    assert_true(cv_slice_cmp(CV_S("\xff"), CV_S("b")) > 0);
    assert_true(cv_slice_cmp(CV_S("a"), CV_S("ab")) < 0);
    assert_true(cv_slice_cmp(CV_S("ab"), CV_S("a")) > 0);
    assert_int_equal(cv_slice_cmp(CV_S("ab"), CV_S("ab")), 0);
    assert_int_equal(cv_slice_cmp(none, none), 0);
}

static void prefixes_and_suffixes(void **state)
{
    cv_slice s = CV_S("Content-Type");
    (void)state;
    assert_true(cv_slice_starts(s, CV_S("Content")));
    assert_false(cv_slice_starts(s, CV_S("content")));
    assert_true(cv_slice_istarts(s, CV_S("content-")));
    assert_false(cv_slice_istarts(s, CV_S("content-types")));
    assert_true(cv_slice_ends(s, CV_S("Type")));
    assert_false(cv_slice_ends(s, CV_S("type")));
    assert_true(cv_slice_iends(s, CV_S("tYPE")));
    assert_false(cv_slice_iends(CV_S("e"), CV_S("type")));
    assert_true(cv_slice_starts(s, none) && cv_slice_ends(s, none));
    assert_true(cv_slice_starts(none, none) && cv_slice_iends(none, none));
}

static void sub_clamps_both_ends(void **state)
{
    cv_slice s = CV_S("abcdef");
    (void)state;
    assert_true(cv_slice_eq(cv_slice_sub(s, 2, 3), CV_S("cde")));
    assert_true(cv_slice_eq(cv_slice_sub(s, 4, SIZE_MAX), CV_S("ef")));
    assert_int_equal(cv_slice_sub(s, 6, 1).len, 0);
    assert_int_equal(cv_slice_sub(s, SIZE_MAX, SIZE_MAX).len, 0);
    assert_null(cv_slice_sub(none, 3, 3).ptr);
}

static void trim_takes_white_space_at_both_ends(void **state)
{
    (void)state;
    assert_true(cv_slice_eq(cv_slice_trim(CV_S(" \t\r\na b\n ")), CV_S("a b")));
    assert_int_equal(cv_slice_trim(CV_S(" \t ")).len, 0);
    assert_int_equal(cv_slice_trim(none).len, 0);
    assert_true(cv_slice_eq(cv_slice_trim(CV_S("\va")), CV_S("\va")));
}

static void find_gives_the_first_match_from_a_place(void **state)
{
    cv_slice s = CV_S("abcABC");
    (void)state;
    assert_int_equal(cv_slice_find_byte(s, 'b', 0), 1);
    assert_true(cv_slice_find_byte(s, 'b', 2) == CV_NPOS);
    assert_true(cv_slice_find_byte(s, 'b', 99) == CV_NPOS);
    assert_true(cv_slice_find_byte(none, 'b', 0) == CV_NPOS);
    assert_int_equal(cv_slice_find(s, CV_S("BC"), 0), 4);
    assert_true(cv_slice_find(s, CV_S("BCD"), 0) == CV_NPOS);
    assert_true(cv_slice_find(s, CV_S("bc"), 2) == CV_NPOS);
    assert_int_equal(cv_slice_find(s, none, 3), 3);
    assert_true(cv_slice_find(s, none, 7) == CV_NPOS);
    assert_int_equal(cv_slice_ifind(s, CV_S("bc"), 2), 4);
    assert_int_equal(cv_slice_ifind(s, CV_S("BC"), 0), 1);
    assert_true(cv_slice_ifind(s, CV_S("cc"), 0) == CV_NPOS);
    assert_int_equal(cv_slice_ifind(s, none, 6), 6);
    assert_true(cv_slice_ifind(none, CV_S("a"), 0) == CV_NPOS);
}

static void cut_walks_every_field_once(void **state)
{
    cv_slice rest = CV_S("a,,bc,");
    const char *want[] = { "a", "", "bc", "" };
    size_t n = 0;
    (void)state;
    while (rest.ptr) {
        cv_slice field = cv_slice_cut(&rest, ',');
        assert_true(n < 4);
        assert_true(cv_slice_eq(field, cv_slice_cstr(want[n])));
        n++;
    }
    assert_int_equal(n, 4);
    assert_int_equal(rest.len, 0);
}

static void made_of_other_things(void **state)
{
    (void)state;
    assert_null(cv_slice_cstr(NULL).ptr);
    assert_int_equal(cv_slice_cstr(NULL).len, 0);
    assert_int_equal(cv_slice_cstr("abc").len, 3);
    assert_int_equal(cv_slice_of("abcdef", 2).len, 2);
    assert_int_equal(CV_S("a\0b").len, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equality_with_and_without_case),
        cmocka_unit_test(order_is_by_bytes_then_length),
        cmocka_unit_test(prefixes_and_suffixes),
        cmocka_unit_test(sub_clamps_both_ends),
        cmocka_unit_test(trim_takes_white_space_at_both_ends),
        cmocka_unit_test(find_gives_the_first_match_from_a_place),
        cmocka_unit_test(cut_walks_every_field_once),
        cmocka_unit_test(made_of_other_things),
    };
    return cmocka_run_group_tests_name("slice", tests, NULL, NULL);
}
