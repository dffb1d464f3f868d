/* convert_bench.c - how fast a meeting request converts, and in how much
 * memory.
 *
 * convert_bench make FOLDER        writes request.eml and request.msg,
 * crowd.eml (1,000 attendees), file.eml and file.msg (10 MB attached)
 * convert_bench to-mime FILE MS    .msg -> MIME as often as MS allows
 * convert_bench to-object FILE MS  MIME -> object, attachments decoded
 * convert_bench back FILE MS       MIME -> object -> MIME
 * convert_bench ics FILE MS        iCalendar -> object
 * convert_bench read FILE MS       .msg -> object, the same
 *
 * All but the first print "messages cpu_seconds peak_kilobytes". One conversion
 * is all of it: reading the bytes, the object, the output into memory, freeing.
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

enum { ATTENDEES = 20, CROWD = 1000, PARAGRAPHS = 60, FILE_BYTES = 10 << 20 };

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

static void put_calendar(cv_buf *out, int attendees)
{
    cv_buf_put_str(out, "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\n"
                        "PRODID:Microsoft Exchange Server 2010\r\n"
                        "VERSION:2.0\r\n");
    cv_buf_put_str(out, zone);
    cv_buf_put_str(out, "BEGIN:VEVENT\r\n"
                        "ORGANIZER;CN=Alice:MAILTO:alice@north.example\r\n");
    for (int i = 0; i < attendees; i++)
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

static void put_headers(cv_arena *arena, cv_mime_node *root, int attendees)
{
    const cv_mime_address alice = { .name = CV_S("Alice"),
                                    .address = CV_S("alice@north.example") };
    cv_mime_address *to = cv_arena_array(arena, (size_t)attendees, sizeof *to);
    if (!to)
        die("out of memory");
    for (int i = 0; i < attendees; i++)
        to[i] = (cv_mime_address){
            .name = cv_arena_printf(arena, "Person %d", i),
            .address = cv_arena_printf(arena, "person%d@south.example", i)
        };
    cv_mime_node_address_field(root, "From", &alice, 1);
    cv_mime_node_address_field(root, "To", to, (size_t)attendees);
    cv_mime_node_text_field(root, "Subject", CV_S("Budget"));
    cv_mime_node_field(root, "Date", CV_S("Wed, 20 Aug 2008 18:44:00 +0000"));
    cv_mime_node_field(root, "Message-ID", CV_S("<1@north.example>"));
    cv_mime_node_field(root, "Content-class",
                       CV_S("urn:content-classes:calendarmessage"));
}

static void make_mail(cv_arena *arena, int attendees, cv_buf *out)
{
    cv_error err;
    cv_buf text;
    cv_buf_init(&text, 0);
    cv_mime_node *root = cv_mime_node_new(arena, "multipart", "alternative");
    put_headers(arena, root, attendees);
    for (int i = 0; i < PARAGRAPHS; i++)
        cv_buf_printf(&text, "%s\r\n", paragraph);
    cv_mime_node_add(root, text_node(arena, "plain", &text));
    cv_buf_put_str(&text, "<html><body>");
    for (int i = 0; i < PARAGRAPHS; i++)
        cv_buf_printf(&text, "<p>%s</p>\r\n", paragraph);
    cv_buf_put_str(&text, "</body></html>");
    cv_mime_node_add(root, text_node(arena, "html", &text));
    put_calendar(&text, attendees);
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

/* The mail as it is, and as the .msg file of its object. */
static void save_both(const char *folder, const char *mail_name,
                      const char *msg_name, const cv_buf *mail,
                      const cv_convert_options *options)
{
    cv_error err;
    cv_object *obj;
    cv_buf msg;
    cv_buf_init(&msg, 0);
    save(folder, mail_name, mail);
    check(cv_from_mime(cv_buf_slice(mail), options, &obj, NULL, &err), &err);
    cv_sink sink = cv_buf_sink(&msg);
    check(cv_msg_write(obj, &sink, NULL, &err), &err);
    save(folder, msg_name, &msg);
    cv_object_free(&obj);
    cv_buf_clear(&msg);
}

/* A mail with a file of bytes that no compression would find a pattern in. */
static void make_file_mail(cv_arena *arena, cv_buf *out)
{
    cv_error err;
    uint32_t seed = 1;
    uint8_t *bytes = cv_arena_alloc(arena, FILE_BYTES);
    if (!bytes)
        die("out of memory");
    for (size_t i = 0; i < FILE_BYTES; i++) {
        seed = seed * 1664525 + 1013904223;
        bytes[i] = (uint8_t)(seed >> 24);
    }
    cv_blob data = cv_blob_mem(cv_slice_of(bytes, FILE_BYTES));
    cv_mime_node *root = cv_mime_node_new(arena, "multipart", "mixed");
    cv_mime_node *text = cv_mime_node_new(arena, "text", "plain");
    cv_mime_node *file = cv_mime_node_new(arena, "application", "octet-stream");
    put_headers(arena, root, 1);
    cv_mime_node_set_text(text, CV_S("See the file.\r\n"));
    cv_mime_node_param(file, "name", CV_S("file.bin"));
    cv_mime_node_disposition(file, "attachment");
    cv_mime_node_set_blob(file, &data);
    cv_mime_node_add(root, text);
    cv_mime_node_add(root, file);
    cv_sink sink = cv_buf_sink(out);
    check(cv_mime_write(root, CV_S("2"), 0, &sink, NULL, &err), &err);
}

static void make(const char *folder, const cv_convert_options *options)
{
    cv_error err;
    cv_arena *arena;
    cv_buf mail;
    cv_buf_init(&mail, 0);
    check(cv_arena_new(0, &arena, &err), &err);
    make_mail(arena, ATTENDEES, &mail);
    save_both(folder, "request.eml", "request.msg", &mail, options);
    cv_buf_reset(&mail);
    make_mail(arena, CROWD, &mail);
    save_both(folder, "crowd.eml", "crowd.msg", &mail, options);
    cv_buf_reset(&mail);
    make_file_mail(arena, &mail);
    save_both(folder, "file.eml", "file.msg", &mail, options);
    cv_arena_free(&arena);
    cv_buf_clear(&mail);
}

/* -- measuring -- */

static cv_slice load(const char *path)
{
    enum { MOST = 1 << 26 };
    uint8_t *bytes = malloc(MOST);
    FILE *f = fopen(path, "rb");
    if (!bytes || !f)
        die("cannot read the request");
    size_t len = fread(bytes, 1, MOST, f);
    fclose(f);
    return cv_slice_of(bytes, len);
}

/* What conversions write into: its memory is used again, as a file's would. */
static cv_buf written;

static void to_mime(cv_slice in, const cv_convert_options *options)
{
    cv_error err;
    cv_object *obj;
    cv_report *report;
    cv_buf_reset(&written);
    cv_sink sink = cv_buf_sink(&written);
    check(cv_report_new(&report, &err), &err);
    check(cv_msg_read(in, &obj, report, &err), &err);
    check(cv_to_mime(obj, options, &sink, report, &err), &err);
    cv_object_free(&obj);
    cv_report_free(&report);
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

static cv_status drop(void *ctx, const void *bytes, size_t len, cv_error *err)
{
    (void)ctx;
    (void)bytes;
    (void)len;
    (void)err;
    return CV_OK;
}

/* Whoever keeps an object reads its files. */
static void read_files(const cv_object *obj)
{
    cv_error err;
    const cv_sink sink = { drop, NULL };
    for (size_t i = 0; i < cv_object_attachment_count(obj); i++) {
        const cv_attachment *a = cv_object_attachment(obj, i);
        if (a->has_data)
            check(cv_blob_pump(&a->data, &sink, &err), &err);
    }
}

static void to_object(cv_slice in, const cv_convert_options *options)
{
    cv_error err;
    cv_object *obj;
    cv_report *report;
    check(cv_report_new(&report, &err), &err);
    check(cv_read(in, CV_S(""), options, &obj, report, &err), &err);
    read_files(obj);
    cv_object_free(&obj);
    cv_report_free(&report);
}

static void back(cv_slice in, const cv_convert_options *options)
{
    cv_error err;
    cv_object *obj;
    cv_report *report;
    cv_buf_reset(&written);
    cv_sink sink = cv_buf_sink(&written);
    check(cv_report_new(&report, &err), &err);
    check(cv_read(in, CV_S(""), options, &obj, report, &err), &err);
    check(cv_to_mime(obj, options, &sink, report, &err), &err);
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

static const struct {
    const char *name;
    void (*convert)(cv_slice, const cv_convert_options *);
} modes[] = { { "to-mime", to_mime },
              { "to-object", to_object },
              { "ics", to_object },
              { "back", back },
              { "read", read_msg } };

int main(int argc, char **argv)
{
    cv_error err;
    cv_env env = cv_env_system();
    cv_convert_options *options;
    bool done = false;
    (void)mallopt(M_TRIM_THRESHOLD, 4 << 20); /* as cli/main.c does */
    (void)mallopt(M_MMAP_THRESHOLD, 1 << 20);
    check(cv_convert_options_new(&env, &options, &err), &err);
    cv_convert_set_domain(options, CV_S("north.example"));
    cv_buf_init(&written, 0);
    if (argc == 3 && strcmp(argv[1], "make") == 0) {
        make(argv[2], options);
        done = true;
    }
    for (size_t i = 0; argc == 4 && i < CV_LEN(modes); i++) {
        if (strcmp(argv[1], modes[i].name) != 0)
            continue;
        measure(modes[i].convert, load(argv[2]), strtod(argv[3], NULL) / 1000,
                options);
        done = true;
    }
    if (!done)
        die("usage: make FOLDER | to-mime|to-object|ics|back|read FILE MS");
    cv_buf_clear(&written);
    cv_convert_options_free(&options);
    return 0;
}
