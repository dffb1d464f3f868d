#include "html/html_write.h"

#include "base/buf.h"

#define HEAD_BYTES 8192 /* where a META is looked for */
#define MAX_QUOTES 20   /* block quotes within each other */
#define MAX_LINK 2000   /* bytes of an address */

static const char *escape_of(uint8_t c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    default:
        return NULL;
    }
}

static void put_escaped(cv_buf *out, cv_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        const char *escape = escape_of(text.ptr[i]);
        if (escape)
            cv_buf_put_str(out, escape);
        else
            cv_buf_put_byte(out, text.ptr[i]);
    }
}

/* Bytes of an address of the web at the start of text, 0 for none. What ends
 * a sentence is no part of it. */
static size_t link_length(cv_slice text)
{
    static const char *const schemes[] = { "http://", "https://", "ftp://",
                                           "mailto:" };
    size_t head = 0, n;
    for (size_t i = 0; i < CV_LEN(schemes) && !head; i++)
        if (cv_slice_istarts(text, cv_slice_cstr(schemes[i])))
            head = cv_slice_cstr(schemes[i]).len;
    if (!head)
        return 0;
    for (n = head; n < text.len && n < MAX_LINK; n++) {
        uint8_t c = text.ptr[n];
        if (c <= 0x20 || c == '<' || c == '>' || c == '"' || c == 0x7F)
            break;
    }
    while (n > head &&
           cv_slice_find_byte(CV_S(".,;:!?)'"), text.ptr[n - 1], 0) != CV_NPOS)
        n--;
    return n > head ? n : 0;
}

static void put_link(cv_buf *out, cv_slice url)
{
    cv_buf_put_str(out, "<a href=\"");
    put_escaped(out, url);
    cv_buf_put_str(out, "\">");
    put_escaped(out, url);
    cv_buf_put_str(out, "</a>");
}

/* A blank that HTML would swallow is a hard one; lead: blanks at the start of
 * the line. */
static void put_blank(cv_buf *out, cv_slice line, size_t at, size_t lead)
{
    bool lost = at < lead || at + 1 == line.len || line.ptr[at + 1] == ' ' ||
                line.ptr[at - 1] == '\t';
    cv_buf_put_str(out, lost ? "&nbsp;" : " ");
}

static bool begins_word(cv_slice line, size_t at)
{
    uint8_t before = at ? line.ptr[at - 1] | 32 : ' ';
    return before < 0x80 && !(before >= 'a' && before <= 'z');
}

static void put_line(cv_buf *out, cv_slice line)
{
    size_t lead = 0;
    while (lead < line.len && line.ptr[lead] == ' ')
        lead++;
    for (size_t i = 0; i < line.len;) {
        uint8_t c = line.ptr[i];
        bool letter = (c | 32) == 'h' || (c | 32) == 'f' || (c | 32) == 'm';
        size_t link = letter && begins_word(line, i)
                          ? link_length(cv_slice_sub(line, i, MAX_LINK))
                          : 0;
        if (link) {
            put_link(out, cv_slice_sub(line, i, link));
            i += link;
            continue;
        }
        if (c == ' ')
            put_blank(out, line, i, lead);
        else if (c == '\t')
            cv_buf_put_str(out, "&nbsp;&nbsp;&nbsp;&nbsp;");
        else
            put_escaped(out, cv_slice_sub(line, i, 1));
        i++;
    }
}

/* "> > text": its depth, and *line without the marks. */
static size_t quotes_of(cv_slice *line)
{
    size_t depth = 0, at = 0;
    while (at < line->len && line->ptr[at] == '>' && depth < MAX_QUOTES) {
        depth++;
        at++;
        if (at < line->len && line->ptr[at] == ' ')
            at++;
    }
    *line = cv_slice_sub(*line, at, line->len);
    return depth;
}

static void set_depth(cv_buf *out, size_t *depth, size_t wanted)
{
    for (; *depth < wanted; ++*depth)
        cv_buf_put_str(out, "<blockquote type=\"cite\">");
    for (; *depth > wanted; --*depth)
        cv_buf_put_str(out, "</blockquote>\r\n");
}

/* The next line, without its end; *ended: it had one. */
static cv_slice next_line(cv_slice *rest, bool *ended)
{
    size_t n = 0;
    while (n < rest->len && rest->ptr[n] != '\r' && rest->ptr[n] != '\n')
        n++;
    cv_slice line = cv_slice_sub(*rest, 0, n);
    *ended = n < rest->len;
    if (cv_slice_starts(cv_slice_sub(*rest, n, 2), CV_S("\r\n")))
        n++;
    *rest = cv_slice_sub(*rest, *ended ? n + 1 : n, rest->len);
    return line;
}

cv_slice cv_text_to_html(cv_arena *arena, cv_slice text)
{
    cv_buf buf;
    size_t depth = 0;
    cv_buf_init(&buf, 0);
    while (text.len) {
        bool ended = false;
        cv_slice line = next_line(&text, &ended);
        size_t quotes = quotes_of(&line), next = 0;
        set_depth(&buf, &depth, quotes);
        put_line(&buf, line);
        if (text.len && text.ptr[0] == '>') {
            cv_slice peek = cv_slice_sub(text, 0, MAX_QUOTES * 2);
            next = quotes_of(&peek);
        }
        /* The edge of a quotation ends a line by itself. */
        if (ended && (next == depth || !line.len))
            cv_buf_put_str(&buf, "<br>\r\n");
    }
    set_depth(&buf, &depth, 0);
    cv_slice out = cv_buf_dup(&buf, arena);
    cv_buf_clear(&buf);
    return out;
}

/* -- META -- */

/* Where the value of charset= within a META tag lies. */
static bool find_charset(cv_slice head, size_t *from, size_t *len)
{
    size_t at = cv_slice_ifind(head, CV_S("charset"), *from);
    while (at != CV_NPOS) {
        size_t tag = at, pos = at + 7;
        while (tag && head.ptr[tag] != '<' && head.ptr[tag] != '>')
            tag--;
        while (pos < head.len &&
               (head.ptr[pos] == ' ' || head.ptr[pos] == '=' ||
                head.ptr[pos] == '"' || head.ptr[pos] == '\''))
            pos++;
        size_t end = pos;
        while (end < head.len &&
               cv_slice_find_byte(CV_S("\"'; />\r\n\t"), head.ptr[end], 0) ==
                   CV_NPOS)
            end++;
        if (cv_slice_istarts(cv_slice_sub(head, tag, 5), CV_S("<meta")) &&
            cv_slice_find_byte(cv_slice_sub(head, at, pos - at), '=', 0) !=
                CV_NPOS) {
            *from = pos;
            *len = end - pos;
            return true;
        }
        at = cv_slice_ifind(head, CV_S("charset"), at + 7);
    }
    return false;
}

cv_slice cv_html_say_utf8(cv_arena *arena, cv_slice html)
{
    cv_slice head = cv_slice_sub(html, 0, HEAD_BYTES);
    size_t from = 0, len = 0, done = 0;
    cv_buf buf;
    cv_buf_init(&buf, 0);
    while (find_charset(head, &from, &len)) {
        if (!cv_slice_ieq(cv_slice_sub(head, from, len), CV_S("utf-8"))) {
            cv_buf_put_slice(&buf, cv_slice_sub(html, done, from - done));
            cv_buf_put_str(&buf, "utf-8");
            done = from + len;
        }
        from += len;
    }
    cv_slice out = html;
    if (done) {
        cv_buf_put_slice(&buf, cv_slice_sub(html, done, html.len));
        out = cv_buf_dup(&buf, arena);
    }
    cv_buf_clear(&buf);
    return out;
}
