/* Any bytes as a mail: its tree, every part's text and bytes, every field as
 * text and as addresses. */
#include "base/fuzz.h"
#include "base/limits.h"
#include "mime/mime.h"

#define PART_MOST ((size_t)1 << 20)

static void read_fields(const cv_mime_part *part, cv_arena *arena,
                        cv_report *report)
{
    for (size_t i = 0; i < part->field_count; i++) {
        cv_slice text;
        cv_mime_address *list;
        size_t count = 0;
        cv_slice raw = part->fields[i].raw;
        CV_IGNORE(cv_mime_decode_text(arena, raw, CV_S(""), &text, NULL));
        CV_IGNORE(cv_mime_addresses(arena, raw, CV_S("utf-8"), &list, &count,
                                    report, NULL));
        CV_FUZZ_CHECK(count <= CV_LIMIT_ADDRESSES);
    }
}

/* depth: of the tree, bounded by the reader. */
static void read_part(const cv_mime_part *part, cv_arena *arena,
                      cv_report *report, unsigned depth)
{
    cv_slice out;
    CV_FUZZ_CHECK(depth <= CV_LIMIT_MIME_DEPTH + 1);
    read_fields(part, arena, report);
    CV_IGNORE(cv_mime_part_bytes(part, PART_MOST, arena, &out, NULL));
    if (part->kind == CV_MIME_LEAF)
        CV_IGNORE(cv_mime_part_text(part, arena, &out, NULL, report, NULL));
    for (size_t i = 0; i < part->child_count; i++)
        read_part(part->children[i], arena, report, depth + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cv_arena *arena = NULL;
    cv_report *report = NULL;
    cv_mime_part *root = NULL;
    if (cv_arena_new(0, &arena, NULL) == CV_OK &&
        cv_report_new(&report, NULL) == CV_OK) {
        CV_FUZZ_CHECK(cv_mime_read(arena, cv_slice_of(data, size),
                                   (cv_relax){ NULL, NULL }, &root, report,
                                   NULL) == CV_OK);
        read_part(root, arena, report, 0);
    }
    cv_report_free(&report);
    cv_arena_free(&arena);
    return 0;
}
