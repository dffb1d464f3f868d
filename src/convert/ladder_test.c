/* The ladder: what cannot be rendered costs itself, and the last step always
 * leaves a message. */
#include "convert/meeting_rig.h"

#include <stdio.h>

static const cv_attachment *file_named(rig *r, const char *name)
{
    for (size_t i = 0; i < cv_object_attachment_count(r->obj); i++) {
        const cv_attachment *a = cv_object_attachment(r->obj, i);
        cv_slice got;
        if (cv_bag_string(a->props, CV_PidTagAttachLongFilename, &got) &&
            cv_slice_eq(got, cv_slice_cstr(name)))
            return a;
    }
    fail_msg("no attachment %s", name);
    return NULL;
}

/* A request beyond the budget leaves as the minimal message: it is read back
 * as a request, and the original in it is complete. */
static void beyond_the_memory_limit_a_request_stays_a_request(void **state)
{
    rig *r = *state;
    cv_slice bytes;
    meeting_make(r, "IPM.Schedule.Meeting.Request");
    cv_bag_set_string(rig_props(r), CV_PidTagBody, CV_S("Gr\xC3\xBC\xC3\x9F"));
    rig_set(r, "content-conversion.memory-bytes", "3000");
    char *mail = strdup(rig_write(r));
    assert_int_equal(cv_report_step(r->report), CV_LADDER_MINIMAL);
    assert_int_equal(rig_count(r, CV_RULE_LADDER_MINIMAL), 1);
    assert_has(mail, "From: alice@north.example\r\n");
    assert_has(mail, "To: bob@south.example\r\n");
    assert_has(mail, "Cc: eve@east.example\r\n");
    assert_has(mail, "Subject: Budget\r\n");
    assert_has(mail, "Date: Sun, 22 Nov 2026 12:00:00 +0000\r\n");
    assert_has(mail, "Message-ID: <m1@north.example>\r\n");
    assert_has(mail, "method=REQUEST");

    cv_object *before = r->obj;
    r->obj = NULL;
    rig_set(r, "content-conversion.memory-bytes", "0");
    rig_read(r, mail);
    free(mail);
    assert_string_prop(rig_props(r), CV_PidTagMessageClass,
                       "IPM.Schedule.Meeting.Request");
    assert_string_prop(rig_props(r), CV_PidTagBody, "Gr\xC3\xBC\xC3\x9F");
    const cv_attachment *a = file_named(r, "message.cvob");
    assert_int_equal(
        cv_blob_get(&a->data, 1 << 20, cv_object_arena(r->obj), &bytes, NULL),
        CV_OK);
    cv_object *again = NULL;
    assert_int_equal(
        cv_read(bytes, CV_S(""), r->options, &again, r->report, &r->err),
        CV_OK);
    assert_true(cv_object_eq(before, again));
    cv_object_free(&again);
    cv_object_free(&before);
}

static void beyond_the_memory_limit_mime_keeps_its_bytes(void **state)
{
    rig *r = *state;
    cv_slice bytes;
    static const char mail[] = "From: a@b.example\r\nTo: c@d.example\r\n"
                               "Subject: =?utf-8?Q?=C3=BC?=\r\n\r\nText\r\n";
    rig_read(r, mail);
    rig_set(r, "content-conversion.memory-bytes", "300");
    char *out = strdup(rig_write(r));
    rig_set(r, "content-conversion.memory-bytes", "0");
    rig_read(r, out);
    free(out);
    assert_string_prop(rig_props(r), CV_PidTagSubject, "\xC3\xBC");
    assert_string_prop(rig_props(r), CV_PidTagBody, "Text\r\n");
    const cv_attachment *a = file_named(r, "original.eml");
    assert_int_equal(
        cv_blob_get(&a->data, 1 << 20, cv_object_arena(r->obj), &bytes, NULL),
        CV_OK);
    assert_text(bytes, mail);
}

/* For every budget there is a message: full or minimal, never none. */
static void every_budget_gives_a_message(void **state)
{
    rig *r = *state;
    unsigned minimal = 0, full = 0;
    for (unsigned bytes = 1; bytes < 200000; bytes += bytes / 3 + 1) {
        char text[16];
        rig_new_report(r);
        meeting_make(r, "IPM.Schedule.Meeting.Canceled");
        snprintf(text, sizeof text, "%u", bytes);
        rig_set(r, "content-conversion.memory-bytes", text);
        assert_has(rig_write(r), "Subject: Budget");
        if (cv_report_step(r->report) == CV_LADDER_MINIMAL)
            minimal++;
        else
            full++;
    }
    assert_true(minimal > 3 && full > 3);
}

static void the_minimal_message_needs_nothing(void **state)
{
    rig *r = *state;
    cv_sink sink = cv_buf_sink(&r->out);
    assert_int_equal(cv_to_mime_minimal(CV_S(""), CV_S(""), CV_S(""), INT64_MIN,
                                        CV_S(""), CV_S(""), NULL, &sink,
                                        &r->err),
                     CV_OK);
    cv_buf_put_byte(&r->out, 0);
    assert_has((const char *)r->out.data, "From: postmaster@convoke.invalid\r\n"
                                          "To: undisclosed-recipients:;\r\n"
                                          "Message-ID: <minimal.");
}

static void the_minimal_message_writes_no_line_of_others(void **state)
{
    rig *r = *state;
    cv_sink sink = cv_buf_sink(&r->out);
    assert_int_equal(cv_to_mime_minimal(
                         CV_S("x\r\nBcc: y@z.example"),
                         CV_S("a@b.example, not one,\r\nc@d.example"),
                         CV_S("s\r\nBcc: y@z.example"), TEST_NOW, CV_S("text"),
                         CV_S("original"), "original.eml", &sink, &r->err),
                     CV_OK);
    cv_buf_put_byte(&r->out, 0);
    assert_has_not((const char *)r->out.data, "\nBcc");
    assert_has((const char *)r->out.data,
               "To: a@b.example,\r\n c@d.example\r\n");
    assert_has((const char *)r->out.data, "filename=\"original.eml\"");
}

static void a_mail_no_parser_may_touch_is_readable(void **state)
{
    rig *r = *state;
    cv_buf mail;
    cv_buf_init(&mail, 0);
    cv_buf_put_str(&mail, "From: Eve <eve@east.example>\r\nTo: ");
    for (int i = 0; i < 30000; i++)
        cv_buf_put_str(&mail, "g: ");
    cv_buf_put_str(&mail, "\r\nSubject: deep\r\nMessage-ID: <d@x>\r\n\r\n"
                          "read me\r\n");
    assert_int_equal(cv_from_mime_minimal(cv_buf_slice(&mail), &r->env, &r->obj,
                                          r->report, &r->err),
                     CV_OK);
    assert_string_prop(rig_props(r), CV_PidTagSentRepresentingSmtpAddress,
                       "eve@east.example");
    assert_string_prop(rig_props(r), CV_PidTagBody, "read me");
    assert_int_equal(cv_report_step(r->report), CV_LADDER_MINIMAL);
    cv_object_free(&r->obj);
    /* And the ordinary way survives it, too. */
    assert_int_equal(cv_from_mime(cv_buf_slice(&mail), r->options, &r->obj,
                                  r->report, &r->err),
                     CV_OK);
    assert_string_prop(rig_props(r), CV_PidTagBody, "read me\r\n");
    cv_buf_clear(&mail);
}

static void nested_messages_beyond_the_limit_become_a_file(void **state)
{
    rig *r = *state;
    cv_buf mail;
    unsigned depth = 0;
    cv_buf_init(&mail, 0);
    for (int i = 0; i < 60; i++)
        cv_buf_put_str(&mail, "From: a@b.example\r\n"
                              "Content-Type: message/rfc822\r\n\r\n");
    cv_buf_put_str(&mail, "From: a@b.example\r\n\r\nx\r\n");
    assert_int_equal(cv_from_mime(cv_buf_slice(&mail), r->options, &r->obj,
                                  r->report, &r->err),
                     CV_OK);
    for (const cv_object *o = r->obj; o && cv_object_attachment_count(o);
         o = cv_object_attachment(o, 0)->embedded)
        depth++;
    assert_true(depth > 20 && depth < 60);
    assert_has(rig_write(r), "message/rfc822");
    cv_buf_clear(&mail);
}

static cv_status full_disk(void *ctx, const void *bytes, size_t len,
                           cv_error *err)
{
    size_t *left = ctx;
    (void)bytes;
    if (len > *left)
        return cv_fail(err, CV_ERR_IO, "disk full");
    *left -= len;
    return CV_OK;
}

static void a_failing_sink_is_the_callers_business(void **state)
{
    rig *r = *state;
    meeting_make(r, "IPM.Schedule.Meeting.Request");
    size_t room[] = { 0, 300 };
    for (size_t i = 0; i < CV_LEN(room); i++) {
        cv_sink sink = { .write = full_disk, .ctx = &room[i] };
        assert_int_equal(
            cv_to_mime(r->obj, r->options, &sink, r->report, &r->err),
            CV_ERR_IO);
        assert_string_equal(r->err.what, "disk full");
    }
    assert_int_equal(rig_count(r, CV_RULE_LADDER_MINIMAL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG(beyond_the_memory_limit_a_request_stays_a_request),
        RIG(beyond_the_memory_limit_mime_keeps_its_bytes),
        RIG(every_budget_gives_a_message),
        RIG(the_minimal_message_needs_nothing),
        RIG(the_minimal_message_writes_no_line_of_others),
        RIG(a_mail_no_parser_may_touch_is_readable),
        RIG(nested_messages_beyond_the_limit_become_a_file),
        RIG(a_failing_sink_is_the_callers_business),
    };
    return cmocka_run_group_tests_name("ladder", tests, NULL, NULL);
}
