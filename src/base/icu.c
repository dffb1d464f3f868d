#include "base/icu_private.h"

#include <pthread.h>

/* Headers and library of a release belong together: the functions' names hold
 * its number. */
#define LIBRARY(part) "libicu" part ".so." U_ICU_VERSION_SHORT

#define TABLE(list, library, what) \
    static cv_icu_##what what; \
    static bool has_##what; \
    static void open_##what(void) \
    { \
        static const char *const names[] = { list(CV_LAZY_NAME) }; \
        has_##what = cv_lazy_open( \
            library, names, sizeof(names) / sizeof(names[0]), (void **)&what); \
    } \
    const cv_icu_##what *cv_icu_##what##_get(void) \
    { \
        static pthread_once_t once = PTHREAD_ONCE_INIT; \
        (void)pthread_once(&once, open_##what); \
        return has_##what ? &what : NULL; \
    }

TABLE(ICU_CONVERTERS, LIBRARY("uc"), converters)
TABLE(ICU_ZONES, LIBRARY("i18n"), zones)
TABLE(ICU_LISTS, LIBRARY("uc"), lists)
