/* The client. Source: RFC 5321 4.5.3.2 (deadlines), 1870, 2034, 2920, 3207,
 * 3461, 6152. */
#include "smtp/client.h"
#include "base/text.h"
#include "net/stream.h"
#include "smtp/syntax.h"

#include <stdio.h>
#include <string.h>

#define REPLY_LINES_MAX 200
#define REPLY_TEXT_MAX ((size_t)1000)
#define BLOCK_RCPTS 50 /* commands sent ahead of their replies */
/* Deadlines when the client says 0, and the fixed ones. */
#define CONNECT_MS 30000
#define COMMAND_MS 300000
#define DATA_START_MS 120000
#define DATA_BLOCK_MS 180000
#define DATA_END_MS 600000
#define QUIT_MS 2000

/* A whole reply, its lines joined by blanks. */
typedef struct reply {
    unsigned code;
    cv_slice status; /* enhanced, from the first line or the table; arena */
    cv_slice text;   /* with code and enhanced code, as it came; arena */
} reply;

typedef struct session {
    const smtp_client *config;
    const transport_delivery *d;
    cv_arena *arena;
    transport_result *results;
    net_stream *stream; /* owned */
    bool pipelining, dsn, eight_bit, starttls, esmtp;
    bool has_size;
    uint64_t size_max; /* 0: none given */
    bool *known;       /* a recipient: its result is final; arena */
    bool finished;     /* every recipient has its result */
    reply shutdown;    /* a 421, after which nothing follows */
} session;

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
    return value ? value : otherwise;
}

/* -- replies -- */

/* One reply; each line goes to on_line (may be NULL) as well. */
static cv_status read_reply(session *c, uint32_t ms, bool at_rcpt,
                            void (*on_line)(session *c, cv_slice text),
                            reply *out, cv_error *err)
{
    smtp_reply_line line = { 0 };
    cv_slice raw, words = { 0 };
    cv_buf text;
    cv_status status = CV_OK;
    cv_buf_init(&text, REPLY_TEXT_MAX);
    memset(out, 0, sizeof(*out));
    for (unsigned n = 0; status == CV_OK && !line.last; n++) {
        status = net_stream_line(c->stream, ms, &raw, err);
        if (status == CV_OK &&
            (smtp_reply_parse(raw, &line) != CV_OK || n >= REPLY_LINES_MAX))
            status = cv_fail(err, CV_ERR_IO, "not a reply of SMTP: %.*s",
                             CV_FMT(cv_slice_sub(raw, 0, 60)));
        if (status != CV_OK)
            break;
        cv_slice enhanced = smtp_enhanced_of(line.text, line.code, &words);
        if (n == 0) {
            out->status = cv_arena_dup(c->arena, enhanced);
            cv_buf_printf(&text, "%u%s", line.code, line.text.len ? " " : "");
        } else if (on_line) {
            on_line(c, line.text);
        }
        /* A repeated enhanced code says nothing new. */
        cv_slice shown = n == 0 ? line.text : words;
        if (n > 0 && shown.len > 0)
            cv_buf_put_byte(&text, ' ');
        cv_buf_put_slice(&text, cv_slice_sub(shown, 0, 500));
    }
    out->code = line.code;
    if (status == CV_OK && out->status.len == 0)
        out->status = smtp_enhanced_default(line.code, at_rcpt);
    cv_slice held = cv_buf_slice(&text);
    out->text = cv_utf8_repair(c->arena, cv_arena_dup(c->arena, held));
    cv_buf_clear(&text);
    if (status == CV_OK && !out->text.ptr)
        status = cv_arena_fail(c->arena, err);
    if (status == CV_OK && out->code == 421) {
        c->shutdown = *out;
        status = cv_fail(err, CV_ERR_IO, "%.*s",
                         CV_FMT(cv_slice_sub(out->text, 0, 150)));
    }
    return status;
}

static cv_status send_text(session *c, const cv_buf *text, cv_error *err)
{
    CV_TRY(cv_buf_status(text, err));
    return net_stream_write(c->stream, cv_buf_slice(text),
                            or_default(c->config->command_ms, COMMAND_MS), err);
}

static cv_status command(session *c, const char *text,
                         void (*on_line)(session *c, cv_slice text), reply *out,
                         cv_error *err)
{
    uint32_t ms = or_default(c->config->command_ms, COMMAND_MS);
    CV_TRY(net_stream_write(c->stream, cv_slice_cstr(text), ms, err));
    return read_reply(c, ms, false, on_line, out, err);
}

/* -- results -- */

static void set_result(session *c, size_t i, const reply *r)
{
    transport_result *result = &c->results[i];
    c->known[i] = true;
    result->outcome = r->code < 300   ? TRANSPORT_DELIVERED
                      : r->code < 500 ? TRANSPORT_TEMPORARY
                                      : TRANSPORT_PERMANENT;
    result->status = r->status;
    result->reply = r->text;
    result->reports_success = c->dsn && c->d->notify;
}

/* The reply holds for every recipient that has none yet. */
static void finish(session *c, const reply *r)
{
    for (size_t i = 0; i < c->d->rcpt_count; i++)
        if (!c->known[i])
            set_result(c, i, r);
    c->finished = true;
}

/* A greeting or EHLO of 5yz may be another day's: not a final answer. */
static void finish_for_now(session *c, const reply *r)
{
    reply softer = *r;
    if (softer.code >= 500) {
        softer.code = 450;
        softer.status = CV_S("4.3.2");
    }
    finish(c, &softer);
}

/* -- the session's start -- */

static void on_extension(session *c, cv_slice text)
{
    cv_slice rest;
    cv_slice word = smtp_take_word(text, &rest);
    uint32_t size = 0;
    if (cv_slice_ieq(word, CV_S("PIPELINING")))
        c->pipelining = true;
    else if (cv_slice_ieq(word, CV_S("DSN")))
        c->dsn = true;
    else if (cv_slice_ieq(word, CV_S("8BITMIME")))
        c->eight_bit = true;
    else if (cv_slice_ieq(word, CV_S("STARTTLS")))
        c->starttls = true;
    else if (cv_slice_ieq(word, CV_S("SIZE"))) {
        c->has_size = true;
        if (cv_parse_u32(rest, &size) == CV_OK)
            c->size_max = size;
    }
}

static cv_status hello(session *c, reply *r, cv_error *err)
{
    char text[300];
    cv_slice name = cv_slice_cstr(c->config->host_name);
    c->pipelining = c->dsn = c->eight_bit = c->starttls = false;
    c->has_size = false;
    c->size_max = 0;
    c->esmtp = true;
    name = cv_slice_sub(name, 0, 255);
    (void)snprintf(text, sizeof(text), "EHLO %.*s\r\n", CV_FMT(name));
    CV_TRY(command(c, text, on_extension, r, err));
    if (r->code < 500)
        return CV_OK;
    c->esmtp = false;
    (void)snprintf(text, sizeof(text), "HELO %.*s\r\n", CV_FMT(name));
    return command(c, text, NULL, r, err);
}

static cv_status connect_and_greet(session *c, reply *r, cv_error *err)
{
    CV_TRY(net_stream_connect(c->d->host, c->d->port,
                              or_default(c->config->connect_ms, CONNECT_MS),
                              &c->stream, err));
    CV_TRY(read_reply(c, or_default(c->config->command_ms, COMMAND_MS), false,
                      NULL, r, err));
    if (r->code / 100 != 2) {
        finish_for_now(c, r);
        return CV_OK;
    }
    CV_TRY(hello(c, r, err));
    if (r->code / 100 != 2)
        finish_for_now(c, r);
    return CV_OK;
}

/* TLS where it is offered. When it is refused or fails the mail goes in the
 * clear, as it would have to a peer without it (RFC 7435). */
static cv_status secure(session *c, reply *r, cv_error *err)
{
    uint32_t ms = or_default(c->config->command_ms, COMMAND_MS);
    if (!c->starttls || c->finished)
        return CV_OK;
    CV_TRY(command(c, "STARTTLS\r\n", NULL, r, err));
    if (r->code / 100 != 2)
        return CV_OK;
    if (net_stream_starttls(c->stream, c->d->host, ms, err) != CV_OK) {
        net_stream_close(&c->stream);
        return connect_and_greet(c, r, err);
    }
    CV_TRY(hello(c, r, err));
    if (r->code / 100 != 2)
        finish_for_now(c, r);
    return CV_OK;
}

/* -- the envelope -- */

static bool has_8bit(cv_slice mime)
{
    for (size_t i = 0; i < mime.len; i++)
        if (mime.ptr[i] >= 0x80)
            return true;
    return false;
}

/* An address that could break out of its brackets must not be sent. */
static bool is_safe(cv_slice address)
{
    for (size_t i = 0; i < address.len; i++)
        if (address.ptr[i] <= ' ' || address.ptr[i] == '<' ||
            address.ptr[i] == '>' || address.ptr[i] >= 0x7F)
            return false;
    return address.len <= SMTP_ADDRESS_MAX;
}

static void put_mail(const session *c, cv_buf *out)
{
    const transport_delivery *d = c->d;
    cv_buf_printf(out, "MAIL FROM:<%.*s>", CV_FMT(d->from));
    if (c->has_size)
        cv_buf_printf(out, " SIZE=%zu", d->mime.len);
    if (c->eight_bit && has_8bit(d->mime))
        cv_buf_put_str(out, " BODY=8BITMIME");
    if (c->dsn && d->ret.len > 0)
        cv_buf_printf(out, " RET=%.*s", CV_FMT(d->ret));
    if (c->dsn && d->envid.len > 0) {
        cv_buf_put_str(out, " ENVID=");
        smtp_xtext_put(out, d->envid);
    }
    cv_buf_put_str(out, "\r\n");
}

static void put_notify(uint32_t notify, cv_buf *out)
{
    static const struct {
        uint32_t bit;
        const char *name;
    } rows[] = { { TRANSPORT_NOTIFY_NEVER, "NEVER" },
                 { TRANSPORT_NOTIFY_SUCCESS, "SUCCESS" },
                 { TRANSPORT_NOTIFY_FAILURE, "FAILURE" },
                 { TRANSPORT_NOTIFY_DELAY, "DELAY" } };
    const char *before = " NOTIFY=";
    for (size_t i = 0; i < CV_LEN(rows); i++) {
        if (!(notify & rows[i].bit))
            continue;
        cv_buf_printf(out, "%s%s", before, rows[i].name);
        before = ",";
    }
}

static void put_rcpt(const session *c, size_t i, cv_buf *out)
{
    const transport_delivery *d = c->d;
    cv_buf_printf(out, "RCPT TO:<%.*s>", CV_FMT(d->rcpts[i]));
    if (c->dsn && d->notify)
        put_notify(d->notify[i], out);
    cv_slice address = d->orcpt ? d->orcpt[i] : cv_slice_of(NULL, 0);
    if (c->dsn && address.len > 0) {
        cv_slice type = cv_slice_cut(&address, ';');
        cv_buf_printf(out, " ORCPT=%.*s;", CV_FMT(type));
        smtp_xtext_put(out, address);
    }
    cv_buf_put_str(out, "\r\n");
}

/* Commands that may go in one block, and their replies, one by one. Without
 * PIPELINING a block holds one command. Blocks are small: a peer that cannot
 * get rid of its replies reads no further commands. */
typedef struct envelope {
    reply mail;
    reply data;
    size_t accepted;
} envelope;

static cv_status read_rcpt(session *c, size_t i, envelope *e, cv_error *err)
{
    reply r;
    CV_TRY(read_reply(c, or_default(c->config->command_ms, COMMAND_MS), true,
                      NULL, &r, err));
    if (r.code / 100 == 2)
        e->accepted++;
    /* After a refused MAIL they are but 503. */
    if (r.code / 100 == 2 || e->mail.code / 100 != 2)
        return CV_OK;
    /* RFC 5321 4.5.3.1.10: some say 552 for "too many recipients". */
    if (r.code == 552 && cv_slice_eq(r.status, CV_S("5.5.3"))) {
        r.code = 452;
        r.status = CV_S("4.5.3");
    }
    set_result(c, i, &r);
    return CV_OK;
}

/* Recipients from *at on, as many as a block holds: those with a result are
 * left out. */
static void put_rcpts(const session *c, size_t *at, size_t most, cv_buf *out)
{
    for (size_t n = 0; n < most && *at < c->d->rcpt_count; ++*at) {
        if (c->known[*at])
            continue;
        put_rcpt(c, *at, out);
        n++;
    }
}

/* The replies to what put_rcpts() wrote. */
static cv_status read_rcpts(session *c, size_t from, size_t to, envelope *e,
                            cv_error *err)
{
    for (size_t i = from; i < to; i++)
        if (!c->known[i])
            CV_TRY(read_rcpt(c, i, e, err));
    return CV_OK;
}

static cv_status pipelined(session *c, envelope *e, cv_buf *out, cv_error *err)
{
    size_t count = c->d->rcpt_count;
    size_t at = 0;
    uint32_t ms = or_default(c->config->command_ms, COMMAND_MS);
    put_mail(c, out);
    do {
        bool first = e->mail.code == 0;
        size_t from = at;
        put_rcpts(c, &at, BLOCK_RCPTS, out);
        if (at == count)
            cv_buf_put_str(out, "DATA\r\n");
        CV_TRY(send_text(c, out, err));
        cv_buf_reset(out);
        if (first)
            CV_TRY(read_reply(c, ms, false, NULL, &e->mail, err));
        CV_TRY(read_rcpts(c, from, at, e, err));
    } while (at < count && e->mail.code / 100 == 2);
    if (at < count)
        return CV_OK;
    return read_reply(c, DATA_START_MS, false, NULL, &e->data, err);
}

static cv_status one_by_one(session *c, envelope *e, cv_buf *out, cv_error *err)
{
    uint32_t ms = or_default(c->config->command_ms, COMMAND_MS);
    put_mail(c, out);
    CV_TRY(send_text(c, out, err));
    CV_TRY(read_reply(c, ms, false, NULL, &e->mail, err));
    for (size_t at = 0; at < c->d->rcpt_count && e->mail.code / 100 == 2;) {
        size_t from = at;
        cv_buf_reset(out);
        put_rcpts(c, &at, 1, out);
        CV_TRY(send_text(c, out, err));
        CV_TRY(read_rcpts(c, from, at, e, err));
    }
    if (e->accepted == 0)
        return CV_OK;
    CV_TRY(net_stream_write(c->stream, CV_S("DATA\r\n"), ms, err));
    return read_reply(c, DATA_START_MS, false, NULL, &e->data, err);
}

/* -- the message -- */

static cv_status write_block(void *ctx, const void *bytes, size_t len,
                             cv_error *err)
{
    session *c = ctx;
    return net_stream_write(c->stream, cv_slice_of(bytes, len), DATA_BLOCK_MS,
                            err);
}

static cv_status send_message(session *c, const envelope *e, cv_error *err)
{
    const cv_sink sink = { write_block, c };
    reply r = e->data;
    if (e->mail.code / 100 != 2 || e->accepted == 0) {
        finish(c, &e->mail);
        /* A peer that takes DATA though it has refused everybody waits for a
         * message: it gets none, the connection ends. */
        if (r.code == 354)
            net_stream_close(&c->stream);
        return CV_OK;
    }
    if (r.code == 354) {
        CV_TRY(smtp_dot_stuff(c->d->mime, &sink, err));
        CV_TRY(read_reply(c, or_default(c->config->data_ms, DATA_END_MS), false,
                          NULL, &r, err));
    } else if (r.code < 400) {
        r.code = 450;
        r.status = CV_S("4.5.0");
    }
    finish(c, &r);
    return CV_OK;
}

/* What can be said without asking the peer. */
static void refuse_early(session *c)
{
    const transport_delivery *d = c->d;
    reply big = { .code = 552, .status = CV_S("5.3.4") };
    reply bad = { 553, CV_S("5.1.3"), CV_S("The address cannot be sent") };
    if (c->size_max > 0 && d->mime.len > c->size_max) {
        big.text = cv_arena_printf(
            c->arena, "The message (%zu bytes) exceeds the limit of %llu bytes",
            d->mime.len, (unsigned long long)c->size_max);
        finish(c, &big);
    }
    if (!is_safe(d->from))
        finish(c, &bad);
    for (size_t i = 0; i < d->rcpt_count; i++)
        if (!c->known[i] && !is_safe(d->rcpts[i]))
            set_result(c, i, &bad);
}

static bool all_known(const session *c)
{
    size_t i = 0;
    while (i < c->d->rcpt_count && c->known[i])
        i++;
    return i == c->d->rcpt_count;
}

static cv_status transact(session *c, cv_error *err)
{
    envelope e = { 0 };
    cv_buf out;
    if (!c->finished)
        refuse_early(c);
    if (all_known(c))
        return CV_OK;
    cv_buf_init(&out, 0);
    cv_status status = c->pipelining ? pipelined(c, &e, &out, err)
                                     : one_by_one(c, &e, &out, err);
    cv_buf_clear(&out);
    CV_TRY(status);
    return send_message(c, &e, err);
}

/* The connection broke. What the peer has said of single recipients holds,
 * a 421 holds for the others; with neither the failure is the caller's. */
static cv_status salvage(session *c, cv_status status, const cv_error *err)
{
    bool any = c->shutdown.code != 0;
    reply lost = c->shutdown;
    for (size_t i = 0; i < c->d->rcpt_count; i++)
        any = any || c->known[i];
    if (!any)
        return status;
    if (lost.code == 0) {
        const char *why = err ? err->what : cv_status_name(status);
        lost = (reply){ 450, CV_S("4.4.2"),
                        cv_arena_dup(c->arena, cv_slice_cstr(why)) };
    }
    finish(c, &lost);
    return CV_OK;
}

static void say_goodbye(session *c)
{
    reply r;
    if (c->stream &&
        net_stream_write(c->stream, CV_S("QUIT\r\n"), QUIT_MS, NULL) == CV_OK)
        /* Nobody needs the answer; waiting for it is polite. */
        (void)!read_reply(c, QUIT_MS, false, NULL, &r, NULL);
    net_stream_close(&c->stream);
}

/* -- cv_channel -- */

static cv_status deliver(void *ctx, const transport_delivery *delivery,
                         cv_arena *arena, transport_result *results,
                         cv_error *err)
{
    session c = {
        .config = ctx, .d = delivery, .arena = arena, .results = results
    };
    reply r;
    c.known = cv_arena_array(arena, delivery->rcpt_count + 1, sizeof(*c.known));
    if (!c.known)
        return cv_arena_fail(arena, err);
    cv_status status = connect_and_greet(&c, &r, err);
    if (status == CV_OK)
        status = secure(&c, &r, err);
    if (status == CV_OK)
        status = transact(&c, err);
    if (status == CV_OK)
        say_goodbye(&c);
    else
        status = salvage(&c, status, err);
    net_stream_close(&c.stream);
    return status;
}

cv_channel smtp_client_channel(smtp_client *client)
{
    return (cv_channel){ .deliver = deliver, .ctx = client };
}
