/* ical.h - iCalendar text <-> message objects with calendar properties.
 *
 * The walk over lines is our own (caps, missing ENDs closed, raw lines kept),
 * and so are the values: libical is not used, because its readers drop what
 * they cannot read. Zones and recurrence patterns are mapi/'s closed forms.
 * Source: RFC 5545, 5546, 6047, 7986; [MS-OXCICAL]; spec ical-mapping.md,
 * recurrence.md 5 to 8, timezone.md 5, 6 and 10.
 */
#ifndef CV_ICAL_ICAL_H
#define CV_ICAL_ICAL_H

#include "base/contentline.h"
#include "base/env.h"
#include "base/report.h"
#include "mapi/object.h"
#include "mapi/timezone.h"

/* -- text -> components -- */

typedef cv_content_line cv_ical_prop;

typedef struct cv_ical_comp {
    cv_slice name; /* "VCALENDAR", "VEVENT", upper case */
    cv_ical_prop *props;
    size_t prop_count;
    struct cv_ical_comp **children;
    size_t child_count;
    uint32_t line;
} cv_ical_comp;

/* text: UTF-8 (a BOM is skipped; other bytes are decoded with a finding); it
 * must live as long as the result. *root: a node named "" whose children are
 * the VCALENDARs; components outside any VCALENDAR get one of their own.
 * Errors: CV_ERR_SYNTAX when there is no component at all; the arena's. */
CV_NODISCARD cv_status cv_ical_parse(cv_arena *arena, cv_slice text,
                                     cv_ical_comp **root, cv_report *report,
                                     cv_error *err);
const cv_ical_prop *cv_ical_prop_get(const cv_ical_comp *comp,
                                     const char *name);

/* -- components -> objects -- */

/* What surrounds the calendar: the mail it came in, or nothing. */
typedef struct cv_ical_context {
    cv_slice method_param; /* method= of the part, may be empty */
    cv_slice from_address; /* mail From, may be empty */
    cv_slice from_name;
    cv_slice subject;        /* mail Subject, may be empty */
    int64_t date_ticks;      /* mail Date, INT64_MIN when none */
    int64_t received_ticks;  /* delivery time, INT64_MIN when none */
    const cv_timezone *zone; /* of the mailbox, for floating times; or NULL */
    const cv_env *env;
} cv_ical_context;

/* How the events of a calendar fall into messages: one entry a UID (master
 * and its exceptions together), in order of appearance. */
typedef struct cv_ical_item {
    const cv_ical_comp *calendar;
    const cv_ical_comp *master;      /* NULL: exceptions without master */
    const cv_ical_comp **exceptions; /* with RECURRENCE-ID */
    size_t exception_count;
    cv_slice uid;
    size_t *rule_steps; /* left for all items: CV_LIMIT_RRULE_ALL_STEPS */
} cv_ical_item;

CV_NODISCARD cv_status cv_ical_items(cv_arena *arena, const cv_ical_comp *root,
                                     cv_ical_item **out, size_t *count,
                                     cv_report *report, cv_error *err);

/* Fills obj (an empty one, or a mail's) with one item: message class, calendar
 * properties, recipient rows, exceptions. For a REPLY AttendeeCriticalChange
 * follows CC3. Whatever is wrong costs itself. *usable false: no event could
 * be made (class untouched, finding given).
 * Errors: the arena's only. */
CV_NODISCARD cv_status cv_ical_to_object(const cv_ical_item *item,
                                         const cv_ical_context *ctx,
                                         cv_object *obj, bool *usable,
                                         cv_report *report, cv_error *err);

/* The item's lines as they came, in a calendar with its zones: for what
 * properties cannot hold. */
void cv_ical_put_item(const cv_ical_item *item, cv_buf *out);

/* -- objects -> text -- */

/* What a peer's product emits and leaves out; rows of the profile's settings
 * (convert/). All true is "everything useful". */
typedef struct cv_ical_options {
    bool attendee_critical_change; /* X-MICROSOFT-CDO-ATTENDEE-CRITICAL-CHANGE
                                      in REPLY and COUNTER */
    bool owner_critical_change;    /* X-MICROSOFT-CDO-OWNER-CRITICAL-CHANGE */
    bool reply_time;               /* X-MICROSOFT-CDO-REPLYTIME */
    bool appt_sequence;            /* X-MICROSOFT-CDO-APPT-SEQUENCE */
    bool counter_as_reply;         /* COUNTER goes out as REPLY TENTATIVE */
    bool upper_case_mailto;        /* "MAILTO:" */
    bool cdo_tzid;                 /* X-MICROSOFT-CDO-TZID in VTIMEZONE */
    bool partstat_in_request;      /* real PARTSTAT in REQUEST */
    bool inline_attachments;       /* ATTACH with the data: for files; in
                                      messages they are parts of their own */
    const char *prodid;            /* NULL: Convoke's */
    const cv_env *env;
    /* SMTP address of a person who has none of their own (EX); false when
     * unknown. May be NULL. */
    bool (*resolve)(void *ctx, cv_arena *arena, cv_slice address_type,
                    cv_slice address, cv_slice *smtp);
    void *resolve_ctx;
} cv_ical_options;

/* METHOD of an object's class, such as "REQUEST"; "PUBLISH" for an
 * appointment; NULL for a class that is no calendar object. A literal. */
const char *cv_ical_method_of(const cv_object *obj);

/* One VCALENDAR with the object, its exceptions and zones. method NULL: by
 * cv_ical_method_of(). Times are classified before use (CC2); a property the
 * METHOD does not need is never converted (CC1).
 * Errors: CV_ERR_RANGE when the METHOD's minimum cannot be had (no start at
 * all); the buffer's. */
CV_NODISCARD cv_status cv_ical_write(const cv_object *obj, const char *method,
                                     const cv_ical_options *options,
                                     cv_buf *out, cv_report *report,
                                     cv_error *err);

/* -- VFREEBUSY -- */

enum { /* PidLidBusyStatus */
       CV_BUSY_FREE = 0,
       CV_BUSY_TENTATIVE = 1,
       CV_BUSY_BUSY = 2,
       CV_BUSY_OOF = 3,
       CV_BUSY_ELSEWHERE = 4
};

typedef struct cv_ical_busy {
    int64_t start, end; /* UTC ticks */
    int type;           /* CV_BUSY_... */
} cv_ical_busy;

/* The FREEBUSY periods of a VFREEBUSY in the order they stand, at most max.
 * Those that are none are findings. */
size_t cv_ical_freebusy_read(const cv_ical_comp *comp, cv_ical_busy *out,
                             size_t max, cv_report *report);

typedef struct cv_ical_freebusy {
    const char *method; /* "PUBLISH", "REQUEST", "REPLY"; NULL: none */
    cv_slice uid;
    cv_slice organizer, attendee; /* SMTP, may be empty */
    int64_t stamp, start, end;    /* UTC ticks */
    const cv_ical_busy *periods;
    size_t count;
} cv_ical_freebusy;

/* One VCALENDAR. Errors: CV_ERR_RANGE without a time it speaks of; the
 * buffer's. */
CV_NODISCARD cv_status cv_ical_freebusy_write(const cv_ical_freebusy *fb,
                                              cv_buf *out, cv_error *err);

#endif
