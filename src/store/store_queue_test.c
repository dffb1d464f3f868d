/* The queue, against store.h alone. */
#include "store/testing.h"

static store_queue_rcpt two_rcpts[] = {
    { .address = CV_S("bob@south.example"),
      .orcpt = CV_S("rfc822;bob@south.example"),
      .notify = 6 },
    { .address = CV_S("carol@south.example") }
};

static store_queue_entry entry_due(int64_t next_try)
{
    return (store_queue_entry){ .from = CV_S("alice@north.example"),
                                .rcpts = two_rcpts,
                                .rcpt_count = 2,
                                .destination = CV_S("south.example"),
                                .message_id = CV_S("<1@north.example>"),
                                .subject = CV_S("Budget"),
                                .message_class = CV_S("IPM.Note"),
                                .is_mime = true,
                                .account = 1,
                                .folder = 2,
                                .message = 3,
                                .submitted = NOON,
                                .next_try = next_try,
                                .expires = NOON + 60 * MINUTE,
                                .envid = CV_S("E1"),
                                .ret = CV_S("HDRS") };
}

static store_id put(fixture *f, const store_queue_entry *e, cv_slice content)
{
    store_tx *tx;
    store_id id = 0;

    OK(f, store_begin(f->s, &tx, &f->err));
    OK(f, store_queue_put(tx, e, content, &id, &f->err));
    OK(f, store_commit(&tx, &f->err));
    return id;
}

static store_id put_due(fixture *f, int64_t next_try)
{
    store_queue_entry e = entry_due(next_try);

    return put(f, &e, CV_S("Subject: Budget\r\n\r\nHello\r\n"));
}

static cv_status update(fixture *f, const store_queue_entry *e)
{
    store_tx *tx;

    OK(f, store_begin(f->s, &tx, &f->err));
    cv_status st = store_queue_update(tx, e, &f->err);
    if (st == CV_OK)
        st = store_commit(&tx, &f->err);
    store_rollback(&tx);
    return st;
}

static cv_status lease_at(fixture *f, int64_t now, store_queue_entry *out)
{
    return store_queue_lease(f->s, now, 10 * MINUTE, f->arena, out, &f->err);
}

static store_queue_entry get(fixture *f, store_id id)
{
    store_queue_entry e;

    OK(f, store_queue_get(f->s, id, f->arena, &e, &f->err));
    return e;
}

static void an_entry_comes_back_as_it_was_put(void **state)
{
    fixture *f = *state;
    store_queue_entry e;
    cv_slice content;
    store_id id = put_due(f, NOON);

    reopen(f);
    e = get(f, id);
    TEXT_IS(e.from, "alice@north.example");
    TEXT_IS(e.destination, "south.example");
    TEXT_IS(e.message_id, "<1@north.example>");
    TEXT_IS(e.subject, "Budget");
    TEXT_IS(e.message_class, "IPM.Note");
    TEXT_IS(e.envid, "E1");
    TEXT_IS(e.ret, "HDRS");
    assert_true(e.is_mime);
    assert_int_equal(e.account, 1);
    assert_int_equal(e.folder, 2);
    assert_int_equal(e.message, 3);
    assert_int_equal(e.submitted, NOON);
    assert_int_equal(e.expires, NOON + 60 * MINUTE);
    assert_int_equal(e.size_bytes, 26);
    assert_int_equal(e.state, STORE_QUEUE_READY);
    assert_int_equal(e.lease, 0);
    assert_int_equal(e.rcpt_count, 2);
    assert_int_equal(e.rcpts[0].id, 1);
    TEXT_IS(e.rcpts[0].address, "bob@south.example");
    TEXT_IS(e.rcpts[0].orcpt, "rfc822;bob@south.example");
    assert_int_equal(e.rcpts[0].notify, 6);
    assert_false(e.rcpts[0].done);
    TEXT_IS(e.rcpts[1].address, "carol@south.example");
    OK(f, store_queue_content(f->s, id, f->arena, &content, &f->err));
    TEXT_IS(content, "Subject: Budget\r\n\r\nHello\r\n");
}

static void the_longest_due_is_leased_first_and_only_once(void **state)
{
    fixture *f = *state;
    store_queue_entry e;
    int64_t due;
    store_id late = put_due(f, NOON + 2 * MINUTE);
    store_id early = put_due(f, NOON + MINUTE);
    store_id same = put_due(f, NOON + MINUTE);

    OK(f, store_queue_next(f->s, &due, &f->err));
    assert_int_equal(due, NOON + MINUTE);
    assert_int_equal(lease_at(f, NOON, &e), CV_ERR_NOTFOUND);
    OK(f, lease_at(f, NOON + 5 * MINUTE, &e));
    assert_int_equal(e.id, early);
    assert_int_equal(e.rcpt_count, 2);
    OK(f, lease_at(f, NOON + 5 * MINUTE, &e));
    assert_int_equal(e.id, same);
    OK(f, lease_at(f, NOON + 5 * MINUTE, &e));
    assert_int_equal(e.id, late);
    assert_int_equal(lease_at(f, NOON + 5 * MINUTE, &e), CV_ERR_NOTFOUND);
    OK(f, store_queue_next(f->s, &due, &f->err));
    assert_int_equal(due, NOON + 15 * MINUTE);
}

static void a_lapsed_lease_goes_to_another_whose_result_counts(void **state)
{
    fixture *f = *state;
    store_queue_entry first, second;
    store_id id = put_due(f, NOON);

    OK(f, lease_at(f, NOON, &first));
    assert_int_equal(lease_at(f, NOON + 10 * MINUTE - 1, &second),
                     CV_ERR_NOTFOUND);
    OK(f, lease_at(f, NOON + 10 * MINUTE, &second));
    assert_int_equal(second.id, id);
    assert_int_not_equal(second.lease, first.lease);
    first.state = STORE_QUEUE_RETRY;
    assert_int_equal(update(f, &first), CV_ERR_CONFLICT);
    second.rcpts[0].done = true;
    second.state = STORE_QUEUE_RETRY;
    second.next_try = NOON + 30 * MINUTE;
    OK(f, update(f, &second));
    assert_int_equal(get(f, id).state, STORE_QUEUE_RETRY);
}

static void results_are_booked_and_the_lease_ends(void **state)
{
    fixture *f = *state;
    store_queue_entry e;
    store_id id = put_due(f, NOON);

    OK(f, lease_at(f, NOON, &e));
    e.state = STORE_QUEUE_RETRY;
    e.attempts = 1;
    e.next_try = NOON + 15 * MINUTE;
    e.failure_class = CV_S("connect");
    e.last_error = CV_S("no answer");
    e.failed_epoch = 7;
    e.delay_reported = true;
    e.rcpts[0].done = true;
    e.rcpts[0].status = CV_S("2.1.5");
    e.rcpts[1].status = CV_S("4.4.1");
    e.rcpts[1].reply = CV_S("no answer");
    e.rcpts[1].remote = CV_S("mx.south.example");
    OK(f, update(f, &e));
    e = get(f, id);
    assert_int_equal(e.state, STORE_QUEUE_RETRY);
    assert_int_equal(e.attempts, 1);
    assert_int_equal(e.next_try, NOON + 15 * MINUTE);
    TEXT_IS(e.failure_class, "connect");
    TEXT_IS(e.last_error, "no answer");
    assert_int_equal(e.failed_epoch, 7);
    assert_true(e.delay_reported);
    assert_true(e.rcpts[0].done);
    assert_false(e.rcpts[1].done);
    TEXT_IS(e.rcpts[1].remote, "mx.south.example");
    assert_int_equal(lease_at(f, NOON + MINUTE, &e), CV_ERR_NOTFOUND);
    OK(f, lease_at(f, NOON + 15 * MINUTE, &e));
}

static void an_entry_goes_when_its_last_recipient_is_done(void **state)
{
    fixture *f = *state;
    store_queue_entry e, *list;
    store_tx *tx;
    size_t count;
    int64_t due;
    store_id id = put_due(f, NOON);

    OK(f, lease_at(f, NOON, &e));
    OK(f, store_begin(f->s, &tx, &f->err));
    OK(f, store_queue_rcpt_done(tx, id, 1, &f->err));
    assert_int_equal(store_queue_rcpt_done(tx, id, 3, NULL), CV_ERR_NOTFOUND);
    OK(f, store_commit(&tx, &f->err));
    /* The snapshot still says that the first is pending. */
    e.rcpts[1].done = true;
    OK(f, update(f, &e));
    assert_int_equal(store_queue_get(f->s, id, f->arena, &e, NULL),
                     CV_ERR_NOTFOUND);
    OK(f, store_queue_list(f->s, f->arena, &list, &count, &f->err));
    assert_int_equal(count, 0);
    OK(f, store_queue_next(f->s, &due, &f->err));
    assert_int_equal(due, INT64_MAX);
    assert_int_equal(update(f, &e), CV_ERR_NOTFOUND);
    assert_true(put_due(f, NOON) > id);
}

static void a_held_entry_waits_even_if_an_attempt_was_running(void **state)
{
    fixture *f = *state;
    store_queue_entry worker, admin;
    int64_t due;
    store_id id = put_due(f, NOON);

    OK(f, lease_at(f, NOON, &worker));
    admin = get(f, id);
    admin.state = STORE_QUEUE_HELD;
    OK(f, update(f, &admin));
    assert_int_equal(lease_at(f, NOON + 10 * MINUTE, &admin), CV_ERR_NOTFOUND);
    worker.state = STORE_QUEUE_RETRY;
    worker.attempts = 1;
    OK(f, update(f, &worker));
    assert_int_equal(get(f, id).state, STORE_QUEUE_HELD);
    assert_int_equal(get(f, id).attempts, 1);
    OK(f, store_queue_next(f->s, &due, &f->err));
    assert_int_equal(due, INT64_MAX);
    admin = get(f, id);
    admin.state = STORE_QUEUE_READY;
    OK(f, update(f, &admin));
    OK(f, lease_at(f, NOON, &worker));
}

static void an_administrator_s_change_does_not_end_a_lease(void **state)
{
    fixture *f = *state;
    store_queue_entry worker, admin, other;
    store_id id = put_due(f, NOON);

    OK(f, lease_at(f, NOON, &worker));
    admin = get(f, id);
    admin.next_try = NOON;
    OK(f, update(f, &admin));
    assert_int_equal(lease_at(f, NOON, &other), CV_ERR_NOTFOUND);
    worker.rcpts[0].done = worker.rcpts[1].done = true;
    OK(f, update(f, &worker));
}

static void waking_a_class_leaves_others_and_held_ones(void **state)
{
    static const struct {
        const char *class;
        store_queue_state state;
    } rows[] = { { "legacy-tracking-time", STORE_QUEUE_RETRY },
                 { "legacy-tracking-time", STORE_QUEUE_HELD },
                 { "connect", STORE_QUEUE_RETRY },
                 { "legacy-tracking-time", STORE_QUEUE_RETRY } };
    fixture *f = *state;
    store_id ids[CV_LEN(rows)];
    store_tx *tx;
    size_t count = 0;

    for (size_t i = 0; i < CV_LEN(rows); i++) {
        store_queue_entry e = entry_due(NOON + 15 * MINUTE);
        e.failure_class = cv_slice_cstr(rows[i].class);
        e.state = rows[i].state;
        ids[i] = put(f, &e, CV_S("x"));
    }
    OK(f, store_begin(f->s, &tx, &f->err));
    OK(f, store_queue_wake(tx, CV_S("legacy-tracking-time"), NOON, &count,
                           &f->err));
    OK(f, store_commit(&tx, &f->err));
    assert_int_equal(count, 2);
    assert_int_equal(get(f, ids[0]).next_try, NOON);
    assert_int_equal(get(f, ids[1]).next_try, NOON + 15 * MINUTE);
    assert_int_equal(get(f, ids[2]).next_try, NOON + 15 * MINUTE);
    assert_int_equal(get(f, ids[3]).next_try, NOON);
}

static void a_dead_server_s_leases_are_released_at_start(void **state)
{
    fixture *f = *state;
    store_queue_entry e;
    store_id id = put_due(f, NOON);

    OK(f, lease_at(f, NOON, &e));
    reopen(f);
    assert_int_equal(lease_at(f, NOON, &e), CV_ERR_NOTFOUND);
    OK(f, store_queue_recover(f->s, &f->err));
    OK(f, lease_at(f, NOON, &e));
    assert_int_equal(e.id, id);
}

static void what_failed_under_older_settings_is_due_at_start(void **state)
{
    fixture *f = *state;
    store_queue_entry e = entry_due(NOON + 15 * MINUTE);
    store_id old, held, fresh;

    OK(f, store_setting_set(f->s, CV_S(""), CV_S("fix"), CV_S("true"), NULL,
                            &f->err));
    e.state = STORE_QUEUE_RETRY;
    old = put(f, &e, CV_S("x"));
    e.failed_epoch = 1;
    fresh = put(f, &e, CV_S("x"));
    e.failed_epoch = 0;
    e.state = STORE_QUEUE_HELD;
    held = put(f, &e, CV_S("x"));
    OK(f, store_queue_recover(f->s, &f->err));
    assert_int_equal(get(f, old).next_try, NOON);
    assert_int_equal(get(f, fresh).next_try, NOON + 15 * MINUTE);
    assert_int_equal(get(f, held).next_try, NOON + 15 * MINUTE);
}

static void deleting_takes_the_recipients_along(void **state)
{
    fixture *f = *state;
    store_tx *tx;
    store_id id = put_due(f, NOON);

    OK(f, store_begin(f->s, &tx, &f->err));
    OK(f, store_queue_delete(tx, id, &f->err));
    assert_int_equal(store_queue_delete(tx, id, NULL), CV_ERR_NOTFOUND);
    OK(f, store_commit(&tx, &f->err));
    OK(f, store_check(f->s, &f->err));
}

static void what_is_rolled_back_was_never_there(void **state)
{
    fixture *f = *state;
    store_queue_entry e = entry_due(NOON), *list;
    store_tx *tx;
    store_id id;
    size_t count;

    OK(f, store_begin(f->s, &tx, &f->err));
    OK(f, store_queue_put(tx, &e, CV_S("x"), &id, &f->err));
    OK(f, store_queue_list(f->s, f->arena, &list, &count, &f->err));
    assert_int_equal(count, 1); /* this thread sees what it wrote */
    store_rollback(&tx);
    assert_null(tx);
    OK(f, store_queue_list(f->s, f->arena, &list, &count, &f->err));
    assert_int_equal(count, 0);
}

static void a_thread_has_one_transaction(void **state)
{
    fixture *f = *state;
    store_tx *tx, *second;

    OK(f, store_begin(f->s, &tx, &f->err));
    assert_int_equal(store_begin(f->s, &second, NULL), CV_ERR_CONFLICT);
    assert_null(second);
    OK(f, store_commit(&tx, &f->err));
    store_rollback(&tx);
    OK(f, store_begin(f->s, &tx, &f->err));
    store_rollback(&tx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(an_entry_comes_back_as_it_was_put),
        WITH_STORE(the_longest_due_is_leased_first_and_only_once),
        WITH_STORE(a_lapsed_lease_goes_to_another_whose_result_counts),
        WITH_STORE(results_are_booked_and_the_lease_ends),
        WITH_STORE(an_entry_goes_when_its_last_recipient_is_done),
        WITH_STORE(a_held_entry_waits_even_if_an_attempt_was_running),
        WITH_STORE(an_administrator_s_change_does_not_end_a_lease),
        WITH_STORE(waking_a_class_leaves_others_and_held_ones),
        WITH_STORE(a_dead_server_s_leases_are_released_at_start),
        WITH_STORE(what_failed_under_older_settings_is_due_at_start),
        WITH_STORE(deleting_takes_the_recipients_along),
        WITH_STORE(what_is_rolled_back_was_never_there),
        WITH_STORE(a_thread_has_one_transaction),
    };
    return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
