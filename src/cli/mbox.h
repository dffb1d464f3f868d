/* mbox.h - mail as an entry of an mbox or a file of a Maildir.
 *
 * mboxrd: an entry begins with a "From " line; a line of the mail that begins
 * with ">"s and "From " gets one more ">"; an empty line ends it. Lines end
 * in LF, in a Maildir as well.
 * Source: RFC 4155; the mboxrd page of qmail's author.
 */
#ifndef CLI_MBOX_H
#define CLI_MBOX_H

#include "base/buf.h"

typedef struct cli_mbox {
    cv_sink to;
    bool quote;      /* mboxrd; false: only line ends */
    bool at_start;   /* of a line */
    bool pending_cr; /* a CR that may belong to an LF */
    size_t matched;  /* bytes held back: ">"s are passed on at once */
    cv_buf block;
} cli_mbox;

/* time in ticks; flags CLI_MAIL_..., which go into Status and X-Status.
 * entry false: a file of a Maildir, without any of them. */
CV_NODISCARD cv_status cli_mbox_begin(cli_mbox *m, cv_sink to, bool entry,
                                      int64_t time, unsigned flags,
                                      cv_error *err);
cv_sink cli_mbox_sink(cli_mbox *m);
CV_NODISCARD cv_status cli_mbox_end(cli_mbox *m, cv_error *err);

#endif
