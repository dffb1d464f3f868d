#include "pst/pst_private.h"

#include "base/limits.h"
#include "base/reader.h"
#include "mapi/stored.h"

/* A count, the offset of each value, the values. */
static bool several(uint16_t type, cv_slice bytes, uint32_t codepage,
                    cv_arena *arena, cv_value *out)
{
    uint16_t base = type & (uint16_t)~CV_T_MULTI;
    uint32_t count = cv_peek_u32le(bytes, 0);
    if (bytes.len && (bytes.len < 4 || count > (bytes.len - 4) / 4 ||
                      count > CV_LIMIT_MULTI_VALUES))
        return false;
    cv_slice *slices = cv_arena_array(arena, count, sizeof *slices);
    if (!slices)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        cv_value one;
        size_t from = cv_peek_u32le(bytes, 4 + (size_t)i * 4);
        size_t to =
            i + 1 < count ? cv_peek_u32le(bytes, 8 + (size_t)i * 4) : bytes.len;
        if (from > to || to > bytes.len ||
            !cv_stored_stream(base, cv_slice_sub(bytes, from, to - from),
                              codepage, arena, &one))
            return false;
        slices[i] = one.bytes;
    }
    *out = (cv_value){ .type = type, .count = count, .slices = slices };
    return true;
}

bool cv_pst_value(uint16_t type, cv_slice bytes, uint32_t codepage,
                  cv_arena *arena, cv_value *out)
{
    if (!cv_type_is_known(type) || type == CV_T_UNSPECIFIED)
        return false;
    if (type == CV_T_BOOL && bytes.len > 0) { /* one byte only */
        *out = (cv_value){ .type = type, .count = 1, .i64 = *bytes.ptr != 0 };
        return true;
    }
    if (type == (CV_T_MULTI | CV_T_STRING) ||
        type == (CV_T_MULTI | CV_T_STRING8) ||
        type == (CV_T_MULTI | CV_T_BINARY))
        return several(type, bytes, codepage, arena, out);
    return cv_stored_stream(type, bytes, codepage, arena, out);
}
