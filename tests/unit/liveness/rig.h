/* A person before the station, and an engine that answers for the identity as recognition does. */
#ifndef TEST_RIG_H
#define TEST_RIG_H

#include "actor.h"
#include "liveness/liveness.h"

enum identity { IDENTITY_MATCHES, IDENTITY_UNSURE, IDENTITY_DIFFERS, IDENTITY_ABSENT };

struct rig {
    struct stn_live live;
    struct stn_live_output out;
    const struct stn_live_table *table;
    int64_t now_us;
    uint64_t frame;
    int step_ms;
    enum identity identity;
    bool camera_clear;
    struct stn_face face; /* what every frame shows, but for the lids */
    bool face_seen;
    float lids;                                       /* where the test does not say otherwise */
    uint32_t reasons_seen, states_seen, prompts_seen; /* bits */
    int clean, plain;
};

void rig_init(struct rig *rig, enum stn_policy policy);
/* One frame, rig->step_ms after the last one. */
void rig_step(struct rig *rig, float open);
/* One frame at rig->now_us with these cues. */
void rig_step_with(struct rig *rig, float open, const struct stn_cues *cues);
void rig_watch(struct rig *rig, int ms);
void rig_blink(struct rig *rig); /* 200 ms closed, and the first open frame */
void rig_nodding_blink(struct rig *rig);
/* Fails the test when the state is not reached in time. */
void rig_until(struct rig *rig, enum stn_live_state state, int at_most_ms);
void rig_until_watching(struct rig *rig);
void rig_until_live(struct rig *rig);
/* State, reason and the verdict that belongs to the state. */
void rig_expect(const struct rig *rig, enum stn_live_state state, enum stn_live_reason reason);

#endif
