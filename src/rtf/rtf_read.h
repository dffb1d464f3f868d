/* rtf_read.h - what an RTF body holds: HTML or text put into it by a mail
 * program, or RTF of its own, which is made HTML or text.
 * Source: [MS-OXRTFEX] 2.2.3; spec rtf.md 8 to 12.
 */
#ifndef CV_RTF_RTF_READ_H
#define CV_RTF_RTF_READ_H

#include "base/arena.h"

typedef enum cv_rtf_kind {
    CV_RTF_NONE, /* no RTF at all */
    CV_RTF_HTML, /* \fromhtml1 */
    CV_RTF_TEXT, /* \fromtext */
    CV_RTF_NATIVE
} cv_rtf_kind;

cv_rtf_kind cv_rtf_kind_of(cv_slice rtf);

/* A picture or an object that stood within the RTF itself. */
typedef struct cv_rtf_file {
    cv_slice name;       /* "image001.png"; arena */
    cv_slice content_id; /* what the HTML calls it, without "cid:"; empty for
                            an object, which the HTML does not show */
    const char *type;    /* "image/png" */
    cv_slice data;       /* a whole file; arena */
} cv_rtf_file;

typedef struct cv_rtf_html {
    cv_slice html;      /* UTF-8, arena */
    cv_rtf_file *files; /* arena; only of CV_RTF_NATIVE */
    size_t file_count;
    bool empty; /* nothing but blanks is shown */
    bool cut;   /* a limit was met: CV_LIMIT_RTF_BYTES of output or of pictures,
                   CV_LIMIT_RTF_FILES, or groups deeper than are told apart */
} cv_rtf_html;

/* HTML of any kind. CV_RTF_HTML: what was put in; what its META claims about
 * the character set no longer holds. CV_RTF_TEXT and CV_RTF_NATIVE: a whole,
 * well-formed document. Total: what is not understood is left out.
 * Errors: the arena's. */
CV_NODISCARD cv_status cv_rtf_to_html(cv_arena *arena, cv_slice rtf,
                                      cv_rtf_html *out, cv_error *err);
/* Text of any kind, UTF-8 with CRLF, in the arena; ptr NULL when that is
 * exhausted. */
cv_slice cv_rtf_to_text(cv_arena *arena, cv_slice rtf);

#endif
