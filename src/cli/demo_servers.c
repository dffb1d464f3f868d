#include "cli/demo.h"

#include "base/text.h"
#include "cli/admin_client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define START_MS 20000
#define STOP_MS 5000

/* A day of retries in a few seconds. */
static const char conf[] = "[server]\n"
                           "domains=%s\n"
                           "host-name=mail.%s\n"
                           "[listen]\n"
                           "smtp=127.0.0.1:0\n"
                           "submission=127.0.0.1:0\n"
                           "[content-conversion]\n"
                           "profile=%s\n"
                           "[transport]\n"
                           "retry-first=300ms\n"
                           "retry-second=400ms\n"
                           "retry-third=500ms\n"
                           "retry-subsequent=700ms\n"
                           "expire=6s\n"
                           "delay-warning=0\n";

static cv_status write_conf(const demo_org *org, cv_error *err)
{
    char path[192];

    snprintf(path, sizeof(path), "%s/convoke.conf", org->dir);
    FILE *f = fopen(path, "w");
    if (!f)
        return cv_fail(err, CV_ERR_IO, "%s: %s", path, strerror(errno));
    fprintf(f, conf, org->domain, org->domain, org->profile);
    if (fclose(f) != 0)
        return cv_fail(err, CV_ERR_IO, "%s: %s", path, strerror(errno));
    return CV_OK;
}

/* In the child. Its events go to a file beside the data. */
static void become_server(const demo_org *org, int out)
{
    char log[192];

    prctl(PR_SET_PDEATHSIG, SIGTERM); /* not longer than the demo */
    snprintf(log, sizeof(log), "%s/log", org->dir);
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd >= 0)
        dup2(fd, STDERR_FILENO);
    dup2(out, STDOUT_FILENO);
    execl("/proc/self/exe", "convoke", "serve", "--data", org->dir,
          (char *)NULL);
    _exit(127);
}

static cv_status spawn(demo_org *org, cv_error *err)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return cv_fail(err, CV_ERR_IO, "pipe: %s", strerror(errno));
    org->pid = fork();
    if (org->pid == 0)
        become_server(org, ends[1]);
    close(ends[1]);
    org->out = ends[0];
    return org->pid > 0 ? CV_OK
                        : cv_fail(err, CV_ERR_IO, "fork: %s", strerror(errno));
}

static void read_port(const char *text, const char *word, uint16_t *port)
{
    uint32_t n;
    const char *line = strstr(text, word);
    const char *colon = line ? strchr(line, ':') : NULL;

    if (colon && cv_parse_u32(cv_slice_of(colon + 1, strcspn(colon + 1, "\n")),
                              &n) == CV_OK)
        *port = (uint16_t)n;
}

/* Reads what the server prints until "ready". */
static cv_status wait_ready(demo_org *org, cv_error *err)
{
    char text[4096] = "";
    size_t len = 0;

    while (len + 1 < sizeof(text)) {
        struct pollfd p = { .fd = org->out, .events = POLLIN };
        if (poll(&p, 1, START_MS) <= 0)
            return cv_fail(err, CV_ERR_TIMEOUT, "%s did not start", org->name);
        ssize_t n = read(org->out, text + len, sizeof(text) - 1 - len);
        if (n <= 0)
            return cv_fail(err, CV_ERR_IO, "%s ended at its start; see %s/log",
                           org->name, org->dir);
        len += (size_t)n;
        text[len] = 0;
        if (strstr(text, "ready\n"))
            break;
    }
    read_port(text, "smtp ", &org->smtp_port);
    read_port(text, "submission ", &org->submission_port);
    if (org->smtp_port == 0)
        return cv_fail(err, CV_ERR_IO, "%s does not say where it listens",
                       org->name);
    return CV_OK;
}

static cv_status add_account(demo_org *org, cv_error *err)
{
    cv_arena *arena = NULL;
    const cv_json *result;

    CV_TRY(cv_arena_new(0, &arena, err));
    cv_slice text = cv_arena_printf(
        arena,
        "{\"cmd\":\"account.add\",\"address\":\"%s@%s\",\"name\":\"%s\","
        "\"password\":\"demo\"}",
        org->user, org->domain, org->display);
    cv_status st = demo_ask(org, arena, text, &result, err);
    cv_arena_free(&arena);
    return st;
}

cv_status demo_org_start(demo_org *org, const char *base, cv_error *err)
{
    org->out = -1;
    snprintf(org->dir, sizeof(org->dir), "%s/%s", base, org->name);
    if (mkdir(org->dir, 0700) != 0)
        return cv_fail(err, CV_ERR_IO, "%s: %s", org->dir, strerror(errno));
    CV_TRY(write_conf(org, err));
    CV_TRY(spawn(org, err));
    CV_TRY(wait_ready(org, err));
    return add_account(org, err);
}

void demo_org_stop(demo_org *org)
{
    struct timespec step = { 0, 20 * 1000 * 1000 };

    if (org->out >= 0)
        close(org->out);
    org->out = -1;
    if (org->pid <= 0)
        return;
    kill(org->pid, SIGTERM);
    for (int ms = 0; ms < STOP_MS; ms += 20) {
        if (waitpid(org->pid, NULL, WNOHANG) == org->pid) {
            org->pid = 0;
            return;
        }
        nanosleep(&step, NULL);
    }
    kill(org->pid, SIGKILL);
    waitpid(org->pid, NULL, 0);
    org->pid = 0;
}

cv_status demo_ask(demo_org *org, cv_arena *arena, cv_slice text,
                   const cv_json **result, cv_error *err)
{
    cv_buf response;
    cv_json *root = NULL;

    *result = NULL;
    cv_buf_init(&response, 0);
    cv_status st = cli_admin_request(org->dir, text, &response, err);
    if (st == CV_OK)
        st = cv_json_parse(arena, cv_buf_dup(&response, arena), &root, err);
    cv_buf_clear(&response);
    CV_TRY(st);
    if (!cv_json_bool_or(root, "ok", false))
        return cv_fail(err, CV_ERR_IO, "%s: %.*s", org->name,
                       CV_FMT(cv_json_text_or(root, "error", CV_S("?"))));
    *result = cv_json_get(root, "result");
    return CV_OK;
}
