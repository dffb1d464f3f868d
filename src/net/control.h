/* control.h - the way in: commands to a running server over a Unix socket.
 *
 * On the wire a frame is u32 little-endian length and that many bytes, JSON
 * text here (net/ does not read it). The client sends one frame; the server
 * answers with any number of frames and then one of length 0. Several
 * requests may follow each other on one connection. The socket has mode 0600
 * and peers of another uid (but root) are refused by SO_PEERCRED.
 */
#ifndef NET_CONTROL_H
#define NET_CONTROL_H

#include "net/net.h"

/* One request while it is answered. */
typedef struct net_control_request {
    cv_slice json;   /* the request; the same at each call */
    uid_t uid;       /* of the peer */
    uint64_t cursor; /* 0 at the first call; the handler's own */
    cv_buf *out;     /* private: use net_control_send() */

    /* Left true by the handler: call me again with the same request and
     * cursor when the output has drained and again_ms have passed or
     * net_server_poke() was called. So `events -f` holds no thread. */
    bool again;
    uint32_t again_ms;
} net_control_request;

typedef struct net_control_service {
    /* Runs on a worker. Sends its answers, at most about NET_OUTPUT_HIGH
     * bytes in one call where it can. */
    void (*handle)(void *ctx, net_control_request *request);
    void *ctx;
} net_control_service;

/* Appends one frame; json must not be empty. */
void net_control_send(net_control_request *request, cv_slice json);

/* Listens at path. service is borrowed and must outlive the server.
 * Errors: CV_ERR_CONFLICT when a live server answers there. */
CV_NODISCARD cv_status net_control_listen(net_server *server, const char *path,
                                          const net_control_service *service,
                                          cv_error *err);

/* Client: one request, each answer to on_frame (which returns CV_OK to go on;
 * anything else ends the call with that code). Blocking. timeout_ms: between
 * two frames, 0 for ever.
 * Errors: CV_ERR_NOTFOUND no server listens there; CV_ERR_DENIED no right to
 * the socket; CV_ERR_IO, CV_ERR_TIMEOUT. */
CV_NODISCARD cv_status
net_control_call(const char *path, cv_slice request, uint32_t timeout_ms,
                 cv_status (*on_frame)(void *ctx, cv_slice json, cv_error *err),
                 void *ctx, cv_error *err);

#endif
