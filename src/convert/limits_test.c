/* Each named limit that an input can hit while it is converted: the message
 * is written all the same, a finding names the limit, and neither time nor
 * memory grow with what the input claims. */
#include "convert/test_util.h"

#include "convert/walk.h"
#include "convert/write.h"

#include "base/limits.h"
#include "base/sanitizer.h"

#include <stdio.h>
#include <time.h>

#define SLOWER (CV_HAS_ASAN ? 10 : 2) /* a busy machine */
#define BUDGET_SECONDS (1.0 * SLOWER)
#define BUDGET_BYTES "134217728" /* of memory, to write one message */

/* -- inputs -- */

/* first, then each `count` times ("%d" in it counts), then last. */
static void repeat(cv_buf *in, const char *first, const char *each, int count,
                   const char *last)
{
    const char *number = strchr(each, '#');
    cv_buf_put_str(in, first);
    for (int i = 0; i < count; i++) {
        if (number) {
            cv_buf_put(in, each, (size_t)(number - each));
            cv_buf_printf(in, "%d%s", i, number + 1);
        } else {
            cv_buf_put_str(in, each);
        }
    }
    cv_buf_put_str(in, last);
}

#define EVENT \
    "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:u\r\n" \
    "DTSTART:20261123T120000Z\r\n"
#define END_EVENT "END:VEVENT\r\nEND:VCALENDAR\r\n"
#define CARD "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\n"
#define END_CARD "END:VCARD\r\n"
#define FROM "From: a@b.example\r\n"

static void two_lists_of_people(cv_buf *in)
{
    int half = CV_LIMIT_RECIPIENTS / 2 + 10;
    repeat(in, FROM "To: ", "a#@b.example, ", half, "z@b.example\r\n");
    repeat(in, "Cc: ", "c#@b.example, ", half, "z@b.example\r\n\r\nx\r\n");
}

/* One field that is longer than it may be, its tail folded. */
static void long_field(cv_buf *in)
{
    repeat(in, FROM "Subject: ", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n ",
           CV_LIMIT_MIME_HEADER_BYTES / 40 + 2, "y\r\n\r\nx\r\n");
}

static void nested_messages(cv_buf *in)
{
    repeat(in, "", FROM "Content-Type: message/rfc822\r\n\r\n",
           CV_LIMIT_EMBED_DEPTH + 5, FROM "\r\nx\r\n");
}

static void deep_parts(cv_buf *in)
{
    cv_buf_put_str(in, FROM);
    for (int i = 0; i < CV_LIMIT_MIME_DEPTH + 20; i++)
        cv_buf_printf(in,
                      "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n"
                      "--b%d\r\n",
                      i, i);
    cv_buf_put_str(in, "Content-Type: text/plain\r\n\r\nx\r\n");
}

static void long_line(cv_buf *in)
{
    repeat(in, EVENT "X-LONG:", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n ",
           CV_LIMIT_LINE_BYTES / 32 + 1, "\r\n" END_EVENT);
}

static void deep_components(cv_buf *in)
{
    repeat(in, EVENT, "BEGIN:X-C#\r\n", CV_LIMIT_ICAL_DEPTH + 5, END_EVENT);
}

static void deep_json(cv_buf *in)
{
    repeat(in, "{\"format\":\"convoke-object/1\",\"x\":", "[",
           CV_LIMIT_JSON_DEPTH + 1, "");
    repeat(in, "", "]", CV_LIMIT_JSON_DEPTH + 1, "}");
}

typedef struct input {
    const char *limit, *file; /* file's name tells its kind */
    const char *first, *each;
    int count;
    const char *last;
    void (*make)(cv_buf *in); /* instead of the four above */
    bool minimal;             /* the limit stops the message */
} input;

static const input inputs[] = {
    { "CV_LIMIT_ADDRESSES", "a.eml", FROM "To: ", "a#@b.c,",
      CV_LIMIT_ADDRESSES + 10, "z@b.example\r\n\r\nx\r\n" },
    { "CV_LIMIT_MIME_GROUPS", "a.eml", FROM "To: ", "g#: a@b.example;, ",
      CV_LIMIT_MIME_GROUPS + 10, "z@b.example\r\n\r\nx\r\n" },
    { .limit = "CV_LIMIT_RECIPIENTS",
      .file = "a.eml",
      .make = two_lists_of_people },
    { "CV_LIMIT_MIME_HEADERS", "a.eml", FROM, "X-A: #\r\n",
      CV_LIMIT_MIME_HEADERS + 1, "\r\nx\r\n" },
    { "CV_LIMIT_MIME_UNKNOWN_FIELDS", "a.eml", FROM, "X-A#: 1\r\n",
      CV_LIMIT_MIME_UNKNOWN_FIELDS + 1, "\r\nx\r\n" },
    { .limit = "CV_LIMIT_MIME_HEADER_BYTES",
      .file = "a.eml",
      .make = long_field },
    { "CV_LIMIT_MIME_PARAMS", "a.eml", FROM "Content-Type: text/plain",
      "; p#=1", CV_LIMIT_MIME_PARAMS + 1, "\r\n\r\nx\r\n" },
    { "CV_LIMIT_MIME_PARTS", "a.eml",
      FROM "Content-Type: multipart/alternative; boundary=b\r\n\r\n",
      "--b\r\n\r\nx\r\n", CV_LIMIT_MIME_PARTS + 5, "--b--\r\n" },
    { "CV_LIMIT_ATTACHMENTS", "a.eml",
      FROM "Content-Type: multipart/mixed; boundary=b\r\n\r\n",
      "--b\r\nContent-Type: image/png\r\n\r\nx\r\n", CV_LIMIT_ATTACHMENTS + 5,
      "--b--\r\n" },
    { .limit = "CV_LIMIT_MIME_DEPTH", .file = "a.eml", .make = deep_parts },
    { .limit = "CV_LIMIT_EMBED_DEPTH",
      .file = "a.eml",
      .make = nested_messages },
    { "references-cut", "a.eml",
      FROM "References: ", "<0123456789#@b.example>\r\n ",
      CV_LIMIT_REFERENCES_BYTES / 20, "\r\n\r\nx\r\n" },
    { .limit = "CV_LIMIT_LINE_BYTES", .file = "a.ics", .make = long_line },
    { "CV_LIMIT_LINE_PARAMS", "a.ics", EVENT "SUMMARY", ";P#=1",
      CV_LIMIT_LINE_PARAMS + 1, ":x\r\n" END_EVENT },
    { "CV_LIMIT_ICAL_LINES", "a.ics", EVENT, "X:1\r\n", CV_LIMIT_ICAL_LINES,
      END_EVENT },
    { .limit = "CV_LIMIT_ICAL_DEPTH",
      .file = "a.ics",
      .make = deep_components },
    { "CV_LIMIT_ICAL_EVENTS", "a.ics", "BEGIN:VCALENDAR\r\n",
      "BEGIN:VEVENT\r\nUID:#\r\nDTSTART:20261123T120000Z\r\nEND:VEVENT\r\n",
      CV_LIMIT_ICAL_EVENTS + 1, "END:VCALENDAR\r\n" },
    { "CV_LIMIT_ICAL_KEPT_BYTES", "a.ics", EVENT,
      "X-KEPT-#:xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n",
      CV_LIMIT_ICAL_KEPT_BYTES / 50, END_EVENT },
    { "CV_LIMIT_RECIPIENTS", "a.ics", EVENT, "ATTENDEE:mailto:a#@b.example\r\n",
      CV_LIMIT_RECIPIENTS + 5, END_EVENT },
    { "CV_LIMIT_RECUR_DATES", "a.ics",
      EVENT "RRULE:FREQ=DAILY\r\nEXDATE:20261124T120000Z", ",20261125T120000Z",
      CV_LIMIT_RECUR_DATES + 3, "\r\n" END_EVENT },
    { "CV_LIMIT_RRULE_INSTANCES", "a.ics",
      EVENT "RRULE:FREQ=DAILY;BYMONTH=1,2,3,11,12;COUNT=5000\r\n", "", 0,
      END_EVENT },
    { "CV_LIMIT_VCARD_LINES", "a.vcf", CARD, "X-A:1\r\n",
      CV_LIMIT_VCARD_LINES + 1, END_CARD },
    { "CV_LIMIT_VCARD_KEPT_BYTES", "a.vcf", CARD,
      "X-KEPT-#:xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n",
      CV_LIMIT_VCARD_KEPT_BYTES / 50, END_CARD },
    { .limit = "CV_LIMIT_JSON_DEPTH",
      .file = "a.json",
      .make = deep_json,
      .minimal = true },
    { "CV_LIMIT_JSON_VALUES", "a.json",
      "{\"format\":\"convoke-object/1\",\"x\":[", "0,",
      CV_LIMIT_JSON_VALUES + 1, "0]}", .minimal = true },
    { "CV_LIMIT_MULTI_VALUES", "a.json",
      "{\"format\":\"convoke-object/1\",\"properties\":["
      "{\"tag\":\"0x70001003\",\"value\":[",
      "0,", CV_LIMIT_MULTI_VALUES, "0]}]}", .minimal = true },
};

/* -- what comes of them -- */

typedef struct seen {
    rig *r;
    const char *limit;
    unsigned named, written;
    cv_ladder_step step;
} seen;

static bool names(cv_slice text, const char *limit)
{
    return cv_slice_find(text, cv_slice_cstr(limit), 0) != CV_NPOS;
}

static void look_at(seen *s, const cv_report *report)
{
    for (size_t i = 0; i < cv_report_count(report); i++) {
        const cv_finding *f = cv_report_get(report, i);
        s->named += names(f->found, s->limit) || names(f->done, s->limit) ||
                    strcmp(cv_rule_get(f->rule)->id, s->limit) == 0;
    }
}

static cv_status write_one(void *ctx, const cv_item *item, cv_object *obj,
                           cv_report *report, cv_error *err)
{
    seen *s = ctx;
    (void)item;
    if (!obj) {
        look_at(s, report);
        return CV_OK;
    }
    cv_buf_reset(&s->r->out);
    cv_sink sink = cv_buf_sink(&s->r->out);
    assert_int_equal(
        cv_write(obj, CV_FORM_EML, s->r->options, &sink, report, err), CV_OK);
    assert_true(s->r->out.len > 50);
    s->written++;
    if (cv_report_step(report) > s->step)
        s->step = cv_report_step(report);
    look_at(s, report);
    return CV_OK;
}

/* False, and says so, when the input does not end as it should. */
static bool convert(rig *r, const input *in)
{
    seen s = { .r = r, .limit = in->limit };
    const cv_walker walker = { .each = write_one, .ctx = &s };
    cv_buf bytes;
    cv_buf_init(&bytes, 0);
    if (in->make)
        in->make(&bytes);
    else
        repeat(&bytes, in->first, in->each, in->count, in->last);
    rig_new_report(r);
    clock_t start = clock();
    cv_status st = cv_walk(cv_buf_slice(&bytes), cv_slice_cstr(in->file),
                           r->options, &walker, r->report, &r->err);
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    look_at(&s, r->report);
    bool good = st == CV_OK && s.written && s.named &&
                (s.step == CV_LADDER_MINIMAL) == in->minimal &&
                seconds <= BUDGET_SECONDS;
    if (!good)
        print_error("%s in %s: %s %s, %u written, named %u times, step %d, "
                    "%g s\n",
                    in->limit, in->file, cv_status_name(st), r->err.what,
                    s.written, s.named, (int)s.step, seconds);
    cv_buf_clear(&bytes);
    return good;
}

static void each_limit_leaves_a_message_and_is_named(void **state)
{
    rig *r = *state;
    rig_set(r, "content-conversion.memory-bytes", BUDGET_BYTES);
    size_t good = 0;
    for (size_t i = 0; i < CV_LEN(inputs); i++)
        good += convert(r, &inputs[i]);
    assert_int_equal(good, CV_LEN(inputs));
}

/* Two hundred thousand people are looked over, not read. */
static bool want_none(void *ctx, const cv_item *item)
{
    (void)item;
    ++*(unsigned *)ctx;
    return false;
}

static cv_status read_none(void *ctx, const cv_item *item, cv_object *obj,
                           cv_report *report, cv_error *err)
{
    (void)ctx;
    (void)item;
    (void)obj;
    (void)report;
    (void)err;
    fail();
    return CV_OK;
}

static void cards_beyond_the_limit_are_left_out(void **state)
{
    rig *r = *state;
    unsigned asked = 0;
    const cv_walker walker = { .want = want_none,
                               .each = read_none,
                               .ctx = &asked };
    cv_buf bytes;
    cv_buf_init(&bytes, 0);
    repeat(&bytes, "", CARD END_CARD, CV_LIMIT_VCARD_CARDS + 1, "");
    clock_t start = clock();
    assert_int_equal(cv_walk(cv_buf_slice(&bytes), CV_S("a.vcf"), r->options,
                             &walker, r->report, &r->err),
                     CV_OK);
    assert_true((double)(clock() - start) / CLOCKS_PER_SEC < BUDGET_SECONDS);
    assert_int_equal(asked, CV_LIMIT_VCARD_CARDS);
    assert_text(cv_report_get(r->report, 0)->found, "CV_LIMIT_VCARD_CARDS");
    cv_buf_clear(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG(each_limit_leaves_a_message_and_is_named),
        RIG(cards_beyond_the_limit_are_left_out),
    };
    return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
