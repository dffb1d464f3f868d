/* Files and embedded messages. Source: spec mime-mapping.md B6; kb-cases.md
 * C036 to C038, C044. */
#include "convert/from_mime.h"

#include "base/text.h"

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
    { "text/rfc822-headers", ".txt" },
};

static const char *extension_of(cv_slice mime_type)
{
    for (size_t i = 0; i < CV_LEN(extensions); i++)
        if (cv_slice_ieq(mime_type, cv_slice_cstr(extensions[i].type)))
            return extensions[i].extension;
    return ".dat";
}

/* What no file system takes becomes '_'; no dots at the ends. */
static cv_slice clean_name(cv_arena *arena, cv_slice name)
{
    cv_slice copy =
        cv_arena_dup(arena, cv_slice_trim(cv_text_one_line(arena, name)));
    uint8_t *p = (uint8_t *)copy.ptr;
    for (size_t i = 0; i < copy.len; i++) {
        static const char bad[] = "\"/:<>|\\*?";
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

static cv_slice extension(cv_slice name)
{
    for (size_t i = name.len; i-- > 0;)
        if (name.ptr[i] == '.')
            return cv_slice_sub(name, i, name.len);
    return CV_S("");
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
    if (cv_mime_is(part, "application", "ms-tnef") || !part->type.len)
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
        cv_report_say(c->report, CV_RULE_LIMIT, CV_S(""), CV_S(""), CV_S(""),
                      "further attachments are left out");
    return a;
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
    a->has_data = true;
    a->data = *data;
    set_inline(c, file, a->props);
    return CV_OK;
}

/* A message/rfc822 part whose content is no message stays a file. */
static bool is_message(const cv_mime_part *part)
{
    return part->kind == CV_MIME_MESSAGE && part->child_count == 1 &&
           part->children[0]->field_count > 0;
}

static cv_status add_embedded(cv_from *c, const cv_mime_part *part, bool *done)
{
    cv_object *inner = cv_object_new_embedded(c->obj);
    *done = false;
    if (!inner)
        return cv_arena_status(c->arena) == CV_OK
                   ? CV_OK
                   : cv_arena_fail(c->arena, c->err);
    cv_attachment *a = add(c);
    if (!a)
        return CV_OK;
    cv_from sub = *c;
    sub.obj = inner;
    sub.props = cv_object_props(inner);
    sub.root = part->children[0];
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

/* A container that was not opened (too deep, a message that is none) goes as
 * the bytes it has. */
static cv_status add_one(cv_from *c, const cv_file_part *file)
{
    bool done = false;
    if (is_message(file->part))
        CV_TRY(add_embedded(c, file->part, &done));
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
    size_t hidden = 0;
    for (size_t i = 0; i < parts->file_count; i++)
        CV_TRY(add_one(c, &parts->files[i]));
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
