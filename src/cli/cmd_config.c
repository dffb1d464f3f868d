/* cmd_config.c - settings from the command line. */
#include "cli/admin_client.h"
#include "cli/commands.h"

#include <errno.h>
#include <string.h>

static void say_woken(const cv_json *result)
{
    int64_t woken = cv_json_int_or(result, "woken", 0);

    if (woken > 0)
        printf("%lld queue entries were waiting for this and are due now\n",
               (long long)woken);
}

static int run_get(const cli_args *args)
{
    cli_call call;
    bool printed;

    cli_call_init(&call, "config.get");
    cli_call_text(&call, "name", cli_operand(args, 0));
    cli_call_text(&call, "domain", cli_value(args, "domain", NULL));
    int rc = cli_call_run(&call, args, &printed);
    if (rc == CLI_OK && !printed)
        puts(cli_str(&call, call.result, "value"));
    cli_call_clear(&call);
    return rc;
}

static int change(const cli_args *args, cli_call *call)
{
    bool printed;
    int rc = cli_call_run(call, args, &printed);

    if (rc == CLI_OK && !printed) {
        printf("%s = %s\n", cli_str(call, call->result, "name"),
               cli_str(call, call->result, "value"));
        say_woken(call->result);
    }
    cli_call_clear(call);
    return rc;
}

static int run_set(const cli_args *args)
{
    cli_call call;

    if (cli_operand_count(args) == 1 && !cli_has(args, "unset"))
        return cli_usage_error(args, "a value is missing (or --unset)");
    cli_call_init(&call, "config.set");
    cli_call_text(&call, "name", cli_operand(args, 0));
    cli_call_text(&call, "value", cli_operand(args, 1));
    cli_call_text(&call, "domain", cli_value(args, "domain", NULL));
    return change(args, &call);
}

static int run_fixit(const cli_args *args)
{
    cli_call call;

    cli_call_init(&call, "config.fixit");
    cli_call_text(&call, "which", cli_operand(args, 0));
    return change(args, &call);
}

static int print_settings(const cli_args *args, bool all)
{
    cli_call call;
    bool printed;

    cli_call_init(&call, "config.list");
    cli_call_text(&call, "domain", cli_value(args, "domain", NULL));
    int rc = cli_call_run(&call, args, &printed);
    for (size_t i = 0; rc == CLI_OK && !printed && i < call.result->count;
         i++) {
        const cv_json *s = &call.result->items[i];
        const char *origin = cli_str(&call, s, "origin");
        if (!all && strcmp(origin, "default") == 0)
            continue;
        printf("%s = %s  (%s)\n", cli_str(&call, s, "name"),
               cli_str(&call, s, "value"), origin);
        if (all)
            printf("    %s Default: %s. Applies: %s.\n",
                   cli_str(&call, s, "text"), cli_str(&call, s, "default"),
                   cli_str(&call, s, "applies"));
    }
    cli_call_clear(&call);
    return rc;
}

static int run_show(const cli_args *args)
{
    return print_settings(args, false);
}

static int run_list(const cli_args *args)
{
    return print_settings(args, true);
}

static int run_backup(const cli_args *args)
{
    cli_call call;
    const char *path = cli_operand(args, 0);

    cli_call_init(&call, "config.backup");
    int rc = cli_call_run(&call, args, NULL);
    if (rc == CLI_OK) {
        FILE *f = strcmp(path, "-") == 0 ? stdout : fopen(path, "w");
        if (!f) {
            rc = cli_error("%s: %s", path, strerror(errno));
        } else {
            cli_print_json(call.result, f);
            bool bad = ferror(f) != 0;
            bad = (f == stdout ? fflush(f) : fclose(f)) != 0 || bad;
            if (bad)
                rc = cli_error("%s: %s", path, strerror(errno));
        }
    }
    cli_call_clear(&call);
    return rc;
}

/* The backup is JSON text; it goes into the request as it is. */
static int put_backup(cli_call *call, const char *path)
{
    cv_buf text;
    char block[65536];
    size_t n;
    FILE *f = fopen(path, "r");

    if (!f)
        return cli_error("%s: %s", path, strerror(errno));
    cv_buf_init(&text, 0);
    while ((n = fread(block, 1, sizeof(block), f)) > 0)
        cv_buf_put(&text, block, n);
    fclose(f);
    cv_slice trimmed = cv_slice_trim(cv_buf_slice(&text));
    bool ok = trimmed.len > 1 && trimmed.ptr[0] == '[';
    if (ok)
        cv_json_put_raw(&call->json, "settings", trimmed);
    cv_buf_clear(&text);
    return ok ? CLI_OK : cli_error("%s: this is no backup of settings", path);
}

static int run_restore(const cli_args *args)
{
    cli_call call;
    bool printed;

    cli_call_init(&call, "config.restore");
    int rc = put_backup(&call, cli_operand(args, 0));
    if (rc == CLI_OK)
        rc = cli_call_run(&call, args, &printed);
    if (rc == CLI_OK && !printed) {
        printf("%lld settings restored, all others at their defaults\n",
               (long long)cv_json_int_or(call.result, "restored", 0));
        say_woken(call.result);
    }
    cli_call_clear(&call);
    return rc;
}

static int run_import_reg(const cli_args *args)
{
    cli_call call;
    bool printed = true;

    cli_call_init(&call, "config.import-reg");
    int rc = cli_call_file(&call, cli_operand(args, 0));
    if (rc == CLI_OK)
        rc = cli_call_run(&call, args, &printed);
    for (size_t i = 0; rc == CLI_OK && !printed && i < call.result->count;
         i++) {
        const cv_json *v = &call.result->items[i];
        if (cv_json_bool_or(v, "applied", false)) {
            printf("%s: %s = %s\n", cli_str(&call, v, "registryValue"),
                   cli_str(&call, v, "name"), cli_str(&call, v, "value"));
            say_woken(v);
        } else {
            printf("%s: not known, left out\n",
                   cli_str(&call, v, "registryValue"));
        }
    }
    cli_call_clear(&call);
    return rc;
}

#define DOMAIN_OPTION \
    { \
        0, "domain", "DOMAIN", "the policy of a remote domain" \
    }

static const cli_option plain[] = { CLI_ADMIN_OPTIONS, { 0 } };
static const cli_option domain_options[] = { DOMAIN_OPTION,
                                             CLI_ADMIN_OPTIONS,
                                             { 0 } };
static const cli_option set_options[] = {
    { 0, "unset", NULL, "back to the file's value or the default" },
    DOMAIN_OPTION,
    CLI_ADMIN_OPTIONS,
    { 0 },
};

#define SUB(var, word, ops, opts, min, max, text) \
    static const cli_command var = { .name = word, \
                                     .operands = ops, \
                                     .summary = text, \
                                     .options = opts, \
                                     .min_operands = min, \
                                     .max_operands = max, \
                                     .run = run_##var }
SUB(get, "get", "NAME", domain_options, 1, 1, "Print a setting's value.");
SUB(set, "set", "NAME [VALUE]", set_options, 1, 2,
    "Change a setting; it applies at once.");
SUB(show, "show", "", domain_options, 0, 0,
    "Print what differs from the defaults, and who decided it.");
SUB(list, "list", "", domain_options, 0, 0,
    "Print every setting with its explanation.");
SUB(backup, "backup", "FILE", plain, 1, 1,
    "Write the live settings to a file.");
SUB(restore, "restore", "FILE", plain, 1, 1,
    "Bring the live settings back to those of a backup.");
SUB(fixit, "fixit", "NUMBER", plain, 1, 1,
    "Apply a Microsoft Fix it: 50338 or KB938650.");
SUB(import_reg, "import-reg", "FILE", plain, 1, 1,
    "Take over known values of a registry export.");
static const cli_command *const subs[] = { &get,   &set,        &show,
                                           &list,  &backup,     &restore,
                                           &fixit, &import_reg, NULL };

const cli_command cli_cmd_config = {
    .name = "config", .operands = "", .summary = "Settings.", .subs = subs
};
