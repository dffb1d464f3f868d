/* text_private.h - for the files of base/ that look at UTF-8 byte by byte. */
#ifndef CV_BASE_TEXT_PRIVATE_H
#define CV_BASE_TEXT_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of the character at p, 1 to 4; 0 when what stands there is no valid
 * UTF-8 (overlong forms, surrogates and values above U+10FFFF included).
 * left must not be 0. Source: RFC 3629 4. */
static inline size_t cv_utf8_char_len(const uint8_t *p, size_t left)
{
    uint8_t c = p[0];
    if (c < 0x80)
        return 1;
    if (c < 0xc2 || c > 0xf4)
        return 0;
    if (left < 2 || (p[1] & 0xc0) != 0x80)
        return 0;
    if (c < 0xe0)
        return 2;
    if ((c == 0xe0 && p[1] < 0xa0) || (c == 0xed && p[1] > 0x9f))
        return 0;
    if (left < 3 || (p[2] & 0xc0) != 0x80)
        return 0;
    if (c < 0xf0)
        return 3;
    if ((c == 0xf0 && p[1] < 0x90) || (c == 0xf4 && p[1] > 0x8f))
        return 0;
    if (left < 4 || (p[3] & 0xc0) != 0x80)
        return 0;
    return 4;
}

#endif
