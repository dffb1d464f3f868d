#include "convert/macfile.h"

#include "base/buf.h"
#include "base/reader.h"

enum {
    MAGIC_SINGLE = 0x00051600,
    MAGIC_DOUBLE = 0x00051607,
    VERSION = 0x00020000,
    ENTRY_DATA = 1,
    ENTRY_RESOURCE = 2,
    ENTRY_NAME = 3,
    ENTRY_FINDER = 9,
    HEAD_BYTES = 26,
    ENTRY_BYTES = 12,
    MAX_ENTRIES = 64
};

static uint32_t u32be(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
           p[3];
}

static uint32_t u16be(const uint8_t *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

/* -- AppleSingle, AppleDouble -- */

static void take_entry(uint32_t id, cv_slice bytes, cv_mac_file *out)
{
    if (id == ENTRY_DATA) {
        out->data = bytes;
        out->has_data = true;
    } else if (id == ENTRY_RESOURCE) {
        out->resource = bytes;
    } else if (id == ENTRY_NAME) {
        out->name = bytes;
    } else if (id == ENTRY_FINDER && bytes.len >= 16) {
        out->finder = cv_slice_sub(bytes, 0, 32);
    }
}

bool cv_mac_of_apple(cv_slice in, cv_mac_file *out)
{
    *out = (cv_mac_file){ .has_data = false };
    if (in.len < HEAD_BYTES ||
        (u32be(in.ptr) != MAGIC_SINGLE && u32be(in.ptr) != MAGIC_DOUBLE))
        return false;
    size_t count = u16be(in.ptr + HEAD_BYTES - 2);
    if (count == 0 || count > MAX_ENTRIES ||
        (in.len - HEAD_BYTES) / ENTRY_BYTES < count)
        return false;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *e = in.ptr + HEAD_BYTES + i * ENTRY_BYTES;
        size_t at = u32be(e + 4), len = u32be(e + 8);
        if (at > in.len || len > in.len - at)
            return false;
        take_entry(u32be(e), cv_slice_sub(in, at, len), out);
    }
    return true;
}

bool cv_mac_has_more(const cv_mac_file *file)
{
    return file->resource.len || file->finder.len;
}

static void put_u32be(cv_buf *buf, uint32_t v)
{
    const uint8_t bytes[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16),
                               (uint8_t)(v >> 8), (uint8_t)v };
    cv_buf_put(buf, bytes, 4);
}

cv_slice cv_mac_double(cv_arena *arena, const cv_mac_file *file)
{
    const struct {
        uint32_t id;
        cv_slice bytes;
    } entries[] = { { ENTRY_NAME, file->name },
                    { ENTRY_FINDER, file->finder },
                    { ENTRY_RESOURCE, file->resource } };
    uint32_t count = 0, at;
    cv_buf buf;
    cv_buf_init(&buf, 0);
    for (size_t i = 0; i < CV_LEN(entries); i++)
        count += entries[i].bytes.len != 0;
    put_u32be(&buf, MAGIC_DOUBLE);
    put_u32be(&buf, VERSION);
    for (int i = 0; i < 4; i++)
        put_u32be(&buf, 0);
    cv_buf_put_byte(&buf, 0);
    cv_buf_put_byte(&buf, (uint8_t)count);
    at = HEAD_BYTES + count * ENTRY_BYTES;
    for (size_t i = 0; i < CV_LEN(entries); i++) {
        if (!entries[i].bytes.len)
            continue;
        put_u32be(&buf, entries[i].id);
        put_u32be(&buf, at);
        put_u32be(&buf, (uint32_t)entries[i].bytes.len);
        at += (uint32_t)entries[i].bytes.len;
    }
    for (size_t i = 0; i < CV_LEN(entries); i++)
        cv_buf_put_slice(&buf, entries[i].bytes);
    cv_slice out = cv_buf_dup(&buf, arena);
    cv_buf_clear(&buf);
    return out;
}

/* -- MacBinary -- */

static size_t padded(size_t len)
{
    return (len + 127) / 128 * 128;
}

bool cv_mac_of_macbinary(cv_slice in, cv_mac_file *out)
{
    enum { HEAD = 128, NAME = 1, FINDER = 65, DATA = 83, RESOURCE = 87 };
    *out = (cv_mac_file){ .has_data = true };
    if (in.len < HEAD || in.ptr[0] != 0 || in.ptr[74] != 0 ||
        in.ptr[NAME] == 0 || in.ptr[NAME] > 63)
        return false;
    size_t data = u32be(in.ptr + DATA), resource = u32be(in.ptr + RESOURCE);
    size_t second = u16be(in.ptr + 120); /* a header behind the header */
    size_t at = HEAD + padded(second);
    if (data > INT32_MAX || resource > INT32_MAX || at > in.len ||
        data > in.len - at)
        return false;
    out->data = cv_slice_sub(in, at, data);
    at += padded(data);
    if (resource && (at > in.len || resource > in.len - at))
        return false;
    out->resource = resource ? cv_slice_sub(in, at, resource) : CV_S("");
    out->name = cv_slice_sub(in, NAME + 1, in.ptr[NAME]);
    out->finder = cv_slice_sub(in, FINDER, 16);
    return true;
}

/* -- BinHex 4.0 -- */

/* The stream within the text: six bits a character, runs, forks. */
typedef struct binhex {
    cv_slice in;
    size_t pos;
    uint32_t bits;
    unsigned have; /* bits */
    unsigned repeat;
    uint8_t last;
    bool end;
} binhex;

static int six_bits(uint8_t c)
{
    static const char letters[] = "!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTU"
                                  "VXYZ[`abcdefhijklmpqr";
    for (int i = 0; i < 64; i++)
        if ((uint8_t)letters[i] == c)
            return i;
    return -1;
}

/* A byte before runs are undone; -1 at the end. */
static int raw_byte(binhex *b)
{
    while (b->have < 8 && !b->end) {
        int v = -1;
        if (b->pos < b->in.len) {
            uint8_t c = b->in.ptr[b->pos++];
            if (c == '\r' || c == '\n' || c == '\t' || c == ' ')
                continue;
            v = six_bits(c);
        }
        if (v < 0) {
            b->end = true;
            break;
        }
        b->bits = b->bits << 6 | (uint32_t)v;
        b->have += 6;
    }
    if (b->have < 8)
        return -1;
    b->have -= 8;
    return (int)(b->bits >> b->have & 0xFF);
}

/* A byte of the file; 0x90 n repeats the byte before it. */
static int next_byte(binhex *b)
{
    enum { RUN = 0x90 };
    while (!b->repeat) {
        int c = raw_byte(b);
        int n = c == RUN ? raw_byte(b) : 0;
        if (n < 0)
            return -1;
        if (n == 0) {
            b->last = (uint8_t)c;
            return c;
        }
        b->repeat = (unsigned)n - 1;
    }
    b->repeat--;
    return b->last;
}

static bool take(binhex *b, uint8_t *to, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        int c = next_byte(b);
        if (c < 0)
            return false;
        to[i] = (uint8_t)c;
    }
    return true;
}

/* A fork and its checksum. No run makes more than 255 bytes of 3 letters, so
 * the text bounds what memory is asked for. */
static bool take_fork(cv_arena *arena, binhex *b, size_t len, cv_slice *out)
{
    uint8_t crc[2];
    if (len / 128 > b->in.len)
        return false;
    uint8_t *bytes = cv_arena_alloc(arena, len + 1);
    if (!bytes || !take(b, bytes, len) || !take(b, crc, 2))
        return false;
    *out = cv_slice_of(bytes, len);
    return true;
}

bool cv_mac_of_binhex(cv_arena *arena, cv_slice in, cv_mac_file *out)
{
    const cv_slice mark = CV_S("(This file must be converted with BinHex");
    uint8_t name_len = 0, head[21];
    *out = (cv_mac_file){ .has_data = true };
    size_t at = cv_slice_find(in, mark, 0);
    size_t colon = cv_slice_find_byte(in, ':', at == CV_NPOS ? 0 : at);
    if (colon == CV_NPOS || (at == CV_NPOS && colon > 0))
        return false;
    binhex b = { .in = in, .pos = colon + 1 };
    if (!take(&b, &name_len, 1) || name_len == 0 || name_len > 63)
        return false;
    uint8_t *name = cv_arena_alloc(arena, name_len);
    uint8_t *finder = cv_arena_alloc(arena, 16);
    /* version; type, creator, flags; lengths of the forks; checksum */
    if (!name || !finder || !take(&b, name, name_len) || !take(&b, head, 21))
        return false;
    for (size_t i = 0; i < 10; i++)
        finder[i] = head[1 + i];
    out->name = cv_slice_of(name, name_len);
    out->finder = cv_slice_of(finder, 16);
    return take_fork(arena, &b, u32be(head + 11), &out->data) &&
           take_fork(arena, &b, u32be(head + 15), &out->resource);
}
