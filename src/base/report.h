/* report.h - what was wrong with an input and what was done about it.
 *
 * Bad input is never an error of the program: it becomes a finding here. The
 * same report feeds `convoke check`, the event log, the queue console and
 * IMAP's log. Its JSON form is a contract (docs/report.md).
 *
 * Rules are rows of base/rules.def: id, severity, setting, reference,
 * sentence. There is no finding without a rule.
 */
#ifndef CV_BASE_REPORT_H
#define CV_BASE_REPORT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

typedef enum cv_severity {
    CV_NOTE,     /* odd, harmless */
    CV_REPAIRED, /* was wrong, is right now */
    CV_LOST,     /* something could not be kept */
    CV_ERROR     /* nothing could be written */
} cv_severity;

typedef enum cv_rule_id {
#define RULE(sym, id, severity, setting, reference, text) CV_RULE_##sym,
#include "base/rules.def"
#undef RULE
    CV_RULE_COUNT
} cv_rule_id;

typedef struct cv_rule {
    const char *id;        /* "recipient-track-status-time" */
    cv_severity severity;  /* of its findings, unless given otherwise */
    const char *setting;   /* that switches it, NULL: always on */
    const char *reference; /* "KB938650", "[MS-OXCDATA] 2.11.1" */
    const char *text;      /* one sentence: what is wrong and what is done */
} cv_rule;

const cv_rule *cv_rule_get(cv_rule_id id);

typedef struct cv_finding {
    cv_rule_id rule;
    cv_severity severity;
    cv_slice path;     /* "recipient[2]", empty for the message; report */
    cv_slice property; /* canonical name or header name, may be empty; report */
    cv_slice found;    /* report */
    cv_slice done;     /* report */
    uint64_t line;     /* of iCalendar text, 0 when none */
    uint64_t offset;   /* in a container, UINT64_MAX when none */
} cv_finding;

/* The step of the ladder that was reached (DESIGN.md, conversion contract). */
typedef enum cv_ladder_step {
    CV_LADDER_FULL,    /* everything, repairs included */
    CV_LADDER_PARTIAL, /* without a part, row or property that failed */
    CV_LADDER_MINIMAL  /* minimal message, original attached */
} cv_ladder_step;

typedef struct cv_report cv_report;

/* Findings beyond CV_LIMIT_FINDINGS are counted, not kept, but for the first
 * hundred that are worse than a note.
 * Errors: CV_ERR_NOMEM. */
CV_NODISCARD cv_status cv_report_new(cv_report **out, cv_error *err);
void cv_report_free(cv_report **report);

/* Adds a finding; text is copied. Takes a NULL report. Never fails: without
 * memory the finding is only counted. Fields that are empty in *f stay empty;
 * offset must be UINT64_MAX when there is none (CV_FINDING gives that). */
void cv_report_add(cv_report *report, const cv_finding *f);
#define CV_FINDING(...) \
    (&(cv_finding){ \
        .offset = UINT64_MAX, .severity = (cv_severity)-1, __VA_ARGS__ })
/* For short text: rule, path, property, and printf-like `done`. Severity is
 * the rule's when f.severity is (cv_severity)-1. */
void cv_report_say(cv_report *report, cv_rule_id rule, cv_slice path,
                   cv_slice property, cv_slice found, const char *done_fmt, ...)
    CV_PRINTF(6, 7);

/* A prefix for the paths of all findings added until the matching pop, such
 * as "attachment[1].embedded". The text is copied. */
void cv_report_push(cv_report *report, const char *fmt, ...) CV_PRINTF(2, 3);
void cv_report_pop(cv_report *report);

void cv_report_reach(cv_report *report, cv_ladder_step step); /* keeps max */
cv_ladder_step cv_report_step(const cv_report *report);
size_t cv_report_count(const cv_report *report); /* kept ones */
const cv_finding *cv_report_get(const cv_report *report, size_t index);
size_t cv_report_dropped(const cv_report *report);
bool cv_report_has(const cv_report *report, cv_rule_id rule);
/* The worst severity seen; CV_NOTE when empty. */
cv_severity cv_report_worst(const cv_report *report);
/* Copies all findings of src behind those of dst, under dst's prefix. */
void cv_report_merge(cv_report *dst, const cv_report *src);

/* The "findings" array of the JSON form. */
void cv_report_put_json(const cv_report *report, cv_buf *buf);
/* Reads back what cv_report_put_json wrote (a child process's answer).
 * Lives in mapi/json.h, which has the JSON reader: cv_report_from_json(). */

#endif
