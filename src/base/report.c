#include "base/report.h"

#include "base/limits.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define WORSE_FINDINGS 100 /* kept beside those that fill the report */
/* Prefixes nest as deep as messages do, with the attachment between. */
#define PREFIX_DEPTH (2 * CV_LIMIT_EMBED_DEPTH + 8)

struct cv_report {
    cv_arena *arena;      /* owned */
    cv_finding *findings; /* arena */
    size_t count, room;
    size_t dropped;
    bool has[CV_RULE_COUNT];
    cv_severity worst;
    cv_ladder_step step;
    cv_buf prefix;               /* owned; the joined prefixes */
    size_t before[PREFIX_DEPTH]; /* length of prefix before each push */
    size_t depth;                /* pushes without pop, may exceed the array */
};

static const cv_rule rules[] = {
#define RULE(sym, id, severity, setting, reference, text) \
    [CV_RULE_##sym] = { id, severity, setting, reference, text },
#include "base/rules.def"
#undef RULE
};

const cv_rule *cv_rule_get(cv_rule_id id)
{
    cv_assert((size_t)id < CV_LEN(rules));
    return &rules[id];
}

cv_status cv_report_new(cv_report **out, cv_error *err)
{
    cv_report *r = calloc(1, sizeof(*r));
    if (!r)
        return cv_fail(err, CV_ERR_NOMEM, "no memory for a report");
    cv_status status = cv_arena_new(CV_LIMIT_REPORT_BYTES, &r->arena, err);
    if (status != CV_OK) {
        free(r);
        return status;
    }
    cv_buf_init(&r->prefix, CV_LIMIT_FINDING_BYTES);
    *out = r;
    return CV_OK;
}

void cv_report_free(cv_report **report)
{
    cv_report *r = *report;
    if (!r)
        return;
    *report = NULL;
    cv_buf_clear(&r->prefix);
    cv_arena_free(&r->arena);
    free(r);
}

/* Copy of text of any origin: bounded, valid UTF-8. */
static cv_slice keep(cv_report *r, cv_slice text)
{
    if (text.len == 0)
        return (cv_slice){ NULL, 0 };
    text = cv_utf8_clip(text, CV_LIMIT_FINDING_BYTES);
    cv_slice good = cv_utf8_repair(r->arena, text);
    return good.ptr == text.ptr ? cv_arena_dup(r->arena, text) : good;
}

static cv_slice keep_path(cv_report *r, cv_slice path)
{
    cv_slice prefix = cv_buf_slice(&r->prefix);
    if (prefix.len == 0)
        return keep(r, path);
    if (path.len == 0)
        return keep(r, prefix);
    cv_buf joined;
    cv_buf_init(&joined, 2 * CV_LIMIT_FINDING_BYTES + 1);
    cv_buf_put_slice(&joined, prefix);
    cv_buf_put_byte(&joined, '.');
    cv_buf_put_slice(&joined, cv_utf8_clip(path, CV_LIMIT_FINDING_BYTES));
    cv_slice out = keep(r, cv_buf_slice(&joined));
    cv_buf_clear(&joined);
    return out;
}

/* Place for one more finding, NULL when there is none. Notes, of which there
 * may be one a line, leave room for what is worse. */
static cv_finding *next_place(cv_report *r, cv_severity severity)
{
    size_t most = CV_LIMIT_FINDINGS + (severity > CV_NOTE ? WORSE_FINDINGS : 0);
    if (r->count >= most)
        return NULL;
    if (r->count == r->room) {
        size_t room = r->room ? r->room * 2 : 16;
        cv_finding *more = cv_arena_array(r->arena, room, sizeof(*more));
        if (!more)
            return NULL;
        for (size_t i = 0; i < r->count; i++)
            more[i] = r->findings[i];
        r->findings = more;
        r->room = room;
    }
    return &r->findings[r->count];
}

void cv_report_add(cv_report *report, const cv_finding *f)
{
    if (!report)
        return;
    const cv_rule *rule = cv_rule_get(f->rule);
    cv_severity severity =
        f->severity == (cv_severity)-1 ? rule->severity : f->severity;
    report->has[f->rule] = true;
    if (severity > report->worst)
        report->worst = severity;

    cv_finding *to = next_place(report, severity);
    if (!to) {
        report->dropped++;
        return;
    }
    *to = *f;
    to->severity = severity;
    to->path = keep_path(report, f->path);
    to->property = keep(report, f->property);
    to->found = keep(report, f->found);
    to->done = keep(report, f->done);
    if (cv_arena_status(report->arena) == CV_OK)
        report->count++;
    else
        report->dropped++;
}

void cv_report_say(cv_report *report, cv_rule_id rule, cv_slice path,
                   cv_slice property, cv_slice found, const char *done_fmt, ...)
{
    char done[CV_LIMIT_FINDING_BYTES];
    va_list args;
    if (!report)
        return;
    va_start(args, done_fmt);
    int len = vsnprintf(done, sizeof(done), done_fmt, args);
    va_end(args);
    size_t kept = len < 0 ? 0 : (size_t)len;
    if (kept >= sizeof(done))
        kept = sizeof(done) - 1;
    cv_report_add(report,
                  CV_FINDING(.rule = rule, .path = path, .property = property,
                             .found = found, .done = cv_slice_of(done, kept)));
}

void cv_report_push(cv_report *report, const char *fmt, ...)
{
    char text[256];
    va_list args;
    if (!report)
        return;
    size_t level = report->depth++;
    if (level >= PREFIX_DEPTH)
        return;
    report->before[level] = report->prefix.len;
    va_start(args, fmt);
    int len = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (len <= 0)
        return;
    if (report->prefix.len)
        cv_buf_put_byte(&report->prefix, '.');
    cv_buf_put_str(&report->prefix, text);
}

void cv_report_pop(cv_report *report)
{
    if (!report)
        return;
    cv_assert(report->depth > 0);
    size_t level = --report->depth;
    if (level >= PREFIX_DEPTH)
        return;
    report->prefix.len = report->before[level];
    report->prefix.status = CV_OK;
}

void cv_report_reach(cv_report *report, cv_ladder_step step)
{
    if (report && step > report->step)
        report->step = step;
}

cv_ladder_step cv_report_step(const cv_report *report)
{
    return report->step;
}

size_t cv_report_count(const cv_report *report)
{
    return report->count;
}

const cv_finding *cv_report_get(const cv_report *report, size_t index)
{
    return index < report->count ? &report->findings[index] : NULL;
}

size_t cv_report_dropped(const cv_report *report)
{
    return report->dropped;
}

bool cv_report_has(const cv_report *report, cv_rule_id rule)
{
    return report->has[rule];
}

cv_severity cv_report_worst(const cv_report *report)
{
    return report->worst;
}

void cv_report_merge(cv_report *dst, const cv_report *src)
{
    if (!dst || !src)
        return;
    for (size_t i = 0; i < src->count; i++)
        cv_report_add(dst, &src->findings[i]);
    /* What src only counted still counts. */
    for (size_t i = 0; i < CV_RULE_COUNT; i++)
        dst->has[i] |= src->has[i];
    if (src->worst > dst->worst)
        dst->worst = src->worst;
    dst->dropped += src->dropped;
    cv_report_reach(dst, src->step);
}

static void put_json_text(cv_buf *buf, cv_slice text)
{
    cv_buf_put_byte(buf, '"');
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (c == '"' || c == '\\') {
            cv_buf_put_byte(buf, '\\');
            cv_buf_put_byte(buf, c);
        } else if (c < 0x20 || c == 0x7f) {
            cv_buf_printf(buf, "\\u%04x", c);
        } else {
            cv_buf_put_byte(buf, c);
        }
    }
    cv_buf_put_byte(buf, '"');
}

static void put_json_field(cv_buf *buf, const char *name, cv_slice text)
{
    cv_buf_printf(buf, ", \"%s\": ", name);
    put_json_text(buf, text);
}

static void put_json_finding(cv_buf *buf, const cv_finding *f)
{
    static const char *const severities[] = { "note", "repaired", "lost",
                                              "error" };
    const cv_rule *rule = cv_rule_get(f->rule);
    cv_buf_printf(buf, "{\"rule\": \"%s\"", rule->id);
    put_json_field(buf, "severity", cv_slice_cstr(severities[f->severity]));
    put_json_field(buf, "path", f->path);
    put_json_field(buf, "property", f->property);
    put_json_field(buf, "found", f->found);
    put_json_field(buf, "done", f->done);
    if (f->line)
        cv_buf_printf(buf, ", \"line\": %llu", (unsigned long long)f->line);
    if (f->offset != UINT64_MAX)
        cv_buf_printf(buf, ", \"offset\": %llu", (unsigned long long)f->offset);
    put_json_field(buf, "reference", cv_slice_cstr(rule->reference));
    cv_buf_put_byte(buf, '}');
}

void cv_report_put_json(const cv_report *report, cv_buf *buf)
{
    cv_buf_put_byte(buf, '[');
    for (size_t i = 0; i < report->count; i++) {
        if (i)
            cv_buf_put_str(buf, ", ");
        put_json_finding(buf, &report->findings[i]);
    }
    cv_buf_put_byte(buf, ']');
}
