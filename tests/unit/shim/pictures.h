/* Generated pictures: no face of anybody is in the tests. */
#ifndef TEST_SHIM_PICTURES_H
#define TEST_SHIM_PICTURES_H

#include "frame/frame.h"

/* A BGR frame on the heap, outside of any pool; free with picture_destroy(). NULL without memory. */
struct stn_frame *picture_create(int width, int height);
void picture_destroy(struct stn_frame *frame);

void picture_fill(struct stn_frame *frame, uint8_t blue, uint8_t green, uint8_t red);
/* Grey noise of this amplitude around a level; the same seed gives the same picture. */
void picture_noise(struct stn_frame *frame, int level, int amplitude, uint32_t seed);
/* Black and white squares of this side. */
void picture_checkers(struct stn_frame *frame, int side);
/* A wave from black to white and back, this many pixels long: no edges. */
void picture_wave(struct stn_frame *frame, int length);

#endif
