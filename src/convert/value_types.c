/* Values whose type is not their property's: an error code in the place of a
 * value, or a value of another kind. Readers of single properties take what is
 * near and nothing else; here the report is told. Source: [MS-OXCDATA] 2.11.1;
 * kb-cases.md R1. */
#include "convert/to_mime.h"

#include <inttypes.h>

/* Kinds of values that are read for one another. */
typedef enum kind {
    KIND_ANY, /* of no use, or of any type */
    KIND_WHOLE,
    KIND_REAL,
    KIND_TIME,
    KIND_TEXT,
    KIND_BYTES,
    KIND_SEVERAL
} kind;

static kind kind_of(uint16_t type)
{
    if (type & CV_T_MULTI)
        return KIND_SEVERAL;
    switch (type) {
    case CV_T_I16:
    case CV_T_I32:
    case CV_T_I64:
    case CV_T_BOOL:
    case CV_T_CURRENCY:
        return KIND_WHOLE;
    case CV_T_F32:
    case CV_T_F64:
    case CV_T_FLOATTIME:
        return KIND_REAL;
    case CV_T_TIME:
        return KIND_TIME;
    case CV_T_STRING:
    case CV_T_STRING8:
        return KIND_TEXT;
    case CV_T_BINARY:
    case CV_T_SERVERID:
    case CV_T_RESTRICTION:
    case CV_T_ACTIONS:
        return KIND_BYTES;
    default:
        return KIND_ANY;
    }
}

/* Text is often stored as bytes; a list may have one value. */
static bool is_near(kind want, kind got)
{
    return want == got || want == KIND_ANY || got == KIND_ANY ||
           want == KIND_SEVERAL || (want == KIND_TEXT && got == KIND_BYTES);
}

/* The bag of a message (row NULL) or of its index-th row. */
typedef struct place {
    const cv_bag *bag;
    const char *row; /* "recipient" */
    size_t index;
    cv_arena *arena;
    cv_report *report;
} place;

static cv_slice path_of(const place *at)
{
    return at->row ? cv_index_path(at->arena, at->row, at->index) : CV_S("");
}

static void look_at(const place *at, const cv_prop *p)
{
    const char *name = cv_tag_name(p->tag);
    const char *type = cv_type_name(p->value.type);
    if (!name)
        return;
    if (p->value.type == CV_T_ERROR)
        cv_report_say(
            at->report, CV_RULE_MAPI_ERROR_VALUE, path_of(at),
            cv_slice_cstr(name),
            cv_arena_printf(at->arena, "error 0x%08" PRIX32, p->value.error),
            "counts as absent");
    else if (!is_near(kind_of(cv_tag_known_type(p->tag)),
                      kind_of(p->value.type)))
        cv_report_say(
            at->report, CV_RULE_WRONG_TYPE, path_of(at), cv_slice_cstr(name),
            cv_slice_cstr(type ? type : "unknown type"), "counts as absent");
}

static void look_at_all(const place *at)
{
    for (size_t i = 0; i < cv_bag_count(at->bag); i++) {
        const cv_prop *p = cv_bag_at(at->bag, i);
        if (!cv_repairs_tag(p->tag))
            look_at(at, p);
    }
}

void cv_say_types(const cv_object *obj, cv_arena *arena, cv_report *report)
{
    place at = { .bag = cv_object_props(obj),
                 .arena = arena,
                 .report = report };
    look_at_all(&at);
    at.row = "recipient";
    for (at.index = 0; at.index < cv_object_recipient_count(obj); at.index++) {
        at.bag = cv_object_recipient(obj, at.index);
        look_at_all(&at);
    }
    at.row = "attachment";
    for (at.index = 0; at.index < cv_object_attachment_count(obj); at.index++) {
        at.bag = cv_object_attachment(obj, at.index)->props;
        look_at_all(&at);
    }
}
