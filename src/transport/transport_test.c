/* transport_test.c - queue, retries, expiry and reports with a still clock, a
 * converter that can refuse, and a peer that answers as it is told. */
#include "transport/transport.h"

#include "base/text.h"
#include "mapi/pack.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SEC CV_TICKS_PER_SEC
#define T0 (INT64_C(1219232640) * SEC) /* 2008-08-20T11:44:00Z */

static struct {
    char dir[64];
    cv_arena *arena;
    cv_test_env clock;
    cv_env env;
    store *store;
    transport *t;
    store_id alice;
    bool legacy;           /* the converter fails as in KB 938650 */
    bool set_meanwhile;    /* the fix is switched on while it fails */
    transport_result peer; /* what the other host answers */
    cv_status peer_status;
    size_t peer_calls, peer_rcpts;
    cv_slice peer_mime;
    uint32_t peer_notify; /* of the first recipient */
    size_t events;
    int32_t event_number;
    char event_text[512];
    size_t hooks;
} w;

/* -- what server/ would fill in -- */

static cv_status deliver(void *ctx, const transport_delivery *d,
                         cv_arena *arena, transport_result *results,
                         cv_error *err)
{
    (void)ctx;
    (void)arena;
    assert_true(cv_slice_eq(d->host, CV_S("mx.south.example")));
    assert_int_equal(d->port, 2525);
    w.peer_calls++;
    w.peer_rcpts = d->rcpt_count;
    w.peer_mime = cv_arena_dup(w.arena, d->mime);
    w.peer_notify = d->notify[0];
    for (size_t i = 0; i < d->rcpt_count; i++)
        results[i] = w.peer;
    if (w.peer_status != CV_OK)
        return cv_fail(err, w.peer_status, "connection refused");
    return CV_OK;
}

static cv_status to_mime(void *ctx, cv_slice packed, cv_slice domain,
                         cv_buf *mime, cv_report *report, cv_error *err)
{
    (void)ctx;
    (void)packed;
    (void)domain;
    (void)report;
    if (w.set_meanwhile) {
        uint64_t epoch;
        w.set_meanwhile = false;
        assert_int_equal(store_setting_set(w.store, CV_S(""),
                                           TRANSPORT_SETTING_FIX, CV_S("true"),
                                           &epoch, NULL),
                         CV_OK);
    }
    if (w.legacy)
        return cv_fail(err, CV_ERR_LEGACY, "recipient[1]: no moment");
    cv_buf_put_str(mime, "From: alice@north.example\r\n\r\nrendered\r\n");
    return cv_buf_status(mime, err);
}

static cv_status from_mime(void *ctx, cv_slice mime, int64_t received,
                           cv_object **obj, cv_report *report, cv_error *err)
{
    (void)ctx;
    (void)mime;
    (void)received;
    (void)report;
    CV_TRY(cv_object_new(0, obj, err));
    cv_bag_set_string(cv_object_props(*obj), CV_PidTagMessageClass,
                      CV_S("IPM.Note"));
    return CV_OK;
}

static void emit(void *ctx, const transport_event *e)
{
    (void)ctx;
    w.events++;
    w.event_number = e->number;
    snprintf(w.event_text, sizeof(w.event_text), "%.*s", CV_FMT(e->text));
}

static void give_settings(void *ctx, cv_arena *arena, transport_settings *out)
{
    (void)ctx;
    (void)arena;
    *out = (transport_settings){
        .retry = { 900 * SEC, 1800 * SEC, 3600 * SEC, 14400 * SEC },
        .expire = 172800 * SEC,
        .delay_warn = 43200 * SEC,
        .lease = 600 * SEC,
        .duplicate_days = 7 * 86400 * SEC,
        .max_hops = 30,
        .host_name = CV_S("mail.north.example"),
        .postmaster = CV_S("postmaster@north.example"),
    };
}

static bool is_local(void *ctx, cv_slice domain)
{
    (void)ctx;
    return cv_slice_ieq(domain, CV_S("north.example"));
}

static bool route(void *ctx, cv_slice domain, cv_arena *arena,
                  transport_route *out)
{
    (void)ctx;
    (void)arena;
    out->host = CV_S("mx.south.example");
    out->port = 2525;
    return cv_slice_eq(domain, CV_S("south.example"));
}

static cv_status hook(void *ctx, store_tx *tx, const store_account *account,
                      cv_object *obj, store_id message, int64_t received,
                      cv_error *err)
{
    (void)ctx;
    (void)tx;
    (void)account;
    (void)obj;
    (void)message;
    (void)received;
    (void)err;
    w.hooks++;
    return CV_OK;
}

static int set_up(void **state)
{
    store_account alice = { .address = CV_S("alice@north.example"),
                            .name = CV_S("Alice") };

    (void)state;
    memset(&w, 0, sizeof(w));
    snprintf(w.dir, sizeof(w.dir), "/tmp/convoke-test-XXXXXX");
    assert_non_null(mkdtemp(w.dir));
    assert_int_equal(cv_arena_new(0, &w.arena, NULL), CV_OK);
    w.clock.now = T0;
    w.env = cv_env_test(&w.clock);
    w.peer =
        (transport_result){ TRANSPORT_DELIVERED, CV_S("2.0.0"), CV_S("ok") };
    assert_int_equal(store_open(w.dir, &w.env, &w.store, NULL), CV_OK);
    assert_int_equal(store_account_add(w.store, &alice, &w.alice, NULL), CV_OK);
    transport_config config = { .store = w.store,
                                .env = &w.env,
                                .channel = { deliver, NULL },
                                .hook = { hook, NULL },
                                .converter = { to_mime, from_mime, NULL },
                                .events = { emit, NULL },
                                .settings = give_settings,
                                .is_local_domain = is_local,
                                .route = route };
    assert_int_equal(transport_new(&config, &w.t, NULL), CV_OK);
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int tear_down(void **state)
{
    (void)state;
    transport_free(&w.t);
    store_close(&w.store);
    cv_arena_free(&w.arena);
    nftw(w.dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return 0;
}

/* -- helpers -- */

static void submit(const char *const *to, size_t count, const cv_object *obj,
                   const char *mime)
{
    cv_slice rcpts[4];
    transport_submission m = { .from = CV_S("alice@north.example"),
                               .rcpts = rcpts,
                               .rcpt_count = count,
                               .obj = obj,
                               .mime = cv_slice_cstr(mime),
                               .account = w.alice,
                               .folder = 0x2A,
                               .message = 0x1F };

    for (size_t i = 0; i < count; i++)
        rcpts[i] = cv_slice_cstr(to[i]);
    assert_int_equal(transport_submit(w.t, &m, NULL), CV_OK);
}

#define MAIL \
    "From: alice@north.example\r\nMessage-ID: <1@north.example>\r\n" \
    "Date: Wed, 20 Aug 2008 11:44:00 +0000\r\nSubject: test message\r\n" \
    "\r\nhello\r\n"

static void submit_mail(const char *to)
{
    submit(&to, 1, NULL, MAIL);
}

static void submit_object(const char *to)
{
    cv_object *obj;

    assert_int_equal(cv_object_new(0, &obj, NULL), CV_OK);
    cv_bag_set_string(cv_object_props(obj), CV_PidTagSubject,
                      CV_S("test message"));
    submit(&to, 1, obj, "");
    cv_object_free(&obj);
}

/* Runs everything that is due; how many attempts that were. */
static unsigned run(void)
{
    unsigned n = 0;
    bool worked = true;

    while (worked && n < 20) {
        assert_int_equal(transport_run_one(w.t, &worked, NULL), CV_OK);
        n += worked;
    }
    return n;
}

static size_t queued(store_queue_entry **list)
{
    size_t count;

    assert_int_equal(store_queue_list(w.store, w.arena, list, &count, NULL),
                     CV_OK);
    return count;
}

static size_t inbox(store_message **list)
{
    store_folder f;
    size_t count;

    assert_int_equal(
        store_folder_find(w.store, w.alice, CV_S("Inbox"), w.arena, &f, NULL),
        CV_OK);
    assert_int_equal(
        store_message_list(w.store, f.id, w.arena, list, &count, NULL), CV_OK);
    return count;
}

static cv_slice only_mail(void)
{
    store_message *list;
    cv_slice mime;

    assert_int_equal(inbox(&list), 1);
    assert_int_equal(
        store_message_mime(w.store, list[0].id, w.arena, &mime, NULL), CV_OK);
    return mime;
}

static void assert_holds(cv_slice text, const char *part)
{
    if (cv_slice_find(text, cv_slice_cstr(part), 0) == CV_NPOS)
        fail_msg("\"%s\" is not in:\n%.*s", part, CV_FMT(text));
}

/* -- tests -- */

static void local_mail_is_in_the_mailbox_and_out_of_the_queue(void **state)
{
    store_queue_entry *q;

    (void)state;
    submit_mail("alice@north.example");
    assert_int_equal(queued(&q), 1);
    assert_int_equal(run(), 1);
    assert_int_equal(queued(&q), 0);
    assert_true(cv_slice_eq(only_mail(), CV_S(MAIL)));
    assert_int_equal(w.hooks, 1);
}

static void a_second_copy_is_dropped_within_the_window(void **state)
{
    store_message *list;

    (void)state;
    submit_mail("alice@north.example");
    run();
    submit_mail("alice@north.example");
    run();
    assert_int_equal(inbox(&list), 1);
    assert_int_equal(w.hooks, 1);
    w.clock.now += 8 * 86400 * SEC;
    submit_mail("alice@north.example");
    run();
    assert_int_equal(inbox(&list), 2);
}

static void recipients_are_grouped_by_destination(void **state)
{
    static const char *const to[] = { "alice@north.example", "b@south.example",
                                      "C@SOUTH.example", "b@south.example" };
    store_queue_entry *q;

    (void)state;
    submit(to, 4, NULL, MAIL);
    assert_int_equal(queued(&q), 2);
    run();
    assert_int_equal(w.peer_calls, 1);
    assert_int_equal(w.peer_rcpts, 2);
    assert_true(cv_slice_eq(w.peer_mime, CV_S(MAIL)));
    assert_int_equal(queued(&q), 0);
}

static void a_mail_without_id_and_date_gets_both(void **state)
{
    static const char *const to[] = { "b@south.example" };

    (void)state;
    submit(to, 1, NULL, "From: alice@north.example\r\n\r\nx\r\n");
    run();
    assert_holds(w.peer_mime, "Date: Wed, 20 Aug 2008 11:44:00 +0000\r\n");
    assert_holds(w.peer_mime, "@mail.north.example>\r\n");
    assert_true(cv_slice_starts(w.peer_mime, CV_S("Message-ID: <")));
}

static void an_unknown_mailbox_is_reported_with_5_1_1(void **state)
{
    cv_slice mime;

    (void)state;
    submit_mail("nobody@north.example");
    assert_int_equal(run(), 2);
    mime = only_mail();
    assert_holds(mime, "Auto-Submitted: auto-replied\r\n");
    assert_holds(mime, "report-type=");
    assert_holds(mime, "Final-Recipient: rfc822;nobody@north.example\r\n");
    assert_holds(mime, "Action: failed\r\nStatus: 5.1.1\r\n");
    assert_holds(mime, "<mail.north.example #5.1.1");
    assert_holds(mime, "Subject: Undeliverable: test message\r\n");
}

static void a_domain_without_route_is_reported_with_5_4_4(void **state)
{
    (void)state;
    submit_mail("x@west.example");
    run();
    assert_holds(only_mail(), "Status: 5.4.4\r\n");
}

static void an_address_without_domain_is_reported_with_5_1_3(void **state)
{
    (void)state;
    submit_mail("nonsense");
    run();
    assert_holds(only_mail(), "Status: 5.1.3\r\n");
}

static void attempts_follow_the_schedule_then_expire_with_4_4_7(void **state)
{
    static const int64_t waits[] = { 900, 1800, 3600, 14400, 14400 };
    store_queue_entry *q;
    cv_slice mime;

    (void)state;
    w.peer_status = CV_ERR_IO;
    submit_mail("b@south.example");
    for (size_t i = 0; i < CV_LEN(waits); i++) {
        assert_int_equal(run(), 1);
        assert_int_equal(queued(&q), 1);
        assert_int_equal(q[0].state, STORE_QUEUE_RETRY);
        assert_int_equal(q[0].attempts, i + 1);
        assert_true(q[0].next_try == w.clock.now + waits[i] * SEC);
        assert_int_equal(run(), 0);
        w.clock.now = q[0].next_try;
    }
    w.clock.now = T0 + 172800 * SEC;
    run();
    assert_int_equal(queued(&q), 0);
    store_message *list;
    assert_true(inbox(&list) >= 1);
    assert_int_equal(store_message_mime(w.store, list[inbox(&list) - 1].id,
                                        w.arena, &mime, NULL),
                     CV_OK);
    assert_holds(mime, "Status: 4.4.7\r\n");
    assert_holds(mime, "did not answer: connection refused");
}

static void a_delay_is_reported_once_after_twelve_hours(void **state)
{
    store_message *list;
    store_queue_entry *q;

    (void)state;
    w.peer_status = CV_ERR_IO;
    submit_mail("b@south.example");
    for (int hours = 0; hours < 40; hours += 4) {
        run();
        w.clock.now += 4 * 3600 * SEC;
    }
    assert_int_equal(queued(&q), 1);
    assert_int_equal(inbox(&list), 1);
    assert_holds(only_mail(), "Action: delayed\r\n");
}

static void a_refusal_is_reported_with_the_peers_words(void **state)
{
    (void)state;
    w.peer = (transport_result){ TRANSPORT_PERMANENT, CV_S("5.7.1"),
                                 CV_S("550 5.7.1 go away") };
    submit_mail("b@south.example");
    run();
    cv_slice mime = only_mail();
    assert_holds(mime, "Status: 5.7.1\r\n");
    assert_holds(mime, "Diagnostic-Code: smtp;550 5.7.1 go away\r\n");
    assert_holds(mime, "Remote-MTA: dns;mx.south.example\r\n");
}

static void C001_legacy_failure_waits_is_woken_and_is_delivered(void **state)
{
    store_queue_entry *q;
    size_t woken;
    cv_buf mime;
    cv_error err;

    (void)state;
    w.legacy = true;
    submit_object("b@south.example");
    assert_int_equal(run(), 1);
    assert_int_equal(w.peer_calls, 0);
    assert_int_equal(w.event_number, 327);
    assert_non_null(strstr(w.event_text,
                           "The following call : EcGetMime to the store "
                           "failed. Error code : -2147467259. MDB : "));
    assert_non_null(strstr(w.event_text, ". FID : 2A. MID : 1F. File : ."));
    assert_int_equal(queued(&q), 1);
    assert_true(cv_slice_eq(q[0].failure_class, CV_S("legacy-tracking-time")));
    cv_buf_init(&mime, 0);
    assert_int_equal(transport_queue_open(w.t, q[0].id, &mime, NULL, &err),
                     CV_ERR_LEGACY);
    assert_string_equal(err.what, "Unable to open for delivery");
    assert_int_equal(transport_setting_changed(w.t, CV_S("smtp.max-recipients"),
                                               &woken, NULL),
                     CV_OK);
    assert_int_equal(woken, 0);
    w.legacy = false;
    assert_int_equal(
        transport_setting_changed(w.t, TRANSPORT_SETTING_FIX, &woken, NULL),
        CV_OK);
    assert_int_equal(woken, 1);
    assert_int_equal(run(), 1);
    assert_int_equal(queued(&q), 0);
    assert_int_equal(w.peer_calls, 1);
    cv_buf_clear(&mime);
}

static void
C001_legacy_failure_expires_with_the_articles_sentences(void **state)
{
    store_queue_entry *q;

    (void)state;
    w.legacy = true;
    submit_object("b@south.example");
    run();
    w.clock.now = T0 + 172800 * SEC;
    run();
    assert_int_equal(queued(&q), 0);
    cv_slice mime = only_mail();
    assert_holds(mime, "Your message did not reach some or all of the "
                       "intended recipients.");
    assert_holds(mime, "Subject:  test message");
    assert_holds(mime, "Sent:     8/20/2008 11:44 AM");
    assert_holds(mime, "b@south.example on 8/22/2008 11:44 AM");
    assert_holds(mime, "Could not deliver the message in the time limit "
                       "specified. Please retry or contact your");
    assert_holds(mime, "<mail.north.example #4.4.7>");
    assert_holds(mime, "Status: 4.4.7\r\n");
}

static void a_setting_changed_during_an_attempt_is_tried_at_once(void **state)
{
    store_queue_entry *q;
    bool worked;

    (void)state;
    w.legacy = true;
    w.set_meanwhile = true;
    submit_object("b@south.example");
    assert_int_equal(transport_run_one(w.t, &worked, NULL), CV_OK);
    assert_int_equal(queued(&q), 1);
    assert_true(q[0].failed_epoch < store_epoch(w.store));
    assert_true(q[0].next_try == w.clock.now);
    w.legacy = false;
    assert_int_equal(run(), 1);
    assert_int_equal(queued(&q), 0);
}

static void a_held_entry_waits_until_it_is_released(void **state)
{
    store_queue_entry *q;

    (void)state;
    submit_mail("b@south.example");
    assert_int_equal(queued(&q), 1);
    assert_int_equal(transport_queue_hold(w.t, q[0].id, true, NULL), CV_OK);
    assert_int_equal(run(), 0);
    assert_int_equal(transport_queue_hold(w.t, q[0].id, false, NULL), CV_OK);
    assert_int_equal(run(), 1);
    assert_int_equal(queued(&q), 0);
}

static void a_deleted_entry_is_reported_unless_told_otherwise(void **state)
{
    store_queue_entry *q;
    store_message *list;

    (void)state;
    submit_mail("b@south.example");
    queued(&q);
    assert_int_equal(transport_queue_delete(w.t, q[0].id, false, NULL), CV_OK);
    run();
    assert_int_equal(inbox(&list), 0);
    submit_mail("b@south.example");
    queued(&q);
    assert_int_equal(transport_queue_delete(w.t, q[0].id, true, NULL), CV_OK);
    run();
    assert_holds(only_mail(), "Status: 5.0.0\r\n");
}

static void a_loop_is_cut_with_5_4_6(void **state)
{
    static const char *const to[] = { "b@south.example" };
    cv_buf mime;

    (void)state;
    cv_buf_init(&mime, 0);
    for (int i = 0; i < 31; i++)
        cv_buf_put_str(&mime, "Received: from a\r\n by b\r\n");
    cv_buf_put_str(&mime, MAIL);
    cv_buf_put_byte(&mime, 0);
    submit(to, 1, NULL, (const char *)mime.data);
    run();
    assert_int_equal(w.peer_calls, 0);
    assert_holds(only_mail(), "Status: 5.4.6\r\n");
    cv_buf_clear(&mime);
}

static void success_is_reported_when_asked_for(void **state)
{
    cv_slice to = CV_S("b@south.example");
    uint32_t notify = TRANSPORT_NOTIFY_SUCCESS;
    transport_submission m = { .from = CV_S("alice@north.example"),
                               .rcpts = &to,
                               .rcpt_count = 1,
                               .notify = &notify,
                               .mime = CV_S(MAIL),
                               .envid = CV_S("E1") };

    (void)state;
    assert_int_equal(transport_submit(w.t, &m, NULL), CV_OK);
    run();
    cv_slice mime = only_mail();
    assert_holds(mime, "Action: relayed\r\nStatus: 2.0.0\r\n");
    assert_holds(mime, "Original-Envelope-Id: E1\r\n");
}

/* RFC 3461 5.2.2: a peer with DSN is told, and reports itself. */
static void success_is_left_to_a_peer_that_reports_it(void **state)
{
    cv_slice to = CV_S("b@south.example");
    uint32_t notify = TRANSPORT_NOTIFY_SUCCESS;
    transport_submission m = { .from = CV_S("alice@north.example"),
                               .rcpts = &to,
                               .rcpt_count = 1,
                               .notify = &notify,
                               .mime = CV_S(MAIL) };
    store_queue_entry *entries;
    store_message *mails;

    (void)state;
    w.peer.reports_success = true;
    assert_int_equal(transport_submit(w.t, &m, NULL), CV_OK);
    run();
    assert_int_equal(w.peer_notify, TRANSPORT_NOTIFY_SUCCESS);
    assert_int_equal(queued(&entries), 0);
    assert_int_equal(inbox(&mails), 0);
}

static void a_failure_is_silent_with_notify_never(void **state)
{
    cv_slice to = CV_S("nobody@north.example");
    uint32_t notify = TRANSPORT_NOTIFY_NEVER;
    store_message *list;
    transport_submission m = { .from = CV_S("alice@north.example"),
                               .rcpts = &to,
                               .rcpt_count = 1,
                               .notify = &notify,
                               .mime = CV_S(MAIL) };

    (void)state;
    assert_int_equal(transport_submit(w.t, &m, NULL), CV_OK);
    run();
    assert_int_equal(inbox(&list), 0);
}

static void a_report_that_fails_ends_without_another(void **state)
{
    cv_slice to = CV_S("nobody@north.example");
    store_queue_entry *q;
    transport_submission m = { .rcpts = &to,
                               .rcpt_count = 1,
                               .mime = CV_S(MAIL) };

    (void)state;
    assert_int_equal(transport_submit(w.t, &m, NULL), CV_OK);
    assert_true(run() <= 3);
    assert_int_equal(queued(&q), 0);
    assert_true(w.events >= 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(local_mail_is_in_the_mailbox_and_out_of_the_queue),
        TEST(a_second_copy_is_dropped_within_the_window),
        TEST(recipients_are_grouped_by_destination),
        TEST(a_mail_without_id_and_date_gets_both),
        TEST(an_unknown_mailbox_is_reported_with_5_1_1),
        TEST(a_domain_without_route_is_reported_with_5_4_4),
        TEST(an_address_without_domain_is_reported_with_5_1_3),
        TEST(attempts_follow_the_schedule_then_expire_with_4_4_7),
        TEST(a_delay_is_reported_once_after_twelve_hours),
        TEST(a_refusal_is_reported_with_the_peers_words),
        TEST(C001_legacy_failure_waits_is_woken_and_is_delivered),
        TEST(C001_legacy_failure_expires_with_the_articles_sentences),
        TEST(a_setting_changed_during_an_attempt_is_tried_at_once),
        TEST(a_held_entry_waits_until_it_is_released),
        TEST(a_deleted_entry_is_reported_unless_told_otherwise),
        TEST(a_loop_is_cut_with_5_4_6),
        TEST(success_is_reported_when_asked_for),
        TEST(success_is_left_to_a_peer_that_reports_it),
        TEST(a_failure_is_silent_with_notify_never),
        TEST(a_report_that_fails_ends_without_another),
    };

    return cmocka_run_group_tests_name("transport", tests, NULL, NULL);
}
