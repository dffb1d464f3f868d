#include "cli/args.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 4 /* words of a command: "queue list" */

typedef struct given {
    const cli_option *option;
    const char *value;
} given;

struct cli_args {
    const cli_command *path[MAX_DEPTH]; /* root first */
    size_t depth;
    given *given; /* owned */
    size_t given_count;
    const char **operands; /* owned */
    size_t operand_count;
};

static const cli_option help_option = { 'h', "help", NULL, "show this help" };

static const cli_command *command_of(const cli_args *args)
{
    return args->path[args->depth - 1];
}

static void put_path(const cli_args *args, FILE *to)
{
    for (size_t i = 0; i < args->depth; i++)
        fprintf(to, "%s%s", i ? " " : "", args->path[i]->name);
}

static void put_option(const cli_option *option, FILE *to)
{
    char left[64];
    snprintf(left, sizeof left, "%c%c%s--%s%s%s", option->letter ? '-' : ' ',
             option->letter ? option->letter : ' ',
             option->letter ? ", " : "  ", option->name,
             option->value ? " " : "", option->value ? option->value : "");
    fprintf(to, "  %-26s %s\n", left, option->text);
}

static void put_help(const cli_args *args, FILE *to)
{
    const cli_command *command = command_of(args);
    fputs("usage: ", to);
    put_path(args, to);
    fprintf(to, "%s %s\n\n%s\n", command->options ? " [OPTION]..." : "",
            command->subs ? "COMMAND ..." : command->operands,
            command->summary);
    for (size_t i = 0; command->subs && command->subs[i]; i++) {
        if (i == 0)
            fputs("\nCommands:\n", to);
        fprintf(to, "  %-12s %s\n", command->subs[i]->name,
                command->subs[i]->summary);
    }
    fputs("\nOptions:\n", to);
    for (const cli_option *o = command->options; o && o->name; o++)
        put_option(o, to);
    put_option(&help_option, to);
    if (command->more)
        fprintf(to, "\n%s", command->more);
}

static int usage_v(const cli_args *args, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

static int usage_v(const cli_args *args, const char *fmt, va_list ap)
{
    put_path(args, stderr);
    fputs(": ", stderr);
    vfprintf(stderr, fmt, ap);
    fputs("\nTry '", stderr);
    put_path(args, stderr);
    fputs(" --help'.\n", stderr);
    return CLI_USAGE;
}

int cli_usage_error(const cli_args *args, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int code = usage_v(args, fmt, ap);
    va_end(ap);
    return code;
}

int cli_error(const char *fmt, ...)
{
    va_list ap;
    fputs("convoke: ", stderr);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    return CLI_FAILED;
}

static const cli_option *find_long(const cli_command *command, const char *name,
                                   size_t len)
{
    for (const cli_option *o = command->options; o && o->name; o++)
        if (strlen(o->name) == len && memcmp(o->name, name, len) == 0)
            return o;
    if (len == 4 && memcmp(name, "help", 4) == 0)
        return &help_option;
    return NULL;
}

static const cli_option *find_short(const cli_command *command, char letter)
{
    for (const cli_option *o = command->options; o && o->name; o++)
        if (o->letter == letter)
            return o;
    return letter == 'h' ? &help_option : NULL;
}

static void keep(cli_args *args, const cli_option *option, const char *value)
{
    given *g = &args->given[args->given_count++];
    g->option = option;
    g->value = value;
}

/* "--name", "--name=value", "--name value"; *i stands on it and moves on when
 * the next word was taken. */
static int take_long(cli_args *args, int argc, char **argv, int *i)
{
    const char *word = argv[*i] + 2;
    const char *equals = strchr(word, '=');
    size_t len = equals ? (size_t)(equals - word) : strlen(word);
    const cli_option *option = find_long(command_of(args), word, len);
    if (!option)
        return cli_usage_error(args, "there is no option --%.*s", (int)len,
                               word);
    if (!option->value && equals)
        return cli_usage_error(args, "option --%s takes no value",
                               option->name);
    const char *value = equals ? equals + 1 : NULL;
    if (option->value && !value) {
        if (*i + 1 >= argc)
            return cli_usage_error(args, "option --%s needs a value: %s",
                                   option->name, option->value);
        value = argv[++*i];
    }
    keep(args, option, value);
    return CLI_OK;
}

/* "-x", "-xyz", "-oVALUE", "-o VALUE" */
static int take_short(cli_args *args, int argc, char **argv, int *i)
{
    for (const char *c = argv[*i] + 1; *c; c++) {
        const cli_option *option = find_short(command_of(args), *c);
        if (!option)
            return cli_usage_error(args, "there is no option -%c", *c);
        if (!option->value) {
            keep(args, option, NULL);
            continue;
        }
        if (!c[1] && *i + 1 >= argc)
            return cli_usage_error(args, "option -%c needs a value: %s", *c,
                                   option->value);
        keep(args, option, c[1] ? c + 1 : argv[++*i]);
        break;
    }
    return CLI_OK;
}

static const cli_command *find_sub(const cli_command *command, const char *name)
{
    for (size_t i = 0; command->subs[i]; i++)
        if (strcmp(command->subs[i]->name, name) == 0)
            return command->subs[i];
    return NULL;
}

/* A word that is no option: a subcommand while one is awaited, else an
 * operand. */
static int take_word(cli_args *args, const char *word)
{
    const cli_command *command = command_of(args);
    if (!command->subs) {
        args->operands[args->operand_count++] = word;
        return CLI_OK;
    }
    const cli_command *sub = find_sub(command, word);
    if (!sub || args->depth == MAX_DEPTH)
        return cli_usage_error(args, "there is no command '%s'", word);
    args->path[args->depth++] = sub;
    return CLI_OK;
}

static int parse(cli_args *args, int argc, char **argv)
{
    bool options_end = false;
    for (int i = 1; i < argc; i++) {
        int code;
        if (options_end || argv[i][0] != '-' || !argv[i][1])
            code = take_word(args, argv[i]);
        else if (strcmp(argv[i], "--") == 0)
            options_end = true, code = CLI_OK;
        else if (argv[i][1] == '-')
            code = take_long(args, argc, argv, &i);
        else
            code = take_short(args, argc, argv, &i);
        if (code != CLI_OK || cli_has(args, "help"))
            return code;
    }
    return CLI_OK;
}

static int check_operands(const cli_args *args)
{
    const cli_command *command = command_of(args);
    if (command->subs && !command->run)
        return cli_usage_error(args, "a command is missing");
    if (args->operand_count < (size_t)command->min_operands)
        return cli_usage_error(args, "something is missing: %s",
                               command->operands);
    if (command->max_operands != CLI_ANY &&
        args->operand_count > (size_t)command->max_operands)
        return cli_usage_error(args, "one word too many: '%s'",
                               args->operands[command->max_operands]);
    return CLI_OK;
}

static int parse_and_run(cli_args *args, int argc, char **argv)
{
    int code = parse(args, argc, argv);
    if (code == CLI_OK && cli_has(args, "help")) {
        put_help(args, stdout);
        return CLI_OK;
    }
    if (code == CLI_OK)
        code = check_operands(args);
    return code == CLI_OK ? command_of(args)->run(args) : code;
}

int cli_run(const cli_command *root, int argc, char **argv)
{
    size_t room = argc > 0 ? (size_t)argc : 1;
    size_t letters = 1;
    for (int i = 1; i < argc; i++)
        letters += strlen(argv[i]); /* "-abc" gives three */
    cli_args args = { .path = { root }, .depth = 1 };
    args.given = calloc(letters, sizeof *args.given);
    args.operands = calloc(room, sizeof *args.operands);
    int code = CLI_FAILED;
    if (args.given && args.operands)
        code = parse_and_run(&args, argc, argv);
    else
        cli_error("out of memory");
    free(args.given);
    free(args.operands);
    return code;
}

const char *cli_value_at(const cli_args *args, const char *option, size_t index)
{
    for (size_t i = 0; i < args->given_count; i++)
        if (strcmp(args->given[i].option->name, option) == 0 && index-- == 0)
            return args->given[i].value;
    return NULL;
}

size_t cli_count(const cli_args *args, const char *option)
{
    size_t count = 0;
    for (size_t i = 0; i < args->given_count; i++)
        count += strcmp(args->given[i].option->name, option) == 0;
    return count;
}

bool cli_has(const cli_args *args, const char *option)
{
    return cli_count(args, option) > 0;
}

const char *cli_value(const cli_args *args, const char *option,
                      const char *otherwise)
{
    size_t count = cli_count(args, option);
    return count ? cli_value_at(args, option, count - 1) : otherwise;
}

bool cli_number(const cli_args *args, const char *option, int64_t min,
                int64_t max, int64_t otherwise, int64_t *out)
{
    const char *text = cli_value(args, option, NULL);
    if (!text) {
        *out = otherwise;
        return true;
    }
    char *end = NULL;
    errno = 0;
    long long v = strtoll(text, &end, 10);
    if (errno || end == text || *end || v < min || v > max) {
        cli_usage_error(args,
                        "--%s must be a number from %" PRId64 " to %" PRId64
                        ", not '%s'",
                        option, min, max, text);
        return false;
    }
    *out = v;
    return true;
}

size_t cli_operand_count(const cli_args *args)
{
    return args->operand_count;
}

const char *cli_operand(const cli_args *args, size_t index)
{
    return index < args->operand_count ? args->operands[index] : NULL;
}
