#include "msg/msg.h"

#include "base/limits.h"
#include "base/reader.h"
#include "base/text.h"
#include "mapi/stored.h"
#include "msg/msg_private.h"

#include <stdlib.h>
#include <string.h>

#define NO_VALUE UINT32_MAX
#define ID_OF(tag) CV_TAG_ID(tag)

/* One file: the outermost, or a .msg that is the data of an attachment. */
typedef struct file {
    const cv_cfb *cfb;
    cv_arena *arena;
    cv_report *report;
    msg_names names;
} file;

/* A value stream (or storage) of a storage. */
typedef struct stream_ref {
    cv_tag tag;     /* the file's */
    uint32_t value; /* of several strings or binaries; NO_VALUE: the stream */
    const cv_cfb_entry *entry;
} stream_ref;

typedef struct row_ref {
    uint32_t number;
    const cv_cfb_entry *entry;
} row_ref;

/* What a storage holds, by kind. */
typedef struct storage {
    cv_slice path;               /* for findings */
    const cv_cfb_entry *entries; /* the property stream, or NULL */
    stream_ref *streams;         /* by tag, then value */
    size_t stream_count;
    row_ref *recipients, *attachments; /* by number */
    size_t recipient_count, attachment_count;
    unsigned odd;   /* entries without stream, streams without entry */
    unsigned bad;   /* values left out */
    cv_tag bad_tag; /* the first of them */
} storage;

static cv_status read_message(file *f, const cv_cfb_entry *dir, bool top,
                              msg_pages pages, cv_object *obj, cv_error *err);

bool cv_msg_is(cv_slice in)
{
    return cv_cfb_is(in);
}

/* -- what a storage holds -- */

static bool hex8(const char *text, uint32_t *out)
{
    uint32_t v = 0;
    for (int i = 0; i < 8; i++) {
        char c = text[i];
        uint32_t digit;
        if (c >= '0' && c <= '9')
            digit = (uint32_t)(c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            digit = (uint32_t)((c | 0x20) - 'a' + 10);
        else
            return false;
        v = v << 4 | digit;
    }
    *out = v;
    return true;
}

static bool begins(const cv_cfb_entry *e, const char *prefix, size_t len)
{
    return e->name_len >= len && strncasecmp(e->name, prefix, len) == 0;
}

#define BEGINS(e, literal) begins(e, literal, sizeof(literal) - 1)
#define AFTER(e, literal) ((e)->name + sizeof(literal) - 1)

static bool is_stream_ref(const cv_cfb_entry *e, stream_ref *out)
{
    if (!BEGINS(e, MSG_STREAM))
        return false;
    const char *digits = AFTER(e, MSG_STREAM);
    *out = (stream_ref){ .value = NO_VALUE, .entry = e };
    if (!hex8(digits, &out->tag))
        return false;
    /* The instance flag of tables means nothing in a file. */
    if (CV_TAG_TYPE(out->tag) & CV_T_MULTI)
        out->tag &= ~(cv_tag)0x2000;
    if (digits[8] == '\0')
        return true;
    return digits[8] == '-' && hex8(digits + 9, &out->value);
}

static bool is_row_ref(const cv_cfb_entry *e, const char *digits, row_ref *out)
{
    out->entry = e;
    return e->type == CV_CFB_STORAGE && hex8(digits, &out->number);
}

static int compare_streams(const void *a, const void *b)
{
    const stream_ref *x = a, *y = b;
    if (x->tag != y->tag)
        return x->tag < y->tag ? -1 : 1;
    /* NO_VALUE, the length stream, comes last: + 1 makes it the first. */
    uint32_t vx = x->value + 1, vy = y->value + 1;
    return vx < vy ? -1 : vx > vy;
}

static int compare_rows(const void *a, const void *b)
{
    const row_ref *x = a, *y = b;
    return x->number < y->number ? -1 : x->number > y->number;
}

/* Sound files hold their entries in order already. */
static void sort(void *base, size_t count, size_t size,
                 int (*compare)(const void *, const void *))
{
    char *rows = base;
    size_t i = 1;
    while (i < count && compare(rows + (i - 1) * size, rows + i * size) <= 0)
        i++;
    if (i < count)
        qsort(base, count, size, compare);
}

static cv_status scan(const file *f, const cv_cfb_entry *dir, storage *out,
                      cv_error *err)
{
    size_t count = 0;
    const cv_cfb_entry *e = cv_cfb_first(f->cfb, dir);
    for (; e; e = cv_cfb_next(f->cfb, e))
        count++;
    out->streams = cv_arena_array(f->arena, count, sizeof(stream_ref));
    out->recipients = cv_arena_array(f->arena, count, sizeof(row_ref));
    out->attachments = cv_arena_array(f->arena, count, sizeof(row_ref));
    if (!out->streams || !out->recipients || !out->attachments)
        return cv_arena_fail(f->arena, err);
    for (e = cv_cfb_first(f->cfb, dir); e; e = cv_cfb_next(f->cfb, e)) {
        if (is_stream_ref(e, &out->streams[out->stream_count]))
            out->stream_count++;
        else if (BEGINS(e, MSG_RECIPIENT))
            out->recipient_count +=
                is_row_ref(e, AFTER(e, MSG_RECIPIENT),
                           &out->recipients[out->recipient_count]);
        else if (BEGINS(e, MSG_ATTACHMENT))
            out->attachment_count +=
                is_row_ref(e, AFTER(e, MSG_ATTACHMENT),
                           &out->attachments[out->attachment_count]);
        else if (e->type == CV_CFB_STREAM && !out->entries &&
                 strcasecmp(e->name, MSG_PROPERTIES) == 0)
            out->entries = e;
    }
    sort(out->streams, out->stream_count, sizeof(stream_ref), compare_streams);
    sort(out->recipients, out->recipient_count, sizeof(row_ref), compare_rows);
    sort(out->attachments, out->attachment_count, sizeof(row_ref),
         compare_rows);
    return CV_OK;
}

/* -- properties -- */

/* What findings call a property: its name, else the file's tag. */
static cv_slice name_of(const file *f, cv_tag tag)
{
    const char *name = ID_OF(tag) < CV_NAMED_FIRST ? cv_tag_name(tag) : NULL;
    return name ? cv_slice_cstr(name)
                : cv_arena_printf(f->arena, "0x%08X", (unsigned)tag);
}

static void leave_out(storage *s, cv_tag tag)
{
    if (s->bad++ == 0)
        s->bad_tag = tag;
}

/* Puts a value under the tag that the file's tag stands for. A second one
 * with the same meaning is left out, but Unicode text replaces 8-bit text. */
static cv_status put(file *f, storage *s, cv_bag *bag, cv_tag tag,
                     const cv_value *value, cv_error *err)
{
    uint16_t id = ID_OF(tag);
    cv_tag own = CV_TAG(id, 0);
    if (id >= CV_NAMED_FIRST) {
        cv_status status = cv_msg_names_tag(&f->names, id, &own, err);
        if (status == CV_ERR_LIMIT && cv_arena_status(f->arena) == CV_OK) {
            leave_out(s, tag);
            return CV_OK;
        }
        CV_TRY(status);
    }
    const cv_prop *there = cv_bag_find(bag, own);
    if (there && !(value->type == (there->value.type | 1) &&
                   (there->value.type & 0xFF) == CV_T_STRING8)) {
        if (there->value.type != value->type)
            leave_out(s, tag);
        return CV_OK;
    }
    cv_status status = cv_bag_put_from(bag, own | value->type, value, id, err);
    if (status == CV_ERR_LIMIT && cv_arena_status(f->arena) == CV_OK) {
        leave_out(s, tag);
        return CV_OK;
    }
    return status;
}

static bool first_entry_is_sound(cv_slice bytes, size_t header)
{
    if (bytes.len < header + MSG_ENTRY_BYTES)
        return bytes.len == header;
    cv_tag tag = cv_peek_u32le(bytes, header);
    return ID_OF(tag) != 0 && cv_type_is_known(CV_TAG_TYPE(tag)) &&
           CV_TAG_TYPE(tag) != CV_T_UNSPECIFIED;
}

/* Writers mix up the three header sizes: the right one is followed by an
 * entry that makes sense. */
static size_t header_size(cv_slice bytes, size_t expected)
{
    static const size_t sizes[] = { MSG_HEADER_TOP, MSG_HEADER_EMBEDDED,
                                    MSG_HEADER_ROW };
    if (first_entry_is_sound(bytes, expected))
        return expected;
    for (size_t i = 0; i < CV_LEN(sizes); i++)
        if (bytes.len >= sizes[i] + MSG_ENTRY_BYTES &&
            first_entry_is_sound(bytes, sizes[i]))
            return sizes[i];
    return expected;
}

static bool has_stream(const storage *s, cv_tag tag)
{
    size_t low = 0, high = s->stream_count;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (s->streams[mid].tag < tag)
            low = mid + 1;
        else
            high = mid;
    }
    return low < s->stream_count && s->streams[low].tag == tag;
}

/* The property stream: inline values are taken; of the others it only says
 * that there should be a stream. *with_stream counts those that have one. */
static cv_status read_entries(file *f, storage *s, size_t header, cv_bag *bag,
                              size_t *with_stream, cv_error *err)
{
    cv_slice bytes;
    *with_stream = 0;
    if (!s->entries)
        return CV_OK;
    CV_TRY(cv_cfb_bytes(f->cfb, s->entries, &bytes, err));
    size_t at = header_size(bytes, header);
    for (; bytes.len >= MSG_ENTRY_BYTES && at <= bytes.len - MSG_ENTRY_BYTES;
         at += MSG_ENTRY_BYTES) {
        cv_tag tag = cv_peek_u32le(bytes, at);
        uint16_t type = CV_TAG_TYPE(tag);
        cv_value value;
        if (tag == 0)
            continue;
        if (cv_stored_is_inline(type) &&
            cv_stored_fixed(type, cv_slice_sub(bytes, at + 8, 8), &value))
            CV_TRY(put(f, s, bag, tag, &value, err));
        else if (!cv_type_is_known(type) || type == CV_T_UNSPECIFIED)
            leave_out(s, tag);
        else if (has_stream(s, tag))
            ++*with_stream;
        else
            s->odd++;
    }
    return CV_OK;
}

/* Number of values: the length stream's word, if the streams bear it out. */
static size_t value_count(const file *f, const stream_ref *refs, size_t count,
                          cv_slice lengths)
{
    (void)f;
    bool binary = CV_TAG_TYPE(refs->tag) == (CV_T_MULTI | CV_T_BINARY);
    size_t said = lengths.len / (binary ? 8 : 4);
    uint32_t last = refs[count - 1].value;
    size_t there = last == NO_VALUE ? 0 : (size_t)last + 1;
    return said > there ? said : there;
}

/* Text of a value; a finding tells when its page did not fit. NULL ptr when
 * the arena is exhausted. */
static cv_slice read_text(file *f, const storage *s, cv_tag tag,
                          const msg_pages *pages, cv_slice bytes, bool *lossy)
{
    uint32_t instead;
    uint16_t type = CV_TAG_TYPE(tag) & (uint16_t)~CV_T_MULTI;
    cv_slice text = cv_msg_text(pages, type, bytes, f->arena, lossy, &instead);
    if (instead)
        cv_report_say(f->report, CV_RULE_TEXT_DECODING, s->path,
                      name_of(f, tag), CV_S(""), "read by code page %u",
                      (unsigned)instead);
    else if (*lossy)
        cv_report_say(f->report, CV_RULE_TEXT_DECODING, s->path,
                      name_of(f, tag), CV_S(""),
                      CV_TAG_TYPE(tag) & CV_T_MULTI
                          ? "kept as far as it can be read"
                          : "kept with its original bytes");
    return text;
}

/* Several strings or binaries: refs are the length stream (if there is one)
 * and the value streams, count in all. */
static cv_status read_multi(file *f, storage *s, const stream_ref *refs,
                            size_t count, msg_pages pages, cv_value *out,
                            bool *usable, cv_error *err)
{
    uint16_t base = CV_TAG_TYPE(refs->tag) & (uint16_t)~CV_T_MULTI;
    cv_slice lengths = CV_S("");
    *usable = false;
    if (refs->value == NO_VALUE && refs->entry->type == CV_CFB_STREAM)
        CV_TRY(cv_cfb_bytes(f->cfb, refs->entry, &lengths, err));
    size_t values = value_count(f, refs, count, lengths);
    if (values > CV_LIMIT_MULTI_VALUES)
        return CV_OK;
    cv_slice *slices = cv_arena_array(f->arena, values, sizeof *slices);
    if (!slices)
        return cv_arena_fail(f->arena, err);
    for (size_t i = 0; i < values; i++)
        slices[i] = CV_S("");
    *out = (cv_value){ .type = CV_TAG_TYPE(refs->tag),
                       .count = (uint32_t)values,
                       .slices = slices };
    for (size_t i = 0; i < count; i++) {
        cv_slice bytes;
        bool lossy = false;
        if (refs[i].value == NO_VALUE || refs[i].entry->type != CV_CFB_STREAM)
            continue;
        CV_TRY(cv_cfb_bytes(f->cfb, refs[i].entry, &bytes, err));
        if (base != CV_T_BINARY)
            bytes = read_text(f, s, refs->tag, &pages, bytes, &lossy);
        if (!bytes.ptr)
            return cv_arena_fail(f->arena, err);
        slices[refs[i].value] = bytes;
    }
    *usable = true;
    return CV_OK;
}

static bool is_multi_of_slices(uint16_t type)
{
    return type == (CV_T_MULTI | CV_T_STRING) ||
           type == (CV_T_MULTI | CV_T_STRING8) ||
           type == (CV_T_MULTI | CV_T_BINARY);
}

static cv_status read_single(file *f, const storage *s, const stream_ref *ref,
                             msg_pages pages, cv_value *out, bool *usable,
                             cv_error *err)
{
    cv_slice bytes;
    *usable = false;
    if (ref->value != NO_VALUE || ref->entry->type != CV_CFB_STREAM)
        return CV_OK;
    CV_TRY(cv_cfb_bytes(f->cfb, ref->entry, &bytes, err));
    uint16_t type = CV_TAG_TYPE(ref->tag);
    if (type == CV_T_STRING || type == CV_T_STRING8) {
        *out = (cv_value){ .type = type, .count = 1 };
        out->bytes = read_text(f, s, ref->tag, &pages, bytes, &out->lossy);
        out->raw = out->lossy ? bytes : CV_S("");
        *usable = true;
    } else {
        *usable = cv_stored_stream(type, bytes, 0, f->arena, out);
    }
    if (cv_arena_status(f->arena) != CV_OK)
        return cv_arena_fail(f->arena, err);
    return CV_OK;
}

/* Property streams; attachment data (0x3701) is left to read_attachment. */
static cv_status read_streams(file *f, storage *s, msg_pages pages, cv_bag *bag,
                              size_t *streams, cv_error *err)
{
    *streams = 0;
    for (size_t i = 0, n; i < s->stream_count; i += n) {
        const stream_ref *ref = &s->streams[i];
        cv_value value;
        bool usable;
        n = 1;
        while (i + n < s->stream_count && ref[n].tag == ref->tag)
            n++;
        ++*streams;
        if (ID_OF(ref->tag) == MSG_ID_ATTACH_DATA)
            continue;
        if (is_multi_of_slices(CV_TAG_TYPE(ref->tag)))
            CV_TRY(read_multi(f, s, ref, n, pages, &value, &usable, err));
        else
            CV_TRY(read_single(f, s, ref, pages, &value, &usable, err));
        if (usable)
            CV_TRY(put(f, s, bag, ref->tag, &value, err));
        else
            leave_out(s, ref->tag);
    }
    return CV_OK;
}

static void report_storage(const file *f, const storage *s)
{
    if (s->odd)
        cv_report_say(f->report, CV_RULE_MSG_NO_ENTRY, s->path, CV_S(""),
                      CV_S(""), "%u of them; what has a value was read",
                      s->odd);
    if (s->bad)
        cv_report_say(f->report, CV_RULE_MSG_BAD_PROPERTY, s->path,
                      name_of(f, s->bad_tag), CV_S(""), "left out%s",
                      s->bad > 1 ? ", and others like it" : "");
}

/* Fills the bag; *pages: the inherited one on entry (zeros: none), the bag's
 * own afterwards. */
static cv_status read_bag(file *f, storage *s, size_t header, bool is_message,
                          msg_pages *pages, cv_bag *bag, cv_error *err)
{
    size_t with_stream, streams;
    CV_TRY(read_entries(f, s, header, bag, &with_stream, err));
    if (is_message)
        *pages = cv_msg_pages(bag, *pages);
    CV_TRY(read_streams(f, s, *pages, bag, &streams, err));
    if (s->entries && streams > with_stream)
        s->odd += (unsigned)(streams - with_stream);
    report_storage(f, s);
    return CV_OK;
}

/* -- attachments -- */

/* Nobody has to say 0, no data. */
static void put_method(const file *f, const storage *s, cv_attachment *att,
                       int32_t method)
{
    if (cv_bag_has(att->props, CV_PidTagAttachMethod))
        return;
    cv_bag_set_i32(att->props, CV_PidTagAttachMethod, method);
    cv_report_say(f->report, CV_RULE_ATTACHMENT_METHOD, s->path,
                  CV_S("PidTagAttachMethod"), CV_S(""),
                  "%d, as its data is stored", (int)method);
}

static const stream_ref *find_data(const storage *s, bool want_storage)
{
    for (size_t i = 0; i < s->stream_count; i++) {
        const stream_ref *ref = &s->streams[i];
        bool is_storage = ref->entry->type == CV_CFB_STORAGE;
        if (ID_OF(ref->tag) == MSG_ID_ATTACH_DATA && ref->value == NO_VALUE &&
            is_storage == want_storage)
            return ref;
    }
    return NULL;
}

static cv_status keep_as_bytes(file *f, const cv_cfb_entry *dir,
                               const storage *s, cv_attachment *att,
                               cv_error *err)
{
    cv_error why;
    cv_status status = cv_msg_ole_blob(f->cfb, dir, f->arena, &att->data, &why);
    if (status == CV_OK) {
        att->has_data = true;
        return CV_OK;
    }
    att->data = cv_blob_mem(CV_S(""));
    if (cv_arena_status(f->arena) != CV_OK)
        return cv_arena_fail(f->arena, err);
    cv_report_say(f->report, CV_RULE_ATTACHMENT_DATA, s->path, CV_S(""),
                  CV_S(""), "%s", why.what);
    return CV_OK;
}

static cv_status read_embedded(file *f, const cv_cfb_entry *dir,
                               const storage *s, msg_pages pages,
                               cv_object *parent, cv_attachment *att,
                               cv_error *err)
{
    cv_object *obj = cv_object_new_embedded(parent);
    if (!obj && cv_arena_status(f->arena) != CV_OK)
        return cv_arena_fail(f->arena, err);
    if (!obj) {
        cv_report_say(f->report, CV_RULE_LIMIT, s->path, CV_S(""),
                      CV_S("CV_LIMIT_EMBED_DEPTH"),
                      "kept as the bytes of a compound file");
        return keep_as_bytes(f, dir, s, att, err);
    }
    cv_object_set_source(obj, "msg");
    cv_report_push(f->report, "%.*s.embedded", CV_FMT(s->path));
    cv_status status = read_message(f, dir, false, pages, obj, err);
    cv_report_pop(f->report);
    att->embedded = obj;
    return status;
}

/* Data that is a storage: an embedded message or an OLE object. */
static cv_status read_object_data(file *f, const cv_cfb_entry *dir,
                                  const storage *s, msg_pages pages,
                                  cv_object *parent, cv_attachment *att,
                                  cv_error *err)
{
    bool has_props =
        cv_cfb_child(f->cfb, dir, MSG_PROPERTIES, CV_CFB_STREAM) != NULL;
    put_method(f, s, att, has_props ? MSG_METHOD_EMBEDDED : MSG_METHOD_OLE);
    int32_t method = cv_bag_i32_or(att->props, CV_PidTagAttachMethod, 0);
    if (method == MSG_METHOD_EMBEDDED ||
        (has_props && method != MSG_METHOD_OLE))
        return read_embedded(f, dir, s, pages, parent, att, err);
    return keep_as_bytes(f, dir, s, att, err);
}

static cv_status read_file(cv_slice in, cv_report *report, cv_object *obj,
                           cv_error *err)
{
    cv_cfb *cfb = NULL;
    file f = { .arena = cv_object_arena(obj), .report = report };
    CV_TRY(cv_cfb_open(in, f.arena, report, &cfb, err));
    f.cfb = cfb;
    CV_TRY(cv_msg_names_open(cfb, obj, report, &f.names, err));
    cv_object_set_source(obj, "msg");
    return read_message(&f, cv_cfb_root(cfb), true, (msg_pages){ 0 }, obj, err);
}

/* Some writers store an embedded message as the bytes of a whole file. */
static cv_status read_nested_file(file *f, const storage *s, cv_object *parent,
                                  cv_attachment *att, cv_error *err)
{
    if (cv_bag_i32_or(att->props, CV_PidTagAttachMethod, 0) !=
            MSG_METHOD_EMBEDDED ||
        !att->data.mem.ptr || !cv_cfb_is(att->data.mem))
        return CV_OK;
    cv_object *obj = cv_object_new_embedded(parent);
    if (!obj)
        return cv_arena_status(f->arena) != CV_OK ? cv_arena_fail(f->arena, err)
                                                  : CV_OK;
    cv_error why;
    cv_report_push(f->report, "%.*s.embedded", CV_FMT(s->path));
    cv_status status = read_file(att->data.mem, f->report, obj, &why);
    cv_report_pop(f->report);
    if (cv_arena_status(f->arena) != CV_OK)
        return cv_arena_fail(f->arena, err);
    if (status == CV_OK) {
        att->embedded = obj;
        att->has_data = false;
        att->data = cv_blob_mem(CV_S(""));
    }
    return CV_OK;
}

static cv_status read_attachment(file *f, const cv_cfb_entry *dir, size_t index,
                                 msg_pages pages, cv_object *parent,
                                 cv_attachment *att, cv_error *err)
{
    storage s = { .path = cv_arena_printf(f->arena, "attachment[%zu]", index) };
    CV_TRY(scan(f, dir, &s, err));
    CV_TRY(read_bag(f, &s, MSG_HEADER_ROW, false, &pages, att->props, err));
    const stream_ref *object = find_data(&s, true);
    const stream_ref *data = find_data(&s, false);
    if (data) {
        CV_TRY(cv_cfb_blob(f->cfb, data->entry, &att->data, err));
        att->has_data = true;
        put_method(f, &s, att, MSG_METHOD_BY_VALUE);
        return object ? CV_OK : read_nested_file(f, &s, parent, att, err);
    }
    if (object)
        return read_object_data(f, object->entry, &s, pages, parent, att, err);
    return CV_OK;
}

/* -- a message -- */

static void report_limit(const file *f, const char *limit, size_t kept)
{
    cv_report_say(f->report, CV_RULE_LIMIT, CV_S(""), CV_S(""),
                  cv_slice_cstr(limit), "read the first %zu", kept);
}

static cv_status read_recipients(file *f, const storage *s, msg_pages pages,
                                 cv_object *obj, cv_error *err)
{
    for (size_t i = 0; i < s->recipient_count; i++) {
        cv_bag *bag = cv_object_add_recipient(obj);
        if (!bag && cv_arena_status(f->arena) != CV_OK)
            return cv_arena_fail(f->arena, err);
        if (!bag) {
            report_limit(f, "CV_LIMIT_RECIPIENTS", i);
            break;
        }
        storage row = { .path =
                            cv_arena_printf(f->arena, "recipient[%zu]", i) };
        CV_TRY(scan(f, s->recipients[i].entry, &row, err));
        CV_TRY(read_bag(f, &row, MSG_HEADER_ROW, false, &pages, bag, err));
    }
    return CV_OK;
}

static cv_status read_attachments(file *f, const storage *s, msg_pages pages,
                                  cv_object *obj, cv_error *err)
{
    for (size_t i = 0; i < s->attachment_count; i++) {
        cv_attachment *att = cv_object_add_attachment(obj);
        if (!att && cv_arena_status(f->arena) != CV_OK)
            return cv_arena_fail(f->arena, err);
        if (!att) {
            report_limit(f, "CV_LIMIT_ATTACHMENTS", i);
            break;
        }
        CV_TRY(read_attachment(f, s->attachments[i].entry, i, pages, obj, att,
                               err));
    }
    return CV_OK;
}

static cv_status read_message(file *f, const cv_cfb_entry *dir, bool top,
                              msg_pages pages, cv_object *obj, cv_error *err)
{
    storage s = { .path = CV_S("") };
    size_t header = top ? MSG_HEADER_TOP : MSG_HEADER_EMBEDDED;
    CV_TRY(scan(f, dir, &s, err));
    CV_TRY(read_bag(f, &s, header, true, &pages, cv_object_props(obj), err));
    CV_TRY(read_recipients(f, &s, pages, obj, err));
    return read_attachments(f, &s, pages, obj, err);
}

cv_status cv_msg_read(cv_slice in, cv_object **out, cv_report *report,
                      cv_error *err)
{
    cv_object *obj = NULL;
    if (!cv_msg_is(in))
        return cv_fail_at(err, CV_ERR_SYNTAX, 0, "not a compound file");
    CV_TRY(cv_object_new(0, &obj, err));
    cv_status status = read_file(in, report, obj, err);
    if (status != CV_OK)
        cv_object_free(&obj);
    else
        *out = obj;
    return status;
}
