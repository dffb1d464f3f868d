/* Entry ids of all kinds as JSON.
 * Source: [MS-OXCDATA] 2.2; MAPI's own forms (store, wrapped, contact) as
 * property-types.md 4 and the corpus have them. */
#include "base/reader.h"
#include "base/text.h"
#include "mapi/decode_private.h"
#include "mapi/entryid.h"

#define HEAD 20        /* flags and provider */
#define MOST_NESTED 4  /* ids within ids */
#define EPHEMERAL 0x87 /* first byte of the flags */
#define COUNTER 6      /* bytes of a GlobalCounter */
#define STORE_DLL 14   /* bytes of the name of the store's library */
#define STORE_V2 UINT32_C(0xF32135D8)
#define STORE_V3 UINT32_C(0xF43246E9)
#define CONTACT_CONTAINER 3
#define CONTACT_PERSON 4
#define CONTACT_LIST 5

static const cv_slice uid_ex = CV_S("\xDC\xA7\x40\xC8\xC0\x42\x10\x1A"
                                    "\xB4\xB9\x08\x00\x2B\x2F\xE1\x82");
static const cv_slice uid_store = CV_S("\x38\xA1\xBB\x10\x05\xE5\x10\x1A"
                                       "\xA1\xBB\x08\x00\x2B\x2A\x56\xC2");
static const cv_slice uid_wrapped = CV_S("\xC0\x91\xAD\xD3\x51\x9D\xCF\x11"
                                         "\xA4\xA9\x00\xAA\x00\x47\xFA\xA4");
static const cv_slice uid_contact = CV_S("\xFE\x42\xAA\x0A\x18\xC7\x1A\x10"
                                         "\xE8\x85\x0B\x65\x1C\x24\x00\x00");
static const cv_slice uid_one_off = CV_S("\x81\x2B\x1F\xA4\xBE\xA3\x10\x19"
                                         "\x9D\x6E\x00\xDD\x01\x0F\x54\x02");

/* One id on its way into JSON. */
typedef struct entry {
    const decoding *d;
    cv_json_writer *w;
    cv_reader r; /* behind the provider */
    unsigned depth;
} entry;

static void put_entry(const decoding *d, const char *key, cv_slice blob,
                      unsigned depth);

static void put_u32(entry *e, const char *key)
{
    uint32_t v;
    if (cv_read_u32le(&e->r, &v) == CV_OK)
        cv_json_put_int(e->w, key, v);
}

static void put_u16(entry *e, const char *key)
{
    uint16_t v;
    if (cv_read_u16le(&e->r, &v) == CV_OK)
        cv_json_put_int(e->w, key, v);
}

static void put_u8(entry *e, const char *key)
{
    uint8_t v;
    if (cv_read_u8(&e->r, &v) == CV_OK)
        cv_json_put_int(e->w, key, v);
}

static void put_guid(entry *e, const char *key)
{
    cv_slice bytes;
    if (cv_read_bytes(&e->r, 16, &bytes) == CV_OK)
        cv_decode_put_guid(e->w, key, bytes);
}

static void put_hex(entry *e, const char *key, size_t len)
{
    cv_slice bytes;
    if (cv_read_bytes(&e->r, len, &bytes) == CV_OK)
        cv_json_put_hex(e->w, key, bytes);
}

static cv_slice rest_of(const entry *e)
{
    return cv_slice_sub(e->r.in, e->r.pos, e->r.in.len);
}

/* 8-bit text up to its NUL or the end. */
static void put_text8(entry *e, const char *key)
{
    cv_slice rest = rest_of(e);
    size_t nul = cv_slice_find_byte(rest, 0, 0);
    size_t len = nul == CV_NPOS ? rest.len : nul;
    cv_slice text = cv_charset_to_utf8(e->d->arena, CV_S(""),
                                       cv_slice_sub(rest, 0, len), NULL);
    if (rest.len && text.ptr)
        cv_json_put_text(e->w, key, text);
    (void)cv_read_skip(&e->r, nul == CV_NPOS ? len : len + 1);
}

static void put_text16(entry *e, const char *key)
{
    cv_slice rest = rest_of(e);
    size_t len = 0;
    while (len + 2 <= rest.len && cv_peek_u16le(rest, len) != 0)
        len += 2;
    cv_slice text =
        cv_utf16le_to_utf8(e->d->arena, cv_slice_sub(rest, 0, len), true, NULL);
    if (text.ptr)
        cv_json_put_text(e->w, key, text);
    (void)cv_read_skip(&e->r, len + 2 <= rest.len ? len + 2 : rest.len);
}

/* -- the kinds -- */

static void put_exchange(entry *e)
{
    cv_json_put_str(e->w, "kind", "exchange");
    put_u32(e, "version");
    put_u32(e, "type");
    cv_json_put_str(e->w, "addressType", "EX");
    put_text8(e, "address");
}

static void put_one_off(entry *e, cv_slice blob)
{
    cv_entryid id;
    cv_json_put_str(e->w, "kind", "oneOff");
    if (cv_entryid_parse(e->d->arena, blob, &id) != CV_OK ||
        id.kind != CV_ENTRYID_ONE_OFF)
        return;
    e->r.pos = e->r.in.len;
    cv_json_put_text(e->w, "name", id.name);
    cv_json_put_text(e->w, "addressType", id.address_type);
    cv_json_put_text(e->w, "address", id.address);
    cv_json_put_bool(e->w, "richInfo", !id.no_rich_info);
}

/* What later servers put behind a store's id: texts one after another. Their
 * offsets tell only which of them are there. */
static void put_store_tail(entry *e)
{
    size_t start = e->r.pos;
    uint32_t magic = cv_peek_u32le(e->r.in, start), text[2] = { 0 };
    bool v2 = magic == STORE_V2;
    if (!v2 && magic != STORE_V3)
        return;
    (void)cv_read_skip(&e->r, 4);
    put_u32(e, "tailSize");
    put_u32(e, "tailVersion");
    for (size_t i = 0; i < (v2 ? 2 : 1); i++)
        (void)cv_read_u32le(&e->r, &text[i]);
    for (size_t i = 0; i < (v2 ? 2 : 1); i++) {
        if (text[i] == 0)
            continue;
        if (v2 && i == 0)
            put_text8(e, "serverAddress");
        else
            put_text16(e, v2 ? "serverName" : "smtpAddress");
    }
    (void)cv_read_skip(&e->r, cv_reader_left(&e->r) < 2 ? 0 : 2);
}

static void put_store(entry *e)
{
    cv_slice dll = cv_slice_sub(e->r.in, e->r.pos + 2, STORE_DLL);
    size_t nul = cv_slice_find_byte(dll, 0, 0);
    cv_json_put_str(e->w, "kind", "store");
    put_u8(e, "version");
    put_u8(e, "flag");
    dll.len = nul == CV_NPOS ? dll.len : nul;
    cv_json_put_text(e->w, "library", dll);
    if (!cv_slice_ieq(dll, CV_S("emsmdb.dll"))) {
        /* Others have their own forms behind the name. */
        (void)cv_read_skip(&e->r, dll.len < STORE_DLL ? dll.len + 1 : dll.len);
        return;
    }
    (void)cv_read_skip(&e->r, STORE_DLL);
    put_u32(e, "wrappedFlags");
    put_guid(e, "wrappedProvider");
    put_u32(e, "wrappedType");
    put_text8(e, "server");
    uint32_t next = cv_peek_u32le(e->r.in, e->r.pos);
    if (next != STORE_V2 && next != STORE_V3)
        put_text8(e, "mailbox");
    put_store_tail(e);
}

static void put_nested(entry *e, size_t len)
{
    cv_slice inner;
    size_t left = cv_reader_left(&e->r);
    if (cv_read_bytes(&e->r, len < left ? len : left, &inner) == CV_OK)
        put_entry(e->d, "entry", inner, e->depth + 1);
}

static void put_contact(entry *e)
{
    uint32_t type = cv_peek_u32le(e->r.in, e->r.pos + 4), count = 0;
    cv_json_put_str(e->w, "kind", "contact");
    put_u32(e, "version");
    put_u32(e, "type");
    if (type == CONTACT_CONTAINER) {
        put_guid(e, "container");
        put_nested(e, SIZE_MAX);
        return;
    }
    put_u32(e, "index");
    (void)cv_read_u32le(&e->r, &count);
    put_nested(e, type == CONTACT_PERSON || type == CONTACT_LIST ? count
                                                                 : SIZE_MAX);
}

static void put_folder(entry *e)
{
    cv_json_put_str(e->w, "kind", "folder");
    put_u16(e, "folderType");
    put_guid(e, "database");
    put_hex(e, "counter", COUNTER);
    (void)cv_read_skip(&e->r, 2);
}

static void put_message(entry *e)
{
    cv_json_put_str(e->w, "kind", "message");
    put_u16(e, "messageType");
    put_guid(e, "folderDatabase");
    put_hex(e, "folderCounter", COUNTER);
    (void)cv_read_skip(&e->r, 2);
    put_guid(e, "database");
    put_hex(e, "counter", COUNTER);
    (void)cv_read_skip(&e->r, 2);
}

/* Ids of an Exchange store have its mailbox as the provider: the type and the
 * length tell. */
static void put_by_form(entry *e)
{
    uint16_t type = cv_peek_u16le(e->r.in, e->r.pos);
    size_t left = cv_reader_left(&e->r);
    if (left >= 26 && (type == 1 || type == 3 || type == 5)) {
        put_folder(e);
    } else if (left >= 50 && (type == 7 || type == 9 || type == 11)) {
        put_message(e);
    } else if (e->r.in.ptr[0] == EPHEMERAL) {
        cv_json_put_str(e->w, "kind", "ephemeral");
        put_u32(e, "version");
        put_u32(e, "type");
    } else {
        cv_json_put_str(e->w, "kind", "other");
    }
}

/* The id within wrapped ones, as if it stood there itself. *type: of the
 * outermost wrapping, -1 when there is none. */
static cv_slice unwrap(cv_slice blob, int *type)
{
    *type = -1;
    for (unsigned i = 0; i < MOST_NESTED && blob.len > HEAD &&
                         cv_slice_eq(cv_slice_sub(blob, 4, 16), uid_wrapped);
         i++) {
        if (*type < 0)
            *type = blob.ptr[HEAD];
        blob = cv_slice_sub(blob, HEAD + 1, blob.len);
    }
    return blob;
}

static void put_kind(entry *e, cv_slice blob)
{
    cv_slice provider = cv_slice_sub(blob, 4, 16);
    if (cv_slice_eq(provider, uid_ex))
        put_exchange(e);
    else if (cv_slice_eq(provider, uid_one_off))
        put_one_off(e, blob);
    else if (cv_slice_eq(provider, uid_store))
        put_store(e);
    else if (cv_slice_eq(provider, uid_contact))
        put_contact(e);
    else
        put_by_form(e);
}

/* depth: ids within ids, at most MOST_NESTED; deeper ones are not read. */
static void put_entry(const decoding *d, const char *key, cv_slice blob,
                      unsigned depth)
{
    int wrap_type;
    entry e = { .d = d, .w = d->w, .depth = depth };
    cv_json_begin_object(d->w, key);
    blob = unwrap(blob, &wrap_type);
    e.r = cv_reader_of(blob);
    if (blob.len < HEAD || depth > MOST_NESTED) {
        cv_json_put_str(d->w, "kind", "other");
    } else {
        (void)cv_read_skip(&e.r, HEAD);
        put_kind(&e, blob);
        cv_decode_put_guid(d->w, "provider", cv_slice_sub(blob, 4, 16));
        if (cv_peek_u32le(blob, 0))
            cv_decode_put_flags(d->w, "flags", cv_peek_u32le(blob, 0));
    }
    if (wrap_type >= 0)
        cv_json_put_int(d->w, "wrapType", wrap_type);
    if (e.r.pos < blob.len)
        cv_json_put_int(d->w, "unread", (int64_t)(blob.len - e.r.pos));
    cv_json_end_object(d->w);
}

void cv_decode_entry_id(const decoding *d)
{
    put_entry(d, d->key, d->blob, 0);
}

void cv_decode_maybe_entry_id(const decoding *d)
{
    const cv_slice known[] = { uid_ex, uid_one_off, uid_store, uid_contact,
                               uid_wrapped };
    cv_slice provider = cv_slice_sub(d->blob, 4, 16);
    for (size_t i = 0; i < CV_LEN(known) && d->blob.len > HEAD; i++)
        if (cv_slice_eq(provider, known[i])) {
            cv_decode_entry_id(d);
            return;
        }
}

void cv_decode_flat_entries(const decoding *d)
{
    cv_slice *ids;
    size_t count;
    if (cv_flat_entries_parse(d->arena, d->blob, &ids, &count) != CV_OK)
        return;
    cv_json_begin_array(d->w, d->key);
    for (size_t i = 0; i < count && i < DECODE_SHOWN_ROWS; i++) {
        if (ids[i].len > HEAD)
            put_entry(d, NULL, ids[i], 0);
        else
            cv_json_put_null(d->w, NULL);
    }
    cv_json_end_array(d->w);
}
