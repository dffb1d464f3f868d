/* cmd_version.c - which version this is. */
#include "cli/commands.h"

#include <stdio.h>

static int run(const cli_args *args)
{
    (void)args;
    puts("convoke " CONVOKE_VERSION);
    return CLI_OK;
}

const cli_command cli_cmd_version = {
    .name = "version",
    .operands = "",
    .summary = "Print the version.",
    .run = run,
};
