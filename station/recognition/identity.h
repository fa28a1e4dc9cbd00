/*
 * Who is it? The embeddings of one attempt of one track, and the decision that they allow. Pure values.
 *
 * Open set: `known` needs at least two frames within the threshold that name the same student with a margin to the
 * second-best, and at most one frame beyond it for every three within; `unknown` needs three frames that are all beyond
 * the threshold; everything else is `unsure`.
 * Swap rule: all frames of an attempt must be one person; two that differ more than same_person_max are two people.
 */
#ifndef STN_IDENTITY_H
#define STN_IDENTITY_H

#include "recognition/gallery.h"
#include <stdbool.h>
#include <stdint.h>

enum { STN_IDENTITY_SAMPLES = 6 }; /* embeddings of one attempt; no more are asked for */

struct stn_identity_rules {
    float threshold;       /* threshold.h */
    float margin_min;      /* distance to the second-best student minus distance to the best */
    float same_person_max; /* two frames of one person, seconds apart on one camera */
};
extern const struct stn_identity_rules stn_identity_rules_default; /* threshold is to be set */

struct stn_identity_sample {
    int64_t captured_us;
    float embedding[CM_EMBEDDING_DIM];
    struct stn_match match;
};

struct stn_identity {
    struct stn_identity_sample samples[STN_IDENTITY_SAMPLES];
    int count;
};

enum stn_identity_kind {
    STN_IDENTITY_NOTHING,
    STN_IDENTITY_UNSURE,
    STN_IDENTITY_KNOWN,
    STN_IDENTITY_UNKNOWN
};

struct stn_identity_result {
    enum stn_identity_kind kind;
    int student;    /* whom the frames within the threshold name; -1 when there is none */
    float distance; /* the worst (largest) of the frames within; of the latest frame when there is none */
    float margin;   /* the worst (smallest), likewise; INFINITY with one student */
};

void stn_identity_init(struct stn_identity *identity); /* wipes the embeddings */
/* False when the attempt has all its samples already. */
bool stn_identity_add(struct stn_identity *identity, int64_t captured_us,
                      const float embedding[CM_EMBEDDING_DIM], const struct stn_gallery *gallery);
struct stn_identity_result stn_identity_decide(const struct stn_identity *identity,
                                               const struct stn_identity_rules *rules);

enum stn_swap { STN_SWAP_OPEN, STN_SWAP_SAME, STN_SWAP_DIFFERENT };
/* OPEN until there is a frame within `window_us` before `start_us` and one within it after `end_us`; DIFFERENT as soon as
 * any two frames of the attempt are two people. */
enum stn_swap stn_identity_swap(const struct stn_identity *identity, const struct stn_identity_rules *rules,
                                int64_t start_us, int64_t end_us, int64_t window_us);

#endif
