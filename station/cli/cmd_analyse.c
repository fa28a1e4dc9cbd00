#include "cli/cli.h"

#include "engine/analyse.h"
#include "recognition/threshold.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bench {
    struct stn_pipeline *pipeline;
    struct stn_embedder *embedder;
    struct stn_gallery *gallery;
    struct stn_lane_options lane;
    double fps;
};

static bool add_template(void *arg, const struct cm_template *template_)
{
    if (strcmp(template_->model, STN_EMBEDDING_MODEL) == 0)
        stn_gallery_add(arg, template_->student_id, template_->embedding, NULL);
    return true;
}

static enum cm_code fill_gallery(struct stn_cli *cli, struct stn_gallery *gallery, struct cm_err *err)
{
    struct stn_store *store = NULL;
    if (stn_cli_open_store(cli, true, &store, err) != CM_OK)
        return err->code;
    enum cm_code code = stn_store_each_template(store, add_template, gallery, NULL, err);
    stn_store_close(store);
    return code;
}

static enum cm_code open_bench(struct stn_cli *cli, struct bench *bench, struct cm_err *err)
{
    char path[1200];
    stn_settings_landmarks(&cli->settings, path, sizeof path);
    struct stn_pipeline_options vision = {.landmarks = cli->settings.landmarks, .landmarks_path = path};
    enum cm_code code = stn_pipeline_open(&vision, &bench->pipeline, err);
    if (code != CM_OK)
        return code;
    stn_settings_model(&cli->settings, STN_EMBEDDER_FILE, path, sizeof path);
    if ((code = stn_embedder_open(path, &bench->embedder, err)) != CM_OK)
        return code;
    if ((code = stn_gallery_create(&bench->gallery, err)) != CM_OK)
        return code;
    if (stn_cli_value(cli, STN_OPT_ENROLLED) != NULL &&
        (code = fill_gallery(cli, bench->gallery, err)) != CM_OK)
        return code;
    bool mesh = cli->settings.landmarks == STN_LANDMARKS_MESH;
    bench->lane = (struct stn_lane_options){
        .policy = cli->settings.policy,
        .live_table = mesh ? stn_live_table_default() : stn_live_table_dlib68(),
        .rules = &stn_lane_rules_default,
        .identity = stn_identity_rules_default,
        .gallery = bench->gallery,
    };
    bench->lane.identity.threshold =
        stn_threshold(cli->settings.false_accept_budget, stn_gallery_templates(bench->gallery));
    return CM_OK;
}

static void close_bench(struct bench *bench)
{
    stn_gallery_destroy(bench->gallery);
    stn_embedder_close(bench->embedder);
    stn_pipeline_close(bench->pipeline);
}

/* ---- printing ---- */

static json_t *blinks_json(const struct stn_analysis *result, bool clean_only)
{
    json_t *array = json_array();
    for (int i = 0; i < result->blink_count; i++)
        if (!clean_only || result->blinks[i].clean)
            json_array_append_new(array, json_pack("[I, I]", (json_int_t)result->blinks[i].first_frame,
                                                   (json_int_t)result->blinks[i].last_frame));
    return array;
}

static json_t *prompts_json(const struct stn_analysis *result)
{
    json_t *array = json_array();
    for (int i = 0; i < result->prompt_count; i++)
        json_array_append_new(array, json_pack("{s:I, s:s}", "frame", (json_int_t)result->prompts[i].frame,
                                               "prompt", stn_prompt_name(result->prompts[i].prompt)));
    return array;
}

static double per(int64_t us, uint64_t count)
{
    return count > 0 ? round((double)us / (double)count / 10.0) / 100.0 : 0;
}

static json_t *number_or_null(float value)
{
    return isfinite(value) ? json_real(round((double)value * 1000) / 1000) : json_null();
}

static json_t *result_json(const char *path, const struct stn_analysis *result, const struct bench *bench)
{
    const char *student = stn_gallery_student_id(bench->gallery, result->student);
    return json_pack(
        "{s:s, s:I, s:I, s:i, s:o, s:o, s:o, s:s, s:s, s:o, s:o, s:o, s:{s:f, s:f, s:f, s:f, s:f}}", "file",
        path, "frames", (json_int_t)result->frames, "frames_with_face", (json_int_t)result->frames_with_face,
        "tracks", result->tracks, "blinks", blinks_json(result, false), "clean_blinks",
        blinks_json(result, true), "prompts", prompts_json(result), "verdict",
        stn_verdict_name(result->verdict), "reason", result->reason, "student",
        student[0] != '\0' ? json_string(student) : json_null(), "distance", number_or_null(result->distance),
        "marked_at_frame", result->marked_at_frame >= 0 ? json_integer(result->marked_at_frame) : json_null(),
        "ms_per_frame", "detect", per(result->time_us.detect, result->frames), "landmarks",
        per(result->time_us.landmarks, result->frames), "texture",
        per(result->time_us.texture, result->frames), "embed", per(result->time_us.embed, result->frames),
        "total", per(result->time_us.total + result->time_us.embed, result->frames));
}

static void print_plain(const char *path, const struct stn_analysis *result, const struct bench *bench)
{
    const char *student = stn_gallery_student_id(bench->gallery, result->student);
    int clean = 0;
    for (int i = 0; i < result->blink_count; i++)
        clean += result->blinks[i].clean;
    printf("%s: %s (%s)\n", path, stn_verdict_name(result->verdict), result->reason);
    printf("  %llu frames, %llu with a face, %d tracks, %d blinks, %d of them clean\n",
           (unsigned long long)result->frames, (unsigned long long)result->frames_with_face, result->tracks,
           result->blink_count, clean);
    if (result->marked_at_frame >= 0)
        printf("  %s would be marked at frame %lld, distance %.2f\n", student,
               (long long)result->marked_at_frame, (double)result->distance);
    printf("  %.2f ms a frame: detect %.2f, landmarks %.2f, texture %.2f, embed %.2f\n",
           per(result->time_us.total + result->time_us.embed, result->frames),
           per(result->time_us.detect, result->frames), per(result->time_us.landmarks, result->frames),
           per(result->time_us.texture, result->frames), per(result->time_us.embed, result->frames));
}

static void on_progress(void *arg, uint64_t frame, uint64_t of)
{
    cm_progress(arg, frame, of);
}

static int analyse_one(struct stn_cli *cli, struct bench *bench, char *path, struct stn_analysis *result)
{
    struct cm_err err = CM_ERR_INIT;
    struct stn_analyse_options options = {.pipeline = bench->pipeline,
                                          .embedder = bench->embedder,
                                          .lane = &bench->lane,
                                          .clock = cli->clock,
                                          .fps = bench->fps,
                                          .progress = on_progress,
                                          .arg = path};
    enum cm_code code = stn_analyse(path, &options, result, &err);
    cm_progress_end();
    if (code == CM_OK || (code == CM_CORRUPT && result->frames > 0)) {
        if (cli->json)
            stn_cli_print_json(result_json(path, result, bench));
        else
            print_plain(path, result, bench);
    }
    return code == CM_OK ? STN_EXIT_OK : stn_cli_fail(&err);
}

static int read_options(struct stn_cli *cli, struct bench *bench)
{
    const char *policy = stn_cli_value(cli, STN_OPT_POLICY), *fps = stn_cli_value(cli, STN_OPT_FPS);
    char *end = NULL;
    if (cli->argc == 0)
        return stn_cli_usage("analyse VIDEO-or-IMAGE…");
    if (policy != NULL && !stn_policy_parse(policy, &cli->settings.policy))
        return stn_cli_usage("--policy is strict, pad or basic, not %s", policy);
    if (fps != NULL) {
        bench->fps = strtod(fps, &end);
        if (end == fps || *end != '\0' || !(bench->fps >= 1 && bench->fps <= 1000))
            return stn_cli_usage("--fps is a number from 1 to 1000, not %s", fps);
    }
    return STN_EXIT_OK;
}

int stn_cmd_analyse(struct stn_cli *cli)
{
    struct bench bench = {0};
    struct cm_err err = CM_ERR_INIT;
    int status = read_options(cli, &bench);
    if (status != STN_EXIT_OK)
        return status;
    struct stn_analysis *result = calloc(1, sizeof *result);
    if (result == NULL)
        cm_fail(&err, CM_NOMEM, "out of memory");
    if (result == NULL || open_bench(cli, &bench, &err) != CM_OK)
        status = stn_cli_fail(&err);
    for (int i = 0; i < cli->argc && err.code == CM_OK; i++)
        if (analyse_one(cli, &bench, cli->argv[i], result) != STN_EXIT_OK)
            status = STN_EXIT_FAILED;
    close_bench(&bench);
    free(result);
    return status;
}
