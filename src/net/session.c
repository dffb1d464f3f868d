#include "net/net_private.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define LINGER_MS 2000
/* Blocks read in one go before other sessions have their turn. */
#define BLOCKS_MAX 16
/* Read ahead while a session waits for NET_NEXT_MORE. */
#define AHEAD_MAX ((size_t)64 << 10)

static void proceed(net_session *s);

static void set_timer(net_session *s, uint32_t ms)
{
    struct timeval tv = { .tv_sec = ms / 1000,
                          .tv_usec = (suseconds_t)(ms % 1000) * 1000 };
    (void)event_add(&s->timer, &tv);
}

static void park(net_session *s)
{
    (void)event_del(&s->readable);
    (void)event_del(&s->writable);
    (void)event_del(&s->timer);
}

static void session_free(net_session *s)
{
    park(s);
    net_wire_close(&s->wire);
    net_core_clear(&s->core);
    if (s->previous)
        s->previous->next = s->next;
    else
        s->server->sessions = s->next;
    if (s->next)
        s->next->previous = s->previous;
    s->listener->open--;
    net_server_remove(s->server, s);
    bool last = !s->server->sessions;
    net_server *server = s->server;
    free(s);
    if (last && server->ending)
        (void)event_base_loopbreak(server->base);
}

/* Ends the session: on_close on a worker first, when it was opened. */
static void finish(net_session *s)
{
    park(s);
    if (s->opened && !s->dying) {
        s->dying = true;
        net_server_queue(s->server, s, NET_CALL_CLOSE);
        return;
    }
    if (s->lost || s->server->ending) {
        if (!s->lost)
            net_wire_shutdown(&s->wire);
        session_free(s);
        return;
    }
    /* Closing with unread input would reset the connection and might take
     * our last words from the peer: read on until it closes too. */
    net_wire_shutdown(&s->wire);
    s->state = NET_STATE_LINGERING;
    (void)event_add(&s->readable, NULL);
    set_timer(s, LINGER_MS);
}

static void lose(net_session *s)
{
    s->lost = true;
    finish(s);
}

/* Last words without waiting for anybody. */
static void say(net_session *s, const char *text)
{
    size_t put = 0;
    if (text && net_core_unsent(&s->core) == 0)
        (void)net_wire_write(&s->wire, text, strlen(text), &put, NULL);
}

/* -- output -- */

/* Writes what it can: DONE all of it, WANT_... some is left. */
static net_wire_result flush(net_session *s)
{
    net_core *core = &s->core;
    while (net_core_unsent(core) > 0) {
        size_t put = 0;
        net_wire_result result =
            net_wire_write(&s->wire, core->out.data + core->out_pos,
                           net_core_unsent(core), &put, NULL);
        if (result != NET_WIRE_DONE)
            return result;
        core->out_pos += put;
        set_timer(s, s->listener->limits.write_ms);
    }
    core->out_pos = 0;
    cv_buf_reset(&core->out);
    return NET_WIRE_DONE;
}

static void watch(net_session *s, net_wire_result want)
{
    (void)event_del(&s->readable);
    (void)event_del(&s->writable);
    (void)event_add(want == NET_WIRE_WANT_WRITE ? &s->writable : &s->readable,
                    NULL);
}

static void drain(net_session *s)
{
    if (s->state != NET_STATE_DRAINING)
        set_timer(s, s->listener->limits.write_ms);
    s->state = NET_STATE_DRAINING;
    net_wire_result result = flush(s);
    if (result == NET_WIRE_DONE) {
        park(s);
        proceed(s);
    } else if (result == NET_WIRE_EOF || result == NET_WIRE_FAILED) {
        lose(s);
    } else {
        watch(s, result);
    }
}

/* -- input -- */

static void wait_for_input(net_session *s)
{
    const net_limits *l = &s->listener->limits;
    bool data = s->core.framer.framing == NET_FRAMING_DATA;
    net_framer_shrink(&s->core.framer);
    if (s->core.out.len == 0) {
        cv_buf_clear(&s->core.out);
        cv_buf_init(&s->core.out, s->core.out.cap);
    }
    s->state = NET_STATE_READING;
    set_timer(s, data ? l->data_ms : l->idle_ms);
    (void)event_add(&s->readable, NULL);
}

/* Reads until there is complete input; false when the session went away or
 * has been queued. */
static bool fill(net_session *s)
{
    net_core *core = &s->core;
    for (int i = 0; i < BLOCKS_MAX; i++) {
        size_t got = 0;
        net_wire_result result = net_wire_read(&s->wire, s->server->block,
                                               NET_READ_BLOCK, &got, NULL);
        if (result == NET_WIRE_EOF || result == NET_WIRE_FAILED) {
            lose(s);
            return false;
        }
        if (result != NET_WIRE_DONE)
            return true;
        net_framer_put(&core->framer, s->server->block, got);
        if (net_core_look(core)) {
            park(s);
            net_server_queue(s->server, s, NET_CALL_INPUT);
            return false;
        }
        if (core->framer.framing == NET_FRAMING_DATA)
            set_timer(s, s->listener->limits.data_ms);
    }
    if (net_wire_has_pending(&s->wire))
        event_active(&s->readable, EV_READ, 0);
    return true;
}

/* Input while output is still being made: kept, and the peer's leaving is
 * noticed. */
static void read_ahead(net_session *s)
{
    size_t got = 0;
    if (net_framer_pending(&s->core.framer) + NET_READ_BLOCK > AHEAD_MAX) {
        (void)event_del(&s->readable);
        return;
    }
    net_wire_result result =
        net_wire_read(&s->wire, s->server->block, NET_READ_BLOCK, &got, NULL);
    if (result == NET_WIRE_DONE)
        net_framer_put(&s->core.framer, s->server->block, got);
    else if (result == NET_WIRE_EOF || result == NET_WIRE_FAILED)
        lose(s);
}

static void linger(net_session *s)
{
    for (int i = 0; i < BLOCKS_MAX; i++) {
        ssize_t n = recv(s->wire.fd, s->server->block, NET_READ_BLOCK, 0);
        if (n == 0)
            session_free(s);
        if (n <= 0)
            return;
    }
}

/* -- TLS -- */

static void open_session(net_session *s)
{
    s->opened = true;
    net_server_queue(s->server, s, NET_CALL_OPEN);
}

static void handshake(net_session *s)
{
    net_wire_result result = net_wire_handshake(&s->wire, NULL);
    if (result == NET_WIRE_FAILED || result == NET_WIRE_EOF) {
        lose(s);
        return;
    }
    if (result != NET_WIRE_DONE) {
        watch(s, result);
        return;
    }
    park(s);
    net_turn *turn = &s->core.turn;
    net_wire_describe(&s->wire, s->tls_text, sizeof(s->tls_text));
    turn->tls = true;
    turn->tls_possible = false;
    turn->tls_text = s->tls_text;
    if (!s->opened)
        open_session(s);
    else {
        s->after = NET_NEXT_LINE;
        proceed(s);
    }
}

static void start_tls(net_session *s)
{
    const net_tls *tls = s->listener->config.tls;
    /* What was sent in the clear before TLS is nobody's command. */
    net_framer_drop(&s->core.framer);
    s->core.input = NET_INPUT_NONE;
    if (!tls || s->wire.tls ||
        net_wire_tls_server(&s->wire, tls, NULL) != CV_OK) {
        lose(s);
        return;
    }
    s->state = NET_STATE_HANDSHAKE;
    set_timer(s, s->listener->limits.handshake_ms);
    handshake(s);
}

/* -- turns -- */

static void wait_for_more(net_session *s)
{
    pthread_mutex_lock(&s->server->lock);
    bool poked = s->poke != s->server->pokes;
    pthread_mutex_unlock(&s->server->lock);
    uint32_t ms = s->core.turn.again_ms;
    if (ms == 0 || poked) {
        net_server_queue(s->server, s, NET_CALL_MORE);
        return;
    }
    s->state = NET_STATE_WAITING;
    set_timer(s, ms);
    (void)event_add(&s->readable, NULL);
}

/* Output is drained: what next? */
static void proceed(net_session *s)
{
    if (s->dying || s->after == NET_NEXT_CLOSE) {
        finish(s);
        return;
    }
    if (s->server->ending) {
        say(s, s->core.protocol->stop_text);
        finish(s);
        return;
    }
    switch (s->after) {
    case NET_NEXT_MORE:
        wait_for_more(s);
        return;
    case NET_NEXT_STARTTLS:
        start_tls(s);
        return;
    case NET_NEXT_LINE:
    case NET_NEXT_FRAME:
    case NET_NEXT_DATA:
    case NET_NEXT_CLOSE:
        break;
    }
    if (net_core_look(&s->core)) {
        net_server_queue(s->server, s, NET_CALL_INPUT);
        return;
    }
    wait_for_input(s);
    /* TLS may hold bytes already, of which no event will tell. */
    if (net_wire_has_pending(&s->wire))
        (void)fill(s);
}

void net_session_resume(net_session *s)
{
    if (s->dying) {
        finish(s);
        return;
    }
    s->after = s->core.turn.next;
    drain(s);
}

void net_session_poke(net_session *s)
{
    if (s->state != NET_STATE_WAITING)
        return;
    park(s);
    net_server_queue(s->server, s, NET_CALL_MORE);
}

void net_session_stop(net_session *s)
{
    if (s->state == NET_STATE_WORKING)
        return;
    if (s->state == NET_STATE_LINGERING) {
        session_free(s);
        return;
    }
    if (s->state == NET_STATE_DRAINING) {
        s->after = NET_NEXT_CLOSE;
        return;
    }
    if (s->state != NET_STATE_HANDSHAKE)
        say(s, s->core.protocol->stop_text);
    finish(s);
}

void net_session_destroy(net_session *s)
{
    if (s->opened && !s->dying)
        net_core_run(&s->core, NET_CALL_CLOSE);
    session_free(s);
}

/* -- events -- */

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
    net_session *s = arg;
    (void)fd;
    (void)what;
    switch (s->state) {
    case NET_STATE_HANDSHAKE:
        handshake(s);
        break;
    case NET_STATE_READING:
        (void)fill(s);
        break;
    case NET_STATE_DRAINING:
        drain(s);
        break;
    case NET_STATE_WAITING:
        read_ahead(s);
        break;
    case NET_STATE_LINGERING:
        linger(s);
        break;
    case NET_STATE_WORKING:
        break;
    }
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    net_session *s = arg;
    (void)fd;
    (void)what;
    switch (s->state) {
    case NET_STATE_WAITING:
        net_session_poke(s);
        break;
    case NET_STATE_READING:
        say(s, s->core.protocol->timeout_text);
        finish(s);
        break;
    case NET_STATE_LINGERING:
        session_free(s);
        break;
    case NET_STATE_HANDSHAKE:
    case NET_STATE_DRAINING:
        lose(s);
        break;
    case NET_STATE_WORKING:
        break;
    }
}

static void link_session(net_session *s)
{
    net_server *server = s->server;
    s->next = server->sessions;
    if (s->next)
        s->next->previous = s;
    server->sessions = s;
    s->listener->open++;
}

void net_session_new(net_listener *listener, int fd, const net_peer *peer)
{
    net_server *server = listener->server;
    net_session *s = calloc(1, sizeof(*s));
    net_wire wire = net_wire_of_fd(fd);
    if (!s) {
        net_wire_close(&wire);
        return;
    }
    s->server = server;
    s->listener = listener;
    s->wire = wire;
    if (net_server_add(server, s) != CV_OK) {
        net_wire_close(&wire);
        free(s);
        return;
    }
    net_core_init(&s->core, s->id, listener->config.protocol, &listener->limits,
                  server->spool_dir);
    s->core.peer = *peer;
    s->core.turn.listener_ctx = listener->config.ctx;
    s->core.turn.tls_possible = listener->config.tls != NULL;
    (void)event_assign(&s->readable, server->base, fd, EV_READ | EV_PERSIST,
                       on_ready, s);
    (void)event_assign(&s->writable, server->base, fd, EV_WRITE | EV_PERSIST,
                       on_ready, s);
    (void)evtimer_assign(&s->timer, server->base, on_timer, s);
    link_session(s);
    if (listener->config.implicit_tls)
        start_tls(s);
    else
        open_session(s);
}
