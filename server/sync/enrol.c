#include "sync/faces.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- before the write ---- */

/* What to open and whose it is. False: the message is none, or holds no templates; the answer is made. */
static bool read_message(struct srv_work *work, struct srv_faces *whose, struct cm_span *ret_sealed)
{
    struct cm_templates_push push;
    struct cm_err err = CM_ERR_INIT;
    struct cm_job_result *result = &work->u.enrol.result;
    enum cm_code code;
    if (work->verb == SRV_WORK_TEMPLATES) {
        code = cm_message_decode(CM_MESSAGE_TEMPLATES_PUSH, work->body, work->size, &push, &err);
        if (code == CM_OK) {
            memcpy(whose->student_id, push.student_id, CM_ID_SIZE);
            whose->erased_wall_ms = push.erased_ms;
            whose->unenrolled_wall_ms = push.unenrolled_ms;
            whose->consent_wall_ms = push.consent_ms;
            *ret_sealed = push.sealed;
        }
    } else {
        code = cm_message_decode(CM_MESSAGE_JOB_RESULT, work->body, work->size, result, &err);
        memcpy(whose->student_id, work->job_student_id, CM_ID_SIZE);
        whose->student_created_wall_ms = work->job_student_created_wall_ms;
        whose->unenrolled_wall_ms = work->job_student_unenrolled_wall_ms;
        whose->consent_wall_ms = work->job_student_consent_wall_ms;
        *ret_sealed = result->sealed;
    }
    if (code != CM_OK)
        srv_sync_reply_error(&work->reply, 400, "bad_message", err.msg);
    return code == CM_OK;
}

static void answer_job(struct srv_work *work, bool ok, const char *reason, const char *message)
{
    struct cm_job_answer *answer = &work->effects.job;
    answer->ok = ok;
    snprintf(answer->reason, sizeof answer->reason, "%s", reason[0] != '\0' ? reason : "failed");
    snprintf(answer->message, sizeof answer->message, "%s", message);
    srv_sync_reply_message(&work->reply, 200, CM_MESSAGE_JOB_ANSWER, answer);
}

static void answer_damaged(struct srv_work *work, const char *why)
{
    struct cm_templates_answer answer = {.problem = CM_SYNC_BROKEN, .time_ms = cm_wall_ms(work->core->clock)};
    if (work->verb == SRV_WORK_ENROL)
        answer_job(work, false, "damaged", why);
    else
        srv_sync_reply_message(&work->reply, 422, CM_MESSAGE_TEMPLATES_ANSWER, &answer);
}

bool srv_enrol_begin(struct srv_work *work)
{
    struct cm_span sealed;
    struct cm_err err = CM_ERR_INIT;
    struct srv_faces *faces = work->u.enrol.faces = calloc(1, sizeof *faces);
    if (faces == NULL) {
        srv_sync_reply_failure(&work->reply, CM_NOMEM,
                               &(struct cm_err){CM_NOMEM, "out of memory for templates"});
        return false;
    }
    if (!read_message(work, faces, &sealed))
        return false;
    if (work->verb == SRV_WORK_ENROL &&
        !work->u.enrol.result.ok) { /* nothing to store: refused by the station */
        answer_job(work, false, work->u.enrol.result.reason, work->u.enrol.result.message);
        return false;
    }
    if (srv_faces_open(work->core, sealed, faces, &err) == CM_OK &&
        (faces->count > 0 || work->verb == SRV_WORK_TEMPLATES))
        return true;
    answer_damaged(work, err.msg[0] != '\0' ? err.msg : "the station sent no templates");
    return false;
}

/* ---- within the write ---- */

static enum cm_code raise_duplicate(struct srv_store *store, struct srv_work *work, struct cm_err *err)
{
    const struct srv_faces *faces = work->u.enrol.faces;
    struct cm_event event;
    srv_sync_activity(work->core, CM_ACTIVITY_DUPLICATE_FACE, &event);
    struct cm_activity *activity = &event.body.activity;
    memcpy(activity->student_id, faces->student_id, sizeof activity->student_id);
    memcpy(activity->other_id, faces->other_id, sizeof activity->other_id);
    activity->distance = faces->distance;
    snprintf(activity->reason, sizeof activity->reason,
             "enrolment refused by the server: this face has another id");
    return srv_store_append_own(store, &event, &work->u.enrol.own_feed, err);
}

enum cm_code srv_enrol_run(struct srv_store *store, struct srv_work *work, struct cm_err *err)
{
    struct srv_faces *faces = work->u.enrol.faces;
    bool asked = faces->verdict == SRV_FACES_DUPLICATE; /* by an earlier run of this */
    work->u.enrol.own_feed = 0;
    enum cm_code code = srv_faces_put(store, &work->station, faces, err);
    if (code != CM_OK || faces->verdict != SRV_FACES_DUPLICATE)
        return code;
    if (!asked) {
        char pair[2 * CM_ID_SIZE];
        snprintf(pair, sizeof pair, "%.30s %.30s", faces->student_id, faces->other_id);
        work->u.enrol.may_raise = srv_sync_may_raise(work->core, "face", pair);
    }
    return work->u.enrol.may_raise ? raise_duplicate(store, work, err) : CM_OK;
}

/* ---- after it ---- */

static void end_job(struct srv_work *work)
{
    const struct srv_faces *faces = work->u.enrol.faces;
    char text[CM_TEXT_SIZE];
    if (faces->verdict == SRV_FACES_FINE)
        answer_job(work, true, "ok", work->u.enrol.result.message);
    else if (faces->verdict == SRV_FACES_UNKNOWN)
        answer_job(work, false, "unknown_student", "the student is not there any more");
    else if (faces->verdict == SRV_FACES_WITHDRAWN)
        answer_job(work, false, "withdrawn", "the student was un-enrolled meanwhile; take a new photo");
    else if (faces->verdict == SRV_FACES_NO_CONSENT)
        answer_job(work, false, "consent_missing", "there is no consent: note it with the student first");
    else {
        snprintf(text, sizeof text, "this face is enrolled already, as %.60s (distance %.2f)",
                 faces->other_id, (double)faces->distance);
        answer_job(work, false, "duplicate", text);
    }
}

static void end_push(struct srv_work *work)
{
    const struct srv_faces *faces = work->u.enrol.faces;
    static const enum cm_sync_problem problems[] = {CM_SYNC_FINE, CM_SYNC_UNKNOWN, CM_SYNC_DUPLICATE,
                                                    CM_SYNC_WITHDRAWN, CM_SYNC_NO_CONSENT};
    static const int statuses[] = {200, 404, 409, 409, 409};
    struct cm_templates_answer answer = {.problem = problems[faces->verdict],
                                         .time_ms = cm_wall_ms(work->core->clock),
                                         .unenrolled_ms = faces->withdrawn_wall_ms};
    uint8_t key[CM_BOX_KEY_SIZE];
    struct cm_buf sealed;
    struct cm_err err = CM_ERR_INIT;
    enum cm_code code = CM_OK;
    cm_buf_init(&sealed, CM_SYNC_SEALED_MAX);
    memcpy(answer.other_id, faces->other_id, sizeof answer.other_id);
    if (statuses[faces->verdict] == 409 && faces->own_count > 0) {
        code = cm_box_key_of_signer(work->station.public_key, key, &err);
        if (code == CM_OK)
            code = cm_templates_seal(key, faces->own, faces->own_count, &sealed, &err);
        answer.sealed = (struct cm_span){sealed.data, sealed.size};
    }
    if (code == CM_OK)
        srv_sync_reply_message(&work->reply, statuses[faces->verdict], CM_MESSAGE_TEMPLATES_ANSWER, &answer);
    else
        srv_sync_reply_failure(&work->reply, code, &err);
    cm_buf_finish(&sealed);
}

void srv_enrol_end(struct srv_work *work)
{
    const struct srv_faces *faces = work->u.enrol.faces;
    work->effects.changes = faces->verdict == SRV_FACES_FINE;
    memcpy(work->effects.class_id, faces->class_id, sizeof work->effects.class_id);
    work->effects.feed_last = work->u.enrol.own_feed;
    if (work->verb == SRV_WORK_ENROL)
        end_job(work);
    else
        end_push(work);
}
