/* DATA. Source: RFC 5321 4.1.1.4, 4.4, 6.3. */
#include "base/datetime.h"
#include "base/env.h"
#include "smtp/smtp_private.h"

#include <inttypes.h>

/* "with" of RFC 3848. */
static const char *protocol_name(const net_turn *turn)
{
    const smtp_session *s = turn->state;
    if (!s->extended)
        return "SMTP";
    if (turn->tls)
        return s->account ? "ESMTPSA" : "ESMTPS";
    return s->account ? "ESMTPA" : "ESMTP";
}

static void put_received(net_turn *turn, cv_buf *buf)
{
    const smtp_session *s = turn->state;
    const smtp_door *door = smtp_door_of(turn);
    const char *address = turn->peer->address;
    bool six = cv_slice_find_byte(cv_slice_cstr(address), ':', 0) != CV_NPOS;
    cv_buf_printf(buf, "Received: from %s ([%s%s])\r\n", s->helo,
                  six ? "IPv6:" : "", address);
    if (turn->tls)
        cv_buf_printf(buf, "\t(%s)\r\n", turn->tls_text);
    cv_buf_printf(buf, "\tby %s with %s id %" PRIx64, door->host_name,
                  protocol_name(turn), turn->session);
    /* With several, one would learn of the others. */
    if (s->rcpts.count == 1)
        cv_buf_printf(buf, "\r\n\tfor <%.*s>", CV_FMT(s->rcpts.address[0]));
    cv_buf_put_str(buf, ";\r\n\t");
    cv_rfc5322_date_put(buf, door->env->now(door->env->ctx), 0);
    cv_buf_put_str(buf, "\r\n");
}

void smtp_cmd_data(net_turn *turn, cv_slice args)
{
    smtp_session *s = turn->state;
    const smtp_backend *b = smtp_door_of(turn)->backend;
    cv_buf received;
    (void)args;
    if (!s->arena) {
        smtp_reply(turn, 503, "5.5.1", "MAIL first");
        return;
    }
    if (s->rcpts.count == 0) {
        smtp_reply(turn, 554, "5.5.1", "No valid recipients");
        return;
    }
    cv_buf_init(&received, 4096);
    put_received(turn, &received);
    turn->data_prefix = cv_buf_dup(&received, s->arena);
    bool ok = received.status == CV_OK && turn->data_prefix.ptr;
    cv_buf_clear(&received);
    if (!ok) {
        smtp_reply(turn, 452, "4.3.1", "Out of memory");
        return;
    }
    turn->data_max = b->max_size(b->ctx);
    turn->next = NET_NEXT_DATA;
    smtp_reply(turn, 354, NULL, "End with a dot on a line of its own");
}

/* Received fields in the header, ours included. */
static unsigned count_hops(cv_slice mime)
{
    unsigned n = 0;
    size_t pos = 0;
    while (pos < mime.len && mime.ptr[pos] != '\r' && mime.ptr[pos] != '\n') {
        cv_slice line = cv_slice_sub(mime, pos, CV_NPOS);
        size_t lf = cv_slice_find_byte(mime, '\n', pos);
        n += cv_slice_istarts(line, CV_S("Received:"));
        if (lf == CV_NPOS)
            break;
        pos = lf + 1;
    }
    return n;
}

/* What forbids the message before the backend sees it; false with a reply. */
static bool is_acceptable(net_turn *turn, const net_data *data)
{
    const smtp_backend *b = smtp_door_of(turn)->backend;
    if (data->too_big)
        smtp_reply(turn, 552, "5.3.4", "Message size exceeds the limit");
    else if (data->failed)
        smtp_reply(turn, 452, "4.3.1", "The disk is full or fails");
    else if (data->bare_newline)
        smtp_reply(turn, 554, "5.6.11",
                   "Lines end in CRLF; a bare CR or LF was found");
    else if (count_hops(data->bytes) > b->max_hops(b->ctx))
        smtp_reply(turn, 554, "5.4.6", "The message went round in a loop");
    else
        return true;
    return false;
}

static void reply_to_submit(net_turn *turn, cv_status status)
{
    switch (status) {
    case CV_OK:
        smtp_reply(turn, 250, "2.0.0", "Ok, queued");
        break;
    case CV_ERR_NOMEM:
        smtp_reply(turn, 452, "4.3.1", "Out of memory");
        break;
    case CV_ERR_LIMIT:
        smtp_reply(turn, 552, "5.3.4", "A limit of this server was reached");
        break;
    case CV_ERR_DENIED:
        smtp_reply(turn, 550, "5.7.1", "Not permitted");
        break;
    default:
        smtp_reply(turn, 451, "4.3.0", "Try again later");
        break;
    }
}

void smtp_on_data(net_turn *turn, const net_data *data)
{
    smtp_session *s = turn->state;
    const smtp_backend *b = smtp_door_of(turn)->backend;
    smtp_envelope envelope = {
        .from = s->from,
        .rcpts = s->rcpts.address,
        .notify = s->rcpts.notify,
        .orcpt = s->rcpts.orcpt,
        .rcpt_count = s->rcpts.count,
        .envid = s->envid,
        .ret = s->ret,
        .account = s->account,
        .mime = data->bytes,
    };
    cv_kill_point("smtp-data-spooled");
    if (is_acceptable(turn, data))
        reply_to_submit(turn, b->submit(b->ctx, &envelope, NULL));
    smtp_reset(s);
    if (data->cut)
        turn->next = NET_NEXT_CLOSE;
}
