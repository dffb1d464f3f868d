/* Any bytes as a .msg; what was read is written and read again. */
#include "base/fuzz.h"
#include "msg/msg.h"

static void write_and_read(const cv_object *obj)
{
    cv_buf out;
    cv_object *again = NULL;
    cv_buf_init(&out, 0);
    cv_sink sink = cv_buf_sink(&out);
    if (cv_msg_write(obj, &sink, NULL, NULL) == CV_OK) {
        CV_FUZZ_CHECK(cv_msg_read(cv_buf_slice(&out), &again, NULL, NULL) ==
                      CV_OK);
        CV_FUZZ_CHECK(cv_object_recipient_count(again) ==
                      cv_object_recipient_count(obj));
    }
    cv_object_free(&again);
    cv_buf_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cv_object *obj = NULL;
    cv_report *report = NULL;
    if (cv_report_new(&report, NULL) != CV_OK)
        return 0;
    if (cv_msg_read(cv_slice_of(data, size), &obj, report, NULL) == CV_OK)
        write_and_read(obj);
    cv_object_free(&obj);
    cv_report_free(&report);
    return 0;
}
