/* The picture of the generated source: colour bars that move by two pixels a frame, so that nothing takes it
 * for a frozen or a covered camera, and that show no face. Pure. */
#ifndef STN_CAPTURE_PATTERN_H
#define STN_CAPTURE_PATTERN_H

#include "frame/frame.h"

enum { STN_PATTERN_WIDTH = 640, STN_PATTERN_HEIGHT = 480 };

/* Fills a BGR24 frame of any size. */
void stn_pattern_draw(struct stn_frame *frame, uint64_t number);

#endif
