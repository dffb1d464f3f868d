/* REPORT.* items -> multipart/report. Source: RFC 3464, 3798; spec
 * mime-mapping.md A10, A11; kb-cases.md C005. */
#include "convert/to_mime.h"

#include "base/text.h"

typedef enum report_kind { NO_REPORT, DELIVERY, DISPOSITION } report_kind;

static const struct {
    const char *end; /* of the message class */
    report_kind kind;
    const char *action; /* Action, or the disposition */
} kinds[] = {
    /* longer ones before what they end with */
    { ".Expanded.DR", DELIVERY, "expanded" },
    { ".Relayed.DR", DELIVERY, "relayed" },
    { ".Delayed.DR", DELIVERY, "delayed" },
    { ".DR", DELIVERY, "delivered" },
    { ".NDR", DELIVERY, "failed" },
    { ".IPNRN", DISPOSITION, "displayed" },
    { ".IPNNRN", DISPOSITION, "deleted" },
};

static report_kind kind_of(const cv_object *obj, const char **action)
{
    cv_slice c = cv_object_class(obj);
    if (!cv_object_is_class(obj, CV_S("REPORT")))
        return NO_REPORT;
    for (size_t i = 0; i < CV_LEN(kinds); i++) {
        if (cv_slice_iends(c, cv_slice_cstr(kinds[i].end))) {
            *action = kinds[i].action;
            return kinds[i].kind;
        }
    }
    return NO_REPORT;
}

/* Status by diagnostic code 0 to 48; spec A10. */
static const char *const diag_status[] = {
    "5.1.0", "5.1.4", "4.4.5", "4.4.6", "5.1.0", "4.4.7", "5.3.0",
    "5.6.0", "5.6.3", "5.6.2", "5.6.0", "5.5.4", "5.6.0", "5.3.4",
    "5.3.4", "5.6.1", "5.5.3", "5.5.5", "5.3.3", "5.6.2", "5.6.0",
    "5.6.0", "4.6.4", "4.6.4", "4.6.4", "4.6.4", "5.7.3", "4.4.6",
    "5.7.2", "5.7.1", "5.2.4", "5.6.1", "5.1.3", "5.1.0", "5.1.3",
    "5.1.1", "5.1.0", "5.3.0", "5.3.0", "5.1.0", "5.1.6", "5.1.0",
    "5.1.0", "5.1.6", "5.0.0", "5.0.0", "5.7.0", "5.0.0", "5.1.2",
};
static const char *const reason_status[] = { "5.4.0", "5.1.0", "5.6.5", "5.6.5",
                                             "5.2.0", "5.3.0", "4.4.3" };

/* The first digit an action allows. */
static char digit_of(const char *action)
{
    if (action[0] == 'f')
        return '5';
    return action[0] == 'd' && action[3] == 'a' ? '4' : '2';
}

static cv_slice status_of(cv_to *t, const cv_bag *row, const char *action)
{
    int32_t code = 0, diag = -1, reason = -1;
    char digit = digit_of(action);
    if (cv_bag_i32(row, CV_PidTagNonDeliveryReportStatusCode, &code) &&
        code >= 200 && code <= 599)
        return cv_arena_printf(t->arena, "%d.%d.%d", code / 100, code / 10 % 10,
                               code % 10);
    if (digit != '5')
        return cv_arena_printf(t->arena, "%c.0.0", digit);
    if (cv_bag_i32(row, CV_PidTagNonDeliveryReportDiagCode, &diag) &&
        diag >= 0 && (size_t)diag < CV_LEN(diag_status))
        return cv_slice_cstr(diag_status[diag]);
    if (cv_bag_i32(row, CV_PidTagNonDeliveryReportReasonCode, &reason) &&
        reason >= 0 && (size_t)reason < CV_LEN(reason_status))
        return cv_slice_cstr(reason_status[reason]);
    return CV_S("5.4.0");
}

static void put_field(cv_to *t, cv_buf *buf, const char *name, cv_slice value)
{
    cv_slice line = cv_slice_trim(cv_text_one_line(t->arena, value));
    if (!line.len)
        return;
    cv_buf_put_str(buf, name);
    cv_buf_put_str(buf, ": ");
    cv_buf_put_slice(buf, cv_utf8_clip(line, 900));
    cv_buf_put_str(buf, "\r\n");
}

static void put_row(cv_to *t, cv_buf *buf, size_t index, const char *action)
{
    const cv_bag *row = cv_object_recipient(t->obj, index);
    const cv_person *p = &t->people.rows[index];
    cv_slice name = p->name.len ? p->name : CV_S("unknown");
    cv_buf_put_str(buf, "\r\n");
    put_field(t, buf, "Final-Recipient",
              p->address.len
                  ? cv_arena_printf(t->arena, "rfc822;%.*s", CV_FMT(p->address))
                  : cv_arena_printf(t->arena, "unknown;%.*s", CV_FMT(name)));
    put_field(t, buf, "Action", cv_slice_cstr(action));
    put_field(t, buf, "Status", status_of(t, row, action));
    cv_slice mta =
        cv_bag_string_or(row, CV_PidTagRemoteMessageTransferAgent, CV_S(""));
    if (mta.len)
        put_field(t, buf, "Remote-MTA",
                  cv_arena_printf(t->arena, "dns;%.*s", CV_FMT(mta)));
    put_field(t, buf, "X-Supplementary-Info",
              cv_bag_string_or(row, CV_PidTagSupplementaryInfo, CV_S("")));
    put_field(t, buf, "X-Display-Name", p->name);
}

static void put_delivery(cv_to *t, cv_buf *buf, const char *action)
{
    cv_slice mta =
        cv_bag_string_or(t->props, CV_PidTagReportingMessageTransferAgent,
                         cv_opt_domain(t->options));
    put_field(t, buf, "Reporting-MTA",
              cv_arena_printf(t->arena, "dns;%.*s", CV_FMT(mta)));
    for (size_t i = 0; i < t->people.row_count; i++)
        put_row(t, buf, i, action);
    if (t->people.row_count)
        return;
    /* RFC 3464 wants one group; there is nobody it could name. */
    cv_buf_put_str(buf, "\r\nFinal-Recipient: unknown;unknown\r\n");
    put_field(t, buf, "Action", cv_slice_cstr(action));
    cv_buf_printf(buf, "Status: %c.0.0\r\n", digit_of(action));
    cv_report_say(t->report, CV_RULE_ADDRESS_MISSING, CV_S(""),
                  CV_S("Final-Recipient"), CV_S(""), "unknown");
}

static void put_disposition(cv_to *t, cv_buf *buf, const char *disposition)
{
    const cv_person *p =
        t->people.sender.address.len ? &t->people.sender : &t->people.from;
    cv_slice key, id;
    put_field(t, buf, "Final-Recipient",
              cv_arena_printf(t->arena, "rfc822;%.*s", CV_FMT(p->address)));
    if (cv_bag_string(t->props, CV_PidTagOriginalMessageId, &id))
        put_field(t, buf, "Original-Message-ID", id);
    cv_buf_printf(buf,
                  "Disposition: manual-action/MDN-sent-automatically; %s\r\n",
                  disposition);
    if (cv_bag_binary(t->props, CV_PidTagParentKey, &key) && key.len &&
        key.len < 300) {
        cv_buf_put_str(buf, "X-MSExch-Correlation-Key: ");
        cv_base64_put(buf, key, 0);
        cv_buf_put_str(buf, "\r\n");
    }
    put_field(t, buf, "X-Display-Name", p->name);
}

static cv_mime_node *status_node(cv_to *t, report_kind kind, const char *action)
{
    cv_buf buf;
    cv_mime_node *n = cv_mime_node_new(
        t->arena, "message",
        kind == DELIVERY ? "delivery-status" : "disposition-notification");
    cv_buf_init(&buf, 0);
    if (kind == DELIVERY)
        put_delivery(t, &buf, action);
    else
        put_disposition(t, &buf, action);
    cv_slice text = cv_buf_dup(&buf, t->arena);
    cv_buf_clear(&buf);
    if (!n || !text.ptr)
        return NULL;
    cv_mime_node_set_bytes(n, text);
    return n;
}

static cv_mime_node *text_node(cv_to *t, const char *action)
{
    cv_body body;
    if (cv_body_choose(t, &body) != CV_OK)
        return NULL;
    cv_mime_node *n = NULL;
    cv_slice subject = cv_bag_string_or(t->props, CV_PidTagSubject, CV_S(""));
    if (!body.plain.len)
        body.plain = cv_arena_printf(
            t->arena, "Report (%s): %.*s\r\n", action,
            CV_FMT(cv_utf8_clip(cv_text_one_line(t->arena, subject), 500)));
    return cv_body_to_mime(t, &body, &n) == CV_OK ? n : NULL;
}

static cv_status add_attachments(cv_to *t, cv_mime_node *root)
{
    cv_body none = { .has_html = false };
    for (size_t i = 0; i < cv_object_attachment_count(t->obj); i++) {
        cv_mime_node *n = NULL;
        cv_attach_place place = CV_PLACE_NONE;
        CV_TRY(cv_attachment_to_mime(t, i, &none, &n, &place));
        if (n)
            cv_mime_node_add(root, n);
    }
    return CV_OK;
}

cv_status cv_report_to_mime(cv_to *t, cv_mime_node **root)
{
    const char *action = "";
    report_kind kind = kind_of(t->obj, &action);
    *root = NULL;
    if (kind == NO_REPORT)
        return CV_OK;
    cv_mime_node *n = cv_mime_node_new(t->arena, "multipart", "report");
    cv_mime_node *text = text_node(t, action);
    cv_mime_node *status = status_node(t, kind, action);
    if (!n || !text || !status)
        return cv_arena_fail(t->arena, t->err);
    cv_mime_node_param(n, "report-type",
                       kind == DELIVERY ? CV_S("delivery-status")
                                        : CV_S("disposition-notification"));
    cv_mime_node_add(n, text);
    cv_mime_node_add(n, status);
    *root = n;
    return add_attachments(t, n);
}
