/* rtf_write.h - HTML and text put into RTF, so that they can be taken out
 * again, for peers that take RTF only.
 * Source: [MS-OXRTFEX] 2.1.3, 2.2.4; spec rtf.md 13.
 */
#ifndef CV_RTF_RTF_WRITE_H
#define CV_RTF_RTF_WRITE_H

#include "base/arena.h"

/* html: UTF-8. The result (ASCII, arena) gives the same HTML through
 * cv_rtf_to_html(), but for line ends, which become CRLF, such before the
 * first tag, and NUL bytes, which are left out. What a viewer of RTF shows is
 * text with paragraphs, bold, italics and underlines.
 * Errors: CV_ERR_LIMIT above CV_LIMIT_RTF_BYTES; the arena's. */
CV_NODISCARD cv_status cv_html_to_rtf(cv_arena *arena, cv_slice html,
                                      cv_slice *out, cv_error *err);
/* The like for text: "\fromtext". */
CV_NODISCARD cv_status cv_text_to_rtf(cv_arena *arena, cv_slice text,
                                      cv_slice *out, cv_error *err);

#endif
