/* A row of libpff's (a record set) as a bag. */
#include "pst/pst_private.h"

#include "base/reader.h"
#include "base/text.h"
#include "mapi/stored.h"

#define PREFIX_MARK 1 /* first character of a subject with a prefix */

/* Properties of one row that were left out. */
typedef struct losses {
    unsigned bad;   /* type or size makes no sense */
    cv_tag bad_tag; /* the first of them */
    unsigned nameless;
} losses;

/* -- names -- */

static cv_status map_name(libpff_name_to_id_map_entry_t *entry, cv_arena *arena,
                          cv_name *name, cv_error *err)
{
    uint8_t kind = 0;
    size_t size = 0;
    *name = (cv_name){ 0 };
    if (cv_pst_pff()->libpff_name_to_id_map_entry_get_type(entry, &kind,
                                                           NULL) != 1 ||
        cv_pst_pff()->libpff_name_to_id_map_entry_get_guid(
            entry, name->set.b, sizeof name->set.b, NULL) != 1)
        return CV_ERR_SYNTAX;
    if (kind == LIBPFF_NAME_TO_ID_MAP_ENTRY_TYPE_NUMERIC)
        return cv_pst_pff()->libpff_name_to_id_map_entry_get_number(
                   entry, &name->lid, NULL) == 1
                   ? CV_OK
                   : CV_ERR_SYNTAX;
    name->is_string = true;
    if (cv_pst_pff()->libpff_name_to_id_map_entry_get_utf8_string_size(
            entry, &size, NULL) != 1 ||
        size == 0)
        return CV_ERR_SYNTAX;
    uint8_t *text = cv_arena_array(arena, size, 1);
    if (!text)
        return cv_arena_fail(arena, err);
    if (cv_pst_pff()->libpff_name_to_id_map_entry_get_utf8_string(
            entry, text, size, NULL) != 1)
        return CV_ERR_SYNTAX;
    name->string = cv_slice_cstr((const char *)text);
    return CV_OK;
}

/* The tag (type 0) behind a record of the file. */
static cv_status tag_of(libpff_record_entry_t *entry, uint32_t id,
                        const pst_target *target, losses *lost, cv_tag *tag,
                        cv_error *err)
{
    libpff_name_to_id_map_entry_t *mapped = NULL;
    cv_names *names = cv_object_names(target->obj);
    cv_name name;
    cv_status status = CV_ERR_SYNTAX;
    if (cv_pst_pff()->libpff_record_entry_get_name_to_id_map_entry(
            entry, &mapped, NULL) == 1)
        status = map_name(mapped, cv_object_arena(target->obj), &name, err);
    else if (id < CV_NAMED_FIRST) {
        *tag = CV_TAG(id, 0);
        return CV_OK;
    }
    if (status == CV_OK)
        return cv_names_intern(names, &name, tag, err);
    if (status != CV_ERR_SYNTAX)
        return status;
    lost->nameless++;
    return cv_names_unnamed(names, (uint16_t)(id | CV_NAMED_FIRST), tag, err);
}

/* -- values -- */

/* Bytes in the arena; ptr NULL when libpff cannot give them or the arena is
 * exhausted. */
static cv_slice bytes_of(libpff_record_entry_t *entry, cv_arena *arena)
{
    size_t size = 0;
    if (cv_pst_pff()->libpff_record_entry_get_data_size(entry, &size, NULL) !=
        1)
        return cv_slice_of(NULL, 0);
    if (size == 0)
        return CV_S("");
    uint8_t *data = cv_arena_array(arena, size, 1);
    if (!data || cv_pst_pff()->libpff_record_entry_get_data(entry, data, size,
                                                            NULL) != 1)
        return cv_slice_of(NULL, 0);
    return cv_slice_of(data, size);
}

static void leave_out(losses *lost, uint32_t id, uint32_t type)
{
    if (lost->bad++ == 0)
        lost->bad_tag = CV_TAG(id & UINT16_MAX, type & UINT16_MAX);
}

static cv_status read_entry(libpff_record_entry_t *entry,
                            const pst_target *target, losses *lost, cv_bag *bag,
                            cv_error *err)
{
    uint32_t id = 0, type = 0;
    cv_tag tag = 0;
    cv_value value;
    cv_arena *arena = cv_object_arena(target->obj);
    if (cv_pst_pff()->libpff_record_entry_get_entry_type(entry, &id, NULL) !=
            1 ||
        cv_pst_pff()->libpff_record_entry_get_value_type(entry, &type, NULL) !=
            1)
        return CV_OK;        /* no property: a table's own column */
    if (type == CV_T_OBJECT) /* an attachment's data */
        return CV_OK;
    cv_slice bytes = bytes_of(entry, arena);
    bool usable =
        bytes.ptr && type <= UINT16_MAX && id <= UINT16_MAX &&
        cv_pst_value((uint16_t)type, bytes, target->codepage, arena, &value);
    if (cv_arena_status(arena) != CV_OK)
        return cv_arena_fail(arena, err);
    if (usable) {
        cv_status status = tag_of(entry, id, target, lost, &tag, err);
        if (status == CV_OK)
            status = cv_bag_put(bag, tag | value.type, &value, err);
        usable = status != CV_ERR_LIMIT || cv_arena_status(arena) != CV_OK;
        if (usable)
            return status;
    }
    leave_out(lost, id, type);
    return CV_OK;
}

/* -- what a message needs besides -- */

/* A message's own code page before its text is decoded. */
static uint32_t codepage_of(libpff_record_set_t *set, uint32_t inherited)
{
    static const cv_tag tags[] = { CV_PidTagMessageCodepage,
                                   CV_PidTagInternetCodepage };
    for (size_t i = 0; i < CV_LEN(tags); i++) {
        libpff_record_entry_t *entry = NULL;
        uint32_t value = 0;
        if (cv_pst_pff()->libpff_record_set_get_entry_by_type(
                set, CV_TAG_ID(tags[i]), CV_T_I32, &entry,
                LIBPFF_ENTRY_VALUE_FLAG_IGNORE_NAME_TO_ID_MAP, NULL) == 1 &&
            cv_pst_pff()->libpff_record_entry_get_data_as_32bit_integer(
                entry, &value, NULL) == 1 &&
            cv_codepage_is_8bit(value))
            return value;
    }
    return inherited;
}

/* A subject may begin with U+0001 and the length of its prefix plus 1, one
 * character each. The parts become properties of their own, as Outlook
 * computes them. Source: [MS-PST] 2.5.3.1.1.1. */
static cv_status split_subject(cv_bag *bag, cv_error *err)
{
    const cv_prop *prop = cv_bag_find(bag, CV_PidTagSubject);
    cv_slice text;
    size_t at = 0;
    if (!prop || !cv_bag_string(bag, CV_PidTagSubject, &text) || text.len < 2 ||
        text.ptr[0] != PREFIX_MARK)
        return CV_OK;
    cv_slice rest = cv_slice_sub(text, 1, text.len);
    uint32_t prefix = cv_utf8_next(rest, &at);
    cv_value value = prop->value;
    value.bytes = cv_slice_sub(rest, at, rest.len);
    CV_TRY(cv_bag_put(bag, CV_PidTagSubject, &value, err));
    rest = value.bytes;
    at = 0;
    for (uint32_t i = 1; i < prefix && at < rest.len; i++)
        cv_utf8_next(rest, &at);
    value.raw = CV_S("");
    value.lossy = false;
    value.bytes = cv_slice_sub(rest, 0, at);
    if (!cv_bag_has(bag, CV_PidTagSubjectPrefix))
        CV_TRY(cv_bag_put(bag, CV_PidTagSubjectPrefix, &value, err));
    value.bytes = cv_slice_sub(rest, at, rest.len);
    if (!cv_bag_has(bag, CV_PidTagNormalizedSubject))
        CV_TRY(cv_bag_put(bag, CV_PidTagNormalizedSubject, &value, err));
    return CV_OK;
}

/* -- a row -- */

static void tell_losses(const pst_target *target, const losses *lost)
{
    cv_arena *arena = cv_object_arena(target->obj);
    const char *name = cv_tag_name(lost->bad_tag);
    if (lost->bad)
        cv_report_say(
            target->report, CV_RULE_PST_BAD_PROPERTY, target->path,
            name ? cv_slice_cstr(name)
                 : cv_arena_printf(arena, "0x%08X", (unsigned)lost->bad_tag),
            CV_S(""), "left out%s",
            lost->bad > 1 ? ", and others like it" : "");
    if (lost->nameless)
        cv_report_say(target->report, CV_RULE_PST_NO_NAMES, target->path,
                      CV_S(""), CV_S(""), "%u of them kept by number",
                      lost->nameless);
}

static void tell_lossy_text(const pst_target *target, const cv_bag *bag)
{
    for (size_t i = 0; i < cv_bag_count(bag); i++) {
        const cv_prop *prop = cv_bag_at(bag, i);
        const char *name = cv_tag_name(prop->tag);
        if (prop->value.lossy)
            cv_report_say(target->report, CV_RULE_TEXT_DECODING, target->path,
                          cv_slice_cstr(name), CV_S(""),
                          "kept with its original bytes");
    }
}

static cv_status read_set(libpff_record_set_t *set, pst_target *target,
                          bool is_message, cv_bag *bag, cv_error *err)
{
    int count = 0;
    losses lost = { 0 };
    if (cv_pst_pff()->libpff_record_set_get_number_of_entries(set, &count,
                                                              NULL) != 1)
        return cv_fail(err, CV_ERR_SYNTAX, "the properties cannot be counted");
    if (is_message)
        target->codepage = codepage_of(set, target->codepage);
    for (int i = 0; i < count; i++) {
        libpff_record_entry_t *entry = NULL;
        if (cv_pst_pff()->libpff_record_set_get_entry_by_index(set, i, &entry,
                                                               NULL) != 1) {
            leave_out(&lost, 0, 0);
            continue;
        }
        cv_status status = read_entry(entry, target, &lost, bag, err);
        cv_pst_pff()->libpff_record_entry_free(&entry, NULL);
        CV_TRY(status);
    }
    if (is_message)
        CV_TRY(split_subject(bag, err));
    tell_losses(target, &lost);
    tell_lossy_text(target, bag);
    return CV_OK;
}

cv_status cv_pst_read_bag(libpff_item_t *item, int index, bool is_message,
                          pst_target *target, cv_bag *bag, cv_error *err)
{
    libpff_record_set_t *set = NULL;
    libpff_error_t *why = NULL;
    if (cv_pst_pff()->libpff_item_get_record_set_by_index(item, index, &set,
                                                          &why) != 1)
        return cv_pst_fail(&why, err, "the properties cannot be read");
    cv_status status = read_set(set, target, is_message, bag, err);
    cv_pst_pff()->libpff_record_set_free(&set, NULL);
    return status;
}
