#include "base/arena.h"
#include "base/limits.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void memory_is_zero_aligned_and_distinct(void **state)
{
    cv_arena *a = NULL;
    uint8_t *last = NULL;
    (void)state;
    assert_int_equal(cv_arena_new(0, &a, NULL), CV_OK);
    for (size_t size = 0; size < 3000; size += 7) {
        uint8_t *p = cv_arena_alloc(a, size);
        assert_non_null(p);
        assert_ptr_not_equal(p, last);
        assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(p[i], 0);
        memset(p, 0xa5, size);
        last = p;
    }
    assert_int_equal(cv_arena_status(a), CV_OK);
    assert_true(cv_arena_used(a) > 600000);
    cv_arena_free(&a);
    assert_null(a);
    cv_arena_free(&a);
}

/* A chunk may have served another arena of the thread. */
static void memory_is_zero_whoever_had_it_before(void **state)
{
    (void)state;
    for (int round = 0; round < 3; round++) {
        cv_arena *arena = NULL;
        assert_int_equal(cv_arena_new(0, &arena, NULL), CV_OK);
        for (int i = 0; i < 40; i++) {
            uint8_t *p = cv_arena_alloc(arena, 4000);
            assert_non_null(p);
            assert_true(p[0] == 0 && memcmp(p, p + 1, 3999) == 0);
            memset(p, 0xA5, 4000);
        }
        cv_arena_free(&arena);
    }
}

static void *use_an_arena(void *unused)
{
    memory_is_zero_whoever_had_it_before(NULL);
    return unused;
}

/* What it kept goes with it: the leak checkers see to that. */
static void a_thread_that_used_arenas_may_end(void **state)
{
    pthread_t thread;
    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, use_an_arena, NULL), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static void large_pieces_leave_the_current_chunk_usable(void **state)
{
    cv_arena *a = NULL;
    (void)state;
    assert_int_equal(cv_arena_new(0, &a, NULL), CV_OK);
    uint8_t *one = cv_arena_alloc(a, 16);
    uint8_t *big = cv_arena_alloc(a, 1 << 20);
    uint8_t *two = cv_arena_alloc(a, 16);
    assert_non_null(big);
    memset(big, 1, 1 << 20);
    assert_ptr_equal(two, one + 16);
    cv_arena_free(&a);
}

static void budget_is_the_bound_and_its_status_stays(void **state)
{
    cv_arena *a = NULL;
    cv_error err;
    (void)state;
    assert_int_equal(cv_arena_new(1000, &a, NULL), CV_OK);
    assert_non_null(cv_arena_alloc(a, 600));
    assert_non_null(cv_arena_alloc(a, 300));
    assert_null(cv_arena_alloc(a, 600));
    assert_int_equal(cv_arena_status(a), CV_ERR_LIMIT);
    assert_null(cv_arena_alloc(a, 1));
    assert_int_equal(cv_arena_fail(a, &err), CV_ERR_LIMIT);
    assert_string_equal(err.what, "object needs more than 1000 bytes");
    cv_arena_free(&a);
}

static void budget_holds_over_many_chunks(void **state)
{
    (void)state;
    for (size_t size = 16; size <= 50000; size *= 5) {
        cv_arena *a = NULL;
        assert_int_equal(cv_arena_new(200000, &a, NULL), CV_OK);
        while (cv_arena_alloc(a, size))
            ;
        assert_int_equal(cv_arena_status(a), CV_ERR_LIMIT);
        assert_true(cv_arena_used(a) <= 200000);
        assert_true(cv_arena_used(a) > 140000);
        cv_arena_free(&a);
    }
}

static void default_budget_is_the_named_limit(void **state)
{
    cv_arena *a = NULL;
    (void)state;
    assert_int_equal(cv_arena_new(0, &a, NULL), CV_OK);
    assert_null(cv_arena_alloc(a, CV_LIMIT_ARENA_BYTES + 1));
    assert_int_equal(cv_arena_status(a), CV_ERR_LIMIT);
    cv_arena_free(&a);
}

static void sizes_that_overflow_are_a_limit(void **state)
{
    cv_arena *a = NULL;
    (void)state;
    assert_int_equal(cv_arena_new(0, &a, NULL), CV_OK);
    assert_null(cv_arena_array(a, SIZE_MAX / 2, 3));
    assert_int_equal(cv_arena_status(a), CV_ERR_LIMIT);
    cv_arena_free(&a);
    assert_int_equal(cv_arena_new(0, &a, NULL), CV_OK);
    assert_null(cv_arena_alloc(a, SIZE_MAX));
    cv_arena_free(&a);
    assert_int_equal(cv_arena_new(SIZE_MAX, &a, NULL), CV_OK);
    assert_null(cv_arena_alloc(a, SIZE_MAX - 3));
    assert_int_not_equal(cv_arena_status(a), CV_OK);
    cv_arena_free(&a);
}

static void copies_end_in_nul_and_may_hold_nul(void **state)
{
    cv_arena *a = NULL;
    (void)state;
    assert_int_equal(cv_arena_new(0, &a, NULL), CV_OK);
    cv_slice s = cv_arena_dup(a, CV_S("a\0b"));
    assert_int_equal(s.len, 3);
    assert_memory_equal(s.ptr, "a\0b", 4);
    s = cv_arena_dup(a, (cv_slice){ NULL, 0 });
    assert_non_null(s.ptr);
    assert_int_equal(s.len, 0);
    assert_string_equal(cv_arena_cstr(a, CV_S("text")), "text");
    assert_null(
        cv_arena_dup(a, (cv_slice){ (const uint8_t *)"", SIZE_MAX }).ptr);
    cv_arena_free(&a);
}

static void printf_of_any_length(void **state)
{
    cv_arena *a = NULL;
    (void)state;
    assert_int_equal(cv_arena_new(0, &a, NULL), CV_OK);
    assert_true(cv_slice_eq(cv_arena_printf(a, "%d-%s", 7, "x"), CV_S("7-x")));
    for (int len = 250; len < 260; len++) {
        cv_slice s = cv_arena_printf(a, "%0*d", len, 5);
        assert_int_equal(s.len, len);
        assert_int_equal(s.ptr[len - 1], '5');
        assert_int_equal(s.ptr[len], 0);
    }
    cv_arena_free(&a);
    assert_int_equal(cv_arena_new(64, &a, NULL), CV_OK);
    assert_null(cv_arena_printf(a, "%0500d", 1).ptr);
    cv_arena_free(&a);
}

static char order[8];

static void note(void *ptr)
{
    strncat(order, ptr, 1);
}

static void clear_functions_run_last_first(void **state)
{
    cv_arena *a = NULL;
    (void)state;
    order[0] = 0;
    assert_int_equal(cv_arena_new(0, &a, NULL), CV_OK);
    assert_int_equal(cv_arena_on_clear(a, note, "1"), CV_OK);
    assert_int_equal(cv_arena_on_clear(a, note, "2"), CV_OK);
    assert_int_equal(cv_arena_on_clear(a, note, "3"), CV_OK);
    assert_string_equal(order, "");
    cv_arena_free(&a);
    assert_string_equal(order, "321");
}

static void clear_function_that_cannot_be_kept_runs_at_once(void **state)
{
    cv_arena *a = NULL;
    (void)state;
    order[0] = 0;
    assert_int_equal(cv_arena_new(16, &a, NULL), CV_OK);
    assert_int_equal(cv_arena_on_clear(a, note, "1"), CV_ERR_NOMEM);
    assert_string_equal(order, "1");
    assert_int_equal(cv_arena_status(a), CV_ERR_NOMEM);
    cv_arena_free(&a);
    assert_string_equal(order, "1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zero_aligned_and_distinct),
        cmocka_unit_test(memory_is_zero_whoever_had_it_before),
        cmocka_unit_test(a_thread_that_used_arenas_may_end),
        cmocka_unit_test(large_pieces_leave_the_current_chunk_usable),
        cmocka_unit_test(budget_is_the_bound_and_its_status_stays),
        cmocka_unit_test(budget_holds_over_many_chunks),
        cmocka_unit_test(default_budget_is_the_named_limit),
        cmocka_unit_test(sizes_that_overflow_are_a_limit),
        cmocka_unit_test(copies_end_in_nul_and_may_hold_nul),
        cmocka_unit_test(printf_of_any_length),
        cmocka_unit_test(clear_functions_run_last_first),
        cmocka_unit_test(clear_function_that_cannot_be_kept_runs_at_once),
    };
    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
