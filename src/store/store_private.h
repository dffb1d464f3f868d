/* store_private.h - what the files of the store share.
 *
 * Who holds the writer's role alone uses store.writer, store.batch,
 * store.zstd and store.frame; everything else of the struct is behind its two
 * locks.
 */
#ifndef STORE_STORE_PRIVATE_H
#define STORE_STORE_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "store/sql/sql.h"
#include "store/store.h"

#define STORE_SHARD 0       /* of the queue: one for now */
#define STORE_READERS 8     /* connections that read at once */
#define STORE_BATCH_JOBS 64 /* jobs that share a commit */
#define STORE_CHUNK_BYTES ((size_t)256 << 10)
#define STORE_HASH_BYTES 32

typedef struct store_waiter store_waiter;

/* Jobs that become durable with one COMMIT. */
typedef struct store_batch {
    pthread_cond_t settled;
    unsigned jobs;    /* done, waiting for the commit */
    unsigned waiting; /* threads that have not yet read the result */
    bool flush;       /* its commit is on disk when it comes back */
    bool done;
    cv_status status;
    cv_error err;
} store_batch;

struct store {
    const cv_env *env; /* borrowed */
    int lock_fd;
    char *dir; /* owned */
    cv_guid mdb;
    char owner[CV_GUID_TEXT]; /* of leases: this opening of the store */
    _Atomic uint64_t epoch;

    pthread_mutex_t lock;       /* of the role and of batches' results */
    bool busy;                  /* somebody has the writer's role */
    store_waiter *first, *last; /* for the role, in order of arrival */
    sql_conn *writer;
    store_batch *batch; /* open, NULL when none */
    bool unflushed;     /* the connection commits without a flush */
    void *zstd;         /* compression context, made at first use */
    uint8_t *frame;     /* its output, owned */

    pthread_mutex_t readers_lock;
    pthread_cond_t reader_free;
    sql_conn *idle[STORE_READERS];
    unsigned idle_count, reader_count;
};

struct store_tx {
    store *store;
    store_tx *outer; /* of another store in this thread */
    cv_arena *arena; /* owned */
    bool broken;     /* a write failed half-way: can only be rolled back */
    bool queued;     /* has put a queue entry (kill points) */
    uint64_t epoch;  /* after the commit, 0: unchanged */
    cv_error why;
};

/* -- writer.c -- */

/* The transaction of this thread, NULL when it has none. */
store_tx *store_held(const store *s);
/* Fails once a write of this transaction failed. */
CV_NODISCARD cv_status store_tx_check(const store_tx *tx, cv_error *err);
/* Passes st on; a failure other than a plain answer breaks the transaction. */
cv_status store_tx_result(store_tx *tx, cv_status st, cv_error *err);
/* Commits what is open, at the end. */
void store_writer_close(store *s);

/* -- reader.c -- */

typedef struct store_read {
    store *store;
    sql_conn *conn;
    bool pooled; /* false: the writer's, inside this thread's transaction */
} store_read;

/* A snapshot; inside a transaction of the same thread what that has written.
 */
CV_NODISCARD cv_status store_read_begin(store *s, store_read *r, cv_error *err);
void store_read_end(store_read *r);
void store_readers_close(store *s);

/* -- util.c -- */

/* Next number of a sequence, from 1. */
CV_NODISCARD cv_status store_next_id(store_tx *tx, const char *sequence,
                                     store_id *out, cv_error *err);
/* The array with room for one more item; NULL when the arena is full. */
void *store_grow(cv_arena *arena, void *items, size_t count, size_t *room,
                 size_t size);
/* ASCII lower case, in the arena; ptr NULL on failure. */
cv_slice store_fold(cv_arena *arena, cv_slice s);
/* Text for a column that is only listed: UTF-8 without NUL, at most max
 * bytes. */
cv_slice store_column_text(cv_arena *arena, cv_slice s, size_t max);
int64_t store_now(const store *s);
CV_NODISCARD cv_status store_meta_get(sql_conn *conn, const char *name,
                                      cv_arena *arena, cv_slice *out,
                                      cv_error *err);
CV_NODISCARD cv_status store_meta_set(sql_conn *conn, const char *name,
                                      cv_slice value, cv_error *err);

/* -- blob.c -- */

typedef struct store_hash {
    uint8_t b[STORE_HASH_BYTES];
} store_hash;

cv_slice store_hash_slice(const store_hash *h);
/* Keeps content under its hash; what is there already is not written again.
 */
CV_NODISCARD cv_status store_content_put(store_tx *tx, cv_slice content,
                                         store_hash *hash, cv_error *err);
/* Errors: CV_ERR_IO when content is missing or damaged. */
CV_NODISCARD cv_status store_content_get(sql_conn *conn, cv_slice hash,
                                         cv_arena *arena, cv_slice *out,
                                         cv_error *err);
/* The same on the heap; the caller frees it with free(). */
CV_NODISCARD cv_status store_content_load(sql_conn *conn, cv_slice hash,
                                          uint8_t **out, size_t *len,
                                          cv_error *err);

/* -- folder.c -- */

CV_NODISCARD cv_status store_folders_make(store_tx *tx, store_id account,
                                          cv_error *err);
/* Account of a folder. Errors: CV_ERR_NOTFOUND. */
CV_NODISCARD cv_status store_folder_account(sql_conn *conn, store_id folder,
                                            store_id *account, cv_error *err);
/* Next UID of a folder, used up. Errors: CV_ERR_LIMIT. */
CV_NODISCARD cv_status store_folder_uid(store_tx *tx, store_id account,
                                        store_id folder, uint32_t *uid,
                                        cv_error *err);
CV_NODISCARD cv_status store_folder_count(store_tx *tx, store_id account,
                                          store_id folder, int total,
                                          int unread, cv_error *err);

/* -- promote.c -- */

/* The columns that an object gives: class, subject, from, message_id,
 * clean_global_id, start, end. */
void store_promote(const cv_object *obj, cv_arena *arena, store_message *out);
CV_NODISCARD cv_status store_recipients_put(store_tx *tx, store_id account,
                                            store_id message,
                                            const cv_object *obj,
                                            cv_error *err);

#endif
