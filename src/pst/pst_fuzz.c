/* Any bytes as a PST: all that can be reached is read, recovered items, too. */
#include "base/fuzz.h"
#include "pst/pst.h"

typedef struct run {
    cv_pst *pst;
    cv_report *report;
} run;

/* Data of attachments is read as well. */
static cv_status ignore(void *ctx, const void *bytes, size_t len, cv_error *err)
{
    (void)ctx;
    (void)bytes;
    (void)len;
    (void)err;
    return CV_OK;
}

static cv_status each(void *ctx, const cv_pst_item *item, cv_error *err)
{
    run *r = ctx;
    cv_object *obj = NULL;
    cv_sink sink = { ignore, NULL };
    (void)err;
    if (cv_pst_read(r->pst, item, &obj, r->report, NULL) != CV_OK)
        return CV_OK;
    for (size_t i = 0; i < cv_object_attachment_count(obj); i++) {
        cv_attachment *att = cv_object_attachment(obj, i);
        if (att->has_data)
            CV_IGNORE(cv_blob_pump(&att->data, &sink, NULL)); /* may fail */
    }
    cv_object_free(&obj);
    return CV_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    run r = { 0 };
    cv_pst_walker walker = { .recover = true, .each = each, .ctx = &r };
    if (cv_report_new(&r.report, NULL) != CV_OK)
        return 0;
    if (cv_pst_open(cv_slice_of(data, size), &r.pst, r.report, NULL) == CV_OK)
        CV_FUZZ_CHECK(cv_pst_walk(r.pst, &walker, r.report, NULL) == CV_OK);
    cv_pst_close(&r.pst);
    cv_report_free(&r.report);
    return 0;
}
