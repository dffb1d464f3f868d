/* vcard_private.h - what the files of vcard/ share.
 *
 * cards.c cuts a text into cards, lines.c a card into lines; read.c gives
 * each line to whom it concerns: fields.c (the table fields.def), group.c, or
 * itself. write.c goes the other way.
 */
#ifndef CV_VCARD_VCARD_PRIVATE_H
#define CV_VCARD_VCARD_PRIVATE_H

#include "base/contentline.h"
#include "base/limits.h"
#include "base/text.h"
#include "mapi/entryid.h"
#include "vcard/vcard.h"

/* -- lines.c -- */

typedef struct vcard_line {
    cv_content_line line; /* name without its group */
    cv_slice group;       /* "item1", as it came; empty for none */
} vcard_line;

typedef struct vcard_lines {
    vcard_line *items; /* arena; without BEGIN, END and VERSION */
    size_t count;
} vcard_lines;

/* report may be NULL. Errors: CV_ERR_SYNTAX without a line; the arena's. */
CV_NODISCARD cv_status cv_vcard_parse(cv_arena *arena, cv_slice card,
                                      vcard_lines *out, cv_report *report,
                                      cv_error *err);
/* First line of that name, NULL when there is none. */
const vcard_line *cv_vcard_find(const vcard_lines *lines, const char *name);
/* The word stands in TYPE, or as a parameter of its own (2.1; PREF=1). */
bool cv_vcard_has_type(const vcard_line *l, cv_slice word);
/* All blank-separated words; true for none. */
bool cv_vcard_has_types(const vcard_line *l, const char *words);
/* UTF-8 with escapes undone and CRLF as line end. Arena. */
cv_slice cv_vcard_text(cv_arena *arena, const vcard_line *l);
/* The same of the first `room` fields between separators; how many there were
 * of them. */
size_t cv_vcard_parts(cv_arena *arena, const vcard_line *l, uint8_t separator,
                      cv_slice *parts, size_t room);
/* A binary value: base64, or a data: URI. *type: "JPEG", "image/png", empty.
 * False when it is neither. */
bool cv_vcard_bytes(cv_arena *arena, const vcard_line *l, cv_slice *bytes,
                    cv_slice *type);
/* The line as 3.0 has it: for those without counterpart. */
void cv_vcard_keep(cv_arena *arena, cv_line_writer *w, const vcard_line *l);

/* -- fields.c -- */

typedef struct vcard_field {
    const char *name, *types;
    cv_tag tag;
    bool alias;
} vcard_field;
/* Row of fields.def; NULL past the end. */
const vcard_field *cv_vcard_field_at(size_t index);

/* Components of ADR, and the properties of its kinds. */
enum {
    VCARD_BOX,
    VCARD_STREET,
    VCARD_CITY,
    VCARD_STATE,
    VCARD_CODE,
    VCARD_COUNTRY,
    VCARD_ADDRESS_PARTS
};
typedef struct vcard_address {
    const char *type;
    int32_t id; /* PidLidPostalAddressId */
    cv_tag label;
    cv_tag parts[VCARD_ADDRESS_PARTS];
} vcard_address;
extern const vcard_address cv_vcard_addresses[3]; /* home, work, other */
/* The mailing address: a copy of one of the three. */
extern const cv_tag cv_vcard_mailing[VCARD_ADDRESS_PARTS];

typedef struct vcard_email {
    cv_tag display, type, address, original_name, original_id;
} vcard_email;
extern const vcard_email cv_vcard_emails[3];

/* -- reading -- */

typedef struct vcard_in {
    cv_object *obj;
    cv_bag *bag;
    cv_arena *arena;
    cv_report *report;
    const cv_vcard_book *book; /* may be NULL */
    vcard_lines lines;
} vcard_in;

void cv_vcard_say(vcard_in *in, cv_rule_id rule, const vcard_line *l,
                  const char *done);
/* The address in an EMAIL or MEMBER: without mailto:, name and brackets. */
cv_slice cv_vcard_smtp(cv_slice value);
/* group.c: members. */
void cv_vcard_read_group(vcard_in *in);
/* Name and address of a card of the book. */
bool cv_vcard_book_find(const cv_vcard_book *book, cv_slice uid, cv_slice *name,
                        cv_slice *address);

/* -- writing -- */

typedef struct vcard_out {
    const cv_object *obj;
    const cv_bag *bag;
    const cv_vcard_options *options;
    cv_arena *arena; /* scratch */
    cv_report *report;
    cv_line_writer w;
} vcard_out;

/* SMTP form of an address; empty when there is none. Gives the finding. */
cv_slice cv_vcard_resolve(vcard_out *out, cv_slice type, cv_slice address,
                          const char *property);
/* group.c */
void cv_vcard_write_group(vcard_out *out);

#endif
