/* What is derived, read: rolls, days, standings. */
#include "store/derive_kv.h"
#include "store/kvstore.h"
#include "store/kvstore_verbs.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- rolls ---- */

static void fill_day(struct srv_day *day, const char *class_id, int32_t date, const char *student_id,
                     enum srv_session_state state, bool school, const struct srv_day_row *row)
{
    struct cm_roll_entry *entry = &day->roll;
    memset(entry, 0, sizeof *entry);
    strcpy(entry->class_id, class_id);
    strcpy(entry->student_id, student_id);
    entry->date = date;
    day->session = state;
    day->school = school;
    if (row == NULL)
        return;
    entry->status = row->status;
    entry->points = row->points;
    entry->captured_wall_ms = row->captured_wall_ms;
    entry->mark_seq = row->mark_feed;
    entry->correction_seq = row->correction_feed;
}

struct roll {
    struct srv_members members;
    size_t next; /* member */
    struct srv_day day;
    const char *class_id;
    int32_t date;
    enum srv_session_state state;
    bool school, ended;
    srv_day_visit_fn *visit;
    srv_day_evidence_visit_fn *visit_evidence; /* instead */
    struct srv_tx *tx;
    void *arg;
};

static enum cm_code show_evidence(struct roll *roll, const char *student_id, bool member,
                                  const struct srv_day_row *row, struct cm_err *err)
{
    struct srv_day_evidence day = {.member = member};
    strcpy(day.student_id, student_id);
    if (row != NULL)
        day.evidence = row->evidence;
    enum cm_code code = CM_OK;
    if (row != NULL && row->borrowed)
        code = srv_borrow(roll->tx, student_id, roll->class_id, roll->date, &day.evidence, err);
    if (code == CM_OK)
        code = srv_standing_load(roll->tx, student_id, &day.standing, err);
    if (code != CM_OK)
        return code;
    roll->ended = !roll->visit_evidence(roll->arg, &day);
    return roll->ended ? CM_EOF : CM_OK;
}

static enum cm_code show(struct roll *roll, const char *student_id, bool member,
                         const struct srv_day_row *row, struct cm_err *err)
{
    if (roll->visit_evidence != NULL)
        return show_evidence(roll, student_id, member, row, err);
    fill_day(&roll->day, roll->class_id, roll->date, student_id, roll->state, roll->school, row);
    roll->ended = !roll->visit(roll->arg, &roll->day);
    return roll->ended ? CM_EOF : CM_OK;
}

/* Members before `student_id` (NULL: all that are left), who have no row. */
static enum cm_code show_unseen(struct roll *roll, const char *student_id, struct cm_err *err)
{
    enum cm_code code = CM_OK;
    for (; roll->next < roll->members.count && code == CM_OK; roll->next++) {
        const struct srv_member *member = &roll->members.list[roll->next];
        int order = student_id != NULL ? strcmp(member->student_id, student_id) : -1;
        if (order > 0 || (order == 0 && srv_member_on(member, roll->date)))
            break;
        if (order < 0 && srv_member_on(member, roll->date) && roll->school)
            code = show(roll, member->student_id, true, NULL, err);
    }
    return code;
}

static bool is_next(struct roll *roll, const char *student_id)
{
    bool is = roll->next < roll->members.count &&
              strcmp(roll->members.list[roll->next].student_id, student_id) == 0;
    roll->next += is;
    return is;
}

static enum cm_code visit_row(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct roll *roll = arg;
    struct srv_day_row row;
    const char *student_id = (const char *)key.data + strlen(roll->class_id) + 1 + 4;
    enum cm_code code = srv_day_decode(value, &row, err);
    if (code == CM_OK)
        code = show_unseen(roll, student_id, err);
    if (code != CM_OK)
        return code;
    bool member = is_next(roll, student_id);
    if (row.lent || (!member && row.status == CM_ROLL_NONE))
        return CM_OK;
    return show(roll, student_id, member, &row, err);
}

static enum cm_code each_roll(struct srv_tx *tx, struct roll *roll, struct cm_err *err)
{
    struct srv_session_info info;
    struct srv_school_day day;
    struct srv_key prefix;
    enum cm_code code = srv_session_load(tx, roll->class_id, roll->date, &info, err);
    if (code == CM_NOTFOUND) {
        struct cm_class class_;
        code = srv_load_class(tx, roll->class_id, &class_, err);
        if (code == CM_OK)
            code = srv_school_day(tx, &class_, roll->date, &day, err);
        if (code == CM_NOTFOUND)
            return CM_OK;
        roll->school = code == CM_OK && day.day.kind == CM_DAY_SCHOOL;
    } else if (code == CM_OK) {
        roll->state = info.state;
        roll->school = info.school;
    }
    if (code == CM_OK)
        code = srv_members_load(tx, roll->class_id, &roll->members, err);
    srv_session_key(roll->class_id, roll->date, &prefix);
    if (code == CM_OK)
        code = srv_walk(tx, SRV_T_DAYS, &prefix, prefix.size, visit_row, roll, err);
    if (code == CM_OK && !roll->ended)
        code = show_unseen(roll, NULL, err);
    return code == CM_EOF ? CM_OK : code;
}

enum cm_code srv_kvs_each_roll(struct srv_store *store, const char *class_id, int32_t date,
                               srv_day_visit_fn *visit, void *arg, struct cm_err *err)
{
    struct srv_tx own, *tx;
    struct roll roll = {.class_id = class_id, .date = date, .visit = visit, .arg = arg};
    enum cm_code code = srv_check_session(class_id, date, err);
    if (code == CM_OK)
        code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    code = each_roll(tx, &roll, err);
    free(roll.members.list);
    srv_tx_end(&own);
    return code;
}

/* ---- what is behind it ---- */

static enum cm_code visit_standing(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    struct roll *roll = arg;
    const char *student_id = (const char *)key.data + strlen(roll->class_id) + 1;
    if (value.size != 4)
        return srv_damaged("a member does not decode", err);
    return srv_get_u32(value.data) == 0 ? show_evidence(roll, student_id, true, NULL, err) : CM_OK;
}

static enum cm_code each_present(struct srv_tx *tx, struct roll *roll, struct cm_err *err)
{
    struct srv_key prefix = {0};
    srv_key_text(&prefix, roll->class_id);
    enum cm_code code = srv_walk(tx, SRV_T_MEMBERS, &prefix, prefix.size, visit_standing, roll, err);
    return code == CM_EOF ? CM_OK : code;
}

enum cm_code srv_kvs_each_evidence(struct srv_store *store, const char *class_id, int32_t date,
                                   srv_day_evidence_visit_fn *visit, void *arg, struct cm_err *err)
{
    struct srv_tx own, *tx;
    struct roll roll = {.class_id = class_id, .date = date, .visit_evidence = visit, .arg = arg};
    enum cm_code code =
        date != 0 ? srv_check_session(class_id, date, err) : srv_check_id("class", class_id, err);
    if (code == CM_OK)
        code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    roll.tx = tx;
    code = date != 0 ? each_roll(tx, &roll, err) : each_present(tx, &roll, err);
    free(roll.members.list);
    srv_tx_end(&own);
    return code;
}

/* ---- the days of one student ---- */

struct days {
    struct srv_tx *tx;
    const char *student_id;
    srv_day_visit_fn *visit;
    void *arg;
    int32_t next; /* the first date that was not shown yet */
    struct srv_membership memberships[32];
    int membership_count;
    struct cm_class class_; /* the last that was looked up; id "" none */
    bool class_known, ended;
    struct srv_day day;
};

static bool take_membership(void *arg, const struct srv_membership *membership)
{
    struct days *days = arg;
    if (days->membership_count == (int)(sizeof days->memberships / sizeof days->memberships[0])) {
        memmove(days->memberships, days->memberships + 1,
                sizeof days->memberships - sizeof days->memberships[0]);
        days->membership_count--;
    }
    days->memberships[days->membership_count++] = *membership;
    return true;
}

static const char *class_on(const struct days *days, int32_t date)
{
    for (int i = days->membership_count - 1; i >= 0; i--) {
        const struct srv_membership *m = &days->memberships[i];
        if (date >= m->from && (m->to == 0 || date < m->to))
            return m->class_id;
    }
    return NULL;
}

static enum cm_code show_day(struct days *days)
{
    days->ended = !days->visit(days->arg, &days->day);
    return days->ended ? CM_EOF : CM_OK;
}

/* A school day of his class on which nothing is known of him. */
static enum cm_code show_empty(struct days *days, int32_t date, struct cm_err *err)
{
    const char *class_id = class_on(days, date);
    struct srv_session_info info;
    struct srv_school_day day;
    if (class_id == NULL)
        return CM_OK;
    if (strcmp(days->class_.id, class_id) != 0) {
        enum cm_code code = srv_load_class(days->tx, class_id, &days->class_, err);
        if (code != CM_OK && code != CM_NOTFOUND)
            return code;
        days->class_known = code == CM_OK;
        snprintf(days->class_.id, sizeof days->class_.id, "%s", class_id);
    }
    if (!days->class_known || !cm_class_meets(&days->class_, date))
        return CM_OK;
    enum cm_code code = srv_school_day(days->tx, &days->class_, date, &day, err);
    if (code != CM_OK || day.day.kind != CM_DAY_SCHOOL)
        return code;
    code = srv_session_load(days->tx, class_id, date, &info, err);
    if (code != CM_OK && code != CM_NOTFOUND)
        return code;
    fill_day(&days->day, class_id, date, days->student_id, code == CM_OK ? info.state : SRV_SESSION_OPEN,
             true, NULL);
    return show_day(days);
}

static enum cm_code show_empty_until(struct days *days, int32_t until, struct cm_err *err)
{
    enum cm_code code = CM_OK;
    for (; code == CM_OK && days->next < until; days->next = cm_date_add(days->next, 1)) {
        code = show_empty(days, days->next, err);
        if (days->next == 99991231)
            break;
    }
    return code;
}

static enum cm_code show_row(void *arg, const struct srv_student_day *day, struct cm_err *err)
{
    struct days *days = arg;
    const char *class_id = class_on(days, day->date);
    bool own = class_id != NULL && strcmp(class_id, day->class_id) == 0;
    if (day->row->lent || (!own && day->row->status == CM_ROLL_NONE))
        return CM_OK;
    enum cm_code code = show_empty_until(days, day->date, err);
    if (code != CM_OK)
        return code;
    fill_day(&days->day, day->class_id, day->date, days->student_id, day->state, day->school, day->row);
    if (days->next <= day->date)
        days->next = cm_date_add(day->date, 1);
    return show_day(days);
}

enum cm_code srv_kvs_each_day(struct srv_store *store, const char *student_id, int32_t from, int32_t to,
                              srv_day_visit_fn *visit, void *arg, struct cm_err *err)
{
    struct srv_tx own, *tx;
    struct days days = {.student_id = student_id, .visit = visit, .arg = arg, .next = from};
    enum cm_code code = srv_check_id("student", student_id, err);
    if (code == CM_OK && (!cm_date_valid(from) || !cm_date_valid(to)))
        code = cm_fail(err, CM_INVALID, "a student's days are from one date to another");
    if (code == CM_OK)
        code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    days.tx = tx;
    code = srv_kvs_each_membership(store, student_id, take_membership, &days, err);
    if (code == CM_OK)
        code = srv_each_student_day(tx, student_id, from, to, show_row, &days, err);
    if (code == CM_OK && !days.ended)
        code = show_empty_until(&days, cm_date_add(to, 1), err);
    srv_tx_end(&own);
    return code == CM_EOF ? CM_OK : code;
}

/* ---- standings ---- */

static enum cm_code load_standing(struct srv_tx *tx, const char *student_id, const char *class_id,
                                  struct srv_standing *ret_standing, struct cm_err *err)
{
    struct cm_standing row;
    enum cm_code code = srv_standing_load(tx, student_id, &row, err);
    if (code != CM_OK)
        return code;
    struct srv_standing standing = {
        .points = row.points,
        .present = row.counts[CM_ROLL_PRESENT],
        .late = row.counts[CM_ROLL_LATE],
        .excused = row.counts[CM_ROLL_EXCUSED],
        .absent = row.counts[CM_ROLL_ABSENT],
        .unjudged = row.counts[CM_ROLL_UNJUDGED],
        .pending = row.counts[CM_ROLL_PENDING],
        .streak = row.now.streak,
        .best_streak = row.now.best,
        .first_seen_wall_ms = row.first_seen_wall_ms,
        .last_seen_wall_ms = row.last_seen_wall_ms,
    };
    strcpy(standing.student_id, student_id);
    strcpy(standing.class_id, class_id);
    *ret_standing = standing;
    return CM_OK;
}

enum cm_code srv_kvs_get_standing(struct srv_store *store, const char *student_id,
                                  struct srv_standing *ret_standing, struct cm_err *err)
{
    struct srv_tx own, *tx;
    struct srv_student student;
    enum cm_code code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    code = srv_load_student(tx, student_id, &student, err);
    if (code == CM_OK)
        code = load_standing(tx, student_id, student.base.class_id, ret_standing, err);
    srv_tx_end(&own);
    return code;
}

struct standings {
    struct srv_tx *tx;
    const char *class_id;
    srv_standing_visit_fn *visit;
    void *arg;
};

static enum cm_code visit_member(void *arg, struct cm_bytes key, struct cm_bytes value, struct cm_err *err)
{
    const struct standings *standings = arg;
    const char *student_id = (const char *)key.data + strlen(standings->class_id) + 1;
    struct srv_standing standing;
    if (value.size != 4)
        return srv_damaged("a member does not decode", err);
    if (srv_get_u32(value.data) != 0) /* left, or moved */
        return CM_OK;
    enum cm_code code = load_standing(standings->tx, student_id, standings->class_id, &standing, err);
    if (code != CM_OK)
        return code;
    return standings->visit(standings->arg, &standing) ? CM_OK : CM_EOF;
}

enum cm_code srv_kvs_each_standing(struct srv_store *store, const char *class_id,
                                   srv_standing_visit_fn *visit, void *arg, struct cm_err *err)
{
    struct srv_tx own, *tx;
    struct standings standings = {.class_id = class_id, .visit = visit, .arg = arg};
    struct srv_key prefix = {0};
    enum cm_code code = srv_check_id("class", class_id, err);
    if (code == CM_OK)
        code = srv_tx_begin(&own, store, &tx, err);
    if (code != CM_OK)
        return code;
    standings.tx = tx;
    srv_key_text(&prefix, class_id);
    code = srv_walk(tx, SRV_T_MEMBERS, &prefix, prefix.size, visit_member, &standings, err);
    srv_tx_end(&own);
    return code;
}
