/* The log as it goes up: events as their bytes were hashed and signed, never encoded again. */
#include "store/store_sync.h"

#include "store/store_private.h"
#include "store/vault.h"
#include <string.h>

enum { SEQ_SIZE = 8 };

static void put_seq(uint64_t seq, uint8_t key[SEQ_SIZE])
{
    for (int i = 0; i < SEQ_SIZE; i++)
        key[i] = (uint8_t)(seq >> (8 * (SEQ_SIZE - 1 - i)));
}

const uint8_t *stn_store_public_key(const struct stn_store *store)
{
    return store->log.public_key;
}

struct read_head {
    struct stn_store *store;
    struct cm_eventlog_head head;
};

static enum cm_code read_head(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    struct read_head *read = arg;
    return cm_eventlog_head(txn, &read->store->log, &read->head, err);
}

enum cm_code stn_store_last_seq(struct stn_store *store, uint64_t *ret_seq, struct cm_err *err)
{
    struct read_head read = {.store = store};
    enum cm_code code = cm_db_read(store->db, read_head, &read, err);
    if (code == CM_OK)
        *ret_seq = read.head.seq;
    return code;
}

/* The hash stands before the event in the table (eventlog.h). CM_NOTFOUND without a sentence. */
static enum cm_code hash_at(struct cm_txn *txn, const struct stn_store *store, uint64_t seq,
                            uint8_t ret_hash[CM_HASH_SIZE], struct cm_err *err)
{
    uint8_t key[SEQ_SIZE];
    struct cm_bytes value;
    if (seq == 0) {
        cm_chain_start(store->log.public_key, ret_hash);
        return CM_OK;
    }
    put_seq(seq, key);
    enum cm_code code = cm_txn_get(txn, STN_TABLE_EVENTS, key, sizeof key, &value, err);
    if (code == CM_OK && value.size <= CM_HASH_SIZE)
        return cm_fail(err, CM_CORRUPT, "event %llu of the log is damaged", (unsigned long long)seq);
    if (code == CM_OK)
        memcpy(ret_hash, value.data, CM_HASH_SIZE);
    return code;
}

struct read_hash {
    const struct stn_store *store;
    uint64_t seq;
    uint8_t hash[CM_HASH_SIZE];
};

static enum cm_code read_hash(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    struct read_hash *read = arg;
    return hash_at(txn, read->store, read->seq, read->hash, err);
}

enum cm_code stn_store_hash_at(struct stn_store *store, uint64_t seq, uint8_t ret_hash[CM_HASH_SIZE],
                               struct cm_err *err)
{
    struct read_hash read = {.store = store, .seq = seq};
    enum cm_code code = cm_db_read(store->db, read_hash, &read, err);
    if (code == CM_OK)
        memcpy(ret_hash, read.hash, CM_HASH_SIZE);
    return code;
}

struct encode {
    struct stn_store *store;
    struct cm_push *push;
    struct cm_buf *body;
    size_t bytes; /* of the events taken so far */
    uint8_t last_hash[CM_HASH_SIZE];
};

static enum cm_code take_event(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct encode *e = arg;
    struct cm_push *push = e->push;
    uint8_t expected[SEQ_SIZE];
    put_seq(push->first_seq + (uint64_t)push->count, expected);
    if (key.size != SEQ_SIZE || memcmp(key.data, expected, SEQ_SIZE) != 0 || value.size <= CM_HASH_SIZE ||
        value.size > CM_HASH_SIZE + CM_EVENT_MAX)
        return cm_fail(err, CM_CORRUPT, "the log is damaged at event %llu: rollcall-station doctor",
                       (unsigned long long)push->first_seq + (unsigned)push->count);
    size_t size = value.size - CM_HASH_SIZE;
    if (push->count == CM_SYNC_EVENTS_MAX ||
        e->bytes + size + CM_SYNC_EVENT_OVERHEAD > CM_SYNC_PUSH_MAX - CM_SYNC_PUSH_OVERHEAD)
        return CM_EOF;
    push->events[push->count++] = (struct cm_span){(const uint8_t *)value.data + CM_HASH_SIZE, size};
    e->bytes += size + CM_SYNC_EVENT_OVERHEAD;
    memcpy(e->last_hash, value.data, CM_HASH_SIZE);
    return CM_OK;
}

static enum cm_code encode_push(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    struct encode *e = arg;
    struct cm_push *push = e->push;
    struct cm_eventlog_head head;
    uint8_t first[SEQ_SIZE];
    put_seq(push->first_seq, first);
    enum cm_code code = cm_eventlog_head(txn, &e->store->log, &head, err);
    if (code == CM_OK && push->first_seq > head.seq)
        return CM_EOF;
    if (code == CM_OK)
        code = stn_vault_ready(e->store, txn, err);
    if (code == CM_OK)
        code = hash_at(txn, e->store, push->first_seq - 1, push->previous_hash, err);
    if (code == CM_NOTFOUND)
        code = cm_fail(err, CM_CORRUPT, "event %llu of the log is missing: rollcall-station doctor",
                       (unsigned long long)push->first_seq - 1);
    if (code == CM_OK)
        code =
            cm_txn_walk(txn, STN_TABLE_EVENTS, (struct cm_bytes){first, sizeof first}, 0, take_event, e, err);
    if (code == CM_OK && push->count == 0)
        code = cm_fail(err, CM_CORRUPT, "event %llu of the log is missing: rollcall-station doctor",
                       (unsigned long long)push->first_seq);
    if (code != CM_OK)
        return code;
    uint64_t last_seq = push->first_seq + (uint64_t)push->count - 1;
    push->backlog = head.seq - last_seq;
    cm_head_sign(e->store->keys, last_seq, e->last_hash, push->signature);
    return cm_message_encode(CM_MESSAGE_PUSH, push, e->body, err);
}

enum cm_code stn_store_encode_push(struct stn_store *store, uint64_t first_seq, struct cm_push *push,
                                   struct cm_buf *body, uint64_t *ret_last_seq, struct cm_err *err)
{
    struct encode e = {.store = store, .push = push, .body = body};
    if (first_seq == 0)
        return cm_fail(err, CM_INVALID, "events begin with 1");
    push->first_seq = first_seq;
    push->count = 0;
    enum cm_code code = cm_db_read(store->db, encode_push, &e, err);
    if (code == CM_OK)
        *ret_last_seq = first_seq + (uint64_t)push->count - 1;
    memset(push->events, 0, sizeof push->events); /* they pointed into the transaction */
    return code;
}
