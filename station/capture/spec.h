/*
 * The SPEC of a source as the user wrote it, taken apart. Pure: opens nothing, so whether PATH exists is not
 * known here.
 */
#ifndef STN_CAPTURE_SPEC_H
#define STN_CAPTURE_SPEC_H

#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

enum { STN_CAPTURE_PATH_MAX = 1024 };

#define STN_CAPTURE_FORMS "replay:PATH[?speed=max&loop=1&fps=F], pattern[?fps=F&frames=N]"

enum stn_capture_kind { STN_CAPTURE_REPLAY, STN_CAPTURE_PATTERN };

struct stn_capture_spec {
    enum stn_capture_kind kind;
    char path[STN_CAPTURE_PATH_MAX]; /* replay only */
    bool max_speed;
    bool loop;
    double fps;     /* 0: not given */
    int64_t frames; /* pattern only; 0: endless */
};

/* Options follow the last '?'. CM_INVALID with what is wrong and the known forms. */
enum cm_code stn_capture_spec_parse(const char *text, struct stn_capture_spec *ret_spec, struct cm_err *err);

#endif
