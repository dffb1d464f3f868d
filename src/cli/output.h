/* output.h - where a command's output goes.
 *
 * A file is written aside and renamed when it is complete: a failure or a
 * crash leaves what was there before. Outputs to a folder: batch.h.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "base/buf.h"

#include <stdio.h>

typedef enum cli_target_kind {
    CLI_TO_STDOUT,
    CLI_TO_FILE,
    CLI_TO_FOLDER
} cli_target_kind;

typedef struct cli_target {
    cli_target_kind kind;
    const char *path; /* borrowed */
    bool each;        /* "FOLDER/": an output for each item of an input */
} cli_target;

/* out: the -o option, or NULL: one output goes to standard output, several to
 * the current folder. A folder is made if it is absent.
 * Errors: CV_ERR_RANGE when several outputs cannot go there; CV_ERR_IO. */
CV_NODISCARD cv_status cli_target_open(const char *out, bool several,
                                       cli_target *target, cv_error *err);

typedef struct cli_file {
    FILE *stream; /* NULL when closed */
    char *path;   /* owned; NULL for standard output */
    char *aside;  /* owned; NULL when written in place */
} cli_file;

/* Begins the output of a target that is no folder.
 * Errors: CV_ERR_IO, CV_ERR_NOMEM. */
CV_NODISCARD cv_status cli_target_begin(const cli_target *target,
                                        cli_file *file, cv_error *err);
cv_sink cli_file_sink(cli_file *file);
/* Complete: the output takes its name. The path stays until discard.
 * Errors: CV_ERR_IO. */
CV_NODISCARD cv_status cli_file_commit(cli_file *file, cv_error *err);
/* Frees; what was not committed is removed. */
void cli_file_discard(cli_file *file);

#endif
