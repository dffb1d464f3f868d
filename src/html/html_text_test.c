#include "html/html_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void expect(const char *html, const char *text)
{
    cv_arena *arena = NULL;
    assert_int_equal(cv_arena_new(0, &arena, NULL), CV_OK);
    cv_slice out = cv_html_to_text(arena, cv_slice_cstr(html));
    assert_non_null(out.ptr);
    if (!cv_slice_eq(out, cv_slice_cstr(text)))
        fail_msg("got \"%.*s\"", CV_FMT(out));
    cv_arena_free(&arena);
}

static void paragraphs_and_breaks_become_lines(void **state)
{
    (void)state;
    expect("<html><body><p>One\n two</p><p>Three<br>four</p></body></html>",
           "One two\r\n\r\nThree\r\nfour\r\n");
    expect("<div>a</div><div>b</div>", "a\r\nb\r\n");
}

static void links_keep_their_address_once(void **state)
{
    (void)state;
    expect("<a href='https://x.example/'>site</a>",
           "site <https://x.example/>\r\n");
    expect("<a href='mailto:a@b.example'>a@b.example</a>", "a@b.example\r\n");
}

static void what_is_not_shown_is_left_out(void **state)
{
    (void)state;
    expect("<head><title>t</title><style>p{}</style></head>"
           "<body>a<script>x()</script>b</body>",
           "ab\r\n");
}

static void lists_and_cells_are_marked(void **state)
{
    (void)state;
    expect("<ul><li>a<li>b</ul>", "* a\r\n* b\r\n");
    expect("<table><tr><td>a</td><td>b</td></tr></table>", "a\tb\r\n");
}

static void lists_are_numbered_and_indented(void **state)
{
    (void)state;
    expect("<p>x<ol start=3><li>a<ul><li>b<li>c</ul><li value=9>d</ol>y",
           "x\r\n\r\n3. a\r\n  * b\r\n  * c\r\n9. d\r\n\r\ny\r\n");
    expect("<ol type=a><li>a<li>b</ol>", "a. a\r\nb. b\r\n");
}

static void quotations_are_marked(void **state)
{
    (void)state;
    expect("a<blockquote>b<p>c<blockquote>d</blockquote></blockquote>e",
           "a\r\n> b\r\n>\r\n> c\r\n>\r\n> > d\r\ne\r\n");
}

static void hidden_lines_are_left_out(void **state)
{
    (void)state;
    expect("<div style='DISPLAY: none'>pre<b>h<br></b></div><span hidden>x"
           "</span><p style='mso-hide:all'>y</p><div>seen</div>",
           "seen\r\n");
}

static void blank_lines_do_not_pile_up(void **state)
{
    (void)state;
    expect("a<br><br><br><br>b<p>&nbsp;</p><p>&nbsp;</p><p>c</p>",
           "a\r\n\r\nb\r\n\r\nc\r\n");
    expect("<pre>a\n\n\n  b</pre>", "a\r\n\r\n\r\n  b\r\n");
}

static void hard_blanks_are_blanks_unless_last(void **state)
{
    (void)state;
    expect("&nbsp;&nbsp;a&nbsp; b&nbsp;<br>&#173;c&#8203;", "  a  b\r\nc\r\n");
}

static void rows_end_without_a_tab(void **state)
{
    (void)state;
    expect("<table><tr><td>a<td>b<tr><td><p>c</p><td>d</table>e",
           "a\tb\r\n\r\nc\r\n\r\nd\r\ne\r\n");
    expect("x <img src=cid:1 alt=logo>", "x logo\r\n");
}

static void entities_and_utf8_survive(void **state)
{
    (void)state;
    expect("<p>J\xC3\xB6rg &amp; &euro;</p>", "J\xC3\xB6rg & \xE2\x82\xAC\r\n");
    expect("<meta http-equiv=content-type content='text/html; "
           "charset=utf-16'><p>J\xC3\xB6rg</p>",
           "J\xC3\xB6rg\r\n");
}

static void broken_html_gives_its_text(void **state)
{
    (void)state;
    expect("<p>a<b>b</i>c", "abc\r\n");
    expect("no tags < at all", "no tags < at all\r\n");
    expect("", "");
}

static void deep_nesting_ends(void **state)
{
    (void)state;
    cv_arena *arena = NULL;
    static char html[200000];
    memset(html, 0, sizeof html);
    for (size_t i = 0; i + 6 < sizeof html; i += 5)
        memcpy(html + i, "<div>", 5);
    assert_int_equal(cv_arena_new(0, &arena, NULL), CV_OK);
    assert_non_null(cv_html_to_text(arena, cv_slice_cstr(html)).ptr);
    cv_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paragraphs_and_breaks_become_lines),
        cmocka_unit_test(links_keep_their_address_once),
        cmocka_unit_test(what_is_not_shown_is_left_out),
        cmocka_unit_test(lists_and_cells_are_marked),
        cmocka_unit_test(lists_are_numbered_and_indented),
        cmocka_unit_test(quotations_are_marked),
        cmocka_unit_test(hidden_lines_are_left_out),
        cmocka_unit_test(blank_lines_do_not_pile_up),
        cmocka_unit_test(hard_blanks_are_blanks_unless_last),
        cmocka_unit_test(rows_end_without_a_tab),
        cmocka_unit_test(entities_and_utf8_survive),
        cmocka_unit_test(broken_html_gives_its_text),
        cmocka_unit_test(deep_nesting_ends),
    };
    return cmocka_run_group_tests_name("html_text", tests, NULL, NULL);
}
