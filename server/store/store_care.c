/* Rebuilding, checking, copying. */
#include "store/derive_kv.h"
#include "store/kvstore.h"
#include "store/kvstore_verbs.h"
#include "store/records.h"

#include "base/file.h"
#include "crypt/seal.h"
#include "record/codec.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EVENTS_A_WRITE = 20000, STUDENTS_A_WRITE = 2000, PROGRESS_EVERY = 4096 };

static const char unfinished_word[] = "rebuild", zone_word[] = "zone";

/* ---- deriving everything anew, part by part ---- */

enum stage { STAGE_EVENTS, STAGE_CLASSES, STAGE_STUDENTS, STAGE_DONE };

struct rebuild {
    struct srv_kvstore *store;
    enum stage stage;
    uint64_t feed, last_feed; /* done; the last there is */
    char after[CM_ID_SIZE];
    size_t left; /* events of this part */
    struct srv_tx *tx;
};

static enum cm_code replay_one(void *arg, uint64_t feed, const struct srv_place *place,
                               const struct cm_event *event, struct cm_err *err)
{
    struct rebuild *r = arg;
    enum cm_code code = srv_derive_event(r->tx, feed, place, event, err);
    if (code != CM_OK)
        return code;
    r->feed = feed;
    return --r->left == 0 ? CM_EOF : CM_OK;
}

static enum cm_code replay_some(struct rebuild *r, struct srv_tx *tx, struct cm_err *err)
{
    uint64_t before = r->feed;
    r->tx = tx;
    r->left = EVENTS_A_WRITE;
    enum cm_code code = srv_replay(tx, r->feed + 1, replay_one, r, err);
    if (code == CM_OK && r->feed == before)
        r->stage = STAGE_CLASSES;
    return code;
}

static enum cm_code rebuild_part(struct rebuild *r, struct srv_tx *tx, struct cm_err *err)
{
    char last[CM_ID_SIZE] = "";
    enum cm_code code = CM_OK;
    switch (r->stage) {
    case STAGE_EVENTS:
        return replay_some(r, tx, err);
    case STAGE_CLASSES:
        code = srv_derive_next_class(tx, r->after, last, err);
        break;
    case STAGE_STUDENTS:
        code = srv_derive_next_students(tx, r->after, STUDENTS_A_WRITE, last, err);
        break;
    case STAGE_DONE:
        return CM_OK;
    }
    if (code != CM_OK)
        return code;
    strcpy(r->after, last);
    if (last[0] == '\0')
        r->stage = r->stage == STAGE_CLASSES ? STAGE_STUDENTS : STAGE_DONE;
    return CM_OK;
}

static enum cm_code put_zone(struct srv_tx *tx, struct cm_err *err)
{
    struct srv_key key = {0};
    const char *name = cm_zone_name(tx->store->zone);
    srv_key_byte(&key, 'c');
    srv_key_text(&key, zone_word);
    return srv_put(tx, SRV_T_META, &key, name, strlen(name) + 1, err);
}

static enum cm_code begin_rebuild(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct srv_tx *tx;
    (void)arg;
    enum cm_code code = srv_tx_writing(store, &tx, err);
    for (int table = SRV_T_DERIVED; table < SRV_TABLES && code == CM_OK; table++)
        code = srv_clear(tx, (enum srv_table)table, err);
    if (code == CM_OK)
        code = srv_put_counter(tx, unfinished_word, 1, err);
    return code == CM_OK ? put_zone(tx, err) : code;
}

static enum cm_code next_part(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct rebuild *r = arg, before = *r;
    struct srv_tx *tx;
    enum cm_code code = srv_tx_writing(store, &tx, err);
    if (code != CM_OK)
        return code;
    tx->replay = r->stage != STAGE_STUDENTS;
    code = rebuild_part(r, tx, err);
    if (code == CM_OK && r->stage == STAGE_DONE)
        code = srv_put_counter(tx, unfinished_word, 0, err);
    if (code != CM_OK)
        *r = before; /* it may be run again */
    return code;
}

enum cm_code srv_kvs_rebuild(struct srv_store *store, srv_store_progress_fn *progress, void *arg,
                             struct cm_err *err)
{
    struct rebuild r = {.store = (struct srv_kvstore *)store};
    enum cm_code code = srv_kvs_feed_last(store, &r.last_feed, err);
    if (code == CM_OK)
        code = srv_kvs_write(store, begin_rebuild, NULL, err);
    while (code == CM_OK && r.stage != STAGE_DONE) {
        code = srv_kvs_write(store, next_part, &r, err);
        if (code == CM_OK && progress != NULL)
            progress(arg, r.feed, r.last_feed);
    }
    return code;
}

struct state {
    uint64_t unfinished;
    bool same_zone;
};

static enum cm_code read_state(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct state *state = arg;
    struct srv_tx own, *tx;
    struct srv_key key = {0};
    struct cm_bytes value;
    enum cm_code code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    srv_key_byte(&key, 'c');
    srv_key_text(&key, zone_word);
    code = srv_get_counter(tx, unfinished_word, &state->unfinished, err);
    if (code == CM_OK) {
        code = srv_get(tx, SRV_T_META, &key, &value, err);
        const char *name = cm_zone_name(((struct srv_kvstore *)store)->zone);
        state->same_zone =
            code == CM_OK && value.size == strlen(name) + 1 && memcmp(value.data, name, value.size) == 0;
    }
    srv_tx_end(&own);
    return code == CM_NOTFOUND ? CM_OK : code;
}

enum cm_code srv_derive_at_open(struct srv_kvstore *store, struct cm_err *err)
{
    struct state state = {0};
    enum cm_code code = srv_kvs_read(&store->base, read_state, &state, err);
    if (code != CM_OK || (state.same_zone && state.unfinished == 0))
        return code;
    if (store->read_only)
        return state.unfinished == 0
                   ? CM_OK
                   : cm_fail(err, CM_CORRUPT, "a rebuild of the store was cut short: run rebuild again");
    return srv_kvs_rebuild(&store->base, NULL, NULL, err);
}

/* ---- checking ---- */

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

static bool pass_closure(void *arg, const struct srv_closure *closure)
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
    struct rebuild r = {.store = &anew->shadow};
    struct srv_tx tx = {
        .store = &anew->shadow, .primary = c->tx->primary, .derived = *made, .write = true, .replay = true};
    enum cm_code code = CM_OK;
    srv_work_reset(anew->shadow.work);
    while (code == CM_OK && r.stage != STAGE_DONE) {
        tx.replay = r.stage != STAGE_STUDENTS;
        code = rebuild_part(&r, &tx, err);
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

/* ---- copies ---- */

enum { KEY_FILE_MAX = 4096, TRIES = 3 };

static enum cm_code copy_file(const char *from, const char *to, struct cm_err *err)
{
    char *data;
    size_t size;
    enum cm_code code = cm_file_read(from, KEY_FILE_MAX, &data, &size, err);
    if (code != CM_OK)
        return code;
    code = cm_file_write(to, data, size, 0600, err);
    cm_wipe(data, size);
    free(data);
    return code;
}

static enum cm_code make_new_folder(const char *dir, struct cm_err *err)
{
    char parent[1024];
    snprintf(parent, sizeof parent, "%s", dir);
    char *slash = strrchr(parent, '/');
    if (slash != NULL && slash != parent) {
        *slash = '\0';
        enum cm_code code = cm_file_make_folders(parent, err);
        if (code != CM_OK)
            return code;
    }
    if (mkdir(dir, 0700) == 0)
        return CM_OK;
    if (errno == EEXIST)
        return cm_fail(err, CM_EXISTS, "%s is there already: name a new folder", dir);
    return cm_fail(err, cm_file_code(errno), "cannot make %s: %s", dir, strerror(errno));
}

/* Opening it is the test: the key file must serve what the copy holds. An erasure meanwhile turns the key. */
static enum cm_code opens(const struct srv_kvstore *store, const char *dir, struct cm_err *err)
{
    char url[1100];
    struct srv_store *copy;
    snprintf(url, sizeof url, "lmdb:%s", dir);
    struct srv_store_options options = {
        .url = url, .clock = store->clock, .zone = store->zone, .read_only = true};
    enum cm_code code = srv_kvstore_open(&options, &copy, err);
    if (code != CM_OK)
        return code;
    struct srv_tx own, *tx;
    code = srv_tx_begin(&own, copy, &tx, err);
    if (code == CM_OK) {
        code = cm_keyvault_ready(&((struct srv_kvstore *)copy)->vault, &tx->primary, err);
        srv_tx_end(&own);
    }
    srv_store_close(copy);
    return code;
}

enum cm_code srv_kvs_backup(struct srv_store *base, const char *dir, struct cm_err *err)
{
    struct srv_kvstore *store = (struct srv_kvstore *)base;
    char db_dir[1100], data[1120], lock[1120], key_path[1100];
    if (store->in_memory)
        return cm_fail(err, CM_INVALID, "a store in memory has no backup");
    if (snprintf(db_dir, sizeof db_dir, "%s/store", dir) >= 1024)
        return cm_fail(err, CM_INVALID, "the path of the backup is too long");
    snprintf(data, sizeof data, "%s/data.mdb", db_dir);
    snprintf(lock, sizeof lock, "%s/lock.mdb", db_dir);
    snprintf(key_path, sizeof key_path, "%s/server.key", dir);
    enum cm_code code = make_new_folder(dir, err);
    if (code == CM_OK)
        code = cm_file_make_folders(db_dir, err);
    for (int i = 0; code == CM_OK; i++) {
        code = copy_file(store->key_path, key_path, err);
        if (code == CM_OK)
            code = store->kv->ops->copy(store->kv, db_dir, err);
        if (code != CM_OK)
            return code;
        code = opens(store, dir, err);
        unlink(lock);
        if (code != CM_CORRUPT || i + 1 == TRIES)
            break;
        unlink(data);
        code = CM_OK;
    }
    return code;
}

/* ---- restoring ---- */

static enum cm_code copy_data(const char *from, const char *to, struct cm_err *err)
{
    static const char *const tables[] = {"meta"};
    struct cm_db *db;
    struct cm_db_options options = {.dir = from,
                                    .tables = tables,
                                    .table_count = 1,
                                    .version = SRV_KVS_VERSION,
                                    .map_bytes_first = (size_t)1 << 20,
                                    .map_bytes_max = (size_t)1 << 40,
                                    .read_only = true};
    enum cm_code code = cm_db_open(&options, &db, err);
    if (code != CM_OK)
        return code;
    code = cm_db_copy(db, to, err);
    cm_db_close(db);
    return code;
}

static enum cm_code renew(const char *url, struct cm_err *err)
{
    struct srv_store *store;
    struct cm_zone *zone;
    enum cm_code code = cm_zone_open("UTC", &zone, err);
    if (code != CM_OK)
        return code;
    struct srv_store_options options = {.url = url, .clock = cm_clock_system(), .zone = zone};
    code = srv_kvstore_open_as_it_is(&options, &store, err);
    if (code == CM_OK) {
        code = srv_kvs_write(store, srv_new_epoch, NULL, err);
        srv_store_close(store);
    }
    cm_zone_close(zone);
    return code;
}

enum cm_code srv_kvstore_restore(const char *backup_dir, const char *url, struct cm_err *err)
{
    static const char lmdb[] = "lmdb:";
    char from[1100], to[1100], key_from[1100], key_to[1100];
    if (strncmp(url, lmdb, sizeof lmdb - 1) != 0 || url[sizeof lmdb - 1] == '\0')
        return cm_fail(err, CM_INVALID, "a backup is restored to lmdb:FOLDER, not to \"%s\"", url);
    const char *dir = url + sizeof lmdb - 1;
    if (strlen(dir) >= 1000 || strlen(backup_dir) >= 1000)
        return cm_fail(err, CM_INVALID, "the path of the store is too long");
    snprintf(from, sizeof from, "%s/store", backup_dir);
    snprintf(to, sizeof to, "%s/store", dir);
    snprintf(key_from, sizeof key_from, "%s/server.key", backup_dir);
    snprintf(key_to, sizeof key_to, "%s/server.key", dir);
    if (access(from, R_OK) != 0)
        return cm_fail(err, CM_NOTFOUND, "there is no backup in %s", backup_dir);
    enum cm_code code = make_new_folder(dir, err);
    if (code == CM_OK)
        code = cm_file_make_folders(to, err);
    if (code == CM_OK)
        code = copy_data(from, to, err);
    if (code == CM_OK)
        code = copy_file(key_from, key_to, err);
    return code == CM_OK ? renew(url, err) : code;
}

enum cm_code srv_kvs_stats(struct srv_store *base, struct srv_store_stats *ret_stats, struct cm_err *err)
{
    struct srv_kvstore *store = (struct srv_kvstore *)base;
    struct cm_db_stats stats;
    uint64_t events;
    enum cm_code code = store->kv->ops->stats(store->kv, &stats, err);
    if (code == CM_OK)
        code = srv_kvs_feed_last(base, &events, err);
    if (code != CM_OK)
        return code;
    *ret_stats = (struct srv_store_stats){
        .bytes_used = stats.bytes_used,
        .bytes_free_on_disk = stats.bytes_free_on_disk,
        .events = events,
        .commits = atomic_load(&store->commits),
    };
    return CM_OK;
}
