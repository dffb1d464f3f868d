/* zone.c - VTIMEZONE to rules, and the ladder from a TZID to a zone.
 *
 * A rule from the year 1601 costs as much as one from today: onsets are
 * computed for the years in which anything changes, never expanded.
 * Source: [MS-OXCICAL] 2.1.3.1.1.19; spec timezone.md 5.1 and 6.
 */
#include "ical/ical_private.h"

#include <stdlib.h>
#include <string.h>

#define OBSERVANCES_MAX CV_LIMIT_TZ_RULES
#define YEARS_MAX 200
#define ZONES_MAX 100 /* distinct TZIDs in one calendar */
#define FOREVER INT32_MAX

/* One STANDARD or DAYLIGHT, or one of their RDATEs. */
typedef struct observance {
    bool daylight, yearly;
    int32_t from_year, to_year; /* in which it has onsets */
    int32_t before, after;      /* minutes east of UTC */
    cv_tz_date date;            /* of the onset; year set when !yearly */
} observance;

typedef struct observances {
    cv_arena *arena;
    observance *items;
    size_t count, room; /* at most OBSERVANCES_MAX */
} observances;

/* -- reading the components -- */

static cv_tz_date date_of_civil(const cv_civil *c, bool absolute)
{
    int64_t days = cv_days_from_civil(c->year, c->month, c->day);
    unsigned last = cv_days_in_month(c->year, c->month);
    cv_tz_date d = { .month = c->month,
                     .weekday = (uint16_t)cv_weekday_of_days(days),
                     .hour = c->hour,
                     .minute = c->minute,
                     .second = c->second };
    if (absolute) {
        d.year = (uint16_t)c->year;
        d.day = c->day;
    } else {
        d.day = c->day + 7u > last ? 5 : (uint16_t)((c->day + 6u) / 7);
    }
    return d;
}

/* BYDAY=SU;BYMONTHDAY=8,9,...,14 is "the second"; a range that ends with the
 * month is "the last". */
static uint16_t nth_of_month_days(const ical_rrule *r)
{
    int low = r->by_month_day[0], high = low;
    for (size_t i = 1; i < r->by_month_day_count; i++) {
        int v = r->by_month_day[i];
        low = v < low ? v : low;
        high = v > high ? v : high;
    }
    if (low < 1 || high >= 30)
        return 5;
    return (uint16_t)((low + 6) / 7 > 4 ? 5 : (low + 6) / 7);
}

/* The yearly date of a rule; fields a rule does not give come from the first
 * onset. */
static cv_tz_date date_of_rule(const ical_rrule *r, const cv_civil *first)
{
    cv_tz_date d = date_of_civil(first, false);

    if (r->by_month_count && r->by_month[0] > 0)
        d.month = (uint16_t)r->by_month[0];
    if (r->by_day_count) {
        int nth = r->by_day[0].nth;
        d.weekday = (uint16_t)r->by_day[0].weekday;
        if (nth == 0 && r->by_set_pos_count)
            nth = r->by_set_pos[0];
        if (nth != 0)
            d.day = nth < 0 || nth > 4 ? 5 : (uint16_t)nth;
        else if (r->by_month_day_count)
            d.day = nth_of_month_days(r);
    } else if (r->by_month_day_count) {
        int day = r->by_month_day[0];
        d.year = 1; /* "this day of every year" */
        d.day = (uint16_t)(day < 1 || day > 31 ? 31 : day);
    }
    return d;
}

static void set_last_year(observance *o, const ical_rrule *r)
{
    int64_t onset;

    if (r->count)
        o->to_year = o->from_year + (int32_t)r->count - 1;
    if (!r->has_until)
        return;
    o->to_year = r->until.at.year;
    /* The rule's onset of that year may lie behind UNTIL. */
    int64_t until = cv_civil_to_ticks(&r->until.at);
    if (r->until.is_utc)
        until += o->before * ICAL_MINUTE;
    if (cv_tz_date_onset(&o->date, o->to_year, &onset) && onset > until)
        o->to_year--;
}

static bool add(observances *all, const observance *o)
{
    if (all->count >= all->room)
        return false;
    all->items[all->count++] = *o;
    return true;
}

static void add_rdates(observances *all, observance o, const cv_ical_comp *comp)
{
    o.yearly = false;
    for (size_t i = 0; i < comp->prop_count; i++) {
        cv_slice rest = comp->props[i].value;
        if (!cv_slice_eq(comp->props[i].name, CV_S("RDATE")))
            continue;
        while (rest.ptr) {
            cv_slice item = cv_slice_trim(cv_slice_cut(&rest, ','));
            cv_ical_time t;
            item = cv_slice_cut(&item, '/');
            if (cv_ical_time_parse(item, &t) != CV_OK)
                continue;
            o.from_year = o.to_year = t.at.year;
            o.date = date_of_civil(&t.at, true);
            if (!add(all, &o))
                return;
        }
    }
}

static bool offset_of(const cv_ical_comp *comp, const char *name,
                      int32_t *minutes)
{
    const cv_ical_prop *prop = cv_ical_prop_get(comp, name);
    int32_t seconds;

    if (!prop ||
        cv_ical_offset_parse(cv_slice_trim(prop->value), &seconds) != CV_OK)
        return false;
    *minutes = seconds / 60;
    return true;
}

static void read_component(observances *all, const cv_ical_comp *comp)
{
    const cv_ical_prop *start = cv_ical_prop_get(comp, "DTSTART");
    const cv_ical_prop *rule = cv_ical_prop_get(comp, "RRULE");
    cv_ical_time at = { .at = { .year = 1601, .month = 1, .day = 1 } };
    observance o = { .daylight = cv_slice_eq(comp->name, CV_S("DAYLIGHT")) };
    ical_rrule r;

    if (!offset_of(comp, "TZOFFSETTO", &o.after))
        return;
    if (!offset_of(comp, "TZOFFSETFROM", &o.before))
        o.before = o.after;
    if (start && cv_ical_time_parse(cv_slice_trim(start->value), &at) != CV_OK)
        at.at = (cv_civil){ .year = 1601, .month = 1, .day = 1 };
    o.from_year = o.to_year = at.at.year < 1601 ? 1601 : at.at.year;
    o.date = date_of_civil(&at.at, true);
    if (rule && cv_ical_rrule_parse(all->arena, rule->value, &r) == CV_OK) {
        o.yearly = true;
        o.to_year = FOREVER;
        o.date = date_of_rule(&r, &at.at);
        set_last_year(&o, &r);
    }
    (void)add(all, &o);
    add_rdates(all, o, comp);
}

static size_t count_observances(const cv_ical_comp *comp)
{
    size_t room = comp->child_count;

    for (size_t i = 0; i < comp->child_count; i++) {
        const cv_ical_comp *child = comp->children[i];
        for (size_t k = 0; k < child->prop_count; k++) {
            cv_slice v = child->props[k].value;
            if (!cv_slice_eq(child->props[k].name, CV_S("RDATE")))
                continue;
            room++;
            for (size_t at = 0; at < v.len; at++)
                room += v.ptr[at] == ',';
        }
    }
    return room < OBSERVANCES_MAX ? room : OBSERVANCES_MAX;
}

static cv_status read_components(observances *all, const cv_ical_comp *comp)
{
    all->room = count_observances(comp);
    all->items = cv_arena_array(all->arena, all->room, sizeof(*all->items));
    if (!all->items)
        return cv_arena_status(all->arena);
    for (size_t i = 0; i < comp->child_count; i++)
        read_component(all, comp->children[i]);
    return all->count ? CV_OK : CV_ERR_SYNTAX;
}

/* One STANDARD and one DAYLIGHT without rules mean every year, as [MS-OXCICAL]
 * 2.1.3.1.1.19.2.5 reads them. */
static void make_plain_pair_yearly(observances *all)
{
    if (all->count != 2 || all->items[0].daylight == all->items[1].daylight)
        return;
    if (all->items[0].yearly || all->items[1].yearly)
        return;
    for (size_t i = 0; i < 2; i++) {
        observance *o = &all->items[i];
        cv_civil c = { .year = o->date.year,
                       .month = (uint8_t)o->date.month,
                       .day = (uint8_t)o->date.day,
                       .hour = (uint8_t)o->date.hour,
                       .minute = (uint8_t)o->date.minute,
                       .second = (uint8_t)o->date.second };
        o->date = date_of_civil(&c, false);
        o->yearly = true;
        o->to_year = FOREVER;
    }
}

/* -- years to rules -- */

static int compare_years(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return x < y ? -1 : x > y;
}

/* Years from which another rule may hold, ascending, each once. */
static size_t changing_years(const observances *all, int32_t *years)
{
    size_t count = 0, kept = 0;

    for (size_t i = 0; i < all->count && count + 2 <= YEARS_MAX * 4; i++) {
        years[count++] = all->items[i].from_year;
        if (all->items[i].to_year != FOREVER)
            years[count++] = all->items[i].to_year + 1;
    }
    qsort(years, count, sizeof(*years), compare_years);
    for (size_t i = 0; i < count && kept < YEARS_MAX; i++)
        if (i == 0 || years[i] != years[kept - 1])
            years[kept++] = years[i];
    return kept;
}

typedef struct year_state {
    const observance *standard, *daylight; /* with an onset in the year */
    const observance *last;                /* latest onset in any year before */
    int32_t last_year;
} year_state;

static void note_last(year_state *s, const observance *o, int32_t year,
                      int64_t *latest)
{
    int32_t in = o->to_year < year ? o->to_year : year - 1;
    int64_t onset;

    if (in < o->from_year || (s->last && in < s->last_year) ||
        !cv_tz_date_onset(&o->date, in, &onset))
        return;
    if (!s->last || onset > *latest) {
        s->last = o;
        s->last_year = in;
        *latest = onset;
    }
}

static year_state state_of_year(const observances *all, int32_t year)
{
    year_state s = { 0 };
    int64_t latest = 0;

    for (size_t i = 0; i < all->count; i++) {
        const observance *o = &all->items[i];
        if (year < o->from_year || year > o->to_year)
            continue;
        /* Of several the one that began latest holds. */
        const observance **slot = o->daylight ? &s.daylight : &s.standard;
        if (!*slot || o->from_year >= (*slot)->from_year)
            *slot = o;
    }
    /* A year with both changes does not ask what was before. */
    for (size_t i = 0; i < all->count && !(s.standard && s.daylight); i++)
        note_last(&s, &all->items[i], year, &latest);
    return s;
}

static cv_tz_date new_year(int32_t year)
{
    cv_civil c = { .year = year, .month = 1, .day = 1 };
    return date_of_civil(&c, false);
}

static cv_tz_date as_rule_date(const observance *o)
{
    cv_tz_date d = o->date;
    if (o->yearly || d.year <= 1)
        return d;
    cv_civil c = { .year = d.year,
                   .month = (uint8_t)d.month,
                   .day = (uint8_t)d.day,
                   .hour = (uint8_t)d.hour,
                   .minute = (uint8_t)d.minute,
                   .second = (uint8_t)d.second };
    return date_of_civil(&c, false);
}

static bool rule_of_year(const observances *all, int32_t year, cv_tz_rule *rule)
{
    year_state s = state_of_year(all, year);
    const observance *one = s.standard ? s.standard : s.daylight;

    *rule = (cv_tz_rule){ .from_year = (uint16_t)year };
    if (!one) {
        if (!s.last)
            return false;
        rule->bias = -s.last->after;
        return true;
    }
    if (s.standard && s.daylight) {
        rule->bias = -s.standard->after;
        rule->daylight_bias = s.standard->after - s.daylight->after;
        rule->standard = as_rule_date(s.standard);
        rule->daylight = as_rule_date(s.daylight);
        return true;
    }
    /* A single change: the year's first part is its other half. */
    int32_t before = s.last ? s.last->after : one->before;
    rule->bias = -one->after;
    if (!s.last || before == one->after || one->yearly)
        return true;
    if (before > one->after) {
        rule->daylight_bias = one->after - before;
        rule->standard = as_rule_date(one);
        rule->daylight = new_year(year);
    } else {
        rule->bias = -before;
        rule->daylight_bias = before - one->after;
        rule->daylight = as_rule_date(one);
        rule->standard = new_year(year);
    }
    return true;
}

static bool same_date(const cv_tz_date *a, const cv_tz_date *b)
{
    return a->year == b->year && a->month == b->month &&
           a->weekday == b->weekday && a->day == b->day && a->hour == b->hour &&
           a->minute == b->minute && a->second == b->second && a->ms == b->ms;
}

static bool same_rule(const cv_tz_rule *a, const cv_tz_rule *b)
{
    return a->bias == b->bias && a->standard_bias == b->standard_bias &&
           a->daylight_bias == b->daylight_bias &&
           same_date(&a->standard, &b->standard) &&
           same_date(&a->daylight, &b->daylight);
}

cv_status cv_ical_zone_parse(cv_arena *arena, const cv_ical_comp *comp,
                             cv_timezone *out)
{
    observances all = { .arena = arena };
    int32_t years[YEARS_MAX * 4 + 2];
    cv_tz_rule rule;
    size_t count = 0;

    CV_TRY(read_components(&all, comp));
    make_plain_pair_yearly(&all);
    size_t year_count = changing_years(&all, years);
    cv_tz_rule *rules = cv_arena_array(arena, year_count, sizeof(*rules));
    if (!rules)
        return cv_arena_status(arena);
    for (size_t i = 0; i < year_count; i++) {
        if (years[i] > 9999 || !rule_of_year(&all, years[i], &rule))
            continue;
        if (count && same_rule(&rules[count - 1], &rule))
            continue;
        rules[count++] = rule;
    }
    if (count == 0)
        return CV_ERR_SYNTAX;
    rules[0].from_year = 1601;
    /* A first rule with half a year's story says less than the next one. */
    if (count > 1 && !cv_tz_rule_has_dst(&rules[0]) &&
        cv_tz_rule_has_dst(&rules[1]) && rules[1].from_year < 1900) {
        rules++;
        count--;
        rules[0].from_year = 1601;
    }
    *out = (cv_timezone){ .key_name = CV_S(""),
                          .rules = rules,
                          .rule_count = count,
                          .effective = count - 1 };
    return CV_OK;
}

cv_timezone cv_ical_zone_since(cv_arena *arena, const cv_timezone *tz,
                               int64_t year)
{
    size_t skip = (size_t)(cv_timezone_rule(tz, year) - tz->rules);
    cv_timezone out = *tz;
    cv_tz_rule *rules;

    if (skip == 0)
        return out;
    rules = cv_arena_array(arena, tz->rule_count - skip, sizeof(*rules));
    if (!rules)
        return out;
    memcpy(rules, tz->rules + skip, (tz->rule_count - skip) * sizeof(*rules));
    rules[0].from_year = 1601;
    out.rules = rules;
    out.rule_count -= skip;
    out.effective -= tz->effective < skip ? tz->effective : skip;
    return out;
}

/* -- the ladder -- */

static const cv_ical_comp *find_definition(const ical_zones *zones,
                                           cv_slice tzid)
{
    const cv_ical_comp *cal = zones->calendar;

    for (size_t i = 0; cal && i < cal->child_count; i++) {
        const cv_ical_prop *prop;
        if (!cv_slice_eq(cal->children[i]->name, CV_S("VTIMEZONE")))
            continue;
        prop = cv_ical_prop_get(cal->children[i], "TZID");
        if (prop &&
            cv_slice_ieq(cv_slice_trim(cv_line_value_text(zones->arena, prop)),
                         tzid))
            return cal->children[i];
    }
    return NULL;
}

/* Steps 2 to 7; hints of the definition last. */
static bool find_by_name(ical_zones *zones, cv_slice tzid,
                         const cv_ical_comp *def, cv_timezone *out)
{
    static const char *const hints[] = { "X-LIC-LOCATION",
                                         "X-MICROSOFT-CDO-TZID" };

    if (cv_timezone_by_name(zones->arena, tzid, out, NULL) == CV_OK)
        return true;
    for (size_t i = 0; def && i < CV_LEN(hints); i++) {
        const cv_ical_prop *prop = cv_ical_prop_get(def, hints[i]);
        cv_slice hint =
            prop ? cv_line_value_text(zones->arena, prop) : CV_S("");
        /* 2 has meant Lisbon and Sarajevo. */
        if (i == 1 && cv_slice_eq(cv_slice_trim(hint), CV_S("2")) &&
            cv_slice_ifind(tzid, CV_S("Lisbon"), 0) != CV_NPOS)
            hint = CV_S("Europe/Lisbon");
        if (hint.len &&
            cv_timezone_by_name(zones->arena, hint, out, NULL) == CV_OK)
            return true;
    }
    return false;
}

static void say_zone(ical_zones *zones, cv_slice tzid, uint32_t line,
                     const char *done)
{
    cv_report_add(zones->report,
                  CV_FINDING(.rule = CV_RULE_ICAL_ZONE, .line = line,
                             .property = CV_S("TZID"), .found = tzid,
                             .done = cv_slice_cstr(done)));
}

/* A zone the calendar defines: referenced elsewhere, or the first VTIMEZONE
 * that says something (C149, C148: it may stand there without a name). */
static bool other_zone(ical_zones *zones, cv_timezone *out)
{
    const cv_ical_comp *cal = zones->calendar;

    for (size_t i = 0; i < zones->count; i++)
        if (!zones->items[i].guessed) {
            *out = zones->items[i].tz;
            return true;
        }
    for (size_t i = 0; cal && i < cal->child_count; i++) {
        const cv_ical_comp *def = cal->children[i];
        if (!cv_slice_eq(def->name, CV_S("VTIMEZONE")))
            continue;
        const cv_ical_prop *prop = cv_ical_prop_get(def, "TZID");
        cv_slice tzid =
            prop ? cv_slice_trim(cv_line_value_text(zones->arena, prop))
                 : CV_S("");
        if (cv_ical_zone_parse(zones->arena, def, out) == CV_OK) {
            cv_timezone named;
            out->key_name =
                find_by_name(zones, tzid, def, &named) ? named.key_name : tzid;
            return true;
        }
        if (find_by_name(zones, tzid, def, out))
            return true;
    }
    return false;
}

/* The one offset of a VTIMEZONE whose components lack TZOFFSETTO (C148). */
static bool offset_of_definition(ical_zones *zones, const cv_ical_comp *def,
                                 cv_slice tzid, cv_timezone *out)
{
    int32_t minutes;

    for (size_t i = 0; def && i < def->child_count; i++) {
        cv_tz_rule *rule;
        if (!offset_of(def->children[i], "TZOFFSETFROM", &minutes) ||
            !(rule = cv_arena_alloc(zones->arena, sizeof(*rule))))
            continue;
        *rule = (cv_tz_rule){ .from_year = 1601, .bias = -minutes };
        *out =
            (cv_timezone){ .key_name = tzid, .rules = rule, .rule_count = 1 };
        return true;
    }
    return false;
}

/* Step 8: the calendar's own hints, the mailbox, UTC. */
static void guess_zone(ical_zones *zones, cv_slice tzid, uint32_t line,
                       ical_zone *out)
{
    const cv_ical_prop *wr = cv_ical_prop_get(zones->calendar, "X-WR-TIMEZONE");

    out->guessed = true;
    if (wr &&
        cv_timezone_by_name(zones->arena, cv_line_value_text(zones->arena, wr),
                            &out->tz, NULL) == CV_OK) {
        say_zone(zones, tzid, line, "X-WR-TIMEZONE is used");
        return;
    }
    if (other_zone(zones, &out->tz)) {
        say_zone(zones, tzid, line, "the calendar's other zone is used");
        return;
    }
    out->tz = zones->mailbox ? *zones->mailbox : cv_timezone_utc(zones->arena);
    say_zone(zones, tzid, line,
             zones->mailbox ? "the mailbox's zone is used" : "UTC is used");
}

/* The year the calendar speaks of: that of its first start. */
static int64_t year_of(const ical_zones *zones)
{
    const cv_ical_comp *cal = zones->calendar;
    cv_ical_time t;

    for (size_t i = 0; cal && i < cal->child_count; i++) {
        const cv_ical_prop *prop =
            cv_slice_eq(cal->children[i]->name, CV_S("VTIMEZONE"))
                ? NULL
                : cv_ical_prop_get(cal->children[i], "DTSTART");
        if (prop && cv_ical_time_parse(cv_slice_trim(prop->value), &t) == CV_OK)
            return t.at.year;
    }
    return 2026;
}

/* A name whose zone has other offsets than the VTIMEZONE is a lie. */
static bool same_offsets(const cv_timezone *a, const cv_timezone *b,
                         int64_t year)
{
    int64_t start = cv_days_from_civil(year, 1, 1) * ICAL_DAY;

    for (int half = 0; half < 24; half++) {
        int64_t at = start + (half * 15 + 8) * ICAL_DAY;
        if (cv_timezone_offset_at(a, at) != cv_timezone_offset_at(b, at))
            return false;
    }
    return true;
}

static void resolve(ical_zones *zones, cv_slice tzid, uint32_t line,
                    ical_zone *out)
{
    const cv_ical_comp *def = find_definition(zones, tzid);
    cv_timezone named;
    bool has_rules =
        def && cv_ical_zone_parse(zones->arena, def, &out->tz) == CV_OK;
    bool has_name = find_by_name(zones, tzid, def, &named);

    if (def && !has_rules)
        say_zone(zones, tzid, def->line,
                 has_name ? "VTIMEZONE has no usable rule: found by name"
                          : "VTIMEZONE has no usable rule");
    if (has_rules && has_name &&
        !same_offsets(&out->tz, &named, year_of(zones))) {
        say_zone(zones, tzid, def->line,
                 "VTIMEZONE contradicts its name: its rules count");
        has_name = false;
    }
    if (has_rules) {
        out->tz.key_name = has_name ? named.key_name : tzid;
    } else if (has_name) {
        out->tz = named;
    } else if (offset_of_definition(zones, def, tzid, &out->tz)) {
        say_zone(zones, tzid, def->line, "its TZOFFSETFROM is used");
    } else {
        guess_zone(zones, tzid, line, out);
    }
}

const ical_zone *cv_ical_zone_of_tzid(ical_zones *zones, cv_slice tzid,
                                      uint32_t line)
{
    tzid = cv_slice_trim(tzid);
    for (size_t i = 0; i < zones->count; i++)
        if (cv_slice_eq(zones->items[i].tzid, tzid))
            return &zones->items[i];
    if (!zones->items)
        zones->items =
            cv_arena_array(zones->arena, ZONES_MAX, sizeof(*zones->items));
    if (!zones->items)
        return NULL;
    if (zones->count >= ZONES_MAX)
        return &zones->items[ZONES_MAX - 1];
    ical_zone zone = { .tzid = tzid };
    resolve(zones, tzid, line, &zone);
    zones->items[zones->count] = zone;
    return &zones->items[zones->count++];
}

const ical_zone *cv_ical_zone_of_floating(ical_zones *zones)
{
    const cv_ical_prop *wr = cv_ical_prop_get(zones->calendar, "X-WR-TIMEZONE");
    const cv_ical_comp *only = NULL, *cal = zones->calendar;
    cv_timezone tz;

    if (wr &&
        cv_timezone_by_name(zones->arena, cv_line_value_text(zones->arena, wr),
                            &tz, NULL) == CV_OK)
        return cv_ical_zone_of_tzid(zones, cv_line_value_text(zones->arena, wr),
                                    wr->line);
    for (size_t i = 0; cal && i < cal->child_count; i++) {
        if (!cv_slice_eq(cal->children[i]->name, CV_S("VTIMEZONE")))
            continue;
        if (only)
            return NULL;
        only = cal->children[i];
    }
    const cv_ical_prop *tzid = cv_ical_prop_get(only, "TZID");
    return tzid ? cv_ical_zone_of_tzid(
                      zones, cv_line_value_text(zones->arena, tzid), tzid->line)
                : NULL;
}
