/* test_util.h - reading MIME text in tests. */
#ifndef CV_MIME_TEST_UTIL_H
#define CV_MIME_TEST_UTIL_H

#include "mime/mime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* What one test reads hangs here. */
typedef struct fixture {
    cv_arena *arena;
    cv_report *report;
    cv_mime_part *root;
} fixture;

static inline int fixture_setup(void **state)
{
    static fixture f;
    cv_error err;
    f = (fixture){ 0 };
    *state = &f;
    return cv_arena_new(0, &f.arena, &err) || cv_report_new(&f.report, &err);
}

static inline int fixture_teardown(void **state)
{
    fixture *f = *state;
    cv_report_free(&f->report);
    cv_arena_free(&f->arena);
    return 0;
}

#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

static inline cv_mime_part *read_slice(fixture *f, cv_slice in)
{
    cv_error err;
    assert_int_equal(cv_mime_read(f->arena, in, (cv_relax){ NULL, NULL },
                                  &f->root, f->report, &err),
                     CV_OK);
    return f->root;
}

/* Reads a literal; the message is the whole of it. */
#define READ(f, lit) read_slice(f, CV_S(lit))

static inline bool slice_is(cv_slice s, const char *text)
{
    bool same = cv_slice_eq(s, cv_slice_cstr(text));
    if (!same)
        print_message("    expected \"%s\", got \"%.*s\"\n", text, CV_FMT(s));
    return same;
}

#define assert_slice(s, text) assert_true(slice_is(s, text))

static inline cv_slice part_bytes(fixture *f, const cv_mime_part *part)
{
    cv_error err;
    cv_slice out;
    assert_int_equal(cv_mime_part_bytes(part, SIZE_MAX, f->arena, &out, &err),
                     CV_OK);
    return out;
}

static inline cv_slice part_text(fixture *f, const cv_mime_part *part,
                                 uint32_t *codepage)
{
    cv_error err;
    cv_slice out;
    assert_int_equal(
        cv_mime_part_text(part, f->arena, &out, codepage, f->report, &err),
        CV_OK);
    return out;
}

/* A field's value with encoded words undone. */
static inline cv_slice field_text(fixture *f, const cv_mime_part *part,
                                  const char *name)
{
    cv_error err;
    cv_slice out;
    const cv_mime_field *field = cv_mime_field_get(part, cv_slice_cstr(name));
    assert_non_null(field);
    assert_int_equal(
        cv_mime_decode_text(f->arena, field->raw, CV_S(""), &out, &err), CV_OK);
    return out;
}

static inline void assert_type(const cv_mime_part *part, const char *type)
{
    char text[200];
    snprintf(text, sizeof text, "%.*s/%.*s", CV_FMT(part->type),
             CV_FMT(part->subtype));
    assert_string_equal(text, type);
}

#endif
