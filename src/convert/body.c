/* The text of a message: which body, and in which character set. Source: spec
 * mime-mapping.md A5, A12, property-types.md 6 and 7. */
#include "convert/to_mime.h"

#include "base/limits.h"
#include "base/text.h"
#include "html/html_text.h"
#include "html/html_write.h"
#include "rtf/lzfu.h"

#define CP_UTF8 65001
#define CP_ASCII 20127
#define CP_UTF16 1200
#define CP_UTF16BE 1201

/* PidTagNativeBody */
enum { NATIVE_TEXT = 1, NATIVE_RTF = 2, NATIVE_HTML = 3 };

static void say_fallback(cv_to *t, const char *property, const char *done)
{
    cv_report_say(t->report, CV_RULE_BODY_FALLBACK, CV_S(""),
                  cv_slice_cstr(property), CV_S(""), "%s", done);
}

/* A code page is a claim: bytes that do not decode by it are read as UTF-8
 * or as windows-1252. */
static void decode_html(cv_to *t, cv_slice bytes, cv_body *out)
{
    int32_t cp = cv_bag_i32_or(t->props, CV_PidTagInternetCodepage, 0);
    bool wide = cp == CP_UTF16 || cp == CP_UTF16BE;
    while (!wide && bytes.len && !bytes.ptr[bytes.len - 1])
        bytes.len--;
    const char *charset = cv_charset_of_codepage((uint32_t)cp);
    bool lossy = false;
    /* us-ascii with other bytes is a wrong label, however it decodes. */
    if (cp == CP_ASCII && !cv_is_ascii(bytes))
        lossy = true;
    if (charset && cp != CP_UTF8 && !lossy) {
        out->html = cv_codepage_to_utf8(t->arena, (uint32_t)cp, bytes, &lossy);
        if (out->html.ptr && !lossy) {
            if (!wide) {
                out->html_bytes = bytes;
                out->html_charset = charset;
            }
            return;
        }
    }
    out->html = cv_charset_to_utf8(t->arena, CV_S(""), bytes, NULL);
    if (cp && cp != CP_UTF8)
        cv_report_say(
            t->report, CV_RULE_MIME_CHARSET, CV_S(""), CV_S("PidTagHtml"),
            cv_arena_printf(t->arena, "code page %d", cp), "read by its bytes");
}

static bool choose_html(cv_to *t, cv_body *out)
{
    cv_slice bytes;
    const cv_prop *p = cv_bag_find(t->props, CV_PidTagHtml);
    if (!p)
        return false;
    if (cv_bag_binary(t->props, CV_PidTagHtml, &bytes)) {
        decode_html(t, bytes, out);
    } else if (cv_bag_string(t->props, CV_PidTagBodyHtml, &bytes)) {
        out->html = cv_utf8_repair(t->arena, bytes);
    } else {
        say_fallback(t, "PidTagHtml", "left out");
        return false;
    }
    return cv_slice_trim(out->html).len != 0;
}

/* Lengths, not terminators: a NUL costs itself. */
static cv_slice without_nul(cv_to *t, cv_slice text)
{
    if (cv_slice_find_byte(text, 0, 0) == CV_NPOS)
        return text;
    cv_slice copy = cv_arena_dup(t->arena, text);
    uint8_t *p = (uint8_t *)copy.ptr;
    size_t n = 0;
    for (size_t i = 0; i < copy.len; i++)
        if (p[i])
            p[n++] = p[i];
    copy.len = n;
    cv_report_say(t->report, CV_RULE_MIME_NUL, CV_S(""), CV_S("PidTagBody"),
                  CV_S(""), "left out");
    return copy;
}

static bool choose_plain(cv_to *t, cv_body *out)
{
    cv_slice text;
    const cv_prop *p = cv_bag_find(t->props, CV_PidTagBody);
    if (!p)
        return false;
    if (!cv_bag_string(t->props, CV_PidTagBody, &text)) {
        say_fallback(t, "PidTagBody", "left out");
        return false;
    }
    out->plain = without_nul(t, cv_utf8_repair(t->arena, text));
    return cv_slice_trim(out->plain).len != 0;
}

/* RTF nothing could be made of goes along as a file. */
static void attach_rtf(cv_to *t, cv_slice bytes, cv_body *out)
{
    if (out->has_plain || out->has_html || bytes.len <= 16)
        return;
    out->rtf = bytes;
    out->rtf_name = "body.rtf.lzfu";
    out->rtf_type = "octet-stream";
    say_fallback(t, "PidTagRtfCompressed", "attached as body.rtf.lzfu");
}

/* PidTagRtfCompressed, read as far as it goes. kind CV_RTF_NONE: there is
 * none, or nothing can be made of it. */
typedef struct rtf_body {
    cv_slice bytes, rtf;
    cv_rtf_kind kind;
} rtf_body;

static void say_limit(cv_to *t, const char *limit)
{
    cv_report_say(t->report, CV_RULE_LIMIT, CV_S(""),
                  CV_S("PidTagRtfCompressed"), cv_slice_cstr(limit),
                  "read up to the limit");
}

static void read_rtf(cv_to *t, rtf_body *b)
{
    bool damaged = false;
    *b = (rtf_body){ .bytes = CV_S(""), .kind = CV_RTF_NONE };
    if (!cv_bag_binary(t->props, CV_PidTagRtfCompressed, &b->bytes))
        return;
    cv_status st =
        cv_lzfu_decompress(t->arena, b->bytes, &b->rtf, &damaged, NULL);
    if (st == CV_ERR_LIMIT)
        say_limit(t, "CV_LIMIT_RTF_BYTES");
    if (st != CV_OK)
        return;
    b->kind = cv_rtf_kind_of(b->rtf);
    if (damaged)
        say_fallback(t, "PidTagRtfCompressed", "read as far as it goes");
}

/* Which of several bodies was the one that was written. Where nothing says
 * so, RTF without PidTagRtfInSync counts as in step: TNEF and others leave
 * that out. RTF that only wraps HTML or text adds nothing to HTML. */
static bool is_rtf_best(cv_to *t, const rtf_body *b, const cv_body *out)
{
    int32_t native = cv_bag_i32_or(t->props, CV_PidTagNativeBody, 0);
    bool in_sync = cv_bag_bool_or(t->props, CV_PidTagRtfInSync, false);
    if (b->kind == CV_RTF_NONE || (native == NATIVE_HTML && out->has_html) ||
        (native == NATIVE_TEXT && out->has_plain))
        return false;
    if (out->has_html)
        return b->kind == CV_RTF_NATIVE && (native == NATIVE_RTF || in_sync);
    return native == NATIVE_RTF || native == NATIVE_HTML || !out->has_plain ||
           cv_bag_bool_or(t->props, CV_PidTagRtfInSync, true);
}

static void use_rtf_html(cv_to *t, const rtf_body *b, cv_body *out)
{
    cv_rtf_html made;
    if (cv_rtf_to_html(t->arena, b->rtf, &made, NULL) != CV_OK)
        return;
    if (made.cut)
        say_limit(t, made.file_count >= CV_LIMIT_RTF_FILES
                         ? "CV_LIMIT_RTF_FILES"
                         : "CV_LIMIT_RTF_BYTES");
    if (made.empty)
        return;
    out->html = made.html;
    out->html_charset = NULL;
    out->has_html = true;
    out->files = made.files;
    out->file_count = made.file_count;
}

static void use_rtf(cv_to *t, const rtf_body *b, cv_body *out)
{
    if (b->kind == CV_RTF_HTML || b->kind == CV_RTF_NATIVE)
        use_rtf_html(t, b, out);
    /* HTML inside has a text of its own; opening the HTML parser for RTF
     * that was never HTML takes longer than all of the rest. */
    if (out->has_plain || (out->has_html && b->kind == CV_RTF_HTML))
        return;
    out->plain = cv_rtf_to_text(t->arena, b->rtf);
    out->has_plain = cv_slice_trim(out->plain).len != 0;
}

static void choose_rtf(cv_to *t, cv_body *out)
{
    rtf_body b;
    int32_t native = cv_bag_i32_or(t->props, CV_PidTagNativeBody, 0);
    if (native == NATIVE_TEXT && out->has_plain)
        return;
    if (out->has_html && native != NATIVE_RTF &&
        !cv_bag_bool_or(t->props, CV_PidTagRtfInSync, false))
        return;
    read_rtf(t, &b);
    if (is_rtf_best(t, &b, out))
        use_rtf(t, &b, out);
    else if (b.kind == CV_RTF_NONE)
        attach_rtf(t, b.bytes, out);
}

/* What the writer wrote as text has no other form that counts. */
static void drop_made_html(cv_to *t, cv_body *out)
{
    if (out->has_plain &&
        cv_bag_i32_or(t->props, CV_PidTagNativeBody, 0) == NATIVE_TEXT)
        out->has_html = false;
}

cv_status cv_body_choose(cv_to *t, cv_body *out)
{
    *out = (cv_body){ .plain = CV_S(""), .html = CV_S("") };
    out->has_html = choose_html(t, out);
    out->has_plain = choose_plain(t, out);
    drop_made_html(t, out);
    choose_rtf(t, out);
    if (out->has_html && !out->html_charset)
        out->html = cv_html_say_utf8(t->arena, out->html);
    if (out->has_html && !out->has_plain) {
        out->plain = cv_html_to_text(t->arena, out->html);
        out->has_plain = out->plain.len != 0;
    }
    if (!out->has_plain && cv_object_is_class(t->obj, CV_S("IPM.Schedule")))
        out->plain = cv_meeting_text(t->view, t->options, t->arena);
    else if (!out->has_plain &&
             cv_object_is_class(t->obj, CV_S("IPM.Appointment")))
        out->plain = cv_meeting_text(t->view, t->options, t->arena);
    return cv_arena_status(t->arena) == CV_OK ? CV_OK
                                              : cv_arena_fail(t->arena, t->err);
}
