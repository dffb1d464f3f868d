/* Messages and their content, against store.h alone. */
#include "store/testing.h"

#include "mapi/globalid.h"

#define MEETING CV_S("\x04\0\0\0\x82\0\xE0\0meeting")

static cv_object *note(const char *subject)
{
    cv_object *obj;

    assert_int_equal(cv_object_new(0, &obj, NULL), CV_OK);
    cv_bag *p = cv_object_props(obj);
    cv_bag_set_string(p, CV_PidTagMessageClass, CV_S("IPM.Note"));
    cv_bag_set_string(p, CV_PidTagSubject, cv_slice_cstr(subject));
    return obj;
}

static cv_object *appointment(const char *class, cv_slice id)
{
    cv_object *obj = note("Budget");
    cv_bag *p = cv_object_props(obj);
    cv_bag *row = cv_object_add_recipient(obj);

    cv_bag_set_string(p, CV_PidTagMessageClass, cv_slice_cstr(class));
    cv_bag_set_string(p, CV_PidTagSenderSmtpAddress,
                      CV_S("alice@north.example"));
    cv_bag_set_string(p, CV_PidTagInternetMessageId, CV_S("<1@north>"));
    cv_bag_set_binary(p, CV_PidLidCleanGlobalObjectId, id);
    cv_bag_set_ticks(p, CV_PidLidAppointmentStartWhole, NOON);
    cv_bag_set_ticks(p, CV_PidLidAppointmentEndWhole, NOON + 30 * MINUTE);
    cv_bag_set_i32(row, CV_PidTagRecipientType, 1);
    cv_bag_set_string(row, CV_PidTagSmtpAddress, CV_S("bob@south.example"));
    assert_int_equal(cv_arena_status(cv_object_arena(obj)), CV_OK);
    return obj;
}

static store_id folder(fixture *f, store_id account, const char *name,
                       store_folder *out)
{
    store_folder local;

    out = out ? out : &local;
    OK(f, store_folder_find(f->s, account, cv_slice_cstr(name), f->arena, out,
                            &f->err));
    return out->id;
}

/* Puts and frees obj. */
static store_id put(fixture *f, store_id where, cv_object *obj, cv_slice mime,
                    cv_slice delivery_id, bool *duplicate)
{
    store_tx *tx;
    store_id id = 0;

    OK(f, store_begin(f->s, &tx, &f->err));
    OK(f, store_put_message(tx, where, obj, mime, delivery_id, NOON, &id,
                            duplicate, &f->err));
    OK(f, store_commit(&tx, &f->err));
    cv_object_free(&obj);
    return id;
}

static store_message meta(fixture *f, store_id id)
{
    store_message m;

    OK(f, store_message_get(f->s, id, f->arena, &m, &f->err));
    return m;
}

static cv_slice noise(fixture *f, size_t len)
{
    uint8_t *p = cv_arena_alloc(f->arena, len);
    uint32_t x = 12345;

    assert_non_null(p);
    for (size_t i = 0; i < len; i++) {
        x = x * 1664525 + 1013904223;
        p[i] = (uint8_t)(x >> 24);
    }
    return (cv_slice){ p, len };
}

static void columns_and_object_come_back(void **state)
{
    fixture *f = *state;
    store_id account = add_account(f, "alice@north.example");
    store_id calendar = folder(f, account, "Calendar", NULL);
    cv_object *in = appointment("IPM.Appointment", MEETING), *copy, *out;
    store_message m;

    OK(f, cv_object_dup(in, &copy, &f->err));
    store_id id = put(f, calendar, in, CV_S(""), CV_S(""), NULL);
    reopen(f);
    m = meta(f, id);
    assert_int_equal(m.id, id);
    assert_int_equal(m.account, account);
    assert_int_equal(m.folder, calendar);
    assert_int_equal(m.uid, 1);
    assert_int_equal(m.version, 1);
    assert_int_equal(m.received, NOON);
    TEXT_IS(m.message_class, "IPM.Appointment");
    TEXT_IS(m.subject, "Budget");
    TEXT_IS(m.from, "alice@north.example");
    TEXT_IS(m.message_id, "<1@north>");
    assert_true(cv_slice_eq(m.clean_global_id, MEETING));
    assert_int_equal(m.start, NOON);
    assert_int_equal(m.end, NOON + 30 * MINUTE);
    assert_int_equal(m.flags, 0);
    assert_false(m.has_mime);
    OK(f, store_message_open(f->s, id, &out, &f->err));
    assert_true(cv_object_eq(out, copy));
    cv_object_free(&out);
    cv_object_free(&copy);
    assert_int_equal(store_message_get(f->s, id + 1, f->arena, &m, NULL),
                     CV_ERR_NOTFOUND);
    assert_int_equal(store_message_open(f->s, id + 1, &out, NULL),
                     CV_ERR_NOTFOUND);
}

static void a_plain_note_has_no_calendar_columns(void **state)
{
    fixture *f = *state;
    store_id account = add_account(f, "alice@north.example");
    store_message m =
        meta(f, put(f, folder(f, account, "Inbox", NULL), note("x\r\n\xFFy"),
                    CV_S(""), CV_S(""), NULL));

    assert_int_equal(m.start, INT64_MIN);
    assert_int_equal(m.end, INT64_MIN);
    assert_int_equal(m.clean_global_id.len, 0);
    TEXT_IS(m.subject, "x \xEF\xBF\xBDy");
}

static void mime_bytes_come_back_whatever_their_size(void **state)
{
    static const size_t sizes[] = { 1, 262144, 262145, 1000000 };
    fixture *f = *state;
    store_id account = add_account(f, "alice@north.example");
    store_id inbox = folder(f, account, "Inbox", NULL);
    cv_slice bytes = noise(f, 1000000), out;

    for (size_t i = 0; i < CV_LEN(sizes); i++) {
        cv_slice mime = cv_slice_sub(bytes, 0, sizes[i]);
        if (i == CV_LEN(sizes) - 1)
            OK(f, store_stage(f->s, mime, &f->err));
        store_id id = put(f, inbox, note("x"), mime, CV_S(""), NULL);
        assert_true(meta(f, id).has_mime);
        assert_int_equal(meta(f, id).size_bytes, sizes[i]);
        OK(f, store_message_mime(f->s, id, f->arena, &out, &f->err));
        assert_true(cv_slice_eq(out, mime));
    }
    store_id born_here = put(f, inbox, note("x"), CV_S(""), CV_S(""), NULL);
    OK(f, store_message_mime(f->s, born_here, f->arena, &out, &f->err));
    assert_int_equal(out.len, 0);
    OK(f, store_check(f->s, &f->err));
}

static void a_delivery_id_puts_once_in_each_mailbox(void **state)
{
    fixture *f = *state;
    store_id alice = folder(f, add_account(f, "a@x.example"), "Inbox", NULL);
    store_id b = add_account(f, "b@x.example");
    store_id bob = folder(f, b, "Inbox", NULL);
    store_folder box;
    bool duplicate = true;

    store_id first =
        put(f, bob, note("1"), CV_S("m"), CV_S("q1-1"), &duplicate);
    assert_false(duplicate);
    store_id again =
        put(f, bob, note("2"), CV_S("m"), CV_S("q1-1"), &duplicate);
    assert_true(duplicate);
    assert_int_equal(again, first);
    put(f, alice, note("1"), CV_S("m"), CV_S("q1-1"), &duplicate);
    assert_false(duplicate);
    put(f, bob, note("3"), CV_S("m"), CV_S(""), &duplicate);
    assert_false(duplicate);
    folder(f, b, "Inbox", &box);
    assert_int_equal(box.count, 2);
    TEXT_IS(meta(f, first).subject, "1");
}

static cv_status update(fixture *f, store_id id, uint64_t version,
                        cv_object *obj)
{
    store_tx *tx;

    OK(f, store_begin(f->s, &tx, &f->err));
    cv_status st = store_update_message(tx, id, version, obj, &f->err);
    if (st == CV_OK)
        st = store_commit(&tx, &f->err);
    store_rollback(&tx);
    cv_object_free(&obj);
    return st;
}

static void an_update_of_an_old_version_is_refused(void **state)
{
    fixture *f = *state;
    store_id account = add_account(f, "alice@north.example");
    store_id id =
        put(f, folder(f, account, "Calendar", NULL),
            appointment("IPM.Appointment", MEETING), CV_S(""), CV_S(""), NULL);
    cv_object *out;
    cv_slice subject;

    OK(f, update(f, id, 1, note("second")));
    assert_int_equal(update(f, id, 1, note("third")), CV_ERR_CONFLICT);
    assert_int_equal(update(f, id + 1, 1, note("x")), CV_ERR_NOTFOUND);
    assert_int_equal(meta(f, id).version, 2);
    TEXT_IS(meta(f, id).subject, "second");
    assert_int_equal(meta(f, id).start, INT64_MIN);
    OK(f, store_message_open(f->s, id, &out, &f->err));
    assert_true(
        cv_bag_string(cv_object_props(out), CV_PidTagSubject, &subject));
    TEXT_IS(subject, "second");
    cv_object_free(&out);
    OK(f, store_check(f->s, &f->err));
}

static void only_changed_bytes_get_a_new_uid(void **state)
{
    fixture *f = *state;
    store_id account = add_account(f, "alice@north.example");
    store_id inbox = folder(f, account, "Inbox", NULL);
    cv_slice mime;
    store_id ours = put(f, inbox, note("a"), CV_S(""), CV_S(""), NULL);
    store_id theirs = put(f, inbox, note("b"), CV_S("raw"), CV_S(""), NULL);

    OK(f, update(f, ours, 1, note("a2")));
    OK(f, update(f, theirs, 1, note("b2")));
    assert_int_equal(meta(f, ours).uid, 3);
    assert_int_equal(meta(f, theirs).uid, 2);
    assert_int_equal(meta(f, theirs).size_bytes, 3);
    OK(f, store_message_mime(f->s, theirs, f->arena, &mime, &f->err));
    TEXT_IS(mime, "raw");
}

static void flags_moves_and_deletions_keep_the_counts(void **state)
{
    fixture *f = *state;
    store_id account = add_account(f, "alice@north.example");
    store_id other = add_account(f, "bob@north.example");
    store_folder inbox, trash;
    store_tx *tx;
    store_id ids[3];

    folder(f, account, "Inbox", &inbox);
    folder(f, account, "Deleted Items", &trash);
    for (int i = 0; i < 3; i++)
        ids[i] = put(f, inbox.id, note("x"), CV_S(""), CV_S(""), NULL);
    OK(f, store_begin(f->s, &tx, &f->err));
    OK(f, store_set_flags(tx, ids[0], STORE_READ | STORE_STALE, 0, &f->err));
    OK(f, store_set_flags(tx, ids[0], STORE_READ, STORE_STALE, &f->err));
    OK(f, store_move_message(tx, ids[0], trash.id, &f->err));
    OK(f, store_move_message(tx, ids[1], trash.id, &f->err));
    assert_int_equal(
        store_move_message(tx, ids[1], folder(f, other, "Inbox", NULL), NULL),
        CV_ERR_UNSUP);
    OK(f, store_delete_message(tx, ids[1], &f->err));
    assert_int_equal(store_delete_message(tx, ids[1], NULL), CV_ERR_NOTFOUND);
    OK(f, store_commit(&tx, &f->err));
    folder(f, account, "Inbox", &inbox);
    folder(f, account, "Deleted Items", &trash);
    assert_int_equal(inbox.count, 1);
    assert_int_equal(inbox.unread, 1);
    assert_int_equal(inbox.uid_next, 4);
    assert_int_equal(trash.count, 1);
    assert_int_equal(trash.unread, 0);
    assert_int_equal(trash.uid_next, 3);
    assert_int_equal(meta(f, ids[0]).flags, STORE_READ);
    assert_int_equal(meta(f, ids[0]).uid, 1);
    OK(f, store_check(f->s, &f->err));
}

static void a_folder_is_listed_in_order_of_its_uids(void **state)
{
    fixture *f = *state;
    store_id account = add_account(f, "alice@north.example");
    store_id inbox = folder(f, account, "Inbox", NULL);
    store_message *list;
    size_t count;

    for (int i = 0; i < 20; i++)
        put(f, inbox, note("x"), CV_S(""), CV_S(""), NULL);
    put(f, folder(f, account, "Drafts", NULL), note("y"), CV_S(""), CV_S(""),
        NULL);
    OK(f, store_message_list(f->s, inbox, f->arena, &list, &count, &f->err));
    assert_int_equal(count, 20);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(list[i].uid, i + 1);
    assert_int_equal(
        store_message_list(f->s, 99, f->arena, &list, &count, NULL),
        CV_ERR_NOTFOUND);
}

static void a_meeting_is_found_in_its_mailbox_newest_first(void **state)
{
    static const char *const classes[] = { "IPM.Appointment",
                                           "IPM.Schedule.Meeting.Resp.Pos",
                                           "IPM.Schedule.Meeting.Resp.Neg",
                                           "IPM.Schedule.Meeting.Respite" };
    fixture *f = *state;
    store_id a = add_account(f, "a@x.example");
    store_id b = add_account(f, "b@x.example");
    store_message *list;
    store_id ids[4];
    size_t count;

    for (size_t i = 0; i < 4; i++)
        ids[i] =
            put(f, folder(f, a, "Inbox", NULL),
                appointment(classes[i], MEETING), CV_S(""), CV_S(""), NULL);
    put(f, folder(f, b, "Inbox", NULL), appointment(classes[0], MEETING),
        CV_S(""), CV_S(""), NULL);
    put(f, folder(f, a, "Inbox", NULL), appointment(classes[0], CV_S("z")),
        CV_S(""), CV_S(""), NULL);
    OK(f, store_find_meeting(f->s, a, MEETING, CV_S(""), f->arena, &list,
                             &count, &f->err));
    assert_int_equal(count, 4);
    assert_int_equal(list[0].id, ids[3]);
    OK(f,
       store_find_meeting(f->s, a, MEETING, CV_S("ipm.schedule.meeting.RESP"),
                          f->arena, &list, &count, &f->err));
    assert_int_equal(count, 2);
    assert_int_equal(list[0].id, ids[2]);
    assert_int_equal(list[1].id, ids[1]);
}

static void an_instance_s_global_id_is_found_by_its_clean_form(void **state)
{
    fixture *f = *state;
    store_id a = add_account(f, "a@x.example");
    cv_slice id = cv_globalid_of_uid(f->arena, CV_S("u1@x"), 2008, 8, 21);
    cv_object *obj = note("x");
    store_message *list;
    size_t count;

    cv_bag_set_binary(cv_object_props(obj), CV_PidLidGlobalObjectId, id);
    put(f, folder(f, a, "Inbox", NULL), obj, CV_S(""), CV_S(""), NULL);
    cv_slice clean = cv_globalid_with_date(f->arena, id, 0, 0, 0);
    OK(f, store_find_meeting(f->s, a, clean, CV_S(""), f->arena, &list, &count,
                             &f->err));
    assert_int_equal(count, 1);
}

static void unneeded_content_goes_when_it_is_old_enough(void **state)
{
    fixture *f = *state;
    store_id account = add_account(f, "alice@north.example");
    store_id inbox = folder(f, account, "Inbox", NULL);
    cv_slice big = noise(f, 600000), out;
    store_tx *tx;
    size_t removed = 99;

    store_id gone = put(f, inbox, note("x"), big, CV_S(""), NULL);
    store_id stays = put(f, inbox, note("x"), CV_S("small"), CV_S(""), NULL);
    OK(f, store_begin(f->s, &tx, &f->err));
    OK(f, store_delete_message(tx, gone, &f->err));
    OK(f, store_commit(&tx, &f->err));
    f->clock.now += 59 * MINUTE;
    OK(f, store_sweep(f->s, INT64_MAX, &removed, &f->err));
    assert_int_equal(removed, 0);
    f->clock.now += 2 * MINUTE;
    OK(f, store_sweep(f->s, NOON, &removed, &f->err));
    assert_int_equal(removed, 0);
    OK(f, store_sweep(f->s, INT64_MAX, &removed, &f->err));
    assert_int_equal(removed, 4); /* the list, then its three parts */
    OK(f, store_message_mime(f->s, stays, f->arena, &out, &f->err));
    TEXT_IS(out, "small");
    OK(f, store_check(f->s, &f->err));
}

static void content_that_is_used_again_is_young_again(void **state)
{
    fixture *f = *state;
    store_id account = add_account(f, "alice@north.example");
    store_id inbox = folder(f, account, "Inbox", NULL);
    store_tx *tx;
    size_t removed = 99;

    store_id id = put(f, inbox, note("x"), CV_S("raw"), CV_S(""), NULL);
    OK(f, store_begin(f->s, &tx, &f->err));
    OK(f, store_delete_message(tx, id, &f->err));
    OK(f, store_commit(&tx, &f->err));
    f->clock.now += 120 * MINUTE;
    id = put(f, inbox, note("x"), CV_S("raw"), CV_S(""), NULL);
    OK(f, store_begin(f->s, &tx, &f->err));
    OK(f, store_delete_message(tx, id, &f->err));
    OK(f, store_commit(&tx, &f->err));
    OK(f, store_sweep(f->s, INT64_MAX, &removed, &f->err));
    assert_int_equal(removed, 0);
    f->clock.now += 61 * MINUTE;
    OK(f, store_sweep(f->s, INT64_MAX, &removed, &f->err));
    assert_int_equal(removed, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(columns_and_object_come_back),
        WITH_STORE(a_plain_note_has_no_calendar_columns),
        WITH_STORE(mime_bytes_come_back_whatever_their_size),
        WITH_STORE(a_delivery_id_puts_once_in_each_mailbox),
        WITH_STORE(an_update_of_an_old_version_is_refused),
        WITH_STORE(only_changed_bytes_get_a_new_uid),
        WITH_STORE(flags_moves_and_deletions_keep_the_counts),
        WITH_STORE(a_folder_is_listed_in_order_of_its_uids),
        WITH_STORE(a_meeting_is_found_in_its_mailbox_newest_first),
        WITH_STORE(an_instance_s_global_id_is_found_by_its_clean_form),
        WITH_STORE(unneeded_content_goes_when_it_is_old_enough),
        WITH_STORE(content_that_is_used_again_is_young_again),
    };
    return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
