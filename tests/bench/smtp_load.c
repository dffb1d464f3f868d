/* smtp_load.c - sends mail to a server on loopback, as fast as it answers.
 *
 * usage: smtp_load PORT CONNECTIONS MESSAGES BYTES RECIPIENT TAG
 * Each connection sends its share, one after the other, MAIL to DATA
 * pipelined. Prints the seconds until the last 250. */
#include "base/text.h"
#include "net/stream.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_CONNECTIONS 64
#define WAIT_MS 60000

typedef struct job {
    uint16_t port;
    uint32_t messages, number;
    const char *recipient, *tag;
    cv_slice body;
    bool failed;
} job;

/* Reads replies until `count` final lines have come; false unless 2xx, 3xx. */
static bool replies(net_stream *s, unsigned count)
{
    cv_slice line;

    while (count > 0) {
        if (net_stream_line(s, WAIT_MS, &line, NULL) != CV_OK || line.len < 4 ||
            line.ptr[0] > '3')
            return false;
        count -= line.ptr[3] == ' ';
    }
    return true;
}

static bool say(net_stream *s, cv_buf *text, unsigned count)
{
    bool ok = net_stream_write(s, cv_buf_slice(text), WAIT_MS, NULL) == CV_OK;

    cv_buf_reset(text);
    return ok && replies(s, count);
}

static bool send_one(const job *j, net_stream *s, cv_buf *text, uint32_t n)
{
    cv_buf_printf(text,
                  "MAIL FROM:<load@example.org>\r\nRCPT TO:<%s>\r\nDATA\r\n",
                  j->recipient);
    if (!say(s, text, 3))
        return false;
    cv_buf_printf(text,
                  "From: <load@example.org>\r\nTo: <%s>\r\nSubject: load\r\n"
                  "Message-ID: <%s.%u.%u@example.org>\r\n"
                  "Date: Sun, 22 Nov 2026 12:00:00 +0000\r\n\r\n",
                  j->recipient, j->tag, j->number, n);
    cv_buf_put_slice(text, j->body);
    cv_buf_put_str(text, ".\r\n");
    return say(s, text, 1);
}

static bool run_connection(const job *j, net_stream *s)
{
    cv_buf text;
    bool ok = replies(s, 1);

    cv_buf_init(&text, 0);
    cv_buf_put_str(&text, "EHLO load\r\n");
    ok = ok && say(s, &text, 1);
    for (uint32_t i = 0; ok && i < j->messages; i++)
        ok = send_one(j, s, &text, i);
    cv_buf_clear(&text);
    return ok;
}

static void *run(void *arg)
{
    job *j = arg;
    net_stream *s = NULL;

    j->failed = net_stream_connect(CV_S("127.0.0.1"), j->port, WAIT_MS, &s,
                                   NULL) != CV_OK ||
                !run_connection(j, s);
    net_stream_close(&s);
    return NULL;
}

static uint32_t number(const char *text)
{
    uint32_t n = 0;

    if (cv_parse_u32(cv_slice_cstr(text), &n) != CV_OK)
        exit(2);
    return n;
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    static job jobs[MAX_CONNECTIONS];
    pthread_t threads[MAX_CONNECTIONS];
    cv_buf body;
    bool failed = false;

    if (argc != 7 || number(argv[2]) > MAX_CONNECTIONS)
        return 2;
    uint32_t connections = number(argv[2]);
    cv_buf_init(&body, 0);
    while (body.len < number(argv[4]))
        cv_buf_put_str(&body, "The quick brown fox jumps over the lazy dog. "
                              "Sphinx of quartz, judge.\r\n");
    double start = now();
    for (uint32_t i = 0; i < connections; i++) {
        jobs[i] = (job){ .port = (uint16_t)number(argv[1]),
                         .messages = number(argv[3]) / connections,
                         .number = i,
                         .recipient = argv[5],
                         .tag = argv[6],
                         .body = cv_buf_slice(&body) };
        if (pthread_create(&threads[i], NULL, run, &jobs[i]) != 0)
            return 2;
    }
    for (uint32_t i = 0; i < connections; i++) {
        pthread_join(threads[i], NULL);
        failed = failed || jobs[i].failed;
    }
    printf("%.6f\n", now() - start);
    cv_buf_clear(&body);
    return failed;
}
