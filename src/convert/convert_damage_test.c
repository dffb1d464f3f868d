/* Damaged input: every prefix of a fixture and each of its bytes flipped
 * three ways is read and written again without failure, in a second and in
 * DAMAGE_MEMORY each. Every form that is read has its fixtures. */
#include "convert/meeting_rig.h"

#include "convert/walk.h"
#include "convert/write.h"
#include "mapi/pack.h"

#include <stdio.h>
#include <time.h>

#define DAMAGE_MEMORY "8388608" /* bytes, to read or write one message */
#define DAMAGE_SECONDS 1
#define WHOLE_BYTES 4096 /* of a fixture: every byte; beyond, some */
#define STEP_BEYOND 61

#define HEAD "From: Alice <alice@north.example>\r\nTo: bob@south.example\r\n"

static const char request[] =
    HEAD "Subject: =?utf-8?Q?Budget_=C3=BC?=\r\n"
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

/* Pictures, files with names in three encodings, a message in the message. */
static const char files[] = HEAD
    "Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n"
    "Content-Type: multipart/related; boundary=r; type=\"text/html\"\r\n\r\n"
    "--r\r\nContent-Type: text/html; charset=iso-8859-1\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    "<p>caf=E9 <img src=3D\"cid:p@x\"></p>=\r\n\r\n"
    "--r\r\nContent-Type: image/png\r\nContent-ID: <p@x>\r\n"
    "Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--r--\r\n"
    "--m\r\nContent-Type: application/pdf; name*0*=utf-8''%C3%BC;\r\n"
    " name*1=.pdf\r\nContent-Disposition: attachment;"
    " filename=\"=?utf-8?B?w7wucGRm?=\"\r\n\r\nx\r\n"
    "--m\r\nContent-Type: message/rfc822\r\n\r\nFrom: c@d.example\r\n"
    "Subject: in\r\n\r\nbegin 644 a.txt\r\n%:&5L;&\\\r\n`\r\nend\r\n--m--\r\n";

static const char signed_mail[] =
    HEAD "Content-Type: multipart/signed; micalg=sha-256; boundary=s;\r\n"
         " protocol=\"application/pkcs7-signature\"\r\n\r\n--s\r\n"
         "Content-Type: text/plain\r\n\r\nsigned\r\n--s\r\n"
         "Content-Type: application/pkcs7-signature; name=smime.p7s\r\n"
         "Content-Transfer-Encoding: base64\r\n\r\nMAA=\r\n--s--\r\n";

static const char bounce[] =
    HEAD "Content-Type: multipart/report; report-type=delivery-status;\r\n"
         " boundary=d\r\n\r\n--d\r\n\r\nno such user\r\n--d\r\n"
         "Content-Type: message/delivery-status\r\n\r\n"
         "Reporting-MTA: dns; mx.south.example\r\n\r\n"
         "Final-Recipient: rfc822; bob@south.example\r\nAction: failed\r\n"
         "Status: 5.1.1\r\n\r\n--d\r\nContent-Type: text/rfc822-headers\r\n\r\n"
         "Subject: x\r\n--d--\r\n";

static const char receipt[] = HEAD
    "Content-Type: multipart/report; boundary=d;\r\n"
    " report-type=disposition-notification\r\n\r\n--d\r\n\r\nread\r\n--d\r\n"
    "Content-Type: message/disposition-notification\r\n\r\n"
    "Final-Recipient: rfc822;bob@south.example\r\n"
    "Original-Message-ID: <m1@north.example>\r\n"
    "Disposition: manual-action/MDN-sent-manually; displayed\r\n--d--\r\n";

static const char headers[] =
    "Received: from x by y; Sun, 22 Nov 2026 12:00:00 +0100 (CET)\r\n"
    "From: \"A, \\\"B\\\"\" <ab@north.example>, c@north.example (C)\r\n"
    "Sender: =?iso-8859-1?B?/A==?= =?utf-8?Q?=C3?= <s@north.example>\r\n"
    "To: team: bob@south.example, <eve@east.example>;, undisclosed:;\r\n"
    "Date: Sun Nov 22 13:58:53 GMT+01:00 2026\r\nImportance: High\r\n"
    "References: <a@b> <c@d>\r\n\t<e@f>\r\nThread-Index: AdABCDEFGHIJKLMNOPQ"
    "RSTUVWXYZAbcdefg=\r\nKeywords: red, green\r\nX-A: 1\r\nX-a: 2\r\n"
    "Content-Type: text/plain; format=flowed; charset=\"utf-7\"\r\n\r\n"
    "J+APw-ger \r\nflows\r\n";

static const char reply[] =
    "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\n"
    "UID:u1@north.example\r\nDTSTAMP:20261122T110000Z\r\n"
    "RECURRENCE-ID;TZID=W. Europe Standard Time:20261123T130000\r\n"
    "DTSTART;TZID=\"Europe/Berlin\":20261123T130000\r\nDURATION:PT1H\r\n"
    "ORGANIZER:mailto:alice@north.example\r\nATTENDEE;PARTSTAT=DECLINED;"
    "SENT-BY=\"mailto:eve@east.example\":MAILTO:bob@south.example\r\n"
    "COMMENT:no\\, sorry\\n\r\nREQUEST-STATUS:2.0;Success\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n";

static const char series[] =
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VTIMEZONE\r\nTZID:CET\r\n"
    "BEGIN:STANDARD\r\nDTSTART:16011028T030000\r\nTZOFFSETFROM:+0200\r\n"
    "TZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\n"
    "END:STANDARD\r\nBEGIN:DAYLIGHT\r\nDTSTART:16010325T020000\r\n"
    "TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\n"
    "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\nEND:DAYLIGHT\r\n"
    "END:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:s\r\n"
    "DTSTART;TZID=CET:20261123T090000\r\nDTEND;TZID=CET:20261123T100000\r\n"
    "RRULE:FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=-1;UNTIL=20281231T000000Z\r\n"
    "EXDATE;TZID=CET:20261229T090000,20270126T090000\r\nSUMMARY;LANGUAGE=de:"
    "Gr\xC3\xBC\r\n \xC3\x9F\r\nBEGIN:VALARM\r\nACTION:DISPLAY\r\n"
    "TRIGGER;RELATED=START:-PT15M\r\nEND:VALARM\r\n"
    "ATTACH;ENCODING=BASE64;VALUE=BINARY;FILENAME=a:aGVsbG8=\r\n"
    "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:s\r\n"
    "RECURRENCE-ID;TZID=CET:20270223T090000\r\n"
    "DTSTART;TZID=CET:20270223T110000\r\nSUMMARY:later\r\nEND:VEVENT\r\n"
    "END:VCALENDAR\r\n";

static const char todo[] =
    "BEGIN:VCALENDAR\nBEGIN:VTODO\nUID:t\nDUE;VALUE=DATE:20261123\n"
    "PERCENT-COMPLETE:50\nSTATUS:IN-PROCESS\nSUMMARY:x\nEND:VTODO\n"
    "BEGIN:VFREEBUSY\nUID:f\nFREEBUSY;FBTYPE=BUSY:20261123T090000Z/PT1H\n"
    "END:VFREEBUSY\nEND:VCALENDAR\n";

static const char cards[] =
    "BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING="
    "QUOTED-PRINTABLE:=C3=BC;A=\r\n;;;\r\nTEL;HOME;VOICE:+49 1\r\n"
    "PHOTO;JPEG;ENCODING=BASE64:\r\n /9j/4AAQ\r\n\r\nEND:VCARD\r\n"
    "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:B\r\nBDAY:--0412\r\nEMAIL;PREF=1:b@c.d"
    "\r\nADR;LABEL=\"x\\ny\":;;S;T;;1;G\r\nKIND:group\r\n"
    "MEMBER:mailto:a@b.example\r\nitem1.X-ABLABEL:l\r\nEND:VCARD\r\n";

static const char box[] =
    "From a@b.example Sun Nov 22 12:00:00 2026\nX-Mozilla-Status: 0001\n"
    "Subject: one\n\n>From here\n\nFrom c@d.example Sun Nov 22 12:00:01 2026\n"
    "Content-Length: 5\nSubject: two\n\ntext\n\n";

typedef struct fixture {
    const char *name, *text;
} fixture;

static const fixture mails[] = {
    { "a.eml", request }, { "b.eml", files },   { "c.eml", signed_mail },
    { "d.eml", bounce },  { "e.eml", receipt }, { "f.eml", headers },
};
static const fixture calendars[] = { { "a.ics", reply },
                                     { "b.ics", series },
                                     { "c.ics", todo } };
static const fixture others[] = { { "a.vcf", cards }, { "a.mbox", box } };

static cv_status write_one(void *ctx, const cv_item *item, cv_object *obj,
                           cv_report *report, cv_error *err)
{
    rig *r = ctx;
    cv_sink sink = cv_buf_sink(&r->out);
    (void)item;
    if (!obj) {
        assert_true(cv_report_count(report) > 0);
        return CV_OK;
    }
    cv_buf_reset(&r->out);
    assert_int_equal(cv_write(obj, CV_FORM_EML, r->options, &sink, report, err),
                     CV_OK);
    assert_true(r->out.len > 50);
    cv_status st = cv_write(obj, CV_FORM_ICS, r->options, &sink, report, err);
    assert_true(st == CV_OK || st == CV_ERR_UNSUP);
    return CV_OK;
}

/* Reads and writes every message that can be had. */
static void go_through(rig *r, cv_slice in, const char *name)
{
    const cv_walker walker = { .each = write_one, .ctx = r };
    cv_report *report = NULL;
    assert_int_equal(cv_report_new(&report, NULL), CV_OK);
    clock_t start = clock();
    cv_status st =
        cv_walk(in, cv_slice_cstr(name), r->options, &walker, report, &r->err);
    assert_true(clock() - start < DAMAGE_SECONDS * CLOCKS_PER_SEC);
    if (st != CV_OK) {
        assert_true(st == CV_ERR_SYNTAX || st == CV_ERR_UNSUP);
        assert_true(cv_report_has(report, CV_RULE_NOT_A_MESSAGE));
    }
    cv_report_free(&report);
}

/* A copy of its exact size, so that sanitizers see a read beyond. */
static void go_through_prefix(rig *r, cv_slice whole, size_t len,
                              const char *name)
{
    uint8_t *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    memcpy(copy, whole.ptr, len);
    go_through(r, cv_slice_of(copy, len), name);
    free(copy);
}

static void damage(rig *r, cv_slice whole, const char *name)
{
    static const uint8_t flips[] = { 0x01, 0x80, 0xFF };
    uint8_t *bytes = malloc(whole.len);
    assert_non_null(bytes);
    memcpy(bytes, whole.ptr, whole.len);
    rig_set(r, "content-conversion.memory-bytes", DAMAGE_MEMORY);
    for (size_t i = 0; i < whole.len; i += i < WHOLE_BYTES ? 1 : STEP_BEYOND) {
        go_through_prefix(r, whole, i, name);
        for (size_t k = 0; k < CV_LEN(flips); k++) {
            bytes[i] ^= flips[k];
            go_through(r, cv_slice_of(bytes, whole.len), name);
            bytes[i] ^= flips[k];
        }
    }
    free(bytes);
}

static void damage_all(rig *r, const fixture *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        damage(r, cv_slice_cstr(list[i].text), list[i].name);
}

static void damaged_mail_converts(void **state)
{
    damage_all(*state, mails, CV_LEN(mails));
}

static void damaged_calendars_convert(void **state)
{
    damage_all(*state, calendars, CV_LEN(calendars));
}

static void damaged_cards_and_boxes_convert(void **state)
{
    damage_all(*state, others, CV_LEN(others));
}

/* The request of the rig with a file, in a form of ours. */
static void damage_form(rig *r, cv_form form, const char *name)
{
    cv_buf file;
    cv_buf_init(&file, 0);
    cv_sink sink = cv_buf_sink(&file);
    meeting_make(r, "IPM.Schedule.Meeting.Request");
    assert_int_equal(cv_add_file(r->obj, CV_S("a.bin"),
                                 "application/octet-stream", CV_S("abc"), NULL),
                     CV_OK);
    if (form == CV_FORM_COUNT)
        assert_int_equal(cv_object_pack(r->obj, &file, &r->err), CV_OK);
    else
        assert_int_equal(
            cv_write(r->obj, form, r->options, &sink, r->report, &r->err),
            CV_OK);
    damage(r, cv_buf_slice(&file), name);
    cv_buf_clear(&file);
}

/* Whole sectors repeat themselves: what is beyond 4 KB is met by steps. */
static void damaged_msg_files_convert(void **state)
{
    damage_form(*state, CV_FORM_MSG, "x.msg");
}

static void damaged_tnef_converts(void **state)
{
    damage_form(*state, CV_FORM_TNEF, "winmail.dat");
}

static void damaged_json_objects_convert(void **state)
{
    damage_form(*state, CV_FORM_JSON_FULL, "x.json");
}

static void damaged_packed_objects_convert(void **state)
{
    damage_form(*state, CV_FORM_COUNT, "x.cvob");
}

/* A TNEF part within mail. */
static void damaged_tnef_mail_converts(void **state)
{
    rig *r = *state;
    rig_set(r, "content-conversion.rich-format", "both");
    meeting_make(r, "IPM.Note");
    char *mail = strdup(rig_write(r));
    damage(r, cv_slice_cstr(mail), "x.eml");
    free(mail);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG(damaged_mail_converts),
        RIG(damaged_calendars_convert),
        RIG(damaged_cards_and_boxes_convert),
        RIG(damaged_msg_files_convert),
        RIG(damaged_tnef_converts),
        RIG(damaged_tnef_mail_converts),
        RIG(damaged_json_objects_convert),
        RIG(damaged_packed_objects_convert),
    };
    return cmocka_run_group_tests_name("convert_damage", tests, NULL, NULL);
}
