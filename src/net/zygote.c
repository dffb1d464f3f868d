/* The processes below net_children: the zygote, and what it forks. */
#include "net/children_private.h"
#include "base/limits.h"
#include "base/sanitizer.h"
#include "net/whole_io.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILDREN_MAX 256

/* -- the child -- */

static void set_limit(__rlimit_resource_t what, rlim_t value)
{
    struct rlimit limit = { value, value };
    (void)setrlimit(what, &limit);
}

static void jail(const net_children_config *config)
{
    size_t memory =
        config->memory_bytes ? config->memory_bytes : (size_t)1 << 30;
    size_t stack = config->stack_bytes ? config->stack_bytes : (size_t)8 << 20;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    /* Address sanitizer maps terabytes of shadow memory. */
    if (!CV_HAS_ASAN)
        set_limit(RLIMIT_AS, memory);
    set_limit(RLIMIT_STACK, stack);
    set_limit(RLIMIT_CORE, 0);
    set_limit(RLIMIT_NOFILE, 16);
    set_limit(RLIMIT_NPROC, 0);
}

/* So many seconds more than have been used. */
static void grant_cpu(unsigned seconds)
{
    struct rusage used;
    struct rlimit limit;
    if (getrusage(RUSAGE_SELF, &used) != 0 ||
        getrlimit(RLIMIT_CPU, &limit) != 0)
        return;
    limit.rlim_cur = (rlim_t)used.ru_utime.tv_sec +
                     (rlim_t)used.ru_stime.tv_sec + seconds + 1;
    (void)setrlimit(RLIMIT_CPU, &limit);
}

/* One request; false when the parent is gone. */
static bool serve_one(const net_children_config *config, int fd)
{
    net_child_head head;
    cv_buf response;
    if (!net_read_all(fd, &head, sizeof(head)))
        return false;
    uint8_t *request = head.len < SIZE_MAX ? malloc(head.len + 1) : NULL;
    if (!request || !net_read_all(fd, request, head.len)) {
        free(request);
        return false;
    }
    cv_buf_init(&response, config->response_max);
    grant_cpu(config->cpu_seconds ? config->cpu_seconds : 60);
    cv_status status =
        config->handler(config->ctx, cv_slice_of(request, head.len), &response);
    if (status == CV_OK)
        status = response.status;
    head = (net_child_head){ .status = status, .len = response.len };
    bool ok = net_write_all(fd, &head, sizeof(head)) &&
              net_write_all(fd, response.data, response.len);
    cv_buf_clear(&response);
    free(request);
    return ok;
}

static _Noreturn void child_run(const net_children_config *config, int fd)
{
    jail(config);
    while (serve_one(config, fd))
        ;
    _exit(0);
}

/* -- the zygote -- */

static void close_other_files(int keep)
{
    int null = open("/dev/null", O_RDWR);
    if (null >= 0) {
        (void)dup2(null, 0);
        (void)dup2(null, 1);
    }
    if (keep > 3)
        (void)close_range(3, (unsigned)keep - 1, 0);
    (void)close_range((unsigned)keep + 1, ~0U, 0);
}

/* A terminal's or service manager's signals to the whole group are the
 * server's business: requests that run are to end well. */
static void settle_signals(void)
{
    static const int ignored[] = { SIGINT,  SIGTERM, SIGHUP, SIGQUIT,
                                   SIGPIPE, SIGUSR1, SIGUSR2 };
    sigset_t none;
    /* A handler that was set before the fork is not ours: a crash kills. */
    for (int i = 1; i < SIGRTMIN; i++)
        (void)signal(i, SIG_DFL);
    for (size_t i = 0; i < CV_LEN(ignored); i++)
        (void)signal(ignored[i], SIG_IGN);
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool answer(int fd, const net_zygote_answer *what, int pass)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = { 0 };
    struct iovec iov = { (void *)(uintptr_t)what, sizeof(*what) };
    struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
    if (pass >= 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof(control.bytes);
        struct cmsghdr *c = CMSG_FIRSTHDR(&message);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(c), &pass, sizeof(int));
    }
    return sendmsg(fd, &message, MSG_NOSIGNAL) == (ssize_t)sizeof(*what);
}

static bool fork_child(const net_children_config *config, int fd,
                       pid_t *children)
{
    net_zygote_answer what = { .pid = -1 };
    int pair[2] = { -1, -1 };
    size_t slot = 0;
    while (slot < CHILDREN_MAX && children[slot] != 0)
        slot++;
    if (slot < CHILDREN_MAX &&
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0)
        what.pid = fork();
    if (what.pid == 0) {
        (void)close(fd);
        (void)close(pair[0]);
        child_run(config, pair[1]);
    }
    if (what.pid > 0)
        children[slot] = what.pid;
    bool ok = answer(fd, &what, what.pid > 0 ? pair[0] : -1);
    for (int i = 0; i < 2; i++)
        if (pair[i] >= 0)
            (void)close(pair[i]);
    return ok;
}

/* Only what it has not reaped yet can still be its child: pids are safe. */
static bool kill_child(int fd, pid_t pid, pid_t *children)
{
    net_zygote_answer what = { .pid = pid };
    for (size_t i = 0; i < CHILDREN_MAX; i++) {
        if (children[i] != pid)
            continue;
        (void)kill(pid, SIGKILL);
        while (waitpid(pid, &what.wait_status, 0) < 0 && errno == EINTR)
            ;
        children[i] = 0;
        break;
    }
    return answer(fd, &what, -1);
}

_Noreturn void net_zygote_run(const net_children_config *config, int fd)
{
    static pid_t children[CHILDREN_MAX];
    net_zygote_question question;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    settle_signals();
    close_other_files(fd);
    for (;;) {
        ssize_t n = recv(fd, &question, sizeof(question), 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n != (ssize_t)sizeof(question))
            break;
        bool ok = question.kill ? kill_child(fd, question.kill, children)
                                : fork_child(config, fd, children);
        if (!ok)
            break;
    }
    for (size_t i = 0; i < CHILDREN_MAX; i++)
        if (children[i] > 0)
            (void)kill(children[i], SIGKILL);
    _exit(0);
}
