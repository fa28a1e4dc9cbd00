/*
 * Do these pictures show one person? Pure, on embeddings alone.
 */
#ifndef STN_ONE_PERSON_H
#define STN_ONE_PERSON_H

#include "record/record.h"

enum { STN_ONE_PERSON_IMAGES_MAX = 32 };

struct stn_one_person {
    int odd;        /* the picture that fits the others least; -1: all are one person */
    int other;      /* the picture that it is farthest from */
    float distance; /* of these two */
};

/* All distances between the embeddings (at most STN_ONE_PERSON_IMAGES_MAX) must be <= distance_max. Where one is not, the
 * odd one is that with the largest mean distance to the others; of two pictures neither can be said to be the odd one, it
 * is then the second. */
struct stn_one_person stn_one_person_check(const float (*embeddings)[CM_EMBEDDING_DIM], int count,
                                           float distance_max);

#endif
