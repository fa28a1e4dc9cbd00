/*
 * dlib's 68-point shape predictor (Kazemi & Sullivan 2014): regression trees from a detector's square. It has no flag
 * of its own, and its training data (iBUG 300-W) exclude commercial use.
 */
#include "shim/hog_square.hpp"
#include "shim/landmarker.hpp"
#include "shim/model_file.hpp"
#include "shim/picture.hpp"
#include "shim/pose.hpp"

#include <array>
#include <dlib/image_processing.h>
#include <dlib/opencv.h>
#include <limits>

namespace stn_shim
{

static constexpr int dlib_points = 68;
using Points = std::array<cv::Point2f, dlib_points>;

static constexpr int align_points[STN_ALIGN_POINTS] = {45, 42, 36, 39, 33};
static constexpr int right_eye_first = 36, left_eye_first = 42;
static constexpr int right_outer = 36, left_outer = 45, nose_bridge = 27, nose_tip = 30;

namespace
{

class Dlib68Landmarker : public stn_landmarker
{
  public:
    explicit Dlib68Landmarker(const char *path);
    void find(const cv::Mat &picture, const stn_box &region, bool tracking, stn_face &ret_face) override;

  private:
    Points run(const cv::Mat &picture, const HogSquare &square) const;

    dlib::shape_predictor predictor;
};

} // namespace

Dlib68Landmarker::Dlib68Landmarker(const char *path)
{
    load_model(path, "dlib's 68-point model", [&] {
        dlib::deserialize(path) >> predictor;
        if (predictor.num_parts() != dlib_points)
            throw std::runtime_error(std::to_string(predictor.num_parts()) + " points");
    });
}

/* The model reads grey values near the face only, so only that part is converted. */
Points Dlib68Landmarker::run(const cv::Mat &picture, const HogSquare &square) const
{
    const cv::Rect near =
        clip({square.x - square.side, square.y - square.side, 3 * square.side, 3 * square.side}, picture);
    const cv::Mat gray = to_gray(picture(near));
    const dlib::drectangle window(square.x - near.x, square.y - near.y, square.x - near.x + square.side,
                                  square.y - near.y + square.side);
    const dlib::full_object_detection shape =
        predictor(dlib::cv_image<unsigned char>(gray), dlib::rectangle(window));
    Points points;
    for (int i = 0; i < dlib_points; i++) {
        const dlib::point &part = shape.part(static_cast<unsigned long>(i));
        points[i] = cv::Point2f(static_cast<float>(part.x() + near.x), static_cast<float>(part.y() + near.y));
    }
    return points;
}

/* Where the detector would have put its square. The hull of the points in its units: medians over 697 faces. */
static HogSquare square_of(const Points &points)
{
    constexpr float hull_width = 0.933F, hull_height = 0.905F, hull_below_center = 0.072F;
    cv::Point2f low = points[0], high = low;
    for (const cv::Point2f &point : points) {
        low = {std::min(low.x, point.x), std::min(low.y, point.y)};
        high = {std::max(high.x, point.x), std::max(high.y, point.y)};
    }
    const cv::Point2f middle = (low + high) * 0.5F;
    const float side = 0.5F * ((high.x - low.x) / hull_width + (high.y - low.y) / hull_height);
    return {middle.x - 0.5F * side, middle.y - (0.5F + hull_below_center) * side, side};
}

static float dlib_ear(const Points &points, int first)
{
    const cv::Point2f *eye = &points[static_cast<size_t>(first)];
    return ear_of(cv::norm(eye[1] - eye[5]) + cv::norm(eye[2] - eye[4]), cv::norm(eye[0] - eye[3]));
}

void Dlib68Landmarker::find(const cv::Mat &picture, const stn_box &region, bool tracking, stn_face &ret_face)
{
    const Points points = run(picture, hog_square_of_box(region));
    ret_face.presence = tracking ? std::numeric_limits<float>::quiet_NaN() : 1.0F;
    ret_face.box = box_of_hog_square(square_of(points));
    for (int i = 0; i < STN_ALIGN_POINTS; i++)
        ret_face.align[i] = to_point(points[align_points[i]]);
    ret_face.eye_outer[STN_RIGHT_EYE] = to_point(points[right_outer]);
    ret_face.eye_outer[STN_LEFT_EYE] = to_point(points[left_outer]);
    ret_face.nose_bridge = to_point(points[nose_bridge]);
    ret_face.nose_tip = to_point(points[nose_tip]);
    ret_face.ear[STN_RIGHT_EYE] = dlib_ear(points, right_eye_first);
    ret_face.ear[STN_LEFT_EYE] = dlib_ear(points, left_eye_first);
    const HeadPose pose = pose_of_dlib68(points.data(), picture.size());
    ret_face.yaw_deg = pose.yaw_deg;
    ret_face.pitch_deg = pose.pitch_deg;
    ret_face.roll_deg = pose.roll_deg;
}

std::unique_ptr<stn_landmarker> load_dlib68_landmarker(const char *path)
{
    return std::make_unique<Dlib68Landmarker>(path);
}

} // namespace stn_shim
