/* The loop over real sockets, on loopback only, with a toy protocol. */
#include "net/control.h"
#include "net/net.h"
#include "net/stream.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define WAIT 10000
#define BIG ((size_t)3 << 20)

static char dir[64];
static unsigned closed_count; /* atomically */

/* -- the toy protocol -- */

static void toy_open(net_turn *turn)
{
    turn->state = calloc(1, sizeof(size_t));
    cv_buf_printf(turn->out, "hello %s%s\r\n", turn->peer->address,
                  turn->peer->loopback ? " loopback" : "");
}

static void toy_more(net_turn *turn)
{
    size_t *sent = turn->state;
    for (size_t i = 0; i < NET_OUTPUT_HIGH / 64 && *sent < BIG; i++) {
        cv_buf_printf(turn->out, "%062zu\r\n", *sent);
        *sent += 64;
    }
    if (*sent < BIG)
        turn->next = NET_NEXT_MORE;
}

static void toy_line(net_turn *turn, cv_slice line, bool whole, bool too_long)
{
    if (too_long || !whole) {
        cv_buf_put_str(turn->out, too_long ? "too long\r\n" : "bare\r\n");
    } else if (cv_slice_eq(line, CV_S("big"))) {
        *(size_t *)turn->state = 0;
        toy_more(turn);
    } else if (cv_slice_eq(line, CV_S("data"))) {
        cv_buf_put_str(turn->out, "go on\r\n");
        turn->next = NET_NEXT_DATA;
        turn->data_prefix = CV_S("[");
        turn->data_max = (uint64_t)64 << 20;
    } else if (cv_slice_eq(line, CV_S("tls"))) {
        cv_buf_put_str(turn->out, "now\r\n");
        turn->next = NET_NEXT_STARTTLS;
    } else if (cv_slice_eq(line, CV_S("quit"))) {
        cv_buf_put_str(turn->out, "bye\r\n");
        turn->next = NET_NEXT_CLOSE;
    } else {
        cv_buf_printf(turn->out, "%.*s%s\r\n", CV_FMT(line),
                      turn->tls ? " by TLS" : "");
    }
}

static void toy_data(net_turn *turn, const net_data *data)
{
    cv_buf_printf(turn->out, "%zu %c%c\r\n", data->bytes.len,
                  data->bytes.ptr[0], data->bytes.ptr[data->bytes.len - 3]);
}

static void toy_close(net_turn *turn)
{
    free(turn->state);
    __atomic_add_fetch(&closed_count, 1, __ATOMIC_SEQ_CST);
}

static const net_protocol toy = { .name = "toy",
                                  .on_open = toy_open,
                                  .on_line = toy_line,
                                  .on_data = toy_data,
                                  .on_more = toy_more,
                                  .on_close = toy_close,
                                  .busy_text = "busy\r\n",
                                  .timeout_text = "too late\r\n",
                                  .stop_text = "stopping\r\n" };

/* -- helpers -- */

static net_server *serve(const net_listen *listen, uint16_t *port)
{
    net_server_config config = { .workers = 2, .spool_dir = dir };
    net_server *server = NULL;
    cv_error err;
    closed_count = 0;
    assert_int_equal(net_server_new(&config, &server, &err), CV_OK);
    assert_int_equal(net_server_listen(server, listen, port, &err), CV_OK);
    assert_int_equal(net_server_start(server, &err), CV_OK);
    return server;
}

static net_listen toy_listen(void)
{
    return (net_listen){ .host = "127.0.0.1", .protocol = &toy };
}

static net_stream *dial(uint16_t port)
{
    net_stream *s = NULL;
    assert_int_equal(
        net_stream_connect(CV_S("127.0.0.1"), port, WAIT, &s, NULL), CV_OK);
    return s;
}

static void expect(net_stream *s, const char *text)
{
    cv_slice line;
    char got[200];
    assert_int_equal(net_stream_line(s, WAIT, &line, NULL), CV_OK);
    (void)snprintf(got, sizeof(got), "%.*s", CV_FMT(line));
    assert_string_equal(got, text);
}

static void expect_end(net_stream *s)
{
    cv_slice line;
    assert_int_equal(net_stream_line(s, WAIT, &line, NULL), CV_ERR_TRUNC);
}

static void say(net_stream *s, const char *text)
{
    assert_int_equal(net_stream_write(s, cv_slice_cstr(text), WAIT, NULL),
                     CV_OK);
}

/* -- tests -- */

static void commands_are_answered_in_order_also_pipelined(void **state)
{
    uint16_t port = 0;
    net_listen listen = toy_listen();
    net_server *server = serve(&listen, &port);
    net_stream *s = dial(port);
    (void)state;
    expect(s, "hello 127.0.0.1 loopback");
    say(s, "one\r\n");
    expect(s, "one");
    say(s, "a\r\nb\r\ndata\r\nxyz\r\n..q\r\n.\r\nc\r\nquit\r\nafter\r\n");
    expect(s, "a");
    expect(s, "b");
    expect(s, "go on");
    expect(s, "10 [q");
    expect(s, "c");
    expect(s, "bye");
    expect_end(s);
    net_stream_close(&s);
    net_server_stop(&server);
    assert_null(server);
    assert_int_equal(closed_count, 1);
}

static void a_long_answer_comes_in_slices_to_a_slow_reader(void **state)
{
    uint16_t port = 0;
    net_listen listen = toy_listen();
    net_server *server = serve(&listen, &port);
    net_stream *s = dial(port);
    net_stream *other = dial(port);
    (void)state;
    expect(s, "hello 127.0.0.1 loopback");
    say(s, "big\r\nlast\r\n");
    /* While s does not read, both workers are free for others. */
    expect(other, "hello 127.0.0.1 loopback");
    say(other, "x\r\n");
    expect(other, "x");
    for (size_t i = 0; i < BIG; i += 64) {
        char line[80];
        (void)snprintf(line, sizeof(line), "%062zu", i);
        expect(s, line);
    }
    expect(s, "last");
    net_stream_close(&s);
    net_stream_close(&other);
    net_server_stop(&server);
}

static void big_data_goes_through_a_file(void **state)
{
    uint16_t port = 0;
    net_listen listen = toy_listen();
    net_server *server = serve(&listen, &port);
    net_stream *s = dial(port);
    static char line[1002];
    char answer[32];
    (void)state;
    memset(line, 'm', 1000);
    memcpy(line + 1000, "\r\n", 2);
    expect(s, "hello 127.0.0.1 loopback");
    say(s, "data\r\n");
    expect(s, "go on");
    for (int i = 0; i < 3000; i++)
        assert_int_equal(
            net_stream_write(s, cv_slice_of(line, 1002), WAIT, NULL), CV_OK);
    say(s, ".\r\n");
    (void)snprintf(answer, sizeof(answer), "%d [m", 3000 * 1002 + 1);
    expect(s, answer);
    net_stream_close(&s);
    net_server_stop(&server);
}

static net_tls *make_tls(void)
{
    char cert[80], key[80];
    cv_env env = cv_env_system();
    net_tls *tls = NULL;
    struct stat st;
    assert_int_equal(net_tls_make_self_signed(dir, "mail.example", &env, NULL),
                     CV_OK);
    (void)snprintf(cert, sizeof(cert), "%s/cert.pem", dir);
    (void)snprintf(key, sizeof(key), "%s/key.pem", dir);
    assert_int_equal(stat(key, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    /* A second start keeps both. */
    ino_t before = st.st_ino;
    assert_int_equal(net_tls_make_self_signed(dir, "x.example", &env, NULL),
                     CV_OK);
    assert_int_equal(stat(key, &st), 0);
    assert_true(st.st_ino == before);
    assert_int_equal(net_tls_server_new(cert, key, &tls, NULL), CV_OK);
    assert_int_equal(net_tls_server_new("/nonexistent", key, &tls, NULL),
                     CV_ERR_IO);
    return tls;
}

static void starttls_forgets_what_came_before_it(void **state)
{
    uint16_t port = 0;
    net_tls *tls = make_tls();
    net_listen listen = toy_listen();
    listen.tls = tls;
    net_server *server = serve(&listen, &port);
    net_stream *s = dial(port);
    (void)state;
    expect(s, "hello 127.0.0.1 loopback");
    say(s, "tls\r\ninjected\r\n");
    expect(s, "now");
    assert_int_equal(net_stream_starttls(s, CV_S("mail.example"), WAIT, NULL),
                     CV_OK);
    assert_true(net_stream_is_tls(s));
    say(s, "one\r\ntwo\r\n");
    expect(s, "one by TLS");
    expect(s, "two by TLS");
    say(s, "big\r\n");
    for (size_t i = 0; i < BIG; i += 64) {
        cv_slice line;
        assert_int_equal(net_stream_line(s, WAIT, &line, NULL), CV_OK);
        assert_int_equal(line.len, 62);
    }
    say(s, "quit\r\n");
    expect(s, "bye");
    expect_end(s);
    net_stream_close(&s);
    net_server_stop(&server);
    net_tls_free(&tls);
    assert_int_equal(closed_count, 1);
}

static void implicit_tls_greets_after_the_handshake(void **state)
{
    uint16_t port = 0;
    net_tls *tls = make_tls();
    net_listen listen = toy_listen();
    listen.tls = tls;
    listen.implicit_tls = true;
    net_server *server = serve(&listen, &port);
    net_stream *s = dial(port);
    net_stream *plain = dial(port);
    cv_slice line;
    (void)state;
    assert_int_equal(net_stream_starttls(s, CV_S("127.0.0.1"), WAIT, NULL),
                     CV_OK);
    expect(s, "hello 127.0.0.1 loopback");
    say(plain, "not TLS at all\r\n");
    assert_int_not_equal(net_stream_line(plain, WAIT, &line, NULL), CV_OK);
    net_stream_close(&plain);
    net_stream_close(&s);
    net_server_stop(&server);
    net_tls_free(&tls);
}

static void deadlines_end_idle_and_trickling_peers(void **state)
{
    uint16_t port = 0;
    net_listen listen = toy_listen();
    listen.limits.idle_ms = 120;
    net_server *server = serve(&listen, &port);
    net_stream *idle = dial(port);
    net_stream *slow = dial(port);
    (void)state;
    expect(idle, "hello 127.0.0.1 loopback");
    expect(slow, "hello 127.0.0.1 loopback");
    /* Bytes that complete nothing do not put the deadline off. */
    for (int i = 0; i < 4; i++) {
        say(slow, "x");
        (void)usleep(20000);
    }
    expect(slow, "too late");
    expect(idle, "too late");
    expect_end(idle);
    net_stream_close(&idle);
    net_stream_close(&slow);
    net_server_stop(&server);
    assert_int_equal(closed_count, 2);
}

static void connections_are_limited_in_all_and_per_address(void **state)
{
    uint16_t port = 0;
    net_listen listen = toy_listen();
    net_stats stats;
    listen.limits.connections_per_address = 2;
    net_server *server = serve(&listen, &port);
    net_stream *s[3];
    (void)state;
    for (int i = 0; i < 3; i++) {
        s[i] = dial(port);
        expect(s[i], i < 2 ? "hello 127.0.0.1 loopback" : "busy");
    }
    expect_end(s[2]);
    net_server_stats(server, &stats);
    assert_int_equal(stats.accepted, 2);
    assert_int_equal(stats.refused, 1);
    assert_int_equal(stats.open, 2);
    say(s[0], "quit\r\n");
    expect(s[0], "bye");
    expect_end(s[0]);
    for (int i = 0; i < 3; i++)
        net_stream_close(&s[i]);
    net_server_stop(&server);
}

static void stopping_says_goodbye_and_closes_all(void **state)
{
    uint16_t port = 0;
    net_listen listen = toy_listen();
    net_server *server = serve(&listen, &port);
    net_stream *s = dial(port);
    (void)state;
    expect(s, "hello 127.0.0.1 loopback");
    net_server_stop(&server);
    expect(s, "stopping");
    expect_end(s);
    net_stream_close(&s);
    assert_int_equal(closed_count, 1);
}

static void a_port_in_use_is_a_conflict(void **state)
{
    uint16_t port = 0;
    net_listen listen = toy_listen();
    net_server *server = serve(&listen, &port);
    net_server_config config = { 0 };
    net_server *second = NULL;
    (void)state;
    listen.port = port;
    assert_int_equal(net_server_new(&config, &second, NULL), CV_OK);
    assert_int_equal(net_server_listen(second, &listen, NULL, NULL),
                     CV_ERR_CONFLICT);
    listen.host = "localhost";
    assert_int_equal(net_server_listen(second, &listen, NULL, NULL),
                     CV_ERR_SYNTAX);
    net_server_stop(&second);
    net_server_stop(&server);
}

static size_t resident_bytes(void)
{
    unsigned long total = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%lu %lu", &total, &resident), 2);
    (void)fclose(f);
    return resident * (size_t)sysconf(_SC_PAGESIZE);
}

static void a_thousand_idle_connections_cost_few_kilobytes(void **state)
{
    enum { COUNT = 1000 };
    static int fds[COUNT];
    struct rlimit files;
    uint16_t port = 0;
    net_listen listen = toy_listen();
    listen.limits.connections_per_address = COUNT;
    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_max < 2 * COUNT + 100)
        skip();
    net_server *server = serve(&listen, &port);
    size_t before = resident_bytes();
    for (int i = 0; i < COUNT; i++) {
        char got[32];
        struct sockaddr_in to = { .sin_family = AF_INET,
                                  .sin_port = htons(port),
                                  .sin_addr = { htonl(0x7F000001) } };
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(fds[i], (struct sockaddr *)&to, sizeof(to)),
                         0);
        assert_true(recv(fds[i], got, sizeof(got), 0) > 0);
    }
    size_t each = (resident_bytes() - before) / COUNT;
    net_stats stats;
    net_server_stats(server, &stats);
    print_message("an idle connection costs %zu bytes (session %zu)\n", each,
                  stats.session_bytes);
    assert_int_equal(stats.open, COUNT);
    assert_in_range(each, 0, 8192);
    for (int i = 0; i < COUNT; i++)
        (void)close(fds[i]);
    net_server_stop(&server);
    assert_int_equal(closed_count, COUNT);
}

/* -- control socket -- */

typedef struct follower {
    unsigned calls; /* atomically */
} follower;

static void handle(void *ctx, net_control_request *r)
{
    follower *f = ctx;
    if (cv_slice_eq(r->json, CV_S("\"follow\""))) {
        __atomic_add_fetch(&f->calls, 1, __ATOMIC_SEQ_CST);
        cv_buf text;
        cv_buf_init(&text, 100);
        cv_buf_printf(&text, "%d", (int)r->cursor);
        net_control_send(r, cv_buf_slice(&text));
        cv_buf_clear(&text);
        r->again = ++r->cursor < 4;
        r->again_ms = 60000; /* poked before */
        return;
    }
    net_control_send(r, CV_S("\"first\""));
    net_control_send(r, r->json);
}

typedef struct answers {
    char text[200];
    net_server *poke;
} answers;

static cv_status collect(void *ctx, cv_slice json, cv_error *err)
{
    answers *a = ctx;
    size_t used = strlen(a->text);
    (void)snprintf(a->text + used, sizeof(a->text) - used, "%.*s;",
                   CV_FMT(json));
    if (cv_slice_eq(json, CV_S("\"stop\"")))
        return cv_fail(err, CV_ERR_CONFLICT, "enough");
    if (a->poke)
        net_server_poke(a->poke);
    return CV_OK;
}

static void control_calls_are_answered_and_followed(void **state)
{
    follower f = { 0 };
    net_control_service service = { handle, &f };
    net_server_config config = { .workers = 2 };
    net_server *server = NULL, *second = NULL;
    answers a = { .text = "" };
    struct stat st;
    char path[300];
    (void)state;
    /* Longer than sockaddr_un has room for. */
    (void)snprintf(path, sizeof(path), "%s/%0120d", dir, 0);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)snprintf(path, sizeof(path), "%s/%0120d/control", dir, 0);
    assert_int_equal(net_control_call(path, CV_S("1"), WAIT, collect, &a, NULL),
                     CV_ERR_NOTFOUND);
    assert_int_equal(net_server_new(&config, &server, NULL), CV_OK);
    assert_int_equal(net_control_listen(server, path, &service, NULL), CV_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(net_server_start(server, NULL), CV_OK);

    assert_int_equal(
        net_control_call(path, CV_S("{}"), WAIT, collect, &a, NULL), CV_OK);
    assert_string_equal(a.text, "\"first\";{};");
    a = (answers){ .poke = server };
    assert_int_equal(
        net_control_call(path, CV_S("\"follow\""), WAIT, collect, &a, NULL),
        CV_OK);
    assert_string_equal(a.text, "0;1;2;3;");
    assert_int_equal(f.calls, 4);
    a = (answers){ 0 };
    assert_int_equal(
        net_control_call(path, CV_S("\"stop\""), WAIT, collect, &a, NULL),
        CV_ERR_CONFLICT);

    assert_int_equal(net_server_new(&config, &second, NULL), CV_OK);
    assert_int_equal(net_control_listen(second, path, &service, NULL),
                     CV_ERR_CONFLICT);
    net_server_stop(&second);
    net_server_stop(&server);
    assert_int_equal(access(path, F_OK), -1);
}

static void a_dead_servers_socket_is_taken_over(void **state)
{
    net_control_service service = { handle, NULL };
    net_server_config config = { 0 };
    net_server *server = NULL;
    answers a = { .text = "" };
    char path[100], aside[100];
    (void)state;
    (void)snprintf(path, sizeof(path), "%s/control", dir);
    (void)snprintf(aside, sizeof(aside), "%s/aside", dir);
    assert_int_equal(net_server_new(&config, &server, NULL), CV_OK);
    assert_int_equal(net_control_listen(server, path, &service, NULL), CV_OK);
    assert_int_equal(rename(path, aside), 0);
    net_server_stop(&server);
    assert_int_equal(rename(aside, path), 0);
    assert_int_equal(net_control_call(path, CV_S("1"), WAIT, collect, &a, NULL),
                     CV_ERR_NOTFOUND);
    assert_int_equal(net_server_new(&config, &server, NULL), CV_OK);
    assert_int_equal(net_control_listen(server, path, &service, NULL), CV_OK);
    net_server_stop(&server);
}

/* -- client stream -- */

static void a_silent_or_absent_peer_costs_its_deadline_only(void **state)
{
    net_stream *s = NULL;
    int pair[2];
    cv_slice line;
    uint16_t port = 0;
    net_listen listen = toy_listen();
    net_server *server = serve(&listen, &port);
    (void)state;
    net_server_stop(&server);
    assert_int_equal(
        net_stream_connect(CV_S("127.0.0.1"), port, WAIT, &s, NULL), CV_ERR_IO);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(net_stream_of_fd(pair[0], &s, NULL), CV_OK);
    assert_int_equal(net_stream_line(s, 20, &line, NULL), CV_ERR_TIMEOUT);
    static char filler[1 << 20];
    memset(filler, 'x', sizeof(filler));
    assert_int_equal(
        net_stream_write(s, cv_slice_of(filler, sizeof(filler)), 20, NULL),
        CV_ERR_TIMEOUT);
    assert_int_equal(write(pair[1], filler, 5000), 5000);
    assert_int_equal(net_stream_line(s, WAIT, &line, NULL), CV_ERR_LIMIT);
    net_stream_close(&s);
    (void)close(pair[1]);
}

static int make_dir(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof(dir), "/tmp/net-test-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
    static const char *const names[] = { "cert.pem", "key.pem", "control",
                                         "aside" };
    char path[300];
    (void)state;
    for (size_t i = 0; i < CV_LEN(names); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
        (void)unlink(path);
    }
    (void)snprintf(path, sizeof(path), "%s/%0120d", dir, 0);
    (void)rmdir(path);
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_are_answered_in_order_also_pipelined),
        cmocka_unit_test(a_long_answer_comes_in_slices_to_a_slow_reader),
        cmocka_unit_test(big_data_goes_through_a_file),
        cmocka_unit_test(starttls_forgets_what_came_before_it),
        cmocka_unit_test(implicit_tls_greets_after_the_handshake),
        cmocka_unit_test(deadlines_end_idle_and_trickling_peers),
        cmocka_unit_test(connections_are_limited_in_all_and_per_address),
        cmocka_unit_test(stopping_says_goodbye_and_closes_all),
        cmocka_unit_test(a_port_in_use_is_a_conflict),
        cmocka_unit_test(a_thousand_idle_connections_cost_few_kilobytes),
        cmocka_unit_test(control_calls_are_answered_and_followed),
        cmocka_unit_test(a_dead_servers_socket_is_taken_over),
        cmocka_unit_test(a_silent_or_absent_peer_costs_its_deadline_only),
    };
    return cmocka_run_group_tests_name("server", tests, make_dir, remove_dir);
}
