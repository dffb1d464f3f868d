/* One line of `--report`: the outcome of one input. Source: object-json.md. */
#include "convert/convert.h"

#include "mapi/json.h"

void cv_report_put_line(const cv_report *report, cv_slice input,
                        cv_slice output, const char *status,
                        cv_slice message_class, cv_buf *out)
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
    if (message_class.len)
        cv_json_put_text(&w, "messageClass", message_class);
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
