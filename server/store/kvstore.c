/* Opening, closing and transactions. */
#include "store/kvstore.h"

#include "base/file.h"
#include "base/log.h"
#include "crypt/seal.h"
#include "store/derive_kv.h"
#include "store/kvstore_verbs.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const size_t map_first = (size_t)256 << 20;
static const uint64_t map_max_default = sizeof(size_t) > 4 ? UINT64_C(64) << 30 : UINT64_C(1) << 30;

static const char *const tables[SRV_TABLES] = {
    [SRV_T_META] = "meta",
    [SRV_T_CLASSES] = "classes",
    [SRV_T_CLOSURES] = "closures",
    [SRV_T_STUDENTS] = "students",
    [SRV_T_MEMBERSHIPS] = "memberships",
    [SRV_T_MEMBERS] = "members",
    [SRV_T_KEYS] = "keys",
    [SRV_T_TEMPLATES] = "templates",
    [SRV_T_USERS] = "users",
    [SRV_T_LOGINS] = "logins",
    [SRV_T_CODES] = "codes",
    [SRV_T_STATIONS] = "stations",
    [SRV_T_INDEX] = "index",
    [SRV_T_SERVICES] = "services",
    [SRV_T_LOGS] = "logs",
    [SRV_T_EVENTS] = "events",
    [SRV_T_FEED] = "feed",
    [SRV_T_REVIEWS] = "reviews",
    [SRV_T_CLOSINGS] = "closings",
    [SRV_T_ALERTS] = "alerts",
    [SRV_T_ALERT_WAYS] = "alert_ways",
    [SRV_T_CHANGES] = "changes",
    [SRV_T_CHANGE_OF] = "change_of",
    [SRV_T_DAYS] = "days",
    [SRV_T_SESSIONS] = "sessions",
    [SRV_T_STANDINGS] = "standings",
    [SRV_T_ACTIVITIES] = "activities",
    [SRV_T_HISTORY] = "history",
    [SRV_T_SEEN] = "seen",
    [SRV_T_COVERAGE] = "coverage",
    [SRV_T_WORDS] = "words",
    [SRV_T_CONSENTS] = "consents",
};

_Static_assert((int)SRV_TABLES <= (int)CM_DB_TABLES_MAX, "more tables than the database takes");

/* ---- transactions of a thread ---- */

static _Thread_local struct srv_tx *innermost;

void srv_tx_push(struct srv_tx *tx)
{
    tx->outer = innermost;
    innermost = tx;
}

void srv_tx_pop(struct srv_tx *tx)
{
    innermost = tx->outer;
}

static struct srv_tx *tx_of(const struct srv_kvstore *store)
{
    struct srv_tx *tx = innermost;
    while (tx != NULL && tx->store != store)
        tx = tx->outer;
    return tx;
}

static enum cm_code begin_read(struct srv_kvstore *store, struct srv_tx *tx, struct cm_err *err)
{
    *tx = (struct srv_tx){.store = store};
    enum cm_code code = store->kv->ops->read_begin(store->kv, &tx->primary, err);
    if (code == CM_OK)
        tx->derived = tx->primary;
    return code;
}

enum cm_code srv_tx_begin(struct srv_tx *own, struct srv_store *store, struct srv_tx **ret_tx,
                          struct cm_err *err)
{
    struct srv_kvstore *kvs = (struct srv_kvstore *)store;
    struct srv_tx *tx = tx_of(kvs);
    if (tx != NULL) {
        own->own = false;
        *ret_tx = tx;
        return tx->write && srv_work_pending(kvs->work) ? srv_work_flush(tx, err) : CM_OK;
    }
    enum cm_code code = begin_read(kvs, own, err);
    if (code != CM_OK)
        return code;
    own->own = true;
    srv_tx_push(own); /* so that what visits may read too */
    *ret_tx = own;
    return CM_OK;
}

void srv_tx_end(struct srv_tx *tx)
{
    if (!tx->own)
        return;
    srv_tx_pop(tx);
    tx->primary.ops->read_end(&tx->primary);
}

enum cm_code srv_tx_writing(struct srv_store *store, struct srv_tx **ret_tx, struct cm_err *err)
{
    struct srv_tx *tx = tx_of((struct srv_kvstore *)store);
    if (tx == NULL || !tx->write)
        return cm_fail(err, CM_BACKEND, "a writing verb outside of srv_store_write");
    *ret_tx = tx;
    return CM_OK;
}

struct run {
    struct srv_kvstore *store;
    srv_store_fn *fn;
    void *arg;
    bool shredded;     /* an old master key must go after the commit */
    uint64_t reserved; /* what the write may leave untouched of the reserve; 0: it may use it up */
};

/* What of the reserve a write leaves alone goes by what it did, which is known when it was done: an erasure may use all
 * of it, a login or logout half, so that who must erase can sign in, and never takes the room of an erasure. */
static uint64_t reserved_from(const struct srv_kvstore *store)
{
    if (store->written > store->written_erasing + store->written_logins)
        return CM_BALLAST_BYTES;
    return store->written_logins > 0 ? CM_BALLAST_BYTES / 2 : 0;
}

/* After the ballast was given up, perhaps by another process, what is free is for erasures and logins until there is
 * room for it again. */
static enum cm_code keep_reserve(struct srv_kvstore *store, uint64_t reserved, struct cm_err *err)
{
    struct cm_db_stats stats;
    enum cm_code code = cm_ballast_lay(store->ballast_path, &store->ballast_gone, err);
    if (code != CM_OK || !store->ballast_gone)
        return code;
    code = store->kv->ops->stats(store->kv, &stats, err);
    if (code == CM_OK && stats.bytes_free_on_disk < reserved)
        return cm_fail(err, CM_NOSPACE, "the disk is full: nothing was written; make room");
    return code;
}

static enum cm_code run_write(struct srv_kv_txn *txn, void *arg, struct cm_err *err)
{
    struct run *run = arg;
    struct srv_tx tx = {.store = run->store, .primary = *txn, .derived = *txn, .write = true};
    run->store->forget_keys = false;
    run->store->written = run->store->written_erasing = run->store->written_logins = 0;
    srv_work_reset(run->store->work, txn->ops->number(txn->impl));
    srv_tx_push(&tx);
    enum cm_code code = run->fn(&run->store->base, run->arg, err);
    run->reserved = reserved_from(run->store);
    if (code == CM_OK && run->reserved > 0 && !run->store->in_memory)
        code = keep_reserve(run->store, run->reserved, err);
    if (code == CM_OK)
        code = srv_work_flush(&tx, err);
    /* Once, however many were erased: a second rotation would leave the key file without the master key that what is
     * committed still needs. */
    if (code == CM_OK && run->store->forget_keys)
        code = srv_rotate_keys(&tx, err);
    run->shredded = run->store->forget_keys;
    srv_tx_pop(&tx);
    return code;
}

/* The last step of an erasure. What is committed stays committed: if it fails, the next erasure or start does it. */
static void forget_keys(struct srv_kvstore *store)
{
    struct cm_err err = CM_ERR_INIT;
    if (cm_keyvault_forget(&store->vault, &err) != CM_OK)
        cm_log(CM_LOG_ERROR, "store", "an old master key could not be destroyed yet", CM_STR("why", err.msg));
}

enum cm_code srv_kvs_write(struct srv_store *base, srv_store_fn *fn, void *arg, struct cm_err *err)
{
    struct srv_kvstore *store = (struct srv_kvstore *)base;
    struct run run = {.store = store, .fn = fn, .arg = arg, .reserved = CM_BALLAST_BYTES};
    if (tx_of(store) != NULL)
        return cm_fail(err, CM_BACKEND, "a write within a transaction of the same thread");
    if (store->read_only)
        return cm_fail(err, CM_BACKEND, "the store is open for reading only");
    enum cm_code code = store->kv->ops->write(store->kv, run_write, &run, err);
    if (code == CM_NOSPACE && run.reserved < CM_BALLAST_BYTES && cm_ballast_drop(store->ballast_path)) {
        store->ballast_gone = true; /* an erasure goes through on a full disk too */
        code = store->kv->ops->write(store->kv, run_write, &run, err);
    }
    if (code != CM_OK)
        return code;
    srv_work_committed(store->work);
    atomic_fetch_add(&store->commits, 1);
    if (run.shredded)
        forget_keys(store);
    return CM_OK;
}

enum cm_code srv_kvs_read(struct srv_store *base, srv_store_fn *fn, void *arg, struct cm_err *err)
{
    struct srv_tx own, *tx;
    enum cm_code code = srv_tx_begin(&own, base, &tx, err);
    if (code != CM_OK)
        return code;
    code = fn(base, arg, err);
    srv_tx_end(&own);
    return code;
}

static uint64_t kvs_written(const struct srv_store *base)
{
    return ((const struct srv_kvstore *)base)->written;
}

static uint64_t kvs_version(const struct srv_store *base)
{
    const struct srv_kvstore *store = (const struct srv_kvstore *)base;
    return store->kv->ops->version(store->kv);
}

static void kvs_close(struct srv_store *base)
{
    struct srv_kvstore *store = (struct srv_kvstore *)base;
    if (store->kv != NULL)
        store->kv->ops->close(store->kv);
    srv_work_destroy(store->work);
    free(store->decoded);
    cm_keys_destroy(store->vault.keys);
    pthread_mutex_destroy(&store->vault_lock);
    free(store);
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
        .disk_low = stats.bytes_free_on_disk < CM_BALLAST_LEAST_FREE,
        .events = events,
        .commits = atomic_load(&store->commits),
    };
    return CM_OK;
}

void srv_kvs_trim(struct srv_store *base)
{
    struct srv_kvstore *store = (struct srv_kvstore *)base;
    if (store->kv->ops->trim != NULL)
        store->kv->ops->trim(store->kv);
}

static const struct srv_store_ops srv_kvs_ops = {
    .write = srv_kvs_write,
    .read = srv_kvs_read,
    .get_setting = srv_kvs_get_setting,
    .put_setting = srv_kvs_put_setting,
    .get_stopped = srv_kvs_get_stopped,
    .put_stopped = srv_kvs_put_stopped,
    .delete_stopped = srv_kvs_delete_stopped,
    .get_meta = srv_kvs_get_meta,
    .put_meta = srv_kvs_put_meta,
    .get_class = srv_kvs_get_class,
    .put_class = srv_kvs_put_class,
    .delete_class = srv_kvs_delete_class,
    .each_class = srv_kvs_each_class,
    .put_closure = srv_kvs_put_closure,
    .delete_closure = srv_kvs_delete_closure,
    .each_closure = srv_kvs_each_closure,
    .get_student = srv_kvs_get_student,
    .put_student = srv_kvs_put_student,
    .each_student = srv_kvs_each_student,
    .erase_student = srv_kvs_erase_student,
    .count = srv_kvs_count,
    .each_membership = srv_kvs_each_membership,
    .put_templates = srv_kvs_put_templates,
    .each_template = srv_kvs_each_template,
    .get_user = srv_kvs_get_user,
    .user_of_student = srv_kvs_user_of_student,
    .put_user = srv_kvs_put_user,
    .delete_user = srv_kvs_delete_user,
    .each_user = srv_kvs_each_user,
    .get_session = srv_kvs_get_session,
    .put_session = srv_kvs_put_session,
    .delete_session = srv_kvs_delete_session,
    .delete_sessions = srv_kvs_delete_sessions,
    .purge = srv_kvs_purge,
    .put_code = srv_kvs_put_code,
    .get_code = srv_kvs_get_code,
    .delete_code = srv_kvs_delete_code,
    .get_station = srv_kvs_get_station,
    .station_of_token = srv_kvs_station_of_token,
    .put_station = srv_kvs_put_station,
    .each_station = srv_kvs_each_station,
    .append_events = srv_kvs_append_events,
    .put_fork = srv_kvs_put_fork,
    .erased_when = srv_kvs_erased_when,
    .hash_at = srv_kvs_hash_at,
    .append_own = srv_kvs_append_own,
    .each_feed = srv_kvs_each_feed,
    .feed_last = srv_kvs_feed_last,
    .get_feed = srv_kvs_get_feed,
    .each_activity = srv_kvs_each_activity,
    .put_review = srv_kvs_put_review,
    .each_history = srv_kvs_each_history,
    .each_consent = srv_kvs_each_consent,
    .put_credentials = srv_kvs_put_credentials,
    .get_session_info = srv_kvs_get_session_info,
    .each_session_info = srv_kvs_each_session_info,
    .say_session = srv_kvs_say_session,
    .get_school_day = srv_kvs_get_school_day,
    .each_evidence = srv_kvs_each_evidence,
    .each_awaited = srv_kvs_each_awaited,
    .each_span = srv_kvs_each_span,
    .each_roll = srv_kvs_each_roll,
    .each_day = srv_kvs_each_day,
    .get_standing = srv_kvs_get_standing,
    .each_standing = srv_kvs_each_standing,
    .get_alert = srv_kvs_get_alert,
    .put_alert = srv_kvs_put_alert,
    .each_alert = srv_kvs_each_alert,
    .each_alert_by_student = srv_kvs_each_alert_by_student,
    .each_alert_of_student = srv_kvs_each_alert_of_student,
    .get_message = srv_kvs_get_message,
    .put_message = srv_kvs_put_message,
    .message_of_provider_id = srv_kvs_message_of_provider_id,
    .each_message_of_alert = srv_kvs_each_message_of_alert,
    .each_due_message = srv_kvs_each_due_message,
    .each_message_in_state = srv_kvs_each_message_in_state,
    .get_alert_cursor = srv_kvs_get_alert_cursor,
    .put_alert_cursor = srv_kvs_put_alert_cursor,
    .each_alert_cursor = srv_kvs_each_alert_cursor,
    .each_change = srv_kvs_each_change,
    .last_change = srv_kvs_last_change,
    .touch_class = srv_kvs_touch_class,
    .epoch = srv_kvs_epoch,
    .rebuild = srv_kvs_rebuild,
    .check = srv_kvs_check,
    .backup = srv_kvs_backup,
    .stats = srv_kvs_stats,
    .trim = srv_kvs_trim,
    .version = kvs_version,
    .written = kvs_written,
    .close = kvs_close,
};

/* ---- opening ---- */

static enum cm_code get_bytes(struct srv_tx *tx, const char *word, uint8_t *ret_bytes, size_t size,
                              struct cm_err *err)
{
    struct srv_key key = {0};
    struct cm_bytes value;
    srv_key_byte(&key, 'c');
    srv_key_text(&key, word);
    enum cm_code code = srv_get(tx, SRV_T_META, &key, &value, err);
    if (code == CM_OK && value.size != size)
        return srv_damaged("it does not say whose it is", err);
    if (code == CM_OK)
        memcpy(ret_bytes, value.data, size);
    return code;
}

static enum cm_code put_bytes(struct srv_tx *tx, const char *word, const void *bytes, size_t size,
                              struct cm_err *err)
{
    struct srv_key key = {0};
    srv_key_byte(&key, 'c');
    srv_key_text(&key, word);
    return srv_put(tx, SRV_T_META, &key, bytes, size, err);
}

enum cm_code srv_kvs_epoch(struct srv_store *store, uint8_t ret_epoch[16], struct cm_err *err)
{
    struct srv_tx own, *tx;
    enum cm_code code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    code = get_bytes(tx, "epoch", ret_epoch, 16, err);
    srv_tx_end(&own);
    return code;
}

enum cm_code srv_new_epoch(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct srv_tx *tx;
    uint8_t random[CM_KEY_SIZE];
    (void)arg;
    cm_key_random(random);
    enum cm_code code = srv_tx_writing(store, &tx, err);
    return code == CM_OK ? put_bytes(tx, "epoch", random, 16, err) : code;
}

/* The first start makes keys, epoch and the server's own log. */
static enum cm_code set_up(struct srv_store *base, void *arg, struct cm_err *err)
{
    struct srv_kvstore *store = (struct srv_kvstore *)base;
    struct srv_tx *tx;
    struct srv_log own = {.station_id = ""};
    enum cm_code code = srv_tx_writing(base, &tx, err);
    if (code == CM_OK)
        code = cm_keyvault_create(&store->vault, &tx->primary, err);
    if (code == CM_OK)
        code = put_bytes(tx, "public_key", store->vault.public_key, CM_PUBLIC_KEY_SIZE, err);
    if (code == CM_OK)
        code = srv_new_epoch(base, arg, err);
    if (code == CM_OK) {
        cm_chain_start(store->vault.public_key, own.head_hash);
        code = srv_save_log(tx, 0, &own, err);
    }
    return code;
}

static enum cm_code read_public_key(struct srv_store *base, void *arg, struct cm_err *err)
{
    struct srv_kvstore *store = (struct srv_kvstore *)base;
    struct srv_tx own, *tx;
    (void)arg;
    enum cm_code code = srv_tx_begin(&own, base, &tx, err);
    if (code != CM_OK)
        return code;
    code = get_bytes(tx, "public_key", store->vault.public_key, CM_PUBLIC_KEY_SIZE, err);
    srv_tx_end(&own);
    return code;
}

static enum cm_code open_vault(struct srv_kvstore *store, struct cm_err *err)
{
    enum cm_code code = srv_kvs_read(&store->base, read_public_key, NULL, err);
    if (code == CM_NOTFOUND && store->read_only)
        return cm_fail(err, CM_NOTFOUND, "there is no store in %s yet", store->dir);
    if (code == CM_NOTFOUND)
        return srv_kvs_write(&store->base, set_up, NULL, err);
    if (code == CM_OK)
        code = cm_keyvault_open(&store->vault, err);
    if (code == CM_OK && !store->read_only)
        code = cm_keyvault_recover(&store->vault, err);
    return code;
}

static enum cm_code open_lmdb(struct srv_kvstore *store, const struct srv_store_options *options,
                              const char *dir, struct cm_err *err)
{
    char db_dir[1060];
    if (snprintf(store->dir, sizeof store->dir, "%s", dir) >= (int)sizeof store->dir - 16)
        return cm_fail(err, CM_INVALID, "the data folder's path is too long");
    snprintf(db_dir, sizeof db_dir, "%s/store", store->dir);
    snprintf(store->key_path, sizeof store->key_path, "%s/server.key", store->dir);
    snprintf(store->ballast_path, sizeof store->ballast_path, "%s/ballast", store->dir);
    store->vault.key_path = store->key_path;
    enum cm_code code = options->read_only ? CM_OK : cm_file_make_folders(db_dir, err);
    if (code != CM_OK)
        return code;
    uint64_t map_max = options->map_bytes_max != 0 ? options->map_bytes_max : map_max_default;
    struct cm_db_options db = {
        .dir = db_dir,
        .tables = tables,
        .table_count = SRV_TABLES,
        .version = SRV_KVS_VERSION,
        .map_bytes_first = map_max < map_first ? (size_t)map_max : map_first,
        .map_bytes_max = (size_t)map_max,
        .read_only = options->read_only,
        .threads = true,
    };
    code = srv_kv_open_lmdb(&db, &store->kv, err);
    if (code == CM_OK && !options->read_only)
        code = cm_ballast_lay(store->ballast_path, &store->ballast_gone, err);
    return code;
}

static enum cm_code open_backend(struct srv_kvstore *store, const struct srv_store_options *options,
                                 struct cm_err *err)
{
    static const char lmdb[] = "lmdb:", memory[] = "memory:";
    if (strcmp(options->url, memory) == 0) {
        store->in_memory = true;
        return srv_kv_open_mem(SRV_TABLES, &store->kv, err);
    }
    if (strncmp(options->url, lmdb, sizeof lmdb - 1) == 0 && options->url[sizeof lmdb - 1] != '\0')
        return open_lmdb(store, options, options->url + sizeof lmdb - 1, err);
    return cm_fail(err, CM_INVALID, "a store is lmdb:FOLDER, not \"%s\"", options->url);
}

enum cm_code srv_kvstore_open_as_it_is(const struct srv_store_options *options, struct srv_store **ret_store,
                                       struct cm_err *err)
{
    struct srv_kvstore *store = calloc(1, sizeof *store);
    if (store == NULL)
        return cm_fail(err, CM_NOMEM, "no memory for the store");
    store->base.ops = &srv_kvs_ops;
    store->clock = options->clock;
    store->zone = options->zone;
    store->read_only = options->read_only;
    store->vault = (struct cm_keyvault){
        .io = &srv_vault_io, .db = store, .meta = SRV_T_META, .keys_table = SRV_T_KEYS, .whose = "server"};
    pthread_mutex_init(&store->vault_lock, NULL);
    enum cm_code code = cm_crypt_init(err);
    if (code == CM_OK)
        code = srv_work_create(&store->work, err);
    if (code == CM_OK)
        code = open_backend(store, options, err);
    if (code == CM_OK)
        code = open_vault(store, err);
    if (code != CM_OK) {
        kvs_close(&store->base);
        return code;
    }
    *ret_store = &store->base;
    return CM_OK;
}

enum cm_code srv_kvstore_open(const struct srv_store_options *options, struct srv_store **ret_store,
                              struct cm_err *err)
{
    struct srv_store *store;
    enum cm_code code = srv_kvstore_open_as_it_is(options, &store, err);
    if (code != CM_OK)
        return code;
    code = srv_derive_at_open((struct srv_kvstore *)store, err);
    if (code != CM_OK) {
        kvs_close(store);
        return code;
    }
    *ret_store = store;
    return CM_OK;
}
