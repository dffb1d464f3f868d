/* mime_private.h - what the files of mime/ share. */
#ifndef CV_MIME_MIME_PRIVATE_H
#define CV_MIME_MIME_PRIVATE_H

#include "mime/mime.h"

#include "base/limits.h"
#include "base/text.h"

/* format=flowed text with its soft line ends undone; ptr NULL when the arena
 * is exhausted. */
bool cv_mime_is_flowed(const cv_mime_part *part);
cv_slice cv_mime_unflow(cv_arena *arena, const cv_mime_part *part,
                        cv_slice text);

/* Decoders of Content-Transfer-Encoding. */
typedef enum cv_mime_coding {
    CV_MIME_IDENTITY, /* 7bit, 8bit, binary and what is unknown */
    CV_MIME_BASE64,
    CV_MIME_QP,
    CV_MIME_UU
} cv_mime_coding;

/* Lines of a message. They end with LF or CRLF; where there is no LF at all,
 * with CR. */
typedef struct cv_mime_lines {
    cv_slice in;
    uint8_t eol; /* '\n' or '\r' */
} cv_mime_lines;

cv_mime_lines cv_mime_lines_of(cv_slice in);
/* The line at pos without its end; *next is where the following one begins.
 * pos must not be above in.len. */
cv_slice cv_mime_line(const cv_mime_lines *lines, size_t pos, size_t *next);

static inline bool cv_mime_is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}
bool cv_mime_all_blank(cv_slice s);

/* Length of the field name that a line begins with, 0 when it is no header
 * line. *value is where the value begins. */
size_t cv_mime_header_name(cv_slice line, size_t *value);
/* A header line whose name everybody knows: enough to tell a damaged header
 * block from a body. */
bool cv_mime_is_known_header(cv_slice line);

/* Folds undone, NUL and stray line ends made spaces, trimmed; a part of raw
 * where nothing had to be done. ptr NULL when the arena is exhausted. */
cv_slice cv_mime_unfold(cv_arena *arena, cv_slice raw);
/* s with every run of line ends and blanks around them replaced by `with`. */
cv_slice cv_mime_refold(cv_arena *arena, cv_slice s, cv_slice with);

/* The head of a field such as "text/plain; charset=x": what stands before the
 * parameters; *rest gets the parameters. */
cv_slice cv_mime_value_head(cv_slice text, cv_slice *rest);
/* Parameters; *tail (may be NULL) gets text that stood behind a value and is
 * no parameter (C032). Findings carry path and property. */
typedef struct cv_mime_param_list {
    cv_mime_param *list; /* arena */
    size_t count;
    cv_slice tail;
} cv_mime_param_list;
CV_NODISCARD cv_status cv_mime_params_read(cv_arena *arena, cv_slice text,
                                           cv_mime_param_list *out,
                                           cv_report *report, cv_slice path,
                                           cv_slice property, cv_error *err);

/* Encoded words undone; the text's own control characters are kept. */
CV_NODISCARD cv_status cv_mime_decode_words(cv_arena *arena, cv_slice raw,
                                            cv_slice charset, cv_slice *out,
                                            cv_error *err);

/* Sets everything that follows from part->fields. */
CV_NODISCARD cv_status cv_mime_part_describe(cv_arena *arena,
                                             cv_mime_part *part,
                                             cv_slice default_type,
                                             cv_report *report, cv_error *err);

cv_mime_coding cv_mime_coding_of(cv_slice encoding);
/* What decoding met: bytes of output, damage and where it first was. */
typedef struct cv_mime_decoded {
    uint64_t size;
    size_t bad;       /* characters that do not belong there */
    size_t bad_first; /* place in the input, when bad */
} cv_mime_decoded;
/* Decodes in; `to` NULL only measures. */
CV_NODISCARD cv_status cv_mime_decode(cv_mime_coding coding, cv_slice in,
                                      cv_relax relax, const cv_sink *to,
                                      cv_mime_decoded *what, cv_error *err);
/* Sets part->data from body_bytes and encoding. */
CV_NODISCARD cv_status cv_mime_part_set_data(cv_arena *arena,
                                             cv_mime_part *part,
                                             cv_report *report, cv_error *err);

/* Bytes up to which a body is decoded while reading. */
#define CV_MIME_EAGER_BYTES ((size_t)64 << 10)

#endif
