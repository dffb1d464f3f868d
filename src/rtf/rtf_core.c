/* One pass over the tokens of RTF. Groups are kept on a stack of fixed size;
 * deeper ones share the last entry, so nothing recurses. */
#include "base/text.h"
#include "rtf/rtf_private.h"

#include <string.h>

#define CP_1252 1252
#define CP_UTF8 65001
#define SCRATCH_BYTES ((size_t)1 << 20) /* after this much it is renewed */

rtf_group *cv_rtf_core_top(rtf_core *core)
{
    return &core->groups[core->depth];
}

/* -- fonts -- */

static size_t slot_of(const rtf_core *core, int32_t number)
{
    size_t slot = (uint32_t)number * UINT32_C(2654435761) >> 22;
    while (core->font_index[slot] &&
           core->fonts[core->font_index[slot] - 1].number != number)
        slot = (slot + 1) % CV_LEN(core->font_index);
    return slot;
}

static rtf_font *font_of(rtf_core *core, int32_t number)
{
    uint16_t at = core->font_index[slot_of(core, number)];
    return at ? &core->fonts[at - 1] : NULL;
}

const rtf_font *cv_rtf_core_font_of(rtf_core *core, int32_t number)
{
    return font_of(core, number);
}

const rtf_font *cv_rtf_core_font(rtf_core *core)
{
    return font_of(core, cv_rtf_core_top(core)->font);
}

static void add_font(rtf_core *core, int32_t number)
{
    size_t slot = slot_of(core, number);
    if (core->font_index[slot] || core->font_count == RTF_MAX_FONTS)
        return;
    core->fonts[core->font_count++].number = number;
    core->font_index[slot] = (uint16_t)core->font_count;
}

/* Within the table: the entry that is described; else the text's font. */
static void use_font(rtf_core *core, int32_t number)
{
    rtf_group *g = cv_rtf_core_top(core);
    g->font = number;
    if (g->fonts) {
        add_font(core, number);
        if (core->default_font == -1)
            core->default_font = number;
        return;
    }
    const rtf_font *f = font_of(core, number);
    g->codepage = f && f->codepage ? f->codepage : core->default_codepage;
}

static void describe_font(rtf_core *core, rtf_action action, int32_t n)
{
    const rtf_group *g = cv_rtf_core_top(core);
    rtf_font *f = g->fonts ? font_of(core, g->font) : NULL;
    uint32_t codepage =
        action == RTF_CPG ? (uint32_t)n : cv_rtf_codepage_of_charset(n);
    if (!f)
        return;
    if (codepage)
        f->codepage = codepage;
    if (action == RTF_FCHARSET && n == 2)
        f->symbols = RTF_SYM_OTHER;
}

static void name_font(rtf_core *core, cv_slice text)
{
    rtf_font *f = font_of(core, cv_rtf_core_top(core)->font);
    for (size_t i = 0; f && i < text.len; i++) {
        if (text.ptr[i] == ';')
            break;
        if (f->name_len < RTF_FONT_NAME)
            f->name[f->name_len++] = text.ptr[i];
    }
    if (!f)
        return;
    cv_slice name = cv_slice_trim(cv_slice_of(f->name, f->name_len));
    if (cv_slice_ieq(name, CV_S("Symbol")))
        f->symbols = RTF_SYM_SYMBOL;
    else if (cv_slice_ieq(name, CV_S("Wingdings")))
        f->symbols = RTF_SYM_WINGDINGS;
}

static void set_default(rtf_core *core, uint32_t codepage)
{
    core->default_codepage = codepage ? codepage : CP_1252;
    cv_rtf_core_top(core)->codepage = core->default_codepage;
}

/* -- text -- */

static void give(rtf_core *core, cv_slice text)
{
    const rtf_group *g = cv_rtf_core_top(core);
    if (!text.len || g->skip)
        return;
    if (g->fonts)
        name_font(core, text);
    else
        core->client.text(core->client.ctx, text);
}

static void give_char(rtf_core *core, uint32_t c)
{
    uint8_t bytes[4];
    size_t n = 1;
    if (c < 0x80) {
        bytes[0] = (uint8_t)c;
    } else if (c < 0x800) {
        bytes[0] = (uint8_t)(0xC0 | c >> 6);
        n = 2;
    } else if (c < 0x10000) {
        bytes[0] = (uint8_t)(0xE0 | c >> 12);
        n = 3;
    } else {
        bytes[0] = (uint8_t)(0xF0 | c >> 18);
        n = 4;
    }
    for (size_t i = 1; i < n; i++)
        bytes[i] = (uint8_t)(0x80 | (c >> 6 * (n - 1 - i) & 0x3F));
    if (c)
        give(core, cv_slice_of(bytes, n));
}

static bool is_multibyte(uint32_t codepage)
{
    return codepage == 932 || codepage == 936 || codepage == 949 ||
           codepage == 950 || codepage == 1361 || codepage == 54936 ||
           codepage == CP_UTF8;
}

static cv_arena *scratch(rtf_core *core)
{
    if (core->scratch && cv_arena_used(core->scratch) > SCRATCH_BYTES)
        cv_arena_free(&core->scratch);
    if (!core->scratch && cv_arena_new(0, &core->scratch, NULL) != CV_OK)
        core->stop = true;
    return core->scratch;
}

/* The letters of a code page, NULL when its bytes are no letters each. */
static const rtf_table *table_of(rtf_core *core, uint32_t codepage)
{
    rtf_table *t = &core->tables[codepage % RTF_TABLES];
    uint8_t bytes[128];
    cv_arena *arena = scratch(core);
    if (t->codepage == codepage)
        return t;
    if (!arena)
        return NULL;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(0x80 + i);
    cv_slice text = cv_codepage_to_utf8(arena, codepage,
                                        cv_slice_of(bytes, sizeof bytes), NULL);
    size_t pos = 0, n = 0;
    t->codepage = 0;
    while (pos < text.len && n < sizeof bytes) {
        uint32_t c = cv_utf8_next(text, &pos);
        t->letters[n++] = c < 0x10000 ? (uint16_t)c : 0xFFFD;
    }
    if (pos < text.len || n < sizeof bytes)
        return NULL;
    t->codepage = codepage;
    return t;
}

static void give_letters(rtf_core *core, const rtf_table *t)
{
    for (size_t i = 0; i < core->run_len; i++) {
        uint8_t b = core->run[i];
        give_char(core, b < 0x80 ? b : t->letters[b - 0x80]);
    }
}

static void give_symbols(rtf_core *core, rtf_symbols font)
{
    const rtf_table *t = table_of(core, CP_1252);
    for (size_t i = 0; t && i < core->run_len; i++) {
        uint8_t b = core->run[i];
        uint32_t c = cv_rtf_symbol(font, b);
        give_char(core, c ? c : b < 0x80 ? b : t->letters[b - 0x80]);
    }
}

static rtf_symbols symbols_here(rtf_core *core)
{
    if (!core->symbols || cv_rtf_core_top(core)->fonts)
        return RTF_SYM_NONE;
    const rtf_font *f = cv_rtf_core_font(core);
    return f ? f->symbols : RTF_SYM_NONE;
}

/* Bytes of several tokens are decoded as one: a letter may be split. */
static void decode_run(rtf_core *core)
{
    uint32_t codepage = cv_rtf_core_top(core)->codepage;
    rtf_symbols symbols = symbols_here(core);
    bool lossy = false;
    if (symbols != RTF_SYM_NONE) {
        give_symbols(core, symbols);
        return;
    }
    const rtf_table *t =
        is_multibyte(codepage) ? NULL : table_of(core, codepage);
    cv_arena *arena = scratch(core);
    if (!t && arena) {
        cv_slice text = cv_codepage_to_utf8(
            arena, codepage, cv_slice_of(core->run, core->run_len), &lossy);
        if (!lossy || codepage != CP_UTF8) {
            give(core, text);
            return;
        }
        t = table_of(core, CP_1252); /* a claim the bytes contradict */
    }
    if (t)
        give_letters(core, t);
}

static void flush(rtf_core *core)
{
    if (core->high) {
        core->high = 0;
        give_char(core, 0xFFFD);
    }
    if (core->run_len) {
        decode_run(core);
        core->run_len = 0;
        core->lead = false;
    }
}

/* Whether the first byte of a two-byte letter stands at the end now. */
static bool is_lead(const rtf_core *core, uint32_t cp, uint8_t c)
{
    bool kana = cp == 932 && ((c >= 0xA1 && c <= 0xDF) || c == 0x80);
    return !core->lead && c >= 0x81 && !kana && cp != CP_UTF8 &&
           is_multibyte(cp);
}

static bool is_silent(rtf_core *core)
{
    return cv_rtf_core_top(core)->skip;
}

static void put_byte(rtf_core *core, uint8_t byte)
{
    if (core->fallbacks > 0) {
        core->fallbacks--;
        return;
    }
    if (is_silent(core))
        return;
    if (core->run_len >= RTF_MAX_RUN - 1 && !core->lead)
        flush(core);
    core->lead = is_lead(core, cv_rtf_core_top(core)->codepage, byte);
    core->run[core->run_len++] = byte;
}

/* Plain characters of the source. */
static void put_literals(rtf_core *core, const uint8_t *text, size_t len)
{
    size_t from = 0;
    while (from < len && core->fallbacks > 0) {
        core->fallbacks--;
        from++;
    }
    if (from < len && core->lead)
        put_byte(core, text[from++]);
    if (from == len || is_silent(core))
        return;
    if (symbols_here(core) != RTF_SYM_NONE) {
        while (from < len)
            put_byte(core, text[from++]);
        return;
    }
    flush(core);
    give(core, cv_slice_of(text + from, len - from));
}

static void put_unit(rtf_core *core, int32_t n)
{
    uint32_t unit = (uint32_t)n & 0xFFFF;
    uint16_t high = core->high;
    bool low = unit >= 0xDC00 && unit < 0xE000;
    if (low)
        core->high = 0;
    flush(core);
    core->fallbacks = cv_rtf_core_top(core)->uc;
    if (unit >= 0xD800 && unit < 0xDC00) {
        core->high = is_silent(core) ? 0 : (uint16_t)unit;
        return;
    }
    if (low)
        unit =
            high ? 0x10000 + ((uint32_t)(high - 0xD800) << 10) + (unit - 0xDC00)
                 : 0xFFFD;
    if (unit >= 0xF020 && unit <= 0xF0FF && core->symbols) {
        rtf_symbols font = symbols_here(core);
        uint32_t c = cv_rtf_symbol(font ? font : RTF_SYM_SYMBOL, (uint8_t)unit);
        unit = c ? c : unit;
    }
    give_char(core, unit);
}

/* -- groups -- */

static void open_group(rtf_core *core)
{
    flush(core);
    core->fallbacks = 0;
    core->star = false;
    if (core->depth + 1 == RTF_MAX_GROUPS) {
        core->surplus++;
        core->deep = true;
        return;
    }
    core->groups[core->depth + 1] = core->groups[core->depth];
    core->depth++;
    core->client.open(core->client.ctx);
}

static void close_group(rtf_core *core)
{
    flush(core);
    core->fallbacks = 0;
    core->star = false;
    if (core->surplus) {
        core->surplus--;
        return;
    }
    if (!core->depth)
        return;
    bool fonts = cv_rtf_core_top(core)->fonts;
    core->client.close(core->client.ctx);
    core->depth--;
    if (fonts && !cv_rtf_core_top(core)->fonts)
        use_font(core, core->default_font);
}

/* -- control words -- */

static void binary(rtf_core *core, int32_t n)
{
    size_t left = core->in.len - core->pos;
    size_t len = n <= 0 ? 0 : (size_t)n < left ? (size_t)n : left;
    cv_slice bytes = cv_slice_sub(core->in, core->pos, len);
    core->pos += len;
    if (len && !is_silent(core))
        core->client.binary(core->client.ctx, bytes);
}

static void hand_on(rtf_core *core, const rtf_word *w, bool has_number,
                    int32_t n)
{
    if (core->fallbacks > 0 && w->action == RTF_CHAR) {
        core->fallbacks--;
        return;
    }
    const rtf_group *g = cv_rtf_core_top(core);
    if (!g->skip && !g->fonts)
        core->client.word(core->client.ctx, w, has_number, n);
}

static void obey(rtf_core *core, const rtf_word *w, bool has_number, int32_t n)
{
    rtf_group *g = cv_rtf_core_top(core);
    if (w->action != RTF_U)
        flush(core);
    switch (w->action) {
    case RTF_SKIP:
        g->skip = true;
        break;
    case RTF_FONTS:
        g->fonts = true;
        break;
    case RTF_CODEPAGE:
        set_default(core, (uint32_t)n);
        break;
    case RTF_CHARSET:
        set_default(core, w->value);
        break;
    case RTF_FONT:
        use_font(core, n);
        break;
    case RTF_FCHARSET:
    case RTF_CPG:
        describe_font(core, w->action, n);
        break;
    case RTF_DEFF:
        core->default_font = n;
        break;
    case RTF_UC:
        g->uc = n < 0 || n > 16 ? 1 : n;
        break;
    case RTF_U:
        put_unit(core, n);
        break;
    case RTF_BIN:
        binary(core, n);
        break;
    case RTF_PLAIN:
        use_font(core, core->default_font);
        hand_on(core, w, has_number, n);
        break;
    default:
        hand_on(core, w, has_number, n);
    }
}

static bool is_letter(uint8_t c)
{
    return (c | 32) >= 'a' && (c | 32) <= 'z';
}

/* The number after a word; a blank behind it is eaten. */
static bool read_number(rtf_core *core, int32_t *out)
{
    const uint8_t *in = core->in.ptr;
    size_t end = core->in.len;
    bool minus = core->pos < end && in[core->pos] == '-';
    size_t from = core->pos + minus, at = from;
    int64_t n = 0;
    while (at < end && in[at] >= '0' && in[at] <= '9') {
        n = n > INT32_MAX ? n : n * 10 + (in[at] - '0');
        at++;
    }
    bool any = at > from;
    if (any)
        core->pos = at;
    if (core->pos < end && in[core->pos] == ' ')
        core->pos++;
    n = minus ? -n : n;
    *out = n > INT32_MAX ? INT32_MAX : n < INT32_MIN ? INT32_MIN : (int32_t)n;
    return any;
}

static void word(rtf_core *core)
{
    size_t from = core->pos, at = from;
    int32_t n = 0;
    while (at < core->in.len && is_letter(core->in.ptr[at]) && at - from < 32)
        at++;
    core->pos = at;
    bool has_number = read_number(core, &n);
    const rtf_word *w =
        cv_rtf_word_find(cv_slice_sub(core->in, from, at - from));
    bool star = core->star;
    core->star = false;
    if (w)
        obey(core, w, has_number, n);
    else if (star)
        cv_rtf_core_top(core)->skip = true; /* nobody knows it */
}

static void hex_byte(rtf_core *core)
{
    const uint8_t *in = core->in.ptr;
    int a = core->pos < core->in.len ? cv_hex_digit(in[core->pos]) : -1;
    int b = core->pos + 1 < core->in.len ? cv_hex_digit(in[core->pos + 1]) : -1;
    if (a < 0 || b < 0)
        return;
    core->pos += 2;
    put_byte(core, (uint8_t)(a << 4 | b));
}

/* A backslash and what is no letter. */
static void symbol(rtf_core *core, uint8_t c)
{
    static const rtf_word nbsp = { "~", RTF_CHAR, 0xA0, "&nbsp;", 0 };
    static const rtf_word shy = { "_", RTF_CHAR, 0xAD, "&shy;", 0 };
    static const rtf_word par = { "par", RTF_BREAK, 0, NULL, 0 };
    static const rtf_word tab = { "tab", RTF_TAB, 0, NULL, 0 };
    if (c == '\'')
        hex_byte(core);
    else if (c == '*')
        core->star = true;
    else if (c == '~')
        obey(core, &nbsp, false, 0);
    else if (c == '_')
        obey(core, &shy, false, 0);
    else if (c == '\\' || c == '{' || c == '}')
        put_literals(core, &c, 1);
    else if (c == '\r' || c == '\n')
        obey(core, &par, false, 0);
    else if (c == '\t')
        obey(core, &tab, false, 0);
}

/* What ends a stretch of plain ASCII. */
static bool is_plain(uint8_t c)
{
    return c < 0x80 && c != '\\' && c != '{' && c != '}' && c != '\r' &&
           c != '\n' && c != 0;
}

static void plain(rtf_core *core)
{
    size_t from = core->pos, at = from;
    while (at < core->in.len && is_plain(core->in.ptr[at]))
        at++;
    core->pos = at;
    put_literals(core, core->in.ptr + from, at - from);
}

static void token(rtf_core *core)
{
    uint8_t c = core->in.ptr[core->pos];
    if (is_plain(c)) {
        plain(core);
        return;
    }
    core->pos++;
    if (c == '{') {
        open_group(core);
    } else if (c == '}') {
        close_group(core);
    } else if (c >= 0x80) {
        put_byte(core, c);
    } else if (c == '\\' && core->pos < core->in.len) {
        if (is_letter(core->in.ptr[core->pos]))
            word(core);
        else
            symbol(core, core->in.ptr[core->pos++]);
    }
}

cv_status cv_rtf_core_new(cv_arena *arena, cv_slice in, rtf_core **out,
                          cv_error *err)
{
    rtf_core *core = cv_arena_alloc(arena, sizeof *core);
    if (!core)
        return cv_arena_fail(arena, err);
    core->in = in;
    core->default_codepage = CP_1252;
    core->default_font = -1;
    core->groups[0].codepage = CP_1252;
    core->groups[0].font = -1;
    core->groups[0].uc = 1;
    *out = core;
    return CV_OK;
}

void cv_rtf_core_run(rtf_core *core)
{
    while (core->pos < core->in.len && !core->stop)
        token(core);
    flush(core);
    cv_arena_free(&core->scratch);
}
