#include "mime/mime_private.h"

#include <string.h>

static cv_slice field_text(const cv_mime_part *part, const char *name)
{
    const cv_mime_field *f = cv_mime_field_get(part, cv_slice_cstr(name));
    return f ? f->text : (cv_slice){ NULL, 0 };
}

static bool is_token(cv_slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < 33 || s.ptr[i] > 126 ||
            strchr("()<>@,;:\\\"[]?=", s.ptr[i]))
            return false;
    return s.len > 0;
}

/* Takes "type/subtype" off *rest; blanks around the slash are allowed. */
static bool cut_type(cv_slice *rest, cv_slice *type, cv_slice *subtype)
{
    cv_slice text = *rest;
    cv_slice head = cv_mime_value_head(text, rest);
    size_t slash = cv_slice_find_byte(head, '/', 0);
    if (slash == CV_NPOS && rest->len && rest->ptr[0] == '/') {
        *type = head;
        *rest = cv_slice_trim(cv_slice_sub(*rest, 1, rest->len));
        *subtype = cv_mime_value_head(*rest, rest);
    } else {
        *type = cv_slice_sub(head, 0, slash);
        *subtype = slash == CV_NPOS ? CV_S("")
                                    : cv_slice_sub(head, slash + 1, head.len);
        if (slash != CV_NPOS && subtype->len == 0)
            *subtype = cv_mime_value_head(*rest, rest);
    }
    return is_token(*type) && is_token(*subtype) &&
           cv_slice_find_byte(*subtype, '/', 0) == CV_NPOS;
}

static void set_type(cv_mime_part *part, cv_slice full)
{
    size_t slash = cv_slice_find_byte(full, '/', 0);
    part->type = cv_slice_sub(full, 0, slash);
    part->subtype = cv_slice_sub(full, slash + 1, full.len);
}

/* A type that cannot be read: a word alone that says enough, else a file with
 * its bytes intact (C035). */
static cv_slice guess_type(cv_slice type, bool named)
{
    if (cv_slice_ieq(type, CV_S("multipart")))
        return CV_S("multipart/mixed");
    if (cv_slice_ieq(type, CV_S("html")))
        return CV_S("text/html");
    bool word = is_token(type);
    return word && !named ? CV_S("text/plain")
                          : CV_S("application/octet-stream");
}

static cv_status read_params(cv_arena *arena, const cv_mime_part *part,
                             cv_slice text, const char *property,
                             cv_mime_param_list *out, cv_report *report,
                             cv_error *err)
{
    return cv_mime_params_read(arena, text, out, report, part->path,
                               cv_slice_cstr(property), err);
}

static cv_slice find_param(const cv_mime_param_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (cv_slice_eq(list->list[i].name, cv_slice_cstr(name)))
            return list->list[i].value;
    return (cv_slice){ NULL, 0 };
}

static cv_status describe_type(cv_arena *arena, cv_mime_part *part,
                               cv_slice default_type, cv_slice *tail,
                               cv_report *report, cv_error *err)
{
    cv_slice text = field_text(part, "Content-Type");
    if (text.len == 0) {
        set_type(part, default_type);
        return CV_OK;
    }
    cv_slice rest = text, type, subtype;
    bool good = cut_type(&rest, &type, &subtype);
    /* "Content-Type: charset=utf-8": no type at all. */
    if (!good && cv_slice_find_byte(type, '=', 0) != CV_NPOS &&
        !cv_slice_starts(type, CV_S("=?")))
        rest = text;
    cv_mime_param_list params;
    CV_TRY(
        read_params(arena, part, rest, "Content-Type", &params, report, err));
    part->params = params.list;
    part->param_count = params.count;
    *tail = params.tail;
    if (good) {
        part->type = cv_ascii_lower(arena, type);
        part->subtype = cv_ascii_lower(arena, subtype);
        return CV_OK;
    }
    bool named = find_param(&params, "name").len > 0 ||
                 cv_mime_field_get(part, CV_S("Content-Disposition"));
    cv_slice guess =
        rest.ptr == text.ptr ? default_type : guess_type(type, named);
    set_type(part, guess);
    cv_report_say(report, CV_RULE_MIME_STRUCTURE, part->path,
                  CV_S("Content-Type"), cv_slice_sub(text, 0, 60),
                  "read as %.*s", CV_FMT(guess));
    return CV_OK;
}

static cv_status describe_disposition(cv_arena *arena, cv_mime_part *part,
                                      cv_report *report, cv_error *err)
{
    cv_slice text = field_text(part, "Content-Disposition");
    if (text.len == 0)
        return CV_OK;
    cv_slice rest, head = cv_mime_value_head(text, &rest);
    if (!is_token(head)) {
        head = CV_S("attachment");
        rest = text;
    }
    cv_mime_param_list params;
    CV_TRY(read_params(arena, part, rest, "Content-Disposition", &params,
                       report, err));
    part->disposition = cv_ascii_lower(arena, head);
    part->disposition_params = params.list;
    part->disposition_param_count = params.count;
    part->filename = cv_slice_trim(find_param(&params, "filename"));
    return CV_OK;
}

/* First token of a value, without quotes and comments. */
static cv_slice first_token(cv_slice text)
{
    cv_slice rest;
    if (text.len && text.ptr[0] == '"')
        text = cv_slice_sub(text, 1, text.len);
    cv_slice head = cv_mime_value_head(text, &rest);
    if (cv_slice_ends(head, CV_S("\"")))
        head.len--;
    return head;
}

static void describe_encoding(cv_arena *arena, cv_mime_part *part,
                              cv_slice tail, cv_report *report)
{
    static const char *const identities[] = { "7bit", "8bit", "binary" };
    cv_slice text = field_text(part, "Content-Transfer-Encoding");
    /* Two headers on one line (C032). */
    cv_slice lost = CV_S("content-transfer-encoding");
    if (text.len == 0 && cv_slice_istarts(tail, lost)) {
        size_t colon = cv_slice_find_byte(tail, ':', lost.len);
        text = cv_slice_trim(cv_slice_sub(
            tail, colon == CV_NPOS ? tail.len : colon + 1, tail.len));
        cv_report_say(report, CV_RULE_MIME_HEADER_SYNTAX, part->path,
                      CV_S("Content-Type"), cv_slice_sub(tail, 0, 60),
                      "a second header on the line was used");
    }
    cv_slice token = first_token(text);
    part->encoding = token.len ? cv_ascii_lower(arena, token) : CV_S("7bit");
    if (cv_mime_coding_of(part->encoding) != CV_MIME_IDENTITY)
        return;
    for (size_t i = 0; i < CV_LEN(identities); i++)
        if (cv_slice_eq(part->encoding, cv_slice_cstr(identities[i])))
            return;
    cv_report_say(report, CV_RULE_MIME_ENCODING, part->path,
                  CV_S("Content-Transfer-Encoding"), cv_slice_sub(text, 0, 60),
                  "unknown; read as it stands");
}

static cv_slice strip_angle(cv_slice s)
{
    s = cv_slice_trim(s);
    if (cv_slice_starts(s, CV_S("<")))
        s = cv_slice_sub(s, 1, s.len);
    if (cv_slice_ends(s, CV_S(">")))
        s.len--;
    return cv_slice_trim(s);
}

static void set_kind(cv_mime_part *part)
{
    part->kind = CV_MIME_LEAF;
    if (cv_slice_eq(part->type, CV_S("multipart")))
        part->kind = CV_MIME_MULTIPART;
    else if (cv_mime_is(part, "message", "rfc822") ||
             cv_mime_is(part, "message", "global"))
        part->kind = CV_MIME_MESSAGE;
}

cv_status cv_mime_part_describe(cv_arena *arena, cv_mime_part *part,
                                cv_slice default_type, cv_report *report,
                                cv_error *err)
{
    cv_slice tail = { NULL, 0 };
    CV_TRY(describe_type(arena, part, default_type, &tail, report, err));
    CV_TRY(describe_disposition(arena, part, report, err));
    describe_encoding(arena, part, tail, report);
    part->content_id = strip_angle(field_text(part, "Content-ID"));
    if (part->filename.len == 0)
        part->filename = cv_slice_trim(cv_mime_param_get(part, CV_S("name")));
    set_kind(part);
    return cv_arena_status(arena) == CV_OK ? CV_OK : cv_arena_fail(arena, err);
}

bool cv_mime_is(const cv_mime_part *part, const char *type, const char *subtype)
{
    return cv_slice_ieq(part->type, cv_slice_cstr(type)) &&
           (!subtype || cv_slice_ieq(part->subtype, cv_slice_cstr(subtype)));
}
