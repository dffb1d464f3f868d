/* stream.h - a blocking connection to a peer, with deadlines: for clients.
 *
 * Lines in, bytes out, TLS in between when asked for. Each call has its own
 * deadline in milliseconds from its start. Use by one thread.
 */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include "base/buf.h"
#include "base/error.h"

typedef struct net_stream net_stream;

/* Tries each address of host (IPv6 and IPv4, the system resolver) within the
 * deadline. Errors: CV_ERR_NOTFOUND the name has no address; CV_ERR_IO no
 * address answers or the resolver fails for now; CV_ERR_TIMEOUT. */
CV_NODISCARD cv_status net_stream_connect(cv_slice host, uint16_t port,
                                          uint32_t timeout_ms, net_stream **out,
                                          cv_error *err);
/* Takes over a connected socket. */
CV_NODISCARD cv_status net_stream_of_fd(int fd, net_stream **out,
                                        cv_error *err);
void net_stream_close(net_stream **stream); /* takes NULL */

/* TLS as the client; the certificate is not verified (opportunistic, RFC
 * 7435). host: for SNI, a name or an address. Plain bytes that were received
 * already are an attack and fail with CV_ERR_SYNTAX. */
CV_NODISCARD cv_status net_stream_starttls(net_stream *stream, cv_slice host,
                                           uint32_t timeout_ms, cv_error *err);
bool net_stream_is_tls(const net_stream *stream);

/* The next line without its end (CRLF or LF), borrowed until the next call.
 * Errors: CV_ERR_LIMIT longer than 4,096 bytes; CV_ERR_TRUNC the peer closed;
 * CV_ERR_IO, CV_ERR_TIMEOUT. */
CV_NODISCARD cv_status net_stream_line(net_stream *stream, uint32_t timeout_ms,
                                       cv_slice *line, cv_error *err);
/* Writes all; timeout_ms for each block that the peer takes. */
CV_NODISCARD cv_status net_stream_write(net_stream *stream, cv_slice bytes,
                                        uint32_t timeout_ms, cv_error *err);

#endif
