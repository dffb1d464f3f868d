/* syntax.h - the grammar of SMTP: commands, paths, parameters, xtext,
 * replies. Pure functions on slices; nothing here decides anything.
 * Source: RFC 5321 4.1.2, 4.2; RFC 3461 4 (xtext); RFC 2034.
 */
#ifndef SMTP_SYNTAX_H
#define SMTP_SYNTAX_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

#define SMTP_ADDRESS_MAX 254 /* RFC 5321 4.5.3.1.3 without the brackets */
#define SMTP_ENVID_MAX 100   /* RFC 3461 4.4, decoded */
#define SMTP_ORCPT_MAX 500   /* RFC 3461 4.2, encoded */

/* The first word of line; *rest is what follows its blanks. */
cv_slice smtp_take_word(cv_slice line, cv_slice *rest);

typedef enum smtp_path_kind {
    SMTP_PATH_ADDRESS,
    SMTP_PATH_NULL,      /* <> */
    SMTP_PATH_POSTMASTER /* <Postmaster>, without a domain */
} smtp_path_kind;

/* "<path>" at the start of text, a source route left out: *address borrows
 * from text, *rest follows it.
 * Errors: CV_ERR_SYNTAX; CV_ERR_RANGE for bytes above 0x7F (SMTPUTF8 is not
 * offered). */
CV_NODISCARD cv_status smtp_path_parse(cv_slice text, smtp_path_kind *kind,
                                       cv_slice *address, cv_slice *rest);

/* The next "KEY=value" or "KEY" of *rest, which moves on. False at the end.
 * *ok is false for a malformed one. */
bool smtp_param_next(cv_slice *rest, cv_slice *key, cv_slice *value, bool *ok);

/* xtext to text; only printable ASCII may come out, since the result goes to
 * header fields of reports.
 * Errors: CV_ERR_SYNTAX, CV_ERR_NOMEM (the arena's). */
CV_NODISCARD cv_status smtp_xtext_decode(cv_arena *arena, cv_slice xtext,
                                         cv_slice *out);
void smtp_xtext_put(cv_buf *buf, cv_slice text);

/* A host name or address literal as EHLO may have it. */
bool smtp_is_helo(cv_slice name);

/* One reply line of a server. */
typedef struct smtp_reply_line {
    unsigned code; /* 200 to 599 */
    bool last;     /* no "-" after the code */
    cv_slice text;
} smtp_reply_line;
CV_NODISCARD cv_status smtp_reply_parse(cv_slice line, smtp_reply_line *out);

/* "5.1.1" at the start of a reply's text, when it agrees with the code's
 * class; empty when there is none. *rest is the text after it. */
cv_slice smtp_enhanced_of(cv_slice text, unsigned code, cv_slice *rest);
/* The status that stands for a basic code; a literal. Source: spec
 * dsn-and-queue.md 3. */
cv_slice smtp_enhanced_default(unsigned code, bool at_rcpt);

#endif
