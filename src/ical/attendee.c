/* attendee.c - ORGANIZER and ATTENDEE lines, read into rows.
 *
 * REQUEST and CANCEL never touch PidTagRecipientTrackStatusTime: the value
 * that KB 938650 is about is set here only from a published calendar's
 * X-MS-OLK-RESPTIME, and only when that is a moment.
 * Source: [MS-OXCICAL] 2.1.3.1.1.20.2, .16; spec ical-mapping.md 4 and 5.
 */
#include "ical/ical_private.h"

#include <string.h>

#define NAMES_MAX ((size_t)64 << 10) /* bytes of a list of names */

enum { ROW_SENDABLE = 1, ROW_ORGANIZER = 2 };

enum { UNSENDABLE_TO, UNSENDABLE_CC, UNSENDABLE_BCC, UNSENDABLE_KINDS };

/* Rows by address, so that a long list costs no square of its length. */
typedef struct row_index {
    uint32_t *slots; /* row number + 1; arena */
    size_t mask;
} row_index;

typedef struct people {
    ical_import *in;
    row_index index;
    cv_slice organizer; /* address, may be empty */
    cv_buf unsendable[UNSENDABLE_KINDS];
    bool rsvp, rsvp_given;
    size_t attendees;
} people;

/* -- rows by address -- */

static uint32_t hash_of(cv_slice address)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < address.len; i++) {
        uint8_t c = address.ptr[i];
        h = (h ^ (c >= 'A' && c <= 'Z' ? c + 32u : c)) * 16777619u;
    }
    return h;
}

static cv_slice row_address(const cv_bag *row)
{
    cv_slice address = cv_bag_string_or(row, CV_PidTagSmtpAddress, CV_S(""));
    return address.len ? address
                       : cv_bag_string_or(row, CV_PidTagEmailAddress, CV_S(""));
}

static void index_add(people *p, size_t number)
{
    cv_bag *row = cv_object_recipient(p->in->obj, number);
    size_t at = hash_of(row_address(row)) & p->index.mask;

    while (p->index.slots[at])
        at = (at + 1) & p->index.mask;
    p->index.slots[at] = (uint32_t)number + 1;
}

static bool index_init(people *p, size_t lines)
{
    size_t rows = cv_object_recipient_count(p->in->obj), size = 64;

    while (size < 2 * (rows + lines + 8))
        size *= 2;
    p->index.slots = cv_arena_array(p->in->arena, size, sizeof(uint32_t));
    p->index.mask = size - 1;
    for (size_t i = 0; p->index.slots && i < rows; i++)
        index_add(p, i);
    return p->index.slots != NULL;
}

static cv_bag *row_find(people *p, cv_slice address)
{
    size_t at = hash_of(address) & p->index.mask;

    for (; p->index.slots[at]; at = (at + 1) & p->index.mask) {
        cv_bag *row = cv_object_recipient(p->in->obj, p->index.slots[at] - 1);
        if (cv_slice_ieq(row_address(row), address))
            return row;
    }
    return NULL;
}

static cv_bag *row_add(people *p, cv_slice name, cv_slice address, int32_t type)
{
    size_t number = cv_object_recipient_count(p->in->obj);
    cv_bag *row = number < CV_LIMIT_RECIPIENTS
                      ? cv_object_add_recipient(p->in->obj)
                      : NULL;
    if (!row) {
        cv_ical_say(p->in, CV_RULE_LIMIT, NULL, "ATTENDEE",
                    "CV_LIMIT_RECIPIENTS: further attendees were left out");
        return NULL;
    }
    (void)cv_row_set_smtp(row, name.len ? name : address, address, type);
    (void)cv_bag_set_i32(row, CV_PidTagRecipientFlags, ROW_SENDABLE);
    index_add(p, number);
    return row;
}

/* -- parameters -- */

static cv_slice common_name(const ical_import *in, const cv_ical_prop *prop)
{
    cv_slice name = cv_line_param_get(prop, "CN");
    return cv_slice_trim(cv_text_one_line(in->arena, name));
}

/* PARTSTAT to PidTagRecipientTrackStatus. */
static int32_t track_status(cv_slice partstat)
{
    return cv_slice_ieq(partstat, CV_S("ACCEPTED"))    ? 3
           : cv_slice_ieq(partstat, CV_S("TENTATIVE")) ? 2
           : cv_slice_ieq(partstat, CV_S("DECLINED"))  ? 4
                                                       : 0;
}

static bool is_resource(const cv_ical_prop *prop)
{
    cv_slice type = cv_line_param_get(prop, "CUTYPE");
    return cv_slice_ieq(type, CV_S("RESOURCE")) ||
           cv_slice_ieq(type, CV_S("ROOM"));
}

static int32_t recipient_type(const cv_ical_prop *prop)
{
    cv_slice role = cv_line_param_get(prop, "ROLE");

    if (is_resource(prop))
        return 3;
    if (cv_slice_ieq(role, CV_S("OPT-PARTICIPANT")))
        return 2;
    return cv_slice_ieq(role, CV_S("NON-PARTICIPANT")) ? 3 : 1;
}

static void note_rsvp(people *p, const cv_ical_prop *prop)
{
    cv_slice rsvp = cv_line_param_get(prop, "RSVP");
    if (rsvp.len)
        p->rsvp_given = true;
    if (cv_slice_ieq(rsvp, CV_S("TRUE")))
        p->rsvp = true;
}

/* -- lines -- */

static void add_name(cv_buf *list, cv_slice name)
{
    if (list->len)
        cv_buf_put_str(list, "; ");
    cv_buf_put_slice(list, name);
}

static void add_unsendable(people *p, const cv_ical_prop *prop, cv_slice name)
{
    cv_slice role = cv_line_param_get(prop, "ROLE");
    int kind = is_resource(prop) || cv_slice_ieq(role, CV_S("NON-PARTICIPANT"))
                   ? UNSENDABLE_BCC
               : cv_slice_ieq(role, CV_S("OPT-PARTICIPANT")) ? UNSENDABLE_CC
                                                             : UNSENDABLE_TO;
    if (!cv_slice_ieq(cv_slice_trim(prop->value), CV_S("invalid:nomail")))
        cv_ical_say(p->in, CV_RULE_ICAL_ATTENDEE, prop, "ATTENDEE",
                    "no mail address: kept by name");
    if (name.len == 0)
        name = cv_slice_trim(cv_text_one_line(p->in->arena, prop->value));
    add_name(&p->unsendable[kind], name);
}

static void import_answer(people *p, cv_bag *row, const cv_ical_prop *prop)
{
    cv_slice partstat = cv_line_param_get(prop, "PARTSTAT");
    int64_t when;

    if (partstat.len || !cv_bag_has(row, CV_PidTagRecipientTrackStatus))
        (void)cv_bag_set_i32(row, CV_PidTagRecipientTrackStatus,
                             track_status(partstat));
    if (p->in->method != ICAL_PUBLISH)
        return;
    when = cv_ical_utc_of_text(cv_line_param_get(prop, "X-MS-OLK-RESPTIME"));
    if (when != ICAL_NO_TIME)
        (void)cv_bag_set_ticks(row, CV_PidTagRecipientTrackStatusTime, when);
}

static void import_attendee(people *p, const cv_ical_prop *prop)
{
    cv_slice name = common_name(p->in, prop);
    cv_slice address = cv_ical_address_of(p->in->arena, prop);

    p->attendees++;
    note_rsvp(p, prop);
    if (address.len == 0) {
        cv_slice value = cv_slice_trim(prop->value);
        if (name.len || (value.len && !cv_slice_ieq(value, CV_S("mailto:"))))
            add_unsendable(p, prop, name);
        else
            cv_ical_say(p->in, CV_RULE_ICAL_ATTENDEE, prop, "ATTENDEE",
                        "nobody is named: left out");
        return;
    }
    /* The organizer is no attendee, whatever list they stand in. */
    if (cv_slice_ieq(address, p->organizer))
        return;
    int32_t type = recipient_type(prop);
    cv_bag *row = row_find(p, address);
    if (!row)
        row = row_add(p, name, address, type);
    if (!row)
        return;
    (void)cv_bag_set_i32(row, CV_PidTagRecipientType, type);
    (void)cv_bag_set_i32(row, CV_PidTagRecipientFlags, ROW_SENDABLE);
    if (cv_slice_ieq(cv_line_param_get(prop, "CUTYPE"), CV_S("ROOM")))
        (void)cv_bag_set_i32(row, CV_PidTagDisplayType, 7);
    import_answer(p, row, prop);
}

static void import_attendees(people *p, const cv_ical_comp *event)
{
    for (size_t i = 0; i < event->prop_count; i++)
        if (cv_slice_eq(event->props[i].name, CV_S("ATTENDEE")))
            import_attendee(p, &event->props[i]);
}

/* -- the organizer -- */

static void set_organizer_row(people *p, cv_slice name, cv_slice address)
{
    cv_bag *row = row_find(p, address);

    if (!row)
        row = row_add(p, name, address, 1);
    if (!row)
        return;
    (void)cv_bag_set_i32(row, CV_PidTagRecipientType, 1);
    (void)cv_bag_set_i32(row, CV_PidTagRecipientFlags,
                         ROW_SENDABLE | ROW_ORGANIZER);
}

/* The sender: X-MS-OLK-SENDER, SENT-BY, the mail's, the organizer. */
static void set_sender(people *p, const cv_ical_comp *event,
                       const cv_ical_prop *organizer, cv_slice name)
{
    ical_import *in = p->in;
    const cv_ical_prop *olk = cv_ical_prop_get(event, "X-MS-OLK-SENDER");
    cv_slice by =
        cv_ical_smtp_of_uri(in->arena, cv_line_param_get(organizer, "SENT-BY"));

    if (olk && cv_ical_address_of(in->arena, olk).len) {
        (void)cv_bag_set_person(in->bag, &cv_person_sender,
                                common_name(in, olk),
                                cv_ical_address_of(in->arena, olk));
        return;
    }
    if (in->ctx->from_address.len ||
        cv_bag_has(in->bag, CV_PidTagSenderEmailAddress))
        return;
    (void)cv_bag_set_person(in->bag, &cv_person_sender, by.len ? by : name,
                            by.len ? by : p->organizer);
}

/* Without a usable ORGANIZER the mail's sender stands in; a published event
 * may do without one (C055, C065). */
static void import_organizer(people *p, const cv_ical_comp *event)
{
    ical_import *in = p->in;
    const cv_ical_prop *prop = cv_ical_prop_get(event, "ORGANIZER");
    cv_slice name = prop ? common_name(in, prop) : CV_S("");

    if (prop)
        p->organizer = cv_ical_address_of(in->arena, prop);
    if (p->organizer.len == 0 && in->ctx->from_address.len &&
        in->method != ICAL_PUBLISH) {
        cv_ical_say(in, CV_RULE_ICAL_ORGANIZER, prop, "ORGANIZER",
                    "the mail's sender is taken");
        p->organizer = in->ctx->from_address;
        if (name.len == 0)
            name = in->ctx->from_name;
    } else if (p->organizer.len == 0 && in->method != ICAL_PUBLISH) {
        cv_ical_say(in, CV_RULE_ICAL_ORGANIZER, prop, "ORGANIZER",
                    "no organizer is known");
    }
    if (p->organizer.len == 0)
        return;
    if (name.len == 0)
        name = p->organizer;
    set_organizer_row(p, name, p->organizer);
    (void)cv_bag_set_person(in->bag, &cv_person_sent_representing, name,
                            p->organizer);
    set_sender(p, event, prop, name);
}

/* -- answers -- */

static bool is_final(const cv_ical_prop *prop)
{
    return track_status(cv_line_param_get(prop, "PARTSTAT")) != 0;
}

const cv_ical_prop *cv_ical_find_responder(const cv_ical_context *ctx,
                                           const cv_ical_comp *event,
                                           cv_arena *arena)
{
    const cv_ical_prop *first = NULL;

    for (size_t i = 0; i < event->prop_count; i++) {
        const cv_ical_prop *prop = &event->props[i];
        if (!cv_slice_eq(prop->name, CV_S("ATTENDEE")) || !is_final(prop))
            continue;
        if (ctx->from_address.len &&
            cv_slice_ieq(cv_ical_address_of(arena, prop), ctx->from_address))
            return prop;
        if (!first)
            first = prop;
    }
    return first;
}

/* REPLY and COUNTER: the one who answers, and whom they tell. */
static void import_response(people *p, const cv_ical_comp *event)
{
    ical_import *in = p->in;
    const cv_ical_prop *who = in->responder;
    const cv_ical_prop *organizer = cv_ical_prop_get(event, "ORGANIZER");
    cv_slice address = who ? cv_ical_address_of(in->arena, who) : CV_S("");
    cv_slice name = who ? common_name(in, who) : CV_S("");

    if (in->ctx->from_address.len) {
        address = in->ctx->from_address;
        if (in->ctx->from_name.len)
            name = in->ctx->from_name;
    }
    if (address.len) {
        (void)cv_bag_set_person(in->bag, &cv_person_sent_representing,
                                name.len ? name : address, address);
        if (!cv_bag_has(in->bag, CV_PidTagSenderEmailAddress))
            (void)cv_bag_set_person(in->bag, &cv_person_sender,
                                    name.len ? name : address, address);
    }
    if (organizer)
        p->organizer = cv_ical_address_of(in->arena, organizer);
    if (p->organizer.len &&
        (row_find(p, p->organizer) || cv_object_recipient_count(in->obj) == 0))
        set_organizer_row(p, common_name(in, organizer), p->organizer);
}

/* -- lists of names -- */

static void set_names(people *p, cv_tag tag, int32_t type)
{
    ical_import *in = p->in;
    cv_buf names;

    cv_buf_init(&names, NAMES_MAX);
    for (size_t i = 0; i < cv_object_recipient_count(in->obj); i++) {
        const cv_bag *row = cv_object_recipient(in->obj, i);
        int32_t flags = cv_bag_i32_or(row, CV_PidTagRecipientFlags, 1);
        int32_t is = cv_bag_i32_or(row, CV_PidTagRecipientType, 1);
        if ((flags & ROW_ORGANIZER) || (type && is != type))
            continue;
        add_name(&names, cv_bag_string_or(row, CV_PidTagDisplayName, CV_S("")));
    }
    (void)cv_bag_set_string(in->bag, tag,
                            cv_utf8_clip(cv_buf_slice(&names), NAMES_MAX));
    cv_buf_clear(&names);
}

static void set_unsendable(people *p)
{
    static const cv_tag tags[] = { CV_PidLidNonSendableTo,
                                   CV_PidLidNonSendableCc,
                                   CV_PidLidNonSendableBcc };
    for (size_t i = 0; i < CV_LEN(tags); i++) {
        if (p->unsendable[i].len)
            (void)cv_bag_set_string(p->in->bag, tags[i],
                                    cv_buf_slice(&p->unsendable[i]));
        cv_buf_clear(&p->unsendable[i]);
    }
}

static void import_resources(people *p, const cv_ical_comp *event)
{
    const cv_ical_prop *prop = cv_ical_prop_get(event, "RESOURCES");
    cv_slice rest = prop ? prop->value : (cv_slice){ 0 };

    while (rest.ptr) {
        cv_ical_prop one = *prop;
        one.value = cv_line_field_next(&rest, ',');
        cv_slice name = cv_ical_prop_line_text(p->in->arena, &one);
        if (name.len)
            add_name(&p->unsendable[UNSENDABLE_BCC], name);
    }
}

static void set_response_wanted(people *p)
{
    bool wanted = p->rsvp || (!p->rsvp_given && p->in->method == ICAL_REQUEST);

    if (!(p->in->method & (ICAL_REQUEST | ICAL_PUBLISH)) || p->attendees == 0)
        return;
    (void)cv_bag_set_bool(p->in->bag, CV_PidTagResponseRequested, wanted);
    (void)cv_bag_set_bool(p->in->bag, CV_PidTagReplyRequested, wanted);
}

void cv_ical_import_people(ical_import *in, const cv_ical_comp *event)
{
    people p = { .in = in };

    if (!index_init(&p, event->prop_count))
        return;
    for (size_t i = 0; i < UNSENDABLE_KINDS; i++)
        cv_buf_init(&p.unsendable[i], NAMES_MAX);
    if (in->method & ICAL_RESPONSE) {
        import_response(&p, event);
    } else {
        import_organizer(&p, event);
        import_attendees(&p, event);
        if (in->method & (ICAL_PUBLISH | ICAL_REQUEST))
            import_resources(&p, event);
        set_names(&p, CV_PidLidAllAttendeesString, 0);
        set_names(&p, CV_PidLidToAttendeesString, 1);
        set_names(&p, CV_PidLidCcAttendeesString, 2);
        set_response_wanted(&p);
    }
    in->attendee_count = p.attendees;
    set_unsendable(&p);
}
