#include "mapi/globalid.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static cv_arena *arena;

static int setup(void **state)
{
    (void)state;
    return cv_arena_new(0, &arena, NULL);
}

static int teardown(void **state)
{
    (void)state;
    cv_arena_free(&arena);
    return 0;
}

static cv_slice unhex(const char *hex)
{
    cv_slice out = { NULL, 0 };
    assert_int_equal(cv_hex_decode(arena, cv_slice_cstr(hex), &out, NULL),
                     CV_OK);
    return out;
}

static void assert_text(cv_slice got, const char *want)
{
    assert_non_null(got.ptr);
    assert_true(cv_slice_eq(got, cv_slice_cstr(want)));
}

/* The vectors of ical-mapping.md 8. */
static const char instance[] =
    "040000008200E00074C5B7101A82E00807D40910E040C9C12685C401000000000000000010"
    "0000000BF0ED4B6E4EE94E9E39E3867B378EF3";
static const char series[] =
    "040000008200E00074C5B7101A82E00800000000E040C9C12685C401000000000000000010"
    "0000000BF0ED4B6E4EE94E9E39E3867B378EF3";
static const char foreign[] =
    "040000008200E00074C5B7101A82E0080000000000000000000000000000000000000000"
    "330000007643616C2D556964010000007B38313431324433432D324132342D344539442D"
    "423230452D3131463742424539323739397D00";
static const char foreign_uid[] = "{81412D3C-2A24-4E9D-B20E-11F7BBE92799}";
static const char foreign_instance[] =
    "040000008200E00074C5B7101A82E00807EA0B16000000000000000000000000000000001F"
    "0000007643616C2D55696401000000616263313233406578616D706C652E636F6D00";

static void an_instance_shares_the_uid_of_its_series(void **state)
{
    cv_globalid id;
    (void)state;
    assert_int_equal(cv_globalid_parse(unhex(instance), &id), CV_OK);
    assert_int_equal(id.year, 2004);
    assert_int_equal(id.month, 9);
    assert_int_equal(id.day, 16);
    assert_true(id.creation == UINT64_C(0x01C48526C1C940E0));
    assert_int_equal(id.data.len, 16);
    assert_text(cv_globalid_to_uid(arena, unhex(instance)), series);
    assert_text(cv_globalid_to_uid(arena, unhex(series)), series);
}

static void a_foreign_uid_is_wrapped_and_unwrapped(void **state)
{
    (void)state;
    cv_slice blob =
        cv_globalid_of_uid(arena, cv_slice_cstr(foreign_uid), 0, 0, 0);
    assert_true(cv_slice_eq(blob, unhex(foreign)));
    assert_text(cv_globalid_to_uid(arena, blob), foreign_uid);
    blob = cv_globalid_of_uid(arena, CV_S("abc123@example.com"), 2026, 11, 22);
    assert_true(cv_slice_eq(blob, unhex(foreign_instance)));
    assert_text(cv_globalid_to_uid(arena, blob), "abc123@example.com");
}

static void a_foreign_uid_may_lack_its_nul(void **state)
{
    (void)state;
    assert_text(cv_globalid_to_uid(
                    arena, unhex("040000008200E00074C5B7101A82E00800000000"
                                 "00000000000000000000000000000000"
                                 "0D0000007643616C2D5569640100000061")),
                "a");
}

static void a_hex_uid_becomes_the_same_blob_in_any_case(void **state)
{
    (void)state;
    cv_slice lower = cv_ascii_lower(arena, cv_slice_cstr(series));
    assert_true(
        cv_slice_eq(cv_globalid_of_uid(arena, lower, 0, 0, 0), unhex(series)));
    assert_true(cv_slice_eq(cv_globalid_of_uid(arena, lower, 2004, 9, 16),
                            unhex(instance)));
    /* A date that the UID holds already stays. */
    assert_true(cv_slice_eq(
        cv_globalid_of_uid(arena, cv_slice_cstr(instance), 2026, 1, 1),
        unhex(instance)));
}

static void a_hex_uid_that_is_inconsistent_is_foreign(void **state)
{
    static const char *const rows[] = {
        "040000008200E00074C5B7101A82E008",   /* no length */
        "040000008200E00074C5B7101A82E0080",  /* odd */
        "040000008200E00074C5B7101A82E008ZZ", /* no hex */
        /* length one too small */
        ("040000008200E00074C5B7101A82E008000000000000000000000000"
         "000000000000000001000000AABB"),
        "",
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        cv_slice uid = cv_slice_cstr(rows[i]);
        cv_slice blob = cv_globalid_of_uid(arena, uid, 0, 0, 0);
        cv_globalid id;
        assert_int_equal(cv_globalid_parse(blob, &id), CV_OK);
        assert_int_equal(id.data.len, uid.len + 13);
        if (uid.len > 0)
            assert_text(cv_globalid_to_uid(arena, blob), rows[i]);
    }
}

static void a_bad_instance_date_counts_as_none(void **state)
{
    static const struct {
        uint8_t date[4];
    } rows[] = { { { 0x06, 0x40, 1, 1 } },  /* 1600 */
                 { { 0x11, 0x95, 1, 1 } },  /* 4501 */
                 { { 0x07, 0xD4, 13, 1 } }, /* month 13 */
                 { { 0x07, 0xD5, 2, 29 } }, /* no leap year */
                 { { 0x07, 0xD4, 0, 1 } } };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        uint8_t blob[56];
        cv_slice good = unhex(instance);
        cv_globalid id;
        for (size_t k = 0; k < sizeof(blob); k++)
            blob[k] = k >= 16 && k < 20 ? rows[i].date[k - 16] : good.ptr[k];
        assert_int_equal(
            cv_globalid_parse(cv_slice_of(blob, sizeof(blob)), &id), CV_OK);
        assert_int_equal(id.year, 0);
        assert_int_equal(id.month, 0);
    }
    assert_true(
        cv_slice_eq(cv_globalid_with_date(arena, unhex(series), 2005, 2, 29),
                    unhex(series)));
}

static void the_instance_date_can_be_set_and_cleared(void **state)
{
    (void)state;
    assert_true(
        cv_slice_eq(cv_globalid_with_date(arena, unhex(series), 2004, 9, 16),
                    unhex(instance)));
    assert_true(cv_slice_eq(
        cv_globalid_with_date(arena, unhex(instance), 0, 0, 0), unhex(series)));
    cv_slice shorter = cv_globalid_with_date(arena, CV_S("abc"), 2004, 9, 16);
    assert_true(cv_slice_eq(shorter, CV_S("abc")));
}

static void every_prefix_is_refused(void **state)
{
    cv_slice blob = unhex(instance);
    cv_globalid id = { .year = 7 };
    (void)state;
    for (size_t len = 0; len < blob.len; len++) {
        uint8_t *exact = malloc(len + 1); /* sanitizers see its end */
        assert_non_null(exact);
        memcpy(exact + 1, blob.ptr, len);
        assert_int_equal(cv_globalid_parse(cv_slice_of(exact + 1, len), &id),
                         CV_ERR_TRUNC);
        free(exact);
    }
    assert_int_equal(id.year, 7);
    cv_slice other = cv_globalid_with_date(arena, blob, 0, 0, 0);
    ((uint8_t *)(uintptr_t)other.ptr)[0] ^= 1;
    assert_int_equal(cv_globalid_parse(other, &id), CV_ERR_SYNTAX);
    assert_null(cv_globalid_to_uid(arena, other).ptr);
}

static void a_new_one_holds_clock_and_chance(void **state)
{
    cv_test_env fixed = { .now = 0, .seed = 1 };
    cv_env env = cv_env_test(&fixed);
    cv_globalid id;
    (void)state;
    cv_slice blob = cv_globalid_new(arena, &env);
    assert_int_equal(blob.len, 56);
    assert_int_equal(cv_globalid_parse(blob, &id), CV_OK);
    assert_true(id.creation == UINT64_C(116444736000000000));
    assert_int_equal(id.year, 0);
    assert_int_equal(id.data.len, 16);
    assert_false(cv_slice_eq(blob, cv_globalid_new(arena, &env)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_instance_shares_the_uid_of_its_series),
        cmocka_unit_test(a_foreign_uid_is_wrapped_and_unwrapped),
        cmocka_unit_test(a_foreign_uid_may_lack_its_nul),
        cmocka_unit_test(a_hex_uid_becomes_the_same_blob_in_any_case),
        cmocka_unit_test(a_hex_uid_that_is_inconsistent_is_foreign),
        cmocka_unit_test(a_bad_instance_date_counts_as_none),
        cmocka_unit_test(the_instance_date_can_be_set_and_cleared),
        cmocka_unit_test(every_prefix_is_refused),
        cmocka_unit_test(a_new_one_holds_clock_and_chance),
    };
    return cmocka_run_group_tests_name("globalid", tests, setup, teardown);
}
