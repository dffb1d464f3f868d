/* transport.h - the queue: submission, routing, delivery attempts, retries,
 * expiry and reports.
 *
 * A queue entry is a snapshot: the object is packed (or the MIME kept) at
 * submission with its Message-ID and Date fixed; MAPI-born messages are
 * converted when a delivery is tried, which is where the founding case bites.
 * Failure class legacy-tracking-time stays in the retry queue, is woken when
 * its setting changes and expires as 4.4.7; every other conversion failure
 * has been made impossible by the ladder.
 * What transport needs of higher layers it declares here as structs of
 * function pointers; server/ fills them in.
 * Source: RFC 5321, 3461 to 3464; KB 938650; spec dsn-and-queue.md.
 */
#ifndef TRANSPORT_TRANSPORT_H
#define TRANSPORT_TRANSPORT_H

#include "convert/convert.h"
#include "store/store.h"

typedef enum transport_outcome {
    TRANSPORT_DELIVERED,
    TRANSPORT_TEMPORARY, /* 4yz, connection failed */
    TRANSPORT_PERMANENT  /* 5yz */
} transport_outcome;

typedef struct transport_result {
    transport_outcome outcome;
    cv_slice status; /* enhanced status code, "5.1.1"; arena of the attempt */
    cv_slice reply;  /* the peer's words; arena */
    bool reports_success; /* the peer offers DSN and has been told who wants
                             to hear of success: no report of relaying */
} transport_result;

/* A message for one host, with what its sender asked to hear (RFC 3461). */
typedef struct transport_delivery {
    cv_slice host;
    uint16_t port;
    cv_slice from; /* empty for <> */
    const cv_slice *rcpts;
    const uint32_t *notify; /* TRANSPORT_NOTIFY_... a recipient, or NULL */
    const cv_slice *orcpt;  /* "rfc822;address" a recipient, or NULL */
    size_t rcpt_count;
    cv_slice envid, ret; /* may be empty */
    cv_slice mime;       /* any line ends */
} transport_delivery;

/* One attempt to hand MIME to a host. results has rcpt_count entries.
 * Implemented by smtp/ (client). Blocking, with its own deadlines. Errors:
 * CV_ERR_IO, CV_ERR_TIMEOUT when no recipient's result is known; results that
 * are known (250 after DATA) are always in results and CV_OK is returned. */
typedef struct cv_channel {
    cv_status (*deliver)(void *ctx, const transport_delivery *delivery,
                         cv_arena *arena, transport_result *results,
                         cv_error *err);
    void *ctx;
} cv_channel;

/* Local delivery: meeting/ fills it in to process requests and replies in the
 * same transaction. obj is the message as an object; mime its bytes (empty
 * when MAPI-born). May change nothing and return CV_OK: then the message is
 * simply mail. */
typedef struct transport_delivery_hook {
    cv_status (*deliver)(void *ctx, store_tx *tx, const store_account *account,
                         cv_object *obj, store_id message, int64_t received,
                         cv_error *err);
    void *ctx;
} transport_delivery_hook;

/* Conversion in a jailed child process (server/), or in this process (tests).
 * settings: epoch and values are the implementer's business. */
typedef struct transport_converter {
    /* packed object -> MIME for a remote domain's policy. CV_ERR_LEGACY is
     * the only conversion failure. */
    cv_status (*to_mime)(void *ctx, cv_slice packed, cv_slice domain,
                         cv_buf *mime, cv_report *report, cv_error *err);
    /* MIME -> object; never fails but for memory. */
    cv_status (*from_mime)(void *ctx, cv_slice mime, int64_t received,
                           cv_object **obj, cv_report *report, cv_error *err);
    void *ctx;
} transport_converter;

/* Numbered events go out through this (server/ checks the level). */
typedef struct transport_event {
    int32_t number; /* 327, ... or 0 */
    const char *category;
    const char *severity;
    cv_slice text;
    store_id queue_id, account, folder, message;
} transport_event;
typedef struct transport_events {
    void (*emit)(void *ctx, const transport_event *e);
    void *ctx;
} transport_events;

/* Times in ticks. Everything may change while running: get() is asked at each
 * use. */
typedef struct transport_settings {
    int64_t retry[4];       /* first, second, third, subsequent interval */
    int64_t expire;         /* from submission to the report */
    int64_t delay_warn;     /* from submission; 0: never */
    int64_t lease;          /* of one attempt */
    int64_t duplicate_days; /* memory of duplicate suppression, in ticks */
    unsigned max_hops;      /* Received fields */
    cv_slice host_name;     /* of reports and Received */
    cv_slice postmaster;    /* address */
} transport_settings;

typedef struct transport_route {
    cv_slice domain; /* lower case; "*" for everything else */
    cv_slice host;
    uint16_t port;
} transport_route;

typedef struct transport_config {
    store *store; /* borrowed, as is everything here */
    const cv_env *env;
    cv_channel channel;
    transport_delivery_hook hook;
    transport_converter converter;
    transport_events events;
    /* Fills *out (slices in the arena). */
    void (*settings)(void *ctx, cv_arena *arena, transport_settings *out);
    bool (*is_local_domain)(void *ctx, cv_slice domain);
    /* false: no route (5.4.4) */
    bool (*route)(void *ctx, cv_slice domain, cv_arena *arena,
                  transport_route *out);
    /* More work may be due: wakes the delivery loop of server/. */
    void (*wake)(void *ctx);
    void *ctx;
} transport_config;

/* DSN NOTIFY bits of store_queue_rcpt.notify (RFC 3461 4.1); 0: default. */
enum {
    TRANSPORT_NOTIFY_NEVER = 1,
    TRANSPORT_NOTIFY_SUCCESS = 2,
    TRANSPORT_NOTIFY_FAILURE = 4,
    TRANSPORT_NOTIFY_DELAY = 8
};

/* Values of store_queue_entry.failure_class and .destination. */
#define TRANSPORT_CLASS_LEGACY CV_S("legacy-tracking-time")
#define TRANSPORT_DEST_LOCAL CV_S("local")
#define TRANSPORT_SETTING_FIX \
    CV_S("content-conversion.fix-recipient-track-status-time")

typedef struct transport transport;
CV_NODISCARD cv_status transport_new(const transport_config *config,
                                     transport **out, cv_error *err);
void transport_free(transport **t);

/* Message for the queue; exactly one of obj and mime is given. Recipients are
 * grouped by destination. Message-ID and Date are fixed here when missing.
 * The sender's own copy (account, folder, message) may be 0.
 * When CV_OK comes back the entries are on disk. */
typedef struct transport_submission {
    cv_slice from; /* envelope sender, empty for reports */
    const cv_slice *rcpts;
    size_t rcpt_count;
    const uint32_t *notify; /* TRANSPORT_NOTIFY_... a recipient, or NULL */
    const cv_slice *orcpt;  /* ORCPT a recipient, or NULL */
    const cv_object *obj;
    cv_slice mime;
    store_id account, folder, message;
    cv_slice envid, ret; /* DSN, may be empty */
} transport_submission;
CV_NODISCARD cv_status transport_submit(transport *t,
                                        const transport_submission *m,
                                        cv_error *err);
/* Within a caller's transaction (meeting/ saves item and message at once);
 * the caller calls transport_wake() after its commit. */
CV_NODISCARD cv_status transport_submit_tx(transport *t, store_tx *tx,
                                           const transport_submission *m,
                                           cv_error *err);
void transport_wake(transport *t);

/* Runs one due attempt, if any: *worked says whether there was one. Threads of
 * server/'s delivery pool call it in a loop. */
CV_NODISCARD cv_status transport_run_one(transport *t, bool *worked,
                                         cv_error *err);
/* When transport_run_one() will have something to do, ticks. */
CV_NODISCARD cv_status transport_next_due(transport *t, int64_t *due,
                                          cv_error *err);

/* A setting changed: entries that failed for it become due at once. */
CV_NODISCARD cv_status transport_setting_changed(transport *t, cv_slice name,
                                                 size_t *woken, cv_error *err);

/* Queue console. `open` tries the conversion and shows the message as it would
 * go out. With failure class legacy-tracking-time: CV_ERR_LEGACY, and err says
 * "Unable to open for delivery", why, and which setting mends it. */
CV_NODISCARD cv_status transport_queue_open(transport *t, store_id id,
                                            cv_buf *mime, cv_report *report,
                                            cv_error *err);
CV_NODISCARD cv_status transport_queue_retry(transport *t, store_id id,
                                             cv_error *err);
CV_NODISCARD cv_status transport_queue_hold(transport *t, store_id id,
                                            bool hold, cv_error *err);
/* with_ndr: recipients get a report, else it vanishes. */
CV_NODISCARD cv_status transport_queue_delete(transport *t, store_id id,
                                              bool with_ndr, cv_error *err);

/* -- reports (dsn.c), pure -- */

typedef enum transport_dsn_kind {
    TRANSPORT_DSN_FAILED,
    TRANSPORT_DSN_DELAYED,
    TRANSPORT_DSN_DELIVERED
} transport_dsn_kind;
/* MIME of a report about an entry's recipients (indexes in rcpts). original:
 * the MIME or, when there is none, empty; object: for its subject and date. */
CV_NODISCARD cv_status transport_dsn_build(transport_dsn_kind kind,
                                           const store_queue_entry *entry,
                                           const size_t *rcpts,
                                           size_t rcpt_count, cv_slice original,
                                           const transport_settings *settings,
                                           int64_t now, const cv_env *env,
                                           cv_buf *out, cv_error *err);

#endif
