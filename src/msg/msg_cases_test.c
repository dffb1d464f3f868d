/* Files that other readers of .msg refused or lost (tests/cases.tsv); what
 * they become as mail is tested in convert/kb_msg_test.c. */
#include "msg/msg.h"
#include "msg/pieces_test.h"

#define BODY8 "__substg1.0_1000001E"
#define MESSAGE_PAGE(value) ENTRY_I32("\xFD\x3F", value)
#define INTERNET_PAGE(value) ENTRY_I32("\xDE\x3F", value)
#define LOCALE(value) ENTRY_I32("\xF1\x3F", value)
#define PROPERTIES(...) \
    { \
        PROPS, CV_S(TOP_HEADER __VA_ARGS__) \
    }
#define FFFD "\xEF\xBF\xBD"

static cv_buf file;
static cv_report *report;
static cv_object *obj;

static int set_up(void **state)
{
    (void)state;
    cv_buf_init(&file, 0);
    return cv_report_new(&report, NULL) == CV_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    cv_object_free(&obj);
    cv_report_free(&report);
    cv_buf_clear(&file);
    return 0;
}

static void read_rows(const piece *rows, size_t count)
{
    cv_object_free(&obj);
    cv_report_free(&report);
    cv_buf_clear(&file);
    assert_int_equal(cv_report_new(&report, NULL), CV_OK);
    file = pieces_file(rows, count);
    assert_int_equal(cv_msg_read(cv_buf_slice(&file), &obj, report, NULL),
                     CV_OK);
}

#define READ(...) \
    do { \
        const piece rows_[] = { __VA_ARGS__ }; \
        read_rows(rows_, CV_LEN(rows_)); \
    } while (0)

static void assert_string(cv_tag tag, const char *want)
{
    cv_slice got = cv_bag_string_or(cv_object_props(obj), tag, CV_S("-"));
    if (!cv_slice_eq(got, cv_slice_cstr(want)))
        fail_msg("got \"%.*s\", want \"%s\"", CV_FMT(got), want);
}

static void
c082_bytes_that_are_illegal_in_the_code_page_cost_themselves(void **state)
{
    static const struct {
        const char *page;
        size_t page_len;
        cv_slice bytes;
        const char *text;
    } rows[] = {
        { MESSAGE_PAGE("\xB5\3\0\0"), 16, CV_S("a\xB0 \xB0\xA1 \xB0 z"),
          "a" FFFD " \xEA\xB0\x80 " FFFD " z" }, /* 949 */
        { MESSAGE_PAGE("\xA8\3\0\0"), 16, CV_S("a\xB0 \xB0\xA1 \xB0 z"),
          "a" FFFD " \xE5\x95\x8A " FFFD " z" }, /* 936 */
        { MESSAGE_PAGE("\xB6\3\0\0"), 16, CV_S("a\xB0 \xB0\xDA \xB0 z"),
          "a" FFFD " \xE5\x95\x8A " FFFD " z" }, /* 950 */
        { MESSAGE_PAGE("\xA4\3\0\0"), 16, CV_S("a\x88 \x88\x9F \x88 z"),
          "a" FFFD " \xE4\xBA\x9C " FFFD " z" }, /* 932 */
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        uint8_t props[48] = { 0 };
        memcpy(props + 32, rows[i].page, rows[i].page_len);
        READ({ PROPS, { props, sizeof props } }, { SUBJECT8, CV_S("Hi") },
             { BODY8, rows[i].bytes });
        assert_string(CV_PidTagBody, rows[i].text);
        assert_string(CV_PidTagSubject, "Hi");
        assert_true(cv_report_has(report, CV_RULE_TEXT_DECODING));
    }
}

static void c082_the_internet_code_page_is_tried_where_it_decodes(void **state)
{
    (void)state;
    READ(PROPERTIES(MESSAGE_PAGE("\xB5\3\0\0") INTERNET_PAGE("\xE3\4\0\0")),
         { SUBJECT8, CV_S("\xB0\xA1") }, { BODY8, CV_S("\xFF\xE0 z") });
    assert_string(CV_PidTagSubject, "\xEA\xB0\x80");
    assert_string(CV_PidTagBody, "\xD1\x8F\xD0\xB0 z"); /* 1251 */
    assert_true(cv_report_has(report, CV_RULE_TEXT_DECODING));
}

static void c083_without_a_code_page_the_language_tells(void **state)
{
    (void)state;
    READ(PROPERTIES(LOCALE("\x19\4\0\0")), { SUBJECT8, CV_S("\xCF\xF0") });
    assert_string(CV_PidTagSubject, "\xD0\x9F\xD1\x80"); /* Russian */
    READ(PROPERTIES(LOCALE("\x04\x08\0\0")), { SUBJECT8, CV_S("\xB0\xA1") });
    assert_string(CV_PidTagSubject, "\xE5\x95\x8A"); /* 936, not 950 */
    READ(PROPERTIES(LOCALE("\x07\4\0\0")), { SUBJECT8, CV_S("\xFC") });
    assert_string(CV_PidTagSubject, "\xC3\xBC"); /* German: 1252 */
}

static void c083_without_anything_it_is_utf_8_if_valid_else_1252(void **state)
{
    (void)state;
    READ({ SUBJECT8, CV_S("\xD0\x9F\xE2\x82\xAC") },
         { BODY8, CV_S("\x80 5,\xFC") });
    assert_string(CV_PidTagSubject, "\xD0\x9F\xE2\x82\xAC");
    assert_string(CV_PidTagBody, "\xE2\x82\xAC 5,\xC3\xBC");
    assert_false(cv_report_has(report, CV_RULE_TEXT_DECODING));
}

/* 1200 is what Unicode messages say of themselves. */
static void c083_a_unicode_code_page_is_none_of_8_bit_text(void **state)
{
    (void)state;
    READ(PROPERTIES(MESSAGE_PAGE("\xB0\4\0\0")), { SUBJECT8, CV_S("\xFC b") });
    assert_string(CV_PidTagSubject, "\xC3\xBC b");
    READ(PROPERTIES(MESSAGE_PAGE("\xB0\4\0\0") LOCALE("\x19\4\0\0")),
         { SUBJECT8, CV_S("\xCF\xF0") });
    assert_string(CV_PidTagSubject, "\xD0\x9F\xD1\x80");
    assert_false(cv_report_has(report, CV_RULE_TEXT_DECODING));
}

static void c084_windows_quotes_and_dashes_are_read(void **state)
{
    (void)state;
    READ(PROPERTIES(MESSAGE_PAGE("\xE4\4\0\0")),
         { BODY8, CV_S("\x93quote\x94 \x96") });
    assert_string(CV_PidTagBody, "\xE2\x80\x9Cquote\xE2\x80\x9D \xE2\x80\x93");
    assert_int_equal(cv_report_count(report), 1); /* no entry of the body */
}

/* The HTML body's page is another one and does not count for strings. */
static void c084_strings_have_the_message_code_page(void **state)
{
    (void)state;
    READ(PROPERTIES(MESSAGE_PAGE("\xE4\4\0\0") INTERNET_PAGE("\xE9\xFD\0\0")),
         { SUBJECT8, CV_S("\x93x\x94") },
         { "__substg1.0_10130102", CV_S("<p>\xE2\x82\xAC</p>") });
    assert_string(CV_PidTagSubject, "\xE2\x80\x9Cx\xE2\x80\x9D");
    cv_slice html;
    assert_true(cv_bag_binary(cv_object_props(obj), CV_PidTagHtml, &html));
    assert_true(cv_slice_eq(html, CV_S("<p>\xE2\x82\xAC</p>")));
}

static int32_t method_of_attachment(void)
{
    return cv_bag_i32_or(cv_object_attachment(obj, 0)->props,
                         CV_PidTagAttachMethod, -1);
}

static void c085_the_method_of_an_attachment_follows_from_its_data(void **state)
{
    (void)state;
    READ({ ATTACH PROPS, CV_S(ROW_HEADER) },
         { EMBEDDED PROPS, CV_S(EMBEDDED_HEADER) },
         { EMBEDDED SUBJECT, CV_S("H\0i\0") });
    assert_int_equal(method_of_attachment(), 5);
    cv_object *inner = cv_object_attachment(obj, 0)->embedded;
    assert_non_null(inner);
    cv_slice subject;
    assert_true(
        cv_bag_string(cv_object_props(inner), CV_PidTagSubject, &subject));
    assert_true(cv_slice_eq(subject, CV_S("Hi")));
    assert_true(cv_report_has(report, CV_RULE_ATTACHMENT_METHOD));

    READ({ ATTACH PROPS, CV_S(ROW_HEADER) },
         { EMBEDDED "CONTENTS", CV_S("ole") });
    assert_int_equal(method_of_attachment(), 6);
    assert_true(cv_object_attachment(obj, 0)->has_data);

    READ({ ATTACH PROPS, CV_S(ROW_HEADER) },
         { ATTACH "__substg1.0_37010102", CV_S("data") });
    assert_int_equal(method_of_attachment(), 1);
    assert_true(
        cv_slice_eq(cv_object_attachment(obj, 0)->data.mem, CV_S("data")));

    READ({ ATTACH PROPS, CV_S(ROW_HEADER) });
    assert_int_equal(method_of_attachment(), -1); /* which stands for 0 */
    assert_false(cv_object_attachment(obj, 0)->has_data);
}

static void c087_binary_values_keep_every_byte(void **state)
{
    (void)state;
    READ({ "__substg1.0_10090102", CV_S("\0\0\1\0LZFu\0\0\0\0\0\0") });
    cv_slice rtf;
    assert_true(
        cv_bag_binary(cv_object_props(obj), CV_PidTagRtfCompressed, &rtf));
    assert_true(cv_slice_eq(rtf, CV_S("\0\0\1\0LZFu\0\0\0\0\0\0")));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(c082_bytes_that_are_illegal_in_the_code_page_cost_themselves),
        TEST(c082_the_internet_code_page_is_tried_where_it_decodes),
        TEST(c083_without_a_code_page_the_language_tells),
        TEST(c083_without_anything_it_is_utf_8_if_valid_else_1252),
        TEST(c083_a_unicode_code_page_is_none_of_8_bit_text),
        TEST(c084_windows_quotes_and_dashes_are_read),
        TEST(c084_strings_have_the_message_code_page),
        TEST(c085_the_method_of_an_attachment_follows_from_its_data),
        TEST(c087_binary_values_keep_every_byte),
    };
    return cmocka_run_group_tests_name("msg_cases", tests, NULL, NULL);
}
