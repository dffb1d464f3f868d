/* cmd_submit.c - queues a message from a file. */
#include "cli/admin_client.h"
#include "cli/commands.h"

static int run(const cli_args *args)
{
    cli_call call;

    if (cli_count(args, "to") == 0)
        return cli_usage_error(args, "--to ADDRESS is missing");
    cli_call_init(&call, "submit");
    cli_call_text(&call, "from", cli_value(args, "from", ""));
    cv_json_begin_array(&call.json, "to");
    for (size_t i = 0; i < cli_count(args, "to"); i++)
        cv_json_put_str(&call.json, NULL, cli_value_at(args, "to", i));
    cv_json_end_array(&call.json);
    int rc = cli_call_file(&call, cli_operand(args, 0));
    if (rc == CLI_OK)
        return cli_call_simple(&call, args, "queued");
    cli_call_clear(&call);
    return rc;
}

static const cli_option options[] = {
    { 'f', "from", "ADDRESS", "envelope sender; empty: none" },
    { 't', "to", "ADDRESS", "recipient; may be repeated" },
    CLI_ADMIN_OPTIONS,
    { 0 },
};

const cli_command cli_cmd_submit = {
    .name = "submit",
    .operands = "FILE",
    .summary = "Queue a message: .eml, .msg, .ics or an object in JSON.",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
