#include "proto/backend.h"

#include <stdio.h>
#include <string.h>

static cv_status authenticate(void *ctx, cv_slice user, cv_slice authzid,
                              cv_slice password, int64_t *account,
                              cv_error *err)
{
    (void)ctx;
    if (cv_slice_eq(user, CV_S("away")))
        return cv_fail(err, CV_ERR_IO, "database away");
    if (!cv_slice_eq(user, CV_S("alice")) || authzid.len > 0 ||
        !cv_slice_eq(password, CV_S("secret")))
        return cv_fail(err, CV_ERR_DENIED, "no");
    *account = 7;
    return CV_OK;
}

static bool may_send_as(void *ctx, int64_t account, cv_slice from)
{
    (void)ctx;
    return account == 7 && (cv_slice_ieq(from, CV_S("alice@mail.example")) ||
                            cv_slice_ieq(from, CV_S("info@mail.example")));
}

static smtp_verdict check_rcpt(void *ctx, int64_t account, cv_slice address)
{
    static const char *const known[] = { "alice@mail.example",
                                         "info@mail.example",
                                         "bob@mail.example",
                                         "postmaster@mail.example" };
    (void)ctx;
    if (!cv_slice_iends(address, CV_S("@mail.example")))
        return account ? SMTP_ACCEPT : SMTP_NO_RELAY;
    if (cv_slice_ieq(address, CV_S("later@mail.example")))
        return SMTP_TRY_LATER;
    for (size_t i = 0; i < CV_LEN(known); i++)
        if (cv_slice_ieq(address, cv_slice_cstr(known[i])))
            return SMTP_ACCEPT;
    return SMTP_UNKNOWN;
}

static cv_slice postmaster(void *ctx, cv_arena *arena)
{
    (void)ctx;
    return cv_arena_dup(arena, CV_S("info@mail.example"));
}

static const char *const notify_names[] = { "",   "N", "S",   "?", "F",  "?",
                                            "SF", "?", "D",   "?", "SD", "?",
                                            "FD", "?", "SFD", "?" };

/* The body's bytes with CRLF as | and other controls as ?. */
static void put_body(cv_buf *out, cv_slice mime)
{
    size_t end = cv_slice_find(mime, CV_S("\r\n\r\n"), 0);
    size_t from = end == CV_NPOS ? 0 : end + 4;
    for (size_t i = from; i < mime.len; i++) {
        uint8_t c = mime.ptr[i];
        if (c == '\n')
            cv_buf_put_byte(out, '|');
        else if (c != '\r')
            cv_buf_put_byte(out, c < 0x20 ? '?' : c);
    }
}

static void describe(const smtp_envelope *e, cv_buf *out)
{
    cv_buf_printf(out, "<%.*s>", CV_FMT(e->from));
    if (e->account)
        cv_buf_printf(out, " account %d", (int)e->account);
    if (e->envid.len || e->ret.len)
        cv_buf_printf(out, " envid %.*s ret %.*s", CV_FMT(e->envid),
                      CV_FMT(e->ret));
    for (size_t i = 0; i < e->rcpt_count; i++) {
        cv_buf_printf(out, " <%.*s>", CV_FMT(e->rcpts[i]));
        if (e->notify[i] || e->orcpt[i].len)
            cv_buf_printf(out, "(%s,%.*s)", notify_names[e->notify[i] & 15],
                          CV_FMT(e->orcpt[i]));
    }
    cv_buf_put_str(out, " ");
    put_body(out, cv_slice_sub(e->mime, 0, 700));
}

static void save(const proto_backend *b, cv_slice mime)
{
    char path[500];
    (void)snprintf(path, sizeof(path), "%s/%u.eml", b->save_dir, b->messages);
    FILE *f = fopen(path, "we");
    if (f) {
        (void)fwrite(mime.ptr, 1, mime.len, f);
        (void)fclose(f);
    }
}

static cv_status submit(void *ctx, const smtp_envelope *e, cv_error *err)
{
    static const struct {
        const char *field;
        cv_status status;
    } failures[] = { { "\r\nX-Fail: io\r\n", CV_ERR_IO },
                     { "\r\nX-Fail: nomem\r\n", CV_ERR_NOMEM },
                     { "\r\nX-Fail: limit\r\n", CV_ERR_LIMIT },
                     { "\r\nX-Fail: denied\r\n", CV_ERR_DENIED } };
    proto_backend *b = ctx;
    cv_buf text;
    for (size_t i = 0; i < CV_LEN(failures); i++)
        if (cv_slice_find(e->mime, cv_slice_cstr(failures[i].field), 0) !=
            CV_NPOS)
            return cv_fail(err, failures[i].status, "as the message says");
    cv_buf_init(&text, sizeof(b->last));
    describe(e, &text);
    pthread_mutex_lock(&b->lock);
    b->messages++;
    (void)snprintf(b->last, sizeof(b->last), "%.*s",
                   CV_FMT(cv_buf_slice(&text)));
    if (b->save_dir)
        save(b, e->mime);
    pthread_mutex_unlock(&b->lock);
    cv_buf_clear(&text);
    return CV_OK;
}

static uint64_t max_size(void *ctx)
{
    return ((proto_backend *)ctx)->max_size;
}

static size_t max_rcpts(void *ctx)
{
    (void)ctx;
    return 3;
}

static unsigned max_hops(void *ctx)
{
    (void)ctx;
    return 4;
}

void proto_backend_init(proto_backend *b)
{
    memset(b, 0, sizeof(*b));
    pthread_mutex_init(&b->lock, NULL);
    b->max_size = 500;
    b->env = cv_env_test(&b->clock);
    b->backend = (smtp_backend){ .authenticate = authenticate,
                                 .may_send_as = may_send_as,
                                 .check_rcpt = check_rcpt,
                                 .postmaster = postmaster,
                                 .submit = submit,
                                 .max_size = max_size,
                                 .max_rcpts = max_rcpts,
                                 .max_hops = max_hops,
                                 .ctx = b };
    if (net_sasl_new("PLAIN", &b->sasl, NULL) != CV_OK)
        cv_assert(b->sasl);
    b->incoming = (smtp_door){ .backend = &b->backend,
                               .env = &b->env,
                               .host_name = "mail.example" };
    b->submission = b->incoming;
    b->submission.sasl = b->sasl;
    b->submission.submission = true;
}

void proto_backend_clear(proto_backend *b)
{
    net_sasl_free(&b->sasl);
    pthread_mutex_destroy(&b->lock);
}

void proto_backend_take(proto_backend *b, char *text, size_t size)
{
    pthread_mutex_lock(&b->lock);
    (void)snprintf(text, size, "%s", b->last);
    b->last[0] = '\0';
    pthread_mutex_unlock(&b->lock);
}
