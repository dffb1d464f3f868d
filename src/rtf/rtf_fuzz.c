/* Any bytes as RTF: HTML of native RTF is a whole document, text is UTF-8. And
 * as HTML that is put into RTF: it comes back. */
#include "base/fuzz.h"
#include "base/text.h"
#include "rtf/rtf_read.h"
#include "rtf/rtf_write.h"

static cv_slice without_first_breaks(cv_slice s)
{
    while (cv_slice_starts(s, CV_S("\r\n")))
        s = cv_slice_sub(s, 2, s.len);
    return s;
}

static void there_and_back(cv_arena *arena, cv_slice in)
{
    cv_slice rtf, html = cv_utf8_repair(arena, in);
    cv_rtf_html made;
    if (cv_slice_find_byte(in, 0, 0) != CV_NPOS ||
        cv_html_to_rtf(arena, html, &rtf, NULL) != CV_OK)
        return;
    CV_FUZZ_CHECK(cv_rtf_to_html(arena, rtf, &made, NULL) == CV_OK);
    html = cv_text_eol(arena, html, "\r\n");
    CV_FUZZ_CHECK(cv_slice_eq(without_first_breaks(made.html),
                              without_first_breaks(html)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cv_arena *arena = NULL;
    cv_slice in = cv_slice_of(data, size);
    cv_rtf_html made;
    if (cv_arena_new(0, &arena, NULL) != CV_OK)
        return 0;
    cv_rtf_kind kind = cv_rtf_kind_of(in);
    if (cv_rtf_to_html(arena, in, &made, NULL) == CV_OK) {
        CV_FUZZ_CHECK(cv_utf8_valid(made.html));
        CV_FUZZ_CHECK(kind == CV_RTF_HTML ||
                      cv_slice_ends(made.html, CV_S("</body></html>\r\n")));
    }
    cv_slice text = cv_rtf_to_text(arena, in);
    CV_FUZZ_CHECK(!text.ptr || cv_utf8_valid(text));
    there_and_back(arena, in);
    cv_arena_free(&arena);
    return 0;
}
