/* One pass over the tokens of an RTF body. Groups are kept on a stack of
 * fixed size; deeper ones share the last entry, so nothing recurses. */
#include "rtf/rtf_read.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/text.h"
#include "rtf/rtf_private.h"

#define MAX_GROUPS 256
#define MAX_FONTS 512
#define MAX_RUN 4096 /* bytes of one \'hh run that are decoded together */

typedef struct group {
    bool skip, fonts, tag;
    bool htmlrtf;
    uint32_t codepage; /* of the current font */
    int32_t uc;        /* fallback characters after \u */
} group;

typedef struct font {
    int32_t number;
    uint32_t codepage;
} font;

typedef struct rtf {
    cv_arena *arena;
    cv_slice in;
    size_t pos;
    bool html; /* HTML is wanted, else text */
    group groups[MAX_GROUPS];
    size_t depth;   /* index of the current group */
    size_t surplus; /* groups open beyond the stack */
    font fonts[MAX_FONTS];
    size_t font_count;
    uint32_t default_codepage;
    int32_t default_font;
    bool star;         /* \* came before the next word */
    int32_t fallbacks; /* characters still to be skipped after \u */
    uint16_t high;     /* surrogate that waits for its other half */
    uint8_t run[MAX_RUN];
    size_t run_len;
    cv_buf out;
} rtf;

static group *top(rtf *r)
{
    return &r->groups[r->depth];
}

/* Bytes of several tokens are decoded as one: a letter may be split. */
static void flush(rtf *r)
{
    if (r->high) {
        cv_utf8_put(&r->out, 0xFFFD);
        r->high = 0;
    }
    if (!r->run_len)
        return;
    cv_slice text = cv_codepage_to_utf8(r->arena, top(r)->codepage,
                                        cv_slice_of(r->run, r->run_len), NULL);
    r->run_len = 0;
    cv_buf_put_slice(&r->out, text);
}

static bool is_shown(rtf *r)
{
    const group *g = top(r);
    if (g->skip || g->fonts)
        return false;
    return g->tag ? r->html : !g->htmlrtf;
}

static void put_char(rtf *r, uint32_t c)
{
    flush(r);
    if (!is_shown(r) || !c)
        return;
    if (r->html && !top(r)->tag && (c == '<' || c == '>' || c == '&'))
        cv_buf_put_str(&r->out, c == '<'   ? "&lt;"
                                : c == '>' ? "&gt;"
                                           : "&amp;");
    else
        cv_utf8_put(&r->out, c);
}

static void put_break(rtf *r)
{
    flush(r);
    /* What stands before the first text belongs to the header. */
    if (is_shown(r) && (r->out.len || !r->html))
        cv_buf_put_str(&r->out, "\r\n");
}

/* Whether the run ends in the first byte of a two-byte letter. */
static bool is_split(const rtf *r)
{
    uint32_t cp = r->groups[r->depth].codepage;
    size_t i = 0;
    if (cp != 932 && cp != 936 && cp != 949 && cp != 950 && cp != 1361)
        return false;
    while (i < r->run_len) {
        uint8_t c = r->run[i];
        bool kana = cp == 932 && c >= 0xA1 && c <= 0xDF;
        i += c >= 0x81 && !kana ? 2 : 1;
    }
    return i > r->run_len;
}

static void put_byte(rtf *r, uint8_t byte)
{
    if (r->fallbacks > 0) {
        r->fallbacks--;
        return;
    }
    if (!is_shown(r))
        return;
    if (r->run_len == MAX_RUN)
        flush(r);
    r->run[r->run_len++] = byte;
}

/* A plain character of the source. */
static void put_literal(rtf *r, uint8_t c)
{
    if (r->fallbacks > 0) {
        r->fallbacks--;
        return;
    }
    if (c >= 0x80 || (r->run_len && is_split(r)))
        put_byte(r, c);
    else
        put_char(r, c);
}

static void put_unit(rtf *r, int32_t n)
{
    uint32_t unit = (uint32_t)n & 0xFFFF;
    uint16_t high = r->high;
    r->fallbacks = top(r)->uc;
    if (unit >= 0xD800 && unit < 0xDC00) {
        flush(r);
        r->high = is_shown(r) ? (uint16_t)unit : 0;
        return;
    }
    if (unit >= 0xDC00 && unit < 0xE000) {
        r->high = 0;
        unit =
            high ? 0x10000 + ((uint32_t)(high - 0xD800) << 10) + (unit - 0xDC00)
                 : 0xFFFD;
    }
    put_char(r, unit);
}

/* -- groups and fonts -- */

static void open_group(rtf *r)
{
    flush(r);
    r->fallbacks = 0;
    if (r->depth + 1 == MAX_GROUPS) {
        r->surplus++;
        return;
    }
    r->groups[r->depth + 1] = r->groups[r->depth];
    r->depth++;
}

static void close_group(rtf *r)
{
    flush(r);
    r->fallbacks = 0;
    if (r->surplus)
        r->surplus--;
    else if (r->depth)
        r->depth--;
}

static font *font_of(rtf *r, int32_t number)
{
    for (size_t i = 0; i < r->font_count; i++)
        if (r->fonts[i].number == number)
            return &r->fonts[i];
    return NULL;
}

static void use_font(rtf *r, int32_t number)
{
    flush(r);
    if (top(r)->fonts) {
        if (!font_of(r, number) && r->font_count < MAX_FONTS)
            r->fonts[r->font_count++] = (font){ number, 0 };
        r->default_font = r->default_font == -1 ? number : r->default_font;
        top(r)->codepage = (uint32_t)number; /* the entry being described */
        return;
    }
    const font *f = font_of(r, number);
    top(r)->codepage = f && f->codepage ? f->codepage : r->default_codepage;
}

static void describe_font(rtf *r, uint32_t codepage)
{
    font *f = top(r)->fonts ? font_of(r, (int32_t)top(r)->codepage) : NULL;
    if (f && codepage)
        f->codepage = codepage;
}

static void set_default(rtf *r, uint32_t codepage)
{
    r->default_codepage = codepage ? codepage : 1252;
    top(r)->codepage = r->default_codepage;
}

/* -- control words -- */

static void skip_bytes(rtf *r, int32_t n)
{
    size_t left = r->in.len - r->pos;
    if (n > 0)
        r->pos += (size_t)n < left ? (size_t)n : left;
}

static void open_tag(rtf *r)
{
    flush(r);
    top(r)->tag = true;
    top(r)->skip = false;
    top(r)->codepage = r->default_codepage;
}

static void font_word(rtf *r, const rtf_word *w, int32_t n)
{
    if (w->action == RTF_FONT)
        use_font(r, n);
    else if (w->action == RTF_FCHARSET)
        describe_font(r, cv_rtf_codepage_of_charset(n));
    else if (w->action == RTF_CPG)
        describe_font(r, (uint32_t)n);
    else if (w->action == RTF_DEFF)
        r->default_font = n;
    else if (w->action == RTF_CODEPAGE)
        set_default(r, (uint32_t)n);
    else if (w->action == RTF_CHARSET)
        set_default(r, w->value);
}

static void special(rtf *r, const rtf_word *w)
{
    if (r->fallbacks > 0) {
        r->fallbacks--;
        return;
    }
    if (r->html && !top(r)->tag && w->entity && is_shown(r)) {
        flush(r);
        cv_buf_put_str(&r->out, w->entity);
    } else {
        put_char(r, w->value);
    }
}

static void obey(rtf *r, const rtf_word *w, bool has_number, int32_t n)
{
    switch (w->action) {
    case RTF_SKIP:
        flush(r);
        top(r)->skip = true;
        break;
    case RTF_FONTS:
        flush(r);
        top(r)->fonts = true;
        break;
    case RTF_HTMLTAG:
        open_tag(r);
        break;
    case RTF_HTMLRTF:
        flush(r);
        top(r)->htmlrtf = !has_number || n != 0;
        break;
    case RTF_PLAIN:
        use_font(r, r->default_font);
        break;
    case RTF_UC:
        top(r)->uc = n < 0 || n > 16 ? 1 : n;
        break;
    case RTF_U:
        put_unit(r, n);
        break;
    case RTF_BIN:
        skip_bytes(r, n);
        break;
    case RTF_BREAK:
        put_break(r);
        break;
    case RTF_TAB:
        put_char(r, '\t');
        break;
    case RTF_CHAR:
        special(r, w);
        break;
    default:
        font_word(r, w, n);
    }
}

static bool is_letter(uint8_t c)
{
    return (c | 32) >= 'a' && (c | 32) <= 'z';
}

/* The number after a word; a blank behind it is eaten. */
static bool read_number(rtf *r, int32_t *out)
{
    bool minus = r->pos < r->in.len && r->in.ptr[r->pos] == '-';
    size_t from = r->pos + minus, at = from;
    int64_t n = 0;
    while (at < r->in.len && r->in.ptr[at] >= '0' && r->in.ptr[at] <= '9') {
        n = n > INT32_MAX ? n : n * 10 + (r->in.ptr[at] - '0');
        at++;
    }
    bool any = at > from;
    if (any)
        r->pos = at;
    if (r->pos < r->in.len && r->in.ptr[r->pos] == ' ')
        r->pos++;
    n = minus ? -n : n;
    *out = n > INT32_MAX ? INT32_MAX : n < INT32_MIN ? INT32_MIN : (int32_t)n;
    return any;
}

static void word(rtf *r)
{
    size_t from = r->pos;
    int32_t n = 0;
    while (r->pos < r->in.len && is_letter(r->in.ptr[r->pos]) &&
           r->pos - from < 32)
        r->pos++;
    cv_slice name = cv_slice_sub(r->in, from, r->pos - from);
    bool has_number = read_number(r, &n);
    const rtf_word *w = cv_rtf_word_find(name);
    bool star = r->star;
    r->star = false;
    if (w)
        obey(r, w, has_number, n);
    else if (star)
        top(r)->skip = true; /* a destination nobody knows */
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if ((c | 32) >= 'a' && (c | 32) <= 'f')
        return (c | 32) - 'a' + 10;
    return -1;
}

static void hex_byte(rtf *r)
{
    int a = r->pos < r->in.len ? hex_digit(r->in.ptr[r->pos]) : -1;
    int b = r->pos + 1 < r->in.len ? hex_digit(r->in.ptr[r->pos + 1]) : -1;
    if (a < 0 || b < 0)
        return;
    r->pos += 2;
    put_byte(r, (uint8_t)(a << 4 | b));
}

/* A backslash and what is no letter. */
static void symbol(rtf *r, uint8_t c)
{
    static const rtf_word nbsp = { "~", RTF_CHAR, 0xA0, "&nbsp;" };
    static const rtf_word shy = { "_", RTF_CHAR, 0xAD, "&shy;" };
    if (c == '\'')
        hex_byte(r);
    else if (c == '*')
        r->star = true;
    else if (c == '~')
        special(r, &nbsp);
    else if (c == '_')
        special(r, &shy);
    else if (c == '\\' || c == '{' || c == '}')
        put_literal(r, c);
    else if (c == '\r' || c == '\n')
        put_break(r);
}

static void token(rtf *r)
{
    uint8_t c = r->in.ptr[r->pos++];
    if (c == '{') {
        open_group(r);
    } else if (c == '}') {
        close_group(r);
    } else if (c == '\\') {
        if (r->pos == r->in.len)
            return;
        if (is_letter(r->in.ptr[r->pos]))
            word(r);
        else
            symbol(r, r->in.ptr[r->pos++]);
    } else if (c != '\r' && c != '\n' && c != 0) {
        put_literal(r, c);
    }
}

static cv_slice read(cv_arena *arena, cv_slice in, bool html)
{
    rtf *r = cv_arena_alloc(arena, sizeof *r);
    cv_slice none = { NULL, 0 };
    if (!r)
        return none;
    r->arena = arena;
    r->in = in;
    r->html = html;
    r->default_codepage = 1252;
    r->default_font = -1;
    r->groups[0].codepage = 1252;
    r->groups[0].uc = 1;
    cv_buf_init(&r->out, CV_LIMIT_RTF_BYTES);
    while (r->pos < in.len && r->out.status == CV_OK)
        token(r);
    flush(r);
    cv_slice out = cv_buf_dup(&r->out, arena);
    cv_buf_clear(&r->out);
    return out;
}

cv_slice cv_rtf_to_html(cv_arena *arena, cv_slice rtf_text)
{
    return read(arena, rtf_text, true);
}

cv_slice cv_rtf_to_text(cv_arena *arena, cv_slice rtf_text)
{
    return read(arena, rtf_text, false);
}

/* Both marks stand among the first words, before any text. */
cv_rtf_kind cv_rtf_kind_of(cv_slice rtf_text)
{
    cv_slice head = cv_slice_sub(rtf_text, 0, 400);
    if (!cv_slice_starts(cv_slice_trim(head), CV_S("{\\rtf")))
        return CV_RTF_NONE;
    size_t table = cv_slice_find(head, CV_S("{\\fonttbl"), 0);
    size_t html = cv_slice_find(head, CV_S("\\fromhtml1"), 0);
    size_t text = cv_slice_find(head, CV_S("\\fromtext"), 0);
    if (html < table)
        return CV_RTF_HTML;
    return text < table ? CV_RTF_TEXT : CV_RTF_NATIVE;
}
