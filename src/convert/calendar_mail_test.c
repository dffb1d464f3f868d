/* Meeting mail, MIME to MAPI: where the calendar part stands, and what of the
 * mail around it goes into the meeting. */
#include "convert/meeting_rig.h"
#include "base/text.h"
#include "convert/walk.h"

#include <stdio.h>

#define ICS(method, lines) \
    "BEGIN:VCALENDAR\r\nMETHOD:" method "\r\nVERSION:2.0\r\n" \
    "BEGIN:VEVENT\r\nUID:u1@north.example\r\n" \
    "DTSTART:20261123T120000Z\r\nDTEND:20261123T130000Z\r\n" \
    "SUMMARY:Budget\r\n" lines "END:VEVENT\r\nEND:VCALENDAR\r\n"
#define PEOPLE \
    "ORGANIZER;CN=Alice:mailto:alice@north.example\r\n" \
    "ATTENDEE;CN=Bob;PARTSTAT=%s:mailto:bob@south.example\r\n"
#define HEAD \
    "From: Bob <bob@south.example>\r\nTo: alice@north.example\r\n" \
    "Subject: Accepted: Budget\r\n" \
    "Date: Sun, 22 Nov 2026 11:59:00 +0000\r\nMessage-ID: <r1@x>\r\n"

static const char request[] =
    ICS("REQUEST", "DTSTAMP:20261122T110000Z\r\n"
                   "ORGANIZER;CN=Alice:mailto:alice@north.example\r\n"
                   "ATTENDEE;CN=Bob:mailto:bob@south.example\r\n");

static void read_with(rig *r, const char *before, const char *ics,
                      const char *after)
{
    cv_buf mail;
    cv_buf_init(&mail, 0);
    cv_buf_put_str(&mail, "From: Alice <alice@north.example>\r\n"
                          "To: Bob <bob@south.example>\r\n"
                          "Subject: Budget\r\n"
                          "Date: Sun, 22 Nov 2026 11:00:00 +0000\r\n");
    cv_buf_put_str(&mail, before);
    cv_buf_put_str(&mail, ics);
    cv_buf_put_str(&mail, after);
    cv_object_free(&r->obj);
    /* The text must outlive the object. */
    cv_buf_reset(&r->out);
    cv_buf_put_slice(&r->out, cv_buf_slice(&mail));
    cv_buf_clear(&mail);
    assert_int_equal(cv_from_mime(cv_buf_slice(&r->out), r->options, &r->obj,
                                  r->report, &r->err),
                     CV_OK);
}

static void a_request_is_found_in_any_position(void **state)
{
    rig *r = *state;
    static const struct {
        const char *before, *after;
        size_t files;
    } rows[] = {
        { "Content-Type: text/calendar; method=REQUEST\r\n\r\n", "", 0 },
        { "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n"
          "\r\nbody\r\n--b\r\nContent-Type: text/calendar\r\n\r\n",
          "--b--\r\n", 0 },
        { "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n"
          "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n"
          "\r\nbody\r\n--b\r\nContent-Type: text/calendar\r\n\r\n",
          "--b--\r\n--a\r\nContent-Type: application/ics; name=invite.ics"
          "\r\nContent-Disposition: attachment; filename=invite.ics\r\n\r\n"
          "x\r\n--a--\r\n",
          1 },
        { "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
          "\r\nbody\r\n--b\r\nContent-Type: text/calendar\r\n\r\n",
          "--b--\r\n", 1 },
        { "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
          "\r\nbody\r\n--b\r\nContent-Type: text/calendar; name=i.ics\r\n"
          "Content-Disposition: attachment; filename=i.ics\r\n\r\n",
          "--b--\r\n", 1 },
        { "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
          "\r\nbody\r\n--b\r\nContent-Type: application/ics; name=i.ics"
          "\r\n\r\n",
          "--b--\r\n", 1 },
    };
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        int64_t start = 0;
        read_with(r, rows[i].before, request, rows[i].after);
        assert_string_prop(rig_props(r), CV_PidTagMessageClass,
                           "IPM.Schedule.Meeting.Request");
        assert_true(
            cv_bag_ticks(rig_props(r), CV_PidLidAppointmentStartWhole, &start));
        assert_true(start == TEST_NOW + 24 * HOUR);
        assert_int_equal(cv_object_attachment_count(r->obj), rows[i].files);
        assert_string_prop(rig_props(r), CV_PidTagSentRepresentingSmtpAddress,
                           "alice@north.example");
    }
}

/* Teams: three alternatives, all base64, the calendar without a name. */
static void c066_a_nameless_base64_calendar_is_a_request(void **state)
{
    rig *r = *state;
    static const char *const wraps[][2] = {
        { "", "" },
        { "Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n",
          "--m--\r\n" },
        { "Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n"
          "Content-Type: multipart/related; boundary=n\r\n\r\n--n\r\n",
          "--n--\r\n--m--\r\n" },
    };
    static const char head[] =
        "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\nSGVsbG8=\r\n--b\r\n"
        "Content-Type: text/html; charset=utf-8\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\nPHA+SGVsbG88L3A+\r\n--b\r\n"
        "Content-Type: text/calendar; charset=utf-8; method=REQUEST\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n";
    for (size_t i = 0; i < CV_LEN(wraps); i++) {
        char before[1024], ics[2048], after[64];
        cv_buf part;
        int64_t start = 0;
        cv_buf_init(&part, 0);
        cv_base64_put(&part, cv_slice_cstr(request), 76);
        (void)snprintf(ics, sizeof(ics), "%.*s\r\n",
                       CV_FMT(cv_buf_slice(&part)));
        cv_buf_clear(&part);
        (void)snprintf(before, sizeof(before), "%s%s", wraps[i][0], head);
        (void)snprintf(after, sizeof(after), "--b--\r\n%s", wraps[i][1]);
        read_with(r, before, ics, after);
        assert_string_prop(rig_props(r), CV_PidTagMessageClass,
                           "IPM.Schedule.Meeting.Request");
        assert_true(
            cv_bag_ticks(rig_props(r), CV_PidLidAppointmentStartWhole, &start));
        assert_true(start == TEST_NOW + 24 * HOUR);
        assert_int_equal(cv_object_attachment_count(r->obj), 0);
    }
}

/* The part that is shown counts, not the file that came before it. */
static void a_shown_calendar_beats_an_attached_one(void **state)
{
    rig *r = *state;
    static const char cancel[] =
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        "Content-Type: text/calendar; name=old.ics\r\n"
        "Content-Disposition: attachment; filename=old.ics\r\n\r\n" ICS(
            "CANCEL",
            "ORGANIZER:mailto:alice@north.example\r\n") "--b\r\nContent-Type: "
                                                        "text/calendar\r\n\r\n";
    read_with(r, cancel, request, "--b--\r\n");
    assert_string_prop(rig_props(r), CV_PidTagMessageClass,
                       "IPM.Schedule.Meeting.Request");
    assert_int_equal(cv_object_attachment_count(r->obj), 2);
}

static void the_mails_text_wins_over_the_description(void **state)
{
    rig *r = *state;
    static const char described[] =
        ICS("REQUEST", "DESCRIPTION:from the calendar\r\n"
                       "ORGANIZER:mailto:alice@north.example\r\n");
    read_with(r,
              "Content-Type: multipart/alternative; boundary=b\r\n\r\n"
              "--b\r\n\r\nfrom the mail\r\n--b\r\n"
              "Content-Type: text/calendar\r\n\r\n",
              described, "--b--\r\n");
    assert_string_prop(rig_props(r), CV_PidTagBody, "from the mail");
    read_with(r, "Content-Type: text/calendar\r\n\r\n", described, "");
    assert_string_prop(rig_props(r), CV_PidTagBody, "from the calendar");
}

static void read_reply(rig *r, const char *head, const char *partstat,
                       const char *lines)
{
    char mail[2000], people[300];
    snprintf(people, sizeof people, PEOPLE, partstat);
    snprintf(mail, sizeof mail,
             "%sContent-Type: text/calendar; method=REPLY\r\n\r\n"
             "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\n"
             "UID:u1@north.example\r\nDTSTART:20261123T120000Z\r\n%s%s"
             "END:VEVENT\r\nEND:VCALENDAR\r\n",
             head, people, lines);
    rig_read(r, mail);
}

static void assert_answer(rig *r, int64_t want)
{
    int64_t ticks = 0;
    assert_true(
        cv_bag_ticks(rig_props(r), CV_PidLidAttendeeCriticalChange, &ticks));
    assert_true(ticks == want);
}

static void answers_have_their_classes(void **state)
{
    rig *r = *state;
    static const struct {
        const char *partstat, *message_class;
    } rows[] = { { "ACCEPTED", "IPM.Schedule.Meeting.Resp.Pos" },
                 { "TENTATIVE", "IPM.Schedule.Meeting.Resp.Tent" },
                 { "DECLINED", "IPM.Schedule.Meeting.Resp.Neg" },
                 { "NEEDS-ACTION", "IPM.Note" } };
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        read_reply(r, HEAD, rows[i].partstat, "DTSTAMP:20261122T113000Z\r\n");
        assert_string_prop(rig_props(r), CV_PidTagMessageClass,
                           rows[i].message_class);
        assert_string_prop(rig_props(r), CV_PidTagSentRepresentingSmtpAddress,
                           "bob@south.example");
    }
}

/* RFC 5546 3.2.6, 3.2.8: no class is theirs; nothing of them is lost. */
static void
requests_without_a_class_are_mail_that_says_what_they_want(void **state)
{
    rig *r = *state;
    static const struct {
        const char *ics, *body;
    } rows[] = {
        { "BEGIN:VCALENDAR\r\nMETHOD:REFRESH\r\nBEGIN:VEVENT\r\n"
          "UID:u1@north.example\r\nDTSTAMP:20261122T115900Z\r\n"
          "ATTENDEE:mailto:bob@south.example\r\nCOMMENT:I\\, Bob\r\n"
          "END:VEVENT\r\nEND:VCALENDAR\r\n",
          "bob@south.example asks for the latest version of this meeting."
          "\r\n\r\nId: u1@north.example\r\nComment: I, Bob\r\n" },
        { ICS("DECLINECOUNTER", "ORGANIZER;CN=Alice:mailto:a@x.example\r\n"),
          "Alice declines the proposed change of this meeting.\r\n\r\n"
          "Meeting: Budget\r\nStart: 20261123T120000Z\r\n"
          "Id: u1@north.example\r\n" },
    };
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        read_with(r, "Content-Type: text/calendar\r\n\r\n", rows[i].ics, "");
        assert_string_prop(rig_props(r), CV_PidTagMessageClass, "IPM.Note");
        assert_string_prop(rig_props(r), CV_PidTagBody, rows[i].body);
        assert_int_equal(cv_object_attachment_count(r->obj), 1);
        cv_slice kept = cv_object_attachment(r->obj, 0)->data.mem;
        assert_true(cv_slice_eq(kept, cv_slice_cstr(rows[i].ics)));
        /* The mail's own text stays. */
        read_with(r,
                  "Content-Type: multipart/alternative; boundary=b\r\n\r\n"
                  "--b\r\n\r\nown words\r\n--b\r\n"
                  "Content-Type: text/calendar\r\n\r\n",
                  rows[i].ics, "--b--\r\n");
        assert_string_prop(rig_props(r), CV_PidTagBody, "own words");
        assert_int_equal(cv_object_attachment_count(r->obj), 1);
    }
}

/* CC3: a reply without the CDO line never leads to FILETIME 0 (KB 938650). */
static void c001_the_time_of_a_reply_is_found(void **state)
{
    rig *r = *state;
    static const char dateless[] =
        "From: Bob <bob@south.example>\r\nTo: alice@north.example\r\n";
    cv_convert_set_received(r->options, TEST_NOW);
    read_reply(r, HEAD, "ACCEPTED", "DTSTAMP:20261122T113000Z\r\n");
    assert_answer(r, TEST_NOW - HOUR / 2);
    read_reply(r, HEAD, "ACCEPTED",
               "DTSTAMP:20261122T113000Z\r\n"
               "X-MICROSOFT-CDO-ATTENDEE-CRITICAL-CHANGE:20261122T114500Z"
               "\r\n");
    assert_answer(r, TEST_NOW - HOUR / 4);
    read_reply(r, HEAD, "ACCEPTED", "DTSTAMP:16010101T000000Z\r\n");
    assert_answer(r, TEST_NOW - HOUR / 60);
    read_reply(r, HEAD, "ACCEPTED", "");
    assert_answer(r, TEST_NOW - HOUR / 60);
    read_reply(r, dateless, "ACCEPTED", "");
    assert_answer(r, TEST_NOW);
}

static void an_object_survives_the_trip_by_mail(void **state)
{
    rig *r = *state;
    static const char *const classes[] = { "IPM.Schedule.Meeting.Request",
                                           "IPM.Schedule.Meeting.Canceled",
                                           "IPM.Schedule.Meeting.Resp.Pos",
                                           "IPM.Schedule.Meeting.Resp.Tent",
                                           "IPM.Schedule.Meeting.Resp.Neg" };
    for (size_t i = 0; i < CV_LEN(classes); i++) {
        int64_t start = 0;
        cv_slice id, was;
        meeting_make(r, classes[i]);
        if (i > 1)
            while (cv_object_recipient_count(r->obj) > 1)
                cv_object_remove_recipient(r->obj, 1);
        char *mail = strdup(rig_write(r));
        cv_object *before = r->obj;
        r->obj = NULL;
        rig_read(r, mail);
        assert_string_prop(rig_props(r), CV_PidTagMessageClass, classes[i]);
        assert_string_prop(rig_props(r), CV_PidTagSubject, "Budget");
        assert_string_prop(rig_props(r), CV_PidLidLocation, "Room 1");
        assert_true(
            cv_bag_ticks(rig_props(r), CV_PidLidAppointmentStartWhole, &start));
        assert_true(start == TEST_NOW + 24 * HOUR);
        assert_true(
            cv_bag_binary(rig_props(r), CV_PidLidCleanGlobalObjectId, &id));
        assert_true(cv_bag_binary(cv_object_props(before),
                                  CV_PidLidCleanGlobalObjectId, &was));
        assert_true(cv_slice_eq(id, was));
        assert_int_equal(
            cv_bag_i32_or(rig_props(r), CV_PidLidAppointmentSequence, -1), 1);
        cv_object_free(&before);
        free(mail);
    }
}

/* -- calendar files without a mail -- */

static void several_events_are_one_mail_with_the_file(void **state)
{
    rig *r = *state;
    static const char two[] =
        "BEGIN:VCALENDAR\r\nX-WR-CALNAME:Holidays\r\nBEGIN:VEVENT\r\n"
        "UID:a\r\nDTSTART:20261123T120000Z\r\nSUMMARY:One\r\nEND:VEVENT\r\n"
        "BEGIN:VEVENT\r\nUID:b\r\nDTSTART:20261124T120000Z\r\n"
        "SUMMARY:Two\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    assert_int_equal(cv_read(cv_slice_cstr(two), CV_S("dir/all.ics"),
                             r->options, &r->obj, r->report, &r->err),
                     CV_OK);
    assert_string_prop(rig_props(r), CV_PidTagMessageClass, "IPM.Note");
    const char *mail = rig_write(r);
    assert_has(mail, "Subject: Holidays");
    assert_has(mail, "filename=all.ics");
    assert_has(mail, "One\r\n");
    assert_has(mail, "Two\r\n");
    cv_sink sink = cv_buf_sink(&r->out);
    cv_buf_reset(&r->out);
    assert_int_equal(cv_to_ical(r->obj, r->options, &sink, r->report, &r->err),
                     CV_OK);
    assert_text(cv_buf_slice(&r->out), two);
}

static cv_status count_item(void *ctx, const cv_item *item, cv_object *obj,
                            cv_report *report, cv_error *err)
{
    size_t *n = ctx;
    (void)report;
    (void)err;
    assert_string_prop(cv_object_props(obj), CV_PidTagMessageClass,
                       "IPM.Appointment");
    assert_text(item->name, *n ? "b" : "a");
    assert_int_equal(item->index, *n);
    ++*n;
    return CV_OK;
}

static void each_event_of_a_file_is_an_object(void **state)
{
    rig *r = *state;
    size_t n = 0;
    cv_walker walker = { .split = true, .each = count_item, .ctx = &n };
    assert_int_equal(cv_walk(CV_S("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\n"
                                  "DTSTART:20261123T120000Z\r\nEND:VEVENT\r\n"
                                  "BEGIN:VEVENT\r\nUID:b\r\n"
                                  "DTSTART:20261123T120000Z\r\nEND:VEVENT\r\n"
                                  "END:VCALENDAR\r\n"),
                             CV_S("x.ics"), r->options, &walker, r->report,
                             &r->err),
                     CV_OK);
    assert_int_equal(n, 2);
}

static void a_file_without_event_is_kept(void **state)
{
    rig *r = *state;
    static const char busy[] = "BEGIN:VCALENDAR\r\nBEGIN:VFREEBUSY\r\nUID:t\r\n"
                               "FREEBUSY:20261124T090000Z/PT1H\r\n"
                               "END:VFREEBUSY\r\nEND:VCALENDAR\r\n";
    const char *const files[] = { busy, "BEGIN:VCALENDAR\r\n",
                                  "BEGIN:VEVENT\r\nrubbish" };
    for (size_t i = 0; i < CV_LEN(files); i++) {
        cv_object_free(&r->obj);
        assert_int_equal(cv_read(cv_slice_cstr(files[i]), CV_S("x.ics"),
                                 r->options, &r->obj, r->report, &r->err),
                         CV_OK);
        assert_string_prop(rig_props(r), CV_PidTagMessageClass, "IPM.Note");
        assert_has(rig_write(r), "filename=x.ics");
        if (i == 0)
            assert_has(rig_write(r), "2026-11-24T09:00:00Z - "
                                     "2026-11-24T10:00:00Z  busy");
    }
}

/* A task goes by mail as VTODO and comes back as a task. */
static void a_task_survives_the_trip_by_mail(void **state)
{
    rig *r = *state;
    static const char todo[] =
        "BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nUID:t\r\nSUMMARY:Do\r\n"
        "DUE;VALUE=DATE:20261204\r\nSTATUS:COMPLETED\r\n"
        "END:VTODO\r\nEND:VCALENDAR\r\n";
    assert_int_equal(cv_read(cv_slice_cstr(todo), CV_S("x.ics"), r->options,
                             &r->obj, r->report, &r->err),
                     CV_OK);
    assert_string_prop(rig_props(r), CV_PidTagMessageClass, "IPM.Task");
    const char *mail = rig_write(r);
    assert_has(mail, "method=PUBLISH");
    cv_object_free(&r->obj);
    assert_int_equal(cv_read(cv_slice_cstr(mail), CV_S("x.eml"), r->options,
                             &r->obj, r->report, &r->err),
                     CV_OK);
    assert_string_prop(rig_props(r), CV_PidTagMessageClass, "IPM.Task");
    assert_int_equal(cv_bag_i32_or(rig_props(r), CV_PidLidTaskStatus, 0), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG(a_request_is_found_in_any_position),
        RIG(c066_a_nameless_base64_calendar_is_a_request),
        RIG(a_shown_calendar_beats_an_attached_one),
        RIG(the_mails_text_wins_over_the_description),
        RIG(answers_have_their_classes),
        RIG(requests_without_a_class_are_mail_that_says_what_they_want),
        RIG(c001_the_time_of_a_reply_is_found),
        RIG(an_object_survives_the_trip_by_mail),
        RIG(several_events_are_one_mail_with_the_file),
        RIG(each_event_of_a_file_is_an_object),
        RIG(a_file_without_event_is_kept),
        RIG(a_task_survives_the_trip_by_mail),
    };
    return cmocka_run_group_tests_name("calendar_mail", tests, NULL, NULL);
}
