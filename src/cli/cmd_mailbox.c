/* cmd_mailbox.c - what lies in a mailbox. */
#include "base/text.h"
#include "cli/admin_client.h"
#include "cli/commands.h"

#include <errno.h>
#include <string.h>

static void print_messages(cli_call *call, const cv_json *list)
{
    for (size_t i = 0; list && i < list->count; i++) {
        const cv_json *m = &list->items[i];
        printf("  %-6lld %.19sZ %-32s %-24s %s\n",
               (long long)cv_json_int_or(m, "id", 0),
               cli_str(call, m, "received"), cli_str(call, m, "class"),
               cli_str(call, m, "from"), cli_str(call, m, "subject"));
    }
}

static int run_list(const cli_args *args)
{
    cli_call call;
    bool printed;

    cli_call_init(&call, "mailbox.list");
    cli_call_text(&call, "account", cli_operand(args, 0));
    cli_call_text(&call, "folder", cli_operand(args, 1));
    cv_json_put_bool(&call.json, "messages", cli_has(args, "all"));
    int rc = cli_call_run(&call, args, &printed);
    for (size_t i = 0; rc == CLI_OK && !printed && i < call.result->count;
         i++) {
        const cv_json *f = &call.result->items[i];
        printf("%-16s %lld messages, %lld unread\n", cli_str(&call, f, "name"),
               (long long)cv_json_int_or(f, "count", 0),
               (long long)cv_json_int_or(f, "unread", 0));
        print_messages(&call, cv_json_get(f, "messages"));
    }
    cli_call_clear(&call);
    return rc;
}

static int run_show(const cli_args *args)
{
    cli_call call;

    cli_call_init(&call, "mailbox.show");
    cli_call_text(&call, "message", cli_operand(args, 0));
    cv_json_put_bool(&call.json, "full", cli_has(args, "full"));
    int rc = cli_call_run(&call, args, NULL);
    if (rc == CLI_OK)
        cli_print_json(call.result, stdout);
    cli_call_clear(&call);
    return rc;
}

static int write_file(const char *path, cv_slice bytes)
{
    FILE *f = strcmp(path, "-") == 0 ? stdout : fopen(path, "wb");

    if (!f)
        return cli_error("%s: %s", path, strerror(errno));
    bool ok = fwrite(bytes.ptr, 1, bytes.len, f) == bytes.len;
    ok = (f == stdout ? fflush(f) : fclose(f)) == 0 && ok;
    return ok ? CLI_OK : cli_error("%s: %s", path, strerror(errno));
}

static int run_export(const cli_args *args)
{
    cli_call call;

    cli_call_init(&call, "mailbox.export");
    cli_call_text(&call, "message", cli_operand(args, 0));
    cli_call_text(&call, "as", cli_value(args, "to", "eml"));
    int rc = cli_call_run(&call, args, NULL);
    if (rc == CLI_OK)
        rc = write_file(
            cli_value(args, "output", "-"),
            cv_base64_decode(call.arena,
                             cv_json_text_or(call.result, "data", CV_S("")),
                             NULL));
    cli_call_clear(&call);
    return rc;
}

static const cli_option list_options[] = {
    { 'a', "all", NULL, "list the messages of every folder" },
    CLI_ADMIN_OPTIONS,
    { 0 },
};
static const cli_option show_options[] = {
    { 0, "full", NULL, "binary values of any size in hex" },
    CLI_ADMIN_OPTIONS,
    { 0 },
};
static const cli_option export_options[] = {
    { 0, "to", "FORM", "eml (default), msg or json" },
    { 'o', "output", "FILE", "where to; - (default) is standard output" },
    CLI_ADMIN_OPTIONS,
    { 0 },
};

static const cli_command list = { .name = "list",
                                  .operands = "ACCOUNT [FOLDER]",
                                  .summary =
                                      "List folders, or a folder's messages.",
                                  .options = list_options,
                                  .min_operands = 1,
                                  .max_operands = 2,
                                  .run = run_list };
static const cli_command show = { .name = "show",
                                  .operands = "MESSAGE-ID-NUMBER",
                                  .summary =
                                      "Print a message's properties as JSON.",
                                  .options = show_options,
                                  .min_operands = 1,
                                  .max_operands = 1,
                                  .run = run_show };
static const cli_command export_ = { .name = "export",
                                     .operands = "MESSAGE-ID-NUMBER",
                                     .summary = "Write a message to a file.",
                                     .options = export_options,
                                     .min_operands = 1,
                                     .max_operands = 1,
                                     .run = run_export };
static const cli_command *const subs[] = { &list, &show, &export_, NULL };

const cli_command cli_cmd_mailbox = { .name = "mailbox",
                                      .operands = "",
                                      .summary = "What lies in a mailbox.",
                                      .subs = subs };
