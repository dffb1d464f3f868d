#include "transport/transport_private.h"

#include "base/text.h"

/* The line at *pos without its end; *pos moves behind it. */
static cv_slice next_line(cv_slice text, size_t *pos)
{
    size_t end = cv_slice_find_byte(text, '\n', *pos);
    size_t stop = end == CV_NPOS ? text.len : end;
    cv_slice line = cv_slice_sub(text, *pos, stop - *pos);
    *pos = end == CV_NPOS ? text.len : end + 1;
    if (line.len > 0 && line.ptr[line.len - 1] == '\r')
        line.len--;
    return line;
}

static bool is_folded(cv_slice text, size_t pos)
{
    return pos < text.len && (text.ptr[pos] == ' ' || text.ptr[pos] == '\t');
}

static bool has_name(cv_slice line, cv_slice name)
{
    return cv_slice_istarts(line, name) && line.len > name.len &&
           line.ptr[name.len] == ':';
}

cv_slice transport_header(cv_arena *arena, cv_slice mime, cv_slice name)
{
    size_t pos = 0;

    while (pos < mime.len) {
        cv_slice line = next_line(mime, &pos);
        if (line.len == 0)
            break;
        if (!has_name(line, name))
            continue;
        cv_slice value = cv_slice_sub(line, name.len + 1, line.len);
        size_t end = (size_t)(line.ptr - mime.ptr) + line.len;
        while (is_folded(mime, pos)) {
            cv_slice more = next_line(mime, &pos);
            end = (size_t)(more.ptr - mime.ptr) + more.len;
        }
        value.len = end - (size_t)(value.ptr - mime.ptr);
        return cv_text_one_line(arena, cv_slice_trim(value));
    }
    return (cv_slice){ NULL, 0 };
}

unsigned transport_count_header(cv_slice mime, cv_slice name)
{
    unsigned n = 0;
    size_t pos = 0;

    while (pos < mime.len) {
        cv_slice line = next_line(mime, &pos);
        if (line.len == 0)
            break;
        if (has_name(line, name))
            n++;
    }
    return n;
}

cv_slice transport_header_block(cv_slice mime)
{
    size_t pos = 0;

    while (pos < mime.len) {
        size_t start = pos;
        if (next_line(mime, &pos).len == 0)
            return cv_slice_sub(mime, 0, start);
    }
    return mime;
}
