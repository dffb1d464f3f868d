/* times.c - start, end, all-day and the zones of an event, read.
 * Source: [MS-OXCICAL] 2.1.3.1.1.20.8, .10, .12, .28; spec timezone.md 1, 10.
 */
#include "ical/ical_private.h"

#define QUARTER (15 * ICAL_MINUTE)

static bool is_midnight(int64_t ticks)
{
    return (ticks % ICAL_DAY + ICAL_DAY) % ICAL_DAY == 0;
}

/* Nearest midnight; noon goes to the next day. */
static int64_t round_to_day(int64_t ticks)
{
    int64_t shifted = ticks + ICAL_DAY / 2;
    return shifted - (shifted % ICAL_DAY + ICAL_DAY) % ICAL_DAY;
}

static bool read_moment(ical_import *in, const cv_ical_comp *event,
                        const char *name, ical_moment *out)
{
    const cv_ical_prop *prop = cv_ical_prop_get(event, name);
    return prop &&
           cv_ical_moment_parse(&in->zones, prop, prop->value, out) == CV_OK;
}

static int64_t shift_local(const ical_import *in, const ical_moment *m,
                           int64_t local)
{
    if (m->zone)
        return cv_timezone_to_utc(&m->zone->tz, local);
    if (m->is_floating && in->zones.mailbox)
        return cv_timezone_to_utc(in->zones.mailbox, local);
    return local;
}

/* The end a length behind the start: whole days on the wall clock, the rest
 * in real time (RFC 5545 3.3.6). */
static void end_after(ical_import *in, int64_t seconds)
{
    int64_t days = seconds / 86400, rest = seconds % 86400;
    ical_moment *e = &in->end;

    *e = in->start;
    e->local += days * ICAL_DAY;
    e->utc = shift_local(in, e, e->local) + rest * CV_TICKS_PER_SEC;
    e->local += rest * CV_TICKS_PER_SEC;
}

bool cv_ical_duration_mend(cv_arena *arena, cv_slice text, int64_t *seconds)
{
    bool negative = text.len && text.ptr[0] == '-';
    cv_slice rest = cv_slice_sub(text, negative, CV_NPOS);
    static const struct {
        const char *before, *behind;
    } forms[] = { { "P", "" }, { "PT", "" }, { "P", "M" } };

    if (rest.len && (rest.ptr[0] | 0x20) == 'p')
        rest = cv_slice_sub(rest, 1, CV_NPOS);
    if (rest.len == 0)
        return false;
    for (size_t i = 0; i < CV_LEN(forms); i++) {
        cv_slice whole =
            cv_arena_printf(arena, "%s%s%.*s%s", negative ? "-" : "",
                            forms[i].before, CV_FMT(rest), forms[i].behind);
        if (cv_ical_duration_parse(whole, seconds) == CV_OK)
            return true;
    }
    return false;
}

static bool duration_of(ical_import *in, const cv_ical_comp *event,
                        int64_t *seconds)
{
    const cv_ical_prop *prop = cv_ical_prop_get(event, "DURATION");

    if (!prop)
        return false;
    cv_slice text = cv_slice_trim(prop->value);
    bool is_good = cv_ical_duration_parse(text, seconds) == CV_OK;
    if (!is_good && cv_ical_duration_mend(in->arena, text, seconds)) {
        cv_ical_say(in, CV_RULE_ICAL_END, prop, "DURATION", "was mended");
        is_good = true;
    }
    if (!is_good || *seconds < 0 || *seconds > INT64_C(86400) * 366 * 100) {
        cv_ical_say(in, CV_RULE_ICAL_END, prop, "DURATION", "counts as absent");
        return false;
    }
    return true;
}

/* An end without a zone is in the start's (C143). */
static void share_zone(ical_import *in)
{
    ical_moment *e = &in->end;

    if (!e->is_floating || in->start.is_floating)
        return;
    e->is_floating = false;
    e->is_utc = in->start.is_utc;
    e->zone = in->start.zone;
    e->utc = shift_local(in, e, e->local);
}

static void read_end(ical_import *in, const cv_ical_comp *event)
{
    const cv_ical_prop *prop = cv_ical_prop_get(event, "DTEND");
    int64_t seconds = 0;

    if (prop && read_moment(in, event, "DTEND", &in->end)) {
        share_zone(in);
        if (in->end.is_date == in->start.is_date)
            return;
        cv_ical_say(in, CV_RULE_ICAL_END, prop, "DTEND",
                    "read in the form DTSTART has");
        if (in->start.is_date) {
            in->end.local = round_to_day(in->end.local);
            in->end.utc = shift_local(in, &in->start, in->end.local);
        }
        in->end.is_date = in->start.is_date;
        return;
    }
    if (!duration_of(in, event, &seconds) && in->start.is_date)
        seconds = 86400;
    end_after(in, seconds);
}

static void mend_end(ical_import *in, const cv_ical_comp *event)
{
    const cv_ical_prop *prop = cv_ical_prop_get(event, "DTEND");

    if (in->end.utc > in->start.utc ||
        (in->end.utc == in->start.utc && !in->start.is_date))
        return;
    /* The common slip of all-day events: both dates the same. */
    cv_ical_say(in, CV_RULE_ICAL_END, prop, "DTEND",
                in->start.is_date ? "the day after the start"
                                  : "the same as the start");
    end_after(in, in->start.is_date ? 86400 : 0);
}

/* -- all-day -- */

static bool flag_is_set(const cv_ical_comp *event, const char *name)
{
    bool on = false;
    return cv_ical_prop_bool(cv_ical_prop_get(event, name), &on) && on;
}

/* The whole quarter hour east of UTC in which both instants are midnights,
 * the smallest one; 0 when there is none. */
static int64_t midnight_offset(int64_t start, int64_t end)
{
    for (int64_t step = 0; step <= 56; step++)
        for (int64_t sign = 1; sign >= -1; sign -= 2) {
            int64_t offset = sign * step * QUARTER;
            if (offset >= -48 * QUARTER && is_midnight(start + offset) &&
                is_midnight(end + offset))
                return offset;
        }
    return 0;
}

/* UTC instants of local midnights, as CDO wrote them. */
static void localize_utc(ical_import *in)
{
    const cv_timezone *mailbox = in->zones.mailbox;
    int64_t offset;

    if (mailbox && is_midnight(cv_timezone_to_local(mailbox, in->start.utc)) &&
        is_midnight(cv_timezone_to_local(mailbox, in->end.utc))) {
        in->start.local = cv_timezone_to_local(mailbox, in->start.utc);
        in->end.local = cv_timezone_to_local(mailbox, in->end.utc);
        return;
    }
    offset = midnight_offset(in->start.utc, in->end.utc);
    in->start.local = in->start.utc + offset;
    in->end.local = in->end.utc + offset;
}

static void round_all_day(ical_import *in)
{
    ical_moment *s = &in->start, *e = &in->end;

    if (s->is_utc)
        localize_utc(in);
    if (!is_midnight(s->local) || !is_midnight(e->local)) {
        cv_ical_say(in, CV_RULE_ICAL_TIME, NULL, "DTSTART",
                    "an all-day event was rounded to midnights");
        s->local = round_to_day(s->local);
        e->local = round_to_day(e->local);
        s->utc = s->is_utc ? s->local : shift_local(in, s, s->local);
        e->utc = e->is_utc ? e->local : shift_local(in, e, e->local);
    }
    if (e->local <= s->local)
        end_after(in, 86400);
}

static void decide_all_day(ical_import *in, const cv_ical_comp *event)
{
    bool midnights = in->start.is_floating && in->end.is_floating &&
                     is_midnight(in->start.local) &&
                     is_midnight(in->end.local) &&
                     in->end.local > in->start.local;

    in->all_day = in->start.is_date || midnights ||
                  flag_is_set(event, "X-MICROSOFT-CDO-ALLDAYEVENT") ||
                  flag_is_set(event, "X-MICROSOFT-MSNCALENDAR-ALLDAYEVENT");
    if (in->all_day)
        round_all_day(in);
}

/* -- storing -- */

static void set_span(ical_import *in, cv_tag start, cv_tag end, cv_tag minutes,
                     int64_t from, int64_t to)
{
    (void)cv_bag_set_ticks(in->bag, start, from);
    (void)cv_bag_set_ticks(in->bag, end, to);
    if (minutes)
        (void)cv_bag_set_i32(in->bag, minutes,
                             (int32_t)((to - from) / ICAL_MINUTE));
}

void cv_ical_set_times(ical_import *in, int64_t from, int64_t to)
{
    set_span(in, CV_PidLidAppointmentStartWhole, CV_PidLidAppointmentEndWhole,
             CV_PidLidAppointmentDuration, from, to);
    set_span(in, CV_PidLidCommonStart, CV_PidLidCommonEnd, 0, from, to);
    set_span(in, CV_PidTagStartDate, CV_PidTagEndDate, 0, from, to);
    set_span(in, CV_PidLidClipStart, CV_PidLidClipEnd, 0, from, to);
    (void)cv_bag_set_bool(in->bag, CV_PidLidAppointmentSubType, in->all_day);
}

static void set_zone_blob(ical_import *in, cv_tag tag, const ical_moment *m)
{
    const cv_timezone *tz = m->zone ? &m->zone->tz : NULL;
    cv_buf buf;

    if (!tz && m->is_floating)
        tz = in->zones.mailbox;
    if (!tz)
        return;
    cv_timezone since = cv_ical_zone_since(
        in->arena, tz, cv_civil_of_ticks(in->start.local).year - 1);
    cv_buf_init(&buf, 0);
    cv_tzdef_put(&buf, &since, 2);
    (void)cv_bag_set_binary(in->bag, tag, cv_buf_slice(&buf));
    cv_buf_clear(&buf);
}

/* COUNTER: DTSTART and DTEND are the proposal. */
static void set_proposal(ical_import *in, const cv_ical_comp *event)
{
    ical_moment start, end;
    bool has_start = read_moment(in, event, "X-MS-OLK-ORIGINALSTART", &start);
    bool has_end = read_moment(in, event, "X-MS-OLK-ORIGINALEND", &end);

    set_span(in, CV_PidLidAppointmentProposedStartWhole,
             CV_PidLidAppointmentProposedEndWhole,
             CV_PidLidAppointmentProposedDuration, in->start.utc, in->end.utc);
    if (has_start && has_end && end.utc >= start.utc)
        cv_ical_set_times(in, start.utc, end.utc);
}

cv_status cv_ical_import_times(ical_import *in, const cv_ical_comp *event)
{
    if (!read_moment(in, event, "DTSTART", &in->start))
        return CV_ERR_NOTFOUND;
    read_end(in, event);
    mend_end(in, event);
    decide_all_day(in, event);
    if (in->end.utc < in->start.utc)
        in->end.utc = in->start.utc;
    cv_ical_set_times(in, in->start.utc, in->end.utc);
    set_zone_blob(in, CV_PidLidAppointmentTimeZoneDefinitionStartDisplay,
                  &in->start);
    /* An end in UTC is shown where the start is. */
    set_zone_blob(in, CV_PidLidAppointmentTimeZoneDefinitionEndDisplay,
                  in->end.zone || in->end.is_floating ? &in->end : &in->start);
    if (in->method == ICAL_COUNTER)
        set_proposal(in, event);
    return CV_OK;
}
