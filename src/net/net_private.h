/* net_private.h - the server's inside: sessions, listeners, queues.
 *
 * Who may touch what: a session belongs to the loop's thread, except while
 * its state is NET_STATE_WORKING: then its core belongs to the worker. The
 * table of sessions and both queues are guarded by net_server.lock, which is
 * never held across a callback or I/O. Jobs are ids.
 */
#ifndef NET_NET_PRIVATE_H
#define NET_NET_PRIVATE_H

#include "net/core.h"
#include "net/wire.h"

#include <pthread.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#define NET_READ_BLOCK ((size_t)16 << 10)

typedef enum net_state {
    NET_STATE_HANDSHAKE,
    NET_STATE_READING,  /* parked: waits for input */
    NET_STATE_WORKING,  /* a job is queued or runs */
    NET_STATE_DRAINING, /* waits until the peer takes output */
    NET_STATE_WAITING,  /* parked: NET_NEXT_MORE */
    NET_STATE_LINGERING /* said goodbye, waits for the peer's FIN */
} net_state;

typedef struct net_listener {
    struct net_listener *next;
    net_server *server;
    net_listen config; /* host and unix_path are NULL here */
    net_limits limits;
    int fd;
    char *unix_path; /* owned; removed at the end */
    struct event event;
    bool watching;
    unsigned open; /* sessions now */
} net_listener;

typedef struct net_session {
    struct net_session *next, *previous;
    uint64_t id; /* slot in the low 32 bits, a count above */
    net_server *server;
    net_listener *listener;
    net_wire wire;
    net_core core;
    net_state state;
    net_call call;     /* of the job that is queued */
    net_next after;    /* what to do when output is drained */
    bool opened;       /* on_open has been called */
    bool dying;        /* on_close has been or is being called */
    bool lost;         /* the connection is broken: nothing to drain */
    char tls_text[48]; /* of core.turn */
    uint64_t poke;     /* server's count when the callback started */
    struct event readable, writable, timer;
} net_session;

/* Ids in a ring; room is made when a session is. */
typedef struct net_queue {
    uint64_t *ids; /* owned */
    size_t room, first, count;
} net_queue;

struct net_server {
    unsigned workers;
    char *spool_dir; /* owned */
    struct event_base *base;
    struct event wake;
    int wake_fd;  /* eventfd: jobs are done, poke, stop */
    int spare_fd; /* given up for a moment when descriptors run out */
    net_listener *listeners;
    net_session *sessions; /* list, the loop's */
    uint8_t block[NET_READ_BLOCK];
    pthread_t loop_thread, *worker_threads;
    unsigned workers_running;
    bool loop_running;
    bool ending; /* stopping, as the loop knows it */

    pthread_mutex_t lock;
    pthread_cond_t work;
    net_session **slots; /* by id */
    size_t slot_count;
    uint64_t made; /* sessions ever */
    net_queue jobs, done;
    uint64_t pokes;
    bool poked, stopping, workers_stop;
    net_stats stats;
};

/* -- session.c, the loop's thread -- */

/* Takes over fd; closes it on failure. */
void net_session_new(net_listener *listener, int fd, const net_peer *peer);
/* A worker has left it. */
void net_session_resume(net_session *s);
void net_session_poke(net_session *s);
/* The server stops: goodbye, unless a worker has it. */
void net_session_stop(net_session *s);
/* After loop and workers have ended: on_close if due, frees. */
void net_session_destroy(net_session *s);

/* -- server.c -- */

/* Gives the session an id and room in the queues. */
CV_NODISCARD cv_status net_server_add(net_server *server, net_session *s);
void net_server_remove(net_server *server, net_session *s);
void net_server_queue(net_server *server, net_session *s, net_call call);

/* -- listener.c -- */

void net_listener_watch(net_listener *listener);
void net_listener_unwatch(net_listener *listener);
void net_listener_free(net_listener *listener);

#endif
