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

/* What a decoder gives for half of a surrogate pair; encodes as U+FFFD. */
#define CV_UNPAIRED UINT32_C(0xd800)

/* UTF-8 of code_point in out (4 bytes of room), its length. Surrogates and
 * values above U+10FFFF become U+FFFD. */
static inline size_t cv_utf8_encode(uint8_t *out, uint32_t code_point)
{
    uint32_t c = code_point;
    if (c < 0x80) {
        out[0] = (uint8_t)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (uint8_t)(0xc0 | c >> 6);
        out[1] = (uint8_t)(0x80 | (c & 0x3f));
        return 2;
    }
    if ((c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff)
        c = 0xfffd;
    if (c < 0x10000) {
        out[0] = (uint8_t)(0xe0 | c >> 12);
        out[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
        out[2] = (uint8_t)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (uint8_t)(0xf0 | c >> 18);
    out[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
    out[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
    out[3] = (uint8_t)(0x80 | (c & 0x3f));
    return 4;
}

#endif
