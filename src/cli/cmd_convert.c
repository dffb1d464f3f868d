/* cmd_convert.c - any message to mail, calendar, .msg or JSON. */
#include "base/text.h"
#include "cli/commands.h"
#include "cli/converting.h"
#include "cli/input.h"
#include "cli/output.h"
#include "convert/walk.h"
#include "convert/write.h"

#include <stdlib.h>
#include <string.h>

#define RELAX_BYTES ((size_t)1 << 20)

/* One run of the command. */
typedef struct job {
    cv_form to;
    bool original;
    cv_convert_options *options; /* owned */
    cli_target target;
    FILE *lines; /* of the report; NULL: none */
    const char *lines_name;
    bool failed;
} job;

/* One input while it is worked on. */
typedef struct item {
    job *job;
    const char *path;
    cli_input input;
    cv_slice bytes; /* of input */
    size_t written; /* since the input's memory was given back */
    cv_sink out;
    size_t count; /* outputs so far */
} item;

static const char *status_of(const cv_report *report)
{
    bool lost = cv_report_worst(report) >= CV_LOST ||
                cv_report_step(report) > CV_LADDER_FULL;
    return lost ? "partial" : "converted";
}

/* The report's line; name of the input with "#item" when it holds several. */
static void put_line(const item *it, cv_slice name, const char *output,
                     const char *status, cv_slice message_class,
                     const cv_report *report)
{
    job *j = it->job;
    if (!j->lines)
        return;
    cv_buf input, line;
    cv_buf_init(&input, 0);
    cv_buf_init(&line, 0);
    cv_buf_put_str(&input, it->path);
    if (name.len) {
        cv_buf_put_byte(&input, '#');
        cv_buf_put_slice(&input, name);
    }
    cv_report_put_line(report, cv_buf_slice(&input), cv_slice_cstr(output),
                       status, message_class, &line);
    if (line.status != CV_OK ||
        fwrite(line.data, 1, line.len, j->lines) != line.len ||
        fflush(j->lines) != 0) {
        cli_error("%s: the report cannot be written", j->lines_name);
        j->failed = true;
    }
    cv_buf_clear(&input);
    cv_buf_clear(&line);
}

static bool copies_original(const item *it)
{
    return it->job->original && it->job->to == CV_FORM_EML &&
           cv_detect(it->bytes, cv_slice_cstr(it->path)) == CV_INPUT_MIME;
}

/* Passes bytes on; memory does not grow with what was read for them. */
static cv_status write_relaxing(void *ctx, const void *bytes, size_t len,
                                cv_error *err)
{
    item *it = ctx;
    it->written += len;
    if (it->written >= RELAX_BYTES) {
        it->written = 0;
        cli_input_relax(&it->input);
    }
    return it->out.write(it->out.ctx, bytes, len, err);
}

static cv_status write_item(item *it, const cv_object *obj, cli_file *file,
                            cv_report *report, cv_error *err)
{
    job *j = it->job;
    CV_TRY(cli_target_begin(&j->target, it->path, cv_form_extension(j->to),
                            file, err));
    it->out = cli_file_sink(file);
    cv_sink sink = { write_relaxing, it };
    CV_TRY(copies_original(it)
               ? cv_sink_put(&sink, it->bytes, err)
               : cv_write(obj, j->to, j->options, &sink, report, err));
    return cli_file_commit(file, err);
}

/* The input failed, or one of its items. */
static void say_failed(item *it, cv_slice name, cv_slice message_class,
                       const cv_report *report, cv_error *err)
{
    it->job->failed = true;
    if (err->code == CV_ERR_UNSUP && it->job->to == CV_FORM_ICS &&
        message_class.len)
        cv_fail(err, CV_ERR_UNSUP,
                "%.*s is no single calendar item; use --to eml, or -o "
                "FOLDER/ for each event of a calendar",
                CV_FMT(cv_utf8_clip(message_class, 40)));
    cli_say_failure(it->path, err);
    put_line(it, name, "", "failed", message_class, report);
}

/* cv_walker.each: one message of an input. Its failure does not end the
 * run. */
static cv_status convert_object(void *ctx, const cv_item *where, cv_object *obj,
                                cv_report *report, cv_error *err)
{
    item *it = ctx;
    cli_file file = { 0 };
    cv_error why = { .code = CV_ERR_SYNTAX, .offset = UINT64_MAX };
    (void)err;
    it->count++;
    if (!obj) {
        snprintf(why.what, sizeof(why.what), "%.*s cannot be read",
                 CV_FMT(cv_utf8_clip(where->name, 80)));
        say_failed(it, where->name, CV_S(""), report, &why);
        return CV_OK;
    }
    cv_slice message_class = cv_object_class(obj);
    cv_status status = write_item(it, obj, &file, report, &why);
    if (status == CV_OK)
        put_line(it, where->name, file.path ? file.path : "-",
                 status_of(report), message_class, report);
    else
        say_failed(it, where->name, message_class, report, &why);
    cli_file_discard(&file);
    return CV_OK;
}

static cv_status convert_bytes(item *it, cv_report *report, cv_error *err)
{
    job *j = it->job;
    cv_walker walker = { .split = j->target.each,
                         .each = convert_object,
                         .ctx = it };
    return cv_walk(it->bytes, cv_slice_cstr(it->path), j->options, &walker,
                   report, err);
}

static void relax(void *ctx)
{
    cli_input_relax(ctx);
}

static void convert_path(job *j, const char *path)
{
    item it = { .job = j, .path = path };
    cv_error err = { .offset = UINT64_MAX };
    cv_report *report = NULL;
    cv_status status = cv_report_new(&report, &err);
    if (status == CV_OK) {
        status = cli_input_open(path, &it.input, &err);
        if (status != CV_OK)
            cv_report_say(report, CV_RULE_IO, CV_S(""), CV_S(""), CV_S(""),
                          "%s", err.what);
    }
    it.bytes = it.input.bytes;
    cv_convert_set_relax(j->options, (cv_relax){ relax, &it.input });
    if (status == CV_OK)
        status = convert_bytes(&it, report, &err);
    cv_convert_set_relax(j->options, (cv_relax){ NULL, NULL });
    if (status != CV_OK)
        say_failed(&it, CV_S(""), CV_S(""), report, &err);
    cv_report_free(&report);
    cli_input_close(&it.input);
}

static int open_report(job *j, const cli_args *args)
{
    j->lines_name = cli_value(args, "report", NULL);
    if (!j->lines_name)
        return CLI_OK;
    if (strcmp(j->lines_name, "-") == 0)
        j->lines = stdout;
    else
        j->lines = fopen(j->lines_name, "w");
    return j->lines ? CLI_OK : cli_error("%s: %m", j->lines_name);
}

static int open_target(job *j, const cli_args *args, const cli_paths *paths)
{
    cv_error err = { 0 };
    const char *out = cli_value(args, "output", NULL);
    bool several = paths->count > 1 || paths->had_folder;
    cv_status status = cli_target_open(out, several, &j->target, &err);
    if (status == CV_ERR_RANGE)
        return cli_usage_error(args, "%s", err.what);
    if (status != CV_OK)
        return cli_error("%s", err.what);
    if (j->target.kind == CLI_TO_STDOUT && j->lines == stdout)
        return cli_usage_error(args, "output and report cannot both go to "
                                     "standard output");
    return CLI_OK;
}

static int convert_all(job *j, const cli_args *args)
{
    cli_paths paths = { 0 };
    int code = CLI_OK;
    for (size_t i = 0; i < cli_operand_count(args); i++) {
        cv_error err = { 0 };
        const char *path = cli_operand(args, i);
        if (cli_paths_add(&paths, path, &err) != CV_OK)
            code = cli_error("%s: %s", path, err.what);
    }
    if (code == CLI_OK && paths.count == 0)
        code = cli_error("no files there");
    if (code == CLI_OK)
        code = open_target(j, args, &paths);
    for (size_t i = 0; code == CLI_OK && i < paths.count; i++)
        convert_path(j, paths.rows[i]);
    cli_paths_clear(&paths);
    return code == CLI_OK && j->failed ? CLI_FAILED : code;
}

static int run(const cli_args *args)
{
    job j = { .original = cli_has(args, "original") };
    const char *to = cli_value(args, "to", "eml");
    if (!cv_form_of(cv_slice_cstr(to), &j.to))
        return cli_usage_error(args, "--to %s: use eml, ics, msg, tnef or json",
                               to);
    if (j.to == CV_FORM_JSON && cli_has(args, "full"))
        j.to = CV_FORM_JSON_FULL;
    int code = cli_convert_options(args, &j.options);
    if (code == CLI_OK)
        code = open_report(&j, args);
    if (code == CLI_OK)
        code = convert_all(&j, args);
    if (j.lines && j.lines != stdout && fclose(j.lines) != 0)
        code = cli_error("%s: the report cannot be written", j.lines_name);
    cli_target_close(&j.target);
    cv_convert_options_free(&j.options);
    return code;
}

static const cli_option options[] = {
    { 't', "to", "FORM", "eml (default), ics, msg, tnef or json" },
    { 'o', "output", "OUT", "file, folder, or - for standard output" },
    { 'r', "report", "FILE", "what was found and done: JSON, a line an input" },
    CLI_CONVERT_OPTIONS,
    { 0, "original", NULL, "mail that came as mail is copied byte for byte" },
    { 0, "full", NULL, "json: binary values of any size" },
    { 0 },
};

const cli_command cli_cmd_convert = {
    .name = "convert",
    .operands = "IN...",
    .summary =
        "Convert messages: .msg, TNEF, mail, calendars and objects in JSON.",
    .more =
        "What an input is, is found by its content. A folder stands for the "
        "files below it;\n- is standard input. Without -o one output goes to "
        "standard output, several go to the\ncurrent folder. A folder that "
        "is absent is made. With -o FOLDER/ (with the slash) each\nevent of a "
        "calendar file becomes an output of its own.\n"
        "PST is not read by this version.\n\n"
        "Example:\n"
        "  convoke convert --to eml -o mails/ --report report.jsonl "
        "archive/*.msg\n",
    .options = options,
    .min_operands = 1,
    .max_operands = CLI_ANY,
    .run = run,
};
