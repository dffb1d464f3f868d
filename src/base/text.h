/* text.h - UTF-8, character sets, hex and base64.
 *
 * Bytes of other character sets are decoded where they are read, by ICU or
 * iconv behind this header. Decoding never fails: what cannot be decoded
 * becomes U+FFFD and the loss is reported.
 */
#ifndef CV_BASE_TEXT_H
#define CV_BASE_TEXT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

bool cv_utf8_valid(cv_slice s);
bool cv_is_ascii(cv_slice s);
/* Decodes one character at *pos and moves on; invalid bytes give U+FFFD and
 * move by one. *pos must be < s.len. */
uint32_t cv_utf8_next(cv_slice s, size_t *pos);
void cv_utf8_put(cv_buf *buf, uint32_t code_point);
/* At most max bytes of s, never cut inside a character. */
cv_slice cv_utf8_clip(cv_slice s, size_t max);
/* s with every invalid byte replaced by U+FFFD; s itself when it is valid. */
cv_slice cv_utf8_repair(cv_arena *arena, cv_slice s);
/* Appends text in Unicode's composed form (NFC), or folded: equal for texts
 * that differ only in case, normalization and compatibility (NFKC_Casefold).
 * Invalid bytes become U+FFFD. Text above CV_NORMAL_MAX bytes, or all text
 * when ICU is not there, stays as it is but for ASCII letters' case. */
#define CV_NORMAL_MAX ((size_t)64 << 10)
void cv_utf8_compose(cv_slice text, cv_buf *out);
void cv_utf8_fold(cv_slice text, cv_buf *out);
/* s with control characters (C0, DEL, C1, U+2028, U+2029) replaced by a
 * space, runs as one; s itself when there is none. For header text. */
cv_slice cv_text_one_line(cv_arena *arena, cv_slice s);
/* CR, LF and CRLF become `eol` ("\r\n" or "\n"); s itself when they are. */
cv_slice cv_text_eol(cv_arena *arena, cv_slice s, const char *eol);

/* UTF-16LE to UTF-8: stops at NUL only when stop_at_nul. Unpaired surrogates
 * and an odd last byte become U+FFFD and set *lossy (may be NULL). */
cv_slice cv_utf16le_to_utf8(cv_arena *arena, cv_slice bytes, bool stop_at_nul,
                            bool *lossy);
void cv_utf8_to_utf16le(cv_buf *buf, cv_slice text);

/* Windows code page of a MIME charset name (aliases included, case and quotes
 * ignored), 0 when unknown. Source: spec property-types.md 6. */
uint32_t cv_codepage_of_charset(cv_slice charset);
/* MIME charset name of a code page, NULL when unknown. A literal. */
const char *cv_charset_of_codepage(uint32_t codepage);
/* True for a known page of 8-bit text; UTF-16 and UTF-32 (1200, 1201, 12000,
 * 12001) are none, whatever a message says of its PtypString8 values. */
bool cv_codepage_is_8bit(uint32_t number);

/* Bytes in the named charset to UTF-8. An unknown or empty name: UTF-8 if
 * valid, else windows-1252. US-ASCII and ISO-8859-1 with bytes from 0x80 are
 * read as UTF-8 if valid and labelled us-ascii, else windows-1252.
 * *lossy (may be NULL): U+FFFD had to be used or the name is unknown.
 * The result has ptr NULL only when the arena is exhausted. */
cv_slice cv_charset_to_utf8(cv_arena *arena, cv_slice charset, cv_slice bytes,
                            bool *lossy);
cv_slice cv_codepage_to_utf8(cv_arena *arena, uint32_t codepage, cv_slice bytes,
                             bool *lossy);
/* UTF-8 to the named charset.
 * Errors: CV_ERR_RANGE when a character has no counterpart, CV_ERR_UNSUP for
 * an unknown charset. */
CV_NODISCARD cv_status cv_utf8_to_charset(cv_arena *arena, cv_slice text,
                                          cv_slice charset, cv_slice *out,
                                          cv_error *err);

/* 0 to 15 of a hexadecimal digit of either case, -1 for another byte. */
static inline int cv_hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
/* Lower-case (upper: upper-case) hexadecimal. */
void cv_hex_put(cv_buf *buf, cv_slice bytes, bool upper);
/* Errors: CV_ERR_SYNTAX for odd length or a character that is no digit. */
CV_NODISCARD cv_status cv_hex_decode(cv_arena *arena, cv_slice hex,
                                     cv_slice *out, cv_error *err);
/* Base64 in lines of line_len characters, each ended by CRLF; 0: one line
 * without an end. */
void cv_base64_put(cv_buf *buf, cv_slice bytes, size_t line_len);
/* Lenient: characters outside the alphabet are skipped, decoding goes on
 * after padding, a missing end is read as far as it goes. *junk (may be NULL)
 * counts what was skipped other than white space. */
cv_slice cv_base64_decode(cv_arena *arena, cv_slice text, size_t *junk);

/* ASCII only. */
cv_slice cv_ascii_lower(cv_arena *arena, cv_slice s);
cv_slice cv_ascii_upper(cv_arena *arena, cv_slice s);

/* Whole slice as a decimal number with optional sign.
 * Errors: CV_ERR_SYNTAX, CV_ERR_RANGE. */
CV_NODISCARD cv_status cv_parse_i64(cv_slice s, int64_t *out);
CV_NODISCARD cv_status cv_parse_u32(cv_slice s, uint32_t *out);

/* Compiled-in SHA-256 through GLib; out is 32 bytes. */
void cv_sha256(cv_slice bytes, uint8_t out[32]);
/* The same in pieces. */
typedef struct cv_sha256_state {
    uint64_t words[16];
} cv_sha256_state;
void cv_sha256_begin(cv_sha256_state *state);
void cv_sha256_add(cv_sha256_state *state, const void *bytes, size_t len);
void cv_sha256_end(cv_sha256_state *state, uint8_t out[32]);

/* Numbers with a fraction, with a point whatever the program's locale says.
 * format: a printf one for one double, "%.17g". text: cut to size. */
#define CV_REAL_TEXT 40
void cv_real_put(char text[CV_REAL_TEXT], const char *format, double value);
/* strtod(): *end is where it stopped. */
double cv_real_parse(const char *text, char **end);

#endif
