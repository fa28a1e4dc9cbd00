#include "capture/pattern.h"
#include "capture/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FPS_DEFAULT 24.0

enum { BARS = 8, STEP_PX = 2, RAMP_PARTS = 4 };

struct pattern {
    struct stn_source base;
    int64_t frames; /* 0: endless */
    int64_t next;
};

/* The top three quarters: bars. */
static void draw_bar_row(uint8_t *row, int width, uint64_t shift_px)
{
    static const uint8_t bars[BARS][3] = {/* blue, green, red */
                                          {192, 192, 192}, {0, 192, 192}, {192, 192, 0}, {0, 192, 0},
                                          {192, 0, 192},   {0, 0, 192},   {192, 0, 0},   {16, 16, 16}};
    for (int x = 0; x < width; x++) {
        uint64_t moved = ((uint64_t)x + shift_px) % (uint64_t)width;
        memcpy(row + 3 * x, bars[moved * BARS / (uint64_t)width], 3);
    }
}

/* The lowest quarter: a grey ramp that moves the other way. */
static void draw_ramp_row(uint8_t *row, int width, uint64_t shift_px)
{
    uint64_t back = (uint64_t)width - shift_px % (uint64_t)width;
    for (int x = 0; x < width; x++) {
        uint64_t moved = ((uint64_t)x + back) % (uint64_t)width;
        memset(row + 3 * x, (int)(moved * 255 / (uint64_t)width), 3);
    }
}

void stn_pattern_draw(struct stn_frame *frame, uint64_t number)
{
    int ramp_top = frame->height - frame->height / RAMP_PARTS;
    for (int y = 0; y < frame->height; y++) {
        uint8_t *row = frame->pixels + (size_t)y * (size_t)frame->stride;
        if (y == 0)
            draw_bar_row(row, frame->width, number * STEP_PX);
        else if (y == ramp_top)
            draw_ramp_row(row, frame->width, number * STEP_PX);
        else
            memcpy(row, row - frame->stride, 3 * (size_t)frame->width);
    }
}

static enum cm_code pattern_read(struct stn_source *source, struct stn_frame_pool *pool,
                                 struct stn_picture *ret_picture, struct cm_err *err)
{
    struct pattern *pattern = (struct pattern *)source;
    if (pattern->frames > 0 && pattern->next == pattern->frames)
        return CM_EOF;
    struct stn_picture picture = {.pts_us = -1, .first = pattern->next == 0};
    enum cm_code code =
        stn_frame_acquire(pool, STN_PATTERN_WIDTH, STN_PATTERN_HEIGHT, STN_PIXEL_BGR24, &picture.frame, err);
    if (code != CM_OK)
        return code;
    stn_pattern_draw(picture.frame, (uint64_t)pattern->next++);
    *ret_picture = picture;
    return CM_OK;
}

static void pattern_rewind(struct stn_source *source)
{
    ((struct pattern *)source)->next = 0;
}

static void pattern_close(struct stn_source *source)
{
    free(source);
}

enum cm_code stn_source_pattern_open(const struct stn_capture_spec *spec, struct stn_source **ret_source,
                                     struct cm_err *err)
{
    static const struct stn_source_ops ops = {pattern_read, pattern_rewind, pattern_close};
    struct pattern *pattern = calloc(1, sizeof *pattern);
    if (pattern == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory");
    pattern->base = (struct stn_source){.ops = &ops,
                                        .name = "test pattern",
                                        .fps = spec->fps > 0 ? spec->fps : FPS_DEFAULT,
                                        .recording = spec->frames > 0};
    pattern->frames = spec->frames;
    *ret_source = &pattern->base;
    return CM_OK;
}
