/* The walk over a PST or OST: its items in their folders. */
#include "convert/walk_private.h"

#include "pst/pst.h"

#include <inttypes.h>
#include <stdio.h>

/* A store under way, and where it stands when it lies in a container. */
typedef struct store {
    cv_walk_state *w;
    cv_pst *pst;
    cv_slice folder; /* before each item's folder; empty for the input itself */
    cv_buf path;     /* of the item at hand */
} store;

typedef struct item_ref {
    cv_pst *pst;
    const cv_pst_item *item;
} item_ref;

/* cv_item_read_fn */
static cv_status read_item(void *ctx, cv_walk_state *w, cv_object **out,
                           cv_report *report, cv_error *err)
{
    const item_ref *ref = ctx;
    (void)w;
    return cv_pst_read(ref->pst, ref->item, out, report, err);
}

/* cv_pst_walker's each */
static cv_status each_item(void *ctx, const cv_pst_item *found, cv_error *err)
{
    store *s = ctx;
    char node[9];
    item_ref ref = { s->pst, found };
    cv_slice folder = cv_walk_join(&s->path, s->folder, found->folder);
    CV_TRY(cv_buf_status(&s->path, err));
    snprintf(node, sizeof node, "%08" PRIX32, found->node);
    cv_item item = { .folder = folder,
                     .name = cv_slice_cstr(node),
                     .recovered = found->recovered };
    return cv_walk_item(s->w, &item, read_item, &ref, err);
}

static cv_status walk_store(store *s, cv_error *err)
{
    cv_pst_walker walker = { .recover = s->w->walker->recover,
                             .each = each_item,
                             .ctx = s };
    return cv_pst_walk(s->pst, &walker, s->w->report, err);
}

cv_status cv_walk_pst(cv_walk_state *w, cv_slice in, cv_slice folder,
                      cv_slice name, cv_error *err)
{
    store s = { .w = w };
    cv_error why = { .offset = UINT64_MAX };
    cv_buf at;
    cv_status status = cv_pst_open(in, &s.pst, w->report, &why);
    if (status != CV_OK)
        return cv_walk_unreadable(w, folder, name, &why, err);
    cv_buf_init(&s.path, 0);
    cv_buf_init(&at, 0);
    if (w->depth > 1)
        s.folder = cv_walk_join(&at, folder, name);
    status = walk_store(&s, err);
    cv_buf_clear(&at);
    cv_buf_clear(&s.path);
    cv_pst_close(&s.pst);
    return status;
}
