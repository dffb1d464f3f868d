/* tnef_test_kit.h - streams made by hand, for the tests of tnef/. */
#ifndef CV_TNEF_TEST_KIT_H
#define CV_TNEF_TEST_KIT_H

#include "base/text.h"
#include "tnef/tnef_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A stream under construction, and what was read from it. */
typedef struct kit {
    cv_buf in;
    cv_object *obj;
    cv_report *report;
    cv_error err;
} kit;

static inline int kit_setup(void **state)
{
    kit *k = calloc(1, sizeof *k);
    assert_non_null(k);
    cv_buf_init(&k->in, 0);
    assert_int_equal(cv_report_new(&k->report, NULL), CV_OK);
    *state = k;
    return 0;
}

static inline int kit_teardown(void **state)
{
    kit *k = *state;
    cv_object_free(&k->obj);
    cv_report_free(&k->report);
    cv_buf_clear(&k->in);
    free(k);
    return 0;
}

#define KIT(fn) cmocka_unit_test_setup_teardown(fn, kit_setup, kit_teardown)

static inline void put_head(cv_buf *to)
{
    cv_buf_put_u32le(to, 0x223E9F78);
    cv_buf_put_u16le(to, 1);
}

static inline void put_attr_id(cv_buf *to, uint8_t level, uint32_t id,
                               cv_slice data)
{
    cv_buf_put_byte(to, level);
    cv_buf_put_u32le(to, id);
    cv_buf_put_u32le(to, (uint32_t)data.len);
    cv_buf_put_slice(to, data);
    cv_buf_put_u16le(to, cv_tnef_sum(data));
}

static inline void put_attr(cv_buf *to, tnef_attr attr, cv_slice data)
{
    put_attr_id(to, cv_tnef_attrs[attr].level, cv_tnef_attrs[attr].id, data);
}

/* With the NUL of the literal. */
#define TEXT0(lit) cv_slice_of("" lit, sizeof(lit))

static inline void put_codepage(cv_buf *to, uint32_t codepage)
{
    cv_buf data;
    cv_buf_init(&data, 0);
    cv_buf_put_u32le(&data, codepage);
    cv_buf_put_u32le(&data, 0);
    put_attr(to, TNEF_OEM_CODEPAGE, cv_buf_slice(&data));
    cv_buf_clear(&data);
}

static inline void put_padding(cv_buf *to)
{
    while (to->len & 3)
        cv_buf_put_byte(to, 0);
}

/* A property with a value of "count, size, bytes, padding". */
static inline void put_sized_prop(cv_buf *to, cv_tag tag, cv_slice bytes)
{
    cv_buf_put_u32le(to, tag);
    cv_buf_put_u32le(to, 1);
    cv_buf_put_u32le(to, (uint32_t)bytes.len);
    cv_buf_put_slice(to, bytes);
    put_padding(to);
}

/* RENDDATA of a file. */
#define RENDER_FILE CV_S("\1\0\xFF\xFF\xFF\xFF\x20\0\x20\0\0\0\0\0")

static inline void kit_read(kit *k)
{
    cv_object_free(&k->obj);
    cv_report_free(&k->report);
    assert_int_equal(cv_report_new(&k->report, NULL), CV_OK);
    cv_status st =
        cv_tnef_read(cv_buf_slice(&k->in), &k->obj, k->report, &k->err);
    if (st != CV_OK)
        fail_msg("%s: %s", cv_status_name(st), k->err.what);
}

static inline cv_bag *kit_props(kit *k)
{
    return cv_object_props(k->obj);
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

static inline void assert_bytes(cv_slice got, cv_slice want)
{
    assert_int_equal(got.len, want.len);
    assert_memory_equal(got.ptr, want.ptr, want.len);
}

static inline void assert_findings(const kit *k, cv_rule_id rule, size_t count)
{
    size_t n = 0;
    for (size_t i = 0; i < cv_report_count(k->report); i++)
        n += cv_report_get(k->report, i)->rule == rule;
    if (n != count)
        fail_msg("%zu findings of %s, want %zu", n, cv_rule_get(rule)->id,
                 count);
}

static inline void assert_data(const cv_attachment *a, const char *want)
{
    assert_true(a->has_data);
    assert_text(a->data.mem, want);
}

#endif
