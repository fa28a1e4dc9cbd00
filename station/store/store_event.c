/* Events, and the roll entries that follow from them. */
#include "store/store.h"

#include "record/table.h"
#include "store/store_private.h"
#include <string.h>

/* ---- roll entries: keys and values ---- */

struct roll_record { /* as stored */
    struct cm_roll_entry entry;
    struct cm_extra extra;
};

static const struct cm_field roll_rows[] = {
    CM_ROW(struct roll_record, 1, 1, TEXT, entry.student_id),
    CM_ROW(struct roll_record, 2, 1, TEXT, entry.class_id),
    CM_ROW_RANGE(struct roll_record, 3, 1, INTEGER, entry.date, 1, 99991231),
    CM_ROW_RANGE(struct roll_record, 4, 1, INTEGER, entry.status, CM_ROLL_NONE, CM_ROLL_PENDING),
    CM_ROW_RANGE(struct roll_record, 5, 1, INTEGER, entry.points, INT32_MIN, INT32_MAX),
    CM_ROW_RANGE(struct roll_record, 6, 1, INTEGER, entry.captured_wall_ms, INT64_MIN, INT64_MAX),
    CM_ROW_RANGE(struct roll_record, 7, 1, INTEGER, entry.mark_seq, 0, INT64_MAX),
    CM_ROW_RANGE(struct roll_record, 8, 1, INTEGER, entry.correction_seq, 0, INT64_MAX),
};

static const struct cm_table roll_table = {
    .name = "roll entry",
    .fields = roll_rows,
    .count = sizeof roll_rows / sizeof roll_rows[0],
    .size = sizeof(struct roll_record),
    .extra = offsetof(struct roll_record, extra),
};

enum { DATE_SIZE = 4, KEY_MAX = DATE_SIZE + 2 * CM_ID_SIZE, VALUE_MAX = 1024 };

static void put_date(int32_t date, uint8_t key[DATE_SIZE])
{
    for (int i = 0; i < DATE_SIZE; i++)
        key[i] = (uint8_t)((uint32_t)date >> (8 * (DATE_SIZE - 1 - i)));
}

static enum cm_code make_key(int32_t date, const char *class_id, const char *student_id, uint8_t key[KEY_MAX],
                             size_t *ret_size, struct cm_err *err)
{
    enum cm_code code = stn_store_check_id("class", class_id, err);
    if (code == CM_OK)
        code = stn_store_check_id("student", student_id, err);
    if (code != CM_OK)
        return code;
    size_t class_size = strlen(class_id) + 1, student_size = strlen(student_id);
    put_date(date, key);
    memcpy(key + DATE_SIZE, class_id, class_size);
    memcpy(key + DATE_SIZE + class_size, student_id, student_size);
    *ret_size = DATE_SIZE + class_size + student_size;
    return CM_OK;
}

enum cm_code stn_roll_decode(struct cm_bytes value, struct cm_roll_entry *ret_entry, struct cm_err *err)
{
    struct roll_record record;
    struct cm_err why = CM_ERR_INIT;
    if (cm_table_decode(&roll_table, value.data, value.size, &record, &why) != CM_OK)
        return cm_fail(err, CM_CORRUPT, "a roll entry does not decode: %s", why.msg);
    *ret_entry = record.entry;
    return CM_OK;
}

enum cm_code stn_roll_get(struct cm_txn *txn, int32_t date, const char *class_id, const char *student_id,
                          struct cm_roll_entry *ret_entry, struct cm_err *err)
{
    uint8_t key[KEY_MAX];
    size_t size;
    struct cm_bytes value;
    enum cm_code code = make_key(date, class_id, student_id, key, &size, err);
    if (code == CM_OK)
        code = cm_txn_get(txn, STN_TABLE_ROLL, key, size, &value, err);
    if (code == CM_OK)
        code = stn_roll_decode(value, ret_entry, err);
    return code;
}

enum cm_code stn_roll_put(struct cm_txn *txn, const struct cm_roll_entry *entry, struct cm_err *err)
{
    struct roll_record record = {.entry = *entry};
    uint8_t key[KEY_MAX], value[VALUE_MAX];
    size_t key_size, value_size;
    enum cm_code code = make_key(entry->date, entry->class_id, entry->student_id, key, &key_size, err);
    if (code == CM_OK)
        code = cm_table_encode(&roll_table, &record, value, sizeof value, &value_size, err);
    if (code == CM_OK)
        code = cm_txn_put(txn, STN_TABLE_ROLL, key, key_size, value, value_size, err);
    return code;
}

struct each_roll {
    stn_roll_each_fn *visit;
    void *arg;
};

static enum cm_code visit_value(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    const struct each_roll *each = arg;
    struct cm_roll_entry entry;
    uint8_t expected[KEY_MAX];
    size_t size;
    enum cm_code code = stn_roll_decode(value, &entry, err);
    if (code == CM_OK)
        code = make_key(entry.date, entry.class_id, entry.student_id, expected, &size, err);
    if (code != CM_OK)
        return CM_CORRUPT;
    if (size != key.size || memcmp(expected, key.data, size) != 0)
        return cm_fail(err, CM_CORRUPT, "the roll entry of %s is in another's place", entry.student_id);
    return each->visit(each->arg, &entry, err);
}

enum cm_code stn_roll_each(struct cm_txn *txn, int32_t date, stn_roll_each_fn *visit, void *arg,
                           struct cm_err *err)
{
    struct each_roll each = {visit, arg};
    uint8_t prefix[DATE_SIZE];
    struct cm_bytes first = {prefix, date != 0 ? sizeof prefix : 0};
    put_date(date, prefix);
    return cm_txn_walk(txn, STN_TABLE_ROLL, first, first.size, visit_value, &each, err);
}

/* ---- writing ---- */

struct append {
    struct stn_store *store;
    struct cm_event event;
    struct cm_roll_entry wanted; /* by the caller */
    struct cm_roll_entry entry;  /* as written, or as it was there already */
};

static enum cm_code check_entry(const struct cm_roll_entry *entry, const char *student_id,
                                const char *class_id, int32_t date, struct cm_err *err)
{
    if (strcmp(entry->student_id, student_id) != 0 || strcmp(entry->class_id, class_id) != 0 ||
        entry->date != date)
        return cm_fail(err, CM_INVALID, "the roll entry is not of the event's student and session");
    return CM_OK;
}

/* Whose id it is: the student's to whom it was given after the last erasure that was carried out here. */
static enum cm_code find_whose(struct cm_txn *txn, const char *student_id, int64_t *ret_erased_ms,
                               struct cm_err *err)
{
    struct stn_erased erased = {.at_ms = 0};
    enum cm_code code = stn_erased_get(txn, student_id, &erased, err);
    *ret_erased_ms = erased.at_ms;
    return code == CM_NOTFOUND ? CM_OK : code;
}

static enum cm_code append_mark(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    struct append *a = arg;
    struct cm_roll_entry existing = {0};
    enum cm_code code =
        stn_roll_get(txn, a->wanted.date, a->wanted.class_id, a->wanted.student_id, &existing, err);
    if (code != CM_OK && code != CM_NOTFOUND)
        return code;
    if (existing.mark_seq != 0) {
        a->entry = existing;
        return cm_fail(err, CM_EXISTS, "%s is marked already", a->wanted.student_id);
    }
    code = find_whose(txn, a->wanted.student_id, &a->event.body.mark.erased_wall_ms, err);
    if (code == CM_OK)
        code = stn_store_log(a->store, txn, &a->event, err);
    if (code != CM_OK)
        return code;
    a->entry = a->wanted;
    a->entry.captured_wall_ms = a->event.body.mark.captured_wall_ms;
    a->entry.mark_seq = a->event.seq;
    a->entry.correction_seq = existing.correction_seq;
    if (existing.correction_seq != 0 && a->wanted.correction_seq != existing.correction_seq) {
        a->entry.status = existing.status; /* what a person said stands, also when the caller did not know */
        a->entry.points = existing.points;
    }
    return stn_roll_put(txn, &a->entry, err);
}

enum cm_code stn_store_append_mark(struct stn_store *store, const struct cm_mark *mark,
                                   const struct cm_roll_entry *entry, struct cm_roll_entry *ret_entry,
                                   struct cm_err *err)
{
    struct append a = {.store = store, .wanted = *entry};
    enum cm_code code = check_entry(entry, mark->student_id, mark->class_id, mark->date, err);
    if (code != CM_OK)
        return code;
    stn_store_envelope(store, CM_EVENT_MARK, &a.event);
    a.event.body.mark = *mark;
    code = stn_store_commit(store, append_mark, &a, false, err);
    if ((code == CM_OK || code == CM_EXISTS) && ret_entry != NULL)
        *ret_entry = a.entry;
    return code;
}

/* The later instant wins, of two at one instant the larger id. */
static bool wins(const struct cm_event *newer, const struct cm_event *older)
{
    int64_t a = newer->body.correction.corrected_wall_ms, b = older->body.correction.corrected_wall_ms;
    return a != b ? a > b : memcmp(newer->id, older->id, sizeof newer->id) > 0;
}

static enum cm_code append_correction(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    struct append *a = arg;
    struct cm_roll_entry existing = {0};
    struct cm_event before;
    enum cm_code code =
        stn_roll_get(txn, a->wanted.date, a->wanted.class_id, a->wanted.student_id, &existing, err);
    if (code != CM_OK && code != CM_NOTFOUND)
        return code;
    code = find_whose(txn, a->wanted.student_id, &a->event.body.correction.erased_wall_ms, err);
    if (code == CM_OK)
        code = stn_store_log(a->store, txn, &a->event, err);
    if (code == CM_OK && existing.correction_seq != 0 && existing.correction_seq != STN_SEQ_EARLIER) {
        code = cm_eventlog_get(txn, &a->store->log, existing.correction_seq, &before, err);
        if (code == CM_OK && !wins(&a->event, &before)) {
            a->entry = existing; /* in the log, and changes nothing */
            return CM_OK;
        }
    }
    if (code != CM_OK)
        return code;
    a->entry = a->wanted;
    a->entry.status = a->event.body.correction.status;
    a->entry.captured_wall_ms = existing.captured_wall_ms;
    a->entry.mark_seq = existing.mark_seq;
    a->entry.correction_seq = a->event.seq;
    return stn_roll_put(txn, &a->entry, err);
}

enum cm_code stn_store_append_correction(struct stn_store *store, const struct cm_correction *correction,
                                         const struct cm_roll_entry *entry, struct cm_roll_entry *ret_entry,
                                         struct cm_err *err)
{
    struct append a = {.store = store, .wanted = *entry};
    enum cm_code code =
        check_entry(entry, correction->student_id, correction->class_id, correction->date, err);
    if (code != CM_OK)
        return code;
    stn_store_envelope(store, CM_EVENT_CORRECTION, &a.event);
    a.event.body.correction = *correction;
    code = stn_store_commit(store, append_correction, &a, false, err);
    if (code == CM_OK && ret_entry != NULL)
        *ret_entry = a.entry;
    return code;
}

static enum cm_code append_alone(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    struct append *a = arg;
    return stn_store_log(a->store, txn, &a->event, err);
}

enum cm_code stn_store_append_activity(struct stn_store *store, const struct cm_activity *activity,
                                       struct cm_err *err)
{
    struct append a = {.store = store};
    stn_store_envelope(store, CM_EVENT_ACTIVITY, &a.event);
    a.event.body.activity = *activity;
    return stn_store_commit(store, append_alone, &a, true, err);
}

static enum cm_code append_span(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    const struct append *a = arg;
    enum cm_code code = stn_coverage_put(txn, &a->event.body.coverage, err);
    return code == CM_OK ? append_alone(txn, arg, err) : code;
}

enum cm_code stn_store_append_coverage(struct stn_store *store, const struct cm_coverage *coverage,
                                       struct cm_err *err)
{
    struct append a = {.store = store};
    stn_store_envelope(store, CM_EVENT_COVERAGE, &a.event);
    a.event.body.coverage = *coverage;
    return stn_store_commit(store, append_span, &a, true, err);
}

/* ---- reading ---- */

struct read_roll {
    int32_t date;
    const char *class_id, *student_id;
    struct cm_roll_entry entry;
    stn_roll_visit_fn *visit;
    void *arg;
};

static enum cm_code get_roll(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    struct read_roll *r = arg;
    return stn_roll_get(txn, r->date, r->class_id, r->student_id, &r->entry, err);
}

enum cm_code stn_store_get_roll(struct stn_store *store, int32_t date, const char *class_id,
                                const char *student_id, struct cm_roll_entry *ret_entry, struct cm_err *err)
{
    struct read_roll r = {.date = date, .class_id = class_id, .student_id = student_id};
    enum cm_code code = cm_db_read(store->db, get_roll, &r, err);
    if (code == CM_NOTFOUND)
        return cm_fail(err, CM_NOTFOUND, "%.63s has no entry in the roll of %.63s on %d", student_id,
                       class_id, (int)date);
    if (code == CM_OK)
        *ret_entry = r.entry;
    return code;
}

static enum cm_code visit_entry(void *arg, const struct cm_roll_entry *entry, struct cm_err *err)
{
    (void)err;
    const struct read_roll *r = arg;
    return r->visit(r->arg, entry) ? CM_OK : CM_EOF;
}

static enum cm_code each_roll(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    const struct read_roll *r = arg;
    return stn_roll_each(txn, r->date, visit_entry, arg, err);
}

enum cm_code stn_store_each_roll(struct stn_store *store, int32_t date, stn_roll_visit_fn *visit, void *arg,
                                 struct cm_err *err)
{
    struct read_roll r = {.date = date, .visit = visit, .arg = arg};
    if (date <= 0)
        return cm_fail(err, CM_INVALID, "%d is no date", (int)date);
    return cm_db_read(store->db, each_roll, &r, err);
}

struct read_events {
    struct stn_store *store;
    uint64_t first_seq;
    stn_event_visit_fn *visit;
    void *arg;
};

static enum cm_code visit_event(void *arg, const struct cm_event *event, struct cm_err *err)
{
    (void)err;
    const struct read_events *r = arg;
    return r->visit(r->arg, event) ? CM_OK : CM_EOF;
}

static enum cm_code each_event(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    const struct read_events *r = arg;
    return cm_eventlog_each(txn, &r->store->log, r->first_seq, visit_event, arg, err);
}

enum cm_code stn_store_each_event(struct stn_store *store, uint64_t first_seq, stn_event_visit_fn *visit,
                                  void *arg, struct cm_err *err)
{
    struct read_events r = {store, first_seq, visit, arg};
    return cm_db_read(store->db, each_event, &r, err);
}
