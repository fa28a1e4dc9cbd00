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

/* The mean distance of each embedding to the others (at most STN_ONE_PERSON_IMAGES_MAX) must be <= mean_max. Where one is
 * larger, the odd one is that with the largest; of two pictures neither can be said to be the odd one, it is then the
 * second. The mean, because with more pictures the largest distance grows for everybody: see enrol.c. */
struct stn_one_person stn_one_person_check(const float (*embeddings)[CM_EMBEDDING_DIM], int count,
                                           float mean_max);

#endif
