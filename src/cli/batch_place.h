/* batch_place.h - an item's output takes its place: named, and renamed or
 * appended to an mbox. In the order of the walk only. */
#ifndef CLI_BATCH_PLACE_H
#define CLI_BATCH_PLACE_H

#include "cli/batch.h"
#include "cli/journal.h"

typedef struct batch_placer batch_placer;

/* Errors: CV_ERR_NOMEM. */
CV_NODISCARD cv_status batch_placer_new(const batch_plan *plan,
                                        batch_placer **out, cv_error *err);
void batch_placer_free(batch_placer **placer);

/* An input of the run, which no output replaces. */
CV_NODISCARD cv_status batch_place_keep(batch_placer *p, cli_file_id input,
                                        cv_error *err);

/* path: the input's. output: the path below the output
 * folder, appended; *end: bytes of the mbox now. *fatal: the target is at
 * fault, not this item.
 * Errors: CV_ERR_IO, CV_ERR_NOMEM. */
CV_NODISCARD cv_status batch_place(batch_placer *p, const batch_record *r,
                                   const char *path, cv_buf *output,
                                   uint64_t *end, bool *fatal, cv_error *err);
/* An item of an earlier run: its names are taken. */
CV_NODISCARD cv_status batch_place_again(batch_placer *p,
                                         const journal_item *item,
                                         cv_error *err);
/* After the last batch_place_again(): mboxes are cut to what is done.
 * Errors: CV_ERR_CONFLICT when one is gone. */
CV_NODISCARD cv_status batch_place_resume(batch_placer *p, cv_error *err);
/* The run is complete: mboxes take their names. Errors: CV_ERR_IO. */
CV_NODISCARD cv_status batch_place_finish(batch_placer *p, cv_error *err);

#endif
