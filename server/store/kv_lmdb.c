/* The seam on common/store/db. */
#include "store/kv.h"

#include <stdlib.h>

struct lmdb {
    struct srv_kv base;
    struct cm_db *db;
};

static const struct srv_kv_ops ops;

struct job {
    srv_kv_fn *fn;
    void *arg;
};

static enum cm_code run(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    const struct job *job = arg;
    struct srv_kv_txn handle = {&ops, txn};
    return job->fn(&handle, job->arg, err);
}

static enum cm_code kv_write(struct srv_kv *kv, srv_kv_fn *fn, void *arg, struct cm_err *err)
{
    struct lmdb *lmdb = (struct lmdb *)kv;
    struct job job = {fn, arg};
    return cm_db_write(lmdb->db, run, &job, err);
}

static enum cm_code read_begin(struct srv_kv *kv, struct srv_kv_txn *ret_txn, struct cm_err *err)
{
    struct lmdb *lmdb = (struct lmdb *)kv;
    struct cm_txn *txn;
    enum cm_code code = cm_db_read_begin(lmdb->db, &txn, err);
    if (code == CM_OK)
        *ret_txn = (struct srv_kv_txn){&ops, txn};
    return code;
}

static void read_end(struct srv_kv_txn *txn)
{
    cm_db_read_end(txn->impl);
}

static enum cm_code get(void *impl, int table, const void *key, size_t key_size, struct cm_bytes *ret_value,
                        struct cm_err *err)
{
    return cm_txn_get(impl, table, key, key_size, ret_value, err);
}

static enum cm_code put(void *impl, int table, const void *key, size_t key_size, const void *value,
                        size_t value_size, struct cm_err *err)
{
    return cm_txn_put(impl, table, key, key_size, value, value_size, err);
}

static enum cm_code delete_(void *impl, int table, const void *key, size_t key_size, struct cm_err *err)
{
    return cm_txn_delete(impl, table, key, key_size, err);
}

static enum cm_code delete_prefix(void *impl, int table, const void *prefix, size_t prefix_size,
                                  size_t *ret_count, struct cm_err *err)
{
    return cm_txn_delete_prefix(impl, table, prefix, prefix_size, ret_count, err);
}

static enum cm_code last(void *impl, int table, struct cm_bytes *ret_key, struct cm_bytes *ret_value,
                         struct cm_err *err)
{
    return cm_txn_last(impl, table, ret_key, ret_value, err);
}

static enum cm_code count(void *impl, int table, size_t *ret_count, struct cm_err *err)
{
    return cm_txn_count(impl, table, ret_count, err);
}

static enum cm_code walk(void *impl, int table, struct cm_bytes first, size_t prefix_size,
                         cm_txn_visit_fn *visit, void *arg, struct cm_err *err)
{
    return cm_txn_walk(impl, table, first, prefix_size, visit, arg, err);
}

static enum cm_code walk_back(void *impl, int table, struct cm_bytes last_key, size_t prefix_size,
                              cm_txn_visit_fn *visit, void *arg, struct cm_err *err)
{
    return cm_txn_walk_back(impl, table, last_key, prefix_size, visit, arg, err);
}

static enum cm_code clear(void *impl, int table, struct cm_err *err)
{
    return cm_txn_clear(impl, table, err);
}

static uint64_t number(void *impl)
{
    return cm_txn_number(impl);
}

static uint64_t version(struct srv_kv *kv)
{
    return cm_db_version(((struct lmdb *)kv)->db);
}

static enum cm_code copy(struct srv_kv *kv, const char *dir, struct cm_err *err)
{
    return cm_db_copy(((struct lmdb *)kv)->db, dir, err);
}

static enum cm_code stats(struct srv_kv *kv, struct cm_db_stats *ret_stats, struct cm_err *err)
{
    return cm_db_stats(((struct lmdb *)kv)->db, ret_stats, err);
}

static void trim(struct srv_kv *kv)
{
    cm_db_trim(((struct lmdb *)kv)->db);
}

static void kv_close(struct srv_kv *kv)
{
    struct lmdb *lmdb = (struct lmdb *)kv;
    cm_db_close(lmdb->db);
    free(lmdb);
}

static const struct srv_kv_ops ops = {
    .write = kv_write,
    .read_begin = read_begin,
    .read_end = read_end,
    .get = get,
    .put = put,
    .delete = delete_,
    .delete_prefix = delete_prefix,
    .last = last,
    .count = count,
    .walk = walk,
    .walk_back = walk_back,
    .clear = clear,
    .number = number,
    .version = version,
    .copy = copy,
    .stats = stats,
    .trim = trim,
    .close = kv_close,
};

enum cm_code srv_kv_open_lmdb(const struct cm_db_options *options, struct srv_kv **ret_kv, struct cm_err *err)
{
    struct lmdb *lmdb = calloc(1, sizeof *lmdb);
    if (lmdb == NULL)
        return cm_fail(err, CM_NOMEM, "no memory for the store");
    lmdb->base.ops = &ops;
    enum cm_code code = cm_db_open(options, &lmdb->db, err);
    if (code != CM_OK) {
        free(lmdb);
        return code;
    }
    *ret_kv = &lmdb->base;
    return CM_OK;
}
