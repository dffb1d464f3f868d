/* summary.h - what a batch has done, counted. */
#ifndef CLI_SUMMARY_H
#define CLI_SUMMARY_H

#include "base/report.h"
#include "cli/batch.h"

typedef struct cli_summary {
    uint64_t items; /* converted or failed */
    uint64_t converted, repaired, partial, failed, passed;
    uint64_t formless; /* passed over: have no such form */
    uint64_t earlier;  /* of items: in the run that was continued */
    uint64_t rules[CV_RULE_COUNT];
} cli_summary;

/* rules: "id=count,id=count". */
void cli_summary_add(cli_summary *s, batch_outcome outcome, bool repaired,
                     cv_slice rules);
void cli_summary_put(const cli_summary *s, int64_t elapsed_ms, cv_buf *out);

#endif
