#include "msg/cfb.h"

#include "base/limits.h"
#include "base/reader.h"

#include <string.h>

#define MAX_REGULAR UINT32_C(0xFFFFFFFA) /* first number that is no sector */
#define FREE_SECTOR UINT32_C(0xFFFFFFFF)
#define NO_ENTRY UINT32_C(0xFFFFFFFF)
#define HEADER_BYTES 512
#define ENTRY_BYTES 128
#define HEADER_DIFAT 109
#define RUN_BYTES \
    ((size_t)256 << 10) /* most that one write of a pump takes \
                         */

/* Where sectors lie and what follows each: the file's or the mini stream's. */
typedef struct space {
    unsigned shift;        /* a sector has 1 << shift bytes */
    uint32_t count;        /* sectors that exist */
    const uint32_t *table; /* file sectors that hold the "next" entries */
    size_t table_len;
    const uint32_t *home; /* mini: file sectors of the mini stream; or NULL */
} space;

struct cv_cfb {
    cv_slice in;
    cv_arena *arena;
    cv_report *report;
    space file, mini;
    uint32_t cutoff; /* streams below it lie in the mini stream */
    cv_slice dir;
    cv_cfb_entry *entries; /* arena */
    uint32_t entry_count;
};

/* A chain after it was measured. */
typedef struct chain {
    const space *space;
    uint32_t start;
    uint64_t sectors;
    bool in_one_piece;
    bool loops;
} chain;

bool cv_cfb_is(cv_slice in)
{
    static const uint8_t signature[8] = { 0xD0, 0xCF, 0x11, 0xE0,
                                          0xA1, 0xB1, 0x1A, 0xE1 };
    return in.len >= sizeof signature &&
           memcmp(in.ptr, signature, sizeof signature) == 0;
}

static uint64_t file_offset(const cv_cfb *cfb, uint32_t sector)
{
    return ((uint64_t)sector + 1) << cfb->file.shift;
}

/* Byte offset in the file of a sector; sector < s->count. */
static uint64_t offset_of(const cv_cfb *cfb, const space *s, uint32_t sector)
{
    if (!s->home)
        return file_offset(cfb, sector);
    unsigned up = cfb->file.shift - s->shift;
    uint32_t within = sector & ((UINT32_C(1) << up) - 1);
    return file_offset(cfb, s->home[sector >> up]) +
           ((uint64_t)within << s->shift);
}

/* The sector after this one; FREE_SECTOR where the table has no entry. */
static uint32_t next_of(const cv_cfb *cfb, const space *s, uint32_t sector)
{
    unsigned up = cfb->file.shift - 2;
    size_t row = sector >> up;
    if (row >= s->table_len)
        return FREE_SECTOR;
    uint64_t at = file_offset(cfb, s->table[row]) +
                  4 * (uint64_t)(sector & ((UINT32_C(1) << up) - 1));
    if (at + 4 > cfb->in.len)
        return FREE_SECTOR;
    return cv_peek_u32le(cfb->in, (size_t)at);
}

/* Length of a chain that is known to end in a loop of `period` sectors. */
static uint64_t length_before_repeat(const cv_cfb *cfb, const chain *c,
                                     uint64_t period)
{
    uint32_t ahead = c->start, behind = c->start;
    uint64_t lead = 0;
    for (uint64_t i = 0; i < period; i++)
        ahead = next_of(cfb, c->space, ahead);
    for (; ahead != behind; lead++) {
        ahead = next_of(cfb, c->space, ahead);
        behind = next_of(cfb, c->space, behind);
    }
    return lead + period;
}

/* Follows a chain for at most `want` sectors. A loop is found by Brent's
 * method: constant memory, whatever the file says. */
static chain measure(const cv_cfb *cfb, const space *s, uint32_t start,
                     uint64_t want)
{
    chain c = { s, start, 0, true, false };
    uint32_t at = start, mark = start;
    uint64_t since = 0, until = 1;
    uint64_t size = UINT64_C(1) << s->shift;
    while (at < s->count && c.sectors < want) {
        c.sectors++;
        if (c.sectors == want)
            break;
        uint32_t next = next_of(cfb, s, at);
        if (next >= s->count)
            break;
        if (next == mark) {
            c.loops = true;
            c.in_one_piece = false;
            c.sectors = length_before_repeat(cfb, &c, since + 1);
            break;
        }
        if (++since == until) {
            mark = next;
            since = 0;
            until *= 2;
        }
        if (c.in_one_piece &&
            offset_of(cfb, s, next) != offset_of(cfb, s, at) + size)
            c.in_one_piece = false;
        at = next;
    }
    return c;
}

/* Copies the first `len` bytes of a chain; what lies behind the end of the
 * file stays zero. */
static void copy_chain(const cv_cfb *cfb, const chain *c, uint8_t *out,
                       size_t len)
{
    size_t size = (size_t)1 << c->space->shift;
    uint32_t at = c->start;
    for (size_t done = 0; done < len; done += size) {
        uint64_t from = offset_of(cfb, c->space, at);
        size_t want = len - done < size ? len - done : size;
        if (from < cfb->in.len) {
            cv_slice part = cv_slice_sub(cfb->in, (size_t)from, want);
            memcpy(out + done, part.ptr, part.len);
        }
        at = next_of(cfb, c->space, at);
    }
}

/* Bytes [0, size) of a chain, fewer when it is shorter. */
static cv_status get_chain(const cv_cfb *cfb, const chain *c, uint64_t size,
                           cv_slice *out, cv_error *err)
{
    uint64_t there = c->sectors << c->space->shift;
    size_t len = (size_t)(there < size ? there : size);
    if (len == 0) {
        *out = CV_S("");
        return CV_OK;
    }
    if (c->in_one_piece) {
        uint64_t from = offset_of(cfb, c->space, c->start);
        size_t start = from < cfb->in.len ? (size_t)from : cfb->in.len;
        *out = cv_slice_sub(cfb->in, start, len);
        return CV_OK;
    }
    uint8_t *copy = cv_arena_alloc(cfb->arena, len);
    if (!copy)
        return cv_arena_fail(cfb->arena, err);
    copy_chain(cfb, c, copy, len);
    *out = cv_slice_of(copy, len);
    return CV_OK;
}

/* The sector numbers of a chain, as a table or home of a space. */
static cv_status list_chain(const cv_cfb *cfb, uint32_t start,
                            const uint32_t **out, size_t *count, cv_error *err)
{
    chain c = measure(cfb, &cfb->file, start, cfb->file.count);
    uint32_t *list =
        cv_arena_array(cfb->arena, (size_t)c.sectors, sizeof *list);
    if (!list)
        return cv_arena_fail(cfb->arena, err);
    uint32_t at = start;
    for (uint64_t i = 0; i < c.sectors; i++) {
        list[i] = at;
        at = next_of(cfb, &cfb->file, at);
    }
    if (c.loops)
        cv_report_say(cfb->report, CV_RULE_CFB_CHAIN, CV_S(""), CV_S(""),
                      CV_S(""), "the mini stream's chain loops");
    *out = list;
    *count = (size_t)c.sectors;
    return CV_OK;
}

/* The numbers of the FAT's sectors: 109 in the header, the rest in a chain of
 * sectors of their own. More than cover the file are not needed. */
static cv_status read_difat(cv_cfb *cfb, cv_error *err)
{
    size_t per = (size_t)1 << (cfb->file.shift - 2);
    size_t need = (cfb->file.count + per - 1) / per, have = 0;
    uint32_t *list = cv_arena_array(cfb->arena, need, sizeof *list);
    if (!list)
        return cv_arena_fail(cfb->arena, err);
    bool open = true;
    for (size_t i = 0; open && i < HEADER_DIFAT && have < need; i++) {
        list[have] = cv_peek_u32le(cfb->in, 76 + 4 * i);
        open = list[have] < MAX_REGULAR;
        have += open;
    }
    uint32_t at = cv_peek_u32le(cfb->in, 68);
    for (uint32_t step = 0; open && step < cfb->file.count; step++) {
        if (at >= cfb->file.count || have == need)
            break;
        size_t from = (size_t)file_offset(cfb, at);
        for (size_t i = 0; open && i < per - 1 && have < need; i++) {
            list[have] = from + 4 * i + 4 <= cfb->in.len
                             ? cv_peek_u32le(cfb->in, from + 4 * i)
                             : FREE_SECTOR;
            open = list[have] < MAX_REGULAR;
            have += open;
        }
        at = cv_peek_u32le(cfb->in, from + 4 * (per - 1));
    }
    cfb->file.table = list;
    cfb->file.table_len = have;
    return CV_OK;
}

static cv_status read_header(cv_cfb *cfb, cv_error *err)
{
    unsigned shift = cv_peek_u16le(cfb->in, 30);
    unsigned mini = cv_peek_u16le(cfb->in, 32);
    if (shift < 7 || shift > 16)
        return cv_fail_at(err, CV_ERR_SYNTAX, 30,
                          "compound file with sectors of 2^%u bytes", shift);
    cfb->file.shift = shift;
    cfb->mini.shift = mini >= 4 && mini < shift ? mini : 6;
    cfb->cutoff = cv_peek_u32le(cfb->in, 56);
    uint64_t sectors = cfb->in.len >> shift;
    if (cfb->in.len & ((UINT64_C(1) << shift) - 1)) {
        sectors++;
        /* Only a note: what a stream lacks by it is found when it is read. */
        cv_report_add(cfb->report, CV_FINDING(.rule = CV_RULE_CFB_TRUNCATED,
                                              .severity = CV_NOTE,
                                              .done = CV_S("the last sector is "
                                                           "incomplete")));
    }
    sectors = sectors ? sectors - 1 : 0; /* the header's */
    cfb->file.count = (uint32_t)(sectors < MAX_REGULAR ? sectors : MAX_REGULAR);
    return CV_OK;
}

static cv_status open_mini_stream(cv_cfb *cfb, cv_error *err)
{
    size_t sectors = 0;
    uint32_t table = cv_peek_u32le(cfb->in, 60);
    CV_TRY(list_chain(cfb, table, &cfb->mini.table, &cfb->mini.table_len, err));
    CV_TRY(
        list_chain(cfb, cfb->entries[0].start, &cfb->mini.home, &sectors, err));
    uint64_t count = (uint64_t)sectors << (cfb->file.shift - cfb->mini.shift);
    cfb->mini.count = (uint32_t)(count < MAX_REGULAR ? count : MAX_REGULAR);
    return CV_OK;
}

static void read_entry(cv_cfb *cfb, uint32_t index)
{
    cv_cfb_entry *e = &cfb->entries[index];
    cv_slice raw =
        cv_slice_sub(cfb->dir, (size_t)index * ENTRY_BYTES, ENTRY_BYTES);
    e->raw = raw;
    for (; e->name_len < 32; e->name_len++) {
        const uint8_t *at = raw.ptr + 2 * (size_t)e->name_len;
        unsigned unit = at[0] | (unsigned)at[1] << 8;
        if (unit == 0)
            break;
        e->name[e->name_len] = unit < 0x80 ? (char)unit : '?';
    }
    e->type = raw.ptr[66];
    e->child = NO_ENTRY;
    e->next = NO_ENTRY;
    e->start = cv_peek_u32le(raw, 116);
    e->size = cv_peek_u32le(raw, 120);
    /* Old writers leave garbage in the upper half of version 3 files. */
    if (cfb->file.shift > 9)
        e->size = cv_peek_u64le(raw, 120);
}

/* Walks the directory: in each storage the children's tree, in order, each
 * entry once. */
typedef struct walk {
    cv_cfb *cfb;
    uint32_t *stack;    /* room for every entry; serves storages, too */
    uint32_t *storages; /* found, not yet entered */
    uint32_t storage_count;
    bool defect;
} walk;

/* An entry of a tree that may be entered: it exists and was not seen. */
static bool may_enter(walk *w, uint32_t index)
{
    if (index == NO_ENTRY)
        return false;
    if (index >= w->cfb->entry_count || w->cfb->entries[index].raw.ptr) {
        w->defect = true;
        return false;
    }
    read_entry(w->cfb, index);
    return true;
}

/* Hangs an entry behind the last child; false for what is no stream and no
 * storage. */
static bool link_child(walk *w, uint32_t index, uint32_t *link)
{
    cv_cfb_entry *e = &w->cfb->entries[index];
    if (e->type != CV_CFB_STORAGE && e->type != CV_CFB_STREAM) {
        e->type = 0;
        w->defect = true;
        return false;
    }
    *link = index;
    if (e->type == CV_CFB_STORAGE)
        w->storages[w->storage_count++] = index;
    return true;
}

static void walk_storage(walk *w, uint32_t storage)
{
    cv_cfb_entry *entries = w->cfb->entries;
    uint32_t *link = &entries[storage].child;
    uint32_t at = cv_peek_u32le(entries[storage].raw, 76);
    uint32_t depth = 0;
    for (;;) {
        while (may_enter(w, at)) {
            w->stack[depth++] = at;
            at = cv_peek_u32le(entries[at].raw, 68);
        }
        if (depth == 0)
            break;
        at = w->stack[--depth];
        if (link_child(w, at, link))
            link = &entries[at].next;
        at = cv_peek_u32le(entries[at].raw, 72);
    }
}

/* Entries in use that no tree reaches. */
static uint32_t count_orphans(const cv_cfb *cfb)
{
    uint32_t orphans = 0;
    for (uint32_t i = 0; i < cfb->entry_count; i++) {
        uint8_t type = cfb->dir.ptr[(size_t)i * ENTRY_BYTES + 66];
        orphans += !cfb->entries[i].raw.ptr &&
                   (type == CV_CFB_STORAGE || type == CV_CFB_STREAM);
    }
    return orphans;
}

static cv_status walk_directory(cv_cfb *cfb, cv_error *err)
{
    walk w = { .cfb = cfb };
    w.stack = cv_arena_array(cfb->arena, cfb->entry_count, sizeof(uint32_t));
    w.storages = cv_arena_array(cfb->arena, cfb->entry_count, sizeof(uint32_t));
    if (!w.stack || !w.storages)
        return cv_arena_fail(cfb->arena, err);
    read_entry(cfb, 0);
    cfb->entries[0].type = CV_CFB_ROOT;
    w.storages[w.storage_count++] = 0;
    for (uint32_t i = 0; i < w.storage_count; i++)
        walk_storage(&w, w.storages[i]);
    if (w.defect)
        cv_report_say(cfb->report, CV_RULE_CFB_DIRECTORY, CV_S(""), CV_S(""),
                      CV_S(""), "the sound entries were read");
    uint32_t orphans = count_orphans(cfb);
    if (orphans)
        cv_report_say(cfb->report, CV_RULE_CFB_DIRECTORY, CV_S(""), CV_S(""),
                      CV_S(""), "left out %u entries that no storage holds",
                      (unsigned)orphans);
    return CV_OK;
}

static cv_status read_directory(cv_cfb *cfb, cv_error *err)
{
    uint32_t start = cv_peek_u32le(cfb->in, 48);
    chain c = measure(cfb, &cfb->file, start, cfb->file.count);
    CV_TRY(get_chain(cfb, &c, UINT64_MAX, &cfb->dir, err));
    if (c.loops)
        cv_report_say(cfb->report, CV_RULE_CFB_CHAIN, CV_S(""), CV_S(""),
                      CV_S(""), "the directory's chain loops");
    size_t count = cfb->dir.len / ENTRY_BYTES;
    if (count == 0)
        return cv_fail_at(err, CV_ERR_SYNTAX, 48,
                          "compound file without a directory");
    if (count > CV_LIMIT_CFB_ENTRIES) {
        count = CV_LIMIT_CFB_ENTRIES;
        cv_report_say(cfb->report, CV_RULE_LIMIT, CV_S(""), CV_S(""),
                      CV_S("CV_LIMIT_CFB_ENTRIES"),
                      "read the first %zu directory entries", count);
    }
    cfb->entry_count = (uint32_t)count;
    cfb->entries = cv_arena_array(cfb->arena, count, sizeof *cfb->entries);
    if (!cfb->entries)
        return cv_arena_fail(cfb->arena, err);
    return walk_directory(cfb, err);
}

cv_status cv_cfb_open(cv_slice in, cv_arena *arena, cv_report *report,
                      cv_cfb **out, cv_error *err)
{
    if (!cv_cfb_is(in))
        return cv_fail_at(err, CV_ERR_SYNTAX, 0, "not a compound file");
    if (in.len < HEADER_BYTES)
        return cv_fail_at(err, CV_ERR_SYNTAX, in.len,
                          "compound file ends in its header");
    cv_cfb *cfb = cv_arena_alloc(arena, sizeof *cfb);
    if (!cfb)
        return cv_arena_fail(arena, err);
    cfb->in = in;
    cfb->arena = arena;
    cfb->report = report;
    CV_TRY(read_header(cfb, err));
    CV_TRY(read_difat(cfb, err));
    CV_TRY(read_directory(cfb, err));
    CV_TRY(open_mini_stream(cfb, err));
    *out = cfb;
    return CV_OK;
}

const cv_cfb_entry *cv_cfb_root(const cv_cfb *cfb)
{
    return &cfb->entries[0];
}

size_t cv_cfb_count(const cv_cfb *cfb)
{
    return cfb->entry_count;
}

const cv_cfb_entry *cv_cfb_first(const cv_cfb *cfb, const cv_cfb_entry *storage)
{
    return storage->child == NO_ENTRY ? NULL : &cfb->entries[storage->child];
}

const cv_cfb_entry *cv_cfb_next(const cv_cfb *cfb, const cv_cfb_entry *entry)
{
    return entry->next == NO_ENTRY ? NULL : &cfb->entries[entry->next];
}

const cv_cfb_entry *cv_cfb_child(const cv_cfb *cfb, const cv_cfb_entry *storage,
                                 const char *name, uint8_t type)
{
    const cv_cfb_entry *e = cv_cfb_first(cfb, storage);
    for (; e; e = cv_cfb_next(cfb, e))
        if (e->type == type && strcasecmp(e->name, name) == 0)
            return e;
    return NULL;
}

cv_slice cv_cfb_name16(const cv_cfb_entry *entry)
{
    return cv_slice_sub(entry->raw, 0, 2 * (size_t)entry->name_len);
}

cv_slice cv_cfb_clsid(const cv_cfb_entry *entry)
{
    return cv_slice_sub(entry->raw, 80, 16);
}

/* Measures a stream's chain; *size becomes what can be read of it. */
static chain open_stream(const cv_cfb *cfb, const cv_cfb_entry *stream,
                         uint64_t *size)
{
    const space *s = stream->size < cfb->cutoff ? &cfb->mini : &cfb->file;
    uint64_t want = stream->size < cfb->in.len ? stream->size : cfb->in.len;
    uint64_t sectors = (want + (UINT64_C(1) << s->shift) - 1) >> s->shift;
    chain c = measure(cfb, s, stream->start, sectors);
    uint64_t there = c.sectors << s->shift;
    uint64_t from = c.sectors ? offset_of(cfb, s, stream->start) : 0;
    if (c.in_one_piece && there > cfb->in.len - from)
        there = cfb->in.len - from; /* the last sector is incomplete */
    *size = there < want ? there : want;
    if (*size < stream->size)
        cv_report_say(cfb->report,
                      c.loops ? CV_RULE_CFB_CHAIN : CV_RULE_CFB_TRUNCATED,
                      CV_S(""), cv_slice_cstr(stream->name), CV_S(""),
                      "read %llu of %llu bytes", (unsigned long long)*size,
                      (unsigned long long)stream->size);
    return c;
}

cv_status cv_cfb_bytes(const cv_cfb *cfb, const cv_cfb_entry *stream,
                       cv_slice *out, cv_error *err)
{
    if (stream->size == 0) {
        *out = CV_S("");
        return CV_OK;
    }
    uint64_t size;
    chain c = open_stream(cfb, stream, &size);
    return get_chain(cfb, &c, size, out, err);
}

typedef struct pump_state {
    const cv_cfb *cfb;
    chain chain;
    uint64_t size;
} pump_state;

/* The sectors from *at that lie behind one another, as one piece of the
 * input; *at moves to the first one after them. */
static cv_slice next_run(const cv_cfb *cfb, const space *s, uint32_t *at,
                         uint64_t left)
{
    size_t size = (size_t)1 << s->shift, run = 0;
    uint64_t from = offset_of(cfb, s, *at);
    do {
        run += size;
        *at = next_of(cfb, s, *at);
    } while (run < left && run < RUN_BYTES && *at < s->count &&
             offset_of(cfb, s, *at) == from + run);
    size_t start = from < cfb->in.len ? (size_t)from : cfb->in.len;
    return cv_slice_sub(cfb->in, start, run < left ? run : (size_t)left);
}

/* Zeros for the part of the last sector that the file lacks. */
static cv_status pad(const cv_sink *to, uint64_t len, cv_error *err)
{
    static const uint8_t zeros[512];
    while (len > 0) {
        size_t n = len < sizeof zeros ? (size_t)len : sizeof zeros;
        CV_TRY(cv_sink_put(to, cv_slice_of(zeros, n), err));
        len -= n;
    }
    return CV_OK;
}

static cv_status pump_chain(void *ctx, const cv_sink *to, cv_error *err)
{
    const pump_state *p = ctx;
    uint32_t at = p->chain.start;
    uint64_t left = p->size;
    while (left > 0) {
        cv_slice run = next_run(p->cfb, p->chain.space, &at, left);
        if (run.len == 0) /* the last sector lies behind the end */
            break;
        CV_TRY(cv_sink_put(to, run, err));
        left -= run.len;
    }
    return pad(to, left, err);
}

cv_status cv_cfb_blob(const cv_cfb *cfb, const cv_cfb_entry *stream,
                      cv_blob *out, cv_error *err)
{
    *out = cv_blob_mem(CV_S(""));
    if (stream->size == 0)
        return CV_OK;
    uint64_t size;
    chain c = open_stream(cfb, stream, &size);
    if (c.in_one_piece || c.space == &cfb->mini || size == 0) {
        cv_slice mem;
        CV_TRY(get_chain(cfb, &c, size, &mem, err));
        *out = cv_blob_mem(mem);
        return CV_OK;
    }
    pump_state *p = cv_arena_alloc(cfb->arena, sizeof *p);
    if (!p)
        return cv_arena_fail(cfb->arena, err);
    *p = (pump_state){ cfb, c, size };
    *out = (cv_blob){ .size_bytes = size, .pump = pump_chain, .ctx = p };
    return CV_OK;
}
