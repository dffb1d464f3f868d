#include "msg/msg_complete.h"

#include "base/text.h"
#include "mapi/entryid.h"
#include "msg/msg_private.h"

#define OUTLOOK_SUPPORT_MASK 0x00040E79 /* seen in Outlook's Unicode files */
#define FLAG_READ 1                     /* PidTagMessageFlags */
#define FLAG_HAS_ATTACHMENTS 0x10
#define MAX_DISPLAY_BYTES 4096 /* of a list of names */
#define MAX_PREFIX 3           /* characters of "RE", "AW", "FWD" */

static cv_bag *copy_of(cv_arena *arena, const cv_bag *bag)
{
    cv_bag *copy = cv_bag_new(arena);
    if (!copy || cv_bag_copy_all(copy, bag, NULL) != CV_OK)
        return NULL;
    return copy;
}

static const cv_bag *checked(const cv_arena *arena, const cv_bag *bag)
{
    return cv_arena_status(arena) == CV_OK ? bag : NULL;
}

static void want_i32(cv_bag *bag, cv_tag tag, int32_t value)
{
    if (!cv_bag_has(bag, tag))
        cv_bag_set_i32(bag, tag, value);
}

static void want_string(cv_bag *bag, cv_tag tag, cv_slice text)
{
    if (!cv_bag_has(bag, tag))
        cv_bag_set_string(bag, tag, text);
}

static void want_binary(cv_bag *bag, cv_tag tag, cv_slice bytes)
{
    if (!cv_bag_has(bag, tag) && bytes.ptr)
        cv_bag_set_binary(bag, tag, bytes);
}

/* -- a message -- */

/* "Bob; Eve": the names of the rows of one type. */
static void want_display(cv_bag *bag, cv_tag tag, const cv_object *obj,
                         int32_t type)
{
    cv_buf names;
    if (cv_bag_has(bag, tag))
        return;
    cv_buf_init(&names, MAX_DISPLAY_BYTES);
    for (size_t i = 0; i < cv_object_recipient_count(obj); i++) {
        const cv_bag *row = cv_object_recipient(obj, i);
        cv_slice name = cv_bag_string_or(
            row, CV_PidTagDisplayName,
            cv_bag_string_or(row, CV_PidTagEmailAddress, CV_S("")));
        if (cv_bag_i32_or(row, CV_PidTagRecipientType, 1) != type ||
            !name.len || names.len + name.len + 2 > MAX_DISPLAY_BYTES)
            continue;
        cv_buf_put_str(&names, names.len ? "; " : "");
        cv_buf_put_slice(&names, name);
    }
    cv_bag_set_string(bag, tag, cv_buf_slice(&names));
    cv_buf_clear(&names);
}

/* Bytes of "RE: ": one to three characters that are no digits, a colon and a
 * blank. */
static size_t prefix_len(cv_slice subject)
{
    size_t at = 0;
    for (unsigned n = 0; n <= MAX_PREFIX && at < subject.len; n++) {
        if (subject.ptr[at] == ':')
            return n && at + 1 < subject.len && subject.ptr[at + 1] == ' '
                       ? at + 2
                       : 0;
        if (subject.ptr[at] <= ' ' ||
            (subject.ptr[at] >= '0' && subject.ptr[at] <= '9'))
            return 0;
        (void)cv_utf8_next(subject, &at);
    }
    return 0;
}

static void want_subject_parts(cv_bag *bag)
{
    cv_slice subject;
    if (!cv_bag_string(bag, CV_PidTagSubject, &subject) ||
        cv_bag_has(bag, CV_PidTagSubjectPrefix) ||
        cv_bag_has(bag, CV_PidTagNormalizedSubject))
        return;
    size_t len = prefix_len(subject);
    cv_bag_set_string(bag, CV_PidTagSubjectPrefix,
                      cv_slice_sub(subject, 0, len));
    cv_bag_set_string(bag, CV_PidTagNormalizedSubject,
                      cv_slice_sub(subject, len, subject.len));
}

const cv_bag *cv_msg_complete_message(cv_arena *arena, const cv_object *obj)
{
    cv_bag *bag = copy_of(arena, cv_object_props(obj));
    if (!bag)
        return NULL;
    int32_t mask =
        cv_bag_i32_or(bag, CV_PidTagStoreSupportMask, OUTLOOK_SUPPORT_MASK);
    cv_bag_set_i32(bag, CV_PidTagStoreSupportMask, mask | MSG_UNICODE);
    want_string(bag, CV_PidTagMessageClass, CV_S("IPM.Note"));
    want_i32(bag, CV_PidTagMessageFlags,
             FLAG_READ |
                 (cv_object_attachment_count(obj) ? FLAG_HAS_ATTACHMENTS : 0));
    want_subject_parts(bag);
    want_display(bag, CV_PidTagDisplayTo, obj, 1);
    want_display(bag, CV_PidTagDisplayCc, obj, 2);
    want_display(bag, CV_PidTagDisplayBcc, obj, 3);
    return checked(arena, bag);
}

/* -- a recipient -- */

/* Ids of what has an address of its own; an EX row's are the directory's. */
static void want_ids(cv_arena *arena, cv_bag *bag)
{
    cv_slice type = cv_bag_string_or(bag, CV_PidTagAddressType, CV_S(""));
    cv_slice address = cv_bag_string_or(bag, CV_PidTagEmailAddress, CV_S(""));
    cv_slice name = cv_bag_string_or(bag, CV_PidTagDisplayName, address);
    if (!cv_slice_ieq(type, CV_S("SMTP")) || !address.len)
        return;
    want_string(bag, CV_PidTagSmtpAddress, address);
    want_binary(bag, CV_PidTagEntryId,
                cv_entryid_one_off(arena, name, type, address));
    want_binary(bag, CV_PidTagSearchKey, cv_search_key(arena, type, address));
}

const cv_bag *cv_msg_complete_recipient(cv_arena *arena, const cv_bag *row,
                                        size_t index)
{
    cv_bag *bag = copy_of(arena, row);
    if (!bag)
        return NULL;
    want_i32(bag, CV_PidTagRecipientType, 1);
    want_i32(bag, CV_PidTagObjectType, 6);
    want_i32(bag, CV_PidTagDisplayType, 0);
    want_i32(bag, CV_PidTagRowid, (int32_t)index);
    want_ids(arena, bag);
    return checked(arena, bag);
}

/* -- an attachment -- */

static bool is_short_char(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/* At most `room` characters of the text that short names may have. */
static void put_short(cv_buf *out, cv_slice text, size_t room)
{
    for (size_t i = 0; i < text.len && room > 0; i++) {
        if (!is_short_char(text.ptr[i]))
            continue;
        cv_buf_put_byte(out, text.ptr[i]);
        room--;
    }
}

static bool is_short(cv_slice text, size_t room)
{
    size_t i = 0;
    while (i < text.len && is_short_char(text.ptr[i]))
        i++;
    return i == text.len && text.len <= room;
}

/* Offset of the last dot; the length when there is none. */
static size_t extension_at(cv_slice name)
{
    for (size_t i = name.len; i > 1; i--)
        if (name.ptr[i - 1] == '.')
            return i - 1;
    return name.len;
}

/* "report~1.htm" of "report of the year.html". */
static void want_names(cv_bag *bag)
{
    cv_slice name;
    if (!cv_bag_string(bag, CV_PidTagAttachLongFilename, &name) || !name.len)
        return;
    size_t dot = extension_at(name);
    cv_slice stem = cv_slice_sub(name, 0, dot);
    cv_slice extension = cv_slice_sub(name, dot, name.len);
    if (extension.len)
        want_string(bag, CV_PidTagAttachExtension, extension);
    if (cv_bag_has(bag, CV_PidTagAttachFilename))
        return;
    cv_buf out;
    cv_buf_init(&out, 0);
    cv_slice after_dot = cv_slice_sub(extension, 1, extension.len);
    if (is_short(stem, 8) && is_short(after_dot, 3)) {
        cv_buf_put_slice(&out, name);
    } else {
        put_short(&out, stem, 6);
        cv_buf_put_str(&out, "~1");
        cv_buf_put_str(&out, extension.len ? "." : "");
        put_short(&out, after_dot, 3);
    }
    cv_bag_set_string(bag, CV_PidTagAttachFilename, cv_buf_slice(&out));
    cv_buf_clear(&out);
}

const cv_bag *cv_msg_complete_attachment(cv_arena *arena,
                                         const cv_attachment *att, size_t index)
{
    cv_bag *bag = copy_of(arena, att->props);
    if (!bag)
        return NULL;
    want_i32(bag, CV_PidTagObjectType, 7);
    want_i32(bag, CV_PidTagRenderingPosition, -1);
    want_i32(bag, CV_PidTagAttachMethod,
             att->embedded ? MSG_METHOD_EMBEDDED : MSG_METHOD_BY_VALUE);
    want_i32(bag, CV_PidTagAttachNumber, (int32_t)index);
    if (att->has_data && att->data.size_bytes <= INT32_MAX)
        want_i32(bag, CV_PidTagAttachSize, (int32_t)att->data.size_bytes);
    want_names(bag);
    return checked(arena, bag);
}
