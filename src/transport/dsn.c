/* dsn.c - delivery status reports: what the sender reads, what programs read.
 *
 * Layout of the text and the sentence for 4.4.7 are the ones an Exchange user
 * knows (KB 938650); the rest is RFC 3464 in multipart/report (RFC 6522).
 */
#include "transport/transport_private.h"

#include "base/datetime.h"
#include "base/text.h"
#include "mime/mime.h"

#include <inttypes.h>

#define MAX_FULL_ORIGINAL ((size_t)10 << 20) /* larger: headers only */

typedef struct dsn {
    transport_dsn_kind kind;
    const store_queue_entry *entry;
    const size_t *rcpts;
    size_t rcpt_count;
    const transport_settings *settings;
    int64_t now;
    cv_arena *arena;
} dsn;

/* One row a kind: the Action, the subject's first word, the headline. */
static const struct {
    const char *action, *subject, *headline, *heading;
} kinds[] = {
    [TRANSPORT_DSN_FAILED] = { "failed", "Undeliverable",
                               "Your message did not reach some or all of the "
                               "intended recipients.",
                               "The following recipient(s) could not be "
                               "reached:" },
    [TRANSPORT_DSN_DELAYED] = { "delayed", "Delayed",
                                "Your message has not been delivered yet. "
                                "Delivery will be tried "
                                "again; you need not send it once more.",
                                "The following recipient(s) have not been "
                                "reached yet:" },
    [TRANSPORT_DSN_DELIVERED] = { "relayed", "Delivered",
                                  "Your message was delivered.",
                                  "The message was handed over for the "
                                  "following recipient(s):" },
};

/* 8/20/2008 11:44 AM, in UTC */
static void put_us_date(cv_buf *buf, int64_t ticks)
{
    cv_civil c = cv_civil_of_ticks(ticks);
    unsigned hour = c.hour % 12 ? c.hour % 12 : 12;

    cv_buf_printf(buf, "%u/%u/%d %u:%02u %s", c.month, c.day, c.year, hour,
                  c.minute, c.hour < 12 ? "AM" : "PM");
}

static cv_slice sentence(const dsn *d, const store_queue_rcpt *r)
{
    if (d->kind == TRANSPORT_DSN_FAILED &&
        cv_slice_eq(r->status, CV_S("4.4.7")))
        return CV_S("Could not deliver the message in the time limit "
                    "specified. Please retry or contact your administrator.");
    if (r->reply.len > 0)
        return r->reply;
    if (d->kind == TRANSPORT_DSN_DELIVERED)
        return CV_S("The next server accepted the message.");
    return CV_S("The server gave no reason.");
}

static void put_rcpt_text(cv_buf *buf, const dsn *d, const store_queue_rcpt *r)
{
    cv_slice status = r->status.len > 0 ? r->status : CV_S("2.0.0");

    cv_buf_printf(buf, "      %.*s on ", CV_FMT(r->address));
    put_us_date(buf, d->now);
    cv_buf_put_str(buf, "\r\n            ");
    cv_buf_put_slice(buf, cv_text_one_line(d->arena, sentence(d, r)));
    cv_buf_printf(buf, "\r\n            <%.*s #%.*s",
                  CV_FMT(d->settings->host_name), CV_FMT(status));
    if (r->remote.len > 0 && r->reply.len > 0) {
        cv_buf_put_str(buf, " SMTP;");
        cv_buf_put_slice(buf, cv_text_one_line(d->arena, r->reply));
    }
    cv_buf_put_str(buf, ">\r\n");
}

static cv_slice text_part(const dsn *d)
{
    cv_buf buf;

    cv_buf_init(&buf, 0);
    cv_buf_printf(&buf, "%s\r\n\r\n      Subject:  ", kinds[d->kind].headline);
    cv_buf_put_slice(&buf, cv_text_one_line(d->arena, d->entry->subject));
    cv_buf_put_str(&buf, "\r\n      Sent:     ");
    put_us_date(&buf, d->entry->submitted);
    cv_buf_printf(&buf, "\r\n\r\n%s\r\n\r\n", kinds[d->kind].heading);
    for (size_t i = 0; i < d->rcpt_count; i++)
        put_rcpt_text(&buf, d, &d->entry->rcpts[d->rcpts[i]]);
    cv_slice text = cv_buf_dup(&buf, d->arena);
    cv_buf_clear(&buf);
    return text;
}

/* One "Name: value" line of the delivery-status part; value made ASCII. */
static void put_field(cv_buf *buf, const dsn *d, const char *name,
                      const char *prefix, cv_slice value)
{
    cv_slice line = cv_text_one_line(d->arena, value);

    if (line.len == 0)
        return;
    cv_buf_printf(buf, "%s: %s", name, prefix);
    for (size_t i = 0; i < line.len && i < 900; i++)
        cv_buf_put_byte(buf, line.ptr[i] < 0x80 ? line.ptr[i] : '?');
    cv_buf_put_str(buf, "\r\n");
}

static void put_date_field(cv_buf *buf, const char *name, int64_t ticks)
{
    cv_buf_printf(buf, "%s: ", name);
    cv_rfc5322_date_put(buf, ticks, 0);
    cv_buf_put_str(buf, "\r\n");
}

static void put_rcpt_status(cv_buf *buf, const dsn *d,
                            const store_queue_rcpt *r)
{
    bool local = cv_slice_eq(d->entry->destination, TRANSPORT_DEST_LOCAL);
    const char *action = d->kind == TRANSPORT_DSN_DELIVERED && local
                             ? "delivered"
                             : kinds[d->kind].action;
    cv_slice status = r->status.len > 0 ? r->status : CV_S("2.0.0");

    cv_buf_put_str(buf, "\r\n");
    put_field(buf, d, "Original-Recipient", "", r->orcpt);
    put_field(buf, d, "Final-Recipient", "rfc822;", r->address);
    put_field(buf, d, "Action", "", cv_slice_cstr(action));
    put_field(buf, d, "Status", "", status);
    put_field(buf, d, "Remote-MTA", "dns;", r->remote);
    put_field(buf, d, "Diagnostic-Code", r->remote.len ? "smtp;" : "x-convoke;",
              r->reply);
    put_date_field(buf, "Last-Attempt-Date", d->now);
    if (d->kind == TRANSPORT_DSN_DELAYED)
        put_date_field(buf, "Will-Retry-Until", d->entry->expires);
}

static cv_slice status_part(const dsn *d)
{
    cv_buf buf;

    cv_buf_init(&buf, 0);
    put_field(&buf, d, "Original-Envelope-Id", "", d->entry->envid);
    put_field(&buf, d, "Reporting-MTA", "dns;", d->settings->host_name);
    put_date_field(&buf, "Arrival-Date", d->entry->submitted);
    for (size_t i = 0; i < d->rcpt_count; i++)
        put_rcpt_status(&buf, d, &d->entry->rcpts[d->rcpts[i]]);
    cv_slice text = cv_buf_dup(&buf, d->arena);
    cv_buf_clear(&buf);
    return text;
}

/* Part 3: the message, its header block, or what the queue knows of it. */
static cv_mime_node *original_part(const dsn *d, cv_slice original)
{
    bool full = original.len > 0 && original.len <= MAX_FULL_ORIGINAL &&
                d->kind == TRANSPORT_DSN_FAILED &&
                !cv_slice_ieq(d->entry->ret, CV_S("HDRS"));
    cv_mime_node *part =
        full ? cv_mime_node_new(d->arena, "message", "rfc822")
             : cv_mime_node_new(d->arena, "text", "rfc822-headers");

    if (!part)
        return NULL;
    if (full) {
        cv_mime_node_set_bytes(part, original);
        return part;
    }
    cv_slice block =
        original.len > 0 ? transport_header_block(original) : CV_S("");
    if (block.len == 0) {
        cv_buf buf;
        cv_buf_init(&buf, 0);
        put_field(&buf, d, "From", "", d->entry->from);
        put_field(&buf, d, "Subject", "", d->entry->subject);
        put_field(&buf, d, "Message-ID", "", d->entry->message_id);
        put_date_field(&buf, "Date", d->entry->submitted);
        block = cv_buf_dup(&buf, d->arena);
        cv_buf_clear(&buf);
    }
    cv_mime_node_set_bytes(part, block);
    return part;
}

static void put_headers(cv_mime_node *root, const dsn *d, cv_slice id)
{
    cv_mime_address from = { CV_S("Mail Delivery System"),
                             d->settings->postmaster, CV_S("") };
    cv_mime_address to = { CV_S(""), d->entry->from, CV_S("") };
    cv_buf date;

    cv_buf_init(&date, 64);
    cv_rfc5322_date_put(&date, d->now, 0);
    cv_mime_node_address_field(root, "From", &from, 1);
    cv_mime_node_address_field(root, "To", &to, 1);
    cv_mime_node_text_field(root, "Subject",
                            cv_arena_printf(d->arena, "%s: %.*s",
                                            kinds[d->kind].subject,
                                            CV_FMT(d->entry->subject)));
    cv_mime_node_field(root, "Date", cv_buf_slice(&date));
    cv_mime_node_field(root, "Message-ID", id);
    cv_mime_node_field(root, "Auto-Submitted", CV_S("auto-replied"));
    if (d->entry->message_id.len > 0) {
        cv_mime_node_field(root, "In-Reply-To", d->entry->message_id);
        cv_mime_node_field(root, "References", d->entry->message_id);
    }
    cv_buf_clear(&date);
}

static cv_status write_report(const dsn *d, cv_slice original, cv_slice id,
                              cv_buf *out, cv_error *err)
{
    cv_mime_node *root = cv_mime_node_new(d->arena, "multipart", "report");
    cv_mime_node *text = cv_mime_node_new(d->arena, "text", "plain");
    cv_mime_node *status =
        cv_mime_node_new(d->arena, "message", "delivery-status");
    cv_mime_node *third = original_part(d, original);
    cv_sink sink = cv_buf_sink(out);

    if (!root || !text || !status || !third)
        return cv_arena_fail(d->arena, err);
    put_headers(root, d, id);
    cv_mime_node_param(root, "report-type", CV_S("delivery-status"));
    cv_mime_node_set_text(text, text_part(d));
    cv_mime_node_set_bytes(status, status_part(d));
    cv_mime_node_add(root, text);
    cv_mime_node_add(root, status);
    cv_mime_node_add(root, third);
    return cv_mime_write(root, id, CV_MIME_8BIT, &sink, NULL, err);
}

cv_status transport_dsn_build(transport_dsn_kind kind,
                              const store_queue_entry *entry,
                              const size_t *rcpts, size_t rcpt_count,
                              cv_slice original,
                              const transport_settings *settings, int64_t now,
                              const cv_env *env, cv_buf *out, cv_error *err)
{
    cv_arena *arena = NULL;
    uint64_t r = 0;

    CV_TRY(cv_arena_new(0, &arena, err));
    env->random(env->ctx, &r, sizeof(r));
    cv_slice id =
        cv_arena_printf(arena, "<dsn.%" PRId64 ".%016" PRIx64 "@%.*s>",
                        entry->id, r, CV_FMT(settings->host_name));
    dsn d = { kind, entry, rcpts, rcpt_count, settings, now, arena };
    cv_status st = write_report(&d, original, id, out, err);
    cv_arena_free(&arena);
    return st;
}

/* -- queueing a report -- */

static bool is_wanted(transport_dsn_kind kind, uint32_t notify)
{
    static const uint32_t bits[] = {
        [TRANSPORT_DSN_FAILED] = TRANSPORT_NOTIFY_FAILURE,
        [TRANSPORT_DSN_DELAYED] = TRANSPORT_NOTIFY_DELAY,
        [TRANSPORT_DSN_DELIVERED] = TRANSPORT_NOTIFY_SUCCESS,
    };

    if (notify == 0)
        return kind != TRANSPORT_DSN_DELIVERED;
    return (notify & bits[kind]) != 0;
}

/* A report that cannot be delivered goes to the postmaster as it is, once. */
static cv_status to_postmaster(transport *t, store_tx *tx,
                               const store_queue_entry *e, size_t rcpt,
                               cv_slice content, cv_arena *arena, cv_error *err)
{
    transport_settings s = transport_settings_get(t, arena);
    transport_submission m = {
        .from = CV_S(""),
        .rcpts = &s.postmaster,
        .rcpt_count = 1,
        .mime = content,
    };

    if (!e->is_mime || cv_slice_ieq(e->rcpts[rcpt].address, s.postmaster)) {
        transport_emit(t, e, "Error",
                       CV_S("A report could not be delivered to anybody."));
        return CV_OK;
    }
    return transport_submit_tx(t, tx, &m, err);
}

cv_status transport_report_tx(transport *t, store_tx *tx,
                              transport_dsn_kind kind,
                              const store_queue_entry *e, const size_t *rcpts,
                              size_t count, cv_arena *arena, cv_error *err)
{
    size_t n = 0;
    cv_slice content = CV_S("");
    size_t *wanted = cv_arena_array(arena, count, sizeof(*wanted));

    if (!wanted)
        return cv_arena_fail(arena, err);
    for (size_t i = 0; i < count; i++) {
        if (is_wanted(kind, e->rcpts[rcpts[i]].notify))
            wanted[n++] = rcpts[i];
    }
    if (n == 0)
        return CV_OK;
    if (e->is_mime)
        CV_TRY(
            store_queue_content(t->config.store, e->id, arena, &content, err));
    if (e->from.len == 0)
        return kind == TRANSPORT_DSN_FAILED
                   ? to_postmaster(t, tx, e, wanted[0], content, arena, err)
                   : CV_OK;

    cv_buf mime;
    cv_buf_init(&mime, 0);
    transport_settings s = transport_settings_get(t, arena);
    cv_status st =
        transport_dsn_build(kind, e, wanted, n, content, &s, transport_now(t),
                            t->config.env, &mime, err);
    transport_submission m = {
        .from = CV_S(""),
        .rcpts = &e->from,
        .rcpt_count = 1,
        .mime = cv_buf_slice(&mime),
    };
    if (st == CV_OK)
        st = transport_submit_tx(t, tx, &m, err);
    cv_buf_clear(&mime);
    return st;
}
