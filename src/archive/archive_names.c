/* Names of entries, made safe. */
#include "archive/archive_private.h"

#include "base/text.h"

static bool is_up(cv_slice part)
{
    return cv_slice_eq(part, CV_S("..")) ||
           (part.len == 2 && part.ptr[1] == ':'); /* a drive */
}

/* Cuts the next part off at '/' or '\\'. */
static cv_slice next_part(cv_slice *rest)
{
    for (size_t i = 0; i < rest->len; i++)
        if (rest->ptr[i] == '/' || rest->ptr[i] == '\\') {
            cv_slice part = cv_slice_sub(*rest, 0, i);
            *rest = cv_slice_sub(*rest, i + 1, CV_NPOS);
            return part;
        }
    cv_slice part = *rest;
    *rest = (cv_slice){ 0 };
    return part;
}

bool cv_archive_clean_path(cv_arena *arena, cv_slice path, cv_slice *folder,
                           cv_slice *name, bool *changed)
{
    cv_slice text = cv_charset_to_utf8(arena, CV_S(""), path, NULL);
    cv_slice rest = cv_text_one_line(arena, text);
    cv_buf out;
    size_t last = 0;
    *changed = !cv_slice_eq(rest, path) ||
               (rest.len && (rest.ptr[0] == '/' || rest.ptr[0] == '\\'));
    cv_buf_init(&out, 0);
    while (rest.len) {
        cv_slice part = next_part(&rest);
        if (is_up(part))
            *changed = true;
        else if (part.len && !cv_slice_eq(part, CV_S("."))) {
            if (out.len)
                cv_buf_put_byte(&out, '/');
            last = out.len;
            cv_buf_put_slice(&out, part);
        }
    }
    cv_slice all = cv_buf_dup(&out, arena);
    cv_buf_clear(&out);
    *folder = cv_slice_sub(all, 0, last ? last - 1 : 0);
    *name = cv_slice_sub(all, last, CV_NPOS);
    return name->len != 0;
}

cv_slice cv_archive_inner_name(cv_slice file_name)
{
    static const char *const ends[] = { ".gz",  ".bz2", ".xz",
                                        ".zst", ".lz4", ".Z" };
    cv_slice name = file_name;
    for (size_t i = file_name.len; i-- > 0;)
        if (file_name.ptr[i] == '/' || file_name.ptr[i] == '\\') {
            name = cv_slice_sub(file_name, i + 1, CV_NPOS);
            break;
        }
    for (size_t i = 0; i < CV_LEN(ends); i++) {
        cv_slice end = cv_slice_cstr(ends[i]);
        if (cv_slice_iends(name, end) && name.len > end.len)
            return cv_slice_sub(name, 0, name.len - end.len);
    }
    return name.len ? name : CV_S("data");
}
