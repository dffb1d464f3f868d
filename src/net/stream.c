#include "net/stream.h"
#include "net/clock.h"
#include "net/wire.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4096
#define NAME_MAX_BYTES 255
#define WRITE_BLOCK ((size_t)16 << 10)

struct net_stream {
    net_wire wire;
    uint8_t in[LINE_MAX_BYTES + 2];
    size_t start, end; /* of the bytes in `in` that have not been taken */
};

/* Waits until the socket can go on. */
static cv_status wait_for(const net_stream *s, net_wire_result want,
                          int64_t deadline, cv_error *err)
{
    struct pollfd p = { .fd = s->wire.fd,
                        .events =
                            want == NET_WIRE_WANT_WRITE ? POLLOUT : POLLIN };
    for (;;) {
        int n = poll(&p, 1, net_clock_left(deadline));
        if (n > 0)
            return CV_OK;
        if (n == 0)
            return cv_fail(err, CV_ERR_TIMEOUT, "the peer does not answer");
        if (errno != EINTR)
            return cv_fail(err, CV_ERR_IO, "poll: %s", strerror(errno));
    }
}

cv_status net_stream_of_fd(int fd, net_stream **out, cv_error *err)
{
    net_stream *s = calloc(1, sizeof(*s));
    if (!s) {
        (void)close(fd);
        return cv_fail(err, CV_ERR_NOMEM, "connection");
    }
    s->wire = net_wire_of_fd(fd);
    *out = s;
    return CV_OK;
}

void net_stream_close(net_stream **stream)
{
    if (!stream || !*stream)
        return;
    net_wire_shutdown(&(*stream)->wire);
    net_wire_close(&(*stream)->wire);
    free(*stream);
    *stream = NULL;
}

/* -- connecting -- */

static cv_status try_address(const struct addrinfo *a, int64_t deadline,
                             int *out, cv_error *err)
{
    int fd =
        socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return cv_fail(err, CV_ERR_IO, "socket: %s", strerror(errno));
    int on = 1;
    /* Commands and the end of DATA are small and awaited. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    int code = connect(fd, a->ai_addr, a->ai_addrlen) == 0 ? 0 : errno;
    cv_status status = CV_OK;
    if (code == EINPROGRESS) {
        net_stream probe = { .wire = { .fd = fd } };
        socklen_t len = sizeof(code);
        code = 0;
        status = wait_for(&probe, NET_WIRE_WANT_WRITE, deadline, err);
        if (status == CV_OK &&
            getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &len) != 0)
            code = errno;
    }
    if (status == CV_OK && code == 0) {
        *out = fd;
        return CV_OK;
    }
    (void)close(fd);
    if (status != CV_OK)
        return status;
    return cv_fail(err, CV_ERR_IO, "connect: %s", strerror(code));
}

static cv_status resolve(const char *name, uint16_t port, struct addrinfo **out,
                         cv_error *err)
{
    struct addrinfo hints = { .ai_family = AF_UNSPEC,
                              .ai_socktype = SOCK_STREAM,
                              .ai_flags = AI_NUMERICSERV };
    char service[8];
    (void)snprintf(service, sizeof(service), "%u", port);
    int code = getaddrinfo(name, service, &hints, out);
    if (code == 0)
        return CV_OK;
    if (code == EAI_NONAME || code == EAI_NODATA)
        return cv_fail(err, CV_ERR_NOTFOUND, "%s has no address", name);
    return cv_fail(err, code == EAI_MEMORY ? CV_ERR_NOMEM : CV_ERR_IO, "%s: %s",
                   name, gai_strerror(code));
}

cv_status net_stream_connect(cv_slice host, uint16_t port, uint32_t timeout_ms,
                             net_stream **out, cv_error *err)
{
    char name[NAME_MAX_BYTES + 1];
    struct addrinfo *list = NULL;
    int64_t end = net_clock_ms() + timeout_ms;
    int left = 0;
    int fd = -1;
    if (host.len == 0 || host.len > NAME_MAX_BYTES)
        return cv_fail(err, CV_ERR_NOTFOUND, "host name");
    memcpy(name, host.ptr, host.len);
    name[host.len] = '\0';
    CV_TRY(resolve(name, port, &list, err));
    for (const struct addrinfo *a = list; a; a = a->ai_next)
        left++;
    cv_status status = CV_ERR_NOTFOUND;
    for (const struct addrinfo *a = list; a; a = a->ai_next, left--) {
        /* A silent address leaves its share of time to the others. */
        int64_t deadline = net_clock_ms() + net_clock_left(end) / left;
        status = try_address(a, deadline, &fd, err);
        if (status == CV_OK)
            break;
    }
    freeaddrinfo(list);
    return status == CV_OK ? net_stream_of_fd(fd, out, err) : status;
}

/* -- TLS -- */

cv_status net_stream_starttls(net_stream *stream, cv_slice host,
                              uint32_t timeout_ms, cv_error *err)
{
    char name[NAME_MAX_BYTES + 1] = "";
    int64_t deadline = net_clock_ms() + timeout_ms;
    if (stream->start != stream->end)
        return cv_fail(err, CV_ERR_SYNTAX, "plain bytes before TLS");
    if (host.len <= NAME_MAX_BYTES)
        memcpy(name, host.ptr, host.len);
    CV_TRY(net_wire_tls_client(&stream->wire, name, err));
    for (;;) {
        net_wire_result result = net_wire_handshake(&stream->wire, err);
        if (result == NET_WIRE_DONE)
            return CV_OK;
        if (result == NET_WIRE_FAILED)
            return CV_ERR_IO;
        if (result == NET_WIRE_EOF)
            return cv_fail(err, CV_ERR_IO, "the peer closed during TLS");
        CV_TRY(wait_for(stream, result, deadline, err));
    }
}

bool net_stream_is_tls(const net_stream *stream)
{
    return stream->wire.tls != NULL;
}

/* -- bytes -- */

static bool take_line(net_stream *s, cv_slice *line)
{
    const uint8_t *start = s->in + s->start;
    const uint8_t *lf = memchr(start, '\n', s->end - s->start);
    if (!lf)
        return false;
    size_t len = (size_t)(lf - start);
    s->start += len + 1;
    if (len > 0 && start[len - 1] == '\r')
        len--;
    *line = cv_slice_of(start, len);
    return true;
}

cv_status net_stream_line(net_stream *stream, uint32_t timeout_ms,
                          cv_slice *line, cv_error *err)
{
    net_stream *s = stream;
    int64_t deadline = net_clock_ms() + timeout_ms;
    while (!take_line(s, line)) {
        size_t got = 0;
        memmove(s->in, s->in + s->start, s->end - s->start);
        s->end -= s->start;
        s->start = 0;
        if (s->end == sizeof(s->in))
            return cv_fail(err, CV_ERR_LIMIT, "line too long");
        net_wire_result result = net_wire_read(
            &s->wire, s->in + s->end, sizeof(s->in) - s->end, &got, err);
        s->end += got;
        if (result == NET_WIRE_FAILED)
            return CV_ERR_IO;
        if (result == NET_WIRE_EOF)
            return cv_fail(err, CV_ERR_TRUNC, "the peer closed");
        if (result != NET_WIRE_DONE)
            CV_TRY(wait_for(s, result, deadline, err));
    }
    return CV_OK;
}

cv_status net_stream_write(net_stream *stream, cv_slice bytes,
                           uint32_t timeout_ms, cv_error *err)
{
    int64_t deadline = net_clock_ms() + timeout_ms;
    while (bytes.len > 0) {
        size_t put = 0;
        size_t len = bytes.len < WRITE_BLOCK ? bytes.len : WRITE_BLOCK;
        net_wire_result result =
            net_wire_write(&stream->wire, bytes.ptr, len, &put, err);
        if (result == NET_WIRE_FAILED || result == NET_WIRE_EOF)
            return CV_ERR_IO;
        if (result == NET_WIRE_DONE) {
            bytes = cv_slice_sub(bytes, put, CV_NPOS);
            deadline = net_clock_ms() + timeout_ms;
        } else {
            CV_TRY(wait_for(stream, result, deadline, err));
        }
    }
    return CV_OK;
}
