#include "mapi/bag.h"

#include "base/datetime.h"
#include "base/limits.h"
#include "base/text.h"

#include <string.h>

#define FIRST_ROOM 16

/* Properties lie in the order of their arrival; keys[] is sorted and says
 * where each id lies. So an insertion moves four bytes a property. */
struct cv_bag {
    cv_arena *arena; /* borrowed */
    cv_prop *props;  /* arena, `room` of them */
    uint32_t *keys;  /* arena: id << 16 | index in props, ascending */
    size_t count;
    size_t room;
};

cv_bag *cv_bag_new(cv_arena *arena)
{
    cv_bag *bag = cv_arena_alloc(arena, sizeof(*bag));
    if (bag)
        bag->arena = arena;
    return bag;
}

cv_arena *cv_bag_arena(const cv_bag *bag)
{
    return bag->arena;
}

size_t cv_bag_count(const cv_bag *bag)
{
    return bag->count;
}

const cv_prop *cv_bag_at(const cv_bag *bag, size_t index)
{
    cv_assert(index < bag->count);
    return &bag->props[bag->keys[index] & 0xFFFF];
}

/* Position in keys[] of the first id that is not below `id`. */
static size_t lower_bound(const cv_bag *bag, uint16_t id)
{
    uint32_t key = (uint32_t)id << 16;
    size_t low = 0;
    size_t high = bag->count;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (bag->keys[mid] < key)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* The property with this id; *at is its place in keys[], or where it would
 * be inserted. */
static cv_prop *find(const cv_bag *bag, uint16_t id, size_t *at)
{
    *at = lower_bound(bag, id);
    if (*at == bag->count || bag->keys[*at] >> 16 != id)
        return NULL;
    return &bag->props[bag->keys[*at] & 0xFFFF];
}

const cv_prop *cv_bag_find(const cv_bag *bag, cv_tag tag)
{
    size_t at;
    return find(bag, CV_TAG_ID(tag), &at);
}

bool cv_bag_has(const cv_bag *bag, cv_tag tag)
{
    return cv_bag_find(bag, tag) != NULL;
}

/* -- changing ------------------------------------------------------------- */

static cv_status grow(cv_bag *bag, cv_error *err)
{
    size_t room = bag->room ? bag->room * 2 : FIRST_ROOM;
    cv_prop *props = cv_arena_array(bag->arena, room, sizeof(*props));
    uint32_t *keys = cv_arena_array(bag->arena, room, sizeof(*keys));
    if (!props || !keys)
        return cv_arena_fail(bag->arena, err);
    if (bag->count > 0) {
        memcpy(props, bag->props, bag->count * sizeof(*props));
        memcpy(keys, bag->keys, bag->count * sizeof(*keys));
    }
    bag->props = props;
    bag->keys = keys;
    bag->room = room;
    return CV_OK;
}

/* A new property with this id at keys[at], its value still unset. */
static cv_status insert(cv_bag *bag, uint16_t id, size_t at, cv_prop **out,
                        cv_error *err)
{
    if (bag->count >= CV_LIMIT_PROPS)
        return cv_fail(err, CV_ERR_LIMIT, "more than %d properties",
                       CV_LIMIT_PROPS);
    if (bag->count == bag->room)
        CV_TRY(grow(bag, err));
    memmove(bag->keys + at + 1, bag->keys + at,
            (bag->count - at) * sizeof(*bag->keys));
    bag->keys[at] = (uint32_t)id << 16 | (uint32_t)bag->count;
    *out = &bag->props[bag->count++];
    return CV_OK;
}

cv_status cv_bag_put_from(cv_bag *bag, cv_tag tag, const cv_value *value,
                          uint16_t container_id, cv_error *err)
{
    size_t at;
    cv_prop *prop = find(bag, CV_TAG_ID(tag), &at);
    if (!prop)
        CV_TRY(insert(bag, CV_TAG_ID(tag), at, &prop, err));
    cv_value copy = *value; /* it may lie in the slot that is written */
    if (!cv_type_is_multi(copy.type))
        copy.count = 1;
    prop->tag = CV_TAG(CV_TAG_ID(tag), copy.type);
    prop->container_id = container_id;
    prop->value = copy;
    return CV_OK;
}

cv_status cv_bag_put(cv_bag *bag, cv_tag tag, const cv_value *value,
                     cv_error *err)
{
    return cv_bag_put_from(bag, tag, value, 0, err);
}

void cv_bag_remove(cv_bag *bag, cv_tag tag)
{
    size_t at;
    cv_prop *prop = find(bag, CV_TAG_ID(tag), &at);
    if (!prop)
        return;
    size_t hole = (size_t)(prop - bag->props);
    size_t last = --bag->count;
    memmove(bag->keys + at, bag->keys + at + 1,
            (last - at) * sizeof(*bag->keys));
    if (hole == last)
        return;
    /* The last property moves into the hole: its key must follow. */
    *prop = bag->props[last];
    uint32_t id = CV_TAG_ID(prop->tag);
    bag->keys[lower_bound(bag, (uint16_t)id)] = id << 16 | (uint32_t)hole;
}

/* Bytes of one element of a CV_T_MULTI array; 0 for slices. */
static size_t element_size(cv_storage storage)
{
    switch (storage) {
    case CV_STORE_INT:
    case CV_STORE_TIME:
    case CV_STORE_REAL:
        return 8;
    case CV_STORE_GUID:
        return sizeof(cv_guid);
    default:
        return 0;
    }
}

static bool is_sliced(cv_storage storage)
{
    return storage == CV_STORE_TEXT || storage == CV_STORE_BYTES;
}

cv_value cv_value_at(const cv_value *value, uint32_t index)
{
    cv_value one = *value;
    if (!cv_type_is_multi(value->type))
        return one;
    cv_assert(index < value->count);
    one.type = (uint16_t)(value->type & ~CV_T_MULTI);
    one.count = 1;
    switch (cv_type_storage(value->type)) {
    case CV_STORE_INT:
        one.i64 = value->i64s[index];
        break;
    case CV_STORE_TIME:
        one.time = value->times[index];
        break;
    case CV_STORE_REAL:
        one.f64 = value->f64s[index];
        break;
    case CV_STORE_GUID:
        one.guid = value->guids[index];
        break;
    default:
        one.bytes = value->slices[index];
        break;
    }
    return one;
}

/* An empty slice keeps its emptiness without an allocation. */
static cv_status dup_slice(cv_arena *arena, cv_slice in, cv_slice *out,
                           cv_error *err)
{
    *out = in.len > 0 ? cv_arena_dup(arena, in) : CV_S("");
    return out->ptr ? CV_OK : cv_arena_fail(arena, err);
}

static cv_status dup_multi(cv_arena *arena, const cv_value *value,
                           cv_value *out, cv_error *err)
{
    cv_storage storage = cv_type_storage(value->type);
    size_t size = element_size(storage);
    if (size > 0) {
        int64_t *copy = cv_arena_array(arena, value->count, size);
        if (!copy)
            return cv_arena_fail(arena, err);
        if (value->count > 0)
            memcpy(copy, value->i64s, value->count * size);
        out->i64s = copy;
        return CV_OK;
    }
    cv_slice *slices = cv_arena_array(arena, value->count, sizeof(*slices));
    if (!slices)
        return cv_arena_fail(arena, err);
    for (uint32_t i = 0; i < value->count; i++)
        CV_TRY(dup_slice(arena, value->slices[i], &slices[i], err));
    out->slices = slices;
    return CV_OK;
}

cv_status cv_value_dup(cv_arena *arena, const cv_value *value, cv_value *out,
                       cv_error *err)
{
    cv_value copy = *value;
    if (cv_type_is_multi(value->type))
        CV_TRY(dup_multi(arena, value, &copy, err));
    else if (is_sliced(cv_type_storage(value->type)))
        CV_TRY(dup_slice(arena, value->bytes, &copy.bytes, err));
    if (value->raw.len > 0)
        CV_TRY(dup_slice(arena, value->raw, &copy.raw, err));
    *out = copy;
    return CV_OK;
}

cv_status cv_bag_copy(cv_bag *dst, const cv_bag *src, cv_tag tag, cv_error *err)
{
    const cv_prop *prop = cv_bag_find(src, tag);
    cv_value value;
    if (!prop)
        return CV_OK;
    CV_TRY(cv_value_dup(dst->arena, &prop->value, &value, err));
    return cv_bag_put_from(dst, prop->tag, &value, prop->container_id, err);
}

cv_status cv_bag_copy_all(cv_bag *dst, const cv_bag *src, cv_error *err)
{
    for (size_t i = 0; i < src->count; i++)
        CV_TRY(cv_bag_copy(dst, src, cv_bag_at(src, i)->tag, err));
    return CV_OK;
}

/* -- setters -------------------------------------------------------------- */

static uint16_t type_or(cv_tag tag, uint16_t otherwise)
{
    uint16_t type = CV_TAG_TYPE(tag);
    return type == CV_T_UNSPECIFIED ? otherwise : type;
}

static cv_status set_int(cv_bag *bag, cv_tag tag, uint16_t type, int64_t v)
{
    cv_value value = { .type = type_or(tag, type), .count = 1, .i64 = v };
    cv_assert(cv_type_storage(value.type) == CV_STORE_INT &&
              !cv_type_is_multi(value.type));
    return cv_bag_put(bag, tag, &value, NULL);
}

cv_status cv_bag_set_i32(cv_bag *bag, cv_tag tag, int32_t v)
{
    return set_int(bag, tag, CV_T_I32, v);
}

cv_status cv_bag_set_i64(cv_bag *bag, cv_tag tag, int64_t v)
{
    return set_int(bag, tag, CV_T_I64, v);
}

cv_status cv_bag_set_bool(cv_bag *bag, cv_tag tag, bool v)
{
    return set_int(bag, tag, CV_T_BOOL, v);
}

cv_status cv_bag_set_f64(cv_bag *bag, cv_tag tag, double v)
{
    cv_value value = { .type = type_or(tag, CV_T_F64), .count = 1, .f64 = v };
    cv_assert(cv_type_storage(value.type) == CV_STORE_REAL &&
              !cv_type_is_multi(value.type));
    return cv_bag_put(bag, tag, &value, NULL);
}

cv_status cv_bag_set_time(cv_bag *bag, cv_tag tag, uint64_t filetime)
{
    cv_value value = { .type = CV_T_TIME, .count = 1, .time = filetime };
    cv_assert(type_or(tag, CV_T_TIME) == CV_T_TIME);
    return cv_bag_put(bag, tag, &value, NULL);
}

cv_status cv_bag_set_ticks(cv_bag *bag, cv_tag tag, int64_t ticks)
{
    uint64_t filetime;
    if (cv_ticks_to_filetime(ticks, &filetime, NULL) == CV_OK)
        return cv_bag_set_time(bag, tag, filetime);
    cv_bag_remove(bag, tag);
    return CV_OK;
}

static cv_status set_bytes(cv_bag *bag, cv_tag tag, uint16_t type,
                           cv_storage storage, cv_slice bytes)
{
    cv_value value = { .type = type_or(tag, type), .count = 1 };
    cv_assert(cv_type_storage(value.type) == storage &&
              !cv_type_is_multi(value.type));
    CV_TRY(dup_slice(bag->arena, bytes, &value.bytes, NULL));
    return cv_bag_put(bag, tag, &value, NULL);
}

cv_status cv_bag_set_string(cv_bag *bag, cv_tag tag, cv_slice text)
{
    return set_bytes(bag, tag, CV_T_STRING, CV_STORE_TEXT, text);
}

cv_status cv_bag_set_binary(cv_bag *bag, cv_tag tag, cv_slice bytes)
{
    return set_bytes(bag, tag, CV_T_BINARY, CV_STORE_BYTES, bytes);
}

cv_status cv_bag_set_strings(cv_bag *bag, cv_tag tag, const cv_slice *texts,
                             size_t count)
{
    cv_value in = { .type = type_or(tag, CV_T_MULTI | CV_T_STRING),
                    .slices = texts };
    cv_value value;
    cv_assert(cv_type_storage(in.type) == CV_STORE_TEXT &&
              cv_type_is_multi(in.type));
    if (count > CV_LIMIT_MULTI_VALUES)
        return CV_ERR_LIMIT;
    in.count = (uint32_t)count;
    CV_TRY(cv_value_dup(bag->arena, &in, &value, NULL));
    return cv_bag_put(bag, tag, &value, NULL);
}

/* -- getters -------------------------------------------------------------- */

static bool is_whole(uint16_t type)
{
    return type == CV_T_I16 || type == CV_T_I32 || type == CV_T_I64 ||
           type == CV_T_BOOL;
}

bool cv_bag_i64(const cv_bag *bag, cv_tag tag, int64_t *out)
{
    const cv_prop *prop = cv_bag_find(bag, tag);
    if (!prop || !is_whole(prop->value.type))
        return false;
    *out = prop->value.i64;
    return true;
}

bool cv_bag_i32(const cv_bag *bag, cv_tag tag, int32_t *out)
{
    int64_t wide;
    if (!cv_bag_i64(bag, tag, &wide) || wide < INT32_MIN || wide > INT32_MAX)
        return false;
    *out = (int32_t)wide;
    return true;
}

bool cv_bag_bool(const cv_bag *bag, cv_tag tag, bool *out)
{
    int64_t wide;
    if (!cv_bag_i64(bag, tag, &wide))
        return false;
    *out = wide != 0;
    return true;
}

bool cv_bag_f64(const cv_bag *bag, cv_tag tag, double *out)
{
    const cv_prop *prop = cv_bag_find(bag, tag);
    if (!prop)
        return false;
    uint16_t type = prop->value.type;
    /* A date is no number and a number no date. */
    bool wants_date = CV_TAG_TYPE(tag) == CV_T_FLOATTIME;
    bool fits = wants_date ? type == CV_T_FLOATTIME
                           : type == CV_T_F32 || type == CV_T_F64;
    if (fits)
        *out = prop->value.f64;
    return fits;
}

bool cv_bag_time(const cv_bag *bag, cv_tag tag, uint64_t *filetime)
{
    const cv_prop *prop = cv_bag_find(bag, tag);
    if (!prop || prop->value.type != CV_T_TIME)
        return false;
    *filetime = prop->value.time;
    return true;
}

bool cv_bag_ticks(const cv_bag *bag, cv_tag tag, int64_t *ticks)
{
    uint64_t filetime;
    return cv_bag_time(bag, tag, &filetime) && cv_filetime_is_valid(filetime) &&
           cv_filetime_to_ticks(filetime, ticks, NULL) == CV_OK;
}

static bool is_text(cv_slice bytes)
{
    return cv_slice_find_byte(bytes, 0, 0) == CV_NPOS && cv_utf8_valid(bytes);
}

bool cv_bag_string(const cv_bag *bag, cv_tag tag, cv_slice *out)
{
    const cv_prop *prop = cv_bag_find(bag, tag);
    if (!prop)
        return false;
    uint16_t type = prop->value.type;
    bool fits = type == CV_T_STRING || type == CV_T_STRING8 ||
                (type == CV_T_BINARY && is_text(prop->value.bytes));
    if (fits)
        *out = prop->value.bytes;
    return fits;
}

bool cv_bag_binary(const cv_bag *bag, cv_tag tag, cv_slice *out)
{
    const cv_prop *prop = cv_bag_find(bag, tag);
    if (!prop)
        return false;
    uint16_t type = prop->value.type;
    bool fits = type == CV_T_BINARY || type == CV_T_SERVERID ||
                type == CV_T_RESTRICTION || type == CV_T_ACTIONS;
    if (fits)
        *out = prop->value.bytes;
    return fits;
}

bool cv_bag_strings(const cv_bag *bag, cv_tag tag, const cv_slice **out,
                    size_t *count)
{
    const cv_prop *prop = cv_bag_find(bag, tag);
    if (!prop)
        return false;
    uint16_t type = prop->value.type;
    if (type != (CV_T_MULTI | CV_T_STRING) &&
        type != (CV_T_MULTI | CV_T_STRING8))
        return false;
    *out = prop->value.slices;
    *count = prop->value.count;
    return true;
}

int32_t cv_bag_i32_or(const cv_bag *bag, cv_tag tag, int32_t otherwise)
{
    (void)cv_bag_i32(bag, tag, &otherwise);
    return otherwise;
}

bool cv_bag_bool_or(const cv_bag *bag, cv_tag tag, bool otherwise)
{
    (void)cv_bag_bool(bag, tag, &otherwise);
    return otherwise;
}

cv_slice cv_bag_string_or(const cv_bag *bag, cv_tag tag, cv_slice otherwise)
{
    (void)cv_bag_string(bag, tag, &otherwise);
    return otherwise;
}

/* -- comparing ------------------------------------------------------------ */

static bool multi_eq(const cv_value *a, const cv_value *b)
{
    size_t size = element_size(cv_type_storage(a->type));
    if (a->count != b->count)
        return false;
    if (size > 0)
        return a->count == 0 || memcmp(a->i64s, b->i64s, a->count * size) == 0;
    for (uint32_t i = 0; i < a->count; i++) {
        if (!cv_slice_eq(a->slices[i], b->slices[i]))
            return false;
    }
    return true;
}

bool cv_value_eq(const cv_value *a, const cv_value *b)
{
    if (a->type != b->type || a->lossy != b->lossy ||
        !cv_slice_eq(a->raw, b->raw))
        return false;
    if (cv_type_is_multi(a->type))
        return multi_eq(a, b);
    switch (cv_type_storage(a->type)) {
    case CV_STORE_NONE:
        return true;
    case CV_STORE_INT:
        return a->i64 == b->i64;
    case CV_STORE_ERROR:
        return a->error == b->error;
    case CV_STORE_TIME:
        return a->time == b->time;
    case CV_STORE_REAL:
        return memcmp(&a->f64, &b->f64, sizeof(a->f64)) == 0;
    case CV_STORE_GUID:
        return cv_guid_eq(&a->guid, &b->guid);
    case CV_STORE_TEXT:
    case CV_STORE_BYTES:
        break;
    }
    return cv_slice_eq(a->bytes, b->bytes);
}

bool cv_bag_eq(const cv_bag *a, const cv_bag *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        const cv_prop *x = cv_bag_at(a, i);
        const cv_prop *y = cv_bag_at(b, i);
        if (x->tag != y->tag || !cv_value_eq(&x->value, &y->value))
            return false;
    }
    return true;
}

void cv_value_store(cv_storage storage, void *array, size_t index,
                    const cv_value *one)
{
    switch (storage) {
    case CV_STORE_INT:
        ((int64_t *)array)[index] = one->i64;
        break;
    case CV_STORE_TIME:
        ((uint64_t *)array)[index] = one->time;
        break;
    case CV_STORE_REAL:
        ((double *)array)[index] = one->f64;
        break;
    case CV_STORE_GUID:
        ((cv_guid *)array)[index] = one->guid;
        break;
    default:
        ((cv_slice *)array)[index] = one->bytes;
        break;
    }
}
