/* html_text.h - what a reader of plain text sees of an HTML document.
 *
 * Tolerant: libxml2's HTML parser reads whatever there is. No tree is made,
 * so memory follows the text alone.
 * Source: spec mime-mapping.md A5 (text/plain generated from HTML).
 */
#ifndef CV_HTML_HTML_TEXT_H
#define CV_HTML_HTML_TEXT_H

#include "base/arena.h"

/* html: UTF-8 (a charset its META claims is ignored). Result: UTF-8 with CRLF
 * line ends, links as "text <url>", list items with "* " or their numbers,
 * cells with a tab between, quotations with "> ", one blank line at most
 * outside <pre>; scripts, styles and what a style hides are left out; in the
 * arena, ptr NULL only when that is exhausted. */
cv_slice cv_html_to_text(cv_arena *arena, cv_slice html);

#endif
