#include "convert/write.h"

#include "convert/private.h"

#include "base/text.h"
#include "mapi/json.h"
#include "msg/msg.h"
#include "tnef/tnef.h"

typedef cv_status (*write_fn)(const cv_object *obj,
                              const cv_convert_options *options,
                              const cv_sink *out, cv_report *report,
                              cv_error *err);

static cv_status write_msg(const cv_object *obj,
                           const cv_convert_options *options,
                           const cv_sink *out, cv_report *report, cv_error *err)
{
    (void)options;
    return cv_msg_write(obj, out, report, err);
}

/* A file stands alone: its recipients are in it. */
static cv_status write_tnef(const cv_object *obj,
                            const cv_convert_options *options,
                            const cv_sink *out, cv_report *report,
                            cv_error *err)
{
    const cv_tnef_write_options whole = { .recipients = true };
    (void)options;
    return cv_tnef_write(obj, &whole, out, report, err);
}

static cv_status write_json(const cv_object *obj,
                            const cv_convert_options *options,
                            const cv_sink *out, cv_report *report,
                            cv_error *err)
{
    (void)options;
    (void)report;
    return cv_object_to_json(obj, CV_JSON_PRETTY, out, err);
}

static cv_status write_full_json(const cv_object *obj,
                                 const cv_convert_options *options,
                                 const cv_sink *out, cv_report *report,
                                 cv_error *err)
{
    (void)options;
    (void)report;
    return cv_object_to_json(obj, CV_JSON_PRETTY | CV_JSON_FULL, out, err);
}

static const struct {
    const char *name, *extension;
    write_fn write;
} forms[CV_FORM_COUNT] = {
    [CV_FORM_EML] = { "eml", ".eml", cv_to_mime },
    [CV_FORM_ICS] = { "ics", ".ics", cv_to_ical },
    [CV_FORM_MSG] = { "msg", ".msg", write_msg },
    [CV_FORM_TNEF] = { "tnef", ".tnef", write_tnef },
    [CV_FORM_JSON] = { "json", ".json", write_json },
    [CV_FORM_JSON_FULL] = { "json-full", ".json", write_full_json },
    [CV_FORM_VCF] = { "vcf", ".vcf", cv_to_vcard },
};

const char *cv_form_name(cv_form form)
{
    return forms[form].name;
}

bool cv_form_of(cv_slice name, cv_form *out)
{
    for (size_t i = 0; i < CV_FORM_COUNT; i++)
        if (cv_slice_eq(name, cv_slice_cstr(forms[i].name))) {
            *out = (cv_form)i;
            return true;
        }
    return false;
}

const char *cv_form_extension(cv_form form)
{
    return forms[form].extension;
}

cv_status cv_write(const cv_object *obj, cv_form form,
                   const cv_convert_options *options, const cv_sink *out,
                   cv_report *report, cv_error *err)
{
    if ((size_t)form >= CV_FORM_COUNT)
        return cv_fail(err, CV_ERR_RANGE, "no such form");
    return forms[form].write(obj, options, out, report, err);
}
