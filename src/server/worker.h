/* worker.h - conversion as bytes in, bytes out: what a jailed child runs, and
 * the calls that reach it.
 *
 * A request carries all that a conversion depends on (settings, domain,
 * directory, times of stored answers), for the child has neither store nor
 * clock that matters. When a child dies the last step of the ladder is made
 * here, without it.
 * Source: DESIGN "Isolation".
 */
#ifndef SERVER_WORKER_H
#define SERVER_WORKER_H

#include "convert/convert.h"

typedef enum worker_op {
    WORKER_TO_MIME = 1,   /* packed object -> MIME */
    WORKER_FROM_MIME = 2, /* MIME -> packed object */
    WORKER_READ = 3       /* any file -> packed object; name = its name */
} worker_op;

typedef struct worker_request {
    worker_op op;
    cv_slice settings;    /* "name=value\n"... */
    cv_slice domain;      /* own domain, for IMCEA and Message-IDs */
    cv_slice address_map; /* CSV, cv_convert_set_address_map() */
    cv_slice responses;   /* "smtp ticks\n"...: valid answers on file */
    cv_slice name;        /* WORKER_READ: file name */
    int64_t now;          /* ticks */
    int64_t received;     /* ticks, INT64_MIN when none */
    cv_slice payload;
} worker_request;

CV_NODISCARD cv_status worker_encode(const worker_request *request, cv_buf *out,
                                     cv_error *err);

/* Runs one encoded request; the child's handler (net/children.h). ctx is not
 * used. */
CV_NODISCARD cv_status worker_handle(void *ctx, cv_slice request,
                                     cv_buf *response);

/* Takes a response apart: result is borrowed from it. The conversion's own
 * status comes back, its error in err. Errors: CV_ERR_SYNTAX (no response). */
CV_NODISCARD cv_status worker_decode(cv_slice response, cv_slice *result,
                                     cv_report *report, cv_error *err);

#endif
