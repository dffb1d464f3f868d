#include "smtp/client.h"

#define BLOCK ((size_t)64 << 10)

static cv_status flush(cv_buf *buf, const cv_sink *to, cv_error *err)
{
    CV_TRY(cv_buf_status(buf, err));
    CV_TRY(cv_sink_put(to, cv_buf_slice(buf), err));
    cv_buf_reset(buf);
    return CV_OK;
}

/* The next line without its end, which may be CRLF, LF or CR. */
static cv_slice take_line(cv_slice mime, size_t *pos)
{
    size_t start = *pos, end = start;
    while (end < mime.len && mime.ptr[end] != '\r' && mime.ptr[end] != '\n')
        end++;
    *pos = end + 1;
    if (end + 1 < mime.len && mime.ptr[end] == '\r' &&
        mime.ptr[end + 1] == '\n')
        ++*pos;
    return cv_slice_sub(mime, start, end - start);
}

cv_status smtp_dot_stuff(cv_slice mime, const cv_sink *to, cv_error *err)
{
    cv_buf buf;
    cv_status status = CV_OK;
    cv_buf_init(&buf, mime.len + 2 * BLOCK);
    for (size_t pos = 0; pos < mime.len && status == CV_OK;) {
        cv_slice line = take_line(mime, &pos);
        if (line.len > 0 && line.ptr[0] == '.')
            cv_buf_put_byte(&buf, '.');
        cv_buf_put_slice(&buf, line);
        cv_buf_put_str(&buf, "\r\n");
        if (buf.len >= BLOCK)
            status = flush(&buf, to, err);
    }
    cv_buf_put_str(&buf, ".\r\n");
    if (status == CV_OK)
        status = flush(&buf, to, err);
    cv_buf_clear(&buf);
    return status;
}
