/* calendar_text.c - what people read of a calendar that is no meeting message:
 * the body of the mail that carries it. Source: spec ical-mapping.md 1.
 */
#include "convert/from_mime.h"

#include "base/datetime.h"
#include "base/text.h"
#include "ical/ical.h"

#define ENTRIES_MAX 200
#define TEXT_BYTES_MAX 2000 /* of one value */

/* The hours that are taken, for people. */
static void list_busy(cv_buf *buf, const cv_ical_comp *c)
{
    static const char *const words[] = { "free", "tentative", "busy", "away",
                                         "elsewhere" };
    cv_ical_busy busy[200];
    size_t count = cv_ical_freebusy_read(c, busy, CV_LEN(busy), NULL);
    for (size_t i = 0; i < count; i++) {
        cv_buf_put_str(buf, "    ");
        cv_iso_put(buf, busy[i].start, true);
        cv_buf_put_str(buf, " - ");
        cv_iso_put(buf, busy[i].end, true);
        cv_buf_printf(buf, "  %s\r\n", words[busy[i].type]);
    }
}

static void put_value(cv_buf *buf, const char *label, const cv_ical_comp *c,
                      const char *name, cv_arena *arena)
{
    const cv_ical_prop *p = cv_ical_prop_get(c, name);
    if (!p || p->value.len == 0)
        return;
    cv_buf_put_str(buf, label);
    cv_buf_put_slice(
        buf, cv_utf8_clip(cv_line_unescape(arena, p->value), TEXT_BYTES_MAX));
    cv_buf_put_str(buf, "\r\n");
}

/* METHODs that have no class of their own: what the sender wants. */
static const struct request {
    const char *method, *from, *words;
} requests[] = {
    { "REFRESH", "ATTENDEE", "asks for the latest version of this meeting." },
    { "DECLINECOUNTER", "ORGANIZER",
      "declines the proposed change of this meeting." },
};

static const struct request *find_request(const cv_ical_item *item)
{
    const cv_ical_prop *p = cv_ical_prop_get(item->calendar, "METHOD");
    for (size_t i = 0; p && i < CV_LEN(requests); i++)
        if (cv_slice_ieq(cv_slice_trim(p->value),
                         cv_slice_cstr(requests[i].method)))
            return &requests[i];
    return NULL;
}

static const cv_ical_comp *event_of(const cv_ical_item *item)
{
    return item->master            ? item->master
           : item->exception_count ? item->exceptions[0]
                                   : NULL;
}

static void put_request(cv_buf *buf, const struct request *r,
                        const cv_ical_comp *c, cv_arena *arena)
{
    const cv_ical_prop *who = cv_ical_prop_get(c, r->from);
    cv_slice name = cv_line_param_get(who, "CN");

    if (name.len == 0 && who)
        name = cv_slice_sub(
            who->value, cv_slice_istarts(who->value, CV_S("mailto:")) ? 7 : 0,
            who->value.len);
    cv_buf_put_slice(buf, cv_utf8_clip(name.len ? name : CV_S("The sender"),
                                       TEXT_BYTES_MAX));
    cv_buf_printf(buf, " %s\r\n\r\n", r->words);
    put_value(buf, "Meeting: ", c, "SUMMARY", arena);
    put_value(buf, "Start: ", c, "DTSTART", arena);
    put_value(buf, "Instance: ", c, "RECURRENCE-ID", arena);
    put_value(buf, "Id: ", c, "UID", arena);
    put_value(buf, "Comment: ", c, "COMMENT", arena);
}

static void put_entry(cv_buf *buf, const cv_ical_comp *c, cv_arena *arena)
{
    const cv_ical_prop *p = c ? cv_ical_prop_get(c, "DTSTART") : NULL;
    if (p)
        cv_buf_put_slice(buf, cv_utf8_clip(p->value, 40));
    cv_buf_put_str(buf, "  ");
    p = c ? cv_ical_prop_get(c, "SUMMARY") : NULL;
    if (p)
        cv_buf_put_slice(buf,
                         cv_utf8_clip(cv_line_unescape(arena, p->value), 200));
    cv_buf_put_str(buf, "\r\n");
    if (c && cv_slice_eq(c->name, CV_S("VFREEBUSY")))
        list_busy(buf, c);
}

cv_slice cv_calendar_as_text(cv_arena *arena, const cv_ical_item *items,
                             size_t count)
{
    const struct request *r = count ? find_request(&items[0]) : NULL;
    cv_buf buf;

    cv_buf_init(&buf, 0);
    if (r && event_of(&items[0])) {
        put_request(&buf, r, event_of(&items[0]), arena);
    } else {
        cv_buf_printf(&buf, "%zu calendar entries\r\n\r\n", count);
        for (size_t i = 0; i < count && i < ENTRIES_MAX; i++)
            put_entry(&buf, event_of(&items[i]), arena);
    }
    cv_slice text = cv_buf_dup(&buf, arena);
    cv_buf_clear(&buf);
    return text;
}

cv_status cv_calendar_body(cv_from *c, const cv_parts *parts)
{
    cv_ical_comp *root = NULL;
    cv_ical_item *items = NULL;
    size_t count = 0;
    cv_slice text = CV_S(""), old;

    if ((cv_bag_string(c->props, CV_PidTagBody, &old) &&
         cv_slice_trim(old).len) ||
        cv_bag_has(c->props, CV_PidTagHtml))
        return CV_OK;
    CV_TRY(cv_mime_part_text(parts->calendar, c->arena, &text, NULL, NULL,
                             c->err));
    cv_status st = cv_ical_parse(c->arena, text, &root, NULL, c->err);
    if (st == CV_OK)
        st = cv_ical_items(c->arena, root, &items, &count, NULL, c->err);
    if (st == CV_ERR_SYNTAX || (st == CV_OK && count == 0))
        return CV_OK;
    CV_TRY(st);
    return cv_bag_set_string(c->props, CV_PidTagBody,
                             cv_calendar_as_text(c->arena, items, count));
}
