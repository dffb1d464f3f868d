/* Where cards begin and end, and which card is whose. */
#include "vcard/vcard_private.h"

#include <stdlib.h>

/* -- cutting -- */

cv_status cv_vcards_init(cv_vcards *cards, cv_arena *arena, cv_slice text,
                         cv_error *err)
{
    if (cv_slice_starts(text, CV_S("\xEF\xBB\xBF")))
        text = cv_slice_sub(text, 3, CV_NPOS);
    else if (cv_slice_starts(text, CV_S("\xFF\xFE")))
        text = cv_utf16le_to_utf8(arena, cv_slice_sub(text, 2, CV_NPOS), false,
                                  NULL);
    *cards = (cv_vcards){ .text = text };
    return text.len && !text.ptr ? cv_arena_fail(arena, err) : CV_OK;
}

/* The next physical line without its end. */
static cv_slice next_line(cv_vcards *cards)
{
    size_t from = cards->pos, end = from;
    while (end < cards->text.len && cards->text.ptr[end] != '\n' &&
           cards->text.ptr[end] != '\r')
        end++;
    cards->pos = end < cards->text.len ? end + 1 : end;
    return cv_slice_sub(cards->text, from, end - from);
}

bool cv_vcards_next(cv_vcards *cards, cv_slice *card)
{
    size_t from = CV_NPOS, depth = 0;
    bool agent = false; /* a card in a card follows its AGENT line */
    while (cards->pos < cards->text.len) {
        size_t at = cards->pos;
        cv_slice line = cv_slice_trim(next_line(cards));
        if (line.len == 0)
            continue;
        if (cv_slice_ieq(line, CV_S("BEGIN:VCARD"))) {
            if (depth && !agent) { /* the one before is not closed */
                cards->pos = at;
                break;
            }
            from = depth ? from : at;
            depth++;
        } else if (depth && cv_slice_ieq(line, CV_S("END:VCARD")) &&
                   --depth == 0) {
            break;
        }
        agent = cv_slice_istarts(line, CV_S("AGENT"));
    }
    if (from == CV_NPOS)
        return false;
    *card = cv_slice_sub(cards->text, from, cards->pos - from);
    return true;
}

/* -- finding -- */

typedef struct known {
    cv_slice uid, name, address;
} known;

struct cv_vcard_book {
    known *items; /* by UID */
    size_t count;
};

static int by_uid(const void *a, const void *b)
{
    return cv_slice_cmp(((const known *)a)->uid, ((const known *)b)->uid);
}

static cv_slice uid_of(cv_slice uid)
{
    uid = cv_slice_trim(uid);
    return cv_slice_istarts(uid, CV_S("urn:uuid:"))
               ? cv_slice_sub(uid, 9, CV_NPOS)
               : uid;
}

static cv_slice text_of(cv_arena *arena, const vcard_lines *lines,
                        const char *name)
{
    const vcard_line *l = cv_vcard_find(lines, name);
    return l ? cv_vcard_text(arena, l) : CV_S("");
}

/* False when the card has no UID or cannot be read. */
static bool know(cv_arena *arena, cv_slice card, known *out)
{
    vcard_lines lines;
    if (cv_slice_ifind(card, CV_S("UID"), 0) == CV_NPOS ||
        cv_vcard_parse(arena, card, &lines, NULL, NULL) != CV_OK)
        return false;
    out->uid = cv_ascii_lower(arena, uid_of(text_of(arena, &lines, "UID")));
    out->name = text_of(arena, &lines, "FN");
    out->address = cv_vcard_smtp(text_of(arena, &lines, "EMAIL"));
    return out->uid.len != 0;
}

cv_status cv_vcard_book_new(cv_arena *arena, cv_slice text, cv_vcard_book **out,
                            cv_error *err)
{
    cv_vcard_book *book = cv_arena_alloc(arena, sizeof(*book));
    cv_vcards cards = { 0 };
    size_t count = 0;
    cv_slice card;
    CV_TRY(cv_vcards_init(&cards, arena, text, err));
    while (count < CV_LIMIT_VCARD_CARDS && cv_vcards_next(&cards, &card))
        count++;
    known *items = cv_arena_array(arena, count, sizeof(*items));
    if (!book || !items)
        return cv_arena_fail(arena, err);
    cards.pos = 0;
    while (book->count < count && cv_vcards_next(&cards, &card)) {
        if (know(arena, card, &items[book->count]))
            book->count++;
        else
            count--;
    }
    if (cv_arena_status(arena) != CV_OK)
        return cv_arena_fail(arena, err);
    qsort(items, book->count, sizeof(*items), by_uid);
    book->items = items;
    *out = book;
    return CV_OK;
}

bool cv_vcard_book_find(const cv_vcard_book *book, cv_slice uid, cv_slice *name,
                        cv_slice *address)
{
    known wanted = { .uid = uid_of(uid) };
    const known *found =
        book && book->count
            ? bsearch(&wanted, book->items, book->count, sizeof(wanted), by_uid)
            : NULL;
    if (!found)
        return false;
    *name = found->name;
    *address = found->address;
    return true;
}
