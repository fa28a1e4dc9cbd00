/*
 * Enrolment: from pictures of a student to templates in the store, or to a sentence that says why not.
 *
 * Each picture passes the gates or is left out with its reason; the best STN_ENROL_TEMPLATES_MAX of those that pass become
 * templates. The whole enrolment is refused, and the store keeps what it had,
 * - when there is no consent (lane/rule.h): no picture is looked at then,
 * - when no picture passes,
 * - when the pictures show more than one person (the odd one is named), or somebody else than the student's templates do,
 * - when the face is enrolled already under another id: whoever is two students could be marked for both. This is logged
 *   as duplicate_face.
 * A look-alike (beyond a duplicate and nearer than nearly all strangers are) is enrolled, logged as look_alike and named,
 * so that the operator can look twice.
 *
 * Pictures and embeddings are gone from memory when a call returns. One thread. Blocks for about 0.2 s a picture.
 */
#ifndef STN_ENROL_H
#define STN_ENROL_H

#include "base/clock.h"
#include "enrol/one_person.h"
#include "enrol/portrait.h"
#include "store/store.h"
#include <stdbool.h>
#include <stddef.h>

enum {
    STN_ENROL_IMAGES_MAX = STN_ONE_PERSON_IMAGES_MAX,
    STN_ENROL_TEMPLATES_MAX = 8,
    STN_ENROL_TEXT_SIZE = 256
};

struct stn_enrol_rules {  /* distances between embeddings; enrol.c has their evidence */
    float one_person_max; /* mean distance of a picture to the others of its student */
    float duplicate_max;
    float look_alike_max;
};
extern const struct stn_enrol_rules stn_enrol_rules_default;

struct stn_enrol_image {
    const char *source; /* the caller's */
    bool accepted;
    enum cm_code code; /* of reading it; CM_OK also when a gate refused it */
    enum stn_gate gate;
    float score;                    /* 0…1 */
    char text[STN_ENROL_TEXT_SIZE]; /* why it was not accepted; empty when it was */
};

struct stn_enrol_neighbour { /* another student who is near */
    char id[CM_ID_SIZE];     /* empty: nobody is */
    char name[CM_NAME_SIZE];
    float distance;
};

struct stn_enrol_report {
    struct stn_enrol_image images[STN_ENROL_IMAGES_MAX];
    int image_count;
    int accepted_count;
    int template_count;                    /* stored; 0 when the enrolment was refused */
    int odd_image;                         /* shows somebody else; -1: none does */
    struct stn_enrol_neighbour duplicate;  /* the reason of a refusal */
    struct stn_enrol_neighbour look_alike; /* a warning */
    size_t damaged_templates;              /* of others, which could not be compared */
};

/* After each picture, for progress. */
typedef void stn_enrol_progress_fn(void *arg, const struct stn_enrol_image *image, int done, int count);

struct stn_enrol { /* all borrowed */
    struct stn_portrait_reader *reader;
    struct stn_store *store;
    const struct cm_clock *clock;
    const struct stn_enrol_rules *rules;
    const struct cm_consent
        *consent; /* given with the enrolment, and logged with it; NULL: it must be there already */
    stn_enrol_progress_fn *progress; /* may be NULL */
    void *progress_arg;
};

/* The student should be in the store's roster already; templates that he has are replaced. The report is written in any
 * case. CM_INVALID: refused for the pictures, or without consent; CM_EXISTS: refused as a duplicate; err says it in a sentence that names the
 * picture or the other student. Other codes: a model or the store failed. */
enum cm_code stn_enrol_images(const struct stn_enrol *enrol, const struct cm_student *student,
                              const char *const *sources, size_t count, struct stn_enrol_report *report,
                              struct cm_err *err);

#endif
