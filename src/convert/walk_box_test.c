#include "convert/test_util.h"

#include "base/datetime.h"
#include "convert/walk.h"
#include "convert/write.h"

#include <stdio.h>

/* "folder|name|subject;" for each item, "!" for one that cannot be read. */
static cv_status each(void *ctx, const cv_item *item, cv_object *obj,
                      cv_report *report, cv_error *err)
{
    rig *r = ctx;
    (void)err;
    cv_buf_printf(&r->out, "%llu:%.*s|%.*s|", (unsigned long long)item->index,
                  CV_FMT(item->folder), CV_FMT(item->name));
    if (obj)
        cv_buf_put_slice(&r->out, cv_bag_string_or(cv_object_props(obj),
                                                   CV_PidTagSubject, CV_S("")));
    else
        cv_buf_put_byte(&r->out, '!');
    cv_buf_put_byte(&r->out, ';');
    if (obj)
        cv_report_merge(r->report, report);
    return CV_OK;
}

static cv_status walk(rig *r, cv_slice in, const char *name, bool recover)
{
    cv_walker walker = {
        .recover = recover, .split = true, .each = each, .ctx = r
    };
    cv_buf_reset(&r->out);
    return cv_walk(in, cv_slice_cstr(name), r->options, &walker, r->report,
                   &r->err);
}

static void saw(rig *r, const char *want)
{
    cv_buf_put_byte(&r->out, 0);
    assert_string_equal((const char *)r->out.data, want);
}

static cv_bag *read_one(rig *r, cv_slice in, const char *name)
{
    cv_object_free(&r->obj);
    assert_int_equal(cv_read(in, cv_slice_cstr(name), r->options, &r->obj,
                             r->report, &r->err),
                     CV_OK);
    return rig_props(r);
}

#define FROM "From a@b.example Mon Jan  2 03:04:05 2006\n"
#define BOX \
    FROM "Subject: one\n\nx\n\n" FROM "Subject: two\n" \
         "X-Mozilla-Status: 0009\n\ny\n\n" FROM "Subject: three\n\n>From z\n"

static void a_mailbox_gives_its_mails_by_number(void **state)
{
    rig *r = *state;
    assert_int_equal(walk(r, CV_S(BOX), "x", true), CV_OK);
    saw(r, "0:|1|one;1:|2|two;2:|3|three;");
    assert_int_equal(cv_detect(CV_S(BOX), CV_S("")), CV_INPUT_MBOX);
}

static void deleted_mails_are_read_on_request_only(void **state)
{
    rig *r = *state;
    assert_int_equal(walk(r, CV_S(BOX), "x", false), CV_OK);
    saw(r, "0:|1|one;1:|3|three;");
    assert_text(rig_finding(r, CV_RULE_MBOX_DELETED)->done, "1 mails");
}

static void a_container_without_messages_says_so(void **state)
{
    rig *r = *state;
    static const char gone[] = FROM "X-Mozilla-Status: 0009\n\nx\n\n" FROM
                                    "X-Mozilla-Status: 0009\n\ny\n";
    assert_int_equal(walk(r, cv_slice_cstr(gone), "x.mbox", false), CV_OK);
    saw(r, "");
    assert_true(cv_report_has(r->report, CV_RULE_CONTAINER_EMPTY));
}

static void garbage_before_a_mailbox_is_told(void **state)
{
    rig *r = *state;
    assert_int_equal(walk(r, CV_S("rubbish\n\n" BOX), "x.mbox", true), CV_OK);
    saw(r, "0:|1|one;1:|2|two;2:|3|three;");
    assert_text(rig_finding(r, CV_RULE_MBOX_GARBAGE)->found, "rubbish\n\n");
}

static void a_long_text_before_a_mailbox_is_a_message(void **state)
{
    rig *r = *state;
    cv_buf in;
    cv_buf_init(&in, 0);
    for (size_t i = 0; i < 91; i++)
        cv_buf_put_str(&in, "eleven byte");
    cv_buf_put_str(&in, "\n\n" BOX);
    assert_int_equal(walk(r, cv_buf_slice(&in), "x.mbox", true), CV_OK);
    saw(r, "0:|0|;1:|1|one;2:|2|two;3:|3|three;");
    assert_false(cv_report_has(r->report, CV_RULE_MBOX_GARBAGE));
    cv_buf_clear(&in);
}

static void a_mailbox_without_any_mail_is_one_message(void **state)
{
    rig *r = *state;
    cv_bag *b = read_one(r, CV_S("rubbish\nalone\n"), "x.mbox");
    assert_string_prop(b, CV_PidTagBody, "rubbish\nalone\n");
    assert_false(cv_report_has(r->report, CV_RULE_MBOX_GARBAGE));
    assert_int_equal(walk(r, CV_S("rubbish\nalone\n"), "x.mbox", true), CV_OK);
    saw(r, "0:||;");
}

static void a_mailbox_of_one_mail_is_that_mail(void **state)
{
    rig *r = *state;
    cv_slice in = CV_S(FROM "Subject: one\nStatus: RO\nX-Status: AF\n\n"
                            ">From x\n");
    int64_t ticks;
    cv_bag *b = read_one(r, in, "x.eml");
    assert_string_prop(b, CV_PidTagSubject, "one");
    assert_string_prop(b, CV_PidTagBody, "From x\n");
    assert_int_equal(cv_bag_i32_or(b, CV_PidTagMessageFlags, 0) & 1, 1);
    assert_int_equal(cv_bag_i32_or(b, CV_PidTagLastVerbExecuted, 0), 102);
    assert_int_equal(cv_bag_i32_or(b, CV_PidTagFlagStatus, 0), 2);
    assert_true(cv_bag_ticks(b, CV_PidTagMessageDeliveryTime, &ticks));
    cv_civil when = { 2006, 1, 2, 3, 4, 5, 0 };
    assert_true(ticks == cv_civil_to_ticks(&when));
    assert_int_equal(walk(r, in, "x.eml", false), CV_OK);
    saw(r, "0:||one;");
}

static void a_mailbox_of_several_is_no_single_message(void **state)
{
    rig *r = *state;
    assert_int_equal(
        cv_read(CV_S(BOX), CV_S(""), r->options, &r->obj, r->report, &r->err),
        CV_ERR_UNSUP);
    assert_true(cv_report_has(r->report, CV_RULE_NOT_A_MESSAGE));
}

static void emlx_gives_mail_flags_and_time(void **state)
{
    rig *r = *state;
    cv_bag *b =
        read_one(r,
                 CV_S("14\nSubject: a\n\nx\n<?xml?><key>flags</key><integer>4"
                      "</integer><key>date-received</key><integer>1136171045"
                      "</integer>"),
                 "1.partial.emlx");
    int64_t ticks;
    assert_string_prop(b, CV_PidTagSubject, "a");
    assert_int_equal(cv_bag_i32_or(b, CV_PidTagMessageFlags, 9) & 1, 0);
    assert_int_equal(cv_bag_i32_or(b, CV_PidTagIconIndex, 0), 0x105);
    assert_true(cv_bag_ticks(b, CV_PidTagMessageDeliveryTime, &ticks));
    assert_true(ticks == INT64_C(1136171045) * CV_TICKS_PER_SEC);
    assert_true(cv_report_has(r->report, CV_RULE_ATTACHMENT_DATA));
}

/* -- vCards -- */

#define CARDS \
    "BEGIN:VCARD\nFN:Ann\nUID:1\nEMAIL:a@a.example\nEND:VCARD\n" \
    "BEGIN:VCARD\nX-ADDRESSBOOKSERVER-KIND:group\nFN:Team\n" \
    "MEMBER:urn:uuid:1\nEND:VCARD\nBEGIN:VCARD\nEND:VCARD\n"

static void cards_of_a_file_are_items(void **state)
{
    rig *r = *state;
    assert_int_equal(walk(r, CV_S(CARDS), "x.vcf", false), CV_OK);
    saw(r, "0:|1|Ann;1:|2|Team;2:|3|!;");
    assert_false(cv_report_has(r->report, CV_RULE_ADDRESS_MISSING));
    assert_int_equal(cv_detect(CV_S(CARDS), CV_S("")), CV_INPUT_VCARD);
}

static void a_contact_is_written_as_vcf_and_a_mail_is_not(void **state)
{
    rig *r = *state;
    cv_sink sink = cv_buf_sink(&r->out);
    cv_form form;
    (void)read_one(r, CV_S("BEGIN:VCARD\nFN:Ann\nEND:VCARD\n"), "");
    assert_true(cv_form_of(CV_S("vcf"), &form));
    assert_string_equal(cv_form_extension(form), ".vcf");
    assert_int_equal(
        cv_write(r->obj, form, r->options, &sink, r->report, &r->err), CV_OK);
    cv_buf_put_byte(&r->out, 0);
    assert_has((const char *)r->out.data, "\r\nFN:Ann\r\n");
    rig_read(r, "Subject: x\n\n");
    assert_int_equal(
        cv_write(r->obj, form, r->options, &sink, r->report, &r->err),
        CV_ERR_UNSUP);
}

/* -- archives -- */

static void tar_add(cv_buf *buf, const char *path, cv_slice bytes)
{
    char head[512] = { 0 };
    unsigned sum = 0;
    (void)snprintf(head, 100, "%s", path);
    (void)snprintf(head + 124, 12, "%011zo", bytes.len);
    memcpy(head + 148, "        0", 9);
    for (size_t i = 0; i < sizeof(head); i++)
        sum += (uint8_t)head[i];
    (void)snprintf(head + 148, 8, "%06o", sum);
    cv_buf_put(buf, head, sizeof(head));
    cv_buf_put_slice(buf, bytes);
    while (buf->len % 512)
        cv_buf_put_byte(buf, 0);
}

/* Borrowed from buf. */
static cv_slice tar_end(cv_buf *buf)
{
    for (int i = 0; i < 1024; i++)
        cv_buf_put_byte(buf, 0);
    return cv_buf_slice(buf);
}

static void files_of_an_archive_are_items_in_their_folders(void **state)
{
    rig *r = *state;
    cv_buf tar;
    cv_buf_init(&tar, 0);
    tar_add(&tar, "mail/a.eml", CV_S("Subject: a\n\nx\n"));
    tar_add(&tar, "mail/b.mbox", CV_S(BOX));
    tar_add(&tar, "photo.jpg", CV_S("\xFF\xD8\xFF"));
    tar_add(&tar, "c.vcf", CV_S("BEGIN:VCARD\nFN:C\nEND:VCARD\n"));
    assert_int_equal(walk(r, tar_end(&tar), "x.tar", true), CV_OK);
    saw(r, "0:mail|a.eml|a;1:mail/b.mbox|1|one;2:mail/b.mbox|2|two;"
           "3:mail/b.mbox|3|three;4:|photo.jpg|!;5:|c.vcf|C;");
    cv_buf_clear(&tar);
}

static void an_archive_of_nothing_is_no_message(void **state)
{
    rig *r = *state;
    assert_int_equal(walk(r, CV_S("PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
                          "x.zip", true),
                     CV_ERR_SYNTAX);
    saw(r, "");
    assert_true(cv_report_has(r->report, CV_RULE_NOT_A_MESSAGE));
}

static void archives_in_archives_are_walked_to_a_depth(void **state)
{
    rig *r = *state;
    cv_buf bufs[2];
    const char *text = "Subject: deep\n\nx\n";
    cv_slice in = cv_slice_cstr(text);
    cv_buf_init(&bufs[0], 0);
    cv_buf_init(&bufs[1], 0);
    for (int i = 0; i < 5; i++) { /* as a file of the one around it */
        char path[8];
        cv_buf *to = &bufs[i % 2];
        cv_buf_reset(to);
        (void)snprintf(path, sizeof(path), "f%d", i);
        tar_add(to, path, in);
        in = tar_end(to);
        assert_int_equal(walk(r, in, "x", true), CV_OK);
        if (i == 3)
            saw(r, "0:f3/f2/f1|f0|deep;");
        if (i == 4)
            saw(r, "0:f4/f3/f2|f1|!;");
    }
    cv_buf_clear(&bufs[0]);
    cv_buf_clear(&bufs[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG(a_mailbox_gives_its_mails_by_number),
        RIG(deleted_mails_are_read_on_request_only),
        RIG(a_container_without_messages_says_so),
        RIG(garbage_before_a_mailbox_is_told),
        RIG(a_long_text_before_a_mailbox_is_a_message),
        RIG(a_mailbox_without_any_mail_is_one_message),
        RIG(a_mailbox_of_one_mail_is_that_mail),
        RIG(a_mailbox_of_several_is_no_single_message),
        RIG(emlx_gives_mail_flags_and_time),
        RIG(cards_of_a_file_are_items),
        RIG(a_contact_is_written_as_vcf_and_a_mail_is_not),
        RIG(files_of_an_archive_are_items_in_their_folders),
        RIG(an_archive_of_nothing_is_no_message),
        RIG(archives_in_archives_are_walked_to_a_depth),
    };
    return cmocka_run_group_tests_name("walk_box", tests, NULL, NULL);
}
