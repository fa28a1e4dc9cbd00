#include "shim/guard.hpp"

#include "shim/face_shim.h"

#include <cstdlib>
#include <dlfcn.h>
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>

/* Files only, and only containers that hold pictures themselves: a playlist would make FFmpeg open what it names. */
static const char ffmpeg_options[] =
    "protocol_whitelist;file|format_whitelist;"
    "mov,mp4,matroska,webm,avi,mpegts,mpeg,flv,ogg,asf,gif,mjpeg,h264,yuv4mpegpipe";

/* libblas3, the reference library, satisfies Debian's dependency too and has no such function, nor threads. */
static void pin_blas()
{
    void *symbol = dlsym(RTLD_DEFAULT, "openblas_set_num_threads");
    if (symbol != nullptr)
        reinterpret_cast<void (*)(int)>(symbol)(1);
}

void stn_face_shim_init(void)
{
    /* Limits are ours alone; what an operator set for chatter is respected. */
    setenv("OPENCV_IO_MAX_IMAGE_PIXELS", "33554432", 1);
    setenv("OPENCV_FFMPEG_THREADS", "1", 1);
    setenv("OPENCV_FFMPEG_CAPTURE_OPTIONS", ffmpeg_options, 1);
    setenv("OPENCV_FFMPEG_LOGLEVEL", "-8", 0); /* AV_LOG_QUIET: failures come back as codes */
    if (getenv("OPENCV_LOG_LEVEL") == nullptr)
        cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
    cv::setNumThreads(1);
    pin_blas();
}
