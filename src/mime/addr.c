#include "mime/mime_private.h"

#include <string.h>

/* One pass over the field, element by element. An element is a phrase (with
 * quoted strings undone), perhaps an address in angle brackets, perhaps a
 * comment. */
typedef struct reader {
    cv_arena *arena;
    cv_slice in;
    cv_slice charset;
    cv_report *report;
    cv_error *err;
    size_t pos;
    cv_mime_address *list;
    size_t count, room;
    cv_slice group;
    size_t groups;
    size_t bad;
    bool limit;
    bool no_quote;   /* no closing quote ahead */
    bool no_nesting; /* comments are not balanced: the first ')' ends one */
    bool no_paren;   /* no ')' ahead */
    /* the element being read */
    cv_buf phrase;
    cv_slice comment;
    cv_slice angle;
    bool has_angle, has_quote, has_space;
    bool blank; /* white space waits before the next word */
} reader;

static void reset_element(reader *r)
{
    cv_buf_reset(&r->phrase);
    r->comment = r->angle = (cv_slice){ NULL, 0 };
    r->has_angle = r->has_quote = r->has_space = r->blank = false;
}

static uint8_t last_byte(const cv_buf *buf)
{
    return buf->len ? buf->data[buf->len - 1] : 0;
}

static void put_phrase(reader *r, uint8_t c)
{
    /* No blanks around '@': "john @ example.com" (RFC 5322 4.4). */
    if (r->blank && r->phrase.len && c != '@' && last_byte(&r->phrase) != '@') {
        cv_buf_put_byte(&r->phrase, ' ');
        r->has_space = true;
    }
    r->blank = false;
    cv_buf_put_byte(&r->phrase, c);
}

/* -- salvage of one address -- */

static bool has_at(cv_slice s)
{
    return cv_slice_find_byte(s, '@', 0) != CV_NPOS;
}

/* Without "mailto:", source route, brackets and blanks. */
static cv_slice clean_address(cv_slice s)
{
    s = cv_slice_trim(s);
    if (cv_slice_istarts(s, CV_S("mailto:")) ||
        cv_slice_istarts(s, CV_S("smtp:")))
        s = cv_slice_sub(s, cv_slice_find_byte(s, ':', 0) + 1, s.len);
    size_t colon =
        cv_slice_starts(s, CV_S("@")) ? cv_slice_find_byte(s, ':', 0) : CV_NPOS;
    if (colon != CV_NPOS)
        s = cv_slice_sub(s, colon + 1, s.len);
    return cv_slice_trim(s);
}

static cv_slice strip_blanks(cv_arena *arena, cv_slice s)
{
    bool any = false;
    for (size_t i = 0; i < s.len; i++)
        any |= cv_mime_is_blank(s.ptr[i]) || s.ptr[i] == 0;
    if (!any || !has_at(s) || cv_slice_find_byte(s, '"', 0) != CV_NPOS)
        return s;
    uint8_t *copy = cv_arena_alloc(arena, s.len);
    size_t n = 0;
    for (size_t i = 0; copy && i < s.len; i++)
        if (!cv_mime_is_blank(s.ptr[i]) && s.ptr[i] != 0)
            copy[n++] = s.ptr[i];
    return cv_slice_of(copy, n);
}

/* The word of a phrase that holds '@', as in "John Smith john@x.com"; *name
 * keeps what stands before it. */
static cv_slice address_word(cv_slice phrase, cv_slice *name)
{
    size_t at = phrase.len;
    while (at > 0 && phrase.ptr[at - 1] != '@')
        at--;
    size_t start = at, end = at;
    while (start > 0 && phrase.ptr[start - 1] != ' ')
        start--;
    while (end < phrase.len && phrase.ptr[end] != ' ')
        end++;
    *name = cv_slice_trim(cv_slice_sub(phrase, 0, start));
    return cv_slice_sub(phrase, start, end - start);
}

static cv_status decode(reader *r, cv_slice raw, cv_slice *out)
{
    if (raw.len == 0) {
        *out = CV_S("");
        return CV_OK;
    }
    return cv_mime_decode_text(r->arena, raw, r->charset, out, r->err);
}

static cv_status add_address(reader *r, cv_slice name, cv_slice address)
{
    if (r->count == CV_LIMIT_ADDRESSES) {
        r->limit = true;
        return CV_OK;
    }
    if (r->count == r->room) {
        size_t room = r->room ? r->room * 2 : 4;
        cv_mime_address *list = cv_arena_array(r->arena, room, sizeof *list);
        if (!list)
            return cv_arena_fail(r->arena, r->err);
        if (r->count)
            memcpy(list, r->list, r->count * sizeof *list);
        r->list = list;
        r->room = room;
    }
    cv_mime_address *a = &r->list[r->count];
    CV_TRY(decode(r, name, &a->name));
    a->name = cv_slice_trim(a->name);
    CV_TRY(decode(r, address, &a->address));
    a->group = r->group;
    r->count++;
    return CV_OK;
}

/* Ends the element that was read. */
static cv_status end_element(reader *r)
{
    cv_slice phrase = cv_slice_trim(cv_buf_slice(&r->phrase));
    cv_slice name = phrase, address = clean_address(r->angle);
    if (!r->has_angle || !address.len) {
        if (has_at(phrase) && !r->has_quote) {
            address = clean_address(address_word(phrase, &name));
        } else if (has_at(phrase) && !r->has_space) {
            address = phrase; /* "john doe"@example.com */
            name = CV_S("");
        } else if (phrase.len && !r->has_space && !r->has_quote &&
                   !r->has_angle) {
            address = phrase;
            name = CV_S("");
        }
    }
    cv_status status = CV_OK;
    if (name.len == 0)
        name = r->comment;
    if (name.len || address.len) {
        name = cv_arena_dup(r->arena, name);
        address = strip_blanks(r->arena, cv_arena_dup(r->arena, address));
        if (!name.ptr || !address.ptr)
            return cv_arena_fail(r->arena, r->err);
        status = add_address(r, name, address);
    }
    reset_element(r);
    return status;
}

/* -- tokens -- */

/* Would the quoted string before `close` swallow an address? Then its first
 * quote is a stray one (C030). A name may look so, too, but an address in angle
 * brackets stands behind it. */
static bool swallows_address(cv_slice in, size_t open, size_t close)
{
    size_t behind = close + 1;
    while (behind < in.len && cv_mime_is_blank(in.ptr[behind]))
        behind++;
    if (behind < in.len && in.ptr[behind] == '<')
        return false;
    cv_slice inside = cv_slice_sub(in, open, close - open);
    size_t end = cv_slice_find_byte(inside, '>', 0);
    if (end == CV_NPOS || !has_at(inside))
        return false;
    while (++end < inside.len && cv_mime_is_blank(inside.ptr[end]))
        ;
    return end < inside.len && inside.ptr[end] == ',';
}

static void read_quoted(reader *r)
{
    size_t open = r->pos + 1, i = open;
    r->pos = open;
    if (r->no_quote) {
        r->bad++;
        return;
    }
    while (i < r->in.len && r->in.ptr[i] != '"')
        i += r->in.ptr[i] == '\\' ? 2 : 1;
    if (i >= r->in.len) {
        r->no_quote = true;
        r->bad++;
        return;
    }
    if (swallows_address(r->in, open, i)) {
        r->bad++;
        return;
    }
    bool local_part = i + 1 < r->in.len && r->in.ptr[i + 1] == '@';
    if (local_part)
        put_phrase(r, '"');
    for (size_t k = open; k < i; k++) {
        if (r->in.ptr[k] == '\\' && k + 1 < i && !local_part)
            k++;
        put_phrase(r, r->in.ptr[k]);
    }
    if (local_part)
        put_phrase(r, '"');
    r->has_quote = true;
    r->pos = i + 1;
}

/* Place of the ')' that ends the comment at r->pos, CV_NPOS when none. */
static size_t comment_end(reader *r)
{
    size_t depth = 0;
    for (size_t i = r->pos; !r->no_nesting && i < r->in.len; i++) {
        uint8_t c = r->in.ptr[i];
        if (c == '\\')
            i++;
        else if (c == '(')
            depth++;
        else if (c == ')' && --depth == 0)
            return i;
    }
    r->no_nesting = true;
    size_t end = r->no_paren ? CV_NPOS : cv_slice_find_byte(r->in, ')', r->pos);
    r->no_paren = end == CV_NPOS;
    return end;
}

static void read_comment(reader *r)
{
    size_t end = comment_end(r);
    r->blank = true;
    if (end == CV_NPOS) {
        r->bad++;
        r->pos++;
        return;
    }
    if (r->comment.len == 0)
        r->comment =
            cv_slice_trim(cv_slice_sub(r->in, r->pos + 1, end - r->pos - 1));
    r->pos = end + 1;
}

/* Angle brackets end at '>', or where the next element must begin. */
static cv_status read_angle(reader *r)
{
    if (r->has_angle && r->angle.len) {
        r->bad++; /* "<a@b> <c@d>": the comma was forgotten */
        CV_TRY(end_element(r));
    }
    size_t start = ++r->pos, i = start;
    while (start < r->in.len && r->in.ptr[start] == '<')
        start = i = start + 1;
    bool route = start < r->in.len && r->in.ptr[start] == '@';
    bool quoted = false;
    for (; i < r->in.len; i++) {
        uint8_t c = r->in.ptr[i];
        if (c == '"')
            quoted = !quoted;
        if (c == '>' || c == '<' || (c == ',' && !route && !quoted))
            break;
    }
    bool closed = i < r->in.len && r->in.ptr[i] == '>';
    r->angle = cv_slice_sub(r->in, start, i - start);
    r->has_angle = true;
    r->blank = true;
    r->bad += !closed;
    r->pos = closed ? i + 1 : i;
    return CV_OK;
}

/* A colon ends a group's name, unless an address stands before it. */
static cv_status read_colon(reader *r)
{
    cv_slice phrase = cv_slice_trim(cv_buf_slice(&r->phrase));
    bool scheme = cv_slice_ieq(phrase, CV_S("mailto")) ||
                  cv_slice_ieq(phrase, CV_S("smtp"));
    r->pos++;
    if (scheme) {
        reset_element(r);
        return CV_OK;
    }
    if (has_at(phrase) || r->has_angle || r->groups == CV_LIMIT_MIME_GROUPS) {
        r->limit |= r->groups == CV_LIMIT_MIME_GROUPS;
        put_phrase(r, ':');
        return CV_OK;
    }
    r->groups++;
    phrase = cv_arena_dup(r->arena, phrase);
    if (!phrase.ptr)
        return cv_arena_fail(r->arena, r->err);
    CV_TRY(decode(r, phrase, &r->group));
    reset_element(r);
    return CV_OK;
}

/* "Doe, John <john@x>": an unquoted comma in a name. What stands before it
 * has no address, so that nobody is lost. */
static bool comma_in_name(reader *r)
{
    if (r->has_angle || r->has_quote || has_at(cv_buf_slice(&r->phrase)) ||
        r->phrase.len == 0)
        return false;
    for (size_t i = r->pos + 1; i < r->in.len; i++) {
        uint8_t c = r->in.ptr[i];
        if (c == '<')
            return i > r->pos + 2;
        if (c == ',' || c == ';' || c == ':' || c == '@' || c == '"')
            return false;
    }
    return false;
}

static void read_domain_literal(reader *r)
{
    enum { LITERAL_MAX = 64 };
    cv_slice near = cv_slice_sub(r->in, r->pos, LITERAL_MAX);
    size_t end = cv_slice_find_byte(near, ']', 0);
    size_t stop = end == CV_NPOS ? r->pos : r->pos + end;
    for (; r->pos <= stop; r->pos++)
        put_phrase(r, r->in.ptr[r->pos]);
}

/* "Zoe [SMTP:zoe@x]", "[EX:/o=x/cn=y]": as Outlook shows addresses. */
static bool read_typed(reader *r)
{
    static const char *const types[] = { "SMTP:", "mailto:", "EX:" };
    enum { ADDRESS_MAX = 1024 };
    cv_slice near = cv_slice_sub(r->in, r->pos + 1, ADDRESS_MAX);
    size_t end = cv_slice_find_byte(near, ']', 0);

    if (r->has_angle || end == CV_NPOS)
        return false;
    for (size_t i = 0; i < CV_LEN(types); i++) {
        if (!cv_slice_istarts(near, cv_slice_cstr(types[i])))
            continue;
        size_t skip = strlen(types[i]);
        r->angle = cv_slice_trim(cv_slice_sub(near, skip, end - skip));
        r->has_angle = r->angle.len != 0;
        r->blank = true;
        r->pos += end + 2;
        return true;
    }
    return false;
}

static cv_status read_token(reader *r)
{
    uint8_t c = r->in.ptr[r->pos];
    switch (c) {
    case '"':
        read_quoted(r);
        return CV_OK;
    case '(':
        read_comment(r);
        return CV_OK;
    case '<':
        return read_angle(r);
    case ':':
        return read_colon(r);
    case '[':
        if (last_byte(&r->phrase) == '@') {
            read_domain_literal(r);
            return CV_OK;
        }
        if (read_typed(r))
            return CV_OK;
        break;
    case ',':
        if (comma_in_name(r))
            break;
        r->pos++;
        return end_element(r);
    case ';':
        r->pos++;
        CV_TRY(end_element(r));
        r->group = (cv_slice){ NULL, 0 };
        return CV_OK;
    case '>':
    case ')':
        r->bad++;
        r->blank = true;
        r->pos++;
        return CV_OK;
    default:
        break;
    }
    if (cv_mime_is_blank(c) || c == 0)
        r->blank = true;
    else
        put_phrase(r, c);
    r->pos++;
    return CV_OK;
}

static cv_status read_list(reader *r)
{
    while (r->pos < r->in.len && !(r->limit && r->count == CV_LIMIT_ADDRESSES))
        CV_TRY(read_token(r));
    CV_TRY(end_element(r));
    return cv_buf_status(&r->phrase, r->err);
}

cv_status cv_mime_addresses(cv_arena *arena, cv_slice raw, cv_slice charset,
                            cv_mime_address **out, size_t *count,
                            cv_report *report, cv_error *err)
{
    reader r = { .arena = arena,
                 .in = raw,
                 .charset = charset,
                 .report = report,
                 .err = err };
    cv_buf_init(&r.phrase, 0);
    cv_status status = read_list(&r);
    cv_buf_clear(&r.phrase);
    CV_TRY(status);
    if (r.bad)
        cv_report_say(report, CV_RULE_ADDRESS_BAD, CV_S(""), CV_S(""),
                      cv_slice_sub(raw, 0, 60),
                      "brackets or quotes do not match in %zu places", r.bad);
    if (r.limit)
        cv_report_say(report, CV_RULE_LIMIT, CV_S(""), CV_S(""),
                      r.count == CV_LIMIT_ADDRESSES
                          ? CV_S("CV_LIMIT_ADDRESSES")
                          : CV_S("CV_LIMIT_MIME_GROUPS"),
                      "further addresses or groups are left out");
    *out = r.list;
    *count = r.count;
    return CV_OK;
}
