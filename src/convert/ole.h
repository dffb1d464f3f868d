/* ole.h - the file within an OLE object.
 *
 * An embedded object is a compound file made by the program that drew it.
 * Packages hold a file as it was, Office documents are the compound file
 * itself, newer ones lie in a stream.
 * Source: [MS-OLEDS] 2.2, 2.3; [MS-OXCMAIL] 2.1.3.4.
 */
#ifndef CV_CONVERT_OLE_H
#define CV_CONVERT_OLE_H

#include "base/arena.h"

typedef struct cv_ole_file {
    cv_slice data;         /* borrowed from the input or in the arena */
    cv_slice name;         /* as stored, 8-bit; may be empty */
    const char *extension; /* ".png" by its first bytes, or NULL */
} cv_ole_file;

/* The extension that a file's first bytes tell, NULL when they do not. */
const char *cv_extension_of_bytes(cv_slice data);
/* False when there is nothing that would be a file by itself. */
bool cv_ole_unpack(cv_arena *arena, cv_slice compound, cv_ole_file *out);

#endif
