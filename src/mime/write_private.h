/* write_private.h - what the files of the writer share. */
#ifndef CV_MIME_WRITE_PRIVATE_H
#define CV_MIME_WRITE_PRIVATE_H

#include "mime/mime_private.h"

enum {
    CV_MIME_LINE = 78,      /* where lines are folded */
    CV_MIME_LINE_MAX = 998, /* what no line may exceed */
    CV_MIME_WORD = 75       /* longest encoded word */
};

/* -- fold.c: header text -- */

/* A header field being written; lines are folded at blanks. */
typedef struct cv_mime_fold {
    cv_buf *out;
    size_t column;
    bool started; /* something stands behind the name's colon */
} cv_mime_fold;

cv_mime_fold cv_mime_fold_begin(cv_buf *out, const char *name);
void cv_mime_fold_end(cv_mime_fold *f);
/* word behind blanks; a new line begins at the blanks when it does not fit
 * below `limit`. blanks may be empty: then it goes on where the line is. */
void cv_mime_fold_put(cv_mime_fold *f, cv_slice blanks, cv_slice word,
                      size_t limit);
/* Each word of an ASCII text. */
void cv_mime_fold_words(cv_mime_fold *f, cv_slice blanks, cv_slice text);
/* text, UTF-8, as encoded words. in_phrase: with the few characters that a
 * word in an address may have (RFC 2047 5). */
void cv_mime_fold_encoded(cv_mime_fold *f, cv_slice blanks, cv_slice text,
                          bool in_phrase);
/* Unstructured text, encoded where it must be. */
void cv_mime_fold_text(cv_mime_fold *f, cv_slice text);
void cv_mime_fold_addresses(cv_mime_fold *f, const cv_mime_address *list,
                            size_t count, cv_arena *arena);
/* "; name=value"; flags as in cv_mime_write(). */
void cv_mime_fold_param(cv_mime_fold *f, cv_slice name, cv_slice value,
                        unsigned flags);
bool cv_mime_is_token(cv_slice s);

/* -- encode.c: bodies -- */

/* What decides on a transfer encoding. */
typedef struct cv_mime_stats {
    size_t longest; /* line, without its end */
    size_t escapes; /* bytes that quoted-printable must escape */
    bool eight_bit;
    bool odd; /* NUL, or a line end that is not CRLF */
} cv_mime_stats;

cv_mime_stats cv_mime_stats_of(cv_slice bytes);

/* Where output goes, gathered into larger writes. After a failure of the sink
 * nothing more is written. */
typedef struct cv_mime_out {
    const cv_sink *to;
    cv_error *err;
    cv_status status;
    cv_buf buf;
    uint8_t last[2]; /* bytes written last */
} cv_mime_out;

void cv_mime_out_put(cv_mime_out *out, cv_slice s);
void cv_mime_out_flush(cv_mime_out *out);
void cv_mime_out_qp(cv_mime_out *out, cv_slice bytes);
/* base64 in lines of 76; *read_status is what reading the blob gave. */
void cv_mime_out_base64(cv_mime_out *out, const cv_blob *blob,
                        cv_status *read_status, cv_error *read_err);

/* -- node.c: the tree -- */

typedef struct cv_mime_header {
    struct cv_mime_header *next;
    cv_slice name, line; /* line: the whole field, folded, with its end */
} cv_mime_header;

typedef struct cv_mime_pair {
    struct cv_mime_pair *next;
    cv_slice name, value;
} cv_mime_pair;

typedef enum cv_mime_content {
    CV_MIME_EMPTY,
    CV_MIME_TEXT,
    CV_MIME_BYTES,
    CV_MIME_BLOB,
    CV_MIME_ENTITY
} cv_mime_content;

struct cv_mime_node {
    cv_arena *arena;
    cv_slice type, subtype;
    cv_mime_header *fields, **fields_end;
    cv_mime_pair *params, **params_end;
    cv_mime_pair *disposition_params, **disposition_params_end;
    cv_slice disposition;
    cv_mime_node *children, **children_end, *next;
    cv_mime_content content;
    cv_slice bytes;      /* text, bytes or entity */
    const cv_blob *blob; /* borrowed */
    cv_mime_stats stats;
};

#endif
