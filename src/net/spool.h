/* spool.h - DATA on its way in: in memory while small, then in an unlinked
 * temporary file.
 */
#ifndef NET_SPOOL_H
#define NET_SPOOL_H

#include "base/buf.h"
#include "base/error.h"

/* More than this beyond the size limit is not even thrown away. */
#define NET_SPOOL_EXCESS_MIN ((uint64_t)1 << 20)

typedef struct net_spool {
    const char *dir; /* borrowed */
    size_t memory_max;
    cv_buf memory;
    int fd;             /* -1: still in memory */
    uint64_t size;      /* bytes held, prefix included */
    uint64_t size_max;  /* prefix included */
    uint64_t discarded; /* bytes that came beyond size_max */
    bool failed;        /* the file could not be written */
    void *map;          /* of net_spool_bytes() */
} net_spool;

void net_spool_init(net_spool *spool, const char *dir, size_t memory_max);
/* Empties it, gives file and memory back. */
void net_spool_clear(net_spool *spool);
/* Begins with prefix, then takes at most data_max bytes. */
void net_spool_start(net_spool *spool, cv_slice prefix, uint64_t data_max);
void net_spool_put(net_spool *spool, const uint8_t *bytes, size_t len);
/* The peer sends so much too much that reading on is pointless. */
bool net_spool_is_hopeless(const net_spool *spool);
/* All bytes, valid until net_spool_clear().
 * Errors: CV_ERR_IO. */
CV_NODISCARD cv_status net_spool_bytes(net_spool *spool, cv_slice *out,
                                       cv_error *err);

#endif
