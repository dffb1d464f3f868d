/* smtp_server - the SMTP server with the dialogues' backend, for strangers'
 * programs.
 *
 * usage: smtp_server DIR
 *
 * Listens on free loopback ports and prints "incoming PORT", "submission
 * PORT", "submissions PORT" (TLS from the start) and "ready". Messages are
 * written to DIR as 1.eml, 2.eml, ... Ends when its standard input does.
 */
#include "proto/backend.h"

#include <stdio.h>
#include <unistd.h>

static bool listen_at(net_server *server, const char *word, smtp_door *door,
                      net_tls *tls, bool implicit_tls)
{
    uint16_t port = 0;
    net_listen listen = { .host = "127.0.0.1",
                          .protocol = &smtp_protocol,
                          .ctx = door,
                          .tls = tls,
                          .implicit_tls = implicit_tls };
    bool ok = net_server_listen(server, &listen, &port, NULL) == CV_OK;
    printf("%s %u\n", word, port);
    return ok;
}

static bool open_tls(const char *dir, net_tls **tls)
{
    cv_env env = cv_env_system();
    char cert[500], key[500];
    (void)snprintf(cert, sizeof(cert), "%s/cert.pem", dir);
    (void)snprintf(key, sizeof(key), "%s/key.pem", dir);
    return net_tls_make_self_signed(dir, "mail.example", &env, NULL) == CV_OK &&
           net_tls_server_new(cert, key, tls, NULL) == CV_OK;
}

int main(int argc, char **argv)
{
    static proto_backend backend;
    net_server_config config = { .workers = 4 };
    net_server *server = NULL;
    net_tls *tls = NULL;
    char byte = 0;
    if (argc != 2)
        return 2;
    proto_backend_init(&backend);
    backend.max_size = (uint64_t)50 << 20;
    backend.save_dir = argv[1];
    config.spool_dir = argv[1];
    bool ok =
        open_tls(argv[1], &tls) &&
        net_server_new(&config, &server, NULL) == CV_OK &&
        listen_at(server, "incoming", &backend.incoming, tls, false) &&
        listen_at(server, "submission", &backend.submission, tls, false) &&
        listen_at(server, "submissions", &backend.submission, tls, true) &&
        net_server_start(server, NULL) == CV_OK;
    printf("%s\n", ok ? "ready" : "failed");
    (void)fflush(stdout);
    while (ok && read(0, &byte, 1) > 0)
        ;
    net_server_stop(&server);
    net_tls_free(&tls);
    proto_backend_clear(&backend);
    return ok ? 0 : 1;
}
