/* progress.h - how far a batch is: a bar on a terminal, else a plain line
 * every few seconds. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "base/buf.h"

#include <stdio.h>

typedef struct cli_progress {
    FILE *to;
    bool terminal;
    bool shown; /* a bar stands on the line */
    int64_t began_ms, last_ms;
    uint64_t last_items;
} cli_progress;

/* How far it is. */
typedef struct cli_progress_state {
    uint64_t items, failed;
    double part;        /* of the whole, 0 to 1; below 0: unknown */
    double part_before; /* where this run began */
} cli_progress_state;

void cli_progress_begin(cli_progress *p, FILE *to, int64_t now_ms);
/* Shows it when it is time to. */
void cli_progress_tick(cli_progress *p, const cli_progress_state *state,
                       int64_t now_ms);
/* The line is free for other text. */
void cli_progress_clear(cli_progress *p);
/* "1,234 items, 2 unreadable, 45%, 310/s, 0:02:10 left"; with a bar in front
 * when width is not 0. */
void cli_progress_put(const cli_progress_state *state, int64_t elapsed_ms,
                      unsigned width, cv_buf *out);

#endif
