/* server.h - a core with its doors open: listeners, delivery threads,
 * conversion children, control socket; runs until a signal ends it. */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include "base/error.h"

typedef struct server_options {
    const char *dir;              /* data directory, made when absent */
    const char *const *overrides; /* --set NAME=VALUE */
    size_t override_count;
    bool demo_accounts; /* make alice and bob when absent */
} server_options;

/* Prints what listens where, one line each, then "ready"; returns after
 * SIGTERM or SIGINT has been obeyed.
 * Errors: those of opening; CV_ERR_CONFLICT when a server runs already. */
CV_NODISCARD cv_status server_run(const server_options *options, cv_error *err);

#endif
