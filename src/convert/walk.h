/* walk.h - every message of an input, one after another.
 *
 * An input is one message or a container of them: a PST or OST, an mbox, an
 * archive of files, a vCard or iCalendar collection; containers may lie in
 * containers. A message that cannot be read is told and does not end the
 * walk; one message is in memory at a time.
 */
#ifndef CV_CONVERT_WALK_H
#define CV_CONVERT_WALK_H

#include "convert/convert.h"

/* Where a message stands. Borrowed: valid during the call it is given to. */
typedef struct cv_item {
    cv_slice folder; /* below the input: "Top of Personal Folders/Inbox";
                        UTF-8, '/' between, empty for none */
    cv_slice name;   /* in its folder, stable for equal input: a PST's node id,
                        a number in an mbox, an event's UID; may be empty */
    uint64_t index;  /* place in the walk, from 0; stable for equal input */
    bool recovered;  /* a deleted or orphaned item */
} cv_item;

typedef struct cv_walker {
    bool recover; /* deleted and orphaned items, too */
    bool split;   /* each entry of an iCalendar file by itself; otherwise such
                     a file is one message (cv_read()) */
    /* Asked before an item is read; NULL: all are wanted. */
    bool (*want)(void *ctx, const cv_item *item);
    /* obj NULL: the item cannot be read, report says why. report: findings of
     * this item alone. obj lives until the call returns. Any status but CV_OK
     * ends the walk. */
    cv_status (*each)(void *ctx, const cv_item *item, cv_object *obj,
                      cv_report *report, cv_error *err);
    void *ctx; /* borrowed */
} cv_walker;

/* report: findings about the container itself, or why the input is neither a
 * message nor a container: then each() is not called.
 * Errors: each()'s; CV_ERR_SYNTAX, CV_ERR_UNSUP for no message (finding
 * not-a-message), CV_ERR_LIMIT, CV_ERR_NOMEM. */
CV_NODISCARD cv_status cv_walk(cv_slice in, cv_slice file_name,
                               const cv_convert_options *options,
                               const cv_walker *walker, cv_report *report,
                               cv_error *err);

#endif
