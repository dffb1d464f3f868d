/* json_object.c - message objects as JSON: writing.
 * Source: spec object-json.md.
 */
#include "mapi/json.h"

#include "mapi/decode.h"
#include "mapi/object_private.h"

#include "base/datetime.h"
#include "base/limits.h"
#include "base/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FLUSH_BYTES ((size_t)64 << 10)
#define SHORT_BINARY 4096 /* bytes that are shown without CV_JSON_FULL */

typedef struct writer {
    cv_json_writer w; /* over buf */
    cv_buf buf;
    cv_arena *scratch;   /* owned: orders of properties, digests */
    const cv_sink *sink; /* borrowed */
    unsigned flags;
    const cv_object *obj; /* the one that is written */
    uint32_t codepage;    /* of its 8-bit text, 0 when unknown */
} writer;

/* Sends what the buffer holds once it is worth it. */
static cv_status flush(writer *j, size_t least, cv_error *err)
{
    CV_TRY(cv_buf_status(&j->buf, err));
    if (j->buf.len < least)
        return CV_OK;
    CV_TRY(cv_sink_put(j->sink, cv_buf_slice(&j->buf), err));
    cv_buf_reset(&j->buf);
    return CV_OK;
}

/* -- values --------------------------------------------------------------- */

static void put_digest(cv_json_writer *w, const char *key, cv_slice bytes)
{
    uint8_t digest[32];
    cv_sha256(bytes, digest);
    cv_json_begin_object(w, key);
    cv_json_put_int(w, "size", (int64_t)bytes.len);
    cv_json_put_hex(w, "sha256", cv_slice_of(digest, sizeof(digest)));
    cv_json_end_object(w);
}

static void put_format(cv_json_writer *w, const char *key, const char *fmt, ...)
    CV_PRINTF(3, 4);

/* Short ASCII text without characters that need an escape. */
static void put_format(cv_json_writer *w, const char *key, const char *fmt, ...)
{
    char text[80];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    cv_json_put_str(w, key, text);
}

/* Decimal with four places. */
static void put_currency(cv_json_writer *w, const char *key, int64_t v)
{
    uint64_t size = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    put_format(w, key, "%s%" PRIu64 ".%04u", v < 0 ? "-" : "", size / 10000,
               (unsigned)(size % 10000));
}

static void put_int(cv_json_writer *w, const char *key, uint16_t type,
                    int64_t v)
{
    const int64_t exact = INT64_C(1) << 53; /* what a double holds */
    if (type == CV_T_BOOL)
        cv_json_put_bool(w, key, v != 0);
    else if (type == CV_T_CURRENCY)
        put_currency(w, key, v);
    else if (v > exact || v < -exact)
        put_format(w, key, "%" PRId64, v);
    else
        cv_json_put_int(w, key, v);
}

static void put_iso(cv_json_writer *w, const char *key, int64_t ticks,
                    bool with_z)
{
    cv_buf text;
    cv_buf_init(&text, 64);
    cv_iso_put(&text, ticks, with_z);
    cv_json_put_text(w, key, cv_buf_slice(&text));
    cv_buf_clear(&text);
}

static bool has_iso_form(int64_t ticks)
{
    cv_civil at = cv_civil_of_ticks(ticks);
    return at.year >= 1 && at.year <= 9999;
}

static void put_time(cv_json_writer *w, const char *key, uint64_t filetime)
{
    int64_t ticks;
    if (cv_filetime_to_ticks(filetime, &ticks, NULL) == CV_OK &&
        has_iso_form(ticks))
        put_iso(w, key, ticks, true);
    else
        put_format(w, key, "filetime:0x%016" PRIX64, filetime);
}

static void put_oledate(cv_json_writer *w, const char *key, double date)
{
    char text[CV_REAL_TEXT];
    int64_t ticks;
    if (cv_oledate_to_ticks(date, &ticks, NULL) == CV_OK) {
        put_iso(w, key, ticks, false);
    } else if (isnan(date)) {
        cv_json_put_str(w, key, "oledate:NaN");
    } else {
        cv_real_put(text, "%.17g", date);
        put_format(w, key, "oledate:%s", text);
    }
}

/* A float's shortest decimal form is shorter than its double's. */
static void put_f32(cv_json_writer *w, const char *key, double v)
{
    char text[CV_REAL_TEXT];
    static const char *const formats[] = { "%.6g", "%.7g", "%.8g", "%.9g" };
    if (!isfinite(v) || v == 0.0) {
        cv_json_put_real(w, key, v);
        return;
    }
    for (size_t i = 0; i < CV_LEN(formats); i++) {
        cv_real_put(text, formats[i], v);
        if ((float)cv_real_parse(text, NULL) == (float)v)
            break;
    }
    cv_json_put_raw(w, key, cv_slice_cstr(text));
}

static void put_real(cv_json_writer *w, const char *key, uint16_t type,
                     double v)
{
    if (type == CV_T_FLOATTIME)
        put_oledate(w, key, v);
    else if (type == CV_T_F32)
        put_f32(w, key, v);
    else
        cv_json_put_real(w, key, v);
}

static void put_bytes(writer *j, const char *key, uint16_t type, cv_slice bytes)
{
    if (type == CV_T_OBJECT && bytes.len == 0)
        cv_json_put_null(&j->w, key);
    else if (bytes.len > SHORT_BINARY && !(j->flags & CV_JSON_FULL))
        put_digest(&j->w, key, bytes);
    else
        cv_json_put_hex(&j->w, key, bytes);
}

/* One value that is not CV_T_MULTI. */
static void put_single(writer *j, const char *key, const cv_value *v)
{
    char guid[CV_GUID_TEXT];
    switch (cv_type_storage(v->type)) {
    case CV_STORE_NONE:
        cv_json_put_null(&j->w, key);
        break;
    case CV_STORE_INT:
        put_int(&j->w, key, v->type, v->i64);
        break;
    case CV_STORE_ERROR:
        put_format(&j->w, key, "error:0x%08" PRIX32, v->error);
        break;
    case CV_STORE_TIME:
        put_time(&j->w, key, v->time);
        break;
    case CV_STORE_REAL:
        put_real(&j->w, key, v->type, v->f64);
        break;
    case CV_STORE_GUID:
        cv_guid_format(&v->guid, guid);
        cv_json_put_str(&j->w, key, guid);
        break;
    case CV_STORE_TEXT:
        cv_json_put_text(&j->w, key, v->bytes);
        break;
    case CV_STORE_BYTES:
        put_bytes(j, key, v->type, v->bytes);
        break;
    }
}

static cv_status put_value(writer *j, const cv_value *value, cv_error *err)
{
    if (!cv_type_is_multi(value->type)) {
        put_single(j, "value", value);
        return flush(j, FLUSH_BYTES, err);
    }
    cv_json_begin_array(&j->w, "value");
    for (uint32_t i = 0; i < value->count; i++) {
        cv_value one = cv_value_at(value, i);
        put_single(j, NULL, &one);
        CV_TRY(flush(j, FLUSH_BYTES, err));
    }
    cv_json_end_array(&j->w);
    return CV_OK;
}

/* -- properties ----------------------------------------------------------- */

/* A property with what decides its place. */
typedef struct ordered {
    const cv_prop *prop;
    const cv_name *name; /* NULL for tags below CV_NAMED_FIRST and unnamed */
    uint16_t unnamed;    /* container id of a property without a name */
} ordered;

/* The order of the texts "{...}". */
static int compare_guids(const cv_guid *a, const cv_guid *b)
{
    static const uint8_t places[16] = { 3, 2, 1,  0,  5,  4,  7,  6,
                                        8, 9, 10, 11, 12, 13, 14, 15 };
    for (size_t i = 0; i < sizeof(places); i++) {
        int diff = a->b[places[i]] - b->b[places[i]];
        if (diff != 0)
            return diff;
    }
    return 0;
}

/* 0 plain tags, 1 names, 2 unnamed. */
static int group_of(const ordered *o)
{
    return o->name ? 1 : o->unnamed ? 2 : 0;
}

static int compare_ordered(const void *a, const void *b)
{
    const ordered *x = a;
    const ordered *y = b;
    int diff = group_of(x) - group_of(y);
    if (diff == 0 && x->name)
        diff = compare_guids(&x->name->set, &y->name->set);
    if (diff == 0 && x->name)
        diff = cv_name_cmp(x->name, y->name);
    if (diff == 0)
        diff = x->unnamed - y->unnamed;
    if (diff == 0)
        diff = (x->prop->tag > y->prop->tag) - (x->prop->tag < y->prop->tag);
    return diff;
}

static ordered *order(writer *j, const cv_bag *bag)
{
    const cv_names *names = cv_object_names(j->obj);
    size_t count = cv_bag_count(bag);
    ordered *rows = cv_arena_array(j->scratch, count, sizeof(*rows));
    if (!rows)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        rows[i].prop = cv_bag_at(bag, i);
        rows[i].name = cv_names_get(names, rows[i].prop->tag);
        rows[i].unnamed = cv_name_unnamed_id(rows[i].name);
        if (rows[i].unnamed)
            rows[i].name = NULL;
    }
    qsort(rows, count, sizeof(*rows), compare_ordered);
    return rows;
}

static void put_name(cv_json_writer *w, const cv_name *name)
{
    char guid[CV_GUID_TEXT];
    cv_guid_format(&name->set, guid);
    cv_json_put_str(w, "set", guid);
    if (name->is_string)
        cv_json_put_text(w, "string", name->string);
    else
        put_format(w, "lid", "0x%04" PRIX32, name->lid);
}

static void put_type(cv_json_writer *w, uint16_t type)
{
    const char *name = cv_type_name(type);
    if (name)
        cv_json_put_str(w, "type", name);
    else
        put_format(w, "type", "0x%04X", type);
}

static cv_status put_prop(writer *j, const ordered *o, cv_error *err)
{
    const cv_prop *prop = o->prop;
    uint16_t id = group_of(o) == 0 ? CV_TAG_ID(prop->tag)
                  : o->unnamed     ? o->unnamed
                                   : prop->container_id;
    const char *name = cv_tag_name(prop->tag);
    bool pretty = j->w.pretty;
    cv_json_begin_object(&j->w, NULL);
    j->w.pretty = false; /* one line a property */
    if (id != 0 || !o->name)
        put_format(&j->w, "tag", "0x%08" PRIX32,
                   CV_TAG(id, CV_TAG_TYPE(prop->tag)));
    if (o->name)
        put_name(&j->w, o->name);
    if (name)
        cv_json_put_str(&j->w, "name", name);
    put_type(&j->w, prop->value.type);
    CV_TRY(put_value(j, &prop->value, err));
    if (prop->value.lossy)
        cv_json_put_hex(&j->w, "raw", prop->value.raw);
    cv_decode_put_json(&j->w, prop, j->codepage);
    cv_json_end_object(&j->w);
    j->w.pretty = pretty;
    return flush(j, FLUSH_BYTES, err);
}

static cv_status put_bag(writer *j, const cv_bag *bag, cv_error *err)
{
    ordered *rows = order(j, bag);
    if (!rows)
        return cv_arena_fail(j->scratch, err);
    cv_json_begin_array(&j->w, "properties");
    for (size_t i = 0; i < cv_bag_count(bag); i++)
        CV_TRY(put_prop(j, &rows[i], err));
    cv_json_end_array(&j->w);
    return CV_OK;
}

/* -- attachments ---------------------------------------------------------- */

typedef struct digest {
    cv_sha256_state sum;
    uint64_t size;
} digest;

static cv_status digest_write(void *ctx, const void *bytes, size_t len,
                              cv_error *err)
{
    digest *d = ctx;
    (void)err;
    cv_sha256_add(&d->sum, bytes, len);
    d->size += len;
    return CV_OK;
}

static cv_status put_blob_digest(writer *j, const cv_blob *blob, cv_error *err)
{
    uint8_t hash[32];
    digest d = { .size = 0 };
    cv_sha256_begin(&d.sum);
    cv_sink sink = { digest_write, &d };
    cv_status status = cv_blob_pump(blob, &sink, err);
    if (status == CV_OK) {
        cv_json_put_int(&j->w, "size", (int64_t)d.size);
        cv_sha256_end(&d.sum, hash);
        cv_json_put_hex(&j->w, "sha256", cv_slice_of(hash, sizeof(hash)));
    }
    return status;
}

static cv_status hex_write(void *ctx, const void *bytes, size_t len,
                           cv_error *err)
{
    writer *j = ctx;
    cv_slice rest = cv_slice_of(bytes, len);
    while (rest.len > 0) {
        cv_hex_put(&j->buf, cv_slice_sub(rest, 0, FLUSH_BYTES), false);
        rest = cv_slice_sub(rest, FLUSH_BYTES, rest.len);
        CV_TRY(flush(j, FLUSH_BYTES, err));
    }
    return CV_OK;
}

static cv_status put_blob(writer *j, const cv_blob *blob, cv_error *err)
{
    cv_sink sink = { hex_write, j };
    CV_TRY(put_blob_digest(j, blob, err));
    if (!(j->flags & CV_JSON_FULL))
        return CV_OK;
    cv_json_put_raw(&j->w, "data", CV_S("\""));
    CV_TRY(cv_blob_pump(blob, &sink, err));
    cv_buf_put_byte(&j->buf, '"');
    return CV_OK;
}

static cv_status put_body(writer *j, const cv_object *obj, cv_error *err);

static cv_status put_attachment(writer *j, const cv_attachment *att,
                                cv_error *err)
{
    cv_json_begin_object(&j->w, NULL);
    CV_TRY(put_bag(j, att->props, err));
    if (att->has_data)
        CV_TRY(put_blob(j, &att->data, err));
    if (att->embedded) {
        const cv_object *outer = j->obj;
        uint32_t codepage = j->codepage;
        cv_json_begin_object(&j->w, "embedded");
        CV_TRY(put_body(j, att->embedded, err));
        cv_json_end_object(&j->w);
        j->obj = outer;
        j->codepage = codepage;
    }
    cv_json_end_object(&j->w);
    return CV_OK;
}

/* Recursion ends at CV_LIMIT_EMBED_DEPTH, which bounds objects. */
static cv_status put_body(writer *j, const cv_object *obj, cv_error *err)
{
    const cv_bag *props = cv_object_props(obj);
    j->obj = obj;
    j->codepage = (uint32_t)cv_bag_i32_or(
        props, CV_PidTagMessageCodepage,
        cv_bag_i32_or(props, CV_PidTagInternetCodepage, 0));
    cv_json_put_text(&j->w, "messageClass", cv_object_class(obj));
    CV_TRY(put_bag(j, cv_object_props(obj), err));
    cv_json_begin_array(&j->w, "recipients");
    for (size_t i = 0; i < cv_object_recipient_count(obj); i++) {
        cv_json_begin_object(&j->w, NULL);
        CV_TRY(put_bag(j, cv_object_recipient(obj, i), err));
        cv_json_end_object(&j->w);
    }
    cv_json_end_array(&j->w);
    cv_json_begin_array(&j->w, "attachments");
    for (size_t i = 0; i < cv_object_attachment_count(obj); i++)
        CV_TRY(put_attachment(j, cv_object_attachment(obj, i), err));
    cv_json_end_array(&j->w);
    return CV_OK;
}

cv_status cv_object_to_json(const cv_object *obj, unsigned flags,
                            const cv_sink *out, cv_error *err)
{
    writer j = { .sink = out, .flags = flags };
    const char *source = cv_object_source(obj);
    CV_TRY(cv_arena_new(0, &j.scratch, err));
    cv_buf_init(&j.buf, 0);
    j.w = cv_json_writer_of(&j.buf, (flags & CV_JSON_PRETTY) != 0);
    cv_json_begin_object(&j.w, NULL);
    cv_json_put_str(&j.w, "format", "convoke-object/1");
    cv_json_put_str(&j.w, "source", *source ? source : "json");
    cv_status status = put_body(&j, obj, err);
    cv_json_end_object(&j.w);
    cv_buf_put_byte(&j.buf, '\n');
    if (status == CV_OK)
        status = flush(&j, 0, err);
    cv_buf_clear(&j.buf);
    cv_arena_free(&j.scratch);
    return status;
}
