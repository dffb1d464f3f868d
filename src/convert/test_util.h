/* test_util.h - what the tests of convert/ share. */
#ifndef CV_CONVERT_TEST_UTIL_H
#define CV_CONVERT_TEST_UTIL_H

#include "convert/private.h"
#include "mapi/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* 2026-11-22T12:00:00Z in ticks: the clock of every test. */
#define TEST_NOW (INT64_C(1795348800) * CV_TICKS_PER_SEC)

typedef struct rig {
    cv_test_env state;
    cv_env env;
    cv_convert_options *options;
    cv_report *report;
    cv_object *obj;
    cv_buf out;
    cv_error err;
} rig;

static inline int rig_setup(void **state)
{
    rig *r = calloc(1, sizeof *r);
    assert_non_null(r);
    r->state.now = TEST_NOW;
    r->env = cv_env_test(&r->state);
    assert_int_equal(cv_convert_options_new(&r->env, &r->options, NULL), CV_OK);
    assert_int_equal(cv_report_new(&r->report, NULL), CV_OK);
    cv_convert_set_domain(r->options, CV_S("north.example"));
    cv_buf_init(&r->out, 0);
    *state = r;
    return 0;
}

static inline int rig_teardown(void **state)
{
    rig *r = *state;
    cv_object_free(&r->obj);
    cv_report_free(&r->report);
    cv_convert_options_free(&r->options);
    cv_buf_clear(&r->out);
    free(r);
    return 0;
}

#define RIG(fn) cmocka_unit_test_setup_teardown(fn, rig_setup, rig_teardown)

static inline void rig_new_report(rig *r)
{
    cv_report_free(&r->report);
    assert_int_equal(cv_report_new(&r->report, NULL), CV_OK);
}

static inline void rig_set(rig *r, const char *name, const char *value)
{
    assert_int_equal(cv_convert_set(r->options, cv_slice_cstr(name),
                                    cv_slice_cstr(value), &r->err),
                     CV_OK);
}

static inline cv_bag *rig_props(rig *r)
{
    return cv_object_props(r->obj);
}

static inline void assert_text(cv_slice got, const char *want)
{
    if (got.len != strlen(want) ||
        (got.len && memcmp(got.ptr, want, got.len) != 0))
        fail_msg("got \"%.*s\", want \"%s\"", CV_FMT(got), want);
}

static inline void assert_string_prop(const cv_bag *bag, cv_tag tag,
                                      const char *want)
{
    cv_slice got;
    if (!cv_bag_string(bag, tag, &got))
        fail_msg("no %s", cv_tag_name(tag));
    assert_text(got, want);
}

static inline void rig_read(rig *r, const char *mime)
{
    cv_object_free(&r->obj);
    assert_int_equal(cv_from_mime(cv_slice_cstr(mime), r->options, &r->obj,
                                  r->report, &r->err),
                     CV_OK);
}

/* The object's mail as a NUL-ended text. */
static inline const char *rig_write(rig *r)
{
    cv_sink sink = cv_buf_sink(&r->out);
    cv_buf_reset(&r->out);
    cv_status st = cv_to_mime(r->obj, r->options, &sink, r->report, &r->err);
    if (st != CV_OK)
        fail_msg("%s: %s", cv_status_name(st), r->err.what);
    cv_buf_put_byte(&r->out, 0);
    assert_int_equal(cv_buf_status(&r->out, NULL), CV_OK);
    assert_non_null(r->out.data);
    return (const char *)r->out.data;
}

static inline void assert_has(const char *text, const char *part)
{
    assert_non_null(text);
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in:\n%.4000s", part, text);
}

static inline void assert_has_not(const char *text, const char *part)
{
    assert_non_null(text);
    if (strstr(text, part))
        fail_msg("\"%s\" is in:\n%.4000s", part, text);
}

static inline size_t rig_count(rig *r, cv_rule_id rule)
{
    size_t n = 0;
    for (size_t i = 0; i < cv_report_count(r->report); i++)
        n += cv_report_get(r->report, i)->rule == rule;
    return n;
}

static inline const cv_finding *rig_finding(rig *r, cv_rule_id rule)
{
    for (size_t i = 0; i < cv_report_count(r->report); i++)
        if (cv_report_get(r->report, i)->rule == rule)
            return cv_report_get(r->report, i);
    fail_msg("no finding of %s", cv_rule_get(rule)->id);
    return NULL;
}

#endif
