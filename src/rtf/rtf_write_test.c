#include "rtf/rtf_write.h"

#include "base/limits.h"
#include "base/text.h"
#include "rtf/rtf_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void same_html(const char *html)
{
    cv_arena *arena = NULL;
    cv_slice rtf;
    cv_rtf_html back;
    assert_int_equal(cv_arena_new(0, &arena, NULL), CV_OK);
    cv_slice in = cv_slice_cstr(html);
    assert_int_equal(cv_html_to_rtf(arena, in, &rtf, NULL), CV_OK);
    assert_true(cv_is_ascii(rtf));
    assert_int_equal(cv_rtf_kind_of(rtf), CV_RTF_HTML);
    assert_int_equal(cv_rtf_to_html(arena, rtf, &back, NULL), CV_OK);
    if (!cv_slice_eq(back.html, cv_text_eol(arena, in, "\r\n")))
        fail_msg("got \"%.*s\" by \"%.*s\"", CV_FMT(back.html), CV_FMT(rtf));
    cv_arena_free(&arena);
}

static void html_comes_back_as_it_was(void **state)
{
    static const char *const pages[] = {
        "<html><body>Hi</body></html>",
        "<!DOCTYPE html>\r\n<html>\n<head><title>T &amp; {t}</title>\r"
        "<style>\np > a { color: \"red\"; }\n</style></head>\r\n"
        "<body class=\"a>b\">\t<p>J\xC3\xB6rg \xE2\x82\xAC \xF0\x9F\x98\x80 "
        "\\x{y}</p>1 < 2 & 3 > 2 &nbsp;&#x41;&unknown; a&b</body></html>",
        "<script>if (a</b/) { x(\"</s\"); }</script>after",
        "no tags\n\nat all",
        "<!-- a > b\n -->x<![if !vml]><br/>y<p",
        "<p>  two  blanks </p>\n\n<pre>\n  a\tb\n</pre>",
        "<title>never closed {\\}",
        "5 digits 9<b>7</b>",
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(pages); i++)
        same_html(pages[i]);
}

static void viewers_of_rtf_see_text(void **state)
{
    cv_arena *arena = NULL;
    cv_slice rtf;
    (void)state;
    assert_int_equal(cv_arena_new(0, &arena, NULL), CV_OK);
    assert_int_equal(
        cv_html_to_rtf(arena,
                       CV_S("<html><body><p>a <b>b</b>&lt;<br>c</p></body>"
                            "</html>"),
                       &rtf, NULL),
        CV_OK);
    assert_true(cv_slice_ends(
        rtf, CV_S("{\\*\\htmltag64}{\\*\\htmltag19 <html>}{\\*\\htmltag50 "
                  "<body>}{\\*\\htmltag64 <p>}a {\\*\\htmltag84 <b>}\\htmlrtf "
                  "\\b\\htmlrtf0 b\\htmlrtf \\b0\\htmlrtf0 {\\*\\htmltag92 "
                  "</b>}{\\*\\htmltag84 &lt;}\\htmlrtf <\\htmlrtf0 "
                  "{\\*\\htmltag116 <br>}\\htmlrtf \\line\\htmlrtf0 c\\htmlrtf "
                  "\\par\\htmlrtf0 {\\*\\htmltag72 </p>}{\\*\\htmltag58 "
                  "</body>}{\\*\\htmltag27 </html>}}")));
    cv_arena_free(&arena);
}

static void text_comes_back_as_it_was(void **state)
{
    static const char text[] = "a {b} \\c\r\n\tJ\xC3\xB6rg "
                               "\xF0\x9F\x98\x80\r\n\r\n<x> & 1";
    cv_arena *arena = NULL;
    cv_slice rtf;
    (void)state;
    assert_int_equal(cv_arena_new(0, &arena, NULL), CV_OK);
    assert_int_equal(cv_text_to_rtf(arena, cv_slice_cstr(text), &rtf, NULL),
                     CV_OK);
    assert_int_equal(cv_rtf_kind_of(rtf), CV_RTF_TEXT);
    assert_true(cv_slice_eq(cv_rtf_to_text(arena, rtf), cv_slice_cstr(text)));
    cv_arena_free(&arena);
}

static void more_than_the_limit_is_refused(void **state)
{
    cv_arena *arena = NULL;
    cv_slice rtf = { NULL, 0 };
    (void)state;
    assert_int_equal(cv_arena_new(0, &arena, NULL), CV_OK);
    size_t len = CV_LIMIT_RTF_BYTES / 2 + 1;
    uint8_t *text = cv_arena_alloc(arena, len);
    assert_non_null(text);
    memset(text, '{', len);
    assert_int_equal(cv_text_to_rtf(arena, cv_slice_of(text, len), &rtf, NULL),
                     CV_ERR_LIMIT);
    assert_null(rtf.ptr);
    cv_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(html_comes_back_as_it_was),
        cmocka_unit_test(viewers_of_rtf_see_text),
        cmocka_unit_test(text_comes_back_as_it_was),
        cmocka_unit_test(more_than_the_limit_is_refused),
    };
    return cmocka_run_group_tests_name("rtf_write", tests, NULL, NULL);
}
