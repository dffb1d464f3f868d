/* Recipient rows, definitions of a form's fields and the tag of a report as
 * JSON. */
#include "base/datetime.h"
#include "base/reader.h"
#include "base/text.h"
#include "mapi/decode_private.h"

#define VERSION_WITH_TYPES 0x0103 /* definitions with InternalType */
#define LONG_LENGTH 0xFF          /* of a packed text: two bytes follow */
#define COOKIE_BYTES 9

/* -- recipient rows -- */

/* A length of two bytes and that many bytes. */
static bool read_counted(cv_reader *r, cv_slice *out)
{
    uint16_t len;
    return cv_read_u16le(r, &len) == CV_OK &&
           cv_read_bytes(r, len, out) == CV_OK;
}

static bool put_scalar(cv_json_writer *w, uint16_t type, cv_reader *r)
{
    uint16_t v16 = 0;
    uint32_t v32 = 0;
    uint64_t v64 = 0;
    int64_t ticks;
    cv_buf text;
    switch (type) {
    case CV_T_I16:
    case CV_T_BOOL:
        if (cv_read_u16le(r, &v16) != CV_OK)
            return false;
        if (type == CV_T_BOOL)
            cv_json_put_bool(w, "value", v16 != 0);
        else
            cv_json_put_int(w, "value", (int16_t)v16);
        return true;
    case CV_T_I32:
        if (cv_read_u32le(r, &v32) != CV_OK)
            return false;
        cv_json_put_int(w, "value", (int32_t)v32);
        return true;
    case CV_T_ERROR:
        if (cv_read_u32le(r, &v32) != CV_OK)
            return false;
        cv_buf_init(&text, 0);
        cv_buf_printf(&text, "error:0x%08X", (unsigned)v32);
        cv_json_put_text(w, "value", cv_buf_slice(&text));
        cv_buf_clear(&text);
        return true;
    case CV_T_TIME:
        if (cv_read_u64le(r, &v64) != CV_OK)
            return false;
        cv_buf_init(&text, 0);
        if (cv_filetime_is_valid(v64) &&
            cv_filetime_to_ticks(v64, &ticks, NULL) == CV_OK)
            cv_iso_put(&text, ticks, true);
        cv_json_put_text(w, "value", cv_buf_slice(&text));
        cv_buf_clear(&text);
        return true;
    default:
        return false;
    }
}

/* False when the type's form is not known: what follows cannot be found. */
static bool put_row_value(const decoding *d, uint16_t type, cv_reader *r)
{
    cv_slice bytes;
    if (type != CV_T_STRING && type != CV_T_STRING8 && type != CV_T_BINARY)
        return put_scalar(d->w, type, r);
    if (!read_counted(r, &bytes))
        return false;
    if (type == CV_T_BINARY)
        cv_json_put_hex(d->w, "value", bytes);
    else
        cv_json_put_text(
            d->w, "value",
            type == CV_T_STRING
                ? cv_utf16le_to_utf8(d->arena, bytes, true, NULL)
                : cv_codepage_to_utf8(
                      d->arena, d->codepage ? d->codepage : 1252, bytes, NULL));
    return true;
}

static bool put_row(const decoding *d, cv_reader *r)
{
    uint32_t count, reserved, tag;
    bool open = cv_read_u32le(r, &count) == CV_OK &&
                cv_read_u32le(r, &reserved) == CV_OK;
    if (!open)
        return false;
    cv_json_begin_array(d->w, NULL);
    for (uint32_t i = 0; open && i < count && i < DECODE_SHOWN_ROWS; i++) {
        if (cv_read_u32le(r, &tag) != CV_OK) {
            open = false;
            break;
        }
        const char *name = cv_tag_name(tag);
        cv_json_begin_object(d->w, NULL);
        cv_decode_put_flags(d->w, "tag", tag);
        if (name)
            cv_json_put_str(d->w, "name", name);
        open = put_row_value(d, CV_TAG_TYPE(tag), r);
        cv_json_end_object(d->w);
    }
    cv_json_end_array(d->w);
    return open;
}

static void put_unread(const decoding *d, const cv_reader *r)
{
    size_t left = r->in.len - r->pos;
    if (left)
        cv_json_put_int(d->w, "unread", (int64_t)left);
}

void cv_decode_recipient_rows(const decoding *d)
{
    uint32_t version, count;
    cv_reader r = cv_reader_of(d->blob);
    (void)cv_read_u32le(&r, &version);
    if (cv_read_u32le(&r, &count) != CV_OK || version != 1)
        return;
    cv_json_begin_object(d->w, d->key);
    cv_json_put_int(d->w, "version", version);
    cv_json_put_int(d->w, "count", count);
    cv_json_begin_array(d->w, "rows");
    for (uint32_t i = 0; i < count && i < DECODE_SHOWN_ROWS; i++)
        if (!put_row(d, &r))
            break;
    cv_json_end_array(d->w);
    put_unread(d, &r);
    cv_json_end_object(d->w);
}

/* -- definitions of fields -- */

/* A packed text: its length in one byte, or FF and two bytes; width bytes a
 * character. */
static bool read_packed(cv_reader *r, size_t width, cv_slice *out)
{
    uint8_t small;
    uint16_t large;
    if (cv_read_u8(r, &small) != CV_OK)
        return false;
    large = small;
    if (small == LONG_LENGTH && cv_read_u16le(r, &large) != CV_OK)
        return false;
    return cv_read_bytes(r, (size_t)large * width, out) == CV_OK;
}

static void put_utf16(const decoding *d, const char *key, cv_slice bytes)
{
    cv_slice text = cv_utf16le_to_utf8(d->arena, bytes, false, NULL);
    if (text.ptr)
        cv_json_put_text(d->w, key, text);
}

static bool put_packed_texts(const decoding *d, cv_reader *r)
{
    static const char *const keys[] = { "name", "formula", "validationRule",
                                        "validationText", "error" };
    cv_slice bytes;
    for (size_t i = 0; i < CV_LEN(keys); i++) {
        if (!read_packed(r, 1, &bytes))
            return false;
        cv_slice text = cv_codepage_to_utf8(
            d->arena, d->codepage ? d->codepage : 1252, bytes, NULL);
        if (text.ptr && (bytes.len || i == 0))
            cv_json_put_text(d->w, keys[i], text);
    }
    return true;
}

/* Blocks up to the empty one; the first is the name in Unicode. */
static bool put_blocks(const decoding *d, cv_reader *r)
{
    uint32_t size, blocks = 0;
    cv_slice block, text;
    do {
        if (cv_read_u32le(r, &size) != CV_OK ||
            cv_read_bytes(r, size, &block) != CV_OK)
            return false;
        cv_reader inner = cv_reader_of(block);
        if (blocks++ == 0 && size && read_packed(&inner, 2, &text))
            put_utf16(d, "fieldName", text);
    } while (size);
    cv_json_put_int(d->w, "blocks", blocks);
    return true;
}

static bool put_definition(const decoding *d, uint16_t version, cv_reader *r)
{
    uint32_t flags, dispid, internal;
    uint16_t type, name_len;
    cv_slice name;
    (void)cv_read_u32le(r, &flags);
    (void)cv_read_u16le(r, &type);
    (void)cv_read_u32le(r, &dispid);
    if (cv_read_u16le(r, &name_len) != CV_OK ||
        cv_read_bytes(r, (size_t)name_len * 2, &name) != CV_OK)
        return false;
    cv_decode_put_flags(d->w, "flags", flags);
    cv_json_put_int(d->w, "type", type);
    cv_decode_put_flags(d->w, "dispId", dispid);
    put_utf16(d, "property", name);
    if (!put_packed_texts(d, r))
        return false;
    if (version < VERSION_WITH_TYPES)
        return true;
    if (cv_read_u32le(r, &internal) != CV_OK)
        return false;
    cv_decode_put_flags(d->w, "internalType", internal);
    return put_blocks(d, r);
}

void cv_decode_property_definitions(const decoding *d)
{
    uint16_t version;
    uint32_t count;
    bool open = true;
    cv_reader r = cv_reader_of(d->blob);
    (void)cv_read_u16le(&r, &version);
    if (cv_read_u32le(&r, &count) != CV_OK ||
        (version != VERSION_WITH_TYPES && version != VERSION_WITH_TYPES - 1))
        return;
    cv_json_begin_object(d->w, d->key);
    cv_decode_put_flags(d->w, "version", version);
    cv_json_put_int(d->w, "count", count);
    cv_json_begin_array(d->w, "definitions");
    for (uint32_t i = 0;
         open && i < count && i < DECODE_SHOWN_ROWS && cv_reader_left(&r);
         i++) {
        cv_json_begin_object(d->w, NULL);
        open = put_definition(d, version, &r);
        cv_json_end_object(d->w);
    }
    cv_json_end_array(d->w);
    put_unread(d, &r);
    cv_json_end_object(d->w);
}

/* -- report tag -- */

static bool put_counted_id(const decoding *d, const char *key, cv_reader *r,
                           bool is_id)
{
    uint32_t len;
    cv_slice bytes;
    if (cv_read_u32le(r, &len) != CV_OK ||
        cv_read_bytes(r, len, &bytes) != CV_OK)
        return false;
    decoding inner = *d;
    inner.key = key;
    inner.blob = bytes;
    if (len && is_id)
        cv_decode_entry_id(&inner);
    else if (len)
        cv_json_put_hex(d->w, key, bytes);
    return true;
}

void cv_decode_report_tag(const decoding *d)
{
    static const char *const ids[] = { "store", "folder", "message",
                                       "searchFolder" };
    cv_slice cookie, text;
    uint32_t version, len;
    cv_reader r = cv_reader_of(d->blob);
    if (cv_read_bytes(&r, COOKIE_BYTES, &cookie) != CV_OK ||
        !cv_slice_eq(cookie, CV_S("PCDFEB09\0")) ||
        cv_read_u32le(&r, &version) != CV_OK)
        return;
    cv_json_begin_object(d->w, d->key);
    cv_decode_put_flags(d->w, "version", version);
    bool open = true;
    for (size_t i = 0; open && i < CV_LEN(ids); i++)
        open = put_counted_id(d, ids[i], &r, true);
    open = open && put_counted_id(d, "messageSearchKey", &r, false);
    if (open && cv_read_u32le(&r, &len) == CV_OK &&
        cv_read_bytes(&r, len, &text) == CV_OK) {
        size_t nul = cv_slice_find_byte(text, 0, 0);
        text.len = nul == CV_NPOS ? text.len : nul;
        text = cv_charset_to_utf8(d->arena, CV_S(""), text, NULL);
        if (text.len)
            cv_json_put_text(d->w, "text", text);
    }
    put_unread(d, &r);
    cv_json_end_object(d->w);
}
