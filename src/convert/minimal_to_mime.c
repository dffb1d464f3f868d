/* What goes into the minimal message: the last step of the ladder, made from
 * a reserve of fixed size. Source: DESIGN "The ladder". */
#include "convert/to_mime.h"

#include "base/text.h"
#include "ical/ical.h"
#include "mapi/pack.h"

#define RESERVE_BYTES ((size_t)2 << 20)
#define TEXT_BYTES ((size_t)256 << 10)
#define ORIGINAL_BYTES ((size_t)64 << 20)
#define MAX_ROWS 500

static cv_slice addresses(const cv_object *obj,
                          const cv_convert_options *options, cv_arena *arena,
                          int32_t type)
{
    cv_buf buf;
    cv_buf_init(&buf, 64 << 10);
    for (size_t i = 0; i < cv_object_recipient_count(obj) && i < MAX_ROWS;
         i++) {
        const cv_bag *row = cv_object_recipient(obj, i);
        cv_slice name, address;
        if (cv_row_type(row) != type || !cv_row_is_mailed(obj, row))
            continue;
        cv_row_address(row, options, arena, &name, &address, NULL);
        if (!address.len)
            continue;
        cv_buf_put_slice(&buf, address);
        cv_buf_put_byte(&buf, ',');
    }
    cv_slice list = cv_buf_dup(&buf, arena);
    cv_buf_clear(&buf);
    return list.ptr ? list : CV_S("");
}

/* What a METHOD needs, and no more. */
static const cv_tag calendar_tags[] = {
    CV_PidTagMessageClass,
    CV_PidTagSubject,
    CV_PidTagNormalizedSubject,
    CV_PidLidGlobalObjectId,
    CV_PidLidCleanGlobalObjectId,
    CV_PidLidAppointmentStartWhole,
    CV_PidLidAppointmentEndWhole,
    CV_PidLidAppointmentSequence,
    CV_PidLidOwnerCriticalChange,
    CV_PidLidAttendeeCriticalChange,
    CV_PidLidAppointmentStateFlags,
    CV_PidLidLocation,
    CV_PidLidAppointmentRecur,
    CV_PidLidTimeZoneStruct,
    CV_PidTagSentRepresentingName,
    CV_PidTagSentRepresentingAddressType,
    CV_PidTagSentRepresentingEmailAddress,
    CV_PidTagSentRepresentingSmtpAddress,
    CV_PidLidAppointmentSubType,
    CV_PidLidAppointmentCounterProposal,
    CV_PidTagOwnerAppointmentId,
    CV_PidTagStartDate,
    CV_PidTagEndDate,
};

static const cv_tag row_tags[] = {
    CV_PidTagDisplayName, CV_PidTagAddressType,   CV_PidTagEmailAddress,
    CV_PidTagSmtpAddress, CV_PidTagRecipientType, CV_PidTagRecipientFlags,
};

static cv_status copy_tags(cv_bag *dst, const cv_bag *src, const cv_tag *tags,
                           size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (cv_bag_has(src, tags[i]))
            CV_TRY(cv_bag_copy(dst, src, tags[i], NULL));
    return CV_OK;
}

static cv_status small_copy(const cv_object *obj, cv_object *copy)
{
    CV_TRY(copy_tags(cv_object_props(copy), cv_object_props(obj), calendar_tags,
                     CV_LEN(calendar_tags)));
    for (size_t i = 0; i < cv_object_recipient_count(obj) && i < MAX_ROWS;
         i++) {
        cv_bag *row = cv_object_add_recipient(copy);
        if (!row)
            return CV_ERR_LIMIT;
        CV_TRY(copy_tags(row, cv_object_recipient(obj, i), row_tags,
                         CV_LEN(row_tags)));
    }
    return CV_OK;
}

/* Calendar text in *out, empty when none can be had. */
static void calendar(const cv_object *obj, const cv_convert_options *options,
                     cv_buf *out, const char **method)
{
    cv_object *copy = NULL;
    cv_ical_options o = { .attendee_critical_change = true,
                          .owner_critical_change = true,
                          .appt_sequence = true,
                          .env = &options->env };
    cv_error err;
    *method = cv_ical_method_of(obj);
    if (!*method || cv_object_new(RESERVE_BYTES, &copy, &err) != CV_OK)
        return;
    if (small_copy(obj, copy) != CV_OK ||
        cv_ical_write(copy, NULL, &o, out, NULL, &err) != CV_OK)
        cv_buf_reset(out);
    cv_object_free(&copy);
}

/* The bytes the message came from, else its packed form. */
static cv_slice original(const cv_object *obj, cv_buf *packed,
                         const char **name)
{
    cv_slice bytes = cv_object_original(obj);
    cv_error err;
    *name = "original.eml";
    if (bytes.len)
        return bytes;
    *name = "message.cvob";
    if (cv_object_pack(obj, packed, &err) != CV_OK)
        return CV_S("");
    return cv_buf_slice(packed);
}

static cv_minimal collect(const cv_object *obj,
                          const cv_convert_options *options, cv_arena *arena)
{
    const cv_bag *props = cv_object_props(obj);
    cv_slice name;
    cv_minimal m = { .date = INT64_MIN };
    cv_person_address(props, &cv_person_sent_representing, options, arena,
                      &name, &m.from, NULL);
    if (!m.from.len)
        cv_person_address(props, &cv_person_sender, options, arena, &name,
                          &m.from, NULL);
    m.to = addresses(obj, options, arena, CV_RECIP_TO);
    m.cc = addresses(obj, options, arena, CV_RECIP_CC);
    m.subject = cv_bag_string_or(props, CV_PidTagSubject, CV_S(""));
    m.message_id =
        cv_bag_string_or(props, CV_PidTagInternetMessageId, CV_S(""));
    m.text = cv_utf8_clip(cv_bag_string_or(props, CV_PidTagBody, CV_S("")),
                          TEXT_BYTES);
    if (!cv_bag_ticks(props, CV_PidTagClientSubmitTime, &m.date) &&
        !cv_bag_ticks(props, CV_PidTagMessageDeliveryTime, &m.date))
        m.date = cv_opt_now(options);
    return m;
}

cv_status cv_write_minimal(const cv_object *obj,
                           const cv_convert_options *options, const char *why,
                           const cv_sink *out, cv_report *report, cv_error *err)
{
    cv_arena *arena = NULL;
    cv_buf packed, ics;
    CV_TRY(cv_arena_new(RESERVE_BYTES, &arena, err));
    cv_buf_init(&packed, ORIGINAL_BYTES);
    cv_buf_init(&ics, RESERVE_BYTES);
    cv_minimal m = collect(obj, options, arena);
    calendar(obj, options, &ics, &m.method);
    m.calendar = cv_buf_slice(&ics);
    m.original = original(obj, &packed, &m.original_name);
    cv_report_reach(report, CV_LADDER_MINIMAL);
    cv_report_say(report, CV_RULE_LADDER_MINIMAL, CV_S(""), CV_S(""), CV_S(""),
                  "%s; %s", why,
                  m.original.len ? m.original_name
                                 : "the original is too large to attach");
    cv_status st = cv_minimal_write(&m, out, err);
    cv_buf_clear(&ics);
    cv_buf_clear(&packed);
    cv_arena_free(&arena);
    return st;
}
