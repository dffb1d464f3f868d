#include "base/buf.h"
#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void numbers_are_little_endian(void **state)
{
    cv_buf b;
    (void)state;
    cv_buf_init(&b, 0);
    cv_buf_put_byte(&b, 1);
    cv_buf_put_u16le(&b, 0x0302);
    cv_buf_put_u32le(&b, 0x07060504);
    cv_buf_put_u64le(&b, UINT64_C(0x0f0e0d0c0b0a0908));
    cv_buf_put_str(&b, "xy");
    cv_buf_put_slice(&b, CV_S("z"));
    cv_buf_put(&b, NULL, 0);
    assert_int_equal(b.len, 18);
    assert_memory_equal(b.data,
                        "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c"
                        "\x0d\x0e\x0fxyz",
                        18);
    assert_int_equal(cv_buf_status(&b, NULL), CV_OK);
    cv_buf_clear(&b);
    assert_null(b.data);
}

static void writes_beyond_the_cap_are_ignored(void **state)
{
    cv_buf b;
    cv_error err;
    (void)state;
    cv_buf_init(&b, 4);
    cv_buf_put_str(&b, "abcd");
    assert_int_equal(cv_buf_status(&b, NULL), CV_OK);
    cv_buf_put_byte(&b, 'e');
    assert_int_equal(cv_buf_status(&b, &err), CV_ERR_LIMIT);
    assert_string_equal(err.what, "output needs more than 4 bytes");
    cv_buf_put(&b, "", 0);
    assert_int_equal(b.len, 4);
    cv_buf_reset(&b);
    cv_buf_put_str(&b, "efg");
    assert_int_equal(b.status, CV_OK);
    assert_true(cv_slice_eq(cv_buf_slice(&b), CV_S("efg")));
    cv_buf_put_str(&b, "hi"); /* does not fit: nothing of it is written */
    cv_buf_put_byte(&b, 'h'); /* would fit, but the buffer has failed */
    assert_int_equal(b.len, 3);
    cv_buf_clear(&b);
}

static void default_cap_is_the_named_limit(void **state)
{
    cv_buf b;
    (void)state;
    cv_buf_init(&b, 0);
    assert_true(b.cap == CV_LIMIT_BUF_BYTES);
    cv_buf_put(&b, "", CV_LIMIT_BUF_BYTES + 1); /* never read */
    assert_int_equal(b.status, CV_ERR_LIMIT);
    cv_buf_put(&b, "", SIZE_MAX);
    assert_int_equal(b.len, 0);
    cv_buf_clear(&b);
}

static void printf_of_any_length_up_to_the_cap(void **state)
{
    cv_buf b;
    (void)state;
    cv_buf_init(&b, 1000);
    for (int len = 250; len < 260; len++) {
        cv_buf_reset(&b);
        cv_buf_printf(&b, "%0*d", len, 5);
        assert_int_equal(b.len, len);
        assert_int_equal(b.data[len - 1], '5');
    }
    cv_buf_reset(&b);
    cv_buf_printf(&b, "%01000d", 5);
    assert_int_equal(b.len, 1000);
    assert_int_equal(b.status, CV_OK);
    cv_buf_printf(&b, "%s", "");
    assert_int_equal(b.status, CV_OK);
    cv_buf_reset(&b);
    cv_buf_printf(&b, "%01001d", 5);
    assert_int_equal(b.len, 0);
    assert_int_equal(b.status, CV_ERR_LIMIT);
    cv_buf_clear(&b);
}

static void grows_without_losing_bytes(void **state)
{
    cv_buf b;
    (void)state;
    cv_buf_init(&b, 0);
    for (uint32_t i = 0; i < 100000; i++)
        cv_buf_put_u32le(&b, i);
    assert_int_equal(b.len, 400000);
    for (uint32_t i = 0; i < 100000; i += 997)
        assert_int_equal(b.data[4 * i] | b.data[4 * i + 1] << 8 |
                             b.data[4 * i + 2] << 16,
                         i);
    cv_buf_clear(&b);
}

static void dup_copies_and_fails_with_the_buffer(void **state)
{
    cv_arena *a = NULL;
    cv_buf b;
    (void)state;
    assert_int_equal(cv_arena_new(0, &a, NULL), CV_OK);
    cv_buf_init(&b, 3);
    assert_non_null(cv_buf_dup(&b, a).ptr);
    cv_buf_put_str(&b, "abc");
    assert_true(cv_slice_eq(cv_buf_dup(&b, a), CV_S("abc")));
    cv_buf_put_byte(&b, 'd');
    assert_null(cv_buf_dup(&b, a).ptr);
    cv_buf_clear(&b);
    cv_arena_free(&a);
}

static void sink_passes_on_what_the_buffer_says(void **state)
{
    cv_buf b;
    (void)state;
    cv_buf_init(&b, 3);
    cv_sink sink = cv_buf_sink(&b);
    assert_int_equal(cv_sink_put(&sink, CV_S("abc"), NULL), CV_OK);
    assert_int_equal(cv_sink_put(&sink, CV_S(""), NULL), CV_OK);
    assert_int_equal(cv_sink_put(&sink, CV_S("d"), NULL), CV_ERR_LIMIT);
    assert_true(cv_slice_eq(cv_buf_slice(&b), CV_S("abc")));
    cv_buf_clear(&b);
}

static cv_status pump_twice(void *ctx, const cv_sink *to, cv_error *err)
{
    CV_TRY(cv_sink_put(to, cv_slice_cstr(ctx), err));
    return cv_sink_put(to, cv_slice_cstr(ctx), err);
}

static cv_status pump_broken(void *ctx, const cv_sink *to, cv_error *err)
{
    (void)ctx;
    (void)to;
    return cv_fail(err, CV_ERR_TRUNC, "sector chain ends");
}

static void blob_in_memory_is_borrowed(void **state)
{
    cv_blob blob = cv_blob_mem(CV_S("data"));
    cv_slice out = { NULL, 0 };
    cv_buf b;
    (void)state;
    cv_buf_init(&b, 0);
    cv_sink sink = cv_buf_sink(&b);
    assert_true(blob.size_bytes == 4);
    assert_int_equal(cv_blob_get(&blob, 4, NULL, &out, NULL), CV_OK);
    assert_ptr_equal(out.ptr, blob.mem.ptr);
    assert_int_equal(cv_blob_get(&blob, 3, NULL, &out, NULL), CV_ERR_LIMIT);
    assert_int_equal(cv_blob_pump(&blob, &sink, NULL), CV_OK);
    assert_int_equal(cv_blob_pump(&blob, &sink, NULL), CV_OK);
    assert_true(cv_slice_eq(cv_buf_slice(&b), CV_S("datadata")));
    blob = cv_blob_mem((cv_slice){ NULL, 0 });
    assert_non_null(blob.mem.ptr);
    assert_int_equal(cv_blob_get(&blob, 0, NULL, &out, NULL), CV_OK);
    assert_int_equal(out.len, 0);
    cv_buf_clear(&b);
}

static void blob_that_is_pumped_is_copied_and_bounded(void **state)
{
    cv_arena *a = NULL;
    cv_error err;
    cv_slice out = { NULL, 0 };
    cv_blob blob = { .size_bytes = UINT64_MAX,
                     .pump = pump_twice,
                     .ctx = "ab" };
    (void)state;
    assert_int_equal(cv_arena_new(0, &a, NULL), CV_OK);
    assert_int_equal(cv_blob_get(&blob, 4, a, &out, NULL), CV_OK);
    assert_true(cv_slice_eq(out, CV_S("abab")));
    out = (cv_slice){ NULL, 0 };
    assert_int_equal(cv_blob_get(&blob, 3, a, &out, NULL), CV_ERR_LIMIT);
    assert_int_equal(cv_blob_get(&blob, 0, a, &out, NULL), CV_ERR_LIMIT);
    blob.size_bytes = 4;
    assert_int_equal(cv_blob_get(&blob, 3, a, &out, NULL), CV_ERR_LIMIT);
    blob.pump = pump_broken;
    assert_int_equal(cv_blob_get(&blob, 9, a, &out, &err), CV_ERR_TRUNC);
    assert_string_equal(err.what, "sector chain ends");
    assert_null(out.ptr);
    cv_arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_little_endian),
        cmocka_unit_test(writes_beyond_the_cap_are_ignored),
        cmocka_unit_test(default_cap_is_the_named_limit),
        cmocka_unit_test(printf_of_any_length_up_to_the_cap),
        cmocka_unit_test(grows_without_losing_bytes),
        cmocka_unit_test(dup_copies_and_fails_with_the_buffer),
        cmocka_unit_test(sink_passes_on_what_the_buffer_says),
        cmocka_unit_test(blob_in_memory_is_borrowed),
        cmocka_unit_test(blob_that_is_pumped_is_copied_and_bounded),
    };
    return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
