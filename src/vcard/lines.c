/* The lines of one card and what their values are.
 * Source: RFC 6350 3 and 5; RFC 2426 4; vCard 2.1.
 */
#include "vcard/vcard_private.h"

#define FOLDED 70 /* bytes from which a line may have been folded */

/* -- a card into lines -- */

typedef struct parser {
    cv_line_reader lines;
    cv_line_room room; /* of the last line's value */
    vcard_lines *out;
    unsigned depth;        /* cards in the card (AGENT) */
    size_t seen, last_len; /* last_len: of the last physical line */
} parser;

static void say_line(const parser *p, cv_rule_id rule, const cv_raw_line *line,
                     const char *done)
{
    cv_report_add(p->lines.report,
                  CV_FINDING(.rule = rule, .line = line->number,
                             .found = cv_slice_sub(line->text, 0, 80),
                             .done = cv_slice_cstr(done)));
}

/* "item1.EMAIL" is EMAIL of group item1. */
static void split_group(vcard_line *l)
{
    for (size_t i = l->line.name.len; i-- > 0;)
        if (l->line.name.ptr[i] == '.') {
            l->group = cv_slice_sub(l->line.raw, 0, i);
            l->line.name = cv_slice_sub(l->line.name, i + 1, CV_NPOS);
            return;
        }
}

/* Lines of a card in this card are its AGENT's, which nobody reads. */
static bool is_own(parser *p, const cv_content_line *line)
{
    if (cv_slice_eq(line->name, CV_S("BEGIN")))
        p->depth++;
    bool own = p->depth <= 1 && !cv_slice_eq(line->name, CV_S("BEGIN")) &&
               !cv_slice_eq(line->name, CV_S("END")) &&
               !cv_slice_eq(line->name, CV_S("VERSION"));
    if (cv_slice_eq(line->name, CV_S("END")) && p->depth)
        p->depth--;
    return own;
}

/* A line that is none goes on with the one before: base64 of 2.1 without a
 * blank, a fold without a blank, or a line end that was not escaped. */
static void join(parser *p, const cv_raw_line *line)
{
    vcard_line *last = p->out->count ? &p->out->items[p->out->count - 1] : NULL;
    bool encoded = last && cv_line_param_get(&last->line, "ENCODING").len != 0;
    cv_slice between =
        encoded || p->last_len >= FOLDED ? CV_S("") : CV_S("\\n");
    if (!last || p->depth > 1 ||
        !cv_line_extend(p->lines.arena, &p->room, &last->line, between) ||
        !cv_line_extend(p->lines.arena, &p->room, &last->line, line->text))
        say_line(p, CV_RULE_VCARD_SYNTAX, line, "left out");
    else if (!encoded)
        say_line(p, CV_RULE_VCARD_SYNTAX, line,
                 "taken as part of the line before");
}

static bool take(parser *p, const cv_raw_line *line)
{
    vcard_line l = { 0 };
    size_t colon;
    if (cv_slice_trim(line->text).len == 0)
        return true;
    if (!cv_line_parse(&p->lines, line, &l.line, &colon)) {
        join(p, line);
        return true;
    }
    if (!is_own(p, &l.line))
        return true;
    split_group(&l);
    size_t count = p->out->count;
    if ((count & (count - 1)) == 0) { /* full: twice the room */
        vcard_line *more =
            cv_arena_array(p->lines.arena, count ? count * 2 : 1, sizeof(l));
        for (size_t i = 0; more && i < count; i++)
            more[i] = p->out->items[i];
        p->out->items = more;
        if (!more)
            return false;
    }
    p->out->items[p->out->count++] = l;
    p->room = (cv_line_room){ 0 };
    return true;
}

cv_status cv_vcard_parse(cv_arena *arena, cv_slice card, vcard_lines *out,
                         cv_report *report, cv_error *err)
{
    parser p = { .lines = { .arena = arena, .report = report, .text = card },
                 .out = out };
    cv_raw_line line;
    *out = (vcard_lines){ 0 };
    while (cv_line_next(&p.lines, &line)) {
        if (++p.seen > CV_LIMIT_VCARD_LINES) {
            line.text = CV_S("CV_LIMIT_VCARD_LINES");
            say_line(&p, CV_RULE_LIMIT, &line, "the rest was left out");
            break;
        }
        if (!take(&p, &line))
            break;
        p.last_len = line.last_len;
    }
    if (cv_arena_status(arena) != CV_OK)
        return cv_arena_fail(arena, err);
    return out->count ? CV_OK : cv_fail(err, CV_ERR_SYNTAX, "an empty vCard");
}

const vcard_line *cv_vcard_find(const vcard_lines *lines, const char *name)
{
    for (size_t i = 0; i < lines->count; i++)
        if (cv_slice_eq(lines->items[i].line.name, cv_slice_cstr(name)))
            return &lines->items[i];
    return NULL;
}

/* -- parameters -- */

bool cv_vcard_has_type(const vcard_line *l, cv_slice word)
{
    for (size_t i = 0; i < l->line.param_count; i++) {
        const cv_content_param *param = &l->line.params[i];
        cv_slice rest = param->value;
        if (cv_slice_ieq(param->name, word) &&
            (param->value.len == 0 || cv_slice_ieq(word, CV_S("PREF"))))
            return true;
        if (!cv_slice_eq(param->name, CV_S("TYPE")))
            continue;
        while (rest.ptr)
            if (cv_slice_ieq(cv_slice_trim(cv_slice_cut(&rest, ',')), word))
                return true;
    }
    return false;
}

bool cv_vcard_has_types(const vcard_line *l, const char *words)
{
    cv_slice rest = cv_slice_cstr(words);
    while (rest.len) {
        cv_slice word = cv_slice_cut(&rest, ' ');
        if (!cv_vcard_has_type(l, word))
            return false;
    }
    return true;
}

static bool is_qp(const vcard_line *l)
{
    return cv_slice_ieq(cv_line_param_get(&l->line, "ENCODING"),
                        CV_S("QUOTED-PRINTABLE"));
}

static bool is_base64(const vcard_line *l)
{
    cv_slice encoding = cv_line_param_get(&l->line, "ENCODING");
    return cv_slice_ieq(encoding, CV_S("B")) ||
           cv_slice_ieq(encoding, CV_S("BASE64")) ||
           cv_vcard_has_type(l, CV_S("BASE64"));
}

/* -- values -- */

/* Bytes to UTF-8. Text that is UTF-8 already stays so, whatever CHARSET says,
 * unless it is of a charset made of ASCII bytes (ISO-2022-JP). */
static cv_slice decode(cv_arena *arena, const vcard_line *l, cv_slice bytes)
{
    cv_slice charset = cv_line_param_get(&l->line, "CHARSET");
    if (is_qp(l))
        bytes = cv_line_decode_qp(arena, bytes);
    else if (is_base64(l))
        bytes = cv_base64_decode(arena, bytes, NULL);
    else if (cv_utf8_valid(bytes) &&
             cv_slice_find_byte(bytes, 0x1B, 0) == CV_NPOS)
        return bytes;
    return cv_charset_to_utf8(arena, charset, bytes, NULL);
}

static cv_slice unescape(cv_arena *arena, cv_slice value)
{
    return cv_slice_trim(
        cv_text_eol(arena, cv_line_unescape(arena, value), "\r\n"));
}

cv_slice cv_vcard_text(cv_arena *arena, const vcard_line *l)
{
    return unescape(arena, decode(arena, l, l->line.value));
}

size_t cv_vcard_parts(cv_arena *arena, const vcard_line *l, uint8_t separator,
                      cv_slice *parts, size_t room)
{
    bool late = is_qp(l); /* an encoded separator does not separate */
    cv_slice rest = late ? l->line.value : decode(arena, l, l->line.value);
    size_t count = 0;
    for (size_t i = 0; i < room; i++)
        parts[i] = CV_S("");
    while (rest.ptr && count < room) {
        cv_slice part = cv_line_field_next(&rest, separator);
        parts[count++] = unescape(arena, late ? decode(arena, l, part) : part);
    }
    return count;
}

bool cv_vcard_bytes(cv_arena *arena, const vcard_line *l, cv_slice *bytes,
                    cv_slice *type)
{
    cv_slice value = cv_slice_trim(l->line.value);
    *type = cv_line_param_get(&l->line, "TYPE");
    if (cv_slice_istarts(value, CV_S("data:"))) {
        size_t comma = cv_slice_find_byte(value, ',', 0);
        cv_slice head =
            cv_slice_sub(value, 5, comma == CV_NPOS ? 0 : comma - 5);
        if (cv_slice_ifind(head, CV_S(";base64"), 0) == CV_NPOS)
            return false;
        *type = cv_slice_cut(&head, ';');
        value = cv_slice_sub(value, comma + 1, CV_NPOS);
    } else if (!is_base64(l)) {
        return false;
    }
    *bytes = cv_base64_decode(arena, value, NULL);
    return bytes->len != 0;
}

/* -- lines kept -- */

static void keep_params(cv_line_writer *w, const vcard_line *l)
{
    for (size_t i = 0; i < l->line.param_count; i++) {
        const cv_content_param *param = &l->line.params[i];
        if (cv_slice_eq(param->name, CV_S("CHARSET")) ||
            (cv_slice_eq(param->name, CV_S("ENCODING")) && is_qp(l)))
            continue;
        cv_slice rest = param->value;
        if (cv_slice_eq(param->name, CV_S("ENCODING")) ||
            (param->value.len == 0 &&
             cv_slice_eq(param->name, CV_S("BASE64")))) {
            cv_line_param(w, "ENCODING", is_base64(l) ? CV_S("b") : rest);
        } else if (param->value.len == 0) {
            cv_line_param(w, "TYPE", param->name);
        } else if (cv_slice_eq(param->name, CV_S("TYPE"))) {
            while (rest.ptr)
                cv_line_param(w, "TYPE", cv_slice_cut(&rest, ','));
        } else {
            cv_buf_put_byte(&w->line, ';');
            cv_buf_put_slice(&w->line, param->name);
            cv_line_param_value(w, rest);
        }
    }
}

void cv_vcard_keep(cv_arena *arena, cv_line_writer *w, const vcard_line *l)
{
    cv_slice value = l->line.value;
    cv_line_begin_slice(w, l->group);
    if (l->group.len)
        cv_buf_put_byte(&w->line, '.');
    cv_buf_put_slice(&w->line, l->line.name);
    keep_params(w, l);
    cv_line_colon(w);
    if (!is_base64(l))
        value = cv_text_eol(arena, decode(arena, l, value), "\n");
    for (size_t i = 0; i < value.len; i++)
        if (value.ptr[i] == '\n')
            cv_buf_put_str(&w->line, "\\n");
        else
            cv_line_raw(w, cv_slice_sub(value, i, 1));
    cv_line_end(w);
}
