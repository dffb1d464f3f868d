#include "mapi/json.h"

#include "base/limits.h"

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

static cv_json *parse(const char *text)
{
    cv_json *node = NULL;
    assert_int_equal(cv_json_parse(arena, cv_slice_cstr(text), &node, NULL),
                     CV_OK);
    return node;
}

static void assert_written(cv_buf *buf, const char *want)
{
    cv_buf_put_byte(buf, 0);
    assert_int_equal(buf->status, CV_OK);
    assert_string_equal((const char *)buf->data, want);
    cv_buf_clear(buf);
}

static void commas_and_quotes_come_by_themselves(void **state)
{
    cv_buf buf;
    (void)state;
    cv_buf_init(&buf, 0);
    cv_json_writer w = cv_json_writer_of(&buf, false);
    cv_json_begin_object(&w, NULL);
    cv_json_put_int(&w, "a", INT64_MIN);
    cv_json_begin_array(&w, "b");
    cv_json_put_bool(&w, NULL, true);
    cv_json_put_null(&w, NULL);
    cv_json_begin_object(&w, NULL);
    cv_json_end_object(&w);
    cv_json_end_array(&w);
    cv_json_begin_array(&w, "c");
    cv_json_end_array(&w);
    cv_json_put_raw(&w, "d", CV_S("[1]"));
    cv_json_put_hex(&w, "e", CV_S("\x01\xFF"));
    cv_json_put_str(&w, "f", "x");
    cv_json_end_object(&w);
    assert_written(&buf, "{\"a\":-9223372036854775808,\"b\":[true,null,{}],"
                         "\"c\":[],\"d\":[1],\"e\":\"01ff\",\"f\":\"x\"}");
}

static void pretty_indents_by_two(void **state)
{
    cv_buf buf;
    (void)state;
    cv_buf_init(&buf, 0);
    cv_json_writer w = cv_json_writer_of(&buf, true);
    cv_json_begin_object(&w, NULL);
    cv_json_put_int(&w, "a", 1);
    cv_json_begin_array(&w, "b");
    cv_json_put_int(&w, NULL, 2);
    cv_json_begin_object(&w, NULL);
    cv_json_end_object(&w);
    cv_json_end_array(&w);
    cv_json_end_object(&w);
    assert_written(&buf, "{\n  \"a\": 1,\n  \"b\": [\n    2,\n    {}\n  ]\n}");
}

static void text_is_escaped_and_repaired(void **state)
{
    cv_buf buf;
    (void)state;
    cv_buf_init(&buf, 0);
    cv_json_writer w = cv_json_writer_of(&buf, false);
    cv_json_put_text(
        &w, NULL,
        CV_S("\"\\/\b\f\n\r\t\x01\x1f\x7f \xC3\xA4\xFFz\xE2\x80\xA8\0!"));
    assert_written(&buf, "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f "
                         "\xC3\xA4\xEF\xBF\xBDz\xE2\x80\xA8\\u0000!\"");
}

static void reals_are_the_shortest_that_read_back(void **state)
{
    static const struct {
        double v;
        const char *text;
    } rows[] = { { 0.1, "0.1" },
                 { 1.0, "1" },
                 { -0.0, "-0.0" },
                 { 0.0, "0" },
                 { 1e22, "1e+22" },
                 { 5e-324, "4.94065645841247e-324" },
                 { 1.7976931348623157e308, "1.7976931348623157e+308" },
                 { 1.0 / 3, "0.3333333333333333" },
                 { 0.1 + 0.2, "0.30000000000000004" },
                 { __builtin_inf(), "\"Infinity\"" },
                 { -__builtin_inf(), "\"-Infinity\"" },
                 { __builtin_nan(""), "\"NaN\"" } };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        cv_buf buf;
        cv_buf_init(&buf, 0);
        cv_json_writer w = cv_json_writer_of(&buf, false);
        cv_json_put_real(&w, NULL, rows[i].v);
        assert_written(&buf, rows[i].text);
    }
}

static void every_kind_of_value_is_read(void **state)
{
    (void)state;
    const cv_json *n = parse("\xEF\xBB\xBF {\"n\":null,\"t\":true,\"i\":-7,"
                             "\"r\":2.5,\"s\":\"a\\u0000\\u00e4\","
                             "\"a\":[1,[],{}],\"o\":{\"x\":{\"y\":1}}}");
    assert_int_equal(n->type, CV_JSON_OBJECT);
    assert_int_equal(n->count, 7);
    assert_int_equal(cv_json_get(n, "n")->type, CV_JSON_NULL);
    assert_true(cv_json_bool_or(n, "t", false));
    assert_int_equal(cv_json_int_or(n, "i", 0), -7);
    assert_true(cv_json_get(n, "i")->real == -7.0);
    assert_true(cv_json_get(n, "r")->real == 2.5);
    assert_true(
        cv_slice_eq(cv_json_text_or(n, "s", CV_S("")), CV_S("a\0\xC3\xA4")));
    assert_int_equal(cv_json_get(n, "a")->count, 3);
    assert_int_equal(cv_json_get(n, "a")->items[1].type, CV_JSON_ARRAY);
    const cv_json *x = cv_json_get(cv_json_get(n, "o"), "x");
    assert_int_equal(cv_json_int_or(x, "y", 0), 1);
    assert_true(cv_slice_eq(n->items[0].key, CV_S("n")));
}

static void what_is_missing_or_of_another_type_gives_the_default(void **state)
{
    (void)state;
    const cv_json *n = parse("{\"s\":\"x\",\"i\":1}");
    assert_null(cv_json_get(n, "q"));
    assert_null(cv_json_get(NULL, "q"));
    assert_null(cv_json_get(cv_json_get(n, "s"), "q"));
    assert_int_equal(cv_json_int_or(n, "s", 5), 5);
    assert_true(cv_json_bool_or(n, "i", true));
    assert_true(cv_slice_eq(cv_json_text_or(n, "i", CV_S("d")), CV_S("d")));
}

static void a_document_may_be_a_single_value(void **state)
{
    (void)state;
    assert_int_equal(parse("12")->i64, 12);
    assert_int_equal(parse("\"x\"")->type, CV_JSON_TEXT);
}

static void broken_text_tells_where(void **state)
{
    static const char *const rows[] = {
        "",
        "{",
        "[1,]",
        "{\"a\"}",
        "nul",
        "1 2",
        "\"\\ud800\"",
        "\"a",
        "\"\xFF\"",
        "[1e999]",
        "99999999999999999999",
    };
    cv_json *node = NULL;
    cv_error err;
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++)
        assert_int_equal(
            cv_json_parse(arena, cv_slice_cstr(rows[i]), &node, &err),
            CV_ERR_SYNTAX);
    assert_int_equal(
        cv_json_parse(arena, CV_S("{\"a\":1,\n \"b\":x}"), &node, &err),
        CV_ERR_SYNTAX);
    assert_in_range(err.offset, 12, 15);
    assert_non_null(strstr(err.what, "line 2"));
    assert_null(node);
}

static char *repeat(const char *head, const char *piece, size_t n,
                    const char *tail)
{
    size_t size = strlen(piece);
    char *text = malloc(strlen(head) + n * size + strlen(tail) + 1);
    assert_non_null(text);
    char *p = text;
    for (p += strlen(head); n > 0; n--, p += size)
        memcpy(p, piece, size);
    memcpy(text, head, strlen(head));
    memcpy(p, tail, strlen(tail) + 1);
    return text;
}

static cv_status try_parse(char *text)
{
    cv_arena *own = NULL;
    cv_json *node = NULL;
    assert_int_equal(cv_arena_new(0, &own, NULL), CV_OK);
    cv_status status = cv_json_parse(own, cv_slice_cstr(text), &node, NULL);
    cv_arena_free(&own);
    free(text);
    return status;
}

static void the_limit_of_depth_is_exact(void **state)
{
    (void)state;
    char *close = repeat("", "]", CV_LIMIT_JSON_DEPTH, "");
    assert_int_equal(try_parse(repeat("", "[", CV_LIMIT_JSON_DEPTH, close)),
                     CV_OK);
    assert_int_equal(try_parse(repeat("[", "[", CV_LIMIT_JSON_DEPTH, close)),
                     CV_ERR_LIMIT);
    free(close);
    /* Brackets in text don't count, and what's never closed is bounded. */
    assert_int_equal(try_parse(repeat("[\"\\\"", "[", 1000, "\"]")), CV_OK);
    assert_int_equal(try_parse(repeat("", "{\"a\":", 100000, "")),
                     CV_ERR_LIMIT);
    assert_int_equal(try_parse(repeat("[", "[],", 1000, "1]")), CV_OK);
}

static void values_and_bytes_are_bounded(void **state)
{
    cv_json *node = NULL;
    (void)state;
    assert_int_equal(try_parse(repeat("[", "0,", CV_LIMIT_JSON_VALUES, "0]")),
                     CV_ERR_LIMIT);
    /* Refused by its length alone. */
    assert_int_equal(cv_json_parse(arena,
                                   cv_slice_of("", CV_LIMIT_JSON_BYTES + 1),
                                   &node, NULL),
                     CV_ERR_LIMIT);
    cv_arena *small = NULL;
    assert_int_equal(cv_arena_new(20000, &small, NULL), CV_OK);
    char *text = repeat("[", "0,", 1000, "0]");
    assert_int_equal(cv_json_parse(small, cv_slice_cstr(text), &node, NULL),
                     CV_ERR_LIMIT);
    free(text);
    cv_arena_free(&small);
}

static void a_report_comes_back_from_its_json(void **state)
{
    cv_report *report = NULL;
    cv_report *back = NULL;
    cv_buf buf;
    cv_buf again;
    (void)state;
    cv_buf_init(&buf, 0);
    cv_buf_init(&again, 0);
    assert_int_equal(cv_report_new(&report, NULL), CV_OK);
    assert_int_equal(cv_report_new(&back, NULL), CV_OK);
    cv_report_add(report, CV_FINDING(.rule = CV_RULE_TRACK_TIME,
                                     .path = CV_S("recipient[2]"),
                                     .property = CV_S("PidTagSubject"),
                                     .found = CV_S("1601-01-01T00:00:00Z"),
                                     .done = CV_S("\"left out\"\n")));
    cv_report_add(report, &(cv_finding){ .rule = CV_RULE_ICAL_SYNTAX,
                                         .severity = CV_LOST,
                                         .line = 12,
                                         .offset = UINT64_MAX });
    cv_report_add(report, &(cv_finding){ .rule = CV_RULE_CFB_CHAIN,
                                         .severity = CV_ERROR,
                                         .offset = 3456 });
    cv_report_put_json(report, &buf);
    assert_int_equal(cv_report_from_json(cv_buf_slice(&buf), back, NULL),
                     CV_OK);
    assert_int_equal(cv_report_count(back), 3);
    assert_int_equal(cv_report_get(back, 0)->severity, CV_REPAIRED);
    assert_int_equal(cv_report_get(back, 1)->severity, CV_LOST);
    assert_int_equal(cv_report_get(back, 1)->line, 12);
    assert_true(cv_report_get(back, 1)->offset == UINT64_MAX);
    assert_int_equal(cv_report_get(back, 2)->offset, 3456);
    cv_report_put_json(back, &again);
    assert_true(cv_slice_eq(cv_buf_slice(&buf), cv_buf_slice(&again)));

    cv_slice wrapped =
        cv_arena_printf(arena, "{\"status\":\"converted\",\"findings\":%.*s}",
                        CV_FMT(cv_buf_slice(&buf)));
    assert_int_equal(cv_report_from_json(wrapped, back, NULL), CV_OK);
    assert_int_equal(cv_report_count(back), 6);
    cv_buf_clear(&buf);
    cv_buf_clear(&again);
    cv_report_free(&report);
    cv_report_free(&back);
}

static void what_is_no_report_is_refused(void **state)
{
    static const char *const rows[] = {
        "",
        "{}",
        "1",
        "[1]",
        "{\"findings\":1}",
        "[{\"rule\":\"no-such-rule\",\"severity\":\"note\"}]",
        "[{\"rule\":\"bad-time\",\"severity\":\"grave\"}]",
        "[{\"severity\":\"note\"}]",
    };
    cv_report *report = NULL;
    (void)state;
    assert_int_equal(cv_report_new(&report, NULL), CV_OK);
    for (size_t i = 0; i < CV_LEN(rows); i++)
        assert_int_equal(
            cv_report_from_json(cv_slice_cstr(rows[i]), report, NULL),
            CV_ERR_SYNTAX);
    assert_int_equal(cv_report_count(report), 0);
    cv_report_free(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commas_and_quotes_come_by_themselves),
        cmocka_unit_test(pretty_indents_by_two),
        cmocka_unit_test(text_is_escaped_and_repaired),
        cmocka_unit_test(reals_are_the_shortest_that_read_back),
        cmocka_unit_test(every_kind_of_value_is_read),
        cmocka_unit_test(what_is_missing_or_of_another_type_gives_the_default),
        cmocka_unit_test(a_document_may_be_a_single_value),
        cmocka_unit_test(broken_text_tells_where),
        cmocka_unit_test(the_limit_of_depth_is_exact),
        cmocka_unit_test(values_and_bytes_are_bounded),
        cmocka_unit_test(a_report_comes_back_from_its_json),
        cmocka_unit_test(what_is_no_report_is_refused),
    };
    return cmocka_run_group_tests_name("json", tests, setup, teardown);
}
