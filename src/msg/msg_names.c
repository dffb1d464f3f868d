#include "msg/msg_private.h"

#include "base/reader.h"
#include "base/text.h"

#define ENTRY_BYTES 8
#define FIRST_GUID 3 /* index of the first GUID of the stream */

uint32_t cv_msg_crc(cv_slice bytes)
{
    uint32_t crc = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        crc ^= bytes.ptr[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xEDB88320) : 0);
    }
    return crc;
}

static cv_status get_stream(const cv_cfb *cfb, const cv_cfb_entry *dir,
                            const char *name, cv_slice *out, cv_error *err)
{
    const cv_cfb_entry *e = cv_cfb_child(cfb, dir, name, CV_CFB_STREAM);
    *out = CV_S("");
    return e ? cv_cfb_bytes(cfb, e, out, err) : CV_OK;
}

/* Entries say their own number; where two claim one, or one claims none of
 * the table's, the position decides. */
static void place_entries(msg_names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        size_t index = cv_peek_u16le(names->entries, i * ENTRY_BYTES + 6);
        if (index < names->count && !names->positions[index])
            names->positions[index] = (uint16_t)(i + 1);
    }
    for (size_t i = 0; i < names->count; i++)
        if (!names->positions[i])
            names->positions[i] = (uint16_t)(i + 1);
}

cv_status cv_msg_names_open(const cv_cfb *cfb, cv_object *obj,
                            cv_report *report, msg_names *out, cv_error *err)
{
    cv_arena *arena = cv_object_arena(obj);
    *out = (msg_names){ .names = cv_object_names(obj),
                        .arena = arena,
                        .report = report };
    const cv_cfb_entry *dir =
        cv_cfb_child(cfb, cv_cfb_root(cfb), MSG_NAMEID, CV_CFB_STORAGE);
    if (!dir)
        return CV_OK;
    CV_TRY(get_stream(cfb, dir, MSG_STREAM "00020102", &out->guids, err));
    CV_TRY(get_stream(cfb, dir, MSG_STREAM "00030102", &out->entries, err));
    CV_TRY(get_stream(cfb, dir, MSG_STREAM "00040102", &out->strings, err));
    size_t count = out->entries.len / ENTRY_BYTES;
    size_t most = 0xFFFF - CV_NAMED_FIRST;
    out->count = count < most ? count : most;
    out->positions = cv_arena_array(arena, out->count, sizeof(uint16_t));
    out->tags = cv_arena_array(arena, out->count, sizeof(cv_tag));
    if (!out->positions || !out->tags)
        return cv_arena_fail(arena, err);
    place_entries(out);
    return CV_OK;
}

static bool guid_of_index(const msg_names *names, unsigned index, cv_guid *out)
{
    if (index == 1 || index == 2) {
        *out = *cv_set_guid(index == 1 ? CV_SET_PS_MAPI
                                       : CV_SET_PS_PUBLIC_STRINGS);
        return true;
    }
    if (index < FIRST_GUID)
        return false;
    cv_slice bytes =
        cv_slice_sub(names->guids, (size_t)(index - FIRST_GUID) * 16, 16);
    for (size_t i = 0; bytes.len == 16 && i < 16; i++)
        out->b[i] = bytes.ptr[i];
    return bytes.len == 16;
}

/* False when the entry points outside its streams. */
static bool read_name(const msg_names *names, size_t position, cv_arena *arena,
                      cv_name *out)
{
    size_t at = position * ENTRY_BYTES;
    uint32_t lid = cv_peek_u32le(names->entries, at);
    uint16_t kind = cv_peek_u16le(names->entries, at + 4);
    *out = (cv_name){ .is_string = kind & 1, .lid = lid };
    if (!guid_of_index(names, kind >> 1, &out->set))
        return false;
    if (!out->is_string)
        return true;
    out->lid = 0;
    size_t left = lid < names->strings.len ? names->strings.len - lid : 0;
    size_t len = cv_peek_u32le(names->strings, lid);
    if (left < 4 || len > left - 4)
        return false;
    cv_slice utf16 = cv_slice_sub(names->strings, (size_t)lid + 4, len);
    out->string = cv_utf16le_to_utf8(arena, utf16, true, NULL);
    return out->string.len > 0;
}

static void complain(msg_names *names, uint16_t id)
{
    if (names->complained)
        return;
    names->complained = true;
    cv_report_say(names->report, CV_RULE_MSG_NO_NAMES, CV_S(""), CV_S(""),
                  CV_S(""), "kept 0x%04X and others like it by number", id);
}

cv_status cv_msg_names_tag(msg_names *names, uint16_t id, cv_tag *tag,
                           cv_error *err)
{
    size_t index = (size_t)(id - CV_NAMED_FIRST);
    cv_tag *known = index < names->count ? &names->tags[index] : NULL;
    if (known && *known) {
        *tag = *known;
        return CV_OK;
    }
    cv_name name;
    cv_arena *arena = names->arena;
    if (!known ||
        !read_name(names, (size_t)names->positions[index] - 1, arena, &name)) {
        complain(names, id);
        name = (cv_name){ .lid = id };
    }
    CV_TRY(cv_names_intern(names->names, &name, tag, err));
    if (known)
        *known = *tag;
    return CV_OK;
}

void cv_msg_name_streams_init(msg_name_streams *s)
{
    cv_buf_init(&s->guids, 0);
    cv_buf_init(&s->entries, 0);
    cv_buf_init(&s->strings, 0);
    for (size_t i = 0; i < MSG_BUCKETS; i++)
        cv_buf_init(&s->buckets[i], 0);
}

void cv_msg_name_streams_clear(msg_name_streams *s)
{
    cv_buf_clear(&s->guids);
    cv_buf_clear(&s->entries);
    cv_buf_clear(&s->strings);
    for (size_t i = 0; i < MSG_BUCKETS; i++)
        cv_buf_clear(&s->buckets[i]);
}

cv_status cv_msg_name_streams_status(const msg_name_streams *s, cv_error *err)
{
    CV_TRY(cv_buf_status(&s->guids, err));
    CV_TRY(cv_buf_status(&s->entries, err));
    CV_TRY(cv_buf_status(&s->strings, err));
    for (size_t i = 0; i < MSG_BUCKETS; i++)
        CV_TRY(cv_buf_status(&s->buckets[i], err));
    return CV_OK;
}

static uint16_t index_of_guid(msg_name_streams *s, const cv_guid *set)
{
    if (cv_guid_eq(set, cv_set_guid(CV_SET_PS_MAPI)))
        return 1;
    if (cv_guid_eq(set, cv_set_guid(CV_SET_PS_PUBLIC_STRINGS)))
        return 2;
    cv_slice have = cv_buf_slice(&s->guids), want = cv_slice_of(set->b, 16);
    size_t at = 0;
    while (at < have.len && !cv_slice_eq(cv_slice_sub(have, at, 16), want))
        at += 16;
    if (at == have.len)
        cv_buf_put_slice(&s->guids, want);
    return (uint16_t)(at / 16 + FIRST_GUID);
}

/* Appends the name to the string stream; *offset is its place there. */
static uint32_t put_string(msg_name_streams *s, const cv_name *name,
                           cv_arena *scratch, uint32_t *offset)
{
    cv_buf utf16;
    cv_buf_init(&utf16, 0);
    cv_utf8_to_utf16le(&utf16, name->string);
    cv_slice bytes = cv_buf_slice(&utf16);
    *offset = (uint32_t)s->strings.len;
    cv_buf_put_u32le(&s->strings, (uint32_t)bytes.len);
    cv_buf_put_slice(&s->strings, bytes);
    while (s->strings.status == CV_OK && s->strings.len % 4)
        cv_buf_put_byte(&s->strings, 0);
    if (cv_guid_eq(&name->set, cv_set_guid(CV_SET_PS_INTERNET_HEADERS))) {
        cv_buf_reset(&utf16);
        cv_utf8_to_utf16le(&utf16, cv_ascii_lower(scratch, name->string));
        bytes = cv_buf_slice(&utf16);
    }
    uint32_t crc = cv_msg_crc(bytes);
    cv_buf_clear(&utf16);
    return crc;
}

void cv_msg_name_streams_add(msg_name_streams *s, const cv_name *name,
                             cv_arena *scratch)
{
    uint16_t number = (uint16_t)(s->entries.len / ENTRY_BYTES);
    uint16_t kind = (uint16_t)(index_of_guid(s, &name->set) << 1);
    uint32_t identifier = name->lid, hash = name->lid;
    if (name->is_string) {
        kind |= 1;
        hash = put_string(s, name, scratch, &identifier);
    }
    cv_buf_put_u32le(&s->entries, identifier);
    cv_buf_put_u16le(&s->entries, kind);
    cv_buf_put_u16le(&s->entries, number);
    cv_buf *bucket = &s->buckets[(hash ^ kind) % MSG_BUCKETS];
    cv_buf_put_u32le(bucket, hash);
    cv_buf_put_u16le(bucket, kind);
    cv_buf_put_u16le(bucket, number);
}
