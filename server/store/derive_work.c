/* What a write must derive anew: collecting it, and doing it at the end. */
#include "store/derive_work.h"

#include <stdlib.h>
#include <string.h>

enum cm_code srv_work_create(struct srv_work **ret_work, struct cm_err *err)
{
    struct srv_work *work = calloc(1, sizeof *work);
    if (work == NULL)
        return cm_fail(err, CM_NOMEM, "no memory for the store");
    for (int i = 0; i < SRV_BUCKETS; i++)
        work->buckets[i] = -1;
    *ret_work = work;
    return CM_OK;
}

void srv_work_destroy(struct srv_work *work)
{
    if (work == NULL)
        return;
    free(work->slots);
    free(work->students);
    free(work->prefixes);
    free(work->rules);
    free(work->services);
    free(work->reaches);
    free(work->members.list);
    free(work->items);
    free(work->edges);
    free(work->serving);
    free(work);
}

static void drop_slots(struct srv_work *work)
{
    if (work->slot_count > 0) {
        for (int i = 0; i < SRV_BUCKETS; i++)
            work->buckets[i] = -1;
    }
    work->slot_count = 0;
    work->student_count = 0;
}

void srv_work_forget(struct srv_work *work)
{
    work->rules_read = false;
    work->members_class[0] = '\0';
}

void srv_work_reset(struct srv_work *work, uint64_t number)
{
    drop_slots(work);
    srv_work_forget(work);
    if (!work->prefixes_hold ||
        work->prefixes_number + 1 != number) /* undone, or somebody else wrote since */
        srv_prefixes_forget(work);
    work->prefixes_hold = false;
    work->prefixes_number = number;
}

void srv_work_committed(struct srv_work *work)
{
    work->prefixes_hold = true;
}

bool srv_work_pending(const struct srv_work *work)
{
    return work->slot_count > 0 || work->student_count > 0;
}

/* ---- slots ---- */

static uint32_t bucket_of(const char *class_id, int32_t date)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (const char *at = class_id; *at != '\0'; at++)
        hash = (hash ^ (uint8_t)*at) * 16777619u;
    for (int shift = 0; shift < 32; shift += 8)
        hash = (hash ^ ((uint32_t)date >> shift & 0xff)) * 16777619u;
    return (hash ^ hash >> 15) % SRV_BUCKETS;
}

enum cm_code srv_slot_refresh(struct srv_tx *tx, struct srv_slot *slot, struct cm_err *err)
{
    struct srv_rules *rules = srv_rules_of(tx->store->work, slot->class_id);
    const struct cm_day *day;
    slot->known = rules != NULL;
    slot->day = CM_DAY_OFF;
    if (rules == NULL)
        return CM_OK;
    enum cm_code code = srv_rules_day(tx, rules, slot->date, &day, err);
    if (code != CM_OK)
        return code;
    slot->times = day->times;
    slot->day = day->kind;
    return CM_OK;
}

static enum cm_code read_slot(struct srv_tx *tx, struct srv_slot *slot, struct cm_err *err)
{
    struct srv_key key;
    struct cm_bytes value;
    enum cm_code code = srv_slot_refresh(tx, slot, err);
    if (code != CM_OK)
        return code;
    srv_session_key(slot->class_id, slot->date, &key);
    code = srv_get(tx, SRV_T_SESSIONS, &key, &value, err);
    if (code == CM_NOTFOUND) {
        strcpy(slot->info.class_id, slot->class_id);
        slot->info.date = slot->date;
        slot->judge = slot->full = true; /* its numbers are not known yet */
        return CM_OK;
    }
    if (code == CM_OK)
        code = srv_session_decode(srv_key_all(&key), value, &slot->info, err);
    slot->stored = true;
    return code;
}

enum cm_code srv_slot_of(struct srv_tx *tx, const char *class_id, int32_t date, struct srv_slot **ret_slot,
                         struct cm_err *err)
{
    struct srv_work *work = tx->store->work;
    uint32_t bucket = bucket_of(class_id, date);
    for (int i = work->buckets[bucket]; i >= 0; i = work->slots[i].next) {
        if (work->slots[i].date == date && strcmp(work->slots[i].class_id, class_id) == 0) {
            *ret_slot = &work->slots[i];
            return CM_OK;
        }
    }
    enum cm_code code = CM_OK;
    if (work->slot_count >= SRV_SLOTS_MAX)
        code = srv_work_flush(tx, err);
    if (code == CM_OK)
        code = srv_rules_read(tx, err);
    if (code == CM_OK)
        code =
            srv_grow((void **)&work->slots, work->slot_count, &work->slot_room, sizeof work->slots[0], err);
    if (code != CM_OK)
        return code;
    struct srv_slot *slot = &work->slots[work->slot_count];
    memset(slot, 0, sizeof *slot);
    strcpy(slot->class_id, class_id);
    slot->date = date;
    code = read_slot(tx, slot, err);
    if (code != CM_OK)
        return code;
    slot->next = work->buckets[bucket];
    work->buckets[bucket] = (int)work->slot_count++;
    *ret_slot = slot;
    return CM_OK;
}

enum cm_code srv_dirty_student(struct srv_work *work, const char *student_id, int32_t date,
                               struct cm_err *err)
{
    enum cm_code code = srv_grow((void **)&work->students, work->student_count, &work->student_room,
                                 sizeof work->students[0], err);
    if (code != CM_OK)
        return code;
    struct srv_dirty *dirty = &work->students[work->student_count++];
    strcpy(dirty->student_id, student_id);
    dirty->date = date;
    srv_prefix_touch(work, student_id, date);
    return CM_OK;
}

/* ---- doing it ---- */

static int by_class(const void *a, const void *b)
{
    const struct srv_slot *x = a, *y = b;
    int order = strcmp(x->class_id, y->class_id);
    if (order != 0)
        return order;
    return x->date < y->date ? -1 : x->date > y->date;
}

static bool same_word(const struct cm_word *a, const struct cm_word *b)
{
    return a->word == b->word && memcmp(a->id, b->id, sizeof a->id) == 0;
}

static bool same_numbers(const struct srv_session_info *a, const struct srv_session_info *b)
{
    return a->present == b->present && a->late == b->late && a->excused == b->excused &&
           a->absent == b->absent && a->unjudged == b->unjudged && a->pending == b->pending &&
           a->none == b->none;
}

static enum cm_code finish_slot(struct srv_tx *tx, struct srv_slot *slot, struct cm_err *err)
{
    struct srv_session_info before = slot->info;
    bool was_there = slot->stored;
    enum cm_code code = CM_OK;
    if (slot->judge || slot->full) {
        code = srv_judge(tx, slot, err);
        bool settled = before.state != slot->info.state || !same_word(&before.word, &slot->info.word);
        slot->full = slot->full || settled;
        slot->tell = slot->tell || settled;
        slot->counts = slot->counts || before.able_min != slot->info.able_min ||
                       before.window_min != slot->info.window_min || before.school != slot->info.school;
    }
    if (code == CM_OK && slot->full)
        code = srv_derive_whole(tx, slot, err);
    else if (code == CM_OK && slot->counts)
        code = srv_session_save(tx, &slot->info, err);
    slot->tell = slot->tell || slot->recount || !same_numbers(&before, &slot->info);
    slot->tell = slot->stored != was_there || (slot->tell && was_there);
    return code == CM_OK && slot->tell && !tx->replay ? srv_note_roll(tx, slot->class_id, slot->date, err)
                                                      : code;
}

/* A slot without a row may lose its only reason to have one: whether coverage is left is seen by the whole. */
static void widen(struct srv_slot *slot)
{
    if (slot->judge && slot->info.state == SRV_SESSION_OPEN)
        slot->full = true;
}

static enum cm_code finish_slots(struct srv_tx *tx, struct cm_err *err)
{
    struct srv_work *work = tx->store->work;
    enum cm_code code = srv_rules_read(tx, err);
    if (work->slot_count > 1)
        qsort(work->slots, work->slot_count, sizeof work->slots[0], by_class);
    for (size_t i = 0; i < work->slot_count && code == CM_OK; i++) {
        widen(&work->slots[i]);
        code = finish_slot(tx, &work->slots[i], err);
    }
    return code;
}

enum cm_code srv_work_flush(struct srv_tx *tx, struct cm_err *err)
{
    struct srv_work *work = tx->store->work;
    if (!srv_work_pending(work)) /* most writes; the rules of all classes are not read for them */
        return CM_OK;
    enum cm_code code = finish_slots(tx, err);
    if (code == CM_OK && !tx->replay)
        code = srv_sum_up_dirty(tx, err);
    drop_slots(work);
    return code;
}
