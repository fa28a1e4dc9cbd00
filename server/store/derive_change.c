/* What follows from a change of the roster, the calendar or the stations: which sessions must be looked at again. */
#include "store/derive_work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum concern { JUDGE = 1, WHOLE = 2, RECOUNT = 4 };

static enum cm_code concern(struct srv_tx *tx, const char *class_id, int32_t date, int what,
                            struct cm_err *err)
{
    struct srv_slot *slot;
    enum cm_code code = srv_slot_of(tx, class_id, date, &slot, err);
    if (code != CM_OK)
        return code;
    if ((what & WHOLE) != 0)
        code = srv_slot_refresh(tx, slot, err);
    slot->judge = true;
    slot->full = slot->full || (what & WHOLE) != 0;
    slot->recount = slot->recount || (what & RECOUNT) != 0;
    return code;
}

/* ---- the dates of a class ---- */

struct dates {
    struct srv_work *work;
    int32_t *list;
    size_t count, room;
    int32_t until; /* not from this one on */
    enum cm_code code;
};

static enum cm_code add_date(struct dates *dates, int32_t date, struct cm_err *err)
{
    enum cm_code code =
        srv_grow((void **)&dates->list, dates->count, &dates->room, sizeof dates->list[0], err);
    if (code == CM_OK)
        dates->list[dates->count++] = date;
    return code;
}

static enum cm_code take_date(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct dates *dates = arg;
    (void)value;
    if (key.size < 6)
        return srv_damaged("a session's key is cut short", err);
    const uint8_t *bytes = key.data;
    int32_t date = (int32_t)srv_get_u32(bytes + strnlen((const char *)bytes, key.size - 5) + 1);
    if (date >= dates->until)
        return CM_EOF;
    if (dates->count > 0 && dates->list[dates->count - 1] == date)
        return CM_OK;
    return add_date(dates, date, err);
}

/* Where a station's log speaks of the class. */
static enum cm_code add_reach(struct srv_tx *tx, const char *class_id, int32_t from, struct dates *dates,
                              struct cm_err *err)
{
    struct srv_work *work = tx->store->work;
    int64_t first_ms = INT64_MAX, last_ms = INT64_MIN;
    for (size_t i = 0; i < work->reach_count; i++) {
        const struct srv_reach *reach = &work->reaches[i];
        if (reach->reach_wall_ms == 0 || !srv_log_serves(work, reach->log, class_id))
            continue;
        first_ms = reach->first_wall_ms < first_ms ? reach->first_wall_ms : first_ms;
        last_ms = reach->latest_wall_ms > last_ms ? reach->latest_wall_ms : last_ms;
    }
    if (first_ms > last_ms)
        return CM_OK;
    int32_t first = cm_date_add(cm_zone_date(tx->store->zone, first_ms), -1);
    int32_t last = cm_zone_date(tx->store->zone, last_ms);
    enum cm_code code = CM_OK;
    for (int32_t date = first > from ? first : from;
         code == CM_OK && cm_date_valid(date) && date <= last && date < dates->until;
         date = cm_date_add(date, 1))
        code = add_date(dates, date, err);
    return code;
}

static int by_number(const void *a, const void *b)
{
    int32_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return x < y ? -1 : x > y;
}

/* Every date on which the class has, or may now have, a session. */
static enum cm_code concern_class(struct srv_tx *tx, const char *class_id, int32_t from, int32_t until,
                                  int what, struct cm_err *err)
{
    static const enum srv_table tables[] = {SRV_T_SESSIONS, SRV_T_DAYS, SRV_T_WORDS};
    struct dates dates = {.work = tx->store->work, .until = until};
    struct srv_key first;
    srv_session_key(class_id, from, &first);
    enum cm_code code = srv_rules_read(tx, err);
    for (size_t i = 0; i < sizeof tables / sizeof tables[0] && code == CM_OK; i++) {
        if (tables[i] != SRV_T_DAYS || tx->replay) /* else each day's session has a row */
            code = srv_walk(tx, tables[i], &first, strlen(class_id) + 1, take_date, &dates, err);
    }
    if (code == CM_OK)
        code = add_reach(tx, class_id, from, &dates, err);
    if (dates.count > 1)
        qsort(dates.list, dates.count, sizeof dates.list[0], by_number);
    for (size_t i = 0; i < dates.count && code == CM_OK; i++) {
        if (i == 0 || dates.list[i] != dates.list[i - 1])
            code = concern(tx, class_id, dates.list[i], what, err);
    }
    free(dates.list);
    return code;
}

/* The classes of the roster, copied: slots may be flushed, and the rules read again, while they are gone through. */
static enum cm_code copy_classes(struct srv_tx *tx, char (**ret_ids)[CM_ID_SIZE], size_t *ret_count,
                                 struct cm_err *err)
{
    struct srv_work *work = tx->store->work;
    enum cm_code code = srv_rules_read(tx, err);
    if (code != CM_OK)
        return code;
    char(*ids)[CM_ID_SIZE] = malloc((work->rule_count + 1) * sizeof *ids);
    if (ids == NULL)
        return cm_fail(err, CM_NOMEM, "no memory for the classes");
    for (size_t i = 0; i < work->rule_count; i++)
        strcpy(ids[i], work->rules[i].id);
    *ret_ids = ids;
    *ret_count = work->rule_count;
    return CM_OK;
}

/* ---- what changed ---- */

enum cm_code srv_derive_class(struct srv_tx *tx, const char *class_id, struct cm_err *err)
{
    srv_work_forget(tx->store->work);
    return concern_class(tx, class_id, 0, INT32_MAX, WHOLE | RECOUNT, err);
}

enum cm_code srv_derive_closure(struct srv_tx *tx, const char *class_id, int32_t date, struct cm_err *err)
{
    char(*ids)[CM_ID_SIZE];
    size_t count;
    srv_rules_forget_day(tx->store->work, class_id);
    if (class_id[0] != '\0')
        return concern(tx, class_id, date, WHOLE | RECOUNT, err);
    enum cm_code code = copy_classes(tx, &ids, &count, err);
    if (code != CM_OK)
        return code;
    for (size_t i = 0; i < count && code == CM_OK; i++)
        code = concern(tx, ids[i], date, WHOLE | RECOUNT, err);
    free(ids);
    return code;
}

enum cm_code srv_derive_session(struct srv_tx *tx, const char *class_id, int32_t date, struct cm_err *err)
{
    return concern(tx, class_id, date, JUDGE, err);
}

enum cm_code srv_derive_service(struct srv_tx *tx, const char *class_id, int32_t from, struct cm_err *err)
{
    char(*ids)[CM_ID_SIZE];
    size_t count;
    srv_work_forget(tx->store->work);
    if (class_id[0] != '\0')
        return concern_class(tx, class_id, from, INT32_MAX, JUDGE, err);
    enum cm_code code = copy_classes(tx, &ids, &count, err);
    if (code != CM_OK)
        return code;
    for (size_t i = 0; i < count && code == CM_OK; i++)
        code = concern_class(tx, ids[i], from, INT32_MAX, JUDGE, err);
    free(ids);
    return code;
}

enum cm_code srv_derive_all_sessions(struct srv_tx *tx, struct cm_err *err)
{
    return srv_derive_service(tx, "", 0, err);
}

/* The session of the class that he is in on that date, which may count what another class's station saw. */
static enum cm_code concern_own_class(struct srv_tx *tx, const char *student_id, int32_t date,
                                      struct cm_err *err)
{
    char class_id[CM_ID_SIZE];
    bool known;
    enum cm_code code = srv_class_on(tx, student_id, date, class_id, &known, err);
    return code == CM_OK && class_id[0] != '\0' ? concern(tx, class_id, date, WHOLE, err) : code;
}

struct dated { /* ids, each with a date */
    struct {
        char id[CM_ID_SIZE];
        int32_t date;
    } * list;
    size_t count, room;
};

static enum cm_code take_his_day(void *arg, const struct srv_student_day *day, struct cm_err *err)
{
    struct dated *his = arg;
    enum cm_code code = srv_grow((void **)&his->list, his->count, &his->room, sizeof his->list[0], err);
    if (code != CM_OK)
        return code;
    strcpy(his->list[his->count].id, day->class_id);
    his->list[his->count++].date = day->date;
    return CM_OK;
}

static enum cm_code concern_his_days(struct srv_tx *tx, const char *student_id, int32_t from, int32_t to,
                                     bool erase, struct cm_err *err)
{
    struct dated his = {0};
    enum cm_code code = srv_each_student_day(tx, student_id, from, to, take_his_day, &his, err);
    for (size_t i = 0; i < his.count && code == CM_OK; i++) {
        struct srv_key key;
        srv_day_key(his.list[i].id, his.list[i].date, student_id, &key);
        if (erase)
            code = srv_delete(tx, SRV_T_DAYS, &key, err);
        if (code == CM_OK)
            code = concern(tx, his.list[i].id, his.list[i].date, WHOLE, err);
        if (code == CM_OK)
            code = concern_own_class(tx, student_id, his.list[i].date, err);
    }
    free(his.list);
    return code;
}

enum cm_code srv_derive_membership(struct srv_tx *tx, const char *student_id, const char *class_id,
                                   int32_t from, int32_t to, struct cm_err *err)
{
    tx->store->work->members_class[0] = '\0';
    enum cm_code code = concern_class(tx, class_id, from, to != 0 ? to : INT32_MAX, WHOLE, err);
    if (code == CM_OK) /* what he has in other classes on these dates counts otherwise now */
        code = concern_his_days(tx, student_id, from, to != 0 ? cm_date_add(to, -1) : INT32_MAX, false, err);
    return code == CM_OK ? srv_dirty_student(tx->store->work, student_id, 0, err) : code;
}

enum cm_code srv_derive_student(struct srv_tx *tx, const char *student_id, struct cm_err *err)
{
    return concern_his_days(tx, student_id, 0, INT32_MAX, false, err);
}

enum cm_code srv_derive_erase(struct srv_tx *tx, const char *student_id, struct cm_err *err)
{
    struct srv_key key = {0};
    if (srv_work_pending(tx->store->work)) { /* rows that are still to be written would come back */
        enum cm_code code = srv_work_flush(tx, err);
        if (code != CM_OK)
            return code;
    }
    srv_prefix_touch(tx->store->work, student_id, 0);
    enum cm_code code = concern_his_days(tx, student_id, 0, INT32_MAX, true, err);
    srv_key_text(&key, student_id);
    if (code == CM_OK)
        code = srv_delete_prefix(tx, SRV_T_HISTORY, &key, err);
    if (code == CM_OK)
        code = srv_delete_prefix(tx, SRV_T_SEEN, &key, err);
    if (code == CM_OK)
        code = srv_delete(tx, SRV_T_STANDINGS, &key, err);
    if (code == CM_OK)
        code = srv_consent_forget(tx, student_id, err);
    tx->store->work->members_class[0] = '\0';
    return code;
}

/* ---- logs ---- */

static bool is_between(int64_t wall_ms, int64_t from_ms, int64_t to_ms)
{
    return wall_ms > from_ms && wall_ms <= to_ms;
}

/* The sessions of one class that begin or end after `from` and not after `to`. */
static enum cm_code concern_edges(struct srv_tx *tx, const char *class_id, int64_t from_ms, int64_t to_ms,
                                 struct cm_err *err)
{
    struct srv_work *work = tx->store->work;
    int32_t last = cm_zone_date(tx->store->zone, to_ms);
    enum cm_code code = CM_OK;
    for (int32_t date = cm_date_add(cm_zone_date(tx->store->zone, from_ms), -1);
         code == CM_OK && date <= last; date = cm_date_add(date, 1)) {
        struct srv_rules *rules = srv_rules_of(work, class_id);
        if (rules == NULL || !cm_class_meets(&rules->class_, date))
            continue;
        const struct cm_day *day;
        code = srv_rules_day(tx, rules, date, &day, err);
        if (code == CM_OK && (is_between(day->times.start_wall_ms, from_ms, to_ms) ||
                              is_between(day->times.close_wall_ms, from_ms, to_ms)))
            code = concern(tx, class_id, date, JUDGE, err);
    }
    return code;
}

static struct srv_reach *update_reach(struct srv_work *work, uint32_t log, const struct srv_log *after)
{
    for (size_t i = 0; i < work->reach_count; i++) {
        struct srv_reach *reach = &work->reaches[i];
        if (reach->log != log)
            continue;
        reach->first_wall_ms = after->first_wall_ms;
        reach->reach_wall_ms = after->reach_wall_ms;
        reach->latest_wall_ms = after->latest_wall_ms;
        return reach;
    }
    return NULL;
}

/* The sessions that end after this instant are those of which something changes. A log that has its first events: those
 * that waited for it since it was paired. */
static int64_t changes_from(const struct srv_log *before, const struct srv_log *after,
                            const struct srv_reach *reach)
{
    if (before->acked_seq > 0)
        return before->reach_wall_ms;
    int64_t from_ms = after->first_wall_ms - 1;
    if (reach != NULL && reach->paired_wall_ms != 0 && reach->paired_wall_ms < from_ms)
        from_ms = reach->paired_wall_ms;
    return from_ms;
}

enum cm_code srv_derive_reach(struct srv_tx *tx, uint32_t log, const struct srv_log *before,
                              const struct srv_log *after, struct cm_err *err)
{
    struct srv_work *work = tx->store->work;
    if (before->acked_seq == 0) /* it is new among the logs that say anything */
        work->rules_read = false;
    enum cm_code code = srv_rules_read(tx, err);
    if (code != CM_OK)
        return code;
    int64_t from = changes_from(before, after, update_reach(work, log, after));
    int64_t to = after->reach_wall_ms;
    if (from > to) { /* the clock was set back */
        int64_t higher = from;
        from = to;
        to = higher;
    }
    for (size_t i = 0; i < work->rule_count && code == CM_OK; i++) {
        const char *class_id = work->rules[i].id;
        if (!srv_log_serves(work, log, class_id))
            continue;
        /* A new log: the sessions after its reach, which others settled, wait for it now. */
        if (before->acked_seq == 0)
            code = concern_class(tx, class_id, cm_date_add(cm_zone_date(tx->store->zone, from), -1),
                                 INT32_MAX, JUDGE, err);
        else
            code = concern_edges(tx, class_id, from, to, err);
    }
    return code;
}

/* ---- everything ---- */

struct next_class {
    const char *after;
    char *found;
};

static enum cm_code take_next_class(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct next_class *next = arg;
    const uint8_t *at = key.data;
    const char *class_id = srv_take_text(&at, at + key.size, CM_ID_SIZE);
    (void)value;
    if (class_id == NULL)
        return srv_damaged("a class's key does not decode", err);
    if (strcmp(class_id, next->after) == 0)
        return CM_OK;
    if (next->found[0] == '\0' || strcmp(class_id, next->found) < 0)
        strcpy(next->found, class_id);
    return CM_EOF;
}

/* Sessions of other classes that count what was seen here: by their own they may have no reason to be looked at. */
static enum cm_code take_lent(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct dated *lent = arg;
    const uint8_t *at = key.data, *end = at + key.size;
    struct srv_day_row row;
    enum cm_code code = srv_day_decode(value, &row, err);
    if (code != CM_OK || !row.lent)
        return code;
    if (srv_take_text(&at, end, CM_ID_SIZE) == NULL || end - at < 6)
        return srv_damaged("a day's key does not decode", err);
    code = srv_grow((void **)&lent->list, lent->count, &lent->room, sizeof lent->list[0], err);
    if (code != CM_OK)
        return code;
    lent->list[lent->count].date = (int32_t)srv_get_u32(at);
    snprintf(lent->list[lent->count].id, CM_ID_SIZE, "%s", (const char *)at + 4);
    lent->count++;
    return CM_OK;
}

static enum cm_code concern_lenders(struct srv_tx *tx, const char *class_id, struct cm_err *err)
{
    struct dated lent = {0};
    struct srv_key prefix = {0};
    srv_key_text(&prefix, class_id);
    enum cm_code code = srv_walk(tx, SRV_T_DAYS, &prefix, prefix.size, take_lent, &lent, err);
    for (size_t i = 0; i < lent.count && code == CM_OK; i++)
        code = concern_own_class(tx, lent.list[i].id, lent.list[i].date, err);
    free(lent.list);
    return code;
}

enum cm_code srv_derive_next_class(struct srv_tx *tx, const char *after, char ret_last[CM_ID_SIZE],
                                   struct cm_err *err)
{
    static const enum srv_table tables[] = {SRV_T_CLASSES, SRV_T_DAYS, SRV_T_WORDS};
    char found[CM_ID_SIZE] = "";
    struct next_class next = {after, found};
    struct srv_key first = {0};
    srv_key_bytes(&first, after, strlen(after));
    srv_key_byte(&first, after[0] != '\0' ? 1 : 0); /* behind everything of `after` itself */
    srv_prefixes_forget(tx->store->work);
    enum cm_code code = CM_OK;
    for (size_t i = 0; i < sizeof tables / sizeof tables[0] && code == CM_OK; i++)
        code = srv_walk(tx, tables[i], &first, 0, take_next_class, &next, err);
    if (code == CM_OK && found[0] != '\0')
        code = concern_class(tx, found, 0, INT32_MAX, WHOLE, err);
    if (code == CM_OK)
        code = srv_work_flush(tx, err);
    if (code == CM_OK && found[0] != '\0')
        code = concern_lenders(tx, found, err);
    if (code == CM_OK)
        code = srv_work_flush(tx, err);
    if (code == CM_OK)
        strcpy(ret_last, found);
    return code;
}

enum cm_code srv_derive_all_days(struct srv_tx *tx, struct cm_err *err)
{
    char last[CM_ID_SIZE] = "";
    enum cm_code code = CM_OK;
    srv_work_forget(tx->store->work);
    do
        code = srv_derive_next_class(tx, last, last, err);
    while (code == CM_OK && last[0] != '\0');
    return code;
}

struct next_students {
    struct srv_tx *tx;
    size_t left;
    char (*ids)[CM_ID_SIZE];
    size_t count;
};

static enum cm_code take_student(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct next_students *next = arg;
    const uint8_t *at = key.data;
    const char *id = srv_take_text(&at, at + key.size, CM_ID_SIZE);
    (void)value;
    if (id == NULL)
        return srv_damaged("a student's key does not decode", err);
    strcpy(next->ids[next->count++], id);
    return next->count == next->left ? CM_EOF : CM_OK;
}

enum cm_code srv_derive_next_students(struct srv_tx *tx, const char *after, size_t count,
                                      char ret_last[CM_ID_SIZE], struct cm_err *err)
{
    struct next_students next = {.tx = tx, .left = count, .ids = calloc(count, sizeof *next.ids)};
    struct srv_key first = {0};
    if (next.ids == NULL)
        return cm_fail(err, CM_NOMEM, "no memory for the students");
    srv_key_bytes(&first, after, strlen(after));
    srv_key_byte(&first, after[0] != '\0' ? 1 : 0);
    enum cm_code code = srv_walk(tx, SRV_T_STUDENTS, &first, 0, take_student, &next, err);
    for (size_t i = 0; i < next.count && code == CM_OK; i++)
        code = srv_sum_up(tx, next.ids[i], err);
    if (code == CM_OK)
        strcpy(ret_last, next.count == count ? next.ids[count - 1] : "");
    free(next.ids);
    return code;
}
