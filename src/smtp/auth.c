/* AUTH. Source: RFC 4954. */
#include "smtp/smtp_private.h"

static cv_status verify(void *ctx, cv_slice user, cv_slice authzid,
                        cv_slice password, cv_error *err)
{
    smtp_session *s = ctx;
    const smtp_backend *b = s->door->backend;
    int64_t account = 0;
    CV_TRY(b->authenticate(b->ctx, user, authzid, password, &account, err));
    s->account = account;
    return CV_OK;
}

static void fail(net_turn *turn, cv_status status)
{
    smtp_session *s = turn->state;
    if (status == CV_ERR_SYNTAX) {
        smtp_reply(turn, 501, "5.5.2", "Cannot decode the answer");
    } else if (status == CV_ERR_DENIED) {
        if (++s->auth_failures >= SMTP_AUTH_FAILURES_MAX) {
            smtp_reply(turn, 421, "4.7.0", "Too many failed attempts");
            turn->next = NET_NEXT_CLOSE;
            return;
        }
        smtp_reply(turn, 535, "5.7.8", "Wrong user name or password");
    } else {
        smtp_reply(turn, 454, "4.7.0", "Cannot authenticate now");
    }
}

static void step(net_turn *turn, cv_slice in)
{
    smtp_session *s = turn->state;
    bool done = false;
    cv_buf out;
    cv_buf_init(&out, 16384);
    cv_status status = net_sasl_step(s->auth, in, &out, &done, NULL);
    if (status != CV_OK) {
        net_sasl_end(&s->auth);
        fail(turn, status);
    } else if (done) {
        net_sasl_end(&s->auth);
        smtp_reply(turn, 235, "2.7.0", "Welcome");
    } else {
        cv_buf_put_str(turn->out, "334 ");
        cv_buf_put_slice(turn->out, cv_buf_slice(&out));
        cv_buf_put_str(turn->out, "\r\n");
    }
    cv_buf_clear(&out);
}

void smtp_auth_answer(net_turn *turn, cv_slice line)
{
    smtp_session *s = turn->state;
    if (!cv_slice_eq(line, CV_S("*"))) {
        step(turn, line);
        return;
    }
    net_sasl_end(&s->auth);
    smtp_reply(turn, 501, "5.7.0", "Authentication given up");
}

/* The order of commands; false when refused, with a reply. */
static bool may_auth(net_turn *turn)
{
    const smtp_session *s = turn->state;
    if (!smtp_door_of(turn)->sasl)
        smtp_reply(turn, 502, "5.5.1", "Authentication is not available");
    else if (!s->helo || !s->extended)
        smtp_reply(turn, 503, "5.5.1", "EHLO first");
    else if (s->account != 0)
        smtp_reply(turn, 503, "5.5.1", "You have authenticated already");
    else if (s->arena)
        smtp_reply(turn, 503, "5.5.1", "Not within a transaction");
    else if (!smtp_auth_is_offered(turn))
        smtp_reply(turn, 538, "5.7.11", "TLS first");
    else
        return true;
    return false;
}

void smtp_cmd_auth(net_turn *turn, cv_slice args)
{
    smtp_session *s = turn->state;
    cv_slice initial;
    cv_slice mechanism = smtp_take_word(args, &initial);
    if (!may_auth(turn))
        return;
    s->verifier = (net_sasl_verifier){ verify, s };
    cv_status status = net_sasl_start(smtp_door_of(turn)->sasl, mechanism,
                                      &s->verifier, &s->auth, NULL);
    if (status == CV_ERR_UNSUP) {
        smtp_reply(turn, 504, "5.5.4", "No such mechanism");
    } else if (status != CV_OK) {
        smtp_reply(turn, 454, "4.7.0", "Cannot authenticate now");
    } else if (cv_slice_eq(initial, CV_S("="))) {
        step(turn, cv_slice_of(NULL, 0)); /* an empty initial answer */
    } else if (initial.len == 0) {
        /* PLAIN speaks first: an empty challenge asks it to. */
        cv_buf_put_str(turn->out, "334 \r\n");
    } else {
        step(turn, initial);
    }
}
