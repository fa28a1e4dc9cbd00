#include "capture/spec.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    OPTIONS_MAX = 128, /* bytes after the '?' */
    FRAMES_MAX = 1000000000,
};
#define FPS_MIN 0.1
#define FPS_MAX 240.0

static bool parse_fps(const char *value, struct stn_capture_spec *spec)
{
    char *end;
    double fps = strtod(value, &end);
    if (end == value || *end != '\0' || !(fps >= FPS_MIN && fps <= FPS_MAX))
        return false;
    spec->fps = fps;
    return true;
}

static bool parse_frames(const char *value, struct stn_capture_spec *spec)
{
    char *end;
    errno = 0;
    long long frames = strtoll(value, &end, 10);
    if (end == value || *end != '\0' || errno != 0 || frames < 1 || frames > FRAMES_MAX)
        return false;
    spec->frames = frames;
    return true;
}

static bool parse_speed(const char *value, struct stn_capture_spec *spec)
{
    spec->max_speed = strcmp(value, "max") == 0;
    return spec->max_speed || strcmp(value, "real") == 0;
}

static bool parse_loop(const char *value, struct stn_capture_spec *spec)
{
    spec->loop = strcmp(value, "1") == 0;
    return spec->loop || strcmp(value, "0") == 0;
}

enum { FOR_REPLAY = 1 << STN_CAPTURE_REPLAY, FOR_PATTERN = 1 << STN_CAPTURE_PATTERN };

static const struct option {
    const char *name;
    int kinds;
    bool (*parse)(const char *value, struct stn_capture_spec *spec);
    const char *takes;
} options[] = {
    {"speed", FOR_REPLAY, parse_speed, "max or real"},
    {"loop", FOR_REPLAY, parse_loop, "1 or 0"},
    {"fps", FOR_REPLAY | FOR_PATTERN, parse_fps, "a rate from 0.1 to 240"},
    {"frames", FOR_PATTERN, parse_frames, "a whole number from 1"},
};

static const struct option *find_option(const char *name, enum stn_capture_kind kind)
{
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        if (strcmp(options[i].name, name) == 0 && (options[i].kinds & 1 << kind) != 0)
            return &options[i];
    return NULL;
}

static enum cm_code parse_option(char *word, struct stn_capture_spec *spec, struct cm_err *err)
{
    char *value = strchr(word, '=');
    if (value == NULL)
        return cm_fail(err, CM_INVALID, "source option \"%s\" has no value; known: " STN_CAPTURE_FORMS, word);
    *value++ = '\0';
    const struct option *option = find_option(word, spec->kind);
    if (option == NULL)
        return cm_fail(err, CM_INVALID, "unknown source option \"%s\"; known: " STN_CAPTURE_FORMS, word);
    if (!option->parse(value, spec))
        return cm_fail(err, CM_INVALID, "source option %s=%s: it takes %s", word, value, option->takes);
    return CM_OK;
}

static enum cm_code parse_options(const char *text, struct stn_capture_spec *spec, struct cm_err *err)
{
    char words[OPTIONS_MAX];
    if (strlen(text) >= sizeof words)
        return cm_fail(err, CM_INVALID,
                       "the options of a source are at most %d bytes; known: " STN_CAPTURE_FORMS,
                       OPTIONS_MAX - 1);
    strcpy(words, text);
    char *rest = NULL;
    for (char *word = strtok_r(words, "&", &rest); word != NULL; word = strtok_r(NULL, "&", &rest)) {
        enum cm_code code = parse_option(word, spec, err);
        if (code != CM_OK)
            return code;
    }
    return CM_OK;
}

static enum cm_code parse_path(const char *text, size_t length, struct stn_capture_spec *spec,
                               struct cm_err *err)
{
    if (length == 0)
        return cm_fail(err, CM_INVALID, "replay: names no file or folder; known: " STN_CAPTURE_FORMS);
    if (length >= sizeof spec->path)
        return cm_fail(err, CM_INVALID, "the path of a recording is at most %d bytes",
                       STN_CAPTURE_PATH_MAX - 1);
    memcpy(spec->path, text, length);
    spec->path[length] = '\0';
    return CM_OK;
}

enum cm_code stn_capture_spec_parse(const char *text, struct stn_capture_spec *ret_spec, struct cm_err *err)
{
    struct stn_capture_spec spec = {.kind = STN_CAPTURE_REPLAY};
    const char *query = strrchr(text, '?');
    size_t length = query != NULL ? (size_t)(query - text) : strlen(text);
    static const char replay[] = "replay:", pattern[] = "pattern";
    enum cm_code code = CM_OK;

    if (strncmp(text, replay, sizeof replay - 1) == 0)
        code = parse_path(text + sizeof replay - 1, length - (sizeof replay - 1), &spec, err);
    else if (length == sizeof pattern - 1 && strncmp(text, pattern, length) == 0)
        spec.kind = STN_CAPTURE_PATTERN;
    else
        code = cm_fail(err, CM_INVALID, "\"%.60s\" is no source; known: " STN_CAPTURE_FORMS, text);
    if (code == CM_OK && query != NULL)
        code = parse_options(query + 1, &spec, err);
    if (code == CM_OK)
        *ret_spec = spec;
    return code;
}
