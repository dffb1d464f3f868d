/* export.c - a calendar object to one VCALENDAR.
 *
 * Only what the METHOD needs is converted (CC1), every time is classified
 * before it is used (CC2), and a bad value costs itself.
 * Source: [MS-OXCICAL] 2.1.3; RFC 5545, 5546; spec ical-mapping.md 1 to 8, 14.
 */
#include "ical/ical_private.h"

#include <string.h>

/* A body is repeated with each exception; beyond this much text it is not. */
#define BODIES_MAX ((size_t)64 << 20)
#define PRODID "-//Convoke//Convoke 0.1//EN"

void cv_ical_export_say(ical_export *ex, cv_rule_id rule, const char *property,
                        const char *done)
{
    cv_report_add(ex->report,
                  CV_FINDING(.rule = rule, .property = cv_slice_cstr(property),
                             .done = cv_slice_cstr(done)));
}

/* -- METHOD -- */

const char *cv_ical_method_of(const cv_object *obj)
{
    bool counter = cv_bag_bool_or(cv_object_props(obj),
                                  CV_PidLidAppointmentCounterProposal, false);

    if (cv_object_is_class(obj, CV_S("IPM.Appointment")) ||
        cv_object_is_class(obj, CV_S("IPM.Task")) ||
        cv_object_is_class(obj, CV_S("IPM.Activity")))
        return "PUBLISH";
    if (cv_object_is_class(obj, CV_S("IPM.Schedule.Meeting.Request")))
        return "REQUEST";
    if (cv_object_is_class(obj, CV_S("IPM.Schedule.Meeting.Resp")))
        return counter ? "COUNTER" : "REPLY";
    if (cv_object_is_class(obj, CV_S("IPM.Schedule.Meeting.Canceled")))
        return "CANCEL";
    return NULL;
}

static unsigned method_bit(const ical_export *ex, const char *method)
{
    if (!method)
        method = cv_ical_method_of(ex->obj);
    unsigned bit = method ? cv_ical_method_of_name(cv_slice_cstr(method)) : 0;
    if (bit == ICAL_COUNTER && ex->options->counter_as_reply)
        return ICAL_REPLY;
    return bit ? bit : ICAL_PUBLISH;
}

/* -- times -- */

static int64_t first_moment(const cv_bag *bag, const cv_tag *tags, size_t count)
{
    int64_t ticks;
    for (size_t i = 0; i < count; i++)
        if (cv_bag_ticks(bag, tags[i], &ticks))
            return ticks;
    return ICAL_NO_TIME;
}

static int64_t now_of(const ical_export *ex)
{
    const cv_env *env = ex->options->env;
    return env ? env->now(env->ctx) : ICAL_NO_TIME;
}

static void find_start(ical_export *ex)
{
    static const cv_tag tags[] = { CV_PidLidAppointmentStartWhole,
                                   CV_PidLidCommonStart, CV_PidTagStartDate,
                                   CV_PidLidClipStart };
    static const cv_tag proposed[] = { CV_PidLidAppointmentProposedStartWhole };

    ex->start = first_moment(ex->bag, tags, CV_LEN(tags));
    if (ex->start != ICAL_NO_TIME &&
        first_moment(ex->bag, tags, 1) == ICAL_NO_TIME)
        cv_ical_export_say(ex, CV_RULE_MEETING_TIMES,
                           "PidLidAppointmentStartWhole",
                           "another start property is used");
    if (ex->method == ICAL_COUNTER) {
        ex->original_start = ex->start;
        int64_t t = first_moment(ex->bag, proposed, 1);
        if (t != ICAL_NO_TIME)
            ex->start = t;
    }
}

/* The end that the object names, else start and duration. */
static int64_t plain_end(ical_export *ex, int64_t start)
{
    static const cv_tag tags[] = { CV_PidLidAppointmentEndWhole,
                                   CV_PidLidCommonEnd, CV_PidTagEndDate };
    int64_t end = first_moment(ex->bag, tags, CV_LEN(tags));
    int32_t minutes;

    if (end == ICAL_NO_TIME && start != ICAL_NO_TIME &&
        cv_bag_i32(ex->bag, CV_PidLidAppointmentDuration, &minutes) &&
        minutes >= 0) {
        end = start + minutes * ICAL_MINUTE;
        cv_ical_export_say(ex, CV_RULE_MEETING_TIMES,
                           "PidLidAppointmentEndWhole", "start and duration");
    }
    return end;
}

static void find_end(ical_export *ex)
{
    static const cv_tag proposed[] = { CV_PidLidAppointmentProposedEndWhole };

    ex->end = plain_end(ex, ex->start);
    if (ex->method == ICAL_COUNTER) {
        ex->original_end = ex->end;
        int64_t t = first_moment(ex->bag, proposed, 1);
        if (t != ICAL_NO_TIME)
            ex->end = t;
    }
    if (ex->start == ICAL_NO_TIME)
        return;
    if (ex->end == ICAL_NO_TIME || ex->end < ex->start) {
        if (ex->end != ICAL_NO_TIME)
            cv_ical_export_say(ex, CV_RULE_ICAL_END,
                               "PidLidAppointmentEndWhole",
                               "the same as the start");
        ex->end = ex->start;
    }
}

/* -- zones -- */

static bool read_definition(ical_export *ex, cv_tag tag, const char *name,
                            cv_timezone *out)
{
    cv_slice blob;

    if (!cv_bag_binary(ex->bag, tag, &blob) || blob.len == 0)
        return false;
    if (cv_tzdef_parse(ex->arena, blob, out) == CV_OK)
        return true;
    cv_ical_export_say(ex, CV_RULE_BAD_BLOB, name, "counts as absent");
    return false;
}

static bool same_rule(const cv_tz_rule *a, const cv_tz_rule *b)
{
    return a->bias == b->bias && a->standard_bias == b->standard_bias &&
           a->daylight_bias == b->daylight_bias &&
           memcmp(&a->standard, &b->standard, sizeof(a->standard)) == 0 &&
           memcmp(&a->daylight, &b->daylight, sizeof(a->daylight)) == 0;
}

/* TZREG wins where the definition's effective rule differs from it. */
static bool series_zone(ical_export *ex, cv_timezone *out)
{
    cv_timezone reg;
    cv_slice blob, text;
    bool has_def =
        read_definition(ex, CV_PidLidAppointmentTimeZoneDefinitionRecur,
                        "PidLidAppointmentTimeZoneDefinitionRecur", out);

    if (!cv_bag_binary(ex->bag, CV_PidLidTimeZoneStruct, &blob) ||
        cv_tzreg_parse(ex->arena, blob, &reg) != CV_OK)
        return has_def;
    if (has_def && same_rule(&reg.rules[0], &out->rules[out->effective]))
        return true;
    text = cv_bag_string_or(ex->bag, CV_PidLidTimeZoneDescription, CV_S(""));
    reg.key_name = text.len  ? text
                   : has_def ? out->key_name
                             : CV_S("Customized Time Zone");
    *out = reg;
    return true;
}

/* An index into CDO's zones, as old messages of a series without a pattern
 * have it; bit 31: without daylight time. [MS-OXOCAL] 2.2.5.6. */
static bool legacy_zone(ical_export *ex, cv_timezone *out)
{
    int32_t index;

    if (cv_bag_has(ex->bag, CV_PidLidAppointmentRecur) ||
        !cv_bag_bool_or(ex->bag, CV_PidLidIsRecurring, false) ||
        cv_bag_bool_or(ex->bag, CV_PidLidIsException, false) ||
        !cv_bag_i32(ex->bag, CV_PidLidTimeZone, &index))
        return false;
    cv_slice name = cv_arena_printf(ex->arena, "%d", index & 0xFFFF);
    if (!name.ptr || cv_timezone_by_name(ex->arena, name, out, NULL) != CV_OK)
        return false;
    for (size_t i = 0; index < 0 && i < out->rule_count; i++)
        out->rules[i].standard = out->rules[i].daylight = (cv_tz_date){ 0 };
    if (index < 0)
        out->key_name =
            cv_arena_printf(ex->arena, "%.*s (no DST)", CV_FMT(out->key_name));
    return true;
}

static bool is_utc(const cv_timezone *tz)
{
    return tz->rule_count == 1 && tz->rules[0].bias == 0 &&
           !cv_tz_rule_has_dst(&tz->rules[0]);
}

static void find_zones(ical_export *ex)
{
    if (ex->start == ICAL_NO_TIME)
        return; /* no year to write a VTIMEZONE for: UTC */
    if (ex->is_series && series_zone(ex, &ex->start_zone)) {
        ex->has_start_zone = ex->has_end_zone = true;
        ex->end_zone = ex->start_zone;
        return;
    }
    ex->has_start_zone = read_definition(
        ex, CV_PidLidAppointmentTimeZoneDefinitionStartDisplay,
        "PidLidAppointmentTimeZoneDefinitionStartDisplay", &ex->start_zone);
    ex->has_end_zone = read_definition(
        ex, CV_PidLidAppointmentTimeZoneDefinitionEndDisplay,
        "PidLidAppointmentTimeZoneDefinitionEndDisplay", &ex->end_zone);
    if (!ex->has_start_zone && !ex->has_end_zone)
        ex->has_start_zone = series_zone(ex, &ex->start_zone) ||
                             legacy_zone(ex, &ex->start_zone);
    if (!ex->has_start_zone && ex->has_end_zone)
        ex->start_zone = ex->end_zone;
    else if (ex->has_start_zone && !ex->has_end_zone)
        ex->end_zone = ex->start_zone;
    ex->has_start_zone = ex->has_end_zone =
        ex->has_start_zone || ex->has_end_zone;
    /* A series must carry local time; UTC is local somewhere. */
    if (!ex->is_series && ex->has_start_zone && is_utc(&ex->start_zone))
        ex->has_start_zone = false;
    if (!ex->is_series && ex->has_end_zone && is_utc(&ex->end_zone))
        ex->has_end_zone = false;
}

/* The day a moment belongs to: in its zone, or in the whole quarter hour east
 * of UTC in which start and end are midnights. */
static int64_t day_of(const ical_export *ex, int64_t utc, bool has_zone,
                      const cv_timezone *zone)
{
    int64_t local = utc + ex->day_offset;

    if (has_zone)
        local = cv_timezone_to_local(zone, utc);
    local += ICAL_DAY / 2;
    return local - (local % ICAL_DAY + ICAL_DAY) % ICAL_DAY;
}

/* The hour that a clock shows a second time when daylight time ends: a local
 * time names the first one. A series' own times stay local. */
static bool needs_utc(const ical_export *ex, int64_t utc,
                      const cv_timezone *zone)
{
    bool of_series = ex->is_series && ex->bag == cv_object_props(ex->obj);
    return !of_series &&
           cv_timezone_to_utc(zone, cv_timezone_to_local(zone, utc)) != utc;
}

void cv_ical_export_moment(ical_export *ex, const char *name, int64_t utc,
                           bool has_zone, const cv_timezone *zone)
{
    if (has_zone && !ex->all_day && needs_utc(ex, utc, zone))
        has_zone = false;
    cv_line_begin(&ex->w, name);
    if (ex->all_day) {
        cv_line_param(&ex->w, "VALUE", CV_S("DATE"));
        cv_line_colon(&ex->w);
        cv_ical_time_put(&ex->w.line, day_of(ex, utc, has_zone, zone), true);
    } else if (has_zone) {
        cv_line_param(&ex->w, "TZID", cv_ical_zone_tzid(ex->arena, zone));
        cv_line_colon(&ex->w);
        cv_ical_time_put(&ex->w.line, cv_timezone_to_local(zone, utc), false);
    } else {
        cv_line_colon(&ex->w);
        cv_ical_time_put(&ex->w.line, utc, false);
        cv_line_raw(&ex->w, CV_S("Z"));
    }
    cv_line_end(&ex->w);
}

static bool is_midnight(int64_t ticks)
{
    return (ticks % ICAL_DAY + ICAL_DAY) % ICAL_DAY == 0;
}

static int64_t midnight_offset(int64_t start, int64_t end)
{
    const int64_t quarter = 15 * ICAL_MINUTE;
    for (int64_t step = 0; step <= 56; step++)
        for (int64_t sign = 1; sign >= -1; sign -= 2) {
            int64_t offset = sign * step * quarter;
            if (offset >= -48 * quarter && is_midnight(start + offset) &&
                is_midnight(end + offset))
                return offset;
        }
    return 0;
}

static void find_all_day(ical_export *ex)
{
    ex->all_day = cv_bag_bool_or(ex->bag, CV_PidLidAppointmentSubType, false) &&
                  ex->start != ICAL_NO_TIME;
    if (!ex->all_day)
        return;
    if (!ex->has_start_zone)
        ex->day_offset = midnight_offset(ex->start, ex->end);
    if (day_of(ex, ex->end, ex->has_end_zone, &ex->end_zone) <=
        day_of(ex, ex->start, ex->has_start_zone, &ex->start_zone))
        ex->end = ex->start + ICAL_DAY;
}

static void read_series(ical_export *ex)
{
    cv_slice blob;
    bool damaged;
    int32_t codepage = cv_bag_i32_or(ex->bag, CV_PidTagMessageCodepage, 1252);

    if (!cv_bag_binary(ex->bag, CV_PidLidAppointmentRecur, &blob) ||
        blob.len == 0)
        return;
    if (cv_recurrence_parse(ex->arena, blob, (uint32_t)codepage, &ex->series,
                            &damaged, NULL) != CV_OK) {
        cv_ical_export_say(ex, CV_RULE_BAD_BLOB, "PidLidAppointmentRecur",
                           "the event is written as a single one");
        return;
    }
    if (damaged)
        cv_ical_export_say(ex, CV_RULE_BAD_VALUE, "PidLidAppointmentRecur",
                           "repaired");
    if (!cv_recurrence_is_computable(&ex->series)) {
        cv_ical_export_say(ex, CV_RULE_ICAL_RRULE, "PidLidAppointmentRecur",
                           "a calendar that is not Gregorian: the first "
                           "instance is written");
        return;
    }
    ex->is_series = true;
}

static int64_t first_local(const ical_export *ex)
{
    return cv_minutes1601_to_ticks(ex->series.start_date) +
           ex->series.start_offset * ICAL_MINUTE;
}

/* An all-day series without a zone: by its days. */
static void align_days(ical_export *ex)
{
    int64_t length = ex->end - ex->start;

    if (!ex->is_series || ex->has_start_zone || !ex->all_day ||
        !ex->series.has_appointment)
        return;
    ex->start += cv_minutes1601_to_ticks(ex->series.start_date) -
                 day_of(ex, ex->start, false, NULL);
    ex->end = ex->start + length;
}

/* The first instance's start in a series' own time; StartWhole may be any
 * instance's. */
static void align_series(ical_export *ex)
{
    int64_t local = first_local(ex);
    int64_t length =
        (int64_t)(ex->series.end_offset - ex->series.start_offset) *
        ICAL_MINUTE;

    if (!ex->is_series || !ex->has_start_zone || !ex->series.has_appointment)
        return;
    int64_t start = cv_timezone_to_utc(&ex->start_zone, local);
    if (ex->start != ICAL_NO_TIME &&
        ex->start / ICAL_MINUTE == start / ICAL_MINUTE)
        return;
    ex->start = start;
    if (ex->end == ICAL_NO_TIME || ex->end - ex->start != length)
        ex->end = start + length;
}

static void find_times(ical_export *ex)
{
    read_series(ex);
    find_start(ex);
    find_end(ex);
    find_zones(ex);
    cv_ical_find_original(ex);
    if (!ex->original)
        align_series(ex);
    find_all_day(ex);
    if (!ex->original)
        align_days(ex);
}

/* -- identity -- */

static cv_slice derive_uid(ical_export *ex)
{
    static const cv_tag tags[] = { CV_PidTagSentRepresentingEmailAddress,
                                   CV_PidTagNormalizedSubject,
                                   CV_PidTagSubject };
    uint8_t digest[32];
    cv_buf buf;

    cv_buf_init(&buf, 0);
    for (size_t i = 0; i < CV_LEN(tags); i++)
        cv_buf_put_slice(&buf, cv_bag_string_or(ex->bag, tags[i], CV_S("")));
    cv_buf_printf(&buf, "|%lld|%d", (long long)ex->start,
                  cv_bag_i32_or(ex->bag, CV_PidTagOwnerAppointmentId, 0));
    cv_sha256(cv_buf_slice(&buf), digest);
    cv_buf_reset(&buf);
    cv_hex_put(&buf, cv_slice_of(digest, 16), false);
    cv_slice uid = cv_buf_dup(&buf, ex->arena);
    cv_buf_clear(&buf);
    return uid;
}

static void find_uid(ical_export *ex)
{
    static const cv_tag tags[] = { CV_PidLidGlobalObjectId,
                                   CV_PidLidCleanGlobalObjectId };
    cv_slice blob;

    for (size_t i = 0; i < CV_LEN(tags); i++) {
        if (!cv_bag_binary(ex->bag, tags[i], &blob))
            continue;
        ex->uid =
            cv_text_one_line(ex->arena, cv_globalid_to_uid(ex->arena, blob));
        if (ex->uid.ptr && ex->uid.len)
            return;
    }
    ex->uid = derive_uid(ex);
    if (ex->method != ICAL_PUBLISH ||
        cv_bag_has(ex->bag, CV_PidLidGlobalObjectId))
        cv_ical_export_say(ex, CV_RULE_GLOBAL_ID, "PidLidGlobalObjectId",
                           "a UID was derived from the event");
}

/* RECURRENCE-ID of an exception that stands alone. */
static void export_recurrence_id(ical_export *ex)
{
    int64_t ticks;
    cv_slice blob;
    cv_globalid id;
    int32_t packed;

    if (ex->is_series)
        return;
    if (cv_bag_ticks(ex->bag, CV_PidLidExceptionReplaceTime, &ticks)) {
        cv_ical_export_moment(ex, "RECURRENCE-ID", ticks, ex->has_start_zone,
                              &ex->start_zone);
        return;
    }
    if (!cv_bag_binary(ex->bag, CV_PidLidGlobalObjectId, &blob) ||
        cv_globalid_parse(blob, &id) != CV_OK || id.year < 1753 ||
        ex->start == ICAL_NO_TIME)
        return;
    ticks = cv_days_from_civil(id.year, id.month, id.day) * ICAL_DAY;
    /* Packed: hour << 12 | minute << 6 | second. */
    if (cv_bag_i32(ex->bag, CV_PidLidStartRecurrenceTime, &packed) &&
        packed >= 0)
        ticks += ((packed >> 12 & 31) * INT64_C(60) + (packed >> 6 & 63)) *
                 ICAL_MINUTE;
    else if (ex->has_start_zone)
        ticks += (cv_timezone_to_local(&ex->start_zone, ex->start) % ICAL_DAY +
                  ICAL_DAY) %
                 ICAL_DAY;
    if (ex->has_start_zone)
        ticks = cv_timezone_to_utc(&ex->start_zone, ticks);
    cv_ical_export_moment(ex, "RECURRENCE-ID", ticks, ex->has_start_zone,
                          &ex->start_zone);
}

/* -- times of change: rules CC6, CC8, CC9 -- */

static void export_stamps(ical_export *ex)
{
    static const cv_tag answer[] = { CV_PidLidAttendeeCriticalChange,
                                     CV_PidLidAppointmentReplyTime,
                                     CV_PidTagClientSubmitTime };
    static const cv_tag owner[] = { CV_PidLidOwnerCriticalChange,
                                    CV_PidTagLastModificationTime,
                                    CV_PidTagCreationTime };
    bool responds = (ex->method & ICAL_RESPONSE) != 0;
    /* A request's own change time, or now; a file's best known time. */
    int64_t t = responds ? first_moment(ex->bag, answer, CV_LEN(answer))
                         : first_moment(ex->bag, owner,
                                        ex->method == ICAL_PUBLISH ? 3 : 1);
    bool invented = t == ICAL_NO_TIME;

    if (invented)
        t = now_of(ex);
    if (t == ICAL_NO_TIME)
        t = first_moment(ex->bag, owner + 1, 2);
    if (t == ICAL_NO_TIME)
        t = ex->start == ICAL_NO_TIME ? 0 : ex->start;
    if (invented && ex->method != ICAL_PUBLISH)
        cv_ical_export_say(
            ex, responds ? CV_RULE_CRITICAL_CHANGE : CV_RULE_OWNER_CHANGE,
            responds ? "PidLidAttendeeCriticalChange"
                     : "PidLidOwnerCriticalChange",
            "now");
    cv_line_put_utc(&ex->w, "DTSTAMP", t);
    if (responds && ex->options->attendee_critical_change)
        cv_line_put_utc(&ex->w, "X-MICROSOFT-CDO-ATTENDEE-CRITICAL-CHANGE", t);
    if (responds && ex->options->reply_time)
        cv_line_put_utc(&ex->w, "X-MICROSOFT-CDO-REPLYTIME", t);
    if (responds && first_moment(ex->bag, owner, 1) == ICAL_NO_TIME)
        return;
    if (responds)
        t = first_moment(ex->bag, owner, 1);
    if (ex->method != ICAL_PUBLISH && ex->options->owner_critical_change)
        cv_line_put_utc(&ex->w, "X-MICROSOFT-CDO-OWNER-CRITICAL-CHANGE", t);
}

/* -- words and text -- */

static const char *busy_word(int32_t busy)
{
    static const char *const words[] = { "FREE", "TENTATIVE", "BUSY", "OOF",
                                         "WORKINGELSEWHERE" };
    return busy >= 0 && busy < 5 ? words[busy] : "BUSY";
}

static void export_busy(ical_export *ex, const cv_bag *bag)
{
    bool busy_default = ex->method != ICAL_CANCEL;
    int32_t busy =
        cv_bag_i32_or(bag, CV_PidLidBusyStatus, busy_default ? 2 : 0);
    int32_t intended = cv_bag_i32_or(bag, CV_PidLidIntendedBusyStatus, 2);
    /* The state of the meeting, not of the invitation waiting. */
    int32_t state = ex->method == ICAL_REQUEST ? intended : busy;
    int32_t flags = cv_bag_i32_or(bag, CV_PidLidAppointmentStateFlags, 0);
    bool cancelled = ex->method == ICAL_CANCEL ||
                     (ex->method == ICAL_PUBLISH && (flags & 4));

    cv_line_put_word(&ex->w, "TRANSP",
                     state == 0 || state == 4 ? "TRANSPARENT" : "OPAQUE");
    cv_line_put_word(&ex->w, "STATUS",
                     cancelled                                  ? "CANCELLED"
                     : ex->method == ICAL_PUBLISH && state == 1 ? "TENTATIVE"
                                                                : "CONFIRMED");
    cv_line_put_word(&ex->w, "X-MICROSOFT-CDO-BUSYSTATUS", busy_word(busy));
    if (ex->method == ICAL_REQUEST)
        cv_line_put_word(&ex->w, "X-MICROSOFT-CDO-INTENDEDSTATUS",
                         busy_word(intended));
}

static void export_class(ical_export *ex, const cv_bag *bag)
{
    static const char *const words[] = { "PUBLIC", "X-PERSONAL", "PRIVATE",
                                         "CONFIDENTIAL" };
    int32_t v = cv_bag_i32_or(bag, CV_PidTagSensitivity, 0);
    int32_t importance = cv_bag_i32_or(bag, CV_PidTagImportance, 1);

    cv_line_put_word(&ex->w, "CLASS", words[v >= 0 && v < 4 ? v : 2]);
    if (importance < 0 || importance > 2)
        importance = 1;
    cv_line_put_int(&ex->w, "PRIORITY", 9 - 4 * importance);
    cv_line_put_int(&ex->w, "X-MICROSOFT-CDO-IMPORTANCE", importance);
}

static void export_summary(ical_export *ex, const cv_bag *bag)
{
    cv_slice text;

    if (!cv_bag_string(bag, CV_PidTagNormalizedSubject, &text) || text.len == 0)
        text = cv_bag_string_or(bag, CV_PidTagSubject, CV_S(""));
    text = cv_text_one_line(ex->arena, text);
    if (text.len)
        cv_line_put_text(&ex->w, "SUMMARY", text);
}

/* HTML bodies only when they are UTF-8: others travel beside the calendar. */
static void export_html(ical_export *ex, const cv_bag *bag)
{
    cv_slice html;
    int32_t codepage = cv_bag_i32_or(bag, CV_PidTagInternetCodepage, 65001);

    if (!(ex->method & (ICAL_PUBLISH | ICAL_REQUEST | ICAL_CANCEL)) ||
        !cv_bag_binary(bag, CV_PidTagHtml, &html) || html.len == 0 ||
        html.len > CV_LIMIT_LINE_BYTES / 4)
        return;
    html = cv_codepage_to_utf8(ex->arena, (uint32_t)codepage, html, NULL);
    cv_line_begin(&ex->w, "X-ALT-DESC");
    cv_line_param(&ex->w, "FMTTYPE", CV_S("text/html"));
    cv_line_colon(&ex->w);
    cv_line_text(&ex->w, html);
    cv_line_end(&ex->w);
}

static void export_body(ical_export *ex, const cv_bag *bag)
{
    cv_slice body;

    if (ex->w.out->len > BODIES_MAX)
        return;
    if (cv_bag_string(bag, CV_PidTagBody, &body) && body.len) {
        body = cv_utf8_clip(body, CV_LIMIT_LINE_BYTES / 4);
        cv_line_put_text(&ex->w,
                         ex->method & ICAL_RESPONSE ? "COMMENT" : "DESCRIPTION",
                         body);
    }
    export_html(ex, bag);
}

static void export_sequence(ical_export *ex)
{
    int32_t v = cv_bag_i32_or(ex->bag, CV_PidLidAppointmentSequence, 0);

    if (ex->method == ICAL_PUBLISH &&
        !cv_bag_has(ex->bag, CV_PidLidAppointmentSequence))
        return;
    if (v < 0)
        v = 0;
    cv_line_put_int(&ex->w, "SEQUENCE", v);
    if (ex->options->appt_sequence && ex->method != ICAL_PUBLISH)
        cv_line_put_int(&ex->w, "X-MICROSOFT-CDO-APPT-SEQUENCE", v);
}

/* -- the event -- */

/* A series' time of day is its pattern's, even if the clock leaves it out on
 * the first day: there it counts by the offset before (RFC 5545 3.3.5). */
static bool starts_in_a_gap(const ical_export *ex)
{
    int64_t local = first_local(ex);

    return ex->is_series && !ex->original && ex->has_start_zone &&
           !ex->all_day && ex->bag == cv_object_props(ex->obj) &&
           cv_timezone_to_utc(&ex->start_zone, local) == ex->start &&
           cv_timezone_to_local(&ex->start_zone, ex->start) != local;
}

static void export_start(ical_export *ex)
{
    if (!starts_in_a_gap(ex)) {
        cv_ical_export_moment(ex, "DTSTART", ex->start, ex->has_start_zone,
                              &ex->start_zone);
        return;
    }
    cv_line_begin(&ex->w, "DTSTART");
    cv_line_param(&ex->w, "TZID",
                  cv_ical_zone_tzid(ex->arena, &ex->start_zone));
    cv_line_colon(&ex->w);
    cv_ical_time_put(&ex->w.line, first_local(ex), false);
    cv_line_end(&ex->w);
}

static void export_span(ical_export *ex)
{
    if (ex->start == ICAL_NO_TIME)
        return;
    export_start(ex);
    if (ex->all_day || ex->end > ex->start)
        cv_ical_export_moment(ex, "DTEND", ex->end, ex->has_end_zone,
                              &ex->end_zone);
    cv_line_put_word(&ex->w, "X-MICROSOFT-CDO-ALLDAYEVENT",
                     ex->all_day ? "TRUE" : "FALSE");
    if (ex->method != ICAL_COUNTER || ex->original_start == ICAL_NO_TIME)
        return;
    cv_line_put_utc(&ex->w, "X-MS-OLK-ORIGINALSTART", ex->original_start);
    if (ex->original_end != ICAL_NO_TIME)
        cv_line_put_utc(&ex->w, "X-MS-OLK-ORIGINALEND", ex->original_end);
}

static void export_instance_type(ical_export *ex)
{
    bool exception = cv_bag_bool_or(ex->bag, CV_PidLidIsException, false);

    if (ex->options->appt_sequence && ex->method == ICAL_REQUEST)
        cv_line_put_int(&ex->w, "X-MICROSOFT-CDO-INSTTYPE",
                        ex->is_series ? 1
                        : exception   ? 3
                                      : 0);
}

void cv_ical_export_common(ical_export *ex, const cv_bag *bag)
{
    bool is_event = ex->kind == ICAL_EVENT;

    export_summary(ex, bag);
    export_body(ex, bag);
    if (is_event)
        export_span(ex);
    cv_line_put_text(&ex->w, "UID", ex->uid);
    export_class(ex, bag);
    export_stamps(ex);
    if (is_event)
        export_busy(ex, bag);
    export_sequence(ex);
    cv_ical_export_simple(ex, bag);
    cv_ical_export_lines(ex);
    if (is_event)
        cv_ical_export_alarm(ex, bag);
    cv_ical_export_alarms_kept(ex);
}

static void export_event(ical_export *ex)
{
    cv_line_put_literal(&ex->w, "BEGIN:VEVENT");
    cv_ical_kept_parse(ex, ex->bag);
    cv_ical_export_people(ex, ex->obj);
    export_recurrence_id(ex);
    cv_ical_export_series_rules(ex);
    export_instance_type(ex);
    cv_ical_export_attachments(ex, ex->obj);
    cv_ical_export_common(ex, ex->bag);
    cv_line_put_literal(&ex->w, "END:VEVENT");
}

/* -- the calendar -- */

void cv_ical_zone_years(const ical_export *ex, int64_t *from, int64_t *to)
{
    *from = *to = cv_civil_of_ticks(ex->start).year;
    if (ex->end != ICAL_NO_TIME)
        *to = cv_civil_of_ticks(ex->end).year;
    if (!ex->is_series)
        return;
    *to = cv_civil_of_ticks(cv_minutes1601_to_ticks(ex->series.end_date)).year;
    if (*to < *from)
        *to = *from;
}

static void export_zones(ical_export *ex)
{
    int64_t from, to;
    bool cdo = ex->options->cdo_tzid;

    if (ex->start == ICAL_NO_TIME)
        return;
    cv_ical_zone_years(ex, &from, &to);
    /* Dates of all-day events have no zone; a calendar's only zone is theirs
     * when it is read again. */
    if (ex->has_start_zone)
        cv_ical_zone_put(&ex->w, ex->arena, &ex->start_zone, from, to, cdo);
    if (ex->has_end_zone && !ex->all_day &&
        (!ex->has_start_zone ||
         !cv_slice_eq(cv_ical_zone_tzid(ex->arena, &ex->start_zone),
                      cv_ical_zone_tzid(ex->arena, &ex->end_zone))))
        cv_ical_zone_put(&ex->w, ex->arena, &ex->end_zone, from, to, cdo);
}

static void export_calendar(ical_export *ex)
{
    const char *prodid = ex->options->prodid ? ex->options->prodid : PRODID;

    cv_line_put_literal(&ex->w, "BEGIN:VCALENDAR");
    cv_line_put_word(&ex->w, "METHOD", cv_ical_method_name(ex->method));
    cv_line_put_word(&ex->w, "PRODID", prodid);
    cv_line_put_literal(&ex->w, "VERSION:2.0");
    if (ex->kind == ICAL_EVENT) {
        export_zones(ex);
        export_event(ex);
        cv_ical_export_exceptions(ex);
    } else {
        cv_ical_export_other(ex);
    }
    cv_line_put_literal(&ex->w, "END:VCALENDAR");
}

static cv_status write_with(ical_export *ex, const char *method, cv_buf *out,
                            cv_error *err)
{
    ex->method = method_bit(ex, method);
    ex->original_start = ex->original_end = ICAL_NO_TIME;
    ex->start = ex->end = ICAL_NO_TIME;
    ex->kind = cv_object_is_class(ex->obj, CV_S("IPM.Task")) ? ICAL_TASK
               : cv_object_is_class(ex->obj, CV_S("IPM.Activity"))
                   ? ICAL_JOURNAL
                   : ICAL_EVENT;
    if (ex->kind == ICAL_EVENT)
        find_times(ex);
    if (ex->kind == ICAL_EVENT && ex->start == ICAL_NO_TIME &&
        !(ex->method & (ICAL_REPLY | ICAL_CANCEL)))
        return cv_fail(err, CV_ERR_RANGE, "the event has no start");
    find_uid(ex);
    cv_line_writer_init(&ex->w, out);
    export_calendar(ex);
    cv_status status = cv_buf_status(&ex->w.line, err);
    cv_line_writer_clear(&ex->w);
    if (cv_arena_status(ex->arena) != CV_OK)
        return cv_arena_fail(ex->arena, err);
    return status == CV_OK ? cv_buf_status(out, err) : status;
}

cv_status cv_ical_write(const cv_object *obj, const char *method,
                        const cv_ical_options *options, cv_buf *out,
                        cv_report *report, cv_error *err)
{
    ical_export ex = { .obj = obj,
                       .bag = cv_object_props(obj),
                       .options = options,
                       .report = report };

    CV_TRY(cv_arena_new(0, &ex.arena, err));
    cv_status status = write_with(&ex, method, out, err);
    cv_arena_free(&ex.arena);
    return status;
}
