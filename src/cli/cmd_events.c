/* cmd_events.c - the event log and its levels. */
#include "cli/admin_client.h"
#include "cli/commands.h"

#include <time.h>

static void print_event(cli_call *call, const cv_json *e)
{
    printf("%s %-11s %s / %s", cli_str(call, e, "at"),
           cli_str(call, e, "severity"), cli_str(call, e, "source"),
           cli_str(call, e, "category"));
    int64_t number = cv_json_int_or(e, "event", 0);
    if (number)
        printf(" %lld", (long long)number);
    printf(": %s\n", cli_str(call, e, "text"));
}

/* Prints the events after *after and moves it. */
static int print_after(const cli_args *args, int64_t *after)
{
    cli_call call;
    bool printed;

    cli_call_init(&call, "events.list");
    cv_json_put_int(&call.json, "after", *after);
    int rc = cli_call_run(&call, args, &printed);
    for (size_t i = 0; rc == CLI_OK && i < call.result->count; i++) {
        const cv_json *e = &call.result->items[i];
        if (!printed)
            print_event(&call, e);
        *after = cv_json_int_or(e, "id", *after);
    }
    fflush(stdout);
    cli_call_clear(&call);
    return rc;
}

static int run_events(const cli_args *args)
{
    int64_t after = 0;
    int rc = print_after(args, &after);

    while (rc == CLI_OK && cli_has(args, "follow")) {
        struct timespec pause = { 0, 250 * 1000 * 1000 };
        nanosleep(&pause, NULL);
        rc = print_after(args, &after);
    }
    return rc;
}

static int run_level(const cli_args *args)
{
    cli_call call;
    bool printed;

    if (cli_operand_count(args) == 1)
        return cli_usage_error(args, "a level is missing: none, minimum, "
                                     "medium or maximum");
    cli_call_init(&call, "events.level");
    cli_call_text(&call, "category", cli_operand(args, 0));
    cli_call_text(&call, "level", cli_operand(args, 1));
    int rc = cli_call_run(&call, args, &printed);
    for (size_t i = 0; rc == CLI_OK && !printed && i < call.result->count; i++)
        printf("%-45s %s\n", cli_str(&call, &call.result->items[i], "category"),
               cli_str(&call, &call.result->items[i], "level"));
    cli_call_clear(&call);
    return rc;
}

static const cli_option list_options[] = {
    { 'f', "follow", NULL, "go on printing what comes" },
    CLI_ADMIN_OPTIONS,
    { 0 },
};
static const cli_option level_options[] = { CLI_ADMIN_OPTIONS, { 0 } };

static const cli_command list = { .name = "list",
                                  .operands = "",
                                  .summary = "Print the event log.",
                                  .options = list_options,
                                  .run = run_events };
static const cli_command level = {
    .name = "level",
    .operands = "[CATEGORY LEVEL]",
    .summary = "Show the diagnostics levels, or set one.",
    .options = level_options,
    .max_operands = 2,
    .run = run_level,
};
static const cli_command *const subs[] = { &list, &level, NULL };

const cli_command cli_cmd_events = {
    .name = "events",
    .operands = "",
    .summary = "The event log and its diagnostics levels.",
    .options = list_options,
    .run = run_events,
    .subs = subs,
};
