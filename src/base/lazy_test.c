#include "base/lazy.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define FUNCTIONS(F) F(cos) F(floor)

typedef struct maths {
    FUNCTIONS(CV_LAZY_POINTER)
} maths;

static void functions_are_found_by_their_names(void **state)
{
    static const char *const names[] = { FUNCTIONS(CV_LAZY_NAME) };
    maths m;
    (void)state;
    assert_int_equal(sizeof(m) / sizeof(void *), 2);
    assert_true(cv_lazy_open("libm.so.6", names, 2, (void **)&m));
    assert_true(m.floor(2.5) == 2.0);
    assert_true(m.cos(0) == 1.0);
}

static void what_is_missing_leaves_the_table_empty(void **state)
{
    static const char *const names[] = { "cos", "no_such_function" };
    void *table[2] = { state, state };
    assert_false(cv_lazy_open("libm.so.6", names, 2, table));
    assert_null(table[0]);
    assert_null(table[1]);
    table[0] = state;
    assert_false(cv_lazy_open("libnothing.so.0", names, 1, table));
    assert_null(table[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_are_found_by_their_names),
        cmocka_unit_test(what_is_missing_leaves_the_table_empty),
    };
    return cmocka_run_group_tests_name("lazy", tests, NULL, NULL);
}
