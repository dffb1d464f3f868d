/* Folders and items of a PST. */
#include "pst/pst_private.h"

#include "base/limits.h"
#include "mapi/stored.h"

#include <stdlib.h>

typedef struct walk {
    cv_pst *pst;
    const cv_pst_walker *walker;
    cv_report *report;
    bool recovered;
    uint64_t items; /* given so far */
} walk;

static cv_status walk_folder(walk *w, libpff_item_t *folder, cv_slice path,
                             unsigned depth, cv_error *err);

static void free_item(libpff_item_t **item)
{
    libpff_error_t *why = NULL;
    if (*item && libpff_item_free(item, &why) != 1)
        libpff_error_free(&why);
}

static uint32_t node_of(libpff_item_t *item)
{
    uint32_t id = 0;
    return libpff_item_get_identifier(item, &id, NULL) == 1 ? id : 0;
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

static cv_status give(walk *w, libpff_item_t *item, cv_slice path,
                      const char *why, cv_error *err)
{
    cv_pst_item out = { .folder = path,
                        .node = item ? node_of(item) : 0,
                        .recovered = w->recovered,
                        .handle = (cv_pst_handle *)item,
                        .why = why };
    w->items++;
    return w->walker->each(w->walker->ctx, &out, err);
}

static cv_status walk_items(walk *w, libpff_item_t *folder, cv_slice path,
                            cv_error *err)
{
    libpff_error_t *why = NULL;
    int count = 0;
    if (libpff_folder_get_number_of_sub_messages(folder, &count, &why) != 1) {
        tell(w, path, "its items cannot be listed", &why);
        return CV_OK;
    }
    for (int i = 0; i < count; i++) {
        libpff_item_t *item = NULL;
        cv_error failure = { .offset = UINT64_MAX };
        if (w->items >= CV_LIMIT_PST_ITEMS) {
            cv_report_say(w->report, CV_RULE_LIMIT, path, CV_S(""),
                          CV_S("CV_LIMIT_PST_ITEMS"), "the rest is left out");
            return CV_OK;
        }
        if (libpff_folder_get_sub_message(folder, i, &item, &why) != 1)
            CV_IGNORE(cv_pst_fail(&why, &failure, "item")); /* its text */
        cv_status status = give(w, item, path, failure.what, err);
        free_item(&item);
        CV_TRY(status);
    }
    return CV_OK;
}

/* -- folders -- */

static cv_status walk_sub_folder(walk *w, libpff_item_t *folder,
                                 cv_slice parent, unsigned depth, cv_error *err)
{
    cv_arena *arena = NULL;
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
    libpff_error_t *why = NULL;
    int count = 0;
    if (depth > CV_LIMIT_PST_DEPTH) {
        cv_report_say(w->report, CV_RULE_LIMIT, path, CV_S(""),
                      CV_S("CV_LIMIT_PST_DEPTH"),
                      "folders below it are left out");
        return CV_OK;
    }
    CV_TRY(walk_items(w, folder, path, err));
    if (libpff_folder_get_number_of_sub_folders(folder, &count, &why) != 1) {
        tell(w, path, "its folders cannot be listed", &why);
        return CV_OK;
    }
    for (int i = 0; i < count; i++) {
        libpff_item_t *sub = NULL;
        if (libpff_folder_get_sub_folder(folder, i, &sub, &why) != 1) {
            tell(w, path, "a folder in it cannot be read", &why);
            continue;
        }
        cv_status status = walk_sub_folder(w, sub, path, depth, err);
        free_item(&sub);
        CV_TRY(status);
    }
    return CV_OK;
}

/* -- orphaned and deleted items -- */

/* A folder or a message that hangs on nothing; tables are neither. */
static cv_status walk_loose(walk *w, libpff_item_t *item, cv_slice path,
                            cv_error *err)
{
    switch (PST_NODE_TYPE(node_of(item))) {
    case PST_NODE_FOLDER:
        return walk_sub_folder(w, item, path, 0, err);
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
    for (int i = 0; i < count && w->items < CV_LIMIT_PST_ITEMS; i++) {
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
    CV_TRY(walk_list(w, libpff_file_get_number_of_orphan_items,
                     libpff_file_get_orphan_item_by_index,
                     CV_S("Orphaned items"), err));
    if (libpff_file_recover_items(w->pst->file, 0, &why) != 1) {
        tell(w, CV_S("Recovered items"), "they cannot be looked for", &why);
        return CV_OK;
    }
    return walk_list(w, libpff_file_get_number_of_recovered_items,
                     libpff_file_get_recovered_item_by_index,
                     CV_S("Recovered items"), err);
}

cv_status cv_pst_walk(cv_pst *pst, const cv_pst_walker *walker,
                      cv_report *report, cv_error *err)
{
    walk w = { .pst = pst, .walker = walker, .report = report };
    libpff_error_t *why = NULL;
    libpff_item_t *root = NULL;
    cv_status status = CV_OK;
    if (libpff_file_get_root_folder(pst->file, &root, &why) == 1)
        status = walk_folder(&w, root, CV_S(""), 0, err);
    else
        tell(&w, CV_S(""), "there is no root folder", &why);
    free_item(&root);
    if (status == CV_OK && walker->recover)
        status = walk_recovered(&w, err);
    return status;
}
