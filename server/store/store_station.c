/* Stations: what a person says of them, and their logs. */
#include "store/derive_kv.h"
#include "store/kvstore.h"
#include "store/kvstore_verbs.h"
#include "store/records.h"
#include <stdio.h>
#include <string.h>

enum { TOKEN_INDEX = 't' };
static const char last_log_word[] = "last_log";

/* ---- logs ---- */

static void log_key(uint32_t log, struct srv_key *ret_key)
{
    ret_key->size = 0;
    srv_key_u32(ret_key, log);
}

enum cm_code srv_load_log(struct srv_tx *tx, uint32_t log, struct srv_log *ret_log, struct cm_err *err)
{
    struct srv_key key;
    struct cm_bytes value;
    log_key(log, &key);
    enum cm_code code = srv_get(tx, SRV_T_LOGS, &key, &value, err);
    if (code == CM_NOTFOUND)
        return srv_damaged("a log is missing", err);
    return code == CM_OK ? srv_log_decode(value, ret_log, err) : code;
}

enum cm_code srv_save_log(struct srv_tx *tx, uint32_t log, const struct srv_log *row, struct cm_err *err)
{
    struct srv_key key;
    uint8_t bytes[SRV_ROW_MAX];
    size_t size;
    log_key(log, &key);
    enum cm_code code = srv_log_encode(row, bytes, &size, err);
    return code == CM_OK ? srv_put(tx, SRV_T_LOGS, &key, bytes, size, err) : code;
}

/* ---- reading ---- */

static enum cm_code complete(struct srv_tx *tx, struct cm_bytes row, struct srv_station *ret_station,
                             uint32_t *ret_log, struct cm_err *err)
{
    struct srv_station station;
    struct srv_log log;
    uint32_t number;
    enum cm_code code = srv_station_decode(row, &station, &number, err);
    if (code == CM_OK)
        code = srv_load_log(tx, number, &log, err);
    if (code != CM_OK)
        return code;
    station.acked_seq = log.acked_seq;
    memcpy(station.head_hash, log.head_hash, sizeof station.head_hash);
    station.last_event_wall_ms = log.last_wall_ms;
    station.forked = log.forked;
    station.forked_seq = log.forked_seq;
    station.forked_wall_ms = log.forked_wall_ms;
    memcpy(station.forked_address, log.forked_address, sizeof station.forked_address);
    *ret_station = station;
    *ret_log = number;
    return CM_OK;
}

static enum cm_code check_id(const char *id, struct cm_err *err)
{
    size_t size = strnlen(id, sizeof((struct srv_station *)0)->id);
    if (size == 0 || size == sizeof((struct srv_station *)0)->id)
        return cm_fail(err, CM_INVALID, "a station's id has 1 to 39 bytes");
    return CM_OK;
}

enum cm_code srv_load_station(struct srv_tx *tx, const char *id, struct srv_station *ret_station,
                              uint32_t *ret_log, struct cm_err *err)
{
    struct srv_key key = {0};
    struct cm_bytes value;
    if (check_id(id, NULL) != CM_OK)
        return cm_fail(err, CM_NOTFOUND, "there is no such station");
    srv_key_text(&key, id);
    enum cm_code code = srv_get(tx, SRV_T_STATIONS, &key, &value, err);
    if (code == CM_NOTFOUND)
        return cm_fail(err, CM_NOTFOUND, "there is no station %s", id);
    return code == CM_OK ? complete(tx, value, ret_station, ret_log, err) : code;
}

enum cm_code srv_kvs_get_station(struct srv_store *store, const char *id, struct srv_station *ret_station,
                                 struct cm_err *err)
{
    struct srv_tx own, *tx;
    uint32_t log;
    enum cm_code code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    code = srv_load_station(tx, id, ret_station, &log, err);
    srv_tx_end(&own);
    return code;
}

static void token_key(const uint8_t token_hash[32], struct srv_key *ret_key)
{
    ret_key->size = 0;
    srv_key_byte(ret_key, TOKEN_INDEX);
    srv_key_bytes(ret_key, token_hash, 32);
}

enum cm_code srv_kvs_station_of_token(struct srv_store *store, const uint8_t token_hash[32],
                                      struct srv_station *ret_station, struct cm_err *err)
{
    struct srv_tx own, *tx;
    struct srv_key key;
    struct cm_bytes value;
    uint32_t log;
    char id[40];
    enum cm_code code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    token_key(token_hash, &key);
    code = srv_get(tx, SRV_T_INDEX, &key, &value, err);
    if (code == CM_OK && (value.size == 0 || value.size > sizeof id))
        code = srv_damaged("a token's station has no id", err);
    if (code == CM_OK) {
        snprintf(id, sizeof id, "%.*s", (int)value.size, (const char *)value.data);
        code = srv_load_station(tx, id, ret_station, &log, err);
    }
    srv_tx_end(&own);
    return code;
}

struct each {
    struct srv_tx *tx;
    srv_station_visit_fn *visit;
    void *arg;
};

static enum cm_code visit_row(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    const struct each *each = arg;
    struct srv_station station;
    uint32_t log;
    (void)key;
    enum cm_code code = complete(each->tx, value, &station, &log, err);
    if (code != CM_OK)
        return code;
    return each->visit(each->arg, &station) ? CM_OK : CM_EOF;
}

enum cm_code srv_kvs_each_station(struct srv_store *store, srv_station_visit_fn *visit, void *arg,
                                  struct cm_err *err)
{
    struct srv_tx own, *tx;
    struct each each = {.visit = visit, .arg = arg};
    struct srv_key all = {0};
    enum cm_code code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    each.tx = tx;
    code = srv_walk(tx, SRV_T_STATIONS, &all, 0, visit_row, &each, err);
    srv_tx_end(&own);
    return code;
}

/* ---- services: which classes a station served when; a session is judged by those of its time ---- */

static bool lists(const struct srv_station *station, const char *class_id)
{
    if (class_id[0] == '\0')
        return station->class_count == 0;
    for (int i = 0; i < station->class_count; i++) {
        if (strcmp(station->classes[i], class_id) == 0)
            return true;
    }
    return false;
}

struct open_service {
    uint32_t log;
    bool found;
    struct srv_key key;
};

static enum cm_code find_open(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct open_service *open = arg;
    if (key.size < 13 || value.size != 8)
        return srv_damaged("a station's service does not decode", err);
    if (srv_get_instant(value.data) != INT64_MAX)
        return CM_OK;
    open->found = true;
    open->key.size = 0;
    srv_key_bytes(&open->key, key.data, key.size);
    return CM_EOF;
}

static enum cm_code open_service_of(struct srv_tx *tx, const char *class_id, uint32_t log,
                                    struct open_service *ret_open, struct cm_err *err)
{
    struct srv_key prefix = {0};
    srv_key_text(&prefix, class_id);
    srv_key_u32(&prefix, log);
    ret_open->found = false;
    return srv_walk(tx, SRV_T_SERVICES, &prefix, prefix.size, find_open, ret_open, err);
}

static enum cm_code put_until(struct srv_tx *tx, const struct srv_key *key, int64_t to_wall_ms,
                              struct cm_err *err)
{
    uint8_t bytes[8];
    srv_put_u64(bytes, (uint64_t)to_wall_ms ^ UINT64_C(1) << 63);
    return srv_put(tx, SRV_T_SERVICES, key, bytes, sizeof bytes, err);
}

/* Of a station that is new nothing is known of any time; from when on it is awaited, change_waiting follows. */
static enum cm_code follow(struct srv_tx *tx, const char *class_id, int64_t from_wall_ms, struct cm_err *err)
{
    if (from_wall_ms == INT64_MIN) {
        srv_work_forget(tx->store->work);
        return CM_OK;
    }
    return srv_derive_service(tx, class_id, cm_date_add(cm_zone_date(tx->store->zone, from_wall_ms), -1),
                              err);
}

static enum cm_code begin_service(struct srv_tx *tx, const char *class_id, uint32_t log, int64_t from_wall_ms,
                                  struct cm_err *err)
{
    struct open_service open;
    struct srv_key key = {0};
    enum cm_code code = open_service_of(tx, class_id, log, &open, err);
    if (code != CM_OK || open.found)
        return code;
    srv_key_text(&key, class_id);
    srv_key_u32(&key, log);
    srv_key_instant(&key, from_wall_ms);
    code = put_until(tx, &key, INT64_MAX, err);
    return code == CM_OK ? follow(tx, class_id, from_wall_ms, err) : code;
}

static enum cm_code end_service(struct srv_tx *tx, const char *class_id, uint32_t log, int64_t to_wall_ms,
                                struct cm_err *err)
{
    struct open_service open;
    enum cm_code code = open_service_of(tx, class_id, log, &open, err);
    if (code != CM_OK || !open.found)
        return code;
    code = put_until(tx, &open.key, to_wall_ms, err);
    return code == CM_OK ? follow(tx, class_id, to_wall_ms, err) : code;
}

/* A new station served its classes from ever; after that, changes hold from now on. */
static enum cm_code change_services(struct srv_tx *tx, const struct srv_station *before,
                                    const struct srv_station *station, uint32_t log, struct cm_err *err)
{
    int64_t now = before != NULL ? cm_wall_ms(tx->store->clock) : INT64_MIN;
    enum cm_code code = CM_OK;
    if (before != NULL && before->class_count == 0 && station->class_count > 0)
        code = end_service(tx, "", log, now, err);
    for (int i = 0; before != NULL && i < before->class_count && code == CM_OK; i++) {
        if (!lists(station, before->classes[i]))
            code = end_service(tx, before->classes[i], log, now, err);
    }
    if (code == CM_OK && station->class_count == 0)
        code = begin_service(tx, "", log, now, err);
    for (int i = 0; i < station->class_count && code == CM_OK; i++)
        code = begin_service(tx, station->classes[i], log, now, err);
    return code;
}

/* From when on the station is awaited, by its pairing; INT64_MAX: never. */
static int64_t awaited_from(const struct srv_station *station)
{
    bool awaited = station != NULL && !station->revoked && station->paired_wall_ms != 0;
    return awaited ? station->paired_wall_ms : INT64_MAX;
}

/* One that is paired is awaited from then on, nobody waits for one that is revoked: sessions beyond what it sent are judged
 * anew. before: NULL when it is new. */
static enum cm_code change_waiting(struct srv_tx *tx, const struct srv_station *before,
                                   const struct srv_station *station, uint32_t number, struct cm_err *err)
{
    struct srv_log log;
    const int64_t was = awaited_from(before), is = awaited_from(station);
    if (was == is && (before == NULL || before->revoked == station->revoked))
        return CM_OK;
    enum cm_code code = srv_load_log(tx, number, &log, err);
    if (code != CM_OK)
        return code;
    int64_t from = log.acked_seq > 0 ? log.reach_wall_ms : was < is ? was : is;
    return from != INT64_MAX ? follow(tx, "", from, err) : CM_OK;
}

/* ---- writing ---- */

static bool same_duty(const struct srv_station *a, const struct srv_station *b)
{
    bool same = a->class_count == b->class_count && a->revoked == b->revoked && a->paired == b->paired &&
                strcmp(a->name, b->name) == 0;
    for (int i = 0; i < a->class_count && same; i++)
        same = strcmp(a->classes[i], b->classes[i]) == 0;
    return same;
}

static bool has_token(const struct srv_station *station)
{
    static const uint8_t none[32];
    return memcmp(station->token_hash, none, sizeof none) != 0;
}

static enum cm_code index_token(struct srv_tx *tx, const struct srv_station *before,
                                const struct srv_station *station, struct cm_err *err)
{
    struct srv_key key;
    enum cm_code code = CM_OK;
    if (before != NULL && has_token(before) &&
        memcmp(before->token_hash, station->token_hash, sizeof station->token_hash) != 0) {
        token_key(before->token_hash, &key);
        code = srv_delete(tx, SRV_T_INDEX, &key, err);
    }
    if (code != CM_OK || !has_token(station))
        return code;
    token_key(station->token_hash, &key);
    return srv_put(tx, SRV_T_INDEX, &key, station->id, strlen(station->id), err);
}

static enum cm_code new_log(struct srv_tx *tx, const struct srv_station *station, uint32_t *ret_log,
                            struct cm_err *err)
{
    struct srv_log row = {0};
    uint64_t last;
    snprintf(row.station_id, sizeof row.station_id, "%s", station->id);
    cm_chain_start(station->public_key, row.head_hash);
    enum cm_code code = srv_get_counter(tx, last_log_word, &last, err);
    if (code == CM_OK && last >= SRV_STATIONS_MAX)
        return cm_fail(err, CM_INVALID, "there were %d stations already: no more fit into one server",
                       SRV_STATIONS_MAX);
    if (code == CM_OK)
        code = srv_put_counter(tx, last_log_word, last + 1, err);
    if (code == CM_OK)
        code = srv_save_log(tx, (uint32_t)last + 1, &row, err);
    if (code == CM_OK)
        *ret_log = (uint32_t)last + 1;
    return code;
}

/* The chain starts from the key, so a key that comes with the pairing starts it anew; with events it cannot change. */
static enum cm_code take_key(struct srv_tx *tx, const struct srv_station *before,
                             const struct srv_station *station, uint32_t log, struct cm_err *err)
{
    struct srv_log row;
    if (memcmp(before->public_key, station->public_key, sizeof station->public_key) == 0)
        return CM_OK;
    if (before->acked_seq > 0)
        return cm_fail(err, CM_INVALID, "station %s has events under another key: add a station anew",
                       station->id);
    enum cm_code code = srv_load_log(tx, log, &row, err);
    cm_chain_start(station->public_key, row.head_hash);
    return code == CM_OK ? srv_save_log(tx, log, &row, err) : code;
}

enum cm_code srv_kvs_put_station(struct srv_store *store, const struct srv_station *station_,
                                 struct cm_err *err)
{
    struct srv_tx *tx;
    struct srv_station before, copy = *station_, *station = &copy;
    struct srv_key key = {0};
    uint8_t row[SRV_ROW_MAX];
    size_t size;
    uint32_t log = 0;
    enum cm_code code = srv_tx_writing(store, &tx, err);
    if (code == CM_OK)
        code = check_id(station->id, err);
    if (code == CM_OK) /* whether it can be kept at all, before anything is written */
        code = srv_station_encode(station, log, row, &size, err);
    if (code != CM_OK)
        return code;
    code = srv_load_station(tx, station->id, &before, &log, NULL);
    bool known = code == CM_OK;
    if (station->created_wall_ms == 0)
        station->created_wall_ms = known ? before.created_wall_ms : cm_wall_ms(tx->store->clock);
    if (code == CM_NOTFOUND)
        code = new_log(tx, station, &log, err);
    else if (known)
        code = take_key(tx, &before, station, log, err);
    if (code == CM_OK)
        code = index_token(tx, known ? &before : NULL, station, err);
    if (code == CM_OK)
        code = srv_station_encode(station, log, row, &size, err);
    srv_key_text(&key, station->id);
    if (code == CM_OK)
        code = srv_put(tx, SRV_T_STATIONS, &key, row, size, err);
    if (code == CM_OK && !(known && same_duty(&before, station)))
        code = srv_note_change(tx, SRV_CHANGE_STATION, station->id, err);
    if (code == CM_OK)
        code = change_services(tx, known ? &before : NULL, station, log, err);
    return code == CM_OK ? change_waiting(tx, known ? &before : NULL, station, log, err) : code;
}

static bool was_refused(const struct srv_log *row, const struct srv_fork *fork)
{
    for (size_t at = 0; at < sizeof row->refused; at += sizeof fork->request)
        if (memcmp(row->refused + at, fork->request, sizeof fork->request) == 0)
            return true;
    return false;
}

static void note_refused(struct srv_log *row, const struct srv_fork *fork)
{
    memmove(row->refused + sizeof fork->request, row->refused, sizeof row->refused - sizeof fork->request);
    memcpy(row->refused, fork->request, sizeof fork->request);
}

enum cm_code srv_kvs_put_fork(struct srv_store *store, const char *station_id, const struct srv_fork *fork,
                              struct cm_err *err)
{
    struct srv_tx *tx;
    struct srv_station station;
    struct srv_log row;
    uint32_t log;
    enum cm_code code = srv_tx_writing(store, &tx, err);
    if (code == CM_OK)
        code = srv_load_station(tx, station_id, &station, &log, err);
    if (code == CM_OK)
        code = srv_load_log(tx, log, &row, err);
    if (code != CM_OK)
        return code;
    if (fork->seq != 0 && !was_refused(&row, fork))
        note_refused(&row, fork);
    else if (fork->seq != 0 && !row.forked)
        return CM_EXISTS;
    row.forked = fork->seq != 0;
    row.forked_seq = fork->seq;
    row.forked_wall_ms = fork->wall_ms;
    memcpy(row.forked_address, fork->address, sizeof row.forked_address);
    return srv_save_log(tx, log, &row, err);
}
