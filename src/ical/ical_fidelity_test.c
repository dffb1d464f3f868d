/* Calendar objects by chance go to iCalendar and come back: every property of
 * fidelity.def equal. Equal seeds give equal objects; a failure names its
 * seed. */
#include "ical/ical_private.h"
#include "ical/ical_test_kit.h"

#include <stdio.h>

#ifndef OBJECTS
#define OBJECTS 600
#endif
#define SEED UINT64_C(0x9E3779B97F4A7C15)

enum { APPT = 1, REQ = 2, RESP = 4, CANC = 8, TASK = 16, LOG = 32 };

typedef enum how {
    LINE,
    TEXT,
    LIST,
    BOOL,
    INT,
    TIME,
    PAST,
    URL,
    HTML,
    MADE,
    ZONE,
    ROWS,
    EXCEPTIONS,
    NAMES
} how;

typedef struct prop_row {
    const char *name;
    cv_tag tag;
    unsigned kinds;
    how how;
    int64_t low, high;
} prop_row;

#define INT(low, high) INT, low, high
#define FIDELITY(tag, form, of) { #tag, CV_##tag, (of), form },
static const prop_row rows[] = {
#include "ical/fidelity.def"
};
#undef INT

static uint64_t seed;
static unsigned kind;
static cv_object *made;

static uint64_t next_chance(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static size_t chance(size_t limit)
{
    return (size_t)(next_chance() % limit);
}

static cv_slice words(size_t most, bool lines_too)
{
    static const char *const pieces[] = { "Budget",
                                          "a;b",
                                          "c,d",
                                          "\"quoted\"",
                                          "back\\slash",
                                          "\xC3\xA4\xC3\xB6",
                                          "\xE2\x82\xAC",
                                          "\xF0\x9F\x98\x80",
                                          "x:y",
                                          "^n",
                                          "2 < 3",
                                          "\\n",
                                          "'" };
    cv_buf buf;
    cv_buf_init(&buf, 0);
    for (size_t i = 1 + chance(most); i > 0; i--) {
        cv_buf_put_str(&buf, pieces[chance(CV_LEN(pieces))]);
        if (i > 1)
            cv_buf_put_str(&buf, lines_too && chance(3) == 0 ? "\r\n" : " ");
    }
    cv_slice text = cv_buf_dup(&buf, arena);
    cv_buf_clear(&buf);
    return text;
}

/* A whole second from 1753 to 4499, or up to now. */
static int64_t moment(bool past)
{
    static const char *const edges[] = { "1753-01-02T00:00:00Z",
                                         "1969-12-31T23:59:59Z",
                                         "4499-12-30T23:59:59Z" };
    int64_t from = at("1753-01-02T00:00:00Z") / CV_TICKS_PER_SEC;
    int64_t to = at(past ? NOW : "4499-12-30T00:00:00Z") / CV_TICKS_PER_SEC;
    if (!past && chance(4) == 0)
        return at(edges[chance(CV_LEN(edges))]);
    return (from + (int64_t)(next_chance() % (uint64_t)(to - from))) *
           CV_TICKS_PER_SEC;
}

static void set_list(cv_bag *b, cv_tag tag)
{
    cv_slice values[5];
    size_t count = 1 + chance(5);
    for (size_t i = 0; i < count; i++)
        values[i] = words(2, false);
    (void)cv_bag_set_strings(b, tag, values, count);
}

static void set_by_chance(cv_bag *b, const prop_row *r)
{
    switch (r->how) {
    case LINE:
        (void)cv_bag_set_string(b, r->tag, words(8, false));
        break;
    case TEXT:
        (void)cv_bag_set_string(b, r->tag, words(40, true));
        break;
    case URL:
        (void)cv_bag_set_string(b, r->tag, CV_S("https://example.com/?a=1;b"));
        break;
    case HTML:
        (void)cv_bag_set_binary(b, r->tag, words(20, false));
        (void)cv_bag_set_i32(b, CV_PidTagInternetCodepage, 65001);
        break;
    case LIST:
        set_list(b, r->tag);
        break;
    case NAMES:
        (void)cv_bag_set_string(
            b, r->tag,
            cv_arena_printf(arena, "Room %zu; Miss \"X\"", chance(9)));
        break;
    case BOOL:
        (void)cv_bag_set_bool(b, r->tag, chance(2) == 1);
        break;
    case INT:
        (void)cv_bag_set_i32(
            b, r->tag,
            (int32_t)(chance(4) == 0
                          ? (chance(2) ? r->low : r->high)
                          : r->low +
                                (int64_t)(next_chance() %
                                          (uint64_t)(r->high - r->low + 1))));
        break;
    case TIME:
    case PAST:
        (void)cv_bag_set_ticks(b, r->tag, moment(r->how == PAST));
        break;
    default:
        break; /* made with the object */
    }
}

/* -- making -- */

static cv_timezone zone;
static bool has_zone;

static void make_zone(int64_t year)
{
    static const char *const names[] = {
        "W. Europe Standard Time",    "Eastern Standard Time",
        "AUS Eastern Standard Time",  "India Standard Time",
        "Newfoundland Standard Time", "Tokyo Standard Time",
        "Pacific SA Standard Time",   "GMT Standard Time"
    };
    has_zone = chance(5) != 0;
    if (!has_zone) {
        zone = cv_timezone_utc(arena);
        return;
    }
    cv_slice name = cv_slice_cstr(names[chance(CV_LEN(names))]);
    assert_int_equal(cv_timezone_by_name(arena, name, &zone, NULL), 0);
    zone = cv_ical_zone_since(arena, &zone, year - 1);
    zone.rule_count = 1; /* today's rule, as clients store it */
    zone.rules = cv_arena_array(arena, 1, sizeof(*zone.rules));
    cv_timezone all;
    assert_int_equal(cv_timezone_by_name(arena, name, &all, NULL), 0);
    zone.rules[0] = *cv_timezone_rule(&all, 2026);
    zone.rules[0].from_year = 1601;
    zone.effective = 0;
}

static void set_zone_blob(cv_bag *b, cv_tag tag, uint16_t flags)
{
    cv_buf buf;
    cv_buf_init(&buf, 0);
    cv_tzdef_put(&buf, &zone, flags);
    (void)cv_bag_set_binary(b, tag, cv_buf_slice(&buf));
    cv_buf_clear(&buf);
}

static int64_t clip(int64_t ticks)
{
    return ticks - ticks % ICAL_MINUTE;
}

static void set_span(cv_bag *b, int64_t from, int64_t to)
{
    static const cv_tag starts[] = { CV_PidLidAppointmentStartWhole,
                                     CV_PidLidCommonStart, CV_PidTagStartDate,
                                     CV_PidLidClipStart };
    static const cv_tag ends[] = { CV_PidLidAppointmentEndWhole,
                                   CV_PidLidCommonEnd, CV_PidTagEndDate,
                                   CV_PidLidClipEnd };
    for (size_t i = 0; i < CV_LEN(starts); i++) {
        (void)cv_bag_set_ticks(b, starts[i], from);
        (void)cv_bag_set_ticks(b, ends[i], to);
    }
    (void)cv_bag_set_i32(b, CV_PidLidAppointmentDuration,
                         (int32_t)((to - from) / ICAL_MINUTE));
}

/* A pattern of any kind; its first instance on or behind a local midnight. */
static cv_recurrence make_pattern(uint32_t midnight, bool appointment)
{
    cv_recurrence r = { .start_date = midnight,
                        .end_type = CV_RECUR_END_NEVER,
                        .count = 10,
                        .has_appointment = appointment };
    uint32_t first;
    switch (chance(5)) {
    case 0:
        r.frequency = CV_RECUR_DAILY;
        r.pattern = CV_PATTERN_DAY;
        r.period = (1 + (uint32_t)chance(999)) * 1440;
        break;
    case 1:
        r.frequency = CV_RECUR_WEEKLY;
        r.pattern = CV_PATTERN_WEEK;
        r.period = 1 + (uint32_t)chance(99);
        r.day_mask = 1 + (uint32_t)chance(127);
        r.first_dow = (uint32_t)chance(7);
        break;
    case 2:
        r.frequency = CV_RECUR_MONTHLY;
        r.pattern = CV_PATTERN_MONTH;
        r.period = 1 + (uint32_t)chance(99);
        r.day = 1 + (uint32_t)chance(31);
        break;
    case 3:
        r.frequency = CV_RECUR_MONTHLY;
        r.pattern = CV_PATTERN_MONTH_NTH;
        r.period = 1 + (uint32_t)chance(99);
        r.day_mask = 1 + (uint32_t)chance(127);
        r.nth = 1 + (uint32_t)chance(5);
        break;
    default:
        r.frequency = CV_RECUR_YEARLY;
        r.pattern = CV_PATTERN_MONTH;
        r.period = 12;
        r.day = 1 + (uint32_t)chance(28);
    }
    if (cv_recurrence_expand(&r, midnight, &first, 1) == 1)
        r.start_date = first;
    if (chance(2)) {
        r.end_type = CV_RECUR_END_COUNT;
        r.count = 1 + (uint32_t)chance(50);
    } else if (chance(2)) {
        uint32_t some[20];
        size_t n = cv_recurrence_expand(&r, r.start_date, some, CV_LEN(some));
        r.end_type = CV_RECUR_END_DATE;
        r.end_date = some[chance(n)];
    }
    r.end_date =
        r.end_type == CV_RECUR_END_DATE ? r.end_date : CV_MINUTES_ENDLESS;
    cv_recurrence_finish(&r);
    r.first = cv_recurrence_first(&r);
    return r;
}

/* Does a wall clock show this time exactly once? Else it names another one or
 * two; those have tests of their own. */
static bool is_plain(int64_t local)
{
    return cv_timezone_to_local(&zone, cv_timezone_to_utc(&zone, local)) ==
               local &&
           cv_timezone_to_local(&zone, cv_timezone_to_utc(&zone, local) +
                                           60 * ICAL_MINUTE) != local;
}

static bool is_plain_minute(uint32_t minutes)
{
    return is_plain(cv_minutes1601_to_ticks(minutes));
}

static bool is_plain_day(const cv_recurrence *r, uint32_t date)
{
    for (uint32_t later = 0; later <= 30; later++)
        if (!is_plain_minute(date + r->start_offset + later) ||
            !is_plain_minute(date + r->end_offset + later))
            return false;
    return true;
}

/* An instance that begins some minutes later under another subject. */
static void move_instance(cv_recurrence *r, uint32_t date)
{
    uint32_t later = 1 + (uint32_t)chance(30);
    cv_recur_exception e = { .original = date + r->start_offset,
                             .start = date + r->start_offset + later,
                             .end = date + r->end_offset + later,
                             .flags = CV_OVERRIDE_SUBJECT,
                             .subject = cv_arena_printf(arena, "Moved %zu",
                                                        chance(1000)) };
    cv_attachment *a = cv_object_add_attachment(made);
    cv_bag *b;
    int64_t start = cv_timezone_to_utc(&zone, cv_minutes1601_to_ticks(e.start));
    int64_t end = cv_timezone_to_utc(&zone, cv_minutes1601_to_ticks(e.end));
    int64_t original =
        cv_timezone_to_utc(&zone, cv_minutes1601_to_ticks(e.original));
    r->deleted[r->deleted_count++] = date;
    r->modified[r->modified_count++] = e.start - e.start % 1440;
    r->exceptions[r->exception_count++] = e;
    (void)cv_bag_set_i32(a->props, CV_PidTagAttachMethod, 5);
    (void)cv_bag_set_i32(a->props, CV_PidTagAttachmentFlags, 2);
    (void)cv_bag_set_bool(a->props, CV_PidTagAttachmentHidden, true);
    (void)cv_bag_set_ticks(a->props, CV_PidTagExceptionStartTime,
                           cv_timezone_to_local(&zone, start));
    (void)cv_bag_set_ticks(a->props, CV_PidTagExceptionEndTime,
                           cv_timezone_to_local(&zone, end));
    (void)cv_bag_set_ticks(a->props, CV_PidTagExceptionReplaceTime, original);
    a->embedded = cv_object_new_embedded(made);
    b = cv_object_props(a->embedded);
    (void)cv_bag_set_string(b, CV_PidTagMessageClass,
                            CV_S("IPM.OLE.CLASS.{00061055-0000-0000-C000-"
                                 "000000000046}"));
    (void)cv_bag_set_string(b, CV_PidTagNormalizedSubject, e.subject);
    (void)cv_bag_set_ticks(b, CV_PidLidAppointmentStartWhole, start);
    (void)cv_bag_set_ticks(b, CV_PidLidAppointmentEndWhole, end);
    (void)cv_bag_set_ticks(b, CV_PidLidExceptionReplaceTime, original);
    (void)cv_bag_set_bool(b, CV_PidLidIsException, true);
}

static void change_some(cv_recurrence *r, bool day)
{
    uint32_t dates[20];
    size_t n = cv_recurrence_expand(r, r->start_date, dates, CV_LEN(dates));
    r->deleted = cv_arena_array(arena, n, sizeof(*r->deleted));
    r->modified = cv_arena_array(arena, n, sizeof(*r->modified));
    r->exceptions = cv_arena_array(arena, n, sizeof(*r->exceptions));
    /* The first stays: it is the start. */
    for (size_t i = 1; i < n; i++)
        if (chance(4) == 0)
            r->deleted[r->deleted_count++] = dates[i];
        else if (!day && chance(6) == 0 && is_plain_day(r, dates[i]))
            move_instance(r, dates[i]);
}

static void make_series(cv_bag *b, int64_t *from, int64_t *to)
{
    int64_t local = cv_timezone_to_local(&zone, *from), length = *to - *from;
    uint32_t minutes;
    cv_buf buf;
    bool day = cv_bag_bool_or(b, CV_PidLidAppointmentSubType, false);
    assert_int_equal(cv_ticks_to_minutes1601(local, &minutes), 0);
    cv_recurrence r = make_pattern(minutes - minutes % 1440, true);
    /* Midnight, also where a day begins at 01:00 by the clock. */
    r.start_offset = day ? 0 : minutes % 1440;
    r.end_offset =
        r.start_offset + (day ? 1440 : (uint32_t)(length / ICAL_MINUTE));
    change_some(&r, day);
    *from = cv_timezone_to_utc(&zone, cv_minutes1601_to_ticks(r.start_date) +
                                          r.start_offset * ICAL_MINUTE);
    *to = *from + length;
    if (day)
        *to = cv_timezone_to_utc(&zone,
                                 cv_timezone_to_local(&zone, *from) + ICAL_DAY);
    set_span(b, *from, *to);
    cv_buf_init(&buf, 0);
    cv_recurrence_put(&buf, &r);
    (void)cv_bag_set_binary(b, CV_PidLidAppointmentRecur, cv_buf_slice(&buf));
    cv_buf_reset(&buf);
    cv_tzreg_put(&buf, &zone.rules[0]);
    (void)cv_bag_set_binary(b, CV_PidLidTimeZoneStruct, cv_buf_slice(&buf));
    cv_buf_clear(&buf);
    set_zone_blob(b, CV_PidLidAppointmentTimeZoneDefinitionRecur, 3);
    (void)cv_bag_set_bool(b, CV_PidLidRecurring, true);
    if (kind != APPT)
        (void)cv_bag_set_bool(b, CV_PidLidIsRecurring, true);
    (void)cv_bag_set_i32(b, CV_PidLidRecurrenceType,
                         r.frequency - CV_RECUR_DAILY + 1);
    (void)cv_bag_set_string(b, CV_PidLidRecurrencePattern,
                            cv_recurrence_describe(arena, &r));
    (void)cv_bag_set_ticks(b, CV_PidLidClipStart,
                           cv_minutes1601_to_ticks(r.start_date));
    (void)cv_bag_set_ticks(b, CV_PidLidClipEnd,
                           cv_minutes1601_to_ticks(r.end_date));
}

/* An instance of a series that comes alone. */
static void make_orphan(cv_bag *b, int64_t original)
{
    cv_civil at_local =
        cv_civil_of_ticks(cv_timezone_to_local(&zone, original));
    cv_slice blob;
    cv_bag_binary(b, CV_PidLidGlobalObjectId, &blob);
    cv_slice uid = cv_globalid_to_uid(arena, blob);
    (void)cv_bag_set_binary(b, CV_PidLidGlobalObjectId,
                            cv_globalid_of_uid(arena, uid, at_local.year,
                                               at_local.month, at_local.day));
    (void)cv_bag_set_bool(b, CV_PidLidIsException, true);
    (void)cv_bag_set_bool(b, CV_PidLidIsRecurring, true);
    (void)cv_bag_set_ticks(b, CV_PidLidExceptionReplaceTime, original);
    (void)cv_bag_set_i32(b, CV_PidLidStartRecurrenceDate,
                         at_local.year << 9 | at_local.month << 5 |
                             at_local.day);
    (void)cv_bag_set_i32(b, CV_PidLidStartRecurrenceTime,
                         at_local.hour << 12 | at_local.minute << 6);
}

static void make_times(cv_bag *b)
{
    int64_t from = clip(at("2008-01-01T00:00:00Z") +
                        (int64_t)(next_chance() % (40ull * 365 * 86400)) *
                            CV_TICKS_PER_SEC);
    int64_t to = from + (int64_t)chance(3000) * ICAL_MINUTE;
    bool day = kind != RESP && chance(4) == 0;
    bool series = kind != RESP && chance(2);

    make_zone(2026);
    for (int64_t day_on = 7 * ICAL_DAY;
         !is_plain(cv_timezone_to_local(&zone, from)) ||
         !is_plain(cv_timezone_to_local(&zone, to)) ||
         !is_plain(cv_timezone_to_local(&zone, to + ICAL_DAY)) ||
         !is_plain(cv_timezone_to_local(&zone, from + ICAL_DAY));
         from += day_on, to += day_on)
        ;
    if (series && !has_zone) {
        has_zone = true; /* a series has local time: UTC's */
        zone.key_name = CV_S("UTC");
    }
    if (day) {
        int64_t local = cv_timezone_to_local(&zone, from);
        local -= (local % ICAL_DAY + ICAL_DAY) % ICAL_DAY;
        from = cv_timezone_to_utc(&zone, local);
        to = cv_timezone_to_utc(&zone, local + ICAL_DAY);
    }
    (void)cv_bag_set_bool(b, CV_PidLidAppointmentSubType, day);
    set_span(b, from, to);
    if (!series && !day && (kind & (REQ | CANC)) && chance(2))
        make_orphan(b, from - 90 * ICAL_MINUTE);
    if (series)
        make_series(b, &from, &to);
    if (has_zone) {
        set_zone_blob(b, CV_PidLidAppointmentTimeZoneDefinitionStartDisplay, 2);
        set_zone_blob(b, CV_PidLidAppointmentTimeZoneDefinitionEndDisplay, 2);
    }
    if ((kind & (APPT | REQ)) && chance(2)) {
        int32_t delta = (int32_t)chance(20000);
        (void)cv_bag_set_bool(b, CV_PidLidReminderSet, true);
        (void)cv_bag_set_i32(b, CV_PidLidReminderDelta, delta);
        (void)cv_bag_set_ticks(b, CV_PidLidReminderTime, from);
        (void)cv_bag_set_ticks(b, CV_PidLidReminderSignalTime,
                               from - delta * ICAL_MINUTE);
    }
    if (kind == RESP && chance(2)) {
        (void)cv_bag_set_bool(b, CV_PidLidAppointmentCounterProposal, true);
        (void)cv_bag_set_ticks(b, CV_PidLidAppointmentProposedStartWhole,
                               from + ICAL_DAY);
        (void)cv_bag_set_ticks(b, CV_PidLidAppointmentProposedEndWhole,
                               to + ICAL_DAY);
    }
}

static void add_person(const char *address, cv_slice name, int32_t flags,
                       int32_t type)
{
    cv_bag *row = cv_object_add_recipient(made);
    (void)cv_bag_set_string(row, CV_PidTagDisplayName, name);
    (void)cv_bag_set_string(row, CV_PidTagAddressType, CV_S("SMTP"));
    (void)cv_bag_set_string(row, CV_PidTagEmailAddress, cv_slice_cstr(address));
    (void)cv_bag_set_i32(row, CV_PidTagRecipientFlags, flags);
    (void)cv_bag_set_i32(row, CV_PidTagRecipientType, type);
    (void)cv_bag_set_i32(row, CV_PidTagDisplayType,
                         type == 3 && chance(2) ? 7 : 0);
    if (kind != APPT || (flags & 2))
        return;
    (void)cv_bag_set_i32(row, CV_PidTagRecipientTrackStatus,
                         (int32_t[]){ 0, 2, 3, 4 }[chance(4)]);
    if (chance(2))
        (void)cv_bag_set_ticks(row, CV_PidTagRecipientTrackStatusTime,
                               moment(false));
}

static void make_people(cv_bag *b)
{
    bool wanted = chance(2) == 1;
    add_person("org@example.com", CV_S("Olga \"O\" Rganizer"), 3, 1);
    for (size_t i = chance(5) + 1; i > 0 && kind != RESP; i--)
        add_person(
            (const char *)cv_arena_printf(arena, "p%zu@example.com", i).ptr,
            words(2, false), 1, 1 + (int32_t)chance(3));
    if (kind & (APPT | REQ)) {
        (void)cv_bag_set_bool(b, CV_PidTagResponseRequested, wanted);
        (void)cv_bag_set_bool(b, CV_PidTagReplyRequested, wanted);
    }
    if (kind == RESP)
        (void)cv_bag_set_person(b, &cv_person_sent_representing,
                                CV_S("Ann; Attendee"), CV_S("ann@example.com"));
    else if (kind != APPT)
        (void)cv_bag_set_person(b, &cv_person_sent_representing,
                                CV_S("Olga \"O\" Rganizer"),
                                CV_S("org@example.com"));
}

static void make_task(cv_bag *b)
{
    int64_t day = at("2026-01-01T00:00:00Z") + (int64_t)chance(4000) * ICAL_DAY;
    int32_t status = (int32_t)chance(5);
    cv_buf buf;
    (void)cv_bag_set_ticks(b, CV_PidLidTaskDueDate, day);
    if (chance(2))
        (void)cv_bag_set_ticks(b, CV_PidLidTaskStartDate,
                               day - (int64_t)chance(9) * ICAL_DAY);
    (void)cv_bag_set_i32(b, CV_PidLidTaskStatus, status);
    (void)cv_bag_set_bool(b, CV_PidLidTaskComplete, status == 2);
    cv_value part = { .type = CV_T_F64,
                      .f64 = status == 2 ? 1.0 : (double)chance(101) / 100.0 };
    assert_int_equal(cv_bag_put(b, CV_PidLidPercentComplete, &part, NULL), 0);
    if (status == 2)
        (void)cv_bag_set_ticks(b, CV_PidLidTaskDateCompleted, day + ICAL_DAY);
    if (chance(2)) {
        (void)cv_bag_set_bool(b, CV_PidLidReminderSet, true);
        (void)cv_bag_set_ticks(b, CV_PidLidReminderTime, day - ICAL_MINUTE);
        (void)cv_bag_set_ticks(b, CV_PidLidReminderSignalTime,
                               day - ICAL_MINUTE);
    }
    if (chance(2)) {
        uint32_t minutes;
        assert_int_equal(cv_ticks_to_minutes1601(day, &minutes), 0);
        cv_recurrence r = make_pattern(minutes, false);
        cv_bag_remove(b, CV_PidLidTaskStartDate);
        (void)cv_bag_set_ticks(b, CV_PidLidTaskDueDate,
                               cv_minutes1601_to_ticks(r.start_date));
        (void)cv_bag_set_bool(b, CV_PidLidTaskFRecurring, true);
        cv_buf_init(&buf, 0);
        cv_recurrence_put(&buf, &r);
        (void)cv_bag_set_binary(b, CV_PidLidTaskRecurrence, cv_buf_slice(&buf));
        cv_buf_clear(&buf);
    }
}

static void make_log(cv_bag *b)
{
    int64_t start = moment(true);
    int32_t minutes = (int32_t)chance(100000);
    (void)cv_bag_set_ticks(b, CV_PidLidLogStart, start);
    (void)cv_bag_set_i32(b, CV_PidLidLogDuration, minutes);
    (void)cv_bag_set_ticks(b, CV_PidLidLogEnd, start + minutes * ICAL_MINUTE);
}

static void make_uid(cv_bag *b)
{
    cv_slice uid = chance(2) ? words(3, false)
                             : CV_S("040000008200E00074C5B7101A82E008000000"
                                    "00E040C9C12685C40100000000000000001000"
                                    "00000BF0ED4B6E4EE94E9E39E3867B378EF3");
    cv_slice id = cv_globalid_of_uid(arena, uid, 0, 0, 0);
    (void)cv_bag_set_binary(b, CV_PidLidGlobalObjectId, id);
    (void)cv_bag_set_binary(b, CV_PidLidCleanGlobalObjectId, id);
}

static void make_object(void)
{
    static const char *const answers[] = { "IPM.Schedule.Meeting.Resp.Pos",
                                           "IPM.Schedule.Meeting.Resp.Neg",
                                           "IPM.Schedule.Meeting.Resp.Tent" };
    cv_bag *b = cv_object_props(made);
    const char *class = kind == APPT   ? "IPM.Appointment"
                        : kind == REQ  ? "IPM.Schedule.Meeting.Request"
                        : kind == RESP ? answers[chance(3)]
                        : kind == CANC ? "IPM.Schedule.Meeting.Canceled"
                        : kind == TASK ? "IPM.Task"
                                       : "IPM.Activity";
    cv_slice subject = words(6, false);

    for (size_t i = 0; i < CV_LEN(rows); i++)
        if ((rows[i].kinds & kind) && chance(3))
            set_by_chance(b, &rows[i]);
    (void)cv_bag_set_string(b, CV_PidTagMessageClass, cv_slice_cstr(class));
    (void)cv_bag_set_string(b, CV_PidTagSubject, subject);
    (void)cv_bag_set_string(b, CV_PidTagNormalizedSubject, subject);
    make_uid(b);
    if (kind == TASK) {
        make_task(b);
    } else if (kind == LOG) {
        make_log(b);
    } else {
        make_times(b);
        make_people(b);
        (void)cv_bag_set_i32(b, CV_PidLidAppointmentStateFlags,
                             kind == APPT   ? 1
                             : kind == CANC ? 7
                                            : 3);
    }
}

/* -- comparing -- */

static bool zones_are_equal(const cv_bag *a, const cv_bag *b, cv_tag tag)
{
    cv_timezone x, y;
    cv_slice p, q;
    int64_t start;
    if (!cv_bag_binary(a, tag, &p))
        return true;
    if (!cv_bag_binary(b, tag, &q))
        return false;
    if (tag == CV_PidLidTimeZoneStruct)
        return cv_slice_eq(p, q);
    assert_int_equal(cv_tzdef_parse(arena, p, &x), 0);
    assert_int_equal(cv_tzdef_parse(arena, q, &y), 0);
    if (!cv_slice_eq(x.key_name, y.key_name))
        return false;
    assert_true(cv_bag_ticks(a, CV_PidLidAppointmentStartWhole, &start));
    for (int64_t day = 0; day < 400; day += 5)
        if (cv_timezone_offset_at(&x, start + day * ICAL_DAY) !=
            cv_timezone_offset_at(&y, start + day * ICAL_DAY))
            return false;
    return true;
}

static bool is_equal(const cv_bag *a, const cv_bag *b, cv_tag tag)
{
    const cv_prop *x = cv_bag_find(a, tag), *y = cv_bag_find(b, tag);
    return !x || (y && cv_value_eq(&x->value, &y->value));
}

/* Exceptions, in the order of their attachments. */
static bool exceptions_are_equal(cv_tag tag)
{
    size_t count = cv_object_attachment_count(made);
    if (count != cv_object_attachment_count(obj))
        return false;
    for (size_t i = 0; i < count; i++) {
        const cv_attachment *a = cv_object_attachment(made, i),
                            *b = cv_object_attachment(obj, i);
        if (!is_equal(a->props, b->props, tag) || !b->embedded ||
            !is_equal(cv_object_props(a->embedded),
                      cv_object_props(b->embedded), tag))
            return false;
    }
    return true;
}

static bool rows_are_equal(cv_tag tag)
{
    size_t count = cv_object_recipient_count(made);
    if (count != cv_object_recipient_count(obj))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!is_equal(cv_object_recipient(made, i), cv_object_recipient(obj, i),
                      tag))
            return false;
    return true;
}

static char *exceptions; /* the file's text */

static void read_exceptions(void)
{
    static const char rest[] = "tests/fidelity/exceptions.txt";
    const char *cut = strstr(__FILE__, "src/ical/");
    static char text[65536];
    char path[512];
    snprintf(path, sizeof(path), "%.*s%s", (int)(cut - __FILE__), __FILE__,
             rest);
    FILE *f = fopen(path, "r");
    if (!f)
        f = fopen(rest, "r");
    assert_non_null(f);
    text[fread(text, 1, sizeof(text) - 1, f)] = 0;
    (void)fclose(f);
    exceptions = text;
}

static bool is_exception(const char *name)
{
    const char *line =
        (const char *)cv_arena_printf(arena, "ical\t%s\t", name).ptr;
    return strstr(exceptions, line) != NULL;
}

static void compare(uint64_t of, size_t *checked)
{
    const cv_bag *a = cv_object_props(made), *b = bag();
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        const prop_row *r = &rows[i];
        bool equal = r->how == ZONE         ? zones_are_equal(a, b, r->tag)
                     : r->how == ROWS       ? rows_are_equal(r->tag)
                     : r->how == EXCEPTIONS ? exceptions_are_equal(r->tag)
                                            : is_equal(a, b, r->tag);
        if (!(r->kinds & kind) || is_exception(r->name))
            continue;
        if (!equal) { /* cmocka's messages are cut at 1,024 bytes */
            fprintf(stderr, "%s\n", written(made, NULL, &everything));
            fail_msg("%s of kind %u, seed %llu", r->name, kind,
                     (unsigned long long)of);
        }
        *checked +=
            r->how == ROWS || r->how == EXCEPTIONS || cv_bag_has(a, r->tag);
    }
}

static void round_trip(uint64_t of, size_t *checked)
{
    cv_ical_options options = everything;
    cv_ical_item *items;
    bool usable;

    seed = of;
    kind = 1u << chance(6);
    cv_object_free(&obj);
    cv_object_free(&made);
    cv_arena_free(&arena);
    assert_int_equal(cv_arena_new(0, &arena, NULL), 0);
    assert_int_equal(cv_object_new(0, &made, NULL), 0);
    assert_int_equal(cv_object_new(0, &obj, NULL), 0);
    make_object();
    const char *text = folded(made, NULL, &options);
    assert_int_equal(items_of(cv_slice_cstr(text), &items), 1);
    assert_int_equal(
        cv_ical_to_object(&items[0], &context, obj, &usable, report, NULL), 0);
    assert_true(usable);
    compare(of, checked);
}

static void every_mapped_property_comes_back_equal(void **state)
{
    const char *chosen = getenv("CV_SEED");
    size_t checked = 0;
    (void)state;
    read_exceptions();
    if (chosen)
        round_trip(strtoull(chosen, NULL, 10), &checked);
    else
        for (uint64_t i = 1; i <= OBJECTS; i++)
            round_trip(SEED * i, &checked);
    size_t listed = 0;
    for (const char *p = exceptions; (p = strstr(p, "\nical\t")); p++)
        listed++;
    print_message("fidelity ical: %zu properties, %zu values equal, "
                  "%zu listed exceptions\n",
                  CV_LEN(rows), checked, listed);
    cv_object_free(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_mapped_property_comes_back_equal),
    };
    return cmocka_run_group_tests_name("ical fidelity", tests, NULL, NULL);
}
