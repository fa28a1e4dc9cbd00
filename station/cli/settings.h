/*
 * The station's settings: what can be configured, its meaning and its default, in one table (settings.c). They come from
 * the INI file, the environment (ROLLCALL_<SECTION>_<KEY>) and the command line, in this order (config/config.h).
 */
#ifndef STN_SETTINGS_H
#define STN_SETTINGS_H

#include "base/err.h"
#include "base/localdate.h"
#include "liveness/liveness.h"
#include "record/record.h"
#include "shim/face_shim.h"
#include <stdio.h>

struct stn_settings {
    char data_dir[512];
    char class_id[CM_ID_SIZE];
    char timezone[CM_ZONE_NAME_SIZE];
    char camera[512];
    char models_dir[512];
    enum stn_landmark_model landmarks;
    char landmarks68_path[512];
    enum stn_policy policy;
    double false_accept_budget;
    bool allow_plain; /* http:// to a server on another machine */
    int32_t log_level;
    char log_file[512];
};

/* Defaults, then the file, then the environment. path NULL: DATA/station.conf or /etc/rollcall/station.conf, whichever
 * is there first, or none. data_dir NULL: as configured, else the user's data folder. */
enum cm_code stn_settings_load(const char *path, const char *data_dir, struct stn_settings *ret_settings,
                               struct cm_err *err);
/* Every option with its meaning and default, as a commented file. */
void stn_settings_describe(FILE *out);

/* "the models folder/file", for a buffer of any size. */
void stn_settings_model(const struct stn_settings *settings, const char *file, char *out, size_t size);
/* The landmark model's file, by the setting. */
void stn_settings_landmarks(const struct stn_settings *settings, char *out, size_t size);

#define STN_EMBEDDER_FILE "dlib_face_recognition_resnet_model_v1.dat"
#define STN_MESH_FILE     "facemesh.onnx"

#endif
