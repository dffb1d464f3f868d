/* input.h - the files a command works on. */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include "base/error.h"

/* A file's bytes, a large one mapped; "-" is standard input. */
typedef struct cli_input {
    cv_slice bytes;
    void *map;   /* owned, or NULL */
    void *heap;  /* owned, or NULL */
    size_t size; /* of map */
} cli_input;

/* Errors: CV_ERR_IO with the system's reason, CV_ERR_LIMIT above
 * CV_LIMIT_INPUT_BYTES, CV_ERR_NOMEM. */
CV_NODISCARD cv_status cli_input_open(const char *path, cli_input *out,
                                      cv_error *err);
/* Gives back the memory of a mapped file; the bytes stay readable, they are
 * fetched again. So a large attachment passes through without staying. */
void cli_input_relax(const cli_input *input);
void cli_input_close(cli_input *input);

/* Paths with folders replaced by the files below them, in order of name.
 * Files whose name begins with a dot are passed over. */
typedef struct cli_paths {
    char **rows; /* owned */
    size_t count, room;
    bool had_folder;
} cli_paths;

/* Appends path, or what is below it. Errors: CV_ERR_IO, CV_ERR_NOMEM. */
CV_NODISCARD cv_status cli_paths_add(cli_paths *paths, const char *path,
                                     cv_error *err);
void cli_paths_clear(cli_paths *paths);

#endif
