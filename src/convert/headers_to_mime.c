/* Properties -> header fields. Source: spec mime-mapping.md A2 to A4; kb-cases
 * C002, C009, C013, C015. */
#include "convert/to_mime.h"

#include "base/limits.h"
#include "base/text.h"

#include <inttypes.h>
#include <strings.h>

typedef void (*write_fn)(cv_to *t, cv_mime_node *n, const char *name,
                         cv_tag tag);

static void write_text(cv_to *t, cv_mime_node *n, const char *name, cv_tag tag)
{
    cv_slice text = cv_slice_trim(
        cv_text_one_line(t->arena, cv_bag_string_or(t->props, tag, CV_S(""))));
    if (text.len)
        cv_mime_node_text_field(n, name, text);
}

/* Ids and URLs: copied when they are printable ASCII. */
static void write_token(cv_to *t, cv_mime_node *n, const char *name, cv_tag tag)
{
    cv_slice text = cv_slice_trim(
        cv_text_one_line(t->arena, cv_bag_string_or(t->props, tag, CV_S(""))));
    if (!text.len)
        return;
    if (cv_is_ascii(text))
        cv_mime_node_field(n, name, text);
    else
        cv_mime_node_text_field(n, name, text);
}

static void write_time(cv_to *t, cv_mime_node *n, const char *name, cv_tag tag)
{
    int64_t ticks = 0;
    cv_buf buf;
    if (!cv_bag_ticks(t->props, tag, &ticks))
        return;
    cv_buf_init(&buf, 64);
    cv_rfc5322_date_put(&buf, ticks, 0);
    cv_mime_node_field(n, name, cv_buf_dup(&buf, t->arena));
    cv_buf_clear(&buf);
}

static void write_base64(cv_to *t, cv_mime_node *n, const char *name,
                         cv_tag tag)
{
    cv_slice bytes;
    cv_buf buf;
    if (!cv_bag_binary(t->props, tag, &bytes) || bytes.len < 22 ||
        bytes.len > 1000)
        return;
    cv_buf_init(&buf, 0);
    cv_base64_put(&buf, bytes, 0);
    cv_mime_node_field(n, name, cv_buf_dup(&buf, t->arena));
    cv_buf_clear(&buf);
}

static void write_i32(cv_to *t, cv_mime_node *n, const char *name, cv_tag tag)
{
    int32_t v = 0;
    if (cv_bag_i32(t->props, tag, &v))
        cv_mime_node_field(n, name, cv_arena_printf(t->arena, "%" PRId32, v));
}

static void write_subject(cv_to *t, cv_mime_node *n, const char *name,
                          cv_tag tag)
{
    cv_slice text;
    if (!cv_bag_string(t->props, tag, &text))
        text = cv_arena_printf(
            t->arena, "%.*s%.*s",
            CV_FMT(
                cv_bag_string_or(t->props, CV_PidTagSubjectPrefix, CV_S(""))),
            CV_FMT(cv_bag_string_or(t->props, CV_PidTagNormalizedSubject,
                                    CV_S(""))));
    cv_slice line = cv_text_one_line(t->arena, text);
    if (line.ptr != text.ptr)
        cv_report_say(t->report, CV_RULE_TEXT_CONTROL, CV_S(""),
                      CV_S("PidTagSubject"), CV_S(""), "a space");
    cv_mime_node_text_field(n, name, cv_slice_trim(line));
}

static void write_importance(cv_to *t, cv_mime_node *n, const char *name,
                             cv_tag tag)
{
    int32_t v = cv_bag_i32_or(t->props, tag, 1);
    if (v != 0 && v != 2)
        return;
    cv_mime_node_field(n, name, v ? CV_S("high") : CV_S("low"));
    cv_mime_node_field(n, "X-Priority", v ? CV_S("1") : CV_S("5"));
}

/* X.400's: beside it Importance is said in so many words, because readers
 * that know only one of the two take Priority for it. */
static void write_priority(cv_to *t, cv_mime_node *n, const char *name,
                           cv_tag tag)
{
    int32_t v = cv_bag_i32_or(t->props, tag, 0);
    if (v != 1 && v != -1)
        return;
    cv_mime_node_field(n, name, v > 0 ? CV_S("urgent") : CV_S("non-urgent"));
    if (cv_bag_i32_or(t->props, CV_PidTagImportance, 1) == 1)
        cv_mime_node_field(n, "Importance", CV_S("normal"));
}

/* A value that only MAPI programs read, in pieces that can be folded. */
static void write_blob(cv_to *t, cv_mime_node *n, const char *name, cv_tag tag)
{
    enum { MOST = 32 << 10, PIECE = 45 };
    cv_slice bytes;
    cv_buf buf;
    if (!cv_bag_binary(t->props, tag, &bytes) || !bytes.len || bytes.len > MOST)
        return;
    cv_buf_init(&buf, 0);
    for (size_t i = 0; i < bytes.len; i += PIECE) {
        if (i)
            cv_buf_put_byte(&buf, ' ');
        cv_base64_put(&buf, cv_slice_sub(bytes, i, PIECE), 0);
    }
    cv_mime_node_field(n, name, cv_buf_dup(&buf, t->arena));
    cv_buf_clear(&buf);
}

static void write_sensitivity(cv_to *t, cv_mime_node *n, const char *name,
                              cv_tag tag)
{
    static const char *const words[] = { "Personal", "Private",
                                         "Company-Confidential" };
    int32_t v = cv_bag_i32_or(t->props, tag, 0);
    if (v >= 1 && v <= 3)
        cv_mime_node_field(n, name, cv_slice_cstr(words[v - 1]));
}

/* Whole ids only; the oldest but the first go when there are too many. */
static void write_references(cv_to *t, cv_mime_node *n, const char *name,
                             cv_tag tag)
{
    cv_slice all = cv_slice_trim(
        cv_text_one_line(t->arena, cv_bag_string_or(t->props, tag, CV_S(""))));
    if (!all.len || !cv_is_ascii(all))
        return;
    if (all.len > CV_LIMIT_REFERENCES_BYTES) {
        size_t first = cv_slice_find_byte(all, ' ', 0);
        size_t from = cv_slice_find_byte(
            all, ' ', all.len - CV_LIMIT_REFERENCES_BYTES / 2);
        if (first == CV_NPOS || from == CV_NPOS || first > 998)
            return;
        cv_report_say(t->report, CV_RULE_REFERENCES_CUT, CV_S(""),
                      CV_S("PidTagInternetReferences"), CV_S(""),
                      "%zu bytes of %zu kept", first + all.len - from, all.len);
        all = cv_arena_printf(t->arena, "%.*s%.*s",
                              CV_FMT(cv_slice_sub(all, 0, first)),
                              CV_FMT(cv_slice_sub(all, from, all.len)));
    }
    cv_mime_node_field(n, name, all);
}

static void write_keywords(cv_to *t, cv_mime_node *n, const char *name,
                           cv_tag tag)
{
    const cv_slice *list = NULL;
    size_t count = 0;
    cv_buf buf;
    if ((!cv_bag_strings(t->props, tag, &list, &count) || !count) &&
        (!cv_bag_strings(t->props, CV_PidLidCategories, &list, &count) ||
         !count))
        return;
    cv_buf_init(&buf, 0);
    for (size_t i = 0; i < count; i++) {
        if (i)
            cv_buf_put_str(&buf, ", ");
        cv_buf_put_slice(&buf, cv_text_one_line(t->arena, list[i]));
    }
    cv_mime_node_text_field(n, name, cv_buf_dup(&buf, t->arena));
    cv_buf_clear(&buf);
}

static void write_suppress(cv_to *t, cv_mime_node *n, const char *name,
                           cv_tag tag)
{
    static const char *const words[] = { "DR",  "NDR", "RN",
                                         "NRN", "OOF", "AutoReply" };
    int32_t v = cv_bag_i32_or(t->props, tag, 0);
    cv_buf buf;
    if (!v)
        return;
    if (v == -1) {
        cv_mime_node_field(n, name, CV_S("All"));
        return;
    }
    cv_buf_init(&buf, 64);
    for (size_t i = 0; i < CV_LEN(words); i++) {
        if (v & (1 << i)) {
            cv_buf_put_str(&buf, buf.len ? ", " : "");
            cv_buf_put_str(&buf, words[i]);
        }
    }
    if (buf.len)
        cv_mime_node_field(n, name, cv_buf_dup(&buf, t->arena));
    cv_buf_clear(&buf);
}

static void write_language(cv_to *t, cv_mime_node *n, const char *name,
                           cv_tag tag)
{
    const char *lang = cv_language_of_lcid(cv_bag_i32_or(t->props, tag, 0));
    if (lang)
        cv_mime_node_field(n, name, cv_slice_cstr(lang));
}

static void write_reply_by(cv_to *t, cv_mime_node *n, const char *name,
                           cv_tag tag)
{
    if (cv_bag_string_or(t->props, CV_PidLidFlagRequest, CV_S("")).len)
        write_time(t, n, name, tag);
}

static void write_classification(cv_to *t, cv_mime_node *n, const char *name,
                                 cv_tag tag)
{
    bool v = false;
    if (!cv_bag_bool_or(t->props, CV_PidLidClassified, false))
        return;
    if (CV_TAG_TYPE(tag) != CV_T_BOOL)
        write_text(t, n, name, tag);
    else if (cv_bag_bool(t->props, tag, &v))
        cv_mime_node_field(n, name, v ? CV_S("true") : CV_S("false"));
}

/* The mailbox a receipt goes to: read receipt, sender, sent representing. */
static void write_receipt(cv_to *t, cv_mime_node *n, const char *name,
                          cv_tag tag)
{
    cv_mime_address a = { CV_S(""), CV_S(""), CV_S("") };
    if (!cv_bag_bool_or(t->props, tag, false))
        return;
    if (cv_bag_has(t->props, CV_PidTagReadReceiptSmtpAddress) ||
        cv_bag_has(t->props, CV_PidTagReadReceiptEmailAddress) ||
        cv_bag_has(t->props, CV_PidTagReadReceiptEntryId))
        cv_person_address(t->props, &cv_person_read_receipt, t->options,
                          t->arena, &a.name, &a.address, NULL);
    if (!a.address.len)
        a.address = t->people.sender.address.len ? t->people.sender.address
                                                 : t->people.from.address;
    if (a.address.len)
        cv_mime_node_address_field(n, name, &a, 1);
}

static void write_has_attach(cv_to *t, cv_mime_node *n, const char *name,
                             cv_tag tag)
{
    (void)tag;
    if (cv_object_attachment_count(t->obj))
        cv_mime_node_field(n, name, CV_S("yes"));
}

typedef struct row {
    const char *name;
    write_fn write;
    cv_tag tag;
} row;

static const row table[] = {
    { "Subject", write_subject, CV_PidTagSubject },
    { "Thread-Topic", write_text, CV_PidTagConversationTopic },
    { "Thread-Index", write_base64, CV_PidTagConversationIndex },
    { "References", write_references, CV_PidTagInternetReferences },
    { "In-Reply-To", write_token, CV_PidTagInReplyToId },
    { "Importance", write_importance, CV_PidTagImportance },
    { "Priority", write_priority, CV_PidTagPriority },
    { "Sensitivity", write_sensitivity, CV_PidTagSensitivity },
    { "Expiry-Date", write_time, CV_PidTagExpiryTime },
    { "Reply-By", write_reply_by, CV_PidTagReplyTime },
    { "X-Message-Flag", write_text, CV_PidLidFlagRequest },
    { "Keywords", write_keywords, CV_PidNameKeywords },
    { "Content-Language", write_language, CV_PidTagMessageLocaleId },
    { "Accept-Language", write_token, CV_PidNameAcceptLanguage },
    { "X-Auto-Response-Suppress", write_suppress,
      CV_PidTagAutoResponseSuppress },
    { "Return-Receipt-To", write_receipt,
      CV_PidTagOriginatorDeliveryReportRequested },
    { "Disposition-Notification-To", write_receipt,
      CV_PidTagReadReceiptRequested },
    { "List-Help", write_token, CV_PidTagListHelp },
    { "List-Subscribe", write_token, CV_PidTagListSubscribe },
    { "List-Unsubscribe", write_token, CV_PidTagListUnsubscribe },
    { "Precedence", write_token, TAG_INTERNET_PRECEDENCE },
    { "X-CallingTelephoneNumber", write_text, TAG_CALLING_NUMBER },
    { "X-VoiceMessageSenderName", write_text, CV_PidTagVoiceMessageSenderName },
    { "X-VoiceMessageDuration", write_i32, TAG_VOICE_DURATION },
    { "X-FaxNumberOfPages", write_i32, CV_PidTagFaxNumberOfPages },
    { "X-AttachmentOrder", write_text, CV_PidTagVoiceMessageAttachmentOrder },
    { "X-CallID", write_text, CV_PidTagCallId },
    { "X-Microsoft-Classified", write_classification, CV_PidLidClassified },
    { "X-Microsoft-Classification", write_classification,
      CV_PidLidClassification },
    { "X-Microsoft-ClassDesc", write_classification,
      CV_PidLidClassificationDescription },
    { "X-Microsoft-ClassID", write_classification,
      CV_PidLidClassificationGuid },
    { "X-Microsoft-ClassKeep", write_classification,
      CV_PidLidClassificationKeep },
    { "X-Convoke-Verb-Stream", write_blob, CV_PidLidVerbStream },
    { "X-Convoke-Verb-Response", write_text, CV_PidLidVerbResponse },
    { "X-MS-Has-Attach", write_has_attach, 0 },
};

/* -- generic fields: PS_INTERNET_HEADERS -- */

/* Fields that others write, that only hold within the transport, or that
 * would no longer be true. */
static const char *const not_generic[] = {
    "From",
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Bcc",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Content-Disposition",
    "Content-Description",
    "Content-ID",
    "Content-Class",
    "Content-Length",
    "Received",
    "Return-Path",
    "Delivered-To",
    "DKIM-Signature",
    "DomainKey-Signature",
    "ARC-Seal",
    "ARC-Message-Signature",
    "ARC-Authentication-Results",
    "Authentication-Results",
    "X-Priority",
    "X-MSMail-Priority",
    "X-MS-TNEF-Correlator",
    "Expires",
};

static bool is_field_name(cv_slice name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] <= 0x20 || name.ptr[i] > 0x7E || name.ptr[i] == ':')
            return false;
    return name.len > 0 && name.len <= 76;
}

static bool is_generic(cv_slice name)
{
    if (!is_field_name(name) ||
        cv_slice_istarts(name, CV_S("X-Microsoft-Exchange-")) ||
        cv_slice_istarts(name, CV_S("X-MS-Exchange-Organization-")) ||
        cv_slice_istarts(name, CV_S("X-MS-Exchange-Forest-")))
        return false;
    for (size_t i = 0; i < CV_LEN(not_generic); i++)
        if (cv_slice_ieq(name, cv_slice_cstr(not_generic[i])))
            return false;
    for (size_t i = 0; i < CV_LEN(table); i++)
        if (cv_slice_ieq(name, cv_slice_cstr(table[i].name)))
            return false;
    return true;
}

/* Fields of a resent message hold addresses, which may be no mailboxes. */
static bool write_resent(cv_to *t, cv_mime_node *n, const char *name,
                         cv_slice line)
{
    static const char *const names[] = { "Resent-From", "Resent-Sender",
                                         "Resent-To", "Resent-Cc",
                                         "Resent-Bcc" };
    for (size_t i = 0; i < CV_LEN(names); i++) {
        cv_mime_address *list = NULL;
        size_t count = 0;
        if (strcasecmp(name, names[i]) != 0)
            continue;
        if (cv_mime_addresses(t->arena, line, CV_S(""), &list, &count,
                              t->report, NULL) == CV_OK)
            cv_mime_node_address_field(n, name, list, count);
        return true;
    }
    return false;
}

static void write_generic_line(cv_to *t, cv_mime_node *n, const char *name,
                               cv_slice text)
{
    cv_slice line = cv_slice_trim(cv_text_one_line(t->arena, text));
    if (line.len && !write_resent(t, n, name, line))
        cv_mime_node_text_field(n, name, line);
}

/* One field for each value. */
static void write_generic_prop(cv_to *t, cv_mime_node *n, const char *name,
                               cv_tag tag)
{
    const cv_slice *list = NULL;
    size_t count = 0;
    cv_slice text;
    if (cv_bag_string(t->props, tag, &text))
        write_generic_line(t, n, name, text);
    else if (cv_bag_strings(t->props, tag, &list, &count))
        for (size_t i = 0; i < count; i++)
            write_generic_line(t, n, name, list[i]);
}

static void write_generic(cv_to *t, cv_mime_node *n)
{
    for (size_t i = 0; i < cv_bag_count(t->props); i++) {
        const cv_prop *p = cv_bag_at(t->props, i);
        if (CV_TAG_ID(p->tag) < CV_NAMED_FIRST)
            continue;
        const cv_name *name = cv_names_get(cv_object_names(t->obj), p->tag);
        if (!name || !name->is_string ||
            !cv_guid_eq(&name->set, cv_set_guid(CV_SET_PS_INTERNET_HEADERS)) ||
            !is_generic(name->string))
            continue;
        const char *c_name = cv_arena_cstr(t->arena, name->string);
        if (c_name)
            write_generic_prop(t, n, c_name, p->tag);
    }
}

/* -- addresses -- */

static cv_mime_address mailbox(const cv_person *p)
{
    return (cv_mime_address){ .name = p->name,
                              .address = p->address,
                              .group = CV_S("") };
}

static void write_senders(cv_to *t, cv_mime_node *n)
{
    const cv_person *from = &t->people.from, *sender = &t->people.sender;
    cv_mime_address a = mailbox(from);
    if (!from->address.len && sender->address.len)
        a = mailbox(sender);
    if (!a.name.len && cv_slice_ieq(a.address, sender->address))
        a.name = sender->name;
    if (!a.address.len) {
        cv_slice domain = cv_opt_domain(t->options);
        if (!a.name.len)
            a.name = from->name.len ? from->name : sender->name;
        a.address =
            cv_arena_printf(t->arena, "postmaster@%.*s", CV_FMT(domain));
        cv_report_say(t->report, CV_RULE_FROM_INVENTED, CV_S(""), CV_S("From"),
                      CV_S(""), "%.*s", CV_FMT(a.address));
    }
    cv_mime_node_address_field(n, "From", &a, 1);
    if (sender->address.len && !cv_slice_ieq(sender->address, a.address)) {
        a = mailbox(sender);
        cv_mime_node_address_field(n, "Sender", &a, 1);
    }
}

static void write_reply_to(cv_to *t, cv_mime_node *n)
{
    cv_slice blob, *ids = NULL;
    size_t count = 0, used = 0;
    if (!cv_bag_binary(t->props, CV_PidTagReplyRecipientEntries, &blob) ||
        cv_flat_entries_parse(t->arena, blob, &ids, &count) != CV_OK)
        return;
    cv_mime_address *list = cv_arena_array(t->arena, count, sizeof *list);
    for (size_t i = 0; list && i < count; i++) {
        cv_entryid id;
        cv_slice smtp = CV_S("");
        if (cv_entryid_parse(t->arena, ids[i], &id) != CV_OK)
            continue;
        if (cv_address_is_smtp(id.address) && id.address.ptr[0] != '/')
            smtp = id.address;
        else if (!cv_people_resolve(&t->people, t->arena, id.address_type,
                                    id.address, &smtp))
            continue;
        list[used++] = (cv_mime_address){ .name = cv_slice_eq(id.name, smtp)
                                                      ? CV_S("")
                                                      : cv_text_one_line(
                                                            t->arena, id.name),
                                          .address = smtp,
                                          .group = CV_S("") };
    }
    if (used)
        cv_mime_node_address_field(n, "Reply-To", list, used);
}

/* all: also rows that are not mailed. */
static size_t write_rows(cv_to *t, cv_mime_node *n, const char *name,
                         int32_t type, bool all)
{
    size_t count = 0;
    cv_mime_address *list =
        cv_arena_array(t->arena, t->people.row_count, sizeof *list);
    for (size_t i = 0; list && i < t->people.row_count; i++) {
        const cv_bag *r = cv_object_recipient(t->obj, i);
        const cv_person *p = &t->people.rows[i];
        if (cv_row_type(r) != type || (!all && !cv_row_is_mailed(t->obj, r)) ||
            (!p->address.len && !p->name.len))
            continue;
        list[count++] = mailbox(p);
    }
    if (count)
        cv_mime_node_address_field(n, name, list, count);
    return count;
}

/* A delivery report's rows are those it is about; it went to who received
 * it. */
static size_t write_report_to(cv_to *t, cv_mime_node *n)
{
    cv_mime_address a = { CV_S(""), CV_S(""), CV_S("") };
    cv_person_address(t->props, &cv_person_received_by, t->options, t->arena,
                      &a.name, &a.address, NULL);
    if (!a.address.len)
        return 0;
    cv_mime_node_address_field(n, "To", &a, 1);
    return 1;
}

static bool is_delivery_report(const cv_object *obj)
{
    cv_slice c = cv_object_class(obj);
    return cv_object_is_class(obj, CV_S("REPORT")) &&
           (cv_slice_iends(c, CV_S(".DR")) || cv_slice_iends(c, CV_S(".NDR")));
}

static size_t write_all_rows(cv_to *t, cv_mime_node *n, bool all)
{
    return write_rows(t, n, "To", CV_RECIP_TO, all) +
           write_rows(t, n, "Cc", CV_RECIP_CC, all);
}

static void write_recipients(cv_to *t, cv_mime_node *n)
{
    size_t count = is_delivery_report(t->obj) ? write_report_to(t, n)
                                              : write_all_rows(t, n, false);
    /* An organizer who wrote to nobody else is shown. */
    if (!count && !is_delivery_report(t->obj))
        count = write_all_rows(t, n, true);
    if (!count)
        cv_mime_node_field(n, "To", CV_S("undisclosed-recipients:;"));
}

/* -- Date, Message-ID, Content-class -- */

static void decide_date(cv_to *t)
{
    static const cv_tag tags[] = {
        CV_PidTagClientSubmitTime,       CV_PidTagMessageDeliveryTime,
        CV_PidTagCreationTime,           CV_PidTagLastModificationTime,
        CV_PidLidAttendeeCriticalChange, CV_PidLidOwnerCriticalChange
    };
    for (size_t i = 0; i < CV_LEN(tags); i++) {
        if (!cv_bag_ticks(t->props, tags[i], &t->date))
            continue;
        if (i)
            cv_report_say(t->report, CV_RULE_DATE_INVENTED, CV_S(""),
                          CV_S("Date"), CV_S(""), "%s", cv_tag_name(tags[i]));
        return;
    }
    t->date = cv_opt_now(t->options);
    cv_report_say(t->report, CV_RULE_DATE_INVENTED, CV_S(""), CV_S("Date"),
                  CV_S(""), "now");
}

/* What tells one message from another, when it has no Message-ID. */
static cv_slice invent_id(cv_to *t)
{
    static const cv_tag tags[] = {
        CV_PidTagSearchKey,
        CV_PidLidGlobalObjectId,
        CV_PidTagConversationIndex,
        CV_PidTagMessageClass,
        CV_PidTagSubject,
        CV_PidTagSenderName,
        CV_PidTagBody,
        CV_PidTagSenderEmailAddress,
    };
    cv_buf buf, hex;
    uint8_t digest[32];
    cv_buf_init(&buf, 0);
    cv_buf_init(&hex, 100);
    for (size_t i = 0; i < CV_LEN(tags); i++) {
        cv_slice v;
        if (cv_bag_binary(t->props, tags[i], &v) ||
            cv_bag_string(t->props, tags[i], &v))
            cv_buf_put_slice(&buf, v);
        cv_buf_put_byte(&buf, 0);
    }
    cv_buf_put_u64le(&buf, (uint64_t)t->date);
    cv_buf_put_u32le(&buf, (uint32_t)cv_bag_i32_or(
                               t->props, CV_PidLidAppointmentSequence, 0));
    cv_sha256(cv_buf_slice(&buf), digest);
    cv_hex_put(&hex, cv_slice_of(digest, 16), false);
    cv_slice id =
        cv_arena_printf(t->arena, "<%.*s@%.*s>", CV_FMT(cv_buf_slice(&hex)),
                        CV_FMT(cv_opt_domain(t->options)));
    cv_buf_clear(&buf);
    cv_buf_clear(&hex);
    return id;
}

/* What stands between < and >: exactly one '@' outside quotes, with something
 * on both sides; empty when there is nothing to keep. */
static cv_slice sound_id(cv_arena *arena, cv_slice id)
{
    cv_buf buf;
    size_t at = CV_NPOS;
    bool quoted = false;
    for (size_t i = 1; i + 1 < id.len; i++)
        if (id.ptr[i] == '@')
            at = i;
    cv_buf_init(&buf, 0);
    for (size_t i = 0; i < id.len; i++) {
        quoted ^= id.ptr[i] == '"';
        if (id.ptr[i] != '@' || i == at || quoted)
            cv_buf_put_byte(&buf, id.ptr[i]);
        else if (at != CV_NPOS && i != 0 && i + 1 != id.len)
            cv_buf_put_byte(&buf, '.');
    }
    if (at == CV_NPOS && buf.len)
        cv_buf_put_str(&buf, "@invalid");
    cv_slice out = cv_buf_dup(&buf, arena);
    cv_buf_clear(&buf);
    return out;
}

static cv_slice clean_id(cv_arena *arena, cv_slice id)
{
    cv_buf buf;
    cv_buf_init(&buf, 1200);
    for (size_t i = 0; i < id.len; i++)
        if (id.ptr[i] > 0x20 && id.ptr[i] < 0x7F && id.ptr[i] != '<' &&
            id.ptr[i] != '>')
            cv_buf_put_byte(&buf, id.ptr[i]);
    cv_slice text = cv_buf_slice(&buf);
    bool fits = buf.status == CV_OK && text.len < 980;
    cv_slice sound = fits ? sound_id(arena, text) : CV_S("");
    cv_buf_clear(&buf);
    return sound.len ? cv_arena_printf(arena, "<%.*s>", CV_FMT(sound))
                     : CV_S("");
}

static void decide_id(cv_to *t)
{
    cv_slice id =
        cv_bag_string_or(t->props, CV_PidTagInternetMessageId, CV_S(""));
    t->message_id = clean_id(t->arena, id);
    if (t->message_id.len) {
        if (!cv_slice_eq(t->message_id, cv_slice_trim(id)))
            cv_report_say(t->report, CV_RULE_MIME_HEADER_SYNTAX, CV_S(""),
                          CV_S("Message-ID"), cv_utf8_clip(id, 80), "%.*s",
                          CV_FMT(cv_utf8_clip(t->message_id, 80)));
        return;
    }
    t->message_id = invent_id(t);
    cv_report_say(t->report, CV_RULE_MESSAGE_ID_INVENTED, CV_S(""),
                  CV_S("Message-ID"), cv_utf8_clip(id, 80), "%.*s",
                  CV_FMT(t->message_id));
}

void cv_headers_decide(cv_to *t)
{
    decide_date(t);
    decide_id(t);
}

static const char *content_class(const cv_to *t)
{
    static const struct {
        const char *message_class, *value;
    } classes[] = {
        /* longer ones before what they begin with */
        { "IPM.Note.Microsoft.Fax.CA", "fax-ca" },
        { "IPM.Note.Microsoft.Fax", "fax" },
        { "IPM.Note.Microsoft.Missed.Voice", "missedcall" },
        { "IPM.Note.Microsoft.Conversation.Voice", "voice-uc" },
        { "IPM.Note.Microsoft.Voicemail.UM.CA", "voice-ca" },
        { "IPM.Note.Microsoft.Voicemail.UM", "voice" },
    };
    bool calendar = cv_object_is_class(t->obj, CV_S("IPM.Schedule.Meeting")) ||
                    cv_object_is_class(t->obj, CV_S("IPM.Appointment"));
    if (calendar)
        return cv_opt_bool(t->options, CV_OPT_CALENDAR_CLASS)
                   ? "urn:content-classes:calendarmessage"
                   : NULL;
    for (size_t i = 0; i < CV_LEN(classes); i++)
        if (cv_object_is_class(t->obj, cv_slice_cstr(classes[i].message_class)))
            return classes[i].value;
    return NULL;
}

/* Classes that carry a name of somebody's own; ptr NULL for others. */
static cv_slice own_content_class(const cv_to *t)
{
    const cv_slice custom = CV_S("IPM.Note.Custom."),
                   form = CV_S("IPM.InfoPathForm.");
    cv_slice c = cv_object_class(t->obj);
    cv_slice name =
        cv_bag_string_or(t->props, CV_PidLidInfoPathFormName, CV_S(""));
    if (cv_slice_istarts(c, custom))
        return cv_arena_printf(t->arena, "urn:content-class:custom.%.*s",
                               CV_FMT(cv_slice_sub(c, custom.len, c.len)));
    if (cv_slice_istarts(c, form) && !cv_slice_iends(c, CV_S(".SMIME")))
        return cv_arena_printf(t->arena, "InfoPathForm.%.*s%s%.*s",
                               CV_FMT(cv_slice_sub(c, form.len, c.len)),
                               name.len ? "." : "", CV_FMT(name));
    return (cv_slice){ NULL, 0 };
}

static void write_content_class(cv_to *t, cv_mime_node *n)
{
    const char *value = content_class(t);
    cv_slice own = own_content_class(t);
    cv_slice stored =
        cv_bag_string_or(t->props, CV_PidNameContentClass, CV_S(""));
    if (value)
        cv_mime_node_field(n, "Content-class", cv_slice_cstr(value));
    else if (own.ptr)
        cv_mime_node_text_field(n, "Content-class",
                                cv_text_one_line(t->arena, own));
    else if (stored.len &&
             cv_slice_ifind(stored, CV_S("calendarmessage"), 0) == CV_NPOS)
        write_token(t, n, "Content-class", CV_PidNameContentClass);
}

void cv_headers_to_mime(cv_to *t, cv_mime_node *root)
{
    cv_buf buf;
    write_senders(t, root);
    write_reply_to(t, root);
    write_recipients(t, root);
    cv_buf_init(&buf, 64);
    cv_rfc5322_date_put(&buf, t->date, 0);
    cv_mime_node_field(root, "Date", cv_buf_dup(&buf, t->arena));
    cv_buf_clear(&buf);
    cv_mime_node_field(root, "Message-ID", t->message_id);
    for (size_t i = 0; i < CV_LEN(table); i++)
        table[i].write(t, root, table[i].name, table[i].tag);
    write_content_class(t, root);
    write_generic(t, root);
    cv_mime_node_field(root, "MIME-Version", CV_S("1.0"));
}
