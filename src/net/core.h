/* core.h - a session without its socket: input goes in, callbacks run,
 * output comes out. The loop puts a socket around it, tests put memory.
 */
#ifndef NET_CORE_H
#define NET_CORE_H

#include "net/framer.h"
#include "net/net.h"

/* What is to be told to the protocol at the next run. */
typedef enum net_call {
    NET_CALL_NONE,
    NET_CALL_OPEN,
    NET_CALL_INPUT, /* what the framer has found */
    NET_CALL_MORE,
    NET_CALL_CLOSE
} net_call;

typedef struct net_core {
    const net_protocol *protocol; /* borrowed */
    net_framer framer;
    net_input input; /* found by net_core_look(), not yet run */
    net_peer peer;
    net_turn turn; /* state lives here from call to call */
    cv_buf out;
    size_t out_pos; /* bytes of out that have been sent */
} net_core;

/* Fills in every default of the limits. */
net_limits net_limits_defaults(const net_limits *limits);

void net_core_init(net_core *core, uint64_t session,
                   const net_protocol *protocol, const net_limits *limits,
                   const char *spool_dir);
/* Frees; NET_CALL_CLOSE has been run. */
void net_core_clear(net_core *core);
/* Is there complete input? Remembers it for net_core_run(). */
bool net_core_look(net_core *core);
/* Runs the callback and those of the complete input that waits behind it,
 * until the output is high or the protocol wants something else than input.
 * What it wants is in core->turn.next. */
void net_core_run(net_core *core, net_call call);
size_t net_core_unsent(const net_core *core);

#endif
