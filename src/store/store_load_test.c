/* Many threads, a full disk, a newer schema. The full disk is made through
 * the driver's own bound and through the kernel's. */
#include "store/testing.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "store/store_private.h"

#define THREADS 8
#define EACH 40

typedef struct worker {
    fixture *f;
    pthread_t thread;
    store_id account, inbox;
    int number;
    int accepted; /* calls that said CV_OK */
    int refused;  /* CV_ERR_IO */
    int wrong;    /* anything else */
} worker;

static void start(fixture *f, worker *w, void *(*run)(void *))
{
    store_id account = add_account(f, "alice@north.example");
    store_folder inbox;

    OK(f, store_folder_find(f->s, account, CV_S("Inbox"), f->arena, &inbox,
                            &f->err));
    for (int i = 0; i < THREADS; i++) {
        w[i] = (worker){
            .f = f, .account = account, .inbox = inbox.id, .number = i
        };
        assert_int_equal(pthread_create(&w[i].thread, NULL, run, &w[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(w[i].thread, NULL);
}

static cv_object *note(int thread, int i)
{
    char subject[32];
    cv_object *obj = NULL;

    if (cv_object_new(0, &obj, NULL) == CV_OK) {
        snprintf(subject, sizeof(subject), "%d-%d", thread, i);
        cv_bag_set_string(cv_object_props(obj), CV_PidTagSubject,
                          cv_slice_cstr(subject));
    }
    return obj;
}

static cv_status put(worker *w, int i, cv_slice mime, cv_slice delivery_id,
                     bool keep, bool *duplicate)
{
    cv_object *obj = note(w->number, i);
    store_tx *tx = NULL;
    store_id id;

    cv_status st = store_begin(w->f->s, &tx, NULL);
    if (st == CV_OK)
        st = store_put_message(tx, w->inbox, obj, mime, delivery_id, NOON, &id,
                               duplicate, NULL);
    if (st == CV_OK && keep)
        st = store_commit(&tx, NULL);
    store_rollback(&tx);
    cv_object_free(&obj);
    return st;
}

static void count(worker *w, cv_status st)
{
    if (st == CV_OK)
        w->accepted++;
    else if (st == CV_ERR_IO)
        w->refused++;
    else
        w->wrong++;
}

static size_t list(fixture *f, store_id inbox, store_message **out)
{
    size_t n;

    OK(f, store_message_list(f->s, inbox, f->arena, out, &n, &f->err));
    return n;
}

/* -- threads -- */

static void *put_and_undo(void *arg)
{
    worker *w = arg;

    for (int i = 0; i < EACH; i++) {
        bool keep = i % 4 != 3;
        cv_status st = put(w, i, CV_S("raw"), CV_S(""), keep, NULL);
        if (keep)
            count(w, st);
    }
    return NULL;
}

static void what_threads_committed_is_there_once_and_nothing_else(void **state)
{
    fixture *f = *state;
    bool seen[THREADS][EACH] = { { false } };
    worker w[THREADS];
    store_message *all;

    start(f, w, put_and_undo);
    reopen(f);
    assert_int_equal(list(f, w[0].inbox, &all), THREADS * EACH * 3 / 4);
    for (size_t i = 0; i < THREADS * EACH * 3 / 4; i++) {
        char text[32] = { 0 };
        int thread, number;
        memcpy(text, all[i].subject.ptr, all[i].subject.len);
        assert_int_equal(sscanf(text, "%d-%d", &thread, &number), 2);
        assert_false(seen[thread][number]);
        assert_int_not_equal(number % 4, 3);
        seen[thread][number] = true;
        assert_true(i == 0 || all[i].uid > all[i - 1].uid);
    }
    OK(f, store_check(f->s, &f->err));
}

static void *put_same(void *arg)
{
    worker *w = arg;
    bool duplicate = false;

    for (int i = 0; i < EACH; i++) {
        char id[16];
        snprintf(id, sizeof(id), "d%d", i);
        cv_status st =
            put(w, i, CV_S("raw"), cv_slice_cstr(id), true, &duplicate);
        if (st == CV_OK && !duplicate)
            w->accepted++;
        w->wrong += st != CV_OK;
    }
    return NULL;
}

static void racing_deliveries_of_one_id_put_one_message(void **state)
{
    fixture *f = *state;
    worker w[THREADS];
    store_message *all;
    int accepted = 0;

    start(f, w, put_same);
    for (int i = 0; i < THREADS; i++) {
        accepted += w[i].accepted;
        assert_int_equal(w[i].wrong, 0);
    }
    assert_int_equal(accepted, EACH);
    assert_int_equal(list(f, w[0].inbox, &all), EACH);
}

static void *lease_all(void *arg)
{
    worker *w = arg;
    store_queue_entry e;
    cv_arena *arena = NULL;

    if (cv_arena_new(0, &arena, NULL) != CV_OK)
        return NULL;
    while (store_queue_lease(w->f->s, NOON, MINUTE, arena, &e, NULL) == CV_OK)
        w->accepted++;
    cv_arena_free(&arena);
    return NULL;
}

static void racing_workers_lease_every_entry_once(void **state)
{
    fixture *f = *state;
    store_queue_rcpt rcpt = { .address = CV_S("b@x.example") };
    store_queue_entry e = { .rcpts = &rcpt, .rcpt_count = 1 };
    worker w[THREADS];
    store_tx *tx;
    store_id id;
    int leased = 0;

    OK(f, store_begin(f->s, &tx, &f->err));
    for (int i = 0; i < 50; i++)
        OK(f, store_queue_put(tx, &e, CV_S("x"), &id, &f->err));
    OK(f, store_commit(&tx, &f->err));
    start(f, w, lease_all);
    for (int i = 0; i < THREADS; i++)
        leased += w[i].accepted;
    assert_int_equal(leased, 50);
}

static void *read_and_write(void *arg)
{
    worker *w = arg;
    cv_arena *arena = NULL;
    store_folder box;

    for (int i = 0; i < EACH; i++) {
        if (cv_arena_new(0, &arena, NULL) != CV_OK)
            return NULL;
        if (w->number % 2)
            count(w, put(w, i, CV_S("raw"), CV_S(""), true, NULL));
        else
            count(w, store_folder_find(w->f->s, w->account, CV_S("Inbox"),
                                       arena, &box, NULL));
        cv_arena_free(&arena);
    }
    return NULL;
}

static void readers_and_writers_do_not_hinder_each_other(void **state)
{
    fixture *f = *state;
    worker w[THREADS];

    start(f, w, read_and_write);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(w[i].accepted, EACH);
}

/* -- a full disk -- */

static void fill_noise(uint8_t *out, size_t len, uint32_t seed)
{
    for (size_t i = 0; i < len; i++) {
        seed = seed * 1664525 + 1013904223;
        out[i] = (uint8_t)(seed >> 24);
    }
}

static void *put_noise(void *arg)
{
    worker *w = arg;
    enum { LEN = 40000 };
    uint8_t *bytes = malloc(LEN);

    for (int i = 0; bytes && i < EACH; i++) {
        fill_noise(bytes, LEN, (uint32_t)(w->number * 1000 + i));
        count(w, put(w, i, (cv_slice){ bytes, LEN }, CV_S(""), true, NULL));
    }
    free(bytes);
    return NULL;
}

/* What was accepted is there, what was refused is not. */
static void assert_honest(fixture *f, worker *w, size_t more)
{
    store_message *all;
    size_t accepted = more;

    for (int i = 0; i < THREADS; i++) {
        accepted += (size_t)w[i].accepted;
        assert_int_equal(w[i].wrong, 0);
    }
    OK(f, store_check(f->s, &f->err));
    assert_int_equal(list(f, w[0].inbox, &all), accepted);
    for (size_t i = 0; i < accepted; i++) {
        cv_slice mime;
        OK(f, store_message_mime(f->s, all[i].id, f->arena, &mime, &f->err));
    }
}

static void a_full_disk_refuses_and_works_again_with_room(void **state)
{
    fixture *f = *state;
    worker w[THREADS];
    int refused = 0;

    OK(f, sql_set_room(f->s->writer, 2000000, &f->err));
    start(f, w, put_noise);
    for (int i = 0; i < THREADS; i++)
        refused += w[i].refused;
    assert_true(refused > 0 && refused < THREADS * EACH);
    assert_honest(f, w, 0);
    reopen(f);
    assert_honest(f, w, 0);
    OK(f, put(&w[0], 99, CV_S("after"), CV_S(""), true, NULL));
    assert_honest(f, w, 1);
}

static void a_full_disk_is_named_in_the_error(void **state)
{
    fixture *f = *state;
    store_tx *tx;
    store_queue_rcpt rcpt = { .address = CV_S("b@x.example") };
    store_queue_entry e = { .rcpts = &rcpt, .rcpt_count = 1 }, *all;
    store_id id;
    size_t n;
    uint8_t *bytes = cv_arena_alloc(f->arena, 2000000);

    fill_noise(bytes, 2000000, 1);
    OK(f, sql_set_room(f->s->writer, 500000, &f->err));
    OK(f, store_begin(f->s, &tx, &f->err));
    OK(f, store_queue_put(tx, &e, CV_S("small"), &id, &f->err));
    assert_int_equal(
        store_queue_put(tx, &e, (cv_slice){ bytes, 2000000 }, &id, &f->err),
        CV_ERR_IO);
    assert_non_null(strstr(f->err.what, "the disk is full"));
    /* Who overlooks it cannot commit the rest. */
    f->err.what[0] = 0;
    assert_int_equal(store_queue_put(tx, &e, CV_S("more"), &id, NULL),
                     CV_ERR_IO);
    assert_int_equal(store_commit(&tx, &f->err), CV_ERR_IO);
    assert_null(tx);
    assert_non_null(strstr(f->err.what, "the disk is full"));
    OK(f, store_queue_list(f->s, f->arena, &all, &n, &f->err));
    assert_int_equal(n, 0);
}

/* Runs in a child process, whose files may not grow beyond a bound. */
static int write_under_limit(fixture *f)
{
    struct rlimit tight = { 4500000, RLIM_INFINITY };
    struct rlimit loose = { RLIM_INFINITY, RLIM_INFINITY };
    worker w[THREADS];
    int refused = 0;

    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &tight);
    open_store(f);
    start(f, w, put_noise);
    for (int i = 0; i < THREADS; i++)
        refused += w[i].refused;
    setrlimit(RLIMIT_FSIZE, &loose);
    if (refused == 0)
        return 1;
    assert_honest(f, w, 0);
    OK(f, put(&w[0], 99, CV_S("after"), CV_S(""), true, NULL));
    reopen(f);
    assert_honest(f, w, 1);
    return 0;
}

static void a_disk_that_refuses_writes_loses_nothing_accepted(void **state)
{
    fixture *f = *state;
    int status = 0;

    store_close(&f->s);
    pid_t child = fork();
    if (child == 0)
        _exit(write_under_limit(f));
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* -- versions -- */

static void a_newer_schema_is_refused_in_clear_words(void **state)
{
    fixture *f = *state;
    sql_conn *conn;

    store_close(&f->s);
    OK(f, sql_open(f->dir, true, &conn, &f->err));
    OK(f, store_meta_set(conn, "schema", CV_S("99"), &f->err));
    sql_close(&conn);
    assert_int_equal(store_open(f->dir, &f->env, &f->s, &f->err), CV_ERR_UNSUP);
    assert_string_equal(f->err.what, "a newer Convoke wrote this store (schema "
                                     "99, this one knows 1)");
    assert_null(f->s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(what_threads_committed_is_there_once_and_nothing_else),
        WITH_STORE(racing_deliveries_of_one_id_put_one_message),
        WITH_STORE(racing_workers_lease_every_entry_once),
        WITH_STORE(readers_and_writers_do_not_hinder_each_other),
        WITH_STORE(a_full_disk_refuses_and_works_again_with_room),
        WITH_STORE(a_full_disk_is_named_in_the_error),
        WITH_STORE(a_disk_that_refuses_writes_loses_nothing_accepted),
        WITH_STORE(a_newer_schema_is_refused_in_clear_words),
    };
    return cmocka_run_group_tests_name("load", tests, NULL, NULL);
}
