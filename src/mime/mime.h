/* mime.h - MIME text as a tree of parts, read and written.
 *
 * Reading keeps everything: each field's raw bytes, each part's encoded bytes
 * and place in the input. Nothing is thrown away for being wrong. Writing is
 * strict: what comes out is always grammatical.
 *
 * One bounded parser of our own does all of it. GMime 3.2.13 was measured
 * first: 9 KB of "To: g: g: g: ..." overruns a stack of 512 KB, it gives no
 * places of headers, bodies and signed entities in the input, drops a garbage
 * first line and cuts at NUL, and takes 40 to 320 us for 16 to 45 KB. A guard
 * before it and a second reader behind it would have been larger than this.
 * Source: RFC 5322, 2045 to 2047, 2231, 6532; spec mime-mapping.md B4, B5,
 * B10.
 */
#ifndef CV_MIME_MIME_H
#define CV_MIME_MIME_H

#include "base/report.h"
#include "base/buf.h"

typedef struct cv_mime_field {
    cv_slice name; /* as written, without the colon */
    cv_slice raw;  /* value bytes as they came, folding included */
    cv_slice text; /* unfolded, trimmed, still encoded words */
} cv_mime_field;

typedef struct cv_mime_param {
    cv_slice name;  /* lower case */
    cv_slice value; /* UTF-8; RFC 2231 and stray RFC 2047 undone */
} cv_mime_param;

typedef enum cv_mime_kind {
    CV_MIME_LEAF,
    CV_MIME_MULTIPART,
    CV_MIME_MESSAGE /* message/rfc822 with one child, the message */
} cv_mime_kind;

typedef struct cv_mime_part {
    cv_mime_kind kind;
    cv_slice type, subtype; /* lower case: "text", "plain" */
    cv_mime_param *params;  /* of Content-Type; arena */
    size_t param_count;
    cv_slice disposition; /* lower case, empty when none */
    cv_mime_param *disposition_params;
    size_t disposition_param_count;
    cv_slice encoding;     /* lower case, "7bit" when none */
    cv_slice content_id;   /* without <> */
    cv_slice filename;     /* UTF-8: filename*, filename, name; may be empty */
    cv_mime_field *fields; /* all, in order */
    size_t field_count;
    cv_slice path; /* "part[0].part[2]" for findings; empty for the root */
    cv_slice header_bytes; /* the header block as it came */
    cv_slice body_bytes;   /* the encoded body as it came */
    cv_slice entity_bytes; /* header block, blank line and body as they came */
    /* Leaf: decoded bytes (mem, or decoded while pumped). Message: the bytes
     * of the message within. Multipart: body_bytes. */
    cv_blob data;
    struct cv_mime_part **children; /* arena */
    size_t child_count;
    cv_relax relax; /* called while a long body is decoded */
} cv_mime_part;

/* Reads a message or an entity. `in` must outlive the tree, which lives in
 * the arena. Always gives a tree: input without any header is one text part.
 * relax is kept for as long as the tree: reading a part's data calls it, too.
 * Errors: the arena's only. */
CV_NODISCARD cv_status cv_mime_read(cv_arena *arena, cv_slice in,
                                    cv_relax relax, cv_mime_part **root,
                                    cv_report *report, cv_error *err);

/* First field of a name, without case; NULL when absent. */
const cv_mime_field *cv_mime_field_get(const cv_mime_part *part, cv_slice name);
/* Parameter of Content-Type; empty slice with NULL ptr when absent. */
cv_slice cv_mime_param_get(const cv_mime_part *part, cv_slice name);
bool cv_mime_is(const cv_mime_part *part, const char *type,
                const char *subtype); /* subtype NULL: any */
/* Decoded bytes as one slice, at most max_bytes. */
CV_NODISCARD cv_status cv_mime_part_bytes(const cv_mime_part *part,
                                          size_t max_bytes, cv_arena *arena,
                                          cv_slice *out, cv_error *err);
/* Decoded text in UTF-8 by the part's charset (mime-mapping.md B5); soft line
 * ends of format=flowed are undone.
 * charset_used: code page that was used, may be NULL. */
CV_NODISCARD cv_status cv_mime_part_text(const cv_mime_part *part,
                                         cv_arena *arena, cv_slice *text,
                                         uint32_t *charset_used,
                                         cv_report *report, cv_error *err);

/* The text of a mail and the uuencoded files in it, as parts in their order:
 * copies of `part` with a piece of its body each. count 0: there are no
 * files. Text that only looks like a file ("begin", but no data or no "end")
 * stays text.
 * Errors: the arena's. */
typedef struct cv_mime_pieces {
    cv_mime_part **parts; /* arena */
    size_t count;
} cv_mime_pieces;
CV_NODISCARD cv_status cv_mime_split_uu(cv_arena *arena,
                                        const cv_mime_part *part,
                                        cv_mime_pieces *out, cv_error *err);

/* Encoded words undone; unstructured text in UTF-8. 8-bit bytes: UTF-8 if
 * valid, else `charset`, else windows-1252. */
CV_NODISCARD cv_status cv_mime_decode_text(cv_arena *arena, cv_slice raw,
                                           cv_slice charset, cv_slice *out,
                                           cv_error *err);

typedef struct cv_mime_address {
    cv_slice name;    /* UTF-8, may be empty */
    cv_slice address; /* local@domain, or whatever stood there */
    cv_slice group;   /* name of the group it stood in, or empty */
} cv_mime_address;

/* Every mailbox of an address field, groups expanded, element by element:
 * what cannot be read costs itself. Bounded by CV_LIMIT_ADDRESSES and
 * CV_LIMIT_MIME_GROUPS. */
CV_NODISCARD cv_status cv_mime_addresses(cv_arena *arena, cv_slice raw,
                                         cv_slice charset,
                                         cv_mime_address **out, size_t *count,
                                         cv_report *report, cv_error *err);

/* -- writing: a tree of cv_mime_node is built, then written to a sink --
 *
 * Header text is copied; leaf data and blobs are borrowed until the tree was
 * written. Every function takes a NULL node, so that a tree is built without a
 * test at each step: an exhausted arena shows in cv_mime_write(). */

typedef struct cv_mime_node cv_mime_node;

/* "multipart", "mixed" / "text", "plain" / "message", "rfc822". */
cv_mime_node *cv_mime_node_new(cv_arena *arena, const char *type,
                               const char *subtype);
void cv_mime_node_add(cv_mime_node *parent, cv_mime_node *child);
/* A field whose value is printable ASCII already; it is folded. Control
 * characters are replaced: never a new header line. */
void cv_mime_node_field(cv_mime_node *node, const char *name, cv_slice value);
/* Unstructured UTF-8 text; encoded words where needed. */
void cv_mime_node_text_field(cv_mime_node *node, const char *name,
                             cv_slice text);
/* An address list; an entry without address is written as group "name:;".
 * Nothing is written for an empty list. */
void cv_mime_node_address_field(cv_mime_node *node, const char *name,
                                const cv_mime_address *list, size_t count);
/* Parameter of Content-Type or, for "filename", "size" and dates, of
 * Content-Disposition when disposition was set. UTF-8 values are written by
 * RFC 2231; with CV_MIME_NAME_2047 also as an encoded word for old peers. */
void cv_mime_node_param(cv_mime_node *node, const char *name, cv_slice value);
void cv_mime_node_disposition(cv_mime_node *node, const char *disposition);
void cv_mime_node_disposition_param(cv_mime_node *node, const char *name,
                                    cv_slice value);
/* Leaf data. UTF-8 text: transfer encoding is chosen (7bit, quoted-printable,
 * base64), line ends become CRLF, charset parameter is set. */
void cv_mime_node_set_text(cv_mime_node *node, cv_slice utf8);
/* Bytes in a given charset, passed as they are; in a message/... node line
 * ends become CRLF, because it may not be encoded. */
void cv_mime_node_set_bytes(cv_mime_node *node, cv_slice bytes);
/* base64, streamed from the blob while writing. */
void cv_mime_node_set_blob(cv_mime_node *node, const cv_blob *blob);
/* A whole entity (its own header block and body) that goes out untouched,
 * behind the node's own fields if it has any. */
void cv_mime_node_set_entity(cv_mime_node *node, cv_slice entity);

enum {
    CV_MIME_NAME_2047 = 1, /* parameters also as encoded words */
    CV_MIME_8BIT = 2       /* peer takes 8BITMIME */
};
/* Boundaries derive from `seed` (a message's id), not from chance, and never
 * occur in the content. A blob that cannot be read: its node gets what came,
 * the report a finding (CV_RULE_ATTACHMENT_DATA).
 * Errors: the sink's; CV_ERR_LIMIT when nodes are nested deeper than
 * CV_LIMIT_MIME_DEPTH or the arena was exhausted; CV_ERR_NOMEM. */
CV_NODISCARD cv_status cv_mime_write(const cv_mime_node *root, cv_slice seed,
                                     unsigned flags, const cv_sink *out,
                                     cv_report *report, cv_error *err);

#endif
