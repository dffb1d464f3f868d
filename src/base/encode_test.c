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

static void hex_both_ways(void **state)
{
    cv_buf b;
    cv_slice out;
    uint8_t all[256];
    for (size_t i = 0; i < 256; i++)
        all[i] = (uint8_t)i;
    cv_buf_init(&b, 0);
    cv_hex_put(&b, CV_S("\x00\x9f\xaB"), false);
    cv_hex_put(&b, CV_S("\x00\x9f\xaB"), true);
    assert_true(cv_slice_eq(cv_buf_slice(&b), CV_S("009fab009FAB")));
    cv_buf_reset(&b);
    cv_hex_put(&b, cv_slice_of(all, 256), false);
    assert_int_equal(cv_hex_decode(*state, cv_buf_slice(&b), &out, NULL),
                     CV_OK);
    assert_true(cv_slice_eq(out, cv_slice_of(all, 256)));
    assert_int_equal(cv_hex_decode(*state, CV_S(""), &out, NULL), CV_OK);
    assert_int_equal(out.len, 0);
    cv_buf_clear(&b);
}

static void hex_that_is_none_fails_at_its_place(void **state)
{
    cv_error err;
    cv_slice out = CV_S("untouched");
    assert_int_equal(cv_hex_decode(*state, CV_S("abc"), &out, &err),
                     CV_ERR_SYNTAX);
    assert_int_equal(cv_hex_decode(*state, CV_S("abxc"), &out, &err),
                     CV_ERR_SYNTAX);
    assert_true(err.offset == 2);
    assert_int_equal(cv_hex_decode(*state, CV_S("abcg"), &out, &err),
                     CV_ERR_SYNTAX);
    assert_true(err.offset == 3);
    assert_int_equal(cv_hex_decode(*state, CV_S("@@"), &out, &err),
                     CV_ERR_SYNTAX);
    assert_true(cv_slice_eq(out, CV_S("untouched")));
}

static void base64_of_rfc_4648_both_ways(void **state)
{
    static const struct {
        const char *plain, *coded;
    } rows[] = {
        { "", "" },
        { "f", "Zg==" },
        { "fo", "Zm8=" },
        { "foo", "Zm9v" },
        { "foob", "Zm9vYg==" },
        { "fooba", "Zm9vYmE=" },
        { "foobar", "Zm9vYmFy" },
        { "\xfb\xff\xfe", "+//+" },
    };
    cv_buf b;
    cv_buf_init(&b, 0);
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        cv_slice plain = cv_slice_cstr(rows[i].plain);
        size_t junk = 7;
        cv_buf_reset(&b);
        cv_base64_put(&b, plain, 0);
        assert_true(
            cv_slice_eq(cv_buf_slice(&b), cv_slice_cstr(rows[i].coded)));
        cv_slice back = cv_base64_decode(*state, cv_buf_slice(&b), &junk);
        assert_true(cv_slice_eq(back, plain));
        assert_int_equal(junk, 0);
    }
    cv_buf_clear(&b);
}

static void base64_lines_are_cut_and_ended(void **state)
{
    cv_buf b;
    (void)state;
    cv_buf_init(&b, 0);
    cv_base64_put(&b, CV_S("foobarf"), 8);
    assert_true(cv_slice_eq(cv_buf_slice(&b), CV_S("Zm9vYmFy\r\nZg==\r\n")));
    cv_buf_reset(&b);
    cv_base64_put(&b, CV_S("foobar"), 8);
    assert_true(cv_slice_eq(cv_buf_slice(&b), CV_S("Zm9vYmFy\r\n")));
    cv_buf_reset(&b);
    cv_base64_put(&b, CV_S("foo"), 1); /* a group is the least */
    assert_true(cv_slice_eq(cv_buf_slice(&b), CV_S("Zm9v\r\n")));
    cv_buf_reset(&b);
    cv_base64_put(&b, CV_S(""), 76);
    assert_int_equal(b.len, 0);
    cv_buf_clear(&b);
}

static void base64_of_long_data_comes_back(void **state)
{
    uint8_t data[5000];
    cv_buf b;
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(i * 7 + i / 256);
    cv_buf_init(&b, 0);
    for (size_t len = 4990; len < sizeof(data); len++) {
        cv_buf_reset(&b);
        cv_base64_put(&b, cv_slice_of(data, len), 76);
        for (size_t i = 0; i + 2 < b.len; i++)
            if (i % 78 == 76)
                assert_memory_equal(b.data + i, "\r\n", 2);
        cv_slice back = cv_base64_decode(*state, cv_buf_slice(&b), NULL);
        assert_true(cv_slice_eq(back, cv_slice_of(data, len)));
    }
    cv_buf_clear(&b);
}

/* Whole groups and what breaks them: junk at every place. */
static void base64_is_read_around_every_byte(void **state)
{
    static const char text[] = "Zm9vYmFyZm9vYmFyZm9vYmFy";
    for (size_t at = 0; at + 1 < sizeof text; at++) {
        char broken[sizeof text + 2];
        size_t junk = 0;
        memcpy(broken, text, at);
        memcpy(broken + at, "\r\n*", 3);
        memcpy(broken + at + 3, text + at, sizeof text - 1 - at);
        cv_slice back = cv_base64_decode(
            *state, cv_slice_of(broken, sizeof text + 2), &junk);
        assert_true(cv_slice_eq(back, CV_S("foobarfoobarfoobar")));
        assert_int_equal(junk, 1);
    }
}

static void base64_is_read_leniently(void **state)
{
    static const struct {
        const char *coded, *plain;
        size_t junk;
    } rows[] = {
        { "Zm9v YmFy\r\n\t\v\f", "foobar", 0 },
        { "Zm9v-YmFy!", "foobar", 2 },
        { "Zg==Zm9v", "ffoo", 0 }, /* goes on after padding */
        { "Zg=Zm8", "ffo", 0 },    /* one sign of padding, no end */
        { "Zm9vYg", "foob", 0 },   /* end missing */
        { "Zm9vY", "foo", 0 },     /* six bits make no byte */
        { "====", "", 0 },
        { "Zm9v\xc3\xa9YmFy", "foobar", 2 },
    };
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        size_t junk = 99;
        cv_slice s =
            cv_base64_decode(*state, cv_slice_cstr(rows[i].coded), &junk);
        assert_true(cv_slice_eq(s, cv_slice_cstr(rows[i].plain)));
        assert_int_equal(junk, rows[i].junk);
    }
}

static void numbers_are_read_whole_or_not_at_all(void **state)
{
    static const struct {
        const char *text;
        cv_status want;
        int64_t value;
    } rows[] = {
        { "0", CV_OK, 0 },
        { "-1", CV_OK, -1 },
        { "+007", CV_OK, 7 },
        { "9223372036854775807", CV_OK, INT64_MAX },
        { "-9223372036854775808", CV_OK, INT64_MIN },
        { "9223372036854775808", CV_ERR_RANGE, 7 },
        { "-9223372036854775809", CV_ERR_RANGE, 7 },
        { "99999999999999999999", CV_ERR_RANGE, 7 },
        { "", CV_ERR_SYNTAX, 7 },
        { "-", CV_ERR_SYNTAX, 7 },
        { "+-1", CV_ERR_SYNTAX, 7 },
        { " 1", CV_ERR_SYNTAX, 7 },
        { "1x", CV_ERR_SYNTAX, 7 },
        { "99999999999999999999x", CV_ERR_SYNTAX, 7 },
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        int64_t v = 7;
        assert_int_equal(cv_parse_i64(cv_slice_cstr(rows[i].text), &v),
                         rows[i].want);
        assert_true(v == rows[i].value);
    }
}

static void unsigned_numbers_have_their_range(void **state)
{
    uint32_t v = 7;
    (void)state;
    assert_int_equal(cv_parse_u32(CV_S("-1"), &v), CV_ERR_RANGE);
    assert_int_equal(cv_parse_u32(CV_S("4294967296"), &v), CV_ERR_RANGE);
    assert_int_equal(cv_parse_u32(CV_S("x"), &v), CV_ERR_SYNTAX);
    assert_int_equal(v, 7);
    assert_int_equal(cv_parse_u32(CV_S("4294967295"), &v), CV_OK);
    assert_true(v == UINT32_MAX);
}

static void sha256_of_fips_180(void **state)
{
    uint8_t sum[32];
    cv_slice want;
    cv_sha256(CV_S("abc"), sum);
    assert_int_equal(cv_hex_decode(*state,
                                   CV_S("ba7816bf8f01cfea414140de5dae2223"
                                        "b00361a396177a9cb410ff61f20015ad"),
                                   &want, NULL),
                     CV_OK);
    assert_true(cv_slice_eq(cv_slice_of(sum, 32), want));
    cv_sha256((cv_slice){ NULL, 0 }, sum);
    assert_memory_equal(sum, "\xe3\xb0\xc4\x42", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(hex_both_ways),
        WITH_ARENA(hex_that_is_none_fails_at_its_place),
        WITH_ARENA(base64_of_rfc_4648_both_ways),
        cmocka_unit_test(base64_lines_are_cut_and_ended),
        WITH_ARENA(base64_of_long_data_comes_back),
        WITH_ARENA(base64_is_read_around_every_byte),
        WITH_ARENA(base64_is_read_leniently),
        cmocka_unit_test(numbers_are_read_whole_or_not_at_all),
        cmocka_unit_test(unsigned_numbers_have_their_range),
        WITH_ARENA(sha256_of_fips_180),
    };
    return cmocka_run_group_tests_name("encode", tests, NULL, NULL);
}
