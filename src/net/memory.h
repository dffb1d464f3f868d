/* memory.h - a protocol's session in memory, without loop, threads and
 * sockets: for tests of dialogues, cut at any byte.
 */
#ifndef NET_MEMORY_H
#define NET_MEMORY_H

#include "net/net.h"

typedef struct net_memory net_memory;

/* Runs on_open. peer is copied; protocol and ctx (listener_ctx) are borrowed.
 * Errors: CV_ERR_NOMEM. */
CV_NODISCARD cv_status net_memory_open(const net_protocol *protocol,
                                       const net_limits *limits,
                                       const net_peer *peer, void *ctx,
                                       net_memory **out, cv_error *err);
/* Bytes from the peer; runs what they complete. NET_NEXT_MORE is called again
 * at once. After NET_NEXT_STARTTLS pending input and all bytes until
 * net_memory_start_tls() are dropped. */
void net_memory_feed(net_memory *memory, cv_slice bytes);
/* The handshake is done; nothing when none was asked for. */
void net_memory_start_tls(net_memory *memory);
/* Takes the output since the last call; borrowed until the next call. */
cv_slice net_memory_output(net_memory *memory);
bool net_memory_is_closed(const net_memory *memory);
/* Runs on_close unless that has happened; frees. Takes NULL. */
void net_memory_close(net_memory **memory);

#endif
