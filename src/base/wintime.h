/* wintime.h - the two MAPI clocks and ours.
 *
 * Ticks are Convoke's own time: int64_t, units of 100 ns since
 * 1970-01-01T00:00:00Z, without leap seconds. The two MAPI forms exist only
 * where bytes are read or written:
 *   FILETIME (PtypTime)         uint64_t, 100 ns since 1601-01-01T00:00:00Z
 *   OLE date (PtypFloatingTime) double, days since 1899-12-30, no time zone
 *
 * Pure functions, safe in any thread. On error outputs are untouched and
 * err, which may be NULL, is filled.
 * Source: [MS-OXCDATA] 2.11.1, [MS-DTYP] 2.3.3, [MS-OAUT] 2.2.25.
 */
#ifndef CV_BASE_WINTIME_H
#define CV_BASE_WINTIME_H

#include "base/error.h"

#include <stdint.h>

#define CV_TICKS_PER_MS INT64_C(10000)
#define CV_TICKS_PER_SEC INT64_C(10000000)

/* FILETIME to ticks, exactly.
 * Errors: CV_ERR_RANGE when ft is above INT64_MAX. */
CV_NODISCARD cv_status cv_filetime_to_ticks(uint64_t ft, int64_t *ticks,
                                            cv_error *err);

/* Ticks to FILETIME, exactly.
 * Errors: CV_ERR_RANGE before 1601 and after 30828. */
CV_NODISCARD cv_status cv_ticks_to_filetime(int64_t ticks, uint64_t *ft,
                                            cv_error *err);

/* OLE date to ticks, rounded to the nearest millisecond. Below zero the days
 * count back but the fraction still counts forward from midnight: -1.25 is
 * 1899-12-29 06:00.
 * Errors: CV_ERR_SYNTAX for NaN and infinities; CV_ERR_RANGE outside the
 * years 100 to 9999. */
CV_NODISCARD cv_status cv_oledate_to_ticks(double date, int64_t *ticks,
                                           cv_error *err);

/* Ticks to OLE date, rounded to the nearest millisecond.
 * Errors: CV_ERR_RANGE outside the years 100 to 9999. */
CV_NODISCARD cv_status cv_ticks_to_oledate(int64_t ticks, double *date,
                                           cv_error *err);

#endif
