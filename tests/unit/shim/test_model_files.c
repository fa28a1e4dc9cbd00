/* Model files that are missing or damaged: a code and a path, never a crash. */
#include "shim/face_shim.h"

#include "files.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GARBAGE_BYTES = 1 << 16 };

static struct test_folder folder;
static uint8_t garbage[GARBAGE_BYTES];

static int setup(void **state)
{
    (void)state;
    stn_face_shim_init();
    uint32_t seed = 3;
    for (size_t i = 0; i < sizeof garbage; i++) {
        seed = seed * 1664525U + 1013904223U;
        garbage[i] = (uint8_t)(seed >> 24);
    }
    return test_folder_create(&folder);
}

static int teardown(void **state)
{
    (void)state;
    test_folder_remove(&folder);
    return 0;
}

enum model { MESH, DLIB68, RESNET, MODELS };
static const char *const file_names[MODELS] = {"facemesh.onnx", "shape_predictor_68_face_landmarks.dat",
                                               "dlib_face_recognition_resnet_model_v1.dat"};

static enum cm_code try_open(enum model model, const char *path, struct cm_err *err)
{
    struct stn_landmarker *landmarker = NULL;
    struct stn_embedder *embedder = NULL;
    enum cm_code code = CM_OK;
    if (model == RESNET)
        code = stn_embedder_open(path, &embedder, err);
    else
        code = stn_landmarker_open(model == MESH ? STN_LANDMARKS_MESH : STN_LANDMARKS_DLIB68, path,
                                   &landmarker, err);
    stn_embedder_close(embedder);
    stn_landmarker_close(landmarker);
    return code;
}

static void check(enum model model, const char *path, enum cm_code expected)
{
    struct cm_err err = CM_ERR_INIT;
    const int saved = test_stderr_start(&folder);
    const enum cm_code code = try_open(model, path, &err);
    const long printed = test_stderr_stop(saved);
    const char *name = strrchr(path, '/') + 1;
    if (code != expected || printed != 0 || strstr(err.msg, name) == NULL || strchr(err.msg, '\n') != NULL)
        fail_msg("model %d, %s: code %d instead of %d, %ld bytes on stderr, '%s'", (int)model, path, code,
                 expected, printed, err.msg);
}

static void missing_empty_and_garbage(void **state)
{
    (void)state;
    for (int model = 0; model < MODELS; model++) {
        check(model, "/nonexistent/model", CM_NOTFOUND);
        check(model, folder.path, CM_CORRUPT);
        check(model, test_folder_put(&folder, "empty", NULL, 0), CM_CORRUPT);
        check(model, test_folder_put(&folder, "garbage", garbage, sizeof garbage), CM_CORRUPT);
        check(model, test_folder_put(&folder, "zeros", (uint8_t[4096]){0}, 4096), CM_CORRUPT);
    }
}

static uint8_t *read_model(enum model model, size_t *ret_size)
{
    const char *models = getenv("ROLLCALL_MODELS");
    if (models == NULL)
        return NULL;
    char path[512];
    snprintf(path, sizeof path, "%s/%s", models, file_names[model]);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    fseek(file, 0, SEEK_END);
    *ret_size = (size_t)ftell(file);
    rewind(file);
    uint8_t *bytes = malloc(*ret_size);
    if (bytes != NULL && fread(bytes, 1, *ret_size, file) != *ret_size) {
        free(bytes);
        bytes = NULL;
    }
    fclose(file);
    return bytes;
}

static void truncated_models(void **state)
{
    (void)state;
    bool found = false;
    for (int model = 0; model < MODELS; model++) {
        size_t size = 0;
        uint8_t *bytes = read_model(model, &size);
        if (bytes == NULL)
            continue;
        found = true;
        const size_t sizes[] = {1, 100, size / 2, size - 1};
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
            check(model, test_folder_put(&folder, "truncated", bytes, sizes[i]), CM_CORRUPT);
        free(bytes);
    }
    if (!found)
        skip();
}

/* The file of one model given as another's. */
static void swapped_models(void **state)
{
    (void)state;
    bool found = false;
    for (int model = 0; model < MODELS; model++) {
        size_t size = 0;
        uint8_t *bytes = read_model(model, &size);
        if (bytes == NULL)
            continue;
        found = true;
        check((model + 1) % MODELS, test_folder_put(&folder, "swapped", bytes, size), CM_CORRUPT);
        free(bytes);
    }
    if (!found)
        skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(missing_empty_and_garbage, setup, teardown),
        cmocka_unit_test_setup_teardown(truncated_models, setup, teardown),
        cmocka_unit_test_setup_teardown(swapped_models, setup, teardown),
    };
    return cmocka_run_group_tests_name("model_files", tests, NULL, NULL);
}
