#include "net/core.h"

#include <string.h>

#define DEFAULT(value, otherwise) ((value) ? (value) : (otherwise))
/* Output may overshoot the mark by one reply. */
#define OUTPUT_CAP ((size_t)256 << 20)

net_limits net_limits_defaults(const net_limits *limits)
{
    net_limits l = *limits;
    l.line_max = DEFAULT(l.line_max, 16384);
    l.frame_max = DEFAULT(l.frame_max, (size_t)128 << 20);
    l.data_memory_max = DEFAULT(l.data_memory_max, (size_t)64 << 10);
    l.idle_ms = DEFAULT(l.idle_ms, 300000);
    l.data_ms = DEFAULT(l.data_ms, 180000);
    l.handshake_ms = DEFAULT(l.handshake_ms, 30000);
    l.write_ms = DEFAULT(l.write_ms, 300000);
    l.connections = DEFAULT(l.connections, 4096);
    l.connections_per_address = DEFAULT(l.connections_per_address, 256);
    return l;
}

void net_core_init(net_core *core, uint64_t session,
                   const net_protocol *protocol, const net_limits *limits,
                   const char *spool_dir)
{
    net_limits l = net_limits_defaults(limits);
    memset(core, 0, sizeof(*core));
    core->protocol = protocol;
    /* What the protocol does not read costs no room. */
    net_framer_init(&core->framer, protocol->frames ? 0 : l.line_max,
                    protocol->frames ? l.frame_max : 0, spool_dir,
                    l.data_memory_max);
    if (protocol->frames)
        core->framer.framing = NET_FRAMING_FRAME;
    cv_buf_init(&core->out, OUTPUT_CAP);
    core->turn.session = session;
    core->turn.peer = &core->peer;
    core->turn.tls_text = "";
    core->turn.out = &core->out;
}

void net_core_clear(net_core *core)
{
    net_framer_clear(&core->framer);
    cv_buf_clear(&core->out);
}

size_t net_core_unsent(const net_core *core)
{
    return core->out.len - core->out_pos;
}

bool net_core_look(net_core *core)
{
    if (core->input == NET_INPUT_NONE)
        core->input = net_framer_next(&core->framer);
    return core->input != NET_INPUT_NONE;
}

static void run_data(net_core *core)
{
    net_spool *spool = &core->framer.spool;
    net_data data = {
        .too_big = spool->discarded > 0,
        .cut = net_spool_is_hopeless(spool),
        .bare_newline = core->framer.bare_newline,
    };
    data.failed = net_spool_bytes(spool, &data.bytes, NULL) != CV_OK;
    core->protocol->on_data(&core->turn, &data);
    net_spool_clear(spool);
}

static void run_input(net_core *core)
{
    net_input input = core->input;
    const net_framer *f = &core->framer;
    core->input = NET_INPUT_NONE;
    core->turn.more_input = net_framer_pending(f) > 0;
    if (input == NET_INPUT_LINE)
        core->protocol->on_line(&core->turn, f->item, f->whole, f->too_long);
    else if (input == NET_INPUT_FRAME)
        core->protocol->on_frame(&core->turn, f->item);
    else if (input == NET_INPUT_DATA)
        run_data(core);
    else
        core->turn.next = NET_NEXT_CLOSE;
}

static void run_call(net_core *core, net_call call)
{
    const net_protocol *p = core->protocol;
    net_turn *turn = &core->turn;
    turn->next = p->frames ? NET_NEXT_FRAME : NET_NEXT_LINE;
    turn->data_prefix = cv_slice_of(NULL, 0);
    turn->data_max = 0;
    turn->again_ms = 0;
    turn->more_input = net_framer_pending(&core->framer) > 0;
    if (call == NET_CALL_OPEN && p->on_open)
        p->on_open(turn);
    else if (call == NET_CALL_INPUT)
        run_input(core);
    else if (call == NET_CALL_MORE)
        p->on_more(turn);
    else if (call == NET_CALL_CLOSE && p->on_close)
        p->on_close(turn);
    if (turn->next == NET_NEXT_DATA)
        net_framer_start_data(&core->framer, turn->data_prefix, turn->data_max);
    if (core->out.status != CV_OK)
        turn->next = NET_NEXT_CLOSE;
}

void net_core_run(net_core *core, net_call call)
{
    run_call(core, call);
    while (call != NET_CALL_CLOSE && core->turn.next <= NET_NEXT_DATA &&
           net_core_unsent(core) < NET_OUTPUT_HIGH && net_core_look(core))
        run_call(core, NET_CALL_INPUT);
}
