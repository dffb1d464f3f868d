#include "cli/batch_child.h"

#include "base/sanitizer.h"
#include "net/whole_io.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WAITING_RECORDS 256 /* of one child, not yet settled */
#define WAITING_BYTES ((uint64_t)1 << 20)
#define PART ((size_t)64 << 10)

/* -- messages: a length, a struct, texts -- */

typedef struct record_head {
    uint32_t size;
    batch_record record; /* texts: only their lengths count */
} record_head;

typedef struct task_head {
    uint32_t size;
    batch_task task;
    uint32_t lens[4]; /* path, folder, name, why; with their NULs */
} task_head;

uint64_t batch_record_bytes(const batch_record *record)
{
    uint64_t bytes = sizeof(record_head);
    for (size_t i = 0; i < BATCH_TEXTS; i++)
        bytes += record->texts[i].len;
    return bytes;
}

/* -- in the child -- */

/* One a process: limits are set from here. */
static struct {
    const batch_plan *plan;
    batch_slot *slot;
    int fd;
} self;

/* The processor time of an item begins now. */
static void begin_item(void)
{
    struct rusage used;
    if (getrusage(RUSAGE_SELF, &used) != 0)
        return;
    rlim_t seconds = (rlim_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + 1;
    struct rlimit limit = { seconds + self.plan->child_seconds, RLIM_INFINITY };
    (void)setrlimit(RLIMIT_CPU, &limit);
}

/* Private memory only: a mapped input costs nothing. */
static void set_limits(void)
{
    struct rlimit memory = { self.plan->child_bytes, self.plan->child_bytes };
    struct rlimit core = { 0, 0 };
    if (!CV_HAS_ASAN)
        (void)setrlimit(RLIMIT_DATA, &memory);
    (void)setrlimit(RLIMIT_CORE, &core);
}

/* Too much is waiting for an earlier item of another child. */
static void wait_for_others(void)
{
    const struct timespec pause = { .tv_nsec = 2000000 };
    const batch_slot *s = self.slot;
    while (atomic_load(&s->sent) - atomic_load(&s->settled) > WAITING_RECORDS ||
           atomic_load(&s->sent_bytes) - atomic_load(&s->settled_bytes) >
               WAITING_BYTES)
        (void)nanosleep(&pause, NULL);
}

static void emit_to_parent(void *ctx, const batch_record *record)
{
    cv_buf out;
    record_head head = { .record = *record };
    size_t size = (size_t)batch_record_bytes(record);
    (void)ctx;
    head.size = (uint32_t)size;
    cv_buf_init(&out, 0);
    cv_buf_put(&out, &head, sizeof head);
    for (size_t i = 0; i < BATCH_TEXTS; i++)
        cv_buf_put_slice(&out, record->texts[i]);
    if (out.status != CV_OK || !net_write_all(self.fd, out.data, out.len))
        _exit(1); /* without a parent there is nothing to do */
    cv_buf_clear(&out);
    if (record->kind == BATCH_ITEM) {
        atomic_fetch_add(&self.slot->sent, 1);
        atomic_fetch_add(&self.slot->sent_bytes, size);
    }
}

static bool get_task(task_head *head, char **texts)
{
    if (!net_read_all(self.fd, head, sizeof *head))
        return false;
    *texts = malloc(head->size);
    if (!*texts || !net_read_all(self.fd, *texts, head->size)) {
        free(*texts);
        return false;
    }
    const char **to[] = { &head->task.path, &head->task.folder,
                          &head->task.name, &head->task.why };
    size_t at = 0;
    for (size_t i = 0; i < CV_LEN(to); i++) {
        *to[i] = *texts + at;
        at += head->lens[i];
    }
    return true;
}

_Noreturn static void be_child(const batch_plan *plan, batch_shared *shared,
                               unsigned number, int fd)
{
    batch_worker w = { .plan = plan,
                       .shared = shared,
                       .slot = &shared->slots[number],
                       .emit = emit_to_parent,
                       .before_item = wait_for_others,
                       .item_begins = begin_item };
    task_head head;
    char *texts;
    self.plan = plan;
    self.slot = w.slot;
    self.fd = fd;
    set_limits();
    while (get_task(&head, &texts)) {
        batch_work(&w, &head.task);
        free(texts);
    }
    _exit(0);
}

/* Ctrl-C is the parent's affair. */
static void settle_signals(void)
{
    (void)signal(SIGINT, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGTERM, SIG_DFL);
}

/* -- in the parent -- */

cv_status batch_child_start(const batch_plan *plan, batch_shared *shared,
                            unsigned number, const int *not_these,
                            batch_child *child, cv_error *err)
{
    int pair[2];
    batch_slot *s = &shared->slots[number];
    pid_t parent = getpid();
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return cv_fail(err, CV_ERR_IO, "socketpair: %s", strerror(errno));
    atomic_store(&s->stage, (int)BATCH_IDLE);
    atomic_store(&s->sent, 0);
    atomic_store(&s->settled, 0);
    atomic_store(&s->sent_bytes, 0);
    atomic_store(&s->settled_bytes, 0);
    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        settle_signals();
        close(pair[0]);
        for (size_t i = 0; not_these[i] >= 0; i++)
            close(not_these[i]);
        if (getppid() != parent)
            _exit(1);
        be_child(plan, shared, number, pair[1]);
    }
    close(pair[1]);
    if (pid < 0) {
        close(pair[0]);
        return cv_fail(err, CV_ERR_IO, "fork: %s", strerror(errno));
    }
    *child = (batch_child){ .pid = pid, .fd = pair[0], .number = number };
    cv_buf_init(&child->in, 0);
    return CV_OK;
}

bool batch_child_send(const batch_child *child, const batch_task *task)
{
    const char *texts[] = { task->path, task->folder, task->name, task->why };
    task_head head = { .task = *task };
    cv_buf out, text;
    cv_buf_init(&out, 0);
    cv_buf_init(&text, 0);
    for (size_t i = 0; i < CV_LEN(texts); i++) {
        cv_slice s = cv_slice_cstr(texts[i]);
        cv_buf_put_slice(&text, s);
        cv_buf_put_byte(&text, '\0');
        head.lens[i] = (uint32_t)s.len + 1;
    }
    head.size = (uint32_t)text.len;
    cv_buf_put(&out, &head, sizeof head);
    cv_buf_put_slice(&out, cv_buf_slice(&text));
    bool sent =
        out.status == CV_OK && net_write_all(child->fd, out.data, out.len);
    cv_buf_clear(&text);
    cv_buf_clear(&out);
    return sent;
}

/* Whole records at the front of what was read; the rest stays. */
static void take_apart(batch_child *child,
                       void (*take)(void *ctx, const batch_record *record),
                       void *ctx)
{
    size_t at = 0;
    record_head head;
    while (child->in.len - at >= sizeof head) {
        memcpy(&head, child->in.data + at, sizeof head);
        if (child->in.len - at < head.size)
            break;
        size_t text = at + sizeof head;
        for (size_t i = 0; i < BATCH_TEXTS; i++) {
            size_t len = head.record.texts[i].len;
            head.record.texts[i] =
                len ? cv_slice_of(child->in.data + text, len) : CV_S("");
            text += len;
        }
        take(ctx, &head.record);
        at += head.size;
    }
    if (at && at < child->in.len)
        memmove(child->in.data, child->in.data + at, child->in.len - at);
    child->in.len -= at;
}

bool batch_child_receive(batch_child *child,
                         void (*take)(void *ctx, const batch_record *record),
                         void *ctx)
{
    static uint8_t part[PART];
    ssize_t n = recv(child->fd, part, sizeof part, MSG_DONTWAIT);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    if (n == 0)
        return false;
    cv_buf_put(&child->in, part, (size_t)n);
    take_apart(child, take, ctx);
    return child->in.status == CV_OK;
}

void batch_child_reap(batch_child *child, bool kill_it, char *why,
                      size_t why_size)
{
    int status = 0;
    if (kill_it)
        (void)kill(child->pid, SIGKILL);
    close(child->fd);
    while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (why && WIFSIGNALED(status))
        snprintf(why, why_size, "the converting process died: %s",
                 strsignal(WTERMSIG(status)));
    else if (why)
        snprintf(why, why_size, "the converting process ended");
    cv_buf_clear(&child->in);
    child->pid = 0;
    child->fd = -1;
}
