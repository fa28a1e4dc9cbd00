#include "store/eventlog.h"

#include "record/codec.h"
#include <string.h>

enum { SEQ_SIZE = 8 };

static void put_seq(uint64_t seq, uint8_t key[SEQ_SIZE])
{
    for (int i = 0; i < SEQ_SIZE; i++)
        key[i] = (uint8_t)(seq >> (8 * (SEQ_SIZE - 1 - i)));
}

static enum cm_code get_seq(struct cm_bytes key, uint64_t *ret_seq, struct cm_err *err)
{
    const uint8_t *bytes = key.data;
    uint64_t seq = 0;
    if (key.size != SEQ_SIZE)
        return cm_fail(err, CM_CORRUPT, "the log has a key of %zu bytes", key.size);
    for (int i = 0; i < SEQ_SIZE; i++)
        seq = seq << 8 | bytes[i];
    *ret_seq = seq;
    return CM_OK;
}

struct entry { /* a value of the events table; borrowed */
    const uint8_t *hash;
    const uint8_t *event;
    size_t size;
};

static enum cm_code split(struct cm_bytes value, uint64_t seq, struct entry *ret_entry, struct cm_err *err)
{
    if (value.size <= CM_HASH_SIZE || value.size > CM_HASH_SIZE + CM_EVENT_MAX)
        return cm_fail(err, CM_CORRUPT, "event %llu of the log has the wrong size", (unsigned long long)seq);
    const uint8_t *bytes = value.data;
    *ret_entry = (struct entry){bytes, bytes + CM_HASH_SIZE, value.size - CM_HASH_SIZE};
    return CM_OK;
}

static enum cm_code decode(const struct entry *entry, uint64_t seq, struct cm_event *ret_event,
                           struct cm_err *err)
{
    struct cm_err why = CM_ERR_INIT;
    enum cm_code code = cm_event_decode(entry->event, entry->size, ret_event, &why);
    if (code == CM_OK && ret_event->seq != seq)
        return cm_fail(err, CM_CORRUPT, "event %llu of the log says that it is %llu", (unsigned long long)seq,
                       (unsigned long long)ret_event->seq);
    if (code == CM_OK)
        return CM_OK;
    return cm_fail(err, code == CM_NEWER ? CM_NEWER : CM_CORRUPT, "event %llu of the log does not decode: %s",
                   (unsigned long long)seq, why.msg);
}

enum cm_code cm_eventlog_head(struct cm_txn *txn, const struct cm_eventlog *log,
                              struct cm_eventlog_head *ret_head, struct cm_err *err)
{
    struct cm_eventlog_head head = {0};
    struct cm_bytes key, value;
    struct entry entry = {0};
    enum cm_code code = cm_txn_last(txn, log->events, &key, &value, err);
    if (code == CM_NOTFOUND) {
        cm_chain_start(log->public_key, head.hash);
        *ret_head = head;
        return CM_OK;
    }
    if (code == CM_OK)
        code = get_seq(key, &head.seq, err);
    if (code == CM_OK)
        code = split(value, head.seq, &entry, err);
    if (code != CM_OK)
        return code;
    memcpy(head.hash, entry.hash, CM_HASH_SIZE);
    *ret_head = head;
    return CM_OK;
}

enum cm_code cm_eventlog_append(struct cm_txn *txn, const struct cm_eventlog *log, struct cm_event *event,
                                struct cm_err *err)
{
    struct cm_eventlog_head head;
    uint8_t key[SEQ_SIZE], value[CM_HASH_SIZE + CM_EVENT_MAX];
    size_t size;
    enum cm_code code = cm_eventlog_head(txn, log, &head, err);
    if (code != CM_OK)
        return code;
    event->seq = head.seq + 1;
    code = cm_event_encode(event, value + CM_HASH_SIZE, CM_EVENT_MAX, &size, err);
    if (code != CM_OK)
        return code;
    cm_chain_next(head.hash, value + CM_HASH_SIZE, size, value);
    put_seq(event->seq, key);
    return cm_txn_put(txn, log->events, key, sizeof key, value, CM_HASH_SIZE + size, err);
}

enum cm_code cm_eventlog_sign(struct cm_txn *txn, const struct cm_eventlog *log, struct cm_err *err)
{
    struct cm_eventlog_head head;
    uint8_t key[SEQ_SIZE], signature[CM_SIGNATURE_SIZE];
    if (log->keys == NULL)
        return cm_fail(err, CM_BACKEND, "the log cannot be signed without the key file");
    enum cm_code code = cm_eventlog_head(txn, log, &head, err);
    if (code != CM_OK)
        return code;
    cm_head_sign(log->keys, head.seq, head.hash, signature);
    put_seq(head.seq, key);
    return cm_txn_put(txn, log->signatures, key, sizeof key, signature, sizeof signature, err);
}

enum cm_code cm_eventlog_get(struct cm_txn *txn, const struct cm_eventlog *log, uint64_t seq,
                             struct cm_event *ret_event, struct cm_err *err)
{
    uint8_t key[SEQ_SIZE];
    struct cm_bytes value;
    struct entry entry = {0};
    put_seq(seq, key);
    enum cm_code code = cm_txn_get(txn, log->events, key, sizeof key, &value, err);
    if (code == CM_OK)
        code = split(value, seq, &entry, err);
    if (code == CM_OK)
        code = decode(&entry, seq, ret_event, err);
    return code;
}

struct each {
    cm_eventlog_visit_fn *visit;
    void *arg;
};

static enum cm_code each_entry(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct each *each = arg;
    struct cm_event event;
    struct entry entry = {0};
    uint64_t seq;
    enum cm_code code = get_seq(key, &seq, err);
    if (code == CM_OK)
        code = split(value, seq, &entry, err);
    if (code == CM_OK)
        code = decode(&entry, seq, &event, err);
    return code == CM_OK ? each->visit(each->arg, &event, err) : code;
}

enum cm_code cm_eventlog_each(struct cm_txn *txn, const struct cm_eventlog *log, uint64_t first_seq,
                              cm_eventlog_visit_fn *visit, void *arg, struct cm_err *err)
{
    struct each each = {visit, arg};
    uint8_t key[SEQ_SIZE];
    put_seq(first_seq, key);
    return cm_txn_walk(txn, log->events, (struct cm_bytes){key, sizeof key}, 0, each_entry, &each, err);
}

/* ---- verification ---- */

struct verify {
    struct cm_txn *txn;
    const struct cm_eventlog *log;
    cm_eventlog_visit_fn *visit;
    void *arg;
    struct cm_eventlog_head head; /* of what was verified */
    size_t signatures;
    uint64_t signed_seq; /* the last one that has a signature */
};

static enum cm_code verify_signature(struct verify *v, struct cm_bytes key, struct cm_err *err)
{
    struct cm_bytes value;
    uint8_t signature[CM_SIGNATURE_SIZE];
    enum cm_code code = cm_txn_get(v->txn, v->log->signatures, key.data, key.size, &value, err);
    if (code == CM_NOTFOUND)
        return CM_OK; /* not the last of its commit */
    if (code != CM_OK)
        return code;
    if (value.size != sizeof signature)
        return cm_fail(err, CM_CORRUPT, "the signature at event %llu has the wrong size",
                       (unsigned long long)v->head.seq);
    memcpy(signature, value.data, sizeof signature);
    v->signatures++;
    v->signed_seq = v->head.seq;
    return cm_head_verify(v->log->public_key, v->head.seq, v->head.hash, signature, err);
}

static enum cm_code verify_entry(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct verify *v = arg;
    struct cm_event event;
    struct entry entry = {0};
    uint64_t seq;
    uint8_t hash[CM_HASH_SIZE];
    enum cm_code code = get_seq(key, &seq, err);
    if (code == CM_OK && seq != v->head.seq + 1)
        code =
            cm_fail(err, CM_CORRUPT, "event %llu of the log is missing", (unsigned long long)v->head.seq + 1);
    if (code == CM_OK)
        code = split(value, seq, &entry, err);
    if (code != CM_OK)
        return code;
    cm_chain_next(v->head.hash, entry.event, entry.size, hash);
    if (memcmp(hash, entry.hash, sizeof hash) != 0)
        return cm_fail(err, CM_CORRUPT, "event %llu of the log was changed: the hash chain breaks there",
                       (unsigned long long)seq);
    memcpy(v->head.hash, hash, sizeof hash);
    v->head.seq = seq;
    code = verify_signature(v, key, err);
    if (code == CM_OK)
        code = decode(&entry, seq, &event, err);
    if (code == CM_OK && v->visit != NULL)
        code = v->visit(v->arg, &event, err);
    return code;
}

enum cm_code cm_eventlog_verify(struct cm_txn *txn, const struct cm_eventlog *log,
                                cm_eventlog_visit_fn *visit, void *arg, struct cm_eventlog_head *ret_head,
                                struct cm_err *err)
{
    struct verify v = {.txn = txn, .log = log, .visit = visit, .arg = arg};
    size_t signatures;
    cm_chain_start(log->public_key, v.head.hash);
    enum cm_code code = cm_txn_walk(txn, log->events, (struct cm_bytes){NULL, 0}, 0, verify_entry, &v, err);
    if (code != CM_OK)
        return code;
    if (v.signed_seq != v.head.seq)
        return cm_fail(err, CM_CORRUPT, "the log is not signed behind event %llu",
                       (unsigned long long)v.signed_seq);
    code = cm_txn_count(txn, log->signatures, &signatures, err);
    if (code != CM_OK)
        return code;
    if (signatures != v.signatures)
        return cm_fail(err, CM_CORRUPT, "the log's end is missing: there are signatures behind event %llu",
                       (unsigned long long)v.head.seq);
    *ret_head = v.head;
    return CM_OK;
}
