#include "rtf/lzfu.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/reader.h"

#include <string.h>

#define RING 4096
#define PRESET (sizeof preset - 1)
#define HEAD 16                /* bytes of the header */
#define MIN_MATCH ((size_t)2)  /* bytes of the shortest reference */
#define MAX_MATCH ((size_t)17) /* and of the longest */
#define TYPE_LZFU UINT32_C(0x75465A4C)
#define TYPE_MELA UINT32_C(0x414C454D)

static const char preset[] =
    "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}"
    "{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor "
    "MS Sans SerifSymbolArialTimes New RomanCourier"
    "{\\colortbl\\red0\\green0\\blue0\r\n"
    "\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";

/* Remainders of the polynomial 0xEDB88320, a byte at a time. */
static void make_table(uint32_t table[256])
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (unsigned bit = 0; bit < 8; bit++)
            c = c & 1 ? c >> 1 ^ UINT32_C(0xEDB88320) : c >> 1;
        table[i] = c;
    }
}

uint32_t cv_lzfu_crc(cv_slice bytes)
{
    uint32_t table[256], crc = 0;
    make_table(table);
    for (size_t i = 0; i < bytes.len; i++)
        crc = crc >> 8 ^ table[(crc ^ bytes.ptr[i]) & 0xFF];
    return crc;
}

/* -- decompression -- */

/* Positions count from the start of the preset text, so that position modulo
 * 4096 is the place in the ring, and the ring itself need not be kept. */
typedef struct extent {
    size_t end;   /* position behind the last byte */
    bool ended;   /* the end token was met */
    bool limited; /* CV_LIMIT_RTF_BYTES was reached */
} extent;

/* Bytes back to what a reference means; 0 for the end token. */
static size_t distance(size_t at, const uint8_t *token)
{
    return (at - ((size_t)token[0] << 4 | token[1] >> 4)) % RING;
}

static size_t match_length(const uint8_t *token)
{
    return (size_t)(token[1] & 15) + MIN_MATCH;
}

/* How much will come out: nothing is allocated on the header's word. */
static extent measure(cv_slice in)
{
    extent e = { .end = PRESET };
    size_t pos = 0;
    while (pos < in.len) {
        uint8_t control = in.ptr[pos++];
        for (unsigned bit = 0; bit < 8 && pos < in.len; bit++) {
            if (e.end - PRESET > CV_LIMIT_RTF_BYTES - MAX_MATCH) {
                e.limited = true;
                return e;
            }
            if (!(control >> bit & 1)) {
                pos++;
                e.end++;
                continue;
            }
            if (in.len - pos < 2)
                return e;
            e.ended = !distance(e.end, in.ptr + pos);
            if (e.ended)
                return e;
            e.end += match_length(in.ptr + pos);
            pos += 2;
        }
    }
    return e;
}

/* What the preset text does not cover of the ring is zero. */
static size_t copy(uint8_t *all, size_t at, const uint8_t *token)
{
    size_t back = distance(at, token), len = match_length(token);
    for (size_t i = 0; i < len; i++, at++)
        all[at] = at >= back ? all[at - back] : 0;
    return at;
}

/* all has room for e.end bytes; in was measured. */
static void expand(uint8_t *all, size_t end, cv_slice in)
{
    size_t pos = 0, at = PRESET;
    memcpy(all, preset, PRESET);
    while (at < end) {
        uint8_t control = in.ptr[pos++];
        for (unsigned bit = 0; bit < 8 && at < end; bit++) {
            if (control >> bit & 1) {
                at = copy(all, at, in.ptr + pos);
                pos += 2;
            } else {
                all[at++] = in.ptr[pos++];
            }
        }
    }
}

static cv_slice without_nul(cv_slice s)
{
    while (s.len && !s.ptr[s.len - 1])
        s.len--;
    return s;
}

static cv_status decompress(cv_arena *arena, cv_slice contents, cv_slice *rtf,
                            bool *ended, cv_error *err)
{
    extent e = measure(contents);
    if (e.limited)
        return cv_fail(err, CV_ERR_LIMIT, "RTF of more than %zu bytes",
                       CV_LIMIT_RTF_BYTES);
    uint8_t *all = cv_arena_alloc(arena, e.end);
    if (!all)
        return cv_arena_fail(arena, err);
    expand(all, e.end, contents);
    *rtf = cv_slice_of(all + PRESET, e.end - PRESET);
    *ended = e.ended;
    return CV_OK;
}

cv_status cv_lzfu_decompress(cv_arena *arena, cv_slice in, cv_slice *rtf,
                             bool *damaged, cv_error *err)
{
    bool ended = true;
    if (cv_slice_starts(in, CV_S("{\\rtf"))) {
        *rtf = without_nul(in);
        if (damaged)
            *damaged = true;
        return CV_OK;
    }
    if (in.len < HEAD)
        return cv_fail(err, CV_ERR_TRUNC, "%zu bytes are no compressed RTF",
                       in.len);
    uint32_t comp_size = cv_peek_u32le(in, 0), raw = cv_peek_u32le(in, 4);
    uint32_t type = cv_peek_u32le(in, 8), crc = cv_peek_u32le(in, 12);
    size_t len = in.len - HEAD;
    if (comp_size >= 12 && comp_size - 12 < len)
        len = comp_size - 12;
    cv_slice contents = cv_slice_sub(in, HEAD, len);
    if (type == TYPE_MELA)
        *rtf = cv_slice_sub(contents, 0, raw);
    else if (type != TYPE_LZFU)
        return cv_fail(err, CV_ERR_SYNTAX, "RTF of form 0x%08x", type);
    else
        CV_TRY(decompress(arena, contents, rtf, &ended, err));
    if (damaged)
        *damaged = !ended || contents.len != (size_t)comp_size - 12 ||
                   rtf->len != raw ||
                   (type == TYPE_LZFU && cv_lzfu_crc(contents) != crc);
    *rtf = without_nul(*rtf);
    return CV_OK;
}

/* -- compression -- */

#define KEYS 16384  /* of two bytes; one of its own for each pair of ASCII */
#define NONE 0xFFFF /* end of a queue */

/* Where each pair of bytes stands within the ring, oldest first. A place is
 * a position modulo 4096. */
typedef struct matcher {
    const uint8_t *all; /* the preset text and what is compressed */
    size_t len;
    uint16_t first[KEYS], last[KEYS], next[RING];
} matcher;

typedef struct match {
    size_t from, len;
} match;

static size_t key_at(const matcher *m, size_t pos)
{
    return ((size_t)m->all[pos] << 7 ^ m->all[pos + 1]) % KEYS;
}

/* The byte at pos has been written; the oldest one leaves the ring. */
static void advance(matcher *m, size_t pos)
{
    if (pos + 1 >= RING)
        m->first[key_at(m, pos + 1 - RING)] = m->next[(pos + 1) % RING];
    if (pos + 1 >= m->len)
        return;
    uint16_t place = (uint16_t)(pos % RING);
    size_t key = key_at(m, pos);
    if (m->first[key] == NONE)
        m->first[key] = place;
    else
        m->next[m->last[key]] = place;
    m->last[key] = place;
    m->next[place] = NONE;
}

static size_t common(const uint8_t *a, const uint8_t *b, size_t most)
{
    size_t n = 0;
    while (n < most && a[n] == b[n])
        n++;
    return n;
}

/* The longest, of several the oldest; it may run into itself. */
static match find(const matcher *m, size_t pos)
{
    match best = { 0, 1 };
    size_t most = m->len - pos < MAX_MATCH ? m->len - pos : MAX_MATCH;
    if (most < MIN_MATCH)
        return best;
    const uint8_t *here = m->all + pos;
    for (uint16_t place = m->first[key_at(m, pos)];
         place != NONE && best.len < most; place = m->next[place]) {
        const uint8_t *there = here - (pos - place) % RING;
        if (there[best.len] != here[best.len])
            continue;
        size_t n = common(there, here, most);
        if (n > best.len)
            best = (match){ place, n };
    }
    return best;
}

static void put_token(cv_buf *out, size_t offset, size_t low)
{
    cv_buf_put_byte(out, (uint8_t)(offset >> 4));
    cv_buf_put_byte(out, (uint8_t)((offset & 15) << 4 | low));
}

/* Runs of a control byte and eight tokens; ends with the end token. */
static void compress(matcher *m, cv_buf *out)
{
    size_t pos = PRESET, control = 0;
    unsigned bit = 8;
    for (bool more = true; more; bit++) {
        if (bit == 8) {
            bit = 0;
            control = out->len;
            cv_buf_put_byte(out, 0);
        }
        more = pos < m->len;
        match found = more ? find(m, pos) : (match){ pos % RING, MIN_MATCH };
        if (found.len < MIN_MATCH)
            cv_buf_put_byte(out, m->all[pos]);
        else
            put_token(out, found.from, found.len - MIN_MATCH);
        if (found.len >= MIN_MATCH && out->status == CV_OK)
            out->data[control] |= (uint8_t)(1u << bit);
        for (size_t i = 0; more && i < found.len; i++)
            advance(m, pos++);
    }
}

static void put_header(cv_buf *out, cv_slice rtf, cv_slice contents)
{
    cv_buf_put_u32le(out, (uint32_t)(contents.len + 12));
    cv_buf_put_u32le(out, (uint32_t)rtf.len);
    cv_buf_put_u32le(out, TYPE_LZFU);
    cv_buf_put_u32le(out, cv_lzfu_crc(contents));
    cv_buf_put_slice(out, contents);
}

static matcher *new_matcher(cv_arena *arena, cv_slice rtf)
{
    matcher *m = cv_arena_alloc(arena, sizeof *m);
    uint8_t *all = cv_arena_alloc(arena, PRESET + rtf.len);
    if (!m || !all)
        return NULL;
    memcpy(all, preset, PRESET);
    if (rtf.len)
        memcpy(all + PRESET, rtf.ptr, rtf.len);
    m->all = all;
    m->len = PRESET + rtf.len;
    memset(m->first, 0xFF, sizeof m->first);
    for (size_t i = 0; i < PRESET; i++)
        advance(m, i);
    return m;
}

cv_status cv_lzfu_compress(cv_arena *arena, cv_slice rtf, cv_slice *out,
                           cv_error *err)
{
    cv_arena *scratch = NULL;
    cv_buf contents, whole;
    if (rtf.len > CV_LIMIT_RTF_BYTES)
        return cv_fail(err, CV_ERR_LIMIT, "RTF of %zu bytes", rtf.len);
    CV_TRY(cv_arena_new(0, &scratch, err));
    cv_buf_init(&contents, 0);
    cv_buf_init(&whole, 0);
    matcher *m = new_matcher(scratch, rtf);
    cv_status st = m ? CV_OK : cv_arena_fail(scratch, err);
    if (st == CV_OK) {
        compress(m, &contents);
        put_header(&whole, rtf, cv_buf_slice(&contents));
        st = cv_buf_status(&contents, err);
    }
    if (st == CV_OK)
        st = cv_buf_status(&whole, err);
    if (st == CV_OK) {
        *out = cv_buf_dup(&whole, arena);
        if (!out->ptr)
            st = cv_arena_fail(arena, err);
    }
    cv_buf_clear(&contents);
    cv_buf_clear(&whole);
    cv_arena_free(&scratch);
    return st;
}
