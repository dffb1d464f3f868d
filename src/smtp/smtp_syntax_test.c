#include "smtp/syntax.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool is_within(cv_slice part, cv_slice whole)
{
    return part.len == 0 ||
           (part.ptr >= whole.ptr && part.len <= whole.len &&
            part.ptr - whole.ptr <= (ptrdiff_t)(whole.len - part.len));
}

static void paths_are_read_as_written(void **state)
{
    static const struct {
        const char *text;
        cv_status status;
        smtp_path_kind kind;
        const char *address, *rest;
    } rows[] = {
        { "<>", CV_OK, SMTP_PATH_NULL, "", "" },
        { " <a@b> SIZE=1", CV_OK, SMTP_PATH_ADDRESS, "a@b", " SIZE=1" },
        { "<\"a b\\\"@c\"@[IPv6:::1]>", CV_OK, SMTP_PATH_ADDRESS,
          "\"a b\\\"@c\"@[IPv6:::1]", "" },
        { "<@x,@y:a@b>", CV_OK, SMTP_PATH_ADDRESS, "a@b", "" },
        { "<a.@b_c.example>", CV_OK, SMTP_PATH_ADDRESS, "a.@b_c.example", "" },
        { "<POSTMASTER>x", CV_OK, SMTP_PATH_POSTMASTER, "POSTMASTER", "x" },
        { "<a>", CV_ERR_SYNTAX, 0, NULL, NULL },
        { "<@b>", CV_ERR_SYNTAX, 0, NULL, NULL },
        { "<a@>", CV_ERR_SYNTAX, 0, NULL, NULL },
        { "<a@b.>", CV_ERR_SYNTAX, 0, NULL, NULL },
        { "<a@[1.2.3.4>", CV_ERR_SYNTAX, 0, NULL, NULL },
        { "<a@[1.2 .3.4]>", CV_ERR_SYNTAX, 0, NULL, NULL },
        { "<a b@c>", CV_ERR_SYNTAX, 0, NULL, NULL },
        { "<a@b", CV_ERR_SYNTAX, 0, NULL, NULL },
        { "<", CV_ERR_SYNTAX, 0, NULL, NULL },
        { "", CV_ERR_SYNTAX, 0, NULL, NULL },
        { "<\xc3\xa4@b>", CV_ERR_RANGE, 0, NULL, NULL },
        { "<a@\xc3\xa4>", CV_ERR_RANGE, 0, NULL, NULL },
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        smtp_path_kind kind;
        cv_slice address, rest;
        assert_int_equal(smtp_path_parse(cv_slice_cstr(rows[i].text), &kind,
                                         &address, &rest),
                         rows[i].status);
        if (rows[i].status != CV_OK)
            continue;
        assert_int_equal(kind, rows[i].kind);
        assert_true(cv_slice_eq(address, cv_slice_cstr(rows[i].address)));
        assert_true(cv_slice_eq(rest, cv_slice_cstr(rows[i].rest)));
    }
}

static void an_address_has_at_most_254_bytes(void **state)
{
    char text[300] = "<";
    smtp_path_kind kind;
    cv_slice address, rest;
    (void)state;
    memset(text + 1, 'a', SMTP_ADDRESS_MAX - 2);
    memcpy(text + 1 + SMTP_ADDRESS_MAX - 2, "@b>", 4);
    assert_int_equal(
        smtp_path_parse(cv_slice_cstr(text), &kind, &address, &rest), CV_OK);
    assert_int_equal(address.len, SMTP_ADDRESS_MAX);
    memset(text + 1, 'a', SMTP_ADDRESS_MAX - 1);
    memcpy(text + 1 + SMTP_ADDRESS_MAX - 1, "@b>", 4);
    assert_int_equal(
        smtp_path_parse(cv_slice_cstr(text), &kind, &address, &rest),
        CV_ERR_SYNTAX);
}

static void xtext_goes_both_ways(void **state)
{
    static const char text[] = "a+b=c d~\"<>";
    cv_arena *arena = NULL;
    cv_buf buf;
    cv_slice back;
    (void)state;
    assert_int_equal(cv_arena_new(0, &arena, NULL), CV_OK);
    cv_buf_init(&buf, 100);
    smtp_xtext_put(&buf, cv_slice_cstr(text));
    assert_true(cv_slice_eq(cv_buf_slice(&buf), CV_S("a+2Bb+3Dc+20d~\"<>")));
    assert_int_equal(smtp_xtext_decode(arena, cv_buf_slice(&buf), &back),
                     CV_OK);
    assert_true(cv_slice_eq(back, cv_slice_cstr(text)));
    assert_int_equal(smtp_xtext_decode(arena, CV_S("+"), &back), CV_ERR_SYNTAX);
    assert_int_equal(smtp_xtext_decode(arena, CV_S("a+2"), &back),
                     CV_ERR_SYNTAX);
    assert_int_equal(smtp_xtext_decode(arena, CV_S("+0A"), &back),
                     CV_ERR_SYNTAX);
    assert_int_equal(smtp_xtext_decode(arena, CV_S("+2G"), &back),
                     CV_ERR_SYNTAX);
    cv_buf_clear(&buf);
    cv_arena_free(&arena);
}

/* -- hostile bytes -- */

/* Every reader, on memory that ends where the text does. */
static void read_all(cv_slice text, cv_arena *arena)
{
    smtp_path_kind kind;
    smtp_reply_line line;
    cv_slice a = { 0 }, b = { 0 };
    bool ok = true;
    unsigned params = 0;
    if (smtp_path_parse(text, &kind, &a, &b) == CV_OK)
        assert_true(is_within(a, text) && is_within(b, text));
    for (cv_slice rest = text; ok && smtp_param_next(&rest, &a, &b, &ok);) {
        assert_true(is_within(a, text) && is_within(b, text));
        assert_true(++params <= text.len);
    }
    if (smtp_reply_parse(text, &line) == CV_OK) {
        assert_in_range(line.code, 200, 599);
        assert_true(is_within(line.text, text));
        (void)smtp_enhanced_of(line.text, line.code, &b);
        assert_true(is_within(b, text));
    }
    if (smtp_xtext_decode(arena, text, &a) == CV_OK)
        for (size_t i = 0; i < a.len; i++)
            assert_in_range(a.ptr[i], 0x20, 0x7E);
    (void)smtp_is_helo(text);
}

static void changed_and_cut_texts_never_lead_astray(void **state)
{
    static const char *const texts[] = {
        "<@r,@s:\"q \\\"p\"@[IPv6:::1]> SIZE=12 BODY=8BITMIME RET=HDRS",
        " NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a+2Bb@c.example",
        "250-5.1.10 words +41+zz",
        "550 5.7.1 no",
        "a+20b+3D",
    };
    static const uint8_t masks[] = { 0, 0x01, 0x80, 0xFF };
    cv_arena *arena = NULL;
    (void)state;
    assert_int_equal(cv_arena_new(0, &arena, NULL), CV_OK);
    for (size_t t = 0; t < CV_LEN(texts); t++) {
        size_t len = strlen(texts[t]);
        for (size_t i = 0; i < len * CV_LEN(masks); i++) {
            uint8_t mask = masks[i % CV_LEN(masks)];
            size_t at = i / CV_LEN(masks);
            size_t size = mask ? len : at;
            uint8_t *copy = malloc(size ? size : 1);
            assert_non_null(copy);
            memcpy(copy, texts[t], size);
            if (mask)
                copy[at] ^= mask;
            read_all(cv_slice_of(copy, size), arena);
            free(copy);
        }
    }
    cv_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_read_as_written),
        cmocka_unit_test(an_address_has_at_most_254_bytes),
        cmocka_unit_test(xtext_goes_both_ways),
        cmocka_unit_test(changed_and_cut_texts_never_lead_astray),
    };
    return cmocka_run_group_tests_name("smtp_syntax", tests, NULL, NULL);
}
