/* Mailbox files: the walk over their mails, one mail of them or of an .emlx. */
#include "convert/private.h"
#include "convert/walk_private.h"

#include "base/text.h"
#include "mime/emlx.h"
#include "mime/mbox.h"

#include <inttypes.h>
#include <stdio.h>

#define SHOWN_BYTES 1000 /* of what stands before the first mail */

/* [MS-OXCMSG] 2.2.1.6, [MS-OXOFLAG] 2.2.1.1, [MS-OXOMSG] 2.2.1.9 */
enum {
    MESSAGE_READ = 0x01,
    MESSAGE_UNSENT = 0x08,
    FLAG_FOLLOW_UP = 2,
    ICON_READ = 0x100,
    ICON_UNREAD = 0x101,
    ICON_REPLIED = 0x105,
    ICON_FORWARDED = 0x106,
    VERB_REPLIED = 102,
    VERB_FORWARDED = 104
};

static void set_flags(cv_bag *bag, unsigned flags)
{
    int32_t has = cv_bag_i32_or(bag, CV_PidTagMessageFlags, 0) &
                  ~(MESSAGE_READ | MESSAGE_UNSENT);
    bool seen = (flags & CV_MBOX_SEEN) != 0;
    cv_bag_set_i32(bag, CV_PidTagMessageFlags,
                   has | (seen ? MESSAGE_READ : 0) |
                       (flags & CV_MBOX_DRAFT ? MESSAGE_UNSENT : 0));
    cv_bag_set_i32(bag, CV_PidTagIconIndex,
                   flags & CV_MBOX_ANSWERED    ? ICON_REPLIED
                   : flags & CV_MBOX_FORWARDED ? ICON_FORWARDED
                   : seen                      ? ICON_READ
                                               : ICON_UNREAD);
    if (flags & (CV_MBOX_ANSWERED | CV_MBOX_FORWARDED))
        cv_bag_set_i32(bag, CV_PidTagLastVerbExecuted,
                       flags & CV_MBOX_ANSWERED ? VERB_REPLIED
                                                : VERB_FORWARDED);
    if (flags & CV_MBOX_FLAGGED)
        cv_bag_set_i32(bag, CV_PidTagFlagStatus, FLAG_FOLLOW_UP);
}

static void free_arena(void *arena)
{
    cv_arena *a = arena;
    cv_arena_free(&a);
}

/* A mail with the time its container knows it was delivered at. bytes lie in
 * `keep` (NULL: in the input), which the object takes. */
static cv_status read_mail(cv_slice bytes, int64_t delivered,
                           const cv_convert_options *options, cv_arena *keep,
                           cv_object **out, cv_report *report, cv_error *err)
{
    cv_convert_options own = *options;
    own.fallback_received_ticks = delivered;
    cv_status st = cv_from_mime(bytes, &own, out, report, err);
    if (st != CV_OK)
        cv_arena_free(&keep);
    else if (keep)
        st = cv_arena_on_clear(cv_object_arena(*out), free_arena, keep);
    if (st != CV_OK && *out)
        cv_object_free(out);
    return st;
}

/* -- mails of a mailbox -- */

static cv_status read_boxed(const cv_mbox_mail *mail,
                            const cv_convert_options *options, cv_object **out,
                            cv_report *report, cv_error *err)
{
    cv_arena *arena = NULL;
    CV_TRY(cv_arena_new(mail->bytes.len + 4096, &arena, err));
    cv_slice bytes = cv_mbox_unquote(arena, mail);
    if (!bytes.ptr && mail->bytes.len) {
        cv_status st = cv_arena_fail(arena, err);
        cv_arena_free(&arena);
        return st;
    }
    if (bytes.ptr == mail->bytes.ptr)
        cv_arena_free(&arena); /* nothing was quoted */
    CV_TRY(read_mail(bytes, mail->date, options, arena, out, report, err));
    if (mail->has_flags)
        set_flags(cv_object_props(*out), mail->flags);
    return CV_OK;
}

/* cv_item_read_fn */
static cv_status read_item(void *ctx, cv_walk_state *w, cv_object **out,
                           cv_report *report, cv_error *err)
{
    return read_boxed(ctx, w->options, out, report, err);
}

/* What is too long for a finding to hold whole becomes a message. */
static bool is_worth_a_mail(const cv_mbox *box)
{
    return box->garbage > SHOWN_BYTES;
}

static void tell_garbage(cv_report *report, const cv_mbox *box)
{
    cv_slice text = cv_slice_sub(box->in, 0, box->garbage);
    if (box->garbage && !is_worth_a_mail(box))
        cv_report_add(report,
                      CV_FINDING(.rule = CV_RULE_MBOX_GARBAGE, .offset = 0,
                                 .found = cv_utf8_clip(text, SHOWN_BYTES),
                                 .done = CV_S("left out")));
}

/* cv_item_read_fn: bytes before the first mail. */
static cv_status read_garbage(void *ctx, cv_walk_state *w, cv_object **out,
                              cv_report *report, cv_error *err)
{
    const cv_mbox *box = ctx;
    return cv_from_mime(cv_slice_sub(box->in, 0, box->garbage), w->options, out,
                        report, err);
}

static cv_status walk_mails(cv_walk_state *w, cv_mbox *box, cv_slice folder,
                            cv_error *err)
{
    cv_mbox_mail mail;
    uint64_t number = 0, deleted = 0;
    if (is_worth_a_mail(box)) {
        cv_item item = { .folder = folder, .name = CV_S("0") };
        CV_TRY(cv_walk_item(w, &item, read_garbage, box, err));
    }
    while (cv_mbox_next(box, &mail)) {
        char name[24];
        (void)snprintf(name, sizeof(name), "%" PRIu64, ++number);
        cv_item item = { .folder = folder,
                         .name = cv_slice_cstr(name),
                         .recovered = (mail.flags & CV_MBOX_DELETED) != 0 };
        if (item.recovered && !w->walker->recover)
            deleted++;
        else
            CV_TRY(cv_walk_item(w, &item, read_item, &mail, err));
    }
    if (deleted)
        cv_report_say(w->report, CV_RULE_MBOX_DELETED, CV_S(""), CV_S(""),
                      CV_S(""), "%" PRIu64 " mails", deleted);
    return CV_OK;
}

cv_status cv_walk_mbox(cv_walk_state *w, cv_slice in, cv_slice folder,
                       cv_slice name, cv_error *err)
{
    cv_mbox box;
    cv_buf path;
    cv_mbox_init(&box, in);
    tell_garbage(w->report, &box);
    cv_buf_init(&path, 0);
    if (w->depth > 1)
        folder = cv_walk_join(&path, folder, name);
    cv_status st = cv_buf_status(&path, err);
    if (st == CV_OK)
        st = walk_mails(w, &box, folder, err);
    cv_buf_clear(&path);
    return st;
}

cv_status cv_from_mbox(cv_slice in, const cv_convert_options *options,
                       cv_object **out, cv_report *report, cv_error *err)
{
    cv_mbox box;
    cv_mbox_mail mail;
    cv_mbox_init(&box, in);
    if (is_worth_a_mail(&box) || !cv_mbox_next(&box, &mail))
        return cv_from_mime(in, options, out, report, err);
    if (box.pos < in.len)
        return cv_fail(err, CV_ERR_UNSUP,
                       "a mailbox of several mails, not one message");
    tell_garbage(report, &box);
    return read_boxed(&mail, options, out, report, err);
}

/* -- Apple Mail -- */

static unsigned flags_of_emlx(uint32_t flags)
{
    static const struct {
        uint32_t bit;
        unsigned flag;
    } bits[] = { { CV_EMLX_READ, CV_MBOX_SEEN },
                 { CV_EMLX_ANSWERED, CV_MBOX_ANSWERED },
                 { CV_EMLX_FLAGGED, CV_MBOX_FLAGGED },
                 { CV_EMLX_DRAFT, CV_MBOX_DRAFT },
                 { CV_EMLX_FORWARDED, CV_MBOX_FORWARDED } };
    unsigned all = 0;
    for (size_t i = 0; i < CV_LEN(bits); i++)
        if (flags & bits[i].bit)
            all |= bits[i].flag;
    return all;
}

cv_status cv_from_emlx(cv_slice in, cv_slice file_name,
                       const cv_convert_options *options, cv_object **out,
                       cv_report *report, cv_error *err)
{
    cv_emlx file;
    cv_emlx_read(in, &file);
    if (!file.length_fits)
        cv_report_say(report, CV_RULE_EMLX_LENGTH, CV_S(""), CV_S(""), CV_S(""),
                      "the mail ends where the property list begins");
    if (cv_slice_iends(file_name, CV_S(".partial.emlx")))
        cv_report_say(report, CV_RULE_ATTACHMENT_DATA, CV_S(""), CV_S(""),
                      file_name, "its attachments lie in files beside it");
    CV_TRY(
        read_mail(file.mail, file.received, options, NULL, out, report, err));
    if (file.has_flags)
        set_flags(cv_object_props(*out), flags_of_emlx(file.flags));
    return CV_OK;
}
