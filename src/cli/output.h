/* output.h - where a command's outputs go.
 *
 * A file is written aside and renamed when it is complete: a failure or a
 * crash leaves what was there before. In a folder each output gets a safe
 * name of its own.
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
    void *used;       /* owned: names given in this run */
} cli_target;

/* out: the -o option, or NULL: one output goes to standard output, several to
 * the current folder. A folder is made if it is absent.
 * Errors: CV_ERR_RANGE when several outputs cannot go there; CV_ERR_IO. */
CV_NODISCARD cv_status cli_target_open(const char *out, bool several,
                                       cli_target *target, cv_error *err);
void cli_target_close(cli_target *target);

typedef struct cli_file {
    FILE *stream; /* NULL when closed */
    char *path;   /* owned; NULL for standard output */
    char *aside;  /* owned; NULL when written in place */
} cli_file;

/* Begins an output for an input: its name with another extension (".eml").
 * Errors: CV_ERR_IO, CV_ERR_NOMEM. */
CV_NODISCARD cv_status cli_target_begin(cli_target *target, const char *input,
                                        const char *extension, cli_file *file,
                                        cv_error *err);
cv_sink cli_file_sink(cli_file *file);
/* Complete: the output takes its name. The path stays until discard.
 * Errors: CV_ERR_IO. */
CV_NODISCARD cv_status cli_file_commit(cli_file *file, cv_error *err);
/* Frees; what was not committed is removed. */
void cli_file_discard(cli_file *file);

/* The name an input's output has in a folder. Owned by the caller; NULL
 * without memory. */
char *cli_safe_name(const char *input, const char *extension, unsigned number);

#endif
