#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static int arena_setup(void **state)
{
    cv_arena *a = NULL;
    if (cv_arena_new(0, &a, NULL) != CV_OK)
        return -1;
    *state = a;
    return 0;
}

static int arena_teardown(void **state)
{
    cv_arena *a = *state;
    cv_arena_free(&a);
    return 0;
}

#define WITH_ARENA(test) \
    cmocka_unit_test_setup_teardown(test, arena_setup, arena_teardown)

static void utf8_accepts_exactly_rfc_3629(void **state)
{
    static const struct {
        cv_slice s;
        bool valid;
    } rows[] = {
        { { (const uint8_t *)"", 0 }, true },
        { { (const uint8_t *)"plain ascii text", 16 }, true },
        { { (const uint8_t *)"\0", 1 }, true },
        { { (const uint8_t *)"\x7f\xc2\x80", 3 }, true },
        { { (const uint8_t *)"\xdf\xbf", 2 }, true },
        { { (const uint8_t *)"\xe0\xa0\x80", 3 }, true },
        { { (const uint8_t *)"\xed\x9f\xbf", 3 }, true },
        { { (const uint8_t *)"\xee\x80\x80", 3 }, true },
        { { (const uint8_t *)"\xef\xbf\xbf", 3 }, true },
        { { (const uint8_t *)"\xf0\x90\x80\x80", 4 }, true },
        { { (const uint8_t *)"\xf4\x8f\xbf\xbf", 4 }, true },
        { { (const uint8_t *)"12345678\xc3\xa9", 10 }, true },
        { { (const uint8_t *)"\x80", 1 }, false },
        { { (const uint8_t *)"\xc1\xbf", 2 }, false },
        { { (const uint8_t *)"\xc3", 1 }, false },
        { { (const uint8_t *)"\xc3(", 2 }, false },
        { { (const uint8_t *)"\xe0\x9f\xbf", 3 }, false },
        { { (const uint8_t *)"\xed\xa0\x80", 3 }, false },
        { { (const uint8_t *)"\xe2\x82", 2 }, false },
        { { (const uint8_t *)"\xe2\x82(", 3 }, false },
        { { (const uint8_t *)"\xf0\x8f\xbf\xbf", 4 }, false },
        { { (const uint8_t *)"\xf4\x90\x80\x80", 4 }, false },
        { { (const uint8_t *)"\xf0\x9f\x98", 3 }, false },
        { { (const uint8_t *)"\xf0\x9f\x98(", 4 }, false },
        { { (const uint8_t *)"\xf5\x80\x80\x80", 4 }, false },
        { { (const uint8_t *)"12345678\xff", 9 }, false },
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++)
        assert_int_equal(cv_utf8_valid(rows[i].s), rows[i].valid);
    assert_true(cv_utf8_valid((cv_slice){ NULL, 0 }));
}

static void ascii_is_told_at_every_length(void **state)
{
    uint8_t text[40];
    (void)state;
    memset(text, 'a', sizeof(text));
    for (size_t len = 0; len < sizeof(text); len++) {
        assert_true(cv_is_ascii((cv_slice){ text, len }));
        text[len] = 0x80;
        assert_true(cv_is_ascii((cv_slice){ text, len }));
        assert_false(cv_is_ascii((cv_slice){ text, len + 1 }));
        assert_false(cv_is_ascii((cv_slice){ text, sizeof(text) }));
        text[len] = 'a';
    }
}

static void utf8_next_reads_and_resynchronizes(void **state)
{
    static const uint32_t want[] = { 'a',    0xe9,   0x20ac, 0x1f600,
                                     0xfffd, 0xfffd, 'b',    0xfffd };
    cv_slice s = CV_S("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xff\xc3"
                      "b\xe2");
    size_t pos = 0;
    (void)state;
    for (size_t i = 0; i < CV_LEN(want); i++)
        assert_int_equal(cv_utf8_next(s, &pos), want[i]);
    assert_int_equal(pos, s.len);
}

static void utf8_put_writes_every_length(void **state)
{
    cv_buf b;
    (void)state;
    cv_buf_init(&b, 0);
    cv_utf8_put(&b, 'a');
    cv_utf8_put(&b, 0x7ff);
    cv_utf8_put(&b, 0xffff);
    cv_utf8_put(&b, 0x10ffff);
    cv_utf8_put(&b, 0xd800);   /* no character */
    cv_utf8_put(&b, 0x110000); /* no character */
    assert_true(cv_slice_eq(cv_buf_slice(&b),
                            CV_S("a\xdf\xbf\xef\xbf\xbf\xf4\x8f\xbf\xbf"
                                 "\xef\xbf\xbd\xef\xbf\xbd")));
    cv_buf_clear(&b);
}

static void clip_never_cuts_inside_a_character(void **state)
{
    cv_slice s = CV_S("a\xf0\x9f\x98\x80z");
    static const size_t want[] = { 0, 1, 1, 1, 1, 5, 6, 6 };
    (void)state;
    for (size_t max = 0; max < CV_LEN(want); max++)
        assert_int_equal(cv_utf8_clip(s, max).len, want[max]);
    s = CV_S("\x80\x80\x80\x80\x80\x80");
    assert_int_equal(cv_utf8_clip(s, 4).len, 4);
    s = CV_S("ab\xc3");
    assert_int_equal(cv_utf8_clip(s, 2).len, 2);
    assert_int_equal(cv_utf8_clip((cv_slice){ NULL, 0 }, 3).len, 0);
}

static void repair_replaces_each_bad_byte(void **state)
{
    cv_slice good = CV_S("caf\xc3\xa9");
    cv_slice s = cv_utf8_repair(*state, good);
    assert_ptr_equal(s.ptr, good.ptr);
    s = cv_utf8_repair(*state, CV_S("caf\xe9 \xe2\x82!\xc3\xa9"));
    assert_true(cv_slice_eq(s, CV_S("caf\xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd"
                                    "!\xc3\xa9")));
}

static void one_line_turns_runs_of_controls_into_a_space(void **state)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        { "a\r\n\tb", "a b" },
        { "\na\n", " a " },
        { "a\x7f\xc2\x85"
          "b",
          "a b" },
        { "a\xe2\x80\xa8\xe2\x80\xa9"
          "b",
          "a b" },
        { "a\n b", "a  b" }, /* the space was there */
        { "\xc2\xa0\xe2\x80\xa7", "\xc2\xa0\xe2\x80\xa7" },
        { "\n\xc2", " \xc2" },
        { "\n\xe2\x80", " \xe2\x80" },
    };
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        cv_slice s = cv_text_one_line(*state, cv_slice_cstr(rows[i].in));
        assert_true(cv_slice_eq(s, cv_slice_cstr(rows[i].out)));
    }
    cv_slice same = CV_S("nothing to do");
    assert_ptr_equal(cv_text_one_line(*state, same).ptr, same.ptr);
    assert_true(
        cv_slice_eq(cv_text_one_line(*state, CV_S("a\0b")), CV_S("a b")));
}

static void line_ends_become_one_kind(void **state)
{
    cv_slice mixed = CV_S("a\rb\nc\r\nd\n\r\ne\r");
    cv_slice s = cv_text_eol(*state, mixed, "\r\n");
    assert_true(cv_slice_eq(s, CV_S("a\r\nb\r\nc\r\nd\r\n\r\ne\r\n")));
    assert_ptr_equal(cv_text_eol(*state, s, "\r\n").ptr, s.ptr);
    s = cv_text_eol(*state, mixed, "\n");
    assert_true(cv_slice_eq(s, CV_S("a\nb\nc\nd\n\ne\n")));
    assert_ptr_equal(cv_text_eol(*state, s, "\n").ptr, s.ptr);
    assert_int_equal(cv_text_eol(*state, (cv_slice){ NULL, 0 }, "\n").len, 0);
}

static void utf16_both_ways(void **state)
{
    static const struct {
        cv_slice utf16;
        const char *utf8;
    } rows[] = {
        { { (const uint8_t *)"", 0 }, "" },
        { { (const uint8_t *)"a\0", 2 }, "a" },
        { { (const uint8_t *)"a\0b\0c\0d\0e\0", 10 }, "abcde" },
        { { (const uint8_t *)"a\0b\0c\0d\0\xe9\0f\0g\0h\0i\0j\0", 20 },
          "abcd\xc3\xa9"
          "fghij" },
        { { (const uint8_t *)"\xac\x20", 2 }, "\xe2\x82\xac" },
        { { (const uint8_t *)"\x3d\xd8\x00\xde", 4 }, "\xf0\x9f\x98\x80" },
        { { (const uint8_t *)"\x7f\x00\x80\x00\xff\x07\x00\x08", 8 },
          "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80" },
    };
    cv_buf b;
    cv_buf_init(&b, 0);
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        bool lossy = true;
        cv_slice s = cv_utf16le_to_utf8(*state, rows[i].utf16, true, &lossy);
        assert_true(cv_slice_eq(s, cv_slice_cstr(rows[i].utf8)));
        assert_non_null(s.ptr);
        assert_false(lossy);
        cv_buf_reset(&b);
        cv_utf8_to_utf16le(&b, s);
        assert_true(cv_slice_eq(cv_buf_slice(&b), rows[i].utf16));
    }
    cv_buf_clear(&b);
}

static void utf16_halves_and_odd_bytes_are_replaced(void **state)
{
    static const struct {
        cv_slice utf16;
        const char *utf8;
        bool lossy;
    } rows[] = {
        { { (const uint8_t *)"\x3d\xd8", 2 }, "\xef\xbf\xbd", true },
        { { (const uint8_t *)"\x00\xde", 2 }, "\xef\xbf\xbd", true },
        { { (const uint8_t *)"\x3d\xd8"
                             "a\0",
            4 },
          "\xef\xbf\xbd"
          "a",
          true },
        { { (const uint8_t *)"\x00\xdc\x00\xde", 4 },
          "\xef\xbf\xbd\xef\xbf\xbd",
          true },
        { { (const uint8_t *)"\x3d\xd8\x3d\xd8\x00\xde", 6 },
          "\xef\xbf\xbd\xf0\x9f\x98\x80",
          true },
        { { (const uint8_t *)"a\0b", 3 }, "a\xef\xbf\xbd", true },
        { { (const uint8_t *)"a", 1 }, "\xef\xbf\xbd", true },
        { { (const uint8_t *)"a\0\0\0b\0\0", 7 }, "a", false },
    };
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        bool lossy = !rows[i].lossy;
        cv_slice s = cv_utf16le_to_utf8(*state, rows[i].utf16, true, &lossy);
        assert_true(cv_slice_eq(s, cv_slice_cstr(rows[i].utf8)));
        assert_int_equal(lossy, rows[i].lossy);
    }
    cv_slice s = cv_utf16le_to_utf8(*state, CV_S("a\0\0\0b\0"), false, NULL);
    assert_true(cv_slice_eq(s, CV_S("a\0b")));
}

static void utf16_of_long_text_is_whole(void **state)
{
    cv_buf in, out;
    cv_buf_init(&in, 0);
    cv_buf_init(&out, 0);
    for (uint32_t c = 1; c < 0x20000; c += c < 0x3000 ? 1 : 61)
        if (c < 0xd800 || c > 0xdfff)
            cv_utf8_put(&in, c);
    cv_utf8_to_utf16le(&out, cv_buf_slice(&in));
    bool lossy = true;
    cv_slice back =
        cv_utf16le_to_utf8(*state, cv_buf_slice(&out), true, &lossy);
    assert_false(lossy);
    assert_true(cv_slice_eq(back, cv_buf_slice(&in)));
    cv_buf_clear(&in);
    cv_buf_clear(&out);
}

static void case_changes_ascii_letters_only(void **state)
{
    cv_slice s = CV_S("aZ@[`{\xc3\x84\xe4");
    assert_true(
        cv_slice_eq(cv_ascii_lower(*state, s), CV_S("az@[`{\xc3\x84\xe4")));
    assert_true(
        cv_slice_eq(cv_ascii_upper(*state, s), CV_S("AZ@[`{\xc3\x84\xe4")));
}

static void without_memory_the_result_has_no_pointer(void **state)
{
    cv_arena *a = NULL;
    (void)state;
    assert_int_equal(cv_arena_new(8, &a, NULL), CV_OK);
    cv_slice s = CV_S("a\nb\xff"
                      "cdefghijklmnopqrst");
    assert_null(cv_text_one_line(a, s).ptr);
    assert_null(cv_text_eol(a, s, "\r\n").ptr);
    assert_null(cv_utf8_repair(a, s).ptr);
    assert_null(cv_utf16le_to_utf8(a, s, true, NULL).ptr);
    assert_null(cv_ascii_lower(a, s).ptr);
    assert_null(cv_base64_decode(a, s, NULL).ptr);
    assert_null(cv_charset_to_utf8(a, CV_S("koi8-r"), s, NULL).ptr);
    assert_null(cv_charset_to_utf8(a, CV_S("utf-8"), s, NULL).ptr);
    assert_null(cv_charset_to_utf8(a, CV_S("iso-8859-1"), s, NULL).ptr);
    cv_arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8_accepts_exactly_rfc_3629),
        cmocka_unit_test(ascii_is_told_at_every_length),
        cmocka_unit_test(utf8_next_reads_and_resynchronizes),
        cmocka_unit_test(utf8_put_writes_every_length),
        cmocka_unit_test(clip_never_cuts_inside_a_character),
        WITH_ARENA(repair_replaces_each_bad_byte),
        WITH_ARENA(one_line_turns_runs_of_controls_into_a_space),
        WITH_ARENA(line_ends_become_one_kind),
        WITH_ARENA(utf16_both_ways),
        WITH_ARENA(utf16_halves_and_odd_bytes_are_replaced),
        WITH_ARENA(utf16_of_long_text_is_whole),
        WITH_ARENA(case_changes_ascii_letters_only),
        cmocka_unit_test(without_memory_the_result_has_no_pointer),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
