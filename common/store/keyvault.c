#include "store/keyvault.h"

#include <string.h>

static const char generation_key[] = "key_generation";

enum { GENERATION_SIZE = 4 };

static enum cm_code get_generation(struct cm_keyvault *vault, void *txn, uint32_t *ret_generation,
                                   struct cm_err *err)
{
    struct cm_bytes value;
    enum cm_code code =
        vault->io->get(txn, vault->meta, generation_key, sizeof generation_key - 1, &value, err);
    if (code == CM_NOTFOUND || (code == CM_OK && value.size != GENERATION_SIZE))
        return cm_fail(err, CM_CORRUPT, "the store does not name its master key: put it back from a backup");
    if (code != CM_OK)
        return code;
    const uint8_t *b = value.data;
    *ret_generation = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    return CM_OK;
}

static enum cm_code put_generation(struct cm_keyvault *vault, void *txn, uint32_t generation,
                                   struct cm_err *err)
{
    uint8_t b[GENERATION_SIZE] = {(uint8_t)(generation >> 24), (uint8_t)(generation >> 16),
                                  (uint8_t)(generation >> 8), (uint8_t)generation};
    return vault->io->put(txn, vault->meta, generation_key, sizeof generation_key - 1, b, sizeof b, err);
}

static void take_keys(struct cm_keyvault *vault, struct cm_keys *keys)
{
    cm_keys_destroy(vault->keys);
    vault->keys = keys;
}

static enum cm_code save(const struct cm_keyvault *vault, const struct cm_keys *keys, struct cm_err *err)
{
    return vault->key_path != NULL ? cm_keys_save(keys, vault->key_path, err) : CM_OK;
}

/* Loads the file anew: another process may have rotated the master key. */
static enum cm_code load(struct cm_keyvault *vault, struct cm_err *err)
{
    struct cm_keys *keys;
    if (vault->key_path == NULL)
        return vault->keys != NULL ? CM_OK : cm_fail(err, CM_NOTFOUND, "the vault has no keys");
    enum cm_code code = cm_keys_load(vault->key_path, &keys, err);
    if (code ==
        CM_CORRUPT) /* another process may just have replaced the file and overwritten the one being read */
        code = cm_keys_load(vault->key_path, &keys, err);
    if (code != CM_OK)
        return code;
    if (memcmp(cm_keys_public(keys), vault->public_key, CM_PUBLIC_KEY_SIZE) != 0) {
        cm_keys_destroy(keys);
        return cm_fail(err, CM_CORRUPT, "the key file %s belongs to another %s: put back the right one",
                       vault->key_path, vault->whose);
    }
    take_keys(vault, keys);
    return CM_OK;
}

static bool serves(const struct cm_keys *keys, uint32_t generation)
{
    uint32_t current = cm_keys_generation(keys);
    return generation == current || (cm_keys_has_previous(keys) && generation + 1 == current);
}

static enum cm_code fail_other_time(const struct cm_keyvault *vault, struct cm_err *err)
{
    return cm_fail(err, CM_CORRUPT,
                   "the key file %s is of another time than the store: put back the right one",
                   vault->key_path != NULL ? vault->key_path : "in memory");
}

/* Keys in memory that serve the state which `txn` sees. */
static enum cm_code keys_for(struct cm_keyvault *vault, void *txn, uint32_t *ret_generation,
                             struct cm_err *err)
{
    enum cm_code code = get_generation(vault, txn, ret_generation, err);
    if (code != CM_OK || (vault->keys != NULL && serves(vault->keys, *ret_generation)))
        return code;
    code = load(vault, err);
    if (code == CM_OK && !serves(vault->keys, *ret_generation))
        return fail_other_time(vault, err);
    return code;
}

enum cm_code cm_keyvault_ready(struct cm_keyvault *vault, void *txn, struct cm_err *err)
{
    uint32_t generation;
    return keys_for(vault, txn, &generation, err);
}

enum cm_code cm_keyvault_create(struct cm_keyvault *vault, void *txn, struct cm_err *err)
{
    struct cm_keys *keys;
    enum cm_code code = vault->key_path != NULL ? cm_keys_load(vault->key_path, &keys, err) : CM_NOTFOUND;
    if (code == CM_NOTFOUND) {
        code = cm_keys_create(&keys, err);
        if (code == CM_OK && (code = save(vault, keys, err)) != CM_OK)
            cm_keys_destroy(keys);
    }
    if (code != CM_OK)
        return code;
    take_keys(vault, keys);
    memcpy(vault->public_key, cm_keys_public(keys), CM_PUBLIC_KEY_SIZE);
    return put_generation(vault, txn, cm_keys_generation(keys), err);
}

enum cm_code cm_keyvault_open(struct cm_keyvault *vault, struct cm_err *err)
{
    enum cm_code code = load(vault, err);
    if (code != CM_NOTFOUND)
        return code;
    return cm_fail(
        err, CM_CORRUPT,
        "%s is missing, but the store's templates and log need it: put it back from a backup (nothing was "
        "changed)",
        vault->key_path != NULL ? vault->key_path : "the key");
}

enum cm_code cm_keyvault_key(struct cm_keyvault *vault, void *txn, const char *student_id, bool create,
                             uint8_t ret_key[CM_KEY_SIZE], struct cm_err *err)
{
    uint32_t generation;
    uint8_t wrapped[CM_WRAPPED_SIZE];
    struct cm_bytes value;
    enum cm_code code = keys_for(vault, txn, &generation, err);
    if (code != CM_OK)
        return code;
    code = vault->io->get(txn, vault->keys_table, student_id, strlen(student_id), &value, err);
    if (code == CM_OK && value.size != sizeof wrapped)
        return cm_fail(err, CM_CORRUPT, "the key of %s has the wrong size", student_id);
    if (code == CM_OK) {
        memcpy(wrapped, value.data, sizeof wrapped);
        return cm_keys_unwrap(vault->keys, generation, student_id, wrapped, ret_key, err);
    }
    if (code != CM_NOTFOUND || !create)
        return code;
    cm_key_random(ret_key);
    code = cm_keys_wrap(vault->keys, generation, student_id, ret_key, wrapped, err);
    if (code != CM_OK)
        return code;
    return vault->io->put(txn, vault->keys_table, student_id, strlen(student_id), wrapped, sizeof wrapped,
                          err);
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

static enum cm_code wrap_again(struct cm_keyvault *vault, void *txn, uint32_t from, struct wrapped_key *item,
                               struct cm_err *err)
{
    uint8_t key[CM_KEY_SIZE];
    uint32_t to = cm_keys_generation(vault->keys);
    enum cm_code code = cm_keys_unwrap(vault->keys, from, item->student_id, item->wrapped, key, err);
    if (code == CM_CORRUPT) /* it opened with nothing before and shall not keep others from being erased */
        return CM_OK;
    if (code == CM_OK)
        code = cm_keys_wrap(vault->keys, to, item->student_id, key, item->wrapped, err);
    cm_wipe(key, sizeof key);
    if (code == CM_OK)
        code = vault->io->put(txn, vault->keys_table, item->student_id, item->id_size, item->wrapped,
                              sizeof item->wrapped, err);
    return code;
}

static enum cm_code wrap_all(struct cm_keyvault *vault, void *txn, uint32_t from, struct cm_err *err)
{
    struct wrapped_key item = {.id_size = 0};
    enum cm_code code = CM_OK;
    do {
        struct cm_bytes first = {item.student_id, item.id_size > 0 ? item.id_size + 1 : 0};
        item.id_size = 0;
        code = vault->io->walk(txn, vault->keys_table, first, 0, take_wrapped, &item, err);
        if (code == CM_OK && item.id_size > 0)
            code = wrap_again(vault, txn, from, &item, err);
    } while (code == CM_OK && item.id_size > 0);
    return code;
}

enum cm_code cm_keyvault_rotate(struct cm_keyvault *vault, void *txn, struct cm_err *err)
{
    uint32_t generation;
    enum cm_code code = get_generation(vault, txn, &generation, err);
    if (code == CM_OK)
        code = load(vault, err);
    if (code != CM_OK)
        return code;
    if (!serves(vault->keys, generation))
        return fail_other_time(vault, err);
    if (cm_keys_generation(vault->keys) ==
        generation) { /* else a rotation began and was not committed: go on with it */
        cm_keys_rotate(vault->keys);
        code = save(vault, vault->keys, err);
    }
    if (code == CM_OK)
        code = wrap_all(vault, txn, generation, err);
    if (code == CM_OK)
        code = put_generation(vault, txn, cm_keys_generation(vault->keys), err);
    return code;
}

/* In a write transaction, which keeps other processes from rotating meanwhile. */
static enum cm_code forget(void *txn, void *arg, struct cm_err *err)
{
    struct cm_keyvault *vault = arg;
    uint32_t generation;
    enum cm_code code = get_generation(vault, txn, &generation, err);
    if (code == CM_OK)
        code = load(vault, err);
    if (code != CM_OK || !cm_keys_has_previous(vault->keys) || cm_keys_generation(vault->keys) != generation)
        return code;
    cm_keys_drop_previous(vault->keys);
    return save(vault, vault->keys, err);
}

enum cm_code cm_keyvault_forget(struct cm_keyvault *vault, struct cm_err *err)
{
    return vault->io->commit(vault->db, forget, vault, err);
}

static enum cm_code finish_rotation(void *txn, void *arg, struct cm_err *err)
{
    struct cm_keyvault *vault = arg;
    uint32_t generation;
    enum cm_code code = get_generation(vault, txn, &generation, err);
    if (code == CM_OK)
        code = cm_keys_clean(vault->key_path, err);
    if (code == CM_OK && cm_keys_generation(vault->keys) != generation)
        code = cm_keyvault_rotate(vault, txn, err);
    return code;
}

enum cm_code cm_keyvault_recover(struct cm_keyvault *vault, struct cm_err *err)
{
    if (vault->key_path == NULL ||
        (!cm_keys_has_previous(vault->keys) && !cm_keys_left_over(vault->key_path)))
        return CM_OK;
    enum cm_code code = vault->io->commit(vault->db, finish_rotation, vault, err);
    return code == CM_OK ? cm_keyvault_forget(vault, err) : code;
}
