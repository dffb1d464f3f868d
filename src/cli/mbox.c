#include "cli/mbox.h"

#include "base/datetime.h"
#include "cli/maildir.h"

#include <string.h>

#define BLOCK ((size_t)32 << 10)

static const char from_[] = "From ";
#define FROM_LEN (sizeof from_ - 1)

static void put_from_line(cli_mbox *m, int64_t time)
{
    static const char *const days[] = { "Sun", "Mon", "Tue", "Wed",
                                        "Thu", "Fri", "Sat" };
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr",
                                          "May", "Jun", "Jul", "Aug",
                                          "Sep", "Oct", "Nov", "Dec" };
    if (!cv_ticks_is_valid(time))
        time = 0;
    cv_civil c = cv_civil_of_ticks(time);
    int64_t day = cv_days_from_civil(c.year, c.month, c.day);
    cv_buf_printf(&m->block, "From MAILER-DAEMON %s %s %2d %02d:%02d:%02d %d\n",
                  days[cv_weekday_of_days(day)], months[c.month - 1], c.day,
                  c.hour, c.minute, c.second, c.year);
}

cv_status cli_mbox_begin(cli_mbox *m, cv_sink to, bool entry, int64_t time,
                         unsigned flags, cv_error *err)
{
    *m = (cli_mbox){ .to = to, .quote = entry, .at_start = true };
    cv_buf_init(&m->block, 4 * BLOCK);
    if (!entry)
        return CV_OK;
    put_from_line(m, time);
    cv_buf_printf(&m->block, "Status: %sO\n", flags & CLI_MAIL_READ ? "R" : "");
    if (flags & (CLI_MAIL_REPLIED | CLI_MAIL_FLAGGED | CLI_MAIL_DRAFT))
        cv_buf_printf(&m->block, "X-Status: %s%s%s\n",
                      flags & CLI_MAIL_REPLIED ? "A" : "",
                      flags & CLI_MAIL_FLAGGED ? "F" : "",
                      flags & CLI_MAIL_DRAFT ? "T" : "");
    return cv_buf_status(&m->block, err);
}

static cv_status flush(cli_mbox *m, cv_error *err)
{
    CV_TRY(cv_buf_status(&m->block, err));
    cv_status st = cv_sink_put(&m->to, cv_buf_slice(&m->block), err);
    cv_buf_reset(&m->block);
    return st;
}

/* "From " at a line's start was not completed: what matched is plain. */
static void let_go(cli_mbox *m)
{
    cv_buf_put(&m->block, from_, m->matched);
    m->matched = 0;
    m->at_start = false;
}

static void put_byte(cli_mbox *m, uint8_t c)
{
    if (m->pending_cr && c != '\n') {
        let_go(m);
        cv_buf_put_byte(&m->block, '\r');
    }
    m->pending_cr = c == '\r';
    if (c == '\r')
        return;
    if (c == '\n') {
        let_go(m);
        cv_buf_put_byte(&m->block, '\n');
        m->at_start = true;
    } else if (m->at_start && m->matched == 0 && c == '>') {
        cv_buf_put_byte(&m->block, c);
    } else if (m->at_start && m->quote && c == from_[m->matched]) {
        if (++m->matched == FROM_LEN) {
            cv_buf_put_byte(&m->block, '>');
            let_go(m);
        }
    } else {
        let_go(m);
        cv_buf_put_byte(&m->block, c);
    }
}

static cv_status write_mbox(void *ctx, const void *bytes, size_t len,
                            cv_error *err)
{
    cli_mbox *m = ctx;
    const uint8_t *in = bytes;
    for (size_t i = 0; i < len;) {
        size_t run = 0; /* of what stands for itself */
        if (!m->at_start && !m->pending_cr)
            while (i + run < len && run < BLOCK && in[i + run] != '\r' &&
                   in[i + run] != '\n')
                run++;
        if (run)
            cv_buf_put(&m->block, in + i, run);
        else
            put_byte(m, in[i++]);
        i += run;
        if (m->block.len >= BLOCK)
            CV_TRY(flush(m, err));
    }
    return CV_OK;
}

cv_sink cli_mbox_sink(cli_mbox *m)
{
    return (cv_sink){ write_mbox, m };
}

cv_status cli_mbox_end(cli_mbox *m, cv_error *err)
{
    if (m->pending_cr)
        put_byte(m, ' ');
    bool whole = m->at_start && m->matched == 0;
    let_go(m);
    if (m->quote)
        cv_buf_put_str(&m->block, whole ? "\n" : "\n\n");
    cv_status st = flush(m, err);
    cv_buf_clear(&m->block);
    return st;
}
