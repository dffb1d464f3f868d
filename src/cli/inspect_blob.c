#include "cli/inspect_blob.h"

#include "base/buf.h"
#include "base/text.h"
#include "mapi/decode.h"

#include <stdio.h>
#include <string.h>

/* What people put between and around the digits. */
static bool is_separator(uint8_t c)
{
    return c && strchr(" \t\r\n-,:;'\"\\", c) != NULL;
}

/* The bytes of hex text; false when it holds anything else. */
static bool read_hex(cv_slice text, cv_buf *out)
{
    int high = -1;
    for (size_t i = 0; i < text.len; i++) {
        int digit = cv_hex_digit(text.ptr[i]);
        if (digit < 0 && !is_separator(text.ptr[i]))
            return false;
        if (digit < 0)
            continue;
        if (high >= 0) {
            cv_buf_put_byte(out, (uint8_t)(high << 4 | digit));
            high = -1;
        } else {
            high = digit;
        }
    }
    return true;
}

static cv_status decode(const char *kind, cv_slice bytes, cv_buf *json,
                        cv_error *err)
{
    cv_status status = cv_decode_blob(kind, bytes, 0, json);
    if (status == CV_ERR_NOTFOUND)
        return cv_fail(err, status, "no kind of blob is called %s", kind);
    if (status == CV_ERR_SYNTAX)
        return cv_fail(err, status, "%zu bytes that are no %s", bytes.len,
                       kind);
    return cv_buf_status(json, err);
}

cv_status cli_show_blob(const char *kind, cv_slice bytes, cv_error *err)
{
    cv_buf binary, json;
    cv_buf_init(&binary, 0);
    cv_buf_init(&json, 0);
    if (read_hex(bytes, &binary))
        bytes = cv_buf_slice(&binary);
    cv_status status = decode(kind, bytes, &json, err);
    if (status == CV_OK &&
        (fwrite(json.data, 1, json.len, stdout) != json.len || puts("") < 0))
        status = cv_fail(err, CV_ERR_IO, "standard output: %m");
    cv_buf_clear(&json);
    cv_buf_clear(&binary);
    return status;
}
