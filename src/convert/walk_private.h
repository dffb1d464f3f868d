/* walk_private.h - a walk under way: for the containers' files. */
#ifndef CV_CONVERT_WALK_PRIVATE_H
#define CV_CONVERT_WALK_PRIVATE_H

#include "archive/archive_read.h"
#include "convert/walk.h"

typedef struct cv_walk_state {
    const cv_walker *walker;
    const cv_convert_options *options;
    cv_report *report;          /* of the container */
    uint64_t next;              /* index of the next item */
    unsigned depth;             /* containers around this one, it included */
    cv_archive_budget archives; /* what archives may still unpack to */
} cv_walk_state;

/* Reads one item. Its failure is told, not returned.
 * Errors: CV_ERR_SYNTAX, CV_ERR_UNSUP, CV_ERR_LIMIT ... */
typedef cv_status (*cv_item_read_fn)(void *ctx, cv_walk_state *w,
                                     cv_object **out, cv_report *report,
                                     cv_error *err);

/* Gives item->index, asks want(), reads and calls each().
 * Errors: each()'s; CV_ERR_NOMEM. */
CV_NODISCARD cv_status cv_walk_item(cv_walk_state *w, cv_item *item,
                                    cv_item_read_fn read, void *ctx,
                                    cv_error *err);
/* A file in a container: a message, or a container again. folder and name:
 * where it stands. */
CV_NODISCARD cv_status cv_walk_file(cv_walk_state *w, cv_slice in,
                                    cv_slice folder, cv_slice name,
                                    cv_error *err);

/* Tells of a file that cannot be opened: in a container as an item that cannot
 * be read; of the input itself as the walk's error. */
CV_NODISCARD cv_status cv_walk_unreadable(cv_walk_state *w, cv_slice folder,
                                          cv_slice name, cv_error *why,
                                          cv_error *err);
/* "folder/name", either may be empty; borrowed from buf, whose status tells of
 * a failure. */
cv_slice cv_walk_join(cv_buf *buf, cv_slice folder, cv_slice name);

/* The entries of an iCalendar file; *count: how many there were. */
CV_NODISCARD cv_status cv_from_ical_walk(cv_walk_state *w, cv_slice in,
                                         cv_slice folder, cv_slice name,
                                         size_t *count, cv_error *err);

/* walk_pst.c: the items of a PST. A file that cannot be opened: as an item
 * that cannot be read when it lies in a container, else the walk's error. */
CV_NODISCARD cv_status cv_walk_pst(cv_walk_state *w, cv_slice in,
                                   cv_slice folder, cv_slice name,
                                   cv_error *err);

/* walk_mbox.c: the mails of a mailbox file, "1", "2" and so on; "0" is a long
 * text before them. */
CV_NODISCARD cv_status cv_walk_mbox(cv_walk_state *w, cv_slice in,
                                    cv_slice folder, cv_slice name,
                                    cv_error *err);
/* walk_vcard.c: the cards of a file, "1", "2" and so on. */
CV_NODISCARD cv_status cv_walk_vcards(cv_walk_state *w, cv_slice in,
                                      cv_slice folder, cv_slice name,
                                      cv_error *err);
/* walk_archive.c: the files of an archive. Files that are no messages are
 * items that cannot be read. */
CV_NODISCARD cv_status cv_walk_archive(cv_walk_state *w, cv_slice in,
                                       cv_slice folder, cv_slice name,
                                       cv_error *err);

#endif
