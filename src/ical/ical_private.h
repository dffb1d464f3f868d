/* ical_private.h - what the files of ical/ share.
 *
 * Reading:  parse.c -> items.c -> import.c, which asks time.c and zone.c for
 * moments, simple.c for everything that properties.def lists, attendee.c for
 * people, series.c for recurrence (rrule.c: rules as patterns; instances.c,
 * expand.c, cover.c: rules as dates), extras.c for alarms,
 * attachments and what is kept as it came.
 * Writing:  export.c, which asks the writing halves: zone_write.c,
 * attendee_write.c, series_write.c, extras.c; base/contentline.h folds and
 * quotes.
 * libical is not used: its value readers drop what they cannot read, while
 * every bad value here must cost itself only and be named in the report.
 */
#ifndef CV_ICAL_ICAL_PRIVATE_H
#define CV_ICAL_ICAL_PRIVATE_H

#include "base/limits.h"
#include "base/text.h"
#include "ical/ical.h"
#include "mapi/entryid.h"
#include "mapi/globalid.h"
#include "mapi/recurrence.h"

#define ICAL_LINE_TEXT_MAX 255 /* characters of SUMMARY, LOCATION, ... */
#define ICAL_MINUTE (60 * CV_TICKS_PER_SEC)
#define ICAL_DAY (INT64_C(1440) * ICAL_MINUTE)
#define ICAL_NO_TIME INT64_MIN

/* METHODs as bits, for the tables. */
enum {
    ICAL_PUBLISH = 1,
    ICAL_REQUEST = 2,
    ICAL_REPLY = 4,
    ICAL_COUNTER = 8,
    ICAL_CANCEL = 16,
    ICAL_RESPONSE = ICAL_REPLY | ICAL_COUNTER,
    ICAL_SENT = ICAL_PUBLISH | ICAL_REQUEST | ICAL_CANCEL,
    ICAL_ALL = 31
};
const char *cv_ical_method_name(unsigned method);
/* 0 for an unknown one. */
unsigned cv_ical_method_of_name(cv_slice name);

/* -- text.c -- */

/* The value as one line of at most ICAL_LINE_TEXT_MAX characters. */
cv_slice cv_ical_prop_line_text(cv_arena *arena, const cv_ical_prop *prop);
bool cv_ical_prop_bool(const cv_ical_prop *prop, bool *out); /* NULL: false */
bool cv_ical_prop_int(const cv_ical_prop *prop, int32_t *out);

/* -- zone.c: time zones of a calendar -- */

typedef struct ical_zone {
    cv_slice tzid; /* as it stands in TZID parameters */
    cv_timezone tz;
    bool guessed; /* last step of the ladder */
} ical_zone;

typedef struct ical_zones {
    cv_arena *arena;
    const cv_ical_comp *calendar;
    const cv_timezone *mailbox; /* may be NULL */
    cv_report *report;
    ical_zone *items; /* arena */
    size_t count;
} ical_zones;

/* NULL only when the arena is exhausted. */
const ical_zone *cv_ical_zone_of_tzid(ical_zones *zones, cv_slice tzid,
                                      uint32_t line);
/* The zone floating times are in: X-WR-TIMEZONE, the calendar's only zone,
 * the mailbox's; NULL when there is none. */
const ical_zone *cv_ical_zone_of_floating(ical_zones *zones);
/* The same zone without rules that ended before a year. */
cv_timezone cv_ical_zone_since(cv_arena *arena, const cv_timezone *tz,
                               int64_t year);
/* Rules of a VTIMEZONE. Errors: CV_ERR_SYNTAX when it has no usable one. */
cv_status cv_ical_zone_parse(cv_arena *arena, const cv_ical_comp *comp,
                             cv_timezone *out);

/* -- time.c: moments -- */

typedef struct ical_moment {
    bool is_date;
    bool is_utc;
    const ical_zone *zone; /* NULL: UTC or floating without any zone */
    bool is_floating;
    int64_t local; /* wall clock of zone, ticks */
    int64_t utc;   /* ticks */
} ical_moment;

/* A DATE or DATE-TIME property such as DTSTART. text: one value of it.
 * Errors: CV_ERR_SYNTAX, CV_ERR_RANGE (a finding was given). */
cv_status cv_ical_moment_parse(ical_zones *zones, const cv_ical_prop *prop,
                               cv_slice text, ical_moment *out);
/* A length in which the P, the T or the last unit is missing ("1H", "-P15M",
 * "PT1H30"); false when it is none in any of these ways. */
bool cv_ical_duration_mend(cv_arena *arena, cv_slice text, int64_t *seconds);
/* A property that is UTC by definition; ICAL_NO_TIME when it is missing or no
 * moment (CC2; a finding was given for the latter). */
int64_t cv_ical_utc_of(const cv_ical_comp *comp, const char *name,
                       cv_report *report);
int64_t cv_ical_utc_of_text(cv_slice text);

/* -- rrule.c -- */

#define ICAL_RRULE_LIST 62

typedef struct ical_rrule {
    cv_slice freq; /* upper case */
    uint32_t interval;
    uint32_t count; /* 0: none */
    bool has_until;
    bool until_is_odd; /* readable, in no form of RFC 5545 */
    bool until_is_bad; /* UNTIL or COUNT: an end that nobody can read */
    cv_ical_time until;
    int wkst; /* 0 Sunday; -1 not given */
    struct {
        int nth; /* 0: every */
        unsigned weekday;
    } by_day[ICAL_RRULE_LIST];
    size_t by_day_count;
    int by_month_day[ICAL_RRULE_LIST];
    size_t by_month_day_count;
    int by_month[12];
    size_t by_month_count;
    int by_set_pos[ICAL_RRULE_LIST];
    size_t by_set_pos_count;
    int by_year_day[ICAL_RRULE_LIST];
    size_t by_year_day_count;
    int by_week_no[ICAL_RRULE_LIST];
    size_t by_week_no_count;
    int by_hour[24];
    size_t by_hour_count;
    int by_minute[60];
    size_t by_minute_count;
    int by_second[60];
    size_t by_second_count;
    bool other_scale; /* RSCALE (RFC 7529), and not Gregorian */
    bool has_other;   /* a list longer than its room */
    bool repaired;    /* INTERVAL 0, unreadable parts */
} ical_rrule;

/* Errors: CV_ERR_SYNTAX without a FREQ. */
cv_status cv_ical_rrule_parse(cv_arena *arena, cv_slice text, ical_rrule *out);
/* Lunar dates are not Gregorian ones: such a rule is not expanded. */
bool cv_ical_rrule_has_other_scale(cv_arena *arena, cv_slice text);
/* The pattern of a rule whose first instance is at start (local). until: the
 * last day in series time, INT64_MIN when there is none.
 * Errors: CV_ERR_RANGE with *why when a pattern cannot hold it. */
cv_status cv_ical_rrule_to_pattern(const ical_rrule *rule, int64_t start,
                                   int64_t until, cv_recurrence *out,
                                   const char **why);
/* -- expand.c, cover.c: what no pattern holds -- */

/* Moments (local ticks) of a rule from its start on, ascending, at most max.
 * until: as above. *complete: the rule ends after the last one. A rule that
 * hits nothing within CV_LIMIT_RRULE_STEPS, or the calendar's *steps, which
 * become fewer, gives what it gave till then. */
size_t cv_ical_rrule_expand(cv_arena *arena, const ical_rrule *rule,
                            int64_t start, int64_t until, int64_t *out,
                            size_t max, size_t *steps, bool *complete);
/* The pattern with the fewest exclusions whose instances are these moments
 * (local ticks, ascending, one a day, at least 2): start, end, deleted dates,
 * and exceptions where the time of day differs from the first one's. Arena.
 * room: further entries that deleted and exceptions shall have.
 * Errors: CV_ERR_LIMIT above CV_LIMIT_RECUR_DATES dates; the arena's. */
cv_status cv_ical_cover(cv_arena *arena, const int64_t *at, size_t count,
                        uint32_t minutes, size_t room, cv_recurrence *out);

/* In a kept calendar: its rules were more than CV_LIMIT_RRULE_ALL_STEPS allows,
 * and are not expanded when it is read again, either. */
#define ICAL_UNREAD_RULES "X-CONVOKE-UNREAD-RULES"

/* The moments of an event by RRULE, RDATE, EXRULE and EXDATE, as
 * cv_ical_rrule_expand() gives them; what is endless ends with its
 * ENDLESS_INSTANCES-th. out: room for CV_LIMIT_RRULE_INSTANCES. */
#define ENDLESS_INSTANCES 100
struct ical_import;
size_t cv_ical_instances(struct ical_import *in, const cv_ical_comp *event,
                         const cv_timezone *zone, int64_t *out, bool *complete);
/* What dates cost beside the steps of their rules, of item->rule_steps. */
void cv_ical_spend_steps(const cv_ical_item *item, size_t steps);
/* Wall clock of a series in this zone. */
int64_t cv_ical_series_local(const cv_timezone *zone, const ical_moment *m);
/* Midnight of the day that a moment means in an all-day series. */
int64_t cv_ical_day_of(const cv_timezone *zone, const ical_moment *m);
/* The end that UNTIL names, local; ICAL_NO_TIME without one. */
int64_t cv_ical_rule_until(const struct ical_import *in,
                           const cv_timezone *zone, const ical_rrule *rule);

/* "FREQ=..." without UNTIL and COUNT. */
void cv_ical_rrule_put(cv_buf *buf, const cv_recurrence *r);

/* -- importing: one event into one object -- */

typedef enum ical_kind {
    ICAL_EVENT,
    ICAL_TASK,
    ICAL_JOURNAL,
    ICAL_FREEBUSY
} ical_kind;
ical_kind cv_ical_kind_of(const cv_ical_comp *comp);

typedef struct ical_import {
    const cv_ical_context *ctx;
    const cv_ical_item *item;
    cv_object *obj;
    cv_bag *bag;
    cv_arena *arena;
    cv_report *report;
    unsigned method;
    bool adds; /* METHOD:ADD: a further instance of a series */
    ical_kind kind;
    ical_zones zones;
    ical_moment start, end;
    bool all_day;
    /* of the attendee who answers (REPLY, COUNTER); else NULL */
    const cv_ical_prop *responder;
    size_t attendee_count; /* set by cv_ical_import_people() */
    bool keep_stream;      /* the original must be kept whole */
    bool unread_rules;     /* and marked with ICAL_UNREAD_RULES */
} ical_import;

void cv_ical_say(ical_import *in, cv_rule_id rule, const cv_ical_prop *prop,
                 const char *property, const char *done);

/* simple.c: every row of properties.def. */
void cv_ical_import_simple(ical_import *in, const cv_ical_comp *event);
/* Names that mapping code reads; all others are kept raw. */
bool cv_ical_is_mapped(cv_slice name);
/* times.c: start, end, duration, all-day, zone blobs.
 * Errors: CV_ERR_NOTFOUND without a usable start. */
cv_status cv_ical_import_times(ical_import *in, const cv_ical_comp *event);
/* Stores start and end (UTC) in every property that copies them. */
void cv_ical_set_times(ical_import *in, int64_t from, int64_t to);
/* attendee.c */
void cv_ical_import_people(ical_import *in, const cv_ical_comp *event);
/* The ATTENDEE that a REPLY or COUNTER speaks of, NULL when none fits. */
const cv_ical_prop *cv_ical_find_responder(const cv_ical_context *ctx,
                                           const cv_ical_comp *event,
                                           cv_arena *arena);
/* series.c: RRULE, EXDATE, RDATE and the exceptions of the item. */
void cv_ical_import_series(ical_import *in, const cv_ical_comp *event);
/* todo.c: what a VTODO or VJOURNAL has of its own. */
void cv_ical_import_other(ical_import *in, const cv_ical_comp *comp);
/* extras.c */
/* The alarm that the reminder comes from; NULL for none. */
const cv_ical_comp *cv_ical_find_alarm(const cv_ical_comp *event);
void cv_ical_import_alarm(ical_import *in, const cv_ical_comp *event);
void cv_ical_import_attachments(ical_import *in, const cv_ical_comp *event);
void cv_ical_import_kept(ical_import *in, const cv_ical_comp *event);
/* import.c: what an exception has in common with a whole event. */
void cv_ical_import_common(ical_import *in, const cv_ical_comp *event);

/* SMTP address of a calendar user address, empty when it is none. */
cv_slice cv_ical_address_of(cv_arena *arena, const cv_ical_prop *prop);
cv_slice cv_ical_smtp_of_uri(cv_arena *arena, cv_slice uri);
/* Fills a row of the simple values of 3.1: 0 FREE ... 4; -1 for none. */
int cv_ical_busy_of(cv_slice word);

/* -- exporting -- */

typedef struct ical_export {
    const cv_object *obj;
    const cv_bag *bag;
    const cv_ical_options *options;
    cv_arena *arena; /* scratch, for this call */
    cv_report *report;
    cv_line_writer w;
    unsigned method;
    ical_kind kind;
    int64_t start, end; /* UTC ticks, ICAL_NO_TIME when missing */
    bool all_day;
    bool has_start_zone, has_end_zone; /* else UTC */
    cv_timezone start_zone, end_zone;
    bool is_series;
    cv_recurrence series;
    cv_slice uid;
    int64_t original_start, original_end; /* COUNTER: not the proposal */
    int64_t day_offset;       /* all-day without a zone: ticks east of UTC */
    const cv_ical_comp *kept; /* lines kept as they came, parsed; or NULL */
    size_t kept_at;           /* of these, where the next person's is likely */
    /* The event this object came from, when its dates are still what that
     * event's lines make; else NULL. Its zones. */
    const cv_ical_comp *original;
    ical_zones original_zones;
} ical_export;

void cv_ical_export_say(ical_export *ex, cv_rule_id rule, const char *property,
                        const char *done);
void cv_ical_export_simple(ical_export *ex, const cv_bag *bag);
/* obj: the event itself or an embedded exception. */
void cv_ical_export_people(ical_export *ex, const cv_object *obj);
/* What an event and an exception have in common, from either's bag. */
void cv_ical_export_common(ical_export *ex, const cv_bag *bag);
/* original.c: sets ex->original, then ex->start and ex->end by it. */
void cv_ical_find_original(ical_export *ex);
void cv_ical_export_original_rules(ical_export *ex);
/* todo_write.c: the VTODO or VJOURNAL. */
void cv_ical_export_other(ical_export *ex);
void cv_ical_export_series_rules(ical_export *ex);
void cv_ical_export_exceptions(ical_export *ex);
void cv_ical_export_alarm(ical_export *ex, const cv_bag *bag);
void cv_ical_export_attachments(ical_export *ex, const cv_object *obj);
void cv_ical_export_lines(ical_export *ex);       /* kept ones, and */
void cv_ical_export_alarms_kept(ical_export *ex); /* further alarms */
void cv_ical_kept_parse(ical_export *ex, const cv_bag *bag); /* sets ex->kept */
/* DTSTART and the like: a local time in `zone`, UTC without one, a date for
 * all-day events. */
void cv_ical_export_moment(ical_export *ex, const char *name, int64_t utc,
                           bool has_zone, const cv_timezone *zone);
/* VTIMEZONE with the rules that years from..to need. */
void cv_ical_zone_put(cv_line_writer *w, cv_arena *arena, const cv_timezone *tz,
                      int64_t from_year, int64_t to_year, bool cdo_tzid);
/* TZID that a zone is written under. */
cv_slice cv_ical_zone_tzid(cv_arena *arena, const cv_timezone *tz);
/* The last instances' year of the series, or the event's. */
void cv_ical_zone_years(const ical_export *ex, int64_t *from, int64_t *to);

#endif
