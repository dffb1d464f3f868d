/* An item of a PST as a message object. */
#include "pst/pst_private.h"

#include "base/limits.h"

#include <unistd.h>

#define METHOD_EMBEDDED 5 /* PidTagAttachMethod */
#define METHOD_OLE 6
#define COPIED_BYTES ((size_t)64 << 10) /* data up to this size is copied */
#define PUMP_BYTES ((size_t)64 << 10)

static cv_status read_message(libpff_item_t *item, pst_target *target,
                              cv_error *err);

static void free_item(void *ptr)
{
    libpff_item_t *item = ptr;
    libpff_error_t *why = NULL;
    if (cv_pst_pff()->libpff_item_free(&item, &why) != 1)
        cv_pst_pff()->libpff_error_free(&why);
}

/* An item of libpff's lives as long as the object read from it: the data of
 * attachments may still be asked for. */
static cv_status keep(libpff_item_t *item, const cv_object *obj, cv_error *err)
{
    CV_TRY(cv_arena_on_clear(cv_object_arena(obj), free_item, item));
    (void)err;
    return CV_OK;
}

/* -- recipients -- */

static cv_status read_recipient(libpff_item_t *table, int index,
                                pst_target *target, bool *more, cv_error *err)
{
    pst_target row = *target;
    cv_arena *arena = cv_object_arena(target->obj);
    cv_bag *bag = cv_object_add_recipient(target->obj);
    *more = bag != NULL;
    if (!bag && cv_arena_status(arena) != CV_OK)
        return cv_arena_fail(arena, err);
    if (!bag) {
        cv_report_say(target->report, CV_RULE_LIMIT, CV_S(""), CV_S(""),
                      CV_S("CV_LIMIT_RECIPIENTS"), "read the first %d", index);
        return CV_OK;
    }
    row.path = cv_arena_printf(arena, "recipient[%d]", index);
    cv_error why;
    cv_status status = cv_pst_read_bag(table, index, false, &row, bag, &why);
    if (status == CV_ERR_SYNTAX) {
        cv_report_say(target->report, CV_RULE_PST_TABLE, row.path, CV_S(""),
                      CV_S(""), "%s", why.what);
        return CV_OK;
    }
    return status == CV_OK ? CV_OK : cv_fail(err, status, "%s", why.what);
}

static cv_status read_recipients(libpff_item_t *item, pst_target *target,
                                 cv_error *err)
{
    libpff_item_t *table = NULL;
    libpff_error_t *why = NULL;
    int count = 0;
    cv_error failure;
    int found = cv_pst_pff()->libpff_message_get_recipients(item, &table, &why);
    if (found == 1 && cv_pst_pff()->libpff_item_get_number_of_record_sets(
                          table, &count, &why) != 1)
        found = -1;
    if (found == -1) {
        CV_IGNORE(cv_pst_fail(&why, &failure, "recipients")); /* its text */
        cv_report_say(target->report, CV_RULE_PST_TABLE, CV_S("recipients"),
                      CV_S(""), CV_S(""), "%s", failure.what);
    }
    cv_status status = CV_OK;
    bool more = true;
    for (int i = 0; found == 1 && status == CV_OK && more && i < count; i++)
        status = read_recipient(table, i, target, &more, err);
    if (table)
        free_item(table);
    return status;
}

/* -- attachments -- */

/* cv_blob's pump: libpff's item is ctx. */
static cv_status pump_data(void *ctx, const cv_sink *to, cv_error *err)
{
    libpff_item_t *item = ctx;
    libpff_error_t *why = NULL;
    uint8_t bytes[PUMP_BYTES];
    ssize_t got;
    if (cv_pst_pff()->libpff_attachment_data_seek_offset(item, 0, SEEK_SET,
                                                         &why) == -1)
        return cv_pst_fail(&why, err, "attachment");
    do {
        got = cv_pst_pff()->libpff_attachment_data_read_buffer(
            item, bytes, sizeof bytes, &why);
        if (got < 0)
            return cv_pst_fail(&why, err, "attachment");
        CV_TRY(cv_sink_put(to, cv_slice_of(bytes, (size_t)got), err));
    } while (got > 0);
    return CV_OK;
}

/* Data of some size stays with libpff, small data is copied. */
static cv_status take_data(libpff_item_t *item, size64_t size,
                           pst_target *target, cv_attachment *att,
                           cv_error *err)
{
    cv_error why;
    cv_blob blob = { .size_bytes = size, .pump = pump_data, .ctx = item };
    att->has_data = true;
    att->data = blob;
    if (size > COPIED_BYTES)
        return CV_OK;
    cv_slice bytes = CV_S("");
    cv_arena *arena = cv_object_arena(target->obj);
    cv_status status = cv_blob_get(&blob, COPIED_BYTES, arena, &bytes, &why);
    if (cv_arena_status(arena) != CV_OK)
        return cv_arena_fail(arena, err);
    if (status != CV_OK)
        cv_report_say(target->report, CV_RULE_ATTACHMENT_DATA, target->path,
                      CV_S(""), CV_S(""), "%s", why.what);
    att->data = cv_blob_mem(status == CV_OK ? bytes : CV_S(""));
    return CV_OK;
}

static cv_status read_embedded(libpff_item_t *item, pst_target *target,
                               cv_attachment *att, cv_error *err)
{
    cv_arena *arena = cv_object_arena(target->obj);
    pst_target inner = *target;
    inner.obj = cv_object_new_embedded(target->obj);
    inner.path = CV_S("");
    if (!inner.obj && cv_arena_status(arena) != CV_OK)
        return cv_arena_fail(arena, err);
    if (!inner.obj) {
        cv_report_say(target->report, CV_RULE_LIMIT, target->path, CV_S(""),
                      CV_S("CV_LIMIT_EMBED_DEPTH"), "left out");
        return CV_OK;
    }
    cv_object_set_source(inner.obj, "pst");
    cv_error why;
    cv_report_push(target->report, "%.*s.embedded", CV_FMT(target->path));
    cv_status status = read_message(item, &inner, &why);
    cv_report_pop(target->report);
    att->embedded = inner.obj;
    if (status == CV_ERR_SYNTAX) {
        cv_report_say(target->report, CV_RULE_PST_TABLE, target->path, CV_S(""),
                      CV_S(""), "%s", why.what);
        return CV_OK;
    }
    return status == CV_OK ? CV_OK : cv_fail(err, status, "%s", why.what);
}

static cv_status read_content(libpff_item_t *item, pst_target *target,
                              cv_attachment *att, cv_error *err)
{
    libpff_error_t *why = NULL;
    libpff_item_t *inner = NULL;
    int type = 0;
    size64_t size = 0;
    cv_error failure = { .offset = UINT64_MAX };
    if (cv_pst_pff()->libpff_attachment_get_type(item, &type, &why) == 1) {
        if (type == LIBPFF_ATTACHMENT_TYPE_REFERENCE)
            return CV_OK;
        if (type == LIBPFF_ATTACHMENT_TYPE_DATA &&
            cv_pst_pff()->libpff_attachment_get_data_size(item, &size, &why) ==
                1)
            return take_data(item, size, target, att, err);
        if (type == LIBPFF_ATTACHMENT_TYPE_ITEM &&
            cv_pst_pff()->libpff_attachment_get_item(item, &inner, &why) == 1) {
            CV_TRY(keep(inner, target->obj, err));
            return read_embedded(inner, target, att, err);
        }
    }
    CV_IGNORE(cv_pst_fail(&why, &failure, "no data")); /* its text */
    cv_report_say(target->report, CV_RULE_ATTACHMENT_DATA, target->path,
                  CV_S(""), CV_S(""), "%s", failure.what);
    return CV_OK;
}

/* libpff deciphers an object's data even where nothing is encrypted. */
static void tell_garbled(const pst_target *target, const cv_attachment *att)
{
    if (target->plain && att->has_data &&
        cv_bag_i32_or(att->props, CV_PidTagAttachMethod, 0) == METHOD_OLE)
        cv_report_say(target->report, CV_RULE_ATTACHMENT_DATA, target->path,
                      CV_S(""), CV_S(""),
                      "an OLE object of a file without encryption: libpff "
                      "gives wrong bytes");
}

/* Its data is not a property: the blob holds it. */
static cv_status read_attachment(libpff_item_t *item, pst_target *target,
                                 cv_attachment *att, cv_error *err)
{
    cv_error why;
    CV_TRY(keep(item, target->obj, err));
    cv_status status =
        cv_pst_read_bag(item, 0, false, target, att->props, &why);
    if (status == CV_ERR_SYNTAX) {
        cv_report_say(target->report, CV_RULE_PST_TABLE, target->path, CV_S(""),
                      CV_S(""), "%s", why.what);
        return CV_OK;
    }
    if (status != CV_OK)
        return cv_fail(err, status, "%s", why.what);
    cv_bag_remove(att->props, CV_PidTagAttachDataBinary);
    CV_TRY(read_content(item, target, att, err));
    tell_garbled(target, att);
    return CV_OK;
}

static cv_status read_attachment_at(libpff_item_t *item, int index,
                                    pst_target *target, bool *more,
                                    cv_error *err)
{
    libpff_item_t *found = NULL;
    libpff_error_t *why = NULL;
    cv_error failure;
    pst_target row = *target;
    cv_arena *arena = cv_object_arena(target->obj);
    cv_attachment *att = cv_object_add_attachment(target->obj);
    *more = att != NULL;
    if (!att && cv_arena_status(arena) != CV_OK)
        return cv_arena_fail(arena, err);
    if (!att) {
        cv_report_say(target->report, CV_RULE_LIMIT, CV_S(""), CV_S(""),
                      CV_S("CV_LIMIT_ATTACHMENTS"), "read the first %d", index);
        return CV_OK;
    }
    row.path = cv_arena_printf(arena, "attachment[%d]", index);
    if (cv_pst_pff()->libpff_message_get_attachment(item, index, &found,
                                                    &why) == 1)
        return read_attachment(found, &row, att, err);
    CV_IGNORE(cv_pst_fail(&why, &failure, "attachment")); /* its text */
    cv_report_say(target->report, CV_RULE_PST_TABLE, row.path, CV_S(""),
                  CV_S(""), "%s", failure.what);
    return CV_OK;
}

static cv_status read_attachments(libpff_item_t *item, pst_target *target,
                                  cv_error *err)
{
    libpff_error_t *why = NULL;
    int count = 0;
    bool more = true;
    if (cv_pst_pff()->libpff_message_get_number_of_attachments(item, &count,
                                                               &why) != 1) {
        cv_error failure;
        CV_IGNORE(cv_pst_fail(&why, &failure, "attachments")); /* its text */
        cv_report_say(target->report, CV_RULE_PST_TABLE, CV_S("attachments"),
                      CV_S(""), CV_S(""), "%s", failure.what);
        /* It knows those before the one it failed at by now. */
        if (cv_pst_pff()->libpff_message_get_number_of_attachments(item, &count,
                                                                   &why) != 1)
            cv_pst_pff()->libpff_error_free(&why);
    }
    for (int i = 0; more && i < count; i++)
        CV_TRY(read_attachment_at(item, i, target, &more, err));
    return CV_OK;
}

/* -- the whole -- */

static cv_status read_message(libpff_item_t *item, pst_target *target,
                              cv_error *err)
{
    CV_TRY(cv_pst_read_bag(item, 0, true, target, cv_object_props(target->obj),
                           err));
    CV_TRY(read_recipients(item, target, err));
    return read_attachments(item, target, err);
}

cv_status cv_pst_read(cv_pst *pst, const cv_pst_item *item, cv_object **out,
                      cv_report *report, cv_error *err)
{
    cv_object *obj = NULL;
    if (!item->handle)
        return cv_fail(err, CV_ERR_SYNTAX, "%s", item->why);
    CV_TRY(cv_object_new(0, &obj, err));
    cv_object_set_source(obj, "pst");
    pst_target target = { .obj = obj,
                          .report = report,
                          .codepage = pst->codepage,
                          .path = CV_S(""),
                          .plain = cv_pst_is_plain(pst->view.in) };
    cv_status status =
        read_message((libpff_item_t *)item->handle, &target, err);
    if (status != CV_OK)
        cv_object_free(&obj);
    else
        *out = obj;
    return status;
}
