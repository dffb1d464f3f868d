#include "net/children.h"
#include "net/children_private.h"
#include "net/whole_io.h"
#include "net/clock.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COUNT_DEFAULT 2
#define COUNT_MAX 128
#define BLOCK ((size_t)64 << 10)
/* How long a request waits for a child: each may be held for a deadline. */
#define WAIT_DEADLINES 8

typedef struct child {
    pid_t pid; /* 0: none yet */
    int fd;
    bool busy;
} child;

struct net_children {
    net_children_config config;
    pid_t zygote;
    int zygote_fd;
    unsigned count;
    pthread_mutex_t zygote_lock; /* one question at a time */
    pthread_mutex_t lock;        /* guards what is below */
    pthread_cond_t idle;
    net_children_stats stats;
    child children[COUNT_MAX];
};

/* -- zygote -- */

static bool has_threads(void)
{
    unsigned n = 0;
    DIR *dir = opendir("/proc/self/task");
    if (!dir)
        return false;
    for (const struct dirent *d = readdir(dir); d; d = readdir(dir))
        n += d->d_name[0] != '.';
    (void)closedir(dir);
    return n > 1;
}

static void init_locks(net_children *c)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&c->zygote_lock, NULL);
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->idle, &attributes);
    pthread_condattr_destroy(&attributes);
}

cv_status net_children_start(const net_children_config *config,
                             net_children **out, cv_error *err)
{
    int pair[2];
    if (has_threads())
        return cv_fail(err, CV_ERR_CONFLICT,
                       "children must be started before threads");
    net_children *c = calloc(1, sizeof(*c));
    if (!c)
        return cv_fail(err, CV_ERR_NOMEM, "children");
    c->config = *config;
    c->count = config->count ? config->count : COUNT_DEFAULT;
    if (c->count > COUNT_MAX)
        c->count = COUNT_MAX;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        free(c);
        return cv_fail(err, CV_ERR_IO, "socketpair: %s", strerror(errno));
    }
    c->zygote = fork();
    if (c->zygote == 0)
        net_zygote_run(&c->config, pair[1]);
    (void)close(pair[1]);
    c->zygote_fd = pair[0];
    if (c->zygote < 0) {
        (void)close(pair[0]);
        free(c);
        return cv_fail(err, CV_ERR_IO, "fork: %s", strerror(errno));
    }
    init_locks(c);
    *out = c;
    return CV_OK;
}

void net_children_stop(net_children **children)
{
    if (!children || !*children)
        return;
    net_children *c = *children;
    for (unsigned i = 0; i < c->count; i++)
        if (c->children[i].pid)
            (void)close(c->children[i].fd);
    (void)close(c->zygote_fd);
    while (waitpid(c->zygote, NULL, 0) < 0 && errno == EINTR)
        ;
    pthread_mutex_destroy(&c->zygote_lock);
    pthread_mutex_destroy(&c->lock);
    pthread_cond_destroy(&c->idle);
    free(c);
    *children = NULL;
}

/* One question and its answer; *fd is the socket that came along, or -1. */
static bool ask(net_children *c, net_zygote_question question,
                net_zygote_answer *answer, int *fd)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec iov = { answer, sizeof(*answer) };
    struct msghdr message = { .msg_iov = &iov,
                              .msg_iovlen = 1,
                              .msg_control = control.bytes,
                              .msg_controllen = sizeof(control.bytes) };
    ssize_t n = -1;
    *fd = -1;
    pthread_mutex_lock(&c->zygote_lock);
    if (send(c->zygote_fd, &question, sizeof(question), MSG_NOSIGNAL) ==
        (ssize_t)sizeof(question)) {
        do
            n = recvmsg(c->zygote_fd, &message, MSG_CMSG_CLOEXEC);
        while (n < 0 && errno == EINTR);
    }
    pthread_mutex_unlock(&c->zygote_lock);
    if (n != (ssize_t)sizeof(*answer))
        return false;
    const struct cmsghdr *m = CMSG_FIRSTHDR(&message);
    if (m && m->cmsg_level == SOL_SOCKET && m->cmsg_type == SCM_RIGHTS)
        memcpy(fd, CMSG_DATA(m), sizeof(int));
    return true;
}

/* -- taking and giving back -- */

static child *find_idle(net_children *c)
{
    child *empty = NULL;
    for (unsigned i = 0; i < c->count; i++) {
        child *k = &c->children[i];
        if (!k->busy && k->pid)
            return k;
        if (!k->busy && !empty)
            empty = k;
    }
    return empty;
}

static cv_status take(net_children *c, int64_t deadline, child **out,
                      cv_error *err)
{
    struct timespec until = { .tv_sec = (time_t)(deadline / 1000),
                              .tv_nsec = (long)(deadline % 1000) * 1000000 };
    int code = 0;
    pthread_mutex_lock(&c->lock);
    c->stats.requests++;
    child *k = find_idle(c);
    while (!k && code == 0) {
        code = pthread_cond_timedwait(&c->idle, &c->lock, &until);
        k = find_idle(c);
    }
    if (k)
        k->busy = true;
    pthread_mutex_unlock(&c->lock);
    *out = k;
    return k ? CV_OK : cv_fail(err, CV_ERR_IO, "all children were busy");
}

static void give_back(net_children *c, child *k)
{
    pthread_mutex_lock(&c->lock);
    k->busy = false;
    pthread_cond_signal(&c->idle);
    pthread_mutex_unlock(&c->lock);
}

static void count_alive(net_children *c, int by)
{
    pthread_mutex_lock(&c->lock);
    c->stats.alive += (unsigned)by;
    pthread_mutex_unlock(&c->lock);
}

/* Ends a child; its wait status, 0 when nobody knows. */
static int discard(net_children *c, child *k)
{
    net_zygote_answer answer = { 0 };
    int fd = -1;
    (void)close(k->fd);
    (void)ask(c, (net_zygote_question){ .kill = k->pid }, &answer, &fd);
    k->pid = 0;
    count_alive(c, -1);
    return answer.wait_status;
}

static cv_status make(net_children *c, child *k, cv_error *err)
{
    net_zygote_answer answer = { 0 };
    if (!ask(c, (net_zygote_question){ 0 }, &answer, &k->fd))
        return cv_fail(err, CV_ERR_IO, "the fork server has ended");
    if (answer.pid <= 0 || k->fd < 0)
        return cv_fail(err, CV_ERR_IO, "fork failed");
    k->pid = answer.pid;
    count_alive(c, 1);
    return CV_OK;
}

/* An idle child says nothing: what can be read is its end. */
static bool is_gone(const child *k)
{
    struct pollfd p = { .fd = k->fd, .events = POLLIN };
    return poll(&p, 1, 0) != 0;
}

/* -- one request -- */

static cv_status wait_for(int fd, short events, int64_t deadline, cv_error *err)
{
    struct pollfd p = { .fd = fd, .events = events };
    int n = 0;
    do
        n = poll(&p, 1, net_clock_left(deadline));
    while (n < 0 && errno == EINTR);
    if (n == 0)
        return cv_fail(err, CV_ERR_TIMEOUT, "deadline of a child");
    return n > 0 ? CV_OK : cv_fail(err, CV_ERR_IO, "poll");
}

static cv_status send_all(int fd, const void *bytes, size_t len,
                          int64_t deadline, cv_error *err)
{
    const uint8_t *p = bytes;
    while (len > 0) {
        ssize_t n = send(fd, p, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EAGAIN) {
            CV_TRY(wait_for(fd, POLLOUT, deadline, err));
            continue;
        }
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return cv_fail(err, CV_ERR_IO, "child");
        p += n;
        len -= (size_t)n;
    }
    return CV_OK;
}

static cv_status receive(int fd, void *to, size_t len, int64_t deadline,
                         cv_error *err)
{
    uint8_t *p = to;
    while (len > 0) {
        CV_TRY(wait_for(fd, POLLIN, deadline, err));
        ssize_t n = recv(fd, p, len, MSG_DONTWAIT);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n <= 0)
            return cv_fail(err, CV_ERR_IO, "child");
        p += n;
        len -= (size_t)n;
    }
    return CV_OK;
}

/* result: the handler's own code. */
static cv_status talk(const child *k, cv_slice request, int64_t deadline,
                      cv_buf *response, cv_status *result, cv_error *err)
{
    uint8_t block[BLOCK];
    net_child_head head = { .len = request.len };
    CV_TRY(send_all(k->fd, &head, sizeof(head), deadline, err));
    CV_TRY(send_all(k->fd, request.ptr, request.len, deadline, err));
    CV_TRY(receive(k->fd, &head, sizeof(head), deadline, err));
    for (uint64_t left = head.len; left > 0;) {
        size_t n = left < BLOCK ? (size_t)left : BLOCK;
        CV_TRY(receive(k->fd, block, n, deadline, err));
        cv_buf_put(response, block, n);
        left -= n;
    }
    *result = (cv_status)head.status;
    return CV_OK;
}

/* The child is lost: notes how, and makes the caller's error. */
static cv_status bury(net_children *c, child *k, cv_status status,
                      cv_error *err)
{
    int how = discard(c, k);
    pthread_mutex_lock(&c->lock);
    if (status == CV_ERR_TIMEOUT)
        c->stats.timeouts++;
    else
        c->stats.deaths++;
    pthread_mutex_unlock(&c->lock);
    if (status == CV_ERR_TIMEOUT)
        return cv_fail(err, CV_ERR_TIMEOUT,
                       "the child was killed at its deadline");
    if (WIFSIGNALED(how))
        return cv_fail(err, CV_ERR_IO, "the child died of signal %d (%s)",
                       WTERMSIG(how), strsignal(WTERMSIG(how)));
    return cv_fail(err, CV_ERR_IO, "the child ended with code %d",
                   WEXITSTATUS(how));
}

cv_status net_children_call(net_children *children, cv_slice request,
                            uint32_t deadline_ms, cv_buf *response, bool *died,
                            cv_error *err)
{
    net_children *c = children;
    int64_t now = net_clock_ms();
    cv_status result = CV_OK;
    child *k = NULL;
    bool lost = false;
    if (died)
        *died = false;
    CV_TRY(take(c, now + (int64_t)deadline_ms * WAIT_DEADLINES, &k, err));
    /* Time spent waiting for others is not this request's. */
    int64_t deadline = net_clock_ms() + deadline_ms;
    if (k->pid && is_gone(k))
        (void)discard(c, k);
    cv_status status = k->pid ? CV_OK : make(c, k, err);
    if (status == CV_OK) {
        size_t before = response->len;
        status = talk(k, request, deadline, response, &result, err);
        lost = status != CV_OK;
        if (lost) {
            response->len = before;
            status = bury(c, k, status, err);
        }
    }
    give_back(c, k);
    if (died)
        *died = lost;
    if (status != CV_OK)
        return status;
    if (result != CV_OK)
        return cv_fail(err, result, "conversion in a child: %s",
                       cv_status_name(result));
    return cv_buf_status(response, err);
}

void net_children_get_stats(net_children *children, net_children_stats *out)
{
    pthread_mutex_lock(&children->lock);
    *out = children->stats;
    pthread_mutex_unlock(&children->lock);
}
