/* A face that does as it is told: lids by key frames, and movements of the head. For the tests of liveness/. */
#ifndef TEST_ACTOR_H
#define TEST_ACTOR_H

#include "frame/observation.h"
#include <stdint.h>

struct actor_key {
    int at_ms;
    float open; /* 1: as wide as the person's eyes are */
};

struct actor_head { /* lengths in distances of the outer eye corners */
    float move_x, move_y;
    float scale_change;
    float tip_along, tip_across; /* what a turn and a nod do to the nose */
    float yaw_deg;
};

#define ACTOR_EAR 0.30f

/* How open the lids are between the keys (linear; before the first and after the last: as those). */
float actor_open_at(const struct actor_key *keys, int count, int at_ms);
/* A good face of track 1 whose eyes are 100 px apart in a picture of 640x480. head may be NULL: it rests. */
struct stn_face actor_face(float open_right, float open_left, const struct actor_head *head);

/* A generator of our own, so that the tests are the same everywhere. */
struct actor_random {
    uint64_t state;
};
uint32_t actor_random_below(struct actor_random *random, uint32_t bound);
float actor_random_noise(struct actor_random *random); /* mean 0, standard deviation 1, within 3.5 */

#endif
