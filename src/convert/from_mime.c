/* A mail as a message object. Source: spec mime-mapping.md B. */
#include "convert/from_mime.h"

#include "base/text.h"

#define MAX_DISPLAY_BYTES 4096 /* names in PidTagDisplayTo and the like */

static cv_slice body_charset(const cv_mime_part *root)
{
    const cv_mime_part *part = root;
    for (unsigned i = 0; i < 8 && part->child_count; i++)
        part = part->children[0];
    return cv_mime_param_get(part, CV_S("charset"));
}

/* "InfoPathForm.GUID.name": the class has the GUID, a property the name. */
static void class_of_form(cv_from *c, cv_slice rest)
{
    cv_slice name = rest;
    cv_slice guid = cv_slice_cut(&name, '.');
    if (!guid.len || guid.len > 40 || !cv_is_ascii(guid))
        return;
    cv_bag_set_string(
        c->props, CV_PidTagMessageClass,
        cv_arena_printf(c->arena, "IPM.InfoPathForm.%.*s", CV_FMT(guid)));
    if (name.ptr && name.len)
        cv_bag_set_string(c->props, CV_PidLidInfoPathFormName, name);
}

/* Content-Class only counts where nothing else told the class; B3. */
static void class_of_content_class(cv_from *c)
{
    static const struct {
        const char *value, *message_class;
    } classes[] = {
        { "fax", "IPM.Note.Microsoft.Fax" },
        { "fax-ca", "IPM.Note.Microsoft.Fax.CA" },
        { "missedcall", "IPM.Note.Microsoft.Missed.Voice" },
        { "voice-uc", "IPM.Note.Microsoft.Conversation.Voice" },
        { "voice-ca", "IPM.Note.Microsoft.Voicemail.UM.CA" },
        { "voice", "IPM.Note.Microsoft.Voicemail.UM" },
    };
    const cv_slice custom = CV_S("urn:content-class:custom.");
    const cv_slice form = CV_S("InfoPathForm.");
    cv_slice value =
        cv_bag_string_or(c->props, CV_PidNameContentClass, CV_S(""));
    for (size_t i = 0; i < CV_LEN(classes); i++)
        if (cv_slice_ieq(value, cv_slice_cstr(classes[i].value)))
            cv_bag_set_string(c->props, CV_PidTagMessageClass,
                              cv_slice_cstr(classes[i].message_class));
    if (cv_slice_istarts(value, custom) && value.len < 200)
        cv_bag_set_string(c->props, CV_PidTagMessageClass,
                          cv_arena_printf(c->arena, "IPM.Note.Custom.%.*s",
                                          CV_FMT(cv_slice_sub(value, custom.len,
                                                              value.len))));
    if (cv_slice_istarts(value, form))
        class_of_form(c, cv_slice_sub(value, form.len, value.len));
}

static cv_status ordinary(cv_from *c)
{
    cv_parts parts;
    bool calendar = false, keep = false;
    CV_TRY(cv_parts_collect(c, c->root, &parts));
    CV_TRY(cv_tnef_from_mime(c, &parts));
    CV_TRY(cv_calendar_from_mime(c, &parts, &calendar, &keep));
    if (parts.calendar && parts.calendar_rank == CV_CAL_PROPER && keep)
        CV_TRY(cv_parts_add_file(c, &parts, parts.calendar, false));
    CV_TRY(cv_body_from_mime(c, &parts));
    if (!calendar && parts.calendar && parts.calendar_rank == CV_CAL_PROPER)
        CV_TRY(cv_calendar_body(c, &parts));
    CV_TRY(cv_tnef_merge(c, &parts));
    CV_TRY(cv_attachments_from_mime(c, &parts));
    if (!calendar && cv_slice_ieq(cv_object_class(c->obj), CV_S("IPM.Note")))
        class_of_content_class(c);
    return CV_OK;
}

/* "Bob; Eve": what a list of messages shows of the rows. */
static void set_display(cv_from *c, cv_tag tag, int32_t type)
{
    cv_buf buf;
    cv_buf_init(&buf, MAX_DISPLAY_BYTES);
    for (size_t i = 0; i < cv_object_recipient_count(c->obj); i++) {
        const cv_bag *row = cv_object_recipient(c->obj, i);
        cv_slice name = cv_bag_string_or(row, CV_PidTagDisplayName, CV_S(""));
        if (cv_row_type(row) != type || !name.len ||
            !cv_row_is_mailed(c->obj, row) ||
            buf.len + name.len + 2 > MAX_DISPLAY_BYTES)
            continue;
        cv_buf_put_str(&buf, buf.len ? "; " : "");
        cv_buf_put_slice(&buf, name);
    }
    cv_bag_set_string(c->props, tag, cv_buf_slice(&buf));
    cv_buf_clear(&buf);
}

cv_status cv_message_from_mime(cv_from *c)
{
    bool used = false;
    c->charset = body_charset(c->root);
    c->date = INT64_MIN;
    c->from = (cv_mime_address){ CV_S(""), CV_S(""), CV_S("") };
    cv_object_set_source(c->obj, "mime");
    cv_object_set_original(c->obj, c->root->entity_bytes);
    CV_TRY(cv_headers_from_mime(c));
    CV_TRY(cv_smime_from_mime(c, &used));
    if (!used)
        CV_TRY(cv_report_from_mime(c, &used));
    if (!used)
        CV_TRY(ordinary(c));
    set_display(c, CV_PidTagDisplayTo, CV_RECIP_TO);
    set_display(c, CV_PidTagDisplayCc, CV_RECIP_CC);
    set_display(c, CV_PidTagDisplayBcc, CV_RECIP_BCC);
    return cv_arena_status(c->arena) == CV_OK ? CV_OK
                                              : cv_arena_fail(c->arena, c->err);
}

static cv_status full(cv_slice in, const cv_convert_options *options,
                      cv_object *obj, cv_report *report, cv_error *err)
{
    cv_mime_part *root = NULL;
    CV_TRY(cv_mime_read(cv_object_arena(obj), in, options->relax, &root, report,
                        err));
    cv_from c = { .options = options,
                  .report = report,
                  .err = err,
                  .arena = cv_object_arena(obj),
                  .obj = obj,
                  .props = cv_object_props(obj),
                  .root = root };
    CV_TRY(cv_message_from_mime(&c));
    cv_object_set_original(obj, in);
    return CV_OK;
}

cv_status cv_from_mime(cv_slice in, const cv_convert_options *options,
                       cv_object **out, cv_report *report, cv_error *err)
{
    cv_object *obj = NULL;
    cv_error why = { .code = CV_OK };
    cv_status st = cv_object_new(cv_opt_budget(options), &obj, &why);
    if (st == CV_OK)
        st = full(in, options, obj, report, &why);
    if (st == CV_OK) {
        *out = obj;
        return CV_OK;
    }
    cv_object_free(&obj);
    cv_report_say(report, CV_RULE_LADDER_MINIMAL, CV_S(""), CV_S(""), CV_S(""),
                  "%s", why.what);
    return cv_from_mime_minimal(in, &options->env, out, report, err);
}
