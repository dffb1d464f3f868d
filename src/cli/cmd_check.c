/* cmd_check.c - says what is wrong with messages and what would be done. */
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

/* Reads and renders without keeping the output: both find things. */
static cv_status try_message(const char *path, cv_slice bytes,
                             const cv_convert_options *options,
                             cv_report *report, cv_error *err)
{
    cv_object *obj = NULL;
    cv_sink nowhere = { drop, NULL };
    CV_TRY(cv_read(bytes, cv_slice_cstr(path), options, &obj, report, err));
    printf("%s: %.*s, ", path, CV_FMT(cv_object_class(obj)));
    cv_status status = cv_to_mime(obj, options, &nowhere, report, err);
    printf("%zu finding%s%s\n", cv_report_count(report),
           cv_report_count(report) == 1 ? "" : "s",
           status == CV_OK ? "" : ", not convertible");
    cv_object_free(&obj);
    return status;
}

static bool check_path(const char *path, const cv_convert_options *options)
{
    cli_input input = { 0 };
    cv_error err = { .offset = UINT64_MAX };
    cv_report *report = NULL;
    cv_status status = cv_report_new(&report, &err);
    if (status == CV_OK)
        status = cli_input_open(path, &input, &err);
    if (status == CV_OK)
        status = try_message(path, input.bytes, options, report, &err);
    for (size_t i = 0; report && i < cv_report_count(report); i++)
        cli_put_finding(cv_report_get(report, i), stdout);
    if (report && cv_report_dropped(report))
        printf("  and %zu more\n", cv_report_dropped(report));
    fflush(stdout);
    if (status != CV_OK)
        cli_say_failure(path, &err);
    cv_report_free(&report);
    cli_input_close(&input);
    return status == CV_OK;
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
    .more = "Nothing is written. Exit code 1 when a file is no message or "
            "cannot be converted.\n",
    .options = options,
    .min_operands = 1,
    .max_operands = CLI_ANY,
    .run = run,
};
