/*
 * The seam under the store's verbs: ordered tables of byte keys and byte values, with one write transaction at a time and
 * reads that see one state. Two backends: LMDB (kv_lmdb.c) and memory (kv_mem.c). Private to this folder.
 *
 * - A write function may run more than once and is undone unless it returns CM_OK.
 * - A read sees the state of its beginning. A thread has one transaction at a time.
 * - Borrowed bytes are valid until the next write in the transaction or its end, and are not aligned.
 * - Keys have 1 … CM_DB_KEY_MAX bytes.
 */
#ifndef SRV_KV_H
#define SRV_KV_H

#include "base/err.h"
#include "store/db.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct srv_kv;

struct srv_kv_txn { /* a handle; plain values of whoever began it */
    const struct srv_kv_ops *ops;
    void *impl;
};

typedef enum cm_code srv_kv_fn(struct srv_kv_txn *txn, void *arg, struct cm_err *err);

struct srv_kv_ops {
    enum cm_code (*write)(struct srv_kv *kv, srv_kv_fn *fn, void *arg, struct cm_err *err);
    enum cm_code (*read_begin)(struct srv_kv *kv, struct srv_kv_txn *ret_txn, struct cm_err *err);
    void (*read_end)(struct srv_kv_txn *txn);
    enum cm_code (*get)(void *impl, int table, const void *key, size_t key_size, struct cm_bytes *ret_value,
                        struct cm_err *err);
    enum cm_code (*put)(void *impl, int table, const void *key, size_t key_size, const void *value,
                        size_t value_size, struct cm_err *err);
    enum cm_code (*delete)(void *impl, int table, const void *key, size_t key_size, struct cm_err *err);
    enum cm_code (*delete_prefix)(void *impl, int table, const void *prefix, size_t prefix_size,
                                  size_t *ret_count, struct cm_err *err);
    enum cm_code (*last)(void *impl, int table, struct cm_bytes *ret_key, struct cm_bytes *ret_value,
                         struct cm_err *err);
    enum cm_code (*count)(void *impl, int table, size_t *ret_count, struct cm_err *err);
    enum cm_code (*walk)(void *impl, int table, struct cm_bytes first, size_t prefix_size,
                         cm_txn_visit_fn *visit, void *arg, struct cm_err *err);
    enum cm_code (*walk_back)(void *impl, int table, struct cm_bytes last, size_t prefix_size,
                              cm_txn_visit_fn *visit, void *arg, struct cm_err *err);
    /* Empties a table. */
    enum cm_code (*clear)(void *impl, int table, struct cm_err *err);
    uint64_t (*number)(void *impl); /* of a write: one more than of the commit before it, whoever made that */
    uint64_t (*version)(struct srv_kv *kv); /* grows with every commit, whoever made it */
    enum cm_code (*copy)(struct srv_kv *kv, const char *dir, struct cm_err *err); /* NULL: cannot */
    enum cm_code (*stats)(struct srv_kv *kv, struct cm_db_stats *ret_stats, struct cm_err *err);
    void (*trim)(struct srv_kv *kv); /* NULL: keeps nothing mapped */
    void (*close)(struct srv_kv *kv);
};

struct srv_kv { /* first member of a backend's struct */
    const struct srv_kv_ops *ops;
};

/* Tables are told by their number. */
enum cm_code srv_kv_open_mem(int table_count, struct srv_kv **ret_kv, struct cm_err *err);
enum cm_code srv_kv_open_lmdb(const struct cm_db_options *options, struct srv_kv **ret_kv,
                              struct cm_err *err);

#endif
