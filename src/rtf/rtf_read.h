/* rtf_read.h - what an RTF body holds: HTML or text put into it by a mail
 * program, or RTF of its own, of which the text is taken.
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

/* The HTML of CV_RTF_HTML, UTF-8, in the arena; what its META claims about
 * the character set no longer holds. ptr NULL when the arena is exhausted. */
cv_slice cv_rtf_to_html(cv_arena *arena, cv_slice rtf);
/* Text of any kind, UTF-8 with CRLF, in the arena. */
cv_slice cv_rtf_to_text(cv_arena *arena, cv_slice rtf);

#endif
