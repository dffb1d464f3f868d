/* Any bytes as HTML. */
#include "base/fuzz.h"
#include "base/text.h"
#include "html/html_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cv_arena *arena = NULL;
    if (cv_arena_new(0, &arena, NULL) != CV_OK)
        return 0;
    cv_slice html = cv_utf8_repair(arena, cv_slice_of(data, size));
    cv_slice text = cv_html_to_text(arena, html);
    CV_FUZZ_CHECK(!text.ptr || cv_utf8_valid(text));
    cv_arena_free(&arena);
    return 0;
}
