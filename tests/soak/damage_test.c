/* The quick and repeatable part of soak: six inputs made here, fifty damages
 * each, in this process. */
#include "soak_core.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DAMAGES 50

typedef struct output {
    uint8_t bytes[65536];
    size_t size;
} output;

static convoke_status collect(void *ctx, const void *bytes, size_t size)
{
    output *out = ctx;
    if (size > sizeof out->bytes - out->size)
        return CONVOKE_LIMIT;
    memcpy(out->bytes + out->size, bytes, size);
    out->size += size;
    return CONVOKE_OK;
}

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
    "END:VEVENT\r\nEND:VCALENDAR\r\n";

static const char mail[] =
    "Received: from a.example by b.example; Wed, 20 Aug 2008 12:00:01 +0000\r\n"
    "From: =?iso-8859-1?Q?J=FCrgen?= <alice@north.example>\r\n"
    "To: team: Bob <bob@south.example>, carol@south.example;\r\n"
    "Subject: =?utf-8?B?QnVkZ2V0IOKCrA==?=\r\n"
    "Date: Wed, 20 Aug 2008 12:00:00 +0000\r\nMIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"
    "Content-Type: text/html; charset=windows-1252\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    "<p>N=FCmbers &amp; more=\r\n</p>\r\n--x\r\n"
    "Content-Type: application/octet-stream; name*0*=utf-8''b%20; name*1=x\r\n"
    "Content-Transfer-Encoding: base64\r\n\r\nYWJjZGVm\r\n--x\r\n"
    "Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ntext\r\n"
    "--x--\r\n";

static void damage(const uint8_t *bytes, size_t size, const char *name)
{
    unsigned messages = 0;
    const char *wrong = soak_convert(bytes, size, name, &messages);
    assert_null(wrong);
    assert_true(messages >= 1);
    for (uint64_t seed = 1; seed <= DAMAGES; seed++) {
        uint8_t *damaged = malloc(size);
        assert_non_null(damaged);
        soak_change c = soak_damage(bytes, size, seed, damaged);
        uint8_t *exact = realloc(damaged, c.size ? c.size : 1);
        wrong = soak_convert(exact, c.size, name, &messages);
        if (wrong)
            fail_msg("%s, seed %u: %s", name, (unsigned)seed, wrong);
        free(exact);
    }
}

static void damaged_calendar_and_mail_keep_the_contract(void **state)
{
    (void)state;
    damage((const uint8_t *)series, sizeof series - 1, "series.ics");
    damage((const uint8_t *)mail, sizeof mail - 1, "mail.eml");
}

/* The series as every form that the library writes. */
static void damaged_output_of_ours_keeps_the_contract(void **state)
{
    static const char *const names[] = { "out.eml", "out.ics", "out.msg",
                                         "out.json", "out.tnef" };
    static output out;
    convoke_message *message = NULL;
    (void)state;
    assert_int_equal(convoke_read(series, sizeof series - 1, "series.ics", NULL,
                                  &message, NULL, NULL),
                     CONVOKE_OK);
    for (int form = CONVOKE_FORM_EML; form <= CONVOKE_FORM_TNEF; form++) {
        out.size = 0;
        assert_int_equal(convoke_write(message, (convoke_form)form, NULL,
                                       collect, &out, NULL, NULL),
                         CONVOKE_OK);
        damage(out.bytes, out.size, names[form]);
    }
    convoke_message_free(&message);
}

static void equal_seeds_damage_equally(void **state)
{
    uint8_t a[sizeof mail], b[sizeof mail];
    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        soak_change x =
            soak_damage((const uint8_t *)mail, sizeof mail, seed, a);
        soak_change y =
            soak_damage((const uint8_t *)mail, sizeof mail, seed, b);
        assert_int_equal(x.size, y.size);
        assert_memory_equal(a, b, x.size);
        assert_true(x.size < sizeof mail || x.bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damaged_calendar_and_mail_keep_the_contract),
        cmocka_unit_test(damaged_output_of_ours_keeps_the_contract),
        cmocka_unit_test(equal_seeds_damage_equally),
    };
    return cmocka_run_group_tests_name("damage", tests, NULL, NULL);
}
