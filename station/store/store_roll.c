#include "store/store_roll.h"

#include "record/codec.h"
#include "store/store_private.h"
#include "store/store_sync.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct look {
    struct stn_store *store;
    struct cm_txn *txn;
    const struct cm_zone *zone;
    const struct cm_class *class_;
    int32_t date;
    uint64_t pulled;           /* of our own log the server has judged everything up to here; 0: nothing */
    struct cm_roll_news *news; /* what the server has; NULL: nothing of this session */
    struct cm_school school;
    struct stn_session session;
    struct stn_roll_line *lines;
    size_t count, room;
};

/* ---- school and calendar ---- */

static enum cm_code read_school(struct cm_txn *txn, struct cm_school *ret_school, struct cm_err *err)
{
    enum cm_code code = stn_txn_school(txn, ret_school, err);
    if (code == CM_NOTFOUND)
        *ret_school = (struct cm_school){.points = ""};
    return code == CM_NOTFOUND ? CM_OK : code;
}

static struct cm_points_rules points_of(const struct cm_school *school)
{
    struct cm_points_rules rules;
    return cm_points_parse(school->points, &rules, NULL) == CM_OK ? rules : cm_points_rules_default;
}

static enum cm_code get_school(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    return read_school(txn, arg, err);
}

struct cm_points_rules stn_store_points(struct stn_store *store)
{
    struct cm_school school;
    return cm_db_read(store->db, get_school, &school, NULL) == CM_OK ? points_of(&school)
                                                                     : cm_points_rules_default;
}

static enum cm_code find_closure(struct look *l, struct cm_err *err)
{
    struct cm_calendar *calendar = NULL;
    enum cm_code code = stn_txn_calendar(l->txn, &calendar, err);
    if (code != CM_OK)
        return code == CM_NOTFOUND ? CM_OK : code;
    const struct cm_closures closed = {calendar->closures, (size_t)calendar->count},
                             shorts = {calendar->shorts, (size_t)calendar->short_count};
    const struct cm_closure *a = cm_closure_of(&closed, l->class_->id, l->date),
                            *b = cm_closure_of(&shorts, l->class_->id, l->date);
    if (a == NULL || (b != NULL && a->class_id[0] == '\0'))
        a = b != NULL ? b : a;
    if (a != NULL)
        l->session.closure = *a;
    free(calendar);
    return CM_OK;
}

/* ---- what the server has ---- */

static enum cm_code load_news(struct look *l, struct cm_err *err)
{
    uint8_t key[STN_SESSION_KEY_MAX];
    struct cm_bytes value;
    l->pulled = stn_txn_pulled(l->txn);
    enum cm_code code =
        cm_txn_get(l->txn, STN_TABLE_ROLLS, key, stn_session_key(l->date, l->class_->id, key), &value, err);
    if (code != CM_OK)
        return code == CM_NOTFOUND ? CM_OK : code;
    l->news = malloc(sizeof *l->news);
    if (l->news == NULL)
        return cm_fail(err, CM_NOMEM, "no memory for a roll");
    return cm_message_decode(CM_MESSAGE_ROLL, value.data, value.size, l->news, err);
}

/* The server speaks of this session, if there is anything to say: it is not too long ago. */
static bool is_recent(const struct look *l)
{
    int32_t today = cm_zone_date(l->zone, cm_wall_ms(l->store->clock));
    return l->date >= cm_date_add(today, -STN_ROLL_DAYS);
}

/* Is the event the server's to judge? Then what counts of it is in what it sent. */
static bool is_judged(const struct look *l, uint64_t seq)
{
    bool speaks = l->news != NULL || is_recent(l);
    if (seq == STN_SEQ_EARLIER) /* it is at the server since the renewal */
        return l->news != NULL || (speaks && stn_txn_has_cursor(l->txn));
    return speaks && seq <= l->pulled;
}

/* ---- the session ---- */

static enum cm_code read_word(struct look *l, struct cm_err *err)
{
    struct stn_own_word own;
    enum cm_code code = stn_word_get(l->txn, l->date, l->class_->id, &own, err);
    if (code != CM_OK)
        return code;
    if (l->news != NULL)
        l->session.word = l->news->word;
    if (own.word.word != 0 && !is_judged(l, own.seq))
        cm_word_merge(&l->session.word, &own.word);
    return CM_OK;
}

static enum cm_code wall_of(struct look *l, uint64_t seq, int64_t *ret_wall_ms, struct cm_err *err)
{
    struct cm_event event;
    enum cm_code code = cm_eventlog_get(l->txn, &l->store->log, seq, &event, err);
    if (code == CM_OK)
        *ret_wall_ms = event.wall_ms;
    return code;
}

/* The server has this station's log up to the session's end. */
static bool server_knows_the_end(struct look *l)
{
    int64_t wall_ms;
    if (l->pulled == 0 || !is_recent(l))
        return false;
    enum cm_code code = wall_of(l, l->pulled, &wall_ms, NULL);
    return code != CM_OK || wall_ms >= l->session.day.times.close_wall_ms;
}

static enum cm_code own_facts(struct look *l, struct cm_judge_station *ret_station, struct cm_err *err)
{
    struct cm_eventlog_head head;
    *ret_station = (struct cm_judge_station){.reach_wall_ms = 0};
    enum cm_code code = cm_eventlog_head(l->txn, &l->store->log, &head, err);
    if (code != CM_OK || head.seq == 0)
        return code;
    code = wall_of(l, 1, &ret_station->first_wall_ms, err);
    if (code == CM_OK)
        code = wall_of(l, head.seq, &ret_station->reach_wall_ms, err);
    return code == CM_OK ? stn_coverage_able_ms(l->txn, &l->session.day.times, &ret_station->able_ms, err)
                         : code;
}

static enum cm_code judge(struct look *l, struct cm_err *err)
{
    struct stn_session *session = &l->session;
    const struct cm_session *times = &session->day.times;
    struct cm_judge_facts facts = {
        .school = session->day.kind == CM_DAY_SCHOOL,
        .word = session->word.word,
        .start_wall_ms = times->start_wall_ms,
        .close_wall_ms = times->close_wall_ms,
        .coverage_percent =
            l->school.coverage_percent > 0 ? l->school.coverage_percent : CM_COVERAGE_PERCENT_DEFAULT,
    };
    struct cm_judge_station own;
    enum cm_code code = own_facts(l, &own, err);
    if (code != CM_OK)
        return code;
    struct cm_judgement judgement = cm_judge_session(&facts, &own, 1);
    session->verdict = judgement.verdict;
    session->able_min = judgement.able_min;
    if (l->news != NULL && l->news->able_min > session->able_min)
        session->able_min = l->news->able_min;
    if (session->word.word == 0 && facts.school && server_knows_the_end(l))
        session->verdict = l->news != NULL ? l->news->verdict : CM_VERDICT_OPEN;
    return CM_OK;
}

static enum cm_code read_session(struct look *l, struct cm_err *err)
{
    struct stn_session *session = &l->session;
    enum cm_code code = read_school(l->txn, &l->school, err);
    session->points = points_of(&l->school);
    if (code == CM_OK)
        code = load_news(l, err);
    if (code == CM_OK)
        code = find_closure(l, err);
    if (code == CM_OK)
        code = read_word(l, err);
    if (code != CM_OK)
        return code;
    bool no_session = session->word.word == CM_WORD_NO_SESSION;
    session->day = cm_day_of(l->class_, session->closure.date != 0 ? &session->closure : NULL, no_session,
                             l->zone, l->date);
    snprintf(session->label, sizeof session->label, "%.*s", CM_LABEL_SIZE - 1,
             no_session ? session->word.reason : session->closure.label);
    return judge(l, err);
}

/* ---- who is on the roll ---- */

static enum cm_code new_line(struct look *l, const char *student_id, struct stn_roll_line **ret_line,
                             struct cm_err *err)
{
    if (l->count == l->room) {
        size_t room = l->room > 0 ? l->room * 2 : 64;
        struct stn_roll_line *lines = realloc(l->lines, room * sizeof *lines);
        if (lines == NULL)
            return cm_fail(err, CM_NOMEM, "no memory for a roll");
        l->lines = lines;
        l->room = room;
    }
    *ret_line = &l->lines[l->count++];
    memset(*ret_line, 0, sizeof **ret_line);
    snprintf((*ret_line)->student_id, CM_ID_SIZE, "%s", student_id);
    return CM_OK;
}

static struct stn_roll_line *find_line(struct look *l, const char *student_id)
{
    for (size_t i = 0; i < l->count; i++)
        if (strcmp(l->lines[i].student_id, student_id) == 0)
            return &l->lines[i];
    return NULL;
}

static enum cm_code add_news(struct look *l, struct cm_err *err)
{
    struct stn_roll_line *line;
    enum cm_code code = CM_OK;
    for (int i = 0; l->news != NULL && i < l->news->count && code == CM_OK; i++) {
        const struct cm_roll_line *theirs = &l->news->lines[i];
        code = new_line(l, theirs->student_id, &line, err);
        if (code != CM_OK)
            break;
        line->member = theirs->member;
        line->evidence = theirs->evidence;
    }
    return code;
}

static enum cm_code add_local(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct look *l = arg;
    struct cm_student student;
    struct stn_roll_line *line;
    (void)key;
    if (cm_record_decode(CM_RECORD_STUDENT, value.data, value.size, &student, NULL) != CM_OK ||
        strcmp(student.class_id, l->class_->id) != 0)
        return CM_OK;
    enum cm_code code = new_line(l, student.id, &line, err);
    if (code == CM_OK)
        line->member = true;
    return code;
}

static bool is_local_member(struct look *l, const char *student_id)
{
    struct cm_bytes value;
    struct cm_student student;
    return cm_txn_get(l->txn, STN_TABLE_STUDENTS, student_id, strlen(student_id), &value, NULL) == CM_OK &&
           cm_record_decode(CM_RECORD_STUDENT, value.data, value.size, &student, NULL) == CM_OK &&
           strcmp(student.class_id, l->class_->id) == 0;
}

/* ---- our own evidence ---- */

static enum cm_code own_mark(struct look *l, const struct cm_roll_entry *entry, struct cm_evidence *evidence,
                             struct cm_err *err)
{
    struct cm_event event;
    if (entry->mark_seq == STN_SEQ_EARLIER) { /* all that is left of it here */
        evidence->has_mark = true;
        evidence->captured_wall_ms = entry->captured_wall_ms;
        return CM_OK;
    }
    enum cm_code code = cm_eventlog_get(l->txn, &l->store->log, entry->mark_seq, &event, err);
    if (code == CM_OK && event.type == CM_EVENT_MARK)
        (void)cm_evidence_add_mark(evidence, &event.body.mark, event.id, 0);
    return code;
}

static enum cm_code own_correction(struct look *l, const struct cm_roll_entry *entry,
                                   struct cm_evidence *evidence, struct cm_err *err)
{
    struct cm_event event;
    if (entry->correction_seq == STN_SEQ_EARLIER) {
        evidence->has_correction = true;
        evidence->corrected = entry->status;
        return CM_OK;
    }
    enum cm_code code = cm_eventlog_get(l->txn, &l->store->log, entry->correction_seq, &event, err);
    if (code == CM_OK && event.type == CM_EVENT_CORRECTION)
        (void)cm_evidence_add_correction(evidence, &event.body.correction, event.id, 0);
    return code;
}

static enum cm_code add_own(void *arg, const struct cm_roll_entry *entry, struct cm_err *err)
{
    struct look *l = arg;
    struct cm_evidence evidence = {0};
    enum cm_code code = CM_OK;
    if (strcmp(entry->class_id, l->class_->id) != 0)
        return CM_OK;
    if (entry->mark_seq != 0 && !is_judged(l, entry->mark_seq))
        code = own_mark(l, entry, &evidence, err);
    if (code == CM_OK && entry->correction_seq != 0 && !is_judged(l, entry->correction_seq))
        code = own_correction(l, entry, &evidence, err);
    if (code != CM_OK)
        return code == CM_NOTFOUND
                   ? cm_fail(err, CM_CORRUPT, "the roll names an event that is not in the log")
                   : code;
    struct stn_roll_line *line = find_line(l, entry->student_id);
    if (line == NULL && (evidence.has_mark || evidence.has_correction)) {
        code = new_line(l, entry->student_id, &line, err);
        if (code == CM_OK)
            line->member = is_local_member(l, entry->student_id);
    }
    if (code != CM_OK || line == NULL)
        return code;
    cm_evidence_merge(&line->evidence, &evidence);
    line->mark_seq = entry->mark_seq;
    line->correction_seq = entry->correction_seq;
    return CM_OK;
}

/* ---- what it comes to ---- */

static void count_line(struct look *l, const struct stn_roll_line *line)
{
    struct stn_roll_counts *counts = &l->session.counts;
    int32_t *const of[] = {
        [CM_ROLL_NONE] = &counts->none,       [CM_ROLL_PRESENT] = &counts->present,
        [CM_ROLL_LATE] = &counts->late,       [CM_ROLL_EXCUSED] = &counts->excused,
        [CM_ROLL_ABSENT] = &counts->absent,   [CM_ROLL_UNJUDGED] = &counts->unjudged,
        [CM_ROLL_PENDING] = &counts->pending,
    };
    if (line->status != CM_ROLL_NONE || (line->member && l->session.day.kind == CM_DAY_SCHOOL))
        (*of[line->status])++;
}

static struct cm_outcome outcome_of(const struct look *l, const struct cm_evidence *evidence,
                                    const struct cm_day *day, enum cm_verdict verdict, bool member)
{
    return cm_roll_outcome(evidence, &day->times, day->kind, verdict, member, &l->session.points);
}

static struct cm_day_fact fact_of(const struct cm_outcome *outcome, const struct cm_evidence *evidence)
{
    bool captured = outcome->status != CM_ROLL_NONE && evidence->has_mark;
    return (struct cm_day_fact){outcome->status, outcome->points, captured ? evidence->captured_wall_ms : 0};
}

static const struct cm_roll_line *line_of_server(const struct look *l, const char *student_id)
{
    for (int i = 0; l->news != NULL && i < l->news->count; i++)
        if (strcmp(l->news->lines[i].student_id, student_id) == 0)
            return &l->news->lines[i];
    return NULL;
}

/* The standing as the server has it, with what is newer here. What would need all days again stays as the server has it. */
static enum cm_code read_standing(struct look *l, struct stn_roll_line *line, struct cm_err *err)
{
    const struct cm_roll_line *theirs = line_of_server(l, line->student_id);
    struct cm_day_fact old = {.status = CM_ROLL_NONE}, new_;
    struct cm_outcome outcome = {line->status, line->points};
    enum cm_code code = stn_standing_get(l->txn, line->student_id, &line->standing, err);
    if (code != CM_OK)
        return code == CM_NOTFOUND ? CM_OK : code;
    line->standing_known = true;
    new_ = fact_of(&outcome, &line->evidence);
    if (theirs != NULL) {
        struct cm_day day = cm_day_of(l->class_, l->session.closure.date != 0 ? &l->session.closure : NULL,
                                      l->news->word.word == CM_WORD_NO_SESSION, l->zone, l->date);
        outcome = outcome_of(l, &theirs->evidence, &day, l->news->verdict, theirs->member);
        old = fact_of(&outcome, &theirs->evidence);
    }
    struct cm_standing before = line->standing;
    if ((old.status != new_.status || old.points != new_.points) &&
        !cm_standing_change(&line->standing, l->date, l->session.day.kind == CM_DAY_SCHOOL, &old, &new_))
        line->standing = before;
    return CM_OK;
}

static int by_student(const void *a, const void *b)
{
    return strcmp(((const struct stn_roll_line *)a)->student_id,
                  ((const struct stn_roll_line *)b)->student_id);
}

static enum cm_code finish_lines(struct look *l, struct cm_err *err)
{
    enum cm_code code = CM_OK;
    if (l->count > 1)
        qsort(l->lines, l->count, sizeof l->lines[0], by_student);
    for (size_t i = 0; i < l->count && code == CM_OK; i++) {
        struct stn_roll_line *line = &l->lines[i];
        struct cm_outcome outcome =
            outcome_of(l, &line->evidence, &l->session.day, l->session.verdict, line->member);
        line->status = outcome.status;
        line->points = outcome.points;
        count_line(l, line);
        code = read_standing(l, line, err);
    }
    return code;
}

static enum cm_code look(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    struct look *l = arg;
    l->txn = txn;
    enum cm_code code = read_session(l, err);
    if (code == CM_OK)
        code = add_news(l, err);
    if (code == CM_OK && l->news == NULL)
        code = cm_txn_walk(txn, STN_TABLE_STUDENTS, (struct cm_bytes){NULL, 0}, 0, add_local, l, err);
    if (code == CM_OK)
        code = stn_roll_each(txn, l->date, add_own, l, err);
    return code == CM_OK ? finish_lines(l, err) : code;
}

enum cm_code stn_roll_read(struct stn_store *store, const struct cm_zone *zone, const struct cm_class *class_,
                           int32_t date, stn_roll_line_fn *visit, void *arg, struct stn_session *ret_session,
                           struct cm_err *err)
{
    struct look l = {.store = store, .zone = zone, .class_ = class_, .date = date};
    if (!cm_date_valid(date))
        return cm_fail(err, CM_INVALID, "%d is no date", (int)date);
    enum cm_code code = cm_db_read(store->db, look, &l, err);
    for (size_t i = 0; code == CM_OK && visit != NULL && i < l.count; i++)
        if (!visit(arg, &l.lines[i]))
            break;
    if (code == CM_OK)
        *ret_session = l.session;
    free(l.lines);
    free(l.news);
    return code;
}

struct find {
    const char *student_id;
    struct stn_roll_line *line;
    bool found;
};

static bool take_line(void *arg, const struct stn_roll_line *line)
{
    struct find *find = arg;
    find->found = strcmp(line->student_id, find->student_id) == 0;
    if (find->found)
        *find->line = *line;
    return !find->found;
}

enum cm_code stn_roll_read_line(struct stn_store *store, const struct cm_zone *zone,
                                const struct cm_class *class_, int32_t date, const char *student_id,
                                struct stn_roll_line *ret_line, struct cm_err *err)
{
    struct find find = {.student_id = student_id, .line = ret_line};
    struct stn_session session;
    enum cm_code code = stn_roll_read(store, zone, class_, date, take_line, &find, &session, err);
    if (code == CM_OK && !find.found)
        code = cm_fail(err, CM_NOTFOUND, "%.63s is not on the roll of %.63s", student_id, class_->id);
    return code;
}

/* ---- the calendar as a list ---- */

struct calendar {
    int32_t from;
    struct cm_closure *list;
    size_t count, room;
    struct cm_txn *txn;
};

static enum cm_code add_closure(struct calendar *c, const struct cm_closure *closure, struct cm_err *err)
{
    if (c->count == c->room) {
        size_t room = c->room > 0 ? c->room * 2 : 32;
        struct cm_closure *list = realloc(c->list, room * sizeof *list);
        if (list == NULL)
            return cm_fail(err, CM_NOMEM, "no memory for the calendar");
        c->list = list;
        c->room = room;
    }
    c->list[c->count++] = *closure;
    return CM_OK;
}

/* Sessions of which anything was said, here or at the server. */
static enum cm_code add_word(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct calendar *c = arg;
    struct cm_closure closure = {.date = (int32_t)stn_get_u32(key.data)};
    struct stn_own_word own;
    (void)value;
    snprintf(closure.class_id, sizeof closure.class_id, "%.*s", (int)(key.size - 4),
             (const char *)key.data + 4);
    struct cm_word word = {0};
    enum cm_code code = stn_word_get(c->txn, closure.date, closure.class_id, &own, err);
    struct cm_roll_news *news = NULL;
    struct cm_bytes theirs;
    if (code == CM_OK && cm_txn_get(c->txn, STN_TABLE_ROLLS, key.data, key.size, &theirs, NULL) == CM_OK &&
        (news = malloc(sizeof *news)) != NULL &&
        cm_message_decode(CM_MESSAGE_ROLL, theirs.data, theirs.size, news, NULL) == CM_OK)
        word = news->word;
    free(news);
    cm_word_merge(&word, &own.word);
    if (code != CM_OK || word.word != CM_WORD_NO_SESSION)
        return code;
    snprintf(closure.label, sizeof closure.label, "%.*s", CM_LABEL_SIZE - 1,
             word.reason[0] != '\0' ? word.reason : "no session");
    return add_closure(c, &closure, err);
}

static enum cm_code list_calendar(struct cm_txn *txn, void *arg, struct cm_err *err)
{
    struct calendar *c = arg;
    struct cm_calendar *calendar = NULL;
    uint8_t from[4];
    c->txn = txn;
    c->count = 0;
    stn_put_u32((uint32_t)c->from, from);
    const struct cm_bytes first = {from, sizeof from};
    enum cm_code code = cm_txn_walk(txn, STN_TABLE_WORDS, first, 0, add_word, c, err);
    if (code == CM_OK)
        code = cm_txn_walk(txn, STN_TABLE_ROLLS, first, 0, add_word, c, err);
    if (code == CM_OK)
        code = stn_txn_calendar(txn, &calendar, err);
    if (code == CM_NOTFOUND)
        return CM_OK;
    for (int i = 0; code == CM_OK && i < calendar->count; i++)
        code = add_closure(c, &calendar->closures[i], err);
    for (int i = 0; code == CM_OK && i < calendar->short_count; i++)
        code = add_closure(c, &calendar->shorts[i], err);
    free(calendar);
    return code;
}

enum cm_code stn_store_get_calendar(struct stn_store *store, int32_t from, struct cm_closure **ret_list,
                                    struct cm_closures *ret_calendar, struct cm_err *err)
{
    struct calendar c = {.from = from};
    enum cm_code code = cm_db_read(store->db, list_calendar, &c, err);
    if (code != CM_OK) {
        free(c.list);
        return code;
    }
    *ret_list = c.list;
    *ret_calendar = (struct cm_closures){c.list, c.count};
    return CM_OK;
}
