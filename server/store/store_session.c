/* Sessions: as they are derived, and what people say of them. */
#include "store/derive_kv.h"
#include "store/kvstore.h"
#include "store/kvstore_verbs.h"

#include "crypt/chain.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t minute_ms = 60 * 1000;

/* ---- sessions ---- */

struct members { /* of a class, for the numbers of sessions of which nothing is known yet */
    struct srv_members list;
    bool loaded;
};

static int32_t members_on(const struct srv_members *members, int32_t date)
{
    int32_t count = 0;
    for (size_t i = 0; i < members->count; i++)
        count += srv_member_on(&members->list[i], date);
    return count;
}

enum cm_code srv_session_load(struct srv_tx *tx, const char *class_id, int32_t date,
                              struct srv_session_info *ret_info, struct cm_err *err)
{
    struct srv_key key;
    struct cm_bytes value;
    srv_session_key(class_id, date, &key);
    enum cm_code code = srv_get(tx, SRV_T_SESSIONS, &key, &value, err);
    return code == CM_OK ? srv_session_decode(srv_key_all(&key), value, ret_info, err) : code;
}

/* A school day of which no event speaks yet. CM_NOTFOUND: no school. */
static enum cm_code untouched(struct srv_tx *tx, const struct cm_class *class_, int32_t date,
                              struct members *members, struct srv_session_info *ret_info, struct cm_err *err)
{
    struct srv_session_info info = {.date = date, .school = true};
    struct srv_school_day day;
    enum cm_code code = srv_school_day(tx, class_, date, &day, err);
    if (code == CM_OK && day.day.kind != CM_DAY_SCHOOL)
        return CM_NOTFOUND;
    if (code == CM_OK && !members->loaded)
        code = srv_members_load(tx, class_->id, &members->list, err);
    if (code != CM_OK)
        return code;
    members->loaded = true;
    strcpy(info.class_id, class_->id);
    info.window_min = (int32_t)((day.day.times.close_wall_ms - day.day.times.start_wall_ms) / minute_ms);
    info.none = members_on(&members->list, date);
    *ret_info = info;
    return CM_OK;
}

static enum cm_code load_info(struct srv_tx *tx, const char *class_id, int32_t date,
                              struct srv_session_info *ret_info, struct cm_err *err)
{
    struct cm_class class_;
    struct members members = {0};
    enum cm_code code = srv_session_load(tx, class_id, date, ret_info, err);
    if (code != CM_NOTFOUND)
        return code;
    code = srv_load_class(tx, class_id, &class_, err);
    if (code == CM_OK)
        code = untouched(tx, &class_, date, &members, ret_info, err);
    free(members.list.list);
    return code;
}

enum cm_code srv_check_session(const char *class_id, int32_t date, struct cm_err *err)
{
    enum cm_code code = srv_check_id("class", class_id, err);
    if (code == CM_OK && !cm_date_valid(date))
        code = cm_fail(err, CM_INVALID, "%d is not a date", (int)date);
    return code;
}

enum cm_code srv_kvs_get_session_info(struct srv_store *store, const char *class_id, int32_t date,
                                      struct srv_session_info *ret_info, struct cm_err *err)
{
    struct srv_tx own, *tx;
    enum cm_code code = srv_check_session(class_id, date, err);
    if (code == CM_OK)
        code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    code = load_info(tx, class_id, date, ret_info, err);
    srv_tx_end(&own);
    return code;
}

struct row_of { /* the next session that has a row */
    struct srv_session_info info;
    bool found;
    int32_t to;
};

static enum cm_code take_row(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct row_of *row = arg;
    enum cm_code code = srv_session_decode(key, value, &row->info, err);
    row->found = code == CM_OK && row->info.date <= row->to;
    return code == CM_OK ? CM_EOF : code;
}

static enum cm_code next_row(struct srv_tx *tx, const char *class_id, int32_t from, int32_t to,
                             struct row_of *ret_row, struct cm_err *err)
{
    struct srv_key first;
    ret_row->found = false;
    ret_row->to = to;
    srv_session_key(class_id, from, &first);
    return srv_walk(tx, SRV_T_SESSIONS, &first, strlen(class_id) + 1, take_row, ret_row, err);
}

/* Day by day, with the rows that there are among the days that have none. */
static enum cm_code each_info(struct srv_tx *tx, const struct cm_class *class_, int32_t from, int32_t to,
                              srv_session_info_visit_fn *visit, void *arg, struct cm_err *err)
{
    struct members members = {0};
    struct row_of row;
    bool more = true;
    enum cm_code code = next_row(tx, class_->id, from, to, &row, err);
    for (int32_t date = from; code == CM_OK && more && date <= to; date = cm_date_add(date, 1)) {
        struct srv_session_info info;
        if (row.found && row.info.date == date) {
            more = visit(arg, &row.info);
            code = next_row(tx, class_->id, date + 1, to, &row, err);
        } else {
            code = untouched(tx, class_, date, &members, &info, err);
            if (code == CM_OK)
                more = visit(arg, &info);
            else if (code == CM_NOTFOUND)
                code = CM_OK;
        }
        if (date == to)
            break;
    }
    free(members.list.list);
    return code;
}

enum cm_code srv_kvs_each_session_info(struct srv_store *store, const char *class_id, int32_t from,
                                       int32_t to, srv_session_info_visit_fn *visit, void *arg,
                                       struct cm_err *err)
{
    struct srv_tx own, *tx;
    struct cm_class class_;
    enum cm_code code = srv_check_session(class_id, from, err);
    if (code == CM_OK)
        code = srv_check_session(class_id, to, err);
    if (code == CM_OK)
        code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    code = srv_load_class(tx, class_id, &class_, err);
    if (code == CM_OK)
        code = each_info(tx, &class_, from, to, visit, arg, err);
    srv_tx_end(&own);
    return code;
}

/* ---- what people say ---- */

/* Follows from what is said, so that the same word is one event however often it comes. */
static void make_id(const struct cm_session_said *said, uint8_t ret_id[16])
{
    static const uint8_t start[CM_HASH_SIZE] = "rollcall word 1";
    uint8_t bytes[CM_ID_SIZE + 4 + 1 + CM_NAME_SIZE + CM_TEXT_SIZE + 8] = {0}, hash[CM_HASH_SIZE];
    uint8_t *at = bytes;
    memcpy(at, said->class_id, strlen(said->class_id));
    srv_put_u32(at += CM_ID_SIZE, (uint32_t)said->date);
    *(at += 4) = (uint8_t)said->word;
    memcpy(at += 1, said->by, strlen(said->by));
    memcpy(at += CM_NAME_SIZE, said->reason, strlen(said->reason));
    srv_put_u64(at + CM_TEXT_SIZE, (uint64_t)said->said_wall_ms);
    cm_chain_next(start, bytes, sizeof bytes, hash);
    memcpy(ret_id, hash, 16);
    ret_id[6] = (uint8_t)((ret_id[6] & 0x0f) | 0x80); /* UUID version 8 */
    ret_id[8] = (uint8_t)((ret_id[8] & 0x3f) | 0x80);
}

enum cm_code srv_kvs_say_session(struct srv_store *store, const struct cm_session_said *said,
                                 struct cm_err *err)
{
    struct srv_tx *tx;
    struct cm_word word;
    struct cm_event event = {.type = CM_EVENT_SESSION, .wall_ms = said->said_wall_ms, .body.session = *said};
    enum cm_code code = srv_tx_writing(store, &tx, err);
    if (code == CM_OK)
        code = srv_check_session(said->class_id, said->date, err);
    if (code == CM_OK && (strnlen(said->by, sizeof said->by) == sizeof said->by ||
                          strnlen(said->reason, sizeof said->reason) == sizeof said->reason))
        code = cm_fail(err, CM_INVALID, "the name or the reason is too long");
    if (code == CM_OK)
        code = srv_word_load(tx, said->class_id, said->date, &word, err);
    if (code != CM_OK)
        return code;
    make_id(said, event.id);
    if (word.word != 0 && memcmp(word.id, event.id, sizeof word.id) == 0)
        return CM_OK;
    return srv_kvs_append_own(store, &event, NULL, err);
}
