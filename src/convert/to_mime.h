/* to_mime.h - what the files that write mail share. */
#ifndef CV_CONVERT_TO_MIME_H
#define CV_CONVERT_TO_MIME_H

#include "convert/private.h"
#include "mime/mime.h"
#include "rtf/rtf_read.h"

/* One message (the outer one or an embedded one) being written. */
typedef struct cv_to {
    const cv_convert_options *options;
    cv_report *report;
    cv_error *err;
    cv_arena *arena;
    const cv_object *obj;  /* as it was given */
    const cv_object *view; /* with repaired times; obj when none was wrong */
    const cv_bag *props;   /* obj's */
    cv_people people;
    int64_t date;        /* ticks */
    cv_slice message_id; /* with <> */
} cv_to;

/* The text of a message in the forms that can be had. */
typedef struct cv_body {
    cv_slice plain; /* UTF-8 */
    bool has_plain, has_html;
    cv_slice html;            /* UTF-8 */
    cv_slice html_bytes;      /* as stored, when html_charset can label them */
    const char *html_charset; /* NULL: html goes out as UTF-8 */
    cv_slice rtf;             /* RTF nothing could be made of, to be attached */
    const char *rtf_name, *rtf_type;
    cv_rtf_file *files; /* pictures and objects that stood within RTF; arena */
    size_t file_count;
} cv_body;

CV_NODISCARD cv_status cv_body_choose(cv_to *t, cv_body *out);
/* text/plain, or multipart/alternative with the HTML. */
CV_NODISCARD cv_status cv_body_to_mime(cv_to *t, const cv_body *body,
                                       cv_mime_node **node);
/* A meeting in words, for a reader without calendar. */
cv_slice cv_meeting_text(const cv_object *obj,
                         const cv_convert_options *options, cv_arena *arena);

/* Date and Message-ID are decided, then all fields are written. */
void cv_headers_decide(cv_to *t);
void cv_headers_to_mime(cv_to *t, cv_mime_node *root);

/* The text/calendar part; *node NULL when the object has none or it could
 * not be made. *method is a literal. */
CV_NODISCARD cv_status cv_calendar_to_mime(cv_to *t, cv_mime_node **node,
                                           const char **method);
typedef enum cv_attach_place {
    CV_PLACE_NONE, /* nothing is written */
    CV_PLACE_FILE,
    CV_PLACE_INLINE /* beside the HTML that shows it */
} cv_attach_place;
CV_NODISCARD cv_status cv_attachment_to_mime(cv_to *t, size_t index,
                                             const cv_body *body,
                                             cv_mime_node **node,
                                             cv_attach_place *place);
/* The Content-ID that an attachment goes out with, without <>; empty when it
 * has none. One that no header can carry is made anew from itself. */
cv_slice cv_content_id(const cv_to *t, const cv_bag *props);
/* html has a "cid:" of id, whose case and escapes don't count. */
bool cv_html_shows_id(cv_slice html, cv_slice id);
/* The HTML calls files by their new ids; each new id is a finding. */
CV_NODISCARD cv_status cv_content_ids_settle(cv_to *t, cv_body *body);
/* A file made of text. */
cv_mime_node *cv_text_file_node(cv_arena *arena, cv_slice name, cv_slice text);

/* *root NULL when the object is none of these kinds. */
CV_NODISCARD cv_status cv_smime_to_mime(cv_to *t, cv_mime_node **root);
CV_NODISCARD cv_status cv_report_to_mime(cv_to *t, cv_mime_node **root);

/* The text with the whole message in a winmail.dat. */
CV_NODISCARD cv_status cv_tnef_to_mime(cv_to *t, cv_mime_node **root);
/* A winmail.dat of what the MIME parts do not carry. */
CV_NODISCARD cv_status cv_tnef_beside_mime(cv_to *t, cv_mime_node **node);

/* The whole tree with its header; obj may be embedded. */
CV_NODISCARD cv_status cv_message_to_mime(const cv_to *outer,
                                          const cv_object *obj,
                                          cv_mime_node **root, cv_slice *id);

/* -- repairs -- */

/* Errors: CV_ERR_LEGACY with the fix off and a row that carries a tracking
 * time that is no moment. Findings either way. */
CV_NODISCARD cv_status cv_check_legacy(const cv_object *obj,
                                       const cv_convert_options *options,
                                       cv_report *report, cv_error *err);
/* The repairs look at a tag themselves. */
bool cv_repairs_tag(cv_tag tag);
/* Tells which values are error codes or of a type their property cannot have;
 * readers of properties pass them over. arena: for what is told. */
void cv_say_types(const cv_object *obj, cv_arena *arena, cv_report *report);
/* What stands in for obj: *view is obj itself, or *made, a copy that the
 * caller frees (NULL when there is none). Attachment data and embedded
 * messages are shared with obj. */
CV_NODISCARD cv_status cv_repair(const cv_object *obj,
                                 const cv_convert_options *options,
                                 const cv_object **view, cv_object **made,
                                 cv_report *report, cv_error *err);

/* The last step. */
CV_NODISCARD cv_status cv_write_minimal(const cv_object *obj,
                                        const cv_convert_options *options,
                                        const char *why, const cv_sink *out,
                                        cv_report *report, cv_error *err);

#endif
