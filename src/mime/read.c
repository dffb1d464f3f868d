#include "mime/mime_private.h"

#include <string.h>

/* A multipart that is open. Its boundary may have been folded, and which of
 * the ways to undo that was meant shows when one of them occurs (C025). */
typedef struct level {
    cv_slice boundary[4];
    unsigned count;
} level;

/* A delimiter line, or the end of the input (level -1). */
typedef struct delim {
    size_t start, next; /* its line, the line after it */
    int level;
    bool close;
} delim;

typedef struct walk {
    cv_arena *arena;
    cv_report *report;
    cv_error *err;
    cv_relax relax;
    cv_mime_lines lines;
    level levels[CV_LIMIT_MIME_DEPTH];
    size_t base;  /* levels below belong to another input */
    size_t count; /* levels in use */
    size_t depth; /* parts within parts */
    size_t parts;
} walk;

static cv_status read_entity(walk *w, size_t start, cv_slice default_type,
                             cv_slice path, cv_mime_part **out, delim *stop);

static void say(walk *w, cv_rule_id rule, cv_slice path, cv_slice property,
                const char *done)
{
    cv_report_say(w->report, rule, path, property, CV_S(""), "%s", done);
}

/* -- delimiters -- */

/* Behind a delimiter only blanks may stand. The place after its line end, or
 * CV_NPOS when there is more. */
static size_t after_delim(const cv_mime_lines *lines, size_t pos)
{
    cv_slice in = lines->in;
    while (pos < in.len && (in.ptr[pos] == ' ' || in.ptr[pos] == '\t'))
        pos++;
    size_t cr = pos;
    while (cr < in.len && in.ptr[cr] == '\r')
        cr++;
    if (cr < in.len && in.ptr[cr] == '\n')
        return cr + 1;
    if (pos == in.len || cr > pos)
        return pos == in.len ? pos : pos + 1;
    return CV_NPOS;
}

/* Is `boundary` at pos, which follows the dashes? */
static bool match_boundary(const cv_mime_lines *lines, size_t pos,
                           cv_slice boundary, delim *d)
{
    cv_slice in = lines->in;
    /* The last byte differs most often: cheap where a hundred are open. */
    if (in.len - pos < boundary.len ||
        in.ptr[pos + boundary.len - 1] != boundary.ptr[boundary.len - 1] ||
        memcmp(in.ptr + pos, boundary.ptr, boundary.len) != 0)
        return false;
    pos += boundary.len;
    d->close = in.len - pos >= 2 && memcmp(in.ptr + pos, "--", 2) == 0;
    d->next = after_delim(lines, d->close ? pos + 2 : pos);
    return d->next != CV_NPOS;
}

static bool match_level(const cv_mime_lines *lines, size_t pos, level *l,
                        delim *d)
{
    for (unsigned i = 0; i < l->count; i++) {
        cv_slice b = l->boundary[i];
        if (match_boundary(lines, pos, b, d)) {
            l->boundary[0] = b;
            l->count = 1;
            return true;
        }
    }
    return false;
}

/* Does the line at pos, which begins with "--", delimit an open multipart? */
static bool match_delim(walk *w, size_t pos, delim *d)
{
    cv_slice in = w->lines.in;
    if (in.len - pos < 3 || cv_mime_is_blank(in.ptr[pos + 2]))
        return false;
    for (size_t i = w->count; i-- > w->base;) {
        if (match_level(&w->lines, pos + 2, &w->levels[i], d)) {
            d->start = pos;
            d->level = (int)i;
            return true;
        }
    }
    return false;
}

/* Place of the next dash at or after pos. */
static size_t next_dash(const walk *w, size_t pos)
{
    cv_slice in = w->lines.in;
    while (pos < in.len) {
        size_t i =
            cv_slice_find_byte(cv_slice_sub(in, pos, CV_RELAX_BYTES), '-', 0);
        if (i != CV_NPOS)
            return pos + i;
        if (in.len - pos > CV_RELAX_BYTES && w->relax.fn)
            w->relax.fn(w->relax.ctx);
        pos += in.len - pos < CV_RELAX_BYTES ? in.len - pos : CV_RELAX_BYTES;
    }
    return CV_NPOS;
}

/* Place of the next "--" at or after pos that begins a line. */
static size_t next_dashes(const walk *w, size_t pos)
{
    cv_slice in = w->lines.in;
    for (size_t i = pos;; i++) {
        i = next_dash(w, i);
        if (i == CV_NPOS || i + 1 >= in.len)
            return CV_NPOS;
        if (in.ptr[i + 1] == '-' &&
            (i == 0 || in.ptr[i - 1] == '\n' || in.ptr[i - 1] == '\r'))
            return i;
    }
}

static void find_delim(walk *w, size_t pos, delim *d)
{
    size_t end = w->lines.in.len;
    while (w->count > w->base && pos < end) {
        pos = next_dashes(w, pos);
        if (pos == CV_NPOS)
            break;
        if (match_delim(w, pos, d))
            return;
        pos++;
    }
    *d = (delim){ end, end, -1, false };
}

/* Where a body ends that d ends: its last line end belongs to d. */
static size_t body_end(const walk *w, size_t body, const delim *d)
{
    size_t end = d->start;
    const uint8_t *in = w->lines.in.ptr;
    if (d->level < 0 || end <= body)
        return end < body ? body : end;
    if (in[end - 1] == '\n') {
        end--;
        if (end > body && in[end - 1] == '\r')
            end--;
    } else if (in[end - 1] == '\r') {
        end--;
    }
    return end;
}

static cv_slice range(const walk *w, size_t from, size_t to)
{
    return cv_slice_sub(w->lines.in, from, to > from ? to - from : 0);
}

/* -- header blocks -- */

typedef struct head {
    cv_mime_field *fields;
    size_t count, room;
    size_t name, value, value_end; /* of the field being read */
    size_t name_len;               /* 0: none is being read */
    size_t end;                    /* of the block */
    size_t body;
    bool cut;          /* a delimiter ended the block */
    const char *limit; /* name of the one that was met; NULL */
    bool nul, garbage, no_blank;
} head;

static cv_status grow_fields(walk *w, head *h)
{
    if (h->count < h->room)
        return CV_OK;
    size_t room = h->room ? h->room * 2 : 8;
    cv_mime_field *fields = cv_arena_array(w->arena, room, sizeof *fields);
    if (!fields)
        return cv_arena_fail(w->arena, w->err);
    if (h->count)
        memcpy(fields, h->fields, h->count * sizeof *fields);
    h->fields = fields;
    h->room = room;
    return CV_OK;
}

/* Adds the field that was being read, if any. */
static cv_status end_field(walk *w, head *h)
{
    if (h->name_len == 0)
        return CV_OK;
    cv_slice name = range(w, h->name, h->name + h->name_len);
    cv_slice raw = range(w, h->value, h->value_end);
    h->name_len = 0;
    if (h->count == CV_LIMIT_MIME_HEADERS) {
        h->limit = "CV_LIMIT_MIME_HEADERS";
        return CV_OK;
    }
    if (raw.len > CV_LIMIT_MIME_HEADER_BYTES)
        h->limit = "CV_LIMIT_MIME_HEADER_BYTES";
    raw = cv_slice_sub(raw, 0, CV_LIMIT_MIME_HEADER_BYTES);
    CV_TRY(grow_fields(w, h));
    cv_slice text = cv_mime_unfold(w->arena, raw);
    if (raw.len && !text.ptr)
        return cv_arena_fail(w->arena, w->err);
    h->nul |= cv_slice_find_byte(raw, 0, 0) != CV_NPOS;
    h->fields[h->count++] =
        (cv_mime_field){ .name = name, .raw = raw, .text = text };
    return CV_OK;
}

/* A line of blanks folds the field when the block goes on after it. */
static bool blank_line_folds(const walk *w, size_t next)
{
    size_t after, value;
    cv_slice line = cv_mime_line(&w->lines, next, &after);
    return line.len == 0 || cv_mime_header_name(line, &value) ||
           ((line.ptr[0] == ' ' || line.ptr[0] == '\t') &&
            !cv_mime_all_blank(line));
}

/* Is a line without colon damage within the header block, not the first line
 * of a body that no blank line precedes? */
static bool is_garbage(const walk *w, cv_slice line, size_t next)
{
    size_t after, value;
    if (next >= w->lines.in.len)
        return false;
    cv_slice following = cv_mime_line(&w->lines, next, &after);
    if (cv_mime_is_known_header(following))
        return true;
    return cv_slice_find_byte(line, ':', 0) != CV_NPOS &&
           cv_mime_header_name(following, &value) > 0;
}

/* One line of the block; false when the block is over. */
static bool head_line(walk *w, head *h, size_t pos, size_t next, cv_slice line,
                      cv_status *status)
{
    size_t value, n;
    bool folded = line.len && (line.ptr[0] == ' ' || line.ptr[0] == '\t');
    if (line.len == 0 ||
        (folded && cv_mime_all_blank(line) && !blank_line_folds(w, next))) {
        h->body = next;
        return false;
    }
    if (folded && (h->name_len || h->garbage)) {
        h->value_end = pos + line.len;
        return true;
    }
    n = folded ? 0 : cv_mime_header_name(line, &value);
    if (n == 0 && !is_garbage(w, line, next)) {
        h->body = pos;
        h->no_blank = h->count > 0 || h->name_len > 0;
        return false;
    }
    *status = end_field(w, h);
    if (n == 0) {
        h->garbage = true;
        return *status == CV_OK;
    }
    h->name = pos;
    h->name_len = n;
    h->value = pos + value;
    h->value_end = pos + line.len;
    return *status == CV_OK;
}

static cv_status read_head(walk *w, size_t start, head *h, delim *d)
{
    cv_status status = CV_OK;
    size_t len = w->lines.in.len, next;
    *h = (head){ .end = len, .body = len };
    for (size_t pos = start; pos < len; pos = next) {
        cv_slice line = cv_mime_line(&w->lines, pos, &next);
        h->end = pos;
        if (cv_slice_starts(line, CV_S("--")) && match_delim(w, pos, d)) {
            h->cut = true;
            h->body = pos;
            break;
        }
        /* mbox's line is no header, whatever follows it. */
        if (pos == start && (cv_slice_starts(line, CV_S("From ")) ||
                             cv_slice_starts(line, CV_S(">From "))))
            continue;
        if (!head_line(w, h, pos, next, line, &status))
            break;
        h->end = next;
    }
    CV_TRY(status);
    return end_field(w, h);
}

static void report_head(walk *w, const cv_mime_part *part, const head *h)
{
    if (h->garbage)
        say(w, CV_RULE_MIME_HEADER_SYNTAX, part->path, CV_S(""),
            "a line that is no header was skipped");
    if (h->no_blank)
        say(w, CV_RULE_MIME_STRUCTURE, part->path, CV_S(""),
            "no blank line before the body; it begins at the first line that "
            "is no header");
    if (h->nul)
        say(w, CV_RULE_MIME_NUL, part->path, CV_S(""),
            "NUL in a header became a space");
    if (h->limit)
        cv_report_say(w->report, CV_RULE_LIMIT, part->path, CV_S(""),
                      cv_slice_cstr(h->limit),
                      "the rest of the field or block is left out");
}

/* RFC 5322 3.6, RFC 2045: fields that may stand once. */
static void report_duplicates(walk *w, const cv_mime_part *part)
{
    static const char *const once[] = { "From",
                                        "Sender",
                                        "Reply-To",
                                        "Subject",
                                        "Date",
                                        "Message-ID",
                                        "In-Reply-To",
                                        "References",
                                        "MIME-Version",
                                        "Content-Type",
                                        "Content-Transfer-Encoding",
                                        "Content-Disposition",
                                        "Content-ID" };
    unsigned seen = 0, said = 0;
    for (size_t i = 0; i < part->field_count; i++) {
        for (unsigned k = 0; k < CV_LEN(once); k++) {
            if (!cv_slice_ieq(part->fields[i].name, cv_slice_cstr(once[k])))
                continue;
            unsigned bit = 1u << k;
            if ((seen & bit) && !(said & bit))
                say(w, CV_RULE_MIME_DUPLICATE_HEADER, part->path,
                    cv_slice_cstr(once[k]), "the first one counts");
            said |= seen & bit;
            seen |= bit;
        }
    }
}

/* -- boundaries -- */

static bool same_boundary(const level *l, cv_slice b)
{
    for (unsigned i = 0; i < l->count; i++)
        if (cv_slice_eq(l->boundary[i], b))
            return true;
    return false;
}

static void add_boundary(level *l, cv_slice b)
{
    while (b.len && cv_mime_is_blank(b.ptr[b.len - 1]))
        b.len--;
    if (b.len && l->count < CV_LEN(l->boundary) && !same_boundary(l, b))
        l->boundary[l->count++] = b;
}

/* The boundary again from the field's raw bytes with `with` in place of each
 * fold. */
static cv_status add_refolded(walk *w, const cv_mime_part *part, level *l,
                              cv_slice with)
{
    const cv_mime_field *f = cv_mime_field_get(part, CV_S("Content-Type"));
    cv_slice rest, text = cv_mime_refold(w->arena, cv_slice_trim(f->raw), with);
    cv_mime_value_head(text, &rest);
    cv_mime_param_list params;
    CV_TRY(cv_mime_params_read(w->arena, rest, &params, NULL, part->path,
                               f->name, w->err));
    for (size_t i = 0; i < params.count; i++)
        if (cv_slice_eq(params.list[i].name, CV_S("boundary")))
            add_boundary(l, params.list[i].value);
    return CV_OK;
}

/* Values of parameters have blanks where the field has tabs. */
static cv_status add_tabbed(walk *w, cv_slice raw, cv_slice b, level *l)
{
    if (cv_slice_find_byte(raw, '\t', 0) == CV_NPOS)
        return CV_OK;
    b = cv_arena_dup(w->arena, b);
    if (!b.ptr)
        return cv_arena_fail(w->arena, w->err);
    uint8_t *bytes = (uint8_t *)b.ptr;
    for (size_t i = 0; i < b.len; i++)
        bytes[i] = bytes[i] == ' ' ? '\t' : bytes[i];
    add_boundary(l, b);
    return CV_OK;
}

static cv_status boundaries_of(walk *w, const cv_mime_part *part, level *l)
{
    *l = (level){ .count = 0 };
    cv_slice b = cv_mime_param_get(part, CV_S("boundary"));
    if (b.len == 0)
        return CV_OK;
    add_boundary(l, b);
    if (b.len > 70)
        cv_report_say(w->report, CV_RULE_MIME_STRUCTURE, part->path,
                      CV_S("Content-Type"), cv_slice_sub(b, 0, 60),
                      "a boundary of %zu characters", b.len);
    const cv_mime_field *f = cv_mime_field_get(part, CV_S("Content-Type"));
    if (!f || cv_slice_find(f->raw, b, 0) != CV_NPOS)
        return CV_OK;
    CV_TRY(add_refolded(w, part, l, CV_S(" ")));
    CV_TRY(add_refolded(w, part, l, CV_S("")));
    return add_tabbed(w, f->raw, b, l);
}

/* A line "--x" with part headers or a blank line behind it gives the boundary
 * that the header does not give, or gives wrong. */
static bool guess_boundary(const walk *w, size_t from, size_t to, level *l)
{
    enum { BOUNDARY_MAX = 250, HEADER_MAX = 100 };
    for (size_t pos = from; (pos = next_dashes(w, pos)) < to; pos++) {
        size_t next, after;
        cv_mime_lines near = w->lines;
        near.in = cv_slice_sub(near.in, pos, BOUNDARY_MAX + HEADER_MAX);
        cv_slice line = cv_slice_trim(cv_mime_line(&near, 0, &next));
        cv_slice following = cv_mime_line(&near, next, &after);
        if (line.len < 3 || line.len > BOUNDARY_MAX || pos + next >= to ||
            cv_slice_find_byte(line, ' ', 0) != CV_NPOS ||
            !cv_slice_istarts(following, CV_S("content-")) ||
            !cv_mime_is_known_header(following))
            continue;
        l->count = 0;
        add_boundary(l, cv_slice_sub(line, 2, line.len));
        return l->count > 0;
    }
    return false;
}

/* -- parts -- */

static cv_status new_part(walk *w, cv_slice path, cv_mime_part **out)
{
    cv_mime_part *part = cv_arena_alloc(w->arena, sizeof *part);
    if (!part)
        return cv_arena_fail(w->arena, w->err);
    part->path = path;
    part->relax = w->relax;
    part->encoding = CV_S("7bit");
    w->parts++;
    *out = part;
    return CV_OK;
}

static cv_status add_child(walk *w, cv_mime_part *part, cv_mime_part *child)
{
    size_t n = part->child_count;
    if ((n & (n - 1)) == 0) { /* full at each power of two */
        cv_mime_part **list =
            cv_arena_array(w->arena, n ? n * 2 : 1, sizeof *list);
        if (!list)
            return cv_arena_fail(w->arena, w->err);
        if (n)
            memcpy(list, part->children, n * sizeof *list);
        part->children = list;
    }
    part->children[part->child_count++] = child;
    return CV_OK;
}

static cv_slice child_path(walk *w, const cv_mime_part *part)
{
    return cv_arena_printf(w->arena, "%.*s%spart[%zu]", CV_FMT(part->path),
                           part->path.len ? "." : "", part->child_count);
}

/* Bytes that are not looked into any further, as one child. */
static cv_status add_opaque(walk *w, cv_mime_part *part, size_t from, size_t to,
                            const char *type, const char *subtype)
{
    cv_mime_part *child = NULL;
    CV_TRY(new_part(w, child_path(w, part), &child));
    child->type = cv_slice_cstr(type);
    child->subtype = cv_slice_cstr(subtype);
    child->header_bytes = range(w, from, from);
    child->body_bytes = child->entity_bytes = range(w, from, to);
    child->data = cv_blob_mem(child->body_bytes);
    return add_child(w, part, child);
}

/* The multipart is none: its body is one text, or one file. */
static void make_leaf(cv_mime_part *part, const char *type, const char *subtype)
{
    part->kind = CV_MIME_LEAF;
    part->type = cv_slice_cstr(type);
    part->subtype = cv_slice_cstr(subtype);
}

/* Text before the first delimiter. "This is a multi-part message" is left
 * out; what is big or looks like a part is one (C027). */
static cv_status read_prologue(walk *w, cv_mime_part *part, size_t body,
                               const delim *d)
{
    enum { PROLOGUE_MAX = 1024 };
    size_t end = body_end(w, body, d), next, value;
    cv_slice text = cv_slice_trim(range(w, body, end));
    if (text.len == 0 || cv_slice_eq(part->subtype, CV_S("signed")) ||
        cv_slice_eq(part->subtype, CV_S("encrypted")))
        return CV_OK;
    size_t start = (size_t)(text.ptr - w->lines.in.ptr);
    cv_slice line = cv_mime_line(&w->lines, start, &next);
    bool headers = cv_slice_istarts(line, CV_S("content-")) &&
                   cv_mime_header_name(line, &value) > 0;
    if (!headers && text.len < PROLOGUE_MAX && !d->close)
        return CV_OK;
    say(w, CV_RULE_MIME_STRUCTURE, part->path, CV_S(""),
        "text before the first delimiter was taken as a part");
    if (!headers)
        return add_opaque(w, part, body, end, "text", "plain");
    cv_mime_part *child = NULL;
    delim stop;
    size_t len = w->lines.in.len;
    w->lines.in.len = end;
    cv_status status = read_entity(w, start, CV_S("text/plain"),
                                   child_path(w, part), &child, &stop);
    w->lines.in.len = len;
    CV_TRY(status);
    return add_child(w, part, child);
}

/* Parts while *d delimits this multipart, which is the innermost level. */
static cv_status read_children(walk *w, cv_mime_part *part, delim *d)
{
    int own = (int)w->count - 1;
    cv_slice type = cv_slice_eq(part->subtype, CV_S("digest"))
                        ? CV_S("message/rfc822")
                        : CV_S("text/plain");
    while (d->level == own && !d->close) {
        size_t from = d->next;
        if (from >= w->lines.in.len && part->child_count) {
            *d = (delim){ from, from, -1, false };
            break;
        }
        if (w->parts >= CV_LIMIT_MIME_PARTS) {
            w->count--;
            find_delim(w, from, d);
            w->count++;
            cv_report_say(w->report, CV_RULE_LIMIT, part->path, CV_S(""),
                          CV_S("CV_LIMIT_MIME_PARTS"), "the rest is one file");
            return add_opaque(w, part, from, body_end(w, from, d),
                              "application", "octet-stream");
        }
        cv_mime_part *child;
        CV_TRY(read_entity(w, from, type, child_path(w, part), &child, d));
        CV_TRY(add_child(w, part, child));
    }
    return CV_OK;
}

static void read_epilogue(walk *w, cv_mime_part *part, size_t from, delim *stop)
{
    find_delim(w, from, stop);
    cv_slice text = cv_slice_trim(range(w, from, body_end(w, from, stop)));
    const cv_finding note = { .rule = CV_RULE_MIME_STRUCTURE,
                              .severity = CV_NOTE,
                              .path = part->path,
                              .found = cv_slice_sub(text, 0, 60),
                              .done = CV_S("text after the last part belongs "
                                           "to no part"),
                              .offset = UINT64_MAX };
    if (text.len)
        cv_report_add(w->report, &note);
}

/* The first delimiter of the level that was just opened, by guess when the
 * boundary does not occur. False: there is none. */
static bool open_multipart(walk *w, const cv_mime_part *part, size_t body,
                           delim *d)
{
    int own = (int)w->count - 1;
    find_delim(w, body, d);
    if (d->level == own)
        return true;
    level guess = { .count = 0 };
    if (!guess_boundary(w, body, d->start, &guess))
        return false;
    w->levels[own] = guess;
    find_delim(w, body, d);
    cv_report_say(w->report, CV_RULE_MIME_STRUCTURE, part->path,
                  CV_S("Content-Type"), guess.boundary[0],
                  "the boundary does not occur; this one does");
    return d->level == own;
}

static cv_status read_multipart(walk *w, cv_mime_part *part, size_t body,
                                delim *stop)
{
    int own = (int)w->count;
    CV_TRY(boundaries_of(w, part, &w->levels[w->count]));
    w->count++;
    if (!open_multipart(w, part, body, stop)) {
        w->count--;
        make_leaf(part, "text", "plain");
        say(w, CV_RULE_MIME_STRUCTURE, part->path, CV_S("Content-Type"),
            "a multipart without parts; the body is one text");
        return CV_OK;
    }
    cv_status status = read_prologue(w, part, body, stop);
    if (status == CV_OK)
        status = read_children(w, part, stop);
    w->count--;
    CV_TRY(status);
    if (stop->level == own)
        read_epilogue(w, part, stop->next, stop);
    else
        say(w, CV_RULE_MIME_STRUCTURE, part->path, CV_S(""),
            "the multipart is not closed; it ends with what holds it");
    return CV_OK;
}

/* -- messages within messages -- */

/* Where the message begins that the bytes at pos should be: blank lines
 * before it are skipped. CV_NPOS when it is none (C036). */
static size_t message_start(const walk *w, size_t pos)
{
    enum { BLANK_LINES = 4 };
    for (int i = 0; i < BLANK_LINES && pos < w->lines.in.len; i++) {
        size_t next, value;
        cv_slice line = cv_mime_line(&w->lines, pos, &next);
        if (cv_slice_starts(line, CV_S("From ")) ||
            cv_slice_starts(line, CV_S(">From ")) ||
            cv_mime_header_name(line, &value))
            return pos;
        if (!cv_mime_all_blank(line))
            return CV_NPOS;
        pos = next;
    }
    return CV_NPOS;
}

/* The same walk over other bytes: a message that was sent in base64. */
static cv_status read_decoded(walk *w, cv_slice path, cv_slice bytes,
                              cv_mime_part **child, bool *found)
{
    cv_mime_lines lines = w->lines;
    size_t base = w->base;
    delim stop;
    w->lines = cv_mime_lines_of(bytes);
    w->base = w->count;
    size_t start = message_start(w, 0);
    cv_status status = CV_OK;
    *found = start != CV_NPOS;
    if (*found)
        status = read_entity(w, start, CV_S("text/plain"), path, child, &stop);
    w->lines = lines;
    w->base = base;
    return status;
}

static cv_status read_encoded_message(walk *w, cv_mime_part *part, size_t body,
                                      delim *stop)
{
    cv_mime_part *child = NULL;
    cv_slice bytes;
    bool found;
    find_delim(w, body, stop);
    part->body_bytes = range(w, body, body_end(w, body, stop));
    CV_TRY(cv_mime_part_set_data(w->arena, part, w->report, w->err));
    CV_TRY(cv_mime_part_bytes(part, SIZE_MAX, w->arena, &bytes, w->err));
    CV_TRY(read_decoded(w, child_path(w, part), bytes, &child, &found));
    part->data = cv_blob_mem(bytes);
    if (found)
        return add_child(w, part, child);
    part->kind = CV_MIME_LEAF;
    return CV_OK;
}

static cv_status read_message(walk *w, cv_mime_part *part, size_t body,
                              delim *stop)
{
    if (cv_mime_coding_of(part->encoding) != CV_MIME_IDENTITY) {
        CV_TRY(read_encoded_message(w, part, body, stop));
    } else {
        size_t start = message_start(w, body);
        cv_mime_part *child;
        if (start != CV_NPOS) {
            CV_TRY(read_entity(w, start, CV_S("text/plain"),
                               child_path(w, part), &child, stop));
            return add_child(w, part, child);
        }
        part->kind = CV_MIME_LEAF;
        find_delim(w, body, stop);
    }
    if (part->kind == CV_MIME_LEAF)
        say(w, CV_RULE_MIME_STRUCTURE, part->path, CV_S(""),
            "the embedded message is none; it is a file");
    return CV_OK;
}

/* -- entities -- */

static cv_status read_body(walk *w, cv_mime_part *part, size_t body,
                           delim *stop)
{
    if (part->kind != CV_MIME_LEAF && w->depth >= CV_LIMIT_MIME_DEPTH) {
        cv_report_say(w->report, CV_RULE_LIMIT, part->path, CV_S(""),
                      CV_S("CV_LIMIT_MIME_DEPTH"), "the rest is one file");
        make_leaf(part, "application", "octet-stream");
    }
    if (part->kind == CV_MIME_LEAF) {
        find_delim(w, body, stop);
        return CV_OK;
    }
    w->depth++;
    cv_status status = part->kind == CV_MIME_MULTIPART
                           ? read_multipart(w, part, body, stop)
                           : read_message(w, part, body, stop);
    w->depth--;
    return status;
}

static cv_status read_entity(walk *w, size_t start, cv_slice default_type,
                             cv_slice path, cv_mime_part **out, delim *stop)
{
    head h;
    cv_mime_part *part = NULL;
    CV_TRY(new_part(w, path, &part));
    *out = part;
    CV_TRY(read_head(w, start, &h, stop));
    part->fields = h.fields;
    part->field_count = h.count;
    part->header_bytes = range(w, start, h.end);
    report_head(w, part, &h);
    report_duplicates(w, part);
    CV_TRY(
        cv_mime_part_describe(w->arena, part, default_type, w->report, w->err));
    if (h.cut)
        part->kind = CV_MIME_LEAF;
    else
        CV_TRY(read_body(w, part, h.body, stop));
    size_t end = body_end(w, h.cut ? start : h.body, stop);
    part->entity_bytes = range(w, start, end);
    part->body_bytes = range(w, h.body, end);
    if (part->kind == CV_MIME_LEAF)
        return cv_mime_part_set_data(w->arena, part, w->report, w->err);
    if (!part->data.mem.ptr)
        part->data = cv_blob_mem(part->body_bytes);
    return CV_OK;
}

/* Skips a byte order mark, and blank lines before a header everybody knows. */
static size_t input_start(const cv_mime_lines *lines)
{
    enum { BLANK_LINES = 8 };
    size_t pos = cv_slice_starts(lines->in, CV_S("\xEF\xBB\xBF")) ? 3 : 0;
    size_t start = pos, next;
    for (int i = 0; i < BLANK_LINES && pos < lines->in.len; i++) {
        cv_slice line = cv_mime_line(lines, pos, &next);
        if (cv_mime_is_known_header(line))
            return pos;
        if (!cv_mime_all_blank(line))
            return start;
        pos = next;
    }
    return start;
}

/* Code page of a message that was saved as UTF-16, 0 for all others: a byte
 * order mark, or every other byte NUL where a header name must stand. */
static uint32_t wide_codepage(cv_slice in)
{
    enum { LETTERS = 4 };
    size_t even = 0, odd = 0;
    if (cv_slice_starts(in, CV_S("\xFF\xFE")))
        return 1200;
    if (cv_slice_starts(in, CV_S("\xFE\xFF")))
        return 1201;
    if (in.len < (size_t)2 * LETTERS)
        return 0;
    for (size_t i = 0; i < (size_t)2 * LETTERS; i++) {
        even += i % 2 == 0 && in.ptr[i] == 0;
        odd += i % 2 == 1 && in.ptr[i] == 0;
    }
    if (odd == LETTERS && even == 0)
        return 1200;
    return even == LETTERS && odd == 0 ? 1201 : 0;
}

cv_status cv_mime_read(cv_arena *arena, cv_slice in, cv_relax relax,
                       cv_mime_part **root, cv_report *report, cv_error *err)
{
    walk w;
    uint32_t wide = wide_codepage(in);
    if (wide) {
        in = cv_codepage_to_utf8(arena, wide, in, NULL);
        if (!in.ptr)
            return cv_arena_fail(arena, err);
        cv_report_say(report, CV_RULE_MIME_CHARSET, CV_S(""), CV_S(""),
                      CV_S(""), "the message was saved as UTF-16");
    }
    w.arena = arena;
    w.report = report;
    w.err = err;
    w.relax = relax;
    w.lines = cv_mime_lines_of(in);
    w.base = w.count = w.depth = w.parts = 0;
    delim stop;
    return read_entity(&w, input_start(&w.lines), CV_S("text/plain"), CV_S(""),
                       root, &stop);
}
