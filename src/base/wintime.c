#include "base/wintime.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>

#define MS_PER_DAY INT64_C(86400000)
#define FILETIME_EPOCH (134774 * MS_PER_DAY * CV_TICKS_PER_MS) /* 1601-1970 */
#define OLE_EPOCH_DAY INT64_C(25569)                           /* 1899-1970 */
#define OLE_DAY_MIN INT64_C(-657434)                           /* 0100-01-01 */
#define OLE_DAY_MAX INT64_C(2958465)                           /* 9999-12-31 */

/* Division that rounds down (C's rounds towards zero), for den > 0. */
static int64_t floor_div(int64_t num, int64_t den)
{
    return num / den - (num % den < 0);
}

static int64_t floor_mod(int64_t num, int64_t den)
{
    int64_t rest = num % den;
    return rest < 0 ? rest + den : rest;
}

/* ms counts from 1970. */
static bool in_ole_range(int64_t ms)
{
    int64_t day = floor_div(ms, MS_PER_DAY) + OLE_EPOCH_DAY;
    return day >= OLE_DAY_MIN && day <= OLE_DAY_MAX;
}

cv_status cv_filetime_to_ticks(uint64_t ft, int64_t *ticks, cv_error *err)
{
    if (ft > INT64_MAX)
        return cv_fail(err, CV_ERR_RANGE, "FILETIME 0x%016" PRIx64, ft);
    *ticks = (int64_t)ft - FILETIME_EPOCH;
    return CV_OK;
}

cv_status cv_ticks_to_filetime(int64_t ticks, uint64_t *ft, cv_error *err)
{
    if (ticks < -FILETIME_EPOCH || ticks > INT64_MAX - FILETIME_EPOCH)
        return cv_fail(err, CV_ERR_RANGE, "%" PRId64 " ticks", ticks);
    *ft = (uint64_t)(ticks + FILETIME_EPOCH);
    return CV_OK;
}

cv_status cv_oledate_to_ticks(double date, int64_t *ticks, cv_error *err)
{
    if (!isfinite(date))
        return cv_fail(err, CV_ERR_SYNTAX, "OLE date is not a number");
    /* A double beyond int64_t must not be cast: that is undefined. */
    if (fabs(date) > 1e7)
        return cv_fail(err, CV_ERR_RANGE, "OLE date %g", date);

    double day = trunc(date);
    int64_t ms = llround(fabs(date - day) * (double)MS_PER_DAY);
    ms += ((int64_t)day - OLE_EPOCH_DAY) * MS_PER_DAY;
    if (!in_ole_range(ms))
        return cv_fail(err, CV_ERR_RANGE, "OLE date %g", date);
    *ticks = ms * CV_TICKS_PER_MS;
    return CV_OK;
}

cv_status cv_ticks_to_oledate(int64_t ticks, double *date, cv_error *err)
{
    int64_t ms = floor_div(ticks, CV_TICKS_PER_MS);
    if (floor_mod(ticks, CV_TICKS_PER_MS) >= CV_TICKS_PER_MS / 2)
        ms++;
    if (!in_ole_range(ms))
        return cv_fail(err, CV_ERR_RANGE, "%" PRId64 " ticks", ticks);

    int64_t day = floor_div(ms, MS_PER_DAY) + OLE_EPOCH_DAY;
    double part = (double)floor_mod(ms, MS_PER_DAY) / (double)MS_PER_DAY;
    *date = day < 0 ? (double)day - part : (double)day + part;
    return CV_OK;
}
