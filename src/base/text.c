#include "base/text.h"

#include "base/text_private.h"

#include <string.h>

#define REPLACEMENT 0xfffdu
static const uint8_t replacement_utf8[3] = { 0xef, 0xbf, 0xbd };

/* Eight bytes at once: most text is ASCII. */
#define HIGH_BITS UINT64_C(0x8080808080808080)

static inline uint64_t load8(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof(v));
    return v;
}

/* Length of the ASCII run at the start of s. */
static size_t ascii_run(const uint8_t *p, size_t len)
{
    size_t i = 0;
    while (len - i >= 8 && (load8(p + i) & HIGH_BITS) == 0)
        i += 8;
    while (i < len && p[i] < 0x80)
        i++;
    return i;
}

bool cv_is_ascii(cv_slice s)
{
    return ascii_run(s.ptr, s.len) == s.len;
}

/* Length of the valid UTF-8 at the start of s. */
static size_t valid_run(cv_slice s)
{
    size_t i = 0;
    while (i < s.len) {
        i += ascii_run(s.ptr + i, s.len - i);
        if (i == s.len)
            break;
        size_t n = cv_utf8_char_len(s.ptr + i, s.len - i);
        if (n == 0)
            break;
        i += n;
    }
    return i;
}

bool cv_utf8_valid(cv_slice s)
{
    return valid_run(s) == s.len;
}

uint32_t cv_utf8_next(cv_slice s, size_t *pos)
{
    const uint8_t *p = s.ptr + *pos;
    size_t n = cv_utf8_char_len(p, s.len - *pos);
    *pos += n ? n : 1;
    switch (n) {
    case 1:
        return p[0];
    case 2:
        return (uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f);
    case 3:
        return (uint32_t)(p[0] & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 |
               (p[2] & 0x3f);
    case 4:
        return (uint32_t)(p[0] & 0x07) << 18 | (uint32_t)(p[1] & 0x3f) << 12 |
               (uint32_t)(p[2] & 0x3f) << 6 | (p[3] & 0x3f);
    default:
        return REPLACEMENT;
    }
}

void cv_utf8_put(cv_buf *buf, uint32_t code_point)
{
    uint8_t out[4];
    cv_buf_put(buf, out, cv_utf8_encode(out, code_point));
}

cv_slice cv_utf8_clip(cv_slice s, size_t max)
{
    if (s.len <= max)
        return s;
    /* A character has at most three bytes that continue it. */
    size_t cut = max;
    while (cut > 0 && max - cut < 3 && (s.ptr[cut] & 0xc0) == 0x80)
        cut--;
    size_t n = cv_utf8_char_len(s.ptr + cut, s.len - cut);
    if (cut + n <= max)
        cut = max; /* what lies around the cut is no UTF-8 anyway */
    return (cv_slice){ s.ptr, cut };
}

cv_slice cv_utf8_repair(cv_arena *arena, cv_slice s)
{
    size_t good = valid_run(s), bad = 0;
    if (good == s.len)
        return s;
    for (size_t i = good; i < s.len;) {
        size_t n = cv_utf8_char_len(s.ptr + i, s.len - i);
        bad += n == 0;
        i += n ? n : 1;
    }
    size_t size;
    if (!cv_mul(bad, sizeof(replacement_utf8) - 1, &size) ||
        !cv_add(size, s.len, &size))
        size = SIZE_MAX;
    uint8_t *out = cv_arena_alloc(arena, size), *to = out;
    if (!out)
        return (cv_slice){ NULL, 0 };
    for (size_t i = 0; i < s.len;) {
        size_t n = cv_utf8_char_len(s.ptr + i, s.len - i);
        const uint8_t *from = n ? s.ptr + i : replacement_utf8;
        size_t give = n ? n : sizeof(replacement_utf8);
        memcpy(to, from, give);
        to += give;
        i += n ? n : 1;
    }
    return (cv_slice){ out, size };
}

/* Bytes of the control character or line separator at p, 0 when it is none. */
static size_t control_len(const uint8_t *p, size_t left)
{
    if (p[0] < 0x20 || p[0] == 0x7f)
        return 1;
    if (p[0] == 0xc2 && left >= 2 && p[1] >= 0x80 && p[1] <= 0x9f)
        return 2;
    if (p[0] == 0xe2 && left >= 3 && p[1] == 0x80 &&
        (p[2] == 0xa8 || p[2] == 0xa9))
        return 3;
    return 0;
}

cv_slice cv_text_one_line(cv_arena *arena, cv_slice s)
{
    size_t i = 0;
    while (i < s.len && control_len(s.ptr + i, s.len - i) == 0)
        i++;
    if (i == s.len)
        return s;
    uint8_t *out = cv_arena_alloc(arena, s.len);
    if (!out)
        return (cv_slice){ NULL, 0 };
    memcpy(out, s.ptr, i);
    size_t used = i;
    bool in_run = false;
    while (i < s.len) {
        size_t n = control_len(s.ptr + i, s.len - i);
        if (n == 0)
            out[used++] = s.ptr[i];
        else if (!in_run)
            out[used++] = ' ';
        in_run = n != 0;
        i += n ? n : 1;
    }
    return (cv_slice){ out, used };
}

/* Length of the line end at p: 0, 1 or 2. */
static size_t eol_len(const uint8_t *p, size_t left)
{
    if (p[0] == '\r')
        return left >= 2 && p[1] == '\n' ? 2 : 1;
    return p[0] == '\n';
}

cv_slice cv_text_eol(cv_arena *arena, cv_slice s, const char *eol)
{
    cv_slice end = cv_slice_cstr(eol);
    size_t size = 0;
    bool same = true;
    for (size_t i = 0; i < s.len;) {
        size_t n = eol_len(s.ptr + i, s.len - i);
        same &= n == 0 || cv_slice_eq(cv_slice_sub(s, i, n), end);
        if (!cv_add(size, n ? end.len : 1, &size))
            size = SIZE_MAX;
        i += n ? n : 1;
    }
    if (same)
        return s;
    uint8_t *out = cv_arena_alloc(arena, size), *to = out;
    if (!out)
        return (cv_slice){ NULL, 0 };
    for (size_t i = 0; i < s.len;) {
        size_t n = eol_len(s.ptr + i, s.len - i);
        if (n) {
            memcpy(to, end.ptr, end.len);
            to += end.len;
        } else {
            *to++ = s.ptr[i];
        }
        i += n ? n : 1;
    }
    return (cv_slice){ out, size };
}

static inline uint32_t unit_at(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

/* One character of UTF-16LE at *i, which moves on; end is even. */
static inline uint32_t utf16_next(const uint8_t *p, size_t end, size_t *i)
{
    uint32_t u = unit_at(p + *i);
    *i += 2;
    if (u < 0xd800 || u > 0xdfff)
        return u;
    if (u < 0xdc00 && *i < end) {
        uint32_t low = unit_at(p + *i);
        if (low >= 0xdc00 && low <= 0xdfff) {
            *i += 2;
            return 0x10000 + ((u - 0xd800) << 10) + (low - 0xdc00);
        }
    }
    return CV_UNPAIRED;
}

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define NOT_ASCII16 UINT64_C(0xff80ff80ff80ff80)
#else
#define NOT_ASCII16 UINT64_C(0x80ff80ff80ff80ff)
#endif

/* Bytes of the run of ASCII units at p, in steps of four units. */
static inline size_t ascii_run16(const uint8_t *p, size_t len)
{
    size_t i = 0;
    while (len - i >= 8 && (load8(p + i) & NOT_ASCII16) == 0)
        i += 8;
    return i;
}

/* Bytes of UTF-8 that the units need; *lost is set when one is unpaired. */
static size_t utf16_size(const uint8_t *p, size_t end, bool *lost)
{
    size_t size = 0;
    for (size_t i = 0; i < end;) {
        size_t run = ascii_run16(p + i, end - i);
        size += run / 2;
        i += run;
        if (i == end)
            break;
        uint32_t c = utf16_next(p, end, &i);
        *lost |= c == CV_UNPAIRED;
        size += c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    }
    return size;
}

static uint8_t *utf16_write(const uint8_t *p, size_t end, uint8_t *to)
{
    for (size_t i = 0; i < end;) {
        size_t stop = i + ascii_run16(p + i, end - i);
        for (; i < stop; i += 8, to += 4) {
            to[0] = p[i];
            to[1] = p[i + 2];
            to[2] = p[i + 4];
            to[3] = p[i + 6];
        }
        if (i < end)
            to += cv_utf8_encode(to, utf16_next(p, end, &i));
    }
    return to;
}

#define ONE16 UINT64_C(0x0001000100010001)
#define HIGH16 UINT64_C(0x8000800080008000)

/* Offset of the first NUL unit, end when there is none. */
static size_t find_nul16(const uint8_t *p, size_t end)
{
    size_t i = 0;
    /* Four at a time: a unit that is zero borrows from its highest bit. */
    while (end - i >= 8) {
        uint64_t units = load8(p + i);
        if ((units - ONE16) & ~units & HIGH16)
            break;
        i += 8;
    }
    for (; i < end; i += 2) {
        if (p[i] == 0 && p[i + 1] == 0)
            return i;
    }
    return end;
}

cv_slice cv_utf16le_to_utf8(cv_arena *arena, cv_slice bytes, bool stop_at_nul,
                            bool *lossy)
{
    const uint8_t *p = bytes.ptr;
    size_t end = bytes.len & ~(size_t)1;
    bool lost = bytes.len & 1;
    if (stop_at_nul) {
        size_t nul = find_nul16(p, end);
        lost &= nul == end; /* bytes behind the NUL are not text */
        end = nul;
    }
    bool odd = lost;
    size_t size = utf16_size(p, end, &lost);
    if (odd)
        size += sizeof(replacement_utf8);
    uint8_t *out = cv_arena_alloc(arena, size + 1);
    if (!out)
        return (cv_slice){ NULL, 0 };
    uint8_t *to = utf16_write(p, end, out);
    if (odd)
        memcpy(to, replacement_utf8, sizeof(replacement_utf8));
    if (lossy)
        *lossy = lost;
    return (cv_slice){ out, size };
}

void cv_utf8_to_utf16le(cv_buf *buf, cv_slice text)
{
    uint8_t out[512];
    size_t used = 0;
    for (size_t i = 0; i < text.len;) {
        uint32_t c = text.ptr[i];
        if (c < 0x80)
            i++;
        else
            c = cv_utf8_next(text, &i);
        if (used + 4 > sizeof(out)) {
            cv_buf_put(buf, out, used);
            used = 0;
        }
        if (c >= 0x10000) {
            uint32_t high = 0xd800 + ((c - 0x10000) >> 10);
            out[used++] = (uint8_t)high;
            out[used++] = (uint8_t)(high >> 8);
            c = 0xdc00 + ((c - 0x10000) & 0x3ff);
        }
        out[used++] = (uint8_t)c;
        out[used++] = (uint8_t)(c >> 8);
    }
    cv_buf_put(buf, out, used);
}

static cv_slice shift_case(cv_arena *arena, cv_slice s, uint8_t first,
                           uint8_t last)
{
    uint8_t *out = cv_arena_alloc(arena, s.len);
    if (!out)
        return (cv_slice){ NULL, 0 };
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        out[i] = c >= first && c <= last ? c ^ 0x20 : c;
    }
    return (cv_slice){ out, s.len };
}

cv_slice cv_ascii_lower(cv_arena *arena, cv_slice s)
{
    return shift_case(arena, s, 'A', 'Z');
}

cv_slice cv_ascii_upper(cv_arena *arena, cv_slice s)
{
    return shift_case(arena, s, 'a', 'z');
}
