#include "cli/summary.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdlib.h>

static void add_rule(cli_summary *s, cv_slice id, uint64_t count)
{
    for (size_t i = 0; i < CV_RULE_COUNT; i++)
        if (cv_slice_eq(id, cv_slice_cstr(cv_rule_get((cv_rule_id)i)->id)))
            s->rules[i] += count;
}

void cli_summary_add(cli_summary *s, batch_outcome outcome, bool repaired,
                     cv_slice rules)
{
    bool output = outcome == BATCH_CONVERTED || outcome == BATCH_PARTIAL;
    s->items += output || outcome == BATCH_FAILED;
    s->converted += output;
    s->partial += outcome == BATCH_PARTIAL;
    s->repaired += outcome == BATCH_CONVERTED && repaired;
    s->failed += outcome == BATCH_FAILED;
    s->passed += outcome == BATCH_PASSED || outcome == BATCH_SKIPPED;
    s->formless += outcome == BATCH_FORMLESS;
    while (rules.len) {
        cv_slice rule = cv_slice_cut(&rules, ',');
        cv_slice id = cv_slice_cut(&rule, '=');
        int64_t count = 0;
        if (cv_parse_i64(rule, &count) == CV_OK && count > 0)
            add_rule(s, id, (uint64_t)count);
    }
}

/* A rule and how often it found something. */
typedef struct row {
    cv_rule_id rule;
    uint64_t count;
} row;

static int most_first(const void *a, const void *b)
{
    const row *x = a, *y = b;
    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return (int)x->rule - (int)y->rule;
}

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

void cli_summary_put(const cli_summary *s, int64_t elapsed_ms, cv_buf *out)
{
    row rows[CV_RULE_COUNT];
    size_t count = 0;
    uint64_t now = s->items - s->earlier;
    cv_buf_printf(out,
                  "%" PRIu64 " item%s: %" PRIu64 " converted (%" PRIu64
                  " repaired, %" PRIu64 " in part), %" PRIu64 " unreadable",
                  s->items, plural(s->items), s->converted, s->repaired,
                  s->partial, s->failed);
    if (s->passed)
        cv_buf_printf(out, ", %" PRIu64 " passed over", s->passed);
    if (s->formless)
        cv_buf_printf(out, ", %" PRIu64 " without such a form", s->formless);
    if (s->earlier)
        cv_buf_printf(out, "; %" PRIu64 " of them done before", s->earlier);
    if (elapsed_ms >= 1000)
        cv_buf_printf(out, "; %.1f s, %" PRIu64 "/s", (double)elapsed_ms / 1000,
                      now * 1000 / (uint64_t)elapsed_ms);
    cv_buf_put_byte(out, '\n');
    for (size_t i = 0; i < CV_RULE_COUNT; i++)
        if (s->rules[i])
            rows[count++] = (row){ (cv_rule_id)i, s->rules[i] };
    if (count)
        qsort(rows, count, sizeof *rows, most_first);
    for (size_t i = 0; i < count; i++)
        cv_buf_printf(out, "%8" PRIu64 "  %s\n", rows[i].count,
                      cv_rule_get(rows[i].rule)->id);
}
