/* Damaged input: every prefix of a fixture and each of its bytes flipped
 * three ways is read and written again without failure. */
#include "convert/meeting_rig.h"

#include "msg/msg.h"

#include <stdio.h>

static const char request[] =
    "From: Alice <alice@north.example>\r\nTo: bob@south.example\r\n"
    "Subject: =?utf-8?Q?Budget_=C3=BC?=\r\n"
    "Date: Sun, 22 Nov 2026 12:00:00 +0000\r\nMIME-Version: 1.0\r\n"
    "Content-Type: multipart/alternative; boundary=\"b1\"\r\n\r\n"
    "--b1\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>x</p>\r\n"
    "--b1\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\n"
    "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\n"
    "UID:u1@north.example\r\nDTSTAMP:20261122T110000Z\r\nSEQUENCE:1\r\n"
    "DTSTART:20261123T120000Z\r\nDTEND:20261123T130000Z\r\n"
    "RRULE:FREQ=WEEKLY;COUNT=3\r\nSUMMARY:Budget\r\n"
    "ORGANIZER;CN=Alice:mailto:alice@north.example\r\n"
    "ATTENDEE;PARTSTAT=ACCEPTED;CN=Bob:mailto:bob@south.example\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n--b1--\r\n";

/* Reads and, when there is a message, writes it in all forms. */
static void go_through(rig *r, cv_slice in, const char *name)
{
    cv_object *obj = NULL;
    cv_report *report = NULL;
    assert_int_equal(cv_report_new(&report, NULL), CV_OK);
    cv_status st =
        cv_read(in, cv_slice_cstr(name), r->options, &obj, report, &r->err);
    if (st != CV_OK) {
        assert_true(st == CV_ERR_SYNTAX || st == CV_ERR_UNSUP ||
                    st == CV_ERR_LIMIT);
    } else {
        cv_sink sink = cv_buf_sink(&r->out);
        cv_buf_reset(&r->out);
        assert_int_equal(cv_to_mime(obj, r->options, &sink, report, &r->err),
                         CV_OK);
        assert_true(r->out.len > 50);
        st = cv_to_ical(obj, r->options, &sink, report, &r->err);
        assert_true(st == CV_OK || st == CV_ERR_UNSUP);
    }
    cv_object_free(&obj);
    cv_report_free(&report);
}

static void damage(rig *r, cv_slice whole, const char *name, size_t step)
{
    static const uint8_t flips[] = { 0x01, 0x80, 0xFF };
    uint8_t *bytes = malloc(whole.len);
    assert_non_null(bytes);
    memcpy(bytes, whole.ptr, whole.len);
    for (size_t n = 0; n < whole.len; n += step)
        go_through(r, cv_slice_of(bytes, n), name);
    for (size_t i = 0; i < whole.len; i += step) {
        for (size_t k = 0; k < CV_LEN(flips); k++) {
            bytes[i] ^= flips[k];
            go_through(r, cv_slice_of(bytes, whole.len), name);
            bytes[i] ^= flips[k];
        }
    }
    free(bytes);
}

static void damaged_mail_converts(void **state)
{
    damage(*state, cv_slice_cstr(request), "x.eml", 1);
}

static void damaged_calendars_convert(void **state)
{
    const char *from = strstr(request, "BEGIN:VCALENDAR");
    const char *to = strstr(request, "--b1--");
    damage(*state, cv_slice_of(from, (size_t)(to - from)), "x.ics", 1);
}

/* Whole sectors repeat themselves: every seventh byte meets each structure. */
static void damaged_msg_files_convert(void **state)
{
    rig *r = *state;
    cv_buf file;
    cv_buf_init(&file, 0);
    cv_sink sink = cv_buf_sink(&file);
    meeting_make(r, "IPM.Schedule.Meeting.Request");
    assert_int_equal(cv_msg_write(r->obj, &sink, r->report, &r->err), CV_OK);
    damage(r, cv_buf_slice(&file), "x.msg", 7);
    cv_buf_clear(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG(damaged_mail_converts),
        RIG(damaged_calendars_convert),
        RIG(damaged_msg_files_convert),
    };
    return cmocka_run_group_tests_name("convert_damage", tests, NULL, NULL);
}
