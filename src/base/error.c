#include "base/error.h"

#include "base/text_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Copies text into err->what; what would break a line or is no UTF-8 becomes
 * \xNN, and nothing is cut inside a character or an escape. */
static void put_escaped(cv_error *err, const char *text)
{
    cv_slice in = cv_slice_cstr(text);
    size_t at = 0, used = 0;
    while (at < in.len) {
        size_t len = cv_utf8_char_len(in.ptr + at, in.len - at);
        bool plain =
            len > 1 || (len == 1 && in.ptr[at] >= 0x20 && in.ptr[at] != 0x7f);
        size_t take = plain ? len : 1, give = plain ? len : 4;
        if (used + give >= sizeof(err->what))
            break;
        if (plain)
            memcpy(err->what + used, in.ptr + at, len);
        else
            (void)snprintf(err->what + used, 5, "\\x%02x", in.ptr[at]);
        at += take;
        used += give;
    }
    err->what[used] = 0;
}

CV_PRINTF(4, 0)
static void fill(cv_error *err, cv_status code, uint64_t offset,
                 const char *fmt, va_list args)
{
    char text[512];
    if (!err)
        return;
    err->code = code;
    err->offset = offset;
    err->tag = 0;
    if (vsnprintf(text, sizeof(text), fmt, args) < 0)
        text[0] = 0;
    put_escaped(err, text);
}

cv_status cv_fail(cv_error *err, cv_status code, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fill(err, code, UINT64_MAX, fmt, args);
    va_end(args);
    return code;
}

cv_status cv_fail_at(cv_error *err, cv_status code, uint64_t offset,
                     const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fill(err, code, offset, fmt, args);
    va_end(args);
    return code;
}

const char *cv_status_name(cv_status code)
{
    switch (code) {
    case CV_OK:
        return "CV_OK";
    case CV_ERR_NOMEM:
        return "CV_ERR_NOMEM";
    case CV_ERR_LIMIT:
        return "CV_ERR_LIMIT";
    case CV_ERR_TRUNC:
        return "CV_ERR_TRUNC";
    case CV_ERR_SYNTAX:
        return "CV_ERR_SYNTAX";
    case CV_ERR_RANGE:
        return "CV_ERR_RANGE";
    case CV_ERR_UNSUP:
        return "CV_ERR_UNSUP";
    case CV_ERR_IO:
        return "CV_ERR_IO";
    case CV_ERR_NOTFOUND:
        return "CV_ERR_NOTFOUND";
    case CV_ERR_CONFLICT:
        return "CV_ERR_CONFLICT";
    case CV_ERR_LEGACY:
        return "CV_ERR_LEGACY";
    case CV_ERR_DENIED:
        return "CV_ERR_DENIED";
    case CV_ERR_TIMEOUT:
        return "CV_ERR_TIMEOUT";
    }
    return "CV_ERR_?";
}

_Noreturn void cv_assert_failed(const char *cond, const char *file, int line)
{
    (void)fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, cond);
    abort();
}
