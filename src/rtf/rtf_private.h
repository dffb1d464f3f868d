/* rtf_private.h - what the readers of RTF share: the control words, and one
 * pass over the tokens that decodes text and hands on what has meaning.
 * Source: spec rtf.md 8 to 12; Rich Text Format specification 1.9.1.
 */
#ifndef CV_RTF_RTF_PRIVATE_H
#define CV_RTF_RTF_PRIVATE_H

#include "base/arena.h"
#include "base/buf.h"

#define RTF_MAX_GROUPS 256 /* deeper groups share the last one's state */
#define RTF_MAX_FONTS 512
#define RTF_FONT_NAME 32
#define RTF_TABLES 31    /* code pages whose letters are kept, by remainder */
#define RTF_MAX_RUN 4096 /* bytes of one \'hh run that are decoded together */

typedef enum rtf_action {
    RTF_IGNORE,
    /* the core's */
    RTF_SKIP,     /* the group is no text */
    RTF_FONTS,    /* the font table */
    RTF_CODEPAGE, /* parameter: default code page */
    RTF_CHARSET,  /* value: default code page */
    RTF_FONT,
    RTF_FCHARSET,
    RTF_CPG, /* in the font table */
    RTF_DEFF,
    RTF_UC,
    RTF_U,
    RTF_BIN,
    /* handed on */
    RTF_PLAIN,   /* default font for the core, too */
    RTF_HTMLTAG, /* a piece of the original HTML */
    RTF_HTMLRTF, /* on, or off with 0 */
    RTF_BREAK,
    RTF_LINE,
    RTF_TAB,
    RTF_CHAR, /* value: code point */
    RTF_ROW,
    RTF_CELL,
    RTF_FORMAT, /* value: an rtf_format */
    RTF_LAYOUT, /* value: an rtf_layout */
    RTF_PARD,
    RTF_DEST /* value: an rtf_dest */
} rtf_action;

/* Character properties; those below RTF_F_SIZE are bits of a set. */
typedef enum rtf_format {
    RTF_F_BOLD,
    RTF_F_ITALIC,
    RTF_F_UNDERLINE,
    RTF_F_STRIKE,
    RTF_F_SUPER,
    RTF_F_SUB,
    RTF_F_HIDDEN,
    RTF_F_NOSUPERSUB,
    RTF_F_NO_UNDERLINE,
    RTF_F_SIZE,
    RTF_F_COLOR,
    RTF_F_BACK
} rtf_format;

/* Properties of paragraphs, rows and lists. */
typedef enum rtf_layout {
    RTF_L_LEFT,
    RTF_L_RIGHT,
    RTF_L_CENTER,
    RTF_L_JUSTIFY,
    RTF_L_RTL,
    RTF_L_LTR,
    RTF_L_INDENT,
    RTF_L_INTBL,
    RTF_L_ITAP,
    RTF_L_LS,
    RTF_L_ILVL,
    RTF_L_TROWD,
    RTF_L_CELLX,
    RTF_L_CLMRG,
    RTF_L_PN_BULLET,
    RTF_L_PN_NUMBER, /* extra: the form of the number, as \levelnfc */
    RTF_L_PN_CONT,
    RTF_L_RED,
    RTF_L_GREEN,
    RTF_L_BLUE,
    RTF_L_LISTID,
    RTF_L_LEVEL_NFC,
    RTF_L_PIC_KIND, /* extra: an rtf_picture */
    RTF_L_PIC_W,
    RTF_L_PIC_H,
    RTF_L_PIC_GOAL_W,
    RTF_L_PIC_GOAL_H,
    RTF_L_PIC_SCALE_X,
    RTF_L_PIC_SCALE_Y,
    RTF_L_NOTE_NUMBER
} rtf_layout;

/* What the text of a group is. */
typedef enum rtf_dest {
    RTF_D_TEXT,
    RTF_D_QUIET, /* not shown, but pictures in it are */
    RTF_D_COLORS,
    RTF_D_FIELD, /* a field: its result's link is this group's */
    RTF_D_FLDINST,
    RTF_D_PICT,
    RTF_D_SHPPICT,
    RTF_D_NONSHPPICT,
    RTF_D_OBJDATA,
    RTF_D_MARKER, /* number or bullet of the paragraph */
    RTF_D_PN,
    RTF_D_LISTS, /* list table */
    RTF_D_LIST,
    RTF_D_LISTLEVEL,
    RTF_D_OVERRIDE,
    RTF_D_NOTE,
    RTF_D_NESTPROPS
} rtf_dest;

/* Forms of a \pict. */
typedef enum rtf_picture {
    RTF_P_NONE,
    RTF_P_PNG,
    RTF_P_JPEG,
    RTF_P_EMF,
    RTF_P_WMF,
    RTF_P_DIB,
    RTF_P_DDB,
    RTF_P_PICT
} rtf_picture;

typedef struct rtf_word {
    const char *name;
    rtf_action action;
    uint32_t value;
    const char *entity; /* of RTF_CHAR outside a tag, or NULL */
    uint32_t extra;     /* of RTF_L_PN_NUMBER and RTF_L_PIC_KIND */
} rtf_word;

/* NULL for a word without meaning here. */
const rtf_word *cv_rtf_word_find(cv_slice name);
/* Code page of \fcharset, 0 for the default one. */
uint32_t cv_rtf_codepage_of_charset(int32_t fcharset);

typedef enum rtf_symbols {
    RTF_SYM_NONE,
    RTF_SYM_SYMBOL,
    RTF_SYM_WINGDINGS,
    RTF_SYM_OTHER
} rtf_symbols;

/* What a byte of a symbol font shows; 0 when that is not known. */
uint32_t cv_rtf_symbol(rtf_symbols font, uint8_t byte);

typedef struct rtf_font {
    int32_t number;
    uint32_t codepage; /* 0: the default one */
    rtf_symbols symbols;
    size_t name_len;
    uint8_t name[RTF_FONT_NAME];
} rtf_font;

typedef struct rtf_group {
    bool skip;  /* the group is no text */
    bool fonts; /* within the font table; font is the entry described */
    int32_t font;
    uint32_t codepage; /* of the current font */
    int32_t uc;        /* fallback characters after \u */
} rtf_group;

/* Called between tokens; text is UTF-8 and never empty. Nothing of a skipped
 * group is handed on but its marks. */
typedef struct rtf_client {
    void (*open)(void *ctx);
    void (*close)(void *ctx); /* before the group's state is left */
    void (*text)(void *ctx, cv_slice text);
    void (*word)(void *ctx, const rtf_word *w, bool has_number, int32_t n);
    void (*binary)(void *ctx, cv_slice bytes);
    void *ctx;
} rtf_client;

/* The upper half of a code page of single bytes. */
typedef struct rtf_table {
    uint32_t codepage; /* 0: empty */
    uint16_t letters[128];
} rtf_table;

typedef struct rtf_core {
    rtf_client client;
    cv_slice in;
    size_t pos;
    bool stop;    /* set by the client: nothing more is wanted */
    bool deep;    /* there were more than RTF_MAX_GROUPS */
    bool symbols; /* symbol fonts' bytes become what they show */
    rtf_group groups[RTF_MAX_GROUPS];
    size_t depth;   /* index of the current group */
    size_t surplus; /* groups open beyond the stack */
    rtf_font fonts[RTF_MAX_FONTS];
    size_t font_count;
    uint16_t font_index[RTF_MAX_FONTS * 2]; /* 1 + place in fonts, hashed */
    uint32_t default_codepage;
    int32_t default_font;
    bool star;         /* \* came before the next word */
    int32_t fallbacks; /* characters still to be skipped after \u */
    uint16_t high;     /* surrogate that waits for its other half */
    bool lead;         /* run ends in the first byte of a two-byte letter */
    uint8_t run[RTF_MAX_RUN];
    size_t run_len;
    rtf_table tables[RTF_TABLES];
    cv_arena *scratch; /* for decoding; renewed */
} rtf_core;

/* Errors: the arena's. The core lives in it. */
CV_NODISCARD cv_status cv_rtf_core_new(cv_arena *arena, cv_slice in,
                                       rtf_core **core, cv_error *err);
void cv_rtf_core_run(rtf_core *core);
rtf_group *cv_rtf_core_top(rtf_core *core);
/* The current font, NULL when it is not in the table. */
const rtf_font *cv_rtf_core_font(rtf_core *core);
const rtf_font *cv_rtf_core_font_of(rtf_core *core, int32_t number);

/* RTF of its own as HTML: rtf_native.c. */
struct cv_rtf_html;
CV_NODISCARD cv_status cv_rtf_native_html(cv_arena *arena, cv_slice rtf,
                                          struct cv_rtf_html *out,
                                          cv_error *err);

#endif
