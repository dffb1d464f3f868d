/* contentline.h - the lines of iCalendar and vCard text.
 *
 * Both formats, in all their versions, are made of folded lines
 * "NAME;PARAM=value:value". What a line is stands here; what lines mean is
 * for ical/ and vcard/. Reading is total: the text's only bounds are those of
 * base/limits.h.
 * Source: RFC 5545 3.1, 3.2, 3.3.11; RFC 6350 3.2 to 3.4; RFC 6868; vCard 2.1
 * and vCalendar 1.0 (soft line breaks, parameters without a name).
 */
#ifndef CV_BASE_CONTENTLINE_H
#define CV_BASE_CONTENTLINE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/report.h"

typedef struct cv_content_param {
    cv_slice name;  /* upper case */
    cv_slice value; /* unquoted; RFC 6868 undone; several values with ',' */
} cv_content_param;

typedef struct cv_content_line {
    cv_slice name; /* upper case */
    cv_content_param *params;
    size_t param_count;
    cv_slice value; /* unfolded, still escaped */
    cv_slice raw;   /* the content line, unfolded */
    uint32_t line;  /* first line in the text, from 1 */
} cv_content_line;

/* -- reading -- */

/* What cv_line_next() cuts off. */
typedef struct cv_raw_line {
    cv_slice text; /* unfolded: in the reader's text or in its arena */
    uint32_t number;
    size_t last_len; /* of the last physical line */
} cv_raw_line;

typedef struct cv_line_reader {
    cv_arena *arena;
    cv_report *report; /* for limits that are hit; may be NULL */
    cv_slice text;
    size_t pos;        /* set to 0 to begin */
    uint32_t physical; /* lines seen */
} cv_line_reader;

/* False at the end of the text. */
bool cv_line_next(cv_line_reader *r, cv_raw_line *out);
/* False when the line is no content line, or the arena is exhausted. *colon:
 * where in line->text the value's ':' stands. */
bool cv_line_parse(cv_line_reader *r, const cv_raw_line *line,
                   cv_content_line *out, size_t *colon);
/* Appends to a line's value, for lines that went on without a fold. *room is
 * all zeros for each new line; it doubles, so that many such lines cost no
 * more than their bytes. False above CV_LIMIT_LINE_BYTES or when the arena is
 * exhausted. */
typedef struct cv_line_room {
    uint8_t *bytes; /* arena; NULL: the value lies in the text */
    size_t size;
} cv_line_room;
bool cv_line_extend(cv_arena *arena, cv_line_room *room, cv_content_line *line,
                    cv_slice more);
/* Value of a parameter, empty when there is none. */
cv_slice cv_line_param_get(const cv_content_line *line, const char *name);
/* The value as text: escapes and quoted-printable undone. Arena. */
cv_slice cv_line_value_text(cv_arena *arena, const cv_content_line *line);
/* TEXT value with escapes undone. Arena. */
cv_slice cv_line_unescape(cv_arena *arena, cv_slice value);
/* Quoted-printable without soft breaks, decoded. Arena. */
cv_slice cv_line_decode_qp(cv_arena *arena, cv_slice value);
/* Cuts the next element of a list off *rest, still escaped; *rest.ptr is NULL
 * after the last one. */
cv_slice cv_line_field_next(cv_slice *rest, uint8_t separator);

/* -- writing -- */

typedef struct cv_line_writer {
    cv_buf *out;
    cv_buf line; /* the line being made, unfolded */
} cv_line_writer;

void cv_line_writer_init(cv_line_writer *w, cv_buf *out);
void cv_line_writer_clear(cv_line_writer *w);
void cv_line_begin(cv_line_writer *w, const char *name);
void cv_line_begin_slice(cv_line_writer *w, cv_slice name);
/* Quoted where needed, RFC 6868 for quotes and line ends. */
void cv_line_param(cv_line_writer *w, const char *name, cv_slice value);
/* "=value" behind a name that was put into w->line. */
void cv_line_param_value(cv_line_writer *w, cv_slice value);
void cv_line_colon(cv_line_writer *w);
/* Escaped TEXT; may be called again for the next part of a list. */
void cv_line_text(cv_line_writer *w, cv_slice text);
/* As it is, but for control characters, which are left out. */
void cv_line_raw(cv_line_writer *w, cv_slice text);
void cv_line_end(cv_line_writer *w); /* folds it into out */
/* Whole lines. */
void cv_line_put_literal(cv_line_writer *w, const char *line);
void cv_line_put_text(cv_line_writer *w, const char *name, cv_slice text);
void cv_line_put_word(cv_line_writer *w, const char *name, const char *word);
void cv_line_put_int(cv_line_writer *w, const char *name, int64_t value);
void cv_line_put_utc(cv_line_writer *w, const char *name, int64_t ticks);

#endif
