#include "mapi/pack.h"

#include "mapi/pack_private.h"
#include "mapi/random_object_test.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static cv_buf pack_of(const cv_object *obj)
{
    cv_buf buf;
    cv_buf_init(&buf, 0);
    assert_int_equal(cv_object_pack(obj, &buf, NULL), CV_OK);
    return buf;
}

static cv_object *unpack_of(cv_slice packed)
{
    cv_object *obj = NULL;
    cv_error err = { 0 };
    assert_int_equal(cv_object_unpack(packed, &obj, &err), CV_OK);
    return obj;
}

static void the_check_sum_is_crc32(void **state)
{
    (void)state;
    assert_int_equal(cv_crc32(CV_S("123456789")), 0xCBF43926);
    assert_int_equal(cv_crc32(CV_S("")), 0);
}

static void any_object_comes_back_equal(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        cv_object *obj = random_object(seed);
        cv_buf first = pack_of(obj);
        cv_object *back = unpack_of(cv_buf_slice(&first));
        cv_buf second = pack_of(back);
        assert_true(cv_object_eq(obj, back));
        assert_string_equal(cv_object_source(obj), cv_object_source(back));
        cv_object *again = unpack_of(cv_buf_slice(&second));
        assert_true(cv_object_eq(back, again));
        cv_object_free(&again);
        cv_object_free(&back);
        cv_object_free(&obj);
        cv_buf_clear(&first);
        cv_buf_clear(&second);
    }
}

static void container_ids_and_lossy_bytes_are_kept(void **state)
{
    cv_object *obj = NULL;
    cv_value v = { .type = CV_T_STRING8,
                   .count = 1,
                   .lossy = true,
                   .bytes = CV_S("a\xEF\xBF\xBD"),
                   .raw = CV_S("a\xFF") };
    (void)state;
    assert_int_equal(cv_object_new(0, &obj, NULL), CV_OK);
    assert_int_equal(cv_bag_put_from(cv_object_props(obj), CV_PidLidLocation,
                                     &v, 0x8005, NULL),
                     CV_OK);
    cv_buf buf = pack_of(obj);
    cv_object *back = unpack_of(cv_buf_slice(&buf));
    const cv_prop *prop = cv_bag_find(cv_object_props(back), CV_PidLidLocation);
    assert_non_null(prop);
    assert_int_equal(prop->container_id, 0x8005);
    assert_int_equal(CV_TAG_TYPE(prop->tag), CV_T_STRING8);
    assert_true(prop->value.lossy);
    assert_true(cv_slice_eq(prop->value.raw, CV_S("a\xFF")));
    cv_object_free(&back);
    cv_object_free(&obj);
    cv_buf_clear(&buf);
}

static void an_empty_object_has_this_form(void **state)
{
    static const uint8_t want[] = { 'C', 'V', 'O', 'B', 1, 0, 0, 0, 0, /* "" */
                                    0,   0,   0,   0,   0, 0, 0, 0, 0,
                                    0,   0,   0,   0,   0, 0, 0 };
    cv_object *obj = NULL;
    (void)state;
    assert_int_equal(cv_object_new(0, &obj, NULL), CV_OK);
    cv_buf buf = pack_of(obj);
    assert_int_equal(buf.len, sizeof(want) + 4);
    assert_memory_equal(buf.data, want, sizeof(want));
    cv_object_free(&obj);
    cv_buf_clear(&buf);
}

/* An error, or an object equal to the one that was packed. */
static void assert_refused_or_equal(const cv_object *obj, cv_slice packed)
{
    cv_object *back = NULL;
    if (cv_object_unpack(packed, &back, NULL) == CV_OK)
        assert_true(cv_object_eq(obj, back));
    cv_object_free(&back);
}

static const uint8_t flips[] = { 0x01, 0x80, 0xFF };

static void every_prefix_and_flipped_byte_is_refused(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        cv_object *obj = random_object(seed);
        cv_buf buf = pack_of(obj);
        cv_object *back = NULL;
        for (size_t len = 0; len < buf.len; len++)
            assert_int_not_equal(
                cv_object_unpack(cv_slice_of(buf.data, len), &back, NULL),
                CV_OK);
        for (size_t i = 0; i < buf.len * CV_LEN(flips); i++) {
            uint8_t flip = flips[i % CV_LEN(flips)];
            buf.data[i / CV_LEN(flips)] ^= flip;
            assert_refused_or_equal(obj, cv_buf_slice(&buf));
            buf.data[i / CV_LEN(flips)] ^= flip;
        }
        assert_null(back);
        cv_object_free(&obj);
        cv_buf_clear(&buf);
    }
}

static void put_crc(uint8_t *data, size_t len)
{
    uint32_t crc = cv_crc32(cv_slice_of(data, len - PACK_TRAIL));
    for (size_t i = 0; i < PACK_TRAIL; i++)
        data[len - PACK_TRAIL + i] = (uint8_t)(crc >> (8 * i));
}

/* Whoever can write the store can write a check sum, too. */
static void damage_with_a_right_check_sum_does_no_harm(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        cv_object *obj = random_object(seed);
        cv_buf buf = pack_of(obj);
        for (size_t len = PACK_HEAD + PACK_TRAIL; len < buf.len; len++) {
            cv_object *back = NULL;
            uint8_t *exact = malloc(len); /* sanitizers see its end */
            assert_non_null(exact);
            memcpy(exact, buf.data, len);
            put_crc(exact, len);
            assert_int_not_equal(
                cv_object_unpack(cv_slice_of(exact, len), &back, NULL), CV_OK);
            free(exact);
        }
        uint8_t *copy = malloc(buf.len);
        assert_non_null(copy);
        for (size_t i = 0; i < buf.len * CV_LEN(flips); i++) {
            cv_object *back = NULL;
            memcpy(copy, buf.data, buf.len);
            copy[i / CV_LEN(flips)] ^= flips[i % CV_LEN(flips)];
            put_crc(copy, buf.len);
            (void)!cv_object_unpack(cv_slice_of(copy, buf.len), &back, NULL);
            cv_object_free(&back);
        }
        free(copy);
        cv_object_free(&obj);
        cv_buf_clear(&buf);
    }
}

static void a_count_beyond_the_bytes_takes_no_memory(void **state)
{
    static const int64_t numbers[] = { 1, 2 };
    cv_object *obj = NULL;
    cv_object *back = NULL;
    cv_value v = { .type = CV_T_MULTI | CV_T_I32, .count = 2, .i64s = numbers };
    (void)state;
    assert_int_equal(cv_object_new(0, &obj, NULL), CV_OK);
    assert_int_equal(
        cv_bag_put(cv_object_props(obj), CV_TAG(0x7000, 0), &v, NULL), CV_OK);
    cv_buf buf = pack_of(obj);
    size_t at = PACK_HEAD + 1 + 4 + 4 + 7; /* the number of values */
    assert_int_equal(buf.data[at], 2);
    buf.data[at + 3] = 0xFF;
    put_crc(buf.data, buf.len);
    assert_int_equal(cv_object_unpack(cv_buf_slice(&buf), &back, NULL),
                     CV_ERR_SYNTAX);
    cv_object_free(&obj);
    cv_buf_clear(&buf);
}

static void more_values_than_readers_take_come_back(void **state)
{
    cv_object *obj = NULL;
    (void)state;
    assert_int_equal(cv_object_new(0, &obj, NULL), CV_OK);
    uint32_t count = CV_LIMIT_MULTI_VALUES + 1;
    int64_t *numbers =
        cv_arena_array(cv_object_arena(obj), count, sizeof(*numbers));
    cv_value v = { .type = CV_T_MULTI | CV_T_I32,
                   .count = count,
                   .i64s = numbers };
    assert_int_equal(
        cv_bag_put(cv_object_props(obj), CV_TAG(0x7000, 0), &v, NULL), CV_OK);
    cv_buf buf = pack_of(obj);
    cv_object *back = unpack_of(cv_buf_slice(&buf));
    assert_true(cv_object_eq(obj, back));
    cv_object_free(&back);
    cv_object_free(&obj);
    cv_buf_clear(&buf);
}

static void a_newer_version_is_told_from_damage(void **state)
{
    cv_object *obj = random_object(3);
    cv_buf buf = pack_of(obj);
    cv_object *back = NULL;
    (void)state;
    buf.data[4] = CV_PACK_VERSION + 1;
    assert_int_equal(cv_object_unpack(cv_buf_slice(&buf), &back, NULL),
                     CV_ERR_UNSUP);
    buf.data[4] = 0;
    put_crc(buf.data, buf.len);
    assert_int_equal(cv_object_unpack(cv_buf_slice(&buf), &back, NULL),
                     CV_ERR_SYNTAX);
    assert_int_equal(cv_object_unpack(CV_S(""), &back, NULL), CV_ERR_SYNTAX);
    cv_object_free(&obj);
    cv_buf_clear(&buf);
}

static cv_status pump_hello(void *ctx, const cv_sink *to, cv_error *err)
{
    unsigned *calls = ctx;
    ++*calls;
    CV_TRY(cv_sink_put(to, CV_S("hel"), err));
    return cv_sink_put(to, CV_S("lo"), err);
}

static cv_status pump_nothing(void *ctx, const cv_sink *to, cv_error *err)
{
    (void)ctx;
    (void)to;
    return cv_fail(err, CV_ERR_IO, "gone");
}

static void data_of_unknown_size_is_pumped_once(void **state)
{
    cv_object *obj = NULL;
    unsigned calls = 0;
    (void)state;
    assert_int_equal(cv_object_new(0, &obj, NULL), CV_OK);
    cv_attachment *att = cv_object_add_attachment(obj);
    att->has_data = true;
    att->data = (cv_blob){ .size_bytes = UINT64_MAX,
                           .pump = pump_hello,
                           .ctx = &calls };
    cv_buf buf = pack_of(obj);
    assert_int_equal(calls, 1);
    cv_object *back = unpack_of(cv_buf_slice(&buf));
    att = cv_object_attachment(back, 0);
    assert_int_equal(att->data.size_bytes, 5);
    assert_true(cv_slice_eq(att->data.mem, CV_S("hello")));
    /* Borrowed from the packed bytes, not copied. */
    assert_true(att->data.mem.ptr > buf.data &&
                att->data.mem.ptr < buf.data + buf.len);
    cv_object_free(&back);
    cv_object_free(&obj);
    cv_buf_clear(&buf);
}

static void what_a_blob_fails_with_goes_up(void **state)
{
    cv_object *obj = NULL;
    cv_buf buf;
    (void)state;
    cv_buf_init(&buf, 0);
    assert_int_equal(cv_object_new(0, &obj, NULL), CV_OK);
    cv_attachment *att = cv_object_add_attachment(obj);
    att->has_data = true;
    att->data = (cv_blob){ .pump = pump_nothing };
    assert_int_equal(cv_object_pack(obj, &buf, NULL), CV_ERR_IO);
    cv_object_free(&obj);
    cv_buf_clear(&buf);
}

static void a_buffer_that_is_too_small_is_a_limit(void **state)
{
    cv_object *obj = random_object(5);
    (void)state;
    for (size_t cap = 1; cap < 30; cap++) {
        cv_buf buf;
        cv_buf_init(&buf, cap);
        cv_attachment *att = cv_object_add_attachment(obj);
        att->has_data = true;
        att->data = cv_blob_mem(CV_S("data"));
        assert_int_equal(cv_object_pack(obj, &buf, NULL), CV_ERR_LIMIT);
        cv_buf_clear(&buf);
    }
    cv_object_free(&obj);
}

static void the_deepest_nesting_comes_back(void **state)
{
    cv_object *obj = NULL;
    (void)state;
    assert_int_equal(cv_object_new(0, &obj, NULL), CV_OK);
    cv_object *inner = obj;
    for (int i = 0; i < CV_LIMIT_EMBED_DEPTH; i++) {
        cv_attachment *att = cv_object_add_attachment(inner);
        att->embedded = cv_object_new_embedded(inner);
        inner = att->embedded;
        assert_non_null(inner);
    }
    assert_null(cv_object_new_embedded(inner));
    cv_buf buf = pack_of(obj);
    cv_object *back = unpack_of(cv_buf_slice(&buf));
    assert_true(cv_object_eq(obj, back));
    cv_object_free(&back);
    cv_object_free(&obj);
    cv_buf_clear(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_check_sum_is_crc32),
        cmocka_unit_test(any_object_comes_back_equal),
        cmocka_unit_test(container_ids_and_lossy_bytes_are_kept),
        cmocka_unit_test(an_empty_object_has_this_form),
        cmocka_unit_test(every_prefix_and_flipped_byte_is_refused),
        cmocka_unit_test(damage_with_a_right_check_sum_does_no_harm),
        cmocka_unit_test(a_count_beyond_the_bytes_takes_no_memory),
        cmocka_unit_test(more_values_than_readers_take_come_back),
        cmocka_unit_test(a_newer_version_is_told_from_damage),
        cmocka_unit_test(data_of_unknown_size_is_pumped_once),
        cmocka_unit_test(what_a_blob_fails_with_goes_up),
        cmocka_unit_test(a_buffer_that_is_too_small_is_a_limit),
        cmocka_unit_test(the_deepest_nesting_comes_back),
    };
    return cmocka_run_group_tests_name("pack", tests, NULL, NULL);
}
