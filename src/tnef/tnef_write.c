/* A stream is planned first, since every length stands before what it
 * counts: all but the data of attachments is made in memory, which is then
 * pumped through. */
#include "tnef/tnef.h"

#include "base/limits.h"
#include "base/text.h"
#include "tnef/tnef_put.h"

#define SIGNATURE UINT32_C(0x223E9F78)
#define KEY 1 /* any but 0; it names attachments that are kept elsewhere */
#define FRAME_BYTES 9
#define SUM_BYTES 2
#define NAMED_ROOM (0x10000 - CV_NAMED_FIRST)
#define OBJECT_HEAD_BYTES 12 /* tag, count, size */

typedef struct plan plan;

typedef struct part {
    cv_slice head;       /* whole attributes; arena */
    const cv_blob *data; /* NULL: none */
    uint64_t size;       /* of data or nested */
    cv_slice iid;        /* of an object; empty: data is attAttachData */
    plan *nested;        /* arena; NULL unless an embedded message */
    cv_slice list;       /* properties; arena */
    uint32_t count;      /* of them, the object's included */
} part;

struct plan {
    cv_slice head; /* signature to attMsgProps; arena */
    part *parts;   /* arena */
    size_t count;
    uint64_t size; /* of the whole stream */
};

typedef struct writer {
    tnef_put put;
    const cv_sink *out;
    uint32_t sum; /* of all bytes written, modulo 2^32 */
} writer;

/* -- planning -- */

static bool is_blind(const cv_bag *row)
{
    return (cv_bag_i32_or(row, CV_PidTagRecipientType, 1) & 0x0F) == 3;
}

static cv_status put_row(writer *w, const cv_bag *row, cv_buf *to,
                         cv_error *err)
{
    uint32_t count;
    cv_buf list;
    cv_buf_init(&list, 0);
    cv_status status =
        cv_tnef_put_props(&w->put, row, false, &list, &count, err);
    cv_buf_put_u32le(to, count);
    cv_buf_put_slice(to, cv_buf_slice(&list));
    cv_buf_clear(&list);
    return status;
}

static cv_status put_recipients(writer *w, const cv_object *obj, cv_buf *to,
                                cv_error *err)
{
    size_t all = cv_object_recipient_count(obj);
    uint32_t count = 0;
    cv_buf rows, table;
    cv_status status = CV_OK;
    if (obj == w->put.top && !w->put.options->recipients)
        return CV_OK;
    cv_buf_init(&rows, 0);
    cv_buf_init(&table, 0);
    for (size_t i = 0; status == CV_OK && i < all; i++) {
        const cv_bag *row = cv_object_recipient(obj, i);
        if (is_blind(row) && !w->put.options->recipients)
            continue;
        count++;
        status = put_row(w, row, &rows, err);
    }
    cv_buf_put_u32le(&table, count);
    cv_buf_put_slice(&table, cv_buf_slice(&rows));
    if (status == CV_OK)
        status = cv_buf_status(&rows, err);
    if (status == CV_OK && count) {
        cv_tnef_put_attr(to, TNEF_RECIP_TABLE, cv_buf_slice(&table));
        status = cv_buf_status(&table, err);
    }
    cv_buf_clear(&rows);
    cv_buf_clear(&table);
    return status;
}

static cv_status keep(writer *w, const cv_buf *buf, cv_slice *out,
                      cv_error *err)
{
    CV_TRY(cv_buf_status(buf, err));
    *out = cv_buf_dup(buf, w->put.arena);
    return out->ptr ? CV_OK : cv_arena_fail(w->put.arena, err);
}

static void put_opening(const writer *w, cv_buf *to)
{
    cv_buf pages;
    cv_buf_init(&pages, 0);
    cv_buf_put_u32le(&pages, w->put.codepage);
    cv_buf_put_u32le(&pages, 0);
    cv_buf_put_u32le(to, SIGNATURE);
    cv_buf_put_u16le(to, KEY);
    cv_tnef_put_attr(to, TNEF_VERSION, CV_S("\0\0\1\0"));
    cv_tnef_put_attr(to, TNEF_OEM_CODEPAGE, cv_buf_slice(&pages));
    cv_buf_clear(&pages);
}

static cv_status plan_head(writer *w, const cv_object *obj, plan *p,
                           cv_error *err)
{
    cv_buf head;
    cv_buf_init(&head, 0);
    put_opening(w, &head);
    cv_status status = cv_tnef_put_legacy(&w->put, obj, &head, err);
    if (status == CV_OK)
        status = put_recipients(w, obj, &head, err);
    if (status == CV_OK)
        status = cv_tnef_put_message(&w->put, obj, &head, err);
    if (status == CV_OK)
        status = keep(w, &head, &p->head, err);
    cv_buf_clear(&head);
    return status;
}

/* Counts what comes, and keeps the first bytes. */
typedef struct probe {
    uint64_t size;
    uint8_t first[8];
} probe;

static cv_status probe_write(void *ctx, const void *bytes, size_t len,
                             cv_error *err)
{
    probe *p = ctx;
    (void)err;
    for (size_t i = 0; i < len && p->size + i < sizeof p->first; i++)
        p->first[p->size + i] = ((const uint8_t *)bytes)[i];
    p->size += len;
    return CV_OK;
}

/* False when the data cannot be had: it is told, and left out. */
static bool probe_data(const writer *w, const cv_attachment *att, cv_slice path,
                       probe *out)
{
    cv_error why = { .code = CV_OK };
    cv_sink sink = { probe_write, out };
    *out = (probe){ 0 };
    if (att->data.mem.ptr) {
        CV_IGNORE(probe_write(out, att->data.mem.ptr, att->data.mem.len,
                              NULL)); /* cannot fail */
    } else if (cv_blob_pump(&att->data, &sink, &why) != CV_OK) {
        cv_report_say(w->put.report, CV_RULE_ATTACHMENT_DATA, path, CV_S(""),
                      CV_S(""), "%s", why.what);
        return false;
    }
    return true;
}

static void plan_data(const writer *w, const cv_attachment *att, cv_slice path,
                      part *out)
{
    static const uint8_t compound[] = { 0xD0, 0xCF, 0x11, 0xE0,
                                        0xA1, 0xB1, 0x1A, 0xE1 };
    probe p;
    bool ole = cv_bag_i32_or(att->props, CV_PidTagAttachMethod, 0) == TNEF_OLE;
    bool known = !ole && att->data.size_bytes != UINT64_MAX;
    if (!known && !probe_data(w, att, path, &p))
        return;
    out->data = &att->data;
    out->size = known ? att->data.size_bytes : p.size;
    if (ole)
        out->iid = cv_slice_eq(cv_slice_of(p.first, sizeof p.first),
                               cv_slice_of(compound, sizeof compound))
                       ? cv_tnef_iid_storage
                       : cv_tnef_iid_stream;
}

static cv_status plan_message(writer *w, const cv_object *obj, plan *p,
                              cv_error *err);

static uint64_t object_bytes(const part *p)
{
    uint64_t bytes = p->iid.len + p->size;
    return p->iid.len ? OBJECT_HEAD_BYTES + ((bytes + 3) & ~UINT64_C(3)) : 0;
}

static uint64_t list_bytes(const part *p)
{
    return 4 + p->list.len + object_bytes(p);
}

static uint64_t part_bytes(const part *p)
{
    uint64_t bytes = p->head.len + FRAME_BYTES + list_bytes(p) + SUM_BYTES;
    if (p->data && !p->iid.len)
        bytes += FRAME_BYTES + p->size + SUM_BYTES;
    return bytes;
}

static void drop_data(const writer *w, cv_slice path, part *p)
{
    cv_report_say(w->put.report, CV_RULE_LIMIT, path, CV_S(""), CV_S("2 GiB"),
                  "its data is left out");
    p->data = NULL;
    p->nested = NULL;
    p->iid = CV_S("");
    p->size = 0;
}

static cv_status plan_list(writer *w, const cv_attachment *att, part *out,
                           cv_error *err)
{
    cv_buf buf;
    cv_buf_init(&buf, 0);
    cv_status status =
        cv_tnef_put_props(&w->put, att->props, att->has_data || att->embedded,
                          &buf, &out->count, err);
    if (status == CV_OK)
        status = keep(w, &buf, &out->list, err);
    cv_buf_reset(&buf);
    if (status == CV_OK)
        status = cv_tnef_put_attachment(&w->put, att, &buf, err);
    if (status == CV_OK)
        status = keep(w, &buf, &out->head, err);
    cv_buf_clear(&buf);
    return status;
}

static cv_status plan_embedded(writer *w, const cv_object *obj, cv_slice path,
                               part *out, cv_error *err)
{
    out->nested = cv_arena_alloc(w->put.arena, sizeof *out->nested);
    if (!out->nested)
        return cv_arena_fail(w->put.arena, err);
    uint32_t codepage = w->put.codepage;
    cv_report_push(w->put.report, "%.*s.embedded", CV_FMT(path));
    cv_status status = plan_message(w, obj, out->nested, err);
    cv_report_pop(w->put.report);
    w->put.codepage = codepage;
    out->size = out->nested->size;
    out->iid = cv_tnef_iid_message;
    return status;
}

static cv_status plan_part(writer *w, const cv_attachment *att, size_t index,
                           bool with_data, part *out, cv_error *err)
{
    cv_slice path = cv_arena_printf(w->put.arena, "attachment[%zu]", index);
    out->iid = CV_S("");
    CV_TRY(plan_list(w, att, out, err));
    if (att->embedded && with_data)
        CV_TRY(plan_embedded(w, att->embedded, path, out, err));
    else if (att->has_data && with_data)
        plan_data(w, att, path, out);
    if (out->size > TNEF_MOST_BYTES || list_bytes(out) > TNEF_MOST_BYTES)
        drop_data(w, path, out);
    out->count += out->iid.len > 0;
    return CV_OK;
}

/* Depth is bounded by CV_LIMIT_EMBED_DEPTH, which objects keep to. */
static cv_status plan_message(writer *w, const cv_object *obj, plan *p,
                              cv_error *err)
{
    const cv_tnef_write_options *options = w->put.options;
    w->put.codepage = cv_tnef_codepage(cv_object_props(obj));
    CV_TRY(plan_head(w, obj, p, err));
    size_t count = cv_object_attachment_count(obj);
    p->parts = cv_arena_array(w->put.arena, count, sizeof *p->parts);
    if (!p->parts)
        return cv_arena_fail(w->put.arena, err);
    p->size = p->head.len;
    for (size_t i = 0; i < count; i++) {
        const cv_attachment *att = cv_object_attachment(obj, i);
        bool choosy = obj == w->put.top && options->wants_attachment;
        if (choosy && !options->wants_attachment(att))
            continue;
        part *next = &p->parts[p->count++];
        CV_TRY(plan_part(w, att, i, !choosy, next, err));
        p->size += part_bytes(next);
    }
    return CV_OK;
}

/* -- writing -- */

static cv_status put(writer *w, cv_slice bytes, cv_error *err)
{
    w->sum += cv_tnef_sum(bytes);
    return cv_sink_put(w->out, bytes, err);
}

static cv_status put_u32s(writer *w, const uint32_t *values, size_t count,
                          cv_error *err)
{
    uint8_t bytes[16];
    for (size_t i = 0; i < count * 4; i++)
        bytes[i] = (uint8_t)(values[i / 4] >> (8 * (i % 4)) & 0xFF);
    return put(w, cv_slice_of(bytes, count * 4), err);
}

/* *before: the sum at the beginning of the data. */
static cv_status begin_attr(writer *w, tnef_attr attr, uint64_t size,
                            uint32_t *before, cv_error *err)
{
    const uint32_t fields[] = { cv_tnef_attrs[attr].id, (uint32_t)size };
    CV_TRY(put(w, cv_slice_of(&cv_tnef_attrs[attr].level, 1), err));
    CV_TRY(put_u32s(w, fields, CV_LEN(fields), err));
    *before = w->sum;
    return CV_OK;
}

static cv_status end_attr(writer *w, uint32_t before, cv_error *err)
{
    uint32_t sum = w->sum - before;
    const uint8_t bytes[] = { (uint8_t)(sum & 0xFF),
                              (uint8_t)(sum >> 8 & 0xFF) };
    return put(w, cv_slice_of(bytes, sizeof bytes), err);
}

/* Lets as many bytes through as were promised. */
typedef struct measured {
    writer *w;
    uint64_t left;
} measured;

static cv_status measured_write(void *ctx, const void *bytes, size_t len,
                                cv_error *err)
{
    measured *m = ctx;
    len = len < m->left ? len : (size_t)m->left;
    m->left -= len;
    return put(m->w, cv_slice_of(bytes, len), err);
}

static cv_status put_zeros(writer *w, uint64_t count, cv_error *err)
{
    static const uint8_t zeros[512];
    for (size_t n; count > 0; count -= n) {
        n = count < sizeof zeros ? (size_t)count : sizeof zeros;
        CV_TRY(put(w, cv_slice_of(zeros, n), err));
    }
    return CV_OK;
}

/* Data that turned out shorter than it said is filled up: its length has
 * gone out. */
static cv_status put_data(writer *w, const part *p, cv_error *err)
{
    measured m = { w, p->size };
    cv_sink sink = { measured_write, &m };
    CV_TRY(cv_blob_pump(p->data, &sink, err));
    if (m.left)
        cv_report_say(w->put.report, CV_RULE_ATTACHMENT_DATA, CV_S(""),
                      CV_S(""), CV_S(""), "%llu bytes are missing at the end",
                      (unsigned long long)m.left);
    return put_zeros(w, m.left, err);
}

static cv_status write_plan(writer *w, const plan *p, cv_error *err);

static cv_status write_object(writer *w, const part *p, cv_error *err)
{
    const uint32_t head[] = { CV_PidTagAttachDataObject, 1,
                              (uint32_t)(p->iid.len + p->size) };
    CV_TRY(put_u32s(w, head, CV_LEN(head), err));
    CV_TRY(put(w, p->iid, err));
    CV_TRY(p->nested ? write_plan(w, p->nested, err) : put_data(w, p, err));
    return put_zeros(w, -(p->iid.len + p->size) & 3, err);
}

static cv_status write_part(writer *w, const part *p, cv_error *err)
{
    uint32_t before;
    CV_TRY(put(w, p->head, err));
    if (p->data && !p->iid.len) {
        CV_TRY(begin_attr(w, TNEF_ATTACH_DATA, p->size, &before, err));
        CV_TRY(put_data(w, p, err));
        CV_TRY(end_attr(w, before, err));
    }
    CV_TRY(begin_attr(w, TNEF_ATTACHMENT, list_bytes(p), &before, err));
    CV_TRY(put_u32s(w, &p->count, 1, err));
    CV_TRY(put(w, p->list, err));
    if (p->iid.len)
        CV_TRY(write_object(w, p, err));
    return end_attr(w, before, err);
}

static cv_status write_plan(writer *w, const plan *p, cv_error *err)
{
    CV_TRY(put(w, p->head, err));
    for (size_t i = 0; i < p->count; i++)
        CV_TRY(write_part(w, &p->parts[i], err));
    return CV_OK;
}

static cv_status write_all(writer *w, const cv_object *obj, cv_error *err)
{
    plan p = { .count = 0 };
    w->put.numbers =
        cv_arena_array(w->put.arena, NAMED_ROOM, sizeof *w->put.numbers);
    if (!w->put.numbers)
        return cv_arena_fail(w->put.arena, err);
    CV_TRY(plan_message(w, obj, &p, err));
    return write_plan(w, &p, err);
}

cv_status cv_tnef_write(const cv_object *obj,
                        const cv_tnef_write_options *options,
                        const cv_sink *out, cv_report *report, cv_error *err)
{
    static const cv_tnef_write_options plain = { .recipients = false };
    writer w = { .put = { .names = cv_object_names(obj),
                          .report = report,
                          .next = CV_NAMED_FIRST,
                          .options = options ? options : &plain,
                          .top = obj },
                 .out = out };
    CV_TRY(cv_arena_new(0, &w.put.arena, err));
    cv_status status = write_all(&w, obj, err);
    cv_arena_free(&w.put.arena);
    return status;
}
