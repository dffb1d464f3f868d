/* json_read.c - message objects as JSON: reading.
 * Source: spec object-json.md.
 */
#include "mapi/json.h"

#include "base/datetime.h"
#include "base/limits.h"
#include "base/text.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

typedef struct reader {
    cv_object *obj;    /* the one that is read */
    cv_arena *arena;   /* the tree's: borrowed */
    cv_report *report; /* borrowed, may be NULL */
    cv_error *err;
    const cv_json *prop; /* the property that is read, for messages */
} reader;

static cv_status bad(const reader *r, const char *what)
{
    cv_slice tag = cv_json_text_or(r->prop, "tag", CV_S(""));
    cv_slice name = cv_json_text_or(r->prop, "name", CV_S(""));
    return cv_fail(r->err, CV_ERR_SYNTAX, "property %.*s %.*s: %s",
                   (int)(tag.len < 20 ? tag.len : 20), (const char *)tag.ptr,
                   (int)(name.len < 60 ? name.len : 60), (const char *)name.ptr,
                   what);
}

static cv_status bad_value(const reader *r)
{
    return bad(r, "the value does not fit the type");
}

/* "0x" and at most 16 hexadecimal digits, nothing else. */
static bool parse_hex(cv_slice text, uint64_t *out)
{
    uint64_t v = 0;
    if (!cv_slice_istarts(text, CV_S("0x")) || text.len < 3 || text.len > 18)
        return false;
    for (size_t i = 2; i < text.len; i++) {
        int digit = cv_hex_digit(text.ptr[i]);
        if (digit < 0)
            return false;
        v = v << 4 | (uint64_t)digit;
    }
    *out = v;
    return true;
}

/* -- values --------------------------------------------------------------- */

static bool parse_currency(cv_slice text, int64_t *out)
{
    bool negative = cv_slice_starts(text, CV_S("-"));
    cv_slice rest = cv_slice_sub(text, negative, text.len);
    cv_slice whole = cv_slice_cut(&rest, '.');
    int64_t v = 0;
    if (whole.len == 0 || rest.len > 4)
        return false;
    for (size_t i = 0; i < whole.len + 4; i++) {
        size_t place = i - whole.len;
        uint8_t c = i < whole.len      ? whole.ptr[i]
                    : place < rest.len ? rest.ptr[place]
                                       : '0';
        if (c < '0' || c > '9' || !cv_mul(v, (int64_t)10, &v))
            return false;
        /* Counting down reaches INT64_MIN, counting up would not. */
        if (!cv_add(v, (int64_t)('0' - c), &v))
            return false;
    }
    if (!negative && v == INT64_MIN)
        return false;
    *out = negative ? v : -v;
    return true;
}

static bool fits_int(uint16_t type, int64_t v)
{
    if (type == CV_T_I16)
        return v >= INT16_MIN && v <= INT16_MAX;
    if (type == CV_T_I32)
        return v >= INT32_MIN && v <= INT32_MAX;
    return type != CV_T_BOOL || v == 0 || v == 1;
}

static cv_status read_int(const reader *r, const cv_json *node, cv_value *v)
{
    bool read = true;
    if (node->type == CV_JSON_BOOL)
        v->i64 = node->boolean;
    else if (v->type == CV_T_CURRENCY && node->type == CV_JSON_TEXT)
        read = parse_currency(node->text, &v->i64);
    else if (node->type == CV_JSON_TEXT)
        read = cv_parse_i64(node->text, &v->i64) == CV_OK;
    else if (v->type != CV_T_CURRENCY && node->type == CV_JSON_INT)
        v->i64 = node->i64;
    else
        read = false;
    return read && fits_int(v->type, v->i64) ? CV_OK : bad_value(r);
}

static cv_status read_error(const reader *r, const cv_json *node, cv_value *v)
{
    cv_slice mark = CV_S("error:");
    uint64_t code;
    if (node->type != CV_JSON_TEXT || !cv_slice_starts(node->text, mark) ||
        !parse_hex(cv_slice_sub(node->text, mark.len, node->text.len), &code) ||
        code > UINT32_MAX)
        return bad_value(r);
    v->error = (uint32_t)code;
    return CV_OK;
}

static cv_status read_time(const reader *r, const cv_json *node, cv_value *v)
{
    cv_slice mark = CV_S("filetime:");
    int64_t ticks;
    if (node->type != CV_JSON_TEXT)
        return bad_value(r);
    if (cv_slice_starts(node->text, mark)) {
        cv_slice hex = cv_slice_sub(node->text, mark.len, node->text.len);
        return parse_hex(hex, &v->time) ? CV_OK : bad_value(r);
    }
    if (cv_iso_parse(node->text, &ticks) != CV_OK ||
        cv_ticks_to_filetime(ticks, &v->time, NULL) != CV_OK)
        return bad_value(r);
    return CV_OK;
}

/* "NaN", "Infinity", "-Infinity" or a number as text. */
static bool parse_real(cv_slice text, double *out)
{
    char copy[64];
    char *end = NULL;
    if (cv_slice_eq(text, CV_S("NaN"))) {
        *out = NAN;
        return true;
    }
    if (text.len == 0 || text.len >= sizeof(copy))
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = 0;
    *out = cv_real_parse(copy, &end);
    return end == copy + text.len;
}

static cv_status read_oledate(const reader *r, cv_slice text, double *out)
{
    cv_slice mark = CV_S("oledate:");
    int64_t ticks;
    if (cv_slice_starts(text, mark))
        return parse_real(cv_slice_sub(text, mark.len, text.len), out)
                   ? CV_OK
                   : bad_value(r);
    if (cv_iso_parse(text, &ticks) != CV_OK ||
        cv_ticks_to_oledate(ticks, out, NULL) != CV_OK)
        return bad_value(r);
    return CV_OK;
}

static cv_status read_real(const reader *r, const cv_json *node, cv_value *v)
{
    if (node->type == CV_JSON_TEXT && v->type == CV_T_FLOATTIME)
        return read_oledate(r, node->text, &v->f64);
    if (node->type == CV_JSON_TEXT && !parse_real(node->text, &v->f64))
        return bad_value(r);
    if (node->type == CV_JSON_INT || node->type == CV_JSON_REAL)
        v->f64 = node->real;
    else if (node->type != CV_JSON_TEXT)
        return bad_value(r);
    if (v->type == CV_T_F32 && isfinite(v->f64) && fabs(v->f64) > FLT_MAX)
        return bad_value(r);
    if (v->type == CV_T_F32)
        v->f64 = (float)v->f64;
    return CV_OK;
}

static void say_digest_only(const reader *r, cv_rule_id rule, cv_slice name,
                            const cv_json *node)
{
    cv_report_say(r->report, rule, CV_S(""), name, CV_S("digest"),
                  "the form holds a digest instead of %" PRId64
                  " bytes: the value is empty",
                  cv_json_int_or(node, "size", 0));
}

static cv_status read_bytes(const reader *r, const cv_json *node, cv_value *v)
{
    v->bytes = CV_S("");
    if (node->type == CV_JSON_NULL && v->type == CV_T_OBJECT)
        return CV_OK;
    if (node->type == CV_JSON_OBJECT && cv_json_get(node, "sha256")) {
        say_digest_only(r, CV_RULE_BAD_BLOB,
                        cv_json_text_or(r->prop, "name", CV_S("")), node);
        return CV_OK;
    }
    if (node->type != CV_JSON_TEXT)
        return bad_value(r);
    if (node->text.len == 0)
        return CV_OK;
    cv_status status = cv_hex_decode(r->arena, node->text, &v->bytes, r->err);
    return status == CV_ERR_SYNTAX ? bad_value(r) : status;
}

static cv_status read_text(const reader *r, const cv_json *node, cv_value *v)
{
    if (node->type != CV_JSON_TEXT)
        return bad_value(r);
    v->bytes = cv_arena_dup(r->arena, node->text);
    return v->bytes.ptr ? CV_OK : cv_arena_fail(r->arena, r->err);
}

/* One value; v->type is set and not CV_T_MULTI. */
static cv_status read_single(const reader *r, const cv_json *node, cv_value *v)
{
    switch (cv_type_storage(v->type)) {
    case CV_STORE_NONE:
        return node->type == CV_JSON_NULL ? CV_OK : bad_value(r);
    case CV_STORE_INT:
        return read_int(r, node, v);
    case CV_STORE_ERROR:
        return read_error(r, node, v);
    case CV_STORE_TIME:
        return read_time(r, node, v);
    case CV_STORE_REAL:
        return read_real(r, node, v);
    case CV_STORE_GUID:
        if (node->type != CV_JSON_TEXT ||
            cv_guid_parse(node->text, &v->guid) != CV_OK)
            return bad_value(r);
        return CV_OK;
    case CV_STORE_TEXT:
        return read_text(r, node, v);
    case CV_STORE_BYTES:
        break;
    }
    return read_bytes(r, node, v);
}

static cv_status read_multi(const reader *r, const cv_json *node, cv_value *v)
{
    cv_storage storage = cv_type_storage(v->type);
    if (node->type != CV_JSON_ARRAY)
        return bad_value(r);
    if (node->count > CV_LIMIT_MULTI_VALUES)
        return cv_fail(r->err, CV_ERR_LIMIT,
                       "CV_LIMIT_MULTI_VALUES: more than %d in one"
                       " property",
                       CV_LIMIT_MULTI_VALUES);
    /* Sixteen bytes are enough for any element. */
    void *array = cv_arena_array(r->arena, node->count, sizeof(cv_slice));
    if (!array)
        return cv_arena_fail(r->arena, r->err);
    for (size_t i = 0; i < node->count; i++) {
        cv_value one = { .type = (uint16_t)(v->type & ~CV_T_MULTI),
                         .count = 1 };
        CV_TRY(read_single(r, &node->items[i], &one));
        cv_value_store(storage, array, i, &one);
    }
    v->count = (uint32_t)node->count;
    v->i64s = array;
    return CV_OK;
}

static bool is_error_text(const cv_json *node)
{
    return node->type == CV_JSON_TEXT &&
           cv_slice_starts(node->text, CV_S("error:"));
}

/* A value of the declared type; an error code or null in place of any value
 * makes it PtypErrorCode or PtypNull. */
static cv_status read_value(const reader *r, cv_value *v)
{
    static const cv_json null = { .type = CV_JSON_NULL };
    const cv_json *node = cv_json_get(r->prop, "value");
    cv_storage storage = cv_type_storage(v->type);
    if (!node)
        node = &null;
    v->count = 1;
    if (node->type == CV_JSON_NULL && storage != CV_STORE_NONE &&
        v->type != CV_T_OBJECT)
        v->type = CV_T_NULL;
    else if (storage != CV_STORE_TEXT && is_error_text(node))
        v->type = CV_T_ERROR;
    if (cv_type_is_multi(v->type))
        return read_multi(r, node, v);
    return read_single(r, node, v);
}

static cv_status read_raw(const reader *r, cv_value *v)
{
    const cv_json *raw = cv_json_get(r->prop, "raw");
    if (!raw)
        return CV_OK;
    if (raw->type != CV_JSON_TEXT)
        return bad(r, "\"raw\" is no text");
    v->lossy = true;
    v->raw = CV_S("");
    if (raw->text.len == 0)
        return CV_OK;
    cv_status status = cv_hex_decode(r->arena, raw->text, &v->raw, r->err);
    return status == CV_ERR_SYNTAX ? bad(r, "\"raw\" is no hex") : status;
}

/* -- properties ----------------------------------------------------------- */

static cv_status read_type(const reader *r, uint16_t otherwise, uint16_t *type)
{
    cv_slice text = cv_json_text_or(r->prop, "type", CV_S(""));
    uint64_t number;
    *type = otherwise;
    if (text.len == 0 || cv_type_parse(text, type) == CV_OK)
        return CV_OK;
    if (!parse_hex(text, &number) || number > UINT16_MAX)
        return bad(r, "unknown type");
    *type = (uint16_t)number;
    return CV_OK;
}

static cv_status read_lid(const reader *r, uint32_t *lid)
{
    const cv_json *node = cv_json_get(r->prop, "lid");
    uint64_t number = 0;
    if (!node)
        return bad(r, "a \"set\" needs a \"lid\" or a \"string\"");
    if (node->type == CV_JSON_INT && node->i64 >= 0)
        number = (uint64_t)node->i64;
    else if (node->type != CV_JSON_TEXT || !parse_hex(node->text, &number))
        return bad(r, "\"lid\" is no number");
    if (number > UINT32_MAX)
        return bad(r, "\"lid\" is too large");
    *lid = (uint32_t)number;
    return CV_OK;
}

/* The tag of a property that has a "set". */
static cv_status read_named(const reader *r, cv_slice set, cv_tag *tag)
{
    const cv_json *string = cv_json_get(r->prop, "string");
    cv_name name = { .is_string = string != NULL };
    if (cv_guid_parse(set, &name.set) != CV_OK)
        return bad(r, "\"set\" is no GUID");
    if (string && string->type != CV_JSON_TEXT)
        return bad(r, "\"string\" is no text");
    if (string)
        name.string = string->text;
    else
        CV_TRY(read_lid(r, &name.lid));
    return cv_names_intern(cv_object_names(r->obj), &name, tag, r->err);
}

/* Convoke's tag (its type is what the form says in "tag" or knows by name)
 * and the container's id. */
static cv_status read_tag(const reader *r, cv_tag *tag, uint16_t *container_id)
{
    cv_slice text = cv_json_text_or(r->prop, "tag", CV_S(""));
    cv_slice set = cv_json_text_or(r->prop, "set", CV_S(""));
    cv_slice name = cv_json_text_or(r->prop, "name", CV_S(""));
    cv_tag known = cv_tag_by_name(name);
    uint64_t number = 0;
    if (text.len > 0 && (!parse_hex(text, &number) || number > UINT32_MAX))
        return bad(r, "\"tag\" is no tag");
    cv_tag given = (cv_tag)number;
    *container_id = 0;
    if (set.len > 0) {
        cv_tag named = 0;
        CV_TRY(read_named(r, set, &named));
        *container_id = CV_TAG_ID(given);
        *tag = CV_TAG(CV_TAG_ID(named), CV_TAG_TYPE(given ? given : known));
        return CV_OK;
    }
    if (text.len == 0 && known == 0)
        return bad(r, "neither \"tag\" nor a known \"name\"");
    *tag = text.len > 0 ? given : known;
    if (text.len > 0 && CV_TAG_ID(given) >= CV_NAMED_FIRST) {
        cv_tag named = 0;
        CV_TRY(cv_names_unnamed(cv_object_names(r->obj), CV_TAG_ID(given),
                                &named, r->err));
        *container_id = CV_TAG_ID(given);
        *tag = CV_TAG(CV_TAG_ID(named), CV_TAG_TYPE(given));
    }
    return CV_OK;
}

static cv_status read_prop(reader *r, const cv_json *node, cv_bag *bag)
{
    cv_value value = { 0 };
    uint16_t container_id = 0;
    cv_tag tag = 0;
    r->prop = node;
    if (node->type != CV_JSON_OBJECT)
        return bad(r, "it is no JSON object");
    CV_TRY(read_tag(r, &tag, &container_id));
    CV_TRY(read_type(r, CV_TAG_TYPE(tag), &value.type));
    CV_TRY(read_value(r, &value));
    CV_TRY(read_raw(r, &value));
    return cv_bag_put_from(bag, tag, &value, container_id, r->err);
}

/* Children of an array, none when the key is absent. */
static cv_status get_array(const reader *r, const cv_json *node,
                           const char *key, const cv_json **items,
                           size_t *count)
{
    const cv_json *array = cv_json_get(node, key);
    *count = 0;
    *items = NULL;
    if (!array)
        return CV_OK;
    if (array->type != CV_JSON_ARRAY)
        return cv_fail(r->err, CV_ERR_SYNTAX, "\"%s\" is no array", key);
    *items = array->items;
    *count = array->count;
    return CV_OK;
}

static cv_status read_bag(reader *r, const cv_json *node, cv_bag *bag)
{
    const cv_json *items;
    size_t count;
    CV_TRY(get_array(r, node, "properties", &items, &count));
    for (size_t i = 0; i < count; i++)
        CV_TRY(read_prop(r, &items[i], bag));
    return CV_OK;
}

/* -- tables --------------------------------------------------------------- */

/* Why a row or an embedded object could not be added. */
static cv_status add_failed(const reader *r)
{
    if (cv_arena_status(r->arena) != CV_OK)
        return cv_arena_fail(r->arena, r->err);
    return cv_fail(
        r->err, CV_ERR_LIMIT,
        "CV_LIMIT_RECIPIENTS, CV_LIMIT_ATTACHMENTS or CV_LIMIT_EMBED_DEPTH");
}

static cv_status read_recipients(reader *r, const cv_json *node)
{
    const cv_json *items;
    size_t count;
    CV_TRY(get_array(r, node, "recipients", &items, &count));
    for (size_t i = 0; i < count; i++) {
        cv_bag *row = cv_object_add_recipient(r->obj);
        if (!row)
            return add_failed(r);
        cv_report_push(r->report, "recipient[%zu]", i);
        cv_status status = read_bag(r, &items[i], row);
        cv_report_pop(r->report);
        CV_TRY(status);
    }
    return CV_OK;
}

static cv_status read_data(reader *r, const cv_json *node, cv_attachment *att)
{
    const cv_json *data = cv_json_get(node, "data");
    cv_slice bytes = CV_S("");
    if (data && data->type != CV_JSON_TEXT)
        return cv_fail(r->err, CV_ERR_SYNTAX, "\"data\" is no text");
    att->has_data = data || cv_json_get(node, "size");
    if (data && data->text.len > 0)
        CV_TRY(cv_hex_decode(r->arena, data->text, &bytes, r->err));
    if (!data && cv_json_int_or(node, "size", 0) > 0)
        say_digest_only(r, CV_RULE_ATTACHMENT_DATA, CV_S(""), node);
    if (att->has_data)
        att->data = cv_blob_mem(bytes);
    return CV_OK;
}

static cv_status read_body(reader *r, const cv_json *node);

static cv_status read_embedded(reader *r, const cv_json *node,
                               cv_attachment *att)
{
    const cv_json *inner = cv_json_get(node, "embedded");
    cv_object *outer = r->obj;
    if (!inner || inner->type == CV_JSON_NULL)
        return CV_OK;
    att->embedded = cv_object_new_embedded(outer);
    if (!att->embedded)
        return add_failed(r);
    r->obj = att->embedded;
    cv_report_push(r->report, "embedded");
    cv_status status = read_body(r, inner);
    cv_report_pop(r->report);
    r->obj = outer;
    return status;
}

static cv_status read_attachments(reader *r, const cv_json *node)
{
    const cv_json *items;
    size_t count;
    CV_TRY(get_array(r, node, "attachments", &items, &count));
    for (size_t i = 0; i < count; i++) {
        cv_attachment *att = cv_object_add_attachment(r->obj);
        if (!att)
            return add_failed(r);
        cv_report_push(r->report, "attachment[%zu]", i);
        cv_status status = read_bag(r, &items[i], att->props);
        if (status == CV_OK)
            status = read_data(r, &items[i], att);
        if (status == CV_OK)
            status = read_embedded(r, &items[i], att);
        cv_report_pop(r->report);
        CV_TRY(status);
    }
    return CV_OK;
}

/* "messageClass" repeats a property; where somebody wrote it without that
 * property it is taken. IPM.Note is what we print without one. */
static cv_status read_class(const reader *r, const cv_json *node)
{
    cv_slice name = cv_json_text_or(node, "messageClass", CV_S("IPM.Note"));
    cv_bag *props = cv_object_props(r->obj);
    if (cv_slice_eq(name, CV_S("IPM.Note")) ||
        cv_bag_has(props, CV_PidTagMessageClass))
        return CV_OK;
    return cv_bag_set_string(props, CV_PidTagMessageClass, name);
}

/* Recursion ends at CV_LIMIT_EMBED_DEPTH: cv_object_new_embedded(). */
static cv_status read_body(reader *r, const cv_json *node)
{
    if (node->type != CV_JSON_OBJECT)
        return cv_fail(r->err, CV_ERR_SYNTAX, "the object is no JSON object");
    CV_TRY(read_bag(r, node, cv_object_props(r->obj)));
    CV_TRY(read_class(r, node));
    CV_TRY(read_recipients(r, node));
    return read_attachments(r, node);
}

static const char *source_literal(cv_slice name)
{
    static const char *const sources[] = { "msg",  "mime", "ical",
                                           "tnef", "pst",  "json" };
    for (size_t i = 0; i < CV_LEN(sources); i++) {
        if (cv_slice_eq(name, cv_slice_cstr(sources[i])))
            return sources[i];
    }
    return "json";
}

static cv_status read_root(const cv_json *root, cv_object *obj,
                           cv_report *report, cv_error *err)
{
    reader r = {
        .obj = obj, .arena = cv_object_arena(obj), .report = report, .err = err
    };
    cv_slice format = cv_json_text_or(root, "format", CV_S(""));
    if (!cv_slice_eq(format, CV_S("convoke-object/1")))
        return cv_fail(err, CV_ERR_SYNTAX,
                       "\"format\" is not \"convoke-object/1\"");
    cv_slice source = cv_json_text_or(root, "source", CV_S("json"));
    cv_object_set_source(obj, source_literal(source));
    return read_body(&r, root);
}

cv_status cv_object_from_json(cv_slice text, cv_object **out, cv_report *report,
                              cv_error *err)
{
    cv_arena *arena = NULL;
    cv_object *obj = NULL;
    cv_json *root = NULL;
    CV_TRY(cv_arena_new(0, &arena, err));
    cv_status status = cv_json_parse(arena, text, &root, err);
    if (status == CV_OK)
        status = cv_object_new(0, &obj, err);
    if (status == CV_OK)
        status = read_root(root, obj, report, err);
    cv_arena_free(&arena);
    if (status == CV_OK)
        *out = obj;
    else
        cv_object_free(&obj);
    return status;
}

bool cv_json_is_object_form(cv_slice text)
{
    if (cv_slice_starts(text, CV_S("\xEF\xBB\xBF")))
        text = cv_slice_sub(text, 3, text.len);
    cv_slice head = cv_slice_trim(cv_slice_sub(text, 0, 4096));
    return cv_slice_starts(head, CV_S("{")) &&
           cv_slice_find(head, CV_S("\"convoke-object/"), 0) != CV_NPOS;
}
