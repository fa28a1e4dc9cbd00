/* Frames with codes in them, for the tests. */
#ifndef TEST_CARD_DRAWING_H
#define TEST_CARD_DRAWING_H

#include "frame/frame.h"
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

struct drawing { /* {0} and text, width, height, side are enough */
    const char *text;
    int width, height;
    double side, angle, slant; /* tests/tools/card_picture.hpp */
    int blur, level;
    double noise; /* standard deviation */
    uint64_t seed;
    bool grey;
    double x, y; /* 0: the middle */
};

/* Returns the pixels (free), NULL when the text does not fit; fills everything else of the frame. */
uint8_t *draw_frame(const struct drawing *drawing, struct stn_frame *ret_frame);

#ifdef __cplusplus
}
#endif
#endif
