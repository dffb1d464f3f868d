#include "net/net_private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/unix_path.h"

#define ACCEPTS_MAX 32 /* in one go */

typedef union net_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un un;
} net_address;

/* -- who is there -- */

static void name_of(const net_address *a, char *text, size_t size,
                    uint16_t *port)
{
    const struct in6_addr *six = &a->v6.sin6_addr;
    text[0] = '\0';
    *port = 0;
    if (a->any.sa_family == AF_INET) {
        (void)inet_ntop(AF_INET, &a->v4.sin_addr, text, (socklen_t)size);
        *port = ntohs(a->v4.sin_port);
    } else if (a->any.sa_family == AF_INET6) {
        if (IN6_IS_ADDR_V4MAPPED(six))
            (void)inet_ntop(AF_INET, &six->s6_addr[12], text, (socklen_t)size);
        else
            (void)inet_ntop(AF_INET6, six, text, (socklen_t)size);
        *port = ntohs(a->v6.sin6_port);
    } else {
        (void)snprintf(text, size, "local");
    }
}

static void fill_peer(int fd, const net_address *from, net_peer *peer)
{
    net_address local = { 0 };
    socklen_t len = sizeof(local);
    memset(peer, 0, sizeof(*peer));
    peer->uid = (uid_t)-1;
    name_of(from, peer->address, sizeof(peer->address), &peer->port);
    if (getsockname(fd, &local.any, &len) == 0)
        name_of(&local, peer->local_address, sizeof(peer->local_address),
                &peer->local_port);
    peer->loopback = strncmp(peer->address, "127.", 4) == 0 ||
                     strcmp(peer->address, "::1") == 0 ||
                     from->any.sa_family == AF_UNIX;
    struct ucred cred;
    len = sizeof(cred);
    if (from->any.sa_family == AF_UNIX &&
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0)
        peer->uid = cred.uid;
}

static unsigned sessions_of(const net_listener *l, const char *address)
{
    unsigned n = 0;
    for (const net_session *s = l->server->sessions; s; s = s->next)
        n += s->listener == l && strcmp(s->core.peer.address, address) == 0;
    return n;
}

static bool may_come_in(const net_listener *l, const net_peer *peer)
{
    if (l->unix_path)
        return (peer->uid == geteuid() || peer->uid == 0) &&
               l->open < l->limits.connections;
    return l->open < l->limits.connections &&
           sessions_of(l, peer->address) < l->limits.connections_per_address;
}

/* A few words, not waiting for anybody. */
static void turn_away(net_listener *l, int fd)
{
    const char *text = l->config.protocol->busy_text;
    pthread_mutex_lock(&l->server->lock);
    l->server->stats.refused++;
    pthread_mutex_unlock(&l->server->lock);
    if (text && !l->config.implicit_tls)
        (void)send(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)shutdown(fd, SHUT_WR);
    (void)close(fd);
}

/* Out of descriptors the connection would stay in the queue and the loop
 * would spin: take it with the spare one and drop it. */
static void drop_one(net_listener *l)
{
    net_server *server = l->server;
    if (server->spare_fd < 0)
        return;
    (void)close(server->spare_fd);
    int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0)
        turn_away(l, fd);
    server->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void on_accept(evutil_socket_t listen_fd, short what, void *arg)
{
    net_listener *l = arg;
    (void)what;
    for (int i = 0; i < ACCEPTS_MAX; i++) {
        net_address from = { 0 };
        socklen_t len = sizeof(from);
        net_peer peer;
        int fd =
            accept4(listen_fd, &from.any, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0 && (errno == EMFILE || errno == ENFILE))
            drop_one(l);
        if (fd < 0)
            return;
        fill_peer(fd, &from, &peer);
        if (!may_come_in(l, &peer)) {
            turn_away(l, fd);
            continue;
        }
        int on = 1;
        if (!l->unix_path)
            (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        net_session_new(l, fd, &peer);
    }
}

/* -- binding -- */

static cv_status os_error(cv_error *err, const char *what)
{
    return cv_fail(err, errno == EADDRINUSE ? CV_ERR_CONFLICT : CV_ERR_IO,
                   "%s: %s", what, strerror(errno));
}

static bool parse_address(const net_listen *listen, net_address *out,
                          socklen_t *len)
{
    memset(out, 0, sizeof(*out));
    if (inet_pton(AF_INET, listen->host, &out->v4.sin_addr) == 1) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons(listen->port);
        *len = sizeof(out->v4);
        return true;
    }
    if (inet_pton(AF_INET6, listen->host, &out->v6.sin6_addr) == 1) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons(listen->port);
        *len = sizeof(out->v6);
        return true;
    }
    return false;
}

static cv_status bind_tcp(net_listener *l, const net_listen *config,
                          uint16_t *port, cv_error *err)
{
    net_address a;
    socklen_t len = 0;
    char name[46];
    int on = 1;
    if (!config->host || !parse_address(config, &a, &len))
        return cv_fail(err, CV_ERR_SYNTAX, "no numeric address: %s",
                       config->host ? config->host : "");
    l->fd =
        socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (l->fd < 0)
        return os_error(err, config->host);
    (void)setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(l->fd, &a.any, len) != 0 || listen(l->fd, SOMAXCONN) != 0 ||
        getsockname(l->fd, &a.any, &len) != 0)
        return cv_fail(err, errno == EADDRINUSE ? CV_ERR_CONFLICT : CV_ERR_IO,
                       "%s port %u: %s", config->host, config->port,
                       strerror(errno));
    name_of(&a, name, sizeof(name), port);
    return CV_OK;
}

static cv_status bind_unix(net_listener *l, const char *path, cv_error *err)
{
    net_unix_path where;
    int probe = -1;
    cv_status status = net_unix_path_open(path, &where, err);
    if (status != CV_OK)
        return status;
    l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (l->fd < 0 || probe < 0) {
        status = os_error(err, path);
    } else if (connect(probe, &where.address.any, where.length) == 0) {
        status = cv_fail(err, CV_ERR_CONFLICT, "%s: a server is there", path);
    } else {
        if (errno == ECONNREFUSED)
            (void)unlink(path);
        /* fchmod() before bind() is what sets the file's mode on Linux. */
        if (fchmod(l->fd, 0600) != 0 ||
            bind(l->fd, &where.address.any, where.length) != 0 ||
            chmod(path, 0600) != 0 || listen(l->fd, SOMAXCONN) != 0)
            status = os_error(err, path);
    }
    if (probe >= 0)
        (void)close(probe);
    net_unix_path_close(&where);
    l->unix_path = status == CV_OK ? strdup(path) : NULL;
    if (status == CV_OK && !l->unix_path)
        status = cv_fail(err, CV_ERR_NOMEM, "%s", path);
    return status;
}

cv_status net_server_listen(net_server *server, const net_listen *config,
                            uint16_t *port, cv_error *err)
{
    uint16_t bound = 0;
    net_listener *l = calloc(1, sizeof(*l));
    if (!l)
        return cv_fail(err, CV_ERR_NOMEM, "listener");
    l->server = server;
    l->fd = -1;
    l->config = *config;
    l->config.host = l->config.unix_path = NULL;
    l->limits = net_limits_defaults(&config->limits);
    cv_status status = config->unix_path ? bind_unix(l, config->unix_path, err)
                                         : bind_tcp(l, config, &bound, err);
    if (status == CV_OK &&
        event_assign(&l->event, server->base, l->fd, EV_READ | EV_PERSIST,
                     on_accept, l) != 0)
        status = cv_fail(err, CV_ERR_NOMEM, "listener");
    if (status != CV_OK) {
        net_listener_free(l);
        return status;
    }
    l->next = server->listeners;
    server->listeners = l;
    if (port)
        *port = bound;
    return CV_OK;
}

void net_listener_watch(net_listener *listener)
{
    if (!listener->watching)
        listener->watching = event_add(&listener->event, NULL) == 0;
}

void net_listener_unwatch(net_listener *listener)
{
    if (listener->watching)
        (void)event_del(&listener->event);
    listener->watching = false;
}

void net_listener_free(net_listener *listener)
{
    net_listener_unwatch(listener);
    if (listener->unix_path)
        (void)unlink(listener->unix_path);
    if (listener->fd >= 0)
        (void)close(listener->fd);
    free(listener->unix_path);
    free(listener);
}
