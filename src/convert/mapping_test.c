/* The mapping's rows that stand alone, both ways. Source: spec
 * mime-mapping.md. */
#include "convert/test_util.h"

#include <stdio.h>

static const char note[] = "From: a@b.example\r\nTo: c@d.example\r\n"
                           "Date: Sun, 22 Nov 2026 12:00:00 +0000\r\n";

static void read_with(rig *r, const char *more)
{
    char mail[4000];
    snprintf(mail, sizeof mail, "%s%s", note, more);
    rig_read(r, mail);
}

static cv_slice data_at(rig *r, size_t i)
{
    cv_slice data;
    assert_true(i < cv_object_attachment_count(r->obj));
    assert_int_equal(cv_blob_get(&cv_object_attachment(r->obj, i)->data,
                                 1 << 20, cv_object_arena(r->obj), &data, NULL),
                     CV_OK);
    return data;
}

static void new_note(rig *r, const char *message_class)
{
    cv_object_free(&r->obj);
    assert_int_equal(cv_object_new(0, &r->obj, NULL), CV_OK);
    cv_bag_set_string(rig_props(r), CV_PidTagMessageClass,
                      cv_slice_cstr(message_class));
    cv_bag_set_person(rig_props(r), &cv_person_sent_representing, CV_S("Alice"),
                      CV_S("alice@north.example"));
}

/* -- Content-Class -- */

static const struct {
    const char *message_class, *value;
} classes[] = {
    { "IPM.Note.Microsoft.Fax.CA", "fax-ca" },
    { "IPM.Note.Microsoft.Fax", "fax" },
    { "IPM.Note.Microsoft.Missed.Voice", "missedcall" },
    { "IPM.Note.Microsoft.Conversation.Voice", "voice-uc" },
    { "IPM.Note.Microsoft.Voicemail.UM.CA", "voice-ca" },
    { "IPM.Note.Microsoft.Voicemail.UM", "voice" },
    { "IPM.Note.Custom.Holiday", "urn:content-class:custom.Holiday" },
    { "IPM.InfoPathForm.{1B4E28BA-2FA1-11D2-883F-0016D3CCA427}",
      "InfoPathForm.{1B4E28BA-2FA1-11D2-883F-0016D3CCA427}.Expenses" },
};

static void classes_travel_as_content_class(void **state)
{
    rig *r = *state;
    for (size_t i = 0; i < CV_LEN(classes); i++) {
        char line[200];
        new_note(r, classes[i].message_class);
        if (strstr(classes[i].value, "Expenses"))
            cv_bag_set_string(rig_props(r), CV_PidLidInfoPathFormName,
                              CV_S("Expenses"));
        snprintf(line, sizeof line, "Content-class: %s\r\n", classes[i].value);
        char *mail = strdup(rig_write(r));
        assert_has(mail, line);
        rig_read(r, mail);
        free(mail);
        assert_string_prop(rig_props(r), CV_PidTagMessageClass,
                           classes[i].message_class);
        if (strstr(classes[i].value, "Expenses"))
            assert_string_prop(rig_props(r), CV_PidLidInfoPathFormName,
                               "Expenses");
    }
}

/* -- priority -- */

static void priority_and_importance_keep_apart(void **state)
{
    rig *r = *state;
    static const struct {
        int32_t importance, priority;
    } rows[] = { { 1, 1 }, { 1, -1 }, { 0, 1 }, { 2, -1 }, { 2, 0 } };
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        new_note(r, "IPM.Note");
        cv_bag_set_i32(rig_props(r), CV_PidTagImportance, rows[i].importance);
        cv_bag_set_i32(rig_props(r), CV_PidTagPriority, rows[i].priority);
        char *mail = strdup(rig_write(r));
        rig_read(r, mail);
        free(mail);
        assert_int_equal(cv_bag_i32_or(rig_props(r), CV_PidTagImportance, 9),
                         rows[i].importance);
        assert_int_equal(cv_bag_i32_or(rig_props(r), CV_PidTagPriority, 0),
                         rows[i].priority);
    }
}

static void each_word_of_importance_is_understood(void **state)
{
    rig *r = *state;
    static const struct {
        const char *fields;
        int32_t importance;
    } rows[] = {
        { "Importance: Low\r\n", 0 },
        { "Importance: HIGH\r\n", 2 },
        { "X-Priority: 1 (Highest)\r\n", 2 },
        { "X-Priority: 2\r\n", 2 },
        { "X-Priority: 3\r\n", 1 },
        { "X-Priority: 5\r\n", 0 },
        { "X-MSMail-Priority: Low\r\n", 0 },
        { "Priority: urgent\r\n", 2 },
        { "Priority: non-urgent\r\n", 0 },
        { "Importance: normal\r\nX-Priority: 1\r\nPriority: urgent\r\n", 1 },
        { "X-Priority: 1\r\nImportance: Low\r\n", 0 },
        { "Importance: whatever\r\n", 1 },
        { "", 1 },
    };
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        char more[200];
        snprintf(more, sizeof more, "%s\r\nx\r\n", rows[i].fields);
        read_with(r, more);
        assert_int_equal(cv_bag_i32_or(rig_props(r), CV_PidTagImportance, 9),
                         rows[i].importance);
    }
}

/* -- voting -- */

static void voting_buttons_come_back(void **state)
{
    rig *r = *state;
    uint8_t verbs[700];
    cv_slice got;
    for (size_t i = 0; i < sizeof verbs; i++)
        verbs[i] = (uint8_t)(i * 7);
    new_note(r, "IPM.Note");
    cv_bag_set_binary(rig_props(r), CV_PidLidVerbStream,
                      cv_slice_of(verbs, sizeof verbs));
    cv_bag_set_string(rig_props(r), CV_PidLidVerbResponse, CV_S("J\xC3\xA4"));
    char *mail = strdup(rig_write(r));
    rig_read(r, mail);
    free(mail);
    assert_true(cv_bag_binary(rig_props(r), CV_PidLidVerbStream, &got));
    assert_true(cv_slice_eq(got, cv_slice_of(verbs, sizeof verbs)));
    assert_string_prop(rig_props(r), CV_PidLidVerbResponse, "J\xC3\xA4");
}

/* -- fields of others -- */

static void several_values_are_several_fields(void **state)
{
    rig *r = *state;
    const cv_slice list[] = { CV_S("one"), CV_S("zw\xC3\xB6lf"),
                              CV_S("x\r\nBcc: y@z.example") };
    cv_tag tag = 0;
    new_note(r, "IPM.Note");
    cv_name name = { .set = *cv_set_guid(CV_SET_PS_INTERNET_HEADERS),
                     .is_string = true,
                     .string = CV_S("X-Any") };
    assert_int_equal(
        cv_names_intern(cv_object_names(r->obj), &name, &tag, NULL), CV_OK);
    tag |= CV_T_STRING | CV_T_MULTI;
    cv_bag_set_strings(rig_props(r), tag, list, 3);
    const char *mail = rig_write(r);
    assert_has(mail, "X-Any: one\r\n");
    assert_has(mail, "X-Any: =?");
    assert_has(mail, "X-Any: x Bcc: y@z.example\r\n");
    assert_has_not(mail, "\nBcc:");
}

/* -- uuencode -- */

static void old_mail_carries_files_in_its_text(void **state)
{
    rig *r = *state;
    read_with(r, "Subject: two\r\n\r\nSee here:\r\n\r\n"
                 "begin 644 a.txt\r\n%:&5L;&\\\r\n`\r\nend\r\n\r\n"
                 "and here\r\nbegin 600 b c.bin\r\n%:&5L;&\\\r\n \r\nend\r\n"
                 "bye\r\n");
    assert_int_equal(cv_object_attachment_count(r->obj), 2);
    assert_text(data_at(r, 0), "hello");
    assert_text(data_at(r, 1), "hello");
    assert_string_prop(cv_object_attachment(r->obj, 1)->props,
                       CV_PidTagAttachLongFilename, "b c.bin");
    cv_slice body;
    assert_true(cv_bag_string(rig_props(r), CV_PidTagBody, &body));
    assert_true(cv_slice_find(body, CV_S("See here:"), 0) != CV_NPOS);
    assert_true(cv_slice_find(body, CV_S("and here"), 0) != CV_NPOS);
    assert_true(cv_slice_find(body, CV_S("bye"), 0) != CV_NPOS);
    assert_true(cv_slice_find(body, CV_S("begin"), 0) == CV_NPOS);
}

/* What only looks so, and what MIME says is text, stays text. */
static void text_that_is_no_file_stays_text(void **state)
{
    rig *r = *state;
    static const char *const rows[] = {
        "\r\nbegin 644 a.txt\r\n%:&5L;&\\\r\n", /* no end */
        "\r\nbegin 644 a.txt\r\nend\r\n",       /* nothing in it */
        "\r\nbegin again\r\nend\r\n",
        "\r\nbegin 644 a.txt\r\nThis is a line of quite another kind.\r\n"
        "end\r\n",
        "MIME-Version: 1.0\r\n\r\nbegin 644 a.txt\r\n%:&5L;&\\\r\nend\r\n",
        "\r\n=ybegin line=128 size=5 name=a.bin\r\n....\r\n=yend size=5\r\n",
    };
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        read_with(r, rows[i]);
        assert_int_equal(cv_object_attachment_count(r->obj), 0);
        cv_slice body;
        assert_true(cv_bag_string(rig_props(r), CV_PidTagBody, &body));
        assert_true(cv_slice_find(body, CV_S("begin"), 0) != CV_NPOS);
    }
}

/* -- format=flowed -- */

static void soft_line_ends_are_undone(void **state)
{
    rig *r = *state;
    static const struct {
        const char *params, *text, *body;
    } rows[] = {
        { "format=flowed", "one \r\ntwo\r\nthree\r\n", "one two\r\nthree\r\n" },
        { "format=flowed; delsp=yes", "on \r\ne\r\n", "one\r\n" },
        { "format=Flowed", ">> a \r\n>> b\r\n> c\r\n", ">> a b\r\n> c\r\n" },
        { "format=flowed", "> a \r\nb\r\n", "> a \r\nb\r\n" },
        { "format=flowed", " >no quote\r\n  x\r\n", ">no quote\r\n x\r\n" },
        { "format=flowed", "x \r\n-- \r\nAnn\r\n", "x \r\n-- \r\nAnn\r\n" },
        { "format=fixed", "one \r\ntwo\r\n", "one \r\ntwo\r\n" },
        { "charset=us-ascii", "one \r\ntwo\r\n", "one \r\ntwo\r\n" },
    };
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        char more[400];
        snprintf(more, sizeof more,
                 "MIME-Version: 1.0\r\nContent-Type: text/plain; %s\r\n\r\n%s",
                 rows[i].params, rows[i].text);
        read_with(r, more);
        assert_string_prop(rig_props(r), CV_PidTagBody, rows[i].body);
    }
}

/* -- attachments -- */

static void references_by_ftp_and_url_are_shortcuts(void **state)
{
    rig *r = *state;
    static const struct {
        const char *params, *name, *data;
    } rows[] = {
        { "access-type=anon-ftp; site=f.example; directory=pub; name=a.ps;"
          " mode=image",
          "a.ps.url",
          "[InternetShortcut]\r\nURL=ftp://f.example/pub/a.ps;type=i\r\n" },
        { "access-type=ANON-FTP; site=f.example; name=a.ps; mode=ascii",
          "a.ps.url",
          "[InternetShortcut]\r\nURL=ftp://f.example/a.ps;type=a\r\n" },
        { "access-type=URL; URL=\"http://x.example/y\"", "link.url",
          "[InternetShortcut]\r\nURL=http://x.example/y\r\n" },
        { "access-type=local-file; name=\"/u/x.ps\"", NULL, NULL },
        { "access-type=anon-ftp", NULL, NULL },
    };
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        char more[600];
        snprintf(more, sizeof more,
                 "MIME-Version: 1.0\r\nContent-Type: message/external-body; "
                 "%s\r\n\r\nContent-Type: application/postscript\r\n\r\n",
                 rows[i].params);
        read_with(r, more);
        assert_int_equal(cv_object_attachment_count(r->obj), 1);
        if (rows[i].name) {
            assert_string_prop(cv_object_attachment(r->obj, 0)->props,
                               CV_PidTagAttachLongFilename, rows[i].name);
            assert_text(data_at(r, 0), rows[i].data);
        } else {
            assert_true(cv_slice_find(data_at(r, 0), CV_S("postscript"), 0) !=
                        CV_NPOS);
        }
    }
}

static void references_leave_as_texts_with_the_path(void **state)
{
    rig *r = *state;
    static const int32_t methods[] = { 2, 3, 4, 7 };
    for (size_t i = 0; i < CV_LEN(methods); i++) {
        new_note(r, "IPM.Note");
        cv_attachment *a = cv_object_add_attachment(r->obj);
        cv_bag_set_i32(a->props, CV_PidTagAttachMethod, methods[i]);
        cv_bag_set_string(a->props, CV_PidTagAttachLongFilename,
                          CV_S("plan.doc"));
        cv_bag_set_string(a->props, CV_PidTagAttachLongPathname,
                          CV_S("\\\\server\\share\\plan.doc"));
        const char *mail = rig_write(r);
        assert_has(mail, "plan.doc.txt");
        assert_has(mail, "\\\\server\\share\\plan.doc");
        /* with data it is a file like any other */
        a->has_data = true;
        a->data = cv_blob_mem(CV_S("hello"));
        mail = rig_write(r);
        assert_has(mail, "filename=plan.doc;");
        assert_has(mail, "aGVsbG8=");
    }
}

static void a_file_named_as_a_message_is_one(void **state)
{
    rig *r = *state;
    static const struct {
        const char *type, *text;
        bool embedded;
    } rows[] = {
        { "application/octet-stream; name=m.eml",
          "From: x@y.example\r\nSubject: inner\r\n\r\nhi\r\n", true },
        { "text/plain; name=M.EML",
          "From: x@y.example\r\nTo: z@y.example\r\n\r\nhi\r\n", true },
        { "application/octet-stream; name=m.eml", "no message at all\r\n",
          false },
        { "application/octet-stream; name=m.bin",
          "From: x@y.example\r\nSubject: inner\r\n\r\nhi\r\n", false },
    };
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        char more[600];
        snprintf(more, sizeof more,
                 "MIME-Version: 1.0\r\n"
                 "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n"
                 "text\r\n--b\r\nContent-Type: %s\r\n"
                 "Content-Disposition: attachment\r\n\r\n%s\r\n--b--\r\n",
                 rows[i].type, rows[i].text);
        read_with(r, more);
        assert_int_equal(cv_object_attachment_count(r->obj), 1);
        const cv_attachment *a = cv_object_attachment(r->obj, 0);
        assert_int_equal(a->embedded != NULL, rows[i].embedded);
        if (rows[i].embedded)
            assert_string_prop(cv_object_props(a->embedded),
                               CV_PidTagSentRepresentingSmtpAddress,
                               "x@y.example");
    }
}

static void short_names_are_made(void **state)
{
    rig *r = *state;
    static const struct {
        const char *name, *short_name;
    } rows[] = {
        { "plan.txt", "plan.txt" },   { "A long name.docx", "Alongn~1.doc" },
        { "README", "README" },       { "archive.tar.gz", "archiv~1.gz" },
        { "\xC3\xA4.png", "~1.png" },
    };
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        char more[300];
        snprintf(more, sizeof more,
                 "MIME-Version: 1.0\r\nContent-Type: application/x\r\n"
                 "Content-Disposition: attachment; filename=\"%s\"\r\n\r\nx",
                 rows[i].name);
        read_with(r, more);
        assert_string_prop(cv_object_attachment(r->obj, 0)->props,
                           CV_PidTagAttachFilename, rows[i].short_name);
        assert_int_equal(cv_bag_i32_or(cv_object_attachment(r->obj, 0)->props,
                                       CV_PidTagAttachSize, 0),
                         1);
    }
}

/* -- contacts, notes, journal -- */

static void a_contact_leaves_with_its_card(void **state)
{
    rig *r = *state;
    for (int inner = 0; inner < 2; inner++) {
        new_note(r, inner ? "IPM.Note" : "IPM.Contact");
        cv_object *obj = r->obj;
        if (inner) {
            obj = cv_object_new_embedded(r->obj);
            assert_non_null(obj);
            cv_attachment *a = cv_object_add_attachment(r->obj);
            cv_bag_set_i32(a->props, CV_PidTagAttachMethod, 5);
            a->embedded = obj;
        }
        cv_bag *p = cv_object_props(obj);
        cv_bag_set_string(p, CV_PidTagMessageClass, CV_S("IPM.Contact"));
        cv_bag_set_string(p, CV_PidTagDisplayName, CV_S("Ann Lee"));
        cv_bag_set_string(p, CV_PidTagGivenName, CV_S("Ann"));
        cv_bag_set_string(p, CV_PidTagSurname, CV_S("Lee"));
        const char *mail = rig_write(r);
        assert_has(mail, "Content-Type: text/vcard");
        assert_has(mail, "Ann Lee.vcf");
        assert_has(mail, "N:Lee;Ann");
        assert_int_equal(cv_report_step(r->report), CV_LADDER_FULL);
    }
}

static void a_card_that_arrives_stays_a_file(void **state)
{
    rig *r = *state;
    read_with(r, "MIME-Version: 1.0\r\n"
                 "Content-Type: text/vcard; name=ann.vcf\r\n\r\n"
                 "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ann\r\nEND:VCARD\r\n");
    assert_int_equal(cv_object_attachment_count(r->obj), 1);
    assert_string_prop(rig_props(r), CV_PidTagMessageClass, "IPM.Note");
    assert_true(cv_slice_starts(data_at(r, 0), CV_S("BEGIN:VCARD")));
}

static void items_that_are_no_mail_are_readable(void **state)
{
    rig *r = *state;
    static const char *const item_classes[] = { "IPM.StickyNote",
                                                "IPM.Activity", "IPM.Post",
                                                "IPM.Nobody.Knows", "" };
    for (size_t i = 0; i < CV_LEN(item_classes); i++) {
        new_note(r, item_classes[i]);
        cv_bag_set_string(rig_props(r), CV_PidTagBody, CV_S("buy milk\r\n"));
        assert_has(rig_write(r), "\r\n\r\nbuy milk\r\n");
        assert_int_equal(cv_report_step(r->report), CV_LADDER_FULL);
    }
}

/* C046: a message that was attached has a time of delivery by itself. */
static void c046_an_embedded_message_has_a_delivery_time(void **state)
{
    rig *r = *state;
    int64_t ticks = 0;
    new_note(r, "IPM.Note");
    cv_object *inner = cv_object_new_embedded(r->obj);
    assert_non_null(inner);
    cv_bag_set_ticks(cv_object_props(inner), CV_PidTagClientSubmitTime,
                     TEST_NOW);
    cv_attachment *a = cv_object_add_attachment(r->obj);
    cv_bag_set_i32(a->props, CV_PidTagAttachMethod, CV_ATTACH_EMBEDDED);
    a->embedded = inner;
    char *mail = strdup(rig_write(r));
    rig_read(r, mail);
    free(mail);
    const cv_object *again = cv_object_attachment(r->obj, 0)->embedded;
    assert_non_null(again);
    assert_true(cv_bag_ticks(cv_object_props(again),
                             CV_PidTagMessageDeliveryTime, &ticks));
    assert_true(ticks == TEST_NOW);
}

/* -- findings -- */

static void what_was_invented_or_replaced_is_told(void **state)
{
    rig *r = *state;
    new_note(r, "IPM.Note");
    cv_attachment *a = cv_object_add_attachment(r->obj);
    cv_bag_set_i32(a->props, CV_PidTagAttachMethod, 2);
    cv_bag_set_string(a->props, CV_PidTagAttachLongPathname,
                      CV_S("\\\\server\\x"));
    (void)rig_write(r);
    assert_int_equal(rig_count(r, CV_RULE_MESSAGE_ID_INVENTED), 1);
    assert_string_equal(
        cv_rule_get(rig_finding(r, CV_RULE_ATTACHMENT_REFERENCE)->rule)->id,
        "attachment-reference");
    rig_new_report(r);
    read_with(r, "Thread-Index: no base64!\r\n\r\nx\r\n");
    assert_int_equal(rig_count(r, CV_RULE_BAD_VALUE), 1);
    assert_false(cv_bag_has(rig_props(r), CV_PidTagConversationIndex));
}

/* Attendees without an address are kept by name, and told. */
static void an_attendee_without_address_is_told(void **state)
{
    rig *r = *state;
    read_with(r, "MIME-Version: 1.0\r\nContent-Type: text/calendar;"
                 " method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\n"
                 "METHOD:REQUEST\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\n"
                 "UID:u@x\r\nDTSTART:20261123T120000Z\r\n"
                 "ORGANIZER:mailto:a@b.example\r\n"
                 "ATTENDEE;CN=Nobody:nowhere\r\n"
                 "END:VEVENT\r\nEND:VCALENDAR\r\n");
    assert_true(rig_count(r, CV_RULE_ICAL_ATTENDEE) >= 1);
}

static void a_wrong_length_before_a_mail_is_told(void **state)
{
    rig *r = *state;
    cv_object_free(&r->obj);
    assert_int_equal(
        cv_read(CV_S("99999\nFrom: a@b.example\nSubject: x\n\nhi\n"),
                CV_S("1.emlx"), r->options, &r->obj, r->report, &r->err),
        CV_OK);
    assert_int_equal(rig_count(r, CV_RULE_EMLX_LENGTH), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG(classes_travel_as_content_class),
        RIG(priority_and_importance_keep_apart),
        RIG(each_word_of_importance_is_understood),
        RIG(voting_buttons_come_back),
        RIG(several_values_are_several_fields),
        RIG(old_mail_carries_files_in_its_text),
        RIG(text_that_is_no_file_stays_text),
        RIG(soft_line_ends_are_undone),
        RIG(references_by_ftp_and_url_are_shortcuts),
        RIG(references_leave_as_texts_with_the_path),
        RIG(a_file_named_as_a_message_is_one),
        RIG(short_names_are_made),
        RIG(a_contact_leaves_with_its_card),
        RIG(a_card_that_arrives_stays_a_file),
        RIG(items_that_are_no_mail_are_readable),
        RIG(c046_an_embedded_message_has_a_delivery_time),
        RIG(what_was_invented_or_replaced_is_told),
        RIG(an_attendee_without_address_is_told),
        RIG(a_wrong_length_before_a_mail_is_told),
    };
    return cmocka_run_group_tests_name("mapping", tests, NULL, NULL);
}
