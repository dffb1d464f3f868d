#include "cli/args.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static char seen[256]; /* what the last run was given */

static int record(const cli_args *args)
{
    int n = snprintf(
        seen, sizeof seen, "all=%d to=%s set=%zu:%s", cli_has(args, "all"),
        cli_value(args, "to", "none"), cli_count(args, "set"),
        cli_count(args, "set") ? cli_value_at(args, "set", 0) : "");
    for (size_t i = 0; i < cli_operand_count(args); i++)
        n += snprintf(seen + n, sizeof seen - (size_t)n, " %s",
                      cli_operand(args, i));
    int64_t number;
    if (!cli_number(args, "count", 1, 9, 5, &number))
        return CLI_USAGE;
    snprintf(seen + n, sizeof seen - (size_t)n, " n=%d", (int)number);
    return CLI_OK;
}

static const cli_option options[] = {
    { 'a', "all", NULL, "everything" },
    { 't', "to", "FORMAT", "target" },
    { 0, "set", "KEY=VALUE", "a setting" },
    { 'n', "count", "N", "how many" },
    { 0 },
};
static const cli_command list = { .name = "list",
                                  .operands = "FILE...",
                                  .summary = "List.",
                                  .options = options,
                                  .min_operands = 1,
                                  .max_operands = 2,
                                  .run = record };
static const cli_command *const queue_subs[] = { &list, NULL };
static const cli_command queue = {
    .name = "queue", .operands = "", .summary = "Queue.", .subs = queue_subs
};
static const cli_command *const root_subs[] = { &queue, NULL };
static const cli_command root = {
    .name = "p", .operands = "", .summary = "Program.", .subs = root_subs
};

/* The words end with NULL. */
static int run(const char *first, ...)
{
    char *argv[16] = { (char *)"p", (char *)first };
    int argc = 2;
    va_list ap;
    va_start(ap, first);
    while ((argv[argc] = va_arg(ap, char *)))
        argc++;
    va_end(ap);
    memset(seen, 0, sizeof seen);
    return cli_run(&root, argc, argv);
}

static void options_may_stand_anywhere_and_repeat(void **state)
{
    (void)state;
    assert_int_equal(run("queue", "list", "x", "--to", "eml", "--set=a=1",
                         "--set", "b=2", "-a", "y", NULL),
                     CLI_OK);
    assert_string_equal(seen, "all=1 to=eml set=2:a=1 x y n=5");
}

static void short_options_join_and_take_values(void **state)
{
    (void)state;
    assert_int_equal(run("queue", "list", "-atics", "-n", "7", "x", NULL),
                     CLI_OK);
    assert_string_equal(seen, "all=1 to=ics set=0: x n=7");
}

static void the_last_value_wins(void **state)
{
    (void)state;
    run("queue", "list", "--to", "a", "--to=b", "x", NULL);
    assert_string_equal(seen, "all=0 to=b set=0: x n=5");
}

static void two_dashes_end_options_and_one_is_an_operand(void **state)
{
    (void)state;
    run("queue", "list", "-", "--", "-a", NULL);
    assert_string_equal(seen, "all=0 to=none set=0: - -a n=5");
}

static void wrong_usage_gives_2_and_runs_nothing(void **state)
{
    (void)state;
    assert_int_equal(run("queue", NULL), CLI_USAGE);
    assert_int_equal(run("cue", NULL), CLI_USAGE);
    assert_int_equal(run("queue", "list", NULL), CLI_USAGE);
    assert_int_equal(run("queue", "list", "a", "b", "c", NULL), CLI_USAGE);
    assert_int_equal(run("queue", "list", "--nope", "a", NULL), CLI_USAGE);
    assert_int_equal(run("queue", "list", "-z", "a", NULL), CLI_USAGE);
    assert_int_equal(run("queue", "list", "a", "--to", NULL), CLI_USAGE);
    assert_int_equal(run("queue", "list", "a", "-t", NULL), CLI_USAGE);
    assert_int_equal(run("queue", "list", "a", "--all=1", NULL), CLI_USAGE);
    assert_string_equal(seen, "");
}

static void a_number_outside_its_range_is_wrong_usage(void **state)
{
    (void)state;
    assert_int_equal(run("queue", "list", "a", "-n", "0", NULL), CLI_USAGE);
    assert_int_equal(run("queue", "list", "a", "-n", "10", NULL), CLI_USAGE);
    assert_int_equal(run("queue", "list", "a", "-n", "4x", NULL), CLI_USAGE);
    assert_int_equal(run("queue", "list", "a", "-n", "9", NULL), CLI_OK);
}

static void help_needs_no_operands_and_succeeds(void **state)
{
    (void)state;
    assert_int_equal(run("--help", NULL), CLI_OK);
    assert_int_equal(run("queue", "-h", NULL), CLI_OK);
    assert_int_equal(run("queue", "list", "--help", "--nope", NULL), CLI_OK);
    assert_string_equal(seen, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_may_stand_anywhere_and_repeat),
        cmocka_unit_test(short_options_join_and_take_values),
        cmocka_unit_test(the_last_value_wins),
        cmocka_unit_test(two_dashes_end_options_and_one_is_an_operand),
        cmocka_unit_test(wrong_usage_gives_2_and_runs_nothing),
        cmocka_unit_test(a_number_outside_its_range_is_wrong_usage),
        cmocka_unit_test(help_needs_no_operands_and_succeeds),
    };
    return cmocka_run_group_tests_name("args", tests, NULL, NULL);
}
