/* Attachments -> parts. Source: spec mime-mapping.md A8; kb-cases.md C003,
 * C006, C011, C014, C021. */
#include "convert/to_mime.h"

#include "convert/macfile.h"
#include "convert/ole.h"

#include "base/limits.h"
#include "base/text.h"

#include <inttypes.h>
#include <string.h>

/* One attachment on its way out. */
typedef struct piece {
    cv_to *t;
    const cv_attachment *a;
    cv_slice path; /* "attachment[1]" */
    cv_slice name; /* file name, one line, may be empty */
    cv_blob data;  /* what goes out; of the attachment or unpacked from it */
    bool has_data;
    cv_slice mime_type; /* declared, or of what was unpacked; may be empty */
    cv_slice apple;     /* AppleDouble header of a Macintosh file, or empty */
} piece;

static cv_slice text_of(const piece *p, cv_tag tag)
{
    return cv_slice_trim(cv_text_one_line(
        p->t->arena, cv_bag_string_or(p->a->props, tag, CV_S(""))));
}

static cv_slice name_of(const piece *p)
{
    static const cv_tag tags[] = { CV_PidTagAttachLongFilename,
                                   CV_PidTagAttachFilename,
                                   CV_PidTagDisplayName,
                                   CV_PidTagAttachTransportName };
    for (size_t i = 0; i < CV_LEN(tags); i++) {
        cv_slice name = text_of(p, tags[i]);
        if (name.len)
            return cv_utf8_clip(name, 1000);
    }
    return CV_S("");
}

static bool is_token(cv_slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] <= 0x20 || s.ptr[i] >= 0x7F ||
            strchr("()<>@,;:\\\"/[]?=", s.ptr[i]))
            return false;
    return s.len > 0 && s.len <= 127;
}

/* What must not be written as a leaf, or says nothing. */
static bool is_leaf_type(cv_slice type, cv_slice subtype)
{
    if (!is_token(type) || !is_token(subtype) ||
        cv_slice_ieq(type, CV_S("multipart")) ||
        cv_slice_ieq(type, CV_S("message")))
        return false;
    return !cv_slice_ieq(subtype, CV_S("applefile")) &&
           !cv_slice_ieq(subtype, CV_S("mac-binhex40"));
}

static const char *type_of_extension(cv_slice name)
{
    static const struct {
        const char *extension, *type;
    } rows[] = {
        { ".txt", "text/plain" },
        { ".htm", "text/html" },
        { ".html", "text/html" },
        { ".ics", "text/calendar" },
        { ".vcf", "text/vcard" },
        { ".csv", "text/csv" },
        { ".xml", "text/xml" },
        { ".jpg", "image/jpeg" },
        { ".jpeg", "image/jpeg" },
        { ".png", "image/png" },
        { ".gif", "image/gif" },
        { ".bmp", "image/bmp" },
        { ".tif", "image/tiff" },
        { ".tiff", "image/tiff" },
        { ".wav", "audio/wav" },
        { ".mp3", "audio/mpeg" },
        { ".pdf", "application/pdf" },
        { ".zip", "application/zip" },
        { ".rtf", "application/rtf" },
        { ".doc", "application/msword" },
        { ".xls", "application/vnd.ms-excel" },
        { ".ppt", "application/vnd.ms-powerpoint" },
        { ".docx", "application/vnd.openxmlformats-officedocument."
                   "wordprocessingml.document" },
        { ".xlsx",
          "application/vnd.openxmlformats-officedocument.spreadsheetml."
          "sheet" },
        { ".pptx", "application/vnd.openxmlformats-officedocument."
                   "presentationml.presentation" },
    };
    for (size_t i = 0; i < CV_LEN(rows); i++)
        if (cv_slice_iends(name, cv_slice_cstr(rows[i].extension)))
            return rows[i].type;
    return "application/octet-stream";
}

/* Declared type if it can be a leaf's, else by extension. */
static cv_mime_node *new_node(const piece *p)
{
    cv_arena *arena = p->t->arena;
    cv_slice subtype = cv_ascii_lower(arena, p->mime_type);
    cv_slice type = cv_slice_cut(&subtype, '/');
    if (!is_leaf_type(type, subtype)) {
        subtype = cv_slice_cstr(type_of_extension(p->name));
        type = cv_slice_cut(&subtype, '/');
    }
    const char *t = cv_arena_cstr(arena, type);
    const char *s = cv_arena_cstr(arena, subtype);
    return t && s ? cv_mime_node_new(arena, t, s) : NULL;
}

static bool is_text_type(cv_slice mime_tag)
{
    return cv_slice_istarts(mime_tag, CV_S("text/"));
}

static void put_date_param(const piece *p, cv_mime_node *n, const char *name,
                           cv_tag tag)
{
    int64_t ticks = 0;
    cv_buf buf;
    if (!cv_bag_ticks(p->a->props, tag, &ticks))
        return;
    cv_buf_init(&buf, 64);
    cv_rfc5322_date_put(&buf, ticks, 0);
    cv_mime_node_disposition_param(n, name, cv_buf_dup(&buf, p->t->arena));
    cv_buf_clear(&buf);
}

static void put_ids(const piece *p, cv_mime_node *n)
{
    static const struct {
        const char *name;
        cv_tag tag;
    } fields[] = {
        { "Content-Location", CV_PidTagAttachContentLocation },
        { "Content-Base", CV_PidTagAttachContentBase },
        { "X-Payload-Class", CV_PidTagAttachPayloadClass },
        { "X-Payload-Provider-Guid", CV_PidTagAttachPayloadProviderGuidString },
    };
    cv_slice id = cv_content_id(p->t, p->a->props);
    if (id.len)
        cv_mime_node_field(n, "Content-ID",
                           cv_arena_printf(p->t->arena, "<%.*s>", CV_FMT(id)));
    for (size_t i = 0; i < CV_LEN(fields); i++) {
        cv_slice v = text_of(p, fields[i].tag);
        if (v.len && cv_is_ascii(v))
            cv_mime_node_field(n, fields[i].name, v);
    }
}

static void put_headers(const piece *p, cv_mime_node *n, bool shown)
{
    cv_slice description = text_of(p, CV_PidTagDisplayName);
    if (description.len)
        cv_mime_node_text_field(n, "Content-Description", description);
    cv_mime_node_disposition(n, shown ? "inline" : "attachment");
    if (p->name.len) {
        cv_mime_node_param(n, "name", p->name);
        cv_mime_node_disposition_param(n, "filename", p->name);
    }
    if (p->has_data && p->data.size_bytes != UINT64_MAX)
        cv_mime_node_disposition_param(
            n, "size",
            cv_arena_printf(p->t->arena, "%" PRIu64, p->data.size_bytes));
    put_date_param(p, n, "creation-date", CV_PidTagCreationTime);
    put_date_param(p, n, "modification-date", CV_PidTagLastModificationTime);
    put_ids(p, n);
}

/* The HTML shows the attachment by cid: or by its location. */
static bool is_shown(const piece *p, const cv_body *body)
{
    cv_slice id = cv_content_id(p->t, p->a->props);
    cv_slice place = text_of(p, CV_PidTagAttachContentLocation);
    if (!body->has_html)
        return false;
    if (cv_html_shows_id(body->html, id))
        return true;
    return place.len > 3 && cv_slice_find(body->html, place, 0) != CV_NPOS;
}

cv_mime_node *cv_text_file_node(cv_arena *arena, cv_slice name, cv_slice text)
{
    cv_mime_node *n = cv_mime_node_new(arena, "text", "plain");
    if (!n)
        return NULL;
    cv_mime_node_disposition(n, "attachment");
    cv_mime_node_param(n, "name", name);
    cv_mime_node_disposition_param(n, "filename", name);
    cv_mime_node_set_text(n, text);
    return n;
}

static cv_mime_node *reference_node(const piece *p)
{
    cv_slice where = text_of(p, CV_PidTagAttachLongPathname);
    if (!where.len)
        where = text_of(p, CV_PidTagAttachPathname);
    cv_report_say(p->t->report, CV_RULE_ATTACHMENT_REFERENCE, p->path,
                  CV_S("PidTagAttachLongPathname"), cv_utf8_clip(where, 200),
                  "a text with the path");
    cv_slice name = cv_arena_printf(p->t->arena, "%.*s.txt", CV_FMT(p->name));
    return cv_text_file_node(
        p->t->arena, name,
        cv_arena_printf(p->t->arena, "%.*s\r\n", CV_FMT(where)));
}

static void put_data(const piece *p, cv_mime_node *n)
{
    static const cv_blob empty = { .size_bytes = 0,
                                   .mem = { (const uint8_t *)"", 0 } };
    cv_slice charset = text_of(p, CV_PidTagTextAttachmentCharset);
    if (charset.len && is_text_type(p->mime_type) && cv_is_ascii(charset))
        cv_mime_node_param(n, "charset", charset);
    if (p->has_data) {
        cv_blob *data = cv_arena_alloc(p->t->arena, sizeof *data);
        if (data)
            *data = p->data;
        cv_mime_node_set_blob(n, data);
        return;
    }
    cv_report_say(p->t->report, CV_RULE_ATTACHMENT_DATA, p->path,
                  CV_S("PidTagAttachDataBinary"), CV_S(""), "an empty file");
    cv_mime_node_set_blob(n, &empty);
}

/* -- what others see as a file -- */

#define MAX_UNPACKED ((size_t)64 << 20) /* bytes held to look into them */

static bool bytes_of(const piece *p, cv_slice *out)
{
    return p->a->has_data && cv_blob_get(&p->a->data, MAX_UNPACKED, p->t->arena,
                                         out, NULL) == CV_OK;
}

static cv_slice with_extension(const piece *p, cv_slice name, const char *ext)
{
    if (!ext || cv_slice_iends(name, cv_slice_cstr(ext)))
        return name;
    return cv_arena_printf(p->t->arena, "%.*s%s", CV_FMT(name), ext);
}

/* Without an object only the picture that stood for it is left. */
static bool use_rendering(piece *p)
{
    cv_slice picture;
    if (!cv_bag_binary(p->a->props, CV_PidTagAttachRendering, &picture) ||
        !picture.len)
        return false;
    p->data = cv_blob_mem(picture);
    p->has_data = true;
    p->mime_type = CV_S("image/wmf");
    p->name = with_extension(p, p->name.len ? p->name : CV_S("object"), ".wmf");
    return true;
}

static void unpack_ole(piece *p)
{
    cv_slice compound;
    cv_ole_file file;
    if (!p->a->has_data && use_rendering(p))
        return;
    if (bytes_of(p, &compound) && cv_ole_unpack(p->t->arena, compound, &file)) {
        cv_slice name = cv_text_one_line(
            p->t->arena,
            cv_charset_to_utf8(p->t->arena, CV_S(""), file.name, NULL));
        if (!name.len)
            name = with_extension(p, p->name.len ? p->name : CV_S("object"),
                                  file.extension);
        p->name = name;
        p->data = cv_blob_mem(file.data);
        p->mime_type = cv_slice_cstr(type_of_extension(
            file.extension ? cv_slice_cstr(file.extension) : name));
    } else if (p->name.len) {
        p->name = with_extension(p, p->name, ".ole");
    }
}

/* A MacBinary stream is cut into its forks. */
static void unpack_macbinary(piece *p)
{
    static const uint8_t oid[] = { 0x2A, 0x86, 0x48, 0x86, 0xF7,
                                   0x14, 0x03, 0x0B, 0x01 };
    cv_slice encoding, bytes;
    cv_mac_file file;
    if (!cv_bag_binary(p->a->props, CV_PidTagAttachEncoding, &encoding) ||
        !cv_slice_eq(encoding, cv_slice_of(oid, sizeof oid)) ||
        !bytes_of(p, &bytes) || !cv_mac_of_macbinary(bytes, &file))
        return;
    p->data = cv_blob_mem(file.data);
    if (cv_mac_has_more(&file))
        p->apple = cv_mac_double(p->t->arena, &file);
}

/* The other half of a file that came as AppleDouble: "._name" beside "name". */
static bool is_apple_header(const piece *p)
{
    return cv_slice_ieq(text_of(p, CV_PidTagAttachMimeTag),
                        CV_S("application/applefile")) &&
           cv_slice_starts(p->name, CV_S("._")) && p->a->has_data;
}

static bool neighbour(const piece *p, size_t index, size_t other, piece *out)
{
    if (other >= cv_object_attachment_count(p->t->obj) || other == index)
        return false;
    *out = (piece){ .t = p->t, .a = cv_object_attachment(p->t->obj, other) };
    out->name = name_of(out);
    return true;
}

static bool are_halves(const piece *header, const piece *file)
{
    return is_apple_header(header) && file->a->has_data &&
           cv_slice_eq(cv_slice_sub(header->name, 2, header->name.len),
                       file->name);
}

/* True when the attachment is written with its neighbour. */
static bool join_halves(piece *p, size_t index)
{
    const size_t others[] = { index - 1, index + 1 };
    for (size_t i = 0; i < CV_LEN(others); i++) {
        piece other;
        cv_slice bytes;
        if (!neighbour(p, index, others[i], &other))
            continue;
        if (are_halves(p, &other))
            return true;
        if (are_halves(&other, p) && bytes_of(&other, &bytes))
            p->apple = bytes;
    }
    return false;
}

static void unpack(piece *p)
{
    p->data = p->a->data;
    p->has_data = p->a->has_data;
    p->mime_type = text_of(p, CV_PidTagAttachMimeTag);
    if (cv_bag_i32_or(p->a->props, CV_PidTagAttachMethod, CV_ATTACH_BY_VALUE) ==
        CV_ATTACH_OLE)
        unpack_ole(p);
    else
        unpack_macbinary(p);
}

/* The file with its header before it. */
static cv_mime_node *apple_node(const piece *p, cv_mime_node *file)
{
    cv_mime_node *pair =
        cv_mime_node_new(p->t->arena, "multipart", "appledouble");
    cv_mime_node *head =
        cv_mime_node_new(p->t->arena, "application", "applefile");
    cv_blob *data = cv_arena_alloc(p->t->arena, sizeof *data);
    if (!pair || !head || !data)
        return NULL;
    *data = cv_blob_mem(p->apple);
    if (p->name.len)
        cv_mime_node_param(head, "name", p->name);
    cv_mime_node_set_blob(head, data);
    cv_mime_node_add(pair, head);
    cv_mime_node_add(pair, file);
    return pair;
}

static cv_status file_node(piece *p, bool shown, cv_mime_node **node)
{
    int32_t method =
        cv_bag_i32_or(p->a->props, CV_PidTagAttachMethod, CV_ATTACH_BY_VALUE);
    bool reference = method == 2 || method == 3 || method == 4 || method == 7;
    if (reference && !p->a->has_data) {
        *node = reference_node(p);
        return *node ? CV_OK : cv_arena_fail(p->t->arena, p->t->err);
    }
    cv_mime_node *n = new_node(p);
    if (!n)
        return cv_arena_fail(p->t->arena, p->t->err);
    put_headers(p, n, shown);
    put_data(p, n);
    *node = p->apple.len ? apple_node(p, n) : n;
    return *node ? CV_OK : cv_arena_fail(p->t->arena, p->t->err);
}

static cv_status embedded_node(piece *p, cv_mime_node **node)
{
    cv_mime_node *n = cv_mime_node_new(p->t->arena, "message", "rfc822");
    cv_mime_node *inner = NULL;
    if (!n)
        return cv_arena_fail(p->t->arena, p->t->err);
    cv_report_push(p->t->report, "%.*s.embedded", CV_FMT(p->path));
    cv_status st = cv_message_to_mime(p->t, p->a->embedded, &inner, NULL);
    cv_report_pop(p->t->report);
    if (st != CV_OK)
        return st;
    cv_slice description = text_of(p, CV_PidTagDisplayName);
    if (description.len)
        cv_mime_node_text_field(n, "Content-Description", description);
    cv_mime_node_disposition(n, "attachment");
    cv_mime_node_add(n, inner);
    *node = n;
    return CV_OK;
}

/* An embedded message that is not there leaves its name behind. */
static cv_status missing_embedded(piece *p, cv_mime_node **node)
{
    cv_report_say(p->t->report, CV_RULE_EMBEDDED_FAILED, p->path,
                  CV_S("PidTagAttachDataObject"), p->name,
                  "a text that names it");
    *node = cv_text_file_node(
        p->t->arena, CV_S("message.txt"),
        cv_arena_printf(p->t->arena,
                        "An attached message could not be read: %.*s\r\n",
                        CV_FMT(p->name)));
    return *node ? CV_OK : cv_arena_fail(p->t->arena, p->t->err);
}

/* An exception of a series: the calendar part carries it. */
static bool is_exception(const piece *p)
{
    return p->a->embedded &&
           cv_object_is_class(
               p->a->embedded,
               CV_S("IPM.OLE.CLASS.{00061055-0000-0000-C000-000000000046}"));
}

cv_status cv_attachment_to_mime(cv_to *t, size_t index, const cv_body *body,
                                cv_mime_node **node, cv_attach_place *place)
{
    piece p = { .t = t,
                .a = cv_object_attachment(t->obj, index),
                .path = cv_index_path(t->arena, "attachment", index) };
    int32_t method =
        cv_bag_i32_or(p.a->props, CV_PidTagAttachMethod,
                      p.a->embedded ? CV_ATTACH_EMBEDDED : CV_ATTACH_BY_VALUE);
    p.name = name_of(&p);
    *node = NULL;
    *place = CV_PLACE_NONE;
    if (is_exception(&p))
        return CV_OK;
    *place = CV_PLACE_FILE;
    if (p.a->embedded)
        return embedded_node(&p, node);
    if (method == CV_ATTACH_EMBEDDED && !p.a->has_data)
        return missing_embedded(&p, node);
    if (method == CV_ATTACH_NONE && !p.a->has_data && !p.name.len) {
        *place = CV_PLACE_NONE;
        return CV_OK;
    }
    unpack(&p);
    if (join_halves(&p, index)) {
        *place = CV_PLACE_NONE;
        return CV_OK;
    }
    bool shown = is_shown(&p, body);
    if (shown)
        *place = CV_PLACE_INLINE;
    return file_node(&p, shown, node);
}
