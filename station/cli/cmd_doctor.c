/* `doctor`: looks at everything that the station needs and says what to do. Exit 1 when something is broken. */
#include "cli/cli.h"

#include "capture/capture.h"
#include "recognition/threshold.h"
#include "vision/pipeline.h"

#include <langinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum finding { FINE, WARNING, BROKEN };

struct doctor {
    const struct stn_cli *cli;
    int warnings, broken;
};

static void find(struct doctor *doctor, enum finding finding, const char *topic, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static void find(struct doctor *doctor, enum finding finding, const char *topic, const char *fmt, ...)
{
    static const char *const words[] = {"ok", "warning", "broken"};
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    doctor->warnings += finding == WARNING;
    doctor->broken += finding == BROKEN;
    if (doctor->cli->json)
        stn_cli_print_json(
            json_pack("{s:s, s:s, s:s}", "topic", topic, "finding", words[finding], "text", text));
    else
        printf("%-8s %-12s %s\n", words[finding], topic, text);
}

static void check_store(struct doctor *doctor, size_t *ret_templates)
{
    struct cm_err err = CM_ERR_INIT;
    struct stn_store *store = NULL;
    struct stn_store_summary summary;
    uint64_t events = 0;
    enum cm_code code = stn_cli_open_store(doctor->cli, true, &store, &err);
    if (code == CM_NOTFOUND) {
        find(doctor, WARNING, "store", "there is none in %s yet: import a roster",
             doctor->cli->settings.data_dir);
        return;
    }
    if (code == CM_OK)
        code = stn_store_summary(store, &summary, &err);
    if (code == CM_OK)
        code = stn_store_check(store, &events, &err);
    stn_store_close(store);
    if (code != CM_OK) {
        find(doctor, BROKEN, "store", "%s", err.msg);
        return;
    }
    find(doctor, FINE, "store", "%llu events, the hash chain and all signatures hold",
         (unsigned long long)events);
    *ret_templates = summary.templates;
    if (summary.students == 0)
        find(doctor, WARNING, "roster", "no students: rollcall-station roster import FILE.csv");
    else if (summary.students_with_templates == 0)
        find(doctor, WARNING, "roster", "%zu students, nobody is enrolled: rollcall-station enrol ID IMAGE",
             summary.students);
    else
        find(doctor, FINE, "roster", "%zu students, %zu enrolled", summary.students,
             summary.students_with_templates);
    uint64_t free_mib = summary.bytes_free_on_disk >> 20;
    find(doctor, free_mib < 200 ? WARNING : FINE, "disk", "%llu MiB free%s", (unsigned long long)free_mib,
         free_mib < 200 ? ": make room, or marks will wait in memory" : "");
    int64_t behind_ms = summary.latest_wall_ms - cm_wall_ms(doctor->cli->clock);
    if (behind_ms > 120000)
        find(doctor, BROKEN, "clock",
             "stands %lld minutes before the latest event of the log: set it right, or rollcall-station "
             "trust-clock "
             "--by NAME",
             (long long)(behind_ms / 60000));
    else
        find(doctor, FINE, "clock", "not behind the log; zone %s", doctor->cli->settings.timezone);
}

static void check_models(struct doctor *doctor)
{
    const struct stn_settings *settings = &doctor->cli->settings;
    struct cm_err err = CM_ERR_INIT;
    char path[1200];
    stn_settings_landmarks(settings, path, sizeof path);
    struct stn_pipeline_options options = {.landmarks = settings->landmarks, .landmarks_path = path};
    struct stn_pipeline *pipeline = NULL;
    if (stn_pipeline_open(&options, &pipeline, &err) != CM_OK)
        find(doctor, BROKEN, "landmarks", "%s", err.msg);
    else if (settings->landmarks == STN_LANDMARKS_DLIB68)
        find(doctor, WARNING, "landmarks",
             "68-point model: the data that it was trained on (iBUG 300-W) exclude commercial use; the mesh "
             "does not");
    else
        find(doctor, FINE, "landmarks", "face mesh (Apache-2.0)");
    stn_pipeline_close(pipeline);
    struct stn_embedder *embedder = NULL;
    stn_settings_model(settings, STN_EMBEDDER_FILE, path, sizeof path);
    if (stn_embedder_open(path, &embedder, &err) != CM_OK)
        find(doctor, BROKEN, "embedding", "%s", err.msg);
    else
        find(doctor, FINE, "embedding", "%s (CC0)", STN_EMBEDDING_MODEL);
    stn_embedder_close(embedder);
}

static void check_liveness(struct doctor *doctor)
{
    switch (doctor->cli->settings.policy) {
    case STN_POLICY_BASIC:
        find(doctor, WARNING, "liveness",
             "policy basic: a clean blink is enough. It stops photos that are held or waved, no video and no "
             "trick at "
             "the eyes of a photo");
        break;
    case STN_POLICY_STRICT:
        find(doctor, WARNING, "liveness", "policy strict: %s",
             stn_live_reason_text(STN_REASON_NEEDS_CHALLENGE));
        break;
    case STN_POLICY_PAD:
        find(doctor, WARNING, "liveness", "policy pad: %s", stn_live_reason_text(STN_REASON_NEEDS_PAD_MODEL));
        break;
    }
}

static void check_threshold(struct doctor *doctor, size_t templates)
{
    float threshold = stn_threshold(doctor->cli->settings.false_accept_budget, templates);
    if (threshold <= STN_THRESHOLD_FLOOR)
        find(doctor, WARNING, "recognition",
             "the gallery of %zu templates is too large for the false-accept budget: many students will be "
             "refused; "
             "serve fewer classes here",
             templates);
    else
        find(doctor, FINE, "recognition", "threshold %.2f for %zu templates", (double)threshold, templates);
}

static void check_camera(struct doctor *doctor)
{
    struct cm_err err = CM_ERR_INIT;
    struct stn_capture *capture = NULL;
    const char *spec = doctor->cli->settings.camera;
    if (stn_capture_create(spec, doctor->cli->clock, &capture, &err) != CM_OK ||
        stn_capture_open(capture, &err) != CM_OK) {
        find(doctor, BROKEN, "camera", "%s", err.msg);
    } else {
        struct stn_capture_info info;
        stn_capture_info(capture, &info);
        find(doctor, FINE, "camera", "%s", info.name);
    }
    stn_capture_destroy(capture);
}

static void check_terminal(struct doctor *doctor)
{
    bool has_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    find(doctor, FINE, "terminal", "%s",
         has_utf8 ? "UTF-8" : "no UTF-8: the screen uses ASCII (set LANG=C.UTF-8)");
}

int stn_cmd_doctor(struct stn_cli *cli)
{
    struct doctor doctor = {.cli = cli};
    size_t templates = 0;
    if (cli->argc != 0)
        return stn_cli_usage("doctor takes no %s", cli->argv[0]);
    check_models(&doctor);
    check_store(&doctor, &templates);
    check_threshold(&doctor, templates);
    check_liveness(&doctor);
    check_camera(&doctor);
    check_terminal(&doctor);
    if (!cli->json)
        printf("%d broken, %d warnings\n", doctor.broken, doctor.warnings);
    return doctor.broken > 0 ? STN_EXIT_FAILED : STN_EXIT_OK;
}
