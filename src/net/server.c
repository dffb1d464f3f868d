#include "net/net_private.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define WORKERS_DEFAULT 8
#define STOP_GRACE_S 5 /* for peers to take their last output */

/* -- queues and table; the lock is held -- */

static bool queue_make_room(net_queue *q, size_t room)
{
    if (q->room >= room)
        return true;
    size_t wanted = q->room ? q->room * 2 : 64;
    uint64_t *ids = calloc(wanted, sizeof(*ids));
    if (!ids)
        return false;
    for (size_t i = 0; i < q->count; i++)
        ids[i] = q->ids[(q->first + i) % q->room];
    free(q->ids);
    *q = (net_queue){ ids, wanted, 0, q->count };
    return true;
}

static void queue_put(net_queue *q, uint64_t id)
{
    cv_assert(q->count < q->room);
    q->ids[(q->first + q->count++) % q->room] = id;
}

static bool queue_take(net_queue *q, uint64_t *id)
{
    if (q->count == 0)
        return false;
    *id = q->ids[q->first];
    q->first = (q->first + 1) % q->room;
    q->count--;
    return true;
}

static bool find_slot(net_server *server, size_t *slot)
{
    for (size_t i = 0; i < server->slot_count; i++) {
        *slot = (server->made + i) % server->slot_count;
        if (!server->slots[*slot])
            return true;
    }
    size_t wanted = server->slot_count ? server->slot_count * 2 : 64;
    net_session **slots = calloc(wanted, sizeof(*slots));
    if (!slots)
        return false;
    if (server->slot_count > 0)
        memcpy(slots, server->slots, server->slot_count * sizeof(*slots));
    free(server->slots);
    *slot = server->slot_count;
    server->slots = slots;
    server->slot_count = wanted;
    return true;
}

static net_session *lookup(const net_server *server, uint64_t id)
{
    size_t slot = (size_t)(id & UINT32_MAX);
    net_session *s = slot < server->slot_count ? server->slots[slot] : NULL;
    return s && s->id == id ? s : NULL;
}

cv_status net_server_add(net_server *server, net_session *s)
{
    size_t slot = 0;
    pthread_mutex_lock(&server->lock);
    size_t wanted = (size_t)server->stats.open + 1;
    bool ok = queue_make_room(&server->jobs, wanted) &&
              queue_make_room(&server->done, wanted) &&
              find_slot(server, &slot);
    if (ok) {
        s->id = ++server->made << 32 | slot;
        server->slots[slot] = s;
        server->stats.accepted++;
        server->stats.open++;
    }
    pthread_mutex_unlock(&server->lock);
    return ok ? CV_OK : CV_ERR_NOMEM;
}

void net_server_remove(net_server *server, net_session *s)
{
    pthread_mutex_lock(&server->lock);
    server->slots[s->id & UINT32_MAX] = NULL;
    server->stats.open--;
    pthread_mutex_unlock(&server->lock);
}

void net_server_queue(net_server *server, net_session *s, net_call call)
{
    s->state = NET_STATE_WORKING;
    s->call = call;
    pthread_mutex_lock(&server->lock);
    s->poke = server->pokes;
    queue_put(&server->jobs, s->id);
    pthread_cond_signal(&server->work);
    pthread_mutex_unlock(&server->lock);
}

/* -- threads -- */

static void wake(net_server *server)
{
    uint64_t one = 1;
    /* The only failure is a full counter: then it is awake anyway. */
    ssize_t n = write(server->wake_fd, &one, sizeof(one));
    (void)n;
}

static void *work(void *arg)
{
    net_server *server = arg;
    uint64_t id = 0;
    pthread_mutex_lock(&server->lock);
    for (;;) {
        while (!server->workers_stop && server->jobs.count == 0)
            pthread_cond_wait(&server->work, &server->lock);
        if (!queue_take(&server->jobs, &id))
            break;
        net_session *s = lookup(server, id);
        pthread_mutex_unlock(&server->lock);
        if (s)
            net_core_run(&s->core, s->call);
        pthread_mutex_lock(&server->lock);
        queue_put(&server->done, id);
        wake(server);
    }
    pthread_mutex_unlock(&server->lock);
    return NULL;
}

static void resume_finished(net_server *server)
{
    for (;;) {
        uint64_t id = 0;
        pthread_mutex_lock(&server->lock);
        bool any = queue_take(&server->done, &id);
        net_session *s = any ? lookup(server, id) : NULL;
        pthread_mutex_unlock(&server->lock);
        if (!any)
            return;
        if (s)
            net_session_resume(s);
    }
}

static void stop_sessions(net_server *server)
{
    struct timeval grace = { .tv_sec = STOP_GRACE_S };
    for (net_listener *l = server->listeners; l; l = l->next)
        net_listener_unwatch(l);
    for (net_session *s = server->sessions, *next; s; s = next) {
        next = s->next;
        net_session_stop(s);
    }
    (void)event_base_loopexit(server->base, &grace);
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
    net_server *server = arg;
    uint64_t count = 0;
    (void)what;
    ssize_t n = read(fd, &count, sizeof(count));
    (void)n;
    pthread_mutex_lock(&server->lock);
    bool poked = server->poked;
    bool stopping = server->stopping;
    server->poked = false;
    pthread_mutex_unlock(&server->lock);
    resume_finished(server);
    for (net_session *s = poked ? server->sessions : NULL, *next; s; s = next) {
        next = s->next;
        net_session_poke(s);
    }
    server->ending = stopping;
    if (stopping)
        stop_sessions(server);
    if (stopping && !server->sessions)
        (void)event_base_loopbreak(server->base);
}

static void *loop(void *arg)
{
    net_server *server = arg;
    (void)event_base_dispatch(server->base);
    return NULL;
}

/* Signals are for the program's own threads. */
static int start_thread(pthread_t *thread, void *(*fn)(void *), void *arg)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int code = pthread_create(thread, NULL, fn, arg);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code;
}

/* -- life -- */

static void server_free(net_server *server)
{
    while (server->listeners) {
        net_listener *l = server->listeners;
        server->listeners = l->next;
        net_listener_free(l);
    }
    if (server->wake_fd >= 0) {
        if (server->base)
            (void)event_del(&server->wake);
        (void)close(server->wake_fd);
    }
    if (server->spare_fd >= 0)
        (void)close(server->spare_fd);
    if (server->base)
        event_base_free(server->base);
    pthread_mutex_destroy(&server->lock);
    pthread_cond_destroy(&server->work);
    free(server->worker_threads);
    free(server->slots);
    free(server->jobs.ids);
    free(server->done.ids);
    free(server->spool_dir);
    free(server);
}

cv_status net_server_new(const net_server_config *config, net_server **out,
                         cv_error *err)
{
    net_server *server = calloc(1, sizeof(*server));
    if (!server)
        return cv_fail(err, CV_ERR_NOMEM, "server");
    pthread_mutex_init(&server->lock, NULL);
    pthread_cond_init(&server->work, NULL);
    server->workers = config->workers ? config->workers : WORKERS_DEFAULT;
    server->spool_dir = strdup(config->spool_dir ? config->spool_dir : "/tmp");
    server->worker_threads = calloc(server->workers, sizeof(pthread_t));
    server->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    server->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    server->base = event_base_new();
    server->stats.session_bytes = sizeof(net_session);
    if (!server->spool_dir || !server->worker_threads || !server->base ||
        server->wake_fd < 0 ||
        event_assign(&server->wake, server->base, server->wake_fd,
                     EV_READ | EV_PERSIST, on_wake, server) != 0) {
        server_free(server);
        return cv_fail(err, CV_ERR_IO, "server: %s", strerror(errno));
    }
    *out = server;
    return CV_OK;
}

cv_status net_server_start(net_server *server, cv_error *err)
{
    for (net_listener *l = server->listeners; l; l = l->next)
        net_listener_watch(l);
    if (event_add(&server->wake, NULL) != 0)
        return cv_fail(err, CV_ERR_NOMEM, "event loop");
    while (server->workers_running < server->workers) {
        pthread_t *thread = &server->worker_threads[server->workers_running];
        int code = start_thread(thread, work, server);
        if (code != 0)
            return cv_fail(err, CV_ERR_IO, "thread: %s", strerror(code));
        server->workers_running++;
    }
    int code = start_thread(&server->loop_thread, loop, server);
    if (code != 0)
        return cv_fail(err, CV_ERR_IO, "thread: %s", strerror(code));
    server->loop_running = true;
    return CV_OK;
}

void net_server_poke(net_server *server)
{
    pthread_mutex_lock(&server->lock);
    server->pokes++;
    server->poked = true;
    pthread_mutex_unlock(&server->lock);
    wake(server);
}

void net_server_stop(net_server **pointer)
{
    if (!pointer || !*pointer)
        return;
    net_server *server = *pointer;
    pthread_mutex_lock(&server->lock);
    server->stopping = true;
    pthread_mutex_unlock(&server->lock);
    wake(server);
    if (server->loop_running)
        pthread_join(server->loop_thread, NULL);
    pthread_mutex_lock(&server->lock);
    server->workers_stop = true;
    pthread_cond_broadcast(&server->work);
    pthread_mutex_unlock(&server->lock);
    for (unsigned i = 0; i < server->workers_running; i++)
        pthread_join(server->worker_threads[i], NULL);
    while (server->sessions)
        net_session_destroy(server->sessions);
    server_free(server);
    *pointer = NULL;
}

void net_server_stats(net_server *server, net_stats *out)
{
    pthread_mutex_lock(&server->lock);
    *out = server->stats;
    pthread_mutex_unlock(&server->lock);
}
