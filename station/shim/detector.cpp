/*
 * dlib's frontal face detector: HOG features in a sliding window of 80 px, over an image pyramid. On grey, which costs a
 * sixth less than colour and finds the same faces but for those at the window's size.
 */
#include "shim/guard.hpp"

#include "shim/face_shim.h"
#include "shim/hog_square.hpp"
#include "shim/picture.hpp"

#include <algorithm>
#include <dlib/image_processing/frontal_face_detector.h>
#include <dlib/opencv.h>
#include <memory>
#include <opencv2/imgproc.hpp>
#include <vector>

using namespace stn_shim;

struct stn_detector {
    dlib::frontal_face_detector hog = dlib::get_frontal_face_detector();
    cv::Mat gray, half;
};

cm_code stn_detector_open(struct stn_detector **ret_detector, struct cm_err *err)
{
    return guarded(err, [&] { *ret_detector = new stn_detector; });
}

void stn_detector_close(struct stn_detector *detector)
{
    delete detector;
}

static std::vector<stn_box> find_faces(stn_detector &detector, const cv::Mat &picture, int shrink)
{
    cv::Mat gray = to_gray(picture);
    if (shrink > 1) {
        cv::resize(gray, detector.half, cv::Size(), 1.0 / shrink, 1.0 / shrink, cv::INTER_AREA);
        gray = detector.half;
    }
    std::vector<stn_box> boxes;
    for (const dlib::rectangle &found : detector.hog(dlib::cv_image<unsigned char>(gray))) {
        const auto scale = static_cast<float>(shrink);
        boxes.push_back(box_of_hog_square({static_cast<float>(found.left()) * scale,
                                           static_cast<float>(found.top()) * scale,
                                           static_cast<float>(found.width()) * scale}));
    }
    std::sort(boxes.begin(), boxes.end(),
              [](const stn_box &a, const stn_box &b) { return a.width * a.height > b.width * b.height; });
    return boxes;
}

cm_code stn_detector_run(struct stn_detector *detector, const struct stn_frame *frame, int shrink,
                         struct stn_box *boxes, int capacity, int *ret_count, struct cm_err *err)
{
    return guarded(err, [&] {
        if (shrink != 1 && shrink != 2)
            throw Failure(CM_INVALID, "the detector shrinks by 1 or 2");
        const std::vector<stn_box> found = find_faces(*detector, view(*frame), shrink);
        const int count = std::min(capacity, static_cast<int>(found.size()));
        std::copy_n(found.begin(), count, boxes);
        *ret_count = count;
    });
}
