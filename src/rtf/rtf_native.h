/* rtf_native.h - RTF of its own on its way to HTML: what the files rtf_native.c
 * (control words), rtf_flow.c (HTML), rtf_list.c and rtf_picture.c share.
 */
#ifndef CV_RTF_RTF_NATIVE_H
#define CV_RTF_RTF_NATIVE_H

#include "rtf/rtf_private.h"
#include "rtf/rtf_read.h"

#define RTF_MAX_COLORS 1024
#define RTF_MAX_LISTS 256 /* in the list table, and overrides of them */
#define RTF_LIST_LEVELS 9
#define RTF_MAX_TABLES 8 /* tables within tables; deeper ones are flat */
#define RTF_MAX_CELLS 64 /* of a row whose merged cells are known */
#define RTF_COLOR (UINT32_C(1) << 24) /* marks a colour that is set */

/* Of a run of text. */
typedef struct rtf_look {
    uint32_t set;         /* bits by rtf_format */
    int32_t size;         /* half points, 0: not said */
    uint32_t color, back; /* RTF_COLOR | RGB, or 0 */
    int32_t font;
    cv_slice link; /* address; arena, empty for none */
} rtf_look;

/* Of a paragraph. */
typedef struct rtf_para {
    rtf_layout align;
    bool rtl, in_table;
    int32_t tables; /* \itap */
    int32_t indent; /* twips */
    int32_t ls;     /* number of the list, 0 none */
    int32_t level;  /* within the list, from 0 */
    int32_t pn;     /* form of an old list's numbers (\levelnfc), -1 none */
} rtf_para;

typedef struct rtf_item {
    char kind;     /* 0 none, '*' bullet, '1' 'a' 'A' 'i' 'I', '=' as written */
    int32_t value; /* -1: the next one */
    int32_t level;
} rtf_item;

typedef struct rtf_open_list {
    char kind;
    int32_t next, level;
} rtf_open_list;

/* The document, or one cell in it. */
typedef struct rtf_level {
    bool row, cell; /* open in this level's table */
    bool filled;    /* something stands in the cell */
    size_t column;
    rtf_open_list lists[RTF_LIST_LEVELS];
    size_t list_count;
} rtf_level;

/* Blocks that are finished and the paragraph that is being made. */
typedef struct rtf_flow {
    cv_buf out, para;
    rtf_look open; /* the tags open in para */
    bool blank;    /* a blank that follows would vanish */
    rtf_level levels[RTF_MAX_TABLES + 1];
    size_t depth; /* tables open */
} rtf_flow;

typedef struct rtf_row {
    size_t cells;
    uint64_t merged; /* bit: the cell belongs to the one before it */
} rtf_row;

typedef struct rtf_list {
    int32_t id;
    size_t levels;
    uint8_t nfc[RTF_LIST_LEVELS];
} rtf_list;

typedef struct rtf_override {
    int32_t ls, id;
} rtf_override;

typedef struct rtf_lists {
    rtf_list lists[RTF_MAX_LISTS];
    size_t list_count;
    rtf_override overrides[RTF_MAX_LISTS];
    size_t override_count;
} rtf_lists;

typedef struct rtf_pict {
    rtf_picture kind;
    int32_t w, h, goal_w, goal_h; /* w, h: as the picture says; goal: twips */
    int32_t scale_x, scale_y;     /* percent */
    cv_buf data;
    int high; /* first digit of a byte, -1 none */
} rtf_pict;

typedef struct rtf_state {
    rtf_dest dest;
    bool quiet;
    bool note; /* the group that began a note */
    rtf_look look;
    rtf_para para;
    cv_slice *link; /* of the field around it, NULL none; arena */
} rtf_state;

typedef struct rtf_native {
    cv_arena *arena;
    rtf_core *core;
    rtf_state states[RTF_MAX_GROUPS];
    rtf_flow body, notes, *flow; /* flow: one of the two */
    int32_t note_count;
    bool note_marked; /* its number stands in the text already */
    rtf_look base;    /* of the first text */
    bool has_base;
    uint32_t colors[RTF_MAX_COLORS];
    size_t color_count;
    uint32_t color; /* being described */
    rtf_row row;
    rtf_lists lists;
    cv_buf marker, field;
    rtf_pict pict;
    bool shown_shape; /* a \shppict gave a picture: skip the other form */
    cv_rtf_file *files;
    size_t file_count, file_room, file_bytes;
    bool shown; /* there is text that is not blank */
    bool cut;
} rtf_native;

/* -- rtf_flow.c -- */

void cv_rtf_flow_text(rtf_native *n, cv_slice text);
/* HTML that counts as text of the current look. */
void cv_rtf_flow_html(rtf_native *n, const char *html);
void cv_rtf_flow_par(rtf_native *n);
void cv_rtf_flow_cell(rtf_native *n, bool nested);
void cv_rtf_flow_row(rtf_native *n, bool nested);
/* Ends the paragraph and all that is open. */
void cv_rtf_flow_end(rtf_native *n);
/* For an attribute or text. */
void cv_rtf_put_escaped(cv_buf *out, cv_slice text);
/* A span's style against the document's, without quotes. */
void cv_rtf_put_style(rtf_native *n, cv_buf *out, const rtf_look *look,
                      const rtf_look *base);

/* -- rtf_list.c -- */

/* What number or bullet a paragraph has. open: the list it may continue, or
 * NULL. */
rtf_item cv_rtf_item_of(const rtf_native *n, const rtf_para *para,
                        const rtf_open_list *open);
void cv_rtf_list_begin(rtf_lists *lists);
void cv_rtf_override_begin(rtf_lists *lists);
void cv_rtf_list_id(rtf_lists *lists, rtf_dest dest, int32_t id);

/* -- rtf_picture.c -- */

void cv_rtf_pict_begin(rtf_pict *pict);
void cv_rtf_pict_word(rtf_pict *pict, const rtf_word *w, int32_t value);
void cv_rtf_pict_hex(rtf_pict *pict, cv_slice digits);
/* Adds a file, and the picture to the text. */
void cv_rtf_pict_end(rtf_native *n);
void cv_rtf_object_end(rtf_native *n);

#endif
