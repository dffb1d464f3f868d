/* The control words of native RTF: what they say about text, paragraphs,
 * tables, lists, fields and pictures is kept for each group; rtf_flow.c makes
 * HTML of it. */
#include "rtf/rtf_native.h"

#include "base/limits.h"
#include "base/text.h"

#define MARKER_BYTES 256                    /* most of a list marker */
#define FIELD_BYTES 4096                    /* most of a field's instruction */
#define FLOW_BYTES (3 * CV_LIMIT_RTF_BYTES) /* never reached: rtf_flow.c */

static rtf_state *top(rtf_native *n)
{
    return &n->states[n->core->depth];
}

/* -- fields -- */

/* The word or quoted text at *rest, moved past it. */
static cv_slice field_word(cv_slice *rest)
{
    *rest = cv_slice_trim(*rest);
    bool quoted = rest->len && rest->ptr[0] == '"';
    cv_slice s = cv_slice_sub(*rest, quoted, rest->len);
    size_t end = cv_slice_find_byte(s, quoted ? '"' : ' ', 0);
    cv_slice word = cv_slice_sub(s, 0, end);
    *rest = end == CV_NPOS ? CV_S("") : cv_slice_sub(s, end + 1, s.len);
    return word;
}

/* Nothing that runs: a link goes to a place. */
static bool is_place(cv_slice url)
{
    static const char *const schemes[] = { "http://", "https://", "mailto:",
                                           "ftp://",  "tel:",     "file:",
                                           "news:",   "outlook:", "#" };
    for (size_t i = 0; i < CV_LEN(schemes); i++)
        if (cv_slice_istarts(url, cv_slice_cstr(schemes[i])))
            return true;
    return cv_slice_starts(url, CV_S("\\\\"));
}

/* HYPERLINK "address" \l "place in it" */
static void end_instruction(rtf_native *n)
{
    cv_slice rest = cv_buf_slice(&n->field);
    cv_slice *link = top(n)->link;
    cv_slice url = CV_S(""), place = CV_S("");
    if (!link || !cv_slice_ieq(field_word(&rest), CV_S("HYPERLINK")))
        return;
    while (rest.len) {
        cv_slice word = field_word(&rest);
        if (cv_slice_eq(word, CV_S("\\l")))
            place = field_word(&rest);
        else if (cv_slice_eq(word, CV_S("\\o")) ||
                 cv_slice_eq(word, CV_S("\\t")))
            (void)field_word(&rest);
        else if (!url.len &&
                 (word.len < 3 || word.ptr[0] != '\\' || word.ptr[1] == '\\'))
            url = word;
    }
    if (place.len)
        url =
            cv_arena_printf(n->arena, "%.*s#%.*s", CV_FMT(url), CV_FMT(place));
    if (url.len && is_place(url))
        *link = cv_arena_dup(n->arena, url);
}

/* Its result's link is not known yet; what surrounds it counts till then. */
static void begin_field(rtf_native *n)
{
    cv_slice *link = cv_arena_alloc(n->arena, sizeof *link);
    if (!link)
        return;
    *link = top(n)->link ? *top(n)->link : CV_S("");
    top(n)->link = link;
}

/* -- notes -- */

static void note_mark(rtf_native *n, int32_t number)
{
    bool raised = top(n)->look.set >> RTF_F_SUPER & 1;
    cv_slice mark =
        cv_arena_printf(n->arena, raised ? "[%d]" : "<sup>[%d]</sup>", number);
    if (mark.ptr)
        cv_rtf_flow_html(n, (const char *)mark.ptr);
}

static void begin_note(rtf_native *n)
{
    rtf_state *s = top(n);
    if (n->flow == &n->notes)
        return;
    n->note_count++;
    if (!n->note_marked)
        note_mark(n, n->note_count);
    n->note_marked = false;
    s->note = true;
    s->para = (rtf_para){ .align = RTF_L_LEFT, .pn = -1 };
    s->link = NULL;
    n->flow = &n->notes;
    s->look.set = 0;
    note_mark(n, n->note_count);
    cv_rtf_flow_html(n, " ");
}

static void end_note(rtf_native *n)
{
    if (n->flow->para.len)
        cv_rtf_flow_par(n);
    n->flow = &n->body;
}

/* In the text it stands before its note. */
static void number_note(rtf_native *n)
{
    if (n->flow == &n->notes)
        return;
    note_mark(n, n->note_count + 1);
    n->note_marked = true;
}

/* -- groups -- */

static void on_open(void *ctx)
{
    rtf_native *n = ctx;
    n->states[n->core->depth] = n->states[n->core->depth - 1];
    top(n)->note = false;
}

/* What a destination was collected for, when its outermost group ends. */
static void on_close(void *ctx)
{
    rtf_native *n = ctx;
    rtf_state *s = top(n), *parent = s - 1;
    if (s->note)
        end_note(n);
    if (s->dest == parent->dest)
        return;
    if (s->dest == RTF_D_FLDINST)
        end_instruction(n);
    else if (s->dest == RTF_D_PICT)
        cv_rtf_pict_end(n);
    else if (s->dest == RTF_D_OBJDATA)
        cv_rtf_object_end(n);
    else if (s->dest == RTF_D_PN)
        parent->para.pn = s->para.pn;
    else if (s->dest == RTF_D_MARKER)
        s->look = parent->look;
}

static void skip(rtf_native *n)
{
    cv_rtf_core_top(n->core)->skip = true;
}

/* A picture's text form is read where it is shown. */
static void begin_picture(rtf_native *n, rtf_dest dest)
{
    if (top(n)->look.set >> RTF_F_HIDDEN & 1) {
        skip(n);
        return;
    }
    cv_rtf_pict_begin(&n->pict);
    top(n)->dest = dest;
}

static void begin_collecting(rtf_native *n, cv_buf *buf, rtf_dest dest)
{
    cv_buf_reset(buf);
    top(n)->dest = dest;
}

static void enter(rtf_native *n, rtf_dest dest)
{
    rtf_state *s = top(n);
    switch (dest) {
    case RTF_D_TEXT:
        break;
    case RTF_D_QUIET:
        s->quiet = true;
        break;
    case RTF_D_FIELD:
        begin_field(n);
        break;
    case RTF_D_FLDINST:
        begin_collecting(n, &n->field, dest);
        break;
    case RTF_D_MARKER:
        begin_collecting(n, &n->marker, dest);
        break;
    case RTF_D_SHPPICT:
        n->shown_shape = true;
        break;
    case RTF_D_NONSHPPICT:
        if (n->shown_shape)
            skip(n);
        n->shown_shape = false;
        break;
    case RTF_D_PICT:
    case RTF_D_OBJDATA:
        begin_picture(n, dest);
        break;
    case RTF_D_LIST:
        cv_rtf_list_begin(&n->lists);
        s->dest = dest;
        break;
    case RTF_D_OVERRIDE:
        cv_rtf_override_begin(&n->lists);
        s->dest = dest;
        break;
    case RTF_D_LISTLEVEL:
        if (n->lists.list_count &&
            n->lists.lists[n->lists.list_count - 1].levels < RTF_LIST_LEVELS)
            n->lists.lists[n->lists.list_count - 1].levels++;
        s->dest = dest;
        break;
    case RTF_D_NOTE:
        begin_note(n);
        break;
    default:
        s->dest = dest;
    }
}

/* -- properties -- */

static uint32_t color_of(const rtf_native *n, int32_t index)
{
    return index > 0 && (size_t)index < n->color_count ? n->colors[index] : 0;
}

/* Black is what text is anyway, white what paper is. */
static void set_colors(rtf_native *n, rtf_format which, int32_t index)
{
    uint32_t color = color_of(n, index);
    rtf_look *look = &top(n)->look;
    if (which == RTF_F_COLOR)
        look->color = color == RTF_COLOR ? 0 : color;
    else
        look->back = color == (RTF_COLOR | 0xFFFFFF) ? 0 : color;
}

static void format(rtf_native *n, rtf_format which, bool on, int32_t number)
{
    const uint32_t super = UINT32_C(1) << RTF_F_SUPER;
    const uint32_t sub = UINT32_C(1) << RTF_F_SUB;
    rtf_look *look = &top(n)->look;
    uint32_t bit = UINT32_C(1) << which;
    switch (which) {
    case RTF_F_SIZE:
        look->size = number > 0 && number <= 400 ? number : 0;
        return;
    case RTF_F_COLOR:
    case RTF_F_BACK:
        set_colors(n, which, number);
        return;
    case RTF_F_NO_UNDERLINE:
        look->set &= ~(UINT32_C(1) << RTF_F_UNDERLINE);
        return;
    case RTF_F_SUPER:
    case RTF_F_SUB:
    case RTF_F_NOSUPERSUB:
        look->set &= ~(super | sub);
        bit = which == RTF_F_NOSUPERSUB ? 0 : bit;
        break;
    default:
        break;
    }
    look->set = on ? look->set | bit : look->set & ~bit;
}

static uint8_t channel(int32_t number)
{
    return number < 0 ? 0 : number > 255 ? 255 : (uint8_t)number;
}

static void end_color(rtf_native *n)
{
    if (n->color_count < RTF_MAX_COLORS)
        n->colors[n->color_count++] = n->color;
    n->color = 0;
}

static void row_word(rtf_native *n, rtf_layout what)
{
    rtf_row *row = &n->row;
    if (top(n)->dest == RTF_D_NESTPROPS)
        return;
    if (what == RTF_L_TROWD)
        *row = (rtf_row){ .cells = 0 };
    else if (what == RTF_L_CLMRG && row->cells < RTF_MAX_CELLS)
        row->merged |= UINT64_C(1) << row->cells;
    else if (what == RTF_L_CELLX && row->cells < RTF_MAX_CELLS)
        row->cells++;
}

static void list_word(rtf_native *n, const rtf_word *w, int32_t number)
{
    rtf_lists *lists = &n->lists;
    rtf_dest dest = top(n)->dest;
    rtf_list *list =
        lists->list_count ? &lists->lists[lists->list_count - 1] : NULL;
    if (w->value == RTF_L_LISTID)
        cv_rtf_list_id(lists, dest, number);
    else if (w->value == RTF_L_LS && lists->override_count)
        lists->overrides[lists->override_count - 1].ls = number;
    else if (w->value == RTF_L_LEVEL_NFC && list && list->levels)
        list->nfc[list->levels - 1] = channel(number);
}

static void layout(rtf_native *n, const rtf_word *w, int32_t number)
{
    rtf_para *para = &top(n)->para;
    switch (w->value) {
    case RTF_L_LEFT:
    case RTF_L_RIGHT:
    case RTF_L_CENTER:
    case RTF_L_JUSTIFY:
        para->align = (rtf_layout)w->value;
        break;
    case RTF_L_RTL:
    case RTF_L_LTR:
        para->rtl = w->value == RTF_L_RTL;
        break;
    case RTF_L_INDENT:
        para->indent = number;
        break;
    case RTF_L_INTBL:
        para->in_table = true;
        break;
    case RTF_L_ITAP:
        para->tables = number;
        break;
    case RTF_L_LS:
        para->ls = number;
        break;
    case RTF_L_ILVL:
        para->level = number;
        break;
    case RTF_L_PN_BULLET:
        para->pn = 23;
        break;
    case RTF_L_PN_NUMBER:
        para->pn = para->pn == 23 ? 23 : (int32_t)w->extra;
        break;
    case RTF_L_PN_CONT:
        para->pn = -1;
        break;
    case RTF_L_RED:
        n->color =
            (n->color & 0x00FFFF) | RTF_COLOR | (uint32_t)channel(number) << 16;
        break;
    case RTF_L_GREEN:
        n->color =
            (n->color & 0xFF00FF) | RTF_COLOR | (uint32_t)channel(number) << 8;
        break;
    case RTF_L_BLUE:
        n->color = (n->color & 0xFFFF00) | RTF_COLOR | channel(number);
        break;
    case RTF_L_NOTE_NUMBER:
        number_note(n);
        break;
    default:
        row_word(n, (rtf_layout)w->value);
    }
}

static void any_layout(rtf_native *n, const rtf_word *w, int32_t number)
{
    switch (top(n)->dest) {
    case RTF_D_PICT:
        cv_rtf_pict_word(&n->pict, w, number);
        break;
    case RTF_D_LIST:
    case RTF_D_LISTLEVEL:
    case RTF_D_OVERRIDE:
        list_word(n, w, number);
        break;
    default:
        layout(n, w, number);
    }
}

/* -- text -- */

static bool is_text(rtf_native *n)
{
    const rtf_state *s = top(n);
    return (s->dest == RTF_D_TEXT || s->dest == RTF_D_NESTPROPS) && !s->quiet &&
           !(s->look.set >> RTF_F_HIDDEN & 1);
}

static void on_text(void *ctx, cv_slice text)
{
    rtf_native *n = ctx;
    switch (top(n)->dest) {
    case RTF_D_COLORS:
        for (size_t i = 0; i < text.len; i++)
            if (text.ptr[i] == ';')
                end_color(n);
        break;
    case RTF_D_FLDINST:
        cv_buf_put_slice(&n->field, text);
        break;
    case RTF_D_MARKER:
        if (!top(n)->quiet)
            cv_buf_put_slice(&n->marker, text);
        break;
    case RTF_D_PICT:
    case RTF_D_OBJDATA:
        cv_rtf_pict_hex(&n->pict, text);
        break;
    default:
        if (is_text(n))
            cv_rtf_flow_text(n, text);
    }
}

static void put_char(rtf_native *n, uint32_t c)
{
    cv_buf buf;
    cv_buf_init(&buf, 8);
    cv_utf8_put(&buf, c);
    on_text(n, cv_buf_slice(&buf));
    cv_buf_clear(&buf);
}

/* Marks in the text. */
static void mark(rtf_native *n, const rtf_word *w)
{
    if (w->action == RTF_BREAK) {
        cv_rtf_flow_par(n);
    } else if (w->action == RTF_CELL) {
        cv_rtf_flow_cell(n, w->value == 2);
    } else if (w->action == RTF_ROW) {
        cv_rtf_flow_row(n, w->value == 2);
    } else if (w->action == RTF_LINE) {
        cv_rtf_flow_html(n, "<br>\r\n");
        n->flow->blank = true;
    } else if (w->action == RTF_TAB) {
        cv_rtf_flow_html(n, "&nbsp;&nbsp;&nbsp; ");
        n->flow->blank = true;
    }
}

static void on_word(void *ctx, const rtf_word *w, bool has_number, int32_t n)
{
    rtf_native *x = ctx;
    rtf_state *s = top(x);
    switch (w->action) {
    case RTF_PLAIN:
        s->look = (rtf_look){ .size = 0 };
        break;
    case RTF_PARD:
        s->para = (rtf_para){ .align = RTF_L_LEFT, .pn = -1 };
        break;
    case RTF_FORMAT:
        format(x, (rtf_format)w->value, !has_number || n != 0, n);
        break;
    case RTF_LAYOUT:
        any_layout(x, w, n);
        break;
    case RTF_DEST:
        enter(x, (rtf_dest)w->value);
        break;
    case RTF_HTMLTAG:
        skip(x);
        break;
    case RTF_CHAR:
        put_char(x, w->value);
        break;
    default:
        if (is_text(x))
            mark(x, w);
    }
}

static void on_binary(void *ctx, cv_slice bytes)
{
    rtf_native *n = ctx;
    if (top(n)->dest == RTF_D_PICT || top(n)->dest == RTF_D_OBJDATA)
        cv_buf_put_slice(&n->pict.data, bytes);
}

/* -- the document -- */

static void put_document(rtf_native *n, cv_buf *out)
{
    const rtf_look none = { .font = -1 };
    cv_buf_put_str(out, "<html><head><meta http-equiv=\"Content-Type\" "
                        "content=\"text/html; charset=utf-8\"></head>\r\n"
                        "<body");
    size_t before = out->len;
    cv_buf_put_str(out, " style=\"");
    size_t from = out->len;
    cv_rtf_put_style(n, out, &n->base, &none);
    if (out->len > from)
        cv_buf_put_byte(out, '"');
    else
        out->len = before;
    cv_buf_put_str(out, ">\r\n");
    cv_buf_put_slice(out, cv_buf_slice(&n->body.out));
    if (n->notes.out.len) {
        cv_buf_put_str(out, "<hr>\r\n");
        cv_buf_put_slice(out, cv_buf_slice(&n->notes.out));
    }
    cv_buf_put_str(out, "</body></html>\r\n");
}

static cv_status finish(rtf_native *n, cv_rtf_html *out, cv_error *err)
{
    cv_buf whole;
    n->flow = &n->notes;
    cv_rtf_flow_end(n);
    n->flow = &n->body;
    cv_rtf_flow_end(n);
    cv_buf_init(&whole, 2 * FLOW_BYTES);
    put_document(n, &whole);
    cv_status st = cv_buf_status(&whole, err);
    out->html = cv_buf_dup(&whole, n->arena);
    cv_buf_clear(&whole);
    out->files = n->files;
    out->file_count = n->file_count;
    out->empty = !n->shown && !n->file_count;
    out->cut = n->cut || n->core->deep;
    return st != CV_OK     ? st
           : out->html.ptr ? CV_OK
                           : cv_arena_fail(n->arena, err);
}

static void init(rtf_native *n, cv_arena *arena)
{
    cv_buf *flows[] = { &n->body.out, &n->body.para, &n->notes.out,
                        &n->notes.para };
    n->arena = arena;
    for (size_t i = 0; i < CV_LEN(flows); i++)
        cv_buf_init(flows[i], FLOW_BYTES);
    cv_buf_init(&n->marker, MARKER_BYTES);
    cv_buf_init(&n->field, FIELD_BYTES);
    cv_buf_init(&n->pict.data, CV_LIMIT_RTF_BYTES);
    n->flow = &n->body;
    n->base.font = -1;
    n->body.open = n->notes.open = n->base;
    n->body.blank = n->notes.blank = true;
    n->states[0].para = (rtf_para){ .align = RTF_L_LEFT, .pn = -1 };
    n->core->symbols = true;
    n->core->client = (rtf_client){ .open = on_open,
                                    .close = on_close,
                                    .text = on_text,
                                    .word = on_word,
                                    .binary = on_binary,
                                    .ctx = n };
}

static void clear(rtf_native *n)
{
    cv_buf_clear(&n->body.out);
    cv_buf_clear(&n->body.para);
    cv_buf_clear(&n->notes.out);
    cv_buf_clear(&n->notes.para);
    cv_buf_clear(&n->marker);
    cv_buf_clear(&n->field);
    cv_buf_clear(&n->pict.data);
}

cv_status cv_rtf_native_html(cv_arena *arena, cv_slice rtf, cv_rtf_html *out,
                             cv_error *err)
{
    rtf_native *n = cv_arena_alloc(arena, sizeof *n);
    if (!n)
        return cv_arena_fail(arena, err);
    CV_TRY(cv_rtf_core_new(arena, rtf, &n->core, err));
    init(n, arena);
    cv_rtf_core_run(n->core);
    cv_status st = finish(n, out, err);
    clear(n);
    return st;
}
