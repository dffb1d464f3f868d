#include "rtf/rtf_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

typedef cv_slice (*read_fn)(cv_arena *arena, cv_slice rtf);

static void expect(read_fn read, const char *rtf, const char *want)
{
    cv_arena *arena = NULL;
    assert_int_equal(cv_arena_new(0, &arena, NULL), CV_OK);
    cv_slice got = read(arena, cv_slice_cstr(rtf));
    if (got.len != strlen(want) || memcmp(got.ptr, want, got.len) != 0)
        fail_msg("got \"%.*s\"", CV_FMT(got));
    cv_arena_free(&arena);
}

static cv_slice to_html(cv_arena *arena, cv_slice rtf)
{
    cv_rtf_html out;
    assert_int_equal(cv_rtf_to_html(arena, rtf, &out, NULL), CV_OK);
    assert_false(out.cut);
    return out.html;
}

#define HEAD \
    "{\\rtf1\\ansi\\ansicpg1252\\fromhtml1 \\deff0" \
    "{\\fonttbl{\\f0 Arial;}{\\f1\\fcharset204 Cyr;}" \
    "{\\f2\\fcharset128 Jp;}}"

static void html_comes_back(void **state)
{
    (void)state;
    expect(to_html,
           HEAD "{\\*\\htmltag64}{\\*\\htmltag19 <html>}"
                "{\\*\\htmltag50 <body>}\\htmlrtf {\\htmlrtf0 Hi\\htmlrtf }"
                "\\htmlrtf0 {\\*\\htmltag58 </body>}"
                "{\\*\\htmltag27 </html>}}",
           "<html><body>Hi</body></html>");
}

static void what_is_for_rtf_viewers_is_left_out(void **state)
{
    (void)state;
    expect(to_html,
           HEAD "{\\*\\htmltag84 &amp;}\\htmlrtf &\\htmlrtf0 b"
                "{\\*\\mhtmltag84 <a href=x>}{\\*\\htmltag116 <br>}"
                "\\htmlrtf \\line\\htmlrtf0 c}",
           "&amp;b<br>c");
}

static void letters_follow_their_font(void **state)
{
    (void)state;
    expect(to_html, HEAD "\\f0 \\'fc\\f1 \\'fc}", "\xC3\xBC\xD1\x8C");
    /* Shift-JIS with an ASCII trail byte: "so" is 0x83 0x5C. */
    expect(to_html, HEAD "\\f2 \\'83\\'5c\\'82\\'a0}",
           "\xE3\x82\xBD\xE3\x81\x82");
    expect(to_html, HEAD "\\f2 \\'83A}", "\xE3\x82\xA2");
}

static void unicode_skips_its_fallback(void **state)
{
    (void)state;
    expect(to_html, HEAD "\\uc1\\u8364?x\\uc2\\u-10179??\\u-8704??y}",
           "\xE2\x82\xACx\xF0\x9F\x98\x80y");
    expect(to_html, HEAD "\\uc0\\u228 a}",
           "\xC3\xA4"
           "a");
    expect(to_html, HEAD "\\u8364\\'80.}", "\xE2\x82\xAC.");
}

static void text_comes_back(void **state)
{
    (void)state;
    expect(cv_rtf_to_text,
           "{\\rtf1\\ansi\\ansicpg1252\\fromtext \\deff0"
           "{\\fonttbl{\\f0 Arial;}}\\uc1\\pard\\plain\\f0\\fs20 "
           "a\\tab b\\par {\\i c} \\{d\\}\\par}",
           "a\tb\r\nc {d}\r\n");
}

static void native_rtf_gives_its_text(void **state)
{
    (void)state;
    expect(cv_rtf_to_text,
           "{\\rtf1\\ansi{\\fonttbl{\\f0 A;}}{\\colortbl;\\red1;}"
           "{\\*\\generator X;}{\\info{\\title T}}\\pard\\b bold\\b0  "
           "text{\\pict\\bin4 {}{}abcd}\\lquote q\\rquote\\par}",
           "bold text\xE2\x80\x98q\xE2\x80\x99\r\n");
}

static void kinds_are_told_apart(void **state)
{
    (void)state;
    assert_int_equal(cv_rtf_kind_of(CV_S(HEAD "}")), CV_RTF_HTML);
    assert_int_equal(cv_rtf_kind_of(CV_S("{\\rtf1\\fromtext x}")), CV_RTF_TEXT);
    assert_int_equal(cv_rtf_kind_of(CV_S("{\\rtf1 x}")), CV_RTF_NATIVE);
    assert_int_equal(cv_rtf_kind_of(CV_S("hello")), CV_RTF_NONE);
}

static void broken_rtf_ends(void **state)
{
    (void)state;
    static char deep[40000];
    memset(deep, '{', sizeof deep - 1);
    memcpy(deep, "{\\rtf1 ", 7);
    memcpy(deep + 39990, "x", 1);
    expect(cv_rtf_to_text, deep, "x");
    expect(cv_rtf_to_text, "}}}\\", "");
    expect(cv_rtf_to_text, "{\\rtf1\\'", "");
    expect(cv_rtf_to_text, "{\\rtf1\\bin2147483647 x", "");
    expect(cv_rtf_to_text, "{\\rtf1\\u-99999999999 ?x}", "x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(html_comes_back),
        cmocka_unit_test(what_is_for_rtf_viewers_is_left_out),
        cmocka_unit_test(letters_follow_their_font),
        cmocka_unit_test(unicode_skips_its_fallback),
        cmocka_unit_test(text_comes_back),
        cmocka_unit_test(native_rtf_gives_its_text),
        cmocka_unit_test(kinds_are_told_apart),
        cmocka_unit_test(broken_rtf_ends),
    };
    return cmocka_run_group_tests_name("rtf_read", tests, NULL, NULL);
}
