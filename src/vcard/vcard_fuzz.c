/* Any bytes as vCards; what was read is written and read again. */
#include "base/fuzz.h"
#include "vcard/vcard.h"

#define CARDS_MOST 8

static void write_and_read(const cv_object *obj, cv_report *report)
{
    cv_object *again = NULL;
    cv_buf out;
    cv_sink sink = cv_buf_sink(&out);
    cv_buf_init(&out, 0);
    if (cv_vcard_write(obj, NULL, &sink, report, NULL) == CV_OK &&
        cv_object_new(0, &again, NULL) == CV_OK)
        CV_FUZZ_CHECK(cv_vcard_read(cv_buf_slice(&out), NULL, again, report,
                                    NULL) == CV_OK);
    cv_object_free(&again);
    cv_buf_clear(&out);
}

static void read_card(cv_slice card, const cv_vcard_book *book,
                      cv_report *report)
{
    cv_object *obj = NULL;
    if (cv_object_new(0, &obj, NULL) != CV_OK)
        return;
    if (cv_vcard_read(card, book, obj, report, NULL) == CV_OK)
        write_and_read(obj, report);
    cv_object_free(&obj);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cv_arena *arena = NULL;
    cv_report *report = NULL;
    cv_vcard_book *book = NULL;
    cv_vcards cards;
    cv_slice card, in = cv_slice_of(data, size);
    if (cv_arena_new(0, &arena, NULL) == CV_OK &&
        cv_report_new(&report, NULL) == CV_OK &&
        cv_vcards_init(&cards, arena, in, NULL) == CV_OK &&
        cv_vcard_book_new(arena, in, &book, NULL) == CV_OK)
        for (int i = 0; i < CARDS_MOST && cv_vcards_next(&cards, &card); i++)
            read_card(card, book, report);
    cv_report_free(&report);
    cv_arena_free(&arena);
    return 0;
}
