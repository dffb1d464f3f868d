/* html_write.h - plain text as HTML, and what HTML says of its character set.
 * Source: spec mime-mapping.md A5, B4; rtf.md 10.5.
 */
#ifndef CV_HTML_HTML_WRITE_H
#define CV_HTML_HTML_WRITE_H

#include "base/arena.h"

/* Text as a piece of HTML, to stand within a body: escaped, each line end a
 * <br>, blanks and tabs kept, "> " lines as block quotes, addresses of the web
 * as links. text: UTF-8, any line ends. In the arena; ptr NULL when that is
 * exhausted. */
cv_slice cv_text_to_html(cv_arena *arena, cv_slice text);

/* html with every META near its start saying utf-8; html itself when none
 * says anything else. */
cv_slice cv_html_say_utf8(cv_arena *arena, cv_slice html);

#endif
