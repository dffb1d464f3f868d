/* The header of a PST. Source: [MS-PST] 2.2.2.6. */
#include "pst/pst_private.h"

#include "base/reader.h"

#include <string.h>

#define VERSION_AT 10      /* wVer */
#define VERSION_UNICODE 20 /* from here on */
#define VERSION_LARGE 36   /* pages of 4 KB from here on */
#define VERSION_LAST 37
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

uint32_t cv_pst_sum(cv_slice bytes)
{
    uint32_t crc = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        crc ^= bytes.ptr[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xEDB88320) : 0);
    }
    return crc;
}

static void put_u32(uint8_t *at, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(v >> (8 * i) & 0xFF);
}

static uint8_t encryption_of(cv_slice in)
{
    return in.ptr[is_ansi(in) ? CRYPT_ANSI_AT : CRYPT_AT];
}

bool cv_pst_is_plain(cv_slice in)
{
    return encryption_of(in) == 0;
}

static cv_status check_kind(cv_slice in, cv_error *err)
{
    uint16_t version = cv_peek_u16le(in, VERSION_AT);
    uint8_t crypt = encryption_of(in);
    if (!is_ansi(in) && (version < VERSION_UNICODE || version > VERSION_LAST))
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

cv_status cv_pst_check_header(cv_slice in, const cv_pst_layout **layout,
                              cv_error *err)
{
    static const cv_pst_layout ansi = { 4, 164, 512, 496, 12 };
    static const cv_pst_layout unicode = { 8, 180, 512, 488, 16 };
    static const cv_pst_layout large = { 8, 180, 4096, 4056, 24 };
    if (!cv_pst_is(in))
        return cv_fail_at(err, CV_ERR_SYNTAX, 0, "no PST signature");
    if (in.len < VERSION_AT + 2 ||
        in.len < (is_ansi(in) ? HEADER_ANSI_BYTES : HEADER_BYTES))
        return cv_fail_at(err, CV_ERR_SYNTAX, in.len,
                          "the PST ends inside its header, after %zu bytes",
                          in.len);
    CV_TRY(check_kind(in, err));
    *layout = is_ansi(in)                                      ? &ansi
              : cv_peek_u16le(in, VERSION_AT) >= VERSION_LARGE ? &large
                                                               : &unicode;
    return CV_OK;
}

cv_status cv_pst_mend_header(pst_view *view, cv_report *report, cv_error *err)
{
    uint8_t head[HEADER_BYTES] = { 0 };
    size_t len = is_ansi(view->in) ? HEADER_ANSI_BYTES : HEADER_BYTES;
    cv_slice in = cv_slice_of(head, len);
    cv_pst_view_read(view, 0, len, head);
    uint32_t partial = cv_pst_sum(cv_slice_sub(in, SUMMED_FROM, PARTIAL_BYTES));
    uint32_t full = cv_pst_sum(cv_slice_sub(in, SUMMED_FROM, FULL_BYTES));
    if (cv_peek_u32le(in, SUM_PARTIAL_AT) == partial &&
        (is_ansi(in) || cv_peek_u32le(in, SUM_FULL_AT) == full))
        return CV_OK;
    put_u32(head + SUM_PARTIAL_AT, partial);
    if (!is_ansi(in))
        put_u32(head + SUM_FULL_AT, full);
    cv_report_say(report, CV_RULE_PST_HEADER, CV_S(""), CV_S(""), CV_S(""),
                  "read all the same");
    return cv_pst_view_patch(view, 0, in, err);
}
