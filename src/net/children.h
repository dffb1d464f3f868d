/* children.h - jailed child processes that run one function on bytes.
 *
 * What parses foreign bytes may crash, loop or eat memory; here it does so
 * in a child. A small fork server (zygote) is forked before the program has
 * threads and forks the children on demand, so a dead one can be replaced
 * safely at any time. Parent and child talk over a socket pair: request in,
 * response out, both plain bytes. Children die with the zygote, the zygote
 * with its parent.
 * Source: DESIGN "Isolation".
 */
#ifndef NET_CHILDREN_H
#define NET_CHILDREN_H

#include "base/buf.h"
#include "base/error.h"

typedef struct net_children net_children;

typedef struct net_children_config {
    /* Runs in the child, for one request after the other. response is empty
     * and capped at response_max; its contents go back whatever the code. */
    cv_status (*handler)(void *ctx, cv_slice request, cv_buf *response);
    void *ctx;            /* as it was when net_children_start() was called */
    unsigned count;       /* children at most; 0: 2 */
    size_t memory_bytes;  /* address space of a child; 0: 1 GB. Not set in
                             builds with address sanitizer. */
    size_t stack_bytes;   /* 0: 8 MB */
    unsigned cpu_seconds; /* for one request; 0: 60 */
    size_t response_max;  /* 0: CV_LIMIT_BUF_BYTES */
} net_children_config;

/* Call before any thread exists and before secrets are opened: the zygote
 * keeps the memory as it is now and closes every descriptor but its own and
 * standard error.
 * Errors: CV_ERR_IO, CV_ERR_CONFLICT when threads exist already. */
CV_NODISCARD cv_status net_children_start(const net_children_config *config,
                                          net_children **out, cv_error *err);
/* Kills the children and the zygote. Takes NULL. No call may be running. */
void net_children_stop(net_children **children);

/* Runs the handler on request; the deadline counts from the moment a child is
 * free for it. response is appended to. The return value is the handler's.
 * *died (may be NULL) becomes true when the child was lost: by its own death
 * (CV_ERR_IO) or because it was killed at the deadline (CV_ERR_TIMEOUT); the
 * next request gets a new one. CV_ERR_IO with *died false says nothing about
 * the request: no child could be had for eight deadlines. Blocking; any
 * thread. */
CV_NODISCARD cv_status net_children_call(net_children *children,
                                         cv_slice request, uint32_t deadline_ms,
                                         cv_buf *response, bool *died,
                                         cv_error *err);

typedef struct net_children_stats {
    uint64_t requests, deaths, timeouts;
    unsigned alive;
} net_children_stats;
void net_children_get_stats(net_children *children, net_children_stats *out);

#endif
