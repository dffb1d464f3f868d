/* front.c - the program as it is started.
 *
 * The server's libraries take longer to load than a message takes to convert.
 * So commands that only convert run here; all others, and the help that lists
 * them, run in convoke-full, which has every command (main.c).
 */
#include "cli/commands.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const cli_command *const commands[] = {
#define LIBRARY(name) &cli_cmd_##name,
#define SERVER(name)
#define COMMAND(name, where) where(name)
#include "cli/commands.def"
#undef COMMAND
    NULL
};

static const cli_command root = {
    .name = "convoke",
    .operands = "",
    .summary = "Converts between Outlook messages, mail and calendars.",
    .subs = commands,
};

static bool runs_here(const char *name)
{
    for (size_t i = 0; commands[i]; i++)
        if (strcmp(name, commands[i]->name) == 0)
            return true;
    return false;
}

/* convoke-full lies beside this program, or where it is installed. */
static int run_full(char **argv)
{
    char path[PATH_MAX + sizeof("convoke-full")];
    ssize_t len = readlink("/proc/self/exe", path, PATH_MAX);
    while (len > 0 && path[len - 1] != '/')
        len--;
    if (len > 0) {
        memcpy(path + len, "convoke-full", sizeof("convoke-full"));
        (void)execv(path, argv);
    }
    if (errno == ENOENT)
        (void)execv(CONVOKE_LIBEXEC "/convoke-full", argv);
    return cli_error("%s/convoke-full: %m", CONVOKE_LIBEXEC);
}

int main(int argc, char **argv)
{
    if (argc < 2 || !runs_here(argv[1]))
        return run_full(argv);
    cli_keep_freed_memory();
    return cli_run(&root, argc, argv);
}
