/* cmd_queue.c - the queue console. */
#include "base/text.h"
#include "cli/admin_client.h"
#include "cli/commands.h"

static void print_rcpts(cli_call *call, const cv_json *list)
{
    for (size_t i = 0; list && i < list->count; i++) {
        const cv_json *r = &list->items[i];
        printf("    to %s%s", cli_str(call, r, "address"),
               cv_json_bool_or(r, "done", false) ? " (done)" : "");
        const char *status = cli_str(call, r, "status");
        if (*status)
            printf("  %s %s", status, cli_str(call, r, "reply"));
        putchar('\n');
    }
}

static void print_entry(cli_call *call, const cv_json *e)
{
    printf("%-6lld %-6s %-20s from %s  %s\n",
           (long long)cv_json_int_or(e, "id", 0), cli_str(call, e, "state"),
           cli_str(call, e, "destination"), cli_str(call, e, "from"),
           cli_str(call, e, "subject"));
    printf("    tries %lld, next %s, expires %s\n",
           (long long)cv_json_int_or(e, "attempts", 0),
           cli_str(call, e, "nextTry"), cli_str(call, e, "expires"));
    const char *failure = cli_str(call, e, "failureClass");
    if (*failure)
        printf("    %s: %s\n", failure, cli_str(call, e, "lastError"));
    print_rcpts(call, cv_json_get(e, "recipients"));
}

static int run_list(const cli_args *args)
{
    cli_call call;
    bool printed;

    cli_call_init(&call, "queue.list");
    int rc = cli_call_run(&call, args, &printed);
    if (rc == CLI_OK && !printed && call.result->count == 0)
        puts("the queue is empty");
    for (size_t i = 0; rc == CLI_OK && !printed && i < call.result->count; i++)
        print_entry(&call, &call.result->items[i]);
    cli_call_clear(&call);
    return rc;
}

static int run_show(const cli_args *args)
{
    cli_call call;
    bool printed;

    cli_call_init(&call, "queue.show");
    cli_call_text(&call, "id", cli_operand(args, 0));
    int rc = cli_call_run(&call, args, &printed);
    if (rc == CLI_OK && !printed)
        print_entry(&call, call.result);
    cli_call_clear(&call);
    return rc;
}

/* "Unable to open for delivery", and what the old console did not say. */
static int print_unable(cli_call *call)
{
    cli_error("%s", cli_str(call, call->result, "message"));
    fprintf(stderr, "  why:     %s\n  setting: %s\n  remedy:  %s\n",
            cli_str(call, call->result, "why"),
            cli_str(call, call->result, "setting"),
            cli_str(call, call->result, "remedy"));
    return CLI_FAILED;
}

static int run_open(const cli_args *args)
{
    cli_call call;
    bool printed;

    cli_call_init(&call, "queue.open");
    cli_call_text(&call, "id", cli_operand(args, 0));
    int rc = cli_call_run(&call, args, &printed);
    if (rc == CLI_OK && !cv_json_bool_or(call.result, "opened", false)) {
        rc = printed ? CLI_FAILED : print_unable(&call);
    } else if (rc == CLI_OK && !printed) {
        cv_slice mime = cv_base64_decode(
            call.arena, cv_json_text_or(call.result, "mime", CV_S("")), NULL);
        fwrite(mime.ptr, 1, mime.len, stdout);
    }
    cli_call_clear(&call);
    return rc;
}

static int on_entry(const cli_args *args, const char *cmd, const char *key,
                    bool value, const char *done)
{
    cli_call call;

    cli_call_init(&call, cmd);
    cli_call_text(&call, "id", cli_operand(args, 0));
    if (key)
        cv_json_put_bool(&call.json, key, value);
    return cli_call_simple(&call, args, done);
}

static int run_retry(const cli_args *args)
{
    return on_entry(args, "queue.retry", NULL, false, "due now");
}

static int run_hold(const cli_args *args)
{
    bool release = cli_has(args, "release");

    return on_entry(args, "queue.hold", "release", release,
                    release ? "released" : "held");
}

static int run_delete(const cli_args *args)
{
    return on_entry(args, "queue.delete", "ndr", !cli_has(args, "no-ndr"),
                    "deleted");
}

static const cli_option plain[] = { CLI_ADMIN_OPTIONS, { 0 } };
static const cli_option hold_options[] = {
    { 0, "release", NULL, "let it go again" },
    CLI_ADMIN_OPTIONS,
    { 0 },
};
static const cli_option delete_options[] = {
    { 0, "no-ndr", NULL, "the sender is told nothing" },
    CLI_ADMIN_OPTIONS,
    { 0 },
};

#define ON_ENTRY(var, word, opts, text) \
    static const cli_command var = { .name = word, \
                                     .operands = "ID", \
                                     .summary = text, \
                                     .options = opts, \
                                     .min_operands = 1, \
                                     .max_operands = 1, \
                                     .run = run_##var }
static const cli_command list = { .name = "list",
                                  .operands = "",
                                  .summary = "List what waits, and why.",
                                  .options = plain,
                                  .run = run_list };
ON_ENTRY(show, "show", plain, "Show one entry.");
ON_ENTRY(open, "open", plain,
         "Show the message as it would go out, or why it cannot.");
ON_ENTRY(retry, "retry", plain, "Make an entry due now.");
ON_ENTRY(hold, "hold", hold_options, "Keep an entry back.");
ON_ENTRY(delete, "delete", delete_options,
         "Take an entry out; its sender gets a report.");
static const cli_command *const subs[] = { &list, &show,   &open, &retry,
                                           &hold, &delete, NULL };

const cli_command cli_cmd_queue = { .name = "queue",
                                    .operands = "",
                                    .summary = "The queue console.",
                                    .subs = subs };
