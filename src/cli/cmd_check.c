/* cmd_check.c - says what is wrong with messages and what would be done. */
#include "cli/batch.h"
#include "cli/commands.h"
#include "cli/converting.h"
#include "cli/input.h"

static cv_status drop(void *ctx, const void *bytes, size_t len, cv_error *err)
{
    (void)ctx;
    (void)bytes;
    (void)len;
    (void)err;
    return CV_OK;
}

/* One input while it is looked at. */
typedef struct look {
    const char *path;
    const cv_convert_options *options;
    bool failed; /* a message of it cannot be read or converted */
} look;

static void put_findings(const cv_report *report)
{
    for (size_t i = 0; i < cv_report_count(report); i++)
        cli_put_finding(cv_report_get(report, i), stdout);
    if (cv_report_dropped(report))
        printf("  and %zu more\n", cv_report_dropped(report));
}

/* "in/box.pst#Inbox/7" */
static void put_name(const look *l, const cv_item *item)
{
    cv_buf name;
    cv_buf_init(&name, 0);
    batch_put_item_name(l->path, item->folder, item->name, &name);
    printf("%.*s: ", CV_FMT(cv_buf_slice(&name)));
    cv_buf_clear(&name);
}

/* cv_walker.each: rendered without keeping the output, which finds things,
 * too. */
static cv_status look_at(void *ctx, const cv_item *item, cv_object *obj,
                         cv_report *report, cv_error *err)
{
    look *l = ctx;
    cv_sink nowhere = { drop, NULL };
    cv_error why = { .offset = UINT64_MAX };
    cv_status status = CV_ERR_SYNTAX;
    (void)err;
    put_name(l, item);
    if (obj) {
        status = cv_to_mime(obj, l->options, &nowhere, report, &why);
        printf("%.*s, ", CV_FMT(cv_object_class(obj)));
    }
    printf("%zu finding%s%s\n", cv_report_count(report),
           cv_report_count(report) == 1 ? "" : "s",
           status == CV_OK ? ""
           : obj           ? ", not convertible"
                           : ", not readable");
    put_findings(report);
    if (obj && status != CV_OK)
        cli_say_failure(l->path, &why);
    l->failed = l->failed || status != CV_OK;
    return CV_OK;
}

static bool check_path(const char *path, const cv_convert_options *options)
{
    cli_input input = { 0 };
    cv_error err = { .offset = UINT64_MAX };
    cv_report *report = NULL;
    look l = { .path = path, .options = options };
    cv_walker walker = { .each = look_at, .ctx = &l };
    cv_status status = cv_report_new(&report, &err);
    if (status == CV_OK)
        status = cli_input_open(path, &input, &err);
    if (status == CV_OK)
        status = cv_walk(input.bytes, cv_slice_cstr(path), options, &walker,
                         report, &err);
    if (report)
        put_findings(report); /* of the container, or why it is no message */
    fflush(stdout);
    if (status != CV_OK)
        cli_say_failure(path, &err);
    cv_report_free(&report);
    cli_input_close(&input);
    return status == CV_OK && !l.failed;
}

static int run(const cli_args *args)
{
    cv_convert_options *used = NULL;
    cli_paths paths = { 0 };
    int code = cli_convert_options(args, &used);
    if (code != CLI_OK)
        return code;
    for (size_t i = 0; i < cli_operand_count(args); i++) {
        cv_error err = { 0 };
        const char *path = cli_operand(args, i);
        if (cli_paths_add(&paths, path, &err) != CV_OK)
            code = cli_error("%s: %s", path, err.what);
    }
    for (size_t i = 0; i < paths.count; i++)
        if (!check_path(paths.rows[i], used))
            code = CLI_FAILED;
    cli_paths_clear(&paths);
    cv_convert_options_free(&used);
    return code;
}

static const cli_option options[] = {
    CLI_CONVERT_OPTIONS,
    { 0 },
};

const cli_command cli_cmd_check = {
    .name = "check",
    .operands = "FILE...",
    .summary = "Say what is wrong with messages, and the repair that "
               "converting would apply.",
    .more = "Nothing is written. Of a container every message is looked at. "
            "Exit code 1 when a file is no message or "
            "cannot be converted.\n",
    .options = options,
    .min_operands = 1,
    .max_operands = CLI_ANY,
    .run = run,
};
