/* MAIL and RCPT. Source: RFC 5321 4.1.1.2, 4.1.1.3; RFC 1870, 3461, 4954 5,
 * 6152. */
#include "base/text.h"
#include "smtp/smtp_private.h"

#include <string.h>

/* A parameter's value into the session: NULL when it is right, else the
 * status that refuses it. */
typedef struct param_rule {
    const char *key;
    const char *(*take)(net_turn *turn, cv_slice value);
} param_rule;

#define BAD_ARGUMENT "5.5.4"

static const char *take_size(net_turn *turn, cv_slice value)
{
    const smtp_backend *b = smtp_door_of(turn)->backend;
    uint64_t size = 0;
    if (value.len == 0 || value.len > 20)
        return BAD_ARGUMENT;
    for (size_t i = 0; i < value.len; i++) {
        uint64_t digit = (uint64_t)value.ptr[i] - '0';
        if (digit > 9)
            return BAD_ARGUMENT;
        if (!cv_mul(size, (uint64_t)10, &size) || !cv_add(size, digit, &size))
            return "5.3.4";
    }
    return size > b->max_size(b->ctx) ? "5.3.4" : NULL;
}

/* Messages are kept byte for byte: both bodies are the same to us. */
static const char *take_body(net_turn *turn, cv_slice value)
{
    (void)turn;
    return cv_slice_ieq(value, CV_S("7BIT")) ||
                   cv_slice_ieq(value, CV_S("8BITMIME"))
               ? NULL
               : BAD_ARGUMENT;
}

static const char *take_ret(net_turn *turn, cv_slice value)
{
    smtp_session *s = turn->state;
    if (cv_slice_ieq(value, CV_S("FULL")))
        s->ret = CV_S("FULL");
    else if (cv_slice_ieq(value, CV_S("HDRS")))
        s->ret = CV_S("HDRS");
    else
        return BAD_ARGUMENT;
    return NULL;
}

static const char *take_envid(net_turn *turn, cv_slice value)
{
    smtp_session *s = turn->state;
    if (smtp_xtext_decode(s->arena, value, &s->envid) != CV_OK ||
        s->envid.len == 0 || s->envid.len > SMTP_ENVID_MAX)
        return BAD_ARGUMENT;
    return NULL;
}

/* Who submitted it elsewhere; nothing here trusts that. */
static const char *take_auth(net_turn *turn, cv_slice value)
{
    smtp_session *s = turn->state;
    cv_slice text;
    if (cv_slice_eq(value, CV_S("<>")))
        return NULL;
    return smtp_xtext_decode(s->arena, value, &text) == CV_OK ? NULL
                                                              : BAD_ARGUMENT;
}

static const char *take_notify(net_turn *turn, cv_slice value)
{
    static const struct {
        const char *name;
        uint32_t bit;
    } rows[] = { { "NEVER", TRANSPORT_NOTIFY_NEVER },
                 { "SUCCESS", TRANSPORT_NOTIFY_SUCCESS },
                 { "FAILURE", TRANSPORT_NOTIFY_FAILURE },
                 { "DELAY", TRANSPORT_NOTIFY_DELAY } };
    smtp_session *s = turn->state;
    uint32_t *notify = &s->rcpts.notify[s->rcpts.count];
    while (value.ptr) {
        cv_slice word = cv_slice_cut(&value, ',');
        uint32_t bit = 0;
        for (size_t i = 0; i < CV_LEN(rows); i++)
            if (cv_slice_ieq(word, cv_slice_cstr(rows[i].name)))
                bit = rows[i].bit;
        if (bit == 0)
            return BAD_ARGUMENT;
        *notify |= bit;
    }
    /* NEVER stands alone. */
    return (*notify & TRANSPORT_NOTIFY_NEVER) &&
                   *notify != TRANSPORT_NOTIFY_NEVER
               ? BAD_ARGUMENT
               : NULL;
}

static const char *take_orcpt(net_turn *turn, cv_slice value)
{
    smtp_session *s = turn->state;
    cv_slice address = value;
    cv_slice type = cv_slice_cut(&address, ';');
    cv_slice text = { 0 };
    if (value.len > SMTP_ORCPT_MAX || type.len == 0 || address.len == 0 ||
        !smtp_is_helo(type) ||
        smtp_xtext_decode(s->arena, address, &text) != CV_OK)
        return BAD_ARGUMENT;
    cv_slice whole =
        cv_arena_printf(s->arena, "%.*s;%.*s", CV_FMT(type), CV_FMT(text));
    if (!whole.ptr)
        return "4.3.1";
    s->rcpts.orcpt[s->rcpts.count] = whole;
    return NULL;
}

static const param_rule mail_params[] = {
    { "SIZE", take_size },   { "BODY", take_body }, { "RET", take_ret },
    { "ENVID", take_envid }, { "AUTH", take_auth },
};
static const param_rule rcpt_params[] = {
    { "NOTIFY", take_notify },
    { "ORCPT", take_orcpt },
};

static void refuse_param(net_turn *turn, const char *status, cv_slice key)
{
    if (strcmp(status, "5.3.4") == 0)
        smtp_reply(turn, 552, status, "Message size exceeds the limit");
    else if (status[0] == '4')
        smtp_reply(turn, 452, status, "Out of memory");
    else
        smtp_reply(turn, 501, status, "Bad parameter %.*s",
                   CV_FMT(cv_slice_sub(key, 0, 40)));
}

/* Takes all parameters; false when one was refused, with a reply. */
static bool take_params(net_turn *turn, cv_slice rest, const param_rule *rules,
                        size_t rule_count)
{
    const smtp_session *s = turn->state;
    cv_slice key, value;
    unsigned seen = 0;
    bool ok = true;
    while (smtp_param_next(&rest, &key, &value, &ok) && ok) {
        size_t i = 0;
        while (i < rule_count &&
               !cv_slice_ieq(key, cv_slice_cstr(rules[i].key)))
            i++;
        if (i == rule_count || !s->extended) {
            smtp_reply(turn, 555, BAD_ARGUMENT, "Parameter not recognized");
            return false;
        }
        const char *bad =
            seen & 1U << i ? BAD_ARGUMENT : rules[i].take(turn, value);
        seen |= 1U << i;
        if (bad) {
            refuse_param(turn, bad, key);
            return false;
        }
    }
    if (!ok)
        smtp_reply(turn, 501, BAD_ARGUMENT, "Bad parameter");
    return ok;
}

/* "FROM:" or "TO:" and the path; false when refused, with a reply. */
static bool take_path(net_turn *turn, cv_slice args, cv_slice word,
                      const char *bad_status, smtp_path_kind *kind,
                      cv_slice *address, cv_slice *rest)
{
    if (!cv_slice_istarts(args, word)) {
        smtp_reply(turn, 501, "5.5.2", "Syntax: %s <address>",
                   (const char *)word.ptr);
        return false;
    }
    cv_status status = smtp_path_parse(cv_slice_sub(args, word.len, CV_NPOS),
                                       kind, address, rest);
    if (status == CV_ERR_RANGE)
        smtp_reply(turn, 553, "5.6.7", "Addresses are ASCII here");
    else if (status != CV_OK)
        smtp_reply(turn, 501, bad_status, "Bad address syntax");
    return status == CV_OK;
}

/* -- MAIL -- */

/* The order of commands; false when refused, with a reply. */
static bool may_mail(net_turn *turn)
{
    const smtp_session *s = turn->state;
    const smtp_door *door = smtp_door_of(turn);
    if (!s->helo)
        smtp_reply(turn, 503, "5.5.1", "EHLO first");
    else if (s->arena)
        smtp_reply(turn, 503, "5.5.1", "MAIL was given already");
    else if (door->submission && s->account == 0)
        smtp_reply(turn, 530, "5.7.0", "Authentication required");
    else
        return true;
    return false;
}

/* A sender of the account's own; reports from <> go, too. */
static bool may_send_as(net_turn *turn, cv_slice from)
{
    const smtp_session *s = turn->state;
    const smtp_backend *b = smtp_door_of(turn)->backend;
    if (s->account == 0 || from.len == 0 ||
        b->may_send_as(b->ctx, s->account, from))
        return true;
    smtp_reply(turn, 550, "5.7.1", "Not your address: <%.*s>", CV_FMT(from));
    return false;
}

void smtp_cmd_mail(net_turn *turn, cv_slice args)
{
    smtp_session *s = turn->state;
    smtp_path_kind kind = SMTP_PATH_NULL;
    cv_slice address, rest;
    if (!may_mail(turn) ||
        !take_path(turn, args, CV_S("FROM:"), "5.1.7", &kind, &address, &rest))
        return;
    if (kind == SMTP_PATH_POSTMASTER) {
        smtp_reply(turn, 501, "5.1.7", "Bad address syntax");
        return;
    }
    if (cv_arena_new(SMTP_TRANSACTION_BYTES, &s->arena, NULL) != CV_OK) {
        smtp_reply(turn, 452, "4.3.1", "Out of memory");
        return;
    }
    s->from = cv_arena_dup(s->arena, address);
    if (!may_send_as(turn, s->from) ||
        !take_params(turn, rest, mail_params, CV_LEN(mail_params))) {
        smtp_reset(s);
        return;
    }
    smtp_reply(turn, 250, "2.1.0", "Ok");
}

/* -- RCPT -- */

/* Room for one more row; false when memory is short. */
static bool make_room(smtp_session *s)
{
    smtp_rcpt_list *l = &s->rcpts;
    if (l->count == l->room) {
        smtp_rcpt_list n = { .room = l->room ? l->room * 2 : 8,
                             .count = l->count };
        n.address = cv_arena_array(s->arena, n.room, sizeof(*n.address));
        n.orcpt = cv_arena_array(s->arena, n.room, sizeof(*n.orcpt));
        n.notify = cv_arena_array(s->arena, n.room, sizeof(*n.notify));
        if (!n.address || !n.orcpt || !n.notify)
            return false;
        if (l->count > 0) {
            memcpy(n.address, l->address, l->count * sizeof(*n.address));
            memcpy(n.orcpt, l->orcpt, l->count * sizeof(*n.orcpt));
            memcpy(n.notify, l->notify, l->count * sizeof(*n.notify));
        }
        *l = n;
    }
    l->orcpt[l->count] = cv_slice_of(NULL, 0);
    l->notify[l->count] = 0;
    return true;
}

/* Asks the backend; false when refused, with a reply. */
static bool is_accepted(net_turn *turn, cv_slice address)
{
    const smtp_session *s = turn->state;
    const smtp_backend *b = smtp_door_of(turn)->backend;
    switch (b->check_rcpt(b->ctx, s->account, address)) {
    case SMTP_ACCEPT:
        return true;
    case SMTP_UNKNOWN:
        smtp_reply(turn, 550, "5.1.1", "No such mailbox: <%.*s>",
                   CV_FMT(address));
        break;
    case SMTP_NO_RELAY:
        smtp_reply(turn, 550, "5.7.1", "Relaying denied: <%.*s>",
                   CV_FMT(address));
        break;
    case SMTP_TRY_LATER:
        smtp_reply(turn, 451, "4.3.0", "Try again later: <%.*s>",
                   CV_FMT(address));
        break;
    }
    return false;
}

/* <Postmaster> is this server's (RFC 5321 4.5.1). */
static cv_slice whole_address(net_turn *turn, smtp_path_kind kind,
                              cv_slice address)
{
    smtp_session *s = turn->state;
    const smtp_door *door = smtp_door_of(turn);
    if (kind != SMTP_PATH_POSTMASTER)
        return cv_arena_dup(s->arena, address);
    if (door->backend->postmaster)
        return door->backend->postmaster(door->backend->ctx, s->arena);
    return cv_arena_printf(s->arena, "postmaster@%s", door->host_name);
}

static void add_rcpt(net_turn *turn, smtp_path_kind kind, cv_slice address,
                     cv_slice rest)
{
    smtp_session *s = turn->state;
    cv_slice whole = whole_address(turn, kind, address);
    if (!whole.ptr || !make_room(s)) {
        smtp_reply(turn, 452, "4.3.1", "Out of memory");
        return;
    }
    if (!take_params(turn, rest, rcpt_params, CV_LEN(rcpt_params)) ||
        !is_accepted(turn, whole))
        return;
    s->rcpts.address[s->rcpts.count++] = whole;
    smtp_reply(turn, 250, "2.1.5", "Ok");
}

void smtp_cmd_rcpt(net_turn *turn, cv_slice args)
{
    smtp_session *s = turn->state;
    const smtp_backend *b = smtp_door_of(turn)->backend;
    smtp_path_kind kind = SMTP_PATH_NULL;
    cv_slice address, rest;
    if (!s->arena) {
        smtp_reply(turn, 503, "5.5.1", "MAIL first");
        return;
    }
    if (!take_path(turn, args, CV_S("TO:"), "5.1.3", &kind, &address, &rest))
        return;
    if (kind == SMTP_PATH_NULL)
        smtp_reply(turn, 501, "5.1.3", "Bad address syntax");
    else if (s->rcpts.count >= b->max_rcpts(b->ctx))
        smtp_reply(turn, 452, "4.5.3", "Too many recipients");
    else
        add_rcpt(turn, kind, address, rest);
}
