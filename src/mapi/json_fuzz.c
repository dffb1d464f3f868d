/* Any bytes as an object's JSON and as a report's; what was read is written
 * and read again. */
#include "base/fuzz.h"
#include "mapi/json.h"

static void write_and_read(const cv_object *obj, cv_report *report)
{
    cv_object *again = NULL;
    cv_buf out;
    cv_buf_init(&out, 0);
    cv_sink sink = cv_buf_sink(&out);
    if (cv_object_to_json(obj, CV_JSON_FULL, &sink, NULL) == CV_OK) {
        CV_FUZZ_CHECK(cv_object_from_json(cv_buf_slice(&out), &again, report,
                                          NULL) == CV_OK);
        CV_FUZZ_CHECK(cv_object_attachment_count(obj) ==
                      cv_object_attachment_count(again));
    }
    cv_object_free(&again);
    cv_buf_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cv_object *obj = NULL;
    cv_report *report = NULL;
    cv_slice in = cv_slice_of(data, size);
    if (cv_report_new(&report, NULL) != CV_OK)
        return 0;
    CV_IGNORE(cv_report_from_json(in, report, NULL));
    if (cv_object_from_json(in, &obj, report, NULL) == CV_OK)
        write_and_read(obj, report);
    cv_object_free(&obj);
    cv_report_free(&report);
    return 0;
}
