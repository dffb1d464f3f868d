/* framer.h - bytes from a peer, cut at any place, to complete input: lines,
 * frames, DATA up to its dot.
 *
 * DATA ends at CRLF.CRLF and nowhere else: a bare LF or CR does not end a
 * line, so that no second message can be hidden ("SMTP smuggling"); such
 * bytes are kept and reported. Source: RFC 5321 2.3.8, 4.1.1.4, 4.5.2.
 */
#ifndef NET_FRAMER_H
#define NET_FRAMER_H

#include "net/spool.h"

typedef enum net_input {
    NET_INPUT_NONE, /* not complete yet */
    NET_INPUT_LINE,
    NET_INPUT_FRAME,
    NET_INPUT_DATA,
    NET_INPUT_BROKEN /* frame above the limit, out of memory: close */
} net_input;

typedef enum net_framing {
    NET_FRAMING_LINE,
    NET_FRAMING_FRAME,
    NET_FRAMING_DATA
} net_framing;

typedef enum net_dot_state {
    NET_DOT_LINE_START,
    NET_DOT_MIDDLE,
    NET_DOT_CR,    /* a CR that was kept */
    NET_DOT_DOT,   /* a dot at a line's start, not kept */
    NET_DOT_DOT_CR /* and a CR after it, not kept */
} net_dot_state;

typedef struct net_framer {
    size_t line_max, frame_max;
    cv_buf in;      /* bytes from the peer */
    size_t pos;     /* of these, taken */
    size_t scanned; /* line mode: no LF before here */
    bool dropping;  /* within the rest of a line that was too long */
    net_framing framing;
    net_dot_state dot;
    bool bare_newline; /* in DATA */
    net_spool spool;

    /* The input that net_framer_next() found, borrowed until the next call. */
    cv_slice item; /* line without its end, or frame */
    bool whole;    /* line ended in CRLF and was not too long */
    bool too_long;
} net_framer;

void net_framer_init(net_framer *f, size_t line_max, size_t frame_max,
                     const char *spool_dir, size_t spool_memory);
void net_framer_clear(net_framer *f);
/* Goes to DATA; the framing goes back to lines at its end. */
void net_framer_start_data(net_framer *f, cv_slice prefix, uint64_t max);
void net_framer_put(net_framer *f, const void *bytes, size_t len);
/* Forgets what has been put and not taken. */
void net_framer_drop(net_framer *f);
size_t net_framer_pending(const net_framer *f);
/* Gives memory back while the session is idle. */
void net_framer_shrink(net_framer *f);
net_input net_framer_next(net_framer *f);

#endif
