/* Sessions: as they are derived, and a person's closing and reopening. */
#include "store/derive_kv.h"
#include "store/kvstore.h"
#include "store/kvstore_verbs.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
                              struct srv_session_info *ret_info, bool *ret_school, struct cm_err *err)
{
    struct srv_key key;
    struct cm_bytes value;
    srv_session_key(class_id, date, &key);
    enum cm_code code = srv_get(tx, SRV_T_SESSIONS, &key, &value, err);
    return code == CM_OK ? srv_session_decode(srv_key_all(&key), value, ret_info, ret_school, err) : code;
}

/* A school day of which no event speaks yet. CM_NOTFOUND: no school. */
static enum cm_code untouched(struct srv_tx *tx, const struct cm_class *class_, int32_t date,
                              struct members *members, struct srv_session_info *ret_info, struct cm_err *err)
{
    struct srv_session_info info = {.date = date, .window_min = class_->close_after_min};
    bool school;
    enum cm_code code = srv_is_school_day(tx, class_, date, &school, err);
    if (code == CM_OK && !school)
        return CM_NOTFOUND;
    if (code == CM_OK && !members->loaded)
        code = srv_members_load(tx, class_->id, &members->list, err);
    if (code != CM_OK)
        return code;
    members->loaded = true;
    strcpy(info.class_id, class_->id);
    info.none = members_on(&members->list, date);
    info.school = true;
    *ret_info = info;
    return CM_OK;
}

static enum cm_code load_info(struct srv_tx *tx, const char *class_id, int32_t date,
                              struct srv_session_info *ret_info, struct cm_err *err)
{
    struct cm_class class_;
    struct members members = {0};
    bool school;
    enum cm_code code = srv_session_load(tx, class_id, date, ret_info, &school, err);
    if (code == CM_OK)
        ret_info->school = school;
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
    bool found, school;
    int32_t to;
};

static enum cm_code take_row(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct row_of *row = arg;
    enum cm_code code = srv_session_decode(key, value, &row->info, &row->school, err);
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
            row.info.school = row.school;
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

/* ---- closing ---- */

/* The latest word counts; of a closing and a reopening at one instant the reopening, which makes nobody absent. */
static bool counts(struct cm_bytes old, int64_t wall_ms, bool closed)
{
    const uint8_t *bytes = old.data;
    int64_t old_ms = srv_get_instant(bytes);
    return wall_ms > old_ms || (wall_ms == old_ms && bytes[8] != 0 && !closed);
}

static enum cm_code put_closing(struct srv_store *store, const char *class_id, int32_t date, const char *by,
                                int64_t wall_ms, bool closed, struct cm_err *err)
{
    struct srv_tx *tx;
    struct srv_key key;
    struct cm_bytes old;
    uint8_t bytes[9 + CM_NAME_SIZE];
    size_t length = strnlen(by, CM_NAME_SIZE);
    enum cm_code code = srv_tx_writing(store, &tx, err);
    if (code == CM_OK)
        code = srv_check_session(class_id, date, err);
    if (code == CM_OK && length == CM_NAME_SIZE)
        code = cm_fail(err, CM_INVALID, "the name of who closed it is too long");
    if (code != CM_OK)
        return code;
    srv_session_key(class_id, date, &key);
    code = srv_get(tx, SRV_T_CLOSINGS, &key, &old, err);
    if (code == CM_OK && old.size < 10)
        return srv_damaged("a closing does not decode", err);
    if (code == CM_OK && !counts(old, wall_ms, closed))
        return CM_OK;
    if (code != CM_OK && code != CM_NOTFOUND)
        return code;
    srv_put_u64(bytes, (uint64_t)wall_ms ^ UINT64_C(1) << 63);
    bytes[8] = closed;
    memcpy(bytes + 9, by, length);
    bytes[9 + length] = '\0';
    code = srv_put(tx, SRV_T_CLOSINGS, &key, bytes, 10 + length, err);
    return code == CM_OK ? srv_derive_session(tx, class_id, date, err) : code;
}

enum cm_code srv_kvs_close_session(struct srv_store *store, const char *class_id, int32_t date,
                                   const char *by, int64_t wall_ms, struct cm_err *err)
{
    return put_closing(store, class_id, date, by, wall_ms, true, err);
}

enum cm_code srv_kvs_reopen_session(struct srv_store *store, const char *class_id, int32_t date,
                                    const char *by, int64_t wall_ms, struct cm_err *err)
{
    return put_closing(store, class_id, date, by, wall_ms, false, err);
}
