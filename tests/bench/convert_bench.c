/* convert_bench.c - how fast a meeting request converts, and in how much
 * memory.
 *
 * convert_bench make FOLDER        writes request.eml and request.msg
 * convert_bench to-mime FILE MS    .msg -> MIME as often as MS allows
 * convert_bench to-object FILE MS  MIME -> object, the same
 * convert_bench read FILE MS       .msg -> object, the same
 *
 * The last three print "messages cpu_seconds peak_kilobytes". One conversion is
 * all of it: reading the bytes, the object, the output into memory, freeing.
 */
#include "convert/convert.h"
#include "mime/mime.h"
#include "msg/msg.h"

#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { ATTENDEES = 20, PARAGRAPHS = 60 };

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "convert_bench: %s\n", what);
    exit(1);
}

static void check(cv_status status, const cv_error *err)
{
    if (status != CV_OK)
        die(err->what);
}

/* -- the request: about 25 KB of mail, as a busy organizer sends it -- */

static const char zone[] =
    "BEGIN:VTIMEZONE\r\nTZID:W. Europe Standard Time\r\nBEGIN:STANDARD\r\n"
    "DTSTART:16010101T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\n"
    "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10\r\nEND:STANDARD\r\n"
    "BEGIN:DAYLIGHT\r\nDTSTART:16010101T020000\r\nTZOFFSETFROM:+0100\r\n"
    "TZOFFSETTO:+0200\r\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3\r\n"
    "END:DAYLIGHT\r\nEND:VTIMEZONE\r\n";

static const char paragraph[] =
    "The budget of the coming year is on the table: please read the figures "
    "of your own group before the meeting, and bring the questions along. ";

static void put_calendar(cv_buf *out)
{
    cv_buf_put_str(out, "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\n"
                        "PRODID:Microsoft Exchange Server 2010\r\n"
                        "VERSION:2.0\r\n");
    cv_buf_put_str(out, zone);
    cv_buf_put_str(out, "BEGIN:VEVENT\r\n"
                        "ORGANIZER;CN=Alice:MAILTO:alice@north.example\r\n");
    for (int i = 0; i < ATTENDEES; i++)
        cv_buf_printf(out,
                      "ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;"
                      "RSVP=TRUE;CN=Person %d:\r\n"
                      " MAILTO:person%d@south.example\r\n",
                      i, i);
    cv_buf_put_str(
        out,
        "DESCRIPTION;LANGUAGE=en-US:Budget\\n\r\nUID:040000008200E00074C5B7101A"
        "82E00800000000D0B5A3A8C0F6C80100000000000000\r\n "
        "0010000000D3C1F2A4B5968778695A4B3C2D1E0F10\r\n"
        "SUMMARY;LANGUAGE=en-US:Budget\r\n"
        "DTSTART;TZID=W. Europe Standard Time:20080821T190000\r\n"
        "DTEND;TZID=W. Europe Standard Time:20080821T200000\r\n"
        "CLASS:PUBLIC\r\nPRIORITY:5\r\nDTSTAMP:20080820T184400Z\r\n"
        "TRANSP:OPAQUE\r\nSTATUS:CONFIRMED\r\nSEQUENCE:0\r\n"
        "LOCATION;LANGUAGE=en-US:Room 7\r\n"
        "X-MICROSOFT-CDO-APPT-SEQUENCE:0\r\n"
        "X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE\r\n"
        "X-MICROSOFT-CDO-INTENDEDSTATUS:BUSY\r\n"
        "X-MICROSOFT-CDO-ALLDAYEVENT:FALSE\r\n"
        "X-MICROSOFT-CDO-IMPORTANCE:1\r\nX-MICROSOFT-CDO-INSTTYPE:0\r\n"
        "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:REMINDER\r\n"
        "TRIGGER;RELATED=START:-PT15M\r\nEND:VALARM\r\n"
        "END:VEVENT\r\nEND:VCALENDAR\r\n");
}

static cv_mime_node *text_node(cv_arena *arena, const char *subtype,
                               cv_buf *text)
{
    cv_mime_node *n = cv_mime_node_new(arena, "text", subtype);
    cv_slice copy = cv_buf_dup(text, arena);
    if (!copy.ptr)
        die("out of memory");
    cv_mime_node_set_text(n, copy);
    cv_buf_clear(text);
    cv_buf_init(text, 0);
    return n;
}

static void put_headers(cv_arena *arena, cv_mime_node *root)
{
    const cv_mime_address alice = { .name = CV_S("Alice"),
                                    .address = CV_S("alice@north.example") };
    cv_mime_address to[ATTENDEES];
    for (int i = 0; i < ATTENDEES; i++)
        to[i] = (cv_mime_address){
            .name = cv_arena_printf(arena, "Person %d", i),
            .address = cv_arena_printf(arena, "person%d@south.example", i)
        };
    cv_mime_node_address_field(root, "From", &alice, 1);
    cv_mime_node_address_field(root, "To", to, ATTENDEES);
    cv_mime_node_text_field(root, "Subject", CV_S("Budget"));
    cv_mime_node_field(root, "Date", CV_S("Wed, 20 Aug 2008 18:44:00 +0000"));
    cv_mime_node_field(root, "Message-ID", CV_S("<1@north.example>"));
    cv_mime_node_field(root, "Content-class",
                       CV_S("urn:content-classes:calendarmessage"));
}

static void make_mail(cv_arena *arena, cv_buf *out)
{
    cv_error err;
    cv_buf text;
    cv_buf_init(&text, 0);
    cv_mime_node *root = cv_mime_node_new(arena, "multipart", "alternative");
    put_headers(arena, root);
    for (int i = 0; i < PARAGRAPHS; i++)
        cv_buf_printf(&text, "%s\r\n", paragraph);
    cv_mime_node_add(root, text_node(arena, "plain", &text));
    cv_buf_put_str(&text, "<html><body>");
    for (int i = 0; i < PARAGRAPHS; i++)
        cv_buf_printf(&text, "<p>%s</p>\r\n", paragraph);
    cv_buf_put_str(&text, "</body></html>");
    cv_mime_node_add(root, text_node(arena, "html", &text));
    put_calendar(&text);
    cv_mime_node *calendar = text_node(arena, "calendar", &text);
    cv_mime_node_param(calendar, "method", CV_S("REQUEST"));
    cv_mime_node_add(root, calendar);
    cv_sink sink = cv_buf_sink(out);
    check(cv_mime_write(root, CV_S("1"), 0, &sink, NULL, &err), &err);
}

static void save(const char *folder, const char *name, const cv_buf *buf)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(buf->data, 1, buf->len, f) != buf->len || fclose(f) != 0)
        die("cannot write the request");
}

static void make(const char *folder, const cv_convert_options *options)
{
    cv_error err;
    cv_arena *arena;
    cv_object *obj;
    cv_buf mail, msg;
    cv_buf_init(&mail, 0);
    cv_buf_init(&msg, 0);
    check(cv_arena_new(0, &arena, &err), &err);
    make_mail(arena, &mail);
    save(folder, "request.eml", &mail);
    check(cv_from_mime(cv_buf_slice(&mail), options, &obj, NULL, &err), &err);
    cv_sink sink = cv_buf_sink(&msg);
    check(cv_msg_write(obj, &sink, NULL, &err), &err);
    save(folder, "request.msg", &msg);
    cv_object_free(&obj);
    cv_arena_free(&arena);
    cv_buf_clear(&mail);
    cv_buf_clear(&msg);
}

/* -- measuring -- */

static cv_slice load(const char *path)
{
    enum { MOST = 1 << 24 };
    uint8_t *bytes = malloc(MOST);
    FILE *f = fopen(path, "rb");
    if (!bytes || !f)
        die("cannot read the request");
    size_t len = fread(bytes, 1, MOST, f);
    fclose(f);
    return cv_slice_of(bytes, len);
}

static void to_mime(cv_slice in, const cv_convert_options *options)
{
    cv_error err;
    cv_object *obj;
    cv_report *report;
    cv_buf out;
    cv_buf_init(&out, 0);
    cv_sink sink = cv_buf_sink(&out);
    check(cv_report_new(&report, &err), &err);
    check(cv_msg_read(in, &obj, report, &err), &err);
    check(cv_to_mime(obj, options, &sink, report, &err), &err);
    cv_object_free(&obj);
    cv_report_free(&report);
    cv_buf_clear(&out);
}

static void read_msg(cv_slice in, const cv_convert_options *options)
{
    cv_error err;
    cv_object *obj;
    cv_report *report;
    (void)options;
    check(cv_report_new(&report, &err), &err);
    check(cv_msg_read(in, &obj, report, &err), &err);
    cv_object_free(&obj);
    cv_report_free(&report);
}

static void to_object(cv_slice in, const cv_convert_options *options)
{
    cv_error err;
    cv_object *obj;
    cv_report *report;
    check(cv_report_new(&report, &err), &err);
    check(cv_from_mime(in, options, &obj, report, &err), &err);
    cv_object_free(&obj);
    cv_report_free(&report);
}

/* Conversion never waits: its time is the processor's, whatever else runs. */
static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void measure(void (*convert)(cv_slice, const cv_convert_options *),
                    cv_slice in, double seconds,
                    const cv_convert_options *options)
{
    convert(in, options); /* what is set up once */
    unsigned count = 0;
    double start = now(), end = start + seconds, at;
    do {
        convert(in, options);
        count++;
        at = now();
    } while (at < end);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%u %.3f %ld\n", count, at - start, usage.ru_maxrss);
}

int main(int argc, char **argv)
{
    cv_error err;
    cv_env env = cv_env_system();
    cv_convert_options *options;
    (void)mallopt(M_TRIM_THRESHOLD, 4 << 20); /* as cli/main.c does */
    (void)mallopt(M_MMAP_THRESHOLD, 1 << 20);
    check(cv_convert_options_new(&env, &options, &err), &err);
    cv_convert_set_domain(options, CV_S("north.example"));
    if (argc == 3 && strcmp(argv[1], "make") == 0)
        make(argv[2], options);
    else if (argc == 4 && strcmp(argv[1], "to-mime") == 0)
        measure(to_mime, load(argv[2]), strtod(argv[3], NULL) / 1000, options);
    else if (argc == 4 && strcmp(argv[1], "to-object") == 0)
        measure(to_object, load(argv[2]), strtod(argv[3], NULL) / 1000,
                options);
    else if (argc == 4 && strcmp(argv[1], "read") == 0)
        measure(read_msg, load(argv[2]), strtod(argv[3], NULL) / 1000, options);
    else
        die("usage: make FOLDER | to-mime FILE MS | to-object FILE MS | "
            "read FILE MS");
    cv_convert_options_free(&options);
    return 0;
}
