#include "mapi/decode_private.h"

#include "mapi/globalid.h"
#include "mapi/recurrence.h"
#include "mapi/timezone.h"

#include "base/datetime.h"
#include "base/limits.h"
#include "base/reader.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define HEAD_BYTES 22
#define REPLY_BYTES 5
#define TZDEF_VERSION 0x0102           /* major 2, minor 1 */
#define BUDGET_BYTES ((size_t)8 << 20) /* of one decoded blob */

/* -- conversation index --------------------------------------------------- */

/* Big-endian to the mixed order of cv_guid. */
static const uint8_t guid_order[16] = { 3, 2, 1,  0,  5,  4,  7,  6,
                                        8, 9, 10, 11, 12, 13, 14, 15 };

cv_status cv_conversation_index_parse(cv_slice blob, cv_conversation_index *out)
{
    cv_conversation_index ci = { 0 };
    if (blob.len < HEAD_BYTES)
        return CV_ERR_TRUNC;
    if ((blob.len - HEAD_BYTES) % REPLY_BYTES != 0)
        return CV_ERR_SYNTAX;
    ci.modern = blob.ptr[1] == 0x01;
    for (size_t i = ci.modern ? 1 : 0; i < 6; i++)
        ci.time = ci.time << 8 | blob.ptr[i];
    ci.time <<= ci.modern ? 24 : 16;
    for (size_t i = 0; i < sizeof(ci.guid.b); i++)
        ci.guid.b[i] = blob.ptr[6 + guid_order[i]];
    ci.replies = cv_slice_sub(blob, HEAD_BYTES, blob.len);
    *out = ci;
    return CV_OK;
}

uint64_t cv_conversation_reply_delta(const cv_conversation_index *ci,
                                     size_t index)
{
    uint64_t bits = 0;
    cv_assert(index < ci->replies.len / REPLY_BYTES);
    for (size_t i = 0; i < 4; i++)
        bits = bits << 8 | ci->replies.ptr[index * REPLY_BYTES + i];
    bool coarse = bits >> 31; /* the DC bit */
    return (bits & 0x7FFFFFFF) << (coarse ? 23 : 18);
}

/* -- pieces --------------------------------------------------------------- */

static void put_ticks(cv_json_writer *w, const char *key, int64_t ticks,
                      bool with_z)
{
    cv_buf text;
    cv_buf_init(&text, 64);
    cv_iso_put(&text, ticks, with_z);
    cv_json_put_text(w, key, cv_buf_slice(&text));
    cv_buf_clear(&text);
}

static void put_filetime(cv_json_writer *w, const char *key, uint64_t time)
{
    int64_t ticks;
    if (!cv_filetime_is_valid(time) ||
        cv_filetime_to_ticks(time, &ticks, NULL) != CV_OK)
        cv_json_put_null(w, key);
    else
        put_ticks(w, key, ticks, true);
}

/* Minutes since 1601, local, as "2008-08-21T17:00:00". */
static void put_minutes(cv_json_writer *w, const char *key, uint32_t minutes)
{
    put_ticks(w, key, cv_minutes1601_to_ticks(minutes), false);
}

/* The date alone; the special values as null. */
static void put_day(cv_json_writer *w, const char *key, uint32_t minutes)
{
    cv_buf text;
    if (minutes >= CV_MINUTES_ENDLESS) {
        cv_json_put_null(w, key);
        return;
    }
    cv_buf_init(&text, 64);
    cv_iso_put(&text, cv_minutes1601_to_ticks(minutes), false);
    cv_json_put_text(w, key, cv_slice_sub(cv_buf_slice(&text), 0, 10));
    cv_buf_clear(&text);
}

static void put_days(cv_json_writer *w, const char *key, const uint32_t *days,
                     size_t count)
{
    cv_json_begin_array(w, key);
    for (size_t i = 0; i < count && i < DECODE_SHOWN_ROWS; i++)
        put_day(w, NULL, days[i]);
    cv_json_end_array(w);
}

static void put_guid(cv_json_writer *w, const char *key, const cv_guid *guid)
{
    char text[CV_GUID_TEXT];
    cv_guid_format(guid, text);
    cv_json_put_str(w, key, text);
}

/* -- one function a structure: puts nothing when it cannot be read --------- */

void cv_decode_put_guid(cv_json_writer *w, const char *key, cv_slice bytes)
{
    cv_guid guid;
    cv_assert(bytes.len == sizeof guid.b);
    memcpy(guid.b, bytes.ptr, sizeof guid.b);
    put_guid(w, key, &guid);
}

void cv_decode_put_flags(cv_json_writer *w, const char *key, uint32_t flags)
{
    char text[16];
    (void)snprintf(text, sizeof text, "0x%08X", (unsigned)flags);
    cv_json_put_str(w, key, text);
}

static void put_global_id(const decoding *d)
{
    cv_globalid id;
    cv_slice uid = cv_globalid_to_uid(d->arena, d->blob);
    if (!uid.ptr || cv_globalid_parse(d->blob, &id) != CV_OK)
        return;
    cv_json_begin_object(d->w, d->key);
    cv_json_put_text(d->w, "uid", uid);
    if (id.year != 0) {
        cv_slice date =
            cv_arena_printf(d->arena, "%04d-%02u-%02u", (int)id.year,
                            (unsigned)id.month, (unsigned)id.day);
        cv_json_put_text(d->w, "instance", date);
    }
    if (id.creation != 0)
        put_filetime(d->w, "created", id.creation);
    cv_json_end_object(d->w);
}

/* A reply's five bytes as they stand there. */
static void put_level(cv_json_writer *w, const uint8_t *bytes)
{
    uint32_t delta = 0;
    for (size_t i = 0; i < 4; i++)
        delta = delta << 8 | bytes[i];
    cv_json_begin_object(w, NULL);
    cv_json_put_int(w, "deltaCode", delta >> 31);
    cv_json_put_int(w, "timeDelta", delta & 0x7FFFFFFF);
    cv_json_put_int(w, "random", bytes[4] >> 4);
    cv_json_put_int(w, "level", bytes[4] & 15);
    cv_json_end_object(w);
}

static void put_conversation(const decoding *d)
{
    cv_conversation_index ci;
    if (cv_conversation_index_parse(d->blob, &ci) != CV_OK)
        return;
    size_t replies = ci.replies.len / REPLY_BYTES;
    uint64_t time = ci.time; /* at most 1000 * 2^54 more: no overflow */
    cv_json_begin_object(d->w, d->key);
    put_filetime(d->w, "time", ci.time);
    put_guid(d->w, "guid", &ci.guid);
    cv_json_begin_array(d->w, "replies");
    for (size_t i = 0; i < replies && i < DECODE_SHOWN_ROWS; i++) {
        time += cv_conversation_reply_delta(&ci, i);
        put_filetime(d->w, NULL, ci.modern ? 0 : time);
    }
    cv_json_end_array(d->w);
    cv_json_begin_array(d->w, "levels");
    for (size_t i = 0; i < replies && i < DECODE_SHOWN_ROWS; i++)
        put_level(d->w, ci.replies.ptr + i * REPLY_BYTES);
    cv_json_end_array(d->w);
    cv_json_end_object(d->w);
}

/* Name of a value, or the number itself. */
static void put_enum(cv_json_writer *w, const char *key,
                     const char *const *names, size_t count, uint32_t value,
                     uint32_t first)
{
    if (value >= first && value - first < count && names[value - first])
        cv_json_put_str(w, key, names[value - first]);
    else
        cv_json_put_int(w, key, value);
}

static void put_weekdays(cv_json_writer *w, const char *key, uint32_t mask)
{
    static const char *const days[] = {
        "SU", "MO", "TU", "WE", "TH", "FR", "SA"
    };
    cv_json_begin_array(w, key);
    for (size_t i = 0; i < CV_LEN(days); i++) {
        if (mask >> i & 1)
            cv_json_put_str(w, NULL, days[i]);
    }
    cv_json_end_array(w);
}

static bool has_nth(uint16_t pattern)
{
    return pattern == CV_PATTERN_MONTH_NTH ||
           pattern == CV_PATTERN_HJ_MONTH_NTH;
}

static void put_pattern(cv_json_writer *w, const cv_recurrence *r)
{
    static const char *const frequencies[] = { "daily", "weekly", "monthly",
                                               "yearly" };
    static const char *const patterns[] = {
        "day", "week", "month", "monthNth", "monthEnd",   NULL,        NULL,
        NULL,  NULL,   NULL,    "hjMonth",  "hjMonthNth", "hjMonthEnd"
    };
    put_enum(w, "frequency", frequencies, CV_LEN(frequencies), r->frequency,
             CV_RECUR_DAILY);
    put_enum(w, "pattern", patterns, CV_LEN(patterns), r->pattern, 0);
    cv_json_put_int(w, "calendar", r->calendar);
    cv_json_put_int(w, "period", r->period);
    if (r->sliding != 0)
        cv_json_put_int(w, "sliding", r->sliding);
    if (r->pattern == CV_PATTERN_WEEK || has_nth(r->pattern))
        put_weekdays(w, "weekdays", r->day_mask);
    if (has_nth(r->pattern))
        cv_json_put_int(w, "nth", r->nth);
    else if (r->pattern != CV_PATTERN_DAY && r->pattern != CV_PATTERN_WEEK)
        cv_json_put_int(w, "day", r->day);
}

static void put_range(cv_json_writer *w, const cv_recurrence *r)
{
    static const char *const ends[] = { "date", "count", "never" };
    put_enum(w, "endType", ends, CV_LEN(ends), r->end_type, CV_RECUR_END_DATE);
    cv_json_put_int(w, "count", r->count);
    cv_json_put_int(w, "firstDayOfWeek", r->first_dow);
    put_day(w, "startDate", r->start_date);
    put_day(w, "endDate", r->end_date);
    put_days(w, "deleted", r->deleted, r->deleted_count);
    put_days(w, "modified", r->modified, r->modified_count);
}

static void put_exception(cv_json_writer *w, const cv_recur_exception *e)
{
    const struct {
        uint16_t flag;
        const char *key;
        int32_t value;
    } fields[] = {
        { CV_OVERRIDE_MEETING_TYPE, "meetingType", e->meeting_type },
        { CV_OVERRIDE_REMINDER_DELTA, "reminderDelta", e->reminder_delta },
        { CV_OVERRIDE_REMINDER_SET, "reminderSet", e->reminder_set },
        { CV_OVERRIDE_BUSY_STATUS, "busyStatus", e->busy_status },
        { CV_OVERRIDE_ATTACHMENT, "attachment", e->attachment },
        { CV_OVERRIDE_SUB_TYPE, "subType", e->sub_type },
        { CV_OVERRIDE_COLOR, "color", e->color },
    };
    cv_json_begin_object(w, NULL);
    put_minutes(w, "start", e->start);
    put_minutes(w, "end", e->end);
    put_minutes(w, "original", e->original);
    if (e->flags & CV_OVERRIDE_SUBJECT)
        cv_json_put_text(w, "subject", e->subject);
    if (e->flags & CV_OVERRIDE_LOCATION)
        cv_json_put_text(w, "location", e->location);
    for (size_t i = 0; i < CV_LEN(fields); i++) {
        if (e->flags & fields[i].flag)
            cv_json_put_int(w, fields[i].key, fields[i].value);
    }
    if (e->flags & CV_OVERRIDE_BODY)
        cv_json_put_bool(w, "body", true);
    cv_json_end_object(w);
}

static void put_recurrence(const decoding *d)
{
    cv_recurrence r;
    bool damaged = false;
    if (cv_recurrence_parse(d->arena, d->blob, d->codepage, &r, &damaged,
                            NULL) != CV_OK)
        return;
    cv_json_begin_object(d->w, d->key);
    cv_json_put_text(d->w, "text", cv_recurrence_describe(d->arena, &r));
    if (damaged)
        cv_json_put_bool(d->w, "damaged", true);
    put_pattern(d->w, &r);
    put_range(d->w, &r);
    if (r.has_appointment) {
        cv_json_put_int(d->w, "startMinute", r.start_offset);
        cv_json_put_int(d->w, "endMinute", r.end_offset);
        cv_json_begin_array(d->w, "exceptions");
        for (size_t i = 0; i < r.exception_count && i < DECODE_SHOWN_ROWS; i++)
            put_exception(d->w, &r.exceptions[i]);
        cv_json_end_array(d->w);
    }
    cv_json_end_object(d->w);
}

/* A rule's onset: null when it has none. */
static void put_onset(cv_json_writer *w, const char *key,
                      const cv_tz_date *date)
{
    const struct {
        const char *key;
        uint16_t value;
    } fields[] = { { "year", date->year },       { "month", date->month },
                   { "weekday", date->weekday }, { "day", date->day },
                   { "hour", date->hour },       { "minute", date->minute } };
    if (date->month == 0) {
        cv_json_put_null(w, key);
        return;
    }
    cv_json_begin_object(w, key);
    for (size_t i = 0; i < CV_LEN(fields); i++)
        cv_json_put_int(w, fields[i].key, fields[i].value);
    cv_json_end_object(w);
}

static void put_zone(const decoding *d, const cv_timezone *tz, bool named)
{
    cv_json_begin_object(d->w, d->key);
    if (named) {
        cv_json_put_text(d->w, "keyName", tz->key_name);
        cv_json_put_int(d->w, "effective", (int64_t)tz->effective);
    }
    cv_json_begin_array(d->w, "rules");
    for (size_t i = 0; i < tz->rule_count && i < DECODE_SHOWN_ROWS; i++) {
        const cv_tz_rule *rule = &tz->rules[i];
        cv_json_begin_object(d->w, NULL);
        if (named) {
            cv_json_put_int(d->w, "fromYear", rule->from_year);
            cv_json_put_int(d->w, "flags", rule->flags);
        }
        cv_json_put_int(d->w, "bias", rule->bias);
        cv_json_put_int(d->w, "standardBias", rule->standard_bias);
        cv_json_put_int(d->w, "daylightBias", rule->daylight_bias);
        put_onset(d->w, "standard", &rule->standard);
        put_onset(d->w, "daylight", &rule->daylight);
        cv_json_end_object(d->w);
    }
    cv_json_end_array(d->w);
    cv_json_end_object(d->w);
}

static void put_zone_definition(const decoding *d)
{
    cv_timezone tz = { .rule_count = 0 };
    /* One without rules is of no use, but says which zone was meant. */
    size_t chars = cv_peek_u16le(d->blob, 6);
    cv_slice name = cv_slice_sub(d->blob, 8, 2 * chars);
    tz.key_name = cv_utf16le_to_utf8(d->arena, name, true, NULL);
    if (cv_tzdef_parse(d->arena, d->blob, &tz) == CV_OK ||
        (cv_peek_u16le(d->blob, 0) == TZDEF_VERSION && tz.key_name.len &&
         name.len == 2 * chars))
        put_zone(d, &tz, true);
}

static void put_zone_struct(const decoding *d)
{
    cv_timezone tz;
    if (cv_tzreg_parse(d->arena, d->blob, &tz) == CV_OK)
        put_zone(d, &tz, false);
}

/* -- which property holds what -------------------------------------------- */

/* By name, for blobs that come without their property. */
static const struct {
    const char *name;
    void (*put)(const decoding *d);
} kinds[] = {
    { "recurrence", put_recurrence },
    { "time-zone-definition", put_zone_definition },
    { "time-zone", put_zone_struct },
    { "global-id", put_global_id },
    { "entry-id", cv_decode_entry_id },
    { "entry-ids", cv_decode_flat_entries },
    { "conversation-index", put_conversation },
    { "recipient-rows", cv_decode_recipient_rows },
    { "property-definitions", cv_decode_property_definitions },
    { "report-tag", cv_decode_report_tag },
};

static const struct {
    cv_tag tag;
    void (*put)(const decoding *d);
} structures[] = {
    { CV_PidLidGlobalObjectId, put_global_id },
    { CV_PidLidCleanGlobalObjectId, put_global_id },
    { CV_PidTagConversationIndex, put_conversation },
    { CV_PidTagReplyRecipientEntries, cv_decode_flat_entries },
    { CV_PidTagEntryId, cv_decode_entry_id },
    { CV_PidTagParentEntryId, cv_decode_entry_id },
    { CV_PidTagReportTag, cv_decode_report_tag },
    { CV_PidLidPropertyDefinitionStream, cv_decode_property_definitions },
    { CV_PidLidAppointmentRecur, put_recurrence },
    { CV_PidLidTaskRecurrence, put_recurrence },
    { CV_PidLidTimeZoneStruct, put_zone_struct },
    { CV_PidLidSharingWorkingHoursTimeZone, put_zone_struct },
    { CV_PidLidAppointmentTimeZoneDefinitionRecur, put_zone_definition },
    { CV_PidLidAppointmentTimeZoneDefinitionStartDisplay, put_zone_definition },
    { CV_PidLidAppointmentTimeZoneDefinitionEndDisplay, put_zone_definition },
};

static void run(decoding *d, void (*put)(const decoding *d))
{
    if (cv_arena_new(BUDGET_BYTES, &d->arena, NULL) != CV_OK)
        return;
    put(d);
    cv_arena_free(&d->arena);
}

void cv_decode_put_json(cv_json_writer *w, const cv_prop *prop,
                        uint32_t codepage)
{
    decoding d = { .w = w,
                   .key = "decoded",
                   .blob = prop->value.bytes,
                   .codepage = codepage };
    /* Any binary may be an entry id: its provider's UID tells. */
    void (*put)(const decoding *d) = cv_decode_maybe_entry_id;
    if (prop->value.type != CV_T_BINARY)
        return;
    for (size_t i = 0; i < CV_LEN(structures); i++) {
        if (CV_TAG_ID(structures[i].tag) == CV_TAG_ID(prop->tag))
            put = structures[i].put;
    }
    run(&d, put);
}

const char *cv_decode_kind(size_t index)
{
    return index < CV_LEN(kinds) ? kinds[index].name : NULL;
}

cv_status cv_decode_blob(const char *kind, cv_slice blob, uint32_t codepage,
                         cv_buf *out)
{
    cv_json_writer w = cv_json_writer_of(out, true);
    decoding d = { .w = &w, .blob = blob, .codepage = codepage };
    size_t i = 0, before = out->len;
    while (i < CV_LEN(kinds) && strcmp(kinds[i].name, kind) != 0)
        i++;
    if (i == CV_LEN(kinds))
        return CV_ERR_NOTFOUND;
    run(&d, kinds[i].put);
    return out->len > before ? CV_OK : CV_ERR_SYNTAX;
}
