/* cmd_inspect.c - shows what a message holds. */
#include "base/text.h"
#include "cli/commands.h"
#include "cli/converting.h"
#include "cli/input.h"
#include "cli/inspect_blob.h"
#include "cli/inspect_tree.h"
#include "mapi/json.h"

#include <string.h>

#define SHOWN_BYTES 300 /* of a text value, unless --full */

static void indent(unsigned depth)
{
    for (unsigned i = 0; i < depth; i++)
        fputs("  ", stdout);
}

static void put_text(cv_slice text, bool full)
{
    cv_slice shown = full ? text : cv_utf8_clip(text, SHOWN_BYTES);
    putchar('"');
    for (size_t i = 0; i < shown.len; i++) {
        uint8_t c = shown.ptr[i];
        if (c == '\n')
            fputs("\\n", stdout);
        else if (c == '\r')
            fputs("\\r", stdout);
        else if (c < 0x20 || c == 0x7F)
            printf("\\x%02X", c);
        else
            putchar(c);
    }
    putchar('"');
    if (shown.len < text.len)
        printf("... (%zu bytes)", text.len);
}

/* Values are scalars, arrays of scalars, or {"size", "sha256"}. */
static void put_value(const cv_json *value, bool full)
{
    if (!value) {
        fputs("-", stdout);
        return;
    }
    switch (value->type) {
    case CV_JSON_NULL:
        fputs("null", stdout);
        break;
    case CV_JSON_BOOL:
        fputs(value->boolean ? "true" : "false", stdout);
        break;
    case CV_JSON_INT:
        printf("%lld", (long long)value->i64);
        break;
    case CV_JSON_REAL:
        printf("%.17g", value->real);
        break;
    case CV_JSON_TEXT:
        put_text(value->text, full);
        break;
    case CV_JSON_OBJECT:
        printf("%lld bytes", (long long)cv_json_int_or(value, "size", 0));
        break;
    case CV_JSON_ARRAY:
        printf("%zu values", value->count);
        for (size_t i = 0; i < value->count && (full || i < 8); i++) {
            fputs(i ? ", " : ": ", stdout);
            if (value->items[i].type < CV_JSON_ARRAY)
                put_value(&value->items[i], full);
        }
        break;
    }
}

static void put_properties(const cv_json *owner, unsigned depth, bool full)
{
    const cv_json *list = cv_json_get(owner, "properties");
    for (size_t i = 0; list && i < list->count; i++) {
        const cv_json *p = &list->items[i];
        cv_slice name = cv_json_text_or(p, "name", CV_S(""));
        if (!name.len)
            name = cv_json_text_or(p, "string", CV_S(""));
        if (!name.len)
            name = cv_json_text_or(p, "lid", CV_S("?"));
        indent(depth);
        printf("%.*s  %-36.*s ", CV_FMT(cv_json_text_or(p, "tag", CV_S("?"))),
               CV_FMT(name));
        put_value(cv_json_get(p, "value"), full);
        putchar('\n');
    }
}

/* The tree's depth is bounded by CV_LIMIT_EMBED_DEPTH. */
static void put_object(const cv_json *obj, unsigned depth, bool full)
{
    const cv_json *list = cv_json_get(obj, "recipients");
    indent(depth);
    printf("class %.*s\n",
           CV_FMT(cv_json_text_or(obj, "messageClass", CV_S("?"))));
    put_properties(obj, depth + 1, full);
    for (size_t i = 0; list && i < list->count; i++) {
        indent(depth);
        printf("recipient[%zu]\n", i);
        put_properties(&list->items[i], depth + 1, full);
    }
    list = cv_json_get(obj, "attachments");
    for (size_t i = 0; list && i < list->count; i++) {
        const cv_json *att = &list->items[i];
        const cv_json *embedded = cv_json_get(att, "embedded");
        indent(depth);
        printf("attachment[%zu]", i);
        if (cv_json_get(att, "size"))
            printf(" %lld bytes", (long long)cv_json_int_or(att, "size", 0));
        putchar('\n');
        put_properties(att, depth + 1, full);
        if (embedded && embedded->type == CV_JSON_OBJECT)
            put_object(embedded, depth + 1, full);
    }
}

static cv_status show_people(const cv_object *obj, bool full, cv_error *err)
{
    cv_buf json;
    cv_json *root = NULL;
    cv_arena *arena = NULL;
    cv_buf_init(&json, 0);
    cv_sink sink = cv_buf_sink(&json);
    cv_status status =
        cv_object_to_json(obj, full ? CV_JSON_FULL : 0, &sink, err);
    if (status == CV_OK)
        status = cv_arena_new(0, &arena, err);
    if (status == CV_OK)
        status = cv_json_parse(arena, cv_buf_slice(&json), &root, err);
    if (status == CV_OK)
        put_object(root, 0, full);
    cv_arena_free(&arena);
    cv_buf_clear(&json);
    return status;
}

static cv_status write_stdout(void *ctx, const void *bytes, size_t len,
                              cv_error *err)
{
    (void)ctx;
    return fwrite(bytes, 1, len, stdout) == len
               ? CV_OK
               : cv_fail(err, CV_ERR_IO, "standard output: %m");
}

static cv_status show_json(const cv_object *obj, bool full, cv_error *err)
{
    cv_sink sink = { write_stdout, NULL };
    CV_TRY(cv_object_to_json(obj, CV_JSON_PRETTY | (full ? CV_JSON_FULL : 0),
                             &sink, err));
    return cv_sink_put(&sink, CV_S("\n"), err);
}

static void show_findings(const cv_report *report)
{
    if (cv_report_count(report))
        puts("findings");
    for (size_t i = 0; i < cv_report_count(report); i++)
        cli_put_finding(cv_report_get(report, i), stdout);
}

/* cli_show_fn */
static cv_status show(const cli_args *args, const cv_object *obj,
                      const cv_report *report, cv_error *err)
{
    bool full = cli_has(args, "full");
    if (cli_has(args, "json"))
        return show_json(obj, full, err);
    CV_TRY(show_people(obj, full, err));
    show_findings(report);
    return CV_OK;
}

static cv_status inspect(const cli_args *args, cv_slice bytes,
                         const cv_convert_options *options, cv_report *report,
                         cv_error *err)
{
    cv_object *obj = NULL;
    cv_slice name = cv_slice_cstr(cli_operand(args, 0));
    if (cli_is_container(bytes, name)) {
        CV_TRY(cli_show_tree(args, bytes, name, options, show, report, err));
        if (!cli_has(args, "json"))
            show_findings(report);
        return CV_OK;
    }
    CV_TRY(cv_read(bytes, name, options, &obj, report, err));
    cv_status status = show(args, obj, report, err);
    cv_object_free(&obj);
    return status;
}

static int run(const cli_args *args)
{
    cv_convert_options *options_used = NULL;
    cv_report *report = NULL;
    cli_input input = { 0 };
    cv_error err = { .offset = UINT64_MAX };
    int code = cli_convert_options(args, &options_used);
    if (code != CLI_OK)
        return code;
    cv_status status = cv_report_new(&report, &err);
    if (status == CV_OK)
        status = cli_input_open(cli_operand(args, 0), &input, &err);
    const char *kind = cli_value(args, "blob", NULL);
    if (status == CV_OK && kind)
        status = cli_show_blob(kind, input.bytes, &err);
    else if (status == CV_OK)
        status = inspect(args, input.bytes, options_used, report, &err);
    if (status != CV_OK)
        cli_say_failure(cli_operand(args, 0), &err);
    cli_input_close(&input);
    cv_report_free(&report);
    cv_convert_options_free(&options_used);
    return status == CV_OK ? CLI_OK : CLI_FAILED;
}

static const cli_option options[] = {
    { 'j', "json", NULL, "the JSON form of the object" },
    { 0, "full", NULL, "values of any size" },
    CLI_BLOB_OPTION,
    CLI_TREE_OPTIONS,
    CLI_CONVERT_OPTIONS,
    { 0 },
};

const cli_command cli_cmd_inspect = {
    .name = "inspect",
    .operands = "FILE",
    .summary =
        "Show every property, recipient and attachment of a message, or the "
        "folders and items of a PST, a mailbox or an archive.",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
