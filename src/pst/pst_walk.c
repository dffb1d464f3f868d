/* Folders and items of a PST. */
#include "pst/pst_private.h"

#include "base/limits.h"
#include "mapi/stored.h"

#include <stdlib.h>

typedef struct walk {
    cv_pst *pst;
    const cv_pst_walker *walker;
    cv_report *report;
    bool recovered; /* what is given now is */
    bool again;     /* older versions of what was given count, too */
    uint64_t items; /* given so far */
    pst_seen seen;  /* nodes of items and folders */
} walk;

static cv_status walk_folder(walk *w, libpff_item_t *folder, cv_slice path,
                             unsigned depth, cv_error *err);

static void free_item(libpff_item_t **item)
{
    libpff_error_t *why = NULL;
    if (*item && cv_pst_pff()->libpff_item_free(item, &why) != 1)
        cv_pst_pff()->libpff_error_free(&why);
}

static uint32_t node_of(libpff_item_t *item)
{
    uint32_t id = 0;
    return cv_pst_pff()->libpff_item_get_identifier(item, &id, NULL) == 1 ? id
                                                                          : 0;
}

static void tell(const walk *w, cv_slice path, const char *what,
                 libpff_error_t **why)
{
    cv_error failure;
    CV_IGNORE(cv_pst_fail(why, &failure, what)); /* its text */
    cv_report_say(w->report, CV_RULE_PST_FOLDER, path, CV_S(""), CV_S(""), "%s",
                  failure.what);
}

/* -- names -- */

/* PidTagDisplayName of a folder in a buffer of the caller's. */
static void put_name(libpff_item_t *folder, cv_slice name, cv_buf *out)
{
    if (!name.len)
        cv_buf_printf(out, "folder-%X", (unsigned)node_of(folder));
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] == '/')
            cv_buf_put_str(out, "\xE2\x88\x95"); /* U+2215 */
        else
            cv_buf_put_byte(out, name.ptr[i]);
}

/* parent/name in the arena; ptr NULL when it is exhausted. */
static cv_slice path_of(const walk *w, libpff_item_t *folder, cv_slice parent,
                        cv_arena *arena)
{
    cv_object *obj = NULL;
    cv_slice name = CV_S("");
    cv_slice out = cv_slice_of(NULL, 0);
    cv_buf buf;
    if (cv_object_new(0, &obj, NULL) != CV_OK)
        return out;
    pst_target target = { .obj = obj, .codepage = w->pst->codepage };
    cv_bag *bag = cv_object_props(obj);
    if (cv_pst_read_bag(folder, 0, false, &target, bag, NULL) == CV_OK)
        cv_bag_string(bag, CV_PidTagDisplayName, &name);
    cv_buf_init(&buf, 0);
    cv_buf_put_slice(&buf, parent);
    if (parent.len)
        cv_buf_put_byte(&buf, '/');
    put_name(folder, name, &buf);
    if (cv_buf_status(&buf, NULL) == CV_OK)
        out = cv_buf_dup(&buf, arena);
    cv_buf_clear(&buf);
    cv_object_free(&obj);
    return out;
}

/* -- items -- */

/* An item that is given once; item NULL: it cannot be opened. */
static cv_status give(walk *w, libpff_item_t *item, cv_slice path,
                      const char *why, cv_error *err)
{
    cv_pst_item out = { .folder = path,
                        .node = item ? node_of(item) : 0,
                        .recovered = w->recovered,
                        .handle = (cv_pst_handle *)item,
                        .why = why };
    bool is_new = true;
    CV_TRY(cv_pst_seen_add(&w->seen, out.node, &is_new, err));
    if (!is_new && !w->again)
        return CV_OK;
    if (w->items == CV_LIMIT_PST_ITEMS)
        cv_report_say(w->report, CV_RULE_LIMIT, path, CV_S(""),
                      CV_S("CV_LIMIT_PST_ITEMS"), "the rest is left out");
    if (w->items++ >= CV_LIMIT_PST_ITEMS)
        return CV_OK;
    return w->walker->each(w->walker->ctx, &out, err);
}

/* What a folder's table says is in it. */
typedef struct listing {
    int (*count_of)(libpff_item_t *folder, int *count, libpff_error_t **why);
    int (*get)(libpff_item_t *folder, int index, libpff_item_t **item,
               libpff_error_t **why);
    cv_status (*take)(walk *w, libpff_item_t *item, cv_slice path,
                      const char *why, unsigned depth, cv_error *err);
    uint32_t node_type;
    const char *no_list; /* finding */
} listing;

static cv_status take_and_free(walk *w, const listing *kind,
                               libpff_item_t *item, cv_slice path,
                               const char *why, unsigned depth, cv_error *err)
{
    cv_status status = kind->take(w, item, path, why, depth, err);
    free_item(&item);
    return status;
}

/* The nodes that name the folder as their parent, whatever its table says. */
static cv_status walk_children(walk *w, const listing *kind,
                               libpff_item_t *folder, cv_slice path,
                               unsigned depth, cv_error *err)
{
    int count = 0;
    if (cv_pst_pff()->libpff_item_get_number_of_sub_items(folder, &count,
                                                          NULL) != 1)
        return CV_OK;
    for (int i = 0; i < count; i++) {
        libpff_item_t *item = NULL;
        if (cv_pst_pff()->libpff_item_get_sub_item(folder, i, &item, NULL) != 1)
            continue;
        uint32_t node = node_of(item);
        bool known = cv_pst_seen_has(&w->seen, node);
        if (PST_NODE_TYPE(node) == kind->node_type && !known)
            CV_TRY(take_and_free(w, kind, item, path, "", depth, err));
        else
            free_item(&item);
    }
    return CV_OK;
}

/* By the folder's table. When there is none, by the parents of the nodes; to
 * recover, by these as well: what the table leaves out was deleted. */
static cv_status walk_listing(walk *w, const listing *kind,
                              libpff_item_t *folder, cv_slice path,
                              unsigned depth, cv_error *err)
{
    libpff_error_t *why = NULL;
    int count = 0;
    if (kind->count_of(folder, &count, &why) != 1) {
        tell(w, path, kind->no_list, &why);
        count = 0;
    }
    for (int i = 0; i < count; i++) {
        libpff_item_t *item = NULL;
        cv_error failure = { .offset = UINT64_MAX };
        if (kind->get(folder, i, &item, &why) != 1)
            CV_IGNORE(cv_pst_fail(&why, &failure, "item")); /* its text */
        CV_TRY(take_and_free(w, kind, item, path, failure.what, depth, err));
    }
    if (count > 0 && !w->walker->recover)
        return CV_OK;
    bool before = w->recovered;
    w->recovered = before || count > 0;
    cv_status status = walk_children(w, kind, folder, path, depth, err);
    w->recovered = before;
    return status;
}

/* listing.take of items */
static cv_status take_item(walk *w, libpff_item_t *item, cv_slice path,
                           const char *why, unsigned depth, cv_error *err)
{
    (void)depth;
    return give(w, item, path, why, err);
}

/* -- folders -- */

/* listing.take of folders */
static cv_status take_folder(walk *w, libpff_item_t *folder, cv_slice parent,
                             const char *why, unsigned depth, cv_error *err)
{
    cv_arena *arena = NULL;
    bool is_new = true;
    if (!folder) {
        cv_report_say(w->report, CV_RULE_PST_FOLDER, parent, CV_S(""), CV_S(""),
                      "a folder in it cannot be opened: %s", why);
        return CV_OK;
    }
    CV_TRY(cv_pst_seen_add(&w->seen, node_of(folder), &is_new, err));
    if (!is_new)
        return CV_OK;
    CV_TRY(cv_arena_new(0, &arena, err));
    cv_slice path = path_of(w, folder, parent, arena);
    cv_status status =
        path.ptr ? walk_folder(w, folder, path, depth + 1, err)
                 : cv_fail(err, CV_ERR_NOMEM, "no memory for a folder's name");
    cv_arena_free(&arena);
    return status;
}

static cv_status walk_folder(walk *w, libpff_item_t *folder, cv_slice path,
                             unsigned depth, cv_error *err)
{
    const listing items = {
        cv_pst_pff()->libpff_folder_get_number_of_sub_messages,
        cv_pst_pff()->libpff_folder_get_sub_message, take_item,
        PST_NODE_MESSAGE, "its items are not listed"
    };
    const listing folders = {
        cv_pst_pff()->libpff_folder_get_number_of_sub_folders,
        cv_pst_pff()->libpff_folder_get_sub_folder, take_folder,
        PST_NODE_FOLDER, "its folders are not listed"
    };
    if (depth > CV_LIMIT_PST_DEPTH) {
        cv_report_say(w->report, CV_RULE_LIMIT, path, CV_S(""),
                      CV_S("CV_LIMIT_PST_DEPTH"), "left out");
        return CV_OK;
    }
    CV_TRY(walk_listing(w, &items, folder, path, depth, err));
    return walk_listing(w, &folders, folder, path, depth, err);
}

/* -- orphaned and deleted items -- */

/* A folder or a message that hangs on nothing; tables are neither. */
static cv_status walk_loose(walk *w, libpff_item_t *item, cv_slice path,
                            cv_error *err)
{
    switch (PST_NODE_TYPE(node_of(item))) {
    case PST_NODE_FOLDER:
        return take_folder(w, item, path, "", 0, err);
    case PST_NODE_MESSAGE:
        return give(w, item, path, "", err);
    default:
        return CV_OK;
    }
}

typedef int (*count_fn)(libpff_file_t *file, int *count, libpff_error_t **why);
typedef int (*get_fn)(libpff_file_t *file, int index, libpff_item_t **item,
                      libpff_error_t **why);

static cv_status walk_list(walk *w, count_fn count_of, get_fn get,
                           cv_slice path, cv_error *err)
{
    libpff_error_t *why = NULL;
    int count = 0;
    if (count_of(w->pst->file, &count, &why) != 1) {
        tell(w, path, "they cannot be listed", &why);
        return CV_OK;
    }
    for (int i = 0; i < count; i++) {
        libpff_item_t *item = NULL;
        if (get(w->pst->file, i, &item, &why) != 1) {
            tell(w, path, "an item cannot be opened", &why);
            continue;
        }
        cv_status status = walk_loose(w, item, path, err);
        free_item(&item);
        CV_TRY(status);
    }
    return CV_OK;
}

static cv_status walk_recovered(walk *w, cv_error *err)
{
    libpff_error_t *why = NULL;
    w->recovered = true;
    CV_TRY(walk_list(w, cv_pst_pff()->libpff_file_get_number_of_orphan_items,
                     cv_pst_pff()->libpff_file_get_orphan_item_by_index,
                     CV_S("Orphaned items"), err));
    w->again = true;
    if (cv_pst_pff()->libpff_file_recover_items(w->pst->file, 0, &why) != 1) {
        tell(w, CV_S("Recovered items"), "they cannot be looked for", &why);
        return CV_OK;
    }
    return walk_list(w, cv_pst_pff()->libpff_file_get_number_of_recovered_items,
                     cv_pst_pff()->libpff_file_get_recovered_item_by_index,
                     CV_S("Recovered items"), err);
}

/* Orphans that nobody asked for are at least told. */
static void tell_orphans(walk *w)
{
    int count = 0, messages = 0;
    if (cv_pst_pff()->libpff_file_get_number_of_orphan_items(w->pst->file,
                                                             &count, NULL) != 1)
        return;
    for (int i = 0; i < count; i++) {
        libpff_item_t *item = NULL;
        if (cv_pst_pff()->libpff_file_get_orphan_item_by_index(
                w->pst->file, i, &item, NULL) == 1)
            messages += PST_NODE_TYPE(node_of(item)) == PST_NODE_MESSAGE;
        free_item(&item);
    }
    if (messages)
        cv_report_say(
            w->report, CV_RULE_PST_DAMAGED, CV_S(""), CV_S(""), CV_S(""),
            "%d items stand in no folder; recovering reads them", messages);
}

/* The folders below the root folder; without one, all that have no parent. */
static cv_status walk_root(walk *w, cv_error *err)
{
    libpff_error_t *why = NULL;
    libpff_item_t *root = NULL;
    cv_status status = CV_OK;
    if (cv_pst_pff()->libpff_file_get_root_folder(w->pst->file, &root, &why) !=
        1) {
        tell(w, CV_S(""), "there is no root folder", &why);
        if (cv_pst_pff()->libpff_file_get_root_item(w->pst->file, &root,
                                                    &why) != 1)
            cv_pst_pff()->libpff_error_free(&why);
    }
    if (root)
        status = walk_folder(w, root, CV_S(""), 0, err);
    free_item(&root);
    return status;
}

cv_status cv_pst_walk(cv_pst *pst, const cv_pst_walker *walker,
                      cv_report *report, cv_error *err)
{
    walk w = { .pst = pst, .walker = walker, .report = report };
    cv_status status = walk_root(&w, err);
    if (status == CV_OK && walker->recover)
        status = walk_recovered(&w, err);
    else if (status == CV_OK)
        tell_orphans(&w);
    cv_pst_seen_clear(&w.seen);
    return status;
}
