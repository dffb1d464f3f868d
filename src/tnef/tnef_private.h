/* tnef_private.h - what the files of tnef/ share. */
#ifndef CV_TNEF_PRIVATE_H
#define CV_TNEF_PRIVATE_H

#include "mapi/object.h"
#include "tnef/tnef.h"

#define TNEF_HEAD_BYTES 6    /* signature and key */
#define TNEF_RENDER_BYTES 14 /* RENDDATA */
#define TNEF_DATE_BYTES 14   /* DTR */
#define TNEF_IID_BYTES 16
#define TNEF_MOST_BYTES UINT32_C(0x7FFFFFFF) /* of one attribute */

/* The interface ids that open the value of an object. */
extern const cv_slice cv_tnef_iid_message;
extern const cv_slice cv_tnef_iid_storage;
extern const cv_slice cv_tnef_iid_stream;
/* PidTagAttachEncoding of a MacBinary file. */
extern const cv_slice cv_tnef_macbinary;

/* PidTagAttachMethod */
enum { TNEF_BY_VALUE = 1, TNEF_EMBEDDED = 5, TNEF_OLE = 6 };

/* -- attributes -- */

typedef enum tnef_attr {
#define ATTR(sym, id, level, kind, tag, name) TNEF_##sym,
#include "tnef/attributes.def"
#undef ATTR
    TNEF_ATTR_COUNT
} tnef_attr;

/* How the bytes of an attribute are read. */
typedef enum tnef_kind {
    TNEF_K_IGNORED,
    TNEF_K_CLASS,
    TNEF_K_TRIPLE,
    TNEF_K_TEXT,
    TNEF_K_DATE,
    TNEF_K_STATUS,
    TNEF_K_HEX,
    TNEF_K_PRIORITY,
    TNEF_K_LONG,
    TNEF_K_BOOL,
    TNEF_K_PERSON,
    TNEF_K_BYTES,
    TNEF_K_PROPS,
    TNEF_K_RECIPIENTS,
    TNEF_K_RENDERING,
    TNEF_K_DATA,
    TNEF_K_TITLE
} tnef_kind;

typedef struct tnef_attr_row {
    uint32_t id;
    uint8_t level;
    uint8_t kind; /* tnef_kind */
    cv_tag tag;
    const char *name;
} tnef_attr_row;

extern const tnef_attr_row cv_tnef_attrs[TNEF_ATTR_COUNT];

/* By the whole id, else by its low half (writers have left the wire type
 * out); TNEF_ATTR_COUNT when unknown. */
tnef_attr cv_tnef_attr_of(uint32_t id);

/* Sum of the bytes modulo 65536. */
uint16_t cv_tnef_sum(cv_slice bytes);

/* -- one stream being read -- */

typedef struct tnef_stream {
    cv_object *obj;
    cv_arena *arena;
    cv_report *report;
    cv_error *err;
    uint32_t codepage;
    /* Attributes that stand for properties wait for the lists, which win:
     * the first of each; ptr NULL for none. */
    cv_slice waiting[TNEF_ATTR_COUNT];
    cv_attachment *attachment; /* being read, or NULL */
    size_t attachment_number;
    bool rendered;   /* the attachment had its attAttachRendData */
    cv_slice object; /* its PidTagAttachDataObject; ptr NULL: none */
    cv_slice binary; /* its PidTagAttachDataBinary; ptr NULL: none */
    bool full;       /* CV_LIMIT_ATTACHMENTS was told */
    unsigned bad_sums;
    uint64_t first_bad_sum;
    uint32_t rows_left;    /* lists behind the one being read */
    uint32_t resume_steps; /* that cv_tnef_resume() may still take */
} tnef_stream;

/* A list of properties into a bag; in an attachment's the data goes to
 * s->object and s->binary. *pos moves behind it; *whole: it did not break
 * off. */
CV_NODISCARD cv_status cv_tnef_read_props(tnef_stream *s, cv_slice in,
                                          size_t *pos, cv_bag *bag,
                                          cv_slice path, bool *whole);

/* Of all lists of a stream; some milliseconds. */
#define TNEF_RESUME_STEPS UINT32_C(500000)

/* Moves *pos, within the value of a property that cannot be read, behind it:
 * to where `more` properties and then `lists` lists fill the rest of in. False
 * when there is no such place, or nothing to be found. *steps is what the
 * search may cost. */
bool cv_tnef_resume(cv_slice in, size_t *pos, uint32_t more, uint32_t lists,
                    uint32_t *steps);

/* -- attributes of old clients -- */

/* The waiting attributes of a level as properties, where there is none. */
CV_NODISCARD cv_status cv_tnef_apply(tnef_stream *s, unsigned level,
                                     cv_bag *bag, cv_slice path);
/* The class an old client's name stands for; text itself for others. */
cv_slice cv_tnef_class_of_legacy(cv_arena *arena, cv_slice text);
/* The old name of a class, the class itself for others. A literal, or text. */
cv_slice cv_tnef_legacy_of_class(cv_slice text);

#endif
