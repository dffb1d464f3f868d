/* attendee_write.c - ORGANIZER and ATTENDEE lines, written.
 *
 * PidTagRecipientTrackStatusTime is looked at for PUBLISH only (CC1): no
 * REQUEST, CANCEL, REPLY or COUNTER has a place for it (KB 938650).
 * Source: [MS-OXCICAL] 2.1.3.1.1.20.2, .16, .61; spec ical-mapping.md 4.2, 5.
 */
#include "ical/ical_private.h"

enum { ROW_ORGANIZER = 0x02, ROW_DELETED = 0x20 };

typedef struct person {
    cv_slice name, address; /* address empty: unsendable */
} person;

/* -- addresses -- */

static cv_slice resolve(ical_export *ex, cv_slice type, cv_slice address)
{
    const cv_ical_options *o = ex->options;
    cv_slice smtp;

    if (address.len && o->resolve &&
        o->resolve(o->resolve_ctx, ex->arena, type, address, &smtp) &&
        cv_address_is_smtp(smtp))
        return smtp;
    return CV_S("");
}

static person person_of(ical_export *ex, const cv_bag *bag,
                        const cv_person_tags *tags)
{
    person p = { .name = cv_bag_string_or(bag, tags->name, CV_S("")) };
    cv_slice type = cv_bag_string_or(bag, tags->address_type, CV_S(""));
    cv_slice plain = cv_bag_string_or(bag, tags->address, CV_S(""));

    p.address = cv_slice_trim(cv_bag_string_or(bag, tags->smtp, CV_S("")));
    if (!cv_address_is_smtp(p.address))
        p.address = cv_slice_trim(plain);
    if (!cv_address_is_smtp(p.address))
        p.address = resolve(ex, type, plain);
    p.name = cv_slice_trim(cv_text_one_line(ex->arena, p.name));
    return p;
}

static const cv_person_tags row_tags = {
    .name = CV_PidTagDisplayName,
    .address_type = CV_PidTagAddressType,
    .address = CV_PidTagEmailAddress,
    .smtp = CV_PidTagSmtpAddress,
};

static person person_of_row(ical_export *ex, const cv_bag *row)
{
    person p = person_of(ex, row, &row_tags);
    if (p.name.len == 0)
        p.name = cv_bag_string_or(row, CV_PidTagRecipientDisplayName, CV_S(""));
    return p;
}

/* ":mailto:..." and the line's end. */
static void end_with_address(ical_export *ex, cv_slice address)
{
    cv_line_colon(&ex->w);
    if (address.len) {
        cv_line_raw(&ex->w, ex->options->upper_case_mailto ? CV_S("MAILTO:")
                                                           : CV_S("mailto:"));
        cv_line_raw(&ex->w, address);
    } else {
        cv_line_raw(&ex->w, CV_S("invalid:nomail"));
    }
    cv_line_end(&ex->w);
}

static void put_name(ical_export *ex, const person *p)
{
    if (p->name.len && !cv_slice_ieq(p->name, p->address))
        cv_line_param(&ex->w, "CN", p->name);
}

/* -- parameters that came with the line and have no property -- */

/* The kept line of this person, NULL when there is none. */
static const cv_ical_prop *kept_line(ical_export *ex, const char *name,
                                     cv_slice address)
{
    size_t count = ex->kept ? ex->kept->prop_count : 0;

    /* The lines stand in the order of the rows: begin behind the last one. */
    for (size_t n = 0; n < count; n++) {
        size_t i = (ex->kept_at + n) % count;
        const cv_ical_prop *prop = &ex->kept->props[i];
        cv_slice mail = cv_line_param_get(prop, "EMAIL");
        if (cv_slice_eq(prop->name, cv_slice_cstr(name)) &&
            (cv_slice_iends(prop->value, address) ||
             cv_slice_iends(mail, address)) &&
            cv_slice_ieq(cv_ical_address_of(ex->arena, prop), address)) {
            ex->kept_at = i + 1;
            return prop;
        }
    }
    return NULL;
}

static bool keeps(const cv_ical_prop *kept, const char *param)
{
    return kept && cv_line_param_get(kept, param).len;
}

/* without: a parameter that a property said since; NULL for none. */
static void put_kept_params(ical_export *ex, const cv_ical_prop *kept,
                            const char *without)
{
    for (size_t i = 0; kept && i < kept->param_count; i++) {
        char *param = cv_arena_cstr(ex->arena, kept->params[i].name);
        if (param && !(without && cv_slice_eq(kept->params[i].name,
                                              cv_slice_cstr(without))))
            cv_line_param(&ex->w, param, kept->params[i].value);
    }
}

/* -- ORGANIZER -- */

static const cv_bag *organizer_row(const cv_object *obj)
{
    for (size_t i = 0; i < cv_object_recipient_count(obj); i++) {
        const cv_bag *row = cv_object_recipient(obj, i);
        int32_t flags = cv_bag_i32_or(row, CV_PidTagRecipientFlags, 0);
        if ((flags & ROW_ORGANIZER) && !(flags & ROW_DELETED))
            return row;
    }
    return NULL;
}

/* Whom a response goes to: the organizer's row, else the first recipient. */
static person response_organizer(ical_export *ex)
{
    const cv_bag *row = organizer_row(ex->obj);
    person p = { .address = CV_S("") };

    if (row)
        return person_of_row(ex, row);
    for (size_t i = 0; i < cv_object_recipient_count(ex->obj); i++) {
        row = cv_object_recipient(ex->obj, i);
        if (cv_bag_i32_or(row, CV_PidTagRecipientType, 1) == 1)
            return person_of_row(ex, row);
    }
    return p;
}

static person find_organizer(ical_export *ex, const cv_object *obj)
{
    const cv_bag *row;
    person p;

    if (ex->method & ICAL_RESPONSE)
        return response_organizer(ex);
    row = organizer_row(obj);
    if (!row)
        row = organizer_row(ex->obj);
    if (row) {
        p = person_of_row(ex, row);
        if (p.address.len)
            return p;
    }
    p = person_of(ex, ex->bag, &cv_person_sent_representing);
    return p.address.len || p.name.len
               ? p
               : person_of(ex, ex->bag, &cv_person_sender);
}

static bool is_meeting(const ical_export *ex)
{
    return ex->method != ICAL_PUBLISH ||
           (cv_bag_i32_or(ex->bag, CV_PidLidAppointmentStateFlags, 0) & 1);
}

static void export_sender(ical_export *ex, const person *organizer)
{
    person sender = person_of(ex, ex->bag, &cv_person_sender);

    if ((ex->method & ICAL_RESPONSE) || sender.address.len == 0 ||
        cv_slice_ieq(sender.address, organizer->address))
        return;
    cv_line_begin(&ex->w, "X-MS-OLK-SENDER");
    put_name(ex, &sender);
    end_with_address(ex, sender.address);
}

static void export_organizer(ical_export *ex, const cv_object *obj)
{
    person p = find_organizer(ex, obj);
    person sender = person_of(ex, ex->bag, &cv_person_sender);

    if (p.address.len == 0)
        cv_ical_export_say(ex, CV_RULE_ICAL_ORGANIZER, "ORGANIZER",
                           "no address is known: invalid:nomail");
    cv_line_begin(&ex->w, "ORGANIZER");
    put_name(ex, &p);
    if (!(ex->method & ICAL_RESPONSE) && sender.address.len && p.address.len &&
        !cv_slice_ieq(sender.address, p.address)) {
        cv_slice uri =
            cv_arena_printf(ex->arena, "mailto:%.*s", CV_FMT(sender.address));
        cv_line_param(&ex->w, "SENT-BY", uri);
    }
    put_kept_params(ex, kept_line(ex, "ORGANIZER", p.address), NULL);
    end_with_address(ex, p.address);
    export_sender(ex, &p);
}

/* -- ATTENDEE -- */

static const char *partstat_of(int32_t track_status)
{
    return track_status == 3   ? "ACCEPTED"
           : track_status == 4 ? "DECLINED"
           : track_status == 2 ? "TENTATIVE"
                               : NULL;
}

static void put_partstat(ical_export *ex, const cv_bag *row)
{
    const char *word =
        partstat_of(cv_bag_i32_or(row, CV_PidTagRecipientTrackStatus, 0));

    if (ex->method != ICAL_PUBLISH &&
        (!word || !ex->options->partstat_in_request))
        word = "NEEDS-ACTION";
    if (word)
        cv_line_param(&ex->w, "PARTSTAT", cv_slice_cstr(word));
}

/* Only a published calendar tells when people answered, and only of moments
 * that are such. */
static void put_response_time(ical_export *ex, const cv_bag *row)
{
    uint64_t filetime;
    int64_t ticks;
    cv_buf buf;

    if (ex->method != ICAL_PUBLISH)
        return;
    if (!cv_bag_ticks(row, CV_PidTagRecipientTrackStatusTime, &ticks)) {
        if (cv_bag_time(row, CV_PidTagRecipientTrackStatusTime, &filetime))
            cv_ical_export_say(ex, CV_RULE_BAD_TIME,
                               "PidTagRecipientTrackStatusTime", "left out");
        return;
    }
    cv_buf_init(&buf, 64);
    cv_ical_time_put(&buf, ticks, false);
    cv_buf_put_byte(&buf, 'Z');
    cv_line_param(&ex->w, "X-MS-OLK-RESPTIME", cv_buf_slice(&buf));
    cv_buf_clear(&buf);
}

static void put_role(ical_export *ex, const cv_bag *row, int32_t type,
                     const cv_ical_prop *kept)
{
    if (type == 3 && !keeps(kept, "CUTYPE"))
        cv_line_param(&ex->w, "CUTYPE",
                      cv_bag_i32_or(row, CV_PidTagDisplayType, 0) == 7
                          ? CV_S("ROOM")
                          : CV_S("RESOURCE"));
    if (keeps(kept, "ROLE"))
        return;
    cv_line_param(&ex->w, "ROLE",
                  type == 2   ? CV_S("OPT-PARTICIPANT")
                  : type == 3 ? CV_S("NON-PARTICIPANT")
                              : CV_S("REQ-PARTICIPANT"));
}

static void export_attendee(ical_export *ex, const cv_bag *row)
{
    int32_t flags = cv_bag_i32_or(row, CV_PidTagRecipientFlags, 1);
    int32_t type = cv_bag_i32_or(row, CV_PidTagRecipientType, 1) & 0xF;
    bool wanted = cv_bag_bool_or(ex->bag, CV_PidTagResponseRequested,
                                 ex->method == ICAL_REQUEST);

    if ((flags & (ROW_ORGANIZER | ROW_DELETED)) || type == 0)
        return;
    person p = person_of_row(ex, row);
    if (p.address.len == 0 && p.name.len == 0)
        return;
    if (p.address.len == 0)
        cv_ical_export_say(ex, CV_RULE_ADDRESS_MISSING, "ATTENDEE",
                           "invalid:nomail with the name");
    const cv_ical_prop *kept = kept_line(ex, "ATTENDEE", p.address);
    bool answered = cv_bag_i32_or(row, CV_PidTagRecipientTrackStatus, 0) > 1;
    cv_line_begin(&ex->w, "ATTENDEE");
    put_role(ex, row, type, kept);
    if (answered || !keeps(kept, "PARTSTAT"))
        put_partstat(ex, row);
    if (keeps(kept, "RSVP"))
        ; /* written with what is kept */
    else if (wanted && (ex->method & (ICAL_REQUEST | ICAL_PUBLISH)))
        cv_line_param(&ex->w, "RSVP", CV_S("TRUE"));
    else if (ex->method == ICAL_REQUEST)
        cv_line_param(&ex->w, "RSVP", CV_S("FALSE"));
    put_name(ex, &p);
    put_response_time(ex, row);
    put_kept_params(ex, kept, answered ? "PARTSTAT" : NULL);
    end_with_address(ex, p.address);
}

static void export_unsendable(ical_export *ex)
{
    static const struct {
        cv_tag tag;
        const char *param, *value;
    } rows[] = { { CV_PidLidNonSendableTo, "ROLE", "REQ-PARTICIPANT" },
                 { CV_PidLidNonSendableCc, "ROLE", "OPT-PARTICIPANT" },
                 { CV_PidLidNonSendableBcc, "CUTYPE", "RESOURCE" } };

    for (size_t i = 0; i < CV_LEN(rows); i++) {
        cv_slice rest = cv_bag_string_or(ex->bag, rows[i].tag, CV_S(""));
        while (rest.ptr && rest.len) {
            person p = { .name = cv_slice_trim(cv_slice_cut(&rest, ';')) };
            if (p.name.len == 0)
                continue;
            cv_line_begin(&ex->w, "ATTENDEE");
            cv_line_param(&ex->w, rows[i].param, cv_slice_cstr(rows[i].value));
            put_name(ex, &p);
            end_with_address(ex, CV_S(""));
        }
    }
}

/* Things that are no people, of an event without attendees. */
static void export_resources(ical_export *ex)
{
    cv_slice rest =
        cv_bag_string_or(ex->bag, CV_PidLidNonSendableBcc, CV_S(""));
    bool more = false;

    if (rest.len == 0)
        return;
    cv_line_begin(&ex->w, "RESOURCES");
    cv_line_colon(&ex->w);
    while (rest.ptr) {
        cv_slice name = cv_slice_trim(cv_slice_cut(&rest, ';'));
        if (name.len == 0)
            continue;
        if (more)
            cv_line_raw(&ex->w, CV_S(","));
        cv_line_text(&ex->w, name);
        more = true;
    }
    cv_line_end(&ex->w);
}

/* Exactly one: who answers, also when a delegate does. */
static void export_responder(ical_export *ex)
{
    person p = person_of(ex, ex->bag, &cv_person_sent_representing);
    cv_slice class = cv_object_class(ex->obj);

    if (p.address.len == 0)
        p = person_of(ex, ex->bag, &cv_person_sender);
    if (p.address.len == 0)
        cv_ical_export_say(ex, CV_RULE_ADDRESS_MISSING, "ATTENDEE",
                           "the one who answers has no address");
    cv_line_begin(&ex->w, "ATTENDEE");
    cv_line_param(&ex->w, "PARTSTAT",
                  cv_slice_ifind(class, CV_S(".Resp.Pos"), 0) != CV_NPOS
                      ? CV_S("ACCEPTED")
                  : cv_slice_ifind(class, CV_S(".Resp.Neg"), 0) != CV_NPOS
                      ? CV_S("DECLINED")
                      : CV_S("TENTATIVE"));
    put_name(ex, &p);
    put_kept_params(ex, kept_line(ex, "ATTENDEE", p.address), "PARTSTAT");
    end_with_address(ex, p.address);
}

void cv_ical_export_people(ical_export *ex, const cv_object *obj)
{
    /* An exception without rows of its own has the series'. */
    if (cv_object_recipient_count(obj) == 0)
        obj = ex->obj;
    if (!is_meeting(ex)) {
        if (organizer_row(obj))
            export_organizer(ex, obj);
        export_resources(ex);
        return;
    }
    export_organizer(ex, obj);
    if (ex->method & ICAL_RESPONSE) {
        export_responder(ex);
        return;
    }
    for (size_t i = 0; i < cv_object_recipient_count(obj); i++)
        export_attendee(ex, cv_object_recipient(obj, i));
    if (ex->method == ICAL_PUBLISH)
        export_unsendable(ex);
    else if (ex->method == ICAL_REQUEST)
        export_resources(ex);
}
