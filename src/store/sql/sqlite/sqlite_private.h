/* sqlite_private.h - what the files of this driver share. */
#ifndef STORE_SQL_SQLITE_PRIVATE_H
#define STORE_SQL_SQLITE_PRIVATE_H

#include <sqlite3.h>

#include "store/sql/sql.h"

typedef enum sqlite_tx {
    TX_BEGIN_WRITE,
    TX_BEGIN_READ,
    TX_COMMIT,
    TX_ROLLBACK,
    TX_SAVEPOINT,
    TX_RELEASE,
    TX_UNDO,
    TX_COUNT
} sqlite_tx;

struct sql_conn {
    sqlite3 *db;                    /* owned */
    char *path;                     /* owned, of the database file */
    sqlite3_stmt *stmts[SQL_COUNT]; /* owned, prepared at first use */
    sqlite3_stmt *tx[TX_COUNT];     /* owned */
};

cv_status sqlite_failed(sqlite3 *db, int rc, cv_error *err);
CV_NODISCARD cv_status sqlite_exec(sql_conn *conn, const char *text,
                                   cv_error *err);

#endif
