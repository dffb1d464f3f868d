/* pst_test_kit.h - makes small PST files; included by tests only.
 *
 * Nodes are added one by one, a property context or a table each;
 * kit_finish() writes them with their indexes and a header. Every form that
 * exists can be written: ANSI, Unicode, Unicode with pages of 4 KB; any of
 * the encryptions.
 * Source: [MS-PST] 2.2, 2.3.
 */
#ifndef CV_PST_TEST_KIT_H
#define CV_PST_TEST_KIT_H

#include "base/limits.h"
#include "base/reader.h"
#include "base/text.h"
#include "pst/pst.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define KIT_VALUES 64    /* in one context or table */
#define KIT_ROWS 256     /* rows of a table */
#define KIT_NODES 4096   /* nodes, or blocks, in a file */
#define KIT_BLOCK 8176   /* most data in a block */
#define KIT_HEAP 3580    /* most data in a heap item */
#define KIT_HEADER 0x400 /* where the first page stands */

#define KIT_STORE 0x21
#define KIT_NAMES 0x61
#define KIT_ROOT 0x122
#define KIT_TABLE_FOLDERS 11  /* added to a folder's node id */
#define KIT_TABLE_MESSAGES 12 /* the same */
#define KIT_RECIPIENTS 0x692
#define KIT_ATTACHMENTS 0x671
#define KIT_ROW_ID 0x67F20003

typedef enum kit_form { KIT_ANSI, KIT_UNICODE, KIT_4K } kit_form;

typedef struct kit_form_row {
    uint16_t version;
    size_t word;      /* bytes of a block id or an offset */
    size_t page;      /* bytes of a page */
    size_t entries;   /* bytes for entries in a page */
    size_t unit;      /* blocks are a multiple of it */
    size_t trailer;   /* bytes at the end of a block */
    size_t block_row; /* bytes of an entry of the index of blocks */
    size_t node_row;  /* the same of nodes */
} kit_form_row;

static const kit_form_row kit_forms[] = {
    [KIT_ANSI] = { 14, 4, 512, 496, 64, 12, 12, 16 },
    [KIT_UNICODE] = { 23, 8, 512, 488, 64, 16, 24, 32 },
    [KIT_4K] = { 36, 8, 4096, 4056, 512, 24, 24, 32 },
};

typedef struct kit_index_row {
    uint64_t key;
    uint64_t a, b; /* data and sub-nodes; or offset and size */
    uint32_t parent;
} kit_index_row;

typedef struct kit {
    const kit_form_row *form;
    uint8_t crypt; /* 0 none, 1 permute, 2 cyclic */
    cv_buf file;
    kit_index_row nodes[KIT_NODES], blocks[KIT_NODES];
    size_t node_count, block_count;
    uint64_t next; /* block id */
    /* A heap under way. */
    cv_buf heap;
    uint16_t heap_at[KIT_NODES];
    size_t heap_count;
    /* Sub-nodes of the node under way. */
    kit_index_row subs[KIT_VALUES];
    size_t sub_count;
    uint64_t nbt_at, bbt_at; /* offsets of the indexes' first pages */
} kit;

typedef struct kit_value {
    uint32_t tag;
    cv_slice bytes;
} kit_value;

#define KIT_BYTES(lit) CV_S(lit)

/* -- numbers -- */

static inline uint32_t kit_sum(const uint8_t *bytes, size_t len)
{
    uint32_t crc = 0;
    for (size_t i = 0; i < len; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xEDB88320) : 0);
    }
    return crc;
}

static inline void kit_put(cv_buf *buf, uint64_t v, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        cv_buf_put_byte(buf, (uint8_t)(v >> (8 * i) & 0xFF));
}

static inline void kit_set(cv_buf *buf, size_t at, uint64_t v, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        buf->data[at + i] = (uint8_t)(v >> (8 * i) & 0xFF);
}

static inline void kit_pad(cv_buf *buf, size_t to)
{
    while (buf->len < to)
        cv_buf_put_byte(buf, 0);
}

static inline uint16_t kit_sig(uint64_t offset, uint64_t id)
{
    uint64_t v = offset ^ id;
    return (uint16_t)((v >> 16 ^ v) & 0xFFFF);
}

/* -- blocks -- */

static const uint8_t kit_tables[512] = {
#include "pst/pst_crypt_test.def"
};

static inline void kit_permute(uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        bytes[i] = kit_tables[bytes[i]];
}

static inline void kit_cyclic(uint8_t *bytes, size_t len, uint32_t key)
{
    uint8_t inverse[256];
    uint16_t w = (uint16_t)((key ^ key >> 16) & 0xFFFF);
    for (int i = 0; i < 256; i++)
        inverse[kit_tables[i]] = (uint8_t)i;
    for (size_t i = 0; i < len; i++, w++) {
        uint8_t low = (uint8_t)(w & 0xFF), high = (uint8_t)(w >> 8);
        uint8_t b = kit_tables[(uint8_t)(bytes[i] + low)];
        b = kit_tables[256 + (uint8_t)(b + high)];
        b = inverse[(uint8_t)(b - high)];
        bytes[i] = (uint8_t)(b - low);
    }
}

/* inner: a block of the file's own, not of user data. */
static inline uint64_t kit_block(kit *k, cv_slice data, bool inner)
{
    uint64_t id = k->next | (inner ? 2 : 0);
    size_t at = k->file.len;
    size_t whole = (data.len + k->form->trailer + k->form->unit - 1) /
                   k->form->unit * k->form->unit;
    assert_true(data.len <= KIT_BLOCK && k->block_count < KIT_NODES);
    k->next += 4;
    cv_buf_put_slice(&k->file, data);
    if (!inner && k->crypt == 1)
        kit_permute(k->file.data + at, data.len);
    if (!inner && k->crypt == 2)
        kit_cyclic(k->file.data + at, data.len, (uint32_t)id);
    uint32_t sum = kit_sum(k->file.data + at, data.len);
    kit_pad(&k->file, at + whole - k->form->trailer);
    kit_put(&k->file, data.len, 2);
    kit_put(&k->file, kit_sig(at, id), 2);
    if (k->form->word == 4) {
        kit_put(&k->file, id, 4);
        kit_put(&k->file, sum, 4);
    } else {
        kit_put(&k->file, sum, 4);
        kit_put(&k->file, id, 8);
    }
    if (k->form->trailer == 24) {
        kit_put(&k->file, 0, 2);
        kit_put(&k->file, data.len, 2);
        kit_put(&k->file, 0, 4);
    }
    k->blocks[k->block_count++] =
        (kit_index_row){ .key = id, .a = at, .b = data.len };
    return id;
}

/* Data of any size: a block, or an array of blocks. */
static inline uint64_t kit_data(kit *k, cv_slice data)
{
    cv_buf list;
    if (data.len <= KIT_BLOCK)
        return kit_block(k, data, false);
    cv_buf_init(&list, 0);
    kit_put(&list, 0x0101, 2);
    kit_put(&list, (data.len + KIT_BLOCK - 1) / KIT_BLOCK, 2);
    kit_put(&list, data.len, 4);
    for (size_t at = 0; at < data.len; at += KIT_BLOCK)
        kit_put(&list, kit_block(k, cv_slice_sub(data, at, KIT_BLOCK), false),
                k->form->word);
    uint64_t id = kit_block(k, cv_buf_slice(&list), true);
    cv_buf_clear(&list);
    return id;
}

static inline int kit_compare(const void *a, const void *b)
{
    const kit_index_row *x = a, *y = b;
    return x->key < y->key ? -1 : x->key > y->key;
}

/* -- nodes -- */

static inline void kit_sub(kit *k, uint32_t node, uint64_t data, uint64_t sub)
{
    assert_true(k->sub_count < KIT_VALUES);
    k->subs[k->sub_count++] =
        (kit_index_row){ .key = node, .a = data, .b = sub };
}

/* The block of the sub-nodes added from `first` on; 0 for none. */
static inline uint64_t kit_subs(kit *k, size_t first)
{
    cv_buf list;
    size_t word = k->form->word;
    if (k->sub_count == first)
        return 0;
    qsort(k->subs + first, k->sub_count - first, sizeof *k->subs, kit_compare);
    cv_buf_init(&list, 0);
    kit_put(&list, 0x0002, 2);
    kit_put(&list, k->sub_count - first, 2);
    if (word == 8)
        kit_put(&list, 0, 4);
    for (size_t i = first; i < k->sub_count; i++) {
        kit_put(&list, k->subs[i].key, word);
        kit_put(&list, k->subs[i].a, word);
        kit_put(&list, k->subs[i].b, word);
    }
    k->sub_count = first;
    uint64_t id = kit_block(k, cv_buf_slice(&list), true);
    cv_buf_clear(&list);
    return id;
}

static inline void kit_node(kit *k, uint32_t node, uint32_t parent,
                            uint64_t data, uint64_t sub)
{
    assert_true(k->node_count < KIT_NODES);
    k->nodes[k->node_count++] =
        (kit_index_row){ .key = node, .a = data, .b = sub, .parent = parent };
}

/* -- heaps -- */

static inline void kit_heap_begin(kit *k, uint8_t client)
{
    cv_buf_reset(&k->heap);
    kit_put(&k->heap, 0, 2);
    kit_put(&k->heap, 0xEC, 1);
    kit_put(&k->heap, client, 1);
    kit_put(&k->heap, 0, 8);
    k->heap_count = 0;
}

static inline uint32_t kit_heap_add(kit *k, cv_slice bytes)
{
    k->heap_at[k->heap_count++] = (uint16_t)k->heap.len;
    cv_buf_put_slice(&k->heap, bytes);
    return (uint32_t)k->heap_count << 5;
}

/* The heap's block. */
static inline uint64_t kit_heap_end(kit *k, uint32_t root)
{
    size_t end = k->heap.len;
    if (end & 1)
        kit_put(&k->heap, 0, 1);
    kit_set(&k->heap, 0, k->heap.len, 2);
    kit_set(&k->heap, 4, root, 4);
    kit_put(&k->heap, k->heap_count, 2);
    kit_put(&k->heap, 0, 2);
    for (size_t i = 0; i < k->heap_count; i++)
        kit_put(&k->heap, k->heap_at[i], 2);
    kit_put(&k->heap, end, 2);
    return kit_block(k, cv_buf_slice(&k->heap), false);
}

static inline uint32_t kit_bth(kit *k, uint8_t key, uint8_t entry,
                               cv_slice rows)
{
    cv_buf head;
    uint32_t root = rows.len ? kit_heap_add(k, rows) : 0;
    cv_buf_init(&head, 0);
    kit_put(&head, 0xB5, 1);
    kit_put(&head, key, 1);
    kit_put(&head, entry, 1);
    kit_put(&head, 0, 1);
    kit_put(&head, root, 4);
    uint32_t id = kit_heap_add(k, cv_buf_slice(&head));
    cv_buf_clear(&head);
    return id;
}

/* The cell of a value: itself, or where it is. */
static inline uint32_t kit_cell(kit *k, const kit_value *v)
{
    uint16_t type = CV_TAG_TYPE(v->tag);
    if (type == CV_T_I16 || type == CV_T_I32 || type == CV_T_BOOL ||
        type == CV_T_F32 || type == CV_T_ERROR)
        return cv_peek_u32le(v->bytes, 0);
    if (!v->bytes.len)
        return 0;
    if (v->bytes.len <= KIT_HEAP)
        return kit_heap_add(k, v->bytes);
    uint32_t node = 0x10000 + (uint32_t)k->sub_count * 0x20 + 0x1F;
    kit_sub(k, node, kit_data(k, v->bytes), 0);
    return node;
}

static inline int kit_compare_values(const void *a, const void *b)
{
    const kit_value *x = a, *y = b;
    return x->tag < y->tag ? -1 : x->tag > y->tag;
}

/* A property context; its values in any order, ended by tag 0. Sub-nodes for
 * large values are added. */
static inline uint64_t kit_pc(kit *k, const kit_value *values)
{
    kit_value sorted[KIT_VALUES];
    size_t count = 0;
    cv_buf rows;
    cv_buf_init(&rows, 0);
    for (; values[count].tag; count++)
        sorted[count] = values[count];
    qsort(sorted, count, sizeof *sorted, kit_compare_values);
    kit_heap_begin(k, 0xBC);
    for (size_t i = 0; i < count; i++) {
        kit_put(&rows, CV_TAG_ID(sorted[i].tag), 2);
        kit_put(&rows, CV_TAG_TYPE(sorted[i].tag), 2);
        kit_put(&rows, kit_cell(k, &sorted[i]), 4);
    }
    uint32_t root = kit_bth(k, 2, 6, cv_buf_slice(&rows));
    cv_buf_clear(&rows);
    return kit_heap_end(k, root);
}

/* A table of columns of 4 bytes (numbers, text, bytes). rows: row after row,
 * columns in the order of tags, which is ascending and begins with
 * KIT_ROW_ID's place at the end. */
static inline uint64_t kit_tc(kit *k, const uint32_t *tags, size_t columns,
                              const cv_slice *cells, const uint32_t *ids,
                              size_t row_count)
{
    cv_buf info, matrix, index;
    size_t all = columns + 1, fixed = all * 4, size = fixed + (all + 7) / 8;
    cv_buf_init(&info, 0);
    cv_buf_init(&matrix, 0);
    cv_buf_init(&index, 0);
    kit_heap_begin(k, 0x7C);
    for (size_t r = 0; r < row_count; r++) {
        kit_put(&matrix, ids[r], 4);
        for (size_t c = 0; c < columns; c++) {
            kit_value v = { tags[c], cells[r * columns + c] };
            kit_put(&matrix, kit_cell(k, &v), 4);
        }
        for (size_t c = 0; c < all; c += 8)
            kit_put(&matrix, 0xFF, 1);
        kit_put(&index, ids[r], 4);
        kit_put(&index, r, k->form->word == 4 ? 2 : 4);
    }
    uint32_t rows = matrix.len ? kit_heap_add(k, cv_buf_slice(&matrix)) : 0;
    uint32_t bth =
        kit_bth(k, 4, k->form->word == 4 ? 2 : 4, cv_buf_slice(&index));
    kit_put(&info, 0x7C, 1);
    kit_put(&info, all, 1);
    kit_put(&info, fixed, 2);
    kit_put(&info, fixed, 2);
    kit_put(&info, fixed, 2);
    kit_put(&info, size, 2);
    kit_put(&info, bth, 4);
    kit_put(&info, rows, 4);
    kit_put(&info, 0, 4);
    for (size_t c = 0; c < all; c++) {
        kit_put(&info, c < columns ? tags[c] : KIT_ROW_ID, 4);
        kit_put(&info, c < columns ? (c + 1) * 4 : 0, 2);
        kit_put(&info, 4, 1);
        kit_put(&info, c < columns ? c + 1 : 0, 1);
    }
    uint32_t root = kit_heap_add(k, cv_buf_slice(&info));
    cv_buf_clear(&info);
    cv_buf_clear(&matrix);
    cv_buf_clear(&index);
    return kit_heap_end(k, root);
}

/* -- pages -- */

static inline uint64_t kit_page(kit *k, cv_slice entries, size_t count,
                                size_t row, uint8_t type, uint8_t level,
                                uint64_t *id)
{
    const kit_form_row *f = k->form;
    size_t at = (k->file.len + f->page - 1) / f->page * f->page;
    size_t max = f->entries / row;
    *id = k->next;
    k->next += 4;
    kit_pad(&k->file, at);
    cv_buf_put_slice(&k->file, entries);
    kit_pad(&k->file, at + f->entries);
    kit_put(&k->file, count, f->page == 4096 ? 2 : 1);
    kit_put(&k->file, max, f->page == 4096 ? 2 : 1);
    kit_put(&k->file, row, 1);
    kit_put(&k->file, level, 1);
    kit_pad(&k->file, at + f->page -
                          (f->page == 4096 ? 24
                           : f->word == 4  ? 12
                                           : 16));
    uint32_t sum = kit_sum(k->file.data + at, k->file.len - at);
    kit_put(&k->file, type, 1);
    kit_put(&k->file, type, 1);
    kit_put(&k->file, kit_sig(at, *id), 2);
    if (f->word == 4) {
        kit_put(&k->file, *id, 4);
        kit_put(&k->file, sum, 4);
    } else {
        kit_put(&k->file, sum, 4);
        kit_put(&k->file, *id, 8);
    }
    kit_pad(&k->file, at + f->page);
    return at;
}

static inline void kit_put_row(const kit *k, cv_buf *buf, bool nodes,
                               const kit_index_row *r)
{
    size_t word = k->form->word;
    kit_put(buf, r->key, word);
    kit_put(buf, r->a, word);
    if (nodes) {
        kit_put(buf, r->b, word);
        kit_put(buf, r->parent, word);
    } else {
        kit_put(buf, r->b, 2);
        kit_put(buf, 2, 2);
        if (word == 8)
            kit_put(buf, 0, 4);
    }
}

/* An index of any height; rows are replaced by those of the level above. */
static inline uint64_t kit_index(kit *k, bool nodes, uint64_t *id,
                                 uint64_t *first)
{
    kit_index_row *rows = nodes ? k->nodes : k->blocks;
    size_t count = nodes ? k->node_count : k->block_count;
    uint64_t at = 0;
    qsort(rows, count, sizeof *rows, kit_compare);
    for (uint8_t level = 0; level == 0 || count > 1; level++) {
        size_t size = level   ? k->form->word * 3
                      : nodes ? k->form->node_row
                              : k->form->block_row;
        size_t room = k->form->entries / size, pages = 0;
        for (size_t from = 0; from < count; from += room) {
            cv_buf buf;
            size_t n = count - from < room ? count - from : room;
            uint64_t key = rows[from].key;
            cv_buf_init(&buf, 0);
            for (size_t i = from; i < from + n; i++)
                if (level) {
                    kit_put(&buf, rows[i].key, k->form->word);
                    kit_put(&buf, rows[i].a, k->form->word);
                    kit_put(&buf, rows[i].b, k->form->word);
                } else {
                    kit_put_row(k, &buf, nodes, &rows[i]);
                }
            at = kit_page(k, cv_buf_slice(&buf), n, size, nodes ? 0x81 : 0x80,
                          level, id);
            cv_buf_clear(&buf);
            if (level == 0 && from == 0)
                *first = at;
            rows[pages++] = (kit_index_row){ .key = key, .a = *id, .b = at };
        }
        count = pages;
    }
    return at;
}

/* -- the file -- */

static inline void kit_begin(kit *k, kit_form form, uint8_t crypt)
{
    memset(k, 0, sizeof *k);
    k->form = &kit_forms[form];
    k->crypt = crypt;
    k->next = 0x100;
    cv_buf_init(&k->file, 0);
    cv_buf_init(&k->heap, 0);
    kit_pad(&k->file, KIT_HEADER);
}

/* The bytes, the kit's own. */
static inline cv_slice kit_finish(kit *k)
{
    bool ansi = k->form->word == 4;
    size_t word = k->form->word, root = ansi ? 164 : 180;
    uint64_t nbt_id, bbt_id;
    uint64_t nbt = kit_index(k, true, &nbt_id, &k->nbt_at);
    uint64_t bbt = kit_index(k, false, &bbt_id, &k->bbt_at);
    cv_buf *f = &k->file;
    memcpy(f->data, "!BDN", 4);
    kit_set(f, 8, 0x4D53, 2);
    kit_set(f, 10, k->form->version, 2);
    kit_set(f, 12, 19, 2);
    kit_set(f, 14, 0x0101, 2);
    kit_set(f, root + 4, f->len, word);
    kit_set(f, root + 4 + 4 * word, nbt_id, word);
    kit_set(f, root + 4 + 5 * word, nbt, word);
    kit_set(f, root + 4 + 6 * word, bbt_id, word);
    kit_set(f, root + 4 + 7 * word, bbt, word);
    kit_set(f, root + 4 + 8 * word, 2, 1);
    kit_set(f, ansi ? 460 : 512, 0x80, 1);
    kit_set(f, ansi ? 461 : 513, k->crypt, 1);
    kit_set(f, 4, kit_sum(f->data + 8, 471), 4);
    if (!ansi)
        kit_set(f, 524, kit_sum(f->data + 8, 516), 4);
    return cv_buf_slice(f);
}

static inline void kit_clear(kit *k)
{
    cv_buf_clear(&k->file);
    cv_buf_clear(&k->heap);
}

/* -- messages and folders -- */

/* UTF-16 of ASCII text in the arena of the test. */
static inline cv_slice kit_wide(cv_arena *arena, const char *text)
{
    cv_buf buf;
    cv_buf_init(&buf, 0);
    cv_utf8_to_utf16le(&buf, cv_slice_cstr(text));
    cv_slice out = cv_buf_dup(&buf, arena);
    cv_buf_clear(&buf);
    return out;
}

static inline void kit_folder(kit *k, cv_arena *arena, uint32_t node,
                              uint32_t parent, const char *name)
{
    kit_value values[] = { { CV_PidTagDisplayName, kit_wide(arena, name) },
                           { 0 } };
    kit_node(k, node, parent, kit_pc(k, values), 0);
}

/* A folder's table: the node ids in it. */
static inline void kit_list(kit *k, uint32_t folder, unsigned table,
                            const uint32_t *ids, size_t count)
{
    kit_node(k, folder + table, 0, kit_tc(k, NULL, 0, NULL, ids, count), 0);
}

static inline void kit_message(kit *k, uint32_t node, uint32_t parent,
                               const kit_value *values)
{
    uint64_t data = kit_pc(k, values);
    kit_node(k, node, parent, data, kit_subs(k, 0));
}

#endif
