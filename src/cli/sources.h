/* sources.h - the files a batch works on, one after another.
 *
 * A folder among the operands stands for the files below it, in order of
 * name, found as the walk goes: one folder's names at each depth are in
 * memory. What begins with a dot is passed over, except for the folders of a
 * Maildir (a folder that holds cur, new and tmp), whose names are decoded and
 * whose messages carry flags in their names.
 */
#ifndef CLI_SOURCES_H
#define CLI_SOURCES_H

#include "cli/names.h"

/* Borrowed until the next call. */
typedef struct cli_source {
    const char *path;   /* to open, and to be shown */
    const char *folder; /* where it stands below its operand: "sub/deep" */
    const char *name;   /* of the file */
    bool in_maildir;    /* flags are in its name */
    bool absent;        /* stat failed */
    uint64_t size;
    int64_t mtime_ns;
    cli_file_id id;
} cli_source;

typedef struct cli_sources cli_sources;

/* several: a folder's files stand below its name. not_here: the output
 * folder, which is passed over.
 * Errors: CV_ERR_NOMEM. */
CV_NODISCARD cv_status cli_sources_open(const char *const *operands,
                                        size_t count, bool several,
                                        cli_file_id not_here, cli_sources **out,
                                        cv_error *err);
void cli_sources_close(cli_sources **sources);
/* *found false: there are no more. A folder that cannot be read is given as
 * if it were a file. Errors: CV_ERR_NOMEM. */
CV_NODISCARD cv_status cli_sources_next(cli_sources *sources, cli_source *out,
                                        bool *found, cv_error *err);

#endif
