/* names.h - names of outputs that every file system takes.
 *
 * A name is NFC, at most CLI_NAME_BYTES long with extension and number, has
 * no character that Windows refuses, no control or direction character, and
 * is no device of Windows. Within a folder names differ without case and in
 * any normalization. Given in the same order they are the same in every run.
 * Memory: 24 bytes a name, 8 an input.
 */
#ifndef CLI_NAMES_H
#define CLI_NAMES_H

#include "base/buf.h"

#include <sys/types.h>

#define CLI_NAME_BYTES 200

/* A file, whatever its name. */
typedef struct cli_file_id {
    dev_t device;
    ino_t inode;
} cli_file_id;

/* The last part of a path, without an extension that says what it was;
 * "stdin" for "-". */
cv_slice cli_stem(const char *path);
/* As cli_stem(), for a name; *known tells whether there was such an
 * extension. */
cv_slice cli_name_stem(cv_slice name, bool *known);

/* text as a name without extension; as_folder: without dot at its end.
 * "untitled" when nothing is left. Owned by the caller; NULL without
 * memory. */
char *cli_name_clean(cv_slice text, bool as_folder);

typedef struct cli_names cli_names;

/* root: the folder all names are below; what others left there is looked at.
 * Errors: CV_ERR_NOMEM. */
CV_NODISCARD cv_status cli_names_new(const char *root, cli_names **out,
                                     cv_error *err);
void cli_names_free(cli_names **names);

/* An input of the run: no output takes its place. */
CV_NODISCARD cv_status cli_names_keep(cli_names *names, cli_file_id input,
                                      cv_error *err);

/* All append a path below root to out. Errors: CV_ERR_NOMEM. */

/* The folder for a foreign one ("Inbox/Q1: plan"): the same for the same
 * text, another for any other. */
CV_NODISCARD cv_status cli_names_folder(cli_names *names, cv_slice foreign,
                                        cv_buf *out, cv_error *err);
/* A new file in a folder that cli_names_folder() gave. */
CV_NODISCARD cv_status cli_names_file(cli_names *names, cv_slice folder,
                                      cv_slice name, const char *extension,
                                      cv_buf *out, cv_error *err);
/* The same with a name that is already safe, for a folder right below root. */
CV_NODISCARD cv_status cli_names_fixed_folder(cli_names *names,
                                              cv_slice foreign, cv_slice name,
                                              cv_buf *out, cv_error *err);
/* The one file for a foreign folder: an mbox. */
CV_NODISCARD cv_status cli_names_folder_file(cli_names *names, cv_slice foreign,
                                             const char *extension, cv_buf *out,
                                             cv_error *err);
/* A path that an earlier run gave. */
CV_NODISCARD cv_status cli_names_take(cli_names *names, cv_slice path,
                                      cv_error *err);

#endif
