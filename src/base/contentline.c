/* Content lines, read: unfolding, names, parameters. */
#include "base/contentline.h"

#include "base/limits.h"
#include "base/text.h"

#include <string.h>

static void say_limit(const cv_line_reader *r, uint32_t line, const char *limit,
                      const char *done)
{
    cv_report_add(r->report, CV_FINDING(.rule = CV_RULE_LIMIT, .line = line,
                                        .found = cv_slice_cstr(limit),
                                        .done = cv_slice_cstr(done)));
}

/* -- lines -- */

/* The next physical line without its end. */
static bool next_physical(cv_line_reader *r, cv_slice *line)
{
    size_t from = r->pos, end = from;

    if (from >= r->text.len)
        return false;
    while (end < r->text.len && r->text.ptr[end] != '\n' &&
           r->text.ptr[end] != '\r')
        end++;
    *line = cv_slice_sub(r->text, from, end - from);
    if (end + 1 < r->text.len && r->text.ptr[end] == '\r' &&
        r->text.ptr[end + 1] == '\n')
        end++;
    r->pos = end < r->text.len ? end + 1 : end;
    r->physical++;
    return true;
}

static bool is_quoted_printable(cv_slice line)
{
    size_t colon = cv_slice_find_byte(line, ':', 0);
    return colon != CV_NPOS &&
           cv_slice_ifind(cv_slice_sub(line, 0, colon),
                          CV_S("QUOTED-PRINTABLE"), 0) != CV_NPOS;
}

/* How the text goes on at r->pos: 0 not, 1 folded, 2 soft break of
 * quoted-printable. */
static int continues(const cv_line_reader *r, cv_slice line, bool qp)
{
    if (qp && line.len && line.ptr[line.len - 1] == '=')
        return 2;
    if (r->pos >= r->text.len)
        return 0;
    return r->text.ptr[r->pos] == ' ' || r->text.ptr[r->pos] == '\t';
}

/* Where a folded line ends, and how many bytes it has unfolded. */
static size_t measure_fold(cv_line_reader *r, cv_slice line, bool qp)
{
    cv_line_reader ahead = *r;
    size_t bytes = line.len;
    cv_slice part = line;

    while (continues(&ahead, part, qp) && next_physical(&ahead, &part))
        bytes += part.len;
    return bytes;
}

bool cv_line_next(cv_line_reader *r, cv_raw_line *out)
{
    cv_slice line;

    if (!next_physical(r, &line))
        return false;
    *out = (cv_raw_line){ .text = line,
                          .number = r->physical,
                          .last_len = line.len };
    bool qp = is_quoted_printable(line);
    if (!continues(r, line, qp))
        return true;

    size_t room = measure_fold(r, line, qp), len = 0;
    bool fits = room <= CV_LIMIT_LINE_BYTES;
    uint8_t *joined = fits ? cv_arena_alloc(r->arena, room + 1) : NULL;
    if (!fits)
        say_limit(r, r->physical, "CV_LIMIT_LINE_BYTES",
                  "the line was left out");
    for (;;) {
        int how = continues(r, line, qp);
        size_t keep = how == 2 ? line.len - 1 : line.len;
        if (joined && keep)
            memcpy(joined + len, line.ptr, keep);
        len += keep;
        if (!how || !next_physical(r, &line))
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
static cv_slice param_values(cv_line_reader *r, cv_slice line, size_t *pos)
{
    cv_slice first = decode_caret(r->arena, param_value(line, pos));

    if (*pos >= line.len || line.ptr[*pos] != ',')
        return first;
    uint8_t *out = cv_arena_alloc(r->arena, line.len - *pos + first.len + 1);
    size_t len = first.len;
    if (!out)
        return first;
    if (first.len)
        memcpy(out, first.ptr, first.len);
    while (*pos < line.len && line.ptr[*pos] == ',') {
        (*pos)++;
        cv_slice next = decode_caret(r->arena, param_value(line, pos));
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
    for (size_t i = 0; i < line.len && n < CV_LIMIT_LINE_PARAMS; i++)
        n += line.ptr[i] == ';';
    return n;
}

/* Parameters behind the name; *pos ends at the ':' or at the line's end. */
static bool parse_params(cv_line_reader *r, cv_slice line, size_t *pos,
                         cv_content_line *prop, uint32_t number)
{
    if (line.ptr[*pos] != ';')
        return true;
    size_t room = count_params(line);
    prop->params = cv_arena_array(r->arena, room, sizeof(*prop->params));
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
            value = param_values(r, line, pos);
        } else if (*pos < line.len && line.ptr[*pos] != ';' &&
                   line.ptr[*pos] != ':') {
            (void)param_values(r, line, pos); /* junk up to the next one */
        }
        /* vCalendar 1.0 writes ;QUOTED-PRINTABLE without a name. */
        if (cv_slice_ieq(name, CV_S("QUOTED-PRINTABLE"))) {
            value = name;
            name = CV_S("ENCODING");
        }
        if (name.len == 0)
            continue;
        if (prop->param_count >= room) {
            say_limit(r, number, "CV_LIMIT_LINE_PARAMS",
                      "further parameters were left out");
            break;
        }
        prop->params[prop->param_count++] =
            (cv_content_param){ .name = cv_ascii_upper(r->arena, name),
                                .value = value };
    }
    while (*pos < line.len && line.ptr[*pos] != ':')
        (*pos)++;
    return true;
}

bool cv_line_parse(cv_line_reader *r, const cv_raw_line *line,
                   cv_content_line *out, size_t *colon)
{
    size_t pos = name_length(line->text);

    if (pos == 0)
        return false;
    *out = (cv_content_line){ .raw = line->text, .line = line->number };
    out->name = cv_ascii_upper(r->arena, cv_slice_sub(line->text, 0, pos));
    if (!parse_params(r, line->text, &pos, out, line->number) ||
        pos >= line->text.len)
        return false;
    out->value = cv_slice_sub(line->text, pos + 1, CV_NPOS);
    *colon = pos;
    return out->name.ptr != NULL;
}

bool cv_line_extend(cv_arena *arena, cv_line_room *room, cv_content_line *line,
                    cv_slice more)
{
    cv_slice value = line->value;
    size_t total = value.len + more.len;

    if (total > CV_LIMIT_LINE_BYTES)
        return false;
    if (!room->bytes || total > room->size) {
        uint8_t *out = cv_arena_alloc(arena, total * 2);
        if (!out)
            return false;
        if (value.len)
            memcpy(out, value.ptr, value.len);
        *room = (cv_line_room){ out, total * 2 };
    }
    if (more.len)
        memcpy(room->bytes + value.len, more.ptr, more.len);
    line->value = cv_slice_of(room->bytes, total);
    return true;
}

cv_slice cv_line_param_get(const cv_content_line *line, const char *name)
{
    cv_slice wanted = cv_slice_cstr(name);

    for (size_t i = 0; line && i < line->param_count; i++)
        if (cv_slice_eq(line->params[i].name, wanted))
            return line->params[i].value;
    return CV_S("");
}

/* -- values -- */

cv_slice cv_line_unescape(cv_arena *arena, cv_slice value)
{
    uint8_t *out = cv_arena_alloc(arena, value.len + 1);
    size_t len = 0;

    if (!out)
        return (cv_slice){ 0 };
    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = value.ptr[i];
        if (c == '\\' && i + 1 < value.len) {
            uint8_t next = value.ptr[i + 1];
            if (next == 'n' || next == 'N')
                c = '\n';
            else if (next == '\\' || next == ',' || next == ';' ||
                     next == ':' || next == '"')
                c = next;
            else
                i--; /* no escape of RFC 5545: the backslash stays */
            i++;
        }
        if (c >= 0x20 || c == '\n' || c == '\t')
            out[len++] = c;
    }
    return cv_slice_of(out, len);
}

cv_slice cv_line_decode_qp(cv_arena *arena, cv_slice value)
{
    uint8_t *out = cv_arena_alloc(arena, value.len + 1);
    size_t len = 0;

    if (!out)
        return (cv_slice){ 0 };
    for (size_t i = 0; i < value.len; i++) {
        int high = -1, low = -1;
        if (value.ptr[i] == '=' && i + 2 < value.len) {
            high = cv_hex_digit(value.ptr[i + 1]);
            low = cv_hex_digit(value.ptr[i + 2]);
        }
        if (high >= 0 && low >= 0) {
            out[len++] = (uint8_t)(high * 16 + low);
            i += 2;
        } else {
            out[len++] = value.ptr[i];
        }
    }
    return cv_slice_of(out, len);
}

cv_slice cv_line_value_text(cv_arena *arena, const cv_content_line *line)
{
    cv_slice value = line->value;

    if (cv_slice_ieq(cv_line_param_get(line, "ENCODING"),
                     CV_S("QUOTED-PRINTABLE"))) {
        value = cv_line_decode_qp(arena, value);
        value = cv_charset_to_utf8(arena, cv_line_param_get(line, "CHARSET"),
                                   value, NULL);
    }
    return cv_line_unescape(arena, value);
}

cv_slice cv_line_field_next(cv_slice *rest, uint8_t separator)
{
    for (size_t i = 0; i < rest->len; i++) {
        if (rest->ptr[i] == '\\') {
            i++;
        } else if (rest->ptr[i] == separator) {
            cv_slice item = cv_slice_sub(*rest, 0, i);
            *rest = cv_slice_sub(*rest, i + 1, CV_NPOS);
            return item;
        }
    }
    cv_slice item = *rest;
    *rest = (cv_slice){ 0 };
    return item;
}
