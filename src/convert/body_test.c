/* Which body a message goes out with, and what becomes of RTF. */
#include "convert/test_util.h"

#include "rtf/lzfu.h"

#define RTF_HEAD \
    "{\\rtf1\\ansi\\ansicpg1252\\deff0{\\fonttbl{\\f0 Arial;}}\\pard\\f0 "
#define RTF_HTML \
    "{\\rtf1\\ansi\\ansicpg1251\\fromhtml1 \\deff0{\\fonttbl{\\f0 Arial;}" \
    "{\\f1\\fcharset204 Arial;}}{\\*\\htmltag64}{\\*\\htmltag34 <head>}" \
    "{\\*\\htmltag161 <meta content=\"text/html; charset=koi8-r\">}" \
    "{\\*\\htmltag41 </head>}{\\*\\htmltag50 <body>}\\htmlrtf {\\htmlrtf0 " \
    "\\f1 \\'e4\\u1072?{\\*\\htmltag84 &amp;}\\htmlrtf &\\htmlrtf0 " \
    "\\htmlrtf }\\htmlrtf0 {\\*\\htmltag58 </body>}}"
#define RTF_TEXT "{\\rtf1\\ansi\\fromtext{\\fonttbl{\\f0 A;}}\\f0 <a>\\par b}"

static void new_note(rig *r)
{
    cv_object_free(&r->obj);
    rig_new_report(r);
    assert_int_equal(cv_object_new(0, &r->obj, NULL), CV_OK);
    cv_bag_set_string(rig_props(r), CV_PidTagMessageClass, CV_S("IPM.Note"));
    cv_bag_set_string(rig_props(r), CV_PidTagSubject, CV_S("s"));
}

static void set_rtf_bytes(rig *r, cv_slice value)
{
    cv_bag_set_binary(rig_props(r), CV_PidTagRtfCompressed, value);
}

static cv_slice compressed(rig *r, cv_slice rtf)
{
    cv_slice value;
    assert_int_equal(
        cv_lzfu_compress(cv_object_arena(r->obj), rtf, &value, NULL), CV_OK);
    return value;
}

static void set_rtf(rig *r, const char *rtf)
{
    set_rtf_bytes(r, compressed(r, cv_slice_cstr(rtf)));
}

static void set_plain(rig *r, const char *text)
{
    cv_bag_set_string(rig_props(r), CV_PidTagBody, cv_slice_cstr(text));
}

static void set_html(rig *r, const char *html)
{
    cv_bag_set_binary(rig_props(r), CV_PidTagHtml, cv_slice_cstr(html));
    cv_bag_set_i32(rig_props(r), CV_PidTagInternetCodepage, 65001);
}

/* A picture in the RTF itself; no attachment row. */
static void c004_a_picture_within_the_rtf_arrives_inline(void **state)
{
    rig *r = *state;
    new_note(r);
    set_rtf(r, RTF_HEAD "Look: {\\pict\\picwgoal300\\pichgoal150\\pngblip "
                        "89504E470D0A1A0A0102} here\\par}");
    const char *mail = rig_write(r);
    assert_has(mail, "multipart/related; type=\"multipart/alternative\"");
    assert_has(mail, "Content-Type: image/png; name=image001.png");
    assert_has(mail, "Content-ID: <image001.png@");
    assert_has(mail, "iVBORw0KGgoBAg==");
    assert_has(mail, "Look:");
    const char *id = strstr(mail, "Content-ID: <") + 13;
    cv_slice cid = cv_slice_of(id, (size_t)(strchr(id, '>') - id));
    cv_slice shown =
        cv_arena_printf(cv_object_arena(r->obj), "cid:%.*s", CV_FMT(cid));
    assert_has(mail, (const char *)shown.ptr);
}

static void c004_an_object_within_the_rtf_arrives_as_a_file(void **state)
{
    rig *r = *state;
    new_note(r);
    set_rtf(r, RTF_HEAD "a{\\object\\objemb{\\*\\objdata 616263}"
                        "{\\result x}}\\par}");
    const char *mail = rig_write(r);
    assert_has(mail, "multipart/mixed");
    assert_has(mail, "Content-Disposition: attachment; "
                     "filename=object001.ole");
    assert_has(mail, "YWJj");
}

/* The binary value is read as it is: NUL bytes in its head are its size. */
static void c087_a_failing_rtf_body_costs_itself_alone(void **state)
{
    rig *r = *state;
    new_note(r);
    cv_slice value = compressed(r, CV_S(RTF_HEAD "text\\par}"));
    assert_int_equal(value.ptr[2], 0);
    set_rtf_bytes(r, value);
    assert_int_equal(cv_add_file(r->obj, CV_S("a.bin"),
                                 "application/octet-stream", CV_S("abc"), NULL),
                     CV_OK);
    const char *mail = rig_write(r);
    assert_has(mail, "text");
    assert_has(mail, "YWJj");
    assert_int_equal(rig_count(r, CV_RULE_BODY_FALLBACK), 0);
    set_rtf_bytes(r, CV_S("0123456789abcdefghij"));
    mail = rig_write(r);
    assert_has(mail, "YWJj");
    assert_has(mail, "body.rtf.lzfu");
    assert_int_equal(rig_count(r, CV_RULE_BODY_FALLBACK), 1);
}

static void c088_stored_rtf_with_a_size_too_big_is_read(void **state)
{
    rig *r = *state;
    new_note(r);
    set_rtf_bytes(r, CV_S("\x18\0\0\0\x18\0\0\0MELA\0\0\0\0{\\rtf1 seen}"));
    assert_has(rig_write(r), "seen");
    assert_int_equal(rig_count(r, CV_RULE_BODY_FALLBACK), 1);
}

static void c089_a_wrong_raw_size_is_a_hint_only(void **state)
{
    static const uint32_t sizes[] = { 0, 1, 200, 0xFFFFFFFF };
    rig *r = *state;
    for (size_t i = 0; i < CV_LEN(sizes); i++) {
        new_note(r);
        cv_slice value = compressed(r, CV_S(RTF_HEAD "all of it\\par}"));
        uint8_t *bytes = (uint8_t *)value.ptr;
        for (size_t k = 0; k < 4; k++)
            bytes[4 + k] = (uint8_t)(sizes[i] >> 8 * k);
        set_rtf_bytes(r, value);
        assert_has(rig_write(r), "all of it");
        assert_int_equal(rig_count(r, CV_RULE_BODY_FALLBACK), 1);
    }
}

static void c090_rtf_alone_gives_text_and_html(void **state)
{
    rig *r = *state;
    new_note(r);
    set_rtf(r, RTF_HEAD "one \\b two\\b0\\par}");
    const char *mail = rig_write(r);
    assert_has(mail, "multipart/alternative");
    assert_has(mail, "Content-Type: text/plain; charset=utf-8\r\n\r\n"
                     "one two\r\n");
    assert_has(mail, "<b>two</b>");
}

static void c091_encapsulated_html_and_text_come_back(void **state)
{
    rig *r = *state;
    new_note(r);
    set_rtf(r, RTF_HTML);
    rig_set(r, "content-conversion.allow-8bit", "true");
    const char *mail = rig_write(r);
    assert_has(mail, "Content-Type: text/html; charset=utf-8");
    assert_has(mail, "<head><meta content=\"text/html; charset=utf-8\"></head>"
                     "<body>\xD0\xB4\xD0\xB0&amp;</body>");
    new_note(r);
    set_rtf(r, RTF_TEXT);
    mail = rig_write(r);
    assert_has(mail, "\r\n\r\n<a>\r\nb");
    assert_has_not(mail, "text/html");
}

static void c092_text_is_made_from_html(void **state)
{
    rig *r = *state;
    new_note(r);
    set_html(r, "<p>one</p><ul><li>two</ul>");
    const char *mail = rig_write(r);
    assert_has(mail, "one\r\n\r\n* two\r\n");
    assert_has(mail, "<p>one</p>");
}

/* [MS-OXBBODY] 2.1.3.1, spec property-types.md 7. */
static void the_body_that_was_written_goes_out(void **state)
{
    static const struct {
        int32_t native; /* 0: not there */
        int sync;       /* -1: not there */
        bool plain, html;
        const char *rtf;
        const char *has, *has_not;
    } rows[] = {
        { 0, -1, true, false, NULL, "PLAIN", "text/html" },
        { 0, -1, true, true, NULL, "HTML", "RTF" },
        { 0, 1, true, false, RTF_HEAD "RTF\\par}", "RTF", "HTML" },
        { 0, 0, true, false, RTF_HEAD "RTF\\par}", "PLAIN", "text/html" },
        { 0, -1, true, false, RTF_HEAD "RTF\\par}", "RTF", "HTML" },
        { 0, 0, false, false, RTF_HEAD "RTF\\par}", "RTF", "PLAIN" },
        { 0, 1, true, true, RTF_HEAD "RTF\\par}", "RTF", "HTML" },
        { 0, 0, true, true, RTF_HEAD "RTF\\par}", "HTML", "RTF" },
        { 0, -1, true, true, RTF_HEAD "RTF\\par}", "HTML", "RTF" },
        { 1, 1, true, true, RTF_HEAD "RTF\\par}", "PLAIN", "text/html" },
        { 1, 1, false, true, NULL, "HTML", "PLAIN" },
        { 2, -1, true, true, RTF_HEAD "RTF\\par}", "RTF", "HTML" },
        { 2, -1, true, true, NULL, "HTML", "RTF" },
        { 3, 1, true, true, RTF_HEAD "RTF\\par}", "HTML", "RTF" },
        { 3, 1, true, false, RTF_HTML, "text/html", "HTML" },
        { 0, 1, true, true, RTF_HTML, "HTML", "koi8" },
        /* RTF that cannot be read, or shows nothing, counts as absent. */
        { 2, 1, true, true, "no RTF at all", "HTML", "RTF" },
        { 2, 1, true, false, RTF_HEAD "\\par}", "PLAIN", "text/html" },
    };
    rig *r = *state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        new_note(r);
        if (rows[i].native)
            cv_bag_set_i32(rig_props(r), CV_PidTagNativeBody, rows[i].native);
        if (rows[i].sync >= 0)
            cv_bag_set_bool(rig_props(r), CV_PidTagRtfInSync, rows[i].sync);
        if (rows[i].plain)
            set_plain(r, "PLAIN");
        if (rows[i].html)
            set_html(r, "<p>HTML</p>");
        if (rows[i].rtf)
            set_rtf(r, rows[i].rtf);
        const char *mail = rig_write(r);
        assert_has(mail, rows[i].has);
        assert_has_not(mail, rows[i].has_not);
    }
}

static void a_deep_rtf_body_is_a_finding(void **state)
{
    rig *r = *state;
    static char rtf[2000] = RTF_HEAD "seen";
    new_note(r);
    memset(rtf + strlen(rtf), '{', 1000);
    set_rtf(r, rtf);
    assert_has(rig_write(r), "seen");
    assert_int_equal(rig_count(r, CV_RULE_LIMIT), 1);
}

/* Notes, journal entries and tasks are mails like others. */
static void rtf_of_every_class_is_read(void **state)
{
    static const char *const classes[] = { "IPM.StickyNote", "IPM.Activity",
                                           "IPM.Task", "IPM.Appointment",
                                           "IPM.Post" };
    rig *r = *state;
    for (size_t i = 0; i < CV_LEN(classes); i++) {
        new_note(r);
        cv_bag_set_string(rig_props(r), CV_PidTagMessageClass,
                          cv_slice_cstr(classes[i]));
        set_rtf(r, RTF_HEAD "{\\i words}\\par}");
        assert_has(rig_write(r), "<i>words</i>");
    }
}

static void mail_keeps_html_with_its_code_page(void **state)
{
    rig *r = *state;
    cv_slice html;
    rig_read(r, "From: a@b.example\r\nMIME-Version: 1.0\r\n"
                "Content-Type: text/html; charset=windows-1251\r\n"
                "Content-Transfer-Encoding: 8bit\r\n\r\n<p>\xE4</p>\r\n");
    assert_true(cv_bag_binary(rig_props(r), CV_PidTagHtml, &html));
    assert_text(html, "<p>\xE4</p>\r\n");
    assert_int_equal(cv_bag_i32_or(rig_props(r), CV_PidTagInternetCodepage, 0),
                     1251);
    assert_int_equal(cv_bag_i32_or(rig_props(r), CV_PidTagNativeBody, 0), 3);
    assert_string_prop(rig_props(r), CV_PidTagBody, "\xD0\xB4\r\n");
    rig_read(r, "From: a@b.example\r\n\r\ntext\r\n");
    assert_int_equal(cv_bag_i32_or(rig_props(r), CV_PidTagNativeBody, 0), 1);
    assert_false(cv_bag_has(rig_props(r), CV_PidTagHtml));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG(c004_a_picture_within_the_rtf_arrives_inline),
        RIG(c004_an_object_within_the_rtf_arrives_as_a_file),
        RIG(c087_a_failing_rtf_body_costs_itself_alone),
        RIG(c088_stored_rtf_with_a_size_too_big_is_read),
        RIG(c089_a_wrong_raw_size_is_a_hint_only),
        RIG(c090_rtf_alone_gives_text_and_html),
        RIG(c091_encapsulated_html_and_text_come_back),
        RIG(c092_text_is_made_from_html),
        RIG(the_body_that_was_written_goes_out),
        RIG(a_deep_rtf_body_is_a_finding),
        RIG(rtf_of_every_class_is_read),
        RIG(mail_keeps_html_with_its_code_page),
    };
    return cmocka_run_group_tests_name("body", tests, NULL, NULL);
}
