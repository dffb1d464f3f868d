/* lazy.h - shared libraries that are opened when they are first needed.
 *
 * Most messages need no foreign character set, no HTML parser and no archive
 * reader, and loading those libraries takes longer than converting a message.
 * A file that uses one of them lists its functions; calls go through a table
 * of pointers with the functions' own types.
 */
#ifndef CV_BASE_LAZY_H
#define CV_BASE_LAZY_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* Fills table, an array of `count` pointers to functions, with the symbols
 * `names` of the shared library `library` ("libicuuc.so.72"), which stays
 * open. Safe in any thread; a table is filled by one thread at a time
 * (pthread_once).
 * False, and the table is all NULL, when the library or a symbol is missing. */
bool cv_lazy_open(const char *library, const char *const *names, size_t count,
                  void **table);

/* For lists of functions: F(ucnv_open) F(ucnv_close) ... A name may be a
 * macro for the real one. */
#define CV_LAZY_POINTER(function) __typeof__(&function) function;
#define CV_LAZY_TEXT(function) #function
#define CV_LAZY_NAME(function) CV_LAZY_TEXT(function),

/* Defines `type`, a table of the listed functions, and `const type *get(void)`,
 * which opens the library once and is NULL when it is not there. */
#define CV_LAZY_TYPE(type, list) \
    typedef struct type { \
        list(CV_LAZY_POINTER) \
    } type
#define CV_LAZY_GET(type, list, library, get) \
    static type get##_table; \
    static bool get##_open; \
    static void get##_fill(void) \
    { \
        static const char *const names[] = { list(CV_LAZY_NAME) }; \
        get##_open = \
            cv_lazy_open(library, names, sizeof(names) / sizeof(names[0]), \
                         (void **)&get##_table); \
    } \
    const type *get(void) \
    { \
        static pthread_once_t once = PTHREAD_ONCE_INIT; \
        (void)pthread_once(&once, get##_fill); \
        return get##_open ? &get##_table : NULL; \
    }

#endif
