/* Taking events: a station's batches, and the server's own. */
#include "store/derive_kv.h"
#include "store/kvstore.h"
#include "store/kvstore_verbs.h"

#include "record/codec.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { APPEND_MAX = 4096 };

static const int64_t day_ms = 24 * 60 * 60 * 1000;
enum { DAYS_BEFORE_STATION = 400 }; /* a log may have begun that long before the station came to the server */

static void event_key(uint32_t log, uint64_t seq, struct srv_key *ret_key)
{
    ret_key->size = 0;
    srv_key_u32(ret_key, log);
    srv_key_u64(ret_key, seq);
}

static enum cm_code stored_hash(struct srv_tx *tx, uint32_t log, uint64_t seq, uint8_t ret_hash[CM_HASH_SIZE],
                                struct cm_err *err)
{
    struct srv_key key;
    struct cm_bytes value;
    event_key(log, seq, &key);
    enum cm_code code = srv_get(tx, SRV_T_EVENTS, &key, &value, err);
    if (code == CM_OK && value.size <= CM_HASH_SIZE)
        return srv_damaged("an event is cut short", err);
    if (code == CM_OK)
        memcpy(ret_hash, value.data, CM_HASH_SIZE);
    return code;
}

static enum cm_code hash_at(struct srv_tx *tx, uint32_t log, const struct srv_log *row,
                            const uint8_t public_key[CM_PUBLIC_KEY_SIZE], uint64_t seq,
                            uint8_t ret_hash[CM_HASH_SIZE], struct cm_err *err)
{
    if (seq == 0) {
        cm_chain_start(public_key, ret_hash);
        return CM_OK;
    }
    if (seq == row->acked_seq) {
        memcpy(ret_hash, row->head_hash, CM_HASH_SIZE);
        return CM_OK;
    }
    return stored_hash(tx, log, seq, ret_hash, err);
}

enum cm_code srv_kvs_hash_at(struct srv_store *store, const char *station_id, uint64_t seq,
                             uint8_t ret_hash[CM_HASH_SIZE], struct cm_err *err)
{
    struct srv_tx own, *tx;
    struct srv_station station;
    struct srv_log row;
    uint32_t log;
    enum cm_code code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    code = srv_load_station(tx, station_id, &station, &log, err);
    if (code == CM_OK)
        code = srv_load_log(tx, log, &row, err);
    if (code == CM_OK)
        code = hash_at(tx, log, &row, station.public_key, seq, ret_hash, err);
    srv_tx_end(&own);
    return code;
}

/* ---- looking at a batch ---- */

struct append {
    struct srv_tx *tx;
    uint32_t log;
    struct srv_station station;
    struct srv_log row;
    uint64_t first_seq;
    const struct srv_event_bytes *events;
    size_t count, known;        /* the first `known` are there already */
    uint8_t hash[CM_HASH_SIZE]; /* behind those */
    uint64_t forked_seq;        /* 0: not forked */
};

static enum cm_code compare_known(struct append *a, struct cm_err *err)
{
    uint8_t stored[CM_HASH_SIZE];
    while (a->known < a->count && a->first_seq + a->known <= a->row.acked_seq) {
        const struct srv_event_bytes *event = &a->events[a->known];
        uint64_t seq = a->first_seq + a->known;
        cm_chain_next(a->hash, event->bytes, event->size, a->hash);
        enum cm_code code = stored_hash(a->tx, a->log, seq, stored, err);
        if (code != CM_OK)
            return code == CM_NOTFOUND ? srv_damaged("an event of a log is missing", err) : code;
        if (memcmp(stored, a->hash, sizeof stored) != 0) {
            a->forked_seq = seq;
            return CM_OK;
        }
        a->known++;
    }
    return CM_OK;
}

static enum cm_code compare(struct append *a, const uint8_t previous_hash[CM_HASH_SIZE], struct cm_err *err)
{
    enum cm_code code =
        hash_at(a->tx, a->log, &a->row, a->station.public_key, a->first_seq - 1, a->hash, err);
    if (code != CM_OK)
        return code;
    if (memcmp(a->hash, previous_hash, sizeof a->hash) != 0) {
        a->forked_seq = a->first_seq > 1 ? a->first_seq - 1 : 1;
        return CM_OK;
    }
    return compare_known(a, err);
}

/* What the server says of a station, and a student of a day, no station says. */
static bool is_the_servers(const struct cm_event *event)
{
    enum cm_activity_kind kind = event->body.activity.kind;
    return event->type == CM_EVENT_ACTIVITY &&
           (kind == CM_ACTIVITY_DISPUTE || kind == CM_ACTIVITY_LOG_BROKEN || kind == CM_ACTIVITY_LOG_FORKED ||
            kind == CM_ACTIVITY_OPTED_OUT);
}

static enum cm_code decode_new(struct append *a, struct cm_err *err)
{
    struct srv_kvstore *store = a->tx->store;
    size_t count = a->count - a->known;
    if (count > store->decoded_room) {
        struct cm_event *decoded = realloc(store->decoded, count * sizeof *decoded);
        if (decoded == NULL)
            return cm_fail(err, CM_NOMEM, "no memory for a batch of events");
        store->decoded = decoded;
        store->decoded_room = count;
    }
    for (size_t i = 0; i < count; i++) {
        const struct srv_event_bytes *event = &a->events[a->known + i];
        uint64_t seq = a->first_seq + a->known + i;
        struct cm_err why = CM_ERR_INIT;
        if (event->size > CM_EVENT_MAX)
            return cm_fail(err, CM_INVALID, "event %llu has %zu bytes; %d at most", (unsigned long long)seq,
                           event->size, CM_EVENT_MAX);
        enum cm_code code = cm_event_decode(event->bytes, event->size, &store->decoded[i], &why);
        if (code != CM_OK)
            return cm_fail(err, code == CM_NEWER ? CM_NEWER : CM_INVALID, "event %llu does not decode: %s",
                           (unsigned long long)seq, why.msg);
        if (store->decoded[i].seq != seq)
            return cm_fail(err, CM_INVALID, "event %llu says that it is %llu", (unsigned long long)seq,
                           (unsigned long long)store->decoded[i].seq);
        if (is_the_servers(&store->decoded[i]))
            return cm_fail(err, CM_INVALID, "event %llu is of a kind that only the server writes",
                           (unsigned long long)seq);
    }
    return CM_OK;
}

/* ---- writing it ---- */

static enum cm_code put_batch(struct srv_tx *tx, uint64_t feed, const struct srv_place *place, uint32_t count,
                              struct cm_err *err)
{
    struct srv_key key = {0};
    uint8_t bytes[4 + 8 + 4 + 8];
    srv_key_u64(&key, feed);
    srv_put_u32(bytes, place->log);
    srv_put_u64(bytes + 4, place->seq);
    srv_put_u32(bytes + 12, count);
    srv_put_u64(bytes + 16, (uint64_t)place->received_wall_ms);
    return srv_put(tx, SRV_T_FEED, &key, bytes, sizeof bytes, err);
}

static enum cm_code next_feed(struct srv_tx *tx, uint64_t *ret_feed, struct cm_err *err)
{
    struct cm_bytes key, value;
    enum cm_code code = srv_last(tx, SRV_T_FEED, &key, &value, err);
    if (code != CM_OK && code != CM_NOTFOUND)
        return code;
    if (code == CM_OK && (key.size != 8 || value.size != 24))
        return srv_damaged("the end of the feed does not decode", err);
    *ret_feed = code == CM_OK ? srv_get_u64(key.data) + srv_get_u32((const uint8_t *)value.data + 12) : 1;
    return CM_OK;
}

/* The event behind the chain's head, which moves. */
static enum cm_code put_event(struct srv_tx *tx, uint32_t log, uint64_t seq, const uint8_t *bytes,
                              size_t size, uint8_t hash[CM_HASH_SIZE], struct cm_err *err)
{
    uint8_t value[CM_HASH_SIZE + CM_EVENT_MAX];
    struct srv_key key;
    cm_chain_next(hash, bytes, size, hash);
    memcpy(value, hash, CM_HASH_SIZE);
    memcpy(value + CM_HASH_SIZE, bytes, size);
    event_key(log, seq, &key);
    return srv_put(tx, SRV_T_EVENTS, &key, value, CM_HASH_SIZE + size, err);
}

/* What a log says of times is believed from a year before the station came to the server until a day from now: a clock
 * that was far off neither ends sessions that nobody has seen yet nor speaks of years of them. */
static int64_t believe(const struct srv_station *station, int64_t received_wall_ms, int64_t wall_ms)
{
    int64_t earliest = station->created_wall_ms - DAYS_BEFORE_STATION * day_ms;
    int64_t latest = received_wall_ms + day_ms;
    if (earliest > latest)
        earliest = latest;
    return wall_ms < earliest ? earliest : wall_ms > latest ? latest : wall_ms;
}

static void move_reach(struct srv_log *row, const struct srv_station *station, const struct cm_event *event,
                       int64_t received_wall_ms)
{
    bool span = event->type == CM_EVENT_COVERAGE;
    int64_t wall_ms = believe(station, received_wall_ms, event->wall_ms), first = wall_ms, latest = wall_ms;
    if (span) {
        int64_t from = believe(station, received_wall_ms, event->body.coverage.from_wall_ms);
        int64_t to = believe(station, received_wall_ms, event->body.coverage.to_wall_ms);
        first = from < first ? from : first;
        latest = to > latest ? to : latest;
    }
    if (event->seq == 1)
        row->first_wall_ms = first;
    if (event->seq == 1 || latest > row->latest_wall_ms)
        row->latest_wall_ms = latest;
    row->last_wall_ms = event->wall_ms;
    row->reach_wall_ms = wall_ms;
}

static enum cm_code take_new(struct append *a, uint64_t *ret_last_feed, struct cm_err *err)
{
    const struct srv_kvstore *store = a->tx->store;
    size_t count = a->count - a->known;
    struct srv_log before = a->row;
    struct srv_place place = {a->log, a->row.acked_seq + 1, cm_wall_ms(store->clock)};
    uint64_t feed;
    enum cm_code code = next_feed(a->tx, &feed, err);
    if (code == CM_OK)
        code = put_batch(a->tx, feed, &place, (uint32_t)count, err);
    for (size_t i = 0; i < count && code == CM_OK; i++) {
        const struct srv_event_bytes *event = &a->events[a->known + i];
        code = put_event(a->tx, a->log, place.seq, event->bytes, event->size, a->row.head_hash, err);
        if (code == CM_OK)
            code = srv_derive_event(a->tx, feed + i, &place, &store->decoded[i], err);
        if (code == CM_OK)
            code = srv_consent_obey(a->tx, &store->decoded[i], err);
        move_reach(&a->row, &a->station, &store->decoded[i], place.received_wall_ms);
        place.seq++;
    }
    a->row.acked_seq += count;
    if (code == CM_OK)
        code = srv_save_log(a->tx, a->log, &a->row, err);
    if (code == CM_OK)
        code = srv_derive_reach(a->tx, a->log, &before, &a->row, err);
    if (code == CM_OK)
        *ret_last_feed = feed + count - 1;
    return code;
}

enum cm_code srv_kvs_append_events(struct srv_store *store, const char *station_id, uint64_t first_seq,
                                   const uint8_t previous_hash[CM_HASH_SIZE],
                                   const struct srv_event_bytes *events, size_t count,
                                   struct srv_append *ret_append, struct cm_err *err)
{
    struct append a = {.first_seq = first_seq, .events = events, .count = count};
    struct srv_append result = {0};
    enum cm_code code = srv_tx_writing(store, &a.tx, err);
    if (code == CM_OK && (first_seq == 0 || first_seq > (uint64_t)INT64_MAX - APPEND_MAX))
        code = cm_fail(err, CM_INVALID, "events are numbered from 1");
    if (code == CM_OK && count > APPEND_MAX)
        code = cm_fail(err, CM_INVALID, "%zu events at once; %d at most", count, APPEND_MAX);
    if (code == CM_OK)
        code = srv_load_station(a.tx, station_id, &a.station, &a.log, err);
    if (code == CM_OK)
        code = srv_load_log(a.tx, a.log, &a.row, err);
    if (code != CM_OK)
        return code;
    result.gap = first_seq > a.row.acked_seq + 1;
    if (!result.gap && (code = compare(&a, previous_hash, err)) != CM_OK)
        return code;
    if (a.forked_seq == 0 && !result.gap && a.known < count && (code = decode_new(&a, err)) == CM_OK)
        code = take_new(&a, &result.feed, err);
    if (code != CM_OK)
        return code;
    result.acked_seq = a.row.acked_seq;
    result.appended = result.feed != 0 ? count - a.known : 0;
    result.forked = a.forked_seq != 0;
    result.forked_seq = a.forked_seq;
    *ret_append = result;
    return CM_OK;
}

/* ---- the server's own ---- */

enum cm_code srv_kvs_append_own(struct srv_store *store, struct cm_event *event, uint64_t *ret_feed,
                                struct cm_err *err)
{
    struct srv_tx *tx;
    struct srv_log row;
    uint8_t bytes[CM_EVENT_MAX];
    size_t size;
    uint64_t feed;
    enum cm_code code = srv_tx_writing(store, &tx, err);
    if (code == CM_OK)
        code = srv_load_log(tx, 0, &row, err);
    if (code != CM_OK)
        return code;
    struct srv_place place = {0, row.acked_seq + 1, cm_wall_ms(tx->store->clock)};
    event->seq = place.seq;
    if (event->version == 0)
        event->version = CM_RECORD_VERSION;
    code = srv_erased_stamp(tx, event, err);
    if (code == CM_OK)
        code = cm_event_encode(event, bytes, sizeof bytes, &size, err);
    if (code == CM_OK)
        code = next_feed(tx, &feed, err);
    if (code == CM_OK)
        code = put_batch(tx, feed, &place, 1, err);
    if (code == CM_OK)
        code = put_event(tx, 0, place.seq, bytes, size, row.head_hash, err);
    if (code != CM_OK)
        return code;
    row.acked_seq++;
    row.first_wall_ms = row.acked_seq == 1 ? event->wall_ms : row.first_wall_ms;
    row.last_wall_ms = row.reach_wall_ms = row.latest_wall_ms = event->wall_ms;
    code = srv_save_log(tx, 0, &row, err);
    if (code == CM_OK)
        code = srv_derive_event(tx, feed, &place, event, err);
    if (code == CM_OK)
        code = srv_consent_obey(tx, event, err);
    if (code == CM_OK && ret_feed != NULL)
        *ret_feed = feed;
    return code;
}
