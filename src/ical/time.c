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

/* A start that floats is a risk worth a line (C152, C147); dates are meant to
 * float, and the other times follow the start. */
static void say_floating(ical_zones *zones, const cv_ical_prop *prop,
                         const ical_moment *m)
{
    if (m->is_date || !cv_slice_eq(prop->name, CV_S("DTSTART")))
        return;
    cv_report_add(
        zones->report,
        CV_FINDING(.rule = CV_RULE_ICAL_ZONE, .line = prop->line,
                   .property = prop->name, .found = prop->value,
                   .done = m->zone ? CV_S("no zone: the calendar's is used")
                           : zones->mailbox
                               ? CV_S("no zone: the mailbox's is used")
                               : CV_S("no zone: UTC is used")));
}

static void resolve_floating(ical_zones *zones, const cv_ical_prop *prop,
                             ical_moment *m)
{
    m->is_floating = true;
    m->zone = cv_ical_zone_of_floating(zones);
    say_floating(zones, prop, m);
    if (m->zone)
        m->utc = cv_timezone_to_utc(&m->zone->tz, m->local);
    else if (zones->mailbox)
        m->utc = cv_timezone_to_utc(zones->mailbox, m->local);
    else
        m->utc = m->local;
}

/* An empty or unknown VALUE: the look of the value decides (C053). */
static void say_odd_value(ical_zones *zones, const cv_ical_prop *prop)
{
    static const char *const known[] = { "DATE", "DATE-TIME", "PERIOD" };

    for (size_t i = 0; i < prop->param_count; i++) {
        const cv_content_param *param = &prop->params[i];
        bool odd = cv_slice_ieq(param->name, CV_S("VALUE"));
        for (size_t k = 0; k < CV_LEN(known); k++)
            odd = odd && !cv_slice_ieq(param->value, cv_slice_cstr(known[k]));
        if (odd)
            cv_report_add(
                zones->report,
                CV_FINDING(.rule = CV_RULE_ICAL_SYNTAX, .line = prop->line,
                           .property = CV_S("VALUE"), .found = param->value,
                           .done = CV_S("typed by the look of the value")));
    }
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
    say_odd_value(zones, prop);
    m.is_date = t.is_date;
    m.is_utc = t.is_utc;
    m.local = m.utc = cv_civil_to_ticks(&t.at);
    if (tzid.len && !t.is_utc) {
        m.zone = cv_ical_zone_of_tzid(zones, tzid, prop->line);
        if (!m.zone)
            return cv_arena_status(zones->arena);
        m.utc = cv_timezone_to_utc(&m.zone->tz, m.local);
    } else if (!t.is_utc) {
        resolve_floating(zones, prop, &m);
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
