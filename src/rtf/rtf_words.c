/* Tables of rtf.md 9, 10 and 12. */
#include "rtf/rtf_private.h"

#include <string.h>

static const rtf_word words[] = {
#define RTF_WORD(name, action, value, entity, extra) \
    { name, action, value, entity, extra },
#include "rtf/rtf_words.def"
#undef RTF_WORD
};

static int compare(cv_slice name, const char *word)
{
    size_t len = strlen(word);
    int order = memcmp(name.ptr, word, name.len < len ? name.len : len);
    return order ? order : (name.len > len) - (name.len < len);
}

const rtf_word *cv_rtf_word_find(cv_slice name)
{
    size_t low = 0, high = CV_LEN(words);
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = compare(name, words[middle].name);
        if (!order)
            return &words[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
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
