#include "convert/ole.h"

#include "base/reader.h"
#include "msg/cfb.h"

const char *cv_extension_of_bytes(cv_slice data)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *extension;
    } rows[] = {
        { "\x89PNG\r\n", 6, ".png" },
        { "\xFF\xD8\xFF", 3, ".jpg" },
        { "GIF8", 4, ".gif" },
        { "BM", 2, ".bmp" },
        { "%PDF-", 5, ".pdf" },
        { "PK\x03\x04", 4, ".zip" },
        { "\xD7\xCD\xC6\x9A", 4, ".wmf" },
        { "{\\rtf", 5, ".rtf" },
        { "II*\0", 4, ".tif" },
        { "MM\0*", 4, ".tif" },
    };
    for (size_t i = 0; i < CV_LEN(rows); i++)
        if (cv_slice_starts(
                data, cv_slice_of((const uint8_t *)rows[i].bytes, rows[i].len)))
            return rows[i].extension;
    return NULL;
}

static const char *office_extension(const cv_cfb *cfb)
{
    static const struct {
        const char *stream, *extension;
    } rows[] = { { "WordDocument", ".doc" },
                 { "Workbook", ".xls" },
                 { "Book", ".xls" },
                 { "PowerPoint Document", ".ppt" },
                 { "VisioDocument", ".vsd" } };
    for (size_t i = 0; i < CV_LEN(rows); i++)
        if (cv_cfb_child(cfb, cv_cfb_root(cfb), rows[i].stream, CV_CFB_STREAM))
            return rows[i].extension;
    return NULL;
}

static bool stream_of(const cv_cfb *cfb, const char *name, cv_slice *out)
{
    const cv_cfb_entry *e =
        cv_cfb_child(cfb, cv_cfb_root(cfb), name, CV_CFB_STREAM);
    return e && cv_cfb_bytes(cfb, e, out, NULL) == CV_OK && out->len;
}

/* Text up to its NUL, cut from the front. */
static bool cut_text(cv_slice *rest, cv_slice *out)
{
    size_t end = cv_slice_find_byte(*rest, 0, 0);
    if (end == CV_NPOS)
        return false;
    *out = cv_slice_sub(*rest, 0, end);
    *rest = cv_slice_sub(*rest, end + 1, rest->len);
    return true;
}

/* Bytes after a count of four bytes. */
static bool cut_counted(cv_slice *rest, cv_slice *out)
{
    cv_reader r = cv_reader_of(*rest);
    uint32_t len = 0;
    if (cv_read_u32le(&r, &len) != CV_OK ||
        cv_read_bytes(&r, len, out) != CV_OK)
        return false;
    *rest = cv_slice_sub(*rest, 4 + (size_t)len, rest->len);
    return true;
}

/* What follows the last separator of a Windows path. */
static cv_slice base_name(cv_slice path)
{
    for (size_t i = path.len; i-- > 0;)
        if (path.ptr[i] == '\\' || path.ptr[i] == '/' || path.ptr[i] == ':')
            return cv_slice_sub(path, i + 1, path.len);
    return path;
}

/* A package: label, path, two numbers, where it lay once, the bytes. */
static bool unpack_package(cv_slice rest, cv_ole_file *out)
{
    enum { KIND_PACKAGE = 2 };
    cv_slice label, path, temporary;
    if (rest.len < 2 || cv_peek_u16le(rest, 0) != KIND_PACKAGE)
        return false;
    rest = cv_slice_sub(rest, 2, rest.len);
    if (!cut_text(&rest, &label) || !cut_text(&rest, &path) || rest.len < 4)
        return false;
    rest = cv_slice_sub(rest, 4, rest.len);
    if (!cut_counted(&rest, &temporary) || !cut_counted(&rest, &out->data))
        return false;
    out->name = base_name(label.len ? label : path);
    out->extension = cv_extension_of_bytes(out->data);
    return true;
}

/* Programs that are no packagers store just their bytes, behind a count. */
static bool unpack_native(cv_slice stream, cv_ole_file *out)
{
    if (stream.len < 4)
        return false;
    cv_slice rest = cv_slice_sub(stream, 4, stream.len);
    if (unpack_package(rest, out))
        return true;
    out->data = cv_slice_sub(rest, 0, cv_peek_u32le(stream, 0));
    out->extension = cv_extension_of_bytes(out->data);
    return out->extension != NULL;
}

bool cv_ole_unpack(cv_arena *arena, cv_slice compound, cv_ole_file *out)
{
    cv_cfb *cfb = NULL;
    cv_slice stream;
    *out = (cv_ole_file){ .name = CV_S("") };
    if (!cv_cfb_is(compound) ||
        cv_cfb_open(compound, arena, NULL, &cfb, NULL) != CV_OK)
        return false;
    if (stream_of(cfb, "\001Ole10Native", &stream) &&
        unpack_native(stream, out))
        return true;
    if (stream_of(cfb, "Package", &stream) ||
        stream_of(cfb, "CONTENTS", &stream)) {
        out->data = stream;
        out->extension = cv_extension_of_bytes(stream);
        if (out->extension)
            return true;
    }
    out->extension = office_extension(cfb);
    out->data = compound;
    return out->extension != NULL;
}
