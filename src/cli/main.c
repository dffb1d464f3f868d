/* main.c - the whole program: finds the subcommand and runs it. */
#include "cli/commands.h"

static const cli_command *const commands[] = {
#define COMMAND(name, where) &cli_cmd_##name,
#include "cli/commands.def"
#undef COMMAND
    NULL
};

static const cli_option options[] = {
    { 'V', "version", NULL, "print the version" },
    { 0 },
};

static int run_root(const cli_args *args)
{
    if (cli_has(args, "version"))
        return cli_cmd_version.run(args);
    return cli_usage_error(args, "a command is missing");
}

static const cli_command root = {
    .name = "convoke",
    .operands = "",
    .summary = "Makes meeting mail arrive: converts between Outlook messages, "
               "mail and calendars.",
    .options = options,
    .run = run_root,
    .subs = commands,
    .more = "Every command explains itself with --help.\n"
            "Exit codes: 0 fine (repairs included), 1 some input failed, "
            "2 wrong usage.\n",
};

int main(int argc, char **argv)
{
    cli_keep_freed_memory();
    return cli_run(&root, argc, argv);
}
