#include "store/db_private.h"

#include <assert.h>
#include <string.h>

static MDB_dbi handle_of(const struct cm_txn *txn, int table)
{
    assert(table >= 0 && table <= txn->db->options.table_count);
    return txn->db->tables[table];
}

static enum cm_code finish(struct cm_txn *txn, int status, const char *what, struct cm_err *err)
{
    if (status == MDB_SUCCESS)
        return CM_OK;
    if (status == MDB_NOTFOUND)
        return CM_NOTFOUND;
    if (status == MDB_MAP_FULL || txn->map_full) { /* after it a transaction answers MDB_BAD_TXN alone */
        txn->map_full = true;
        return CM_AGAIN;
    }
    return cm_db_fail(txn->db, status, what, err);
}

static struct cm_bytes bytes_of(const MDB_val *value)
{
    return (struct cm_bytes){value->mv_data, value->mv_size};
}

static enum cm_code make_key(const void *key, size_t size, MDB_val *ret_key, struct cm_err *err)
{
    if (size == 0 || size > CM_DB_KEY_MAX)
        return cm_fail(err, CM_INVALID, "a key of %zu bytes; it must have 1 to %d", size, CM_DB_KEY_MAX);
    *ret_key = (MDB_val){size, (void *)key};
    return CM_OK;
}

enum cm_code cm_txn_get(struct cm_txn *txn, int table, const void *key, size_t key_size,
                        struct cm_bytes *ret_value, struct cm_err *err)
{
    MDB_val k, v;
    enum cm_code code = make_key(key, key_size, &k, err);
    if (code == CM_OK)
        code = finish(txn, mdb_get(txn->txn, handle_of(txn, table), &k, &v), "read from", err);
    if (code == CM_OK)
        *ret_value = bytes_of(&v);
    return code;
}

enum cm_code cm_txn_put(struct cm_txn *txn, int table, const void *key, size_t key_size, const void *value,
                        size_t value_size, struct cm_err *err)
{
    MDB_val k, v = {value_size, (void *)value};
    enum cm_code code = make_key(key, key_size, &k, err);
    if (code != CM_OK)
        return code;
    return finish(txn, mdb_put(txn->txn, handle_of(txn, table), &k, &v, 0), "write to", err);
}

enum cm_code cm_txn_delete(struct cm_txn *txn, int table, const void *key, size_t key_size,
                           struct cm_err *err)
{
    MDB_val k;
    enum cm_code code = make_key(key, key_size, &k, err);
    if (code != CM_OK)
        return code;
    return finish(txn, mdb_del(txn->txn, handle_of(txn, table), &k, NULL), "delete from", err);
}

enum cm_code cm_txn_clear(struct cm_txn *txn, int table, struct cm_err *err)
{
    int status = mdb_drop(txn->txn, handle_of(txn, table), 0);
    return finish(txn, status == MDB_NOTFOUND ? MDB_SUCCESS : status, "delete from", err); /* it was empty */
}

enum cm_code cm_txn_last(struct cm_txn *txn, int table, struct cm_bytes *ret_key, struct cm_bytes *ret_value,
                         struct cm_err *err)
{
    MDB_cursor *cursor;
    MDB_val k, v;
    enum cm_code code =
        finish(txn, mdb_cursor_open(txn->txn, handle_of(txn, table), &cursor), "read from", err);
    if (code != CM_OK)
        return code;
    code = finish(txn, mdb_cursor_get(cursor, &k, &v, MDB_LAST), "read from", err);
    mdb_cursor_close(cursor);
    if (code == CM_OK) {
        *ret_key = bytes_of(&k);
        *ret_value = bytes_of(&v);
    }
    return code;
}

enum cm_code cm_txn_count(struct cm_txn *txn, int table, size_t *ret_count, struct cm_err *err)
{
    MDB_stat stat;
    enum cm_code code = finish(txn, mdb_stat(txn->txn, handle_of(txn, table), &stat), "read from", err);
    if (code == CM_OK)
        *ret_count = stat.ms_entries;
    return code;
}

static bool has_prefix(const MDB_val *key, const void *prefix, size_t size)
{
    return key->mv_size >= size && (size == 0 || memcmp(key->mv_data, prefix, size) == 0);
}

enum cm_code cm_txn_walk(struct cm_txn *txn, int table, struct cm_bytes first, size_t prefix_size,
                         cm_txn_visit_fn *visit, void *arg, struct cm_err *err)
{
    MDB_cursor *cursor;
    MDB_val k = {first.size, (void *)first.data}, v;
    assert(prefix_size <= first.size);
    enum cm_code code =
        finish(txn, mdb_cursor_open(txn->txn, handle_of(txn, table), &cursor), "read from", err);
    if (code != CM_OK)
        return code;
    int status = mdb_cursor_get(cursor, &k, &v, first.size > 0 ? MDB_SET_RANGE : MDB_FIRST);
    while (status == MDB_SUCCESS && has_prefix(&k, first.data, prefix_size)) {
        code = visit(arg, bytes_of(&k), bytes_of(&v), err);
        if (code != CM_OK)
            break;
        status = mdb_cursor_get(cursor, &k, &v, MDB_NEXT);
    }
    mdb_cursor_close(cursor);
    if (code != CM_OK)
        return code == CM_EOF ? CM_OK : code;
    return status == MDB_NOTFOUND ? CM_OK : finish(txn, status, "read from", err);
}

static int seek_back(MDB_cursor *cursor, struct cm_bytes last, MDB_val *key, MDB_val *value)
{
    if (last.size == 0)
        return mdb_cursor_get(cursor, key, value, MDB_LAST);
    *key = (MDB_val){last.size, (void *)last.data};
    int status = mdb_cursor_get(cursor, key, value, MDB_SET_RANGE);
    if (status == MDB_NOTFOUND)
        return mdb_cursor_get(cursor, key, value, MDB_LAST);
    if (status == MDB_SUCCESS &&
        (key->mv_size != last.size || memcmp(key->mv_data, last.data, last.size) != 0))
        return mdb_cursor_get(cursor, key, value, MDB_PREV);
    return status;
}

enum cm_code cm_txn_walk_back(struct cm_txn *txn, int table, struct cm_bytes last, size_t prefix_size,
                              cm_txn_visit_fn *visit, void *arg, struct cm_err *err)
{
    MDB_cursor *cursor;
    MDB_val k, v;
    assert(prefix_size <= last.size);
    enum cm_code code =
        finish(txn, mdb_cursor_open(txn->txn, handle_of(txn, table), &cursor), "read from", err);
    if (code != CM_OK)
        return code;
    int status = seek_back(cursor, last, &k, &v);
    while (status == MDB_SUCCESS && has_prefix(&k, last.data, prefix_size)) {
        code = visit(arg, bytes_of(&k), bytes_of(&v), err);
        if (code != CM_OK)
            break;
        status = mdb_cursor_get(cursor, &k, &v, MDB_PREV);
    }
    mdb_cursor_close(cursor);
    if (code != CM_OK)
        return code == CM_EOF ? CM_OK : code;
    return status == MDB_NOTFOUND ? CM_OK : finish(txn, status, "read from", err);
}

enum cm_code cm_txn_delete_prefix(struct cm_txn *txn, int table, const void *prefix, size_t prefix_size,
                                  size_t *ret_count, struct cm_err *err)
{
    MDB_cursor *cursor;
    MDB_val k, v;
    size_t count = 0;
    enum cm_code code = make_key(prefix, prefix_size, &k, err);
    if (code == CM_OK)
        code = finish(txn, mdb_cursor_open(txn->txn, handle_of(txn, table), &cursor), "delete from", err);
    if (code != CM_OK)
        return code;
    int status = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE);
    while (status == MDB_SUCCESS && has_prefix(&k, prefix, prefix_size)) {
        status = mdb_cursor_del(cursor, 0);
        if (status == MDB_SUCCESS) {
            count++;
            k = (MDB_val){prefix_size,
                          (void *)prefix}; /* what follows is found anew: no reliance on the cursor */
            status = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE);
        }
    }
    mdb_cursor_close(cursor);
    code = status == MDB_NOTFOUND ? CM_OK : finish(txn, status, "delete from", err);
    if (code == CM_OK)
        *ret_count = count;
    return code;
}

uint64_t cm_txn_number(const struct cm_txn *txn)
{
    return mdb_txn_id(txn->txn);
}
