/* Does everything in the store agree with everything else? */
#include "store/store.h"

#include "record/codec.h"
#include "store/store_private.h"
#include "store/vault.h"
#include <string.h>

struct check {
    struct stn_store *store;
    struct cm_txn *txn;
    uint64_t events;
    size_t damaged; /* templates */
};

static enum cm_code entry_of(struct check *c, const struct cm_event *event, int32_t date,
                             const char *class_id, const char *student_id, struct cm_roll_entry *ret_entry,
                             struct cm_err *err)
{
    enum cm_code code = stn_roll_get(c->txn, date, class_id, student_id, ret_entry, err);
    if (code == CM_NOTFOUND)
        return cm_fail(err, CM_CORRUPT, "the %s of event %llu is missing on the roll",
                       cm_event_type_name(event->type), (unsigned long long)event->seq);
    return code;
}

/* Of somebody who was erased nothing is on the roll. */
static enum cm_code is_erased(struct check *c, const struct cm_event *event, const char *student_id,
                              bool *ret_erased, struct cm_err *err)
{
    struct stn_erased erased;
    enum cm_code code = stn_erased_get(c->txn, student_id, &erased, err);
    *ret_erased = code == CM_OK && event->seq <= erased.seq;
    return code == CM_NOTFOUND ? CM_OK : code;
}

/* Of what was said of a session the latest must be known. */
static enum cm_code check_word(struct check *c, const struct cm_event *event, struct cm_err *err)
{
    const struct cm_session_said *said = &event->body.session;
    struct stn_own_word word;
    enum cm_code code = stn_word_get(c->txn, said->date, said->class_id, &word, err);
    if (code == CM_OK && cm_word_add(&word.word, said, event->id))
        code = cm_fail(err, CM_CORRUPT, "what event %llu says of %s is not known",
                       (unsigned long long)event->seq, said->class_id);
    return code;
}

/* What the log says must be on the roll: the one mark of each session, and some correction where there is any. */
static enum cm_code check_event(void *arg, const struct cm_event *event, struct cm_err *err)
{
    struct check *c = arg;
    struct cm_roll_entry entry;
    const struct cm_mark *mark = &event->body.mark;
    const struct cm_correction *correction = &event->body.correction;
    enum cm_code code = CM_OK;
    bool erased = false;
    c->events++;
    if (event->type == CM_EVENT_MARK)
        code = is_erased(c, event, mark->student_id, &erased, err);
    else if (event->type == CM_EVENT_CORRECTION)
        code = is_erased(c, event, correction->student_id, &erased, err);
    if (code != CM_OK || erased)
        return code;
    if (event->type == CM_EVENT_SESSION)
        return check_word(c, event, err);
    if (event->type == CM_EVENT_MARK) {
        code = entry_of(c, event, mark->date, mark->class_id, mark->student_id, &entry, err);
        if (code == CM_OK && entry.mark_seq != event->seq)
            code = cm_fail(err, CM_CORRUPT, "the roll entry of %s does not name its mark, event %llu",
                           mark->student_id, (unsigned long long)event->seq);
    } else if (event->type == CM_EVENT_CORRECTION) {
        code =
            entry_of(c, event, correction->date, correction->class_id, correction->student_id, &entry, err);
        if (code == CM_OK && entry.correction_seq == 0)
            code = cm_fail(err, CM_CORRUPT, "the roll entry of %s does not know its correction, event %llu",
                           correction->student_id, (unsigned long long)event->seq);
    }
    return code;
}

static bool is_mark_of(const struct cm_event *event, const struct cm_roll_entry *entry)
{
    const struct cm_mark *mark = &event->body.mark;
    return event->type == CM_EVENT_MARK && mark->date == entry->date &&
           strcmp(mark->class_id, entry->class_id) == 0 && strcmp(mark->student_id, entry->student_id) == 0 &&
           mark->captured_wall_ms == entry->captured_wall_ms;
}

static bool is_correction_of(const struct cm_event *event, const struct cm_roll_entry *entry)
{
    const struct cm_correction *correction = &event->body.correction;
    return event->type == CM_EVENT_CORRECTION && correction->date == entry->date &&
           strcmp(correction->class_id, entry->class_id) == 0 &&
           strcmp(correction->student_id, entry->student_id) == 0 && correction->status == entry->status;
}

/* What the roll says must be in the log. */
static enum cm_code check_entry(void *arg, const struct cm_roll_entry *entry, struct cm_err *err)
{
    struct check *c = arg;
    struct cm_event event;
    bool good = entry->mark_seq != 0 || entry->correction_seq != 0;
    enum cm_code code = CM_OK;
    if (entry->mark_seq != 0 && entry->mark_seq != STN_SEQ_EARLIER) {
        code = cm_eventlog_get(c->txn, &c->store->log, entry->mark_seq, &event, err);
        good = good && code == CM_OK && is_mark_of(&event, entry);
    }
    if (entry->correction_seq != 0 && entry->correction_seq != STN_SEQ_EARLIER &&
        (code == CM_OK || code == CM_NOTFOUND)) {
        code = cm_eventlog_get(c->txn, &c->store->log, entry->correction_seq, &event, err);
        good = good && code == CM_OK && is_correction_of(&event, entry);
    }
    if (code != CM_OK && code != CM_NOTFOUND)
        return code;
    if (!good)
        return cm_fail(err, CM_CORRUPT, "the roll entry of %s on %d does not agree with the log",
                       entry->student_id, (int)entry->date);
    return CM_OK;
}

static enum cm_code check_records(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    struct check *c = arg;
    struct cm_eventlog_head head;
    c->txn = txn;
    enum cm_code code = cm_eventlog_verify(txn, &c->store->log, check_event, c, &head, err);
    if (code == CM_OK)
        code = stn_roll_each(txn, 0, check_entry, c, err);
    return code;
}

static bool pass_class(void *arg, const struct cm_class *class_)
{
    (void)arg;
    (void)class_;
    return true;
}

static bool pass_student(void *arg, const struct cm_student *student)
{
    (void)arg;
    (void)student;
    return true;
}

static bool pass_template(void *arg, const struct cm_template *template_)
{
    (void)arg;
    (void)template_;
    return true;
}

enum cm_code stn_store_check(struct stn_store *store, uint64_t *ret_events, struct cm_err *err)
{
    struct check c = {.store = store};
    enum cm_code code = cm_db_read(store->db, check_records, &c, err);
    if (code == CM_OK)
        code = stn_store_each_class(store, pass_class, NULL, err);
    if (code == CM_OK)
        code = stn_store_each_student(store, pass_student, NULL, err);
    if (code == CM_OK)
        code = stn_store_each_template(store, pass_template, NULL, &c.damaged, err);
    if (code != CM_OK)
        return code;
    if (c.damaged > 0)
        return cm_fail(err, CM_CORRUPT, "%zu templates do not open: enrol those students again", c.damaged);
    *ret_events = c.events;
    return CM_OK;
}
