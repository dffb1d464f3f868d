/* The rest of text.h: hex, base64, numbers, SHA-256. */
#include "base/text.h"

#include "base/base64.h"

#include <nettle/sha2.h>

void cv_hex_put(cv_buf *buf, cv_slice bytes, bool upper)
{
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    uint8_t out[256];
    size_t used = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        out[used++] = (uint8_t)digits[bytes.ptr[i] >> 4];
        out[used++] = (uint8_t)digits[bytes.ptr[i] & 15];
        if (used == sizeof(out)) {
            cv_buf_put(buf, out, used);
            used = 0;
        }
    }
    cv_buf_put(buf, out, used);
}

cv_status cv_hex_decode(cv_arena *arena, cv_slice hex, cv_slice *out,
                        cv_error *err)
{
    if (hex.len % 2)
        return cv_fail_at(err, CV_ERR_SYNTAX, hex.len,
                          "odd number of hex digits");
    uint8_t *bytes = cv_arena_alloc(arena, hex.len / 2);
    if (!bytes)
        return cv_arena_fail(arena, err);
    for (size_t i = 0; i < hex.len; i += 2) {
        int high = cv_hex_digit(hex.ptr[i]), low = cv_hex_digit(hex.ptr[i + 1]);
        if (high < 0 || low < 0)
            return cv_fail_at(err, CV_ERR_SYNTAX, high < 0 ? i : i + 1,
                              "no hex digit");
        bytes[i / 2] = (uint8_t)(high << 4 | low);
    }
    *out = (cv_slice){ bytes, hex.len / 2 };
    return CV_OK;
}

/* The last 1 or 2 bytes, padded. */
static void base64_rest(const uint8_t *in, size_t n, uint8_t out[4])
{
    const uint8_t group[3] = { in[0], n > 1 ? in[1] : 0, 0 };
    cv_base64_encode_groups(group, 1, out);
    out[3] = '=';
    if (n == 1)
        out[2] = '=';
}

/* One line, or all there is, without its end. */
static void base64_line(cv_buf *buf, cv_slice bytes)
{
    enum { PIECE = 192 }; /* groups at a time */
    uint8_t text[4 * PIECE];
    while (bytes.len >= 3) {
        size_t groups = bytes.len / 3 < PIECE ? bytes.len / 3 : PIECE;
        cv_base64_encode_groups(bytes.ptr, groups, text);
        cv_buf_put(buf, text, 4 * groups);
        bytes = cv_slice_sub(bytes, 3 * groups, bytes.len);
    }
    if (bytes.len) {
        base64_rest(bytes.ptr, bytes.len, text);
        cv_buf_put(buf, text, 4);
    }
}

void cv_base64_put(cv_buf *buf, cv_slice bytes, size_t line_len)
{
    size_t in_line = line_len ? (line_len < 4 ? 1 : line_len / 4) * 3 : 0;
    if (!in_line) {
        base64_line(buf, bytes);
        return;
    }
    for (size_t i = 0; i < bytes.len; i += in_line) {
        base64_line(buf, cv_slice_sub(bytes, i, in_line));
        cv_buf_put(buf, "\r\n", 2);
    }
}

/* Writes the whole bytes of the `have` sextets in acc; how many there were. */
static size_t base64_flush(uint32_t acc, unsigned have, uint8_t *to)
{
    if (have < 2)
        return 0;
    acc <<= 6 * (4 - have);
    size_t n = have - 1;
    for (size_t i = 0; i < n; i++)
        to[i] = (uint8_t)(acc >> (16 - 8 * i));
    return n;
}

cv_slice cv_base64_decode(cv_arena *arena, cv_slice text, size_t *junk)
{
    uint8_t *out = cv_arena_alloc(arena, text.len / 4 * 3 + 3);
    if (!out)
        return (cv_slice){ NULL, 0 };
    size_t used = 0, skipped = 0;
    uint32_t acc = 0;
    unsigned have = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (!have) {
            size_t groups =
                cv_base64_decode_groups(text.ptr + i, text.len - i, out + used);
            used += 3 * groups;
            i += 4 * groups;
            if (i == text.len)
                break;
        }
        uint8_t v = cv_base64_values[text.ptr[i]];
        if (v < 64) {
            acc = acc << 6 | v;
            have++;
        } else if (v == CV_B64_JUNK && text.ptr[i] != '\v' &&
                   text.ptr[i] != '\f') {
            skipped++;
        }
        if (have == 4 || (v == CV_B64_PAD && have)) {
            used += base64_flush(acc, have, out + used);
            acc = 0;
            have = 0;
        }
    }
    used += base64_flush(acc, have, out + used);
    if (junk)
        *junk = skipped;
    return (cv_slice){ out, used };
}

cv_status cv_parse_i64(cv_slice s, int64_t *out)
{
    bool negative = s.len && s.ptr[0] == '-';
    size_t i = negative || (s.len && s.ptr[0] == '+');
    int64_t v = 0;
    bool fits = true;
    if (i == s.len)
        return CV_ERR_SYNTAX;
    for (; i < s.len; i++) {
        int64_t digit = s.ptr[i] - '0';
        if (digit < 0 || digit > 9)
            return CV_ERR_SYNTAX;
        fits = fits && cv_mul(v, 10, &v) &&
               cv_add(v, negative ? -digit : digit, &v);
    }
    if (!fits)
        return CV_ERR_RANGE;
    *out = v;
    return CV_OK;
}

cv_status cv_parse_u32(cv_slice s, uint32_t *out)
{
    int64_t v;
    CV_TRY(cv_parse_i64(s, &v));
    if (v < 0 || v > UINT32_MAX)
        return CV_ERR_RANGE;
    *out = (uint32_t)v;
    return CV_OK;
}

static struct sha256_ctx *sha256_of(cv_sha256_state *state)
{
    _Static_assert(sizeof(struct sha256_ctx) <= sizeof(cv_sha256_state),
                   "the state holds Nettle's");
    return (struct sha256_ctx *)(void *)state;
}

void cv_sha256_begin(cv_sha256_state *state)
{
    sha256_init(sha256_of(state));
}

void cv_sha256_add(cv_sha256_state *state, const void *bytes, size_t len)
{
    sha256_update(sha256_of(state), len, bytes);
}

void cv_sha256_end(cv_sha256_state *state, uint8_t out[32])
{
    sha256_digest(sha256_of(state), 32, out);
}

void cv_sha256(cv_slice bytes, uint8_t out[32])
{
    cv_sha256_state state;
    cv_sha256_begin(&state);
    cv_sha256_add(&state, bytes.ptr, bytes.len);
    cv_sha256_end(&state, out);
}
