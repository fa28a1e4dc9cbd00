#include "live/viewer.h"

#include "app/app.h"
#include "http_json/json.h"

#include <stdlib.h>
#include <string.h>

static bool listed(const char (*classes)[CM_ID_SIZE], int count, const char *class_id)
{
    for (int i = 0; i < count; i++)
        if (strcmp(classes[i], class_id) == 0)
            return true;
    return false;
}

enum cm_code srv_viewer_init(struct srv_viewer *viewer, const struct srv_identity *who,
                             struct srv_store *store, struct cm_err *err)
{
    struct srv_student student = {0};
    bool is_student = who->role == SRV_ROLE_STUDENT;
    if (is_student && srv_store_get_student(store, who->student_id, &student, err) != CM_OK)
        return err->code;
    *viewer = (struct srv_viewer){.role = who->role, .class_count = is_student ? 1 : who->class_count};
    memcpy(viewer->user, who->user, sizeof viewer->user);
    memcpy(viewer->student_id, who->student_id, sizeof viewer->student_id);
    memcpy(viewer->session, who->session, sizeof viewer->session);
    if (viewer->class_count == 0)
        return CM_OK;
    size_t bytes = (size_t)viewer->class_count * CM_ID_SIZE;
    viewer->classes = malloc(bytes);
    if (viewer->classes == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory");
    memcpy(viewer->classes, is_student ? &student.base.class_id : &who->classes[0], bytes);
    return CM_OK;
}

bool srv_viewer_seat(struct srv_viewer *viewer, struct srv_seats *seats, struct srv_call *call)
{
    struct cm_err err = CM_ERR_INIT;
    enum cm_code code = srv_viewer_init(viewer, srv_call_identity(call), srv_app_of(call)->store, &err);
    if (code != CM_OK) {
        srv_json_failed(call, code, &err);
        return false;
    }
    code = srv_seats_take(seats, viewer->user, viewer->session, &err);
    if (code == CM_OK) {
        viewer->seats = seats;
        return true;
    }
    srv_viewer_finish(viewer);
    srv_answer_header(call, "retry-after", "30");
    if (code == CM_AGAIN)
        srv_answer_error(call, 429, "too_many_streams", "%s", err.msg);
    else
        srv_json_failed(call, code, &err);
    return false;
}

void srv_viewer_finish(struct srv_viewer *viewer)
{
    if (viewer->seats != NULL)
        srv_seats_give(viewer->seats, viewer->user, viewer->session);
    free(viewer->classes);
    memset(viewer, 0, sizeof *viewer);
}

bool srv_viewer_has_class(const struct srv_viewer *viewer, const char *class_id)
{
    if (viewer->role == SRV_ROLE_ADMIN)
        return true;
    return listed((const char(*)[CM_ID_SIZE])viewer->classes, viewer->class_count, class_id);
}

bool srv_viewer_has_station(const struct srv_viewer *viewer, const struct srv_station *station)
{
    if (viewer->role != SRV_ROLE_COORDINATOR)
        return viewer->role == SRV_ROLE_ADMIN;
    if (station->class_count == 0) /* it serves every class */
        return true;
    for (int i = 0; i < station->class_count; i++)
        if (srv_viewer_has_class(viewer, station->classes[i]))
            return true;
    return false;
}

static bool same_classes(const struct srv_viewer *viewer, const struct srv_user *user)
{
    return viewer->class_count == user->class_count &&
           (user->class_count == 0 ||
            memcmp(viewer->classes, user->classes, (size_t)user->class_count * CM_ID_SIZE) == 0);
}

static bool same_person(const struct srv_viewer *viewer, const struct srv_user *user, struct srv_store *store)
{
    if (user->disabled || user->role != viewer->role)
        return false;
    if (viewer->role != SRV_ROLE_STUDENT)
        return viewer->role != SRV_ROLE_COORDINATOR || same_classes(viewer, user);
    struct srv_student student;
    return srv_store_get_student(store, viewer->student_id, &student, NULL) == CM_OK &&
           srv_viewer_has_class(viewer, student.base.class_id);
}

bool srv_viewer_still(const struct srv_viewer *viewer, struct srv_store *store, int64_t now_wall_ms)
{
    struct srv_session session;
    struct srv_user user;
    return srv_store_get_session(store, viewer->session, &session, NULL) == CM_OK &&
           session.expires_wall_ms > now_wall_ms && strcmp(session.user, viewer->user) == 0 &&
           srv_store_get_user(store, viewer->user, &user, NULL) == CM_OK && same_person(viewer, &user, store);
}

bool srv_live_sees_station(const struct srv_identity *who, const struct srv_station *station)
{
    struct srv_viewer viewer = {.role = who->role,
                                .class_count = who->class_count,
                                .classes = (char(*)[CM_ID_SIZE])who->classes}; /* only read */
    return srv_viewer_has_station(&viewer, station);
}
