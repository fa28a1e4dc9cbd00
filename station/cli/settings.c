#include "cli/settings.h"

#include "base/log.h"
#include "config/program.h"

#include <stdlib.h>
#include <string.h>

static const char *const landmark_names[] = {"mesh", "dlib68",
                                             NULL}; /* in the order of enum stn_landmark_model */
static const char *const policy_names[] = {"strict", "pad", "basic", NULL}; /* of enum stn_policy */

#define SETTING(kind, member, ...) CM_OPTION_##kind(struct stn_settings, member, __VA_ARGS__)
static const struct cm_option options[] = {
    SETTING(PATH, data_dir, "station", "data", "",
            "Folder of the store, the keys and the log; empty: ~/.local/share/rollcall"),
    SETTING(STRING, class_id, "station", "class", "",
            "The class that the screen shows; empty: all, or the only one"),
    SETTING(STRING, timezone, "station", "timezone", CM_ZONE_DEFAULT, "Zone of the school's dates and times"),
    SETTING(STRING, camera, "camera", "source", "pattern",
            "Where frames come from: replay:VIDEO-or-DIR[?speed=max&loop=1] or pattern"),
    SETTING(PATH, models_dir, "models", "dir", "", "Folder of the models; empty: ~/.cache/rollcall/models"),
    SETTING(
        CHOICE, landmarks, "models", "landmarks", "mesh", landmark_names,
        "mesh: MediaPipe Face Mesh; dlib68: dlib's 68 points, whose training data exclude commercial use"),
    SETTING(PATH, landmarks68_path, "models", "landmarks68",
            "/usr/share/dlib/shape_predictor_68_face_landmarks.dat", "File of the 68-point model"),
    SETTING(CHOICE, policy, "liveness", "policy", "strict", policy_names,
            "What proves life. strict: blink and turn; pad: a PAD model besides; basic: a clean blink only, "
            "which a "
            "video on a phone can show too"),
    SETTING(REAL, false_accept_budget, "recognition", "false_accept_budget", "0.001", 1e-9, 0.1,
            "Chance that a stranger's attempt matches anybody of the gallery; smaller is stricter"),
    SETTING(
        BOOL, allow_plain, "sync", "allow_plain", "no",
        "Allow http:// to a server on another machine: whoever is on the way reads and changes everything"),
    SETTING(CHOICE, log_level, "log", "level", "info", cm_log_level_names,
            "Least important event that is logged"),
    SETTING(PATH, log_file, "log", "file", "",
            "Log file; empty: stderr, and DATA/station.log while the screen is used"),
};
static const struct cm_config_schema schema = CM_CONFIG_SCHEMA(struct stn_settings, options);

static const struct cm_config_program program = {.schema = &schema, .name = "station", .folder = "rollcall"};

enum cm_code stn_settings_load(const char *path, const char *data_dir, struct stn_settings *ret_settings,
                               struct cm_err *err)
{
    struct stn_settings settings = {0};
    if (cm_config_load_program(&program, path, data_dir, &settings, err) != CM_OK)
        return err->code;
    const char *cache = getenv("ROLLCALL_CACHE");
    if (settings.models_dir[0] == '\0' && cache != NULL && cache[0] == '/')
        snprintf(settings.models_dir, sizeof settings.models_dir, "%s/models", cache);
    else if (settings.models_dir[0] == '\0' &&
             cm_config_user_folder("XDG_CACHE_HOME", ".cache", "rollcall/models", settings.models_dir,
                                   sizeof settings.models_dir, err))
        return cm_fail(err, CM_INVALID,
                       "HOME is not set: name the folder of the models in the configuration, "
                       "[models] dir");
    *ret_settings = settings;
    return CM_OK;
}

void stn_settings_describe(FILE *out)
{
    cm_config_describe(&schema, NULL, out);
}

void stn_settings_model(const struct stn_settings *settings, const char *file, char *out, size_t size)
{
    snprintf(out, size, "%s/%s", settings->models_dir, file);
}

void stn_settings_landmarks(const struct stn_settings *settings, char *out, size_t size)
{
    if (settings->landmarks == STN_LANDMARKS_DLIB68)
        snprintf(out, size, "%s", settings->landmarks68_path);
    else
        stn_settings_model(settings, STN_MESH_FILE, out, size);
}
