/* store.c - opening, locking, closing. */
#include "store/store_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zstd.h>

#include "base/text.h"

static cv_status open_lock(const char *path, int *fd, cv_error *err)
{
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*fd < 0)
        return cv_fail(err, CV_ERR_IO, "%s: %s", path, strerror(errno));
    return CV_OK;
}

static cv_status lock_dir(store *s, cv_error *err)
{
    cv_buf path;

    if (mkdir(s->dir, 0700) != 0 && errno != EEXIST)
        return cv_fail(err, CV_ERR_IO, "%s: %s", s->dir, strerror(errno));
    cv_buf_init(&path, 0);
    cv_buf_printf(&path, "%s/lock", s->dir);
    cv_buf_put_byte(&path, 0);
    cv_status st = cv_buf_status(&path, err);
    if (st == CV_OK)
        st = open_lock((const char *)path.data, &s->lock_fd, err);
    cv_buf_clear(&path);
    if (st == CV_OK && flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0)
        st = errno == EWOULDBLOCK
                 ? cv_fail(err, CV_ERR_CONFLICT,
                           "%s is in use by another convoke", s->dir)
                 : cv_fail(err, CV_ERR_IO, "lock of %s: %s", s->dir,
                           strerror(errno));
    return st;
}

/* Version 4 of RFC 4122. */
static cv_guid new_guid(const cv_env *env)
{
    cv_guid g;

    env->random(env->ctx, g.b, sizeof(g.b));
    g.b[7] = (uint8_t)((g.b[7] & 0x0F) | 0x40);
    g.b[8] = (uint8_t)((g.b[8] & 0x3F) | 0x80);
    return g;
}

static cv_status make_mdb(store *s, cv_error *err)
{
    char text[CV_GUID_TEXT];

    s->mdb = new_guid(s->env);
    cv_guid_format(&s->mdb, text);
    return store_meta_set(s->writer, "mdb", cv_slice_cstr(text), err);
}

static cv_status load_meta(store *s, cv_arena *arena, cv_error *err)
{
    cv_slice mdb, epoch;
    int64_t n = 0;

    CV_TRY(store_meta_get(s->writer, "mdb", arena, &mdb, err));
    CV_TRY(store_meta_get(s->writer, "epoch", arena, &epoch, err));
    if (epoch.len > 0 && cv_parse_i64(epoch, &n) != CV_OK)
        return cv_fail(err, CV_ERR_IO, "the database is damaged: epoch");
    atomic_store(&s->epoch, (uint64_t)n);
    if (mdb.len == 0)
        return make_mdb(s, err);
    if (cv_guid_parse(mdb, &s->mdb) != CV_OK)
        return cv_fail(err, CV_ERR_IO, "the database is damaged: mdb");
    return CV_OK;
}

static cv_status open_database(store *s, cv_error *err)
{
    cv_arena *arena = NULL;
    cv_guid owner = new_guid(s->env);

    cv_guid_format(&owner, s->owner);
    CV_TRY(sql_open(s->dir, true, &s->writer, err));
    CV_TRY(sql_migrate(s->writer, err));
    CV_TRY(cv_arena_new(0, &arena, err));
    cv_status st = load_meta(s, arena, err);
    cv_arena_free(&arena);
    return st;
}

cv_status store_open(const char *dir, const cv_env *env, store **out,
                     cv_error *err)
{
    store *s = calloc(1, sizeof(*s));

    *out = NULL;
    if (!s)
        return cv_fail(err, CV_ERR_NOMEM, "no memory");
    s->env = env;
    s->lock_fd = -1;
    pthread_mutex_init(&s->lock, NULL);
    pthread_mutex_init(&s->readers_lock, NULL);
    pthread_cond_init(&s->reader_free, NULL);
    s->dir = strdup(dir);
    cv_status st = s->dir ? CV_OK : cv_fail(err, CV_ERR_NOMEM, "no memory");
    if (st == CV_OK)
        st = lock_dir(s, err);
    if (st == CV_OK)
        st = open_database(s, err);
    if (st != CV_OK) {
        store_close(&s);
        return st;
    }
    *out = s;
    return CV_OK;
}

void store_close(store **s)
{
    store *t = *s;

    *s = NULL;
    if (!t)
        return;
    store_readers_close(t);
    store_writer_close(t);
    ZSTD_freeCCtx(t->zstd);
    free(t->frame);
    if (t->lock_fd >= 0)
        close(t->lock_fd);
    pthread_cond_destroy(&t->reader_free);
    pthread_mutex_destroy(&t->readers_lock);
    pthread_mutex_destroy(&t->lock);
    free(t->dir);
    free(t);
}

const cv_guid *store_mdb(const store *s)
{
    return &s->mdb;
}

uint64_t store_epoch(store *s)
{
    return atomic_load(&s->epoch);
}
