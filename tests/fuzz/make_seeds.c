/* The seeds of tests/fuzz, made by our own writers: make_seeds FOLDER, where a
 * folder for each fuzzer exists. */
#include "base/wintime.h"
#include "convert/convert.h"
#include "mapi/json.h"
#include "mapi/pack.h"
#include "mapi/recurrence.h"
#include "msg/msg.h"
#include "tnef/tnef.h"

#include <limits.h>
#include <stdio.h>

static const char *root;
static bool failed;

static const char series[] =
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nMETHOD:REQUEST\r\n"
    "BEGIN:VTIMEZONE\r\nTZID:Home\r\nBEGIN:STANDARD\r\n"
    "DTSTART:16010101T030000\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\n"
    "TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\n"
    "BEGIN:DAYLIGHT\r\nDTSTART:16010101T020000\r\n"
    "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\n"
    "TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nEND:DAYLIGHT\r\n"
    "END:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20080820T120000Z\r\n"
    "DTSTART;TZID=Home:20080821T170000\r\nDURATION:PT1H\r\n"
    "RRULE:FREQ=WEEKLY;COUNT=10;BYDAY=TU,TH\r\n"
    "EXDATE;TZID=Home:20080828T170000\r\nSUMMARY:Budget\r\n"
    "ORGANIZER;CN=Alice:mailto:alice@north.example\r\n"
    "ATTENDEE;PARTSTAT=ACCEPTED;CN=\"Bob, B.\":mailto:bob@south.example\r\n"
    "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:1\r\n"
    "RECURRENCE-ID;TZID=Home:20080902T170000\r\n"
    "DTSTART;TZID=Home:20080902T180000\r\nSUMMARY:Later\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n";

static const char mail[] =
    "From: =?iso-8859-1?Q?J=FCrgen?= <alice@north.example>\r\n"
    "To: team: Bob <bob@south.example>, carol@south.example;\r\n"
    "Subject: =?utf-8?B?QnVkZ2V0IOKCrA==?=\r\nMIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"
    "Content-Type: text/html; charset=windows-1252\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    "<p>N=FCmbers=\r\n</p>\r\n--x\r\n"
    "Content-Type: application/octet-stream; name*0*=utf-8''b%20; name*1=x\r\n"
    "Content-Transfer-Encoding: base64\r\n\r\nYWJjZGVm\r\n--x\r\n"
    "Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ntext\r\n"
    "--x--\r\n";

static void save(const char *fuzzer, const char *name, cv_slice bytes)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/%s/%s", root, fuzzer, name);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes.ptr, 1, bytes.len, file) != bytes.len)
        failed = true;
    if (!file || fclose(file) != 0) {
        perror(path);
        failed = true;
    }
}

static void save_object(const cv_object *obj, const char *name)
{
    cv_buf out;
    cv_buf_init(&out, 0);
    cv_sink sink = cv_buf_sink(&out);
    if (cv_msg_write(obj, &sink, NULL, NULL) == CV_OK) {
        save("msg", name, cv_buf_slice(&out));
        save("cfb", name, cv_buf_slice(&out));
    }
    cv_buf_reset(&out);
    if (cv_tnef_write(obj, NULL, &sink, NULL, NULL) == CV_OK)
        save("tnef", name, cv_buf_slice(&out));
    cv_buf_reset(&out);
    if (cv_object_to_json(obj, CV_JSON_FULL, &sink, NULL) == CV_OK)
        save("json", name, cv_buf_slice(&out));
    cv_buf_reset(&out);
    if (cv_object_pack(obj, &out, NULL) == CV_OK)
        save("pack", name, cv_buf_slice(&out));
    cv_buf_clear(&out);
}

static void save_blob(const cv_object *obj, cv_tag tag, const char *fuzzer,
                      const char *name)
{
    cv_slice blob;
    if (cv_bag_binary(cv_object_props(obj), tag, &blob))
        save(fuzzer, name, blob);
    else
        failed = true;
}

static void save_zone(void)
{
    static const char *const names[] = { "Europe/Berlin",
                                         "Pacific Standard Time" };
    cv_arena *arena = NULL;
    cv_timezone tz;
    cv_buf out;
    cv_buf_init(&out, 0);
    for (size_t i = 0; i < CV_LEN(names); i++) {
        cv_slice name = cv_slice_cstr(names[i]);
        if (cv_arena_new(0, &arena, NULL) != CV_OK ||
            cv_timezone_by_name(arena, name, &tz, NULL) != CV_OK) {
            failed = true;
            break;
        }
        cv_buf_reset(&out);
        cv_tzdef_put(&out, &tz, 3);
        save("timezone", i ? "definition-2" : "definition", cv_buf_slice(&out));
        cv_buf_reset(&out);
        cv_tzreg_put(&out, &tz.rules[tz.effective]);
        save("timezone", i ? "rule-2" : "rule", cv_buf_slice(&out));
        save("timezone", i ? "name-2" : "name", name);
        cv_arena_free(&arena);
    }
    cv_arena_free(&arena);
    cv_buf_clear(&out);
}

static void save_text(cv_slice text, const char *name,
                      const cv_convert_options *options)
{
    cv_report *report = NULL;
    cv_object *obj = NULL;
    if (cv_report_new(&report, NULL) != CV_OK ||
        cv_read(text, CV_S(""), options, &obj, report, NULL) != CV_OK) {
        failed = true;
    } else {
        save_object(obj, name);
        if (cv_bag_has(cv_object_props(obj), CV_PidLidAppointmentRecur))
            save_blob(obj, CV_PidLidAppointmentRecur, "recurrence", name);
    }
    cv_object_free(&obj);
    cv_report_free(&report);
}

static const char rules[] =
    "BEGIN:VCALENDAR\r\n"
    "BEGIN:VEVENT\r\n"
    "UID:u\r\n"
    "DTSTART:20261124T090000Z\r\n"
    "RRULE:FREQ=MONTHLY;BYMONTHDAY=5,-2;BYSETPOS=1,-1;COUNT=9\r\n"
    "RRULE:FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO\r\n"
    "EXRULE:FREQ=HOURLY;INTERVAL=36\r\n"
    "RDATE:20270105T090000Z/PT1H,20270106T100000Z\r\n"
    "EXDATE:20261205T090000Z\r\n"
    "END:VEVENT\r\n"
    "END:VCALENDAR\r\n";

static const char range[] =
    "BEGIN:VCALENDAR\r\n"
    "BEGIN:VEVENT\r\n"
    "UID:u\r\n"
    "DTSTART:20261124T090000Z\r\n"
    "RRULE:FREQ=WEEKLY;COUNT=5\r\n"
    "END:VEVENT\r\n"
    "BEGIN:VEVENT\r\n"
    "UID:u\r\n"
    "RECURRENCE-ID;RANGE=THISANDFUTURE:20261208T090000Z\r\n"
    "DTSTART:20261209T140000Z\r\n"
    "END:VEVENT\r\n"
    "END:VCALENDAR\r\n";

static const char todo[] =
    "BEGIN:VCALENDAR\r\n"
    "BEGIN:VTODO\r\n"
    "UID:t\r\n"
    "DTSTART:20261201T083000Z\r\n"
    "DUE;VALUE=DATE:20261204\r\n"
    "STATUS:IN-PROCESS\r\n"
    "PERCENT-COMPLETE:40\r\n"
    "RRULE:FREQ=WEEKLY\r\n"
    "BEGIN:VALARM\r\n"
    "TRIGGER;VALUE=DATE-TIME:20261203T220000Z\r\n"
    "END:VALARM\r\n"
    "END:VTODO\r\n"
    "BEGIN:VJOURNAL\r\n"
    "UID:j\r\n"
    "DTSTART:20261124T090000Z\r\n"
    "END:VJOURNAL\r\n"
    "BEGIN:VFREEBUSY\r\n"
    "FREEBUSY;FBTYPE=BUSY-TENTATIVE:20261126T090000Z/PT1H\r\n"
    "END:VFREEBUSY\r\n"
    "END:VCALENDAR\r\n";

int main(int argc, char **argv)
{
    cv_test_env state = { INT64_C(1219233600) * CV_TICKS_PER_SEC, 1 };
    cv_env env = cv_env_test(&state);
    cv_convert_options *options = NULL;
    if (argc != 2 || cv_convert_options_new(&env, &options, NULL) != CV_OK)
        return 2;
    root = argv[1];
    save("ical", "series", cv_slice_of(series, sizeof series - 1));
    save("ical", "rules", cv_slice_of(rules, sizeof rules - 1));
    save("ical", "range", cv_slice_of(range, sizeof range - 1));
    save("ical", "todo", cv_slice_of(todo, sizeof todo - 1));
    save("mime", "mail", cv_slice_of(mail, sizeof mail - 1));
    save_text(cv_slice_of(series, sizeof series - 1), "series", options);
    save_text(cv_slice_of(mail, sizeof mail - 1), "mail", options);
    save_zone();
    cv_convert_options_free(&options);
    return failed ? 1 : 0;
}
