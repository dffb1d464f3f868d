/* tnef.h - TNEF (winmail.dat, application/ms-tnef) <-> message object.
 * Source: [MS-OXTNEF]; spec tnef.md.
 */
#ifndef CV_TNEF_TNEF_H
#define CV_TNEF_TNEF_H

#include "base/report.h"
#include "mapi/object.h"

/* True when a signature stands at the beginning or shortly behind it, or the
 * first attribute stands behind a damaged one. */
bool cv_tnef_is(cv_slice in);

/* Reads leniently: what is damaged costs itself and gives a finding. `in`
 * must outlive the object.
 * Errors: CV_ERR_SYNTAX when there is no signature or no attribute behind it;
 * CV_ERR_LIMIT, CV_ERR_NOMEM. */
CV_NODISCARD cv_status cv_tnef_read(cv_slice in, cv_object **out,
                                    cv_report *report, cv_error *err);
/* The same into an empty object, such as one within a mail's tree. codepage:
 * of 8-bit text when the stream names none, 0 for 1252. */
CV_NODISCARD cv_status cv_tnef_read_into(cv_slice in, uint32_t codepage,
                                         cv_object *obj, cv_report *report,
                                         cv_error *err);

typedef struct cv_tnef_write_options {
    /* The top message's recipient rows, too, and rows of blind copies: for a
     * file that stands alone. In mail the header has the recipients. */
    bool recipients;
    /* PidTagTnefCorrelationKey of the top message, with its NUL; empty: as
     * the object has it. */
    cv_slice correlation_key;
    /* For a stream beside MIME parts that carry the rest: which properties of
     * the top message and which of its attachments go along, these without
     * data. Both NULL: everything. */
    bool (*wants)(const cv_object *obj, cv_tag tag);
    bool (*wants_attachment)(const cv_attachment *att);
} cv_tnef_write_options;

/* Deterministic for equal objects; attachment data is pumped through.
 * options may be NULL: all false.
 * Errors: the sink's, a blob's, CV_ERR_LIMIT above 2 GiB, CV_ERR_NOMEM. */
CV_NODISCARD cv_status cv_tnef_write(const cv_object *obj,
                                     const cv_tnef_write_options *options,
                                     const cv_sink *out, cv_report *report,
                                     cv_error *err);

#endif
