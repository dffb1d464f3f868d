/* globalid.h - a meeting's identity: PidLidGlobalObjectId and UID.
 * Source: [MS-OXOCAL] 2.2.1.27, [MS-OXCICAL] 2.1.3.1.1.20.26; spec
 * ical-mapping.md 8.
 */
#ifndef CV_MAPI_GLOBALID_H
#define CV_MAPI_GLOBALID_H

#include "base/arena.h"
#include "base/env.h"
#include "base/guid.h"

typedef struct cv_globalid {
    int32_t year; /* of the instance; 0 for the series or a single meeting */
    uint8_t month, day;
    uint64_t creation; /* FILETIME, 0 for a foreign UID */
    cv_slice data;     /* borrowed */
} cv_globalid;

/* Errors: CV_ERR_TRUNC, CV_ERR_SYNTAX. */
CV_NODISCARD cv_status cv_globalid_parse(cv_slice blob, cv_globalid *out);
/* UID text of a blob: the foreign UID it wraps, else upper-case hex with the
 * instance date zero. ptr NULL when the blob is unreadable. */
cv_slice cv_globalid_to_uid(cv_arena *arena, cv_slice blob);
/* Blob of a UID text; year 0 for no instance date. */
cv_slice cv_globalid_of_uid(cv_arena *arena, cv_slice uid, int32_t year,
                            unsigned month, unsigned day);
/* A copy with the instance date set (year 0 clears it): the clean form. */
cv_slice cv_globalid_with_date(cv_arena *arena, cv_slice blob, int32_t year,
                               unsigned month, unsigned day);
/* A new one: creation time and 16 random bytes. */
cv_slice cv_globalid_new(cv_arena *arena, const cv_env *env);

#endif
