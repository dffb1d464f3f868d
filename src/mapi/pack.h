/* pack.h - the packed, versioned form in which the store keeps an object.
 *
 * One blob: magic "CVOB", version, names, properties, recipients,
 * attachments, CRC-32 at the end. Little-endian. Not a format for others.
 * docs/pack.md describes it.
 */
#ifndef CV_MAPI_PACK_H
#define CV_MAPI_PACK_H

#include "mapi/object.h"

#define CV_PACK_VERSION 1

/* Errors: CV_ERR_LIMIT, CV_ERR_NOMEM, a blob's. */
CV_NODISCARD cv_status cv_object_pack(const cv_object *obj, cv_buf *out,
                                      cv_error *err);
/* Values are borrowed from `packed`, which must outlive the object.
 * Errors: CV_ERR_SYNTAX (damaged), CV_ERR_UNSUP (newer version), CV_ERR_LIMIT,
 * CV_ERR_NOMEM. */
CV_NODISCARD cv_status cv_object_unpack(cv_slice packed, cv_object **out,
                                        cv_error *err);

#endif
