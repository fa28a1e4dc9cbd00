#include "store/store_rebuild.h"

#include "store/derive_kv.h"
#include "store/kvstore_verbs.h"
#include <stdlib.h>
#include <string.h>

enum { EVENTS_A_WRITE = 20000, STUDENTS_A_WRITE = 2000 };

/* Of the rows that are derived: another one, and they are made anew at the start. */
enum { FORMAT = 3 };

static const char unfinished_word[] = "rebuild", zone_word[] = "zone", format_word[] = "derived_format";

static enum cm_code replay_one(void *arg, uint64_t feed, const struct srv_place *place,
                               const struct cm_event *event, struct cm_err *err)
{
    struct srv_rebuild *r = arg;
    enum cm_code code = srv_derive_event(r->tx, feed, place, event, err);
    if (code != CM_OK)
        return code;
    r->feed = feed;
    return --r->left == 0 ? CM_EOF : CM_OK;
}

static enum cm_code replay_some(struct srv_rebuild *r, struct srv_tx *tx, struct cm_err *err)
{
    uint64_t before = r->feed;
    r->tx = tx;
    r->left = EVENTS_A_WRITE;
    enum cm_code code = srv_replay(tx, r->feed + 1, replay_one, r, err);
    if (code == CM_OK && r->feed == before)
        r->stage = SRV_REBUILD_CLASSES;
    return code;
}

enum cm_code srv_rebuild_part(struct srv_rebuild *r, struct srv_tx *tx, struct cm_err *err)
{
    char last[CM_ID_SIZE] = "";
    enum cm_code code = CM_OK;
    tx->replay = r->stage != SRV_REBUILD_STUDENTS;
    switch (r->stage) {
    case SRV_REBUILD_EVENTS:
        return replay_some(r, tx, err);
    case SRV_REBUILD_CLASSES:
        code = srv_derive_next_class(tx, r->after, last, err);
        break;
    case SRV_REBUILD_STUDENTS:
        code = srv_derive_next_students(tx, r->after, STUDENTS_A_WRITE, last, err);
        break;
    case SRV_REBUILD_DONE:
        return CM_OK;
    }
    if (code != CM_OK)
        return code;
    strcpy(r->after, last);
    if (last[0] == '\0')
        r->stage = r->stage == SRV_REBUILD_CLASSES ? SRV_REBUILD_STUDENTS : SRV_REBUILD_DONE;
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
    if (code == CM_OK)
        code = srv_put_counter(tx, format_word, FORMAT, err);
    return code == CM_OK ? put_zone(tx, err) : code;
}

static enum cm_code next_part(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct srv_rebuild *r = arg, before = *r;
    struct srv_tx *tx;
    enum cm_code code = srv_tx_writing(store, &tx, err);
    if (code != CM_OK)
        return code;
    code = srv_rebuild_part(r, tx, err);
    if (code == CM_OK && r->stage == SRV_REBUILD_DONE)
        code = srv_put_counter(tx, unfinished_word, 0, err);
    if (code == CM_OK && r->stage == SRV_REBUILD_DONE)
        code = srv_note_rolls(tx, NULL, err);
    if (code != CM_OK)
        *r = before; /* it may be run again */
    return code;
}

enum cm_code srv_kvs_rebuild(struct srv_store *store, srv_store_progress_fn *progress, void *arg,
                             struct cm_err *err)
{
    struct srv_rebuild r = {0};
    uint64_t last;
    enum cm_code code = srv_kvs_feed_last(store, &last, err);
    if (code == CM_OK)
        code = srv_kvs_write(store, begin_rebuild, NULL, err);
    while (code == CM_OK && r.stage != SRV_REBUILD_DONE) {
        code = srv_kvs_write(store, next_part, &r, err);
        if (code == CM_OK && progress != NULL)
            progress(arg, r.feed, last);
    }
    return code;
}

/* ---- stores of version 1: closings become what people said ---- */

enum { CLOSINGS_A_WRITE = 500 };

struct closings {
    struct cm_session_said list[CLOSINGS_A_WRITE];
    int count;
};

static enum cm_code take_closing(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct closings *closings = arg;
    const uint8_t *at = key.data, *end = at + key.size, *bytes = value.data, *rest = bytes + 9;
    struct cm_session_said said = {.date = 0};
    const char *class_id = srv_take_text(&at, end, CM_ID_SIZE);
    const char *by = value.size > 9 ? srv_take_text(&rest, bytes + value.size, CM_NAME_SIZE) : NULL;
    if (class_id == NULL || end - at != 4 || by == NULL)
        return srv_damaged("a closing does not decode", err);
    strcpy(said.class_id, class_id);
    strcpy(said.by, by);
    said.date = (int32_t)srv_get_u32(at);
    said.said_wall_ms = srv_get_instant(bytes);
    said.word = bytes[8] != 0 ? CM_WORD_CLOSED : CM_WORD_REOPENED;
    closings->list[closings->count++] = said;
    return closings->count == CLOSINGS_A_WRITE ? CM_EOF : CM_OK;
}

static enum cm_code turn_closings(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct closings *closings = arg;
    struct srv_tx *tx;
    struct srv_key all = {0}, key;
    closings->count = 0;
    enum cm_code code = srv_tx_writing(store, &tx, err);
    if (code == CM_OK)
        code =
            srv_put_counter(tx, unfinished_word, 1, err); /* before anything derived of version 1 is read */
    for (int table = SRV_T_DERIVED; table < SRV_TABLES && code == CM_OK; table++)
        code = srv_clear(tx, (enum srv_table)table, err);
    if (code == CM_OK)
        code = srv_walk(tx, SRV_T_CLOSINGS, &all, 0, take_closing, closings, err);
    for (int i = 0; i < closings->count && code == CM_OK; i++) {
        srv_session_key(closings->list[i].class_id, closings->list[i].date, &key);
        code = srv_kvs_say_session(store, &closings->list[i], err);
        if (code == CM_OK)
            code = srv_delete(tx, SRV_T_CLOSINGS, &key, err);
    }
    return code;
}

static enum cm_code bring_up_to_date(struct srv_store *store, struct cm_err *err)
{
    struct closings *closings = malloc(sizeof *closings);
    if (closings == NULL)
        return cm_fail(err, CM_NOMEM, "no memory to bring the store up to date");
    enum cm_code code;
    do
        code = srv_kvs_write(store, turn_closings, closings, err);
    while (code == CM_OK && closings->count > 0);
    free(closings);
    return code;
}

struct state {
    uint64_t unfinished, format;
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
    if (code == CM_OK)
        code = srv_get_counter(tx, format_word, &state->format, err);
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
    if (code != CM_OK || (state.same_zone && state.unfinished == 0 && state.format == FORMAT))
        return code;
    if (store->read_only)
        return state.unfinished == 0
                   ? CM_OK
                   : cm_fail(err, CM_CORRUPT, "a rebuild of the store was cut short: run rebuild again");
    if (state.format < FORMAT)
        code = bring_up_to_date(&store->base, err);
    return code == CM_OK ? srv_kvs_rebuild(&store->base, NULL, NULL, err) : code;
}
