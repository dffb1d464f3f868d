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
    assert_int_equal(out.len, strlen(text));
    assert_memory_equal(out.ptr, text, out.len);
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
        cmocka_unit_test(entities_and_utf8_survive),
        cmocka_unit_test(broken_html_gives_its_text),
        cmocka_unit_test(deep_nesting_ends),
    };
    return cmocka_run_group_tests_name("html_text", tests, NULL, NULL);
}
