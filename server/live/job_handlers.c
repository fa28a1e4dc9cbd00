/* POST /api/students/:id/photo, GET /api/enrolments/:job. */
#include "auth/auth.h"
#include "http_json/json.h"
#include "lane/rule.h"
#include "live/handlers.h"
#include "live/private.h"
#include "store/settings.h"

#include <stdlib.h>
#include <string.h>

static const char *const state_names[] = {"waiting", "taken", "done", "refused",
                                          "timed_out"}; /* srv_job_state */

json_t *srv_live_job_json(struct srv_live *live, const struct srv_job *job)
{
    struct srv_station station = {0};
    if (job->station_id[0] != '\0')
        srv_store_get_station(live->app->store, job->station_id, &station, NULL);
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "id", job->id, "student_id", job->student_id,
                     "state", state_names[job->state], "reason", srv_json_text(job->reason), "message",
                     srv_json_text(job->message), "template_count",
                     job->state == SRV_JOB_DONE ? json_integer(job->template_count) : json_null(), "quality",
                     job->state == SRV_JOB_DONE ? json_real((double)job->quality) : json_null(), "station",
                     srv_json_text(station.name));
}

/* ---- is there a station that can do it ---- */

struct search {
    const char *class_id;
    char (*ids)[40];
    int count, capacity;
};

static bool copy_serving(void *arg, const struct srv_station *station)
{
    struct search *search = arg;
    if (!station->paired || station->revoked || !srv_station_serves(station, search->class_id))
        return true;
    if (search->count == search->capacity) {
        int capacity = search->capacity == 0 ? 8 : search->capacity * 2;
        char(*ids)[40] = realloc(search->ids, (size_t)capacity * sizeof *ids);
        if (ids == NULL)
            return false;
        search->ids = ids;
        search->capacity = capacity;
    }
    memcpy(search->ids[search->count++], station->id, sizeof search->ids[0]);
    return true;
}

static bool any_online(struct srv_app *app, const char *class_id)
{
    struct search search = {.class_id = class_id};
    struct srv_station_now now;
    bool online = false;
    srv_store_each_station(app->store, copy_serving, &search, NULL);
    for (int i = 0; i < search.count && !online; i++)
        online = srv_live_station_now(app->live, search.ids[i], &now) && now.online;
    free(search.ids);
    return online;
}

/* ---- the photo ---- */

/* By what it holds, whatever the header says. */
static bool is_picture(const uint8_t *bytes, size_t size)
{
    static const uint8_t png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'}, jpeg[] = {0xff, 0xd8, 0xff};
    return (size > 64 && memcmp(bytes, jpeg, sizeof jpeg) == 0) ||
           (size > 64 && memcmp(bytes, png, sizeof png) == 0);
}

static bool has_consent(struct srv_call *call, const struct srv_student *student)
{
    bool required = true;
    (void)srv_setting_flag(srv_app_of(call)->store, SRV_SETTING_CONSENT_REQUIRED, true, &required, NULL);
    return cm_consent_allows_face(student->base.consent, required);
}

static bool find_student(struct srv_call *call, struct srv_student *ret_student)
{
    struct cm_err err = CM_ERR_INIT;
    enum cm_code code =
        srv_store_get_student(srv_app_of(call)->store, srv_call_param(call, "id"), ret_student, &err);
    if (code == CM_NOTFOUND ||
        (code == CM_OK && !srv_auth_sees_student(srv_call_identity(call), ret_student)))
        srv_answer_error(call, 404, "not_found", "there is no such student");
    else if (code != CM_OK)
        srv_json_failed(call, code, &err);
    else if (ret_student->archived)
        srv_answer_error(call, 409, "archived", "the student has left: nobody who left is enrolled");
    else if (!has_consent(call, ret_student))
        srv_answer_error(call, 409, "consent_missing",
                         "there is no consent for %.60s: note it with the student first, then send the photo",
                         ret_student->base.id);
    else
        return true;
    return false;
}

static void take_photo(struct srv_call *call, const struct srv_student *student, const uint8_t *body,
                       size_t size)
{
    struct srv_live *live = srv_app_of(call)->live;
    struct cm_err err = CM_ERR_INIT;
    struct srv_job job;
    uint8_t *photo = malloc(size);
    if (photo == NULL) {
        srv_answer_error(call, 503, "busy", "no room for a photo at the moment");
        return;
    }
    memcpy(photo, body, size);
    enum cm_code code =
        srv_live_job_create(live, student, srv_call_identity(call)->user, photo, size, &job, &err);
    if (code == CM_OK) {
        srv_json_answer(call, 202, json_pack("{s:o}", "job", srv_live_job_json(live, &job)));
        return;
    }
    free(photo);
    if (code == CM_NOMEM)
        srv_answer_header(call, "retry-after", "30");
    if (code == CM_NOMEM)
        srv_answer_error(call, 503, "busy", "%s", err.msg);
    else
        srv_json_failed(call, code, &err);
}

void srv_live_photo(struct srv_call *call)
{
    struct srv_student student;
    size_t size = 0;
    const uint8_t *body = srv_call_body(call, &size);
    if (!find_student(call, &student))
        return;
    if (!is_picture(body, size))
        srv_answer_error(call, 415, "not_a_picture", "a photo is a JPEG or PNG file");
    else if (!any_online(srv_app_of(call), student.base.class_id))
        srv_answer_error(call, 503, "no_station",
                         "no station that serves the class is online; the photo was not kept");
    else
        take_photo(call, &student, body, size);
}

void srv_live_enrolment(struct srv_call *call)
{
    struct srv_live *live = srv_app_of(call)->live;
    struct srv_job job;
    if (srv_live_job_get(live, srv_call_param(call, "job"), &job))
        srv_json_answer(call, 200, srv_live_job_json(live, &job));
    else
        srv_answer_error(call, 404, "not_found", "there is no such enrolment, or it was long ago");
}
