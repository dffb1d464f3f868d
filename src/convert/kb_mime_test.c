/* Cases of the knowledge base, MIME to MAPI: whole messages through the whole
 * conversion. */
#include "convert/test_util.h"

#include <stdio.h>

static const cv_attachment *file_at(rig *r, size_t i)
{
    assert_true(i < cv_object_attachment_count(r->obj));
    return cv_object_attachment(r->obj, i);
}

static void assert_file(rig *r, size_t i, const char *name)
{
    assert_string_prop(file_at(r, i)->props, CV_PidTagAttachLongFilename, name);
}

static cv_slice data_at(rig *r, size_t i)
{
    cv_slice data;
    assert_int_equal(cv_blob_get(&file_at(r, i)->data, 1 << 20,
                                 cv_object_arena(r->obj), &data, NULL),
                     CV_OK);
    return data;
}

static void read_buf(rig *r, cv_buf *mail)
{
    cv_object_free(&r->obj);
    assert_int_equal(cv_from_mime(cv_buf_slice(mail), r->options, &r->obj,
                                  r->report, &r->err),
                     CV_OK);
}

static void c010_a_dn_in_angle_brackets_is_no_mailbox(void **state)
{
    rig *r = *state;
    rig_read(r, "From: Jane Roe </O=ORG/OU=SITE/CN=RECIPIENTS/CN=JROE>\r\n"
                "To: Joe </O=ORG/CN=JOE>, Zoe [SMTP:zoe@x.example],"
                " [EX:/O=ORG/CN=ZED]\r\n\r\n");
    assert_string_prop(cv_object_recipient(r->obj, 1), CV_PidTagDisplayName,
                       "Zoe");
    assert_string_prop(cv_object_recipient(r->obj, 1), CV_PidTagSmtpAddress,
                       "zoe@x.example");
    assert_string_prop(cv_object_recipient(r->obj, 2), CV_PidTagEmailAddress,
                       "/O=ORG/CN=ZED");
    assert_string_prop(rig_props(r), CV_PidTagSentRepresentingName, "Jane Roe");
    assert_string_prop(rig_props(r), CV_PidTagSentRepresentingAddressType,
                       "EX");
    assert_string_prop(rig_props(r), CV_PidTagSentRepresentingEmailAddress,
                       "/O=ORG/OU=SITE/CN=RECIPIENTS/CN=JROE");
    assert_string_prop(cv_object_recipient(r->obj, 0), CV_PidTagEmailAddress,
                       "/O=ORG/CN=JOE");
    const char *mail = rig_write(r);
    assert_has_not(mail, "</O=");
    assert_has_not(mail, "]");
    assert_has(mail, "Jane Roe <IMCEAEX-_O=ORG");
}

static void c018_each_encoded_word_has_its_charset(void **state)
{
    rig *r = *state;
    rig_read(r,
             "Subject: =?US-ASCII?Q?Re=3A?= =?ISO-2022-JP?B?GyRCOzNFRBsoQg==?="
             " =?ISO-8859-1?Q?=E9t=E9?=\r\n\r\n");
    assert_string_prop(rig_props(r), CV_PidTagSubject,
                       "Re:\xE5\xB1\xB1\xE7\x94\xB0\xC3\xA9t\xC3\xA9");
}

static void c019_a_letter_split_between_words_is_joined(void **state)
{
    rig *r = *state;
    rig_read(r, "Subject: =?utf-8?B?w6TDtg==?=\r\n =?utf-8?Q?=C3?=\r\n"
                " =?utf-8?Q?=BC!?=\r\n\r\n");
    assert_string_prop(rig_props(r), CV_PidTagSubject,
                       "\xC3\xA4\xC3\xB6\xC3\xBC!");
}

static void c020_a_meta_that_contradicts_the_bytes_is_ignored(void **state)
{
    rig *r = *state;
    static const char *const claims[] = { "UTF-16", "unicode" };
    for (size_t i = 0; i < CV_LEN(claims); i++) {
        char mail[300];
        snprintf(mail, sizeof mail,
                 "Content-Type: text/html\r\n\r\n<html><meta "
                 "http-equiv=content-type content='text/html; charset=%s'>"
                 "<p>Hello</p></html>\r\n",
                 claims[i]);
        rig_read(r, mail);
        assert_string_prop(rig_props(r), CV_PidTagBody, "Hello\r\n");
    }
}

static void c021_macintosh_files_are_delivered(void **state)
{
    rig *r = *state;
    static const struct {
        const char *type, *body;
        size_t files;
    } rows[] = {
        { "application/mac-binhex40; name=a.hqx\r\n"
          "Content-Transfer-Encoding: base64",
          "REFUQQ==", 1 },
        { "application/applefile; name=a\r\n"
          "Content-Transfer-Encoding: base64",
          "REFUQQ==", 1 },
        { "multipart/appledouble; boundary=d",
          "--d\r\nContent-Type: application/applefile\r\n\r\nhead\r\n"
          "--d\r\nContent-Type: application/x; name=a.bin\r\n"
          "Content-Transfer-Encoding: base64\r\n\r\nREFUQQ==\r\n--d--",
          2 },
    };
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        char mail[800];
        snprintf(mail, sizeof mail,
                 "Content-Type: multipart/mixed; boundary=m\r\n\r\n"
                 "--m\r\n\r\nsee\r\n--m\r\nContent-Type: %s\r\n\r\n%s"
                 "\r\n--m--\r\n",
                 rows[i].type, rows[i].body);
        rig_read(r, mail);
        assert_int_equal(cv_object_attachment_count(r->obj), rows[i].files);
        assert_text(data_at(r, rows[i].files - 1), "DATA");
        assert_has(rig_write(r), "REFUQQ==");
    }
}

static void c022_long_boundaries_work(void **state)
{
    rig *r = *state;
    static const int lengths[] = { 71, 100, 250 };
    for (size_t i = 0; i < CV_LEN(lengths); i++) {
        char boundary[256], mail[2000];
        memset(boundary, 'b', sizeof boundary);
        boundary[lengths[i]] = 0;
        snprintf(mail, sizeof mail,
                 "Content-Type: multipart/mixed; boundary=\"%s\"\r\n\r\n"
                 "--%s\r\n\r\nbody\r\n--%s\r\nContent-Type: image/png;"
                 " name=a.png\r\n\r\nPNG\r\n--%s--\r\n",
                 boundary, boundary, boundary, boundary);
        rig_read(r, mail);
        assert_string_prop(rig_props(r), CV_PidTagBody, "body");
        assert_file(r, 0, "a.png");
    }
}

static void c023_enriched_text_keeps_its_lines(void **state)
{
    rig *r = *state;
    rig_read(r, "Content-Type: text/enriched\r\n\r\n"
                "<bold>one</bold>\r\ntwo <<b>\r\n<param>x</param>three\r\n");
    assert_string_prop(rig_props(r), CV_PidTagBody,
                       "one\r\ntwo <b>\r\nthree\r\n");
    rig_read(r, "Content-Type: text/richtext\r\n\r\n"
                "<bold>one</bold><nl>two <lt>b>\r\nthree\r\n");
    assert_string_prop(rig_props(r), CV_PidTagBody,
                       "one\r\ntwo <b>\r\nthree\r\n");
}

static void c024_text_after_a_nul_arrives(void **state)
{
    rig *r = *state;
    cv_buf mail;
    cv_buf_init(&mail, 0);
    cv_buf_put_str(&mail, "From: a@b.example\r\n\r\nbefore");
    cv_buf_put_byte(&mail, 0);
    cv_buf_put_str(&mail, "after\r\n");
    read_buf(r, &mail);
    cv_slice body;
    assert_true(cv_bag_string(rig_props(r), CV_PidTagBody, &body));
    assert_true(cv_slice_find(body, CV_S("before"), 0) != CV_NPOS);
    assert_true(cv_slice_find(body, CV_S("after"), 0) != CV_NPOS);
    assert_has(rig_write(r), "after");
    cv_buf_clear(&mail);
}

static void c025_a_folded_boundary_is_found(void **state)
{
    rig *r = *state;
    static const char *const inner[] = { "abc def", "abcdef" };
    for (size_t i = 0; i < CV_LEN(inner); i++) {
        char mail[400];
        snprintf(mail, sizeof mail,
                 "Content-Type: multipart/mixed; boundary=\"abc\r\n def\"\r\n"
                 "\r\n--%s\r\n\r\nbody\r\n--%s--\r\n",
                 inner[i], inner[i]);
        rig_read(r, mail);
        assert_string_prop(rig_props(r), CV_PidTagBody, "body");
    }
    rig_read(r, "Content-Type: multipart/mixed; boundary=\"abc\r\n\tdef\"\r\n"
                "\r\n--abc\tdef\r\n\r\nbody\r\n--abc\tdef--\r\n");
    assert_string_prop(rig_props(r), CV_PidTagBody, "body");
}

static void c026_damaged_base64_gives_what_it_has(void **state)
{
    rig *r = *state;
    static const struct {
        const char *text, *data;
    } rows[] = { { "SGVs*bG8=", "Hello" },
                 { "SGVsbG8", "Hello" },
                 { "SGVsbG8=\r\ntrailing!", "Hello" },
                 { "", "" } };
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        char mail[400];
        snprintf(mail, sizeof mail,
                 "Content-Type: application/x; name=a.bin\r\n"
                 "Content-Transfer-Encoding: base64\r\n\r\n%s",
                 rows[i].text);
        rig_read(r, mail);
        cv_slice data = data_at(r, 0);
        assert_true(data.len >= strlen(rows[i].data));
        assert_memory_equal(data.ptr, rows[i].data, strlen(rows[i].data));
    }
}

static void c027_a_missing_first_boundary_loses_no_text(void **state)
{
    rig *r = *state;
    cv_buf mail;
    cv_buf_init(&mail, 0);
    cv_buf_put_str(&mail, "Content-Type: multipart/alternative; boundary=X"
                          "\r\n\r\nContent-Type: text/plain\r\n\r\n");
    for (int i = 0; i < 512; i++)
        cv_buf_put_str(&mail, "sixteen letters\n");
    cv_buf_put_str(&mail, "\r\n--X\r\nContent-Type: text/html\r\n\r\n"
                          "<p>html</p>\r\n--X--\r\n");
    read_buf(r, &mail);
    assert_has(rig_write(r), "sixteen letters");
    assert_true(r->out.len < 4 * mail.len);
    cv_buf_clear(&mail);
}

static void c029_odd_parameters_cost_themselves(void **state)
{
    rig *r = *state;
    cv_buf mail;
    cv_buf_init(&mail, 0);
    cv_buf_put_str(&mail, "Content-Type: multipart/mixed;; name=; "
                          "boundary=b; x=\"unclosed; ");
    for (int i = 0; i < 300; i++)
        cv_buf_printf(&mail, "\r\n p%d=v;", i);
    cv_buf_put_str(&mail, "\r\n\r\n--b\r\n\r\nbody\r\n--b--\r\n");
    read_buf(r, &mail);
    assert_has(rig_write(r), "body");
    cv_buf_clear(&mail);
}

static void c030_corrupt_address_fields_are_salvaged(void **state)
{
    rig *r = *state;
    static const char *const fields[] = {
        "To: a@b.example, <c@d.example, e@f.example",
        "To: (open a@b.example",
        "To: \"open a@b.example",
        "To: ,,,",
        "To: x:;",
        "To: <>, a@b.example"
    };
    for (size_t i = 0; i < CV_LEN(fields); i++) {
        char mail[300];
        snprintf(mail, sizeof mail, "From: f@x.example\r\n%s\r\n\r\nbody\r\n",
                 fields[i]);
        rig_read(r, mail);
        assert_string_prop(rig_props(r), CV_PidTagBody, "body\r\n");
    }
    cv_buf many;
    cv_buf_init(&many, 0);
    cv_buf_put_str(&many, "To: a0@b.example");
    for (int i = 1; i < 5000; i++)
        cv_buf_printf(&many, ",\r\n a%d@b.example", i);
    cv_buf_put_str(&many, "\r\n\r\nx\r\n");
    read_buf(r, &many);
    assert_int_equal(cv_object_recipient_count(r->obj), 5000);
    cv_buf_clear(&many);
}

static void c032_two_fields_on_a_line(void **state)
{
    rig *r = *state;
    rig_read(r, "Content-Type: text/plain; charset = \"iso-8859-1\" "
                "Content-Transfer-Encoding: 8bit\r\n\r\ncaf\xE9\r\n");
    assert_string_prop(rig_props(r), CV_PidTagBody, "caf\xC3\xA9\r\n");
}

static void c033_bad_percent_escapes_leave_a_name(void **state)
{
    rig *r = *state;
    cv_slice name;
    rig_read(r, "Content-Type: application/pdf;\r\n"
                " name*0*=UTF-8''%%E4%B8%AA.pdf\r\n\r\n%PDF\r\n");
    assert_true(cv_bag_string(file_at(r, 0)->props, CV_PidTagAttachLongFilename,
                              &name));
    assert_true(cv_slice_ends(name, CV_S(".pdf")));
}

static void c034_any_charset_of_a_name_is_decoded(void **state)
{
    rig *r = *state;
    rig_read(r, "From: =?iso-2022-jp?B?GyRCOzNFRBsoQg==?= "
                "<yamada@example.jp>\r\n\r\n");
    assert_string_prop(rig_props(r), CV_PidTagSentRepresentingName,
                       "\xE5\xB1\xB1\xE7\x94\xB0");
    rig_read(r, "From: =?x-nobody-knows?Q?abc?= <a@b.example>\r\n\r\n");
    assert_string_prop(rig_props(r), CV_PidTagSentRepresentingSmtpAddress,
                       "a@b.example");
}

static void c035_a_type_nobody_can_read_is_a_file(void **state)
{
    rig *r = *state;
    rig_read(r, "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
                "--b\r\n\r\nbody\r\n--b\r\n"
                "Content-Type: =?UTF-8?Q?application=2Fpdf?=; name=x.pdf\r\n"
                "Content-Disposition: attachment; filename=x.pdf\r\n"
                "Content-Transfer-Encoding: base64\r\n\r\nJVBERv8A\r\n"
                "--b--\r\n");
    assert_file(r, 0, "x.pdf");
    cv_slice data = data_at(r, 0);
    assert_int_equal(data.len, 6);
    assert_memory_equal(data.ptr, "%PDF\xFF\x00", 6);
}

static void c039_unknown_parameters_are_ignored(void **state)
{
    rig *r = *state;
    rig_read(r, "Content-Type: audio/wav\r\nContent-Disposition: "
                "attachment; filename=msg.wav; VOICE=yes\r\n\r\nRIFF\r\n");
    assert_file(r, 0, "msg.wav");
}

static void c040_to_c043_names_in_pieces_are_joined(void **state)
{
    rig *r = *state;
    static const struct {
        const char *field, *name;
    } rows[] = {
        { "Content-Disposition: attachment; filename*0=\"Report\r\n "
          "09-20-2022.x\"; filename*1=lsx",
          "Report 09-20-2022.xlsx" },
        { "Content-Disposition: attachment;"
          " filename*0*=us-ascii'en'Quarterly%20;"
          " filename*1*=%2Adraft%2A%20; filename*2=\"isn't it\"",
          "Quarterly *draft* isn't it" },
        { "Content-Disposition: attachment;"
          " filename*0=\"=?UTF-8?Q?*_=F0=9F=98=81=F0?= "
          "=?UTF-8?Q?=9F=98=8\"; filename*1=\"1.docx?=\"",
          "* \xF0\x9F\x98\x81\xF0\x9F\x98\x81.docx" },
        { "Content-Disposition: attachment;"
          " filename*0*=UTF-8''price%20%E2%82; filename*1*=%AC.pdf",
          "price \xE2\x82\xAC.pdf" },
    };
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        char mail[500];
        snprintf(mail, sizeof mail,
                 "Content-Type: application/x\r\n%s\r\n\r\nx\r\n",
                 rows[i].field);
        rig_read(r, mail);
        assert_file(r, 0, rows[i].name);
    }
}

static void c044_deep_nesting_is_delivered(void **state)
{
    rig *r = *state;
    cv_buf mail;
    cv_buf_init(&mail, 0);
    for (int i = 0; i < 100000; i++)
        cv_buf_put_str(&mail, "Content-Type: message/rfc822\n\n");
    read_buf(r, &mail);
    assert_true(cv_object_attachment_count(r->obj) >= 1);
    assert_has(rig_write(r), "message/rfc822");
    cv_buf_reset(&mail);
    for (int i = 0; i < 10000; i++)
        cv_buf_printf(&mail,
                      "Content-Type: multipart/mixed; boundary=b%d\n\n"
                      "--b%d\n",
                      i, i);
    cv_buf_put_str(&mail, "\nhere\n");
    read_buf(r, &mail);
    assert_true(rig_write(r) != NULL);
    cv_buf_clear(&mail);
}

static void c045_many_parts_are_bounded(void **state)
{
    rig *r = *state;
    cv_buf mail;
    cv_buf_init(&mail, 0);
    cv_buf_put_str(&mail, "Content-Type: multipart/mixed; boundary=a\n\n");
    for (int i = 0; i < 50000; i++)
        cv_buf_put_str(&mail, "--a\nx:y\n\n");
    read_buf(r, &mail);
    assert_true(cv_object_attachment_count(r->obj) <= 10000);
    cv_buf_clear(&mail);
}

static void c047_fragments_are_readable(void **state)
{
    rig *r = *state;
    for (int n = 1; n <= 3; n++) {
        char mail[300];
        snprintf(mail, sizeof mail,
                 "From: a@b.example\r\nContent-Type: message/partial;"
                 " id=\"x@scan\"; number=%d; total=2\r\n\r\nfragment %d\r\n",
                 n, n);
        rig_read(r, mail);
        cv_slice data = data_at(r, 0);
        assert_true(cv_slice_starts(data, CV_S("fragment ")));
        (void)rig_write(r);
    }
}

/* C048: attached calendars stay files, whatever is in them. */
static void c048_attached_calendars_stay_files(void **state)
{
    rig *r = *state;
    static const char event[] =
        "BEGIN:VEVENT\r\nUID:%s\r\nDTSTART:20261123T120000Z\r\nEND:VEVENT\r\n";
    cv_buf mail;
    cv_buf_init(&mail, 0);
    cv_buf_put_str(&mail, "From: a@b.example\r\nContent-Type: "
                          "multipart/mixed; boundary=b\r\n\r\n"
                          "--b\r\n\r\nsee files\r\n");
    for (int i = 0; i < 3; i++) {
        cv_buf_printf(&mail,
                      "--b\r\nContent-Type: text/calendar; name=c%d.ics\r\n"
                      "Content-Disposition: attachment; filename=c%d.ics\r\n"
                      "\r\nBEGIN:VCALENDAR\r\nVERSION:2.0\r\n",
                      i, i);
        for (int k = 0; k <= i; k++) {
            char uid[20];
            snprintf(uid, sizeof uid, "u%d-%d", i, k);
            cv_buf_printf(&mail, event, uid);
        }
        cv_buf_put_str(&mail, "END:VCALENDAR\r\n");
    }
    cv_buf_put_str(&mail, "--b--\r\n");
    read_buf(r, &mail);
    assert_string_prop(rig_props(r), CV_PidTagMessageClass, "IPM.Note");
    assert_int_equal(cv_object_attachment_count(r->obj), 3);
    assert_file(r, 2, "c2.ics");
    cv_buf_clear(&mail);
}

static void c122_global_delivery_status_is_a_report(void **state)
{
    rig *r = *state;
    rig_read(r, "From: d@y.example\r\nContent-Type: multipart/report; "
                "report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\n"
                "Sorry\r\n--b\r\nContent-Type: "
                "message/global-delivery-status\r\n\r\n"
                "Reporting-MTA: dns; y\r\n\r\nFinal-Recipient: utf-8; "
                "\xC3\xBCnal@example.org\r\nAction: failed\r\n"
                "Status: 5.1.1\r\n--b--\r\n");
    assert_string_prop(rig_props(r), CV_PidTagMessageClass,
                       "REPORT.IPM.Note.NDR");
    assert_string_prop(cv_object_recipient(r->obj, 0), CV_PidTagEmailAddress,
                       "\xC3\xBCnal@example.org");
}

static void c127_a_free_form_receipt_is_a_mail(void **state)
{
    rig *r = *state;
    rig_read(r, "From: a@b.example\r\nSubject: Read: hello\r\n\r\nread\r\n");
    assert_string_prop(rig_props(r), CV_PidTagMessageClass, "IPM.Note");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG(c010_a_dn_in_angle_brackets_is_no_mailbox),
        RIG(c018_each_encoded_word_has_its_charset),
        RIG(c019_a_letter_split_between_words_is_joined),
        RIG(c020_a_meta_that_contradicts_the_bytes_is_ignored),
        RIG(c021_macintosh_files_are_delivered),
        RIG(c022_long_boundaries_work),
        RIG(c023_enriched_text_keeps_its_lines),
        RIG(c024_text_after_a_nul_arrives),
        RIG(c025_a_folded_boundary_is_found),
        RIG(c026_damaged_base64_gives_what_it_has),
        RIG(c027_a_missing_first_boundary_loses_no_text),
        RIG(c029_odd_parameters_cost_themselves),
        RIG(c030_corrupt_address_fields_are_salvaged),
        RIG(c032_two_fields_on_a_line),
        RIG(c033_bad_percent_escapes_leave_a_name),
        RIG(c034_any_charset_of_a_name_is_decoded),
        RIG(c035_a_type_nobody_can_read_is_a_file),
        RIG(c039_unknown_parameters_are_ignored),
        RIG(c040_to_c043_names_in_pieces_are_joined),
        RIG(c044_deep_nesting_is_delivered),
        RIG(c045_many_parts_are_bounded),
        RIG(c047_fragments_are_readable),
        RIG(c048_attached_calendars_stay_files),
        RIG(c122_global_delivery_status_is_a_report),
        RIG(c127_a_free_form_receipt_is_a_mail),
    };
    return cmocka_run_group_tests_name("kb_mime", tests, NULL, NULL);
}
