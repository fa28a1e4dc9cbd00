/* GET /api/stats, GET /api/leaderboard */
#include "api/handlers.h"

#include "api/cache.h"
#include "api/settings.h"
#include "api/show.h"
#include "http_json/json.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the numbers of a day ---- */

struct stats {
    const struct srv_app *app;
    struct srv_api_classes classes;
    int32_t date;
    int64_t now_ms;
    struct srv_census *census; /* of each class */
    bool no_school[SRV_API_CLASSES_MAX];
    struct srv_counts total;
    int64_t enrolled;
};

static enum cm_code put_class(struct srv_reply *out, struct stats *stats, int i, struct cm_err *err)
{
    const struct cm_class *class_ = &stats->classes.list[i];
    struct srv_session_info info;
    struct srv_counts counts = {.students = stats->census[i].students};
    struct cm_session session = srv_show_times(stats->app->store, stats->app->zone, class_, stats->date);
    enum cm_code code = srv_store_get_session_info(stats->app->store, class_->id, stats->date, &info, err);
    if (code != CM_OK && code != CM_NOTFOUND)
        return code;
    srv_reply_begin(out, NULL);
    srv_reply_text(out, "id", class_->id);
    srv_reply_text(out, "coordinator", class_->coordinator);
    if (code == CM_OK && info.word.word != CM_WORD_NO_SESSION) {
        counts = srv_counts_of(&info, &session, stats->now_ms);
        srv_show_session(out, "session", stats->app, &info, &session, stats->now_ms);
    } else {
        stats->no_school[i] = true;
        srv_reply_null(out, "session");
    }
    srv_counts_out(out, &counts);
    srv_reply_end(out);
    srv_counts_sum(&stats->total, &counts);
    stats->enrolled += stats->census[i].enrolled;
    return CM_OK;
}

static enum cm_code put_no_school(struct srv_reply *out, const struct stats *stats, struct cm_err *err)
{
    enum cm_code code = CM_OK;
    srv_reply_list(out, "no_school");
    for (int i = 0; i < stats->classes.count && code == CM_OK; i++) {
        if (!stats->no_school[i])
            continue;
        const char *id = stats->classes.list[i].id;
        struct srv_school_day day;
        struct srv_session_info info;
        code = srv_store_get_school_day(stats->app->store, &stats->classes.list[i], stats->date, &day, err);
        if (code != CM_OK)
            break;
        bool said = day.no_session &&
                    srv_store_get_session_info(stats->app->store, id, stats->date, &info, NULL) == CM_OK;
        srv_reply_begin(out, NULL);
        srv_reply_text(out, "class_id", id);
        srv_reply_text(out, "label", said ? info.word.reason : day.closure.label);
        srv_reply_end(out);
    }
    srv_reply_list_end(out);
    return code;
}

static enum cm_code put_stats(struct srv_reply *out, struct stats *stats, struct cm_err *err)
{
    enum cm_code code = srv_api_census(stats->app, &stats->classes, stats->census, err);
    srv_reply_begin(out, NULL);
    srv_reply_date(out, "date", stats->date);
    srv_reply_list(out, "classes");
    for (int i = 0; i < stats->classes.count && code == CM_OK; i++)
        code = put_class(out, stats, i, err);
    srv_reply_list_end(out);
    srv_reply_begin(out, "total");
    srv_counts_out(out, &stats->total);
    srv_reply_end(out);
    srv_reply_int(out, "enrolled", stats->enrolled);
    if (code == CM_OK)
        code = put_no_school(out, stats, err);
    srv_reply_end(out);
    return code;
}

static void answer_stats(struct srv_call *call, int32_t date, const struct srv_kept_key *key)
{
    struct stats stats = {.app = srv_app_of(call), .now_ms = key->now_ms, .date = date};
    struct cm_err err = CM_ERR_INIT;
    struct srv_reply out;
    if (!srv_api_find_classes(call, &stats.classes))
        return;
    srv_reply_init(&out);
    stats.census = calloc((size_t)stats.classes.count + 1, sizeof *stats.census);
    enum cm_code code = stats.census != NULL ? put_stats(&out, &stats, &err)
                                             : cm_fail(&err, CM_NOMEM, "out of memory for the numbers");
    if (code == CM_OK)
        srv_api_answer_and_keep(call, key, &out);
    else
        srv_json_failed(call, code, &err);
    srv_reply_finish(&out);
    free(stats.census);
    free(stats.classes.list);
}

void srv_api_stats(struct srv_call *call)
{
    struct srv_kept_key key;
    const char *class_id = srv_call_query(call, "class");
    char query[CM_DATE_ISO_SIZE + CM_ID_SIZE];
    int32_t date;
    if (!srv_json_query_date(call, "date", srv_api_today(srv_app_of(call)), &date))
        return;
    if (class_id != NULL && strlen(class_id) >= CM_ID_SIZE) {
        srv_api_not_found(call, "class");
        return;
    }
    strcat(cm_date_iso(date, query), class_id != NULL ? class_id : "");
    if (!srv_api_answer_kept(call, query, &key))
        answer_stats(call, date, &key);
}

/* ---- the board of a class ---- */

enum { BOARD_SHOWN_MAX = 500 };

struct board_answer {
    struct srv_reply *out;
    const struct srv_identity *who;
    bool enabled;
};

static void put_row(struct srv_reply *out, const struct srv_board_row *row, bool for_student, bool me)
{
    srv_reply_begin(out, NULL);
    srv_reply_int(out, "rank", row->rank);
    srv_reply_text(out, "name", for_student && row->nickname[0] != '\0' ? row->nickname : row->name);
    srv_reply_bool(out, "me", me);
    srv_reply_int(out, "points", row->points);
    srv_reply_real(out, "rate", row->rate, 4);
    srv_reply_int(out, "streak", row->streak);
    if (!for_student) {
        srv_reply_text(out, "student_id", row->id);
        srv_reply_text(out, "nickname", row->nickname);
    }
    srv_reply_end(out);
}

static void put_board(void *arg, const struct srv_board *board)
{
    struct board_answer *answer = arg;
    bool for_student = answer->who->role == SRV_ROLE_STUDENT;
    int shown = 0;
    srv_reply_begin(answer->out, NULL);
    srv_reply_text(answer->out, "class", board->class_id);
    srv_reply_bool(answer->out, "enabled", answer->enabled);
    srv_reply_list(answer->out, "items");
    for (int i = 0; i < board->count && (answer->enabled || !for_student); i++) {
        const struct srv_board_row *row = &board->rows[i];
        bool me = for_student && strcmp(row->id, answer->who->student_id) == 0;
        if (me || (!row->hidden && shown < BOARD_SHOWN_MAX)) {
            put_row(answer->out, row, for_student, me);
            shown++;
        }
    }
    srv_reply_list_end(answer->out);
    srv_reply_end(answer->out);
}

/* Whose board: a student's own class, else that of "?class=" ("" not given). */
static bool find_board(struct srv_call *call, const char *class_id, char ret_class_id[CM_ID_SIZE])
{
    struct srv_student student;
    struct cm_class class_;
    if (srv_api_is_student(call)) {
        const struct srv_identity *who = srv_call_identity(call);
        if (srv_store_get_student(srv_app_of(call)->store, who->student_id, &student, NULL) != CM_OK ||
            (class_id[0] != '\0' && strcmp(class_id, student.base.class_id) != 0)) {
            srv_api_not_found(call, "class");
            return false;
        }
        strcpy(ret_class_id, student.base.class_id);
        return true;
    }
    if (class_id[0] == '\0') {
        srv_json_invalid(call, "class", "say the board of which class");
        return false;
    }
    if (!srv_api_find_class(call, class_id, &class_))
        return false;
    strcpy(ret_class_id, class_.id);
    return true;
}

void srv_api_leaderboard(struct srv_call *call)
{
    const struct srv_app *app = srv_app_of(call);
    const char *wanted = srv_call_query(call, "class");
    struct srv_kept_key key;
    struct cm_err err = CM_ERR_INIT;
    char class_id[CM_ID_SIZE];
    struct srv_reply out;
    struct board_answer answer = {.out = &out, .who = srv_call_identity(call)};
    if (wanted == NULL)
        wanted = "";
    if (srv_api_answer_kept(call, wanted, &key) || !find_board(call, wanted, class_id))
        return;
    srv_reply_init(&out);
    enum cm_code code = srv_settings_leaderboard(app->store, &answer.enabled, &err);
    if (code == CM_OK)
        code = srv_api_board(app, class_id, put_board, &answer, &err);
    if (code == CM_OK)
        srv_api_answer_and_keep(call, &key, &out);
    else
        srv_json_failed(call, code, &err);
    srv_reply_finish(&out);
}
