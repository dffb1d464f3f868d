#include "mapi/stored.h"

#include "base/limits.h"
#include "base/reader.h"
#include "base/text.h"

#include <string.h>

bool cv_stored_is_inline(uint16_t type)
{
    switch (type) {
    case CV_T_NULL:
    case CV_T_I16:
    case CV_T_I32:
    case CV_T_F32:
    case CV_T_F64:
    case CV_T_CURRENCY:
    case CV_T_FLOATTIME:
    case CV_T_ERROR:
    case CV_T_BOOL:
    case CV_T_I64:
    case CV_T_TIME:
        return true;
    default:
        return false;
    }
}

static double double_of_bits(uint64_t bits)
{
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

static double float_of_bits(uint32_t bits)
{
    float v;
    memcpy(&v, &bits, sizeof v);
    return (double)v;
}

bool cv_stored_fixed(uint16_t type, cv_slice bytes, cv_value *out)
{
    uint64_t bits = cv_peek_u64le(bytes, 0);
    if (bytes.len < 8) /* arrays and stray streams: only what the type needs */
        bits =
            bytes.len >= 4 ? cv_peek_u32le(bytes, 0) : cv_peek_u16le(bytes, 0);
    if (bytes.len < cv_type_size(type))
        return false;
    *out = (cv_value){ .type = type, .count = 1 };
    switch (type) {
    case CV_T_NULL:
        return true;
    case CV_T_I16:
        out->i64 = (int16_t)(bits & 0xFFFF);
        return true;
    case CV_T_I32:
        out->i64 = (int32_t)(bits & 0xFFFFFFFF);
        return true;
    case CV_T_F32:
        out->f64 = float_of_bits((uint32_t)(bits & 0xFFFFFFFF));
        return true;
    case CV_T_F64:
    case CV_T_FLOATTIME:
        out->f64 = double_of_bits(bits);
        return true;
    case CV_T_CURRENCY:
    case CV_T_I64:
        out->i64 = (int64_t)bits;
        return true;
    case CV_T_ERROR:
        out->error = (uint32_t)(bits & 0xFFFFFFFF);
        return true;
    case CV_T_BOOL:
        out->i64 = (bits & 0xFFFF) != 0;
        return true;
    case CV_T_TIME:
        out->time = bits;
        return true;
    case CV_T_GUID:
        memcpy(out->guid.b, bytes.ptr, sizeof out->guid.b);
        return true;
    default:
        return false;
    }
}

static uint64_t bits_of_f64(const cv_value *value)
{
    uint64_t bits = 0;
    if ((value->type & ~CV_T_MULTI) == CV_T_F32) {
        float v = (float)value->f64;
        memcpy(&bits, &v, sizeof v);
    } else {
        memcpy(&bits, &value->f64, sizeof bits);
    }
    return bits;
}

/* One value's bits, for the type's size. */
static uint64_t bits_of(const cv_value *value)
{
    switch (value->type) {
    case CV_T_F32:
    case CV_T_F64:
    case CV_T_FLOATTIME:
        return bits_of_f64(value);
    case CV_T_ERROR:
        return value->error;
    case CV_T_BOOL:
        return value->i64 != 0;
    case CV_T_TIME:
        return value->time;
    case CV_T_NULL:
        return 0;
    default:
        return (uint64_t)value->i64;
    }
}

static void put_bits(uint64_t bits, size_t size, cv_buf *out)
{
    for (size_t i = 0; i < size; i++)
        cv_buf_put_byte(out, (uint8_t)(bits >> (8 * i) & 0xFF));
}

void cv_stored_put_inline(const cv_value *value, cv_buf *out)
{
    size_t size = cv_type_size(value->type);
    size = size > 8 ? 8 : size;
    put_bits(bits_of(value), size, out);
    put_bits(0, 8 - size, out);
}

/* Element `index` of a multi-valued number as a value of the base type. */
static cv_value element(const cv_value *value, size_t index)
{
    cv_value one = { .type = value->type & (uint16_t)~CV_T_MULTI, .count = 1 };
    if (one.type == CV_T_TIME)
        one.time = value->times[index];
    else if (one.type == CV_T_GUID)
        one.guid = value->guids[index];
    else if (one.type == CV_T_F32 || one.type == CV_T_F64 ||
             one.type == CV_T_FLOATTIME)
        one.f64 = value->f64s[index];
    else
        one.i64 = value->i64s[index];
    return one;
}

void cv_stored_put_stream(const cv_value *value, cv_buf *out)
{
    if (value->type == CV_T_GUID) {
        cv_buf_put(out, value->guid.b, sizeof value->guid.b);
        return;
    }
    if (!(value->type & CV_T_MULTI)) {
        cv_buf_put_slice(out, value->bytes);
        return;
    }
    for (uint32_t i = 0; i < value->count; i++) {
        cv_value one = element(value, i);
        if (one.type == CV_T_GUID)
            cv_buf_put(out, one.guid.b, sizeof one.guid.b);
        else
            put_bits(bits_of(&one), cv_type_size(one.type), out);
    }
}

static void store(const cv_value *one, size_t index, void *array)
{
    if (one->type == CV_T_TIME)
        ((uint64_t *)array)[index] = one->time;
    else if (one->type == CV_T_GUID)
        ((cv_guid *)array)[index] = one->guid;
    else if (one->type == CV_T_F32 || one->type == CV_T_F64 ||
             one->type == CV_T_FLOATTIME)
        ((double *)array)[index] = one->f64;
    else
        ((int64_t *)array)[index] = one->i64;
}

static bool read_array(uint16_t type, cv_slice bytes, cv_arena *arena,
                       cv_value *out)
{
    uint16_t base = type & (uint16_t)~CV_T_MULTI;
    size_t size = cv_type_size(base);
    if (size == 0 || bytes.len / size > CV_LIMIT_MULTI_VALUES)
        return false;
    size_t count = bytes.len / size;
    void *array = cv_arena_array(arena, count, sizeof(cv_guid));
    if (!array)
        return false;
    for (size_t i = 0; i < count; i++) {
        cv_value one;
        if (!cv_stored_fixed(base, cv_slice_sub(bytes, i * size, size), &one))
            return false;
        store(&one, i, array);
    }
    *out = (cv_value){ .type = type, .count = (uint32_t)count };
    out->i64s = array; /* the union's pointers share their place */
    return true;
}

cv_slice cv_stored_text(uint16_t type, cv_slice bytes, uint32_t codepage,
                        cv_arena *arena, bool *lossy)
{
    *lossy = false;
    if (type == CV_T_STRING)
        return cv_utf16le_to_utf8(arena, bytes, true, lossy);
    size_t end = cv_slice_find_byte(bytes, 0, 0);
    if (end != CV_NPOS)
        bytes.len = end;
    return cv_codepage_to_utf8(arena, codepage, bytes, lossy);
}

bool cv_stored_stream(uint16_t type, cv_slice bytes, uint32_t codepage,
                      cv_arena *arena, cv_value *out)
{
    switch (type) {
    case CV_T_STRING8:
    case CV_T_STRING:
        *out = (cv_value){ .type = type, .count = 1 };
        out->bytes = cv_stored_text(type, bytes, codepage, arena, &out->lossy);
        if (out->lossy)
            out->raw = bytes;
        return out->bytes.ptr != NULL;
    case CV_T_BINARY:
    case CV_T_SERVERID:
    case CV_T_RESTRICTION:
    case CV_T_ACTIONS:
        *out = (cv_value){ .type = type, .count = 1, .bytes = bytes };
        return true;
    default:
        return type & CV_T_MULTI ? read_array(type, bytes, arena, out)
                                 : cv_stored_fixed(type, bytes, out);
    }
}
