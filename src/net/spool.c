#include "net/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void net_spool_init(net_spool *spool, const char *dir, size_t memory_max)
{
    memset(spool, 0, sizeof(*spool));
    spool->dir = dir;
    spool->memory_max = memory_max;
    spool->fd = -1;
    cv_buf_init(&spool->memory, memory_max);
}

void net_spool_clear(net_spool *spool)
{
    if (spool->map)
        (void)munmap(spool->map, (size_t)spool->size);
    if (spool->fd >= 0)
        (void)close(spool->fd);
    cv_buf_clear(&spool->memory);
    net_spool_init(spool, spool->dir, spool->memory_max);
}

void net_spool_start(net_spool *spool, cv_slice prefix, uint64_t data_max)
{
    net_spool_clear(spool);
    spool->size_max = prefix.len;
    net_spool_put(spool, prefix.ptr, prefix.len);
    if (!cv_add(data_max, prefix.len, &spool->size_max))
        spool->size_max = UINT64_MAX;
}

/* A file without a name; for file systems without O_TMPFILE one whose name
 * goes away at once. */
static int open_unnamed(const char *dir)
{
    char path[4096];
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
    if (fd >= 0)
        return fd;
    int n = snprintf(path, sizeof(path), "%s/data-XXXXXX", dir);
    if (n < 0 || (size_t)n >= sizeof(path))
        return -1;
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        (void)unlink(path);
    return fd;
}

static bool write_all(int fd, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

static void move_to_file(net_spool *spool)
{
    spool->fd = open_unnamed(spool->dir);
    cv_slice held = cv_buf_slice(&spool->memory);
    if (spool->fd < 0 || !write_all(spool->fd, held.ptr, held.len))
        spool->failed = true;
    cv_buf_clear(&spool->memory);
    cv_buf_init(&spool->memory, spool->memory_max);
}

void net_spool_put(net_spool *spool, const uint8_t *bytes, size_t len)
{
    uint64_t room = spool->size_max - spool->size;
    if (len > room) {
        spool->discarded += len - room;
        len = (size_t)room;
    }
    if (len == 0 || spool->failed)
        return;
    if (spool->fd < 0 && len > spool->memory_max - spool->memory.len)
        move_to_file(spool);
    if (spool->failed)
        return;
    if (spool->fd < 0)
        cv_buf_put(&spool->memory, bytes, len);
    else if (!write_all(spool->fd, bytes, len))
        spool->failed = true;
    if (spool->memory.status != CV_OK)
        spool->failed = true;
    spool->size += len;
}

bool net_spool_is_hopeless(const net_spool *spool)
{
    uint64_t excess = spool->size_max > NET_SPOOL_EXCESS_MIN
                          ? spool->size_max
                          : NET_SPOOL_EXCESS_MIN;
    return spool->discarded > excess;
}

cv_status net_spool_bytes(net_spool *spool, cv_slice *out, cv_error *err)
{
    if (spool->failed)
        return cv_fail(err, CV_ERR_IO, "spool file in %s", spool->dir);
    if (spool->fd < 0) {
        *out = cv_buf_slice(&spool->memory);
        return CV_OK;
    }
    if (!spool->map) {
        void *map = mmap(NULL, (size_t)spool->size, PROT_READ, MAP_PRIVATE,
                         spool->fd, 0);
        if (map == MAP_FAILED)
            return cv_fail(err, CV_ERR_IO, "mmap: %s", strerror(errno));
        spool->map = map;
    }
    *out = cv_slice_of(spool->map, (size_t)spool->size);
    return CV_OK;
}
