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

typedef struct raw_line {
    cv_slice text; /* unfolded */
    uint32_t number;
    size_t last_len; /* of the last physical line */
} raw_line;

typedef struct parser {
    cv_arena *arena;
    cv_report *report;
    cv_slice text;
    size_t pos;
    uint32_t physical; /* lines seen */
    uint32_t logical;
    cv_ical_comp *stack[CV_LIMIT_ICAL_DEPTH + 2];
    size_t depth;   /* components open, the root included */
    size_t skipped; /* open components beyond the limit */
    size_t last_len;
    cv_ical_prop *last; /* for lines that belong to the one before */
    uint8_t *joined;    /* room its value grows in, NULL when it is the text */
    size_t joined_room;
} parser;

static void say(parser *p, cv_rule_id rule, uint32_t line, cv_slice found,
                const char *done)
{
    cv_report_add(p->report, CV_FINDING(.rule = rule, .line = line,
                                        .found = cv_slice_sub(found, 0, 80),
                                        .done = cv_slice_cstr(done)));
}

/* -- lines -- */

/* The next physical line without its end. */
static bool next_physical(parser *p, cv_slice *line)
{
    size_t from = p->pos, end = from;

    if (from >= p->text.len)
        return false;
    while (end < p->text.len && p->text.ptr[end] != '\n' &&
           p->text.ptr[end] != '\r')
        end++;
    *line = cv_slice_sub(p->text, from, end - from);
    if (end + 1 < p->text.len && p->text.ptr[end] == '\r' &&
        p->text.ptr[end + 1] == '\n')
        end++;
    p->pos = end < p->text.len ? end + 1 : end;
    p->physical++;
    return true;
}

static bool is_quoted_printable(cv_slice line)
{
    size_t colon = cv_slice_find_byte(line, ':', 0);
    return colon != CV_NPOS &&
           cv_slice_ifind(cv_slice_sub(line, 0, colon),
                          CV_S("QUOTED-PRINTABLE"), 0) != CV_NPOS;
}

/* How the text goes on at p->pos: 0 not, 1 folded, 2 soft break of
 * quoted-printable. */
static int continues(const parser *p, cv_slice line, bool qp)
{
    if (qp && line.len && line.ptr[line.len - 1] == '=')
        return 2;
    if (p->pos >= p->text.len)
        return 0;
    return p->text.ptr[p->pos] == ' ' || p->text.ptr[p->pos] == '\t';
}

/* Where a folded line ends, and how many bytes it has unfolded. */
static size_t measure_fold(parser *p, cv_slice line, bool qp)
{
    parser ahead = *p;
    size_t bytes = line.len;
    cv_slice part = line;

    while (continues(&ahead, part, qp) && next_physical(&ahead, &part))
        bytes += part.len;
    return bytes;
}

static bool next_line(parser *p, raw_line *out)
{
    cv_slice line;

    if (!next_physical(p, &line))
        return false;
    *out =
        (raw_line){ .text = line, .number = p->physical, .last_len = line.len };
    bool qp = is_quoted_printable(line);
    if (!continues(p, line, qp))
        return true;

    size_t room = measure_fold(p, line, qp), len = 0;
    bool fits = room <= CV_LIMIT_ICAL_LINE_BYTES;
    uint8_t *joined = fits ? cv_arena_alloc(p->arena, room + 1) : NULL;
    if (!fits)
        say(p, CV_RULE_LIMIT, p->physical, CV_S("CV_LIMIT_ICAL_LINE_BYTES"),
            "the line was left out");
    for (;;) {
        int how = continues(p, line, qp);
        size_t keep = how == 2 ? line.len - 1 : line.len;
        if (joined && keep)
            memcpy(joined + len, line.ptr, keep);
        len += keep;
        if (!how || !next_physical(p, &line))
            break;
        out->last_len = line.len;
        if (how == 1)
            line = cv_slice_sub(line, 1, CV_NPOS);
    }
    out->text = joined ? cv_slice_of(joined, len) : CV_S("");
    return true;
}

/* -- one content line -- */

static bool is_name_char(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

/* Length of the name if a name stands at the line's start. */
static size_t name_length(cv_slice line)
{
    size_t len = 0;
    while (len < line.len && is_name_char(line.ptr[len]))
        len++;
    return len < line.len && (line.ptr[len] == ':' || line.ptr[len] == ';')
               ? len
               : 0;
}

/* ^n ^^ ^' of RFC 6868. */
static cv_slice decode_caret(cv_arena *arena, cv_slice s)
{
    if (cv_slice_find_byte(s, '^', 0) == CV_NPOS)
        return s;
    uint8_t *out = cv_arena_alloc(arena, s.len + 1);
    size_t len = 0;
    if (!out)
        return s;
    for (size_t i = 0; i < s.len; i++) {
        uint8_t next = i + 1 < s.len ? s.ptr[i + 1] : 0;
        if (s.ptr[i] != '^' || !strchr("n^'N", next) || next == 0) {
            out[len++] = s.ptr[i];
            continue;
        }
        out[len++] = next == '^' ? '^' : next == '\'' ? '"' : '\n';
        i++;
    }
    return cv_slice_of(out, len);
}

/* One parameter value from *pos: quoted only if a quote opens it and one
 * closes it (C056: quotes within unquoted values are ordinary there). */
static cv_slice param_value(cv_slice line, size_t *pos)
{
    size_t from = *pos, end;

    if (from < line.len && line.ptr[from] == '"') {
        end = cv_slice_find_byte(line, '"', from + 1);
        uint8_t next =
            end != CV_NPOS && end + 1 < line.len ? line.ptr[end + 1] : 0;
        if (next == ';' || next == ':' || next == ',') {
            *pos = end + 1;
            return cv_slice_sub(line, from + 1, end - from - 1);
        }
    }
    for (end = from; end < line.len; end++)
        if (line.ptr[end] == ';' || line.ptr[end] == ':' ||
            line.ptr[end] == ',')
            break;
    *pos = end;
    return cv_slice_sub(line, from, end - from);
}

/* All values of one parameter, joined by ','. */
static cv_slice param_values(parser *p, cv_slice line, size_t *pos)
{
    cv_slice first = decode_caret(p->arena, param_value(line, pos));

    if (*pos >= line.len || line.ptr[*pos] != ',')
        return first;
    uint8_t *out = cv_arena_alloc(p->arena, line.len - *pos + first.len + 1);
    size_t len = first.len;
    if (!out)
        return first;
    if (first.len)
        memcpy(out, first.ptr, first.len);
    while (*pos < line.len && line.ptr[*pos] == ',') {
        (*pos)++;
        cv_slice next = decode_caret(p->arena, param_value(line, pos));
        out[len++] = ',';
        if (next.len)
            memcpy(out + len, next.ptr, next.len);
        len += next.len;
    }
    return cv_slice_of(out, len);
}

static size_t count_params(cv_slice line)
{
    size_t n = 0;
    for (size_t i = 0; i < line.len && n < CV_LIMIT_ICAL_PARAMS; i++)
        n += line.ptr[i] == ';';
    return n;
}

/* Parameters behind the name; *pos ends at the ':' or at the line's end. */
static bool parse_params(parser *p, cv_slice line, size_t *pos,
                         cv_ical_prop *prop, uint32_t number)
{
    if (line.ptr[*pos] != ';')
        return true;
    size_t room = count_params(line);
    prop->params = cv_arena_array(p->arena, room, sizeof(*prop->params));
    if (!prop->params)
        return false;
    while (*pos < line.len && line.ptr[*pos] == ';') {
        size_t from = ++*pos;
        while (*pos < line.len && is_name_char(line.ptr[*pos]))
            (*pos)++;
        cv_slice name = cv_slice_sub(line, from, *pos - from);
        cv_slice value = CV_S("");
        if (*pos < line.len && line.ptr[*pos] == '=') {
            (*pos)++;
            value = param_values(p, line, pos);
        } else if (*pos < line.len && line.ptr[*pos] != ';' &&
                   line.ptr[*pos] != ':') {
            (void)param_values(p, line, pos); /* junk up to the next one */
        }
        /* vCalendar 1.0 writes ;QUOTED-PRINTABLE without a name. */
        if (cv_slice_ieq(name, CV_S("QUOTED-PRINTABLE"))) {
            value = name;
            name = CV_S("ENCODING");
        }
        if (name.len == 0)
            continue;
        if (prop->param_count >= room) {
            say(p, CV_RULE_LIMIT, number, CV_S("CV_LIMIT_ICAL_PARAMS"),
                "further parameters were left out");
            break;
        }
        prop->params[prop->param_count++] =
            (cv_ical_param){ .name = cv_ascii_upper(p->arena, name),
                             .value = value };
    }
    while (*pos < line.len && line.ptr[*pos] != ':')
        (*pos)++;
    return true;
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
static bool parse_prop(parser *p, const raw_line *line, cv_ical_prop *out)
{
    size_t pos = name_length(line->text);

    if (pos == 0)
        return false;
    *out = (cv_ical_prop){ .raw = line->text, .line = line->number };
    out->name = cv_ascii_upper(p->arena, cv_slice_sub(line->text, 0, pos));
    if (!parse_params(p, line->text, &pos, out, line->number) ||
        pos >= line->text.len)
        return false;
    mend_zone_param(line->text, &pos, out);
    out->value = cv_slice_sub(line->text, pos + 1, CV_NPOS);
    return out->name.ptr != NULL;
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
    p->joined = NULL;
    return CV_OK;
}

/* The last value in room of its own with at least `more` bytes left; the room
 * doubles, so that many lost lines cost no more than their bytes. */
static bool make_room(parser *p, size_t more)
{
    cv_slice value = p->last->value;
    size_t total = value.len + more;

    if (total > CV_LIMIT_ICAL_LINE_BYTES)
        return false;
    if (p->joined && total <= p->joined_room)
        return true;
    uint8_t *out = cv_arena_alloc(p->arena, total * 2);
    if (!out)
        return false;
    if (value.len)
        memcpy(out, value.ptr, value.len);
    p->joined = out;
    p->joined_room = total * 2;
    p->last->value = cv_slice_of(out, value.len);
    return true;
}

/* A line that is none belongs to the value before it: as its continuation if
 * that line was folded without a blank, as a new line of its text if not. */
static void join_to_last(parser *p, const raw_line *line)
{
    bool folded = p->last_len >= 70;

    if (!p->last || !make_room(p, line->text.len + 2)) {
        say(p, CV_RULE_ICAL_SYNTAX, line->number, line->text,
            "no content line, left out");
        return;
    }
    say(p, CV_RULE_ICAL_SYNTAX, line->number, line->text,
        "taken as part of the line before");
    size_t len = p->last->value.len;
    if (!folded) {
        memcpy(p->joined + len, "\\n", 2);
        len += 2;
    }
    memcpy(p->joined + len, line->text.ptr, line->text.len);
    p->last->value = cv_slice_of(p->joined, len + line->text.len);
}

static cv_status take_line(parser *p, const raw_line *line)
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
    raw_line line;

    p.text = decode_text(&p, text);
    p.stack[0] = cv_arena_alloc(arena, sizeof(*p.stack[0]));
    if (!p.stack[0] || !p.text.ptr)
        return text.len && !p.text.ptr ? cv_arena_fail(arena, err)
               : p.stack[0]            ? cv_fail(err, CV_ERR_SYNTAX, "no text")
                                       : cv_arena_fail(arena, err);
    p.stack[0]->name = CV_S("");
    while (next_line(&p, &line)) {
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

cv_slice cv_ical_param_get(const cv_ical_prop *prop, const char *name)
{
    cv_slice wanted = cv_slice_cstr(name);

    for (size_t i = 0; prop && i < prop->param_count; i++)
        if (cv_slice_eq(prop->params[i].name, wanted))
            return prop->params[i].value;
    return CV_S("");
}
