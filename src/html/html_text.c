#include "html/html_text.h"

#include "base/buf.h"
#include "base/limits.h"

#include <libxml/HTMLparser.h>
#include <limits.h>
#include <string.h>

#define FEED_BYTES 4096 /* handed to the parser at a time */
#define URL_BYTES 2048  /* longest link that is written */

typedef struct text_writer {
    cv_buf out;
    unsigned breaks;      /* line ends at the end of out, at most 2 count */
    bool blank;           /* a blank is owed before the next word */
    unsigned hidden;      /* depth within elements that are not shown */
    unsigned pre;         /* depth within <pre> */
    char link[URL_BYTES]; /* href of the open <a>, empty when none */
    size_t link_from;     /* where its text began in out */
} text_writer;

typedef enum element_kind {
    K_INLINE,
    K_BLOCK,
    K_PARAGRAPH,
    K_BREAK,
    K_HIDDEN,
    K_ITEM,
    K_CELL,
    K_PRE,
    K_LINK,
    K_IMAGE,
    K_RULE
} element_kind;

static const struct {
    const char *name;
    element_kind kind;
} elements[] = {
    { "p", K_PARAGRAPH },     { "h1", K_PARAGRAPH },
    { "h2", K_PARAGRAPH },    { "h3", K_PARAGRAPH },
    { "h4", K_PARAGRAPH },    { "h5", K_PARAGRAPH },
    { "h6", K_PARAGRAPH },    { "ul", K_PARAGRAPH },
    { "ol", K_PARAGRAPH },    { "blockquote", K_PARAGRAPH },
    { "table", K_BLOCK },     { "tr", K_BLOCK },
    { "div", K_BLOCK },       { "section", K_BLOCK },
    { "article", K_BLOCK },   { "header", K_BLOCK },
    { "footer", K_BLOCK },    { "dl", K_BLOCK },
    { "dt", K_BLOCK },        { "dd", K_BLOCK },
    { "form", K_BLOCK },      { "address", K_BLOCK },
    { "center", K_BLOCK },    { "td", K_CELL },
    { "th", K_CELL },         { "br", K_BREAK },
    { "hr", K_RULE },         { "li", K_ITEM },
    { "pre", K_PRE },         { "a", K_LINK },
    { "img", K_IMAGE },       { "script", K_HIDDEN },
    { "style", K_HIDDEN },    { "title", K_HIDDEN },
    { "noscript", K_HIDDEN }, { "object", K_HIDDEN },
};

static element_kind kind_of(const xmlChar *name)
{
    for (size_t i = 0; i < CV_LEN(elements); i++)
        if (!strcasecmp((const char *)name, elements[i].name))
            return elements[i].kind;
    return K_INLINE;
}

/* At least `count` line ends before what follows. */
static void ensure_breaks(text_writer *w, unsigned count)
{
    w->blank = false;
    while (w->out.len && w->breaks < count) {
        cv_buf_put_str(&w->out, "\r\n");
        w->breaks++;
    }
}

static void put_char(text_writer *w, uint8_t ch)
{
    if (w->blank && !w->breaks && w->out.len)
        cv_buf_put_byte(&w->out, ' ');
    w->blank = false;
    w->breaks = 0;
    cv_buf_put_byte(&w->out, ch);
}

static void put_pre(text_writer *w, const uint8_t *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n') {
            cv_buf_put_str(&w->out, "\r\n");
            w->breaks++;
        } else if (text[i] != '\r') {
            put_char(w, text[i]);
        }
    }
}

static void put_flow(text_writer *w, const uint8_t *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == ' ' || text[i] == '\t' || text[i] == '\n' ||
            text[i] == '\r' || text[i] == '\f')
            w->blank = true;
        else
            put_char(w, text[i]);
    }
}

static void on_text(void *ctx, const xmlChar *text, int len)
{
    text_writer *w = ctx;
    if (w->hidden || len <= 0)
        return;
    if (w->pre)
        put_pre(w, text, (size_t)len);
    else
        put_flow(w, text, (size_t)len);
}

static const char *attribute(const xmlChar **attributes, const char *name)
{
    for (size_t i = 0; attributes && attributes[i]; i += 2)
        if (!strcasecmp((const char *)attributes[i], name))
            return attributes[i + 1] ? (const char *)attributes[i + 1] : "";
    return "";
}

static void open_link(text_writer *w, const char *href)
{
    bool web =
        !strncasecmp(href, "http://", 7) || !strncasecmp(href, "https://", 8) ||
        !strncasecmp(href, "mailto:", 7) || !strncasecmp(href, "ftp://", 6);
    w->link[0] = 0;
    if (web && strlen(href) < sizeof w->link)
        memcpy(w->link, href, strlen(href) + 1);
    w->link_from = w->out.len;
}

/* The address is written only where the text does not show it already. */
static void close_link(text_writer *w)
{
    const char *shown =
        strncasecmp(w->link, "mailto:", 7) ? w->link : w->link + 7;
    cv_slice text = cv_slice_sub(cv_buf_slice(&w->out), w->link_from, SIZE_MAX);
    if (w->link[0] && cv_slice_find(text, cv_slice_cstr(shown), 0) == CV_NPOS) {
        w->blank = w->out.len > w->link_from;
        put_char(w, '<');
        cv_buf_put_str(&w->out, shown);
        cv_buf_put_byte(&w->out, '>');
    }
    w->link[0] = 0;
}

static void on_start(void *ctx, const xmlChar *name, const xmlChar **attributes)
{
    text_writer *w = ctx;
    element_kind kind = kind_of(name);
    if (kind == K_HIDDEN)
        w->hidden++;
    if (w->hidden)
        return;
    switch (kind) {
    case K_BREAK:
        w->blank = false;
        cv_buf_put_str(&w->out, "\r\n");
        w->breaks++;
        break;
    case K_RULE:
        ensure_breaks(w, 1);
        put_flow(w, (const uint8_t *)"----", 4);
        ensure_breaks(w, 1);
        break;
    case K_PARAGRAPH:
        ensure_breaks(w, 2);
        break;
    case K_PRE:
        ensure_breaks(w, 1);
        w->pre++;
        break;
    case K_BLOCK:
        ensure_breaks(w, 1);
        break;
    case K_ITEM:
        ensure_breaks(w, 1);
        put_char(w, '*');
        w->blank = true;
        break;
    case K_LINK:
        open_link(w, attribute(attributes, "href"));
        break;
    case K_IMAGE: {
        const char *alt = attribute(attributes, "alt");
        put_flow(w, (const uint8_t *)alt, strlen(alt));
        break;
    }
    default:
        break;
    }
}

static void on_end(void *ctx, const xmlChar *name)
{
    text_writer *w = ctx;
    element_kind kind = kind_of(name);
    if (kind == K_HIDDEN && w->hidden)
        w->hidden--;
    if (w->hidden)
        return;
    if (kind == K_PARAGRAPH)
        ensure_breaks(w, 2);
    else if (kind == K_BLOCK || kind == K_ITEM)
        ensure_breaks(w, 1);
    else if (kind == K_CELL && !w->breaks && w->out.len)
        put_char(w, '\t');
    else if (kind == K_LINK)
        close_link(w);
    if (kind == K_PRE && w->pre) {
        w->pre--;
        ensure_breaks(w, 1);
    }
}

static void parse(text_writer *w, cv_slice html)
{
    htmlSAXHandler sax = { .startElement = on_start,
                           .endElement = on_end,
                           .characters = on_text,
                           .cdataBlock = NULL,
                           .ignorableWhitespace = on_text };
    htmlParserCtxtPtr parser = htmlCreatePushParserCtxt(&sax, w, NULL, 0, NULL,
                                                        XML_CHAR_ENCODING_UTF8);
    if (!parser)
        return;
    htmlCtxtUseOptions(parser, HTML_PARSE_RECOVER | HTML_PARSE_NOERROR |
                                   HTML_PARSE_NOWARNING | HTML_PARSE_NONET |
                                   HTML_PARSE_IGNORE_ENC);
    for (size_t i = 0; i < html.len && w->out.status == CV_OK;
         i += FEED_BYTES) {
        cv_slice piece = cv_slice_sub(html, i, FEED_BYTES);
        htmlParseChunk(parser, (const char *)piece.ptr, (int)piece.len, 0);
    }
    htmlParseChunk(parser, NULL, 0, 1);
    htmlFreeParserCtxt(parser);
}

cv_slice cv_html_to_text(cv_arena *arena, cv_slice html)
{
    text_writer w = { .breaks = 2 };
    cv_buf_init(&w.out, 0);
    parse(&w, html);
    cv_slice text = cv_buf_slice(&w.out);
    while (text.len &&
           (text.ptr[text.len - 1] == '\n' || text.ptr[text.len - 1] == '\r' ||
            text.ptr[text.len - 1] == '\t' || text.ptr[text.len - 1] == ' '))
        text.len--;
    bool any = text.len != 0;
    w.out.len = text.len;
    if (any)
        cv_buf_put_str(&w.out, "\r\n");
    cv_slice copy = cv_buf_dup(&w.out, arena);
    cv_buf_clear(&w.out);
    return copy;
}
