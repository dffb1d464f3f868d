/* What convoke.h promises, by its header alone. */
#include <convoke/convoke.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TEXT(t) (t), strlen(t)

static const char note[] =
    "From: Alice <alice@north.example>\r\n"
    "To: Bob <bob@south.example>, Carol <carol@south.example>\r\n"
    "Subject: Budget\r\n"
    "Date: Wed, 20 Aug 2008 12:00:00 +0000\r\n"
    "Importance: high\r\n"
    "\r\nNumbers.\r\n";

static const char two_events[] =
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n"
    "BEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20080820T120000Z\r\n"
    "DTSTART:20080821T170000Z\r\nSUMMARY:one\r\nEND:VEVENT\r\n"
    "BEGIN:VEVENT\r\nUID:2\r\nDTSTAMP:20080820T120000Z\r\n"
    "DTSTART:20080822T170000Z\r\nSUMMARY:two\r\nEND:VEVENT\r\n"
    "END:VCALENDAR\r\n";

/* FILETIME 0 as a tracking time: the case of KB 938650. */
static const char stuck[] =
    "{\"format\":\"convoke-object/1\","
    "\"messageClass\":\"IPM.Schedule.Meeting.Request\",\"properties\":["
    "{\"name\":\"PidLidAppointmentStartWhole\","
    "\"value\":\"2008-08-21T17:00:00Z\"}],"
    "\"recipients\":[{\"properties\":["
    "{\"name\":\"PidTagEmailAddress\",\"value\":\"bob@south.example\"},"
    "{\"name\":\"PidTagRecipientTrackStatusTime\","
    "\"value\":\"1601-01-01T00:00:00Z\"}]}]}";

typedef struct output {
    char bytes[65536];
    size_t size;
    convoke_status fail_with;
} output;

static convoke_status collect(void *ctx, const void *bytes, size_t size)
{
    output *out = ctx;
    if (out->fail_with != CONVOKE_OK)
        return out->fail_with;
    if (size >= sizeof out->bytes - out->size)
        return CONVOKE_LIMIT;
    memcpy(out->bytes + out->size, bytes, size);
    out->size += size;
    out->bytes[out->size] = 0;
    return CONVOKE_OK;
}

static convoke_message *read_text(const char *text)
{
    convoke_message *message = NULL;
    convoke_error err;
    assert_int_equal(convoke_read(TEXT(text), NULL, NULL, &message, NULL, &err),
                     CONVOKE_OK);
    return message;
}

static void assert_text(convoke_text text, const char *expected)
{
    assert_int_equal(text.len, strlen(expected));
    assert_memory_equal(text.ptr, expected, text.len);
}

static void content_tells_the_type(void **state)
{
    (void)state;
    assert_int_equal(convoke_detect(TEXT(note), NULL), CONVOKE_TYPE_MIME);
    assert_int_equal(convoke_detect(TEXT(two_events), "a.eml"),
                     CONVOKE_TYPE_ICAL);
    assert_int_equal(convoke_detect(TEXT(stuck), NULL), CONVOKE_TYPE_JSON);
    assert_int_equal(convoke_detect("", 0, NULL), CONVOKE_TYPE_UNKNOWN);
    assert_string_equal(convoke_type_name(CONVOKE_TYPE_ICAL), "ical");
    assert_string_equal(convoke_type_name((convoke_type)99), "unknown");
}

static void properties_are_found_by_name(void **state)
{
    convoke_message *message = read_text(note);
    convoke_text text = { NULL, 0 };
    int64_t number = 0;
    (void)state;
    assert_text(convoke_message_class(message), "IPM.Note");
    assert_true(convoke_message_string(message, "PidTagSubject", &text));
    assert_text(text, "Budget");
    assert_true(convoke_message_string(message, "PR_SUBJECT", &text));
    assert_true(convoke_message_integer(message, "PidTagImportance", &number));
    assert_int_equal(number, 2);
    assert_true(
        convoke_message_time(message, "PidTagClientSubmitTime", &number));
    assert_true(number == INT64_C(12192336000000000));
    assert_int_equal(convoke_message_recipient_count(message), 2);
    assert_true(convoke_message_recipient_string(message, 1,
                                                 "PidTagSmtpAddress", &text));
    assert_text(text, "carol@south.example");
    assert_int_equal(convoke_message_attachment_count(message), 0);
    convoke_message_free(&message);
    assert_null(message);
    convoke_message_free(&message);
}

static void absent_values_leave_the_output_alone(void **state)
{
    convoke_message *message = read_text(note);
    convoke_text text = { NULL, 7 };
    int64_t number = 7;
    (void)state;
    assert_false(convoke_message_string(message, "NoSuchName", &text));
    assert_false(convoke_message_string(message, "PidLidLocation", &text));
    assert_false(convoke_message_integer(message, "PidTagSubject", &number));
    assert_false(convoke_message_time(message, "NoSuchName", &number));
    assert_false(convoke_message_recipient_string(message, 2,
                                                  "PidTagSmtpAddress", &text));
    assert_false(convoke_message_attachment_string(
        message, 0, "PidTagAttachLongFilename", &text));
    assert_true(text.len == 7 && number == 7);
    convoke_message_free(&message);
}

static void every_form_is_written_and_read_back(void **state)
{
    static const convoke_type types[] = {
        [CONVOKE_FORM_EML] = CONVOKE_TYPE_MIME,
        [CONVOKE_FORM_ICS] = CONVOKE_TYPE_ICAL,
        [CONVOKE_FORM_MSG] = CONVOKE_TYPE_MSG,
        [CONVOKE_FORM_JSON] = CONVOKE_TYPE_JSON,
        [CONVOKE_FORM_TNEF] = CONVOKE_TYPE_TNEF,
    };
    /* The sender of mail is its organizer and becomes a row. */
    static const size_t rows[] = { 2, 1, 1, 1, 1 };
    static output out;
    convoke_message *message = read_text(stuck);
    (void)state;
    for (int form = CONVOKE_FORM_EML; form <= CONVOKE_FORM_TNEF; form++) {
        convoke_message *again = NULL;
        out.size = 0;
        assert_int_equal(convoke_write(message, (convoke_form)form, NULL,
                                       collect, &out, NULL, NULL),
                         CONVOKE_OK);
        assert_int_equal(convoke_detect(out.bytes, out.size, NULL),
                         types[form]);
        assert_int_equal(
            convoke_read(out.bytes, out.size, NULL, NULL, &again, NULL, NULL),
            CONVOKE_OK);
        assert_int_equal(convoke_message_recipient_count(again), rows[form]);
        convoke_message_free(&again);
    }
    convoke_message_free(&message);
}

static void what_cannot_be_written_says_so(void **state)
{
    static output out;
    convoke_message *message = read_text(note);
    convoke_error err = { CONVOKE_OK, 0, "" };
    (void)state;
    out.size = 0;
    assert_int_equal(convoke_write(message, CONVOKE_FORM_ICS, NULL, collect,
                                   &out, NULL, &err),
                     CONVOKE_UNSUPPORTED);
    assert_int_equal(err.code, CONVOKE_UNSUPPORTED);
    assert_int_equal(convoke_write(message, (convoke_form)9, NULL, collect,
                                   &out, NULL, &err),
                     CONVOKE_RANGE);
    assert_string_equal(err.what, "no such form");
    out.fail_with = CONVOKE_IO;
    assert_int_equal(convoke_write(message, CONVOKE_FORM_EML, NULL, collect,
                                   &out, NULL, &err),
                     CONVOKE_IO);
    out.fail_with = CONVOKE_OK;
    convoke_message_free(&message);
}

static void no_message_is_an_error_and_a_finding(void **state)
{
    convoke_message *message = NULL;
    convoke_report *report = NULL;
    convoke_error err;
    (void)state;
    assert_int_equal(convoke_report_new(&report, NULL), CONVOKE_OK);
    assert_int_equal(
        convoke_read("\x00\x01", 2, NULL, NULL, &message, report, &err),
        CONVOKE_SYNTAX);
    assert_null(message);
    assert_int_equal(err.code, CONVOKE_SYNTAX);
    assert_int_equal(convoke_report_count(report), 1);
    assert_text(convoke_report_field(report, 0, CONVOKE_FIELD_RULE),
                "not-a-message");
    assert_int_equal(convoke_report_severity(report, 0), CONVOKE_ERROR);
    assert_true(convoke_report_offset(report, 1) == UINT64_MAX);
    assert_text(convoke_report_field(report, 1, CONVOKE_FIELD_RULE), "");
    convoke_report_free(&report);
    assert_null(report);
}

/* KB 938650 in both states of the setting. */
static void the_legacy_failure_is_a_setting(void **state)
{
    static output out;
    convoke_options *options = NULL;
    convoke_report *report = NULL;
    convoke_message *message = read_text(stuck);
    (void)state;
    assert_int_equal(convoke_options_new(NULL, &options, NULL), CONVOKE_OK);
    assert_int_equal(convoke_report_new(&report, NULL), CONVOKE_OK);
    convoke_options_set_domain(options, "north.example");
    convoke_options_set_zone(options, "Europe/Berlin");
    assert_int_equal(convoke_options_set(
                         options,
                         "content-conversion.fix-recipient-track-status-time",
                         "false", NULL),
                     CONVOKE_OK);
    out.size = 0;
    assert_int_equal(convoke_write(message, CONVOKE_FORM_EML, options, collect,
                                   &out, report, NULL),
                     CONVOKE_LEGACY);
    convoke_report_free(&report);
    assert_int_equal(convoke_report_new(&report, NULL), CONVOKE_OK);
    out.size = 0;
    assert_int_equal(convoke_write(message, CONVOKE_FORM_EML, NULL, collect,
                                   &out, report, NULL),
                     CONVOKE_OK);
    out.size = 0;
    assert_int_equal(convoke_report_write(report, "a.json", "a.eml", message,
                                          collect, &out, NULL),
                     CONVOKE_OK);
    assert_non_null(strstr(out.bytes, "\"recipient-track-status-time\""));
    assert_int_equal(out.bytes[out.size - 1], '\n');
    convoke_report_free(&report);
    convoke_options_free(&options);
    convoke_message_free(&message);
}

static void unknown_settings_are_refused(void **state)
{
    static const char map[] = "/o=north/cn=alice,alice@north.example\n";
    convoke_options *options = NULL;
    convoke_error err;
    (void)state;
    assert_int_equal(convoke_options_new(NULL, &options, NULL), CONVOKE_OK);
    assert_int_equal(convoke_options_set(options, "no.such", "1", &err),
                     CONVOKE_NOT_FOUND);
    assert_int_equal(convoke_options_set(options, "content-conversion.profile",
                                         "exchange2007", &err),
                     CONVOKE_OK);
    assert_int_equal(convoke_options_set_address_map(options, TEXT(map), &err),
                     CONVOKE_OK);
    convoke_options_free(&options);
    assert_null(options);
}

typedef struct seen {
    unsigned events, unreadable, asked;
    unsigned stop_at; /* events; 0: never */
} seen;

static convoke_status count_messages(void *ctx, const convoke_item *item,
                                     const convoke_message *message,
                                     const convoke_report *report)
{
    seen *s = ctx;
    if (!message) {
        s->unreadable++;
        assert_text(item->name, "2");
        assert_int_equal(convoke_report_count(report), 1);
        assert_text(convoke_report_field(report, 0, CONVOKE_FIELD_RULE),
                    "not-a-message");
        return CONVOKE_OK;
    }
    s->events++;
    return s->events == s->stop_at ? CONVOKE_IO : CONVOKE_OK;
}

static bool want_all_but_the_first(void *ctx, const convoke_item *item)
{
    seen *s = ctx;
    s->asked++;
    return item->index != 0;
}

static void each_event_of_a_calendar_is_a_message(void **state)
{
    seen s = { 0 };
    convoke_walker walker = { .split = true,
                              .each = count_messages,
                              .ctx = &s };
    (void)state;
    assert_int_equal(
        convoke_walk(TEXT(two_events), NULL, NULL, &walker, NULL, NULL),
        CONVOKE_OK);
    assert_int_equal(s.events, 2);
    walker.split = false; /* one message that holds the file */
    assert_int_equal(
        convoke_walk(TEXT(two_events), NULL, NULL, &walker, NULL, NULL),
        CONVOKE_OK);
    assert_int_equal(s.events, 3);
}

static void a_walk_asks_first_and_ends_when_told(void **state)
{
    seen s = { .stop_at = 1 };
    convoke_error err;
    convoke_walker walker = { .split = true,
                              .want = want_all_but_the_first,
                              .each = count_messages,
                              .ctx = &s };
    (void)state;
    assert_int_equal(
        convoke_walk(TEXT(two_events), NULL, NULL, &walker, NULL, &err),
        CONVOKE_IO);
    assert_int_equal(err.code, CONVOKE_IO);
    assert_int_equal(s.asked, 2);
    assert_int_equal(s.events, 1);
}

static void an_item_that_cannot_be_read_is_told(void **state)
{
    static const char cards[] = "BEGIN:VCARD\nFN:A\nEND:VCARD\n"
                                "BEGIN:VCARD\nEND:VCARD\n";
    seen s = { 0 };
    convoke_walker walker = { .each = count_messages, .ctx = &s };
    (void)state;
    assert_int_equal(
        convoke_walk(TEXT(cards), "x.vcf", NULL, &walker, NULL, NULL),
        CONVOKE_OK);
    assert_int_equal(s.events, 1);
    assert_int_equal(s.unreadable, 1);
}

static int64_t fixed_now(void *ctx)
{
    return *(int64_t *)ctx;
}

static void fixed_random(void *ctx, void *out, size_t size)
{
    (void)ctx;
    memset(out, 0x5A, size);
}

static void equal_clock_and_chance_give_equal_bytes(void **state)
{
    static output a, b;
    int64_t now = INT64_C(12192336000000000);
    convoke_env env = { fixed_now, fixed_random, &now };
    convoke_options *options = NULL;
    convoke_message *message = read_text(stuck);
    (void)state;
    assert_int_equal(convoke_options_new(&env, &options, NULL), CONVOKE_OK);
    a.size = b.size = 0;
    for (int i = 0; i < 2; i++)
        assert_int_equal(convoke_write(message, CONVOKE_FORM_EML, options,
                                       collect, i ? &a : &b, NULL, NULL),
                         CONVOKE_OK);
    assert_string_equal(a.bytes, b.bytes);
    convoke_options_free(&options);
    convoke_message_free(&message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(content_tells_the_type),
        cmocka_unit_test(properties_are_found_by_name),
        cmocka_unit_test(absent_values_leave_the_output_alone),
        cmocka_unit_test(every_form_is_written_and_read_back),
        cmocka_unit_test(what_cannot_be_written_says_so),
        cmocka_unit_test(no_message_is_an_error_and_a_finding),
        cmocka_unit_test(the_legacy_failure_is_a_setting),
        cmocka_unit_test(unknown_settings_are_refused),
        cmocka_unit_test(each_event_of_a_calendar_is_a_message),
        cmocka_unit_test(a_walk_asks_first_and_ends_when_told),
        cmocka_unit_test(an_item_that_cannot_be_read_is_told),
        cmocka_unit_test(equal_clock_and_chance_give_equal_bytes),
    };
    return cmocka_run_group_tests_name("public", tests, NULL, NULL);
}
