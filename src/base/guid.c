#include "base/guid.h"

#include <string.h>

/* Place in b[] of each byte in the order of the text form. */
static const uint8_t text_order[16] = { 3, 2, 1,  0,  5,  4,  7,  6,
                                        8, 9, 10, 11, 12, 13, 14, 15 };

bool cv_guid_eq(const cv_guid *a, const cv_guid *b)
{
    return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

bool cv_guid_is_zero(const cv_guid *g)
{
    static const cv_guid zero;
    return cv_guid_eq(g, &zero);
}

/* A hyphen stands before these bytes of the text. */
static bool hyphen_before(size_t i)
{
    return i == 4 || i == 6 || i == 8 || i == 10;
}

void cv_guid_format(const cv_guid *g, char out[CV_GUID_TEXT])
{
    static const char digits[] = "0123456789ABCDEF";
    char *p = out;
    *p++ = '{';
    for (size_t i = 0; i < 16; i++) {
        uint8_t byte = g->b[text_order[i]];
        if (hyphen_before(i))
            *p++ = '-';
        *p++ = digits[byte >> 4];
        *p++ = digits[byte & 15];
    }
    *p++ = '}';
    *p = 0;
}

static int digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

cv_status cv_guid_parse(cv_slice text, cv_guid *out)
{
    cv_guid g;
    if (text.len == 38 && text.ptr[0] == '{' && text.ptr[37] == '}')
        text = cv_slice_sub(text, 1, 36);
    if (text.len != 36)
        return CV_ERR_SYNTAX;
    const uint8_t *p = text.ptr;
    for (size_t i = 0; i < 16; i++) {
        if (hyphen_before(i) && *p++ != '-')
            return CV_ERR_SYNTAX;
        int high = digit(p[0]), low = digit(p[1]);
        if (high < 0 || low < 0)
            return CV_ERR_SYNTAX;
        g.b[text_order[i]] = (uint8_t)(high << 4 | low);
        p += 2;
    }
    *out = g;
    return CV_OK;
}
