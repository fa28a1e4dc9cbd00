/* What db.c and db_txn.c share; nobody else includes it. */
#ifndef CM_DB_PRIVATE_H
#define CM_DB_PRIVATE_H

#include "store/db.h"
#include <lmdb.h>
#include <pthread.h>

enum { CM_DB_POOL = 32 };

/*
 * Locks, with `threads` only, in the order in which they are taken:
 *   write_lock  a write transaction, and whatever moves or replaces the map
 *   map_lock    shared: a read transaction; exclusive: the map moves
 *   pool_lock   the read transactions that wait for their next use
 */
struct cm_db {
    struct cm_db_options options;
    char *dir;
    MDB_env *env;
    MDB_dbi tables[CM_DB_TABLES_MAX + 1]; /* behind the caller's: our own */
    size_t map_bytes;
    int reading; /* live read transactions of this process */
    uint64_t writes;
    uint64_t device, inode; /* of the folder, in the list of open ones */
    pthread_mutex_t write_lock, pool_lock;
    pthread_rwlock_t map_lock;
    struct cm_txn *pool[CM_DB_POOL]; /* reset, with their reader slots */
    int pooled;
};

struct cm_txn {
    struct cm_db *db;
    MDB_txn *txn;
    bool map_full;
};

/* The code and sentence for what LMDB returned. */
enum cm_code cm_db_fail(const struct cm_db *db, int status, const char *what, struct cm_err *err);

#endif
