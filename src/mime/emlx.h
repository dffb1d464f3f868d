/* emlx.h - Apple Mail's files: a mail's length, the mail, a property list.
 * Source: files of Apple Mail 2 to 16; the bits of "flags" as its users have
 * documented them.
 */
#ifndef CV_MIME_EMLX_H
#define CV_MIME_EMLX_H

#include "base/error.h"

enum {
    CV_EMLX_READ = 1 << 0,
    CV_EMLX_DELETED = 1 << 1,
    CV_EMLX_ANSWERED = 1 << 2,
    CV_EMLX_FLAGGED = 1 << 4,
    CV_EMLX_DRAFT = 1 << 6,
    CV_EMLX_FORWARDED = 1 << 8
};

typedef struct cv_emlx {
    cv_slice mail;
    bool length_fits; /* false: the mail ends where the list begins */
    bool has_flags;
    uint32_t flags;   /* CV_EMLX_... and others */
    int64_t received; /* ticks, INT64_MIN when none */
} cv_emlx;

/* A number alone in the first line, and a header field in the second. */
bool cv_emlx_is(cv_slice in);
/* For what cv_emlx_is(). Slices are borrowed. */
void cv_emlx_read(cv_slice in, cv_emlx *out);

#endif
