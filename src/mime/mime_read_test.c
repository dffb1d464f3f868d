#include "mime/test_util.h"

#include "base/limits.h"

#include <stdlib.h>

#define MIXED "Content-Type: multipart/mixed; boundary=x\r\n\r\n"

static void parts_have_their_places_in_the_input(void **state)
{
    fixture *f = *state;
    const cv_mime_part *m = READ(
        f, "From: a@b\r\nContent-Type: multipart/signed; boundary=\"x\"\r\n"
           "\r\nprologue\r\n--x\r\nContent-Type: text/plain\r\n\r\nHi \r\n"
           "\r\n--x\r\nContent-Type: application/pgp-signature\r\n\r\nS\r\n"
           "--x--\r\n");
    assert_int_equal(m->kind, CV_MIME_MULTIPART);
    assert_int_equal(m->child_count, 2);
    const cv_mime_part *text = m->children[0];
    assert_slice(text->path, "part[0]");
    assert_slice(text->header_bytes, "Content-Type: text/plain\r\n");
    assert_slice(text->body_bytes, "Hi \r\n");
    assert_slice(text->entity_bytes, "Content-Type: text/plain\r\n\r\nHi \r\n");
    assert_slice(part_bytes(f, m->children[1]), "S");
    assert_slice(m->header_bytes,
                 "From: a@b\r\nContent-Type: multipart/signed; "
                 "boundary=\"x\"\r\n");
    assert_int_equal(cv_report_count(f->report), 0);
}

static void input_without_headers_is_one_text(void **state)
{
    fixture *f = *state;
    static const char *const rows[] = { "", "\r\n", "Hello world",
                                        "Hello\nthere: are lines\n" };
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        cv_mime_part *m = read_slice(f, cv_slice_cstr(rows[i]));
        assert_type(m, "text/plain");
        assert_int_equal(m->kind, CV_MIME_LEAF);
        assert_int_equal(m->field_count, 0);
    }
    assert_slice(part_bytes(f, f->root), "Hello\nthere: are lines\n");
    assert_slice(part_bytes(f, READ(f, "Hello world")), "Hello world");
}

static void line_ends_may_be_lf_crlf_or_cr(void **state)
{
    fixture *f = *state;
    static const char *const rows[] = {
        "Subject: a\n b\n"
        "Content-Type: multipart/mixed;\n boundary=x\n\n"
        "--x\n\none\n--x\n\ntwo\n--x--\n",
        "Subject: a\r\n b\r\n"
        "Content-Type: multipart/mixed;\r\n boundary=x"
        "\r\n\r\n--x\r\n\r\none\r\n--x\r\n\r\ntwo\r\n--x--\r\n",
        "Subject: a\r b\r"
        "Content-Type: multipart/mixed;\r boundary=x\r\r"
        "--x\r\rone\r--x\r\rtwo\r--x--\r",
    };
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        cv_mime_part *m = read_slice(f, cv_slice_cstr(rows[i]));
        assert_slice(cv_mime_field_get(m, CV_S("SUBJECT"))->text, "a b");
        assert_int_equal(m->child_count, 2);
        assert_slice(part_bytes(f, m->children[0]), "one");
        assert_slice(part_bytes(f, m->children[1]), "two");
    }
}

static void an_mbox_line_before_the_header_is_no_field(void **state)
{
    fixture *f = *state;
    READ(f, "From a@b Sat Jan  3 01:05:34 1996\nSubject: x\n\nbody\n");
    assert_int_equal(f->root->field_count, 1);
    assert_slice(part_bytes(f, f->root), "body\n");
    READ(f, "\xEF\xBB\xBF\r\n\r\nSubject: y\r\n\r\nbody");
    assert_slice(field_text(f, f->root, "subject"), "y");
}

static void damage_in_a_header_block_costs_one_line(void **state)
{
    fixture *f = *state;
    READ(f, "garbage\r\nSubject: x\r\nFrom a colon less line\r\n"
            "To: a@b\r\nBad Name: v\r\nX-A: 1\r\n\r\nbody");
    assert_int_equal(f->root->field_count, 3);
    assert_slice(part_bytes(f, f->root), "body");
    assert_true(cv_report_has(f->report, CV_RULE_MIME_HEADER_SYNTAX));
}

static void a_missing_blank_line_starts_the_body(void **state)
{
    fixture *f = *state;
    READ(f, "Subject: x\r\nDear all,\r\nhello\r\n");
    assert_int_equal(f->root->field_count, 1);
    assert_slice(part_bytes(f, f->root), "Dear all,\r\nhello\r\n");
    assert_true(cv_report_has(f->report, CV_RULE_MIME_STRUCTURE));
}

static void nul_in_a_header_becomes_a_space(void **state)
{
    fixture *f = *state;
    READ(f, "Subject: a\0b\r\nTo: c@d\r\n\r\nx");
    assert_slice(cv_mime_field_get(f->root, CV_S("subject"))->text, "a b");
    assert_int_equal(f->root->field_count, 2);
    assert_true(cv_report_has(f->report, CV_RULE_MIME_NUL));
}

static void repeated_singletons_are_found(void **state)
{
    fixture *f = *state;
    READ(f, "Subject: one\r\nSubject: two\r\nSubject: three\r\n\r\n");
    assert_slice(field_text(f, f->root, "subject"), "one");
    assert_int_equal(cv_report_count(f->report), 1);
    assert_int_equal(cv_report_get(f->report, 0)->rule,
                     CV_RULE_MIME_DUPLICATE_HEADER);
}

static void an_unclosed_multipart_ends_with_its_parent(void **state)
{
    fixture *f = *state;
    READ(f, MIXED "--x\r\nContent-Type: multipart/alternative; boundary=y\r\n"
                  "\r\n--y\r\n\r\ninner\r\n--x\r\n\r\nouter");
    assert_int_equal(f->root->child_count, 2);
    assert_int_equal(f->root->children[0]->child_count, 1);
    assert_slice(part_bytes(f, f->root->children[0]->children[0]), "inner");
    assert_slice(part_bytes(f, f->root->children[1]), "outer");
    assert_int_equal(cv_report_count(f->report), 2);
}

static void a_boundary_that_begins_another_is_not_taken_for_it(void **state)
{
    fixture *f = *state;
    READ(f, MIXED "--x\r\nContent-Type: multipart/mixed; boundary=xy\r\n\r\n"
                  "--xy\r\n\r\none\r\n--xy--\r\n--x--\r\n");
    assert_int_equal(f->root->child_count, 1);
    assert_int_equal(f->root->children[0]->child_count, 1);
    assert_slice(part_bytes(f, f->root->children[0]->children[0]), "one");
}

static void a_wrong_or_missing_boundary_is_found_in_the_body(void **state)
{
    fixture *f = *state;
    static const char *const rows[] = {
        "Content-Type: multipart/mixed\r\n",
        "Content-Type: multipart/mixed; boundary=other\r\n",
        "Content-Type: multipart/mixed; boundary=\"\"\r\n",
    };
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        char text[300];
        snprintf(text, sizeof text,
                 "%s\r\n--real\r\nContent-Type: text/html\r\n\r\n<p>\r\n"
                 "--real--\r\n",
                 rows[i]);
        READ(f, "x");
        cv_mime_part *m = read_slice(f, cv_slice_cstr(text));
        assert_int_equal(m->child_count, 1);
        assert_type(m->children[0], "text/html");
        assert_slice(part_bytes(f, m->children[0]), "<p>");
    }
    assert_true(cv_report_has(f->report, CV_RULE_MIME_STRUCTURE));
}

static void a_multipart_without_parts_is_one_text(void **state)
{
    fixture *f = *state;
    READ(f, MIXED "just text\r\n");
    assert_int_equal(f->root->kind, CV_MIME_LEAF);
    assert_type(f->root, "text/plain");
    assert_slice(part_bytes(f, f->root), "just text\r\n");
}

static void a_digest_holds_messages(void **state)
{
    fixture *f = *state;
    READ(f, "Content-Type: multipart/digest; boundary=x\r\n\r\n--x\r\n\r\n"
            "Subject: in\r\n\r\nbody\r\n--x--\r\n");
    const cv_mime_part *part = f->root->children[0];
    assert_type(part, "message/rfc822");
    assert_int_equal(part->kind, CV_MIME_MESSAGE);
    assert_slice(field_text(f, part->children[0], "subject"), "in");
    assert_slice(part->children[0]->path, "part[0].part[0]");
}

static void an_encoded_message_is_read_too(void **state)
{
    fixture *f = *state;
    READ(f, MIXED "--x\r\nContent-Type: message/rfc822\r\n"
                  "Content-Transfer-Encoding: base64\r\n\r\n"
                  "U3ViamVjdDogaW4NCg0KYm9keQ==\r\n--x\r\n\r\nnext\r\n--x--");
    const cv_mime_part *part = f->root->children[0];
    assert_int_equal(part->kind, CV_MIME_MESSAGE);
    assert_slice(field_text(f, part->children[0], "subject"), "in");
    assert_slice(part_bytes(f, part->children[0]), "body");
    assert_slice(part_bytes(f, part), "Subject: in\r\n\r\nbody");
    assert_slice(part_bytes(f, f->root->children[1]), "next");
}

static void a_message_saved_as_utf16_is_read(void **state)
{
    fixture *f = *state;
    READ(f, "\xFF\xFES\0u\0b\0j\0e\0c\0t\0:\0x\0\n\0\n\0y\0");
    assert_slice(field_text(f, f->root, "subject"), "x");
    assert_slice(part_bytes(f, f->root), "y");
    READ(f, "\0S\0u\0b\0j\0e\0c\0t\0:\0z\0\n\0\n\0y");
    assert_slice(field_text(f, f->root, "subject"), "z");
    assert_true(cv_report_has(f->report, CV_RULE_MIME_CHARSET));
}

/* -- cases of kb-cases.md -- */

static cv_slice repeat(fixture *f, const char *head, const char *unit,
                       size_t times)
{
    size_t h = strlen(head), u = strlen(unit);
    uint8_t *text = cv_arena_alloc(f->arena, h + u * times);
    assert_non_null(text);
    memcpy(text, head, h);
    for (size_t i = 0; i < times; i++)
        memcpy(text + h + i * u, unit, u);
    return cv_slice_of(text, h + u * times);
}

static void C022_long_boundaries_work(void **state)
{
    fixture *f = *state;
    static const int lengths[] = { 71, 100, 250 };
    for (size_t i = 0; i < CV_LEN(lengths); i++) {
        char b[251] = { 0 }, text[1000];
        memset(b, 'b', (size_t)lengths[i]);
        snprintf(text, sizeof text,
                 "Content-Type: multipart/mixed; boundary=\"%s\"\r\n\r\n"
                 "--%s\r\n\r\none\r\n--%s--\r\n",
                 b, b, b);
        read_slice(f, cv_slice_cstr(text));
        assert_int_equal(f->root->child_count, 1);
        assert_slice(part_bytes(f, f->root->children[0]), "one");
    }
    assert_int_equal(cv_report_count(f->report), 3);
}

static void C025_a_folded_boundary_is_tried_each_way(void **state)
{
    fixture *f = *state;
    static const char *const rows[] = { "abc def", "abcdef", "abc  def" };
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        char text[300];
        snprintf(text, sizeof text,
                 "Content-Type: multipart/mixed; boundary=\"abc%s\r\n def\"\r\n"
                 "\r\n--%s\r\n\r\none\r\n--%s\r\n\r\ntwo\r\n--%s--\r\n",
                 i == 2 ? " " : "", rows[i], rows[i], rows[i]);
        read_slice(f, cv_slice_cstr(text));
        assert_int_equal(f->root->child_count, 2);
        assert_slice(part_bytes(f, f->root->children[1]), "two");
    }
    assert_int_equal(cv_report_count(f->report), 0);
}

static void C027_a_part_without_its_delimiter_is_kept(void **state)
{
    fixture *f = *state;
    READ(f, "Content-Type: multipart/alternative; boundary=x\r\n\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n\r\nfirst\r\n"
            "--x\r\nContent-Type: text/html\r\n\r\n<p>\r\n--x--\r\n");
    assert_int_equal(f->root->child_count, 2);
    assert_slice(part_bytes(f, f->root->children[0]), "first");
    assert_slice(cv_mime_param_get(f->root->children[0], CV_S("charset")),
                 "utf-8");
    assert_true(cv_report_has(f->report, CV_RULE_MIME_STRUCTURE));
}

static void C027_a_big_prologue_is_a_text(void **state)
{
    fixture *f = *state;
    for (size_t n = 8192 - 80; n <= 8192 + 80; n += 16) {
        cv_slice body = repeat(f, MIXED, "0123456\n", n / 8);
        cv_slice in = cv_arena_printf(
            f->arena, "%.*s\r\n--x\r\n\r\none\r\n--x--\r\n", CV_FMT(body));
        read_slice(f, in);
        assert_int_equal(f->root->child_count, 2);
        assert_int_equal(part_bytes(f, f->root->children[0]).len, n);
    }
}

static void C035_a_type_that_cannot_be_read_is_a_file(void **state)
{
    fixture *f = *state;
    READ(f, MIXED
         "--x\r\nContent-Type: =?UTF-8?Q?application=2Fpdf?=; name=x.pdf\r\n"
         "Content-Transfer-Encoding: base64\r\n\r\nAP8=\r\n--x--\r\n");
    const cv_mime_part *part = f->root->children[0];
    assert_type(part, "application/octet-stream");
    assert_slice(part->filename, "x.pdf");
    assert_int_equal(part_bytes(f, part).len, 2);
    assert_memory_equal(part_bytes(f, part).ptr, "\0\xff", 2);
}

static void C036_a_message_that_is_none_is_a_file(void **state)
{
    fixture *f = *state;
    READ(f, MIXED "--x\r\nContent-Type: message/rfc822; name=invoice.eml\r\n"
                  "\r\n\x01\x80\xff random bytes\r\n--x--\r\n");
    const cv_mime_part *part = f->root->children[0];
    assert_int_equal(part->kind, CV_MIME_LEAF);
    assert_slice(part->filename, "invoice.eml");
    assert_slice(part_bytes(f, part), "\x01\x80\xff random bytes");
    assert_true(cv_report_has(f->report, CV_RULE_MIME_STRUCTURE));
}

static void C044_nesting_is_bounded(void **state)
{
    fixture *f = *state;
    cv_slice in = repeat(f, "", "Content-Type: message/rfc822\r\n\r\n", 100000);
    const cv_mime_part *part = read_slice(f, in);
    size_t depth = 0;
    for (; part->child_count; part = part->children[0])
        depth++;
    assert_int_equal(depth, CV_LIMIT_MIME_DEPTH);
    assert_type(part, "application/octet-stream");
    assert_int_equal(part_bytes(f, part).len,
                     in.len - (CV_LIMIT_MIME_DEPTH + 1) * 32);
    assert_true(cv_report_has(f->report, CV_RULE_LIMIT));
}

static void C044_nested_multiparts_are_bounded(void **state)
{
    fixture *f = *state;
    cv_slice in = repeat(
        f, MIXED, "--x\nContent-Type: multipart/mixed; boundary=x\n\n", 10000);
    const cv_mime_part *part = read_slice(f, in);
    size_t depth = 0;
    for (; part->child_count; part = part->children[0])
        depth++;
    assert_int_equal(depth, CV_LIMIT_MIME_DEPTH);
    assert_true(cv_report_has(f->report, CV_RULE_LIMIT));
}

static void C045_the_number_of_parts_is_bounded(void **state)
{
    fixture *f = *state;
    cv_slice in = repeat(f, "Content-Type: multipart/mixed; boundary=a\n\n",
                         "--a\nx:y\n\n", 500000);
    read_slice(f, in);
    assert_int_equal(f->root->child_count, CV_LIMIT_MIME_PARTS);
    const cv_mime_part *rest = f->root->children[f->root->child_count - 1];
    assert_type(rest, "application/octet-stream");
    assert_int_equal(part_bytes(f, rest).len,
                     (500000 - CV_LIMIT_MIME_PARTS + 1) * 9 - 4);
    assert_true(cv_report_has(f->report, CV_RULE_LIMIT));
    assert_true(cv_arena_used(f->arena) < ((size_t)24 << 20));
}

/* -- limits -- */

static void fields_above_the_limit_are_left_out(void **state)
{
    fixture *f = *state;
    for (size_t extra = 0; extra < 2; extra++) {
        cv_slice head =
            repeat(f, "", "X: y\r\n", CV_LIMIT_MIME_HEADERS + extra);
        READ(f, "x");
        read_slice(f, cv_arena_printf(f->arena, "%.*s\r\nbody", CV_FMT(head)));
        assert_int_equal(f->root->field_count, CV_LIMIT_MIME_HEADERS);
        assert_int_equal(f->root->header_bytes.len, head.len);
        assert_slice(part_bytes(f, f->root), "body");
        assert_int_equal(cv_report_has(f->report, CV_RULE_LIMIT), extra);
    }
}

static void a_field_above_the_limit_is_cut(void **state)
{
    fixture *f = *state;
    for (size_t extra = 0; extra < 2; extra++) {
        cv_slice in =
            repeat(f, "Subject:", "y", CV_LIMIT_MIME_HEADER_BYTES + extra);
        read_slice(f, in);
        assert_int_equal(f->root->fields[0].raw.len,
                         CV_LIMIT_MIME_HEADER_BYTES);
        assert_int_equal(f->root->header_bytes.len, in.len);
        assert_int_equal(cv_report_has(f->report, CV_RULE_LIMIT), extra);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(parts_have_their_places_in_the_input),
        TEST(input_without_headers_is_one_text),
        TEST(line_ends_may_be_lf_crlf_or_cr),
        TEST(an_mbox_line_before_the_header_is_no_field),
        TEST(damage_in_a_header_block_costs_one_line),
        TEST(a_missing_blank_line_starts_the_body),
        TEST(nul_in_a_header_becomes_a_space),
        TEST(repeated_singletons_are_found),
        TEST(an_unclosed_multipart_ends_with_its_parent),
        TEST(a_boundary_that_begins_another_is_not_taken_for_it),
        TEST(a_wrong_or_missing_boundary_is_found_in_the_body),
        TEST(a_multipart_without_parts_is_one_text),
        TEST(a_digest_holds_messages),
        TEST(an_encoded_message_is_read_too),
        TEST(a_message_saved_as_utf16_is_read),
        TEST(C022_long_boundaries_work),
        TEST(C025_a_folded_boundary_is_tried_each_way),
        TEST(C027_a_part_without_its_delimiter_is_kept),
        TEST(C027_a_big_prologue_is_a_text),
        TEST(C035_a_type_that_cannot_be_read_is_a_file),
        TEST(C036_a_message_that_is_none_is_a_file),
        TEST(C044_nesting_is_bounded),
        TEST(C044_nested_multiparts_are_bounded),
        TEST(C045_the_number_of_parts_is_bounded),
        TEST(fields_above_the_limit_are_left_out),
        TEST(a_field_above_the_limit_is_cut),
    };
    return cmocka_run_group_tests_name("mime read", tests, NULL, NULL);
}
