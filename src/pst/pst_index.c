/* The two B-trees of a PST, before libpff reads them: libpff gives a file up
 * when one page is damaged. Pages that cannot be right are taken out of the
 * page above them; a page whose own id contradicts its parent keeps the
 * parent's. Leaves of the index of blocks are left to libpff, which misses
 * only what stands in them.
 * Source: [MS-PST] 2.2.2.7.1, 2.2.2.7.7. */
#include "pst/pst_private.h"

#include "base/reader.h"

#include <string.h>

#define PAGE_MOST 4096
#define LEVEL_MOST 8
#define FIRST_PAGE 1024  /* pages stand behind the header */
#define TYPE_BLOCKS 0x80 /* ptypeBBT */
#define TYPE_NODES 0x81  /* ptypeNBT */

typedef struct tree {
    pst_view *view;
    const cv_pst_layout *form;
    uint8_t type;
    uint64_t visits; /* pages that may still be looked at */
    bool stale;      /* the header is older than the pages */
    unsigned mended, dropped;
} tree;

typedef struct ref {
    uint64_t id, at;
} ref;

typedef struct page {
    cv_slice bytes;
    size_t count, row;
    uint8_t level;
} page;

static uint64_t word(const tree *t, cv_slice in, size_t at)
{
    return t->form->word == 4 ? cv_peek_u32le(in, at) : cv_peek_u64le(in, at);
}

static void put_le(uint8_t *at, uint64_t v, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        at[i] = (uint8_t)(v >> (8 * i) & 0xFF);
}

/* False when it cannot be a page of this tree. */
static bool look(const tree *t, uint64_t at, page *out)
{
    const cv_pst_layout *f = t->form;
    cv_slice in = t->view->in;
    if (at > in.len || in.len - at < f->page)
        return false;
    out->bytes = cv_slice_sub(in, (size_t)at, f->page);
    const uint8_t *foot = out->bytes.ptr + f->entries;
    const uint8_t *tail = out->bytes.ptr + f->page - f->page_trailer;
    bool wide = f->page == PAGE_MOST;
    out->count = wide ? cv_peek_u16le(out->bytes, f->entries) : foot[0];
    out->row = foot[wide ? 4 : 2];
    out->level = foot[wide ? 5 : 3];
    return tail[0] == t->type && tail[1] == t->type && out->row > 0 &&
           out->level <= LEVEL_MOST && out->count <= f->entries / out->row &&
           (out->level == 0 || out->row >= 3 * f->word);
}

/* A page's trailer with this id. */
static cv_status set_id(tree *t, const page *p, const ref *to, cv_error *err)
{
    uint8_t bytes[PAGE_MOST];
    const cv_pst_layout *f = t->form;
    uint8_t *tail = bytes + f->page - f->page_trailer;
    uint64_t sig = to->at ^ to->id;
    memcpy(bytes, p->bytes.ptr, f->page);
    put_le(tail + 2, (sig >> 16 ^ sig) & 0xFFFF, 2);
    put_le(tail + (f->word == 4 ? 4 : 8), to->id, f->word);
    t->mended++;
    return cv_pst_view_patch(t->view, to->at, cv_slice_of(bytes, f->page), err);
}

/* The page with only the rows whose bit in `keep` is set. */
static cv_status keep_rows(tree *t, const page *p, const ref *where,
                           const bool *keep, cv_error *err)
{
    uint8_t bytes[PAGE_MOST];
    const cv_pst_layout *f = t->form;
    size_t count = 0;
    memcpy(bytes, p->bytes.ptr, f->page);
    for (size_t i = 0; i < p->count; i++)
        if (keep[i])
            memmove(bytes + count++ * p->row, bytes + i * p->row, p->row);
    put_le(bytes + f->entries, count, f->page == PAGE_MOST ? 2 : 1);
    size_t summed = f->page - f->page_trailer;
    uint8_t *tail = bytes + summed;
    put_le(tail + (f->word == 4 ? 8 : 4),
           cv_pst_sum(cv_slice_of(bytes, summed)), 4);
    put_le(tail + (f->word == 4 ? 4 : 8), where->id, f->word);
    return cv_pst_view_patch(t->view, where->at, cv_slice_of(bytes, f->page),
                             err);
}

static cv_status check(tree *t, const ref *where, int level, bool *sound,
                       cv_error *err);

/* The pages below a branch; levels fall, so the depth is LEVEL_MOST. */
static cv_status check_rows(tree *t, const page *p, const ref *where,
                            bool *sound, cv_error *err)
{
    bool keep[PAGE_MOST / 12];
    size_t kept = 0;
    for (size_t i = 0; i < p->count; i++) {
        size_t at = i * p->row;
        ref child = { word(t, p->bytes, at + t->form->word),
                      word(t, p->bytes, at + 2 * t->form->word) };
        CV_TRY(check(t, &child, p->level - 1, &keep[i], err));
        kept += keep[i];
    }
    *sound = kept > 0;
    t->dropped += (unsigned)(p->count - kept);
    return kept == 0 || kept == p->count ? CV_OK
                                         : keep_rows(t, p, where, keep, err);
}

/* level -1: any, the root. *sound false: the page leads nowhere. */
static cv_status check(tree *t, const ref *where, int level, bool *sound,
                       cv_error *err)
{
    page p;
    *sound = false;
    if (t->visits == 0 || !look(t, where->at, &p) ||
        (level >= 0 && p.level != level))
        return CV_OK;
    t->visits--;
    *sound = true;
    size_t tail = t->form->page - t->form->page_trailer;
    if (word(t, p.bytes, tail + (t->form->word == 4 ? 4 : 8)) != where->id)
        CV_TRY(set_id(t, &p, where, err));
    if (p.level == 0 || (p.level == 1 && t->type == TYPE_BLOCKS))
        return CV_OK;
    return check_rows(t, &p, where, sound, err);
}

/* A page as it was written: its checksum and its signature are right. */
static bool is_whole(const tree *t, const page *p, uint64_t at, uint64_t *id)
{
    const cv_pst_layout *f = t->form;
    size_t summed = f->page - f->page_trailer;
    *id = word(t, p->bytes, summed + (f->word == 4 ? 4 : 8));
    uint64_t sig = at ^ *id;
    return cv_peek_u32le(p->bytes, summed + (f->word == 4 ? 8 : 4)) ==
               cv_pst_sum(cv_slice_sub(p->bytes, 0, summed)) &&
           cv_peek_u16le(p->bytes, summed + 2) == ((sig >> 16 ^ sig) & 0xFFFF);
}

/* The newest of the highest pages of this tree in the whole file: what a
 * writer that was interrupted left behind. */
static bool find_root(const tree *t, ref *out)
{
    size_t page_bytes = t->form->page;
    uint8_t best = 0;
    bool found = false;
    page p;
    for (uint64_t at = FIRST_PAGE; at + page_bytes <= t->view->in.len;
         at += page_bytes) {
        uint64_t id;
        if (!look(t, at, &p) || p.count == 0 || !is_whole(t, &p, at, &id))
            continue;
        if (!found || p.level > best || (p.level == best && id > out->id)) {
            *out = (ref){ id, at };
            best = p.level;
            found = true;
        }
    }
    return found;
}

static cv_status patch_word(tree *t, size_t at, uint64_t v, cv_error *err)
{
    uint8_t bytes[8];
    put_le(bytes, v, sizeof bytes);
    return cv_pst_view_patch(t->view, at, cv_slice_of(bytes, t->form->word),
                             err);
}

/* The root the header names, when it is whole. A header that is older than
 * one tree is so for the other. */
static cv_status choose_root(tree *t, size_t at, ref *root, cv_error *err)
{
    uint64_t id;
    page p;
    ref best = *root;
    bool whole = look(t, root->at, &p) && is_whole(t, &p, root->at, &id) &&
                 id == root->id;
    if ((whole && !t->stale) || !find_root(t, &best) || best.id == root->id)
        return CV_OK;
    *root = best;
    t->stale = true;
    t->mended++;
    CV_TRY(patch_word(t, at, root->id, err));
    CV_TRY(patch_word(t, at + t->form->word, root->at, err));
    /* The size of the file in an old header may be too small. */
    return patch_word(t, t->form->root + 4, t->view->in.len, err);
}

static cv_status check_tree(pst_view *view, const cv_pst_layout *form,
                            uint8_t type, bool *stale, cv_report *report,
                            cv_error *err)
{
    size_t at = form->root + (type == TYPE_NODES ? 4 : 6) * form->word + 4;
    tree t = { .view = view,
               .form = form,
               .type = type,
               .stale = *stale,
               .visits = view->in.len / form->page + 1 };
    ref root = { word(&t, view->in, at), word(&t, view->in, at + form->word) };
    bool sound;
    CV_TRY(choose_root(&t, at, &root, err));
    CV_TRY(check(&t, &root, -1, &sound, err));
    *stale = t.stale;
    if (t.mended || t.dropped)
        cv_report_say(report, CV_RULE_PST_DAMAGED, CV_S(""), CV_S(""),
                      type == TYPE_NODES ? CV_S("index of nodes")
                                         : CV_S("index of blocks"),
                      "%u pages left out, %u put right", t.dropped, t.mended);
    return CV_OK;
}

cv_status cv_pst_mend_index(pst_view *view, const cv_pst_layout *form,
                            cv_report *report, cv_error *err)
{
    bool stale = false;
    CV_TRY(check_tree(view, form, TYPE_BLOCKS, &stale, report, err));
    return check_tree(view, form, TYPE_NODES, &stale, report, err);
}
