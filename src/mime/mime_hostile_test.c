#include "mime/test_util.h"

#include <stdlib.h>

/* A message with something of everything. */
static const char whole[] =
    "From nobody Sat Jan  3 01:05:34 1996\r\n"
    "Received: from a by b;\r\n\tSat, 3 Jan 1996 01:05:34 +0000\r\n"
    "From: =?utf-8?Q?J=C3=B6rg?= \"M.\" <joerg@example.org> (he)\r\n"
    "To: Team: a@b, \"Doe, \\\"J\" <j@d>;, <@r:c@d>, x@[192.0.2.1]\r\n"
    "Subject: =?iso-2022-jp?B?GyRCRnxLXBsoQg==?=\r\n =?utf-8?Q?=E2=82?=\r\n"
    " =?utf-8?Q?=AC?= caf\xE9\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; charset=us-ascii (c);\r\n"
    " boundary=\"=_o\r\n uter\"\r\n\r\n"
    "A prologue.\r\n"
    "--=_o uter\r\n"
    "Content-Type: multipart/signed; boundary=s; micalg=sha1\r\n\r\n"
    "--s\r\n"
    "Content-Type: multipart/alternative; boundary=alt\r\n\r\n"
    "--alt\r\nContent-Type: text/plain; charset=iso-8859-1\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    "caf=E9 =\r\nsoft =3D \r\n"
    "--alt\r\nContent-Type: text/html\r\n\r\n"
    "<meta charset=windows-1251><p>\xE1\r\n"
    "--alt\r\nContent-Type: text/calendar; method=REQUEST; charset=utf-8\r\n"
    "Content-Transfer-Encoding: base64\r\n\r\n"
    "QkVHSU46VkNBTEVOREFSDQpFTkQ6VkNBTEVOREFSDQo=\r\n"
    "--alt--\r\nafter\r\n--s\r\n"
    "Content-Type: application/pkcs7-signature; name=smime.p7s\r\n"
    "Content-Transfer-Encoding: base64\r\n\r\nMIIB\r\n--s--\r\n"
    "--=_o uter\r\n"
    "Content-Type: application/pdf; name*0*=UTF-8''a%20%E2%82;\r\n"
    " name*1*=%AC; name*2=\".pdf\"; name=other\r\n"
    "Content-Disposition: attachment; filename=\"=?utf-8?B?w6k=?=.pdf\"\r\n"
    "Content-ID: <1@x>\r\n"
    "Content-Transfer-Encoding: x-uuencode\r\n\r\n"
    "begin 644 x\r\n#86)C\r\n`\r\nend\r\n"
    "--=_o uter\r\n"
    "Content-Type: message/rfc822\r\n\r\n"
    "Subject: inner\r\nContent-Type: text/plain; charset=utf-16le\r\n\r\n"
    "a\x01\r\n"
    "--=_o uter\r\n"
    "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    "U3ViamVjdDogaW4NCg0KYm9keQ==\r\n"
    "--=_o uter\r\n"
    "Content-Type: multipart/digest\r\n\r\n"
    "--guess\r\nContent-Type: text/plain\r\n\r\nx\r\n--guess--\r\n"
    "--=_o uter--\r\nepilogue\r\n";

#define WHOLE_LEN (sizeof whole - 1)

/* Everything a caller may ask of a part. */
static void use_part(fixture *f, const cv_mime_part *part)
{
    cv_error err;
    cv_mime_address *list;
    size_t count;
    for (size_t i = 0; i < part->field_count; i++) {
        cv_slice raw = part->fields[i].raw, text;
        assert_int_equal(
            cv_mime_decode_text(f->arena, raw, CV_S(""), &text, &err), CV_OK);
        assert_int_equal(cv_mime_addresses(f->arena, raw, CV_S(""), &list,
                                           &count, f->report, &err),
                         CV_OK);
    }
    assert_int_equal(part->kind == CV_MIME_LEAF, part->child_count == 0);
    if (part->kind == CV_MIME_LEAF)
        part_text(f, part, NULL);
    assert_true(part->body_bytes.len <= part->entity_bytes.len);
    for (size_t i = 0; i < part->child_count; i++)
        use_part(f, part->children[i]);
}

/* Each reading has an input of its exact size, so that a sanitizer sees the
 * first byte beyond it. */
static void use_bytes(const uint8_t *bytes, size_t len)
{
    fixture f = { 0 };
    cv_error err;
    uint8_t *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, len);
    assert_int_equal(cv_arena_new(0, &f.arena, &err), CV_OK);
    assert_int_equal(cv_report_new(&f.report, &err), CV_OK);
    read_slice(&f, cv_slice_of(copy, len));
    assert_true(f.root->entity_bytes.len <= len);
    use_part(&f, f.root);
    cv_report_free(&f.report);
    cv_arena_free(&f.arena);
    free(copy);
}

static void the_whole_message_is_read(void **state)
{
    fixture *f = *state;
    read_slice(f, cv_slice_of(whole, WHOLE_LEN));
    assert_int_equal(f->root->child_count, 5);
    assert_slice(f->root->children[1]->filename, "\xC3\xA9.pdf");
    assert_slice(cv_mime_param_get(f->root->children[1], CV_S("name")),
                 "a \xE2\x82\xAC.pdf");
    assert_slice(part_bytes(f, f->root->children[1]), "abc");
    assert_slice(part_bytes(f, f->root->children[0]->children[0]->children[2]),
                 "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n");
    assert_slice(field_text(f, f->root, "subject"),
                 "\xE6\x97\xA5\xE6\x9C\xAC\xE2\x82\xAC caf\xC3\xA9");
}

static void every_prefix_is_read(void **state)
{
    (void)state;
    for (size_t n = 0; n <= WHOLE_LEN; n++)
        use_bytes((const uint8_t *)whole, n);
}

static void every_changed_byte_is_read(void **state)
{
    static const uint8_t masks[] = { 0x01, 0x80, 0xFF };
    (void)state;
    uint8_t copy[WHOLE_LEN];
    memcpy(copy, whole, WHOLE_LEN);
    for (size_t i = 0; i < WHOLE_LEN; i++)
        for (size_t m = 0; m < CV_LEN(masks); m++) {
            copy[i] ^= masks[m];
            use_bytes(copy, WHOLE_LEN);
            copy[i] ^= masks[m];
        }
}

/* What exhausts the arena is an error that goes up, wherever it happens. */
static void an_exhausted_arena_is_an_error_everywhere(void **state)
{
    (void)state;
    bool done = false;
    for (size_t budget = 512; !done; budget += 512) {
        fixture f = { 0 };
        cv_error err;
        assert_int_equal(cv_arena_new(budget, &f.arena, &err), CV_OK);
        cv_status status =
            cv_mime_read(f.arena, cv_slice_of(whole, WHOLE_LEN),
                         (cv_relax){ NULL, NULL }, &f.root, NULL, &err);
        assert_true(status == CV_OK || status == CV_ERR_LIMIT);
        done = status == CV_OK;
        cv_arena_free(&f.arena);
        assert_true(budget < 1 << 20);
    }
}

/* Inputs that make a naive reader look ahead again and again: with 2 MB the
 * test would not end in its time. */
static void hostile_bodies_take_linear_time(void **state)
{
    static const struct {
        const char *head, *unit;
    } rows[] = {
        { "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n", "-" },
        { "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n", "\r--b " },
        { "Content-Type: multipart/mixed; boundary=b\n\n", "\r--" },
        { "Content-Type: multipart/mixed\n\n", "--x\n" },
        { "Content-Transfer-Encoding: base64\n\n", "QQ==" },
        { "Content-Transfer-Encoding: base64\n\n", "QQ==AAAA" },
        { "Content-Transfer-Encoding: quoted-printable\n\n", "= " },
        { "Subject: x\n", " \n" },
        { "Subject: x\n", "a b: c\n" },
    };
    enum { SIZE = 2 << 20 };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        cv_buf buf;
        cv_buf_init(&buf, 0);
        cv_buf_put_str(&buf, rows[i].head);
        while (buf.len < SIZE)
            cv_buf_put_str(&buf, rows[i].unit);
        fixture f = { 0 };
        cv_error err;
        assert_int_equal(cv_arena_new(0, &f.arena, &err), CV_OK);
        read_slice(&f, cv_buf_slice(&buf));
        cv_arena_free(&f.arena);
        cv_buf_clear(&buf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_whole_message_is_read),
        TEST(every_prefix_is_read),
        TEST(every_changed_byte_is_read),
        TEST(hostile_bodies_take_linear_time),
        TEST(an_exhausted_arena_is_an_error_everywhere),
    };
    return cmocka_run_group_tests_name("mime hostile", tests, NULL, NULL);
}
