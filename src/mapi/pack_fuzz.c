/* Any bytes as a packed object. The checksum is mended first, or nothing
 * behind it would ever be read; what was read packs to the same object. */
#include "base/fuzz.h"
#include "mapi/pack.h"

#include <stdlib.h>
#include <string.h>

/* CRC-32 as zlib's, docs/pack.md. */
static uint32_t crc32_of(const uint8_t *bytes, size_t len)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < len; i++) {
        crc ^= bytes[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xEDB88320) : 0);
    }
    return ~crc;
}

static void mend(uint8_t *bytes, size_t size)
{
    if (size < 4)
        return;
    uint32_t crc = crc32_of(bytes, size - 4);
    for (unsigned i = 0; i < 4; i++)
        bytes[size - 4 + i] = (uint8_t)(crc >> (8 * i));
}

static void pack_and_unpack(const cv_object *obj)
{
    cv_object *again = NULL;
    cv_buf out;
    cv_buf_init(&out, 0);
    if (cv_object_pack(obj, &out, NULL) == CV_OK) {
        CV_FUZZ_CHECK(cv_object_unpack(cv_buf_slice(&out), &again, NULL) ==
                      CV_OK);
        CV_FUZZ_CHECK(cv_object_eq(obj, again));
    }
    cv_object_free(&again);
    cv_buf_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cv_object *obj = NULL;
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        return 0;
    if (size)
        memcpy(copy, data, size);
    mend(copy, size);
    if (cv_object_unpack(cv_slice_of(copy, size), &obj, NULL) == CV_OK)
        pack_and_unpack(obj);
    cv_object_free(&obj);
    free(copy);
    return 0;
}
