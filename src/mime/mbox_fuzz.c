/* Any bytes as a mailbox, and as an .emlx file. */
#include "base/fuzz.h"
#include "mime/emlx.h"
#include "mime/mbox.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cv_slice in = cv_slice_of(data, size);
    cv_arena *arena = NULL;
    cv_mbox box;
    cv_mbox_mail mail;
    cv_emlx file;
    size_t last = 0;
    cv_mbox_init(&box, in);
    while (cv_mbox_next(&box, &mail)) {
        CV_FUZZ_CHECK(box.pos > last && box.pos <= size);
        CV_FUZZ_CHECK(mail.bytes.len <= size);
        last = box.pos;
        if (cv_arena_new(0, &arena, NULL) == CV_OK)
            CV_FUZZ_CHECK(cv_mbox_unquote(arena, &mail).len <= mail.bytes.len);
        cv_arena_free(&arena);
    }
    if (cv_emlx_is(in)) {
        cv_emlx_read(in, &file);
        CV_FUZZ_CHECK(file.mail.len <= size);
    }
    return 0;
}
