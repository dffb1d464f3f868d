#include "mapi/bag.h"

#include "base/datetime.h"
#include "base/limits.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static cv_arena *arena;
static cv_bag *bag;

static int setup(void **state)
{
    (void)state;
    if (cv_arena_new(0, &arena, NULL) != CV_OK)
        return -1;
    bag = cv_bag_new(arena);
    return bag ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    cv_arena_free(&arena);
    return 0;
}

static void put(cv_tag tag, cv_value value)
{
    value.type = CV_TAG_TYPE(tag);
    value.count = 1;
    assert_int_equal(cv_bag_put(bag, tag, &value, NULL), CV_OK);
}

static void properties_come_by_ascending_id(void **state)
{
    (void)state;
    /* 7919 is prime to 4001: every id once, in no order. */
    for (uint32_t i = 0; i < 4001; i++) {
        uint32_t id = i * 7919 % 4001 + 1;
        assert_int_equal(cv_bag_set_i32(bag, CV_TAG(id, CV_T_I32), (int32_t)id),
                         CV_OK);
    }
    assert_int_equal(cv_bag_count(bag), 4001);
    for (size_t i = 1; i < cv_bag_count(bag); i++)
        assert_true(cv_bag_at(bag, i - 1)->tag < cv_bag_at(bag, i)->tag);
    for (uint32_t id = 1; id <= 4001; id++)
        assert_int_equal(cv_bag_i32_or(bag, CV_TAG(id, 0), -1), (int32_t)id);
}

static void a_second_put_replaces_type_and_value(void **state)
{
    (void)state;
    assert_int_equal(cv_bag_set_i32(bag, CV_TAG(1, CV_T_I32), 7), CV_OK);
    put(CV_TAG(1, CV_T_ERROR), (cv_value){ .error = 0x8004010F });
    assert_int_equal(cv_bag_count(bag), 1);
    assert_int_equal(cv_bag_at(bag, 0)->tag, CV_TAG(1, CV_T_ERROR));
    assert_true(cv_bag_has(bag, CV_TAG(1, CV_T_I32)));
    assert_int_equal(cv_bag_i32_or(bag, CV_TAG(1, CV_T_I32), -1), -1);
}

static void removal_keeps_all_others(void **state)
{
    (void)state;
    for (int32_t id = 1; id <= 100; id++)
        assert_int_equal(
            cv_bag_set_i32(bag, CV_TAG(id * 37 % 101, CV_T_I32), id), CV_OK);
    for (int32_t id = 1; id <= 100; id += 2)
        cv_bag_remove(bag, CV_TAG(id * 37 % 101, 0));
    cv_bag_remove(bag, CV_TAG(5000, 0));
    assert_int_equal(cv_bag_count(bag), 50);
    for (int32_t id = 1; id <= 100; id++)
        assert_int_equal(cv_bag_i32_or(bag, CV_TAG(id * 37 % 101, 0), -1),
                         id % 2 ? -1 : id);
    for (size_t i = 1; i < cv_bag_count(bag); i++)
        assert_true(cv_bag_at(bag, i - 1)->tag < cv_bag_at(bag, i)->tag);
}

static void the_limit_of_properties_is_exact(void **state)
{
    (void)state;
    for (uint32_t id = 0; id < CV_LIMIT_PROPS; id++)
        assert_int_equal(cv_bag_set_i32(bag, CV_TAG(id, CV_T_I32), 1), CV_OK);
    assert_int_equal(cv_bag_set_i32(bag, CV_TAG(CV_LIMIT_PROPS, CV_T_I32), 1),
                     CV_ERR_LIMIT);
    assert_int_equal(cv_bag_set_i32(bag, CV_TAG(7, CV_T_I32), 2), CV_OK);
    assert_int_equal(cv_bag_count(bag), CV_LIMIT_PROPS);
}

static void whole_numbers_stand_for_each_other(void **state)
{
    static const uint16_t types[] = { CV_T_I16, CV_T_I32, CV_T_I64, CV_T_BOOL };
    (void)state;
    for (size_t i = 0; i < CV_LEN(types); i++) {
        int32_t narrow = 0;
        int64_t wide = 0;
        bool truth = false;
        put(CV_TAG(1, types[i]), (cv_value){ .i64 = 1 });
        assert_true(cv_bag_i32(bag, CV_TAG(1, 0), &narrow));
        assert_true(cv_bag_i64(bag, CV_TAG(1, 0), &wide));
        assert_true(cv_bag_bool(bag, CV_TAG(1, 0), &truth));
        assert_true(narrow == 1 && wide == 1 && truth);
    }
    put(CV_TAG(1, CV_T_I64), (cv_value){ .i64 = INT64_C(1) << 31 });
    assert_int_equal(cv_bag_i32_or(bag, CV_TAG(1, 0), -7), -7);
    assert_true(cv_bag_bool_or(bag, CV_TAG(1, 0), false));
    put(CV_TAG(1, CV_T_I64), (cv_value){ .i64 = INT32_MIN });
    assert_int_equal(cv_bag_i32_or(bag, CV_TAG(1, 0), -7), INT32_MIN);
}

static void a_value_of_another_kind_is_absent(void **state)
{
    static const uint16_t types[] = {
        CV_T_NULL,        CV_T_ERROR,    CV_T_GUID, CV_T_OBJECT,
        CV_T_UNSPECIFIED, CV_T_CURRENCY, 0x0099
    };
    cv_slice s = CV_S("untouched");
    (void)state;
    for (size_t i = 0; i < CV_LEN(types); i++) {
        int64_t n = 9;
        double f = 9;
        uint64_t t = 9;
        int64_t ticks = 9;
        put(CV_TAG(1, types[i]), (cv_value){ 0 });
        assert_false(cv_bag_i64(bag, CV_TAG(1, 0), &n));
        assert_false(cv_bag_f64(bag, CV_TAG(1, 0), &f));
        assert_false(cv_bag_time(bag, CV_TAG(1, 0), &t));
        assert_false(cv_bag_ticks(bag, CV_TAG(1, 0), &ticks));
        assert_false(cv_bag_string(bag, CV_TAG(1, 0), &s));
        assert_false(cv_bag_binary(bag, CV_TAG(1, 0), &s));
        assert_true(n == 9 && f == 9 && t == 9 && ticks == 9);
        assert_true(cv_slice_eq(s, CV_S("untouched")));
        assert_true(cv_bag_has(bag, CV_TAG(1, 0)));
    }
}

static void text_and_bytes_stand_for_each_other_one_way(void **state)
{
    cv_slice s = { NULL, 0 };
    (void)state;
    put(CV_TAG(1, CV_T_STRING8), (cv_value){ .bytes = CV_S("old") });
    assert_true(cv_bag_string(bag, CV_TAG(1, 0), &s));
    assert_true(cv_slice_eq(s, CV_S("old")));
    assert_false(cv_bag_binary(bag, CV_TAG(1, 0), &s));
    put(CV_TAG(1, CV_T_BINARY), (cv_value){ .bytes = CV_S("<p>\xC3\xA4") });
    assert_true(cv_bag_string(bag, CV_TAG(1, 0), &s));
    assert_true(cv_bag_binary(bag, CV_TAG(1, 0), &s));
    put(CV_TAG(1, CV_T_BINARY), (cv_value){ .bytes = CV_S("a\0b") });
    assert_false(cv_bag_string(bag, CV_TAG(1, 0), &s));
    put(CV_TAG(1, CV_T_BINARY), (cv_value){ .bytes = CV_S("\xFF") });
    assert_false(cv_bag_string(bag, CV_TAG(1, 0), &s));
    put(CV_TAG(1, CV_T_SERVERID), (cv_value){ .bytes = CV_S("id") });
    assert_true(cv_bag_binary(bag, CV_TAG(1, 0), &s));
    assert_true(
        cv_slice_eq(cv_bag_string_or(bag, CV_TAG(1, 0), CV_S("-")), CV_S("-")));
}

static void an_empty_string_is_a_string(void **state)
{
    cv_slice s = { NULL, 7 };
    (void)state;
    assert_int_equal(cv_bag_set_string(bag, CV_PidTagSubject, CV_S("")), CV_OK);
    assert_true(cv_bag_string(bag, CV_PidTagSubject, &s));
    assert_int_equal(s.len, 0);
    assert_non_null(s.ptr);
}

static void a_date_is_no_number(void **state)
{
    double f = 0;
    (void)state;
    put(CV_TAG(1, CV_T_FLOATTIME), (cv_value){ .f64 = 2.5 });
    assert_false(cv_bag_f64(bag, CV_TAG(1, CV_T_F64), &f));
    assert_true(cv_bag_f64(bag, CV_TAG(1, CV_T_FLOATTIME), &f));
    assert_true(f == 2.5);
    put(CV_TAG(1, CV_T_F32), (cv_value){ .f64 = 1.5 });
    assert_true(cv_bag_f64(bag, CV_TAG(1, CV_T_F64), &f));
    assert_false(cv_bag_f64(bag, CV_TAG(1, CV_T_FLOATTIME), &f));
    assert_int_equal(cv_bag_set_f64(bag, CV_TAG(2, CV_T_F64), 0.5), CV_OK);
    assert_true(cv_bag_f64(bag, CV_TAG(2, CV_T_F64), &f));
    assert_true(f == 0.5);
}

/* C001's value among them: stored as it is, no moment to those who ask. */
static void only_moments_have_ticks(void **state)
{
    static const struct {
        uint64_t time;
        bool valid;
    } rows[] = { { 0, false },
                 { UINT64_C(0x0CB34557A3DD4000), false },
                 { UINT64_MAX, false },
                 { UINT64_C(0x019DB1DED53E8000), true } };
    const cv_tag tag = CV_PidTagRecipientTrackStatusTime;
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        uint64_t time = 1;
        int64_t ticks = -1;
        assert_int_equal(cv_bag_set_time(bag, tag, rows[i].time), CV_OK);
        assert_true(cv_bag_time(bag, tag, &time));
        assert_true(time == rows[i].time);
        assert_true(cv_bag_ticks(bag, tag, &ticks) == rows[i].valid);
        assert_true(ticks == (rows[i].valid ? 0 : -1));
    }
}

static void ticks_without_filetime_remove_the_property(void **state)
{
    (void)state;
    assert_int_equal(cv_bag_set_ticks(bag, CV_TAG(1, CV_T_TIME), 0), CV_OK);
    assert_true(cv_bag_has(bag, CV_TAG(1, 0)));
    assert_int_equal(cv_bag_set_ticks(bag, CV_TAG(1, CV_T_TIME), INT64_MIN),
                     CV_OK);
    assert_false(cv_bag_has(bag, CV_TAG(1, 0)));
}

static void setters_take_the_type_of_the_tag(void **state)
{
    (void)state;
    assert_int_equal(cv_bag_set_i32(bag, CV_TAG(1, CV_T_I16), 5), CV_OK);
    assert_int_equal(cv_bag_find(bag, CV_TAG(1, 0))->value.type, CV_T_I16);
    assert_int_equal(cv_bag_set_i64(bag, CV_TAG(2, 0), 5), CV_OK);
    assert_int_equal(cv_bag_find(bag, CV_TAG(2, 0))->value.type, CV_T_I64);
    assert_int_equal(cv_bag_set_bool(bag, CV_TAG(3, 0), true), CV_OK);
    assert_int_equal(cv_bag_find(bag, CV_TAG(3, 0))->tag, CV_TAG(3, CV_T_BOOL));
    assert_int_equal(cv_bag_set_string(bag, CV_TAG(4, CV_T_STRING8), CV_S("x")),
                     CV_OK);
    assert_int_equal(cv_bag_find(bag, CV_TAG(4, 0))->value.type, CV_T_STRING8);
    assert_int_equal(cv_bag_set_binary(bag, CV_TAG(5, 0), CV_S("x")), CV_OK);
    assert_int_equal(cv_bag_find(bag, CV_TAG(5, 0))->value.type, CV_T_BINARY);
}

static void setters_copy_what_they_are_given(void **state)
{
    uint8_t bytes[] = { 'a', 'b' };
    cv_slice texts[] = { cv_slice_of(bytes, 2), CV_S("") };
    const cv_slice *back = NULL;
    size_t count = 0;
    (void)state;
    assert_int_equal(cv_bag_set_strings(bag, CV_PidLidCategories, texts, 2),
                     CV_OK);
    assert_int_equal(cv_bag_set_string(bag, CV_PidTagSubject, texts[0]), CV_OK);
    bytes[0] = 'X';
    texts[1] = CV_S("changed");
    assert_true(cv_bag_strings(bag, CV_PidLidCategories, &back, &count));
    assert_int_equal(count, 2);
    assert_true(cv_slice_eq(back[0], CV_S("ab")));
    assert_int_equal(back[1].len, 0);
    assert_true(cv_slice_eq(cv_bag_string_or(bag, CV_PidTagSubject, CV_S("")),
                            CV_S("ab")));
    assert_false(cv_bag_strings(bag, CV_PidTagSubject, &back, &count));
    assert_int_equal(cv_bag_set_strings(bag, CV_PidLidCategories, texts,
                                        CV_LIMIT_MULTI_VALUES + 1),
                     CV_ERR_LIMIT);
}

static void copies_are_deep_and_equal(void **state)
{
    static const int64_t numbers[] = { 1, -2, 3 };
    cv_arena *other = NULL;
    cv_value multi = { .type = CV_T_MULTI | CV_T_I32,
                       .count = 3,
                       .i64s = numbers };
    (void)state;
    assert_int_equal(cv_arena_new(0, &other, NULL), CV_OK);
    cv_bag *copy = cv_bag_new(other);
    assert_int_equal(cv_bag_set_string(bag, CV_PidTagSubject, CV_S("hi")),
                     CV_OK);
    assert_int_equal(cv_bag_put(bag, CV_TAG(0x7001, 0), &multi, NULL), CV_OK);
    assert_int_equal(cv_bag_set_i32(copy, CV_PidTagImportance, 1), CV_OK);
    assert_int_equal(cv_bag_copy_all(copy, bag, NULL), CV_OK);
    assert_int_equal(cv_bag_count(copy), 3);
    cv_bag_remove(copy, CV_PidTagImportance);
    assert_true(cv_bag_eq(bag, copy));
    const cv_prop *prop = cv_bag_find(copy, CV_TAG(0x7001, 0));
    assert_ptr_not_equal(prop->value.i64s, numbers);
    assert_int_equal(cv_value_at(&prop->value, 1).i64, -2);
    assert_int_equal(cv_value_at(&prop->value, 1).type, CV_T_I32);
    assert_int_equal(cv_bag_copy(copy, bag, CV_TAG(0x1234, 0), NULL), CV_OK);
    assert_int_equal(cv_bag_count(copy), 2);
    assert_int_equal(cv_bag_set_string(copy, CV_PidTagSubject, CV_S("ho")),
                     CV_OK);
    assert_false(cv_bag_eq(bag, copy));
    cv_arena_free(&other);
}

static void equality_is_exact(void **state)
{
    static const double plus[] = { 0.0 };
    static const double minus[] = { -0.0 };
    cv_value a = { .type = CV_T_F64, .count = 1, .f64 = 0.0 };
    cv_value b = { .type = CV_T_F64, .count = 1, .f64 = -0.0 };
    (void)state;
    assert_false(cv_value_eq(&a, &b));
    b.f64 = 0.0;
    assert_true(cv_value_eq(&a, &b));
    b.type = CV_T_F32;
    assert_false(cv_value_eq(&a, &b));
    a = (cv_value){ .type = CV_T_F64, .count = 1, .f64 = NAN };
    assert_true(cv_value_eq(&a, &a));
    a = (cv_value){ .type = 0x1005, .count = 1, .f64s = plus };
    b = (cv_value){ .type = 0x1005, .count = 1, .f64s = minus };
    assert_false(cv_value_eq(&a, &b));
    b.f64s = plus;
    assert_true(cv_value_eq(&a, &b));
    b.count = 0;
    assert_false(cv_value_eq(&a, &b));
    a = (cv_value){ .type = CV_T_STRING, .count = 1, .bytes = CV_S("x") };
    b = a;
    b.lossy = true;
    assert_false(cv_value_eq(&a, &b));
}

static void an_exhausted_arena_is_told(void **state)
{
    cv_arena *small = NULL;
    (void)state;
    assert_int_equal(cv_arena_new(4096, &small, NULL), CV_OK);
    cv_bag *b = cv_bag_new(small);
    cv_status status = CV_OK;
    for (uint32_t id = 0; id < 200 && status == CV_OK; id++)
        status = cv_bag_set_string(b, CV_TAG(id, CV_T_STRING), CV_S("some"));
    assert_int_equal(status, CV_ERR_LIMIT);
    assert_int_equal(cv_arena_status(small), CV_ERR_LIMIT);
    cv_arena_free(&small);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(properties_come_by_ascending_id),
        TEST(a_second_put_replaces_type_and_value),
        TEST(removal_keeps_all_others),
        TEST(the_limit_of_properties_is_exact),
        TEST(whole_numbers_stand_for_each_other),
        TEST(a_value_of_another_kind_is_absent),
        TEST(text_and_bytes_stand_for_each_other_one_way),
        TEST(an_empty_string_is_a_string),
        TEST(a_date_is_no_number),
        TEST(only_moments_have_ticks),
        TEST(ticks_without_filetime_remove_the_property),
        TEST(setters_take_the_type_of_the_tag),
        TEST(setters_copy_what_they_are_given),
        TEST(copies_are_deep_and_equal),
        TEST(equality_is_exact),
        TEST(an_exhausted_arena_is_told),
    };
    return cmocka_run_group_tests_name("bag", tests, NULL, NULL);
}
