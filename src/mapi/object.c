#include "mapi/object.h"

#include "mapi/object_private.h"

#include "base/limits.h"

#include <string.h>

#define FIRST_ROOM 8

/* Rows that keep their place while the table grows. */
typedef struct row_table {
    void **rows; /* arena */
    size_t count;
    size_t room;
} row_table;

struct cv_object {
    cv_arena *arena; /* owned by the root */
    cv_names *names; /* arena, one for the tree */
    cv_bag *props;   /* arena */
    unsigned depth;
    row_table recipients;  /* of cv_bag */
    row_table attachments; /* of cv_attachment */
    const char *source;    /* a literal */
    cv_slice original;     /* borrowed */
};

/* -- life ----------------------------------------------------------------- */

static cv_object *make(cv_arena *arena, cv_names *names, unsigned depth)
{
    cv_object *obj = cv_arena_alloc(arena, sizeof(*obj));
    if (!obj)
        return NULL;
    *obj = (cv_object){ .arena = arena,
                        .names = names,
                        .props = cv_bag_new(arena),
                        .depth = depth,
                        .source = "" };
    return obj->props ? obj : NULL;
}

cv_status cv_object_new(size_t budget_bytes, cv_object **out, cv_error *err)
{
    cv_arena *arena = NULL;
    CV_TRY(cv_arena_new(budget_bytes, &arena, err));
    cv_names *names = cv_names_new(arena);
    cv_object *obj = names ? make(arena, names, 0) : NULL;
    if (!obj) {
        cv_status status = cv_arena_fail(arena, err);
        cv_arena_free(&arena);
        return status;
    }
    *out = obj;
    return CV_OK;
}

void cv_object_free(cv_object **obj)
{
    if (!*obj)
        return;
    cv_assert((*obj)->depth == 0);
    cv_arena *arena = (*obj)->arena; /* the object lies in it */
    *obj = NULL;
    cv_arena_free(&arena);
}

cv_object *cv_object_new_embedded(cv_object *parent)
{
    if (parent->depth >= CV_LIMIT_EMBED_DEPTH)
        return NULL;
    return make(parent->arena, parent->names, parent->depth + 1);
}

cv_arena *cv_object_arena(const cv_object *obj)
{
    return obj->arena;
}

cv_names *cv_object_names(const cv_object *obj)
{
    return obj->names;
}

cv_bag *cv_object_props(const cv_object *obj)
{
    return obj->props;
}

unsigned cv_object_depth(const cv_object *obj)
{
    return obj->depth;
}

/* -- tables --------------------------------------------------------------- */

/* Appends a row; false when the arena is exhausted or max is reached. */
static bool table_add(row_table *table, cv_arena *arena, void *row, size_t max)
{
    if (!row || table->count >= max)
        return false;
    if (table->count == table->room) {
        size_t room = table->room ? table->room * 2 : FIRST_ROOM;
        void **rows = cv_arena_array(arena, room, sizeof(*rows));
        if (!rows)
            return false;
        if (table->count > 0)
            memcpy(rows, table->rows, table->count * sizeof(*rows));
        table->rows = rows;
        table->room = room;
    }
    table->rows[table->count++] = row;
    return true;
}

static void *table_at(const row_table *table, size_t index)
{
    cv_assert(index < table->count);
    return table->rows[index];
}

static void table_remove(row_table *table, size_t index)
{
    cv_assert(index < table->count);
    table->count--;
    memmove(table->rows + index, table->rows + index + 1,
            (table->count - index) * sizeof(*table->rows));
}

size_t cv_object_recipient_count(const cv_object *obj)
{
    return obj->recipients.count;
}

cv_bag *cv_object_recipient(const cv_object *obj, size_t index)
{
    return table_at(&obj->recipients, index);
}

cv_bag *cv_object_add_recipient(cv_object *obj)
{
    if (obj->recipients.count >= CV_LIMIT_RECIPIENTS)
        return NULL;
    cv_bag *row = cv_bag_new(obj->arena);
    if (!table_add(&obj->recipients, obj->arena, row, CV_LIMIT_RECIPIENTS))
        return NULL;
    return row;
}

void cv_object_remove_recipient(cv_object *obj, size_t index)
{
    table_remove(&obj->recipients, index);
}

size_t cv_object_attachment_count(const cv_object *obj)
{
    return obj->attachments.count;
}

cv_attachment *cv_object_attachment(const cv_object *obj, size_t index)
{
    return table_at(&obj->attachments, index);
}

cv_attachment *cv_object_add_attachment(cv_object *obj)
{
    if (obj->attachments.count >= CV_LIMIT_ATTACHMENTS)
        return NULL;
    cv_attachment *row = cv_arena_alloc(obj->arena, sizeof(*row));
    if (!row)
        return NULL;
    row->props = cv_bag_new(obj->arena);
    if (!row->props ||
        !table_add(&obj->attachments, obj->arena, row, CV_LIMIT_ATTACHMENTS))
        return NULL;
    return row;
}

void cv_object_remove_attachment(cv_object *obj, size_t index)
{
    table_remove(&obj->attachments, index);
}

/* -- origin and class ----------------------------------------------------- */

void cv_object_set_source(cv_object *obj, const char *source)
{
    obj->source = source;
}

const char *cv_object_source(const cv_object *obj)
{
    return obj->source;
}

void cv_object_set_original(cv_object *obj, cv_slice original)
{
    obj->original = original;
}

cv_slice cv_object_original(const cv_object *obj)
{
    return obj->original;
}

cv_slice cv_object_class(const cv_object *obj)
{
    cv_slice name = CV_S("");
    (void)cv_bag_string(obj->props, CV_PidTagMessageClass, &name);
    /* [MS-OXCMSG] 2.2.1.3: printable ASCII, at most 255, no dot at the end. */
    while (name.len > 0 && name.ptr[name.len - 1] == '.')
        name.len--;
    bool usable = name.len > 0 && name.len <= 255;
    for (size_t i = 0; usable && i < name.len; i++)
        usable = name.ptr[i] >= 32 && name.ptr[i] <= 126;
    return usable ? name : CV_S("IPM.Note");
}

bool cv_object_is_class(const cv_object *obj, cv_slice prefix)
{
    cv_slice name = cv_object_class(obj);
    return cv_slice_istarts(name, prefix) &&
           (name.len == prefix.len || name.ptr[prefix.len] == '.');
}

cv_status cv_object_set_named_string(cv_object *obj, cv_bag *bag, cv_set set,
                                     cv_slice name, cv_slice text)
{
    cv_name full = { .set = *cv_set_guid(set),
                     .is_string = true,
                     .string = name };
    cv_tag tag;
    CV_TRY(cv_names_intern(obj->names, &full, &tag, NULL));
    return cv_bag_set_string(bag, tag | CV_T_STRING, text);
}

/* -- copies --------------------------------------------------------------- */

static cv_status copy_bag(cv_object *dst, cv_bag *to, const cv_object *src,
                          const cv_bag *from, cv_error *err)
{
    for (size_t i = 0; i < cv_bag_count(from); i++) {
        const cv_prop *prop = cv_bag_at(from, i);
        cv_value value;
        cv_tag tag;
        CV_TRY(
            cv_names_translate(dst->names, src->names, prop->tag, &tag, err));
        CV_TRY(cv_value_dup(dst->arena, &prop->value, &value, err));
        CV_TRY(cv_bag_put_from(to, tag, &value, prop->container_id, err));
    }
    return CV_OK;
}

static cv_status copy_blob(cv_arena *arena, const cv_blob *from, cv_blob *to,
                           cv_error *err)
{
    cv_slice bytes;
    CV_TRY(cv_blob_get(from, SIZE_MAX, arena, &bytes, err));
    if (from->mem.ptr && bytes.len > 0) {
        bytes = cv_arena_dup(arena, bytes);
        if (!bytes.ptr)
            return cv_arena_fail(arena, err);
    }
    *to = cv_blob_mem(bytes.len > 0 ? bytes : CV_S(""));
    return CV_OK;
}

static cv_status copy_object(cv_object *dst, const cv_object *src,
                             cv_error *err);

static cv_status copy_attachment(cv_object *dst, cv_attachment *to,
                                 const cv_object *src,
                                 const cv_attachment *from, cv_error *err)
{
    CV_TRY(copy_bag(dst, to->props, src, from->props, err));
    to->has_data = from->has_data;
    if (from->has_data)
        CV_TRY(copy_blob(dst->arena, &from->data, &to->data, err));
    if (!from->embedded)
        return CV_OK;
    return cv_object_embed(dst, from->embedded, &to->embedded, err);
}

/* Why adding a row or an embedded object gave NULL. */
static cv_status add_failed(const cv_object *obj, cv_error *err)
{
    if (cv_arena_status(obj->arena) != CV_OK)
        return cv_arena_fail(obj->arena, err);
    return cv_fail(err, CV_ERR_LIMIT, "too many rows or embedded messages");
}

/* Recursion ends at CV_LIMIT_EMBED_DEPTH: cv_object_new_embedded(). */
static cv_status copy_object(cv_object *dst, const cv_object *src,
                             cv_error *err)
{
    dst->source = src->source;
    CV_TRY(copy_bag(dst, dst->props, src, src->props, err));
    for (size_t i = 0; i < src->recipients.count; i++) {
        cv_bag *row = cv_object_add_recipient(dst);
        if (!row)
            return add_failed(dst, err);
        CV_TRY(copy_bag(dst, row, src, cv_object_recipient(src, i), err));
    }
    for (size_t i = 0; i < src->attachments.count; i++) {
        cv_attachment *row = cv_object_add_attachment(dst);
        if (!row)
            return add_failed(dst, err);
        CV_TRY(
            copy_attachment(dst, row, src, cv_object_attachment(src, i), err));
    }
    if (src->original.len > 0) {
        dst->original = cv_arena_dup(dst->arena, src->original);
        if (!dst->original.ptr)
            return cv_arena_fail(dst->arena, err);
    }
    return CV_OK;
}

cv_status cv_object_dup(const cv_object *src, cv_object **out, cv_error *err)
{
    cv_object *obj = NULL;
    CV_TRY(cv_object_new(0, &obj, err));
    cv_status status = copy_object(obj, src, err);
    if (status != CV_OK) {
        cv_object_free(&obj);
        return status;
    }
    *out = obj;
    return CV_OK;
}

cv_status cv_object_embed(cv_object *parent, const cv_object *src,
                          cv_object **out, cv_error *err)
{
    cv_object *obj = cv_object_new_embedded(parent);
    if (!obj)
        return add_failed(parent, err);
    CV_TRY(copy_object(obj, src, err));
    *out = obj;
    return CV_OK;
}

/* -- comparing ------------------------------------------------------------ */

static bool bags_eq(const cv_object *a, const cv_bag *x, const cv_object *b,
                    const cv_bag *y)
{
    if (cv_bag_count(x) != cv_bag_count(y))
        return false;
    for (size_t i = 0; i < cv_bag_count(x); i++) {
        const cv_prop *prop = cv_bag_at(x, i);
        cv_tag tag;
        if (!cv_names_counterpart(b->names, a->names, prop->tag, &tag))
            return false;
        const cv_prop *other = cv_bag_find(y, tag);
        if (!other || !cv_value_eq(&prop->value, &other->value))
            return false;
    }
    return true;
}

static bool blobs_eq(const cv_blob *a, const cv_blob *b)
{
    cv_arena *arena = NULL;
    cv_slice x;
    cv_slice y;
    if (a->mem.ptr && b->mem.ptr)
        return cv_slice_eq(a->mem, b->mem);
    if (cv_arena_new(0, &arena, NULL) != CV_OK)
        return false;
    bool eq = cv_blob_get(a, SIZE_MAX, arena, &x, NULL) == CV_OK &&
              cv_blob_get(b, SIZE_MAX, arena, &y, NULL) == CV_OK &&
              cv_slice_eq(x, y);
    cv_arena_free(&arena);
    return eq;
}

static bool attachments_eq(const cv_object *a, const cv_attachment *x,
                           const cv_object *b, const cv_attachment *y)
{
    if (!bags_eq(a, x->props, b, y->props) || x->has_data != y->has_data ||
        !x->embedded != !y->embedded)
        return false;
    if (x->has_data && !blobs_eq(&x->data, &y->data))
        return false;
    return !x->embedded || cv_object_eq(x->embedded, y->embedded);
}

bool cv_object_eq(const cv_object *a, const cv_object *b)
{
    if (!bags_eq(a, a->props, b, b->props) ||
        a->recipients.count != b->recipients.count ||
        a->attachments.count != b->attachments.count)
        return false;
    for (size_t i = 0; i < a->recipients.count; i++) {
        if (!bags_eq(a, cv_object_recipient(a, i), b,
                     cv_object_recipient(b, i)))
            return false;
    }
    for (size_t i = 0; i < a->attachments.count; i++) {
        if (!attachments_eq(a, cv_object_attachment(a, i), b,
                            cv_object_attachment(b, i)))
            return false;
    }
    return true;
}
