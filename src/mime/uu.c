/* Files within the text of mail from before MIME. */
#include "mime/mime_private.h"

enum { MAX_FILES = 100 };

/* "begin 644 name": the name, empty for any other line. */
static cv_slice begin_name(cv_slice line)
{
    size_t i = 6;
    if (!cv_slice_starts(line, CV_S("begin ")))
        return CV_S("");
    while (i < line.len && line.ptr[i] >= '0' && line.ptr[i] <= '7')
        i++;
    if (i < 9 || i > 10 || i >= line.len || line.ptr[i] != ' ')
        return CV_S("");
    return cv_slice_trim(cv_slice_sub(line, i, line.len));
}

/* A line of data: as long as its first character says, or a little longer
 * where a checksum stands behind. */
static bool is_data(cv_slice line)
{
    if (!line.len || line.ptr[0] < ' ' || line.ptr[0] > '`')
        return false;
    size_t bytes = (size_t)(line.ptr[0] - ' ') & 63;
    size_t letters = (bytes + 2) / 3 * 4;
    for (size_t i = 1; i < line.len; i++)
        if (line.ptr[i] < ' ' || line.ptr[i] > '`')
            return false;
    /* Blanks at the end are often lost. */
    return line.len <= letters + 3 && line.len + 4 > letters;
}

/* Where the file that begins before pos ends; CV_NPOS when it is none. */
static size_t file_end(const cv_mime_lines *lines, size_t pos)
{
    size_t next, count = 0;
    for (; pos < lines->in.len; pos = next, count++) {
        cv_slice line = cv_mime_line(lines, pos, &next);
        if (cv_slice_eq(cv_slice_trim(line), CV_S("end")))
            return count ? next : CV_NPOS;
        if (line.len && !is_data(line))
            return CV_NPOS;
    }
    return CV_NPOS;
}

static cv_status add(cv_arena *arena, const cv_mime_part *from, cv_slice bytes,
                     cv_slice name, cv_mime_pieces *out, cv_error *err)
{
    cv_mime_part *part = cv_arena_alloc(arena, sizeof *part);
    if (!part)
        return cv_arena_fail(arena, err);
    *part = *from;
    part->body_bytes = part->entity_bytes = bytes;
    part->data = cv_blob_mem(bytes);
    if (name.len) {
        part->type = CV_S("application");
        part->subtype = CV_S("octet-stream");
        part->encoding = CV_S("x-uuencode");
        part->filename = name;
        part->disposition = CV_S("attachment");
        part->fields = NULL;
        part->field_count = part->param_count = 0;
        CV_TRY(cv_mime_part_set_data(arena, part, NULL, err));
    }
    out->parts[out->count++] = part;
    return CV_OK;
}

cv_status cv_mime_split_uu(cv_arena *arena, const cv_mime_part *part,
                           cv_mime_pieces *out, cv_error *err)
{
    cv_mime_lines lines = cv_mime_lines_of(part->body_bytes);
    size_t text = 0, files = 0;
    out->count = 0;
    out->parts = NULL;
    for (size_t pos = 0, next; pos < lines.in.len; pos = next) {
        cv_slice name = begin_name(cv_mime_line(&lines, pos, &next));
        size_t end =
            name.len && files < MAX_FILES ? file_end(&lines, next) : CV_NPOS;
        if (end == CV_NPOS)
            continue;
        if (!out->parts)
            out->parts = cv_arena_array(arena, 2 * MAX_FILES + 1,
                                        sizeof(cv_mime_part *));
        if (!out->parts)
            return cv_arena_fail(arena, err);
        if (pos > text)
            CV_TRY(add(arena, part, cv_slice_sub(lines.in, text, pos - text),
                       CV_S(""), out, err));
        CV_TRY(add(arena, part, cv_slice_sub(lines.in, pos, end - pos), name,
                   out, err));
        files++;
        text = next = end;
    }
    if (files && text < lines.in.len)
        CV_TRY(add(arena, part,
                   cv_slice_sub(lines.in, text, lines.in.len - text), CV_S(""),
                   out, err));
    return CV_OK;
}
