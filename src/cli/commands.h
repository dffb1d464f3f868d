/* commands.h - the table of subcommands (commands.def). */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/args.h"

#define COMMAND(name) extern const cli_command cli_cmd_##name;
#include "cli/commands.def"
#undef COMMAND

#endif
