/* HTML and text out of RTF that encapsulates them; the text of any other. */
#include "rtf/rtf_read.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/text.h"
#include "rtf/rtf_private.h"

#define HEAD_TOKENS 12 /* \fromhtml1 stands among the first ten */

typedef struct state {
    bool tag, htmlrtf;
} state;

typedef struct extract {
    rtf_core *core;
    bool html; /* HTML is wanted, else text */
    state states[RTF_MAX_GROUPS];
    cv_buf out;
} extract;

static state *top(extract *x)
{
    return &x->states[x->core->depth];
}

static bool is_shown(extract *x)
{
    const state *s = top(x);
    return s->tag ? x->html : !s->htmlrtf;
}

static void on_open(void *ctx)
{
    extract *x = ctx;
    x->states[x->core->depth] = x->states[x->core->depth - 1];
}

static void on_close(void *ctx)
{
    (void)ctx;
}

static const char *escape_of(uint8_t c)
{
    return c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : NULL;
}

static void put_escaped(cv_buf *out, cv_slice text)
{
    size_t from = 0;
    for (size_t i = 0; i < text.len; i++) {
        const char *escape = escape_of(text.ptr[i]);
        if (!escape)
            continue;
        cv_buf_put(out, text.ptr + from, i - from);
        cv_buf_put_str(out, escape);
        from = i + 1;
    }
    cv_buf_put(out, text.ptr + from, text.len - from);
}

static void put(extract *x, cv_slice text)
{
    if (x->html && !top(x)->tag)
        put_escaped(&x->out, text);
    else
        cv_buf_put_slice(&x->out, text);
    x->core->stop = x->out.status != CV_OK;
}

static void on_text(void *ctx, cv_slice text)
{
    extract *x = ctx;
    if (is_shown(x))
        put(x, text);
}

static void put_char(extract *x, const rtf_word *w)
{
    if (x->html && !top(x)->tag && w->entity)
        cv_buf_put_str(&x->out, w->entity);
    else
        cv_utf8_put(&x->out, w->value);
    x->core->stop = x->out.status != CV_OK;
}

/* What stands before the first text belongs to the header. */
static void put_break(extract *x)
{
    if (x->out.len || !x->html)
        put(x, CV_S("\r\n"));
}

static void open_tag(extract *x)
{
    rtf_group *g = cv_rtf_core_top(x->core);
    g->skip = false;
    g->codepage = x->core->default_codepage;
    top(x)->tag = true;
}

/* Only what is no text; a marker and a note are. */
static void enter(extract *x, uint32_t dest)
{
    if (dest != RTF_D_TEXT && dest != RTF_D_FIELD && dest != RTF_D_MARKER &&
        dest != RTF_D_NOTE && dest != RTF_D_SHPPICT && dest != RTF_D_NESTPROPS)
        cv_rtf_core_top(x->core)->skip = true;
}

static void on_word(void *ctx, const rtf_word *w, bool has_number, int32_t n)
{
    extract *x = ctx;
    if (w->action == RTF_HTMLTAG)
        open_tag(x);
    else if (w->action == RTF_HTMLRTF)
        top(x)->htmlrtf = !has_number || n != 0;
    else if (w->action == RTF_DEST)
        enter(x, w->value);
    else if (!is_shown(x))
        return;
    else if (w->action == RTF_CHAR)
        put_char(x, w);
    else if (w->action == RTF_BREAK || w->action == RTF_LINE ||
             w->action == RTF_ROW)
        put_break(x);
    else if (w->action == RTF_TAB || w->action == RTF_CELL)
        put(x, CV_S("\t"));
}

static void on_binary(void *ctx, cv_slice bytes)
{
    (void)ctx;
    (void)bytes;
}

/* *cut: not all of it. */
static cv_status read(cv_arena *arena, cv_slice in, bool html, bool symbols,
                      cv_slice *out, bool *cut, cv_error *err)
{
    extract *x = cv_arena_alloc(arena, sizeof *x);
    if (!x)
        return cv_arena_fail(arena, err);
    CV_TRY(cv_rtf_core_new(arena, in, &x->core, err));
    x->html = html;
    x->core->symbols = symbols;
    x->core->client = (rtf_client){ .open = on_open,
                                    .close = on_close,
                                    .text = on_text,
                                    .word = on_word,
                                    .binary = on_binary,
                                    .ctx = x };
    cv_buf_init(&x->out, CV_LIMIT_RTF_BYTES);
    cv_rtf_core_run(x->core);
    *cut = x->core->stop || x->core->deep;
    *out = cv_buf_dup(&x->out, arena);
    cv_buf_clear(&x->out);
    return out->ptr ? CV_OK : cv_arena_fail(arena, err);
}

cv_slice cv_rtf_to_text(cv_arena *arena, cv_slice rtf)
{
    cv_slice out = { NULL, 0 };
    bool cut = false;
    bool native = cv_rtf_kind_of(rtf) == CV_RTF_NATIVE;
    if (read(arena, rtf, false, native, &out, &cut, NULL) != CV_OK)
        out.ptr = NULL;
    return out;
}

/* Both marks stand among the first words, before any text. */
cv_rtf_kind cv_rtf_kind_of(cv_slice rtf)
{
    size_t pos = 0;
    cv_slice head = cv_slice_trim(cv_slice_sub(rtf, 0, 1000));
    if (!cv_slice_starts(head, CV_S("{\\rtf")))
        return CV_RTF_NONE;
    for (size_t i = 0; i < HEAD_TOKENS && pos < head.len; i++) {
        size_t next = pos + 1;
        while (next < head.len && head.ptr[next] != '\\' &&
               head.ptr[next] != '{' && head.ptr[next] != '}')
            next++;
        cv_slice word = cv_slice_trim(cv_slice_sub(head, pos, next - pos));
        if (cv_slice_eq(word, CV_S("\\fromhtml1")))
            return CV_RTF_HTML;
        if (cv_slice_starts(word, CV_S("\\fromtext")))
            return CV_RTF_TEXT;
        pos = next;
    }
    return CV_RTF_NATIVE;
}

cv_status cv_rtf_to_html(cv_arena *arena, cv_slice rtf, cv_rtf_html *out,
                         cv_error *err)
{
    *out = (cv_rtf_html){ .html = CV_S("") };
    if (cv_rtf_kind_of(rtf) != CV_RTF_HTML)
        return cv_rtf_native_html(arena, rtf, out, err);
    CV_TRY(read(arena, rtf, true, false, &out->html, &out->cut, err));
    out->empty = !cv_slice_trim(out->html).len;
    return CV_OK;
}
