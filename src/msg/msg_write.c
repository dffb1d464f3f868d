#include "msg/msg.h"

#include "base/limits.h"
#include "base/text.h"
#include "mapi/stored.h"
#include "msg/msg_complete.h"
#include "msg/msg_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FLAGS_READ_WRITE 6

typedef struct writer {
    cv_arena *arena; /* scratch; what streams hold lives until the end */
    cv_cfb_writer *file;
    const cv_names *names;
    cv_report *report;
    uint16_t *numbers; /* the file's id by Convoke's id - 0x8000 */
    /* What came from a .msg goes out as it came; other objects get what
     * Outlook expects, and all their text in Unicode. */
    bool as_it_came;
} writer;

/* The state of one message that its rows inherit. */
typedef struct scope {
    msg_pages pages;
    bool ansi; /* 8-bit text stays 8-bit */
} scope;

/* A property stream under construction, and where its value streams go. */
typedef struct props_out {
    writer *w;
    uint32_t dir;
    scope scope;
    cv_buf entries;
} props_out;

static const uint8_t clsid_message[16] = { 0x0B, 0x0D, 0x02, 0, 0, 0, 0, 0,
                                           0xC0, 0,    0,    0, 0, 0, 0, 0x46 };

/* -- names: numbered in the order of set and name, whatever the object's own
 * numbers are, so that equal objects give equal files -- */

typedef struct name_list {
    const cv_names *names;
    cv_tag *tags;
    size_t count;
} name_list;

static void collect_bag(writer *w, const cv_bag *bag, name_list *list)
{
    for (size_t i = 0; i < cv_bag_count(bag); i++) {
        uint16_t id = CV_TAG_ID(cv_bag_at(bag, i)->tag);
        if (id < CV_NAMED_FIRST || w->numbers[id - CV_NAMED_FIRST])
            continue;
        w->numbers[id - CV_NAMED_FIRST] = 1; /* seen */
        if (cv_names_get(w->names, CV_TAG(id, 0)))
            list->tags[list->count++] = CV_TAG(id, 0);
    }
}

/* Depth is bounded by CV_LIMIT_EMBED_DEPTH, which objects keep to. */
static void collect(writer *w, const cv_object *obj, name_list *list)
{
    collect_bag(w, cv_object_props(obj), list);
    for (size_t i = 0; i < cv_object_recipient_count(obj); i++)
        collect_bag(w, cv_object_recipient(obj, i), list);
    for (size_t i = 0; i < cv_object_attachment_count(obj); i++) {
        const cv_attachment *att = cv_object_attachment(obj, i);
        collect_bag(w, att->props, list);
        if (att->embedded)
            collect(w, att->embedded, list);
    }
}

static int compare_names(const void *a, const void *b, void *ctx)
{
    const cv_name *x = cv_names_get(ctx, *(const cv_tag *)a);
    const cv_name *y = cv_names_get(ctx, *(const cv_tag *)b);
    int order = memcmp(x->set.b, y->set.b, sizeof x->set.b);
    if (order == 0)
        order = (int)x->is_string - (int)y->is_string;
    if (order == 0 && !x->is_string)
        order = x->lid < y->lid ? -1 : x->lid > y->lid;
    return order ? order : cv_slice_cmp(x->string, y->string);
}

/* Adds a stream with the buffer's bytes. */
static cv_status put_stream(writer *w, uint32_t dir, const char *name,
                            const cv_buf *bytes, cv_error *err)
{
    CV_TRY(cv_buf_status(bytes, err));
    cv_slice copy = cv_buf_dup(bytes, w->arena);
    if (!copy.ptr)
        return cv_arena_fail(w->arena, err);
    cv_blob blob = cv_blob_mem(copy);
    return cv_cfb_add_stream(w->file, dir, name, &blob, NULL, err);
}

static cv_status write_name_streams(writer *w, uint32_t dir,
                                    const msg_name_streams *s, cv_error *err)
{
    CV_TRY(cv_msg_name_streams_status(s, err));
    CV_TRY(put_stream(w, dir, MSG_STREAM "00020102", &s->guids, err));
    CV_TRY(put_stream(w, dir, MSG_STREAM "00030102", &s->entries, err));
    CV_TRY(put_stream(w, dir, MSG_STREAM "00040102", &s->strings, err));
    for (unsigned i = 0; i < MSG_BUCKETS; i++) {
        char name[32];
        snprintf(name, sizeof name, MSG_STREAM "%04X0102", 0x1000 + i);
        if (s->buckets[i].len)
            CV_TRY(put_stream(w, dir, name, &s->buckets[i], err));
    }
    return CV_OK;
}

static cv_status write_names(writer *w, const cv_object *obj, cv_error *err)
{
    name_list list = { .names = w->names };
    size_t room = 0x10000 - CV_NAMED_FIRST;
    w->numbers = cv_arena_array(w->arena, room, sizeof *w->numbers);
    list.tags = cv_arena_array(w->arena, room, sizeof *list.tags);
    if (!w->numbers || !list.tags)
        return cv_arena_fail(w->arena, err);
    collect(w, obj, &list);
    qsort_r(list.tags, list.count, sizeof *list.tags, compare_names,
            (void *)w->names);
    memset(w->numbers, 0, room * sizeof *w->numbers);
    msg_name_streams streams;
    cv_msg_name_streams_init(&streams);
    for (size_t i = 0; i < list.count; i++) {
        cv_msg_name_streams_add(&streams, cv_names_get(w->names, list.tags[i]),
                                w->arena);
        w->numbers[CV_TAG_ID(list.tags[i]) - CV_NAMED_FIRST] =
            (uint16_t)(CV_NAMED_FIRST + i);
    }
    uint32_t dir;
    cv_status status =
        cv_cfb_add_storage(w->file, CV_CFB_ROOT_ID, MSG_NAMEID, &dir, err);
    if (status == CV_OK)
        status = write_name_streams(w, dir, &streams, err);
    cv_msg_name_streams_clear(&streams);
    return status;
}

/* The file's id of a property; 0 when it has a number but no name. */
static uint16_t number_of(const writer *w, cv_tag tag)
{
    uint16_t id = CV_TAG_ID(tag);
    return id < CV_NAMED_FIRST ? id : w->numbers[id - CV_NAMED_FIRST];
}

/* -- one property -- */

static void put_entry(props_out *p, cv_tag tag, uint32_t size,
                      uint32_t reserved)
{
    cv_buf_put_u32le(&p->entries, tag);
    cv_buf_put_u32le(&p->entries, FLAGS_READ_WRITE);
    cv_buf_put_u32le(&p->entries, size);
    cv_buf_put_u32le(&p->entries, reserved);
}

static void stream_name(char out[32], cv_tag tag)
{
    snprintf(out, 32, MSG_STREAM "%08X", (unsigned)tag);
}

/* Text as the file's bytes, without a final NUL. *type: 8-bit text that has
 * no bytes in the code page becomes Unicode. */
static cv_status encode_text(const props_out *p, const cv_value *value,
                             cv_slice text, uint16_t *type, cv_buf *out,
                             cv_error *err)
{
    if (value->lossy && value->raw.ptr && !(value->type & CV_T_MULTI)) {
        cv_buf_put_slice(out, value->raw);
        return cv_buf_status(out, err);
    }
    if (*type == CV_T_STRING8) {
        const char *name =
            cv_charset_of_codepage(cv_msg_page_to_write(&p->scope.pages));
        cv_slice bytes;
        if (cv_is_ascii(text)) {
            cv_buf_put_slice(out, text);
            return cv_buf_status(out, err);
        }
        if (name && cv_utf8_to_charset(p->w->arena, text, cv_slice_cstr(name),
                                       &bytes, NULL) == CV_OK) {
            cv_buf_put_slice(out, bytes);
            return cv_buf_status(out, err);
        }
        if (cv_arena_status(p->w->arena) != CV_OK)
            return cv_arena_fail(p->w->arena, err);
        *type = CV_T_STRING;
    }
    cv_utf8_to_utf16le(out, text);
    return cv_buf_status(out, err);
}

/* 8-bit text stays so only in a file that was 8-bit, or when its bytes cannot
 * be read as text. */
static uint16_t text_type(const props_out *p, const cv_value *value)
{
    uint16_t base = value->type & (uint16_t)~CV_T_MULTI;
    bool keep = p->scope.ansi || (value->lossy && value->raw.ptr);
    return base == CV_T_STRING8 && !keep ? CV_T_STRING : base;
}

static cv_status put_text(props_out *p, uint16_t id, const cv_value *value,
                          cv_error *err)
{
    cv_buf bytes;
    char name[32];
    uint16_t type = text_type(p, value);
    cv_buf_init(&bytes, 0);
    cv_status status = encode_text(p, value, value->bytes, &type, &bytes, err);
    if (status == CV_OK) {
        stream_name(name, CV_TAG(id, type));
        status = put_stream(p->w, p->dir, name, &bytes, err);
        put_entry(p, CV_TAG(id, type),
                  (uint32_t)bytes.len + (type == CV_T_STRING ? 2 : 1), 0);
    }
    cv_buf_clear(&bytes);
    return status;
}

/* Several strings must be of one type: Unicode when one of them must. */
static cv_status multi_type(const props_out *p, const cv_value *value,
                            uint16_t *type, cv_error *err)
{
    *type = text_type(p, value);
    for (uint32_t i = 0; *type == CV_T_STRING8 && i < value->count; i++) {
        cv_buf bytes;
        cv_buf_init(&bytes, 0);
        cv_status status =
            encode_text(p, value, value->slices[i], type, &bytes, err);
        cv_buf_clear(&bytes);
        CV_TRY(status);
    }
    return CV_OK;
}

static cv_status put_multi_value(props_out *p, cv_tag tag, uint32_t index,
                                 const cv_value *value, cv_buf *lengths,
                                 cv_error *err)
{
    char name[48];
    uint16_t type = CV_TAG_TYPE(tag) & (uint16_t)~CV_T_MULTI;
    cv_buf bytes;
    cv_buf_init(&bytes, 0);
    cv_status status = CV_OK;
    if (type == CV_T_BINARY) {
        cv_buf_put_slice(&bytes, value->slices[index]);
    } else {
        status =
            encode_text(p, value, value->slices[index], &type, &bytes, err);
        cv_buf_put(&bytes, "\0", type == CV_T_STRING ? 2 : 1);
    }
    if (status == CV_OK)
        status = cv_buf_status(&bytes, err);
    cv_buf_put_u32le(lengths, (uint32_t)bytes.len);
    if (type == CV_T_BINARY)
        cv_buf_put_u32le(lengths, 0);
    snprintf(name, sizeof name, MSG_STREAM "%08X-%08X", (unsigned)tag,
             (unsigned)index);
    if (status == CV_OK)
        status = put_stream(p->w, p->dir, name, &bytes, err);
    cv_buf_clear(&bytes);
    return status;
}

static cv_status put_multi(props_out *p, uint16_t id, const cv_value *value,
                           cv_error *err)
{
    uint16_t type = CV_T_BINARY;
    if (value->type != (CV_T_MULTI | CV_T_BINARY))
        CV_TRY(multi_type(p, value, &type, err));
    cv_tag tag = CV_TAG(id, type | CV_T_MULTI);
    char name[32];
    cv_buf lengths;
    cv_buf_init(&lengths, 0);
    cv_status status = CV_OK;
    for (uint32_t i = 0; status == CV_OK && i < value->count; i++)
        status = put_multi_value(p, tag, i, value, &lengths, err);
    if (status == CV_OK)
        status = cv_buf_status(&lengths, err);
    if (status == CV_OK) {
        stream_name(name, tag);
        status = put_stream(p->w, p->dir, name, &lengths, err);
        put_entry(p, tag, (uint32_t)lengths.len, 0);
    }
    cv_buf_clear(&lengths);
    return status;
}

static cv_status put_bytes(props_out *p, cv_tag tag, const cv_value *value,
                           cv_error *err)
{
    char name[32];
    cv_buf bytes;
    cv_buf_init(&bytes, 0);
    cv_stored_put_stream(value, &bytes);
    cv_status status = cv_buf_status(&bytes, err);
    stream_name(name, tag);
    if (status == CV_OK)
        status = put_stream(p->w, p->dir, name, &bytes, err);
    put_entry(p, tag, (uint32_t)bytes.len, 0);
    cv_buf_clear(&bytes);
    return status;
}

static cv_status put_prop(props_out *p, uint16_t id, const cv_value *value,
                          cv_error *err)
{
    switch (value->type) {
    case CV_T_UNSPECIFIED:
    case CV_T_OBJECT:
        return CV_OK; /* has no value to write */
    case CV_T_STRING8:
    case CV_T_STRING:
        return put_text(p, id, value, err);
    case CV_T_MULTI | CV_T_STRING8:
    case CV_T_MULTI | CV_T_STRING:
    case CV_T_MULTI | CV_T_BINARY:
        return put_multi(p, id, value, err);
    default:
        break;
    }
    if (!cv_stored_is_inline(value->type))
        return put_bytes(p, CV_TAG(id, value->type), value, err);
    cv_buf_put_u32le(&p->entries, CV_TAG(id, value->type));
    cv_buf_put_u32le(&p->entries, FLAGS_READ_WRITE);
    cv_stored_put_inline(value, &p->entries);
    return cv_buf_status(&p->entries, err);
}

/* -- a bag -- */

typedef struct numbered {
    uint16_t id; /* the file's */
    const cv_prop *prop;
} numbered;

static int compare_numbered(const void *a, const void *b)
{
    return (int)((const numbered *)a)->id - (int)((const numbered *)b)->id;
}

/* All but attachment data that stands beside the bag already. */
static cv_status put_bag(props_out *p, const cv_bag *bag, bool without_data,
                         cv_error *err)
{
    size_t count = cv_bag_count(bag), used = 0;
    numbered *rows = cv_arena_array(p->w->arena, count, sizeof *rows);
    if (!rows)
        return cv_arena_fail(p->w->arena, err);
    for (size_t i = 0; i < count; i++) {
        const cv_prop *prop = cv_bag_at(bag, i);
        rows[used] = (numbered){ number_of(p->w, prop->tag), prop };
        if (rows[used].id == 0)
            cv_report_say(p->w->report, CV_RULE_MSG_NO_NAMES, CV_S(""),
                          CV_S(""), CV_S(""), "left out 0x%08X",
                          (unsigned)prop->tag);
        else if (!without_data || rows[used].id != MSG_ID_ATTACH_DATA)
            used++;
    }
    qsort(rows, used, sizeof *rows, compare_numbered);
    for (size_t i = 0; i < used; i++)
        CV_TRY(put_prop(p, rows[i].id, &rows[i].prop->value, err));
    return CV_OK;
}

static void props_begin(props_out *p, writer *w, uint32_t dir, scope s)
{
    *p = (props_out){ .w = w, .dir = dir, .scope = s };
    cv_buf_init(&p->entries, 0);
}

/* Writes the property stream when all went well. */
static cv_status props_end(props_out *p, cv_status status, cv_error *err)
{
    if (status == CV_OK)
        status = cv_buf_status(&p->entries, err);
    if (status == CV_OK)
        status = put_stream(p->w, p->dir, MSG_PROPERTIES, &p->entries, err);
    cv_buf_clear(&p->entries);
    return status;
}

/* -- rows and messages -- */

static cv_status write_message(writer *w, const cv_object *obj, bool top,
                               msg_pages pages, uint32_t dir, cv_error *err);

static void put_row_header(props_out *p)
{
    cv_buf_put_u64le(&p->entries, 0);
}

static cv_status write_recipient(writer *w, const cv_bag *bag, size_t index,
                                 scope s, uint32_t dir, cv_error *err)
{
    const cv_bag *full =
        w->as_it_came ? bag : cv_msg_complete_recipient(w->arena, bag, index);
    if (!full)
        return cv_arena_fail(w->arena, err);
    props_out p;
    props_begin(&p, w, dir, s);
    put_row_header(&p);
    return props_end(&p, put_bag(&p, full, false, err), err);
}

static cv_status put_storage(props_out *p, const cv_attachment *att,
                             cv_slice ole, cv_error *err)
{
    uint32_t dir;
    cv_cfb *cfb;
    CV_TRY(cv_cfb_add_storage(p->w->file, p->dir, MSG_STREAM "3701000D", &dir,
                              err));
    put_entry(p, CV_TAG(MSG_ID_ATTACH_DATA, CV_T_OBJECT), UINT32_MAX,
              att->embedded ? 1 : 4);
    if (att->embedded)
        return write_message(p->w, att->embedded, false, p->scope.pages, dir,
                             err);
    CV_TRY(cv_cfb_open(ole, p->w->arena, NULL, &cfb, err));
    return cv_msg_ole_copy(cfb, cv_cfb_root(cfb), p->w->file, dir, err);
}

/* The bytes of an OLE object that goes into a storage; empty when the data is
 * to be a stream. */
static cv_status ole_bytes(writer *w, const cv_attachment *att, cv_slice *out,
                           cv_error *err)
{
    cv_cfb *probe;
    *out = (cv_slice){ 0 };
    if (!att->has_data || att->embedded ||
        cv_bag_i32_or(att->props, CV_PidTagAttachMethod, 0) != MSG_METHOD_OLE)
        return CV_OK;
    CV_TRY(cv_blob_get(&att->data, CV_LIMIT_BUF_BYTES, w->arena, out, err));
    if (!cv_cfb_is(*out) ||
        cv_cfb_open(*out, w->arena, NULL, &probe, NULL) != CV_OK)
        *out = (cv_slice){ 0 };
    return CV_OK;
}

static cv_status put_data(props_out *p, const cv_attachment *att, cv_error *err)
{
    cv_slice ole;
    CV_TRY(ole_bytes(p->w, att, &ole, err));
    if (att->embedded || ole.len)
        return put_storage(p, att, ole, err);
    if (!att->has_data)
        return CV_OK;
    uint64_t size;
    CV_TRY(cv_cfb_add_stream(p->w->file, p->dir, MSG_STREAM "37010102",
                             &att->data, &size, err));
    if (size > UINT32_MAX)
        return cv_fail(err, CV_ERR_LIMIT, "attachment above 4 GiB");
    put_entry(p, CV_TAG(MSG_ID_ATTACH_DATA, CV_T_BINARY), (uint32_t)size, 0);
    return CV_OK;
}

static cv_status write_attachment(writer *w, const cv_attachment *att,
                                  size_t index, scope s, uint32_t dir,
                                  cv_error *err)
{
    const cv_bag *full = w->as_it_came
                             ? att->props
                             : cv_msg_complete_attachment(w->arena, att, index);
    if (!full)
        return cv_arena_fail(w->arena, err);
    props_out p;
    props_begin(&p, w, dir, s);
    put_row_header(&p);
    bool beside = att->has_data || att->embedded;
    cv_status status = put_bag(&p, full, beside, err);
    if (status == CV_OK)
        status = put_data(&p, att, err);
    return props_end(&p, status, err);
}

static cv_status write_rows(writer *w, const cv_object *obj, scope s,
                            uint32_t dir, cv_error *err)
{
    char name[48];
    uint32_t row;
    for (size_t i = 0; i < cv_object_recipient_count(obj); i++) {
        snprintf(name, sizeof name, MSG_RECIPIENT "%08X", (unsigned)i);
        CV_TRY(cv_cfb_add_storage(w->file, dir, name, &row, err));
        CV_TRY(write_recipient(w, cv_object_recipient(obj, i), i, s, row, err));
    }
    for (size_t i = 0; i < cv_object_attachment_count(obj); i++) {
        snprintf(name, sizeof name, MSG_ATTACHMENT "%08X", (unsigned)i);
        CV_TRY(cv_cfb_add_storage(w->file, dir, name, &row, err));
        CV_TRY(
            write_attachment(w, cv_object_attachment(obj, i), i, s, row, err));
    }
    return CV_OK;
}

static void put_message_header(props_out *p, const cv_object *obj, bool top)
{
    uint32_t recipients = (uint32_t)cv_object_recipient_count(obj);
    uint32_t attachments = (uint32_t)cv_object_attachment_count(obj);
    cv_buf_put_u64le(&p->entries, 0);
    for (int i = 0; i < 2; i++) { /* next ids, then counts */
        cv_buf_put_u32le(&p->entries, recipients);
        cv_buf_put_u32le(&p->entries, attachments);
    }
    if (top)
        cv_buf_put_u64le(&p->entries, 0);
}

static cv_status write_message(writer *w, const cv_object *obj, bool top,
                               msg_pages pages, uint32_t dir, cv_error *err)
{
    const cv_bag *bag = w->as_it_came ? cv_object_props(obj)
                                      : cv_msg_complete_message(w->arena, obj);
    if (!bag)
        return cv_arena_fail(w->arena, err);
    scope s = { .pages = cv_msg_pages(bag, pages) };
    int32_t mask = cv_bag_i32_or(bag, CV_PidTagStoreSupportMask, 0);
    s.ansi = w->as_it_came && !(mask & MSG_UNICODE);
    CV_TRY(write_rows(w, obj, s, dir, err));
    props_out p;
    props_begin(&p, w, dir, s);
    put_message_header(&p, obj, top);
    return props_end(&p, put_bag(&p, bag, false, err), err);
}

static cv_status fill_file(writer *w, const cv_object *obj, cv_error *err)
{
    CV_TRY(cv_cfb_writer_new(w->arena, &w->file, err));
    cv_cfb_set_clsid(w->file, CV_CFB_ROOT_ID,
                     cv_slice_of(clsid_message, sizeof clsid_message));
    CV_TRY(write_names(w, obj, err));
    return write_message(w, obj, true, (msg_pages){ 0 }, CV_CFB_ROOT_ID, err);
}

cv_status cv_msg_write(const cv_object *obj, const cv_sink *out,
                       cv_report *report, cv_error *err)
{
    writer w = { .names = cv_object_names(obj), .report = report };
    w.as_it_came = strcmp(cv_object_source(obj), "msg") == 0;
    CV_TRY(cv_arena_new(0, &w.arena, err));
    cv_status status = fill_file(&w, obj, err);
    if (status == CV_OK)
        status = cv_cfb_write(w.file, out, err);
    cv_arena_free(&w.arena);
    return status;
}
