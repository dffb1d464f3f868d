/* Our client and our server, over loopback, with STARTTLS. */
#include "net/net.h"
#include "smtp/smtp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define RCPTS 420 /* several blocks of pipelined commands */

static struct {
    cv_test_env clock;
    cv_env env;
    cv_arena *arena;
    size_t rcpts, notified;
    uint64_t max_size;
    cv_slice mime, envid;
} got;

static smtp_verdict check_rcpt(void *ctx, int64_t account, cv_slice address)
{
    (void)ctx;
    (void)account;
    /* r7@, r17@, ... do not exist. */
    return cv_slice_iends(address, CV_S("7@x.example")) ? SMTP_UNKNOWN
                                                        : SMTP_ACCEPT;
}

static cv_status submit(void *ctx, const smtp_envelope *e, cv_error *err)
{
    (void)ctx;
    (void)err;
    got.rcpts = e->rcpt_count;
    for (size_t i = 0; i < e->rcpt_count; i++)
        got.notified += e->notify[i] == TRANSPORT_NOTIFY_SUCCESS &&
                        cv_slice_eq(e->orcpt[i], CV_S("rfc822;o+@x.example"));
    got.mime = cv_arena_dup(got.arena, e->mime);
    got.envid = cv_arena_dup(got.arena, e->envid);
    return CV_OK;
}

static uint64_t max_size(void *ctx)
{
    (void)ctx;
    return got.max_size;
}

static size_t max_rcpts(void *ctx)
{
    (void)ctx;
    return 400;
}

static unsigned max_hops(void *ctx)
{
    (void)ctx;
    return 30;
}

static const smtp_backend backend = { .check_rcpt = check_rcpt,
                                      .submit = submit,
                                      .max_size = max_size,
                                      .max_rcpts = max_rcpts,
                                      .max_hops = max_hops };

typedef struct house {
    char dir[40];
    smtp_door door;
    net_tls *tls;
    net_server *server;
    uint16_t port;
} house;

static void open_house(house *h)
{
    char cert[80], key[80];
    cv_env now = cv_env_system();
    net_server_config config = { .workers = 2 };
    memset(&got, 0, sizeof(got));
    got.env = cv_env_test(&got.clock);
    got.max_size = (uint64_t)50 << 20;
    assert_int_equal(cv_arena_new(0, &got.arena, NULL), CV_OK);
    memset(h, 0, sizeof(*h));
    (void)snprintf(h->dir, sizeof(h->dir), "/tmp/smtp-test-XXXXXX");
    assert_non_null(mkdtemp(h->dir));
    (void)snprintf(cert, sizeof(cert), "%s/cert.pem", h->dir);
    (void)snprintf(key, sizeof(key), "%s/key.pem", h->dir);
    assert_int_equal(net_tls_make_self_signed(h->dir, "x.example", &now, NULL),
                     CV_OK);
    assert_int_equal(net_tls_server_new(cert, key, &h->tls, NULL), CV_OK);
    (void)unlink(cert);
    (void)unlink(key);
    (void)rmdir(h->dir);
    h->door = (smtp_door){ .backend = &backend,
                           .env = &got.env,
                           .host_name = "x.example" };
    net_listen listen = { .host = "127.0.0.1",
                          .protocol = &smtp_protocol,
                          .ctx = &h->door,
                          .tls = h->tls };
    assert_int_equal(net_server_new(&config, &h->server, NULL), CV_OK);
    assert_int_equal(net_server_listen(h->server, &listen, &h->port, NULL),
                     CV_OK);
    assert_int_equal(net_server_start(h->server, NULL), CV_OK);
}

static void close_house(house *h)
{
    net_server_stop(&h->server);
    net_tls_free(&h->tls);
    cv_arena_free(&got.arena);
}

static void a_message_for_many_arrives_through_tls(void **state)
{
    static char addresses[RCPTS][24];
    static cv_slice rcpts[RCPTS], orcpt[RCPTS];
    static uint32_t notify[RCPTS];
    static transport_result results[RCPTS];
    static const char mail[] = "Subject: \xc3\xa4\n\n.\n..\r\nend\r";
    house h;
    (void)state;
    open_house(&h);
    for (int i = 0; i < RCPTS; i++) {
        (void)snprintf(addresses[i], sizeof(addresses[i]), "r%d@x.example", i);
        rcpts[i] = cv_slice_cstr(addresses[i]);
        notify[i] = TRANSPORT_NOTIFY_SUCCESS;
        orcpt[i] = CV_S("rfc822;o+@x.example");
    }
    smtp_client client = { .host_name = "client.example" };
    cv_channel channel = smtp_client_channel(&client);
    transport_delivery d = { .host = CV_S("localhost"),
                             .port = h.port,
                             .from = CV_S("s@client.example"),
                             .rcpts = rcpts,
                             .notify = notify,
                             .orcpt = orcpt,
                             .rcpt_count = RCPTS,
                             .envid = CV_S("E=1"),
                             .ret = CV_S("FULL"),
                             .mime = cv_slice_cstr(mail) };
    assert_int_equal(channel.deliver(channel.ctx, &d, got.arena, results, NULL),
                     CV_OK);
    /* Every tenth is unknown; 420 - 42 fit below the limit of 400. */
    assert_int_equal(got.rcpts, RCPTS - RCPTS / 10);
    assert_int_equal(got.notified, got.rcpts);
    assert_true(cv_slice_eq(got.envid, CV_S("E=1")));
    for (int i = 0; i < RCPTS; i++) {
        assert_int_equal(results[i].outcome, i % 10 == 7 ? TRANSPORT_PERMANENT
                                                         : TRANSPORT_DELIVERED);
        assert_true(results[i].reports_success);
    }
    assert_true(cv_slice_eq(results[7].status, CV_S("5.1.1")));
    assert_true(cv_slice_eq(results[7].reply,
                            CV_S("550 5.1.1 No such mailbox: <r7@x.example>")));
    assert_true(cv_slice_ends(
        got.mime, CV_S("\r\nSubject: \xc3\xa4\r\n\r\n.\r\n..\r\nend\r\n")));
    assert_true(
        cv_slice_starts(got.mime,
                        CV_S("Received: from client.example ([127.0.0.1])\r\n"
                             "\t(TLS1.3 ")) ||
        cv_slice_starts(got.mime,
                        CV_S("Received: from client.example ([IPv6:::1])\r\n"
                             "\t(TLS1.3 ")));
    close_house(&h);
}

static void a_large_message_arrives_whole(void **state)
{
    size_t len = (size_t)5 << 20;
    uint8_t *mail = malloc(len);
    cv_slice rcpt = CV_S("a@x.example");
    transport_result result;
    house h;
    (void)state;
    open_house(&h);
    assert_non_null(mail);
    for (size_t i = 0; i < len; i++)
        mail[i] = (uint8_t)('!' + i * 31 % 90);
    for (size_t i = 97; i < len; i += 97) {
        mail[i - 1] = '\r';
        mail[i] = '\n';
    }
    mail[len - 2] = '\r';
    mail[len - 1] = '\n';
    smtp_client client = { .host_name = "client.example" };
    cv_channel channel = smtp_client_channel(&client);
    transport_delivery d = { .host = CV_S("127.0.0.1"),
                             .port = h.port,
                             .rcpts = &rcpt,
                             .rcpt_count = 1,
                             .mime = cv_slice_of(mail, len) };
    assert_int_equal(channel.deliver(channel.ctx, &d, got.arena, &result, NULL),
                     CV_OK);
    assert_int_equal(result.outcome, TRANSPORT_DELIVERED);
    assert_true(cv_slice_ends(got.mime, d.mime));
    /* And one that the peer's SIZE forbids does not even leave. */
    got.max_size = 1000;
    got.rcpts = 0;
    assert_int_equal(channel.deliver(channel.ctx, &d, got.arena, &result, NULL),
                     CV_OK);
    assert_int_equal(result.outcome, TRANSPORT_PERMANENT);
    assert_true(cv_slice_eq(result.status, CV_S("5.3.4")));
    assert_int_equal(got.rcpts, 0);
    free(mail);
    close_house(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_for_many_arrives_through_tls),
        cmocka_unit_test(a_large_message_arrives_whole),
    };
    return cmocka_run_group_tests_name("smtp_roundtrip", tests, NULL, NULL);
}
