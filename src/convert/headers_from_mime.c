/* Header fields -> properties. Source: spec mime-mapping.md B1, B2. */
#include "convert/from_mime.h"

#include "base/limits.h"
#include "base/text.h"

#define MAX_REFERENCES (64 << 10) /* bytes */
#define MAX_KEYWORDS 256

typedef void (*read_fn)(cv_from *c, const cv_mime_field *f, cv_tag tag);

cv_slice cv_header_text(cv_from *c, const cv_mime_field *field)
{
    cv_slice text = CV_S("");
    if (cv_mime_decode_text(c->arena, field->raw, c->charset, &text, NULL) !=
        CV_OK)
        text = cv_utf8_repair(c->arena, field->text);
    cv_slice line = cv_text_one_line(c->arena, text);
    if (line.ptr != text.ptr || line.len != text.len)
        cv_report_say(c->report, CV_RULE_TEXT_CONTROL, CV_S(""), field->name,
                      CV_S(""), "a space");
    return cv_slice_trim(line);
}

static void read_text(cv_from *c, const cv_mime_field *f, cv_tag tag)
{
    cv_bag_set_string(c->props, tag, cv_header_text(c, f));
}

/* Ids and other text that is no text for people. */
static void read_verbatim(cv_from *c, const cv_mime_field *f, cv_tag tag)
{
    cv_slice v = cv_utf8_repair(c->arena, cv_slice_trim(f->text));
    if (v.len)
        cv_bag_set_string(c->props, tag, cv_text_one_line(c->arena, v));
}

static void read_references(cv_from *c, const cv_mime_field *f, cv_tag tag)
{
    cv_slice v = cv_utf8_repair(c->arena, cv_slice_trim(f->text));
    if (v.len)
        cv_bag_set_string(c->props, tag, cv_utf8_clip(v, MAX_REFERENCES));
}

static void read_message_id(cv_from *c, const cv_mime_field *f, cv_tag tag)
{
    cv_slice v = cv_slice_trim(f->text);
    size_t open = cv_slice_find_byte(v, '<', 0);
    size_t close = open == CV_NPOS ? CV_NPOS : cv_slice_find_byte(v, '>', open);
    if (close != CV_NPOS)
        v = cv_slice_sub(v, open, close - open + 1);
    if (v.len)
        cv_bag_set_string(c->props, tag, cv_utf8_repair(c->arena, v));
}

static void read_time(cv_from *c, const cv_mime_field *f, cv_tag tag)
{
    int64_t ticks = 0;
    if (cv_rfc5322_date_parse(f->text, &ticks) == CV_OK &&
        cv_ticks_is_valid(ticks))
        cv_bag_set_ticks(c->props, tag, ticks);
    else
        cv_report_say(c->report, CV_RULE_BAD_TIME, CV_S(""), f->name,
                      cv_utf8_clip(cv_utf8_repair(c->arena, f->text), 80),
                      "left out");
}

static void read_base64(cv_from *c, const cv_mime_field *f, cv_tag tag)
{
    size_t junk = 0;
    cv_slice bytes = cv_base64_decode(c->arena, f->text, &junk);
    if (bytes.len >= 22 && !junk)
        cv_bag_set_binary(c->props, tag, bytes);
    else
        cv_report_say(c->report, CV_RULE_BAD_VALUE, CV_S(""), f->name, CV_S(""),
                      "left out");
}

static void read_i32(cv_from *c, const cv_mime_field *f, cv_tag tag)
{
    int64_t v = 0;
    if (cv_parse_i64(cv_slice_trim(f->text), &v) == CV_OK && v >= INT32_MIN &&
        v <= INT32_MAX)
        cv_bag_set_i32(c->props, tag, (int32_t)v);
}

typedef struct word {
    const char *text;
    int32_t value;
} word;

static bool find_word(const word *words, size_t count, cv_slice text,
                      int32_t *out)
{
    for (size_t i = 0; i < count; i++) {
        if (cv_slice_ieq(cv_slice_trim(text), cv_slice_cstr(words[i].text))) {
            *out = words[i].value;
            return true;
        }
    }
    return false;
}

static const word importance_words[] = {
    { "low", 0 },        { "normal", 1 }, { "high", 2 },
    { "non-urgent", 0 }, { "urgent", 2 }, { "medium", 1 },
};

static void read_importance(cv_from *c, const cv_mime_field *f, cv_tag tag)
{
    int32_t v = 0;
    if (find_word(importance_words, CV_LEN(importance_words), f->text, &v))
        cv_bag_set_i32(c->props, tag, v);
}

/* Importance itself wins over its older synonyms; among these the first. */
static bool importance_is_set(const cv_from *c)
{
    return cv_mime_field_get(c->root, CV_S("Importance")) ||
           cv_bag_has(c->props, CV_PidTagImportance);
}

static void read_priority_word(cv_from *c, const cv_mime_field *f, cv_tag tag)
{
    if (!importance_is_set(c))
        read_importance(c, f, tag);
}

static void read_priority(cv_from *c, const cv_mime_field *f, cv_tag tag)
{
    static const word words[] = { { "non-urgent", -1 },
                                  { "normal", 0 },
                                  { "urgent", 1 } };
    int32_t v = 0;
    if (find_word(words, CV_LEN(words), f->text, &v))
        cv_bag_set_i32(c->props, tag, v);
    read_priority_word(c, f, CV_PidTagImportance);
}

static void read_blob(cv_from *c, const cv_mime_field *f, cv_tag tag)
{
    size_t junk = 0;
    cv_slice bytes = cv_base64_decode(c->arena, f->text, &junk);
    if (bytes.len && !junk)
        cv_bag_set_binary(c->props, tag, bytes);
}

static void read_x_priority(cv_from *c, const cv_mime_field *f, cv_tag tag)
{
    cv_slice v = cv_slice_trim(f->text);
    if (!v.len || importance_is_set(c))
        return;
    if (v.ptr[0] == '1' || v.ptr[0] == '2')
        cv_bag_set_i32(c->props, tag, 2);
    else if (v.ptr[0] == '4' || v.ptr[0] == '5')
        cv_bag_set_i32(c->props, tag, 0);
}

static void read_sensitivity(cv_from *c, const cv_mime_field *f, cv_tag tag)
{
    static const word words[] = { { "personal", 1 },
                                  { "private", 2 },
                                  { "company-confidential", 3 } };
    int32_t v = 0;
    find_word(words, CV_LEN(words), f->text, &v);
    cv_bag_set_i32(c->props, tag, v);
}

static void read_keywords(cv_from *c, const cv_mime_field *f, cv_tag tag)
{
    cv_slice *list = cv_arena_array(c->arena, MAX_KEYWORDS, sizeof *list);
    cv_slice rest = cv_header_text(c, f);
    size_t n = 0;
    while (list && rest.ptr && n < MAX_KEYWORDS) {
        size_t i = 0;
        while (i < rest.len && rest.ptr[i] != ',' && rest.ptr[i] != ';')
            i++;
        cv_slice one = cv_slice_trim(cv_slice_sub(rest, 0, i));
        rest = i < rest.len ? cv_slice_sub(rest, i + 1, rest.len)
                            : (cv_slice){ NULL, 0 };
        if (one.len)
            list[n++] = cv_utf8_clip(one, 255);
    }
    if (n)
        cv_bag_set_strings(c->props, tag, list, n);
}

static void read_flag(cv_from *c, const cv_mime_field *f, cv_tag tag)
{
    cv_slice text = cv_header_text(c, f);
    if (!text.len)
        return;
    cv_bag_set_string(c->props, tag, text);
    cv_bag_set_i32(c->props, CV_PidTagFlagStatus, 2);
    cv_bag_set_i32(c->props, CV_PidTagToDoItemFlags, 8);
    cv_bag_set_i32(c->props, CV_PidLidTaskStatus, 0);
    cv_bag_set_bool(c->props, CV_PidLidTaskComplete, false);
    cv_bag_set_f64(c->props, CV_PidLidPercentComplete, 0.0);
}

static void read_suppress(cv_from *c, const cv_mime_field *f, cv_tag tag)
{
    static const word words[] = {
        { "none", 0 }, { "all", -1 }, { "dr", 1 },   { "ndr", 2 },
        { "rn", 4 },   { "nrn", 8 },  { "oof", 16 }, { "autoreply", 32 },
    };
    int32_t all = 0, v = 0;
    cv_slice rest = f->text;
    while (rest.ptr) {
        size_t i = 0;
        while (i < rest.len && rest.ptr[i] != ',' && rest.ptr[i] != ';')
            i++;
        if (find_word(words, CV_LEN(words), cv_slice_sub(rest, 0, i), &v))
            all |= v;
        rest = i < rest.len ? cv_slice_sub(rest, i + 1, rest.len)
                            : (cv_slice){ NULL, 0 };
    }
    cv_bag_set_i32(c->props, tag, all);
}

/* A field that has no property of its own is one by its name. */
static void keep_named(cv_from *c, const cv_mime_field *f)
{
    if (cv_object_set_named_string(c->obj, c->props, CV_SET_PS_INTERNET_HEADERS,
                                   f->name, cv_header_text(c, f)) != CV_OK)
        cv_report_say(c->report, CV_RULE_LIMIT, CV_S(""), f->name,
                      CV_S("CV_LIMIT_PROPS"), "left out");
}

/* All fields of f's name; the caller has none of them yet. In the arena. */
static cv_slice *values_of(cv_from *c, const cv_mime_field *f, size_t *count)
{
    size_t room = 0;
    *count = 0;
    for (size_t i = 0; i < c->root->field_count; i++)
        room += cv_slice_ieq(c->root->fields[i].name, f->name);
    cv_slice *list = cv_arena_array(c->arena, room, sizeof *list);
    for (size_t i = 0; list && i < c->root->field_count; i++)
        if (cv_slice_ieq(c->root->fields[i].name, f->name))
            list[(*count)++] = cv_header_text(c, &c->root->fields[i]);
    return list;
}

/* A field that comes several times is one property with several values, set
 * when the first of them is met. */
static void keep_all_named(cv_from *c, const cv_mime_field *f)
{
    const cv_name name = { .set = *cv_set_guid(CV_SET_PS_INTERNET_HEADERS),
                           .is_string = true,
                           .string = f->name };
    cv_tag tag = cv_names_find(cv_object_names(c->obj), &name);
    size_t count = 0;
    if (tag && cv_bag_has(c->props, tag | CV_T_MULTI | CV_T_STRING))
        return;
    cv_slice *list = values_of(c, f, &count);
    if (count < 2)
        keep_named(c, f);
    else if (cv_names_intern(cv_object_names(c->obj), &name, &tag, NULL) !=
                 CV_OK ||
             cv_bag_set_strings(c->props, tag | CV_T_MULTI | CV_T_STRING, list,
                                count) != CV_OK)
        cv_report_say(c->report, CV_RULE_LIMIT, CV_S(""), f->name,
                      CV_S("CV_LIMIT_PROPS"), "left out");
}

static void read_auto_submitted(cv_from *c, const cv_mime_field *f, cv_tag tag)
{
    if (!cv_slice_istarts(cv_slice_trim(f->text), CV_S("no")) &&
        !cv_mime_field_get(c->root, CV_S("X-Auto-Response-Suppress")))
        cv_bag_set_i32(c->props, tag, 16 | 32);
    keep_named(c, f);
}

static void read_language(cv_from *c, const cv_mime_field *f, cv_tag tag)
{
    cv_slice rest = f->text;
    int32_t lcid = cv_lcid_of_language(cv_slice_trim(cv_slice_cut(&rest, ',')));
    if (lcid)
        cv_bag_set_i32(c->props, tag, lcid);
}

static void read_classified(cv_from *c, const cv_mime_field *f, cv_tag tag)
{
    const cv_mime_field *yes =
        cv_mime_field_get(c->root, CV_S("X-Microsoft-Classified"));
    if (!yes || !cv_slice_ieq(cv_slice_trim(yes->text), CV_S("true")))
        return;
    if (CV_TAG_TYPE(tag) == CV_T_BOOL)
        cv_bag_set_bool(c->props, tag,
                        cv_slice_ieq(cv_slice_trim(f->text), CV_S("true")));
    else
        read_text(c, f, tag);
}

static bool first_address(cv_from *c, const cv_mime_field *f,
                          cv_mime_address *out)
{
    cv_mime_address *list = NULL;
    size_t count = 0;
    if (cv_mime_addresses(c->arena, f->raw, c->charset, &list, &count,
                          c->report, NULL) != CV_OK)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (cv_address_is_smtp(list[i].address)) {
            *out = list[i];
            return true;
        }
    }
    if (count)
        *out = list[0];
    return count != 0;
}

static void read_receipt_to(cv_from *c, const cv_mime_field *f, cv_tag tag)
{
    cv_mime_address a;
    cv_bag_set_bool(c->props, tag, true);
    cv_bag_set_bool(c->props, CV_PidTagNonReceiptNotificationRequested, true);
    if (first_address(c, f, &a))
        cv_bag_set_person(c->props, &cv_person_read_receipt, a.name, a.address);
}

static void read_delivery_receipt(cv_from *c, const cv_mime_field *f,
                                  cv_tag tag)
{
    (void)f;
    cv_bag_set_bool(c->props, tag, true);
}

static void read_reply_to(cv_from *c, const cv_mime_field *f, cv_tag tag)
{
    cv_mime_address *list = NULL;
    size_t count = 0, n = 0;
    if (cv_mime_addresses(c->arena, f->raw, c->charset, &list, &count,
                          c->report, NULL) != CV_OK)
        return;
    cv_slice *ids = cv_arena_array(c->arena, count, sizeof *ids);
    cv_buf names;
    cv_buf_init(&names, 0);
    for (size_t i = 0; ids && i < count; i++) {
        cv_slice name = list[i].name.len ? list[i].name : list[i].address;
        if (!list[i].address.len)
            continue;
        ids[n++] =
            cv_entryid_one_off(c->arena, name, CV_S("SMTP"), list[i].address);
        if (names.len)
            cv_buf_put_byte(&names, ';');
        cv_buf_put_slice(&names, name);
    }
    if (n) {
        cv_bag_set_binary(c->props, tag,
                          cv_flat_entries_build(c->arena, ids, n));
        cv_bag_set_string(c->props, CV_PidTagReplyRecipientNames,
                          cv_buf_slice(&names));
    }
    cv_buf_clear(&names);
}

static void read_subject(cv_from *c, const cv_mime_field *f, cv_tag tag)
{
    cv_slice text = cv_header_text(c, f);
    cv_bag_set_string(c->props, tag, text);
    size_t i = 0, chars = 0;
    while (i < text.len && chars < 4 && text.ptr[i] != ':' &&
           text.ptr[i] != ' ' && !(text.ptr[i] >= '0' && text.ptr[i] <= '9')) {
        (void)cv_utf8_next(text, &i);
        chars++;
    }
    cv_slice prefix = CV_S(""), rest = text;
    if (chars >= 1 && chars <= 3 && i < text.len && text.ptr[i] == ':') {
        rest = cv_slice_trim(cv_slice_sub(text, i + 1, text.len));
        prefix = cv_arena_printf(c->arena,
                                 "%.*s: ", CV_FMT(cv_slice_sub(text, 0, i)));
    }
    cv_bag_set_string(c->props, CV_PidTagSubjectPrefix, prefix);
    cv_bag_set_string(c->props, CV_PidTagNormalizedSubject, rest);
}

/* What belongs to the transport or to the body, not to the message: it stays
 * in PidTagTransportMessageHeaders only. */
static void read_nothing(cv_from *c, const cv_mime_field *f, cv_tag tag)
{
    (void)c;
    (void)f;
    (void)tag;
}

typedef struct row {
    const char *name;
    read_fn read;
    cv_tag tag;
} row;

static const row table[] = {
    { "From", read_nothing, 0 },
    { "Sender", read_nothing, 0 },
    { "To", read_nothing, 0 },
    { "Cc", read_nothing, 0 },
    { "Bcc", read_nothing, 0 },
    { "Date", read_nothing, 0 },
    { "Reply-To", read_reply_to, CV_PidTagReplyRecipientEntries },
    { "Subject", read_subject, CV_PidTagSubject },
    { "Message-ID", read_message_id, CV_PidTagInternetMessageId },
    { "References", read_references, CV_PidTagInternetReferences },
    { "In-Reply-To", read_verbatim, CV_PidTagInReplyToId },
    { "Thread-Topic", read_text, CV_PidTagConversationTopic },
    { "Thread-Index", read_base64, CV_PidTagConversationIndex },
    { "Importance", read_importance, CV_PidTagImportance },
    { "X-Priority", read_x_priority, CV_PidTagImportance },
    { "Priority", read_priority, CV_PidTagPriority },
    { "X-MSMail-Priority", read_priority_word, CV_PidTagImportance },
    { "Sensitivity", read_sensitivity, CV_PidTagSensitivity },
    { "Keywords", read_keywords, CV_PidNameKeywords },
    { "Expires", read_time, CV_PidTagExpiryTime },
    { "Expiry-Date", read_time, CV_PidTagExpiryTime },
    { "Reply-By", read_time, CV_PidTagReplyTime },
    { "X-Message-Flag", read_flag, CV_PidLidFlagRequest },
    { "X-Auto-Response-Suppress", read_suppress,
      CV_PidTagAutoResponseSuppress },
    { "Auto-Submitted", read_auto_submitted, CV_PidTagAutoResponseSuppress },
    { "Content-Language", read_language, CV_PidTagMessageLocaleId },
    { "Accept-Language", read_text, CV_PidNameAcceptLanguage },
    { "X-Accept-Language", read_text, CV_PidNameAcceptLanguage },
    { "Content-Class", read_text, CV_PidNameContentClass },
    { "List-Help", read_verbatim, CV_PidTagListHelp },
    { "List-Subscribe", read_verbatim, CV_PidTagListSubscribe },
    { "List-Unsubscribe", read_verbatim, CV_PidTagListUnsubscribe },
    { "X-List-Help", read_verbatim, CV_PidTagListHelp },
    { "X-List-Subscribe", read_verbatim, CV_PidTagListSubscribe },
    { "X-List-Unsubscribe", read_verbatim, CV_PidTagListUnsubscribe },
    { "Disposition-Notification-To", read_receipt_to,
      CV_PidTagReadReceiptRequested },
    { "Read-Receipt-To", read_receipt_to, CV_PidTagReadReceiptRequested },
    { "X-Confirm-Reading-To", read_receipt_to, CV_PidTagReadReceiptRequested },
    { "Return-Receipt-To", read_delivery_receipt,
      CV_PidTagOriginatorDeliveryReportRequested },
    { "Precedence", read_verbatim, TAG_INTERNET_PRECEDENCE },
    { "X-CallingTelephoneNumber", read_text, TAG_CALLING_NUMBER },
    { "X-VoiceMessageSenderName", read_text, CV_PidTagVoiceMessageSenderName },
    { "X-VoiceMessageDuration", read_i32, TAG_VOICE_DURATION },
    { "X-FaxNumberOfPages", read_i32, CV_PidTagFaxNumberOfPages },
    { "X-AttachmentOrder", read_text, CV_PidTagVoiceMessageAttachmentOrder },
    { "X-CallID", read_text, CV_PidTagCallId },
    { "X-Microsoft-Classified", read_classified, CV_PidLidClassified },
    { "X-Microsoft-Classification", read_classified, CV_PidLidClassification },
    { "X-Microsoft-ClassDesc", read_classified,
      CV_PidLidClassificationDescription },
    { "X-Microsoft-ClassID", read_classified, CV_PidLidClassificationGuid },
    { "X-Microsoft-ClassKeep", read_classified, CV_PidLidClassificationKeep },
    { "X-Convoke-Verb-Stream", read_blob, CV_PidLidVerbStream },
    { "X-Convoke-Verb-Response", read_text, CV_PidLidVerbResponse },
    { "MIME-Version", read_nothing, 0 },
    { "Content-Type", read_nothing, 0 },
    { "Content-Transfer-Encoding", read_nothing, 0 },
    { "Content-Disposition", read_nothing, 0 },
    { "Content-Description", read_nothing, 0 },
    { "Content-ID", read_nothing, 0 },
    { "Content-Length", read_nothing, 0 },
    { "Received", read_nothing, 0 },
    { "Return-Path", read_nothing, 0 },
    { "Delivered-To", read_nothing, 0 },
    { "DKIM-Signature", read_nothing, 0 },
    { "DomainKey-Signature", read_nothing, 0 },
    { "ARC-Seal", read_nothing, 0 },
    { "ARC-Message-Signature", read_nothing, 0 },
    { "ARC-Authentication-Results", read_nothing, 0 },
    { "Authentication-Results", read_nothing, 0 },
    { "X-MS-Has-Attach", read_nothing, 0 },
    { "X-MS-TNEF-Correlator", read_nothing, 0 },
};

static const row *find_row(cv_slice name)
{
    for (size_t i = 0; i < CV_LEN(table); i++)
        if (cv_slice_ieq(name, cv_slice_cstr(table[i].name)))
            return &table[i];
    return NULL;
}

/* What only a trusted peer may say about a message. */
static bool is_internal(cv_slice name)
{
    return cv_slice_istarts(name, CV_S("X-MS-Exchange-Organization-")) ||
           cv_slice_istarts(name, CV_S("X-MS-Exchange-Forest-")) ||
           cv_slice_istarts(name, CV_S("X-Microsoft-Exchange-Organization")) ||
           cv_slice_istarts(name, CV_S("X-Microsoft-Exchange-Forest"));
}

static void read_generic(cv_from *c, const cv_mime_field *f, size_t *count)
{
    if (is_internal(f->name) || !f->name.len || f->name.len > 255)
        return;
    if (*count == CV_LIMIT_MIME_UNKNOWN_FIELDS) {
        cv_report_say(c->report, CV_RULE_LIMIT, CV_S(""), f->name,
                      CV_S("CV_LIMIT_MIME_UNKNOWN_FIELDS"),
                      "further unknown fields are left out");
        ++*count;
    }
    if (*count > CV_LIMIT_MIME_UNKNOWN_FIELDS)
        return;
    ++*count;
    keep_all_named(c, f);
}

static void read_fields(cv_from *c)
{
    bool seen[CV_LEN(table)] = { false };
    size_t generic = 0;
    for (size_t i = 0; i < c->root->field_count; i++) {
        const cv_mime_field *f = &c->root->fields[i];
        const row *r = find_row(f->name);
        if (!r) {
            read_generic(c, f, &generic);
            continue;
        }
        bool *done = &seen[r - table];
        if (!*done)
            r->read(c, f, r->tag);
        else if (r->read != read_nothing)
            cv_report_say(c->report, CV_RULE_MIME_DUPLICATE_HEADER, CV_S(""),
                          f->name, CV_S(""), "the first one counts");
        *done = true;
    }
}

/* -- times -- */

static bool received_date(const cv_from *c, int64_t *ticks)
{
    const cv_mime_field *f = cv_mime_field_get(c->root, CV_S("Received"));
    if (!f)
        return false;
    cv_slice rest = f->text, last = CV_S("");
    while (rest.ptr)
        last = cv_slice_cut(&rest, ';');
    return cv_rfc5322_date_parse(cv_slice_trim(last), ticks) == CV_OK &&
           cv_ticks_is_valid(*ticks);
}

static bool header_date(const cv_from *c, int64_t *ticks)
{
    const cv_mime_field *f = cv_mime_field_get(c->root, CV_S("Date"));
    return f && cv_rfc5322_date_parse(f->text, ticks) == CV_OK &&
           cv_ticks_is_valid(*ticks);
}

static void read_times(cv_from *c)
{
    int64_t received = c->options->received_ticks;
    bool has_received = received != INT64_MIN || received_date(c, &received);
    if (!has_received && c->options->fallback_received_ticks != INT64_MIN) {
        received = c->options->fallback_received_ticks;
        has_received = true;
    }
    int64_t date = 0;
    bool has_date = header_date(c, &date);
    if (has_date)
        c->date = date;
    else
        date = has_received ? received : cv_opt_now(c->options);
    if (!has_date)
        cv_report_say(c->report, CV_RULE_DATE_INVENTED, CV_S(""), CV_S("Date"),
                      CV_S(""), "%s",
                      has_received ? "the time of delivery" : "now");
    cv_bag_set_ticks(c->props, CV_PidTagClientSubmitTime, date);
    cv_bag_set_ticks(c->props, CV_PidTagMessageDeliveryTime,
                     has_received ? received : date);
    cv_bag_set_ticks(c->props, CV_PidTagCreationTime,
                     has_received ? received : date);
}

/* -- people -- */

static bool person_of(cv_from *c, const char *field, cv_mime_address *out)
{
    const cv_mime_field *f = cv_mime_field_get(c->root, cv_slice_cstr(field));
    return f && first_address(c, f, out);
}

/* A distinguished name where a mailbox belongs (kb-cases.md C010). */
static bool is_dn(cv_slice address)
{
    return address.len > 4 && address.ptr[0] == '/' &&
           cv_slice_find_byte(address, '=', 0) != CV_NPOS;
}

static void set_ex(cv_bag *bag, const cv_person_tags *tags, cv_slice dn)
{
    cv_bag_set_string(bag, tags->address_type, CV_S("EX"));
    cv_bag_set_string(bag, tags->address, dn);
    cv_bag_remove(bag, tags->smtp);
    cv_bag_remove(bag, tags->entryid);
    cv_bag_remove(bag, tags->search_key);
}

static void set_person(cv_from *c, const cv_person_tags *tags,
                       const cv_mime_address *who)
{
    cv_bag_set_person(c->props, tags, who->name.len ? who->name : who->address,
                      who->address);
    if (is_dn(who->address))
        set_ex(c->props, tags, who->address);
}

static void read_senders(cv_from *c)
{
    cv_mime_address from = { CV_S(""), CV_S(""), CV_S("") };
    cv_mime_address sender = from;
    bool has_from = person_of(c, "From", &from);
    bool has_sender = person_of(c, "Sender", &sender);
    if (!has_from && !has_sender)
        has_from = person_of(c, "Return-Path", &from);
    if (!has_from && !has_sender) {
        from.name = CV_S("unknown");
        cv_report_say(c->report, CV_RULE_FROM_INVENTED, CV_S(""), CV_S("From"),
                      CV_S(""), "name \"unknown\"");
    }
    if (!has_from && has_sender)
        from = sender;
    if (!has_sender)
        sender = from;
    c->from = from;
    set_person(c, &cv_person_sent_representing, &from);
    set_person(c, &cv_person_sender, &sender);
}

/* An address of our own making goes back to what it stands for. */
static void undo_imcea(cv_from *c, cv_bag *r, cv_slice address)
{
    cv_slice type, raw;
    if (cv_slice_istarts(address, CV_S("IMCEA")) &&
        cv_slice_iends(address, cv_opt_domain(c->options)) &&
        cv_imcea_decode(c->arena, address, &type, &raw) == CV_OK) {
        cv_bag_set_string(r, CV_PidTagAddressType, type);
        cv_bag_set_string(r, CV_PidTagEmailAddress, raw);
    }
}

static cv_status add_rows(cv_from *c, const cv_mime_address *list, size_t count,
                          int32_t type)
{
    for (size_t i = 0; i < count; i++) {
        if (!list[i].address.len)
            continue;
        cv_bag *r = cv_object_add_recipient(c->obj);
        if (!r && cv_arena_status(c->arena) != CV_OK)
            return cv_arena_fail(c->arena, c->err);
        if (!r) {
            cv_report_say(c->report, CV_RULE_LIMIT, CV_S(""), CV_S("To"),
                          CV_S("CV_LIMIT_RECIPIENTS"),
                          "%zu addresses are left out", count - i);
            return CV_OK;
        }
        cv_row_set_smtp(r, list[i].name, list[i].address, type);
        undo_imcea(c, r, list[i].address);
        if (is_dn(list[i].address))
            set_ex(r, &cv_person_row, list[i].address);
    }
    return CV_OK;
}

static cv_status read_recipients(cv_from *c)
{
    static const struct {
        const char *name;
        int32_t type;
    } fields[] = { { "To", CV_RECIP_TO },
                   { "Cc", CV_RECIP_CC },
                   { "Bcc", CV_RECIP_BCC } };
    for (size_t k = 0; k < CV_LEN(fields); k++) {
        for (size_t i = 0; i < c->root->field_count; i++) {
            const cv_mime_field *f = &c->root->fields[i];
            cv_mime_address *list = NULL;
            size_t count = 0;
            if (!cv_slice_ieq(f->name, cv_slice_cstr(fields[k].name)))
                continue;
            CV_TRY(cv_mime_addresses(c->arena, f->raw, c->charset, &list,
                                     &count, c->report, c->err));
            CV_TRY(add_rows(c, list, count, fields[k].type));
        }
    }
    return CV_OK;
}

static void set_defaults(cv_from *c)
{
    cv_bag_set_string(c->props, CV_PidTagMessageClass, CV_S("IPM.Note"));
    cv_bag_set_string(
        c->props, CV_PidTagTransportMessageHeaders,
        cv_charset_to_utf8(c->arena, CV_S(""), c->root->header_bytes, NULL));
    read_times(c);
    read_senders(c);
}

cv_status cv_headers_from_mime(cv_from *c)
{
    set_defaults(c);
    read_fields(c);
    CV_TRY(read_recipients(c));
    if (!cv_bag_has(c->props, CV_PidTagImportance))
        cv_bag_set_i32(c->props, CV_PidTagImportance, 1);
    if (!cv_bag_has(c->props, CV_PidTagSensitivity))
        cv_bag_set_i32(c->props, CV_PidTagSensitivity, 0);
    if (!cv_bag_has(c->props, CV_PidTagConversationTopic))
        cv_bag_set_string(
            c->props, CV_PidTagConversationTopic,
            cv_bag_string_or(c->props, CV_PidTagNormalizedSubject, CV_S("")));
    return cv_arena_status(c->arena) == CV_OK ? CV_OK
                                              : cv_arena_fail(c->arena, c->err);
}
