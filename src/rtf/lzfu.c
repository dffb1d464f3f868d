#include "rtf/lzfu.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/reader.h"

#include <string.h>

#define RING 4096
#define HEAD 16 /* bytes of the header */
#define TYPE_LZFU UINT32_C(0x75465A4C)
#define TYPE_MELA UINT32_C(0x414C454D)

static const char preset[] =
    "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}"
    "{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor "
    "MS Sans SerifSymbolArialTimes New RomanCourier"
    "{\\colortbl\\red0\\green0\\blue0\r\n"
    "\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";

/* Four bits at a time: remainders of the polynomial 0xEDB88320. */
static const uint32_t nibbles[16] = {
    0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4,
    0x4DB26158, 0x5005713C, 0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C,
    0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C,
};

uint32_t cv_lzfu_crc(cv_slice bytes)
{
    uint32_t crc = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        crc ^= bytes.ptr[i];
        crc = crc >> 4 ^ nibbles[crc & 15];
        crc = crc >> 4 ^ nibbles[crc & 15];
    }
    return crc;
}

typedef struct ring {
    uint8_t bytes[RING];
    size_t at; /* where the next byte is stored */
    cv_buf out;
} ring;

static void put(ring *r, uint8_t byte)
{
    r->bytes[r->at] = byte;
    r->at = (r->at + 1) % RING;
    cv_buf_put_byte(&r->out, byte);
}

/* One reference; false at the end token. */
static bool copy(ring *r, uint8_t high, uint8_t low)
{
    size_t from = (size_t)high << 4 | low >> 4;
    size_t len = (size_t)(low & 15) + 2;
    if (from == r->at)
        return false;
    for (size_t i = 0; i < len; i++)
        put(r, r->bytes[(from + i) % RING]);
    return true;
}

/* True when the end token was met. */
static bool expand(ring *r, cv_slice in)
{
    size_t pos = 0;
    while (pos < in.len && r->out.status == CV_OK) {
        uint8_t control = in.ptr[pos++];
        for (unsigned bit = 0; bit < 8 && pos < in.len; bit++) {
            if (!(control >> bit & 1)) {
                put(r, in.ptr[pos++]);
                continue;
            }
            if (in.len - pos < 2)
                return false;
            if (!copy(r, in.ptr[pos], in.ptr[pos + 1]))
                return true;
            pos += 2;
        }
    }
    return false;
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
    ring *r = cv_arena_alloc(arena, sizeof *r);
    if (!r)
        return cv_arena_fail(arena, err);
    memcpy(r->bytes, preset, sizeof preset - 1);
    r->at = sizeof preset - 1;
    cv_buf_init(&r->out, CV_LIMIT_RTF_BYTES);
    *ended = expand(r, contents);
    cv_status st = cv_buf_status(&r->out, err);
    if (st == CV_OK) {
        *rtf = without_nul(cv_buf_dup(&r->out, arena));
        if (!rtf->ptr)
            st = cv_arena_fail(arena, err);
    }
    cv_buf_clear(&r->out);
    return st;
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
        *rtf = without_nul(cv_slice_sub(contents, 0, raw));
    else if (type != TYPE_LZFU)
        return cv_fail(err, CV_ERR_SYNTAX, "RTF of form 0x%08x", type);
    else
        CV_TRY(decompress(arena, contents, rtf, &ended, err));
    if (damaged)
        *damaged = !ended || contents.len != (size_t)comp_size - 12 ||
                   (type == TYPE_LZFU && cv_lzfu_crc(contents) != crc);
    return CV_OK;
}
