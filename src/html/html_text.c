#include "html/html_text.h"

#include "base/buf.h"
#include "base/lazy.h"
#include "base/text.h"

#include <libxml/HTMLparser.h>
#include <stdio.h>
#include <string.h>

/* libxml2 is opened at the first HTML without a text of its own. */
#define PARSER(F) \
    F(htmlCreatePushParserCtxt) \
    F(htmlCtxtUseOptions) \
    F(htmlParseChunk) \
    F(htmlFreeParserCtxt)
CV_LAZY_TYPE(html_parser, PARSER);
static const html_parser *html_parser_get(void);
CV_LAZY_GET(html_parser, PARSER, "libxml2.so.2", html_parser_get)

#define FEED_BYTES 4096 /* handed to the parser at a time */
#define URL_BYTES 2048  /* longest link that is written */
#define MAX_LISTS 16    /* lists within lists that are told apart */
#define MAX_QUOTES 20   /* marks before a line */
#define MAX_HARD 80     /* hard blanks in a row */

/* A list's items are counted, or have "*". */
typedef struct list {
    bool numbered;
    char form; /* '1', 'a' or 'A' */
    int next;
} list;

typedef struct text_writer {
    cv_buf out;
    unsigned breaks; /* line ends at the end of out, at most 2 count */
    bool blank;      /* a blank is owed before the next word */
    bool tab;        /* or the end of a cell */
    unsigned hard;   /* or so many blanks that may not be dropped */
    unsigned hidden; /* depth within elements that are not shown */
    unsigned pre;    /* depth within <pre> */
    unsigned quote;  /* depth within <blockquote> */
    list lists[MAX_LISTS];
    unsigned list_depth;  /* may exceed MAX_LISTS */
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
    K_LIST,
    K_QUOTE,
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
    { "p", K_PARAGRAPH },      { "h1", K_PARAGRAPH },    { "h2", K_PARAGRAPH },
    { "h3", K_PARAGRAPH },     { "h4", K_PARAGRAPH },    { "h5", K_PARAGRAPH },
    { "h6", K_PARAGRAPH },     { "ul", K_LIST },         { "ol", K_LIST },
    { "blockquote", K_QUOTE }, { "table", K_BLOCK },     { "tr", K_BLOCK },
    { "div", K_BLOCK },        { "section", K_BLOCK },   { "article", K_BLOCK },
    { "header", K_BLOCK },     { "footer", K_BLOCK },    { "dl", K_BLOCK },
    { "dt", K_BLOCK },         { "dd", K_BLOCK },        { "form", K_BLOCK },
    { "address", K_BLOCK },    { "center", K_BLOCK },    { "td", K_CELL },
    { "th", K_CELL },          { "br", K_BREAK },        { "hr", K_RULE },
    { "li", K_ITEM },          { "pre", K_PRE },         { "a", K_LINK },
    { "img", K_IMAGE },        { "script", K_HIDDEN },   { "style", K_HIDDEN },
    { "title", K_HIDDEN },     { "noscript", K_HIDDEN }, { "object", K_HIDDEN },
    { "template", K_HIDDEN },
};

static element_kind kind_of(const xmlChar *name)
{
    for (size_t i = 0; i < CV_LEN(elements); i++)
        if (!strcasecmp((const char *)name, elements[i].name))
            return elements[i].kind;
    return K_INLINE;
}

static void put_quotes(text_writer *w)
{
    unsigned depth = w->quote < MAX_QUOTES ? w->quote : MAX_QUOTES;
    for (unsigned i = 0; i < depth; i++)
        cv_buf_put_str(&w->out, i ? " >" : ">");
}

static void put_break(text_writer *w)
{
    if (w->breaks)
        put_quotes(w); /* an empty line of a quotation */
    cv_buf_put_str(&w->out, "\r\n");
    w->breaks++;
    w->blank = w->tab = false;
    w->hard = 0;
}

/* At least `count` line ends before what follows. */
static void ensure_breaks(text_writer *w, unsigned count)
{
    w->blank = w->tab = false;
    w->hard = 0;
    while (w->out.len && w->breaks < count)
        put_break(w);
}

/* What stands before the first letter of a line, or of a word. */
static void begin_word(text_writer *w)
{
    bool first = w->breaks || !w->out.len;
    if (first) {
        put_quotes(w);
        if (w->quote)
            cv_buf_put_byte(&w->out, ' ');
    }
    if (w->tab && !first)
        cv_buf_put_byte(&w->out, '\t');
    else if (w->blank && !first)
        cv_buf_put_byte(&w->out, ' ');
    for (unsigned i = 0; i < w->hard; i++)
        cv_buf_put_byte(&w->out, ' ');
    w->blank = w->tab = false;
    w->hard = 0;
    w->breaks = 0;
}

static void put_char(text_writer *w, uint8_t ch)
{
    if (w->breaks || w->blank || w->tab || w->hard || !w->out.len)
        begin_word(w);
    cv_buf_put_byte(&w->out, ch);
}

static void put_pre(text_writer *w, const uint8_t *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n')
            put_break(w);
        else if (text[i] != '\r')
            put_char(w, text[i]);
    }
}

/* Bytes of a letter that nobody sees (soft hyphen, joiner, zero width), or of
 * a hard blank. */
static size_t unseen(const uint8_t *text, size_t len, bool *hard)
{
    cv_slice s = cv_slice_of(text, len);
    *hard = cv_slice_starts(s, CV_S("\xC2\xA0"));
    if (*hard || cv_slice_starts(s, CV_S("\xC2\xAD")) ||
        cv_slice_starts(s, CV_S("\xCD\x8F")))
        return 2;
    if (cv_slice_starts(s, CV_S("\xE2\x80\x8B")) ||
        cv_slice_starts(s, CV_S("\xEF\xBB\xBF")))
        return 3;
    return 0;
}

/* Hard blanks count only where a word follows on the line. */
static void put_flow(text_writer *w, const uint8_t *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bool hard = false;
        size_t skip = text[i] >= 0xC2 ? unseen(text + i, len - i, &hard) : 0;
        if (skip) {
            if (hard && w->hard < MAX_HARD)
                w->hard++;
            i += skip - 1;
        } else if (text[i] == ' ' || text[i] == '\t' || text[i] == '\n' ||
                   text[i] == '\r' || text[i] == '\f') {
            w->blank = true;
        } else {
            put_char(w, text[i]);
        }
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

static bool says(const char *style, const char *what)
{
    return cv_slice_ifind(cv_slice_cstr(style), cv_slice_cstr(what), 0) !=
           CV_NPOS;
}

/* A line meant for the list of mails only, and the like. */
static bool is_hidden(const xmlChar **attributes)
{
    const char *style = attribute(attributes, "style");
    for (size_t i = 0; attributes && attributes[i]; i += 2)
        if (!strcasecmp((const char *)attributes[i], "hidden"))
            return true;
    return style[0] &&
           (says(style, "display:none") || says(style, "display: none") ||
            says(style, "mso-hide:all") || says(style, "visibility:hidden"));
}

/* -- lists -- */

static int number_of(const char *text, int otherwise)
{
    int64_t n = 0;
    if (cv_parse_i64(cv_slice_cstr(text), &n) != CV_OK || n < 0 || n > 99999)
        return otherwise;
    return (int)n;
}

static void open_list(text_writer *w, const xmlChar *name,
                      const xmlChar **attributes)
{
    const char *type = attribute(attributes, "type");
    ensure_breaks(w, w->list_depth ? 1 : 2);
    if (w->list_depth < MAX_LISTS)
        w->lists[w->list_depth] =
            (list){ .numbered = !strcasecmp((const char *)name, "ol"),
                    .form = type[0] == 'a' || type[0] == 'A' ? type[0] : '1',
                    .next = number_of(attribute(attributes, "start"), 1) };
    w->list_depth++;
}

static void close_list(text_writer *w)
{
    if (w->list_depth)
        w->list_depth--;
    ensure_breaks(w, w->list_depth ? 1 : 2);
}

static void put_item(text_writer *w, const xmlChar **attributes)
{
    char mark[16] = "*";
    unsigned at = w->list_depth < MAX_LISTS ? w->list_depth : MAX_LISTS;
    list *l = at ? &w->lists[at - 1] : NULL;
    ensure_breaks(w, 1);
    if (l && l->numbered) {
        l->next = number_of(attribute(attributes, "value"), l->next);
        bool letter = l->form != '1' && l->next >= 1 && l->next <= 26;
        if (letter)
            (void)snprintf(mark, sizeof mark, "%c.", l->form + l->next - 1);
        else
            (void)snprintf(mark, sizeof mark, "%d.", l->next);
        l->next++;
    }
    w->hard = at > 1 ? (at - 1) * 2 : 0;
    put_flow(w, (const uint8_t *)mark, strlen(mark));
    w->blank = true;
}

/* -- elements -- */

static void put_image(text_writer *w, const xmlChar **attributes)
{
    const char *alt = attribute(attributes, "alt");
    put_flow(w, (const uint8_t *)alt, strlen(alt));
}

static void put_rule(text_writer *w)
{
    ensure_breaks(w, 1);
    put_flow(w, (const uint8_t *)"----", 4);
    ensure_breaks(w, 1);
}

static void start_block(text_writer *w, element_kind kind)
{
    ensure_breaks(w, kind == K_PARAGRAPH ? 2 : 1);
    if (kind == K_PRE)
        w->pre++;
    else if (kind == K_QUOTE)
        w->quote++;
}

/* Starts and ends come in pairs: the parser closes what nobody closes. */
static void on_start(void *ctx, const xmlChar *name, const xmlChar **attributes)
{
    text_writer *w = ctx;
    element_kind kind = kind_of(name);
    if (w->hidden || kind == K_HIDDEN || is_hidden(attributes)) {
        w->hidden++;
        return;
    }
    switch (kind) {
    case K_BREAK:
        if (w->breaks < 2)
            put_break(w);
        break;
    case K_RULE:
        put_rule(w);
        break;
    case K_PARAGRAPH:
    case K_PRE:
    case K_BLOCK:
    case K_QUOTE:
        start_block(w, kind);
        break;
    case K_LIST:
        open_list(w, name, attributes);
        break;
    case K_ITEM:
        put_item(w, attributes);
        break;
    case K_LINK:
        open_link(w, attribute(attributes, "href"));
        break;
    case K_IMAGE:
        put_image(w, attributes);
        break;
    default:
        break;
    }
}

static void on_end(void *ctx, const xmlChar *name)
{
    text_writer *w = ctx;
    element_kind kind = kind_of(name);
    if (w->hidden) {
        w->hidden--;
        return;
    }
    if (kind == K_PARAGRAPH)
        ensure_breaks(w, 2);
    else if (kind == K_BLOCK || kind == K_ITEM || kind == K_PRE ||
             kind == K_QUOTE)
        ensure_breaks(w, 1);
    else if (kind == K_LIST)
        close_list(w);
    else if (kind == K_CELL && !w->breaks && w->out.len)
        w->tab = true;
    else if (kind == K_LINK)
        close_link(w);
    if (kind == K_PRE && w->pre)
        w->pre--;
    else if (kind == K_QUOTE && w->quote)
        w->quote--;
}

static void parse(text_writer *w, cv_slice html)
{
    htmlSAXHandler sax = { .startElement = on_start,
                           .endElement = on_end,
                           .characters = on_text,
                           .cdataBlock = NULL,
                           .ignorableWhitespace = on_text };
    const html_parser *xml = html_parser_get();
    htmlParserCtxtPtr parser =
        xml ? xml->htmlCreatePushParserCtxt(&sax, w, NULL, 0, NULL,
                                            XML_CHAR_ENCODING_UTF8)
            : NULL;
    if (!parser)
        return;
    xml->htmlCtxtUseOptions(
        parser, HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
                    HTML_PARSE_NONET | HTML_PARSE_IGNORE_ENC);
    /* Outside a body the parser would make paragraphs of its own. */
    if (cv_slice_ifind(html, CV_S("<body"), 0) == CV_NPOS)
        xml->htmlParseChunk(parser, "<body>", 6, 0);
    for (size_t i = 0; i < html.len && w->out.status == CV_OK;
         i += FEED_BYTES) {
        cv_slice piece = cv_slice_sub(html, i, FEED_BYTES);
        xml->htmlParseChunk(parser, (const char *)piece.ptr, (int)piece.len, 0);
    }
    xml->htmlParseChunk(parser, NULL, 0, 1);
    xml->htmlFreeParserCtxt(parser);
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
