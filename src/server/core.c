/* core.c - the wiring: what each layer declared it needs, filled in here. */
#include "server/core.h"

#include "base/text.h"

/* -- for transport/ -- */

static cv_status to_mime(void *ctx, cv_slice packed, cv_slice domain,
                         cv_buf *mime, cv_report *report, cv_error *err)
{
    return core_to_mime(ctx, packed, domain, mime, report, err);
}

static cv_status from_mime(void *ctx, cv_slice mime, int64_t received,
                           cv_object **obj, cv_report *report, cv_error *err)
{
    return core_from_mime(ctx, mime, received, obj, report, err);
}

static void emit(void *ctx, const transport_event *event)
{
    core_emit(ctx, event);
}

static void transport_values(void *ctx, cv_arena *arena,
                             transport_settings *out)
{
    core *c = ctx;
    settings *s = c->settings;

    *out = (transport_settings){
        .retry = { settings_duration(s, "transport.retry-first"),
                   settings_duration(s, "transport.retry-second"),
                   settings_duration(s, "transport.retry-third"),
                   settings_duration(s, "transport.retry-subsequent") },
        .expire = settings_duration(s, "transport.expire"),
        .delay_warn = settings_duration(s, "transport.delay-warning"),
        .lease = settings_duration(s, "transport.lease"),
        .duplicate_days = settings_duration(s, "transport.duplicate-window"),
        .max_hops = (unsigned)settings_int(s, "transport.max-hops"),
        .host_name = settings_text(s, "server.host-name", arena),
        .postmaster = core_postmaster(c, arena),
    };
}

static bool is_local_domain(void *ctx, cv_slice domain)
{
    return core_is_local_domain(ctx, domain);
}

/* "domain=host:port"; false when the item is for another domain. */
static bool parse_route(cv_slice item, cv_slice domain, transport_route *out)
{
    cv_slice target = item;
    cv_slice name = cv_slice_trim(cv_slice_cut(&target, '='));
    size_t colon = CV_NPOS;
    uint32_t port = 25;

    if (!target.ptr ||
        !(cv_slice_ieq(name, domain) || cv_slice_eq(name, CV_S("*"))))
        return false;
    target = cv_slice_trim(target);
    for (size_t i = 0; i < target.len; i++) {
        if (target.ptr[i] == ':')
            colon = i;
    }
    out->domain = name;
    out->host = target;
    if (colon != CV_NPOS &&
        cv_parse_u32(cv_slice_sub(target, colon + 1, target.len), &port) ==
            CV_OK)
        out->host = cv_slice_sub(target, 0, colon);
    out->port = (uint16_t)port;
    return port > 0 && port <= UINT16_MAX;
}

static bool find_route(void *ctx, cv_slice domain, cv_arena *arena,
                       transport_route *out)
{
    core *c = ctx;
    cv_slice rest = settings_text(c->settings, "routing.routes", arena);

    while (rest.ptr) {
        if (parse_route(cv_slice_trim(cv_slice_cut(&rest, ';')), domain, out))
            return true;
    }
    return false;
}

static void wake(void *ctx)
{
    core *c = ctx;

    if (c->on_wake)
        c->on_wake(c->ctx);
}

/* -- for meeting/ -- */

static void meeting_values(void *ctx, meeting_settings *out)
{
    core *c = ctx;

    out->legacy_tracking_time =
        settings_bool(c->settings, "meeting.legacy-tracking-time");
    out->strict_sequence =
        settings_bool(c->settings, "meeting.strict-sequence");
}

static cv_status submit(void *ctx, store_tx *tx, cv_slice from,
                        const cv_slice *rcpts, size_t rcpt_count,
                        const cv_object *obj, store_id account, store_id folder,
                        store_id message, cv_error *err)
{
    core *c = ctx;
    transport_submission m = {
        .from = from,
        .rcpts = rcpts,
        .rcpt_count = rcpt_count,
        .obj = obj,
        .account = account,
        .folder = folder,
        .message = message,
    };

    return transport_submit_tx(c->transport, tx, &m, err);
}

static bool resolve(void *ctx, cv_arena *arena, cv_slice address_type,
                    cv_slice address, cv_slice *smtp)
{
    core *c = ctx;
    store_account account;

    (void)address_type;
    if (store_account_find(c->store, address, arena, &account, NULL) != CV_OK)
        return false;
    *smtp = account.address;
    return true;
}

/* -- */

cv_slice core_domain(core *c, cv_arena *arena)
{
    cv_slice rest = settings_text(c->settings, "server.domains", arena);

    return cv_slice_trim(cv_slice_cut(&rest, ';'));
}

cv_slice core_postmaster(core *c, cv_arena *arena)
{
    cv_slice address = settings_text(c->settings, "server.postmaster", arena);

    if (address.len > 0)
        return address;
    return cv_arena_printf(arena, "postmaster@%.*s",
                           CV_FMT(core_domain(c, arena)));
}

bool core_is_local_domain(core *c, cv_slice domain)
{
    cv_arena *arena = NULL;
    bool found = false;

    if (domain.len == 0 || cv_arena_new(0, &arena, NULL) != CV_OK)
        return false;
    cv_slice rest = settings_text(c->settings, "server.domains", arena);
    while (rest.ptr && !found)
        found = cv_slice_ieq(cv_slice_trim(cv_slice_cut(&rest, ';')), domain);
    cv_arena_free(&arena);
    return found;
}

cv_status core_setting_changed(core *c, cv_slice name, size_t *woken,
                               cv_error *err)
{
    size_t count = 0;
    cv_status st = transport_setting_changed(c->transport, name, &count, err);

    if (woken)
        *woken = count;
    return st;
}

static cv_status open_parts(core *c, cv_error *err)
{
    transport_config t = {
        .store = c->store,
        .env = &c->env,
        .channel = c->channel,
        .converter = { to_mime, from_mime, c },
        .events = { emit, c },
        .settings = transport_values,
        .is_local_domain = is_local_domain,
        .route = find_route,
        .wake = wake,
        .ctx = c,
    };
    meeting_config m = {
        .store = c->store,
        .env = &c->env,
        .settings = meeting_values,
        .submit = submit,
        .resolve = resolve,
        .wake = wake,
        .ctx = c,
    };

    CV_TRY(meeting_desk_new(&m, &c->desk, err));
    t.hook = (transport_delivery_hook){ meeting_deliver, c->desk };
    return transport_new(&t, &c->transport, err);
}

cv_status core_open(core *c, const char *dir, const char *const *overrides,
                    size_t override_count, cv_error *err)
{
    cv_arena *arena = NULL;

    c->env = cv_env_system();
    CV_TRY(cv_arena_new(0, &arena, err));
    cv_slice file = cv_arena_printf(arena, "%s/convoke.conf", dir);
    cv_status st = store_open(dir, &c->env, &c->store, err);
    if (st == CV_OK)
        st = settings_new(c->store, &c->env, (const char *)file.ptr, overrides,
                          override_count, &c->settings, err);
    if (st == CV_OK)
        st = open_parts(c, err);
    cv_arena_free(&arena);
    if (st != CV_OK)
        core_close(c);
    return st;
}

void core_close(core *c)
{
    if (c->transport)
        transport_free(&c->transport);
    if (c->desk)
        meeting_desk_free(&c->desk);
    settings_free(&c->settings);
    if (c->store)
        store_close(&c->store);
}
