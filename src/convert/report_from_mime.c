/* Delivery and disposition reports. Source: RFC 3464, 6533, 3798; spec
 * mime-mapping.md B3, B8; kb-cases.md C028, C031, C122, C123. */
#include "convert/from_mime.h"

#include "base/text.h"

#include <limits.h>

#define MAX_REPORT_BYTES ((size_t)4 << 20) /* of the machine-readable part */
#define MAX_GROUP_FIELDS 64

typedef struct field {
    cv_slice name, value; /* value unfolded */
} field;

/* Fields between two blank lines. */
typedef struct group {
    field fields[MAX_GROUP_FIELDS];
    size_t count;
} group;

static const struct {
    const char *action, *message_class;
} actions[] = {
    /* from the mildest to the worst */
    { "delivered", "REPORT.IPM.Note.DR" },
    { "expanded", "REPORT.IPM.Note.Expanded.DR" },
    { "relayed", "REPORT.IPM.Note.Relayed.DR" },
    { "delayed", "REPORT.IPM.Note.Delayed.DR" },
    { "failed", "REPORT.IPM.Note.NDR" },
};

/* The next group; false when the text is at its end. */
static bool next_group(cv_arena *arena, cv_slice *rest, group *g)
{
    g->count = 0;
    while (rest->ptr) {
        cv_slice line = cv_slice_cut(rest, '\n');
        if (line.len && line.ptr[line.len - 1] == '\r')
            line.len--;
        if (!cv_slice_trim(line).len) {
            if (g->count)
                return true;
            continue;
        }
        size_t colon = cv_slice_find_byte(line, ':', 0);
        if ((line.ptr[0] == ' ' || line.ptr[0] == '\t') && g->count) {
            field *last = &g->fields[g->count - 1];
            last->value =
                cv_arena_printf(arena, "%.*s %.*s", CV_FMT(last->value),
                                CV_FMT(cv_slice_trim(line)));
        } else if (colon != CV_NPOS && g->count < MAX_GROUP_FIELDS) {
            g->fields[g->count++] = (field){
                cv_slice_trim(cv_slice_sub(line, 0, colon)),
                cv_slice_trim(cv_slice_sub(line, colon + 1, line.len))
            };
        }
    }
    return g->count != 0;
}

static cv_slice get(const group *g, const char *name)
{
    for (size_t i = 0; i < g->count; i++)
        if (cv_slice_ieq(g->fields[i].name, cv_slice_cstr(name)))
            return g->fields[i].value;
    return CV_S("");
}

/* What stands after "rfc822;" and the like. */
static cv_slice after_type(cv_slice value)
{
    size_t semi = cv_slice_find_byte(value, ';', 0);
    if (semi != CV_NPOS)
        value = cv_slice_sub(value, semi + 1, value.len);
    value = cv_slice_trim(value);
    if (value.len > 2 && value.ptr[0] == '<')
        value = cv_slice_sub(value, 1, value.len - 2);
    return value;
}

static int action_of(cv_slice value)
{
    for (size_t i = 0; i < CV_LEN(actions); i++)
        if (cv_slice_istarts(value, cv_slice_cstr(actions[i].action)))
            return (int)i;
    return -1;
}

/* "5.1.1 (text)" as 511; 0 when it is no status. */
static int32_t status_code(cv_slice value)
{
    uint32_t n[3] = { 0, 0, 0 };
    size_t k = 0, i = 0, digits = 0;
    for (; i < value.len && k < 3; i++) {
        uint8_t ch = value.ptr[i];
        if (ch >= '0' && ch <= '9' && digits < 4) {
            n[k] = n[k] * 10 + (uint32_t)(ch - '0');
            digits++;
        } else if (ch == '.' && digits) {
            k++;
            digits = 0;
        } else {
            break;
        }
    }
    if (k < 2 || n[0] < 2 || n[0] > 5)
        return 0;
    return (int32_t)(100 * n[0] + 10 * (n[1] > 9 ? 0 : n[1]) +
                     (n[2] > 9 ? 0 : n[2]));
}

typedef struct diag_row {
    int s, d; /* d -1: any other */
    int diag, reason;
} diag_row;

/* Status digits -> diagnostic and reason; spec B8. */
static const diag_row diags[] = {
    { 1, 1, 35, 1 },  { 1, 2, 48, 0 },  { 1, 3, 32, 0 },  { 1, 4, 1, 0 },
    { 1, 6, 40, 0 },  { 1, -1, 0, 0 },  { 2, 2, 13, 0 },  { 2, 3, 13, 0 },
    { 2, 4, 30, 0 },  { 2, -1, 38, 0 }, { 3, 2, -1, 0 },  { 3, 3, 18, 0 },
    { 3, 5, 18, 0 },  { 3, 4, 13, 0 },  { 3, -1, 38, 0 }, { 4, 0, -1, 0 },
    { 4, 4, -1, 0 },  { 4, 3, -1, 6 },  { 4, 6, 3, 0 },   { 4, 8, 3, 0 },
    { 4, 7, 5, 0 },   { 4, -1, 2, 0 },  { 5, 3, 16, 0 },  { 5, 4, 11, 0 },
    { 5, -1, 17, 0 }, { 6, 2, 9, 0 },   { 6, 3, 8, 0 },   { 6, 4, 25, 0 },
    { 6, 5, -1, 2 },  { 6, -1, 15, 0 }, { 7, 1, 29, 0 },  { 7, 2, 28, 0 },
    { 7, 3, 26, 0 },  { 7, -1, 46, 0 },
};

static void set_status(cv_bag *row, int32_t code)
{
    int s = code / 10 % 10, d = code % 10;
    int32_t diag = -1, reason = 0;
    for (size_t i = 0; i < CV_LEN(diags); i++) {
        if (diags[i].s == s && (diags[i].d == d || diags[i].d == -1)) {
            diag = diags[i].diag;
            reason = diags[i].reason;
            break;
        }
    }
    cv_bag_set_i32(row, CV_PidTagNonDeliveryReportStatusCode, code);
    cv_bag_set_i32(row, CV_PidTagNonDeliveryReportDiagCode, diag);
    cv_bag_set_i32(row, CV_PidTagNonDeliveryReportReasonCode, reason);
}

static cv_slice supplementary(cv_from *c, const group *g)
{
    cv_slice given = get(g, "X-Supplementary-Info");
    cv_slice mta = after_type(get(g, "Remote-MTA"));
    if (given.len)
        return given;
    return cv_arena_printf(c->arena, "<%.*s #%.*s %.*s>", CV_FMT(mta),
                           CV_FMT(get(g, "Status")),
                           CV_FMT(get(g, "Diagnostic-Code")));
}

static bool add_row(cv_from *c, const group *g)
{
    cv_slice address = after_type(get(g, "Final-Recipient"));
    if (!address.len)
        address = after_type(get(g, "Original-Recipient"));
    cv_bag *row = cv_object_add_recipient(c->obj);
    if (!row)
        return false;
    address = cv_utf8_repair(c->arena, address);
    cv_row_set_smtp(row, get(g, "X-Display-Name"), address, CV_RECIP_TO);
    set_status(row, status_code(get(g, "Status")));
    cv_bag_set_string(row, CV_PidTagSupplementaryInfo,
                      cv_utf8_repair(c->arena, supplementary(c, g)));
    if (get(g, "Remote-MTA").len)
        cv_bag_set_string(row, CV_PidTagRemoteMessageTransferAgent,
                          after_type(get(g, "Remote-MTA")));
    int64_t when = 0;
    if (cv_bag_ticks(c->props, CV_PidTagClientSubmitTime, &when))
        cv_bag_set_ticks(row, CV_PidTagReportTime, when);
    return true;
}

/* The report's own addressee is who received it; the rows become those the
 * report is about. */
static void turn_rows(cv_from *c)
{
    if (cv_object_recipient_count(c->obj)) {
        const cv_bag *row = cv_object_recipient(c->obj, 0);
        cv_bag_set_person(
            c->props, &cv_person_received_by,
            cv_bag_string_or(row, CV_PidTagDisplayName, CV_S("")),
            cv_bag_string_or(row, CV_PidTagSmtpAddress, CV_S("")));
    }
    while (cv_object_recipient_count(c->obj))
        cv_object_remove_recipient(c->obj,
                                   cv_object_recipient_count(c->obj) - 1);
}

/* Only rows of the worst action count. */
static void add_rows(cv_from *c, cv_slice text, int worst)
{
    group *g = cv_arena_alloc(c->arena, sizeof *g);
    cv_slice rest = text;
    turn_rows(c);
    if (g && next_group(c->arena, &rest, g) && get(g, "Reporting-MTA").len)
        cv_bag_set_string(c->props, CV_PidTagReportingMessageTransferAgent,
                          after_type(get(g, "Reporting-MTA")));
    rest = text;
    while (g && next_group(c->arena, &rest, g))
        if (action_of(get(g, "Action")) == worst && !add_row(c, g))
            return;
}

static cv_status read_delivery(cv_from *c, cv_slice text, bool *used)
{
    group *g = cv_arena_alloc(c->arena, sizeof *g);
    int worst = -1;
    cv_slice rest = text;
    if (!g)
        return cv_arena_fail(c->arena, c->err);
    while (next_group(c->arena, &rest, g)) {
        int action = action_of(get(g, "Action"));
        worst = action > worst ? action : worst;
    }
    if (worst < 0)
        return CV_OK;
    cv_bag_set_string(c->props, CV_PidTagMessageClass,
                      cv_slice_cstr(actions[worst].message_class));
    int64_t when = 0;
    if (cv_bag_ticks(c->props, CV_PidTagClientSubmitTime, &when))
        cv_bag_set_ticks(c->props, CV_PidTagReportTime, when);
    add_rows(c, text, worst);
    *used = true;
    return CV_OK;
}

static void set_text(cv_from *c, cv_tag tag, cv_slice value)
{
    if (value.len)
        cv_bag_set_string(c->props, tag, cv_utf8_repair(c->arena, value));
}

static bool is_read(cv_slice disposition)
{
    static const char *const words[] = { "displayed", "dispatched",
                                         "processed" };
    for (size_t i = 0; i < CV_LEN(words); i++)
        if (cv_slice_ifind(disposition, cv_slice_cstr(words[i]), 0) != CV_NPOS)
            return true;
    return false;
}

static cv_status read_disposition(cv_from *c, cv_slice text, bool *used)
{
    group *g = cv_arena_alloc(c->arena, sizeof *g);
    cv_slice rest = text;
    int64_t when = 0;
    if (!g)
        return cv_arena_fail(c->arena, c->err);
    if (!next_group(c->arena, &rest, g))
        return CV_OK;
    cv_slice disposition = get(g, "Disposition");
    if (!disposition.len)
        return CV_OK;
    cv_bag_set_string(c->props, CV_PidTagMessageClass,
                      is_read(disposition) ? CV_S("REPORT.IPM.Note.IPNRN")
                                           : CV_S("REPORT.IPM.Note.IPNNRN"));
    set_text(c, CV_PidTagReportText, disposition);
    set_text(c, CV_PidTagOriginalDisplayTo,
             after_type(get(g, "Final-Recipient")));
    set_text(c, CV_PidTagOriginalMessageId, get(g, "Original-Message-ID"));
    if (!cv_bag_has(c->props, CV_PidTagInternetReferences))
        set_text(c, CV_PidTagInternetReferences, get(g, "Original-Message-ID"));
    cv_slice key =
        cv_base64_decode(c->arena, get(g, "X-MSExch-Correlation-Key"), NULL);
    if (key.len)
        cv_bag_set_binary(c->props, CV_PidTagParentKey, key);
    if (cv_bag_ticks(c->props, CV_PidTagClientSubmitTime, &when)) {
        cv_bag_set_ticks(c->props, CV_PidTagReceiptTime, when);
        cv_bag_set_ticks(c->props, CV_PidTagReportTime, when);
    }
    *used = true;
    return CV_OK;
}

typedef enum report_kind { NO_REPORT, DELIVERY, DISPOSITION } report_kind;

static report_kind kind_of(const cv_mime_part *part)
{
    if (cv_mime_is(part, "message", "delivery-status") ||
        cv_mime_is(part, "message", "global-delivery-status"))
        return DELIVERY;
    if (cv_mime_is(part, "message", "disposition-notification") ||
        cv_mime_is(part, "message", "global-disposition-notification"))
        return DISPOSITION;
    return NO_REPORT;
}

/* Everything but the machine-readable part stays: text, further texts, the
 * returned message. */
static cv_status keep_others(cv_from *c, const cv_mime_part *report)
{
    cv_parts parts;
    size_t n = 0;
    CV_TRY(cv_parts_collect(c, c->root, &parts));
    for (size_t i = 0; i < parts.file_count; i++)
        if (parts.files[i].part != report)
            parts.files[n++] = parts.files[i];
    parts.file_count = n;
    if (parts.calendar_rank == CV_CAL_PROPER)
        CV_TRY(cv_parts_add_file(c, &parts, parts.calendar, false));
    CV_TRY(cv_body_from_mime(c, &parts));
    return cv_attachments_from_mime(c, &parts);
}

static cv_status read_part(cv_from *c, const cv_mime_part *part, bool *used)
{
    cv_slice text = CV_S("");
    if (kind_of(part) == NO_REPORT)
        return CV_OK;
    if (part->kind != CV_MIME_LEAF)
        text = part->body_bytes;
    else if (cv_mime_part_bytes(part, MAX_REPORT_BYTES, c->arena, &text,
                                NULL) != CV_OK)
        return CV_OK;
    CV_TRY(kind_of(part) == DELIVERY ? read_delivery(c, text, used)
                                     : read_disposition(c, text, used));
    return *used ? keep_others(c, part) : CV_OK;
}

/* The first part that says what became of the message. */
cv_status cv_report_from_mime(cv_from *c, bool *used)
{
    *used = false;
    if (kind_of(c->root) != NO_REPORT)
        return read_part(c, c->root, used);
    if (!cv_mime_is(c->root, "multipart", "report"))
        return CV_OK;
    for (size_t i = 0; !*used && i < c->root->child_count; i++)
        CV_TRY(read_part(c, c->root->children[i], used));
    return CV_OK;
}
