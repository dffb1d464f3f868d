/* cmd_serve.c - runs the server. */
#include "base/env.h"
#include "base/text.h"
#include "cli/admin_client.h"
#include "cli/commands.h"
#include "server/server.h"

#include <stdlib.h>
#include <string.h>

/* CONVOKE_KILL_AT=name:n arms a kill point (tests/crash). */
static void arm_kill_point(void)
{
    char name[64];
    const char *text = getenv("CONVOKE_KILL_AT");
    const char *colon = text ? strrchr(text, ':') : NULL;
    uint32_t n;

    if (!colon || (size_t)(colon - text) >= sizeof(name) ||
        cv_parse_u32(cv_slice_cstr(colon + 1), &n) != CV_OK)
        return;
    memcpy(name, text, (size_t)(colon - text));
    name[colon - text] = 0;
    cv_kill_point_arm(name, n);
}

static int run(const cli_args *args)
{
    cv_error err = { .what = "" };
    size_t count = cli_count(args, "set");
    const char **sets = calloc(count + 1, sizeof(*sets));
    server_options o = {
        .dir = cli_data_dir(args),
        .overrides = sets,
        .override_count = count,
        .demo_accounts = cli_has(args, "demo-accounts"),
    };

    if (!sets)
        return cli_error("out of memory");
    for (size_t i = 0; i < count; i++)
        sets[i] = cli_value_at(args, "set", i);
    arm_kill_point();
    cv_status st = server_run(&o, &err);
    free(sets);
    return st == CV_OK ? CLI_OK : cli_error("%s: %s", o.dir, err.what);
}

static const cli_option options[] = {
    { 0, "data", "DIR",
      "data directory (default: $CONVOKE_DATA, else /var/lib/convoke)" },
    { 0, "set", "NAME=VALUE", "a setting that wins over all others" },
    { 0, "demo-accounts", NULL, "make accounts alice and bob" },
    { 0 },
};

const cli_command cli_cmd_serve = {
    .name = "serve",
    .operands = "",
    .summary = "Run the server.",
    .options = options,
    .run = run,
};
