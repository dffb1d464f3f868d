/* The interface for programs: thin wrappers with types of their own, so that
 * nothing of src/ becomes a promise. Compiled into libconvoke only. */
#include "convoke/convoke.h"

#include "convert/walk.h"
#include "convert/write.h"

#include <stdlib.h>
#include <string.h>

struct convoke_options {
    cv_convert_options *inner; /* owned */
};

struct convoke_report {
    cv_report *inner; /* owned */
};

struct convoke_message {
    cv_object *inner; /* owned, but for a message of convoke_walk() */
};

#define SAME(a, b) _Static_assert((int)(a) == (int)(b), #a)
SAME(CONVOKE_OK, CV_OK);
SAME(CONVOKE_NO_MEMORY, CV_ERR_NOMEM);
SAME(CONVOKE_LIMIT, CV_ERR_LIMIT);
SAME(CONVOKE_TRUNCATED, CV_ERR_TRUNC);
SAME(CONVOKE_SYNTAX, CV_ERR_SYNTAX);
SAME(CONVOKE_RANGE, CV_ERR_RANGE);
SAME(CONVOKE_UNSUPPORTED, CV_ERR_UNSUP);
SAME(CONVOKE_IO, CV_ERR_IO);
SAME(CONVOKE_NOT_FOUND, CV_ERR_NOTFOUND);
SAME(CONVOKE_LEGACY, CV_ERR_LEGACY);
SAME(CONVOKE_NOTE, CV_NOTE);
SAME(CONVOKE_REPAIRED, CV_REPAIRED);
SAME(CONVOKE_LOST, CV_LOST);
SAME(CONVOKE_ERROR, CV_ERROR);
SAME(CONVOKE_TYPE_UNKNOWN, CV_INPUT_UNKNOWN);
SAME(CONVOKE_TYPE_MSG, CV_INPUT_MSG);
SAME(CONVOKE_TYPE_MIME, CV_INPUT_MIME);
SAME(CONVOKE_TYPE_ICAL, CV_INPUT_ICAL);
SAME(CONVOKE_TYPE_JSON, CV_INPUT_JSON);
SAME(CONVOKE_TYPE_TNEF, CV_INPUT_TNEF);
SAME(CONVOKE_TYPE_PST, CV_INPUT_PST);
SAME(CONVOKE_TYPE_PACKED, CV_INPUT_PACKED);
SAME(CONVOKE_TYPE_MBOX, CV_INPUT_MBOX);
SAME(CONVOKE_TYPE_EMLX, CV_INPUT_EMLX);
SAME(CONVOKE_TYPE_VCARD, CV_INPUT_VCARD);
SAME(CONVOKE_TYPE_ARCHIVE, CV_INPUT_ARCHIVE);

/* What a call uses besides its arguments: defaults where it was given none,
 * and an error of the inner kind. */
typedef struct call {
    const cv_convert_options *options;
    cv_report *report;
    cv_convert_options *own_options; /* owned or NULL */
    cv_report *own_report;           /* owned or NULL */
    cv_error err;
} call;

static convoke_text text_of(cv_slice s)
{
    return (convoke_text){ s.len ? (const char *)s.ptr : "", s.len };
}

/* Hands an inner result to the caller. */
static convoke_status give(cv_status status, const cv_error *from,
                           convoke_error *err)
{
    if (status != CV_OK && err) {
        err->code = (convoke_status)status;
        err->offset = from->offset;
        memcpy(err->what, from->what, sizeof(err->what));
    }
    return (convoke_status)status;
}

static cv_status new_options(const convoke_env *env, cv_convert_options **out,
                             cv_error *err)
{
    cv_env inner = cv_env_system();
    if (env)
        inner = (cv_env){ env->now, env->random, env->ctx };
    return cv_convert_options_new(&inner, out, err);
}

static cv_status call_begin(call *c, const convoke_options *options,
                            convoke_report *report)
{
    *c = (call){ .err.offset = UINT64_MAX };
    if (!options)
        CV_TRY(new_options(NULL, &c->own_options, &c->err));
    if (!report)
        CV_TRY(cv_report_new(&c->own_report, &c->err));
    c->options = options ? options->inner : c->own_options;
    c->report = report ? report->inner : c->own_report;
    return CV_OK;
}

static convoke_status call_end(call *c, cv_status status, convoke_error *err)
{
    convoke_status result = give(status, &c->err, err);
    cv_convert_options_free(&c->own_options);
    cv_report_free(&c->own_report);
    return result;
}

const char *convoke_version(void)
{
    return CONVOKE_VERSION;
}

convoke_status convoke_options_new(const convoke_env *env,
                                   convoke_options **out, convoke_error *err)
{
    cv_error inner = { .offset = UINT64_MAX };
    convoke_options *options = calloc(1, sizeof(*options));
    if (!options)
        return give(cv_fail(&inner, CV_ERR_NOMEM, "options"), &inner, err);
    cv_status status = new_options(env, &options->inner, &inner);
    if (status == CV_OK)
        *out = options;
    else
        free(options);
    return give(status, &inner, err);
}

void convoke_options_free(convoke_options **options)
{
    if (!options || !*options)
        return;
    cv_convert_options_free(&(*options)->inner);
    free(*options);
    *options = NULL;
}

convoke_status convoke_options_set(convoke_options *options, const char *name,
                                   const char *value, convoke_error *err)
{
    cv_error inner = { .offset = UINT64_MAX };
    return give(cv_convert_set(options->inner, cv_slice_cstr(name),
                               cv_slice_cstr(value), &inner),
                &inner, err);
}

convoke_status convoke_options_set_address_map(convoke_options *options,
                                               const void *text,
                                               size_t size_bytes,
                                               convoke_error *err)
{
    cv_error inner = { .offset = UINT64_MAX };
    return give(cv_convert_set_address_map(
                    options->inner, cv_slice_of(text, size_bytes), &inner),
                &inner, err);
}

void convoke_options_set_domain(convoke_options *options, const char *domain)
{
    cv_convert_set_domain(options->inner, cv_slice_cstr(domain));
}

void convoke_options_set_zone(convoke_options *options, const char *zone)
{
    cv_convert_set_zone(options->inner, cv_slice_cstr(zone));
}

convoke_status convoke_report_new(convoke_report **out, convoke_error *err)
{
    cv_error inner = { .offset = UINT64_MAX };
    convoke_report *report = calloc(1, sizeof(*report));
    if (!report)
        return give(cv_fail(&inner, CV_ERR_NOMEM, "report"), &inner, err);
    cv_status status = cv_report_new(&report->inner, &inner);
    if (status == CV_OK)
        *out = report;
    else
        free(report);
    return give(status, &inner, err);
}

void convoke_report_free(convoke_report **report)
{
    if (!report || !*report)
        return;
    cv_report_free(&(*report)->inner);
    free(*report);
    *report = NULL;
}

size_t convoke_report_count(const convoke_report *report)
{
    return cv_report_count(report->inner);
}

size_t convoke_report_dropped(const convoke_report *report)
{
    return cv_report_dropped(report->inner);
}

convoke_severity convoke_report_worst(const convoke_report *report)
{
    return (convoke_severity)cv_report_worst(report->inner);
}

/* NULL past the end. */
static const cv_finding *finding(const convoke_report *report, size_t index)
{
    if (index >= cv_report_count(report->inner))
        return NULL;
    return cv_report_get(report->inner, index);
}

convoke_text convoke_report_field(const convoke_report *report, size_t index,
                                  convoke_field field)
{
    const cv_finding *f = finding(report, index);
    if (!f)
        return text_of(CV_S(""));
    switch (field) {
    case CONVOKE_FIELD_RULE:
        return text_of(cv_slice_cstr(cv_rule_get(f->rule)->id));
    case CONVOKE_FIELD_PATH:
        return text_of(f->path);
    case CONVOKE_FIELD_PROPERTY:
        return text_of(f->property);
    case CONVOKE_FIELD_FOUND:
        return text_of(f->found);
    case CONVOKE_FIELD_DONE:
        return text_of(f->done);
    case CONVOKE_FIELD_REFERENCE:
        return text_of(cv_slice_cstr(cv_rule_get(f->rule)->reference));
    }
    return text_of(CV_S(""));
}

convoke_severity convoke_report_severity(const convoke_report *report,
                                         size_t index)
{
    const cv_finding *f = finding(report, index);
    return f ? (convoke_severity)f->severity : CONVOKE_NOTE;
}

uint64_t convoke_report_line(const convoke_report *report, size_t index)
{
    const cv_finding *f = finding(report, index);
    return f ? f->line : 0;
}

uint64_t convoke_report_offset(const convoke_report *report, size_t index)
{
    const cv_finding *f = finding(report, index);
    return f ? f->offset : UINT64_MAX;
}

/* The caller's write function behind an inner sink. */
typedef struct writer {
    convoke_write_fn fn;
    void *ctx;
} writer;

static cv_status write_out(void *ctx, const void *bytes, size_t len,
                           cv_error *err)
{
    const writer *w = ctx;
    convoke_status status = w->fn(w->ctx, bytes, len);
    return status == CONVOKE_OK
               ? CV_OK
               : cv_fail(err, (cv_status)status, "the output was not taken");
}

static const char *status_of(const cv_report *report)
{
    bool lost = cv_report_worst(report) >= CV_LOST ||
                cv_report_step(report) > CV_LADDER_FULL;
    return lost ? "partial" : "converted";
}

convoke_status convoke_report_write(const convoke_report *report,
                                    const char *input, const char *output,
                                    const convoke_message *message,
                                    convoke_write_fn write, void *ctx,
                                    convoke_error *err)
{
    cv_error inner = { .offset = UINT64_MAX };
    writer w = { write, ctx };
    cv_sink sink = { write_out, &w };
    cv_buf line;
    cv_buf_init(&line, 0);
    cv_report_put_line(
        report->inner, cv_slice_cstr(input), cv_slice_cstr(output),
        message ? status_of(report->inner) : "failed",
        cv_message_ids_of(message ? message->inner : NULL), &line);
    cv_status status = cv_buf_status(&line, &inner);
    if (status == CV_OK)
        status = cv_sink_put(&sink, cv_buf_slice(&line), &inner);
    cv_buf_clear(&line);
    return give(status, &inner, err);
}

convoke_type convoke_detect(const void *bytes, size_t size_bytes,
                            const char *file_name)
{
    return (convoke_type)cv_detect(cv_slice_of(bytes, size_bytes),
                                   cv_slice_cstr(file_name));
}

const char *convoke_type_name(convoke_type type)
{
    bool known = (int)type >= 0 && type <= CONVOKE_TYPE_PACKED;
    return cv_input_type_name(known ? (cv_input_type)type : CV_INPUT_UNKNOWN);
}

convoke_status convoke_read(const void *bytes, size_t size_bytes,
                            const char *file_name,
                            const convoke_options *options,
                            convoke_message **out, convoke_report *report,
                            convoke_error *err)
{
    call c;
    convoke_message *message = NULL;
    cv_status status = call_begin(&c, options, report);
    if (status == CV_OK && !(message = calloc(1, sizeof(*message))))
        status = cv_fail(&c.err, CV_ERR_NOMEM, "message");
    if (status == CV_OK)
        status =
            cv_read(cv_slice_of(bytes, size_bytes), cv_slice_cstr(file_name),
                    c.options, &message->inner, c.report, &c.err);
    if (status == CV_OK)
        *out = message;
    else
        free(message);
    return call_end(&c, status, err);
}

void convoke_message_free(convoke_message **message)
{
    if (!message || !*message)
        return;
    cv_object_free(&(*message)->inner);
    free(*message);
    *message = NULL;
}

static convoke_item item_of(const cv_item *item)
{
    return (convoke_item){ text_of(item->folder), text_of(item->name),
                           item->index, item->recovered };
}

/* cv_walker.want */
static bool ask(void *ctx, const cv_item *item)
{
    const convoke_walker *walker = ctx;
    convoke_item where = item_of(item);
    return walker->want(walker->ctx, &where);
}

/* cv_walker.each */
static cv_status visit(void *ctx, const cv_item *item, cv_object *obj,
                       cv_report *report, cv_error *err)
{
    const convoke_walker *walker = ctx;
    convoke_item where = item_of(item);
    convoke_message message = { obj };
    convoke_report findings = { report };
    convoke_status status =
        walker->each(walker->ctx, &where, obj ? &message : NULL, &findings);
    return status == CONVOKE_OK
               ? CV_OK
               : cv_fail(err, (cv_status)status, "the message was not taken");
}

convoke_status convoke_walk(const void *bytes, size_t size_bytes,
                            const char *file_name,
                            const convoke_options *options,
                            const convoke_walker *walker,
                            convoke_report *report, convoke_error *err)
{
    call c;
    cv_status status = call_begin(&c, options, report);
    convoke_walker own = *walker;
    cv_walker inner = { .recover = walker->recover,
                        .split = walker->split,
                        .want = walker->want ? ask : NULL,
                        .each = visit,
                        .ctx = &own };
    if (status == CV_OK)
        status =
            cv_walk(cv_slice_of(bytes, size_bytes), cv_slice_cstr(file_name),
                    c.options, &inner, c.report, &c.err);
    return call_end(&c, status, err);
}

convoke_text convoke_message_class(const convoke_message *message)
{
    return text_of(cv_object_class(message->inner));
}

static bool get_string(const cv_bag *bag, const char *name, convoke_text *out)
{
    cv_slice text;
    cv_tag tag = cv_tag_by_name(cv_slice_cstr(name));
    if (!tag || !cv_bag_string(bag, tag, &text))
        return false;
    *out = text_of(text);
    return true;
}

bool convoke_message_string(const convoke_message *message, const char *name,
                            convoke_text *out)
{
    return get_string(cv_object_props(message->inner), name, out);
}

bool convoke_message_integer(const convoke_message *message, const char *name,
                             int64_t *out)
{
    cv_tag tag = cv_tag_by_name(cv_slice_cstr(name));
    return tag && cv_bag_i64(cv_object_props(message->inner), tag, out);
}

bool convoke_message_time(const convoke_message *message, const char *name,
                          int64_t *ticks)
{
    cv_tag tag = cv_tag_by_name(cv_slice_cstr(name));
    return tag && cv_bag_ticks(cv_object_props(message->inner), tag, ticks);
}

size_t convoke_message_recipient_count(const convoke_message *message)
{
    return cv_object_recipient_count(message->inner);
}

bool convoke_message_recipient_string(const convoke_message *message,
                                      size_t index, const char *name,
                                      convoke_text *out)
{
    return index < cv_object_recipient_count(message->inner) &&
           get_string(cv_object_recipient(message->inner, index), name, out);
}

size_t convoke_message_attachment_count(const convoke_message *message)
{
    return cv_object_attachment_count(message->inner);
}

bool convoke_message_attachment_string(const convoke_message *message,
                                       size_t index, const char *name,
                                       convoke_text *out)
{
    return index < cv_object_attachment_count(message->inner) &&
           get_string(cv_object_attachment(message->inner, index)->props, name,
                      out);
}

static cv_form form_of(convoke_form form)
{
    static const cv_form forms[] = { [CONVOKE_FORM_EML] = CV_FORM_EML,
                                     [CONVOKE_FORM_ICS] = CV_FORM_ICS,
                                     [CONVOKE_FORM_MSG] = CV_FORM_MSG,
                                     [CONVOKE_FORM_JSON] = CV_FORM_JSON_FULL,
                                     [CONVOKE_FORM_TNEF] = CV_FORM_TNEF,
                                     [CONVOKE_FORM_VCF] = CV_FORM_VCF };
    return (size_t)form < CV_LEN(forms) ? forms[form] : CV_FORM_COUNT;
}

convoke_status convoke_write(const convoke_message *message, convoke_form form,
                             const convoke_options *options,
                             convoke_write_fn write, void *ctx,
                             convoke_report *report, convoke_error *err)
{
    call c;
    writer w = { write, ctx };
    cv_sink sink = { write_out, &w };
    cv_status status = call_begin(&c, options, report);
    if (status == CV_OK)
        status = cv_write(message->inner, form_of(form), c.options, &sink,
                          c.report, &c.err);
    return call_end(&c, status, err);
}
