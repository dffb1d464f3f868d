/* The body of a message from its texts. Source: spec mime-mapping.md B4, B5;
 * kb-cases.md C017, C020, C023. */
#include "convert/from_mime.h"

#include "base/text.h"
#include "html/html_text.h"
#include "html/html_write.h"

#define CP_UTF8 65001

/* What a command of text/richtext (RFC 1341) stands for. */
static const char *richtext_mark(cv_slice at)
{
    return cv_slice_istarts(at, CV_S("<nl>"))   ? "\r\n"
           : cv_slice_istarts(at, CV_S("<lt>")) ? "<"
                                                : "";
}

/* text/enriched: commands vanish, "<<" is "<"; line ends stay as they are. So
 * does its ancestor text/richtext, with marks of its own. */
static cv_slice plain_of_enriched(cv_arena *arena, cv_slice text)
{
    cv_buf buf;
    cv_buf_init(&buf, 0);
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != '<') {
            cv_buf_put_byte(&buf, text.ptr[i]);
        } else if (i + 1 < text.len && text.ptr[i + 1] == '<') {
            cv_buf_put_byte(&buf, '<');
            i++;
        } else {
            size_t end = cv_slice_find_byte(text, '>', i);
            cv_buf_put_str(&buf, richtext_mark(cv_slice_sub(text, i, 4)));
            if (cv_slice_istarts(cv_slice_sub(text, i, 7), CV_S("<param>")))
                end = cv_slice_ifind(text, CV_S("</param>"), i);
            if (end == CV_NPOS) {
                cv_buf_put_slice(&buf, cv_slice_sub(text, i, text.len));
                break;
            }
            i = text.ptr[end] == '<' ? end + 7 : end;
        }
    }
    cv_slice out = cv_buf_dup(&buf, arena);
    cv_buf_clear(&buf);
    return out;
}

static cv_status text_of(cv_from *c, const cv_mime_part *part, cv_slice *out,
                         uint32_t *codepage)
{
    uint32_t used = CP_UTF8;
    CV_TRY(cv_mime_part_text(part, c->arena, out, &used, c->report, c->err));
    if (cv_mime_is(part, "text", "enriched") ||
        cv_mime_is(part, "text", "richtext"))
        *out = plain_of_enriched(c->arena, *out);
    if (codepage)
        *codepage = used;
    return CV_OK;
}

static void join(cv_buf *buf, cv_slice text, const char *between)
{
    if (buf->len && text.len)
        cv_buf_put_str(buf, between);
    cv_buf_put_slice(buf, text);
}

static cv_status join_plain(cv_from *c, const cv_parts *parts, cv_buf *buf)
{
    for (size_t i = 0; i < parts->segment_count; i++) {
        const cv_segment *s = &parts->segments[i];
        cv_slice text = CV_S("");
        if (s->html_only)
            continue;
        CV_TRY(text_of(c, s->plain ? s->plain : s->html, &text, NULL));
        if (!s->plain)
            text = cv_html_to_text(c->arena, text);
        join(buf, text, "\r\n");
    }
    return cv_buf_status(buf, c->err);
}

static cv_status join_html(cv_from *c, const cv_parts *parts, cv_buf *buf)
{
    for (size_t i = 0; i < parts->segment_count; i++) {
        const cv_segment *s = &parts->segments[i];
        cv_slice text = CV_S("");
        CV_TRY(text_of(c, s->html ? s->html : s->plain, &text, NULL));
        if (!s->html)
            text = cv_text_to_html(c->arena, text);
        join(buf, text, "<br>\r\n");
    }
    return cv_buf_status(buf, c->err);
}

/* One HTML text keeps its bytes and its code page, when they decode. */
static cv_status single_html(cv_from *c, const cv_mime_part *part,
                             cv_slice *bytes, uint32_t *codepage)
{
    cv_slice text = CV_S("");
    bool lossy = false;
    CV_TRY(text_of(c, part, &text, codepage));
    CV_TRY(cv_mime_part_bytes(part, SIZE_MAX, c->arena, bytes, c->err));
    cv_slice again =
        *codepage ? cv_codepage_to_utf8(c->arena, *codepage, *bytes, &lossy)
                  : CV_S("");
    if (!*codepage || lossy || !cv_slice_eq(again, text)) {
        *bytes = text;
        *codepage = CP_UTF8;
    }
    return CV_OK;
}

static cv_status set_html(cv_from *c, const cv_parts *parts, cv_buf *buf)
{
    cv_slice bytes = CV_S("");
    uint32_t codepage = CP_UTF8;
    if (parts->segment_count == 1) {
        CV_TRY(single_html(c, parts->segments[0].html, &bytes, &codepage));
    } else {
        cv_buf_reset(buf);
        CV_TRY(join_html(c, parts, buf));
        bytes = cv_buf_slice(buf);
    }
    cv_bag_set_binary(c->props, CV_PidTagHtml, bytes);
    cv_bag_set_i32(c->props, CV_PidTagInternetCodepage, (int32_t)codepage);
    cv_bag_set_i32(c->props, CV_PidTagNativeBody, 3);
    return CV_OK;
}

static cv_status set_plain_only(cv_from *c, const cv_parts *parts)
{
    cv_slice text = CV_S("");
    uint32_t codepage = CP_UTF8;
    CV_TRY(text_of(c, parts->segments[0].plain, &text, &codepage));
    cv_bag_set_i32(c->props, CV_PidTagInternetCodepage,
                   (int32_t)(codepage ? codepage : CP_UTF8));
    cv_bag_set_i32(c->props, CV_PidTagNativeBody, 1);
    return CV_OK;
}

/* The mail's own text wins over what the calendar part said. */
static cv_status set_body(cv_from *c, const cv_parts *parts, cv_buf *buf)
{
    bool html = false;
    CV_TRY(join_plain(c, parts, buf));
    for (size_t i = 0; i < parts->segment_count; i++)
        html = html || parts->segments[i].html != NULL;
    if (!html && !cv_slice_trim(cv_buf_slice(buf)).len &&
        cv_bag_has(c->props, CV_PidTagBody))
        return CV_OK;
    cv_bag_remove(c->props, CV_PidTagHtml);
    cv_bag_set_string(c->props, CV_PidTagBody, cv_buf_slice(buf));
    return html ? set_html(c, parts, buf) : set_plain_only(c, parts);
}

static void set_part_ids(cv_from *c, const cv_mime_part *part)
{
    const cv_mime_field *f = cv_mime_field_get(part, CV_S("Content-Location"));
    if (part->content_id.len)
        cv_bag_set_string(c->props, CV_PidTagBodyContentId, part->content_id);
    if (f && f->text.len)
        cv_bag_set_string(c->props, CV_PidTagBodyContentLocation,
                          cv_header_text(c, f));
}

cv_status cv_body_from_mime(cv_from *c, const cv_parts *parts)
{
    if (!parts->segment_count)
        return CV_OK;
    const cv_segment *first = &parts->segments[0];
    if (first->html)
        set_part_ids(c, first->html);
    cv_buf buf;
    cv_buf_init(&buf, 0);
    cv_status st = set_body(c, parts, &buf);
    cv_buf_clear(&buf);
    return st;
}
