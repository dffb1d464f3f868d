/* Lists of properties. Source: [MS-OXTNEF] 2.1.3.4; spec tnef.md 6, 9. */
#include "tnef/tnef_private.h"

#include "base/limits.h"
#include "base/reader.h"
#include "base/text.h"
#include "mapi/stored.h"

#define MULTI_INSTANCE 0x2000 /* of tables; means nothing in a stream */
#define ID_ATTACH_DATA CV_TAG_ID(CV_PidTagAttachDataBinary)

/* One list under way. */
typedef struct list {
    tnef_stream *s;
    cv_reader r;
    cv_bag *bag;
    cv_slice path;
    cv_tag tag; /* the stream's, of the property being read */
    bool data;  /* the bag is an attachment's: its data stands apart */
    unsigned bad;
    cv_tag bad_tag; /* the first of them */
} list;

static void leave_out(list *l)
{
    if (l->bad++ == 0)
        l->bad_tag = l->tag;
}

static cv_slice name_of(const list *l, cv_tag tag)
{
    const char *name =
        CV_TAG_ID(tag) < CV_NAMED_FIRST ? cv_tag_name(tag) : NULL;
    return name ? cv_slice_cstr(name)
                : cv_arena_printf(l->s->arena, "0x%08X", (unsigned)tag);
}

static cv_status skip_padding(cv_reader *r, size_t len)
{
    /* What is missing at the very end of a list matters to nobody. */
    size_t pad = -len & 3, left = cv_reader_left(r);
    return cv_read_skip(r, pad < left ? pad : left);
}

/* The next `size, bytes, padding`. */
static cv_status read_sized(cv_reader *r, cv_slice *out)
{
    uint32_t size;
    CV_TRY(cv_read_u32le(r, &size));
    CV_TRY(cv_read_bytes(r, size, out));
    return skip_padding(r, size);
}

/* Convoke's tag (type 0) of a named property. CV_ERR_SYNTAX and CV_ERR_TRUNC
 * end the list. */
static cv_status read_name(list *l, cv_tag *own)
{
    cv_slice guid, text = CV_S("");
    uint32_t kind, lid = 0;
    CV_TRY(cv_read_bytes(&l->r, sizeof(cv_guid), &guid));
    CV_TRY(cv_read_u32le(&l->r, &kind));
    if (kind == 0)
        CV_TRY(cv_read_u32le(&l->r, &lid));
    else if (kind == 1)
        CV_TRY(read_sized(&l->r, &text));
    else
        return CV_ERR_SYNTAX;
    cv_name name = { .is_string = kind == 1, .lid = lid };
    for (size_t i = 0; i < sizeof(cv_guid); i++)
        name.set.b[i] = guid.ptr[i];
    if (name.is_string) {
        name.string = cv_utf16le_to_utf8(
            l->s->arena, cv_slice_sub(text, 0, text.len & ~(size_t)1), true,
            NULL);
        if (!name.string.ptr)
            return cv_arena_status(l->s->arena);
    }
    return cv_names_intern(cv_object_names(l->s->obj), &name, own, NULL);
}

/* -- values -- */

/* Without its NUL and an odd last byte. */
static cv_slice text_bytes(uint16_t type, cv_slice bytes)
{
    if (type == CV_T_STRING) {
        bytes.len &= ~(size_t)1;
        if (bytes.len >= 2 && cv_peek_u16le(bytes, bytes.len - 2) == 0)
            bytes.len -= 2;
    } else if (bytes.len && bytes.ptr[bytes.len - 1] == 0) {
        bytes.len--;
    }
    return bytes;
}

static cv_status text_value(list *l, uint16_t type, cv_slice bytes,
                            cv_value *out)
{
    if (!cv_stored_stream(type, text_bytes(type, bytes), l->s->codepage,
                          l->s->arena, out))
        return cv_arena_status(l->s->arena);
    if (out->lossy)
        cv_report_say(l->s->report, CV_RULE_TEXT_DECODING, l->path,
                      name_of(l, l->tag), CV_S(""),
                      "kept with its original bytes");
    return CV_OK;
}

/* A string, binary or object: "one of n values", of which the first counts. */
static cv_status read_variable(list *l, uint16_t type, cv_value *out)
{
    uint32_t count;
    cv_slice first = CV_S(""), other;
    CV_TRY(cv_read_u32le(&l->r, &count));
    if (count > 0)
        CV_TRY(read_sized(&l->r, &first));
    for (uint32_t i = 1; i < count; i++)
        CV_TRY(read_sized(&l->r, &other));
    if (type == CV_T_STRING || type == CV_T_STRING8)
        return text_value(l, type, first, out);
    *out = (cv_value){ .type = type, .count = 1, .bytes = first };
    return CV_OK;
}

static size_t padded(uint16_t base)
{
    return (cv_type_size(base) + 3) & ~(size_t)3;
}

static cv_status read_fixed(list *l, uint16_t type, cv_value *out)
{
    cv_slice bytes;
    CV_TRY(cv_read_bytes(&l->r, padded(type), &bytes));
    return cv_stored_fixed(type, bytes, out) ? CV_OK : CV_ERR_SYNTAX;
}

/* *fits false: more values than CV_LIMIT_MULTI_VALUES; they are passed over. */
static cv_status read_array(list *l, uint16_t base, cv_value *out, bool *fits)
{
    uint32_t count;
    size_t size = padded(base);
    cv_slice bytes;
    CV_TRY(cv_read_u32le(&l->r, &count));
    if (count > cv_reader_left(&l->r) / size)
        return CV_ERR_TRUNC;
    CV_TRY(cv_read_bytes(&l->r, count * size, &bytes));
    *fits = count <= CV_LIMIT_MULTI_VALUES;
    if (!*fits)
        return CV_OK;
    void *array = cv_arena_array(l->s->arena, count, sizeof(cv_guid));
    if (!array)
        return cv_arena_status(l->s->arena);
    for (size_t i = 0; i < count; i++) {
        cv_value one;
        if (cv_stored_fixed(base, cv_slice_sub(bytes, i * size, size), &one))
            cv_value_store(cv_type_storage(base), array, i, &one);
    }
    *out = (cv_value){ .type = base | CV_T_MULTI, .count = count };
    out->i64s = array; /* the union's pointers share their place */
    return CV_OK;
}

static cv_status read_slices(list *l, uint16_t base, cv_value *out, bool *fits)
{
    uint32_t count;
    cv_slice *slices = NULL;
    CV_TRY(cv_read_u32le(&l->r, &count));
    if (count > cv_reader_left(&l->r) / 4)
        return CV_ERR_TRUNC;
    *fits = count <= CV_LIMIT_MULTI_VALUES;
    if (*fits) {
        slices = cv_arena_array(l->s->arena, count, sizeof *slices);
        if (!slices)
            return cv_arena_status(l->s->arena);
    }
    for (uint32_t i = 0; i < count; i++) {
        cv_value one = { .type = base };
        CV_TRY(read_sized(&l->r, &one.bytes));
        if (*fits && base != CV_T_BINARY)
            CV_TRY(text_value(l, base, one.bytes, &one));
        if (*fits)
            slices[i] = one.bytes;
    }
    *out = (cv_value){ .type = base | CV_T_MULTI,
                       .count = count,
                       .slices = slices };
    return CV_OK;
}

static cv_status read_value(list *l, cv_value *out, bool *fits)
{
    uint16_t type = CV_TAG_TYPE(l->tag);
    uint16_t base = type & (uint16_t)~CV_T_MULTI;
    bool fixed = cv_type_size(base) > 0;
    bool sized = base == CV_T_STRING || base == CV_T_STRING8 ||
                 base == CV_T_BINARY || type == CV_T_OBJECT;
    *fits = true;
    if (!cv_type_is_known(type) || (!fixed && !sized))
        return CV_ERR_SYNTAX; /* how long it is nobody knows */
    if (cv_type_is_multi(type))
        return fixed ? read_array(l, base, out, fits)
                     : read_slices(l, base, out, fits);
    return fixed ? read_fixed(l, type, out) : read_variable(l, type, out);
}

/* -- properties -- */

/* A second one with the same meaning is left out, but Unicode text replaces
 * 8-bit text. */
static cv_status put(list *l, cv_tag own, const cv_value *value)
{
    const cv_prop *there = cv_bag_find(l->bag, own);
    if (there && !(value->type == (there->value.type | 1) &&
                   (there->value.type & 0xFF) == CV_T_STRING8)) {
        if (there->value.type != value->type)
            leave_out(l);
        return CV_OK;
    }
    cv_status status = cv_bag_put_from(l->bag, own | value->type, value,
                                       CV_TAG_ID(l->tag), NULL);
    if (status != CV_ERR_LIMIT || cv_arena_status(l->s->arena) != CV_OK)
        return status;
    leave_out(l);
    return CV_OK;
}

static bool keep_data(list *l, const cv_value *value)
{
    if (!l->data || CV_TAG_ID(l->tag) != ID_ATTACH_DATA)
        return false;
    if (value->type == CV_T_OBJECT)
        l->s->object = value->bytes;
    else if (value->type == CV_T_BINARY)
        l->s->binary = value->bytes;
    return value->type == CV_T_OBJECT || value->type == CV_T_BINARY;
}

static cv_status read_property(list *l)
{
    cv_value value = { 0 };
    bool fits;
    CV_TRY(cv_read_u32le(&l->r, &l->tag));
    if ((l->tag & (CV_T_MULTI | MULTI_INSTANCE)) ==
        (CV_T_MULTI | MULTI_INSTANCE))
        l->tag &= ~(cv_tag)MULTI_INSTANCE;
    cv_tag own = CV_TAG(CV_TAG_ID(l->tag), 0);
    cv_status named = CV_OK;
    if (CV_TAG_ID(l->tag) >= CV_NAMED_FIRST) {
        named = read_name(l, &own);
        if (named != CV_OK && named != CV_ERR_LIMIT)
            return named;
    }
    CV_TRY(read_value(l, &value, &fits));
    if (!fits || named != CV_OK || CV_TAG_ID(l->tag) == 0) {
        leave_out(l);
        return CV_OK;
    }
    return keep_data(l, &value) ? CV_OK : put(l, own, &value);
}

/* A property that cannot be read, at a place in the list, costs itself where
 * its end can be found. more: how many are behind it. */
static bool pass_over(list *l, size_t at, uint32_t more)
{
    size_t pos = at + 4;
    if (!cv_tnef_resume(l->r.in, &pos, more, l->s->rows_left,
                        &l->s->resume_steps))
        return false;
    l->r = cv_reader_of(l->r.in);
    if (cv_read_skip(&l->r, pos) != CV_OK)
        return false;
    leave_out(l);
    return true;
}

static void report(const list *l, uint32_t count, uint32_t done)
{
    if (done < count)
        cv_report_say(l->s->report, CV_RULE_TNEF_PROPERTY, l->path,
                      name_of(l, l->tag), CV_S(""),
                      "the list ends here: %u of %u properties were read",
                      (unsigned)done, (unsigned)count);
    if (l->bad)
        cv_report_say(l->s->report, CV_RULE_TNEF_PROPERTY, l->path,
                      name_of(l, l->bad_tag), CV_S(""), "left out%s",
                      l->bad > 1 ? ", and others like it" : "");
}

cv_status cv_tnef_read_props(tnef_stream *s, cv_slice in, size_t *pos,
                             cv_bag *bag, cv_slice path, bool *whole)
{
    list l = { .s = s,
               .r = cv_reader_of(cv_slice_sub(in, *pos, in.len)),
               .bag = bag,
               .path = path,
               .data = s->attachment && bag == s->attachment->props };
    uint32_t count = 0, done = 0;
    *whole = cv_read_u32le(&l.r, &count) == CV_OK;
    while (*whole && done < count) {
        size_t at = l.r.pos;
        *whole = read_property(&l) == CV_OK;
        if (cv_arena_status(s->arena) != CV_OK)
            return cv_arena_fail(s->arena, s->err);
        *whole = *whole || pass_over(&l, at, count - done - 1);
        done += *whole;
    }
    *pos += l.r.pos;
    report(&l, count, done);
    return CV_OK;
}
