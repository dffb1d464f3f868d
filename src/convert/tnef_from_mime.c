/* A winmail.dat among the parts of a mail is the message itself: it gives the
 * class, the properties, the text and the files; the header keeps what it
 * says about people, subject and times. A further one, or one of another
 * message, becomes an attached message. Source: spec tnef.md 8,
 * mime-mapping.md B9; kb-cases.md C070 to C072, C076 to C081. */
#include "convert/from_mime.h"

#include "base/text.h"
#include "tnef/tnef.h"

#define CP_ASCII 20127
#define NATIVE_RTF 2
#define NATIVE_HTML 3

/* -- which part -- */

static bool is_declared(const cv_mime_part *part)
{
    if (part->kind != CV_MIME_LEAF)
        return false;
    return cv_mime_is(part, "application", "ms-tnef") ||
           cv_mime_is(part, "application", "vnd.ms-tnef") ||
           (cv_mime_is(part, "application", NULL) &&
            (cv_slice_ieq(part->filename, CV_S("winmail.dat")) ||
             cv_slice_iends(part->filename, CV_S(".tnef"))));
}

/* Gateways give the part another type and name. Its encoded bytes tell the
 * signature, without decoding every file of the mail. */
static bool looks_like_tnef(const cv_mime_part *part)
{
    if (part->kind != CV_MIME_LEAF)
        return false;
    cv_slice body = part->body_bytes;
    if (cv_slice_eq(part->encoding, CV_S("base64")))
        return cv_slice_starts(cv_slice_trim(body), CV_S("eJ8+I"));
    if (cv_slice_eq(part->encoding, CV_S("quoted-printable")))
        return cv_slice_istarts(body, CV_S("x=9F>\"")) ||
               cv_slice_istarts(body, CV_S("=78=9F=3E=22"));
    return cv_slice_starts(body, CV_S("x\x9F>\""));
}

/* Without what a client or a gateway puts around it. */
static cv_slice bare_key(cv_slice key)
{
    while (key.len && !key.ptr[key.len - 1])
        key.len--;
    return cv_slice_trim(key);
}

/* Only a key that contradicts the header makes the part another message's. */
static bool is_ours(cv_from *c, const cv_object *tnef)
{
    cv_slice key;
    const cv_mime_field *f =
        cv_mime_field_get(c->root, CV_S("X-MS-TNEF-Correlator"));
    cv_slice want = f ? cv_slice_trim(f->text) : CV_S("");
    if (!want.len || !cv_bag_binary(cv_object_props(tnef),
                                    CV_PidTagTnefCorrelationKey, &key))
        return true;
    key = bare_key(key);
    return !key.len || cv_slice_eq(key, want);
}

/* Of 8-bit text in a stream that names no code page; 0: none is known. */
static uint32_t fallback_codepage(const cv_from *c)
{
    uint32_t codepage = cv_codepage_of_charset(c->charset);
    return codepage == CP_ASCII || !cv_codepage_is_8bit(codepage) ? 0
                                                                  : codepage;
}

/* *out NULL when the part cannot be read: it stays a file. */
static cv_status read_part(cv_from *c, const cv_mime_part *part,
                           cv_object **out)
{
    cv_slice bytes = CV_S("");
    cv_error why = { .code = CV_OK };
    *out = NULL;
    CV_TRY(cv_mime_part_bytes(part, SIZE_MAX, c->arena, &bytes, c->err));
    cv_object *tnef = cv_object_new_embedded(c->obj);
    if (!tnef)
        return cv_arena_status(c->arena) == CV_OK
                   ? CV_OK
                   : cv_arena_fail(c->arena, c->err);
    cv_status st =
        cv_tnef_read_into(bytes, fallback_codepage(c), tnef, c->report, &why);
    if (cv_arena_status(c->arena) != CV_OK)
        return cv_arena_fail(c->arena, c->err);
    if (st != CV_OK)
        cv_report_say(c->report, CV_RULE_TNEF_UNUSABLE, part->path, CV_S(""),
                      CV_S(""), "%s", why.what);
    else
        *out = tnef;
    return CV_OK;
}

/* One stream is this message; any other is a message of its own, so that
 * nobody gets a winmail.dat. */
static cv_status take_part(cv_from *c, cv_parts *parts, cv_file_part *file)
{
    cv_object *tnef = NULL;
    CV_TRY(read_part(c, file->part, &tnef));
    if (!tnef)
        return CV_OK;
    bool ours = is_ours(c, tnef);
    if (ours && !parts->tnef) {
        parts->tnef = tnef;
        file->part = NULL;
        return CV_OK;
    }
    file->message = tnef;
    cv_report_say(c->report, CV_RULE_TNEF_FOREIGN, file->part->path,
                  ours ? CV_S("") : CV_S("X-MS-TNEF-Correlator"), CV_S(""),
                  "%san attached message", ours ? "a second one: " : "");
    return CV_OK;
}

cv_status cv_tnef_from_mime(cv_from *c, cv_parts *parts)
{
    size_t kept = 0;
    for (size_t i = 0; i < parts->file_count; i++)
        if (is_declared(parts->files[i].part))
            CV_TRY(take_part(c, parts, &parts->files[i]));
    for (size_t i = 0; i < parts->file_count; i++) {
        cv_file_part *file = &parts->files[i];
        if (file->part && !is_declared(file->part) &&
            looks_like_tnef(file->part))
            CV_TRY(take_part(c, parts, file));
        if (file->part)
            parts->files[kept++] = *file;
    }
    parts->file_count = kept;
    return CV_OK;
}

/* -- properties -- */

#define PERSON(p) \
    CV_PidTag##p##Name, CV_PidTag##p##AddressType, CV_PidTag##p##EmailAddress, \
        CV_PidTag##p##SmtpAddress, CV_PidTag##p##EntryId, \
        CV_PidTag##p##SearchKey

/* What the header says, where it says it. */
static const struct {
    const char *headers[4];
    cv_tag tags[12];
} headers_win[] = {
    { { "From", "Sender" }, { PERSON(Sender), PERSON(SentRepresenting) } },
    { { "Subject" },
      { CV_PidTagSubject, CV_PidTagSubjectPrefix, CV_PidTagNormalizedSubject,
        CV_PidTagConversationTopic } },
    { { "Thread-Topic" }, { CV_PidTagConversationTopic } },
    { { "Thread-Index" }, { CV_PidTagConversationIndex } },
    { { "Date" }, { CV_PidTagClientSubmitTime } },
    { { "Message-ID" }, { CV_PidTagInternetMessageId } },
    { { "References" }, { CV_PidTagInternetReferences } },
    { { "In-Reply-To" }, { CV_PidTagInReplyToId } },
    { { "Reply-To" },
      { CV_PidTagReplyRecipientEntries, CV_PidTagReplyRecipientNames } },
    { { "Importance", "X-Priority", "Priority", "X-MSMail-Priority" },
      { CV_PidTagImportance, CV_PidTagPriority } },
    { { "Sensitivity" }, { CV_PidTagSensitivity } },
    { { "X-Message-Flag" },
      { CV_PidLidFlagRequest, CV_PidTagFlagStatus, CV_PidLidTaskStatus,
        CV_PidLidTaskComplete, CV_PidLidPercentComplete } },
};

/* What belongs to the store the stream was made in, or is told anew. */
static const cv_tag left_behind[] = {
    CV_PidTagEntryId,
    CV_PidTagParentEntryId,
    CV_PidTagStoreEntryId,
    CV_PidTagSearchKey,
    CV_PidTagRecordKey,
    CV_PidTagStoreRecordKey,
    CV_PidTagStoreSupportMask,
    CV_PidTagMappingSignature,
    CV_PidTagChangeKey,
    CV_PidTagPredecessorChangeList,
    CV_PidTagObjectType,
    CV_PidTagAccess,
    CV_PidTagAccessLevel,
    CV_PidTagMessageFlags,
    CV_PidTagMessageStatus,
    CV_PidTagMessageSize,
    CV_PidTagHasAttachments,
    CV_PidTagDisplayTo,
    CV_PidTagDisplayCc,
    CV_PidTagDisplayBcc,
    CV_PidTagTransportMessageHeaders,
    CV_PidTagTnefCorrelationKey,
};

/* The text of the message and what tells how to read it: merge_body(). */
static const cv_tag of_body[] = { CV_PidTagBody, CV_PidTagNativeBody,
                                  CV_PidTagInternetCodepage };

static bool is_among(const cv_tag *tags, size_t count, cv_tag tag)
{
    for (size_t i = 0; i < count; i++)
        if (tags[i] && CV_TAG_ID(tags[i]) == CV_TAG_ID(tag))
            return true;
    return false;
}

static bool has_header(const cv_from *c, const char *const *names)
{
    for (size_t i = 0; i < 4 && names[i]; i++)
        if (cv_mime_field_get(c->root, cv_slice_cstr(names[i])))
            return true;
    return false;
}

static bool is_header_s(const cv_from *c, cv_tag tag)
{
    for (size_t i = 0; i < CV_LEN(headers_win); i++)
        if (is_among(headers_win[i].tags, CV_LEN(headers_win[i].tags), tag) &&
            has_header(c, headers_win[i].headers))
            return true;
    return tag == CV_PidTagMessageDeliveryTime &&
           cv_bag_has(c->props, CV_PidTagMessageDeliveryTime);
}

/* A class that says nothing does not replace one that does. */
static bool is_poorer_class(const cv_from *c, const cv_prop *prop)
{
    return CV_TAG_ID(prop->tag) == CV_TAG_ID(CV_PidTagMessageClass) &&
           cv_type_storage(prop->value.type) == CV_STORE_TEXT &&
           cv_slice_ieq(prop->value.bytes, CV_S("IPM.Note")) &&
           !cv_slice_ieq(cv_object_class(c->obj), CV_S("IPM.Note"));
}

static cv_status merge_props(cv_from *c, const cv_bag *from)
{
    for (size_t i = 0; i < cv_bag_count(from); i++) {
        const cv_prop *prop = cv_bag_at(from, i);
        if (is_among(left_behind, CV_LEN(left_behind), prop->tag) ||
            is_among(of_body, CV_LEN(of_body), prop->tag) ||
            is_header_s(c, prop->tag) || is_poorer_class(c, prop))
            continue;
        cv_status st = cv_bag_put_from(c->props, prop->tag, &prop->value,
                                       prop->container_id, c->err);
        if (st != CV_OK && cv_arena_status(c->arena) != CV_OK)
            return st;
        if (st != CV_OK) {
            cv_report_say(c->report, CV_RULE_LIMIT, CV_S(""), CV_S(""),
                          CV_S("CV_LIMIT_PROPS"),
                          "further properties of the TNEF part are left out");
            break;
        }
    }
    return CV_OK;
}

/* -- the text -- */

static cv_status copy(cv_from *c, const cv_bag *from, cv_tag tag)
{
    return cv_bag_copy(c->props, from, tag, c->err);
}

/* RTF and HTML are the stream's; plain text of 8 bits is no better than the
 * part a reader without TNEF sees. */
static cv_status merge_body(cv_from *c, const cv_bag *from)
{
    const cv_prop *plain = cv_bag_find(from, CV_PidTagBody);
    cv_slice known;
    bool html = cv_bag_has(from, CV_PidTagHtml);
    bool rtf = cv_bag_has(from, CV_PidTagRtfCompressed);
    bool has_text = cv_bag_string(c->props, CV_PidTagBody, &known) &&
                    cv_slice_trim(known).len > 0;
    if (plain && (!has_text || html || rtf || plain->value.type == CV_T_STRING))
        CV_TRY(copy(c, from, CV_PidTagBody));
    if (rtf && !html)
        cv_bag_remove(c->props, CV_PidTagHtml);
    if (html && cv_bag_has(from, CV_PidTagInternetCodepage))
        CV_TRY(copy(c, from, CV_PidTagInternetCodepage));
    else if (html)
        cv_bag_set_i32(c->props, CV_PidTagInternetCodepage,
                       cv_bag_i32_or(from, CV_PidTagMessageCodepage, 65001));
    if (cv_bag_has(from, CV_PidTagNativeBody))
        CV_TRY(copy(c, from, CV_PidTagNativeBody));
    else if (html || rtf)
        cv_bag_set_i32(c->props, CV_PidTagNativeBody,
                       html ? NATIVE_HTML : NATIVE_RTF);
    return CV_OK;
}

/* -- recipients and headers -- */

/* The header has the recipients; a stream's own rows count without any. */
static cv_status merge_recipients(cv_from *c, const cv_object *tnef)
{
    if (cv_object_recipient_count(c->obj))
        return CV_OK;
    for (size_t i = 0; i < cv_object_recipient_count(tnef); i++) {
        cv_bag *row = cv_object_add_recipient(c->obj);
        if (!row)
            return cv_arena_fail(c->arena, c->err);
        CV_TRY(cv_bag_copy_all(row, cv_object_recipient(tnef, i), c->err));
    }
    return CV_OK;
}

/* The message no longer has what the field is about. */
static void drop_correlator(cv_from *c)
{
    const cv_name name = { .set = *cv_set_guid(CV_SET_PS_INTERNET_HEADERS),
                           .is_string = true,
                           .string = CV_S("X-MS-TNEF-Correlator") };
    cv_tag tag = cv_names_find(cv_object_names(c->obj), &name);
    if (tag)
        cv_bag_remove(c->props, tag);
}

cv_status cv_tnef_merge(cv_from *c, const cv_parts *parts)
{
    if (!parts->tnef)
        return CV_OK;
    const cv_bag *from = cv_object_props(parts->tnef);
    CV_TRY(merge_props(c, from));
    CV_TRY(merge_body(c, from));
    drop_correlator(c);
    return merge_recipients(c, parts->tnef);
}

/* -- attachments -- */

/* The mail's own files and the stream's rows, while they are matched. */
typedef struct matching {
    cv_from *c;
    const cv_object *tnef;
    size_t first, count; /* the mail's own, among the object's attachments */
    bool *taken;         /* arena, count: has its row */
    bool *done;          /* arena, one for each row of the stream */
} matching;

static bool is_empty(const cv_attachment *a)
{
    return !a->embedded && (!a->has_data || a->data.size_bytes == 0);
}

static cv_slice file_name(const cv_attachment *a)
{
    static const cv_tag tags[] = { CV_PidTagAttachLongFilename,
                                   CV_PidTagAttachFilename,
                                   CV_PidTagDisplayName };
    cv_slice name = CV_S("");
    for (size_t i = 0; i < CV_LEN(tags) && !name.len; i++)
        name = cv_bag_string_or(a->props, tags[i], CV_S(""));
    return name;
}

static bool is_same_file(const cv_attachment *a, const cv_attachment *b)
{
    cv_slice x = cv_bag_string_or(a->props, CV_PidTagAttachContentId, CV_S(""));
    cv_slice y = cv_bag_string_or(b->props, CV_PidTagAttachContentId, CV_S(""));
    if (x.len && y.len)
        return cv_slice_eq(x, y);
    x = file_name(a);
    return x.len && cv_slice_ieq(x, file_name(b));
}

/* By order alone only where names do not speak against it. */
static bool may_be_same(const cv_attachment *own, const cv_attachment *row)
{
    cv_slice name = file_name(row);
    return !name.len || own->embedded || cv_slice_istarts(file_name(own), name);
}

/* The row's properties on the file's; never its lack of data. */
static cv_status match(matching *m, size_t own, size_t row)
{
    static const cv_tag about_data[] = { CV_PidTagAttachDataBinary,
                                         CV_PidTagAttachSize,
                                         CV_PidTagAttachNumber };
    cv_attachment *to = cv_object_attachment(m->c->obj, m->first + own);
    const cv_bag *from = cv_object_attachment(m->tnef, row)->props;
    m->taken[own] = m->done[row] = true;
    for (size_t i = 0; i < cv_bag_count(from); i++) {
        const cv_prop *prop = cv_bag_at(from, i);
        if (is_among(about_data, CV_LEN(about_data), prop->tag))
            continue;
        CV_TRY(cv_bag_put_from(to->props, prop->tag, &prop->value,
                               prop->container_id, m->c->err));
    }
    return CV_OK;
}

static cv_status match_by_name(matching *m)
{
    for (size_t row = 0; row < cv_object_attachment_count(m->tnef); row++) {
        const cv_attachment *a = cv_object_attachment(m->tnef, row);
        if (!is_empty(a))
            continue;
        for (size_t own = 0; own < m->count && !m->done[row]; own++)
            if (!m->taken[own] &&
                is_same_file(cv_object_attachment(m->c->obj, m->first + own),
                             a))
                CV_TRY(match(m, own, row));
    }
    return CV_OK;
}

static cv_status match_by_order(matching *m)
{
    size_t own = 0;
    for (size_t row = 0; row < cv_object_attachment_count(m->tnef); row++) {
        const cv_attachment *a = cv_object_attachment(m->tnef, row);
        if (m->done[row] || !is_empty(a))
            continue;
        while (
            own < m->count &&
            (m->taken[own] ||
             !may_be_same(cv_object_attachment(m->c->obj, m->first + own), a)))
            own++;
        if (own == m->count)
            break;
        CV_TRY(match(m, own, row));
    }
    return CV_OK;
}

static cv_status add_others(matching *m)
{
    for (size_t row = 0; row < cv_object_attachment_count(m->tnef); row++) {
        if (m->done[row])
            continue;
        cv_attachment *a = cv_object_add_attachment(m->c->obj);
        if (!a && cv_arena_status(m->c->arena) != CV_OK)
            return cv_arena_fail(m->c->arena, m->c->err);
        if (!a) {
            cv_report_say(m->c->report, CV_RULE_LIMIT, CV_S(""), CV_S(""),
                          CV_S("CV_LIMIT_ATTACHMENTS"),
                          "further attachments are left out");
            break;
        }
        *a = *cv_object_attachment(m->tnef, row); /* of the same tree */
    }
    return CV_OK;
}

cv_status cv_tnef_attachments(cv_from *c, const cv_parts *parts, size_t first)
{
    if (!parts->tnef)
        return CV_OK;
    matching m = { .c = c,
                   .tnef = parts->tnef,
                   .first = first,
                   .count = cv_object_attachment_count(c->obj) - first };
    m.taken = cv_arena_array(c->arena, m.count, sizeof *m.taken);
    m.done = cv_arena_array(c->arena, cv_object_attachment_count(parts->tnef),
                            sizeof *m.done);
    if (!m.taken || !m.done)
        return cv_arena_fail(c->arena, c->err);
    CV_TRY(match_by_name(&m));
    CV_TRY(match_by_order(&m));
    return add_others(&m);
}
