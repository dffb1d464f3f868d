/* object.h - the message object everything meets in.
 *
 * A message object is a property bag, a recipient table (a bag a row) and an
 * attachment table (a bag, and data or an embedded message object). A tree of
 * embedded objects shares one arena and one table of names.
 * Source: DESIGN "Everything meets in one object"; [MS-OXCMSG].
 */
#ifndef CV_MAPI_OBJECT_H
#define CV_MAPI_OBJECT_H

#include "base/buf.h"
#include "mapi/bag.h"

typedef struct cv_object cv_object;

/* Names of an object tree: the ones of namedprops.def and those it met. */
typedef struct cv_names cv_names;

/* The tag of a name, interned when it is new; the type part is 0.
 * Errors: CV_ERR_LIMIT above CV_LIMIT_NAMES; the arena's. */
CV_NODISCARD cv_status cv_names_intern(cv_names *names, const cv_name *name,
                                       cv_tag *tag, cv_error *err);
/* The tag of a name that was interned, 0 when it was not. */
cv_tag cv_names_find(const cv_names *names, const cv_name *name);
/* The tag of a property from CV_NAMED_FIRST up whose name its container does
 * not tell: its name is the container's id as a number in the set of all
 * zeros.
 * Errors: as cv_names_intern(). */
CV_NODISCARD cv_status cv_names_unnamed(cv_names *names, uint16_t container_id,
                                        cv_tag *tag, cv_error *err);
/* The container id behind such a name, 0 for any other and for NULL. */
uint16_t cv_name_unnamed_id(const cv_name *name);
/* The name behind any named tag, NULL when there is none. */
const cv_name *cv_names_get(const cv_names *names, cv_tag tag);

typedef struct cv_attachment {
    cv_bag *props;       /* arena */
    bool has_data;       /* data is there (may be empty) */
    cv_blob data;        /* PidTagAttachDataBinary or an OLE stream's bytes */
    cv_object *embedded; /* arena; NULL unless an embedded message */
} cv_attachment;

/* A new tree with an arena of its own. budget_bytes as in cv_arena_new().
 * Errors: CV_ERR_NOMEM. */
CV_NODISCARD cv_status cv_object_new(size_t budget_bytes, cv_object **out,
                                     cv_error *err);
/* Frees a whole tree; for the root only. Takes NULL, sets *obj to NULL. */
void cv_object_free(cv_object **obj);
/* A new object inside root's tree (an embedded message); NULL when the arena
 * is exhausted or depth passes CV_LIMIT_EMBED_DEPTH. */
cv_object *cv_object_new_embedded(cv_object *parent);

cv_arena *cv_object_arena(const cv_object *obj);
cv_names *cv_object_names(const cv_object *obj);
cv_bag *cv_object_props(const cv_object *obj);
unsigned cv_object_depth(const cv_object *obj); /* 0 for the root */

size_t cv_object_recipient_count(const cv_object *obj);
cv_bag *cv_object_recipient(const cv_object *obj, size_t index);
/* NULL when the arena is exhausted or CV_LIMIT_RECIPIENTS is reached. */
cv_bag *cv_object_add_recipient(cv_object *obj);
void cv_object_remove_recipient(cv_object *obj, size_t index);

size_t cv_object_attachment_count(const cv_object *obj);
cv_attachment *cv_object_attachment(const cv_object *obj, size_t index);
cv_attachment *cv_object_add_attachment(cv_object *obj);
void cv_object_remove_attachment(cv_object *obj, size_t index);

/* Where the object came from: "msg", "mime", "ical", "json", "tnef", "pst" or
 * "" (made here). A literal. */
void cv_object_set_source(cv_object *obj, const char *source);
const char *cv_object_source(const cv_object *obj);
/* The bytes a MIME-born object was read from, borrowed; empty otherwise. */
void cv_object_set_original(cv_object *obj, cv_slice original);
cv_slice cv_object_original(const cv_object *obj);

/* PidTagMessageClass, "IPM.Note" when missing or unusable. */
cv_slice cv_object_class(const cv_object *obj);
/* The class is `prefix` or begins with it and a dot; without case. */
bool cv_object_is_class(const cv_object *obj, cv_slice prefix);

/* A string property by name, such as a PS_INTERNET_HEADERS header. */
CV_NODISCARD cv_status cv_object_set_named_string(cv_object *obj, cv_bag *bag,
                                                  cv_set set, cv_slice name,
                                                  cv_slice text);

/* Tag of src's tree in dst's tree: the same for tags below CV_NAMED_FIRST and
 * known names, else the one interned there under its name.
 * Errors: as cv_names_intern(). */
CV_NODISCARD cv_status cv_names_translate(cv_names *dst, const cv_names *src,
                                          cv_tag tag, cv_tag *out,
                                          cv_error *err);
/* Deep copy into a tree of its own; blobs are read into memory.
 * Errors: CV_ERR_LIMIT, CV_ERR_NOMEM, a blob's. */
CV_NODISCARD cv_status cv_object_dup(const cv_object *src, cv_object **out,
                                     cv_error *err);
/* Deep copy of src as an embedded object in parent's tree. */
CV_NODISCARD cv_status cv_object_embed(cv_object *parent, const cv_object *src,
                                       cv_object **out, cv_error *err);
/* Same properties, rows, attachments and data; container ids don't count. */
bool cv_object_eq(const cv_object *a, const cv_object *b);

#endif
