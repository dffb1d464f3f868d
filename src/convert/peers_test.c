/* What other products lose of a meeting or a sender, and Convoke keeps: one
 * test for each weakness that was seen (docs/compare.md). */
#include "convert/meeting_rig.h"

#include <stdio.h>

/* The mail of a request that Alice, who has only an EX address, sends. */
static char *mail_of_ex_sender(rig *r)
{
    meeting_make(r, "IPM.Schedule.Meeting.Request");
    cv_bag *p = rig_props(r);
    const cv_person_tags *people[] = { &cv_person_sent_representing,
                                       &cv_person_sender };
    for (size_t i = 0; i < CV_LEN(people); i++) {
        cv_bag_set_string(p, people[i]->name, CV_S("J\xC3\xB6rg Alice"));
        cv_bag_set_string(p, people[i]->address_type, CV_S("EX"));
        cv_bag_set_string(p, people[i]->address,
                          CV_S("/O=NORTH/OU=SITE/CN=RECIPIENTS/CN=ALICE"));
        cv_bag_remove(p, people[i]->smtp);
        cv_bag_remove(p, people[i]->entryid);
        cv_bag_remove(p, people[i]->search_key);
    }
    cv_bag_set_string(cv_object_recipient(r->obj, 0), CV_PidTagDisplayName,
                      CV_S("J\xC3\xB6rg Alice"));
    return strdup(rig_write(r));
}

static void peer_gromox_loses_an_ex_sender_without_directory(void **state)
{
    rig *r = *state;
    char *mail = mail_of_ex_sender(r);
    assert_has(mail, "From: =?");
    assert_has(mail, "<IMCEAEX-_O=NORTH_OU=SITE_CN=RECIPIENTS_CN=ALICE@");
    rig_read(r, mail);
    free(mail);
    assert_string_prop(rig_props(r), CV_PidTagSentRepresentingName,
                       "J\xC3\xB6rg Alice");
    assert_true(cv_address_is_smtp(cv_bag_string_or(
        rig_props(r), CV_PidTagSentRepresentingSmtpAddress, CV_S(""))));
}

static void peer_msgconvert_writes_x500_and_latin1_in_from(void **state)
{
    rig *r = *state;
    char *mail = mail_of_ex_sender(r);
    const char *end = strstr(mail, "\r\n\r\n");
    assert_non_null(end);
    assert_has_not(mail, "</O=");
    assert_has_not(mail, "</o=");
    for (const char *c = mail; c < end; c++)
        assert_true((unsigned char)*c < 0x80);
    free(mail);
}

static void peer_msgconvert_makes_no_calendar_part(void **state)
{
    rig *r = *state;
    meeting_make(r, "IPM.Schedule.Meeting.Request");
    assert_has(rig_write(r), "Content-Type: text/calendar");
}

static void peer_readpst_says_request_of_everything(void **state)
{
    rig *r = *state;
    static const struct {
        const char *message_class, *method;
    } rows[] = { { "IPM.Schedule.Meeting.Request", "REQUEST" },
                 { "IPM.Schedule.Meeting.Canceled", "CANCEL" },
                 { "IPM.Schedule.Meeting.Resp.Pos", "REPLY" },
                 { "IPM.Appointment", "PUBLISH" } };
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        char text[100];
        meeting_make(r, rows[i].message_class);
        const char *mail = rig_write(r);
        snprintf(text, sizeof text, "method=%s", rows[i].method);
        assert_has(mail, text);
        snprintf(text, sizeof text, "METHOD:%s\r\n", rows[i].method);
        assert_has(mail, text);
    }
}

static void peer_readpst_leaves_attendees_out(void **state)
{
    rig *r = *state;
    meeting_make(r, "IPM.Schedule.Meeting.Request");
    char *mail = strdup(rig_write(r));
    rig_read(r, mail);
    free(mail);
    assert_int_equal(cv_object_recipient_count(r->obj), 3);
    unsigned found = 0;
    for (size_t i = 0; i < 3; i++) {
        cv_slice smtp = cv_bag_string_or(cv_object_recipient(r->obj, i),
                                         CV_PidTagSmtpAddress, CV_S(""));
        found += cv_slice_eq(smtp, CV_S("bob@south.example")) ||
                 cv_slice_eq(smtp, CV_S("eve@east.example"));
    }
    assert_int_equal(found, 2);
}

static void peer_readpst_carries_the_calendar_twice(void **state)
{
    rig *r = *state;
    meeting_make(r, "IPM.Schedule.Meeting.Request");
    const char *mail = rig_write(r);
    const char *first = strstr(mail, "BEGIN:VCALENDAR");
    assert_non_null(first);
    assert_null(strstr(first + 1, "BEGIN:VCALENDAR"));
}

static void peer_ytnef_attaches_the_calendar_without_method(void **state)
{
    rig *r = *state;
    meeting_make(r, "IPM.Schedule.Meeting.Canceled");
    const char *mail = rig_write(r);
    const char *part = strstr(mail, "Content-Type: text/calendar");
    assert_non_null(part);
    const char *end = strstr(part, "\r\n\r\n");
    const char *method = strstr(part, "method=CANCEL");
    assert_true(end && method && method < end);
}

static void peer_gromox_leaves_organizer_out_of_replies(void **state)
{
    rig *r = *state;
    meeting_make(r, "IPM.Schedule.Meeting.Resp.Pos");
    const char *mail = rig_write(r);
    assert_has(mail, "ORGANIZER");
    assert_has_not(mail, "BEGIN:VALARM");
}

static void peer_pffexport_keeps_only_text(void **state)
{
    rig *r = *state;
    cv_slice start;
    meeting_make(r, "IPM.Appointment");
    char *mail = strdup(rig_write(r));
    rig_read(r, mail);
    free(mail);
    assert_string_prop(rig_props(r), CV_PidTagMessageClass, "IPM.Appointment");
    assert_true(cv_bag_has(rig_props(r), CV_PidLidAppointmentStartWhole));
    assert_true(cv_bag_binary(rig_props(r), CV_PidLidGlobalObjectId, &start));
}

/* Types that nobody expects, in every property that mail asks for. */
static void peer_gromox_refuses_messages_with_odd_properties(void **state)
{
    rig *r = *state;
    static const cv_tag tags[] = {
        CV_PidTagSubject,
        CV_PidTagBody,
        CV_PidTagHtml,
        CV_PidTagClientSubmitTime,
        CV_PidTagImportance,
        CV_PidTagSensitivity,
        CV_PidTagConversationIndex,
        CV_PidTagInternetMessageId,
        CV_PidTagSenderName,
        CV_PidTagMessageClass,
        CV_PidTagReplyRecipientEntries,
        CV_PidTagInternetCodepage,
        CV_PidNameKeywords,
        CV_PidLidGlobalObjectId,
    };
    static const uint16_t types[] = { CV_T_I32, CV_T_I64, CV_T_TIME, CV_T_ERROR,
                                      CV_T_NULL };
    for (size_t i = 0; i < CV_LEN(tags); i++) {
        for (size_t k = 0; k < CV_LEN(types); k++) {
            meeting_make(r, "IPM.Schedule.Meeting.Request");
            cv_bag_remove(rig_props(r), tags[i]);
            put_value(rig_props(r), tags[i], types[k], UINT64_MAX);
            assert_has(rig_write(r), "From: ");
            assert_true(cv_report_step(r->report) != CV_LADDER_MINIMAL);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG(peer_gromox_loses_an_ex_sender_without_directory),
        RIG(peer_gromox_leaves_organizer_out_of_replies),
        RIG(peer_gromox_refuses_messages_with_odd_properties),
        RIG(peer_msgconvert_writes_x500_and_latin1_in_from),
        RIG(peer_msgconvert_makes_no_calendar_part),
        RIG(peer_readpst_says_request_of_everything),
        RIG(peer_readpst_leaves_attendees_out),
        RIG(peer_readpst_carries_the_calendar_twice),
        RIG(peer_ytnef_attaches_the_calendar_without_method),
        RIG(peer_pffexport_keeps_only_text),
    };
    return cmocka_run_group_tests_name("peers", tests, NULL, NULL);
}
