#include "mime/emlx.h"

#include "base/text.h"
#include "base/wintime.h"

#define LENGTH_DIGITS 20 /* digits and blanks of the first line */

/* The number of the first line; false when it is none. */
static bool read_length(cv_slice in, cv_slice *rest, uint64_t *length)
{
    int64_t n;
    *rest = cv_slice_sub(in, 0, LENGTH_DIGITS + 2);
    size_t end = cv_slice_find_byte(*rest, '\n', 0);
    if (end == CV_NPOS || end == 0 ||
        cv_parse_i64(cv_slice_trim(cv_slice_sub(in, 0, end)), &n) != CV_OK ||
        n < 0 || in.ptr[0] < '0' || in.ptr[0] > '9')
        return false;
    *rest = cv_slice_sub(in, end + 1, CV_NPOS);
    *length = (uint64_t)n;
    return true;
}

bool cv_emlx_is(cv_slice in)
{
    cv_slice rest;
    uint64_t length;
    if (!read_length(in, &rest, &length))
        return false;
    rest = cv_slice_sub(rest, 0, 200);
    size_t colon = cv_slice_find_byte(rest, ':', 0);
    if (colon == CV_NPOS || colon == 0)
        return false;
    for (size_t i = 0; i < colon; i++)
        if (rest.ptr[i] <= 0x20 || rest.ptr[i] > 0x7E)
            return false;
    return true;
}

/* The number behind <key>name</key> in <integer> or <real>. */
static bool plist_number(cv_slice list, cv_slice name, int64_t *out)
{
    size_t at = cv_slice_find(list, name, 0);
    if (at == CV_NPOS)
        return false;
    cv_slice rest = cv_slice_trim(cv_slice_sub(list, at + name.len, 200));
    cv_slice_cut(&rest, '>');
    cv_slice digits = cv_slice_cut(&rest, '<');
    digits = cv_slice_cut(&digits, '.');
    return cv_parse_i64(cv_slice_trim(digits), out) == CV_OK;
}

static void read_list(cv_slice list, cv_emlx *out)
{
    int64_t n;
    if (plist_number(list, CV_S("<key>flags</key>"), &n)) {
        out->has_flags = true;
        out->flags = (uint32_t)(uint64_t)n;
    }
    if (plist_number(list, CV_S("<key>date-received</key>"), &n) && n > 0 &&
        n < INT64_C(100000000000))
        out->received = n * CV_TICKS_PER_SEC;
}

void cv_emlx_read(cv_slice in, cv_emlx *out)
{
    cv_slice rest = in;
    uint64_t length = 0;
    *out = (cv_emlx){ .received = INT64_MIN };
    (void)read_length(in, &rest, &length);
    cv_slice behind = length <= rest.len
                          ? cv_slice_sub(rest, (size_t)length, CV_NPOS)
                          : (cv_slice){ 0 };
    out->length_fits = length <= rest.len &&
                       (cv_slice_trim(behind).len == 0 ||
                        cv_slice_starts(cv_slice_trim(behind), CV_S("<?xml")));
    if (!out->length_fits) {
        size_t at = CV_NPOS, next = cv_slice_find(rest, CV_S("\n<?xml"), 0);
        for (; next != CV_NPOS;
             next = cv_slice_find(rest, CV_S("\n<?xml"), at + 1))
            at = next; /* the last one: mails may hold XML, too */
        length = at == CV_NPOS ? rest.len : at + 1;
        behind = cv_slice_sub(rest, (size_t)length, CV_NPOS);
    }
    out->mail = cv_slice_sub(rest, 0, (size_t)length);
    read_list(behind, out);
}
