/* archive_read.h - the files in an archive, in their order.
 *
 * zip, 7z, rar, cab and tar, the latter also compressed (gzip, bzip2, xz,
 * zstd, lz4, compress); a compressed file that is no tar is an archive of one.
 * Read by libarchive, from memory; one file is in memory at a time. What an
 * archive may unpack to is bounded: a bomb ends with a finding.
 * Office documents (docx, odt, jar ...) are zips, too, but no archives here.
 */
#ifndef CV_ARCHIVE_ARCHIVE_READ_H
#define CV_ARCHIVE_ARCHIVE_READ_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/report.h"

/* What unpacking may still cost: one for an input and the archives in its
 * archives. */
typedef struct cv_archive_budget {
    uint64_t bytes;     /* of all entries together */
    uint64_t entries;   /* of all kinds */
    size_t entry_bytes; /* of one; the next one follows */
} cv_archive_budget;

/* By base/limits.h, for an outermost input of that size. */
cv_archive_budget cv_archive_budget_of(size_t input_bytes);

/* Borrowed: valid during the call they are given to. */
typedef struct cv_archive_entry {
    cv_slice folder; /* "a/b", without "..", no root; empty for none */
    cv_slice name;   /* not empty; UTF-8 */
    cv_slice bytes;  /* as many as could be read */
    const char *why; /* NULL; else why it cannot be read at all */
} cv_archive_entry;

typedef struct cv_archive_walker {
    /* Any status but CV_OK ends the walk. */
    cv_status (*each)(void *ctx, const cv_archive_entry *entry, cv_error *err);
    void *ctx;
} cv_archive_walker;

/* By its first bytes (a tar: by its first header). */
bool cv_archive_is(cv_slice in);
/* file_name: of the archive; names the file of one that is only compressed
 * ("a.eml.gz" holds a.eml). report: damage, unsafe names, limits.
 * Errors: each()'s; CV_ERR_SYNTAX when not even a first entry can be had;
 * CV_ERR_NOMEM. */
CV_NODISCARD cv_status cv_archive_walk(cv_slice in, cv_slice file_name,
                                       cv_archive_budget *budget,
                                       const cv_archive_walker *walker,
                                       cv_report *report, cv_error *err);

#endif
