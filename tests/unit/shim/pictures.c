#include "pictures.h"

#include <stdlib.h>

struct stn_frame *picture_create(int width, int height)
{
    struct stn_frame *frame = calloc(1, sizeof *frame);
    if (frame == NULL)
        return NULL;
    frame->width = width;
    frame->height = height;
    frame->stride = width * 3 + 5; /* odd on purpose: whoever forgets the stride draws slanted pictures */
    frame->format = STN_PIXEL_BGR24;
    frame->pixels = calloc((size_t)height, (size_t)frame->stride);
    if (frame->pixels == NULL) {
        free(frame);
        return NULL;
    }
    return frame;
}

void picture_destroy(struct stn_frame *frame)
{
    if (frame == NULL)
        return;
    free(frame->pixels);
    free(frame);
}

static void put(struct stn_frame *frame, int x, int y, uint8_t blue, uint8_t green, uint8_t red)
{
    uint8_t *pixel = frame->pixels + (size_t)y * (size_t)frame->stride + (size_t)x * 3;
    pixel[0] = blue;
    pixel[1] = green;
    pixel[2] = red;
}

static void put_gray(struct stn_frame *frame, int x, int y, int level)
{
    const uint8_t gray = (uint8_t)(level < 0 ? 0 : level > 255 ? 255 : level);
    put(frame, x, y, gray, gray, gray);
}

void picture_fill(struct stn_frame *frame, uint8_t blue, uint8_t green, uint8_t red)
{
    for (int y = 0; y < frame->height; y++)
        for (int x = 0; x < frame->width; x++)
            put(frame, x, y, blue, green, red);
}

void picture_noise(struct stn_frame *frame, int level, int amplitude, uint32_t seed)
{
    for (int y = 0; y < frame->height; y++) {
        for (int x = 0; x < frame->width; x++) {
            seed = seed * 1664525U + 1013904223U;
            put_gray(frame, x, y, level - amplitude + (int)((seed >> 16) % (2U * (uint32_t)amplitude + 1U)));
        }
    }
}

void picture_checkers(struct stn_frame *frame, int side)
{
    for (int y = 0; y < frame->height; y++)
        for (int x = 0; x < frame->width; x++)
            put_gray(frame, x, y, (x / side + y / side) % 2 ? 255 : 0);
}

void picture_wave(struct stn_frame *frame, int length)
{
    for (int y = 0; y < frame->height; y++)
        for (int x = 0; x < frame->width; x++)
            put_gray(frame, x, y, abs((x + y) % length * 2 - length) * 255 / length);
}
