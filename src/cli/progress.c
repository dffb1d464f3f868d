#include "cli/progress.h"

#include <inttypes.h>
#include <unistd.h>

#define BAR_MS 200
#define LINE_MS 5000
#define BAR_WIDTH 24
#define SURE_MS 2000 /* before that nobody knows what is left */

void cli_progress_begin(cli_progress *p, FILE *to, int64_t now_ms)
{
    *p = (cli_progress){ .to = to,
                         .terminal = isatty(fileno(to)) == 1,
                         .began_ms = now_ms,
                         .last_ms = now_ms };
}

static void put_bar(double part, unsigned width, cv_buf *out)
{
    cv_buf_put_byte(out, '[');
    for (unsigned i = 0; i < width; i++)
        cv_buf_put_byte(out, i < part * width ? '#' : '.');
    cv_buf_put_str(out, "] ");
}

void cli_progress_put(const cli_progress_state *state, int64_t elapsed_ms,
                      unsigned width, cv_buf *out)
{
    double part = state->part > 1 ? 1 : state->part;
    double made = part - state->part_before;
    if (width && part >= 0)
        put_bar(part, width, out);
    cv_buf_printf(out, "%" PRIu64 " item%s", state->items,
                  state->items == 1 ? "" : "s");
    if (state->failed)
        cv_buf_printf(out, ", %" PRIu64 " unreadable", state->failed);
    if (part >= 0)
        cv_buf_printf(out, ", %d%%", (int)(part * 100));
    if (elapsed_ms >= 1000)
        cv_buf_printf(out, ", %" PRIu64 "/s",
                      state->items * 1000 / (uint64_t)elapsed_ms);
    if (elapsed_ms >= SURE_MS && made > 0.001 && part < 1) {
        int64_t left = (int64_t)((double)elapsed_ms * (1 - part) / made) / 1000;
        cv_buf_printf(out, ", %" PRId64 ":%02d:%02d left", left / 3600,
                      (int)(left / 60 % 60), (int)(left % 60));
    }
}

void cli_progress_clear(cli_progress *p)
{
    if (p->shown) {
        fputs("\r\033[K", p->to);
        fflush(p->to);
    }
    p->shown = false;
}

void cli_progress_tick(cli_progress *p, const cli_progress_state *state,
                       int64_t now_ms)
{
    cv_buf line;
    if (now_ms - p->last_ms < (p->terminal ? BAR_MS : LINE_MS))
        return;
    cv_buf_init(&line, 0);
    cli_progress_put(state, now_ms - p->began_ms, p->terminal ? BAR_WIDTH : 0,
                     &line);
    fprintf(p->to, p->terminal ? "\r\033[K%.*s" : "%.*s\n",
            CV_FMT(cv_buf_slice(&line)));
    fflush(p->to);
    cv_buf_clear(&line);
    p->shown = p->terminal;
    p->last_ms = now_ms;
}
