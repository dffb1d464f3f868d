#include "cli/converting.h"

#include "cli/input.h"

#include <inttypes.h>
#include <string.h>

static int apply_setting(const cli_args *args, cv_convert_options *options,
                         const char *text)
{
    cv_error err = { 0 };
    cv_slice value = cv_slice_cstr(text);
    cv_slice name = cv_slice_cut(&value, '=');
    if (!value.ptr)
        return cli_usage_error(args, "--set %s has no '='", text);
    if (cv_convert_set(options, cv_slice_trim(name), value, &err) != CV_OK)
        return cli_usage_error(args, "--set %s: %s", text, err.what);
    return CLI_OK;
}

static int apply_address_map(cv_convert_options *options, const char *path)
{
    cv_error err = { 0 };
    cli_input input;
    cv_status status = cli_input_open(path, &input, &err);
    if (status == CV_OK)
        status = cv_convert_set_address_map(options, input.bytes, &err);
    cli_input_close(&input);
    return status == CV_OK ? CLI_OK : cli_error("%s: %s", path, err.what);
}

int cli_convert_options(const cli_args *args, cv_convert_options **out)
{
    cv_error err = { 0 };
    cv_env env = cv_env_system();
    if (cv_convert_options_new(&env, out, &err) != CV_OK)
        return cli_error("%s", err.what);
    int code = CLI_OK;
    for (size_t i = 0; code == CLI_OK && i < cli_count(args, "set"); i++)
        code = apply_setting(args, *out, cli_value_at(args, "set", i));
    const char *map = cli_value(args, "address-map", NULL);
    if (code == CLI_OK && map)
        code = apply_address_map(*out, map);
    if (code != CLI_OK)
        cv_convert_options_free(out);
    return code;
}

const char *cli_advice(cv_status code)
{
    switch (code) {
    case CV_ERR_LEGACY:
        return "set "
               "content-conversion.fix-recipient-track-status-time=true";
    case CV_ERR_SYNTAX:
        return "give a .msg, .eml, .ics or an object in JSON";
    case CV_ERR_LIMIT:
        return "raise content-conversion.memory-bytes if the file is sound";
    default:
        return "";
    }
}

void cli_say_failure(const char *file, const cv_error *err)
{
    const char *advice = cli_advice(err->code);
    char place[40] = "";
    if (err->offset != UINT64_MAX && err->offset != 0)
        snprintf(place, sizeof place, "byte %" PRIu64 ": ", err->offset);
    cli_error("%s: %s%s%s%s", file, place, err->what, *advice ? "; " : "",
              advice);
}

const char *cli_severity_name(cv_severity severity)
{
    static const char *const names[] = { [CV_NOTE] = "note",
                                         [CV_REPAIRED] = "repaired",
                                         [CV_LOST] = "lost",
                                         [CV_ERROR] = "error" };
    return names[severity];
}

static void put_field(const char *before, cv_slice text, FILE *to)
{
    if (!text.len)
        return;
    fputs(before, to);
    for (size_t i = 0; i < text.len && i < 200; i++)
        fputc(text.ptr[i] < 0x20 || text.ptr[i] == 0x7F ? ' ' : text.ptr[i],
              to);
}

void cli_put_finding(const cv_finding *f, FILE *to)
{
    const cv_rule *rule = cv_rule_get(f->rule);
    fprintf(to, "  %-8s %s", cli_severity_name(f->severity), rule->id);
    put_field(" at ", f->path, to);
    put_field(": ", f->property, to);
    put_field(" = ", f->found, to);
    if (f->line)
        fprintf(to, " (line %" PRIu64 ")", f->line);
    if (f->offset != UINT64_MAX)
        fprintf(to, " (byte %" PRIu64 ")", f->offset);
    put_field("\n           -> ", f->done, to);
    fprintf(to, "\n           %s (%s)\n", rule->text, rule->reference);
}
