/* What db.c and db_txn.c share; nobody else includes it. */
#ifndef CM_DB_PRIVATE_H
#define CM_DB_PRIVATE_H

#include "store/db.h"
#include <lmdb.h>

struct cm_db {
    struct cm_db_options options;
    char *dir;
    MDB_env *env;
    MDB_dbi tables[CM_DB_TABLES_MAX + 1]; /* behind the caller's: our own */
    size_t map_bytes;
    int reading; /* live read transactions of this process */
    uint64_t writes;
    uint64_t device, inode; /* of the folder, in the list of open ones */
};

struct cm_txn {
    struct cm_db *db;
    MDB_txn *txn;
    bool map_full;
};

/* The code and sentence for what LMDB returned. */
enum cm_code cm_db_fail(const struct cm_db *db, int status, const char *what, struct cm_err *err);

#endif
