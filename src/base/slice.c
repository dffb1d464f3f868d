#include "base/slice.h"

#include <string.h>

cv_slice cv_slice_cstr(const char *text)
{
    return (cv_slice){ (const uint8_t *)text, text ? strlen(text) : 0 };
}

cv_slice cv_slice_of(const void *ptr, size_t len)
{
    return (cv_slice){ ptr, len };
}

static inline uint8_t lower(uint8_t c)
{
    return (uint8_t)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

/* memcmp and memchr must not see NULL, not even with length 0. */
static bool same(const uint8_t *a, const uint8_t *b, size_t len)
{
    return len == 0 || memcmp(a, b, len) == 0;
}

static bool isame(const uint8_t *a, const uint8_t *b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (a[i] != b[i] && lower(a[i]) != lower(b[i]))
            return false;
    }
    return true;
}

bool cv_slice_eq(cv_slice a, cv_slice b)
{
    return a.len == b.len && same(a.ptr, b.ptr, a.len);
}

bool cv_slice_ieq(cv_slice a, cv_slice b)
{
    return a.len == b.len && isame(a.ptr, b.ptr, a.len);
}

int cv_slice_cmp(cv_slice a, cv_slice b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len ? memcmp(a.ptr, b.ptr, len) : 0;
    if (order == 0)
        order = (a.len > b.len) - (a.len < b.len);
    return order;
}

bool cv_slice_starts(cv_slice s, cv_slice prefix)
{
    return s.len >= prefix.len && same(s.ptr, prefix.ptr, prefix.len);
}

bool cv_slice_istarts(cv_slice s, cv_slice prefix)
{
    return s.len >= prefix.len && isame(s.ptr, prefix.ptr, prefix.len);
}

bool cv_slice_ends(cv_slice s, cv_slice suffix)
{
    return s.len >= suffix.len &&
           cv_slice_eq(cv_slice_sub(s, s.len - suffix.len, suffix.len), suffix);
}

bool cv_slice_iends(cv_slice s, cv_slice suffix)
{
    return s.len >= suffix.len &&
           cv_slice_ieq(cv_slice_sub(s, s.len - suffix.len, suffix.len),
                        suffix);
}

cv_slice cv_slice_sub(cv_slice s, size_t from, size_t len)
{
    if (from > s.len)
        from = s.len;
    if (len > s.len - from)
        len = s.len - from;
    return (cv_slice){ s.ptr ? s.ptr + from : NULL, len };
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

cv_slice cv_slice_trim(cv_slice s)
{
    while (s.len && is_space(s.ptr[s.len - 1]))
        s.len--;
    while (s.len && is_space(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    return s;
}

size_t cv_slice_find_byte(cv_slice s, uint8_t byte, size_t from)
{
    if (from >= s.len)
        return CV_NPOS;
    const uint8_t *hit = memchr(s.ptr + from, byte, s.len - from);
    return hit ? (size_t)(hit - s.ptr) : CV_NPOS;
}

size_t cv_slice_find(cv_slice s, cv_slice needle, size_t from)
{
    if (from > s.len)
        return CV_NPOS;
    if (needle.len == 0)
        return from;
    if (s.len - from < needle.len)
        return CV_NPOS;
    const uint8_t *hit =
        memmem(s.ptr + from, s.len - from, needle.ptr, needle.len);
    return hit ? (size_t)(hit - s.ptr) : CV_NPOS;
}

size_t cv_slice_ifind(cv_slice s, cv_slice needle, size_t from)
{
    if (from > s.len)
        return CV_NPOS;
    for (; s.len - from >= needle.len; from++) {
        if (isame(s.ptr + from, needle.ptr, needle.len))
            return from;
        if (from == s.len)
            break;
    }
    return CV_NPOS;
}

cv_slice cv_slice_cut(cv_slice *rest, uint8_t byte)
{
    cv_slice all = *rest;
    size_t at = cv_slice_find_byte(all, byte, 0);
    if (at == CV_NPOS) {
        *rest = (cv_slice){ NULL, 0 };
        return all;
    }
    *rest = (cv_slice){ all.ptr + at + 1, all.len - at - 1 };
    return (cv_slice){ all.ptr, at };
}
