#include "sync/faces.h"

#include "lane/rule.h"
#include "record/embedding.h"
#include "store/settings.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static enum cm_code check(const struct cm_template *template_, struct cm_err *err)
{
    float sum = 0;
    for (int i = 0; i < CM_EMBEDDING_DIM; i++)
        sum += template_->embedding[i] * template_->embedding[i];
    if (strcmp(template_->model, CM_EMBEDDING_MODEL) != 0)
        return cm_fail(err, CM_INVALID, "the template is of a model that this server does not know");
    if (!(sum >= CM_EMBEDDING_LENGTH_MIN * CM_EMBEDDING_LENGTH_MIN &&
          sum <= CM_EMBEDDING_LENGTH_MAX * CM_EMBEDDING_LENGTH_MAX) ||
        !(template_->quality >= 0 && template_->quality <= 1))
        return cm_fail(err, CM_INVALID, "the template is not one of a face");
    return CM_OK;
}

enum cm_code srv_faces_open(const struct srv_sync_core *core, struct cm_span sealed, struct srv_faces *faces,
                            struct cm_err *err)
{
    enum cm_code code = cm_templates_open(cm_box_open, &core->box, sealed, faces->student_id,
                                          faces->templates, &faces->count, err);
    for (size_t i = 0; code == CM_OK && i < faces->count; i++)
        code = check(&faces->templates[i], err);
    return code;
}

struct search { /* of the nearest face of somebody else */
    const struct srv_faces *faces;
    struct srv_nearest nearest;
};

static float square_distance(const float *a, const float *b)
{
    float sum[4] = {0}; /* four sums: the compiler can use vector registers without reordering one */
    for (int i = 0; i < CM_EMBEDDING_DIM; i += 4)
        for (int k = 0; k < 4; k++) {
            float difference = a[i + k] - b[i + k];
            sum[k] += difference * difference;
        }
    return sum[0] + sum[1] + sum[2] + sum[3];
}

static bool compare(void *arg, const struct cm_template *other)
{
    struct search *search = arg;
    const struct srv_faces *faces = search->faces;
    if (strcmp(other->student_id, faces->student_id) == 0 || strcmp(other->model, CM_EMBEDDING_MODEL) != 0)
        return true;
    for (size_t i = 0; i < faces->count; i++) {
        float distance = square_distance(faces->templates[i].embedding, other->embedding);
        if (!(distance < search->nearest.square))
            continue;
        search->nearest.square = distance;
        memcpy(search->nearest.id, other->student_id, sizeof search->nearest.id);
    }
    return true;
}

static enum cm_code compare_all(struct srv_store *store, const struct srv_faces *faces,
                                struct srv_nearest *ret_nearest, struct cm_err *err)
{
    struct search search = {.faces = faces, .nearest = {.known = true, .square = INFINITY}};
    enum cm_code code = srv_store_last_change(store, &search.nearest.change, err);
    if (code == CM_OK && faces->count > 0)
        code = srv_store_each_template(store, NULL, compare, &search, err);
    if (code == CM_OK)
        *ret_nearest = search.nearest;
    return code;
}

enum cm_code srv_faces_compare(struct srv_store *store, struct srv_faces *faces, struct cm_err *err)
{
    return compare_all(store, faces, &faces->nearest, err);
}

/* ---- what changed since ---- */

enum { CHANGED_MAX = 64 }; /* students; more: all are compared anew */

struct changed {
    const char *nearest_id;
    char ids[CHANGED_MAX][CM_ID_SIZE];
    int count;
    bool anew;
};

static bool take_change(void *arg, const struct srv_change *change)
{
    struct changed *changed = arg;
    if (change->kind != SRV_CHANGE_TEMPLATES && change->kind != SRV_CHANGE_STUDENT)
        return true;
    /* whoever was the nearest may have other faces now, or none */
    changed->anew = changed->count == CHANGED_MAX || strcmp(change->id, changed->nearest_id) == 0;
    if (!changed->anew)
        memcpy(changed->ids[changed->count++], change->id, CM_ID_SIZE);
    return !changed->anew;
}

static enum cm_code find_nearest(struct srv_store *store, const struct srv_faces *faces,
                                 struct srv_nearest *ret_nearest, struct cm_err *err)
{
    struct search search = {.faces = faces, .nearest = faces->nearest};
    struct changed changed = {.nearest_id = faces->nearest.id};
    if (!faces->nearest.known || faces->count == 0)
        return compare_all(store, faces, ret_nearest, err);
    enum cm_code code = srv_store_each_change(store, faces->nearest.change, take_change, &changed, err);
    if (code == CM_OK && changed.anew)
        return compare_all(store, faces, ret_nearest, err);
    for (int i = 0; i < changed.count && code == CM_OK; i++)
        code = srv_store_each_template(store, changed.ids[i], compare, &search, err);
    if (code == CM_OK)
        *ret_nearest = search.nearest;
    return code;
}

static bool keep_own(void *arg, const struct cm_template *template_)
{
    struct srv_faces *faces = arg;
    if (faces->own_count < CM_SYNC_TEMPLATES_MAX)
        faces->own[faces->own_count++] = *template_;
    return true;
}

/* The same request a second time, or a station that has them from here. */
static bool are_own(const struct srv_faces *faces)
{
    if (faces->own_count != faces->count)
        return false;
    for (size_t i = 0; i < faces->count; i++)
        if (faces->own[i].created_wall_ms != faces->templates[i].created_wall_ms ||
            memcmp(faces->own[i].embedding, faces->templates[i].embedding, sizeof faces->own[i].embedding) !=
                0)
            return false;
    return true;
}

/* Made of somebody who had the id before and was erased, at a station that did not know yet. No clock of a station decides
 * that: one that is behind would never be believed. */
static enum cm_code are_of_another(struct srv_store *store, const struct srv_faces *faces,
                                   const struct srv_student *student, bool *ret_another, struct cm_err *err)
{
    int64_t erased_wall_ms;
    *ret_another =
        faces->student_created_wall_ms != 0 && faces->student_created_wall_ms != student->created_wall_ms;
    if (faces->student_created_wall_ms != 0)
        return CM_OK;
    enum cm_code code = srv_store_erased_when(store, faces->student_id, &erased_wall_ms, err);
    if (code == CM_OK)
        *ret_another = erased_wall_ms != faces->erased_wall_ms;
    return code == CM_NOTFOUND ? CM_OK : code;
}

/* What was made before its maker knew that the last ones were taken away, or under a consent from before the last refusal,
 * does not come back; no clock of a station decides that. */
static bool are_withdrawn(const struct srv_faces *faces, const struct srv_student *student)
{
    bool consent_withdrawn =
        student->consent_refused_wall_ms != 0 && faces->consent_wall_ms <= student->consent_refused_wall_ms;
    return faces->count > 0 && (faces->unenrolled_wall_ms < student->unenrolled_wall_ms || consent_withdrawn);
}

static enum cm_code lack_consent(struct srv_store *store, const struct srv_faces *faces,
                                 const struct srv_student *student, bool *ret_lack, struct cm_err *err)
{
    bool required = true;
    enum cm_code code = srv_setting_flag(store, SRV_SETTING_CONSENT_REQUIRED, true, &required, err);
    *ret_lack = faces->count > 0 && !cm_consent_allows_face(student->base.consent, required);
    return code;
}

static enum cm_code find_whose(struct srv_store *store, const struct srv_station *station,
                               const struct srv_faces *faces, struct srv_student *ret_student,
                               bool *ret_known, struct cm_err *err)
{
    bool another = false;
    enum cm_code code = srv_store_get_student(store, faces->student_id, ret_student, err);
    *ret_known =
        code == CM_OK && !ret_student->archived && srv_station_serves(station, ret_student->base.class_id);
    if (*ret_known) {
        code = are_of_another(store, faces, ret_student, &another, err);
        *ret_known = !another;
    }
    return code == CM_NOTFOUND ? CM_OK : code;
}

enum cm_code srv_faces_put(struct srv_store *store, const struct srv_station *station,
                           struct srv_faces *faces, struct cm_err *err)
{
    struct srv_student student;
    struct srv_nearest nearest = {.square = INFINITY};
    bool known, lack = false;
    faces->own_count = 0;
    enum cm_code code = find_whose(store, station, faces, &student, &known, err);
    if (code == CM_OK && !known) {
        faces->verdict = SRV_FACES_UNKNOWN;
        return CM_OK;
    }
    if (code == CM_OK)
        code = srv_store_each_template(store, faces->student_id, keep_own, faces, err);
    if (code == CM_OK)
        code = lack_consent(store, faces, &student, &lack, err);
    if (code == CM_OK && lack) {
        faces->verdict = SRV_FACES_NO_CONSENT;
        return CM_OK;
    }
    if (code == CM_OK && are_withdrawn(faces, &student)) {
        faces->verdict = SRV_FACES_WITHDRAWN;
        return CM_OK;
    }
    if (code == CM_OK)
        code = find_nearest(store, faces, &nearest, err);
    if (code != CM_OK)
        return code;
    memcpy(faces->class_id, student.base.class_id, sizeof faces->class_id);
    faces->verdict = SRV_FACES_FINE;
    if (nearest.square <= CM_FACE_DUPLICATE_MAX * CM_FACE_DUPLICATE_MAX) {
        faces->verdict = SRV_FACES_DUPLICATE;
        faces->distance = sqrtf(nearest.square);
        memcpy(faces->other_id, nearest.id, sizeof faces->other_id);
        return CM_OK;
    }
    if (!are_own(faces))
        code = srv_store_put_templates(store, faces->student_id, faces->templates, faces->count, err);
    if (code == CM_OK)
        code = srv_store_get_student(store, faces->student_id, &student, err);
    faces->withdrawn_wall_ms = student.unenrolled_wall_ms;
    return code;
}
