#include "server/delivery.h"

#include "base/wintime.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define MAX_SLEEP (60 * CV_TICKS_PER_SEC) /* clocks are set: look up again */
#define ERROR_SLEEP CV_TICKS_PER_SEC

struct delivery {
    transport *t;      /* borrowed */
    const cv_env *env; /* borrowed */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stop;          /* by lock, as is the next one */
    uint64_t wakes;     /* counts delivery_wake() */
    unsigned count;     /* threads that run */
    pthread_t *threads; /* owned */
};

/* How long there is nothing to do, in ticks; 0: there is work. */
static int64_t idle_time(delivery *d)
{
    int64_t due;
    int64_t now = d->env->now(d->env->ctx);

    if (transport_next_due(d->t, &due, NULL) != CV_OK)
        return ERROR_SLEEP;
    if (due <= now)
        return 0;
    return due - now < MAX_SLEEP ? due - now : MAX_SLEEP;
}

static struct timespec after(int64_t ticks)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += (time_t)(ticks / CV_TICKS_PER_SEC);
    t.tv_nsec += (long)(ticks % CV_TICKS_PER_SEC) * 100;
    if (t.tv_nsec >= 1000000000L) {
        t.tv_nsec -= 1000000000L;
        t.tv_sec++;
    }
    return t;
}

/* Sleeps until a wake-up later than `seen`, a stop, or the time. */
static bool wait_for_work(delivery *d, uint64_t seen, int64_t ticks)
{
    struct timespec until = after(ticks);
    int rc = 0;

    pthread_mutex_lock(&d->lock);
    while (!d->stop && d->wakes == seen && ticks > 0 && rc == 0)
        rc = pthread_cond_timedwait(&d->changed, &d->lock, &until);
    bool go_on = !d->stop;
    pthread_mutex_unlock(&d->lock);
    return go_on;
}

static uint64_t wakes_seen(delivery *d)
{
    pthread_mutex_lock(&d->lock);
    uint64_t seen = d->wakes;
    pthread_mutex_unlock(&d->lock);
    return seen;
}

static void *run(void *arg)
{
    delivery *d = arg;
    uint64_t seen;
    int64_t idle;

    do {
        bool worked = false;
        seen = wakes_seen(d);
        cv_status st = transport_run_one(d->t, &worked, NULL);
        idle = st != CV_OK ? ERROR_SLEEP : worked ? 0 : idle_time(d);
        /* Due, yet another thread holds it: no need to spin. */
        if (st == CV_OK && !worked && idle == 0)
            idle = ERROR_SLEEP / 20;
    } while (wait_for_work(d, seen, idle));
    return NULL;
}

cv_status delivery_start(transport *t, const cv_env *env, unsigned threads,
                         delivery **out, cv_error *err)
{
    pthread_condattr_t attr;
    delivery *d = calloc(1, sizeof(*d));

    if (!d || !(d->threads = calloc(threads, sizeof(*d->threads)))) {
        free(d);
        return cv_fail(err, CV_ERR_NOMEM, "delivery threads");
    }
    d->t = t;
    d->env = env;
    pthread_mutex_init(&d->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&d->changed, &attr);
    pthread_condattr_destroy(&attr);
    *out = d;
    for (; d->count < threads; d->count++) {
        if (pthread_create(&d->threads[d->count], NULL, run, d) != 0) {
            delivery_stop(out);
            return cv_fail(err, CV_ERR_IO, "cannot make a delivery thread");
        }
    }
    return CV_OK;
}

void delivery_wake(delivery *d)
{
    if (!d)
        return;
    pthread_mutex_lock(&d->lock);
    d->wakes++;
    pthread_cond_broadcast(&d->changed);
    pthread_mutex_unlock(&d->lock);
}

void delivery_stop(delivery **out)
{
    delivery *d = *out;

    if (!d)
        return;
    pthread_mutex_lock(&d->lock);
    d->stop = true;
    pthread_cond_broadcast(&d->changed);
    pthread_mutex_unlock(&d->lock);
    for (unsigned i = 0; i < d->count; i++)
        pthread_join(d->threads[i], NULL);
    pthread_cond_destroy(&d->changed);
    pthread_mutex_destroy(&d->lock);
    free(d->threads);
    free(d);
    *out = NULL;
}
