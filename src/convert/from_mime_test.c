#include "convert/test_util.h"

static const cv_bag *row_at(rig *r, size_t i)
{
    assert_true(i < cv_object_recipient_count(r->obj));
    return cv_object_recipient(r->obj, i);
}

static void header_fields_become_properties(void **state)
{
    rig *r = *state;
    int64_t ticks = 0;
    int32_t v = 0;
    rig_read(r, "From: =?utf-8?Q?J=C3=B6rg?= <joerg@x.example>\r\n"
                "Sender: Post <post@x.example>\r\n"
                "To: \"A, B\" <ab@y.example>, c@y.example\r\n"
                "Cc: Team: d@y.example, e@y.example;\r\n"
                "Subject: Re: plans\r\n"
                "Date: Sun, 22 Nov 2026 13:58:53 +0100\r\n"
                "Message-ID: <1@x.example>\r\n"
                "References: <a@b> <c@d>\r\n"
                "X-Priority: 1 (Highest)\r\n"
                "Sensitivity: Private\r\n"
                "X-Odd: thing\r\n"
                "\r\n"
                "Text\r\n");
    assert_string_prop(rig_props(r), CV_PidTagSentRepresentingName,
                       "J\xC3\xB6rg");
    assert_string_prop(rig_props(r), CV_PidTagSentRepresentingSmtpAddress,
                       "joerg@x.example");
    assert_string_prop(rig_props(r), CV_PidTagSenderSmtpAddress,
                       "post@x.example");
    assert_string_prop(rig_props(r), CV_PidTagSubject, "Re: plans");
    assert_string_prop(rig_props(r), CV_PidTagSubjectPrefix, "Re: ");
    assert_string_prop(rig_props(r), CV_PidTagNormalizedSubject, "plans");
    assert_string_prop(rig_props(r), CV_PidTagInternetMessageId,
                       "<1@x.example>");
    assert_string_prop(rig_props(r), CV_PidTagInternetReferences,
                       "<a@b> <c@d>");
    assert_true(cv_bag_ticks(rig_props(r), CV_PidTagClientSubmitTime, &ticks));
    assert_true(ticks == TEST_NOW + INT64_C(3533) * CV_TICKS_PER_SEC);
    assert_true(cv_bag_i32(rig_props(r), CV_PidTagImportance, &v) && v == 2);
    assert_true(cv_bag_i32(rig_props(r), CV_PidTagSensitivity, &v) && v == 2);
    assert_string_prop(rig_props(r), CV_PidTagMessageClass, "IPM.Note");
    assert_int_equal(cv_object_recipient_count(r->obj), 4);
    assert_string_prop(rig_props(r), CV_PidTagDisplayTo, "A, B; c@y.example");
    assert_string_prop(rig_props(r), CV_PidTagDisplayCc,
                       "d@y.example; e@y.example");
    assert_string_prop(row_at(r, 0), CV_PidTagDisplayName, "A, B");
    assert_string_prop(row_at(r, 0), CV_PidTagSmtpAddress, "ab@y.example");
    assert_string_prop(row_at(r, 3), CV_PidTagSmtpAddress, "e@y.example");
    assert_int_equal(cv_row_type(row_at(r, 3)), CV_RECIP_CC);
}

static void unknown_fields_are_kept_by_name(void **state)
{
    rig *r = *state;
    cv_name name = { .set = *cv_set_guid(CV_SET_PS_INTERNET_HEADERS),
                     .is_string = true,
                     .string = CV_S("x-odd") };
    rig_read(r, "From: a@b.example\r\nX-Odd: =?utf-8?Q?=C3=BC?=\r\n"
                "X-MS-Exchange-Organization-SCL: 9\r\n\r\n");
    cv_tag tag = cv_names_find(cv_object_names(r->obj), &name);
    assert_true(tag != 0);
    assert_string_prop(rig_props(r), tag | CV_T_STRING, "\xC3\xBC");
    name.string = CV_S("X-MS-Exchange-Organization-SCL");
    assert_int_equal(cv_names_find(cv_object_names(r->obj), &name), 0);
}

/* Each is kept, and goes out again in its order. */
static void a_repeated_unknown_field_keeps_all_values(void **state)
{
    rig *r = *state;
    const cv_slice *list = NULL;
    size_t count = 0;
    cv_name name = { .set = *cv_set_guid(CV_SET_PS_INTERNET_HEADERS),
                     .is_string = true,
                     .string = CV_S("X-Spam-Report") };
    rig_read(r, "From: a@b.example\r\nX-Spam-Report: one\r\nX-Once: 1\r\n"
                "X-SPAM-Report: =?utf-8?Q?zw=C3=B6lf?=\r\n"
                "x-spam-report: three\r\n\r\n");
    cv_tag tag = cv_names_find(cv_object_names(r->obj), &name);
    assert_true(tag != 0);
    assert_true(cv_bag_strings(rig_props(r), tag | CV_T_MULTI | CV_T_STRING,
                               &list, &count));
    assert_int_equal(count, 3);
    assert_text(list[0], "one");
    assert_text(list[1], "zw\xC3\xB6lf");
    assert_text(list[2], "three");
    name.string = CV_S("X-Once");
    tag = cv_names_find(cv_object_names(r->obj), &name);
    assert_string_prop(rig_props(r), tag | CV_T_STRING, "1");
    const char *mail = rig_write(r);
    const char *first = strstr(mail, "X-Spam-Report: one\r\n");
    assert_non_null(first);
    assert_has(first, "X-Spam-Report: three\r\n");
}

static void alternatives_give_both_bodies(void **state)
{
    rig *r = *state;
    cv_slice html;
    rig_read(r, "From: a@b.example\r\nMIME-Version: 1.0\r\n"
                "Content-Type: multipart/alternative; boundary=x\r\n\r\n"
                "--x\r\nContent-Type: text/plain\r\n\r\nplain\r\n"
                "--x\r\nContent-Type: text/html; charset=iso-8859-1\r\n\r\n"
                "<p>caf\xE9</p>\r\n--x--\r\n");
    assert_string_prop(rig_props(r), CV_PidTagBody, "plain");
    assert_true(cv_bag_binary(rig_props(r), CV_PidTagHtml, &html));
    assert_text(html, "<p>caf\xE9</p>");
    assert_int_equal(cv_bag_i32_or(rig_props(r), CV_PidTagNativeBody, 0), 3);
    assert_int_equal(cv_object_attachment_count(r->obj), 0);
}

static void html_alone_makes_its_plain_text(void **state)
{
    rig *r = *state;
    rig_read(r, "From: a@b.example\r\nContent-Type: text/html\r\n\r\n"
                "<p>Hello <b>you</b></p>\r\n");
    assert_string_prop(rig_props(r), CV_PidTagBody, "Hello you\r\n");
}

static void several_texts_in_mixed_are_joined(void **state)
{
    rig *r = *state;
    rig_read(r, "From: a@b.example\r\n"
                "Content-Type: multipart/mixed; boundary=x\r\n\r\n"
                "--x\r\n\r\none\r\n"
                "--x\r\nContent-Type: application/pdf; name=a.pdf\r\n"
                "Content-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n"
                "--x\r\nContent-Type: text/plain\r\n\r\ntwo\r\n"
                "--x\r\nContent-Type: text/plain\r\n"
                "Content-Disposition: attachment; filename=n.txt\r\n\r\n"
                "file\r\n--x--\r\n");
    assert_string_prop(rig_props(r), CV_PidTagBody, "one\r\ntwo");
    assert_int_equal(cv_object_attachment_count(r->obj), 2);
    const cv_attachment *a = cv_object_attachment(r->obj, 0);
    cv_slice data;
    assert_string_prop(a->props, CV_PidTagAttachLongFilename, "a.pdf");
    assert_string_prop(a->props, CV_PidTagAttachMimeTag, "application/pdf");
    assert_int_equal(
        cv_blob_get(&a->data, 100, cv_object_arena(r->obj), &data, NULL),
        CV_OK);
    assert_text(data, "%PDF");
}

static void an_attached_message_is_embedded(void **state)
{
    rig *r = *state;
    rig_read(r, "From: a@b.example\r\n"
                "Content-Type: multipart/mixed; boundary=x\r\n\r\n"
                "--x\r\n\r\nsee\r\n"
                "--x\r\nContent-Type: message/rfc822\r\n\r\n"
                "From: c@d.example\r\nSubject: inner\r\n\r\ntext\r\n"
                "--x--\r\n");
    assert_int_equal(cv_object_attachment_count(r->obj), 1);
    const cv_object *in = cv_object_attachment(r->obj, 0)->embedded;
    assert_non_null(in);
    assert_string_prop(cv_object_props(in), CV_PidTagSubject, "inner");
    assert_string_prop(cv_object_props(in), CV_PidTagBody, "text");
}

/* C036: an .eml part that is no message stays a file. */
static void c036_random_bytes_as_message_stay_a_file(void **state)
{
    rig *r = *state;
    rig_read(r, "From: a@b.example\r\n"
                "Content-Type: multipart/mixed; boundary=x\r\n\r\n"
                "--x\r\n\r\nsee\r\n"
                "--x\r\nContent-Type: message/rfc822; name=invoice.eml\r\n"
                "\r\n\x01\x02 no colon here\r\nnor here\r\n--x--\r\n");
    assert_int_equal(cv_object_attachment_count(r->obj), 1);
    const cv_attachment *a = cv_object_attachment(r->obj, 0);
    assert_null(a->embedded);
    assert_true(a->has_data);
    assert_string_prop(a->props, CV_PidTagAttachLongFilename, "invoice.eml");
}

/* C037: an inline part without Content-ID is a file. */
static void c037_inline_image_without_id_is_a_file(void **state)
{
    rig *r = *state;
    rig_read(r, "From: a@b.example\r\n"
                "Content-Type: multipart/mixed; boundary=x\r\n\r\n"
                "--x\r\nContent-Type: text/html\r\n\r\n"
                "<img src=cid:nowhere>\r\n"
                "--x\r\nContent-Type: image/png; name=p.png\r\n"
                "Content-Disposition: inline\r\n\r\nPNG\r\n--x--\r\n");
    assert_int_equal(cv_object_attachment_count(r->obj), 1);
    const cv_attachment *a = cv_object_attachment(r->obj, 0);
    assert_false(cv_bag_has(a->props, CV_PidTagAttachContentId));
    assert_false(cv_bag_bool_or(a->props, CV_PidTagAttachmentHidden, false));
}

/* C038: the picture's id is kept without angle brackets, and it is hidden. */
static void c038_inline_image_keeps_its_id(void **state)
{
    rig *r = *state;
    rig_read(r, "From: a@b.example\r\n"
                "Content-Type: multipart/related; boundary=x\r\n\r\n"
                "--x\r\nContent-Type: text/html\r\n\r\n"
                "<img src=cid:logo@x>\r\n"
                "--x\r\nContent-Type: image/png\r\nContent-ID: <logo@x>\r\n"
                "Content-Transfer-Encoding: base64\r\n\r\nUE5H\r\n--x--\r\n");
    const cv_attachment *a = cv_object_attachment(r->obj, 0);
    assert_string_prop(a->props, CV_PidTagAttachContentId, "logo@x");
    assert_true(cv_bag_bool_or(a->props, CV_PidTagAttachmentHidden, false));
    assert_int_equal(cv_bag_i32_or(a->props, CV_PidTagAttachFlags, 0), 4);
    assert_true(cv_bag_bool_or(rig_props(r), CV_PidLidSmartNoAttach, false));
}

/* C017: the body's own charset counts, not the header's. */
static void c017_header_charset_does_not_touch_the_body(void **state)
{
    rig *r = *state;
    rig_read(r, "From: =?UTF-8?B?zpHOu86tzr7Ot8+C?= <a@b.example>\r\n"
                "Content-Type: text/plain; charset=ISO-8859-1\r\n"
                "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
                "caf=E9 =FC\r\n");
    assert_string_prop(rig_props(r), CV_PidTagBody, "caf\xC3\xA9 \xC3\xBC\r\n");
    assert_string_prop(rig_props(r), CV_PidTagSentRepresentingName,
                       "\xCE\x91\xCE\xBB\xCE\xAD\xCE\xBE\xCE\xB7\xCF\x82");
}

static void signed_mail_is_kept_whole(void **state)
{
    rig *r = *state;
    cv_slice data;
    rig_read(r, "From: a@b.example\r\n"
                "Content-Type: multipart/signed; boundary=x;\r\n"
                " protocol=\"application/pkcs7-signature\"\r\n\r\n"
                "--x\r\nContent-Type: text/plain\r\n\r\nsigned\r\n"
                "--x\r\nContent-Type: application/pkcs7-signature\r\n\r\n"
                "sig\r\n--x--\r\n");
    assert_string_prop(rig_props(r), CV_PidTagMessageClass,
                       "IPM.Note.SMIME.MultipartSigned");
    assert_string_prop(rig_props(r), CV_PidTagBody, "signed");
    assert_int_equal(cv_object_attachment_count(r->obj), 1);
    const cv_attachment *a = cv_object_attachment(r->obj, 0);
    assert_int_equal(
        cv_blob_get(&a->data, 1000, cv_object_arena(r->obj), &data, NULL),
        CV_OK);
    assert_true(cv_slice_starts(data, CV_S("Content-Type:multipart/signed")));
    assert_true(cv_slice_iends(data, CV_S("\r\n--x\r\nContent-Type: "
                                          "application/pkcs7-signature\r\n"
                                          "\r\nsig\r\n--x--\r\n")));
}

static const char dsn[] =
    "From: MAILER-DAEMON@y.example\r\nTo: alice@x.example\r\n"
    "Date: Sun, 22 Nov 2026 12:00:00 +0000\r\n"
    "Content-Type: multipart/report; report-type=delivery-status;\r\n"
    " boundary=x\r\n\r\n"
    "--x\r\n\r\nSorry.\r\n"
    "--x\r\nContent-Type: message/delivery-status\r\n\r\n"
    "Reporting-MTA: dns; mx.y.example\r\n\r\n"
    "Final-Recipient: rfc822; bob@y.example\r\nAction: failed\r\n"
    "Status: 5.1.1\r\nDiagnostic-Code: smtp; 550 no\r\n such user\r\n\r\n"
    "Final-Recipient: rfc822; eve@y.example\r\nAction: delayed\r\n"
    "Status: 4.4.1\r\n"
    "--x\r\nContent-Type: message/rfc822\r\n\r\n"
    "From: alice@x.example\r\nSubject: hi\r\n\r\ntext\r\n--x--\r\n";

/* C123: a delivery report becomes a report with its recipients. */
static void c123_delivery_report_becomes_rows(void **state)
{
    rig *r = *state;
    rig_read(r, dsn);
    assert_string_prop(rig_props(r), CV_PidTagMessageClass,
                       "REPORT.IPM.Note.NDR");
    assert_string_prop(rig_props(r), CV_PidTagReportingMessageTransferAgent,
                       "mx.y.example");
    assert_int_equal(cv_object_recipient_count(r->obj), 1);
    assert_string_prop(row_at(r, 0), CV_PidTagSmtpAddress, "bob@y.example");
    assert_int_equal(
        cv_bag_i32_or(row_at(r, 0), CV_PidTagNonDeliveryReportStatusCode, 0),
        511);
    assert_int_equal(
        cv_bag_i32_or(row_at(r, 0), CV_PidTagNonDeliveryReportDiagCode, 0), 35);
    assert_string_prop(row_at(r, 0), CV_PidTagSupplementaryInfo,
                       "< #5.1.1 smtp; 550 no such user>");
    assert_string_prop(rig_props(r), CV_PidTagReceivedBySmtpAddress,
                       "alice@x.example");
    assert_int_equal(cv_object_attachment_count(r->obj), 1);
    assert_string_prop(rig_props(r), CV_PidTagBody, "Sorry.");
}

/* C031: the text a reader wrote with a receipt survives. */
static void c031_read_receipt_keeps_its_text(void **state)
{
    rig *r = *state;
    rig_read(r, "From: bob@y.example\r\nTo: alice@x.example\r\n"
                "Content-Type: multipart/report; boundary=x;\r\n"
                " report-type=disposition-notification\r\n\r\n"
                "--x\r\n\r\nI read it, thanks\r\n"
                "--x\r\nContent-Type: message/disposition-notification\r\n"
                "\r\nFinal-Recipient: rfc822; bob@y.example\r\n"
                "Original-Message-ID: <1@x.example>\r\n"
                "Disposition: manual-action/MDN-sent-manually; displayed\r\n"
                "--x\r\nContent-Type: text/plain; name=extra.txt\r\n\r\n"
                "extra\r\n--x--\r\n");
    assert_string_prop(rig_props(r), CV_PidTagMessageClass,
                       "REPORT.IPM.Note.IPNRN");
    assert_string_prop(rig_props(r), CV_PidTagBody, "I read it, thanks");
    assert_string_prop(rig_props(r), CV_PidTagOriginalMessageId,
                       "<1@x.example>");
    assert_int_equal(cv_object_attachment_count(r->obj), 1);
}

/* C028: a receipt without Disposition is a mail. */
static void c028_damaged_receipt_stays_a_mail(void **state)
{
    rig *r = *state;
    rig_read(r, "From: bob@y.example\r\n"
                "Content-Type: multipart/report; boundary=x;\r\n"
                " report-type=disposition-notification\r\n\r\n"
                "--x\r\n\r\nhello\r\n"
                "--x\r\nContent-Type: message/disposition-notification\r\n"
                "\r\nno field\r\n\xC3 damaged\r\n--x--\r\n");
    assert_string_prop(rig_props(r), CV_PidTagMessageClass, "IPM.Note");
    assert_string_prop(rig_props(r), CV_PidTagBody, "hello");
    assert_int_equal(cv_object_attachment_count(r->obj), 1);
}

static void without_date_the_delivery_time_stands_in(void **state)
{
    rig *r = *state;
    int64_t ticks = 0;
    cv_convert_set_received(r->options, TEST_NOW - CV_TICKS_PER_SEC);
    rig_read(r, "From: a@b.example\r\nDate: never\r\n\r\nx\r\n");
    assert_true(cv_bag_ticks(rig_props(r), CV_PidTagClientSubmitTime, &ticks));
    assert_true(ticks == TEST_NOW - CV_TICKS_PER_SEC);
    assert_int_equal(rig_count(r, CV_RULE_DATE_INVENTED), 1);
}

static void a_message_beyond_its_budget_is_still_delivered(void **state)
{
    rig *r = *state;
    rig_set(r, "content-conversion.memory-bytes", "20000");
    rig_read(r, dsn);
    assert_int_equal(cv_report_step(r->report), CV_LADDER_MINIMAL);
    assert_string_prop(rig_props(r), CV_PidTagSentRepresentingSmtpAddress,
                       "MAILER-DAEMON@y.example");
    assert_string_prop(row_at(r, 0), CV_PidTagSmtpAddress, "alice@x.example");
    assert_int_equal(cv_object_attachment_count(r->obj), 1);
    const cv_attachment *a = cv_object_attachment(r->obj, 0);
    assert_string_prop(a->props, CV_PidTagAttachLongFilename, "original.eml");
    assert_text(a->data.mem, dsn);
}

static void encapsulated_addresses_come_back(void **state)
{
    rig *r = *state;
    rig_read(r, "From: a@b.example\r\n"
                "To: IMCEAEX-_o=Org_cn=Bob@north.example\r\n\r\n");
    assert_string_prop(row_at(r, 0), CV_PidTagAddressType, "EX");
    assert_string_prop(row_at(r, 0), CV_PidTagEmailAddress, "/o=Org/cn=Bob");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG(header_fields_become_properties),
        RIG(unknown_fields_are_kept_by_name),
        RIG(a_repeated_unknown_field_keeps_all_values),
        RIG(alternatives_give_both_bodies),
        RIG(html_alone_makes_its_plain_text),
        RIG(several_texts_in_mixed_are_joined),
        RIG(an_attached_message_is_embedded),
        RIG(c036_random_bytes_as_message_stay_a_file),
        RIG(c037_inline_image_without_id_is_a_file),
        RIG(c038_inline_image_keeps_its_id),
        RIG(c017_header_charset_does_not_touch_the_body),
        RIG(signed_mail_is_kept_whole),
        RIG(c123_delivery_report_becomes_rows),
        RIG(c031_read_receipt_keeps_its_text),
        RIG(c028_damaged_receipt_stays_a_mail),
        RIG(without_date_the_delivery_time_stands_in),
        RIG(a_message_beyond_its_budget_is_still_delivered),
        RIG(encapsulated_addresses_come_back),
    };
    return cmocka_run_group_tests_name("from_mime", tests, NULL, NULL);
}
