#include "base/guid.h"
#include "base/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void fields_are_read_in_order(void **state)
{
    cv_reader r = cv_reader_of(
        CV_S("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"
             "\xfe\xff\xff\xff"
             "abcd"));
    uint8_t a;
    uint16_t b;
    uint32_t c;
    uint64_t d;
    int32_t e;
    cv_slice f;
    (void)state;
    assert_int_equal(cv_read_u8(&r, &a), CV_OK);
    assert_int_equal(cv_read_u16le(&r, &b), CV_OK);
    assert_int_equal(cv_read_u32le(&r, &c), CV_OK);
    assert_int_equal(cv_read_u64le(&r, &d), CV_OK);
    assert_int_equal(cv_read_i32le(&r, &e), CV_OK);
    assert_int_equal(a, 1);
    assert_int_equal(b, 0x0302);
    assert_true(c == 0x07060504);
    assert_true(d == UINT64_C(0x0f0e0d0c0b0a0908));
    assert_int_equal(e, -2);
    assert_int_equal(cv_reader_left(&r), 4);
    assert_int_equal(cv_read_skip(&r, 1), CV_OK);
    assert_int_equal(cv_read_bytes(&r, 3, &f), CV_OK);
    assert_true(cv_slice_eq(f, CV_S("bcd")));
    assert_int_equal(cv_reader_left(&r), 0);
    assert_int_equal(cv_read_bytes(&r, 0, &f), CV_OK);
}

static void failure_sticks_and_outputs_are_zero(void **state)
{
    cv_reader r = cv_reader_of(CV_S("abc"));
    uint8_t a = 7;
    uint16_t b = 7;
    uint32_t c = 7;
    uint64_t d = 7;
    int32_t e = 7;
    cv_slice f = CV_S("x");
    (void)state;
    assert_int_equal(cv_read_u32le(&r, &c), CV_ERR_TRUNC);
    assert_int_equal(cv_read_u8(&r, &a), CV_ERR_TRUNC);
    assert_int_equal(cv_read_u16le(&r, &b), CV_ERR_TRUNC);
    assert_int_equal(cv_read_u64le(&r, &d), CV_ERR_TRUNC);
    assert_int_equal(cv_read_i32le(&r, &e), CV_ERR_TRUNC);
    assert_int_equal(cv_read_bytes(&r, 0, &f), CV_ERR_TRUNC);
    assert_int_equal(cv_read_skip(&r, 0), CV_ERR_TRUNC);
    assert_true(a == 0 && b == 0 && c == 0 && d == 0 && e == 0);
    assert_true(f.ptr == NULL && f.len == 0);
    assert_int_equal(cv_reader_left(&r), 0);
    r = cv_reader_of(CV_S("abc"));
    assert_int_equal(cv_read_skip(&r, SIZE_MAX), CV_ERR_TRUNC);
    r = cv_reader_of((cv_slice){ NULL, 0 });
    assert_int_equal(cv_read_u8(&r, &a), CV_ERR_TRUNC);
}

static void peek_outside_is_zero(void **state)
{
    cv_slice s = CV_S("\1\2\3\4\5\6\7\x08");
    (void)state;
    assert_int_equal(cv_peek_u16le(s, 6), 0x0807);
    assert_int_equal(cv_peek_u16le(s, 7), 0);
    assert_true(cv_peek_u32le(s, 4) == 0x08070605);
    assert_true(cv_peek_u32le(s, 5) == 0);
    assert_true(cv_peek_u64le(s, 0) == UINT64_C(0x0807060504030201));
    assert_true(cv_peek_u64le(s, 1) == 0);
    assert_true(cv_peek_u64le(s, SIZE_MAX) == 0);
    assert_true(cv_peek_u16le((cv_slice){ NULL, 0 }, 0) == 0);
}

static void guid_text_both_ways(void **state)
{
    static const char text[] = "{00112233-4455-6677-8899-AABBCCDDEEFF}";
    static const char bytes[] = "\x33\x22\x11\x00\x55\x44\x77\x66\x88\x99"
                                "\xaa\xbb\xcc\xdd\xee\xff";
    char out[CV_GUID_TEXT];
    cv_guid g, h;
    (void)state;
    assert_int_equal(cv_guid_parse(cv_slice_cstr(text), &g), CV_OK);
    assert_memory_equal(g.b, bytes, 16);
    cv_guid_format(&g, out);
    assert_string_equal(out, text);
    assert_int_equal(
        cv_guid_parse(CV_S("00112233-4455-6677-8899-aabbccddeeff"), &h), CV_OK);
    assert_true(cv_guid_eq(&g, &h));
    h.b[15] ^= 1;
    assert_false(cv_guid_eq(&g, &h));
    assert_false(cv_guid_is_zero(&g));
    memset(&h, 0, sizeof(h));
    assert_true(cv_guid_is_zero(&h));
}

static void guid_text_that_is_none_fails(void **state)
{
    static const char *const bad[] = {
        "",
        "{}",
        "{00112233-4455-6677-8899-AABBCCDDEEFF",
        "00112233-4455-6677-8899-AABBCCDDEEFF}",
        "00112233445566778899AABBCCDDEEFF",
        "00112233-4455-6677-8899-AABBCCDDEEFG",
        "00112233-4455-6677-8899AABBCCDDEEFF0",
        "00112233-4455-6677-8899-AABBCCDDEEF",
        "0011223--4455-6677-8899-AABBCCDDEEFF",
    };
    cv_guid g = { .b = { 7 } };
    (void)state;
    for (size_t i = 0; i < CV_LEN(bad); i++)
        assert_int_equal(cv_guid_parse(cv_slice_cstr(bad[i]), &g),
                         CV_ERR_SYNTAX);
    assert_int_equal(g.b[0], 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_read_in_order),
        cmocka_unit_test(failure_sticks_and_outputs_are_zero),
        cmocka_unit_test(peek_outside_is_zero),
        cmocka_unit_test(guid_text_both_ways),
        cmocka_unit_test(guid_text_that_is_none_fails),
    };
    return cmocka_run_group_tests_name("reader", tests, NULL, NULL);
}
