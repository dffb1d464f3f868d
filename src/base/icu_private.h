/* icu_private.h - ICU's functions, for charset.c, normal.c and zonedata.c. */
#ifndef CV_BASE_ICU_PRIVATE_H
#define CV_BASE_ICU_PRIVATE_H

#include "base/lazy.h"

#include <unicode/ucal.h>
#include <unicode/ucnv.h>
#include <unicode/ucnv_cb.h>
#include <unicode/uenum.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#define ICU_CONVERTERS(F) \
    F(ucnv_open) \
    F(ucnv_close) \
    F(ucnv_toUnicode) \
    F(ucnv_convertEx) \
    F(ucnv_setToUCallBack) \
    F(ucnv_setFromUCallBack) \
    F(ucnv_cbToUWriteUChars) \
    F(UCNV_FROM_U_CALLBACK_STOP)

#define ICU_ZONES(F) \
    F(ucal_open) \
    F(ucal_close) \
    F(ucal_get) \
    F(ucal_setMillis) \
    F(ucal_getCanonicalTimeZoneID) \
    F(ucal_getWindowsTimeZoneID) \
    F(ucal_getTimeZoneTransitionDate) \
    F(ucal_openTimeZones)

#define ICU_NORMALS(F) \
    F(unorm2_getNFCInstance) \
    F(unorm2_getNFKCCasefoldInstance) \
    F(unorm2_normalize) \
    F(u_strFromUTF8WithSub) \
    F(u_strToUTF8WithSub)

#define ICU_LISTS(F) F(uenum_next) F(uenum_close)

CV_LAZY_TYPE(cv_icu_converters, ICU_CONVERTERS);
CV_LAZY_TYPE(cv_icu_zones, ICU_ZONES);
CV_LAZY_TYPE(cv_icu_normals, ICU_NORMALS);
CV_LAZY_TYPE(cv_icu_lists, ICU_LISTS);

/* NULL when ICU is not there: no foreign character set, no zone is known,
 * names are compared as they are. */
const cv_icu_converters *cv_icu_converters_get(void);
const cv_icu_zones *cv_icu_zones_get(void);
const cv_icu_normals *cv_icu_normals_get(void);
const cv_icu_lists *cv_icu_lists_get(void);

#endif
