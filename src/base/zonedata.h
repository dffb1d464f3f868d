/* zonedata.h - what the time zone database says (ICU's, kept by CLDR).
 *
 * Names are IANA's, NUL-ended ASCII. Safe in any thread, except that one
 * cv_zone belongs to one thread at a time.
 */
#ifndef CV_BASE_ZONEDATA_H
#define CV_BASE_ZONEDATA_H

#include "base/error.h"

#define CV_ZONE_ID \
    64 /* room for a name and its NUL; longer ones do not exist */

/* Exactly this name is a zone of the database. */
bool cv_zone_is_known(const char *iana);
/* Windows' id of a zone, such as "W. Europe Standard Time"; false when it has
 * none. */
bool cv_zone_windows_id(const char *iana, char out[CV_ZONE_ID]);
/* Calls fn for every name of the database until it returns true; that is the
 * result. */
bool cv_zone_each(bool (*fn)(void *ctx, const char *iana), void *ctx);

typedef struct cv_zone cv_zone;
/* Errors: CV_ERR_NOTFOUND, CV_ERR_NOMEM. */
CV_NODISCARD cv_status cv_zone_open(const char *iana, cv_zone **out,
                                    cv_error *err);
void cv_zone_free(cv_zone **zone);
/* Minutes east of UTC at a moment (ticks). */
int32_t cv_zone_offset_minutes(cv_zone *zone, int64_t ticks);
/* The first change of the zone's offset or name behind a moment, in ticks;
 * false when there is none. */
bool cv_zone_next_change(cv_zone *zone, int64_t ticks, int64_t *at);

#endif
