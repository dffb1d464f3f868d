/* cmd_account.c - accounts: add, list, passwd, alias. */
#include "cli/admin_client.h"
#include "cli/commands.h"

#include <errno.h>
#include <string.h>

/* The first line of a file or of standard input, without its end. */
static int read_password(const char *path, char *out, size_t size)
{
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");

    if (!f)
        return cli_error("%s: %s", path, strerror(errno));
    char *line = fgets(out, (int)size, f);
    if (f != stdin)
        fclose(f);
    if (!line)
        return cli_error("%s: no password on the first line", path);
    out[strcspn(out, "\r\n")] = 0;
    return CLI_OK;
}

static int put_password(cli_call *call, const cli_args *args)
{
    char line[512];
    const char *path = cli_value(args, "password-file", NULL);

    if (!path)
        return CLI_OK;
    int rc = read_password(path, line, sizeof(line));
    if (rc == CLI_OK)
        cli_call_text(call, "password", line);
    explicit_bzero(line, sizeof(line));
    return rc;
}

static int run_add(const cli_args *args)
{
    cli_call call;

    cli_call_init(&call, "account.add");
    cli_call_text(&call, "address", cli_operand(args, 0));
    cli_call_text(&call, "name", cli_value(args, "name", NULL));
    cli_call_text(&call, "legacyDn", cli_value(args, "legacy-dn", NULL));
    cli_call_text(&call, "timeZone", cli_value(args, "time-zone", NULL));
    cli_call_text(&call, "language", cli_value(args, "language", NULL));
    int rc = put_password(&call, args);
    if (rc == CLI_OK)
        return cli_call_simple(&call, args, "account added");
    cli_call_clear(&call);
    return rc;
}

static int run_list(const cli_args *args)
{
    cli_call call;
    bool printed;

    cli_call_init(&call, "account.list");
    int rc = cli_call_run(&call, args, &printed);
    for (size_t i = 0; rc == CLI_OK && !printed && i < call.result->count;
         i++) {
        const cv_json *a = &call.result->items[i];
        printf("%-30s %s\n", cli_str(&call, a, "address"),
               cli_str(&call, a, "name"));
        const cv_json *aliases = cv_json_get(a, "aliases");
        for (size_t k = 0; aliases && k < aliases->count; k++)
            printf("  alias %.*s\n", CV_FMT(aliases->items[k].text));
    }
    cli_call_clear(&call);
    return rc;
}

static int run_passwd(const cli_args *args)
{
    cli_call call;

    if (!cli_has(args, "password-file"))
        return cli_usage_error(args, "--password-file FILE is wanted "
                                     "(- for standard input)");
    cli_call_init(&call, "account.passwd");
    cli_call_text(&call, "account", cli_operand(args, 0));
    int rc = put_password(&call, args);
    if (rc == CLI_OK)
        return cli_call_simple(&call, args, "password set");
    cli_call_clear(&call);
    return rc;
}

static int run_alias(const cli_args *args)
{
    cli_call call;
    bool remove = cli_has(args, "remove");

    cli_call_init(&call, "account.alias");
    cli_call_text(&call, "account", cli_operand(args, 0));
    cli_call_text(&call, "alias", cli_operand(args, 1));
    cv_json_put_bool(&call.json, "remove", remove);
    return cli_call_simple(&call, args,
                           remove ? "alias removed" : "alias added");
}

#define PASSWORD_OPTION \
    { \
        0, "password-file", "FILE", \
            "password on the first line of FILE; - reads standard input" \
    }

static const cli_option add_options[] = {
    { 'n', "name", "NAME", "display name" },
    { 0, "legacy-dn", "DN", "legacyExchangeDN that EX addresses name" },
    { 0, "time-zone", "ZONE", "IANA or Windows time zone name" },
    { 0, "language", "TAG", "language, such as en-GB" },
    PASSWORD_OPTION,
    CLI_ADMIN_OPTIONS,
    { 0 },
};
static const cli_option passwd_options[] = { PASSWORD_OPTION,
                                             CLI_ADMIN_OPTIONS,
                                             { 0 } };
static const cli_option plain_options[] = { CLI_ADMIN_OPTIONS, { 0 } };
static const cli_option alias_options[] = {
    { 0, "remove", NULL, "take the alias away" },
    CLI_ADMIN_OPTIONS,
    { 0 },
};

static const cli_command add = { .name = "add",
                                 .operands = "ADDRESS",
                                 .summary = "Make an account and its mailbox.",
                                 .options = add_options,
                                 .min_operands = 1,
                                 .max_operands = 1,
                                 .run = run_add };
static const cli_command list = { .name = "list",
                                  .operands = "",
                                  .summary = "List the accounts.",
                                  .options = plain_options,
                                  .run = run_list };
static const cli_command passwd = { .name = "passwd",
                                    .operands = "ADDRESS",
                                    .summary = "Set an account's password.",
                                    .options = passwd_options,
                                    .min_operands = 1,
                                    .max_operands = 1,
                                    .run = run_passwd };
static const cli_command alias = { .name = "alias",
                                   .operands = "ADDRESS ALIAS",
                                   .summary =
                                       "Give an account a further address.",
                                   .options = alias_options,
                                   .min_operands = 2,
                                   .max_operands = 2,
                                   .run = run_alias };
static const cli_command *const subs[] = { &add, &list, &passwd, &alias, NULL };

const cli_command cli_cmd_account = { .name = "account",
                                      .operands = "",
                                      .summary = "Accounts of the store.",
                                      .subs = subs };
