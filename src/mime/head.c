#include "mime/mime_private.h"

#include <string.h>

cv_mime_lines cv_mime_lines_of(cv_slice in)
{
    bool lf = cv_slice_find_byte(in, '\n', 0) != CV_NPOS;
    return (cv_mime_lines){ in, lf ? '\n' : '\r' };
}

cv_slice cv_mime_line(const cv_mime_lines *lines, size_t pos, size_t *next)
{
    cv_slice in = lines->in;
    size_t end = cv_slice_find_byte(in, lines->eol, pos);
    *next = end == CV_NPOS ? in.len : end + 1;
    if (end == CV_NPOS)
        end = in.len;
    else if (lines->eol == '\n' && end > pos && in.ptr[end - 1] == '\r')
        end--;
    return cv_slice_sub(in, pos, end - pos);
}

bool cv_mime_all_blank(cv_slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!cv_mime_is_blank(s.ptr[i]))
            return false;
    return true;
}

size_t cv_mime_header_name(cv_slice line, size_t *value)
{
    size_t n = 0;
    while (n < line.len && line.ptr[n] > 32 && line.ptr[n] < 127 &&
           line.ptr[n] != ':')
        n++;
    size_t colon = n;
    while (colon < line.len &&
           (line.ptr[colon] == ' ' || line.ptr[colon] == '\t'))
        colon++;
    if (n == 0 || colon >= line.len || line.ptr[colon] != ':')
        return 0;
    *value = colon + 1;
    return n;
}

bool cv_mime_is_known_header(cv_slice line)
{
    static const char *const names[] = {
        "from",         "to",           "cc",          "bcc",
        "subject",      "date",         "received",    "sender",
        "message-id",   "mime-version", "return-path", "reply-to",
        "delivered-to", "in-reply-to",  "references",  "importance",
        "priority",     "sensitivity",  "keywords",    "comments",
        "organization", "user-agent",   "status",      "precedence",
        "errors-to",    "lines"
    };
    static const char *const prefixes[] = {
        "content-",  "x-",          "list-",           "dkim-",
        "arc-",      "thread-",     "authentication-", "resent-",
        "received-", "disposition-"
    };
    size_t value;
    cv_slice name = cv_slice_sub(line, 0, cv_mime_header_name(line, &value));
    if (name.len == 0)
        return false;
    for (size_t i = 0; i < CV_LEN(names); i++)
        if (cv_slice_ieq(name, cv_slice_cstr(names[i])))
            return true;
    for (size_t i = 0; i < CV_LEN(prefixes); i++)
        if (cv_slice_istarts(name, cv_slice_cstr(prefixes[i])))
            return true;
    return false;
}

static bool needs_unfolding(cv_slice s)
{
    return (s.len && memchr(s.ptr, '\n', s.len)) ||
           (s.len && memchr(s.ptr, '\r', s.len)) ||
           (s.len && memchr(s.ptr, 0, s.len));
}

cv_slice cv_mime_unfold(cv_arena *arena, cv_slice raw)
{
    cv_slice s = cv_slice_trim(raw);
    if (!needs_unfolding(s))
        return s;
    uint8_t *copy = cv_arena_alloc(arena, s.len);
    if (!copy)
        return (cv_slice){ NULL, 0 };
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        bool line_end = c == '\r' || c == '\n';
        uint8_t after = i + 1 < s.len ? s.ptr[i + 1] : 0;
        if (line_end && (cv_mime_is_blank(after)))
            continue;
        copy[n++] = line_end || c == 0 ? ' ' : c;
    }
    return cv_slice_trim(cv_slice_of(copy, n));
}

cv_slice cv_mime_refold(cv_arena *arena, cv_slice s, cv_slice with)
{
    cv_buf buf;
    cv_buf_init(&buf, 0);
    for (size_t i = 0; i < s.len;) {
        size_t run = i;
        bool fold = false;
        while (run < s.len && cv_mime_is_blank(s.ptr[run])) {
            fold |= s.ptr[run] == '\r' || s.ptr[run] == '\n';
            run++;
        }
        if (fold)
            cv_buf_put_slice(&buf, with);
        else
            cv_buf_put_slice(&buf, cv_slice_sub(s, i, run - i));
        if (run < s.len)
            cv_buf_put_byte(&buf, s.ptr[run++]);
        i = run;
    }
    cv_slice out = cv_buf_dup(&buf, arena);
    cv_buf_clear(&buf);
    return out;
}

const cv_mime_field *cv_mime_field_get(const cv_mime_part *part, cv_slice name)
{
    for (size_t i = 0; i < part->field_count; i++)
        if (cv_slice_ieq(part->fields[i].name, name))
            return &part->fields[i];
    return NULL;
}
