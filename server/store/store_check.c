/* Does everything in the store agree with everything else? */
#include "store/derive_kv.h"
#include "store/kvstore.h"
#include "store/kvstore_verbs.h"
#include "store/records.h"
#include "store/store_rebuild.h"

#include "record/codec.h"
#include <string.h>

enum { PROGRESS_EVERY = 4096 };

/* ---- logs and the feed ---- */

struct check {
    struct srv_tx *tx;
    srv_store_progress_fn *progress;
    void *arg;
    uint64_t events, total;
    uint64_t feed; /* of the feed as walked */
    /* the log under way */
    uint32_t log;
    uint64_t seq;
    uint8_t hash[CM_HASH_SIZE];
};

static enum cm_code check_event(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct check *c = arg;
    struct cm_event event;
    struct cm_err why = CM_ERR_INIT;
    const uint8_t *bytes = value.data;
    if (key.size != 12 || srv_get_u64((const uint8_t *)key.data + 4) != c->seq + 1)
        return cm_fail(err, CM_CORRUPT, "event %llu of log %u is missing", (unsigned long long)c->seq + 1,
                       (unsigned)c->log);
    c->seq++;
    if (value.size <= CM_HASH_SIZE)
        return srv_damaged("an event is cut short", err);
    cm_chain_next(c->hash, bytes + CM_HASH_SIZE, value.size - CM_HASH_SIZE, c->hash);
    if (memcmp(c->hash, bytes, CM_HASH_SIZE) != 0)
        return cm_fail(err, CM_CORRUPT, "event %llu of log %u was changed: the hash chain breaks there",
                       (unsigned long long)c->seq, (unsigned)c->log);
    if (cm_event_decode(bytes + CM_HASH_SIZE, value.size - CM_HASH_SIZE, &event, &why) != CM_OK ||
        event.seq != c->seq)
        return cm_fail(err, CM_CORRUPT, "event %llu of log %u does not decode: %s",
                       (unsigned long long)c->seq, (unsigned)c->log, why.msg);
    if (++c->events % PROGRESS_EVERY == 0 && c->progress != NULL)
        c->progress(c->arg, c->events, 2 * c->total);
    return CM_OK;
}

static enum cm_code check_log(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct check *c = arg;
    struct srv_log row;
    struct srv_station station;
    struct srv_key prefix = {0};
    uint32_t log;
    if (key.size != 4)
        return srv_damaged("a log's key has the wrong size", err);
    c->log = srv_get_u32(key.data);
    c->seq = 0;
    enum cm_code code = srv_log_decode(value, &row, err);
    if (code == CM_OK && c->log == 0)
        memcpy(station.public_key, c->tx->store->vault.public_key, sizeof station.public_key);
    else if (code == CM_OK)
        code = srv_load_station(c->tx, row.station_id, &station, &log, err);
    if (code != CM_OK)
        return code;
    cm_chain_start(station.public_key, c->hash);
    srv_key_u32(&prefix, c->log);
    code = srv_walk(c->tx, SRV_T_EVENTS, &prefix, prefix.size, check_event, c, err);
    if (code == CM_OK && (c->seq != row.acked_seq || memcmp(c->hash, row.head_hash, sizeof c->hash) != 0))
        return cm_fail(err, CM_CORRUPT, "log %u ends at event %llu, not at %llu as it should", c->log,
                       (unsigned long long)c->seq, (unsigned long long)row.acked_seq);
    return code;
}

/* Every batch follows the one before; together they hold as many events as the logs. */
static enum cm_code check_batch(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct check *c = arg;
    if (key.size != 8 || value.size != 24)
        return srv_damaged("a batch of the feed does not decode", err);
    if (srv_get_u64(key.data) != c->feed + 1)
        return cm_fail(err, CM_CORRUPT, "event %llu of the feed is missing", (unsigned long long)c->feed + 1);
    c->feed += srv_get_u32((const uint8_t *)value.data + 12);
    return CM_OK;
}

static bool pass_student(void *arg, const struct srv_student *student)
{
    (void)arg;
    (void)student;
    return true;
}

static bool pass_user(void *arg, const struct srv_user *user)
{
    (void)arg;
    (void)user;
    return true;
}

static bool pass_station(void *arg, const struct srv_station *station)
{
    (void)arg;
    (void)station;
    return true;
}

static bool pass_class(void *arg, const struct cm_class *class_)
{
    (void)arg;
    (void)class_;
    return true;
}

static bool pass_closure(void *arg, const struct cm_closure *closure)
{
    (void)arg;
    (void)closure;
    return true;
}

static bool pass_template(void *arg, const struct cm_template *template_)
{
    (void)arg;
    (void)template_;
    return true;
}

static enum cm_code check_records(struct srv_store *store, struct cm_err *err)
{
    enum cm_code code = srv_kvs_each_class(store, pass_class, NULL, err);
    if (code == CM_OK)
        code = srv_kvs_each_closure(store, 0, INT32_MAX, pass_closure, NULL, err);
    if (code == CM_OK)
        code = srv_kvs_each_student(store, NULL, "", pass_student, NULL, err);
    if (code == CM_OK)
        code = srv_kvs_each_user(store, "", pass_user, NULL, err);
    if (code == CM_OK)
        code = srv_kvs_each_station(store, pass_station, NULL, err);
    return code == CM_OK ? srv_kvs_each_template(store, NULL, pass_template, NULL, err) : code;
}

/* ---- comparing what is derived ---- */

struct compare { /* each row of one in the other */
    struct srv_kv_txn *other;
    enum srv_table table;
    const char *problem;
};

/* A key for a person: texts as they are, other bytes as dots. */
static const char *key_text(struct cm_bytes key, char out[static 80])
{
    size_t size = key.size < 79 ? key.size : 79;
    for (size_t i = 0; i < size; i++) {
        char c = ((const char *)key.data)[i];
        out[i] = c >= ' ' && c < 127 ? c : '.';
    }
    out[size] = '\0';
    return out;
}

static enum cm_code compare_row(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct compare *compare = arg;
    struct cm_bytes other;
    enum cm_code code =
        compare->other->ops->get(compare->other->impl, (int)compare->table, key.data, key.size, &other, err);
    if (code == CM_OK && other.size == value.size && memcmp(other.data, value.data, value.size) == 0)
        return CM_OK;
    if (code != CM_OK && code != CM_NOTFOUND)
        return code;
    char text[80];
    return cm_fail(err, CM_CORRUPT, "row %s of the derived table %d %s: run rebuild", key_text(key, text),
                   (int)compare->table, code == CM_OK ? "is not what the events say" : compare->problem);
}

static enum cm_code compare_tables(struct srv_kv_txn *stored, struct srv_kv_txn *made, struct cm_err *err)
{
    const struct cm_bytes all = {NULL, 0};
    enum cm_code code = CM_OK;
    for (int table = SRV_T_DERIVED; table < SRV_TABLES && code == CM_OK; table++) {
        struct compare missing = {stored, (enum srv_table)table, "is missing"};
        struct compare stray = {made, (enum srv_table)table, "follows from nothing"};
        code = made->ops->walk(made->impl, table, all, 0, compare_row, &missing, err);
        if (code == CM_OK)
            code = stored->ops->walk(stored->impl, table, all, 0, compare_row, &stray, err);
    }
    return code;
}

struct derive_anew {
    struct check *check;
    struct srv_kvstore shadow; /* the store with a scratch of its own */
};

static enum cm_code derive_anew(struct srv_kv_txn *made, void *arg, struct cm_err *err)
{
    struct derive_anew *anew = arg;
    struct check *c = anew->check;
    struct srv_rebuild r = {0};
    struct srv_tx tx = {
        .store = &anew->shadow, .primary = c->tx->primary, .derived = *made, .write = true, .replay = true};
    enum cm_code code = CM_OK;
    srv_work_reset(anew->shadow.work, 0);
    while (code == CM_OK && r.stage != SRV_REBUILD_DONE) {
        code = srv_rebuild_part(&r, &tx, err);
        if (c->progress != NULL)
            c->progress(c->arg, c->total + r.feed, 2 * c->total);
    }
    return code == CM_OK ? compare_tables(&c->tx->primary, made, err) : code;
}

static enum cm_code check_derived(struct check *c, struct cm_err *err)
{
    struct derive_anew anew = {.check = c};
    struct srv_kv *kv;
    anew.shadow.kv = NULL;
    anew.shadow.clock = c->tx->store->clock;
    anew.shadow.zone = c->tx->store->zone;
    enum cm_code code = srv_work_create(&anew.shadow.work, err);
    if (code != CM_OK)
        return code;
    code = srv_kv_open_mem(SRV_TABLES, &kv, err);
    if (code == CM_OK) {
        code = kv->ops->write(kv, derive_anew, &anew, err);
        kv->ops->close(kv);
    }
    srv_work_destroy(anew.shadow.work);
    return code;
}

static enum cm_code check_all(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct check *c = arg;
    struct srv_tx own;
    struct srv_key all = {0};
    enum cm_code code = srv_tx_begin(&own, store, &c->tx, err);
    if (code == CM_OK)
        code = srv_kvs_feed_last(store, &c->total, err);
    if (code == CM_OK)
        code = srv_walk(c->tx, SRV_T_LOGS, &all, 0, check_log, c, err);
    if (code == CM_OK)
        code = srv_walk(c->tx, SRV_T_FEED, &all, 0, check_batch, c, err);
    if (code == CM_OK && c->feed != c->events)
        code = cm_fail(err, CM_CORRUPT, "the feed has %llu events, the logs have %llu",
                       (unsigned long long)c->feed, (unsigned long long)c->events);
    if (code == CM_OK)
        code = check_records(store, err);
    if (code == CM_OK)
        code = srv_erased_check(c->tx, err);
    if (code == CM_OK)
        code = srv_alerts_check(c->tx, err);
    return code == CM_OK ? check_derived(c, err) : code;
}

enum cm_code srv_kvs_check(struct srv_store *store, srv_store_progress_fn *progress, void *arg,
                           uint64_t *ret_events, struct cm_err *err)
{
    struct check c = {.progress = progress, .arg = arg};
    enum cm_code code = srv_kvs_read(store, check_all, &c, err);
    if (code == CM_OK)
        *ret_events = c.events;
    return code;
}
