/* A temporary output: a file as it is, or an entry of an mbox. */
#include "cli/batch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK ((size_t)64 << 10)

char *batch_temp_path(const batch_plan *plan, pid_t pid, uint64_t temp)
{
    char *path = NULL;
    return asprintf(&path, "%s/%d-%llu", plan->work, (int)pid,
                    (unsigned long long)temp) < 0
               ? NULL
               : path;
}

static cv_status failed(batch_output *out, cv_error *err)
{
    if (!out->problem)
        out->problem = errno;
    return cv_fail(err, CV_ERR_IO, "%s: %s", out->plan->out,
                   strerror(out->problem));
}

cv_status batch_output_open(batch_worker *w, batch_output *out, cv_error *err)
{
    *out = (batch_output){ .plan = w->plan, .fd = -1 };
    cv_buf_init(&out->block, 2 * BLOCK);
    out->path = batch_temp_path(w->plan, getpid(), ++w->temps);
    if (!out->path)
        return cv_fail(err, CV_ERR_NOMEM, "out of memory");
    out->fd = open(out->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    return out->fd >= 0 ? CV_OK : failed(out, err);
}

static cv_status write_all(batch_output *out, const uint8_t *bytes, size_t len,
                           cv_error *err)
{
    while (len) {
        ssize_t n = write(out->fd, bytes, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return failed(out, err);
        bytes += n;
        len -= (size_t)n;
    }
    return CV_OK;
}

static cv_status flush(batch_output *out, cv_error *err)
{
    cv_status st = write_all(out, out->block.data, out->block.len, err);
    cv_buf_reset(&out->block);
    return st;
}

static cv_status write_output(void *ctx, const void *bytes, size_t len,
                              cv_error *err)
{
    batch_output *out = ctx;
    if (out->block.len + len > BLOCK)
        CV_TRY(flush(out, err));
    if (len >= BLOCK)
        return write_all(out, bytes, len, err);
    cv_buf_put(&out->block, bytes, len);
    return cv_buf_status(&out->block, err);
}

cv_sink batch_output_sink(batch_output *out)
{
    return (cv_sink){ write_output, out };
}

cv_status batch_output_close(batch_output *out, bool keep, cv_error *err)
{
    cv_status st = CV_OK;
    if (keep)
        st = flush(out, err);
    if (out->fd >= 0 && close(out->fd) != 0 && st == CV_OK && keep)
        st = failed(out, err);
    if (out->path && (!keep || st != CV_OK))
        unlink(out->path);
    free(out->path);
    cv_buf_clear(&out->block);
    out->path = NULL;
    out->fd = -1;
    return st;
}
