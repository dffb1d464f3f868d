#include "base/limits.h"
#include "msg/msg_private.h"

/* Names that fill their field have no room for the NUL that is written. */
static cv_slice name_of(const cv_cfb_entry *e)
{
    return cv_slice_sub(cv_cfb_name16(e), 0, CV_CFB_NAME_BYTES);
}

/* One level of a copy: where it stands in the source and where it goes. */
typedef struct level {
    const cv_cfb_entry *next;
    uint32_t to;
} level;

static cv_status copy_stream(const cv_cfb *cfb, const cv_cfb_entry *e,
                             cv_cfb_writer *file, uint32_t to, cv_error *err)
{
    cv_blob blob;
    CV_TRY(cv_cfb_blob(cfb, e, &blob, err));
    return cv_cfb_add_stream16(file, to, name_of(e), &blob, err);
}

static cv_status enter_storage(const cv_cfb *cfb, const cv_cfb_entry *e,
                               cv_cfb_writer *file, uint32_t to, level *out,
                               cv_error *err)
{
    out->next = cv_cfb_first(cfb, e);
    CV_TRY(cv_cfb_add_storage16(file, to, name_of(e), &out->to, err));
    cv_cfb_set_clsid(file, out->to, cv_cfb_clsid(e));
    return CV_OK;
}

cv_status cv_msg_ole_copy(const cv_cfb *cfb, const cv_cfb_entry *storage,
                          cv_cfb_writer *file, uint32_t to, cv_error *err)
{
    level stack[CV_LIMIT_EMBED_DEPTH];
    size_t depth = 1;
    stack[0] = (level){ cv_cfb_first(cfb, storage), to };
    cv_cfb_set_clsid(file, to, cv_cfb_clsid(storage));
    while (depth > 0) {
        level *top = &stack[depth - 1];
        const cv_cfb_entry *e = top->next;
        if (!e) {
            depth--;
            continue;
        }
        top->next = cv_cfb_next(cfb, e);
        if (e->type == CV_CFB_STREAM) {
            CV_TRY(copy_stream(cfb, e, file, top->to, err));
            continue;
        }
        if (depth == CV_LEN(stack))
            return cv_fail(err, CV_ERR_LIMIT, "storages nest too deep");
        CV_TRY(enter_storage(cfb, e, file, top->to, &stack[depth], err));
        depth++;
    }
    return CV_OK;
}

cv_status cv_msg_ole_blob(const cv_cfb *cfb, const cv_cfb_entry *storage,
                          cv_arena *arena, cv_blob *out, cv_error *err)
{
    cv_cfb_writer *file;
    CV_TRY(cv_cfb_writer_new(arena, &file, err));
    CV_TRY(cv_msg_ole_copy(cfb, storage, file, CV_CFB_ROOT_ID, err));
    return cv_cfb_writer_blob(file, out, err);
}
