/* transport_private.h - for the files of transport/ only. */
#ifndef TRANSPORT_PRIVATE_H
#define TRANSPORT_PRIVATE_H

#include "transport/transport.h"

struct transport {
    transport_config config;
};

/* What one attempt knows; lives on the stack of transport_run_one(). */
typedef struct transport_attempt {
    transport *t;
    cv_arena *arena; /* owned by transport_run_one() */
    transport_settings settings;
    store_queue_entry entry; /* in arena; changed as results come in */
    uint64_t epoch;          /* of the settings when the attempt began */
    size_t *failed;          /* indexes of recipients to report; arena */
    size_t failed_count;
    size_t *relayed; /* indexes of recipients that want to hear of success */
    size_t relayed_count;
} transport_attempt;

int64_t transport_now(const transport *t);
transport_settings transport_settings_get(const transport *t, cv_arena *arena);
/* Domain of an address, lower case, empty when there is none. */
cv_slice transport_domain_of(cv_arena *arena, cv_slice address);

/* The text of event 327 and of the console for a failed conversion. */
void transport_emit_store_call_failed(transport *t, const store_queue_entry *e,
                                      int32_t code);
void transport_emit(transport *t, const store_queue_entry *e,
                    const char *severity, cv_slice text);

/* deliver_local.c / deliver_remote.c: try every pending recipient. Results are
 * in entry.rcpts; CV_OK unless the world failed before anything was known. */
CV_NODISCARD cv_status transport_deliver_local(transport_attempt *a,
                                               cv_error *err);
CV_NODISCARD cv_status transport_deliver_remote(transport_attempt *a,
                                                cv_error *err);

/* Bookkeeping of one recipient's result. */
void transport_mark(transport_attempt *a, size_t rcpt,
                    const transport_result *result, cv_slice remote);
/* Every pending recipient gets the same result. */
void transport_mark_all(transport_attempt *a, transport_outcome outcome,
                        cv_slice status, cv_slice reply);

/* Reports (and, at the end of the road, the postmaster's copy) for the
 * recipients named, inside tx. */
CV_NODISCARD cv_status transport_report_tx(transport *t, store_tx *tx,
                                           transport_dsn_kind kind,
                                           const store_queue_entry *e,
                                           const size_t *rcpts, size_t count,
                                           cv_arena *arena, cv_error *err);

/* headers.c: the header block of MIME text, scanned without a parser. */
/* Value of the first field of that name, unfolded; ptr NULL when absent. */
cv_slice transport_header(cv_arena *arena, cv_slice mime, cv_slice name);
unsigned transport_count_header(cv_slice mime, cv_slice name);
/* Header block with its last CRLF, without the blank line. */
cv_slice transport_header_block(cv_slice mime);

#endif
