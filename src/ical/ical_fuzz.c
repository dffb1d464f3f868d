/* Any bytes as calendar text; what was read is written and read again. */
#include "base/fuzz.h"
#include "ical/ical.h"

#define ITEMS_MOST 8

static cv_test_env clock_state = { 0, 1 };

static void write_and_parse(const cv_object *obj, cv_arena *arena,
                            const cv_env *env, cv_report *report)
{
    cv_ical_comp *root;
    cv_buf out;
    cv_ical_options options = { .attendee_critical_change = true,
                                .owner_critical_change = true,
                                .appt_sequence = true,
                                .cdo_tzid = true,
                                .env = env };
    cv_buf_init(&out, 0);
    if (cv_ical_write(obj, NULL, &options, &out, report, NULL) == CV_OK)
        CV_FUZZ_CHECK(cv_ical_parse(arena, cv_buf_slice(&out), &root, report,
                                    NULL) == CV_OK);
    cv_buf_clear(&out);
}

static void read_item(const cv_ical_item *item, cv_arena *arena,
                      cv_report *report)
{
    cv_env env = cv_env_test(&clock_state);
    cv_ical_context ctx = { .date_ticks = INT64_MIN,
                            .received_ticks = INT64_MIN,
                            .env = &env };
    cv_object *obj = NULL;
    bool usable = false;
    if (cv_object_new(0, &obj, NULL) != CV_OK)
        return;
    if (cv_ical_to_object(item, &ctx, obj, &usable, report, NULL) == CV_OK &&
        usable)
        write_and_parse(obj, arena, &env, report);
    cv_object_free(&obj);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cv_arena *arena = NULL;
    cv_report *report = NULL;
    cv_ical_comp *root;
    cv_ical_item *items;
    size_t count = 0;
    if (cv_arena_new(0, &arena, NULL) == CV_OK &&
        cv_report_new(&report, NULL) == CV_OK &&
        cv_ical_parse(arena, cv_slice_of(data, size), &root, report, NULL) ==
            CV_OK &&
        cv_ical_items(arena, root, &items, &count, report, NULL) == CV_OK)
        for (size_t i = 0; i < count && i < ITEMS_MOST; i++)
            read_item(&items[i], arena, report);
    cv_report_free(&report);
    cv_arena_free(&arena);
    return 0;
}
