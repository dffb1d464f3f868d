/* mbox.h - where the mails of a mailbox file begin and end.
 *
 * All variants: mboxo and mboxrd (">From " in bodies is quoted), mboxcl and
 * mboxcl2 (Content-Length, believed only where it ends at the next separator
 * or at the file's end), LF and CRLF, bytes before the first mail, no line end
 * after the last. A line "From ... date" separates when an empty line stands
 * before it or a header field follows, and neither text nor a folded line
 * follows: "From " that begins a sentence does not.
 * Pure functions over borrowed bytes; a walk costs one pass.
 * Source: RFC 4155; mbox(5) of mutt and qmail; Status and X-Status of mutt
 * and Dovecot; X-Mozilla-Status of Thunderbird.
 */
#ifndef CV_MIME_MBOX_H
#define CV_MIME_MBOX_H

#include "base/arena.h"

enum {
    CV_MBOX_SEEN = 1,
    CV_MBOX_ANSWERED = 2,
    CV_MBOX_FLAGGED = 4,
    CV_MBOX_DELETED = 8, /* expunged: the file was not compacted since */
    CV_MBOX_DRAFT = 16,
    CV_MBOX_FORWARDED = 32
};

typedef struct cv_mbox {
    cv_slice in; /* borrowed */
    size_t pos;
    size_t garbage; /* bytes before the first mail that are none */
} cv_mbox;

typedef struct cv_mbox_mail {
    cv_slice bytes;  /* without its From_ line and the empty line behind */
    uint64_t offset; /* of its From_ line */
    int64_t date;    /* of the From_ line, ticks; INT64_MIN when none */
    bool quoted;     /* lines may begin with ">From ": cv_mbox_unquote() */
    bool has_flags;  /* a Status header is there */
    unsigned flags;  /* CV_MBOX_... */
} cv_mbox_mail;

/* in: may begin with anything; without a separator there is no mail. */
void cv_mbox_init(cv_mbox *box, cv_slice in);
/* False after the last mail. */
bool cv_mbox_next(cv_mbox *box, cv_mbox_mail *out);
/* A mailbox of at least two mails. */
bool cv_mbox_has_several(cv_slice in);
/* The mail with one '>' less before each quoted "From ". In the arena, or
 * mail->bytes itself; ptr NULL when the arena is exhausted. */
cv_slice cv_mbox_unquote(cv_arena *arena, const cv_mbox_mail *mail);

#endif
