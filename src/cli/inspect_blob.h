/* inspect_blob.h - `convoke inspect --blob KIND`: a property value alone. */
#ifndef CLI_INSPECT_BLOB_H
#define CLI_INSPECT_BLOB_H

#include "base/error.h"
#include "cli/args.h"

/* Row of the command's option table. */
#define CLI_BLOB_OPTION \
    { \
        0, "blob", "KIND", \
            "the file is a property value, binary or as hex: recurrence, " \
            "time-zone-definition, time-zone, global-id, entry-id, " \
            "entry-ids, conversation-index, recipient-rows, " \
            "property-definitions, report-tag" \
    }

/* Prints what the bytes mean, as JSON.
 * Errors: CV_ERR_NOTFOUND for an unknown kind; CV_ERR_SYNTAX when the bytes
 * are none of it; CV_ERR_IO. */
CV_NODISCARD cv_status cli_show_blob(const char *kind, cv_slice bytes,
                                     cv_error *err);

#endif
