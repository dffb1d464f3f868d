#include "smtp/smtp_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void smtp_reset(smtp_session *s)
{
    cv_arena_free(&s->arena);
    s->from = s->envid = s->ret = cv_slice_of(NULL, 0);
    memset(&s->rcpts, 0, sizeof(s->rcpts));
}

void smtp_reply(net_turn *turn, unsigned code, const char *status,
                const char *fmt, ...)
{
    smtp_session *s = turn->state;
    char text[400];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (code >= 400 && s && ++s->errors > SMTP_ERRORS_MAX) {
        cv_buf_put_str(turn->out, "421 4.7.0 Too many errors\r\n");
        turn->next = NET_NEXT_CLOSE;
        return;
    }
    cv_buf_printf(turn->out, "%u %s%s%s\r\n", code, status ? status : "",
                  status ? " " : "", text);
}

bool smtp_auth_is_offered(const net_turn *turn)
{
    const smtp_session *s = turn->state;
    return smtp_door_of(turn)->sasl && s->account == 0 &&
           (turn->tls || turn->peer->loopback);
}

/* -- EHLO, HELO -- */

static bool greet(net_turn *turn, cv_slice args)
{
    smtp_session *s = turn->state;
    if (!smtp_is_helo(args)) {
        smtp_reply(turn, 501, "5.5.4", "A host name is needed");
        return false;
    }
    smtp_reset(s);
    free(s->helo);
    s->helo = strndup((const char *)args.ptr, args.len);
    if (!s->helo)
        smtp_reply(turn, 452, "4.3.1", "Out of memory");
    return s->helo != NULL;
}

static void cmd_ehlo(net_turn *turn, cv_slice args)
{
    smtp_session *s = turn->state;
    const smtp_door *door = smtp_door_of(turn);
    if (!greet(turn, args))
        return;
    s->extended = true;
    cv_buf_printf(turn->out, "250-%s\r\n", door->host_name);
    cv_buf_put_str(turn->out, "250-PIPELINING\r\n");
    cv_buf_printf(
        turn->out, "250-SIZE %llu\r\n",
        (unsigned long long)door->backend->max_size(door->backend->ctx));
    cv_buf_put_str(turn->out, "250-8BITMIME\r\n250-DSN\r\n");
    if (turn->tls_possible)
        cv_buf_put_str(turn->out, "250-STARTTLS\r\n");
    if (smtp_auth_is_offered(turn)) {
        cv_buf_put_str(turn->out, "250-AUTH ");
        cv_buf_put_slice(turn->out, net_sasl_mechanisms(door->sasl));
        cv_buf_put_str(turn->out, "\r\n");
    }
    cv_buf_put_str(turn->out, "250 ENHANCEDSTATUSCODES\r\n");
}

static void cmd_helo(net_turn *turn, cv_slice args)
{
    smtp_session *s = turn->state;
    if (!greet(turn, args))
        return;
    s->extended = false;
    smtp_reply(turn, 250, NULL, "%s", smtp_door_of(turn)->host_name);
}

/* -- the small ones -- */

static void cmd_starttls(net_turn *turn, cv_slice args)
{
    smtp_session *s = turn->state;
    (void)args;
    if (turn->tls) {
        smtp_reply(turn, 503, "5.5.1", "TLS is active already");
        return;
    }
    if (!turn->tls_possible) {
        smtp_reply(turn, 502, "5.5.1", "TLS is not available");
        return;
    }
    /* What was said in the clear is not to be believed: RFC 3207 4.2. */
    smtp_reset(s);
    free(s->helo);
    s->helo = NULL;
    s->account = 0;
    smtp_reply(turn, 220, "2.0.0", "Ready to start TLS");
    turn->next = NET_NEXT_STARTTLS;
}

static void cmd_rset(net_turn *turn, cv_slice args)
{
    (void)args;
    smtp_reset(turn->state);
    smtp_reply(turn, 250, "2.0.0", "Ok");
}

static void cmd_noop(net_turn *turn, cv_slice args)
{
    (void)args;
    smtp_reply(turn, 250, "2.0.0", "Ok");
}

static void cmd_vrfy(net_turn *turn, cv_slice args)
{
    (void)args;
    smtp_reply(turn, 252, "2.0.0",
               "Cannot verify, but will take a message and try");
}

static void cmd_help(net_turn *turn, cv_slice args)
{
    (void)args;
    smtp_reply(turn, 214, "2.0.0",
               "EHLO HELO MAIL RCPT DATA RSET NOOP QUIT VRFY STARTTLS AUTH");
}

static void cmd_quit(net_turn *turn, cv_slice args)
{
    (void)args;
    smtp_reply(turn, 221, "2.0.0", "Bye");
    turn->next = NET_NEXT_CLOSE;
}

/* -- dispatch -- */

typedef enum args_rule {
    ARGS_NONE,
    ARGS_SOME, /* at least one character */
    ARGS_FREE
} args_rule;

static const struct {
    const char *verb;
    args_rule args;
    size_t line_max;
    void (*run)(net_turn *turn, cv_slice args);
} commands[] = {
    { "EHLO", ARGS_SOME, SMTP_COMMAND_MAX, cmd_ehlo },
    { "HELO", ARGS_SOME, SMTP_COMMAND_MAX, cmd_helo },
    { "MAIL", ARGS_SOME, SMTP_COMMAND_MAX, smtp_cmd_mail },
    { "RCPT", ARGS_SOME, SMTP_COMMAND_MAX, smtp_cmd_rcpt },
    { "DATA", ARGS_NONE, SMTP_COMMAND_MAX, smtp_cmd_data },
    { "RSET", ARGS_NONE, SMTP_COMMAND_MAX, cmd_rset },
    { "NOOP", ARGS_FREE, SMTP_COMMAND_MAX, cmd_noop },
    { "QUIT", ARGS_NONE, SMTP_COMMAND_MAX, cmd_quit },
    { "VRFY", ARGS_SOME, SMTP_COMMAND_MAX, cmd_vrfy },
    { "HELP", ARGS_FREE, SMTP_COMMAND_MAX, cmd_help },
    { "STARTTLS", ARGS_NONE, SMTP_COMMAND_MAX, cmd_starttls },
    { "AUTH", ARGS_SOME, SIZE_MAX, smtp_cmd_auth },
};

static void run_command(net_turn *turn, cv_slice line)
{
    cv_slice args;
    cv_slice verb = smtp_take_word(line, &args);
    for (size_t i = 0; i < CV_LEN(commands); i++) {
        if (!cv_slice_ieq(verb, cv_slice_cstr(commands[i].verb)))
            continue;
        if (line.len + 2 > commands[i].line_max)
            smtp_reply(turn, 500, "5.5.2", "Line too long");
        else if ((commands[i].args == ARGS_NONE && args.len > 0) ||
                 (commands[i].args == ARGS_SOME && args.len == 0))
            smtp_reply(turn, 501, "5.5.4", "%s %s", commands[i].verb,
                       args.len ? "takes no argument" : "needs an argument");
        else
            commands[i].run(turn, args);
        return;
    }
    smtp_reply(turn, 500, "5.5.1", "Command not recognized");
}

static bool has_control(cv_slice line)
{
    for (size_t i = 0; i < line.len; i++)
        if ((line.ptr[i] < 0x20 && line.ptr[i] != '\t') || line.ptr[i] == 0x7F)
            return true;
    return false;
}

/* -- net_protocol -- */

static void on_open(net_turn *turn)
{
    const smtp_door *door = smtp_door_of(turn);
    smtp_session *s = calloc(1, sizeof(*s));
    turn->state = s;
    if (!s) {
        cv_buf_put_str(turn->out, "421 4.3.1 Out of memory\r\n");
        turn->next = NET_NEXT_CLOSE;
        return;
    }
    s->door = door;
    cv_buf_printf(turn->out, "220 %s ESMTP Convoke\r\n", door->host_name);
}

static void on_line(net_turn *turn, cv_slice line, bool whole, bool too_long)
{
    smtp_session *s = turn->state;
    if (!whole || has_control(line)) {
        net_sasl_end(&s->auth);
        smtp_reply(turn, 500, "5.5.2", "%s",
                   too_long ? "Line too long"
                   : !whole ? "Lines end in CRLF"
                            : "Control character in a command");
        return;
    }
    if (s->auth)
        smtp_auth_answer(turn, line);
    else
        run_command(turn, line);
}

static void on_close(net_turn *turn)
{
    smtp_session *s = turn->state;
    if (!s)
        return;
    smtp_reset(s);
    net_sasl_end(&s->auth);
    free(s->helo);
    free(s);
    turn->state = NULL;
}

const net_protocol smtp_protocol = {
    .name = "smtp",
    .on_open = on_open,
    .on_line = on_line,
    .on_data = smtp_on_data,
    .on_close = on_close,
    .busy_text = "421 4.3.2 Too many connections, try again later\r\n",
    .timeout_text = "421 4.4.2 Timeout, closing the connection\r\n",
    .stop_text = "421 4.3.2 The service is shutting down\r\n",
};
