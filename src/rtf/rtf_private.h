/* rtf_private.h - the control words that mean something to a reader. */
#ifndef CV_RTF_RTF_PRIVATE_H
#define CV_RTF_RTF_PRIVATE_H

#include "base/arena.h"

typedef enum rtf_action {
    RTF_IGNORE,
    RTF_SKIP,     /* the group is no text */
    RTF_FONTS,    /* the font table */
    RTF_HTMLTAG,  /* a piece of the original HTML */
    RTF_HTMLRTF,  /* on, or off with 0 */
    RTF_CODEPAGE, /* parameter: default code page */
    RTF_CHARSET,  /* value: default code page */
    RTF_FONT,
    RTF_FCHARSET,
    RTF_CPG,   /* in the font table and in text */
    RTF_PLAIN, /* default font */
    RTF_DEFF,
    RTF_UC,
    RTF_U,
    RTF_BIN,
    RTF_BREAK,
    RTF_TAB,
    RTF_CHAR /* value: code point */
} rtf_action;

typedef struct rtf_word {
    const char *name;
    rtf_action action;
    uint32_t value;
    const char *entity; /* of RTF_CHAR outside a tag, or NULL */
} rtf_word;

/* NULL for a word without meaning here. */
const rtf_word *cv_rtf_word_find(cv_slice name);
/* Code page of \fcharset, 0 for the default one. */
uint32_t cv_rtf_codepage_of_charset(int32_t fcharset);

#endif
