/* Any bytes as a time zone blob of either form and as a zone's name. */
#include "base/fuzz.h"
#include "mapi/timezone.h"

#include "base/wintime.h"

#define HALF_YEAR (INT64_C(182) * 86400 * CV_TICKS_PER_SEC)

static void ask(const cv_timezone *tz)
{
    CV_FUZZ_CHECK(tz->rule_count >= 1 && tz->effective < tz->rule_count);
    for (int64_t i = -800; i < 800; i += 7) {
        int64_t utc = i * HALF_YEAR, onset = 0;
        (void)cv_timezone_offset_at(tz, utc);
        (void)cv_timezone_to_utc(tz, cv_timezone_to_local(tz, utc));
        const cv_tz_rule *rule = cv_timezone_rule(tz, 1970 + i / 2);
        (void)cv_tz_rule_has_dst(rule);
        (void)cv_tz_date_onset(&rule->daylight, 1970 + i / 2, &onset);
    }
}

static void put_and_parse(const cv_timezone *tz, cv_arena *arena)
{
    cv_timezone again;
    cv_buf out;
    cv_buf_init(&out, 0);
    cv_tzdef_put(&out, tz, 3);
    if (out.status == CV_OK)
        CV_FUZZ_CHECK(cv_tzdef_parse(arena, cv_buf_slice(&out), &again) ==
                      CV_OK);
    cv_buf_reset(&out);
    cv_tzreg_put(&out, &tz->rules[tz->effective]);
    CV_FUZZ_CHECK(out.status != CV_OK || out.len == 48);
    cv_buf_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cv_arena *arena = NULL;
    cv_timezone tz;
    cv_slice in = cv_slice_of(data, size);
    if (cv_arena_new(0, &arena, NULL) != CV_OK)
        return 0;
    if (cv_tzdef_parse(arena, in, &tz) == CV_OK) {
        ask(&tz);
        put_and_parse(&tz, arena);
    }
    if (cv_tzreg_parse(arena, in, &tz) == CV_OK) {
        ask(&tz);
        put_and_parse(&tz, arena);
    }
    if (cv_timezone_by_name(arena, in, &tz, NULL) == CV_OK)
        ask(&tz);
    cv_arena_free(&arena);
    return 0;
}
