/* The header of a PST. Source: [MS-PST] 2.2.2.6. */
#include "pst/pst_private.h"

#include "base/reader.h"

#define VERSION_AT 10     /* wVer */
#define SUM_PARTIAL_AT 4  /* dwCRCPartial: over 471 bytes from 8 */
#define SUM_FULL_AT 0x20C /* dwCRCFull: over 516 bytes from 8; Unicode */
#define SUMMED_FROM 8
#define PARTIAL_BYTES 471
#define FULL_BYTES 516
#define CRYPT_AT 0x201      /* bCryptMethod, Unicode */
#define CRYPT_ANSI_AT 0x1CD /* bCryptMethod, ANSI */
#define HEADER_BYTES 0x234  /* Unicode */
#define HEADER_ANSI_BYTES 0x200

static bool is_ansi(cv_slice in)
{
    uint16_t version = cv_peek_u16le(in, VERSION_AT);
    return version == 14 || version == 15;
}

/* Polynomial 0xEDB88320, start 0, no inversion. Source: [MS-PST] 5.3. */
static uint32_t sum(cv_slice bytes)
{
    uint32_t crc = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        crc ^= bytes.ptr[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xEDB88320) : 0);
    }
    return crc;
}

static uint32_t partial_sum(cv_slice in)
{
    return sum(cv_slice_sub(in, SUMMED_FROM, PARTIAL_BYTES));
}

static uint32_t full_sum(cv_slice in)
{
    return sum(cv_slice_sub(in, SUMMED_FROM, FULL_BYTES));
}

static cv_status check_kind(cv_slice in, cv_error *err)
{
    uint16_t version = cv_peek_u16le(in, VERSION_AT);
    uint8_t crypt = in.ptr[is_ansi(in) ? CRYPT_ANSI_AT : CRYPT_AT];
    if (!is_ansi(in) && version < 20)
        return cv_fail_at(err, CV_ERR_UNSUP, VERSION_AT,
                          "version %u of PST files is not known", version);
    if (crypt == 0x10)
        return cv_fail_at(err, CV_ERR_UNSUP, CRYPT_AT,
                          "the file is encrypted by Windows Information "
                          "Protection; Outlook can export it");
    if (crypt > 2)
        return cv_fail_at(err, CV_ERR_UNSUP, CRYPT_AT,
                          "encryption method %u is not known", crypt);
    return CV_OK;
}

cv_status cv_pst_check_header(cv_slice in, bool *sums_right, cv_error *err)
{
    if (!cv_pst_is(in))
        return cv_fail_at(err, CV_ERR_SYNTAX, 0, "no PST signature");
    if (in.len < VERSION_AT + 2 ||
        in.len < (is_ansi(in) ? HEADER_ANSI_BYTES : HEADER_BYTES))
        return cv_fail_at(err, CV_ERR_SYNTAX, in.len,
                          "the PST ends inside its header, after %zu bytes",
                          in.len);
    CV_TRY(check_kind(in, err));
    *sums_right =
        cv_peek_u32le(in, SUM_PARTIAL_AT) == partial_sum(in) &&
        (is_ansi(in) || cv_peek_u32le(in, SUM_FULL_AT) == full_sum(in));
    return CV_OK;
}

static void put_u32(uint8_t *at, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(v >> (8 * i) & 0xFF);
}

void cv_pst_mend_header(uint8_t *file, size_t len)
{
    cv_slice in = cv_slice_of(file, len);
    put_u32(file + SUM_PARTIAL_AT, partial_sum(in));
    if (!is_ansi(in))
        put_u32(file + SUM_FULL_AT, full_sum(in));
}
