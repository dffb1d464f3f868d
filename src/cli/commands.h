/* commands.h - the table of subcommands (commands.def). */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/args.h"

#define COMMAND(name, where) extern const cli_command cli_cmd_##name;
#include "cli/commands.def"
#undef COMMAND

/* Before the first command: how this program uses memory. */
void cli_keep_freed_memory(void);

#endif
