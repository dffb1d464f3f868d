/* tags.h - property types, property tags and named properties.
 *
 * Inside Convoke every property is known by a cv_tag: id << 16 | type, as in
 * MAPI. Ids from 0x8000 are Convoke's own numbers for named properties: a row
 * of namedprops.def has a fixed constant (CV_PidLidLocation), names met for
 * the first time in an object get one of that object tree's own
 * (object.h, cv_names). So code says
 *     cv_bag_string(bag, CV_PidTagSubject, &s)
 *     cv_bag_string(bag, CV_PidLidLocation, &s)
 * and never handles a container's numbers, which live in cv_prop.container_id
 * only to be shown.
 * Source: [MS-OXCDATA] 2.9, 2.11.1; [MS-OXPROPS].
 */
#ifndef CV_MAPI_TAGS_H
#define CV_MAPI_TAGS_H

#include "base/error.h"
#include "base/guid.h"

typedef uint32_t cv_tag;

enum {
    CV_T_UNSPECIFIED = 0x0000,
    CV_T_NULL = 0x0001,
    CV_T_I16 = 0x0002,
    CV_T_I32 = 0x0003,
    CV_T_F32 = 0x0004,
    CV_T_F64 = 0x0005,
    CV_T_CURRENCY = 0x0006,
    CV_T_FLOATTIME = 0x0007,
    CV_T_ERROR = 0x000A,
    CV_T_BOOL = 0x000B,
    CV_T_OBJECT = 0x000D,
    CV_T_I64 = 0x0014,
    CV_T_STRING8 = 0x001E,
    CV_T_STRING = 0x001F,
    CV_T_TIME = 0x0040,
    CV_T_GUID = 0x0048,
    CV_T_SERVERID = 0x00FB,
    CV_T_RESTRICTION = 0x00FD,
    CV_T_ACTIONS = 0x00FE,
    CV_T_BINARY = 0x0102,
    CV_T_MULTI = 0x1000 /* flag: several values of the base type */
};

#define CV_TAG(id, type) (((cv_tag)(id) << 16) | (cv_tag)(type))
#define CV_TAG_ID(tag) ((uint16_t)((tag) >> 16))
#define CV_TAG_TYPE(tag) ((uint16_t)((tag)&0xFFFF))
#define CV_NAMED_FIRST 0x8000 /* first id of a named property */

/* CV_PidTag... */
enum {
#define TAG(id, type, name, classic) CV_##name = CV_TAG(id, type),
#define ALIAS(id, type, classic)
#include "mapi/proptags.def"
#undef TAG
#undef ALIAS
};

/* CV_SET_PS_PUBLIC_STRINGS ... */
typedef enum cv_set {
#define SET(name, guid) CV_SET_##name,
#include "mapi/namedprops.def"
#undef SET
    CV_SET_COUNT
} cv_set;

enum {
#define LID(set, lid, type, name) CV_INDEX_##name,
#define NAME(set, string, type, name) CV_INDEX_##name,
#include "mapi/namedprops.def"
#undef LID
#undef NAME
    CV_NAMED_KNOWN /* how many names are known at compile time */
};

/* CV_PidLid..., CV_PidName... */
enum {
#define LID(set, lid, type, name) \
    CV_##name = CV_TAG(CV_NAMED_FIRST + CV_INDEX_##name, type),
#define NAME(set, string, type, name) \
    CV_##name = CV_TAG(CV_NAMED_FIRST + CV_INDEX_##name, type),
#include "mapi/namedprops.def"
#undef LID
#undef NAME
};

/* A property's name: a number or a string within a set. */
typedef struct cv_name {
    cv_guid set;
    bool is_string;
    uint32_t lid;    /* when !is_string */
    cv_slice string; /* UTF-8; compared without case in PS_INTERNET_HEADERS */
} cv_name;

/* The order of names: numbers before strings, then by number or text, then by
 * set. 0 for equal names; text of PS_INTERNET_HEADERS compares without ASCII
 * case. */
int cv_name_cmp(const cv_name *a, const cv_name *b);

/* GUID of a property set. */
const cv_guid *cv_set_guid(cv_set set);
/* Name of a set by GUID such as "PSETID_Meeting", NULL when unknown. */
const char *cv_set_name(const cv_guid *guid);

/* The known tag of a name, 0 when it is not in namedprops.def. */
cv_tag cv_tag_of_name(const cv_name *name);
/* The name behind a known named tag; NULL for others. */
const cv_name *cv_name_of_tag(cv_tag tag);

/* Canonical name ("PidTagSubject", "PidLidLocation") by id and type, else by
 * id alone; NULL when unknown. A literal. */
const char *cv_tag_name(cv_tag tag);
/* Type that a property has by its definition; the tag's own when one of
 * several definitions of the id has it. 0 when the id is unknown. */
uint16_t cv_tag_known_type(cv_tag tag);
/* Tag of a canonical or classic name, 0 when unknown. */
cv_tag cv_tag_by_name(cv_slice name);

/* "PtypString", "PtypMultipleBinary"; NULL for an unknown type. */
const char *cv_type_name(uint16_t type);
/* Errors: CV_ERR_SYNTAX. */
CV_NODISCARD cv_status cv_type_parse(cv_slice name, uint16_t *type);
bool cv_type_is_known(uint16_t type);
/* Bytes of one value of a fixed-size type (base type), 0 when variable. */
size_t cv_type_size(uint16_t type);

/* Which member of cv_value (bag.h) holds one value of a type. */
typedef enum cv_storage {
    CV_STORE_NONE,  /* PtypNull, PtypUnspecified: nothing */
    CV_STORE_INT,   /* i64 */
    CV_STORE_ERROR, /* error */
    CV_STORE_TIME,  /* time */
    CV_STORE_REAL,  /* f64 */
    CV_STORE_GUID,  /* guid */
    CV_STORE_TEXT,  /* bytes, UTF-8 */
    CV_STORE_BYTES  /* bytes; unknown types, too */
} cv_storage;
cv_storage cv_type_storage(uint16_t type);
/* A known type of several values; an unknown one with the flag is raw bytes. */
bool cv_type_is_multi(uint16_t type);

#endif
