#include "alerts/decide.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a student's days, the newest first ---- */

enum { FIRST_WINDOW = 4 /* a weekend is in it */ };

struct window { /* of days in order of date, as the store shows them */
    struct srv_day *list;
    size_t count, room;
    struct cm_err *err;
    enum cm_code code;
};

static bool take_day(void *arg, const struct srv_day *day)
{
    struct window *window = arg;
    if (window->count == window->room) {
        size_t room = window->room > 0 ? window->room * 2 : 32;
        struct srv_day *list = realloc(window->list, room * sizeof *list);
        if (list == NULL) {
            window->code = cm_fail(window->err, CM_NOMEM, "no memory for a student's days");
            return false;
        }
        window->list = list;
        window->room = room;
    }
    window->list[window->count++] = *day;
    return true;
}

enum { MEMBERSHIPS_MAX = 256 }; /* of one student; the store keeps no more */

struct memberships {
    struct srv_membership list[MEMBERSHIPS_MAX];
    size_t count;
};

static bool take_membership(void *arg, const struct srv_membership *membership)
{
    struct memberships *m = arg;
    m->list[m->count++] = *membership;
    return m->count < MEMBERSHIPS_MAX;
}

/* What was seen of him on a day on which he was in no class, as by a clock that was wrong by a year, is no school day of his. */
static bool was_in(const struct memberships *m, const struct srv_day *day)
{
    for (size_t i = 0; i < m->count; i++) {
        const struct srv_membership *at = &m->list[i];
        if (day->roll.date >= at->from && (at->to == 0 || day->roll.date < at->to) &&
            strcmp(at->class_id, day->roll.class_id) == 0)
            return true;
    }
    return false;
}

typedef bool day_fn(void *arg, const struct srv_day *day); /* false: no more */

/* Most runs end within a few days: a short stretch is read first, and longer ones behind it. */
static enum cm_code each_day_back(struct srv_store *store, const char *student_id, int32_t date,
                                  day_fn *visit, void *arg, struct cm_err *err)
{
    struct window window = {.err = err};
    struct memberships memberships = {.count = 0};
    const int32_t oldest = cm_date_add(date, -SRV_RULE_BACK_DAYS);
    enum cm_code code = srv_store_each_membership(store, student_id, take_membership, &memberships, err);
    bool more = true;
    for (int32_t days = FIRST_WINDOW, to = date; code == CM_OK && more && to >= oldest; days *= 2) {
        int32_t from = cm_date_add(to, 1 - days);
        if (from < oldest)
            from = oldest;
        window.count = 0;
        code = srv_store_each_day(store, student_id, from, to, take_day, &window, err);
        if (code == CM_OK)
            code = window.code;
        for (size_t i = window.count; code == CM_OK && more && i > 0; i--)
            more = !was_in(&memberships, &window.list[i - 1]) || visit(arg, &window.list[i - 1]);
        if (from == cm_date_add(from, -1)) /* the first date that there is */
            break;
        to = cm_date_add(from, -1);
    }
    free(window.list);
    return code;
}

/* ---- the decision ---- */

struct told {
    int32_t date; /* D */
    int32_t trigger_date;
};

/* Alerts come the latest trigger date first. */
static bool find_told(void *arg, const struct srv_alert *alert)
{
    struct told *told = arg;
    if (alert->state == SRV_ALERT_WITHDRAWN || alert->trigger_date > told->date)
        return true;
    told->trigger_date = alert->trigger_date;
    return false;
}

/* ---- days before anybody watched ---- */

struct begin { /* of one class */
    char class_id[CM_ID_SIZE];
    int32_t date; /* 0: the class has not begun */
};

struct deciding {
    struct srv_store *store;
    const struct srv_decide_terms *terms;
    struct srv_rule rule;
    struct begin begin; /* of the class that was looked up last */
    struct cm_err *err;
    enum cm_code code;
};

static enum cm_code find_begin(struct deciding *d, const char *class_id)
{
    struct srv_alert_cursor cursor = {0};
    if (strcmp(d->begin.class_id, class_id) == 0)
        return CM_OK;
    if (d->terms->begun_class != NULL && strcmp(d->terms->begun_class, class_id) == 0)
        cursor.first_date = d->terms->begun_date;
    else
        d->code = srv_store_get_alert_cursor(d->store, class_id, &cursor, d->err);
    if (d->code == CM_NOTFOUND)
        d->code = CM_OK;
    d->begin.date = cursor.first_date;
    snprintf(d->begin.class_id, sizeof d->begin.class_id, "%s", class_id);
    return d->code;
}

/* The days come out of a window, after the store has shown them: it may be asked again. */
/* An open day of before anybody watched, which is not there. False too when that cannot be read: then d->code says so. */
static bool is_before(struct deciding *d, const struct srv_day *day)
{
    if (day->roll.status != CM_ROLL_NONE || day->session != SRV_SESSION_OPEN)
        return false;
    return find_begin(d, day->roll.class_id) == CM_OK &&
           (d->begin.date == 0 || day->roll.date < d->begin.date);
}

static bool decide_day(void *arg, const struct srv_day *day)
{
    struct deciding *d = arg;
    if (is_before(d, day))
        return true;
    return d->code == CM_OK && srv_rule_day(&d->rule, day);
}

enum cm_code srv_decide(struct srv_store *store, const struct srv_decide_terms *terms, const char *student_id,
                        int32_t date, struct srv_decision *ret_decision, struct cm_err *err)
{
    struct told told = {.date = date};
    struct deciding deciding = {.store = store, .terms = terms, .err = err};
    enum cm_code code = srv_store_each_alert_of_student(store, student_id, find_told, &told, err);
    if (code != CM_OK)
        return code;
    if (terms->told_also > told.trigger_date && terms->told_also <= date)
        told.trigger_date = terms->told_also;
    srv_rule_begin(&deciding.rule, &terms->rule, told.trigger_date);
    code = each_day_back(store, student_id, date, decide_day, &deciding, err);
    if (code == CM_OK)
        code = deciding.code;
    if (code == CM_OK)
        srv_rule_end(&deciding.rule, ret_decision);
    return code;
}

struct claiming {
    struct deciding d; /* for when classes began */
    struct srv_claim_check check;
};

static bool is_listed(const struct srv_alert *alert, const struct srv_day *day)
{
    for (int i = 0; i < alert->day_count; i++)
        if (alert->days[i].date == day->roll.date && strcmp(alert->days[i].class_id, day->roll.class_id) == 0)
            return true;
    return false;
}

/* A day that the alert lists was there, whenever the class began. */
static bool claim_day(void *arg, const struct srv_day *day)
{
    struct claiming *claiming = arg;
    if (!is_listed(claiming->check.alert, day) && is_before(&claiming->d, day))
        return true;
    return claiming->d.code == CM_OK && srv_claim_check_day(&claiming->check, day);
}

/* Fills ret_check with what the days say of the alert. */
static enum cm_code check_claim(struct srv_store *store, const struct srv_alert *alert,
                                struct srv_claim_check *ret_check, bool *ret_holds, struct cm_err *err)
{
    const struct srv_decide_terms terms = {.told_also = 0};
    struct claiming claiming = {.d = {.store = store, .terms = &terms, .err = err}};
    srv_claim_check_begin(&claiming.check, alert);
    enum cm_code code =
        each_day_back(store, alert->student_id, alert->trigger_date, claim_day, &claiming, err);
    if (code == CM_OK)
        code = claiming.d.code;
    *ret_holds = code == CM_OK && srv_claim_check_end(&claiming.check);
    *ret_check = claiming.check;
    return code;
}

static enum cm_code check_student(struct srv_store *store, const struct srv_alert *alert,
                                  char ret_reason[CM_TEXT_SIZE], struct cm_err *err)
{
    struct srv_student student;
    enum cm_code code = srv_store_get_student(store, alert->student_id, &student, err);
    if (code == CM_NOTFOUND)
        snprintf(ret_reason, CM_TEXT_SIZE, "the student was erased");
    else if (code == CM_OK && student.archived)
        snprintf(ret_reason, CM_TEXT_SIZE, "the student left the school");
    return code == CM_NOTFOUND ? CM_OK : code;
}

enum cm_code srv_still_true(struct srv_store *store, const struct srv_alert *alert, bool *ret_true,
                            char ret_reason[CM_TEXT_SIZE], struct cm_err *err)
{
    struct srv_claim_check check;
    bool holds = true;
    ret_reason[0] = '\0';
    enum cm_code code = check_student(store, alert, ret_reason, err);
    if (code == CM_OK && ret_reason[0] == '\0') {
        code = check_claim(store, alert, &check, &holds, err);
        if (code == CM_OK && !holds)
            snprintf(ret_reason, CM_TEXT_SIZE, "%s", check.reason);
    }
    *ret_true = code == CM_OK && ret_reason[0] == '\0';
    return code;
}

enum cm_code srv_is_wrong(struct srv_store *store, const struct srv_alert *alert, bool *ret_wrong,
                          char ret_reason[CM_TEXT_SIZE], struct cm_err *err)
{
    struct srv_claim_check check;
    bool holds;
    enum cm_code code = check_claim(store, alert, &check, &holds, err);
    *ret_wrong = code == CM_OK && !holds && !check.doubtful;
    snprintf(ret_reason, CM_TEXT_SIZE, "%s", check.reason);
    return code;
}

/* ---- membership ---- */

struct member_on {
    const char *class_id;
    int32_t date;
    bool is;
};

static bool look_member(void *arg, const struct srv_membership *m)
{
    struct member_on *on = arg;
    on->is |=
        strcmp(m->class_id, on->class_id) == 0 && on->date >= m->from && (m->to == 0 || on->date < m->to);
    return true;
}

enum cm_code srv_is_told_of(struct srv_store *store, const char *student_id, const char *class_id,
                            int32_t date, bool *ret_is, struct srv_student *ret_student, struct cm_err *err)
{
    struct member_on on = {class_id, date, false};
    enum cm_code code = srv_store_get_student(store, student_id, ret_student, err);
    if (code == CM_OK && !ret_student->archived)
        code = srv_store_each_membership(store, student_id, look_member, &on, err);
    *ret_is = code == CM_OK && on.is;
    return code == CM_NOTFOUND ? CM_OK : code;
}

/* ---- ids and notes ---- */

static void finish_id(crypto_generichash_state *hash, uint8_t ret_id[16])
{
    crypto_generichash_final(hash, ret_id, 16);
    ret_id[6] = (uint8_t)((ret_id[6] & 0x0f) | 0x80);
    ret_id[8] = (uint8_t)((ret_id[8] & 0x3f) | 0x80);
}

static void add_text(crypto_generichash_state *hash,
                     const char *text) /* with its NUL: none runs into the next */
{
    crypto_generichash_update(hash, (const uint8_t *)text, strlen(text) + 1);
}

void srv_alert_id(const char *student_id, int32_t trigger_date, int32_t generation, uint8_t ret_id[16])
{
    crypto_generichash_state hash;
    char numbers[32];
    snprintf(numbers, sizeof numbers, "%d %d", (int)trigger_date, (int)generation);
    crypto_generichash_init(&hash, NULL, 0, 16);
    add_text(&hash, "alert");
    add_text(&hash, student_id);
    add_text(&hash, numbers);
    finish_id(&hash, ret_id);
}

void srv_message_id(const uint8_t alert_id[16], enum srv_recipient recipient, const char *user,
                    uint8_t ret_id[16])
{
    crypto_generichash_state hash;
    crypto_generichash_init(&hash, NULL, 0, 16);
    add_text(&hash, recipient == SRV_RECIPIENT_PARENT ? "parent" : "coordinator");
    crypto_generichash_update(&hash, alert_id, 16);
    add_text(&hash, user);
    finish_id(&hash, ret_id);
}

void srv_alert_add_note(struct srv_alert *alert, enum srv_alert_word word, int64_t wall_ms, const char *by,
                        const char *reason)
{
    if (alert->note_count == SRV_ALERT_NOTES_MAX) { /* the first stays */
        memmove(alert->notes + 1, alert->notes + 2, (SRV_ALERT_NOTES_MAX - 2) * sizeof alert->notes[0]);
        alert->note_count--;
    }
    struct srv_alert_note *note = &alert->notes[alert->note_count++];
    *note = (struct srv_alert_note){.word = word, .wall_ms = wall_ms};
    snprintf(note->by, sizeof note->by, "%s", by != NULL ? by : "");
    snprintf(note->reason, sizeof note->reason, "%s", reason != NULL ? reason : "");
}
