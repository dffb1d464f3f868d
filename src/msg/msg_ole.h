/* msg_ole.h - libgsf behind small functions; for msg_ole.c and msg_write.c
 * only, since it names libgsf's types.
 */
#ifndef CV_MSG_OLE_H
#define CV_MSG_OLE_H

#include "base/arena.h"
#include "base/buf.h"
#include "msg/cfb.h"

#include <gsf/gsf.h>

/* Closes and releases an output; a failure to close counts only when status
 * is still CV_OK. */
CV_NODISCARD cv_status cv_msg_gsf_finish(GsfOutput *output, cv_status status,
                                         cv_error *err);
CV_NODISCARD cv_status cv_msg_gsf_put(GsfOutput *output, cv_slice bytes,
                                      cv_error *err);
/* A whole stream of a storage. */
CV_NODISCARD cv_status cv_msg_gsf_stream(GsfOutfile *dir, const char *name,
                                         cv_slice bytes, cv_error *err);
/* *size: the bytes that came. */
CV_NODISCARD cv_status cv_msg_gsf_blob(GsfOutfile *dir, const char *name,
                                       const cv_blob *blob, uint64_t *size,
                                       cv_error *err);
/* The children and the class id of a storage, into another. */
CV_NODISCARD cv_status cv_msg_ole_copy(const cv_cfb *cfb,
                                       const cv_cfb_entry *storage,
                                       GsfOutfile *to, cv_arena *scratch,
                                       cv_error *err);
/* Makes a compound file: fill() fills its root. */
CV_NODISCARD cv_status cv_msg_gsf_file(
    cv_status (*fill)(void *ctx, GsfOutfile *file, cv_error *err), void *ctx,
    cv_arena *scratch, const cv_sink *out, cv_error *err);

#endif
