/* Keys, and the calls on tables. */
#include "store/kvstore.h"

#include <assert.h>
#include <string.h>

/* ---- keys ---- */

void srv_key_bytes(struct srv_key *key, const void *bytes, size_t size)
{
    assert(size <= sizeof key->bytes - key->size);
    memcpy(key->bytes + key->size, bytes, size);
    key->size += size;
}

void srv_key_text(struct srv_key *key, const char *text)
{
    srv_key_bytes(key, text, strlen(text) + 1);
}

void srv_key_byte(struct srv_key *key, uint8_t byte)
{
    srv_key_bytes(key, &byte, 1);
}

void srv_key_u32(struct srv_key *key, uint32_t number)
{
    uint8_t bytes[4];
    srv_put_u32(bytes, number);
    srv_key_bytes(key, bytes, sizeof bytes);
}

void srv_key_u64(struct srv_key *key, uint64_t number)
{
    uint8_t bytes[8];
    srv_put_u64(bytes, number);
    srv_key_bytes(key, bytes, sizeof bytes);
}

void srv_key_instant(struct srv_key *key, int64_t wall_ms)
{
    srv_key_u64(key, (uint64_t)wall_ms ^ UINT64_C(1) << 63);
}

uint16_t srv_get_u16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

uint32_t srv_get_u32(const uint8_t *bytes)
{
    uint32_t number;
    memcpy(&number, bytes, sizeof number);
    return __builtin_bswap32(number);
}

uint64_t srv_get_u64(const uint8_t *bytes)
{
    uint64_t number;
    memcpy(&number, bytes, sizeof number);
    return __builtin_bswap64(number);
}

int64_t srv_get_instant(const uint8_t *bytes)
{
    return (int64_t)(srv_get_u64(bytes) ^ UINT64_C(1) << 63);
}

void srv_put_u16(uint8_t *bytes, uint16_t number)
{
    bytes[0] = (uint8_t)(number >> 8);
    bytes[1] = (uint8_t)number;
}

void srv_put_u32(uint8_t *bytes, uint32_t number)
{
    number = __builtin_bswap32(number);
    memcpy(bytes, &number, sizeof number);
}

void srv_put_u64(uint8_t *bytes, uint64_t number)
{
    number = __builtin_bswap64(number);
    memcpy(bytes, &number, sizeof number);
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "numbers are turned by a byte swap");

const char *srv_take_text(const uint8_t **at, const uint8_t *end, size_t max)
{
    const char *text = (const char *)*at;
    size_t room = (size_t)(end - *at) < max ? (size_t)(end - *at) : max;
    size_t length = strnlen(text, room);
    if (length == room)
        return NULL;
    *at += length + 1;
    return text;
}

enum cm_code srv_check_id(const char *what, const char *id, struct cm_err *err)
{
    size_t size = strnlen(id, CM_ID_SIZE);
    if (size == 0 || size == CM_ID_SIZE)
        return cm_fail(err, CM_INVALID, "a %s id must have 1 to %d bytes", what, CM_ID_SIZE - 1);
    return CM_OK;
}

enum cm_code srv_damaged(const char *what, struct cm_err *err)
{
    return cm_fail(err, CM_CORRUPT, "the store is damaged: %s", what);
}

/* ---- tables ---- */

static struct srv_kv_txn *txn_of(struct srv_tx *tx, enum srv_table table)
{
    return table >= SRV_T_DERIVED ? &tx->derived : &tx->primary;
}

enum cm_code srv_get(struct srv_tx *tx, enum srv_table table, const struct srv_key *key,
                     struct cm_bytes *ret_value, struct cm_err *err)
{
    struct srv_kv_txn *txn = txn_of(tx, table);
    return txn->ops->get(txn->impl, (int)table, key->bytes, key->size, ret_value, err);
}

static void note_written(struct srv_tx *tx, enum srv_table table)
{
    if (table < SRV_T_DERIVED)
        tx->store->written++;
}

enum cm_code srv_put(struct srv_tx *tx, enum srv_table table, const struct srv_key *key, const void *value,
                     size_t size, struct cm_err *err)
{
    struct srv_kv_txn *txn = txn_of(tx, table);
    note_written(tx, table);
    return txn->ops->put(txn->impl, (int)table, key->bytes, key->size, value, size, err);
}

enum cm_code srv_delete(struct srv_tx *tx, enum srv_table table, const struct srv_key *key,
                        struct cm_err *err)
{
    struct srv_kv_txn *txn = txn_of(tx, table);
    note_written(tx, table);
    enum cm_code code = txn->ops->delete (txn->impl, (int)table, key->bytes, key->size, err);
    return code == CM_NOTFOUND ? CM_OK : code;
}

enum cm_code srv_delete_prefix(struct srv_tx *tx, enum srv_table table, const struct srv_key *prefix,
                               struct cm_err *err)
{
    struct srv_kv_txn *txn = txn_of(tx, table);
    size_t count;
    note_written(tx, table);
    return txn->ops->delete_prefix(txn->impl, (int)table, prefix->bytes, prefix->size, &count, err);
}

enum cm_code srv_clear(struct srv_tx *tx, enum srv_table table, struct cm_err *err)
{
    struct srv_kv_txn *txn = txn_of(tx, table);
    note_written(tx, table);
    return txn->ops->clear(txn->impl, (int)table, err);
}

enum cm_code srv_last(struct srv_tx *tx, enum srv_table table, struct cm_bytes *ret_key,
                      struct cm_bytes *ret_value, struct cm_err *err)
{
    struct srv_kv_txn *txn = txn_of(tx, table);
    return txn->ops->last(txn->impl, (int)table, ret_key, ret_value, err);
}

enum cm_code srv_count(struct srv_tx *tx, enum srv_table table, size_t *ret_count, struct cm_err *err)
{
    struct srv_kv_txn *txn = txn_of(tx, table);
    return txn->ops->count(txn->impl, (int)table, ret_count, err);
}

enum cm_code srv_walk(struct srv_tx *tx, enum srv_table table, const struct srv_key *first,
                      size_t prefix_size, cm_txn_visit_fn *visit, void *arg, struct cm_err *err)
{
    struct srv_kv_txn *txn = txn_of(tx, table);
    return txn->ops->walk(txn->impl, (int)table, srv_key_all(first), prefix_size, visit, arg, err);
}

enum cm_code srv_walk_back(struct srv_tx *tx, enum srv_table table, const struct srv_key *last,
                           size_t prefix_size, cm_txn_visit_fn *visit, void *arg, struct cm_err *err)
{
    struct srv_kv_txn *txn = txn_of(tx, table);
    return txn->ops->walk_back(txn->impl, (int)table, srv_key_all(last), prefix_size, visit, arg, err);
}

/* ---- counters ---- */

enum cm_code srv_get_counter(struct srv_tx *tx, const char *word, uint64_t *ret_number, struct cm_err *err)
{
    struct srv_key key = {0};
    struct cm_bytes value;
    srv_key_byte(&key, 'c');
    srv_key_text(&key, word);
    enum cm_code code = srv_get(tx, SRV_T_META, &key, &value, err);
    if (code != CM_OK && code != CM_NOTFOUND)
        return code;
    if (code == CM_OK && value.size != 8)
        return srv_damaged("a counter has the wrong size", err);
    *ret_number = code == CM_OK ? srv_get_u64(value.data) : 0;
    return CM_OK;
}

enum cm_code srv_put_counter(struct srv_tx *tx, const char *word, uint64_t number, struct cm_err *err)
{
    struct srv_key key = {0};
    uint8_t bytes[8];
    srv_key_byte(&key, 'c');
    srv_key_text(&key, word);
    srv_put_u64(bytes, number);
    return srv_put(tx, SRV_T_META, &key, bytes, sizeof bytes, err);
}
