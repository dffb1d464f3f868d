/* instances.c - all moments of an event, whatever lines they come from.
 * Source: RFC 5545 3.8.5; spec recurrence.md 7 and 8.
 */
#include "ical/ical_private.h"

#include <stdlib.h>
#include <string.h>

#define MOST CV_LIMIT_RRULE_INSTANCES

typedef struct moments {
    ical_import *in;
    const cv_ical_comp *event;
    const cv_timezone *zone;
    int64_t *at; /* room for MOST */
    size_t count;
    int64_t *scratch; /* room for MOST */
    int64_t horizon;  /* what lies behind it is not known */
    bool cut;
} moments;

int64_t cv_ical_series_local(const cv_timezone *zone, const ical_moment *m)
{
    if (m->is_date || m->is_floating)
        return m->local;
    return cv_timezone_to_local(zone, m->utc);
}

/* An instant that is no midnight in the zone is one somewhere else: what is
 * noon in UTC or later is east of it, the next day (C154). */
int64_t cv_ical_day_of(const cv_timezone *zone, const ical_moment *m)
{
    int64_t local = cv_ical_series_local(zone, m);
    int64_t rest = (local % ICAL_DAY + ICAL_DAY) % ICAL_DAY;

    if (m->zone && m->local % ICAL_DAY == 0)
        return m->local; /* midnight in the zone that it names */
    if (rest == 0 || m->is_date || m->is_floating || m->zone)
        return local - rest;
    local = m->utc + ICAL_DAY / 2;
    return local - (local % ICAL_DAY + ICAL_DAY) % ICAL_DAY;
}

int64_t cv_ical_rule_until(const ical_import *in, const cv_timezone *zone,
                           const ical_rrule *rule)
{
    if (!rule->has_until)
        return ICAL_NO_TIME;
    int64_t ticks = cv_civil_to_ticks(&rule->until.at);
    if (rule->until.is_date)
        return ticks + ICAL_DAY - 1; /* that day, too */
    if (rule->until.is_utc && !in->all_day)
        return cv_timezone_to_local(zone, ticks);
    return ticks;
}

void cv_ical_spend_steps(const cv_ical_item *item, size_t steps)
{
    *item->rule_steps -= steps < *item->rule_steps ? steps : *item->rule_steps;
}

static void add(moments *m, int64_t at)
{
    if (m->count < MOST)
        m->at[m->count++] = at;
    else
        m->cut = true;
}

static bool read_rule(moments *m, const cv_ical_prop *prop, ical_rrule *rule)
{
    if (cv_ical_rrule_parse(m->in->arena, prop->value, rule) != CV_OK ||
        rule->other_scale)
        return false;
    if (rule->until_is_bad && (!rule->count || rule->count > ENDLESS_INSTANCES))
        rule->count = ENDLESS_INSTANCES;
    return true;
}

static void add_rule(moments *m, const cv_ical_prop *prop)
{
    ical_rrule rule;
    bool complete;

    if (!read_rule(m, prop, &rule))
        return;
    int64_t until = cv_ical_rule_until(m->in, m->zone, &rule);
    bool endless = !rule.count && until == ICAL_NO_TIME;
    size_t count = cv_ical_rrule_expand(
        m->in->arena, &rule, m->in->start.local, until, m->scratch,
        endless ? ENDLESS_INSTANCES : MOST, m->in->item->rule_steps, &complete);
    if ((endless || !complete) && count && m->scratch[count - 1] < m->horizon)
        m->horizon = m->scratch[count - 1];
    for (size_t i = 0; i < count; i++)
        if (m->scratch[i] != m->in->start.local) /* it is there already */
            add(m, m->scratch[i]);
}

/* Each value of each line of a name. */
static void each_date(moments *m, const char *name,
                      void (*take)(moments *, const ical_moment *))
{
    size_t seen = 0;

    for (size_t i = 0; i < m->event->prop_count; i++) {
        const cv_ical_prop *prop = &m->event->props[i];
        cv_slice rest = prop->value;
        if (!cv_slice_eq(prop->name, cv_slice_cstr(name)))
            continue;
        while (rest.ptr && seen < CV_LIMIT_RECUR_DATES) {
            cv_slice item = cv_slice_trim(cv_slice_cut(&rest, ','));
            ical_moment moment;
            seen++;
            item = cv_slice_cut(&item, '/');
            if (item.len && cv_ical_moment_parse(&m->in->zones, prop, item,
                                                 &moment) == CV_OK)
                take(m, &moment);
        }
    }
}

static int64_t day_of(int64_t ticks)
{
    return ticks - (ticks % ICAL_DAY + ICAL_DAY) % ICAL_DAY;
}

/* A date without time is the start's time of that day. */
static void add_date(moments *m, const ical_moment *moment)
{
    int64_t at = cv_ical_series_local(m->zone, moment);
    if (moment->is_date)
        at += m->in->start.local - day_of(m->in->start.local);
    add(m, m->in->all_day ? cv_ical_day_of(m->zone, moment) : at);
}

/* The first that is not before a moment. */
static size_t lower_bound(const moments *m, int64_t at)
{
    size_t from = 0, to = m->count;
    while (from < to) {
        size_t mid = from + (to - from) / 2;
        if (m->at[mid] < at)
            from = mid + 1;
        else
            to = mid;
    }
    return from;
}

/* They are in order. */
static void remove_from_to(moments *m, int64_t from, int64_t to)
{
    size_t at = lower_bound(m, from), end = lower_bound(m, to);

    memmove(m->at + at, m->at + end, (m->count - end) * sizeof(*m->at));
    m->count -= end - at;
}

static void remove_date(moments *m, const ical_moment *moment)
{
    bool whole_day = moment->is_date || m->in->all_day;
    int64_t at = m->in->all_day ? cv_ical_day_of(m->zone, moment)
                                : cv_ical_series_local(m->zone, moment);

    if (whole_day)
        remove_from_to(m, day_of(at), day_of(at) + ICAL_DAY);
    else
        remove_from_to(m, at, at + 1);
}

static void remove_rule(moments *m, const cv_ical_prop *prop)
{
    ical_rrule rule;
    bool complete;

    if (!m->count || !read_rule(m, prop, &rule))
        return;
    int64_t until = cv_ical_rule_until(m->in, m->zone, &rule);
    if (until == ICAL_NO_TIME || until > m->at[m->count - 1])
        until = m->at[m->count - 1];
    size_t count = cv_ical_rrule_expand(m->in->arena, &rule, m->in->start.local,
                                        until, m->scratch, MOST,
                                        m->in->item->rule_steps, &complete);
    for (size_t i = 0; i < count; i++)
        remove_from_to(m, m->scratch[i], m->scratch[i] + 1);
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* Ascending, each once, none behind the horizon. */
static void put_in_order(moments *m)
{
    size_t kept = 0;

    qsort(m->at, m->count, sizeof(*m->at), compare);
    for (size_t i = 0; i < m->count; i++)
        if (m->at[i] <= m->horizon && (!kept || m->at[i] != m->at[kept - 1]))
            m->at[kept++] = m->at[i];
    m->count = kept;
}

static void each_rule(moments *m, const char *name,
                      void (*take)(moments *, const cv_ical_prop *))
{
    /* Ten rules are more than any program writes. */
    for (size_t i = 0, seen = 0; i < m->event->prop_count && seen < 10; i++)
        if (cv_slice_eq(m->event->props[i].name, cv_slice_cstr(name))) {
            take(m, &m->event->props[i]);
            seen++;
        }
}

size_t cv_ical_instances(ical_import *in, const cv_ical_comp *event,
                         const cv_timezone *zone, int64_t *out, bool *complete)
{
    moments m = { .in = in,
                  .event = event,
                  .zone = zone,
                  .at = out,
                  .scratch =
                      cv_arena_array(in->arena, MOST, sizeof(*m.scratch)),
                  .horizon = INT64_MAX };

    *complete = false;
    if (!m.scratch)
        return 0;
    add(&m, in->start.local);
    each_rule(&m, "RRULE", add_rule);
    each_date(&m, "RDATE", add_date);
    put_in_order(&m);
    each_rule(&m, "EXRULE", remove_rule);
    each_date(&m, "EXDATE", remove_date);
    *complete = !m.cut && m.horizon == INT64_MAX;
    return m.count;
}
