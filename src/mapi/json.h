/* json.h - JSON: the form of objects and reports, and plain documents.
 *
 * Object form: spec object-json.md, a contract (docs/object-json.md). Plain
 * documents serve the control socket and the admin API.
 */
#ifndef CV_MAPI_JSON_H
#define CV_MAPI_JSON_H

#include "base/report.h"
#include "mapi/object.h"

/* Writing. A writer puts commas and quotes; the caller keeps begin and end in
 * balance. key is NULL inside arrays and for the outermost value. */
typedef struct cv_json_writer {
    cv_buf *buf; /* borrowed */
    bool comma;
    bool pretty; /* two blanks an indent */
    unsigned depth;
} cv_json_writer;

cv_json_writer cv_json_writer_of(cv_buf *buf, bool pretty);
void cv_json_begin_object(cv_json_writer *w, const char *key);
void cv_json_end_object(cv_json_writer *w);
void cv_json_begin_array(cv_json_writer *w, const char *key);
void cv_json_end_array(cv_json_writer *w);
/* Invalid UTF-8 becomes U+FFFD. */
void cv_json_put_text(cv_json_writer *w, const char *key, cv_slice text);
void cv_json_put_str(cv_json_writer *w, const char *key, const char *text);
void cv_json_put_int(cv_json_writer *w, const char *key, int64_t v);
/* The shortest decimal number that reads back as v; what JSON cannot write is
 * the text "NaN", "Infinity" or "-Infinity". */
void cv_json_put_real(cv_json_writer *w, const char *key, double v);
/* Lower-case hexadecimal as text. */
void cv_json_put_hex(cv_json_writer *w, const char *key, cv_slice bytes);
void cv_json_put_bool(cv_json_writer *w, const char *key, bool v);
void cv_json_put_null(cv_json_writer *w, const char *key);
/* A value that is JSON text already. */
void cv_json_put_raw(cv_json_writer *w, const char *key, cv_slice json);

/* Reading. A tree in an arena. */
typedef enum cv_json_type {
    CV_JSON_NULL,
    CV_JSON_BOOL,
    CV_JSON_INT,
    CV_JSON_REAL,
    CV_JSON_TEXT,
    CV_JSON_ARRAY,
    CV_JSON_OBJECT
} cv_json_type;

typedef struct cv_json {
    cv_json_type type;
    cv_slice key; /* of a member of an object */
    cv_slice text;
    int64_t i64;
    double real;
    bool boolean;
    size_t count;          /* children of an array or object */
    struct cv_json *items; /* arena */
} cv_json;

/* Errors: CV_ERR_SYNTAX with the offset; CV_ERR_LIMIT for its size, depth or
 * number of values; CV_ERR_NOMEM. */
CV_NODISCARD cv_status cv_json_parse(cv_arena *arena, cv_slice text,
                                     cv_json **out, cv_error *err);
/* Member of an object; NULL when absent or node is NULL or no object. */
const cv_json *cv_json_get(const cv_json *node, const char *key);
cv_slice cv_json_text_or(const cv_json *node, const char *key,
                         cv_slice otherwise);
int64_t cv_json_int_or(const cv_json *node, const char *key, int64_t otherwise);
bool cv_json_bool_or(const cv_json *node, const char *key, bool otherwise);

/* Objects. flags */
enum {
    CV_JSON_FULL = 1, /* binary of any size in hex */
    CV_JSON_PRETTY = 2
};
CV_NODISCARD cv_status cv_object_to_json(const cv_object *obj, unsigned flags,
                                         const cv_sink *out, cv_error *err);
/* Any object, however broken: type and value are taken as given.
 * Attachment data: key "data" in hex ("size" and "sha256" alone give an empty
 * attachment and a finding).
 * Errors: CV_ERR_SYNTAX, CV_ERR_LIMIT, CV_ERR_NOMEM. */
CV_NODISCARD cv_status cv_object_from_json(cv_slice text, cv_object **out,
                                           cv_report *report, cv_error *err);
/* True when text begins like the object form ("format": "convoke-object/"). */
bool cv_json_is_object_form(cv_slice text);

/* Adds the findings that cv_report_put_json() wrote, alone or as "findings" of
 * an object.
 * Errors: CV_ERR_SYNTAX, CV_ERR_LIMIT, CV_ERR_NOMEM. */
CV_NODISCARD cv_status cv_report_from_json(cv_slice json, cv_report *report,
                                           cv_error *err);

#endif
