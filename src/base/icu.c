#include "base/icu_private.h"

/* Headers and library of a release belong together: the functions' names hold
 * its number. */
#define LIBRARY(part) "libicu" part ".so." U_ICU_VERSION_SHORT

CV_LAZY_GET(cv_icu_converters, ICU_CONVERTERS, LIBRARY("uc"),
            cv_icu_converters_get)
CV_LAZY_GET(cv_icu_zones, ICU_ZONES, LIBRARY("i18n"), cv_icu_zones_get)
CV_LAZY_GET(cv_icu_normals, ICU_NORMALS, LIBRARY("uc"), cv_icu_normals_get)
CV_LAZY_GET(cv_icu_lists, ICU_LISTS, LIBRARY("uc"), cv_icu_lists_get)
