#include "net/wire.h"
#include "net/tls_private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Non-fatal TLS oddities (warning alerts) in a row before we give up. */
#define ODDITIES_MAX 8

net_wire net_wire_of_fd(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags >= 0)
        (void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    return (net_wire){ .fd = fd };
}

static cv_status start(net_wire *wire, unsigned flags, void *credentials,
                       cv_error *err)
{
    gnutls_session_t tls = NULL;
    if (gnutls_init(&tls, flags | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL) != 0)
        return cv_fail(err, CV_ERR_NOMEM, "TLS session");
    if (gnutls_priority_set_direct(tls, "NORMAL:%SERVER_PRECEDENCE", NULL) !=
            0 ||
        gnutls_credentials_set(tls, GNUTLS_CRD_CERTIFICATE, credentials) != 0) {
        gnutls_deinit(tls);
        return cv_fail(err, CV_ERR_NOMEM, "TLS credentials");
    }
    gnutls_transport_set_int(tls, wire->fd);
    wire->tls = tls;
    return CV_OK;
}

cv_status net_wire_tls_server(net_wire *wire, const net_tls *tls, cv_error *err)
{
    return start(wire, GNUTLS_SERVER, tls->credentials, err);
}

static bool is_address(const char *host)
{
    struct in6_addr any;
    return inet_pton(AF_INET, host, &any) == 1 ||
           inet_pton(AF_INET6, host, &any) == 1;
}

cv_status net_wire_tls_client(net_wire *wire, const char *host, cv_error *err)
{
    gnutls_certificate_credentials_t credentials = NULL;
    if (gnutls_certificate_allocate_credentials(&credentials) != 0)
        return cv_fail(err, CV_ERR_NOMEM, "TLS credentials");
    cv_status status = start(wire, GNUTLS_CLIENT, credentials, err);
    if (status != CV_OK) {
        gnutls_certificate_free_credentials(credentials);
        return status;
    }
    wire->credentials = credentials;
    if (*host != '\0' && !is_address(host) &&
        gnutls_server_name_set(wire->tls, GNUTLS_NAME_DNS, host,
                               strlen(host)) != 0)
        return cv_fail(err, CV_ERR_RANGE, "host name for TLS: %s", host);
    return CV_OK;
}

static net_wire_result tls_wait(const net_wire *wire)
{
    return gnutls_record_get_direction(wire->tls) ? NET_WIRE_WANT_WRITE
                                                  : NET_WIRE_WANT_READ;
}

/* What a negative GnuTLS code means; NET_WIRE_DONE: try again at once. */
static net_wire_result tls_failed(const net_wire *wire, long code,
                                  cv_error *err)
{
    if (code == GNUTLS_E_AGAIN)
        return tls_wait(wire);
    if (code == GNUTLS_E_INTERRUPTED)
        return NET_WIRE_DONE;
    /* A new handshake within a session is nothing a mail peer needs. */
    if (code != GNUTLS_E_REHANDSHAKE && !gnutls_error_is_fatal((int)code))
        return NET_WIRE_DONE;
    if (code == GNUTLS_E_PREMATURE_TERMINATION)
        return NET_WIRE_EOF;
    cv_fail(err, CV_ERR_IO, "TLS: %s", gnutls_strerror((int)code));
    return NET_WIRE_FAILED;
}

net_wire_result net_wire_handshake(net_wire *wire, cv_error *err)
{
    for (int i = 0; i < ODDITIES_MAX; i++) {
        int code = gnutls_handshake(wire->tls);
        if (code == 0)
            return NET_WIRE_DONE;
        net_wire_result result = tls_failed(wire, code, err);
        if (result != NET_WIRE_DONE)
            return result;
    }
    cv_fail(err, CV_ERR_IO, "TLS: too many alerts");
    return NET_WIRE_FAILED;
}

static net_wire_result plain_failed(net_wire_result wait, cv_error *err)
{
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
        return wait;
    cv_fail(err, CV_ERR_IO, "%s", strerror(errno));
    return NET_WIRE_FAILED;
}

net_wire_result net_wire_read(net_wire *wire, void *to, size_t room,
                              size_t *got, cv_error *err)
{
    *got = 0;
    for (int i = 0; i < ODDITIES_MAX; i++) {
        ssize_t n = wire->tls ? gnutls_record_recv(wire->tls, to, room)
                              : recv(wire->fd, to, room, 0);
        if (n == 0)
            return NET_WIRE_EOF;
        if (n > 0) {
            *got = (size_t)n;
            return NET_WIRE_DONE;
        }
        net_wire_result result = wire->tls
                                     ? tls_failed(wire, n, err)
                                     : plain_failed(NET_WIRE_WANT_READ, err);
        if (result != NET_WIRE_DONE)
            return result;
    }
    cv_fail(err, CV_ERR_IO, "TLS: too many alerts");
    return NET_WIRE_FAILED;
}

net_wire_result net_wire_write(net_wire *wire, const void *from, size_t len,
                               size_t *put, cv_error *err)
{
    *put = 0;
    for (int i = 0; i < ODDITIES_MAX; i++) {
        ssize_t n = wire->tls ? gnutls_record_send(wire->tls, from, len)
                              : send(wire->fd, from, len, MSG_NOSIGNAL);
        if (n > 0) {
            *put = (size_t)n;
            return NET_WIRE_DONE;
        }
        net_wire_result result = wire->tls
                                     ? tls_failed(wire, n, err)
                                     : plain_failed(NET_WIRE_WANT_WRITE, err);
        if (result != NET_WIRE_DONE)
            return result;
    }
    cv_fail(err, CV_ERR_IO, "TLS: too many alerts");
    return NET_WIRE_FAILED;
}

bool net_wire_has_pending(const net_wire *wire)
{
    return wire->tls && gnutls_record_check_pending(wire->tls) > 0;
}

void net_wire_describe(const net_wire *wire, char *text, size_t size)
{
    text[0] = '\0';
    if (!wire->tls)
        return;
    const char *version =
        gnutls_protocol_get_name(gnutls_protocol_get_version(wire->tls));
    const char *cipher = gnutls_cipher_get_name(gnutls_cipher_get(wire->tls));
    (void)snprintf(text, size, "%s %s", version ? version : "TLS",
                   cipher ? cipher : "");
}

void net_wire_shutdown(net_wire *wire)
{
    if (wire->tls)
        (void)gnutls_bye(wire->tls, GNUTLS_SHUT_WR);
    (void)shutdown(wire->fd, SHUT_WR);
}

void net_wire_close(net_wire *wire)
{
    if (wire->tls)
        gnutls_deinit(wire->tls);
    if (wire->credentials)
        gnutls_certificate_free_credentials(wire->credentials);
    if (wire->fd >= 0)
        (void)close(wire->fd);
    *wire = (net_wire){ .fd = -1 };
}
