/* tls.h - certificate and key of the server, and who trusts whom.
 *
 * One set of certificates serves SMTP, IMAP and HTTP. Reload by making a new
 * object and listening with it.
 */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "base/env.h"
#include "base/error.h"

typedef struct net_tls net_tls;

/* Makes dir/cert.pem and dir/key.pem (mode 0600): EC P-256, valid ten years
 * from now, names hostname and "localhost". Does nothing when both exist.
 * Errors: CV_ERR_IO. */
CV_NODISCARD cv_status net_tls_make_self_signed(const char *dir,
                                                const char *hostname,
                                                const cv_env *env,
                                                cv_error *err);

/* Server side, from PEM files. Must outlive the servers that use it.
 * Errors: CV_ERR_IO, CV_ERR_SYNTAX (no such certificate or key). */
CV_NODISCARD cv_status net_tls_server_new(const char *cert_file,
                                          const char *key_file, net_tls **out,
                                          cv_error *err);
void net_tls_free(net_tls **tls); /* takes NULL */

#endif
