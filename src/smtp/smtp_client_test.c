/* The client against a peer that reads its part from a script, on loopback. */
#include "smtp/client.h"
#include "net/stream.h"
#include "smtp/syntax.h"

#include <fnmatch.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define WAIT 10000

/* -- the peer -- */

/* A script's lines: "S: text" is said; "C: pattern" must be heard; "DATA"
 * reads a message up to its dot; "CLOSE" hangs up and waits for the next
 * connection; "SILENCE" waits until the client hangs up; "FOREVER: text" says
 * text until the client has gone. */
typedef struct peer {
    const char *script;
    int fd;
    uint16_t port;
    pthread_t thread;
    cv_buf message; /* what DATA read, line ends as they came */
    char wrong[300];
} peer;

static void read_message(peer *p, net_stream *s)
{
    cv_slice line;
    while (net_stream_line(s, WAIT, &line, NULL) == CV_OK &&
           !cv_slice_eq(line, CV_S("."))) {
        cv_buf_put_slice(&p->message, line);
        cv_buf_put_str(&p->message, "|");
    }
}

static void hear(peer *p, net_stream *s, const char *pattern)
{
    char text[600] = "(nothing)";
    cv_slice line;
    if (net_stream_line(s, WAIT, &line, NULL) == CV_OK)
        (void)snprintf(text, sizeof(text), "%.*s", CV_FMT(line));
    if (fnmatch(pattern, text, 0) != 0 && !p->wrong[0])
        (void)snprintf(p->wrong, sizeof(p->wrong), "%.100s instead of %.100s",
                       text, pattern);
}

static void say(net_stream *s, const char *text)
{
    char line[700];
    (void)snprintf(line, sizeof(line), "%s\r\n", text);
    (void)!net_stream_write(s, cv_slice_cstr(line), WAIT, NULL);
}

static net_stream *answer_call(peer *p)
{
    net_stream *s = NULL;
    int fd = accept(p->fd, NULL, NULL);
    (void)!net_stream_of_fd(fd, &s, NULL);
    return s;
}

static void obey(peer *p, net_stream **s, const char *line)
{
    cv_slice any;
    if (!*s)
        *s = answer_call(p);
    if (strncmp(line, "S: ", 3) == 0)
        say(*s, line + 3);
    else if (strncmp(line, "C: ", 3) == 0)
        hear(p, *s, line + 3);
    else if (strcmp(line, "DATA") == 0)
        read_message(p, *s);
    else if (strcmp(line, "CLOSE") == 0)
        net_stream_close(s);
    else if (strcmp(line, "SILENCE") == 0)
        while (net_stream_line(*s, WAIT, &any, NULL) == CV_OK)
            ;
    else if (strncmp(line, "FOREVER: ", 9) == 0)
        for (int i = 0; i < 1000; i++)
            say(*s, line + 9);
}

static void *play(void *arg)
{
    peer *p = arg;
    net_stream *s = NULL;
    char line[700];
    for (const char *at = p->script; *at;) {
        size_t len = strcspn(at, "\n");
        (void)snprintf(line, sizeof(line), "%.*s", (int)len, at);
        obey(p, &s, line);
        at += len + (at[len] == '\n');
    }
    net_stream_close(&s);
    return NULL;
}

static void start(peer *p, const char *script)
{
    struct sockaddr_in a = { .sin_family = AF_INET,
                             .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t len = sizeof(a);
    memset(p, 0, sizeof(*p));
    p->script = script;
    cv_buf_init(&p->message, 0);
    p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(p->fd >= 0);
    assert_int_equal(bind(p->fd, (struct sockaddr *)&a, len), 0);
    assert_int_equal(listen(p->fd, 5), 0);
    assert_int_equal(getsockname(p->fd, (struct sockaddr *)&a, &len), 0);
    p->port = ntohs(a.sin_port);
    assert_int_equal(pthread_create(&p->thread, NULL, play, p), 0);
}

static void stop(peer *p, const char *message)
{
    pthread_join(p->thread, NULL);
    (void)close(p->fd);
    assert_string_equal(p->wrong, "");
    cv_buf_put_byte(&p->message, 0);
    assert_string_equal((const char *)p->message.data, message);
    cv_buf_clear(&p->message);
}

/* -- one delivery -- */

typedef struct run {
    cv_arena *arena;
    smtp_client client;
    transport_delivery d;
    transport_result results[4];
    cv_error err;
} run;

static const cv_slice three[] = {
    { (const uint8_t *)"a@x.example", 11 },
    { (const uint8_t *)"b@x.example", 11 },
    { (const uint8_t *)"c@x.example", 11 },
};

static void prepare(run *r, size_t rcpt_count)
{
    memset(r, 0, sizeof(*r));
    assert_int_equal(cv_arena_new(0, &r->arena, NULL), CV_OK);
    r->client = (smtp_client){ .host_name = "me.example",
                               .connect_ms = WAIT,
                               .command_ms = WAIT,
                               .data_ms = WAIT };
    r->d = (transport_delivery){ .host = CV_S("127.0.0.1"),
                                 .from = CV_S("s@me.example"),
                                 .rcpts = three,
                                 .rcpt_count = rcpt_count,
                                 .mime = CV_S("Subject: t\r\n\r\nbody\r\n") };
}

static cv_status deliver(run *r, const peer *p)
{
    r->d.port = p->port;
    cv_channel channel = smtp_client_channel(&r->client);
    return channel.deliver(channel.ctx, &r->d, r->arena, r->results, &r->err);
}

static void expect(const run *r, size_t i, transport_outcome outcome,
                   const char *status, const char *reply)
{
    char got[300];
    assert_int_equal(r->results[i].outcome, outcome);
    (void)snprintf(got, sizeof(got), "%.*s %.*s", CV_FMT(r->results[i].status),
                   CV_FMT(r->results[i].reply));
    char expected[300];
    (void)snprintf(expected, sizeof(expected), "%s %s", status, reply);
    assert_string_equal(got, expected);
}

#define GREETING "S: 220 peer ESMTP\nC: EHLO me.example\n"
#define PLAIN_PEER GREETING "S: 250 peer\n"
#define PIPELINER GREETING "S: 250-peer\nS: 250 PIPELINING\n"
#define BYE "C: QUIT\nS: 221 bye\n"

static void each_recipient_has_its_own_result(void **state)
{
    static const char *const scripts[] = {
        PLAIN_PEER "C: MAIL FROM:<s@me.example>\nS: 250 ok\n"
                   "C: RCPT TO:<a@x.example>\nS: 250 ok\n"
                   "C: RCPT TO:<b@x.example>\nS: 550-5.7.1 go\n"
                   "S: 550 5.7.1 away\n"
                   "C: RCPT TO:<c@x.example>\nS: 552 5.5.3 full\n"
                   "C: DATA\nS: 354 go\nDATA\nS: 250 2.6.0 taken\n" BYE,
        PIPELINER "C: MAIL FROM:<s@me.example>\nC: RCPT TO:<a@x.example>\n"
                  "C: RCPT TO:<b@x.example>\nC: RCPT TO:<c@x.example>\n"
                  "C: DATA\nS: 250 ok\nS: 250 ok\nS: 550-5.7.1 go\n"
                  "S: 550 5.7.1 away\nS: 552 5.5.3 full\nS: 354 go\nDATA\n"
                  "S: 250 2.6.0 taken\n" BYE,
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(scripts); i++) {
        peer p;
        run r;
        start(&p, scripts[i]);
        prepare(&r, 3);
        assert_int_equal(deliver(&r, &p), CV_OK);
        stop(&p, "Subject: t||body|");
        expect(&r, 0, TRANSPORT_DELIVERED, "2.6.0", "250 2.6.0 taken");
        expect(&r, 1, TRANSPORT_PERMANENT, "5.7.1", "550 5.7.1 go away");
        expect(&r, 2, TRANSPORT_TEMPORARY, "4.5.3", "552 5.5.3 full");
        assert_false(r.results[0].reports_success);
        cv_arena_free(&r.arena);
    }
}

static void a_refusal_of_all_holds_for_all(void **state)
{
    static const struct {
        const char *script;
        transport_outcome outcome;
        const char *status, *reply;
    } rows[] = {
        { "S: 554 no mail here\n" BYE, TRANSPORT_TEMPORARY, "4.3.2",
          "554 no mail here" },
        { "S: 220 peer\nC: EHLO *\nS: 502 what\nC: HELO me.example\n"
          "S: 550 who\n" BYE,
          TRANSPORT_TEMPORARY, "4.3.2", "550 who" },
        { PLAIN_PEER "C: MAIL *\nS: 550 not you\n" BYE, TRANSPORT_PERMANENT,
          "5.0.0", "550 not you" },
        { PIPELINER "C: MAIL *\nC: RCPT *\nC: RCPT *\nC: DATA\n"
                    "S: 451 4.7.1 grey\nS: 503 no\nS: 503 no\nS: 503 no\n" BYE,
          TRANSPORT_TEMPORARY, "4.7.1", "451 4.7.1 grey" },
        { PLAIN_PEER "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 550 a\nC: RCPT *\n"
                     "S: 550 a\n" BYE,
          TRANSPORT_PERMANENT, "5.1.1", "550 a" },
        /* 354 for nobody: no message, the connection ends. */
        { PIPELINER "C: MAIL *\nC: RCPT *\nC: RCPT *\nC: DATA\n"
                    "S: 250 k\nS: 553 a\nS: 553 a\nS: 354 go\nSILENCE\n",
          TRANSPORT_PERMANENT, "5.1.3", "553 a" },
        { PLAIN_PEER "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: RCPT *\n"
                     "S: 251 ok\nC: DATA\nS: 554 none\n" BYE,
          TRANSPORT_PERMANENT, "5.0.0", "554 none" },
        { PLAIN_PEER "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: RCPT *\n"
                     "S: 421 4.3.2 going down\n",
          TRANSPORT_TEMPORARY, "4.3.2", "421 4.3.2 going down" },
        { "S: 421 busy\n", TRANSPORT_TEMPORARY, "4.4.2", "421 busy" },
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        peer p;
        run r;
        start(&p, rows[i].script);
        prepare(&r, 2);
        assert_int_equal(deliver(&r, &p), CV_OK);
        stop(&p, "");
        expect(&r, 0, rows[i].outcome, rows[i].status, rows[i].reply);
        expect(&r, 1, rows[i].outcome, rows[i].status, rows[i].reply);
        cv_arena_free(&r.arena);
    }
}

static void
a_broken_connection_is_the_callers_unless_something_is_known(void **state)
{
    static const struct {
        const char *script;
        cv_status status;
    } rows[] = {
        { "CLOSE\n", CV_ERR_TRUNC },
        { "S: hello, I am no SMTP server\nSILENCE\n", CV_ERR_IO },
        { "S: 99 no code\nSILENCE\n", CV_ERR_IO },
        { "FOREVER: 220-more\n", CV_ERR_IO },
        { PLAIN_PEER "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: RCPT *\n"
                     "S: 250 ok\nC: DATA\nS: 354 go\n",
          CV_ERR_TRUNC },
    };
    peer p;
    run r;
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        start(&p, rows[i].script);
        prepare(&r, 2);
        cv_status status = deliver(&r, &p);
        /* The peer's end may also show as a reset. */
        assert_true(status == rows[i].status || status == CV_ERR_IO);
        pthread_join(p.thread, NULL);
        (void)close(p.fd);
        cv_buf_clear(&p.message);
        cv_arena_free(&r.arena);
    }
    start(&p, PLAIN_PEER "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 550 no\n"
                         "C: RCPT *\nCLOSE\n");
    prepare(&r, 2);
    assert_int_equal(deliver(&r, &p), CV_OK);
    stop(&p, "");
    expect(&r, 0, TRANSPORT_PERMANENT, "5.1.1", "550 no");
    expect(&r, 1, TRANSPORT_TEMPORARY, "4.4.2", "the peer closed");
    cv_arena_free(&r.arena);
}

static void a_silent_peer_is_a_timeout(void **state)
{
    peer p;
    run r;
    (void)state;
    start(&p, GREETING "SILENCE\n");
    prepare(&r, 1);
    r.client.command_ms = 50;
    assert_int_equal(deliver(&r, &p), CV_ERR_TIMEOUT);
    stop(&p, "");
    cv_arena_free(&r.arena);
}

static void what_the_peer_offers_is_used(void **state)
{
    static const uint32_t notify[] = { TRANSPORT_NOTIFY_SUCCESS |
                                           TRANSPORT_NOTIFY_DELAY,
                                       TRANSPORT_NOTIFY_NEVER, 0 };
    static const cv_slice orcpt[] = {
        { (const uint8_t *)"rfc822;a+b@x.example", 20 }, { NULL, 0 }, { 0 }
    };
    peer p;
    run r;
    (void)state;
    start(&p, GREETING
          "S: 250-peer\nS: 250-SIZE 1000\nS: 250-8BITMIME\nS: 250 DSN\n"
          "C: MAIL FROM:<s@me.example> SIZE=24 BODY=8BITMIME RET=HDRS "
          "ENVID=a+20b+3D\nS: 250 ok\n"
          "C: RCPT TO:<a@x.example> NOTIFY=SUCCESS,DELAY "
          "ORCPT=rfc822;a+2Bb@x.example\nS: 250 ok\n"
          "C: RCPT TO:<b@x.example> NOTIFY=NEVER\nS: 250 ok\n"
          "C: RCPT TO:<c@x.example>\nS: 250 ok\n"
          "C: DATA\nS: 354 go\nDATA\nS: 250 ok\n" BYE);
    prepare(&r, 3);
    r.d.notify = notify;
    r.d.orcpt = orcpt;
    r.d.envid = CV_S("a b=");
    r.d.ret = CV_S("HDRS");
    r.d.mime = CV_S("Subject: \xc3\xa4 \n\n.\n..x\ry\nz\n");
    assert_int_equal(r.d.mime.len, 24);
    assert_int_equal(deliver(&r, &p), CV_OK);
    stop(&p, "Subject: \xc3\xa4 ||..|...x|y|z|");
    expect(&r, 2, TRANSPORT_DELIVERED, "2.0.0", "250 ok");
    assert_true(r.results[2].reports_success);
    cv_arena_free(&r.arena);
}

static void too_big_for_the_peer_is_said_without_sending(void **state)
{
    peer p;
    run r;
    (void)state;
    start(&p, GREETING "S: 250-peer\nS: 250 SIZE 10\n" BYE);
    prepare(&r, 1);
    assert_int_equal(deliver(&r, &p), CV_OK);
    stop(&p, "");
    expect(&r, 0, TRANSPORT_PERMANENT, "5.3.4",
           "The message (20 bytes) exceeds the limit of 10 bytes");
    cv_arena_free(&r.arena);
}

static void an_address_that_breaks_the_protocol_is_left_out(void **state)
{
    static const cv_slice rcpts[] = {
        { (const uint8_t *)"a@x.example>\r\nRSET", 18 },
        { (const uint8_t *)"b@x.example", 11 },
    };
    peer p;
    run r;
    (void)state;
    start(&p, PLAIN_PEER
          "C: MAIL *\nS: 250 ok\nC: RCPT TO:<b@x.example>\nS: 250 ok\n"
          "C: DATA\nS: 354 go\nDATA\nS: 250 ok\n" BYE);
    prepare(&r, 2);
    r.d.rcpts = rcpts;
    assert_int_equal(deliver(&r, &p), CV_OK);
    stop(&p, "Subject: t||body|");
    expect(&r, 0, TRANSPORT_PERMANENT, "5.1.3", "The address cannot be sent");
    expect(&r, 1, TRANSPORT_DELIVERED, "2.0.0", "250 ok");
    cv_arena_free(&r.arena);
}

/* Opportunistic: mail that would go in the clear to a peer without TLS goes
 * to one whose TLS is broken, too. */
static void broken_starttls_falls_back_to_plain(void **state)
{
    static const char *const scripts[] = {
        GREETING "S: 250-peer\nS: 250 STARTTLS\nC: STARTTLS\nS: 454 not now\n"
                 "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\n"
                 "C: DATA\nS: 354 go\nDATA\nS: 250 ok\n" BYE,
        GREETING "S: 250-peer\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\n"
                 "S: this is no handshake of TLS at all, as all can see\n"
                 "CLOSE\n" GREETING "S: 250-peer\nS: 250 STARTTLS\n"
                 "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\n"
                 "C: DATA\nS: 354 go\nDATA\nS: 250 ok\n" BYE,
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(scripts); i++) {
        peer p;
        run r;
        start(&p, scripts[i]);
        prepare(&r, 1);
        assert_int_equal(deliver(&r, &p), CV_OK);
        stop(&p, "Subject: t||body|");
        expect(&r, 0, TRANSPORT_DELIVERED, "2.0.0", "250 ok");
        cv_arena_free(&r.arena);
    }
}

/* -- pure functions -- */

static void data_is_stuffed_and_its_lines_end_in_crlf(void **state)
{
    static const struct {
        cv_slice in;
        const char *out;
    } rows[] = {
        { { (const uint8_t *)"", 0 }, ".\r\n" },
        { { (const uint8_t *)"a", 1 }, "a\r\n.\r\n" },
        { { (const uint8_t *)"a\r\n", 3 }, "a\r\n.\r\n" },
        { { (const uint8_t *)".\n.a\r..\r\n", 9 },
          "..\r\n..a\r\n...\r\n.\r\n" },
        { { (const uint8_t *)"a\r\r\n\nb\r", 7 }, "a\r\n\r\n\r\nb\r\n.\r\n" },
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        cv_buf out;
        cv_buf_init(&out, 0);
        cv_sink sink = cv_buf_sink(&out);
        assert_int_equal(smtp_dot_stuff(rows[i].in, &sink, NULL), CV_OK);
        cv_buf_put_byte(&out, 0);
        assert_string_equal((const char *)out.data, rows[i].out);
        cv_buf_clear(&out);
    }
}

static void enhanced_codes_are_found_or_derived(void **state)
{
    static const struct {
        unsigned code;
        const char *text, *status, *rest;
    } rows[] = {
        { 550, "5.1.1 no", "5.1.1", "no" },
        { 550, "5.1.10", "5.1.10", "" },
        { 550, "4.1.1 class differs", "", "4.1.1 class differs" },
        { 250, "2.1000.0 x", "", "2.1000.0 x" },
        { 550, "5.1", "", "5.1" },
        { 550, "5.1.1x", "", "5.1.1x" },
        { 550, "", "", "" },
    };
    static const struct {
        unsigned code;
        bool at_rcpt;
        const char *status;
    } derived[] = {
        { 421, false, "4.4.2" }, { 450, false, "4.2.0" },
        { 451, true, "4.3.0" },  { 452, true, "4.3.1" },
        { 550, true, "5.1.1" },  { 550, false, "5.0.0" },
        { 551, true, "5.1.6" },  { 552, true, "5.2.2" },
        { 553, true, "5.1.3" },  { 554, false, "5.0.0" },
        { 250, true, "2.0.0" },  { 499, true, "4.0.0" },
        { 599, true, "5.0.0" },
    };
    (void)state;
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        cv_slice rest;
        cv_slice got =
            smtp_enhanced_of(cv_slice_cstr(rows[i].text), rows[i].code, &rest);
        assert_true(cv_slice_eq(got, cv_slice_cstr(rows[i].status)));
        assert_true(cv_slice_eq(rest, cv_slice_cstr(rows[i].rest)));
    }
    for (size_t i = 0; i < CV_LEN(derived); i++)
        assert_true(cv_slice_eq(
            smtp_enhanced_default(derived[i].code, derived[i].at_rcpt),
            cv_slice_cstr(derived[i].status)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_recipient_has_its_own_result),
        cmocka_unit_test(a_refusal_of_all_holds_for_all),
        cmocka_unit_test(
            a_broken_connection_is_the_callers_unless_something_is_known),
        cmocka_unit_test(a_silent_peer_is_a_timeout),
        cmocka_unit_test(what_the_peer_offers_is_used),
        cmocka_unit_test(too_big_for_the_peer_is_said_without_sending),
        cmocka_unit_test(an_address_that_breaks_the_protocol_is_left_out),
        cmocka_unit_test(broken_starttls_falls_back_to_plain),
        cmocka_unit_test(data_is_stuffed_and_its_lines_end_in_crlf),
        cmocka_unit_test(enhanced_codes_are_found_or_derived),
    };
    return cmocka_run_group_tests_name("smtp_client", tests, NULL, NULL);
}
