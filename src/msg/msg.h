/* msg.h - Outlook's .msg files: compound file <-> message object.
 * Source: [MS-OXMSG], [MS-CFB]; spec msg.md, cfb.md.
 */
#ifndef CV_MSG_MSG_H
#define CV_MSG_MSG_H

#include "base/report.h"
#include "mapi/object.h"

/* True when the bytes begin with the compound file signature. */
bool cv_msg_is(cv_slice in);

/* Reads leniently: what is damaged costs itself and gives a finding. `in`
 * must outlive the object.
 * Errors: CV_ERR_SYNTAX when it is no compound file or its directory cannot
 * be read; CV_ERR_LIMIT, CV_ERR_NOMEM. */
CV_NODISCARD cv_status cv_msg_read(cv_slice in, cv_object **out,
                                   cv_report *report, cv_error *err);
/* Unicode .msg, deterministic for equal objects. Attachment data goes from its
 * blob to the sink and is never held.
 * Errors: the sink's, a blob's, CV_ERR_NOMEM. */
CV_NODISCARD cv_status cv_msg_write(const cv_object *obj, const cv_sink *out,
                                    cv_report *report, cv_error *err);

#endif
