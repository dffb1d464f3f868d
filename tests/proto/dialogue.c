/* dialogue - plays dialogues against the SMTP server.
 *
 * usage: dialogue FILE...
 *
 * Each file is played in memory, again in memory cut in two at every byte and
 * byte by byte, over TCP on loopback, and over TLS. Lines of a file:
 *   # words         what follows is about
 *   @ submission    the door (default: incoming mail)
 *   @ remote        the peer is not on loopback; in memory only
 *   C: text         the client says text and CRLF
 *   C> text         the same without CRLF; \r \n \0 \t \xNN are known
 *   C* 600 text     the client says text and CRLF so many times
 *   S: text         the server says this line; * stands for anything. Nothing
 *                   else may come in between
 *   S[plain]: text  the same, not over TLS;  S[tls]: only over TLS
 *   T:              the TLS handshake (not played over TLS)
 *   M: text         the backend got this message
 *   X:              the server closes
 * What the client says is then played with every byte in turn changed (XOR 01,
 * 80 and FF) and broken off behind every byte: whatever comes back must still
 * be replies.
 * Prints `N passed, N failed`; a case is a file in one of the five ways.
 */
#include "net/memory.h"
#include "net/stream.h"
#include "proto/backend.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STEPS_MAX 400
#define TEXT_MAX 4096
#define WAIT_MS 10000

typedef struct step {
    char kind;  /* C S T M X */
    char where; /* S: 0 both, 'p' plain, 't' tls */
    unsigned line;
    cv_slice text; /* arena */
} step;

typedef struct dialogue {
    const char *path;
    bool submission, remote, starttls;
    step steps[STEPS_MAX];
    size_t count;
    size_t client_bytes;
} dialogue;

/* The server's side of one playing. */
typedef struct stage {
    proto_backend *backend;
    net_memory *memory; /* or */
    net_stream *stream;
    bool tls;
    size_t cut, said; /* memory: cut before this byte of all, bytes so far */
    bool byte_by_byte;
    cv_buf heard; /* memory: output not yet compared */
    size_t heard_pos;
} stage;

/* -- reading a file -- */

static void fail(const dialogue *d, const step *s, const char *mode,
                 const char *why, cv_slice got)
{
    printf("%s:%u: %s: %s: %.*s\n", d->path, s ? s->line : 0, mode, why,
           CV_FMT(cv_slice_sub(got, 0, 200)));
}

static cv_slice unescape(cv_arena *arena, const char *text)
{
    cv_buf out;
    cv_buf_init(&out, TEXT_MAX);
    for (; *text; text++) {
        unsigned byte = 0;
        if (*text != '\\') {
            cv_buf_put_byte(&out, (uint8_t)*text);
            continue;
        }
        text++;
        if (*text == 'x' && sscanf(text + 1, "%2x", &byte) == 1)
            text += 2;
        else
            byte = *text == 'r'   ? '\r'
                   : *text == 'n' ? '\n'
                   : *text == 't' ? '\t'
                   : *text == '0' ? 0
                                  : (unsigned char)*text;
        cv_buf_put_byte(&out, (uint8_t)byte);
    }
    cv_slice result = cv_buf_dup(&out, arena);
    cv_buf_clear(&out);
    return result;
}

static cv_slice repeat(cv_arena *arena, const char *text)
{
    cv_buf out;
    char *rest = NULL;
    unsigned long times = strtoul(text, &rest, 10);
    cv_buf_init(&out, 0);
    for (unsigned long i = 0; i < times; i++)
        cv_buf_printf(&out, "%s\r\n", *rest ? rest + 1 : "");
    cv_slice result = cv_buf_dup(&out, arena);
    cv_buf_clear(&out);
    return result;
}

static bool read_step(dialogue *d, cv_arena *arena, const char *line)
{
    step *s = &d->steps[d->count];
    const char *text = strchr(line, ' ');
    text = text ? text + 1 : "";
    s->kind = line[0];
    if (strncmp(line, "C: ", 3) == 0 || strcmp(line, "C:") == 0)
        s->text = cv_arena_printf(arena, "%s\r\n", text);
    else if (strncmp(line, "C> ", 3) == 0)
        s->text = unescape(arena, text);
    else if (strncmp(line, "C* ", 3) == 0)
        s->text = repeat(arena, text);
    else if (strchr("STMX", line[0]))
        s->text = cv_arena_dup(arena, cv_slice_cstr(text));
    else
        return false;
    if (line[0] == 'S' && line[1] == '[')
        s->where = line[2];
    d->starttls = d->starttls || s->kind == 'T';
    if (s->kind == 'C')
        d->client_bytes += s->text.len;
    d->count++;
    return true;
}

static bool read_dialogue(const char *path, cv_arena *arena, dialogue *d)
{
    char line[TEXT_MAX];
    unsigned number = 0;
    bool ok = true;
    FILE *f = fopen(path, "re");
    memset(d, 0, sizeof(*d));
    d->path = path;
    while (f && ok && fgets(line, sizeof(line), f)) {
        line[strcspn(line, "\n")] = '\0';
        d->steps[d->count].line = ++number;
        if (line[0] == '\0' || line[0] == '#')
            continue;
        if (strcmp(line, "@ submission") == 0)
            d->submission = true;
        else if (strcmp(line, "@ remote") == 0)
            d->remote = true;
        else
            ok = d->count + 1 < STEPS_MAX && read_step(d, arena, line);
    }
    if (f)
        (void)fclose(f);
    if (!f || !ok)
        printf("%s:%u: not a line of a dialogue\n", path, number);
    return f && ok;
}

/* -- playing -- */

static void say_in_memory(stage *st, cv_slice text)
{
    for (size_t i = 0; i < text.len;) {
        size_t n = text.len - i;
        if (st->byte_by_byte)
            n = 1;
        else if (st->cut > st->said && st->cut - st->said < n)
            n = st->cut - st->said;
        net_memory_feed(st->memory, cv_slice_sub(text, i, n));
        st->said += n;
        i += n;
    }
}

/* Consecutive C steps go in one block: that is pipelining. */
static bool say(stage *st, const dialogue *d, size_t *at, cv_arena *arena)
{
    cv_buf text;
    cv_buf_init(&text, 0);
    while (*at < d->count && d->steps[*at].kind == 'C')
        cv_buf_put_slice(&text, d->steps[(*at)++].text);
    --*at;
    cv_slice all = cv_buf_dup(&text, arena);
    cv_buf_clear(&text);
    if (st->stream)
        return net_stream_write(st->stream, all, WAIT_MS, NULL) == CV_OK;
    say_in_memory(st, all);
    return true;
}

static bool hear_line(stage *st, cv_slice *line)
{
    if (st->stream)
        return net_stream_line(st->stream, WAIT_MS, line, NULL) == CV_OK;
    cv_buf_put_slice(&st->heard, net_memory_output(st->memory));
    cv_slice rest =
        cv_slice_sub(cv_buf_slice(&st->heard), st->heard_pos, CV_NPOS);
    size_t end = cv_slice_find(rest, CV_S("\r\n"), 0);
    *line = rest;
    if (end == CV_NPOS)
        return false;
    *line = cv_slice_sub(rest, 0, end);
    st->heard_pos += end + 2;
    return true;
}

static bool matches(cv_slice pattern, cv_slice line)
{
    char p[TEXT_MAX], l[TEXT_MAX];
    (void)snprintf(p, sizeof(p), "%.*s", CV_FMT(pattern));
    (void)snprintf(l, sizeof(l), "%.*s", CV_FMT(line));
    return fnmatch(p, l, FNM_NOESCAPE) == 0;
}

static bool hear(stage *st, const step *s, cv_slice *got)
{
    if ((s->where == 'p' && st->tls) || (s->where == 't' && !st->tls))
        return true;
    return hear_line(st, got) && matches(s->text, *got);
}

static bool is_end(stage *st, cv_slice *got)
{
    if (st->stream)
        return net_stream_line(st->stream, WAIT_MS, got, NULL) == CV_ERR_TRUNC;
    return !hear_line(st, got) && got->len == 0 &&
           net_memory_is_closed(st->memory);
}

static bool got_message(stage *st, const step *s, cv_arena *arena,
                        cv_slice *got)
{
    char last[1000];
    proto_backend_take(st->backend, last, sizeof(last));
    *got = cv_arena_dup(arena, cv_slice_cstr(last));
    return matches(s->text, *got);
}

static bool shake_hands(stage *st)
{
    if (st->stream && net_stream_starttls(st->stream, CV_S("mail.example"),
                                          WAIT_MS, NULL) != CV_OK)
        return false;
    if (st->memory)
        net_memory_start_tls(st->memory);
    st->tls = true;
    return true;
}

static bool play(stage *st, const dialogue *d, const char *mode)
{
    cv_arena *arena = NULL;
    bool ok = cv_arena_new(0, &arena, NULL) == CV_OK;
    char left[1000];
    for (size_t i = 0; ok && i < d->count; i++) {
        const step *s = &d->steps[i];
        cv_slice got = { 0 };
        ok = s->kind == 'C'   ? say(st, d, &i, arena)
             : s->kind == 'S' ? hear(st, s, &got)
             : s->kind == 'T' ? shake_hands(st)
             : s->kind == 'M' ? got_message(st, s, arena, &got)
                              : is_end(st, &got);
        if (!ok)
            fail(d, s, mode, "came instead", got);
    }
    proto_backend_take(st->backend, left, sizeof(left));
    if (ok && left[0]) {
        fail(d, NULL, mode, "message nobody asked for", cv_slice_cstr(left));
        ok = false;
    }
    cv_arena_free(&arena);
    return ok;
}

/* -- the four ways -- */

static bool play_in_memory(proto_backend *b, const dialogue *d, size_t cut,
                           bool byte_by_byte)
{
    net_peer peer = { .address = "192.0.2.1", .loopback = !d->remote };
    net_limits limits = { 0 };
    stage st = { .backend = b, .cut = cut, .byte_by_byte = byte_by_byte };
    char mode[40];
    (void)snprintf(mode, sizeof(mode), "memory, cut %zu", cut);
    if (net_memory_open(&smtp_protocol, &limits, &peer,
                        d->submission ? &b->submission : &b->incoming,
                        &st.memory, NULL) != CV_OK)
        return false;
    cv_buf_init(&st.heard, 0);
    bool ok = play(&st, d, byte_by_byte ? "memory, byte by byte" : mode);
    net_memory_close(&st.memory);
    cv_buf_clear(&st.heard);
    return ok;
}

static bool play_cut(proto_backend *b, const dialogue *d)
{
    bool ok = play_in_memory(b, d, 0, true);
    /* Long dialogues are about limits: 4,000 cuts of them are enough. */
    size_t stride = d->client_bytes / 4000 + 1;
    for (size_t cut = 1; ok && cut < d->client_bytes; cut += stride)
        ok = play_in_memory(b, d, cut, false);
    return ok;
}

static bool play_on_socket(proto_backend *b, const dialogue *d, uint16_t port,
                           bool tls)
{
    stage st = { .backend = b };
    bool ok = net_stream_connect(CV_S("127.0.0.1"), port, WAIT_MS, &st.stream,
                                 NULL) == CV_OK;
    if (ok && tls)
        ok = shake_hands(&st);
    ok = ok && play(&st, d, tls ? "TLS" : "TCP");
    net_stream_close(&st.stream);
    return ok;
}

/* -- hostile bytes -- */

static bool are_replies(cv_slice text)
{
    while (text.len > 0) {
        size_t end = cv_slice_find(text, CV_S("\r\n"), 0);
        if (end == CV_NPOS || end < 4 || text.ptr[0] < '2' ||
            text.ptr[0] > '5' || (text.ptr[3] != ' ' && text.ptr[3] != '-'))
            return false;
        text = cv_slice_sub(text, end + 2, CV_NPOS);
    }
    return true;
}

static bool survives(proto_backend *b, const dialogue *d, cv_slice bytes,
                     cv_slice after_tls)
{
    net_peer peer = { .address = "192.0.2.1", .loopback = !d->remote };
    net_limits limits = { 0 };
    net_memory *m = NULL;
    char last[1000];
    if (net_memory_open(&smtp_protocol, &limits, &peer,
                        d->submission ? &b->submission : &b->incoming, &m,
                        NULL) != CV_OK)
        return false;
    net_memory_feed(m, bytes);
    net_memory_start_tls(m);
    net_memory_feed(m, after_tls);
    bool ok = are_replies(net_memory_output(m));
    net_memory_close(&m);
    proto_backend_take(b, last, sizeof(last));
    return ok;
}

/* What the client says in the whole dialogue; *tls is where TLS begins. */
static uint8_t *client_side(const dialogue *d, cv_arena *arena, size_t *tls)
{
    uint8_t *all = cv_arena_alloc(arena, d->client_bytes + 1);
    size_t len = 0;
    *tls = d->client_bytes;
    for (size_t i = 0; all && i < d->count; i++) {
        const step *s = &d->steps[i];
        if (s->kind == 'T')
            *tls = len;
        if (s->kind != 'C')
            continue;
        memcpy(all + len, s->text.ptr, s->text.len);
        len += s->text.len;
    }
    return all;
}

static bool play_hostile(proto_backend *b, const dialogue *d, cv_arena *arena)
{
    static const uint8_t masks[] = { 0x01, 0x80, 0xFF, 0 };
    size_t tls = 0, n = d->client_bytes;
    uint8_t *all = client_side(d, arena, &tls);
    bool ok = all != NULL;
    for (size_t i = 0; ok && i < n && i < 4096; i++) {
        for (size_t k = 0; ok && k < CV_LEN(masks); k++) {
            /* Without a mask: what comes before byte i, and no more. */
            size_t end = masks[k] ? n : i;
            size_t cut = tls < end ? tls : end;
            all[i] ^= masks[k];
            ok = survives(b, d, cv_slice_of(all, cut),
                          cv_slice_of(all + cut, end - cut));
            all[i] ^= masks[k];
            if (!ok)
                printf("%s: byte %zu XOR %02x\n", d->path, i, masks[k]);
        }
    }
    return ok;
}

/* -- servers: incoming and submission, plain and TLS -- */

typedef struct servers {
    net_server *server;
    net_tls *tls;
    uint16_t port[2][2]; /* [submission][tls] */
    char dir[64];
} servers;

static bool open_tls(servers *s)
{
    cv_env env = cv_env_system();
    char cert[100], key[100];
    (void)snprintf(s->dir, sizeof(s->dir), "/tmp/dialogue-XXXXXX");
    if (!mkdtemp(s->dir))
        return false;
    (void)snprintf(cert, sizeof(cert), "%s/cert.pem", s->dir);
    (void)snprintf(key, sizeof(key), "%s/key.pem", s->dir);
    bool ok =
        net_tls_make_self_signed(s->dir, "mail.example", &env, NULL) == CV_OK &&
        net_tls_server_new(cert, key, &s->tls, NULL) == CV_OK;
    (void)unlink(cert);
    (void)unlink(key);
    (void)rmdir(s->dir);
    return ok;
}

static bool open_servers(servers *s, proto_backend *b)
{
    net_server_config config = { .workers = 2 };
    bool ok = open_tls(s) && net_server_new(&config, &s->server, NULL) == CV_OK;
    for (int i = 0; ok && i < 4; i++) {
        net_listen listen = { .host = "127.0.0.1",
                              .protocol = &smtp_protocol,
                              .ctx = i & 2 ? &b->submission : &b->incoming,
                              .tls = s->tls,
                              .implicit_tls = i & 1 };
        ok = net_server_listen(s->server, &listen, &s->port[i / 2][i % 2],
                               NULL) == CV_OK;
    }
    return ok && net_server_start(s->server, NULL) == CV_OK;
}

int main(int argc, char **argv)
{
    static proto_backend backend;
    static dialogue d;
    servers s = { 0 };
    unsigned count[2] = { 0, 0 };
    proto_backend_init(&backend);
    bool up = open_servers(&s, &backend);
    for (int i = 1; i < argc; i++) {
        cv_arena *arena = NULL;
        bool ok = up && cv_arena_new(0, &arena, NULL) == CV_OK &&
                  read_dialogue(argv[i], arena, &d);
        count[ok && play_in_memory(&backend, &d, 0, false)]++;
        count[ok && play_cut(&backend, &d)]++;
        count[ok && play_hostile(&backend, &d, arena)]++;
        if (ok && !d.remote)
            count[play_on_socket(&backend, &d, s.port[d.submission][0],
                                 false)]++;
        if (ok && !d.remote && !d.starttls)
            count[play_on_socket(&backend, &d, s.port[d.submission][1],
                                 true)]++;
        cv_arena_free(&arena);
    }
    net_server_stop(&s.server);
    net_tls_free(&s.tls);
    proto_backend_clear(&backend);
    printf("%u passed, %u failed\n", count[1], count[0]);
    return count[0] || !count[1];
}
