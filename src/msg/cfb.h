/* cfb.h - a bounded reader of compound files (OLE2, the container of .msg).
 *
 * Reads as much as is sound and never loops: every chain is measured before
 * it is read, every directory entry is visited once, nothing is taken at its
 * word about sizes. Defects become findings (CV_RULE_CFB_...). Bytes are
 * borrowed from the input where a chain lies in one piece, else copied to the
 * arena. Sizes in bytes; all values little-endian.
 * Source: [MS-CFB] 2.1 to 2.9; spec cfb.md.
 */
#ifndef CV_MSG_CFB_H
#define CV_MSG_CFB_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/report.h"

typedef struct cv_cfb cv_cfb;

enum { CV_CFB_STORAGE = 1, CV_CFB_STREAM = 2, CV_CFB_ROOT = 5 };

typedef struct cv_cfb_entry {
    uint8_t type;     /* CV_CFB_...; 0: not part of the tree */
    uint8_t name_len; /* characters of name, at most 32 */
    char name[33];    /* NUL-ended; what is not ASCII is '?' */
    uint32_t child;   /* storages: index of the first child */
    uint32_t next;    /* index of the next one in the same storage */
    uint32_t start;   /* first sector of a stream */
    uint64_t size;    /* as declared */
    cv_slice raw;     /* the 128 bytes, borrowed */
} cv_cfb_entry;

/* True when the bytes begin with the signature. */
bool cv_cfb_is(cv_slice in);

/* `in`, arena and report (may be NULL) must outlive the reader, which lives
 * in the arena.
 * Errors: CV_ERR_SYNTAX when it is no compound file or has no directory; the
 * arena's. */
CV_NODISCARD cv_status cv_cfb_open(cv_slice in, cv_arena *arena,
                                   cv_report *report, cv_cfb **out,
                                   cv_error *err);

/* Entries are an array of cv_cfb_count() rows from the root on; rows of type
 * 0 are not part of the tree. */
const cv_cfb_entry *cv_cfb_root(const cv_cfb *cfb);
size_t cv_cfb_count(const cv_cfb *cfb);
/* Children of a storage in the order of its tree; NULL after the last. */
const cv_cfb_entry *cv_cfb_first(const cv_cfb *cfb,
                                 const cv_cfb_entry *storage);
const cv_cfb_entry *cv_cfb_next(const cv_cfb *cfb, const cv_cfb_entry *entry);
/* A child by name, without case, of the given type; NULL when absent. */
const cv_cfb_entry *cv_cfb_child(const cv_cfb *cfb, const cv_cfb_entry *storage,
                                 const char *name, uint8_t type);
/* The whole name in UTF-16LE without NUL; the class id, 16 bytes. Borrowed. */
cv_slice cv_cfb_name16(const cv_cfb_entry *entry);
cv_slice cv_cfb_clsid(const cv_cfb_entry *entry);

/* All bytes of a stream, as far as they exist; borrowed from the input or in
 * the arena. ptr is never NULL on success.
 * Errors: the arena's. */
CV_NODISCARD cv_status cv_cfb_bytes(const cv_cfb *cfb,
                                    const cv_cfb_entry *stream, cv_slice *out,
                                    cv_error *err);
/* The same without copying: mem when the stream lies in one piece, else a
 * pump over its sectors. Lives as long as the arena and the input.
 * Errors: the arena's. */
CV_NODISCARD cv_status cv_cfb_blob(const cv_cfb *cfb,
                                   const cv_cfb_entry *stream, cv_blob *out,
                                   cv_error *err);

#endif
