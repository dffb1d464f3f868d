/* object_private.h - what the files of the message object share. */
#ifndef CV_MAPI_OBJECT_PRIVATE_H
#define CV_MAPI_OBJECT_PRIVATE_H

#include "mapi/object.h"

/* NULL when the arena is exhausted. */
cv_names *cv_names_new(cv_arena *arena);
/* Like cv_names_translate(), but false where dst does not know the name. */
bool cv_names_counterpart(const cv_names *dst, const cv_names *src, cv_tag tag,
                          cv_tag *out);

#endif
