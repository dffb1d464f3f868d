/* write.h - a message object in any form it can be written in. */
#ifndef CV_CONVERT_WRITE_H
#define CV_CONVERT_WRITE_H

#include "convert/convert.h"

typedef enum cv_form {
    CV_FORM_EML,
    CV_FORM_ICS, /* calendar items and tasks only */
    CV_FORM_MSG,
    CV_FORM_TNEF,
    CV_FORM_JSON,      /* binary values above 4 KB by size and hash */
    CV_FORM_JSON_FULL, /* binary values of any size */
    CV_FORM_VCF,       /* contacts and distribution lists only */
    CV_FORM_COUNT
} cv_form;

/* "eml", "ics", "msg", "tnef", "json", "vcf"; a literal. */
const char *cv_form_name(cv_form form);
/* The form of a name; false when there is none. */
bool cv_form_of(cv_slice name, cv_form *out);
/* What a file in this form is named: ".eml". A literal. */
const char *cv_form_extension(cv_form form);

/* Errors: CV_ERR_UNSUP for a form the object does not have (ics of a mail);
 * CV_ERR_LEGACY; the sink's; CV_ERR_NOMEM. */
CV_NODISCARD cv_status cv_write(const cv_object *obj, cv_form form,
                                const cv_convert_options *options,
                                const cv_sink *out, cv_report *report,
                                cv_error *err);

#endif
