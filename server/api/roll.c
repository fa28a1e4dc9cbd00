/* GET /api/rolls */
#include "api/handlers.h"

#include "api/roll.h"
#include "api/show.h"
#include "http_json/json.h"
#include <stdlib.h>
#include <string.h>

enum { ROLL_ROWS_MAX = 5000 };

struct roll {
    const struct srv_app *app;
    struct cm_class class_;
    int32_t date;
    int64_t now_ms;
    struct cm_session session;
    struct srv_day *days;
    int count, room;
    bool failed;
    bool waits; /* it is over, and only its stations can settle it, or a person */
    struct srv_station silent[SRV_HOLD_STATIONS_MAX];
    int silent_count;
    int64_t awaited_count;
    struct srv_counts counts;
    struct srv_reply out;
};

static bool take_day(void *arg, const struct srv_day *day)
{
    struct roll *roll = arg;
    if (roll->count == roll->room) {
        int room = roll->room > 0 ? roll->room * 2 : 64;
        struct srv_day *days = realloc(roll->days, (size_t)room * sizeof *days);
        roll->failed = days == NULL;
        if (roll->failed)
            return false;
        roll->days = days;
        roll->room = room;
    }
    roll->days[roll->count++] = *day;
    return roll->count < ROLL_ROWS_MAX;
}

/* day: of the calendar; its entry's label is "" when the class just does not meet. */
static enum cm_code put_session(struct roll *roll, const struct srv_school_day *day, struct cm_err *err)
{
    struct srv_session_info info;
    enum cm_code code = srv_store_get_session_info(roll->app->store, roll->class_.id, roll->date, &info, err);
    if (code == CM_NOTFOUND) {
        srv_reply_null(&roll->out, "session");
        srv_reply_text(&roll->out, "no_school", day->closure.label);
        return CM_OK;
    }
    if (code != CM_OK)
        return code;
    roll->waits = info.school && info.state == SRV_SESSION_OPEN && info.word.word == 0 &&
                  roll->now_ms >= roll->session.close_wall_ms;
    srv_show_session(&roll->out, "session", roll->app, &info, &roll->session, roll->now_ms);
    if (info.word.word == CM_WORD_NO_SESSION)
        srv_reply_text(&roll->out, "no_school", info.word.reason);
    else if (!info.school)
        srv_reply_text(&roll->out, "no_school", day->closure.label);
    else
        srv_reply_null(&roll->out, "no_school");
    return CM_OK;
}

static enum cm_code put_day(struct roll *roll, struct cm_err *err)
{
    struct srv_school_day day;
    enum cm_code code = srv_store_get_school_day(roll->app->store, &roll->class_, roll->date, &day, err);
    if (code == CM_OK)
        code = put_session(roll, &day, err);
    if (code == CM_OK)
        srv_show_half_day(&roll->out, &day);
    return code;
}

static void put_scores(struct srv_reply *out, const struct srv_evidence *evidence)
{
    bool face = evidence->has_mark && evidence->mark.method == CM_METHOD_FACE;
    if (face) {
        srv_reply_real(out, "distance", (double)evidence->mark.distance, 4);
        srv_reply_real(out, "margin", (double)evidence->mark.margin, 4);
        srv_reply_real(out, "threshold", (double)evidence->mark.threshold, 4);
    } else {
        srv_reply_null(out, "distance");
        srv_reply_null(out, "margin");
        srv_reply_null(out, "threshold");
    }
}

enum cm_code srv_roll_item(struct srv_reply *out, const struct srv_app *app, const struct cm_class *class_,
                           const struct srv_day *day, int64_t now_ms, struct cm_err *err)
{
    struct srv_student student;
    struct srv_evidence evidence;
    struct cm_session session = srv_show_times(app->store, app->zone, class_, day->roll.date);
    enum cm_code code = srv_store_get_student(app->store, day->roll.student_id, &student, err);
    if (code == CM_NOTFOUND) { /* erased: the id is only a number */
        student = (struct srv_student){.template_count = 0};
        code = CM_OK;
    }
    if (code == CM_OK)
        code = srv_show_evidence(app->store, &day->roll, &evidence, err);
    if (code != CM_OK)
        return code;
    srv_reply_begin(out, NULL);
    srv_reply_text(out, "student_id", day->roll.student_id);
    srv_reply_text(out, "name", student.base.name);
    srv_reply_text(out, "roll_number", student.roll_number);
    srv_reply_text(out, "status", cm_roll_status_name(srv_show_status_at(day, &session, now_ms)));
    srv_show_evidence_out(out, app, class_, &day->roll, &evidence);
    srv_reply_words(out, "station", evidence.station_id);
    put_scores(out, &evidence);
    srv_reply_end(out);
    return CM_OK;
}

/* Who would become absent if the session were closed now. */
static int64_t absent_by_closing(const struct roll *roll)
{
    int64_t count = 0;
    for (int i = 0; i < roll->count; i++) {
        enum cm_roll_status status = srv_show_status_at(&roll->days[i], &roll->session, roll->now_ms);
        bool unseen = roll->days[i].roll.mark_seq == 0 && roll->days[i].roll.correction_seq == 0;
        count += unseen && (status == CM_ROLL_NONE || status == CM_ROLL_UNJUDGED);
    }
    return count;
}

static bool take_awaited(void *arg, const struct srv_station *station)
{
    struct roll *roll = arg;
    if (roll->silent_count < SRV_HOLD_STATIONS_MAX)
        roll->silent[roll->silent_count++] = *station;
    roll->awaited_count++;
    return true;
}

/* For which stations the session waits. */
static enum cm_code put_awaited(struct roll *roll, struct cm_err *err)
{
    struct srv_reply *out = &roll->out;
    enum cm_code code = CM_OK;
    if (roll->waits)
        code = srv_store_each_awaited(roll->app->store, roll->class_.id, roll->date, take_awaited, roll, err);
    srv_reply_begin(out, "awaited");
    srv_reply_int(out, "station_count", roll->awaited_count);
    srv_reply_list(out, "stations");
    for (int i = 0; i < roll->silent_count; i++)
        srv_show_silent(out, roll->app, roll->silent[i].id, &roll->silent[i]);
    srv_reply_list_end(out);
    srv_reply_end(out);
    return code;
}

static enum cm_code put_roll(struct roll *roll, struct cm_err *err)
{
    struct srv_reply *out = &roll->out;
    srv_reply_begin(out, NULL);
    srv_reply_text(out, "class_id", roll->class_.id);
    srv_reply_date(out, "date", roll->date);
    enum cm_code code = put_day(roll, err);
    for (int i = 0; i < roll->count; i++)
        srv_counts_add(&roll->counts, srv_show_status_at(&roll->days[i], &roll->session, roll->now_ms));
    srv_reply_begin(out, "counts");
    srv_counts_out(out, &roll->counts);
    srv_reply_end(out);
    srv_reply_list(out, "items");
    for (int i = 0; i < roll->count && code == CM_OK; i++)
        code = srv_roll_item(out, roll->app, &roll->class_, &roll->days[i], roll->now_ms, err);
    srv_reply_list_end(out);
    srv_reply_begin(out, "closing");
    srv_reply_int(out, "absent", absent_by_closing(roll));
    srv_reply_end(out);
    if (code == CM_OK)
        code = put_awaited(roll, err);
    srv_reply_end(out);
    return code;
}

/* Within one read of the store, so that all of it is of one state. */
static enum cm_code make_roll(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct roll *roll = arg;
    enum cm_code code = srv_store_each_roll(store, roll->class_.id, roll->date, take_day, roll, err);
    if (code == CM_OK && roll->failed)
        code = cm_fail(err, CM_NOMEM, "out of memory for the roll");
    return code == CM_OK ? put_roll(roll, err) : code;
}

void srv_api_roll(struct srv_call *call)
{
    const struct srv_app *app = srv_app_of(call);
    struct roll roll = {.app = app, .now_ms = srv_api_now(app)};
    struct cm_err err = CM_ERR_INIT;
    const char *class_id = srv_call_query(call, "class");
    if (!srv_json_query_date(call, "date", srv_api_today(app), &roll.date))
        return;
    if (class_id == NULL || class_id[0] == '\0') {
        srv_json_invalid(call, "class", "say the roll of which class");
        return;
    }
    if (!srv_api_find_class(call, class_id, &roll.class_))
        return;
    roll.session = srv_show_times(app->store, app->zone, &roll.class_, roll.date);
    srv_reply_init(&roll.out);
    enum cm_code code = srv_store_read(app->store, make_roll, &roll, &err);
    if (code == CM_OK)
        srv_reply_answer(call, 200, &roll.out);
    else
        srv_json_failed(call, code, &err);
    srv_reply_finish(&roll.out);
    free(roll.days);
}
