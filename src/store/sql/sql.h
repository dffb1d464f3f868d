/* sql.h - the seam between the store and a database driver.
 *
 * A connection runs the statements of statements.def, which every driver
 * prepares once and keeps. A query is bound in order, stepped, read by column
 * and ended; its first failure sticks, so that a query is written down in one
 * piece and tested once, at sql_end():
 *
 *     sql_query q = sql_start(conn, SQL_ACCOUNT_BY_ID);
 *     sql_int(&q, id);
 *     if (sql_row(&q))
 *         name = sql_get_slice(&q, 0, arena);
 *     CV_TRY(sql_end(&q, err));
 *
 * A connection is used by one thread at a time; a statement of a connection
 * by one query at a time. Bound slices are borrowed until sql_end().
 * Errors: CV_ERR_CONFLICT for a broken unique constraint, CV_ERR_NOMEM,
 * CV_ERR_IO for everything else (full disk, damage, busy), in clear words.
 */
#ifndef STORE_SQL_SQL_H
#define STORE_SQL_SQL_H

#include "base/arena.h"
#include "base/error.h"

typedef enum sql_id {
#define STATEMENT(sym, text) SQL_##sym,
#include "store/sql/statements.def"
#undef STATEMENT
    SQL_COUNT
} sql_id;

typedef struct sql_conn sql_conn;

typedef struct sql_query {
    sql_conn *conn; /* borrowed */
    sql_id id;
    int bound;        /* parameters bound so far */
    cv_status status; /* of the first failure */
    cv_error err;     /* its words */
} sql_query;

/* The database in a directory. The writer's connection makes it when absent
 * and is opened first. */
CV_NODISCARD cv_status sql_open(const char *dir, bool writer, sql_conn **out,
                                cv_error *err);
void sql_close(sql_conn **conn); /* takes NULL */

/* Brings the schema up to date, in one transaction each version.
 * Errors: CV_ERR_UNSUP when a newer program wrote it. */
CV_NODISCARD cv_status sql_migrate(sql_conn *writer, cv_error *err);

/* Whether commits from now on wait until they are on disk, which is how a
 * connection starts. Not inside a transaction. */
CV_NODISCARD cv_status sql_set_flush(sql_conn *conn, bool flush, cv_error *err);
CV_NODISCARD cv_status sql_begin_write(sql_conn *conn, cv_error *err);
CV_NODISCARD cv_status sql_begin_read(sql_conn *conn, cv_error *err);
CV_NODISCARD cv_status sql_commit(sql_conn *conn, cv_error *err);
void sql_rollback(sql_conn *conn);
/* False once the database has ended the transaction by itself, as it does
 * when the disk is full. */
bool sql_in_transaction(const sql_conn *conn);

/* A job within a transaction that others share. */
CV_NODISCARD cv_status sql_savepoint(sql_conn *conn, cv_error *err);
CV_NODISCARD cv_status sql_release(sql_conn *conn, cv_error *err);
CV_NODISCARD cv_status sql_undo(sql_conn *conn, cv_error *err);

sql_query sql_start(sql_conn *conn, sql_id id);
void sql_int(sql_query *q, int64_t value);
/* INT64_MIN is NULL. */
void sql_int_or_null(sql_query *q, int64_t value);
void sql_text(sql_query *q, cv_slice text);
void sql_blob(sql_query *q, cv_slice bytes);
/* An empty slice is NULL. */
void sql_text_or_null(sql_query *q, cv_slice text);
void sql_blob_or_null(sql_query *q, cv_slice bytes);

/* The next row; false at the end and after a failure. */
bool sql_row(sql_query *q);
int64_t sql_get_int(sql_query *q, int column); /* NULL is 0 */
bool sql_get_null(sql_query *q, int column);
/* Text or bytes, copied to the arena; NULL is empty. */
cv_slice sql_get_slice(sql_query *q, int column, cv_arena *arena);
/* The same, borrowed until the next row. */
cv_slice sql_peek_slice(sql_query *q, int column);
/* A failure of the reader's own, such as a full arena. */
void sql_query_fail(sql_query *q, cv_status status);

/* Runs what is left, gives the statement back and says how it went. */
CV_NODISCARD cv_status sql_end(sql_query *q, cv_error *err);
/* Rows that the last statement changed. */
int64_t sql_changes(const sql_conn *conn);

/* The most bytes that the database file may take, 0 for no bound; a full
 * disk for tests. */
CV_NODISCARD cv_status sql_set_room(sql_conn *conn, int64_t bytes,
                                    cv_error *err);
/* The database's own look at itself: CV_ERR_IO with its first complaint. */
CV_NODISCARD cv_status sql_verify(sql_conn *conn, cv_error *err);

#endif
