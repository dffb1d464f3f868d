/* random_object_test.h - message objects by chance, for tests: every type,
 * known, own and nameless properties, rows, data, embedded messages. Equal
 * seeds give equal objects.
 */
#ifndef CV_MAPI_RANDOM_OBJECT_TEST_H
#define CV_MAPI_RANDOM_OBJECT_TEST_H

#include "base/wintime.h"
#include "mapi/object.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const uint16_t random_types[] = {
    0x0000, 0x0001, 0x0002, 0x0003, 0x0004, 0x0005, 0x0006, 0x0007, 0x000A,
    0x000B, 0x000D, 0x0014, 0x001E, 0x001F, 0x0040, 0x0048, 0x00FB, 0x00FD,
    0x00FE, 0x0102, 0x1002, 0x1003, 0x1004, 0x1005, 0x1006, 0x1007, 0x1014,
    0x101E, 0x101F, 0x1040, 0x1048, 0x1102, 0x0099, 0x100B
};

static uint64_t random_next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static size_t random_below(uint64_t *seed, size_t limit)
{
    return (size_t)(random_next(seed) % limit);
}

static cv_slice random_text(uint64_t *seed, cv_arena *arena)
{
    static const char *const pieces[] = { "a",
                                          "Budget ",
                                          "\"",
                                          "\\",
                                          "\n",
                                          "\x01",
                                          "\xC3\xA4",
                                          "\xE2\x82\xAC",
                                          "\xE2\x80\xA8",
                                          "/",
                                          "",
                                          "\xF0\x9F\x98\x80",
                                          "\x7F",
                                          "\t\r\b\f",
                                          "\xEF\xBF\xBD" };
    cv_buf buf;
    cv_buf_init(&buf, 0);
    for (size_t i = random_below(seed, 6); i > 0; i--) {
        size_t pick = random_below(seed, CV_LEN(pieces) + 1);
        if (pick == CV_LEN(pieces))
            cv_buf_put_byte(&buf, 0);
        else
            cv_buf_put_str(&buf, pieces[pick]);
    }
    cv_slice text = cv_buf_dup(&buf, arena);
    cv_buf_clear(&buf);
    return text;
}

static cv_slice random_bytes(uint64_t *seed, cv_arena *arena, size_t below)
{
    size_t len = random_below(seed, below);
    uint8_t *bytes = cv_arena_alloc(arena, len);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)random_next(seed);
    return cv_slice_of(bytes, len);
}

static int64_t random_int(uint64_t *seed, uint16_t type)
{
    static const int64_t edges[] = { 0,
                                     1,
                                     -1,
                                     9999,
                                     10000,
                                     -10001,
                                     INT64_MAX,
                                     INT64_MIN,
                                     INT32_MAX,
                                     INT32_MIN,
                                     INT64_C(1) << 53,
                                     (INT64_C(1) << 53) + 1 };
    int64_t v = random_below(seed, 2) ? edges[random_below(seed, CV_LEN(edges))]
                                      : (int64_t)random_next(seed);
    if (type == CV_T_BOOL)
        return v & 1;
    if (type == CV_T_I16)
        return (int16_t)v;
    return type == CV_T_I32 ? (int32_t)v : v;
}

static double random_real(uint64_t *seed, uint16_t type)
{
    static const double edges[] = { 0.0,    -0.0,     1.0,       0.1,
                                    -1e300, 1e22,     123456.75, NAN,
                                    1e-40,  INFINITY, -INFINITY };
    double v = edges[random_below(seed, CV_LEN(edges))];
    if (random_below(seed, 2))
        v = (double)(int64_t)random_next(seed) / 3e7;
    if (type == CV_T_F32)
        return fabs(v) > FLT_MAX && isfinite(v) ? 0.0 : (float)v;
    if (type == CV_T_FLOATTIME && isfinite(v)) {
        /* Doubles finer than a millisecond have no text of their own. */
        int64_t ms = (int64_t)(random_next(seed) % 200000000000000);
        if (cv_ticks_to_oledate(ms * CV_TICKS_PER_MS, &v, NULL) != CV_OK)
            v = 1e9;
    }
    return v;
}

static uint64_t random_time(uint64_t *seed)
{
    static const uint64_t edges[] = { 0,
                                      1,
                                      UINT64_C(0x0CB34557A3DD4000),
                                      UINT64_C(0x24C85A5ED1C03FFF),
                                      UINT64_C(0x24C85A5ED1C04000),
                                      INT64_MAX,
                                      UINT64_MAX };
    if (random_below(seed, 2))
        return edges[random_below(seed, CV_LEN(edges))];
    return random_next(seed);
}

static void random_single(uint64_t *seed, cv_arena *arena, cv_value *v)
{
    switch (cv_type_storage(v->type)) {
    case CV_STORE_NONE:
        break;
    case CV_STORE_INT:
        v->i64 = random_int(seed, v->type);
        break;
    case CV_STORE_ERROR:
        v->error = (uint32_t)random_next(seed);
        break;
    case CV_STORE_TIME:
        v->time = random_time(seed);
        break;
    case CV_STORE_REAL:
        v->f64 = random_real(seed, v->type);
        break;
    case CV_STORE_GUID:
        for (size_t i = 0; i < sizeof(v->guid.b); i++)
            v->guid.b[i] = (uint8_t)random_next(seed);
        break;
    case CV_STORE_TEXT:
        v->bytes = random_text(seed, arena);
        break;
    case CV_STORE_BYTES:
        v->bytes = random_bytes(seed, arena, 40);
        break;
    }
}

static void random_multi(uint64_t *seed, cv_arena *arena, cv_value *v)
{
    v->count = (uint32_t)random_below(seed, 5);
    uint8_t *array = cv_arena_array(arena, v->count, sizeof(cv_slice));
    v->slices = (const cv_slice *)(void *)array;
    for (uint32_t i = 0; i < v->count; i++) {
        cv_value one = { .type = (uint16_t)(v->type & ~CV_T_MULTI) };
        cv_storage storage = cv_type_storage(v->type);
        random_single(seed, arena, &one);
        if (storage == CV_STORE_GUID)
            memcpy(array + i * sizeof(one.guid), &one.guid, sizeof(one.guid));
        else if (storage == CV_STORE_TEXT || storage == CV_STORE_BYTES)
            memcpy(array + i * sizeof(one.bytes), &one.bytes,
                   sizeof(one.bytes));
        else
            memcpy(array + i * sizeof(one.i64), &one.i64, sizeof(one.i64));
    }
}

static cv_tag random_tag(uint64_t *seed, cv_object *obj, uint16_t *container)
{
    cv_names *names = cv_object_names(obj);
    size_t kind = random_below(seed, 6);
    cv_name name = { .set =
                         *cv_set_guid((cv_set)random_below(seed, CV_SET_COUNT)),
                     .lid = (uint32_t)random_below(seed, 70000) };
    uint16_t id = (uint16_t)(CV_NAMED_FIRST + random_below(seed, 200));
    cv_tag tag = 0;
    *container = 0;
    if (kind < 2)
        return CV_TAG(random_below(seed, CV_NAMED_FIRST), 0);
    *container = random_below(seed, 3) ? id : 0;
    if (kind == 2)
        return CV_TAG(CV_NAMED_FIRST + random_below(seed, CV_NAMED_KNOWN), 0);
    if (kind == 3) {
        *container = id;
        (void)!cv_names_unnamed(names, id, &tag, NULL);
        return tag;
    }
    name.is_string = kind == 4;
    if (name.is_string)
        name.string = random_text(seed, cv_object_arena(obj));
    (void)!cv_names_intern(names, &name, &tag, NULL);
    return tag;
}

static void random_bag(uint64_t *seed, cv_object *obj, cv_bag *bag)
{
    cv_arena *arena = cv_object_arena(obj);
    for (size_t i = random_below(seed, 12); i > 0; i--) {
        cv_value v = {
            .type = random_types[random_below(seed, CV_LEN(random_types))],
            .count = 1
        };
        uint16_t container;
        cv_tag tag = random_tag(seed, obj, &container);
        if (cv_type_is_multi(v.type))
            random_multi(seed, arena, &v);
        else
            random_single(seed, arena, &v);
        if (cv_type_storage(v.type) == CV_STORE_TEXT &&
            random_below(seed, 4) == 0) {
            v.lossy = true;
            v.raw = random_bytes(seed, arena, 10);
        }
        (void)!cv_bag_put_from(bag, tag, &v, container, NULL);
    }
}

static void random_fill(uint64_t *seed, cv_object *obj)
{
    random_bag(seed, obj, cv_object_props(obj));
    for (size_t i = random_below(seed, 4); i > 0; i--)
        random_bag(seed, obj, cv_object_add_recipient(obj));
    for (size_t i = random_below(seed, 3); i > 0; i--) {
        cv_attachment *att = cv_object_add_attachment(obj);
        random_bag(seed, obj, att->props);
        att->has_data = random_below(seed, 2) != 0;
        if (att->has_data)
            att->data =
                cv_blob_mem(random_bytes(seed, cv_object_arena(obj), 300));
        if (random_below(seed, 2) && cv_object_depth(obj) < 3) {
            att->embedded = cv_object_new_embedded(obj);
            random_fill(seed, att->embedded);
        }
    }
}

/* NULL only without memory. The caller frees it. */
static cv_object *random_object(uint64_t seed)
{
    static const char *const sources[] = { "msg", "mime", "ical", "json" };
    cv_object *obj = NULL;
    seed = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
    if (cv_object_new(0, &obj, NULL) != CV_OK)
        return NULL;
    cv_object_set_source(obj, sources[random_below(&seed, 4)]);
    random_fill(&seed, obj);
    return obj;
}

#endif
