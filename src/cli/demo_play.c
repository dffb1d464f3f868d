/* demo_play.c - the scenes and what must be observed in each.
 *
 * A scene is: invite, accept, the tracking row, and then an update or a
 * cancellation under one of three settings (table at the end).
 */
#include "cli/demo.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define POLL_MS 50
#define PATIENCE_MS 15000

typedef struct play {
    demo_org *north, *south;
    cv_json_writer *json; /* NULL: print a time line */
    cv_arena *arena;      /* of the current scene; owned */
    cv_error *err;
    struct timespec began;
    unsigned failed;
    char scene[64];
    char subject[64]; /* of the scene's meeting */
} play;

typedef bool (*condition)(play *p);

/* -- telling -- */

static double seconds(const play *p)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - p->began.tv_sec) +
           (double)(now.tv_nsec - p->began.tv_nsec) / 1e9;
}

static void tell(play *p, const char *who, bool is_expectation, bool ok,
                 const char *text)
{
    if (is_expectation && !ok)
        p->failed++;
    if (!p->json) {
        printf("%6.2fs  %-6s %s %s\n", seconds(p), who,
               !is_expectation ? " "
               : ok            ? "+"
                               : "FAILED:",
               text);
        fflush(stdout);
        return;
    }
    cv_json_begin_object(p->json, NULL);
    cv_json_put_int(p->json, "ms", (int64_t)(seconds(p) * 1000));
    cv_json_put_str(p->json, "scene", p->scene);
    cv_json_put_str(p->json, "where", who);
    cv_json_put_str(p->json, is_expectation ? "expected" : "did", text);
    if (is_expectation)
        cv_json_put_bool(p->json, "observed", ok);
    cv_json_end_object(p->json);
}

static void does(play *p, const char *who, const char *text)
{
    tell(p, who, false, true, text);
}

static bool expect(play *p, const char *who, bool ok, const char *text)
{
    tell(p, who, true, ok, text);
    return ok;
}

/* What an administrator would see on the screen. */
static void show(play *p, cv_slice text)
{
    if (!p->json) {
        printf("%17s| %.*s\n", "", CV_FMT(text));
        return;
    }
    cv_json_begin_object(p->json, NULL);
    cv_json_put_str(p->json, "scene", p->scene);
    cv_json_put_text(p->json, "shown", text);
    cv_json_end_object(p->json);
}

static bool wait_for(play *p, condition is_so)
{
    struct timespec step = { 0, POLL_MS * 1000 * 1000 };

    for (int ms = 0; ms < PATIENCE_MS; ms += POLL_MS) {
        if (is_so(p))
            return true;
        nanosleep(&step, NULL);
    }
    return false;
}

static bool expect_soon(play *p, const char *who, condition is_so,
                        const char *text)
{
    return expect(p, who, wait_for(p, is_so), text);
}

/* -- asking -- */

__attribute__((format(printf, 3, 4))) static const cv_json *
ask(play *p, demo_org *org, const char *fmt, ...)
{
    char text[1024];
    va_list args;
    const cv_json *result = NULL;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (demo_ask(org, p->arena, cv_slice_cstr(text), &result, p->err) != CV_OK)
        return NULL;
    return result;
}

static void set(play *p, demo_org *org, const char *name, const char *value)
{
    if (!ask(p, org,
             "{\"cmd\":\"config.set\",\"name\":\"%s\","
             "\"value\":\"%s\"}",
             name, value))
        expect(p, org->name, false, name);
}

static const cv_json *meeting_of(play *p, demo_org *org)
{
    return ask(p, org,
               "{\"cmd\":\"meeting.show\",\"account\":\"%s@%s\","
               "\"meeting\":\"%s\"}",
               org->user, org->domain, p->subject);
}

/* Bob's row in Alice's meeting. */
static const cv_json *tracking_row(play *p)
{
    const cv_json *m = meeting_of(p, p->north);
    const cv_json *list = cv_json_get(m, "attendees");

    for (size_t i = 0; list && i < list->count; i++) {
        if (cv_slice_starts(
                cv_json_text_or(&list->items[i], "address", CV_S("")),
                cv_slice_cstr(p->south->user)))
            return &list->items[i];
    }
    return NULL;
}

static bool text_is(const cv_json *node, const char *key, const char *want)
{
    return cv_slice_eq(cv_json_text_or(node, key, CV_S("")),
                       cv_slice_cstr(want));
}

/* -- conditions -- */

static bool bob_has_it(play *p)
{
    return meeting_of(p, p->south) != NULL;
}

static bool alice_sees_accepted(play *p)
{
    return text_is(tracking_row(p), "response", "accepted");
}

static bool row_has_1601(play *p)
{
    return text_is(tracking_row(p), "trackTimeStored", "1601-01-01T00:00:00Z");
}

static bool row_has_a_moment(play *p)
{
    return cv_json_bool_or(tracking_row(p), "trackTimeUsable", false);
}

static const cv_json *stuck_entry(play *p)
{
    const cv_json *list = ask(p, p->north, "{\"cmd\":\"queue.list\"}");

    for (size_t i = 0; list && i < list->count; i++) {
        const cv_json *e = &list->items[i];
        if (text_is(e, "failureClass", "legacy-tracking-time") &&
            text_is(e, "state", "retry"))
            return e;
    }
    return NULL;
}

static bool is_stuck(play *p)
{
    return stuck_entry(p) != NULL;
}

static bool queue_is_empty(play *p)
{
    const cv_json *list = ask(p, p->north, "{\"cmd\":\"queue.list\"}");

    return list && list->count == 0;
}

/* Text of the newest event 327, empty when there is none. */
static cv_slice event_327(play *p)
{
    const cv_json *list = ask(p, p->north, "{\"cmd\":\"events.list\"}");

    for (size_t i = list ? list->count : 0; i > 0; i--) {
        if (cv_json_int_or(&list->items[i - 1], "event", 0) == 327)
            return cv_json_text_or(&list->items[i - 1], "text", CV_S(""));
    }
    return CV_S("");
}

static bool event_327_is_written(play *p)
{
    return cv_slice_starts(event_327(p),
                           CV_S("The following call : EcGetMime to the store "
                                "failed. Error code : -2147467259. MDB : "));
}

static bool console_cannot_open(play *p)
{
    const cv_json *e = stuck_entry(p);
    const cv_json *r =
        e ? ask(p, p->north, "{\"cmd\":\"queue.open\",\"id\":%lld}",
                (long long)cv_json_int_or(e, "id", 0))
          : NULL;

    return text_is(r, "message", "Unable to open for delivery");
}

static bool is_ndr_447(play *p, const cv_json *message)
{
    const cv_json *r =
        ask(p, p->north, "{\"cmd\":\"mailbox.export\",\"message\":%lld}",
            (long long)cv_json_int_or(message, "id", 0));
    cv_slice mime =
        cv_base64_decode(p->arena, cv_json_text_or(r, "data", CV_S("")), NULL);

    return cv_slice_find(mime, cv_slice_cstr(p->subject), 0) != CV_NPOS &&
           cv_slice_find(mime, CV_S("Status: 4.4.7"), 0) != CV_NPOS &&
           cv_slice_find(mime,
                         CV_S("Could not deliver the message in the "
                              "time limit specified."),
                         0) != CV_NPOS;
}

/* The message of a class about this scene's meeting in Alice's Inbox. */
static const cv_json *alice_got(play *p, const char *message_class)
{
    const cv_json *folders =
        ask(p, p->north,
            "{\"cmd\":\"mailbox.list\",\"account\":\"%s@%s\","
            "\"folder\":\"Inbox\"}",
            p->north->user, p->north->domain);
    const cv_json *list = folders && folders->count
                              ? cv_json_get(&folders->items[0], "messages")
                              : NULL;

    for (size_t i = 0; list && i < list->count; i++) {
        const cv_json *m = &list->items[i];
        if (cv_slice_find(cv_json_text_or(m, "subject", CV_S("")),
                          cv_slice_cstr(p->subject), 0) != CV_NPOS &&
            cv_slice_starts(cv_json_text_or(m, "class", CV_S("")),
                            cv_slice_cstr(message_class)))
            return m;
    }
    return NULL;
}

/* The report on this scene's meeting in Alice's Inbox. */
static const cv_json *find_ndr(play *p)
{
    const cv_json *m = alice_got(p, "REPORT.");

    return m && is_ndr_447(p, m) ? m : NULL;
}

static bool alice_has_ndr(play *p)
{
    return find_ndr(p) != NULL;
}

static void show_stuck(play *p)
{
    const cv_json *e = stuck_entry(p);

    if (e)
        show(p, cv_arena_printf(
                    p->arena, "queue %lld: %.*s to %.*s, %lld tries, %.*s",
                    (long long)cv_json_int_or(e, "id", 0),
                    CV_FMT(cv_json_text_or(e, "subject", CV_S(""))),
                    CV_FMT(cv_json_text_or(e, "destination", CV_S(""))),
                    (long long)cv_json_int_or(e, "attempts", 0),
                    CV_FMT(cv_json_text_or(e, "lastError", CV_S("")))));
}

/* The report's text as Alice reads it: up to the end of its first part. */
static void show_ndr(play *p)
{
    const cv_json *m = find_ndr(p);
    const cv_json *r =
        m ? ask(p, p->north, "{\"cmd\":\"mailbox.export\",\"message\":%lld}",
                (long long)cv_json_int_or(m, "id", 0))
          : NULL;
    cv_slice rest =
        cv_base64_decode(p->arena, cv_json_text_or(r, "data", CV_S("")), NULL);
    size_t at = cv_slice_find(rest, CV_S("Your message did not reach"), 0);

    rest = at == CV_NPOS ? CV_S("") : cv_slice_sub(rest, at, rest.len);
    while (rest.ptr && !cv_slice_starts(rest, CV_S("--"))) {
        cv_slice line = cv_slice_cut(&rest, '\n');
        if (cv_slice_trim(line).len > 0)
            show(p, cv_slice_sub(line, 0, line.len - 1));
    }
}

static bool bob_has_update(play *p)
{
    return text_is(meeting_of(p, p->south), "location", "Room 2");
}

static bool bob_sees_canceled(play *p)
{
    char canceled[96];

    if (cv_json_bool_or(meeting_of(p, p->south), "canceled", false))
        return true;
    snprintf(canceled, sizeof(canceled), "Canceled: %s", p->subject);
    return cv_json_bool_or(
        ask(p, p->south,
            "{\"cmd\":\"meeting.show\",\"account\":\"%s@%s\","
            "\"meeting\":\"%s\"}",
            p->south->user, p->south->domain, canceled),
        "canceled", false);
}

/* The reply as it was read: its time came from DTSTAMP alone. */
static bool reply_lacks_the_line(play *p)
{
    const cv_json *m = alice_got(p, "IPM.Schedule.Meeting.Resp.Pos");
    const cv_json *r =
        m ? ask(p, p->north, "{\"cmd\":\"mailbox.show\",\"message\":%lld}",
                (long long)cv_json_int_or(m, "id", 0))
          : NULL;
    const cv_json *list = cv_json_get(r, "properties");

    for (size_t i = 0; list && i < list->count; i++) {
        if (text_is(&list->items[i], "string",
                    "urn:convoke:critical-change-source"))
            return text_is(&list->items[i], "value", "DTSTAMP");
    }
    return false;
}

/* -- acts -- */

static void invite_and_accept(play *p, bool legacy)
{
    does(p, "north", "Alice invites Bob");
    expect(p, "north",
           ask(p, p->north,
               "{\"cmd\":\"meeting.create\",\"account\":\"alice@%s\","
               "\"subject\":\"%s\",\"location\":\"Room 1\","
               "\"start\":\"2030-01-07T09:00:00Z\","
               "\"end\":\"2030-01-07T10:00:00Z\","
               "\"attendees\":[{\"address\":\"bob@%s\",\"name\":\"Bob\"}]}",
               p->north->domain, p->subject, p->south->domain) != NULL,
           "the request is queued");
    expect_soon(p, "south", bob_has_it,
                "the request arrives; a tentative item is in Bob's calendar");
    does(p, "south", "Bob accepts");
    expect(p, "south",
           ask(p, p->south,
               "{\"cmd\":\"meeting.answer\",\"account\":\"bob@%s\","
               "\"meeting\":\"%s\",\"response\":\"accept\"}",
               p->south->domain, p->subject) != NULL,
           "the acceptance is queued");
    expect_soon(p, "north", alice_sees_accepted,
                "Bob's row says accepted in Alice's meeting");
    expect(p, "north", reply_lacks_the_line(p),
           "his reply has no X-MICROSOFT-CDO-ATTENDEE-CRITICAL-CHANGE");
    if (legacy)
        expect(p, "north", row_has_1601(p),
               "its PR_RECIPIENT_TRACKSTATUS_TIME is 1601-01-01 00:00:00");
    else
        expect(p, "north", row_has_a_moment(p),
               "its PR_RECIPIENT_TRACKSTATUS_TIME is the time of the answer");
}

static void change(play *p, bool cancel)
{
    const cv_json *r;

    does(p, "north",
         cancel ? "Alice cancels the meeting"
                : "Alice moves the meeting to Room 2");
    if (cancel)
        r = ask(p, p->north,
                "{\"cmd\":\"meeting.cancel\",\"account\":\"alice@%s\","
                "\"meeting\":\"%s\"}",
                p->north->domain, p->subject);
    else
        r = ask(p, p->north,
                "{\"cmd\":\"meeting.update\",\"account\":\"alice@%s\","
                "\"meeting\":\"%s\",\"location\":\"Room 2\"}",
                p->north->domain, p->subject);
    expect(p, "north", r != NULL, "the message is queued");
}

static void see_it_stuck(play *p)
{
    expect_soon(p, "north", is_stuck,
                "it sits in the retry queue: legacy-tracking-time");
    show_stuck(p);
    expect_soon(p, "north", event_327_is_written,
                "event 327: EcGetMime failed, error -2147467259");
    show(p, event_327(p));
    expect(p, "north", console_cannot_open(p),
           "the queue console: Unable to open for delivery");
}

static void see_it_arrive(play *p, bool cancel)
{
    if (cancel)
        expect_soon(p, "south", bob_sees_canceled,
                    "Bob's calendar shows the meeting as canceled");
    else
        expect_soon(p, "south", bob_has_update, "Bob's calendar shows Room 2");
    expect_soon(p, "north", queue_is_empty, "the queue is empty");
}

static void see_it_expire(play *p, bool cancel)
{
    expect_soon(p, "north", alice_has_ndr,
                "the time limit passes; Alice gets an NDR with 4.4.7");
    show_ndr(p);
    expect_soon(p, "north", queue_is_empty, "the queue is empty");
    expect(p, "south", cancel ? !bob_sees_canceled(p) : !bob_has_update(p),
           "Bob's calendar still shows the old meeting");
}

static void fix_it(play *p)
{
    does(p, "north", "convoke config fixit 50338");
    const cv_json *r =
        ask(p, p->north, "{\"cmd\":\"config.fixit\",\"which\":\"50338\"}");
    expect(p, "north", cv_json_int_or(r, "woken", 0) == 1,
           "one queue entry wakes, without a restart");
}

/* -- scenes -- */

typedef struct scene {
    const char *title;
    bool legacy; /* legacy tracking on and the fix off */
    bool fix;    /* Fix it while the message is stuck */
    bool cancel; /* cancellation instead of update */
} scene;

static const scene scenes[] = {
    { "a. update, legacy tracking, fix off", true, false, false },
    { "a. cancellation, legacy tracking, fix off", true, false, true },
    { "b. update, Fix it while it is stuck", true, true, false },
    { "b. cancellation, Fix it while it is stuck", true, true, true },
    { "c. update, defaults", false, false, false },
    { "c. cancellation, defaults", false, false, true },
};

static void play_scene(play *p, const scene *s, unsigned number)
{
    snprintf(p->scene, sizeof(p->scene), "%s", s->title);
    snprintf(p->subject, sizeof(p->subject), "Budget meeting %u", number);
    if (!p->json)
        printf("\n%s\n", s->title);
    set(p, p->north, "meeting.legacy-tracking-time",
        s->legacy ? "true" : "false");
    set(p, p->north, "content-conversion.fix-recipient-track-status-time",
        s->legacy ? "false" : "true");
    invite_and_accept(p, s->legacy);
    change(p, s->cancel);
    if (s->legacy)
        see_it_stuck(p);
    if (s->fix)
        fix_it(p);
    if (s->legacy && !s->fix) {
        see_it_expire(p, s->cancel);
        return;
    }
    see_it_arrive(p, s->cancel);
    expect(p, "north", !alice_has_ndr(p), "no NDR");
}

static void set_up(play *p)
{
    char route[64];

    snprintf(route, sizeof(route), "%s=127.0.0.1:%u", p->south->domain,
             p->south->smtp_port);
    set(p, p->north, "routing.routes", route);
    snprintf(route, sizeof(route), "%s=127.0.0.1:%u", p->north->domain,
             p->north->smtp_port);
    set(p, p->south, "routing.routes", route);
    if (!ask(p, p->north,
             "{\"cmd\":\"events.level\",\"category\":\"MSExchangeTransport/"
             "Exchange Store Driver\",\"level\":\"maximum\"}"))
        expect(p, "north", false, "diagnostics level maximum");
}

cv_status demo_play(demo_org *north, demo_org *south, cv_json_writer *json,
                    unsigned *failed, cv_error *err)
{
    play p = { .north = north, .south = south, .json = json, .err = err };

    clock_gettime(CLOCK_MONOTONIC, &p.began);
    for (size_t i = 0; i < CV_LEN(scenes); i++) {
        CV_TRY(cv_arena_new(0, &p.arena, err));
        if (i == 0)
            set_up(&p);
        play_scene(&p, &scenes[i], (unsigned)i + 1);
        cv_arena_free(&p.arena);
    }
    if (!json)
        printf("\n%s\n", p.failed ? "Not everything was as expected."
                                  : "Everything was as expected.");
    *failed = p.failed;
    return CV_OK;
}
