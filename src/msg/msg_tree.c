#include "msg/msg_private.h"

#include "base/reader.h"

#include <stdlib.h>

#define NO_ENTRY UINT32_C(0xFFFFFFFF)
#define RED 0
#define BLACK 1

/* Simple upper case of the characters that names have: ASCII and Latin-1. */
static uint16_t upper(uint16_t unit)
{
    bool small = (unit >= 'a' && unit <= 'z') ||
                 (unit >= 0xE0 && unit <= 0xFE && unit != 0xF7);
    return small ? (uint16_t)(unit - 0x20) : unit;
}

/* The order that readers search by: length, then upper-cased units. */
static int compare(const void *a, const void *b)
{
    cv_slice x = cv_cfb_name16(*(const cv_cfb_entry *const *)a);
    cv_slice y = cv_cfb_name16(*(const cv_cfb_entry *const *)b);
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

typedef struct tree {
    const cv_cfb_entry *first; /* entry 0: indices count from it */
    const cv_cfb_entry **rows; /* one storage's children, sorted */
    uint8_t *file;
    cv_slice in; /* the same bytes */
} tree;

static uint8_t *bytes_of(const tree *t, const cv_cfb_entry *e)
{
    return t->file + (e->raw.ptr - t->in.ptr);
}

static void put_u32(uint8_t *at, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(v >> (8 * i) & 0xFF);
}

/* Makes rows [low, high) a tree and returns its root. Each half has half the
 * rows: the depth is the logarithm of CV_LIMIT_CFB_ENTRIES at most. Nodes of
 * the last level, where it has gaps, are red (red_level counts down). */
static uint32_t build(const tree *t, size_t low, size_t high, int red_level)
{
    if (low == high)
        return NO_ENTRY;
    size_t mid = low + (high - low) / 2;
    uint8_t *raw = bytes_of(t, t->rows[mid]);
    raw[67] = red_level == 0 ? RED : BLACK;
    put_u32(raw + 68, build(t, low, mid, red_level - 1));
    put_u32(raw + 72, build(t, mid + 1, high, red_level - 1));
    return (uint32_t)(t->rows[mid] - t->first);
}

/* The level below the last full one, -1 when all are full. */
static int red_level(size_t count)
{
    int full = 0;
    while (((size_t)2 << full) - 1 <= count)
        full++;
    return ((size_t)1 << full) - 1 == count ? -1 : full;
}

static void balance_storage(tree *t, const cv_cfb *cfb,
                            const cv_cfb_entry *storage)
{
    size_t count = 0;
    const cv_cfb_entry *e = cv_cfb_first(cfb, storage);
    for (; e; e = cv_cfb_next(cfb, e))
        t->rows[count++] = e;
    qsort(t->rows, count, sizeof(cv_cfb_entry *), compare);
    put_u32(bytes_of(t, storage) + 76, build(t, 0, count, red_level(count)));
}

cv_status cv_msg_balance(uint8_t *file, size_t len, cv_arena *scratch,
                         cv_error *err)
{
    cv_cfb *cfb;
    tree t = { .file = file, .in = cv_slice_of(file, len) };
    CV_TRY(cv_cfb_open(t.in, scratch, NULL, &cfb, err));
    size_t count = cv_cfb_count(cfb);
    t.first = cv_cfb_root(cfb);
    t.rows = cv_arena_array(scratch, count, sizeof(cv_cfb_entry *));
    if (!t.rows)
        return cv_arena_fail(scratch, err);
    for (size_t i = 0; i < count; i++) {
        const cv_cfb_entry *e = t.first + i;
        if (e->raw.ptr && (e->raw.ptr < file || e->raw.ptr >= file + len))
            return CV_OK; /* the directory lies in pieces: leave it alone */
        if (e->type == CV_CFB_STORAGE || e->type == CV_CFB_ROOT)
            balance_storage(&t, cfb, e);
    }
    return CV_OK;
}
