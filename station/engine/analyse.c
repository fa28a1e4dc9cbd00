#include "engine/analyse.h"

#include "capture/capture.h"
#include "capture/folder.h"
#include "shim/media_shim.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The lane starts without embeddings in flight; here each is made at once, before the next frame. */
struct run {
    const struct stn_analyse_options *options;
    struct stn_lane *lane;
    struct stn_analysis *result;
    struct stn_chip kept[STN_LANE_TRACKS_MAX];
    uint32_t kept_track[STN_LANE_TRACKS_MAX];
    uint32_t last_track;
    enum stn_prompt last_prompt;
    float nearest;
};

static struct stn_chip *kept_chip(struct run *run, uint32_t track_id)
{
    for (int i = 0; i < STN_LANE_TRACKS_MAX; i++)
        if (run->kept_track[i] == track_id)
            return &run->kept[i];
    return NULL;
}

static struct stn_chip *room_for_chip(struct run *run, uint32_t track_id)
{
    struct stn_chip *chip = kept_chip(run, track_id);
    if (chip == NULL)
        chip = kept_chip(run, 0);
    if (chip != NULL)
        run->kept_track[chip - run->kept] = track_id;
    return chip;
}

static const struct stn_face *face_of(const struct stn_observation *seen, uint32_t track_id)
{
    for (int i = 0; i < seen->face_count; i++)
        if (seen->faces[i].track_id == track_id)
            return &seen->faces[i];
    return NULL;
}

static void embed(struct run *run, const struct stn_action *action, const struct stn_chip *chip)
{
    float values[STN_EMBEDDING_DIM];
    bool good = false;
    int64_t before_us = cm_mono_us(run->options->clock);
    if (chip != NULL)
        good = stn_embedder_run(run->options->embedder, chip, values, NULL) == CM_OK;
    run->result->time_us.embed += cm_mono_us(run->options->clock) - before_us;
    run->result->time_us.embeddings++;
    if (good)
        run->nearest = fminf(run->nearest, stn_gallery_match(run->options->lane->gallery, values).distance);
    stn_lane_embedding(run->lane, action->track_id, action->captured_us, good ? values : NULL);
}

static void add_blink(struct stn_analysis *result, const struct stn_blink_event *blink)
{
    if (result->blink_count == STN_ANALYSE_BLINKS_MAX)
        return;
    result->blinks[result->blink_count++] = (struct stn_analyse_blink){
        .first_frame = blink->first_frame,
        .last_frame = blink->last_frame,
        .clean = blink->kind == STN_BLINK_CLEAN,
    };
}

static void note_accept(struct stn_analysis *result, const struct stn_accept *accept, uint64_t frame)
{
    if (result->marked_at_frame >= 0)
        return;
    result->verdict = STN_VERDICT_LIVE;
    result->student = accept->student;
    result->distance = accept->distance;
    result->marked_at_frame = (int64_t)frame;
    snprintf(result->reason, sizeof result->reason, "%s", stn_live_reason_name(STN_REASON_CLEAN_BLINK));
}

static void note_refuse(struct stn_analysis *result, const struct stn_refuse *refuse)
{
    if (result->verdict == STN_VERDICT_LIVE)
        return;
    if (refuse->verdict == STN_VERDICT_ATTACK || result->verdict != STN_VERDICT_ATTACK) {
        result->verdict = refuse->verdict;
        snprintf(result->reason, sizeof result->reason, "%s", refuse->reason);
    }
}

static void obey(struct run *run, const struct stn_action *action, const struct stn_frame *frame,
                 const struct stn_observation *seen)
{
    struct stn_chip now, *chip;
    const struct stn_face *face = face_of(seen, action->track_id);
    switch (action->kind) {
    case STN_ACT_KEEP_CHIP:
        chip = room_for_chip(run, action->track_id);
        if (chip != NULL && (face == NULL || stn_chip_extract(frame, face->align, chip, NULL) != CM_OK))
            run->kept_track[chip - run->kept] = 0; /* no chip is better than an older one */
        break;
    case STN_ACT_EMBED_KEPT:
        embed(run, action, kept_chip(run, action->track_id));
        break;
    case STN_ACT_EMBED_NOW:
        embed(run, action,
              face != NULL && stn_chip_extract(frame, face->align, &now, NULL) == CM_OK ? &now : NULL);
        break;
    case STN_ACT_DROP_TRACK:
        chip = kept_chip(run, action->track_id);
        if (chip != NULL)
            run->kept_track[chip - run->kept] = 0;
        break;
    case STN_ACT_BLINK:
        add_blink(run->result, &action->u.blink);
        break;
    case STN_ACT_ACCEPT:
        note_accept(run->result, &action->u.accept, seen->frame_number);
        break;
    case STN_ACT_REFUSE:
        note_refuse(run->result, &action->u.refuse);
        break;
    default:
        break;
    }
}

static void note_frame(struct run *run, const struct stn_observation *seen)
{
    struct stn_analysis *result = run->result;
    result->frames++;
    result->frames_with_face += seen->face_count > 0;
    for (int i = 0; i < seen->face_count; i++)
        if (seen->faces[i].track_id > run->last_track) {
            run->last_track = seen->faces[i].track_id;
            result->tracks++;
        }
    result->time_us.detect += seen->times.detect_us;
    result->time_us.landmarks += seen->times.landmarks_us;
    result->time_us.texture += seen->times.quality_us + seen->times.scene_us;
    result->time_us.total += seen->times.total_us;
    enum stn_prompt prompt = stn_lane_prompt(run->lane);
    if (prompt != run->last_prompt && result->prompt_count < STN_ANALYSE_PROMPTS_MAX)
        result->prompts[result->prompt_count++] =
            (struct stn_analyse_prompt){.frame = seen->frame_number, .prompt = prompt};
    run->last_prompt = prompt;
}

static enum cm_code look(struct run *run, const struct stn_frame *frame, struct cm_err *err)
{
    struct stn_observation seen;
    struct stn_actions actions = {.count = 0};
    enum cm_code code = stn_pipeline_run(run->options->pipeline, frame, &seen, err);
    if (code != CM_OK)
        return code;
    stn_lane_observe(run->lane, &seen, &actions);
    for (int i = 0; i < actions.count; i++)
        obey(run, &actions.list[i], frame, &seen);
    note_frame(run, &seen);
    return CM_OK;
}

/* Leaves frames out so that at most fps remain, by time: the frame nearest after each due time. Time stamps are cut to
 * micro- or milliseconds, so a frame may be early by a twentieth of a period: else --fps 24 would leave out every third
 * frame of a video of 24. */
static bool due(double fps, int64_t captured_us, int64_t first_us, int64_t *next)
{
    if (fps <= 0)
        return true;
    int64_t slot = (int64_t)floor((double)(captured_us - first_us) * fps / 1e6 + 0.05);
    if (slot < *next)
        return false;
    *next = slot + 1;
    return true;
}

static enum cm_code play(struct run *run, struct stn_capture *capture, struct cm_err *err)
{
    atomic_bool never = false;
    int64_t first_us = -1, next = 0;
    struct stn_capture_info info;
    stn_capture_info(capture, &info);
    for (;;) {
        struct stn_frame *frame = NULL;
        enum cm_code code = stn_capture_next(capture, &never, &frame, err);
        if (code == CM_EOF)
            return CM_OK;
        if (code != CM_OK)
            return code;
        if (first_us < 0)
            first_us = frame->captured_mono_us;
        if (due(run->options->fps, frame->captured_mono_us, first_us, &next))
            code = look(run, frame, err);
        uint64_t number = frame->number;
        stn_frame_unref(frame);
        if (code != CM_OK)
            return code;
        if (run->options->progress != NULL)
            run->options->progress(run->options->arg, number + 1, (uint64_t)info.frame_count);
    }
}

/* A picture is a recording of one frame: a face can be seen in it, a blink cannot. */
static enum cm_code look_at_picture(struct run *run, const char *path, struct cm_err *err)
{
    struct stn_frame_pool *pool = NULL;
    struct stn_frame *frame = NULL;
    size_t bytes_max = (size_t)STN_FRAME_SIDE_MAX * STN_FRAME_SIDE_MAX * 3;
    if (stn_frame_pool_create(1, bytes_max, &pool, err) != CM_OK)
        return err->code;
    enum cm_code code = stn_image_read(path, pool, &frame, err);
    if (code == CM_OK) {
        frame->captured_mono_us = cm_mono_us(run->options->clock);
        frame->captured_wall_ms = cm_wall_ms(run->options->clock);
        code = look(run, frame, err);
    }
    stn_frame_unref(frame);
    stn_frame_pool_destroy(pool);
    return code;
}

static enum cm_code open_source(const char *path, const struct cm_clock *clock,
                                struct stn_capture **ret_capture, struct cm_err *err)
{
    char spec[4096];
    if ((size_t)snprintf(spec, sizeof spec, "replay:%s?speed=max", path) >= sizeof spec)
        return cm_fail(err, CM_INVALID, "the path is too long: %.60s…", path);
    enum cm_code code = stn_capture_create(spec, clock, ret_capture, err);
    if (code == CM_OK && (code = stn_capture_open(*ret_capture, err)) != CM_OK)
        stn_capture_destroy(*ret_capture);
    return code;
}

static enum cm_code play_file(struct run *run, const char *path, struct cm_err *err)
{
    struct stn_capture *capture = NULL;
    enum cm_code code = open_source(path, run->options->clock, &capture, err);
    if (code != CM_OK)
        return code;
    code = play(run, capture, err);
    stn_capture_destroy(capture);
    return code;
}

enum cm_code stn_analyse(const char *path, const struct stn_analyse_options *options,
                         struct stn_analysis *ret_analysis, struct cm_err *err)
{
    static struct run run; /* a megabyte of chips; the commands that come here have one thread */
    memset(&run, 0, sizeof run);
    memset(ret_analysis, 0, sizeof *ret_analysis);
    ret_analysis->student = -1;
    ret_analysis->marked_at_frame = -1;
    snprintf(ret_analysis->reason, sizeof ret_analysis->reason, "%s",
             stn_live_reason_name(STN_REASON_NO_FACE));
    run.options = options;
    run.result = ret_analysis;
    run.nearest = INFINITY;
    stn_pipeline_reset(options->pipeline);
    enum cm_code code = stn_lane_create(options->lane, &run.lane, err);
    if (code == CM_OK)
        code = stn_file_kind_of(path) == STN_FILE_IMAGE ? look_at_picture(&run, path, err)
                                                        : play_file(&run, path, err);
    if (ret_analysis->marked_at_frame < 0)
        ret_analysis->distance = isfinite(run.nearest) ? run.nearest : NAN;
    if (ret_analysis->frames_with_face > 0 && ret_analysis->verdict == STN_VERDICT_UNDECIDED &&
        strcmp(ret_analysis->reason, stn_live_reason_name(STN_REASON_NO_FACE)) == 0)
        snprintf(ret_analysis->reason, sizeof ret_analysis->reason, "%s",
                 stn_live_reason_name(STN_REASON_WAITING_FOR_BLINK)); /* the file ended first */
    explicit_bzero(&run.kept, sizeof run.kept);
    stn_lane_destroy(run.lane);
    return code;
}
