/* The rows of sessions: one student's, and a session as a whole. Standings that follow: derive_standing.c */
#include "store/derive_work.h"

#include <string.h>

/* ---- one student in one session ---- */

enum cm_code srv_relation_of(struct srv_tx *tx, const char *student_id, const char *class_id, int32_t date,
                             enum srv_relation *ret_relation, char ret_class_on[CM_ID_SIZE],
                             struct cm_err *err)
{
    bool known;
    enum cm_code code = srv_class_on(tx, student_id, date, ret_class_on, &known, err);
    if (code != CM_OK)
        return code;
    if (known && strcmp(ret_class_on, class_id) == 0)
        *ret_relation = SRV_MEMBER;
    else
        *ret_relation = known && ret_class_on[0] == '\0' ? SRV_GUEST : SRV_LENT;
    return CM_OK;
}

struct borrow {
    struct srv_tx *tx;
    const char *student_id, *class_id;
    int32_t date;
    struct cm_evidence *counts;
};

static enum cm_code borrow_from(void *arg, const char *class_id, struct cm_err *err)
{
    struct borrow *borrow = arg;
    struct srv_key key;
    struct srv_day_row other;
    if (strcmp(class_id, borrow->class_id) == 0)
        return CM_OK;
    srv_day_key(class_id, borrow->date, borrow->student_id, &key);
    enum cm_code code = srv_day_load(borrow->tx, &key, &other, err);
    if (code != CM_OK)
        return code == CM_NOTFOUND ? CM_OK : code;
    cm_evidence_merge(borrow->counts, &other.evidence);
    return CM_OK;
}

enum cm_code srv_borrow(struct srv_tx *tx, const char *student_id, const char *class_id, int32_t date,
                        struct cm_evidence *counts, struct cm_err *err)
{
    struct borrow borrow = {tx, student_id, class_id, date, counts};
    return srv_each_seen(tx, student_id, borrow_from, &borrow, err);
}

static bool same(const struct srv_day_row *a, const struct srv_day_row *b)
{
    return a->status == b->status && a->points == b->points && a->lent == b->lent &&
           a->borrowed == b->borrowed && a->captured_wall_ms == b->captured_wall_ms &&
           a->mark_feed == b->mark_feed && a->correction_feed == b->correction_feed;
}

static enum cm_code change_standing(struct srv_tx *tx, const struct srv_slot *slot, const char *student_id,
                                    enum srv_relation relation, const struct srv_day_row *old,
                                    const struct srv_day_row *row, struct cm_err *err)
{
    struct cm_day_fact was = srv_day_fact_of(old), is = srv_day_fact_of(row);
    struct cm_standing standing;
    if (memcmp(&was, &is, sizeof was) == 0)
        return CM_OK;
    srv_prefix_touch(tx->store->work, student_id, slot->date);
    if (relation == SRV_GUEST) /* he may be one in two classes on one date */
        return srv_dirty_student(tx->store->work, student_id, slot->date, err);
    enum cm_code code = srv_standing_load(tx, student_id, &standing, err);
    if (code != CM_OK)
        return code;
    if (!cm_standing_change(&standing, slot->date, slot->day == CM_DAY_SCHOOL, &was, &is))
        return srv_dirty_student(tx->store->work, student_id, slot->date, err);
    return srv_standing_save(tx, student_id, &standing, err);
}

enum cm_code srv_rederive(struct srv_tx *tx, struct srv_slot *slot, const char *student_id,
                          enum srv_relation relation, bool changed, struct srv_day_row *row,
                          struct cm_err *err)
{
    struct srv_day_row old = *row;
    struct cm_evidence counts = row->evidence;
    const struct cm_session *times = slot->known ? &slot->times : NULL;
    bool own = counts.has_mark || counts.has_correction;
    enum cm_code code = CM_OK;
    row->lent = own && relation == SRV_LENT;
    row->borrowed = false;
    if (relation == SRV_MEMBER && !own) {
        /* A station that did not know yet that he moved may have seen him for another class. Whether he was late is
         * judged by the times of his own. */
        code = srv_borrow(tx, student_id, slot->class_id, slot->date, &counts, err);
        row->borrowed = counts.has_mark || counts.has_correction;
    }
    if (code != CM_OK)
        return code;
    if (relation == SRV_LENT)
        counts = (struct cm_evidence){0};
    struct cm_outcome outcome = cm_roll_outcome(&counts, times, slot->day, (enum cm_verdict)slot->info.state,
                                                relation == SRV_MEMBER, &tx->store->work->points);
    srv_derive_day(row, &counts, &outcome);
    if (relation == SRV_LENT) { /* as it will be read again */
        row->captured_wall_ms = row->evidence.captured_wall_ms;
        row->mark_feed = row->evidence.mark_number;
        row->correction_feed = row->evidence.correction_number;
    }
    if (changed || !same(&old, row)) {
        slot->tell = true;
        struct srv_key key;
        srv_day_key(slot->class_id, slot->date, student_id, &key);
        code = srv_day_save(tx, &key, row, err);
    }
    if (code != CM_OK || tx->replay)
        return code;
    return change_standing(tx, slot, student_id, relation, &old, row, err);
}

/* ---- a session ---- */

void srv_count_day(struct srv_session_info *info, enum cm_roll_status status, int by)
{
    int32_t *const counts[] = {
        [CM_ROLL_NONE] = &info->none,       [CM_ROLL_PRESENT] = &info->present,
        [CM_ROLL_LATE] = &info->late,       [CM_ROLL_EXCUSED] = &info->excused,
        [CM_ROLL_ABSENT] = &info->absent,   [CM_ROLL_UNJUDGED] = &info->unjudged,
        [CM_ROLL_PENDING] = &info->pending,
    };
    *counts[status] += by;
}

static enum cm_code take_item(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct srv_work *work = arg;
    const uint8_t *at = key.data, *end = at + key.size;
    enum cm_code code =
        srv_grow((void **)&work->items, work->item_count, &work->item_room, sizeof work->items[0], err);
    if (code != CM_OK)
        return code;
    struct srv_day_item *item = &work->items[work->item_count];
    const char *class_id = srv_take_text(&at, end, CM_ID_SIZE);
    if (class_id == NULL || end - at < 6)
        return srv_damaged("a day's key does not decode", err);
    at += 4;
    const char *student_id = srv_take_text(&at, end, CM_ID_SIZE);
    if (student_id == NULL)
        return srv_damaged("a day's key does not decode", err);
    strcpy(item->student_id, student_id);
    code = srv_day_decode(value, &item->row, err);
    if (code == CM_OK)
        work->item_count++;
    return code;
}

static enum cm_code load_members(struct srv_tx *tx, const char *class_id, struct cm_err *err)
{
    struct srv_work *work = tx->store->work;
    if (work->members_class[0] != '\0' && strcmp(work->members_class, class_id) == 0)
        return CM_OK;
    work->members_class[0] = '\0';
    enum cm_code code = srv_members_load(tx, class_id, &work->members, err);
    if (code == CM_OK)
        strcpy(work->members_class, class_id);
    return code;
}

struct whole {
    struct srv_tx *tx;
    struct srv_slot *slot;
    size_t rows, members;
};

static enum cm_code derive_one(struct whole *w, const char *student_id, enum srv_relation relation,
                               struct srv_day_row *row, struct cm_err *err)
{
    enum cm_code code = srv_rederive(w->tx, w->slot, student_id, relation, false, row, err);
    if (code == CM_OK && w->slot->recount && !w->tx->replay)
        code = srv_dirty_student(w->tx->store->work, student_id, w->slot->date, err);
    if (code != CM_OK)
        return code;
    if (row->status != CM_ROLL_NONE || (relation == SRV_MEMBER && w->slot->day == CM_DAY_SCHOOL))
        srv_count_day(&w->slot->info, row->status, 1);
    w->rows += !srv_day_says_nothing(row);
    w->members += relation == SRV_MEMBER;
    return CM_OK;
}

static enum cm_code derive_stranger(struct whole *w, struct srv_day_item *item, struct cm_err *err)
{
    enum srv_relation relation;
    char class_on[CM_ID_SIZE];
    enum cm_code code =
        srv_relation_of(w->tx, item->student_id, w->slot->class_id, w->slot->date, &relation, class_on, err);
    return code == CM_OK ? derive_one(w, item->student_id, relation, &item->row, err) : code;
}

/* Members and rows, both in order of student, side by side. */
static enum cm_code derive_each(struct whole *w, struct cm_err *err)
{
    struct srv_work *work = w->tx->store->work;
    size_t m = 0, i = 0;
    enum cm_code code = CM_OK;
    while (code == CM_OK && (m < work->members.count || i < work->item_count)) {
        const struct srv_member *member = m < work->members.count ? &work->members.list[m] : NULL;
        if (member != NULL && !srv_member_on(member, w->slot->date)) {
            m++;
            continue;
        }
        struct srv_day_item *item = i < work->item_count ? &work->items[i] : NULL;
        int order = member == NULL ? 1 : item == NULL ? -1 : strcmp(member->student_id, item->student_id);
        struct srv_day_row empty = {0};
        if (order > 0)
            code = derive_stranger(w, item, err);
        else
            code = derive_one(w, member->student_id, SRV_MEMBER, order == 0 ? &item->row : &empty, err);
        m += order <= 0;
        i += order >= 0;
    }
    return code;
}

enum cm_code srv_derive_whole(struct srv_tx *tx, struct srv_slot *slot, struct cm_err *err)
{
    struct srv_work *work = tx->store->work;
    struct srv_session_info *info = &slot->info;
    struct whole w = {.tx = tx, .slot = slot};
    struct srv_key prefix;
    info->present = info->late = info->excused = info->absent = info->unjudged = info->pending = info->none =
        0;
    srv_session_key(slot->class_id, slot->date, &prefix);
    work->item_count = 0;
    enum cm_code code = srv_walk(tx, SRV_T_DAYS, &prefix, prefix.size, take_item, work, err);
    if (code == CM_OK)
        code = load_members(tx, slot->class_id, err);
    if (code == CM_OK)
        code = derive_each(&w, err);
    if (code != CM_OK)
        return code;
    bool said = info->state != SRV_SESSION_OPEN || info->word.word != 0 || info->able_min > 0 || w.rows > 0;
    bool exists = said && (w.rows > 0 || w.members > 0);
    bool was_there = slot->stored;
    slot->stored = exists;
    if (exists)
        return srv_session_save(tx, info, err);
    return was_there ? srv_delete(tx, SRV_T_SESSIONS, &prefix, err) : CM_OK;
}
