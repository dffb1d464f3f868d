/* slice.h - a view of bytes: pointer and length, passed by value.
 *
 * A slice owns nothing, may hold NUL and is not NUL-ended. Text in a slice is
 * UTF-8 unless the name says otherwise. The comment beside a field says who
 * owns the bytes ("arena", "borrowed from X").
 */
#ifndef CV_BASE_SLICE_H
#define CV_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct cv_slice {
    const uint8_t *ptr;
    size_t len;
} cv_slice;

/* A slice of a string literal, or of a NUL-ended C string. */
#define CV_S(lit) ((cv_slice){ (const uint8_t *)("" lit), sizeof(lit) - 1 })
cv_slice cv_slice_cstr(const char *text); /* NULL gives an empty slice */
cv_slice cv_slice_of(const void *ptr, size_t len);

/* For printf: ("%.*s", CV_FMT(s)); only where the text is known to be short. */
#define CV_FMT(s) (int)(s).len, (const char *)(s).ptr

bool cv_slice_eq(cv_slice a, cv_slice b);
/* ASCII letters compare without case. */
bool cv_slice_ieq(cv_slice a, cv_slice b);
int cv_slice_cmp(cv_slice a, cv_slice b);
bool cv_slice_starts(cv_slice s, cv_slice prefix);
bool cv_slice_istarts(cv_slice s, cv_slice prefix);
bool cv_slice_ends(cv_slice s, cv_slice suffix);
bool cv_slice_iends(cv_slice s, cv_slice suffix);

/* The part from `from` with at most len bytes; both are clamped. */
cv_slice cv_slice_sub(cv_slice s, size_t from, size_t len);
/* Without ASCII white space (space, tab, CR, LF) at both ends. */
cv_slice cv_slice_trim(cv_slice s);

#define CV_NPOS SIZE_MAX
/* Position of the first match at or after `from`, CV_NPOS when none. */
size_t cv_slice_find_byte(cv_slice s, uint8_t byte, size_t from);
size_t cv_slice_find(cv_slice s, cv_slice needle, size_t from);
size_t cv_slice_ifind(cv_slice s, cv_slice needle, size_t from);

/* Cuts *rest at the first `byte`: the part before it is returned, *rest keeps
 * the part after it. Without the byte all is returned and *rest is empty with
 * a NULL ptr, so that `while (rest.ptr)` walks every field once. */
cv_slice cv_slice_cut(cv_slice *rest, uint8_t byte);

#endif
