/* Any bytes as TNEF; what was read is written and read again. */
#include "base/fuzz.h"
#include "tnef/tnef.h"

/* The stream of obj, and what is read from it. */
static cv_object *through(const cv_object *obj, cv_buf *out)
{
    const cv_tnef_write_options whole = { .recipients = true };
    cv_object *again = NULL;
    cv_buf_init(out, 0);
    cv_sink sink = cv_buf_sink(out);
    if (cv_tnef_write(obj, &whole, &sink, NULL, NULL) == CV_OK)
        CV_FUZZ_CHECK(cv_tnef_read(cv_buf_slice(out), &again, NULL, NULL) ==
                      CV_OK);
    return again;
}

/* 8-bit text may have to change its code page the first time. */
static void write_and_read(const cv_object *obj)
{
    cv_buf first, second;
    cv_buf_init(&second, 0);
    cv_object *once = through(obj, &first);
    cv_object *twice = once ? through(once, &second) : NULL;
    if (twice) {
        CV_FUZZ_CHECK(cv_object_recipient_count(once) ==
                      cv_object_recipient_count(obj));
        CV_FUZZ_CHECK(cv_object_attachment_count(once) ==
                      cv_object_attachment_count(obj));
        CV_FUZZ_CHECK(cv_object_eq(once, twice));
    }
    cv_object_free(&twice);
    cv_object_free(&once);
    cv_buf_clear(&second);
    cv_buf_clear(&first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cv_object *obj = NULL;
    cv_report *report = NULL;
    if (cv_report_new(&report, NULL) != CV_OK)
        return 0;
    if (cv_tnef_read(cv_slice_of(data, size), &obj, report, NULL) == CV_OK)
        write_and_read(obj);
    cv_object_free(&obj);
    cv_report_free(&report);
    return 0;
}
