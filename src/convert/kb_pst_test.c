/* PST files that other readers refused (tests/cases.tsv), as mail; and the
 * walk over a store. */
#include "convert/test_util.h"

#include "convert/walk.h"
#include "pst/pst_test_kit.h"

#define INBOX 0x8022
#define MAIL 0x200024
#define MAIL_2 0x200044
/* 2020-05-18 12:54:02 and 2020-05-19 12:54:02 */
#define MONDAY "\x00\x51\x9D\x67\x13\x2D\xD6\x01"
#define TUESDAY "\x00\x11\x07\x92\xDC\x2D\xD6\x01"

static kit made; /* large: not on the stack */
static cv_arena *arena;

#define W(text) kit_wide(arena, text)

static int set_up(void **state)
{
    return cv_arena_new(0, &arena, NULL) == CV_OK ? rig_setup(state) : -1;
}

static int tear_down(void **state)
{
    int result = rig_teardown(state);
    kit_clear(&made);
    cv_arena_free(&arena);
    return result;
}

static void begin(void)
{
    kit_begin(&made, KIT_UNICODE, 1);
    kit_folder(&made, arena, KIT_ROOT, KIT_ROOT, "");
    kit_folder(&made, arena, INBOX, KIT_ROOT, "Inbox");
}

/* A message that never had headers. */
static cv_slice one_mail(const kit_value *times)
{
    kit_value values[16] = {
        { CV_PidTagMessageClass, W("IPM.Note") },
        { CV_PidTagSubject, W("No headers") },
        { CV_PidTagSenderName, W("Alice") },
        { CV_PidTagSenderAddressType, W("SMTP") },
        { CV_PidTagSenderEmailAddress, W("alice@north.example") },
        { CV_PidTagBody, W("Text") },
    };
    for (size_t i = 0; times[i].tag; i++)
        values[6 + i] = times[i];
    begin();
    kit_message(&made, MAIL, INBOX, values);
    return kit_finish(&made);
}

/* cv_walker's each: the mail of each item, one after another. */
static cv_status write_mail(void *ctx, const cv_item *item, cv_object *obj,
                            cv_report *report, cv_error *err)
{
    rig *r = ctx;
    cv_sink sink = cv_buf_sink(&r->out);
    cv_buf_printf(&r->out, "[%d %.*s|%.*s]\n", (int)item->index,
                  CV_FMT(item->folder), CV_FMT(item->name));
    return obj ? cv_to_mime(obj, r->options, &sink, report, err) : CV_OK;
}

static const char *mails_of(rig *r, cv_slice in)
{
    cv_walker walker = { .each = write_mail, .ctx = r };
    cv_buf_reset(&r->out);
    assert_int_equal(
        cv_walk(in, CV_S("box.pst"), r->options, &walker, r->report, &r->err),
        CV_OK);
    cv_buf_put_byte(&r->out, 0);
    return (const char *)r->out.data;
}

static void assert_date(rig *r, const kit_value *times, const char *date)
{
    const char *mail = mails_of(r, one_mail(times));
    assert_non_null(strstr(mail, "[0 Inbox|00200024]\n"));
    assert_non_null(strstr(mail, date));
    assert_non_null(strstr(mail, "From: Alice <alice@north.example>\r\n"));
    assert_non_null(strstr(mail, "Subject: No headers\r\n"));
    kit_clear(&made);
}

static void c097_no_headers_and_a_date_that_is_text(void **state)
{
    kit_value delivered[] = { { CV_TAG(0x0039, CV_T_STRING),
                                W("Mon, 18 May 2020") },
                              { CV_PidTagMessageDeliveryTime, CV_S(TUESDAY) },
                              { CV_PidTagCreationTime, CV_S(MONDAY) },
                              { 0 } };
    assert_date(*state, delivered, "Date: Tue, 19 May 2020 12:54:02 +0000\r\n");
}

static void c097_no_headers_and_only_the_time_of_submission(void **state)
{
    kit_value submitted[] = { { CV_PidTagClientSubmitTime, CV_S(MONDAY) },
                              { CV_TAG(0x0E06, CV_T_STRING), W("yesterday") },
                              { CV_PidTagCreationTime, CV_S(TUESDAY) },
                              { 0 } };
    assert_date(*state, submitted, "Date: Mon, 18 May 2020 12:54:02 +0000\r\n");
}

static void c097_no_headers_and_only_the_time_of_creation(void **state)
{
    kit_value created[] = { { CV_TAG(0x0039, CV_T_STRING), W("") },
                            { CV_TAG(0x0E06, CV_T_STRING), W("yesterday") },
                            { CV_PidTagCreationTime, CV_S(TUESDAY) },
                            { 0 } };
    assert_date(*state, created, "Date: Tue, 19 May 2020 12:54:02 +0000\r\n");
}

static void a_pst_is_no_message_but_a_container(void **state)
{
    rig *r = *state;
    static const kit_value none[] = { { 0 } };
    assert_int_equal(cv_read(one_mail(none), CV_S("box.pst"), r->options,
                             &r->obj, r->report, &r->err),
                     CV_ERR_UNSUP);
    assert_string_equal(r->err.what,
                        "a PST is a container of messages, not one message");
}

/* cv_walker's want */
static bool only_second(void *ctx, const cv_item *item)
{
    (void)ctx;
    return item->index == 1;
}

static void items_that_are_not_wanted_are_not_given(void **state)
{
    rig *r = *state;
    kit_value values[] = { { CV_PidTagMessageClass, W("IPM.Note") }, { 0 } };
    cv_walker walker = { .want = only_second, .each = write_mail, .ctx = r };
    begin();
    kit_message(&made, MAIL, INBOX, values);
    kit_message(&made, MAIL_2, INBOX, values);
    assert_int_equal(cv_walk(kit_finish(&made), CV_S("box.pst"), r->options,
                             &walker, r->report, &r->err),
                     CV_OK);
    cv_buf_put_byte(&r->out, 0);
    assert_null(strstr((const char *)r->out.data, "[0 "));
    assert_non_null(strstr((const char *)r->out.data, "[1 Inbox|00200044]"));
}

static void
c096_a_store_that_cannot_be_read_is_said_before_any_item(void **state)
{
    rig *r = *state;
    cv_walker walker = { .each = write_mail, .ctx = r };
    static const kit_value none[] = { { 0 } };
    cv_slice in = one_mail(none);
    made.file.data[513] = 0x10;
    assert_int_equal(
        cv_walk(in, CV_S("box.pst"), r->options, &walker, r->report, &r->err),
        CV_ERR_UNSUP);
    assert_int_equal(r->out.len, 0);
    assert_true(cv_report_has(r->report, CV_RULE_NOT_A_MESSAGE));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(c097_no_headers_and_a_date_that_is_text),
        T(c097_no_headers_and_only_the_time_of_submission),
        T(c097_no_headers_and_only_the_time_of_creation),
        T(a_pst_is_no_message_but_a_container),
        T(items_that_are_not_wanted_are_not_given),
        T(c096_a_store_that_cannot_be_read_is_said_before_any_item),
    };
    return cmocka_run_group_tests_name("kb_pst", tests, NULL, NULL);
}
