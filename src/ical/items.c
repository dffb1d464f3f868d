/* items.c - which events of a calendar make one message.
 * Source: RFC 5545 3.8.4.7, 3.8.4.4; spec ical-mapping.md 1 and 11.
 */
#include "ical/ical_private.h"

typedef struct grouping {
    cv_arena *arena;
    cv_ical_item *items; /* room for every event */
    size_t count;
    uint32_t *slots; /* item number + 1, by UID */
    size_t mask;
    size_t *rule_steps; /* of all items */
    bool full;
} grouping;

static bool is_event(const cv_ical_comp *comp)
{
    return cv_slice_eq(comp->name, CV_S("VEVENT")) ||
           cv_ical_kind_of(comp) != ICAL_EVENT;
}

static size_t count_events(const cv_ical_comp *root)
{
    size_t count = 0;
    for (size_t i = 0; i < root->child_count; i++)
        for (size_t k = 0; k < root->children[i]->child_count; k++)
            count += is_event(root->children[i]->children[k]);
    return count;
}

static cv_slice uid_of(const cv_ical_comp *event)
{
    const cv_ical_prop *prop = cv_ical_prop_get(event, "UID");
    return prop ? cv_slice_trim(prop->value) : CV_S("");
}

static uint32_t *find_slot(grouping *g, const cv_ical_comp *calendar,
                           cv_slice uid)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < uid.len; i++)
        h = (h ^ uid.ptr[i]) * 16777619u;
    for (size_t at = h & g->mask;; at = (at + 1) & g->mask) {
        if (!g->slots[at])
            return &g->slots[at];
        const cv_ical_item *item = &g->items[g->slots[at] - 1];
        if (item->calendar == calendar && cv_slice_eq(item->uid, uid))
            return &g->slots[at];
    }
}

static cv_ical_item *new_item(grouping *g, const cv_ical_comp *calendar,
                              cv_slice uid)
{
    cv_ical_item *item = &g->items[g->count++];
    *item = (cv_ical_item){ .calendar = calendar,
                            .uid = uid,
                            .rule_steps = g->rule_steps };
    return item;
}

static cv_status add_exception(grouping *g, cv_ical_item *item,
                               const cv_ical_comp *event)
{
    size_t n = item->exception_count;

    if (n == 0 || (n & (n - 1)) == 0) {
        const cv_ical_comp **more =
            cv_arena_array(g->arena, n ? n * 2 : 1, sizeof(*more));
        if (!more)
            return cv_arena_status(g->arena);
        for (size_t i = 0; i < n; i++)
            more[i] = item->exceptions[i];
        item->exceptions = more;
    }
    item->exceptions[item->exception_count++] = event;
    return CV_OK;
}

static cv_status add_event(grouping *g, const cv_ical_comp *calendar,
                           const cv_ical_comp *event)
{
    bool is_exception = cv_ical_prop_get(event, "RECURRENCE-ID") != NULL;
    cv_slice uid = uid_of(event);
    cv_ical_item *item = NULL;

    if (g->count >= CV_LIMIT_ICAL_EVENTS) {
        g->full = true;
        return CV_OK;
    }
    if (uid.len) {
        uint32_t *slot = find_slot(g, calendar, uid);
        if (*slot)
            item = &g->items[*slot - 1];
        /* A second master of one UID is an item of its own: nothing is
         * dropped here. */
        if (item && !is_exception && item->master)
            item = NULL;
        if (!item) {
            item = new_item(g, calendar, uid);
            if (!*slot)
                *slot = (uint32_t)g->count;
        }
    } else {
        item = new_item(g, calendar, uid);
    }
    if (is_exception)
        return add_exception(g, item, event);
    item->master = event;
    return CV_OK;
}

/* Exceptions without their master: each is a message. */
static cv_status split_orphans(grouping *g, cv_ical_item **out, size_t *count)
{
    size_t total = 0, at = 0;

    for (size_t i = 0; i < g->count; i++)
        total += g->items[i].master ? 1 : g->items[i].exception_count;
    cv_ical_item *all = cv_arena_array(g->arena, total, sizeof(*all));
    if (!all)
        return cv_arena_status(g->arena);
    for (size_t i = 0; i < g->count; i++) {
        const cv_ical_item *item = &g->items[i];
        if (item->master) {
            all[at++] = *item;
            continue;
        }
        for (size_t k = 0; k < item->exception_count; k++) {
            all[at] = *item;
            all[at].exceptions = &item->exceptions[k];
            all[at++].exception_count = 1;
        }
    }
    *out = all;
    *count = total;
    return CV_OK;
}

static bool has_unread_rules(const cv_ical_comp *root)
{
    for (size_t i = 0; i < root->child_count; i++)
        if (cv_ical_prop_get(root->children[i], ICAL_UNREAD_RULES))
            return true;
    return false;
}

static cv_status group(grouping *g, const cv_ical_comp *root)
{
    for (size_t i = 0; i < root->child_count; i++) {
        const cv_ical_comp *calendar = root->children[i];
        for (size_t k = 0; k < calendar->child_count; k++)
            if (is_event(calendar->children[k]))
                CV_TRY(add_event(g, calendar, calendar->children[k]));
    }
    return CV_OK;
}

cv_status cv_ical_items(cv_arena *arena, const cv_ical_comp *root,
                        cv_ical_item **out, size_t *count, cv_report *report,
                        cv_error *err)
{
    size_t events = count_events(root), size = 16;
    grouping g = { .arena = arena };

    if (events > CV_LIMIT_ICAL_EVENTS)
        events = CV_LIMIT_ICAL_EVENTS;
    while (size < 2 * events)
        size *= 2;
    g.mask = size - 1;
    g.slots = cv_arena_array(arena, size, sizeof(*g.slots));
    g.items = cv_arena_array(arena, events, sizeof(*g.items));
    g.rule_steps = cv_arena_array(arena, 1, sizeof(*g.rule_steps));
    if (g.rule_steps && !has_unread_rules(root))
        *g.rule_steps = CV_LIMIT_RRULE_ALL_STEPS;
    if (!g.slots || !g.items || !g.rule_steps || group(&g, root) != CV_OK ||
        split_orphans(&g, out, count) != CV_OK)
        return cv_arena_fail(arena, err);
    if (g.full)
        cv_report_add(report,
                      CV_FINDING(.rule = CV_RULE_LIMIT,
                                 .found = CV_S("CV_LIMIT_ICAL_EVENTS"),
                                 .done = CV_S("further events were left "
                                              "out")));
    if (*count == 0)
        cv_report_add(report, CV_FINDING(.rule = CV_RULE_ICAL_UNUSABLE,
                                         .done = CV_S("the calendar has no "
                                                      "event")));
    return CV_OK;
}
