#include "server/registry.h"

#include "base/text.h"

#include <inttypes.h>

/* Where Exchange kept what; one row a value. Source: KB 938650. */
static const struct {
    const char *key, *name, *setting;
} rows[] = {
    { "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\MSExchangeIS\\"
      "ParametersSystem\\InternetContent\\MimeHandlers\\"
      "{85D2DDB8-6225-11D2-BDF1-00C04FD655B5}",
      "FixRecipientTrackStatusTime",
      "content-conversion.fix-recipient-track-status-time" },
};

static bool has_bom(cv_slice file)
{
    return file.len >= 2 && file.ptr[0] == 0xFF && file.ptr[1] == 0xFE;
}

static cv_slice decode(cv_arena *arena, cv_slice file)
{
    if (has_bom(file))
        return cv_utf16le_to_utf8(arena, cv_slice_sub(file, 2, file.len), true,
                                  NULL);
    if (cv_slice_starts(file, CV_S("\xEF\xBB\xBF")))
        file = cv_slice_sub(file, 3, file.len);
    return cv_codepage_to_utf8(arena, 1252, file, NULL);
}

static bool is_export(cv_slice text)
{
    return cv_slice_istarts(text, CV_S("Windows Registry Editor Version")) ||
           cv_slice_istarts(text, CV_S("REGEDIT4"));
}

static const char *setting_of(cv_slice key, cv_slice name)
{
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        if (cv_slice_ieq(key, cv_slice_cstr(rows[i].key)) &&
            cv_slice_ieq(name, cv_slice_cstr(rows[i].name)))
            return rows[i].setting;
    }
    return NULL;
}

/* dword:00000001 to "true" or "false" */
static cv_status read_dword(cv_arena *arena, cv_slice text, cv_slice *value)
{
    cv_slice bytes;
    bool set = false;

    if (!cv_slice_istarts(text, CV_S("dword:")))
        return CV_ERR_SYNTAX;
    CV_TRY(cv_hex_decode(arena, cv_slice_sub(text, 6, text.len), &bytes, NULL));
    if (bytes.len != 4)
        return CV_ERR_SYNTAX;
    for (size_t i = 0; i < bytes.len; i++)
        set = set || bytes.ptr[i] != 0;
    *value = set ? CV_S("true") : CV_S("false");
    return CV_OK;
}

/* One line "name"=data under a key. */
static cv_status read_value(cv_arena *arena, cv_slice key, cv_slice line,
                            uint32_t line_number, registry_value *out,
                            cv_error *err)
{
    size_t end = cv_slice_find(line, CV_S("\"="), 1);

    if (end == CV_NPOS)
        return CV_ERR_NOTFOUND;
    out->name = cv_slice_sub(line, 1, end - 1);
    out->setting = setting_of(key, out->name);
    out->value = cv_slice_trim(cv_slice_sub(line, end + 2, line.len));
    if (out->setting && read_dword(arena, out->value, &out->value) != CV_OK)
        return cv_fail(err, CV_ERR_SYNTAX,
                       "line %" PRIu32 ": %.*s must be a dword", line_number,
                       CV_FMT(out->name));
    return CV_OK;
}

static size_t count_lines(cv_slice text)
{
    size_t n = 1;

    for (size_t i = 0; i < text.len; i++)
        n += text.ptr[i] == '\n';
    return n;
}

cv_status registry_parse(cv_arena *arena, cv_slice file, registry_value **out,
                         size_t *count, cv_error *err)
{
    cv_slice text = decode(arena, file), key = CV_S("");
    uint32_t number = 0;

    *count = 0;
    if (!text.ptr)
        return cv_arena_fail(arena, err);
    if (!is_export(text))
        return cv_fail(err, CV_ERR_SYNTAX, "this is no registry export");
    *out = cv_arena_array(arena, count_lines(text), sizeof(**out));
    if (!*out)
        return cv_arena_fail(arena, err);
    while (text.ptr) {
        cv_slice line = cv_slice_trim(cv_slice_cut(&text, '\n'));
        number++;
        if (line.len > 2 && line.ptr[0] == '[') {
            key = cv_slice_sub(line, 1, line.len - 2);
        } else if (line.len > 2 && line.ptr[0] == '"') {
            cv_status st =
                read_value(arena, key, line, number, &(*out)[*count], err);
            if (st == CV_OK)
                (*count)++;
            else if (st != CV_ERR_NOTFOUND)
                return st;
        }
    }
    return CV_OK;
}
