/* Signed and encrypted mail stays as it came. Source: [MS-OXOSMIME]; spec
 * mime-mapping.md B3, B7. */
#include "convert/from_mime.h"

#include "base/text.h"

/* A signed entity: its Content-Type field, a blank line, its body. */
typedef struct entity {
    cv_slice head, body;
} entity;

static cv_status pump_entity(void *ctx, const cv_sink *to, cv_error *err)
{
    const entity *e = ctx;
    CV_TRY(cv_sink_put(to, e->head, err));
    return cv_sink_put(to, e->body, err);
}

static bool is_signed(const cv_mime_part *part)
{
    cv_slice protocol = cv_mime_param_get(part, CV_S("protocol"));
    return cv_mime_is(part, "multipart", "signed") && part->child_count >= 1 &&
           (cv_slice_ieq(protocol, CV_S("application/pkcs7-signature")) ||
            cv_slice_ieq(protocol, CV_S("application/x-pkcs7-signature")));
}

static bool is_opaque(const cv_mime_part *part)
{
    if (cv_mime_is(part, "application", "pkcs7-mime") ||
        cv_mime_is(part, "application", "x-pkcs7-mime"))
        return true;
    return cv_mime_is(part, "application", "octet-stream") &&
           cv_slice_iends(part->filename, CV_S(".p7m"));
}

static cv_slice content_type(cv_from *c, const cv_mime_part *part)
{
    const cv_mime_field *f = cv_mime_field_get(part, CV_S("Content-Type"));
    return f ? cv_utf8_repair(c->arena, f->text) : CV_S("");
}

static cv_attachment *add_p7m(cv_from *c, cv_slice type)
{
    cv_attachment *a = cv_object_add_attachment(c->obj);
    if (!a)
        return NULL;
    cv_bag_set_i32(a->props, CV_PidTagAttachMethod, CV_ATTACH_BY_VALUE);
    cv_bag_set_i32(a->props, CV_PidTagRenderingPosition, -1);
    cv_bag_set_string(a->props, CV_PidTagAttachMimeTag, type);
    cv_bag_set_string(a->props, CV_PidTagAttachLongFilename, CV_S("smime.p7m"));
    cv_bag_set_string(a->props, CV_PidTagAttachExtension, CV_S(".p7m"));
    cv_bag_set_string(a->props, CV_PidTagDisplayName, CV_S("smime.p7m"));
    a->has_data = true;
    return a;
}

static cv_status read_signed(cv_from *c)
{
    cv_parts parts;
    const cv_mime_field *f = cv_mime_field_get(c->root, CV_S("Content-Type"));
    cv_attachment *a = add_p7m(c, CV_S("multipart/signed"));
    entity *e = cv_arena_alloc(c->arena, sizeof *e);
    if (!a || !e || !f)
        return cv_arena_fail(c->arena, c->err);
    e->head = cv_arena_printf(c->arena, "Content-Type:%.*s\r\n\r\n",
                              CV_FMT(cv_slice_trim(f->raw)));
    e->body = c->root->body_bytes;
    a->data = (cv_blob){ .size_bytes = e->head.len + e->body.len,
                         .pump = pump_entity,
                         .ctx = e };
    cv_bag_set_string(c->props, CV_PidTagMessageClass,
                      CV_S("IPM.Note.SMIME.MultipartSigned"));
    /* The first inner part is shown; what it holds else stays inside. */
    CV_TRY(cv_parts_collect(c, c->root->children[0], &parts));
    CV_TRY(cv_body_from_mime(c, &parts));
    cv_bag_set_bool(c->props, CV_PidTagHasAttachments, parts.file_count != 0);
    return CV_OK;
}

static cv_status read_opaque(cv_from *c)
{
    cv_attachment *a = add_p7m(c, CV_S("application/pkcs7-mime"));
    if (!a)
        return cv_arena_fail(c->arena, c->err);
    a->data = c->root->data;
    cv_bag_set_string(c->props, CV_PidNameContentType,
                      content_type(c, c->root));
    cv_bag_set_string(c->props, CV_PidTagMessageClass, CV_S("IPM.Note.SMIME"));
    return CV_OK;
}

cv_status cv_smime_from_mime(cv_from *c, bool *used)
{
    *used = true;
    if (is_signed(c->root))
        return read_signed(c);
    if (c->root->kind == CV_MIME_LEAF && is_opaque(c->root))
        return read_opaque(c);
    *used = false;
    return CV_OK;
}
