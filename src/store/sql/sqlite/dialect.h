/* dialect.h - how SQLite spells what differs between databases.
 *
 * For schema.def. Tables are STRICT: a column holds what it says.
 */
#ifndef STORE_SQL_SQLITE_DIALECT_H
#define STORE_SQL_SQLITE_DIALECT_H

#define T_INT "INTEGER NOT NULL"
#define T_INT_NULL "INTEGER"
#define T_TEXT "TEXT NOT NULL"
#define T_TEXT_NULL "TEXT"
#define T_BLOB "BLOB NOT NULL"
#define T_BLOB_NULL "BLOB"

/* Rows lie in the order of their key: small rows, read in ranges. */
#define T_CLUSTERED " STRICT, WITHOUT ROWID"
/* Rows lie in the order they came: big ones under a key without order. */
#define T_HEAP " STRICT"

#define D_TIME(column) \
    "strftime('%Y-%m-%dT%H:%M:%SZ', " column " / 10000000, 'unixepoch')"
#define D_HEX(column) "hex(" column ")"

#endif
