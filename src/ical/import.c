/* import.c - one item of a calendar into one message object.
 * Source: [MS-OXCICAL] 2.1.3; spec ical-mapping.md 1, 3, 6, 7, 8 and 11.
 */
#include "ical/ical_private.h"

#include <string.h>

#define ICON_SINGLE 0x400
#define ICON_MEETING 0x402
#define DAY_OF_GRACE (24 * 60 * ICAL_MINUTE)

static const struct {
    const char *name;
    unsigned bit;
} methods[] = {
    { "PUBLISH", ICAL_PUBLISH }, { "REQUEST", ICAL_REQUEST },
    { "REPLY", ICAL_REPLY },     { "COUNTER", ICAL_COUNTER },
    { "CANCEL", ICAL_CANCEL },
};

const char *cv_ical_method_name(unsigned method)
{
    for (size_t i = 0; i < CV_LEN(methods); i++)
        if (methods[i].bit == method)
            return methods[i].name;
    return "PUBLISH";
}

unsigned cv_ical_method_of_name(cv_slice name)
{
    for (size_t i = 0; i < CV_LEN(methods); i++)
        if (cv_slice_ieq(name, cv_slice_cstr(methods[i].name)))
            return methods[i].bit;
    return 0;
}

void cv_ical_say(ical_import *in, cv_rule_id rule, const cv_ical_prop *prop,
                 const char *property, const char *done)
{
    cv_report_add(
        in->report,
        CV_FINDING(.rule = rule, .line = prop ? prop->line : 0,
                   .property = cv_slice_cstr(property),
                   .found = prop ? cv_slice_sub(prop->value, 0, 120) : CV_S(""),
                   .done = cv_slice_cstr(done)));
}

/* -- METHOD and class -- */

/* 0 for a METHOD that is mail, not a meeting. */
static unsigned find_method(ical_import *in)
{
    const cv_ical_prop *prop = cv_ical_prop_get(in->item->calendar, "METHOD");
    cv_slice body = prop ? cv_slice_trim(prop->value) : CV_S("");
    cv_slice param = cv_slice_trim(in->ctx->method_param);

    if (body.len && param.len && !cv_slice_ieq(body, param))
        cv_ical_say(in, CV_RULE_ICAL_METHOD, prop, "METHOD",
                    "the calendar's METHOD counts, not the part's");
    if (body.len == 0 && param.len)
        cv_ical_say(in, CV_RULE_ICAL_METHOD, NULL, "METHOD",
                    "taken from the part's parameter");
    if (body.len == 0)
        body = param;
    if (body.len == 0)
        return ICAL_PUBLISH;
    unsigned method = cv_ical_method_of_name(body);
    if (method)
        return method;
    in->adds = cv_slice_ieq(body, CV_S("ADD"));
    if (in->adds)
        return ICAL_REQUEST;
    if (cv_slice_ieq(body, CV_S("REFRESH")) ||
        cv_slice_ieq(body, CV_S("DECLINECOUNTER")))
        return 0;
    cv_ical_say(in, CV_RULE_ICAL_METHOD, prop, "METHOD", "read as PUBLISH");
    return ICAL_PUBLISH;
}

static cv_slice response_class(const cv_ical_prop *responder)
{
    cv_slice answer = cv_line_param_get(responder, "PARTSTAT");
    if (cv_slice_ieq(answer, CV_S("ACCEPTED")))
        return CV_S("IPM.Schedule.Meeting.Resp.Pos");
    if (cv_slice_ieq(answer, CV_S("DECLINED")))
        return CV_S("IPM.Schedule.Meeting.Resp.Neg");
    return CV_S("IPM.Schedule.Meeting.Resp.Tent");
}

static void set_class(ical_import *in)
{
    cv_slice name = CV_S("IPM.Appointment");

    if (in->kind == ICAL_TASK)
        name = CV_S("IPM.Task");
    else if (in->kind == ICAL_JOURNAL)
        name = CV_S("IPM.Activity");
    else if (in->method == ICAL_REQUEST)
        name = CV_S("IPM.Schedule.Meeting.Request");
    else if (in->method == ICAL_CANCEL)
        name = CV_S("IPM.Schedule.Meeting.Canceled");
    else if (in->method & ICAL_RESPONSE)
        name = response_class(in->responder);
    (void)cv_bag_set_string(in->bag, CV_PidTagMessageClass, name);
    if (in->method == ICAL_COUNTER)
        (void)cv_bag_set_bool(in->bag, CV_PidLidAppointmentCounterProposal,
                              true);
}

/* -- text -- */

/* "Accepted: Budget" with SUMMARY "Budget" has the prefix "Accepted: ". */
static void set_prefix(ical_import *in, cv_slice subject, cv_slice summary)
{
    cv_slice prefix = { 0 };

    if (subject.len > summary.len && cv_slice_ends(subject, summary))
        prefix = cv_slice_sub(subject, 0, subject.len - summary.len);
    if (prefix.len > 2 && cv_slice_ends(prefix, CV_S(": ")))
        (void)cv_bag_set_string(in->bag, CV_PidTagSubjectPrefix, prefix);
}

static void import_subject(ical_import *in, const cv_ical_comp *event)
{
    const cv_ical_prop *prop = cv_ical_prop_get(event, "SUMMARY");
    cv_slice subject = in->ctx->subject;
    cv_slice summary =
        prop ? cv_ical_prop_line_text(in->arena, prop) : CV_S("");

    if (summary.len == 0)
        summary = cv_slice_trim(subject);
    if (summary.len == 0)
        return;
    if (!cv_bag_has(in->bag, CV_PidTagSubject))
        (void)cv_bag_set_string(in->bag, CV_PidTagSubject,
                                subject.len ? subject : summary);
    (void)cv_bag_set_string(in->bag, CV_PidTagNormalizedSubject, summary);
    (void)cv_bag_set_string(in->bag, CV_PidTagConversationTopic, summary);
    set_prefix(in, cv_bag_string_or(in->bag, CV_PidTagSubject, CV_S("")),
               summary);
}

static void import_html(ical_import *in, const cv_ical_comp *event)
{
    const cv_ical_prop *prop = cv_ical_prop_get(event, "X-ALT-DESC");

    if (!prop || !cv_slice_istarts(cv_line_param_get(prop, "FMTTYPE"),
                                   CV_S("text/html")))
        return;
    (void)cv_bag_set_binary(in->bag, CV_PidTagHtml,
                            cv_line_value_text(in->arena, prop));
    (void)cv_bag_set_i32(in->bag, CV_PidTagInternetCodepage, 65001);
}

/* A mail's own text is not overwritten. */
static void import_body(ical_import *in, const cv_ical_comp *event)
{
    const cv_ical_prop *prop = cv_ical_prop_get(
        event, in->method & ICAL_RESPONSE ? "COMMENT" : "DESCRIPTION");

    if (cv_bag_has(in->bag, CV_PidTagBody) ||
        cv_bag_has(in->bag, CV_PidTagHtml))
        return;
    cv_slice text = prop ? cv_line_value_text(in->arena, prop) : CV_S("");
    if (text.len)
        (void)cv_bag_set_string(in->bag, CV_PidTagBody,
                                cv_text_eol(in->arena, text, "\r\n"));
    if (in->method & (ICAL_PUBLISH | ICAL_REQUEST | ICAL_CANCEL))
        import_html(in, event);
}

static void import_location(ical_import *in, const cv_ical_comp *event)
{
    const cv_ical_prop *prop = cv_ical_prop_get(event, "LOCATION");
    cv_slice url = cv_line_param_get(prop, "ALTREP"), where;

    if (url.len)
        (void)cv_bag_set_string(in->bag, CV_PidNameLocationUrl, url);
    if (in->method != ICAL_PUBLISH &&
        cv_bag_string(in->bag, CV_PidLidLocation, &where))
        (void)cv_bag_set_string(in->bag, CV_PidLidWhere, where);
}

/* -- words -- */

typedef struct word_row {
    const char *word;
    int value;
} word_row;

static int look_up(const word_row *rows, size_t count, cv_slice word)
{
    word = cv_slice_trim(word);
    for (size_t i = 0; i < count; i++)
        if (cv_slice_ieq(word, cv_slice_cstr(rows[i].word)))
            return rows[i].value;
    return -1;
}

int cv_ical_busy_of(cv_slice word)
{
    static const word_row rows[] = {
        { "FREE", 0 },
        { "TENTATIVE", 1 },
        { "BUSY", 2 },
        { "OOF", 3 },
        { "OUTOFOFFICE", 3 },
        { "OUT-OF-OFFICE", 3 },
        { "WORKINGELSEWHERE", 4 },
    };
    return look_up(rows, CV_LEN(rows), word);
}

/* The first of the rows' properties that has a known word; -1. */
static int first_word(const cv_ical_comp *event, const char *const *names,
                      size_t count)
{
    static const word_row transp[] = { { "TRANSPARENT", 0 }, { "OPAQUE", 2 } };
    static const word_row state[] = { { "TENTATIVE", 1 },
                                      { "CONFIRMED", 2 },
                                      { "CANCELLED", 0 } };
    for (size_t i = 0; i < count; i++) {
        const cv_ical_prop *prop = cv_ical_prop_get(event, names[i]);
        int v = -1;
        if (!prop)
            continue;
        if (strcmp(names[i], "TRANSP") == 0)
            v = look_up(transp, CV_LEN(transp), prop->value);
        else if (strcmp(names[i], "STATUS") == 0)
            v = look_up(state, CV_LEN(state), prop->value);
        else
            v = cv_ical_busy_of(prop->value);
        if (v >= 0)
            return v;
    }
    return -1;
}

static void import_busy(ical_import *in, const cv_ical_comp *event)
{
    static const char *const busy_names[] = {
        "X-MICROSOFT-CDO-BUSYSTATUS", "X-MICROSOFT-MSNCALENDAR-BUSYSTATUS",
        "TRANSP", "STATUS"
    };
    static const char *const intended_names[] = {
        "X-MICROSOFT-CDO-INTENDEDSTATUS",
        "X-MICROSOFT-MSNCALENDAR-INTENDEDSTATUS", "X-MICROSOFT-CDO-BUSYSTATUS",
        "TRANSP"
    };
    int busy = first_word(event, busy_names, CV_LEN(busy_names));
    int intended = first_word(event, intended_names, CV_LEN(intended_names));

    if (in->method == ICAL_CANCEL)
        busy = 0;
    if (busy < 0)
        busy = in->method == ICAL_REQUEST ? 1 : 2;
    (void)cv_bag_set_i32(in->bag, CV_PidLidBusyStatus, busy);
    if (in->method == ICAL_REQUEST)
        (void)cv_bag_set_i32(in->bag, CV_PidLidIntendedBusyStatus,
                             intended < 0 ? 2 : intended);
}

static void import_class(ical_import *in, const cv_ical_comp *event)
{
    static const word_row rows[] = { { "PUBLIC", 0 },
                                     { "PERSONAL", 1 },
                                     { "X-PERSONAL", 1 },
                                     { "PRIVATE", 2 },
                                     { "CONFIDENTIAL", 3 } };
    const cv_ical_prop *prop = cv_ical_prop_get(event, "CLASS");
    int v = 0;

    if (!prop && cv_bag_has(in->bag, CV_PidTagSensitivity))
        return; /* the mail's header said it */
    if (prop && cv_slice_trim(prop->value).len)
        v = look_up(rows, CV_LEN(rows), prop->value);
    if (v < 0)
        v = 2; /* RFC 5545 3.8.1.3: unknown is PRIVATE */
    (void)cv_bag_set_i32(in->bag, CV_PidTagSensitivity, v);
    (void)cv_bag_set_bool(in->bag, CV_PidLidPrivate, v == 2);
}

static void import_priority(ical_import *in, const cv_ical_comp *event)
{
    int32_t v, importance = 1;

    if (cv_bag_has(in->bag, CV_PidTagImportance) &&
        (cv_ical_prop_get(event, "X-MICROSOFT-CDO-IMPORTANCE") ||
         !cv_ical_prop_get(event, "PRIORITY")))
        return;
    if (cv_ical_prop_int(cv_ical_prop_get(event, "PRIORITY"), &v) && v > 0 &&
        v <= 9)
        importance = v < 5 ? 2 : v == 5 ? 1 : 0;
    (void)cv_bag_set_i32(in->bag, CV_PidTagImportance, importance);
}

/* -- identity -- */

/* A UID that other copies of this event get, too. */
static cv_slice derive_uid(ical_import *in, const cv_ical_comp *event)
{
    static const char *const names[] = { "ORGANIZER", "DTSTART", "SUMMARY",
                                         "X-MICROSOFT-CDO-OWNERAPPTID" };
    uint8_t digest[32];
    cv_buf buf;

    cv_buf_init(&buf, 0);
    for (size_t i = 0; i < CV_LEN(names); i++) {
        const cv_ical_prop *prop = cv_ical_prop_get(event, names[i]);
        cv_buf_put_slice(&buf, prop ? prop->value : CV_S(""));
        cv_buf_put_byte(&buf, '\n');
    }
    cv_sha256(cv_buf_slice(&buf), digest);
    cv_buf_reset(&buf);
    cv_hex_put(&buf, cv_slice_of(digest, 16), false);
    cv_slice uid = cv_buf_dup(&buf, in->arena);
    cv_buf_clear(&buf);
    cv_ical_say(in, CV_RULE_ICAL_UID, NULL, "UID",
                "derived from organizer, start and summary");
    return uid;
}

/* RECURRENCE-ID on the wall clock of the event, and as a moment. An instance
 * that ADD adds has none: it is known by its own start (RFC 5546 3.2.4). */
static bool read_recurrence_id(ical_import *in, const cv_ical_comp *event,
                               cv_civil *at, int64_t *utc)
{
    const cv_ical_prop *prop = cv_ical_prop_get(event, "RECURRENCE-ID");
    ical_moment m = in->start;

    if (prop ? cv_ical_moment_parse(&in->zones, prop, prop->value, &m) != CV_OK
             : !in->adds)
        return false;
    if (in->start.zone && !m.is_date)
        m.local = cv_timezone_to_local(&in->start.zone->tz, m.utc);
    *at = cv_civil_of_ticks(m.local);
    *utc = m.utc;
    return true;
}

static void import_uid(ical_import *in, const cv_ical_comp *event)
{
    const cv_ical_prop *prop = cv_ical_prop_get(event, "UID");
    cv_slice uid =
        prop ? cv_slice_trim(cv_line_value_text(in->arena, prop)) : CV_S("");
    cv_civil at = { 0 };
    int64_t utc;

    if (uid.len == 0)
        uid = derive_uid(in, event);
    (void)read_recurrence_id(in, event, &at, &utc);
    (void)cv_bag_set_binary(
        in->bag, CV_PidLidGlobalObjectId,
        cv_globalid_of_uid(in->arena, uid, at.year, at.month, at.day));
    (void)cv_bag_set_binary(in->bag, CV_PidLidCleanGlobalObjectId,
                            cv_globalid_of_uid(in->arena, uid, 0, 0, 0));
}

/* An exception or addition that comes without its series. */
static void import_orphan(ical_import *in, const cv_ical_comp *event)
{
    cv_civil at;
    int64_t utc;

    if (!read_recurrence_id(in, event, &at, &utc))
        return;
    (void)cv_bag_set_bool(in->bag, CV_PidLidIsException, true);
    (void)cv_bag_set_bool(in->bag, CV_PidLidIsRecurring, true);
    (void)cv_bag_set_ticks(in->bag, CV_PidLidExceptionReplaceTime, utc);
    (void)cv_bag_set_i32(in->bag, CV_PidLidStartRecurrenceDate,
                         at.year << 9 | at.month << 5 | at.day);
    (void)cv_bag_set_i32(in->bag, CV_PidLidStartRecurrenceTime,
                         at.hour << 12 | at.minute << 6 | at.second);
}

/* -- times of change: rules CC2 to CC9 -- */

static int64_t now_of(const ical_import *in)
{
    const cv_env *env = in->ctx->env;
    return env ? env->now(env->ctx) : ICAL_NO_TIME;
}

/* Date header, delivery, now. */
static int64_t fallback_time(const ical_import *in)
{
    const int64_t order[] = { in->ctx->date_ticks, in->ctx->received_ticks,
                              now_of(in) };
    for (size_t i = 0; i < CV_LEN(order); i++)
        if (order[i] != ICAL_NO_TIME && cv_ticks_is_valid(order[i]))
            return order[i];
    return ICAL_NO_TIME;
}

/* No answer is from later than a day behind its arrival. */
static int64_t latest_believable(const ical_import *in)
{
    int64_t arrived = in->ctx->received_ticks;
    if (arrived == ICAL_NO_TIME)
        arrived = now_of(in);
    return arrived == ICAL_NO_TIME ? INT64_MAX : arrived + DAY_OF_GRACE;
}

/* An old organizer's client looks at the CDO line alone (KB 938650): whether
 * it was there is kept beside the time, for meeting.legacy-tracking-time. */
static void note_answer_source(ical_import *in, const cv_ical_comp *event,
                               const char *source)
{
    static const char cdo[] = "X-MICROSOFT-CDO-ATTENDEE-CRITICAL-CHANGE";

    if (cv_ical_utc_of(event, cdo, NULL) != ICAL_NO_TIME)
        source = cdo;
    (void)cv_bag_set_string(in->bag, CV_PidNameConvokeCriticalChangeSource,
                            cv_slice_cstr(source));
}

/* CC3: the latest of all that a reply says; never FILETIME 0. */
static void import_answer_time(ical_import *in, const cv_ical_comp *event)
{
    static const char *const names[] = {
        "DTSTAMP", "X-MICROSOFT-CDO-ATTENDEE-CRITICAL-CHANGE",
        "X-MICROSOFT-CDO-REPLYTIME", "LAST-MODIFIED"
    };
    int64_t limit = latest_believable(in), best = ICAL_NO_TIME;
    const char *source = "Date";

    for (size_t i = 0; i <= CV_LEN(names); i++) {
        const char *name = i < CV_LEN(names) ? names[i] : "X-MS-OLK-RESPTIME";
        int64_t t = i < CV_LEN(names)
                        ? cv_ical_utc_of(event, names[i], in->report)
                        : cv_ical_utc_of_text(cv_line_param_get(
                              in->responder, "X-MS-OLK-RESPTIME"));
        if (t != ICAL_NO_TIME && t > limit)
            cv_ical_say(in, CV_RULE_CRITICAL_CHANGE, NULL, name,
                        "later than the message itself: not used");
        else if (t != ICAL_NO_TIME && t > best) {
            best = t;
            source = name;
        }
    }
    note_answer_source(in, event, source);
    if (best == ICAL_NO_TIME) {
        best = fallback_time(in);
        cv_ical_say(in, CV_RULE_CRITICAL_CHANGE, NULL,
                    "PidLidAttendeeCriticalChange",
                    best == ICAL_NO_TIME ? "left out"
                                         : "the mail's date or delivery time");
    }
    if (best != ICAL_NO_TIME)
        (void)cv_bag_set_ticks(in->bag, CV_PidLidAttendeeCriticalChange, best);
    int64_t owner = cv_ical_utc_of(
        event, "X-MICROSOFT-CDO-OWNER-CRITICAL-CHANGE", in->report);
    if (owner != ICAL_NO_TIME)
        (void)cv_bag_set_ticks(in->bag, CV_PidLidOwnerCriticalChange, owner);
}

static void import_owner_time(ical_import *in, const cv_ical_comp *event)
{
    int64_t t = cv_ical_utc_of(event, "DTSTAMP", in->report);

    if (t == ICAL_NO_TIME)
        t = cv_ical_utc_of(event, "X-MICROSOFT-CDO-OWNER-CRITICAL-CHANGE",
                           in->report);
    if (t == ICAL_NO_TIME && in->method != ICAL_PUBLISH) {
        t = fallback_time(in);
        cv_ical_say(in, CV_RULE_OWNER_CHANGE, NULL, "PidLidOwnerCriticalChange",
                    t == ICAL_NO_TIME ? "left out"
                                      : "the mail's date or delivery time");
    }
    if (t == ICAL_NO_TIME)
        return;
    (void)cv_bag_set_ticks(in->bag, CV_PidLidOwnerCriticalChange, t);
    if (in->method != ICAL_PUBLISH)
        (void)cv_bag_set_ticks(in->bag, CV_PidLidAttendeeCriticalChange, t);
}

/* -- state -- */

static void import_request_state(ical_import *in)
{
    int32_t sequence = cv_bag_i32_or(in->bag, CV_PidLidAppointmentSequence, 0);

    (void)cv_bag_set_i32(in->bag, CV_PidLidMeetingType,
                         sequence == 0 ? 1 : 0x10000);
    (void)cv_bag_set_string(in->bag, CV_PidLidAppointmentMessageClass,
                            CV_S("IPM.Appointment"));
}

static bool is_cancelled(const cv_ical_comp *event)
{
    const cv_ical_prop *prop = cv_ical_prop_get(event, "STATUS");
    return prop && cv_slice_ieq(cv_slice_trim(prop->value), CV_S("CANCELLED"));
}

static void import_state(ical_import *in, const cv_ical_comp *event)
{
    static const struct {
        unsigned method;
        int32_t flags, response; /* response -1: unset */
    } rows[] = { { ICAL_REQUEST, 3, 5 },
                 { ICAL_CANCEL, 7, 5 },
                 { ICAL_REPLY, 3, -1 },
                 { ICAL_COUNTER, 3, -1 } };
    int32_t flags = in->attendee_count ? 1 : 0;
    bool draft = false;

    for (size_t i = 0; i < CV_LEN(rows); i++) {
        if (rows[i].method != in->method)
            continue;
        flags = rows[i].flags;
        if (rows[i].response >= 0)
            (void)cv_bag_set_i32(in->bag, CV_PidLidResponseStatus,
                                 rows[i].response);
    }
    if (in->method == ICAL_PUBLISH && is_cancelled(event))
        flags |= 4;
    (void)cv_bag_set_i32(in->bag, CV_PidLidAppointmentStateFlags, flags);
    (void)cv_ical_prop_bool(cv_ical_prop_get(event, "X-MICROSOFT-ISDRAFT"),
                            &draft);
    if (in->attendee_count)
        (void)cv_bag_set_bool(in->bag, CV_PidLidFInvited, !draft);
    if (in->method == ICAL_REQUEST)
        import_request_state(in);
    if (in->method == ICAL_PUBLISH)
        (void)cv_bag_set_i32(in->bag, CV_PidTagIconIndex,
                             flags & 1 ? ICON_MEETING : ICON_SINGLE);
}

/* -- all together -- */

void cv_ical_import_common(ical_import *in, const cv_ical_comp *event)
{
    cv_ical_import_simple(in, event);
    import_subject(in, event);
    import_body(in, event);
    import_location(in, event);
    import_class(in, event);
    import_priority(in, event);
    if (in->kind == ICAL_EVENT) {
        import_busy(in, event);
        cv_ical_import_alarm(in, event);
    }
    cv_ical_import_kept(in, event);
}

/* False when the item can only be mail. */
static bool begin_import(ical_import *in, const cv_ical_comp *event)
{
    in->method = find_method(in);
    in->kind = cv_ical_kind_of(event);
    if (in->kind == ICAL_FREEBUSY ||
        (in->kind != ICAL_EVENT && in->method != ICAL_PUBLISH)) {
        cv_ical_say(
            in, CV_RULE_ICAL_UNUSABLE, cv_ical_prop_get(event, "UID"), "METHOD",
            in->kind == ICAL_FREEBUSY ? "free and busy times: stays a file"
                                      : "a task sent to somebody: stays mail");
        return false;
    }
    if (in->method == 0) {
        cv_ical_say(in, CV_RULE_ICAL_UNUSABLE,
                    cv_ical_prop_get(in->item->calendar, "METHOD"), "METHOD",
                    "no meeting message: stays mail");
        return false;
    }
    if (in->method & ICAL_RESPONSE) {
        in->responder = cv_ical_find_responder(in->ctx, event, in->arena);
        if (!in->responder && in->method == ICAL_REPLY) {
            cv_ical_say(in, CV_RULE_ICAL_UNUSABLE,
                        cv_ical_prop_get(event, "ATTENDEE"), "ATTENDEE",
                        "a reply without an answer: stays mail");
            return false;
        }
    }
    return true;
}

/* A reply or cancellation is known by its UID; a start is not needed. */
static bool import_moments(ical_import *in, const cv_ical_comp *event)
{
    if (in->kind != ICAL_EVENT)
        return true;
    if (cv_ical_import_times(in, event) == CV_OK)
        return true;
    const cv_ical_prop *prop = cv_ical_prop_get(event, "DTSTART");
    if (in->method & (ICAL_REPLY | ICAL_CANCEL)) {
        if (cv_ical_prop_get(event, "UID"))
            return true;
    }
    cv_ical_say(in, CV_RULE_ICAL_UNUSABLE, prop, "DTSTART", "no usable start");
    return false;
}

static void put_comp(cv_line_writer *w, const cv_ical_comp *comp,
                     unsigned depth)
{
    cv_line_begin(w, "BEGIN:");
    cv_line_raw(w, comp->name);
    cv_line_end(w);
    for (size_t i = 0; i < comp->prop_count; i++) {
        cv_line_begin(w, "");
        cv_line_raw(w, comp->props[i].raw);
        cv_line_end(w);
    }
    for (size_t i = 0; i < comp->child_count && depth < CV_LIMIT_ICAL_DEPTH;
         i++)
        put_comp(w, comp->children[i], depth + 1);
    cv_line_begin(w, "END:");
    cv_line_raw(w, comp->name);
    cv_line_end(w);
}

static void put_item(const cv_ical_item *item, bool unread_rules, cv_buf *out)
{
    const cv_ical_comp *cal = item->calendar;
    cv_line_writer w;

    cv_line_writer_init(&w, out);
    cv_line_put_literal(&w, "BEGIN:VCALENDAR");
    if (unread_rules)
        cv_line_put_literal(&w, ICAL_UNREAD_RULES ":TRUE");
    for (size_t i = 0; i < cal->child_count; i++)
        if (cv_slice_eq(cal->children[i]->name, CV_S("VTIMEZONE")))
            put_comp(&w, cal->children[i], 0);
    if (item->master)
        put_comp(&w, item->master, 0);
    for (size_t i = 0; i < item->exception_count; i++)
        put_comp(&w, item->exceptions[i], 0);
    cv_line_put_literal(&w, "END:VCALENDAR");
    cv_line_writer_clear(&w);
}

void cv_ical_put_item(const cv_ical_item *item, cv_buf *out)
{
    put_item(item, false, out);
}

static void keep_stream(ical_import *in)
{
    cv_buf buf;
    cv_buf_init(&buf, 0);
    put_item(in->item, in->unread_rules, &buf);
    (void)cv_bag_set_binary(in->bag, CV_PidLidInboundICalStream,
                            cv_buf_slice(&buf));
    cv_buf_clear(&buf);
}

/* A task or a journal entry. */
static void import_other(ical_import *in, const cv_ical_comp *comp)
{
    cv_ical_import_common(in, comp);
    import_owner_time(in, comp);
    cv_ical_import_other(in, comp);
    cv_ical_import_attachments(in, comp);
    if (in->keep_stream || in->item->exception_count > 1 ||
        (in->item->master && in->item->exception_count))
        keep_stream(in);
}

/* Nothing of it may replace the series: a rule of further additions is kept as
 * it came. */
static void say_added(ical_import *in, const cv_ical_comp *event)
{
    bool more = cv_ical_prop_get(event, "RRULE") ||
                cv_ical_prop_get(event, "RDATE") || in->item->exception_count;

    in->keep_stream = in->keep_stream || more;
    cv_ical_say(in, CV_RULE_ICAL_METHOD,
                cv_ical_prop_get(in->item->calendar, "METHOD"), "METHOD",
                more ? "ADD: a request for its first instance; the others are "
                       "kept in the original"
                     : "ADD: a request for this instance");
}

static void import_event(ical_import *in, const cv_ical_comp *event)
{
    set_class(in);
    import_uid(in, event);
    if (in->kind != ICAL_EVENT) {
        import_other(in, event);
        return;
    }
    if (!in->item->master || in->adds)
        import_orphan(in, event);
    cv_ical_import_common(in, event);
    cv_ical_import_people(in, event);
    import_state(in, event);
    if (in->method & ICAL_RESPONSE)
        import_answer_time(in, event);
    else
        import_owner_time(in, event);
    cv_ical_import_attachments(in, event);
    if (in->adds)
        say_added(in, event);
    else
        cv_ical_import_series(in, event);
    if (in->keep_stream)
        keep_stream(in);
}

cv_status cv_ical_to_object(const cv_ical_item *item,
                            const cv_ical_context *ctx, cv_object *obj,
                            bool *usable, cv_report *report, cv_error *err)
{
    cv_arena *arena = cv_object_arena(obj);
    ical_import in = { .ctx = ctx,
                       .item = item,
                       .obj = obj,
                       .bag = cv_object_props(obj),
                       .arena = arena,
                       .report = report,
                       .zones = { .arena = arena,
                                  .calendar = item->calendar,
                                  .mailbox = ctx->zone,
                                  .report = report } };
    const cv_ical_comp *event =
        item->master ? item->master : item->exceptions[0];

    *usable = false;
    if (begin_import(&in, event) && import_moments(&in, event)) {
        import_event(&in, event);
        *usable = true;
    }
    return cv_arena_status(arena) == CV_OK ? CV_OK : cv_arena_fail(arena, err);
}
