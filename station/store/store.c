#include "store/store.h"

#include "base/file.h"
#include "crypt/seal.h"
#include "store/store_private.h"
#include "store/vault.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const size_t map_first = (size_t)64 << 20;
static const size_t map_max = sizeof(size_t) > 4 ? (size_t)4096 << 20 : (size_t)1024 << 20;

static const char *const tables[STN_TABLES] = {
    [STN_TABLE_META] = "meta",
    [STN_TABLE_CLASSES] = "classes",
    [STN_TABLE_STUDENTS] = "students",
    [STN_TABLE_KEYS] = "keys",
    [STN_TABLE_TEMPLATES] = "templates",
    [STN_TABLE_EVENTS] = "events",
    [STN_TABLE_SIGNATURES] = "signatures",
    [STN_TABLE_ROLL] = "roll",
    [STN_TABLE_SERVED] = "served",
    [STN_TABLE_UPLOADS] = "uploads",
    [STN_TABLE_WORDS] = "words",
    [STN_TABLE_COVERAGE] = "coverage",
    [STN_TABLE_ROLLS] = "server_rolls",
    [STN_TABLE_STANDINGS] = "standings",
};

static const char station_id_key[] = "station_id", public_key_key[] = "public_key",
                  latest_wall_key[] = "latest_wall_ms";

/* ---- shared by the files of this folder ---- */

/* After the ballast was given up, what is free is for vital writes until there is room for it again. */
static enum cm_code keep_reserve(struct stn_store *store, struct cm_err *err)
{
    struct cm_db_stats stats;
    enum cm_code code = cm_ballast_lay(store->ballast_path, &store->ballast_gone, err);
    if (code != CM_OK || !store->ballast_gone)
        return code;
    code = cm_db_stats(store->db, &stats, err);
    if (code == CM_OK && stats.bytes_free_on_disk < CM_BALLAST_BYTES)
        return cm_fail(err, CM_NOSPACE, "the disk is full: nothing was written; make room");
    return code;
}

enum cm_code stn_store_commit(struct stn_store *store, cm_db_fn *fn, void *arg, bool vital,
                              struct cm_err *err)
{
    enum cm_code code = !vital && store->ballast_gone ? keep_reserve(store, err) : CM_OK;
    if (code == CM_OK)
        code = cm_db_write(store->db, fn, arg, err);
    if (code == CM_NOSPACE && vital && cm_ballast_drop(store->ballast_path)) {
        store->ballast_gone = true;
        code = cm_db_write(store->db, fn, arg, err);
    }
    return code;
}

void stn_store_envelope(struct stn_store *store, enum cm_event_type type, struct cm_event *ret_event)
{
    memset(ret_event, 0, sizeof *ret_event);
    ret_event->version = CM_RECORD_VERSION;
    ret_event->type = type;
    ret_event->wall_ms = cm_wall_ms(store->clock);
    ret_event->mono_us = cm_mono_us(store->clock);
    memcpy(ret_event->boot_id, store->clock->boot_id, sizeof ret_event->boot_id);
    cm_uuid7(&store->uuids, ret_event->wall_ms, ret_event->id);
}

/* The latest time that any event was written at: kept apart, because after the clock was set back the newest event is
 * not the latest. */
static enum cm_code get_latest_wall(struct cm_txn *txn, int64_t *ret_wall_ms, struct cm_err *err)
{
    uint64_t number;
    enum cm_code code = stn_meta_get_number(txn, latest_wall_key, &number, err);
    if (code == CM_OK)
        *ret_wall_ms = (int64_t)number;
    return code;
}

static enum cm_code put_latest_wall(struct cm_txn *txn, int64_t wall_ms, struct cm_err *err)
{
    return stn_meta_put_number(txn, latest_wall_key, (uint64_t)wall_ms, err);
}

static enum cm_code raise_latest_wall(struct cm_txn *txn, int64_t wall_ms, struct cm_err *err)
{
    int64_t latest_ms;
    enum cm_code code = get_latest_wall(txn, &latest_ms, err);
    return code == CM_OK && wall_ms > latest_ms ? put_latest_wall(txn, wall_ms, err) : code;
}

static enum cm_code get_identity(struct cm_txn *txn, void *arg, struct cm_err *err);

enum cm_code stn_store_follow_identity(struct stn_store *store, struct cm_txn *txn, struct cm_err *err)
{
    uint8_t before[CM_PUBLIC_KEY_SIZE];
    memcpy(before, store->log.public_key, sizeof before);
    enum cm_code code = get_identity(txn, store, err);
    if (code == CM_OK && memcmp(before, store->log.public_key, sizeof before) != 0 &&
        (code = stn_renewal_recover(store, err)) == CM_OK)
        code = stn_vault_open(store, err);
    return code == CM_NOTFOUND ? CM_OK : code; /* the first start: there is none yet */
}

enum cm_code stn_store_log(struct stn_store *store, struct cm_txn *txn, struct cm_event *event,
                           struct cm_err *err)
{
    enum cm_code code = stn_store_follow_identity(store, txn, err);
    if (code == CM_OK)
        code = cm_eventlog_append(txn, &store->log, event, err);
    if (code == CM_OK)
        code = raise_latest_wall(txn, event->wall_ms, err);
    return code == CM_OK ? cm_eventlog_sign(txn, &store->log, err) : code;
}

enum cm_code stn_store_check_id(const char *what, const char *id, struct cm_err *err)
{
    size_t size = strnlen(id, CM_ID_SIZE);
    if (size == 0 || size == CM_ID_SIZE)
        return cm_fail(err, CM_INVALID, "a %s id must have 1 to %d bytes", what, CM_ID_SIZE - 1);
    return CM_OK;
}

/* ---- opening ---- */

static enum cm_code get_identity(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    struct stn_store *store = arg;
    struct cm_bytes id, key;
    enum cm_code code = cm_txn_get(txn, STN_TABLE_META, station_id_key, sizeof station_id_key - 1, &id, err);
    if (code != CM_OK)
        return code;
    code = cm_txn_get(txn, STN_TABLE_META, public_key_key, sizeof public_key_key - 1, &key, err);
    if (code == CM_NOTFOUND ||
        (code == CM_OK && (id.size != CM_UUID_TEXT_SIZE - 1 || key.size != CM_PUBLIC_KEY_SIZE)))
        return cm_fail(err, CM_CORRUPT, "the store does not say whose it is: put it back from a backup");
    if (code != CM_OK)
        return code;
    memcpy(store->station_id, id.data, id.size);
    store->station_id[id.size] = '\0';
    memcpy(store->log.public_key, key.data, key.size);
    return CM_OK;
}

enum cm_code stn_store_put_identity(struct cm_txn *txn, const uint8_t public_key[CM_PUBLIC_KEY_SIZE],
                                    struct cm_err *err)
{
    return stn_meta_put(txn, public_key_key, public_key, CM_PUBLIC_KEY_SIZE, err);
}

static enum cm_code first_start(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    struct stn_store *store = arg;
    uint8_t id[16];
    enum cm_code code = get_identity(txn, store, err); /* another process may have come first */
    if (code != CM_NOTFOUND)
        return code == CM_OK ? stn_vault_open(store, err) : code;
    code = stn_vault_create(store, txn, err);
    if (code != CM_OK)
        return code;
    cm_uuid7(&store->uuids, cm_wall_ms(store->clock), id);
    cm_uuid_text(id, store->station_id);
    code = cm_txn_put(txn, STN_TABLE_META, station_id_key, sizeof station_id_key - 1, store->station_id,
                      strlen(store->station_id), err);
    if (code == CM_OK)
        code = stn_store_put_identity(txn, store->log.public_key, err);
    return code;
}

static enum cm_code open_to_write(struct stn_store *store, struct cm_err *err)
{
    enum cm_code code = cm_db_read(store->db, get_identity, store, err);
    if (code == CM_NOTFOUND)
        code = stn_store_commit(store, first_start, store, false, err);
    else if (code == CM_OK && (code = stn_renewal_recover(store, err)) == CM_OK)
        code = stn_vault_open(store, err);
    if (code == CM_OK)
        code = stn_vault_recover(store, err);
    if (code == CM_OK)
        code = cm_ballast_lay(store->ballast_path, &store->ballast_gone, err);
    return code;
}

/* Status and doctor show what they can: without the key file that is all but the templates. */
static enum cm_code open_to_read(struct stn_store *store, const char *dir, struct cm_err *err)
{
    enum cm_code code = cm_db_read(store->db, get_identity, store, err);
    if (code == CM_NOTFOUND)
        return cm_fail(err, CM_NOTFOUND, "there is no store in %s yet", dir);
    if (code == CM_OK)
        (void)stn_vault_open(store, NULL);
    return code;
}

static enum cm_code open_db(struct stn_store *store, const struct stn_store_options *options,
                            struct cm_err *err)
{
    char dir[1024];
    int length = snprintf(dir, sizeof dir, "%s/store", options->dir);
    snprintf(store->key_path, sizeof store->key_path, "%s/station.key", options->dir);
    snprintf(store->ballast_path, sizeof store->ballast_path, "%s/ballast", options->dir);
    if (length < 0 || (size_t)length >= sizeof dir - 16)
        return cm_fail(err, CM_INVALID, "the data folder's path is too long");
    enum cm_code code = options->read_only ? CM_OK : cm_file_make_folders(dir, err);
    if (code != CM_OK)
        return code;
    struct cm_db_options db = {
        .dir = dir,
        .tables = tables,
        .table_count = STN_TABLES,
        .version = STN_STORE_VERSION,
        .map_bytes_first = options->map_bytes_first != 0 ? options->map_bytes_first : map_first,
        .map_bytes_max = map_max,
        .read_only = options->read_only,
    };
    return cm_db_open(&db, &store->db, err);
}

enum cm_code stn_store_open(const struct stn_store_options *options, struct stn_store **ret_store,
                            struct cm_err *err)
{
    struct stn_store *store = calloc(1, sizeof *store);
    if (store == NULL)
        return cm_fail(err, CM_NOMEM, "no memory for the store");
    store->clock = options->clock;
    store->read_only = options->read_only;
    store->log.events = STN_TABLE_EVENTS;
    store->log.signatures = STN_TABLE_SIGNATURES;
    enum cm_code code = cm_crypt_init(err);
    if (code == CM_OK)
        code = open_db(store, options, err);
    if (code == CM_OK)
        code = options->read_only ? open_to_read(store, options->dir, err) : open_to_write(store, err);
    if (code != CM_OK) {
        stn_store_close(store);
        return code;
    }
    *ret_store = store;
    return CM_OK;
}

void stn_store_close(struct stn_store *store)
{
    if (store == NULL)
        return;
    cm_db_close(store->db);
    cm_keys_destroy(store->keys);
    free(store);
}

uint64_t stn_store_version(struct stn_store *store)
{
    return cm_db_version(store->db);
}

/* ---- summary ---- */

struct summarise {
    struct stn_store *store;
    struct stn_store_summary summary;
};

static enum cm_code count_all(struct cm_txn *txn, struct stn_store_summary *summary, struct cm_err *err)
{
    const struct {
        enum stn_table table;
        size_t *count;
    } counts[] = {
        {STN_TABLE_CLASSES, &summary->classes},
        {STN_TABLE_STUDENTS, &summary->students},
        {STN_TABLE_TEMPLATES, &summary->templates},
        {STN_TABLE_KEYS, &summary->students_with_templates},
    };
    enum cm_code code = CM_OK;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0] && code == CM_OK; i++)
        code = cm_txn_count(txn, (int)counts[i].table, counts[i].count, err);
    return code;
}

struct trust {
    struct stn_store *store;
    struct cm_event event;
};

static enum cm_code trust_clock(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    struct trust *t = arg;
    enum cm_code code = stn_store_log(t->store, txn, &t->event, err);
    return code == CM_OK ? put_latest_wall(txn, t->event.wall_ms, err) : code;
}

enum cm_code stn_store_trust_clock(struct stn_store *store, const char *by, struct cm_err *err)
{
    struct trust t = {.store = store};
    stn_store_envelope(store, CM_EVENT_ACTIVITY, &t.event);
    struct cm_activity *activity = &t.event.body.activity;
    activity->kind = CM_ACTIVITY_CLOCK_SUSPECT;
    activity->started_wall_ms = activity->ended_wall_ms = t.event.wall_ms;
    activity->distance = NAN;
    snprintf(activity->reason, sizeof activity->reason,
             "%.100s looked at the clock and says that it is right now", by);
    return stn_store_commit(store, trust_clock, &t, true, err);
}

static enum cm_code summarise(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    struct summarise *s = arg;
    struct cm_eventlog_head head;
    struct cm_event event;
    enum cm_code code = count_all(txn, &s->summary, err);
    if (code == CM_OK)
        code = get_latest_wall(txn, &s->summary.latest_wall_ms, err);
    if (code == CM_OK)
        code = cm_eventlog_head(txn, &s->store->log, &head, err);
    if (code != CM_OK || head.seq == 0)
        return code;
    code = cm_eventlog_get(txn, &s->store->log, head.seq, &event, err);
    if (code == CM_OK) {
        s->summary.last_seq = head.seq;
        s->summary.last_wall_ms = event.wall_ms;
    }
    return code;
}

enum cm_code stn_store_summary(struct stn_store *store, struct stn_store_summary *ret_summary,
                               struct cm_err *err)
{
    struct summarise s = {.store = store};
    struct cm_db_stats stats;
    enum cm_code code = cm_db_read(store->db, summarise, &s, err);
    if (code == CM_OK)
        code = cm_db_stats(store->db, &stats, err);
    if (code != CM_OK)
        return code;
    s.summary.bytes_used = stats.bytes_used;
    s.summary.bytes_free_on_disk = stats.bytes_free_on_disk;
    snprintf(s.summary.station_id, sizeof s.summary.station_id, "%s", store->station_id);
    *ret_summary = s.summary;
    return CM_OK;
}
