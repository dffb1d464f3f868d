#include "mapi/entryid.h"

#include "base/reader.h"
#include "base/text.h"

#include <string.h>

#define FLAGS_SIZE 4
#define UID_SIZE 16
#define ONE_OFF_UNICODE 0x8000
#define ONE_OFF_NO_RICH_INFO 0x0001
#define ONE_OFF_NO_LOOKUP 0x1000
#define WRAP_DEPTH 4 /* wrapped ids within wrapped ids */

static const uint8_t uid_one_off[UID_SIZE] = { 0x81, 0x2B, 0x1F, 0xA4,
                                               0xBE, 0xA3, 0x10, 0x19,
                                               0x9D, 0x6E, 0x00, 0xDD,
                                               0x01, 0x0F, 0x54, 0x02 };
static const uint8_t uid_ex[UID_SIZE] = { 0xDC, 0xA7, 0x40, 0xC8, 0xC0, 0x42,
                                          0x10, 0x1A, 0xB4, 0xB9, 0x08, 0x00,
                                          0x2B, 0x2F, 0xE1, 0x82 };
static const uint8_t uid_contact[UID_SIZE] = { 0xFE, 0x42, 0xAA, 0x0A,
                                               0x18, 0xC7, 0x1A, 0x10,
                                               0xE8, 0x85, 0x0B, 0x65,
                                               0x1C, 0x24, 0x00, 0x00 };
static const uint8_t uid_wrapped[UID_SIZE] = { 0xC0, 0x91, 0xAD, 0xD3,
                                               0x51, 0x9D, 0xCF, 0x11,
                                               0xA4, 0xA9, 0x00, 0xAA,
                                               0x00, 0x47, 0xFA, 0xA4 };

static const cv_slice no_slice = { NULL, 0 };

/* -- parsing -------------------------------------------------------------- */

/* One text of a one-off; a missing end is the end of the blob. */
static cv_status read_text(cv_reader *r, cv_arena *arena, bool unicode,
                           cv_slice *out)
{
    cv_slice rest = cv_slice_sub(r->in, r->pos, r->in.len);
    size_t width = unicode ? 2 : 1;
    size_t len = 0;
    while (len + width <= rest.len &&
           (rest.ptr[len] != 0 || (unicode && rest.ptr[len + 1] != 0)))
        len += width;
    cv_slice bytes = cv_slice_sub(rest, 0, len);
    len += width;
    CV_TRY(cv_read_skip(r, len < rest.len ? len : rest.len));
    *out = unicode ? cv_utf16le_to_utf8(arena, bytes, false, NULL)
                   : cv_charset_to_utf8(arena, CV_S(""), bytes, NULL);
    return out->ptr ? CV_OK : cv_arena_status(arena);
}

static cv_status parse_one_off(cv_reader *r, cv_arena *arena, cv_entryid *out)
{
    cv_entryid id = { .kind = CV_ENTRYID_ONE_OFF };
    uint16_t version;
    uint16_t control;
    (void)cv_read_u16le(r, &version);
    CV_TRY(cv_read_u16le(r, &control));
    bool unicode = (control & ONE_OFF_UNICODE) != 0;
    id.no_rich_info = (control & ONE_OFF_NO_RICH_INFO) != 0;
    CV_TRY(read_text(r, arena, unicode, &id.name));
    CV_TRY(read_text(r, arena, unicode, &id.address_type));
    CV_TRY(read_text(r, arena, unicode, &id.address));
    *out = id;
    return CV_OK;
}

static cv_status parse_ex(cv_reader *r, cv_arena *arena, cv_entryid *out)
{
    cv_entryid id = { .kind = CV_ENTRYID_EX, .address_type = CV_S("EX") };
    uint32_t version;
    (void)cv_read_u32le(r, &version);
    CV_TRY(cv_read_u32le(r, &id.ex_type));
    CV_TRY(read_text(r, arena, false, &id.address));
    *out = id;
    return CV_OK;
}

static bool has_uid(cv_slice uid, const uint8_t want[UID_SIZE])
{
    return uid.len == UID_SIZE && memcmp(uid.ptr, want, UID_SIZE) == 0;
}

cv_status cv_entryid_parse(cv_arena *arena, cv_slice blob, cv_entryid *out)
{
    cv_reader r = cv_reader_of(blob);
    for (int depth = 0; depth < WRAP_DEPTH; depth++) {
        cv_slice uid;
        (void)cv_read_skip(&r, FLAGS_SIZE);
        CV_TRY(cv_read_bytes(&r, UID_SIZE, &uid));
        if (has_uid(uid, uid_one_off))
            return parse_one_off(&r, arena, out);
        if (has_uid(uid, uid_ex))
            return parse_ex(&r, arena, out);
        if (!has_uid(uid, uid_wrapped)) {
            bool contact = has_uid(uid, uid_contact);
            *out = (cv_entryid){ .kind = contact ? CV_ENTRYID_CONTACT
                                                 : CV_ENTRYID_OTHER };
            return CV_OK;
        }
        CV_TRY(cv_read_skip(&r, 1)); /* kind of the wrapped id */
    }
    return CV_ERR_SYNTAX;
}

/* -- building ------------------------------------------------------------- */

static void put_wide(cv_buf *buf, cv_slice text)
{
    cv_utf8_to_utf16le(buf, text);
    cv_buf_put_u16le(buf, 0);
}

/* The buffer's contents in the arena; frees the buffer. */
static cv_slice take(cv_buf *buf, cv_arena *arena)
{
    cv_slice out = buf->status == CV_OK ? cv_buf_dup(buf, arena) : no_slice;
    cv_buf_clear(buf);
    return out;
}

cv_slice cv_entryid_one_off(cv_arena *arena, cv_slice name,
                            cv_slice address_type, cv_slice address)
{
    cv_buf buf;
    cv_buf_init(&buf, 0);
    cv_buf_put_u32le(&buf, 0);
    cv_buf_put(&buf, uid_one_off, UID_SIZE);
    cv_buf_put_u16le(&buf, 0);
    cv_buf_put_u16le(&buf, ONE_OFF_UNICODE | ONE_OFF_NO_RICH_INFO);
    put_wide(&buf, name);
    put_wide(&buf, address_type);
    put_wide(&buf, address);
    return take(&buf, arena);
}

cv_slice cv_search_key(cv_arena *arena, cv_slice address_type, cv_slice address)
{
    cv_buf buf;
    cv_buf_init(&buf, 0);
    cv_buf_put_slice(&buf, address_type);
    cv_buf_put_byte(&buf, ':');
    cv_buf_put_slice(&buf, address);
    cv_buf_put_byte(&buf, 0);
    for (size_t i = 0; i < buf.len; i++) {
        uint8_t c = buf.data[i];
        if (c >= 'a' && c <= 'z')
            buf.data[i] = (uint8_t)(c - ('a' - 'A'));
    }
    return take(&buf, arena);
}

/* -- IMCEA ---------------------------------------------------------------- */

static bool is_alnum(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
           (c >= 'a' && c <= 'z');
}

cv_slice cv_imcea_encode(cv_arena *arena, cv_slice address_type,
                         cv_slice address, cv_slice domain)
{
    cv_buf buf;
    cv_buf_init(&buf, 0);
    cv_buf_put_str(&buf, "IMCEA");
    cv_buf_put_slice(&buf, address_type);
    cv_buf_put_byte(&buf, '-');
    for (size_t i = 0; i < address.len; i++) {
        uint8_t c = address.ptr[i];
        if (is_alnum(c) || c == '-' || c == '=')
            cv_buf_put_byte(&buf, c);
        else if (c == '/')
            cv_buf_put_byte(&buf, '_');
        else
            cv_buf_printf(&buf, "+%02X", c);
    }
    cv_buf_put_byte(&buf, '@');
    cv_buf_put_slice(&buf, domain);
    return take(&buf, arena);
}

/* The encapsulated address into out, which has room for body.len bytes. */
static cv_status decode_body(cv_slice body, uint8_t *out, size_t *len)
{
    *len = 0;
    for (size_t i = 0; i < body.len; i++) {
        uint8_t c = body.ptr[i];
        if (c == '_') {
            c = '/';
        } else if (c == '+') {
            int high = i + 2 < body.len ? cv_hex_digit(body.ptr[i + 1]) : -1;
            int low = high >= 0 ? cv_hex_digit(body.ptr[i + 2]) : -1;
            if (low < 0)
                return CV_ERR_SYNTAX;
            c = (uint8_t)(high << 4 | low);
            i += 2;
        }
        out[(*len)++] = c;
    }
    return CV_OK;
}

cv_status cv_imcea_decode(cv_arena *arena, cv_slice smtp,
                          cv_slice *address_type, cv_slice *address)
{
    cv_slice mark = CV_S("IMCEA");
    cv_slice body = smtp;
    size_t len;
    for (size_t i = 0; i < smtp.len; i++) {
        if (smtp.ptr[i] == '@')
            body.len = i;
    }
    if (body.len == smtp.len || !cv_slice_istarts(body, mark))
        return CV_ERR_SYNTAX;
    body = cv_slice_sub(body, mark.len, body.len);
    cv_slice type = cv_slice_cut(&body, '-');
    if (!body.ptr || type.len == 0)
        return CV_ERR_SYNTAX;
    for (size_t i = 0; i < type.len; i++) {
        if (!is_alnum(type.ptr[i]))
            return CV_ERR_SYNTAX;
    }
    uint8_t *out = cv_arena_alloc(arena, body.len);
    if (!out)
        return cv_arena_status(arena);
    CV_TRY(decode_body(body, out, &len));
    cv_slice text = cv_utf8_repair(arena, cv_slice_of(out, len));
    type = cv_arena_dup(arena, type);
    if (!text.ptr || !type.ptr)
        return cv_arena_status(arena);
    *address_type = type;
    *address = text;
    return CV_OK;
}

/* -- FlatEntryList -------------------------------------------------------- */

/* Bytes that fill len up to a multiple of four. */
static size_t padding(size_t len)
{
    return (4 - len % 4) % 4;
}

cv_status cv_flat_entries_parse(cv_arena *arena, cv_slice blob, cv_slice **out,
                                size_t *count)
{
    cv_reader r = cv_reader_of(blob);
    uint32_t rows;
    uint32_t bytes;
    (void)cv_read_u32le(&r, &rows);
    CV_TRY(cv_read_u32le(&r, &bytes));
    if (rows > cv_reader_left(&r) / 4)
        return CV_ERR_TRUNC;
    cv_slice *ids = cv_arena_array(arena, rows, sizeof(*ids));
    if (!ids)
        return cv_arena_status(arena);
    for (uint32_t i = 0; i < rows; i++) {
        uint32_t size;
        cv_slice id;
        (void)cv_read_u32le(&r, &size);
        CV_TRY(cv_read_bytes(&r, size, &id));
        ids[i] = cv_arena_dup(arena, id);
        if (!ids[i].ptr)
            return cv_arena_status(arena);
        /* The last one is padded by some writers and not by others. */
        size_t left = cv_reader_left(&r);
        size_t pad = padding(size);
        CV_TRY(cv_read_skip(&r, pad < left ? pad : left));
    }
    *out = ids;
    *count = rows;
    return CV_OK;
}

cv_slice cv_flat_entries_build(cv_arena *arena, const cv_slice *ids,
                               size_t count)
{
    cv_buf buf;
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        size_t size = 0;
        if (!cv_add(ids[i].len, 4 + padding(ids[i].len), &size) ||
            !cv_add(bytes, size, &bytes))
            return no_slice;
    }
    if (count > UINT32_MAX || bytes > UINT32_MAX)
        return no_slice;
    cv_buf_init(&buf, 0);
    cv_buf_put_u32le(&buf, (uint32_t)count);
    cv_buf_put_u32le(&buf, (uint32_t)bytes);
    for (size_t i = 0; i < count; i++) {
        cv_buf_put_u32le(&buf, (uint32_t)ids[i].len);
        cv_buf_put_slice(&buf, ids[i]);
        cv_buf_put(&buf, "\0\0\0", padding(ids[i].len));
    }
    return take(&buf, arena);
}

/* -- SMTP addresses ------------------------------------------------------- */

/* Length of the local part, CV_NPOS when there is no well-formed one before
 * an '@'. */
static size_t local_part(cv_slice address)
{
    bool quoted = false;
    size_t i = 0;
    for (; i < address.len; i++) {
        uint8_t c = address.ptr[i];
        if (c < 0x20 || c == 0x7F)
            return CV_NPOS;
        if (quoted && c == '\\') {
            i++;
        } else if (c == '"') {
            quoted = !quoted;
        } else if (!quoted) {
            if (c == '@')
                return i;
            if (strchr(" <>()[],;:\\", c))
                return CV_NPOS;
        }
    }
    return CV_NPOS;
}

static bool is_domain(cv_slice domain)
{
    if (domain.len == 0)
        return false;
    if (domain.ptr[0] == '[')
        return domain.len > 2 && domain.ptr[domain.len - 1] == ']' &&
               cv_slice_find_byte(domain, '@', 0) == CV_NPOS &&
               cv_slice_find_byte(domain, ' ', 0) == CV_NPOS;
    uint8_t before = '.';
    for (size_t i = 0; i < domain.len; i++) {
        uint8_t c = domain.ptr[i];
        if (!is_alnum(c) && c != '-' && c != '.' && c != '_' && c < 0x80)
            return false;
        if (c == '.' && before == '.')
            return false;
        before = c;
    }
    return true;
}

static bool has_control(cv_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < 0x20 || text.ptr[i] == 0x7F)
            return true;
    }
    return false;
}

bool cv_address_is_smtp(cv_slice address)
{
    size_t at = local_part(address);
    if (at == CV_NPOS || at == 0 || has_control(address))
        return false;
    return is_domain(cv_slice_sub(address, at + 1, address.len)) &&
           cv_utf8_valid(address);
}

const cv_person_tags cv_person_sender = {
    CV_PidTagSenderName,         CV_PidTagSenderAddressType,
    CV_PidTagSenderEmailAddress, CV_PidTagSenderSmtpAddress,
    CV_PidTagSenderEntryId,      CV_PidTagSenderSearchKey
};
const cv_person_tags cv_person_sent_representing = {
    CV_PidTagSentRepresentingName,         CV_PidTagSentRepresentingAddressType,
    CV_PidTagSentRepresentingEmailAddress, CV_PidTagSentRepresentingSmtpAddress,
    CV_PidTagSentRepresentingEntryId,      CV_PidTagSentRepresentingSearchKey
};
const cv_person_tags cv_person_received_by = {
    CV_PidTagReceivedByName,         CV_PidTagReceivedByAddressType,
    CV_PidTagReceivedByEmailAddress, CV_PidTagReceivedBySmtpAddress,
    CV_PidTagReceivedByEntryId,      CV_PidTagReceivedBySearchKey
};
const cv_person_tags cv_person_received_representing = {
    CV_PidTagReceivedRepresentingName,
    CV_PidTagReceivedRepresentingAddressType,
    CV_PidTagReceivedRepresentingEmailAddress,
    CV_PidTagReceivedRepresentingSmtpAddress,
    CV_PidTagReceivedRepresentingEntryId,
    CV_PidTagReceivedRepresentingSearchKey
};
const cv_person_tags cv_person_read_receipt = {
    CV_PidTagReadReceiptName,         CV_PidTagReadReceiptAddressType,
    CV_PidTagReadReceiptEmailAddress, CV_PidTagReadReceiptSmtpAddress,
    CV_PidTagReadReceiptEntryId,      CV_PidTagReadReceiptSearchKey
};

static const cv_person_tags person_of_row = {
    CV_PidTagDisplayName, CV_PidTagAddressType, CV_PidTagEmailAddress,
    CV_PidTagSmtpAddress, CV_PidTagEntryId,     CV_PidTagSearchKey
};

/* A value whose bytes the arena has already. */
static cv_status put_bytes(cv_bag *bag, cv_tag tag, cv_slice bytes)
{
    cv_value value = { .type = CV_TAG_TYPE(tag), .count = 1, .bytes = bytes };
    if (!bytes.ptr) {
        cv_status status = cv_arena_status(cv_bag_arena(bag));
        return status != CV_OK ? status : CV_ERR_NOMEM;
    }
    return cv_bag_put(bag, tag, &value, NULL);
}

cv_status cv_bag_set_person(cv_bag *bag, const cv_person_tags *tags,
                            cv_slice name, cv_slice smtp_address)
{
    cv_arena *arena = cv_bag_arena(bag);
    cv_slice type = CV_S("SMTP");
    cv_slice address = cv_arena_dup(arena, smtp_address);
    cv_slice shown = name.len > 0 ? cv_arena_dup(arena, name) : address;
    CV_TRY(put_bytes(bag, tags->name, shown));
    CV_TRY(put_bytes(bag, tags->address_type, type));
    CV_TRY(put_bytes(bag, tags->address, address));
    CV_TRY(put_bytes(bag, tags->smtp, address));
    CV_TRY(put_bytes(bag, tags->entryid,
                     cv_entryid_one_off(arena, shown, type, address)));
    return put_bytes(bag, tags->search_key,
                     cv_search_key(arena, type, address));
}

cv_status cv_row_set_smtp(cv_bag *row, cv_slice name, cv_slice address,
                          int32_t recipient_type)
{
    cv_slice shown = name.len > 0 ? name : address;
    cv_slice entryid = CV_S("");
    CV_TRY(cv_bag_set_person(row, &person_of_row, name, address));
    (void)cv_bag_string(row, CV_PidTagDisplayName, &shown);
    (void)cv_bag_binary(row, CV_PidTagEntryId, &entryid);
    CV_TRY(put_bytes(row, CV_PidTagRecipientDisplayName, shown));
    CV_TRY(put_bytes(row, CV_PidTagRecipientEntryId, entryid));
    CV_TRY(cv_bag_set_i32(row, CV_PidTagRecipientType, recipient_type));
    CV_TRY(cv_bag_set_i32(row, CV_PidTagObjectType, 6));  /* MAPI_MAILUSER */
    CV_TRY(cv_bag_set_i32(row, CV_PidTagDisplayType, 0)); /* DT_MAILUSER */
    return cv_bag_set_bool(row, CV_PidTagSendRichInfo, false);
}
