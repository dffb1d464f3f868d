/* Any bytes as an archive, with a small budget. */
#include "archive/archive_read.h"
#include "base/fuzz.h"

static cv_status each(void *ctx, const cv_archive_entry *entry, cv_error *err)
{
    size_t *total = ctx;
    (void)err;
    CV_FUZZ_CHECK(entry->name.len != 0);
    *total += entry->bytes.len;
    return CV_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { BYTES = 1 << 20 };
    size_t total = 0;
    cv_archive_budget budget = { BYTES, 100, BYTES / 4 };
    cv_archive_walker walker = { each, &total };
    cv_slice in = cv_slice_of(data, size);
    if (cv_archive_is(in))
        CV_IGNORE(cv_archive_walk(in, CV_S("x.gz"), &budget, &walker, NULL,
                                  NULL)); /* any status is fine */
    CV_FUZZ_CHECK(total <= BYTES);
    return 0;
}
