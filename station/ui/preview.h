/*
 * The camera's picture for the screen: small, and apart from the event stream, because it is large and only the newest
 * matters. Whoever gets the engine's frames fills one with stn_preview_from_frame while the frame is borrowed, and hands
 * it over by copy, latest wins; the interface shows it. It is never stored and never leaves the process by another way.
 */
#ifndef STN_PREVIEW_H
#define STN_PREVIEW_H

#include "frame/frame.h"
#include <stdint.h>

enum { STN_PREVIEW_WIDTH_MAX = 160, STN_PREVIEW_HEIGHT_MAX = 120 };

struct stn_preview {
    int width, height;                                               /* 0: no picture */
    uint64_t number;                                                 /* of the frame it was made from */
    uint8_t rgb[STN_PREVIEW_WIDTH_MAX * STN_PREVIEW_HEIGHT_MAX * 3]; /* rows without padding */
};

/* The frame scaled down to fit, its sides in proportion (a small frame keeps its size), BGR or grey turned into RGB.
 * Pure; about a millisecond for 640x480. */
void stn_preview_from_frame(const struct stn_frame *frame, struct stn_preview *ret_preview);

#endif
