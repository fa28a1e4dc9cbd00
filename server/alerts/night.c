#include "alerts/night.h"

#include "alerts/claim.h"
#include "alerts/decide.h"
#include "alerts/night_private.h"
#include "alerts/put_back.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DATES_A_PART = 40, SCHOOL_DAY_BACK = 30 };

struct srv_night {
    struct srv_night_options options;
    char phone[SRV_PHONE_SIZE];
    char (*classes)[CM_ID_SIZE];
    size_t class_count, class_room;
    size_t next; /* class that no committed part has done */
    struct srv_told_place told;
    struct srv_night_totals totals;
    struct { /* as the part that ran last leaves it */
        size_t next;
        struct srv_told_place told;
        struct srv_night_totals totals;
    } pending;
    struct cm_err *err; /* while classes are read */
    enum cm_code code;
};

struct told_also { /* of a dry run: what it would have made */
    char student_id[CM_ID_SIZE];
    int32_t trigger_date;
};

struct seat { /* on the roll under way */
    char student_id[CM_ID_SIZE];
    enum cm_roll_status status;
};

struct evaluation {
    struct srv_night_work work;
    bool dry;
    srv_night_line_fn *show; /* of a dry run */
    void *arg;
    struct told_also *told; /* of the class under way */
    size_t told_count, told_room;
    int32_t first_date; /* of the class under way */
    struct seat *seats;
    size_t seat_count, seat_room;
};

static void evaluation_free(struct evaluation *e)
{
    srv_night_work_free(&e->work);
    free(e->told);
    free(e->seats);
}

/* ---- one student ---- */

static int32_t told_in_this_run(const struct evaluation *e, const char *student_id)
{
    int32_t date = 0;
    for (size_t i = 0; i < e->told_count; i++)
        if (strcmp(e->told[i].student_id, student_id) == 0 && e->told[i].trigger_date > date)
            date = e->told[i].trigger_date;
    return date;
}

static enum cm_code remember_told(struct evaluation *e, const char *student_id, int32_t trigger_date,
                                  struct cm_err *err)
{
    enum cm_code code =
        srv_night_grow((void **)&e->told, e->told_count, &e->told_room, sizeof e->told[0], err);
    if (code != CM_OK)
        return code;
    struct told_also *told = &e->told[e->told_count++];
    snprintf(told->student_id, sizeof told->student_id, "%s", student_id);
    told->trigger_date = trigger_date;
    return CM_OK;
}

static void show_student(const struct evaluation *e, const char *class_id, int32_t date,
                         const struct srv_student *student, bool told_of, const struct srv_decision *decision)
{
    char text[SRV_RULE_TEXT_SIZE];
    struct srv_night_line line = {.class_id = class_id,
                                  .date = date,
                                  .student_id = student->base.id,
                                  .student_name = student->base.name,
                                  .decision = told_of ? decision : NULL,
                                  .text = "The student is not in this class, or left the school."};
    if (told_of)
        line.text = srv_decision_text(decision, &e->work.terms.rule, text);
    e->show(e->arg, &line);
}

/* Only who may be due is looked up; a dry run shows everybody. */
static enum cm_code evaluate_student(struct evaluation *e, const char *class_id, int32_t date,
                                     const char *student_id, struct cm_err *err)
{
    struct srv_decision decision;
    struct srv_student student;
    bool told_of = false;
    const struct srv_decide_terms terms = {
        .rule = e->work.terms.rule,
        .told_also = e->dry ? told_in_this_run(e, student_id) : 0,
        .begun_class = class_id,
        .begun_date = e->first_date,
    };
    enum cm_code code = srv_decide(e->work.store, &terms, student_id, date, &decision, err);
    if (code != CM_OK || (decision.verdict != SRV_RULE_DUE && e->show == NULL))
        return code;
    code = srv_is_told_of(e->work.store, student_id, class_id, date, &told_of, &student, err);
    if (code != CM_OK)
        return code;
    if (e->show != NULL)
        show_student(e, class_id, date, &student, told_of, &decision);
    if (!told_of || decision.verdict != SRV_RULE_DUE)
        return CM_OK;
    e->work.totals.alerts++;
    if (e->dry)
        return remember_told(e, student_id, decision.trigger_date, err);
    return srv_night_make_alert(&e->work, class_id, &student, &decision, err);
}

/* ---- one session ---- */

static bool take_seat(void *arg, const struct srv_day *day)
{
    struct evaluation *e = arg;
    e->work.code =
        srv_night_grow((void **)&e->seats, e->seat_count, &e->seat_room, sizeof e->seats[0], e->work.err);
    if (e->work.code != CM_OK)
        return false;
    struct seat *seat = &e->seats[e->seat_count++];
    memcpy(seat->student_id, day->roll.student_id, sizeof seat->student_id);
    seat->status = day->roll.status;
    return true;
}

static enum cm_code evaluate_session(struct evaluation *e, const struct srv_session_info *info,
                                     struct cm_err *err)
{
    if (info->absent + info->excused + info->unjudged == 0)
        return CM_OK;
    e->seat_count = 0;
    e->work.err = err;
    e->work.code = CM_OK;
    enum cm_code code = srv_store_each_roll(e->work.store, info->class_id, info->date, take_seat, e, err);
    if (code == CM_OK)
        code = e->work.code;
    e->work.totals.students += (int32_t)e->seat_count;
    for (size_t i = 0; i < e->seat_count && code == CM_OK; i++) {
        const struct seat *seat = &e->seats[i];
        bool candidate = seat->status == CM_ROLL_ABSENT || seat->status == CM_ROLL_EXCUSED ||
                         seat->status == CM_ROLL_UNJUDGED;
        if (candidate || e->show != NULL)
            code = evaluate_student(e, info->class_id, info->date, seat->student_id, err);
    }
    return code;
}

/* The last session up to the date; none when there was no school for a month, or the class had not begun. */
static enum cm_code evaluate_last(struct evaluation *e, const char *class_id, int32_t date,
                                  struct cm_err *err)
{
    for (int back = 0; back <= SCHOOL_DAY_BACK && date >= e->first_date; back++) {
        struct srv_session_info info;
        enum cm_code code = srv_store_get_session_info(e->work.store, class_id, date, &info, err);
        if (code == CM_OK && info.school)
            return evaluate_session(e, &info, err);
        if (code != CM_OK && code != CM_NOTFOUND)
            return code;
        date = cm_date_add(date, -1);
    }
    return CM_OK;
}

/* ---- one class ---- */

struct first_session {
    int32_t date; /* 0: none */
};

static bool find_first(void *arg, const struct srv_session_info *info)
{
    struct first_session *first = arg;
    bool known =
        info->state != SRV_SESSION_OPEN ||
        info->present + info->late + info->excused + info->absent + info->unjudged + info->pending > 0;
    if (info->school && known)
        first->date = info->date;
    return first->date == 0;
}

/* *ret_known: it may go on from the cursor; else nothing is known of the class yet. */
static enum cm_code load_cursor(struct evaluation *e, const char *class_id,
                                struct srv_alert_cursor *ret_cursor, bool *ret_known, bool *ret_new,
                                struct cm_err *err)
{
    struct first_session first = {0};
    enum cm_code code = srv_store_get_alert_cursor(e->work.store, class_id, ret_cursor, err);
    *ret_known = code == CM_OK;
    *ret_new = false;
    if (code != CM_NOTFOUND)
        return code;
    int32_t through = e->work.options->through_date;
    code = srv_store_each_session_info(e->work.store, class_id, cm_date_add(through, -SRV_NIGHT_BACK_DAYS),
                                       through, find_first, &first, err);
    if (code != CM_OK || first.date == 0)
        return code;
    *ret_cursor = (struct srv_alert_cursor){.first_date = first.date, .date = cm_date_add(first.date, -1)};
    snprintf(ret_cursor->class_id, sizeof ret_cursor->class_id, "%s", class_id);
    *ret_known = *ret_new = true;
    return CM_OK;
}

static void release(struct srv_alert_cursor *cursor)
{
    struct srv_alert_cursor free_again = {.first_date = cursor->first_date, .date = cursor->date};
    memcpy(free_again.class_id, cursor->class_id, sizeof free_again.class_id);
    *cursor = free_again;
}

static void show_hold(const struct evaluation *e, const struct srv_alert_cursor *cursor)
{
    char text[SRV_HOLD_TEXT_SIZE];
    struct srv_night_line line = {.class_id = cursor->class_id, .date = cursor->held_date};
    if (e->show == NULL)
        return;
    line.text = srv_night_hold_text(e->work.store, e->work.options->zone, cursor, text);
    e->show(e->arg, &line);
}

/* Of a class without students on that date nobody waits for its roll, and nobody could close it. */
static bool has_anybody(const struct srv_session_info *info)
{
    return info->present + info->late + info->excused + info->absent + info->unjudged + info->pending +
               info->none >
           0;
}

/* The dates after the cursor's, in order, until one is not settled. *ret_more: there are more for another part. */
static enum cm_code go_on(struct evaluation *e, struct srv_alert_cursor *cursor, bool *ret_more,
                          struct cm_err *err)
{
    const int32_t through = e->work.options->through_date;
    *ret_more = false;
    for (int dates = 0; cursor->date < through; dates++) {
        struct srv_session_info info;
        int32_t date = cm_date_add(cursor->date, 1);
        if (dates == DATES_A_PART && !e->dry) {
            *ret_more = true;
            return CM_OK;
        }
        enum cm_code code = srv_store_get_session_info(e->work.store, cursor->class_id, date, &info, err);
        bool school = code == CM_OK && info.school;
        if (code != CM_OK && code != CM_NOTFOUND)
            return code;
        if (school && info.state == SRV_SESSION_OPEN && has_anybody(&info)) {
            e->work.totals.held++;
            code = srv_night_find_hold(&e->work, &info, cursor, err);
            if (code == CM_OK)
                show_hold(e, cursor);
            return code;
        }
        if (school && (code = evaluate_session(e, &info, err)) != CM_OK)
            return code;
        cursor->date = date;
    }
    release(cursor);
    return CM_OK;
}

static enum cm_code evaluate_class(struct evaluation *e, const char *class_id, bool *ret_more,
                                   struct cm_err *err)
{
    const int32_t through = e->work.options->through_date;
    struct srv_alert_cursor cursor;
    struct cm_class class_;
    bool known, is_new;
    *ret_more = false;
    e->told_count = 0;
    enum cm_code code = srv_store_get_class(e->work.store, class_id, &class_, err);
    if (code != CM_OK) /* deleted meanwhile */
        return code == CM_NOTFOUND ? CM_OK : code;
    code = load_cursor(e, class_id, &cursor, &known, &is_new, err);
    if (code != CM_OK || !known)
        return code;
    e->work.totals.classes++;
    e->first_date = cursor.first_date;
    if (cursor.date > through) /* a dry run asks for a date that was evaluated */
        return e->dry ? evaluate_last(e, class_id, through, err) : CM_OK;
    if (!e->work.terms.enabled) {
        cursor.date = through;
        release(&cursor);
    } else {
        code = is_new ? CM_OK : evaluate_last(e, class_id, cursor.date, err);
        if (code == CM_OK)
            code = go_on(e, &cursor, ret_more, err);
    }
    return code == CM_OK && !e->dry ? srv_store_put_alert_cursor(e->work.store, &cursor, err) : code;
}

/* ---- parts ---- */

static bool take_class(void *arg, const struct cm_class *class_)
{
    struct srv_night *night = arg;
    night->code = srv_night_grow((void **)&night->classes, night->class_count, &night->class_room,
                                 sizeof night->classes[0], night->err);
    if (night->code == CM_OK)
        memcpy(night->classes[night->class_count++], class_->id, CM_ID_SIZE);
    return night->code == CM_OK;
}

static enum cm_code settle_options(struct srv_night *night, const struct srv_night_options *options,
                                   struct cm_err *err)
{
    const int32_t yesterday = cm_date_add(cm_zone_date(options->zone, options->now_ms), -1);
    night->options = *options;
    if (options->through_date == 0)
        night->options.through_date = yesterday;
    else if (!cm_date_valid(options->through_date) || options->through_date > yesterday)
        return cm_fail(err, CM_INVALID,
                       "only days that have ended can be evaluated: yesterday at the latest");
    snprintf(night->phone, sizeof night->phone, "%s",
             options->coordinator_phone != NULL ? options->coordinator_phone : "");
    night->options.coordinator_phone = night->phone;
    return CM_OK;
}

enum cm_code srv_night_begin(struct srv_store *store, const struct srv_night_options *options,
                             struct srv_night **ret_night, struct cm_err *err)
{
    struct srv_night *night = calloc(1, sizeof *night);
    if (night == NULL)
        return cm_fail(err, CM_NOMEM, "no memory for the nightly job");
    night->err = err;
    enum cm_code code = settle_options(night, options, err);
    if (code == CM_OK)
        code = srv_store_each_class(store, take_class, night, err);
    if (code == CM_OK)
        code = night->code;
    if (code != CM_OK) {
        srv_night_destroy(night);
        return code;
    }
    *ret_night = night;
    return CM_OK;
}

bool srv_night_is_done(const struct srv_night *night)
{
    return night->next == night->class_count && night->told.done;
}

static enum cm_code run_part(struct srv_night *night, struct evaluation *e, size_t class_max,
                             struct cm_err *err)
{
    size_t next = night->next;
    enum cm_code code = srv_alert_terms_load(e->work.store, &e->work.terms, err);
    for (size_t done = 0; code == CM_OK && next < night->class_count && done < class_max &&
                          e->work.totals.students < SRV_NIGHT_PART_STUDENTS;
         done++) {
        bool more;
        code = evaluate_class(e, night->classes[next], &more, err);
        next += !more;
    }
    night->pending.next = next;
    night->pending.told = night->told;
    night->pending.totals = e->work.totals;
    return code;
}

static enum cm_code check_told(struct srv_store *store, struct srv_night *night, struct cm_err *err)
{
    night->pending.next = night->next;
    night->pending.told = night->told;
    night->pending.totals = (struct srv_night_totals){0};
    return srv_alerts_check_told(store, night->options.now_ms, &night->pending.told,
                                 &night->pending.totals.taken_back, err);
}

enum cm_code srv_night_part(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct srv_night *night = arg;
    struct evaluation e = {.work = {.store = store, .options = &night->options}};
    enum cm_code code = srv_alerts_put_back(store, night->options.now_ms, &e.work.put_back_wall_ms, err);
    if (code == CM_OK && !night->told.done)
        code = check_told(store, night, err);
    else if (code == CM_OK)
        code = run_part(night, &e, SRV_NIGHT_PART_CLASSES, err);
    evaluation_free(&e);
    return code;
}

void srv_night_committed(struct srv_night *night)
{
    const struct srv_night_totals *part = &night->pending.totals;
    night->next = night->pending.next;
    night->told = night->pending.told;
    night->totals.classes += part->classes;
    night->totals.held += part->held;
    night->totals.students += part->students;
    night->totals.alerts += part->alerts;
    night->totals.messages += part->messages;
    night->totals.taken_back += part->taken_back;
}

struct srv_night_totals srv_night_totals_of(const struct srv_night *night)
{
    return night->totals;
}

void srv_night_destroy(struct srv_night *night)
{
    if (night != NULL)
        free(night->classes);
    free(night);
}

enum cm_code srv_night_run(struct srv_store *store, const struct srv_night_options *options,
                           struct srv_night_totals *ret_totals, struct cm_err *err)
{
    struct srv_night *night;
    enum cm_code code = srv_night_begin(store, options, &night, err);
    if (code != CM_OK)
        return code;
    while (code == CM_OK && !srv_night_is_done(night)) {
        code = srv_store_write(store, srv_night_part, night, err);
        if (code == CM_OK)
            srv_night_committed(night);
        srv_store_trim(store);
    }
    if (ret_totals != NULL)
        *ret_totals = night->totals;
    srv_night_destroy(night);
    return code;
}

/* ---- dry ---- */

struct dry {
    struct srv_night *night;
    struct evaluation *e;
};

static enum cm_code run_dry(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct dry *dry = arg;
    enum cm_code code = CM_OK;
    (void)store;
    while (code == CM_OK && !srv_night_is_done(dry->night)) {
        dry->e->work.totals = (struct srv_night_totals){0};
        code = run_part(dry->night, dry->e, 1, err);
        srv_night_committed(dry->night);
    }
    return code;
}

enum cm_code srv_night_dry_run(struct srv_store *store, const struct srv_night_options *options,
                               srv_night_line_fn *show, void *arg, struct srv_night_totals *ret_totals,
                               struct cm_err *err)
{
    struct srv_night *night;
    struct evaluation e = {.dry = true, .show = show, .arg = arg};
    enum cm_code code = srv_night_begin(store, options, &night, err);
    if (code != CM_OK)
        return code;
    e.work.store = store;
    e.work.options = &night->options;
    night->told.done = night->pending.told.done = true; /* nothing is written */
    struct dry dry = {night, &e};
    code = srv_store_read(store, run_dry, &dry, err);
    if (ret_totals != NULL)
        *ret_totals = night->totals;
    evaluation_free(&e);
    srv_night_destroy(night);
    return code;
}

/* ---- why was nobody told? ---- */

static void explain(struct srv_why *why, const struct srv_rule_settings *settings, int32_t date)
{
    char rule[SRV_RULE_TEXT_SIZE], iso[CM_DATE_ISO_SIZE];
    srv_decision_text(&why->decision, settings, rule);
    if (!why->member)
        snprintf(why->text, sizeof why->text, "The student was in no class on %s, or has left the school.",
                 cm_date_iso(date, iso));
    else if (!why->enabled)
        snprintf(why->text, sizeof why->text, "Alerts are switched off in the settings. By the rule: %s",
                 rule);
    else if (!why->settled_that_far && why->cursor.held_date != 0)
        snprintf(why->text, sizeof why->text, "The class is held at %s, so later days wait. By the rule: %s",
                 cm_date_iso(why->cursor.held_date, iso), rule);
    else if (!why->settled_that_far)
        snprintf(why->text, sizeof why->text,
                 "The day was not evaluated yet; that is done the night after it. "
                 "By the rule: %s",
                 rule);
    else
        snprintf(why->text, sizeof why->text, "%s", rule);
}

struct class_on {
    int32_t date;
    char class_id[CM_ID_SIZE];
};

static bool look_class(void *arg, const struct srv_membership *m)
{
    struct class_on *on = arg;
    if (on->date >= m->from && (m->to == 0 || on->date < m->to))
        memcpy(on->class_id, m->class_id, sizeof on->class_id);
    return true;
}

enum cm_code srv_night_why(struct srv_store *store, const char *student_id, int32_t date,
                           struct srv_why *ret_why, struct cm_err *err)
{
    struct srv_why why = {0};
    struct srv_alert_terms terms = {.enabled = false};
    struct srv_decide_terms deciding = {.told_also = 0};
    struct srv_student student;
    struct class_on on = {.date = date};
    enum cm_code code = srv_store_get_student(store, student_id, &student, err);
    if (code == CM_OK)
        code = srv_alert_terms_load(store, &terms, err);
    if (code == CM_OK)
        code = srv_store_each_membership(store, student_id, look_class, &on, err);
    deciding.rule = terms.rule;
    if (code == CM_OK)
        code = srv_decide(store, &deciding, student_id, date, &why.decision, err);
    if (code != CM_OK)
        return code;
    why.enabled = terms.enabled;
    why.member = on.class_id[0] != '\0' && !student.archived;
    if (on.class_id[0] != '\0')
        code = srv_store_get_alert_cursor(store, on.class_id, &why.cursor, err);
    if (code != CM_OK && code != CM_NOTFOUND)
        return code;
    why.settled_that_far = why.cursor.date >= date;
    explain(&why, &terms.rule, date);
    *ret_why = why;
    return CM_OK;
}
