/* deliver_remote.c - to another host: route, convert, hand over. */
#include "transport/transport_private.h"

static cv_status legacy_failure(transport_attempt *a, cv_error *err)
{
    a->entry.failure_class = TRANSPORT_CLASS_LEGACY;
    transport_emit_store_call_failed(a->t, &a->entry, CV_E_FAIL);
    transport_mark_all(
        a, TRANSPORT_TEMPORARY, CV_S("4.4.7"),
        cv_arena_dup(a->arena, err ? cv_slice_cstr(err->what) : CV_S("")));
    return CV_OK;
}

/* The MIME that goes out; empty when the conversion's failure is booked. */
static cv_status content_as_mime(transport_attempt *a, cv_buf *buf,
                                 cv_slice *mime, cv_error *err)
{
    transport *t = a->t;
    cv_slice content;
    cv_report *report = NULL;

    CV_TRY(store_queue_content(t->config.store, a->entry.id, a->arena, &content,
                               err));
    if (a->entry.is_mime) {
        *mime = content;
        return CV_OK;
    }
    CV_TRY(cv_report_new(&report, err));
    cv_status st =
        t->config.converter.to_mime(t->config.converter.ctx, content,
                                    a->entry.destination, buf, report, err);
    cv_report_free(&report);
    if (st == CV_ERR_LEGACY)
        return legacy_failure(a, err);
    *mime = cv_buf_slice(buf);
    return st;
}

static cv_status hand_over(transport_attempt *a, const transport_route *route,
                           cv_slice mime, cv_error *err)
{
    const store_queue_entry *e = &a->entry;
    size_t n = 0;
    cv_slice *to = cv_arena_array(a->arena, e->rcpt_count, sizeof(*to));
    cv_slice *orcpt = cv_arena_array(a->arena, e->rcpt_count, sizeof(*orcpt));
    uint32_t *notify = cv_arena_array(a->arena, e->rcpt_count, sizeof(*notify));
    size_t *index = cv_arena_array(a->arena, e->rcpt_count, sizeof(*index));
    transport_result *results =
        cv_arena_array(a->arena, e->rcpt_count, sizeof(*results));
    if (!to || !orcpt || !notify || !index || !results)
        return cv_arena_fail(a->arena, err);

    for (size_t i = 0; i < e->rcpt_count; i++) {
        if (e->rcpts[i].done)
            continue;
        to[n] = e->rcpts[i].address;
        orcpt[n] = e->rcpts[i].orcpt;
        notify[n] = e->rcpts[i].notify;
        index[n++] = i;
    }
    transport_delivery d = { .host = route->host,
                             .port = route->port,
                             .from = e->from,
                             .rcpts = to,
                             .notify = notify,
                             .orcpt = orcpt,
                             .rcpt_count = n,
                             .envid = e->envid,
                             .ret = e->ret,
                             .mime = mime };
    cv_channel *ch = &a->t->config.channel;
    cv_status st = ch->deliver(ch->ctx, &d, a->arena, results, err);
    cv_kill_point("remote-data-accepted");
    if (st != CV_OK) {
        a->entry.failure_class = CV_S("connect");
        transport_mark_all(
            a, TRANSPORT_TEMPORARY, CV_S("4.4.1"),
            cv_arena_printf(a->arena, "The server %.*s:%u did not answer: %s",
                            CV_FMT(route->host), route->port,
                            err ? err->what : cv_status_name(st)));
        return CV_OK;
    }
    for (size_t i = 0; i < n; i++)
        transport_mark(a, index[i], &results[i], route->host);
    return CV_OK;
}

cv_status transport_deliver_remote(transport_attempt *a, cv_error *err)
{
    transport *t = a->t;
    store_queue_entry *e = &a->entry;
    transport_route route = { 0 };
    cv_slice mime = { NULL, 0 };
    cv_buf buf;

    if (e->destination.len == 0) {
        transport_mark_all(a, TRANSPORT_PERMANENT, CV_S("5.1.3"),
                           CV_S("The address is not a valid mail address."));
        return CV_OK;
    }
    if (!t->config.route(t->config.ctx, e->destination, a->arena, &route)) {
        transport_mark_all(a, TRANSPORT_PERMANENT, CV_S("5.4.4"),
                           cv_arena_printf(a->arena,
                                           "No mail server was found for %.*s.",
                                           CV_FMT(e->destination)));
        return CV_OK;
    }
    cv_buf_init(&buf, 0);
    cv_status st = content_as_mime(a, &buf, &mime, err);
    if (st == CV_OK && mime.len > 0) {
        if (transport_count_header(mime, CV_S("Received")) >
            a->settings.max_hops)
            transport_mark_all(a, TRANSPORT_PERMANENT, CV_S("5.4.6"),
                               CV_S("The message went round in a loop."));
        else
            st = hand_over(a, &route, mime, err);
    }
    cv_buf_clear(&buf);
    return st;
}
