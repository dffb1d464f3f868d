/* Unicode's normal forms, by ICU. ASCII needs none of it. */
#include "base/icu_private.h"
#include "base/text.h"

#include <stdlib.h>

#define SUBSTITUTE 0xFFFD
#define GROWTH 18 /* NFKC makes at most this much of one UTF-16 unit */

typedef const UNormalizer2 *(*instance_fn)(UErrorCode *status);

/* Appends normalized text; false, and nothing, when ICU or memory fails. */
static bool put_units(const cv_icu_normals *icu, const UChar *units,
                      int32_t len, cv_buf *out)
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t size = 0;
    char *text = malloc((size_t)len * 3 + 1);
    if (text)
        icu->u_strToUTF8WithSub(text, len * 3 + 1, &size, units, len,
                                SUBSTITUTE, NULL, &status);
    bool done = text && U_SUCCESS(status);
    if (done)
        cv_buf_put(out, text, (size_t)size);
    free(text);
    return done;
}

static bool put_normal(const cv_icu_normals *icu, instance_fn instance,
                       cv_slice text, cv_buf *out)
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t room = (int32_t)text.len * GROWTH, count = 0;
    UChar *units = malloc((text.len + 1) * sizeof *units);
    UChar *normal = malloc((size_t)room * sizeof *normal);
    bool done = false;
    if (units && normal) {
        const UNormalizer2 *form = instance(&status);
        icu->u_strFromUTF8WithSub(units, (int32_t)text.len + 1, &count,
                                  (const char *)text.ptr, (int32_t)text.len,
                                  SUBSTITUTE, NULL, &status);
        count =
            icu->unorm2_normalize(form, units, count, normal, room, &status);
        done = U_SUCCESS(status) && put_units(icu, normal, count, out);
    }
    free(normal);
    free(units);
    return done;
}

void cv_utf8_compose(cv_slice text, cv_buf *out)
{
    const cv_icu_normals *icu = NULL;
    if (!cv_is_ascii(text) && text.len <= CV_NORMAL_MAX)
        icu = cv_icu_normals_get();
    if (!icu || !put_normal(icu, icu->unorm2_getNFCInstance, text, out))
        cv_buf_put_slice(out, text);
}

void cv_utf8_fold(cv_slice text, cv_buf *out)
{
    const cv_icu_normals *icu = NULL;
    if (!cv_is_ascii(text) && text.len <= CV_NORMAL_MAX)
        icu = cv_icu_normals_get();
    if (icu && put_normal(icu, icu->unorm2_getNFKCCasefoldInstance, text, out))
        return;
    for (size_t i = 0; i < text.len; i++) {
        bool upper = text.ptr[i] >= 'A' && text.ptr[i] <= 'Z';
        cv_buf_put_byte(out, (uint8_t)(text.ptr[i] | (upper ? 0x20 : 0)));
    }
}
