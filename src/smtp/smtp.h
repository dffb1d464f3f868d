/* smtp.h - SMTP: the server's two doors (incoming mail, submission) and the
 * client that fills in transport's cv_channel.
 *
 * The server is a net_protocol: complete lines and complete DATA come in,
 * replies go out. What it must know of accounts and the queue it asks the
 * backend, which server/ fills in. 250 after DATA is said only when submit()
 * has returned CV_OK, that is, after the commit is on disk.
 * Source: RFC 5321, 6409, 3207, 4954, 2920, 1870, 2034, 3461, 6152.
 */
#ifndef SMTP_SMTP_H
#define SMTP_SMTP_H

#include "base/env.h"
#include "net/net.h"
#include "net/sasl.h"
#include "transport/transport.h"

typedef enum smtp_verdict {
    SMTP_ACCEPT,   /* local mailbox, or relaying is allowed */
    SMTP_UNKNOWN,  /* 550 5.1.1 */
    SMTP_NO_RELAY, /* 550 5.7.1 */
    SMTP_TRY_LATER /* 451 4.3.0 */
} smtp_verdict;

/* A message as it was received; slices are borrowed until submit() returns. */
typedef struct smtp_envelope {
    cv_slice from; /* empty for <> */
    const cv_slice *rcpts;
    const uint32_t *notify; /* TRANSPORT_NOTIFY_... a recipient */
    const cv_slice *orcpt;  /* decoded "rfc822;address", empty when none */
    size_t rcpt_count;
    cv_slice envid, ret; /* DSN */
    int64_t account;     /* who authenticated, 0: nobody */
    cv_slice mime;       /* Received field included */
} smtp_envelope;

typedef struct smtp_backend {
    /* CV_OK: *account is set; CV_ERR_DENIED; others: cannot tell now. */
    cv_status (*authenticate)(void *ctx, cv_slice user, cv_slice authzid,
                              cv_slice password, int64_t *account,
                              cv_error *err);
    /* May this account use this envelope sender? */
    bool (*may_send_as)(void *ctx, int64_t account, cv_slice from);
    /* account 0: nobody has authenticated. */
    smtp_verdict (*check_rcpt)(void *ctx, int64_t account, cv_slice address);
    /* Whose mail <Postmaster> without a domain is (RFC 5321 4.5.1); may be
     * NULL: postmaster at the door's host name. Arena. */
    cv_slice (*postmaster)(void *ctx, cv_arena *arena);
    /* Errors: CV_ERR_IO and CV_ERR_NOMEM become 451/452, CV_ERR_LIMIT 552. */
    cv_status (*submit)(void *ctx, const smtp_envelope *envelope,
                        cv_error *err);
    uint64_t (*max_size)(void *ctx); /* bytes of one message */
    size_t (*max_rcpts)(void *ctx);
    unsigned (*max_hops)(void *ctx); /* Received fields: 554 5.4.6 above */
    void *ctx;
} smtp_backend;

/* One door: what net_listen.ctx points to. Borrowed members outlive it. */
typedef struct smtp_door {
    const smtp_backend *backend;
    const cv_env *env;
    net_sasl *sasl;        /* NULL: AUTH is not offered */
    const char *host_name; /* in the greeting and in Received */
    bool submission;       /* AUTH is needed before MAIL; no relay else */
} smtp_door;

extern const net_protocol smtp_protocol;

/* -- client -- */

typedef struct smtp_client {
    const char *host_name; /* in EHLO; borrowed */
    uint32_t connect_ms;   /* 0: 30,000 */
    uint32_t command_ms;   /* 0: 300,000 */
    uint32_t data_ms;      /* for the answer after the dot; 0: 600,000 */
} smtp_client;

/* client is borrowed and must outlive the channel's use. */
cv_channel smtp_client_channel(smtp_client *client);

#endif
