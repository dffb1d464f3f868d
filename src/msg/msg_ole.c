#include "msg/msg_ole.h"

#include "base/limits.h"
#include "base/text.h"
#include "msg/msg_private.h"

#include <gsf/gsf.h>

static cv_status write_failed(cv_error *err)
{
    return cv_fail(err, CV_ERR_IO, "writing the compound file failed");
}

cv_status cv_msg_gsf_finish(GsfOutput *output, cv_status status, cv_error *err)
{
    if (!gsf_output_close(output) && status == CV_OK)
        status = write_failed(err);
    g_object_unref(output);
    return status;
}

cv_status cv_msg_gsf_put(GsfOutput *output, cv_slice bytes, cv_error *err)
{
    if (bytes.len && !gsf_output_write(output, bytes.len, bytes.ptr))
        return write_failed(err);
    return CV_OK;
}

cv_status cv_msg_gsf_stream(GsfOutfile *dir, const char *name, cv_slice bytes,
                            cv_error *err)
{
    GsfOutput *stream = gsf_outfile_new_child(dir, name, FALSE);
    if (!stream)
        return write_failed(err);
    return cv_msg_gsf_finish(stream, cv_msg_gsf_put(stream, bytes, err), err);
}

static cv_status sink_write(void *ctx, const void *bytes, size_t len,
                            cv_error *err)
{
    return cv_msg_gsf_put(ctx, cv_slice_of(bytes, len), err);
}

cv_status cv_msg_gsf_blob(GsfOutfile *dir, const char *name,
                          const cv_blob *blob, uint64_t *size, cv_error *err)
{
    GsfOutput *stream = gsf_outfile_new_child(dir, name, FALSE);
    if (!stream)
        return write_failed(err);
    cv_sink sink = { sink_write, stream };
    cv_status status = cv_blob_pump(blob, &sink, err);
    *size = (uint64_t)gsf_output_size(stream);
    return cv_msg_gsf_finish(stream, status, err);
}

/* One level of a copy: where it stands in the source and where it goes. */
typedef struct level {
    const cv_cfb_entry *next;
    GsfOutput *dir; /* owned, but for the outermost */
} level;

static char *name_of(const cv_cfb_entry *e, cv_arena *scratch)
{
    cv_slice text = cv_utf16le_to_utf8(scratch, cv_cfb_name16(e), false, NULL);
    return text.ptr ? cv_arena_cstr(scratch, text) : NULL;
}

static cv_status copy_stream(const cv_cfb *cfb, const cv_cfb_entry *e,
                             const char *name, GsfOutput *dir, cv_error *err)
{
    cv_blob blob;
    uint64_t size;
    CV_TRY(cv_cfb_blob(cfb, e, &blob, err));
    return cv_msg_gsf_blob(GSF_OUTFILE(dir), name, &blob, &size, err);
}

static GsfOutput *enter_storage(const cv_cfb_entry *e, const char *name,
                                GsfOutput *dir)
{
    GsfOutput *child = gsf_outfile_new_child(GSF_OUTFILE(dir), name, TRUE);
    if (child)
        gsf_outfile_msole_set_class_id(GSF_OUTFILE_MSOLE(child),
                                       cv_cfb_clsid(e).ptr);
    return child;
}

cv_status cv_msg_ole_copy(const cv_cfb *cfb, const cv_cfb_entry *storage,
                          GsfOutfile *to, cv_arena *scratch, cv_error *err)
{
    level stack[CV_LIMIT_EMBED_DEPTH];
    size_t depth = 1;
    cv_status status = CV_OK;
    stack[0] = (level){ cv_cfb_first(cfb, storage), GSF_OUTPUT(to) };
    gsf_outfile_msole_set_class_id(GSF_OUTFILE_MSOLE(to),
                                   cv_cfb_clsid(storage).ptr);
    while (depth > 0) {
        level *top = &stack[depth - 1];
        const cv_cfb_entry *e = top->next;
        if (!e || status != CV_OK) {
            if (--depth > 0)
                status = cv_msg_gsf_finish(top->dir, status, err);
            continue;
        }
        top->next = cv_cfb_next(cfb, e);
        const char *name = name_of(e, scratch);
        if (!name) {
            status = cv_arena_fail(scratch, err);
        } else if (e->type == CV_CFB_STREAM) {
            status = copy_stream(cfb, e, name, top->dir, err);
        } else if (depth == CV_LEN(stack)) {
            status = cv_fail(err, CV_ERR_LIMIT, "storages nest too deep");
        } else {
            GsfOutput *child = enter_storage(e, name, top->dir);
            if (!child)
                status = write_failed(err);
            else
                stack[depth++] = (level){ cv_cfb_first(cfb, e), child };
        }
    }
    return status;
}

cv_status
cv_msg_gsf_file(cv_status (*fill)(void *ctx, GsfOutfile *file, cv_error *err),
                void *ctx, cv_arena *scratch, const cv_sink *out, cv_error *err)
{
    GsfOutput *memory = gsf_output_memory_new();
    GsfOutfile *file = gsf_outfile_msole_new(memory);
    cv_status status = fill(ctx, file, err);
    status = cv_msg_gsf_finish(GSF_OUTPUT(file), status, err);
    const guint8 *bytes =
        gsf_output_memory_get_bytes(GSF_OUTPUT_MEMORY(memory));
    size_t len = (size_t)gsf_output_size(memory);
    if (status == CV_OK) /* ours alone until it is released below */
        status = cv_msg_balance((uint8_t *)bytes, len, scratch, err);
    if (status == CV_OK)
        status = cv_sink_put(out, cv_slice_of(bytes, len), err);
    g_object_unref(memory);
    return status;
}

typedef struct ole_source {
    const cv_cfb *cfb;
    const cv_cfb_entry *storage;
    cv_arena *arena;
} ole_source;

static cv_status fill_ole(void *ctx, GsfOutfile *file, cv_error *err)
{
    const ole_source *s = ctx;
    return cv_msg_ole_copy(s->cfb, s->storage, file, s->arena, err);
}

cv_status cv_msg_ole_to_bytes(const cv_cfb *cfb, const cv_cfb_entry *storage,
                              cv_arena *arena, cv_slice *out, cv_error *err)
{
    ole_source source = { cfb, storage, arena };
    cv_buf bytes;
    cv_buf_init(&bytes, 0);
    cv_sink sink = cv_buf_sink(&bytes);
    cv_status status = cv_msg_gsf_file(fill_ole, &source, arena, &sink, err);
    if (status == CV_OK) {
        *out = cv_buf_dup(&bytes, arena);
        if (!out->ptr)
            status = cv_arena_fail(arena, err);
    }
    cv_buf_clear(&bytes);
    return status;
}
