/* from_mime.h - what the files that read mail share. */
#ifndef CV_CONVERT_FROM_MIME_H
#define CV_CONVERT_FROM_MIME_H

#include "convert/private.h"
#include "mime/mime.h"

#define CV_MAX_SEGMENTS 64 /* body texts that are joined; more are files */

/* One message (the outer one or an embedded one) being read. */
typedef struct cv_from {
    const cv_convert_options *options;
    cv_report *report;
    cv_error *err;
    cv_arena *arena; /* the object tree's */
    cv_object *obj;
    cv_bag *props;
    const cv_mime_part *root;
    cv_slice charset;     /* of 8-bit header text; may be empty */
    cv_mime_address from; /* first usable mailbox of From */
    int64_t date;         /* ticks, INT64_MIN when there is none */
} cv_from;

/* A text the reader sees; plain and html are the same text. */
typedef struct cv_segment {
    const cv_mime_part *plain, *html; /* either may be NULL */
    bool html_only; /* its plain form is part of another segment's */
} cv_segment;

typedef struct cv_file_part {
    const cv_mime_part *part;
    bool related;       /* stood beside HTML in multipart/related */
    cv_object *message; /* what a TNEF part of another message held, or NULL */
} cv_file_part;

/* What a tree of parts consists of. */
typedef struct cv_parts {
    cv_segment segments[CV_MAX_SEGMENTS];
    size_t segment_count;
    cv_file_part *files; /* arena */
    size_t file_count, file_room;
    const cv_mime_part *calendar; /* the best candidate, or NULL */
    unsigned calendar_rank;       /* 0 none, 3 best */
    cv_object *tnef; /* what a winmail.dat held, or NULL; of the tree's arena */
} cv_parts;

/* calendar_rank */
enum {
    CV_CAL_NONE = 0,
    CV_CAL_FILE = 1,  /* a file; counts only with a scheduling METHOD */
    CV_CAL_PART = 2,  /* stands among other parts */
    CV_CAL_PROPER = 3 /* an alternative, or the whole message */
};

/* Properties of the header block; B1, B2 of the mapping. */
CV_NODISCARD cv_status cv_headers_from_mime(cv_from *c);
/* Sorts the tree; B4. */
CV_NODISCARD cv_status cv_parts_collect(cv_from *c, const cv_mime_part *part,
                                        cv_parts *out);
CV_NODISCARD cv_status cv_parts_add_file(cv_from *c, cv_parts *parts,
                                         const cv_mime_part *part,
                                         bool related);
CV_NODISCARD cv_status cv_body_from_mime(cv_from *c, const cv_parts *parts);
CV_NODISCARD cv_status cv_attachments_from_mime(cv_from *c,
                                                const cv_parts *parts);
/* *used: the part made the object a calendar object. *keep: it is to stay
 * among the files, too. */
CV_NODISCARD cv_status cv_calendar_from_mime(cv_from *c, const cv_parts *parts,
                                             bool *used, bool *keep);
/* A body for the mail whose calendar part is no meeting message, and which has
 * no text of its own. */
CV_NODISCARD cv_status cv_calendar_body(cv_from *c, const cv_parts *parts);
/* Takes a TNEF part that is this message's from the files and reads it; what
 * others hold is put beside them. */
CV_NODISCARD cv_status cv_tnef_from_mime(cv_from *c, cv_parts *parts);
/* Its properties, over what the mail's parts gave; the header's stay. */
CV_NODISCARD cv_status cv_tnef_merge(cv_from *c, const cv_parts *parts);
/* Its attachments. first: where the mail's own begin among the object's. */
CV_NODISCARD cv_status cv_tnef_attachments(cv_from *c, const cv_parts *parts,
                                           size_t first);
/* *used: the message was a report; its parts are dealt with. */
CV_NODISCARD cv_status cv_report_from_mime(cv_from *c, bool *used);
CV_NODISCARD cv_status cv_smime_from_mime(cv_from *c, bool *used);
/* Reads one message; the root's with depth 0. */
CV_NODISCARD cv_status cv_message_from_mime(cv_from *c);

/* 8-bit clean: encoded words undone, one line. */
cv_slice cv_header_text(cv_from *c, const cv_mime_field *field);

#endif
