#include "mapi/pack.h"

#include "mapi/pack_private.h"

#include "base/reader.h"

#include <string.h>

#define NAME_BYTES_MIN 21 /* what a name takes at least */

typedef struct unpacker {
    cv_reader in;
    cv_arena *arena; /* the tree's, borrowed */
    cv_tag *tags;    /* arena: by number in the table of names */
    uint32_t tag_count;
    cv_error *err;
} unpacker;

static cv_status damaged(const unpacker *u, const char *what)
{
    return cv_fail_at(u->err, CV_ERR_SYNTAX, u->in.pos, "packed object: %s",
                      what);
}

/* After reads whose failure sticks in the reader. */
static cv_status check(const unpacker *u)
{
    return u->in.status == CV_OK ? CV_OK : damaged(u, "it ends early");
}

static void read_slice(unpacker *u, cv_slice *out)
{
    uint32_t len;
    *out = CV_S("");
    if (cv_read_u32le(&u->in, &len) == CV_OK && len > 0)
        (void)cv_read_bytes(&u->in, len, out);
}

static void read_guid(unpacker *u, cv_guid *out)
{
    cv_slice bytes;
    if (cv_read_bytes(&u->in, sizeof(out->b), &bytes) == CV_OK)
        memcpy(out->b, bytes.ptr, sizeof(out->b));
}

static cv_status read_name(unpacker *u, cv_names *names, cv_tag *tag)
{
    uint8_t kind;
    cv_name name = { 0 };
    CV_TRY(cv_read_u8(&u->in, &kind) == CV_OK ? CV_OK : check(u));
    if (kind > PACK_NAME_STRING)
        return damaged(u, "kind of a name");
    name.is_string = kind == PACK_NAME_STRING;
    read_guid(u, &name.set);
    if (name.is_string)
        read_slice(u, &name.string);
    else
        (void)cv_read_u32le(&u->in, &name.lid);
    CV_TRY(check(u));
    return cv_names_intern(names, &name, tag, u->err);
}

static cv_status read_names(unpacker *u, cv_names *names)
{
    (void)cv_read_u32le(&u->in, &u->tag_count);
    CV_TRY(check(u));
    if (u->tag_count > cv_reader_left(&u->in) / NAME_BYTES_MIN)
        return damaged(u, "number of names");
    u->tags = cv_arena_array(u->arena, u->tag_count, sizeof(*u->tags));
    if (!u->tags)
        return cv_arena_fail(u->arena, u->err);
    for (uint32_t i = 0; i < u->tag_count; i++)
        CV_TRY(read_name(u, names, &u->tags[i]));
    return CV_OK;
}

/* A failure sticks in the reader. */
static void read_single(unpacker *u, cv_value *v)
{
    uint64_t bits = 0;
    switch (cv_type_storage(v->type)) {
    case CV_STORE_NONE:
        break;
    case CV_STORE_INT:
        (void)cv_read_u64le(&u->in, &bits);
        v->i64 = (int64_t)bits;
        break;
    case CV_STORE_ERROR:
        (void)cv_read_u32le(&u->in, &v->error);
        break;
    case CV_STORE_TIME:
        (void)cv_read_u64le(&u->in, &v->time);
        break;
    case CV_STORE_REAL:
        (void)cv_read_u64le(&u->in, &bits);
        memcpy(&v->f64, &bits, sizeof(v->f64));
        break;
    case CV_STORE_GUID:
        read_guid(u, &v->guid);
        break;
    case CV_STORE_TEXT:
    case CV_STORE_BYTES:
        read_slice(u, &v->bytes);
        break;
    }
}

static cv_status read_multi(unpacker *u, cv_value *v)
{
    cv_storage storage = cv_type_storage(v->type);
    (void)cv_read_u32le(&u->in, &v->count);
    CV_TRY(check(u));
    /* Four bytes are what a value takes at least. */
    if (v->count > cv_reader_left(&u->in) / 4)
        return damaged(u, "number of values");
    void *array = cv_arena_array(u->arena, v->count, sizeof(cv_slice));
    if (!array)
        return cv_arena_fail(u->arena, u->err);
    for (uint32_t i = 0; i < v->count; i++) {
        cv_value one = { .type = (uint16_t)(v->type & ~CV_T_MULTI) };
        read_single(u, &one);
        cv_value_store(storage, array, i, &one);
    }
    v->i64s = array;
    return CV_OK;
}

static cv_status read_prop(unpacker *u, cv_bag *bag)
{
    cv_value v = { .count = 1 };
    uint16_t id;
    uint16_t container_id;
    uint8_t flags;
    (void)cv_read_u16le(&u->in, &id);
    (void)cv_read_u16le(&u->in, &v.type);
    (void)cv_read_u16le(&u->in, &container_id);
    (void)cv_read_u8(&u->in, &flags);
    CV_TRY(check(u));
    if (id >= CV_NAMED_FIRST && id - CV_NAMED_FIRST >= (int)u->tag_count)
        return damaged(u, "number of a name");
    if (cv_type_is_multi(v.type))
        CV_TRY(read_multi(u, &v));
    else
        read_single(u, &v);
    if (flags & PACK_PROP_LOSSY) {
        v.lossy = true;
        read_slice(u, &v.raw);
    }
    CV_TRY(check(u));
    cv_tag tag =
        id < CV_NAMED_FIRST ? CV_TAG(id, 0) : u->tags[id - CV_NAMED_FIRST];
    return cv_bag_put_from(bag, tag, &v, container_id, u->err);
}

static cv_status read_bag(unpacker *u, cv_bag *bag)
{
    uint32_t count;
    (void)cv_read_u32le(&u->in, &count);
    for (uint32_t i = 0; i < count; i++)
        CV_TRY(read_prop(u, bag));
    return check(u);
}

/* Why a row or an embedded object could not be added. */
static cv_status add_failed(const unpacker *u)
{
    if (cv_arena_status(u->arena) != CV_OK)
        return cv_arena_fail(u->arena, u->err);
    return cv_fail(
        u->err, CV_ERR_LIMIT,
        "CV_LIMIT_RECIPIENTS, CV_LIMIT_ATTACHMENTS or CV_LIMIT_EMBED_DEPTH");
}

static cv_status read_data(unpacker *u, cv_attachment *att)
{
    uint64_t size;
    cv_slice bytes = CV_S("");
    (void)cv_read_u64le(&u->in, &size);
    if (size > cv_reader_left(&u->in))
        return damaged(u, "size of an attachment");
    if (size > 0)
        (void)cv_read_bytes(&u->in, (size_t)size, &bytes);
    att->has_data = true;
    att->data = cv_blob_mem(bytes);
    return check(u);
}

static cv_status read_object(unpacker *u, cv_object *obj);

static cv_status read_attachment(unpacker *u, cv_object *obj)
{
    uint8_t flags;
    (void)cv_read_u8(&u->in, &flags);
    CV_TRY(check(u));
    cv_attachment *att = cv_object_add_attachment(obj);
    if (!att)
        return add_failed(u);
    CV_TRY(read_bag(u, att->props));
    if (flags & PACK_ATT_DATA)
        CV_TRY(read_data(u, att));
    if (!(flags & PACK_ATT_EMBEDDED))
        return CV_OK;
    att->embedded = cv_object_new_embedded(obj);
    return att->embedded ? read_object(u, att->embedded) : add_failed(u);
}

/* Recursion ends at CV_LIMIT_EMBED_DEPTH: cv_object_new_embedded(). */
static cv_status read_object(unpacker *u, cv_object *obj)
{
    uint32_t count;
    CV_TRY(read_bag(u, cv_object_props(obj)));
    (void)cv_read_u32le(&u->in, &count);
    for (uint32_t i = 0; i < count; i++) {
        CV_TRY(check(u));
        cv_bag *row = cv_object_add_recipient(obj);
        if (!row)
            return add_failed(u);
        CV_TRY(read_bag(u, row));
    }
    (void)cv_read_u32le(&u->in, &count);
    for (uint32_t i = 0; i < count; i++)
        CV_TRY(read_attachment(u, obj));
    return check(u);
}

static cv_status read_all(unpacker *u, cv_object *obj)
{
    uint8_t source;
    (void)cv_read_skip(&u->in, PACK_HEAD);
    (void)cv_read_u8(&u->in, &source);
    CV_TRY(check(u));
    cv_object_set_source(obj, cv_pack_source(source));
    CV_TRY(read_names(u, cv_object_names(obj)));
    CV_TRY(read_object(u, obj));
    return cv_reader_left(&u->in) == 0 ? CV_OK : damaged(u, "bytes are left");
}

/* Magic, version and check sum. */
static cv_status check_frame(cv_slice packed, cv_error *err)
{
    if (packed.len < PACK_HEAD + PACK_TRAIL ||
        !cv_slice_starts(packed, CV_S(PACK_MAGIC)))
        return cv_fail(err, CV_ERR_SYNTAX, "this is no packed object");
    unsigned version = cv_peek_u16le(packed, 4);
    if (version > CV_PACK_VERSION)
        return cv_fail(err, CV_ERR_UNSUP,
                       "packed object of version %u; this program reads %d",
                       version, CV_PACK_VERSION);
    size_t body = packed.len - PACK_TRAIL;
    if (version == 0 ||
        cv_crc32(cv_slice_sub(packed, 0, body)) != cv_peek_u32le(packed, body))
        return cv_fail(err, CV_ERR_SYNTAX, "packed object is damaged");
    return CV_OK;
}

cv_status cv_object_unpack(cv_slice packed, cv_object **out, cv_error *err)
{
    cv_object *obj = NULL;
    CV_TRY(check_frame(packed, err));
    CV_TRY(cv_object_new(0, &obj, err));
    cv_slice body = cv_slice_sub(packed, 0, packed.len - PACK_TRAIL);
    unpacker u = { .in = cv_reader_of(body),
                   .arena = cv_object_arena(obj),
                   .err = err };
    cv_status status = read_all(&u, obj);
    if (status == CV_OK)
        *out = obj;
    else
        cv_object_free(&obj);
    return status;
}
