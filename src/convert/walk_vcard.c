/* vCard files: the walk over their cards, and the card of a contact. */
#include "convert/private.h"
#include "convert/walk_private.h"

#include "base/limits.h"
#include "vcard/vcard.h"

#include <inttypes.h>
#include <stdio.h>

/* -- reading -- */

/* One card, and the others when it is a group, whose members they may be. */
typedef struct card_ref {
    cv_slice card;
    cv_slice file;
    cv_arena *arena; /* of the walk: where the book is kept */
    cv_vcard_book *book;
} card_ref;

static cv_status read_card(card_ref *ref, cv_object *obj, cv_report *report,
                           cv_error *err)
{
    if (!ref->book && cv_vcard_is_group(ref->card))
        CV_TRY(cv_vcard_book_new(ref->arena, ref->file, &ref->book, err));
    return cv_vcard_read(ref->card, ref->book, obj, report, err);
}

/* cv_item_read_fn */
static cv_status read_item(void *ctx, cv_walk_state *w, cv_object **out,
                           cv_report *report, cv_error *err)
{
    cv_object *obj = NULL;
    CV_TRY(cv_object_new(cv_opt_budget(w->options), &obj, err));
    cv_status st = read_card(ctx, obj, report, err);
    if (st == CV_OK)
        *out = obj;
    else
        cv_object_free(&obj);
    return st;
}

static cv_status walk_cards(cv_walk_state *w, cv_vcards *cards, card_ref *ref,
                            cv_slice folder, cv_error *err)
{
    for (uint64_t n = 1; cv_vcards_next(cards, &ref->card); n++) {
        char name[24];
        if (n > CV_LIMIT_VCARD_CARDS) {
            cv_report_say(w->report, CV_RULE_LIMIT, CV_S(""), CV_S(""),
                          CV_S("CV_LIMIT_VCARD_CARDS"),
                          "the rest was left out");
            break;
        }
        (void)snprintf(name, sizeof(name), "%" PRIu64, n);
        cv_item item = { .folder = folder, .name = cv_slice_cstr(name) };
        CV_TRY(cv_walk_item(w, &item, read_item, ref, err));
    }
    return CV_OK;
}

cv_status cv_walk_vcards(cv_walk_state *w, cv_slice in, cv_slice folder,
                         cv_slice name, cv_error *err)
{
    card_ref ref = { .file = in };
    cv_vcards cards;
    cv_buf path;
    CV_TRY(cv_arena_new(0, &ref.arena, err));
    cv_buf_init(&path, 0);
    if (w->depth > 1)
        folder = cv_walk_join(&path, folder, name);
    cv_status st = cv_buf_status(&path, err);
    if (st == CV_OK)
        st = cv_vcards_init(&cards, ref.arena, in, err);
    if (st == CV_OK)
        st = walk_cards(w, &cards, &ref, folder, err);
    cv_arena_free(&ref.arena);
    cv_buf_clear(&path);
    return st;
}

bool cv_vcards_are_several(cv_slice in)
{
    cv_arena *arena = NULL;
    cv_vcards cards;
    cv_slice card;
    if (cv_arena_new(0, &arena, NULL) != CV_OK)
        return false;
    bool several = cv_vcards_init(&cards, arena, in, NULL) == CV_OK &&
                   cv_vcards_next(&cards, &card) &&
                   cv_vcards_next(&cards, &card);
    cv_arena_free(&arena);
    return several;
}

static cv_status read_only_card(cv_slice in, cv_object *obj, cv_report *report,
                                cv_error *err)
{
    cv_vcards cards;
    cv_slice card, more;
    CV_TRY(cv_vcards_init(&cards, cv_object_arena(obj), in, err));
    if (!cv_vcards_next(&cards, &card))
        return cv_fail(err, CV_ERR_SYNTAX, "no vCard");
    if (cv_vcards_next(&cards, &more))
        return cv_fail(err, CV_ERR_UNSUP, "several vCards, not one message");
    return cv_vcard_read(card, NULL, obj, report, err);
}

cv_status cv_from_vcard(cv_slice in, const cv_convert_options *options,
                        cv_object **out, cv_report *report, cv_error *err)
{
    cv_object *obj = NULL;
    CV_TRY(cv_object_new(cv_opt_budget(options), &obj, err));
    cv_status st = read_only_card(in, obj, report, err);
    if (st == CV_OK)
        *out = obj;
    else
        cv_object_free(&obj);
    return st;
}

/* -- writing -- */

/* cv_vcard_options.resolve over the options (ctx). */
static bool resolve(void *ctx, cv_arena *arena, cv_slice address_type,
                    cv_slice address, cv_slice *smtp)
{
    return cv_opt_resolve(ctx, arena, address_type, address, smtp);
}

cv_status cv_to_vcard(const cv_object *obj, const cv_convert_options *options,
                      const cv_sink *out, cv_report *report, cv_error *err)
{
    cv_vcard_options vcard = { resolve, (void *)(uintptr_t)options };
    return cv_vcard_write(obj, &vcard, out, report, err);
}
