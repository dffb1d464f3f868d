/* guid.h - GUIDs in Microsoft's mixed byte order.
 * Source: [MS-DTYP] 2.3.4.
 */
#ifndef CV_BASE_GUID_H
#define CV_BASE_GUID_H

#include "base/buf.h"
#include "base/error.h"

typedef struct cv_guid {
    uint8_t b[16]; /* as in files: the first three fields little-endian */
} cv_guid;

#define CV_GUID_TEXT 39 /* "{...}" upper case, with the NUL */

bool cv_guid_eq(const cv_guid *a, const cv_guid *b);
bool cv_guid_is_zero(const cv_guid *g);
void cv_guid_format(const cv_guid *g, char out[CV_GUID_TEXT]);
/* With or without braces, any case. Errors: CV_ERR_SYNTAX. */
CV_NODISCARD cv_status cv_guid_parse(cv_slice text, cv_guid *out);

#endif
