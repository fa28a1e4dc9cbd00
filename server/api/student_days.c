/* GET /api/students/:id/attendance, GET /api/students/:id/trend */
#include "api/handlers.h"

#include "api/cache.h"
#include "api/show.h"
#include "api/student.h"
#include "http_json/json.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the classes of a student over time, loaded once each ---- */

enum { CLASSES_KEPT = 4 };

struct classes {
    struct srv_store *store;
    struct cm_class kept[CLASSES_KEPT];
    int count;
};

/* NULL: there is no such class any more. */
static const struct cm_class *class_of(struct classes *classes, const char *id)
{
    for (int i = 0; i < classes->count; i++)
        if (strcmp(classes->kept[i].id, id) == 0)
            return &classes->kept[i];
    int place = classes->count < CLASSES_KEPT ? classes->count : CLASSES_KEPT - 1;
    if (srv_store_get_class(classes->store, id, &classes->kept[place], NULL) != CM_OK)
        return NULL;
    classes->count = place + 1;
    return &classes->kept[place];
}

/* "2026-11" of the month's first date. */
static void put_month_name(struct srv_reply *out, int32_t first)
{
    char text[CM_DATE_ISO_SIZE];
    cm_date_iso(first, text);
    text[7] = '\0';
    srv_reply_text(out, "month", text);
}

/* ---- the days of a span ---- */

struct days {
    struct srv_day *list;
    int count, room;
};

static bool take_day(void *arg, const struct srv_day *day)
{
    struct days *days = arg;
    if (days->count == days->room)
        return false;
    days->list[days->count++] = *day;
    return true;
}

/* ---- a month ---- */

enum { MONTH_DAYS_MAX = 31, DAYS_PER_MONTH_MAX = 64 }; /* of two classes on one day: a change of class */

struct month {
    const struct srv_app *app;
    int32_t first, last;
    int64_t now_ms;
    const struct srv_student *student;
    struct srv_reply out;
    struct srv_memberships memberships;
    struct classes classes;
    struct srv_day list[DAYS_PER_MONTH_MAX];
    struct days days;
    struct {
        const char *class_id; /* of the student on that day; outside of his time that of today */
        bool member, closed;
        char label[CM_LABEL_SIZE];
    } of[MONTH_DAYS_MAX];
};

/* What the calendar and people say of the day for the class that he was in then. */
static enum cm_code load_day(struct srv_store *store, struct month *month, int day, struct cm_err *err)
{
    struct srv_school_day school;
    struct srv_session_info info;
    int32_t date = month->first + day;
    const struct cm_class *class_ = class_of(&month->classes, month->of[day].class_id);
    if (class_ == NULL)
        return CM_OK;
    enum cm_code code = srv_store_get_school_day(store, class_, date, &school, err);
    if (code != CM_OK)
        return code;
    month->of[day].closed = school.day.kind == CM_DAY_CLOSED;
    strcpy(month->of[day].label, school.closure.label);
    if (school.no_session && srv_store_get_session_info(store, class_->id, date, &info, NULL) == CM_OK)
        snprintf(month->of[day].label, sizeof month->of[day].label, "%.*s", CM_LABEL_SIZE - 1,
                 info.word.reason);
    return CM_OK;
}

static enum cm_code load_month(struct srv_store *store, struct month *month, struct cm_err *err)
{
    const char *id = month->student->base.id;
    month->days = (struct days){.list = month->list, .room = DAYS_PER_MONTH_MAX};
    month->classes = (struct classes){.store = store};
    memset(month->of, 0, sizeof month->of);
    enum cm_code code = srv_student_memberships(store, id, &month->memberships, err);
    for (int day = 0; day < month->last % 100; day++) {
        const struct srv_membership *membership = srv_membership_at(&month->memberships, month->first + day);
        month->of[day].member = membership != NULL;
        month->of[day].class_id = membership != NULL ? membership->class_id : month->student->base.class_id;
    }
    for (int day = 0; day < month->last % 100 && code == CM_OK; day++)
        code = load_day(store, month, day, err);
    return code == CM_OK
               ? srv_store_each_day(store, id, month->first, month->last, take_day, &month->days, err)
               : code;
}

static void put_nothing(struct srv_reply *out)
{
    static const char *const names[] = {"status",      "state",   "captured",     "method", "points",
                                        "points_text", "receipt", "corrected_by", "reason"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        srv_reply_null(out, names[i]);
}

static enum cm_code put_status(struct month *month, const struct srv_day *day, const struct cm_class *class_,
                               struct cm_err *err)
{
    struct srv_reply *out = &month->out;
    struct srv_evidence evidence;
    struct cm_session session = srv_show_times(month->app->store, month->app->zone, class_, day->roll.date);
    enum cm_code code = srv_show_evidence(month->app->store, &day->roll, &evidence, err);
    srv_reply_text(out, "status", cm_roll_status_name(srv_show_status_at(day, &session, month->now_ms)));
    srv_reply_text(out, "state", srv_show_state(srv_show_state_at(day->session, &session, month->now_ms)));
    srv_show_evidence_out(out, month->app, class_, &day->roll, &evidence);
    return code;
}

/* The store's entry of that date; of two classes that of the class which he was in. */
static const struct srv_day *entry_of(const struct month *month, int32_t date, const char *class_id)
{
    const struct srv_day *found = NULL;
    for (int i = 0; i < month->days.count; i++) {
        const struct srv_day *day = &month->list[i];
        if (day->roll.date == date && (found == NULL || strcmp(day->roll.class_id, class_id) == 0))
            found = day;
    }
    return found;
}

static enum cm_code put_day(struct month *month, int index, struct cm_err *err)
{
    struct srv_reply *out = &month->out;
    enum cm_code code = CM_OK;
    int32_t date = month->first + index;
    const struct srv_day *entry = entry_of(month, date, month->of[index].class_id);
    const struct cm_class *class_ =
        class_of(&month->classes, entry != NULL ? entry->roll.class_id : month->of[index].class_id);
    bool school = (entry != NULL && !month->of[index].closed) ||
                  (class_ != NULL && cm_class_meets(class_, date) && !month->of[index].closed);
    srv_reply_begin(out, NULL);
    srv_reply_date(out, "date", date);
    srv_reply_text(out, "weekday", cm_weekday_name(cm_date_weekday(date)));
    srv_reply_bool(out, "school", school);
    srv_reply_words(out, "label", month->of[index].label);
    if (entry != NULL && class_ != NULL && !month->of[index].closed) {
        code = put_status(month, entry, class_, err);
    } else if (school && month->of[index].member) {
        struct srv_day unseen = {.roll.date = date, .session = SRV_SESSION_OPEN};
        code = put_status(month, &unseen, class_, err);
    } else {
        put_nothing(out);
    }
    srv_reply_end(out);
    return code;
}

static enum cm_code put_month(struct month *month, struct cm_err *err)
{
    struct srv_reply *out = &month->out;
    enum cm_code code = CM_OK;
    srv_reply_begin(out, NULL);
    srv_reply_text(out, "student_id", month->student->base.id);
    put_month_name(out, month->first);
    srv_reply_list(out, "days");
    for (int day = 0; day < month->last % 100 && code == CM_OK; day++)
        code = put_day(month, day, err);
    srv_reply_list_end(out);
    srv_reply_end(out);
    return code;
}

/* Within one read of the store, so that all of it is of one state. */
static enum cm_code make_month(struct srv_store *store, void *arg, struct cm_err *err)
{
    enum cm_code code = load_month(store, arg, err);
    return code == CM_OK ? put_month(arg, err) : code;
}

static void answer_month(struct srv_call *call, const struct srv_student *student, int32_t first,
                         const struct srv_kept_key *key)
{
    const struct srv_app *app = srv_app_of(call);
    struct cm_err err = CM_ERR_INIT;
    struct month month = {.app = app, .now_ms = key->now_ms, .student = student, .first = first};
    month.last = srv_api_month_end(first);
    srv_reply_init(&month.out);
    enum cm_code code = srv_store_read(app->store, make_month, &month, &err);
    if (code == CM_OK)
        srv_api_answer_and_keep(call, key, &month.out);
    else
        srv_json_failed(call, code, &err);
    srv_reply_finish(&month.out);
}

void srv_api_student_attendance(struct srv_call *call)
{
    struct srv_kept_key key;
    struct srv_student student;
    char query[CM_DATE_ISO_SIZE];
    int32_t first;
    if (!srv_api_find_month(call, &first))
        return;
    if (!srv_api_answer_kept(call, cm_date_iso(first, query), &key) && srv_api_find_student(call, &student))
        answer_month(call, &student, first, &key);
}

/* ---- months in a row, and when he came ---- */

enum { MONTHS_MAX = 24, ARRIVALS_MAX = 60 };

struct trend {
    const struct srv_app *app;
    int64_t now_ms;
    struct classes classes;
    struct days days;
};

static struct srv_counts count_month(struct trend *trend, int32_t month)
{
    struct srv_counts counts = {.students = 0};
    for (int i = 0; i < trend->days.count; i++) {
        const struct srv_day *day = &trend->days.list[i];
        const struct cm_class *class_ =
            day->roll.date / 100 == month ? class_of(&trend->classes, day->roll.class_id) : NULL;
        if (class_ == NULL)
            continue;
        struct cm_session session =
            srv_show_times(trend->app->store, trend->app->zone, class_, day->roll.date);
        srv_counts_add(&counts, srv_show_status_at(day, &session, trend->now_ms));
    }
    return counts;
}

static void put_month_counts(struct srv_reply *out, struct trend *trend, int32_t month)
{
    struct srv_counts counts = count_month(trend, month);
    srv_reply_begin(out, NULL);
    put_month_name(out, month * 100 + 1);
    srv_reply_int(out, "present", counts.present);
    srv_reply_int(out, "late", counts.late);
    srv_reply_int(out, "excused", counts.excused);
    srv_reply_int(out, "absent", counts.absent);
    srv_reply_int(out, "unjudged", counts.unjudged);
    srv_reply_real(out, "rate", srv_show_rate(counts.present, counts.late, counts.absent), 4);
    srv_reply_end(out);
}

static bool came(const struct srv_day *day)
{
    return day->roll.captured_wall_ms != 0 &&
           (day->roll.status == CM_ROLL_PRESENT || day->roll.status == CM_ROLL_LATE);
}

static void put_arrivals(struct srv_reply *out, struct trend *trend)
{
    int from = trend->days.count, left = ARRIVALS_MAX;
    while (from > 0 && left > 0)
        left -= came(&trend->days.list[--from]);
    srv_reply_list(out, "arrivals");
    for (int i = from; i < trend->days.count; i++) {
        const struct srv_day *day = &trend->days.list[i];
        const struct cm_class *class_ = came(day) ? class_of(&trend->classes, day->roll.class_id) : NULL;
        if (class_ == NULL)
            continue;
        struct cm_session session =
            srv_show_times(trend->app->store, trend->app->zone, class_, day->roll.date);
        srv_reply_begin(out, NULL);
        srv_reply_date(out, "date", day->roll.date);
        srv_reply_real(out, "minutes_from_start",
                       (double)(day->roll.captured_wall_ms - session.start_wall_ms) / 60000.0, 1);
        srv_reply_end(out);
    }
    srv_reply_list_end(out);
}

static int32_t months_back(int32_t month, int count)
{
    int32_t number = month / 100 * 12 + month % 100 - 1 - count;
    return number / 12 * 100 + number % 12 + 1;
}

static void put_trend(struct srv_reply *out, struct trend *trend, int32_t this_month, int count)
{
    srv_reply_begin(out, NULL);
    srv_reply_list(out, "months");
    for (int back = count - 1; back >= 0; back--)
        put_month_counts(out, trend, months_back(this_month, back));
    srv_reply_list_end(out);
    put_arrivals(out, trend);
    srv_reply_end(out);
}

static void answer_trend(struct srv_call *call, const struct srv_student *student, int months,
                         const struct srv_kept_key *key)
{
    const struct srv_app *app = srv_app_of(call);
    struct trend trend = {.app = app, .now_ms = key->now_ms, .classes.store = app->store};
    struct cm_err err = CM_ERR_INIT;
    struct srv_reply out;
    int32_t today = cm_zone_date(app->zone, key->now_ms);
    srv_reply_init(&out);
    trend.days.room = SRV_API_SCHOOL_DAYS_MAX;
    trend.days.list = malloc(SRV_API_SCHOOL_DAYS_MAX * sizeof *trend.days.list);
    enum cm_code code =
        trend.days.list != NULL
            ? srv_store_each_day(app->store, student->base.id, months_back(today / 100, months - 1) * 100 + 1,
                                 today, take_day, &trend.days, &err)
            : cm_fail(&err, CM_NOMEM, "out of memory for the days");
    if (code == CM_OK) {
        put_trend(&out, &trend, today / 100, months);
        srv_api_answer_and_keep(call, key, &out);
    } else {
        srv_json_failed(call, code, &err);
    }
    srv_reply_finish(&out);
    free(trend.days.list);
}

void srv_api_student_trend(struct srv_call *call)
{
    struct srv_kept_key key;
    struct srv_student student;
    char query[16];
    int64_t months;
    if (!srv_json_query_int(call, "months", 1, MONTHS_MAX, 12, &months))
        return;
    snprintf(query, sizeof query, "%d", (int)months);
    if (!srv_api_answer_kept(call, query, &key) && srv_api_find_student(call, &student))
        answer_trend(call, &student, (int)months, &key);
}
