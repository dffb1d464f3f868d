/* error.h - status codes and the error detail that travels with them.
 *
 * Bad input is no error of the program: leaves return CV_ERR_SYNTAX or
 * CV_ERR_RANGE, the owner of the object makes a finding of it (report.h). The
 * world's failures go up unchanged. Callers decide by code, never by text.
 */
#ifndef CV_BASE_ERROR_H
#define CV_BASE_ERROR_H

#include <stdint.h>

#include "base/slice.h"

#define CV_NODISCARD __attribute__((warn_unused_result))
#define CV_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define CV_API __attribute__((visibility("default")))

typedef enum cv_status {
    CV_OK = 0,
    CV_ERR_NOMEM = -1,  /* the allocator failed */
    CV_ERR_LIMIT = -2,  /* a limit named in base/limits.h was reached */
    CV_ERR_TRUNC = -3,  /* input ended inside a field */
    CV_ERR_SYNTAX = -4, /* input breaks its format */
    CV_ERR_RANGE = -5,  /* value has no counterpart in the target */
    CV_ERR_UNSUP = -6,  /* valid, but not handled */
    CV_ERR_IO = -7,     /* file, socket, database */
    CV_ERR_NOTFOUND = -8,
    CV_ERR_CONFLICT = -9, /* another writer was first: read again, retry */
    CV_ERR_LEGACY = -10,  /* failure class legacy-tracking-time (KB 938650) */
    CV_ERR_DENIED = -11,  /* credentials or rights do not suffice */
    CV_ERR_TIMEOUT = -12  /* a deadline passed */
} cv_status;

typedef struct cv_error {
    cv_status code;
    uint64_t offset; /* byte in the input, UINT64_MAX when none */
    uint32_t tag;    /* property tag, 0 when none */
    char what[160];  /* one line; bytes of input are escaped */
} cv_error;

/* Fills err (which may be NULL) and returns code. Control characters and
 * invalid UTF-8 in the formatted text are escaped as \xNN. */
cv_status cv_fail(cv_error *err, cv_status code, const char *fmt, ...)
    CV_PRINTF(3, 4);
/* The same with the byte offset in the input. */
cv_status cv_fail_at(cv_error *err, cv_status code, uint64_t offset,
                     const char *fmt, ...) CV_PRINTF(4, 5);

/* Name of a code, such as "CV_ERR_SYNTAX". A literal. */
const char *cv_status_name(cv_status code);

/* On in every build; never on a condition that input can cause. */
#define cv_assert(cond) \
    ((cond) ? (void)0 : cv_assert_failed(#cond, __FILE__, __LINE__))
_Noreturn void cv_assert_failed(const char *cond, const char *file, int line);

/* Overflow-checked sums of sizes: false when the result does not fit. */
#define cv_add(a, b, out) (!__builtin_add_overflow((a), (b), (out)))
#define cv_mul(a, b, out) (!__builtin_mul_overflow((a), (b), (out)))

/* Returns from the calling function when expr is not CV_OK. */
#define CV_TRY(expr) \
    do { \
        cv_status cv_try_ = (expr); \
        if (cv_try_ != CV_OK) \
            return cv_try_; \
    } while (0)

/* For the rare call whose failure changes nothing; say why beside it. */
#define CV_IGNORE(expr) \
    do { \
        cv_status cv_ignored_ = (expr); \
        (void)cv_ignored_; \
    } while (0)

#define CV_LEN(array) (sizeof(array) / sizeof((array)[0]))

#endif
