/* The last step of the ladder, MIME -> MAPI: what can be had of a mail that
 * no parser may touch. Its header is scanned as text, everything else is body
 * and attachment. */
#include "convert/private.h"

#include "base/datetime.h"
#include "base/text.h"

#define SCAN_BYTES ((size_t)64 << 10) /* of the header */
#define TEXT_BYTES ((size_t)256 << 10)
#define MAX_ROWS 100

/* The header block; text gets what follows the blank line. */
static cv_slice header_of(cv_slice in, cv_slice *text)
{
    size_t crlf = cv_slice_find(in, CV_S("\r\n\r\n"), 0);
    size_t lf = cv_slice_find(in, CV_S("\n\n"), 0);
    size_t end = crlf < lf ? crlf : lf;
    *text = end == CV_NPOS ? CV_S("")
                           : cv_slice_trim(cv_slice_sub(in, end, TEXT_BYTES));
    return cv_slice_sub(in, 0, end < SCAN_BYTES ? end : SCAN_BYTES);
}

/* A field with its folded lines; empty when it is absent. */
static cv_slice field(cv_slice head, const char *name)
{
    size_t pos = 0, n = cv_slice_cstr(name).len;
    while (pos < head.len) {
        size_t end = pos;
        do {
            end = cv_slice_find_byte(head, '\n', end);
            end = end == CV_NPOS ? head.len : end + 1;
        } while (end < head.len &&
                 (head.ptr[end] == ' ' || head.ptr[end] == '\t'));
        cv_slice line = cv_slice_sub(head, pos, end - pos);
        if (line.len > n && line.ptr[n] == ':' &&
            cv_slice_istarts(line, cv_slice_cstr(name)))
            return cv_slice_trim(cv_slice_sub(line, n + 1, line.len));
        pos = end;
    }
    return CV_S("");
}

static bool is_delimiter(uint8_t ch)
{
    return ch <= ' ' || ch == '<' || ch == '>' || ch == ',' || ch == ';' ||
           ch == '(' || ch == ')' || ch == '"' || ch == ':' || ch >= 0x7F;
}

/* The next word that looks like a mailbox. */
static bool next_address(cv_slice *rest, cv_slice *out)
{
    while (rest->len) {
        size_t i = 0;
        while (i < rest->len && is_delimiter(rest->ptr[i]))
            i++;
        size_t from = i;
        while (i < rest->len && !is_delimiter(rest->ptr[i]))
            i++;
        *out = cv_slice_sub(*rest, from, i - from);
        *rest = cv_slice_sub(*rest, i, rest->len);
        if (cv_address_is_smtp(*out))
            return true;
    }
    return false;
}

static void add_rows(cv_object *obj, cv_slice value, int32_t type)
{
    cv_slice address;
    while (cv_object_recipient_count(obj) < MAX_ROWS &&
           next_address(&value, &address)) {
        cv_bag *row = cv_object_add_recipient(obj);
        if (!row)
            return;
        cv_row_set_smtp(row, address, address, type);
    }
}

static void fill_header(cv_object *obj, cv_slice head, const cv_env *env)
{
    cv_bag *props = cv_object_props(obj);
    cv_arena *arena = cv_object_arena(obj);
    cv_slice from = field(head, "From"), address = CV_S("");
    cv_slice subject =
        cv_text_one_line(arena, cv_utf8_repair(arena, field(head, "Subject")));
    int64_t date = 0;
    if (cv_rfc5322_date_parse(field(head, "Date"), &date) != CV_OK ||
        !cv_ticks_is_valid(date))
        date = env->now(env->ctx);
    if (!next_address(&from, &address))
        address = CV_S("");
    cv_bag_set_string(props, CV_PidTagMessageClass, CV_S("IPM.Note"));
    cv_bag_set_string(props, CV_PidTagSubject, subject);
    cv_bag_set_string(props, CV_PidTagNormalizedSubject, subject);
    cv_bag_set_person(props, &cv_person_sent_representing, address, address);
    cv_bag_set_person(props, &cv_person_sender, address, address);
    cv_bag_set_ticks(props, CV_PidTagClientSubmitTime, date);
    cv_bag_set_ticks(props, CV_PidTagMessageDeliveryTime, date);
    cv_slice id = cv_utf8_repair(arena, field(head, "Message-ID"));
    if (id.len)
        cv_bag_set_string(props, CV_PidTagInternetMessageId,
                          cv_utf8_clip(id, 998));
    add_rows(obj, field(head, "To"), CV_RECIP_TO);
    add_rows(obj, field(head, "Cc"), CV_RECIP_CC);
}

static cv_status fill(cv_object *obj, cv_slice in, const cv_env *env,
                      cv_error *err)
{
    cv_arena *arena = cv_object_arena(obj);
    cv_slice text = CV_S("");
    cv_slice head = header_of(in, &text);
    fill_header(obj, head, env);
    cv_bag_set_string(cv_object_props(obj), CV_PidTagBody,
                      cv_utf8_repair(arena, text));
    CV_TRY(cv_add_file(obj, CV_S("original.eml"), "application/octet-stream",
                       in, err));
    return cv_arena_status(arena) == CV_OK ? CV_OK : cv_arena_fail(arena, err);
}

cv_status cv_from_mime_minimal(cv_slice in, const cv_env *env, cv_object **out,
                               cv_report *report, cv_error *err)
{
    cv_object *obj = NULL;
    CV_TRY(cv_object_new(0, &obj, err));
    cv_object_set_source(obj, "mime");
    cv_object_set_original(obj, in);
    cv_status st = fill(obj, in, env, err);
    if (st != CV_OK) {
        cv_object_free(&obj);
        return st;
    }
    cv_report_reach(report, CV_LADDER_MINIMAL);
    if (!cv_report_has(report, CV_RULE_LADDER_MINIMAL))
        cv_report_say(report, CV_RULE_LADDER_MINIMAL, CV_S(""), CV_S(""),
                      CV_S(""), "original.eml is attached");
    *out = obj;
    return CV_OK;
}
