/* Signed and encrypted mail: the one attachment is the message. Source:
 * [MS-OXOSMIME]; spec mime-mapping.md A9; kb-cases.md C012. */
#include "convert/to_mime.h"

#include "base/text.h"

#define MAX_ENTITY ((size_t)128 << 20) /* a signed entity held in memory */

static bool promises_smime(const cv_object *obj)
{
    cv_slice c = cv_object_class(obj);
    return cv_object_is_class(obj, CV_S("IPM.Note.SMIME")) ||
           (cv_slice_istarts(c, CV_S("IPM.InfoPathForm.")) &&
            cv_slice_ifind(c, CV_S(".SMIME"), 0) != CV_NPOS);
}

static bool is_signed_class(const cv_object *obj)
{
    return cv_slice_iends(cv_object_class(obj), CV_S(".MultipartSigned"));
}

static const cv_attachment *only_attachment(const cv_object *obj)
{
    if (cv_object_attachment_count(obj) != 1)
        return NULL;
    const cv_attachment *a = cv_object_attachment(obj, 0);
    return a->has_data ? a : NULL;
}

/* Content decides: a signed entity begins with its own Content-Type. */
static bool is_signed_entity(cv_slice data)
{
    cv_slice head = cv_slice_sub(data, 0, 4096);
    size_t at = cv_slice_ifind(head, CV_S("content-type:"), 0);
    return at != CV_NPOS &&
           cv_slice_ifind(head, CV_S("multipart/signed"), at) != CV_NPOS &&
           (at == 0 || head.ptr[at - 1] == '\n');
}

static cv_status signed_root(cv_to *t, const cv_attachment *a,
                             cv_mime_node **root)
{
    cv_slice data;
    cv_status st = cv_blob_get(&a->data, MAX_ENTITY, t->arena, &data, NULL);
    if (st != CV_OK || !is_signed_entity(data))
        return CV_OK;
    *root = cv_mime_node_new(t->arena, "multipart", "signed");
    if (!*root)
        return cv_arena_fail(t->arena, t->err);
    cv_mime_node_set_entity(*root, data);
    return CV_OK;
}

/* Parameters of the stored Content-Type, such as smime-type. */
static void put_params(cv_to *t, cv_mime_node *n)
{
    cv_slice rest = cv_bag_string_or(t->props, CV_PidNameContentType, CV_S(""));
    bool name = false;
    cv_slice_cut(&rest, ';');
    while (rest.ptr) {
        cv_slice value = cv_slice_cut(&rest, ';');
        cv_slice key = cv_slice_trim(cv_slice_cut(&value, '='));
        if (!value.ptr || !key.len || !cv_is_ascii(key))
            continue;
        value = cv_slice_trim(value);
        if (value.len >= 2 && value.ptr[0] == '"')
            value = cv_slice_sub(value, 1, value.len - 2);
        const char *k = cv_arena_cstr(t->arena, cv_ascii_lower(t->arena, key));
        if (k && cv_is_ascii(value))
            cv_mime_node_param(n, k, value);
        name = name || cv_slice_ieq(key, CV_S("name"));
    }
    if (!name)
        cv_mime_node_param(n, "name", CV_S("smime.p7m"));
}

static cv_status opaque_root(cv_to *t, const cv_attachment *a,
                             cv_mime_node **root)
{
    cv_mime_node *n = cv_mime_node_new(t->arena, "application", "pkcs7-mime");
    if (!n)
        return cv_arena_fail(t->arena, t->err);
    put_params(t, n);
    cv_mime_node_disposition(n, "attachment");
    cv_mime_node_disposition_param(n, "filename", CV_S("smime.p7m"));
    cv_mime_node_set_blob(n, &a->data);
    *root = n;
    return CV_OK;
}

/* -- what others signed or encrypted (PGP) -- */

/* The Content- fields of a header block, as they came. */
static void put_content_fields(cv_buf *buf, const cv_mime_part *part)
{
    for (size_t i = 0; i < part->field_count; i++) {
        const cv_mime_field *f = &part->fields[i];
        if (!cv_slice_istarts(f->name, CV_S("Content-")) ||
            cv_slice_ieq(f->name, CV_S("Content-Class")) ||
            cv_slice_ieq(f->name, CV_S("Content-Length")))
            continue;
        cv_buf_put_slice(buf, f->name);
        cv_buf_put_byte(buf, ':');
        cv_buf_put_slice(buf, f->raw);
        if (!cv_slice_ends(f->raw, CV_S("\n")))
            cv_buf_put_str(buf, "\r\n");
    }
    cv_buf_put_str(buf, "\r\n");
    cv_buf_put_slice(buf, part->body_bytes);
}

static bool may_be_sealed(cv_slice original)
{
    cv_slice head = cv_slice_sub(original, 0, 64 << 10);
    return cv_slice_ifind(head, CV_S("multipart/signed"), 0) != CV_NPOS ||
           cv_slice_ifind(head, CV_S("multipart/encrypted"), 0) != CV_NPOS;
}

/* Mail that came signed or encrypted leaves with the same body bytes. */
static cv_status sealed_root(cv_to *t, cv_mime_node **root)
{
    cv_slice original = cv_object_original(t->obj);
    cv_mime_part *part = NULL;
    cv_buf buf;
    if (original.len > MAX_ENTITY || !may_be_sealed(original) ||
        !cv_object_is_class(t->obj, CV_S("IPM.Note")))
        return CV_OK;
    CV_TRY(cv_mime_read(t->arena, original, t->options->relax, &part, NULL,
                        t->err));
    if (!cv_mime_is(part, "multipart", "signed") &&
        !cv_mime_is(part, "multipart", "encrypted"))
        return CV_OK;
    *root = cv_mime_node_new(t->arena, "multipart", "signed");
    cv_buf_init(&buf, MAX_ENTITY + (1 << 20));
    put_content_fields(&buf, part);
    cv_slice entity = cv_buf_dup(&buf, t->arena);
    cv_buf_clear(&buf);
    if (!*root || !entity.ptr)
        return cv_arena_fail(t->arena, t->err);
    cv_mime_node_set_entity(*root, entity);
    return CV_OK;
}

cv_status cv_smime_to_mime(cv_to *t, cv_mime_node **root)
{
    const cv_attachment *a = only_attachment(t->obj);
    *root = NULL;
    if (!promises_smime(t->obj))
        return sealed_root(t, root);
    if (a && is_signed_class(t->obj))
        CV_TRY(signed_root(t, a, root));
    else if (a)
        CV_TRY(opaque_root(t, a, root));
    if (!*root)
        cv_report_say(t->report, CV_RULE_CLASS_UNKNOWN, CV_S(""),
                      CV_S("PidTagMessageClass"), cv_object_class(t->obj),
                      "rendered as an ordinary message");
    return CV_OK;
}
