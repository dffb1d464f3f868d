/* wire.h - a non-blocking socket, with or without TLS: what the loop and the
 * client's stream both read and write.
 */
#ifndef NET_WIRE_H
#define NET_WIRE_H

#include "base/error.h"
#include "net/tls.h"

struct gnutls_session_int;

typedef struct net_wire {
    int fd;                         /* owned; -1 when closed */
    struct gnutls_session_int *tls; /* owned; NULL: plain */
    void *credentials;              /* owned, client side only */
} net_wire;

/* What a read, write or handshake came to. */
typedef enum net_wire_result {
    NET_WIRE_DONE,
    NET_WIRE_WANT_READ,
    NET_WIRE_WANT_WRITE,
    NET_WIRE_EOF,
    NET_WIRE_FAILED
} net_wire_result;

/* Makes the socket non-blocking. */
net_wire net_wire_of_fd(int fd);
/* TLS from here on; the handshake is still to be done.
 * Errors: CV_ERR_NOMEM. */
CV_NODISCARD cv_status net_wire_tls_server(net_wire *wire, const net_tls *tls,
                                           cv_error *err);
/* host: NUL-ended name for SNI; an address is left out. */
CV_NODISCARD cv_status net_wire_tls_client(net_wire *wire, const char *host,
                                           cv_error *err);
/* Reason of NET_WIRE_FAILED goes to err (may be NULL). */
net_wire_result net_wire_handshake(net_wire *wire, cv_error *err);
/* *got: bytes read, above 0 with NET_WIRE_DONE. */
net_wire_result net_wire_read(net_wire *wire, void *to, size_t room,
                              size_t *got, cv_error *err);
/* *put: bytes taken, above 0 with NET_WIRE_DONE. After WANT_... the next
 * write must begin with the same bytes. */
net_wire_result net_wire_write(net_wire *wire, const void *from, size_t len,
                               size_t *put, cv_error *err);
/* Bytes that TLS has decrypted already: no event will tell of them. */
bool net_wire_has_pending(const net_wire *wire);
/* "TLS1.3 ECDHE-..." into text. */
void net_wire_describe(const net_wire *wire, char *text, size_t size);
/* Says goodbye (TLS and FIN) but keeps the socket for reading. */
void net_wire_shutdown(net_wire *wire);
void net_wire_close(net_wire *wire);

#endif
