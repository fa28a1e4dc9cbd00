#include "api/student.h"

#include "api/consent.h"
#include "api/show.h"
#include "http_json/json.h"
#include "lane/card.h"

void srv_student_row(struct srv_reply *out, const struct srv_student *student)
{
    srv_reply_text(out, "id", student->base.id);
    srv_reply_text(out, "name", student->base.name);
    srv_reply_text(out, "class_id", student->base.class_id);
    srv_reply_text(out, "roll_number", student->roll_number);
    srv_reply_text(out, "nickname", student->nickname);
    srv_reply_bool(out, "archived", student->archived);
    srv_reply_bool(out, "enrolled", student->template_count > 0);
    srv_reply_int(out, "template_count", student->template_count);
    srv_reply_bool(out, "parent_phone_set", student->parent_phone[0] != '\0');
    srv_reply_text(out, "consent", cm_consent_name(student->base.consent));
    srv_reply_bool(out, "card_set", cm_card_tag_given(student->base.card_tag));
    srv_reply_bool(out, "pin_set", student->base.pin_hash[0] != '\0');
}

/* ---- memberships ---- */

static bool take_membership(void *arg, const struct srv_membership *membership)
{
    struct srv_memberships *memberships = arg;
    if (memberships->count == SRV_API_MEMBERSHIPS_MAX)
        return false;
    memberships->list[memberships->count++] = *membership;
    return true;
}

enum cm_code srv_student_memberships(struct srv_store *store, const char *student_id,
                                     struct srv_memberships *ret_memberships, struct cm_err *err)
{
    ret_memberships->count = 0;
    return srv_store_each_membership(store, student_id, take_membership, ret_memberships, err);
}

const struct srv_membership *srv_membership_at(const struct srv_memberships *memberships, int32_t date)
{
    for (int i = memberships->count - 1; i >= 0; i--) {
        const struct srv_membership *membership = &memberships->list[i];
        if (date >= membership->from && (membership->to == 0 || date < membership->to))
            return membership;
    }
    return NULL;
}

static void put_memberships(struct srv_reply *out, const struct srv_memberships *memberships)
{
    srv_reply_list(out, "memberships");
    for (int i = 0; i < memberships->count; i++) {
        srv_reply_begin(out, NULL);
        srv_reply_text(out, "class_id", memberships->list[i].class_id);
        srv_reply_date(out, "from", memberships->list[i].from);
        srv_reply_date(out, "to", memberships->list[i].to);
        srv_reply_end(out);
    }
    srv_reply_list_end(out);
}

/* ---- one student ---- */

static void put_standing(struct srv_reply *out, const struct srv_app *app,
                         const struct srv_standing *standing)
{
    srv_reply_begin(out, "standing");
    srv_reply_int(out, "points", standing->points);
    srv_reply_int(out, "present", standing->present);
    srv_reply_int(out, "late", standing->late);
    srv_reply_int(out, "excused", standing->excused);
    srv_reply_int(out, "absent", standing->absent);
    srv_reply_int(out, "unjudged", standing->unjudged);
    srv_reply_int(out, "streak", standing->streak);
    srv_reply_int(out, "best_streak", standing->best_streak);
    srv_reply_real(out, "rate", srv_show_rate(standing->present, standing->late, standing->absent), 4);
    srv_reply_instant(out, "first_seen", app->zone, standing->first_seen_wall_ms);
    srv_reply_instant(out, "last_seen", app->zone, standing->last_seen_wall_ms);
    srv_reply_end(out);
}

struct rest { /* what stands in other tables */
    struct srv_memberships memberships;
    struct srv_standing standing;
    bool has_login;
    int64_t stopped_wall_ms; /* since when his parent's number wants no messages; 0: it does */
};

static enum cm_code load_stopped(const struct srv_app *app, const char *phone, int64_t *ret_wall_ms,
                                 struct cm_err *err)
{
    *ret_wall_ms = 0;
    enum cm_code code =
        phone[0] != '\0' ? srv_store_get_stopped(app->store, phone, ret_wall_ms, err) : CM_NOTFOUND;
    return code == CM_NOTFOUND ? CM_OK : code;
}

static enum cm_code load_rest(const struct srv_app *app, const struct srv_student *student, struct rest *rest,
                              struct cm_err *err)
{
    const char *id = student->base.id;
    struct srv_user user;
    rest->standing = (struct srv_standing){.points = 0};
    enum cm_code code = srv_student_memberships(app->store, id, &rest->memberships, err);
    if (code == CM_OK)
        code = srv_store_get_standing(app->store, id, &rest->standing, err);
    if (code == CM_NOTFOUND) /* nothing was ever settled of him */
        code = CM_OK;
    if (code == CM_OK)
        code = load_stopped(app, student->parent_phone, &rest->stopped_wall_ms, err);
    if (code != CM_OK)
        return code;
    code = srv_store_user_of_student(app->store, id, &user, err);
    rest->has_login = code == CM_OK;
    return code == CM_NOTFOUND ? CM_OK : code;
}

enum cm_code srv_student_whole(struct srv_reply *out, const char *name, const struct srv_app *app,
                               const struct srv_student *student, bool for_himself, struct cm_err *err)
{
    struct rest rest;
    enum cm_code code = load_rest(app, student, &rest, err);
    if (code != CM_OK)
        return code;
    srv_reply_begin(out, name);
    srv_student_row(out, student);
    srv_reply_date(out, "joined", student->joined_date);
    srv_reply_date(out, "left", student->left_date);
    srv_reply_text(out, "parent_name", student->parent_name);
    srv_reply_words(out, "parent_phone", student->parent_phone);
    srv_reply_words(out, "parent_email", student->parent_email);
    srv_reply_instant(out, "parent_stopped", app->zone, rest.stopped_wall_ms);
    srv_reply_text(out, "note", for_himself ? NULL : student->note); /* teachers write it for each other */
    srv_reply_bool(out, "board_hidden", student->board_hidden);
    put_memberships(out, &rest.memberships);
    srv_reply_bool(out, "has_login", rest.has_login);
    put_standing(out, app, &rest.standing);
    code = srv_consent_out(out, app, student, err);
    srv_reply_end(out);
    return code;
}

static void answer(struct srv_call *call, int status, const struct srv_student *student)
{
    struct cm_err err = CM_ERR_INIT;
    struct srv_reply out;
    srv_reply_init(&out);
    enum cm_code code =
        srv_student_whole(&out, NULL, srv_app_of(call), student, srv_api_is_student(call), &err);
    if (code == CM_OK) {
        srv_reply_answer(call, status, &out);
        return;
    }
    srv_reply_finish(&out);
    srv_json_failed(call, code, &err);
}

void srv_student_answer(struct srv_call *call, int status, const char *id)
{
    struct srv_student student;
    struct cm_err err = CM_ERR_INIT;
    enum cm_code code = srv_store_get_student(srv_app_of(call)->store, id, &student, &err);
    if (code == CM_OK)
        answer(call, status, &student);
    else
        srv_json_failed(call, code, &err);
}
