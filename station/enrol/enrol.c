#include "enrol/enrol.h"

#include "recognition/gallery.h"
#include "record/embedding.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Measured with our detector, mesh, chip and network on LFW (grey press photos, often years apart; 1,108 pictures that
 * show one face, 600 people), which is harder than pictures taken for a school:
 *
 * one_person_max: with 4 (6) pictures of one person a mean above 0.55 refuses 10 (14) %, and 0.3 (0.0) % of sets with one
 * stranger pass. "No two farther than 0.5" would refuse 47 (72) %: with more pictures the largest distance grows.
 *
 * duplicate_max: three pictures against three templates. At 0.40 and below are 84 % of people who come a second time, and
 * 2 of 100,000 pairs of people (of East Asian men 1 of 300, see threshold.c). look_alike_max: at 0.48 and below are all who
 * come a second time, and 3 of 10,000 pairs.
 */
const struct stn_enrol_rules stn_enrol_rules_default = {
    .one_person_max = 0.55f,
    .duplicate_max = CM_FACE_DUPLICATE_MAX,
    .look_alike_max = CM_FACE_LOOK_ALIKE_MAX,
};

/* What one enrolment holds in memory until it is over. */
struct work {
    const struct stn_enrol *enrol;
    const struct cm_student *student;
    struct stn_enrol_report *report;
    struct stn_gallery *gallery;
    int accepted; /* so many of these are filled: */
    int image[STN_ENROL_IMAGES_MAX];
    float embedding[STN_ENROL_IMAGES_MAX][CM_EMBEDDING_DIM];
    struct cm_template templates[STN_ENROL_TEMPLATES_MAX];
    enum cm_code gallery_code;
    struct cm_err gallery_err;
    float own_distance; /* from the pictures to the templates that the student has; INFINITY: he has none */
};

/* ---- pictures ---- */

static const char *name_of(const struct cm_student *student)
{
    return student->name[0] != '\0' ? student->name : student->id;
}

/* A picture that cannot be read is left out like one that a gate refuses; a failing model ends the enrolment. */
static enum cm_code take_image(struct work *work, struct stn_enrol_image *image, struct cm_err *err)
{
    struct stn_portrait portrait;
    struct cm_err read_err = CM_ERR_INIT;
    image->code =
        stn_portrait_read(work->enrol->reader, image->source, name_of(work->student), &portrait, &read_err);
    if (image->code == CM_BACKEND || image->code == CM_NOMEM)
        return cm_fail(err, image->code, "%s", read_err.msg);
    if (image->code != CM_OK) {
        image->gate = STN_GATE_UNREADABLE;
        snprintf(image->text, sizeof image->text, "%s", read_err.msg);
        return CM_OK;
    }
    image->gate = portrait.quality.gate;
    image->score = portrait.quality.score;
    image->accepted = image->gate == STN_GATE_PASSED;
    snprintf(image->text, sizeof image->text, "%s", portrait.quality.text);
    if (image->accepted) {
        work->image[work->accepted] = (int)(image - work->report->images);
        memcpy(work->embedding[work->accepted], portrait.embedding, sizeof portrait.embedding);
        work->accepted++;
    }
    explicit_bzero(&portrait, sizeof portrait);
    return CM_OK;
}

static enum cm_code take_images(struct work *work, const char *const *sources, int count, struct cm_err *err)
{
    struct stn_enrol_report *report = work->report;
    for (int i = 0; i < count; i++) {
        struct stn_enrol_image *image = &report->images[i];
        image->source = sources[i];
        report->image_count = i + 1;
        enum cm_code code = take_image(work, image, err);
        if (code != CM_OK)
            return code;
        if (work->enrol->progress != NULL)
            work->enrol->progress(work->enrol->progress_arg, image, i + 1, count);
    }
    report->accepted_count = work->accepted;
    if (work->accepted > 0)
        return CM_OK;
    if (count == 1)
        return cm_fail(err, CM_INVALID, "%s: %s", sources[0], report->images[0].text);
    return cm_fail(err, CM_INVALID, "none of the %d pictures can be used; the first, %s: %s", count,
                   sources[0], report->images[0].text);
}

static enum cm_code check_one_person(struct work *work, struct cm_err *err)
{
    struct stn_enrol_report *report = work->report;
    struct stn_one_person check = stn_one_person_check((const float(*)[CM_EMBEDDING_DIM])work->embedding,
                                                       work->accepted, work->enrol->rules->one_person_max);
    if (check.odd < 0)
        return CM_OK;
    report->odd_image = work->image[check.odd];
    const char *odd = report->images[report->odd_image].source;
    const char *other = report->images[work->image[check.other]].source;
    if (work->accepted == 2)
        return cm_fail(err, CM_INVALID,
                       "%s and %s do not show one person (distance %.2f): add a third picture", other, odd,
                       (double)check.distance);
    return cm_fail(err, CM_INVALID,
                   "%s does not show the same person as the others (distance %.2f to %s): leave it out", odd,
                   (double)check.distance, other);
}

/* ---- other students ---- */

static bool add_template(void *arg, const struct cm_template *template_)
{
    struct work *work = arg;
    if (strcmp(template_->model, STN_EMBEDDING_MODEL) != 0) /* of another model: cannot be compared */
        return true;
    if (strcmp(template_->student_id, work->student->id) == 0) {
        for (int i = 0; i < work->accepted; i++)
            work->own_distance =
                fminf(work->own_distance, stn_embedding_distance(work->embedding[i], template_->embedding));
        return true;
    }
    work->gallery_code =
        stn_gallery_add(work->gallery, template_->student_id, template_->embedding, &work->gallery_err);
    if (work->gallery_code == CM_INVALID) { /* a damaged template of somebody else stops nobody's enrolment */
        work->report->damaged_templates++;
        work->gallery_code = CM_OK;
    }
    return work->gallery_code == CM_OK;
}

static enum cm_code load_others(struct work *work, struct cm_err *err)
{
    size_t unopened = 0;
    enum cm_code code = stn_gallery_create(&work->gallery, err);
    if (code == CM_OK)
        code = stn_store_each_template(work->enrol->store, add_template, work, &unopened, err);
    if (code == CM_OK && work->gallery_code != CM_OK)
        code = cm_fail(err, work->gallery_code, "%s", work->gallery_err.msg);
    work->report->damaged_templates += unopened;
    return code;
}

/* The nearest other student over all accepted pictures. */
static struct stn_enrol_neighbour nearest_other(struct work *work)
{
    struct stn_enrol_neighbour nearest = {.distance = INFINITY};
    struct cm_student other;
    for (int i = 0; i < work->accepted; i++) {
        struct stn_match match = stn_gallery_match(work->gallery, work->embedding[i]);
        if (match.student < 0 || !(match.distance < nearest.distance))
            continue;
        nearest.distance = match.distance;
        snprintf(nearest.id, sizeof nearest.id, "%s", stn_gallery_student_id(work->gallery, match.student));
    }
    if (nearest.id[0] != '\0' && stn_store_get_student(work->enrol->store, nearest.id, &other, NULL) == CM_OK)
        snprintf(nearest.name, sizeof nearest.name, "%s", other.name);
    return nearest;
}

static enum cm_code log_neighbour(struct work *work, enum cm_activity_kind kind, const char *reason,
                                  const struct stn_enrol_neighbour *other, struct cm_err *err)
{
    int64_t now_ms = cm_wall_ms(work->enrol->clock);
    struct cm_activity activity = {
        .kind = kind, .started_wall_ms = now_ms, .ended_wall_ms = now_ms, .distance = other->distance};
    snprintf(activity.student_id, sizeof activity.student_id, "%s", work->student->id);
    snprintf(activity.other_id, sizeof activity.other_id, "%s", other->id);
    snprintf(activity.reason, sizeof activity.reason, "%s", reason);
    return stn_store_append_activity(work->enrol->store, &activity, err);
}

/* A slip of the id must not give one student another's face. */
static enum cm_code check_own(const struct work *work, struct cm_err *err)
{
    if (!isfinite(work->own_distance) || work->own_distance <= work->enrol->rules->one_person_max)
        return CM_OK;
    return cm_fail(
        err, CM_INVALID,
        "this is not the %.60s who is enrolled as %.60s (distance %.2f): check the id, or erase it first",
        name_of(work->student), work->student->id, (double)work->own_distance);
}

static enum cm_code check_others(struct work *work, struct cm_err *err)
{
    const struct stn_enrol_rules *rules = work->enrol->rules;
    struct stn_enrol_neighbour other = nearest_other(work);
    if (other.distance <= rules->duplicate_max) {
        work->report->duplicate = other;
        enum cm_code code = log_neighbour(work, CM_ACTIVITY_DUPLICATE_FACE,
                                          "enrolment refused: this face has another id", &other, err);
        if (code != CM_OK)
            return code;
        return cm_fail(
            err, CM_EXISTS,
            "this face is enrolled already, as %s %s (distance %.2f): check the id, or erase that one first",
            other.id, other.name, (double)other.distance);
    }
    if (!(other.distance <= rules->look_alike_max))
        return CM_OK;
    work->report->look_alike = other;
    return log_neighbour(work, CM_ACTIVITY_LOOK_ALIKE, "enrolled beside a student who looks alike", &other,
                         err);
}

/* ---- templates ---- */

/* The accepted picture with the best score that is not used yet; -1 when all are. */
static int best_unused(const struct work *work, const bool *used)
{
    int best = -1;
    for (int i = 0; i < work->accepted; i++) {
        if (used[i])
            continue;
        if (best < 0 ||
            work->report->images[work->image[i]].score > work->report->images[work->image[best]].score)
            best = i;
    }
    return best;
}

static enum cm_code store_templates(struct work *work, struct cm_err *err)
{
    bool used[STN_ENROL_IMAGES_MAX] = {false};
    int64_t now_ms = cm_wall_ms(work->enrol->clock);
    int count = 0;
    for (int i = best_unused(work, used); i >= 0 && count < STN_ENROL_TEMPLATES_MAX;
         i = best_unused(work, used)) {
        struct cm_template *template_ = &work->templates[count++];
        used[i] = true;
        *template_ = (struct cm_template){.model = STN_EMBEDDING_MODEL,
                                          .quality = work->report->images[work->image[i]].score,
                                          .created_wall_ms = now_ms};
        snprintf(template_->student_id, sizeof template_->student_id, "%s", work->student->id);
        memcpy(template_->embedding, work->embedding[i], sizeof template_->embedding);
    }
    enum cm_code code = stn_store_put_templates(work->enrol->store, work->student->id, work->templates,
                                                (size_t)count, work->enrol->consent, err);
    if (code == CM_OK)
        work->report->template_count = count;
    return code;
}

enum cm_code stn_enrol_images(const struct stn_enrol *enrol, const struct cm_student *student,
                              const char *const *sources, size_t count, struct stn_enrol_report *report,
                              struct cm_err *err)
{
    *report = (struct stn_enrol_report){.odd_image = -1};
    if (count < 1 || count > STN_ENROL_IMAGES_MAX)
        return cm_fail(err, CM_INVALID, "enrolment takes 1 to %d pictures of a student, not %zu",
                       STN_ENROL_IMAGES_MAX, count);
    if (enrol->consent == NULL) {
        enum cm_code allowed = stn_store_check_consent(enrol->store, student->id, err);
        if (allowed != CM_OK)
            return allowed;
    }
    struct work *work = calloc(1, sizeof *work);
    if (work == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory for an enrolment");
    work->enrol = enrol;
    work->student = student;
    work->report = report;
    work->own_distance = INFINITY;
    enum cm_code code = take_images(work, sources, (int)count, err);
    if (code == CM_OK)
        code = check_one_person(work, err);
    if (code == CM_OK)
        code = load_others(work, err);
    if (code == CM_OK)
        code = check_own(work, err);
    if (code == CM_OK)
        code = check_others(work, err);
    if (code == CM_OK)
        code = store_templates(work, err);
    stn_gallery_destroy(work->gallery);
    explicit_bzero(work, sizeof *work);
    free(work);
    return code;
}
