/*
 * LMDB made safe: one environment with named tables of byte keys and byte values in order of key. Nothing of LMDB's
 * leaves this folder.
 *
 * - One handle per folder and process (a second one is CM_EXISTS: closing it would drop the first one's file locks).
 *   Other processes may open the same folder. One handle, one thread, unless it was opened with `threads`. A child of
 *   fork must not touch it.
 * - A write transaction is a function that may run more than once: when the map is full it is undone, the map doubled
 *   and the function run again. It must therefore change nothing but the transaction and what it sets anew each time.
 * - cm_db_write returns after a synced commit, or it changed nothing. CM_NOSPACE: disk, quota or file size limit
 *   exhausted; everything from before is intact, the same call may be tried again. A write within a read is refused
 *   (CM_BACKEND): the map may not move under a reader.
 * - With `threads`, any thread may read, and writes of several threads run one after another. A read sees the state of
 *   its beginning, costs about a microsecond and holds up no writer, but for one thing: the map cannot grow while any
 *   read goes on, so a read must end. A thread that reads or writes must not begin another read or write.
 * - Never MDB_WRITEMAP (a full disk would be SIGBUS), never NOSYNC. A data file that is shorter than it claims, which
 *   would be SIGBUS as well, is found when it is opened.
 * - Pointers from get, walk and last are borrowed until the next write or the end of the transaction, and are not
 *   aligned: copy out with memcpy.
 */
#ifndef CM_DB_H
#define CM_DB_H

#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CM_DB_TABLES_MAX = 47, CM_DB_KEY_MAX = 511 };

struct cm_db;
struct cm_txn;

struct cm_bytes { /* borrowed */
    const void *data;
    size_t size;
};

struct cm_db_options {
    const char *dir; /* an existing folder */
    const char *const
        *tables; /* their names; a table is told by its place in this list, which must outlive the handle */
    int table_count;
    uint32_t
        version; /* of the caller's use of the tables: larger in the file is CM_NEWER, and the file untouched */
    size_t map_bytes_first; /* grows by itself */
    size_t map_bytes_max;
    bool read_only; /* creates nothing and writes nothing; CM_NOTFOUND when there is no store */
    bool threads;
};

/* CM_CORRUPT: not a store, or damaged so that it cannot be opened. */
enum cm_code cm_db_open(const struct cm_db_options *options, struct cm_db **ret_db, struct cm_err *err);
void cm_db_close(struct cm_db *db);

/* What fn returns is what these return; any code but CM_OK undoes the transaction. fn must hand on a CM_AGAIN that it
 * gets from a cm_txn call at once. */
typedef enum cm_code cm_db_fn(struct cm_txn *txn, void *arg, struct cm_err *err);
enum cm_code cm_db_write(struct cm_db *db, cm_db_fn *fn, void *arg, struct cm_err *err);
enum cm_code cm_db_read(struct cm_db *db, cm_db_fn *fn, void *arg, struct cm_err *err);
/* The same in two calls, of one thread. */
enum cm_code cm_db_read_begin(struct cm_db *db, struct cm_txn **ret_txn, struct cm_err *err);
void cm_db_read_end(struct cm_txn *txn);

/* A consistent, compact and synced copy into an empty folder, while others read and write; it opens as a store. */
enum cm_code cm_db_copy(struct cm_db *db, const char *dir, struct cm_err *err);

/* Grows with every commit, also of other processes. */
uint64_t cm_db_version(struct cm_db *db);

struct cm_db_stats {
    uint64_t bytes_used;         /* of the data file */
    uint64_t bytes_free_on_disk; /* for us, not for root */
    uint64_t map_bytes;
};
enum cm_code cm_db_stats(struct cm_db *db, struct cm_db_stats *ret_stats, struct cm_err *err);
/* Gives back the pages that were read and stay mapped: after a walk through much of the store. */
void cm_db_trim(struct cm_db *db);

/* Keys are 1 … CM_DB_KEY_MAX bytes: others are CM_INVALID. CM_NOTFOUND comes without a sentence. */
enum cm_code cm_txn_get(struct cm_txn *txn, int table, const void *key, size_t key_size,
                        struct cm_bytes *ret_value, struct cm_err *err);
enum cm_code cm_txn_put(struct cm_txn *txn, int table, const void *key, size_t key_size, const void *value,
                        size_t value_size, struct cm_err *err);
enum cm_code cm_txn_delete(struct cm_txn *txn, int table, const void *key, size_t key_size,
                           struct cm_err *err);
/* Deletes every key that begins with the prefix. */
enum cm_code cm_txn_delete_prefix(struct cm_txn *txn, int table, const void *prefix, size_t prefix_size,
                                  size_t *ret_count, struct cm_err *err);
/* Deletes every key of the table. */
enum cm_code cm_txn_clear(struct cm_txn *txn, int table, struct cm_err *err);
/* CM_NOTFOUND: the table is empty. */
enum cm_code cm_txn_last(struct cm_txn *txn, int table, struct cm_bytes *ret_key, struct cm_bytes *ret_value,
                         struct cm_err *err);
/* Of a write: one more than of the commit before it, whoever made that. */
uint64_t cm_txn_number(const struct cm_txn *txn);
enum cm_code cm_txn_count(struct cm_txn *txn, int table, size_t *ret_count, struct cm_err *err);

/* Visits keys in order, from the first one >= first, as long as they share its first prefix_size bytes. visit may
 * return CM_EOF to end the walk (which is then CM_OK); any other failure ends it and is returned. It must not write. */
typedef enum cm_code cm_txn_visit_fn(void *arg, struct cm_bytes key, struct cm_bytes value,
                                     struct cm_err *err);
enum cm_code cm_txn_walk(struct cm_txn *txn, int table, struct cm_bytes first, size_t prefix_size,
                         cm_txn_visit_fn *visit, void *arg, struct cm_err *err);
/* The same in descending order, from the last key <= last (empty: from the table's end). */
enum cm_code cm_txn_walk_back(struct cm_txn *txn, int table, struct cm_bytes last, size_t prefix_size,
                              cm_txn_visit_fn *visit, void *arg, struct cm_err *err);

#endif
