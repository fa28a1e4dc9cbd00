#include "raw_db.h"

#include "unit.h"
#include <lmdb.h>
#include <string.h>

struct raw {
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
};

static void open_raw(struct raw *raw, const char *dir, const char *table)
{
    assert_int_equal(mdb_env_create(&raw->env), 0);
    assert_int_equal(mdb_env_set_maxdbs(raw->env, 4), 0);
    assert_int_equal(mdb_env_open(raw->env, dir, MDB_NOSYNC, 0600), 0);
    assert_int_equal(mdb_txn_begin(raw->env, NULL, 0, &raw->txn), 0);
    assert_int_equal(mdb_dbi_open(raw->txn, table, 0, &raw->dbi), 0);
}

static void close_raw(struct raw *raw)
{
    assert_int_equal(mdb_txn_commit(raw->txn), 0);
    mdb_env_close(raw->env);
}

size_t raw_read(const char *dir, const char *table, size_t index, struct raw_value *ret_value)
{
    struct raw raw;
    MDB_cursor *cursor;
    MDB_val key, value;
    size_t count = 0;
    open_raw(&raw, dir, table);
    assert_int_equal(mdb_cursor_open(raw.txn, raw.dbi, &cursor), 0);
    while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
        if (count++ != index)
            continue;
        assert_true(key.mv_size <= sizeof ret_value->key && value.mv_size <= sizeof ret_value->value);
        memcpy(ret_value->key, key.mv_data, ret_value->key_size = key.mv_size);
        memcpy(ret_value->value, value.mv_data, ret_value->size = value.mv_size);
    }
    mdb_cursor_close(cursor);
    close_raw(&raw);
    return count;
}

void raw_write(const char *dir, const char *table, const struct raw_value *value)
{
    struct raw raw;
    MDB_val k = {value->key_size, (void *)value->key}, v = {value->size, (void *)value->value};
    open_raw(&raw, dir, table);
    assert_int_equal(mdb_put(raw.txn, raw.dbi, &k, &v, 0), 0);
    close_raw(&raw);
}

void raw_delete(const char *dir, const char *table, const struct raw_value *value)
{
    struct raw raw;
    MDB_val k = {value->key_size, (void *)value->key};
    open_raw(&raw, dir, table);
    assert_int_equal(mdb_del(raw.txn, raw.dbi, &k, NULL), 0);
    close_raw(&raw);
}
