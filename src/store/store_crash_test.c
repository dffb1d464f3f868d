/* A child process works on the store and is killed: at each kill point of the
 * store, and at arbitrary moments. What it was told to be safe is there
 * exactly once, and nothing is half there. */
#include "base/text.h"
#include "store/testing.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#define THREADS 4
#define MAX_ID 4000
#define BIG 700000

typedef struct child {
    fixture *f;
    int pipe; /* one number each that is acknowledged */
    bool big;
    int number;
    uint8_t *bytes; /* BIG bytes of noise */
} child;

/* One queue entry and one fact that say the same number. */
static cv_status queue_number(child *c, int number)
{
    char key[16];
    store_queue_rcpt rcpt = { .address = CV_S("bob@south.example") };
    store_queue_entry e = { .rcpts = &rcpt, .rcpt_count = 1 };
    store_tx *tx = NULL;
    store_id id;
    cv_slice content;

    snprintf(key, sizeof(key), "n%d", number);
    e.subject = cv_slice_cstr(key);
    content = e.subject;
    if (c->big) {
        memcpy(c->bytes, key, sizeof(key));
        content = (cv_slice){ c->bytes, BIG };
        CV_TRY(store_stage(c->f->s, content, NULL));
    }
    CV_TRY(store_begin(c->f->s, &tx, NULL));
    cv_status st = store_queue_put(tx, &e, content, &id, NULL);
    if (st == CV_OK)
        st = store_fact_set(tx, 1, e.subject, CV_S("yes"), NULL);
    if (st == CV_OK)
        st = store_commit(&tx, NULL);
    store_rollback(&tx);
    return st;
}

static void *work(void *arg)
{
    child *c = arg;

    for (int i = 0; i < MAX_ID / THREADS; i++) {
        int number = c->number * (MAX_ID / THREADS) + i;
        if (queue_number(c, number) != CV_OK)
            _exit(3);
        if (write(c->pipe, &number, sizeof(number)) != sizeof(number))
            _exit(4);
    }
    return NULL;
}

static void run_child(fixture *f, int pipe, const char *point, unsigned nth,
                      bool big)
{
    static uint8_t noise[THREADS][BIG];
    child c[THREADS];
    pthread_t threads[THREADS];

    open_store(f);
    if (point)
        cv_kill_point_arm(point, nth);
    for (int i = 0; i < THREADS; i++) {
        for (size_t k = 0; k < BIG; k++)
            noise[i][k] = (uint8_t)(k * 31 + (k >> 8) * 17 + (size_t)i);
        c[i] = (child){ f, pipe, big, i, noise[i] };
        pthread_create(&threads[i], NULL, work, &c[i]);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    _exit(5);
}

/* Reads what was acknowledged until the child is gone; with stop_after it is
 * killed once so many were. */
static size_t collect(pid_t pid, int fd, bool acked[MAX_ID], size_t stop_after)
{
    size_t n = 0;
    int number;

    while (read(fd, &number, sizeof(number)) == sizeof(number)) {
        assert_in_range(number, 0, MAX_ID - 1);
        acked[number] = true;
        if (++n == stop_after)
            kill(pid, SIGKILL);
    }
    return n;
}

static void check_after(fixture *f, const bool acked[MAX_ID])
{
    static int found[MAX_ID];
    store_queue_entry *all;
    cv_slice content, fact;
    size_t count;

    memset(found, 0, sizeof(found));
    open_store(f);
    OK(f, store_check(f->s, &f->err));
    OK(f, store_queue_list(f->s, f->arena, &all, &count, &f->err));
    for (size_t i = 0; i < count; i++) {
        uint32_t number;
        cv_slice digits = cv_slice_sub(all[i].subject, 1, CV_NPOS);
        assert_int_equal(cv_parse_u32(digits, &number), CV_OK);
        assert_in_range(number, 0, MAX_ID - 1);
        found[number]++;
        assert_int_equal(all[i].rcpt_count, 1);
        OK(f,
           store_queue_content(f->s, all[i].id, f->arena, &content, &f->err));
        assert_true(cv_slice_starts(content, all[i].subject));
        OK(f,
           store_fact_get(f->s, 1, all[i].subject, f->arena, &fact, &f->err));
    }
    for (int i = 0; i < MAX_ID; i++) {
        assert_true(found[i] <= 1);
        assert_true(!acked[i] || found[i] == 1);
    }
    store_close(&f->s);
}

/* *acked_count: how many were acknowledged before the death. */
static void crash(fixture *f, const char *point, unsigned nth,
                  size_t stop_after, bool big, size_t *acked_count)
{
    static bool acked[MAX_ID];
    int ends[2], status = 0;

    memset(acked, 0, sizeof(acked));
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(ends[0]);
        run_child(f, ends[1], point, nth, big);
    }
    close(ends[1]);
    *acked_count = collect(pid, ends[0], acked, stop_after);
    close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
    check_after(f, acked);
}

static void start_anew(fixture *f)
{
    store_close(&f->s);
    remove_dir(f->dir);
}

static void killed_at_a_kill_point_the_store_is_whole(void **state)
{
    static const struct {
        const char *point;
        unsigned nth;
        bool big;
        size_t most; /* acknowledged: nth pass minus one, and its batch */
    } rows[] = {
        { "queue-insert-before-commit", 1, false, 0 },
        { "queue-insert-before-commit", 2, false, 1 },
        { "queue-insert-before-commit", 37, false, 36 },
        { "queue-insert-after-commit", 1, false, THREADS },
        { "queue-insert-after-commit", 40, false, 39 + THREADS },
        { "blob-chunk-after-commit", 1, true, 0 },
        { "blob-chunk-after-commit", 2, true, 0 },
        { "blob-chunk-after-commit", 17, true, 5 },
    };
    fixture *f = *state;

    for (size_t i = 0; i < CV_LEN(rows); i++) {
        size_t acked;
        start_anew(f);
        crash(f, rows[i].point, rows[i].nth, 0, rows[i].big, &acked);
        assert_true(acked <= rows[i].most);
    }
}

static void killed_at_any_moment_the_store_is_whole(void **state)
{
    static const size_t after[] = { 1, 3, 7, 20, 50, 90, 150, 300 };
    fixture *f = *state;

    for (size_t i = 0; i < CV_LEN(after); i++) {
        size_t acked;
        start_anew(f);
        crash(f, NULL, 0, after[i], false, &acked);
        assert_true(acked >= after[i]);
    }
}

static void what_a_killed_sender_left_behind_is_swept(void **state)
{
    fixture *f = *state;
    size_t acked;

    start_anew(f);
    crash(f, NULL, 0, 40, true, &acked);
    open_store(f);
    OK(f, store_queue_recover(f->s, &f->err));
    store_close(&f->s);
    open_store(f);
    OK(f, store_check(f->s, &f->err));
    f->clock.now += 120 * MINUTE;
    OK(f, store_sweep(f->s, INT64_MAX, NULL, &f->err));
    OK(f, store_check(f->s, &f->err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(killed_at_a_kill_point_the_store_is_whole),
        WITH_STORE(killed_at_any_moment_the_store_is_whole),
        WITH_STORE(what_a_killed_sender_left_behind_is_swept),
    };
    return cmocka_run_group_tests_name("crash", tests, NULL, NULL);
}
