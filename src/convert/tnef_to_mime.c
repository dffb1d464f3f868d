/* The policy content-conversion.rich-format: a winmail.dat in place of MIME's
 * parts, or beside them. Source: spec tnef.md 8, mime-mapping.md A13;
 * [MS-OXCMAIL] 2.1.3.1, 2.1.3.3.2. */
#include "convert/to_mime.h"

#include "base/text.h"
#include "tnef/tnef.h"

/* A stream that is made while the mail is written. */
typedef struct carried {
    const cv_object *obj; /* borrowed */
    cv_tnef_write_options options;
    cv_report *report; /* NULL from the second time on */
} carried;

static cv_status pump(void *ctx, const cv_sink *to, cv_error *err)
{
    carried *c = ctx;
    cv_report *report = c->report;
    c->report = NULL;
    return cv_tnef_write(c->obj, &c->options, to, report, err);
}

static cv_mime_node *winmail_node(cv_to *t,
                                  const cv_tnef_write_options *options)
{
    cv_mime_node *n = cv_mime_node_new(t->arena, "application", "ms-tnef");
    carried *c = cv_arena_alloc(t->arena, sizeof *c);
    cv_blob *data = cv_arena_alloc(t->arena, sizeof *data);
    if (!n || !c || !data)
        return NULL;
    *c = (carried){ t->view, *options, t->report };
    /* Ties the stream to this mail: see cv_tnef_from_mime(). */
    c->options.correlation_key = cv_arena_dup(t->arena, t->message_id);
    c->options.correlation_key.len++; /* the NUL behind it */
    *data = (cv_blob){ .size_bytes = UINT64_MAX, .pump = pump, .ctx = c };
    cv_mime_node_disposition(n, "attachment");
    cv_mime_node_param(n, "name", CV_S("winmail.dat"));
    cv_mime_node_disposition_param(n, "filename", CV_S("winmail.dat"));
    cv_mime_node_set_blob(n, data);
    return n;
}

static cv_status out_of_memory(const cv_to *t)
{
    return cv_arena_fail(t->arena, t->err);
}

cv_status cv_tnef_to_mime(cv_to *t, cv_mime_node **root)
{
    static const cv_tnef_write_options whole = { .recipients = false };
    cv_body body;
    cv_mime_node *text = NULL;
    CV_TRY(cv_body_choose(t, &body));
    body.has_html = false;
    CV_TRY(cv_body_to_mime(t, &body, &text));
    cv_mime_node *winmail = winmail_node(t, &whole);
    *root = cv_mime_node_new(t->arena, "multipart", "mixed");
    if (!winmail || !*root)
        return out_of_memory(t);
    cv_mime_node_add(*root, text);
    cv_mime_node_add(*root, winmail);
    return CV_OK;
}

/* -- beside MIME -- */

/* What the header and the parts say already, or who gets the mail is not to
 * know. RTF goes along only where no HTML says the same. */
static bool wants(const cv_object *obj, cv_tag tag)
{
    static const cv_tag carried_by_mime[] = {
        CV_PidTagBody,
        CV_PidTagHtml,
        CV_PidTagBodyHtml,
        CV_PidTagTransportMessageHeaders,
        CV_PidTagDisplayTo,
        CV_PidTagDisplayCc,
        CV_PidTagDisplayBcc,
        CV_PidTagInternetMessageId,
        CV_PidTagClientSubmitTime,
    };
    for (size_t i = 0; i < CV_LEN(carried_by_mime); i++)
        if (CV_TAG_ID(carried_by_mime[i]) == CV_TAG_ID(tag))
            return false;
    return CV_TAG_ID(tag) != CV_TAG_ID(CV_PidTagRtfCompressed) ||
           !cv_bag_has(cv_object_props(obj), CV_PidTagHtml);
}

/* The calendar part carries the exceptions of a series. */
static bool wants_attachment(const cv_attachment *att)
{
    return !att->embedded ||
           !cv_object_is_class(
               att->embedded,
               CV_S("IPM.OLE.CLASS.{00061055-0000-0000-C000-000000000046}"));
}

cv_status cv_tnef_beside_mime(cv_to *t, cv_mime_node **node)
{
    static const cv_tnef_write_options rest = { .wants = wants,
                                                .wants_attachment =
                                                    wants_attachment };
    *node = winmail_node(t, &rest);
    return *node ? CV_OK : out_of_memory(t);
}
