/* What "on disk" means: this program's own fdatasync() and fsync() stand
 * before the C library's and count what the database flushes. */
#include "store/testing.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/syscall.h>

#include "store/store_private.h"

static atomic_int flushes;

CV_API int fdatasync(int fd);
CV_API int fsync(int fd);

int fdatasync(int fd)
{
    atomic_fetch_add(&flushes, 1);
    return (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
    atomic_fetch_add(&flushes, 1);
    return (int)syscall(SYS_fsync, fd);
}

static cv_status queue_one(store *s)
{
    store_queue_rcpt rcpt = { .address = CV_S("b@x.example") };
    store_queue_entry e = { .rcpts = &rcpt, .rcpt_count = 1 };
    store_tx *tx;
    store_id id;

    CV_TRY(store_begin(s, &tx, NULL));
    cv_status st = store_queue_put(tx, &e, CV_S("x"), &id, NULL);
    if (st == CV_OK)
        st = store_commit(&tx, NULL);
    store_rollback(&tx);
    return st;
}

static void a_commit_is_flushed_when_it_comes_back(void **state)
{
    fixture *f = *state;

    for (int i = 0; i < 20; i++) {
        int before = atomic_load(&flushes);
        assert_int_equal(queue_one(f->s), CV_OK);
        assert_true(atomic_load(&flushes) > before);
    }
}

static void a_setting_is_flushed_when_it_comes_back(void **state)
{
    fixture *f = *state;
    int before = atomic_load(&flushes);

    OK(f,
       store_setting_set(f->s, CV_S(""), CV_S("a"), CV_S("1"), NULL, &f->err));
    assert_true(atomic_load(&flushes) > before);
}

static void a_lease_is_not_flushed_but_what_follows_is(void **state)
{
    fixture *f = *state;
    store_queue_entry e;

    assert_int_equal(queue_one(f->s), CV_OK);
    int before = atomic_load(&flushes);
    OK(f, store_queue_lease(f->s, NOON, MINUTE, f->arena, &e, &f->err));
    assert_int_equal(atomic_load(&flushes), before);
    assert_int_equal(queue_one(f->s), CV_OK);
    assert_true(atomic_load(&flushes) > before);
}

enum { THREADS = 8, EACH = 50 };

static void *queue_many(void *arg)
{
    fixture *f = arg;
    intptr_t failed = 0;

    for (int i = 0; i < EACH; i++)
        failed += queue_one(f->s) != CV_OK;
    return (void *)failed;
}

static void callers_that_wait_share_a_flush(void **state)
{
    fixture *f = *state;
    pthread_t threads[THREADS];
    int before = atomic_load(&flushes);

    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, queue_many, f);
    for (int i = 0; i < THREADS; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    int each = atomic_load(&flushes) - before;
    assert_in_range(each, THREADS * EACH / 64, THREADS * EACH * 3 / 4);
}

static void *queue_after_the_lease(void *arg)
{
    fixture *f = arg;
    int before = atomic_load(&flushes);

    if (queue_one(f->s) != CV_OK)
        return "not queued";
    return atomic_load(&flushes) > before ? NULL : "not flushed";
}

/* Works on until somebody stands in line behind it. */
static cv_status wait_for_a_second(store_tx *tx, void *ctx, cv_error *err)
{
    bool waits = false;

    (void)ctx;
    CV_TRY(store_fact_set(tx, 1, CV_S("k"), CV_S("v"), err));
    while (!waits) {
        sched_yield();
        pthread_mutex_lock(&tx->store->lock);
        waits = tx->store->first != NULL;
        pthread_mutex_unlock(&tx->store->lock);
    }
    return CV_OK;
}

static void nobody_s_commit_hides_in_one_that_is_not_flushed(void **state)
{
    fixture *f = *state;
    pthread_t second;
    void *complaint;

    pthread_create(&second, NULL, queue_after_the_lease, f);
    OK(f, store_write_soon(f->s, wait_for_a_second, NULL, &f->err));
    pthread_join(second, &complaint);
    if (complaint)
        fail_msg("%s", (char *)complaint);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(a_commit_is_flushed_when_it_comes_back),
        WITH_STORE(a_setting_is_flushed_when_it_comes_back),
        WITH_STORE(a_lease_is_not_flushed_but_what_follows_is),
        WITH_STORE(nobody_s_commit_hides_in_one_that_is_not_flushed),
        WITH_STORE(callers_that_wait_share_a_flush),
    };
    return cmocka_run_group_tests_name("flush", tests, NULL, NULL);
}
