/* The aligned face that the network was trained on: five points to their mean places, 150 px, padding 0.25. */
#include "shim/guard.hpp"

#include "shim/face_shim.h"
#include "shim/picture.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <dlib/image_transforms.h>
#include <dlib/matrix.h>
#include <dlib/opencv.h>
#include <vector>

using namespace stn_shim;

static constexpr double padding = 0.25;
static constexpr float eye_distance_min_px = 4;

/* From dlib's get_face_chip_details(), by enum stn_align_point, which we do not call because it rounds the points to
 * whole pixels. */
static const dlib::dpoint mean_face[STN_ALIGN_POINTS] = {
    {0.8595674595992, 0.2134981538014}, {0.6460604764104, 0.2289674387677},
    {0.1205750620789, 0.2137274526848}, {0.3340850613712, 0.2290642403242},
    {0.4901123135679, 0.6277975316475},
};

/* Points far outside or on top of each other would make a chip of any size out of nothing. */
static void require_face_points(const stn_frame &frame, const stn_point *align)
{
    const auto limit = static_cast<float>(2 * std::max(frame.width, frame.height));
    for (int i = 0; i < STN_ALIGN_POINTS; i++)
        if (!(std::fabs(align[i].x) <= limit && std::fabs(align[i].y) <= limit))
            throw Failure(CM_INVALID, "the face's points lie outside of the picture");
    const stn_point &left = align[STN_ALIGN_LEFT_EYE_OUTER], &right = align[STN_ALIGN_RIGHT_EYE_OUTER];
    if (!(std::hypot(left.x - right.x, left.y - right.y) >= eye_distance_min_px))
        throw Failure(CM_INVALID, "the face is too small to cut out");
}

static dlib::chip_details place_chip(const stn_point *align)
{
    std::vector<dlib::dpoint> in_chip, in_picture;
    for (int i = 0; i < STN_ALIGN_POINTS; i++) {
        in_chip.push_back((mean_face[i] + dlib::dpoint(padding, padding)) *
                          (STN_CHIP_SIDE / (2 * padding + 1)));
        in_picture.emplace_back(align[i].x, align[i].y);
    }
    return dlib::chip_details(in_chip, in_picture, dlib::chip_dims(STN_CHIP_SIDE, STN_CHIP_SIDE));
}

template <class Pixel>
static void cut(const cv::Mat &picture, const dlib::chip_details &place, stn_chip &chip)
{
    dlib::matrix<dlib::rgb_pixel> pixels;
    dlib::extract_image_chip(dlib::cv_image<Pixel>(picture), place, pixels);
    static_assert(sizeof(dlib::rgb_pixel) == 3, "rows of RGB without padding");
    std::memcpy(chip.rgb, &pixels(0, 0), sizeof chip.rgb);
}

cm_code stn_chip_extract(const struct stn_frame *frame, const struct stn_point align[STN_ALIGN_POINTS],
                         struct stn_chip *ret_chip, struct cm_err *err)
{
    return guarded(err, [&] {
        require_face_points(*frame, align);
        const dlib::chip_details place = place_chip(align);
        const cv::Mat picture = view(*frame);
        if (frame->format == STN_PIXEL_GRAY8)
            cut<unsigned char>(picture, place, *ret_chip);
        else
            cut<dlib::bgr_pixel>(picture, place, *ret_chip);
    });
}
