/* archive_private.h - what the files of archive/ share. */
#ifndef CV_ARCHIVE_ARCHIVE_PRIVATE_H
#define CV_ARCHIVE_ARCHIVE_PRIVATE_H

#include "archive/archive_read.h"

/* A path of an archive, made safe: UTF-8, '/' between, neither root nor "."
 * nor "..". *changed: more than "./" had to go. False when nothing is left. */
bool cv_archive_clean_path(cv_arena *arena, cv_slice path, cv_slice *folder,
                           cv_slice *name, bool *changed);
/* What a compressed file is called without its compression. */
cv_slice cv_archive_inner_name(cv_slice file_name);

#endif
