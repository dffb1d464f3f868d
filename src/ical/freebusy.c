/* freebusy.c - VFREEBUSY: whose hours are taken, read and written.
 * Source: RFC 5545 3.6.4, 3.8.2.6; RFC 5546 3.3; spec ical-mapping.md 12.
 */
#include "ical/ical_private.h"

#include <stdlib.h>

static int type_of(cv_slice word)
{
    static const struct {
        const char *word;
        int type;
    } rows[] = { { "FREE", CV_BUSY_FREE },
                 { "BUSY", CV_BUSY_BUSY },
                 { "BUSY-TENTATIVE", CV_BUSY_TENTATIVE },
                 { "BUSY-UNAVAILABLE", CV_BUSY_OOF } };
    for (size_t i = 0; i < CV_LEN(rows); i++)
        if (cv_slice_ieq(word, cv_slice_cstr(rows[i].word)))
            return rows[i].type;
    return CV_BUSY_BUSY; /* RFC 5545 3.2.9: unknown is BUSY */
}

/* "start/end" or "start/duration". */
static bool read_period(cv_slice text, cv_ical_busy *out)
{
    cv_slice start = cv_slice_cut(&text, '/');
    int64_t seconds;

    out->start = cv_ical_utc_of_text(cv_slice_trim(start));
    if (out->start == ICAL_NO_TIME || !text.ptr)
        return false;
    out->end = cv_ical_utc_of_text(cv_slice_trim(text));
    if (out->end == ICAL_NO_TIME &&
        cv_ical_duration_parse(cv_slice_trim(text), &seconds) == CV_OK &&
        seconds > 0 && seconds < INT64_C(86400) * 36600)
        out->end = out->start + seconds * CV_TICKS_PER_SEC;
    return out->end != ICAL_NO_TIME && out->end > out->start;
}

size_t cv_ical_freebusy_read(const cv_ical_comp *comp, cv_ical_busy *out,
                             size_t max, cv_report *report)
{
    size_t count = 0;

    for (size_t i = 0; i < comp->prop_count; i++) {
        const cv_ical_prop *prop = &comp->props[i];
        cv_slice rest = prop->value;
        if (!cv_slice_eq(prop->name, CV_S("FREEBUSY")))
            continue;
        while (rest.ptr && count < max) {
            cv_slice item = cv_slice_trim(cv_slice_cut(&rest, ','));
            if (item.len == 0)
                continue;
            if (read_period(item, &out[count]))
                out[count++].type = type_of(cv_line_param_get(prop, "FBTYPE"));
            else
                cv_report_add(report,
                              CV_FINDING(.rule = CV_RULE_ICAL_TIME,
                                         .line = prop->line,
                                         .property = CV_S("FREEBUSY"),
                                         .found = cv_slice_sub(item, 0, 120),
                                         .done = CV_S("counts as absent")));
        }
    }
    return count;
}

static void put_address(cv_line_writer *w, const char *name, cv_slice address)
{
    if (address.len == 0)
        return;
    cv_line_begin(w, name);
    cv_line_raw(w, CV_S(":mailto:"));
    cv_line_raw(w, address);
    cv_line_end(w);
}

static void put_period(cv_line_writer *w, const cv_ical_busy *p)
{
    static const char *const words[] = { "FREE", "BUSY-TENTATIVE", "BUSY",
                                         "BUSY-UNAVAILABLE" };

    cv_line_begin(w, "FREEBUSY");
    cv_line_param(w, "FBTYPE",
                  cv_slice_cstr(words[p->type >= 0 && p->type < 4    ? p->type
                                      : p->type == CV_BUSY_ELSEWHERE ? 0
                                                                     : 2]));
    cv_line_colon(w);
    cv_ical_time_put(&w->line, p->start, false);
    cv_line_raw(w, CV_S("Z/"));
    cv_ical_time_put(&w->line, p->end, false);
    cv_line_raw(w, CV_S("Z"));
    cv_line_end(w);
}

cv_status cv_ical_freebusy_write(const cv_ical_freebusy *fb, cv_buf *out,
                                 cv_error *err)
{
    cv_line_writer w;

    if (!cv_ticks_is_valid(fb->start) || !cv_ticks_is_valid(fb->end) ||
        fb->end <= fb->start)
        return cv_fail(err, CV_ERR_RANGE, "free/busy of no time");
    cv_line_writer_init(&w, out);
    cv_line_put_literal(&w, "BEGIN:VCALENDAR");
    if (fb->method)
        cv_line_put_word(&w, "METHOD", fb->method);
    cv_line_put_literal(&w, "PRODID:-//Convoke//Convoke 0.1//EN");
    cv_line_put_literal(&w, "VERSION:2.0");
    cv_line_put_literal(&w, "BEGIN:VFREEBUSY");
    cv_line_put_text(&w, "UID", fb->uid);
    cv_line_put_utc(&w, "DTSTAMP", fb->stamp);
    put_address(&w, "ORGANIZER", fb->organizer);
    put_address(&w, "ATTENDEE", fb->attendee);
    cv_line_put_utc(&w, "DTSTART", fb->start);
    cv_line_put_utc(&w, "DTEND", fb->end);
    for (size_t i = 0; i < fb->count; i++)
        if (fb->periods[i].end > fb->periods[i].start &&
            cv_ticks_is_valid(fb->periods[i].start) &&
            cv_ticks_is_valid(fb->periods[i].end))
            put_period(&w, &fb->periods[i]);
    cv_line_put_literal(&w, "END:VFREEBUSY");
    cv_line_put_literal(&w, "END:VCALENDAR");
    cv_status status = cv_buf_status(&w.line, err);
    cv_line_writer_clear(&w);
    return status == CV_OK ? cv_buf_status(out, err) : status;
}
