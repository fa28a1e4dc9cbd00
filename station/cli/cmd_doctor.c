/* `doctor`: looks at everything that the station needs and says what to do. Exit 1 when something is broken. */
#include "cli/cli.h"

#include "capture/capture.h"
#include "cli/server_call.h"
#include "recognition/threshold.h"
#include "store/store_sync.h"
#include "sync/client.h"
#include "sync/message.h"
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

/* What the server says of its time, with a question that changes nothing. */
static void judge_answer(struct doctor *doctor, const char *url, const struct stn_server_call *call,
                         int64_t sent_wall_ms)
{
    static struct cm_changes changes; /* 27 kB */
    if (call->failure == STN_SYNC_UNTRUSTED)
        find(doctor, BROKEN, "server",
             "the certificate of %s is not to be trusted (%s): pair with --ca or --pin", url, call->text);
    else if (call->failure != STN_SYNC_ANSWERED)
        find(doctor, WARNING, "server", "%s cannot be reached (%s): marks are kept until it can", url,
             call->text);
    else if (call->status == 401 || call->status == 403)
        find(doctor, BROKEN, "server", "%s does not know this station any more: pair it again", url);
    else if (call->status != 200 ||
             cm_message_decode(CM_MESSAGE_CHANGES, call->body.data, call->body.size, &changes, NULL) != CM_OK)
        find(doctor, BROKEN, "server", "%s answers %d: is that the right server, and of this version?", url,
             call->status);
    else {
        int64_t now_ms = cm_wall_ms(doctor->cli->clock);
        int64_t offset_ms = changes.time_ms - sent_wall_ms - (now_ms - sent_wall_ms) / 2;
        bool off = offset_ms > CM_SYNC_CLOCK_SUSPECT_MS || offset_ms < -CM_SYNC_CLOCK_SUSPECT_MS;
        find(doctor, FINE, "server", "%s answers in %lld ms%s", url, (long long)(now_ms - sent_wall_ms),
             strncmp(url, "https:", 6) == 0 ? ", its certificate holds" : ", without encryption");
        find(doctor, off ? BROKEN : FINE, "server clock",
             off ? "%.1f s off this station's: set the clock, or marks will wait for a person"
                 : "%.1f s off this station's",
             (double)offset_ms / 1000);
    }
}

/* What the server refused when events were sent last: the question below would not show it. */
static bool is_refused(struct doctor *doctor, struct stn_store *store)
{
    struct stn_sync_note note;
    if (stn_store_get_sync_note(store, &note, NULL) != CM_OK ||
        (strcmp(note.trouble, stn_sync_trouble_name(STN_SYNC_FORKED)) != 0 &&
         strcmp(note.trouble, stn_sync_trouble_name(STN_SYNC_REFUSED)) != 0))
        return false;
    find(doctor, BROKEN, "sync", "%s", note.text);
    return true;
}

static void ask_server(struct doctor *doctor, struct stn_store *store, const struct stn_pairing *pairing)
{
    struct cm_pull pull = {.version = ROLLCALL_VERSION, .wall_ms = cm_wall_ms(doctor->cli->clock)};
    struct cm_err err = CM_ERR_INIT;
    struct stn_sync_marks marks;
    uint64_t last_seq = 0;
    struct stn_server_call call = {0};
    struct cm_buf pem, path;
    cm_buf_init(&pem, STN_CA_MAX);
    cm_buf_init(&path, STN_SYNC_PATH_SIZE);
    enum cm_code code = stn_store_get_ca(store, &pem, &err);
    if (code == CM_OK)
        code = stn_store_get_sync_marks(store, &marks, &err);
    if (code == CM_OK)
        code = stn_store_last_seq(store, &last_seq, &err);
    if (code == CM_OK) {
        pull.last_seq = last_seq; /* it shows what we say */
        memcpy(pull.cursor, marks.cursor, sizeof pull.cursor);
        cm_buf_append_text(&path, "/sync/v1/changes?");
        code = cm_pull_query(&pull, &path);
    }
    struct stn_transport_options options = {.url = pairing->url,
                                            .token = pairing->token,
                                            .ca_pem = (const char *)pem.data,
                                            .pin = pairing->pin,
                                            .allow_plain = doctor->cli->settings.allow_plain};
    struct stn_sync_request request = {.channel = STN_SYNC_DOWN,
                                       .path = (const char *)path.data,
                                       .timeout_ms = 10000,
                                       .answer_max = CM_SYNC_CHANGES_MAX};
    if (code == CM_OK)
        code = stn_server_call(&options, &request, &call, &err);
    if (code == CM_OK)
        judge_answer(doctor, pairing->url, &call, pull.wall_ms);
    else
        find(doctor, BROKEN, "server", "%s", err.msg);
    stn_server_call_finish(&call);
    cm_buf_finish(&path);
    cm_buf_finish(&pem);
}

static void check_server(struct doctor *doctor)
{
    struct cm_err err = CM_ERR_INIT;
    struct stn_store *store = NULL;
    struct stn_pairing pairing;
    struct cm_school school;
    if (stn_cli_open_store(doctor->cli, true, &store, NULL) != CM_OK)
        return; /* said already */
    enum cm_code code = stn_store_get_pairing(store, &pairing, &err);
    if (code == CM_NOTFOUND)
        find(doctor, FINE, "server", "none: this station works alone (rollcall-station pair URL CODE)");
    else if (code != CM_OK)
        find(doctor, BROKEN, "server", "%s", err.msg);
    else if (!is_refused(doctor, store))
        ask_server(doctor, store, &pairing);
    if (code == CM_OK && stn_store_get_school(store, &school, NULL) == CM_OK &&
        strcmp(school.timezone, doctor->cli->settings.timezone) != 0)
        find(doctor, BROKEN, "timezone", "this station uses %s, the school %s: set [station] timezone",
             doctor->cli->settings.timezone, school.timezone);
    explicit_bzero(&pairing, sizeof pairing);
    stn_store_close(store);
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
    check_server(&doctor);
    check_threshold(&doctor, templates);
    check_liveness(&doctor);
    check_camera(&doctor);
    check_terminal(&doctor);
    if (!cli->json)
        printf("%d broken, %d warnings\n", doctor.broken, doctor.warnings);
    return doctor.broken > 0 ? STN_EXIT_FAILED : STN_EXIT_OK;
}
