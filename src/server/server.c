#include "server/server.h"

#include "base/datetime.h"
#include "base/text.h"
#include "base/wintime.h"
#include "net/password.h"
#include "server/delivery.h"
#include "server/doors.h"
#include "server/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define HOUSEKEEPING_SECONDS 3600
#define CONTENT_DAY (24 * 3600 * CV_TICKS_PER_SEC)

/* Everything that runs; made by start_*(), taken down by stop(). */
typedef struct server {
    core core;
    cv_arena *arena; /* texts that live as long as the server */
    net_children *children;
    net_tls *tls;
    net_sasl *sasl;
    net_server *net;
    delivery *delivery;
    smtp_client client;
    smtp_backend backend;
    smtp_door incoming, submission;
    net_control_service control;
} server;

static void on_wake(void *ctx)
{
    server *s = ctx;

    delivery_wake(s->delivery);
}

static void on_event(void *ctx, const store_event *e)
{
    cv_buf line;

    (void)ctx;
    cv_buf_init(&line, 4096);
    cv_iso_put(&line, e->at, true);
    cv_buf_printf(&line, " %.*s %.*s/%.*s", CV_FMT(e->severity),
                  CV_FMT(e->source), CV_FMT(e->category));
    if (e->number)
        cv_buf_printf(&line, " %d", e->number);
    cv_buf_printf(&line, ": %.*s\n", CV_FMT(e->text));
    fwrite(line.data, 1, line.len, stderr);
    cv_buf_clear(&line);
}

/* -- opening -- */

static const char *text_setting(server *s, const char *name)
{
    return (const char *)settings_text(s->core.settings, name, s->arena).ptr;
}

/* "host:port" of a listen setting; false: it is something else. */
static bool split_listen(server *s, const char *name, const char **host,
                         uint16_t *port)
{
    cv_slice value = settings_text(s->core.settings, name, s->arena);
    size_t colon = value.len;
    uint32_t number = 0;

    while (colon > 0 && value.ptr[colon - 1] != ':')
        colon--;
    if (colon == 0 ||
        cv_parse_u32(cv_slice_sub(value, colon, value.len), &number) != CV_OK ||
        number > UINT16_MAX)
        return false;
    *port = (uint16_t)number;
    *host = cv_arena_cstr(s->arena, cv_slice_sub(value, 0, colon - 1));
    return *host != NULL;
}

static cv_status listen_smtp(server *s, const char *setting, const char *word,
                             smtp_door *door, cv_error *err)
{
    const char *host;
    uint16_t port;
    net_listen l = { .protocol = &smtp_protocol, .ctx = door, .tls = s->tls };

    if (settings_text(s->core.settings, setting, s->arena).len == 0)
        return CV_OK;
    if (!split_listen(s, setting, &host, &port))
        return cv_fail(err, CV_ERR_SYNTAX, "%s takes ADDRESS:PORT, not \"%s\"",
                       setting, text_setting(s, setting));
    l.host = host;
    l.port = port;
    CV_TRY(net_server_listen(s->net, &l, &port, err));
    printf("%-10s %s:%u\n", word, host, port);
    return CV_OK;
}

static cv_status open_tls(server *s, const char *dir, cv_error *err)
{
    cv_slice tls = cv_arena_printf(s->arena, "%s/tls", dir);
    cv_slice cert = cv_arena_printf(s->arena, "%s/tls/cert.pem", dir);
    cv_slice key = cv_arena_printf(s->arena, "%s/tls/key.pem", dir);

    if (!key.ptr)
        return cv_arena_fail(s->arena, err);
    if (mkdir((const char *)tls.ptr, 0700) != 0 && errno != EEXIST)
        return cv_fail(err, CV_ERR_IO, "%s: %s", (const char *)tls.ptr,
                       strerror(errno));
    CV_TRY(net_tls_make_self_signed((const char *)tls.ptr,
                                    text_setting(s, "server.host-name"),
                                    &s->core.env, err));
    return net_tls_server_new((const char *)cert.ptr, (const char *)key.ptr,
                              &s->tls, err);
}

static cv_status open_doors(server *s, const char *dir, cv_error *err)
{
    const char *host_name = text_setting(s, "server.host-name");
    cv_slice control = cv_arena_printf(s->arena, "%s/control", dir);
    net_server_config config = {
        .workers = (unsigned)settings_int(s->core.settings, "server.workers"),
        .spool_dir = dir,
    };

    CV_TRY(open_tls(s, dir, err));
    CV_TRY(net_sasl_new("PLAIN", &s->sasl, err));
    CV_TRY(net_server_new(&config, &s->net, err));
    s->backend = doors_smtp_backend(&s->core);
    s->control = doors_control_service(&s->core);
    s->incoming = (smtp_door){ .backend = &s->backend,
                               .env = &s->core.env,
                               .host_name = host_name };
    s->submission = s->incoming;
    s->submission.sasl = s->sasl;
    s->submission.submission = true;
    CV_TRY(net_control_listen(s->net, (const char *)control.ptr, &s->control,
                              err));
    CV_TRY(listen_smtp(s, "listen.smtp", "smtp", &s->incoming, err));
    CV_TRY(
        listen_smtp(s, "listen.submission", "submission", &s->submission, err));
    printf("%-10s %s\n", "control", (const char *)control.ptr);
    return CV_OK;
}

/* -- demo accounts -- */

static cv_status add_demo_account(server *s, const char *name, cv_error *err)
{
    cv_slice hash;
    cv_slice domain = core_domain(&s->core, s->arena);
    cv_slice alias =
        cv_arena_printf(s->arena, "postmaster@%.*s", CV_FMT(domain));
    store_account a = {
        .address = cv_arena_printf(s->arena, "%s@%.*s", name, CV_FMT(domain)),
        .name = cv_arena_printf(s->arena, "%c%s", name[0] - 32, name + 1),
        .aliases = &alias,
        .alias_count = name[0] == 'a' ? 1 : 0,
    };
    cv_status st = store_account_add(s->core.store, &a, &a.id, err);

    if (st == CV_ERR_CONFLICT)
        return CV_OK; /* from an earlier start */
    CV_TRY(st);
    CV_TRY(net_password_hash(&s->core.env, CV_S("demo"), s->arena, &hash, err));
    return store_credential_set(s->core.store, a.id, NET_PASSWORD_SCHEME, hash,
                                err);
}

static cv_status add_demo_accounts(server *s, cv_error *err)
{
    CV_TRY(add_demo_account(s, "alice", err));
    CV_TRY(add_demo_account(s, "bob", err));
    cv_slice domain = core_domain(&s->core, s->arena);
    printf("accounts   alice@%.*s and bob@%.*s, password \"demo\"\n"
           "try next:\n"
           "  ./run meeting create alice@%.*s --to bob@%.*s --subject Budget "
           "--start 2030-01-07T09:00:00Z\n"
           "  ./run meeting accept bob@%.*s Budget\n"
           "  ./run meeting show alice@%.*s Budget\n"
           "  ./run demo\n",
           CV_FMT(domain), CV_FMT(domain), CV_FMT(domain), CV_FMT(domain),
           CV_FMT(domain), CV_FMT(domain));
    return CV_OK;
}

/* -- running -- */

/* Forgets deliveries and events that are too old, and content that nothing has
 * needed for a day. */
static void housekeep(server *s)
{
    store_tx *tx = NULL;
    int64_t now = s->core.env.now(s->core.env.ctx);
    int64_t window =
        settings_duration(s->core.settings, "transport.duplicate-window");
    int64_t keep = settings_duration(s->core.settings, "events.keep");

    CV_IGNORE(store_event_forget(s->core.store, now - keep, NULL, NULL));
    if (store_begin(s->core.store, &tx, NULL) != CV_OK)
        return;
    if (store_fact_forget(tx, CV_S("delivered:"), now - window, NULL, NULL) ==
        CV_OK)
        CV_IGNORE(store_commit(&tx, NULL));
    store_rollback(&tx);
    CV_IGNORE(store_sweep(s->core.store, now - CONTENT_DAY, NULL, NULL));
}

static void run_until_signal(server *s, const sigset_t *signals)
{
    struct timespec hour = { HOUSEKEEPING_SECONDS, 0 };

    for (;;) {
        int sig = sigtimedwait(signals, NULL, &hour);
        if (sig == SIGTERM || sig == SIGINT)
            return;
        if (sig < 0 && errno == EAGAIN)
            housekeep(s);
    }
}

static cv_status start_children(server *s, cv_error *err)
{
    net_children_config config = { .handler = worker_handle };

    /* Before threads, store and keys exist. */
    CV_TRY(net_children_start(&config, &s->children, err));
    s->core.children = s->children;
    return CV_OK;
}

static cv_status start(server *s, const server_options *o, cv_error *err)
{
    CV_TRY(cv_arena_new(0, &s->arena, err));
    CV_TRY(start_children(s, err));
    s->core.channel = smtp_client_channel(&s->client);
    s->core.on_wake = on_wake;
    s->core.on_event = on_event;
    s->core.ctx = s;
    CV_TRY(core_open(&s->core, o->dir, o->overrides, o->override_count, err));
    s->client.host_name = text_setting(s, "server.host-name");
    CV_TRY(store_queue_recover(s->core.store, err));
    CV_TRY(open_doors(s, o->dir, err));
    if (o->demo_accounts)
        CV_TRY(add_demo_accounts(s, err));
    CV_TRY(delivery_start(
        s->core.transport, &s->core.env,
        (unsigned)settings_int(s->core.settings, "server.delivery-threads"),
        &s->delivery, err));
    return net_server_start(s->net, err);
}

static void stop(server *s)
{
    net_server_stop(&s->net);
    delivery_stop(&s->delivery);
    core_close(&s->core);
    net_children_stop(&s->children);
    net_sasl_free(&s->sasl);
    net_tls_free(&s->tls);
    cv_arena_free(&s->arena);
}

cv_status server_run(const server_options *options, cv_error *err)
{
    server s = { .children = NULL };
    sigset_t signals;

    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    cv_status st = start(&s, options, err);
    if (st == CV_OK) {
        puts("ready");
        fflush(stdout);
        run_until_signal(&s, &signals);
    }
    stop(&s);
    return st;
}
