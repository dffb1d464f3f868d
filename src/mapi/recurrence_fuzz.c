/* Any bytes as PidLidAppointmentRecur: expanded, described, written again. */
#include "base/fuzz.h"
#include "base/limits.h"
#include "mapi/recurrence.h"

#define DATES 100

static void expand(const cv_recurrence *r)
{
    uint32_t dates[DATES];
    size_t count = cv_recurrence_expand(r, r->start_date, dates, DATES);
    CV_FUZZ_CHECK(count <= DATES);
    for (size_t i = 0; i < count; i++) {
        CV_FUZZ_CHECK(i == 0 || dates[i - 1] < dates[i]);
        CV_FUZZ_CHECK(cv_recurrence_is_instance(r, dates[i]));
        (void)cv_recurrence_is_deleted(r, dates[i]);
    }
}

static void put_and_parse(cv_recurrence *r, cv_arena *arena)
{
    cv_recurrence again;
    bool damaged = false;
    cv_buf out;
    cv_buf_init(&out, 0);
    cv_recurrence_put(&out, r);
    if (out.status == CV_OK) {
        CV_FUZZ_CHECK(cv_recurrence_parse(arena, cv_buf_slice(&out), 1252,
                                          &again, &damaged, NULL) == CV_OK);
        CV_FUZZ_CHECK(again.exception_count == r->exception_count);
    }
    cv_buf_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cv_arena *arena = NULL;
    cv_recurrence r;
    bool damaged = false;
    if (cv_arena_new(0, &arena, NULL) != CV_OK)
        return 0;
    if (cv_recurrence_parse(arena, cv_slice_of(data, size), 1252, &r, &damaged,
                            NULL) == CV_OK) {
        expand(&r);
        (void)cv_recurrence_describe(arena, &r);
        put_and_parse(&r, arena);
        cv_recurrence_finish(&r);
        (void)cv_recurrence_first(&r);
    }
    cv_arena_free(&arena);
    return 0;
}
