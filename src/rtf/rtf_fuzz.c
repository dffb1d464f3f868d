/* Any bytes as RTF: HTML of native RTF is a whole document, text is UTF-8. */
#include "base/fuzz.h"
#include "base/text.h"
#include "rtf/rtf_read.h"

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
    cv_arena_free(&arena);
    return 0;
}
