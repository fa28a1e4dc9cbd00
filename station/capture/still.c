#include "capture/capture.h"
#include "shim/media_shim.h"

#define FPS_DEFAULT 25.0
#define AT_MAX_S    86400.0

/* Time of a picture from the video's start, by its time stamp or, without one, by its place. */
static double time_of(int64_t pts_us, int64_t index, double fps)
{
    if (pts_us >= 0)
        return (double)pts_us / 1e6;
    return (double)index / (fps > 0 ? fps : FPS_DEFAULT);
}

enum cm_code stn_capture_still(const char *path, double at_s, struct stn_frame_pool *pool,
                               struct stn_frame **ret_frame, struct cm_err *err)
{
    if (!(at_s >= 0 && at_s <= AT_MAX_S))
        return cm_fail(err, CM_INVALID, "%s@%g: the time is in seconds from the video's start", path, at_s);
    struct stn_video *video = NULL;
    struct stn_video_info info;
    enum cm_code code = stn_video_open(path, &video, &info, err);
    if (code != CM_OK)
        return code;
    double last_s = 0;
    for (int64_t index = 0;; index++) {
        struct stn_frame *frame = NULL;
        int64_t pts_us = -1;
        code = stn_video_read(video, pool, &frame, &pts_us, err);
        if (code != CM_OK)
            break;
        last_s = time_of(pts_us, index, info.fps);
        /* Half a millisecond of grace: 5.2 s must find the picture whose stamp says 5.1999. */
        if (last_s + 0.0005 >= at_s) {
            frame->number = (uint64_t)index;
            *ret_frame = frame;
            break;
        }
        stn_frame_unref(frame);
    }
    stn_video_close(video);
    if (code == CM_EOF)
        return cm_fail(err, CM_NOTFOUND, "%s@%g: the video ends after %.2f s", path, at_s, last_s);
    return code;
}
