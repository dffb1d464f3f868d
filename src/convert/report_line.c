/* One line of `--report`: the outcome of one input. Source: object-json.md. */
#include "convert/convert.h"

#include "base/text.h"
#include "mapi/json.h"

#define ID_BYTES 1000 /* of a subject or an id in a line */

cv_message_ids cv_message_ids_of(const cv_object *obj)
{
    cv_message_ids ids = { CV_S(""), CV_S(""), CV_S("") };
    if (!obj)
        return ids;
    const cv_bag *bag = cv_object_props(obj);
    ids.message_class = cv_object_class(obj);
    (void)cv_bag_string(bag, CV_PidTagSubject, &ids.subject);
    (void)cv_bag_string(bag, CV_PidTagInternetMessageId, &ids.message_id);
    return ids;
}

static void put_id(cv_json_writer *w, const char *key, cv_slice value)
{
    if (value.len)
        cv_json_put_text(w, key, cv_utf8_clip(value, ID_BYTES));
}

void cv_report_put_line(const cv_report *report, cv_slice input,
                        cv_slice output, const char *status,
                        cv_message_ids about, cv_buf *out)
{
    static const char *const steps[] = { [CV_LADDER_FULL] = "full",
                                         [CV_LADDER_PARTIAL] = "partial",
                                         [CV_LADDER_MINIMAL] = "minimal" };
    cv_json_writer w = cv_json_writer_of(out, false);
    cv_json_begin_object(&w, NULL);
    cv_json_put_text(&w, "input", input);
    if (output.len)
        cv_json_put_text(&w, "output", output);
    else
        cv_json_put_null(&w, "output");
    cv_json_put_str(&w, "status", status);
    put_id(&w, "messageClass", about.message_class);
    put_id(&w, "subject", about.subject);
    put_id(&w, "messageId", about.message_id);
    cv_json_put_str(&w, "ladder", steps[cv_report_step(report)]);
    if (cv_report_dropped(report))
        cv_json_put_int(&w, "findingsDropped",
                        (int64_t)cv_report_dropped(report));
    cv_buf findings;
    cv_buf_init(&findings, 0);
    cv_report_put_json(report, &findings);
    cv_json_put_raw(&w, "findings", cv_buf_slice(&findings));
    cv_buf_clear(&findings);
    cv_json_end_object(&w);
    cv_buf_put_byte(out, '\n');
}
