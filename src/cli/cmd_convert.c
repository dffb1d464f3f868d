/* cmd_convert.c - any message to mail, calendar, .msg or JSON. */
#include "base/datetime.h"
#include "base/limits.h"
#include "base/text.h"
#include "cli/batch.h"
#include "cli/commands.h"
#include "cli/converting.h"
#include "cli/input.h"
#include "cli/output.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FORMS "eml (default), ics, msg, tnef, vcf, json, mbox or maildir"

#define CHILD_MB_MAX (1 << 20)
#define CHILD_SECONDS_MAX 86400
#define JOBS_DEFAULT 4 /* children, unless there are fewer processors */

/* One run of the command. */
typedef struct job {
    batch_config batch;
    cv_convert_options *options; /* owned */
    cli_target target;
    FILE *lines; /* of the report; NULL: none */
    const char *lines_name;
    bool failed;
} job;

/* One input to one output. */
typedef struct item {
    job *job;
    const char *path;
    cli_input input;
    cv_slice bytes; /* of input */
    batch_writing writing;
    cli_file file;
    cv_status status; /* of the output */
    size_t count;     /* messages so far */
} item;

/* The report's line; name of the input with "#item" when it holds several. */
static void put_line(const item *it, const cv_item *where, const char *output,
                     const char *status, cv_message_ids about,
                     const cv_report *report)
{
    job *j = it->job;
    if (!j->lines)
        return;
    cv_buf input, line;
    cv_buf_init(&input, 0);
    cv_buf_init(&line, 0);
    batch_put_item_name(it->path, where->folder, where->name, &input);
    cv_report_put_line(report, cv_buf_slice(&input), cv_slice_cstr(output),
                       status, about, &line);
    if (line.status != CV_OK ||
        fwrite(line.data, 1, line.len, j->lines) != line.len ||
        fflush(j->lines) != 0) {
        cli_error("%s: the report cannot be written", j->lines_name);
        j->failed = true;
    }
    cv_buf_clear(&input);
    cv_buf_clear(&line);
}

/* Messages after the first go into an mbox only. */
static cv_status write_item(item *it, const cv_object *obj, cv_report *report,
                            cv_error *err)
{
    if (it->count == 1)
        CV_TRY(cli_target_begin(&it->job->target, &it->file, err));
    return batch_write(&it->writing, obj, cli_file_sink(&it->file), report,
                       err);
}

/* The input failed, or one of its items. */
static void say_failed(item *it, const cv_item *where, cv_message_ids about,
                       const cv_report *report, cv_error *err)
{
    it->job->failed = true;
    cli_say_failure(it->path, err);
    put_line(it, where, "", "failed", about, report);
}

/* cv_walker.want */
static bool want_folder(void *ctx, const cv_item *where)
{
    const item *it = ctx;
    return batch_wants_folder(&it->job->batch.plan, where->folder);
}

/* cv_walker.each: one message of an input. Its failure does not end the
 * run. */
static cv_status convert_object(void *ctx, const cv_item *where, cv_object *obj,
                                cv_report *report, cv_error *err)
{
    item *it = ctx;
    cv_error why = { .code = CV_ERR_SYNTAX, .offset = UINT64_MAX };
    if (obj && !batch_wants(&it->job->batch.plan, obj))
        return CV_OK;
    if (it->count && it->job->batch.plan.packing != BATCH_MBOX)
        return cv_fail(err, CV_ERR_RANGE,
                       "holds several messages; give a folder: -o FOLDER/");
    if (!obj) {
        snprintf(why.what, sizeof(why.what), "%.*s cannot be read",
                 CV_FMT(cv_utf8_clip(where->name, 80)));
        say_failed(it, where, cv_message_ids_of(NULL), report, &why);
        return CV_OK;
    }
    it->count++;
    cv_message_ids about = cv_message_ids_of(obj);
    it->status = write_item(it, obj, report, &why);
    if (it->status != CV_OK)
        batch_explain(&it->job->batch.plan, obj, &why);
    if (it->status == CV_OK)
        put_line(it, where, it->file.path ? it->file.path : "-",
                 batch_is_partial(report) ? "partial" : "converted", about,
                 report);
    else
        say_failed(it, where, about, report, &why);
    return CV_OK;
}

static cv_status convert_bytes(item *it, cv_report *report, cv_error *err)
{
    const batch_plan *plan = &it->job->batch.plan;
    cv_walker walker = { .recover = plan->recover,
                         .want = want_folder,
                         .each = convert_object,
                         .ctx = it };
    CV_TRY(cv_walk(it->bytes, cv_slice_cstr(it->path), plan->options, &walker,
                   report, err));
    return it->status == CV_OK && it->file.stream
               ? cli_file_commit(&it->file, err)
               : CV_OK;
}

static void relax(void *ctx)
{
    cli_input_relax(ctx);
}

static void convert_path(job *j, const char *path)
{
    item it = { .job = j, .path = path };
    cv_item whole = { 0 };
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
    it.writing = (batch_writing){ .plan = &j->batch.plan,
                                  .path = path,
                                  .input = &it.input };
    cv_convert_set_relax(j->options, (cv_relax){ relax, &it.input });
    if (status == CV_OK)
        status = convert_bytes(&it, report, &err);
    cv_convert_set_relax(j->options, (cv_relax){ NULL, NULL });
    if (status != CV_OK)
        say_failed(&it, &whole, cv_message_ids_of(NULL), report, &err);
    cli_file_discard(&it.file);
    cv_report_free(&report);
    cli_input_close(&it.input);
}

static int convert_one(job *j, const cli_args *args)
{
    int code = CLI_OK;
    j->lines_name = cli_value(args, "report", NULL);
    if (j->lines_name && strcmp(j->lines_name, "-") == 0)
        j->lines = stdout;
    else if (j->lines_name && !(j->lines = fopen(j->lines_name, "w")))
        return cli_error("%s: %m", j->lines_name);
    convert_path(j, cli_operand(args, 0));
    if (j->lines && j->lines != stdout && fclose(j->lines) != 0)
        code = cli_error("%s: the report cannot be written", j->lines_name);
    return code == CLI_OK && j->failed ? CLI_FAILED : code;
}

/* -- what the options say -- */

/* Folders and containers of mails give several outputs. */
static bool gives_several(const char *path)
{
    struct stat st;
    uint8_t head[4096];
    if (strcmp(path, "-") == 0 || stat(path, &st) != 0)
        return false;
    if (!S_ISREG(st.st_mode))
        return S_ISDIR(st.st_mode);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, head, sizeof head) : -1;
    if (fd >= 0)
        close(fd);
    cv_input_type type =
        n > 0 ? cv_detect(cv_slice_of(head, (size_t)n), cv_slice_cstr(path))
              : CV_INPUT_UNKNOWN;
    return type == CV_INPUT_PST || type == CV_INPUT_MBOX ||
           type == CV_INPUT_ARCHIVE;
}

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool has_several(const job *j, const cli_args *args)
{
    const char *path = cli_operand(args, 0);
    if (cli_operand_count(args) > 1)
        return true;
    if (j->batch.plan.packing == BATCH_MAILDIR)
        return true;
    if (j->batch.plan.packing == BATCH_MBOX)
        return is_folder(path); /* one mbox takes all of a container */
    return gives_several(path);
}

static int set_form(job *j, const cli_args *args)
{
    batch_plan *plan = &j->batch.plan;
    const char *to = cli_value(args, "to", "eml");
    plan->to = CV_FORM_EML;
    plan->packing = strcmp(to, "mbox") == 0      ? BATCH_MBOX
                    : strcmp(to, "maildir") == 0 ? BATCH_MAILDIR
                                                 : BATCH_FILES;
    if (plan->packing == BATCH_FILES &&
        !cv_form_of(cv_slice_cstr(to), &plan->to))
        return cli_usage_error(args, "--to %s: use " FORMS, to);
    if (plan->to == CV_FORM_JSON && cli_has(args, "full"))
        plan->to = CV_FORM_JSON_FULL;
    return CLI_OK;
}

static int set_filters(job *j, const cli_args *args)
{
    batch_plan *plan = &j->batch.plan;
    const char *only = cli_value(args, "only", "all");
    const char *since = cli_value(args, "since", NULL);
    cv_ical_time time;
    plan->since = INT64_MIN;
    plan->folder = cv_slice_cstr(cli_value(args, "folder", ""));
    while (cv_slice_ends(plan->folder, CV_S("/")))
        plan->folder.len--;
    while (cv_slice_starts(plan->folder, CV_S("/")))
        plan->folder = cv_slice_sub(plan->folder, 1, plan->folder.len);
    if (!batch_only_of(only, &plan->only))
        return cli_usage_error(args,
                               "--only %s: use meetings, mail, contacts, tasks "
                               "or notes",
                               only);
    if (!since || cv_iso_parse(cv_slice_cstr(since), &plan->since) == CV_OK)
        return CLI_OK;
    if (strlen(since) == 10 && since[4] == '-' && since[7] == '-') {
        char date[9];
        snprintf(date, sizeof date, "%.4s%.2s%.2s", since, since + 5,
                 since + 8);
        if (cv_ical_time_parse(cv_slice_cstr(date), &time) == CV_OK) {
            plan->since = cv_civil_to_ticks(&time.at);
            return CLI_OK;
        }
    }
    return cli_usage_error(args, "--since %s: use a date such as 2008-08-21",
                           since);
}

/* What a child may take. */
static int set_limits(job *j, const cli_args *args)
{
    int64_t bytes, seconds;
    if (!cli_number(args, "child-mb", 16, CHILD_MB_MAX,
                    CV_LIMIT_CHILD_BYTES >> 20, &bytes) ||
        !cli_number(args, "child-seconds", 0, CHILD_SECONDS_MAX,
                    CV_LIMIT_CHILD_CPU_SECONDS, &seconds))
        return CLI_USAGE;
    j->batch.plan.child_bytes = (uint64_t)bytes << 20;
    j->batch.plan.child_seconds = (uint64_t)seconds;
    return CLI_OK;
}

static int set_jobs(job *j, const cli_args *args)
{
    int64_t jobs = sysconf(_SC_NPROCESSORS_ONLN);
    if (jobs < 1 || jobs > JOBS_DEFAULT)
        jobs = jobs < 1 ? 1 : JOBS_DEFAULT;
    if (!cli_number(args, "jobs", 0, BATCH_JOBS_MAX, jobs, &jobs))
        return CLI_USAGE;
    j->batch.jobs = (unsigned)jobs;
    return CLI_OK;
}

/* A name of a file for what becomes several mailboxes. */
static bool is_file_for_several(const job *j, const cli_args *args)
{
    const char *out = cli_value(args, "output", "");
    return j->batch.plan.packing == BATCH_MBOX && has_several(j, args) &&
           cv_slice_iends(cv_slice_cstr(out), CV_S(".mbox")) && !is_folder(out);
}

static int open_target(job *j, const cli_args *args)
{
    cv_error err = { 0 };
    const char *out = cli_value(args, "output", NULL);
    if (is_file_for_several(j, args))
        return cli_usage_error(args,
                               "-o %s: folders and several inputs give an mbox "
                               "for each folder; name a folder (-o OUT/)",
                               out);
    cv_status status =
        cli_target_open(out, has_several(j, args), &j->target, &err);
    if (status == CV_ERR_RANGE)
        return cli_usage_error(args, "%s", err.what);
    if (status != CV_OK)
        return cli_error("%s", err.what);
    if (j->target.kind == CLI_TO_STDOUT &&
        strcmp(cli_value(args, "report", ""), "-") == 0)
        return cli_usage_error(args, "output and report cannot both go to "
                                     "standard output");
    if (j->target.kind != CLI_TO_FOLDER && cli_has(args, "resume"))
        return cli_usage_error(args, "--resume is for outputs in a folder");
    return CLI_OK;
}

/* -- many -- */

/* What must be the same for --resume. */
static void put_options(const cli_args *args, cv_buf *out)
{
    static const char *const names[] = { "to",      "set",      "address-map",
                                         "only",    "since",    "folder",
                                         "recover", "original", "full" };
    cv_buf_put_str(out, CONVOKE_VERSION);
    for (size_t i = 0; i < CV_LEN(names); i++)
        for (size_t k = 0; k < cli_count(args, names[i]); k++) {
            const char *value = cli_value_at(args, names[i], k);
            cv_buf_printf(out, "\n--%s=%s", names[i], value ? value : "");
        }
    size_t len = strlen(cli_value(args, "output", "."));
    bool slash = cli_value(args, "output", ".")[len ? len - 1 : 0] == '/';
    cv_buf_put_str(out, slash ? "\n/" : "");
    for (size_t i = 0; i < cli_operand_count(args); i++)
        cv_buf_printf(out, "\n%s", cli_operand(args, i));
    cv_buf_put_byte(out, '\0');
}

/* Outputs would replace the inputs, or be inputs of the next run. */
static bool is_input(const char *out, const char *path)
{
    struct stat a, b;
    return stat(out, &a) == 0 && stat(path, &b) == 0 && S_ISDIR(b.st_mode) &&
           a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

static int convert_batch(job *j, const cli_args *args)
{
    cv_buf text;
    batch_config *c = &j->batch;
    size_t count = cli_operand_count(args);
    const char **operands = calloc(count, sizeof *operands);
    if (!operands)
        return cli_error("out of memory");
    c->plan.out = j->target.path;
    c->plan.split = j->target.each;
    c->operands = operands;
    c->operand_count = count;
    c->several = count > 1;
    c->plan.lone = count == 1 && !is_folder(cli_operand(args, 0));
    c->resume = cli_has(args, "resume");
    c->report_name = cli_value(args, "report", NULL);
    c->plan.lines = c->report_name != NULL;
    int code = set_jobs(j, args);
    if (code == CLI_OK)
        code = set_limits(j, args);
    for (size_t i = 0; i < count && code == CLI_OK; i++) {
        operands[i] = cli_operand(args, i);
        if (is_input(c->plan.out, operands[i]))
            code = cli_error("%s is the output folder itself; give another "
                             "with -o",
                             operands[i]);
        else if (c->resume && strcmp(operands[i], "-") == 0)
            code = cli_usage_error(args, "standard input cannot be resumed");
    }
    cv_buf_init(&text, 0);
    put_options(args, &text);
    c->options = text.status == CV_OK ? (const char *)text.data : "";
    if (code == CLI_OK)
        code = batch_run(c);
    cv_buf_clear(&text);
    free(operands);
    return code;
}

static int run(const cli_args *args)
{
    job j = { 0 };
    j.batch.plan.original = cli_has(args, "original");
    j.batch.plan.recover = cli_has(args, "recover");
    int code = set_form(&j, args);
    if (code == CLI_OK)
        code = set_filters(&j, args);
    if (code == CLI_OK)
        code = cli_convert_options(args, &j.options);
    j.batch.plan.options = j.options;
    if (code == CLI_OK)
        code = open_target(&j, args);
    if (code == CLI_OK)
        code = j.target.kind == CLI_TO_FOLDER ? convert_batch(&j, args)
                                              : convert_one(&j, args);
    cv_convert_options_free(&j.options);
    return code;
}

static const cli_option options[] = {
    { 't', "to", "FORM", FORMS },
    { 'o', "output", "OUT", "file, folder, or - for standard output" },
    { 'r', "report", "FILE", "what was found and done: JSON, a line an item" },
    { 'j', "jobs", "N", "children that convert; 0: none (default: up to 4)" },
    { 0, "child-mb", "N", "memory of a child, MB (default: 1024)" },
    { 0, "child-seconds", "N", "processor time an item (default: 60)" },
    { 0, "resume", NULL, "go on with an unfinished run, redo nothing" },
    { 0, "only", "KIND", "meetings, mail, contacts, tasks or notes" },
    { 0, "since", "DATE", "items of that day (UTC) and later" },
    { 0, "folder", "PATH", "a folder of a container, with those below it" },
    { 0, "recover", NULL, "deleted and orphaned items of a store as well" },
    CLI_CONVERT_OPTIONS,
    { 0, "original", NULL, "mail that came as mail is copied byte for byte" },
    { 0, "full", NULL, "json: binary values of any size" },
    { 0 },
};

const cli_command cli_cmd_convert = {
    .name = "convert",
    .operands = "IN...",
    .summary = "Convert messages and whole archives of them: .msg, mail, "
               "calendars, objects in JSON.",
    .more =
        "What an input is, is found by its content. A folder stands for the "
        "files below it, a\nMaildir for its messages; - is standard input. "
        "Without -o one output goes to standard\noutput, several go to the "
        "current folder. A folder that is absent is made. The tree of\nfolders "
        "is kept, with a folder for each container (out/box.pst/Inbox). With "
        "-o FOLDER/\n(with the slash) each event of a calendar file becomes an "
        "output of its own.\n"
        "mbox: a file for each folder; one for all of a single input with "
        "-o FILE. maildir: -o is\nthe Maildir.\n\n"
        "Examples:\n"
        "  convoke convert --to eml -o mails/ --report report.jsonl archive/\n"
        "  convoke convert --to eml -o mails/ --report report.jsonl --resume "
        "archive/\n",
    .options = options,
    .min_operands = 1,
    .max_operands = CLI_ANY,
    .run = run,
};
