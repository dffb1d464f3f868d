#include "server/doors.h"

#include "net/password.h"
#include "server/admin.h"

/* -- SMTP -- */

static bool is_own_address(const store_account *a, cv_slice address)
{
    if (cv_slice_ieq(a->address, address))
        return true;
    for (size_t i = 0; i < a->alias_count; i++) {
        if (cv_slice_ieq(a->aliases[i], address))
            return true;
    }
    return false;
}

/* An unknown user costs the time of a wrong password. */
static cv_status check_password(core *c, cv_arena *arena, cv_slice user,
                                cv_slice authzid, cv_slice password,
                                int64_t *account, cv_error *err)
{
    store_account a = { 0 };
    cv_slice hash = CV_S("");
    cv_status st = store_account_find(c->store, user, arena, &a, err);

    if (st != CV_OK && st != CV_ERR_NOTFOUND)
        return st;
    if (st == CV_OK) {
        st = store_credential_get(c->store, a.id, NET_PASSWORD_SCHEME, arena,
                                  &hash, err);
        if (st != CV_OK && st != CV_ERR_NOTFOUND)
            return st;
    }
    CV_TRY(net_password_verify(password, hash, err));
    if (authzid.len > 0 && !is_own_address(&a, authzid))
        return cv_fail(err, CV_ERR_DENIED, "may not act for somebody else");
    *account = a.id;
    return CV_OK;
}

static cv_status authenticate(void *ctx, cv_slice user, cv_slice authzid,
                              cv_slice password, int64_t *account,
                              cv_error *err)
{
    cv_arena *arena = NULL;

    CV_TRY(cv_arena_new(0, &arena, err));
    cv_status st =
        check_password(ctx, arena, user, authzid, password, account, err);
    cv_arena_free(&arena);
    return st;
}

static bool may_send_as(void *ctx, int64_t account, cv_slice from)
{
    core *c = ctx;
    cv_arena *arena = NULL;
    store_account a;
    bool may = false;

    if (cv_arena_new(0, &arena, NULL) != CV_OK)
        return false;
    if (store_account_get(c->store, account, arena, &a, NULL) == CV_OK)
        may = is_own_address(&a, from);
    cv_arena_free(&arena);
    return may;
}

static smtp_verdict check_local(core *c, cv_slice address, cv_arena *arena)
{
    store_account a;

    switch (store_account_find(c->store, address, arena, &a, NULL)) {
    case CV_OK:
        return SMTP_ACCEPT;
    case CV_ERR_NOTFOUND:
        return SMTP_UNKNOWN;
    default:
        return SMTP_TRY_LATER;
    }
}

static smtp_verdict check_rcpt(void *ctx, int64_t account, cv_slice address)
{
    core *c = ctx;
    cv_arena *arena = NULL;
    smtp_verdict verdict = account ? SMTP_ACCEPT : SMTP_NO_RELAY;
    size_t at = address.len;

    while (at > 0 && address.ptr[at - 1] != '@')
        at--;
    if (cv_arena_new(0, &arena, NULL) != CV_OK)
        return SMTP_TRY_LATER;
    if (core_is_local_domain(c, cv_slice_sub(address, at, address.len)))
        verdict = check_local(c, address, arena);
    cv_arena_free(&arena);
    return verdict;
}

static cv_slice postmaster(void *ctx, cv_arena *arena)
{
    return core_postmaster(ctx, arena);
}

static cv_status submit(void *ctx, const smtp_envelope *e, cv_error *err)
{
    core *c = ctx;
    transport_submission m = {
        .from = e->from,
        .rcpts = e->rcpts,
        .rcpt_count = e->rcpt_count,
        .notify = e->notify,
        .orcpt = e->orcpt,
        .mime = e->mime,
        .account = e->account,
        .envid = e->envid,
        .ret = e->ret,
    };

    return transport_submit(c->transport, &m, err);
}

static uint64_t max_size(void *ctx)
{
    core *c = ctx;

    return (uint64_t)settings_int(c->settings, "smtp.max-message-size");
}

static size_t max_rcpts(void *ctx)
{
    core *c = ctx;

    return (size_t)settings_int(c->settings, "smtp.max-recipients");
}

static unsigned max_hops(void *ctx)
{
    core *c = ctx;

    return (unsigned)settings_int(c->settings, "transport.max-hops");
}

smtp_backend doors_smtp_backend(core *c)
{
    return (smtp_backend){
        .authenticate = authenticate,
        .may_send_as = may_send_as,
        .check_rcpt = check_rcpt,
        .postmaster = postmaster,
        .submit = submit,
        .max_size = max_size,
        .max_rcpts = max_rcpts,
        .max_hops = max_hops,
        .ctx = c,
    };
}

/* -- control socket -- */

static void handle_control(void *ctx, net_control_request *request)
{
    cv_buf response;

    request->again = false;
    cv_buf_init(&response, 0);
    admin_run(ctx, request->json, &response);
    if (response.status == CV_OK)
        net_control_send(request, cv_buf_slice(&response));
    else
        net_control_send(request,
                         CV_S("{\"ok\":false,\"status\":\"CV_ERR_LIMIT\","
                              "\"error\":\"the answer is too big\"}"));
    cv_buf_clear(&response);
}

net_control_service doors_control_service(core *c)
{
    return (net_control_service){ .handle = handle_control, .ctx = c };
}
