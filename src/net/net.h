/* net.h - connections parked in one loop, commands run by a pool of workers.
 *
 * A server is one libevent loop in a thread of its own and some workers. The
 * loop accepts, does TLS (non-blocking), collects COMPLETE input (a line, a
 * frame, or DATA up to its dot, spooled) and drains output. Only then a worker
 * runs the protocol's callback, to its end, without waiting for the peer: a
 * slow peer holds a buffer, never a thread. While a worker has a session the
 * loop leaves it alone, so callbacks of one session never run at once and
 * need no lock. A session is addressed by its id.
 * Every wait has a deadline. What is limited, and by what: net_limits.
 * Sources: DESIGN "Threads", STYLE "Threads"; RFC 5321 4.5.3.
 */
#ifndef NET_NET_H
#define NET_NET_H

#include "base/buf.h"
#include "base/error.h"
#include "net/tls.h"

#include <sys/types.h>

/* Output that a callback should not exceed before it asks to be called again
 * (net_turn.next NET_NEXT_MORE); above it the loop reads nothing more from
 * the peer until it has drained below a quarter of it. */
#define NET_OUTPUT_HIGH ((size_t)256 << 10)

/* -- what a protocol sees -- */

typedef struct net_peer {
    char address[46]; /* numeric IPv4 or IPv6; "local" on a Unix socket */
    uint16_t port;
    bool loopback; /* 127/8, ::1, or a Unix socket */
    uid_t uid;     /* of the peer on a Unix socket, else (uid_t)-1 */
    char local_address[46];
    uint16_t local_port;
} net_peer;

/* DATA as it was received: dots unstuffed, the lines' CRLF kept. */
typedef struct net_data {
    cv_slice bytes; /* prefix included; borrowed until the callback returns */
    bool too_big;   /* more than data_max came; bytes are cut there */
    bool cut;       /* so much too big that the session must be closed */
    bool bare_newline; /* a CR without LF or an LF without CR was in it */
    bool failed;       /* the spool file could not be written (full disk) */
} net_data;

typedef enum net_next {
    NET_NEXT_LINE,     /* wait for a line */
    NET_NEXT_FRAME,    /* wait for u32 little-endian length and its bytes */
    NET_NEXT_DATA,     /* collect until CRLF.CRLF, then on_data */
    NET_NEXT_MORE,     /* call on_more when output has drained, again_ms from
                          now or at net_server_poke(), whichever is first */
    NET_NEXT_STARTTLS, /* drain output, forget pending plain input, handshake,
                          then wait for a line */
    NET_NEXT_CLOSE     /* drain output, close */
} net_next;

/* One call of a protocol: what it is about, and what it leaves behind. */
typedef struct net_turn {
    uint64_t session;     /* id, never reused */
    const net_peer *peer; /* borrowed */
    bool tls;
    bool tls_possible;    /* NET_NEXT_STARTTLS may be asked for */
    const char *tls_text; /* "TLS1.3 with ..." when tls, else "" */
    void *state;          /* the protocol's own; set by on_open, freed by
                             on_close */
    void *listener_ctx;   /* net_listen.ctx: policy of the door */
    cv_buf *out;          /* bytes for the peer, appended to */
    bool more_input;      /* pipelined input is waiting already */

    net_next next; /* set to NET_NEXT_LINE before each call, or to
                      NET_NEXT_FRAME where the protocol says frames */
    /* For NET_NEXT_DATA: */
    cv_slice data_prefix; /* put before the data; borrowed until return */
    uint64_t data_max;    /* bytes of data, prefix not counted */
    /* For NET_NEXT_MORE: */
    uint32_t again_ms; /* 0: as soon as the output has drained */
} net_turn;

/* Callbacks run on workers, one at a time for a session; any may be NULL
 * except the one for the input that the protocol asks for. */
typedef struct net_protocol {
    const char *name; /* literal, "smtp" */
    bool frames;      /* waits for frames instead of lines after each turn */
    void (*on_open)(net_turn *turn); /* greeting */
    /* line: without its CRLF. whole is false when it was longer than
     * line_max (the rest has been dropped) or did not end in CRLF (a bare LF
     * ended it); too_long tells the two apart. */
    void (*on_line)(net_turn *turn, cv_slice line, bool whole, bool too_long);
    void (*on_frame)(net_turn *turn, cv_slice frame);
    void (*on_data)(net_turn *turn, const net_data *data);
    void (*on_more)(net_turn *turn);
    void (*on_close)(net_turn *turn); /* peer gone or closed; out is ignored */
    const char *busy_text;    /* said to a connection over the limit, or NULL */
    const char *timeout_text; /* said when the idle deadline passes, or NULL */
    const char *stop_text;    /* said when the server stops, or NULL */
} net_protocol;

/* All have a default when 0. */
typedef struct net_limits {
    size_t line_max;        /* bytes of a line with its end; 16,384 */
    size_t frame_max;       /* 128 MB */
    size_t data_memory_max; /* DATA kept in memory up to here; 64 KB */
    uint32_t idle_ms;       /* for a complete line or frame; 300,000 */
    uint32_t data_ms;       /* between two blocks of DATA; 180,000 */
    uint32_t handshake_ms;  /* of TLS, in all; 30,000 */
    uint32_t write_ms;      /* without any output taken; 300,000 */
    unsigned connections;   /* at a listener; 4,096 */
    unsigned connections_per_address; /* at a listener, loopback too; 256 */
} net_limits;

/* -- the server -- */

typedef struct net_server net_server;

typedef struct net_server_config {
    unsigned workers;      /* 0: 4 */
    const char *spool_dir; /* of DATA's temporary files; NULL: /tmp */
} net_server_config;

/* Where to listen; everything in it is copied but the pointers to functions
 * and contexts. */
typedef struct net_listen {
    const char *host;      /* numeric, "127.0.0.1", "::", ... */
    uint16_t port;         /* 0: a free one */
    const char *unix_path; /* instead of host and port: mode 0600; peers of
                              another uid (but root) are refused */
    const net_protocol *protocol; /* borrowed */
    net_limits limits;
    void *ctx;         /* net_turn.listener_ctx */
    net_tls *tls;      /* borrowed; NULL: STARTTLS is impossible */
    bool implicit_tls; /* handshake before on_open */
} net_listen;

/* Errors: CV_ERR_IO, CV_ERR_NOMEM. */
CV_NODISCARD cv_status net_server_new(const net_server_config *config,
                                      net_server **out, cv_error *err);
/* Before net_server_start(). *port (may be NULL) is the port that was bound.
 * A Unix path whose server is gone is taken over; one that answers gives
 * CV_ERR_CONFLICT. */
CV_NODISCARD cv_status net_server_listen(net_server *server,
                                         const net_listen *listen,
                                         uint16_t *port, cv_error *err);
/* Starts the loop's thread and the workers. Connections that came since
 * net_server_listen() are served now. */
CV_NODISCARD cv_status net_server_start(net_server *server, cv_error *err);
/* Calls on_more of every session that waits in NET_NEXT_MORE. Any thread. */
void net_server_poke(net_server *server);
/* Stops accepting, lets running callbacks end, says stop_text, closes all
 * (on_close runs for each), joins the threads, frees. Takes NULL. */
void net_server_stop(net_server **server);

typedef struct net_stats {
    uint64_t accepted, refused;
    unsigned open;        /* sessions now */
    size_t session_bytes; /* size of one idle session without TLS */
} net_stats;
void net_server_stats(net_server *server, net_stats *out);

#endif
