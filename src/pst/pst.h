/* pst.h - PST, OST and PAB files -> message objects, by libpff.
 *
 * A file is opened, its items are walked folder by folder, and those that are
 * wanted are read. libpff keeps one item whole in memory; a handle is for one
 * thread at a time, several handles may read the same bytes.
 * Source: [MS-PST]; spec property-types.md 1.
 */
#ifndef CV_PST_PST_H
#define CV_PST_PST_H

#include "base/report.h"
#include "mapi/object.h"

typedef struct cv_pst cv_pst;
typedef struct cv_pst_handle cv_pst_handle; /* libpff's, of one item */

/* An item met by the walk; borrowed for the call it is given to. */
typedef struct cv_pst_item {
    cv_slice folder; /* "Top of Personal Folders/Inbox": UTF-8, without the
                        root. A '/' in a name became U+2215, an empty name
                        "folder-" and the node id in hexadecimal. */
    uint32_t node;   /* node id, unique in a file */
    bool recovered;  /* orphaned or deleted */
    cv_pst_handle *handle; /* NULL: libpff cannot open it */
    const char *why;       /* when handle is NULL */
} cv_pst_item;

typedef struct cv_pst_walker {
    bool recover; /* orphaned and deleted items, too, after all others */
    /* Any status but CV_OK ends the walk. */
    cv_status (*each)(void *ctx, const cv_pst_item *item, cv_error *err);
    void *ctx; /* borrowed */
} cv_pst_walker;

/* True when the bytes begin with the signature of a PST, OST or PAB. */
bool cv_pst_is(cv_slice in);

/* `in` must outlive the handle. A wrong checksum of the header is a finding.
 * Errors: CV_ERR_SYNTAX when header or index cannot be read, CV_ERR_UNSUP for
 * a version or encryption that is not known, CV_ERR_NOMEM. */
CV_NODISCARD cv_status cv_pst_open(cv_slice in, cv_pst **out, cv_report *report,
                                   cv_error *err);
/* Takes NULL, sets *pst to NULL. */
void cv_pst_close(cv_pst **pst);

/* Items by folder, in the order of their node ids; hidden (associated) items
 * and search folders are left out. report: folders that cannot be read.
 * Errors: each()'s; CV_ERR_NOMEM. */
CV_NODISCARD cv_status cv_pst_walk(cv_pst *pst, const cv_pst_walker *walker,
                                   cv_report *report, cv_error *err);

/* One item, during each(). The object must be freed before each() returns.
 * Errors: CV_ERR_SYNTAX when libpff cannot read it; CV_ERR_LIMIT,
 * CV_ERR_NOMEM. */
CV_NODISCARD cv_status cv_pst_read(cv_pst *pst, const cv_pst_item *item,
                                   cv_object **out, cv_report *report,
                                   cv_error *err);

#endif
