#include "html/html_write.h"

#include "html/html_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

typedef cv_slice (*convert_fn)(cv_arena *arena, cv_slice in);

static void expect(convert_fn convert, const char *in, const char *want)
{
    cv_arena *arena = NULL;
    assert_int_equal(cv_arena_new(0, &arena, NULL), CV_OK);
    cv_slice out = convert(arena, cv_slice_cstr(in));
    if (!cv_slice_eq(out, cv_slice_cstr(want)))
        fail_msg("got \"%.*s\"", CV_FMT(out));
    cv_arena_free(&arena);
}

static void text_is_escaped_and_its_lines_kept(void **state)
{
    (void)state;
    expect(cv_text_to_html, "a < b & \"c\"\r\nd\n\re",
           "a &lt; b &amp; &quot;c&quot;<br>\r\nd<br>\r\n<br>\r\ne");
    expect(cv_text_to_html, "", "");
}

static void blanks_and_tabs_are_kept(void **state)
{
    (void)state;
    expect(cv_text_to_html, "  a   b c ",
           "&nbsp;&nbsp;a&nbsp;&nbsp; b c&nbsp;");
    expect(cv_text_to_html, "a\tb", "a&nbsp;&nbsp;&nbsp;&nbsp;b");
}

static void addresses_of_the_web_become_links(void **state)
{
    (void)state;
    expect(cv_text_to_html, "see (https://x.example/a?b=1&c=2).",
           "see (<a href=\"https://x.example/a?b=1&amp;c=2\">"
           "https://x.example/a?b=1&amp;c=2</a>).");
    expect(cv_text_to_html, "http:// xhttp://y javascript:z",
           "http:// xhttp://y javascript:z");
}

static void quotations_become_block_quotes(void **state)
{
    (void)state;
    expect(cv_text_to_html, "x\n> a\n> > b\n> c\ny",
           "x<blockquote type=\"cite\">a<blockquote type=\"cite\">b"
           "</blockquote>\r\nc</blockquote>\r\ny");
}

static cv_slice there_and_back(cv_arena *arena, cv_slice in)
{
    return cv_html_to_text(arena, cv_text_to_html(arena, in));
}

static void text_comes_back_from_its_html(void **state)
{
    static const char *const texts[] = {
        "one line\r\n",
        "a\r\nb\r\n\r\nc\r\n",
        "  indented <x> & \"y\"\r\n",
        "On Monday Bob wrote:\r\n> a\r\n>\r\n> b\r\n> > c\r\nyes\r\n",
        "see http://x.example/?a=b&c=d now\r\n",
        "J\xC3\xB6rg \xF0\x9F\x98\x80\r\n",
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(texts); i++)
        expect(there_and_back, texts[i], texts[i]);
}

static void every_meta_says_utf8(void **state)
{
    (void)state;
    expect(cv_html_say_utf8,
           "<meta http-equiv=Content-Type content=\"text/html; "
           "charset=windows-1252\"><META CHARSET='big5'><p>charset=x",
           "<meta http-equiv=Content-Type content=\"text/html; "
           "charset=utf-8\"><META CHARSET='utf-8'><p>charset=x");
    expect(cv_html_say_utf8, "<meta charset=utf-8>", "<meta charset=utf-8>");
    expect(cv_html_say_utf8, "<p>charset", "<p>charset");
    expect(cv_html_say_utf8, "<meta charset=", "<meta charset=utf-8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_escaped_and_its_lines_kept),
        cmocka_unit_test(blanks_and_tabs_are_kept),
        cmocka_unit_test(addresses_of_the_web_become_links),
        cmocka_unit_test(quotations_become_block_quotes),
        cmocka_unit_test(text_comes_back_from_its_html),
        cmocka_unit_test(every_meta_says_utf8),
    };
    return cmocka_run_group_tests_name("html_write", tests, NULL, NULL);
}
