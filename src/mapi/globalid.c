#include "mapi/globalid.h"

#include "base/datetime.h"
#include "base/reader.h"
#include "base/text.h"

#include <string.h>

/* Offsets and sizes of [MS-OXOCAL] 2.2.1.27. */
#define PREFIX_SIZE 16
#define DATE_AT 16
#define DATE_SIZE 4
#define CREATION_AT 20
#define SIZE_AT 36
#define DATA_AT 40
#define YEAR_MIN 1601
#define YEAR_MAX 4500

static const uint8_t prefix[PREFIX_SIZE] = { 0x04, 0x00, 0x00, 0x00, 0x82, 0x00,
                                             0xE0, 0x00, 0x74, 0xC5, 0xB7, 0x10,
                                             0x1A, 0x82, 0xE0, 0x08 };
static const char prefix_hex[] = "040000008200E00074C5B7101A82E008";

/* Marks Data that wraps the UID of another calendar. */
static const uint8_t foreign[] = { 'v', 'C', 'a', 'l', '-', 'U',
                                   'i', 'd', 1,   0,   0,   0 };

static cv_slice foreign_mark(void)
{
    return cv_slice_of(foreign, sizeof(foreign));
}

static bool date_is_valid(int32_t year, unsigned month, unsigned day)
{
    return year >= YEAR_MIN && year <= YEAR_MAX && month >= 1 && month <= 12 &&
           day >= 1 && day <= cv_days_in_month(year, month);
}

cv_status cv_globalid_parse(cv_slice blob, cv_globalid *out)
{
    cv_globalid id = { 0 };
    if (blob.len < DATA_AT)
        return CV_ERR_TRUNC;
    if (memcmp(blob.ptr, prefix, PREFIX_SIZE) != 0)
        return CV_ERR_SYNTAX;
    uint32_t size = cv_peek_u32le(blob, SIZE_AT);
    if (size > blob.len - DATA_AT)
        return CV_ERR_TRUNC;
    const uint8_t *date = blob.ptr + DATE_AT;
    int32_t year = date[0] << 8 | date[1];
    if (date_is_valid(year, date[2], date[3])) {
        id.year = year;
        id.month = date[2];
        id.day = date[3];
    }
    id.creation = cv_peek_u64le(blob, CREATION_AT);
    id.data = cv_slice_sub(blob, DATA_AT, size);
    *out = id;
    return CV_OK;
}

static void put_date(uint8_t *blob, int32_t year, unsigned month, unsigned day)
{
    bool valid = date_is_valid(year, month, day);
    blob[DATE_AT] = (uint8_t)(valid ? year >> 8 : 0);
    blob[DATE_AT + 1] = (uint8_t)(valid ? year & 0xFF : 0);
    blob[DATE_AT + 2] = (uint8_t)(valid ? month : 0);
    blob[DATE_AT + 3] = (uint8_t)(valid ? day : 0);
}

static cv_slice to_hex(cv_arena *arena, cv_slice blob)
{
    static const char digits[] = "0123456789ABCDEF";
    uint8_t *hex = cv_arena_array(arena, blob.len, 2);
    if (!hex)
        return (cv_slice){ NULL, 0 };
    for (size_t i = 0; i < blob.len; i++) {
        uint8_t byte = blob.ptr[i];
        if (i >= DATE_AT && i < DATE_AT + DATE_SIZE)
            byte = 0; /* all instances share the UID of the series */
        hex[2 * i] = (uint8_t)digits[byte >> 4];
        hex[2 * i + 1] = (uint8_t)digits[byte & 15];
    }
    return cv_slice_of(hex, blob.len * 2);
}

cv_slice cv_globalid_to_uid(cv_arena *arena, cv_slice blob)
{
    cv_globalid id;
    if (cv_globalid_parse(blob, &id) != CV_OK)
        return (cv_slice){ NULL, 0 };
    if (cv_slice_starts(id.data, foreign_mark())) {
        cv_slice uid = cv_slice_sub(id.data, sizeof(foreign), id.data.len);
        while (uid.len > 0 && uid.ptr[uid.len - 1] == 0)
            uid.len--;
        if (uid.len > 0)
            return cv_arena_dup(arena, cv_utf8_repair(arena, uid));
    }
    return to_hex(arena, cv_slice_sub(blob, 0, DATA_AT + id.data.len));
}

/* The blob that a UID spells in hex; ptr NULL when it does not. */
static uint8_t *of_hex(cv_arena *arena, cv_slice uid, size_t *len)
{
    cv_slice start = cv_slice_of(prefix_hex, sizeof(prefix_hex) - 1);
    cv_slice blob;
    if (!cv_slice_istarts(uid, start) ||
        cv_hex_decode(arena, uid, &blob, NULL) != CV_OK || blob.len < DATA_AT ||
        cv_peek_u32le(blob, SIZE_AT) != blob.len - DATA_AT)
        return NULL;
    *len = blob.len;
    uint8_t *copy = cv_arena_alloc(arena, blob.len);
    if (copy)
        memcpy(copy, blob.ptr, blob.len);
    return copy;
}

/* Room for a blob with `size` bytes of data, its header filled in. */
static uint8_t *new_blob(cv_arena *arena, size_t size)
{
    uint8_t *blob = NULL;
    size_t total;
    if (size <= UINT32_MAX && cv_add(size, (size_t)DATA_AT, &total))
        blob = cv_arena_alloc(arena, total);
    if (!blob)
        return NULL;
    memcpy(blob, prefix, PREFIX_SIZE);
    for (size_t i = 0; i < 4; i++)
        blob[SIZE_AT + i] = (uint8_t)(size >> (8 * i));
    return blob;
}

cv_slice cv_globalid_of_uid(cv_arena *arena, cv_slice uid, int32_t year,
                            unsigned month, unsigned day)
{
    size_t len;
    uint8_t *blob = of_hex(arena, uid, &len);
    if (blob) {
        const uint8_t *date = blob + DATE_AT;
        if (!date_is_valid(date[0] << 8 | date[1], date[2], date[3]))
            put_date(blob, year, month, day);
        return cv_slice_of(blob, len);
    }
    size_t size;
    if (!cv_add(uid.len, sizeof(foreign) + 1, &size))
        return (cv_slice){ NULL, 0 };
    blob = new_blob(arena, size);
    if (!blob)
        return (cv_slice){ NULL, 0 };
    put_date(blob, year, month, day);
    memcpy(blob + DATA_AT, foreign, sizeof(foreign));
    if (uid.len > 0)
        memcpy(blob + DATA_AT + sizeof(foreign), uid.ptr, uid.len);
    return cv_slice_of(blob, DATA_AT + size);
}

cv_slice cv_globalid_with_date(cv_arena *arena, cv_slice blob, int32_t year,
                               unsigned month, unsigned day)
{
    uint8_t *copy = cv_arena_alloc(arena, blob.len);
    if (!copy)
        return (cv_slice){ NULL, 0 };
    if (blob.len > 0)
        memcpy(copy, blob.ptr, blob.len);
    if (blob.len >= DATE_AT + DATE_SIZE)
        put_date(copy, year, month, day);
    return cv_slice_of(copy, blob.len);
}

cv_slice cv_globalid_new(cv_arena *arena, const cv_env *env)
{
    uint8_t *blob = new_blob(arena, 16);
    uint64_t creation = 0;
    if (!blob)
        return (cv_slice){ NULL, 0 };
    /* A clock outside FILETIME's range leaves the time 0: still unique. */
    if (cv_ticks_to_filetime(env->now(env->ctx), &creation, NULL) != CV_OK)
        creation = 0;
    for (size_t i = 0; i < 8; i++)
        blob[CREATION_AT + i] = (uint8_t)(creation >> (8 * i));
    env->random(env->ctx, blob + DATA_AT, 16);
    return cv_slice_of(blob, DATA_AT + 16);
}
