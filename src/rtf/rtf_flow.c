/* HTML of native RTF. A paragraph is collected and put out with its end mark,
 * whose properties count; tables and lists are opened when their first
 * paragraph comes, so nothing empty is left and every tag is closed. */
#include "rtf/rtf_native.h"

#include "base/limits.h"
#include "base/text.h"

#define TWIPS_A_PIXEL 15
#define MAX_INDENT 15000 /* twips */

static const struct {
    rtf_format bit;
    const char *open, *close;
} tags[] = {
    { RTF_F_BOLD, "<b>", "</b>" },      { RTF_F_ITALIC, "<i>", "</i>" },
    { RTF_F_UNDERLINE, "<u>", "</u>" }, { RTF_F_STRIKE, "<s>", "</s>" },
    { RTF_F_SUPER, "<sup>", "</sup>" }, { RTF_F_SUB, "<sub>", "</sub>" },
};

static bool has(const rtf_look *look, rtf_format bit)
{
    return look->set >> bit & 1;
}

/* -- inline -- */

static const char *escape_of(uint8_t c)
{
    switch (c) {
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '&':
        return "&amp;";
    case '"':
        return "&quot;";
    default:
        return c < 0x20 ? "" : NULL;
    }
}

void cv_rtf_put_escaped(cv_buf *out, cv_slice text)
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

/* A name as it may stand in a style's quotes. */
static void put_font(rtf_native *n, cv_buf *out, int32_t number)
{
    const rtf_font *f = cv_rtf_core_font_of(n->core, number);
    if (!f || !f->name_len || f->symbols == RTF_SYM_SYMBOL ||
        f->symbols == RTF_SYM_WINGDINGS)
        return;
    cv_slice name = cv_utf8_repair(
        n->arena, cv_slice_trim(cv_slice_of(f->name, f->name_len)));
    cv_buf_put_str(out, "font-family:'");
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.ptr[i];
        bool fits = c >= 0x80 || c == ' ' || c == '-' || c == '_' ||
                    (c >= '0' && c <= '9') ||
                    ((c | 32) >= 'a' && (c | 32) <= 'z');
        if (fits)
            cv_buf_put_byte(out, c);
    }
    cv_buf_put_str(out, "';");
}

void cv_rtf_put_style(rtf_native *n, cv_buf *out, const rtf_look *look,
                      const rtf_look *base)
{
    if (look->font != base->font)
        put_font(n, out, look->font);
    if (look->size && look->size != base->size)
        cv_buf_printf(out, "font-size:%d%spt;", look->size / 2,
                      look->size % 2 ? ".5" : "");
    if (look->color)
        cv_buf_printf(out, "color:#%06x;", look->color & 0xFFFFFF);
    if (look->back)
        cv_buf_printf(out, "background:#%06x;", look->back & 0xFFFFFF);
}

static bool is_same(const rtf_look *a, const rtf_look *b)
{
    return a->set == b->set && a->size == b->size && a->color == b->color &&
           a->back == b->back && a->font == b->font &&
           a->link.ptr == b->link.ptr;
}

static bool has_style(const rtf_native *n, const rtf_look *look)
{
    return look->color || look->back || look->font != n->base.font ||
           (look->size && look->size != n->base.size);
}

static void close_look(rtf_native *n)
{
    rtf_flow *f = n->flow;
    for (size_t i = CV_LEN(tags); i-- > 0;)
        if (has(&f->open, tags[i].bit))
            cv_buf_put_str(&f->para, tags[i].close);
    if (has_style(n, &f->open))
        cv_buf_put_str(&f->para, "</span>");
    if (f->open.link.len)
        cv_buf_put_str(&f->para, "</a>");
    f->open = n->base;
}

static void open_look(rtf_native *n, const rtf_look *look)
{
    rtf_flow *f = n->flow;
    if (look->link.len) {
        cv_buf_put_str(&f->para, "<a href=\"");
        cv_rtf_put_escaped(&f->para, look->link);
        cv_buf_put_str(&f->para, "\">");
    }
    if (has_style(n, look)) {
        cv_buf_put_str(&f->para, "<span style=\"");
        cv_rtf_put_style(n, &f->para, look, &n->base);
        cv_buf_put_str(&f->para, "\">");
    }
    for (size_t i = 0; i < CV_LEN(tags); i++)
        if (has(look, tags[i].bit))
            cv_buf_put_str(&f->para, tags[i].open);
    f->open = *look;
}

/* The first text's font and size are the document's. */
static void set_base(rtf_native *n, const rtf_look *look)
{
    if (n->has_base || look->font == -1 || !is_same(&n->body.open, &n->base) ||
        !is_same(&n->notes.open, &n->base))
        return;
    n->has_base = true;
    n->base = (rtf_look){ .font = look->font, .size = look->size };
    n->body.open = n->notes.open = n->base;
}

static rtf_look wanted(rtf_native *n)
{
    const rtf_state *s = &n->states[n->core->depth];
    rtf_look look = s->look;
    look.font = cv_rtf_core_top(n->core)->font;
    if (s->link)
        look.link = *s->link;
    /* Every reader shows a link as one. */
    if (look.link.len) {
        look.set &= ~(UINT32_C(1) << RTF_F_UNDERLINE);
        look.color = 0;
    }
    look.set &= (UINT32_C(1) << RTF_F_HIDDEN) - 1;
    /* What a symbol font shows is text of any font by now. */
    const rtf_font *f = cv_rtf_core_font(n->core);
    if (!f || f->symbols == RTF_SYM_SYMBOL || f->symbols == RTF_SYM_WINGDINGS)
        look.font = n->base.font;
    return look;
}

static void sync_look(rtf_native *n)
{
    rtf_look look = wanted(n);
    set_base(n, &look);
    if (is_same(&look, &n->flow->open))
        return;
    close_look(n);
    open_look(n, &look);
}

/* Between tokens, so that what is there can still be closed. */
static void watch(rtf_native *n)
{
    if (n->flow->para.len > CV_LIMIT_RTF_BYTES ||
        n->flow->out.len > CV_LIMIT_RTF_BYTES)
        n->core->stop = n->cut = true;
}

void cv_rtf_flow_text(rtf_native *n, cv_slice text)
{
    rtf_flow *f = n->flow;
    size_t from = 0;
    sync_look(n);
    n->shown = n->shown || cv_slice_trim(text).len;
    for (size_t i = 0; i <= text.len; i++) {
        bool space = i < text.len && text.ptr[i] == ' ';
        bool lost =
            space && (f->blank || (i + 1 < text.len && text.ptr[i + 1] == ' '));
        if (i < text.len)
            f->blank = space && !lost;
        if (i < text.len && !lost)
            continue;
        cv_rtf_put_escaped(&f->para, cv_slice_sub(text, from, i - from));
        if (lost)
            cv_buf_put_str(&f->para, "&nbsp;");
        from = i + 1;
    }
    watch(n);
}

void cv_rtf_flow_html(rtf_native *n, const char *html)
{
    sync_look(n);
    cv_buf_put_str(&n->flow->para, html);
    n->flow->blank = false;
    watch(n);
}

/* -- lists -- */

static void close_list(rtf_flow *f, rtf_level *level)
{
    const rtf_open_list *list = &level->lists[--level->list_count];
    cv_buf_put_str(&f->out,
                   list->kind == '*' ? "</li></ul>\r\n" : "</li></ol>\r\n");
}

static void close_lists(rtf_flow *f, rtf_level *level)
{
    while (level->list_count)
        close_list(f, level);
}

static void open_list(rtf_flow *f, rtf_level *level, const rtf_item *item)
{
    int32_t first = item->value < 0 ? 1 : item->value;
    level->lists[level->list_count++] =
        (rtf_open_list){ item->kind, first, item->level };
    if (item->kind == '*') {
        cv_buf_put_str(&f->out, "<ul>");
        return;
    }
    cv_buf_put_str(&f->out, "<ol");
    if (item->kind != '1')
        cv_buf_printf(&f->out, " type=\"%c\"", item->kind);
    if (first != 1)
        cv_buf_printf(&f->out, " start=\"%d\"", first);
    cv_buf_put_byte(&f->out, '>');
}

static void put_item(rtf_flow *f, rtf_level *level, const rtf_item *item)
{
    while (level->list_count &&
           level->lists[level->list_count - 1].level > item->level)
        close_list(f, level);
    rtf_open_list *last =
        level->list_count ? &level->lists[level->list_count - 1] : NULL;
    if (last && last->level == item->level && last->kind != item->kind) {
        close_list(f, level);
        last = level->list_count ? &level->lists[level->list_count - 1] : NULL;
    }
    if (last && last->level == item->level)
        cv_buf_put_str(&f->out, "</li>\r\n");
    else
        open_list(f, level, item);
    last = &level->lists[level->list_count - 1];
    if (item->kind != '*' && item->value >= 0 && item->value != last->next)
        cv_buf_printf(&f->out, "<li value=\"%d\">", item->value);
    else
        cv_buf_put_str(&f->out, "<li>");
    last->next = (item->value >= 0 ? item->value : last->next) + 1;
    cv_buf_put_slice(&f->out, cv_buf_slice(&f->para));
}

/* -- blocks -- */

static void put_block_style(cv_buf *out, const rtf_para *para, bool indent)
{
    static const char *const aligns[] = { "", "right", "center", "justify" };
    bool indented = indent && para->indent > 0 && para->indent <= MAX_INDENT;
    if (para->rtl)
        cv_buf_put_str(out, " dir=\"rtl\"");
    if (para->align == RTF_L_LEFT && !indented)
        return;
    cv_buf_put_str(out, " style=\"");
    if (para->align != RTF_L_LEFT)
        cv_buf_printf(out, "text-align:%s;", aligns[para->align]);
    if (indented)
        cv_buf_printf(out, "margin-left:%dpx;", para->indent / TWIPS_A_PIXEL);
    cv_buf_put_byte(out, '"');
}

static void put_div(rtf_native *n, const rtf_para *para, bool marked)
{
    rtf_flow *f = n->flow;
    cv_buf_put_str(&f->out, "<div");
    put_block_style(&f->out, para, true);
    cv_buf_put_byte(&f->out, '>');
    if (marked) {
        cv_rtf_put_escaped(&f->out, cv_slice_trim(cv_buf_slice(&n->marker)));
        cv_buf_put_str(&f->out, "&nbsp; ");
    }
    cv_buf_put_slice(&f->out,
                     f->para.len ? cv_buf_slice(&f->para) : CV_S("<br>"));
    cv_buf_put_str(&f->out, "</div>\r\n");
}

static rtf_level *level_of(rtf_flow *f)
{
    return &f->levels[f->depth];
}

static void close_cell(rtf_flow *f)
{
    rtf_level *level = level_of(f);
    close_lists(f, level);
    if (level->cell)
        cv_buf_put_str(&f->out, "</td>");
    level->cell = level->filled = false;
}

static void close_row(rtf_flow *f)
{
    rtf_level *level = level_of(f);
    close_cell(f);
    if (level->row)
        cv_buf_put_str(&f->out, "</tr>\r\n");
    level->row = false;
    level->column = 0;
}

static void open_cell(rtf_native *n)
{
    rtf_flow *f = n->flow;
    rtf_level *level = level_of(f);
    size_t span = 1;
    if (!f->depth || level->cell)
        return;
    if (!level->row)
        cv_buf_put_str(&f->out, "<tr>");
    while (f->depth == 1 && level->column + span < n->row.cells &&
           n->row.merged >> (level->column + span) & 1)
        span++;
    if (span > 1)
        cv_buf_printf(&f->out, "<td colspan=\"%zu\">", span);
    else
        cv_buf_put_str(&f->out, "<td>");
    level->row = level->cell = true;
}

/* Leaves tables, or opens them, until `depth` are open. */
static void enter(rtf_native *n, size_t depth)
{
    rtf_flow *f = n->flow;
    while (f->depth > depth) {
        close_row(f);
        cv_buf_put_str(&f->out, "</table>\r\n");
        f->depth--;
    }
    while (f->depth < depth) {
        open_cell(n);
        close_lists(f, level_of(f));
        level_of(f)->filled = true;
        f->depth++;
        *level_of(f) = (rtf_level){ .row = false };
        cv_buf_put_str(&f->out, "<table border=\"1\" cellspacing=\"0\" "
                                "cellpadding=\"3\">\r\n");
    }
}

static size_t depth_of(const rtf_para *para)
{
    int32_t depth = para->tables > 0 ? para->tables : para->in_table;
    return depth > RTF_MAX_TABLES ? RTF_MAX_TABLES : (size_t)depth;
}

/* The paragraph as a block at that depth. */
static void put_par(rtf_native *n, size_t depth, bool last)
{
    rtf_flow *f = n->flow;
    const rtf_para *para = &n->states[n->core->depth].para;
    enter(n, depth);
    open_cell(n);
    rtf_level *level = level_of(f);
    rtf_item item = cv_rtf_item_of(
        n, para,
        level->list_count ? &level->lists[level->list_count - 1] : NULL);
    if (item.kind && item.kind != '=')
        put_item(f, level, &item);
    else
        close_lists(f, level);
    if (!item.kind && last && !level->filled && para->align == RTF_L_LEFT &&
        !para->rtl)
        cv_buf_put_slice(&f->out, cv_buf_slice(&f->para));
    else if (!item.kind || item.kind == '=')
        put_div(n, para, item.kind == '=');
    level->filled = true;
}

static void end_par(rtf_native *n, size_t depth, bool last)
{
    rtf_flow *f = n->flow;
    close_look(n);
    if (!last || f->para.len || n->marker.len)
        put_par(n, depth, last);
    cv_buf_reset(&n->marker);
    cv_buf_reset(&f->para);
    f->blank = true;
    watch(n);
}

void cv_rtf_flow_par(rtf_native *n)
{
    end_par(n, depth_of(&n->states[n->core->depth].para), false);
}

static size_t cell_depth(const rtf_native *n, bool nested)
{
    size_t depth = depth_of(&n->states[n->core->depth].para);
    return !nested ? 1 : depth < 2 ? 2 : depth;
}

void cv_rtf_flow_cell(rtf_native *n, bool nested)
{
    rtf_flow *f = n->flow;
    size_t depth = cell_depth(n, nested);
    end_par(n, depth, true);
    enter(n, depth);
    size_t column = level_of(f)->column++;
    bool merged = depth == 1 && column < RTF_MAX_CELLS &&
                  n->row.merged >> column & 1 && !level_of(f)->cell;
    if (merged)
        return;
    level_of(f)->column = column;
    open_cell(n);
    close_cell(f);
    level_of(f)->column = column + 1;
    watch(n);
}

void cv_rtf_flow_row(rtf_native *n, bool nested)
{
    rtf_flow *f = n->flow;
    size_t depth = cell_depth(n, nested);
    if (f->depth < depth && !f->para.len)
        return;
    end_par(n, depth, true);
    enter(n, depth);
    close_row(f);
    watch(n);
}

void cv_rtf_flow_end(rtf_native *n)
{
    rtf_flow *f = n->flow;
    if (f->para.len || n->marker.len)
        end_par(n, depth_of(&n->states[n->core->depth].para), false);
    enter(n, 0);
    close_lists(f, level_of(f));
}
