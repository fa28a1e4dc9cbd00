/*
 * The gallery: the templates of the students that this station serves, plain, in memory only. Open set: a match is the
 * nearest student and how far the next *other* student is; whether that is good enough is decided elsewhere
 * (threshold.h, identity.h).
 *
 * Distances are Euclidean between 128-float embeddings. A student's distance is the smallest over his templates.
 * Matching is read-only and safe from several threads while nobody adds.
 */
#ifndef STN_GALLERY_H
#define STN_GALLERY_H

#include "base/err.h"
#include "record/record.h"
#include <stddef.h>

enum { STN_GALLERY_TEMPLATES_MAX = 200000 };

struct stn_gallery;

struct stn_match {
    int student;           /* index for stn_gallery_student_id; -1: the gallery is empty */
    float distance;        /* to the nearest student; INFINITY when empty */
    int second;            /* the nearest other student; -1: there is none */
    float second_distance; /* INFINITY when there is none */
};

enum cm_code stn_gallery_create(struct stn_gallery **ret_gallery, struct cm_err *err);
void stn_gallery_destroy(struct stn_gallery *gallery); /* wipes the templates */
/* CM_INVALID for an embedding that is not finite or not nearly of the model's length (1.2 to 1.6), and for an id that is
 * empty or too long. CM_NOMEM, also beyond STN_GALLERY_TEMPLATES_MAX. */
enum cm_code stn_gallery_add(struct stn_gallery *gallery, const char *student_id,
                             const float embedding[CM_EMBEDDING_DIM], struct cm_err *err);
struct stn_match stn_gallery_match(const struct stn_gallery *gallery,
                                   const float embedding[CM_EMBEDDING_DIM]);
/* The same without one student (for duplicate checks of somebody who is enrolled again); NULL excludes nobody. */
struct stn_match stn_gallery_match_except(const struct stn_gallery *gallery,
                                          const float embedding[CM_EMBEDDING_DIM], const char *student_id);
const char *stn_gallery_student_id(const struct stn_gallery *gallery, int student);
size_t stn_gallery_students(const struct stn_gallery *gallery);
size_t stn_gallery_templates(const struct stn_gallery *gallery);

float stn_embedding_distance(const float a[CM_EMBEDDING_DIM], const float b[CM_EMBEDDING_DIM]);

#endif
