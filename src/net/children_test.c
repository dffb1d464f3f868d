#include "net/children.h"

#include "base/sanitizer.h"

#include <pthread.h>
#include <signal.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define DEADLINE 20000

static unsigned deep(volatile unsigned n)
{
    volatile char room[4096];
    room[n % sizeof(room)] = 1;
    return n == 0 ? 0 : deep(n - 1) + (unsigned)room[0];
}

/* What the request names happens in the child. */
static cv_status misbehave(void *ctx, cv_slice request, cv_buf *response)
{
    (void)ctx;
    if (cv_slice_eq(request, CV_S("crash")))
        raise(SIGSEGV);
    if (cv_slice_eq(request, CV_S("stack")))
        (void)deep(1u << 24);
    if (cv_slice_eq(request, CV_S("loop")))
        for (;;)
            (void)usleep(1000);
    if (cv_slice_eq(request, CV_S("burn")))
        for (volatile unsigned i = 0;; i++)
            ;
    if (cv_slice_eq(request, CV_S("exit")))
        _exit(3);
    if (cv_slice_eq(request, CV_S("memory"))) {
        for (;;) {
            char *p = malloc((size_t)64 << 20);
            if (!p)
                return CV_ERR_NOMEM;
            memset(p, 1, (size_t)64 << 20);
        }
    }
    if (cv_slice_eq(request, CV_S("legacy")))
        cv_buf_put_str(response, "report");
    if (cv_slice_eq(request, CV_S("legacy")))
        return CV_ERR_LEGACY;
    if (cv_slice_eq(request, CV_S("pid"))) {
        cv_buf_printf(response, "%ld", (long)getpid());
        return CV_OK;
    }
    cv_buf_put_slice(response, request);
    return CV_OK;
}

static net_children *start(unsigned count)
{
    net_children_config config = { .handler = misbehave,
                                   .count = count,
                                   .memory_bytes = (size_t)256 << 20,
                                   .stack_bytes = (size_t)256 << 10,
                                   .cpu_seconds = 1 };
    net_children *c = NULL;
    assert_int_equal(net_children_start(&config, &c, NULL), CV_OK);
    return c;
}

static cv_status ask(net_children *c, const char *what, uint32_t deadline_ms,
                     bool *died, cv_error *err)
{
    cv_buf out;
    cv_buf_init(&out, 0);
    cv_status status =
        net_children_call(c, cv_slice_cstr(what), deadline_ms, &out, died, err);
    cv_buf_clear(&out);
    return status;
}

static void works(net_children *c)
{
    cv_buf out;
    bool died = true;
    cv_buf_init(&out, 0);
    cv_buf_put_str(&out, "before ");
    assert_int_equal(
        net_children_call(c, CV_S("hello"), DEADLINE, &out, &died, NULL),
        CV_OK);
    assert_false(died);
    assert_true(cv_slice_eq(cv_buf_slice(&out), CV_S("before hello")));
    cv_buf_clear(&out);
}

/* After each way of dying the next request is answered. */
static void a_lost_child_is_replaced(void **state)
{
    static const struct {
        const char *how;
        uint32_t deadline_ms;
        cv_status status;
        const char *words;
    } rows[] = {
        { "crash", DEADLINE, CV_ERR_IO, NULL },
        { "stack", DEADLINE, CV_ERR_IO, NULL },
        { "exit", DEADLINE, CV_ERR_IO, "the child ended with code 3" },
        { "loop", 50, CV_ERR_TIMEOUT, "the child was killed at its deadline" },
    };
    net_children *c = start(1);
    net_children_stats stats;
    (void)state;
    works(c);
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        cv_error err;
        bool died = false;
        assert_int_equal(ask(c, rows[i].how, rows[i].deadline_ms, &died, &err),
                         rows[i].status);
        assert_true(died);
        if (rows[i].words)
            assert_string_equal(err.what, rows[i].words);
        works(c);
    }
    net_children_get_stats(c, &stats);
    assert_int_equal(stats.deaths, 3);
    assert_int_equal(stats.timeouts, 1);
    assert_int_equal(stats.requests, 9);
    assert_int_equal(stats.alive, 1);
    net_children_stop(&c);
    assert_null(c);
}

static void memory_has_a_bound_and_its_failure_is_the_handlers(void **state)
{
    bool died = true;
    (void)state;
    if (CV_HAS_ASAN)
        skip();
    net_children *c = start(1);
    assert_int_equal(ask(c, "memory", DEADLINE, &died, NULL), CV_ERR_NOMEM);
    assert_false(died);
    net_children_stop(&c);
}

static void processor_time_has_a_bound(void **state)
{
    net_children *c = start(1);
    cv_error err;
    bool died = false;
    (void)state;
    assert_int_equal(ask(c, "burn", DEADLINE, &died, &err), CV_ERR_IO);
    assert_true(died);
    works(c);
    net_children_stop(&c);
}

static void the_handlers_code_and_response_both_come_back(void **state)
{
    net_children *c = start(1);
    cv_buf out;
    bool died = true;
    (void)state;
    cv_buf_init(&out, 0);
    assert_int_equal(
        net_children_call(c, CV_S("legacy"), DEADLINE, &out, &died, NULL),
        CV_ERR_LEGACY);
    assert_false(died);
    assert_true(cv_slice_eq(cv_buf_slice(&out), CV_S("report")));
    cv_buf_clear(&out);
    net_children_stop(&c);
}

static void large_payloads_go_both_ways(void **state)
{
    size_t len = (size_t)20 << 20;
    uint8_t *bytes = malloc(len);
    net_children *c = start(1);
    cv_buf out;
    (void)state;
    assert_non_null(bytes);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(i * 7 + i / 4096);
    cv_buf_init(&out, 0);
    assert_int_equal(net_children_call(c, cv_slice_of(bytes, len), DEADLINE,
                                       &out, NULL, NULL),
                     CV_OK);
    assert_int_equal(out.len, len);
    assert_memory_equal(out.data, bytes, len);
    cv_buf_clear(&out);
    free(bytes);
    net_children_stop(&c);
}

typedef struct job {
    net_children *children;
    unsigned failures;
} job;

static void *call_often(void *arg)
{
    job *j = arg;
    for (int i = 0; i < 40; i++) {
        bool crash = i % 8 == 3;
        cv_status status =
            ask(j->children, crash ? "crash" : "hello", DEADLINE, NULL, NULL);
        j->failures += status != (crash ? CV_ERR_IO : CV_OK);
    }
    return NULL;
}

static void many_threads_share_few_children(void **state)
{
    pthread_t threads[4];
    job jobs[4];
    net_children *c = start(2);
    net_children_stats stats;
    (void)state;
    for (size_t i = 0; i < CV_LEN(threads); i++) {
        jobs[i] = (job){ c, 0 };
        assert_int_equal(
            pthread_create(&threads[i], NULL, call_often, &jobs[i]), 0);
    }
    for (size_t i = 0; i < CV_LEN(threads); i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(jobs[i].failures, 0);
    }
    net_children_get_stats(c, &stats);
    assert_int_equal(stats.deaths, 20);
    assert_in_range(stats.alive, 0, 2);
    net_children_stop(&c);
}

static void *loop_to_the_deadline(void *arg)
{
    job *j = arg;
    j->failures += ask(j->children, "loop", 300, NULL, NULL) != CV_ERR_TIMEOUT;
    return NULL;
}

/* A request that waits behind one that hangs keeps its own time. */
static void
waiting_for_a_child_does_not_count_against_the_deadline(void **state)
{
    pthread_t thread;
    net_children *c = start(1);
    net_children_stats stats = { 0 };
    job j = { c, 0 };
    bool died = true;
    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, loop_to_the_deadline, &j),
                     0);
    while (stats.requests == 0) {
        (void)usleep(1000);
        net_children_get_stats(c, &stats);
    }
    assert_int_equal(ask(c, "hello", 200, &died, NULL), CV_OK);
    assert_false(died);
    pthread_join(thread, NULL);
    assert_int_equal(j.failures, 0);
    net_children_stop(&c);
}

static void when_no_child_can_be_had_the_request_is_not_to_blame(void **state)
{
    pthread_t thread;
    net_children *c = start(1);
    net_children_stats stats = { 0 };
    job j = { c, 0 };
    bool died = true;
    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, loop_to_the_deadline, &j),
                     0);
    while (stats.requests == 0) {
        (void)usleep(1000);
        net_children_get_stats(c, &stats);
    }
    assert_int_equal(ask(c, "hello", 5, &died, NULL), CV_ERR_IO);
    assert_false(died);
    pthread_join(thread, NULL);
    assert_int_equal(j.failures, 0);
    net_children_stop(&c);
}

static void *wait_a_little(void *arg)
{
    pthread_mutex_t *lock = arg;
    pthread_mutex_lock(lock);
    pthread_mutex_unlock(lock);
    return NULL;
}

static void starting_after_threads_is_refused(void **state)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    net_children_config config = { .handler = misbehave };
    net_children *c = NULL;
    pthread_t thread;
    (void)state;
    pthread_mutex_lock(&lock);
    assert_int_equal(pthread_create(&thread, NULL, wait_a_little, &lock), 0);
    assert_int_equal(net_children_start(&config, &c, NULL), CV_ERR_CONFLICT);
    pthread_mutex_unlock(&lock);
    pthread_join(thread, NULL);
}

/* Only then its sockets are closed. */
static bool is_zombie(const char *pid)
{
    char path[64], state = '?';
    (void)snprintf(path, sizeof(path), "/proc/%s/stat", pid);
    FILE *f = fopen(path, "re");
    bool read = f && fscanf(f, "%*d (%*[^)]) %c", &state) == 1;
    if (f)
        (void)fclose(f);
    return !read || state == 'Z';
}

/* As by the kernel when memory runs out: the next request is not to blame. */
static void a_child_that_died_idle_costs_no_request(void **state)
{
    net_children *c = start(1);
    cv_buf out;
    char pid[32];
    (void)state;
    cv_buf_init(&out, 0);
    assert_int_equal(
        net_children_call(c, CV_S("pid"), DEADLINE, &out, NULL, NULL), CV_OK);
    (void)snprintf(pid, sizeof(pid), "%.*s", CV_FMT(cv_buf_slice(&out)));
    cv_buf_clear(&out);
    assert_int_equal(kill((pid_t)strtol(pid, NULL, 10), SIGKILL), 0);
    for (int i = 0; i < 2000 && !is_zombie(pid); i++)
        (void)usleep(1000);
    works(c);
    net_children_stop(&c);
}

static void children_die_with_their_parent(void **state)
{
    net_children *c = start(1);
    cv_buf out;
    char pid[32];
    char path[64];
    (void)state;
    cv_buf_init(&out, 0);
    assert_int_equal(
        net_children_call(c, CV_S("pid"), DEADLINE, &out, NULL, NULL), CV_OK);
    (void)snprintf(pid, sizeof(pid), "%.*s", CV_FMT(cv_buf_slice(&out)));
    (void)snprintf(path, sizeof(path), "/proc/%s/exe", pid);
    assert_int_equal(access(path, F_OK), 0);
    cv_buf_clear(&out);
    net_children_stop(&c);
    /* Killed, though perhaps not yet reaped: a zombie has no exe. */
    for (int i = 0; i < 2000 && access(path, F_OK) == 0; i++)
        (void)usleep(1000);
    assert_int_not_equal(access(path, F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lost_child_is_replaced),
        cmocka_unit_test(memory_has_a_bound_and_its_failure_is_the_handlers),
        cmocka_unit_test(processor_time_has_a_bound),
        cmocka_unit_test(the_handlers_code_and_response_both_come_back),
        cmocka_unit_test(large_payloads_go_both_ways),
        cmocka_unit_test(many_threads_share_few_children),
        cmocka_unit_test(
            waiting_for_a_child_does_not_count_against_the_deadline),
        cmocka_unit_test(when_no_child_can_be_had_the_request_is_not_to_blame),
        cmocka_unit_test(starting_after_threads_is_refused),
        cmocka_unit_test(a_child_that_died_idle_costs_no_request),
        cmocka_unit_test(children_die_with_their_parent),
    };
    return cmocka_run_group_tests_name("children", tests, NULL, NULL);
}
