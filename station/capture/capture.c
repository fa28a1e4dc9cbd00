#include "capture/capture.h"
#include "capture/pace.h"
#include "capture/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    POOL_FRAMES = 8,    /* one being filled, one waiting, the rest with readers */
    SLICE_US = 20000,   /* how long a request to stop may go unnoticed */
    POOL_NAP_US = 2000, /* a reader that holds every frame is given this long before it is asked again */
};

struct stn_capture {
    struct stn_capture_spec spec;
    const struct cm_clock *clock;
    struct stn_frame_pool *pool;
    struct stn_source *source; /* NULL: not open */
    struct stn_pace pace;
    bool pass_gave_pictures; /* since the last rewind: an empty loop must not spin */
};

enum cm_code stn_capture_create(const char *spec, const struct cm_clock *clock,
                                struct stn_capture **ret_capture, struct cm_err *err)
{
    struct stn_capture *capture = calloc(1, sizeof *capture);
    if (capture == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory");
    enum cm_code code = stn_capture_spec_parse(spec, &capture->spec, err);
    if (code == CM_OK)
        /* A bound, not a demand: frames take the memory of the pictures that come. */
        code = stn_frame_pool_create(POOL_FRAMES, (size_t)STN_FRAME_SIDE_MAX * STN_FRAME_SIDE_MAX * 3,
                                     &capture->pool, err);
    if (code != CM_OK) {
        stn_capture_destroy(capture);
        return code;
    }
    capture->clock = clock;
    stn_pace_init(&capture->pace, capture->spec.max_speed);
    *ret_capture = capture;
    return CM_OK;
}

static void close_source(struct stn_capture *capture)
{
    if (capture->source != NULL)
        capture->source->ops->close(capture->source);
    capture->source = NULL;
}

void stn_capture_destroy(struct stn_capture *capture)
{
    if (capture == NULL)
        return;
    close_source(capture);
    stn_frame_pool_destroy(capture->pool);
    free(capture);
}

enum cm_code stn_capture_open(struct stn_capture *capture, struct cm_err *err)
{
    close_source(capture);
    enum cm_code code = CM_OK;
    switch (capture->spec.kind) {
    case STN_CAPTURE_REPLAY:
        code = stn_source_replay_open(&capture->spec, &capture->source, err);
        break;
    case STN_CAPTURE_PATTERN:
        code = stn_source_pattern_open(&capture->spec, &capture->source, err);
        break;
    }
    if (code != CM_OK)
        return code;
    capture->pass_gave_pictures = false;
    stn_pace_resume(&capture->pace);
    return CM_OK;
}

void stn_capture_info(const struct stn_capture *capture, struct stn_capture_info *ret_info)
{
    const struct stn_source *source = capture->source;
    *ret_info = (struct stn_capture_info){.fps = source->fps,
                                          .frame_count = source->frame_count,
                                          .recording = source->recording,
                                          .max_speed = capture->spec.max_speed};
    snprintf(ret_info->name, sizeof ret_info->name, "%s", source->name);
}

static bool stopped(const atomic_bool *stop)
{
    return stop != NULL && atomic_load(stop);
}

static void nap(int64_t us)
{
    struct timespec length = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    nanosleep(&length, NULL); /* woken early by a signal: the caller looks at the clock anyway */
}

/* The next picture, over the ends of loops. */
static enum cm_code read_picture(struct stn_capture *capture, struct stn_picture *ret_picture,
                                 struct cm_err *err)
{
    struct stn_source *source = capture->source;
    for (;;) {
        enum cm_code code = source->ops->read(source, capture->pool, ret_picture, err);
        if (code == CM_OK) {
            capture->pass_gave_pictures = true;
            return CM_OK;
        }
        if (code != CM_EOF || !capture->spec.loop)
            return code;
        if (!capture->pass_gave_pictures)
            return cm_fail(err, CM_INVALID, "%s gave no picture that could be shown", source->name);
        source->ops->rewind(source);
        capture->pass_gave_pictures = false;
    }
}

static struct stn_pace_slot place(struct stn_capture *capture, const struct stn_picture *picture)
{
    stn_pace_set_rate(&capture->pace, capture->source->fps);
    if (picture->first)
        stn_pace_begin(&capture->pace, capture->source->cuts);
    return stn_pace_place(&capture->pace, picture->pts_us);
}

/* Real speed: CM_OK when the picture's time has come, CM_AGAIN when it has passed, CM_CANCELED. */
static enum cm_code wait_until_due(struct stn_capture *capture, const struct stn_pace_slot *slot,
                                   const atomic_bool *stop)
{
    for (;;) {
        int64_t wait_us = 0;
        switch (stn_pace_judge(&capture->pace, slot, cm_mono_us(capture->clock), &wait_us)) {
        case STN_PACE_DUE:
            return CM_OK;
        case STN_PACE_SKIP:
            return CM_AGAIN;
        case STN_PACE_WAIT:
            nap(wait_us < SLICE_US ? wait_us : SLICE_US);
            break;
        }
        if (stopped(stop))
            return CM_CANCELED;
    }
}

enum cm_code stn_capture_next(struct stn_capture *capture, const atomic_bool *stop,
                              struct stn_frame **ret_frame, struct cm_err *err)
{
    if (capture->source == NULL)
        return cm_fail(err, CM_INVALID, "the source is not open");
    for (;;) {
        if (stopped(stop))
            return CM_CANCELED;
        struct stn_picture picture;
        enum cm_code code = read_picture(capture, &picture, err);
        if (code == CM_AGAIN)
            nap(POOL_NAP_US);
        if (code != CM_OK)
            return code;
        struct stn_pace_slot slot = place(capture, &picture);
        if (!capture->spec.max_speed)
            code = wait_until_due(capture, &slot, stop);
        if (code == CM_OK) {
            struct stn_frame *frame = picture.frame;
            frame->number = slot.number;
            stn_pace_stamp(&capture->pace, &slot, cm_mono_us(capture->clock), cm_wall_ms(capture->clock),
                           &frame->captured_mono_us, &frame->captured_wall_ms);
            *ret_frame = frame;
            return CM_OK;
        }
        stn_frame_unref(picture.frame);
        if (code == CM_CANCELED)
            return code;
    }
}
