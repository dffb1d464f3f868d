/* journal.h - what an unfinished batch has done, for --resume.
 *
 * A file in the run's folder of temporaries; it is removed with that folder
 * when the run is complete. Text, a line a fact, fields parted by tabs:
 *   convoke-journal TAB 1
 *   O TAB options of the run
 *   R TAB name of the report
 *   F TAB path TAB size TAB mtime          an input begins (or goes on)
 *   I TAB index TAB outcome TAB folder TAB output TAB report TAB end TAB rules
 *   E                                      the input is done
 * Lines are in the order of the walk. A line without its end is ignored.
 */
#ifndef CLI_JOURNAL_H
#define CLI_JOURNAL_H

#include "cli/batch.h"

typedef struct journal journal;

/* An I line. */
typedef struct journal_item {
    uint64_t index;
    char outcome; /* journal_letter() */
    bool repaired;
    cv_slice folder, output; /* output relative to the output folder */
    uint64_t report;         /* bytes of the report after this item */
    uint64_t end;            /* of the mbox, or 0 */
    cv_slice rules;
} journal_item;

char journal_letter(batch_outcome outcome);

typedef struct journal_start {
    const char *options; /* what must be equal to go on */
    const char *report;  /* its name, "" for none */
    bool resume;
    bool outputs_stand; /* an output has a file of its own */
    /* With resume: each item that is done and whose input is unchanged. */
    cv_status (*replay)(void *ctx, const journal_item *item, cv_error *err);
    void *ctx;
} journal_start;

/* Makes the plan's folder of temporaries. *resumed: an earlier run is
 * continued. *report: bytes of the report that stay.
 * Errors: CV_ERR_IO; CV_ERR_CONFLICT: another run is at work there, other
 * options, or an mbox's inputs have changed; CV_ERR_NOMEM. */
CV_NODISCARD cv_status journal_open(const batch_plan *plan,
                                    const journal_start *start, journal **out,
                                    bool *resumed, bool *unfinished,
                                    uint64_t *report, cv_error *err);
/* Items of this input that are done; all of them: UINT64_MAX. */
uint64_t journal_done(const journal *j, const cli_source *source);

void journal_input(journal *j, const cli_source *source);
void journal_put(journal *j, const journal_item *item);
void journal_end(journal *j);
/* Lines waiting to be written. */
size_t journal_waiting(const journal *j);
/* Writes them; sync: outputs and journal are on disk afterwards.
 * Errors: CV_ERR_IO. */
CV_NODISCARD cv_status journal_flush(journal *j, bool sync, cv_error *err);
int journal_fd(const journal *j);
/* complete: the folder of temporaries goes away. */
void journal_close(journal **j, bool complete);

#endif
