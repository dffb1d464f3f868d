/* smtp_private.h - one session of the server.
 *
 * Policy of replies: every one has an enhanced code (RFC 2034) but the
 * greeting, EHLO's and 354/334. Lines that do not end in CRLF, and messages
 * with a bare CR or LF in them, are refused, not mended: what one server
 * takes for the end of a message and another does not is how mail is forged
 * ("SMTP smuggling", 2023).
 */
#ifndef SMTP_SMTP_PRIVATE_H
#define SMTP_SMTP_PRIVATE_H

#include "smtp/smtp.h"
#include "smtp/syntax.h"

#define SMTP_COMMAND_MAX 2048 /* bytes; AUTH and its answers may be longer */
#define SMTP_ERRORS_MAX 50    /* refused commands before we hang up */
#define SMTP_AUTH_FAILURES_MAX 3
#define SMTP_TRANSACTION_BYTES ((size_t)16 << 20) /* arena of one envelope */

typedef struct smtp_rcpt_list {
    cv_slice *address, *orcpt; /* arena */
    uint32_t *notify;          /* arena */
    size_t count, room;
} smtp_rcpt_list;

typedef struct smtp_session {
    char *helo;      /* owned; NULL before EHLO or HELO */
    bool extended;   /* EHLO was said */
    int64_t account; /* 0: nobody */
    unsigned errors, auth_failures;
    net_sasl_exchange *auth; /* owned; the next line is its answer */
    net_sasl_verifier verifier;
    const smtp_door *door; /* borrowed, for the verifier */

    cv_arena *arena; /* of the transaction; NULL: no MAIL yet */
    cv_slice from, envid, ret;
    smtp_rcpt_list rcpts;
} smtp_session;

static inline const smtp_door *smtp_door_of(const net_turn *turn)
{
    return turn->listener_ctx;
}

/* "code status text"; status NULL leaves it out. Counts 4yz and 5yz: too many
 * end the session. */
void smtp_reply(net_turn *turn, unsigned code, const char *status,
                const char *fmt, ...) CV_PRINTF(4, 5);
/* Forgets the transaction. */
void smtp_reset(smtp_session *s);
/* May AUTH be used now? */
bool smtp_auth_is_offered(const net_turn *turn);

/* The commands that have a file of their own; args is what follows the verb.
 */
void smtp_cmd_mail(net_turn *turn, cv_slice args);
void smtp_cmd_rcpt(net_turn *turn, cv_slice args);
void smtp_cmd_data(net_turn *turn, cv_slice args);
void smtp_cmd_auth(net_turn *turn, cv_slice args);
/* A line while s->auth waits for an answer. */
void smtp_auth_answer(net_turn *turn, cv_slice line);
void smtp_on_data(net_turn *turn, const net_data *data);

#endif
