#include "mapi/pack.h"

#include "mapi/object_private.h"
#include "mapi/pack_private.h"

#include "base/reader.h"

#include <pthread.h>
#include <string.h>

/* -- shared with unpack.c ------------------------------------------------- */

static const char *const sources[] = { "",     "msg",  "mime", "ical",
                                       "json", "tnef", "pst" };

const char *cv_pack_source(uint8_t number)
{
    return number < CV_LEN(sources) ? sources[number] : "";
}

uint8_t cv_pack_source_number(const char *source)
{
    for (size_t i = 0; i < CV_LEN(sources); i++) {
        if (strcmp(source, sources[i]) == 0)
            return (uint8_t)i;
    }
    return 0;
}

/* Four bytes at a time: crc_table[k][b] is the sum of byte b and k zeros. */
static pthread_once_t crc_once = PTHREAD_ONCE_INIT;
static uint32_t crc_table[4][256];

static void build_crc_table(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t v = i;
        for (int bit = 0; bit < 8; bit++)
            v = v & 1 ? v >> 1 ^ UINT32_C(0xEDB88320) : v >> 1;
        crc_table[0][i] = v;
    }
    for (size_t k = 1; k < CV_LEN(crc_table); k++) {
        for (size_t i = 0; i < 256; i++) {
            uint32_t v = crc_table[k - 1][i];
            crc_table[k][i] = crc_table[0][v & 0xFF] ^ v >> 8;
        }
    }
}

uint32_t cv_crc32(cv_slice bytes)
{
    uint32_t crc = UINT32_MAX;
    size_t i = 0;
    pthread_once(&crc_once, build_crc_table);
    for (; bytes.len - i >= 4; i += 4) {
        crc ^= cv_peek_u32le(bytes, i);
        crc = crc_table[3][crc & 0xFF] ^ crc_table[2][crc >> 8 & 0xFF] ^
              crc_table[1][crc >> 16 & 0xFF] ^ crc_table[0][crc >> 24];
    }
    for (; i < bytes.len; i++)
        crc = crc_table[0][(crc ^ bytes.ptr[i]) & 0xFF] ^ crc >> 8;
    return ~crc;
}

/* -- packing -------------------------------------------------------------- */

typedef struct packer {
    const cv_names *names;
    cv_buf *out;       /* borrowed */
    cv_arena *scratch; /* owned */
    size_t room;       /* of both */
    uint16_t *index;   /* scratch: by id - CV_NAMED_FIRST, place in used + 1 */
    cv_tag *used;      /* scratch: named tags in the order of first use */
    size_t count;      /* of used */
    cv_error *err;
} packer;

/* Calls visit for each bag of the tree. Recursion ends at
 * CV_LIMIT_EMBED_DEPTH, which bounds objects. */
static void each_bag(packer *p, const cv_object *obj,
                     void (*visit)(packer *p, const cv_bag *bag))
{
    visit(p, cv_object_props(obj));
    for (size_t i = 0; i < cv_object_recipient_count(obj); i++)
        visit(p, cv_object_recipient(obj, i));
    for (size_t i = 0; i < cv_object_attachment_count(obj); i++) {
        const cv_attachment *att = cv_object_attachment(obj, i);
        visit(p, att->props);
        if (att->embedded)
            each_bag(p, att->embedded, visit);
    }
}

/* Raises room to what the bag's highest id needs. */
static void measure(packer *p, const cv_bag *bag)
{
    size_t count = cv_bag_count(bag);
    size_t id = count > 0 ? CV_TAG_ID(cv_bag_at(bag, count - 1)->tag) : 0;
    if (id >= CV_NAMED_FIRST && id - CV_NAMED_FIRST >= p->room)
        p->room = id - CV_NAMED_FIRST + 1;
}

static void note_names(packer *p, const cv_bag *bag)
{
    for (size_t i = cv_bag_count(bag); i-- > 0;) {
        cv_tag tag = cv_bag_at(bag, i)->tag;
        if (CV_TAG_ID(tag) < CV_NAMED_FIRST)
            return; /* ascending: no named ones before it */
        uint16_t *place = &p->index[CV_TAG_ID(tag) - CV_NAMED_FIRST];
        if (*place != 0)
            continue;
        p->used[p->count++] = tag;
        *place = (uint16_t)p->count;
    }
}

static void put_slice(packer *p, cv_slice s)
{
    if (s.len > UINT32_MAX) {
        p->out->status = CV_ERR_LIMIT;
        return;
    }
    cv_buf_put_u32le(p->out, (uint32_t)s.len);
    cv_buf_put_slice(p->out, s);
}

static void put_name(packer *p, cv_tag tag)
{
    const cv_name *name = cv_names_get(p->names, tag);
    const cv_name nameless = { .lid = CV_TAG_ID(tag) };
    if (!name)
        name = &nameless;
    cv_buf_put_byte(p->out, name->is_string ? PACK_NAME_STRING : PACK_NAME_LID);
    cv_buf_put(p->out, name->set.b, sizeof(name->set.b));
    if (name->is_string)
        put_slice(p, name->string);
    else
        cv_buf_put_u32le(p->out, name->lid);
}

static void put_single(packer *p, const cv_value *v)
{
    uint64_t bits;
    switch (cv_type_storage(v->type)) {
    case CV_STORE_NONE:
        break;
    case CV_STORE_INT:
        cv_buf_put_u64le(p->out, (uint64_t)v->i64);
        break;
    case CV_STORE_ERROR:
        cv_buf_put_u32le(p->out, v->error);
        break;
    case CV_STORE_TIME:
        cv_buf_put_u64le(p->out, v->time);
        break;
    case CV_STORE_REAL:
        memcpy(&bits, &v->f64, sizeof(bits));
        cv_buf_put_u64le(p->out, bits);
        break;
    case CV_STORE_GUID:
        cv_buf_put(p->out, v->guid.b, sizeof(v->guid.b));
        break;
    case CV_STORE_TEXT:
    case CV_STORE_BYTES:
        put_slice(p, v->bytes);
        break;
    }
}

static void put_prop(packer *p, const cv_prop *prop)
{
    const cv_value *v = &prop->value;
    uint16_t id = CV_TAG_ID(prop->tag);
    if (id >= CV_NAMED_FIRST)
        id = (uint16_t)(CV_NAMED_FIRST - 1 + p->index[id - CV_NAMED_FIRST]);
    cv_buf_put_u16le(p->out, id);
    cv_buf_put_u16le(p->out, v->type);
    cv_buf_put_u16le(p->out, prop->container_id);
    cv_buf_put_byte(p->out, v->lossy ? PACK_PROP_LOSSY : 0);
    if (cv_type_is_multi(v->type)) {
        cv_buf_put_u32le(p->out, v->count);
        for (uint32_t i = 0; i < v->count; i++) {
            cv_value one = cv_value_at(v, i);
            put_single(p, &one);
        }
    } else {
        put_single(p, v);
    }
    if (v->lossy)
        put_slice(p, v->raw);
}

static void put_bag(packer *p, const cv_bag *bag)
{
    cv_buf_put_u32le(p->out, (uint32_t)cv_bag_count(bag));
    for (size_t i = 0; i < cv_bag_count(bag); i++)
        put_prop(p, cv_bag_at(bag, i));
}

/* A blob's size may be known only when it has been pumped. */
static cv_status put_blob(packer *p, const cv_blob *blob)
{
    size_t at = p->out->len;
    cv_sink sink = cv_buf_sink(p->out);
    cv_buf_put_u64le(p->out, 0);
    CV_TRY(cv_blob_pump(blob, &sink, p->err));
    if (p->out->status != CV_OK)
        return CV_OK; /* tested at the end */
    uint64_t size = p->out->len - at - 8;
    for (size_t i = 0; i < 8; i++)
        p->out->data[at + i] = (uint8_t)(size >> (8 * i));
    return CV_OK;
}

static cv_status put_object(packer *p, const cv_object *obj);

static cv_status put_attachment(packer *p, const cv_attachment *att)
{
    unsigned flags = (att->has_data ? PACK_ATT_DATA : 0U) |
                     (att->embedded ? PACK_ATT_EMBEDDED : 0U);
    cv_buf_put_byte(p->out, (uint8_t)flags);
    put_bag(p, att->props);
    if (att->has_data)
        CV_TRY(put_blob(p, &att->data));
    return att->embedded ? put_object(p, att->embedded) : CV_OK;
}

/* Recursion ends at CV_LIMIT_EMBED_DEPTH, which bounds objects. */
static cv_status put_object(packer *p, const cv_object *obj)
{
    size_t recipients = cv_object_recipient_count(obj);
    size_t attachments = cv_object_attachment_count(obj);
    put_bag(p, cv_object_props(obj));
    cv_buf_put_u32le(p->out, (uint32_t)recipients);
    for (size_t i = 0; i < recipients; i++)
        put_bag(p, cv_object_recipient(obj, i));
    cv_buf_put_u32le(p->out, (uint32_t)attachments);
    for (size_t i = 0; i < attachments; i++)
        CV_TRY(put_attachment(p, cv_object_attachment(obj, i)));
    return CV_OK;
}

static cv_status put_all(packer *p, const cv_object *obj)
{
    size_t start = p->out->len;
    each_bag(p, obj, measure);
    p->index = cv_arena_array(p->scratch, p->room, sizeof(*p->index));
    p->used = cv_arena_array(p->scratch, p->room, sizeof(*p->used));
    if (!p->index || !p->used)
        return cv_arena_fail(p->scratch, p->err);
    each_bag(p, obj, note_names);
    cv_buf_put_str(p->out, PACK_MAGIC);
    cv_buf_put_u16le(p->out, CV_PACK_VERSION);
    cv_buf_put_u16le(p->out, 0);
    cv_buf_put_byte(p->out, cv_pack_source_number(cv_object_source(obj)));
    cv_buf_put_u32le(p->out, (uint32_t)p->count);
    for (size_t i = 0; i < p->count; i++)
        put_name(p, p->used[i]);
    CV_TRY(put_object(p, obj));
    CV_TRY(cv_buf_status(p->out, p->err));
    cv_slice packed = cv_slice_sub(cv_buf_slice(p->out), start, SIZE_MAX);
    cv_buf_put_u32le(p->out, cv_crc32(packed));
    return cv_buf_status(p->out, p->err);
}

cv_status cv_object_pack(const cv_object *obj, cv_buf *out, cv_error *err)
{
    packer p = { .names = cv_object_names(obj), .out = out, .err = err };
    CV_TRY(cv_arena_new(0, &p.scratch, err));
    cv_status status = put_all(&p, obj);
    cv_arena_free(&p.scratch);
    return status;
}
