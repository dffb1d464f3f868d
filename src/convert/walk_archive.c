/* The walk over an archive: its files, each a message or a container again. */
#include "convert/walk_private.h"

#include "archive/archive_read.h"

typedef struct files {
    cv_walk_state *w;
    cv_slice folder; /* before each entry's; empty for the input itself */
    cv_buf path;     /* of the entry at hand */
} files;

/* cv_archive_walker's each */
static cv_status each_entry(void *ctx, const cv_archive_entry *entry,
                            cv_error *err)
{
    files *f = ctx;
    cv_slice folder = cv_walk_join(&f->path, f->folder, entry->folder);
    cv_error why = { .code = CV_ERR_UNSUP, .offset = UINT64_MAX };
    CV_TRY(cv_buf_status(&f->path, err));
    if (!entry->why)
        return cv_walk_file(f->w, entry->bytes, folder, entry->name, err);
    (void)cv_fail(&why, CV_ERR_UNSUP, "%s", entry->why);
    return cv_walk_unreadable(f->w, folder, entry->name, &why, err);
}

cv_status cv_walk_archive(cv_walk_state *w, cv_slice in, cv_slice folder,
                          cv_slice name, cv_error *err)
{
    files f = { .w = w };
    cv_archive_walker walker = { each_entry, &f };
    cv_error why = { .offset = UINT64_MAX };
    uint64_t before = w->next;
    cv_buf at;
    cv_buf_init(&f.path, 0);
    cv_buf_init(&at, 0);
    if (w->depth > 1)
        f.folder = cv_walk_join(&at, folder, name);
    cv_status st = cv_buf_status(&at, &why);
    if (st == CV_OK)
        st = cv_archive_walk(in, name, &w->archives, &walker, w->report, &why);
    bool opened = st != CV_ERR_SYNTAX || w->next != before;
    if (st == CV_OK && w->next == before && w->depth == 1)
        st = cv_fail(&why, CV_ERR_SYNTAX, "an archive without any file");
    cv_buf_clear(&at);
    cv_buf_clear(&f.path);
    if (st == CV_ERR_SYNTAX && (!opened || w->next == before))
        return cv_walk_unreadable(w, folder, name, &why, err);
    if (st != CV_OK && err)
        *err = why;
    return st;
}
