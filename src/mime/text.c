#include "mime/mime_private.h"

#include <string.h>

enum { CP_UTF16 = 1200, CP_UTF16BE = 1201, CP_UTF8 = 65001, CP_ANSI = 1252 };

static bool is_wide(uint32_t codepage)
{
    return codepage == CP_UTF16 || codepage == CP_UTF16BE ||
           codepage == 12000 || codepage == 12001;
}

/* "=", perhaps quoted, then a name: the value of charset in a meta element. */
static cv_slice meta_value(cv_slice html, size_t pos)
{
    while (pos < html.len &&
           (cv_mime_is_blank(html.ptr[pos]) || html.ptr[pos] == '=' ||
            html.ptr[pos] == '"' || html.ptr[pos] == '\''))
        pos++;
    size_t end = pos;
    while (end < html.len && html.ptr[end] > 32 &&
           !strchr("\"'>;/", html.ptr[end]))
        end++;
    return cv_slice_sub(html, pos, end - pos);
}

/* Character set that an HTML document claims in a meta element, 0 when none.
 * Its bytes could be read one by one, so it is not UTF-16 (C020). */
static uint32_t meta_charset(cv_slice html)
{
    enum { HEAD_BYTES = 4096 };
    cv_slice head = cv_slice_sub(html, 0, HEAD_BYTES);
    size_t meta = 0;
    while ((meta = cv_slice_ifind(head, CV_S("<meta"), meta)) != CV_NPOS) {
        size_t end = cv_slice_find_byte(head, '>', meta);
        cv_slice element = cv_slice_sub(head, meta, end - meta);
        size_t at = cv_slice_ifind(element, CV_S("charset"), 0);
        if (at != CV_NPOS) {
            uint32_t cp = cv_codepage_of_charset(meta_value(element, at + 7));
            return is_wide(cp) ? 0 : cp;
        }
        meta += 5;
    }
    return 0;
}

static uint32_t bom(cv_slice bytes)
{
    if (cv_slice_starts(bytes, CV_S("\xEF\xBB\xBF")))
        return CP_UTF8;
    if (cv_slice_starts(bytes, CV_S("\xFF\xFE")))
        return CP_UTF16;
    return cv_slice_starts(bytes, CV_S("\xFE\xFF")) ? CP_UTF16BE : 0;
}

/* UTF-16 that nobody declared: NUL in half the places on one side of its pairs
 * at least and nowhere on the other, 0 for all else (a stray NUL, C024). */
static uint32_t wide_by_nuls(cv_slice bytes)
{
    size_t nuls[2] = { 0, 0 }, look = bytes.len < 4096 ? bytes.len : 4096;

    for (size_t i = 0; i < look; i++)
        nuls[i % 2] += bytes.ptr[i] == 0;
    if (bytes.len % 2 || look < 16)
        return 0;
    if (nuls[0] == 0 && nuls[1] >= look / 4)
        return CP_UTF16;
    return nuls[1] == 0 && nuls[0] >= look / 4 ? CP_UTF16BE : 0;
}

static uint32_t guess(const cv_mime_part *part, cv_slice bytes)
{
    uint32_t cp = bom(bytes);
    if (!cp)
        cp = wide_by_nuls(bytes);
    if (cp)
        return cp;
    if (cv_utf8_valid(bytes))
        return CP_UTF8;
    if (cv_mime_is(part, "text", "html"))
        cp = meta_charset(bytes);
    return cp && cp != CP_UTF8 ? cp : CP_ANSI;
}

/* Text before the first blank or semicolon: "us-ascii (plain)", "x;y". */
static cv_slice declared(const cv_mime_part *part)
{
    cv_slice name = cv_slice_trim(cv_mime_param_get(part, CV_S("charset")));
    size_t n = 0;
    while (n < name.len && name.ptr[n] > 32 && name.ptr[n] != ';')
        n++;
    return cv_slice_sub(name, 0, n);
}

/* Text of single bytes that is said to be UTF-16: no NUL, as the first line end
 * has in UTF-16, and mostly ASCII, as Chinese without line ends is not. */
static bool is_narrow(cv_slice bytes)
{
    size_t ascii = 0;

    if (cv_slice_find_byte(bytes, 0, 0) != CV_NPOS)
        return false;
    for (size_t i = 0; i < bytes.len; i++)
        ascii += bytes.ptr[i] < 127;
    return bytes.len - ascii <= bytes.len / 8 || cv_utf8_valid(bytes);
}

/* Why a declared character set is not used, NULL when it is. */
static const char *distrust(cv_slice name, uint32_t cp, cv_slice bytes)
{
    if (!is_wide(cp) && wide_by_nuls(bytes))
        return "the bytes are UTF-16";
    if (name.len == 0)
        return cv_is_ascii(bytes) ? NULL : "8-bit bytes without a charset";
    if (is_wide(cp) && !bom(bytes) && is_narrow(bytes))
        return "not UTF-16 as declared";
    if (cp == 20127 && !cv_is_ascii(bytes))
        return "8-bit bytes in us-ascii";
    return NULL;
}

/* NUL would end the text for many a reader (C024). */
static cv_slice drop_nul(cv_arena *arena, cv_slice text, size_t *dropped)
{
    *dropped = 0;
    if (cv_slice_find_byte(text, 0, 0) == CV_NPOS)
        return text;
    uint8_t *copy = cv_arena_alloc(arena, text.len);
    size_t n = 0;
    for (size_t i = 0; copy && i < text.len; i++)
        if (text.ptr[i])
            copy[n++] = text.ptr[i];
    *dropped = text.len - n;
    return cv_slice_of(copy, n);
}

static cv_slice decode(const cv_mime_part *part, cv_arena *arena,
                       cv_slice bytes, uint32_t *codepage, cv_report *report)
{
    cv_slice name = declared(part);
    uint32_t cp = cv_codepage_of_charset(name);
    const char *why = distrust(name, cp, bytes);
    bool lossy = false;
    cv_slice text;
    if (name.len && cp == 0) {
        /* iconv may know a name that has no code page. */
        text = cv_charset_to_utf8(arena, name, bytes, &lossy);
        *codepage = CP_UTF8;
        if (!lossy)
            return text;
        why = "unknown character set";
    }
    if (why || name.len == 0)
        cp = guess(part, bytes);
    if (why)
        cv_report_say(report, CV_RULE_MIME_CHARSET, part->path, CV_S("charset"),
                      cv_slice_sub(name, 0, 60), "%s; read as code page %u",
                      why, cp);
    lossy = false;
    text = why || name.len == 0
               ? cv_codepage_to_utf8(arena, cp, bytes, &lossy)
               : cv_charset_to_utf8(arena, name, bytes, &lossy);
    *codepage = cp;
    if (lossy)
        cv_report_say(report, CV_RULE_TEXT_DECODING, part->path,
                      CV_S("charset"), cv_slice_sub(name, 0, 60),
                      "bytes that are none of it became U+FFFD");
    return text;
}

cv_status cv_mime_part_text(const cv_mime_part *part, cv_arena *arena,
                            cv_slice *out, uint32_t *charset_used,
                            cv_report *report, cv_error *err)
{
    cv_slice bytes;
    uint32_t cp;
    CV_TRY(cv_mime_part_bytes(part, CV_LIMIT_BUF_BYTES, arena, &bytes, err));
    cv_slice text = decode(part, arena, bytes, &cp, report);
    size_t dropped = 0;
    if (text.ptr)
        text = drop_nul(arena, text, &dropped);
    if (!text.ptr && bytes.len)
        return cv_arena_fail(arena, err);
    if (dropped)
        cv_report_say(report, CV_RULE_MIME_NUL, part->path, CV_S(""), CV_S(""),
                      "%zu NUL bytes left out", dropped);
    if (cv_slice_starts(text, CV_S("\xEF\xBB\xBF")))
        text = cv_slice_sub(text, 3, text.len);
    if (cv_mime_is_flowed(part)) {
        text = cv_mime_unflow(arena, part, text);
        if (!text.ptr)
            return cv_arena_fail(arena, err);
    }
    *out = text;
    if (charset_used)
        *charset_used = cp;
    return CV_OK;
}
