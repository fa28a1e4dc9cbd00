/*
 * A stage on which the test places faces, and models that see exactly those: it stands in for shim/face_shim.h, so that
 * what is tested is the pipeline's own decisions.
 */
#ifndef TEST_STAGE_H
#define TEST_STAGE_H

#include "frame/observation.h"
#include <stdbool.h>

enum { ACTORS_MAX = 12 };

struct actor {
    struct stn_box box;
    bool hog_sees;  /* the detector shows it */
    float presence; /* what the landmark model says there */
};

struct stage {
    struct actor actors[ACTORS_MAX];
    int count;
    bool no_opinion; /* the landmark model gives NaN when it follows, 1 after a detection */
    bool broken;     /* the landmark model fails */
    int full_runs, half_runs, landmark_runs, focus_runs;
};

extern struct stage stage;

#endif
