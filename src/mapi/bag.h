/* bag.h - values and property bags.
 *
 * A bag holds at most one property for each id. Text is UTF-8, whatever the
 * container held. Everything a bag points to lives in the arena it was made
 * with, or in the input that the arena's owner keeps alive.
 *
 * Getters answer "is there a usable value": false when the property is
 * absent, PtypNull, PtypErrorCode or of a type that cannot stand for the one
 * wanted; then the output is untouched. Integer16/32/64 and Boolean stand for
 * each other, String8 for String, Binary for String when it is UTF-8 without
 * NUL, String for Binary never. Who must tell "absent" from "unusable" uses
 * cv_bag_find().
 * Source: spec property-types.md 1.
 */
#ifndef CV_MAPI_BAG_H
#define CV_MAPI_BAG_H

#include "base/arena.h"
#include "base/guid.h"
#include "mapi/tags.h"

typedef struct cv_value {
    uint16_t type;  /* CV_T_..., with CV_T_MULTI for several values */
    bool lossy;     /* text: could not be decoded fully; raw has the bytes */
    uint32_t count; /* values; 1 unless CV_T_MULTI */
    union {
        int64_t i64;         /* I16 I32 I64 CURRENCY BOOL, sign-extended */
        uint32_t error;      /* ERROR */
        uint64_t time;       /* TIME: FILETIME as stored, any value */
        double f64;          /* F32 F64 FLOATTIME */
        cv_guid guid;        /* GUID */
        cv_slice bytes;      /* STRING8 STRING (UTF-8), BINARY and the like */
        const int64_t *i64s; /* the CV_T_MULTI forms: count values */
        const uint64_t *times;
        const double *f64s;
        const cv_guid *guids;
        const cv_slice *slices;
    };
    cv_slice raw; /* original bytes of lossy text, else empty */
} cv_value;

typedef struct cv_prop {
    cv_tag tag;            /* Convoke's tag; type equals value.type */
    uint16_t container_id; /* id in the file it came from, 0 when none */
    cv_value value;
} cv_prop;

typedef struct cv_bag cv_bag;

/* NULL when the arena is exhausted. */
cv_bag *cv_bag_new(cv_arena *arena);
cv_arena *cv_bag_arena(const cv_bag *bag);
size_t cv_bag_count(const cv_bag *bag);
/* Properties by ascending id; index < cv_bag_count(). Borrowed until the next
 * change. */
const cv_prop *cv_bag_at(const cv_bag *bag, size_t index);
/* By id; the type part of tag is ignored. NULL when absent. */
const cv_prop *cv_bag_find(const cv_bag *bag, cv_tag tag);
bool cv_bag_has(const cv_bag *bag, cv_tag tag);

/* Stores a value under the tag's id, replacing one that is there; the stored
 * tag gets value->type. Slices and arrays are borrowed: the caller has them
 * in the arena or in input that outlives the bag.
 * Errors: CV_ERR_LIMIT above CV_LIMIT_PROPS; the arena's. */
CV_NODISCARD cv_status cv_bag_put(cv_bag *bag, cv_tag tag,
                                  const cv_value *value, cv_error *err);
CV_NODISCARD cv_status cv_bag_put_from(cv_bag *bag, cv_tag tag,
                                       const cv_value *value,
                                       uint16_t container_id, cv_error *err);
void cv_bag_remove(cv_bag *bag, cv_tag tag);
/* Deep copy of one property, or of all, into dst's arena; existing ones are
 * replaced. Tags are taken as they are: between two object trees only for
 * properties whose tag is known at compile time. */
CV_NODISCARD cv_status cv_bag_copy(cv_bag *dst, const cv_bag *src, cv_tag tag,
                                   cv_error *err);
CV_NODISCARD cv_status cv_bag_copy_all(cv_bag *dst, const cv_bag *src,
                                       cv_error *err);

/* Setters copy text and bytes into the arena. Type is the tag's, which must
 * fit (asserted: tags of input go through cv_bag_put); a tag without type gets
 * the setter's own (Integer32, Integer64, ..., String, Binary). They return
 * the arena's status, which also sticks there: a long run of puts may ignore
 * results and test cv_arena_status() once, hence no CV_NODISCARD. */
cv_status cv_bag_set_i32(cv_bag *bag, cv_tag tag, int32_t v);
cv_status cv_bag_set_i64(cv_bag *bag, cv_tag tag, int64_t v);
cv_status cv_bag_set_bool(cv_bag *bag, cv_tag tag, bool v);
cv_status cv_bag_set_f64(cv_bag *bag, cv_tag tag, double v);
cv_status cv_bag_set_time(cv_bag *bag, cv_tag tag, uint64_t filetime);
/* Ticks that have no FILETIME remove the property. */
cv_status cv_bag_set_ticks(cv_bag *bag, cv_tag tag, int64_t ticks);
cv_status cv_bag_set_string(cv_bag *bag, cv_tag tag, cv_slice text);
cv_status cv_bag_set_binary(cv_bag *bag, cv_tag tag, cv_slice bytes);
cv_status cv_bag_set_strings(cv_bag *bag, cv_tag tag, const cv_slice *texts,
                             size_t count);

bool cv_bag_i32(const cv_bag *bag, cv_tag tag, int32_t *out);
bool cv_bag_i64(const cv_bag *bag, cv_tag tag, int64_t *out);
bool cv_bag_bool(const cv_bag *bag, cv_tag tag, bool *out);
bool cv_bag_f64(const cv_bag *bag, cv_tag tag, double *out);
/* The FILETIME as stored, whatever it means. */
bool cv_bag_time(const cv_bag *bag, cv_tag tag, uint64_t *filetime);
/* Only a moment (datetime.h, CV_TIME_VALID), as ticks. */
bool cv_bag_ticks(const cv_bag *bag, cv_tag tag, int64_t *ticks);
/* UTF-8, borrowed from the bag. True for an empty string, too. */
bool cv_bag_string(const cv_bag *bag, cv_tag tag, cv_slice *out);
bool cv_bag_binary(const cv_bag *bag, cv_tag tag, cv_slice *out);
bool cv_bag_strings(const cv_bag *bag, cv_tag tag, const cv_slice **out,
                    size_t *count);

/* With a default, for readers that need no difference. */
int32_t cv_bag_i32_or(const cv_bag *bag, cv_tag tag, int32_t otherwise);
bool cv_bag_bool_or(const cv_bag *bag, cv_tag tag, bool otherwise);
cv_slice cv_bag_string_or(const cv_bag *bag, cv_tag tag, cv_slice otherwise);

/* One of several values, with the base type; the value itself when it is not
 * CV_T_MULTI. index < value->count. */
cv_value cv_value_at(const cv_value *value, uint32_t index);
/* Deep copy into the arena.
 * Errors: the arena's. */
CV_NODISCARD cv_status cv_value_dup(cv_arena *arena, const cv_value *value,
                                    cv_value *out, cv_error *err);
/* Writes one value into the array of a CV_T_MULTI value: array holds what
 * `storage` (tags.h) says, and has room for index. */
void cv_value_store(cv_storage storage, void *array, size_t index,
                    const cv_value *one);

/* Equal type, count and contents; floats by bits. */
bool cv_value_eq(const cv_value *a, const cv_value *b);
bool cv_bag_eq(const cv_bag *a, const cv_bag *b);

#endif
