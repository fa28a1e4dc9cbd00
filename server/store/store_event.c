/* The feed: events by their number, by log and seq, by activity and by student. */
#include "store/derive_kv.h"
#include "store/kvstore.h"
#include "store/kvstore_verbs.h"
#include "store/records.h"

#include "record/codec.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH_SIZE = 4 + 8 + 4 + 8 };

/* ---- places ---- */

void srv_place_put(const struct srv_place *place, uint8_t bytes[SRV_PLACE_SIZE])
{
    srv_put_u32(bytes, place->log);
    srv_put_u64(bytes + 4, place->seq);
    srv_put_u64(bytes + 12, (uint64_t)place->received_wall_ms);
}

enum cm_code srv_place_get(struct cm_bytes value, struct srv_place *ret_place, struct cm_err *err)
{
    const uint8_t *bytes = value.data;
    if (value.size != SRV_PLACE_SIZE)
        return srv_damaged("the place of an event does not decode", err);
    ret_place->log = srv_get_u32(bytes);
    ret_place->seq = srv_get_u64(bytes + 4);
    ret_place->received_wall_ms = (int64_t)srv_get_u64(bytes + 12);
    return CM_OK;
}

struct batch { /* of the feed */
    uint64_t first, count;
    struct srv_place place; /* of the first */
};

static enum cm_code take_batch(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct batch *batch = arg;
    const uint8_t *bytes = value.data;
    if (key.size != 8 || value.size != BATCH_SIZE)
        return srv_damaged("a batch of the feed does not decode", err);
    batch->first = srv_get_u64(key.data);
    batch->place.log = srv_get_u32(bytes);
    batch->place.seq = srv_get_u64(bytes + 4);
    batch->count = srv_get_u32(bytes + 12);
    batch->place.received_wall_ms = (int64_t)srv_get_u64(bytes + 16);
    return CM_EOF;
}

/* The batch that holds the number; CM_NOTFOUND. */
static enum cm_code batch_of(struct srv_tx *tx, uint64_t feed, struct batch *ret_batch, struct cm_err *err)
{
    struct srv_key last = {0};
    struct batch batch = {0};
    srv_key_u64(&last, feed);
    enum cm_code code = srv_walk_back(tx, SRV_T_FEED, &last, 0, take_batch, &batch, err);
    if (code != CM_OK)
        return code;
    if (batch.count == 0 || feed - batch.first >= batch.count)
        return CM_NOTFOUND;
    *ret_batch = batch;
    return CM_OK;
}

enum cm_code srv_find_feed(struct srv_tx *tx, uint64_t feed, struct srv_place *ret_place, struct cm_err *err)
{
    struct batch batch;
    enum cm_code code = batch_of(tx, feed, &batch, err);
    if (code != CM_OK)
        return code;
    batch.place.seq += feed - batch.first;
    *ret_place = batch.place;
    return CM_OK;
}

/* ---- one event ---- */

static enum cm_code decode(struct cm_bytes value, uint64_t seq, struct cm_event *ret_event,
                           struct cm_err *err)
{
    struct cm_err why = CM_ERR_INIT;
    if (value.size <= CM_HASH_SIZE)
        return srv_damaged("an event is cut short", err);
    enum cm_code code = cm_event_decode((const uint8_t *)value.data + CM_HASH_SIZE, value.size - CM_HASH_SIZE,
                                        ret_event, &why);
    if (code != CM_OK || ret_event->seq != seq)
        return cm_fail(err, code == CM_NEWER ? CM_NEWER : CM_CORRUPT,
                       "event %llu of a log does not decode: %s", (unsigned long long)seq, why.msg);
    return CM_OK;
}

static void event_key(uint32_t log, uint64_t seq, struct srv_key *ret_key)
{
    ret_key->size = 0;
    srv_key_u32(ret_key, log);
    srv_key_u64(ret_key, seq);
}

enum cm_code srv_show_event(struct srv_tx *tx, uint64_t feed, const struct srv_place *place,
                            srv_feed_visit_fn *visit, void *arg, bool *ret_more, struct cm_err *err)
{
    struct srv_key key;
    struct cm_bytes value;
    struct cm_event event;
    struct srv_log log;
    event_key(place->log, place->seq, &key);
    enum cm_code code = srv_get(tx, SRV_T_EVENTS, &key, &value, err);
    if (code == CM_NOTFOUND)
        return srv_damaged("an event of the feed is missing", err);
    if (code == CM_OK)
        code = decode(value, place->seq, &event, err);
    if (code == CM_OK)
        code = srv_load_log(tx, place->log, &log, err);
    bool erased = false;
    if (code == CM_OK)
        code = srv_erased_conceal(tx, feed, &event, &erased, err);
    if (code != CM_OK)
        return code;
    struct srv_feed_item item = {feed, log.station_id, &event, place->received_wall_ms, erased};
    *ret_more = visit(arg, &item);
    return CM_OK;
}

/* ---- the feed, forward ---- */

struct replay {
    uint64_t feed, end; /* the next one; behind the batch */
    struct srv_place place;
    srv_replay_fn *visit;
    void *arg;
    bool ended;
};

static enum cm_code replay_event(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct replay *replay = arg;
    struct cm_event event;
    if (key.size != 12 || srv_get_u64((const uint8_t *)key.data + 4) != replay->place.seq)
        return srv_damaged("an event of the feed is missing", err);
    enum cm_code code = decode(value, replay->place.seq, &event, err);
    if (code == CM_OK)
        code = replay->visit(replay->arg, replay->feed, &replay->place, &event, err);
    if (code != CM_OK) {
        replay->ended = code == CM_EOF;
        return code;
    }
    replay->feed++;
    replay->place.seq++;
    return replay->feed == replay->end ? CM_EOF : CM_OK;
}

enum cm_code srv_replay(struct srv_tx *tx, uint64_t first, srv_replay_fn *visit, void *arg,
                        struct cm_err *err)
{
    struct replay replay = {.feed = first > 0 ? first : 1, .visit = visit, .arg = arg};
    for (;;) {
        struct batch batch;
        struct srv_key key;
        enum cm_code code = batch_of(tx, replay.feed, &batch, err);
        if (code != CM_OK)
            return code == CM_NOTFOUND ? CM_OK : code;
        replay.place = batch.place;
        replay.place.seq += replay.feed - batch.first;
        replay.end = batch.first + batch.count;
        event_key(replay.place.log, replay.place.seq, &key);
        code = srv_walk(tx, SRV_T_EVENTS, &key, 4, replay_event, &replay, err);
        if (code != CM_OK || replay.ended)
            return code;
        if (replay.feed != replay.end)
            return srv_damaged("the feed has events that their log has not", err);
    }
}

struct each_feed {
    struct srv_tx *tx;
    srv_feed_visit_fn *visit;
    void *arg;
    uint32_t log; /* whose name is known */
    bool known;
    struct srv_log row;
};

static enum cm_code show_replayed(void *arg, uint64_t feed, const struct srv_place *place,
                                  const struct cm_event *event, struct cm_err *err)
{
    struct each_feed *each = arg;
    struct cm_event shown = *event;
    bool erased = false;
    if (!each->known || each->log != place->log) {
        enum cm_code code = srv_load_log(each->tx, place->log, &each->row, err);
        if (code != CM_OK)
            return code;
        each->known = true;
        each->log = place->log;
    }
    enum cm_code code = srv_erased_conceal(each->tx, feed, &shown, &erased, err);
    if (code != CM_OK)
        return code;
    struct srv_feed_item item = {feed, each->row.station_id, &shown, place->received_wall_ms, erased};
    return each->visit(each->arg, &item) ? CM_OK : CM_EOF;
}

enum cm_code srv_kvs_each_feed(struct srv_store *store, uint64_t after, srv_feed_visit_fn *visit, void *arg,
                               struct cm_err *err)
{
    struct srv_tx own, *tx;
    struct each_feed each = {.visit = visit, .arg = arg};
    if (after == UINT64_MAX)
        return CM_OK;
    enum cm_code code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    each.tx = tx;
    code = srv_replay(tx, after + 1, show_replayed, &each, err);
    srv_tx_end(&own);
    return code;
}

enum cm_code srv_kvs_feed_last(struct srv_store *store, uint64_t *ret_feed, struct cm_err *err)
{
    struct srv_tx own, *tx;
    struct cm_bytes key, value;
    struct batch batch = {0};
    enum cm_code code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    code = srv_last(tx, SRV_T_FEED, &key, &value, err);
    if (code == CM_OK)
        code = take_batch(&batch, key, value, err);
    srv_tx_end(&own);
    if (code != CM_EOF && code != CM_NOTFOUND)
        return code;
    *ret_feed = code == CM_EOF ? batch.first + batch.count - 1 : 0;
    return CM_OK;
}

enum cm_code srv_kvs_get_feed(struct srv_store *store, uint64_t feed, srv_feed_visit_fn *visit, void *arg,
                              struct cm_err *err)
{
    struct srv_tx own, *tx;
    struct srv_place place;
    bool more;
    enum cm_code code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    code = srv_find_feed(tx, feed, &place, err);
    if (code == CM_OK)
        code = srv_show_event(tx, feed, &place, visit, arg, &more, err);
    srv_tx_end(&own);
    return code;
}

/* ---- activities ---- */

struct each_activity {
    struct srv_tx *tx;
    srv_activity_visit_fn *visit;
    void *arg;
    struct srv_review review;
};

static enum cm_code load_review(struct srv_tx *tx, uint64_t feed, struct srv_review *ret_review,
                                struct cm_err *err)
{
    struct srv_key key = {0};
    struct cm_bytes value;
    memset(ret_review, 0, sizeof *ret_review);
    srv_key_u64(&key, feed);
    enum cm_code code = srv_get(tx, SRV_T_REVIEWS, &key, &value, err);
    if (code != CM_OK)
        return code == CM_NOTFOUND ? CM_OK : code;
    return srv_review_decode(value, ret_review, err);
}

static bool show_activity(void *arg, const struct srv_feed_item *item)
{
    const struct each_activity *each = arg;
    return each->visit(each->arg, item, &each->review);
}

static enum cm_code visit_activity(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct each_activity *each = arg;
    struct srv_place place;
    bool more;
    if (key.size != 8)
        return srv_damaged("an activity's key has the wrong size", err);
    uint64_t feed = srv_get_u64(key.data);
    enum cm_code code = srv_place_get(value, &place, err);
    if (code == CM_OK)
        code = load_review(each->tx, feed, &each->review, err);
    if (code == CM_OK)
        code = srv_show_event(each->tx, feed, &place, show_activity, each, &more, err);
    return code == CM_OK && !more ? CM_EOF : code;
}

enum cm_code srv_kvs_each_activity(struct srv_store *store, uint64_t before, srv_activity_visit_fn *visit,
                                   void *arg, struct cm_err *err)
{
    struct srv_tx own, *tx;
    struct each_activity each = {.visit = visit, .arg = arg};
    struct srv_key last = {0};
    if (before == 1)
        return CM_OK;
    enum cm_code code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    each.tx = tx;
    srv_key_u64(&last, before - 1); /* 0 - 1: the very last */
    code = srv_walk_back(tx, SRV_T_ACTIVITIES, &last, 0, visit_activity, &each, err);
    srv_tx_end(&own);
    return code;
}

enum cm_code srv_kvs_put_review(struct srv_store *store, uint64_t feed, const struct srv_review *review,
                                struct cm_err *err)
{
    struct srv_tx *tx;
    struct srv_key key = {0};
    struct cm_bytes value;
    uint8_t row[SRV_ROW_MAX];
    size_t size;
    srv_key_u64(&key, feed);
    enum cm_code code = srv_tx_writing(store, &tx, err);
    if (code == CM_OK)
        code = srv_review_encode(review, row, &size, err);
    if (code == CM_OK)
        code = srv_get(tx, SRV_T_ACTIVITIES, &key, &value, err);
    if (code == CM_NOTFOUND)
        return cm_fail(err, CM_NOTFOUND, "there is no activity %llu", (unsigned long long)feed);
    if (code == CM_OK)
        code = srv_put(tx, SRV_T_REVIEWS, &key, row, size, err);
    return code == CM_OK ? srv_erased_note_review(tx, feed, err) : code;
}

/* ---- a student's history ---- */

struct entry {
    int32_t date;
    uint64_t feed;
};

struct history {
    struct entry *list;
    size_t count, room;
    int32_t before;
};

static enum cm_code add_entry(struct history *history, int32_t date, uint64_t feed, struct cm_err *err)
{
    if (history->count == history->room) {
        size_t room = history->room > 0 ? history->room * 2 : 256;
        struct entry *list = realloc(history->list, room * sizeof *list);
        if (list == NULL)
            return cm_fail(err, CM_NOMEM, "no memory for a student's history");
        history->list = list;
        history->room = room;
    }
    history->list[history->count++] = (struct entry){date, feed};
    return CM_OK;
}

static enum cm_code take_day(void *arg, const struct srv_student_day *day, struct cm_err *err)
{
    struct history *history = arg;
    const struct cm_evidence *evidence = &day->row->evidence;
    enum cm_code code = CM_OK;
    if (evidence->has_mark)
        code = add_entry(history, day->date, evidence->mark_number, err);
    if (code == CM_OK && evidence->has_correction)
        code = add_entry(history, day->date, evidence->correction_number, err);
    return code;
}

static enum cm_code take_other(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct history *history = arg;
    const uint8_t *end = (const uint8_t *)key.data + key.size;
    (void)value;
    if (key.size < 14)
        return srv_damaged("a history's key is cut short", err);
    int32_t date = (int32_t)srv_get_u32(end - 12);
    return date < history->before ? add_entry(history, date, srv_get_u64(end - 8), err) : CM_EOF;
}

static int newest_first(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->date != y->date)
        return x->date > y->date ? -1 : 1;
    return x->feed > y->feed ? -1 : x->feed < y->feed;
}

static enum cm_code collect(struct srv_tx *tx, const char *student_id, struct history *history,
                            struct cm_err *err)
{
    struct srv_key prefix = {0};
    srv_key_text(&prefix, student_id);
    enum cm_code code = srv_each_student_day(tx, student_id, 0, history->before - 1, take_day, history, err);
    if (code == CM_OK)
        code = srv_walk(tx, SRV_T_HISTORY, &prefix, prefix.size, take_other, history, err);
    if (history->count > 1)
        qsort(history->list, history->count, sizeof history->list[0], newest_first);
    return code;
}

enum cm_code srv_kvs_each_history(struct srv_store *store, const char *student_id, int32_t before,
                                  srv_feed_visit_fn *visit, void *arg, struct cm_err *err)
{
    struct srv_tx own, *tx;
    struct history history = {.before = before > 0 ? before : INT32_MAX};
    bool more = true;
    enum cm_code code = srv_check_id("student", student_id, err);
    if (code == CM_OK)
        code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    code = collect(tx, student_id, &history, err);
    for (size_t i = 0; i < history.count && code == CM_OK && more; i++) {
        struct srv_place place;
        code = srv_find_feed(tx, history.list[i].feed, &place, err);
        if (code == CM_OK)
            code = srv_show_event(tx, history.list[i].feed, &place, visit, arg, &more, err);
    }
    free(history.list);
    srv_tx_end(&own);
    return code;
}
