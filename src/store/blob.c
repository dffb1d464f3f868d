/* blob.c - content by hash: zstd frames of at most 256 KB of content each,
 * and lists of them.
 *
 * What is written is never changed. Content of one piece is one row; larger
 * content is a list (a row of kind LIST and its parts), so that a transaction
 * never has to carry it whole and equal pieces are kept once.
 */
#include "store/store_private.h"

#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "base/limits.h"
#include "base/text.h"
#include "base/wintime.h"

enum { KIND_ZSTD = 1, KIND_LIST = 2 };

#define ZSTD_LEVEL \
    1 /* mail is small: higher levels cost more than they give \
       */

/* Reuse renews the age only now and then; a sweep keeps away from anything
 * younger than an hour (sweep.c). */
#define TOUCH_TICKS (600 * CV_TICKS_PER_SEC)

cv_slice store_hash_slice(const store_hash *h)
{
    return cv_slice_of(h->b, sizeof(h->b));
}

/* -- writing -- */

/* Whether the content is there; then its age starts anew. */
static cv_status is_kept(store_tx *tx, const store_hash *hash, bool *kept,
                         cv_error *err)
{
    int64_t now = store_now(tx->store);
    int64_t touched = 0;
    sql_query q = sql_start(tx->store->writer, SQL_BLOB_TOUCHED);

    *kept = false;
    sql_blob(&q, store_hash_slice(hash));
    if (sql_row(&q)) {
        *kept = true;
        touched = sql_get_int(&q, 0);
    }
    CV_TRY(sql_end(&q, err));
    if (!*kept || (touched <= now && now - touched < TOUCH_TICKS))
        return CV_OK;
    q = sql_start(tx->store->writer, SQL_BLOB_TOUCH);
    sql_blob(&q, store_hash_slice(hash));
    sql_int(&q, now);
    return sql_end(&q, err);
}

static cv_status add_row(store_tx *tx, const store_hash *hash, int kind,
                         size_t size_bytes, cv_slice data, cv_error *err)
{
    sql_query q = sql_start(tx->store->writer, SQL_BLOB_ADD);

    sql_blob(&q, store_hash_slice(hash));
    sql_int(&q, kind);
    sql_int(&q, (int64_t)size_bytes);
    sql_int(&q, store_now(tx->store));
    sql_blob(&q, data);
    return sql_end(&q, err);
}

static cv_status make_compressor(store *s, cv_error *err)
{
    if (s->zstd)
        return CV_OK;
    s->frame = malloc(ZSTD_compressBound(STORE_CHUNK_BYTES));
    s->zstd = s->frame ? ZSTD_createCCtx() : NULL;
    if (!s->zstd) {
        free(s->frame);
        s->frame = NULL;
        return cv_fail(err, CV_ERR_NOMEM, "no memory");
    }
    ZSTD_CCtx_setParameter(s->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL);
    ZSTD_CCtx_setParameter(s->zstd, ZSTD_c_checksumFlag, 1);
    return CV_OK;
}

/* One frame with a checksum, borrowed until the next. */
static cv_status compress(store *s, cv_slice piece, cv_slice *out,
                          cv_error *err)
{
    CV_TRY(make_compressor(s, err));
    size_t n =
        ZSTD_compress2(s->zstd, s->frame, ZSTD_compressBound(STORE_CHUNK_BYTES),
                       piece.ptr, piece.len);
    if (ZSTD_isError(n))
        return cv_fail(err, CV_ERR_NOMEM, "zstd: %s", ZSTD_getErrorName(n));
    *out = cv_slice_of(s->frame, n);
    return CV_OK;
}

static cv_status put_piece(store_tx *tx, cv_slice piece, store_hash *hash,
                           cv_error *err)
{
    bool kept;
    cv_slice data;

    cv_sha256(piece, hash->b);
    CV_TRY(is_kept(tx, hash, &kept, err));
    if (kept)
        return CV_OK;
    CV_TRY(compress(tx->store, piece, &data, err));
    return add_row(tx, hash, KIND_ZSTD, piece.len, data, err);
}

static cv_status put_part(store_tx *tx, const store_hash *list, int64_t seq,
                          cv_slice piece, cv_error *err)
{
    store_hash part;

    CV_TRY(put_piece(tx, piece, &part, err));
    sql_query q = sql_start(tx->store->writer, SQL_BLOB_PART_ADD);
    sql_blob(&q, store_hash_slice(list));
    sql_int(&q, seq);
    sql_blob(&q, store_hash_slice(&part));
    return sql_end(&q, err);
}

static cv_status put_list(store_tx *tx, cv_slice content, store_hash *hash,
                          cv_error *err)
{
    bool kept;
    int64_t seq = 0;

    cv_sha256(content, hash->b);
    CV_TRY(is_kept(tx, hash, &kept, err));
    if (kept)
        return CV_OK;
    for (size_t at = 0; at < content.len; at += STORE_CHUNK_BYTES)
        CV_TRY(put_part(tx, hash, seq++,
                        cv_slice_sub(content, at, STORE_CHUNK_BYTES), err));
    return add_row(tx, hash, KIND_LIST, content.len, cv_slice_of(NULL, 0), err);
}

cv_status store_content_put(store_tx *tx, cv_slice content, store_hash *hash,
                            cv_error *err)
{
    return content.len <= STORE_CHUNK_BYTES ? put_piece(tx, content, hash, err)
                                            : put_list(tx, content, hash, err);
}

static cv_status stage_piece(store_tx *tx, void *ctx, cv_error *err)
{
    const cv_slice *piece = ctx;
    store_hash hash;

    return put_piece(tx, *piece, &hash, err);
}

cv_status store_stage(store *s, cv_slice content, cv_error *err)
{
    if (content.len <= STORE_CHUNK_BYTES)
        return CV_OK;
    for (size_t at = 0; at < content.len; at += STORE_CHUNK_BYTES) {
        cv_slice piece = cv_slice_sub(content, at, STORE_CHUNK_BYTES);
        CV_TRY(store_write(s, stage_piece, &piece, err));
        cv_kill_point("blob-chunk-after-commit");
    }
    return CV_OK;
}

/* -- reading -- */

static cv_status damaged(cv_error *err)
{
    return cv_fail(err, CV_ERR_IO, "stored content is damaged or missing");
}

static cv_status unpack_piece(cv_slice frame, uint64_t size_bytes, uint8_t *out,
                              cv_error *err)
{
    size_t n = ZSTD_decompress(out, (size_t)size_bytes, frame.ptr, frame.len);

    return ZSTD_isError(n) || n != size_bytes ? damaged(err) : CV_OK;
}

static cv_status unpack_parts(sql_conn *conn, cv_slice hash, uint8_t *out,
                              size_t size, cv_error *err)
{
    sql_query q = sql_start(conn, SQL_BLOB_PARTS);
    size_t at = 0;
    bool good = true;

    sql_blob(&q, hash);
    while (good && sql_row(&q)) {
        uint64_t piece = (uint64_t)sql_get_int(&q, 0);
        good = piece <= size - at && unpack_piece(sql_peek_slice(&q, 1), piece,
                                                  out + at, NULL) == CV_OK;
        at += good ? (size_t)piece : 0;
    }
    CV_TRY(sql_end(&q, err));
    return good && at == size ? CV_OK : damaged(err);
}

/* Where a row says its content's bytes go. */
typedef struct place {
    cv_arena *arena; /* NULL: the heap */
    uint8_t *data;   /* arena, or owned by the caller */
    size_t len;
    int64_t kind;
} place;

static cv_status make_room(place *p, cv_error *err)
{
    p->data =
        p->arena ? cv_arena_alloc(p->arena, p->len + 1) : malloc(p->len + 1);
    if (!p->data)
        return p->arena ? cv_arena_fail(p->arena, err)
                        : cv_fail(err, CV_ERR_NOMEM, "no memory");
    p->data[p->len] = 0;
    return CV_OK;
}

static cv_status read_row(sql_query *q, place *p, cv_error *err)
{
    uint64_t size;

    p->kind = sql_get_int(q, 0);
    size = (uint64_t)sql_get_int(q, 1);
    if (size > CV_LIMIT_INPUT_BYTES ||
        (p->kind != KIND_LIST && size > STORE_CHUNK_BYTES))
        return damaged(err);
    p->len = (size_t)size;
    CV_TRY(make_room(p, err));
    return p->kind == KIND_LIST
               ? CV_OK
               : unpack_piece(sql_peek_slice(q, 2), size, p->data, err);
}

static cv_status load(sql_conn *conn, cv_slice hash, place *p, cv_error *err)
{
    sql_query q = sql_start(conn, SQL_BLOB_GET);
    cv_status st = CV_OK;
    bool found = false;

    sql_blob(&q, hash);
    if (sql_row(&q)) {
        found = true;
        st = read_row(&q, p, err);
    }
    cv_status end = sql_end(&q, st == CV_OK ? err : NULL);
    if (st == CV_OK)
        st = end;
    if (st == CV_OK && !found)
        st = damaged(err);
    if (st == CV_OK && p->kind == KIND_LIST)
        st = unpack_parts(conn, hash, p->data, p->len, err);
    if (st != CV_OK && !p->arena) {
        free(p->data);
        p->data = NULL;
    }
    return st;
}

cv_status store_content_get(sql_conn *conn, cv_slice hash, cv_arena *arena,
                            cv_slice *out, cv_error *err)
{
    place p = { .arena = arena };

    CV_TRY(load(conn, hash, &p, err));
    *out = cv_slice_of(p.data, p.len);
    return CV_OK;
}

cv_status store_content_load(sql_conn *conn, cv_slice hash, uint8_t **out,
                             size_t *len, cv_error *err)
{
    place p = { .arena = NULL };

    CV_TRY(load(conn, hash, &p, err));
    *out = p.data;
    *len = p.len;
    return CV_OK;
}
