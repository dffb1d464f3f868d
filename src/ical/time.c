/* time.c - calendar times as moments.
 * Source: RFC 5545 3.3.4, 3.3.5; spec times.md 2 and 6, timezone.md 10.
 */
#include "ical/ical_private.h"

static void say_bad_time(ical_zones *zones, const cv_ical_prop *prop,
                         cv_slice text)
{
    cv_report_add(zones->report,
                  CV_FINDING(.rule = CV_RULE_ICAL_TIME, .line = prop->line,
                             .property = prop->name, .found = text,
                             .done = CV_S("counts as absent")));
}

static void resolve_floating(ical_zones *zones, ical_moment *m)
{
    m->is_floating = true;
    m->zone = cv_ical_zone_of_floating(zones);
    if (m->zone)
        m->utc = cv_timezone_to_utc(&m->zone->tz, m->local);
    else if (zones->mailbox)
        m->utc = cv_timezone_to_utc(zones->mailbox, m->local);
    else
        m->utc = m->local;
}

cv_status cv_ical_moment_parse(ical_zones *zones, const cv_ical_prop *prop,
                               cv_slice text, ical_moment *out)
{
    cv_slice tzid = cv_line_param_get(prop, "TZID");
    ical_moment m = { 0 };
    cv_ical_time t;
    cv_status status = cv_ical_time_parse(cv_slice_trim(text), &t);

    if (status != CV_OK) {
        say_bad_time(zones, prop, text);
        return status;
    }
    if (cv_slice_ieq(cv_line_param_get(prop, "VALUE"), CV_S("DATE")) ||
        t.is_date) {
        t.at.hour = t.at.minute = t.at.second = 0;
        t.is_date = true;
        t.is_utc = false;
    }
    m.is_date = t.is_date;
    m.is_utc = t.is_utc;
    m.local = m.utc = cv_civil_to_ticks(&t.at);
    if (tzid.len && !t.is_utc) {
        m.zone = cv_ical_zone_of_tzid(zones, tzid, prop->line);
        if (!m.zone)
            return cv_arena_status(zones->arena);
        m.utc = cv_timezone_to_utc(&m.zone->tz, m.local);
    } else if (!t.is_utc) {
        resolve_floating(zones, &m);
    } else if (tzid.len) {
        /* TZID and Z together: the instant is clear, the zone is shown. */
        m.zone = cv_ical_zone_of_tzid(zones, tzid, prop->line);
        m.is_utc = !m.zone;
        if (m.zone)
            m.local = cv_timezone_to_local(&m.zone->tz, m.utc);
    }
    if (!cv_ticks_is_valid(m.utc)) {
        say_bad_time(zones, prop, text);
        return CV_ERR_RANGE;
    }
    *out = m;
    return CV_OK;
}

int64_t cv_ical_utc_of_text(cv_slice text)
{
    cv_ical_time t;

    if (cv_ical_time_parse(cv_slice_trim(text), &t) != CV_OK)
        return ICAL_NO_TIME;
    int64_t ticks = cv_civil_to_ticks(&t.at);
    return cv_ticks_is_valid(ticks) ? ticks : ICAL_NO_TIME;
}

int64_t cv_ical_utc_of(const cv_ical_comp *comp, const char *name,
                       cv_report *report)
{
    const cv_ical_prop *prop = cv_ical_prop_get(comp, name);

    if (!prop)
        return ICAL_NO_TIME;
    int64_t ticks = cv_ical_utc_of_text(prop->value);
    if (ticks == ICAL_NO_TIME)
        cv_report_add(report,
                      CV_FINDING(.rule = CV_RULE_ICAL_TIME, .line = prop->line,
                                 .property = prop->name, .found = prop->value,
                                 .done = CV_S("counts as absent")));
    return ticks;
}
