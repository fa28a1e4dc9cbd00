#include "store/vault.h"

#include "store/keyvault.h"
#include <string.h>

static enum cm_code io_get(void *txn, int table, const void *key, size_t key_size, struct cm_bytes *ret_value,
                           struct cm_err *err)
{
    return cm_txn_get(txn, table, key, key_size, ret_value, err);
}

static enum cm_code io_put(void *txn, int table, const void *key, size_t key_size, const void *value,
                           size_t value_size, struct cm_err *err)
{
    return cm_txn_put(txn, table, key, key_size, value, value_size, err);
}

static enum cm_code io_walk(void *txn, int table, struct cm_bytes first, size_t prefix_size,
                            cm_txn_visit_fn *visit, void *arg, struct cm_err *err)
{
    return cm_txn_walk(txn, table, first, prefix_size, visit, arg, err);
}

struct commit {
    cm_keyvault_fn *fn;
    void *arg;
};

static enum cm_code run_commit(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    const struct commit *commit = arg;
    return commit->fn(txn, commit->arg, err);
}

static enum cm_code io_commit(void *db, cm_keyvault_fn *fn, void *arg, struct cm_err *err)
{
    struct commit commit = {fn, arg};
    return stn_store_commit(db, run_commit, &commit, true, err);
}

static const struct cm_keyvault_io io = {io_get, io_put, io_walk, io_commit};

/* The store keeps the keys; the vault borrows them for one call. */
static struct cm_keyvault borrow(struct stn_store *store)
{
    struct cm_keyvault vault = {
        .io = &io,
        .db = store,
        .meta = STN_TABLE_META,
        .keys_table = STN_TABLE_KEYS,
        .key_path = store->key_path,
        .whose = "station",
        .keys = store->keys,
    };
    memcpy(vault.public_key, store->log.public_key, sizeof vault.public_key);
    return vault;
}

static enum cm_code give_back(struct stn_store *store, const struct cm_keyvault *vault, enum cm_code code)
{
    store->keys = vault->keys;
    store->log.keys = vault->keys;
    memcpy(store->log.public_key, vault->public_key, sizeof vault->public_key);
    return code;
}

enum cm_code stn_vault_create(struct stn_store *store, struct cm_txn *txn, struct cm_err *err)
{
    struct cm_keyvault vault = borrow(store);
    return give_back(store, &vault, cm_keyvault_create(&vault, txn, err));
}

enum cm_code stn_vault_open(struct stn_store *store, struct cm_err *err)
{
    struct cm_keyvault vault = borrow(store);
    return give_back(store, &vault, cm_keyvault_open(&vault, err));
}

enum cm_code stn_vault_recover(struct stn_store *store, struct cm_err *err)
{
    struct cm_keyvault vault = borrow(store);
    return give_back(store, &vault, cm_keyvault_recover(&vault, err));
}

enum cm_code stn_vault_ready(struct stn_store *store, struct cm_txn *txn, struct cm_err *err)
{
    struct cm_keyvault vault = borrow(store);
    return give_back(store, &vault, cm_keyvault_ready(&vault, txn, err));
}

enum cm_code stn_vault_key(struct stn_store *store, struct cm_txn *txn, const char *student_id, bool create,
                           uint8_t ret_key[CM_KEY_SIZE], struct cm_err *err)
{
    struct cm_keyvault vault = borrow(store);
    return give_back(store, &vault, cm_keyvault_key(&vault, txn, student_id, create, ret_key, err));
}

enum cm_code stn_vault_rotate(struct stn_store *store, struct cm_txn *txn, struct cm_err *err)
{
    enum cm_code code = stn_store_follow_identity(store, txn, err);
    if (code != CM_OK)
        return code;
    struct cm_keyvault vault = borrow(store);
    return give_back(store, &vault, cm_keyvault_rotate(&vault, txn, err));
}

enum cm_code stn_vault_forget(struct stn_store *store, struct cm_err *err)
{
    struct cm_keyvault vault = borrow(store);
    return give_back(store, &vault, cm_keyvault_forget(&vault, err));
}
