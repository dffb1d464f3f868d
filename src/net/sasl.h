/* sasl.h - SASL, server side, by GNU SASL behind an allow-list.
 *
 * A mechanism that the allow-list does not name does not exist, whatever the
 * library can do. Today's list is "PLAIN".
 * Source: RFC 4422, 4616, 4954.
 */
#ifndef NET_SASL_H
#define NET_SASL_H

#include "base/buf.h"
#include "base/error.h"

typedef struct net_sasl net_sasl;                   /* one for a process */
typedef struct net_sasl_exchange net_sasl_exchange; /* one for an attempt */

typedef struct net_sasl_verifier {
    /* Is password right for the user, and may he act as authzid (empty: as
     * himself)? CV_OK yes, CV_ERR_DENIED no, anything else: cannot tell now.
     * user and password are UTF-8, at most 255 bytes each. */
    cv_status (*password)(void *ctx, cv_slice user, cv_slice authzid,
                          cv_slice password, cv_error *err);
    void *ctx;
} net_sasl_verifier;

/* allow: names separated by blanks, "PLAIN". Borrowed for the call only.
 * Errors: CV_ERR_UNSUP when the library lacks one, CV_ERR_NOMEM. */
CV_NODISCARD cv_status net_sasl_new(const char *allow, net_sasl **out,
                                    cv_error *err);
void net_sasl_free(net_sasl **sasl);
/* The allowed names, separated by one blank: what EHLO offers. */
cv_slice net_sasl_mechanisms(const net_sasl *sasl);

/* verifier->ctx must live as long as the exchange.
 * Errors: CV_ERR_UNSUP for a mechanism that is not allowed. */
CV_NODISCARD cv_status net_sasl_start(net_sasl *sasl, cv_slice mechanism,
                                      const net_sasl_verifier *verifier,
                                      net_sasl_exchange **out, cv_error *err);
/* One step: base64 in, base64 out (appended). CV_OK with *done false: send
 * output and step again with the answer.
 * Errors: CV_ERR_SYNTAX (base64 or message), CV_ERR_DENIED, the verifier's. */
CV_NODISCARD cv_status net_sasl_step(net_sasl_exchange *exchange, cv_slice in,
                                     cv_buf *out, bool *done, cv_error *err);
/* Wipes what it holds. Takes NULL. */
void net_sasl_end(net_sasl_exchange **exchange);

#endif
