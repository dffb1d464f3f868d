/* Files and embedded messages. Source: spec mime-mapping.md B6; kb-cases.md
 * C021, C036 to C038, C044. */
#include "convert/from_mime.h"

#include "convert/macfile.h"

#include "base/text.h"

#include <string.h>

static const struct {
    const char *type, *extension;
} extensions[] = {
    { "text/plain", ".txt" },
    { "text/html", ".htm" },
    { "text/calendar", ".ics" },
    { "text/vcard", ".vcf" },
    { "text/csv", ".csv" },
    { "image/jpeg", ".jpg" },
    { "image/png", ".png" },
    { "image/gif", ".gif" },
    { "image/bmp", ".bmp" },
    { "image/svg+xml", ".svg" },
    { "application/pdf", ".pdf" },
    { "application/zip", ".zip" },
    { "application/ics", ".ics" },
    { "application/rtf", ".rtf" },
    { "application/pgp-signature", ".asc" },
    { "application/pkcs7-signature", ".p7s" },
    { "message/delivery-status", ".txt" },
    { "message/external-body", ".txt" },
    { "message/partial", ".txt" },
    { "text/rfc822-headers", ".txt" },
};

static const char *extension_of(cv_slice mime_type)
{
    for (size_t i = 0; i < CV_LEN(extensions); i++)
        if (cv_slice_ieq(mime_type, cv_slice_cstr(extensions[i].type)))
            return extensions[i].extension;
    return ".dat";
}

static cv_slice extension(cv_slice name)
{
    for (size_t i = name.len; i-- > 0;)
        if (name.ptr[i] == '.')
            return cv_slice_sub(name, i, name.len);
    return CV_S("");
}

/* The characters of name that old file systems take, at most `room`; *whole
 * becomes false when some were left out. */
static cv_slice short_piece(cv_arena *arena, cv_slice name, size_t room,
                            bool *whole)
{
    cv_slice out = cv_arena_dup(arena, name);
    uint8_t *p = (uint8_t *)out.ptr;
    size_t n = 0;
    for (size_t i = 0; i < out.len; i++) {
        bool odd = p[i] <= ' ' || p[i] >= 0x7F || strchr(".+,;=[]", p[i]);
        if (odd || n == room)
            *whole = false;
        else
            p[n++] = p[i];
    }
    return (cv_slice){ out.ptr, n };
}

/* Eight letters, a dot and three: what programs without long names show. */
static cv_slice short_name(cv_arena *arena, cv_slice name)
{
    enum { BASE = 8, CUT = 6, EXT = 3 };
    bool whole = true;
    cv_slice dotted = extension(name);
    cv_slice ext = short_piece(
        arena, cv_slice_sub(dotted, dotted.len > 0, dotted.len), EXT, &whole);
    cv_slice base = short_piece(
        arena, cv_slice_sub(name, 0, name.len - dotted.len), BASE, &whole);
    if (!whole && base.len > CUT)
        base.len = CUT;
    return cv_arena_printf(arena, "%.*s%s%s%.*s", CV_FMT(base),
                           whole ? "" : "~1", ext.len ? "." : "", CV_FMT(ext));
}

/* Separators of paths and streams become '_'; no dots at the ends. Stars and
 * question marks stay (C041, C042): whoever writes files makes them safe. */
static cv_slice clean_name(cv_arena *arena, cv_slice name)
{
    cv_slice copy =
        cv_arena_dup(arena, cv_slice_trim(cv_text_one_line(arena, name)));
    uint8_t *p = (uint8_t *)copy.ptr;
    for (size_t i = 0; i < copy.len; i++) {
        static const char bad[] = "\"/:<>|\\";
        for (size_t k = 0; k < sizeof bad - 1; k++)
            if (p[i] == (uint8_t)bad[k])
                p[i] = '_';
        if (p[i] < 0x20 || p[i] == 0x7F)
            p[i] = '_';
    }
    while (copy.len && copy.ptr[0] == '.')
        copy = cv_slice_sub(copy, 1, copy.len);
    while (copy.len && copy.ptr[copy.len - 1] == '.')
        copy.len--;
    return cv_utf8_clip(copy, 255);
}

static void set_names(cv_from *c, const cv_mime_part *part, cv_bag *props,
                      cv_slice mime_type)
{
    cv_slice name = clean_name(c->arena, part->filename);
    const cv_mime_field *f =
        cv_mime_field_get(part, CV_S("Content-Description"));
    cv_slice shown = f ? cv_header_text(c, f) : CV_S("");
    if (!name.len)
        name = cv_arena_printf(c->arena, "attachment%zu%s",
                               cv_object_attachment_count(c->obj),
                               extension_of(mime_type));
    cv_bag_set_string(props, CV_PidTagAttachLongFilename, name);
    cv_bag_set_string(props, CV_PidTagAttachFilename,
                      short_name(c->arena, name));
    cv_bag_set_string(props, CV_PidTagAttachExtension, extension(name));
    cv_bag_set_string(props, CV_PidTagDisplayName, shown.len ? shown : name);
}

static void set_ids(cv_from *c, const cv_mime_part *part, cv_bag *props)
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
    if (part->content_id.len)
        cv_bag_set_string(props, CV_PidTagAttachContentId,
                          cv_utf8_repair(c->arena, part->content_id));
    for (size_t i = 0; i < CV_LEN(fields); i++) {
        const cv_mime_field *f =
            cv_mime_field_get(part, cv_slice_cstr(fields[i].name));
        if (f && f->text.len)
            cv_bag_set_string(props, fields[i].tag, cv_header_text(c, f));
    }
}

static void set_dates(const cv_mime_part *part, cv_bag *props)
{
    static const struct {
        const char *name;
        cv_tag tag;
    } dates[] = {
        { "creation-date", CV_PidTagCreationTime },
        { "modification-date", CV_PidTagLastModificationTime },
    };
    for (size_t k = 0; k < CV_LEN(dates); k++) {
        for (size_t i = 0; i < part->disposition_param_count; i++) {
            const cv_mime_param *p = &part->disposition_params[i];
            int64_t ticks = 0;
            if (cv_slice_eq(p->name, cv_slice_cstr(dates[k].name)) &&
                cv_rfc5322_date_parse(p->value, &ticks) == CV_OK &&
                cv_ticks_is_valid(ticks))
                cv_bag_set_ticks(props, dates[k].tag, ticks);
        }
    }
}

static cv_slice mime_type_of(cv_from *c, const cv_mime_part *part)
{
    if (cv_mime_is(part, "application", "ms-tnef") ||
        cv_mime_is(part, "application", "vnd.ms-tnef") || !part->type.len)
        return CV_S("application/octet-stream");
    return cv_arena_printf(c->arena, "%.*s/%.*s", CV_FMT(part->type),
                           CV_FMT(part->subtype));
}

/* The HTML shows the part by its Content-ID or Content-Location. */
static bool is_shown(const cv_bag *message, const cv_bag *props,
                     cv_arena *arena)
{
    cv_slice html, id;
    if (!cv_bag_binary(message, CV_PidTagHtml, &html))
        return false;
    if (cv_bag_string(props, CV_PidTagAttachContentId, &id) && id.len) {
        cv_slice url = cv_arena_printf(arena, "cid:%.*s", CV_FMT(id));
        if (cv_slice_ifind(html, url, 0) != CV_NPOS)
            return true;
    }
    return cv_bag_string(props, CV_PidTagAttachContentLocation, &id) &&
           id.len && cv_slice_find(html, id, 0) != CV_NPOS;
}

static void set_inline(cv_from *c, const cv_file_part *file, cv_bag *props)
{
    bool image = cv_mime_is(file->part, "image", NULL);
    bool shown = is_shown(c->props, props, c->arena);
    if (!shown || cv_slice_eq(file->part->disposition, CV_S("attachment")))
        return;
    if (!image && !file->related)
        return;
    cv_bag_set_i32(props, CV_PidTagAttachFlags, 4);
    cv_bag_set_bool(props, CV_PidTagAttachmentHidden, true);
}

static cv_attachment *add(cv_from *c)
{
    cv_attachment *a = cv_object_add_attachment(c->obj);
    if (!a && cv_arena_status(c->arena) == CV_OK)
        cv_report_say(c->report, CV_RULE_LIMIT, CV_S(""), CV_S(""),
                      CV_S("CV_LIMIT_ATTACHMENTS"),
                      "further attachments are left out");
    return a;
}

static void set_data(cv_attachment *a, const cv_blob *data)
{
    a->has_data = true;
    a->data = *data;
    if (data->size_bytes <= INT32_MAX)
        cv_bag_set_i32(a->props, CV_PidTagAttachSize,
                       (int32_t)data->size_bytes);
}

static cv_status add_file(cv_from *c, const cv_file_part *file,
                          const cv_blob *data)
{
    const cv_mime_part *part = file->part;
    cv_attachment *a = add(c);
    if (!a)
        return cv_arena_status(c->arena) == CV_OK
                   ? CV_OK
                   : cv_arena_fail(c->arena, c->err);
    cv_slice type = mime_type_of(c, part);
    cv_bag_set_i32(a->props, CV_PidTagAttachMethod, CV_ATTACH_BY_VALUE);
    cv_bag_set_i32(a->props, CV_PidTagRenderingPosition, -1);
    cv_bag_set_string(a->props, CV_PidTagAttachMimeTag, type);
    set_names(c, part, a->props, type);
    set_ids(c, part, a->props);
    set_dates(part, a->props);
    cv_slice charset = cv_mime_param_get(part, CV_S("charset"));
    if (cv_mime_is(part, "text", NULL) && charset.len)
        cv_bag_set_string(a->props, CV_PidTagTextAttachmentCharset, charset);
    set_data(a, data);
    set_inline(c, file, a->props);
    return CV_OK;
}

static cv_status add_embedded(cv_from *c, const cv_mime_part *message,
                              bool *done)
{
    cv_object *inner = cv_object_new_embedded(c->obj);
    *done = false;
    if (!inner && cv_arena_status(c->arena) != CV_OK)
        return cv_arena_fail(c->arena, c->err);
    if (!inner) {
        cv_report_say(c->report, CV_RULE_LIMIT, CV_S(""), CV_S(""),
                      CV_S("CV_LIMIT_EMBED_DEPTH"), "kept as a file");
        return CV_OK;
    }
    cv_attachment *a = add(c);
    if (!a)
        return CV_OK;
    cv_from sub = *c;
    sub.obj = inner;
    sub.props = cv_object_props(inner);
    sub.root = message;
    cv_report_push(c->report, "attachment[%zu].embedded",
                   cv_object_attachment_count(c->obj) - 1);
    cv_status st = cv_message_from_mime(&sub);
    cv_report_pop(c->report);
    cv_bag_set_i32(a->props, CV_PidTagAttachMethod, CV_ATTACH_EMBEDDED);
    cv_bag_set_i32(a->props, CV_PidTagRenderingPosition, -1);
    cv_bag_set_string(a->props, CV_PidTagDisplayName,
                      cv_bag_string_or(sub.props, CV_PidTagSubject, CV_S("")));
    a->embedded = inner;
    *done = true;
    return st;
}

/* What a TNEF part of another message held. */
static cv_status add_tnef_message(cv_from *c, const cv_file_part *file)
{
    cv_attachment *a = add(c);
    if (!a)
        return cv_arena_status(c->arena) == CV_OK
                   ? CV_OK
                   : cv_arena_fail(c->arena, c->err);
    cv_bag_set_i32(a->props, CV_PidTagAttachMethod, CV_ATTACH_EMBEDDED);
    cv_bag_set_i32(a->props, CV_PidTagRenderingPosition, -1);
    cv_bag_set_string(a->props, CV_PidTagDisplayName,
                      cv_bag_string_or(cv_object_props(file->message),
                                       CV_PidTagSubject, CV_S("")));
    a->embedded = file->message;
    return CV_OK;
}

/* -- messages that are files -- */

#define MAX_LOOKED_INTO ((size_t)32 << 20) /* bytes held to look into them */

static bool bytes_of(cv_from *c, const cv_mime_part *part, cv_slice *out)
{
    return part->kind == CV_MIME_LEAF &&
           cv_mime_part_bytes(part, MAX_LOOKED_INTO, c->arena, out, NULL) ==
               CV_OK;
}

static bool has_field(const cv_mime_part *root, const char *name)
{
    return cv_mime_field_get(root, cv_slice_cstr(name)) != NULL;
}

/* A file that is named as a message and is one. What the ladder's last step
 * attached stays the bytes it is. */
static const cv_mime_part *message_in_file(cv_from *c, const cv_mime_part *part)
{
    cv_slice bytes;
    cv_mime_part *root = NULL;
    if (!cv_slice_iends(part->filename, CV_S(".eml")) ||
        cv_slice_eq(part->filename, CV_S("original.eml")) ||
        !bytes_of(c, part, &bytes) || !bytes.len ||
        cv_mime_read(c->arena, bytes, (cv_relax){ NULL, NULL }, &root, NULL,
                     NULL) != CV_OK)
        return NULL;
    return has_field(root, "From") &&
                   (has_field(root, "Date") || has_field(root, "Subject") ||
                    has_field(root, "Received") || has_field(root, "To"))
               ? root
               : NULL;
}

/* The message of a part, NULL when it is a file: a message/rfc822 part whose
 * content is no message stays one (C036). */
static const cv_mime_part *message_of(cv_from *c, const cv_mime_part *part)
{
    if (part->kind == CV_MIME_MESSAGE && part->child_count == 1 &&
        part->children[0]->field_count > 0)
        return part->children[0];
    return message_in_file(c, part);
}

/* -- files of the Macintosh -- */

static cv_status add_named(cv_from *c, const cv_file_part *file, cv_slice name,
                           const char *type, cv_slice data, bool hidden)
{
    cv_mime_part *part = cv_arena_alloc(c->arena, sizeof *part);
    if (!part)
        return cv_arena_fail(c->arena, c->err);
    *part = *file->part;
    if (name.len)
        part->filename = name;
    if (type) {
        part->subtype = cv_slice_cstr(type);
        part->type = cv_slice_cut(&part->subtype, '/');
    }
    cv_file_part made = { .part = part, .related = false };
    cv_blob blob = cv_blob_mem(data);
    size_t before = cv_object_attachment_count(c->obj);
    CV_TRY(add_file(c, &made, &blob));
    if (hidden && cv_object_attachment_count(c->obj) > before) {
        cv_bag *props = cv_object_attachment(c->obj, before)->props;
        /* Cleaning took the dot that such names begin with. */
        cv_bag_set_string(props, CV_PidTagAttachLongFilename, name);
        cv_bag_set_string(props, CV_PidTagDisplayName, name);
        cv_bag_set_bool(props, CV_PidTagAttachmentHidden, true);
    }
    return CV_OK;
}

static cv_slice mac_name(cv_from *c, const cv_file_part *file,
                         const cv_mac_file *mac)
{
    enum { MACINTOSH = 10000 };
    cv_slice name = clean_name(c->arena, file->part->filename);
    if (cv_slice_iends(name, CV_S(".hqx")))
        name = cv_slice_sub(name, 0, name.len - 4);
    if (!name.len)
        name = clean_name(c->arena, cv_codepage_to_utf8(c->arena, MACINTOSH,
                                                        mac->name, NULL));
    return name.len ? name : CV_S("file");
}

/* The data fork is the file; the rest goes beside it, hidden. */
static cv_status add_forks(cv_from *c, const cv_file_part *file,
                           const cv_mac_file *mac)
{
    cv_slice name = mac_name(c, file, mac);
    cv_slice beside = cv_arena_printf(c->arena, "._%.*s", CV_FMT(name));
    if (mac->has_data)
        CV_TRY(add_named(c, file, name, "application/octet-stream", mac->data,
                         false));
    if (!mac->has_data || cv_mac_has_more(mac))
        CV_TRY(add_named(c, file, beside, "application/applefile",
                         cv_mac_double(c->arena, mac), true));
    return cv_arena_status(c->arena) == CV_OK ? CV_OK
                                              : cv_arena_fail(c->arena, c->err);
}

static cv_status add_mac(cv_from *c, const cv_file_part *file, bool *done)
{
    const cv_mime_part *part = file->part;
    cv_mac_file mac;
    cv_slice bytes;
    bool binhex = cv_mime_is(part, "application", "mac-binhex40") ||
                  cv_mime_is(part, "application", "mac-binhex");
    if (!binhex && !cv_mime_is(part, "application", "applefile"))
        return CV_OK;
    *done = bytes_of(c, part, &bytes) &&
            (binhex ? cv_mac_of_binhex(c->arena, bytes, &mac)
                    : cv_mac_of_apple(bytes, &mac));
    return *done ? add_forks(c, file, &mac) : CV_OK;
}

/* -- references -- */

static bool is_ftp(cv_slice access)
{
    return cv_slice_ieq(access, CV_S("anon-ftp")) ||
           cv_slice_ieq(access, CV_S("ftp"));
}

static cv_slice url_of(cv_from *c, const cv_mime_part *part)
{
    cv_slice access = cv_mime_param_get(part, CV_S("access-type"));
    cv_slice site = cv_mime_param_get(part, CV_S("site"));
    cv_slice directory = cv_mime_param_get(part, CV_S("directory"));
    cv_slice name = cv_mime_param_get(part, CV_S("name"));
    cv_slice mode = cv_mime_param_get(part, CV_S("mode"));
    if (cv_slice_ieq(access, CV_S("url")))
        return cv_text_one_line(c->arena, cv_mime_param_get(part, CV_S("url")));
    if (!is_ftp(access) || !site.len || !name.len)
        return CV_S("");
    return cv_text_one_line(
        c->arena, cv_arena_printf(
                      c->arena, "ftp://%.*s/%.*s%s%.*s%s", CV_FMT(site),
                      CV_FMT(directory), directory.len ? "/" : "", CV_FMT(name),
                      cv_slice_ieq(mode, CV_S("ascii"))   ? ";type=a"
                      : cv_slice_ieq(mode, CV_S("image")) ? ";type=i"
                                                          : ""));
}

/* A body that lies elsewhere becomes a shortcut to it. */
static cv_status add_shortcut(cv_from *c, const cv_file_part *file, bool *done)
{
    if (!cv_mime_is(file->part, "message", "external-body"))
        return CV_OK;
    cv_slice url = url_of(c, file->part);
    cv_slice name = cv_mime_param_get(file->part, CV_S("name"));
    if (!url.len)
        return CV_OK;
    *done = true;
    return add_named(c, file,
                     cv_arena_printf(c->arena, "%.*s.url",
                                     CV_FMT(name.len ? name : CV_S("link"))),
                     "application/octet-stream",
                     cv_arena_printf(c->arena,
                                     "[InternetShortcut]\r\nURL=%.*s\r\n",
                                     CV_FMT(url)),
                     false);
}

/* A container that was not opened (too deep, a message that is none) goes as
 * the bytes it has. */
static cv_status add_one(cv_from *c, const cv_file_part *file)
{
    bool done = false;
    if (file->message)
        return add_tnef_message(c, file);
    const cv_mime_part *message = message_of(c, file->part);
    if (message)
        CV_TRY(add_embedded(c, message, &done));
    if (!done)
        CV_TRY(add_mac(c, file, &done));
    if (!done)
        CV_TRY(add_shortcut(c, file, &done));
    if (done)
        return CV_OK;
    if (file->part->kind == CV_MIME_LEAF)
        return add_file(c, file, &file->part->data);
    cv_report_say(c->report, CV_RULE_EMBEDDED_FAILED, CV_S(""), CV_S(""),
                  file->part->filename, "kept as a file");
    cv_blob bytes = cv_blob_mem(file->part->body_bytes);
    return add_file(c, file, &bytes);
}

cv_status cv_attachments_from_mime(cv_from *c, const cv_parts *parts)
{
    size_t hidden = 0, first = cv_object_attachment_count(c->obj);
    for (size_t i = 0; i < parts->file_count; i++)
        CV_TRY(add_one(c, &parts->files[i]));
    CV_TRY(cv_tnef_attachments(c, parts, first));
    size_t count = cv_object_attachment_count(c->obj);
    for (size_t i = 0; i < count; i++)
        hidden += cv_bag_bool_or(cv_object_attachment(c->obj, i)->props,
                                 CV_PidTagAttachmentHidden, false);
    if (count && hidden == count)
        cv_bag_set_bool(c->props, CV_PidLidSmartNoAttach, true);
    cv_bag_set_bool(c->props, CV_PidTagHasAttachments, count > hidden);
    return cv_arena_status(c->arena) == CV_OK ? CV_OK
                                              : cv_arena_fail(c->arena, c->err);
}
