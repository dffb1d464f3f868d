/* Tables of rtf.md 9, 10 and 12. */
#include "rtf/rtf_private.h"

#include <string.h>

static const rtf_word words[] = {
    { "fonttbl", RTF_FONTS, 0, NULL },
    { "colortbl", RTF_SKIP, 0, NULL },
    { "stylesheet", RTF_SKIP, 0, NULL },
    { "info", RTF_SKIP, 0, NULL },
    { "pict", RTF_SKIP, 0, NULL },
    { "object", RTF_IGNORE, 0, NULL },
    { "objdata", RTF_SKIP, 0, NULL },
    { "fldinst", RTF_SKIP, 0, NULL },
    { "header", RTF_SKIP, 0, NULL },
    { "footer", RTF_SKIP, 0, NULL },
    { "headerl", RTF_SKIP, 0, NULL },
    { "headerr", RTF_SKIP, 0, NULL },
    { "headerf", RTF_SKIP, 0, NULL },
    { "footerl", RTF_SKIP, 0, NULL },
    { "footerr", RTF_SKIP, 0, NULL },
    { "footerf", RTF_SKIP, 0, NULL },
    { "listtable", RTF_SKIP, 0, NULL },
    { "listoverridetable", RTF_SKIP, 0, NULL },
    { "mhtmltag", RTF_SKIP, 0, NULL },
    { "htmltag", RTF_HTMLTAG, 0, NULL },
    { "htmlrtf", RTF_HTMLRTF, 0, NULL },
    { "ansicpg", RTF_CODEPAGE, 0, NULL },
    { "mac", RTF_CHARSET, 10000, NULL },
    { "pc", RTF_CHARSET, 437, NULL },
    { "pca", RTF_CHARSET, 850, NULL },
    { "f", RTF_FONT, 0, NULL },
    { "fcharset", RTF_FCHARSET, 0, NULL },
    { "cpg", RTF_CPG, 0, NULL },
    { "deff", RTF_DEFF, 0, NULL },
    { "plain", RTF_PLAIN, 0, NULL },
    { "uc", RTF_UC, 0, NULL },
    { "u", RTF_U, 0, NULL },
    { "bin", RTF_BIN, 0, NULL },
    { "par", RTF_BREAK, 0, NULL },
    { "line", RTF_BREAK, 0, NULL },
    { "row", RTF_BREAK, 0, NULL },
    { "sect", RTF_BREAK, 0, NULL },
    { "page", RTF_BREAK, 0, NULL },
    { "tab", RTF_TAB, 0, NULL },
    { "cell", RTF_TAB, 0, NULL },
    { "lquote", RTF_CHAR, 0x2018, "&lsquo;" },
    { "rquote", RTF_CHAR, 0x2019, "&rsquo;" },
    { "ldblquote", RTF_CHAR, 0x201C, "&ldquo;" },
    { "rdblquote", RTF_CHAR, 0x201D, "&rdquo;" },
    { "bullet", RTF_CHAR, 0x2022, "&bull;" },
    { "endash", RTF_CHAR, 0x2013, "&ndash;" },
    { "emdash", RTF_CHAR, 0x2014, "&mdash;" },
    { "enspace", RTF_CHAR, 0x2002, "&ensp;" },
    { "emspace", RTF_CHAR, 0x2003, "&emsp;" },
};

const rtf_word *cv_rtf_word_find(cv_slice name)
{
    for (size_t i = 0; i < CV_LEN(words); i++)
        if (name.len && name.ptr[0] == (uint8_t)words[i].name[0] &&
            name.len == strlen(words[i].name) &&
            !memcmp(name.ptr, words[i].name, name.len))
            return &words[i];
    return NULL;
}

uint32_t cv_rtf_codepage_of_charset(int32_t fcharset)
{
    static const struct {
        int32_t fcharset;
        uint32_t codepage;
    } rows[] = {
        { 77, 10000 }, { 128, 932 },  { 129, 949 },  { 130, 1361 },
        { 134, 936 },  { 136, 950 },  { 161, 1253 }, { 162, 1254 },
        { 163, 1258 }, { 177, 1255 }, { 178, 1256 }, { 186, 1257 },
        { 204, 1251 }, { 222, 874 },  { 238, 1250 }, { 254, 437 },
        { 255, 850 },
    };
    for (size_t i = 0; i < CV_LEN(rows); i++)
        if (rows[i].fcharset == fcharset)
            return rows[i].codepage;
    return 0;
}
