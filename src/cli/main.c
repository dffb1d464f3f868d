/* main.c - the program: finds the subcommand and runs it. */
#include "cli/commands.h"

#include <malloc.h>
#include <string.h>

static const cli_command *const commands[] = {
#define COMMAND(name) &cli_cmd_##name,
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

/* Messages come one after another: what one of them needed is kept for the
 * next, instead of going back to the kernel each time (a third of the time of
 * a small conversion). */
static void keep_freed_memory(void)
{
    (void)mallopt(M_TRIM_THRESHOLD, 4 << 20);
    (void)mallopt(M_MMAP_THRESHOLD, 1 << 20);
}

int main(int argc, char **argv)
{
    keep_freed_memory();
    return cli_run(&root, argc, argv);
}
