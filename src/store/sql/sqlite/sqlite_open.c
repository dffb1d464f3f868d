/* sqlite_open.c - making, opening, upgrading and checking the database file.
 *
 * The log (WAL) is written full of zeros once and reused, since a write that
 * makes a file grow costs a second flush for the file system's own journal.
 */
#include "store/sql/sql.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "store/sql/sqlite/dialect.h"
#include "store/sql/sqlite/sqlite_private.h"

#define FILE_NAME "convoke.db"
#define PAGE_BYTES 4096
#define LOG_PAGES 1000 /* a checkpoint at this length */
#define LOG_BYTES (LOG_PAGES * (PAGE_BYTES + 24) + 32)

typedef struct step {
    int version;
    const char *text;
} step;

static const step steps[] = {
#define STEP(version, text) { version, text },
#include "store/sql/schema.def"
#undef STEP
};

static const char *const writer_pragmas[] = {
    "PRAGMA page_size = 4096",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA wal_autocheckpoint = 1000",
    "PRAGMA journal_size_limit = 67108864",
    "PRAGMA cache_size = -16000",
    "PRAGMA secure_delete = OFF",
};

static const char *const reader_pragmas[] = {
    "PRAGMA query_only = ON",
    "PRAGMA cache_size = -4000",
};

static cv_status run_pragmas(sql_conn *conn, const char *const *texts,
                             size_t count, cv_error *err)
{
    for (size_t i = 0; i < count; i++)
        CV_TRY(sqlite_exec(conn, texts[i], err));
    return CV_OK;
}

static cv_status set_up(sql_conn *conn, bool writer, cv_error *err)
{
    int keep_log = 1;

    sqlite3_extended_result_codes(conn->db, 1);
    sqlite3_busy_timeout(conn->db, 5000);
    sqlite3_file_control(conn->db, "main", SQLITE_FCNTL_PERSIST_WAL, &keep_log);
    return writer
               ? run_pragmas(conn, writer_pragmas, CV_LEN(writer_pragmas), err)
               : run_pragmas(conn, reader_pragmas, CV_LEN(reader_pragmas), err);
}

static char *path_of(const char *dir, const char *name)
{
    char *path = NULL;

    return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}

/* The log and its index get the mode of the database file. */
static void make_private(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd >= 0)
        close(fd);
}

cv_status sql_open(const char *dir, bool writer, sql_conn **out, cv_error *err)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    sql_conn *conn = calloc(1, sizeof(*conn));

    if (!conn)
        return cv_fail(err, CV_ERR_NOMEM, "no memory");
    conn->path = path_of(dir, FILE_NAME);
    if (!conn->path) {
        sql_close(&conn);
        return cv_fail(err, CV_ERR_NOMEM, "no memory");
    }
    if (writer)
        make_private(conn->path);
    int rc = sqlite3_open_v2(conn->path, &conn->db, flags, NULL);
    cv_status st = rc == SQLITE_OK ? set_up(conn, writer, err)
                                   : sqlite_failed(conn->db, rc, err);
    if (st != CV_OK)
        sql_close(&conn);
    *out = conn;
    return st;
}

/* -- schema -- */

/* First column of the first row, 0 when there is no row. */
static cv_status ask_int(sql_conn *conn, const char *text, int64_t *out,
                         cv_error *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(conn->db, text, -1, &stmt, NULL);

    *out = 0;
    if (rc == SQLITE_OK) {
        rc = sqlite3_step(stmt);
        if (rc == SQLITE_ROW)
            *out = sqlite3_column_int64(stmt, 0);
    }
    cv_status st = rc == SQLITE_ROW || rc == SQLITE_DONE
                       ? CV_OK
                       : sqlite_failed(conn->db, rc, err);
    sqlite3_finalize(stmt);
    return st;
}

static cv_status schema_version(sql_conn *conn, int64_t *version, cv_error *err)
{
    int64_t tables;

    *version = 0;
    CV_TRY(ask_int(conn,
                   "SELECT count(*) FROM sqlite_master WHERE name = 'meta'",
                   &tables, err));
    if (tables == 0)
        return CV_OK;
    return ask_int(conn,
                   "SELECT CAST(value AS INTEGER) FROM meta"
                   " WHERE name = 'schema'",
                   version, err);
}

static cv_status run_steps(sql_conn *conn, int version, cv_error *err)
{
    char text[96];

    for (size_t i = 0; i < CV_LEN(steps); i++) {
        if (steps[i].version == version)
            CV_TRY(sqlite_exec(conn, steps[i].text, err));
    }
    snprintf(text, sizeof(text),
             "INSERT OR REPLACE INTO meta VALUES ('schema', '%d')", version);
    return sqlite_exec(conn, text, err);
}

static cv_status upgrade_to(sql_conn *conn, int version, cv_error *err)
{
    CV_TRY(sql_begin_write(conn, err));
    cv_status st = run_steps(conn, version, err);
    if (st == CV_OK)
        st = sql_commit(conn, err);
    sql_rollback(conn);
    return st;
}

/* Zeros after the log's last frame: no frame, as their checksum is wrong.
 * Only speed hangs on it, so that a failure is none of the caller's business.
 */
static void fill_log(const char *database)
{
    static const uint8_t zeros[65536];
    char *path = NULL;

    if (asprintf(&path, "%s-wal", database) < 0)
        return;
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    free(path);
    if (fd < 0)
        return;
    off_t at = lseek(fd, 0, SEEK_END);
    while (at >= 0 && at < LOG_BYTES) {
        size_t want = sizeof(zeros);
        if ((off_t)want > LOG_BYTES - at)
            want = (size_t)(LOG_BYTES - at);
        ssize_t n = pwrite(fd, zeros, want, at);
        if (n <= 0)
            break;
        at += n;
    }
    fdatasync(fd);
    close(fd);
}

cv_status sql_migrate(sql_conn *writer, cv_error *err)
{
    const int known = steps[CV_LEN(steps) - 1].version;
    int64_t version;

    CV_TRY(schema_version(writer, &version, err));
    if (version > known)
        return cv_fail(err, CV_ERR_UNSUP,
                       "a newer Convoke wrote this store (schema %lld, this "
                       "one knows %d)",
                       (long long)version, known);
    for (int v = (int)version + 1; v <= known; v++)
        CV_TRY(upgrade_to(writer, v, err));
    fill_log(writer->path);
    return CV_OK;
}

/* -- tests and doctor -- */

cv_status sql_set_room(sql_conn *conn, int64_t bytes, cv_error *err)
{
    char text[64];
    int64_t pages = bytes > 0 ? bytes / PAGE_BYTES : 1073741823;

    snprintf(text, sizeof(text), "PRAGMA max_page_count = %lld",
             (long long)pages);
    return sqlite_exec(conn, text, err);
}

static int first_complaint(void *ctx, int count, char **values, char **names)
{
    char **out = ctx;
    (void)names;
    if (!*out && count > 0 && values[0] && strcmp(values[0], "ok") != 0)
        *out = sqlite3_mprintf("%s", values[0]);
    return 0;
}

cv_status sql_verify(sql_conn *conn, cv_error *err)
{
    char *complaint = NULL;
    int rc = sqlite3_exec(conn->db, "PRAGMA integrity_check(1)",
                          first_complaint, &complaint, NULL);

    if (rc != SQLITE_OK)
        return sqlite_failed(conn->db, rc, err);
    if (!complaint)
        return CV_OK;
    cv_status st =
        cv_fail(err, CV_ERR_IO, "the database is damaged: %s", complaint);
    sqlite3_free(complaint);
    return st;
}
