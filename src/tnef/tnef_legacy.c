/* What attributes of a TNEF stream say in terms of properties. */
#include "tnef/tnef_private.h"

#include "base/datetime.h"
#include "base/reader.h"
#include "base/text.h"
#include "mapi/entryid.h"
#include "mapi/stored.h"

const tnef_attr_row cv_tnef_attrs[TNEF_ATTR_COUNT] = {
#define ATTR(sym, id, level, kind, tag, name) \
    { id, level, TNEF_K_##kind, tag, name },
#include "tnef/attributes.def"
#undef ATTR
};

tnef_attr cv_tnef_attr_of(uint32_t id)
{
    for (size_t i = 0; i < TNEF_ATTR_COUNT; i++)
        if (cv_tnef_attrs[i].id == id)
            return (tnef_attr)i;
    if (id >> 16)
        return TNEF_ATTR_COUNT;
    for (size_t i = 0; i < TNEF_ATTR_COUNT; i++)
        if ((cv_tnef_attrs[i].id & 0xFFFF) == id)
            return (tnef_attr)i;
    return TNEF_ATTR_COUNT;
}

/* -- classes -- */

static const struct {
    const char *legacy, *mapi;
} classes[] = {
    { "IPM.Microsoft Mail.Note", "IPM.Note" },
    { "IPM.Microsoft Mail.Read Receipt", "Report.IPM.Note.IPNRN" },
    { "IPM.Microsoft Mail.Non-Delivery", "Report.IPM.Note.NDR" },
    { "IPM.Microsoft Schedule.MtgReq", "IPM.Schedule.Meeting.Request" },
    { "IPM.Microsoft Schedule.MtgRespP", "IPM.Schedule.Meeting.Resp.Pos" },
    { "IPM.Microsoft Schedule.MtgRespN", "IPM.Schedule.Meeting.Resp.Neg" },
    { "IPM.Microsoft Schedule.MtgRespA", "IPM.Schedule.Meeting.Resp.Tent" },
    { "IPM.Microsoft Schedule.MtgCncl", "IPM.Schedule.Meeting.Canceled" },
};

cv_slice cv_tnef_class_of_legacy(cv_arena *arena, cv_slice text)
{
    for (size_t i = 0; i < CV_LEN(classes); i++) {
        cv_slice legacy = cv_slice_cstr(classes[i].legacy);
        if (!cv_slice_istarts(text, legacy))
            continue;
        cv_slice rest = cv_slice_sub(text, legacy.len, text.len);
        return rest.len ? cv_arena_printf(arena, "%s%.*s", classes[i].mapi,
                                          CV_FMT(cv_slice_sub(rest, 0, 255)))
                        : cv_slice_cstr(classes[i].mapi);
    }
    return text;
}

cv_slice cv_tnef_legacy_of_class(cv_slice text)
{
    for (size_t i = 0; i < CV_LEN(classes); i++)
        if (cv_slice_ieq(text, cv_slice_cstr(classes[i].mapi)))
            return cv_slice_cstr(classes[i].legacy);
    return text;
}

/* -- one attribute -- */

typedef struct target {
    tnef_stream *s;
    cv_bag *bag;
    cv_slice path;
} target;

static cv_slice decode(const target *t, cv_slice bytes)
{
    bool lossy = false;
    return cv_stored_text(CV_T_STRING8, bytes, t->s->codepage, t->s->arena,
                          &lossy);
}

static void leave_out(const target *t, tnef_attr attr)
{
    cv_report_say(t->s->report, CV_RULE_TNEF_ATTRIBUTE, t->path,
                  cv_slice_cstr(cv_tnef_attrs[attr].name), CV_S(""),
                  "left out");
}

/* Text as the file has it: 8-bit, and with its bytes where it does not
 * decode. */
static void set_text(const target *t, cv_tag tag, cv_slice bytes)
{
    cv_value value;
    size_t end = cv_slice_find_byte(bytes, 0, 0);
    bytes = cv_slice_sub(bytes, 0, end);
    if (!cv_stored_stream(CV_T_STRING8, bytes, t->s->codepage, t->s->arena,
                          &value))
        return;
    if (value.lossy)
        cv_report_say(t->s->report, CV_RULE_TEXT_DECODING, t->path,
                      cv_slice_cstr(cv_tag_name(tag)), CV_S(""),
                      "kept with its original bytes");
    CV_IGNORE(cv_bag_put(t->bag, tag, &value, NULL)); /* the arena tells */
}

/* All zeros is a date nobody set. */
static bool date_of(cv_slice bytes, int64_t *ticks, bool *unset)
{
    cv_civil at = { .year = cv_peek_u16le(bytes, 0) };
    unsigned f[5];
    *unset = at.year == 0;
    for (size_t i = 0; i < CV_LEN(f); i++) {
        f[i] = cv_peek_u16le(bytes, 2 + 2 * i);
        *unset = *unset && f[i] == 0;
        f[i] = f[i] > 255 ? 255 : f[i];
    }
    at.month = (uint8_t)f[0];
    at.day = (uint8_t)f[1];
    at.hour = (uint8_t)f[2];
    at.minute = (uint8_t)f[3];
    at.second = (uint8_t)f[4];
    if (bytes.len < TNEF_DATE_BYTES - 2 || at.year < 1601 ||
        !cv_civil_is_valid(&at))
        return false;
    *ticks = cv_civil_to_ticks(&at);
    return true;
}

static void set_date(const target *t, tnef_attr attr, cv_slice bytes)
{
    int64_t ticks;
    bool unset;
    if (date_of(bytes, &ticks, &unset))
        cv_bag_set_ticks(t->bag, cv_tnef_attrs[attr].tag, ticks);
    else if (!unset)
        leave_out(t, attr);
}

static void set_hex(const target *t, tnef_attr attr, cv_slice bytes)
{
    cv_slice key;
    size_t end = cv_slice_find_byte(bytes, 0, 0);
    bytes = cv_slice_trim(cv_slice_sub(bytes, 0, end));
    if (!bytes.len)
        return;
    if (cv_hex_decode(t->s->arena, bytes, &key, NULL) == CV_OK)
        cv_bag_set_binary(t->bag, cv_tnef_attrs[attr].tag, key);
    else
        leave_out(t, attr);
}

/* "SMTP:ann@a.example" */
static void set_person(const target *t, const cv_person_tags *tags,
                       cv_slice name, cv_slice address)
{
    name = decode(t, name);
    cv_slice type = CV_S("");
    cv_slice rest = decode(t, address);
    size_t colon = cv_slice_find_byte(rest, ':', 0);
    if (colon != CV_NPOS) {
        type = cv_slice_sub(rest, 0, colon);
        rest = cv_slice_sub(rest, colon + 1, rest.len);
    } else if (cv_slice_find_byte(rest, '@', 0) != CV_NPOS) {
        type = CV_S("SMTP");
    }
    if (name.len && !cv_bag_has(t->bag, tags->name))
        cv_bag_set_string(t->bag, tags->name, name);
    if (!rest.len || cv_bag_has(t->bag, tags->address) ||
        cv_bag_has(t->bag, tags->smtp))
        return;
    cv_bag_set_string(t->bag, tags->address, rest);
    if (!cv_bag_has(t->bag, tags->address_type))
        cv_bag_set_string(t->bag, tags->address_type, type);
}

/* id, total, lengths of name and address, both, padding. */
static void set_triple(const target *t, cv_slice bytes)
{
    size_t name_len = cv_peek_u16le(bytes, 4);
    size_t address_len = cv_peek_u16le(bytes, 6);
    if (bytes.len < 8 || name_len > bytes.len - 8)
        leave_out(t, TNEF_FROM);
    else
        set_person(t, &cv_person_sender, cv_slice_sub(bytes, 8, name_len),
                   cv_slice_sub(bytes, 8 + name_len, address_len));
}

static bool is_response(const target *t)
{
    return cv_slice_istarts(
        cv_bag_string_or(t->bag, CV_PidTagMessageClass, CV_S("")),
        CV_S("IPM.Schedule.Meeting.Resp"));
}

/* [MS-OXTNEF] 2.1.3.3.16: the owner of a response's meeting is the one who
 * gets it. */
static void set_counted(const target *t, tnef_attr attr, cv_slice bytes)
{
    size_t name_len = cv_peek_u16le(bytes, 0);
    if (bytes.len < 4 || name_len > bytes.len - 4) {
        leave_out(t, attr);
        return;
    }
    bool receiver = attr == TNEF_OWNER && is_response(t);
    set_person(
        t,
        receiver ? &cv_person_received_representing
                 : &cv_person_sent_representing,
        cv_slice_sub(bytes, 2, name_len),
        cv_slice_sub(bytes, 4 + name_len, cv_peek_u16le(bytes, 2 + name_len)));
}

static void set_priority(const target *t, cv_slice bytes)
{
    uint16_t v = cv_peek_u16le(bytes, 0);
    cv_bag_set_i32(t->bag, CV_PidTagImportance, v == 3 ? 0 : v == 1 ? 2 : 1);
}

/* Only of embedded messages: a mail on its way is neither unsent nor
 * submitted. */
static void set_status(const target *t, cv_slice bytes)
{
    int32_t flags = 0;
    if (!bytes.len || cv_object_depth(t->s->obj) == 0)
        return;
    flags |= bytes.ptr[0] & 0x02 ? 0x08 : 0; /* local: MSGFLAG_UNSENT */
    flags |= bytes.ptr[0] & 0x04 ? 0x04 : 0; /* MSGFLAG_SUBMIT */
    flags |= bytes.ptr[0] & 0x20 ? 0x01 : 0; /* MSGFLAG_READ */
    cv_bag_set_i32(t->bag, CV_PidTagMessageFlags, flags);
}

/* Behind the last '\' or '/'. */
static cv_slice without_folders(cv_slice name)
{
    for (size_t i = name.len; i > 0; i--)
        if (name.ptr[i - 1] == '\\' || name.ptr[i - 1] == '/')
            return cv_slice_sub(name, i, name.len);
    return name;
}

/* The title is the only name there is, or a longer one than the 8.3 name. */
static void set_title(const target *t, cv_slice bytes)
{
    cv_slice known;
    cv_slice title = without_folders(decode(t, bytes));
    if (!title.len || cv_bag_has(t->bag, CV_PidTagAttachLongFilename))
        return;
    if (!cv_bag_string(t->bag, CV_PidTagAttachFilename, &known))
        cv_bag_set_string(t->bag, CV_PidTagAttachFilename, title);
    else if (!cv_slice_eq(known, title))
        cv_bag_set_string(t->bag, CV_PidTagAttachLongFilename, title);
}

static void set_rendering(const target *t, cv_slice bytes)
{
    int32_t position = (int32_t)cv_peek_u32le(bytes, 2);
    if (bytes.len < TNEF_RENDER_BYTES) {
        leave_out(t, TNEF_RENDER_DATA);
        return;
    }
    if (!cv_bag_has(t->bag, CV_PidTagRenderingPosition))
        cv_bag_set_i32(t->bag, CV_PidTagRenderingPosition, position);
    if (cv_peek_u16le(bytes, 0) == 2 &&
        !cv_bag_has(t->bag, CV_PidTagAttachMethod))
        cv_bag_set_i32(t->bag, CV_PidTagAttachMethod, TNEF_OLE);
    if (cv_peek_u32le(bytes, 10) == 1 &&
        !cv_bag_has(t->bag, CV_PidTagAttachEncoding))
        cv_bag_set_binary(t->bag, CV_PidTagAttachEncoding, cv_tnef_macbinary);
}

static void set_class(const target *t, cv_tag tag, cv_slice bytes)
{
    cv_bag_set_string(t->bag, tag,
                      cv_tnef_class_of_legacy(t->s->arena, decode(t, bytes)));
}

static void apply(const target *t, tnef_attr attr, cv_slice bytes)
{
    const tnef_attr_row *row = &cv_tnef_attrs[attr];
    if (row->tag && row->kind != TNEF_K_TITLE && cv_bag_has(t->bag, row->tag))
        return;
    switch ((tnef_kind)row->kind) {
    case TNEF_K_CLASS:
        set_class(t, row->tag, bytes);
        break;
    case TNEF_K_TRIPLE:
        set_triple(t, bytes);
        break;
    case TNEF_K_TEXT:
        set_text(t, row->tag, bytes);
        break;
    case TNEF_K_DATE:
        set_date(t, attr, bytes);
        break;
    case TNEF_K_STATUS:
        set_status(t, bytes);
        break;
    case TNEF_K_HEX:
        set_hex(t, attr, bytes);
        break;
    case TNEF_K_PRIORITY:
        set_priority(t, bytes);
        break;
    case TNEF_K_LONG:
        cv_bag_set_i32(t->bag, row->tag, (int32_t)cv_peek_u32le(bytes, 0));
        break;
    case TNEF_K_BOOL:
        cv_bag_set_bool(t->bag, row->tag, cv_peek_u16le(bytes, 0) != 0);
        break;
    case TNEF_K_PERSON:
        set_counted(t, attr, bytes);
        break;
    case TNEF_K_BYTES:
        cv_bag_set_binary(t->bag, row->tag, bytes);
        break;
    case TNEF_K_RENDERING:
        set_rendering(t, bytes);
        break;
    case TNEF_K_TITLE:
        set_title(t, bytes);
        break;
    default:
        break; /* read already, or by who asks for it */
    }
}

/* A list may hold an old name, too. */
static void map_class(const target *t, cv_tag tag)
{
    const cv_prop *prop = cv_bag_find(t->bag, tag);
    cv_slice text;
    if (!prop || !cv_bag_string(t->bag, tag, &text))
        return;
    cv_slice mapped = cv_tnef_class_of_legacy(t->s->arena, text);
    if (!cv_slice_eq(mapped, text))
        cv_bag_set_string(t->bag, tag, mapped);
}

cv_status cv_tnef_apply(tnef_stream *s, unsigned level, cv_bag *bag,
                        cv_slice path)
{
    target t = { s, bag, path };
    if (level == 1) {
        map_class(&t, CV_PidTagMessageClass);
        map_class(&t, CV_PidTagOriginalMessageClass);
    }
    for (size_t i = 0; i < TNEF_ATTR_COUNT; i++) {
        if (cv_tnef_attrs[i].level != level || !s->waiting[i].ptr)
            continue;
        apply(&t, (tnef_attr)i, s->waiting[i]);
        s->waiting[i] = (cv_slice){ 0 };
    }
    return cv_arena_status(s->arena) == CV_OK ? CV_OK
                                              : cv_arena_fail(s->arena, s->err);
}
