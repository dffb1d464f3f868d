/* Windows locale ids and language tags. */
#include "convert/private.h"

static const struct {
    int32_t lcid;
    const char *tag;
} languages[] = {
#define LANG(lcid, tag) { lcid, tag },
#include "convert/languages.def"
#undef LANG
};

const char *cv_language_of_lcid(int32_t lcid)
{
    for (size_t i = 0; i < CV_LEN(languages); i++)
        if (languages[i].lcid == lcid)
            return languages[i].tag;
    return NULL;
}

/* "en" alone stands for the first row of that language. */
int32_t cv_lcid_of_language(cv_slice tag)
{
    for (size_t i = 0; i < CV_LEN(languages); i++)
        if (cv_slice_ieq(tag, cv_slice_cstr(languages[i].tag)))
            return languages[i].lcid;
    for (size_t i = 0; i < CV_LEN(languages) && tag.len == 2; i++)
        if (cv_slice_istarts(cv_slice_cstr(languages[i].tag), tag))
            return languages[i].lcid;
    return 0;
}
