#include "base/zonedata.h"

#include "base/wintime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define SEC(s) (INT64_C(s) * CV_TICKS_PER_SEC)

static void names_are_known_exactly(void **state)
{
    static const struct {
        const char *name;
        bool known;
    } rows[] = {
        { "Europe/Berlin", true },
        { "America/New_York", true },
        { "Etc/UTC", true },
        { "US/Pacific", true }, /* an alias */
        { "Europe/Nowhere", false },
        { "", false },
        { "GMT+03:00", false }, /* ICU's own custom form */
        { "Europe/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
          false },
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++)
        assert_int_equal(cv_zone_is_known(rows[i].name), rows[i].known);
}

static void windows_ids_are_found(void **state)
{
    char id[CV_ZONE_ID] = "untouched";
    (void)state;
    assert_true(cv_zone_windows_id("Europe/Berlin", id));
    assert_string_equal(id, "W. Europe Standard Time");
    assert_true(cv_zone_windows_id("US/Pacific", id));
    assert_string_equal(id, "Pacific Standard Time");
    assert_false(cv_zone_windows_id("Europe/Nowhere", id));
    assert_string_equal(id, "Pacific Standard Time");
}

static bool count_until_paris(void *ctx, const char *iana)
{
    ++*(int *)ctx;
    return strcmp(iana, "Europe/Paris") == 0;
}

static bool count_all(void *ctx, const char *iana)
{
    (void)iana;
    ++*(int *)ctx;
    return false;
}

static void walk_ends_where_it_is_told(void **state)
{
    int all = 0, some = 0;
    (void)state;
    assert_false(cv_zone_each(count_all, &all));
    assert_true(cv_zone_each(count_until_paris, &some));
    assert_true(all > 400);
    assert_true(some > 0 && some < all);
}

/* 2026-03-29 01:00 UTC and 2026-10-25 01:00 UTC. */
static void offsets_and_changes_of_berlin(void **state)
{
    const int64_t spring = SEC(1774746000), autumn = SEC(1792890000);
    cv_zone *zone = NULL;
    int64_t at = 0;
    (void)state;
    assert_int_equal(cv_zone_open("Europe/Berlin", &zone, NULL), CV_OK);
    assert_int_equal(cv_zone_offset_minutes(zone, spring - 10000), 60);
    assert_int_equal(cv_zone_offset_minutes(zone, spring), 120);
    assert_int_equal(cv_zone_offset_minutes(zone, autumn), 60);
    assert_true(cv_zone_next_change(zone, SEC(1767225600), &at));
    assert_true(at == spring);
    assert_true(cv_zone_next_change(zone, at, &at));
    assert_true(at == autumn);
    cv_zone_free(&zone);
    assert_null(zone);
    cv_zone_free(&zone);
}

static void zone_without_changes_has_none(void **state)
{
    cv_zone *zone = NULL;
    int64_t at = 7;
    (void)state;
    assert_int_equal(cv_zone_open("Etc/UTC", &zone, NULL), CV_OK);
    assert_int_equal(cv_zone_offset_minutes(zone, 0), 0);
    assert_false(cv_zone_next_change(zone, 0, &at));
    assert_int_equal(at, 7);
    cv_zone_free(&zone);
}

static void unknown_zone_cannot_be_opened(void **state)
{
    cv_zone *zone = NULL;
    cv_error err;
    (void)state;
    assert_int_equal(cv_zone_open("Europe/Nowhere", &zone, &err),
                     CV_ERR_NOTFOUND);
    assert_string_equal(err.what, "no time zone Europe/Nowhere");
    assert_null(zone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_known_exactly),
        cmocka_unit_test(windows_ids_are_found),
        cmocka_unit_test(walk_ends_where_it_is_told),
        cmocka_unit_test(offsets_and_changes_of_berlin),
        cmocka_unit_test(zone_without_changes_has_none),
        cmocka_unit_test(unknown_zone_cannot_be_opened),
    };
    return cmocka_run_group_tests_name("zonedata", tests, NULL, NULL);
}
