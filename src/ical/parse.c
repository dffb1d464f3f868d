/* parse.c - calendar text to components: our own walk over lines.
 *
 * Nothing here fails for what the text holds: a line that breaks the grammar
 * is joined to the one before it, a component that is not closed is closed,
 * and each such case is a finding. Every bound is one of base/limits.h.
 * Slices of the result lie in the text or in the arena.
 * Source: RFC 5545 3.1, 3.2; RFC 6868; spec ical-mapping.md 11.
 */
#include "ical/ical_private.h"

#include <string.h>

typedef struct parser {
    cv_arena *arena;
    cv_report *report;
    cv_line_reader lines;
    uint32_t logical;
    cv_ical_comp *stack[CV_LIMIT_ICAL_DEPTH + 2];
    size_t depth;   /* components open, the root included */
    size_t skipped; /* open components beyond the limit */
    size_t last_len;
    cv_ical_prop *last; /* for lines that belong to the one before */
    cv_line_room room;  /* of the last one's value */
} parser;

static void say(parser *p, cv_rule_id rule, uint32_t line, cv_slice found,
                const char *done)
{
    cv_report_add(p->report, CV_FINDING(.rule = rule, .line = line,
                                        .found = cv_slice_sub(found, 0, 80),
                                        .done = cv_slice_cstr(done)));
}

/* A zone's name with an unquoted ':' in it: the value is what looks like a
 * time at the end of the line. */
static void mend_zone_param(cv_slice line, size_t *colon, cv_ical_prop *prop)
{
    if (prop->param_count == 0 || *colon + 1 >= line.len ||
        !cv_slice_eq(prop->params[prop->param_count - 1].name, CV_S("TZID")))
        return;
    size_t last = line.len;
    while (last > *colon && line.ptr[last - 1] != ':')
        last--;
    if (last == 0 || last - 1 == *colon || line.len - last < 8 ||
        line.ptr[last] < '0' || line.ptr[last] > '9')
        return;
    cv_slice *zone = &prop->params[prop->param_count - 1].value;
    const uint8_t *from = zone->ptr;
    if (from < line.ptr || from > line.ptr + *colon)
        return;
    *zone = cv_slice_of(from, (size_t)(line.ptr + last - 1 - from));
    if (zone->len && zone->ptr[zone->len - 1] == '"')
        zone->len--;
    *colon = last - 1;
}

/* False when the line is none. */
static bool parse_prop(parser *p, const cv_raw_line *line, cv_ical_prop *out)
{
    size_t colon;

    if (!cv_line_parse(&p->lines, line, out, &colon))
        return false;
    mend_zone_param(line->text, &colon, out);
    out->value = cv_slice_sub(line->text, colon + 1, CV_NPOS);
    return true;
}

/* -- components -- */

/* Room for one more element; arrays double. NULL when out of memory. */
static void *grow(parser *p, void *items, size_t count, size_t size)
{
    if (count && (count & (count - 1)))
        return items;
    void *more = cv_arena_array(p->arena, count ? count * 2 : 1, size);
    if (more && count)
        memcpy(more, items, count * size);
    return more;
}

static cv_ical_comp *top(parser *p)
{
    return p->stack[p->depth - 1];
}

static cv_ical_comp *push(parser *p, cv_slice name, uint32_t line)
{
    cv_ical_comp *parent = top(p);
    cv_ical_comp *comp = cv_arena_alloc(p->arena, sizeof(*comp));
    void *children =
        grow(p, parent->children, parent->child_count, sizeof(comp));

    if (!comp || !children)
        return NULL;
    comp->name = name;
    comp->line = line;
    parent->children = children;
    parent->children[parent->child_count++] = comp;
    p->stack[p->depth++] = comp;
    return comp;
}

static void pop_unclosed(parser *p)
{
    say(p, CV_RULE_ICAL_MISSING_END, top(p)->line, top(p)->name,
        "closed where its parent or the text ends");
    p->depth--;
}

static bool is_top_level(cv_slice name)
{
    static const char *const names[] = { "VEVENT", "VTODO", "VJOURNAL",
                                         "VFREEBUSY", "VTIMEZONE" };
    for (size_t i = 0; i < CV_LEN(names); i++)
        if (cv_slice_eq(name, cv_slice_cstr(names[i])))
            return true;
    return false;
}

static bool is_calendar(const cv_ical_comp *comp)
{
    return cv_slice_eq(comp->name, CV_S("VCALENDAR"));
}

static cv_status begin(parser *p, cv_slice name, uint32_t line)
{
    name = cv_ascii_upper(p->arena, cv_slice_trim(name));
    if (!name.ptr)
        return cv_arena_status(p->arena);
    if (name.len == 0) {
        say(p, CV_RULE_ICAL_SYNTAX, line, name, "a BEGIN without a name");
        return CV_OK;
    }
    size_t keep = p->depth;
    if (cv_slice_eq(name, CV_S("VCALENDAR")))
        keep = 1;
    else if (is_top_level(name))
        keep = p->depth < 2 ? p->depth : 2;
    else if (cv_slice_eq(top(p)->name, name))
        keep = p->depth - 1; /* STANDARD in STANDARD, VALARM in VALARM */
    while (p->depth > keep)
        pop_unclosed(p);
    if (keep == 1)
        p->skipped = 0;
    if (p->skipped || p->depth > CV_LIMIT_ICAL_DEPTH) {
        if (p->skipped++ == 0)
            say(p, CV_RULE_LIMIT, line, CV_S("CV_LIMIT_ICAL_DEPTH"),
                "the component was left out");
        return CV_OK;
    }
    p->last = NULL;
    if (p->depth == 1 && !cv_slice_eq(name, CV_S("VCALENDAR"))) {
        /* Outside any calendar: into the one before, if that was ours. */
        cv_ical_comp *root = p->stack[0];
        cv_ical_comp *before =
            root->child_count ? root->children[root->child_count - 1] : NULL;
        if (before && before->line == 0)
            p->stack[p->depth++] = before;
        else if (!push(p, CV_S("VCALENDAR"), 0))
            return cv_arena_status(p->arena);
    }
    return push(p, name, line) ? CV_OK : cv_arena_status(p->arena);
}

static void end(parser *p, cv_slice name, uint32_t line)
{
    size_t at = p->depth;

    p->last = NULL;
    if (p->skipped) {
        p->skipped--;
        return;
    }
    name = cv_slice_trim(name);
    while (at > 1 && !cv_slice_ieq(p->stack[at - 1]->name, name))
        at--;
    if (at == 1) {
        say(p, CV_RULE_ICAL_SYNTAX, line, name, "an END without BEGIN");
        return;
    }
    while (p->depth > at)
        pop_unclosed(p);
    p->depth--;
    /* A calendar of our own making ends with its component. */
    if (p->depth == 2 && is_calendar(top(p)) && top(p)->line == 0)
        p->depth = 1;
}

static cv_status add_prop(parser *p, const cv_ical_prop *prop)
{
    cv_ical_comp *comp = top(p);

    if (p->depth == 1) {
        say(p, CV_RULE_ICAL_SYNTAX, prop->line, prop->raw,
            "a line outside any component was left out");
        return CV_OK;
    }
    void *props = grow(p, comp->props, comp->prop_count, sizeof(*prop));
    if (!props)
        return cv_arena_status(p->arena);
    comp->props = props;
    comp->props[comp->prop_count] = *prop;
    p->last = &comp->props[comp->prop_count++];
    p->room = (cv_line_room){ 0 };
    return CV_OK;
}

/* A line that is none belongs to the value before it: as its continuation if
 * that line was folded without a blank, as a new line of its text if not. */
static void join_to_last(parser *p, const cv_raw_line *line)
{
    bool folded = p->last_len >= 70;

    if (!p->last ||
        (!folded &&
         !cv_line_extend(p->arena, &p->room, p->last, CV_S("\\n"))) ||
        !cv_line_extend(p->arena, &p->room, p->last, line->text)) {
        say(p, CV_RULE_ICAL_SYNTAX, line->number, line->text,
            "no content line, left out");
        return;
    }
    say(p, CV_RULE_ICAL_SYNTAX, line->number, line->text,
        "taken as part of the line before");
}

static cv_status take_line(parser *p, const cv_raw_line *line)
{
    cv_ical_prop prop;

    if (cv_slice_trim(line->text).len == 0)
        return CV_OK;
    if (!parse_prop(p, line, &prop)) {
        CV_TRY(cv_arena_status(p->arena));
        if (!p->skipped)
            join_to_last(p, line);
        return cv_arena_status(p->arena);
    }
    if (cv_slice_eq(prop.name, CV_S("BEGIN")))
        return begin(p, prop.value, line->number);
    if (cv_slice_eq(prop.name, CV_S("END"))) {
        end(p, prop.value, line->number);
        return CV_OK;
    }
    return p->skipped ? CV_OK : add_prop(p, &prop);
}

/* UTF-8 without a byte order mark, whatever came. */
static cv_slice decode_text(parser *p, cv_slice text)
{
    bool lossy = false;

    if (cv_slice_starts(text, CV_S("\xEF\xBB\xBF")))
        text = cv_slice_sub(text, 3, CV_NPOS);
    if (cv_slice_starts(text, CV_S("\xFF\xFE")))
        return cv_utf16le_to_utf8(p->arena, cv_slice_sub(text, 2, CV_NPOS),
                                  false, &lossy);
    if (cv_utf8_valid(text))
        return text;
    say(p, CV_RULE_TEXT_DECODING, 0, CV_S(""),
        "the calendar is not UTF-8: read as windows-1252");
    return cv_charset_to_utf8(p->arena, CV_S("windows-1252"), text, &lossy);
}

cv_status cv_ical_parse(cv_arena *arena, cv_slice text, cv_ical_comp **root,
                        cv_report *report, cv_error *err)
{
    parser p = { .arena = arena, .report = report, .depth = 1 };
    cv_raw_line line;

    p.lines = (cv_line_reader){ arena, report, .text = decode_text(&p, text) };
    p.stack[0] = cv_arena_alloc(arena, sizeof(*p.stack[0]));
    if (!p.stack[0] || !p.lines.text.ptr)
        return text.len && !p.lines.text.ptr ? cv_arena_fail(arena, err)
               : p.stack[0] ? cv_fail(err, CV_ERR_SYNTAX, "no text")
                            : cv_arena_fail(arena, err);
    p.stack[0]->name = CV_S("");
    while (cv_line_next(&p.lines, &line)) {
        if (++p.logical > CV_LIMIT_ICAL_LINES) {
            say(&p, CV_RULE_LIMIT, line.number, CV_S("CV_LIMIT_ICAL_LINES"),
                "the rest was left out");
            break;
        }
        if (take_line(&p, &line) != CV_OK)
            return cv_arena_fail(arena, err);
        p.last_len = line.last_len;
    }
    if (p.skipped == 0 && p.depth == 2 && top(&p)->line == 0)
        p.depth = 1;
    while (p.depth > 1)
        pop_unclosed(&p);
    if (cv_arena_status(arena) != CV_OK)
        return cv_arena_fail(arena, err);
    if (p.stack[0]->child_count == 0)
        return cv_fail(err, CV_ERR_SYNTAX, "no calendar component");
    *root = p.stack[0];
    return CV_OK;
}

/* -- access -- */

const cv_ical_prop *cv_ical_prop_get(const cv_ical_comp *comp, const char *name)
{
    cv_slice wanted = cv_slice_cstr(name);

    for (size_t i = 0; comp && i < comp->prop_count; i++)
        if (cv_slice_eq(comp->props[i].name, wanted))
            return &comp->props[i];
    return NULL;
}
