#include "msg/cfb_write.h"

#include "base/limits.h"
#include "base/reader.h"
#include "msg/cfb.h"

#include <stdlib.h>
#include <string.h>

#define END_OF_CHAIN UINT32_C(0xFFFFFFFE)
#define FREE_SECTOR UINT32_C(0xFFFFFFFF)
#define FAT_SECTOR UINT32_C(0xFFFFFFFD)
#define DIFAT_SECTOR UINT32_C(0xFFFFFFFC)
#define NO_ENTRY UINT32_C(0xFFFFFFFF)
#define HEADER_BYTES 512
#define HEADER_DIFAT 109
#define ENTRY_BYTES 128
#define CUTOFF 4096 /* streams below it lie in the mini stream */
#define MINI_SHIFT 6
#define MOST_V3 UINT64_C(0x7FFFFFFF)
/* The sector with this offset holds no data: Windows locks ranges there. */
#define RANGE_LOCK UINT64_C(0x7FFFFF00)
#define RED 0
#define BLACK 1

typedef struct node {
    cv_slice name16; /* arena or borrowed */
    uint8_t type;    /* CV_CFB_...; 0: dropped for its name */
    uint8_t colour;
    uint8_t clsid[16];
    cv_blob data; /* streams */
    uint64_t size;
    uint32_t parent;
    uint32_t left, right, child;
    uint32_t start;
} node;

/* What lies where, in sectors; one part behind the other in this order. */
typedef struct layout {
    unsigned shift;
    uint32_t difat, fat, directory, mini_fat, mini_stream;
    uint64_t big; /* of all streams that are not in the mini stream */
    uint32_t mini_sectors;
    uint64_t lock;  /* the number of the range-lock sector */
    uint64_t total; /* sectors but the header's, the lock's included */
} layout;

struct cv_cfb_writer {
    cv_arena *arena;
    node *nodes; /* arena; the place is the id and the place in the file */
    uint32_t count, room;
    uint64_t most_v3;
    layout at;
    bool laid_out;
};

/* -- the tree -- */

static cv_status add_node(cv_cfb_writer *w, uint32_t parent, uint8_t type,
                          cv_slice name16, uint32_t *id, cv_error *err)
{
    if (name16.len > CV_CFB_NAME_BYTES)
        return cv_fail(err, CV_ERR_LIMIT,
                       "name of %zu bytes in a compound "
                       "file",
                       name16.len);
    if (w->count == w->room) {
        uint32_t room = w->room ? 2 * w->room : 64;
        node *more = cv_arena_array(w->arena, room, sizeof *more);
        if (!more)
            return cv_arena_fail(w->arena, err);
        if (w->count)
            memcpy(more, w->nodes, w->count * sizeof *more);
        w->nodes = more;
        w->room = room;
    }
    *id = w->count++;
    w->nodes[*id] = (node){ .name16 = name16,
                            .type = type,
                            .colour = BLACK,
                            .parent = parent,
                            .left = NO_ENTRY,
                            .right = NO_ENTRY,
                            .child = NO_ENTRY };
    return CV_OK;
}

static cv_status ascii_name(cv_cfb_writer *w, const char *name, cv_slice *out,
                            cv_error *err)
{
    size_t len = strlen(name);
    uint8_t *bytes = cv_arena_alloc(w->arena, 2 * len);
    if (!bytes)
        return cv_arena_fail(w->arena, err);
    for (size_t i = 0; i < len; i++)
        bytes[2 * i] = (uint8_t)name[i];
    *out = cv_slice_of(bytes, 2 * len);
    return CV_OK;
}

cv_status cv_cfb_writer_new(cv_arena *arena, cv_cfb_writer **out, cv_error *err)
{
    uint32_t root;
    cv_slice name;
    cv_cfb_writer *w = cv_arena_alloc(arena, sizeof *w);
    if (!w)
        return cv_arena_fail(arena, err);
    w->arena = arena;
    w->most_v3 = MOST_V3;
    CV_TRY(ascii_name(w, "Root Entry", &name, err));
    CV_TRY(add_node(w, NO_ENTRY, CV_CFB_ROOT, name, &root, err));
    *out = w;
    return CV_OK;
}

void cv_cfb_writer_set_limit_v3(cv_cfb_writer *w, uint64_t size_bytes)
{
    w->most_v3 = size_bytes;
}

void cv_cfb_set_clsid(cv_cfb_writer *w, uint32_t storage, cv_slice clsid)
{
    cv_assert(storage < w->count && clsid.len == 16);
    memcpy(w->nodes[storage].clsid, clsid.ptr, 16);
}

cv_status cv_cfb_add_storage16(cv_cfb_writer *w, uint32_t parent,
                               cv_slice name16, uint32_t *id, cv_error *err)
{
    cv_assert(parent < w->count && !w->laid_out);
    return add_node(w, parent, CV_CFB_STORAGE, name16, id, err);
}

static cv_status count_bytes(void *ctx, const void *bytes, size_t len,
                             cv_error *err)
{
    (void)bytes;
    (void)err;
    *(uint64_t *)ctx += len;
    return CV_OK;
}

static cv_status add_stream(cv_cfb_writer *w, uint32_t parent, cv_slice name16,
                            const cv_blob *data, uint64_t *size_out,
                            cv_error *err)
{
    cv_assert(parent < w->count && !w->laid_out);
    uint64_t size = data->mem.ptr ? data->mem.len : data->size_bytes;
    if (size == UINT64_MAX) {
        cv_sink counter = { count_bytes, &size };
        size = 0;
        CV_TRY(cv_blob_pump(data, &counter, err));
    }
    uint32_t id = 0;
    CV_TRY(add_node(w, parent, CV_CFB_STREAM, name16, &id, err));
    w->nodes[id].data = *data;
    w->nodes[id].size = size;
    if (size_out)
        *size_out = size;
    return CV_OK;
}

cv_status cv_cfb_add_stream16(cv_cfb_writer *w, uint32_t parent,
                              cv_slice name16, const cv_blob *data,
                              cv_error *err)
{
    return add_stream(w, parent, name16, data, NULL, err);
}

cv_status cv_cfb_add_storage(cv_cfb_writer *w, uint32_t parent,
                             const char *name, uint32_t *id, cv_error *err)
{
    cv_slice name16;
    CV_TRY(ascii_name(w, name, &name16, err));
    return cv_cfb_add_storage16(w, parent, name16, id, err);
}

cv_status cv_cfb_add_stream(cv_cfb_writer *w, uint32_t parent, const char *name,
                            const cv_blob *data, uint64_t *size, cv_error *err)
{
    cv_slice name16;
    CV_TRY(ascii_name(w, name, &name16, err));
    return add_stream(w, parent, name16, data, size, err);
}

/* Simple upper case of the characters that names have: ASCII and Latin-1. */
static uint16_t upper(uint16_t unit)
{
    bool small = (unit >= 'a' && unit <= 'z') ||
                 (unit >= 0xE0 && unit <= 0xFE && unit != 0xF7);
    return small ? (uint16_t)(unit - 0x20) : unit;
}

/* The order that readers search by: length, then upper-cased units. */
static int compare_names(cv_slice x, cv_slice y)
{
    if (x.len != y.len)
        return x.len < y.len ? -1 : 1;
    for (size_t i = 0; i < x.len; i += 2) {
        int order =
            (int)upper(cv_peek_u16le(x, i)) - (int)upper(cv_peek_u16le(y, i));
        if (order)
            return order;
    }
    return 0;
}

/* Children of one storage after the other, each in its order. */
static int compare_rows(const void *a, const void *b, void *ctx)
{
    const node *nodes = ctx;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    if (nodes[x].parent != nodes[y].parent)
        return nodes[x].parent < nodes[y].parent ? -1 : 1;
    int order = compare_names(nodes[x].name16, nodes[y].name16);
    if (order == 0)
        order = x < y ? -1 : x > y;
    return order;
}

/* Makes rows [0, count) a tree and returns its root. Each half has half the
 * rows: the depth is the logarithm of their number. Nodes of the last level,
 * where it has gaps, are red (red_level counts down to it). */
static uint32_t build(node *nodes, const uint32_t *rows, size_t count,
                      int red_level)
{
    if (count == 0)
        return NO_ENTRY;
    size_t mid = count / 2;
    node *n = &nodes[rows[mid]];
    n->colour = red_level == 0 ? RED : BLACK;
    n->left = build(nodes, rows, mid, red_level - 1);
    n->right = build(nodes, rows + mid + 1, count - mid - 1, red_level - 1);
    return rows[mid];
}

/* The level below the last full one, -1 when all are full. */
static int red_level(size_t count)
{
    int full = 0;
    while (((size_t)2 << full) - 1 <= count)
        full++;
    return ((size_t)1 << full) - 1 == count ? -1 : full;
}

/* What has the name of another one, or lies in such a storage, is no part of
 * the file. A parent is older than its children. */
static void drop_equal_names(node *nodes, const uint32_t *rows, uint32_t count)
{
    for (uint32_t i = 2; i < count; i++) {
        const node *before = &nodes[rows[i - 1]];
        node *n = &nodes[rows[i]];
        if (before->parent == n->parent &&
            compare_names(before->name16, n->name16) == 0)
            n->type = 0;
    }
    for (uint32_t i = 1; i < count; i++)
        if (nodes[nodes[i].parent].type == 0)
            nodes[i].type = 0;
}

static cv_status build_trees(cv_cfb_writer *w, cv_error *err)
{
    node *nodes = w->nodes;
    uint32_t *rows = cv_arena_array(w->arena, w->count, sizeof *rows);
    if (!rows)
        return cv_arena_fail(w->arena, err);
    for (uint32_t i = 0; i < w->count; i++)
        rows[i] = i;
    qsort_r(rows + 1, w->count - 1, sizeof *rows, compare_rows, nodes);
    drop_equal_names(nodes, rows, w->count);
    uint32_t used = 1;
    for (uint32_t i = 1; i < w->count; i++)
        if (nodes[rows[i]].type)
            rows[used++] = rows[i];
    for (uint32_t i = 1, n; i < used; i += n) {
        uint32_t parent = nodes[rows[i]].parent;
        for (n = 1; i + n < used && nodes[rows[i + n]].parent == parent;)
            n++;
        nodes[parent].child = build(nodes, rows + i, n, red_level(n));
    }
    return CV_OK;
}

/* -- the layout -- */

static bool is_stream(const node *n)
{
    return n->type == CV_CFB_STREAM && n->size > 0;
}

static uint64_t units(uint64_t bytes, unsigned shift)
{
    return (bytes >> shift) + ((bytes & ((UINT64_C(1) << shift) - 1)) != 0);
}

/* Number of FAT sectors, and of the sectors that list them beyond the
 * header's: the least that hold all sectors and themselves. */
static void count_fat(layout *at, uint64_t data)
{
    uint64_t per = UINT64_C(1) << (at->shift - 2), fat = 0, difat = 0;
    for (;;) {
        difat =
            fat > HEADER_DIFAT ? (fat - HEADER_DIFAT + per - 2) / (per - 1) : 0;
        uint64_t need = (data + fat + difat + per - 1) / per;
        if (need <= fat)
            break;
        fat = need;
    }
    at->fat = (uint32_t)fat;
    at->difat = (uint32_t)difat;
    at->total = data + fat + difat;
}

/* Where everything lies when sectors have 1 << shift bytes. */
static layout lay_out(const cv_cfb_writer *w, unsigned shift)
{
    layout at = { .shift = shift };
    uint64_t mini = 0;
    for (uint32_t i = 0; i < w->count; i++) {
        const node *n = &w->nodes[i];
        if (!is_stream(n))
            continue;
        if (n->size < CUTOFF)
            mini += units(n->size, MINI_SHIFT);
        else
            at.big += units(n->size, shift);
    }
    at.mini_sectors = (uint32_t)mini;
    at.directory = (uint32_t)units((uint64_t)w->count * ENTRY_BYTES, shift);
    at.mini_fat = (uint32_t)units(4 * mini, shift);
    at.mini_stream = (uint32_t)units(mini << MINI_SHIFT, shift);
    at.lock = (RANGE_LOCK >> shift) - 1;
    uint64_t data =
        (uint64_t)at.directory + at.mini_fat + at.mini_stream + at.big;
    count_fat(&at, data);
    if (at.total > at.lock)
        count_fat(&at, data + 1);
    return at;
}

/* Gives each stream its first sector, in the order of the nodes. */
static void place_streams(cv_cfb_writer *w)
{
    const layout *at = &w->at;
    uint64_t big = (uint64_t)at->difat + at->fat + at->directory +
                   at->mini_fat + at->mini_stream;
    uint32_t mini = 0;
    w->nodes[0].start =
        at->mini_stream ? (uint32_t)(big - at->mini_stream) : END_OF_CHAIN;
    w->nodes[0].size = (uint64_t)at->mini_sectors << MINI_SHIFT;
    for (uint32_t i = 1; i < w->count; i++) {
        node *n = &w->nodes[i];
        if (n->type == CV_CFB_STREAM)
            n->start = END_OF_CHAIN; /* when it is empty */
        if (!is_stream(n))
            continue;
        if (n->size < CUTOFF) {
            n->start = mini;
            mini += (uint32_t)units(n->size, MINI_SHIFT);
            continue;
        }
        uint64_t len = units(n->size, at->shift);
        if (big == at->lock)
            big++;
        n->start = (uint32_t)big;
        big += len + (big < at->lock && big + len > at->lock);
    }
}

/* -- writing -- */

/* What is on its way to the sink. */
typedef struct emitter {
    const cv_cfb_writer *w;
    const cv_sink *to;
    cv_status status; /* of the sink; once set, nothing more is written */
    cv_error *err;
    uint64_t written; /* bytes of the file so far */
    uint32_t buffer[1024];
    size_t used;        /* of buffer */
    uint64_t of_stream; /* bytes of the stream that is being pumped */
} emitter;

static void put_bytes(emitter *e, const void *bytes, size_t len)
{
    if (e->status == CV_OK)
        e->status = cv_sink_put(e->to, cv_slice_of(bytes, len), e->err);
    e->written += len;
}

static void put_zeros(emitter *e, uint64_t len)
{
    static const uint8_t zeros[4096];
    while (len > 0) {
        size_t n = len < sizeof zeros ? (size_t)len : sizeof zeros;
        put_bytes(e, zeros, n);
        len -= n;
    }
}

static void set_u16(uint8_t *at, uint16_t v)
{
    at[0] = (uint8_t)(v & 0xFF);
    at[1] = (uint8_t)(v >> 8);
}

static void set_u32(uint8_t *at, uint32_t v)
{
    set_u16(at, (uint16_t)(v & 0xFFFF));
    set_u16(at + 2, (uint16_t)(v >> 16));
}

static void flush_numbers(emitter *e)
{
    put_bytes(e, e->buffer, 4 * e->used);
    e->used = 0;
}

static void put_number(emitter *e, uint32_t v)
{
    set_u32((uint8_t *)&e->buffer[e->used], v);
    if (++e->used == CV_LEN(e->buffer))
        flush_numbers(e);
}

/* Fills the last sector of a table. */
static void end_numbers(emitter *e, uint32_t fill)
{
    uint64_t mask = (UINT64_C(1) << e->w->at.shift) - 1;
    while ((e->written + 4 * e->used) & mask)
        put_number(e, fill);
    flush_numbers(e);
}

static void put_header(emitter *e)
{
    const layout *at = &e->w->at;
    bool v4 = at->shift > 9;
    uint8_t h[HEADER_BYTES] = {
        0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1
    };
    uint32_t directory = at->difat + at->fat;
    set_u16(h + 24, 0x3E);
    set_u16(h + 26, v4 ? 4 : 3);
    set_u16(h + 28, 0xFFFE);
    set_u16(h + 30, (uint16_t)at->shift);
    set_u16(h + 32, MINI_SHIFT);
    set_u32(h + 40, v4 ? at->directory : 0);
    set_u32(h + 44, at->fat);
    set_u32(h + 48, directory);
    set_u32(h + 56, CUTOFF);
    set_u32(h + 60, at->mini_fat ? directory + at->directory : END_OF_CHAIN);
    set_u32(h + 64, at->mini_fat);
    set_u32(h + 68, at->difat ? 0 : END_OF_CHAIN);
    set_u32(h + 72, at->difat);
    for (uint32_t i = 0; i < HEADER_DIFAT; i++)
        set_u32(h + 76 + 4 * i, i < at->fat ? at->difat + i : FREE_SECTOR);
    put_bytes(e, h, sizeof h);
    put_zeros(e, (UINT64_C(1) << at->shift) - sizeof h);
}

/* The numbers of the FAT's sectors that the header has no room for. */
static void put_difat(emitter *e)
{
    const layout *at = &e->w->at;
    uint32_t per = (UINT32_C(1) << (at->shift - 2)) - 1, next = HEADER_DIFAT;
    for (uint32_t i = 0; i < at->difat; i++) {
        for (uint32_t k = 0; k < per; k++, next++)
            put_number(e, next < at->fat ? at->difat + next : FREE_SECTOR);
        put_number(e, i + 1 < at->difat ? i + 1 : END_OF_CHAIN);
    }
    flush_numbers(e);
}

/* A chain of `count` sectors from *at on, around the range lock. */
static void put_chain(emitter *e, uint64_t *at, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        uint64_t lock = e->w->at.lock;
        if (*at == lock) {
            put_number(e, END_OF_CHAIN);
            ++*at;
        }
        uint64_t next = *at + 1 == lock ? *at + 2 : *at + 1;
        put_number(e, i + 1 < count ? (uint32_t)next : END_OF_CHAIN);
        ++*at;
    }
}

static void put_fat(emitter *e)
{
    const layout *at = &e->w->at;
    uint64_t sector = (uint64_t)at->difat + at->fat;
    for (uint32_t i = 0; i < at->difat; i++)
        put_number(e, DIFAT_SECTOR);
    for (uint32_t i = 0; i < at->fat; i++)
        put_number(e, FAT_SECTOR);
    put_chain(e, &sector, at->directory);
    put_chain(e, &sector, at->mini_fat);
    put_chain(e, &sector, at->mini_stream);
    for (uint32_t i = 1; i < e->w->count; i++)
        if (is_stream(&e->w->nodes[i]) && e->w->nodes[i].size >= CUTOFF)
            put_chain(e, &sector, units(e->w->nodes[i].size, at->shift));
    end_numbers(e, FREE_SECTOR);
}

static void put_entry(emitter *e, const node *n)
{
    uint8_t raw[ENTRY_BYTES] = { 0 };
    bool used = n && n->type;
    if (used) {
        memcpy(raw, n->name16.ptr, n->name16.len);
        set_u16(raw + 64, (uint16_t)(n->name16.len + 2));
        raw[66] = n->type;
        raw[67] = n->colour;
        memcpy(raw + 80, n->clsid, sizeof n->clsid);
        set_u32(raw + 116, n->start);
        set_u32(raw + 120, (uint32_t)(n->size & 0xFFFFFFFF));
        set_u32(raw + 124, (uint32_t)(n->size >> 32));
    }
    set_u32(raw + 68, used ? n->left : NO_ENTRY);
    set_u32(raw + 72, used ? n->right : NO_ENTRY);
    set_u32(raw + 76, used ? n->child : NO_ENTRY);
    put_bytes(e, raw, sizeof raw);
}

static void put_directory(emitter *e)
{
    uint64_t room =
        ((uint64_t)e->w->at.directory << e->w->at.shift) / ENTRY_BYTES;
    for (uint64_t i = 0; i < room; i++)
        put_entry(e, i < e->w->count ? &e->w->nodes[i] : NULL);
}

static void put_mini_fat(emitter *e)
{
    uint32_t sector = 0;
    for (uint32_t i = 1; i < e->w->count; i++) {
        const node *n = &e->w->nodes[i];
        if (!is_stream(n) || n->size >= CUTOFF)
            continue;
        uint32_t count = (uint32_t)units(n->size, MINI_SHIFT);
        for (uint32_t k = 1; k < count; k++)
            put_number(e, ++sector);
        put_number(e, END_OF_CHAIN);
        sector++;
    }
    end_numbers(e, FREE_SECTOR);
}

/* Bytes of a stream; where the range lock lies, its sector comes between. */
static cv_status put_stream_bytes(void *ctx, const void *bytes, size_t len,
                                  cv_error *err)
{
    emitter *e = ctx;
    const uint8_t *p = bytes;
    uint64_t lock = (e->w->at.lock + 1) << e->w->at.shift;
    (void)err; /* e->err is the same */
    e->of_stream += len;
    if (e->written <= lock && len > lock - e->written) {
        size_t before = (size_t)(lock - e->written);
        put_bytes(e, p, before);
        put_zeros(e, UINT64_C(1) << e->w->at.shift);
        p += before;
        len -= before;
    }
    put_bytes(e, p, len);
    return e->status;
}

static cv_status put_stream(emitter *e, const node *n, unsigned shift)
{
    cv_sink sink = { put_stream_bytes, e };
    e->of_stream = 0;
    CV_TRY(cv_blob_pump(&n->data, &sink, e->err));
    if (e->of_stream != n->size)
        return cv_fail(e->err, CV_ERR_IO, "a stream of %llu bytes gave %llu",
                       (unsigned long long)n->size,
                       (unsigned long long)e->of_stream);
    put_zeros(e, (units(n->size, shift) << shift) - n->size);
    return e->status;
}

static cv_status put_streams(emitter *e)
{
    const layout *at = &e->w->at;
    for (int big = 0; big < 2; big++) {
        for (uint32_t i = 1; i < e->w->count; i++) {
            const node *n = &e->w->nodes[i];
            if (is_stream(n) && (n->size >= CUTOFF) == big)
                CV_TRY(put_stream(e, n, big ? at->shift : MINI_SHIFT));
        }
        if (!big)
            put_zeros(e, ((uint64_t)at->mini_stream << at->shift) -
                             e->w->nodes[0].size);
    }
    return e->status;
}

static cv_status pump_file(void *ctx, const cv_sink *to, cv_error *err)
{
    emitter e = { .w = ctx, .to = to, .err = err };
    put_header(&e);
    put_difat(&e);
    put_fat(&e);
    put_directory(&e);
    put_mini_fat(&e);
    return e.status == CV_OK ? put_streams(&e) : e.status;
}

cv_status cv_cfb_writer_blob(cv_cfb_writer *w, cv_blob *out, cv_error *err)
{
    if (!w->laid_out) {
        CV_TRY(build_trees(w, err));
        w->at = lay_out(w, 9);
        if ((w->at.total + 1) << 9 > w->most_v3)
            w->at = lay_out(w, 12);
        place_streams(w);
        w->laid_out = true;
    }
    *out = (cv_blob){ .size_bytes = (w->at.total + 1) << w->at.shift,
                      .pump = pump_file,
                      .ctx = w };
    return CV_OK;
}

cv_status cv_cfb_write(cv_cfb_writer *w, const cv_sink *out, cv_error *err)
{
    cv_blob file;
    CV_TRY(cv_cfb_writer_blob(w, &file, err));
    return cv_blob_pump(&file, out, err);
}
