#include "convert/meeting_rig.h"

#include <stdio.h>

static void new_note(rig *r)
{
    cv_object_free(&r->obj);
    assert_int_equal(cv_object_new(0, &r->obj, NULL), CV_OK);
    cv_bag *p = rig_props(r);
    cv_bag_set_string(p, CV_PidTagMessageClass, CV_S("IPM.Note"));
    cv_bag_set_string(p, CV_PidTagSubject, CV_S("Hello"));
    cv_bag_set_string(p, CV_PidTagBody, CV_S("Text\r\n"));
    cv_bag_set_string(p, CV_PidTagInternetMessageId,
                      CV_S("<n1@north.example>"));
    cv_bag_set_ticks(p, CV_PidTagClientSubmitTime, TEST_NOW);
    cv_bag_set_person(p, &cv_person_sent_representing, CV_S("Alice"),
                      CV_S("alice@north.example"));
    cv_bag_set_person(p, &cv_person_sender, CV_S("Alice"),
                      CV_S("alice@north.example"));
    meeting_row(r, "Bob", "bob@south.example", CV_RECIP_TO, 1);
}

static cv_attachment *add_file(rig *r, const char *name, const char *type,
                               const char *data)
{
    assert_int_equal(cv_add_file(r->obj, cv_slice_cstr(name), type,
                                 cv_slice_cstr(data), NULL),
                     CV_OK);
    return cv_object_attachment(r->obj, cv_object_attachment_count(r->obj) - 1);
}

static void a_note_is_a_plain_mail(void **state)
{
    rig *r = *state;
    new_note(r);
    assert_string_equal(rig_write(r),
                        "From: Alice <alice@north.example>\r\n"
                        "To: Bob <bob@south.example>\r\n"
                        "Date: Sun, 22 Nov 2026 12:00:00 +0000\r\n"
                        "Message-ID: <n1@north.example>\r\n"
                        "Subject: Hello\r\n"
                        "MIME-Version: 1.0\r\n"
                        "Content-Type: text/plain; charset=utf-8\r\n"
                        "\r\n"
                        "Text\r\n");
    assert_int_equal(cv_report_count(r->report), 0);
}

static void a_request_is_an_alternative_with_the_calendar_last(void **state)
{
    rig *r = *state;
    meeting_make(r, "IPM.Schedule.Meeting.Request");
    const char *mail = rig_write(r);
    assert_has(mail, "Content-Type: multipart/alternative;");
    assert_has(mail, "Content-class: urn:content-classes:calendarmessage\r\n");
    assert_has(mail, "method=REQUEST");
    assert_has(mail, "METHOD:REQUEST\r\n");
    assert_has(mail, "To: Bob <bob@south.example>\r\n");
    assert_has(mail, "Cc: Eve <eve@east.example>\r\n");
    assert_has(mail, "When: Monday, 2026-11-23 12:00 - 13:00");
    assert_has(mail, "Where: Room 1");
    const char *calendar = strstr(mail, "text/calendar");
    assert_null(strstr(calendar + 1, "Content-Type:"));
    assert_null(strstr(mail, "Content-Disposition"));
}

static void each_method_follows_its_class(void **state)
{
    rig *r = *state;
    static const struct {
        const char *message_class, *method, *partstat;
    } rows[] = {
        { "IPM.Schedule.Meeting.Canceled", "CANCEL", "" },
        { "IPM.Schedule.Meeting.Resp.Pos", "REPLY", "PARTSTAT=ACCEPTED" },
        { "IPM.Schedule.Meeting.Resp.Tent", "REPLY", "PARTSTAT=TENTATIVE" },
        { "IPM.Schedule.Meeting.Resp.Neg", "REPLY", "PARTSTAT=DECLINED" },
    };
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        char want[64];
        meeting_make(r, rows[i].message_class);
        const char *mail = rig_write(r);
        snprintf(want, sizeof want, "METHOD:%s\r\n", rows[i].method);
        assert_has(mail, want);
        snprintf(want, sizeof want, "method=%s", rows[i].method);
        assert_has(mail, want);
        assert_has(mail, rows[i].partstat);
    }
}

static void a_reply_goes_to_the_organizer(void **state)
{
    rig *r = *state;
    meeting_make(r, "IPM.Schedule.Meeting.Resp.Pos");
    while (cv_object_recipient_count(r->obj) > 1)
        cv_object_remove_recipient(r->obj, 1);
    cv_bag_set_person(rig_props(r), &cv_person_sent_representing, CV_S("Bob"),
                      CV_S("bob@south.example"));
    cv_bag_set_person(rig_props(r), &cv_person_sender, CV_S("Bob"),
                      CV_S("bob@south.example"));
    cv_bag_set_ticks(rig_props(r), CV_PidLidAttendeeCriticalChange,
                     TEST_NOW - HOUR / 2);
    const char *mail = rig_write(r);
    assert_has(mail, "From: Bob <bob@south.example>\r\n");
    assert_has(mail, "To: Alice <alice@north.example>\r\n");
    assert_has(mail,
               "X-MICROSOFT-CDO-ATTENDEE-CRITICAL-CHANGE:20261122T113000Z");
    rig_set(r, "content-conversion.profile", "exchange2007");
    mail = rig_write(r);
    assert_has(mail, "DTSTAMP:20261122T113000Z");
    assert_has_not(mail, "X-MICROSOFT-CDO-ATTENDEE-CRITICAL-CHANGE");
}

static void the_envelope_leaves_the_organizer_out(void **state)
{
    rig *r = *state;
    cv_slice from, *to = NULL;
    size_t n = 0;
    meeting_make(r, "IPM.Schedule.Meeting.Request");
    meeting_row(r, "Bob again", "BOB@south.example", CV_RECIP_CC, 1);
    meeting_row(r, "Gone", "gone@west.example", CV_RECIP_TO, 0x21);
    cv_bag *nobody = cv_object_add_recipient(r->obj);
    cv_bag_set_string(nobody, CV_PidTagDisplayName, CV_S("Nobody"));
    assert_int_equal(cv_envelope(r->obj, r->options, cv_object_arena(r->obj),
                                 &from, &to, &n, r->report, &r->err),
                     CV_OK);
    assert_text(from, "alice@north.example");
    assert_int_equal(n, 2);
    assert_text(to[0], "bob@south.example");
    assert_text(to[1], "eve@east.example");
    assert_text(rig_finding(r, CV_RULE_ADDRESS_MISSING)->path, "recipient[5]");
}

static void html_gets_its_plain_alternative(void **state)
{
    rig *r = *state;
    new_note(r);
    cv_bag_remove(rig_props(r), CV_PidTagBody);
    cv_bag_set_binary(rig_props(r), CV_PidTagHtml, CV_S("<p>caf\xE9</p>"));
    cv_bag_set_i32(rig_props(r), CV_PidTagInternetCodepage, 28591);
    const char *mail = rig_write(r);
    assert_has(mail, "multipart/alternative");
    assert_has(mail, "charset=iso-8859-1");
    assert_has(mail, "caf=E9");
    assert_has(mail, "Y2Fmw6kNCg=="); /* the same in UTF-8 */
}

static void html_within_rtf_is_the_html_body(void **state)
{
    rig *r = *state;
    static const char rtf[] =
        "{\\rtf1\\ansi\\ansicpg1252\\fromhtml1 {\\fonttbl{\\f0 A;}}"
        "{\\*\\htmltag64 <p>}Gr\\'fc\\'dfe{\\*\\htmltag72 </p>}}";
    new_note(r);
    cv_bag_set_binary(rig_props(r), CV_PidTagRtfCompressed, cv_slice_cstr(rtf));
    const char *mail = rig_write(r);
    assert_has(mail, "multipart/alternative");
    assert_has(mail, "Text\r\n");
    assert_has(mail, "PHA+R3LDvMOfZTwvcD4="); /* <p>Gruesse</p> */
}

static void rtf_nobody_can_read_is_attached(void **state)
{
    rig *r = *state;
    new_note(r);
    cv_bag_remove(rig_props(r), CV_PidTagBody);
    cv_bag_set_binary(rig_props(r), CV_PidTagRtfCompressed,
                      CV_S("0123456789abcdef0123456789"));
    assert_has(rig_write(r), "filename=body.rtf.lzfu");
    assert_int_equal(rig_count(r, CV_RULE_BODY_FALLBACK), 1);
}

static void a_wrong_code_page_is_found_out(void **state)
{
    rig *r = *state;
    new_note(r);
    cv_bag_set_binary(rig_props(r), CV_PidTagHtml, CV_S("<p>caf\xC3\xA9</p>"));
    cv_bag_set_i32(rig_props(r), CV_PidTagInternetCodepage, 20127);
    assert_has(rig_write(r), "text/html; charset=utf-8");
    assert_int_equal(rig_count(r, CV_RULE_MIME_CHARSET), 1);
}

static void shown_pictures_are_related_others_are_files(void **state)
{
    rig *r = *state;
    new_note(r);
    cv_bag_set_binary(rig_props(r), CV_PidTagHtml,
                      CV_S("<img src=\"cid:a%40b\">"));
    cv_bag_set_i32(rig_props(r), CV_PidTagInternetCodepage, 65001);
    cv_attachment *a = add_file(r, "a.png", "image/png", "PNG");
    cv_bag_set_string(a->props, CV_PidTagAttachContentId, CV_S("a@b"));
    add_file(r, "b.txt", "text/plain", "B");
    const char *mail = rig_write(r);
    const char *mixed = strstr(mail, "multipart/mixed");
    const char *related = strstr(mail, "multipart/related");
    const char *alternative = strstr(related, "Content-Type: "
                                              "multipart/alternative");
    assert_true(mixed && related > mixed && alternative > related);
    assert_has(related, "Content-ID: <a@b>");
    assert_has(strstr(related, "a.png"), "b.txt");
}

/* An id that no header can carry is made anew, and the HTML follows. */
static void an_unsound_content_id_is_made_anew(void **state)
{
    rig *r = *state;
    static const char html[] =
        "<meta charset=iso-8859-1><img src=\"CID:Bild%20\xFC@x\">"
        "<img src='cid:bild \xFC@x'><a href=cid:plain@x>cid:</a>"
        "<img src=cid:bild%20%c3%bc@x><img src=\"cid:bild \xFC@x.y\">";
    new_note(r);
    cv_bag_set_binary(rig_props(r), CV_PidTagHtml, cv_slice_cstr(html));
    cv_bag_set_i32(rig_props(r), CV_PidTagInternetCodepage, 28591);
    cv_attachment *a = add_file(r, "a.png", "image/png", "PNG");
    cv_bag_set_string(a->props, CV_PidTagAttachContentId,
                      CV_S("<bild \xC3\xBC@x>"));
    a = add_file(r, "b.png", "image/png", "PNG");
    cv_bag_set_string(a->props, CV_PidTagAttachContentId, CV_S("plain@x"));
    char *mail = strdup(rig_write(r));
    assert_int_equal(rig_count(r, CV_RULE_BAD_VALUE), 1);
    assert_has(mail, "Content-ID: <plain@x>\r\n");
    const char *id = strstr(mail, "Content-ID: <file.");
    assert_non_null(id);
    id = strchr(id, '<') + 1;
    cv_slice want = cv_slice_of(id, strcspn(id, ">"));
    assert_true(cv_slice_ends(want, CV_S("@north.example")));
    assert_string_equal(rig_write(r), mail); /* again the same */
    rig_read(r, mail);
    cv_slice got, all;
    assert_true(cv_bag_binary(rig_props(r), CV_PidTagHtml, &all));
    got = all;
    cv_slice url =
        cv_arena_printf(cv_object_arena(r->obj), "cid:%.*s", CV_FMT(want));
    size_t count = 0;
    for (size_t at = 0; (at = cv_slice_ifind(got, url, at)) != CV_NPOS; at++)
        count++;
    assert_int_equal(count, 3);
    assert_true(cv_slice_find(all, CV_S("charset=utf-8"), 0) != CV_NPOS);
    assert_true(cv_slice_find(all, CV_S("cid:plain@x>cid:</a>"), 0) != CV_NPOS);
    assert_true(cv_slice_find(all, CV_S("\xC3\xBC@x.y"), 0) != CV_NPOS);
    assert_int_equal(cv_object_attachment_count(r->obj), 2);
    assert_string_prop(cv_object_attachment(r->obj, 0)->props,
                       CV_PidTagAttachLongFilename, "a.png");
    assert_true(cv_bag_bool_or(cv_object_attachment(r->obj, 0)->props,
                               CV_PidTagAttachmentHidden, false));
    free(mail);
}

/* C003: no Content-Location or Content-ID that nobody set. */
static void c003_ordinary_files_are_mixed(void **state)
{
    rig *r = *state;
    new_note(r);
    add_file(r, "a.txt", "text/plain", "A");
    cv_attachment *b = add_file(r, "b.txt", "text/plain", "B");
    cv_bag_set_string(b->props, CV_PidTagAttachContentLocation,
                      CV_S("http://x.example/b"));
    const char *mail = rig_write(r);
    assert_has(mail, "Content-Type: multipart/mixed;");
    assert_has_not(mail, "multipart/related");
    assert_has_not(mail, "Content-ID");
    assert_null(
        strstr(strstr(mail, "Content-Location") + 1, "Content-Location"));
}

/* C002: a name with a comma and an umlaut is one mailbox. */
static void c002_comma_and_umlaut_are_one_mailbox(void **state)
{
    rig *r = *state;
    new_note(r);
    cv_bag_set_string(rig_props(r), CV_PidTagSentRepresentingName,
                      CV_S("M\xC3\xBCller, J\xC3\xB6rg"));
    char *mail = strdup(rig_write(r));
    assert_has_not(mail, "\"=?");
    assert_has(mail, "=2C");
    rig_read(r, mail);
    free(mail);
    assert_string_prop(rig_props(r), CV_PidTagSentRepresentingName,
                       "M\xC3\xBCller, J\xC3\xB6rg");
    assert_string_prop(rig_props(r), CV_PidTagSentRepresentingSmtpAddress,
                       "alice@north.example");
}

/* C005: a report without headers, date or addresses has its form. */
static void c005_a_bare_ndr_is_a_report(void **state)
{
    rig *r = *state;
    cv_object_free(&r->obj);
    assert_int_equal(cv_object_new(0, &r->obj, NULL), CV_OK);
    cv_bag_set_string(rig_props(r), CV_PidTagMessageClass,
                      CV_S("REPORT.IPM.Note.NDR"));
    cv_bag *row = meeting_row(r, "Bob", "bob@south.example", CV_RECIP_TO, 1);
    cv_bag_set_i32(row, CV_PidTagNonDeliveryReportDiagCode, 5);
    const char *mail = rig_write(r);
    assert_has(mail, "multipart/report");
    assert_has(mail, "report-type=delivery-status");
    assert_has(mail, "message/delivery-status");
    assert_has(mail, "Final-Recipient: rfc822;bob@south.example\r\n"
                     "Action: failed\r\nStatus: 4.4.7\r\n");
    assert_has(mail, "From: postmaster@north.example");
    assert_int_equal(rig_count(r, CV_RULE_FROM_INVENTED), 1);
    assert_int_equal(rig_count(r, CV_RULE_DATE_INVENTED), 1);
}

/* C006: a damaged embedded message never costs the outer one. */
static void c006_damaged_embedded_messages_are_rendered(void **state)
{
    rig *r = *state;
    new_note(r);
    cv_attachment *a = cv_object_add_attachment(r->obj);
    cv_bag_set_i32(a->props, CV_PidTagAttachMethod, CV_ATTACH_EMBEDDED);
    a->embedded = cv_object_new_embedded(r->obj);
    cv_object_add_attachment(a->embedded);
    cv_attachment *b = cv_object_add_attachment(r->obj);
    cv_bag_set_i32(b->props, CV_PidTagAttachMethod, CV_ATTACH_EMBEDDED);
    cv_bag_set_string(b->props, CV_PidTagDisplayName, CV_S("lost one"));
    cv_attachment *c = add_file(r, "raw", "application/x", "RAW");
    cv_bag_set_i32(c->props, CV_PidTagAttachMethod, CV_ATTACH_EMBEDDED);
    const char *mail = rig_write(r);
    assert_has(mail, "Content-Type: message/rfc822");
    assert_has(mail, "could not be read: lost one");
    assert_has(mail, "UkFX");
    assert_text(rig_finding(r, CV_RULE_EMBEDDED_FAILED)->path, "attachment[1]");
}

/* C008: a request without start, id or recipients is still mail. */
static void c008_a_request_without_its_properties_is_mail(void **state)
{
    rig *r = *state;
    meeting_make(r, "IPM.Schedule.Meeting.Request");
    cv_bag_remove(rig_props(r), CV_PidLidAppointmentStartWhole);
    cv_bag_remove(rig_props(r), CV_PidLidAppointmentEndWhole);
    const char *mail = rig_write(r);
    assert_has(mail, "Subject: Budget");
    assert_has_not(mail, "text/calendar");
    assert_int_equal(rig_count(r, CV_RULE_ICAL_PART_OMITTED), 1);
    assert_int_equal(cv_report_step(r->report), CV_LADDER_PARTIAL);

    meeting_make(r, "IPM.Schedule.Meeting.Request");
    cv_bag_remove(rig_props(r), CV_PidLidGlobalObjectId);
    assert_has(rig_write(r), "UID:"
                             "040000008200E00074C5B7101A82E008");

    meeting_make(r, "IPM.Schedule.Meeting.Request");
    while (cv_object_recipient_count(r->obj))
        cv_object_remove_recipient(r->obj, 0);
    assert_has(rig_write(r), "To: undisclosed-recipients:;");
}

/* C009: no distinguished name ever stands where an address belongs. */
static void c009_addresses_by_the_order_of_their_sources(void **state)
{
    rig *r = *state;
    new_note(r);
    cv_bag *p = rig_props(r);
    cv_object_remove_recipient(r->obj, 0);
    cv_bag_remove(p, CV_PidTagSentRepresentingSmtpAddress);
    cv_bag_remove(p, CV_PidTagSentRepresentingEntryId);
    cv_bag_remove(p, CV_PidTagSentRepresentingSearchKey);
    cv_bag_set_string(p, CV_PidTagSentRepresentingAddressType, CV_S("EX"));
    cv_bag_set_string(p, CV_PidTagSentRepresentingEmailAddress,
                      CV_S("/O=EXCHANGELABS/CN=RECIPIENTS/CN=JROE"));
    cv_bag_set_string(p, CV_PidTagTransportMessageHeaders,
                      CV_S("From: Jane Roe <jane@west.example>\r\n"
                           "To: Bob <bob@south.example>\r\n\r\n"));
    static const char *const names[] = { "With", "Bob", "Without" };
    for (size_t i = 0; i < CV_LEN(names); i++) {
        cv_bag *row = cv_object_add_recipient(r->obj);
        cv_bag_set_string(row, CV_PidTagDisplayName, cv_slice_cstr(names[i]));
        cv_bag_set_string(row, CV_PidTagAddressType, CV_S("EX"));
        cv_bag_set_string(row, CV_PidTagEmailAddress, CV_S("/o=x/cn=y"));
        if (i == 0)
            cv_bag_set_string(row, CV_PidTagSmtpAddress,
                              CV_S("with@west.example"));
    }
    const char *mail = rig_write(r);
    assert_has(mail, "From: Alice <jane@west.example>\r\n");
    assert_has(mail, "With <with@west.example>");
    assert_has(mail, "Bob <bob@south.example>");
    assert_has(mail, "<IMCEAEX-_o=x_cn=y@north.example>");
    assert_has_not(mail, "/o=x");
    assert_text(rig_finding(r, CV_RULE_ADDRESS_ENCAPSULATED)->path,
                "recipient[2]");
}

/* C011: an OLE object without data leaves its name behind. */
static void c011_a_dead_attachment_costs_only_itself(void **state)
{
    rig *r = *state;
    new_note(r);
    add_file(r, "a.txt", "text/plain", "A");
    cv_attachment *dead = cv_object_add_attachment(r->obj);
    cv_bag_set_i32(dead->props, CV_PidTagAttachMethod, CV_ATTACH_OLE);
    cv_bag_set_string(dead->props, CV_PidTagAttachLongFilename, CV_S("chart"));
    const char *mail = rig_write(r);
    assert_has(mail, "a.txt");
    assert_has(mail, "chart.ole");
    assert_text(rig_finding(r, CV_RULE_ATTACHMENT_DATA)->path, "attachment[1]");
}

/* C012: a class that promises a signature does not make one. */
static void c012_a_signed_class_without_signature_is_rendered(void **state)
{
    rig *r = *state;
    new_note(r);
    cv_bag_set_string(rig_props(r), CV_PidTagMessageClass,
                      CV_S("IPM.Note.SMIME.MultipartSigned"));
    add_file(r, "a.txt", "text/plain", "A");
    assert_has(rig_write(r), "multipart/mixed");
    assert_int_equal(rig_count(r, CV_RULE_CLASS_UNKNOWN), 1);
    new_note(r);
    cv_bag_set_string(rig_props(r), CV_PidTagMessageClass,
                      CV_S("ENVELOPE.IPM.Note.SMIME.MultipartSigned"));
    assert_has(rig_write(r), "text/plain");
}

/* C013: control characters never make a new header line. */
static void c013_controls_in_the_subject_become_a_blank(void **state)
{
    rig *r = *state;
    static const char *const bad[] = { "a\rb", "a\nb",
                                       "a\r\nBcc: x@example.org",
                                       "a\xC2\x85"
                                       "b",
                                       "a\xE2\x80\xA8"
                                       "b" };
    for (size_t i = 0; i < CV_LEN(bad); i++) {
        new_note(r);
        cv_bag_set_string(rig_props(r), CV_PidTagSubject,
                          cv_slice_cstr(bad[i]));
        const char *mail = rig_write(r);
        assert_has(mail, "Subject: a ");
        assert_has_not(mail, "\r\nBcc");
    }
    /* NUL, and the same in names of people and files. */
    new_note(r);
    cv_bag_set_string(rig_props(r), CV_PidTagSubject, CV_S("a\0b"));
    cv_bag_set_string(cv_object_recipient(r->obj, 0), CV_PidTagDisplayName,
                      CV_S("Bob\r\nBcc: x@example.org"));
    add_file(r, "a\r\nBcc: y.txt", "text/plain", "A");
    const char *mail = rig_write(r);
    assert_has(mail, "Subject: a b\r\n");
    assert_has_not(mail, "\nBcc");
    assert_int_equal(rig_count(r, CV_RULE_TEXT_CONTROL) > 0, 1);
}

/* C014: the name is written by RFC 2231, as encoded word where a peer asks
 * for it, and read back. */
static void c014_file_names_travel(void **state)
{
    rig *r = *state;
    static const char name[] = "\xC3\x9C"
                               "bersicht 2024 \xE2\x80\x93 "
                               "M\xC3\xA4rz.pdf";
    for (int old = 0; old < 2; old++) {
        rig_set(r, "content-conversion.encoded-word-names",
                old ? "true" : "false");
        new_note(r);
        add_file(r, name, "application/pdf", "%PDF");
        char *mail = strdup(rig_write(r));
        assert_has(mail, "filename*");
        if (old)
            assert_has(mail, "name=\"=?");
        rig_read(r, mail);
        free(mail);
        assert_string_prop(cv_object_attachment(r->obj, 0)->props,
                           CV_PidTagAttachLongFilename, name);
    }
    rig_read(r, "Content-Type: application/pdf; name=\"=?utf-8?Q?old?=\"\r\n"
                "Content-Disposition: attachment; filename=\"plain.pdf\";\r\n"
                " filename*=utf-8''%C3%9C.pdf\r\n\r\n%PDF\r\n");
    assert_string_prop(cv_object_attachment(r->obj, 0)->props,
                       CV_PidTagAttachLongFilename, "\xC3\x9C.pdf");
}

/* C015: references are folded, and never cut within an id. */
static void c015_long_references_are_folded_or_shortened(void **state)
{
    rig *r = *state;
    static const int counts[] = { 60, 400 };
    for (size_t k = 0; k < CV_LEN(counts); k++) {
        cv_buf refs;
        cv_buf_init(&refs, 0);
        for (int i = 0; i < counts[k]; i++)
            cv_buf_printf(&refs,
                          "%s<%04d.abcdefghijklmnopqrstuvwxyz.012345678901234"
                          "56789012345@mail.example>",
                          i ? " " : "", i);
        rig_new_report(r);
        new_note(r);
        cv_bag_set_string(rig_props(r), CV_PidTagInternetReferences,
                          cv_buf_slice(&refs));
        const char *mail = rig_write(r);
        assert_has(mail, "<0000.abc");
        assert_has(mail, counts[k] == 60 ? "<0059.abc" : "<0399.abc");
        /* From the field on, each id is whole. */
        const char *at = strstr(mail, "\r\nReferences:");
        int ids = 0;
        assert_non_null(at);
        for (at += 13; at[1] != '\n' || at[2] == ' ' || at[2] == '\t'; at++) {
            if (*at != '<')
                continue;
            const char *end = strchr(at, '>');
            assert_int_equal(end - at, 72);
            assert_memory_equal(end - 13, "@mail.example>", 14);
            ids++;
        }
        if (counts[k] == 60 ? ids != 60 : ids < 20 || ids == 400)
            fail_msg("%d of %d ids", ids, counts[k]);
        for (const char *line = mail; line; line = strstr(line + 1, "\r\n")) {
            const char *end = strstr(line + 1, "\r\n");
            assert_true(!end || end - line < 998);
        }
        assert_int_equal(rig_count(r, CV_RULE_REFERENCES_CUT), counts[k] != 60);
        cv_buf_clear(&refs);
    }
}

/* C016: thousands of rows, some odd, each for itself. */
static void c016_many_rows_with_odd_ones(void **state)
{
    rig *r = *state;
    static const int counts[] = { 101, 1024, 5000 };
    for (size_t k = 0; k < CV_LEN(counts); k++) {
        cv_slice from, *to = NULL;
        size_t n = 0;
        rig_new_report(r);
        new_note(r);
        for (int i = 1; i < counts[k]; i++) {
            char address[40];
            cv_bag *row = cv_object_add_recipient(r->obj);
            snprintf(address, sizeof address,
                     i % 50 ? "r%d@x.example" : "odd %d", i);
            cv_row_set_smtp(row, CV_S(""), cv_slice_cstr(address), 1);
        }
        assert_has(rig_write(r), "r99@x.example");
        assert_int_equal(cv_report_step(r->report), CV_LADDER_FULL);
        assert_int_equal(cv_envelope(r->obj, r->options,
                                     cv_object_arena(r->obj), &from, &to, &n,
                                     NULL, &r->err),
                         CV_OK);
        assert_int_equal(n, counts[k] - (counts[k] - 1) / 50);
    }
}

static void signed_mail_keeps_every_byte(void **state)
{
    rig *r = *state;
    static const char body[] =
        "--x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
        "gr\xC3\xBC\xC3\x9F  \r\n\r\n--x\r\n"
        "Content-Type: application/pkcs7-signature\r\n\r\nsig\r\n--x--\r\n";
    char mail[1000];
    snprintf(mail, sizeof mail,
             "From: Alice <alice@north.example>\r\n"
             "To: bob@south.example\r\n"
             "Content-Type: multipart/signed; boundary=x;"
             " protocol=\"application/pkcs7-signature\"\r\n\r\n%s",
             body);
    rig_read(r, mail);
    const char *out = rig_write(r);
    assert_has(out, "From: Alice <alice@north.example>\r\n");
    assert_has(out, "MIME-Version: 1.0\r\n");
    assert_has(out, "Content-Type:multipart/signed; boundary=x;");
    const char *at = strstr(out, "\r\n\r\n");
    assert_string_equal(at + 4, body);
}

static void pgp_mail_keeps_every_byte(void **state)
{
    rig *r = *state;
    static const char *const kinds[] = { "signed", "encrypted" };
    for (size_t i = 0; i < CV_LEN(kinds); i++) {
        char mail[1000];
        static const char body[] =
            "--x\nContent-Type: text/plain\n\nsealed \n--x\n"
            "Content-Type: application/pgp-signature\n\nsig\n--x--\n";
        snprintf(mail, sizeof mail,
                 "From: alice@north.example\nContent-Type: multipart/%s;\n"
                 " boundary=x; protocol=\"application/pgp\"\n\n%s",
                 kinds[i], body);
        rig_read(r, mail);
        assert_string_prop(rig_props(r), CV_PidTagMessageClass, "IPM.Note");
        const char *out = rig_write(r);
        assert_has(out, "\nContent-Type: multipart/");
        assert_has(out, body);
    }
}

static void equal_objects_give_equal_bytes(void **state)
{
    rig *r = *state;
    meeting_make(r, "IPM.Schedule.Meeting.Request");
    cv_bag_remove(rig_props(r), CV_PidTagInternetMessageId);
    char *first = strdup(rig_write(r));
    r->state.seed += 12345;
    assert_string_equal(first, rig_write(r));
    free(first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG(a_note_is_a_plain_mail),
        RIG(a_request_is_an_alternative_with_the_calendar_last),
        RIG(each_method_follows_its_class),
        RIG(a_reply_goes_to_the_organizer),
        RIG(the_envelope_leaves_the_organizer_out),
        RIG(html_gets_its_plain_alternative),
        RIG(html_within_rtf_is_the_html_body),
        RIG(rtf_nobody_can_read_is_attached),
        RIG(a_wrong_code_page_is_found_out),
        RIG(shown_pictures_are_related_others_are_files),
        RIG(an_unsound_content_id_is_made_anew),
        RIG(c003_ordinary_files_are_mixed),
        RIG(c002_comma_and_umlaut_are_one_mailbox),
        RIG(c005_a_bare_ndr_is_a_report),
        RIG(c006_damaged_embedded_messages_are_rendered),
        RIG(c008_a_request_without_its_properties_is_mail),
        RIG(c009_addresses_by_the_order_of_their_sources),
        RIG(c011_a_dead_attachment_costs_only_itself),
        RIG(c012_a_signed_class_without_signature_is_rendered),
        RIG(c013_controls_in_the_subject_become_a_blank),
        RIG(c014_file_names_travel),
        RIG(c015_long_references_are_folded_or_shortened),
        RIG(c016_many_rows_with_odd_ones),
        RIG(signed_mail_keeps_every_byte),
        RIG(pgp_mail_keeps_every_byte),
        RIG(equal_objects_give_equal_bytes),
    };
    return cmocka_run_group_tests_name("to_mime", tests, NULL, NULL);
}
