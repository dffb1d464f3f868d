/* .msg files that other readers refused or lost (tests/cases.tsv), as mail. */
#include "convert/meeting_rig.h"

#include "msg/msg.h"
#include "msg/pieces_test.h"
#include "rtf/lzfu.h"

#define RTF "__substg1.0_10090102"
#define HTML "__substg1.0_10130102"
#define BODY "__substg1.0_1000001F"
#define SENDER_NAME8 "__substg1.0_0C1A001E"
#define SENDER_TYPE8 "__substg1.0_0C1E001E"
#define SENDER_ADDRESS8 "__substg1.0_0C1F001E"
#define SENDER_SMTP8 "__substg1.0_5D01001E"
#define SENDER_SMTP_OTHER8 "__substg1.0_5D0A001E"
#define HEADERS8 "__substg1.0_007D001E"
#define DN "/o=Org/ou=Site/cn=Recipients/cn=alice"

static cv_buf file;
static cv_arena *arena;

static int set_up(void **state)
{
    cv_buf_init(&file, 0);
    if (cv_arena_new(0, &arena, NULL) != CV_OK)
        return -1;
    return rig_setup(state);
}

static int tear_down(void **state)
{
    int result = rig_teardown(state);
    cv_buf_clear(&file);
    cv_arena_free(&arena);
    return result;
}

/* The mail of a file. */
static const char *mail_of(rig *r, const piece *rows, size_t count)
{
    cv_object_free(&r->obj);
    cv_buf_clear(&file);
    rig_new_report(r);
    file = pieces_file(rows, count);
    assert_int_equal(
        cv_msg_read(cv_buf_slice(&file), &r->obj, r->report, &r->err), CV_OK);
    return rig_write(r);
}

#define MAIL(r, ...) \
    __extension__({ \
        const piece rows_[] = { __VA_ARGS__ }; \
        mail_of((r), rows_, CV_LEN(rows_)); \
    })

static void c086_a_message_in_an_object_storage_is_message_rfc822(void **state)
{
    const char *mail = MAIL(
        *state, { SUBJECT8, CV_S("outer") },
        { ATTACH PROPS, CV_S(ROW_HEADER ENTRY_I32("\x05\x37", "\5\0\0\0")) },
        { EMBEDDED PROPS, CV_S(EMBEDDED_HEADER) },
        { EMBEDDED SUBJECT8, CV_S("inner") },
        { EMBEDDED "__substg1.0_1000001E", CV_S("inner text") });
    assert_has(mail, "Content-Type: message/rfc822");
    assert_has(mail, "Subject: inner\r\n");
    assert_has(mail, "inner text");
}

/* -- RTF -- */

#define PLAIN_RTF "{\\rtf1\\ansi\\ansicpg1252 Budget {\\b 2009}\\par end}"

/* A copy that a test may damage. */
static cv_slice compressed(const char *rtf)
{
    cv_slice out, copy;
    assert_int_equal(cv_lzfu_compress(arena, cv_slice_cstr(rtf), &out, NULL),
                     CV_OK);
    copy = cv_arena_dup(arena, out);
    assert_non_null(copy.ptr);
    return copy;
}

static void set_u32(cv_slice bytes, size_t at, uint32_t v)
{
    uint8_t *p = (uint8_t *)(uintptr_t)bytes.ptr + at;
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (8 * i) & 0xFF);
}

static void c087_a_body_that_cannot_be_read_costs_itself(void **state)
{
    rig *r = *state;
    cv_slice rtf = compressed(PLAIN_RTF);
    const piece attachment = { ATTACH "__substg1.0_37010102",
                               CV_S("kept bytes") };
    const char *mail =
        MAIL(r, { SUBJECT8, CV_S("Hi") }, { RTF, rtf }, attachment);
    assert_has(mail, "Budget");
    assert_has(mail, "a2VwdCBieXRlcw==");
    /* As its reader left it: shifted by the NUL bytes of the sizes. */
    mail = MAIL(r, { SUBJECT8, CV_S("Hi") },
                { RTF, cv_slice_sub(rtf, 3, rtf.len) }, attachment);
    assert_has(mail, "Subject: Hi\r\n");
    assert_has(mail, "a2VwdCBieXRlcw==");
    assert_true(cv_report_count(r->report) > 0);
}

static void c088_stored_rtf_with_a_size_that_counts_the_header(void **state)
{
    static const char rtf[] = PLAIN_RTF;
    uint8_t bytes[16 + sizeof rtf - 1] = { 0 };
    cv_slice whole = cv_slice_of(bytes, sizeof bytes);
    set_u32(whole, 0, sizeof rtf - 1 + 12);
    set_u32(whole, 4, sizeof rtf - 1 + 12); /* 12 too many */
    memcpy(bytes + 8, "MELA\0\0\0\0", 8);
    memcpy(bytes + 16, rtf, sizeof rtf - 1);
    const char *mail = MAIL(*state, { SUBJECT8, CV_S("Hi") }, { RTF, whole });
    assert_has(mail, "Budget");
    assert_has(mail, "end");
}

static void c089_wrong_raw_sizes_of_compressed_rtf_do_not_matter(void **state)
{
    static const uint32_t sizes[] = { 0, 0xFFFFFFFF };
    rig *r = *state;
    const uint32_t right = sizeof PLAIN_RTF - 1;
    for (size_t i = 0; i < 4; i++) {
        cv_slice rtf = compressed(PLAIN_RTF);
        uint32_t size = i < 2 ? sizes[i] : i == 2 ? right - 20 : right + 100;
        set_u32(rtf, 4, size);
        const char *mail = MAIL(r, { SUBJECT8, CV_S("Hi") }, { RTF, rtf });
        assert_has(mail, "Budget");
        assert_has(mail, "end");
        assert_true(cv_report_count(r->report) > 1);
    }
}

static void c090_a_body_that_is_only_rtf_becomes_text(void **state)
{
    rig *r = *state;
    const char *mail =
        MAIL(r, { SUBJECT8, CV_S("Hi") }, { RTF, compressed(PLAIN_RTF) });
    assert_has(mail, "Content-Type: text/");
    assert_has(mail, "Budget");
    assert_has(mail, "2009");
    assert_has(mail, "end");
}

static void c091_html_inside_rtf_is_restored(void **state)
{
    rig *r = *state;
    const char *mail = MAIL(
        r, { SUBJECT8, CV_S("Hi") },
        { RTF, compressed("{\\rtf1\\ansi\\ansicpg1251\\fromhtml1 \\deff0"
                          "{\\fonttbl{\\f0\\fcharset204 Arial;}}"
                          "{\\*\\htmltag64 <p class=\"x\">}\\htmlrtf {\\f0 "
                          "\\htmlrtf0 \\'cf\\'f0\\'e8 \\u8364?"
                          "\\htmlrtf }\\htmlrtf0{\\*\\htmltag72 </p>}}") });
    /* "Pri" in Cyrillic letters and the euro sign, in UTF-8. */
    assert_has(mail, "Content-Type: text/html; charset=utf-8");
    const char *html = strstr(mail, "text/html");
    assert_non_null(html);
    cv_slice text = cv_slice_cstr(html);
    bool as_is = cv_slice_find(text,
                               CV_S("\xD0\x9F\xD1\x80\xD0\xB8 "
                                    "\xE2\x82\xAC"),
                               0) != CV_NPOS;
    bool quoted =
        cv_slice_find(text, CV_S("=D0=9F=D1=80=D0=B8 =E2=82=AC"), 0) != CV_NPOS;
    bool base64 = cv_slice_find(text, CV_S("Content-Transfer-Encoding: base64"),
                                0) != CV_NPOS;
    assert_true(as_is || quoted || base64);
}

static void c091_text_inside_rtf_is_restored(void **state)
{
    rig *r = *state;
    const char *mail =
        MAIL(r, { SUBJECT8, CV_S("Hi") },
             { RTF, compressed("{\\rtf1\\ansi\\ansicpg1252\\fromtext \\deff0"
                               "{\\fonttbl{\\f0 Courier;}}"
                               "first line\\par \\tab second \\{line\\}"
                               "\\par }") });
    assert_has(mail, "Content-Type: text/plain");
    assert_has(mail, "first line\r\n\tsecond {line}");
}

/* -- bodies and senders -- */

static void c092_text_comes_from_html_and_a_dn_is_no_address(void **state)
{
    rig *r = *state;
    const char *mail =
        MAIL(r, { SUBJECT8, CV_S("Hi") },
             { HTML, CV_S("<p>Numbers &amp; words</p>") }, { BODY, CV_S("") },
             { SENDER_NAME8, CV_S("Alice") }, { SENDER_TYPE8, CV_S("EX") },
             { SENDER_ADDRESS8, CV_S(DN) },
             { SENDER_SMTP8, CV_S("alice@north.example") });
    assert_has(mail, "From: Alice <alice@north.example>\r\n");
    assert_has(mail, "Content-Type: text/plain");
    assert_has(mail, "Numbers & words");
    assert_has(mail, "Numbers &amp; words");
    assert_has_not(mail, "cn=");

    mail = MAIL(r, { SUBJECT8, CV_S("Hi") }, { SENDER_NAME8, CV_S("Alice") },
                { SENDER_TYPE8, CV_S("EX") }, { SENDER_ADDRESS8, CV_S(DN) },
                { HEADERS8, CV_S("From: Alice <alice@far.example>\r\n\r\n") });
    assert_has(mail, "From: Alice <alice@far.example>\r\n");
    assert_has_not(mail, "/cn=");
}

static void c093_the_other_smtp_address_of_the_sender_counts(void **state)
{
    const char *mail =
        MAIL(*state, { SUBJECT8, CV_S("Hi") }, { SENDER_NAME8, CV_S("Alice") },
             { SENDER_TYPE8, CV_S("EX") }, { SENDER_ADDRESS8, CV_S(DN) },
             { SENDER_SMTP_OTHER8, CV_S("alice@x.example") });
    assert_has(mail, "From: Alice <alice@x.example>\r\n");
}

static void c094_control_characters_before_an_address_go(void **state)
{
    rig *r = *state;
    const char *mail =
        MAIL(r, { SUBJECT8, CV_S("Hi") }, { SENDER_NAME8, CV_S("Alice") },
             { SENDER_TYPE8, CV_S("SMTP") },
             { SENDER_ADDRESS8, CV_S("\1\1"
                                     "alice@north.example") });
    assert_has(mail, "From: Alice <alice@north.example>\r\n");
    assert_true(cv_report_has(r->report, CV_RULE_ADDRESS_BAD) ||
                cv_report_has(r->report, CV_RULE_TEXT_CONTROL));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

/* R1: what is no value, or none of its property's type, is told and costs
 * itself alone. */
static void values_of_wrong_types_count_as_absent(void **state)
{
    rig *r = *state;
    static const struct {
        cv_tag tag;
        uint16_t type;
        cv_rule_id rule;
        const char *property;
    } rows[] = {
        { CV_PidTagImportance, CV_T_ERROR, CV_RULE_MAPI_ERROR_VALUE,
          "PidTagImportance" },
        { CV_PidTagImportance, CV_T_STRING, CV_RULE_WRONG_TYPE,
          "PidTagImportance" },
        { CV_PidTagSubject, CV_T_I32, CV_RULE_WRONG_TYPE, "PidTagSubject" },
        { CV_PidTagMessageDeliveryTime, CV_T_I64, CV_RULE_WRONG_TYPE,
          "PidTagMessageDeliveryTime" },
        { CV_PidLidLocation, CV_T_TIME, CV_RULE_WRONG_TYPE, "PidLidLocation" },
        { CV_PidTagImportance, CV_T_I16, CV_RULE_COUNT, "" },
    };
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        meeting_make(r, "IPM.Note");
        rig_new_report(r);
        put_value(rig_props(r), rows[i].tag, rows[i].type, 2);
        put_value(cv_object_recipient(r->obj, 1), CV_PidTagDisplayName,
                  CV_T_ERROR, 0x8004010F);
        assert_has(rig_write(r), "bob@south.example");
        assert_int_equal(rig_count(r, CV_RULE_WRONG_TYPE),
                         rows[i].rule == CV_RULE_WRONG_TYPE);
        assert_int_equal(rig_count(r, CV_RULE_MAPI_ERROR_VALUE),
                         1 + (rows[i].rule == CV_RULE_MAPI_ERROR_VALUE));
        const cv_finding *f = cv_report_get(r->report, 0);
        if (rows[i].rule != CV_RULE_COUNT)
            assert_text(f->property, rows[i].property);
        else
            assert_text(f->path, "recipient[1]");
        assert_text(f->done, "counts as absent");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG(values_of_wrong_types_count_as_absent),
        TEST(c086_a_message_in_an_object_storage_is_message_rfc822),
        TEST(c087_a_body_that_cannot_be_read_costs_itself),
        TEST(c088_stored_rtf_with_a_size_that_counts_the_header),
        TEST(c089_wrong_raw_sizes_of_compressed_rtf_do_not_matter),
        TEST(c090_a_body_that_is_only_rtf_becomes_text),
        TEST(c091_html_inside_rtf_is_restored),
        TEST(c091_text_inside_rtf_is_restored),
        TEST(c092_text_comes_from_html_and_a_dn_is_no_address),
        TEST(c093_the_other_smtp_address_of_the_sender_counts),
        TEST(c094_control_characters_before_an_address_go),
    };
    return cmocka_run_group_tests_name("kb_msg", tests, NULL, NULL);
}
