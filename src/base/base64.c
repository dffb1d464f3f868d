#include "base/base64.h"

#include <string.h>

/* Both letters of every 12 bits. */
#define P(a, b) \
    { \
        a, b \
    }
#define ROW(a) \
    P(a, 'A'), P(a, 'B'), P(a, 'C'), P(a, 'D'), P(a, 'E'), P(a, 'F'), \
        P(a, 'G'), P(a, 'H'), P(a, 'I'), P(a, 'J'), P(a, 'K'), P(a, 'L'), \
        P(a, 'M'), P(a, 'N'), P(a, 'O'), P(a, 'P'), P(a, 'Q'), P(a, 'R'), \
        P(a, 'S'), P(a, 'T'), P(a, 'U'), P(a, 'V'), P(a, 'W'), P(a, 'X'), \
        P(a, 'Y'), P(a, 'Z'), P(a, 'a'), P(a, 'b'), P(a, 'c'), P(a, 'd'), \
        P(a, 'e'), P(a, 'f'), P(a, 'g'), P(a, 'h'), P(a, 'i'), P(a, 'j'), \
        P(a, 'k'), P(a, 'l'), P(a, 'm'), P(a, 'n'), P(a, 'o'), P(a, 'p'), \
        P(a, 'q'), P(a, 'r'), P(a, 's'), P(a, 't'), P(a, 'u'), P(a, 'v'), \
        P(a, 'w'), P(a, 'x'), P(a, 'y'), P(a, 'z'), P(a, '0'), P(a, '1'), \
        P(a, '2'), P(a, '3'), P(a, '4'), P(a, '5'), P(a, '6'), P(a, '7'), \
        P(a, '8'), P(a, '9'), P(a, '+'), P(a, '/')
static const uint8_t pairs[4096][2] = {
    ROW('A'), ROW('B'), ROW('C'), ROW('D'), ROW('E'), ROW('F'), ROW('G'),
    ROW('H'), ROW('I'), ROW('J'), ROW('K'), ROW('L'), ROW('M'), ROW('N'),
    ROW('O'), ROW('P'), ROW('Q'), ROW('R'), ROW('S'), ROW('T'), ROW('U'),
    ROW('V'), ROW('W'), ROW('X'), ROW('Y'), ROW('Z'), ROW('a'), ROW('b'),
    ROW('c'), ROW('d'), ROW('e'), ROW('f'), ROW('g'), ROW('h'), ROW('i'),
    ROW('j'), ROW('k'), ROW('l'), ROW('m'), ROW('n'), ROW('o'), ROW('p'),
    ROW('q'), ROW('r'), ROW('s'), ROW('t'), ROW('u'), ROW('v'), ROW('w'),
    ROW('x'), ROW('y'), ROW('z'), ROW('0'), ROW('1'), ROW('2'), ROW('3'),
    ROW('4'), ROW('5'), ROW('6'), ROW('7'), ROW('8'), ROW('9'), ROW('+'),
    ROW('/'),
};

#define J8 66, 66, 66, 66, 66, 66, 66, 66
const uint8_t cv_base64_values[256] = {
    J8, 66, 64, 64, 66, 66, 64, 66, 66, J8, J8, /* tab, LF, CR */
    64, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 62, 66, 66, 66, 63, 52, 53, 54,
    55, 56, 57, 58, 59, 60, 61, 66, 66, 66, 65, 66, 66, 66, 0,  1,  2,  3,  4,
    5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23,
    24, 25, 66, 66, 66, 66, 66, 66, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36,
    37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 66, 66, 66, 66,
    66, J8, J8, J8, J8, J8, J8, J8, J8, J8, J8, J8, J8, J8, J8, J8, J8
};

void cv_base64_encode_groups(const uint8_t *in, size_t groups, uint8_t *out)
{
    for (; groups; groups--, in += 3, out += 4) {
        uint32_t bits = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];
        memcpy(out, pairs[bits >> 12], 2);
        memcpy(out + 2, pairs[bits & 4095], 2);
    }
}

/* The 24 bits of four letters; above that when one is no letter. */
static inline uint32_t group_of(const uint8_t *in)
{
    uint32_t a = cv_base64_values[in[0]], b = cv_base64_values[in[1]];
    uint32_t c = cv_base64_values[in[2]], d = cv_base64_values[in[3]];
    uint32_t bits = a << 18 | b << 12 | c << 6 | d;
    return (a | b | c | d) & 0xC0 ? UINT32_MAX : bits;
}

size_t cv_base64_decode_groups(const uint8_t *in, size_t len, uint8_t *out)
{
    size_t groups = 0;
    for (; len >= 4; len -= 4, in += 4, groups++) {
        uint32_t bits = group_of(in);
        if (bits == UINT32_MAX)
            break;
        *out++ = (uint8_t)(bits >> 16);
        *out++ = (uint8_t)(bits >> 8);
        *out++ = (uint8_t)bits;
    }
    return groups;
}
