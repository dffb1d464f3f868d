/* sqlite.c - connections, transactions and queries on SQLite 3. */
#include "store/sql/sql.h"

#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "store/sql/sqlite/sqlite_private.h"

static const char *const statements[] = {
#define STATEMENT(sym, text) text,
#include "store/sql/statements.def"
#undef STATEMENT
};

static const char *const tx_statements[] = {
    [TX_BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [TX_BEGIN_READ] = "BEGIN",
    [TX_COMMIT] = "COMMIT",
    [TX_ROLLBACK] = "ROLLBACK",
    [TX_SAVEPOINT] = "SAVEPOINT job",
    [TX_RELEASE] = "RELEASE job",
    [TX_UNDO] = "ROLLBACK TO job",
};

/* -- errors -- */

static cv_status status_of(int rc)
{
    switch (rc & 0xFF) {
    case SQLITE_CONSTRAINT:
        return CV_ERR_CONFLICT;
    case SQLITE_NOMEM:
        return CV_ERR_NOMEM;
    default:
        return CV_ERR_IO;
    }
}

static const char *words_of(int rc)
{
    switch (rc & 0xFF) {
    case SQLITE_FULL:
        return "the disk is full";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return "another program keeps the database busy";
    case SQLITE_IOERR:
        return "the disk could not be read or written";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return "the database is damaged";
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
        return "the database may not be opened or written";
    case SQLITE_NOMEM:
        return "no memory";
    default:
        return "the database failed";
    }
}

cv_status sqlite_failed(sqlite3 *db, int rc, cv_error *err)
{
    int full = db ? sqlite3_extended_errcode(db) : rc;
    const char *detail = db ? sqlite3_errmsg(db) : sqlite3_errstr(rc);

    return cv_fail(err, status_of(rc), "%s (SQLite %d: %s)", words_of(rc), full,
                   detail);
}

/* -- connections -- */

cv_status sqlite_exec(sql_conn *conn, const char *text, cv_error *err)
{
    int rc = sqlite3_exec(conn->db, text, NULL, NULL, NULL);

    return rc == SQLITE_OK ? CV_OK : sqlite_failed(conn->db, rc, err);
}

void sql_close(sql_conn **conn)
{
    sql_conn *c = *conn;

    *conn = NULL;
    if (!c)
        return;
    for (size_t i = 0; i < SQL_COUNT; i++)
        sqlite3_finalize(c->stmts[i]);
    for (size_t i = 0; i < TX_COUNT; i++)
        sqlite3_finalize(c->tx[i]);
    sqlite3_close(c->db);
    free(c->path);
    free(c);
}

static cv_status prepare(sql_conn *conn, const char *text, sqlite3_stmt **out,
                         cv_error *err)
{
    int rc = sqlite3_prepare_v3(conn->db, text, -1, SQLITE_PREPARE_PERSISTENT,
                                out, NULL);

    return rc == SQLITE_OK ? CV_OK : sqlite_failed(conn->db, rc, err);
}

/* -- transactions -- */

static cv_status run_tx(sql_conn *conn, sqlite_tx which, cv_error *err)
{
    if (!conn->tx[which])
        CV_TRY(prepare(conn, tx_statements[which], &conn->tx[which], err));
    int rc = sqlite3_step(conn->tx[which]);
    cv_status st = rc == SQLITE_DONE ? CV_OK : sqlite_failed(conn->db, rc, err);
    sqlite3_reset(conn->tx[which]);
    return st;
}

cv_status sql_set_flush(sql_conn *conn, bool flush, cv_error *err)
{
    return sqlite_exec(conn,
                       flush ? "PRAGMA synchronous = FULL"
                             : "PRAGMA synchronous = NORMAL",
                       err);
}

cv_status sql_begin_write(sql_conn *conn, cv_error *err)
{
    return run_tx(conn, TX_BEGIN_WRITE, err);
}

cv_status sql_begin_read(sql_conn *conn, cv_error *err)
{
    return run_tx(conn, TX_BEGIN_READ, err);
}

cv_status sql_commit(sql_conn *conn, cv_error *err)
{
    return run_tx(conn, TX_COMMIT, err);
}

void sql_rollback(sql_conn *conn)
{
    if (sql_in_transaction(conn))
        (void)!run_tx(conn, TX_ROLLBACK, NULL);
}

bool sql_in_transaction(const sql_conn *conn)
{
    return sqlite3_get_autocommit(conn->db) == 0;
}

cv_status sql_savepoint(sql_conn *conn, cv_error *err)
{
    return run_tx(conn, TX_SAVEPOINT, err);
}

cv_status sql_release(sql_conn *conn, cv_error *err)
{
    return run_tx(conn, TX_RELEASE, err);
}

cv_status sql_undo(sql_conn *conn, cv_error *err)
{
    CV_TRY(run_tx(conn, TX_UNDO, err));
    return run_tx(conn, TX_RELEASE, err);
}

/* -- queries -- */

static sqlite3_stmt *stmt_of(const sql_query *q)
{
    return q->conn->stmts[q->id];
}

static void note(sql_query *q, int rc)
{
    if (rc != SQLITE_OK && q->status == CV_OK)
        q->status = sqlite_failed(q->conn->db, rc, &q->err);
}

sql_query sql_start(sql_conn *conn, sql_id id)
{
    sql_query q = { .conn = conn, .id = id, .status = CV_OK };

    if (!conn->stmts[id]) {
        q.status = prepare(conn, statements[id], &conn->stmts[id], &q.err);
        return q;
    }
    /* Two queries on one statement would read each other's rows. */
    cv_assert(!sqlite3_stmt_busy(conn->stmts[id]));
    return q;
}

void sql_int(sql_query *q, int64_t value)
{
    q->bound++;
    if (q->status == CV_OK)
        note(q, sqlite3_bind_int64(stmt_of(q), q->bound, value));
}

static void bind_null(sql_query *q)
{
    q->bound++;
    if (q->status == CV_OK)
        note(q, sqlite3_bind_null(stmt_of(q), q->bound));
}

void sql_int_or_null(sql_query *q, int64_t value)
{
    if (value == INT64_MIN)
        bind_null(q);
    else
        sql_int(q, value);
}

void sql_text(sql_query *q, cv_slice text)
{
    const char *p = text.len > 0 ? (const char *)text.ptr : "";

    q->bound++;
    if (q->status == CV_OK)
        note(q, sqlite3_bind_text64(stmt_of(q), q->bound, p, text.len,
                                    SQLITE_STATIC, SQLITE_UTF8));
}

void sql_blob(sql_query *q, cv_slice bytes)
{
    const void *p = bytes.len > 0 ? (const void *)bytes.ptr : "";

    q->bound++;
    if (q->status == CV_OK)
        note(q, sqlite3_bind_blob64(stmt_of(q), q->bound, p, bytes.len,
                                    SQLITE_STATIC));
}

void sql_text_or_null(sql_query *q, cv_slice text)
{
    if (text.len == 0)
        bind_null(q);
    else
        sql_text(q, text);
}

void sql_blob_or_null(sql_query *q, cv_slice bytes)
{
    if (bytes.len == 0)
        bind_null(q);
    else
        sql_blob(q, bytes);
}

bool sql_row(sql_query *q)
{
    if (q->status != CV_OK)
        return false;
    int rc = sqlite3_step(stmt_of(q));
    if (rc == SQLITE_ROW)
        return true;
    if (rc != SQLITE_DONE)
        note(q, rc);
    return false;
}

int64_t sql_get_int(sql_query *q, int column)
{
    return sqlite3_column_int64(stmt_of(q), column);
}

bool sql_get_null(sql_query *q, int column)
{
    return sqlite3_column_type(stmt_of(q), column) == SQLITE_NULL;
}

cv_slice sql_peek_slice(sql_query *q, int column)
{
    sqlite3_stmt *stmt = stmt_of(q);
    const void *p = sqlite3_column_blob(stmt, column);
    int len = sqlite3_column_bytes(stmt, column);

    if (!p && len > 0)
        note(q, SQLITE_NOMEM);
    return cv_slice_of(p, p && len > 0 ? (size_t)len : 0);
}

cv_slice sql_get_slice(sql_query *q, int column, cv_arena *arena)
{
    cv_slice s = cv_arena_dup(arena, sql_peek_slice(q, column));

    if (!s.ptr && q->status == CV_OK)
        q->status = cv_arena_fail(arena, &q->err);
    return s;
}

void sql_query_fail(sql_query *q, cv_status status)
{
    if (q->status == CV_OK)
        q->status = cv_fail(&q->err, status, "%s", cv_status_name(status));
}

cv_status sql_end(sql_query *q, cv_error *err)
{
    while (sql_row(q))
        ;
    sqlite3_stmt *stmt = stmt_of(q);
    if (stmt) {
        sqlite3_reset(stmt);
        sqlite3_clear_bindings(stmt);
    }
    if (q->status != CV_OK && err)
        *err = q->err;
    return q->status;
}

int64_t sql_changes(const sql_conn *conn)
{
    return sqlite3_changes64(conn->db);
}
