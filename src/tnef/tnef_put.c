#include "tnef/tnef_put.h"

#include "base/datetime.h"
#include "base/text.h"
#include "mapi/entryid.h"
#include "mapi/stored.h"

#include <stdlib.h>

#define ID_ATTACH_DATA CV_TAG_ID(CV_PidTagAttachDataBinary)
#define WINDOWS_1252 1252

/* -- code pages -- */

/* One byte or two a character, without state: what old clients expect. */
static bool is_ansi(int32_t codepage)
{
    return (codepage >= 1250 && codepage <= 1258) || codepage == 874 ||
           codepage == 932 || codepage == 936 || codepage == 949 ||
           codepage == 950 || (codepage >= 437 && codepage <= 869);
}

uint32_t cv_tnef_codepage(const cv_bag *props)
{
    int32_t codepage = cv_bag_i32_or(props, CV_PidTagMessageCodepage, 0);
    return is_ansi(codepage) && cv_charset_of_codepage((uint32_t)codepage)
               ? (uint32_t)codepage
               : WINDOWS_1252;
}

/* False when the code page lacks a character; ptr NULL: no memory. */
static bool encode(const tnef_put *p, cv_slice text, cv_slice *out)
{
    const char *name = cv_charset_of_codepage(p->codepage);
    *out = text;
    return cv_is_ascii(text) ||
           (name && cv_utf8_to_charset(p->arena, text, cv_slice_cstr(name), out,
                                       NULL) == CV_OK);
}

/* -- values -- */

static void pad(cv_buf *to, size_t len)
{
    static const uint8_t zeros[4];
    cv_buf_put(to, zeros, -len & 3);
}

static void put_sized(cv_buf *to, cv_slice bytes, size_t nul)
{
    static const uint8_t zeros[2];
    cv_buf_put_u32le(to, (uint32_t)(bytes.len + nul));
    cv_buf_put_slice(to, bytes);
    cv_buf_put(to, zeros, nul);
    pad(to, bytes.len + nul);
}

static void put_fixed(const cv_value *value, cv_buf *to)
{
    if (value->type == CV_T_GUID) {
        cv_buf_put(to, value->guid.b, sizeof value->guid.b);
        return;
    }
    size_t size = (cv_type_size(value->type) + 3) & ~(size_t)3;
    cv_stored_put_inline(value, to); /* eight bytes */
    if (to->status == CV_OK)
        to->len -= 8 - size;
}

static bool keeps_raw(const cv_value *value)
{
    return value->lossy && value->raw.ptr && !(value->type & CV_T_MULTI);
}

/* 8-bit text stays so when the code page has all of it. */
static uint16_t text_type(const tnef_put *p, const cv_value *value)
{
    uint16_t base = value->type & (uint16_t)~CV_T_MULTI;
    cv_slice bytes;
    if (base != CV_T_STRING8 || keeps_raw(value))
        return base;
    for (uint32_t i = 0; i < value->count; i++)
        if (!encode(p, cv_value_at(value, i).bytes, &bytes))
            return CV_T_STRING;
    return base;
}

static void put_one_text(const tnef_put *p, const cv_value *value,
                         uint16_t type, uint32_t index, cv_buf *to)
{
    cv_buf utf16;
    cv_slice bytes = cv_value_at(value, index).bytes;
    if (keeps_raw(value)) {
        put_sized(to, value->raw, type == CV_T_STRING ? 2 : 1);
    } else if (type == CV_T_STRING8) {
        if (!encode(p, bytes, &bytes))
            bytes = CV_S(""); /* text_type() saw that it can be */
        put_sized(to, bytes, 1);
    } else {
        cv_buf_init(&utf16, 0);
        cv_utf8_to_utf16le(&utf16, bytes);
        if (utf16.status != CV_OK && to->status == CV_OK)
            to->status = utf16.status;
        put_sized(to, cv_buf_slice(&utf16), 2);
        cv_buf_clear(&utf16);
    }
}

static void put_value(const tnef_put *p, const cv_value *value, uint16_t type,
                      cv_buf *to)
{
    uint16_t base = type & (uint16_t)~CV_T_MULTI;
    bool multi = cv_type_is_multi(value->type);
    bool fixed = cv_type_size(base) > 0;
    uint32_t count = multi ? value->count : 1;
    if (multi || !fixed)
        cv_buf_put_u32le(to, count);
    for (uint32_t i = 0; i < count; i++) {
        cv_value one = cv_value_at(value, i);
        if (fixed)
            put_fixed(&one, to);
        else if (base == CV_T_STRING || base == CV_T_STRING8)
            put_one_text(p, value, base, i, to);
        else
            put_sized(to, one.bytes, 0);
    }
}

/* -- properties -- */

static bool is_text(uint16_t type)
{
    uint16_t base = type & (uint16_t)~CV_T_MULTI;
    return base == CV_T_STRING || base == CV_T_STRING8;
}

/* Types a stream has a form for. */
static bool is_writable(uint16_t type)
{
    uint16_t base = type & (uint16_t)~CV_T_MULTI;
    return cv_type_is_known(type) &&
           (cv_type_size(base) > 0 || is_text(type) || base == CV_T_BINARY ||
            type == CV_T_OBJECT);
}

static uint16_t number_of(tnef_put *p, uint16_t id)
{
    uint16_t *number = &p->numbers[id - CV_NAMED_FIRST];
    if (!*number)
        *number = p->next++;
    return *number;
}

static void put_name(tnef_put *p, cv_tag tag, cv_buf *to)
{
    const cv_name *name = cv_names_get(p->names, tag);
    cv_buf_put(to, name->set.b, sizeof name->set.b);
    cv_buf_put_u32le(to, name->is_string);
    if (!name->is_string) {
        cv_buf_put_u32le(to, name->lid);
        return;
    }
    cv_value text = { .type = CV_T_STRING, .bytes = name->string, .count = 1 };
    put_one_text(p, &text, CV_T_STRING, 0, to);
}

static void put_prop(tnef_put *p, const cv_prop *prop, cv_buf *to)
{
    uint16_t id = CV_TAG_ID(prop->tag), type = prop->value.type;
    bool named = id >= CV_NAMED_FIRST;
    if (is_text(type))
        type = (uint16_t)(text_type(p, &prop->value) | (type & CV_T_MULTI));
    cv_buf_put_u32le(to, CV_TAG(named ? number_of(p, id) : id, type));
    if (named)
        put_name(p, prop->tag, to);
    put_value(p, &prop->value, type, to);
}

/* By id; named ones behind, by name, so that equal objects give equal
 * streams. */
static int compare_props(const void *a, const void *b, void *names)
{
    cv_tag x = (*(const cv_prop *const *)a)->tag;
    cv_tag y = (*(const cv_prop *const *)b)->tag;
    const cv_name *n = cv_names_get(names, x), *m = cv_names_get(names, y);
    if (CV_TAG_ID(x) >= CV_NAMED_FIRST && CV_TAG_ID(y) >= CV_NAMED_FIRST)
        return cv_name_cmp(n, m);
    return x < y ? -1 : x > y;
}

/* Whether a property is to be written; tells when it cannot be. top: the
 * message the bag is of, when the options speak of it, or NULL. */
static bool is_wanted(const tnef_put *p, const cv_prop *prop, bool without_data,
                      const cv_object *top)
{
    if (top && p->options->correlation_key.len &&
        CV_TAG_ID(prop->tag) == CV_TAG_ID(CV_PidTagTnefCorrelationKey))
        return false;
    if (top && p->options->wants && !p->options->wants(top, prop->tag))
        return false;
    bool named = CV_TAG_ID(prop->tag) >= CV_NAMED_FIRST;
    uint16_t type = prop->value.type;
    if (without_data && CV_TAG_ID(prop->tag) == ID_ATTACH_DATA)
        return false;
    if (type == CV_T_NULL || type == CV_T_UNSPECIFIED)
        return false; /* has no value to write */
    if (is_writable(type) && (!named || cv_names_get(p->names, prop->tag)))
        return true;
    cv_report_say(p->report, CV_RULE_TNEF_PROPERTY, CV_S(""),
                  cv_slice_cstr(cv_tag_name(prop->tag)), CV_S(""),
                  "left out: TNEF has no form for 0x%08X", (unsigned)prop->tag);
    return false;
}

static cv_status put_bag(tnef_put *p, const cv_bag *bag, bool without_data,
                         const cv_object *top, cv_buf *to, uint32_t *count,
                         cv_error *err)
{
    size_t used = 0, all = cv_bag_count(bag);
    const cv_prop **rows = cv_arena_array(p->arena, all, sizeof *rows);
    if (!rows)
        return cv_arena_fail(p->arena, err);
    for (size_t i = 0; i < all; i++)
        if (is_wanted(p, cv_bag_at(bag, i), without_data, top))
            rows[used++] = cv_bag_at(bag, i);
    qsort_r(rows, used, sizeof *rows, compare_props, (void *)p->names);
    for (size_t i = 0; i < used; i++)
        put_prop(p, rows[i], to);
    *count = (uint32_t)used;
    CV_TRY(cv_buf_status(to, err));
    return cv_arena_status(p->arena) == CV_OK ? CV_OK
                                              : cv_arena_fail(p->arena, err);
}

cv_status cv_tnef_put_props(tnef_put *p, const cv_bag *bag, bool without_data,
                            cv_buf *to, uint32_t *count, cv_error *err)
{
    return put_bag(p, bag, without_data, NULL, to, count, err);
}

cv_status cv_tnef_put_message(tnef_put *p, const cv_object *obj, cv_buf *to,
                              cv_error *err)
{
    uint32_t count = 0;
    cv_buf list, data;
    const cv_object *top = obj == p->top ? obj : NULL;
    cv_slice key = top ? p->options->correlation_key : CV_S("");
    cv_buf_init(&list, 0);
    cv_buf_init(&data, 0);
    cv_status status =
        put_bag(p, cv_object_props(obj), false, top, &list, &count, err);
    if (status == CV_OK && key.len) {
        cv_buf_put_u32le(&list, CV_PidTagTnefCorrelationKey);
        cv_buf_put_u32le(&list, 1);
        put_sized(&list, key, 0);
        count++;
    }
    cv_buf_put_u32le(&data, count);
    cv_buf_put_slice(&data, cv_buf_slice(&list));
    if (status == CV_OK)
        status = cv_buf_status(&list, err);
    if (status == CV_OK)
        status = cv_buf_status(&data, err);
    if (status == CV_OK)
        cv_tnef_put_attr(to, TNEF_MSG_PROPS, cv_buf_slice(&data));
    cv_buf_clear(&list);
    cv_buf_clear(&data);
    return status;
}

/* -- attributes -- */

void cv_tnef_put_attr(cv_buf *to, tnef_attr attr, cv_slice data)
{
    cv_buf_put_byte(to, cv_tnef_attrs[attr].level);
    cv_buf_put_u32le(to, cv_tnef_attrs[attr].id);
    cv_buf_put_u32le(to, (uint32_t)data.len);
    cv_buf_put_slice(to, data);
    cv_buf_put_u16le(to, cv_tnef_sum(data));
}

/* One attribute being made of properties. */
typedef struct maker {
    tnef_put *p;
    const cv_bag *bag;
    cv_buf data;
    cv_buf *to;
} maker;

/* Text that the code page lacks characters of has no old form. */
static bool put_text0(maker *m, cv_slice text)
{
    cv_slice bytes;
    if (!encode(m->p, text, &bytes) || bytes.len >= UINT16_MAX)
        return false;
    cv_buf_put_slice(&m->data, bytes);
    cv_buf_put_byte(&m->data, 0);
    return true;
}

static bool make_text(maker *m, cv_tag tag)
{
    cv_slice text;
    return cv_bag_string(m->bag, tag, &text) && put_text0(m, text);
}

static bool make_class(maker *m, cv_tag tag)
{
    cv_slice text;
    return cv_bag_string(m->bag, tag, &text) &&
           put_text0(m, cv_tnef_legacy_of_class(text));
}

static bool make_date(maker *m, cv_tag tag)
{
    int64_t ticks;
    if (!cv_bag_ticks(m->bag, tag, &ticks))
        return false;
    cv_civil at = cv_civil_of_ticks(ticks);
    unsigned weekday =
        cv_weekday_of_days(cv_days_from_civil(at.year, at.month, at.day));
    const unsigned fields[] = { (unsigned)at.year, at.month,  at.day, at.hour,
                                at.minute,         at.second, weekday };
    for (size_t i = 0; i < CV_LEN(fields); i++)
        cv_buf_put_u16le(&m->data, (uint16_t)fields[i]);
    return true;
}

static bool make_hex(maker *m, cv_tag tag)
{
    cv_slice key;
    if (!cv_bag_binary(m->bag, tag, &key) || !key.len || key.len > 1000)
        return false;
    cv_hex_put(&m->data, key, true);
    cv_buf_put_byte(&m->data, 0);
    return true;
}

static bool make_priority(maker *m)
{
    int32_t v = cv_bag_i32_or(m->bag, CV_PidTagImportance, -1);
    cv_buf_put_u16le(&m->data, (uint16_t)(3 - v));
    if (v == 1)
        m->data.data[0] = 2;
    return v >= 0 && v <= 2;
}

static bool make_status(maker *m)
{
    int32_t flags;
    if (!cv_bag_i32(m->bag, CV_PidTagMessageFlags, &flags))
        return false;
    cv_buf_put_byte(
        &m->data,
        (uint8_t)((flags & 0x08 ? 0x02 : 0) | (flags & 0x04 ? 0x04 : 0) |
                  (flags & 0x01 ? 0x20 : 0) | (flags & 0x10 ? 0x80 : 0)));
    return true;
}

/* "SMTP:ann@a.example" in the code page; false when there is none. */
static bool person_of(maker *m, const cv_person_tags *tags, cv_slice *name,
                      cv_slice *address)
{
    cv_slice type = CV_S(""), text;
    cv_slice shown = cv_bag_string_or(m->bag, tags->name, CV_S(""));
    if (!cv_bag_string(m->bag, tags->address, &text) || !text.len ||
        !cv_bag_string(m->bag, tags->address_type, &type) || !type.len)
        return false;
    *address =
        cv_arena_printf(m->p->arena, "%.*s:%.*s", CV_FMT(type), CV_FMT(text));
    return encode(m->p, shown, name) && encode(m->p, *address, address) &&
           name->len < 4096 && address->len < 4096;
}

static void put_string0(cv_buf *to, cv_slice text)
{
    cv_buf_put_slice(to, text);
    cv_buf_put_byte(to, 0);
}

static bool make_triple(maker *m)
{
    cv_slice name, address;
    if (!person_of(m, &cv_person_sender, &name, &address))
        return false;
    cv_buf_put_u16le(&m->data, 4); /* a one-off */
    cv_buf_put_u16le(&m->data, (uint16_t)(name.len + address.len + 2 + 16));
    cv_buf_put_u16le(&m->data, (uint16_t)(name.len + 1));
    cv_buf_put_u16le(&m->data, (uint16_t)(address.len + 1));
    put_string0(&m->data, name);
    put_string0(&m->data, address);
    cv_buf_put_u64le(&m->data, 0);
    return true;
}

static bool class_begins(const maker *m, cv_slice prefix)
{
    return cv_slice_istarts(
        cv_bag_string_or(m->bag, CV_PidTagMessageClass, CV_S("")), prefix);
}

/* Of meetings alone. */
static bool make_person(maker *m, tnef_attr attr)
{
    cv_slice name, address;
    bool response = class_begins(m, CV_S("IPM.Schedule.Meeting.Resp"));
    if (!class_begins(m, CV_S("IPM.Schedule.Meeting.")) ||
        !person_of(m,
                   attr == TNEF_OWNER && response
                       ? &cv_person_received_representing
                       : &cv_person_sent_representing,
                   &name, &address))
        return false;
    cv_buf_put_u16le(&m->data, (uint16_t)(name.len + 1));
    put_string0(&m->data, name);
    cv_buf_put_u16le(&m->data, (uint16_t)(address.len + 1));
    put_string0(&m->data, address);
    return true;
}

static bool make_number(maker *m, cv_tag tag, bool word)
{
    int32_t v;
    if (!cv_bag_i32(m->bag, tag, &v))
        return false;
    if (word)
        cv_buf_put_u16le(&m->data, v != 0);
    else
        cv_buf_put_u32le(&m->data, (uint32_t)v);
    return true;
}

static bool make_title(maker *m)
{
    return make_text(m, CV_PidTagAttachLongFilename) ||
           make_text(m, CV_PidTagAttachFilename);
}

static bool make_rendering(maker *m)
{
    cv_slice encoding;
    int32_t method = cv_bag_i32_or(m->bag, CV_PidTagAttachMethod, 0);
    bool mac = cv_bag_binary(m->bag, CV_PidTagAttachEncoding, &encoding) &&
               cv_slice_eq(encoding, cv_tnef_macbinary);
    cv_buf_put_u16le(&m->data, method == TNEF_OLE ? 2 : 1);
    cv_buf_put_u32le(&m->data, (uint32_t)cv_bag_i32_or(
                                   m->bag, CV_PidTagRenderingPosition, -1));
    cv_buf_put_u16le(&m->data, 32);
    cv_buf_put_u16le(&m->data, 32);
    cv_buf_put_u32le(&m->data, mac);
    return true;
}

static bool make(maker *m, tnef_attr attr)
{
    cv_tag tag = cv_tnef_attrs[attr].tag;
    switch ((tnef_kind)cv_tnef_attrs[attr].kind) {
    case TNEF_K_CLASS:
        return make_class(m, tag);
    case TNEF_K_TRIPLE:
        return make_triple(m);
    case TNEF_K_TEXT:
        return make_text(m, tag);
    case TNEF_K_DATE:
        return make_date(m, tag);
    case TNEF_K_STATUS:
        return make_status(m);
    case TNEF_K_HEX:
        return make_hex(m, tag);
    case TNEF_K_PRIORITY:
        return make_priority(m);
    case TNEF_K_LONG:
        return make_number(m, tag, false);
    case TNEF_K_BOOL:
        return make_number(m, tag, true);
    case TNEF_K_PERSON:
        return make_person(m, attr);
    case TNEF_K_RENDERING:
        return make_rendering(m);
    case TNEF_K_TITLE:
        return make_title(m);
    default:
        return false; /* the lists have it */
    }
}

static cv_status put_made(tnef_put *p, const cv_bag *bag, tnef_attr attr,
                          cv_buf *to, cv_error *err)
{
    maker m = { .p = p, .bag = bag, .to = to };
    cv_buf_init(&m.data, 0);
    bool made = make(&m, attr);
    cv_status status = cv_buf_status(&m.data, err);
    if (made && status == CV_OK)
        cv_tnef_put_attr(to, attr, cv_buf_slice(&m.data));
    cv_buf_clear(&m.data);
    return status;
}

/* Old clients get the text beside the stream; a second form of one attribute
 * is for readers. */
static bool is_left_to_lists(tnef_attr attr, bool embedded)
{
    return attr == TNEF_BODY || attr == TNEF_ORIGINAL_CLASS_2 ||
           (attr == TNEF_STATUS && !embedded);
}

cv_status cv_tnef_put_legacy(tnef_put *p, const cv_object *obj, cv_buf *to,
                             cv_error *err)
{
    const cv_bag *bag = cv_object_props(obj);
    if (!cv_bag_has(bag, CV_PidTagMessageClass))
        cv_tnef_put_attr(to, TNEF_MESSAGE_CLASS,
                         cv_slice_of("IPM.Microsoft Mail.Note", 24));
    for (int i = 0; i < TNEF_ATTR_COUNT; i++)
        if (cv_tnef_attrs[i].level == 1 &&
            !is_left_to_lists((tnef_attr)i, obj != p->top))
            CV_TRY(put_made(p, bag, (tnef_attr)i, to, err));
    return CV_OK;
}

cv_status cv_tnef_put_attachment(tnef_put *p, const cv_attachment *att,
                                 cv_buf *to, cv_error *err)
{
    for (int i = 0; i < TNEF_ATTR_COUNT; i++)
        if (cv_tnef_attrs[i].level == 2)
            CV_TRY(put_made(p, att->props, (tnef_attr)i, to, err));
    return CV_OK;
}
