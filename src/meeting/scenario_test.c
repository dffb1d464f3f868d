/* scenario_test.c - the scenarios of meeting-flow.md section 16 between two
 * stores, with the messages travelling as MIME. */
#include "meeting/meeting.h"

#include "base/datetime.h"
#include "base/text.h"
#include "convert/convert.h"
#include "mapi/globalid.h"
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
#define T0 (INT64_C(1795355933) * SEC) /* 2026-11-22T13:58:53Z */
#define MAX_MAIL 64

/* A message on its way: packed, with its envelope. */
typedef struct mail {
    cv_slice packed; /* arena of the world */
    cv_slice to[64];
    size_t to_count;
} mail;

typedef struct org {
    const char *profile;
    char dir[64];
    store *store;
    meeting_desk *desk;
    meeting_settings settings;
    store_account account;
    mail outbox[MAX_MAIL];
    size_t outbox_count;
    size_t findings; /* of rule TRACK_TIME, in conversions of this org */
} org;

static struct {
    cv_arena *arena;
    cv_test_env clock;
    cv_env env;
    org north, south;
} w;

/* -- the world -- */

static void give_settings(void *ctx, meeting_settings *out)
{
    *out = ((org *)ctx)->settings;
}

static cv_status take_mail(void *ctx, store_tx *tx, cv_slice from,
                           const cv_slice *rcpts, size_t count,
                           const cv_object *obj, store_id account,
                           store_id folder, store_id message, cv_error *err)
{
    org *o = ctx;
    cv_buf packed;

    (void)tx;
    assert_true(cv_slice_eq(from, o->account.address));
    assert_true(account == o->account.id && folder > 0 && message > 0);
    assert_true(o->outbox_count < MAX_MAIL);
    mail *m = &o->outbox[o->outbox_count++];
    m->to_count = count;
    assert_true(count <= CV_LEN(m->to));
    for (size_t i = 0; i < count; i++)
        m->to[i] = cv_arena_dup(w.arena, rcpts[i]);
    cv_buf_init(&packed, 0);
    CV_TRY(cv_object_pack(obj, &packed, err));
    m->packed = cv_buf_dup(&packed, w.arena);
    cv_buf_clear(&packed);
    return CV_OK;
}

static void open_org(org *o, const char *profile, const char *user,
                     const char *domain)
{
    meeting_config config = {
        .env = &w.env, .settings = give_settings, .submit = take_mail, .ctx = o
    };

    memset(o, 0, sizeof(*o));
    o->profile = profile;
    snprintf(o->dir, sizeof(o->dir), "/tmp/convoke-test-XXXXXX");
    assert_non_null(mkdtemp(o->dir));
    assert_int_equal(store_open(o->dir, &w.env, &o->store, NULL), CV_OK);
    o->account.address = cv_arena_printf(w.arena, "%s@%s", user, domain);
    o->account.name = cv_arena_printf(w.arena, "%s", user);
    assert_int_equal(
        store_account_add(o->store, &o->account, &o->account.id, NULL), CV_OK);
    config.store = o->store;
    assert_int_equal(meeting_desk_new(&config, &o->desk, NULL), CV_OK);
}

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void close_org(org *o)
{
    meeting_desk_free(&o->desk);
    store_close(&o->store);
    nftw(o->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static int set_up(void **state)
{
    (void)state;
    assert_int_equal(cv_arena_new(0, &w.arena, NULL), CV_OK);
    w.clock = (cv_test_env){ .now = T0 };
    w.env = cv_env_test(&w.clock);
    open_org(&w.north, "exchange2003", "alice", "north.example");
    open_org(&w.south, "exchange2007", "bob", "south.example");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    close_org(&w.north);
    close_org(&w.south);
    cv_arena_free(&w.arena);
    return 0;
}

static void pass_time(int64_t seconds)
{
    w.clock.now += seconds * SEC;
}

/* -- mail -- */

static cv_convert_options *options_of(const org *o)
{
    cv_convert_options *options;

    assert_int_equal(cv_convert_options_new(&w.env, &options, NULL), CV_OK);
    assert_int_equal(cv_convert_set(options, CV_S("content-conversion.profile"),
                                    cv_slice_cstr(o->profile), NULL),
                     CV_OK);
    return options;
}

/* Packed object to MIME with the default settings: the fix is on. */
static cv_slice render(org *o, const mail *m)
{
    cv_object *obj;
    cv_report *report;
    cv_buf mime;
    cv_convert_options *options = options_of(o);

    cv_buf_init(&mime, 0);
    cv_sink sink = cv_buf_sink(&mime);
    assert_int_equal(cv_report_new(&report, NULL), CV_OK);
    assert_int_equal(cv_object_unpack(m->packed, &obj, NULL), CV_OK);
    assert_int_equal(cv_to_mime(obj, options, &sink, report, NULL), CV_OK);
    for (size_t i = 0; i < cv_report_count(report); i++)
        o->findings += cv_report_get(report, i)->rule == CV_RULE_TRACK_TIME;
    cv_slice out = cv_buf_dup(&mime, w.arena);
    cv_buf_clear(&mime);
    cv_object_free(&obj);
    cv_report_free(&report);
    cv_convert_options_free(&options);
    return out;
}

static void put_and_process(org *o, cv_object *obj, cv_slice mime, store_id *id)
{
    store_folder inbox;
    store_tx *tx;
    bool duplicate;

    assert_int_equal(store_folder_find(o->store, o->account.id, CV_S("Inbox"),
                                       w.arena, &inbox, NULL),
                     CV_OK);
    assert_int_equal(store_begin(o->store, &tx, NULL), CV_OK);
    assert_int_equal(store_put_message(tx, inbox.id, obj, mime, CV_S(""),
                                       w.clock.now, id, &duplicate, NULL),
                     CV_OK);
    assert_int_equal(
        meeting_deliver(o->desk, tx, &o->account, obj, *id, w.clock.now, NULL),
        CV_OK);
    assert_int_equal(store_commit(&tx, NULL), CV_OK);
}

/* Delivers MIME to an organization; the stored message's id. */
static store_id deliver(org *o, cv_slice mime)
{
    store_id id;
    cv_object *obj;
    cv_convert_options *options = options_of(o);

    cv_convert_set_received(options, w.clock.now);
    assert_int_equal(cv_from_mime(mime, options, &obj, NULL, NULL), CV_OK);
    put_and_process(o, obj, mime, &id);
    cv_object_free(&obj);
    cv_convert_options_free(&options);
    return id;
}

static store_id post_last(org *from, org *to)
{
    assert_true(from->outbox_count > 0);
    return deliver(to, render(from, &from->outbox[from->outbox_count - 1]));
}

static uint32_t flags_of(org *o, store_id id)
{
    store_message m;

    assert_int_equal(store_message_get(o->store, id, w.arena, &m, NULL), CV_OK);
    return m.flags;
}

/* -- meetings -- */

static store_id only_item(org *o)
{
    store_message *list;
    size_t count;

    assert_int_equal(
        meeting_list(o->desk, o->account.id, w.arena, &list, &count, NULL),
        CV_OK);
    assert_int_equal(count, 1);
    return list[0].id;
}

static size_t item_count(org *o)
{
    store_message *list;
    size_t count;

    assert_int_equal(
        meeting_list(o->desk, o->account.id, w.arena, &list, &count, NULL),
        CV_OK);
    return count;
}

static cv_object *open_item(org *o, store_id id)
{
    cv_object *obj;

    assert_int_equal(store_message_open(o->store, id, &obj, NULL), CV_OK);
    return obj;
}

static int32_t item_i32(org *o, store_id id, cv_tag tag)
{
    cv_object *obj = open_item(o, id);
    int32_t v = cv_bag_i32_or(cv_object_props(obj), tag, -1);

    cv_object_free(&obj);
    return v;
}

static cv_bag *row_of(cv_object *obj, const char *address)
{
    for (size_t i = 0; i < cv_object_recipient_count(obj); i++) {
        cv_bag *row = cv_object_recipient(obj, i);
        if (cv_slice_ieq(cv_bag_string_or(row, CV_PidTagSmtpAddress, CV_S("")),
                         cv_slice_cstr(address)))
            return row;
    }
    fail_msg("no row of %s", address);
    return NULL;
}

static int32_t track_status(store_id id, const char *address)
{
    cv_object *obj = open_item(&w.north, id);
    int32_t v =
        cv_bag_i32_or(row_of(obj, address), CV_PidTagRecipientTrackStatus, 0);

    cv_object_free(&obj);
    return v;
}

/* The stored FILETIME of Bob's row; 1 when there is none. */
static uint64_t track_time(store_id id)
{
    uint64_t ft = 1;
    cv_object *obj = open_item(&w.north, id);

    cv_bag_time(row_of(obj, "bob@south.example"),
                CV_PidTagRecipientTrackStatusTime, &ft);
    cv_object_free(&obj);
    return ft;
}

static uint64_t filetime(int64_t ticks)
{
    uint64_t ft;

    assert_int_equal(cv_ticks_to_filetime(ticks, &ft, NULL), CV_OK);
    return ft;
}

static store_id create(void)
{
    store_id id;
    meeting_attendee bob = { CV_S("bob@south.example"), CV_S("Bob"), 1 };
    meeting_fields f = { .subject = CV_S("Budget"),
                         .location = CV_S("Room 1"),
                         .start = T0 + 86400 * SEC,
                         .end = T0 + 90000 * SEC,
                         .attendees = &bob,
                         .attendee_count = 1 };

    assert_int_equal(
        meeting_create(w.north.desk, w.north.account.id, &f, &id, NULL), CV_OK);
    return id;
}

static void update_place(store_id id, const char *location)
{
    meeting_fields f = { .location = cv_slice_cstr(location),
                         .start = INT64_MIN,
                         .end = INT64_MIN };

    assert_int_equal(
        meeting_update(w.north.desk, w.north.account.id, id, &f, NULL), CV_OK);
}

static void update_time(store_id id, int64_t start)
{
    meeting_fields f = { .start = start, .end = INT64_MIN };

    assert_int_equal(
        meeting_update(w.north.desk, w.north.account.id, id, &f, NULL), CV_OK);
}

static void answer(int32_t response)
{
    assert_int_equal(meeting_answer(w.south.desk, w.south.account.id,
                                    only_item(&w.south), response, CV_S(""),
                                    NULL),
                     CV_OK);
}

/* A meeting that Bob has got. */
static store_id invited(void)
{
    store_id id = create();

    post_last(&w.north, &w.south);
    pass_time(60);
    return id;
}

static store_id accepted(void)
{
    store_id id = invited();

    answer(MEETING_RESP_ACCEPTED);
    pass_time(5);
    post_last(&w.south, &w.north);
    return id;
}

/* A reply as a foreign peer writes it; dtstamp and date may be NULL. */
static cv_slice foreign_reply(store_id id, int sequence, const char *partstat,
                              const char *dtstamp, const char *date)
{
    cv_object *item = open_item(&w.north, id);
    cv_slice gid = CV_S("");
    cv_buf b;

    cv_bag_binary(cv_object_props(item), CV_PidLidCleanGlobalObjectId, &gid);
    cv_slice uid = cv_globalid_to_uid(w.arena, gid);
    cv_object_free(&item);
    cv_buf_init(&b, 0);
    cv_buf_put_str(&b, "From: Bob <bob@south.example>\r\n"
                       "To: alice@north.example\r\nSubject: Re: Budget\r\n");
    if (date)
        cv_buf_printf(&b, "Date: %s\r\n", date);
    cv_buf_printf(&b,
                  "MIME-Version: 1.0\r\nContent-Type: text/calendar; "
                  "method=REPLY; charset=UTF-8\r\n\r\n"
                  "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\n"
                  "METHOD:REPLY\r\nBEGIN:VEVENT\r\nUID:%.*s\r\n"
                  "SEQUENCE:%d\r\nORGANIZER:mailto:alice@north.example\r\n"
                  "ATTENDEE;PARTSTAT=%s:mailto:bob@south.example\r\n",
                  CV_FMT(uid), sequence, partstat);
    if (dtstamp)
        cv_buf_printf(&b, "DTSTAMP:%s\r\n", dtstamp);
    cv_buf_put_str(&b, "END:VEVENT\r\nEND:VCALENDAR\r\n");
    cv_slice out = cv_buf_dup(&b, w.arena);
    cv_buf_clear(&b);
    return out;
}

static void set_row_time(store_id id, const cv_value *value)
{
    store_message meta;
    store_tx *tx;
    cv_object *obj = open_item(&w.north, id);

    assert_int_equal(store_message_get(w.north.store, id, w.arena, &meta, NULL),
                     CV_OK);
    assert_int_equal(cv_bag_put(row_of(obj, "bob@south.example"),
                                CV_PidTagRecipientTrackStatusTime, value, NULL),
                     CV_OK);
    assert_int_equal(store_begin(w.north.store, &tx, NULL), CV_OK);
    assert_int_equal(store_update_message(tx, id, meta.version, obj, NULL),
                     CV_OK);
    assert_int_equal(store_commit(&tx, NULL), CV_OK);
    cv_object_free(&obj);
}

/* Update and cancellation go out and arrive, with one repaired row each. */
static void assert_update_and_cancel_arrive(store_id id)
{
    w.north.findings = 0;
    pass_time(60);
    update_place(id, "Room 2");
    cv_slice mime = render(&w.north, &w.north.outbox[w.north.outbox_count - 1]);
    assert_int_equal(cv_slice_find(mime, CV_S("1601"), 0), CV_NPOS);
    assert_int_equal(w.north.findings, 1);
    deliver(&w.south, mime);
    cv_object *item = open_item(&w.south, only_item(&w.south));
    assert_true(cv_slice_eq(
        cv_bag_string_or(cv_object_props(item), CV_PidLidLocation, CV_S("")),
        CV_S("Room 2")));
    cv_object_free(&item);
    pass_time(60);
    assert_int_equal(meeting_cancel(w.north.desk, w.north.account.id, id, NULL),
                     CV_OK);
    mime = render(&w.north, &w.north.outbox[w.north.outbox_count - 1]);
    assert_int_equal(cv_slice_find(mime, CV_S("1601"), 0), CV_NPOS);
    assert_int_equal(w.north.findings, 2);
    deliver(&w.south, mime);
    assert_int_equal(
        item_i32(&w.south, only_item(&w.south), CV_PidLidAppointmentStateFlags),
        7);
}

/* -- the scenarios -- */

static void s01_C001_a_row_of_1601_stops_neither_update_nor_cancel(void **state)
{
    (void)state;
    w.north.settings.legacy_tracking_time = true;
    store_id id = accepted();
    assert_int_equal(track_status(id, "bob@south.example"),
                     MEETING_RESP_ACCEPTED);
    assert_true(track_time(id) == 0);
    assert_update_and_cancel_arrive(id);
}

static void bad_row(uint16_t type, uint64_t time)
{
    cv_value v = { .type = type, .count = 1, .time = time };
    store_id id = accepted();

    if (type == CV_T_ERROR)
        v.error = 0x8004010F;
    set_row_time(id, &v);
    assert_update_and_cancel_arrive(id);
}

static void s02_C001_a_row_of_4501_does_not_either(void **state)
{
    (void)state;
    bad_row(CV_T_TIME, UINT64_C(0x0CB34557A3DD4000));
}

static void s02_C001_a_row_of_the_greatest_time_does_not_either(void **state)
{
    (void)state;
    bad_row(CV_T_TIME, INT64_MAX);
}

static void s02_C001_a_row_of_a_shifted_zero_does_not_either(void **state)
{
    (void)state;
    bad_row(CV_T_TIME, UINT64_C(0xFFFFFFF79E3B9800));
}

static void s02_C001_a_row_of_one_tick_does_not_either(void **state)
{
    (void)state;
    bad_row(CV_T_TIME, 1);
}

static void s02_C001_a_row_with_an_error_code_does_not_either(void **state)
{
    (void)state;
    bad_row(CV_T_ERROR, 0);
}

static void s03_a_reply_without_the_cdo_line_is_timed_by_dtstamp(void **state)
{
    (void)state;
    store_id id = accepted();
    assert_true(track_time(id) == filetime(T0 + 60 * SEC));
    assert_int_equal(
        item_i32(&w.south, only_item(&w.south), CV_PidLidResponseStatus),
        MEETING_RESP_ACCEPTED);
}

static void s04_a_reply_without_any_time_is_timed_by_its_date(void **state)
{
    (void)state;
    store_id id = invited();
    deliver(&w.north, foreign_reply(id, 0, "ACCEPTED", NULL,
                                    "Sun, 22 Nov 2026 13:59:30 +0000"));
    assert_int_equal(track_status(id, "bob@south.example"),
                     MEETING_RESP_ACCEPTED);
    assert_true(track_time(id) ==
                filetime(INT64_C(1795355970) * SEC)); /* 13:59:30 */
}

static void s05_an_older_reply_that_comes_late_changes_nothing(void **state)
{
    (void)state;
    store_id id = invited();
    deliver(&w.north,
            foreign_reply(id, 0, "ACCEPTED", "20261122T140000Z", NULL));
    pass_time(3600);
    store_id late = deliver(
        &w.north, foreign_reply(id, 0, "DECLINED", "20261122T135959Z", NULL));
    assert_int_equal(track_status(id, "bob@south.example"),
                     MEETING_RESP_ACCEPTED);
    assert_int_equal(flags_of(&w.north, late) & STORE_STALE, STORE_STALE);
}

static void s06_of_two_replies_in_one_second_the_last_wins(void **state)
{
    (void)state;
    store_id id = invited();
    deliver(&w.north,
            foreign_reply(id, 0, "ACCEPTED", "20261122T135930Z", NULL));
    deliver(&w.north,
            foreign_reply(id, 0, "TENTATIVE", "20261122T135930Z", NULL));
    assert_int_equal(track_status(id, "bob@south.example"),
                     MEETING_RESP_TENTATIVE);
}

static void
s07_a_reply_to_the_version_before_a_full_update_is_not_recorded(void **state)
{
    (void)state;
    store_id id = invited();
    update_time(id, T0 + 2 * 86400 * SEC);
    assert_int_equal(item_i32(&w.north, id, CV_PidLidAppointmentSequence), 1);
    store_id late = deliver(
        &w.north, foreign_reply(id, 0, "ACCEPTED", "20261122T140100Z", NULL));
    assert_int_equal(track_status(id, "bob@south.example"), MEETING_RESP_NONE);
    assert_int_equal(flags_of(&w.north, late) & STORE_STALE, STORE_STALE);
}

static void s08_a_reply_across_an_info_update_is_recorded(void **state)
{
    (void)state;
    store_id id = invited();
    update_place(id, "Room 3");
    assert_int_equal(item_i32(&w.north, id, CV_PidLidAppointmentSequence), 1);
    deliver(&w.north,
            foreign_reply(id, 0, "ACCEPTED", "20261122T140100Z", NULL));
    assert_int_equal(track_status(id, "bob@south.example"),
                     MEETING_RESP_ACCEPTED);
}

static void
s08_a_reply_across_an_info_update_is_not_recorded_when_strict(void **state)
{
    (void)state;
    w.north.settings.strict_sequence = true;
    store_id id = invited();
    update_place(id, "Room 3");
    deliver(&w.north,
            foreign_reply(id, 0, "ACCEPTED", "20261122T140100Z", NULL));
    assert_int_equal(track_status(id, "bob@south.example"), MEETING_RESP_NONE);
}

static void s10_a_cancellation_before_its_request_leaves_no_ghost(void **state)
{
    (void)state;
    store_id id = create();
    cv_slice request = render(&w.north, &w.north.outbox[0]);
    pass_time(60);
    assert_int_equal(meeting_cancel(w.north.desk, w.north.account.id, id, NULL),
                     CV_OK);
    deliver(&w.south, render(&w.north, &w.north.outbox[1]));
    assert_int_equal(item_count(&w.south), 0);
    store_id late = deliver(&w.south, request);
    assert_int_equal(item_count(&w.south), 0);
    assert_int_equal(flags_of(&w.south, late) & STORE_STALE, STORE_STALE);
}

static void s11_one_bad_row_of_fifty_costs_nobody_the_update(void **state)
{
    meeting_attendee list[50];
    store_id id;
    meeting_fields f = { .subject = CV_S("Budget"),
                         .start = T0 + 86400 * SEC,
                         .end = INT64_MIN,
                         .attendees = list,
                         .attendee_count = 50 };
    cv_value zero = { .type = CV_T_TIME, .count = 1 };

    (void)state;
    for (size_t i = 0; i < 50; i++)
        list[i] = (meeting_attendee){
            .address = i ? cv_arena_printf(w.arena, "p%zu@south.example", i)
                         : CV_S("bob@south.example"),
            .type = 1,
        };
    assert_int_equal(
        meeting_create(w.north.desk, w.north.account.id, &f, &id, NULL), CV_OK);
    cv_object *obj = open_item(&w.north, id);
    cv_bag_set_i32(row_of(obj, "bob@south.example"),
                   CV_PidTagRecipientTrackStatus, MEETING_RESP_ACCEPTED);
    store_message meta;
    store_tx *tx;
    assert_int_equal(store_message_get(w.north.store, id, w.arena, &meta, NULL),
                     CV_OK);
    assert_int_equal(store_begin(w.north.store, &tx, NULL), CV_OK);
    assert_int_equal(store_update_message(tx, id, meta.version, obj, NULL),
                     CV_OK);
    assert_int_equal(store_commit(&tx, NULL), CV_OK);
    cv_object_free(&obj);
    set_row_time(id, &zero);

    update_place(id, "Hall");
    const mail *m = &w.north.outbox[w.north.outbox_count - 1];
    assert_int_equal(m->to_count, 50);
    cv_slice mime = render(&w.north, m);
    assert_int_equal(w.north.findings, 1);
    assert_int_not_equal(cv_slice_find(mime, CV_S("p49@south.example"), 0),
                         CV_NPOS);
    assert_int_not_equal(cv_slice_find(mime, CV_S("bob@south.example"), 0),
                         CV_NPOS);
}

static cv_slice foreign_request(cv_slice uid_line)
{
    return cv_arena_printf(
        w.arena,
        "From: carol@east.example\r\nTo: bob@south.example\r\n"
        "Subject: Tea\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/calendar; method=REQUEST; charset=UTF-8\r\n"
        "Content-Transfer-Encoding: 8bit\r\n\r\n"
        "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nVERSION:2.0\r\n"
        "BEGIN:VEVENT\r\n%.*sDTSTAMP:20261122T130000Z\r\n"
        "DTSTART:20261201T090000Z\r\nDTEND:20261201T100000Z\r\n"
        "SUMMARY:Tea\r\nORGANIZER:mailto:carol@east.example\r\n"
        "ATTENDEE:mailto:bob@south.example\r\n"
        "END:VEVENT\r\nEND:VCALENDAR\r\n",
        CV_FMT(uid_line));
}

/* UID of the reply that Bob's acceptance becomes. */
static cv_slice uid_of_reply(void)
{
    cv_object *item = open_item(&w.south, only_item(&w.south));
    cv_slice gid = CV_S("");

    cv_bag_binary(cv_object_props(item), CV_PidLidCleanGlobalObjectId, &gid);
    cv_slice uid = cv_globalid_to_uid(w.arena, gid);
    cv_object_free(&item);
    return uid;
}

static void s15_a_uid_of_1000_bytes_comes_back(void **state)
{
    char uid[1001];

    (void)state;
    memset(uid, 'u', 1000);
    uid[1000] = 0;
    deliver(&w.south,
            foreign_request(cv_arena_printf(w.arena, "UID:%s\r\n", uid)));
    assert_true(cv_slice_eq(uid_of_reply(), cv_slice_cstr(uid)));
    answer(MEETING_RESP_ACCEPTED);
    cv_slice mime = render(&w.south, &w.south.outbox[0]);
    assert_int_not_equal(cv_slice_find(mime, CV_S("uuuuuuuuuu"), 0), CV_NPOS);
}

static void s15_a_uid_that_is_not_ascii_comes_back(void **state)
{
    (void)state;
    deliver(&w.south, foreign_request(CV_S("UID:caf\xC3\xA9-7\r\n")));
    assert_true(cv_slice_eq(uid_of_reply(), CV_S("caf\xC3\xA9-7")));
}

static void s15_a_missing_uid_is_made(void **state)
{
    (void)state;
    deliver(&w.south, foreign_request(CV_S("")));
    assert_true(uid_of_reply().len > 0);
}

/* As cut from a mail: to `to`, every `from` put another way. */
static cv_slice replaced(cv_slice text, cv_slice from, cv_slice to)
{
    cv_buf buf;
    cv_buf_init(&buf, 0);
    while (text.len) {
        size_t at = cv_slice_find(text, from, 0);
        cv_buf_put_slice(&buf, cv_slice_sub(text, 0, at));
        if (at == CV_NPOS)
            break;
        cv_buf_put_slice(&buf, to);
        text = cv_slice_sub(text, at + from.len, text.len);
    }
    cv_slice out = cv_buf_dup(&buf, w.arena);
    cv_buf_clear(&buf);
    return out;
}

/* RFC 5546 3.2.4 */
static void an_added_instance_leaves_the_series_as_it_is(void **state)
{
    cv_arena *arena = w.arena;
    store_message *list;
    size_t count, series = 0;
    (void)state;
    cv_slice request =
        foreign_request(CV_S("UID:tea\r\nRRULE:FREQ=WEEKLY;COUNT=5\r\n"));
    cv_slice add = foreign_request(CV_S("UID:tea\r\nSEQUENCE:1\r\n"));
    add = replaced(add, CV_S("=REQUEST"), CV_S("=ADD"));
    add = replaced(add, CV_S(":REQUEST"), CV_S(":ADD"));
    add = replaced(add, CV_S("20261201T"), CV_S("20261203T"));
    deliver(&w.south, request);
    store_id item = only_item(&w.south);
    pass_time(60);
    deliver(&w.south, add);
    deliver(&w.south, add);
    cv_object *obj = open_item(&w.south, item);
    cv_slice id = CV_S("");
    assert_true(
        cv_bag_binary(cv_object_props(obj), CV_PidLidCleanGlobalObjectId, &id));
    assert_int_equal(store_find_meeting(w.south.store, w.south.account.id, id,
                                        CV_S("IPM.Appointment"), arena, &list,
                                        &count, NULL),
                     CV_OK);
    assert_int_equal(count, 2);
    cv_object_free(&obj);
    for (size_t i = 0; i < count; i++) {
        obj = open_item(&w.south, list[i].id);
        bool is_series =
            cv_bag_has(cv_object_props(obj), CV_PidLidAppointmentRecur);
        assert_true(is_series == (list[i].id == item));
        series += is_series;
        cv_object_free(&obj);
    }
    assert_int_equal(series, 1);
}

/* -- beyond the list -- */

static void a_cancellation_by_a_stranger_changes_nothing(void **state)
{
    (void)state;
    store_id id = invited();
    pass_time(60);
    assert_int_equal(meeting_cancel(w.north.desk, w.north.account.id, id, NULL),
                     CV_OK);
    cv_slice mime = render(&w.north, &w.north.outbox[w.north.outbox_count - 1]);
    cv_buf forged;
    cv_buf_init(&forged, 0);
    for (size_t i = 0; i < mime.len;) {
        if (cv_slice_starts(cv_slice_sub(mime, i, 21),
                            CV_S("alice@north.example"))) {
            cv_buf_put_str(&forged, "mallo@north.example");
            i += 19;
        } else {
            cv_buf_put_byte(&forged, mime.ptr[i++]);
        }
    }
    deliver(&w.south, cv_buf_slice(&forged));
    cv_buf_clear(&forged);
    assert_int_equal(
        item_i32(&w.south, only_item(&w.south), CV_PidLidAppointmentStateFlags),
        3);
}

static void an_update_keeps_the_answer_unless_the_time_changes(void **state)
{
    (void)state;
    store_id id = accepted();
    pass_time(60);
    update_place(id, "Room 9");
    post_last(&w.north, &w.south);
    assert_int_equal(
        item_i32(&w.south, only_item(&w.south), CV_PidLidResponseStatus),
        MEETING_RESP_ACCEPTED);
    assert_int_equal(track_status(id, "bob@south.example"),
                     MEETING_RESP_ACCEPTED);
    pass_time(60);
    update_time(id, T0 + 3 * 86400 * SEC);
    post_last(&w.north, &w.south);
    assert_int_equal(
        item_i32(&w.south, only_item(&w.south), CV_PidLidResponseStatus),
        MEETING_RESP_NOT_RESPONDED);
    assert_int_equal(track_status(id, "bob@south.example"), MEETING_RESP_NONE);
    assert_true(track_time(id) == 1);
}

/* An old client leaves the sequence alone; what goes out has the next one and
 * a new time stamp, or the other system takes it for the same. */
static void c068_each_update_has_the_next_sequence(void **state)
{
    int32_t last = -1;
    int64_t stamp = 0;
    (void)state;
    store_id id = accepted();
    for (int i = 0; i < 4; i++) {
        int64_t now = 0;
        pass_time(60);
        if (i % 2)
            update_place(id, i == 1 ? "Room 9" : "Room 10");
        else
            update_time(id, T0 + (3 + i) * 86400 * SEC);
        post_last(&w.north, &w.south);
        int32_t sequence = item_i32(&w.south, only_item(&w.south),
                                    CV_PidLidAppointmentSequence);
        cv_object *item = open_item(&w.south, only_item(&w.south));
        assert_true(cv_bag_ticks(cv_object_props(item),
                                 CV_PidLidOwnerCriticalChange, &now));
        cv_object_free(&item);
        assert_true(sequence > last && now > stamp);
        last = sequence;
        stamp = now;
    }
}

static void the_same_request_twice_makes_one_item(void **state)
{
    (void)state;
    create();
    cv_slice mime = render(&w.north, &w.north.outbox[0]);
    deliver(&w.south, mime);
    deliver(&w.south, mime);
    assert_int_equal(item_count(&w.south), 1);
}

static void a_declined_meeting_leaves_the_calendar(void **state)
{
    (void)state;
    store_id id = invited();
    answer(MEETING_RESP_DECLINED);
    assert_int_equal(item_count(&w.south), 0);
    post_last(&w.south, &w.north);
    assert_int_equal(track_status(id, "bob@south.example"),
                     MEETING_RESP_DECLINED);
}

static void a_second_answer_is_later_by_a_second_at_least(void **state)
{
    (void)state;
    store_id id = invited();
    answer(MEETING_RESP_ACCEPTED);
    answer(MEETING_RESP_TENTATIVE);
    deliver(&w.north, render(&w.south, &w.south.outbox[0]));
    deliver(&w.north, render(&w.south, &w.south.outbox[1]));
    assert_int_equal(track_status(id, "bob@south.example"),
                     MEETING_RESP_TENTATIVE);
    assert_true(track_time(id) == filetime(T0 + 61 * SEC));
}

static void an_uninvited_person_who_answers_becomes_optional(void **state)
{
    (void)state;
    store_id id = invited();
    cv_slice mime = foreign_reply(id, 0, "ACCEPTED", "20261122T140000Z", NULL);
    cv_buf b;
    cv_buf_init(&b, 0);
    for (size_t i = 0; i < mime.len;) {
        if (cv_slice_starts(cv_slice_sub(mime, i, 17),
                            CV_S("bob@south.example"))) {
            cv_buf_put_str(&b, "eve@south.example");
            i += 17;
        } else {
            cv_buf_put_byte(&b, mime.ptr[i++]);
        }
    }
    deliver(&w.north, cv_buf_slice(&b));
    cv_buf_clear(&b);
    cv_object *item = open_item(&w.north, id);
    cv_bag *row = row_of(item, "eve@south.example");
    assert_int_equal(cv_bag_i32_or(row, CV_PidTagRecipientType, 0), 2);
    assert_int_equal(cv_bag_i32_or(row, CV_PidTagRecipientTrackStatus, 0),
                     MEETING_RESP_ACCEPTED);
    cv_object_free(&item);
}

#define SCENARIO(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENARIO(s01_C001_a_row_of_1601_stops_neither_update_nor_cancel),
        SCENARIO(s02_C001_a_row_of_4501_does_not_either),
        SCENARIO(s02_C001_a_row_of_the_greatest_time_does_not_either),
        SCENARIO(s02_C001_a_row_of_a_shifted_zero_does_not_either),
        SCENARIO(s02_C001_a_row_of_one_tick_does_not_either),
        SCENARIO(s02_C001_a_row_with_an_error_code_does_not_either),
        SCENARIO(s03_a_reply_without_the_cdo_line_is_timed_by_dtstamp),
        SCENARIO(s04_a_reply_without_any_time_is_timed_by_its_date),
        SCENARIO(s05_an_older_reply_that_comes_late_changes_nothing),
        SCENARIO(s06_of_two_replies_in_one_second_the_last_wins),
        SCENARIO(
            s07_a_reply_to_the_version_before_a_full_update_is_not_recorded),
        SCENARIO(s08_a_reply_across_an_info_update_is_recorded),
        SCENARIO(s08_a_reply_across_an_info_update_is_not_recorded_when_strict),
        SCENARIO(s10_a_cancellation_before_its_request_leaves_no_ghost),
        SCENARIO(s11_one_bad_row_of_fifty_costs_nobody_the_update),
        SCENARIO(s15_a_uid_of_1000_bytes_comes_back),
        SCENARIO(s15_a_uid_that_is_not_ascii_comes_back),
        SCENARIO(s15_a_missing_uid_is_made),
        SCENARIO(an_added_instance_leaves_the_series_as_it_is),
        SCENARIO(a_cancellation_by_a_stranger_changes_nothing),
        SCENARIO(an_update_keeps_the_answer_unless_the_time_changes),
        SCENARIO(the_same_request_twice_makes_one_item),
        SCENARIO(c068_each_update_has_the_next_sequence),
        SCENARIO(a_declined_meeting_leaves_the_calendar),
        SCENARIO(a_second_answer_is_later_by_a_second_at_least),
        SCENARIO(an_uninvited_person_who_answers_becomes_optional),
    };

    return cmocka_run_group_tests_name("meeting scenarios", tests, NULL, NULL);
}
