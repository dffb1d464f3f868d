#include "base/zonedata.h"

#include "base/icu_private.h"
#include "base/wintime.h"

#include <stdlib.h>
#include <string.h>

#define MS_PER_MINUTE 60000

/* ICU counts milliseconds since 1970 in a double. */
struct cv_zone {
    UCalendar *calendar; /* owned */
};

/* false when the name is too long to be one. */
static bool widen(const char *iana, UChar out[CV_ZONE_ID])
{
    if (strlen(iana) >= CV_ZONE_ID)
        return false;
    for (size_t i = 0; i < CV_ZONE_ID; i++) {
        out[i] = (UChar)(uint8_t)*iana;
        iana += *iana != 0;
    }
    return true;
}

bool cv_zone_is_known(const char *iana)
{
    const cv_icu_zones *icu = cv_icu_zones_get();
    UErrorCode status = U_ZERO_ERROR;
    UChar id[CV_ZONE_ID], canonical[CV_ZONE_ID];
    UBool is_system = false;
    if (!icu || iana[0] == 0 || !widen(iana, id))
        return false;
    icu->ucal_getCanonicalTimeZoneID(id, -1, canonical, CV_ZONE_ID, &is_system,
                                     &status);
    return U_SUCCESS(status) && is_system;
}

bool cv_zone_windows_id(const char *iana, char out[CV_ZONE_ID])
{
    const cv_icu_zones *icu = cv_icu_zones_get();
    UErrorCode status = U_ZERO_ERROR;
    UChar id[CV_ZONE_ID], wide[CV_ZONE_ID];
    if (!icu || !widen(iana, id))
        return false;
    int32_t len =
        icu->ucal_getWindowsTimeZoneID(id, -1, wide, CV_ZONE_ID - 1, &status);
    if (U_FAILURE(status) || len <= 0 || len >= CV_ZONE_ID)
        return false;
    for (int32_t i = 0; i < len; i++)
        out[i] = wide[i] < 0x80 ? (char)wide[i] : '?';
    out[len] = 0;
    return true;
}

bool cv_zone_each(bool (*fn)(void *ctx, const char *iana), void *ctx)
{
    const cv_icu_zones *icu = cv_icu_zones_get();
    const cv_icu_lists *lists = cv_icu_lists_get();
    UErrorCode status = U_ZERO_ERROR;
    if (!icu || !lists)
        return false;
    UEnumeration *zones = icu->ucal_openTimeZones(&status);
    bool stopped = false;
    const char *id;
    while (!stopped && (id = lists->uenum_next(zones, NULL, &status)) != NULL)
        stopped = fn(ctx, id);
    lists->uenum_close(zones);
    return stopped;
}

cv_status cv_zone_open(const char *iana, cv_zone **out, cv_error *err)
{
    UErrorCode status = U_ZERO_ERROR;
    UChar id[CV_ZONE_ID];
    /* ICU opens any name, as UTC when it knows none. */
    if (!cv_zone_is_known(iana) || !widen(iana, id))
        return cv_fail(err, CV_ERR_NOTFOUND, "no time zone %s", iana);
    cv_zone *zone = calloc(1, sizeof(*zone));
    if (!zone)
        return cv_fail(err, CV_ERR_NOMEM, "no memory for a time zone");
    zone->calendar =
        cv_icu_zones_get()->ucal_open(id, -1, "en", UCAL_GREGORIAN, &status);
    if (U_FAILURE(status)) {
        cv_zone_free(&zone);
        return cv_fail(err, CV_ERR_NOMEM, "time zone %s: ICU error %d", iana,
                       (int)status);
    }
    *out = zone;
    return CV_OK;
}

void cv_zone_free(cv_zone **zone)
{
    if (!*zone)
        return;
    if ((*zone)->calendar)
        cv_icu_zones_get()->ucal_close((*zone)->calendar);
    free(*zone);
    *zone = NULL;
}

static void set_moment(cv_zone *zone, int64_t ticks)
{
    UErrorCode status = U_ZERO_ERROR;
    cv_icu_zones_get()->ucal_setMillis(
        zone->calendar, (double)(ticks / CV_TICKS_PER_MS), &status);
}

int32_t cv_zone_offset_minutes(cv_zone *zone, int64_t ticks)
{
    UErrorCode status = U_ZERO_ERROR;
    const cv_icu_zones *icu = cv_icu_zones_get();
    set_moment(zone, ticks);
    int32_t standard = icu->ucal_get(zone->calendar, UCAL_ZONE_OFFSET, &status);
    int32_t daylight = icu->ucal_get(zone->calendar, UCAL_DST_OFFSET, &status);
    return U_FAILURE(status) ? 0 : (standard + daylight) / MS_PER_MINUTE;
}

bool cv_zone_next_change(cv_zone *zone, int64_t ticks, int64_t *at)
{
    UErrorCode status = U_ZERO_ERROR;
    UDate next;
    const cv_icu_zones *icu = cv_icu_zones_get();
    set_moment(zone, ticks);
    if (!icu->ucal_getTimeZoneTransitionDate(
            zone->calendar, UCAL_TZ_TRANSITION_NEXT, &next, &status) ||
        U_FAILURE(status))
        return false;
    *at = (int64_t)next * CV_TICKS_PER_MS;
    return true;
}
