#include "net/memory.h"
#include "net/core.h"

#include <stdlib.h>
#include <string.h>

/* on_more calls in a row; a test's protocol that wants more never ends. */
#define MORE_MAX 100000
#define BLOCK ((size_t)16 << 10) /* what the loop reads at once */

struct net_memory {
    net_core core;
    cv_buf taken; /* what net_memory_output() gave away */
    bool closed;
    bool handshaking; /* until net_memory_start_tls() */
};

static void settle(net_memory *m)
{
    for (int i = 0; i < MORE_MAX && m->core.turn.next == NET_NEXT_MORE; i++)
        net_core_run(&m->core, NET_CALL_MORE);
    if (m->core.turn.next == NET_NEXT_STARTTLS) {
        net_framer_drop(&m->core.framer);
        m->core.input = NET_INPUT_NONE;
        m->handshaking = true;
    }
    if (m->core.turn.next == NET_NEXT_CLOSE && !m->closed) {
        m->closed = true;
        net_core_run(&m->core, NET_CALL_CLOSE);
    }
}

cv_status net_memory_open(const net_protocol *protocol,
                          const net_limits *limits, const net_peer *peer,
                          void *ctx, net_memory **out, cv_error *err)
{
    net_memory *m = calloc(1, sizeof(*m));
    if (!m)
        return cv_fail(err, CV_ERR_NOMEM, "session in memory");
    net_core_init(&m->core, 1, protocol, limits, "/tmp");
    m->core.peer = *peer;
    m->core.turn.listener_ctx = ctx;
    m->core.turn.tls_possible = true;
    cv_buf_init(&m->taken, 0);
    net_core_run(&m->core, NET_CALL_OPEN);
    settle(m);
    *out = m;
    return CV_OK;
}

void net_memory_feed(net_memory *memory, cv_slice bytes)
{
    while (bytes.len > 0 && !memory->closed && !memory->handshaking) {
        cv_slice block = cv_slice_sub(bytes, 0, BLOCK);
        bytes = cv_slice_sub(bytes, block.len, CV_NPOS);
        net_framer_put(&memory->core.framer, block.ptr, block.len);
        while (!memory->closed && !memory->handshaking &&
               net_core_look(&memory->core)) {
            net_core_run(&memory->core, NET_CALL_INPUT);
            settle(memory);
        }
    }
}

void net_memory_start_tls(net_memory *memory)
{
    if (!memory->handshaking)
        return;
    memory->handshaking = false;
    memory->core.turn.tls = true;
    memory->core.turn.tls_possible = false;
    memory->core.turn.tls_text = "TLS in memory";
    memory->core.turn.next = NET_NEXT_LINE;
}

cv_slice net_memory_output(net_memory *memory)
{
    cv_buf_reset(&memory->taken);
    cv_buf_put_slice(&memory->taken, cv_buf_slice(&memory->core.out));
    cv_buf_reset(&memory->core.out);
    return cv_buf_slice(&memory->taken);
}

bool net_memory_is_closed(const net_memory *memory)
{
    return memory->closed;
}

void net_memory_close(net_memory **memory)
{
    if (!memory || !*memory)
        return;
    net_memory *m = *memory;
    if (!m->closed)
        net_core_run(&m->core, NET_CALL_CLOSE);
    net_core_clear(&m->core);
    cv_buf_clear(&m->taken);
    free(m);
    *memory = NULL;
}
