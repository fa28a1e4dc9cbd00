#include "store/vault.h"

#include <string.h>

static const char generation_key[] = "key_generation";

enum { GENERATION_SIZE = 4 };

static enum cm_code get_generation(struct cm_txn *txn, uint32_t *ret_generation, struct cm_err *err)
{
    struct cm_bytes value;
    enum cm_code code =
        cm_txn_get(txn, STN_TABLE_META, generation_key, sizeof generation_key - 1, &value, err);
    if (code == CM_NOTFOUND || (code == CM_OK && value.size != GENERATION_SIZE))
        return cm_fail(err, CM_CORRUPT, "the store does not name its master key: put it back from a backup");
    if (code != CM_OK)
        return code;
    const uint8_t *b = value.data;
    *ret_generation = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    return CM_OK;
}

static enum cm_code put_generation(struct cm_txn *txn, uint32_t generation, struct cm_err *err)
{
    uint8_t b[GENERATION_SIZE] = {(uint8_t)(generation >> 24), (uint8_t)(generation >> 16),
                                  (uint8_t)(generation >> 8), (uint8_t)generation};
    return cm_txn_put(txn, STN_TABLE_META, generation_key, sizeof generation_key - 1, b, sizeof b, err);
}

static void take_keys(struct stn_store *store, struct cm_keys *keys)
{
    cm_keys_destroy(store->keys);
    store->keys = keys;
    store->log.keys = keys;
}

/* Loads the file anew: another process may have rotated the master key. */
static enum cm_code load(struct stn_store *store, struct cm_err *err)
{
    struct cm_keys *keys;
    enum cm_code code = cm_keys_load(store->key_path, &keys, err);
    if (code ==
        CM_CORRUPT) /* another process may just have replaced the file and overwritten the one being read */
        code = cm_keys_load(store->key_path, &keys, err);
    if (code != CM_OK)
        return code;
    if (memcmp(cm_keys_public(keys), store->log.public_key, CM_PUBLIC_KEY_SIZE) != 0) {
        cm_keys_destroy(keys);
        return cm_fail(err, CM_CORRUPT, "the key file %s belongs to another station: put back the right one",
                       store->key_path);
    }
    take_keys(store, keys);
    return CM_OK;
}

static bool serves(const struct cm_keys *keys, uint32_t generation)
{
    uint32_t current = cm_keys_generation(keys);
    return generation == current || (cm_keys_has_previous(keys) && generation + 1 == current);
}

/* Keys in memory that serve the state which `txn` sees. */
static enum cm_code keys_for(struct stn_store *store, struct cm_txn *txn, uint32_t *ret_generation,
                             struct cm_err *err)
{
    enum cm_code code = get_generation(txn, ret_generation, err);
    if (code != CM_OK || (store->keys != NULL && serves(store->keys, *ret_generation)))
        return code;
    code = load(store, err);
    if (code == CM_OK && !serves(store->keys, *ret_generation))
        return cm_fail(err, CM_CORRUPT,
                       "the key file %s is of another time than the store: put back the right one",
                       store->key_path);
    return code;
}

enum cm_code stn_vault_ready(struct stn_store *store, struct cm_txn *txn, struct cm_err *err)
{
    uint32_t generation;
    return keys_for(store, txn, &generation, err);
}

enum cm_code stn_vault_create(struct stn_store *store, struct cm_txn *txn, struct cm_err *err)
{
    struct cm_keys *keys;
    enum cm_code code = cm_keys_load(store->key_path, &keys, err);
    if (code == CM_NOTFOUND) {
        code = cm_keys_create(&keys, err);
        if (code == CM_OK && (code = cm_keys_save(keys, store->key_path, err)) != CM_OK)
            cm_keys_destroy(keys);
    }
    if (code != CM_OK)
        return code;
    take_keys(store, keys);
    memcpy(store->log.public_key, cm_keys_public(keys), CM_PUBLIC_KEY_SIZE);
    return put_generation(txn, cm_keys_generation(keys), err);
}

enum cm_code stn_vault_open(struct stn_store *store, struct cm_err *err)
{
    enum cm_code code = load(store, err);
    if (code != CM_NOTFOUND)
        return code;
    return cm_fail(
        err, CM_CORRUPT,
        "%s is missing, but the store's templates and log need it: put it back from a backup (nothing was "
        "changed)",
        store->key_path);
}

enum cm_code stn_vault_key(struct stn_store *store, struct cm_txn *txn, const char *student_id, bool create,
                           uint8_t ret_key[CM_KEY_SIZE], struct cm_err *err)
{
    uint32_t generation;
    uint8_t wrapped[CM_WRAPPED_SIZE];
    struct cm_bytes value;
    enum cm_code code = keys_for(store, txn, &generation, err);
    if (code != CM_OK)
        return code;
    code = cm_txn_get(txn, STN_TABLE_KEYS, student_id, strlen(student_id), &value, err);
    if (code == CM_OK && value.size != sizeof wrapped)
        return cm_fail(err, CM_CORRUPT, "the key of %s has the wrong size", student_id);
    if (code == CM_OK) {
        memcpy(wrapped, value.data, sizeof wrapped);
        return cm_keys_unwrap(store->keys, generation, student_id, wrapped, ret_key, err);
    }
    if (code != CM_NOTFOUND || !create)
        return code;
    cm_key_random(ret_key);
    code = cm_keys_wrap(store->keys, generation, student_id, ret_key, wrapped, err);
    if (code != CM_OK)
        return code;
    return cm_txn_put(txn, STN_TABLE_KEYS, student_id, strlen(student_id), wrapped, sizeof wrapped, err);
}

/* ---- rotation ---- */

struct wrapped_key {
    char student_id[CM_ID_SIZE + 1]; /* room for the NUL that makes it the first key after itself */
    size_t id_size;                  /* 0: none */
    uint8_t wrapped[CM_WRAPPED_SIZE];
};

static enum cm_code take_wrapped(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct wrapped_key *next = arg;
    if (key.size >= CM_ID_SIZE || value.size != sizeof next->wrapped)
        return cm_fail(err, CM_CORRUPT, "a student's key has the wrong size");
    memcpy(next->student_id, key.data, key.size);
    next->student_id[key.size] = '\0';
    next->id_size = key.size;
    memcpy(next->wrapped, value.data, value.size);
    return CM_EOF;
}

static enum cm_code wrap_again(struct cm_txn *txn, const struct cm_keys *keys, uint32_t from,
                               struct wrapped_key *item, struct cm_err *err)
{
    uint8_t key[CM_KEY_SIZE];
    enum cm_code code = cm_keys_unwrap(keys, from, item->student_id, item->wrapped, key, err);
    if (code == CM_CORRUPT) /* it opened with nothing before and shall not keep others from being erased */
        return CM_OK;
    if (code == CM_OK)
        code = cm_keys_wrap(keys, cm_keys_generation(keys), item->student_id, key, item->wrapped, err);
    cm_wipe(key, sizeof key);
    if (code == CM_OK)
        code = cm_txn_put(txn, STN_TABLE_KEYS, item->student_id, item->id_size, item->wrapped,
                          sizeof item->wrapped, err);
    return code;
}

static enum cm_code wrap_all(struct cm_txn *txn, const struct cm_keys *keys, uint32_t from,
                             struct cm_err *err)
{
    struct wrapped_key item = {.id_size = 0};
    enum cm_code code = CM_OK;
    do {
        struct cm_bytes first = {item.student_id, item.id_size > 0 ? item.id_size + 1 : 0};
        item.id_size = 0;
        code = cm_txn_walk(txn, STN_TABLE_KEYS, first, 0, take_wrapped, &item, err);
        if (code == CM_OK && item.id_size > 0)
            code = wrap_again(txn, keys, from, &item, err);
    } while (code == CM_OK && item.id_size > 0);
    return code;
}

enum cm_code stn_vault_rotate(struct stn_store *store, struct cm_txn *txn, struct cm_err *err)
{
    uint32_t generation;
    enum cm_code code = get_generation(txn, &generation, err);
    if (code == CM_OK)
        code = load(store, err);
    if (code != CM_OK)
        return code;
    if (!serves(store->keys, generation))
        return cm_fail(err, CM_CORRUPT,
                       "the key file %s is of another time than the store: put back the right one",
                       store->key_path);
    if (cm_keys_generation(store->keys) ==
        generation) { /* else a rotation began and was not committed: go on with it */
        cm_keys_rotate(store->keys);
        code = cm_keys_save(store->keys, store->key_path, err);
    }
    if (code == CM_OK)
        code = wrap_all(txn, store->keys, generation, err);
    if (code == CM_OK)
        code = put_generation(txn, cm_keys_generation(store->keys), err);
    return code;
}

/* In a write transaction, which keeps other processes from rotating meanwhile. */
static enum cm_code forget(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    struct stn_store *store = arg;
    uint32_t generation;
    enum cm_code code = get_generation(txn, &generation, err);
    if (code == CM_OK)
        code = load(store, err);
    if (code != CM_OK || !cm_keys_has_previous(store->keys) || cm_keys_generation(store->keys) != generation)
        return code;
    cm_keys_drop_previous(store->keys);
    return cm_keys_save(store->keys, store->key_path, err);
}

enum cm_code stn_vault_forget(struct stn_store *store, struct cm_err *err)
{
    return stn_store_commit(store, forget, store, true, err);
}

static enum cm_code finish_rotation(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    struct stn_store *store = arg;
    uint32_t generation;
    enum cm_code code = get_generation(txn, &generation, err);
    if (code == CM_OK)
        code = cm_keys_clean(store->key_path, err);
    if (code == CM_OK && cm_keys_generation(store->keys) != generation)
        code = stn_vault_rotate(store, txn, err);
    return code;
}

enum cm_code stn_vault_recover(struct stn_store *store, struct cm_err *err)
{
    if (!cm_keys_has_previous(store->keys) && !cm_keys_left_over(store->key_path))
        return CM_OK;
    enum cm_code code = stn_store_commit(store, finish_rotation, store, true, err);
    return code == CM_OK ? stn_vault_forget(store, err) : code;
}
