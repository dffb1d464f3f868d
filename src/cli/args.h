/* args.h - commands of the program, their options and their help.
 *
 * A command is a row: its options, how many operands it takes, and a function
 * that runs it, or a list of commands of its own ("queue list"). Parsing,
 * `--help` and the message about wrong usage are made from the row. Options
 * may stand anywhere; "--" ends them; "-" is an operand.
 */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Exit codes. */
#define CLI_OK 0     /* fine, repairs included */
#define CLI_FAILED 1 /* some input failed, or the answer is no */
#define CLI_USAGE 2  /* wrong usage; nothing was done */

#define CLI_ANY (-1) /* max_operands: no bound */

typedef struct cli_option {
    char letter;       /* "-o", 0 when there is none */
    const char *name;  /* "output" for --output */
    const char *value; /* what follows, for the help: "FILE"; NULL: a flag */
    const char *text;  /* one sentence for the help */
} cli_option;

typedef struct cli_args cli_args;

typedef struct cli_command {
    const char *name;
    const char *operands;      /* for the help: "IN..."; may be "" */
    const char *summary;       /* one sentence */
    const char *more;          /* further paragraphs of the help, or NULL */
    const cli_option *options; /* ended by a row without name; or NULL */
    int min_operands, max_operands;
    int (*run)(const cli_args *args); /* exit code; NULL with subcommands */
    const struct cli_command *const *subs; /* ended by NULL; or NULL */
} cli_command;

/* Runs the command that argv[1...] names in the tree below `root`.
 * argv[0] is shown as the program's name. Returns the exit code. */
int cli_run(const cli_command *root, int argc, char **argv);

/* -- for run functions; all borrowed -- */

bool cli_has(const cli_args *args, const char *option);
/* The last value given, or `otherwise`. */
const char *cli_value(const cli_args *args, const char *option,
                      const char *otherwise);
/* The values of an option that may be repeated, in order. */
size_t cli_count(const cli_args *args, const char *option);
const char *cli_value_at(const cli_args *args, const char *option,
                         size_t index);
/* A number within [min, max]; `otherwise` when the option is absent. False,
 * with a message on standard error: return CLI_USAGE then. */
bool cli_number(const cli_args *args, const char *option, int64_t min,
                int64_t max, int64_t otherwise, int64_t *out);
size_t cli_operand_count(const cli_args *args);
const char *cli_operand(const cli_args *args, size_t index);

/* Wrong usage found by the command itself: prints the message and where help
 * is, returns CLI_USAGE. */
int cli_usage_error(const cli_args *args, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* "convoke: what" on standard error; returns CLI_FAILED. */
int cli_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
