/* Video files by OpenCV's FFmpeg reader, decoded by one thread straight into frames of the pool. */
#include "shim/guard.hpp"

#include "shim/media_path.hpp"
#include "shim/media_shim.h"
#include "shim/picture.hpp"

#include <cmath>
#include <memory>
#include <opencv2/videoio.hpp>

using namespace stn_shim;

struct stn_video {
    cv::VideoCapture capture;
    stn_video_info info = {};
    bool grabbed = false; /* a picture waits that no frame was free for */
    int64_t last_pts_us = -1;
};

static stn_video_info describe(const cv::VideoCapture &capture)
{
    stn_video_info info = {};
    info.width = cvRound(capture.get(cv::CAP_PROP_FRAME_WIDTH));
    info.height = cvRound(capture.get(cv::CAP_PROP_FRAME_HEIGHT));
    const double fps = capture.get(cv::CAP_PROP_FPS);
    info.fps = std::isfinite(fps) && fps > 0 && fps <= 1000 ? fps : 0;
    const double count = capture.get(cv::CAP_PROP_FRAME_COUNT);
    info.frame_count = std::isfinite(count) && count > 0 && count < 1e9 ? static_cast<int64_t>(count) : 0;
    return info;
}

static std::unique_ptr<stn_video> open_video(const char *path)
{
    auto video = std::make_unique<stn_video>();
    /* An absolute path: FFmpeg takes what stands before a colon for a protocol. */
    const std::string file = require_media_file(path);
    if (!video->capture.open(file, cv::CAP_FFMPEG))
        throw Failure(CM_INVALID, std::string(path) + ": not a video that can be read");
    video->info = describe(video->capture);
    require_picture_size(path, video->info.width, video->info.height);
    return video;
}

cm_code stn_video_open(const char *path, struct stn_video **ret_video, struct stn_video_info *ret_info,
                       struct cm_err *err)
{
    return guarded(err, [&] {
        std::unique_ptr<stn_video> video = open_video(path);
        *ret_info = video->info;
        *ret_video = video.release();
    });
}

void stn_video_close(struct stn_video *video)
{
    delete video;
}

/* Containers without times make OpenCV say 0 for every picture: only a time that moves on is one. */
static int64_t presentation_time(stn_video &video)
{
    const double pts_us = video.capture.get(cv::CAP_PROP_POS_MSEC) * 1000;
    const bool first = video.last_pts_us < 0;
    if (!(pts_us >= 0) || pts_us > 1e15 || (!first && std::llround(pts_us) <= video.last_pts_us))
        return -1;
    video.last_pts_us = std::llround(pts_us);
    return video.last_pts_us;
}

static void decode_into(stn_video &video, stn_frame &frame)
{
    const cv::Mat target = view(frame);
    cv::Mat picture = target;
    if (!video.capture.retrieve(picture) || picture.empty())
        throw Failure(CM_EOF, "end of the video");
    if (picture.size() != target.size() || picture.type() != target.type())
        throw Failure(CM_INVALID, "the picture's size changes within the video");
    if (picture.data != target.data)
        picture.copyTo(target);
}

cm_code stn_video_read(struct stn_video *video, struct stn_frame_pool *pool, struct stn_frame **ret_frame,
                       int64_t *ret_pts_us, struct cm_err *err)
{
    struct stn_frame *frame = nullptr;
    const cm_code code = guarded(err, [&] {
        if (!video->grabbed && !video->capture.grab())
            throw Failure(CM_EOF, "end of the video");
        video->grabbed = true;
        frame = acquire_frame(pool, video->info.width, video->info.height);
        video->grabbed = false;
        decode_into(*video, *frame);
        *ret_pts_us = presentation_time(*video);
    });
    if (code != CM_OK) {
        stn_frame_unref(frame);
        return code;
    }
    *ret_frame = frame;
    return CM_OK;
}
