/* vcard.h - vCard text <-> contacts and distribution lists.
 *
 * Read: vCard 2.1, 3.0 and 4.0, and what products make of them. Written: 3.0,
 * which all of them read. A line that has no counterpart is kept as it came
 * in PidNameConvokeVcardLines and written again.
 * Source: RFC 6350, RFC 2426, vCard 2.1; [MS-OXVCARD]; [MS-OXOCNTC].
 */
#ifndef CV_VCARD_VCARD_H
#define CV_VCARD_VCARD_H

#include "base/buf.h"
#include "base/report.h"
#include "mapi/object.h"

/* -- reading -- */

/* The cards of a text, one after another. */
typedef struct cv_vcards {
    cv_slice text; /* borrowed */
    size_t pos;
} cv_vcards;

/* text as it came; UTF-16 is decoded into the arena. */
CV_NODISCARD cv_status cv_vcards_init(cv_vcards *cards, cv_arena *arena,
                                      cv_slice text, cv_error *err);
/* The bytes of the next card, one that is not closed included. False after
 * the last one. */
bool cv_vcards_next(cv_vcards *cards, cv_slice *card);

/* Cards by UID: for groups, whose members may be cards of the same file. */
typedef struct cv_vcard_book cv_vcard_book;
/* In the arena; up to CV_LIMIT_VCARD_CARDS cards.
 * Errors: the arena's. */
CV_NODISCARD cv_status cv_vcard_book_new(cv_arena *arena, cv_slice text,
                                         cv_vcard_book **out, cv_error *err);

/* A group: KIND or X-ADDRESSBOOKSERVER-KIND says so. */
bool cv_vcard_is_group(cv_slice card);

/* Fills an empty object with one card: IPM.Contact or IPM.DistList. book may
 * be NULL. A bad line costs itself.
 * Errors: CV_ERR_SYNTAX without one line of a card; the arena's. */
CV_NODISCARD cv_status cv_vcard_read(cv_slice card, const cv_vcard_book *book,
                                     cv_object *obj, cv_report *report,
                                     cv_error *err);

/* -- writing -- */

typedef struct cv_vcard_options {
    /* SMTP address of a person who has none of their own (EX); false when
     * unknown. May be NULL. */
    bool (*resolve)(void *ctx, cv_arena *arena, cv_slice address_type,
                    cv_slice address, cv_slice *smtp);
    void *resolve_ctx;
} cv_vcard_options;

/* The object is one that cv_vcard_write() takes. */
bool cv_vcard_has_form(const cv_object *obj);
/* One vCard 3.0. options NULL: nobody is resolved.
 * Errors: CV_ERR_UNSUP when the object is neither contact nor list; the
 * sink's; CV_ERR_NOMEM. */
CV_NODISCARD cv_status cv_vcard_write(const cv_object *obj,
                                      const cv_vcard_options *options,
                                      const cv_sink *out, cv_report *report,
                                      cv_error *err);

#endif
