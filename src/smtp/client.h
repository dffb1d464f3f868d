/* client.h - one message to one host, with all that SMTP offers; smtp.h has
 * the part that transport sees.
 */
#ifndef SMTP_CLIENT_H
#define SMTP_CLIENT_H

#include "smtp/smtp.h"

typedef struct smtp_delivery {
    cv_slice host;
    uint16_t port;
    cv_slice from; /* empty for <> */
    const cv_slice *rcpts;
    const uint32_t *notify; /* TRANSPORT_NOTIFY_... a recipient, or NULL */
    const cv_slice *orcpt;  /* "rfc822;address" a recipient, or NULL */
    size_t rcpt_count;
    cv_slice envid, ret; /* DSN, may be empty */
    cv_slice mime;       /* any line ends; sent with CRLF */
} smtp_delivery;

/* As cv_channel.deliver. *dsn (may be NULL): the peer offered DSN, so that
 * reports of success are its business. */
CV_NODISCARD cv_status smtp_client_deliver(const smtp_client *client,
                                           const smtp_delivery *delivery,
                                           cv_arena *arena,
                                           transport_result *results, bool *dsn,
                                           cv_error *err);

/* mime as DATA has it: every CR, LF and CRLF a CRLF, dots doubled at a line's
 * start, ended by CRLF.CRLF; written to the sink in blocks. */
CV_NODISCARD cv_status smtp_dot_stuff(cv_slice mime, const cv_sink *to,
                                      cv_error *err);

#endif
