#include "convert/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const cv_slice fix = {
    (const uint8_t *)"content-conversion.fix-recipient-track-status-time", 50
};

typedef struct fixture {
    cv_test_env state;
    cv_env env;
    cv_arena *arena;
    cv_convert_options *options;
} fixture;

static int setup(void **state)
{
    static fixture f;
    f = (fixture){ .state = { .now = 0 } };
    f.env = cv_env_test(&f.state);
    assert_int_equal(cv_arena_new(0, &f.arena, NULL), CV_OK);
    assert_int_equal(cv_convert_options_new(&f.env, &f.options, NULL), CV_OK);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    cv_convert_options_free(&f->options);
    cv_arena_free(&f->arena);
    return 0;
}

static void expect(fixture *f, cv_slice name, const char *value)
{
    cv_slice got;
    assert_int_equal(cv_convert_get(f->options, name, f->arena, &got, NULL),
                     CV_OK);
    assert_int_equal(got.len, strlen(value));
    assert_memory_equal(got.ptr, value, got.len);
}

static cv_slice change_line(void)
{
    return CV_S("content-conversion.attendee-critical-change");
}

static void the_fix_is_on_by_default(void **state)
{
    expect(*state, fix, "true");
    expect(*state, change_line(), "true");
    expect(*state, CV_S("content-conversion.profile"), "standard");
}

static void every_setting_has_a_readable_default(void **state)
{
    fixture *f = *state;
    size_t n = 0;
    for (; cv_convert_setting_at(n); n++) {
        const cv_convert_setting *s = cv_convert_setting_at(n);
        assert_non_null(strstr(s->name, "content-conversion."));
        assert_true(strlen(s->text) > 10);
        expect(f, cv_slice_cstr(s->name), s->fallback);
    }
    assert_true(n > 10);
}

static void a_boolean_takes_the_usual_words(void **state)
{
    fixture *f = *state;
    static const char *const off[] = { "false", "0", "No", "OFF" };
    for (size_t i = 0; i < CV_LEN(off); i++) {
        assert_int_equal(
            cv_convert_set(f->options, fix, cv_slice_cstr(off[i]), NULL),
            CV_OK);
        expect(f, fix, "false");
        assert_int_equal(cv_convert_set(f->options, fix, CV_S("1"), NULL),
                         CV_OK);
        expect(f, fix, "true");
    }
}

static void bad_names_and_values_change_nothing(void **state)
{
    fixture *f = *state;
    cv_error err;
    assert_int_equal(
        cv_convert_set(f->options, CV_S("no.such"), CV_S("1"), &err),
        CV_ERR_NOTFOUND);
    assert_int_equal(cv_convert_set(f->options, fix, CV_S("maybe"), &err),
                     CV_ERR_SYNTAX);
    assert_string_equal(err.what, "\"maybe\" is neither true nor false");
    assert_int_equal(cv_convert_set(f->options,
                                    CV_S("content-conversion.memory-bytes"),
                                    CV_S("-1"), &err),
                     CV_ERR_RANGE);
    assert_int_equal(cv_convert_set(f->options,
                                    CV_S("content-conversion.profile"),
                                    CV_S("exchange2099"), &err),
                     CV_ERR_RANGE);
    expect(f, fix, "true");
    expect(f, CV_S("content-conversion.memory-bytes"), "0");
}

static void a_profile_sets_its_rows_but_never_the_fix(void **state)
{
    fixture *f = *state;
    static const char *const all[] = { "exchange2007", "exchange2003",
                                       "standard" };
    for (size_t i = 0; i < CV_LEN(all); i++) {
        assert_int_equal(cv_convert_set(f->options,
                                        CV_S("content-conversion.profile"),
                                        cv_slice_cstr(all[i]), NULL),
                         CV_OK);
        expect(f, fix, "true");
        expect(f, change_line(), i == 0 ? "false" : "true");
        expect(f, CV_S("content-conversion.counter-as-reply"),
               i == 1 ? "true" : "false");
    }
}

static void what_was_set_by_name_outlasts_a_profile(void **state)
{
    fixture *f = *state;
    assert_int_equal(
        cv_convert_set(f->options, change_line(), CV_S("true"), NULL), CV_OK);
    assert_int_equal(cv_convert_set(f->options,
                                    CV_S("content-conversion.profile"),
                                    CV_S("exchange2007"), NULL),
                     CV_OK);
    expect(f, change_line(), "true");
}

static void a_copy_has_the_same_values(void **state)
{
    fixture *f = *state;
    assert_int_equal(cv_convert_set(f->options, fix, CV_S("false"), NULL),
                     CV_OK);
    cv_convert_options *copy = NULL;
    assert_int_equal(cv_convert_options_dup(f->options, &copy, NULL), CV_OK);
    cv_convert_options_free(&f->options);
    f->options = copy;
    expect(f, fix, "false");
    expect(f, change_line(), "true");
}

static void the_address_map_reads_csv_and_ldif(void **state)
{
    fixture *f = *state;
    static const char *const good[] = {
        "dn,smtp\n/o=Org/cn=Bob,bob@x.example\n",
        "\"/o=Org/cn=Bob\" , \"bob@x.example\"\r\n# comment\r\n\r\n",
        "dn: cn=Bob\nlegacyExchangeDN: /o=Org/cn=B\n ob\nmail: bob@x.example\n"
    };
    for (size_t i = 0; i < CV_LEN(good); i++) {
        cv_slice address;
        assert_int_equal(cv_convert_set_address_map(
                             f->options, cv_slice_cstr(good[i]), NULL),
                         CV_OK);
        assert_true(cv_opt_resolve(f->options, f->arena, CV_S("EX"),
                                   CV_S("/O=ORG/CN=BOB"), &address));
        assert_true(cv_slice_eq(address, CV_S("bob@x.example")));
    }
    cv_error err;
    assert_int_equal(cv_convert_set_address_map(
                         f->options, CV_S("/o=a,a@b.example\nrubbish\n"), &err),
                     CV_ERR_SYNTAX);
    assert_true(err.offset == 2);
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(the_fix_is_on_by_default),
        T(every_setting_has_a_readable_default),
        T(a_boolean_takes_the_usual_words),
        T(bad_names_and_values_change_nothing),
        T(a_profile_sets_its_rows_but_never_the_fix),
        T(what_was_set_by_name_outlasts_a_profile),
        T(a_copy_has_the_same_values),
        T(the_address_map_reads_csv_and_ldif),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
