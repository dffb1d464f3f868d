/* tnef_put.h - properties and attributes as bytes, for tnef_write.c. */
#ifndef CV_TNEF_PUT_H
#define CV_TNEF_PUT_H

#include "tnef/tnef_private.h"

typedef struct tnef_put {
    cv_arena *arena; /* scratch */
    const cv_names *names;
    cv_report *report;
    uint32_t codepage; /* of 8-bit text, of the message at hand */
    uint16_t *numbers; /* arena; the stream's id by Convoke's id - 0x8000 */
    uint16_t next;     /* the next free one */
    const cv_tnef_write_options *options;
    const cv_object *top; /* what the options speak of */
} tnef_put;

/* The code page a message's 8-bit text goes out in. */
uint32_t cv_tnef_codepage(const cv_bag *props);

/* An attribute of known bytes, whole. */
void cv_tnef_put_attr(cv_buf *to, tnef_attr attr, cv_slice data);
/* The attributes old clients read, out of the properties they stand for. */
CV_NODISCARD cv_status cv_tnef_put_legacy(tnef_put *p, const cv_object *obj,
                                          cv_buf *to, cv_error *err);
CV_NODISCARD cv_status cv_tnef_put_attachment(tnef_put *p,
                                              const cv_attachment *att,
                                              cv_buf *to, cv_error *err);

/* attMsgProps, whole. */
CV_NODISCARD cv_status cv_tnef_put_message(tnef_put *p, const cv_object *obj,
                                           cv_buf *to, cv_error *err);
/* The properties of a bag without their count, which goes to *count;
 * without_data: but for PidTagAttachDataBinary and -Object. */
CV_NODISCARD cv_status cv_tnef_put_props(tnef_put *p, const cv_bag *bag,
                                         bool without_data, cv_buf *to,
                                         uint32_t *count, cv_error *err);

#endif
