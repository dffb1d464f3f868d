#include "mime/test_util.h"

#include <stdlib.h>

/* A part with the given header fields; the body is the rest. */
static const cv_mime_part *part(fixture *f, const char *head, cv_slice body)
{
    cv_buf buf;
    cv_buf_init(&buf, 0);
    cv_buf_put_str(&buf, head);
    cv_buf_put_str(&buf, "\r\n\r\n");
    cv_buf_put_slice(&buf, body);
    cv_slice in = cv_buf_dup(&buf, f->arena);
    cv_buf_clear(&buf);
    return read_slice(f, in);
}

static cv_slice qp(fixture *f, const char *body)
{
    return part_bytes(f, part(f, "Content-Transfer-Encoding: Quoted-Printable",
                              cv_slice_cstr(body)));
}

static cv_slice b64(fixture *f, const char *body)
{
    return part_bytes(
        f, part(f, "Content-Transfer-Encoding: BASE64", cv_slice_cstr(body)));
}

static void quoted_printable_is_read_leniently(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *in, *out;
    } rows[] = {
        { "", "" },
        { "a=3Db=c3=A9", "a=b\xC3\xA9" },
        { "soft=\r\nbreak", "softbreak" },
        { "soft= \t\r\nbreak", "softbreak" },
        { "soft=\nbreak=\rs", "softbreaks" },
        { "end \t\r\nx \nlast ", "end\r\nx\nlast" },
        { "a b\tc", "a b\tc" },
        { "open=", "open" },
    };
    for (size_t i = 0; i < CV_LEN(rows); i++)
        assert_slice(qp(f, rows[i].in), rows[i].out);
    assert_int_equal(cv_report_count(f->report), 0);
    assert_slice(qp(f, "100=% =XY =4"), "100=% =XY =4");
    assert_int_equal(cv_report_count(f->report), 1);
    assert_int_equal(cv_report_get(f->report, 0)->rule, CV_RULE_MIME_ENCODING);
}

static void C026_corrupt_base64_gives_what_can_be_had(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *in, *out;
        bool bad;
    } rows[] = {
        { "", "", false },
        { "YWJj", "abc", false },
        { "YWJj\r\nZGVm\r\n", "abcdef", false },
        { "YWI", "ab", false },
        { "YQ==", "a", false },
        { "Y!W*Jj", "abc", true },
        { "YQ==YmM=", "abc", true },         /* '=' in the middle */
        { "YQ=\r\n=\r\nYmM=", "abc", true }, /* two encodings, one body */
        { "YWJjZ", "abc", true },
        { "YWJj=", "abc", true },
        { "YQ==\r\nA footer of the list", "a", true },
        { "YWI\r\n\r\n-- \r\nfooter\r\n", "ab", true },
        { "YWI\r\n\nA footer of the list", "ab", true },
        { "YWJj\r\n\r\nZGVm\r\n", "abcdef", false },
        { "=YWJj", "abc", true },
    };
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        size_t before = cv_report_count(f->report);
        assert_slice(b64(f, rows[i].in), rows[i].out);
        assert_int_equal(cv_report_count(f->report) - before, rows[i].bad);
    }
    assert_true(cv_slice_find(cv_report_get(f->report, 0)->done,
                              CV_S("2 characters that do not belong there, the "
                                   "first at byte 1 "),
                              0) == 0);
}

static void uuencoded_bodies_are_read(void **state)
{
    fixture *f = *state;
    assert_slice(part_bytes(f, part(f, "Content-Transfer-Encoding: x-uuencode",
                                    CV_S("begin 644 x\n#86)C\n`\nend\n"))),
                 "abc");
    assert_int_equal(cv_report_count(f->report), 0);
    assert_slice(part_bytes(f, part(f, "Content-Transfer-Encoding: uue",
                                    CV_S("not encoded"))),
                 "not encoded");
    assert_int_equal(cv_report_count(f->report), 1);
}

static void an_unknown_encoding_is_read_as_it_stands(void **state)
{
    fixture *f = *state;
    assert_slice(
        part_bytes(f, part(f, "Content-Transfer-Encoding: rot13", CV_S("x"))),
        "x");
    assert_true(cv_report_has(f->report, CV_RULE_MIME_ENCODING));
}

static void large_base64_is_decoded_while_it_is_pumped(void **state)
{
    fixture *f = *state;
    enum { SIZE = 300000 };
    uint8_t *bytes = cv_arena_alloc(f->arena, SIZE);
    for (size_t i = 0; i < SIZE; i++)
        bytes[i] = (uint8_t)(i * 7 + i / 256);
    cv_buf text;
    cv_buf_init(&text, 0);
    cv_buf_put_str(&text, "Content-Transfer-Encoding: base64\r\n\r\n");
    cv_mime_node *n = cv_mime_node_new(f->arena, "a", "b");
    cv_blob blob = cv_blob_mem(cv_slice_of(bytes, SIZE));
    cv_mime_node_set_blob(n, &blob);
    cv_sink sink = cv_buf_sink(&text);
    cv_buf_reset(&text);
    cv_error err;
    assert_int_equal(cv_mime_write(n, CV_S("s"), 0, &sink, f->report, &err),
                     CV_OK);
    size_t before = cv_arena_used(f->arena);
    read_slice(f, cv_buf_slice(&text));
    assert_true(cv_arena_used(f->arena) - before < 8192);
    assert_null(f->root->data.mem.ptr);
    assert_int_equal(f->root->data.size_bytes, SIZE);
    cv_buf out;
    cv_buf_init(&out, 0);
    sink = cv_buf_sink(&out);
    assert_int_equal(cv_blob_pump(&f->root->data, &sink, &err), CV_OK);
    assert_int_equal(out.len, SIZE);
    assert_memory_equal(out.data, bytes, SIZE);
    cv_slice all;
    assert_int_equal(
        cv_mime_part_bytes(f->root, SIZE - 1, f->arena, &all, &err),
        CV_ERR_LIMIT);
    cv_buf_clear(&out);
    cv_buf_clear(&text);
}

/* -- character sets -- */

static void assert_text(fixture *f, const char *type, cv_slice body,
                        const char *text, uint32_t codepage)
{
    uint32_t cp = 0;
    char head[200];
    snprintf(head, sizeof head, "Content-Type: %s", type);
    assert_slice(part_text(f, part(f, head, body), &cp), text);
    assert_int_equal(cp, codepage);
}

static void text_is_decoded_by_its_charset(void **state)
{
    fixture *f = *state;
    assert_text(f, "text/plain; charset=iso-8859-2", CV_S("\xB1"), "\xC4\x85",
                28592);
    assert_text(f, "text/plain; charset=\"UTF-8\"", CV_S("\xC3\xA9"),
                "\xC3\xA9", 65001);
    assert_text(f, "text/plain; charset=utf-8", CV_S("\xEF\xBB\xBFx"), "x",
                65001);
    assert_text(f, "text/plain", CV_S("ascii"), "ascii", 65001);
    assert_text(f, "text/plain; charset=utf-16le", CV_S("a\0\xE9\0"),
                "a\xC3\xA9", 1200);
    assert_int_equal(cv_report_count(f->report), 0);
    assert_text(f, "text/plain; charset=utf-8", CV_S("a\xE9"), "a\xEF\xBF\xBD",
                65001);
    assert_true(cv_report_has(f->report, CV_RULE_TEXT_DECODING));
}

static void a_charset_that_cannot_be_right_is_replaced(void **state)
{
    fixture *f = *state;
    assert_text(f, "text/plain", CV_S("caf\xE9"), "caf\xC3\xA9", 1252);
    assert_text(f, "text/plain; charset=us-ascii", CV_S("caf\xC3\xA9"),
                "caf\xC3\xA9", 65001);
    assert_text(f, "text/plain; charset=x-none", CV_S("\x80"), "\xE2\x82\xAC",
                1252);
    assert_text(f, "text/plain; charset=x-none", CV_S("\xC3\xA9"), "\xC3\xA9",
                65001);
    assert_text(f, "text/html", CV_S("<meta charset='windows-1251'>\xE1"),
                "<meta charset='windows-1251'>\xD0\xB1", 1251);
    assert_int_equal(cv_report_count(f->report), 5);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(cv_report_get(f->report, i)->rule,
                         CV_RULE_MIME_CHARSET);
}

static void C017_a_body_is_decoded_by_its_own_charset(void **state)
{
    fixture *f = *state;
    READ(f, "From: =?UTF-8?B?zqDOsc+A?= <p@example.gr>\r\n"
            "Content-Type: text/plain; charset=ISO-8859-1\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n\r\n=E9=FC");
    uint32_t cp;
    assert_slice(part_text(f, f->root, &cp), "\xC3\xA9\xC3\xBC");
    assert_int_equal(cp, 28591);
    assert_slice(field_text(f, f->root, "From"),
                 "\xCE\xA0\xCE\xB1\xCF\x80 <p@example.gr>");
}

static void C020_a_meta_element_that_contradicts_the_bytes(void **state)
{
    fixture *f = *state;
    static const char *const claims[] = { "UTF-16", "unicode" };
    for (size_t i = 0; i < CV_LEN(claims); i++) {
        cv_slice html = cv_arena_printf(
            f->arena,
            "<meta http-equiv=content-type content='text/html; charset=%s'>"
            "caf\xE9",
            claims[i]);
        uint32_t cp;
        cv_slice text =
            part_text(f, part(f, "Content-Type: text/html", html), &cp);
        assert_int_equal(cp, 1252);
        assert_true(cv_slice_ends(text, CV_S("caf\xC3\xA9")));
    }
    /* The MIME parameter can be as wrong. */
    assert_text(f, "text/html; charset=utf-16", CV_S("<p>caf\xE9 au lait"),
                "<p>caf\xC3\xA9 au lait", 1252);
    assert_text(f, "text/plain; charset=utf-16le", CV_S("\x2D\x4E\x87\x65"),
                "\xE4\xB8\xAD\xE6\x96\x87", 1200);
    assert_text(f, "text/plain", CV_S("S\0:\0\x93\x03\xB1\x03 \0a\0\r\0\n\0"),
                "S:\xCE\x93\xCE\xB1 a\r\n", 1200);
    assert_text(f, "text/plain; charset=utf-8",
                CV_S("\0S\0:\x03\x93\0a\0b\0c\0\r\0\n"),
                "S:\xCE\x93"
                "abc\r\n",
                1201);
    assert_text(f, "text/html; charset=utf-16", CV_S("<p>caf\xC3\xA9"),
                "<p>caf\xC3\xA9", 65001);
}

static void C024_text_after_a_nul_arrives(void **state)
{
    fixture *f = *state;
    assert_text(f, "text/plain", CV_S("before\0after"), "beforeafter", 65001);
    assert_text(f, "text/plain; charset=iso-8859-1", CV_S("\xE9\0after"),
                "\xC3\xA9"
                "after",
                28591);
    assert_text(f,
                "text/plain; charset=utf-8\r\n"
                "Content-Transfer-Encoding: quoted-printable",
                CV_S("before=00after"), "beforeafter", 65001);
    assert_int_equal(cv_report_count(f->report), 3);
    assert_int_equal(cv_report_get(f->report, 0)->rule, CV_RULE_MIME_NUL);
    assert_int_equal(part_bytes(f, f->root).len, 12); /* the bytes stay */
}

static void C047_a_fragment_is_a_part_like_any_other(void **state)
{
    fixture *f = *state;
    READ(f, "Content-Type: message/partial; id=\"x@scan\"; number=3; total=2"
            "\r\n\r\nhalf of a message");
    assert_int_equal(f->root->kind, CV_MIME_LEAF);
    assert_slice(cv_mime_param_get(f->root, CV_S("id")), "x@scan");
    assert_slice(cv_mime_param_get(f->root, CV_S("number")), "3");
    assert_slice(part_bytes(f, f->root), "half of a message");
}

static void count_call(void *ctx)
{
    ++*(unsigned *)ctx;
}

static cv_status ignore(void *ctx, const void *bytes, size_t len, cv_error *err)
{
    (void)ctx;
    (void)bytes;
    (void)len;
    (void)err;
    return CV_OK;
}

/* Whoever mapped the input hears when a megabyte of it is done with. */
static void a_long_body_is_told_while_it_is_read(void **state)
{
    fixture *f = *state;
    const size_t letters = 8 * CV_RELAX_BYTES;
    unsigned calls = 0;
    cv_buf mail;
    cv_buf_init(&mail, 0);
    cv_buf_put_str(&mail, "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
                          "--b\r\nContent-Type: image/png\r\n"
                          "Content-Transfer-Encoding: base64\r\n\r\n");
    uint8_t *body = malloc(letters);
    assert_non_null(body);
    memset(body, 'A', letters);
    cv_buf_put(&mail, body, letters);
    free(body);
    cv_buf_put_str(&mail, "\r\n--b--\r\n");
    cv_relax relax = { count_call, &calls };
    assert_int_equal(cv_mime_read(f->arena, cv_buf_slice(&mail), relax,
                                  &f->root, f->report, NULL),
                     CV_OK);
    const cv_mime_part *part = f->root->children[0];
    assert_int_equal(part->data.size_bytes, letters / 4 * 3);
    assert_int_equal(calls, 8 + 5); /* looked for delimiters, measured */
    const cv_sink sink = { ignore, NULL };
    assert_int_equal(cv_blob_pump(&part->data, &sink, NULL), CV_OK);
    assert_int_equal(calls, 8 + 5 + 5);
    cv_buf_clear(&mail);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(quoted_printable_is_read_leniently),
        TEST(C026_corrupt_base64_gives_what_can_be_had),
        TEST(uuencoded_bodies_are_read),
        TEST(an_unknown_encoding_is_read_as_it_stands),
        TEST(large_base64_is_decoded_while_it_is_pumped),
        TEST(text_is_decoded_by_its_charset),
        TEST(a_charset_that_cannot_be_right_is_replaced),
        TEST(C017_a_body_is_decoded_by_its_own_charset),
        TEST(C020_a_meta_element_that_contradicts_the_bytes),
        TEST(C024_text_after_a_nul_arrives),
        TEST(C047_a_fragment_is_a_part_like_any_other),
        TEST(a_long_body_is_told_while_it_is_read),
    };
    return cmocka_run_group_tests_name("mime body", tests, NULL, NULL);
}
