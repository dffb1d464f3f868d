#include "net/framer.h"

#include <string.h>

#define SLACK ((size_t)64 << 10) /* bytes read ahead of complete input */
#define FRAME_HEAD 4

static size_t room(const net_framer *f)
{
    size_t most = f->line_max > f->frame_max ? f->line_max : f->frame_max;
    return most + FRAME_HEAD + SLACK;
}

void net_framer_init(net_framer *f, size_t line_max, size_t frame_max,
                     const char *spool_dir, size_t spool_memory)
{
    memset(f, 0, sizeof(*f));
    f->line_max = line_max;
    f->frame_max = frame_max;
    cv_buf_init(&f->in, room(f));
    net_spool_init(&f->spool, spool_dir, spool_memory);
}

void net_framer_clear(net_framer *f)
{
    cv_buf_clear(&f->in);
    net_spool_clear(&f->spool);
}

void net_framer_start_data(net_framer *f, cv_slice prefix, uint64_t max)
{
    f->framing = NET_FRAMING_DATA;
    f->dot = NET_DOT_LINE_START;
    f->bare_newline = false;
    net_spool_start(&f->spool, prefix, max);
}

/* Moves what is left to the front. */
static void compact(net_framer *f)
{
    size_t left = f->in.len - f->pos;
    if (f->pos == 0)
        return;
    if (left > 0)
        memmove(f->in.data, f->in.data + f->pos, left);
    f->in.len = left;
    f->scanned = f->scanned > f->pos ? f->scanned - f->pos : 0;
    f->pos = 0;
}

void net_framer_put(net_framer *f, const void *bytes, size_t len)
{
    compact(f);
    cv_buf_put(&f->in, bytes, len);
}

void net_framer_drop(net_framer *f)
{
    cv_buf_clear(&f->in);
    cv_buf_init(&f->in, room(f));
    f->pos = f->scanned = 0;
    f->dropping = false;
}

size_t net_framer_pending(const net_framer *f)
{
    return f->in.len - f->pos;
}

void net_framer_shrink(net_framer *f)
{
    if (net_framer_pending(f) > 0)
        return;
    bool dropping = f->dropping;
    net_framer_drop(f);
    f->dropping = dropping;
}

static net_input next_line(net_framer *f)
{
    const uint8_t *start = f->in.data ? f->in.data + f->pos : NULL;
    size_t from = f->scanned > f->pos ? f->scanned - f->pos : 0;
    size_t len = net_framer_pending(f);
    const uint8_t *lf =
        len > from ? memchr(start + from, '\n', len - from) : NULL;
    f->scanned = f->in.len;
    if (!lf) {
        if (len > f->line_max) {
            f->pos = f->in.len;
            f->dropping = true;
        }
        return NET_INPUT_NONE;
    }
    size_t end = (size_t)(lf - start) + 1;
    bool crlf = end >= 2 && start[end - 2] == '\r';
    f->too_long = f->dropping || end > f->line_max;
    f->whole = crlf && !f->too_long;
    f->item = f->too_long ? cv_slice_of(NULL, 0)
                          : cv_slice_of(start, end - (crlf ? 2 : 1));
    f->dropping = false;
    f->pos += end;
    f->scanned = f->pos;
    return NET_INPUT_LINE;
}

static net_input next_frame(net_framer *f)
{
    size_t left = net_framer_pending(f);
    if (left < FRAME_HEAD)
        return NET_INPUT_NONE;
    const uint8_t *p = f->in.data + f->pos;
    size_t len = (size_t)p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 |
                 (size_t)p[3] << 24;
    if (len > f->frame_max)
        return NET_INPUT_BROKEN;
    if (left - FRAME_HEAD < len)
        return NET_INPUT_NONE;
    f->item = cv_slice_of(p + FRAME_HEAD, len);
    f->pos += FRAME_HEAD + len;
    return NET_INPUT_FRAME;
}

/* A byte anywhere but after a dot that began a line: its state. */
static net_dot_state step_text(net_framer *f, uint8_t c)
{
    bool after_cr = f->dot == NET_DOT_CR;
    if (c == '\n') {
        if (after_cr)
            return NET_DOT_LINE_START;
        f->bare_newline = true;
        return NET_DOT_MIDDLE;
    }
    if (after_cr)
        f->bare_newline = true;
    return c == '\r' ? NET_DOT_CR : NET_DOT_MIDDLE;
}

/* Runs DATA's bytes through the dot machine into the spool. True at the end
 * of DATA; f->pos is then behind it. */
static bool feed_data(net_framer *f)
{
    const uint8_t *p = f->in.data;
    size_t end = f->in.len;
    size_t kept = f->pos; /* start of the run that is not spooled yet */
    for (size_t i = f->pos; i < end; i++) {
        uint8_t c = p[i];
        if (f->dot == NET_DOT_LINE_START && c == '.') {
            net_spool_put(&f->spool, p + kept, i - kept);
            kept = i + 1;
            f->dot = NET_DOT_DOT;
        } else if (f->dot == NET_DOT_DOT && c == '\r') {
            kept = i + 1;
            f->dot = NET_DOT_DOT_CR;
        } else if (f->dot == NET_DOT_DOT_CR && c == '\n') {
            f->pos = i + 1;
            return true;
        } else if (f->dot == NET_DOT_DOT_CR) {
            net_spool_put(&f->spool, (const uint8_t *)"\r", 1);
            f->dot = NET_DOT_CR;
            f->dot = step_text(f, c);
        } else {
            f->dot = step_text(f, c);
        }
    }
    net_spool_put(&f->spool, p + kept, end - kept);
    f->pos = end;
    return false;
}

static net_input next_data(net_framer *f)
{
    if (net_framer_pending(f) == 0)
        return NET_INPUT_NONE;
    if (!feed_data(f) && !net_spool_is_hopeless(&f->spool))
        return NET_INPUT_NONE;
    f->framing = NET_FRAMING_LINE;
    f->scanned = f->pos;
    return NET_INPUT_DATA;
}

net_input net_framer_next(net_framer *f)
{
    if (f->in.status != CV_OK)
        return NET_INPUT_BROKEN;
    switch (f->framing) {
    case NET_FRAMING_LINE:
        return next_line(f);
    case NET_FRAMING_FRAME:
        return next_frame(f);
    case NET_FRAMING_DATA:
        break;
    }
    return next_data(f);
}
