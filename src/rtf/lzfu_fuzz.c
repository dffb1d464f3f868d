/* Any bytes as a compressed value, and as what is to be compressed. */
#include "base/fuzz.h"
#include "rtf/lzfu.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cv_arena *arena = NULL;
    cv_slice in = cv_slice_of(data, size), rtf, value, back;
    bool damaged = false;
    if (cv_arena_new(0, &arena, NULL) != CV_OK)
        return 0;
    (void)!cv_lzfu_decompress(arena, in, &rtf, &damaged, NULL);
    if (cv_lzfu_compress(arena, in, &value, NULL) == CV_OK) {
        CV_FUZZ_CHECK(cv_lzfu_decompress(arena, value, &back, &damaged, NULL) ==
                      CV_OK);
        /* NUL bytes at the end are no RTF. */
        CV_FUZZ_CHECK(back.len <= size &&
                      cv_slice_eq(back, cv_slice_sub(in, 0, back.len)));
        CV_FUZZ_CHECK(back.len == size || !data[size - 1]);
    }
    cv_arena_free(&arena);
    return 0;
}
