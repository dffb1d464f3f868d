#include "base/env.h"
#include "base/wintime.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void test_env_stands_still_and_counts(void **state)
{
    cv_test_env t = { .now = 42, .seed = 0x0102030405060707 };
    cv_env env = cv_env_test(&t);
    uint8_t out[10];
    (void)state;
    assert_true(env.now(env.ctx) == 42);
    t.now = 43;
    assert_true(env.now(env.ctx) == 43);
    env.random(env.ctx, out, sizeof(out));
    assert_memory_equal(out, "\1\2\3\4\5\6\7\x08\1\2", 10);
    env.random(env.ctx, out, 8);
    assert_memory_equal(out, "\1\2\3\4\5\6\7\x09", 8);
    env.random(env.ctx, out, 0);
    assert_true(t.seed == 0x010203040506070a);
}

static void system_env_has_a_clock_and_chance(void **state)
{
    cv_env env = cv_env_system();
    uint8_t a[600] = { 0 }, b[600] = { 0 };
    (void)state;
    /* After 2020 and never backwards by much. */
    int64_t now = env.now(env.ctx);
    assert_true(now > INT64_C(1577836800) * CV_TICKS_PER_SEC);
    assert_true(env.now(env.ctx) - now < 60 * CV_TICKS_PER_SEC);
    env.random(env.ctx, a, sizeof(a));
    env.random(env.ctx, b, sizeof(b));
    assert_memory_not_equal(a, b, sizeof(a));
    assert_memory_not_equal(a + 584, b + 584, 16); /* filled to the end */
}

/* Runs fn in a child without core dump; its wait status. */
static int in_child(void (*fn)(void))
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct rlimit none = { 0, 0 };
        (void)setrlimit(RLIMIT_CORE, &none);
        (void)signal(SIGABRT, SIG_DFL);
        (void)close(2);
        fn();
        _exit(0);
    }
    int status = 0;
    assert_true(waitpid(child, &status, 0) == child);
    return status;
}

static void pass_twice_armed_for_two(void)
{
    if (!cv_kill_point_arm("queue-done-after-commit", 2))
        _exit(3);
    cv_kill_point("queue-done-before-commit");
    cv_kill_point("queue-done-after-commit");
    cv_kill_point("queue-done-before-commit");
    cv_kill_point("queue-done-after-commit");
}

static void pass_twice_armed_for_three(void)
{
    if (!cv_kill_point_arm("queue-done-after-commit", 3))
        _exit(3);
    cv_kill_point("queue-done-after-commit");
    cv_kill_point("queue-done-after-commit");
}

static void pass_unknown_name(void)
{
    if (!cv_kill_point_arm("queue-done-after-commit", 1))
        _exit(3);
    cv_kill_point("no-such-point");
}

static void kill_point_kills_at_the_nth_pass(void **state)
{
    (void)state;
    int status = in_child(pass_twice_armed_for_two);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    status = in_child(pass_twice_armed_for_three);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void kill_point_without_a_row_is_a_program_error(void **state)
{
    (void)state;
    int status = in_child(pass_unknown_name);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void kill_point_that_is_unknown_cannot_be_armed(void **state)
{
    (void)state;
    assert_false(cv_kill_point_arm("no-such-point", 1));
    assert_false(cv_kill_point_arm("queue-done-after-commit", 0));
    cv_kill_point("queue-done-after-commit"); /* nothing armed: goes on */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_env_stands_still_and_counts),
        cmocka_unit_test(system_env_has_a_clock_and_chance),
        cmocka_unit_test(kill_point_kills_at_the_nth_pass),
        cmocka_unit_test(kill_point_without_a_row_is_a_program_error),
        cmocka_unit_test(kill_point_that_is_unknown_cannot_be_armed),
    };
    return cmocka_run_group_tests_name("env", tests, NULL, NULL);
}
