/* Any bytes as a compound file; what was read is written and read again. */
#include "base/fuzz.h"
#include "msg/cfb.h"
#include "msg/msg_private.h"

/* Bytes and blob of a stream are the same, and never more than declared. */
static void check_stream(const cv_cfb *cfb, const cv_cfb_entry *e,
                         cv_arena *arena)
{
    cv_slice bytes, again;
    cv_blob blob;
    if (cv_cfb_bytes(cfb, e, &bytes, NULL) != CV_OK ||
        cv_cfb_blob(cfb, e, &blob, NULL) != CV_OK ||
        cv_blob_get(&blob, SIZE_MAX, arena, &again, NULL) != CV_OK)
        return;
    CV_FUZZ_CHECK(bytes.len <= e->size);
    CV_FUZZ_CHECK(cv_slice_eq(bytes, again));
}

/* The root as a file of our own: its streams are all there. */
static void write_and_read(const cv_cfb *cfb, cv_arena *arena)
{
    cv_blob file;
    cv_slice bytes;
    cv_cfb *again = NULL;
    if (cv_msg_ole_blob(cfb, cv_cfb_root(cfb), arena, &file, NULL) != CV_OK ||
        cv_blob_get(&file, SIZE_MAX, arena, &bytes, NULL) != CV_OK)
        return;
    CV_FUZZ_CHECK(bytes.len == file.size_bytes);
    CV_FUZZ_CHECK(cv_cfb_open(bytes, arena, NULL, &again, NULL) == CV_OK ||
                  cv_arena_status(arena) != CV_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cv_arena *arena = NULL;
    cv_cfb *cfb = NULL;
    if (cv_arena_new((size_t)64 << 20, &arena, NULL) != CV_OK)
        return 0;
    if (cv_cfb_open(cv_slice_of(data, size), arena, NULL, &cfb, NULL) ==
        CV_OK) {
        for (size_t i = 0; i < cv_cfb_count(cfb); i++)
            if (cv_cfb_root(cfb)[i].type == CV_CFB_STREAM)
                check_stream(cfb, cv_cfb_root(cfb) + i, arena);
        write_and_read(cfb, arena);
    }
    cv_arena_free(&arena);
    return 0;
}
