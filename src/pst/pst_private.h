/* pst_private.h - what the files of this folder share. */
#ifndef CV_PST_PRIVATE_H
#define CV_PST_PRIVATE_H

#include "pst/pst.h"

#include <libbfio.h>
#include <libpff.h>

/* -- pst_io.c -- */

typedef struct pst_patch {
    struct pst_patch *next; /* owned; a later patch wins */
    uint64_t offset;
    size_t len;
    uint8_t bytes[];
} pst_patch;

/* A file with repaired bytes laid over it. */
typedef struct pst_view {
    cv_slice in;
    pst_patch *patches; /* owned */
    uint64_t at;        /* where libbfio reads next */
} pst_view;

/* Copies the bytes, which lie inside the file.
 * Errors: CV_ERR_NOMEM. */
CV_NODISCARD cv_status cv_pst_view_patch(pst_view *view, uint64_t offset,
                                         cv_slice bytes, cv_error *err);
void cv_pst_view_clear(pst_view *view);
/* Bytes of the file as repaired; from + len lies inside it. */
void cv_pst_view_read(const pst_view *view, uint64_t from, size_t len,
                      uint8_t *out);
/* A handle that reads the view, which must outlive it.
 * Errors: CV_ERR_NOMEM. */
CV_NODISCARD cv_status cv_pst_view_open(pst_view *view, libbfio_handle_t **out,
                                        cv_error *err);

struct cv_pst {
    pst_view view;
    libbfio_handle_t *io;
    libpff_file_t *file;
    uint32_t codepage; /* of the store's 8-bit text, 0 unknown */
};

/* Source: [MS-PST] 2.2.2.1 */
#define PST_NODE_TYPE(id) ((id)&0x1F)
#define PST_NODE_FOLDER 0x02
#define PST_NODE_MESSAGE 0x04

/* libpff's innermost reason as an error; frees it. */
cv_status cv_pst_fail(libpff_error_t **why, cv_error *err, const char *what);

/* -- pst_seen.c -- */

typedef struct pst_seen {
    uint32_t *nodes; /* owned; 0 free */
    size_t room, count;
} pst_seen;

/* *is_new: the node was not there; node 0, of no item, is always new.
 * Errors: CV_ERR_NOMEM. */
CV_NODISCARD cv_status cv_pst_seen_add(pst_seen *seen, uint32_t node,
                                       bool *is_new, cv_error *err);
bool cv_pst_seen_has(const pst_seen *seen, uint32_t node);
void cv_pst_seen_clear(pst_seen *seen);

/* -- pst_header.c -- */

/* Sizes in bytes that the forms of files differ in. */
typedef struct cv_pst_layout {
    size_t word;    /* block ids and offsets */
    size_t root;    /* where the header's ROOT stands */
    size_t page;    /* of an index */
    size_t entries; /* room for them in a page */
    size_t page_trailer;
} cv_pst_layout;

/* Checks signature, version and encryption.
 * Errors: CV_ERR_SYNTAX, CV_ERR_UNSUP. */
CV_NODISCARD cv_status cv_pst_check_header(cv_slice in,
                                           const cv_pst_layout **layout,
                                           cv_error *err);
/* Lays right checksums over wrong ones.
 * Errors: CV_ERR_NOMEM. */
CV_NODISCARD cv_status cv_pst_mend_header(pst_view *view, cv_report *report,
                                          cv_error *err);
/* Polynomial 0xEDB88320, start 0, no inversion. Source: [MS-PST] 5.3. */
uint32_t cv_pst_sum(cv_slice bytes);

/* -- pst_index.c -- */

/* Lays repaired pages over damaged ones.
 * Errors: CV_ERR_NOMEM. */
CV_NODISCARD cv_status cv_pst_mend_index(pst_view *view,
                                         const cv_pst_layout *layout,
                                         cv_report *report, cv_error *err);

/* -- pst_bag.c -- */

/* Where properties go. */
typedef struct pst_target {
    cv_object *obj;
    cv_report *report;
    uint32_t codepage; /* of 8-bit text; 0: not known (yet) */
    cv_slice path;     /* for findings: "recipient[2]" */
} pst_target;

/* All properties of row `index` of an item. A message's own code page goes
 * to target->codepage when is_message.
 * Errors: CV_ERR_SYNTAX when libpff cannot read them; the arena's. */
CV_NODISCARD cv_status cv_pst_read_bag(libpff_item_t *item, int index,
                                       bool is_message, pst_target *target,
                                       cv_bag *bag, cv_error *err);

/* -- pst_value.c -- */

/* A value as a property context holds it. False when type and size make no
 * sense; also when the arena is exhausted: its status tells.
 * Source: [MS-PST] 2.3.3.3, 2.3.4.4. */
bool cv_pst_value(uint16_t type, cv_slice bytes, uint32_t codepage,
                  cv_arena *arena, cv_value *out);

#endif
