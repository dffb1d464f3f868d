#include "tnef/tnef.h"

#include "base/limits.h"
#include "base/reader.h"
#include "base/text.h"
#include "tnef/tnef_private.h"

#include <string.h>

#define SEARCHED_BYTES \
    64                /* how far behind the beginning a signature may be \
                       */
#define FRAME_BYTES 9 /* level, id, length */
#define WINDOWS_1252 1252

const cv_slice cv_tnef_iid_message = {
    (const uint8_t *)"\x07\x03\x02\0\0\0\0\0\xC0\0\0\0\0\0\0\x46",
    TNEF_IID_BYTES
};
const cv_slice cv_tnef_iid_storage = {
    (const uint8_t *)"\x0B\0\0\0\0\0\0\0\xC0\0\0\0\0\0\0\x46", TNEF_IID_BYTES
};
const cv_slice cv_tnef_iid_stream = {
    (const uint8_t *)"\x0C\0\0\0\0\0\0\0\xC0\0\0\0\0\0\0\x46", TNEF_IID_BYTES
};
const cv_slice cv_tnef_macbinary = {
    (const uint8_t *)"\x2A\x86\x48\x86\xF7\x14\x03\x0B\x01", 9
};

#define SIGNATURE CV_S("\x78\x9F\x3E\x22")

/* What a stream begins with behind its key tells it, too: level, id and length
 * of attTnefVersion or attOemCodepage. */
static bool has_first_attribute(cv_slice in)
{
    cv_slice behind = cv_slice_sub(in, TNEF_HEAD_BYTES, in.len);
    return cv_slice_starts(behind, CV_S("\1\x06\x90\x08\0\4\0\0\0")) ||
           cv_slice_starts(behind, CV_S("\1\x07\x90\x06\0\x08\0\0\0"));
}

/* Where the signature stands, CV_NPOS when nowhere; a damaged one only counts
 * at the beginning. */
static size_t find_signature(cv_slice in)
{
    size_t at =
        cv_slice_find(cv_slice_sub(in, 0, SEARCHED_BYTES + 4), SIGNATURE, 0);
    return at != 0 && has_first_attribute(in) ? 0 : at;
}

bool cv_tnef_is(cv_slice in)
{
    return find_signature(in) != CV_NPOS;
}

uint16_t cv_tnef_sum(cv_slice bytes)
{
    const uint64_t even = UINT64_C(0x00FF00FF00FF00FF);
    uint32_t sum = 0;
    size_t i = 0;
    /* Four sums of 16 bits in one word; 128 times 510 still fits each. */
    while (bytes.len - i >= 8) {
        uint64_t lanes = 0;
        for (unsigned k = 0; k < 128 && bytes.len - i >= 8; k++, i += 8) {
            uint64_t v; /* in any order of bytes */
            memcpy(&v, bytes.ptr + i, sizeof v);
            lanes += (v & even) + (v >> 8 & even);
        }
        for (unsigned k = 0; k < 64; k += 16)
            sum += (uint32_t)(lanes >> k & 0xFFFF);
    }
    for (; i < bytes.len; i++)
        sum += bytes.ptr[i];
    return (uint16_t)(sum & 0xFFFF);
}

/* -- framing -- */

/* One attribute of a stream. */
typedef struct frame {
    uint32_t id;
    cv_slice data;
    size_t at;    /* in the stream */
    bool cut;     /* data ends where the stream does */
    bool has_sum; /* and `sum` is it */
    uint16_t sum;
} frame;

typedef enum step {
    STEP_FRAME,
    STEP_END,     /* nothing more */
    STEP_JUNK,    /* something that is no attribute */
    STEP_NEGATIVE /* a length above 2 GiB */
} step;

static step next_frame(cv_slice in, size_t *pos, frame *out)
{
    size_t left = in.len - *pos;
    if (left == 0)
        return STEP_END;
    uint8_t level = in.ptr[*pos];
    if (left < FRAME_BYTES || (level != 1 && level != 2))
        return STEP_JUNK;
    uint32_t len = cv_peek_u32le(in, *pos + 5);
    if (len > TNEF_MOST_BYTES)
        return STEP_NEGATIVE;
    left -= FRAME_BYTES;
    *out = (frame){ .id = cv_peek_u32le(in, *pos + 1),
                    .at = *pos,
                    .cut = len > left };
    out->data = cv_slice_sub(in, *pos + FRAME_BYTES, len);
    left -= out->data.len;
    out->has_sum = !out->cut && left >= 2;
    out->sum = cv_peek_u16le(in, *pos + FRAME_BYTES + out->data.len);
    *pos += FRAME_BYTES + out->data.len + (left >= 2 ? 2 : left);
    return STEP_FRAME;
}

/* What the stream says itself, wherever that stands; 0 when nothing of use. */
static uint32_t find_codepage(cv_slice in)
{
    size_t pos = TNEF_HEAD_BYTES;
    frame f;
    while (next_frame(in, &pos, &f) == STEP_FRAME) {
        if (cv_tnef_attr_of(f.id) != TNEF_OEM_CODEPAGE)
            continue;
        uint32_t codepage = cv_peek_u32le(f.data, 0);
        return cv_codepage_is_8bit(codepage) ? codepage : 0;
    }
    return 0;
}

/* -- attachments -- */

static cv_status read_stream(cv_slice in, uint32_t codepage, cv_object *obj,
                             cv_report *report, cv_error *err);

static cv_slice attachment_path(const tnef_stream *s)
{
    return cv_arena_printf(s->arena, "attachment[%zu]", s->attachment_number);
}

static void keep_bytes(tnef_stream *s, cv_slice bytes)
{
    s->attachment->data = cv_blob_mem(bytes);
    s->attachment->has_data = true;
}

/* bytes: a whole stream; what cannot be read stays the attachment's data. */
static cv_status read_embedded(tnef_stream *s, cv_slice bytes)
{
    cv_object *obj = cv_object_new_embedded(s->obj);
    keep_bytes(s, bytes);
    if (!obj && cv_arena_status(s->arena) != CV_OK)
        return cv_arena_fail(s->arena, s->err);
    if (!obj) {
        cv_report_say(s->report, CV_RULE_LIMIT, attachment_path(s), CV_S(""),
                      CV_S("CV_LIMIT_EMBED_DEPTH"), "kept as a TNEF file");
        return CV_OK;
    }
    cv_error why = { .code = CV_OK };
    cv_report_push(s->report, "attachment[%zu].embedded", s->attachment_number);
    cv_status status = read_stream(bytes, s->codepage, obj, s->report, &why);
    cv_report_pop(s->report);
    if (cv_arena_status(s->arena) != CV_OK)
        return cv_arena_fail(s->arena, s->err);
    if (status == CV_OK) {
        s->attachment->embedded = obj;
        s->attachment->has_data = false;
        s->attachment->data = cv_blob_mem(CV_S(""));
        cv_bag_set_i32(s->attachment->props, CV_PidTagAttachMethod,
                       TNEF_EMBEDDED);
    } else {
        cv_report_say(s->report, CV_RULE_TNEF_UNUSABLE, attachment_path(s),
                      CV_S(""), CV_S(""), "%s", why.what);
    }
    return CV_OK;
}

static void default_method(const tnef_stream *s, int32_t method)
{
    if (!cv_bag_has(s->attachment->props, CV_PidTagAttachMethod))
        cv_bag_set_i32(s->attachment->props, CV_PidTagAttachMethod, method);
}

/* An object's bytes: an interface id, then what it is of. */
static cv_status take_object(tnef_stream *s)
{
    cv_slice rest = cv_slice_sub(s->object, TNEF_IID_BYTES, s->object.len);
    bool storage = cv_slice_starts(s->object, cv_tnef_iid_storage);
    if (!storage && (find_signature(rest) == 0 ||
                     cv_slice_starts(s->object, cv_tnef_iid_message)))
        return read_embedded(s, rest);
    if (storage || cv_slice_starts(s->object, cv_tnef_iid_stream))
        keep_bytes(s, rest);
    else
        keep_bytes(s, s->object);
    default_method(s, storage ? TNEF_OLE : TNEF_BY_VALUE);
    return CV_OK;
}

/* Some writers put an embedded message among the bytes of a file, with or
 * without its interface id, or attach the winmail.dat it came as. */
static cv_status take_bytes(tnef_stream *s, cv_slice bytes)
{
    cv_slice rest = bytes;
    if (cv_slice_starts(bytes, cv_tnef_iid_message))
        rest = cv_slice_sub(bytes, TNEF_IID_BYTES, bytes.len);
    if (find_signature(rest) == 0)
        return read_embedded(s, rest);
    keep_bytes(s, bytes);
    return CV_OK;
}

/* The attachment's attributes are all there. */
static cv_status close_attachment(tnef_stream *s)
{
    if (!s->attachment)
        return CV_OK;
    cv_slice data = s->waiting[TNEF_ATTACH_DATA];
    CV_TRY(cv_tnef_apply(s, 2, s->attachment->props, attachment_path(s)));
    cv_status status = CV_OK;
    if (s->object.len)
        status = take_object(s);
    else if (s->binary.len || (s->binary.ptr && !data.ptr))
        status = take_bytes(s, s->binary);
    else if (data.ptr)
        status = take_bytes(s, data);
    if (s->attachment->has_data)
        default_method(s, TNEF_BY_VALUE);
    s->attachment = NULL;
    return status;
}

static cv_status open_attachment(tnef_stream *s)
{
    CV_TRY(close_attachment(s));
    s->rendered = false;
    s->object = s->binary = (cv_slice){ 0 };
    s->attachment_number = cv_object_attachment_count(s->obj);
    s->attachment = cv_object_add_attachment(s->obj);
    if (s->attachment)
        return CV_OK;
    if (cv_arena_status(s->arena) != CV_OK)
        return cv_arena_fail(s->arena, s->err);
    if (!s->full)
        cv_report_say(s->report, CV_RULE_LIMIT, CV_S(""), CV_S(""),
                      CV_S("CV_LIMIT_ATTACHMENTS"), "read the first %zu",
                      s->attachment_number);
    s->full = true;
    return CV_OK;
}

/* An attachment begins with its attAttachRendData, unless a writer put
 * attAttachment before it. */
static bool begins_attachment(const tnef_stream *s, tnef_attr attr)
{
    if (!s->attachment)
        return true;
    return attr == TNEF_RENDER_DATA &&
           (s->rendered || s->object.ptr || s->binary.ptr ||
            s->waiting[TNEF_ATTACH_DATA].ptr);
}

/* -- attributes -- */

static cv_status read_recipients(tnef_stream *s, cv_slice in)
{
    size_t pos = 4;
    uint32_t count = cv_peek_u32le(in, 0);
    bool whole = in.len >= 4;
    for (uint32_t i = 0; whole && i < count; i++) {
        cv_slice path = cv_arena_printf(s->arena, "recipient[%zu]",
                                        cv_object_recipient_count(s->obj));
        if (pos + 4 > in.len) {
            cv_report_say(s->report, CV_RULE_TNEF_PROPERTY, path, CV_S(""),
                          CV_S(""), "the table ends here: %u of %u rows",
                          (unsigned)i, (unsigned)count);
            break;
        }
        cv_bag *row = cv_object_add_recipient(s->obj);
        if (!row && cv_arena_status(s->arena) != CV_OK)
            return cv_arena_fail(s->arena, s->err);
        if (!row) {
            cv_report_say(s->report, CV_RULE_LIMIT, CV_S(""), CV_S(""),
                          CV_S("CV_LIMIT_RECIPIENTS"), "read the first %u",
                          (unsigned)i);
            break;
        }
        s->rows_left = count - i - 1;
        CV_TRY(cv_tnef_read_props(s, in, &pos, row, path, &whole));
    }
    s->rows_left = 0;
    return CV_OK;
}

static cv_status read_list(tnef_stream *s, tnef_attr attr, cv_slice data)
{
    bool whole;
    size_t pos = 0;
    if (attr == TNEF_MSG_PROPS)
        return cv_tnef_read_props(s, data, &pos, cv_object_props(s->obj),
                                  CV_S(""), &whole);
    return cv_tnef_read_props(s, data, &pos, s->attachment->props,
                              attachment_path(s), &whole);
}

static cv_status read_attribute(tnef_stream *s, const frame *f)
{
    tnef_attr attr = cv_tnef_attr_of(f->id);
    if (attr == TNEF_ATTR_COUNT) {
        cv_report_say(s->report, CV_RULE_TNEF_ATTRIBUTE, CV_S(""),
                      cv_arena_printf(s->arena, "0x%08X", (unsigned)f->id),
                      CV_S(""), "left out: it is not known");
        return CV_OK;
    }
    if (cv_tnef_attrs[attr].level == 2) {
        if (begins_attachment(s, attr))
            CV_TRY(open_attachment(s));
        if (!s->attachment)
            return CV_OK; /* above the limit */
    }
    switch ((tnef_kind)cv_tnef_attrs[attr].kind) {
    case TNEF_K_PROPS:
        return read_list(s, attr, f->data);
    case TNEF_K_RECIPIENTS:
        return read_recipients(s, f->data);
    default:
        s->rendered = s->rendered || attr == TNEF_RENDER_DATA;
        if (!s->waiting[attr].ptr)
            s->waiting[attr] = f->data;
        return CV_OK;
    }
}

static void check_sum(tnef_stream *s, const frame *f)
{
    if (!f->has_sum || f->sum == cv_tnef_sum(f->data))
        return;
    if (s->bad_sums++ == 0)
        s->first_bad_sum = f->at;
}

/* A few bytes, or zeros however many, are what transports leave behind. */
static bool is_padding(cv_slice rest)
{
    size_t zeros = 0;
    while (zeros < rest.len && rest.ptr[zeros] == 0)
        zeros++;
    return rest.len - zeros <= SEARCHED_BYTES;
}

static void report_end(const tnef_stream *s, step last, cv_slice in, size_t pos)
{
    if (s->bad_sums)
        cv_report_say(s->report, CV_RULE_TNEF_CHECKSUM, CV_S(""), CV_S(""),
                      CV_S(""), "%u of them, the first at byte %llu; read",
                      s->bad_sums, (unsigned long long)s->first_bad_sum);
    if (last == STEP_JUNK && is_padding(cv_slice_sub(in, pos, in.len)))
        cv_report_say(s->report, CV_RULE_TNEF_JUNK, CV_S(""), CV_S(""),
                      CV_S(""), "%zu bytes at the end", in.len - pos);
    else if (last == STEP_JUNK)
        cv_report_say(s->report, CV_RULE_TNEF_TRUNCATED, CV_S(""), CV_S(""),
                      CV_S(""), "no attribute at byte %zu: %zu bytes unread",
                      pos, in.len - pos);
    if (last == STEP_NEGATIVE)
        cv_report_say(s->report, CV_RULE_TNEF_TRUNCATED, CV_S(""), CV_S(""),
                      CV_S(""), "an impossible length at byte %zu", pos);
}

static cv_status read_attributes(tnef_stream *s, cv_slice in, size_t *count)
{
    size_t pos = TNEF_HEAD_BYTES;
    frame f;
    step last;
    while ((last = next_frame(in, &pos, &f)) == STEP_FRAME) {
        check_sum(s, &f);
        if (f.cut)
            cv_report_say(s->report, CV_RULE_TNEF_TRUNCATED, CV_S(""), CV_S(""),
                          CV_S(""), "the attribute at byte %zu ends early",
                          f.at);
        CV_TRY(read_attribute(s, &f));
        ++*count;
    }
    report_end(s, last, in, pos);
    return CV_OK;
}

/* So that a reader of the object's 8-bit text knows what it was. */
static void keep_codepage(const cv_object *obj, uint32_t codepage)
{
    if (codepage && !cv_bag_has(cv_object_props(obj), CV_PidTagMessageCodepage))
        cv_bag_set_i32(cv_object_props(obj), CV_PidTagMessageCodepage,
                       (int32_t)codepage);
}

/* Depth is bounded by CV_LIMIT_EMBED_DEPTH: cv_object_new_embedded(). */
static cv_status read_stream(cv_slice in, uint32_t codepage, cv_object *obj,
                             cv_report *report, cv_error *err)
{
    size_t at = find_signature(in), count = 0;
    if (at == CV_NPOS)
        return cv_fail_at(err, CV_ERR_SYNTAX, 0, "no TNEF signature");
    if (at > 0)
        cv_report_say(report, CV_RULE_TNEF_JUNK, CV_S(""), CV_S(""), CV_S(""),
                      "%zu bytes before the signature", at);
    in = cv_slice_sub(in, at, in.len);
    if (!cv_slice_starts(in, SIGNATURE))
        cv_report_say(report, CV_RULE_TNEF_SIGNATURE, CV_S(""), CV_S(""),
                      CV_S(""), "0x%08X", (unsigned)cv_peek_u32le(in, 0));
    uint32_t own = in.len < TNEF_HEAD_BYTES ? 0 : find_codepage(in);
    tnef_stream *s = cv_arena_alloc(cv_object_arena(obj), sizeof *s);
    if (!s)
        return cv_arena_fail(cv_object_arena(obj), err);
    *s = (tnef_stream){ .obj = obj,
                        .arena = cv_object_arena(obj),
                        .report = report,
                        .err = err,
                        .resume_steps = TNEF_RESUME_STEPS,
                        .codepage = own        ? own
                                    : codepage ? codepage
                                               : WINDOWS_1252 };
    cv_object_set_source(obj, "tnef");
    if (in.len >= TNEF_HEAD_BYTES)
        CV_TRY(read_attributes(s, in, &count));
    if (count == 0)
        return cv_fail_at(err, CV_ERR_SYNTAX, at,
                          "no attribute behind the TNEF signature");
    CV_TRY(close_attachment(s));
    CV_TRY(cv_tnef_apply(s, 1, cv_object_props(obj), CV_S("")));
    keep_codepage(obj, own);
    return cv_arena_status(s->arena) == CV_OK ? CV_OK
                                              : cv_arena_fail(s->arena, err);
}

cv_status cv_tnef_read_into(cv_slice in, uint32_t codepage, cv_object *obj,
                            cv_report *report, cv_error *err)
{
    return read_stream(in, codepage, obj, report, err);
}

cv_status cv_tnef_read(cv_slice in, cv_object **out, cv_report *report,
                       cv_error *err)
{
    cv_object *obj = NULL;
    CV_TRY(cv_object_new(0, &obj, err));
    cv_status status = read_stream(in, 0, obj, report, err);
    if (status != CV_OK)
        cv_object_free(&obj);
    else
        *out = obj;
    return status;
}
